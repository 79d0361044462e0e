"""Order books, buying power and quotes of every venue at KIS."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InsufficientFunds, InvalidRequest, UnknownSymbol, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import BuyingPower, Level, OrderBook
from brokerkit.words import Venue

Connect = Callable[..., Any]
BOOK, POWER, PRICE = "FHKST01010200", "TTTC8908R", "FHKST01010100"
TODAY = clock.today()


def levels(first: int, step: int, shares: int) -> tuple[Level, ...]:
    return tuple(
        Level(price=Decimal(first + step * number), quantity=Decimal(shares * (number + 1))) for number in range(10)
    )


def book(wire: Any, **changes: Any) -> OrderBook:
    answer = wire.good(BOOK)
    fields = {**answer["output1"], **changes}
    answer["output1"] = {name: value for name, value in fields.items() if value is not ...}
    told: OrderBook = wire.answer(BOOK, answer).broker.order_book("005930")
    return told


def test_book_has_ten_levels_a_side_best_first(wire: Any) -> None:
    assert wire.broker.order_book("005930") == OrderBook(
        symbol="005930",
        venue=Venue.KRX,
        time=dt.datetime.combine(TODAY, dt.time(10, 11, 12), clock.KST),
        asks=levels(70300, 100, 11),
        bids=levels(70200, -100, 13),
    )


@pytest.mark.parametrize(("venue", "code"), [(Venue.KRX, "J"), (Venue.NXT, "NX"), (Venue.SOR, "UN")])
def test_book_and_quote_are_asked_for_at_the_venue_and_carry_its_name(wire: Any, venue: Venue, code: str) -> None:
    book = wire.broker.order_book("005930", venue=venue)
    quote = wire.broker.quote("005930", venue=venue)
    assert (book.venue, quote.venue) == (venue, venue)
    for call in wire.calls:
        assert call.query == [("FID_COND_MRKT_DIV_CODE", code), ("FID_INPUT_ISCD", "005930")]
    assert [call.url.rsplit("/", 1)[-1] for call in wire.calls] == ["inquire-asking-price-exp-ccn", "inquire-price"]


@pytest.mark.parametrize("verb", ["quote", "order_book"])
@pytest.mark.parametrize("venue", ["krx", "NYSE", None, 1])
def test_what_is_no_venue_is_refused_before_anything_is_sent(wire: Any, verb: str, venue: Any) -> None:
    with pytest.raises(InvalidRequest, match="KRX, NXT, SOR"):
        getattr(wire.broker, verb)("005930", venue=venue)
    assert wire.calls == []


def test_symbol_without_a_price_at_a_venue_is_unknown_there(wire: Any) -> None:
    answer = wire.good(PRICE)
    answer["output"]["stck_prpr"] = "0"
    with pytest.raises(UnknownSymbol, match="NXT"):
        wire.answer(PRICE, answer).broker.quote("005930", venue=Venue.NXT)


@pytest.mark.parametrize("level", range(1, 11))
@pytest.mark.parametrize(("side", "name"), [("asks", "askp"), ("bids", "bidp")])
@pytest.mark.parametrize("empty", ["0", "", "  ", "-0", "0.00", ...], ids=repr)
def test_level_without_price_or_quantity_is_left_out(wire: Any, level: int, side: str, name: str, empty: Any) -> None:
    whole = getattr(book(wire), side)
    for field in (f"{name}{level}", f"{name}_rsqn{level}"):
        assert getattr(book(wire, **{field: empty}), side) == whole[: level - 1] + whole[level:]


def test_book_without_any_order_is_empty(wire: Any) -> None:
    nothing = {name: "0" for name in wire.good(BOOK)["output1"] if name != "aspr_acpt_hour"}
    told = book(wire, **nothing)
    assert (told.asks, told.bids) == ((), ())


@pytest.mark.parametrize("time", ["", "      ", ...], ids=repr)
def test_book_without_a_time_has_none(wire: Any, time: Any) -> None:
    assert book(wire, aspr_acpt_hour=time).time is None


@pytest.mark.parametrize("time", ["240000", "10:11:12", "1011", "１０１１１２", None, 101112])
def test_time_of_the_book_outside_the_grammar_is_a_wire_error(wire: Any, time: Any) -> None:
    with pytest.raises(WireError, match="aspr_acpt_hour"):
        book(wire, aspr_acpt_hour=time)


def test_book_of_another_symbol_is_a_wire_error(wire: Any) -> None:
    answer = wire.good(BOOK)
    answer["output2"]["stck_shrn_iscd"] = "000660"
    with pytest.raises(WireError, match="000660"):
        wire.answer(BOOK, answer).broker.order_book("005930")


@pytest.mark.parametrize("block", [..., None, "", [], {}, [{}], {"stck_shrn_iscd": ""}], ids=repr)
def test_second_block_of_the_book_is_not_needed(wire: Any, block: Any) -> None:
    answer = {**wire.good(BOOK), "output2": block}
    wire.answer(BOOK, {name: value for name, value in answer.items() if value is not ...})
    assert len(wire.broker.order_book("005930").asks) == 10


@pytest.mark.parametrize("block", [..., None, "", [], [{}, {}]], ids=repr)
def test_answer_without_its_first_block_is_a_wire_error(wire: Any, block: Any) -> None:
    answer = {**wire.good(BOOK), "output1": block}
    wire.answer(BOOK, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(WireError, match="output1"):
        wire.broker.order_book("005930")


@pytest.mark.parametrize(
    ("price", "sent", "kind"), [(None, "0", "01"), (70000, "70000", "00"), ("7.0E+4", "70000", "00")]
)
def test_buying_power_is_asked_for_as_market_or_at_the_price(wire: Any, price: Any, sent: str, kind: str) -> None:
    wire.broker.buying_power("005930", price=price)
    (call,) = wire.calls
    assert call.url.endswith("/uapi/domestic-stock/v1/trading/inquire-psbl-order")
    assert call.query == [
        ("CANO", "50012345"),
        ("ACNT_PRDT_CD", "01"),
        ("PDNO", "005930"),
        ("ORD_UNPR", sent),
        ("ORD_DVSN", kind),
        ("CMA_EVLU_AMT_ICLD_YN", "N"),
        ("OVRS_ICLD_YN", "N"),
    ]


def test_buying_power_takes_the_figures_without_margin(wire: Any) -> None:
    told = BuyingPower(symbol="005930", currency="KRW", cash=Decimal(4700000), quantity=Decimal(67))
    assert wire.broker.buying_power("005930") == told
    assert wire.broker.buying_power("005930", price=70000) == told.model_copy(update={"price": Decimal(70000)})


def test_buying_power_of_demo_has_an_id_of_its_own(connect: Connect) -> None:
    wire = connect("sandbox", plays="demo").logged_in()
    assert wire.broker.supports("buying_power")
    assert wire.broker.buying_power("005930").quantity == 67
    assert [call.id for call in wire.calls] == ["VTTC8908R"]


def test_no_cash_is_zero_and_not_an_error(wire: Any) -> None:
    answer = wire.good(POWER)
    answer["output"] |= {"nrcvb_buy_amt": "0", "nrcvb_buy_qty": "0"}
    power = wire.answer(POWER, answer).broker.buying_power("005930")
    assert (power.cash, power.quantity) == (0, 0)


def test_refused_buying_power_is_no_buying_power(wire: Any) -> None:
    wire.answer(POWER, {"rt_cd": "7", "msg_cd": "APBK0952", "msg1": "no"})
    with pytest.raises(InsufficientFunds, match="no"):
        wire.broker.buying_power("005930")


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
    answer = wire.good("TTTC8434R")
    (row,) = answer["output1"]
    answer["output1"] = [row, {**row, "ord_psbl_qty": "5"}, {**row, "pdno": "000660"}]
    answer["output2"][0]["evlu_amt_smtl_amt"] = str(3 * int(row["evlu_amt"]))
    wire.answer("TTTC8434R", answer)
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
    assert book(connect("real", phase=phase).logged_in(), aspr_acpt_hour="101112").time == (moment if known else None)
