"""Quotes, order books, buying power and investor flow, shared."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidRequest, UnknownSymbol, Unsupported, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import BuyingPower, Level, OrderBook, Quote
from brokerkit.testing.inside import kind_of
from brokerkit.words import SecurityType, Venue
from tests.adapters.kit import Kit, table

Changes = dict[str, Any]
BLANK = pytest.mark.parametrize("absent", ["", "   ", ...], ids=["blank", "blanks", "missing"])


def quoted(wire: Any, **changes: Any) -> Quote:
    """Return the quote of an answer with other values of fields, by our names."""
    quote: Quote = wire.says("quote", **changes).broker.quote("005930")
    return quote


class QuoteKit(Kit):
    """Quotes."""

    quote: ClassVar[Quote]
    """The sound answer."""
    may_be_blank: ClassVar[tuple[str, ...]]
    zeros: ClassVar[tuple[str, ...]]
    """Spellings of a price that is none."""
    same_symbol: ClassVar[tuple[Any, ...]]
    """Spellings of the symbol in the answer."""
    another_call: ClassVar[str]
    """The id of another call."""
    kind_field: ClassVar[tuple[str, str]]
    """Which call tells what a symbol is, and in which field."""
    kinds: ClassVar[list[tuple[str, SecurityType | None]]]

    def test_quote_has_every_number_of_the_answer(self, wire: Any) -> None:
        assert wire.broker.quote("005930") == self.quote

    @table("name", "may_be_blank")
    @BLANK
    def test_what_the_broker_leaves_out_is_none_and_not_zero(self, wire: Any, name: str, absent: Any) -> None:
        assert getattr(quoted(wire, **{name: absent}), name) is None

    @table("zero", "zeros")
    def test_first_prices_of_the_day_are_none_before_the_first_trade_but_volume_is_zero(
        self, wire: Any, zero: str
    ) -> None:
        prices = dict.fromkeys(("open", "high", "low", "change"), zero)
        quote = quoted(wire, **prices, volume="0", change_percent="0.00")
        assert {quote.open, quote.high, quote.low} == {None}
        assert {quote.volume, quote.change, quote.change_percent} == {Decimal(0)}

    @table("zero", "zeros")
    def test_symbol_without_a_price_is_unknown(self, wire: Any, zero: str) -> None:
        for price in (zero, "", "  "):
            with pytest.raises(UnknownSymbol, match="005930"):
                quoted(wire, price=price)

    def test_symbol_without_a_price_at_a_venue_is_unknown_there(self, wire: Any) -> None:
        with pytest.raises(UnknownSymbol, match="NXT"):
            wire.says("quote", price="0").broker.quote("005930", venue=Venue.NXT)

    def test_new_fields_of_the_broker_do_no_harm(self, wire: Any) -> None:
        answer = wire.changed("quote", {"brand_new": {"deep": [1, None]}})
        assert wire.answer(wire.ids["quote"], {**answer, "another": "?"}).broker.quote("005930").price == 70300

    @table("symbol", "same_symbol")
    def test_other_spellings_of_the_symbol_are_the_same_symbol(self, wire: Any, symbol: Any) -> None:
        assert quoted(wire, symbol=symbol).symbol == "005930"

    def test_answer_about_another_symbol_is_a_wire_error(self, wire: Any) -> None:
        with pytest.raises(WireError, match="000660"):
            quoted(wire, symbol="000660")

    def test_answer_to_another_call_is_a_wire_error(self, wire: Any) -> None:
        id = wire.ids["quote"]
        wire.answer(id, wire.good(id), headers={wire.id_header: self.another_call})
        with pytest.raises(WireError, match=self.another_call):
            wire.broker.quote("005930")

    @table(("told", "kind"), "kinds")
    def test_the_broker_tells_the_kind_of_a_symbol(self, wire: Any, told: str, kind: SecurityType | None) -> None:
        call, field = self.kind_field
        wire.answer(wire.ids[call], wire.changed(call, {field: told}))
        assert kind_of(wire.broker, "005930") == kind

    @table("zero", "zeros")
    def test_a_share_without_limits_has_none_and_a_quote_of_it_blocks_no_order(self, wire: Any, zero: str) -> None:
        for told in (zero, ""):
            quote = quoted(wire, upper_limit=told, lower_limit=told)
            assert (quote.upper_limit, quote.lower_limit) == (None, None)
            assert wire.broker.buy("005930", 1, price=500).price == 500

    def test_limits_that_are_gone_no_longer_bind(self, wire: Any) -> None:
        quoted(wire)
        with pytest.raises(InvalidRequest, match="limits"):
            wire.broker.buy("005930", 1, price=500)
        quoted(wire, upper_limit="0", lower_limit="0")
        assert wire.broker.buy("005930", 1, price=500).price == 500

    @table("zero", "zeros")
    def test_without_a_base_price_there_is_no_change(self, wire: Any, zero: str) -> None:
        quote = quoted(wire, previous_close=zero)
        assert (quote.previous_close, quote.change, quote.change_percent) == (None, None, None)

    # Investor flow

    def test_no_rows_mean_an_unknown_symbol(self, wire: Any) -> None:
        with pytest.raises(UnknownSymbol, match="005930"):
            wire.shows("flow").broker.investor_flow("005930")

    def test_days_before_those_that_are_told_are_unsupported(self, wire: Any) -> None:
        with pytest.raises(Unsupported, match="2024-01-05"):
            wire.broker.investor_flow("005930", start=dt.date(2024, 1, 4), end=dt.date(2024, 1, 5))

    def test_todays_row_is_provisional(self, wire: Any) -> None:
        days = (clock.today(), clock.today() - dt.timedelta(1))
        wire.shows("flow", *(wire.row("flow", day=f"{day:%Y%m%d}") for day in days))
        yesterday, now = wire.broker.investor_flow("005930")
        assert (yesterday.final, now.final) == (True, False)


def levels(first: int, step: int, shares: int) -> tuple[Level, ...]:
    """Return ten levels of a side."""
    return tuple(
        Level(price=Decimal(first + step * number), quantity=Decimal(shares * (number + 1))) for number in range(10)
    )


class BookKit(Kit):
    """Order books and buying power."""

    places: ClassVar[list[tuple[str, int, tuple[str, str]]]]
    """Side, level, and the fields of its price and its quantity."""
    empties: ClassVar[tuple[Any, ...]]
    """Spellings of a level that is not there."""
    no_times: ClassVar[tuple[Any, ...]]
    venues: ClassVar[list[tuple[Venue, Any]]]
    """What a venue is called in the request: all of it for a query, or its body."""
    paths: ClassVar[tuple[str, str]]
    """Where book and quote are asked for."""
    refused_power: ClassVar[tuple[str, type[Exception]]]

    def book(self, wire: Any, **changes: Any) -> OrderBook:
        """Return the book of an answer with other values of fields, by the broker's names."""
        found: OrderBook = wire.answer(wire.ids["book"], wire.changed("book", changes)).broker.order_book("005930")
        return found

    def timed(self, wire: Any, time: Any) -> OrderBook:
        """Return the book of an answer with another time."""
        return self.book(wire, **{wire.fields["book"]["time"]: time})

    def test_book_has_ten_levels_a_side_best_first(self, wire: Any) -> None:
        assert wire.broker.order_book("005930") == OrderBook(
            symbol="005930",
            venue=Venue.KRX,
            time=dt.datetime.combine(clock.today(), dt.time(10, 11, 12), clock.KST),
            asks=levels(70300, 100, 11),
            bids=levels(70200, -100, 13),
        )

    @table(("venue", "sent"), "venues")
    def test_book_and_quote_are_asked_for_at_the_venue_and_carry_its_name(
        self, wire: Any, venue: Venue, sent: Any
    ) -> None:
        book = wire.broker.order_book("005930", venue=venue)
        quote = wire.broker.quote("005930", venue=venue)
        assert (book.venue, quote.venue, quote.symbol) == (venue, venue, "005930")
        assert [call.body or call.query for call in wire.calls] == [sent] * 2
        assert tuple(call.url.rsplit("/", 1)[-1] for call in wire.calls) == self.paths

    @pytest.mark.parametrize("verb", ["quote", "order_book"])
    @pytest.mark.parametrize("venue", ["krx", "NYSE", 1])
    def test_what_is_no_venue_is_refused_before_anything_is_sent(self, wire: Any, verb: str, venue: Any) -> None:
        with pytest.raises(InvalidRequest, match="KRX, NXT, SOR"):
            getattr(wire.broker, verb)("005930", venue=venue)
        assert wire.calls == []

    @table(("side", "level", "fields"), "places")
    @table("empty", "empties", ids=repr)
    def test_level_without_price_or_quantity_is_left_out(
        self, wire: Any, side: str, level: int, fields: tuple[str, str], empty: Any
    ) -> None:
        whole = getattr(self.book(wire), side)
        for field in fields:
            assert getattr(self.book(wire, **{field: empty}), side) == whole[: level - 1] + whole[level:]

    def test_book_without_any_order_is_empty(self, wire: Any) -> None:
        told = self.book(wire, **{field: "0" for _, _, fields in self.places for field in fields})
        assert (told.asks, told.bids) == ((), ())

    @pytest.mark.parametrize("time", ["", "      ", ...], ids=repr)
    def test_book_without_a_time_has_none(self, wire: Any, time: Any) -> None:
        assert self.timed(wire, time).time is None

    @table("time", "no_times")
    def test_time_of_the_book_outside_the_grammar_is_a_wire_error(self, wire: Any, time: Any) -> None:
        with pytest.raises(WireError, match=wire.fields["book"]["time"]):
            self.timed(wire, time)

    @pytest.mark.parametrize(
        ("phase", "now", "known"),
        [
            (Phase.REGULAR, dt.time(10, 11, 13), True),
            (Phase.AFTER_MARKET, dt.time(19), True),
            (Phase.CLOSED, dt.time(21), False),  # of this day, or of an earlier one: nobody says
            (Phase.CLOSED, dt.time(0, 0, 1), False),
            (Phase.OPENING_AUCTION, dt.time(8, 40), False),  # the book still shows the end of the day before
            (Phase.REGULAR, dt.time(10, 10, 30), True),  # the broker's clock is a little ahead
        ],
    )
    def test_a_clock_time_without_its_day_has_a_moment_only_while_the_market_is_open(
        self, connect: Any, phase: Phase, now: dt.time, known: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        today = clock.today()
        monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(today, now, clock.KST))
        moment = dt.datetime.combine(today, dt.time(10, 11, 12), clock.KST)
        assert self.timed(connect("real", phase=phase).logged_in(), "101112").time == (moment if known else None)

    # Buying power

    def test_buying_power_takes_the_figures_without_margin(self, wire: Any) -> None:
        told = BuyingPower(symbol="005930", currency="KRW", cash=Decimal(4700000), quantity=Decimal(67))
        assert wire.broker.buying_power("005930") == told
        assert wire.broker.buying_power("005930", price=70000) == told.model_copy(update={"price": Decimal(70000)})

    def test_refused_buying_power_is_no_buying_power(self, wire: Any) -> None:
        code, kind = self.refused_power
        wire.answer(wire.ids["power"], wire.refusal(code, "no"))
        with pytest.raises(kind, match="no"):
            wire.broker.buying_power("005930", price=70000)

    @pytest.mark.parametrize("price", [70001, 0, -100, "1_000", 70000.5])
    def test_price_that_is_none_is_refused_before_buying_power_is_asked_for(self, wire: Any, price: Any) -> None:
        with pytest.raises(InvalidRequest):
            wire.broker.buying_power("005930", price=price)
        assert wire.asked("power") == []

    @pytest.mark.parametrize("symbol", ["A005930", "005930_NX", "5930", "", None])
    def test_vendors_spelling_of_a_symbol_is_refused(self, wire: Any, symbol: Any) -> None:
        for ask in (wire.broker.order_book, wire.broker.buying_power):
            with pytest.raises(InvalidRequest):
                ask(symbol)
        assert wire.calls == []
