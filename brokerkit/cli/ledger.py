"""Commands about what became of the account's orders and cash. They change nothing at the broker."""

from __future__ import annotations

import datetime as dt

import typer

from brokerkit import clock
from brokerkit.cli.options import FromOption, SymbolOption, ToOption
from brokerkit.cli.printing import signed
from brokerkit.cli.session import Session, with_table

MONTH = dt.timedelta(days=30)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (fills, profit, transactions):
        app.command()(command)


@with_table
def fills(session: Session, start: FromOption = None, end: ToOption = None, symbol: SymbolOption = None) -> None:
    """Show what was filled in these days, without --from on the last of them (체결 내역)."""
    with session.asking("fills") as (broker, _):
        found = broker.fills(start, end, symbol=symbol)
    rows = [
        {
            "date": each.date,
            "order": each.order_id,
            "symbol": each.symbol,
            "name": each.name,
            "side": each.side,
            "quantity": each.quantity,
            "price": each.price,
            "amount": each.amount,
            "average": each.is_total,
        }
        for each in found
    ]
    session.printer.many(found, rows, "No fills in these days.")


@with_table
def profit(session: Session, start: FromOption = None, end: ToOption = None, symbol: SymbolOption = None) -> None:
    """Show what sales earned by day and symbol, without --from in the 30 days up to --to (실현손익)."""
    first = start or (end or clock.today()) - MONTH
    with session.asking("realized profit") as (broker, _):
        found = broker.realized_pnl(first, end, symbol=symbol)
    rows = [
        {
            "date": each.date,
            "symbol": each.symbol,
            "name": each.name,
            "quantity": each.quantity,
            "bought at": each.buy_price,
            "sold at": each.sell_price,
            "profit": signed(each.pnl),
            "commission": each.commission,
            "tax": each.tax,
            "interest": each.interest,
            "net": signed(each.net_pnl),
        }
        for each in found
    ]
    session.printer.many(found, rows, "Nothing was sold in these days.")


@with_table
def transactions(session: Session, start: FromOption = None, end: ToOption = None) -> None:
    """Show the cash ledger, without --from of the 30 days up to --to (거래내역)."""
    first = start or (end or clock.today()) - MONTH
    with session.asking("the cash ledger") as (broker, _):
        found = broker.transactions(first, end)
    rows = [
        {
            "date": each.date,
            "id": each.id,
            "kind": each.kind,
            "description": each.description,
            "amount": signed(each.amount),
            "balance": each.balance,
            "symbol": each.symbol,
            "quantity": each.quantity,
            "commission": each.commission,
            "tax": each.tax,
            "traded": each.traded_on,
        }
        for each in found
    ]
    session.printer.many(found, rows, "Nothing moved the cash in these days.")
