"""Commands about what became of the account's orders and cash. They change nothing at the broker."""

from __future__ import annotations

import datetime as dt

import typer

from brokerkit.cli.options import FromOption, MarketOption, SymbolOption, ToOption, today_of
from brokerkit.cli.printing import Row, in_currencies, money, signed
from brokerkit.cli.session import Session, with_table

MONTH = dt.timedelta(days=30)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (fills, profit, transactions):
        app.command()(command)


@with_table
def fills(
    session: Session,
    start: FromOption = None,
    end: ToOption = None,
    symbol: SymbolOption = None,
    market: MarketOption = None,
) -> None:
    """Show what was filled in these days, without --from on the last of them (체결 내역)."""
    with session.asking("the fills") as (broker, _):
        found = broker.fills(start, end, symbol=symbol, market=market)
    rows: list[Row] = [
        {
            "date": each.date,
            "order": each.order_id,
            "symbol": each.symbol,
            "name": each.name,
            "side": each.side,
            "quantity": each.quantity,
            "price": money(each.price, each.currency),
            "amount": money(each.amount, each.currency),
            "average": each.is_total,
        }
        for each in found
    ]
    rows = in_currencies(rows, (each.currency for each in found))
    session.printer.many(found, rows, "No fills in these days.")


@with_table
def profit(
    session: Session,
    start: FromOption = None,
    end: ToOption = None,
    symbol: SymbolOption = None,
    market: MarketOption = None,
) -> None:
    """Show what sales earned by day and symbol, without --from in the 30 days up to --to (실현손익)."""
    with session.asking("realized profit") as (broker, _):
        first = start or (end or today_of(symbol, market)) - MONTH
        found = broker.realized_pnl(first, end, symbol=symbol, market=market)
    rows: list[Row] = [
        {
            "date": each.date,
            "symbol": each.symbol,
            "name": each.name,
            "quantity": each.quantity,
            "bought at": money(each.buy_price, each.currency),
            "sold at": money(each.sell_price, each.currency),
            "profit": signed(money(each.pnl, each.currency)),
            "commission": money(each.commission, each.currency),
            "tax": money(each.tax, each.currency),
            "interest": money(each.interest, each.currency),
            "net": signed(money(each.net_pnl, each.currency)),
        }
        for each in found
    ]
    rows = in_currencies(rows, (each.currency for each in found))
    session.printer.many(found, rows, "Nothing was sold in these days.")


@with_table
def transactions(session: Session, start: FromOption = None, end: ToOption = None, market: MarketOption = None) -> None:
    """Show the cash ledger, without --from of the 30 days up to --to (거래내역)."""
    with session.asking("the cash ledger") as (broker, _):
        first = start or (end or today_of(None, market)) - MONTH
        found = broker.transactions(first, end, market=market)
    rows: list[Row] = [
        {
            "date": each.date,
            "id": each.id,
            "kind": each.kind,
            "description": each.description,
            "amount": signed(money(each.amount, each.currency)),
            "balance": money(each.balance, each.currency),
            "symbol": each.symbol,
            "quantity": each.quantity,
            "commission": money(each.commission, each.currency),
            "tax": money(each.tax, each.currency),
            "traded": each.traded_on,
        }
        for each in found
    ]
    rows = in_currencies(rows, (each.currency for each in found))
    session.printer.many(found, rows, "Nothing moved the cash in these days.")
