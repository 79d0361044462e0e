"""Models and tables as HTML, for notebooks. Imported when one is shown: the letters of HTML take a while to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape
from typing import Any

from pydantic import BaseModel

from brokerkit.models.columns import Column, columns_of, in_words, korean, value_of


def model_html(model: BaseModel) -> str:
    """Return a model as a table of a row a field, with the tables in it behind."""
    told = [(column, value_of(model, column)) for column in columns_of(type(model))]
    rows = "".join(
        f"<tr><th>{escape(column.name)}</th><td>{escape(korean(type(model), column))}</td>{_cell(value)}</tr>"
        for column, value in told
        if value is not None
    )
    inner = (getattr(model, name) for name in type(model).model_fields)
    tables = "".join(each._repr_html_() for each in inner if isinstance(each, tuple) and hasattr(each, "_repr_html_"))
    return f"<table><caption>{type(model).__name__}</caption><tbody>{rows}</tbody></table>{tables}"


def table_html(kind: Any, rows: Sequence[BaseModel], shown: Iterable[BaseModel | None]) -> str:
    """Return rows as a table of the columns that tell something; of `shown`, None stands where some are left out."""
    told = [column for column in columns_of(kind) if any(value_of(row, column) is not None for row in rows)]
    head = "".join(f"<th>{escape(column.name)}<br>{escape(korean(kind, column))}</th>" for column in told)
    body = "".join(_row(row, told) for row in shown)
    count = f"{len(rows)} × {escape(kind.__name__)}"
    return f"<table><caption>{count}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: BaseModel | None, told: Sequence[Column]) -> str:
    if row is None:
        return f'<tr><td colspan="{len(told)}">…</td></tr>'
    return "<tr>" + "".join(_cell(value_of(row, column)) for column in told) + "</tr>"


def _cell(value: object) -> str:
    """Return a cell, numbers to the right and with their thousands."""
    if isinstance(value, Decimal):
        return f'<td style="text-align: right">{value:,f}</td>'
    return f'<td style="text-align: left">{"" if value is None else escape(in_words(value))}</td>'
