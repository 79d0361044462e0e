"""Prices and investor flow of KIS: answers in the broker's shape become the common models, or an error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import Unsupported, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import Flow, Quote
from brokerkit.words import SecurityType, Venue
from tests.adapters.quotes import QuoteKit

PRICE, INVESTOR = "FHKST01010100", "FHKST01010900"


class TestQuotes(QuoteKit):
    quote = Quote(
        symbol="005930",
        venue=Venue.KRX,
        currency="KRW",
        price=Decimal(70300),
        previous_close=Decimal(71500),
        change=Decimal(-1200),
        change_percent=Decimal("-1.68"),
        open=Decimal(71400),
        high=Decimal(71900),
        low=Decimal(70100),
        volume=Decimal(12345678),
        turnover=Decimal(876543210900),
        upper_limit=Decimal(92900),
        lower_limit=Decimal(50100),
        session=Phase.REGULAR,
    )
    may_be_blank = (
        *("previous_close", "change", "change_percent", "open", "high", "low", "volume", "turnover"),
        *("upper_limit", "lower_limit"),
    )
    zeros = ("0",)
    same_symbol = ("A005930", "00000A005930", "005930", "")
    another_call = "FHKST01010900"
    kind_field = ("quote", "aspr_unit")
    kinds = [("100", SecurityType.STOCK), ("5", SecurityType.ETF), ("7", None), ("", None)]


@pytest.mark.parametrize("name", ["output", "Output", "OUTPUT"])
@pytest.mark.parametrize("as_list", [False, True], ids=["object", "array"])
def test_block_is_found_in_any_letter_case_as_object_or_array(wire: Any, name: str, as_list: bool) -> None:
    answer = wire.good(PRICE)
    block = answer.pop("output")
    wire.answer(PRICE, {**answer, name: [block] if as_list else block})
    assert wire.broker.quote("005930").price == 70300


@pytest.mark.parametrize("block", [[], [{}, {}], {}, None, "", ...], ids=repr)
def test_answer_without_its_one_block_is_a_wire_error(wire: Any, block: Any) -> None:
    answer = wire.good(PRICE)
    answer["output"] = block
    wire.answer(PRICE, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(WireError, match="output"):
        wire.broker.quote("005930")


def investors(wire: Any, *days: str, **changes: Any) -> None:
    answer = wire.good(INVESTOR)
    (row,) = answer["output"]
    answer["output"] = [{**row, "stck_bsop_date": day, **changes} for day in days]
    wire.answer(INVESTOR, answer)


def test_investor_flow_has_shares_and_won_of_all_three_kinds(wire: Any) -> None:
    (row,) = wire.broker.investor_flow("005930", detail=True)
    assert (row.symbol, row.date, row.close, row.final) == ("005930", dt.date(2024, 1, 5), Decimal(70300), True)
    assert row.individual == flow(600, 1500, 900, 60, 150, 90)
    assert row.foreign == flow(-900, 700, 1600, -90, 70, 160)
    assert row.institution == flow(300, 800, 500, 30, 80, 50)
    assert row.resident_foreign == row.pension == Flow()


def flow(net: int, buy: int, sell: int, net_millions: int, buy_millions: int, sell_millions: int) -> Flow:
    return Flow(
        net_quantity=Decimal(net),
        buy_quantity=Decimal(buy),
        sell_quantity=Decimal(sell),
        net_amount=Decimal(net_millions) * 1_000_000,
        buy_amount=Decimal(buy_millions) * 1_000_000,
        sell_amount=Decimal(sell_millions) * 1_000_000,
    )


def test_signs_of_quantity_and_amount_may_differ(wire: Any) -> None:
    investors(wire, "20240105", frgn_ntby_qty="-3", frgn_ntby_tr_pbmn="2", orgn_ntby_qty="+3", orgn_ntby_tr_pbmn="-0")
    (row,) = wire.broker.investor_flow("005930")
    assert (row.foreign.net_quantity, row.foreign.net_amount) == (-3, 2_000_000)
    assert (row.institution.net_quantity, row.institution.net_amount) == (3, 0)


def test_todays_row_is_provisional_and_may_be_blank(wire: Any) -> None:
    today = clock.today()
    investors(wire, f"{today:%Y%m%d}", f"{today - dt.timedelta(1):%Y%m%d}", prsn_ntby_qty="", frgn_ntby_tr_pbmn="")
    yesterday, now = wire.broker.investor_flow("005930")
    assert (yesterday.final, now.final) == (True, False)
    assert (now.individual.net_quantity, now.foreign.net_amount) == (None, None)


def test_rows_ascend_and_stay_within_the_days_asked_for(wire: Any) -> None:
    investors(wire, "20240108", "20240105", "20240104", "20240103")
    rows = wire.broker.investor_flow("005930", start=dt.date(2024, 1, 4), end=dt.date(2024, 1, 5))
    assert [row.date.day for row in rows] == [4, 5]


def test_one_row_may_come_as_an_object(wire: Any) -> None:
    answer = wire.good(INVESTOR)
    wire.answer(INVESTOR, {**answer, "output": answer["output"][0]})
    assert len(wire.broker.investor_flow("005930")) == 1


@pytest.mark.parametrize(
    "days",
    [
        {"start": dt.date(2024, 1, 2)},
        {"start": dt.date(2024, 1, 2), "end": dt.date(2024, 1, 8)},
        {"end": dt.date(2023, 12, 1)},
    ],
)
def test_days_before_those_that_are_told_are_unsupported(wire: Any, days: dict[str, dt.date]) -> None:
    with pytest.raises(Unsupported, match="2024-01-05"):
        wire.broker.investor_flow("005930", **days)
