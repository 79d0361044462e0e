"""Cash and holdings of KIS: one page or several become one Balance, or an error."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit import get_broker
from brokerkit.errors import ConfigError, IncompleteListing, InvalidRequest, NetworkError, RateLimited, WireError
from brokerkit.models import Balance, Position
from brokerkit.words import PositionKind

BALANCE = "TTTC8434R"


def page(wire: Any, *symbols: str, key: str = "", code: str = "KIOK0510", **summary: Any) -> Any:
    answer = wire.good(BALANCE)
    answer["output1"] = [{**answer["output1"][0], "pdno": symbol} for symbol in symbols]
    worth = sum(int(row["evlu_amt"]) for row in answer["output1"])
    answer["output2"][0] |= {"evlu_amt_smtl_amt": str(worth), **summary}
    return {**answer, "ctx_area_nk100": key.ljust(100), "msg_cd": code}


def marked(wire: Any, *pages: tuple[str, Any]) -> Any:
    wire.answer(BALANCE, *(body for _, body in pages))
    wire.answers[BALANCE] = [
        (200, {"tr_cont": mark}, script[2]) for (mark, _), script in zip(pages, wire.answers[BALANCE], strict=True)
    ]
    return wire


def symbols(balance: Balance) -> list[str]:
    return [position.symbol for position in balance.positions]


def test_balance_has_every_number_of_the_answer(wire: Any) -> None:
    assert wire.broker.balance() == Balance(
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


@pytest.mark.parametrize("absent", ["", "  ", ...], ids=["blank", "blanks", "missing"])
def test_what_the_broker_leaves_out_is_none_and_not_zero(wire: Any, absent: Any) -> None:
    answer = wire.good(BALANCE)
    for block, names in (
        (answer["output1"][0], ("ord_psbl_qty", "pchs_avg_pric", "prpr")),
        (answer["output2"][0], ("nxdy_excc_amt", "prvs_rcdl_excc_amt", "tot_evlu_amt")),
    ):
        for name in names:
            if absent is ...:
                del block[name]
            else:
                block[name] = absent
    balance = wire.answer(BALANCE, answer).broker.balance()
    (position,) = balance.positions
    assert (position.sellable_quantity, position.average_price, position.price) == (None, None, None)
    assert (balance.cash_d1, balance.cash_d2, balance.total_value) == (None, None, None)


def test_negative_cash_keeps_its_sign(wire: Any) -> None:
    balance = wire.answer(BALANCE, page(wire, prvs_rcdl_excc_amt="-12500", dnca_tot_amt="0")).broker.balance()
    assert (balance.cash, balance.cash_d2) == (0, -12500)


def test_rows_that_were_sold_out_are_dropped(wire: Any) -> None:
    answer = page(wire, "005930", "000660")
    answer["output1"][0] |= {"hldg_qty": "0", "pchs_amt": "0", "evlu_amt": "0"}
    answer["output2"][0]["evlu_amt_smtl_amt"] = answer["output1"][1]["evlu_amt"]
    assert symbols(wire.answer(BALANCE, answer).broker.balance()) == ["000660"]


@pytest.mark.parametrize("code", ["KIOK0560", "70070000", "KIOK0510"])
def test_account_without_holdings_has_no_positions(wire: Any, code: str) -> None:
    balance = wire.answer(BALANCE, page(wire, code=code)).broker.balance()
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
    one = page(wire, "005930", key="A", code=code, evlu_amt_smtl_amt="1687200")
    two = page(wire, "000660", dnca_tot_amt="7", evlu_amt_smtl_amt="1687200")
    balance = marked(wire, (mark, one), ("D", two)).broker.balance()
    assert (symbols(balance), balance.cash, len(wire.calls)) == (["005930", "000660"], 7, 2)


NOTHING: Any = dict.fromkeys(
    (
        *("dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "pchs_amt_smtl_amt", "evlu_amt_smtl_amt"),
        "tot_evlu_amt",
    ),
    "0",
)


@pytest.mark.parametrize("blank", ["0", "", "   "])
@pytest.mark.parametrize("first", [True, False])
def test_totals_are_taken_where_they_stand(wire: Any, first: bool, blank: str) -> None:
    none = dict.fromkeys(NOTHING, blank)
    told = {"evlu_amt_smtl_amt": "1687200"}
    one = page(wire, "005930", key="A", **(told if first else none))
    two = page(wire, "000660", **(none if first else told))
    balance = marked(wire, ("F", one), ("D", two)).broker.balance()
    assert (balance.cash, balance.market_value, balance.cost) == (5000000, 1687200, 822003)


@pytest.mark.parametrize(
    "totals", [NOTHING, {"evlu_amt_smtl_amt": "0"}, {"evlu_amt_smtl_amt": "700000"}, {"evlu_amt_smtl_amt": "999000"}]
)
def test_totals_that_the_holdings_contradict_are_no_balance(wire: Any, totals: Any) -> None:
    with pytest.raises(WireError, match="market value"):
        wire.answer(BALANCE, page(wire, "005930", **totals)).broker.balance()


def test_value_without_holdings_is_a_list_that_is_short(wire: Any) -> None:
    with pytest.raises(WireError, match="market value"):
        wire.answer(BALANCE, page(wire, evlu_amt_smtl_amt="843600")).broker.balance()


@pytest.mark.parametrize("worth", ["843600", "830000", "857000"])
def test_totals_may_be_priced_at_another_moment(wire: Any, worth: str) -> None:
    balance = wire.answer(BALANCE, page(wire, "005930", evlu_amt_smtl_amt=worth)).broker.balance()
    assert balance.market_value == int(worth)


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
        marked(wire, (mark, page(wire, "005930", key=key, code=code))).broker.balance()


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
    marked(wire, (mark, page(wire, "005930", key=key, code=code))).broker.balance()
    assert len(wire.calls) == 1


def test_page_that_comes_twice_or_keys_that_repeat_fail_the_whole_balance(wire: Any) -> None:
    one, two = page(wire, "005930", key="A"), page(wire, "000660", key="A")
    for pages in ((("F", one), ("F", one)), (("F", one), ("M", two), ("D", page(wire)))):
        with pytest.raises(IncompleteListing):
            marked(wire, *pages).broker.balance()


def test_error_on_a_later_page_fails_the_whole_balance(wire: Any) -> None:
    broken = {"rt_cd": "1", "msg_cd": "EGW00001", "msg1": "broken"}
    with pytest.raises(NetworkError, match="broken"):
        marked(wire, ("F", page(wire, "005930", key="A")), ("", broken)).broker.balance()


def test_query_over_the_limit_is_repeated_twice_and_then_given_up(wire: Any) -> None:
    limited = {"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "too fast"}
    wire.answer(BALANCE, limited, limited, wire.good(BALANCE))
    assert wire.broker.balance().cash == 5000000
    with pytest.raises(RateLimited):
        wire.answer(BALANCE, limited).broker.balance()
    assert len(wire.calls) == 6


def test_a_holding_whose_name_is_not_told_has_none(wire: Any) -> None:
    answer = wire.good(BALANCE)
    answer["output1"][0]["prdt_name"] = "  "
    wire.answer(BALANCE, answer)
    assert wire.broker.balance().positions[0].name is None


LOAN: Any = {"trad_dvsn_name": "자기융자", "loan_dt": "20261102", "loan_amt": "300000"}
SHORT: Any = {"trad_dvsn_name": "자기대주", "loan_dt": "20261102", "stln_slng_chgs": "300000"}


def rows(wire: Any, *changes: Any) -> Any:
    answer = page(wire, *["005930"] * len(changes))
    for row, change in zip(answer["output1"], changes, strict=True):
        row |= change
    return wire.answer(BALANCE, answer).broker


@pytest.mark.parametrize(
    ("change", "kind"),
    [
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
        {"trad_dvsn_name": "신용"},
        {"trad_dvsn_name": "ANYTHING"},
        {"trad_dvsn_name": "현금", "stln_slng_chgs": "300000"},
        {"trad_dvsn_name": "융자대주"},
        {"hldg_qty": "-12"},
        {**LOAN, "hldg_qty": "-12"},
    ],
)
def test_a_row_that_does_not_tell_whose_shares_these_are_fails_the_balance(wire: Any, change: Any) -> None:
    with pytest.raises(WireError, match="trad_dvsn_name"):
        rows(wire, change).balance()


def test_only_what_is_ours_can_be_sold(wire: Any) -> None:
    assert rows(wire, {}, LOAN, SHORT, {"ord_psbl_qty": "2"}).sellable_quantity("005930") == 11
    assert rows(wire, LOAN, SHORT).sellable_quantity("005930") == 0
    assert wire.broker.sellable_quantity("000660") == 0


@pytest.mark.parametrize("change", [{"ord_psbl_qty": ""}, {"pdno": "X005930"}])
def test_what_can_be_sold_is_never_a_zero_that_nobody_told(wire: Any, change: Any) -> None:
    with pytest.raises(WireError, match="how many shares"):
        rows(wire, {}, change).sellable_quantity("005930")


@pytest.mark.parametrize("code", ["Q580012", "00000Q580012", "580012"])
def test_a_holding_has_the_symbol_that_the_verbs_take(wire: Any, code: str) -> None:
    broker = rows(wire, {"pdno": code})
    assert symbols(broker.balance()) == ["580012"]
    assert broker.sellable_quantity("580012") == 9
    with pytest.raises(InvalidRequest, match="580012"):
        broker.sellable_quantity("Q580012")


def test_a_holding_without_a_price_has_no_value_and_no_loss(wire: Any) -> None:
    (position,) = rows(wire, {"prpr": "0", "evlu_amt": "0"}).balance().positions
    assert (position.price, position.market_value, position.unrealized_pnl) == (None, None, None)
    assert (position.unrealized_pnl_percent, position.cost) == (None, 822003)


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
