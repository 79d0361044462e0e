"""`brokerkit buy | sell | amend | cancel`: shown, asked, sent once, and the outcome said."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import brokerkit.sandbox
from brokerkit.broker import Broker
from brokerkit.cli import exits, main
from brokerkit.models import Order
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.words import OrderStatus, OrderType, Side
from tests.program import BROKERS, Terminal, is_order, orders_at, rows_of, trouble, write_profiles

both = pytest.mark.parametrize("broker", BROKERS)
pytestmark = pytest.mark.usefixtures("configured")


@both
def test_a_confirmed_order_is_sent_once_and_told(
    broker: str, rows: Callable[[str], list[ExchangeOrder]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["buy", "005930", "10", "--price", "60000", "--broker", broker, "--yes"]) == exits.DONE
    (placed,) = rows(broker)
    assert (placed.request.side, placed.quantity, placed.request.price) == (Side.BUY, 10, 60_000)
    told = capsys.readouterr()
    assert str(placed.number) in told.out
    assert "PENDING" in told.out
    assert "매수 BUY" in told.out
    assert f"brokerkit orders --broker {broker}" in told.err


@both
def test_the_hint_after_an_order_works_as_it_stands(
    broker: str, rows: Callable[[str], list[ExchangeOrder]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["buy", "005930", "10", "--price", "60000", "--profile", broker, "--yes"]) == exits.DONE
    looks, cancels = capsys.readouterr().err.split("`")[1:4:2]
    assert main(shlex.split(looks)[1:]) == exits.DONE
    assert str(rows(broker)[0].number) in capsys.readouterr().out
    assert main([*shlex.split(cancels)[1:], "--yes"]) == exits.DONE
    assert [row.action for row in rows(broker)] == ["NEW", "CANCEL"]
    assert rows(broker)[0].remaining == 0
    assert "brokerkit cancel" not in capsys.readouterr().err


@both
def test_programs_get_the_order_as_json_and_nothing_else(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["buy", "005930", "10", "--type", "market", "--broker", broker, "--yes", "--json"]) == exits.DONE
    told = capsys.readouterr()
    order = Order.model_validate_json(told.out)
    assert (order.side, order.type, order.quantity, order.status) == (
        Side.BUY,
        OrderType.MARKET,
        10,
        OrderStatus.PENDING,
    )
    assert told.err == ""


@both
def test_an_order_is_amended_by_its_number_without_zeros(
    broker: str,
    rows: Callable[[str], list[ExchangeOrder]],
    terminal: Terminal,
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["buy", "005930", "10", "--price", "60000", "--broker", broker, "--yes"])
    number = str(rows(broker)[0].number)
    terminal.types("y\n")
    assert terminal.runs("amend", number, "--price", "60100", "--quantity", "4", "--broker", broker) == exits.DONE
    shown = rows_of(terminal.screen())
    assert "정정 AMEND" in terminal.screen()
    assert "매수 BUY" in terminal.screen()
    assert (shown["quantity"], shown["price"]) == ("10, left 10", "60,000")
    assert (shown["new price"], shown["new value"]) == ("60,100 for 4 of 10 shares", "240,400")
    amended = rows(broker)[-1]
    assert (amended.action, amended.quantity, amended.request.price) == ("AMEND", 4, 60_100)
    told = capsys.readouterr().out
    assert str(amended.number) in told
    assert number in told


@both
def test_an_order_is_cancelled_in_part_and_in_whole(
    broker: str,
    rows: Callable[[str], list[ExchangeOrder]],
    terminal: Terminal,
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["buy", "005930", "10", "--price", "60000", "--broker", broker, "--yes", "--json"])
    number = json.loads(capsys.readouterr().out)["id"]
    terminal.types("y\n")
    assert terminal.runs("cancel", number, "--quantity", "4", "--broker", broker) == exits.DONE
    assert rows_of(terminal.screen())["to cancel"] == "4 of 10 shares"
    assert "취소 CANCEL" in terminal.screen()
    assert rows(broker)[0].remaining == 6
    terminal.types("y\n")
    assert terminal.runs("cancel", number, "--broker", broker) == exits.DONE
    assert rows_of(terminal.screen())["to cancel"] == "all 6 shares"
    assert rows(broker)[0].remaining == 0
    assert number in capsys.readouterr().out


def test_a_number_that_no_order_has_is_refused_with_those_there_are(
    rows: Callable[[str], list[ExchangeOrder]], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["buy", "005930", "10", "--price", "60000", "--broker", "kis", "--yes"])
    capsys.readouterr()
    for command in (["cancel", "99999999"], ["amend", "99999999", "--price", "60100"]):
        assert main([*command, "--broker", "kis", "--yes"]) == exits.WRONG_USAGE
        assert f"{rows('kis')[0].number} (BUY 005930, WORKING)" in capsys.readouterr().err
    assert len(rows("kis")) == 1


def test_a_number_that_two_orders_have_is_refused(
    rows: Callable[[str], list[ExchangeOrder]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # No sandbox gives a number twice in a day.
    main(["buy", "005930", "10", "--price", "60000", "--broker", "kis", "--yes"])
    listed = Broker.orders
    monkeypatch.setattr(
        Broker, "orders", lambda self, market: (*listed(self, market=market), *listed(self, market=market))
    )
    assert main(["cancel", str(rows("kis")[0].number), "--broker", "kis", "--yes"]) == exits.WRONG_USAGE
    assert "2 working orders" in capsys.readouterr().err
    assert len(rows("kis")) == 1


def test_where_working_orders_are_not_listed_the_history_of_today_is_searched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(environment="demo") as demo:
        monkeypatch.setattr(brokerkit.sandbox, "shared", lambda: demo)
        broker = ["--broker", "kis", "--environment", "sandbox", "--yes"]
        monkeypatch.delenv("BROKERKIT_CONFIG")
        monkeypatch.chdir(tmp_path)
        assert main(["buy", "005930", "10", "--price", "60000", *broker]) == exits.DONE
        (placed,) = orders_at(demo, "kis")
        assert main(["cancel", str(placed.number), *broker]) == exits.DONE
        assert main(["cancel", str(placed.number), *broker]) == exits.WRONG_USAGE
        assert "There are: none." in capsys.readouterr().err
        assert [order.action for order in orders_at(demo, "kis")] == ["NEW", "CANCEL"]


@pytest.mark.parametrize(
    "command",
    [
        ["buy", "005930", "10"],
        ["buy", "005930", "10", "--price", "1,000"],
        ["buy", "005930", "1.5", "--price", "60000"],
        ["buy", "A005930", "1", "--price", "60000"],
        ["buy", "005930", "1", "--price", "60000", "--type", "MARKET"],
        ["buy", "005930", "1", "--price", "60001"],
        ["buy", "005930", "1", "--type", "BEST"],
        ["sell", "005930"],
        ["amend", "1"],
        ["amend", "1", "--price", "dear"],
        ["cancel", "1", "--quantity", "some"],
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(
    command: list[str], box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    box.face("kis").requests.clear()
    assert main([*command, "--broker", "kis", "--yes"]) == exits.WRONG_USAGE
    assert capsys.readouterr().err
    assert not any(map(is_order, box.face("kis").requests))


@both
def test_a_refusal_of_the_broker_has_its_own_code(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sell", "000660", "10", "--type", "MARKET", "--broker", broker, "--yes"]) == exits.REFUSED
    assert "sellable_quantity" in capsys.readouterr().err


@pytest.fixture
def losing(configured: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A sandbox of its own whose faces answer orders with nonsense."""
    with Sandbox() as sandbox:
        for name, value in write_profiles(sandbox, tmp_path).items():
            monkeypatch.setenv(name, value)
        for broker in BROKERS:
            sandbox.face(broker).before = lambda request: trouble(is_order(request))
        yield


@both
@pytest.mark.usefixtures("losing")
def test_an_uncertain_order_says_where_to_look(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["buy", "005930", "10", "--price", "60000", "--broker", broker, "--yes"]) == exits.UNCERTAIN
    told = capsys.readouterr()
    assert f"`brokerkit journal reconcile --wait --broker {broker}`" in told.err
    assert told.out == ""


@both
@pytest.mark.usefixtures("losing")
def test_programs_get_the_intent_of_an_uncertain_order(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["buy", "005930", "10", "--price", "60000", "--broker", broker, "--yes", "--json"]
    assert main(command) == exits.UNCERTAIN
    told = capsys.readouterr()
    fault = json.loads(told.err)
    assert fault["error"] == "OrderUncertain"
    assert (fault["intent"]["symbol"], fault["intent"]["quantity"]) == ("005930", "10")
    assert told.out == ""


def test_a_sandbox_of_the_command_says_that_it_ends_with_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("BROKERKIT_CONFIG")
    monkeypatch.chdir(tmp_path)
    command = ["buy", "005930", "1", "--price", "60000", "-b", "kis", "-e", "sandbox", "--yes"]
    assert main(command) == exits.DONE
    assert "ended with the command" in capsys.readouterr().err


@both
def test_under_a_key_one_order_is_sent_and_nobody_is_asked_again(
    broker: str,
    rows: Callable[[str], list[ExchangeOrder]],
    terminal: Terminal,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ("buy", "005930", "10", "--price", "60000", "--broker", broker, "--key", f"cli:{broker}")
    assert main([*given, "--yes", "--json"]) == exits.DONE
    first = Order.model_validate_json(capsys.readouterr().out)
    assert terminal.runs(*given) == exits.DONE
    assert "nothing was sent now" in terminal.screen()
    capsys.readouterr()
    assert main([*given, "--yes", "--json"]) == exits.DONE
    told = capsys.readouterr()
    assert (Order.model_validate_json(told.out).id, told.err) == (first.id, "")
    assert [row.action for row in rows(broker)] == ["NEW"]
    assert main([*given[:2], "11", *given[3:], "--yes"]) == exits.WRONG_USAGE
    assert f"cli:{broker}" in capsys.readouterr().err
    assert main([*given[:-1], "no key", "--yes"]) == exits.WRONG_USAGE
    assert [row.action for row in rows(broker)] == ["NEW"]


@both
@pytest.mark.parametrize("verb", ["amend", "cancel"])
def test_a_change_under_a_key_is_sent_once_although_its_order_works_no_more(
    broker: str, verb: str, rows: Callable[[str], list[ExchangeOrder]], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["buy", "005930", "10", "--price", "60000", "--broker", broker, "--yes"])
    number = str(rows(broker)[0].number)
    price = ["--price", "60100"] if verb == "amend" else []
    given = [verb, number, *price, "--broker", broker, "--key", f"cli:{verb}:{broker}", "--yes", "--json"]
    capsys.readouterr()
    found = []
    for _ in range(2):
        assert main(given) == exits.DONE
        found.append(Order.model_validate_json(capsys.readouterr().out).id)
    assert found[0] == found[1]
    assert len(rows(broker)) == 2
