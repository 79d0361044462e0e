"""Raw calls that move money at KIS: credit, bonds, futures, other countries; armed, limited, sent once."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import Limits
from brokerkit.errors import (
    Disarmed,
    InvalidRequest,
    LimitExceeded,
    MarketClosed,
    NotSent,
    OrderBlocked,
    OrderUncertain,
)
from brokerkit.orders.intents import IntentKind, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Safety
from brokerkit.testing.inside import keep
from plugins.kis.tests.conftest import KisWire

CREDIT, BOND, FUTURES, HONG_KONG = "TTTC0052U", "TTTC0952U", "TTTO1101U", "TTTS1002U"
LOAN = {
    "PDNO": "005930",
    "CRDT_TYPE": "21",
    "LOAN_DT": "20261129",
    "ORD_DVSN": "00",
    "ORD_QTY": "3",
    "ORD_UNPR": "70000",
}
BONDS = {
    "PDNO": "KR6095572D81",
    "ORD_QTY2": "1",
    "BOND_ORD_UNPR": "10000",
    "ORD_SVR_DVSN_CD": "0",
    "SAMT_MKET_PTCI_YN": "N",
    "BOND_RTL_MKET_YN": "N",
    "IDCR_STFNO": "",
    "MGCO_APTM_ODNO": "",
    "CTAC_TLNO": "",
}
TAKEN = {"KRX_FWDG_ORD_ORGNO": "06010", "ODNO": "0000015401", "ORD_TMD": "104258"}
DONE = {"rt_cd": "0", "msg_cd": "APBK0013", "msg1": "sent", "output": TAKEN}
NEEDED = {
    "max_order_quantity": 100,
    "max_order_value": 5_000_000,
    "max_orders_per_minute": 10,
    "max_orders_per_day": 50,
}


@pytest.fixture
def wire(connect: Callable[..., KisWire]) -> Any:
    made: Any = connect("sandbox", plays="real").logged_in()
    for an_id in (CREDIT, BOND, FUTURES, HONG_KONG):
        made.answer(an_id, DONE)
    keep(made.broker, Journal(None))
    return made


def test_an_order_on_credit_leaves_once_and_its_number_is_known(wire: Any) -> None:
    reply = wire.broker.call("domestic_stock/order_credit/buy", LOAN)
    (call,) = wire.of(CREDIT)
    assert call.body == {"CANO": "50012345", "ACNT_PRDT_CD": "01", **LOAN}
    assert (reply["odno"], reply.order_id) == ("0000015401", "0000015401")
    intent = wire.broker.journal.get(reply.intent_id)
    assert (intent.kind, intent.state, intent.symbol, intent.side) == (
        IntentKind.RAW,
        IntentState.ACKED,
        "005930",
        "BUY",
    )
    assert (intent.quantity, intent.price, intent.is_apart) == (3, 70000, None)
    assert intent.what == "call domestic_stock/order_credit/buy (BUY 3 005930 at 70000)"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html>"),
        (200, b""),
        (200, b"null"),
        (200, b'{"rt_cd": "0", "msg_cd": "", "msg1": ""}'),
        (200, b'{"rt_cd": "0", "msg_cd": "", "msg1": "", "output": {"ODNO": ""}}'),
        (200, b'{"rt_cd": "0", "rt_cd": "1", "msg_cd": "", "msg1": "", "output": {"ODNO": "1"}}'),
        (500, b'{"rt_cd": "1", "msg_cd": "EGW00301", "msg1": "timed out"}'),
        (200, b'{"rt_cd": "7", "msg_cd": "XXXX9999", "msg1": "what nobody has seen"}'),
    ],
)
def test_what_an_answer_does_not_tell_is_uncertain_and_never_sent_again(wire: Any, status: int, body: bytes) -> None:
    wire.answer(CREDIT, body, status=status)
    for _ in range(2):
        with pytest.raises((OrderUncertain, OrderBlocked)) as caught:
            wire.broker.call("domestic_stock/order_credit/buy", LOAN)
    assert isinstance(caught.value, OrderBlocked)
    assert len(wire.of(CREDIT)) == 1
    (intent,) = wire.broker.unresolved()
    assert (intent.kind, intent.state) == (IntentKind.RAW, IntentState.UNKNOWN)
    with pytest.raises(OrderBlocked, match="order_credit"):
        wire.broker.buy("005930", 1, price=70000)
    assert wire.broker.resolve(intent, order_id="15401").state is IntentState.ACKED
    assert wire.broker.sell("005930", 1, price=70000).id


def test_a_refusal_is_the_brokers_own_and_a_token_that_is_refused_is_renewed_for_the_next_one(wire: Any) -> None:
    wire.answer(CREDIT, wire.refusal("APBK0918", "closed"))
    with pytest.raises(MarketClosed):
        wire.broker.call("domestic_stock/order_credit/buy", LOAN)
    wire.answer(CREDIT, wire.refusal("EGW00201", "too fast"), DONE)
    with pytest.raises(Exception, match="EGW00201"):
        wire.broker.call("domestic_stock/order_credit/buy", LOAN)
    assert len(wire.of(CREDIT)) == 2
    assert wire.broker.unresolved() == ()


def test_without_a_token_nothing_was_sent(wire: Any) -> None:
    wire.logged_out().answer("tokenP", wire.refusal("EGW00002", "down"), status=500)
    with pytest.raises(NotSent):
        wire.broker.call("domestic_stock/order_credit/buy", LOAN)
    assert wire.of(CREDIT) == []


def test_bonds_and_futures_have_a_turn_and_numbers_of_their_own(wire: Any) -> None:
    wire.answer(BOND, b"")
    with pytest.raises(OrderUncertain) as caught:
        wire.broker.call("domestic_bond/buy", BONDS)
    assert "no list settles it" in str(caught.value)
    (intent,) = wire.broker.unresolved()
    assert (intent.is_apart, intent.currency, intent.book) == (True, "KRW", "KR raw")
    with pytest.raises(OrderBlocked):
        wire.broker.call("domestic_bond/buy", BONDS)
    future = {
        "ORD_PRCS_DVSN_CD": "02",
        "SLL_BUY_DVSN_CD": "02",
        "SHTN_PDNO": "101W09",
        "ORD_QTY": "1",
        "UNIT_PRICE": "340.05",
        "NMPR_TYPE_CD": "01",
        "KRX_NMPR_CNDT_CD": "0",
        "ORD_DVSN_CD": "01",
    }
    for _ in range(2):  # their numbers may be those of others
        reply = wire.broker.call("domestic_futureoption/order/day", future)
    assert wire.broker.journal.get(reply.intent_id).price == Decimal("340.05")
    assert wire.broker.buy("005930", 1, price=70000).id
    assert [each.id for each in wire.broker.reconcile().unresolved] == [intent.id]


# Real money


def armed(connect: Callable[..., KisWire], arm: str | None = "4501", **limits: Any) -> Any:
    wire: Any = connect("real", safety=Safety(arm=arm, limits=Limits(**{**NEEDED, **limits}))).logged_in()
    for an_id in (CREDIT, BOND, FUTURES, HONG_KONG):
        wire.answer(an_id, DONE)
    keep(wire.broker, Journal(None))
    return wire


def test_who_is_not_armed_sends_no_raw_order(connect: Callable[..., KisWire]) -> None:
    wire = armed(connect, arm=None)
    cancel = {"KRX_FWDG_ORD_ORGNO": "06010", "ORGN_ODNO": "1", "ORD_DVSN": "00", "ORD_QTY": "0", "ORD_UNPR": "0"}
    for api, fields in (
        ("domestic_stock/order_credit/buy", LOAN),
        ("domestic_bond/buy", BONDS),
        ("TTTC0012U", {"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "70000"}),
        ("TTTC0013U", {**cancel, "RVSE_CNCL_DVSN_CD": "02", "QTY_ALL_ORD_YN": "Y"}),
    ):
        with pytest.raises(Disarmed):
            wire.broker.call(api, fields)
    assert wire.calls == []


def test_real_money_goes_within_its_limits_and_never_without_a_value(connect: Callable[..., KisWire]) -> None:
    wire = armed(connect)
    assert wire.broker.call("domestic_stock/order_credit/buy", LOAN).order_id
    sent = len(wire.calls)
    abroad = {"OVRS_EXCG_CD": "SEHK", "PDNO": "00700", "ORD_QTY": "100", "OVRS_ORD_UNPR": "300", "ORD_SVR_DVSN_CD": "0"}
    for api, fields, words in (
        ("domestic_stock/order_credit/buy", {**LOAN, "ORD_QTY": "99"}, "max_order_value"),
        ("domestic_stock/order_credit/buy", {**LOAN, "ORD_QTY": "101"}, "max_order_quantity"),
        ("domestic_stock/order_credit/buy", {**LOAN, "ORD_QTY": "x"}, "cannot be computed"),
        ("domestic_bond/buy", BONDS, "cannot be computed"),
        ("overseas_stock/order/hk_buy", abroad, "cannot be computed"),
    ):
        with pytest.raises((LimitExceeded, Disarmed), match=words):
            wire.broker.call(api, fields)
    assert len(wire.calls) == sent


def test_a_value_that_cannot_be_computed_is_refused_even_where_the_currency_has_limits(
    connect: Callable[..., KisWire],
) -> None:
    wire = armed(connect, XXX=NEEDED)
    with pytest.raises(LimitExceeded, match=re.escape("cannot be computed, so no limit holds it")):
        wire.broker.call("domestic_bond/buy", BONDS)
    assert wire.calls == []


def test_what_is_wrong_with_the_fields_is_said_before_anything_else(connect: Callable[..., KisWire]) -> None:
    wire = armed(connect, arm=None)
    with pytest.raises(InvalidRequest, match="missing: PDNO"):
        wire.broker.call("domestic_stock/order_credit/buy", {"ORD_QTY": "1"})
    with pytest.raises(InvalidRequest, match="several ids"):
        wire.broker.call("domestic_stock/order_credit", LOAN)
