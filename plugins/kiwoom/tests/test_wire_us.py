"""US symbols at Kiwoom: prices, books and lists, and the exchange that every question has to name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import InvalidRequest, NotSent, UnknownSymbol, Unsupported, WireError
from brokerkit.words import SecurityType, Segment, Venue
from plugins.kiwoom.tests.us_answers import DONE, NOT_THERE, NOTHING, answers, listed, quote

QUOTE, BOOK, LISTED, ONE, BUY = "usa20100", "usa20101", "usa10099", "usa10098", "ust20000"
HOST = "http://127.0.0.1:9"


def test_a_quote_is_asked_at_the_exchange_where_the_symbol_is_listed(us: Any) -> None:
    told = us.broker.quote("US:AAPL")
    asked = [(call.id, call.method, call.url, call.body) for call in us.calls]
    assert asked == [
        (ONE, "POST", f"{HOST}/api/us/stkinfo", {"stk_cd": "AAPL"}),
        (QUOTE, "POST", f"{HOST}/api/us/mrkcond", {"stex_tp": "ND", "stk_cd": "AAPL"}),
    ]
    assert (told.symbol, told.name, told.venue, told.currency) == ("US:AAPL", "애플", Venue.US, "USD")
    # The sign of a price is its direction, that of a change is real.
    prices = (told.price, told.previous_close, told.change, told.change_percent, told.open, told.high, told.low)
    assert prices == tuple(map(Decimal, ("275.24", "277", "-1.76", "-0.64", "278.1", "279", "274.9")))
    assert (told.volume, told.upper_limit, told.lower_limit, told.time) == (41234567, None, None, None)


def test_a_further_quote_costs_one_call(us: Any) -> None:
    us.broker.quote("US:AAPL")
    us.calls.clear()
    us.broker.quote("US:AAPL")
    us.broker.order_book("US:AAPL")
    assert [call.id for call in us.calls] == [QUOTE, BOOK]


def test_with_the_list_of_the_day_the_first_one_does_too(us: Any) -> None:
    assert len(us.broker.instruments("US")) == 3
    us.calls.clear()
    us.answer(QUOTE, quote(stk_cd="QLD", stex_tp="NY"))
    assert us.broker.quote("US:QLD").symbol == "US:QLD"
    assert [(call.id, call.body) for call in us.calls] == [(QUOTE, {"stex_tp": "NY", "stk_cd": "QLD"})]


def test_before_the_open_there_is_a_price_and_no_open(us: Any) -> None:
    us.answer(QUOTE, quote(open_pric="", high_pric="", low_pric=""))
    told = us.broker.quote("US:AAPL")
    assert (told.price, told.open, told.high, told.low) == (Decimal("275.24"), None, None, None)


@pytest.mark.parametrize("answer", [{"list": [], **DONE}, NOT_THERE, NOTHING, {"list": [listed("AAPLW")], **DONE}])
@pytest.mark.parametrize("ask", ["quote", "order_book", "buy"])
def test_a_symbol_that_is_not_listed_is_unknown_before_anything_else_is_asked(ask: str, answer: Any, us: Any) -> None:
    us.answer(ONE, answer)
    arguments = {"buy": (1,)}.get(ask, ())
    prices = {"buy": {"price": "10.50"}}.get(ask, {})
    with pytest.raises(UnknownSymbol, match="does not list US:AAPL"):
        getattr(us.broker, ask)("US:AAPL", *arguments, **prices)
    assert [call.id for call in us.calls] == [ONE]


@pytest.mark.parametrize("ask", ["quote", "order_book"])
def test_a_listing_that_moved_is_told_as_such_and_looked_up_anew(ask: str, us: Any) -> None:
    getattr(us.broker, ask)("US:AAPL")
    id = us.calls[-1].id
    us.answer(id, NOT_THERE).answer(ONE, {"list": [listed(exchange="NY")], **DONE})
    us.calls.clear()
    with pytest.raises(UnknownSymbol, match="종목 정보가 없습니다") as caught:
        getattr(us.broker, ask)("US:AAPL")
    assert [call.id for call in us.calls] == [id]  # nothing is sent again
    assert caught.value.code == "1903"
    assert "may have moved" in str(caught.value.advice)
    us.answer(id, answers()[id])
    us.calls.clear()
    getattr(us.broker, ask)("US:AAPL")
    assert [(call.id, call.body.get("stex_tp")) for call in us.calls] == [(ONE, None), (id, "NY")]


def test_a_purchase_at_the_wrong_exchange_is_refused_once(us: Any) -> None:
    us.answer(BUY, NOT_THERE)
    with pytest.raises(UnknownSymbol, match="종목 정보가 없습니다") as caught:
        us.broker.buy("US:AAPL", 1, price="10.50")
    assert "may have moved" in str(caught.value.advice)
    assert len(us.of(BUY)) == 1


def test_where_the_exchange_cannot_be_looked_up_no_order_leaves(us: Any) -> None:
    us.answer(ONE, {"return_code": 5, "return_msg": "[1700:허용된 요청 개수를 초과하였습니다]"})
    with pytest.raises(NotSent):
        us.broker.buy("US:AAPL", 1, price="10.50")
    assert us.of(BUY) == []


def test_an_answer_about_another_symbol_is_none(us: Any) -> None:
    us.answer(QUOTE, quote(stk_cd="MSFT"))
    with pytest.raises(WireError, match="US:MSFT"):
        us.broker.quote("US:AAPL")


def test_a_symbol_at_two_exchanges_is_not_guessed(us: Any) -> None:
    us.answer(ONE, {"list": [listed(), listed(exchange="NY")], **DONE})
    with pytest.raises(WireError, match="ND, NY"):
        us.broker.quote("US:AAPL")


def test_the_daytime_market_is_not_offered(us: Any) -> None:
    with pytest.raises(Unsupported, match="DAYTIME"):
        us.broker.quote("US:AAPL", venue=Venue.DAYTIME)
    with pytest.raises(Unsupported, match="DAYTIME"):
        us.broker.buy("US:AAPL", 1, price="10.50", venue=Venue.DAYTIME)
    assert us.calls == []


def test_the_order_book(us: Any) -> None:
    told = us.broker.order_book("US:AAPL")
    assert us.of(BOOK)[0].body == {"stex_tp": "ND", "stk_cd": "AAPL"}
    assert len(told.asks) == len(told.bids) == 10
    assert (told.asks[0].price, told.asks[0].quantity) == (Decimal("275.25"), 11)
    assert (told.asks[-1].price, told.asks[-1].quantity) == (Decimal("275.34"), 110)
    assert (told.bids[0].price, told.bids[0].quantity) == (Decimal("275.23"), 13)
    assert told.time is None  # by which clock it is, nobody tells


def test_the_list_of_all_exchanges_is_one_call(us: Any) -> None:
    told = us.broker.instruments("US")
    assert [(call.id, call.body) for call in us.calls] == [(LISTED, {"stex_tp": "%"})]
    seen = [(each.symbol, each.market, each.kind) for each in told]
    assert seen == [
        ("US:AAPL", Segment.NASDAQ, SecurityType.STOCK),
        ("US:QLD", Segment.NYSE, SecurityType.ETF),
        ("US:BRK.B", Segment.NYSE, SecurityType.STOCK),
    ]
    assert (told[0].name, told[0].english_name, told[0].sector) == ("애플", "Apple", "기술")


def test_what_is_no_symbol_of_ours_is_counted_and_left_out(us: Any) -> None:
    us.answer(LISTED, {"list": [listed(), listed("BRK/B", "NY"), listed("", "NY")], **DONE})
    told = us.broker.instruments("US")
    assert ([each.symbol for each in told], list(told.passed_over)) == (["US:AAPL"], ["US:BRK/B"])


def test_the_list_goes_on_over_pages(us: Any) -> None:
    pages = ({"list": [listed()], **DONE}, {"list": [listed("QLD", "NY")], **DONE})
    us.pages(LISTED, *zip([{"cont-yn": "Y", "next-key": "k"}, {"cont-yn": "N", "next-key": ""}], pages, strict=True))
    assert [each.symbol for each in us.broker.instruments("US")] == ["US:AAPL", "US:QLD"]


def test_several_quotes_are_asked_for_one_by_one(us: Any) -> None:
    told = us.broker.quotes(["US:AAPL", "US:AAPL", "AAPL"])
    assert [each.symbol for each in told] == ["US:AAPL"]
    assert isinstance(told.failed["AAPL"], InvalidRequest)


def test_the_rate_of_the_dollar_is_told_without_a_date(us: Any) -> None:
    told = us.broker.exchange_rate()
    assert [(call.url, call.body) for call in us.of("ust31301")] == [(f"{HOST}/api/us/exchange", {"exch_tp": "1"})]
    assert (told.currency, told.rate, told.kind, told.date, told.time) == (
        "USD",
        Decimal("1468.20"),
        "고시환율",
        None,
        None,
    )


@pytest.mark.parametrize("rate", ["", "0", "0.00"])
def test_no_rate_is_none(rate: str, us: Any) -> None:
    us.answer("ust31301", {"aplc_exrt": rate, **DONE})
    with pytest.raises(WireError):
        us.broker.exchange_rate()


@pytest.mark.parametrize("rate", ["1,4682.0", "14,68.20", "1.468,20", "천"])
def test_a_rate_that_is_no_number_is_none(rate: str, us: Any) -> None:
    us.answer("ust31301", {"aplc_exrt": rate, **DONE})
    with pytest.raises(WireError, match="aplc_exrt"):
        us.broker.exchange_rate()
