"""Lists row by row: one odd row is told, and does not take its neighbours with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from brokerkit.transport.endpoint import deepest_fault

T = TypeVar("T")
_NUMBER = re.compile("[0-9]{1,18}")


@dataclass(frozen=True)
class OddRow:
    """A row of a list that is not as documented. Its text shows no values."""

    fault: str
    """Which field of it is wrong, and how."""
    values: dict[str, Any] = field(repr=False)

    def number(self, *names: str) -> str:
        """Return the first of these fields that is a number of an order, blank if none is: other text is not shown."""
        texts = (value.strip() for value in map(self.values.get, names) if isinstance(value, str))
        return next((text for text in texts if _NUMBER.fullmatch(text)), "")

    @property
    def is_blank(self) -> bool:
        """Say whether nothing stands in it."""
        return not any(value.strip() if isinstance(value, str) else value for value in self.values.values())

    def may_be(self, number: str, *names: str) -> bool:
        """Say whether it may be the row of an order: it has that number, or none that can be read."""
        own = self.number(*names)
        return not own or int(own) == int(number)


class _OrOdd:
    """A second choice, so that rows as documented cost nothing."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        row: type[BaseModel] = get_args(source)[0]

        def odd(values: dict[str, Any]) -> OddRow:
            try:
                row.model_validate(values)
            except ValidationError as error:
                return OddRow(deepest_fault(error), values)
            except Exception as error:  # noqa: BLE001 - pydantic lets through what a field's own reader raises
                return OddRow(f"a field is not as documented ({type(error).__name__})", values)
            return OddRow("it cannot be read", values)

        anything = core_schema.no_info_after_validator_function(odd, core_schema.dict_schema())
        return core_schema.union_schema([(handler.generate_schema(row), ""), (anything, "")], mode="left_to_right")


Row = Annotated[T | OddRow, _OrOdd()]
"""A row, or what is wrong with it where it is not as documented."""
