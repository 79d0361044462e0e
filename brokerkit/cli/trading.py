"""Commands about orders: buy, sell, amend, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from brokerkit.arguments import make_request
from brokerkit.broker import Broker
from brokerkit.cli.confirming import SIDES, amend_rows, cancel_rows, order_rows
from brokerkit.cli.options import MarketOption, SymbolArgument, VenueOption
from brokerkit.cli.sending import (
    ArmOption,
    Consent,
    KeyOption,
    PriceOption,
    QuantityArgument,
    TypeOption,
    Write,
    YesOption,
    carry_out,
    find_numbered,
    keyed,
    number_of,
    unlisted,
)
from brokerkit.cli.session import Session, at_broker
from brokerkit.errors import BrokerError, InvalidRequest
from brokerkit.market.markets import Market, market_named
from brokerkit.models import Order, OrderRequest
from brokerkit.orders.checks import FINISHED
from brokerkit.orders.intents import STANDING, IntentKind
from brokerkit.words import OrderType, Side, TimeInForce, Venue

OrderArgument = Annotated[
    str, typer.Argument(metavar="ORDER_ID", help="The number that `brokerkit orders` shows, leading zeros or not.")
]
TimeOption = Annotated[
    TimeInForce,
    typer.Option(
        "--time-in-force", metavar="TIME", case_sensitive=False, help=f"How long it lives: {', '.join(TimeInForce)}."
    ),
]
StopOption = Annotated[
    str | None, typer.Option("--stop-price", help="Where a STOP or STOP_LIMIT order wakes up.", show_default=False)
]
PartOption = Annotated[
    str | None, typer.Option("--quantity", help="Only so many of the shares that are left.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (buy, sell, amend, cancel):
        app.command()(command)


@at_broker
def buy(
    session: Session,
    context: typer.Context,
    symbol: SymbolArgument,
    quantity: QuantityArgument,
    price: PriceOption = None,
    type: TypeOption = None,
    time_in_force: TimeOption = TimeInForce.DAY,
    venue: VenueOption = None,
    stop_price: StopOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Buy shares (매수), at a price or with --type MARKET."""
    request = _request(symbol, Side.BUY, quantity, price, type, time_in_force, venue, stop_price)
    carry_out(session, Consent.of(context, yes, arm), lambda broker: _placement(broker, request, key))


@at_broker
def sell(
    session: Session,
    context: typer.Context,
    symbol: SymbolArgument,
    quantity: QuantityArgument,
    price: PriceOption = None,
    type: TypeOption = None,
    time_in_force: TimeOption = TimeInForce.DAY,
    venue: VenueOption = None,
    stop_price: StopOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Sell shares (매도), at a price or with --type MARKET."""
    request = _request(symbol, Side.SELL, quantity, price, type, time_in_force, venue, stop_price)
    carry_out(session, Consent.of(context, yes, arm), lambda broker: _placement(broker, request, key))


@at_broker
def amend(
    session: Session,
    context: typer.Context,
    order_id: OrderArgument,
    price: PriceOption = None,
    quantity: PartOption = None,
    market: MarketOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Move a working order, or a part of it, to another price (정정)."""
    if price is None:
        raise InvalidRequest("An amendment needs --price; to make an order smaller, cancel a part of it.")
    new, part = number_of("--price", price), number_of("--quantity", quantity)

    def prepare(broker: Broker) -> Write:
        order = _find(broker, order_id, key, market)
        return Write(
            order.side,
            order.symbol,
            f"정정 AMEND order {order.id}: {SIDES[order.side][0]}",
            lambda: amend_rows(broker, order, part, new),
            lambda: broker.amend(order, price=new, quantity=part, key=key),
            key=key,
        )

    carry_out(session, Consent.of(context, yes, arm), prepare)


@at_broker
def cancel(
    session: Session,
    context: typer.Context,
    order_id: OrderArgument,
    quantity: PartOption = None,
    market: MarketOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Cancel a working order, or a part of it (취소)."""
    part = number_of("--quantity", quantity)

    def prepare(broker: Broker) -> Write:
        order = _find(broker, order_id, key, market)
        return Write(
            order.side,
            order.symbol,
            f"취소 CANCEL order {order.id}: {SIDES[order.side][0]}",
            lambda: cancel_rows(order, part),
            lambda: broker.cancel(order, quantity=part, key=key),
            leaves_order=False,
            key=key,
        )

    carry_out(session, Consent.of(context, yes, arm), prepare)


def _placement(broker: Broker, request: OrderRequest, key: str | None) -> Write:
    return Write(
        request.side,
        request.symbol,
        SIDES[request.side][0],
        lambda: order_rows(broker, request),
        lambda: broker.order(request, key=key),
        key=key,
    )


def _request(
    symbol: str,
    side: Side,
    quantity: str,
    price: str | None,
    type: OrderType | None,
    time_in_force: TimeInForce,
    venue: Venue | None,
    stop_price: str | None,
) -> OrderRequest:
    shares = number_of("QUANTITY", quantity)
    limit, stop = number_of("--price", price), number_of("--stop-price", stop_price)
    return make_request(symbol, side, shares, limit, type, time_in_force, venue, stop)


def _find(broker: Broker, number: str, key: str | None, market: str | None) -> Order:
    """Return the order of today with that number, or the one that was changed under a key; InvalidRequest if none.

    Of one market or, without `market`, of all of them. An order at a venue that no list shows is known by the journal.
    """
    for intent in keyed(broker, key):
        if intent.order is not None and intent.order.id.lstrip("0") == number.lstrip("0"):
            return intent.order
    there: list[Order] = []
    for each in (markets := _markets(broker, market)):
        try:
            there += _working(broker, each)
        except BrokerError as error:
            if len(markets) > 1:  # the other list may have it, but this one might have the number too
                error.remedy = f"{error.remedy or ''} Say with --market which market the order is of.".strip()
            raise
    return find_numbered(
        number,
        there,
        if_none="`brokerkit history` shows what became of the orders of earlier.",
        if_several="If they are of two markets, say which one with --market.",
    )


def _markets(broker: Broker, named: str | None) -> Sequence[Market]:
    """Return the market that is named, else all in which the account trades."""
    if named is not None:
        return [market_named(named)]
    used = broker.adapter.settings.markets
    told = [each.market for each in broker.capabilities() if "order_history" in each.verbs]
    return [market_named(each) for each in told if used is None or each in used]


def _working(broker: Broker, market: Market) -> Sequence[Order]:
    """Return the working orders of a market's day; those of venues that no list shows, as the journal knows them."""
    today = market.today()
    if broker.supports("orders", market=market.name):
        listed: Sequence[Order] = broker.orders(market=market.name)
    else:
        history = broker.order_history(today, market=market.name)
        listed = [order for order in history if order.status not in FINISHED]
    elsewhere = unlisted(broker, market.name)
    sent = broker.journal.of_day(today, STANDING, market.name)
    made = [
        each.result for each in sent if each.venue in elsewhere and each.kind in (IntentKind.ORDER, IntentKind.AMEND)
    ]
    return [*listed, *(order for order in made if order is not None)]
