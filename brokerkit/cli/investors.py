"""Commands about who bought and who sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from brokerkit.cli.options import ChartOption, FromOption, PlotOption, SymbolArgument, ToOption
from brokerkit.cli.printing import Row, signed
from brokerkit.cli.session import Session, with_table
from brokerkit.models import Flow, InvestorFlow
from brokerkit.models.labels import korean_name

DetailOption = Annotated[bool, typer.Option("--detail", help="All kinds of investors, buys and sells.")]
KINDS = tuple(name for name, known in InvestorFlow.model_fields.items() if known.annotation is Flow)
"""The investors of an InvestorFlow."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(flow)


@with_table
def flow(
    session: Session,
    symbol: SymbolArgument,
    start: FromOption = None,
    end: ToOption = None,
    detail: DetailOption = False,
    plot: PlotOption = None,
    chart: ChartOption = False,
) -> None:
    """Show who bought and who sold a symbol, day by day (투자자별 매매동향), as a table, a chart or a picture."""
    session.check_picture(plot, chart)
    with session.asking("investor flow") as (broker, _):
        found = broker.investor_flow(symbol, start=start, end=end, detail=detail)
    if plot is not None:
        session.draw(found, plot)
    if chart:
        from brokerkit.cli.charts import print_flow

        print_flow(found)
    elif plot is None or session.printer.is_for_programs:
        rows = [row for day in found for row in _detail_rows(day)] if detail else [_flow_row(day) for day in found]
        session.printer.many(found, rows, "No trading in these days.")


def _flow_row(day: InvestorFlow) -> Row:
    nets = {kind: signed(getattr(day, kind).net_quantity) for kind in ("individual", "foreign", "institution")}
    return {"date": day.date, "close": day.close, **nets, "final": day.final}


def _detail_rows(day: InvestorFlow) -> Sequence[Row]:
    """Return a row for each investor of whom the broker tells something."""
    told = {kind: getattr(day, kind) for kind in KINDS}
    return [
        {
            "date": day.date,
            "investor": f"{kind.replace('_', ' ')} {korean_name('InvestorFlow', [kind])}",
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
