"""The contract of order types: by exact code where the venue takes them, Unsupported before sending elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import Unsupported
from brokerkit.market.markets import Market, market_named
from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED, STOPS, Level, Order
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, agree, not_told, tells
from brokerkit.testing.declared import Declared, needs
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

_PLACES = ("venue", "kind", "time")
"""What a check is given of a type: of the regular session, and after the phase of another one."""


def offered(market: Market, phase: Phase) -> list[tuple[Venue, OrderType, TimeInForce]]:
    """Return the types and times in force that venues of a market take in a phase."""
    return [(venue, *terms) for venue in market.venues for terms in sorted(market.calendar.offers(venue, phase))]


class OrderTypeContract(Contract):
    """Every type and time in force of the venue, and nothing else."""

    level = 3

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Let checks of types be about those of the market."""
        names = tuple(metafunc.fixturenames)
        if not set(_PLACES) <= set(names):
            return
        market = market_named(cls.market)
        if "phase" not in names:
            metafunc.parametrize(_PLACES, offered(market, Phase.REGULAR))
            return
        others = [phase for phase in Phase if phase is not Phase.REGULAR]
        metafunc.parametrize(
            ("phase", *_PLACES), [(phase, *terms) for phase in others for terms in offered(market, phase)]
        )

    def skip_unless_offered(self, declared: Declared, venue: Venue, kind: OrderType, time: TimeInForce) -> None:
        """Skip a check of a type that is not declared, or of a venue to which no orders go."""
        self.skip_unless(venue in declared.order_venues, f"orders at {venue}")
        self.skip_unless(declared.takes((kind, time)), f"{kind} {time}")

    def send(
        self, trader: Broker, sandbox: Sandbox, kind: OrderType, time: TimeInForce, venue: Venue, quantity: int = 3
    ) -> Order:
        """Send an order that rests, as far as its type does."""
        price = self.below(sandbox, 5) if kind in PRICED else None
        stop = sandbox.exchange.order_book(self.stock).asks[2].price if kind in STOPS else None
        return trader.buy(
            self.stock, quantity, price=price, type=kind, time_in_force=time, venue=venue, stop_price=stop
        )

    def sell(self, trader: Broker, sandbox: Sandbox, kind: OrderType, time: TimeInForce, venue: Venue) -> Order:
        """Send a sale of shares that are held, which rests as far as its type does."""
        account = sandbox.face(self.broker).credentials.account
        sandbox.exchange.give_holding(account, self.stock, Decimal(10), self.ground.amount(600_000))
        asks, bids = sandbox.exchange.order_book(self.stock).asks, sandbox.exchange.order_book(self.stock).bids
        price = asks[0].price + 5 * self.step if kind in PRICED else None
        stop = bids[2].price if kind in STOPS else None
        return trader.sell(self.stock, 3, price=price, type=kind, time_in_force=time, venue=venue, stop_price=stop)

    def is_taken(self, trader: Broker, sandbox: Sandbox, kind: OrderType, time: TimeInForce, venue: Venue) -> None:
        """Demand that an order arrives at the exchange as it is meant, and is listed so."""
        self.arrives(trader, sandbox, self.send(trader, sandbox, kind, time, venue), kind, time, venue)

    def arrives(
        self, trader: Broker, sandbox: Sandbox, sent_order: Order, kind: OrderType, time: TimeInForce, venue: Venue
    ) -> None:
        order = trader.refresh(sent_order)
        request = self.truth(sandbox, order).request
        side = sent_order.side
        assert request.side is side, f"A {side} was meant, and the exchange has got a {request.side}."
        meant = (kind, time, venue)
        sent, told = (
            (request.type, request.time_in_force, request.venue),
            (order.type, order.time_in_force, order.venue),
        )
        assert sent == meant, f"The exchange has got {' '.join(sent)}, and {' '.join(meant)} was meant."
        absent = not_told(trader).get(Order, frozenset())
        names = ("type", "time_in_force", "venue")
        listed = tuple(None if name in absent else each for name, each in zip(names, meant, strict=True))
        assert told == listed, f"{' '.join(meant)} is listed as {' '.join(map(str, told))}."

    @needs("buy", "refresh")
    def test_a_type_is_taken_and_listed_back(
        self,
        venue: Venue,
        kind: OrderType,
        time: TimeInForce,
        trader: Broker,
        sandbox: Sandbox,
        declared: Declared,
    ) -> None:
        self.skip_unless_offered(declared, venue, kind, time)
        self.skip_unless(kind not in declared.part.sells_only, f"purchases {kind}")
        self.is_taken(trader, sandbox, kind, time, venue)

    @needs("sell", "refresh")
    def test_a_type_of_a_sale_is_taken_and_listed_back(
        self,
        venue: Venue,
        kind: OrderType,
        time: TimeInForce,
        trader: Broker,
        sandbox: Sandbox,
        declared: Declared,
    ) -> None:
        self.skip_unless_offered(declared, venue, kind, time)
        self.arrives(trader, sandbox, self.sell(trader, sandbox, kind, time, venue), kind, time, venue)

    @needs("buy")
    @pytest.mark.parametrize("venue", Venue)
    def test_what_the_venue_never_takes_or_nobody_declares_is_not_sent(
        self, venue: Venue, trader: Broker, face: Face, declared: Declared
    ) -> None:
        for kind, time in [(kind, time) for kind in OrderType for time in TimeInForce]:
            is_offered = any((kind, time) in self.trading.calendar.offers(venue, phase) for phase in Phase)
            is_sold_only = kind in declared.part.sells_only
            if is_offered and declared.takes((kind, time)) and venue in declared.order_venues and not is_sold_only:
                continue
            price = self.ground.price if kind in PRICED else None
            stop = self.ground.price + 10 * self.step if kind in STOPS else None
            with self.nothing_sent(face), pytest.raises(Unsupported) as caught:
                trader.buy(self.stock, 1, price=price, type=kind, time_in_force=time, venue=venue, stop_price=stop)
            assert caught.value.advice, "Unsupported does not say what is offered instead."

    @needs("buy")
    @pytest.mark.parametrize(
        ("phase", "kind"),
        [
            (Phase.OPENING_AUCTION, OrderType.BEST_OPPOSITE),
            (Phase.CLOSING_AUCTION, OrderType.MIDPOINT),
            (Phase.AFTER_MARKET, OrderType.MARKET),
            (Phase.REGULAR, OrderType.PRE_OPEN_CLOSING_PRICE),
        ],
    )
    def test_a_type_that_the_venue_does_not_take_now_is_not_sent(
        self, phase: Phase, kind: OrderType, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        self.skip_unless(phase in sandbox.exchange.bourse.phases, f"the phase {phase} in {self.market}")
        sandbox.exchange.phase = phase
        with self.nothing_sent(face), pytest.raises(Unsupported) as caught:
            trader.buy(self.stock, 1, type=kind)
        assert phase in str(caught.value)

    @needs("buy", "refresh")
    def test_an_order_of_the_after_market_trades_there(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.phase = Phase.AFTER_MARKET
        order = trader.refresh(trader.buy(self.stock, 2, price=sandbox.exchange.quote(self.stock).price))
        tells(order, type=self.tellable_type(OrderType.LIMIT, trader), status=OrderStatus.FILLED)

    @needs("buy", "refresh", times=[TimeInForce.IOC])
    def test_what_is_not_filled_at_once_is_cancelled_with_ioc(self, trader: Broker, sandbox: Sandbox) -> None:
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        order = trader.refresh(trader.buy(self.stock, ask.quantity + 5, price=ask.price, time_in_force=TimeInForce.IOC))
        agree(self.order_differences(order, self.truth(sandbox, order), trader))
        tells(order, status=OrderStatus.CANCELED, filled_quantity=ask.quantity, remaining_quantity=Decimal(0))

    @needs("buy", "refresh", times=[TimeInForce.FOK])
    def test_fok_fills_all_or_nothing(self, trader: Broker, sandbox: Sandbox) -> None:
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        for quantity, filled in ((ask.quantity + 5, 0), (ask.quantity, ask.quantity)):
            order = trader.refresh(trader.buy(self.stock, quantity, price=ask.price, time_in_force=TimeInForce.FOK))
            words = f"Of {quantity} shares FOK fills {filled}, and {order.filled_quantity} are told."
            assert order.filled_quantity == filled, words

    def stop(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> tuple[Order, Side, Sequence[Level]]:
        """Send a stop order with a limit, a sale where it has to be one, and return the levels that it crosses."""
        if OrderType.STOP_LIMIT not in declared.part.sells_only:
            side, send, levels = Side.BUY, trader.buy, sandbox.exchange.order_book(self.stock).asks
        else:
            side, send, levels = Side.SELL, trader.sell, sandbox.exchange.order_book(self.stock).bids
            account = sandbox.face(self.broker).credentials.account
            sandbox.exchange.give_holding(account, self.stock, Decimal(10), self.ground.amount(600_000))
        stop = levels[1].price
        return send(self.stock, 2, price=levels[4].price, type=OrderType.STOP_LIMIT, stop_price=stop), side, levels

    @needs("buy", "sell", "refresh", types=[OrderType.STOP_LIMIT])
    def test_a_stop_order_sleeps_until_its_price_trades(
        self, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        order, side, levels = self.stop(trader, sandbox, declared)
        tells(trader.refresh(order), status=OrderStatus.WORKING)
        sandbox.exchange.trade(self.stock, side, levels[0].quantity + levels[1].quantity, levels[1].price)
        tells(trader.refresh(order), status=OrderStatus.FILLED)

    @needs("buy", "refresh")
    def test_a_type_of_another_phase_is_taken_and_listed_back(
        self,
        phase: Phase,
        venue: Venue,
        kind: OrderType,
        time: TimeInForce,
        trader: Broker,
        sandbox: Sandbox,
        declared: Declared,
    ) -> None:
        self.skip_unless_offered(declared, venue, kind, time)
        self.skip_unless(kind not in declared.part.sells_only, f"purchases {kind}")
        self.skip_unless(venue not in declared.part.unlisted_venues, f"lists of orders at {venue}")
        sandbox.exchange.phase = phase
        self.is_taken(trader, sandbox, kind, time, venue)

    @needs("buy", "sell", "amend", "refresh", types=[OrderType.STOP_LIMIT])
    def test_an_amended_stop_order_keeps_its_stop_price_or_is_not_sent(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        order, _, levels = self.stop(trader, sandbox, declared)
        order = trader.refresh(order)
        sent = len(self.orders_seen(face))
        try:
            moved = trader.amend(order, price=levels[3].price)
        except Unsupported:
            assert len(self.orders_seen(face)) == sent, "An amendment that is Unsupported was sent all the same."
            moved = order
        request = next(row for row in self.rows(sandbox) if row.number == face.order_number(moved.id)).request
        tells(request, type=OrderType.STOP_LIMIT, stop_price=levels[1].price)
