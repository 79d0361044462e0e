"""Cash and holdings of KIS: one page or several become one Balance, or an error."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit import get_broker
from brokerkit.errors import ConfigError, IncompleteListing, NetworkError, WireError
from brokerkit.models import Balance, Position
from brokerkit.words import PositionKind
from tests.adapters.account import AccountKit, page, symbols

BALANCE = "TTTC8434R"


LOAN: Any = {"trad_dvsn_name": "자기융자", "loan_dt": "20261102", "loan_amt": "300000"}
SHORT: Any = {"trad_dvsn_name": "자기대주", "loan_dt": "20261102", "stln_slng_chgs": "300000"}


class TestAccount(AccountKit):
    balance = Balance(
        account="******4501",
        currency="KRW",
        cash=Decimal(5000000),
        cash_d1=Decimal(4900000),
        cash_d2=Decimal(4800000),
        cost=Decimal(822003),
        market_value=Decimal(843600),
        unrealized_pnl=Decimal(21597),
        total_value=Decimal(5643600),
        positions=(
            Position(
                symbol="005930",
                name="Alpha",
                quantity=Decimal(12),
                sellable_quantity=Decimal(9),
                average_price=Decimal("68500.25"),
                price=Decimal(70300),
                cost=Decimal(822003),
                market_value=Decimal(843600),
                unrealized_pnl=Decimal(21597),
                unrealized_pnl_percent=Decimal("2.6274"),
                currency="KRW",
            ),
        ),
    )
    left_out = {
        "holdings": ("ord_psbl_qty", "pchs_avg_pric", "prpr"),
        "cash": ("nxdy_excc_amt", "prvs_rcdl_excc_amt", "tot_evlu_amt"),
    }
    none_then = ("cash_d1", "cash_d2", "total_value")
    totals = (
        *("dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "pchs_amt_smtl_amt", "evlu_amt_smtl_amt"),
        "tot_evlu_amt",
    )
    zeros = ("0", "", "   ")
    kinds = [
        ({}, PositionKind.CASH),
        ({"trad_dvsn_name": ""}, PositionKind.CASH),
        ({"loan_dt": "        "}, PositionKind.CASH),
        (LOAN, PositionKind.MARGIN_LOAN),
        ({"trad_dvsn_name": "유통융자"}, PositionKind.MARGIN_LOAN),
        ({"trad_dvsn_name": "주식담보대출"}, PositionKind.MARGIN_LOAN),
        ({"loan_dt": "20261102"}, PositionKind.MARGIN_LOAN),
        ({"loan_amt": "1"}, PositionKind.MARGIN_LOAN),
        (SHORT, PositionKind.SHORT),
        ({"trad_dvsn_name": "", "stln_slng_chgs": "300000"}, PositionKind.SHORT),
    ]
    loan, short = LOAN, SHORT
    nobody_knows = [
        {"trad_dvsn_name": "신용"},
        {"trad_dvsn_name": "ANYTHING"},
        {"trad_dvsn_name": "현금", "stln_slng_chgs": "300000"},
        {"trad_dvsn_name": "융자대주"},
        {"hldg_qty": "-12"},
        {**LOAN, "hldg_qty": "-12"},
    ]
    kind_field = "trad_dvsn_name"
    other_codes = ("Q580012", "00000Q580012", "580012")
    too_fast = "EGW00201"


def keyed(wire: Any, *symbols: str, key: str = "", code: str = "KIOK0510", **totals: Any) -> Any:
    """Return a page with the key of the next one and the code of its answer."""
    return {**page(wire, *symbols, **totals), "ctx_area_nk100": key.ljust(100), "msg_cd": code}


def marked(wire: Any, *pages: tuple[str, Any]) -> Any:
    wire.answer(BALANCE, *(body for _, body in pages))
    wire.answers[BALANCE] = [
        (200, {"tr_cont": mark}, script[2]) for (mark, _), script in zip(pages, wire.answers[BALANCE], strict=True)
    ]
    return wire


def test_negative_cash_keeps_its_sign(wire: Any) -> None:
    balance = wire.answer(BALANCE, page(wire, prvs_rcdl_excc_amt="-12500", dnca_tot_amt="0")).broker.balance()
    assert (balance.cash, balance.cash_d2) == (0, -12500)


@pytest.mark.parametrize("code", ["KIOK0560", "70070000", "KIOK0510"])
def test_account_without_holdings_has_no_positions(wire: Any, code: str) -> None:
    balance = wire.answer(BALANCE, keyed(wire, code=code)).broker.balance()
    assert (balance.positions, balance.cash) == ((), 5000000)


def test_one_holding_as_an_object_and_totals_as_an_object_are_read(wire: Any) -> None:
    answer = page(wire, "005930")
    answer = {"Output1": answer.pop("output1")[0], "OUTPUT2": answer.pop("output2")[0], **answer}
    assert symbols(wire.answer(BALANCE, answer).broker.balance()) == ["005930"]


@pytest.mark.parametrize("change", [{"output1": None}, {"output2": []}, {"output2": ""}, {"output1": "none"}])
def test_missing_block_is_a_wire_error_and_not_an_empty_account(wire: Any, change: Any) -> None:
    with pytest.raises(WireError, match=next(iter(change))):
        wire.answer(BALANCE, {**page(wire), **change}).broker.balance()


@pytest.mark.parametrize(("mark", "code"), [("F", "KIOK0510"), ("M", "KIOK0500"), ("", "KIOK0500"), (" ", "KIOK0490")])
def test_pages_are_followed_and_the_last_ones_totals_count(wire: Any, mark: str, code: str) -> None:
    one = keyed(wire, "005930", key="A", code=code, evlu_amt_smtl_amt="1687200")
    two = keyed(wire, "000660", dnca_tot_amt="7", evlu_amt_smtl_amt="1687200")
    balance = marked(wire, (mark, one), ("D", two)).broker.balance()
    assert (symbols(balance), balance.cash, len(wire.calls)) == (["005930", "000660"], 7, 2)


def test_account_without_cash_is_an_account(wire: Any) -> None:
    answer = page(wire, "005930", dnca_tot_amt="0", nxdy_excc_amt="0", prvs_rcdl_excc_amt="0", tot_evlu_amt="843600")
    assert wire.answer(BALANCE, answer).broker.balance().cash == 0


@pytest.mark.parametrize(
    ("mark", "key", "code"),
    [
        ("F", "", "KIOK0510"),
        ("M", "", "KIOK0500"),
        ("m", "   ", "KIOK0510"),
        ("", "", "KIOK0500"),
        ("", " ", "KIOK0490"),
        ("X", "A", "KIOK0510"),
        ("N", "A", "KIOK0500"),
    ],
)
def test_list_whose_end_is_not_sure_is_no_list(wire: Any, mark: str, key: str, code: str) -> None:
    with pytest.raises(IncompleteListing, match=r"TTTC8434R.*(more pages)"):
        marked(wire, (mark, keyed(wire, "005930", key=key, code=code))).broker.balance()


@pytest.mark.parametrize("mark", ["F", "M"])
def test_more_pages_whose_keys_are_missing_are_an_error_and_not_the_end(wire: Any, mark: str) -> None:
    answer = {name: value for name, value in page(wire, "005930").items() if not name.startswith("ctx_area")}
    with pytest.raises(IncompleteListing, match="key of the next one"):
        marked(wire, (mark, answer)).broker.balance()


@pytest.mark.parametrize(
    ("mark", "key", "code"),
    [
        ("D", "A", "KIOK0500"),
        ("E", "A", "KIOK0500"),
        ("D", "", "KIOK0500"),
        ("", "", "KIOK0510"),
        ("X", "", "KIOK0510"),
        ("", "A", "KIOK0510"),
        ("", "A", "KIOK0460"),
    ],
)
def test_end_mark_or_blank_key_ends_the_list(wire: Any, mark: str, key: str, code: str) -> None:
    marked(wire, (mark, keyed(wire, "005930", key=key, code=code))).broker.balance()
    assert len(wire.calls) == 1


def test_error_on_a_later_page_fails_the_whole_balance(wire: Any) -> None:
    broken = {"rt_cd": "1", "msg_cd": "EGW00001", "msg1": "broken"}
    with pytest.raises(NetworkError, match="broken"):
        marked(wire, ("F", keyed(wire, "005930", key="A")), ("", broken)).broker.balance()


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ("12345678", "product code of two digits after the dash: 01 for stocks"),
        ("12345678-", "product code of two digits"),
        ("12345678-0", "product code of two digits"),
        ("123456780", "product code of two digits"),
        ("１２３４５６７８-０１", "full-width"),
        ("1234567-01", "product code of two digits"),
        ("12345678-011", "eight digits and two more"),
        ("1234567A-01", "eight digits and two more"),
    ],
)
def test_an_account_that_is_no_account_is_explained_without_being_shown(account: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        get_broker("kis", environment="demo", app_key="k" * 36, app_secret="s" * 180, account=account)
    assert "account" in refused.value.message
    assert account.strip("-") not in str(refused.value)
