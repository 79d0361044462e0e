"""Order books, buying power and quotes of every venue at KIS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brokerkit.errors import InsufficientFunds, WireError
from brokerkit.words import Venue
from tests.adapters.quotes import BookKit

Connect = Callable[..., Any]
BOOK, POWER, PRICE = "FHKST01010200", "TTTC8908R", "FHKST01010100"


class TestBooks(BookKit):
    places = [
        (side, level, (f"{name}{level}", f"{name}_rsqn{level}"))
        for side, name in (("asks", "askp"), ("bids", "bidp"))
        for level in range(1, 11)
    ]
    empties = ("0", "", "  ", "-0", "0.00", ...)
    no_times = ("240000", "10:11:12", "1011", "１０１１１２", None, 101112)
    venues = [
        (venue, [("FID_COND_MRKT_DIV_CODE", code), ("FID_INPUT_ISCD", "005930")])
        for venue, code in ((Venue.KRX, "J"), (Venue.NXT, "NX"), (Venue.SOR, "UN"))
    ]
    paths = ("inquire-asking-price-exp-ccn", "inquire-price")
    refused_power = ("APBK0952", InsufficientFunds)


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
