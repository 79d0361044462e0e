"""Candles of several symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from brokerkit.errors import BrokerError
from brokerkit.models.candles import Candles

if TYPE_CHECKING:
    import pandas
    import polars


class ManyCandles(Mapping[str, Candles]):
    """Candles by symbol, in the order in which they were asked for."""

    def __init__(
        self, candles: Mapping[str, Candles], failed: Mapping[str, BrokerError] = MappingProxyType({})
    ) -> None:
        self._candles = dict(candles)
        self.failed: Mapping[str, BrokerError] = MappingProxyType(dict(failed))
        """The symbols that have no candles here, each with the reason."""

    def __getitem__(self, symbol: str) -> Candles:
        if symbol in self.failed:
            raise self.failed[symbol]
        return self._candles[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._candles)

    def __len__(self) -> int:
        return len(self._candles)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._candles

    def __reduce__(self) -> tuple[Any, ...]:
        return ManyCandles, (self._candles, dict(self.failed))

    def to_pandas(self, *, floats: bool = False, korean: bool = False) -> pandas.DataFrame:
        """Return a pandas DataFrame of all of them, with symbol and time as its index. See `Table.to_pandas`."""
        from brokerkit.models.frames import many_to_pandas

        return many_to_pandas(self._candles, floats=floats, korean=korean)

    def to_polars(self, *, floats: bool = False, korean: bool = False) -> polars.DataFrame:
        """Return a polars DataFrame of all of them, the symbol first. See `Table.to_polars`."""
        from brokerkit.models.frames import many_to_polars

        return many_to_polars(self._candles, floats=floats, korean=korean)

    def __repr__(self) -> str:
        lines = [f"    {symbol}: {_in_short(candles)}" for symbol, candles in self._candles.items()]
        lines += [f"    {symbol}: {error.message}" for symbol, error in self.failed.items()]
        return "\n".join([f"ManyCandles({len(self)} symbols: [", *lines, "])"])

    def _repr_html_(self) -> str:
        failed = "".join(f"<p>{_safe(f'{symbol}: {error.message}')}</p>" for symbol, error in self.failed.items())
        return "".join(candles._repr_html_() for candles in self._candles.values()) + failed


def _in_short(candles: Candles) -> str:
    if not candles:
        return "none"
    first, last = (f"{each.time:%Y-%m-%d %H:%M}" for each in (candles[0], candles[-1]))
    return f"{len(candles)} of {candles.interval} from {first} to {last}"


def _safe(text: str) -> str:
    from html import escape

    return escape(text)
