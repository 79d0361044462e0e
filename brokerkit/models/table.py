"""What a verb answers where it answers several things: a tuple of models that a person can read.

It becomes a data frame of pandas or polars, with Decimals or floats, with English or Korean names of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, Self, SupportsIndex, TypeVar, get_args, overload

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from brokerkit.errors import InvalidRequest
from brokerkit.models.columns import Column, columns_of, shown_fields

if TYPE_CHECKING:
    import pandas
    import polars

    from brokerkit.models.pictures import Picture

M = TypeVar("M", bound=BaseModel)
SHOWN = 20
"""Rows that are shown of a longer table: so many of its beginning, and as many of its end."""


class Table(tuple[M, ...], Generic[M]):
    """Several models of one kind, in a tuple. Parts of it are tables too."""

    kind: type[M]
    """What its rows are, also where there is none."""

    def __new__(cls, kind: type[M], rows: Iterable[M] = ()) -> Self:
        made = super().__new__(cls, rows)
        made.kind = kind
        return made

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> M: ...
    @overload
    def __getitem__(self, key: slice, /) -> Table[M]: ...
    def __getitem__(self, key: SupportsIndex | slice, /) -> M | Table[M]:
        found = super().__getitem__(key)
        return Table(self.kind, found) if isinstance(key, slice) else found  # type: ignore[arg-type, return-value]

    def __reduce__(self) -> tuple[Any, ...]:
        return Table, (self.kind, tuple(self))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that a data frame of it has."""
        return columns_of(self.kind)

    def to_pandas(self, *, floats: bool = False, korean: bool = False) -> pandas.DataFrame:
        """Return a pandas DataFrame: a row a model, a column a field, models within it flattened.

        Numbers stay Decimals, or become floats with `floats` (None is NaN there), which cannot hold every amount
        exactly. With `korean` columns have their Korean names. Where rows have a time or day of their own it is the
        index. Needs the [pandas] extra.
        """
        from brokerkit.models.frames import to_pandas

        return to_pandas(self.kind, self, floats=floats, korean=korean)

    def to_polars(self, *, floats: bool = False, korean: bool = False) -> polars.DataFrame:
        """Return a polars DataFrame, as `to_pandas` does; time or day is the first column. Needs the [polars] extra."""
        from brokerkit.models.frames import to_polars

        return to_polars(self.kind, self, floats=floats, korean=korean)

    def plot(self, path: str | PathLike[str] | None = None, *, korean: bool = False) -> Picture:
        """Draw an investor flow: the close, net buying a day, and summed. A notebook shows the picture.

        With a path it is written to that file, a .png, .svg or .pdf. With `korean` its labels are Korean where a font
        of this machine has the letters. Needs the [plot] extra. InvalidRequest for what has no picture here.
        """
        from brokerkit.models.pictures import draw_flow, plotted

        if not self or not {"date", "individual"} <= set(self.kind.model_fields):
            raise InvalidRequest(
                f"There is no flow of days to draw in {len(self)} × {self.kind.__name__}.",
                advice="to_pandas().plot() draws any numbers.",
            )
        return plotted(lambda: draw_flow(self, korean=korean), path)

    def __repr__(self) -> str:
        if not self:
            return f"Table({self.kind.__name__})"
        rows = [f"    {line}," if line != "..." else "    ..." for line in self._lines()]
        return "\n".join([f"Table({self.kind.__name__}, {len(self)} rows: [", *rows, "])"])

    def _lines(self) -> Iterator[str]:
        for row in self._ends():
            yield "..." if row is None else f"{type(row).__name__}({', '.join(shown_fields(row))})"

    def _ends(self) -> Iterator[M | None]:
        """Yield the rows that are shown, and None where some are left out."""
        if len(self) <= 2 * SHOWN:
            yield from self
        else:
            yield from (*self[:SHOWN], None, *self[-SHOWN:])

    def _repr_html_(self) -> str:
        from brokerkit.models.rendering import table_html

        return table_html(self.kind, self, self._ends())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (kind,) = get_args(source)
        rows = handler.generate_schema(tuple[kind, ...])  # type: ignore[valid-type]
        return core_schema.no_info_after_validator_function(
            lambda found: Table(kind, found),
            rows,
            serialization=core_schema.plain_serializer_function_ser_schema(tuple, return_schema=rows),
        )
