"""Habits of the wire, as types."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, localcontext
from operator import itemgetter
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

from brokerkit import clock
from brokerkit.transport import Block, Paging, Text, WireNumber

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


def korean_time(text: Any) -> dt.datetime:
    """Read YYYY-MM-DD HH:MM:SS as Korean time."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", text):
        raise ValueError("not a time")
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.KST)


def _time_of_day(text: Any) -> str | None:
    return text.strip() if isinstance(text, str) and _TIME.fullmatch(text.strip()) else None


_TIME = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]")
_SYMBOL = re.compile(r"0*[AJQ]?([0-9][0-9A-Z]{5})(?:_(?:NX|AL))?")


def _plain(code: str) -> str:
    """Return the six characters of a code as KIS spells them: 005930, A005930, 00000A005930, Q580012, 005930_NX."""
    found = None if len(code) == 6 else _SYMBOL.fullmatch(code)
    return found[1] if found else code


Rows = Annotated[tuple[T, ...], _OrRow()]
One = Annotated[T, _OrRows()]
MaybeOne = Annotated[T | None, BeforeValidator(_object_or_none)]
"""A block that the answer can do without."""
Mark = Annotated[str, StringConstraints(strip_whitespace=True)]
"""A word or day that decides something here; an error that repeats it cleans it."""
ZeroIsNone = Annotated[Decimal | None, WireNumber(read=lambda text: Decimal(text) or None, blank=True)]
"""A price: where there is none (no trade yet, no limit, no base price), KIS writes 0."""
Symbol = Annotated[Text, AfterValidator(_plain)]
"""상품번호 without zeros, the letter of its kind and the venue around it; what is not understood stays as it is."""
OrderNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A0*[1-9][0-9]{0,9}\z")]
RelatedNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A[0-9]{0,10}\z")]
"""The number of another order; blank or zeros where there is none."""
TimeOfDay = Annotated[str | None, PlainValidator(_time_of_day)]
"""HHMMSS; None for what is no time. Which second it was decides nothing that the number and the quantities do not."""
ClockOrBlank = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"\A(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?\z")
]


_MAYBE_ETN = re.compile(r"[5-8][0-9A-Z]{5}")


def spellings(symbol: str) -> tuple[str, ...]:
    """Return how KIS may know a symbol in quotes and orders. Codes from 5 to 8 are ETN, which have a Q in front."""
    return (symbol, f"Q{symbol}") if _MAYBE_ETN.fullmatch(symbol) else (symbol,)


class Paged(Block):
    """An answer that may have more pages: its keys go back as they came."""

    paging = Paging(
        mark="tr_cont",  # 연속거래여부
        more=frozenset({"F", "M"}),
        end=frozenset({"D", "E"}),
        flag="code",
        flag_more=frozenset({"KIOK0500", "KIOK0490"}),
        sends={"tr_cont": "N"},
        keys={"next_key": "CTX_AREA_NK100", "search_key": "CTX_AREA_FK100"},
    )
    code: Text = Field("", alias="msg_cd")
    search_key: str = Field("", alias="ctx_area_fk100")  # 연속조회검색조건
    next_key: str = Field("", alias="ctx_area_nk100")  # 연속조회키


def block(name: str, default: Any = ...) -> Any:
    """Return a field for a block of the answer, whose name varies in letter case."""
    return Field(default, validation_alias=AliasChoices(name, name.capitalize(), name.upper()))


def time_of(text: str | None) -> dt.time | None:
    """Return the time of day of HHMMSS; None where there is none."""
    return dt.time.fromisoformat(text) if text else None


def moment(day: dt.date, time: str) -> dt.datetime:
    """Return the Korean time of a day and HHMMSS."""
    return dt.datetime.combine(day, dt.time(int(time[:2]), int(time[2:4]), int(time[4:])), clock.KST)


def day_of(text: str) -> dt.date | None:
    """Return the day of eight digits, None if there is no such day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def average(amount: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    """Return the average price of `quantity` shares that cost `amount`, to four decimals; None without trades."""
    if not amount or not quantity:
        return None
    with localcontext(prec=60):  # 18 digits before the point and 8 after it, in both
        return (amount / quantity).quantize(Decimal("0.0001"))


def traded(price: Decimal | None) -> Decimal | None:
    """Return None for 0: where there is no such price, KIS writes 0."""
    return price or None
