"""Commands about reserved orders: what the broker keeps, and sends by itself when its market opens."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from brokerkit.arguments import make_request
from brokerkit.broker import Broker
from brokerkit.cli.confirming import SIDES, Rows, market_rows, number, order_rows
from brokerkit.cli.options import FromOption, MarketOption, SymbolArgument, ToOption, day_of
from brokerkit.cli.printing import in_currencies, money
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
    number_of,
)
from brokerkit.cli.session import Session, at_broker, with_table
from brokerkit.market.markets import market_of
from brokerkit.models import Reservation
from brokerkit.text import sanitize
from brokerkit.words import Side, TimeInForce

SHOWS = "brokerkit reservations"
SideArgument = Annotated[Side, typer.Argument(metavar="SIDE", case_sensitive=False, help="buy or sell (매수, 매도).")]
NumberArgument = Annotated[
    str, typer.Argument(metavar="NUMBER", help="The number that `brokerkit reservations` shows, leading zeros or not.")
]
UntilOption = Annotated[
    dt.date | None,
    typer.Option(
        "--until", metavar="DAY", parser=day_of, help="On each day up to this one (기간예약).", show_default=False
    ),
]
NewQuantityOption = Annotated[
    str | None, typer.Option("--quantity", help="Shares that it shall be for, all in all.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (reserve, reservations, amend_reservation, cancel_reservation):
        app.command(command.__name__.replace("_", "-"))(command)


@at_broker
def reserve(
    session: Session,
    context: typer.Context,
    side: SideArgument,
    symbol: SymbolArgument,
    quantity: QuantityArgument,
    price: PriceOption = None,
    type: TypeOption = None,
    until: UntilOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Let the broker keep an order and send it when its market opens (예약주문)."""
    shares, limit = number_of("QUANTITY", quantity), number_of("--price", price)
    request = make_request(symbol, side, shares, limit, type, TimeInForce.DAY, None, None)

    def rows(broker: Broker) -> Rows:
        return {**order_rows(broker, request), **({} if until is None else {"until": f"{until}"})}

    def prepare(broker: Broker) -> Write:
        return Write(
            side,
            request.symbol,
            f"예약 RESERVE: {SIDES[side][0]}",
            lambda: rows(broker),
            lambda: broker.reserve(request, until=until, key=key),
            key=key,
            shows=SHOWS,
        )

    carry_out(session, Consent.of(context, yes, arm), prepare)


@with_table
def reservations(session: Session, start: FromOption = None, end: ToOption = None, market: MarketOption = None) -> None:
    """Show what was reserved, without --from in the 30 days up to --to (예약주문 조회), of all markets or one."""
    with session.asking("reserved orders") as (broker, _):
        found = broker.reservations(start, end, market=market)
    rows = [
        {
            "number": each.id,
            "taken": each.submitted_at,
            "symbol": each.symbol,
            "name": each.name,
            "side": each.side,
            "type": each.type,
            "quantity": each.quantity,
            "price": money(each.price, _currency(each)),
            "until": each.until,
            "status": each.status,
            "order": each.order_id,
        }
        for each in found
    ]
    session.printer.many(found, in_currencies(rows, map(_currency, found)), "Nothing was reserved in these days.")


@at_broker
def amend_reservation(
    session: Session,
    context: typer.Context,
    reserved: NumberArgument,
    price: PriceOption = None,
    quantity: NewQuantityOption = None,
    market: MarketOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Give a reserved order another price or quantity (예약주문 정정)."""
    new, shares = number_of("--price", price), number_of("--quantity", quantity)

    def prepare(broker: Broker) -> Write:
        kept = _find(broker, reserved, market)
        price = number(new or kept.price, "none", currency=_currency(kept))
        changed = {"new quantity": number(shares or kept.quantity), "new price": price}
        return Write(
            kept.side,
            kept.symbol,
            f"예약 정정 AMEND reserved order {kept.id}: {SIDES[kept.side][0]}",
            lambda: {**_rows(kept), **changed},
            lambda: broker.amend_reservation(kept, quantity=shares, price=new, key=key),
            key=key,
            shows=SHOWS,
        )

    carry_out(session, Consent.of(context, yes, arm), prepare)


@at_broker
def cancel_reservation(
    session: Session,
    context: typer.Context,
    reserved: NumberArgument,
    market: MarketOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Take a reserved order back (예약주문 취소)."""

    def prepare(broker: Broker) -> Write:
        kept = _find(broker, reserved, market)
        return Write(
            kept.side,
            kept.symbol,
            f"예약 취소 CANCEL reserved order {kept.id}: {SIDES[kept.side][0]}",
            lambda: _rows(kept),
            lambda: broker.cancel_reservation(kept, key=key),
            key=key,
            shows=SHOWS,
        )

    carry_out(session, Consent.of(context, yes, arm), prepare)


def _find(broker: Broker, wanted: str, market: str | None) -> Reservation:
    """Return the reserved order with that number, of one market or all; InvalidRequest if there is not one of it."""
    return find_numbered(
        wanted,
        broker.reservations(market=market),
        are_reserved=True,
        if_none="`brokerkit reservations` shows them.",
        if_several="`brokerkit reservations` shows them. If they are of two markets, say which one with --market.",
    )


def _currency(kept: Reservation) -> str | None:
    """Return what a reserved order is paid in."""
    return market_of(kept.symbol).currency


def _rows(kept: Reservation) -> Rows:
    return {
        "symbol": sanitize(f"{kept.symbol} {kept.name or ''}"),
        "quantity": number(kept.quantity),
        "type": kept.type or "—",
        "price": number(kept.price, "none", currency=_currency(kept)),
        **market_rows(kept.symbol),
        **({} if kept.until is None else {"until": f"{kept.until}"}),
        "status": kept.status,
    }
