"""Arguments and options that several commands take."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from brokerkit.words import Venue


def day_of(text: str) -> dt.date:
    """Return the day of an option; wrong usage if it is none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day. Give it as 2026-11-20.") from None


SYMBOL_HELP = "Six characters, such as 005930."
SymbolArgument = Annotated[str, typer.Argument(metavar="SYMBOL", help=SYMBOL_HELP)]
SymbolsArgument = Annotated[list[str], typer.Argument(metavar="SYMBOL", help=SYMBOL_HELP)]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Only of this one.", show_default=False)]
VenueOption = Annotated[Venue, typer.Option("--venue", case_sensitive=False, help="SOR is the combined market (통합).")]
FromOption = Annotated[
    dt.date | None, typer.Option("--from", metavar="DAY", parser=day_of, help="First day.", show_default=False)
]
ToOption = Annotated[
    dt.date | None, typer.Option("--to", metavar="DAY", parser=day_of, help="Last day; else today.", show_default=False)
]
DayArgument = Annotated[
    dt.date | None, typer.Argument(metavar="[DAY]", parser=day_of, help="As 2026-11-20; else today.")
]
PriceOption = Annotated[
    str | None, typer.Option("--price", help="Limit price in won; else as a market order.", show_default=False)
]
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw a picture: .png, .svg or .pdf.", show_default=False),
]
ChartOption = Annotated[bool, typer.Option("--chart", help="Draw it in the terminal, instead of a table.")]
