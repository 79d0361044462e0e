"""Investors and programmes at KIS: what is asked, and what the answers become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, InvalidRequest, UnknownSymbol, Unsupported, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import Flow
from brokerkit.words import Investor, Side

DAYS, GROUPS, MARKET = "FHPTJ04160001", "FHKST01010900", "FHPTJ04040000"
ESTIMATES, RANKS, PROGRAMS, COMPOSITE = "HHPTJ04160200", "FHPTJ04400000", "FHPPG04650201", "FHPPG04600001"
FRIDAY = dt.date(2026, 11, 20)
NETS = {"prsn": 700, "frgn": -900, "orgn": 300, "etc_corp": -100, "etc_orgt": 0, "frgn_nreg": 5}
INSTITUTIONS = {"scrt": 100, "ivtr": -50, "pe_fund": 25, "bank": 5, "insu": 20, "mrbn": -10, "fund": 210}


def net_name(short: str, unit: str) -> str:
    if short == "frgn_nreg":
        return "frgn_nreg_ntby_qty" if unit == "qty" else "frgn_nreg_ntby_pbmn"
    if unit == "qty":
        return f"{short}_ntby_{'vol' if short in ('pe_fund', 'etc_corp', 'etc_orgt') else 'qty'}"
    return f"{short}_ntby_tr_pbmn"


def row(day: str, **changes: str) -> dict[str, str]:
    figures = {**NETS, **INSTITUTIONS}
    nets = {net_name(short, "qty"): str(value) for short, value in figures.items()}
    amounts = {net_name(short, "amt"): str(value * 2) for short, value in figures.items()}
    return {"stck_bsop_date": day, "stck_clpr": "70300", **nets, **amounts, "frgn_shnu_vol": "100", **changes}


def done(**blocks: object) -> dict[str, object]:
    return {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done", **blocks}


def net(quantity: int, millions: int | None = None) -> tuple[Decimal | None, Decimal | None]:
    return Decimal(quantity), None if millions is None else Decimal(millions) * 1_000_000


def told(flow: Flow) -> tuple[Decimal | None, Decimal | None]:
    return flow.net_quantity, flow.net_amount


def test_every_kind_is_told_in_shares_and_won(wire: Any, all_kinds: Any) -> None:
    wire.answer(DAYS, done(output1={}, output2=[row("20261120"), row("20261119")]))
    before, day = wire.broker.investor_flow("005930", start=FRIDAY - dt.timedelta(1), end=FRIDAY)
    (call,) = wire.of(DAYS)
    assert call.query == [
        ("FID_COND_MRKT_DIV_CODE", "J"),
        ("FID_INPUT_ISCD", "005930"),
        ("FID_INPUT_DATE_1", "20261120"),
        ("FID_ORG_ADJ_PRC", ""),
        ("FID_ETC_CLS_CODE", ""),
    ]
    assert (before.date, day.date, day.close) == (FRIDAY - dt.timedelta(1), FRIDAY, 70300)
    assert told(day.individual) == net(700, 1400)
    assert told(day.foreign) == net(-900, -1800)
    assert told(day.resident_foreign) == net(5, 10)
    assert told(day.private_fund) == net(25, 50)
    assert told(day.other_corporation) == net(-100, -200)
    assert told(day.other_finance) == net(-10, -20)
    assert (day.foreign.buy_quantity, day.government) == (100, Flow())


def test_what_cannot_be_had_yet_is_told_by_groups(wire: Any, all_kinds: Any) -> None:
    wire.answer(DAYS, wire.refusal("OPSQ2001", "ERROR : TIME LIMIT"))
    (day,) = wire.broker.investor_flow("005930", end=dt.date(2024, 1, 5))
    assert day.individual.net_quantity == 600
    assert day.pension == Flow()
    with pytest.raises(Unsupported, match="15:40") as caught:
        wire.broker.investor_flow("005930", start=dt.date(2023, 12, 1), end=dt.date(2024, 1, 5))
    assert "here" in str(caught.value.advice)


def test_another_refusal_stands(wire: Any, all_kinds: Any) -> None:
    wire.answer(DAYS, wire.refusal("APBK0656", "no such symbol"))
    with pytest.raises(UnknownSymbol):
        wire.broker.investor_flow("005930")
    assert not wire.of(GROUPS)


def test_with_real_money_nothing_is_asked_before_it_is_told(
    connect: Any, all_kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = connect("real").logged_in()
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 20, 15, 39, tzinfo=clock.KST))
    wire.broker.investor_flow("005930", end=dt.date(2024, 1, 5))
    assert not wire.of(DAYS)
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 20, 15, 40, tzinfo=clock.KST))
    wire.answer(DAYS, done(output2=[row("20240105")]))
    (day,) = wire.broker.investor_flow("005930", end=dt.date(2024, 1, 5))
    assert day.pension.net_quantity == 210


def test_the_demo_environment_says_where_older_days_are(connect: Any, all_kinds: Any) -> None:
    wire = connect("demo").logged_in()
    with pytest.raises(Unsupported) as caught:
        wire.broker.investor_flow("005930", start=dt.date(2023, 12, 1), end=dt.date(2024, 1, 5))
    assert "real environment" in str(caught.value.advice)


def test_long_stretches_are_asked_for_by_several_calls_that_overlap(wire: Any, all_kinds: Any) -> None:
    wire.answer(DAYS, done(output2=[]))
    with pytest.raises(UnknownSymbol):
        wire.broker.investor_flow("005930", start=dt.date(2026, 6, 1), end=FRIDAY)
    asked = sorted(dt.datetime.strptime(dict(call.query)["FID_INPUT_DATE_1"], "%Y%m%d") for call in wire.of(DAYS))
    steps = {(after - before).days for before, after in pairwise(asked)}
    assert (asked[-1].date(), steps) == (FRIDAY, {38})  # 28 weekdays at most, and an answer has thirty days


@pytest.mark.parametrize(("oldest", "is_short"), [("20261015", True), ("20261014", False), ("20261008", False)])
def test_an_answer_that_does_not_reach_to_the_next_one_is_an_error(
    oldest: str, is_short: bool, wire: Any, all_kinds: Any
) -> None:
    newest = done(output2=[row("20261120"), row(oldest)])
    wire.answer(DAYS, newest, done(output2=[row("20261012"), row("20261001")]))
    wire.broker._inquiries.together.map = lambda call, items, progress=None: [call(item) for item in items]
    if is_short:
        with pytest.raises(IncompleteListing, match="2026-10-15"):
            wire.broker.investor_flow("005930", start=dt.date(2026, 10, 1), end=FRIDAY)
        return
    told = wire.broker.investor_flow("005930", start=dt.date(2026, 10, 1), end=FRIDAY)
    assert (told[0].date, told[-1].date) == (dt.date(2026, 10, 1), FRIDAY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prsn_ntby_qty": "70000"}, "all groups"),
        ({"fund_ntby_qty": "2100"}, "institutions"),
        ({"prsn_ntby_tr_pbmn": "1400000"}, "all groups"),
    ],
)
def test_groups_that_do_not_add_up_are_an_error(changes: dict[str, str], words: str, wire: Any, all_kinds: Any) -> None:
    wire.answer(DAYS, done(output2=[row("20261120", **changes)]))
    with pytest.raises(WireError, match=words):
        wire.broker.investor_flow("005930", end=FRIDAY)


def test_a_total_is_summed_and_needs_every_trading_day(wire: Any, all_kinds: Any) -> None:
    week = [f"202611{day}" for day in (20, 19, 18, 17, 16)]
    wire.answer(DAYS, done(output2=[row(day) for day in week]))
    total = wire.broker.investor_flow_total("005930", dt.date(2026, 11, 16), FRIDAY)
    assert (total.start, total.end, total.final) == (dt.date(2026, 11, 16), FRIDAY, True)
    assert told(total.foreign) == net(-4500, -9000)
    assert (total.foreign.buy_quantity, total.foreign.sell_quantity) == (500, None)
    wire.answer(DAYS, done(output2=[row(day) for day in week if day != "20261118"]))
    with pytest.raises(IncompleteListing, match="2026-11-18"):
        wire.broker.investor_flow_total("005930", dt.date(2026, 11, 16), FRIDAY)


def test_a_market_is_told_in_thousands_of_shares(wire: Any) -> None:
    other = row("20261119", prsn_ntby_qty="701", etc_corp_ntby_vol="-101")
    wire.answer(MARKET, done(output=[row("20261120"), other, row("20261030")]))
    days = wire.broker.market_investor_flow("KOSDAQ", dt.date(2026, 11, 19), FRIDAY)
    (call,) = wire.of(MARKET)
    assert call.query == [
        ("FID_COND_MRKT_DIV_CODE", "U"),
        ("FID_INPUT_ISCD", "1001"),
        ("FID_INPUT_DATE_1", "20261120"),
        ("FID_INPUT_ISCD_1", "KSQ"),
        ("FID_INPUT_DATE_2", "20261120"),
        ("FID_INPUT_ISCD_2", "1001"),
    ]
    assert [(day.market, day.date) for day in days] == [("KOSDAQ", dt.date(2026, 11, 19)), ("KOSDAQ", FRIDAY)]


def test_two_days_of_a_market_are_never_the_same(wire: Any) -> None:
    other = row("20261119", prsn_ntby_qty="701", etc_corp_ntby_vol="-101")
    wire.answer(MARKET, done(output=[row("20261120"), other, row("20261101")]))
    (_, day) = wire.broker.market_investor_flow("KOSPI", dt.date(2026, 11, 19), FRIDAY)
    assert told(day.individual) == net(700_000, 1400)
    wire.answer(MARKET, done(output=[row("20261120"), row("20261119"), row("20261101")]))
    with pytest.raises(WireError, match="no trading day"):
        wire.broker.market_investor_flow("KOSPI", dt.date(2026, 11, 19), FRIDAY)


def test_estimates_have_the_time_of_their_publication(wire: Any) -> None:
    slots = [
        {"bsop_hour_gb": "2", "frgn_fake_ntby_qty": "-00000000000030000", "orgn_fake_ntby_qty": "000000000000121000"},
        {"bsop_hour_gb": "1", "frgn_fake_ntby_qty": "000000000000000000", "orgn_fake_ntby_qty": ""},
    ]
    wire.answer(ESTIMATES, done(output2=slots))
    first, second = wire.broker.investor_flow_estimates("005930")
    (call,) = wire.of(ESTIMATES)
    assert call.query == [("MKSC_SHRN_ISCD", "005930")]
    assert [each.time.time() for each in (first, second)] == [dt.time(9, 30), dt.time(10)]
    assert (told(second.foreign), told(second.institution)) == (net(-30000), net(121000))
    assert (first.foreign.net_quantity, first.institution, first.final) == (0, Flow(), False)
    wire.answer(ESTIMATES, done(output2=[{**slots[0], "bsop_hour_gb": "6"}]))
    with pytest.raises(WireError, match="bsop_hour_gb"):
        wire.broker.investor_flow_estimates("005930")


def test_estimates_are_left_out_while_the_market_is_closed(connect: Any) -> None:
    wire = connect("sandbox", plays="real", phase=Phase.CLOSED).logged_in()
    slot = {"bsop_hour_gb": "5", "frgn_fake_ntby_qty": "1000", "orgn_fake_ntby_qty": "1000"}
    wire.answer(ESTIMATES, done(output2=[slot]))
    assert wire.broker.investor_flow_estimates("005930") == ()


def ranked(symbol: str, millions: int) -> dict[str, str]:
    figures = {
        f"{short}_ntby_{unit}": "1000" if unit != "tr_pbmn" else str(millions)
        for short in ("frgn", "orgn")
        for unit in ("qty", "tr_pbmn")
    }
    return {
        "mksc_shrn_iscd": symbol,
        "hts_kor_isnm": f"name of {symbol}",
        "stck_prpr": "81800",
        **figures,
        "etc_corp_ntby_vol": "0",
        "etc_corp_ntby_tr_pbmn": "0",
    }


def test_a_ranking_asks_for_amounts_of_one_kind(wire: Any) -> None:
    wire.answer(RANKS, done(output=[ranked("005930", -900), ranked("000660", -30)]))
    first, second = wire.broker.investor_rankings(Investor.INSTITUTION, market="KOSDAQ", side=Side.SELL)
    (call,) = wire.of(RANKS)
    assert call.query == [
        ("FID_COND_MRKT_DIV_CODE", "V"),
        ("FID_COND_SCR_DIV_CODE", "16449"),
        ("FID_INPUT_ISCD", "1001"),
        ("FID_DIV_CLS_CODE", "1"),
        ("FID_RANK_SORT_CLS_CODE", "1"),
        ("FID_ETC_CLS_CODE", "2"),
    ]
    assert (first.rank, first.symbol, first.name, first.price) == (1, "005930", "name of 005930", 81800)
    assert (told(first.flow), first.final, second.rank) == (net(1000, -900), False, 2)
    wire.answer(RANKS, done(output=[ranked("005930", 900)]))
    with pytest.raises(WireError, match="bought"):
        wire.broker.investor_rankings(Investor.INSTITUTION, side="SELL")
    wire.answer(RANKS, done(output=[ranked("005930", 900), ranked("005930", 800)]))
    with pytest.raises(WireError, match="twice"):
        wire.broker.investor_rankings("FOREIGN")


def test_a_ranking_that_is_not_told_is_not_asked(wire: Any) -> None:
    for asked in ({"count": 31}, {"start": dt.date(2026, 11, 2)}, {"end": dt.date(2026, 11, 2)}):
        with pytest.raises(Unsupported):
            wire.broker.investor_rankings(Investor.FOREIGN, **asked)
    with pytest.raises(Unsupported, match="PENSION"):
        wire.broker.investor_rankings(Investor.PENSION)
    with pytest.raises(InvalidRequest):
        wire.broker.investor_rankings("SOMEBODY")
    assert not wire.calls


def programmed(day: str) -> dict[str, str]:
    return {
        "stck_bsop_date": day,
        "whol_smtn_ntby_qty": "-3441479",
        "whol_smtn_shnu_vol": "3468820",
        "whol_smtn_seln_vol": "6910299",
        "whol_smtn_ntby_tr_pbmn": "-266814763800",
        "whol_smtn_shnu_tr_pbmn": "270120727200",
        "whol_smtn_seln_tr_pbmn": "536935491000",
    }


def test_programmes_of_a_symbol_are_in_won_and_followed_back(wire: Any) -> None:
    pages = [done(output=[programmed("20261120"), programmed("20261119")]), done(output=[programmed("20261118")])]
    wire.answer(PROGRAMS, *pages)
    days = wire.broker.program_trading("005930", dt.date(2026, 11, 18), FRIDAY)
    assert [call.query[-1] for call in wire.of(PROGRAMS)] == [
        ("FID_INPUT_DATE_1", "20261120"),
        ("FID_INPUT_DATE_1", "20261118"),
    ]
    assert [day.date.day for day in days] == [18, 19, 20]
    assert told(days[0].total) == (Decimal(-3441479), Decimal(-266814763800))
    assert (days[0].arbitrage, days[0].final) == (Flow(), True)
    wire.answer(PROGRAMS, done(output=[programmed("20261120")]), done(output=[]))
    with pytest.raises(Unsupported, match="2026-11-20"):
        wire.broker.program_trading("005930", dt.date(2026, 11, 18), FRIDAY)


def composite(day: str, price: int = 50) -> dict[str, str]:
    sides = {"shnu": 1000, "seln": 400}
    return {
        "stck_bsop_date": day,
        **{f"whol_smtn_{side}_vol": str(size) for side, size in sides.items()},
        **{f"whol_smtn_{side}_tr_pbmn": str(size * price) for side, size in sides.items()},
        **{f"arbt_smtn_{side}_vol": str(size // 10) for side, size in sides.items()},
        **{f"arbt_smtn_{side}_tr_pbmn": str(size // 10 * price) for side, size in sides.items()},
        **{f"nabt_smtn_{side}_tr_pbmn": str(size // 10 * 9 * price) for side, size in sides.items()},
        "nabt_smtn_shnu_vol": "900",
        "nabt_smtm_seln_vol": "360",
    }


def test_programmes_of_a_market_are_in_thousands_and_millions(wire: Any) -> None:
    wire.answer(COMPOSITE, done(output=[composite("20261120")]))
    (day,) = wire.broker.program_trading("KOSPI", FRIDAY, FRIDAY)
    (call,) = wire.of(COMPOSITE)
    assert call.query == [
        ("FID_COND_MRKT_DIV_CODE", "J"),
        ("FID_MRKT_CLS_CODE", "K"),
        ("FID_INPUT_DATE_1", "20261120"),
        ("FID_INPUT_DATE_2", "20261120"),
    ]
    assert (told(day.total), told(day.arbitrage)) == (net(600_000, 30_000), net(60_000, 3_000))
    assert (told(day.non_arbitrage), day.non_arbitrage.sell_quantity) == (net(540_000, 27_000), 360_000)


def test_a_unit_that_is_another_one_is_an_error(wire: Any) -> None:
    wire.answer(COMPOSITE, done(output=[composite("20261120", price=50_000)]))
    with pytest.raises(WireError, match="won a share"):
        wire.broker.program_trading("KOSPI", FRIDAY, FRIDAY)
