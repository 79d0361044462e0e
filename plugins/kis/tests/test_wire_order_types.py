"""Every order type at KIS, venue by venue and phase by phase: the code that goes out, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kis.stocks import orders

from brokerkit.errors import BrokerError, Unsupported
from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED
from brokerkit.words import OrderType, TimeInForce, Venue
from tests.adapters.order_types import OrderTypeKit, Wanted, open_at, read

Connect = Callable[..., Any]
CHANGE, LIST = "TTTC0013U", "TTTC0081R"

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


class TestOrderTypes(OrderTypeKit):
    codes, places = CODES, list(CODES)
    code_field, venue_field = "ORD_DVSN", "EXCG_ID_DVSN_CD"
    closed = frozenset(("41", "42", "43", "44", "45", "46", "47"))
    demo_buy = "VTTC0012U"

    def body(self, wanted: Wanted, venue: Venue, code: str) -> dict[str, str]:
        expected = {
            "CANO": "50012345",
            "ACNT_PRDT_CD": "01",
            "PDNO": "005930",
            "ORD_DVSN": code,
            "ORD_QTY": "10",
            "ORD_UNPR": "70000" if wanted[0] in PRICED else "0",
            "EXCG_ID_DVSN_CD": venue.value,
        }
        return expected | ({"CNDT_PRIC": "71000"} if wanted[0] is OrderType.STOP_LIMIT else {})


@pytest.mark.parametrize("unknown", [{"time_in_force": None}, {"type": None, "time_in_force": None}])
def test_order_of_an_unknown_time_in_force_can_be_cancelled_but_not_amended(wire: Any, unknown: Any) -> None:
    with pytest.raises(Unsupported, match="type"):
        wire.broker.amend(wire.order(**unknown), price=69000)
    assert wire.calls == []
    wire.broker.cancel(wire.order(**unknown))
    assert [call.body["RVSE_CNCL_DVSN_CD"] for call in wire.calls] == ["02"]


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
@pytest.mark.parametrize("venue", KOREA.venues)
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


@pytest.mark.parametrize(
    "kind", [OrderType.MARKET, OrderType.MIDPOINT, OrderType.LIMIT_TO_MARKET_ON_CLOSE, OrderType.STOP_LIMIT]
)
def test_amendment_of_a_type_that_the_after_market_has_not_got_is_not_sent(connect: Connect, kind: OrderType) -> None:
    wire = open_at(connect, Phase.AFTER_MARKET)
    with pytest.raises(BrokerError, match=kind.value):
        wire.broker.amend(wire.order(type=kind), price=69000)
    assert wire.calls == []
    assert wire.broker.cancel(wire.order(type=kind)).id == "0001234568"
