"""What the documents show is run, and what they list is compared with the tables it comes from."""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from brokerkit_kis.client import CALLS_PER_SECOND as KIS_CALLS
from brokerkit_kis.sandbox.face import APIS, LOGINS
from brokerkit_kis.sandbox.services import services
from brokerkit_kis.sandbox.stream_columns import SERVICES
from brokerkit_kis.stocks.orders import AFTER_MARKET_TYPE
from brokerkit_kis.stocks.orders import ORDER_TYPE as KIS_TYPE
from brokerkit_kiwoom.client import CALLS_PER_SECOND as KIWOOM_CALLS
from brokerkit_kiwoom.sandbox.apis import ISSUE_PATH, REVOKE_PATH, in_demo
from brokerkit_kiwoom.sandbox.apis import calls as calls_of_kiwoom
from brokerkit_kiwoom.sandbox.calls import FIELDS
from brokerkit_kiwoom.sandbox.stream_frames import NAMES, US_NAMES
from brokerkit_kiwoom.stocks.orders import ORDER_TYPE as KIWOOM_TYPE

from brokerkit import Broker, OrderType, TimeInForce, Venue
from brokerkit.adapter import Adapter
from brokerkit.asking.inquiries import HOOKS
from brokerkit.cli.app import app
from brokerkit.config import PROFILE_KEYS, Settings, config_path, load_profiles, make_settings
from brokerkit.market.markets import market_at
from brokerkit.market.sessions import Offer, Phase
from brokerkit.models import InvestorFlow
from brokerkit.part import Part
from brokerkit.registry import installed_brokers, load_broker
from brokerkit.replies import FACTS
from brokerkit.sandbox.faults import KINDS
from brokerkit.sandbox.faults.kinds import FaultPlace
from brokerkit.words import OrderStatus
from tests import forks
from tests.program import started

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.ko.md")
DOCUMENTS = (*READMES, *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md")))
ADAPTERS = "docs/adapters.md"
Row = list[str]


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text_of(document), re.DOTALL)


def all_blocks(language: str) -> list[Any]:
    return [
        pytest.param(document, block, id=f"{document}-{number}")
        for document in DOCUMENTS
        if not document.startswith("docs/writing-a-broker")  # files of a package: test_writing_a_broker.py
        for number, block in enumerate(blocks(document, language), 1)
        # The same program as in English, which has asked for the token that KIS gives out once a minute.
        if not (document == "docs/sandbox.ko.md" and "import requests" in block)
    ]


def run(script: str, document: str) -> dict[str, Any]:
    module = sys.modules["document"] = ModuleType("document")  # generic models look for the module that they stand in
    exec(compile(script, document, "exec", dont_inherit=True), vars(module))  # noqa: S102
    return vars(module)


@pytest.fixture
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("BROKERKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nothing")
    logger = logging.getLogger("brokerkit")  # which a page may set up
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "level", logger.level)


@contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """Serve the sandbox as docs/sandbox.md says, and yield the folder with its sandbox.json."""
    with started("--json") as (line, _):
        (folder / "sandbox.json").write_text(line, encoding="utf-8")
        yield folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with serving(tmp_path_factory.mktemp("served")) as folder:
        yield folder


@pytest.mark.usefixtures("nothing_configured")
@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
@pytest.mark.parametrize("document", READMES)
def test_the_script_runs_at_both_brokers(document: str, broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    (script,) = blocks(document, "python")
    assert script.count('"kis"') == 1
    run(script.replace('"kis"', f'"{broker}"'), document)
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) >= 31
    assert "None" not in printed


@pytest.mark.usefixtures("nothing_configured")
@pytest.mark.parametrize(("document", "script"), all_blocks("python"))
def test_every_python_block_runs(
    document: str,
    script: str,
    served: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(served / "sandbox.json", tmp_path)
    monkeypatch.chdir(tmp_path)
    run(script, document)
    said = capsys.readouterr()
    assert said.err == ""
    assert bool(said.out) == ("print(" in script or "sys.stdout" in script)


def test_clients_of_others_get_success_and_a_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [script for script in blocks("docs/sandbox.md", "python") if "import requests" in script]
    scripts = [script for script in found if "websockets" not in script]
    with serving(tmp_path):  # a server of its own: KIS gives out one token a minute
        monkeypatch.chdir(tmp_path)
        for script in scripts:
            run(script, "docs/sandbox.md")
    answers = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [answer[0] for answer in answers] == ["0", "0"]
    assert abs(int(answers[0][1])) == abs(int(answers[1][1])) > 0  # the sign at Kiwoom marks a direction


def test_a_client_of_others_gets_a_trade_from_the_socket_of_kis(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (script,) = [script for script in blocks("docs/sandbox.md", "python") if "/tryitout" in script]
    shutil.copy(served / "sandbox.json", tmp_path)
    monkeypatch.chdir(tmp_path)
    run(script, "docs/sandbox.md")
    answer, trade = capsys.readouterr().out.splitlines()
    assert answer == "SUBSCRIBE SUCCESS"
    assert re.fullmatch(r"\['0\|H0STCNT0\|00[0-9]\|005930', '[0-9]{6}', '[0-9]+'\]", trade)


def test_a_client_of_others_gets_a_trade_from_the_socket_of_kiwoom(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (script,) = [script for script in blocks("docs/sandbox.md", "python") if "dostk/websocket" in script]
    shutil.copy(served / "sandbox.json", tmp_path)
    monkeypatch.chdir(tmp_path)
    run(script, "docs/sandbox.md")
    login, registration, trade = capsys.readouterr().out.splitlines()
    assert (login, registration) == ("0", "0")
    assert re.fullmatch(r"005930 [+-]?[0-9]+", trade)


@pytest.mark.usefixtures("nothing_configured")
@pytest.mark.parametrize(("document", "profile"), all_blocks("toml"))
def test_every_profile_is_valid(document: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nothing" / "brokerkit.toml"  # the user's own, which alone may list packages
    path.parent.mkdir()
    path.write_text(profile, encoding="utf-8")
    monkeypatch.setenv("BROKERKIT_CONFIG", str(path))
    assert config_path() == path
    profiles, default = load_profiles()
    assert default in profiles
    for name, found in profiles.items():
        hidden = {"app_key": "x", "app_secret": "x", "state": "redis://cache"}
        secrets = {key: value for key, value in hidden.items() if key in found.settings}
        settings = make_settings(load_broker(found.broker).Settings, {**found.settings, **secrets}, name, "")
        assert settings.app_key.get_secret_value() == "x"


def all_commands() -> list[Any]:
    """Return the lines of the documents that call brokerkit in a shell."""
    lines = {
        (document, line)
        for document in DOCUMENTS
        for line in re.findall(r"^ {4,}(brokerkit [^|>&\n]+)", text_of(document), re.MULTILINE)
    }
    return [pytest.param(line, id=f"{document}: {line.partition('#')[0].strip()}") for document, line in sorted(lines)]


@pytest.mark.parametrize("line", all_commands())
def test_every_command_is_one_that_there_is(line: str) -> None:
    command = typer.main.get_command(app)
    words = shlex.split(line, comments=True)[1:]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"-h", "--help"}
    assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("document", READMES)
def test_the_commands_of_a_readme_work_one_after_the_other(document: str, tmp_path: Path) -> None:
    block = re.search(r"^ {4}brokerkit quote 005930 -b.*?(?=\n\n)", text_of(document), re.MULTILINE | re.DOTALL)
    lines = block[0].splitlines() if block else []
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BROKERKIT_")}
    environment |= {"BROKERKIT_STATE_DIR": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path)}
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words.pop(0) == "brokerkit"
        words += ["--yes"] if "buy" in words else []
        ended = forks.run(words, cwd=tmp_path, env=environment)
        assert ended.returncode == 0, f"{line}: {ended.stderr}"
    assert [line.split()[1] for line in lines] == ["quote", "buy", "balance", "journal", "doctor", "halt", "resume"]


def test_no_document_tells_to_install_the_unrelated_project() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "pip install brokerkit" in line:
                assert "Do not" in line or "하지 마십시오" in line, f"{path.name}: {line}"


@pytest.mark.parametrize("document", READMES)
def test_a_readme_names_every_verb(document: str) -> None:
    described = re.findall(r"^\|(.*)\|$", text_of(document), re.MULTILINE)
    named = {word for line in described for word in re.findall(r"`(\w+)", line)}
    assert set(HOOKS) | {"supports"} <= named
    assert all(hasattr(Broker, verb) for verb in HOOKS)


@pytest.mark.parametrize("document", READMES)
def test_a_readme_names_every_order_type_and_time_in_force(document: str) -> None:
    named = set(re.findall(r"`([A-Z_]+)`", text_of(document)))
    assert (set(OrderType) - {OrderType.SINGLE_PRICE}) | set(TimeInForce) <= named  # the one left out is no more


# Tables that come from the code


def rows_of(document: str, name: str) -> list[Row]:
    """Return the cells of the table between the marks, without its head."""
    found = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", text_of(document), re.DOTALL)
    assert found, f"{document} has no table {name}"
    lines = found[1].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if not line.startswith("|---")][
        1:
    ]


IN_KOREAN = {
    "yes": "있음",
    "no": "없음",
    "both": "통합",
    "only there": "여기만",
    "no id": "id 없음",
    "line": "회선",
    "answer": "답",
    "listing": "목록",
    "stream": "스트림",
    "stands": "있음",
    "does not stand": "없음",
}
"""Words in the cells of tables, as the Korean page has them."""


def code(text: str) -> str:
    return f"`{text}`"


def kis_calls() -> list[Row]:
    """Return call, ids of the real and of the demo environment."""

    def listed(ids: Iterable[str]) -> str:
        return " ".join(map(code, sorted(ids))) or "—"

    calls = [
        [
            code(path.partition("/trading/")[2] or path.rpartition("/")[2]),
            listed(services()[path].real),
            listed(services()[path].demo),
        ]
        for path, api in APIS.items()
        if api.market == "KR"
    ]
    return calls + [[code(path), "no id", "no id"] for path in sorted(LOGINS)]


def kis_us_calls() -> list[Row]:
    """Return call, ids of the real and of the demo environment, those of other countries too."""

    def listed(ids: Iterable[str]) -> str:
        return " ".join(map(code, sorted(ids))) or "—"

    return [
        [code(path.removeprefix("/uapi/")), listed(services()[path].real), listed(services()[path].demo)]
        for path, api in APIS.items()
        if api.market == "US"
    ]


def kis_socket() -> list[Row]:
    """Return id, market, columns, and whether the demo environment has it."""
    market = {Venue.KRX: "KRX", Venue.NXT: "NXT", Venue.SOR: "both", Venue.US: "US"}
    return [
        [
            code(id),
            market[service.venue],
            str(len(service.columns) or "—"),
            "—" if not service.in_demo else "yes" if service.in_real else "only there",
        ]
        for id, service in SERVICES.items()
    ]


def kiwoom_calls() -> list[Row]:
    """Return id, path, and whether the demo environment has it."""
    served = [[code(each), code(calls_of_kiwoom()[each].path), "yes" if in_demo(each) else "no"] for each in FIELDS]
    return served + [[code(path), "no id", "yes"] for path in (ISSUE_PATH, REVOKE_PATH)]


def kiwoom_socket() -> list[Row]:
    """Return type and name."""
    return [[code(type), name] for type, name in NAMES.items()]


def kiwoom_us_socket() -> list[Row]:
    """Return the same of the socket for the US."""
    return [[code(type), name] for type, name in US_NAMES.items()]


def fault_kinds() -> list[Row]:
    """Return fault, what it does, where it strikes, whether an order stands then, and what it can be told."""
    stands = {True: "stands", False: "does not stand"}
    return [
        [
            *(code(kind.name), kind.words, kind.strikes),
            "—" if kind.strikes in (FaultPlace.LISTING, FaultPlace.STREAM) else stands[kind.processed],
            kind.defaults or "—",
        ]
        for kind in KINDS.values()
    ]


def offers(venue: Venue, phase: Phase) -> frozenset[Offer]:
    rules = market_at(venue).rules
    assert rules is not None
    return rules.offers(venue, phase)


def offered_at(venue: Venue) -> list[Row]:
    """Return the order types of a venue, and for each of its phases the times in force."""
    phases = phases_of(venue)
    rows = []
    for kind in OrderType:
        cells = [
            " ".join(time for time in TimeInForce if (kind, time) in offers(venue, phase)) or "—" for phase in phases
        ]
        if set(cells) != {"—"}:
            rows.append([code(kind), *cells])
    return rows


def phases_of(venue: Venue) -> list[Phase]:
    return [phase for phase in Phase if offers(venue, phase)]


def order_codes() -> list[Row]:
    """Return type, time in force, and the codes for them."""
    tables = (KIS_TYPE, AFTER_MARKET_TYPE, KIWOOM_TYPE)
    return [
        [code(kind), time, *(code(table[kind, time]) if (kind, time) in table else "—" for table in tables)]
        for kind in OrderType
        for time in TimeInForce
        if any((kind, time) in table for table in tables)
    ]


def as_table(head: Row, rows: Iterable[Row]) -> str:
    """Return markdown, to be put into the document when a table has to change."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("| --- ", "|---").replace("---|", "---|") for line in lines)


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("kis calls", kis_calls),
        ("kis calls in the US", kis_us_calls),
        ("kis socket", kis_socket),
        ("kiwoom calls", kiwoom_calls),
        ("kiwoom socket", kiwoom_socket),
        ("kiwoom socket in the US", kiwoom_us_socket),
    ],
)
def test_the_sandbox_plays_what_its_document_says(name: str, calls: Callable[[], list[Row]]) -> None:
    rows = rows_of("docs/sandbox.md", name)
    assert all(row[1] for row in rows)
    assert [[row[0], *row[2:]] for row in rows] == calls()
    korean = rows_of("docs/sandbox.ko.md", name)
    assert all(row[1] for row in korean)
    assert [[row[0], *row[2:]] for row in korean] == [[IN_KOREAN.get(cell, cell) for cell in row] for row in calls()]


def test_the_table_of_faults_is_that_of_the_sandbox() -> None:
    head = ["fault", "what it does", "strikes", "an order then", "can be told"]
    assert rows_of("docs/sandbox.md", "faults") == fault_kinds(), as_table(head, fault_kinds())
    korean = [[row[0], *row[2:]] for row in rows_of("docs/sandbox.ko.md", "faults")]
    assert korean == [[IN_KOREAN.get(cell, cell) for cell in (row[0], *row[2:])] for row in fault_kinds()]


@pytest.mark.parametrize("venue", Venue)
@pytest.mark.parametrize(("document", "first"), [("docs/orders.md", "type"), ("docs/orders.ko.md", "유형")])
def test_the_table_of_offers_is_that_of_the_market(document: str, first: str, venue: Venue) -> None:
    head = [first, *phases_of(venue)]
    assert rows_of(document, f"offers {venue}") == offered_at(venue), as_table(head, offered_at(venue))
    assert f"| {' | '.join(head)} |" in text_of(document)


@pytest.mark.parametrize("document", ["docs/orders.md", "docs/orders.ko.md"])
def test_the_table_of_codes_is_that_of_the_adapters(document: str) -> None:
    head = ["type", "time in force", "KIS", "KIS, after-market of KRX", "Kiwoom"]
    assert rows_of(document, "codes") == order_codes(), as_table(head, order_codes())


def test_every_type_that_can_be_sent_is_offered_somewhere() -> None:
    anywhere = {offer for venue in Venue for phase in Phase for offer in offers(venue, phase)}
    assert {pair for table in (KIS_TYPE, AFTER_MARKET_TYPE, KIWOOM_TYPE) for pair in table} <= anywhere


def test_every_status_is_explained() -> None:
    explained = re.findall(r"^\| `([A-Z_]+)` \|", text_of("docs/orders.md"), re.MULTILINE)
    assert set(OrderStatus) <= set(explained)


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_what_a_broker_does_not_tell_is_documented(broker: str) -> None:
    (head,) = re.findall(r"^\| model \|(.*)\|$", text_of("docs/brokers.md"), re.MULTILINE)
    column = [name.strip().lower() for name in head.split("|")].index(broker)
    for model, fields in load_broker(broker).parts[0].not_told.items():
        if model is not InvestorFlow:
            (row,) = re.findall(rf"^\| `{model.__name__}` \|(.*)\|$", text_of("docs/brokers.md"), re.MULTILINE)
            assert set(re.findall(r"`(\w+)`", row.split(" | ")[column])) >= fields


def test_the_limits_of_calls_are_those_of_the_adapters() -> None:
    (row,) = re.findall(r"^\| calls a second \|(.*)\|$", text_of("docs/brokers.md"), re.MULTILINE)
    for cell, calls in zip(row.split(" | "), (KIS_CALLS, KIWOOM_CALLS), strict=True):
        assert cell.strip().startswith(f"{calls['real']} real, {calls['demo']} demo")


def test_the_table_of_keys_is_what_a_profile_may_carry() -> None:
    common = PROFILE_KEYS | set(Settings.model_fields)
    named = {row[0].strip("`"): row[1] for row in rows_of("docs/configuration.md", "keys")}
    assert {key for key, broker in named.items() if broker == "all"} == common
    for broker in installed_brokers():
        own = {key for key, whose in named.items() if whose.lower() == broker}
        assert own == set(load_broker(broker).Settings.model_fields) - common


# The reference for adapters


def test_the_table_of_facts_has_all_that_a_row_may_tell() -> None:
    assert [row[0] for row in rows_of(ADAPTERS, "facts")] == [code(fact) for fact in FACTS]


def test_the_tables_of_hooks_have_all_that_there_are() -> None:
    """A class of the plugin interface has nothing that the reference and the tables of hooks leave out."""
    shown = text_of(ADAPTERS) + text_of("docs/writing-a-broker.md")
    own = {
        Adapter: {"key_tells_account", "told_phases", "account_number", "feed_kind", "feed_for", "sockets"},
        Part: {
            "fills",
            "handle_of",
            "handle",
            "reservation_handle",
            "reservation_handle_of",
            "untold",
            "wrong",
            "terms",
            "intervals",
        },
    }
    for kind, not_filled in own.items():
        public = {name for name in (*vars(kind), *kind.__annotations__) if not name.startswith("_")} - not_filled
        assert public <= set(re.findall(r"`(?:self\.)?(\w+)", shown))
