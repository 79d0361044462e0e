"""Orders for US symbols at Kiwoom: exact requests, and what the lists of orders become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidOrder, MarketClosed, OrderUncertain, Rejected, Unsupported, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import Order
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue
from plugins.kiwoom.tests.us_answers import DONE, NOTHING, day_row, page, sent, today_row

BUY, SELL, AMEND, CANCEL = "ust20000", "ust20001", "ust20002", "ust20003"
OPEN, TODAY, OF_A_DAY = "ust21050", "ust21510", "ust21150"
D = "20261127"
HOST = "http://127.0.0.1:9"
GONE = {"cntr_qty": "000000000000", "cntr_uv": "0.0000", "ord_remnq": "000000000000"}


@pytest.fixture(autouse=True)
def evening(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    """Let it be a Friday evening in Korea, regular trading in New York: 2026-11-27, 23:42."""
    moment = dt.datetime(2026, 11, 27, 23, 42, tzinfo=clock.KST)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


def order(day: str = "20261127", number: str = "000000063", **changes: Any) -> Order:
    values = {
        "id": number,
        "symbol": "US:AAPL",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.DAY,
        "venue": Venue.US,
        "quantity": 10,
        "price": "270.50",
        "status": OrderStatus.PENDING,
        "handle": f"kiwoom:{day}:{number}:{number}",
    }
    return Order.model_validate({**values, **changes})


PRICED = [
    (OrderType.LIMIT, "00"),
    (OrderType.VWAP_LIMIT, "26"),
    (OrderType.TWAP_LIMIT, "27"),
    (OrderType.LIMIT_ON_CLOSE, "30"),
]
AT_ANY_PRICE = [(OrderType.MARKET, "03"), (OrderType.VWAP, "36"), (OrderType.TWAP, "37")]


@pytest.mark.parametrize(("type", "code"), PRICED)
@pytest.mark.parametrize(("verb", "id"), [("buy", BUY), ("sell", SELL)])
def test_an_order_with_a_price(verb: str, id: str, type: OrderType, code: str, us: Any) -> None:
    told = getattr(us.broker, verb)("US:AAPL", 10, price=Decimal("270.50"), type=type)
    (call,) = us.of(id)
    stop = {"stop_pric": ""} if verb == "sell" else {}
    assert (call.method, call.url) == ("POST", f"{HOST}/api/us/ordr")
    assert call.body == {
        "stex_tp": "ND",
        "stk_cd": "AAPL",
        "ord_qty": "10",
        "ord_uv": "270.5",
        "trde_tp": code,
        **stop,
    }
    assert call.headers["api-id"] == id
    assert (told.id, told.symbol, told.status, told.venue) == ("000000063", "US:AAPL", OrderStatus.PENDING, Venue.US)
    assert told.handle == "kiwoom:20261127:000000063:000000063"


@pytest.mark.parametrize(("type", "code"), AT_ANY_PRICE)
def test_an_order_at_any_price_has_a_blank_one(type: OrderType, code: str, us: Any) -> None:
    us.broker.buy("US:AAPL", 3, type=type)
    body = us.of(BUY)[0].body
    assert (body["ord_uv"], body["trde_tp"], "stop_pric" in body) == ("", code, False)


@pytest.mark.parametrize(
    ("terms", "price", "stop", "code"),
    [
        ({"type": OrderType.MARKET_ON_CLOSE}, "", "", "33"),
        ({"type": OrderType.STOP_LIMIT, "price": "269", "stop_price": "269.50"}, "269", "269.5", "34"),
        ({"type": OrderType.STOP, "stop_price": "269.50"}, "", "269.5", "35"),
    ],
)
def test_what_only_sales_may_be(terms: Any, price: str, stop: str, code: str, us: Any) -> None:
    us.broker.sell("US:AAPL", 3, **terms)
    body = us.of(SELL)[0].body
    assert (body["ord_uv"], body["stop_pric"], body["trde_tp"]) == (price, stop, code)
    us.calls.clear()
    with pytest.raises(Unsupported):
        us.broker.buy("US:AAPL", 3, **terms)
    assert us.of(BUY) == []


def test_a_price_below_a_dollar_has_four_decimals(us: Any) -> None:
    us.broker.buy("US:AAPL", 3, price="0.1234")
    assert us.of(BUY)[0].body["ord_uv"] == "0.1234"


@pytest.mark.parametrize("type", [OrderType.MARKET_ON_OPEN, OrderType.LIMIT_ON_OPEN])
def test_what_is_not_offered_is_refused_before_anything_is_sent(type: OrderType, us: Any) -> None:
    price = {"price": "270.50"} if type is OrderType.LIMIT_ON_OPEN else {}
    with pytest.raises(Unsupported):
        us.broker.buy("US:AAPL", 3, type=type, **price)
    assert us.calls == []


def test_the_mock_host_takes_limit_orders_alone(abroad: Any) -> None:
    wire = abroad("demo")
    assert wire.broker.buy("US:AAPL", 10, price="270.50").id == "000000063"
    wire.calls.clear()
    with pytest.raises(Unsupported):
        wire.broker.sell("US:AAPL", 10, type=OrderType.MARKET)
    assert wire.calls == []


def test_an_amendment_moves_all_that_is_left_to_a_price(us: Any) -> None:
    told = us.broker.amend(order(remaining_quantity=6), price="271")
    (call,) = us.of(AMEND)
    assert call.body == {
        "orig_ord_no": "000000063",
        "stex_tp": "ND",
        "stk_cd": "AAPL",
        "mdfy_uv": "271",
        "stop_pric": "",
    }
    assert (told.id, told.original_id, told.quantity, told.price) == ("000000639", "000000063", 6, 271)


def test_a_cancellation_takes_all_that_is_left(us: Any) -> None:
    told = us.broker.cancel(order())
    (call,) = us.of(CANCEL)
    assert call.body == {"orig_ord_no": "000000063", "stex_tp": "ND", "stk_cd": "AAPL"}
    assert (told.id, told.original_id) == ("000000200", "000000063")
    assert told.handle == "kiwoom:20261127:000000063:000000200"


@pytest.mark.parametrize("verb", ["amend", "cancel"])
def test_a_part_is_not_changed(verb: str, us: Any) -> None:
    price = {"price": "271"} if verb == "amend" else {}
    with pytest.raises(Unsupported):
        getattr(us.broker, verb)(order(), quantity=3, **price)
    assert us.calls == []


def test_a_number_without_its_zeros_is_sent_with_them(us: Any) -> None:
    us.broker.cancel(order(number="63"))
    assert us.of(CANCEL)[0].body["orig_ord_no"] == "000000063"


@pytest.mark.parametrize("type", [OrderType.STOP_LIMIT, None])
def test_what_an_amendment_might_change_besides_is_not_amended(type: OrderType | None, us: Any) -> None:
    with pytest.raises(Unsupported):
        us.broker.amend(order(side=Side.SELL, type=type, price="269"), price="268")
    assert us.of(AMEND) == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("[2000](RC4058:모의투자 장종료)", MarketClosed),
        ("[2000](RC4003:모의투자 주문단가 오류)", InvalidOrder),
        ("[2000](RC9000:모의투자에서는 해당업무가 제공되지 않습니다)", Unsupported),
        ("[2000](599999:거부)", Rejected),
    ],
)
def test_a_refusal_is_told_as_such_and_nothing_is_sent_again(words: str, error: type[Exception], us: Any) -> None:
    us.answer(BUY, {"return_code": 20, "return_msg": words})
    with pytest.raises(error):
        us.broker.buy("US:AAPL", 10, price="270.50")
    assert len(us.of(BUY)) == 1


@pytest.mark.parametrize("answer", [b"", {**DONE}, sent(""), sent("000000000"), {"return_code": 5, "return_msg": "x"}])
def test_an_answer_that_proves_nothing_is_uncertain(answer: Any, us: Any) -> None:
    us.answer(BUY, answer)
    with pytest.raises(OrderUncertain):
        us.broker.buy("US:AAPL", 10, price="270.50")
    assert len(us.of(BUY)) == 1


# What the lists say


def refreshed(us: Any, asked: Order | None = None) -> Order:
    found: Order = us.broker.refresh(order() if asked is None else asked)
    return found


def test_an_order_is_looked_for_in_the_list_of_today_and_in_those_of_the_days(us: Any) -> None:
    told = refreshed(us.of_days(OF_A_DAY, {D: page(day_row())}, NOTHING))
    (today,) = us.of(TODAY)
    assert today.body == {"slby_tp": "0", "stex_tp": "", "stk_cd": "AAPL"}
    days = us.of(OF_A_DAY)
    # By which date the broker lists an order is not told. The day before was a holiday, after a trading day.
    assert [call.body.pop("ord_dt") for call in days] == ["20261127", "20261126"]
    same = {"query_tp": "2", "slby_tp": "0", "stex_tp": "", "stk_cd": "AAPL", "oppo_trde_tp": "%", "fr_ord_no": ""}
    assert all(call.body == same for call in days)
    assert (told.id, told.status, told.name) == ("000000063", OrderStatus.PARTIALLY_FILLED, "애플")
    assert (told.filled_quantity, told.remaining_quantity) == (4, 6)
    assert told.average_fill_price == Decimal("270.4925")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"cntr_qty": "000000000000", "ord_remnq": "000000000010"}, OrderStatus.WORKING),
        ({}, OrderStatus.PARTIALLY_FILLED),
        ({"cntr_qty": "000000000010", "ord_remnq": "000000000000"}, OrderStatus.FILLED),
        ({**GONE, "ord_stat": "거부"}, OrderStatus.REJECTED),
        # The row of an order that was cancelled or amended stays 접수, with nothing left: by itself it tells nothing.
        (GONE, OrderStatus.UNKNOWN),
        ({"ord_remnq": "000000000000"}, OrderStatus.UNKNOWN),
    ],
)
def test_quantities_tell_what_became_of_an_order(changes: Any, status: OrderStatus, us: Any) -> None:
    own = {"ord_stat_nm" if name == "ord_stat" else name: value for name, value in changes.items()}
    us.answer(TODAY, page(today_row(**changes))).of_days(OF_A_DAY, {D: page(day_row(**own))}, NOTHING)
    assert refreshed(us).status is status


@pytest.mark.parametrize(
    "change",
    [
        today_row(ord_no="000000200", orig_ord_no="000000063", ord_stat="취소완료", **GONE),
        today_row(
            ord_no="000000639",
            orig_ord_no="000000063",
            ord_stat="체결완료",
            cntr_qty="000000000010",
            ord_remnq="000000000000",
        ),
    ],
)
def test_the_row_of_what_changed_an_order_tells_that_it_is_gone(change: Any, us: Any) -> None:
    row = today_row(**GONE)
    us.answer(TODAY, page(row, change))
    of_the_day = [day_row(ord_stat_nm=each["ord_stat"], **_told(each)) for each in (change, row)]
    us.of_days(OF_A_DAY, {D: page(*of_the_day)}, NOTHING)
    assert refreshed(us).status is OrderStatus.CANCELED


def _told(row: Any) -> Any:
    return {name: row[name] for name in ("ord_no", "cntr_qty", "cntr_uv", "ord_remnq")}


def test_what_the_list_of_the_day_lacks_the_one_of_today_tells(us: Any) -> None:
    us.answer(OF_A_DAY, NOTHING)
    assert refreshed(us).status is OrderStatus.PARTIALLY_FILLED


def test_without_the_list_of_today_that_of_the_day_tells(us: Any) -> None:
    us.answer(TODAY, NOTHING)
    us.of_days(OF_A_DAY, {D: page(day_row())}, NOTHING)
    assert refreshed(us).status is OrderStatus.PARTIALLY_FILLED


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, OrderStatus.EXPIRED),
        ({**GONE, "cncl_qty": "000000000010"}, OrderStatus.CANCELED),
        ({**GONE, "mdfy_qty": "000000000010"}, OrderStatus.CANCELED),
        ({**GONE, "ord_stat_nm": "거부", "text1": "증거금부족"}, OrderStatus.REJECTED),
        ({"cntr_qty": "000000000010", "ord_remnq": "000000000000"}, OrderStatus.FILLED),
    ],
)
def test_of_days_that_are_over_their_list_alone_tells(changes: Any, status: OrderStatus, us: Any) -> None:
    us.of_days(OF_A_DAY, {"20261118": page(day_row(**changes))}, NOTHING)
    found = us.broker.order_history(dt.date(2026, 11, 18), dt.date(2026, 11, 18), market="US")
    assert us.of(TODAY) == []
    asked = [(call.body["ord_dt"], call.body["query_tp"]) for call in us.of(OF_A_DAY)]
    assert asked == [("20261117", "1"), ("20261118", "1"), ("20261119", "1")]
    assert [(each.id, each.status) for each in found] == [("000000063", status)]


def test_the_cancellation_itself_is_no_order_of_the_history(us: Any) -> None:
    row, change = today_row(**GONE), today_row(ord_no="000000200", orig_ord_no="000000063", ord_stat="취소완료", **GONE)
    us.answer(TODAY, page(row, change))
    us.answer(OF_A_DAY, NOTHING)
    today = dt.date(2026, 11, 27)
    found = us.broker.order_history(today, today, market="US")
    assert [(each.id, each.status) for each in found] == [("000000063", OrderStatus.CANCELED)]


def test_open_orders_are_those_of_the_brokers_own_today(us: Any) -> None:
    gone = today_row(ord_no="000000064", **GONE)
    us.answer(OPEN, page(today_row(), gone, key="result_lsit"))
    (found,) = us.broker.orders(market="US")
    assert (found.id, found.status) == ("000000063", OrderStatus.PARTIALLY_FILLED)
    assert [call.body for call in us.of(OPEN)] == [{"ord_dt": "", "slby_tp": "0", "stex_tp": "", "stk_cd": ""}]


def test_after_midnight_those_of_the_day_in_new_york_are_asked_for_too(
    us: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 28, 0, 42, tzinfo=clock.KST))
    other = today_row(ord_no="000000065", stk_cd="QLD")
    us.answer(OPEN, page(today_row(), other)).of_days(OPEN, {D: page(today_row())}, page(today_row(), other))
    assert [each.id for each in us.broker.orders(market="US")] == ["000000063", "000000065"]
    assert [call.body["ord_dt"] for call in us.of(OPEN)] == ["", D]


def test_no_open_orders_are_told_by_a_refusal(us: Any) -> None:
    us.answer(OPEN, NOTHING)
    assert list(us.broker.orders(market="US")) == []


def test_another_refusal_is_none_of_that(us: Any) -> None:
    us.answer(OPEN, {"return_code": 20, "return_msg": "[2000](571999:계좌가 없습니다)"})
    with pytest.raises(Rejected):
        us.broker.orders(market="US")


@pytest.mark.parametrize("side", ["", "매매", "매수매도", None, "3"])
def test_a_row_without_a_side_is_an_error(side: Any, us: Any) -> None:
    us.answer(TODAY, NOTHING).of_days(OF_A_DAY, {D: page(day_row(slby_tp_nm=side))}, NOTHING)
    with pytest.raises(WireError, match="000000063"):
        refreshed(us)


# By which clock a time of an order is, nobody tells


@pytest.mark.parametrize(
    ("now", "date", "told_at", "moment"),
    [
        ("27 23:42", "27", "23:41:12", "27 23:41:12"),  # by New York's clock it would be still to come
        ("27 23:42", "27", "09:41:12", None),  # by Korea's it was this morning, by New York's just now
        ("28 02:12", "27", "26:10:00", "28 02:10:00"),  # an hour that New York does not have
        ("28 02:12", "28", "02:10:00", "28 02:10:00"),  # under a Korean date
        ("28 02:12", "27", "02:10:00", None),  # under New York's it is of this night, under Korea's of the one before
        ("28 02:12", "27", "12:10:00", None),
        ("27 23:42", "27", "24:10:00", None),
        ("27 23:42", "27", "  :  :", None),
        ("27 23:42", "27", "", None),
    ],
)
def test_a_time_is_told_where_but_one_reading_is_not_still_to_come(
    now: str, date: str, told_at: str, moment: str | None, us: Any
) -> None:
    part = us.broker.adapter.served["US"]
    part.now = lambda: dt.datetime.strptime(f"2026-11-{now}", "%Y-%m-%d %H:%M").replace(tzinfo=clock.KST)
    us.answer(OF_A_DAY, page(day_row(ord_time=told_at))).answer(TODAY, NOTHING)
    day = dt.date(2026, 11, int(date))
    (row,) = next(each.rows for each in part.rows(day, day) if each.day == day)
    assert (None if row.clock is None else f"{row.clock:%d %H:%M:%S}") == moment


@pytest.mark.parametrize(
    ("told_at", "status"),
    [
        ("15:10:00", OrderStatus.PENDING),  # of the 26th, by either clock
        ("04:10:00", OrderStatus.PENDING),  # of the 25th or of the 26th
        ("23:10:00", OrderStatus.FILLED),  # of the 26th in Korea, or by New York's clock of the 27th
    ],
)
def test_a_fill_of_the_day_before_with_the_same_number_is_not_one_of_today(
    told_at: str, status: OrderStatus, us: Any
) -> None:
    filled = day_row(ord_time=told_at, cntr_qty="000000000010", ord_remnq="000000000000")
    us.answer(TODAY, NOTHING).of_days(OF_A_DAY, {"20261126": page(filled)}, NOTHING)
    assert refreshed(us).status is status


def test_without_a_clock_no_time_is_told(us: Any) -> None:
    assert refreshed(us).submitted_at is None


def test_lists_prove_no_absence(us: Any) -> None:
    part = us.broker.adapter.served["US"]
    assert part.lists_prove_absence == frozenset()


def test_the_phase_decides_what_may_be_sent(abroad: Any) -> None:
    wire = abroad("sandbox", plays="real", phase=Phase.PRE_MARKET)
    assert wire.broker.buy("US:AAPL", 1, price="270.50").id == "000000063"
    wire.calls.clear()
    with pytest.raises(Unsupported):
        wire.broker.buy("US:AAPL", 1, type=OrderType.MARKET)
    assert wire.of(BUY) == []
