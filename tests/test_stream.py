"""The threaded face of streams: what is followed, who gets which event, and how it ends."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from brokerkit import AuthError, InvalidRequest, StreamError, UnknownSymbol, Unsupported, Venue
from brokerkit.catalogue import Api, Catalogue
from brokerkit.models import Condition
from brokerkit.raw.reply import RawRow
from brokerkit.stream.events import BookEvent, Dropped, Gap, QuoteEvent, RawEvent, TradeEvent
from brokerkit.stream.mailbox import MOST
from brokerkit.stream.stream import Stream
from brokerkit.stream.topics import StreamKind, Topic
from tests.streams import MORNING, FakeSources, PlainFeed, opened, prices, trade_topic


@pytest.fixture
def stream() -> Stream:
    return opened()[0]


def sources_of(stream: Stream) -> FakeSources:
    sources = stream._sources
    assert isinstance(sources, FakeSources)
    return sources


def ready(taken: Any) -> list[Any]:
    """Return what can be taken at once."""
    found = []
    while (event := taken.next(timeout=0)) is not None:
        found.append(event)
    return found


# What is followed


def test_a_subscription_names_its_topics_once_it_is_acknowledged(stream: Stream) -> None:
    subscription = stream.trades("005930", "000660", "005930")
    assert subscription.topics == (trade_topic(), trade_topic("000660"))
    assert sources_of(stream).calls == [("subscribe", trade_topic(), trade_topic("000660"))]


@pytest.mark.parametrize(
    ("follow", "topic"),
    [
        (lambda each: each.trades("005930", venue=Venue.NXT), Topic(StreamKind.TRADES, "005930", Venue.NXT)),
        (lambda each: each.order_book("005930", venue="SOR"), Topic(StreamKind.ORDER_BOOK, "005930", Venue.SOR)),
        (lambda each: each.quotes("005930"), Topic(StreamKind.QUOTES, "005930", Venue.KRX)),
        (lambda each: each.index("INDEX:KOSPI"), Topic(StreamKind.INDEX, "INDEX:KOSPI", Venue.KRX)),
        (lambda each: each.orders(), Topic(StreamKind.ORDERS)),
        (lambda each: each.session(), Topic(StreamKind.SESSION, "", Venue.KRX)),
        (lambda each: each.session(venue=Venue.NXT), Topic(StreamKind.SESSION, "", Venue.NXT)),
        (lambda each: each.session("005930"), Topic(StreamKind.SESSION, "005930", Venue.KRX)),
        (lambda each: each.condition("3"), Topic(StreamKind.CONDITION, "3")),
        (lambda each: each.condition(Condition(id="3", name="new highs")), Topic(StreamKind.CONDITION, "3")),
    ],
)
def test_every_kind_has_its_topic(stream: Stream, follow: Any, topic: Topic) -> None:
    assert follow(stream).topics == (topic,)
    assert sources_of(stream).calls == [("subscribe", topic)]


@pytest.mark.parametrize(
    ("follow", "words"),
    [
        (lambda each: each.trades(), "No symbol"),
        (lambda each: each.trades(["005930", "000660"]), "one by one"),
        (lambda each: each.trades("5930"), "not a symbol"),
        (lambda each: each.trades(5930), "'005930'"),
        (lambda each: each.trades("005930", venue="NYSE"), "no venue"),
        (lambda each: each.trades("INDEX:KOSPI"), r"index\(\)"),
        (lambda each: each.index("005930"), "is no index"),
        (lambda each: each.condition(""), "no condition"),
        (lambda each: each.next(timeout="soon"), "number of seconds"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_opened(stream: Stream, follow: Any, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        follow(stream)
    assert sources_of(stream).calls == []


@pytest.mark.parametrize("venue", [None, Venue.KRX])
def test_what_the_broker_has_not_is_told_before_anything_is_opened(stream: Stream, venue: Venue | None) -> None:
    with pytest.raises(Unsupported, match="of US"):
        stream.trades("US:AAPL", venue=venue)
    assert sources_of(stream).calls == []


def test_what_the_broker_refuses_is_raised_and_nothing_is_followed(stream: Stream) -> None:
    with pytest.raises(UnknownSymbol):
        stream.trades("005930", "999999")
    stream.trades("005930")
    sources_of(stream).trade(70_000)
    assert prices(ready(stream)) == [70_000]
    assert "1 topics" in repr(stream)


def test_a_topic_is_registered_once_and_released_with_the_last_subscription(stream: Stream) -> None:
    one, other = stream.trades("005930"), stream.trades("005930", "000660")
    one.close()
    one.close()
    other.close()
    assert sources_of(stream).calls == [
        ("subscribe", trade_topic()),
        ("subscribe", trade_topic("000660")),
        ("unsubscribe", trade_topic(), trade_topic("000660")),
    ]


def test_what_two_subscriptions_follow_comes_once(stream: Stream) -> None:
    one, _ = stream.trades("005930"), stream.trades("005930", "000660")
    sources_of(stream).trade(70_000)
    assert prices(ready(stream)) == [70_000]
    one.close()
    sources_of(stream).trade(70_100)
    assert prices(ready(stream)) == [70_100]


def test_two_kinds_of_topic_share_what_the_broker_sends(stream: Stream) -> None:
    stream.trades("005930")
    stream.quotes("005930")
    sources_of(stream).trade(70_000)
    assert [type(each) for each in ready(stream)] == [TradeEvent, QuoteEvent]


# Who gets which event


def test_events_come_in_the_order_in_which_they_were_received(stream: Stream) -> None:
    stream.trades("005930", "000660")
    stream.order_book("005930")
    sources = sources_of(stream)
    sources.trade(1)
    sources.book(2)
    sources.trade(3, "000660")
    sources.trade(4)
    assert prices(ready(stream)) == [1, 2, 3, 4]


def test_next_waits_for_what_comes(stream: Stream) -> None:
    stream.trades("005930")
    thread = sources_of(stream).soon(lambda: sources_of(stream).trade(70_000))
    event = stream.next()
    thread.join()
    assert isinstance(event, TradeEvent)
    assert (event.symbol, event.venue, event.price, event.quantity) == ("005930", Venue.KRX, 70_000, 1)


def test_an_event_goes_to_one_of_several_threads(stream: Stream) -> None:
    stream.trades("005930")
    found: list[list[Any]] = [[], [], []]
    threads = [threading.Thread(target=lambda at=at: found[at].extend(stream)) for at in range(3)]
    for thread in threads:
        thread.start()
    for price in range(1, 301):
        sources_of(stream).trade(price)
    waiting = stream._inbox.mailbox
    while waiting._order:
        pass
    stream.close()
    for thread in threads:
        thread.join()
    assert sorted(price for each in found for price in prices(each)) == [*range(1, 301)]
    assert all(prices(each) == sorted(prices(each)) for each in found)


def test_a_subscription_that_is_iterated_keeps_its_events_for_itself(stream: Stream) -> None:
    trades, _ = stream.trades("005930"), stream.order_book("005930")
    sources = sources_of(stream)
    sources.trade(1)
    sources.book(2)
    sources.cut()
    sources.trade(3)
    first = trades.next(timeout=0)
    assert first is not None
    sources.trade(4)
    sources.book(5)
    sources.cut()
    own, others = ready(trades), ready(stream)
    assert prices(each for each in (first, *own) if not isinstance(each, Gap)) == [1, 3, 4]
    assert prices(each for each in others if isinstance(each, BookEvent)) == [5]
    assert [each.topics for each in own if isinstance(each, Gap)] == [(trade_topic(),)] * 2
    book = Topic(StreamKind.ORDER_BOOK, "005930", Venue.KRX)
    assert [each.topics for each in others if isinstance(each, Gap)] == [(book,)] * 2


def test_what_another_subscription_follows_too_stays_in_the_stream(stream: Stream) -> None:
    one, _ = stream.trades("005930"), stream.trades("005930")
    sources_of(stream).trade(1)
    assert prices(ready(one)) == [1]
    sources_of(stream).trade(2)
    assert prices(ready(one)) == [2]
    assert prices(ready(stream)) == [1, 2]


def test_iterating_over_a_subscription_ends_when_it_is_closed(stream: Stream) -> None:
    trades = stream.trades("005930")
    thread = sources_of(stream).soon(lambda: sources_of(stream).trade(1), lambda: sources_of(stream).trade(2))
    found = []
    for event in trades:
        found.append(event)
        if len(found) == 2:
            trades.close()
    thread.join()
    assert prices(found) == [1, 2]
    with pytest.raises(StreamError, match="subscription is closed"):
        trades.next()


def test_what_waits_of_a_closed_subscription_is_forgotten(stream: Stream) -> None:
    stream.order_book("005930")
    with stream.trades("005930"):
        sources_of(stream).trade(1)
        sources_of(stream).book(2)
    assert prices(ready(stream)) == [2]


def test_a_cut_is_one_gap_of_all_topics_in_its_place(stream: Stream) -> None:
    stream.trades("005930", "000660")
    stream.order_book("005930")
    sources_of(stream).trade(1)
    sources_of(stream).cut()
    sources_of(stream).trade(2)
    before, gap, after = ready(stream)
    assert prices([before, after]) == [1, 2]
    assert isinstance(gap, Gap)
    assert [topic.kind for topic in gap.topics] == [StreamKind.TRADES, StreamKind.TRADES, StreamKind.ORDER_BOOK]


def test_a_program_that_stands_still_is_told_what_was_dropped(stream: Stream) -> None:
    stream.trades("005930")
    sources_of(stream).receive("T@KRX|" + "|".join(f"005930|{price}|1" for price in range(1, 10_101)))
    dropped, *rest = ready(stream)
    assert isinstance(dropped, Dropped)
    assert (dropped.topic, dropped.number) == (trade_topic(), 100)
    assert prices(rest) == [*range(101, 10_101)]


# How it ends


def test_closing_gives_back_all_that_was_followed(stream: Stream) -> None:
    stream.trades("005930")
    stream.order_book("005930")
    stream.close()
    stream.close()
    released = [topic for call, *topics in sources_of(stream).calls if call == "unsubscribe" for topic in topics]
    assert sorted(released) == sorted([trade_topic(), Topic(StreamKind.ORDER_BOOK, "005930", Venue.KRX)])
    assert sources_of(stream).calls[-1] == ("close",)
    assert sources_of(stream).calls.count(("close",)) == 1
    assert repr(stream) == "<Stream plain, closed>"


def test_closing_ends_iteration_in_every_thread(stream: Stream) -> None:
    trades = stream.trades("005930")
    ended: list[str] = []
    loops = [lambda: ended.extend(map(str, stream)), lambda: ended.extend(map(str, trades))]
    threads = [threading.Thread(target=each) for each in (*loops, *loops)]
    for thread in threads:
        thread.start()
    stream.close()
    for thread in threads:
        thread.join()
    assert ended == []


@pytest.mark.parametrize(
    "act",
    [
        lambda each: each.next(timeout=1),
        lambda each: each.trades("005930"),
        lambda each: each.record("never-written.jsonl"),
    ],
)
def test_a_closed_stream_says_so(stream: Stream, act: Any) -> None:
    with stream:
        pass
    with pytest.raises(StreamError, match="closed"):
        act(stream)
    assert [*stream] == []


def test_a_consumer_that_raises_closes_the_stream(stream: Stream) -> None:
    stream.trades("005930")
    sources_of(stream).trade(1)

    def consume() -> None:
        with stream:
            for _ in stream:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume()
    assert sources_of(stream).calls[-1] == ("close",)


def test_a_stream_that_is_closed_while_it_waits_for_the_broker_follows_nothing(stream: Stream) -> None:
    sources_of(stream).before = stream.close
    with pytest.raises(StreamError, match="closed"):
        stream.trades("005930")
    assert sources_of(stream).takers == {}


def test_what_cannot_heal_is_raised_in_every_loop_after_what_came_before(stream: Stream) -> None:
    trades = stream.trades("005930")
    stream.order_book("005930")
    sources_of(stream).trade(1)
    sources_of(stream).book(2)
    assert prices(ready(trades)) == [1]
    stream._inbox.failed(AuthError("The key is wrong."))
    assert prices([stream.next()]) == [2]
    for loop in (stream, trades):
        with pytest.raises(AuthError, match="key is wrong"):
            next(iter(loop))
    with pytest.raises(AuthError):
        stream.quotes("005930")
    stream.close()


class ByName(PlainFeed):
    """The feed with the fields of its rows by name."""

    def fields_of(self, api: Api, row: Any) -> Mapping[str, str]:
        return {"NAV": row[1]}


def test_raw_topics_need_a_catalogue_and_a_feed_that_reads_by_it() -> None:
    for kind, catalogue in ((PlainFeed, None), (PlainFeed, "brokerkit_kis"), (ByName, None)):
        stream, sources = opened()
        sources.feed = kind(sources.feed.client, environment="real")
        sources.feed.catalogue = catalogue
        with pytest.raises(Unsupported, match="no catalogue"):
            stream.raw("H0STNAV0", "069500")
        assert sources.calls == []


def test_a_row_that_is_one_of_the_answer_with_which_a_channel_begins_has_nothing_unknown() -> None:
    api = Catalogue.at("brokerkit_kiwoom").api("ka10173")
    assert RawRow(api, api.columns, {"jmcode": "A005930"}).unknown == ()
    assert RawRow(api, api.columns, {"jmcode": "A005930", "z": "1"}).unknown == ("z",)


def test_raw_events_wait_to_a_number_and_what_is_dropped_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST, StreamKind.RAW, 3)
    stream, sources = opened()
    sources.feed = ByName(SimpleNamespace(broker="plain", clean=str), environment="real")
    sources.feed.catalogue = "brokerkit_kis"
    navs = stream.raw("etfetn/etf_nav_trend", "069500")
    assert navs.topics == (Topic(StreamKind.RAW, "069500", None, "H0STNAV0"),)
    assert str(navs.topics[0]) == "RAW 069500 H0STNAV0"
    for nav in range(5):
        sources.receive(f"H0STNAV0|069500|{nav}|")
    assert isinstance(dropped := navs.next(0), Dropped)
    assert (dropped.number, dropped.topic) == (2, navs.topics[0])
    events = [navs.next(0) for _ in range(3)]
    assert [event.decimal("NAV") for event in events if isinstance(event, RawEvent)] == [2, 3, 4]
    assert [event.received_at for event in events if isinstance(event, RawEvent)] == [MORNING] * 3
    assert navs.next(0) is None


def test_streams_and_subscriptions_refuse_to_be_pickled(stream: Stream) -> None:
    for each in (stream, stream.trades("005930")):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(each)


def test_a_child_of_the_process_gets_an_error_and_leaves_the_connection_alone(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    trades = stream.trades("005930")
    own = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: own + 1)
    for act in (stream.next, trades.next, lambda: next(iter(stream)), lambda: next(iter(trades)), stream.orders):
        with pytest.raises(StreamError, match="another process"):
            act()
    trades.close()
    stream.close()
    assert sources_of(stream).calls == [("subscribe", trade_topic())]
    monkeypatch.undo()
    assert not stream._inbox.is_closed
