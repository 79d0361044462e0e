"""Cash and holdings of Kiwoom: two calls, one of them in pages, become one Balance, or an error."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import IncompleteListing, InvalidRequest, RateLimited, WireError
from brokerkit.models import Balance, Position
from brokerkit.words import PositionKind

HOLDINGS, CASH = "kt00018", "kt00001"
ROWS = "acnt_evlt_remn_indv_tot"
MORE, END = {"cont-yn": "Y", "next-key": "k1"}, {"cont-yn": "N", "next-key": ""}


def page(wire: Any, *symbols: str, **totals: str) -> Any:
    answer = wire.good(HOLDINGS)
    (row,) = answer[ROWS]
    worth = f"{len(symbols) * int(row['evlt_amt']):015}"
    return {**answer, ROWS: [{**row, "stk_cd": symbol} for symbol in symbols], "tot_evlt_amt": worth, **totals}


def symbols(balance: Balance) -> list[str]:
    return [position.symbol for position in balance.positions]


def test_balance_has_every_number_of_both_answers_and_a_profit_before_costs(wire: Any) -> None:
    assert wire.broker.balance() == Balance(
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


@pytest.mark.parametrize("absent", ["", "  ", ...], ids=["blank", "blanks", "missing"])
def test_what_the_broker_leaves_out_is_none_and_not_zero(wire: Any, absent: Any) -> None:
    holdings, cash = wire.good(HOLDINGS), wire.good(CASH)
    for block, names in (
        (holdings[ROWS][0], ("trde_able_qty", "pur_pric", "cur_prc")),
        (cash, ("100stk_ord_alow_amt", "pymn_alow_amt", "d1_entra", "d2_entra")),
    ):
        for name in names:
            if absent is ...:
                del block[name]
            else:
                block[name] = absent
    balance = wire.answer(HOLDINGS, holdings).answer(CASH, cash).broker.balance()
    (position,) = balance.positions
    assert {position.sellable_quantity, position.average_price, position.price} == {None}
    assert {balance.orderable_cash, balance.withdrawable_cash, balance.cash_d1, balance.cash_d2} == {None}
    assert balance.total_value is None


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
    assert symbols(wire.answer(HOLDINGS, page(wire, symbol)).broker.balance()) == ["005930"]


@pytest.mark.parametrize(
    ("symbol", "plain"), [("A00104K", "00104K"), ("J57JBHH", "57JBHH"), ("M04020000", "M04020000")]
)
def test_codes_with_letters_are_codes(wire: Any, symbol: str, plain: str) -> None:
    assert symbols(wire.answer(HOLDINGS, page(wire, symbol)).broker.balance()) == [plain]


def test_rows_that_were_sold_out_are_dropped(wire: Any) -> None:
    answer = page(wire, "A005930", "A000660")
    answer[ROWS][0] |= {"rmnd_qty": "000000000000000", "pur_amt": "0", "evlt_amt": "0"}
    answer["tot_evlt_amt"] = answer[ROWS][1]["evlt_amt"]
    assert symbols(wire.answer(HOLDINGS, answer).broker.balance()) == ["000660"]


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
        page(wire, symbol, tot_evlt_amt=worth) for symbol, worth in (("A005930", "1687200"), ("A000660", WORTH))
    )
    balance = wire.pages(HOLDINGS, ({**MORE, "cont-yn": mark}, one), (END, two)).broker.balance()
    assert (symbols(balance), balance.market_value, len(wire.of(HOLDINGS))) == (["005930", "000660"], 1687100, 2)


WORTH = "000000001687100"


@pytest.mark.parametrize("blank", ["0", "000000000000000", "", "   "])
@pytest.mark.parametrize("first", [True, False])
def test_totals_are_taken_where_they_stand(wire: Any, first: bool, blank: str) -> None:
    none, told = {"tot_evlt_amt": blank, "tot_pur_amt": blank}, {"tot_evlt_amt": WORTH}
    one = page(wire, "A005930", **(told if first else none))
    two = page(wire, "A000660", **(none if first else told))
    balance = wire.pages(HOLDINGS, (MORE, one), (END, two)).broker.balance()
    assert (balance.market_value, balance.cost) == (1687100, 822003)


@pytest.mark.parametrize("worth", ["0", "000000000700000", "000000000999000"])
def test_totals_that_the_holdings_contradict_are_no_balance(wire: Any, worth: str) -> None:
    with pytest.raises(WireError, match="market value"):
        wire.answer(HOLDINGS, page(wire, "A005930", tot_evlt_amt=worth, tot_pur_amt="0")).broker.balance()


def test_value_without_holdings_is_a_list_that_is_short(wire: Any) -> None:
    with pytest.raises(WireError, match="market value"):
        wire.answer(HOLDINGS, page(wire, tot_evlt_amt="000000000843600")).broker.balance()


@pytest.mark.parametrize("worth", ["843600", "830000", "857000"])
def test_totals_may_be_priced_at_another_moment(wire: Any, worth: str) -> None:
    balance = wire.answer(HOLDINGS, page(wire, "A005930", tot_evlt_amt=worth)).broker.balance()
    assert balance.market_value == int(worth)


def test_refusal_that_says_that_there_is_nothing_is_an_account_without_holdings(wire: Any) -> None:
    wire.answer(HOLDINGS, {"return_code": 20, "return_msg": "[2000](571758:조회내역이 없습니다.)"})
    balance = wire.broker.balance()
    assert (balance.positions, balance.cost, balance.market_value, balance.cash) == ((), 0, 0, 5000000)


@pytest.mark.parametrize("headers", [{}, END, {"cont-yn": "N", "next-key": "k1"}, {"next-key": "k1"}])
def test_anything_but_y_ends_the_list(wire: Any, headers: dict[str, str]) -> None:
    wire.pages(HOLDINGS, (headers, page(wire, "A005930"))).broker.balance()
    assert len(wire.of(HOLDINGS)) == 1


def test_page_that_comes_twice_or_keys_that_repeat_fail_the_whole_balance(wire: Any) -> None:
    one, two = page(wire, "A005930"), page(wire, "A000660")
    for pages in (((MORE, one), (MORE, one)), ((MORE, one), (MORE, two), (END, page(wire)))):
        with pytest.raises(IncompleteListing):
            wire.pages(HOLDINGS, *pages).broker.balance()


def test_cash_in_more_than_one_page_is_refused(wire: Any) -> None:
    with pytest.raises(IncompleteListing):
        wire.pages(CASH, (MORE, wire.good(CASH))).broker.balance()


def test_query_over_the_limit_is_repeated_twice_and_then_given_up(wire: Any) -> None:
    limited = {"return_code": 5, "return_msg": "[1700:too fast 유량=5, API ID=kt00001]"}
    assert wire.answer(CASH, limited, limited, wire.good(CASH)).broker.balance().cash == 5000000
    with pytest.raises(RateLimited):
        wire.answer(CASH, limited).broker.balance()
    assert len(wire.of(CASH)) == 6


@pytest.mark.parametrize(
    ("words", "limit"), [("유량=5, API ID=ka10081", 5), ("유량=1]", 1), ("유량=5000", None), ("", None)]
)
def test_limit_is_read_from_the_words(wire: Any, words: str, limit: int | None) -> None:
    assert wire.client.told_limit(words) == limit


@pytest.mark.parametrize("symbol", ["A005930\ufeff", "\u202e005930", "\x1b[31m005930", "005930\n"], ids=ascii)
def test_what_cannot_be_printed_is_no_part_of_a_symbol(wire: Any, symbol: str) -> None:
    wire.answer(HOLDINGS, page(wire, symbol))
    assert symbols(wire.broker.balance()) == ["005930"]


def test_a_holding_whose_name_is_not_told_has_none(wire: Any) -> None:
    answer = page(wire, "A005930")
    answer["acnt_evlt_remn_indv_tot"][0]["stk_nm"] = "  "
    assert wire.answer(HOLDINGS, answer).broker.balance().positions[0].name is None


LOAN: Any = {"crd_tp": "33", "crd_tp_nm": "융자", "crd_loan_dt": "20261102"}
SHORT: Any = {"crd_tp": "34", "crd_tp_nm": "대주", "crd_loan_dt": "20261102"}


def rows(wire: Any, *changes: Any) -> Any:
    answer = page(wire, *["A005930"] * len(changes))
    answer[ROWS] = [{**row, **change} for row, change in zip(answer[ROWS], changes, strict=True)]
    return wire.answer(HOLDINGS, answer).broker


@pytest.mark.parametrize(
    ("change", "kind"),
    [
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
    ],
)
def test_kinds_of_positions_are_told_apart(wire: Any, change: Any, kind: PositionKind) -> None:
    (position,) = rows(wire, change).balance().positions
    assert position.kind is kind
    assert position.sellable_quantity == (9 if kind is PositionKind.CASH else 0)
    assert position.quantity == (-12 if kind is PositionKind.SHORT else 12)
    profit = position.unrealized_pnl
    assert (position.cost, profit) == ((None, None) if kind is PositionKind.SHORT else (822003, 21597))


@pytest.mark.parametrize(
    "change",
    [
        {"crd_tp": "77"},
        {"crd_tp_nm": "신용"},
        {"crd_tp": "33", "crd_tp_nm": "대주"},
        {"rmnd_qty": "-00000000000012"},
        {**LOAN, "rmnd_qty": "-00000000000012"},
    ],
)
def test_a_row_that_does_not_tell_whose_shares_these_are_fails_the_balance(wire: Any, change: Any) -> None:
    with pytest.raises(WireError, match="crd_tp"):
        rows(wire, change).balance()


def test_only_what_is_ours_can_be_sold(wire: Any) -> None:
    assert rows(wire, {}, LOAN, SHORT, {"trde_able_qty": "2"}).sellable_quantity("005930") == 11
    assert rows(wire, LOAN, SHORT).sellable_quantity("005930") == 0
    assert wire.broker.sellable_quantity("000660") == 0


@pytest.mark.parametrize("change", [{"trde_able_qty": ""}, {"stk_cd": "X005930"}])
def test_what_can_be_sold_is_never_a_zero_that_nobody_told(wire: Any, change: Any) -> None:
    with pytest.raises(WireError, match="how many shares"):
        rows(wire, {}, change).sellable_quantity("005930")


@pytest.mark.parametrize("code", ["Q580012", "580012"])
def test_a_holding_has_the_symbol_that_the_verbs_take(wire: Any, code: str) -> None:
    broker = rows(wire, {"stk_cd": code})
    assert symbols(broker.balance()) == ["580012"]
    assert broker.sellable_quantity("580012") == 9
    with pytest.raises(InvalidRequest, match="580012"):
        broker.sellable_quantity("Q580012")


def test_a_holding_without_a_price_has_no_value_and_no_loss(wire: Any) -> None:
    (position,) = rows(wire, {"cur_prc": "000000000000", "evlt_amt": "000000000000000"}).balance().positions
    assert (position.price, position.market_value, position.unrealized_pnl) == (None, None, None)
    assert (position.unrealized_pnl_percent, position.cost) == (None, 822003)


@pytest.mark.parametrize("price", ["-000000061000", "+000000061000", "000000061000", "-61000"])
def test_the_sign_of_a_price_is_its_direction_in_a_holding_too(wire: Any, price: str) -> None:
    (position,) = rows(wire, {"cur_prc": price, "pur_pric": price}).balance().positions
    assert (position.price, position.average_price) == (61000, 61000)
