"""Quotes of many symbols, at every adapter: by symbol and never by place, complete or named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit.errors import InvalidRequest, UnknownSymbol, WireError
from brokerkit.market.markets import KOREA
from brokerkit.models import Quote, Quotes
from brokerkit.words import Venue
from tests.adapters.wire import Call

SYMBOLS = [f"{number:06}" for number in range(10, 2500, 10)]
"""249 of them; none begins with a digit of an ETN."""


class ManyKit:
    """What is asked, and what is made of the rows that come."""

    quote: ClassVar[Quote]
    """What the sound row amounts to."""
    at_once: ClassVar[int]

    @staticmethod
    def codes(call: Call) -> list[str]:
        """Return the codes that a call asks for."""
        raise NotImplementedError

    def test_a_row_is_a_quote(self, wire: Any) -> None:
        (told,) = wire.broker.quotes(["005930"])
        assert told == self.quote
        (call,) = wire.asked("many")
        assert self.codes(call) == ["005930"]

    def test_rows_are_known_by_their_symbol_and_come_in_the_order_of_the_question(self, wire: Any) -> None:
        wire.shows("many", wire.row("many", symbol="000660", price="200000"), {})
        told = wire.broker.quotes(["005930", "000660", "005930"])
        assert [(quote.symbol, quote.price) for quote in told] == [("005930", self.quote.price), ("000660", 200000)]
        assert isinstance(told, Quotes)
        assert told.failed == {}

    def test_many_are_asked_in_full_calls(self, wire: Any) -> None:
        wire.shows("many")
        told = wire.broker.quotes(SYMBOLS)
        asked = [self.codes(call) for call in wire.asked("many")]
        assert sorted(map(len, asked), reverse=True) == [
            *([self.at_once] * (len(SYMBOLS) // self.at_once)),
            len(SYMBOLS) % self.at_once,
        ]
        assert sorted(code for codes in asked for code in codes) == SYMBOLS
        assert list(told.failed) == SYMBOLS

    @pytest.mark.parametrize("row", ["missing", "blank", "zero", "no price"])
    def test_a_symbol_without_a_price_is_named(self, row: str, wire: Any) -> None:
        blank = dict.fromkeys(wire.fields["many"].values(), "")
        zero = dict.fromkeys(
            (name for field, name in wire.fields["many"].items() if field not in ("symbol", "name")), "0"
        )
        rows = {
            "missing": [],
            "blank": [blank],
            "zero": [{**zero, **wire.row("many", symbol="000660", name="")}],
            "no price": [{**blank, **wire.row("many", symbol="000660")}],
        }
        wire.shows("many", *rows[row], {})
        told = wire.broker.quotes(["000660", "005930"])
        assert [quote.symbol for quote in told] == ["005930"]
        assert {symbol: type(error) for symbol, error in told.failed.items()} == {"000660": UnknownSymbol}
        assert "000660" in repr(told)

    def test_a_text_that_is_no_symbol_is_named_and_not_sent(self, wire: Any) -> None:
        told = wire.broker.quotes(["5930", "005930"])
        assert [quote.symbol for quote in told] == ["005930"]
        assert {symbol: type(error) for symbol, error in told.failed.items()} == {"5930": InvalidRequest}
        (call,) = wire.asked("many")
        assert self.codes(call) == ["005930"]

    @pytest.mark.parametrize("rows", [("000660",), ("005930", "005930")], ids=["not asked for", "twice"])
    def test_a_row_that_nobody_asked_for_or_that_comes_twice_is_a_wire_error(
        self, rows: tuple[str, ...], wire: Any
    ) -> None:
        wire.shows("many", *(wire.row("many", symbol=symbol) for symbol in rows))
        with pytest.raises(WireError, match=rows[-1]):
            wire.broker.quotes(["005930"])

    @pytest.mark.parametrize("price", ["1,000", "1e3", "abc", "1.5.2"])
    def test_a_number_outside_the_grammar_is_a_wire_error(self, price: str, wire: Any) -> None:
        wire.says("many", price=price)
        with pytest.raises(WireError):
            wire.broker.quotes(["005930"])

    def test_one_text_is_no_list_of_symbols(self, wire: Any) -> None:
        with pytest.raises(InvalidRequest, match="several"):
            wire.broker.quotes("005930")
        assert wire.broker.quotes([]) == ()
        assert wire.calls == []

    def test_progress_is_told(self, wire: Any) -> None:
        wire.shows("many")
        steps: list[tuple[int, int]] = []
        wire.broker.quotes(SYMBOLS[: 2 * self.at_once + 1], progress=lambda done, count: steps.append((done, count)))
        assert steps == [(1, 3), (2, 3), (3, 3)]

    @pytest.mark.parametrize("venue", KOREA.venues)
    def test_the_venue_is_asked_for(self, venue: Venue, wire: Any) -> None:
        (told,) = wire.broker.quotes(["005930"], venue=venue)
        assert (told.venue, told.price) == (venue, Decimal(70300))
