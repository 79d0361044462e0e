"""`brokerkit call` of what may move money: shown and asked for like an order, sent once, its journal entry named."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from brokerkit.cli import exits, main
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from tests.program import BROKERS, Terminal, rows_of

pytestmark = pytest.mark.usefixtures("configured")
Rows = Callable[[str], list[ExchangeOrder]]


def order_of(broker: str, price: int) -> list[str]:
    if broker == "kis":
        fields = {"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "3", "ORD_UNPR": f"{price}"}
        return ["call", "domestic_stock/order_cash/buy", *(f"{name}={value}" for name, value in fields.items())]
    fields = {"dmst_stex_tp": "KRX", "stk_cd": "005930", "ord_qty": "3", "trde_tp": "0", "ord_uv": f"{price}"}
    return ["call", "kt10000", *(f"{name}={value}" for name, value in fields.items())]


@pytest.mark.parametrize("broker", BROKERS)
def test_an_order_by_its_own_fields_is_not_sent_unasked(
    broker: str, box: Sandbox, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*order_of(broker, int(box.exchange.quote("005930").lower_limit)), "--profile", broker]
    assert main(command) == exits.BLOCKED
    assert "there is no terminal to ask at" in capsys.readouterr().err
    assert main([*command, "--json"]) == exits.WRONG_USAGE
    assert "Add --yes" in capsys.readouterr().err
    assert rows(broker) == []
    for _ in range(2):
        assert main([*command, "--json", "--yes", "--key", f"{broker}-called"]) == exits.DONE
    (order,) = rows(broker)
    assert (order.request.symbol, order.request.quantity) == ("005930", 3)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "stands already, under the key" in told["warnings"][-1]
    assert int(told["order_id"]) == order.number
    assert told["intent_id"]


@pytest.mark.parametrize("broker", BROKERS)
def test_what_is_shown_names_side_value_fields_and_codes_and_a_no_sends_nothing(
    broker: str, box: Sandbox, rows: Rows, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    price = int(box.exchange.quote("005930").lower_limit)
    command = [*order_of(broker, price), "--profile", broker]
    terminal.types("n\n")
    assert terminal.runs(*command) == exits.BLOCKED
    assert "매수 BUY" in terminal.screen()
    shown = rows_of(terminal.screen())
    assert shown["value"] == f"{3 * price:,}"
    assert shown["kind"] == "order"
    quantity, kind = ("ORD_QTY", "ORD_DVSN") if broker == "kis" else ("ord_qty", "trde_tp")
    assert shown[f"{quantity} 주문수량"] == "3"
    (code,) = [value for label, value in shown.items() if label.startswith(kind)]
    assert code == ("00 지정가" if broker == "kis" else "0 보통")
    assert not any(label.startswith(("CANO", "ACNT_PRDT_CD")) for label in shown)
    assert rows(broker) == []
    terminal.types("y\n")
    assert terminal.runs(*command) == exits.DONE
    (order,) = rows(broker)
    assert f"{order.number}" in capsys.readouterr().out
    assert "brokerkit journal show" in terminal.screen()


def test_what_is_wrong_is_said_before_the_question_and_what_is_odd_with_it(
    rows: Rows, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.types("y\n")
    assert terminal.runs("call", "kt10000", "stk_cd=005930", "--profile", "kiwoom") == exits.WRONG_USAGE
    assert "missing: dmst_stex_tp" in terminal.screen()
    assert "Send it?" not in terminal.screen()
    given = ("kt10001", "dmst_stex_tp=KRX", "stk_cd=005930", "ord_qty=3", "trde_tp=0", "ord_uv=60000", "colour=red")
    terminal.runs("call", *given, "--profile", "kiwoom")
    assert "colour" in rows_of(terminal.screen())["note"]
    assert "매도 SELL" in terminal.screen()


def test_what_stands_under_a_key_is_not_asked_for_again(
    box: Sandbox, rows: Rows, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    price = int(box.exchange.quote("005930").lower_limit)
    command = [*order_of("kis", price), "--profile", "kis", "--key", "called-once"]
    terminal.types("y\n")
    assert terminal.runs(*command) == exits.DONE
    assert terminal.screen().count("Send it?") == 1
    assert terminal.runs(*command) == exits.DONE
    assert terminal.screen().count("Send it?") == 1
    assert "nothing was sent" in terminal.screen()
    (order,) = rows("kis")
    for more in ([], ["--csv"], ["--block", "output"]):
        capsys.readouterr()
        assert terminal.runs(*command, *more) == exits.DONE
        told = capsys.readouterr().out
        assert f"{order.number}" in told
        assert "intent_id" in told
        assert "lacks" not in terminal.screen()
