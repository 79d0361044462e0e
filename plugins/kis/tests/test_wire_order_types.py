"""Every order type at KIS, venue by venue and phase by phase: the code that goes out, or nothing at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kis.wire import orders

from brokerkit.errors import BrokerError, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED
from brokerkit.words import OrderType, Side, TimeInForce, Venue

Connect = Callable[..., Any]
Wanted = tuple[OrderType, TimeInForce]
BUY, SELL, CHANGE, LIST = "TTTC0012U", "TTTC0011U", "TTTC0013U", "TTTC0081R"
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
    "single": OrderType.SINGLE_PRICE,
}
TIMES = {
    "DAY": TimeInForce.DAY,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "GTP": TimeInForce.GOOD_TILL_PRE_MARKET,
}


def read(table: str) -> dict[Wanted, str]:
    """Read `limit DAY 00 IOC 11; market DAY 01`."""
    codes = {}
    for line in table.split(";"):
        kind, *pairs = line.split()
        for time, code in zip(pairs[::2], pairs[1::2], strict=True):
            codes[KINDS[kind], TIMES[time]] = code
    return codes


OPENING = "limit DAY 00; market DAY 01; to-close DAY 02"
BOTH = "limit DAY 00 IOC 11 FOK 12; opposite DAY 03 IOC 15 FOK 16; same-side DAY 04"
MIDDLE_AND_STOP = "middle DAY 21 IOC 23 FOK 24; stop DAY 22"
CODES = {
    (Venue.KRX, Phase.PRE_OPEN_CLOSING_PRICE): read(f"before DAY 05; {OPENING}"),
    (Venue.KRX, Phase.OPENING_AUCTION): read(OPENING),
    (Venue.KRX, Phase.REGULAR): read(f"{BOTH}; {MIDDLE_AND_STOP}; market DAY 01 IOC 13 FOK 14; to-close DAY 02"),
    (Venue.KRX, Phase.CLOSING_AUCTION): read("limit DAY 00; market DAY 01"),
    (Venue.KRX, Phase.AFTER_CLOSE_CLOSING_PRICE): read("after DAY 06"),
    (Venue.KRX, Phase.AFTER_MARKET): read(
        "limit DAY 41 IOC 42 FOK 43; opposite DAY 44 IOC 45 FOK 46; same-side DAY 47"
    ),
    (Venue.NXT, Phase.PRE_MARKET): read("limit DAY 00 GTP 27; opposite DAY 03 GTP 28; same-side DAY 04 GTP 29"),
    (Venue.NXT, Phase.REGULAR): read(f"{BOTH}; {MIDDLE_AND_STOP}; market IOC 13 FOK 14"),
    (Venue.NXT, Phase.AFTER_MARKET): read("limit DAY 00; opposite DAY 03; same-side DAY 04"),
    (Venue.SOR, Phase.PRE_MARKET): read("limit DAY 00; opposite DAY 03; same-side DAY 04"),
    (Venue.SOR, Phase.PRE_OPEN_CLOSING_PRICE): read("limit DAY 00; market DAY 01"),
    (Venue.SOR, Phase.OPENING_AUCTION): read("limit DAY 00; market DAY 01"),
    (Venue.SOR, Phase.REGULAR): read(f"{BOTH}; market DAY 01 IOC 13 FOK 14"),
    (Venue.SOR, Phase.CLOSING_AUCTION): read("limit DAY 00; market DAY 01"),
    (Venue.SOR, Phase.AFTER_MARKET): read("limit DAY 00; opposite DAY 03; same-side DAY 04"),
}
"""ORD_DVSN. What is not here is not offered."""
EVERYTHING = list(itertools.product(OrderType, TimeInForce))


def open_at(connect: Connect, phase: Phase, environment: str = "real") -> Any:
    return connect("sandbox", plays=environment, phase=phase).logged_in()


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
            "CANO": "50012345",
            "ACNT_PRDT_CD": "01",
            "PDNO": "005930",
            "ORD_DVSN": code,
            "ORD_QTY": "10",
            "ORD_UNPR": "70000" if wanted[0] in PRICED else "0",
            "EXCG_ID_DVSN_CD": venue.value,
        }
        if wanted[0] is OrderType.STOP_LIMIT:
            expected["CNDT_PRIC"] = "71000"
        assert (call.id, call.body) == (BUY if side is Side.BUY else SELL, expected)
        assert (order.type, order.time_in_force, order.venue) == (*wanted, venue)


@pytest.mark.parametrize(("venue", "phase"), list(itertools.product(Venue, Phase)), ids=lambda each: str(each))
def test_what_a_venue_does_not_take_in_a_phase_names_what_it_takes_and_sends_nothing(
    connect: Connect, venue: Venue, phase: Phase
) -> None:
    wire = open_at(connect, phase)
    taken = CODES.get((venue, phase), {})
    if phase is Phase.CLOSED:
        taken = {wanted: code for (at, _), codes in CODES.items() if at is venue for wanted, code in codes.items()}
    others = taken or CODES[venue, Phase.REGULAR]
    for wanted in EVERYTHING:
        if wanted in taken:
            continue
        with pytest.raises(Unsupported, match="Nothing was sent") as caught:
            send(wire, venue, wanted)
        advice = caught.value.advice or ""
        if phase is not Phase.CLOSED:
            assert advice.count(",") == len(others) - 1
            assert all(f"{kind} {time}" in advice for kind, time in others)
    assert wire.calls == []


@pytest.mark.parametrize("venue", Venue)
def test_when_the_market_is_closed_the_broker_is_left_to_say_so(connect: Connect, venue: Venue) -> None:
    wire = open_at(connect, Phase.CLOSED)
    offered = {wanted for (at, _), codes in CODES.items() if at is venue for wanted in codes}
    for wanted in offered:
        send(wire, venue, wanted)
    sent = {call.body["ORD_DVSN"] for call in wire.calls}
    assert len(wire.calls) == len(offered)
    assert sent.isdisjoint({"41", "42", "43", "44", "45", "46", "47"})


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("venue", [Venue.NXT, Venue.SOR])
def test_demo_knows_krx_only_and_sends_nothing_elsewhere(connect: Connect, venue: Venue, phase: Phase) -> None:
    wire = open_at(connect, phase, "demo")
    for wanted in EVERYTHING:
        with pytest.raises(Unsupported):
            send(wire, venue, wanted)
    with pytest.raises(Unsupported, match="Offered here: KRX"):
        wire.broker.cancel(wire.order(venue=venue))
    with pytest.raises(Unsupported, match="Offered here: KRX"):
        wire.broker.amend(wire.order(venue=venue), price=69000)
    assert wire.calls == []


def test_demo_has_ids_of_its_own_and_the_same_codes(connect: Connect) -> None:
    wire = open_at(connect, Phase.REGULAR, "demo")
    for wanted, code in CODES[Venue.KRX, Phase.REGULAR].items():
        wire.calls.clear()
        send(wire, Venue.KRX, wanted)
        (call,) = wire.calls
        assert (call.id, call.body["ORD_DVSN"], call.body["EXCG_ID_DVSN_CD"]) == ("VTTC0012U", code, "KRX")


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
    regular = {wanted: code for (_, phase), codes in CODES.items() for wanted, code in codes.items() if code < "41"}
    assert dict(orders.ORDER_TYPE) == regular
    assert dict(orders.AFTER_MARKET_TYPE) == CODES[Venue.KRX, Phase.AFTER_MARKET]


@pytest.mark.parametrize(
    ("code", "kind", "time"),
    [
        *sorted({(code, *wanted) for codes in CODES.values() for wanted, code in codes.items()}),
        ("07", OrderType.SINGLE_PRICE, TimeInForce.DAY),
        *((code, None, None) for code in ("08", "17", "25", "48", "51", "0", "")),
    ],
)
def test_code_of_a_listed_order_is_read_back(
    wire: Any, code: str, kind: OrderType | None, time: TimeInForce | None
) -> None:
    answer = wire.good(LIST)
    answer["output1"][0]["ord_dvsn_cd"] = code
    order = wire.answer(LIST, answer).broker.refresh(wire.order())
    assert (order.type, order.time_in_force) == (kind, time)
    assert order.price == (70000 if kind in (None, *PRICED) else None)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("venue", Venue)
def test_cancellation_names_the_code_of_the_orders_type_in_this_phase(
    connect: Connect, venue: Venue, phase: Phase
) -> None:
    wire = open_at(connect, phase)
    codes = CODES.get((venue, phase)) or CODES[venue, Phase.REGULAR]
    for (kind, time), code in codes.items():
        wire.calls.clear()
        wire.broker.cancel(wire.order(type=kind, time_in_force=time, venue=venue))
        (call,) = wire.calls
        assert (call.id, call.body["ORD_DVSN"], call.body["EXCG_ID_DVSN_CD"]) == (CHANGE, code, venue.value)


@pytest.mark.parametrize("unknown", [{"type": None}, {"time_in_force": None}, {"type": None, "time_in_force": None}])
def test_order_of_an_unknown_type_can_be_cancelled_but_not_amended(wire: Any, unknown: Any) -> None:
    with pytest.raises(Unsupported, match="type"):
        wire.broker.amend(wire.order(**unknown), price=69000)
    assert wire.calls == []
    wire.broker.cancel(wire.order(**unknown))
    assert [call.body["RVSE_CNCL_DVSN_CD"] for call in wire.calls] == ["02"]


def test_amendment_of_a_stop_order_is_not_sent_because_its_stop_price_is_not_known(wire: Any) -> None:
    with pytest.raises(Unsupported, match="STOP_LIMIT") as caught:
        wire.broker.amend(wire.order(type=OrderType.STOP_LIMIT), price=69000)
    assert "cancel" in (caught.value.advice or "")
    assert wire.calls == []


@pytest.mark.parametrize(
    "kind", [OrderType.MARKET, OrderType.MIDPOINT, OrderType.LIMIT_TO_MARKET_ON_CLOSE, OrderType.STOP_LIMIT]
)
def test_amendment_of_a_type_that_the_after_market_has_not_got_is_not_sent(connect: Connect, kind: OrderType) -> None:
    wire = open_at(connect, Phase.AFTER_MARKET)
    with pytest.raises(BrokerError, match=kind.value):
        wire.broker.amend(wire.order(type=kind), price=69000)
    assert wire.calls == []
    assert wire.broker.cancel(wire.order(type=kind)).id == "0001234568"
