"""Arguments and options that several commands take."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from brokerkit.market.markets import market_named, market_of
from brokerkit.symbols import HOME
from brokerkit.words import Venue


def day_of(text: str) -> dt.date:
    """Return the day of an option; wrong usage if it is none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day. Give it as 2026-11-20.") from None


def today_of(symbol: str | None, market: str | None) -> dt.date:
    """Return today's date in the market of a symbol, else in a named one; at home where neither is said."""
    return (market_named(market or HOME) if symbol is None else market_of(symbol)).today()


SYMBOL_HELP = "As 005930, or US:AAPL."
SymbolArgument = Annotated[str, typer.Argument(metavar="SYMBOL", help=SYMBOL_HELP)]
SymbolsArgument = Annotated[list[str], typer.Argument(metavar="SYMBOL", help=SYMBOL_HELP)]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Only of this one.", show_default=False)]
VenueOption = Annotated[
    Venue | None,
    typer.Option(
        "--venue",
        metavar="VENUE",
        case_sensitive=False,
        help="KRX, NXT, or SOR for both (통합); US or DAYTIME (주간거래). Else KRX or US, by the symbol.",
        show_default=False,
    ),
]
MarketOption = Annotated[
    str | None,
    typer.Option(
        "--market", metavar="MARKET", parser=str.upper, help="KR or US, each with its own days.", show_default=False
    ),
]
FromOption = Annotated[
    dt.date | None, typer.Option("--from", metavar="DAY", parser=day_of, help="First day.", show_default=False)
]
ToOption = Annotated[
    dt.date | None,
    typer.Option("--to", metavar="DAY", parser=day_of, help="Last day; else today there.", show_default=False),
]
DayArgument = Annotated[
    dt.date | None, typer.Argument(metavar="[DAY]", parser=day_of, help="As 2026-11-20; else today there.")
]
PriceOption = Annotated[
    str | None,
    typer.Option("--price", help="Limit price, in won or dollars; else as a market order.", show_default=False),
]
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw a picture: .png, .svg or .pdf.", show_default=False),
]
ChartOption = Annotated[bool, typer.Option("--chart", help="Draw it in the terminal, instead of a table.")]
