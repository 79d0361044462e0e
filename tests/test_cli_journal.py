"""`brokerkit journal` and the kill switch, at the journal that the library keeps of a served sandbox."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerkit import clock, get_broker
from brokerkit.cli import exits, main
from brokerkit.models import OrderRequest
from brokerkit.orders.halting import halt_file
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.listing import Unread
from brokerkit.orders.lists import OrderLists
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.faults import Faults, Rule
from brokerkit.words import OrderType, Side
from tests.program import BROKERS, Terminal, orders_at, write_profiles

both = pytest.mark.parametrize("broker", BROKERS)
BUY = ("buy", "005930", "10", "--price", "60000", "--yes")
FAULTS = Faults()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Give every test an exchange of its own: to an empty journal, what others traded there would be foreign."""
    with Sandbox(faults=FAULTS) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _configured(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Write profiles that do not wait long for what does not show."""
    variables = write_profiles(box, tmp_path)
    path = Path(variables["BROKERKIT_CONFIG"])
    text = path.read_text(encoding="utf-8").replace('= "sandbox"', '= "sandbox"\nsettle_seconds = 1')
    path.write_text(text, encoding="utf-8")
    for name, value in {**variables, "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("brokerkit.orders.desk.TOTAL_SECONDS", 0.1)
    monkeypatch.setattr("brokerkit.orders.desk.START_SECONDS", 0.0)
    yield
    FAULTS.clear()


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = exits.DONE) -> str:
    """Run a command and return its standard output."""
    capsys.readouterr()
    assert main(arguments) == code
    return capsys.readouterr().out


def uncertain(broker: str, kind: str = "processed_then_reset", *order: str) -> None:
    """Send an order that nobody answers: by its kind the exchange gets it, or not."""
    FAULTS.add(Rule(kind, on="order"))
    assert main([*(order or BUY), "-b", broker]) == exits.UNCERTAIN
    FAULTS.clear()


def listed(capsys: pytest.CaptureFixture[str], broker: str, *arguments: str) -> list[Intent]:
    found = json.loads(told(capsys, "journal", "list", "--json", "-b", broker, *arguments))
    return [Intent.model_validate(each) for each in found]


@both
def test_the_list_shows_what_may_stand_and_all_of_it_what_was_sent(
    broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "journal", "list", "-b", broker) == "Nothing is unresolved.\n"
    assert main([*BUY, "-b", broker]) == exits.DONE
    uncertain(broker)
    (intent,) = listed(capsys, broker)
    assert (intent.state, intent.symbol, intent.side, intent.quantity) == (IntentState.UNKNOWN, "005930", Side.BUY, 10)
    for which in (["--all"], ["--day", clock.today().isoformat()]):
        assert [each.state for each in listed(capsys, broker, *which)] == [IntentState.ACKED, IntentState.UNKNOWN]
    assert listed(capsys, broker, "--day", (clock.today() - dt.timedelta(days=1)).isoformat()) == []
    shown = told(capsys, "journal", "list", "-b", broker)
    assert intent.id[-8:] in shown
    assert "BUY 10 005930 at 60000" in shown
    assert "UNKNOWN" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--all", "--day", "2026-11-20"),
        ("list", "--day", "yesterday"),
        ("show", "0123"),
        ("show", ""),
        ("resolve", "0123"),
        ("resolve", "0123", "--order-id", "1", "--absent", "--reason", "why"),
        ("resolve", "0123", "--absent"),
        ("resolve", "0123", "--absent", "--reason", " ", "--yes"),
        ("reconcile", "--timeout", "3"),
        ("reconcile", "--wait", "--timeout", "-1"),
    ],
)
def test_a_wrong_use_says_so(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "journal", *arguments, "-b", "kis", code=exits.WRONG_USAGE) == ""


@pytest.mark.parametrize("number", ["", "12 34", "１２", "12\n"])
def test_what_is_no_number_decides_nothing(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    uncertain("kis")
    (intent,) = listed(capsys, "kis")
    words = ("journal", "resolve", intent.id, "--order-id", number, "--yes", "-b", "kis")
    told(capsys, *words, code=exits.WRONG_USAGE)
    assert listed(capsys, "kis") == [intent]


@both
def test_everything_that_is_known_of_one_is_shown(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    uncertain(broker)
    (intent,) = listed(capsys, broker)
    for ending in (intent.id, intent.id[-6:], intent.id[-8:].lower()):
        assert Intent.model_validate_json(told(capsys, "journal", "show", ending, "--json", "-b", broker)) == intent
    shown = told(capsys, "journal", "show", intent.id[-8:], "-b", broker)
    assert str(intent.sent_bytes) in shown
    assert all(words in shown for words in (intent.id, "bytes sent", *intent.evidence))


def test_entries_of_a_day_are_those_of_every_market_and_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    uncertain("kis")
    (intent,) = listed(capsys, "kis")
    abroad = intent.model_copy(update={"id": "0" * 26, "market": "US", "state": IntentState.NOT_SENT})
    with get_broker("kis") as broker:
        broker.journal.note(abroad)
    words = ("journal", "list", "--day", f"{intent.day}", "-b", "kis")
    assert {each["market"] for each in json.loads(told(capsys, *words, "--json"))} == {"KR", "US"}
    shown = told(capsys, *words)
    assert all(word in shown for word in ("market", "KR", "US"))


def test_an_ending_of_several_entries_is_refused_with_all_of_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count(1)
    monkeypatch.setattr("brokerkit.orders.desk.new_id", lambda: f"{next(numbers)}TWINS")
    assert main([*BUY, "-b", "kis"]) == main([*BUY, "-b", "kis"]) == exits.DONE
    capsys.readouterr()
    assert main(["journal", "show", "twins", "-b", "kis"]) == exits.WRONG_USAGE
    said = capsys.readouterr().err
    assert "1TWINS, 2TWINS" in said
    assert "1TWINS" in told(capsys, "journal", "show", "1twins", "-b", "kis")


@both
def test_a_person_writes_down_the_number_and_the_side_is_free_again(
    broker: str, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    uncertain(broker)
    number = str(orders_at(box, broker)[-1].number)
    (intent,) = listed(capsys, broker)
    known = told(capsys, "journal", "resolve", intent.id[-8:], "--order-id", number, "--yes", "--json", "-b", broker)
    resolved = Intent.model_validate_json(known)
    assert (resolved.state, resolved.order_id) == (IntentState.ACKED, number)
    assert listed(capsys, broker) == []
    assert main([*BUY, "-b", broker]) == exits.DONE


@both
def test_a_person_writes_down_that_there_is_none_and_why(
    broker: str, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(orders_at(box, broker))
    uncertain(broker, "accept_then_reset")
    assert main([*BUY, "-b", broker]) == exits.BLOCKED
    (intent,) = listed(capsys, broker)
    words = ("journal", "resolve", intent.id, "--absent", "--reason", "the app shows none", "-b", broker)
    told(capsys, *words, "--json", code=exits.WRONG_USAGE)
    told(capsys, *words, code=exits.BLOCKED)  # there is no terminal to ask at
    assert [each.state for each in listed(capsys, broker)] == [IntentState.UNKNOWN]
    assert "the app shows none" in told(capsys, *words, "--yes")
    (entry,) = listed(capsys, broker, "--all")
    assert entry.state is IntentState.PRESUMED_ABSENT
    assert "the app shows none" in entry.evidence[-1]
    assert len(orders_at(box, broker)) == before


def test_only_a_yes_decides(capsys: pytest.CaptureFixture[str], terminal: Terminal) -> None:
    uncertain("kis")
    (intent,) = listed(capsys, "kis")
    words = ("journal", "resolve", intent.id, "--absent", "--reason", "the app shows none", "-b", "kis")
    for answer, code, left in (("\n", exits.BLOCKED, 1), ("n\n", exits.BLOCKED, 1), ("y\n", exits.DONE, 0)):
        terminal.types(answer)
        assert terminal.runs(*words) == code
        assert len(listed(capsys, "kis")) == left
    assert "BUY 10 005930 at 60000 (UNKNOWN): write down that it does not stand" in terminal.screen()


@both
def test_a_look_at_the_lists_settles_an_order_that_stands(
    broker: str, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    uncertain(broker)
    number = orders_at(box, broker)[-1].number
    first = told(capsys, "journal", "reconcile", "--json", "-b", broker, code=exits.UNCERTAIN)
    assert Reconciliation.model_validate_json(first).decided == ()  # one list is not enough
    report = told(capsys, "journal", "reconcile", "--wait", "--timeout", "20", "--json", "-b", broker)
    (intent,) = Reconciliation.model_validate_json(report).decided
    assert intent.state is IntentState.ACKED
    assert intent.order_id is not None
    assert int(intent.order_id) == number


def test_rows_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    odd = Unread("field sll_buy_dvsn_cd is missing", "0000000007")
    monkeypatch.setattr(OrderLists, "everything", lambda self, day: [odd])
    assert main(("journal", "reconcile", "-b", "kis")) == exits.DONE
    screen = "".join(capsys.readouterr())
    assert (
        f"nothing is presumed absent: {clock.today()}, order 0000000007: field sll_buy_dvsn_cd is missing"
        in " ".join(screen.split())
    )


def test_orders_that_a_list_lacks_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BUY, "-b", "kis"]) == exits.DONE
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + dt.timedelta(seconds=30))
    monkeypatch.setattr(OrderLists, "everything", lambda self, day: [])
    capsys.readouterr()
    assert main(("journal", "reconcile", "-b", "kis")) == exits.DONE
    screen = " ".join("".join(capsys.readouterr()).split())
    assert f"A list lacks an order that stands, so nothing is presumed absent: {clock.today()}, order " in screen
    assert "BUY 10 005930 at 60000" in screen


@both
def test_the_report_is_for_people_too(broker: str, box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    uncertain(broker, "accept_then_reset")
    foreign = box.exchange.submit(
        box.connect(broker).account,
        OrderRequest(symbol="000660", side=Side.BUY, quantity=7, type=OrderType.MARKET),
    )
    report = told(capsys, "journal", "reconcile", "-b", broker, code=exits.UNCERTAIN)
    assert "Placed by somebody else" in report
    assert str(foreign.number) in report
    assert "BUY 10 005930 at 60000" in report
    report = told(capsys, "journal", "reconcile", "--wait", "--timeout", "20", "-b", broker)
    assert "PRESUMED_ABSENT" in report
    assert "complete lists" in report
    assert report.endswith("Nothing is unresolved.\n")


def test_a_list_that_cannot_be_read_decides_nothing_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    uncertain("kis")
    FAULTS.add(Rule("html_200", on="listing"))
    assert main(["journal", "reconcile", "-b", "kis"]) == exits.UNCERTAIN
    assert "decides nothing" in capsys.readouterr().err
    FAULTS.clear()


@both
def test_the_journal_is_exported_as_lines(broker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BUY, "-b", broker]) == exits.DONE
    uncertain(broker)
    path = tmp_path / "journal.jsonl"
    assert json.loads(told(capsys, "journal", "export", str(path), "--json", "-b", broker))["entries"] == 2
    entries = [Intent.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert entries == listed(capsys, broker, "--all")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert told(capsys, "journal", "export", "-", "-b", broker) == path.read_text(encoding="utf-8")
    kept = path.read_bytes()
    told(capsys, "journal", "export", str(path), "-b", broker, code=exits.WRONG_USAGE)
    assert path.read_bytes() == kept


@both
def test_no_account_number_leaves_with_an_export(broker: str, box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    uncertain(broker, "success_without_number")
    keys = box.connect(broker)
    exported = told(capsys, "journal", "export", "-", "-b", broker)
    for secret in (keys.app_key, keys.app_secret, keys.account, keys.account[:8]):
        assert secret not in exported


# The kill switch


@both
def test_after_halt_orders_and_amendments_stay_and_cancellations_go(
    broker: str, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*BUY, "-b", broker]) == exits.DONE
    rows = orders_at(box, broker)
    number, count = str(rows[-1].number), len(rows)
    assert json.loads(told(capsys, "halt", "prices", "look", "wrong", "--json")) == {
        "halted": True,
        "reason": "prices look wrong",
        "file": str(halt_file()),
        "hosts": [],
    }
    assert main([*BUY, "-b", broker]) == exits.BLOCKED
    assert "prices look wrong" in capsys.readouterr().err
    assert main(["amend", number, "--price", "60100", "--yes", "-b", broker]) == exits.BLOCKED
    assert len(orders_at(box, broker)) == count
    assert main(["cancel", number, "--yes", "-b", broker]) == exits.DONE
    assert orders_at(box, broker)[-1].action == "CANCEL"
    assert "yes" in told(capsys, "resume")
    assert main([*BUY, "-b", broker]) == exits.DONE


def test_resume_says_whether_anything_was_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(told(capsys, "resume", "--json"))["was_halted"] is False
    told(capsys, "halt")
    assert json.loads(told(capsys, "resume", "--json"))["was_halted"] is True


def test_a_kill_switch_that_cannot_be_set_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "file" / "state"))
    assert main(["halt"]) == exits.JOURNAL
    assert "cannot be used" in capsys.readouterr().err


def test_the_sandbox_inside_a_command_says_that_its_journal_is_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BROKERKIT_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["journal", "list", "-b", "kis", "-e", "sandbox"]) == exits.DONE
    said = capsys.readouterr()
    assert "Nothing is unresolved" in said.out
    assert "began with the command" in said.err
