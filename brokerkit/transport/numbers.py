"""Numbers on the wire: one grammar, enforced while the answer is parsed.

Python's own readers are too kind: Decimal and int take "1_000", full-width digits and "1e3". A text outside the grammar
is an error that names the field; it never becomes 0. Habits of one vendor (direction signs, implied decimals) are
declared as a `WireNumber` in that vendor's wire module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from brokerkit.errors import InvalidRequest

GRAMMAR = r"[+-]?[0-9]{1,18}(\.[0-9]{1,8})?"
_WHOLE = core_schema.int_schema(strict=True)
_EXACT = core_schema.union_schema([_WHOLE, core_schema.is_instance_schema(Decimal)], mode="left_to_right")
_JSON_NUMBER = core_schema.json_or_python_schema(_WHOLE, _EXACT)
"""A number of JSON. One with a fraction is a float to pydantic, which has lost its digits: see `exact_json`."""


@dataclass(frozen=True)
class WireNumber:
    """How a number is written: a regular expression for the whole text and a reader for what matches it.

    With `json` a JSON number is taken too, with `text=False` nothing else; its digits are what is matched and read.
    """

    pattern: str = GRAMMAR
    read: Callable[[str], Decimal | None] = Decimal
    blank: bool = False
    json: bool = False
    text: bool = True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=rf"\A(?:{self.pattern})\z", strict=True)
        number = core_schema.no_info_after_validator_function(self.read, text)
        choices: list[CoreSchema | tuple[CoreSchema, str]] = [number] if self.text else []
        if self.json:
            digits = core_schema.no_info_after_validator_function(_digits, _JSON_NUMBER)
            choices.append(core_schema.chain_schema([digits, number]))
        if self.blank:
            empty = core_schema.str_schema(pattern=r"\A *\z", strict=True)
            choices.append(core_schema.no_info_after_validator_function(lambda _: None, empty))
        return choices[0] if len(choices) == 1 else core_schema.union_schema(choices, mode="left_to_right")  # type: ignore[return-value]


def _digits(number: int | Decimal) -> str:
    """Return a JSON number as text; one with an exponent, or with too many digits, as what no grammar takes."""
    if isinstance(number, Decimal) and -8 <= int(number.as_tuple().exponent) <= 0:
        return f"{number:f}"
    return str(number)


def _unless_zero(text: str) -> Decimal | None:
    return Decimal(text) or None


Number = Annotated[Decimal, WireNumber()]
"""A number that must be there, as text."""
Blankable = Annotated[Decimal | None, WireNumber(blank=True)]
"""A number, or a blank text, which is None."""
JsonNumber = Annotated[Decimal, WireNumber(json=True, text=False)]
"""A JSON number that must be there."""
EitherNumber = Annotated[Decimal, WireNumber(json=True)]
"""A number that must be there, as JSON number or as text."""
EitherBlankable = Annotated[Decimal | None, WireNumber(json=True, blank=True)]
"""The same, or a blank text, which is None."""
ZeroIsNone = Annotated[Decimal | None, WireNumber(read=_unless_zero, blank=True)]
"""A price of a broker that writes 0 where there is none: no trade yet, no limit, no base price."""
EitherZeroIsNone = Annotated[Decimal | None, WireNumber(read=_unless_zero, json=True, blank=True)]
"""The same, as JSON number or as text."""


def exact_json(content: bytes) -> Any:
    """Return what JSON says, a number with a fraction as a Decimal of just its digits."""
    return json.loads(content.decode(), parse_float=Decimal)


def wire_text(number: Decimal | int) -> str:
    """Return a number as brokers want it: plain digits, no exponent, no trailing zeros ("70000", "0.5").

    Raises InvalidRequest for what does not fit the grammar, such as NaN or more than eight decimals.
    """
    text = f"{Decimal(number):f}" if number else "0"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if not re.fullmatch(GRAMMAR, text, re.ASCII):
        raise InvalidRequest(f"{number} cannot be sent as a number.", advice="At most 18 digits and 8 decimals.")
    return text


def traded(price: Decimal | None) -> Decimal | None:
    """Return None for 0: where there is no such price, brokers write 0."""
    return price or None


def average(amount: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    """Return the average price of `quantity` shares that cost `amount`, to four decimals; None without trades."""
    if not amount or not quantity:
        return None
    with localcontext(prec=60):  # 18 digits before the point and 8 after it, in both
        return (amount / quantity).quantize(Decimal("0.0001"))
