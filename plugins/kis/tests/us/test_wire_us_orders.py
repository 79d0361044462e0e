"""Orders of US shares at KIS: exactly what leaves, and what its lists become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidOrder, MarketClosed, OrderUncertain, Rejected, UnknownSymbol, Unsupported, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import Order, OrderRequest
from brokerkit.words import OrderStatus, OrderType, Side, Venue

BUY, SELL, CHANGE, LIST, OPEN = "TTTT1002U", "TTTT1006U", "TTTT1004U", "TTTS3035R", "TTTS3018R"
DEMO_SELL = "VTTT1001U"
DAYTIME = {Side.BUY: "TTTS6036U", Side.SELL: "TTTS6037U"}
DAYTIME_CHANGE = "TTTS6038U"
ORDERED = {
    "CANO": "50012345",
    "ACNT_PRDT_CD": "01",
    "OVRS_EXCG_CD": "NASD",
    "PDNO": "AAPL",
    "ORD_QTY": "10",
    "OVRS_ORD_UNPR": "271.5",
    "ORD_SVR_DVSN_CD": "0",
    "ORD_DVSN": "00",
}
Made = Callable[..., Order]


def path(call: Any) -> str:
    return str(call.url.split("/uapi/overseas-stock/v1/trading/", 1)[1])


def test_limit_order_to_buy(wire: Any) -> None:
    order = wire.broker.buy("US:AAPL", 10, price="271.50")
    (call,) = wire.of(BUY)
    assert (call.method, path(call), call.body) == ("POST", "order", ORDERED)
    assert (order.id, order.status, order.venue) == ("0030138113", OrderStatus.PENDING, Venue.US)
    assert order.handle == "kis:20261125:01790:0030138113"
    assert order.submitted_at == dt.datetime(2026, 11, 25, 23, 45, 1, tzinfo=clock.KST)


def test_order_after_midnight_in_korea_is_of_the_day_in_new_york(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 26, 3, 0, tzinfo=clock.KST))
    assert wire.broker.buy("US:AAPL", 10, price="271.50").handle == "kis:20261125:01790:0030138113"


def test_sale_names_its_kind_and_another_exchange(wire: Any) -> None:
    wire.broker.sell("US:BRK.B", 2, price="480.25")
    changed = {"OVRS_EXCG_CD": "NYSE", "PDNO": "BRK/B", "ORD_QTY": "2", "OVRS_ORD_UNPR": "480.25"}
    (call,) = wire.of(SELL)
    assert (path(call), call.body) == ("order", {**ORDERED, **changed, "SLL_TYPE": "00"})


@pytest.mark.parametrize(
    ("type", "code", "price", "more"),
    [
        (OrderType.LIMIT_ON_OPEN, "32", "271.5", {}),
        (OrderType.LIMIT_ON_CLOSE, "34", "271.5", {}),
        (OrderType.MARKET_ON_OPEN, "31", None, {}),
        (OrderType.MARKET_ON_CLOSE, "33", None, {}),
        (OrderType.TWAP_LIMIT, "35", "271.5", {"ALGO_ORD_TMD_DVSN_CD": "02"}),
        (OrderType.VWAP_LIMIT, "36", "271.5", {"ALGO_ORD_TMD_DVSN_CD": "02"}),
    ],
)
def test_types_of_a_sale(wire: Any, type: OrderType, code: str, price: str | None, more: dict[str, str]) -> None:
    wire.broker.sell("US:AAPL", 10, type=type, price=price)
    changed = {"ORD_DVSN": code, "OVRS_ORD_UNPR": price or "0", "SLL_TYPE": "00"}
    assert wire.of(SELL)[0].body == {**ORDERED, **changed, **more}


@pytest.mark.parametrize(
    "type", [OrderType.MARKET, OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE, OrderType.STOP]
)
def test_types_that_a_purchase_has_not_are_refused_before_anything_is_sent(wire: Any, type: OrderType) -> None:
    stop = {"stop_price": 270} if type is OrderType.STOP else {}
    with pytest.raises(Unsupported):
        wire.broker.buy("US:AAPL", 10, type=type, **stop)
    assert wire.calls == []


def test_demo_sends_other_ids_and_limit_orders_alone(demo: Any) -> None:
    demo.broker.buy("US:AAPL", 10, price="271.50")
    demo.broker.sell("US:AAPL", 10, price="271.50")
    assert [call.id for call in demo.calls if call.method == "POST"] == ["VTTT1002U", DEMO_SELL]
    with pytest.raises(Unsupported):
        demo.broker.sell("US:AAPL", 10, type=OrderType.LIMIT_ON_CLOSE, price="271.50")
    with pytest.raises(Unsupported):
        demo.broker.buy("US:AAPL", 10, price="271.50", venue=Venue.DAYTIME)
    assert len([call for call in demo.calls if call.method == "POST"]) == 2


@pytest.mark.parametrize("phase", [Phase.PRE_MARKET, Phase.AFTER_MARKET])
def test_demo_takes_orders_in_the_regular_session_alone(connect: Any, phase: Phase) -> None:
    demo = connect("sandbox", plays="demo", phase=phase)
    with pytest.raises(Unsupported, match="regular session"):
        demo.broker.buy("US:AAPL", 10, price="271.50")
    assert [call for call in demo.calls if call.method == "POST"] == []
    wire = connect("sandbox", plays="real", phase=phase)
    assert wire.broker.buy("US:AAPL", 10, price="271.50").status is OrderStatus.PENDING


@pytest.mark.parametrize("side", list(Side))
def test_daytime_orders_have_calls_of_their_own(connect: Any, side: Side) -> None:
    wire = connect("sandbox", plays="real", phase=Phase.DAYTIME)
    order = wire.broker.order(
        OrderRequest(symbol="US:AAPL", side=side, quantity=10, price="271.50", venue=Venue.DAYTIME)
    )
    (call,) = wire.of(DAYTIME[side])
    blank = {"CTAC_TLNO": "", "MGCO_APTM_ODNO": ""}
    assert (path(call), call.body) == ("daytime-order", {**ORDERED, **blank})
    assert wire.broker.refresh(order).status is OrderStatus.PENDING
    assert wire.of(LIST) == wire.of(OPEN) == []
    wire.broker.amend(order, price="271.40")
    wire.broker.cancel(order)
    amended, canceled = wire.of(DAYTIME_CHANGE)
    assert path(amended) == path(canceled) == "daytime-order-rvsecncl"
    changing = {name: value for name, value in ORDERED.items() if name != "ORD_DVSN"} | blank
    assert amended.body == {
        **changing,
        "ORGN_ODNO": "0030138113",
        "RVSE_CNCL_DVSN_CD": "01",
        "OVRS_ORD_UNPR": "271.4",
    }
    assert canceled.body == {**changing, "ORGN_ODNO": "0030138113", "RVSE_CNCL_DVSN_CD": "02", "OVRS_ORD_UNPR": "0"}


def test_change_names_what_is_left_and_no_organisation(wire: Any, us_order: Made) -> None:
    order = us_order(remaining_quantity=6)
    amended = wire.broker.amend(order, price="271.40")
    canceled = wire.broker.cancel(order)
    changing = {name: value for name, value in ORDERED.items() if name != "ORD_DVSN"}
    first, second = wire.of(CHANGE)
    assert path(first) == path(second) == "order-rvsecncl"
    assert first.body == {
        **changing,
        "ORGN_ODNO": "0030138112",
        "RVSE_CNCL_DVSN_CD": "01",
        "ORD_QTY": "6",
        "OVRS_ORD_UNPR": "271.4",
    }
    assert second.body == {
        **changing,
        "ORGN_ODNO": "0030138112",
        "RVSE_CNCL_DVSN_CD": "02",
        "ORD_QTY": "6",
        "OVRS_ORD_UNPR": "0",
    }
    assert (amended.id, canceled.id) == ("0030138113", "0030138113")


@pytest.mark.parametrize("type", [OrderType.TWAP_LIMIT, OrderType.VWAP_LIMIT])
def test_types_that_cannot_be_amended(wire: Any, us_order: Made, type: OrderType) -> None:
    with pytest.raises(Unsupported):
        wire.broker.amend(us_order(type=type), price="271.40")
    assert wire.of(CHANGE) == []


def test_part_of_an_order_is_not_changed(wire: Any, us_order: Made) -> None:
    with pytest.raises(Unsupported):
        wire.broker.cancel(us_order(), quantity=4)
    with pytest.raises(Unsupported):
        wire.broker.amend(us_order(), price="271.40", quantity=4)
    assert wire.of(CHANGE) == []


def test_listing_that_moved_is_told_and_the_list_asked_anew(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.answer(BUY, wire.refusal("APBK0656", "해당종목정보가 없습니다."))
    wire.broker.quote("US:AAPL")
    later = clock.now() + dt.timedelta(minutes=5)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(UnknownSymbol) as caught:
        wire.broker.buy("US:AAPL", 10, price="271.50")
    assert (caught.value.code, caught.value.message) == ("APBK0656", "해당종목정보가 없습니다.")
    assert "exchange" in str(caught.value.advice)
    assert len(wire.of(BUY)) == 1
    wire.listing(nas=[OTHER], nys=[APPLE_AT_NYSE]).answer(BUY, wire.good(BUY))
    wire.broker.buy("US:AAPL", 10, price="271.50")
    assert [call.body["OVRS_EXCG_CD"] for call in wire.of(BUY)] == ["NASD", "NYSE"]


APPLE_AT_NYSE, OTHER = (
    "\t".join(["US", "22", exchange, "", code, "", "애플", "APPLE", "2", "USD", "4", "1", "1", *["1"] * 11])
    for exchange, code in (("NYS", "AAPL"), ("NAS", "QQQ"))
)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("APBK1507", InvalidOrder), ("40070000", InvalidOrder), ("40580000", MarketClosed), ("MCA00124", Unsupported)],
)
def test_refusals_of_orders(wire: Any, code: str, kind: type[Rejected]) -> None:
    wire.answer(BUY, wire.refusal(code, "?"))
    expected = OrderUncertain if code == "MCA00124" else kind
    with pytest.raises(expected):
        wire.broker.buy("US:AAPL", 10, price="271.50")
    assert len(wire.of(BUY)) == 1


@pytest.mark.parametrize("kind", ["22", "29", "03", "08", "55"])
def test_account_without_a_us_market_sends_nothing(connect: Any, kind: str) -> None:
    wire = connect("sandbox", plays="real", account=f"50012345-{kind}")
    with pytest.raises(Unsupported, match=kind):
        wire.broker.buy("US:AAPL", 10, price="271.50")
    with pytest.raises(Unsupported, match=kind):
        wire.broker.buying_power("US:AAPL", price="271.50")
    with pytest.raises(Unsupported, match=kind):
        wire.broker.balance(market="US")
    with pytest.raises(Unsupported, match=kind):
        wire.broker.reserve(OrderRequest(symbol="US:AAPL", side=Side.BUY, quantity=1, price=Decimal("271.5")))
    assert list(wire.calls) == []
    assert [
        each for each in ("buy", "orders", "reserve", "stream.orders") if wire.broker.supports(each, market="US")
    ] == []
    assert wire.broker.quote("US:AAPL").price == Decimal("271.5")


# Lists


def refreshed(wire: Any, order: Order, *rows: dict[str, str]) -> Order:
    good = wire.good(LIST)
    listed = [{**good["output"][0], **row} for row in rows]
    found: Order = wire.answer(LIST, {**good, "output": listed}).broker.refresh(order)
    return found


def test_order_is_looked_for_a_day_either_side_newest_first(wire: Any, us_order: Made) -> None:
    order = wire.broker.refresh(us_order())
    (call,) = wire.of(LIST)
    assert (path(call), dict(call.query)) == (
        "inquire-ccnl",
        {
            "CANO": "50012345",
            "ACNT_PRDT_CD": "01",
            "PDNO": "AAPL",
            "ORD_STRT_DT": "20261124",
            "ORD_END_DT": "20261125",
            "SLL_BUY_DVSN": "00",
            "CCLD_NCCS_DVSN": "00",
            "OVRS_EXCG_CD": "NASD",
            "SORT_SQN": "AS",
            "ORD_DT": "",
            "ORD_GNO_BRNO": "",
            "ODNO": "",
            "CTX_AREA_NK200": "",
            "CTX_AREA_FK200": "",
        },
    )
    assert call.headers["tr_cont"] == ""
    assert (order.status, order.filled_quantity, order.remaining_quantity) == (OrderStatus.PARTIALLY_FILLED, 4, 6)
    assert (order.average_fill_price, order.price) == (Decimal("271.4"), Decimal("271.5"))
    assert order.submitted_at == dt.datetime(2026, 11, 26, 0, 15, 1, tzinfo=clock.KST)


GONE = {"ft_ccld_qty": "0", "ft_ccld_unpr3": "0.00000000", "ft_ccld_amt3": "0.00000", "nccs_qty": "0"}
CANCELED = {"odno": "0030138113", "orgn_odno": "0030138112", "rvse_cncl_dvsn": "02", "nccs_qty": "0"}


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([{**GONE, "nccs_qty": "10"}], OrderStatus.WORKING),
        ([{"ft_ccld_qty": "10", "nccs_qty": "0", "prcs_stat_name": "완료"}], OrderStatus.FILLED),
        ([{**GONE, "prcs_stat_name": "거부", "rjct_rson_name": "증거금부족"}], OrderStatus.REJECTED),
        ([{**GONE, "nccs_qty": "10", "prcs_stat_name": "거부"}], OrderStatus.REJECTED),
        ([{**GONE}], OrderStatus.UNKNOWN),
        ([{**GONE, **CANCELED}, {**GONE}], OrderStatus.CANCELED),
        ([{**GONE, **CANCELED, "prcs_stat_name": "거부"}, {**GONE, "nccs_qty": "10"}], OrderStatus.WORKING),
        ([{**GONE, **CANCELED, "prcs_stat_name": "거부"}, {**GONE}], OrderStatus.UNKNOWN),
        ([{**GONE, **CANCELED, "rvse_cncl_dvsn": "01", "nccs_qty": "10"}, {**GONE}], OrderStatus.CANCELED),
    ],
)
def test_state_is_judged_by_quantities_and_by_what_changed_it(
    wire: Any, us_order: Made, rows: list[dict[str, str]], status: OrderStatus
) -> None:
    assert refreshed(wire, us_order(), *rows).status is status


def test_row_dated_by_the_korean_calendar_is_the_order_too(wire: Any, us_order: Made) -> None:
    assert refreshed(wire, us_order(), {"ord_dt": "20261126"}).filled_quantity == 4


def test_time_without_its_korean_day_is_of_the_night(wire: Any, us_order: Made) -> None:
    order = refreshed(wire, us_order(), {"dmst_ord_dt": ""})
    assert order.submitted_at == dt.datetime(2026, 11, 26, 0, 15, 1, tzinfo=clock.KST)


BLANK = {
    **dict.fromkeys(("ord_dt", "ord_gno_brno", "odno", "orgn_odno", "sll_buy_dvsn_cd", "pdno", "ovrs_excg_cd"), ""),
    **GONE,
    "ft_ord_qty": "0",
    "ord_tmd": "",
    "dmst_ord_dt": "",
}


@pytest.mark.parametrize("as_list", [True, False])
def test_blank_row_stands_for_none(wire: Any, as_list: bool) -> None:
    blank = {**wire.good(LIST)["output"][0], **BLANK}
    wire.answer(LIST, {**wire.good(LIST), "output": [blank] if as_list else blank})
    day = dt.date(2026, 11, 25)
    assert list(wire.broker.order_history(day, day, market="US")) == []


def test_row_without_a_number_that_has_shares_is_not_passed_over(wire: Any) -> None:
    wire.answer(LIST, {**wire.good(LIST), "output": [{**wire.good(LIST)["output"][0], "odno": ""}]})
    day = dt.date(2026, 11, 25)
    with pytest.raises(WireError):
        wire.broker.order_history(day, day, market="US")


def test_pages_go_on_with_keys_of_200_characters(wire: Any) -> None:
    good, key = wire.good(LIST), "20261125^0030138113".ljust(200)
    first = {**good, "ctx_area_nk200": key}
    second = {**good, "output": [{**good["output"][0], "odno": "0030138113"}]}
    wire.pages(LIST, ({"tr_cont": "M"}, first), ({"tr_cont": "D"}, second))
    day = dt.date(2026, 11, 25)
    assert [order.id for order in wire.broker.order_history(day, day, market="US")] == ["0030138112", "0030138113"]
    first_call, second_call = wire.of(LIST)
    assert (first_call.headers["tr_cont"], second_call.headers["tr_cont"]) == ("", "N")
    query = dict(second_call.query)
    assert (query["CTX_AREA_NK200"].strip(), query["CTX_AREA_FK200"].strip()) == (key.strip(), "50012345^01^")
    assert (query["SORT_SQN"], query["PDNO"]) == ("DS", "%")


def test_open_orders_are_those_of_the_list_of_what_is_left(wire: Any) -> None:
    listed = {**wire.good(LIST)["output"][0], "ord_tmd": "001501", "rvse_cncl_dvsn_cd": "00"}
    for name in ("dmst_ord_dt", "rvse_cncl_dvsn", "thco_ord_tmd"):
        del listed[name]
    done = {**listed, "odno": "0030138119", "nccs_qty": "0"}
    wire.answer(OPEN, {**wire.good(OPEN), "output": [listed, done]})
    (order,) = wire.broker.orders(market="US")
    assert (order.id, order.status) == ("0030138112", OrderStatus.PARTIALLY_FILLED)
    assert order.submitted_at == dt.datetime(2026, 11, 26, 0, 15, 1, tzinfo=clock.KST)
    (call,) = wire.of(OPEN)
    assert (path(call), dict(call.query)) == (
        "inquire-nccs",
        {
            "CANO": "50012345",
            "ACNT_PRDT_CD": "01",
            "OVRS_EXCG_CD": "NASD",
            "SORT_SQN": "DS",
            "CTX_AREA_FK200": "",
            "CTX_AREA_NK200": "",
        },
    )
    assert wire.of(LIST) == []


def test_demo_tells_open_orders_by_its_list_of_all(demo: Any) -> None:
    good = demo.good(LIST)
    rows = [
        good["output"][0],
        {**good["output"][0], "odno": "0030138113", **GONE},
        {**good["output"][0], "odno": "0030138114", "pdno": "00700", "ovrs_excg_cd": "SEHK", "tr_crcy_cd": "HKD"},
        {**good["output"][0], **CANCELED, "odno": "0030138115", "nccs_qty": "6"},
    ]
    demo.answer(LIST, {**good, "output": rows})
    assert [order.id for order in demo.broker.orders(market="US")] == ["0030138112"]
    (call,) = demo.of("VTTS3035R")
    query = dict(call.query)
    asked = {name: query[name] for name in ("PDNO", "OVRS_EXCG_CD", "SLL_BUY_DVSN", "CCLD_NCCS_DVSN")}
    assert asked == {"PDNO": "", "OVRS_EXCG_CD": "", "SLL_BUY_DVSN": "00", "CCLD_NCCS_DVSN": "00"}


def test_account_without_a_us_market_has_no_orders_there(connect: Any) -> None:
    wire = connect("sandbox", plays="real", account="50012345-22")
    assert [market.name for market in wire.broker._inquiries.markets()] == ["KR"]
