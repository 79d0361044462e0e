"""Candles of minutes, and of single trades: what a broker tells of them, put together complete, or an error.

Both brokers get the same rules: a minute is labelled by its start, one without a trade has no candle, at KRX and in the
US the minutes of regular trading count with a close that came late, and longer ones are made of single minutes here.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Any

from brokerkit import clock
from brokerkit.asking.bars import MINUTES, Columns, columns_of, days_back, may_trade, offered
from brokerkit.errors import IncompleteListing, InvalidRequest, Unsupported
from brokerkit.market.markets import Market
from brokerkit.market.sessions import Phase
from brokerkit.models import Candles
from brokerkit.models.candles import SESSIONS
from brokerkit.part import Part
from brokerkit.replies import Bars
from brokerkit.transport.together import Progress, Together
from brokerkit.words import Interval, Venue

DEFAULT_COUNT = 100
A_DAY = 300
"""Minutes that most symbols are traded in on a day, for a first guess at how far back to ask."""
SETTLED = 60
"""Seconds after the end of a minute in which its figures can still change; six were measured."""
DAY = dt.timedelta(days=1)
A_FORTNIGHT = 14 * DAY
MINUTE = dt.timedelta(minutes=1)
Row = tuple[int, int, int, int, int, int]
"""Seconds since 1970, open, high, low, close, volume; prices with a number of decimals."""


@dataclass(frozen=True)
class Span:
    """What is asked for."""

    symbol: str
    interval: Interval
    venue: Venue
    adjusted: bool | None
    start: dt.datetime | None
    end: dt.datetime
    count: int | None


@dataclass(frozen=True)
class Day:
    """A trading day, in seconds since 1970."""

    date: dt.date
    begins: int
    ends: int
    counted: range
    """From the first minute that counts to the end of the last one."""


@dataclass
class Told:
    """What a broker told of a stretch."""

    rows: list[Row] = field(default_factory=list)
    """Ascending."""
    scale: int = 0
    is_whole: bool = False
    """Whether it told of something before the stretch, so that nothing of it is missing."""
    has_rows: bool = False
    """Whether it told of any bar at all, with a trade or without one."""


class Minutes:
    """Makes candles of what one part of a broker answers."""

    def __init__(self, part: Part[Any], market: Market, together: Together) -> None:
        self._part = part
        self._market = market
        self._rules = market.calendar
        self._together = together
        self._known_days: dict[tuple[Venue, dt.date], Day] = {}

    def candles(self, asked: Span, progress: Progress | None) -> Candles:
        """Return the candles; every one of them, or an error."""
        asked = self._checked(asked)
        if asked.interval is Interval.TICK:
            told = self._trades(asked)
        elif asked.start is None:
            told = self._newest(asked, progress)
        else:
            told = self._from(asked, asked.start, progress)
        return self._made(asked, self._cut(asked, told.rows), told.scale)

    def _checked(self, asked: Span) -> Span:
        """Raise for what the broker has not, before anything is sent. Where it has both, prices are as traded."""
        told = Interval.TICK if asked.interval is Interval.TICK else Interval.MINUTE
        if told not in self._part.intervals(self._part.environment):
            raise Unsupported(
                f"{self._part.broker} offers no candles of {asked.interval} here.",
                advice=f"Nothing was sent. Offered: {', '.join(offered(self._part))}.",
            )
        if asked.adjusted is not None and told not in self._part.adjusts:
            raise Unsupported(
                f"Whether {self._part.broker} adjusts prices of minutes is not known, and nobody can choose it.",
                advice="Nothing was sent. Leave `adjusted` out to have them as they are, or ask for days.",
            )
        return replace(asked, adjusted=False) if asked.adjusted is None and told in self._part.adjusts else asked

    def _none(self, asked: Span) -> InvalidRequest:
        return InvalidRequest(
            f"{self._part.broker} has no candles of {asked.symbol} from {asked.start or 'the beginning'} to "
            f"{asked.end}: it was not listed then, or not traded there.",
            advice="Ask for a later span.",
        )

    def _cut(self, asked: Span, rows: list[Row]) -> list[Row]:
        folded = rows
        if (length := MINUTES.get(asked.interval, 1)) > 1:
            folded = list(_folded(rows, length * 60))
        if asked.start is None:
            return folded[-(asked.count or DEFAULT_COUNT) :]
        return folded[: asked.count]

    # Minutes

    def _from(self, asked: Span, start: dt.datetime, progress: Progress | None) -> Told:
        """Return all minutes from a start on; Unsupported where the broker no longer keeps them."""
        since, first, last = self._part.minutes_since(asked.venue), self._day_of(start), self._day_of(asked.end)
        if first < since:
            raise Unsupported(
                f"{self._part.broker} keeps minutes from {since} on; {start} is further back.",
                advice=f"Nothing was sent. Ask from {since} on, or for days.",
            )
        if not any(may_trade(self._part, self._market, day) for day in _days(first, last)):
            raise InvalidRequest(f"There is no trading day from {first} to {last}.")
        length = MINUTES[asked.interval]
        end = _floored(asked.end, length) + (length - 1) * MINUTE
        told = self._minutes(asked, _floored(start, length), end, progress)
        if not told.has_rows:
            raise self._none(asked)
        if not told.is_whole:
            self._check_listing(asked, start, told)
        return told

    def _check_listing(self, asked: Span, start: dt.datetime, told: Told) -> None:
        """Raise if a symbol was traded before the first minute that the broker tells: its days know that.

        Where each day is asked for alone, nothing goes further back than the first minute of today.
        """
        first = self._day_of(_moment(told.rows[0][0]) if told.rows else asked.end)
        is_alone = self._part.minutes_by_day and first >= self._market.today()
        if Interval.DAY not in self._part.intervals(self._part.environment) or is_alone:
            return
        before = max(min(self._day_of(start), first - A_FORTNIGHT), first - self._part.bars_at_once * DAY), first - DAY
        days = columns_of(self._part, self._part.bars(asked.symbol, Interval.DAY, asked.venue, True, *before), digits=8)
        told_before = [] if days is None else zip(days.times, days.volume, strict=True)
        if any(volume and f"{before[0]:%Y%m%d}" <= day <= f"{before[1]:%Y%m%d}" for day, volume in told_before):
            raise IncompleteListing(
                f"{self._part.broker} tells minutes of {asked.symbol} from {first} on only, and it was traded before.",
                broker=self._part.broker,
                advice=f"Ask from the day after {first} on, or for days.",
            )

    def _newest(self, asked: Span, progress: Progress | None) -> Told:
        """Ask back from the end until there are enough; Unsupported where the broker keeps fewer."""
        wanted, length = asked.count or DEFAULT_COUNT, MINUTES[asked.interval]
        since, end, days = self._part.minutes_since(asked.venue), asked.end, wanted * length // A_DAY + 1
        start = self._first_guess(asked, wanted * length)
        found = Told()
        while True:
            start = max(start, self._market.begin_of(since))
            more = self._minutes(asked, start, end, progress)
            scale = max(found.scale, more.scale)
            rows = [*_rescaled(more, scale), *_rescaled(found, scale)]
            found = Told(rows, scale, more.is_whole, found.has_rows or more.has_rows)
            # Of what is not surely whole the oldest may be a part.
            if sum(1 for _ in groupby(rows, lambda row: row[0] // (60 * length))) >= wanted + (not more.is_whole):
                return found
            if start <= self._market.begin_of(since):
                raise self._all_there_are(asked, found, since)
            end, start = start - MINUTE, self._back(self._day_of(start), days)
            days *= 2

    def _all_there_are(self, asked: Span, found: Told, since: dt.date) -> InvalidRequest | Unsupported:
        if not found.has_rows:
            return self._none(asked)
        count = len(self._cut(asked, found.rows))
        return Unsupported(
            f"{self._part.broker} keeps minutes from {since} on: of {asked.symbol} that are {count} candles of "
            f"{asked.interval}, and {asked.count or DEFAULT_COUNT} were asked for.",
            advice=f"Ask for all of them from {since} on, or for days.",
        )

    def _first_guess(self, asked: Span, minutes: int) -> dt.datetime:
        """Return from when on there are as many minutes today, else the beginning of as many days."""
        now, day = self._part.now(), self._day_of(asked.end)
        if now is not None and day == self._day_of(now):
            start = _floored(min(now, asked.end) - minutes * MINUTE, 60)
            if self._day_of(start) == day:
                return start
        return self._back(day + DAY, minutes // A_DAY + 1)

    def _back(self, day: dt.date, count: int) -> dt.datetime:
        """Return the beginning of the first of so many days before a day that can have bars."""
        return self._market.begin_of(days_back(self._part, self._market, day, count))

    def _minutes(self, asked: Span, start: dt.datetime, end: dt.datetime, progress: Progress | None) -> Told:
        """Return the minutes of a stretch: day by day, several days at a time, or all in one row of answers."""
        if not self._part.minutes_by_day:
            return self._stretch(asked, progress, (start, end))
        every = [
            self._counted(asked.venue, day, start, end)
            for day in _days(self._day_of(start), self._day_of(end))
            if may_trade(self._part, self._market, day)
        ]
        days = [(begun, ended) for begun, ended in every if begun <= ended]
        told = self._together.map(partial(self._stretch, asked, None), days[::-1], progress)[::-1]
        self._check_holes(asked, days, told)
        scale = max((each.scale for each in told), default=0)
        rows = [row for each in told for row in _rescaled(each, scale)]
        # What comes after the first day has been checked.
        return Told(rows, scale, bool(told) and told[0].is_whole, any(each.has_rows for each in told))

    def _check_holes(self, asked: Span, days: Sequence[tuple[dt.datetime, dt.datetime]], told: Sequence[Told]) -> None:
        """Raise for a day that is not surely whole after one that was told: only before a listing there is nothing."""
        first = next((place for place, each in enumerate(told) if each.has_rows), len(told))
        for (begun, _), each in zip(days[first + 1 :], told[first + 1 :], strict=True):
            if not each.is_whole and not self._is_not_yet(begun):
                raise IncompleteListing(
                    f"{self._part.broker} does not tell all minutes of {asked.symbol} of {self._day_of(begun)}: "
                    "what comes before them is missing.",
                    broker=self._part.broker,
                )

    def _is_not_yet(self, begun: dt.datetime) -> bool:
        """Say whether it is a day, today, of which there may be nothing before its own first minute."""
        return self._day_of(begun) >= self._market.today()

    def _stretch(self, asked: Span, progress: Progress | None, stretch: tuple[dt.datetime, dt.datetime]) -> Told:
        """Read answers back from the end of a stretch until one goes further back than its start."""
        start, end = stretch
        found: dict[int, Row] = {}
        told, scale, is_empty = Told(), 0, False
        first, last = self._day_of(start), self._day_of(end)
        days = (last - first).days + 1
        for bars in self._part.minutes(asked.symbol, Interval.MINUTE, asked.venue, asked.adjusted, start, end):
            if is_empty:
                raise self._part.wrong(bars.endpoint, "an answer without rows, and others after it")
            columns = self._columns(asked, bars)
            if columns is None:
                is_empty = True
                continue
            if columns.scale > scale:
                found = {at: _times(row, 10 ** (columns.scale - scale)) for at, row in found.items()}
                scale = columns.scale
            oldest = self._add(asked, bars, columns, scale, found, stretch)
            told.has_rows = True
            told.is_whole |= oldest < start.timestamp()
            if progress is not None:
                reached = max(first, self._day_of(_moment(oldest)))
                progress(days if told.is_whole else (last - reached).days, days)
        told.rows, told.scale = [found[at] for at in sorted(found)], scale
        return told

    def _columns(self, asked: Span, bars: Bars) -> Columns | None:
        if bars.symbol and bars.symbol != asked.symbol:
            raise self._part.wrong(bars.endpoint, f"an answer about {bars.symbol}, and {asked.symbol} was asked for")
        columns = columns_of(self._part, bars, 14)
        if columns is not None and not any(columns.prices[3]):
            raise self._part.wrong(bars.endpoint, "no bar has a price")  # seen of the combined market
        return columns

    def _add(
        self,
        asked: Span,
        bars: Bars,
        columns: Columns,
        scale: int,
        found: dict[int, Row],
        stretch: tuple[dt.datetime, dt.datetime],
    ) -> int:
        """Add the minutes of an answer that lie in a stretch and in the hours that count; return its oldest moment."""
        begun, ended = (int(each.timestamp()) for each in stretch)
        factor = 10 ** (scale - columns.scale)
        times = self._seconds(bars, columns)
        if max(times) >= self._end_of_today():
            raise self._part.wrong(bars.endpoint, f"a bar of {_told(max(times))}, which is still to come")
        if len(set(times)) < len(times) or any(at % 60 for at in times):
            raise self._part.wrong(bars.endpoint, "a minute stands there twice, or begins within another")
        day = self._day_at(asked.venue, begun)
        for at, opened, high, low, close, volume in zip(times, *columns.prices, columns.volume, strict=True):
            if not volume or not begun <= at <= ended:
                continue
            if not day.begins <= at < day.ends:
                day = self._day_at(asked.venue, at)
            if at not in day.counted:
                continue
            if low <= 0 or not low <= min(opened, close) <= max(opened, close) <= high:
                raise self._part.wrong(bars.endpoint, f"prices at {_told(at)} that no bar can have")
            row = (at, opened, high, low, close, volume)
            if factor != 1:
                row = _times(row, factor)
            if found.setdefault(at, row) != row:
                raise self._part.wrong(bars.endpoint, f"the minute {_told(at)} comes twice, with other figures")
        return min(times)

    def _seconds(self, bars: Bars, columns: Columns) -> list[int]:
        """Return the moments of rows in seconds since 1970."""
        days: dict[str, int] = {}
        moments: list[int] = []
        try:
            for text in columns.times:
                day = days.get(text[:8])
                if day is None:
                    day = days[text[:8]] = _at(dt.date.fromisoformat(text[:8]))
                hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:])
                if hour > 23 or minute > 59 or second > 59:
                    raise ValueError
                moments.append(day + hour * 3600 + minute * 60 + second)
        except ValueError:
            raise self._part.wrong(bars.endpoint, f"{bars.time} is no moment") from None
        return moments

    # Trades

    def _trades(self, asked: Span) -> Told:
        """Read single trades back from the end: until there are enough, or until one is older than the start."""
        wanted = None if asked.start is not None else asked.count or DEFAULT_COUNT
        start = asked.start or self._market.begin_of(self._market.today() - 366 * DAY)
        rows: list[Row] = []
        scale, previous, is_whole = 0, self._end_of_today(), False
        for bars in self._part.minutes(asked.symbol, Interval.TICK, asked.venue, asked.adjusted, start, asked.end):
            columns = self._columns(asked, bars)
            if columns is None:
                break
            if columns.scale > scale:
                rows = [_times(row, 10 ** (columns.scale - scale)) for row in rows]
                scale = columns.scale
            moments = self._seconds(bars, columns)
            if any(later < earlier for later, earlier in zip([previous, *moments], moments, strict=False)):
                raise self._part.wrong(bars.endpoint, "trades that are not the newest first")
            previous = moments[-1]
            every = zip(moments, *columns.prices, columns.volume, strict=True)
            factor = 10 ** (scale - columns.scale)
            rows += [_times(row, factor) for row in every if self._counts(asked, start, row)]
            is_whole = moments[-1] < start.timestamp()
            if is_whole or (wanted is not None and len(rows) >= wanted):
                return Told(rows[::-1], scale, is_whole, has_rows=True)
        oldest = _told(rows[-1][0]) if rows else "none"
        raise Unsupported(
            f"{self._part.broker} keeps {len(rows)} trades of {asked.symbol}, the oldest of {oldest}; whether there "
            "were others before that it does not tell.",
            advice=f"Ask for the newest, with count={len(rows)}, or for minutes." if rows else "Ask for minutes.",
        )

    def _counts(self, asked: Span, start: dt.datetime, row: Row) -> bool:
        at, volume = row[0], row[5]
        inside = start.timestamp() <= at <= asked.end.timestamp()
        return bool(volume) and inside and at in self._day_at(asked.venue, at).counted

    # Days

    def _day_of(self, moment: dt.datetime) -> dt.date:
        """Return the trading day of a moment."""
        return self._rules.day_of(moment)

    def _day_at(self, venue: Venue, seconds: int) -> Day:
        return self._day(venue, self._day_of(_moment(seconds)))

    def _day(self, venue: Venue, date: dt.date) -> Day:
        """Return a trading day in seconds since 1970, with what of it counts."""
        found = self._known_days.get((venue, date))
        if found is None:
            begins, ends = (int(self._market.begin_of(day).timestamp()) for day in (date, date + DAY))
            minutes = self._rules.counted_minutes(venue, date, self._part.minutes_are_extended)
            counted = range(_at(date) + 60 * minutes.start, _at(date) + 60 * minutes.stop)
            found = self._known_days[venue, date] = Day(date, begins, ends, counted)
        return found

    def _end_of_today(self) -> int:
        return int(self._market.begin_of(self._market.today() + DAY).timestamp())

    def _counted(
        self, venue: Venue, date: dt.date, start: dt.datetime, end: dt.datetime
    ) -> tuple[dt.datetime, dt.datetime]:
        """Return the first and the last minute of a day that count and lie in a span."""
        counted = self._day(venue, date).counted
        return max(start, _moment(counted[0])), min(end, _moment(counted[-1] - 59))

    # What it becomes

    def _made(self, asked: Span, rows: Sequence[Row], scale: int) -> Candles:
        columns = list(zip(*rows, strict=True)) or [()] * 6
        return Candles(
            asked.symbol,
            venue=asked.venue,
            interval=asked.interval,
            currency=self._market.currency,
            adjusted=asked.adjusted,
            times=array("q", columns[0]),
            prices=[array("q", column) for column in columns[1:5]],
            scale=scale,
            volume=array("q", columns[5]),
            turnover=None,
            states=bytes(self._states(asked, columns[0])),
        )

    def _states(self, asked: Span, times: Iterable[int]) -> Iterator[int]:
        """Yield whether each candle is final, and whose price its close is."""
        length = 0 if asked.interval is Interval.TICK else MINUTES[asked.interval] * 60
        now, today = self._part.now(), int(self._market.begin_of(self._market.today()).timestamp())
        until = today - 1 if now is None else int(now.timestamp()) - SETTLED
        session_of = partial(self._session, asked.venue, max(length, 60) // 60)
        begins = ends = 0
        for at in times:
            if not begins <= at < ends:
                day = self._day_at(asked.venue, at)
                begins, ends, midnight = day.begins, day.ends, _at(day.date)
            is_final = at < today or length == 0 or at + length <= until
            session = session_of(day, (at - midnight) // 60) if is_final else None
            yield int(is_final) | SESSIONS.index(session) << 1

    def _session(self, venue: Venue, length: int, day: Day, minute: int) -> Phase | None:
        """Return the session of a candle of so many minutes; None where it may have been traded in two."""
        session_of, is_extended = self._rules.session_of_minute, self._part.minutes_are_extended
        last = session_of(venue, day.date, minute + length - 1, is_extended)
        if length == 1:
            return last
        first = max(minute, (day.counted.start - _at(day.date)) // 60)
        return last if session_of(venue, day.date, first, is_extended) is last else None


def _folded(rows: Iterable[Row], length: int) -> Iterator[Row]:
    """Yield one row for all minutes of a stretch of seconds, with its beginning."""
    for number, group in groupby(rows, key=lambda row: row[0] // length):
        minutes = list(group)
        yield (
            number * length,
            minutes[0][1],
            max(minute[2] for minute in minutes),
            min(minute[3] for minute in minutes),
            minutes[-1][4],
            sum(minute[5] for minute in minutes),
        )


def _rescaled(told: Told, scale: int) -> list[Row]:
    factor = 10 ** (scale - told.scale)
    return told.rows if factor == 1 else [_times(row, factor) for row in told.rows]


def _times(row: Row, factor: int) -> Row:
    at, opened, high, low, close, volume = row
    return at, opened * factor, high * factor, low * factor, close * factor, volume


_EPOCH = dt.date(1970, 1, 1).toordinal()


def _at(day: dt.date) -> int:
    """Return the seconds since 1970 of midnight in Korea at the beginning of a date."""
    return (day.toordinal() - _EPOCH) * 86_400 - 9 * 3_600


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, clock.KST)


def _told(seconds: int) -> str:
    return f"{_moment(seconds):%Y-%m-%d %H:%M:%S}"


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    yield from (first + number * DAY for number in range((last - first).days + 1))


def _floored(moment: dt.datetime, minutes: int) -> dt.datetime:
    """Return the beginning of the stretch of minutes in which a moment lies."""
    local = moment.astimezone(clock.KST)
    passed = (local.hour * 60 + local.minute) % minutes
    return local.replace(second=0, microsecond=0) - passed * MINUTE
