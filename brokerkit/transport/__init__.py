"""Machinery that adapters share. What an adapter may import is listed in `__all__`."""

from brokerkit.sharing.windows import Limit
from brokerkit.text import Text, Words
from brokerkit.transport.codes import Codes
from brokerkit.transport.connection import Response
from brokerkit.transport.endpoint import (
    Block,
    Effect,
    Encoding,
    Endpoint,
    Headers,
    Paging,
    Parameters,
    Reply,
    Request,
    Whole,
)
from brokerkit.transport.http import Client, Keys
from brokerkit.transport.ids import (
    EitherOrderNumber,
    EitherRelatedNumber,
    Mark,
    OrderId,
    OrderNumber,
    OrNumber,
    RelatedNumber,
)
from brokerkit.transport.numbers import (
    GRAMMAR,
    Blankable,
    EitherBlankable,
    EitherNumber,
    EitherZeroIsNone,
    JsonNumber,
    Number,
    WireNumber,
    ZeroIsNone,
    average,
    traded,
    wire_text,
)
from brokerkit.transport.preparing import preparing
from brokerkit.transport.rows import OddRow, PlainRows, Row
from brokerkit.transport.shelves import Token
from brokerkit.transport.times import Day, DayOrNone, EitherTimeOfDay, KoreanTime, TimeOfDay, TimeOrBlank

__all__ = [
    "GRAMMAR",
    "Blankable",
    "Block",
    "Client",
    "Codes",
    "Day",
    "DayOrNone",
    "Effect",
    "EitherBlankable",
    "EitherNumber",
    "EitherOrderNumber",
    "EitherRelatedNumber",
    "EitherTimeOfDay",
    "EitherZeroIsNone",
    "Encoding",
    "Endpoint",
    "Headers",
    "JsonNumber",
    "Keys",
    "KoreanTime",
    "Limit",
    "Mark",
    "Number",
    "OddRow",
    "OrNumber",
    "OrderId",
    "OrderNumber",
    "Paging",
    "Parameters",
    "PlainRows",
    "RelatedNumber",
    "Reply",
    "Request",
    "Response",
    "Row",
    "Text",
    "TimeOfDay",
    "TimeOrBlank",
    "Token",
    "Whole",
    "WireNumber",
    "Words",
    "ZeroIsNone",
    "average",
    "preparing",
    "traded",
    "wire_text",
]
