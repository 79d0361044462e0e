"""The frame of the command line: help, versions, exit codes, completion, and what becomes of errors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from brokerkit import BrokerError, InsufficientFunds, OrderRequest, OrderType, Side, __version__, errors
from brokerkit.cli import exits, help, main
from brokerkit.cli.app import app, asks_json
from brokerkit.cli.printing import Printer
from tests import forks

pytestmark = pytest.mark.usefixtures("nothing_configured")

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app)
NAMES = [
    *(
        "quote",
        "book",
        "watch",
        "flow",
        "bought",
        "programs",
        "orders",
        "history",
        "buy",
        "sell",
        "amend",
        "cancel",
        *("reserve", "reservations", "amend-reservation", "cancel-reservation"),
        "balance",
        "power",
        "rate",
        "fills",
        "profit",
        "transactions",
        "hours",
        "instruments",
        "candles",
        "rank",
        "conditions",
        "trades",
        "members",
        "api",
        "call",
    ),
    *(
        "halt",
        "resume",
        "take-over",
        "journal",
        "play",
        "brokers",
        "doctor",
        "config",
        "token",
        "sandbox",
        "demo",
        "new-plugin",
        "conformance",
    ),
]
ERROR_KEYS = {"error", "broker", "asked", "endpoint", "code", "message", "advice", "intent"}


def program(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **variables},
        check=False,
    )


def without(library: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where a library is not installed."""
    script = (
        f"import sys; sys.modules[{library!r}] = None; from brokerkit.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    return program("-c", script, *arguments)


def every_error(kind: type[BrokerError] = BrokerError) -> Iterator[type[BrokerError]]:
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield below
            yield from every_error(below)


# Help


def test_help_shows_every_command_with_a_whole_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in NAMES:
        (line,) = re.findall(rf"^  {name} +(.+)$", shown, re.MULTILINE)
        assert not line.endswith("...")
    assert [head for head in re.findall(r"^(\w[\w ]+):$", shown, re.MULTILINE) if head != "Options"] == [
        "Market",
        "Orders",
        "Account",
        "Every API",
        "Setting up",
        "Adapters",
    ]


def test_the_document_has_an_example_of_every_command() -> None:
    assert set(COMMANDS.commands) == set(NAMES)
    for name in NAMES:
        assert re.search(rf"^    (.+ )?brokerkit {name}\b", DOCUMENT, re.MULTILINE), name


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_says_what_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "-h"]) == 0
    command = COMMANDS.commands[name]
    assert command.help
    assert all(option.help for option in command.params)
    assert "brokerkit" in capsys.readouterr().out


@pytest.mark.parametrize("command", help.COMMANDS, ids=lambda command: command.name)
def test_the_help_page_says_of_a_command_what_its_own_page_says(command: help.Command) -> None:
    assert command.help == COMMANDS.commands[command.name].get_short_help_str(1000)


def test_the_version_names_core_and_adapters() -> None:
    done = program("-m", "brokerkit", "--version")
    assert done.stdout.splitlines()[0] == f"brokerkit {__version__}"
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["kis", "kiwoom"]
    assert done.returncode == 0


# Exit codes


def test_the_document_lists_the_exit_codes() -> None:
    found = re.search(r"<!-- table: exit codes -->\n(.*?)<!-- end -->", DOCUMENT, re.DOTALL)
    assert found
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].strip().splitlines()[2:]]
    wanted = []
    for code, meaning in exits.MEANINGS.items():
        kinds = " ".join(f"`{kind.__name__}`" for kind, each in exits.CODES.items() if each == code)
        wanted.append([str(code), meaning, kinds or "—"])
    assert rows == wanted, "\n".join(f"| {' | '.join(row)} |" for row in wanted)


@pytest.mark.parametrize("kind", list(every_error()))
def test_every_error_has_an_exit_code_that_means_something(kind: type[BrokerError]) -> None:
    code = exits.code_of(kind("no"))
    assert code in exits.MEANINGS
    assert code != exits.DONE


def test_the_nearest_class_decides() -> None:
    assert exits.code_of(InsufficientFunds("no")) == exits.REFUSED
    assert exits.code_of(BrokerError("no")) == exits.REFUSED


# Errors


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (["quote", "005930", "--json"], True),
        (["quote", "--json", "005930"], True),
        (["quote", "-p", "--json"], False),
        (["quote", "--profile", "--json", "005930"], False),
        (["quote", "--profile=--json", "005930"], False),
        (["quote", "--profile", "--json", "--json"], True),
        (["quote", "--", "--json"], False),
        (["token", "show", "-e", "--json"], False),
        (["token", "show", "--json"], True),
        (["--version", "quote", "-b", "--json"], False),
        (["nonsense", "--json"], True),
        ([], False),
    ],
)
def test_json_is_asked_for_only_by_the_option(given: list[str], asked: bool) -> None:
    assert asks_json(COMMANDS, given) is asked


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (["quote"], "WrongUsage", 2),
        (["nonsense"], "WrongUsage", 2),
        (["history", "--from", "yesterday"], "WrongUsage", 2),
        (["quote", "005930"], "ConfigError", 2),
        (["quote", "005930", "-b", "nobody", "-e", "sandbox"], "UnknownBroker", 2),
        (["quote", "005930", "-p", "nobody", "-e", "sandbox"], "ConfigError", 2),
        (["quote", "005930", "-p", "nobody", "-b", "kis"], "InvalidRequest", 2),
        (["quote", "005930", "-b", "kis", "-e", "sandbx"], "ConfigError", 2),
        (["quote", "5930", "-b", "kis", "-e", "sandbox"], "InvalidRequest", 2),
        (["quote", "999999", "-b", "kiwoom", "-e", "sandbox"], "UnknownSymbol", 1),
        (["api", "show", "ka1005x"], "InvalidRequest", 2),
        (["api", "show", "ka10059", "-b", "kis"], "InvalidRequest", 2),
        (["api", "search", "price", "-b", "nobody"], "ConfigError", 2),
        (["call", "ka10059", "-b", "kis", "-e", "sandbox"], "InvalidRequest", 2),
        (["call", "ka10059", "stk_cd", "-b", "kiwoom", "-e", "sandbox"], "WrongUsage", 2),
        (["power", "005930", "--price", "1_000", "-b", "kis", "-e", "sandbox"], "InvalidRequest", 2),
    ],
)
def test_an_error_is_one_json_object_or_one_plain_text(
    given: list[str], kind: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*given, "--json"]) == code
    said = capsys.readouterr()
    told = json.loads(said.err)
    assert set(told) == ERROR_KEYS
    assert told["error"] == kind
    assert told["message"]
    assert said.out == ""
    assert main(given) == code
    said = capsys.readouterr()
    assert told["message"] in said.err
    assert said.out == ""


def test_programs_are_told_the_intent_of_an_uncertain_order(capsys: pytest.CaptureFixture[str]) -> None:
    request = OrderRequest(symbol="005930", side=Side.BUY, quantity=10, type=OrderType.LIMIT, price=69_300)
    Printer(True).error(errors.OrderUncertain("no answer", intent=request, broker="pine"))
    told = json.loads(capsys.readouterr().err)
    assert set(told) == ERROR_KEYS
    assert OrderRequest.model_validate(told["intent"]) == request


@pytest.mark.parametrize(
    ("library", "given", "extra"),
    [
        ("typer", ["--help"], "[cli]"),
        ("rich", ["brokers"], "[cli]"),
        ("uvicorn", ["quote", "005930", "-b", "kis", "-e", "sandbox"], "[sandbox]"),
        ("starlette", ["demo"], "[sandbox]"),
        ("uvicorn", ["sandbox", "--json"], "[sandbox]"),
    ],
)
def test_a_missing_extra_names_itself(library: str, given: list[str], extra: str) -> None:
    done = without(library, *given)
    assert done.returncode == exits.WRONG_USAGE
    assert extra in done.stderr
    assert library in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_keyring_names_its_extra(tmp_path: Path) -> None:
    profile = '[profiles.main]\nbroker = "kis"\nenvironment = "demo"\naccount = "50012345-01"\n'
    keys = 'app_key = { keyring = "brokerkit/main" }\napp_secret = "no"\n'
    (tmp_path / "brokerkit.toml").write_text(profile + keys, encoding="utf-8")
    done = without("keyring", "quote", "005930", "-p", "main")
    assert done.returncode == exits.WRONG_USAGE
    assert "[keyring]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"default = 3", b"[profiles]\nmain = 3", b"[profil.main]"])
def test_an_unreadable_configuration_is_said_and_breaks_no_completion(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "brokerkit.toml").write_bytes(content)
    assert main(["quote", "005930"]) == exits.WRONG_USAGE
    assert "brokerkit.toml" in capsys.readouterr().err
    assert completed("brokerkit quote --profile ", monkeypatch, capsys) == []


# Completion, by the protocol of the shell scripts that `--install-completion` writes


def as_bash_asks(line: str) -> dict[str, str]:
    return {"_BROKERKIT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}


def completed(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    with monkeypatch.context() as patched:
        for name, value in as_bash_asks(line).items():
            patched.setenv(name, value)
        assert main([]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.split()


def test_the_installed_program_answers_the_shell() -> None:
    done = program("-m", "brokerkit", **as_bash_asks("brokerkit quote --broker ki"))
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["kis", "kiwoom"], "")


def test_the_script_for_the_shell_asks_for_what_is_answered() -> None:
    done = program("-m", "brokerkit", "--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0
    assert "_BROKERKIT_COMPLETE=complete_bash" in done.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("brokerkit b", ["book", "bought", "buy", "brokers", "balance"]),
        ("brokerkit quote --broker ", ["kis", "kiwoom"]),
        ("brokerkit quote -b kiw", ["kiwoom"]),
        ("brokerkit orders --environment ", ["sandbox", "demo", "real"]),
        ("brokerkit balance --profile ", ["savings", "swing"]),
        ("brokerkit token s", ["show"]),
        ("brokerkit quote 005930 --venue N", ["NXT"]),
        (
            "brokerkit api show ka1005",
            ["ka10050", "ka10051", "ka10052", "ka10053", "ka10054", "ka10055", "ka10058", "ka10059"],
        ),
        ("brokerkit api show -b kis ka1005", []),
        ("brokerkit call -p swing FHKST0101", []),
        ("brokerkit call -p savings FHKST010109", ["FHKST01010900"]),
        ("brokerkit call ka10059 trde_tp=1 dt", ["dt="]),
        ("brokerkit call ka10059 trde", ["trde_tp=0", "trde_tp=1", "trde_tp=2"]),
        ("brokerkit call ka10059 trde_tp=0 trde", []),
        ("brokerkit call ka10059 unit_tp = 1", ["1000", "1"]),
        ("brokerkit call nothing stk", []),
    ],
)
def test_the_shell_completes(
    line: str,
    offered: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    profiles = '[profiles.savings]\nbroker = "kis"\n[profiles.swing]\nbroker = "kiwoom"\n'
    (tmp_path / "brokerkit.toml").write_text(profiles, encoding="utf-8")
    assert sorted(completed(line, monkeypatch, capsys)) == sorted(offered)


# Brokers


def installed(folder: Path, name: str, module: str) -> None:
    """Install an adapter of which only its metadata exists."""
    metadata = folder / f"{name}_adapter-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-adapter\nVersion: 1.2\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[brokerkit.brokers]\n{name} = {module}:Adapter\n", encoding="utf-8")


def brokers_of(text: str) -> dict[str, dict[str, Any]]:
    return {told["name"]: told for told in json.loads(text)}


def test_brokers_tell_what_they_offer_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["brokers", "--json"]) == 0
    told = brokers_of(capsys.readouterr().out)
    assert set(told) == {"kis", "kiwoom"}
    assert told["kis"]["distribution"] == "brokerkit-kr-kis"
    assert told["kis"]["environments"] == ["sandbox", "demo", "real"]
    assert set(told["kis"]["verbs"]["real"]) - set(told["kis"]["verbs"]["demo"]) == {
        *("realized_pnl", "rankings", "conditions", "screen", "market_investor_flow", "transactions", "exchange_rate"),
        *("investor_flow_estimates", "investor_rankings", "program_trading", "reservations", "amend_reservation"),
    }
    assert told["kis"]["error"] is None
    assert main(["brokers"]) == 0
    assert re.search(r"^kis .*\bdemo: .*\breservations\b", capsys.readouterr().out, re.MULTILINE)


def test_an_adapter_that_cannot_be_loaded_is_shown_with_the_reason(tmp_path: Path) -> None:
    installed(tmp_path, "pine", "no_such_module")
    done = program("-m", "brokerkit", "brokers", "--json", PYTHONPATH=str(tmp_path))
    told = brokers_of(done.stdout)
    assert done.returncode == 0
    assert "no_such_module" in told["pine"]["error"]
    assert told["pine"]["version"] == "1.2"
    assert told["kis"]["error"] is None
    assert "no_such_module" in program("-m", "brokerkit", "brokers", PYTHONPATH=str(tmp_path)).stdout


def test_two_adapters_of_one_name_are_both_shown(tmp_path: Path) -> None:
    installed(tmp_path, "kis", "no_such_module")
    done = program("-m", "brokerkit", "brokers", "--json", PYTHONPATH=str(tmp_path))
    told = [each for each in json.loads(done.stdout) if each["name"] == "kis"]
    assert {each["distribution"] for each in told} == {"kis-adapter", "brokerkit-kr-kis"}
    assert all("Several adapters" in each["error"] for each in told)


# The demo


def test_the_demo_tells_the_same_story_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json"]) == 0
    left, right = json.loads(capsys.readouterr().out).values()
    assert list(left) == list(right)
    for step in ("quote", "partial fill", "holding 005930"):
        assert left[step] == right[step]
    for column in (left, right):
        assert "PARTIALLY_FILLED" in column["partial fill"]
        assert column["cancel the rest"].endswith("CANCELED")


def test_the_demo_stands_side_by_side() -> None:
    done = forks.run(["demo"])
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.split(r" {2,}", lines[0]) == ["step", "kis", "kiwoom"]
    assert all(len(re.split(r" {2,}", line)) == 3 for line in lines)


# What strangers are told


AT_SANDBOX = "--broker kis --environment sandbox --yes"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("quote 005930 --broker kis", "Give --environment sandbox (simulated"),
        ("quote 005930 --profile mian", "Did you mean main?"),
        ("quote 005930 --profile other", "Profiles: main."),
        (f"cancel 0000031186 {AT_SANDBOX}", "`brokerkit history` shows what became of the orders of earlier"),
        (f"cancel abc {AT_SANDBOX}", "No working order has the number abc. There are: none."),
        (f"amend 31186 --price x {AT_SANDBOX}", "--price: 'x' is not a finite number. Give digits, such as 70000."),
        (f"cancel 31186 --quantity 1,000 {AT_SANDBOX}", "--quantity: '1,000' is not a finite number"),
        (f"buy 005930 ten --price 1 {AT_SANDBOX}", "QUANTITY: 'ten' is not a finite number"),
        (f"sell 005930 1 --price 1 --stop-price y {AT_SANDBOX}", "--stop-price: 'y' is not"),
        (f"buy 005930 10 {AT_SANDBOX}", "--type MARKET to trade at any price"),
        (f"buy 005930 10 --type LIMT {AT_SANDBOX}", "'LIMT' is not one of"),
        ("journal list --day yesterday", "'yesterday' is no day. Give it as 2026-11-20."),
        ("journal list --day 2026-13-01", "'2026-13-01' is no day."),
        ("history --to 2026-02-30", "'2026-02-30' is no day."),
        ("play phase CLOSE", "'CLOSE' is not one of"),
        ("sandbox --state /proc/state.json", "/proc/state.json cannot be written"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_a_shell(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("brokerkit.toml").write_text('[profiles.main]\nbroker = "kis"\nenvironment = "demo"\n')
    assert main(words.split()) == exits.WRONG_USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    for python in ("='", "=MARKET", "a Decimal", "Value error", "reconcile()"):
        assert python not in shown.err
