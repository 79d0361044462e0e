"""The contract of what an adapter does not declare: it raises Unsupported, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from brokerkit import clock
from brokerkit.asking.inquiries import HOOKS
from brokerkit.broker import Broker
from brokerkit.errors import Unsupported
from brokerkit.market.markets import market_named, market_of
from brokerkit.models import Order, OrderRequest, Reservation
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract
from brokerkit.testing.declared import Declared
from brokerkit.testing.inside import part_of
from brokerkit.text import in_english
from brokerkit.words import Investor, OrderStatus, RankingKind, ReservationStatus, Side

QUESTIONS: Mapping[str, Callable[[Broker, str], object]] = {
    "quote": lambda trader, symbol: trader.quote(symbol),
    "quotes": lambda trader, symbol: trader.quotes([symbol]),
    "order_book": lambda trader, symbol: trader.order_book(symbol),
    "trades": lambda trader, symbol: trader.trades(symbol),
    "members": lambda trader, symbol: trader.members(symbol),
    "candles": lambda trader, symbol: trader.candles(symbol),
    "investor_flow": lambda trader, symbol: trader.investor_flow(symbol),
    "instruments": lambda trader, symbol: trader.instruments(),
    "instrument": lambda trader, symbol: trader.instrument(symbol),
    "search": lambda trader, symbol: trader.search(symbol),
    "rankings": lambda trader, symbol: trader.rankings(RankingKind.VOLUME),
    "conditions": lambda trader, symbol: trader.conditions(),
    "screen": lambda trader, symbol: trader.screen("screen"),
    "investor_flow_total": lambda trader, symbol: trader.investor_flow_total(symbol, clock.today()),
    "market_investor_flow": lambda trader, symbol: trader.market_investor_flow("KOSPI"),
    "investor_flow_estimates": lambda trader, symbol: trader.investor_flow_estimates(symbol),
    "investor_rankings": lambda trader, symbol: trader.investor_rankings(Investor.FOREIGN),
    "program_trading": lambda trader, symbol: trader.program_trading(symbol),
    "program_rankings": lambda trader, symbol: trader.program_rankings("KOSPI"),
    "balance": lambda trader, symbol: trader.balance(),
    "balances": lambda trader, symbol: trader.balances(),
    "sellable_quantity": lambda trader, symbol: trader.sellable_quantity(symbol),
    "buying_power": lambda trader, symbol: trader.buying_power(symbol),
    "orders": lambda trader, symbol: trader.orders(),
    "reservations": lambda trader, symbol: trader.reservations(),
    "fills": lambda trader, symbol: trader.fills(),
    "realized_pnl": lambda trader, symbol: trader.realized_pnl(market_of(symbol).today()),
    "exchange_rate": lambda trader, symbol: trader.exchange_rate(),
    "transactions": lambda trader, symbol: trader.transactions(market_of(symbol).today()),
}
OF_ALL_MARKETS = frozenset({"exchange_rate", "orders", "balances"})
"""Verbs that ask whichever part of the adapter offers them, not that of the home market alone."""
ELSEWHERE = "HK:00700"


class OfferContract(Contract):
    """What is asked for and not declared is known before anything is asked."""

    level = 1

    def test_a_question_that_is_not_declared_is_not_asked(self, trader: Broker, face: Face, declared: Declared) -> None:
        told = OF_ALL_MARKETS & {verb for each in trader.capabilities() for verb in each.verbs}
        for verb in [verb for verb in QUESTIONS if verb not in {*declared.verbs, *told}]:
            is_unsupported(face, verb, lambda verb=verb: QUESTIONS[verb](trader, self.stock))  # type: ignore[misc]

    def test_a_venue_without_quotes_is_not_asked(self, trader: Broker, face: Face, declared: Declared) -> None:
        self.skip_unless(bool(declared.quote_venues), "quotes of any venue")
        for venue in [venue for venue in market_named(self.market).venues if venue not in declared.quote_venues]:
            for verb in ("quote", "order_book", "trades", "members"):
                where = f"{verb} at the venue {venue}"
                is_unsupported(face, where, lambda: getattr(trader, verb)(self.stock, venue=venue))  # noqa: B023

    def test_a_market_that_is_not_served_is_not_asked(self, trader: Broker, face: Face) -> None:
        self.skip_unless("HK" not in trader.adapter.served, "a market that is not served")
        is_unsupported(face, f"quote of {ELSEWHERE}", lambda: trader.quote(ELSEWHERE))
        is_unsupported(face, "a balance in Hong Kong", lambda: trader.balance(market="HK"))
        venue = market_named(self.market).default_venue
        is_unsupported(face, f"buy of {ELSEWHERE}", lambda: trader.buy(ELSEWHERE, 1, price=100, venue=venue))


class OrderOfferContract(Contract):
    """What changes orders and is not declared sends nothing and changes nothing."""

    level = 3

    def test_an_order_verb_that_is_not_declared_sends_nothing(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        order = self.standing(trader, sandbox, face)
        price = order.price or 0
        request = OrderRequest(symbol=self.stock, side=Side.BUY, quantity=1, price=price)
        kept = self.reserved(trader, request)
        calls: Mapping[str, Callable[[], object]] = {
            "buy": lambda: trader.buy(self.stock, 1, price=price),
            "sell": lambda: trader.sell(self.stock, 1, price=price),
            "cancel": lambda: trader.cancel(order),
            "amend": lambda: trader.amend(order, price=price - self.step),
            "refresh": lambda: trader.refresh(order),
            "wait": lambda: trader.wait(order, timeout=0),
            "order_history": lambda: trader.order_history(sandbox.exchange.today),
            "reconcile": lambda: trader.reconcile(),
            "reserve": lambda: trader.reserve(request),
            "amend_reservation": lambda: trader.amend_reservation(kept, price=price - 100),
            "cancel_reservation": lambda: trader.cancel_reservation(kept),
        }
        known = {*calls, *QUESTIONS, "order", "round_price"}
        assert set(HOOKS) <= known, (
            f"The kit knows no call of {', '.join(set(HOOKS) - known)}: that is its own mistake."
        )
        for verb in [verb for verb in calls if verb not in declared.verbs]:
            is_unsupported(face, verb, calls[verb])
        self.unchanged(sandbox, face, order)

    @pytest.mark.parametrize("verb", ["cancel", "amend"])
    def test_a_part_is_not_changed_where_that_is_not_declared(
        self, verb: str, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        if verb not in declared.verbs or declared.takes_part(verb):
            return  # what is offered is demanded by the checks of it
        order = self.standing(trader, sandbox, face)
        terms = {"price": (order.price or 0) - self.step} if verb == "amend" else {}
        is_unsupported(face, f"{verb} of a part", lambda: getattr(trader, verb)(order, quantity=3, **terms))
        self.unchanged(sandbox, face, order)

    def standing(self, trader: Broker, sandbox: Sandbox, face: Face) -> Order:
        """Return an order that stands at the exchange, and of which the adapter was told."""
        price = self.below(sandbox, 5)
        row = self.play(sandbox, self.stock, Side.BUY, 7, price)
        number = face.order_id(row.number)
        return Order(
            id=number,
            symbol=self.stock,
            side=Side.BUY,
            venue=self.venue,
            quantity=row.quantity,
            price=price,
            status=OrderStatus.WORKING,
            handle=str(part_of(trader).handle(row.day, "", number)),
        )

    def reserved(self, trader: Broker, request: OrderRequest) -> Reservation:
        """Return a reserved order of the adapter's, which nobody has sent."""
        return Reservation(
            **{name: getattr(request, name) for name in ("symbol", "side", "type", "venue", "quantity", "price")},
            id="117",
            status=ReservationStatus.RESERVED,
            handle=str(part_of(trader).reservation_handle(clock.today(), "117")),
        )

    def unchanged(self, sandbox: Sandbox, face: Face, order: Order) -> None:
        """Demand that the order stands as it stood."""
        (row,) = self.rows(sandbox)
        assert (row.remaining, row.request.price) == (order.quantity, order.price), "The order was changed."


def is_unsupported(face: Face, what: str, call: Callable[[], object]) -> None:
    """Demand that what is not declared raises Unsupported, and that no request goes out for it."""
    seen = len(face.requests)
    told: object = "works all the same"
    try:
        call()
    except Unsupported:
        told = None
    except Exception as error:  # noqa: BLE001 - whatever it is instead
        told = f"raises the error {type(error).__name__}: {in_english(error)}"
    assert told is None, f"{what} is not declared, and {told}: it has to be Unsupported."
    sent = [f"{each.method} {each.path}" for each in face.requests[seen:]]
    assert sent == [], f"{what} is not declared, and {', '.join(sent)} went out for it."
