"""Every order type at Kiwoom, venue by venue and phase by phase: the code that goes out, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kiwoom.stocks import orders

from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED
from brokerkit.words import OrderType, TimeInForce, Venue
from tests.adapters.order_types import OrderTypeKit, Wanted, read, send

Connect = Callable[..., Any]
LIST = "kt00007"

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


class TestOrderTypes(OrderTypeKit):
    codes, places = CODES, list(CODES)
    code_field, venue_field = "trde_tp", "dmst_stex_tp"
    demo_buy = "kt10000"
    without_code = frozenset((TimeInForce.GOOD_TILL_PRE_MARKET,))

    def body(self, wanted: Wanted, venue: Venue, code: str) -> dict[str, str]:
        return {
            "dmst_stex_tp": venue.value,
            "stk_cd": "005930",
            "ord_qty": "10",
            "ord_uv": "70000" if wanted[0] in PRICED else "",
            "trde_tp": code,
            "cond_uv": "71000" if wanted[0] is OrderType.STOP_LIMIT else "",
        }


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


@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.BEST_OPPOSITE, OrderType.BEST_SAME_SIDE])
def test_order_that_dies_with_the_pre_market_has_no_known_code_and_does_not_become_one_of_the_day(
    connect: Connect, kind: OrderType
) -> None:
    wire = connect("sandbox", plays="real", phase=Phase.PRE_MARKET)
    with pytest.raises(Unsupported, match=f"{kind} GOOD_TILL_PRE_MARKET is not offered") as caught:
        send(wire, Venue.NXT, (kind, TimeInForce.GOOD_TILL_PRE_MARKET))
    assert f"{kind} DAY" in (caught.value.advice or "")
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


def test_market_order_has_no_price_to_amend(wire: Any) -> None:
    with pytest.raises(InvalidRequest, match="no price"):
        wire.broker.amend(wire.order(type=OrderType.MARKET, price=None), price=69000)
    assert wire.calls == []
