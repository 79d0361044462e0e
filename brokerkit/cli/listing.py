"""`brokerkit instruments`: what is listed, and the search for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from brokerkit.cli.help import Grouped
from brokerkit.cli.options import SymbolArgument
from brokerkit.cli.printing import AS_IS, Row, as_text, both, head, in_currencies, money
from brokerkit.cli.session import Session, at_broker, with_table
from brokerkit.models import Instrument, Instruments
from brokerkit.models.labels import korean_name
from brokerkit.symbols import HOME
from brokerkit.words import SecurityType, Segment

TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="Of a name or code; ㅅㅅㅈㅈ finds 삼성전자.")]
MarketOption = Annotated[
    str | None,
    typer.Option(
        "--market",
        metavar="MARKET",
        parser=str.upper,
        help=f"KR, US, or of one of them {', '.join(Segment)}. Else KR.",
        show_default=False,
    ),
]
KindOption = Annotated[
    SecurityType | None, typer.Option("--kind", case_sensitive=False, help="Else all of them.", show_default=False)
]
CountOption = Annotated[int, typer.Option("--count", "-n", min=1, help="So many at most.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(cls=Grouped, no_args_is_help=True, help="Show what is listed, and search for it (종목).")
    group.command("list")(list_instruments)
    group.command()(search)
    group.command()(show)
    app.add_typer(group, name="instruments")


@with_table
def list_instruments(session: Session, market: MarketOption = None, kind: KindOption = None) -> None:
    """List what is traded, as of today (전 종목)."""
    with session.asking("the instruments") as (broker, _):
        found = broker.instruments(market, kind=kind)
    _print(session, found)


@with_table
def search(session: Session, text: TextArgument, market: MarketOption = None, count: CountOption = 20) -> None:
    """Search by name or code, the best fit first (종목 검색)."""
    with session.asking("the instruments") as (broker, _):
        found = broker.search(text, market=market, count=count)
        others = [] if market else [each.market for each in broker.capabilities() if "search" in each.verbs]
    elsewhere = [f"`--market {each}`" for each in others if each != HOME]
    hint = f" Looked for at home alone; {' or '.join(elsewhere)} looks there." if elsewhere else ""
    _print(session, found, f"Nothing of that is listed.{hint}")


@at_broker
def show(session: Session, symbol: SymbolArgument) -> None:
    """Show all that is known of a symbol (종목정보)."""
    with session.asking("the instruments") as (broker, _):
        found = broker.instrument(symbol)
    told = {name: getattr(found, name) for name in Instrument.model_fields}
    lines = {
        both(name.replace("_", " "), korean_name("Instrument", [name])): value
        for name, value in told.items()
        if value is not None
    }
    session.printer.one(found, lines, f"{found.symbol} {found.name}", of=AS_IS)


def _print(session: Session, found: Instruments, nothing: str = "Nothing of that is listed.") -> None:
    rows = in_currencies(map(_row, found), (each.currency for each in found))
    session.printer.many(found, rows, nothing)
    if found.is_stale:
        session.printer.say(f"Today's list could not be had: this is that of {found.taken_at:%Y-%m-%d %H:%M}.")


def _row(each: Instrument) -> Row:
    return {
        "symbol": each.symbol,
        "name": each.name,
        "market": each.market,
        "kind": each.kind,
        "base price": money(each.base_price, each.currency),
        "listed shares": each.listed_shares,
        "NXT": each.nxt,
        "state": " ".join(_states(each)),
    }


def _states(each: Instrument) -> Sequence[str]:
    named = ("halted", "administrative", "liquidation", "overheated", "caution")
    told = [head(name, "Instrument") for name in named if getattr(each, name)]
    return [*told, *([as_text(each.alert).lower()] if each.alert not in (None, "NONE") else [])]
