"""Quotes of many symbols at Kiwoom."""

from __future__ import annotations

from typing import Any

import pytest

from brokerkit.market.markets import KOREA
from brokerkit.words import Venue
from tests.adapters.many import ManyKit
from tests.adapters.wire import Call

from .test_wire_quotes import TestQuotes as OneQuote

SUFFIX = {Venue.KRX: "", Venue.NXT: "_NX", Venue.SOR: "_AL"}


class TestMany(ManyKit):
    quote = OneQuote.quote
    at_once = 100

    @staticmethod
    def codes(call: Call) -> list[str]:
        codes: list[str] = call.body["stk_cd"].split("|")
        return codes


@pytest.mark.parametrize("venue", KOREA.venues)
def test_codes_are_joined_each_with_the_suffix_of_the_venue(venue: Venue, wire: Any) -> None:
    wire.shows("many", {"stk_cd": "005930" + SUFFIX[venue]}, {"stk_cd": "000660" + SUFFIX[venue]})
    told = wire.broker.quotes(["005930", "000660"], venue=venue)
    assert [(quote.symbol, quote.venue) for quote in told] == [("005930", venue), ("000660", venue)]
    (call,) = wire.of("ka10095")
    assert call.body == {"stk_cd": f"005930{SUFFIX[venue]}|000660{SUFFIX[venue]}"}
