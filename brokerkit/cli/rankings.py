"""Commands about the whole market: rankings, and conditions that are saved at the broker."""

from __future__ import annotations

from typing import Annotated

import typer

from brokerkit.cli.printing import Row, percent, signed
from brokerkit.cli.session import Session, with_table
from brokerkit.models import Match, Rank
from brokerkit.words import RankingKind, Venue

KindArgument = Annotated[RankingKind, typer.Argument(case_sensitive=False, help="By what, the largest first.")]
MarketOption = Annotated[
    str | None, typer.Option("--market", metavar="MARKET", help="KOSPI or KOSDAQ; else both.", show_default=False)
]
PlacesOption = Annotated[int, typer.Option("--count", "-n", min=1, help="So many places; some brokers have 30.")]
AtOption = Annotated[
    Venue | None,
    typer.Option("--venue", case_sensitive=False, help="KRX if nothing is said; SOR is both.", show_default=False),
]
NameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Show what meets this one now.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (rank, conditions):
        app.command()(command)


@with_table
def rank(
    session: Session, kind: KindArgument, market: MarketOption = None, count: PlacesOption = 30, venue: AtOption = None
) -> None:
    """Show a ranking of the market, the first first (순위)."""
    with session.asking("the ranking") as (broker, _):
        found = broker.rankings(kind, market=market and market.upper(), count=count, venue=venue)
    session.printer.many(found, [_place(each, kind) for each in found], "Nothing has a place in it.")


@with_table
def conditions(session: Session, name: NameArgument = None) -> None:
    """Show the conditions that you saved at the broker, or what meets one (조건검색)."""
    with session.asking("saved conditions") as (broker, _):
        if name is None:
            saved = broker.conditions()
            rows = [{"name": each.name, "group": each.group, "id": each.id} for each in saved]
            session.printer.many(saved, rows, "No saved conditions.")
            return
        found = broker.screen(name)
    session.printer.many(found, [_match(each) for each in found], "Nothing meets it now.")


def _place(each: Rank, kind: RankingKind) -> Row:
    of_investors = kind in (RankingKind.FOREIGN_NET_BUYING, RankingKind.INSTITUTION_NET_BUYING)
    more: Row = {"net": signed(each.net_quantity), "net won": signed(each.net_amount)} if of_investors else {}
    if kind is RankingKind.MARKET_VALUE:
        more = {"value": each.market_value}
    elif kind in (RankingKind.VOLUME, RankingKind.TURNOVER):
        more = {"turnover": each.turnover}
    return {
        "rank": each.rank,
        "symbol": each.symbol,
        "name": each.name,
        "price": each.price,
        "change": signed(each.change),
        "percent": percent(each.change_percent),
        "volume": each.volume,
        **more,
    }


def _match(each: Match) -> Row:
    return {
        "symbol": each.symbol,
        "name": each.name,
        "price": each.price,
        "change": signed(each.change),
        "percent": percent(each.change_percent),
        "volume": each.volume,
    }
