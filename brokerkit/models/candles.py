"""Candles: what was traded in a stretch of time, many of them in little room."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterator, Sequence
from decimal import Decimal
from os import PathLike
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from brokerkit.clock import KST
from brokerkit.market.sessions import Phase
from brokerkit.models.base import Model
from brokerkit.models.columns import PRICES
from brokerkit.models.table import Table
from brokerkit.values import Exact, Moment
from brokerkit.words import Interval, Venue

if TYPE_CHECKING:
    import pandas
    import polars

    from brokerkit.models.pictures import Picture

SHOWN = 20
"""Candles that are shown of a longer list: so many of its beginning, and as many of its end."""
SESSIONS = (None, *Phase)


class Candle(Model):
    """What was traded in a stretch of time (봉): prices of regular trading, volume as the exchange counts it."""

    time_field = "time"

    time: Moment
    """When it begins (일자, 체결시간), Korean time: days at midnight, weeks on Monday, months and years on their first.

    Days of US symbols are New York's: midnight in Korea of that date.
    A minute has the time of its start, a single trade its own.
    """
    open: Exact
    """First price, in the currency of the market (시가)."""
    high: Exact
    """Highest price (고가)."""
    low: Exact
    """Lowest price (저가)."""
    close: Exact
    """Last price (종가)."""
    volume: Exact
    """Shares that were traded (거래량)."""
    turnover: Exact | None = None
    """Value that was traded (거래대금), in currency units (won, dollars)."""
    final: bool
    """False while figures may change: of a day until the next morning, when brokers have corrected it (of US symbols
    the next afternoon in Korea), of minutes until a minute after their end."""
    session: Phase | None = None
    """Whose price the close is (장구분): REGULAR is the official close, AFTER_MARKET the last one of the evening; None
    where that cannot be proven. Of minutes it is the session in which they were traded."""


class Candles(Sequence[Candle]):
    """Candles of one symbol, oldest first, without a gap and without one twice. Parts of it are candles too.

    A minute in which nobody traded is none of them. Single trades may have the same time.

    They are kept in columns, some 60 bytes each, and made into a `Candle` when one is looked at.
    """

    def __init__(
        self,
        symbol: str,
        *,
        venue: Venue,
        interval: Interval,
        currency: str | None,
        adjusted: bool | None,
        times: array[int],
        prices: Sequence[array[int]],
        scale: int,
        volume: array[int],
        turnover: array[int] | None,
        states: bytes,
    ) -> None:
        """`times` are seconds since 1970, prices have `scale` decimals, `states` tell session and finality."""
        self._symbol = symbol
        self._venue = venue
        self._interval = interval
        self._currency = currency
        self._adjusted = adjusted
        self._times = times
        self._prices = tuple(prices)
        self._scale = scale
        self._volume = volume
        self._turnover = turnover
        self._states = states

    @property
    def symbol(self) -> str:
        """Whose candles these are."""
        return self._symbol

    @property
    def venue(self) -> Venue:
        """Where it was traded; SOR is the combined market."""
        return self._venue

    @property
    def interval(self) -> Interval:
        """How long each of them is."""
        return self._interval

    @property
    def currency(self) -> str | None:
        """Of the prices, ISO 4217; None where an instrument has its own."""
        return self._currency

    @property
    def adjusted(self) -> bool | None:
        """Whether prices of earlier days are those after splits and the like (수정주가); None where nobody can say."""
        return self._adjusted

    def __len__(self) -> int:
        return len(self._times)

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> Candle: ...
    @overload
    def __getitem__(self, key: slice, /) -> Candles: ...
    def __getitem__(self, key: SupportsIndex | slice, /) -> Candle | Candles:
        if isinstance(key, slice):
            return self._part(key)
        at = range(len(self))[key]
        opened, high, low, close = (self._price(column[at]) for column in self._prices)
        return Candle.model_construct(
            time=dt.datetime.fromtimestamp(self._times[at], KST),
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=Decimal(self._volume[at]),
            turnover=None if self._turnover is None else Decimal(self._turnover[at]),
            final=bool(self._states[at] & 1),
            session=SESSIONS[self._states[at] >> 1],
        )

    def __iter__(self) -> Iterator[Candle]:
        return map(self.__getitem__, range(len(self)))

    def _price(self, value: int) -> Decimal:
        return Decimal(value).scaleb(-self._scale) if self._scale else Decimal(value)

    def _part(self, key: slice) -> Candles:
        return Candles(
            self.symbol,
            venue=self.venue,
            interval=self.interval,
            currency=self.currency,
            adjusted=self.adjusted,
            times=self._times[key],
            prices=[column[key] for column in self._prices],
            scale=self._scale,
            volume=self._volume[key],
            turnover=None if self._turnover is None else self._turnover[key],
            states=self._states[key],
        )

    def _same(self) -> tuple[object, ...]:
        what = (self.symbol, self.venue, self.interval, self.adjusted, self._scale)
        return (*what, self._times, *self._prices, self._volume, self._turnover, self._states)

    def __eq__(self, other: object) -> bool:
        return self._same() == other._same() if isinstance(other, Candles) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.symbol, self.interval, len(self), self._times[-1] if self else 0))

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take."""
        columns = [self._times, *self._prices, self._volume, *([] if self._turnover is None else [self._turnover])]
        return sum(len(column) * column.itemsize for column in columns) + len(self._states)

    def to_pandas(self, *, floats: bool = False, korean: bool = False) -> pandas.DataFrame:
        """Return a pandas DataFrame with the time as its index. See `Table.to_pandas`."""
        from brokerkit.models.frames import candles_to_pandas

        return candles_to_pandas(Candle, self, floats=floats, korean=korean)

    def to_polars(self, *, floats: bool = False, korean: bool = False) -> polars.DataFrame:
        """Return a polars DataFrame. See `Table.to_polars`."""
        from brokerkit.models.frames import candles_to_polars

        return candles_to_polars(Candle, self, floats=floats, korean=korean)

    def plot(self, path: str | PathLike[str] | None = None, *, korean: bool = False) -> Picture:
        """Draw them: prices above, volume below, more than 400 as a line of their closes. A notebook shows the picture.

        With a path it is written to that file, a .png, .svg or .pdf. With `korean` labels are Korean where a font of
        this machine has the letters. Needs the [plot] extra.
        """
        from brokerkit.models.pictures import draw_candles, plotted

        return plotted(lambda: draw_candles(self, korean=korean), path)

    def columns(self) -> dict[str, Any]:
        """Return what data frames are made of: seconds since 1970, prices with `scale` decimals, and the rest."""
        return {
            "time": self._times,
            **dict(zip(PRICES, self._prices, strict=True)),
            "volume": self._volume,
            "turnover": self._turnover,
            "final": [bool(state & 1) for state in self._states],
            "session": [SESSIONS[state >> 1] for state in self._states],
        }

    @property
    def scale(self) -> int:
        """Decimals of the prices."""
        return self._scale

    def _ends(self) -> Table[Candle]:
        return Table(Candle, self if len(self) <= 2 * SHOWN else (*self[:SHOWN], *self[-SHOWN:]))

    def __repr__(self) -> str:
        what = f"{self.symbol} {self.venue} {self.interval}{' adjusted' if self.adjusted else ''}"
        if not self:
            return f"Candles({what}, none)"
        shape = "%Y-%m-%d %H:%M:%S" if self.interval is Interval.TICK else "%Y-%m-%d %H:%M"
        lines = [f"    {each.time:{shape}} {self._shown(each)}" for each in self._ends()]
        if len(self) > 2 * SHOWN:
            lines.insert(SHOWN, "    ...")
        return "\n".join([f"Candles({what}, {len(self)}: [", *lines, "])"])

    @staticmethod
    def _shown(candle: Candle) -> str:
        prices = " ".join(f"{getattr(candle, name):f}" for name in PRICES)
        return f"{prices} × {candle.volume:f}{'' if candle.final else ' (not final)'}"

    def _repr_html_(self) -> str:
        return f"<p>{self.symbol} {self.venue} {self.interval}, {len(self)}</p>{self._ends()._repr_html_()}"
