"""Random stories at a simulated exchange with two accounts, and all that can be seen of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from decimal import Decimal

from hypothesis import strategies as st

from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase, offers
from brokerkit.models import PRICED, OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side, TimeInForce, Venue

TODAY = dt.date(2026, 11, 20)
SAMSUNG = "005930"
ACCOUNTS = ("one", "two")
CASH, SHARES = 30_000_000, 1_000


@dataclass(frozen=True)
class Step:
    """Something that happens; what a verb does not need it does not look at."""

    verb: str
    account: str
    quantity: int
    ticks: int
    side: Side
    choice: int
    """Which of the order types that the venue offers at that moment."""
    venue: Venue
    phase: Phase


STEP = st.builds(
    Step,
    verb=st.sampled_from(("order", "order", "order", "others", "cancel", "amend", "amend", "phase", "switch")),
    account=st.sampled_from(ACCOUNTS),
    quantity=st.integers(1, 600),
    ticks=st.integers(-3, 3),
    side=st.sampled_from(Side),
    choice=st.integers(0, 100),
    venue=st.sampled_from(KOREA.venues) | st.just(Venue.KRX),
    phase=st.sampled_from(Phase) | st.just(Phase.REGULAR),
)
STEPS = st.lists(STEP, min_size=8, max_size=40)


def opened() -> Exchange:
    exchange = Exchange(today=TODAY)
    for number in ACCOUNTS:
        exchange.open_account(number, cash=Decimal(CASH))
        exchange.give_holding(number, SAMSUNG, Decimal(SHARES), Decimal(66_666_667))
    return exchange


def play(exchange: Exchange, step: Step) -> Refusal | None:
    """Do what the step says and return the refusal, if there was one."""
    try:
        _play(exchange, step)
    except ExchangeRefusal as refused:
        return refused.reason
    return None


def _play(exchange: Exchange, step: Step) -> None:
    price = exchange.instruments[SAMSUNG].previous_close + step.ticks * 100
    rows = exchange.orders(step.account)
    if step.verb == "order":
        exchange.submit(step.account, request_of(step, price, exchange.phase))
    elif step.verb == "others":
        exchange.trade(SAMSUNG, step.side, Decimal(step.quantity), price if step.choice % 2 else None)
    elif step.verb == "phase":
        exchange.phase = step.phase
    elif step.verb == "switch":
        exchange.market_open = step.ticks > 0
    elif rows:
        number = rows[step.quantity % len(rows)].number
        part = Decimal(step.quantity) if step.ticks > 1 else None
        if step.verb == "cancel":
            exchange.cancel(step.account, number, part)
        else:
            exchange.amend(step.account, number, quantity=part, price=price if step.choice % 3 else None)


def request_of(step: Step, price: Decimal, phase: Phase) -> OrderRequest:
    offered = sorted(offers(step.venue, phase)) or [(OrderType.LIMIT, TimeInForce.DAY)]
    kind, time_in_force = offered[step.choice % len(offered)]
    return OrderRequest(
        symbol=SAMSUNG,
        side=step.side,
        quantity=Decimal(step.quantity),
        type=kind,
        price=price if kind in PRICED else None,
        stop_price=price + 100 if kind is OrderType.STOP_LIMIT else None,
        time_in_force=time_in_force,
        venue=step.venue,
    )


def without_times(row: ExchangeOrder) -> tuple[object, ...]:
    plain = [getattr(row, field.name) for field in fields(row) if field.name not in ("time", "executions")]
    return (*plain, *((fill.number, fill.price, fill.quantity) for fill in row.executions))


def picture(exchange: Exchange) -> list[object]:
    """Return everything that can be seen but the times, which run on."""
    symbols = (SAMSUNG, "069500")
    seen: list[object] = [exchange.phase, exchange.market_open, exchange.today, exchange.instruments]
    for symbol in symbols:
        seen.append(exchange.quote(symbol).model_copy(update={"time": None}))
        seen.append(exchange.order_book(symbol).model_copy(update={"time": None}))
        seen.append([(trade.price, trade.quantity, trade.side, trade.volume) for trade in exchange.trades(symbol)])
        seen.append(exchange.daily_candles(symbol))
        seen.append(exchange.minute_candles(symbol)[:60])
    for account in ACCOUNTS:
        seen.append(exchange.account(account))
        seen.append([without_times(row) for row in exchange.history(account, dt.date.min, dt.date.max)])
        seen.append([without_times(row) for row in exchange.orders(account)])
    return seen
