"""Charts within days: ka10080 (minutes), ka10079 (single trades)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, islice

from brokerkit.sandbox.exchange import Exchange, Instrument, Minute, Trade
from brokerkit.words import Venue

from .common import Branch, Content, Listing
from .fields import day
from .numbers import directed, sign_code, signed, whole

KEPT = dt.timedelta(days=375)
"""How far minutes were seen to reach back."""
DAYS_OF_TRADES = 5
"""Days before today whose trades are told; how many the server keeps is not known."""
MOST_TRADES = 1_000_000
"""More than a symbol has on a day."""
_OPEN = 9 * 60
"""Minutes of the day at which longer bars begin to be counted."""
_A_DAY = 24 * 60


@dataclass(frozen=True)
class MinuteChart:
    """A page of bars, the newest first. Only the days of the page are made."""

    exchange: Exchange
    instrument: Instrument
    venue: Venue
    code: str
    scope: int
    until: dt.date

    def page(self, size: int, after: int | None) -> tuple[dict[str, object], int | None]:
        """Return one page behind the bar numbered `after`, and the number to go on from if there is more."""
        found = list(islice(self._bars(after), size + 1))
        rows = [row for _, row in found[:size]]
        last = found[size - 1][0] if len(found) > size else None
        return {"stk_cd": self.code, "stk_min_pole_chart_qry": rows}, last

    def _bars(self, after: int | None) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield bars, each with the number of its minute: a minute without a trade has none."""
        last = self.until if after is None else min(self.until, dt.date.fromordinal(after // _A_DAY))
        for date, base in self._days(last):
            bars = self.exchange.minutes(self.instrument.symbol, date, self.venue)
            groups = [(start, list(group)) for start, group in groupby(bars, key=self._start)]
            for start, group in reversed(groups):
                number = date.toordinal() * _A_DAY + start
                if after is None or number < after:
                    yield number, _row(self.instrument, base, date, start, group)

    def _days(self, last: dt.date) -> Iterator[tuple[dt.date, Decimal]]:
        """Yield days, the newest first, each with the close before it."""
        oldest = self.exchange.today - KEPT
        candles = self.exchange.daily_candles(self.instrument.symbol, days=KEPT.days)
        for before, candle in zip(candles[-2::-1], candles[:0:-1], strict=True):
            date = candle.time.date()
            if date < oldest:
                return
            if date <= last:
                is_today = date == self.exchange.today
                yield date, self.instrument.previous_close if is_today else before.close

    def _start(self, bar: Minute) -> int:
        """Return the minute of the day at which the bar begins that a minute belongs to."""
        return (bar.start - _OPEN) // self.scope * self.scope + _OPEN


def minutes(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10080 from a day back: a bar has the time of its beginning. Nothing was ever split here."""
    instrument, venue = branch.instrument_at(fields["stk_cd"])
    until = day(fields["base_dt"]) if fields["base_dt"] else branch.exchange.today
    return MinuteChart(branch.exchange, instrument, venue, fields["stk_cd"], int(fields["tic_scope"]), until)


def _row(instrument: Instrument, base: Decimal, date: dt.date, start: int, bars: Sequence[Minute]) -> dict[str, str]:
    close = Decimal(bars[-1].close)
    prices = (bars[0].open, max(bar.high for bar in bars), min(bar.low for bar in bars))
    opened, high, low = (directed(Decimal(price), base) for price in prices)
    return {
        "cur_prc": directed(close, base),
        "trde_qty": str(sum(bar.volume for bar in bars)),
        "cntr_tm": f"{date:%Y%m%d}{start // 60:02}{start % 60:02}00",
        "open_pric": opened,
        "high_pric": high,
        "low_pric": low,
        "pred_pre": signed(close - base),
        "pred_pre_sig": sign_code(close, base, (instrument.lower_limit, instrument.upper_limit)),
    }


def ticks(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10079, newest first: bars of so many trades, counted from the first one of each day that is kept."""
    instrument, venue = branch.instrument_at(fields["stk_cd"])
    scope = int(fields["tic_scope"])
    today = branch.exchange.today
    past = branch.exchange.flow_days(instrument.symbol)[-DAYS_OF_TRADES:]
    items: list[tuple[int, Sequence[Trade]]] = []
    for date in (*past, today):
        trades = branch.exchange.trades(instrument.symbol, date, venue)
        starts = range(0, len(trades), scope)
        items += [(date.toordinal() * MOST_TRADES + start, trades[start : start + scope]) for start in starts]
    # Seen blank for single trades; that it counts those of the newest bar otherwise is taken from its name.
    last = "" if scope == 1 or not items else str(len(items[-1][1]))
    return Listing(
        "stk_tic_chart_qry",
        items[::-1],
        lambda trades: _tick_row(instrument, trades),
        {"stk_cd": fields["stk_cd"], "last_tic_cnt": last},
        descending=True,
    )


def _tick_row(instrument: Instrument, trades: Sequence[Trade]) -> dict[str, str]:
    prices = [trade.price for trade in trades]
    # Against today's base price on every day: which one the server takes of a day before is not known.
    base, close = instrument.previous_close, prices[-1]
    return {
        "cur_prc": whole(close),
        "trde_qty": whole(sum((trade.quantity for trade in trades), Decimal(0))),
        "cntr_tm": f"{trades[-1].time:%Y%m%d%H%M%S}",
        "open_pric": whole(prices[0]),
        "high_pric": whole(max(prices)),
        "low_pric": whole(min(prices)),
        # Without a sign, although pred_pre_sig tells a fall.
        "pred_pre": whole(abs(close - base)),
        "pred_pre_sig": sign_code(close, base, (instrument.lower_limit, instrument.upper_limit)),
    }
