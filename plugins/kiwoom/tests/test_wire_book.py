"""Order books, buying power and quotes of every venue at Kiwoom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kiwoom.stocks import quotes

from brokerkit.errors import InvalidRequest, Rejected
from brokerkit.words import Venue
from tests.adapters.quotes import BookKit

Connect = Callable[..., Any]
BOOK, POWER, PRICE = "ka10004", "kt00010", "ka10001"
NAMES = ("fpr", *(f"{level}th_pre" for level in range(2, 11)))


class TestBooks(BookKit):
    places = [
        (side, level, (f"{vendor}_{name}_bid", f"{vendor}_{name}_req"))
        for side, vendor in (("asks", "sel"), ("bids", "buy"))
        for level, name in enumerate(NAMES, start=1)
    ]
    empties = ("0", "", "  ", "-0", "+0", ...)
    no_times = ("240000", "10:11:12", "1011", "888888", "１０１１１２", None, 101112)
    venues = [
        (Venue.KRX, {"stk_cd": "005930"}),
        (Venue.NXT, {"stk_cd": "005930_NX"}),
        (Venue.SOR, {"stk_cd": "005930_AL"}),
    ]
    paths = ("mrkcond", "stkinfo")
    refused_power = ("123456", Rejected)

    @pytest.mark.parametrize(("venue", "code"), [(Venue.NXT, "005930_NX"), (Venue.SOR, "005930_AL")])
    def test_quote_says_the_code_of_its_venue(self, wire: Any, venue: Venue, code: str) -> None:
        assert wire.says("quote", symbol=code).broker.quote("005930", venue=venue).symbol == "005930"


def book(wire: Any, **changes: Any) -> Any:
    return TestBooks().book(wire, **changes)


def test_levels_are_read_from_forty_fields_of_these_names() -> None:
    fields = {field.alias for field in quotes.Book.model_fields.values()}
    expected = {f"{side}_{name}_{what}" for side in ("sel", "buy") for name in NAMES for what in ("bid", "req")}
    assert fields == {*expected, "bid_req_base_tm"}
    assert len(expected) == 40


@pytest.mark.parametrize("text", ["71500", "+71500", "-71500", " 71500", " -71500", "0000071500"])
def test_sign_of_a_price_of_the_book_is_its_direction_only(wire: Any, text: str) -> None:
    assert book(wire, sel_10th_pre_bid=text).asks[9].price == 71500


@pytest.mark.parametrize("name", ["sel_1th_pre_bid", "sel_1th_pre_req", "buy_1th_pre_bid", "sel_fpr_pre_bid"])
def test_field_that_is_not_in_the_catalogue_is_not_read(wire: Any, name: str) -> None:
    whole = book(wire)
    assert book(wire, **{name: "99999"}) == whole


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


@pytest.mark.parametrize(("text", "value"), [("000000000000", 0), ("-00000012550", -12550), ("12550", 12550)])
def test_padding_of_the_cash_is_no_digit_and_its_sign_is_real(wire: Any, text: str, value: int) -> None:
    wire.answer(POWER, {**wire.good(POWER), "profa_100ord_alow_amt": text})
    assert wire.broker.buying_power("005930", price=70000).cash == value
