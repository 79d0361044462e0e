"""The commands at a real terminal, in this process or as a program of their own, and a sandbox for them."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import pytest

from brokerkit.cli import main
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import JsonResponse, ReceivedRequest
from tests import forks

BROKERS = ("kis", "kiwoom")
ORDER_IDS = {"TTTC0011U", "TTTC0012U", "TTTC0013U", "kt10000", "kt10001", "kt10002", "kt10003"}
CTRL_C, CTRL_D = "\x03", "\x04"


def write_profiles(box: Sandbox, folder: Path) -> dict[str, str]:
    """Write a profile a broker for a served sandbox, and return the environment variables that name it."""
    lines = []
    for name in BROKERS:
        connection = box.connect(name)
        lines.append(f'[profiles.{name}]\nbroker = "{name}"\nenvironment = "sandbox"')
        lines += [f'{key} = "{getattr(connection, key)}"' for key in ("base_url", "app_key", "app_secret", "account")]
        lines += [f'hts_id = "{connection.hts_id}"'] if connection.hts_id else []
    path = folder / "brokerkit.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return {
        "BROKERKIT_CONFIG": str(path),
        "BROKERKIT_CACHE_DIR": str(folder / "cache"),
        "BROKERKIT_STATE_DIR": str(folder / "state"),
    }


def orders_at(box: Sandbox, broker: str) -> Sequence[ExchangeOrder]:
    """Return all that the exchange has of a broker's account: orders, amendments and cancellations."""
    return box.exchange.orders(box.connect(broker).account)


def is_order(request: ReceivedRequest) -> bool:
    """Say whether a request places, amends or cancels an order."""
    return request.headers.get("tr_id", request.headers.get("api-id")) in ORDER_IDS


@contextlib.contextmanager
def started(*arguments: str, fresh: bool = False) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start `brokerkit sandbox`, `fresh` as from a shell, and yield its first line and the process."""
    start = partial(subprocess.Popen, encoding="utf-8") if fresh else forks.Popen
    command = [sys.executable, "-m", "brokerkit", "sandbox"] if fresh else ["sandbox"]
    process = start([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield line, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


class Program:
    """`brokerkit` in a process of its own; what it writes and what is typed go through one terminal."""

    def __init__(self, *arguments: str, environment: Mapping[str, str]) -> None:
        self.screen = ""
        self._terminal, line = pty.openpty()
        variables = {**os.environ, "TERM": "xterm", **environment}
        streams = {"stdin": line, "stdout": line, "stderr": line}
        self._process = forks.Popen([*arguments], env=variables, terminal=True, **streams)
        os.close(line)

    def types(self, text: str) -> None:
        """Type a text."""
        os.write(self._terminal, text.encode())

    def shows(self, text: str) -> None:
        """Wait until a text is on the screen."""
        while text not in self.screen:
            assert self._read(), f"{text!r} did not come; the screen has:\n{self.screen}"

    def is_left_by(self, key: str) -> int:
        """Press a key, again where nothing comes of it, until the end; return the exit code.

        An interpreter that is about to read a line does not see a Ctrl-C before the next key.
        """
        while self._process.poll() is None:
            self.types(key)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=30)
        return self.ends()

    def ends(self) -> int:
        """Wait for the end, and return the exit code."""
        while self._read():
            pass
        return self._process.wait(timeout=20)

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], 20)[0]:
            return False
        try:
            part = os.read(self._terminal, 65536)
        except OSError:  # the other end is closed
            return False
        self.screen += part.decode().replace("\r\n", "\n")
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


class Terminal:
    """A real terminal as standard input and standard error of commands that run in this process."""

    def __init__(self) -> None:
        self._keyboard, end = pty.openpty()
        self._keys = os.fdopen(os.dup(end), "r", encoding="utf-8")
        self._line = os.fdopen(end, "w", encoding="utf-8")
        self._seen = ""

    def types(self, text: str, encoding: str = "utf-8") -> None:
        """Type ahead what will be read."""
        os.write(self._keyboard, text.encode(encoding))

    def runs(self, *arguments: str, errors: TextIO | None = None) -> int:
        """Run a command at this terminal; its standard output goes elsewhere."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", self._keys)
            patch.setattr(sys, "stderr", errors or self._line)
            return main(arguments)

    def screen(self) -> str:
        """Return what has been typed and written so far."""
        self._line.flush()
        while select.select([self._keyboard], [], [], 0)[0]:
            self._seen += os.read(self._keyboard, 65536).decode().replace("\r\n", "\n")
        return self._seen

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keys.close()
        self._line.close()
        os.close(self._keyboard)


def rows_of(screen: str) -> dict[str, str]:
    """Return what the newest question on a screen shows, by label."""
    plain = re.sub("\x1b\\[[0-9;]*m", "", screen)  # where a colour ends differs between versions of rich
    lines = [line[2:].split("  ", 1) for line in plain.splitlines() if line.startswith("  ")]
    return {label: value.strip() for label, value in lines}


def trouble(meant: bool) -> JsonResponse | None:
    """Return an answer that no broker documents, or None to let the face answer."""
    return JsonResponse({"words": "trouble"}, status=500) if meant else None
