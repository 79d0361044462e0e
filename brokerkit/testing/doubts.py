"""What does not add up in a model: marks of a unit, a sign or a field that was taken for another one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import singledispatch

from brokerkit.models import Balance, BuyingPower, Flow, InvestorFlow, Model, Order, OrderBook, Position, Quote
from brokerkit.symbols import is_symbol

CENT = Decimal("0.01")
MILLION = Decimal(1_000_000)
NEAR = Decimal("0.01")
"""Part of a value by which two brokers' ways of rounding may differ."""
PARTS = frozenset(
    {"financial_investment", "insurance", "investment_trust", "bank", "other_finance", "pension", "private_fund"}
    | {"government"}
)
ALL = frozenset({"individual", "foreign", "institution", "other_corporation"})


def doubts(model: Model) -> Iterator[str]:
    """Yield what does not add up in a model. Every broker rounds, so it is told only what no rounding explains."""
    symbol, name = getattr(model, "symbol", None), getattr(model, "name", None)
    if symbol is not None and not is_symbol(symbol):
        yield "symbol is none that brokerkit understands"
    if name is not None and (not name.strip() or name.strip().isdecimal()):
        yield "name is a number, or blank"
    yield from _figures(model)


@singledispatch
def _figures(model: Model) -> Iterator[str]:
    yield from ()


@_figures.register
def _(quote: Quote) -> Iterator[str]:
    price, base, change = quote.price, quote.previous_close, quote.change
    if base and change is not None and price - base != change:
        yield "change is not price - previous_close"
    percent = quote.change_percent
    if base and change is not None and percent is not None and abs(change / base * 100 - percent) > CENT:
        yield "change_percent is not change in percent of previous_close"
    inside = [each for each in (quote.open, price) if each]
    if quote.low and any(each < quote.low for each in inside):
        yield "open or price is below low"
    if quote.high and any(each > quote.high for each in inside):
        yield "open or price is above high"
    if quote.upper_limit and max(*inside, quote.high or 0) > quote.upper_limit:
        yield "a price is above upper_limit"
    if quote.lower_limit and min(*inside, quote.low or price) < quote.lower_limit:
        yield "a price is below lower_limit"
    is_share = quote.currency is not None
    if is_share and quote.turnover and quote.volume and not price / 2 < quote.turnover / quote.volume < price * 2:
        yield "turnover / volume is nowhere near the price"


@_figures.register
def _(book: OrderBook) -> Iterator[str]:
    asks, bids = [level.price for level in book.asks], [level.price for level in book.bids]
    if asks != sorted(asks) or bids != sorted(bids, reverse=True):
        yield "the levels are not best first"
    if asks and bids and bids[0] > asks[0]:
        yield "the best bid is above the best ask"


@_figures.register
def _(position: Position) -> Iterator[str]:
    pairs = (("cost", position.cost, position.average_price), ("market_value", position.market_value, position.price))
    for name, value, each in pairs:
        if value and each and abs(value - each * position.quantity) > abs(value) * NEAR + abs(position.quantity):
            yield f"{name} is not its price times quantity"
    if position.sellable_quantity is not None and position.sellable_quantity > abs(position.quantity):
        yield "sellable_quantity is more than quantity"


@_figures.register
def _(order: Order) -> Iterator[str]:
    done = [each for each in (order.filled_quantity, order.remaining_quantity) if each is not None]
    if sum(done) > order.quantity:
        yield "filled_quantity and remaining_quantity are more than quantity"
    if order.filled_quantity == 0 and order.average_fill_price:
        yield "average_fill_price of nothing filled"


@_figures.register
def _(power: BuyingPower) -> Iterator[str]:
    if power.quantity > 0 and power.cash <= 0:
        yield "quantity without cash"
    elif power.quantity > power.cash:
        yield "quantity is more than cash: a share costs more than 1 won"


@_figures.register
def _(balance: Balance) -> Iterator[str]:
    if balance.total_value is not None and balance.cash_d2 is not None:
        real = balance.cash_d2 + balance.market_value
        if abs(balance.total_value - real) > abs(real) * NEAR:
            yield "total_value is not cash_d2 + market_value"


@_figures.register
def _(day: InvestorFlow) -> Iterator[str]:
    kinds = {name: flow for name, flow in day if isinstance(flow, Flow)}
    for unit, step in (("quantity", Decimal(1)), ("amount", MILLION)):
        told = {
            name: tuple(getattr(flow, f"{way}_{unit}") for way in ("net", "buy", "sell"))
            for name, flow in kinds.items()
        }
        for name, (net, buy, sell) in told.items():
            if None not in (net, buy, sell) and abs(net - (buy - sell)) > 2 * step:
                yield f"{name}: net_{unit} is not bought less sold"
            if min(buy or 0, sell or 0) < 0:
                yield f"{name}: what was bought or sold is below 0 ({unit})"
        nets = {name: net for name, (net, _, _) in told.items() if net is not None}
        if nets.keys() >= PARTS and abs(sum(nets[name] for name in PARTS) - nets["institution"]) > 8 * step:
            yield f"institution: net_{unit} is not the sum of its parts"
        if nets.keys() >= ALL and abs(sum(nets[name] for name in ALL)) > 8 * step:
            yield f"net_{unit} of all kinds does not add up to 0"
