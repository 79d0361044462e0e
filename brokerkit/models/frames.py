"""Tables as data frames of pandas and polars. Both are imported when they are asked for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from brokerkit.errors import ConfigError
from brokerkit.models.columns import PRICES, Column, columns_of, in_words, korean, value_of
from brokerkit.models.labels import korean_name

if TYPE_CHECKING:
    import pandas
    import polars

ZONE = "Asia/Seoul"
PLACES = 38
"""Digits of a Decimal in polars."""


def time_column(kind: Any) -> Column | None:
    """Return the column with the time or day of a row itself, None where rows have none."""
    name = getattr(kind, "time_field", None)
    return next((column for column in columns_of(kind) if column.name == name), None)


def to_pandas(kind: Any, rows: Sequence[Any], *, floats: bool, korean: bool) -> pandas.DataFrame:
    """Return a table as a pandas DataFrame."""
    library = needed("pandas", lambda: __import__("pandas"))
    found = {column: [value_of(row, column) for row in rows] for column in columns_of(kind)}
    names = _names(kind, korean)
    made = {names[column]: _pandas_column(library, column, values, floats) for column, values in found.items()}
    frame: pandas.DataFrame = library.DataFrame(made, columns=list(names.values()))
    time = time_column(kind)
    return frame if time is None else frame.set_index(names[time])


def _pandas_column(pandas: Any, column: Column, values: Sequence[Any], floats: bool) -> Any:
    if column.kind is Decimal:
        numbers = [math.nan if each is None else float(each) for each in values] if floats else list(values)
        return pandas.Series(numbers, dtype="float64" if floats else "object")
    if column.kind is dt.datetime:
        return pandas.to_datetime(pandas.Series(list(values), dtype="object"), utc=True).dt.tz_convert(ZONE)
    if column.kind is dt.date:
        return pandas.to_datetime(pandas.Series(list(values), dtype="object"))
    return pandas.Series([_plain(each) for each in values], dtype="bool" if column.kind is bool else "object")


def to_polars(kind: Any, rows: Sequence[Any], *, floats: bool, korean: bool) -> polars.DataFrame:
    """Return a table as a polars DataFrame."""
    library = needed("polars", lambda: __import__("polars"))
    found = {column: [value_of(row, column) for row in rows] for column in columns_of(kind)}
    names = _names(kind, korean)
    time = time_column(kind)
    ordered = sorted(found, key=lambda column: column != time)
    made: polars.DataFrame = library.DataFrame(
        [_polars_column(library, names[each], each, found[each], floats) for each in ordered]
    )
    return made


def _polars_column(polars: Any, name: str, column: Column, values: Sequence[Any], floats: bool) -> Any:
    if column.kind is Decimal and floats:
        return polars.Series(name, [None if each is None else float(each) for each in values], dtype=polars.Float64)
    if column.kind is Decimal:
        scale = max((-int(each.as_tuple().exponent) for each in values if each is not None), default=0)
        return polars.Series(name, list(values), dtype=polars.Decimal(PLACES, max(scale, 0)))
    if column.kind is dt.datetime:
        moments = [None if each is None else each.astimezone(dt.UTC) for each in values]
        return polars.Series(name, moments, dtype=polars.Datetime("us", "UTC")).dt.convert_time_zone(ZONE)
    kinds = {dt.date: polars.Date, bool: polars.Boolean, int: polars.Int64}
    return polars.Series(name, [_plain(each) for each in values], dtype=kinds.get(column.kind, polars.String))


def _plain(value: Any) -> Any:
    """Return a member of an enum as its text, what has no kind of its own in a frame as text, all else as it is."""
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, str | bool | int | dt.date) else in_words(value)


def _names(kind: Any, in_korean: bool) -> dict[Column, str]:
    columns = columns_of(kind)
    return {column: korean(kind, column) if in_korean else column.name for column in columns}


def candles_to_pandas(kind: Any, candles: Any, *, floats: bool, korean: bool) -> pandas.DataFrame:
    """Return candles as a pandas DataFrame, column by column."""
    library = needed("pandas", lambda: __import__("pandas"))
    columns = candles.columns()
    made = {name: _numbers(library, columns[name], candles.scale, floats) for name in PRICES}
    made["volume"] = _numbers(library, columns["volume"], 0, floats)
    made["turnover"] = _numbers(library, columns["turnover"], 0, floats)
    made["final"] = library.Series(columns["final"], dtype="bool").to_numpy()
    sessions = [None if each is None else each.value for each in columns["session"]]
    made["session"] = library.Series(sessions, dtype="object").to_numpy()
    times = library.to_datetime(_array(columns["time"]), unit="s", utc=True).tz_convert(ZONE)
    frame: pandas.DataFrame = library.DataFrame(made, index=library.DatetimeIndex(times, name="time"))
    if korean:
        frame = frame.rename(columns=_candle_names(kind)).rename_axis(_candle_names(kind)["time"])
    return frame


def _array(column: Any) -> Any:
    import numpy  # pandas needs it, and so it is there

    return numpy.frombuffer(column, dtype="int64") if len(column) else numpy.empty(0, dtype="int64")


def _numbers(pandas: Any, column: Any, scale: int, floats: bool) -> Any:
    if column is None:
        return None
    if floats:
        return _array(column) / 10**scale
    return pandas.Series(_decimals(column, scale), dtype="object").to_numpy()


def _decimals(column: Any, scale: int) -> list[Decimal]:
    return [Decimal(each).scaleb(-scale) for each in column] if scale else list(map(Decimal, column))


def candles_to_polars(kind: Any, candles: Any, *, floats: bool, korean: bool) -> polars.DataFrame:
    """Return candles as a polars DataFrame."""
    library = needed("polars", lambda: __import__("polars"))
    columns = candles.columns()
    seconds = library.Series("time", columns["time"], dtype=library.Int64)
    moments = library.from_epoch(seconds, time_unit="s").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    made = [moments.alias("time")]
    for name in (*PRICES, "volume", "turnover"):
        scale = candles.scale if name in PRICES else 0
        values = columns[name] if columns[name] is not None else [None] * len(candles)
        numbers = library.Series(name, values, dtype=library.Int64)
        if floats:
            made.append(numbers.cast(library.Float64) / 10**scale)
        else:
            exact: list[Any] = values if columns[name] is None else _decimals(values, scale)
            made.append(library.Series(name, exact, dtype=library.Decimal(PLACES, scale)))
    made.append(library.Series("final", columns["final"], dtype=library.Boolean))
    sessions = [None if each is None else each.value for each in columns["session"]]
    made.append(library.Series("session", sessions, dtype=library.String))
    frame: polars.DataFrame = library.DataFrame(made)
    return frame.rename(_candle_names(kind)) if korean else frame


def many_to_pandas(candles: Mapping[str, Any], *, floats: bool, korean: bool) -> pandas.DataFrame:
    """Return candles of several symbols as a pandas DataFrame with a level for the symbol."""
    library = needed("pandas", lambda: __import__("pandas"))
    frames = {symbol: each.to_pandas(floats=floats, korean=korean) for symbol, each in candles.items()}
    name = korean_name("Candle", ("symbol",)) if korean else "symbol"
    if not frames:
        return library.DataFrame(index=library.MultiIndex.from_arrays([[], []], names=[name, "time"]))
    return library.concat(frames, names=[name])


def many_to_polars(candles: Mapping[str, Any], *, floats: bool, korean: bool) -> polars.DataFrame:
    """Return candles of several symbols as a polars DataFrame, the symbol first."""
    library = needed("polars", lambda: __import__("polars"))
    name = korean_name("Candle", ("symbol",)) if korean else "symbol"
    frames = [
        each.to_polars(floats=floats, korean=korean).insert_column(
            0, library.Series(name, [symbol] * len(each), dtype=library.String)
        )
        for symbol, each in candles.items()
    ]
    # Prices of one symbol may have decimals and those of another none.
    return library.concat(frames, how="vertical_relaxed") if frames else library.DataFrame()  # type: ignore[no-any-return]


def _candle_names(kind: Any) -> dict[str, str]:
    return {column.name: korean(kind, column) for column in columns_of(kind)}


def needed(library: str, made: Callable[[], Any], *, extra: str | None = None) -> Any:
    """Return what an import brings; ConfigError with the extra (of the library's name) where it is missing."""
    try:
        return made()
    except ImportError:
        raise ConfigError(
            f"This needs {library}, which is not installed.",
            advice=f'In the clone: pip install ".[{extra or library}]"',
        ) from None
