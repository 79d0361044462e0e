"""Habits of the wire, as types."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
)
from pydantic_core import CoreSchema, core_schema

from brokerkit.transport import GRAMMAR, Block, Paging, Text, Whole, WireNumber

T = TypeVar("T")


class _OrRow:
    """Rows may come as a single row."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        row = handler.generate_schema(get_args(source)[0])
        return _either(handler(source), row, lambda row: (row,))


class _OrRows:
    """A single row may come as a list of one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        one = handler(source)
        return _either(one, core_schema.tuple_schema([one]), itemgetter(0))


def _either(usual: CoreSchema, other: CoreSchema, read: Callable[[Any], Any]) -> CoreSchema:
    """Return a schema for two shapes. A function before the validation would have the whole block made into objects."""
    converted = core_schema.no_info_after_validator_function(read, other)
    return core_schema.union_schema([(usual, ""), (converted, "")], mode="left_to_right")


def _object_or_none(value: Any) -> Any:
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value if isinstance(value, dict) else None


_SYMBOL = re.compile(r"0*[AJQ]?([0-9][0-9A-Z]{5})(?:_(?:NX|AL))?")


def plain(code: str) -> str:
    """Return the six characters of a code as KIS spells them: 005930, A005930, 00000A005930, Q580012, 005930_NX."""
    found = None if len(code) == 6 else _SYMBOL.fullmatch(code)
    return found[1] if found else code


Rows = Annotated[tuple[T, ...], _OrRow()]
One = Annotated[T, _OrRows()]
MaybeOne = Annotated[T | None, BeforeValidator(_object_or_none)]
"""A block that the answer can do without."""
Symbol = Annotated[Text, AfterValidator(plain)]
"""상품번호 without zeros, the letter of its kind and the venue around it; what is not understood stays as it is."""


def _trimmed(text: str) -> Decimal:
    number = Decimal(text)
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


PaddedOrBlank = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", _trimmed, blank=True)]
"""A figure of a saved search: sixteen characters with four decimals, blanks or zeros in front."""
PaddedOrNone = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", lambda text: _trimmed(text) or None, blank=True)]
"""A price like that, 0 where there is none."""
_MAYBE_ETN = re.compile(r"[5-8][0-9A-Z]{5}")


def spellings(symbol: str) -> tuple[str, ...]:
    """Return how KIS may know a symbol in quotes and orders. Codes from 5 to 8 are ETN, which have a Q in front."""
    return (symbol, f"Q{symbol}") if _MAYBE_ETN.fullmatch(symbol) else (symbol,)


def may_be_warrant(symbol: str) -> bool:
    """Say whether a code may be one of an ELW: those that were seen begin with 5."""
    return symbol.startswith("5")


_PAGING = Paging(
    mark="tr_cont",  # 연속거래여부
    more=frozenset({"F", "M"}),
    end=frozenset({"D", "E"}),
    flag="code",
    flag_more=frozenset({"KIOK0500", "KIOK0490"}),
    sends={"tr_cont": "N"},
    keys={"next_key": "CTX_AREA_NK100", "search_key": "CTX_AREA_FK100"},
)


class Paged(Block):
    """An answer that may have more pages: its keys go back as they came."""

    paging = _PAGING
    code: Text = Field("", alias="msg_cd")
    search_key: str = Field("", alias="ctx_area_fk100")  # 연속조회검색조건
    next_key: str = Field("", alias="ctx_area_nk100")  # 연속조회키


@cache
def whole_page(keys: tuple[str, ...]) -> type[Whole]:
    """Return the class of a page that is taken as it comes, where the names of the keys have any width."""
    # The key of the search may be blank where that of the page is filled, so that one is the cursor.
    ordered = sorted(keys, key=lambda name: "NK" not in name.upper())
    known = {f"told.{name.lower()}": name for name in ordered}
    return type("WholePage", (Whole,), {"paging": replace(_PAGING, flag="told.msg_cd", keys=known)})


class WidelyPaged(Paged):
    """The same with keys of 200 characters, as lists of foreign shares have it."""

    paging = replace(_PAGING, keys={"next_key": "CTX_AREA_NK200", "search_key": "CTX_AREA_FK200"})
    search_key: str = Field("", alias="ctx_area_fk200")  # 연속조회검색조건200
    next_key: str = Field("", alias="ctx_area_nk200")  # 연속조회키200


def block(name: str, default: Any = ...) -> Any:
    """Return a field for a block of the answer, whose name varies in letter case."""
    return Field(default, validation_alias=AliasChoices(name, name.capitalize(), name.upper()))
