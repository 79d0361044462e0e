"""Machinery that adapters share. What an adapter may import is listed in `__all__`."""

from brokerkit.text import Text, Words
from brokerkit.transport.auth import Token
from brokerkit.transport.codes import Codes
from brokerkit.transport.connection import Response
from brokerkit.transport.endpoint import Block, Effect, Encoding, Endpoint, Headers, Paging, Parameters, Reply, Request
from brokerkit.transport.http import Client, Keys
from brokerkit.transport.limits import Limit
from brokerkit.transport.numbers import GRAMMAR, Blankable, Day, Number, TextNumber, wire_text
from brokerkit.transport.preparing import preparing
from brokerkit.transport.rows import OddRow, Row

__all__ = [
    "GRAMMAR",
    "Blankable",
    "Block",
    "Client",
    "Codes",
    "Day",
    "Effect",
    "Encoding",
    "Endpoint",
    "Headers",
    "Keys",
    "Limit",
    "Number",
    "OddRow",
    "Paging",
    "Parameters",
    "Reply",
    "Request",
    "Response",
    "Row",
    "Text",
    "TextNumber",
    "Token",
    "Words",
    "preparing",
    "wire_text",
]
