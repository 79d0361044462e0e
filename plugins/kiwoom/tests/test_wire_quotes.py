"""Prices and investor flow of Kiwoom: signs that mark a direction, signs that are real, and what is left out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import IncompleteListing, UnknownSymbol, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import Flow, InvestorFlow, Quote
from brokerkit.words import SecurityType, Venue
from tests.adapters.quotes import QuoteKit

PRICE, INVESTOR = "ka10001", "ka10059"


class TestQuotes(QuoteKit):
    """The sign of a price marks its direction and is no part of it."""

    quote = Quote(
        symbol="005930",
        venue=Venue.KRX,
        currency="KRW",
        name="Alpha",
        price=Decimal(70300),
        previous_close=Decimal(71500),
        change=Decimal(-1200),
        change_percent=Decimal("-1.68"),
        open=Decimal(71400),
        high=Decimal(71900),
        low=Decimal(70100),
        volume=Decimal(12345678),
        upper_limit=Decimal(92900),
        lower_limit=Decimal(50100),
        session=Phase.REGULAR,
    )
    may_be_blank = (
        *("name", "previous_close", "change", "change_percent", "open", "high", "low", "volume"),
        *("upper_limit", "lower_limit"),
    )
    zeros = ("0", "-0", "+0", " 0")
    same_symbol = ("005930", "A005930", "005930_NX", "005930_AL", " 005930 ", "", ...)
    another_call = "ka10003"
    kind_field = ("kind", "marketCode")
    kinds = [
        ("0", SecurityType.STOCK),
        ("10", SecurityType.STOCK),
        ("50", SecurityType.STOCK),
        ("6", SecurityType.REIT),
        ("8", SecurityType.ETF),
        ("60", SecurityType.ETN),
        ("3", SecurityType.ELW),
        ("30", None),
        ("80", None),
        ("", None),
        (" 8 ", SecurityType.ETF),
    ]


def quote_with(wire: Any, **changes: Any) -> Quote:
    quote: Quote = wire.answer(PRICE, wire.changed("quote", changes)).broker.quote("005930")
    return quote


PRICES = {
    "cur_prc": "price",
    "base_pric": "previous_close",
    "open_pric": "open",
    "high_pric": "high",
    "low_pric": "low",
    "upl_pric": "upper_limit",
    "lst_pric": "lower_limit",
}
CHANGES = {"pred_pre": "change", "flu_rt": "change_percent"}


@pytest.mark.parametrize(("wire_name", "name"), PRICES.items())
@pytest.mark.parametrize("text", ["71500", "+71500", "-71500", " 71500", " -71500", "00071500"])
def test_sign_of_a_price_is_its_direction_only(wire: Any, wire_name: str, name: str, text: str) -> None:
    assert getattr(quote_with(wire, **{wire_name: text}), name) == 71500


@pytest.mark.parametrize(("wire_name", "name"), CHANGES.items())
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+12.5", "12.5"),
        ("-12.5", "-12.5"),
        ("--12.5", "-12.5"),
        ("12.5", "12.5"),
        (" 0", "0"),
        ("+0", "0"),
        ("-0", "0"),
        ("0.00", "0"),
        (" -12.5", "-12.5"),
        ("-00012.5", "-12.5"),
    ],
)
def test_sign_of_a_change_is_real_and_two_minus_signs_are_one(
    wire: Any, wire_name: str, name: str, text: str, value: str
) -> None:
    assert getattr(quote_with(wire, **{wire_name: text}), name) == Decimal(value)


def test_quote_of_several_pages_is_refused(wire: Any) -> None:
    wire.answer(PRICE, wire.good(PRICE), headers={"cont-yn": "Y", "next-key": "1"})
    with pytest.raises(IncompleteListing):
        wire.broker.quote("005930")


def investors(wire: Any, *days: str, **changes: Any) -> Any:
    answer = wire.good(INVESTOR)
    (row,) = answer["stk_invsr_orgn"]
    return {**answer, "stk_invsr_orgn": [{**row, "dt": day, **changes} for day in days]}


def institution(text: str) -> dict[str, str]:
    """Return the fields of institutions of which one kind did everything: their sum is looked at."""
    nothing = dict.fromkeys(("insrnc", "invtrt", "etc_fnnc", "bank", "penfnd_etc", "samo_fund"), "0")
    return {**nothing, "orgn": text, "fnnc_invt": text}


def net(shares: int) -> Flow:
    return Flow(net_quantity=Decimal(shares), net_amount=Decimal(shares * 1_000_000))


def test_investor_flow_has_shares_and_won_of_all_kinds_and_foreigners_are_both_together(wire: Any) -> None:
    (row,) = wire.broker.investor_flow("005930")
    assert row == InvestorFlow(
        symbol="005930",
        date=dt.date(2024, 1, 5),
        close=Decimal(70300),
        final=True,
        individual=net(600),
        foreign=net(-927),
        institution=net(300),
        financial_investment=net(120),
        insurance=net(-20),
        investment_trust=net(50),
        bank=net(-15),
        other_finance=net(10),
        pension=net(130),
        private_fund=net(25),
        government=net(0),
        other_corporation=net(27),
        resident_foreign=net(3),
    )


def test_detail_puts_six_tables_side_by_side(wire: Any) -> None:
    tables = [investors(wire, "20240105", **institution(f"{number}")) for number in range(1, 7)]
    (row,) = wire.answer(INVESTOR, *tables).broker.investor_flow("005930", detail=True)
    assert row.institution == Flow(
        net_quantity=Decimal(1),
        net_amount=Decimal(2_000_000),
        buy_quantity=Decimal(3),
        buy_amount=Decimal(4_000_000),
        sell_quantity=Decimal(5),
        sell_amount=Decimal(6_000_000),
    )


@pytest.mark.parametrize(
    ("text", "value"), [("--61", -61), ("-61", -61), ("+61", 61), (" 61", 61), ("", None), ("-0", 0)]
)
def test_flows_take_every_spelling_of_their_sign(wire: Any, text: str, value: int | None) -> None:
    wire.answer(INVESTOR, investors(wire, "20240105", **institution(text)))
    assert wire.broker.investor_flow("005930")[0].institution.net_quantity == value


@pytest.mark.parametrize("changes", [{"natfor": ""}, {"frgnr_invsr": ""}])
def test_foreigners_are_none_if_half_of_them_is_not_told(wire: Any, changes: dict[str, str]) -> None:
    wire.answer(INVESTOR, investors(wire, "20240105", **changes))
    assert wire.broker.investor_flow("005930")[0].foreign == Flow()


def test_pages_are_followed_back_to_the_first_day_and_no_further(wire: Any) -> None:
    def page(key: str, *days: str) -> tuple[dict[str, str], Any]:
        return {"cont-yn": "Y", "next-key": key}, investors(wire, *days)

    half = [page("1", "20240108", "20240105"), page("2", "20240104", "20240103")]
    rows = wire.pages(INVESTOR, *half, *half, page("3")).broker.investor_flow(
        "005930", start=dt.date(2024, 1, 4), end=dt.date(2024, 1, 5)
    )
    assert [row.date.day for row in rows] == [4, 5]
    assert [call.headers.get("next-key") for call in wire.calls] == [None, "1", None, "1"]


def test_days_of_quantities_and_amounts_that_differ_are_a_wire_error(wire: Any) -> None:
    wire.answer(INVESTOR, investors(wire, "20240105"), investors(wire, "20240105", "20240104"))
    with pytest.raises(WireError, match="differ"):
        wire.broker.investor_flow("005930")


@pytest.mark.parametrize("block", [None, {}, "", ...], ids=repr)
def test_answer_without_its_list_is_a_wire_error(wire: Any, block: Any) -> None:
    answer = {**wire.good(INVESTOR), "stk_invsr_orgn": block}
    wire.answer(INVESTOR, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(WireError, match="stk_invsr_orgn"):
        wire.broker.investor_flow("005930")


@pytest.mark.parametrize("refused", [True, False])
def test_a_warrant_that_the_call_for_one_symbol_does_not_tell_is_asked_for_in_the_one_for_several(
    refused: bool, wire: Any
) -> None:
    no_price = {**wire.good("ka10001"), "stk_cd": "57JBHH", "cur_prc": ""}
    wire.answer("ka10001", {"return_code": 7, "return_msg": "x[1902:no such symbol]"} if refused else no_price)
    wire.shows("many", {"stk_cd": "57JBHH"})
    assert wire.broker.quote("57JBHH").symbol == "57JBHH"
    assert [call.body for call in wire.of("ka10095")] == [{"stk_cd": "57JBHH"}]


def test_a_share_is_not_asked_for_again_among_several(wire: Any) -> None:
    wire.answer("ka10001", {"return_code": 7, "return_msg": "x[1902:no such symbol]"})
    with pytest.raises(UnknownSymbol):
        wire.broker.quote("005930")
    assert not wire.of("ka10095")
