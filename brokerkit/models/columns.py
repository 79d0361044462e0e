"""What a model tells, as columns of a table, and as people read it."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from brokerkit.models.labels import korean_name

PRICES = ("open", "high", "low", "close")
"""The prices of a candle."""


class Column(NamedTuple):
    """A field of a model, or of a model within it, as a column."""

    name: str
    path: tuple[str, ...]
    kind: type[Any]


@cache
def columns_of(kind: Any) -> tuple[Column, ...]:
    """Return the columns of a model: its fields, and those of models within it, but no lists of models."""
    return tuple(_columns(kind, ()))


def _columns(kind: type[BaseModel], path: tuple[str, ...]) -> Iterator[Column]:
    for name, hint in get_type_hints(kind, include_extras=False).items():
        if name not in kind.model_fields:
            continue
        plain = _plain(hint)
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            yield from _columns(plain, (*path, name))
        elif not _is_table(hint):
            yield Column("_".join((*path, name)), (*path, name), plain)


def _plain(hint: Any) -> Any:
    """Return the class of a field, without None."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    return get_origin(hint) or hint


def _is_table(hint: Any) -> bool:
    inner = get_args(hint)
    return bool(inner) and isinstance(inner[0], type) and issubclass(inner[0], BaseModel)


def value_of(row: BaseModel, column: Column) -> Any:
    """Return what a row tells in a column, None where that is nothing."""
    value: Any = row
    for name in column.path:
        value = getattr(value, name)
    return value


def korean(kind: type[BaseModel], column: Column) -> str:
    """Return the Korean name of a column, its English one where there is none."""
    return korean_name(kind.__name__, column.path)


def in_words(value: object) -> str:
    """Return a value as people read it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, tuple | list):
        return ", ".join(map(in_words, value))
    return value if isinstance(value, str) else str(value)


def shown_fields(row: BaseModel) -> Iterator[str]:
    """Yield `name=value` of all that a model tells."""
    for name in type(row).model_fields:
        value = getattr(row, name)
        if value is None or (isinstance(value, BaseModel) and value == type(value).model_construct()):
            continue
        if isinstance(value, BaseModel):
            yield f"{name}=({', '.join(shown_fields(value))})"
        elif isinstance(value, str) and not isinstance(value, Enum):
            yield f"{name}={value!r}"
        elif value == ():
            yield f"{name}=[]"
        elif isinstance(value, tuple) and isinstance(value[0], BaseModel):
            yield f"{name}=[{len(value)} × {type(value[0]).__name__}]"
        else:
            yield f"{name}={in_words(value)}"
