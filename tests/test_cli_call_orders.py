"""`brokerkit call` of what may move money: shown and asked for like an order, sent once, its journal entry named."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from brokerkit.cli import exits, main
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from tests.program import BROKERS

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
