"""Terminals that are narrow, without colour, without Korean, closed, or none at all: the real program, really run."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from brokerkit.cli import exits
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import SlidingWindow
from tests.servers import Server

pytestmark = pytest.mark.slow  # each test starts programs, most of them several

PROGRAM = [sys.executable, "-m", "brokerkit"]
SANDBOX = ["--broker", "kiwoom", "--environment", "sandbox"]
"""A sandbox within the program itself; most tests share one that is served, which is faster."""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Serve a sandbox, and yield a folder with profiles for it and the tokens of all tests."""
    folder = tmp_path_factory.mktemp("configured")
    with Sandbox() as sandbox:
        lines = ['default = "kiwoom"']
        for name in ("kis", "kiwoom"):
            to = sandbox.connect(name)
            sandbox.face(name).window = SlidingWindow(1_000)  # many programs, one key
            values = {"broker": name, "environment": "sandbox", "base_url": to.base_url, "app_key": to.app_key}
            values.update(app_secret=to.app_secret, account=to.account)
            lines += [f"[profiles.{name}]", *(f'{key} = "{value}"' for key, value in values.items())]
        (folder / "brokerkit.toml").write_text("\n".join(lines), encoding="utf-8")
        yield folder


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which nothing is configured."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")}
    folders = {"HOME": str(tmp_path), "BROKERKIT_CACHE_DIR": str(tmp_path / "cache")}
    return {**kept, **folders, "PYTHONUTF8": "1", "TERM": "xterm-256color"}


class Shell:
    """Runs the program in an empty folder, at a terminal or not."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.variables = variables

    def run(self, *given: str, **changed: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603
            [*PROGRAM, *given], capture_output=True, cwd=self.folder, env={**self.variables, **changed}, check=False
        )

    def at_terminal(self, *given: str, columns: int = 200, **changed: str) -> str:
        """Return what a terminal of so many columns gets to see."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen(  # noqa: S603
            [*PROGRAM, *given],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.folder,
            env={**self.variables, **changed},
        ):
            os.close(theirs)
            return read_all(ours).decode().replace("\r\n", "\n")

    def redirected(self, words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run a line of bash with the program as `$B`."""
        known = {**self.variables, "B": " ".join(PROGRAM), **changed}
        return subprocess.run(  # noqa: S603
            ["/bin/bash", "-c", words], capture_output=True, encoding="utf-8", cwd=self.folder, env=known, check=False
        )


def read_all(descriptor: int) -> bytes:
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # how Linux says that the last one at the terminal has left
                raise
            part = b""
        if not part:
            os.close(descriptor)
            return b"".join(parts)
        parts.append(part)


@pytest.fixture
def shell(variables: dict[str, str], configured: Path) -> Shell:
    """Return a shell whose default profile is a broker of the served sandbox."""
    return Shell(configured, {**variables, "BROKERKIT_CACHE_DIR": str(configured / "cache")})


@pytest.fixture
def bare_shell(tmp_path: Path, variables: dict[str, str]) -> Shell:
    """Return a shell in which nothing is configured."""
    return Shell(tmp_path, variables)


# Width


def test_a_table_that_does_not_fit_becomes_records_and_nothing_is_cut(shell: Shell) -> None:
    wide = shell.at_terminal("quote", "005930", "000660", NO_COLOR="1")
    narrow = shell.at_terminal("quote", "005930", "000660", columns=40, NO_COLOR="1")
    head, *rows = plain(wide).splitlines()
    values = [word for row in rows for word in row.split()]
    assert len(head.split()) == 9
    assert len(values) == 18
    records = plain(narrow).splitlines()
    assert len(records) == 19
    assert [line.split(maxsplit=1)[1] for line in records if line] == values
    assert max(map(cell_len, records)) <= 40


def test_where_a_record_does_not_fit_values_stand_below_their_labels(shell: Shell) -> None:
    tiny = plain(shell.at_terminal("quote", "005930", columns=20)).splitlines()
    assert tiny[1] == "price"
    assert tiny[2].startswith("  ")
    assert re.fullmatch(r"  [\d,]+", tiny[tiny.index("volume") + 1])
    assert max(map(cell_len, tiny)) <= 20
    assert "…" not in "".join(tiny)


def test_a_pipe_has_no_width(shell: Shell) -> None:
    piped = shell.run("quote", "005930", "000660", COLUMNS="20").stdout.decode()
    assert len(piped.splitlines()) == 3


def plain(text: str) -> str:
    return COLOUR.sub("", text)


# Colour


@pytest.mark.parametrize(
    ("changed", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_gets_colour_unless_it_says_no(shell: Shell, changed: dict[str, str], coloured: bool) -> None:
    shown = shell.at_terminal("quote", "005930", **changed)
    assert ("\x1b[31m+300" in shown) is coloured
    assert "+300" in shown


def test_a_pipe_gets_colour_only_when_forced(shell: Shell) -> None:
    assert b"\x1b" not in shell.run("quote", "005930").stdout
    assert b"\x1b[31m+300" in shell.run("quote", "005930", FORCE_COLOR="1").stdout


def test_json_has_no_colour_anywhere(shell: Shell) -> None:
    assert "\x1b" not in shell.at_terminal("quote", "005930", "--json", FORCE_COLOR="1")


# Encodings


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_console_without_korean_says_so_once_and_keeps_the_columns(shell: Shell, encoding: str) -> None:
    done = shell.run("quote", "005930", "000660", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    said = done.stderr.decode(encoding).splitlines()
    assert len(said) == 1
    assert "cannot show every character" in said[0]
    lines = done.stdout.decode(encoding).splitlines()
    assert "????????" in lines[1]
    assert len(set(map(len, lines))) == 1


def test_a_console_of_windows_shows_korean_and_a_plain_dash(shell: Shell) -> None:
    done = shell.run("quote", "005930", "--profile", "kis", PYTHONIOENCODING="cp949")
    assert done.stderr == b""
    assert re.search(r"^time +-$", done.stdout.decode("cp949"), re.MULTILINE)
    assert "삼성전자" in shell.run("quote", "005930", PYTHONIOENCODING="cp949").stdout.decode("cp949")


@pytest.mark.parametrize("encoding", ["ascii", "cp949"])
def test_json_loses_nothing_on_any_console(shell: Shell, encoding: str) -> None:
    done = shell.run("quote", "005930", "--json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout.decode(encoding))["name"] == "삼성전자"
    assert done.stderr == b""
    refused = shell.run("quote", "999999", "--json", PYTHONIOENCODING=encoding)
    assert "999999" in json.loads(refused.stderr.decode(encoding))["message"]


def test_help_and_refusals_are_shown_on_any_console(shell: Shell) -> None:
    assert shell.run("--help", PYTHONIOENCODING="ascii").returncode == 0
    done = shell.run("quote", "999999", PYTHONIOENCODING="ascii")
    assert done.returncode == exits.REFUSED
    assert b"Traceback" not in done.stderr


# Output that goes nowhere


@pytest.mark.parametrize("command", ["--help", "brokers --json", "quote 005930"])
def test_a_closed_pipe_ends_a_command_quietly(shell: Shell, command: str) -> None:
    # The reader is gone before anything is written.
    done = shell.redirected(f"{{ sleep 0.05; $B {command}; echo $? >&2; }} | true")
    assert done.stderr.splitlines() == [str(exits.NOT_SHOWN)]


def test_a_full_disk_is_said(shell: Shell) -> None:
    done = shell.redirected("$B brokers > /dev/full")
    assert done.returncode == exits.NOT_SHOWN
    assert len(done.stderr.splitlines()) == 1
    assert "could not be written" in done.stderr


def test_a_failure_keeps_its_code_where_it_cannot_be_said(shell: Shell) -> None:
    refused = "$B quote 999999"
    for line in (f"{refused} 2> /dev/full", f"{refused} --json 2>&-", f"{refused} > /dev/full"):
        done = shell.redirected(line)
        assert done.returncode == exits.REFUSED, line
        assert done.stdout == ""


def test_closed_streams_are_no_reason_to_fail(shell: Shell) -> None:
    done = shell.redirected("$B brokers <&- >&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# No home, no configuration


@pytest.mark.parametrize("home", ["", "/nonexistent"])
def test_no_home_directory_is_needed(bare_shell: Shell, home: str) -> None:
    done = bare_shell.run("quote", "005930", *SANDBOX, HOME=home)
    assert (done.returncode, done.stderr) == (0, b"")
    assert os.listdir(bare_shell.folder) == []


NOBODY = """
import pwd, sys
def no_entry(number): raise KeyError(number)
pwd.getpwuid = no_entry
from brokerkit.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The program for a user without a home directory: no HOME, and nothing in the list of users."""


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["quote", "005930", *SANDBOX], 0, ""),
        (["config", "show"], 0, "no brokerkit.toml"),
        (["quote", "005930", "-p", "kis"], exits.WRONG_USAGE, "BROKERKIT_CACHE_DIR"),
    ],
)
def test_a_user_without_a_home_directory_is_told_what_is_missing(
    given: list[str], code: int, said: str, shell: Shell, bare_shell: Shell
) -> None:
    for name in ("HOME", "BROKERKIT_CACHE_DIR"):
        shell.variables.pop(name)
        bare_shell.variables.pop(name, None)
    chosen = shell if "-p" in given else bare_shell
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", NOBODY, *given],
        capture_output=True,
        encoding="utf-8",
        cwd=chosen.folder,
        env=chosen.variables,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_environment_is_enough(bare_shell: Shell) -> None:
    bare_shell.variables.clear()
    done = bare_shell.run("quote", "005930", *SANDBOX)
    assert done.returncode == 0
    assert b"005930" in done.stdout


# Ctrl-C


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_in_a_query_says_that_and_nothing_else(bare_shell: Shell, as_json: bool) -> None:
    with Server(lambda exchange: exchange.hold()) as server:
        profile = f'[profiles.slow]\nbroker = "kiwoom"\nenvironment = "sandbox"\nbase_url = "{server.url}"\n'
        (bare_shell.folder / "brokerkit.toml").write_text(
            profile + 'app_key = "SANDBOX-a"\napp_secret = "SANDBOX-b"\n', encoding="utf-8"
        )
        with subprocess.Popen(  # noqa: S603
            [*PROGRAM, "quote", "005930", "-p", "slow", *(["--json"] if as_json else [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=bare_shell.folder,
            env=bare_shell.variables,
        ) as process:
            while not server.requests:
                assert process.poll() is None
                server.stopped.wait(0.02)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert process.returncode == exits.INTERRUPTED
    assert out == ""
    if as_json:
        assert json.loads(err)["error"] == "Interrupted"
    else:
        assert err == "brokerkit: interrupted.\n"
