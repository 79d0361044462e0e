"""Prices and investor flow of KIS: answers in the broker's shape become the common models, or an error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidRequest, UnknownSymbol, Unsupported, WireError
from brokerkit.models import Flow, Quote
from brokerkit.testing.inside import kind_of
from brokerkit.words import SecurityType, Venue

PRICE, INVESTOR = "FHKST01010100", "FHKST01010900"


def quote_with(wire: Any, **changes: Any) -> Quote:
    answer = wire.good(PRICE)
    answer["output"] |= changes
    answer["output"] = {name: value for name, value in answer["output"].items() if value is not ...}
    wire.answer(PRICE, answer)
    quote: Quote = wire.broker.quote("005930")
    return quote


def test_quote_has_every_number_of_the_answer(wire: Any) -> None:
    assert wire.broker.quote("005930") == Quote(
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
    )


@pytest.mark.parametrize(
    ("wire_name", "name"),
    [
        ("stck_sdpr", "previous_close"),
        ("prdy_vrss", "change"),
        ("prdy_ctrt", "change_percent"),
        ("stck_oprc", "open"),
        ("stck_hgpr", "high"),
        ("stck_lwpr", "low"),
        ("acml_vol", "volume"),
        ("acml_tr_pbmn", "turnover"),
        ("stck_mxpr", "upper_limit"),
        ("stck_llam", "lower_limit"),
    ],
)
@pytest.mark.parametrize("absent", ["", "   ", ...], ids=["blank", "blanks", "missing"])
def test_what_the_broker_leaves_out_is_none_and_not_zero(wire: Any, wire_name: str, name: str, absent: Any) -> None:
    assert getattr(quote_with(wire, **{wire_name: absent}), name) is None


def test_first_prices_of_the_day_are_none_before_the_first_trade_but_volume_is_zero(wire: Any) -> None:
    quote = quote_with(wire, stck_oprc="0", stck_hgpr="0", stck_lwpr="0", acml_vol="0", prdy_vrss="0", prdy_ctrt="0.00")
    assert {quote.open, quote.high, quote.low} == {None}
    assert {quote.volume, quote.change, quote.change_percent} == {Decimal(0)}


@pytest.mark.parametrize("price", ["", "0", "  "])
def test_symbol_without_a_price_is_unknown(wire: Any, price: str) -> None:
    with pytest.raises(UnknownSymbol, match="005930"):
        quote_with(wire, stck_prpr=price)


def test_new_fields_of_the_broker_do_no_harm(wire: Any) -> None:
    answer = wire.good(PRICE)
    answer["output"]["brand_new"] = {"deep": [1, None]}
    wire.answer(PRICE, {**answer, "output9": "?"})
    assert wire.broker.quote("005930").price == 70300


@pytest.mark.parametrize("symbol", ["A005930", "00000A005930", "005930", ""])
def test_longer_spellings_of_the_symbol_are_the_same_symbol(wire: Any, symbol: str) -> None:
    assert quote_with(wire, stck_shrn_iscd=symbol).symbol == "005930"


def test_answer_about_another_symbol_is_a_wire_error(wire: Any) -> None:
    with pytest.raises(WireError, match="000660"):
        quote_with(wire, stck_shrn_iscd="000660")


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


@pytest.mark.parametrize(
    ("tick", "kind"), [("100", SecurityType.STOCK), ("5", SecurityType.FUND), ("7", None), ("", None)]
)
def test_price_step_of_the_answer_tells_the_kind(wire: Any, tick: str, kind: SecurityType | None) -> None:
    answer = wire.good(PRICE)
    answer["output"]["aspr_unit"] = tick
    wire.answer(PRICE, answer)
    assert kind_of(wire.broker, "005930") == kind


def test_answer_to_another_call_is_a_wire_error(wire: Any) -> None:
    wire.answer(PRICE, wire.good(PRICE), headers={"tr_id": "FHKST01010900"})
    with pytest.raises(WireError, match="FHKST01010900"):
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


def test_no_rows_mean_an_unknown_symbol(wire: Any) -> None:
    wire.answer(INVESTOR, {**wire.good(INVESTOR), "output": []})
    with pytest.raises(UnknownSymbol, match="005930"):
        wire.broker.investor_flow("005930")


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


@pytest.mark.parametrize("told", ["0", ""])
def test_a_share_without_limits_has_none_and_a_quote_of_it_blocks_no_order(wire: Any, told: str) -> None:
    quote = quote_with(wire, stck_mxpr=told, stck_llam=told)
    assert (quote.upper_limit, quote.lower_limit) == (None, None)
    assert wire.broker.buy("005930", 1, price=500).price == 500


def test_limits_that_are_gone_no_longer_bind(wire: Any) -> None:
    quote_with(wire)
    with pytest.raises(InvalidRequest, match="limits"):
        wire.broker.buy("005930", 1, price=500)
    quote_with(wire, stck_mxpr="0", stck_llam="0")
    assert wire.broker.buy("005930", 1, price=500).price == 500


@pytest.mark.parametrize("told", ["0"])
def test_without_a_base_price_there_is_no_change(wire: Any, told: str) -> None:
    quote = quote_with(wire, stck_sdpr=told)
    assert (quote.previous_close, quote.change, quote.change_percent) == (None, None, None)
