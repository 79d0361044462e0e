"""Cash and holdings over real HTTP: the exchange's truth in Kiwoom's spelling."""

from __future__ import annotations

from decimal import Decimal

import pytest

from plugins.kiwoom.tests.face.customers import FUND, HELD, ORDERABLE, SAMSUNG, Customer, limit


def test_cash_shows_what_is_settled_and_what_is_bound(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0].price
    customer.call("kt10000", limit(ask, ord_qty="3"))
    customer.order()
    state = customer.exchange.account(customer.account)
    row = customer.call("kt00001", {"qry_tp": "3"})
    for name, amount in {
        "entr": state.cash,
        "d1_entra": state.cash_d1,
        "d2_entra": state.cash_d2,
        "ord_alow_amt": state.orderable,
        "100stk_ord_alow_amt": state.orderable,
        "20stk_ord_alow_amt": state.orderable * 5,
        "pymn_alow_amt": state.withdrawable,
        "d2_buy_exct_amt": state.bought_today + state.fees_today,
    }.items():
        assert row[name] == f"{amount:015f}", name
    assert row["d2_slby_exct_amt"] == f"-{state.cash - state.cash_d2:014f}"
    assert row["d2_sel_exct_amt"] == "0" * 15
    assert row["stk_entr_prst"] == []


def test_holding_is_valued_net_of_fees_and_tax(customer: Customer) -> None:
    customer.give(SAMSUNG, 7, 700_003)
    body = customer.call("kt00018", HELD)
    (row,) = body["acnt_evlt_remn_indv_tot"]
    (held,) = customer.exchange.account(customer.account).holdings
    fees = 100 + int(held.market_value * 15 / 1_000_000) * 10
    tax = int(held.market_value * 2 / 1000)
    net = held.market_value - held.cost - fees - tax
    assert (row["stk_cd"], row["stk_nm"]) == ("A005930", "삼성전자")
    assert (row["rmnd_qty"], row["trde_able_qty"]) == ("0" * 14 + "7",) * 2
    assert row["pur_pric"] == "000000000100000"
    assert row["pur_amt"] == "000000000700003"
    assert row["cur_prc"] == f"{held.price:012f}"
    assert [int(row[name]) for name in ("sum_cmsn", "tax", "evltv_prft")] == [fees, tax, net]
    assert len(row["evltv_prft"]) == 15
    assert row["evltv_prft"].startswith("-")
    assert Decimal(row["prft_rt"]) == pytest.approx(net * 100 / held.cost, abs=Decimal("0.005"))
    assert body["tot_evlt_pl"] == row["evltv_prft"]
    assert int(body["prsm_dpst_aset_amt"]) == 100_000_000 + held.market_value


def test_120_holdings_come_in_four_pages(customer: Customer) -> None:
    symbols = list(customer.exchange.instruments)[:120]
    for symbol in symbols:
        customer.exchange.give_holding(customer.account, symbol, Decimal(1), Decimal(1000))
    pages = customer.pages("kt00018", "acnt_evlt_remn_indv_tot", HELD)
    assert [len(page) for page in pages] == [30] * 4
    assert [row["stk_cd"] for page in pages for row in page] == [f"A{symbol}" for symbol in symbols]
    customer.face.page_size = 119
    assert [len(page) for page in customer.pages("kt00018", "acnt_evlt_remn_indv_tot", HELD)] == [119, 1]


def test_valuation_is_after_costs(customer: Customer) -> None:
    customer.give(SAMSUNG, 7, 700_003)
    customer.call("kt10000", limit(customer.exchange.order_book(SAMSUNG).asks[0].price, ord_qty="3"))
    (held,) = customer.exchange.account(customer.account).holdings
    (gross,) = customer.query("kt00018")["acnt_evlt_remn_indv_tot"]
    body = customer.query("kt00004")
    (row,) = body["stk_acnt_evlt_prst"]
    net = held.market_value - int(gross["sum_cmsn"]) - int(gross["tax"])
    assert (row["stk_cd"], row["rmnd_qty"]) == ("A005930", "000000000010")
    assert row["evlt_amt"] == f"{net:012f}"
    assert int(row["pl_amt"]) == net - held.cost == int(gross["evltv_prft"])
    assert (len(row["pl_amt"]), row["pl_amt"][0]) == (12, "-")
    assert Decimal(row["pl_rt"]) == pytest.approx((net - held.cost) * 100 / held.cost, abs=Decimal("0.00005"))
    assert len(row["pl_rt"].partition(".")[2]) == 4
    assert (row["setl_remn"], row["tdy_buyq"]) == ("000000000007", "000000000003")
    state = customer.exchange.account(customer.account)
    assert (body["entr"], body["d2_entra"]) == (f"{state.cash:012f}", f"{state.cash_d2:012f}")
    assert int(body["prsm_dpst_aset_amt"]) == state.cash_d2 + net


def test_settled_holdings_have_the_same_values(customer: Customer) -> None:
    customer.give(SAMSUNG, 7, 700_003)
    customer.give(FUND, 3, 90_000)
    body = customer.query("kt00005")
    rows = body["stk_cntr_remn"]
    others = customer.query("kt00004")["stk_acnt_evlt_prst"]
    for row, other in zip(rows, others, strict=True):
        assert (row["stk_cd"], row["cur_qty"], row["buy_uv"]) == (other["stk_cd"], other["rmnd_qty"], other["avg_prc"])
        assert (row["evlt_amt"], row["evltv_prft"], row["pl_rt"]) == tuple(
            other[name] for name in ("evlt_amt", "pl_amt", "pl_rt")
        )
    state = customer.exchange.account(customer.account)
    assert int(body["tot_pl_tot"]) == sum(int(row["evltv_prft"]) for row in rows)
    assert int(body["evlt_amt_tot"]) == sum(int(row["evlt_amt"]) for row in rows)
    assert [int(body[name]) for name in ("entr", "entr_d1", "entr_d2", "ord_alowa", "100ord_alow_amt")] == [
        *(state.cash, state.cash_d1, state.cash_d2, state.orderable, state.orderable)
    ]


def test_orderable_tells_money_and_shares_at_a_price(customer: Customer) -> None:
    customer.order()
    state = customer.exchange.account(customer.account)
    price = customer.exchange.quote(SAMSUNG).price
    body = customer.query("kt00010", uv=f"{price}", trde_qty="5")
    affordable = customer.exchange.affordable(customer.account, SAMSUNG, price)
    assert body["profa_100ord_alowq"] == f"{affordable:010f}"
    assert body["profa_100ord_alow_amt"] == body["ord_alowa"] == f"{state.orderable:012f}"
    assert int(body["profa_20ord_alow_amt"]) == state.orderable * 5
    assert int(body["pur_amt"]) == price * 5
    assert int(body["pur_exct_amt"]) == int(body["pur_amt"]) + int(body["cmsn"])
    assert (body["entr"], body["d2entra"]) == (f"{state.cash:012f}", f"{state.cash_d2:012f}")
    at_market = customer.query("kt00010", uv="0")
    assert int(at_market["profa_100ord_alowq"]) == customer.exchange.affordable(customer.account, SAMSUNG)
    assert "[1902:" in customer.refusal("kt00010", {**ORDERABLE, "stk_cd": "999999"})[1]


def test_returns_tell_what_was_earned_today(customer: Customer) -> None:
    customer.give(SAMSUNG, 10, 500_000)
    bid = customer.exchange.order_book(SAMSUNG).bids[0].price
    customer.call("kt10001", limit(bid, ord_qty="4"))
    ask = customer.exchange.order_book(SAMSUNG).asks[0].price
    customer.call("kt10000", limit(ask, ord_qty="2"))
    (row,) = customer.query("ka10085")["acnt_prft_rt"]
    (held,) = customer.exchange.account(customer.account).holdings
    orders = customer.query("ka10076")["cntr"]
    assert (row["stk_cd"], row["rmnd_qty"], row["pur_amt"]) == (SAMSUNG, "8", f"{held.cost}")
    assert row["cur_prc"].lstrip("+-") == f"{held.price}"
    assert int(row["tdy_trde_cmsn"]) == sum(int(order["tdy_trde_cmsn"]) for order in orders)
    assert int(row["tdy_trde_tax"]) == sum(int(order["tdy_trde_tax"]) for order in orders)
    of_purchase = 30  # of 200,000 won
    costs = int(orders[1]["tdy_trde_cmsn"]) + int(orders[1]["tdy_trde_tax"]) + of_purchase
    assert abs(int(row["tdy_sel_pl"]) - (bid * 4 - 200_000 - costs)) <= 1
    assert row["setl_remn"] == "10"
    assert customer.query("ka10085", stex_tp="1")["acnt_prft_rt"] == [row]
    assert customer.query("ka10085", stex_tp="2")["acnt_prft_rt"] == []


def test_cash_counts_the_fees_of_new_fills(customer: Customer) -> None:
    asks = customer.exchange.order_book(SAMSUNG).asks
    for _ in range(2):
        customer.call("kt10000", limit(asks[1].price, ord_qty="1"))
        state = customer.exchange.account(customer.account)
        assert int(customer.query("kt00001")["d2_buy_exct_amt"]) == state.bought_today + state.fees_today


def test_the_price_of_a_holding_has_its_direction_in_front_and_an_etn_its_letter(customer: Customer) -> None:
    instruments = customer.exchange.instruments.values()
    quotes = [customer.exchange.quote(each.symbol) for each in instruments]
    falling = next(each for each in quotes if each.change is not None and each.change < 0)
    for symbol in (falling.symbol, "530031"):
        customer.give(symbol, 1, 1000)
    for call, rows in (("kt00018", "acnt_evlt_remn_indv_tot"), ("kt00004", "stk_acnt_evlt_prst")):
        first, second = customer.query(call)[rows]
        assert first["cur_prc"] == f"-{falling.price:012f}"
        assert second["stk_cd"] == "Q530031"
