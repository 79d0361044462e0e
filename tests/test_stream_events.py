"""Events as one reads them at a prompt; as tuples they are what they were."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, cast

import pytest

from brokerkit import Phase, Side, Venue, languages
from brokerkit.clock import KST
from brokerkit.stream.events import (
    BookEvent,
    ConditionEvent,
    Dropped,
    Event,
    Gap,
    GapReason,
    OrderChange,
    OrderEvent,
    QuoteEvent,
    SessionEvent,
    Source,
    Stopped,
    TradeEvent,
)
from brokerkit.stream.topics import StreamKind, Topic, orders_in
from brokerkit.testing.streams import told_once
from brokerkit.words import OrderStatus

TOLD = dt.datetime(2026, 11, 20, 10, 0, 1, tzinfo=KST)
RECEIVED = TOLD + dt.timedelta(seconds=1)
TRADES = Topic(StreamKind.TRADES, "005930", Venue.KRX)
PRICE, TEN = Decimal(70000), Decimal(10)
TRADE = TradeEvent("005930", Venue.KRX, TOLD, RECEIVED, PRICE, TEN, Side.BUY)
ORDER = OrderEvent(
    *("005930", Venue.KRX, TOLD, RECEIVED, OrderChange.FILLED, "45261", None, Side.BUY, OrderStatus.PARTIALLY_FILLED),
    *(TEN, PRICE, Decimal(4), Decimal(6), Decimal(4), Decimal(69900)),
)
LINES: dict[str, Event] = {
    "10:00:01 005930 KRX 70,000 x 10 BUY": TRADE,
    "10:00:02 005930 NXT 70,000.5 x 1,000": TradeEvent(
        "005930", Venue.NXT, None, RECEIVED, Decimal("70000.5"), Decimal(1000)
    ),
    "10:00:01 005930 KRX bid -, ask 70,000 x 10 expected 70,000": BookEvent(
        "005930", Venue.KRX, TOLD, RECEIVED, ((PRICE, TEN),), (), expected_price=PRICE
    ),
    "10:00:01 005930 KRX 70,000 -100 -0.14 % volume 10": QuoteEvent(
        "005930", Venue.KRX, TOLD, RECEIVED, PRICE, Decimal(-100), Decimal("-0.14"), volume=TEN
    ),
    "10:00:01 INDEX:KOSPI KRX 5,200.10": QuoteEvent("INDEX:KOSPI", Venue.KRX, TOLD, RECEIVED, Decimal("5200.10")),
    "10:00:01 KRX REGULAR (code 112)": SessionEvent(None, Venue.KRX, TOLD, RECEIVED, Phase.REGULAR, "112"),
    "10:00:01 005930 KRX halted no volatility interruption (code Y)": SessionEvent(
        "005930", Venue.KRX, TOLD, RECEIVED, None, "Y", is_halted=True, is_interrupted=False
    ),
    "10:00:02 005930 KRX enters condition 7": ConditionEvent("005930", Venue.KRX, None, RECEIVED, "7", True),
    "10:00:02 005930 KRX leaves condition 7": ConditionEvent("005930", Venue.KRX, None, RECEIVED, "7", False),
    "10:00:01 005930 KRX FILLED order 45261 BUY 10 at 70,000 filled 4 at 69,900 left 6": ORDER,
    "10:00:01 005930 KRX REJECTED order 45262 of 45261 BUY 10 at the market 잔고 부족 (from the list)": ORDER._replace(
        change=OrderChange.REJECTED,
        **dict.fromkeys(("price", "remaining_quantity", "last_quantity", "last_price")),
        order_id="45262",
        original_id="45261",
        reason="잔고\n\x1b[31m부족",
        source=Source.LIST,
    ),
    "10:00:02 gap from 10:00:01 to 10:00:02: DISCONNECTED (a cut); ORDERS, TRADES 005930 KRX": Gap(
        (Topic(StreamKind.ORDERS), TRADES), TOLD, RECEIVED, GapReason.DISCONNECTED, RECEIVED, "a cut"
    ),
    "10:00:02 gap from 10:00:01 to now, and it goes on: SILENT; "
    "TRADES 005930 KRX, TRADES 005930 KRX, TRADES 005930 KRX and 2 more": Gap(
        (TRADES,) * 5, TOLD, None, GapReason.SILENT, RECEIVED
    ),
    "10:00:02 dropped 12,000: TRADES 005930 KRX": Dropped(TRADES, 12000, RECEIVED),
    "10:00:02 stopped: prices look wrong": Stopped(True, "prices look wrong", RECEIVED),
    "10:00:02 orders go out again": Stopped(False, "", RECEIVED),
}
KOREAN = (
    "10:00:01 005930 KRX 70,000 x 10 매수",
    "10:00:02 005930 NXT 70,000.5 x 1,000",
    "10:00:01 005930 KRX 매수호가 -, 매도호가 70,000 x 10 예상 체결가 70,000",
    "10:00:01 005930 KRX 70,000 -100 -0.14 % 누적 거래량 10",
    "10:00:01 INDEX:KOSPI KRX 5,200.10",
    "10:00:01 KRX 정규장 (코드 112)",
    "10:00:01 005930 KRX 거래정지 VI 발동 아님 (코드 Y)",
    "10:00:02 005930 KRX 조건 7 편입",
    "10:00:02 005930 KRX 조건 7 이탈",
    "10:00:01 005930 KRX 체결 주문 45261 매수 수량 10, 가격 70,000 체결 4, 체결가 69,900 미체결 6",
    "10:00:01 005930 KRX 거부 주문 45262(원주문 45261) 매수 수량 10, 시장가 잔고 부족 (목록에서)",
    "10:00:02 10:00:01부터 10:00:02까지 놓친 것이 있을 수 있음: 연결 끊김 (a cut); ORDERS, TRADES 005930 KRX",
    (
        "10:00:02 10:00:01부터 지금까지 놓친 것이 있을 수 있고 아직 이어짐: 수신 없음; "
        "TRADES 005930 KRX, TRADES 005930 KRX, TRADES 005930 KRX 외 2가지"
    ),
    "10:00:02 12,000개 버림: TRADES 005930 KRX",
    "10:00:02 주문 중지: prices look wrong",
    "10:00:02 주문이 다시 나감",
)
"""The same lines, in the same order."""


@pytest.mark.parametrize("line", LINES)
def test_an_event_is_shown_as_a_line(line: str) -> None:
    assert str(LINES[line]) == line


def test_a_line_is_told_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_chosen", languages.KOREAN)
    assert [str(event) for event in LINES.values()] == [*KOREAN]
    assert [event.told(languages.ENGLISH) for event in LINES.values()] == [*LINES]


def test_the_kit_tells_of_an_event_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    class Followed:
        def next(self, timeout: float) -> Event:
            return ORDER

    monkeypatch.setattr(languages, "_chosen", languages.KOREAN)
    with pytest.raises(AssertionError, match="this does: 10:00:01 005930 KRX FILLED order 45261 BUY 10 at 70,000"):
        told_once(cast("Any", Followed()), TradeEvent)


def test_what_an_event_is_has_not_changed() -> None:
    assert repr(TRADE).startswith("TradeEvent(symbol='005930', venue=<Venue.KRX: 'KRX'>, time=datetime.datetime(2026,")
    assert TRADE == ("005930", Venue.KRX, TOLD, RECEIVED, PRICE, TEN, Side.BUY, None)
    assert f"{TRADE}" == str(TRADE)


@pytest.mark.parametrize(
    ("topic", "venue"),
    [
        (Topic(StreamKind.ORDERS), Venue.KRX),
        (orders_in("US"), Venue.US),
        (Topic(StreamKind.TRADES, "US:AAPL", Venue.DAYTIME), Venue.DAYTIME),
        (Topic(StreamKind.INDEX, "INDEX:KOSPI"), Venue.KRX),
        (Topic(StreamKind.CONDITION, "1"), Venue.KRX),
    ],
)
def test_a_topic_without_a_venue_goes_by_that_of_its_market(topic: Topic, venue: Venue) -> None:
    assert topic.place is venue
