"""Raw calls that move money at Kiwoom: gold, credit, and the exchange of currencies, which no verb knows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import LimitExceeded, OrderBlocked, OrderUncertain, Rejected
from brokerkit.orders.intents import IntentKind, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits
from brokerkit.testing.inside import keep

GOLD = {"stk_cd": "M04020000", "ord_qty": "3", "trde_tp": "00", "ord_uv": "100000"}
DONE = {"return_code": 0, "return_msg": "done", "ord_no": "0004567"}


def test_gold_is_in_no_list_of_shares_and_its_value_is_known(wire: Any) -> None:
    wire.answer("kt50000", DONE)
    reply = wire.broker.call("kt50000", GOLD)
    (call,) = wire.of("kt50000")
    assert (call.body, reply.order_id) == (GOLD, "0004567")
    intent = wire.broker.journal.get(reply.intent_id)
    assert (intent.kind, intent.is_apart, intent.currency) == (IntentKind.RAW, True, "KRW")
    wire.broker._desk.guard.limits = Limits(max_order_value=299_999)
    with pytest.raises(LimitExceeded, match="max_order_value"):
        wire.broker.call("kt50000", GOLD)
    with pytest.raises(LimitExceeded, match="cannot be computed"):
        wire.broker.call("kt50002", {"stk_cd": GOLD["stk_cd"], "orig_ord_no": "1", "mdfy_qty": "0", "mdfy_uv": "1"})
    assert len(wire.of("kt50000")) == 1


def test_an_exchange_of_currencies_has_no_number_and_counts_its_amount(wire: Any) -> None:
    wire.answer("ust31302", {"return_code": 0, "return_msg": "done"})
    reply = wire.broker.call("ust31302", {"exch_tp": "1", "fc_exmn_amt": "1000000"})
    intent = wire.broker.journal.get(reply.intent_id)
    assert (reply.order_id, intent.state, intent.currency) == (None, IntentState.ACKED, "KRW")
    wire.broker._desk.guard.limits = Limits(max_order_value=Decimal(999_999))
    with pytest.raises(LimitExceeded, match="max_order_value"):
        wire.broker.call("ust31302", {"exch_tp": "1", "fc_exmn_amt": "1000000"})
    assert len(wire.of("ust31302")) == 1


def test_an_answer_of_nothing_to_list_is_no_success_of_an_order(wire: Any) -> None:
    keep(wire.broker, Journal(None))
    wire.answer("kt10006", {"return_code": 20, "return_msg": "[2000](571758:조회내역이 없습니다)"})
    fields = {"dmst_stex_tp": "KRX", "stk_cd": "005930", "ord_qty": "1", "trde_tp": "0", "ord_uv": "70000"}
    with pytest.raises(Rejected):
        wire.broker.call("kt10006", fields)
    wire.answer("kt10006", b"")
    with pytest.raises(OrderUncertain):
        wire.broker.call("kt10006", fields)
    with pytest.raises(OrderBlocked):
        wire.broker.call("kt10006", fields)
    (intent,) = wire.broker.unresolved()
    assert (intent.symbol, intent.side, intent.is_apart) == ("005930", "BUY", None)
