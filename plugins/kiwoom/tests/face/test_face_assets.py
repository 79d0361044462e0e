"""What an account is worth and may order, by queries that no verb asks: the exchange's truth in Kiwoom's spelling."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit.models import OrderRequest
from brokerkit.words import Side, Venue
from plugins.kiwoom.tests.face.customers import APPLE, SAMSUNG, TODAY, Customer, limit
from plugins.kiwoom.tests.face.us_customers import AAPL, MICROSOFT, give, rows

YESTERDAY = TODAY - dt.timedelta(days=1)
MSFT = "US:MSFT"


def bought(customer: Customer, quantity: int = 3) -> Decimal:
    """Buy at once and return the price."""
    ask = customer.exchange.order_book(SAMSUNG).asks[0].price
    customer.call("kt10000", limit(ask, ord_qty=f"{quantity}"))
    return ask


def test_worth_is_settled_cash_and_holdings(customer: Customer) -> None:
    bought(customer)
    state = customer.exchange.account(customer.account)
    worth = int(state.cash_d2 + state.market_value)
    assert customer.query("kt00003")["prsm_dpst_aset_amt"] == f"{worth:012d}"
    (row,) = customer.query("kt00002")["daly_prsm_dpst_aset_amt_prst"]
    assert (row["dt"], row["prsm_dpst_aset_amt"], int(row["entr"])) == ("20261120", f"{worth:012d}", state.cash)
    assert customer.query("kt00002", end_dt="20261119")["daly_prsm_dpst_aset_amt_prst"] == []
    day = customer.query("ka01690")
    (held,) = day["day_bal_rt"]
    assert (day["day_stk_asst"], day["tot_evlt_amt"]) == (f"{worth}", f"{int(state.market_value)}")
    assert (held["stk_cd"], held["rmnd_qty"], held["buy_wght"], held["evlt_wght"]) == (SAMSUNG, "3", "100.0", "100.0")
    assert held["evltv_prft"] == day["tot_evltv_prft"]
    before = customer.query("ka01690", qry_dt="20261119")
    assert (before["day_bal_rt"], before["day_stk_asst"]) == ([], "0")


def test_today_tells_what_was_traded_and_paid(customer: Customer) -> None:
    price = bought(customer)
    customer.exchange.deposit(customer.account, Decimal(70_000))
    customer.exchange.deposit(customer.account, Decimal(-20_000))
    state, today = customer.exchange.account(customer.account), customer.query("kt00017")
    opening = int(state.cash) - 50_000
    numbers = {name: int(today[name]) for name in ("d2_entra", "buy_amt", "sell_amt", "cmsn", "tax", "outa", "ina_amt")}
    assert numbers == {
        "d2_entra": int(state.cash_d2),
        "buy_amt": 3 * int(price),
        "sell_amt": 0,
        "cmsn": int(state.fees_today),
        "tax": 0,
        "outa": 20_000,
        "ina_amt": opening + 70_000,  # the account was opened today
    }
    span = customer.query("kt00016")
    ends = [int(span[name]) for name in ("entr_fr", "entr_to", "scrt_evlt_amt_to", "tot_amt_to")]
    assert ends == [0, int(state.cash), int(state.market_value), int(state.cash + state.market_value)]
    assert (int(span["termin_tot_trns"]), int(span["termin_tot_pymn"])) == (opening + 70_000, 20_000)
    ages = customer.query("kt00016", fr_dt="00010101", to_dt="99991231")
    assert (ages["entr_fr"], ages["tot_amt_to"]) == (span["entr_fr"], span["tot_amt_to"])


def test_what_is_settled_tomorrow_was_traded_yesterday(customer: Customer) -> None:
    for side, price in ((Side.SELL, 70_000), (Side.BUY, 69_000)):
        request = OrderRequest(symbol=SAMSUNG, side=side, quantity=2, price=Decimal(price))
        customer.exchange.remember(customer.account, YESTERDAY, request, filled=Decimal(2))
    told = customer.query("kt00008")
    sold, paid = told["acnt_nxdy_setl_frcs_prps_array"]
    assert (told["trde_dt"], told["setl_dt"]) == ("20261119", "20261123")
    assert (sold["sell_tp"], int(sold["engg_amt"]), int(sold["unp"])) == ("매도", 140_000, 70_000)
    assert int(sold["exct_amt"]) == 140_000 - int(sold["cmsn"]) - int(sold["trde_tax"]) == int(told["sell_amt_sum"])
    assert int(paid["exct_amt"]) == 138_000 + int(paid["cmsn"]) == int(told["buy_amt_sum"])
    assert (int(sold["trde_tax"]) > 0, int(paid["trde_tax"])) == (True, 0)
    later = customer.query("kt00008", strt_dcd_seq=paid["seq"])["acnt_nxdy_setl_frcs_prps_array"]
    assert [row["seq"] for row in later] == [paid["seq"]]


def test_what_can_be_ordered_is_the_same_wherever_it_is_asked(customer: Customer) -> None:
    customer.order()
    state = customer.exchange.account(customer.account)
    cash, shares = int(state.orderable), int(customer.exchange.affordable(customer.account, SAMSUNG, Decimal(70_000)))
    rates, credit, margin = (customer.query(api_id) for api_id in ("kt00011", "kt00012", "kt00013"))
    usual = customer.query("kt00010")
    assert (int(rates["profa_100ord_alow_amt"]), int(rates["profa_100ord_alowq"])) == (cash, shares)
    assert (int(rates["min_ord_alow_amt"]), int(rates["min_ord_alowq"]), rates["aplc_rt"]) == (cash, shares, "100%")
    assert int(rates["profa_40ord_alowq"]) == int(usual["profa_40ord_alowq"])
    assert (int(credit["assr_30ord_alow_amt"]), int(credit["assr_30ord_alowq"])) == (cash, shares)
    assert (int(margin["100ord_alow_amt"]), int(margin["ch_amt"])) == (cash, int(state.cash))
    assert int(margin["ch_profa"]) == int(state.cash_d2) - cash
    assert int(customer.query("kt00011", uv="")["profa_100ord_alowq"]) == 0
    assert "[1902:" in customer.refusal("kt00011", {"stk_cd": "999999"})[1]


def test_us_holdings_are_valued_in_both_currencies(customer: Customer) -> None:
    give(customer, cost="4000")
    price, rate = customer.us.quote(MSFT).price, customer.us.exchange_rate
    value = price * 10
    for asked in (customer.call("ust21121"), customer.call("ust21131", {"base_dt": "20261120"})):
        (row,) = asked["result_list"]
        assert (row["evlt_amt"], row["chg_evlt_amt"]) == (f"{value:.2f}", f"{int(value * rate):012d}")
    assert rows(customer, "ust21131", base_dt="20261119") == []
    told = customer.call("ust21132", {"base_dt": "20261120"})
    won, dollars = (each.account(customer.account) for each in (customer.exchange, customer.us))
    assert int(told["aset_evlt_amt"]) == int(won.cash + (dollars.cash_d2 + value) * rate)
    assert (int(told["book_amt"]), told["result_list"][0]["crnc_code"]) == (int(4000 * rate), "USD")
    assert customer.call("ust21132", {"base_dt": "20261119"})["result_list"] == []
    assert customer.call("ust21132", {"base_dt": ""}) == told
    assert int(customer.call("ust21111")["krw_pymn_alow_amt"]) == int(won.withdrawable)


def test_us_trades_of_a_day_are_told_by_side_and_by_what_they_earned(customer: Customer) -> None:
    give(customer, cost="4000")
    ask = customer.us.order_book(AAPL).asks[0].price
    customer.call("ust20000", {**APPLE, "ord_qty": "2", "ord_uv": f"{ask}", "trde_tp": "00"})
    customer.call("ust20001", {**MICROSOFT, "ord_qty": "4", "ord_uv": "", "trde_tp": "03"})
    sides = rows(customer, "ust21620", fc_krw_tp="0")
    assert [(row["stk_cd"], row["slby_tp_nm"], int(row["cntr_qty"])) for row in sides] == [
        ("AAPL", "+", 2),
        ("MSFT", "-", 4),
    ]
    assert Decimal(sides[0]["exct_amt"]) == Decimal(sides[0]["engg_amt"]) + Decimal(sides[0]["cmsn"])
    (today,) = rows(customer, "ust21630", fc_krw_tp="0")
    (sold,) = rows(customer, "ust21610", qry_tp="1", fc_krw_tp="0")
    assert (sold["stk_cd"], int(sold["tdy_sellq"]), sold["pl_amt"]) == ("MSFT", 4, today["tdy_pl_amt"])
    assert rows(customer, "ust21610", qry_tp="0", fc_krw_tp="0") == []
    holdings = {row["stk_cd"]: row for row in rows(customer, "ust21170", fc_krw_tp="0")}
    assert (int(holdings["MSFT"]["poss_qty"]), holdings["MSFT"]["tdy_pl_amt"]) == (6, today["tdy_pl_amt"])
    assert holdings["AAPL"]["tdy_pl_amt"] == "0.0000"
    (month,) = rows(customer, "ust21661", strt_dt="202611", end_dt="202611")
    assert (month["trde_dt"], month["pl_amt"]) == ("202611", today["tdy_pl_amt"])


@pytest.mark.parametrize("field", ["strt_dt", "end_dt"])
def test_months_are_months(customer: Customer, field: str) -> None:
    assert "[1517:" in customer.refusal("ust21661", {field: "202613"})[1]


def test_profit_of_an_earlier_month_has_a_row_of_its_own(customer: Customer) -> None:
    for day in (dt.date(2026, 10, 6), dt.date(2026, 11, 18)):
        request = OrderRequest(symbol=MSFT, side=Side.SELL, quantity=2, price=Decimal(500), venue=Venue.US)
        customer.us.remember(customer.account, day, request, filled=Decimal(2), cost=Decimal(900))
    told = customer.call("ust21661", {"strt_dt": "202609", "end_dt": "202611"})
    assert [row["trde_dt"] for row in told["result_list"]] == ["202611", "202610"]
    assert rows(customer, "ust21661", strt_dt="999912", end_dt="999912") == []
    assert Decimal(told["tot_sell_amt"]) == 2000
