"""A brokerkit.toml that cannot be read: whoever does not need it goes on, whoever needs it is told in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from brokerkit.cli import exits, main
from tests import forks
from tests.program import started

TOML = '[profiles.main]\nbroker = "kis"\n# 모의투자\n'
BROKEN: dict[str, Callable[[Path], object]] = {
    "bad TOML": lambda path: path.write_text("[profiles.main\n"),
    "UTF-16": lambda path: path.write_bytes(TOML.encode("utf-16")),
    "cp949": lambda path: path.write_bytes(TOML.encode("cp949")),
    "unknown key": lambda path: path.write_text('[profile.main]\nbroker = "kis"\n'),
    "a directory": lambda path: path.mkdir(),
    "a loop of links": lambda path: path.symlink_to(path),
    "missing": lambda path: path.unlink(missing_ok=True),
}
HELP = ["--help", "--version", "sandbox --help", "quote --help", "journal --help", "config import --help", "--nonsense"]
SAYS = """\
import sys
from brokerkit.cli import main
print([main(words.split()) for words in sys.argv[1:]], file=sys.stderr)
"""


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "brokerkit.toml"
    BROKEN[request.param](path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROKERKIT_CONFIG", str(path))
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    return path


@pytest.mark.parametrize("broken", ["cp949", "a loop of links"], indirect=True)
def test_no_help_needs_the_file(broken: Path) -> None:
    done = forks.run(["-c", SAYS, *HELP])
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == str([0] * (len(HELP) - 1) + [exits.WRONG_USAGE])
    assert "--port-kis" in done.stdout
    assert "Traceback" not in done.stderr
    assert "brokerkit.toml is" not in done.stderr


@pytest.mark.parametrize("broken", ["bad TOML"], indirect=True)
def test_completion_does_not_need_the_file(broken: Path) -> None:
    words = {"_BROKERKIT_COMPLETE": "complete_bash", "COMP_WORDS": "brokerkit quo", "COMP_CWORD": "1"}
    done = forks.run([], env={**os.environ, **words})
    assert done.stdout.split() == ["quote"]
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["quote 005930", "balance --broker kis", "config show", "token show -b kis"])
def test_a_command_that_needs_the_file_says_so_in_one_line(
    broken: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == exits.WRONG_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "brokerkit.toml" in said.err
    assert main([*command.split(), "--json"]) == exits.WRONG_USAGE
    assert json.loads(capsys.readouterr().err)["error"] == "ConfigError"


def test_the_brokers_are_shown_without_the_file(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["brokers", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == ["kis", "kiwoom"]


@pytest.mark.parametrize("broken", ["bad TOML", "cp949", "a directory", "missing"], indirect=True)
def test_the_demo_and_the_sandbox_need_no_file(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"kis", "kiwoom"}
    with started("--toml") as (line, _):
        assert line == 'default = "kis"\n'


@pytest.mark.parametrize("command", ["brokers", "demo", "sandbox --json", "config import nothing"])
def test_who_may_be_loaded_is_not_guessed_where_the_users_own_file_is_broken(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BROKERKIT_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    own = tmp_path / "config" / "brokerkit"
    own.mkdir(parents=True, mode=0o700)
    (own / "brokerkit.toml").write_text('packages = ["brokerkit-kr-kis"\n')
    assert main(command.split()) == exits.WRONG_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_the_demo_heeds_no_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROKERKIT_PROFILE", "nobody")
    Path("brokerkit.toml").write_text('[profiles.kis]\nbroker = "kis"\nlimits = { max_order_quantity = 1 }\n')
    assert main(["demo", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"kis", "kiwoom"}
