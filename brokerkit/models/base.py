"""What all common models share: immutable, nothing unknown gets in, a person can read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from brokerkit.models.columns import shown_fields
from brokerkit.models.table import Table

if TYPE_CHECKING:
    import pandas
    import polars


class Model(BaseModel):
    """Base of the common models: immutable, nothing unknown gets in.

    Each of them is built when it is first used, as are all our models: a program uses few of them. Before pydantic 2.14
    two threads that used one for the first time could meet it half built.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        cache_strings="keys",
        defer_build=True,
    )

    time_field: ClassVar[str | None] = None
    """The field with the time or day that a row of a table is of; it is the index of data frames."""

    def to_pandas(self, *, floats: bool = False, korean: bool = False) -> pandas.DataFrame:
        """Return a pandas DataFrame of one row; lists within are tables of their own. See `Table.to_pandas`."""
        return self._table().to_pandas(floats=floats, korean=korean)

    def to_polars(self, *, floats: bool = False, korean: bool = False) -> polars.DataFrame:
        """Return a polars DataFrame of one row; lists within are tables of their own. See `Table.to_polars`."""
        return self._table().to_polars(floats=floats, korean=korean)

    def _table(self) -> Table[Any]:
        """Return the model as rows of a table."""
        return Table(type(self), (self,))

    def __repr__(self) -> str:
        lines = "".join(f"    {line},\n" for line in shown_fields(self))
        return f"{type(self).__name__}(\n{lines})" if lines else f"{type(self).__name__}()"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        from brokerkit.models.rendering import model_html

        return model_html(self)
