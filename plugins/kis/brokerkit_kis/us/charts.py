"""Charts of US shares: days by their dates in New York, and single minutes, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from pydantic import Field

from brokerkit.market.markets import US
from brokerkit.market.sessions import Phase
from brokerkit.market.us import NEW_YORK
from brokerkit.replies import Bars
from brokerkit.transport import Block, Endpoint, PlainRows, Text
from brokerkit.words import Interval, Venue
from brokerkit_kis.us.quotes import QUOTATIONS
from brokerkit_kis.us.spelling import Spelling, quoted_symbol
from brokerkit_kis.wire.types import One, block

MINUTE = dt.timedelta(minutes=1)
MINUTES_AT_ONCE = 120
KEPT = dt.timedelta(days=28)
"""How far back minutes of the exchanges surely go; "about a month" is what was told. Of daytime those of a day are."""


class ChartHead(Block):
    """What a chart says of its symbol."""

    realtime: Text = Field("", alias="rsym")  # 실시간조회종목코드


class ChartAnswer(Block):
    """해외주식 기간별시세 (HHDFS76240000), 해외주식분봉조회 (HHDFS76950200): bars, the newest first."""

    head: One[ChartHead] = block("output1")
    rows: PlainRows = block("output2")


DAYS = Endpoint({"real": "HHDFS76240000", "demo": "HHDFS76240000"}, f"{QUOTATIONS}/dailyprice", ChartAnswer)
DAYS_AT_ONCE = 100
ADJUSTED = {True: "1", False: "0"}  # MODP 수정주가반영여부
MINUTES = Endpoint({"real": "HHDFS76950200"}, f"{QUOTATIONS}/inquire-time-itemchartprice", ChartAnswer)


class Charts(Spelling):
    """What charts tell. Whether minutes are adjusted is not known, and nothing asks for it."""

    calls = {"candles": (DAYS,)}
    bar_intervals = (Interval.MINUTE, Interval.DAY)
    bar_intervals_in = {"demo": (Interval.DAY,)}
    bars_at_once = DAYS_AT_ONCE
    bars_are_newest = True

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        params = {
            **self.quoted(symbol, self.regular(venue, f"KIS tells no candles of days of {venue}.")),
            "GUBN": "0",  # days
            "BYMD": f"{end:%Y%m%d}",
            "MODP": ADJUSTED[adjusted],
            "KEYB": "",
        }
        answer = self.client.call(DAYS, params=params)
        return Bars(
            DAYS,
            answer.rows,
            time="xymd",  # 일자
            open="open",  # 시가
            high="high",  # 고가
            low="low",  # 저가
            close="clos",  # 종가
            volume="tvol",  # 거래량
            turnover="tamt",  # 거래대금, 달러
            symbol=quoted_symbol(answer.head.realtime),
            session=Phase.REGULAR,
        )

    def minutes_since(self, venue: Venue) -> dt.date:
        return US.today() if venue is Venue.DAYTIME else US.today() - KEPT

    def minutes(
        self,
        symbol: str,
        interval: Interval,
        venue: Venue,
        adjusted: bool | None,
        start: dt.datetime,
        end: dt.datetime,
    ) -> Iterator[Bars]:
        """Ask back from the end, until an answer reaches further back than the start or has no bar."""
        named = self.quoted(symbol, venue)
        now = self.now()
        oldest = (end if now is None else min(end, now)).replace(second=0, microsecond=0) + MINUTE
        while True:
            params = {
                **named,
                "NMIN": "1",
                "PINC": "1",  # days before, too
                "NEXT": "1",
                "NREC": f"{MINUTES_AT_ONCE}",
                "FILL": "",
                # From this minute on backwards, by the clock of New York.
                "KEYB": f"{(oldest - MINUTE).astimezone(NEW_YORK):%Y%m%d%H%M%S}",
            }
            answer = self.client.call(MINUTES, params=params)
            yield Bars(
                MINUTES,
                answer.rows,
                time="kymd",  # 한국기준일자
                clock="khms",  # 한국기준시간: the start of the minute
                open="open",  # 시가
                high="high",  # 고가
                low="low",  # 저가
                close="last",  # 종가
                volume="evol",  # 체결량
                symbol=quoted_symbol(answer.head.realtime),
            )
            reached = self._oldest(answer)
            if reached is None or reached < start or reached >= oldest:
                return
            oldest = reached

    def _oldest(self, answer: ChartAnswer) -> dt.datetime | None:
        """Return the oldest moment of an answer."""
        texts = [f"{row.get('xymd')}{row.get('xhms')}" for row in answer.rows if row.get("xymd")]
        try:
            return dt.datetime.strptime(min(texts), "%Y%m%d%H%M%S").replace(tzinfo=NEW_YORK) if texts else None
        except ValueError:
            raise self.client.wrong(MINUTES, "xhms is no time") from None
