"""Quotes of many symbols at KIS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brokerkit.market.markets import KOREA
from brokerkit.words import Venue
from tests.adapters.many import ManyKit
from tests.adapters.wire import Call

from .test_wire_quotes import TestQuotes as OneQuote

MANY = "FHKST11300006"
DIVISION = {Venue.KRX: "J", Venue.NXT: "NX", Venue.SOR: "UN"}


class TestMany(ManyKit):
    quote = OneQuote.quote.model_copy(update={"name": "Alpha"})
    at_once = 30

    @staticmethod
    def codes(call: Call) -> list[str]:
        return [value for name, value in call.query if name.startswith("FID_INPUT_ISCD_")]


@pytest.mark.parametrize("venue", KOREA.venues)
def test_each_code_has_its_market_beside_it(venue: Venue, wire: Any) -> None:
    wire.shows("many")
    wire.broker.quotes(["005930", "000660"], venue=venue)
    (call,) = wire.of(MANY)
    assert (call.method, call.url.rpartition("/")[2]) == ("GET", "intstock-multprice")
    assert call.query == [
        ("FID_COND_MRKT_DIV_CODE_1", DIVISION[venue]),
        ("FID_INPUT_ISCD_1", "005930"),
        ("FID_COND_MRKT_DIV_CODE_2", DIVISION[venue]),
        ("FID_INPUT_ISCD_2", "000660"),
    ]


def test_what_may_be_an_etn_is_asked_in_both_spellings(wire: Any) -> None:
    wire.shows("many", {"inter_shrn_iscd": "530031", "inter2_prpr": "0"}, {"inter_shrn_iscd": "Q530031"})
    (told,) = wire.broker.quotes(["530031"])
    assert (told.symbol, told.price) == ("530031", 70300)
    (call,) = wire.of(MANY)
    assert TestMany.codes(call) == ["530031", "Q530031"]


def test_the_demo_asks_for_one_after_the_other(connect: Callable[..., Any]) -> None:
    wire = connect("demo").logged_in()
    (told,) = wire.broker.quotes(["005930"])
    assert told == OneQuote.quote
    assert [call.id for call in wire.calls] == ["FHKST01010100"]
