"""The feed over a real socket to the sandbox: what the exchange does comes as events, and questions are answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import get_broker
from brokerkit.broker import Broker
from brokerkit.errors import AuthError, BrokerError, KeyInUse
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.ranks import SCREENS, screened
from brokerkit.stream.connection import Connection, connect
from brokerkit.stream.events import (
    BookEvent,
    ConditionEvent,
    Gap,
    Notice,
    OrderChange,
    QuoteEvent,
    SessionEvent,
    TradeEvent,
)
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Side, Venue

SAMSUNG = "005930"
HYNIX = "000660"
UNTRADED = "무거래"
ORDERS = Topic(StreamKind.ORDERS)
TRADES = Topic(StreamKind.TRADES, SAMSUNG, Venue.KRX)


class Notebook:
    """A taker that writes down what it is told, and can be waited for."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self._changed = threading.Condition()

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        self._add(events)

    def missed(self, gap: Gap) -> None:
        self._add([gap])

    def failed(self, error: BrokerError) -> None:
        self._add([error])

    def _add(self, told: Iterable[Any]) -> None:
        with self._changed:
            self.told.extend(told)
            self._changed.notify_all()

    def of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.told if isinstance(each, kind)]

    def wait(self, kind: type[Any], is_it: Callable[[Any], bool] = lambda each: True) -> Any:
        """Wait for something of a kind, and return it."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(is_it, self.of(kind))), timeout=60), self.told
        return next(filter(is_it, self.of(kind)))


class Played:
    """A broker in its sandbox, and a connection of its key."""

    def __init__(self, sandbox: Sandbox, broker: Broker) -> None:
        self.sandbox, self.broker, self.exchange = sandbox, broker, sandbox.exchange
        self.face = sandbox.face("kiwoom")
        self.notebook = Notebook()
        feed = broker.adapter.feed
        assert feed is not None
        self.feed = feed
        self.connection: Connection = connect(feed, phase_of=lambda venue: Phase.REGULAR)

    def follow(self, *topics: Topic) -> Notebook:
        self.connection.subscribe(topics, self.notebook, self.feed)
        return self.notebook


@pytest.fixture
def played() -> Iterator[Played]:
    with Sandbox() as sandbox, get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        played = Played(sandbox, broker)
        yield played
        played.connection.close()


def test_a_trade_comes_as_a_trade_and_as_a_quote(played: Played) -> None:
    told = played.follow(TRADES, TRADES._replace(kind=StreamKind.QUOTES))
    played.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
    trade, quote = told.wait(TradeEvent), told.wait(QuoteEvent)
    truth, price = played.exchange.trades(SAMSUNG)[-1], played.exchange.quote(SAMSUNG)
    assert (trade.price, trade.quantity, trade.side) == (truth.price, Decimal(3), Side.BUY)
    assert (trade.time, trade.volume) == (truth.time.replace(microsecond=0), price.volume)
    assert (quote.price, quote.open, quote.high, quote.low) == (price.price, price.open, price.high, price.low)
    assert (quote.change, quote.volume) == (price.change, price.volume)


@pytest.mark.parametrize("venue", [Venue.NXT, Venue.SOR])
def test_other_venues_are_followed_by_their_own_codes(played: Played, venue: Venue) -> None:
    told = played.follow(TRADES._replace(venue=venue))
    played.exchange.trade(SAMSUNG, Side.SELL, Decimal(2))
    trade = told.wait(TradeEvent)
    assert (trade.symbol, trade.side) == (SAMSUNG, Side.SELL)
    assert trade.venue in (Venue.KRX, Venue.NXT)


def test_a_book_is_the_book_of_the_exchange(played: Played) -> None:
    told = played.follow(TRADES._replace(kind=StreamKind.ORDER_BOOK))
    played.exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
    book, truth = told.wait(BookEvent), played.exchange.order_book(SAMSUNG)
    assert [*book.asks] == [(level.price, level.quantity) for level in truth.asks]
    assert [*book.bids] == [(level.price, level.quantity) for level in truth.bids]


def test_an_index_comes_again_and_again(played: Played) -> None:
    played.face.stream.tick_seconds = 0.05  # type: ignore[union-attr]
    told = played.follow(Topic(StreamKind.INDEX, "INDEX:KOSPI"))
    for _ in range(3):
        played.exchange.trade(SAMSUNG, Side.BUY, Decimal(5))
    index = told.wait(QuoteEvent)
    assert index.symbol == "INDEX:KOSPI"
    assert index.price > 0


def test_a_phase_is_told(played: Played) -> None:
    told = played.follow(Topic(StreamKind.SESSION, "", Venue.KRX))
    played.exchange.phase = Phase.CLOSED
    assert told.wait(SessionEvent, lambda event: event.phase is Phase.CLOSED).venue is Venue.KRX


def test_own_orders_come_and_those_of_others_do_not(played: Played) -> None:
    told = played.follow(ORDERS)
    ask = played.broker.order_book(SAMSUNG).asks[0].price
    order = played.broker.buy(SAMSUNG, 2, price=ask)
    filled = told.wait(Notice, lambda notice: notice.change is OrderChange.FILLED)
    assert [notice.change for notice in told.of(Notice)] == [OrderChange.ACCEPTED, OrderChange.FILLED]
    assert filled.order_id == order.id
    assert (filled.last_quantity, filled.last_price, filled.filled_quantity) == (Decimal(2), ask, Decimal(2))
    waiting = played.broker.buy(SAMSUNG, 3, price=played.broker.order_book(SAMSUNG).bids[3].price)
    canceled = played.broker.cancel(waiting)
    done = told.wait(Notice, lambda notice: notice.change is OrderChange.CANCELED)
    assert done.original_id == waiting.id
    assert canceled.handle
    assert told.of(Gap) == []


def test_a_live_condition_begins_with_its_list_and_goes_on(played: Played) -> None:
    for symbol in (HYNIX, SAMSUNG):
        played.exchange.unopen(symbol)
    saved = played.connection.ask(json.dumps({"trnm": "CNSRLST"}), "CNSRLST")["data"]
    assert [name for _, name in saved] == [*SCREENS]
    number = next(number.strip() for number, name in saved if name == UNTRADED)
    symbols = {instrument.symbol for instrument, _ in screened(played.exchange, UNTRADED)}
    told = played.follow(Topic(StreamKind.CONDITION, number))
    told.wait(ConditionEvent)
    assert {(event.symbol, event.is_entering, event.is_initial) for event in told.of(ConditionEvent)} == {
        (symbol, True, True) for symbol in symbols
    }
    played.exchange.trade(HYNIX, Side.BUY, Decimal(1))
    left = told.wait(ConditionEvent, lambda event: not event.is_entering)
    assert (left.symbol, left.condition, left.is_initial) == (HYNIX, number, False)


def test_questions_go_over_the_line_that_is_open_and_else_leave_none(played: Played) -> None:
    lines = played.face.stream.lines  # type: ignore[union-attr]
    played.connection.close()
    everything = played.broker.conditions()[2]
    with played.broker.stream() as stream, stream.trades(SAMSUNG) as trades:
        assert len(played.broker.screen(everything)) == len(screened(played.exchange, everything.name))
        assert len(lines) == 1
        played.exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
        assert isinstance(trades.next(timeout=60), TradeEvent)
    assert played.broker.screen(everything.name)[0].symbol == SAMSUNG
    assert "brokerkit stream kiwoom" not in {thread.name for thread in threading.enumerate()}


def test_a_token_that_ended_is_had_anew_before_anybody_sees_it(played: Played) -> None:
    played.broker.quote(SAMSUNG)
    played.face.expire_tokens()
    told = played.follow(TRADES)
    played.exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
    told.wait(TradeEvent)
    assert told.of(Gap) == []


def test_a_key_that_is_wrong_is_told_at_once() -> None:
    with Sandbox() as sandbox, get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        played = Played(sandbox, broker)
        desk = played.face.desk  # type: ignore[attr-defined]
        desk.credentials = replace(desk.credentials, app_key="x" * 43)
        with pytest.raises(AuthError):
            played.follow(TRADES)
        played.connection.close()


def test_a_line_that_is_cut_comes_back_with_a_gap(played: Played) -> None:
    told = played.follow(TRADES)
    for line in [*played.face.stream.lines]:  # type: ignore[union-attr]
        line.close()
    told.wait(Gap, lambda gap: gap.until is not None)
    played.exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
    told.wait(TradeEvent)


def test_another_login_with_the_key_ends_the_stream_for_good(played: Played) -> None:
    from websockets.sync.client import connect as bare

    told = played.follow(TRADES)
    with bare(played.feed.address()) as other:
        (login,) = played.feed.open()
        other.send(login.get_secret_value())
        told.wait(KeyInUse)
