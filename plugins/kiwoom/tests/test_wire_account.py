"""Cash and holdings of Kiwoom: two calls, one of them in pages, become one Balance, or an error."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import IncompleteListing, WireError
from brokerkit.models import Balance, Position
from brokerkit.words import PositionKind
from tests.adapters.account import AccountKit, held, page, symbols

HOLDINGS, CASH = "kt00018", "kt00001"
ROWS = "acnt_evlt_remn_indv_tot"
MORE, END = {"cont-yn": "Y", "next-key": "k1"}, {"cont-yn": "N", "next-key": ""}
LOAN: Any = {"crd_tp": "33", "crd_tp_nm": "융자", "crd_loan_dt": "20261102"}
SHORT: Any = {"crd_tp": "34", "crd_tp_nm": "대주", "crd_loan_dt": "20261102"}


class TestAccount(AccountKit):
    """The profit of the answer is one after costs, and is not ours."""

    balance = Balance(
        account="******7890",
        currency="KRW",
        cash=Decimal(5000000),
        orderable_cash=Decimal(4700000),
        withdrawable_cash=Decimal(4600000),
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
                average_price=Decimal(68500),
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
        "holdings": ("trde_able_qty", "pur_pric", "cur_prc"),
        "cash": ("100stk_ord_alow_amt", "pymn_alow_amt", "d1_entra", "d2_entra"),
    }
    none_then = ("orderable_cash", "withdrawable_cash", "cash_d1", "cash_d2", "total_value")
    totals = ("tot_evlt_amt", "tot_pur_amt")
    zeros = ("000000000000000", "0", "", "   ")
    kinds = [
        ({}, PositionKind.CASH),
        ({"crd_tp": "", "crd_loan_dt": "00000000"}, PositionKind.CASH),
        ({"crd_tp": "00", "crd_tp_nm": "현금"}, PositionKind.CASH),
        (LOAN, PositionKind.MARGIN_LOAN),
        ({"crd_tp": "99", "crd_tp_nm": ""}, PositionKind.MARGIN_LOAN),
        ({"crd_tp_nm": "매도담보대출"}, PositionKind.MARGIN_LOAN),
        ({"crd_loan_dt": "20261102"}, PositionKind.MARGIN_LOAN),
        (SHORT, PositionKind.SHORT),
        ({**SHORT, "rmnd_qty": "-00000000000012"}, PositionKind.SHORT),
        ({"crd_tp": "신용대주", "crd_tp_nm": ""}, PositionKind.SHORT),
    ]
    loan, short = LOAN, SHORT
    nobody_knows = [
        {"crd_tp": "77"},
        {"crd_tp_nm": "신용"},
        {"crd_tp": "33", "crd_tp_nm": "대주"},
        {"rmnd_qty": "-00000000000012"},
        {**LOAN, "rmnd_qty": "-00000000000012"},
    ]
    kind_field = "crd_tp"
    other_codes = ("Q580012", "580012")
    too_fast = "1700"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-00000000012500", -12500),
        ("000000000000000", 0),
        ("+0", 0),
        ("-0", 0),
        (" 12500", 12500),
        ("12500", 12500),
        ("000000012.50", Decimal("12.5")),
    ],
)
def test_padding_does_not_hide_the_sign_of_an_amount(wire: Any, text: str, value: Any) -> None:
    wire.answer(CASH, {**wire.good(CASH), "d2_entra": text})
    balance = wire.broker.balance()
    assert (balance.cash_d2, balance.total_value) == (value, value + 843600)


@pytest.mark.parametrize("symbol", ["A005930", "005930", "Q005930", "J005930", "005930_AL", " A005930 "])
def test_kind_letter_and_venue_are_taken_off_the_code(wire: Any, symbol: str) -> None:
    assert symbols(held(wire, {"stk_cd": symbol}).balance()) == ["005930"]


@pytest.mark.parametrize(
    ("symbol", "plain"), [("A00104K", "00104K"), ("J57JBHH", "57JBHH"), ("M04020000", "M04020000")]
)
def test_codes_with_letters_are_codes(wire: Any, symbol: str, plain: str) -> None:
    assert symbols(held(wire, {"stk_cd": symbol}).balance()) == [plain]


def test_account_without_holdings_has_no_positions(wire: Any) -> None:
    empty = page(wire, tot_pur_amt="000000000000000", tot_evlt_amt="000000000000000", return_msg="no data")
    balance = wire.answer(HOLDINGS, empty).broker.balance()
    assert (balance.positions, balance.cost, balance.total_value) == ((), 0, 4800000)


@pytest.mark.parametrize("block", [None, {}, "", ...], ids=repr)
def test_missing_list_is_a_wire_error_and_not_an_empty_account(wire: Any, block: Any) -> None:
    answer = {**wire.good(HOLDINGS), ROWS: block}
    wire.answer(HOLDINGS, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(WireError, match="rows" if block is ... else ROWS):
        wire.broker.balance()


@pytest.mark.parametrize("mark", ["Y", "y", " Y "])
def test_pages_are_followed_and_the_last_ones_totals_count(wire: Any, mark: str) -> None:
    one, two = (
        page(wire, symbol, value=worth) for symbol, worth in (("005930", "1687200"), ("000660", "000000001687100"))
    )
    balance = wire.pages(HOLDINGS, ({**MORE, "cont-yn": mark}, one), (END, two)).broker.balance()
    assert (symbols(balance), balance.market_value, len(wire.of(HOLDINGS))) == (["005930", "000660"], 1687100, 2)


def test_refusal_that_says_that_there_is_nothing_is_an_account_without_holdings(wire: Any) -> None:
    wire.answer(HOLDINGS, {"return_code": 20, "return_msg": "[2000](571758:조회내역이 없습니다.)"})
    balance = wire.broker.balance()
    assert (balance.positions, balance.cost, balance.market_value, balance.cash) == ((), 0, 0, 5000000)


@pytest.mark.parametrize("headers", [{}, END, {"cont-yn": "N", "next-key": "k1"}, {"next-key": "k1"}])
def test_anything_but_y_ends_the_list(wire: Any, headers: dict[str, str]) -> None:
    wire.pages(HOLDINGS, (headers, page(wire, "005930"))).broker.balance()
    assert len(wire.of(HOLDINGS)) == 1


def test_cash_in_more_than_one_page_is_refused(wire: Any) -> None:
    with pytest.raises(IncompleteListing):
        wire.pages(CASH, (MORE, wire.good(CASH))).broker.balance()


@pytest.mark.parametrize(
    ("words", "limit"), [("유량=5, API ID=ka10081", 5), ("유량=1]", 1), ("유량=5000", None), ("", None)]
)
def test_limit_is_read_from_the_words(wire: Any, words: str, limit: int | None) -> None:
    assert wire.client.told_limit(words) == limit


@pytest.mark.parametrize("symbol", ["A005930\ufeff", "\u202e005930", "\x1b[31m005930", "005930\n"], ids=ascii)
def test_what_cannot_be_printed_is_no_part_of_a_symbol(wire: Any, symbol: str) -> None:
    assert symbols(held(wire, {"stk_cd": symbol}).balance()) == ["005930"]


@pytest.mark.parametrize("price", ["-000000061000", "+000000061000", "000000061000", "-61000"])
def test_the_sign_of_a_price_is_its_direction_in_a_holding_too(wire: Any, price: str) -> None:
    (position,) = held(wire, {"cur_prc": price, "pur_pric": price}).balance().positions
    assert (position.price, position.average_price) == (61000, 61000)
