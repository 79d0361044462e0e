"""Numbers of orders and other marks on the wire: texts, also where a broker writes a number."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema


class OrNumber:
    """A text that may come as a whole JSON number, which is read as its digits."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = handler(source)
        digits = core_schema.no_info_after_validator_function(str, core_schema.int_schema(strict=True))
        number = core_schema.chain_schema([digits, text])
        return core_schema.union_schema([text, number], mode="left_to_right")


Mark = Annotated[str, StringConstraints(strip_whitespace=True)]
"""A word or day that decides something here; an error that repeats it cleans it."""
OrderNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A0*[1-9][0-9]{0,9}\z")]
"""The number of an order, at most ten digits behind its zeros."""
RelatedNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A[0-9]{0,10}\z")]
"""The number of another order; blank or zeros where there is none."""
EitherOrderNumber = Annotated[OrderNumber, OrNumber()]
"""The number of an order, as text or as JSON number; 0 is none."""
EitherRelatedNumber = Annotated[RelatedNumber, OrNumber()]
"""The number of another order, as text or as JSON number; blank or 0 where there is none."""
OrderId = Annotated[str, StringConstraints(pattern=r"\A[!-~]{1,128}\z", strict=True)]
"""What a broker calls an order, of whatever visible characters: it is compared as it is."""
