"""Lists row by row: one odd row is told, and does not take its neighbours with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AliasChoices, BaseModel, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from brokerkit.transport.endpoint import deepest_fault

T = TypeVar("T")
_DIGITS = re.compile("[0-9]{1,18}")
_ID = re.compile("[!-~]{1,128}")


def _objects(rows: list[Any]) -> list[Any]:
    if set(map(type, rows)) - {dict}:
        raise ValueError("a row is no object")
    return rows


class _AsTheyCame:
    """Rows are not looked into: that would take as long as reading them."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rows = core_schema.list_schema(core_schema.any_schema(), strict=True)
        return core_schema.no_info_after_validator_function(_objects, rows)


PlainRows = Annotated[list[dict[str, Any]], _AsTheyCame()]
"""Rows that the core reads as columns, see `Bars`."""


@dataclass(frozen=True)
class OddRow:
    """A row of a list that is not as documented. Its text shows no values."""

    fault: str
    """Which field of it is wrong, and how."""
    values: dict[str, Any] = field(repr=False)

    kind: type[BaseModel] | None = field(default=None, repr=False, compare=False)
    """What the row should have been; the type of its number says what a number is."""

    def number(self, *names: str) -> str:
        """Return the first of these fields that is a number of an order, blank if none is: other text is not shown."""
        return next(filter(None, (self._number_in(name) for name in names)), "")

    def _number_in(self, name: str) -> str:
        value = self.values.get(name)
        text = value.strip() if isinstance(value, str) else ""
        if _DIGITS.fullmatch(text):
            return text
        reader = _reader(self.kind, name) if self.kind is not None else None
        if reader is None:
            return ""
        try:
            read = reader.validate_python(value)
        except Exception:  # noqa: BLE001 - pydantic lets through what a field's own reader raises
            return ""
        return read if isinstance(read, str) and _ID.fullmatch(read) else ""

    def names_of(self, field: str) -> tuple[str, ...]:
        """Return how the wire may call a field of what the row should have been."""
        known = self.kind.model_fields.get(field) if self.kind is not None else None
        return () if known is None else tuple(name for name in _wire_names(field, known) if isinstance(name, str))

    @property
    def is_blank(self) -> bool:
        """Say whether nothing stands in it."""
        return not any(value.strip() if isinstance(value, str) else value for value in self.values.values())

    def may_be(self, number: str, *names: str) -> bool:
        """Say whether it may be the row of an order: it has that number, or none that can be read."""
        own = self.number(*names)
        if own.isdecimal() and number.isdecimal():
            return int(own) == int(number)
        return own in ("", number)


@cache
def _reader(kind: type[BaseModel], name: str) -> TypeAdapter[Any] | None:
    """Return what reads the field of that name on the wire, None if there is none."""
    for own, known in kind.model_fields.items():
        if name in _wire_names(own, known):
            form: Any = Annotated[known.annotation, *known.metadata] if known.metadata else known.annotation
            return TypeAdapter(form)
    return None


def _wire_names(own: str, known: FieldInfo) -> list[Any]:
    alias = own if known.validation_alias is None else known.validation_alias
    return alias.choices if isinstance(alias, AliasChoices) else [alias]


class _OrOdd:
    """A second choice, so that rows as documented cost nothing."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        row: type[BaseModel] = get_args(source)[0]

        def odd(values: dict[str, Any]) -> OddRow:
            try:
                row.model_validate(values)
            except ValidationError as error:
                return OddRow(deepest_fault(error), values, row)
            except Exception as error:  # noqa: BLE001 - pydantic lets through what a field's own reader raises
                return OddRow(f"a field is not as documented ({type(error).__name__})", values, row)
            return OddRow("it cannot be read", values, row)

        anything = core_schema.no_info_after_validator_function(odd, core_schema.dict_schema())
        return core_schema.union_schema([(handler.generate_schema(row), ""), (anything, "")], mode="left_to_right")


Row = Annotated[T | OddRow, _OrOdd()]
"""A row, or what is wrong with it where it is not as documented."""
