"""What became of orders and of the cash: fills, realised profit and the cash ledger, checked before they are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from brokerkit.asking.inquiries import Inquiries, call_of
from brokerkit.errors import IncompleteListing
from brokerkit.market.markets import Market
from brokerkit.models import Fill, Order, RealizedPnl, Transaction
from brokerkit.part import Part
from brokerkit.replies import CashMove, OrderReply, Sale
from brokerkit.transport.numbers import average, traded


def fills(asked: Inquiries, market: Market, start: dt.date, end: dt.date, symbol: str | None) -> list[Fill]:
    """Return what was filled in these days, oldest first: a row an order and day, as the lists of orders tell it."""
    part = asked.offering("fills", market)
    found = asked.lists(market).listed(start, end, symbol)
    return [_fill(part, market, day, row, order) for day, row, order in found if _is_filled(part, row)]


def _is_filled(part: Part[Any], row: OrderReply) -> bool:
    """Say whether something of an order was filled; IncompleteListing where the list does not tell how much."""
    filled = row.fact("filled_quantity")
    if filled is None and row.fact("has_fills") is not False:
        words = f"{part.broker} does not tell how much of order {row.id} was filled."
        raise IncompleteListing(words, broker=part.broker)
    return bool(filled)


def _fill(part: Part[Any], market: Market, day: dt.date, row: OrderReply, order: Order) -> Fill:
    quantity, amount = order.filled_quantity or Decimal(0), traded(row.fact("filled_amount"))
    price = order.average_fill_price or average(amount, quantity)
    # An average can be cut, at most to the won or the cent.
    if amount is not None and price is not None and abs(amount - price * quantity) > quantity * market.smallest_amount:
        words = f"order {order.id}: {quantity:f} shares at {price:f} are not {amount:f}"
        raise part.wrong(call_of(part, "fills"), words)
    return Fill(
        date=day,
        order_id=order.id,
        symbol=order.symbol,
        name=order.name,
        side=order.side,
        venue=order.venue,
        quantity=quantity,
        price=price,
        amount=amount,
        is_total=True,
        currency=market.currency,
    )


def realized_pnl(
    asked: Inquiries, market: Market, start: dt.date, end: dt.date, symbol: str | None
) -> list[RealizedPnl]:
    """Return what was earned by sales in these days, by day and symbol, oldest first."""
    part = asked.offering("realized_pnl", market)
    sales = list(part.realized_pnl(start, end))
    for sale in sales:
        if not start <= sale.date <= end or sale.quantity <= 0:
            words = f"a sale of {sale.quantity:f} {sale.symbol} on {sale.date} cannot be one from {start} to {end}"
            raise part.wrong(call_of(part, "realized_pnl"), words)
    wanted = sorted((sale for sale in sales if symbol in (None, sale.symbol)), key=_day_and_symbol)
    return [_earned(list(group), market.currency) for _, group in groupby(wanted, key=_day_and_symbol)]


def _day_and_symbol(sale: Sale) -> tuple[dt.date, str]:
    return sale.date, sale.symbol


def _earned(sales: Sequence[Sale], currency: str | None) -> RealizedPnl:
    """Return what the sales of one symbol on one day earned together."""
    first, quantity = sales[0], _sum(sale.quantity for sale in sales)
    pnl, costs = _sum(sale.pnl for sale in sales), _sum(_costs(sale) for sale in sales)
    commission, tax, interest = (
        _told(getattr(sale, name) for sale in sales) for name in ("commission", "tax", "interest")
    )
    sell, buy = (_mean(sales, name) for name in ("sell_price", "buy_price"))
    return RealizedPnl(
        date=first.date,
        symbol=first.symbol,
        name=next((sale.name for sale in sales if sale.name), None),
        quantity=quantity,
        sell_price=sell,
        buy_price=buy,
        pnl=pnl,
        commission=commission,
        tax=tax,
        costs=costs,
        interest=interest,
        net_pnl=pnl - costs - (interest or 0),
        currency=currency,
    )


def _costs(sale: Sale) -> Decimal:
    """Return commission and tax, whether they are told together or apart."""
    return (sale.commission or Decimal(0)) + (sale.tax or Decimal(0)) if sale.costs is None else sale.costs


def _told(numbers: Iterable[Decimal | None]) -> Decimal | None:
    """Return a sum; None where a part of it is not told."""
    found = list(numbers)
    return None if None in found else _sum(each for each in found if each is not None)


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    return sum(numbers, Decimal(0))


def _mean(sales: Sequence[Sale], name: str) -> Decimal:
    """Return an average price over all shares: as it was told where there is one row, else to four decimals."""
    if len(sales) == 1:
        alone: Decimal = getattr(sales[0], name)
        return alone
    total = _sum(getattr(sale, name) * sale.quantity for sale in sales)
    return average(total, _sum(sale.quantity for sale in sales)) or Decimal(0)


def transactions(asked: Inquiries, market: Market, start: dt.date, end: dt.date) -> list[Transaction]:
    """Return the lines of the cash ledger of these days, oldest first: in each currency they add up to its cash."""
    part = asked.offering("transactions", market)
    moves = list(part.transactions(start, end))
    days = [move.date for move in moves]
    if days != sorted(days) or any(not start <= day <= end for day in days):
        raise part.wrong(call_of(part, "transactions"), f"its days do not ascend from {start} to {end}")
    amounts = _amounts(part, moves)
    return [
        Transaction(
            date=move.date,
            id=move.id,
            kind=move.kind,
            description=move.description or None,
            amount=amount,
            balance=move.balance,
            symbol=move.symbol,
            name=move.name,
            quantity=move.quantity,
            commission=move.commission,
            tax=move.tax,
            traded_on=move.traded_on,
            currency=move.currency or market.currency,
        )
        for move, amount in zip(moves, amounts, strict=True)
    ]


def _amounts(part: Part[Any], moves: Iterable[CashMove]) -> Iterator[Decimal | None]:
    """Yield by how much cash grew with each line: the balances prove it, of the first line its words alone tell it."""
    balances: dict[str | None, Decimal | None] = {}
    for move in moves:
        balance = balances.get(move.currency)
        told = None if move.is_in is None else (move.moved if move.is_in else -move.moved)
        grown = told if balance is None or move.balance is None else move.balance - balance
        if grown is None and not move.moved:
            grown = Decimal(0)
        if grown is not None and (abs(grown) != move.moved or told not in (None, grown)):
            words = f"line {move.id} of {move.date}: {move.moved:f} moved cash from {balance} to {move.balance}"
            raise part.wrong(call_of(part, "transactions"), words)
        balances[move.currency] = move.balance
        yield grown
