"""Order books, buying power and quotes of every venue at Kiwoom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kiwoom.wire import quotes

from brokerkit import clock
from brokerkit.errors import InvalidRequest, Rejected, UnknownSymbol, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import BuyingPower, Level, OrderBook
from brokerkit.words import Venue

Connect = Callable[..., Any]
BOOK, POWER, PRICE = "ka10004", "kt00010", "ka10001"
TODAY = clock.today()
NAMES = ("fpr", *(f"{level}th_pre" for level in range(2, 11)))


def levels(first: int, step: int, shares: int) -> tuple[Level, ...]:
    return tuple(
        Level(price=Decimal(first + step * number), quantity=Decimal(shares * (number + 1))) for number in range(10)
    )


def book(wire: Any, **changes: Any) -> OrderBook:
    answer = {**wire.good(BOOK), **changes}
    wire.answer(BOOK, {name: value for name, value in answer.items() if value is not ...})
    told: OrderBook = wire.broker.order_book("005930")
    return told


def test_book_has_ten_levels_a_side_best_first_and_prices_without_their_direction(wire: Any) -> None:
    assert wire.broker.order_book("005930") == OrderBook(
        symbol="005930",
        venue=Venue.KRX,
        time=dt.datetime.combine(TODAY, dt.time(10, 11, 12), clock.KST),
        asks=levels(70300, 100, 11),
        bids=levels(70200, -100, 13),
    )


def test_levels_are_read_from_forty_fields_of_these_names() -> None:
    fields = {field.alias for field in quotes.Book.model_fields.values()}
    expected = {f"{side}_{name}_{what}" for side in ("sel", "buy") for name in NAMES for what in ("bid", "req")}
    assert fields == {*expected, "bid_req_base_tm"}
    assert len(expected) == 40


@pytest.mark.parametrize(("venue", "code"), [(Venue.KRX, "005930"), (Venue.NXT, "005930_NX"), (Venue.SOR, "005930_AL")])
def test_book_and_quote_are_asked_for_at_the_venue_and_carry_its_name(wire: Any, venue: Venue, code: str) -> None:
    wire.answer(PRICE, {**wire.good(PRICE), "stk_cd": code})
    book = wire.broker.order_book("005930", venue=venue)
    quote = wire.broker.quote("005930", venue=venue)
    assert (book.venue, quote.venue, quote.symbol) == (venue, venue, "005930")
    assert [call.body for call in wire.calls] == [{"stk_cd": code}] * 2
    assert [call.url.rsplit("/", 1)[-1] for call in wire.calls] == ["mrkcond", "stkinfo"]


@pytest.mark.parametrize("verb", ["quote", "order_book"])
@pytest.mark.parametrize("venue", ["krx", "NYSE", None, 1])
def test_what_is_no_venue_is_refused_before_anything_is_sent(wire: Any, verb: str, venue: Any) -> None:
    with pytest.raises(InvalidRequest, match="KRX, NXT, SOR"):
        getattr(wire.broker, verb)("005930", venue=venue)
    assert wire.calls == []


def test_symbol_without_a_price_at_a_venue_is_unknown_there(wire: Any) -> None:
    wire.answer(PRICE, {**wire.good(PRICE), "cur_prc": "0"})
    with pytest.raises(UnknownSymbol, match="NXT"):
        wire.broker.quote("005930", venue=Venue.NXT)


@pytest.mark.parametrize("level", range(1, 11))
@pytest.mark.parametrize(("side", "vendor"), [("asks", "sel"), ("bids", "buy")])
@pytest.mark.parametrize("empty", ["0", "", "  ", "-0", "+0", ...], ids=repr)
def test_level_without_price_or_quantity_is_left_out(wire: Any, level: int, side: str, vendor: str, empty: Any) -> None:
    whole = getattr(book(wire), side)
    for field in (f"{vendor}_{NAMES[level - 1]}_bid", f"{vendor}_{NAMES[level - 1]}_req"):
        assert getattr(book(wire, **{field: empty}), side) == whole[: level - 1] + whole[level:]


@pytest.mark.parametrize("text", ["71500", "+71500", "-71500", " 71500", " -71500", "0000071500"])
def test_sign_of_a_price_of_the_book_is_its_direction_only(wire: Any, text: str) -> None:
    assert book(wire, sel_10th_pre_bid=text).asks[9].price == 71500


@pytest.mark.parametrize("name", ["sel_1th_pre_bid", "sel_1th_pre_req", "buy_1th_pre_bid", "sel_fpr_pre_bid"])
def test_field_that_is_not_in_the_catalogue_is_not_read(wire: Any, name: str) -> None:
    whole = book(wire)
    assert book(wire, **{name: "99999"}) == whole


def test_book_without_any_order_is_empty(wire: Any) -> None:
    nothing = {name: "0" for name in wire.good(BOOK) if name.startswith(("sel_", "buy_"))}
    told = book(wire, **nothing)
    assert (told.asks, told.bids) == ((), ())


@pytest.mark.parametrize("time", ["", "      ", ...], ids=repr)
def test_book_without_a_time_has_none(wire: Any, time: Any) -> None:
    assert book(wire, bid_req_base_tm=time).time is None


@pytest.mark.parametrize("time", ["240000", "10:11:12", "1011", "888888", "１０１１１２", None, 101112])
def test_time_of_the_book_outside_the_grammar_is_a_wire_error(wire: Any, time: Any) -> None:
    with pytest.raises(WireError, match="bid_req_base_tm"):
        book(wire, bid_req_base_tm=time)


def test_buying_power_at_a_price_is_asked_for_as_a_buy_at_it(wire: Any) -> None:
    wire.broker.buying_power("005930", price="7.0E+4")
    (call,) = wire.calls
    assert (call.id, call.url.rsplit("/", 1)[-1]) == (POWER, "acnt")
    assert call.body == {
        "io_amt": "",
        "stk_cd": "005930",
        "trde_tp": "2",
        "trde_qty": "",
        "uv": "70000",
        "exp_buy_unp": "",
    }


def test_buying_power_at_the_market_is_asked_for_at_the_upper_limit(wire: Any) -> None:
    power = wire.broker.buying_power("005930")
    assert [(call.id, call.body.get("uv")) for call in wire.calls] == [(PRICE, None), (POWER, "92900")]
    assert power.price is None


@pytest.mark.parametrize("limit", ["", "0", ...], ids=["blank", "none", "missing"])
def test_buying_power_at_the_market_needs_the_upper_limit(wire: Any, limit: Any) -> None:
    answer = {**wire.good(PRICE), "upl_pric": limit}
    wire.answer(PRICE, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(InvalidRequest, match="upper limit"):
        wire.broker.buying_power("005930")
    assert wire.of(POWER) == []


def test_buying_power_takes_the_figures_without_margin(wire: Any) -> None:
    told = BuyingPower(symbol="005930", currency="KRW", cash=Decimal(4700000), quantity=Decimal(67))
    assert wire.broker.buying_power("005930") == told
    assert wire.broker.buying_power("005930", price=70000) == told.model_copy(update={"price": Decimal(70000)})


@pytest.mark.parametrize(("text", "value"), [("000000000000", 0), ("-00000012550", -12550), ("12550", 12550)])
def test_padding_of_the_cash_is_no_digit_and_its_sign_is_real(wire: Any, text: str, value: int) -> None:
    wire.answer(POWER, {**wire.good(POWER), "profa_100ord_alow_amt": text})
    assert wire.broker.buying_power("005930", price=70000).cash == value


def test_refused_buying_power_is_no_buying_power(wire: Any) -> None:
    wire.answer(POWER, {"return_code": 20, "return_msg": "[2000](123456:no)"})
    with pytest.raises(Rejected, match="no"):
        wire.broker.buying_power("005930", price=70000)


@pytest.mark.parametrize("price", [70001, 0, -100, "1_000", 70000.5])
def test_price_that_is_none_is_refused_before_buying_power_is_asked_for(wire: Any, price: Any) -> None:
    with pytest.raises(InvalidRequest):
        wire.broker.buying_power("005930", price=price)
    assert wire.of(POWER) == []


@pytest.mark.parametrize("symbol", ["A005930", "005930_NX", "5930", "", None])
def test_vendors_spelling_of_a_symbol_is_refused(wire: Any, symbol: Any) -> None:
    for ask in (wire.broker.order_book, wire.broker.buying_power):
        with pytest.raises(InvalidRequest):
            ask(symbol)
    assert wire.calls == []


def test_sellable_quantity_adds_the_rows_of_a_symbol(wire: Any) -> None:
    answer = wire.good("kt00018")
    (row,) = answer["acnt_evlt_remn_indv_tot"]
    five = {**row, "trde_able_qty": "000000000000005"}
    answer["acnt_evlt_remn_indv_tot"] = [row, five, {**row, "stk_cd": "A000660"}]
    answer["tot_evlt_amt"] = str(3 * int(row["evlt_amt"]))
    wire.answer("kt00018", answer)
    assert wire.broker.sellable_quantity("005930") == 14
    assert wire.broker.sellable_quantity("035420") == 0


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
    connect: Any, phase: Phase, now: dt.time, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(TODAY, now, clock.KST))
    moment = dt.datetime.combine(TODAY, dt.time(10, 11, 12), clock.KST)
    assert book(connect("real", phase=phase).logged_in(), bid_req_base_tm="101112").time == (moment if known else None)
