"""Charts of US symbols at Kiwoom: days and minutes, each from a day back, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from brokerkit.clock import KST
from brokerkit.market.markets import US
from brokerkit.market.us import day_of
from brokerkit.models import Candle
from brokerkit.replies import Bars
from brokerkit.transport import Endpoint, PlainRows
from brokerkit.words import Interval, Venue
from brokerkit_kiwoom.us.spelling import Spelling, hours_of, korean, new_york, us_call
from brokerkit_kiwoom.wire.types import Listing, block

HALF_A_YEAR = dt.timedelta(days=180)
"""How far minutes reach back for sure: seven months were counted."""
DAY = dt.timedelta(days=1)
MOST_UNCLEAR = 20
"""Pages, of a hundred minutes each, that are read for a time which only one clock can show: more than a day has."""


class ChartAnswer(Listing):
    """미국주식 일 차트 (usa06012), 분 차트 (usa06011): a page, the newest rows first."""

    rows: PlainRows | None = block("result_list", "result_lsit")


DAYS = us_call("usa06012", "chart", ChartAnswer)
MINUTES = us_call("usa06011", "chart", ChartAnswer)
ADJUSTED = {True: "1", False: "0"}  # upd_stkpc_tp 수정주가구분
ONE = "1"  # tic_scope: single minutes
IN_DOLLARS = "0"  # exrt_appl_tp 환율적용구분
Row = Mapping[str, Any]
Clock = Callable[[dt.date, dt.timedelta], dt.datetime | None]
"""Returns the moment of a time of day by one clock."""
CLOCKS: tuple[Clock, ...] = (korean, new_york)
T = TypeVar("T")


class Charts(Spelling):
    """What charts tell. Prices are adjusted for what came up to the day that is asked from: so that is today.

    A close of a day is the last price before the next day begins, not that of the regular session.
    """

    calls = {"candles": (DAYS,)}
    not_told = {Candle: frozenset({"turnover"})}
    bar_intervals = (Interval.MINUTE, Interval.DAY)
    bars_at_once = 20_000  # pages are followed
    adjusts = (Interval.MINUTE, Interval.DAY)

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        rows: list[dict[str, Any]] = []
        with self.named(symbol) as body:
            for page in self.client.pages(DAYS, body=_body(body, adjusted, end)):
                rows += page.rows or ()
                # With the first day there are all; the row of a later one may stand on a page that comes after.
                if rows and (str(rows[-1].get("dt") or "").strip() or f"{start:%Y%m%d}") < f"{start:%Y%m%d}":
                    break
        return _bars(DAYS, rows, time="dt", volume="acc_trde_qty")  # 일자, 누적거래량

    def minutes(
        self,
        symbol: str,
        interval: Interval,
        venue: Venue,
        adjusted: bool | None,
        start: dt.datetime,
        end: dt.datetime,
    ) -> Iterator[Bars]:
        with self.named(symbol) as named:
            body = {**_body(named, adjusted is True, day_of(end)), "tic_scope": ONE}
            pages = (page.rows or [] for page in self.client.pages(MINUTES, body=body))
            clock, held = self._clock(pages)
            for rows in _after(held, pages):
                told = [{**row, "moment": f"{self._at(row, clock).astimezone(KST):%Y%m%d%H%M%S}"} for row in rows]
                yield _bars(MINUTES, told, time="moment", volume="trde_qty")  # 거래량
                if told and told[-1]["moment"] < f"{start:%Y%m%d%H%M%S}":
                    return

    def minutes_since(self, venue: Venue) -> dt.date:
        return US.today() - HALF_A_YEAR

    # By which clock the times of minutes are, sources tell differently: Korea's with hours above 23, or New York's.

    def _clock(self, pages: Iterator[Sequence[Row]]) -> tuple[Clock, list[Sequence[Row]]]:
        """Return the clock of an answer and the pages read for it: that by which each bar is of the day of its row.

        Of those that are left the newest bar can be to come by one alone, or has just been. A WireError where it stays
        unclear: nothing is guessed.
        """
        held: list[Sequence[Row]] = []
        left = list(CLOCKS)
        for rows in pages:
            held.append(rows)
            left = [clock for clock in left if all(self._fits(row, clock) for row in rows)]
            if len(held) == 1 and rows:
                left = self._by_now(rows[0], left)
            if len(left) < 2 or len(held) >= MOST_UNCLEAR:
                break
        if not any(held):
            return korean, held
        if len(left) == 1:
            return left[0], held
        if not left:
            raise self.wrong(MINUTES, "the times of its bars are neither Korea's nor New York's")
        raise self.wrong(MINUTES, "the times of its bars may be Korea's or New York's")

    def _by_now(self, newest: Row, left: list[Clock]) -> list[Clock]:
        now = self.now()
        if now is None or len(left) < 2:
            return left
        moments = {clock: self._at(newest, clock) for clock in left}
        past = [clock for clock, moment in moments.items() if moment <= now + JUST_NOW]
        fresh = [clock for clock in past if moments[clock] >= now - JUST_NOW]
        return fresh if len(fresh) == 1 else past

    def _fits(self, row: Row, clock: Clock) -> bool:
        """Say whether a bar is of the trading day that its row names."""
        day, moment = self._day(row, "bus_dt"), clock(*self._told(row))
        return moment is not None and day_of(moment) == day

    def _at(self, row: Row, clock: Clock) -> dt.datetime:
        moment = clock(*self._told(row))
        if moment is None:
            raise self.wrong(MINUTES, "the times of its bars are of more than one clock")
        return moment

    def _told(self, row: Row) -> tuple[dt.date, dt.timedelta]:
        text = row.get("cntr_tm")
        hours = hours_of(text.strip()[8:]) if isinstance(text, str) else None
        if hours is None:
            raise self.wrong(MINUTES, "cntr_tm is not in every row what is documented")
        return self._day(row, "cntr_tm"), hours

    def _day(self, row: Row, field: str) -> dt.date:
        text = row.get(field)
        try:
            return dt.datetime.strptime(text.strip()[:8] if isinstance(text, str) else "", "%Y%m%d").date()
        except ValueError:
            raise self.wrong(MINUTES, f"{field} is not in every row what is documented") from None


JUST_NOW = dt.timedelta(minutes=5)


def _body(named: Mapping[str, str], adjusted: bool, end: dt.date) -> dict[str, str]:
    return {
        **named,
        "strt_dt": f"{US.today() if adjusted else end:%Y%m%d}",
        "upd_stkpc_tp": ADJUSTED[adjusted],
        "exrt_appl_tp": IN_DOLLARS,
    }


def _bars(endpoint: Endpoint[Any], rows: Sequence[Row], *, time: str, volume: str) -> Bars:
    return Bars(
        endpoint,
        rows,
        time=time,
        open="open_pric",  # 시가
        high="high_pric",  # 고가
        low="low_pric",  # 저가
        close="cur_prc",  # 현재가(종가)
        volume=volume,
        signed=True,
    )


def _after(held: Sequence[T], more: Iterator[T]) -> Iterator[T]:
    yield from held
    yield from more
