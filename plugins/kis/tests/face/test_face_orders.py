"""New orders at the KIS face: every order division, and the refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.words import OrderType, Side, TimeInForce, Venue

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
ORDER = f"{TRADING}/order-cash"
SAMSUNG = "005930"
HYNIX = "000660"
FUND = "069500"
Json = dict[str, Any]
KRX_ONLY, NO_NXT, NO_SOR = ("KRX",), ("KRX", "SOR"), ("KRX", "NXT")
EVERYWHERE = ("KRX", "NXT", "SOR")
REGULAR = [
    ("00", OrderType.LIMIT, TimeInForce.DAY, EVERYWHERE),
    ("01", OrderType.MARKET, TimeInForce.DAY, NO_NXT),
    ("02", OrderType.LIMIT_TO_MARKET_ON_CLOSE, TimeInForce.DAY, KRX_ONLY),
    ("03", OrderType.BEST_OPPOSITE, TimeInForce.DAY, EVERYWHERE),
    ("04", OrderType.BEST_SAME_SIDE, TimeInForce.DAY, EVERYWHERE),
    ("11", OrderType.LIMIT, TimeInForce.IOC, EVERYWHERE),
    ("12", OrderType.LIMIT, TimeInForce.FOK, EVERYWHERE),
    ("13", OrderType.MARKET, TimeInForce.IOC, EVERYWHERE),
    ("14", OrderType.MARKET, TimeInForce.FOK, EVERYWHERE),
    ("15", OrderType.BEST_OPPOSITE, TimeInForce.IOC, EVERYWHERE),
    ("16", OrderType.BEST_OPPOSITE, TimeInForce.FOK, EVERYWHERE),
    ("21", OrderType.MIDPOINT, TimeInForce.DAY, NO_SOR),
    ("22", OrderType.STOP_LIMIT, TimeInForce.DAY, NO_SOR),
    ("23", OrderType.MIDPOINT, TimeInForce.IOC, NO_SOR),
    ("24", OrderType.MIDPOINT, TimeInForce.FOK, NO_SOR),
]
AFTER_MARKET = [
    ("41", OrderType.LIMIT, TimeInForce.DAY),
    ("42", OrderType.LIMIT, TimeInForce.IOC),
    ("43", OrderType.LIMIT, TimeInForce.FOK),
    ("44", OrderType.BEST_OPPOSITE, TimeInForce.DAY),
    ("45", OrderType.BEST_OPPOSITE, TimeInForce.IOC),
    ("46", OrderType.BEST_OPPOSITE, TimeInForce.FOK),
    ("47", OrderType.BEST_SAME_SIDE, TimeInForce.DAY),
]
PRE_MARKET = [
    ("27", OrderType.LIMIT, TimeInForce.GOOD_TILL_PRE_MARKET),
    ("28", OrderType.BEST_OPPOSITE, TimeInForce.GOOD_TILL_PRE_MARKET),
    ("29", OrderType.BEST_SAME_SIDE, TimeInForce.GOOD_TILL_PRE_MARKET),
]
PRICED = {OrderType.LIMIT, OrderType.LIMIT_TO_MARKET_ON_CLOSE, OrderType.STOP_LIMIT}


def fields_of(real: Any, division: str, kind: OrderType, venue: str = "KRX") -> Json:
    """Return an order of a division: buys below the market where it has a price."""
    price = real.low_price() if kind in PRICED else "0"
    fields = {"ORD_DVSN": division, "ORD_UNPR": price, "EXCG_ID_DVSN_CD": venue}
    return fields | ({"CNDT_PRIC": real.high_price()} if kind is OrderType.STOP_LIMIT else {})


def test_limit_order_waits_at_the_exchange_with_its_number(real: Any) -> None:
    body = real.order()
    (order,) = real.rows().values()
    assert (body["rt_cd"], body["msg_cd"]) == ("0", "APBK0013")
    assert body["output"]["ODNO"] == f"{order.number:010d}"
    assert body["output"].keys() == {"KRX_FWDG_ORD_ORGNO", "ODNO", "ORD_TMD"}
    assert (order.request.side, order.remaining, str(int(order.request.price))) == (Side.BUY, 10, real.low_price())


def test_integer_is_read_like_its_digits(real: Any) -> None:
    number = real.ordered(ORD_QTY=3, ORD_UNPR=int(real.low_price()))
    assert real.truth(number).quantity == 3


def test_market_orders_fill_and_old_ids_are_taken(real: Any) -> None:
    market = {**real.account, "PDNO": SAMSUNG, "ORD_DVSN": "01", "ORD_QTY": "3", "ORD_UNPR": "0"}
    extra = {"CTAC_TLNO": "", "ALGO_NO": "", "SLL_TYPE": "01", "CNDT_PRIC": "", "EXCG_ID_DVSN_CD": "SOR"}
    assert real.post(ORDER, "TTTC0802U", market | extra).json()["rt_cd"] == "0"
    assert real.post(ORDER, "TTTC0801U", market).json()["rt_cd"] == "0"
    bought, sold = real.rows().values()
    assert (bought.filled, bought.request.venue, sold.request.side) == (3, Venue.SOR, Side.SELL)


def test_refusals_of_orders_carry_the_code_of_the_ledger(real: Any) -> None:
    upper = int(real.exchange.instruments[SAMSUNG].upper_limit)
    assert real.refusal_of(real.order(ORD_QTY="99999999")) == ("7", "APBK0952")
    assert real.refusal_of(real.order("sell")) == ("7", "APBK0400")
    assert real.refusal_of(real.order(PDNO="999999")) == ("7", "APBK0656")
    assert real.refusal_of(real.order(PDNO="A005930")) == ("7", "APBK0656")
    assert real.refusal_of(real.order(ORD_UNPR=str(int(real.low_price()) + 1))) == ("7", "APBK0506")
    assert real.refusal_of(real.order(ORD_UNPR=str(upper * 2))) == ("7", "APBK0406")
    assert real.refusal_of(real.order(ORD_DVSN="07")) == ("7", "APBK0963")
    real.exchange.halt(SAMSUNG)
    assert real.refusal_of(real.order()) == ("7", "APBK0066")
    real.exchange.resume(SAMSUNG)
    real.exchange.market_open = False
    closed = real.order()
    assert real.refusal_of(closed) == ("7", "APBK0918")
    assert "장운영시간" in closed["msg1"]
    assert not real.rows()


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"ORD_UNPR": "0"}, "IGW00014", "ORD_UNPR"),
        ({"ORD_UNPR": "207.0"}, "IGW00014", "ORD_UNPR"),
        ({"ORD_DVSN": "01"}, "OPSQ2001", "ORD_UNPR"),
        ({"ORD_QTY": "0"}, "IGW00014", "ORD_QTY"),
        ({"ORD_UNPR": "9" * 19}, "IGW00014", "ORD_UNPR"),
        ({"ORD_DVSN": "22"}, "IGW00014", "CNDT_PRIC"),
        ({"CNDT_PRIC": "70000"}, "OPSQ2001", "CNDT_PRIC"),
        ({"ORD_QTY": "-1"}, "IGW00014", "ORD_QTY"),
        ({"ORD_DVSN": "99"}, "IGW00019", "ORD_DVSN"),
        ({"EXCG_ID_DVSN_CD": "XXX"}, "IGW00017", "EXCG_ID_DVSN_CD"),
        ({"ORD_QTY": "12345678901"}, "OPSQ2002", "[ORD_QTY] [11]"),
        ({"CANO": "0000000"}, "OPSQ2000", "ACNO"),
        ({"CANO": "00000000"}, "IGW00002", "계좌"),
        ({"ACNT_PRDT_CD": "22"}, "APBK1271", "상품코드"),
        ({"pdno": SAMSUNG}, "IGW00007", "pdno"),
        ({"ORD_QTY": 10.0}, "IGW00007", "ORD_QTY"),
        ({"ORD_QTY": True}, "IGW00007", "ORD_QTY"),
        ({"ORD_QTY": None}, "IGW00007", "ORD_QTY"),
    ],
)
def test_fields_of_orders_are_checked(real: Any, changes: Json, code: str, word: str) -> None:
    body = real.order(**changes)
    assert body["msg_cd"] == code
    assert word in body["msg1"]
    assert not real.rows()


@pytest.mark.parametrize(("division", "kind", "time_in_force", "venues"), REGULAR)
def test_order_divisions_of_the_regular_session(
    real: Any, division: str, kind: OrderType, time_in_force: TimeInForce, venues: tuple[str, ...]
) -> None:
    for venue in EVERYWHERE:
        body = real.order(**fields_of(real, division, kind, venue))
        if venue not in venues:
            assert real.refusal_of(body) == ("7", "APBK0963"), venue
            continue
        assert body["rt_cd"] == "0", (venue, body)
        order = real.truth(body["output"]["ODNO"])
        request = order.request
        assert (request.type, request.time_in_force, request.venue) == (kind, time_in_force, Venue(venue))
        assert (request.price is None) == (kind not in PRICED)
        row = real.row(body["output"]["ODNO"])
        assert (row["ord_dvsn_cd"], row["excg_id_dvsn_Cd"]) == (division, venue)
        assert row["ord_dvsn_name"]


@pytest.mark.parametrize(("division", "kind", "time_in_force"), AFTER_MARKET)
def test_order_divisions_of_the_after_market_of_krx(
    real: Any, division: str, kind: OrderType, time_in_force: TimeInForce
) -> None:
    assert real.refusal_of(real.order(**fields_of(real, division, kind))) == ("7", "APBK0918")
    real.exchange.phase = Phase.AFTER_MARKET
    number = real.ordered(**fields_of(real, division, kind))
    request = real.truth(number).request
    assert (request.type, request.time_in_force, request.venue) == (kind, time_in_force, Venue.KRX)
    assert real.row(number)["ord_dvsn_cd"] == division
    for venue in ("NXT", "SOR"):
        assert real.refusal_of(real.order(**fields_of(real, division, kind, venue))) == ("7", "APBK0963")
    assert real.refusal_of(real.order(PDNO=FUND, **fields_of(real, division, OrderType.MARKET))) == ("7", "APBK0963")


@pytest.mark.parametrize(("division", "kind", "time_in_force"), PRE_MARKET)
def test_order_divisions_of_the_pre_market_of_nxt(
    real: Any, division: str, kind: OrderType, time_in_force: TimeInForce
) -> None:
    fields = fields_of(real, division, kind, "NXT")
    assert real.refusal_of(real.order(**fields)) == ("7", "APBK0918")
    real.exchange.phase = Phase.PRE_MARKET
    number = real.ordered(**fields)
    assert real.truth(number).request.time_in_force is time_in_force
    assert real.row(number)["ord_dvsn_cd"] == division
    assert real.refusal_of(real.order(**{**fields, "EXCG_ID_DVSN_CD": "KRX"})) == ("7", "APBK0963")
    assert real.refusal_of(real.order()) == ("7", "APBK0918")  # KRX has no pre-market


@pytest.mark.parametrize("venue", ["KRX", "NXT"])
@pytest.mark.parametrize("division", ["13", "21", "22", "05"])
def test_after_market_takes_limit_and_best_prices_only(real: Any, venue: str, division: str) -> None:
    real.exchange.phase = Phase.AFTER_MARKET
    code = "APBK0963" if (division, venue) == ("05", "NXT") else "APBK3013"
    assert real.order(ORD_DVSN=division, ORD_UNPR="0", EXCG_ID_DVSN_CD=venue)["msg_cd"] == code


def test_regular_codes_go_on_at_nxt_in_the_evening_but_not_at_krx(real: Any) -> None:
    real.exchange.phase = Phase.AFTER_MARKET
    number = real.ordered(EXCG_ID_DVSN_CD="NXT")
    assert real.truth(number).remaining == 10
    assert real.row(number)["ord_dvsn_cd"] == "00"
    assert real.refusal_of(real.order()) == ("7", "APBK0918")


def test_closing_price_sessions_trade_at_the_close(real: Any) -> None:
    base = real.exchange.quote(SAMSUNG)
    assert real.refusal_of(real.order(ORD_DVSN="05", ORD_UNPR="0")) == ("7", "APBK0963")
    real.exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
    number = real.ordered(ORD_DVSN="06", ORD_UNPR="0", ORD_QTY="1")
    assert real.truth(number).average_price == base.price
    real.exchange.phase = Phase.PRE_OPEN_CLOSING_PRICE
    number = real.ordered(ORD_DVSN="05", ORD_UNPR="0", ORD_QTY="1")
    assert real.truth(number).average_price == base.previous_close
    assert real.row(number)["ord_dvsn_cd"] == "05"


def test_stop_order_sleeps_until_its_price_is_traded(real: Any) -> None:
    book = real.exchange.order_book(SAMSUNG)
    stop, limit = book.asks[1].price, book.asks[3].price
    number = real.ordered(ORD_DVSN="22", ORD_UNPR=str(limit), CNDT_PRIC=str(stop), ORD_QTY="1")
    assert real.truth(number).request.stop_price == stop
    assert (real.row(number)["stpm_cndt_pric"], real.row(number)["rmn_qty"]) == (str(stop), "1")
    real.exchange.trade(SAMSUNG, Side.BUY, book.asks[0].quantity + Decimal(1), stop)
    assert real.truth(number).filled == 1


def test_symbol_that_is_not_traded_at_nxt_is_refused_there(real: Any) -> None:
    body = real.order(PDNO=FUND, ORD_UNPR=real.low_price(FUND), EXCG_ID_DVSN_CD="NXT")
    assert real.refusal_of(body) == ("7", "APBK0963")


def test_order_that_the_exchange_refuses_later_is_taken_and_stays_in_the_list(real: Any) -> None:
    real.exchange.reject_next(real.number)
    number = real.ordered()
    row = real.row(number)
    assert [row[name] for name in ("ord_qty", "rjct_qty", "rmn_qty", "tot_ccld_qty")] == ["10", "10", "0", "0"]
    assert row["sll_buy_dvsn_cd_name"] == "매수거부"
    assert real.refusal_of(real.cancel(number)) == ("7", "APBK0927")


def test_market_buy_is_checked_at_the_upper_limit(open_customer: Any) -> None:
    poor = open_customer(cash=Decimal(1_000_000))
    at_price = int(1_000_000 // (poor.exchange.quote(SAMSUNG).price * Decimal("1.01")))
    at_limit = int(poor.exchange.affordable(poor.number, SAMSUNG))
    assert at_limit < at_price
    market = {"ORD_DVSN": "01", "ORD_UNPR": "0"}
    assert poor.refusal_of(poor.order(**market, ORD_QTY=str(at_price))) == ("7", "APBK0952")
    assert poor.order(**market, ORD_QTY=str(at_limit))["rt_cd"] == "0"


def test_credit_orders_go_to_the_exchange_and_stand_in_its_lists(real: Any) -> None:
    fields = {"PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "3", "ORD_UNPR": real.low_price()}
    credit = {**real.account, **fields, "CRDT_TYPE": "21", "LOAN_DT": "20261127"}
    answer = real.post(f"{TRADING}/order-credit", "TTTC0052U", credit).json()
    assert answer["rt_cd"] == "0", answer
    order = real.truth(answer["output"]["ODNO"])
    assert (order.request.side, order.request.symbol, order.remaining) == (Side.BUY, SAMSUNG, 3)
    short = real.post(f"{TRADING}/order-credit", "TTTC0051U", {**credit, "CRDT_TYPE": "25"})
    assert real.code_of(short) == (200, "7", "APBK0400")
