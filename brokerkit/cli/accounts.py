"""Commands about the account: its orders, cash, holdings. They change nothing at the broker."""

from __future__ import annotations

import datetime as dt

import typer

from brokerkit import clock
from brokerkit.cli.options import FromOption, PriceOption, SymbolArgument, SymbolOption, ToOption
from brokerkit.cli.printing import Row, percent, signed
from brokerkit.cli.session import Session, at_broker, with_table
from brokerkit.models import Balance, Order, Position
from brokerkit.words import PositionKind

WEEK = dt.timedelta(days=7)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (orders, history, balance, power):
        app.command()(command)


@with_table
def orders(session: Session) -> None:
    """Show the working orders of today (미체결)."""
    with session.asking("working orders") as (broker, _):
        found = broker.orders()
    rows = [
        {"time": each.submitted_at and each.submitted_at.time(), **_order_row(each), "original": each.original_id}
        for each in found
    ]
    session.printer.many(found, rows, "No working orders.")


@with_table
def history(session: Session, start: FromOption = None, end: ToOption = None, symbol: SymbolOption = None) -> None:
    """Show the orders of these days, without --from of the week up to --to (주문체결 내역)."""
    first = start or (end or clock.today()) - WEEK
    with session.asking("orders") as (broker, _):
        found = broker.order_history(first, end, symbol=symbol)
    rows = [
        {
            "time": each.submitted_at,
            **_order_row(each),
            "filled": each.filled_quantity,
            "average": each.average_fill_price,
            "original": each.original_id,
        }
        for each in found
    ]
    session.printer.many(found, rows, "No orders in these days.")


@with_table
def balance(session: Session) -> None:
    """Show cash and holdings of the account (잔고)."""
    with session.asking("balance") as (broker, _):
        found = broker.balance()
    if session.printer.as_csv:
        session.printer.many(found.positions, (), "")
        return
    session.printer.one(found, _balance_lines(found), f"Account {found.account}")
    if session.printer.as_json:
        return
    print()
    largest = sorted(found.positions, key=lambda each: (-(each.market_value or 0), each.symbol))
    own = all(each.kind is PositionKind.CASH for each in largest)
    session.printer.table([_position_row(each, own) for each in largest], "No positions.")


@at_broker
def power(session: Session, symbol: SymbolArgument, price: PriceOption = None) -> None:
    """Show how much of a symbol can be bought without margin (매수가능)."""
    with session.asking("buying power") as (broker, _):
        found = broker.buying_power(symbol, price=price)
    session.printer.one(
        found,
        {"price": found.price, "cash": found.cash, "quantity": found.quantity},
        f"{found.symbol} {found.currency}",
    )


def _order_row(each: Order) -> Row:
    return {
        "id": each.id,
        "symbol": each.symbol,
        "name": each.name,
        "side": each.side,
        "type": each.type,
        "price": each.price,
        "quantity": each.quantity,
        "left": each.remaining_quantity,
        "status": each.status,
    }


def _balance_lines(found: Balance) -> Row:
    return {
        "cash": found.cash,
        "cash D+1": found.cash_d1,
        "cash D+2": found.cash_d2,
        "orderable": found.orderable_cash,
        "withdrawable": found.withdrawable_cash,
        "cost": found.cost,
        "value": found.market_value,
        "profit": signed(found.unrealized_pnl),
        "total": found.total_value,
        "currency": found.currency,
    }


def _position_row(each: Position, own: bool) -> Row:
    return {
        "symbol": each.symbol,
        "name": each.name,
        **({} if own else {"kind": each.kind}),
        "quantity": each.quantity,
        "sellable": each.sellable_quantity,
        "average": each.average_price,
        "price": each.price,
        "value": each.market_value,
        "profit": signed(each.unrealized_pnl),
        "percent": percent(each.unrealized_pnl_percent),
    }
