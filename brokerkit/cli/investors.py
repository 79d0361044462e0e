"""Commands about who bought and who sold: investors by their kinds, and programmes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from brokerkit.broker import Broker
from brokerkit.cli.options import SYMBOL_HELP, ChartOption, FromOption, PlotOption, ToOption
from brokerkit.cli.printing import Row, both, signed
from brokerkit.cli.session import Session, with_table
from brokerkit.models import Flow, FlowRank, InvestorFlow, InvestorFlowTotal, ProgramTrading, Table
from brokerkit.models.labels import korean_name
from brokerkit.transport.together import Progress
from brokerkit.words import Investor, Side

WhoseArgument = Annotated[str, typer.Argument(metavar="SYMBOL", help=f"{SYMBOL_HELP} Or KOSPI, KOSDAQ.")]
DetailOption = Annotated[bool, typer.Option("--detail", help="All kinds of investors, buys and sells.")]
TotalOption = Annotated[bool, typer.Option("--total", help="Of all days from --from together.")]
NowOption = Annotated[bool, typer.Option("--now", help="What is estimated of today so far.")]
InvestorArgument = Annotated[
    Investor, typer.Argument(metavar="INVESTOR", case_sensitive=False, help=f"{', '.join(Investor).lower()}.")
]
MarketOption = Annotated[
    str | None, typer.Option("--market", metavar="MARKET", help="KOSPI or KOSDAQ; else both.", show_default=False)
]
SoldOption = Annotated[bool, typer.Option("--sold", help="Those that were sold most.")]
CountOption = Annotated[int, typer.Option("--count", "-n", min=1, help="So many places; some brokers have 30.")]
RankOption = Annotated[bool, typer.Option("--rank", help="Of a market: the symbols that were bought most.")]
MARKETS = ("KOSPI", "KOSDAQ")
KINDS = tuple(name for name, known in InvestorFlow.model_fields.items() if known.annotation is Flow)
"""The investors of an InvestorFlow."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (flow, bought, programs):
        app.command()(command)


@with_table
def flow(
    session: Session,
    symbol: WhoseArgument,
    start: FromOption = None,
    end: ToOption = None,
    detail: DetailOption = False,
    total: TotalOption = False,
    now: NowOption = False,
    plot: PlotOption = None,
    chart: ChartOption = False,
) -> None:
    """Show who bought and who sold a symbol, day by day (투자자별 매매동향), as a table, a chart or a picture."""
    session.check_picture(plot, chart)
    _check(symbol, start, total=total, now=now, drawn=chart or plot is not None)
    with session.asking("investor flow") as (broker, progress):
        found = _asked(broker, symbol, start, end, progress, detail=detail, total=total, now=now)
    if isinstance(found, InvestorFlowTotal):
        _print_total(session, found)
        return
    if plot is not None:
        session.draw(found, plot)
    if chart:
        from brokerkit.cli.charts import print_flow

        print_flow(found)
    elif plot is None or session.printer.is_for_programs:
        rows = [row for day in found for row in _detail_rows(day)] if detail else [_flow_row(day) for day in found]
        session.printer.many(found, rows, "No trading in these days.", of="Flow" if detail else None)


def _check(symbol: str, start: dt.date | None, *, total: bool, now: bool, drawn: bool) -> None:
    if total and start is None:
        raise typer.BadParameter("--total needs --from: from which day on?")
    if total + now > 1 or (drawn and (total or now)):
        raise typer.BadParameter("--total, --now, and --plot or --chart exclude each other.")
    if symbol in MARKETS and (total or now):
        raise typer.BadParameter("--total and --now go with a symbol, not with a market.")


def _asked(
    broker: Broker,
    symbol: str,
    start: dt.date | None,
    end: dt.date | None,
    progress: Progress,
    *,
    detail: bool,
    total: bool,
    now: bool,
) -> Any:
    if symbol in MARKETS:
        return broker.market_investor_flow(symbol, start, end, progress=progress)
    if now:
        return broker.investor_flow_estimates(symbol)
    if total and start is not None:
        return broker.investor_flow_total(symbol, start, end, progress=progress)
    return broker.investor_flow(symbol, start=start, end=end, detail=detail, progress=progress)


@with_table
def bought(
    session: Session,
    investor: InvestorArgument,
    start: FromOption = None,
    end: ToOption = None,
    market: MarketOption = None,
    sold: SoldOption = False,
    count: CountOption = 30,
) -> None:
    """Show the symbols that a kind of investor bought most, in won (투자자별 매매상위)."""
    with session.asking("the ranking") as (broker, _):
        found = broker.investor_rankings(
            investor, start=start, end=end, market=market and market.upper(), side=_side(sold), count=count
        )
    session.printer.many(found, [_place(each) for each in found], "Nothing has a place in it.", "Rank")


@with_table
def programs(
    session: Session,
    symbol: WhoseArgument,
    start: FromOption = None,
    end: ToOption = None,
    rank: RankOption = False,
    sold: SoldOption = False,
    count: CountOption = 30,
) -> None:
    """Show what programmes bought and sold of a symbol or a market, day by day (프로그램매매)."""
    if rank and (start is not None or symbol not in MARKETS):
        raise typer.BadParameter("--rank goes with KOSPI or KOSDAQ, of one day: --to.")
    with session.asking("programme trading") as (broker, _):
        if rank:
            ranked = broker.program_rankings(symbol, day=end, side=_side(sold), count=count)
            session.printer.many(ranked, [_place(each) for each in ranked], "Nothing has a place in it.", "Rank")
            return
        found = broker.program_trading(symbol, start, end)
    session.printer.many(found, _program_rows(found), "No trading in these days.")


def _side(sold: bool) -> Side:
    return Side.SELL if sold else Side.BUY


def _print_total(session: Session, found: InvestorFlowTotal) -> None:
    if session.printer.as_json:
        session.printer.one(found)
    else:
        session.printer.many(
            Table(InvestorFlowTotal, [found]), _detail_rows(found), "No trading in these days.", "Flow"
        )


def _when(row: Any) -> Row:
    """Return the day or time of a row, of a sum its last day."""
    return {row.time_field: getattr(row, row.time_field)}


def _flow_row(day: Any) -> Row:
    close: Row = {"close": day.close} if isinstance(day, InvestorFlow) else {}
    groups = ("individual", "foreign", "institution")
    nets = {kind: getattr(day, kind) for kind in groups}
    in_won = all(each.net_quantity is None for each in nets.values())
    told = {
        f"{kind} won" if in_won else kind: signed(each.net_amount if in_won else each.net_quantity)
        for kind, each in nets.items()
    }
    return {**_when(day), **close, **told, "final": day.final}


def _detail_rows(day: Any) -> Sequence[Row]:
    """Return a row for each investor of whom the broker tells something."""
    told = {kind: getattr(day, kind) for kind in KINDS}
    return [
        {
            **_when(day),
            "investor": both(kind.replace("_", " "), korean_name("InvestorFlow", [kind])),
            "net": signed(of.net_quantity),
            "bought": of.buy_quantity,
            "sold": of.sell_quantity,
            "net won": signed(of.net_amount),
            "bought won": of.buy_amount,
            "sold won": of.sell_amount,
            "final": day.final,
        }
        for kind, of in told.items()
        if of != Flow()
    ]


def _program_rows(found: Sequence[ProgramTrading]) -> Sequence[Row]:
    kinds = ("total", "arbitrage", "non_arbitrage")
    told = [kind for kind in kinds if any(getattr(day, kind) != Flow() for day in found)]
    return [
        {
            "date": day.date,
            **{
                label: value
                for kind in told
                for label, value in (
                    (kind.replace("_", " "), signed(getattr(day, kind).net_quantity)),
                    (f"{kind.replace('_', ' ')} won", signed(getattr(day, kind).net_amount)),
                )
            },
            "final": day.final,
        }
        for day in found
    ]


def _place(each: FlowRank) -> Row:
    return {
        "rank": each.rank,
        "symbol": each.symbol,
        "name": each.name,
        "price": each.price,
        "net": signed(each.flow.net_quantity),
        "net won": signed(each.flow.net_amount),
        "date": each.date,
        "final": each.final,
    }
