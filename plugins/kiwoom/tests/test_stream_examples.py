"""Frames as Kiwoom itself shows them, where BROKERKIT_WIRE_EXAMPLES tells where they lie."""

from __future__ import annotations

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kiwoom.stream.feed import KiwoomFeed

from brokerkit.clock import KST
from brokerkit.errors import AuthError, KeyInUse
from brokerkit.stream.events import ConditionEvent, Notice, OrderChange, QuoteEvent, SessionEvent, TradeEvent
from brokerkit.stream.feed import Acknowledged, Answer, Ended, Refused, Registration, Rows
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import OrderType, Side, Venue

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
pytestmark = pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
NOW = dt.datetime(2026, 11, 27, 18, 0, tzinfo=KST)
TOPICS = {
    "00": Topic(StreamKind.ORDERS),
    "0B": Topic(StreamKind.TRADES, "005930", Venue.KRX),
    "0J": Topic(StreamKind.INDEX, "INDEX:KOSPI", Venue.KRX),
    "0s": Topic(StreamKind.SESSION, "", Venue.KRX),
}


def loaded(name: str) -> Any:
    return json.loads((Path(FOLDER or "") / "kiwoom" / "examples" / f"{name}.json").read_text(encoding="utf-8"))


def frames(name: str) -> list[str]:
    """Return the frames that come, in their order."""
    return [json.dumps(each["frame"], ensure_ascii=False) for each in loaded(name)["frames"]]


@pytest.fixture
def feed(wire: Any) -> KiwoomFeed:
    wire.logged_in().answer("ka00001", {"acctNo": "1111111111", "return_code": 0, "return_msg": ""})
    return KiwoomFeed(wire.client, environment="real")


def event_of(feed: KiwoomFeed, topic: Topic, frame: str) -> Any:
    (rows,) = feed.read(frame)
    assert isinstance(rows, Rows)
    assert rows.registration == feed.registration(topic)
    assert rows.unknown == 0
    (row,) = rows.rows
    return feed.channel(topic).read(row, topic.venue or Venue.KRX, NOW)


def at(clock: str) -> dt.datetime:
    return dt.datetime.combine(NOW.date(), dt.time.fromisoformat(clock), KST)


@pytest.mark.parametrize("id", TOPICS)
def test_a_registration_is_sent_as_it_is_shown(feed: KiwoomFeed, id: str) -> None:
    (frame,) = feed.register([feed.registration(TOPICS[id])])
    assert json.loads(frame.get_secret_value()) == loaded(id)["request"]["frame"]
    assert [*feed.read(frames(id)[0])] == [Acknowledged()]


def test_a_trade(feed: KiwoomFeed) -> None:
    expected = TradeEvent(
        "005930", Venue.KRX, at("165208"), NOW, Decimal(20800), Decimal(82), Side.BUY, Decimal(30379732)
    )
    assert event_of(feed, TOPICS["0B"], frames("0B")[1]) == expected


def test_a_quote(feed: KiwoomFeed) -> None:
    quote = event_of(feed, TOPICS["0B"]._replace(kind=StreamKind.QUOTES), frames("0B")[1])
    assert isinstance(quote, QuoteEvent)
    assert (quote.price, quote.change, quote.change_percent) == (Decimal(20800), Decimal(-50), Decimal("-0.24"))
    assert (quote.open, quote.high, quote.low) == (Decimal(20850), Decimal(21150), Decimal(20450))
    assert (quote.ask, quote.bid, quote.turnover) == (Decimal(20800), Decimal(20700), Decimal(632_640_000_000))


def test_an_index(feed: KiwoomFeed) -> None:
    index = event_of(feed, TOPICS["0J"], frames("0J")[1])
    assert isinstance(index, QuoteEvent)
    assert (index.symbol, index.price, index.change) == ("INDEX:KOSPI", Decimal("1762.61"), Decimal("-189.51"))
    assert (index.time, index.high) == (at("110430"), Decimal("1961.28"))
    # In shares and won an average price comes out that shares have; in any other units it does not.
    assert index.volume is not None
    assert index.turnover is not None
    assert 1_000 < index.turnover / index.volume < 1_000_000


def test_a_phase(feed: KiwoomFeed) -> None:
    expected = SessionEvent(None, Venue.KRX, at("170000"), NOW, None, "b")
    assert event_of(feed, TOPICS["0s"], frames("0s")[1]) == expected


def test_an_own_order(feed: KiwoomFeed) -> None:
    notice = event_of(feed, TOPICS["00"], frames("00")[1])
    assert notice._replace(identity="") == Notice(
        symbol="005930",
        venue=Venue.SOR,
        time=at("094022"),
        received_at=NOW,
        change=OrderChange.ACCEPTED,
        order_id="0000018",
        original_id=None,
        side=Side.BUY,
        quantity=Decimal(1),
        price=None,
        type=OrderType.MARKET,
        remaining_quantity=Decimal(1),
    )


def test_an_own_order_is_written_down_without_its_account(feed: KiwoomFeed) -> None:
    written = feed.recorded(frames("00")[1])
    assert written is not None
    assert "1111111111" not in written
    assert "0000018" in written


def test_the_list_of_conditions(feed: KiwoomFeed) -> None:
    (answer,) = feed.read(frames("ka10171")[0])
    assert isinstance(answer, Answer)
    assert answer.body["data"][4] == ["4", "조건5"]


def test_a_live_condition(feed: KiwoomFeed) -> None:
    topic = Topic(StreamKind.CONDITION, "4")
    listing, search = feed.register([Registration("02", "4")])
    assert json.loads(listing.get_secret_value()) == loaded("ka10171")["request"]["frame"]
    assert json.loads(search.get_secret_value()) == loaded("ka10173")["request"]["frame"]
    first, live = frames("ka10173")
    _, taken, rows = feed.read(first)
    assert taken == Acknowledged()
    assert isinstance(rows, Rows)
    read = feed.channel(topic).read
    initial = ConditionEvent("005930", Venue.KRX, None, NOW, "4", is_entering=True, is_initial=True)
    assert {read(row, Venue.KRX, NOW) for row in rows.rows} == {initial}
    assert event_of(feed, topic, live) == initial._replace(time=at("152028"), is_initial=False)


def test_the_end_of_a_live_condition(feed: KiwoomFeed) -> None:
    (frame,) = feed.release([Registration("02", "1")])
    assert json.loads(frame.get_secret_value()) == loaded("ka10174")["request"]["frame"]
    assert [*feed.read(frames("ka10174")[0])] == [Acknowledged()]


def test_the_refusals_that_were_seen(feed: KiwoomFeed) -> None:
    seen = {error["id"]: json.dumps(error["frame"]) for error in loaded("_errors")["errors"] if "frame" in error}
    (login,) = feed.read(seen["ws-login-token"])
    assert isinstance(login, Refused)
    assert isinstance(login.error, AuthError)
    assert login.heals
    (replaced,) = feed.read(seen["ws-session-replaced"])
    assert isinstance(replaced, Ended)
    assert isinstance(replaced.error, KeyInUse)
    assert not replaced.heals
