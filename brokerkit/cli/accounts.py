"""Commands about the account: its orders, cash, holdings. They change nothing at the broker."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated

import typer

from brokerkit.cli.options import (
    FromOption,
    MarketOption,
    PriceOption,
    SymbolArgument,
    SymbolOption,
    ToOption,
    today_of,
)
from brokerkit.cli.printing import Row, in_currencies, money, percent, signed
from brokerkit.cli.session import Session, at_broker, with_table
from brokerkit.market.markets import market_of
from brokerkit.models import Balance, BuyingPower, Order, Position, Table
from brokerkit.words import PositionKind

WEEK = dt.timedelta(days=7)
AllOption = Annotated[bool, typer.Option("--all", help="Of every market, each in its own currency.")]
CurrencyArgument = Annotated[str, typer.Argument(metavar="[CURRENCY]", help="ISO 4217, such as USD.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (orders, history, balance, power, rate):
        app.command()(command)


@with_table
def orders(session: Session, market: MarketOption = None) -> None:
    """Show the working orders of today, of all markets or one (미체결)."""
    with session.asking("working orders") as (broker, _):
        found = broker.orders(market=market)
    rows = [
        {"time": each.submitted_at and each.submitted_at.time(), **_order_row(each), "original": each.original_id}
        for each in found
    ]
    session.printer.many(found, in_currencies(rows, map(_currency, found)), "No working orders.")


@with_table
def history(
    session: Session,
    start: FromOption = None,
    end: ToOption = None,
    symbol: SymbolOption = None,
    market: MarketOption = None,
) -> None:
    """Show the orders of these days, without --from of the week up to --to (주문체결 내역)."""
    with session.asking("the orders") as (broker, _):
        first = start or (end or today_of(symbol, market)) - WEEK
        found = broker.order_history(first, end, symbol=symbol, market=market)
    rows = [
        {
            "time": each.submitted_at,
            **_order_row(each),
            "filled": each.filled_quantity,
            "average": money(each.average_fill_price, _currency(each)),
            "original": each.original_id,
        }
        for each in found
    ]
    session.printer.many(found, in_currencies(rows, map(_currency, found)), "No orders in these days.")


@with_table
def balance(session: Session, market: MarketOption = None, all_markets: AllOption = False) -> None:
    """Show cash and holdings of the account (잔고), in won, of a market in its currency, or of all, each apart."""
    if all_markets and market is not None:
        raise typer.BadParameter("--all and --market exclude each other.")
    with session.asking("the balance") as (broker, _):
        found = broker.balances() if all_markets else Table(Balance, [broker.balance(market=market)])
    if session.printer.as_json and all_markets:
        session.printer.many(found, (), "")
        return
    if session.printer.as_csv:
        session.printer.many(Table(Position, (held for each in found for held in each.positions)), (), "")
        return
    for number, each in enumerate(found):
        if number:
            print()
        _print_balance(session, each)


def _print_balance(session: Session, found: Balance) -> None:
    session.printer.one(found, _balance_lines(found), f"Account {found.account}")
    if session.printer.as_json:
        return
    print()
    largest = sorted(found.positions, key=lambda each: (-(each.market_value or 0), each.symbol))
    own = all(each.kind is PositionKind.CASH for each in largest)
    session.printer.table([_position_row(each, own) for each in largest], "No positions.", of="Position")


@at_broker
def power(session: Session, symbol: SymbolArgument, price: PriceOption = None) -> None:
    """Show how much of a symbol can be bought without margin (매수가능)."""
    with session.asking("buying power") as (broker, _):
        found = broker.buying_power(symbol, price=price)
    session.printer.one(
        found,
        _power_lines(found),
        f"{found.symbol} {found.currency}",
    )


@at_broker
def rate(session: Session, currency: CurrencyArgument = "USD") -> None:
    """Show what a unit of a currency costs in won, as the broker tells it (환율): an estimate."""
    with session.asking("the exchange rate") as (broker, _):
        found = broker.exchange_rate(currency)
    lines = {"won": found.rate, "kind": found.kind, "date": found.date, "time": found.time}
    session.printer.one(found, lines, f"{found.currency} KRW")


def _currency(order: Order) -> str | None:
    return market_of(order.symbol).currency


def _order_row(each: Order) -> Row:
    return {
        "id": each.id,
        "symbol": each.symbol,
        "name": each.name,
        "side": each.side,
        "type": each.type,
        "price": money(each.price, _currency(each)),
        "quantity": each.quantity,
        "left": each.remaining_quantity,
        "status": each.status,
    }


def _power_lines(found: BuyingPower) -> Row:
    shown = partial(money, currency=found.currency)
    lines = {"price": shown(found.price), "cash": shown(found.cash), "quantity": found.quantity}
    if found.integrated_cash is None and found.integrated_quantity is None:
        return lines
    with_won = {"cash, won exchanged": shown(found.integrated_cash), "quantity": found.integrated_quantity}
    return {**lines, **{f"{label} (통합증거금)": value for label, value in with_won.items()}}


def _balance_lines(found: Balance) -> Row:
    shown = partial(money, currency=found.currency)
    return {
        "cash": shown(found.cash),
        "cash D+1": shown(found.cash_d1),
        "cash D+2": shown(found.cash_d2),
        "orderable": shown(found.orderable_cash),
        "withdrawable": shown(found.withdrawable_cash),
        "cost": shown(found.cost),
        "value": shown(found.market_value),
        "profit": signed(shown(found.unrealized_pnl)),
        "total": shown(found.total_value),
        "currency": found.currency,
    }


def _position_row(each: Position, own: bool) -> Row:
    shown = partial(money, currency=each.currency)
    return {
        "symbol": each.symbol,
        "name": each.name,
        **({} if own else {"kind": each.kind}),
        "quantity": each.quantity,
        "sellable": each.sellable_quantity,
        "average": shown(each.average_price),
        "price": shown(each.price),
        "value": shown(each.market_value),
        "profit": signed(shown(each.unrealized_pnl)),
        "percent": percent(each.unrealized_pnl_percent),
    }
