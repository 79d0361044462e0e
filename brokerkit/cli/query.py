"""Commands that change nothing at the broker."""

from __future__ import annotations

from typing import Annotated

import typer

from brokerkit.cli.printing import signed
from brokerkit.cli.session import Session, at_broker
from brokerkit.models import Venue

SymbolArgument = Annotated[str, typer.Argument(metavar="SYMBOL", help="Six characters, such as 005930.")]
VenueOption = Annotated[Venue, typer.Option("--venue", case_sensitive=False, help="KRX, NXT or SOR (combined).")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(quote)


@at_broker
def quote(session: Session, symbol: SymbolArgument, venue: VenueOption = Venue.KRX) -> None:
    """Show the present price of a symbol (현재가)."""
    with session.broker() as broker:
        found = broker.quote(symbol, venue=venue)
    session.printer.one(
        found,
        {
            "price": found.price,
            "change": signed(found.change),
            "percent": signed(found.change_percent),
            "open": found.open,
            "high": found.high,
            "low": found.low,
            "volume": found.volume,
        },
        title=f"{found.symbol} {found.name or ''} {found.venue}",
    )
