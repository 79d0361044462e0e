"""Dollars at the Kiwoom face: holdings, cash, profit, the ledger, and changing money, over plain HTTP."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit.models import OrderRequest
from brokerkit.words import Side, Venue
from plugins.kiwoom.tests.face.customers import US_SPAN, Customer
from plugins.kiwoom.tests.face.us_customers import AAPL, MICROSOFT, give, order, rows

MSFT = "US:MSFT"


def sell(customer: Customer, quantity: int = 4) -> None:
    """Sell at the market."""
    customer.call("ust20001", {**MICROSOFT, "ord_qty": str(quantity), "ord_uv": "", "trde_tp": "03"})


def test_holdings_are_valued_after_costs(customer: Customer) -> None:
    give(customer, cost="4000.5")
    told = customer.call("ust21070")
    (row,) = told["result_list"]
    price = customer.us.quote(MSFT).price
    value, cost = price * 10, Decimal("4000.5")
    assert (row["stk_cd"], row["poss_qty"], row["sell_alowq"]) == ("MSFT", "000000000010", "000000000010")
    assert (row["frgn_stk_book_uv"], row["frgn_stk_book_amt"]) == ("400.0500", "4000.5000")
    assert (row["now_pric"], row["evlt_amt"]) == (f"{price:.4f}", f"{value:.4f}")
    profit = value - cost - ((value + cost) * Decimal("0.0025")).quantize(Decimal("0.0001"))
    assert row["pl_amt"] == told["tot_pl_amt"] == f"{profit:.4f}"
    assert told["tot_evlt_amt_krw"] == f"{int(value * customer.us.exchange_rate):015d}"
    assert rows(customer, "ust21070", **{**MICROSOFT, "stk_cd": "AAPL"}) == []


def test_a_small_loss_of_a_position_is_broken_on_the_demo_host(tester: Customer) -> None:
    price = tester.us.quote(MSFT).price
    before_costs = (price * Decimal("0.995") + Decimal("0.05")) / Decimal("1.005")
    give(tester, quantity=1, cost=f"{before_costs:.2f}")
    told = tester.call("ust21070")
    (row,) = told["result_list"]
    assert -1 < Decimal(told["tot_pl_amt"]) < 0
    assert row["pl_amt"] == f".{int(Decimal(told['tot_pl_amt']) * 10_000):04d}"
    assert row["pl_amt"].startswith(".-")


def test_cash_is_told_by_currency_also_where_there_is_none(customer: Customer) -> None:
    told = customer.call("ust21110")
    dollars, *others = told["result_list"]
    assert told["krw_entra"] == "000000100000000"
    assert (dollars["crnc_code"], dollars["fc_entra"], dollars["fc_pymn_alowa"]) == ("USD", "100000.00", "100000.00")
    assert others
    for row in others:
        assert row["fc_entra"] == "0.00"
        assert Decimal(row["fc_ord_alowa"]) > 0
    assert Decimal(dollars["fc_ord_alowa"]) > 100_000


def test_cash_of_the_coming_days(customer: Customer) -> None:
    order(customer, trde_tp="03", ord_uv="")
    state = customer.us.account(customer.account)
    told = customer.call("ust21160")
    assert told["usd_exch_rate"] == f"{customer.us.exchange_rate:,.2f}"
    assert [told[f"d{number}_usd_fx_entr"] for number in range(5)] == [
        "100000.000",
        f"{state.cash_d1:.3f}",
        *[f"{state.cash_d2:.3f}"] * 3,
    ]
    assert told["d2_usd_exct_amt"] == f"{state.cash_d2 - state.cash_d1:.3f}"
    days = [told[f"d{number}_setl_dt"] for number in range(5)]
    assert days == sorted(set(days))


def test_cash_and_holdings_by_currency(customer: Customer) -> None:
    give(customer)
    told = customer.call("ust21120")
    (row,) = told["result_list"]
    assert (row["crnc_code"], row["fx_entr"]) == ("USD", "100000.00")
    assert row["evlt_amt"] == f"{customer.us.account(customer.account).market_value:.4f}"
    assert Decimal(row["crnc_rt"]) == customer.us.exchange_rate


def test_profit_of_today(customer: Customer) -> None:
    give(customer)
    sell(customer)
    (sale,) = customer.us.traded(customer.account, customer.us.today, customer.us.today)
    costs = sale.sold_commission + (sale.cost * Decimal("0.0025")).quantize(Decimal("0.0001")) + sale.tax
    profit = sale.profit - costs
    today = customer.call("ust21630", {"fc_krw_tp": "0"})
    (row,) = today["result_list"]
    assert today["tot_tdy_pl_amt"] == row["tdy_pl_amt"] == f"{profit:.4f}"
    assert (row["cntr_sellq"], row["avg_buy_uv"]) == ("00000000000000000004", "400.0000")
    (row,) = rows(customer, "ust21640", cntr_dt="20261120", fc_krw_tp="0")
    assert row["pl_amt"] == f"{profit:.4f}"
    assert rows(customer, "ust21640", cntr_dt="20261119", fc_krw_tp="0") == []
    (row,) = rows(customer, "ust21530", **US_SPAN, fc_krw_tp="0")
    assert (row["sell_dt"], row["sell_qty"], row["pl_amt"]) == ("20261120", "000000000004", f"{profit:.2f}")
    (row,) = rows(customer, "ust21660", **US_SPAN)
    assert (row["trde_dt"], row["pl_amt"]) == ("20261120", f"{profit:.4f}")


def test_profit_is_told_in_won_unless_dollars_are_asked_for(customer: Customer) -> None:
    give(customer)
    sell(customer)
    dollars, won, blank = (
        customer.call("ust21530", {**US_SPAN, "fc_krw_tp": kind})["tot_sell_amt"] for kind in ("0", "1", "")
    )
    assert won == blank
    assert abs(Decimal(won) / Decimal(dollars) - customer.us.exchange_rate) < 1
    assert rows(customer, "ust21630") == rows(customer, "ust21630", fc_krw_tp="0")
    kind, message = customer.refusal("ust21640", {"cntr_dt": "20261120"})
    assert (kind, "fc_krw_tp" in message) == (2, True)


def test_profit_of_earlier_days(customer: Customer) -> None:
    request = OrderRequest(symbol=MSFT, side=Side.SELL, quantity=2, price=Decimal(500), venue=Venue.US)
    day = dt.date(2026, 11, 18)
    customer.us.remember(customer.account, day, request, filled=Decimal(2), cost=Decimal(900))
    assert [row["sell_dt"] for row in rows(customer, "ust21530", **US_SPAN, fc_krw_tp="0")] == ["20261118"]
    (row,) = rows(customer, "ust21640", cntr_dt="20261118", fc_krw_tp="0")
    assert (row["cntr_sella"], row["avg_buy_uv"]) == ("500.0000", "450.0000")
    assert rows(customer, "ust21640", cntr_dt="20261118", fc_krw_tp="0", stk_cd="AAPL") == []


def test_the_ledger_tells_deposits_and_is_narrowed_by_kind(customer: Customer) -> None:
    told = customer.call("ust21100", {**US_SPAN, "tp": "0"})
    (row,) = told["result_list"]
    assert (row["deal_dt"], row["fc_exct_amt"], row["fc_entra"]) == ("20261120", "100000.00", "100000.00")
    assert (row["crnc_code"], row["stk_cd"], told["buy_sum"]) == ("USD", "", "0.00")
    assert rows(customer, "ust21100", **US_SPAN, tp="3") == []
    assert rows(customer, "ust21100", **US_SPAN, stk_cd="AAPL") == []


@pytest.mark.parametrize(("direction", "told", "blank"), [("1", "buy", "sell"), ("2", "sell", "buy")])
def test_the_rate_of_each_direction(customer: Customer, direction: str, told: str, blank: str) -> None:
    answer = customer.call("ust31301", {"exch_tp": direction})
    assert answer[f"{blank}_aplc_exrt"] == "0.00"
    assert Decimal(answer[f"{told}_aplc_exrt"]) == Decimal(answer["aplc_exrt"])
    assert (Decimal(answer["aplc_exrt"]) > customer.us.exchange_rate) is (direction == "1")


def test_an_estimate_moves_nothing(customer: Customer) -> None:
    changes = customer.exchange.changes, customer.us.changes
    told = customer.call("ust31300", {"exch_tp": "1", "fc_exmn_amt": "1000000"})
    got = (Decimal(1_000_000) / Decimal(told["aplc_exrt"])).quantize(Decimal("0.01"), "ROUND_DOWN")
    assert (told["sell_expc_amt"], told["buy_expc_amt"]) == ("1000000.00", f"{got}")
    assert (customer.exchange.changes, customer.us.changes) == changes


def test_money_is_changed_both_ways(customer: Customer) -> None:
    told = customer.call("ust31302", {"exch_tp": "1", "fc_exmn_amt": "1000000"})
    won, dollars = (each.account(customer.account).cash for each in (customer.exchange, customer.us))
    assert won == 99_000_000
    assert dollars == 100_000 + Decimal(told["buy_fc_amt"])
    assert (told["entra_prerm"], told["entra_nowrm"]) == ("000000100000000", "000000099000000")
    assert (told["fc_entra_prerm"], told["fc_entra_nowrm"]) == ("100000.00", f"{dollars:.2f}")
    back = customer.call("ust31302", {"exch_tp": "2", "fc_exmn_amt": "100.55"})
    assert customer.us.account(customer.account).cash == dollars - Decimal("100.55")
    assert customer.exchange.account(customer.account).cash == won + int(back["krw_exmn_amt"])


@pytest.mark.parametrize(
    ("direction", "amount", "kind"),
    [
        *(("1", "", 2), ("1", "0", 20), ("1", "1", 20), ("1", "100000001", 20), ("1", "1000.5", 2)),
        *(("2", "100000.01", 20), ("2", "0.005", 2), ("3", "100", 2), ("2", "-5", 2)),
    ],
)
def test_money_that_is_not_there_is_not_changed(customer: Customer, direction: str, amount: str, kind: int) -> None:
    assert customer.refusal("ust31302", {"exch_tp": direction, "fc_exmn_amt": amount})[0] == kind
    assert customer.exchange.account(customer.account).cash == 100_000_000
    assert customer.us.account(customer.account).cash == 100_000


def test_won_and_dollars_of_an_account_are_apart(customer: Customer) -> None:
    order(customer, trde_tp="03", ord_uv="")
    assert customer.exchange.account(customer.account).cash_d2 == 100_000_000
    assert customer.us.account(customer.account).cash_d2 < 100_000
    assert AAPL not in {holding.symbol for holding in customer.exchange.account(customer.account).holdings}
