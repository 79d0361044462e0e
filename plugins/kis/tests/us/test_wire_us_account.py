"""Dollars and US holdings at KIS."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import InvalidRequest, UnknownSymbol, Unsupported, WireError
from brokerkit.models import BuyingPower
from brokerkit.words import PositionKind, TransactionKind

HELD, CASH, POWER, PROFITS = "TTTS3012R", "CTRP6504R", "TTTS3007R", "TTTS3039R"
ACCOUNT = {"CANO": "50012345", "ACNT_PRDT_CD": "01"}
DAY = dt.date(2026, 11, 24)


def query(wire: Any, id: str, number: int = 0) -> dict[str, str]:
    return dict(wire.of(id)[number].query)


def test_balance_is_in_dollars(wire: Any) -> None:
    blank = {**dict.fromkeys(wire.good(HELD)["output1"][0], ""), "ovrs_cblc_qty": "0"}
    blank |= dict.fromkeys(("pchs_avg_pric", "frcr_pchs_amt1", "ovrs_stck_evlu_amt", "now_pric2"), "0.0000")
    wire.answer(HELD, {**wire.good(HELD), "output1": [wire.good(HELD)["output1"][0], blank]})
    balance = wire.broker.balance(market="US")
    assert (balance.currency, balance.cash, balance.withdrawable_cash) == ("USD", Decimal("1234.56"), Decimal(1000))
    assert (balance.orderable_cash, balance.total_value) == (None, None)
    assert (balance.cost, balance.market_value, balance.unrealized_pnl) == (2500, 2715, 215)
    (position,) = balance.positions
    assert (position.symbol, position.name, position.kind) == ("US:AAPL", "애플", PositionKind.CASH)
    assert (position.quantity, position.sellable_quantity, position.average_price) == (10, 7, 250)
    assert (position.price, position.currency) == (Decimal("271.5"), "USD")
    asked = {"OVRS_EXCG_CD": "NASD", "TR_CRCY_CD": "USD", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
    assert query(wire, HELD) == {**ACCOUNT, **asked}
    asked = {"WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
    assert query(wire, CASH) == {**ACCOUNT, **asked}


@pytest.mark.parametrize(
    ("loan", "kind"), [("00", PositionKind.CASH), ("01", PositionKind.MARGIN_LOAN), ("07", PositionKind.SHORT)]
)
def test_kind_of_a_holding(wire: Any, loan: str, kind: PositionKind) -> None:
    held = {**wire.good(HELD)["output1"][0], "loan_type_cd": loan}
    (position,) = wire.answer(HELD, {**wire.good(HELD), "output1": [held]}).broker.balance(market="US").positions
    assert position.kind is kind


@pytest.mark.parametrize("change", [{"loan_type_cd": "94"}, {"tr_crcy_cd": "HKD"}, {"frcr_pchs_amt1": "2400.00000"}])
def test_holding_that_is_not_understood_is_no_balance(wire: Any, change: dict[str, str]) -> None:
    held = {**wire.good(HELD)["output1"][0], **change}
    with pytest.raises(WireError):
        wire.answer(HELD, {**wire.good(HELD), "output1": [held]}).broker.balance(market="US")


def test_cost_may_be_told_of_each_page(wire: Any) -> None:
    good = wire.good(HELD)
    other = {**good["output1"][0], "ovrs_pdno": "BRK/B", "ovrs_excg_cd": "NYSE", "frcr_pchs_amt1": "900.00000"}
    first = {**good, "ctx_area_nk200": "2".ljust(200)}
    second = {**good, "output1": [other], "output2": {"frcr_pchs_amt1": "900.00000"}}
    wire.pages(HELD, ({"tr_cont": "M"}, first), ({"tr_cont": "D"}, second))
    balance = wire.broker.balance(market="US")
    assert ([each.symbol for each in balance.positions], balance.cost) == (["US:AAPL", "US:BRK.B"], 3400)


def test_dollars_that_are_told_twice_are_refused_and_those_of_others_passed_over(wire: Any) -> None:
    good = wire.good(CASH)
    dollars = good["output2"][0]
    wire.answer(CASH, {**good, "output2": [{**dollars, "crcy_cd": "HKD", "frcr_dncl_amt_2": "9"}, dollars]})
    assert wire.broker.balance(market="US").cash == Decimal("1234.56")
    with pytest.raises(WireError):
        wire.answer(CASH, {**good, "output2": [dollars, dollars]}).broker.balance(market="US")
    assert wire.answer(CASH, {**good, "output2": []}).broker.balance(market="US").cash is None


def test_demo_asks_each_exchange_and_tells_no_cash(demo: Any) -> None:
    good = demo.good(HELD)
    nyse = {**good["output1"][0], "ovrs_pdno": "BRK/B", "ovrs_excg_cd": "NYSE"}
    demo.answer(HELD, good, {**good, "output1": [nyse, good["output1"][0]]}, {**good, "output1": []})
    balance = demo.broker.balance(market="US")
    assert [each.symbol for each in balance.positions] == ["US:AAPL", "US:BRK.B"]
    assert balance.cash is None
    assert [query(demo, "VTTS3012R", number)["OVRS_EXCG_CD"] for number in range(3)] == ["NASD", "NYSE", "AMEX"]
    assert demo.of("VTRP6504R") == demo.of(CASH) == []


def test_both_markets_have_a_balance_each_and_nothing_is_added(wire: Any) -> None:
    summary = {"dnca_tot_amt": "5000000", "pchs_amt_smtl_amt": "0", "evlu_amt_smtl_amt": "0"}
    wire.answer("TTTC8434R", {"rt_cd": "0", "msg_cd": "", "msg1": "", "output1": [], "output2": [summary]})
    assert [(each.currency, each.cash) for each in wire.broker.balances()] == [
        ("KRW", Decimal(5000000)),
        ("USD", Decimal("1234.56")),
    ]


def test_buying_power_is_of_the_dollars_alone(wire: Any) -> None:
    power = wire.broker.buying_power("US:BRK.B", price="480.25")
    assert power == BuyingPower(
        symbol="US:BRK.B",
        currency="USD",
        cash=Decimal("1231.48"),
        quantity=Decimal(4),
        price=Decimal("480.25"),
        integrated_cash=Decimal(5000),
        integrated_quantity=Decimal(18),
    )
    asked = {"OVRS_EXCG_CD": "NYSE", "OVRS_ORD_UNPR": "480.25", "ITEM_CD": "BRK/B"}
    assert query(wire, POWER) == {**ACCOUNT, **asked}


def test_integrated_margin_that_is_not_told_is_none(wire: Any) -> None:
    good = wire.good(POWER)
    told = {**good["output"], "echm_af_ord_psbl_amt": "0.00", "echm_af_ord_psbl_qty": "0"}
    power = wire.answer(POWER, {**good, "output": told}).broker.buying_power("US:AAPL", price="271.50")
    assert (power.integrated_cash, power.integrated_quantity) == (None, None)


def test_buying_power_needs_a_price(wire: Any) -> None:
    with pytest.raises(InvalidRequest, match="price"):
        wire.broker.buying_power("US:AAPL")
    assert wire.of(POWER) == []


def test_buying_power_of_a_symbol_that_moved_has_the_list_asked_anew(wire: Any) -> None:
    wire.answer(POWER, wire.refusal("APBK0656", "해당종목정보가 없습니다."))
    asked = []
    wire.broker.adapter.served["US"].relist = asked.append
    with pytest.raises(UnknownSymbol):
        wire.broker.buying_power("US:AAPL", price="271.50")
    assert asked == ["US:AAPL"]


def test_realized_profit_is_before_expenses(wire: Any) -> None:
    (earned,) = wire.broker.realized_pnl(DAY, DAY, market="US")
    assert (earned.symbol, earned.date, earned.quantity, earned.currency) == ("US:AAPL", DAY, 3, "USD")
    assert (earned.sell_price, earned.buy_price) == (Decimal("271.5"), Decimal(250))
    assert (earned.pnl, earned.costs, earned.net_pnl) == (Decimal("64.5"), 2, Decimal("62.5"))
    assert (earned.commission, earned.tax) == (None, None)
    asked = {
        "OVRS_EXCG_CD": "NASD",
        "NATN_CD": "840",
        "CRCY_CD": "USD",
        "PDNO": "",
        "INQR_STRT_DT": "20261124",
        "INQR_END_DT": "20261124",
        "WCRC_FRCR_DVSN_CD": "01",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }
    assert query(wire, PROFITS) == {**ACCOUNT, **asked}


def test_profit_may_be_told_before_expenses_too_and_nothing_else(wire: Any) -> None:
    good = wire.good(PROFITS)
    before = {**good["output1"][0], "ovrs_rlzt_pfls_amt": "64.50000"}
    bought = {**good["output1"][0], "slcl_qty": "0", "ovrs_rlzt_pfls_amt": "0"}
    wire.answer(PROFITS, {**good, "output1": [before, bought]})
    (earned,) = wire.broker.realized_pnl(DAY, DAY, market="US")
    assert (earned.pnl, earned.net_pnl) == (Decimal("64.5"), Decimal("62.5"))
    won = {**good["output1"][0], "ovrs_rlzt_pfls_amt": "89531.00000"}
    with pytest.raises(WireError):
        wire.answer(PROFITS, {**good, "output1": [won]}).broker.realized_pnl(DAY, DAY, market="US")


def settled(**changes: str) -> dict[str, str]:
    told = {"trad_dt": "20261120", "sttl_dt": "20261124", "sll_buy_dvsn_cd": "01", "sll_buy_dvsn_name": "매도"}
    told |= {"pdno": "BRK/B", "ovrs_item_name": "버크셔", "ccld_qty": "2", "amt_unit_ccld_qty": "2.00000000"}
    told |= {"frcr_excc_amt_1": "958.100000", "dmst_frcr_fee1": "2.40000", "frcr_fee1": "0.010000", "crcy_cd": "USD"}
    return {**told, **changes}


def test_transactions_are_the_trades_that_were_settled(wire: Any) -> None:
    rows = [
        settled(),
        settled(trad_dt="20261119", sll_buy_dvsn_cd="02", sll_buy_dvsn_name="매수", pdno="AAPL"),
        settled(crcy_cd="HKD"),
        settled(sttl_dt="20261123"),
        settled(trad_dt="20261121", sll_buy_dvsn_cd="", pdno="00700"),
    ]
    done = {"rt_cd": "0", "msg_cd": "KIOK0460", "msg1": "", "ctx_area_fk100": "", "ctx_area_nk100": ""}
    moves = wire.answer("CTOS4001R", {**done, "output1": rows, "output2": {}}).broker.transactions(
        DAY, DAY, market="US"
    )
    assert [(each.kind, each.symbol, each.amount) for each in moves] == [
        (TransactionKind.PURCHASE, "US:AAPL", Decimal("-958.1")),
        (TransactionKind.SALE, "US:BRK.B", Decimal("958.1")),
        (TransactionKind.OTHER, None, None),
    ]
    assert {each.currency for each in moves} == {"USD"}
    assert (moves[1].commission, moves[1].quantity, moves[1].traded_on) == (Decimal("2.41"), 2, dt.date(2026, 11, 20))
    assert (moves[1].id, moves[1].balance, moves[1].date) == (None, None, DAY)
    asked = {"ERLM_STRT_DT": "20261110", "ERLM_END_DT": "20261124", "OVRS_EXCG_CD": "", "PDNO": ""}
    asked |= {"SLL_BUY_DVSN_CD": "00", "LOAN_DVSN_CD": "", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    assert query(wire, "CTOS4001R") == {**ACCOUNT, **asked}


def test_demo_has_no_realized_profit(demo: Any) -> None:
    with pytest.raises(Unsupported):
        demo.broker.realized_pnl(DAY, DAY, market="US")
    assert demo.calls == []
