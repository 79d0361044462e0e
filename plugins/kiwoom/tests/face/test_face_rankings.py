"""Rankings of the Kiwoom face, as other people's clients ask for them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from plugins.kiwoom.tests.face.customers import QUERIES, Customer

MILLION = 1_000_000


def test_risers_come_with_the_unchanged_in_pages_of_a_hundred(customer: Customer) -> None:
    customer.exchange.unopen("247540")
    changes: dict[str, list[Decimal]] = {}
    for sort in ("1", "3", "4", "5"):
        pages = customer.pages("ka10027", "pred_pre_flu_rt_upper", {**QUERIES["ka10027"], "sort_tp": sort})
        assert all(len(page) == 100 for page in pages[:-1])
        changes[sort] = [Decimal(row["pred_pre"]) for page in pages for row in page]
    assert min(changes["1"]) == max(changes["3"]) == 0 > max(changes["4"])
    assert set(changes["5"]) == {0}
    assert len(changes["1"]) + len(changes["4"]) == len(customer.exchange.instruments)
    rates = [row["flu_rt"] for row in customer.query("ka10027")["pred_pre_flu_rt_upper"]]
    assert rates == sorted(rates, key=Decimal, reverse=True)
    assert rates[0].startswith("+")


@pytest.mark.parametrize(("venue", "suffix"), [("1", ""), ("2", "_NX"), ("3", "_AL")])
def test_codes_carry_the_venue(customer: Customer, venue: str, suffix: str) -> None:
    for api_id, name in (("ka10030", "tdy_trde_qty_upper"), ("ka10032", "trde_prica_upper")):
        codes = [row["stk_cd"] for row in customer.query(api_id, stex_tp=venue)[name]]
        assert {code[6:] for code in codes} == {suffix}


def test_traded_value_is_told_in_millions_and_ranks_by_won(customer: Customer) -> None:
    quotes = [customer.exchange.quote(symbol) for symbol in customer.exchange.instruments]
    first = max(quotes, key=lambda quote: quote.turnover or 0)
    row, *_ = customer.query("ka10032")["trde_prica_upper"]
    assert (row["stk_cd"], row["now_rank"]) == (first.symbol, "1")
    assert int(row["trde_prica"]) == int((first.turnover or 0) / MILLION)
    by_value, *_ = customer.query("ka10030", sort_tp="3")["tdy_trde_qty_upper"]
    assert (by_value["stk_cd"], by_value["trde_amt"]) == (first.symbol, row["trde_prica"])


def test_a_field_that_is_missing_is_named(customer: Customer) -> None:
    body = {name: value for name, value in QUERIES["ka10027"].items() if name != "stex_tp"}
    kind, words = customer.refusal("ka10027", body)
    assert kind == 2
    assert "[1511:" in words
    assert "stex_tp" in words


def test_thresholds_narrow_the_list(customer: Customer) -> None:
    rows = customer.query("ka10027", trde_qty_cnd="1000", pric_cnd="5", stk_cnd="16")["pred_pre_flu_rt_upper"]
    assert rows
    for row in rows:
        assert int(row["now_trde_qty"]) >= 1_000_000
        assert abs(int(row["cur_prc"])) >= 10_000
        assert customer.exchange.instruments[row["stk_cd"]].kind == "STOCK"


def test_investors_are_ranked_by_won_or_by_shares(customer: Customer) -> None:
    for unit, size in (("1", MILLION), ("2", 1)):
        rows = customer.query("ka10065", amt_qty_tp=unit)["opmr_invsr_trde_upper"]
        nets = [int(row["netslmt"]) for row in rows]
        assert nets == sorted(nets, reverse=True)
        flow = customer.exchange.flow_today(rows[0]["stk_cd"])
        assert flow is not None
        truth = flow.foreign.net_amount if unit == "1" else flow.foreign.net_quantity
        assert truth is not None
        assert abs(nets[0] * size - truth) < size
    sold = customer.query("ka10065", trde_tp="2", orgn_tp="9999")["opmr_invsr_trde_upper"]
    assert int(sold[0]["netslmt"]) < 0


def test_days_of_foreigners_are_summed(customer: Customer) -> None:
    rows = customer.query("ka10034", mrkt_tp="101", dt="5")["for_dt_trde_upper"]
    flows = customer.exchange.investor_flow(rows[0]["stk_cd"], days=5)
    assert int(rows[0]["netprps_qty"]) == sum(flow.foreign.net_quantity or 0 for flow in flows)
    assert [row["rank"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]


def test_four_lists_stand_beside_each_other_in_tens_of_millions(customer: Customer) -> None:
    rows = customer.query("ka90009")["frgnr_orgn_trde_upper"]
    assert len(rows) == 25
    first = rows[0]
    flow = customer.exchange.flow_today(first["for_netprps_stk_cd"])
    assert flow is not None
    assert flow.foreign.net_amount is not None
    assert int(first["for_netprps_amt"]) == int(flow.foreign.net_amount / 10_000_000)
    assert int(first["orgn_netslmt_amt"]) < 0 < int(first["orgn_netprps_amt"])


def test_the_mock_host_has_krx_only(tester: Customer) -> None:
    assert tester.query("ka10030")["tdy_trde_qty_upper"]
    assert "[1903:" in tester.refusal("ka10030", {**QUERIES["ka10030"], "stex_tp": "3"})[1]
