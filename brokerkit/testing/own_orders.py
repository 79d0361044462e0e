"""The contract of own orders by stream: each change and each share once and in order, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import AuthError, ConfigError
from brokerkit.languages import ENGLISH
from brokerkit.models import Order, OrderRequest
from brokerkit.registry import get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.face import Face
from brokerkit.stream.events import Gap, GapReason, OrderEvent, Source
from brokerkit.stream.stream import Subscription
from brokerkit.stream.topics import StreamKind
from brokerkit.testing.base import Contract, raising
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import at_home
from brokerkit.testing.streams import SECONDS, socket_of
from brokerkit.testing.told import Comparison, wrongs_of
from brokerkit.words import Side

QUIET_SECONDS = 20.0
"""After which nothing more is told of what was traded: lists have been read by then."""


class OwnOrderContract(Contract):
    """A stream tells what becomes of the account's own orders, whoever sends them."""

    level = 2

    @pytest.fixture
    def followed(self, trader: Broker, face: Face) -> Iterator[Subscription[Any]]:
        with trader.stream() as stream:
            yield stream.orders()

    def told_until_the_end(self, followed: Subscription[Any], sandbox: Sandbox) -> list[OrderEvent]:
        """Return what is told until an order of another symbol, which is sent now."""
        other = self.ground.another
        last = self.play(sandbox, other, Side.BUY, 1, sandbox.exchange.order_book(other).bids[-1].price)
        number = sandbox.face(self.broker).order_number
        told: list[OrderEvent] = []
        while not told or number(told[-1].order_id) != last.number:
            event = followed.next(timeout=SECONDS)
            assert event is not None, f"Of order {last.number} nothing is told within {SECONDS:.0f} s."
            told += [event] if isinstance(event, OrderEvent) else []
        return told

    def ends_in_the_truth(
        self, told: list[OrderEvent], followed: Subscription[Any], trader: Broker, sandbox: Sandbox
    ) -> None:
        """Demand that events become what the exchange did, and that nothing is told beyond that.

        What a notice does not prove waits for a list, and other orders are told meanwhile.
        """
        rounded = (self.rounds(trader, Order) or {}).get("average_fill_price", Decimal(0))
        number_of = sandbox.face(self.broker).order_number
        comparison = Comparison(self.rows(sandbox), number_of, rounded=rounded)
        for before in told:
            comparison.take(before)
        while comparison.ended() and not comparison.wrongs:
            event = followed.next(timeout=QUIET_SECONDS)
            if event is None:
                break
            is_unread = isinstance(event, Gap) and event.reason is GapReason.UNREADABLE
            assert not is_unread, f"A notice of an own order cannot be read: {event.told(ENGLISH)}."
            if isinstance(event, OrderEvent):
                told.append(event)
                comparison.take(event)
        if not (lines := comparison.ended()):
            told += self.told_until_the_end(followed, sandbox)
            lines = wrongs_of(told, self.rows(sandbox), number_of, rounded=rounded)
        assert not lines, f"Own orders are told otherwise than they went: {'; '.join(lines)}."

    def trade_own(self, exchange: Exchange, account: str) -> None:
        """Let orders of the account be filled in parts and at several prices, moved, cancelled and refused."""
        book, step, takes_part = exchange.order_book(self.stock), self.step, self.declaration().takes_part
        bid, asks = book.bids[0].price, book.asks
        self.buys(exchange, account, int(asks[0].quantity) + 5, asks[1].price)  # filled at two prices
        waiting = self.buys(exchange, account, 20, bid)
        before = exchange.order_book(self.stock).bids[0].quantity - 20
        for shares in (before + 3, 4, 4):  # two of them are alike, in one second
            exchange.trade(self.stock, Side.SELL, Decimal(shares))
        moved = exchange.amend(account, waiting, price=bid - 10 * step)
        if takes_part("cancel"):
            exchange.cancel(account, moved.number, Decimal(2))
        exchange.cancel(account, moved.number)
        far = self.buys(exchange, account, 5, bid - 20 * step)
        fewer = Decimal(2) if takes_part("amend") else None
        part = exchange.amend(account, far, quantity=fewer, price=bid - 25 * step)
        exchange.cancel(account, part.number)
        exchange.reject_next(account)
        self.buys(exchange, account, 4, bid - 20 * step)

    def buys(self, exchange: Exchange, account: str, quantity: int, price: Decimal) -> int:
        """Let the account buy by another way than the adapter's, and return the number."""
        request = OrderRequest(symbol=self.stock, side=Side.BUY, quantity=quantity, price=price, venue=self.venue)
        return exchange.submit(account, request).number

    @needs(streams=[StreamKind.ORDERS])
    def test_own_orders_are_told_as_they_go(
        self, trader: Broker, sandbox: Sandbox, face: Face, followed: Subscription[Any]
    ) -> None:
        self.trade_own(sandbox.exchange, face.credentials.account)
        self.ends_in_the_truth([], followed, trader, sandbox)

    @needs(streams=[StreamKind.ORDERS])
    def test_orders_of_other_accounts_are_not_told(
        self, trader: Broker, sandbox: Sandbox, face: Face, followed: Subscription[Any]
    ) -> None:
        mine, exchange = face.credentials.account, sandbox.exchange
        other = f"{mine[:-2]}{(int(mine[-2:]) + 1) % 100:02}"
        exchange.open_account(other, cash=Decimal(100_000_000))
        socket_of(face).accounts.add(other)
        price = self.below(sandbox, 5)
        request = OrderRequest(symbol=self.stock, side=Side.BUY, quantity=3, price=price, venue=self.venue)
        exchange.submit(other, request)
        told = self.told_until_the_end(followed, sandbox)
        foreign = [f"{each.symbol} {each.change}" for each in told if each.symbol == self.stock]
        assert not foreign, f"Account {other} is another one, and of its orders this is told: {', '.join(foreign)}."

    @needs(streams=[StreamKind.ORDERS])
    def test_what_became_of_orders_while_the_line_was_down_is_told_once(
        self, trader: Broker, sandbox: Sandbox, face: Face, followed: Subscription[Any]
    ) -> None:
        account, exchange, socket = face.credentials.account, sandbox.exchange, socket_of(face)
        before = self.play(sandbox, self.stock, Side.BUY, 9, self.below(sandbox, 5))
        first = followed.next(timeout=SECONDS)
        assert isinstance(first, OrderEvent), f"An order was accepted, and this is told: {first}."
        with exchange.still():  # nobody gets in before all of it has happened
            for line in [*socket.lines]:
                line.cut()
            exchange.cancel(account, before.number, Decimal(2) if self.declaration().takes_part("cancel") else None)
            self.trade_own(exchange, account)
        told, gap = [first], None
        while told[-1].source is not Source.LIST:
            event = followed.next(timeout=SECONDS)
            assert event is not None, "The line was cut while orders were traded, and nothing is told of it."
            gap = event if isinstance(event, Gap) else gap
            told += [event] if isinstance(event, OrderEvent) else []
        assert gap is not None, "The line was cut, and no Gap says so before what was missed."
        self.ends_in_the_truth(told, followed, trader, sandbox)

    @needs(streams=[StreamKind.ORDERS])
    def test_a_login_name_that_is_wrong_or_missing_is_told(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        self.skip_unless("hts_id" in type(trader.adapter).Settings.model_fields, "notices for a login name")
        keys = sandbox.connect(self.broker)
        for name, kind in (("somebody", AuthError), (None, ConfigError)):
            with (
                get_broker(
                    self.broker,
                    environment="sandbox",
                    base_url=keys.base_url,
                    app_key=keys.app_key,
                    app_secret=keys.app_secret,
                    account=keys.account,
                    plays=self.environment,
                    options={"hts_id": name} if name else None,
                ) as other,
                at_home(other, self.market).stream() as stream,
                raising(kind, f"Own orders of the login name {name} are to be told, and it is another one"),
            ):
                stream.orders()
        assert not [line for line in socket_of(face).lines if not line.is_closed], "The line stays open."
