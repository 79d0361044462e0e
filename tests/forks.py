"""Programs that start at once: forked from a process that has imported already what they would import.

A program that is started the usual way spends most of a second on imports, and the tests start some hundred. What such
a test is about (a kill, a signal, a terminal, two processes at one file) is the same for a forked one. What the start
itself does is tested elsewhere, with programs that are started the usual way.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
GROUPS = ("brokerkit.brokers", "brokerkit.sandboxes", "brokerkit.importers")


class Popen(subprocess.Popen[str]):
    """A program, as `subprocess.Popen` has them: the arguments of `brokerkit`, or `-c` and a program's text."""

    def __init__(self, arguments: list[str], *, terminal: bool = False, **given: Any) -> None:
        self._terminal = terminal
        super().__init__(arguments, **{"text": True, "encoding": "utf-8", **given})

    def _execute_child(self, args: Any, *given: Any) -> None:
        cwd, env = given[4], given[5]
        pipes = given[9:15]
        wanted = {
            "arguments": args,
            "terminal": self._terminal,
            "folder": os.fspath(cwd or os.getcwd()),
            "variables": dict(os.environ if env is None else env),
        }
        standard = [fd if fd != -1 else number for number, fd in enumerate((pipes[0], pipes[3], pipes[5]))]
        told, end = os.pipe()
        try:
            _ask(json.dumps(wanted).encode(), [*standard, end])
        finally:
            os.close(end)
        self._told = os.fdopen(told, "rb", buffering=0)
        self.pid = int(self._told.read(8))
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _internal_poll(self, *given: Any, **named: Any) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._wait(0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            self.returncode = int(self._told.read(8))
            self._told.close()
        return self.returncode


def run(
    arguments: list[str], *, input: str = "", timeout: float = 60, **given: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as `subprocess.run` does, and return what it said."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(arguments, **pipes, **given) as process:
        said, complained = process.communicate(input, timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, said, complained)


_asking = threading.Lock()
_servers: list[socket.socket] = []


def _ask(wanted: bytes, descriptors: list[int]) -> None:
    """Ask the process that forks for a program; it ends when this one does."""
    with _asking:
        if not _servers:
            ours, theirs = socket.socketpair()
            with theirs:
                command = [sys.executable, __file__, str(theirs.fileno())]
                process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT)  # noqa: S603
            _servers.append(ours)
            atexit.register(process.wait)
            atexit.register(ours.close)
        socket.send_fds(_servers[0], [f"{len(wanted):8}".encode()], descriptors)
        _servers[0].sendall(wanted)


# The process that forks


def _imported() -> None:
    """Import what programs need, and read once which packages are installed."""
    import brokerkit.cli.app
    import brokerkit.cli.sandbox
    import brokerkit.sandbox  # noqa: F401
    from brokerkit import extensions, get_broker  # noqa: F401

    for name in ("redis", "cryptography.hazmat.primitives.kdf.hkdf"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    found = {group: entry_points(group=group) for group in GROUPS}
    extensions.entry_points = lambda group: found[group]
    for points in found.values():
        for point in points:
            with contextlib.suppress(Exception):
                point.load()


def serve(way: socket.socket) -> None:
    """Fork a program for each message, until there is nobody who sends any."""
    _imported()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        size, descriptors, *_ = socket.recv_fds(way, 8, 4)
        if not size:
            return
        wanted = way.recv(int(size), socket.MSG_WAITALL)
        if os.fork() == 0:
            way.close()
            _watched(json.loads(wanted), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _watched(wanted: dict[str, Any], descriptors: list[int]) -> None:
    """Fork the program, tell its number, and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *standard, told = descriptors
    program = os.fork()
    if program == 0:
        os.close(told)
        for number, descriptor in enumerate(standard):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _run(wanted)
    for descriptor in standard:
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal it is meant for the program
    os.write(told, f"{program:8}".encode())
    _, status = os.waitpid(program, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(told, f"{os.waitstatus_to_exitcode(status):8}".encode())
    os._exit(0)


def _run(wanted: dict[str, Any]) -> None:
    """Be the program."""
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["variables"])
    if wanted["terminal"]:
        os.login_tty(0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they stay open as long as the program runs
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    code = 1
    try:
        code = _program(wanted["arguments"])
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - as Python ends
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _program(arguments: list[str]) -> int:
    try:
        if arguments[:1] == ["-c"]:
            sys.argv = ["-c", *arguments[2:]]
            exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - the test's own text
            return 0
        from brokerkit.cli import main

        sys.argv = ["brokerkit", *arguments]
        return main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    serve(socket.socket(fileno=int(sys.argv[1])))
