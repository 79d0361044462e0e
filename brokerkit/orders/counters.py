"""How many orders the journal has seen in the last minute and today, and what they come to, in one currency."""

from __future__ import annotations

import sqlite3
import time
from decimal import ROUND_CEILING, Decimal

from brokerkit import clock
from brokerkit.errors import LimitExceeded
from brokerkit.orders.intents import Intent
from brokerkit.orders.limits import Limits, money

MOST = 10**16
"""Hundredths of its currency that an order counts at most: sums have to fit into the file's numbers."""

COUNTED = "'ORDER', 'AMEND', 'RESERVE', 'AMEND_RESERVATION', 'RAW'"
"""The kinds that count: all that take nothing back."""

WAIT = "Nothing was sent. Wait a moment, or change the limits of the profile."
TOMORROW = "Nothing was sent. Go on tomorrow, or change the limits of the profile."
LESS = "Nothing was sent. Order less, or change the limits of the profile."


def check_counters(file: sqlite3.Connection, intent: Intent, limits: Limits, value: Decimal | None) -> None:
    """Raise LimitExceeded where the journal has seen as many orders of the intent's currency as the limits allow."""
    if intent.is_cancel:
        return
    limits = limits.of(intent.currency) or Limits()
    sent = f"kind IN ({COUNTED}) AND state != 'NOT_SENT' AND currency = ? AND "
    if limits.max_orders_per_minute is not None:
        now, ticks = clock.now().timestamp(), time.monotonic()
        # Either clock is enough: the one on the wall may jump, the other one starts again with the machine.
        # No more than the newest ones are looked at, or the check would take longer with every day.
        query = f"""SELECT count(*) FROM (SELECT sent_at, monotonic FROM intents WHERE {sent}true
         ORDER BY rowid DESC LIMIT ?) WHERE sent_at > ? OR monotonic BETWEEN ? AND ?"""  # noqa: S608
        newest = limits.max_orders_per_minute
        count = file.execute(query, (intent.currency, newest, now - 60, ticks - 60, ticks)).fetchone()[0]
        if count >= limits.max_orders_per_minute:
            most = limits.max_orders_per_minute
            raise LimitExceeded(
                f"one more in this minute would be more than max_orders_per_minute, {most}.", advice=WAIT
            )
    day = (intent.currency, intent.day.isoformat())
    if limits.max_orders_per_day is not None:
        count = file.execute(f"SELECT count(*) FROM intents WHERE {sent}day = ?", day).fetchone()[0]  # noqa: S608
        if count >= limits.max_orders_per_day:
            most = limits.max_orders_per_day
            raise LimitExceeded(
                f"there were {count} orders today, and one more would be more than max_orders_per_day, {most}.",
                advice=TOMORROW,
            )
    if limits.max_daily_value is not None and value:
        query = f"SELECT coalesce(sum(value), 0) FROM intents WHERE {sent}state != 'REJECTED' AND day = ?"  # noqa: S608
        total = Decimal(file.execute(query, day).fetchone()[0] + hundredths(value)) / 100
        if total > limits.max_daily_value:
            told, largest = money(total, intent.currency), money(limits.max_daily_value, intent.currency)
            raise LimitExceeded(f"{told} today would be more than max_daily_value, {largest}.", advice=LESS)


def counted(value: Decimal | None) -> int:
    """Return what an order counts in the journal: hundredths of its currency, as many as can be added up there."""
    return 0 if value is None else min(hundredths(value), MOST)


def hundredths(value: Decimal) -> int:
    """Return an amount in hundredths of its currency, rounded up.

    Where prices have more decimals an order counts up to a hundredth more than it comes to, and never less.
    """
    return int((value * 100).to_integral_value(ROUND_CEILING))
