"""Fills, realised profit and the cash ledger at Kiwoom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, Unsupported, WireError
from brokerkit.models import Fill, RealizedPnl, Transaction
from brokerkit.words import Side, TransactionKind, Venue

START, END = dt.date(2026, 11, 2), dt.date(2026, 11, 20)
SALES, DAYS, LEDGER, ORDERS = "ka10073", "ka10074", "kt00015", "kt00007"
Row = Mapping[str, str]
SALE = {
    "dt": "20261119",
    "tdy_htssel_cmsn": "현금",
    "stk_nm": "Alpha",
    "cntr_qty": "2",
    "buy_uv": "61234.56",
    "cntr_pric": "70000",
    "tdy_sel_pl": "17210.88",
    "pl_rt": "+14.05",
    "stk_cd": "A005930",
    "tdy_trde_cmsn": "40",
    "tdy_trde_tax": "280",
    "wthd_alowa": "0",
    "loan_dt": "",
    "crd_tp": "현금잔고",
}
DAY = {"dt": "20261119", "buy_amt": "0", "sell_amt": "140000", "tdy_sel_pl": "17210", "tdy_trde_cmsn": "20"}
EARNED = RealizedPnl(
    date=dt.date(2026, 11, 19),
    symbol="005930",
    name="Alpha",
    quantity=Decimal(2),
    sell_price=Decimal(70000),
    buy_price=Decimal("61234.56"),
    pnl=Decimal("17530.88"),
    commission=Decimal(40),
    tax=Decimal(280),
    costs=Decimal(320),
    net_pnl=Decimal("17210.88"),
    currency="KRW",
)
LINE = {
    "trde_dt": "20261103",
    "trde_no": "000000001",
    "rmrk_nm": "이체입금",
    "exct_amt": "000000001000000",
    "entra_remn": "000000001500000",
    "crnc_cd": "KRW",
    "stk_nm": "",
    "trde_agri_tax": "000000000000000",
    "io_tp_nm": "입금",
    "stk_cd": "",
    "trde_qty_jwa_cnt": "",
    "cmsn": "000000000000000",
    "cntr_dt": "",
}
BUY = {
    "trde_dt": "20261105",
    "trde_no": "000000007",
    "rmrk_nm": "장내매수",
    "io_tp_nm": "매수",
    "exct_amt": "000000000140020",
    "entra_remn": "000000001359980",
    "stk_cd": "A005930",
    "stk_nm": "Alpha",
    "trde_qty_jwa_cnt": "2",
    "cmsn": "000000000000020",
    "cntr_dt": "20261103",
}
PAID_IN = Transaction(
    date=dt.date(2026, 11, 3),
    id="000000001",
    kind=TransactionKind.DEPOSIT,
    description="이체입금",
    amount=Decimal(1_000_000),
    balance=Decimal(1_500_000),
    commission=Decimal(0),
    tax=Decimal(0),
    currency="KRW",
)
BOUGHT = Transaction(
    date=dt.date(2026, 11, 5),
    id="000000007",
    kind=TransactionKind.PURCHASE,
    description="장내매수",
    amount=Decimal(-140_020),
    balance=Decimal(1_359_980),
    symbol="005930",
    name="Alpha",
    quantity=Decimal(2),
    commission=Decimal(20),
    tax=Decimal(0),
    traded_on=dt.date(2026, 11, 3),
    currency="KRW",
)
DONE = {"return_code": 0, "return_msg": " done"}


def sales(*rows: Row) -> dict[str, Any]:
    return {"dt_stk_rlzt_pl": [{**SALE, **row} for row in rows], **DONE}


def days(*rows: Row) -> dict[str, Any]:
    return {"tot_sell_amt": "0", "dt_rlzt_pl": [{**DAY, **row} for row in rows], **DONE}


def lines(*rows: Row) -> dict[str, Any]:
    return {"trst_ovrl_trde_prps_array": [{**LINE, **row} for row in rows], **DONE}


# Realised profit


def test_the_questions(wire: Any) -> None:
    wire.answer(SALES, sales({})).answer(DAYS, days({}))
    assert list(wire.broker.realized_pnl(START, END)) == [EARNED]
    (asked,) = wire.of(SALES)
    assert asked.body == {"stk_cd": "", "strt_dt": "20261102", "end_dt": "20261120"}
    (checked,) = wire.of(DAYS)
    assert checked.body == {"strt_dt": "20261102", "end_dt": "20261120"}
    assert {asked.method, checked.method} == {"POST"}
    assert asked.url == checked.url
    assert asked.url.endswith("/api/dostk/acnt")


def test_sales_of_a_symbol_on_a_day_are_one_row(wire: Any) -> None:
    other = {"cntr_qty": "1", "cntr_pric": "71000", "buy_uv": "61234.57", "tdy_sel_pl": "9603.43"}
    other |= {"tdy_trde_cmsn": "20", "tdy_trde_tax": "142"}
    wire.answer(SALES, sales(other, {}, {"stk_cd": "A000660"})).answer(DAYS, days({"sell_amt": "351000"}))
    told = wire.broker.realized_pnl(START, END)
    assert [each.symbol for each in told] == ["000660", "005930"]
    assert told[1] == EARNED.model_copy(
        update={
            "quantity": 3,
            "sell_price": Decimal("70333.3333"),
            "buy_price": Decimal("61234.5633"),
            "pnl": Decimal("17530.88") + Decimal("9765.43"),
            "commission": 60,
            "tax": 422,
            "costs": 482,
            "net_pnl": Decimal("17210.88") + Decimal("9603.43"),
        }
    )
    assert list(wire.broker.realized_pnl(START, END, symbol="005930")) == [told[1]]


@pytest.mark.parametrize("loss", ["-2789.12", "--2789.12"])
def test_a_loss_is_below_zero(wire: Any, loss: str) -> None:
    wire.answer(SALES, sales({"tdy_sel_pl": loss, "buy_uv": "71234.56"})).answer(DAYS, days({}))
    (told,) = wire.broker.realized_pnl(START, END)
    assert (told.net_pnl, told.pnl) == (Decimal("-2789.12"), Decimal("-2469.12"))


@pytest.mark.parametrize(
    ("rows", "sums"),
    [
        ([{}], [{"sell_amt": "210000"}]),
        ([{}], []),
        ([], [{}]),
        ([{}], [{"dt": "20261118"}]),
        ([{}, {}], [{}]),
    ],
)
def test_days_that_do_not_come_to_the_same_are_an_error(wire: Any, rows: list[Row], sums: list[Row]) -> None:
    wire.answer(SALES, sales(*rows)).answer(DAYS, days(*sums))
    with pytest.raises(WireError, match="come to"):
        wire.broker.realized_pnl(START, END)


def test_an_average_that_is_cut_differs_by_less_than_a_won_a_share(wire: Any) -> None:
    wire.answer(SALES, sales({})).answer(DAYS, days({"sell_amt": "140001"}))
    assert list(wire.broker.realized_pnl(START, END)) == [EARNED]


def test_today_may_go_on_between_the_two_calls(wire: Any) -> None:
    today = f"{clock.today():%Y%m%d}"
    wire.answer(SALES, sales({"dt": today})).answer(DAYS, days({"dt": today, "sell_amt": "210000"}))
    (told,) = wire.broker.realized_pnl(clock.today())
    assert told.date == clock.today()


def test_every_page_is_read_and_a_page_that_comes_twice_is_an_error(wire: Any) -> None:
    wire.answer(DAYS, days({"sell_amt": "280000"}))
    further = {"cont-yn": "Y", "next-key": "k"}
    wire.pages(SALES, (further, sales({})), ({"cont-yn": "N"}, sales({"stk_cd": "A000660"})))
    assert len(wire.broker.realized_pnl(START, END)) == 2
    wire.pages(SALES, (further, sales({})), ({"cont-yn": "Y", "next-key": "l"}, sales({})))
    with pytest.raises(IncompleteListing):
        wire.broker.realized_pnl(START, END)


@pytest.mark.parametrize("field", ["dt", "cntr_qty", "buy_uv", "cntr_pric", "tdy_sel_pl", "tdy_trde_tax"])
def test_a_blank_is_an_error_and_no_zero(wire: Any, field: str) -> None:
    wire.answer(SALES, sales({field: ""})).answer(DAYS, days({}))
    with pytest.raises(WireError, match=field):
        wire.broker.realized_pnl(START, END)


def test_no_sale_is_no_row(wire: Any) -> None:
    nothing = {"return_code": 20, "return_msg": "[2000](571758:조회내역이 없습니다)"}
    wire.answer(SALES, nothing).answer(DAYS, {"dt_rlzt_pl": [], **DONE})
    assert wire.broker.realized_pnl(START, END) == ()


# The cash


def test_the_question_of_the_ledger(wire: Any) -> None:
    wire.answer(LEDGER, lines({}, BUY))
    assert list(wire.broker.transactions(START, END)) == [PAID_IN, BOUGHT]
    (call,) = wire.of(LEDGER)
    assert call.body == {
        "strt_dt": "20261102",
        "end_dt": "20261120",
        "tp": "0",
        "stk_cd": "",
        "crnc_cd": "",
        "gds_tp": "0",
        "frgn_stex_code": "",
        "dmst_stex_tp": "%",
        "qry_sort_tp": "2",
    }


def test_amounts_with_a_sign_tell_the_same(wire: Any) -> None:
    wire.answer(LEDGER, lines({}, {**BUY, "exct_amt": "-00000000140020"}))
    assert list(wire.broker.transactions(START, END)) == [PAID_IN, BOUGHT]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("이자지급", ""), TransactionKind.OTHER),
        (("매도대금입금", "입금"), TransactionKind.OTHER),
        (("장내매도", "매도"), TransactionKind.OTHER),  # a trade of nothing that is named
        (("이체출금", "출금"), TransactionKind.WITHDRAWAL),
    ],
)
def test_only_words_that_are_understood_name_a_kind(wire: Any, words: tuple[str, str], kind: TransactionKind) -> None:
    way = -1 if kind is TransactionKind.WITHDRAWAL else 1
    row = {"rmrk_nm": words[0], "io_tp_nm": words[1], "exct_amt": "000000000000500"}
    wire.answer(LEDGER, lines({}, {**row, "entra_remn": f"{1_500_000 + way * 500:015d}"}))
    told = wire.broker.transactions(START, END)[1]
    assert (told.kind, told.amount, told.description) == (kind, way * 500, words[0])


def test_of_the_first_line_words_alone_say_which_way_the_cash_went(wire: Any) -> None:
    wire.answer(LEDGER, lines({"rmrk_nm": "이자지급", "io_tp_nm": ""}))
    (told,) = wire.broker.transactions(START, END)
    assert (told.amount, told.balance) == (None, 1_500_000)
    wire.answer(LEDGER, lines({"rmrk_nm": "타사대체", "io_tp_nm": "", "exct_amt": "000000000000000"}))
    assert wire.broker.transactions(START, END)[0].amount == 0


@pytest.mark.parametrize(
    "second",
    [
        {**BUY, "entra_remn": "000000001360000"},
        {**BUY, "entra_remn": "000000001640020"},
        {**BUY, "exct_amt": "000000000000001"},
    ],
)
def test_lines_that_do_not_add_up_are_an_error(wire: Any, second: Row) -> None:
    wire.answer(LEDGER, lines({}, second))
    with pytest.raises(WireError, match="moved cash from 1500000"):
        wire.broker.transactions(START, END)


def test_lines_in_another_order_are_an_error(wire: Any) -> None:
    wire.answer(LEDGER, lines(BUY, {"entra_remn": "000000002359980"}))
    with pytest.raises(WireError, match="do not ascend"):
        wire.broker.transactions(START, END)


def test_lines_of_another_currency_are_of_another_cash(wire: Any) -> None:
    abroad = {"crnc_cd": "USD", "exct_amt": "000000000000000", "rmrk_nm": "외화매수", "io_tp_nm": "매수"}
    wire.answer(LEDGER, lines({}, abroad, BUY))
    assert list(wire.broker.transactions(START, END)) == [PAID_IN, BOUGHT]


def test_the_mock_host_has_no_ledger(connect: Any) -> None:
    demo = connect("demo")
    with pytest.raises(Unsupported, match="kt00015"):
        demo.broker.transactions(START)
    assert demo.calls == []


# Fills


def test_fills_are_the_orders_of_which_something_was_filled(wire: Any) -> None:
    row = wire.row("list", name="Alpha", filled="0000000003", left="0000000007", average="0000070000")
    none = {**row, "ord_no": "0000139", "cntr_qty": "0000000000", "cntr_uv": "0000000000"}
    wire.shows("list", row, none)
    told = wire.broker.fills(dt.date(2026, 11, 19), dt.date(2026, 11, 19))
    assert list(told) == [
        Fill(
            date=dt.date(2026, 11, 19),
            order_id="0000140",
            symbol="005930",
            name="Alpha",
            side=Side.BUY,
            venue=Venue.KRX,
            quantity=Decimal(3),
            price=Decimal(70000),
            is_total=True,
            currency="KRW",
        )
    ]
    (call,) = wire.of(ORDERS)
    assert (call.body["ord_dt"], call.body["qry_tp"]) == ("20261119", "1")


def test_what_a_list_of_open_orders_does_not_tell_is_an_error(wire: Any) -> None:
    wire.empty()
    left = wire.row("open", left="3", filled="5", quantity="10")
    wire.shows("open", {**left, "cntr_tot_amt": "350000"})
    with pytest.raises(IncompleteListing, match="does not tell how much"):
        wire.broker.fills()
