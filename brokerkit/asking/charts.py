"""Candles out of the bars of a broker: stretches that answers can hold, put together complete, or an error."""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from brokerkit import clock
from brokerkit.asking.bars import columns_of, days_back, offered
from brokerkit.errors import IncompleteListing, InvalidRequest, Unsupported
from brokerkit.market.markets import Market
from brokerkit.market.rules import Rules
from brokerkit.market.sessions import Phase
from brokerkit.models import Candles
from brokerkit.models.candles import SESSIONS
from brokerkit.part import Part
from brokerkit.replies import Bars
from brokerkit.transport.together import AT_ONCE, Progress, Together
from brokerkit.words import Interval, Venue

DAY = dt.timedelta(days=1)
DEFAULT_COUNT = 100
_EPOCH = dt.date(1970, 1, 1).toordinal()
_KOREA = 9 * 3_600
"""Seconds by which a day begins earlier in Korea."""
OLDEST = dt.date(1980, 1, 4)
"""The first day of the index: nothing is older."""
Row = tuple[dt.date, int, int, int, int, int, int | None]
"""A day: open, high, low, close, volume, turnover; prices with a number of decimals."""


@dataclass(frozen=True)
class Question:
    """What is asked for."""

    symbol: str
    interval: Interval
    venue: Venue
    adjusted: bool
    start: dt.date | None
    end: dt.date
    count: int | None


@dataclass
class Days:
    """Days of a symbol, by date."""

    rows: dict[dt.date, Row] = field(default_factory=dict)
    scale: int = 0
    session: Phase | None = None


class Charts:
    """Makes candles of what one part of a broker answers."""

    def __init__(self, part: Part[Any], market: Market, together: Together) -> None:
        self._part = part
        self._market = market
        self._rules = market.calendar
        self._together = together

    def candles(self, asked: Question, progress: Progress | None) -> Candles:
        """Return the candles; every page of them, or an error."""
        self._check(asked)
        start = None if asked.start is None else max(_begin(asked.interval, asked.start), OLDEST)
        end = min(_end(asked.interval, _begin(asked.interval, asked.end)), max(self._market.today(), asked.end))
        if start is not None:
            self._check_trading(start, end)
        days = self._days(replace(asked, end=end), start, progress)
        if days.rows:
            self._whole(asked, days)
        rows = sorted(days.rows.values(), key=itemgetter(0))
        folded = rows if asked.interval is Interval.DAY else list(_folded(rows, asked.interval))
        if asked.start is None:
            folded = folded[-(asked.count or DEFAULT_COUNT) :]
        elif asked.count is not None:
            folded = folded[: asked.count]
        if not folded:
            raise InvalidRequest(
                f"{self._part.broker} has no candles of {asked.symbol} between {asked.start or 'the beginning'} and "
                f"{asked.end}: it was not listed then, or the broker does not go so far back.",
                advice="Ask for a later span.",
            )
        return self._made(asked, folded, days)

    def _check(self, asked: Question) -> None:
        if asked.interval not in (made := offered(self._part)):
            raise Unsupported(
                f"{self._part.broker} offers no candles of {asked.interval} here.",
                advice=f"Nothing was sent. Offered: {', '.join(made)}.",
            )

    def _check_trading(self, start: dt.date, end: dt.date) -> None:
        """Raise for a span without a trading day, before anything is sent. A sandbox trades today."""
        rules = self._rules
        is_known = rules.first_day <= end <= rules.last_day
        if not is_known or (self._part.is_simulated and end >= self._market.today()):
            return
        days = (end - dt.timedelta(days=number) for number in range(min((end - start).days + 1, 30)))
        if not any(day < rules.first_day or rules.is_trading_day(day) for day in days):
            raise InvalidRequest(f"There is no trading day from {start} to {end}.")

    # Stretches

    def _days(self, asked: Question, start: dt.date | None, progress: Progress | None) -> Days:
        if start is not None:
            return self._waves(asked, list(self._stretches(start, asked.end)), progress)
        wanted = _days_for(asked.interval, asked.count or DEFAULT_COUNT)
        return self._back(asked, wanted, progress)

    def _back(self, asked: Question, wanted: int, progress: Progress | None) -> Days:
        """Ask back from the end until there are enough days, or the symbol has no older ones."""
        end, found = asked.end, Days()
        while len(found.rows) < wanted:
            missing = wanted - len(found.rows)
            start = max(days_back(self._part, self._market, end + DAY, missing), OLDEST)
            if self._part.bars_are_newest and missing <= self._part.bars_at_once:
                more, start = self._newest(asked, (start, end), progress)
            else:
                more = self._waves(asked, list(self._stretches(start, end)), progress)
            if not more.rows:
                break
            found = _all((found, more))
            end = start - DAY
            if end <= OLDEST:
                break
        return found

    def _newest(
        self, asked: Question, stretch: tuple[dt.date, dt.date], progress: Progress | None
    ) -> tuple[Days, dt.date]:
        """Return the newest days of a stretch that an answer holds, and from which day on they are all there are."""
        told = self._together.map(lambda each: self._asked(asked, each, is_cut=True), [stretch], progress)[0]
        return told, min(told.rows) if len(told.rows) >= self._part.bars_at_once else stretch[0]

    def _waves(self, asked: Question, stretches: Sequence[tuple[dt.date, dt.date]], progress: Progress | None) -> Days:
        """Ask for some stretches at a time, the newest first, until there are no older days behind those found."""
        found = Days()
        for first in range(0, len(stretches), AT_ONCE):

            def step(done: int, _: int, before: int = first) -> None:
                if progress is not None:
                    progress(before + done, len(stretches))

            wave = stretches[first : first + AT_ONCE]
            more = _all(self._together.map(partial(self._asked, asked), wave, step))
            if found.rows and not more.rows and len(wave) == AT_ONCE:
                break  # a halt of years has its rows: before the first of them it was not listed
            found = _all((found, more))
        return found

    def _stretches(self, start: dt.date, end: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
        """Yield stretches, the newest first, none of which has more trading days than an answer has rows."""
        # So many weekdays, whatever holidays there are, and room for the one day that a sandbox trades on.
        length = dt.timedelta(days=self._part.bars_at_once // 5 * 7 - 2)
        while end >= start:
            first = max(start, end - length + DAY)
            yield first, end
            end = first - DAY

    def _asked(self, asked: Question, stretch: tuple[dt.date, dt.date], *, is_cut: bool = False) -> Days:
        bars = self._part.bars(asked.symbol, Interval.DAY, asked.venue, asked.adjusted, *stretch)
        if bars.symbol and bars.symbol != asked.symbol:
            raise self._part.wrong(bars.endpoint, f"an answer about {bars.symbol}, and {asked.symbol} was asked for")
        rows, scale = self._read(bars)
        days = [row[0] for row in rows]
        if len(set(days)) < len(days):
            raise self._part.wrong(bars.endpoint, "a day stands there twice")
        start, end = stretch
        if days and max(days) > max(end, self._market.today()):
            raise self._part.wrong(bars.endpoint, f"a bar of {max(days)}, later than {end}")
        if not is_cut and len(rows) >= self._part.bars_at_once and min(days) > start:
            raise self._part.wrong(bars.endpoint, f"{len(rows)} rows reach back to {min(days)} only, not to {start}")
        return Days({day: row for day, row in zip(days, rows, strict=True) if start <= day <= end}, scale, bars.session)

    def _whole(self, asked: Question, days: Days) -> None:
        """Raise for a trading day without a bar between two that have one: also a day of a halt has its row.

        NXT alone may take a symbol from its list and put it there again.
        """
        first, last = min(days.rows), max(days.rows)
        known, expected = self._market.trading_days(), dt.date(self._rules.last_confirmed_year + 1, 1, 1)
        between = known[bisect_left(known, first) : bisect_left(known, min(last, expected))]
        missing = set(between) - days.rows.keys() if asked.venue is not Venue.NXT else None
        if missing:
            raise IncompleteListing(
                f"{self._part.broker} has no bar of {asked.symbol} for {min(missing)}, a trading day, but older ones.",
                broker=self._part.broker,
            )

    # Reading

    def _read(self, bars: Bars) -> tuple[list[Row], int]:
        told = columns_of(self._part, bars, 8)
        if told is None:
            return [], 0
        try:
            days = list(map(dt.date.fromisoformat, told.times))
        except ValueError:
            raise self._part.wrong(bars.endpoint, f"{bars.time} is no day") from None
        turnover: Sequence[int | None] = [None] * len(days) if told.turnover is None else told.turnover
        rows: list[Row] = list(zip(days, *told.prices, told.volume, turnover, strict=True))
        # On a day without a trade there may be a close alone.
        return rows if all(told.volume) else [_sound(row) for row in rows], told.scale

    # What it becomes

    def _made(self, asked: Question, rows: Sequence[Row], days: Days) -> Candles:
        columns = list(zip(*rows, strict=True))
        has_turnover = None not in columns[6]
        return Candles(
            asked.symbol,
            venue=asked.venue,
            interval=asked.interval,
            currency=self._market.currency,
            adjusted=asked.adjusted,
            times=array("q", [(number - _EPOCH) * 86_400 - _KOREA for number in map(dt.date.toordinal, columns[0])]),
            prices=[array("q", column) for column in columns[1:5]],
            scale=days.scale,
            volume=array("q", columns[5]),
            turnover=array("q", columns[6]) if has_turnover else None,
            states=bytes(_states(asked.interval, columns[0], days.session, self._rules)),
        )


def _states(interval: Interval, days: Sequence[dt.date], session: Phase | None, rules: Rules) -> list[int]:
    """Return whether each bar is final, and whose price its close is."""
    # Before there was trading in the evening there was none in a bar.
    first = Phase.REGULAR if session is Phase.AFTER_MARKET else session
    old, new = (1 | SESSIONS.index(each) << 1 for each in (first, session))
    corrected, since = (clock.now() - rules.corrected_after).date() - DAY, rules.evenings_since
    ends = days if interval is Interval.DAY else [_end(interval, day) for day in days]
    return [0 if end > corrected else old if day < since else new for day, end in zip(days, ends, strict=True)]


def _sound(row: Row) -> Row:
    day, opened, high, low, close, volume, turnover = row
    if not opened and not volume:
        opened = high = low = close
    return day, opened, high, low, close, volume, turnover


def _all(parts: Iterable[Days]) -> Days:
    """Return days of several stretches together."""
    told = [part for part in parts if part.rows]
    if len(told) == 1:
        return told[0]
    scale = max((part.scale for part in told), default=0)
    rows = {day: row for part in told for day, row in _rescaled(part, scale).items()}
    return Days(rows, scale, next((part.session for part in told), None))


def _rescaled(days: Days, scale: int) -> dict[dt.date, Row]:
    factor = 10 ** (scale - days.scale)
    if factor == 1:
        return days.rows
    return {day: (day, *(each * factor for each in row[1:5]), *row[5:]) for day, row in days.rows.items()}


# Weeks, months, years


def _begin(interval: Interval, day: dt.date) -> dt.date:
    """Return the first day of the stretch in which a day lies."""
    match interval:
        case Interval.WEEK:
            return day - dt.timedelta(days=day.weekday())
        case Interval.MONTH:
            return day.replace(day=1)
        case Interval.YEAR:
            return day.replace(month=1, day=1)
        case _:
            return day


def _end(interval: Interval, day: dt.date) -> dt.date:
    """Return the last day of a stretch that begins on a day."""
    match interval:
        case Interval.WEEK:
            return day + dt.timedelta(days=6)
        case Interval.MONTH:
            return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
        case Interval.YEAR:
            return day.replace(month=12, day=31)
        case _:
            return day


def _days_for(interval: Interval, count: int) -> int:
    return count * {Interval.WEEK: 5, Interval.MONTH: 23, Interval.YEAR: 262}.get(interval, 1)


def _folded(rows: Iterable[Row], interval: Interval) -> Iterator[Row]:
    """Yield one row for all days of a stretch, with its first day. A day without a trade has no say in the prices."""
    for first, group in groupby(rows, key=lambda row: _begin(interval, row[0])):
        days = list(group)
        traded = [day for day in days if day[5] and day[1]] or days[-1:]
        turnover = [day[6] for day in days]
        yield (
            first,
            traded[0][1],
            max(day[2] for day in traded),
            min(day[3] for day in traded),
            days[-1][4],
            sum(day[5] for day in days),
            None if None in turnover else sum(each for each in turnover if each),
        )
