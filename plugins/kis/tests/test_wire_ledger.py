"""Fills and realised profit at KIS."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import IncompleteListing, Unsupported, WireError
from brokerkit.models import Fill, RealizedPnl
from brokerkit.words import Side, Venue

START, END = dt.date(2026, 11, 2), dt.date(2026, 11, 20)
PROFITS, ORDERS = "TTTC8715R", "TTTC0081R"
ROW = {
    "trad_dt": "20261119",
    "pdno": "00000A005930",
    "prdt_name": "Alpha",
    "trad_dvsn_name": "현금",
    "hldg_qty": "0",
    "pchs_unpr": "60000",
    "buy_qty": "0",
    "buy_amt": "0",
    "sll_pric": "70000",
    "sll_qty": "3",
    "sll_amt": "210000",
    "rlzt_pfls": "29999",
    "pfls_rt": "16.66601852",
    "fee": "29",
    "tl_tax": "420",
    "loan_int": "0",
}
SUMS = {
    "sll_qty_smtl": ("sll_qty",),
    "sll_tr_amt_smtl": ("sll_amt",),
    "buyqty_smtl": ("buy_qty",),
    "buy_tr_amt_smtl": ("buy_amt",),
    "tot_rlzt_pfls": ("rlzt_pfls",),
    "tot_tltx": ("tl_tax",),
    "loan_int": ("loan_int",),
    "tot_fee": ("fee",),
    "sll_fee_smtl": ("fee",),
}
EARNED = RealizedPnl(
    date=dt.date(2026, 11, 19),
    symbol="005930",
    name="Alpha",
    quantity=Decimal(3),
    sell_price=Decimal("70000.0000"),
    buy_price=Decimal("60000.3333"),
    pnl=Decimal(29999),
    commission=Decimal(29),
    tax=Decimal(420),
    costs=Decimal(449),
    interest=Decimal(0),
    net_pnl=Decimal(29550),
    currency="KRW",
)
BOUGHT_ALONE = {
    "pdno": "00000Q530031",
    "buy_qty": "2",
    "buy_amt": "20001",
    "pchs_unpr": "10000",
    "sll_pric": "0",
    **dict.fromkeys(("sll_qty", "sll_amt", "rlzt_pfls", "fee", "tl_tax"), "0"),
    "pfls_rt": "0.00000000",
}


def answer(*rows: dict[str, str], **sums: str) -> dict[str, Any]:
    """Return an answer with these rows, as they differ from the usual one, and their sums."""
    listed = [{**ROW, **row} for row in rows]
    summed = {name: f"{sum(Decimal(row[of[0]]) for row in listed):f}" for name, of in SUMS.items()}
    keys = {"ctx_area_fk100": " " * 100, "ctx_area_nk100": " " * 100}
    done = {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "done", **keys}
    return {**done, "output1": listed, "output2": {**summed, **sums}}


def test_the_question(wire: Any) -> None:
    wire.answer(PROFITS, answer({}))
    assert list(wire.broker.realized_pnl(START, END)) == [EARNED]
    (call,) = wire.of(PROFITS)
    assert call.method == "GET"
    assert call.url.endswith("/uapi/domestic-stock/v1/trading/inquire-period-trade-profit")
    assert call.query == [
        ("CANO", "50012345"),
        ("ACNT_PRDT_CD", "01"),
        ("SORT_DVSN", "01"),
        ("PDNO", ""),
        ("INQR_STRT_DT", "20261102"),
        ("INQR_END_DT", "20261120"),
        ("CBLC_DVSN", "00"),
        ("CTX_AREA_FK100", ""),
        ("CTX_AREA_NK100", ""),
    ]


def test_what_was_bought_alone_has_earned_nothing(wire: Any) -> None:
    wire.answer(PROFITS, answer({}, BOUGHT_ALONE))
    assert list(wire.broker.realized_pnl(START, END)) == [EARNED]


def test_a_symbol_is_chosen_here_so_that_the_sums_can_be_checked(wire: Any) -> None:
    wire.answer(PROFITS, answer({}, {"pdno": "00000A000660"}))
    assert [each.symbol for each in wire.broker.realized_pnl(START, END, symbol="000660")] == ["000660"]
    assert ("PDNO", "") in wire.of(PROFITS)[0].query


def test_what_was_held_on_a_loan_is_one_row_with_the_rest_of_its_day(wire: Any) -> None:
    loan = {"trad_dvsn_name": "유통융자", "sll_qty": "1", "sll_amt": "71000", "rlzt_pfls": "11000", "loan_int": "120"}
    wire.answer(PROFITS, answer({}, {**loan, "fee": "10", "tl_tax": "142", "pfls_rt": "18.33333333"}))
    (told,) = wire.broker.realized_pnl(START, END)
    assert (told.quantity, told.pnl, told.interest, told.commission, told.tax) == (4, 40999, 120, 39, 562)
    assert (told.sell_price, told.net_pnl) == (Decimal("70250.0000"), Decimal(40278))


@pytest.mark.parametrize("percent", ["16.41657546", ""])
def test_a_profit_after_costs_is_known_by_what_the_shares_had_cost(wire: Any, percent: str) -> None:
    # 210000 - 180001 - 29 - 420 = 29550, and 29550 is 16.41657546 % of the cost.
    wire.answer(PROFITS, answer({"rlzt_pfls": "29550", "pfls_rt": percent}))
    assert list(wire.broker.realized_pnl(START, END)) == [EARNED]


def test_a_row_that_does_not_show_it_is_read_as_the_others(wire: Any) -> None:
    tiny = {"pdno": "00000A069500", "sll_qty": "40", "sll_amt": "4000", "rlzt_pfls": "0", "pfls_rt": "0.00000000"}
    tiny |= {"pchs_unpr": "99", "fee": "1", "tl_tax": "0"}
    wire.answer(PROFITS, answer(tiny, {"rlzt_pfls": "29550", "pfls_rt": "16.41657546"}))
    told = {each.symbol: each for each in wire.broker.realized_pnl(START, END)}
    assert (told["069500"].pnl, told["069500"].net_pnl) == (1, 0)
    assert told["005930"] == EARNED


@pytest.mark.parametrize(
    "rows",
    [
        [{"pfls_rt": "", "pchs_unpr": ""}],
        [{"pfls_rt": "12.5", "pchs_unpr": "61000"}],
        [{}, {"rlzt_pfls": "29550", "pfls_rt": "16.41657546"}],
    ],
)
def test_where_it_is_not_clear_nothing_is_told(wire: Any, rows: list[dict[str, str]]) -> None:
    wire.answer(PROFITS, answer(*rows))
    with pytest.raises(WireError, match="before or after costs"):
        wire.broker.realized_pnl(START, END)


@pytest.mark.parametrize("name", [name for name in SUMS if not name.startswith("sll_fee")])
def test_sums_that_are_not_those_of_the_rows_are_an_error(wire: Any, name: str) -> None:
    wrong = {name: "7"} | ({"sll_fee_smtl": "8"} if name == "tot_fee" else {})
    wire.answer(PROFITS, answer({}, **wrong))
    with pytest.raises(WireError, match="of its rows is"):
        wire.broker.realized_pnl(START, END)


def test_a_commission_of_the_sales_alone_is_taken_too(wire: Any) -> None:
    wire.answer(PROFITS, answer({}, BOUGHT_ALONE, tot_fee="40", sll_fee_smtl="29"))
    assert list(wire.broker.realized_pnl(START, END)) == [EARNED]


def test_pages_are_checked_with_sums_of_all_or_of_each(wire: Any) -> None:
    first, second = {}, {"pdno": "00000A000660", "rlzt_pfls": "20000", "pfls_rt": "10.52631579", "pchs_unpr": "63333"}
    every = answer(first, second)["output2"]
    for sums in ((every, every), (answer(first)["output2"], answer(second)["output2"])):
        bodies = [{**answer(row), "output2": each} for row, each in zip((first, second), sums, strict=True)]
        wire.pages(
            PROFITS, ({"tr_cont": "F"}, {**bodies[0], "ctx_area_nk100": "k" * 100}), ({"tr_cont": "D"}, bodies[1])
        )
        assert [each.symbol for each in wire.broker.realized_pnl(START, END)] == ["000660", "005930"]
    wire.pages(
        PROFITS,
        ({"tr_cont": "F"}, {**answer(first), "ctx_area_nk100": "k" * 100}),
        ({"tr_cont": "D"}, {**answer(second), "output2": answer(first)["output2"]}),
    )
    with pytest.raises(WireError, match="of its rows is"):
        wire.broker.realized_pnl(START, END)


def test_a_page_that_comes_twice_is_an_error(wire: Any) -> None:
    page = {**answer({}), "ctx_area_nk100": "k" * 100}
    wire.pages(PROFITS, ({"tr_cont": "F"}, page), ({"tr_cont": "M"}, page))
    with pytest.raises(IncompleteListing):
        wire.broker.realized_pnl(START, END)


def test_a_day_that_was_not_asked_for_is_an_error(wire: Any) -> None:
    wire.answer(PROFITS, answer({"trad_dt": "20261030"}))
    with pytest.raises(WireError, match="2026-10-30"):
        wire.broker.realized_pnl(START, END)


def test_the_demo_and_the_ledger_are_not_there(connect: Any) -> None:
    demo = connect("demo")
    for asks in (lambda: demo.broker.realized_pnl(START), lambda: demo.broker.transactions(START)):
        with pytest.raises(Unsupported):
            asks()
    with pytest.raises(Unsupported):
        connect().broker.transactions(START)
    assert demo.calls == []


FILL = Fill(
    date=dt.date(2026, 11, 19),
    order_id="0001234567",
    symbol="005930",
    name="Alpha",
    side=Side.BUY,
    venue=Venue.KRX,
    quantity=Decimal(3),
    price=Decimal("70000.3333"),
    amount=Decimal(210001),
    is_total=True,
    currency="KRW",
)


def filled(wire: Any, **changes: str) -> dict[str, Any]:
    row = wire.row("list", day="20261119", name="Alpha", filled="3", left="7", average="70000.3333")
    return {**row, "tot_ccld_amt": "210001", "excg_id_dvsn_cd": "KRX", **changes}


def test_fills_are_the_orders_of_which_something_was_filled(wire: Any) -> None:
    wire.shows("list", filled(wire), filled(wire, odno="0001234568", tot_ccld_qty="0", avg_prvs="0", tot_ccld_amt="0"))
    assert list(wire.broker.fills(START, END)) == [FILL]
    (call,) = wire.of(ORDERS)
    assert ("INQR_STRT_DT", "20261102") in call.query
    assert ("INQR_END_DT", "20261120") in call.query


def test_without_a_first_day_the_last_one_is_asked_for(wire: Any) -> None:
    wire.shows("list", filled(wire))
    assert list(wire.broker.fills(end=dt.date(2026, 11, 19))) == [FILL]
    (call,) = wire.of(ORDERS)
    assert {("INQR_STRT_DT", "20261119"), ("INQR_END_DT", "20261119")} <= set(call.query)


def test_an_average_that_is_cut_and_an_amount_that_is_not_told_are_taken(wire: Any) -> None:
    wire.shows("list", filled(wire, avg_prvs="70000"))
    assert wire.broker.fills(START, END)[0].price == 70000
    wire.shows("list", filled(wire, avg_prvs="0"))
    assert wire.broker.fills(START, END)[0] == FILL
    wire.shows("list", filled(wire, tot_ccld_amt=""))
    assert wire.broker.fills(START, END)[0] == FILL.model_copy(update={"amount": None})


def test_an_amount_that_is_not_that_of_the_fills_is_an_error(wire: Any) -> None:
    wire.shows("list", filled(wire, tot_ccld_amt="140000"))
    with pytest.raises(WireError, match="are not 140000"):
        wire.broker.fills(START, END)
