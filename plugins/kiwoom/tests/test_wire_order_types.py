"""Every order type at Kiwoom, venue by venue and phase by phase: the code that goes out, or nothing at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kiwoom.wire import orders

from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED
from brokerkit.words import OrderType, Side, TimeInForce, Venue

Connect = Callable[..., Any]
Wanted = tuple[OrderType, TimeInForce]
BUY, SELL, CANCEL, LIST = "kt10000", "kt10001", "kt10003", "kt00007"
KINDS = {
    "limit": OrderType.LIMIT,
    "market": OrderType.MARKET,
    "to-close": OrderType.LIMIT_TO_MARKET_ON_CLOSE,
    "opposite": OrderType.BEST_OPPOSITE,
    "same-side": OrderType.BEST_SAME_SIDE,
    "middle": OrderType.MIDPOINT,
    "stop": OrderType.STOP_LIMIT,
    "before": OrderType.PRE_OPEN_CLOSING_PRICE,
    "after": OrderType.AFTER_CLOSE_CLOSING_PRICE,
}


def read(table: str) -> dict[Wanted, str]:
    """Read `limit DAY 0 IOC 10; market DAY 3`."""
    codes = {}
    for line in table.split(";"):
        kind, *pairs = line.split()
        for time, code in zip(pairs[::2], pairs[1::2], strict=True):
            codes[KINDS[kind], TimeInForce(time)] = code
    return codes


OPENING = "limit DAY 0; market DAY 3; to-close DAY 5"
BOTH = "limit DAY 0 IOC 10 FOK 20; opposite DAY 6 IOC 16 FOK 26; same-side DAY 7"
MIDDLE_AND_STOP = "middle DAY 29 IOC 30 FOK 31; stop DAY 28"
RESTING = "limit DAY 0; opposite DAY 6; same-side DAY 7"
CODES = {
    (Venue.KRX, Phase.PRE_OPEN_CLOSING_PRICE): read(f"before DAY 61; {OPENING}"),
    (Venue.KRX, Phase.OPENING_AUCTION): read(OPENING),
    (Venue.KRX, Phase.REGULAR): read(f"{BOTH}; {MIDDLE_AND_STOP}; market DAY 3 IOC 13 FOK 23; to-close DAY 5"),
    (Venue.KRX, Phase.CLOSING_AUCTION): read("limit DAY 0; market DAY 3"),
    (Venue.KRX, Phase.AFTER_CLOSE_CLOSING_PRICE): read("after DAY 81"),
    (Venue.KRX, Phase.AFTER_MARKET): read(BOTH),
    (Venue.NXT, Phase.PRE_MARKET): read(RESTING),
    (Venue.NXT, Phase.REGULAR): read(f"{BOTH}; {MIDDLE_AND_STOP}; market IOC 13 FOK 23"),
    (Venue.NXT, Phase.AFTER_MARKET): read(RESTING),
    (Venue.SOR, Phase.PRE_MARKET): read(RESTING),
    (Venue.SOR, Phase.PRE_OPEN_CLOSING_PRICE): read("limit DAY 0; market DAY 3"),
    (Venue.SOR, Phase.OPENING_AUCTION): read("limit DAY 0; market DAY 3"),
    (Venue.SOR, Phase.REGULAR): read(f"{BOTH}; market DAY 3 IOC 13 FOK 23"),
    (Venue.SOR, Phase.CLOSING_AUCTION): read("limit DAY 0; market DAY 3"),
    (Venue.SOR, Phase.AFTER_MARKET): read(RESTING),
}
"""trde_tp. What is not here is not offered; the codes stay the same in the evening."""
WORDS = {
    "보통": "0",
    "보통(IOC)": "10",
    "보통(FOK)": "20",
    "시장가": "3",
    "시장가(IOC)": "13",
    "시장가(FOK)": "23",
    "조건부지정가": "5",
    "최유리지정가": "6",
    "최유리(IOC)": "16",
    "최유리(FOK)": "26",
    "최우선지정가": "7",
    "스톱지정가": "28",
    "중간가": "29",
    "중간가(IOC)": "30",
    "중간가(FOK)": "31",
    "장시작전시간외": "61",
    "장마감후시간외": "81",
}
"""trde_tp of lists."""
EVERYTHING = list(itertools.product(OrderType, TimeInForce))


def open_at(connect: Connect, phase: Phase, environment: str = "real") -> Any:
    wire = connect("sandbox", plays=environment, phase=phase).logged_in()
    wire.broker.account()
    wire.calls.clear()
    return wire


def send(wire: Any, venue: Venue, wanted: Wanted, side: Side = Side.BUY) -> Any:
    kind, time = wanted
    verb = wire.broker.buy if side is Side.BUY else wire.broker.sell
    return verb(
        "005930",
        10,
        type=kind,
        time_in_force=time,
        venue=venue,
        price=70000 if kind in PRICED else None,
        stop_price=71000 if kind is OrderType.STOP_LIMIT else None,
    )


@pytest.mark.parametrize(("venue", "phase"), list(CODES), ids=lambda each: str(each))
@pytest.mark.parametrize("side", Side)
def test_every_type_goes_out_with_its_own_code_price_and_venue(
    connect: Connect, side: Side, venue: Venue, phase: Phase
) -> None:
    wire = open_at(connect, phase)
    for wanted, code in CODES[venue, phase].items():
        wire.calls.clear()
        order = send(wire, venue, wanted, side)
        (call,) = wire.calls
        expected = {
            "dmst_stex_tp": venue.value,
            "stk_cd": "005930",
            "ord_qty": "10",
            "ord_uv": "70000" if wanted[0] in PRICED else "",
            "trde_tp": code,
            "cond_uv": "71000" if wanted[0] is OrderType.STOP_LIMIT else "",
        }
        assert (call.id, call.body) == (BUY if side is Side.BUY else SELL, expected)
        assert (order.type, order.time_in_force, order.venue) == (*wanted, venue)


@pytest.mark.parametrize(("venue", "phase"), list(itertools.product(Venue, Phase)), ids=lambda each: str(each))
def test_what_a_venue_does_not_take_in_a_phase_is_unsupported_and_sends_nothing(
    connect: Connect, venue: Venue, phase: Phase
) -> None:
    wire = connect("sandbox", plays="real", phase=phase)
    taken = CODES.get((venue, phase), {})
    if phase is Phase.CLOSED:
        taken = {wanted: code for (at, _), codes in CODES.items() if at is venue for wanted, code in codes.items()}
    for wanted in EVERYTHING:
        if wanted in taken:
            continue
        with pytest.raises(Unsupported, match="Nothing was sent") as caught:
            send(wire, venue, wanted)
        assert "LIMIT DAY" in str(caught.value) or "AFTER_CLOSE_CLOSING_PRICE DAY" in str(caught.value)
    assert wire.calls == []


@pytest.mark.parametrize("venue", Venue)
def test_when_the_market_is_closed_the_broker_is_left_to_say_so(connect: Connect, venue: Venue) -> None:
    wire = open_at(connect, Phase.CLOSED)
    codes = {code for (at, _), codes in CODES.items() if at is venue for code in codes.values()}
    for wanted in {wanted for (at, _), codes in CODES.items() if at is venue for wanted in codes}:
        send(wire, venue, wanted)
    assert {call.body["trde_tp"] for call in wire.calls} == codes


@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.BEST_OPPOSITE, OrderType.BEST_SAME_SIDE])
def test_order_that_dies_with_the_pre_market_has_no_known_code_and_does_not_become_one_of_the_day(
    connect: Connect, kind: OrderType
) -> None:
    wire = connect("sandbox", plays="real", phase=Phase.PRE_MARKET)
    with pytest.raises(Unsupported, match=f"{kind} GOOD_TILL_PRE_MARKET is not offered") as caught:
        send(wire, Venue.NXT, (kind, TimeInForce.GOOD_TILL_PRE_MARKET))
    assert f"{kind} DAY" in (caught.value.advice or "")
    assert wire.calls == []


@pytest.mark.parametrize("venue", [Venue.NXT, Venue.SOR])
def test_mock_knows_krx_only_and_sends_nothing_elsewhere(connect: Connect, venue: Venue) -> None:
    wire = connect("sandbox", plays="demo")
    for wanted in EVERYTHING:
        with pytest.raises(Unsupported):
            send(wire, venue, wanted)
    with pytest.raises(Unsupported, match="Offered here: KRX"):
        wire.broker.cancel(wire.order(venue=venue))
    with pytest.raises(Unsupported, match="Offered here: KRX"):
        wire.broker.amend(wire.order(venue=venue), price=69000)
    assert wire.calls == []


def test_mock_has_the_same_ids_and_codes(connect: Connect) -> None:
    wire = open_at(connect, Phase.REGULAR, "demo")
    for wanted, code in CODES[Venue.KRX, Phase.REGULAR].items():
        wire.calls.clear()
        send(wire, Venue.KRX, wanted)
        (call,) = wire.calls
        assert (call.id, call.body["trde_tp"], call.body["dmst_stex_tp"]) == (BUY, code, "KRX")


@pytest.mark.parametrize(
    ("kind", "time", "venue"),
    [
        (OrderType.MARKET, TimeInForce.DAY, Venue.NXT),
        (OrderType.LIMIT_TO_MARKET_ON_CLOSE, TimeInForce.DAY, Venue.NXT),
        (OrderType.MIDPOINT, TimeInForce.DAY, Venue.SOR),
        (OrderType.STOP_LIMIT, TimeInForce.DAY, Venue.SOR),
        (OrderType.LIMIT, TimeInForce.GOOD_TILL_PRE_MARKET, Venue.KRX),
        *((OrderType.SINGLE_PRICE, TimeInForce.DAY, venue) for venue in Venue),
    ],
)
def test_nothing_is_quietly_replaced_by_what_is_near_to_it(
    wire: Any, kind: OrderType, time: TimeInForce, venue: Venue
) -> None:
    with pytest.raises(Unsupported, match=f"{kind} {time}"):
        send(wire, venue, (kind, time))
    assert wire.calls == []


def test_the_tables_of_the_adapter_hold_these_codes_and_no_others() -> None:
    wanted = {wanted: code for codes in CODES.values() for wanted, code in codes.items()}
    assert dict(orders.ORDER_TYPE) == wanted
    assert {words: orders.ORDER_TYPE[orders.TYPE_WORDS[words]] for words in WORDS} == WORDS
    assert set(orders.TYPE_WORDS) == {*WORDS, "시간외단일가"}


@pytest.mark.parametrize(
    ("words", "kind", "time"),
    [
        ("보통", OrderType.LIMIT, TimeInForce.DAY),
        ("보통(FOK)", OrderType.LIMIT, TimeInForce.FOK),
        (" 시장가 ", OrderType.MARKET, TimeInForce.DAY),
        ("최유리(IOC)", OrderType.BEST_OPPOSITE, TimeInForce.IOC),
        ("최우선지정가", OrderType.BEST_SAME_SIDE, TimeInForce.DAY),
        ("중간가(IOC)", OrderType.MIDPOINT, TimeInForce.IOC),
        ("스톱지정가", OrderType.STOP_LIMIT, TimeInForce.DAY),
        ("시간외단일가", OrderType.SINGLE_PRICE, TimeInForce.DAY),
        *((words, None, None) for words in ("0", "", "지정", "보통 (IOC)", "LIMIT")),
    ],
)
def test_words_of_a_listed_order_are_read_back(
    wire: Any, words: str, kind: OrderType | None, time: TimeInForce | None
) -> None:
    listed, opened = wire.good(LIST), wire.good("ka10075")
    listed["acnt_ord_cntr_prps_dtl"][0]["trde_tp"] = opened["oso"][0]["trde_tp"] = words
    wire.answer(LIST, listed).answer("ka10075", opened)
    (working,) = wire.broker.orders()
    for order in (wire.broker.refresh(wire.order()), working):
        assert (order.type, order.time_in_force) == (kind, time)
        assert order.price == (70000 if kind in (None, *PRICED) else None)


def test_amendment_of_a_stop_order_is_not_sent_because_its_stop_price_is_not_known(wire: Any) -> None:
    with pytest.raises(Unsupported, match="STOP_LIMIT") as caught:
        wire.broker.amend(wire.order(type=OrderType.STOP_LIMIT), price=69000)
    assert "cancel" in (caught.value.advice or "")
    assert wire.calls == []


def test_order_of_an_unknown_type_can_be_cancelled_but_not_amended(wire: Any) -> None:
    with pytest.raises(Unsupported, match="unknown type"):
        wire.broker.amend(wire.order(type=None), price=69000)
    assert wire.calls == []
    assert wire.broker.cancel(wire.order(type=None)).id == "0000142"
    assert len(wire.of(CANCEL)) == 1


def test_market_order_has_no_price_to_amend(wire: Any) -> None:
    with pytest.raises(InvalidRequest, match="no price"):
        wire.broker.amend(wire.order(type=OrderType.MARKET, price=None), price=69000)
    assert wire.calls == []
