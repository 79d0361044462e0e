"""Investors and programmes at Kiwoom: what is asked, and what the answers become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, Unsupported, WireError
from brokerkit.models import Flow
from brokerkit.words import Investor

TOTAL, MARKET, ESTIMATES, RANKS = "ka10061", "ka10051", "ka10064", "ka10058"
PROGRAMS, COMPOSITE, TOP, LISTED = "ka90013", "ka90010", "ka90003", "ka90004"
THURSDAY, FRIDAY = dt.date(2026, 11, 19), dt.date(2026, 11, 20)
DONE = {"return_code": 0, "return_msg": "done"}
KINDS = {
    "ind_invsr": "+500",
    "frgnr_invsr": "--890",
    "orgn": "+400",
    "natfor": "--10",
    "fnnc_invt": "+100",
    "insrnc": "+100",
    "invtrt": "0",
    "etc_fnnc": "0",
    "bank": "0",
    "penfnd_etc": "+200",
    "samo_fund": "0",
    "natn": "0",
    "etc_corp": "0",
}
MARKET_ROW = {
    "inds_cd": "001_AL",
    "inds_nm": "KOSPI",
    "ind_netprps": "+500",
    "frgnr_netprps": "-890",
    "orgn_netprps": "+400",
    "native_trmt_frgnr_netprps": "-10",
    "sc_netprps": "+400",
    "etc_corp_netprps": "",
}


def told(flow: Flow) -> tuple[Decimal | None, Decimal | None]:
    return flow.net_quantity, flow.net_amount


def bodies(wire: Any, id: str) -> list[dict[str, str]]:
    return [call.body for call in wire.of(id)]


def test_a_total_is_asked_for_in_shares_and_in_won(wire: Any) -> None:
    wire.answer(TOTAL, {"stk_invsr_orgn_tot": [KINDS], **DONE})
    total = wire.broker.investor_flow_total("005930", dt.date(2026, 11, 2), FRIDAY)
    asked = {"stk_cd": "005930", "strt_dt": "20261102", "end_dt": "20261120", "trde_tp": "0", "unit_tp": "1"}
    assert bodies(wire, TOTAL) == [{**asked, "amt_qty_tp": "1"}, {**asked, "amt_qty_tp": "2"}]
    assert (total.symbol, total.start, total.end, total.final) == ("005930", dt.date(2026, 11, 2), FRIDAY, True)
    assert told(total.foreign) == (-900, -900_000_000)
    assert told(total.resident_foreign) == (-10, -10_000_000)
    assert (total.foreign.buy_quantity, total.other_organization) == (None, Flow())


@pytest.mark.parametrize("rows", [[], [KINDS, KINDS], [dict.fromkeys(KINDS, "")]])
def test_a_total_is_one_row(rows: list[dict[str, str]], wire: Any) -> None:
    wire.answer(TOTAL, {"stk_invsr_orgn_tot": rows, **DONE})
    with pytest.raises(WireError):
        wire.broker.investor_flow_total("005930", dt.date(2026, 11, 2), FRIDAY)


def test_institutions_that_do_not_add_up_are_an_error(wire: Any) -> None:
    wire.answer(TOTAL, {"stk_invsr_orgn_tot": [{**KINDS, "orgn": "+400000000"}], **DONE})
    with pytest.raises(WireError, match="institutions"):
        wire.broker.investor_flow_total("005930", dt.date(2026, 11, 2), FRIDAY)


def test_a_market_is_asked_day_by_day_of_those_with_trading(wire: Any) -> None:
    other = {**MARKET_ROW, "ind_netprps": "+501"}
    answers = [
        {"inds_netprps": [row, {**MARKET_ROW, "inds_cd": "002_AL"}], **DONE}
        for row in (MARKET_ROW, MARKET_ROW, other, other)
    ]
    wire.answer(MARKET, *answers)
    wire.broker._inquiries.together.map = lambda call, items, progress=None: [call(item) for item in items]
    days = wire.broker.market_investor_flow("KOSPI", THURSDAY, dt.date(2026, 11, 22))  # which is a Sunday
    asked = {"mrkt_tp": "0", "stex_tp": "3"}
    assert bodies(wire, MARKET) == [
        {**asked, "amt_qty_tp": unit, "base_dt": day} for day in ("20261119", "20261120") for unit in ("0", "1")
    ]
    assert [(day.date, day.final) for day in days] == [(THURSDAY, True), (FRIDAY, True)]
    assert told(days[0].foreign) == (-900_000, -90_000_000_000)
    assert told(days[1].individual) == (501_000, 50_100_000_000)
    assert days[0].other_corporation == Flow()


def test_two_days_of_a_market_are_never_the_same(wire: Any) -> None:
    wire.answer(MARKET, {"inds_netprps": [MARKET_ROW], **DONE})
    with pytest.raises(WireError, match="no trading day"):
        wire.broker.market_investor_flow("KOSPI", THURSDAY, FRIDAY)


@pytest.mark.parametrize("rows", [[], [{**MARKET_ROW, "inds_cd": "002_AL"}], [{**MARKET_ROW, "inds_cd": "101"}]])
def test_the_market_itself_comes_first(rows: list[dict[str, str]], wire: Any) -> None:
    wire.answer(MARKET, {"inds_netprps": rows, **DONE})
    with pytest.raises(WireError, match="first row"):
        wire.broker.market_investor_flow("KOSPI", FRIDAY, FRIDAY)


def test_today_of_a_market_is_asked_for_once_it_is_told(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = connect("real").logged_in()
    wire.answer(MARKET, {"inds_netprps": [{**MARKET_ROW, "inds_cd": "101"}], **DONE})
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 20, 15, 40, tzinfo=clock.KST))
    (day,) = wire.broker.market_investor_flow("KOSDAQ", FRIDAY)
    assert (day.date, day.final) == (FRIDAY, False)
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 20, 15, 39, tzinfo=clock.KST))
    (day,) = wire.broker.market_investor_flow("KOSDAQ", THURSDAY)
    assert (day.date, day.final) == (THURSDAY, True)


ESTIMATE = {
    "tm": "093100",
    "frgnr_invsr": "-16000",
    "orgn": "+3000",
    "invtrt": "0",
    "insrnc": "0",
    "bank": "0",
    "penfnd_etc": "+2000",
    "etc_corp": "",
    "natn": "0",
}


def test_estimates_lay_amounts_beside_quantities(wire: Any) -> None:
    wire.answer(ESTIMATES, {"opmr_invsr_trde_chart": [ESTIMATE], **DONE})
    (each,) = wire.broker.investor_flow_estimates("005930")
    asked = {"mrkt_tp": "000", "trde_tp": "0", "stk_cd": "005930"}
    assert bodies(wire, ESTIMATES) == [{**asked, "amt_qty_tp": "1"}, {**asked, "amt_qty_tp": "2"}]
    assert (each.time.time(), each.final) == (dt.time(9, 31), False)
    assert told(each.foreign) == (-16000, -16_000_000_000)
    assert (told(each.pension), each.individual) == ((2000, 2_000_000_000), Flow())
    tables = [{"opmr_invsr_trde_chart": [{**ESTIMATE, "tm": time}], **DONE} for time in ("093100", "100100")]
    wire.answer(ESTIMATES, *tables)
    with pytest.raises(IncompleteListing, match="times"):
        wire.broker.investor_flow_estimates("005930")


def ranked(symbol: str, amount: str) -> dict[str, str]:
    return {"stk_cd": symbol, "stk_nm": "Alpha", "netslmt_qty": amount[:-3], "netslmt_amt": amount, "cur_prc": "-500"}


def test_a_ranking_of_both_markets_is_sorted_here(wire: Any) -> None:
    pages = [[ranked("005930_AL", "--4000"), ranked("000660_AL", "--9000")], [ranked("247540_AL", "5000")]]
    wire.answer(RANKS, *[{"invsr_daly_trde_stk": rows, **DONE} for rows in pages])
    start = dt.date(2026, 11, 2)
    ranks = wire.broker.investor_rankings(Investor.PENSION, start=start, end=FRIDAY, side="SELL", count=2)
    asked = {"strt_dt": "20261102", "end_dt": "20261120", "trde_tp": "1", "invsr_tp": "6000", "stex_tp": "3"}
    assert bodies(wire, RANKS) == [{**asked, "mrkt_tp": "001"}, {**asked, "mrkt_tp": "101"}]
    assert [(each.rank, each.symbol, each.price, each.date, each.final) for each in ranks] == [
        (1, "000660", 500, FRIDAY, True),
        (2, "247540", 500, FRIDAY, True),
    ]
    assert [told(each.flow) for each in ranks] == [(-9, -9000), (-5, -5000)]


@pytest.mark.parametrize(
    ("moment", "day"),
    [("2026-11-20T15:39", "20261119"), ("2026-11-20T15:40", "20261120"), ("2026-11-22T16:00", "20261120")],
)
def test_without_days_a_ranking_is_of_the_last_one_that_is_told(
    moment: str, day: str, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = connect("real").logged_in()
    wire.answer(RANKS, {"invsr_daly_trde_stk": [ranked("005930", "9000")], **DONE})
    monkeypatch.setattr(clock, "now", lambda: dt.datetime.fromisoformat(moment).replace(tzinfo=clock.KST))
    ranks = wire.broker.investor_rankings("FOREIGN", market="KOSPI")
    (body,) = bodies(wire, RANKS)
    assert {f"{each.date:%Y%m%d}" for each in ranks} == {day}
    assert (body["strt_dt"], body["end_dt"]) == (day, day)


def programmed(day: str) -> dict[str, str]:
    return {
        "dt": day,
        "prm_sell_amt": "900",
        "prm_buy_amt": "200",
        "prm_netprps_amt": "--700",
        "prm_sell_qty": "90",
        "prm_buy_qty": "20",
        "prm_netprps_qty": "--70",
    }


def test_programmes_of_a_symbol(wire: Any) -> None:
    wire.answer(PROGRAMS, {"stk_daly_prm_trde_trnsn": [programmed("20261120"), programmed("20261119")], **DONE})
    _, day = wire.broker.program_trading("005930", THURSDAY, FRIDAY)
    assert bodies(wire, PROGRAMS) == [{"amt_qty_tp": "1", "stk_cd": "005930", "date": "20261120"}]
    assert (day.date, told(day.total), day.total.sell_amount) == (FRIDAY, (-70, -700_000_000), 900_000_000)


def composite(day: str) -> dict[str, str]:
    return {
        "cntr_tm": f"{day}000000",
        "dfrt_trde_sel": "3000",
        "dfrt_trde_buy": "5000",
        "all_sel": "33000",
        "ndiffpro_trde_sel": "30000",
        "ndiffpro_trde_buy": "20000",
        "all_buy": "25000",
        "dfrt_trde_sell_qty": "60",
        "dfrt_trde_buy_qty": "100",
        "ndiffpro_trde_sell_qty": "600",
        "ndiffpro_trde_buy_qty": "400",
    }


def test_programmes_of_a_market(wire: Any) -> None:
    wire.answer(COMPOSITE, {"prm_trde_trnsn": [composite("20261120")], **DONE})
    (day,) = wire.broker.program_trading("KOSDAQ", FRIDAY, FRIDAY)
    assert bodies(wire, COMPOSITE) == [
        {"date": "20261120", "amt_qty_tp": "1", "mrkt_tp": "P10102", "min_tic_tp": "0", "stex_tp": "1"}
    ]
    assert told(day.arbitrage) == (40_000, 2_000_000_000)
    assert told(day.non_arbitrage) == (-200_000, -10_000_000_000)
    assert told(day.total) == (-160_000, -8_000_000_000)


def test_the_top_of_programmes(wire: Any) -> None:
    row = {"stk_cd": "005930", "stk_nm": "Alpha", "cur_prc": "+70300", "prm_sell_amt": "900", "prm_buy_amt": "200"}
    wire.answer(TOP, {"prm_netprps_upper_50": [{**row, "prm_netprps_amt": "--700"}], **DONE})
    (rank,) = wire.broker.program_rankings("KOSPI", side="SELL")
    assert bodies(wire, TOP) == [{"trde_upper_tp": "1", "amt_qty_tp": "1", "mrkt_tp": "P00101", "stex_tp": "1"}]
    assert (rank.price, rank.flow.net_amount, rank.flow.buy_amount) == (70300, -700_000_000, 200_000_000)
    assert (rank.investor, rank.final) == (None, False)
    with pytest.raises(Unsupported, match="50"):
        wire.broker.program_rankings("KOSPI", count=51)


@pytest.mark.parametrize(("side", "way"), [("BUY", 1), ("SELL", -1)])
def test_where_programmes_went_one_way_in_few_symbols_the_others_are_not_among_them(
    side: str, way: int, wire: Any
) -> None:
    row = {"stk_nm": "Alpha", "cur_prc": "500", "prm_sell_amt": "900"}
    rows = [
        {**row, "stk_cd": f"00593{place}", "prm_buy_amt": str(900 + net), "prm_netprps_amt": f"{net:+}"}
        for place, net in enumerate((700 * way, 0, -200 * way))
    ]
    wire.answer(TOP, {"prm_netprps_upper_50": rows, **DONE})
    (rank,) = wire.broker.program_rankings("KOSDAQ", side=side)
    assert (rank.symbol, rank.flow.net_amount) == ("005930", 700_000_000 * way)


def test_a_list_of_all_symbols_that_has_none_is_an_error(wire: Any) -> None:
    wire.answer(LISTED, {"stk_prm_trde_prst": [], **DONE})
    with pytest.raises(IncompleteListing, match="KOSDAQ on 2026-11-20"):
        wire.broker.program_rankings("KOSDAQ", day=FRIDAY)


def test_the_top_of_programmes_on_a_day_is_made_of_all_symbols(wire: Any) -> None:
    row = {"stk_nm": "Alpha", "cur_prc": "500", "buy_cntr_qty": "7", "buy_cntr_amt": "9", "sel_cntr_qty": "1"}
    rows = [{**row, "stk_cd": f"00593{digit}", "netprps_prica": str(net)} for digit, net in enumerate((3, -8, 5, -9))]
    wire.answer(LISTED, {"stk_prm_trde_prst": rows, **DONE})
    ranks = wire.broker.program_rankings("KOSPI", day=FRIDAY, count=60)
    assert bodies(wire, LISTED) == [{"dt": "20261120", "mrkt_tp": "P00101", "stex_tp": "1"}]
    assert [(each.symbol, each.flow.net_amount) for each in ranks] == [("005932", 5_000_000), ("005930", 3_000_000)]
    assert (ranks[0].flow.buy_quantity, ranks[0].final) == (7000, True)
