"""Streams of US shares at KIS from one end to the other: `broker.stream()`, the socket of the face and the exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kis.sandbox.stream import KisStream

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.registry import get_broker
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.exchange import Exchange
from brokerkit.stream.events import BookEvent, OrderChange, OrderEvent, QuoteEvent, TradeEvent
from brokerkit.stream.stream import Subscription
from brokerkit.testing.inside import hurry
from brokerkit.testing.told import Comparison
from brokerkit.words import OrderStatus, Side, Venue

SAMSUNG = "005930"
APPLE, BERKSHIRE, COCA_COLA, SPY = "US:AAPL", "US:BRK.B", "US:KO", "US:SPY"
SECONDS = 60.0
"""So long something is waited for that has to come."""


class Play:
    """A broker at a sandbox."""

    def __init__(self, sandbox: Sandbox, broker: Broker) -> None:
        self.sandbox = sandbox
        self.broker = broker
        self.account = sandbox.face("kis").credentials.account
        self.exchange: Exchange = sandbox.exchanges["US"]

    @property
    def socket(self) -> KisStream:
        stream = self.sandbox.face("kis").stream
        assert isinstance(stream, KisStream)
        return stream

    def take(self, symbol: str = APPLE, shares: int = 3) -> None:
        """Let somebody buy at the best price."""
        self.exchange.trade(symbol, Side.BUY, Decimal(shares))

    def truth(self, symbol: str, before: int) -> list[tuple[Any, ...]]:
        return [
            (each.price, each.quantity, each.volume, each.time.replace(microsecond=0))
            for each in self.exchange.trades(symbol)[before:]
        ]

    def told(self, followed: Subscription[Any], until: Callable[[list[OrderEvent]], bool]) -> list[OrderEvent]:
        """Return what is told of own orders until enough was told."""
        events: list[OrderEvent] = []
        while not until(events):
            event = followed.next(timeout=SECONDS)
            assert event is not None, events
            events += [event] if isinstance(event, OrderEvent) else []
        return events

    def is_true_of(self, events: list[OrderEvent], followed: Subscription[Any]) -> None:
        """Demand that own US orders were told as the exchange carried them out, and then nothing more."""
        rows = [row for row in self.exchange.orders(self.account) if row.request.venue is Venue.US]
        comparison = Comparison(rows, int, rounded=Decimal("0.0001"))
        for event in events:
            comparison.take(event)
        while comparison.ended() and not comparison.wrongs:
            event = followed.next(timeout=SECONDS)
            if event is None:
                break
            if isinstance(event, OrderEvent):
                comparison.take(event)
        for event in self.told_until_the_end(followed):
            comparison.take(event)
        assert not comparison.ended()

    def told_until_the_end(self, followed: Subscription[Any]) -> list[OrderEvent]:
        """Return what is told before an order of another symbol, which is sent now."""
        number = self.buys(1, Decimal(20), COCA_COLA)
        events = self.told(followed, lambda told: bool(told) and int(told[-1].order_id) == number)
        return events[:-1]

    def trade_own(self) -> None:
        """Let orders be filled at two prices and in parts, moved, cancelled and refused."""
        exchange = self.exchange
        asks, bid = exchange.order_book(SPY).asks, exchange.order_book(SPY).bids[0].price
        self.buys(int(asks[0].quantity) + 5, asks[1].price)
        waiting = self.buys(20, bid)
        before = exchange.order_book(SPY).bids[0].quantity - 20
        for shares in (before + 3, 4, 4):
            exchange.trade(SPY, Side.SELL, Decimal(shares))
        moved = exchange.amend(self.account, waiting, price=bid - 1)
        exchange.cancel(self.account, moved.number)
        exchange.reject_next(self.account)
        self.buys(4, bid - 2)

    def buys(self, quantity: int, price: Decimal, symbol: str = SPY) -> int:
        """Let the account buy by another way than the adapter's, and return the number."""
        request = OrderRequest(symbol=symbol, side=Side.BUY, quantity=Decimal(quantity), price=price, venue=Venue.US)
        return self.exchange.submit(self.account, request).number


Opened = Callable[..., Play]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Return a function that opens a sandbox and a broker at it."""
    with ExitStack() as stack:

        def opened(environment: str = "real", *, faults: Faults | None = None) -> Play:
            sandbox = stack.enter_context(Sandbox(environment=environment, faults=faults))
            broker = stack.enter_context(get_broker("kis", environment="sandbox", sandbox=sandbox))
            hurry(broker, monkeypatch)
            sandbox.face("kis").window.calls = 10**6
            return Play(sandbox, broker)

        yield opened


def test_prices_are_those_of_the_exchange(opened: Opened) -> None:
    play = opened()
    with play.broker.stream() as stream:
        followed: list[Subscription[Any]] = [
            stream.trades(BERKSHIRE),
            stream.order_book(BERKSHIRE),
            stream.quotes(BERKSHIRE),
        ]
        before = len(play.exchange.trades(BERKSHIRE))
        play.take(BERKSHIRE)
        trade, book, quote = (each.next(timeout=SECONDS) for each in followed)
    assert isinstance(trade, TradeEvent)
    assert (trade.symbol, trade.venue, trade.side) == (BERKSHIRE, Venue.US, None)
    assert [(trade.price, trade.quantity, trade.volume, trade.time)] == play.truth(BERKSHIRE, before)
    told, there = play.exchange.quote(BERKSHIRE), play.exchange.order_book(BERKSHIRE)
    assert isinstance(quote, QuoteEvent)
    assert (quote.price, quote.change, quote.open, quote.high, quote.low, quote.volume) == (
        *(told.price, told.change, told.open, told.high, told.low, told.volume),
    )
    assert (quote.bid, quote.ask) == (there.bids[0].price, there.asks[0].price)
    assert isinstance(book, BookEvent)
    assert book.asks == tuple((level.price, level.quantity) for level in there.asks)
    assert book.bids == tuple((level.price, level.quantity) for level in there.bids)


def test_a_symbol_that_is_not_listed_is_registered_nowhere(opened: Opened) -> None:
    play = opened()
    with play.broker.stream() as stream, pytest.raises(UnknownSymbol):
        stream.trades("US:NOPE")
    assert not play.socket.watched()


def test_registrations_of_both_markets_count_together(opened: Opened) -> None:
    play = opened()
    korean = [each for each in play.sandbox.exchange.instruments if each[0] in "0123"][:36]
    american = list(play.exchange.instruments)[:6]
    with play.broker.stream() as stream, pytest.raises(InvalidRequest, match="41 registrations"):
        stream.trades(*korean, *american)
    assert not play.socket.lines


def test_the_demo_environment_tells_no_prices(opened: Opened) -> None:
    play = opened("demo")
    with play.broker.stream() as stream:
        for follow in (stream.trades, stream.order_book, stream.quotes):
            with pytest.raises(Unsupported):
                follow(APPLE)
        assert isinstance(stream.trades(SAMSUNG), Subscription)


@pytest.mark.parametrize("environment", ["real", "demo"])
def test_own_orders_of_both_markets_are_told_once(opened: Opened, environment: str) -> None:
    play = opened(environment)
    with play.broker.stream() as stream:
        followed = stream.orders()
        limit = play.broker.quote(SAMSUNG).lower_limit
        assert limit is not None
        korean = play.broker.buy(SAMSUNG, 1, price=limit)
        play.broker.cancel(korean)
        order = play.broker.buy(APPLE, 3, price=Decimal("100.25"))
        moved = play.broker.amend(order, price=Decimal("101.5"))
        play.broker.cancel(moved)
        events = play.told(followed, lambda told: len(told) == 5)
        assert [(each.symbol, each.venue, each.change) for each in events] == [
            (SAMSUNG, Venue.KRX, OrderChange.ACCEPTED),
            (SAMSUNG, Venue.KRX, OrderChange.CANCELED),
            (APPLE, Venue.US, OrderChange.ACCEPTED),
            (APPLE, Venue.US, OrderChange.AMENDED),
            (APPLE, Venue.US, OrderChange.CANCELED),
        ]
        assert [each.price for each in events[2:4]] == [Decimal("100.25"), Decimal("101.5")]
        assert (events[2].order_id, events[3].original_id) == (order.id, order.id)
        assert events[2].intent is not None
        assert play.told_until_the_end(followed) == []


@pytest.mark.parametrize(
    "kind", ["stream_unknown_columns", "stream_split", "stream_duplicated", "stream_out_of_order", "stream_merged"]
)
def test_faults_strike_own_us_orders_and_each_is_told_once(opened: Opened, kind: str) -> None:
    faults = Faults([Rule(kind, every=2)])
    play = opened(faults=faults)
    with play.broker.stream() as stream:
        followed = stream.orders(market="US")
        play.trade_own()
        play.is_true_of([], followed)
    assert faults.log or kind in ("stream_split", "stream_merged")  # a notice has a frame of its own


def test_what_nobody_tells_of_an_order_of_the_daytime_market_is_not_told(opened: Opened) -> None:
    play = opened()
    play.exchange.phase = Phase.DAYTIME
    with play.broker.stream() as stream:
        followed = stream.orders(market="US")
        play.broker.buy(APPLE, 1, price=Decimal(100), venue=Venue.DAYTIME)
        play.exchange.phase = Phase.REGULAR
        assert play.told_until_the_end(followed) == []


def test_an_order_of_the_daytime_market_is_told_once_where_notices_tell_it(opened: Opened) -> None:
    play = opened()
    play.exchange.phase = Phase.DAYTIME
    play.socket.tells_daytime_orders = True
    price = play.exchange.order_book(APPLE).asks[0].price
    with play.broker.stream() as stream:
        followed = stream.orders()
        order = play.broker.buy(APPLE, 2, price=price, venue=Venue.DAYTIME)
        events = play.told(followed, lambda told: len(told) == 2)
        play.exchange.phase = Phase.REGULAR
        assert play.told_until_the_end(followed) == []
    assert [(each.change, each.order_id, each.last_quantity, each.price) for each in events] == [
        (OrderChange.ACCEPTED, order.id, None, price),
        (OrderChange.FILLED, order.id, 2, price),
    ]
    assert play.broker.refresh(order).status is OrderStatus.PENDING
