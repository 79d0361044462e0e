"""Charts, days and investors over real HTTP: the exchange's truth in Kiwoom's spelling."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.models import InvestorFlow
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Candle, Minute
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import CHART, FLOW, PRICES, SAMSUNG, SHORT_CHART, Customer


def test_investor_flow_comes_in_pages_newest_first(customer: Customer) -> None:
    pages = customer.pages("ka10059", "stk_invsr_orgn", FLOW)
    assert [len(page) for page in pages] == [100] * 15
    rows = [row for page in pages for row in page]
    assert [row["dt"] for row in rows] == [f"{day:%Y%m%d}" for day in reversed(customer.exchange.flow_days(SAMSUNG))]
    truth, rows = customer.exchange.investor_flow(SAMSUNG, days=300), rows[:300]
    assert [row["dt"] for row in rows] == [f"{flow.date:%Y%m%d}" for flow in reversed(truth)]
    for row, flow in zip(rows, reversed(truth), strict=True):
        assert Decimal(row["ind_invsr"]) == flow.individual.net_quantity
        assert Decimal(row["frgnr_invsr"]) + Decimal(row["natfor"]) == flow.foreign.net_quantity
        assert Decimal(row["natfor"]) == flow.resident_foreign.net_quantity
        assert row["natn"] == "0"
        assert abs(Decimal(row["cur_prc"])) == flow.close
    named = ("ind_invsr", "frgnr_invsr", "natfor", "orgn", "etc_corp")
    assert all(sum(int(row[name]) for name in named) == 0 for row in rows)
    assert not any("+" in row[name] for row in rows for name in named)


def test_investor_flow_has_two_units_three_sides_and_a_start(customer: Customer) -> None:
    flow = customer.exchange.investor_flow(SAMSUNG)[-2]
    before = customer.exchange.investor_flow(SAMSUNG)[-3]

    def first(**changes: str) -> dict[str, str]:
        body = {**FLOW, "dt": f"{flow.date:%Y%m%d}", **changes}
        row: dict[str, str] = customer.call("ka10059", body)["stk_invsr_orgn"][0]
        return row

    row = first(amt_qty_tp="1", trde_tp="1", unit_tp="1000")
    assert Decimal(row["bank"]) * 1_000_000 == flow.bank.buy_amount
    assert first(trde_tp="2")["orgn"] == f"{flow.institution.sell_quantity}"
    assert Decimal(first(unit_tp="1000")["orgn"]) * 1000 == pytest.approx(flow.institution.net_quantity, abs=500)
    assert flow.close is not None
    assert before.close is not None
    change = flow.close - before.close
    assert int(row["pred_pre"]) == change
    assert Decimal(row["flu_rt"]) / 100 == pytest.approx(change * 100 / before.close, abs=Decimal("0.005"))
    assert "." not in row["flu_rt"]


def test_daily_chart_goes_back_from_a_day_with_unsigned_prices(customer: Customer) -> None:
    truth = customer.exchange.daily_candles(SAMSUNG, days=601)
    body = customer.query("ka10081")
    rows = body["stk_dt_pole_chart_qry"]
    assert body["stk_cd"] == SAMSUNG
    assert [row["dt"] for row in rows] == [f"{candle.time:%Y%m%d}" for candle in truth[:0:-1]]
    for row, candle, before in zip(rows, truth[:0:-1], truth[-2::-1], strict=True):
        assert [row[name] for name in ("open_pric", "high_pric", "low_pric", "cur_prc", "trde_qty")] == [
            f"{value}" for value in (candle.open, candle.high, candle.low, candle.close, candle.volume)
        ]
        assert row["trde_prica"] == f"{int(candle.turnover / 1_000_000)}"
        assert Decimal(row["pred_pre"]) == candle.close - before.close
        assert row["pred_pre_sig"] == _direction(candle.close, before.close)
    day = truth[-11]
    earlier = customer.query("ka10081", base_dt=f"{day.time:%Y%m%d}")["stk_dt_pole_chart_qry"]
    assert earlier[:590] == rows[10:]


def _direction(price: Decimal, base: Decimal) -> str:
    return "3" if price == base else "2" if price > base else "5"


def test_daily_chart_of_today_agrees_with_the_quote(customer: Customer) -> None:
    customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(100))
    quote = customer.exchange.quote(SAMSUNG)
    row = customer.query("ka10081")["stk_dt_pole_chart_qry"][0]
    assert (row["dt"], row["cur_prc"], row["trde_qty"]) == ("20261120", f"{quote.price}", f"{quote.volume}")
    assert Decimal(row["pred_pre"]) == quote.change


def test_charts_come_in_pages(customer: Customer) -> None:
    customer.face.page_sizes["ka10081"] = 100
    whole = [f"{candle.time:%Y%m%d}" for candle in reversed(customer.exchange.daily_candles(SAMSUNG, days=HISTORY))]
    pages = customer.pages("ka10081", "stk_dt_pole_chart_qry", CHART)
    assert [len(page) for page in pages] == [100] * 15
    assert [row["dt"] for page in pages for row in page] == whole


@pytest.mark.parametrize(
    ("api_id", "name", "period"),
    [
        ("ka10082", "stk_stk_pole_chart_qry", "%G-%V"),
        ("ka10083", "stk_mth_pole_chart_qry", "%Y-%m"),
        ("ka10094", "stk_yr_pole_chart_qry", "%Y"),
    ],
)
def test_longer_bars_add_up_their_days(customer: Customer, api_id: str, name: str, period: str) -> None:
    groups: dict[str, list[Candle]] = {}
    for candle in customer.exchange.daily_candles(SAMSUNG, days=HISTORY):
        groups.setdefault(f"{candle.time:{period}}", []).append(candle)
    rows = customer.query(api_id)[name][::-1]
    assert len(rows) == len(groups)
    before = None
    for row, days in zip(rows, groups.values(), strict=True):
        assert row["dt"] == f"{days[0].time:%Y%m%d}"
        assert (row["open_pric"], row["cur_prc"]) == (f"{days[0].open}", f"{days[-1].close}")
        assert row["high_pric"] == f"{max(day.high for day in days)}"
        assert row["low_pric"] == f"{min(day.low for day in days)}"
        assert row["trde_qty"] == f"{sum(day.volume for day in days)}"
        assert row["trde_prica"] == f"{sum(day.turnover for day in days)}"
        assert ("pred_pre" in row) == (api_id != "ka10094")
        if before is not None and "pred_pre" in row:
            assert Decimal(row["pred_pre"]) == days[-1].close - before
        before = days[-1].close


def test_minutes_carry_signs_and_can_be_put_together(customer: Customer) -> None:
    customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(100))
    truth = customer.exchange.minutes(SAMSUNG, customer.exchange.today)
    base = customer.exchange.instruments[SAMSUNG].previous_close
    rows = of_day(customer, "20261120")
    assert [row["cntr_tm"] for row in rows] == [moment("20261120", bar) for bar in reversed(truth)]
    for row, bar in zip(rows, reversed(truth), strict=True):
        sign = "" if bar.close == base else "+" if bar.close > base else "-"
        assert row["cur_prc"] == f"{sign}{bar.close}"
        assert abs(Decimal(row["high_pric"])) == bar.high
        assert row["trde_qty"] == f"{bar.volume}"
        assert Decimal(row["pred_pre"]) == bar.close - base
    hour = of_day(customer, "20261120", tic_scope="60")[-1]
    first = [bar for bar in truth if bar.start < 600]
    assert hour["cntr_tm"] == "20261120090000"
    assert abs(Decimal(hour["open_pric"])) == first[0].open
    assert abs(Decimal(hour["low_pric"])) == min(bar.low for bar in first)
    assert hour["trde_qty"] == f"{sum(bar.volume for bar in first)}"
    for scope in ("3", "5", "10", "15", "30", "45"):
        some = of_day(customer, "20261120", tic_scope=scope)
        assert sum(int(row["trde_qty"]) for row in some) == sum(bar.volume for bar in truth)


def of_day(customer: Customer, day: str, **changes: str) -> list[dict[str, str]]:
    rows = customer.query("ka10080", **changes)["stk_min_pole_chart_qry"]
    return [row for row in rows if row["cntr_tm"].startswith(day)]


def moment(day: str, bar: Minute) -> str:
    return f"{day}{bar.start // 60:02}{bar.start % 60:02}00"


def test_minutes_go_back_a_year_in_pages_without_those_nobody_traded_in(customer: Customer) -> None:
    quiet = "069500"
    rows = customer.query("ka10080", stk_cd=quiet, base_dt="20261119")["stk_min_pole_chart_qry"]
    days = customer.exchange.flow_days(quiet)
    assert len(rows) == 900
    truth = [(f"{day:%Y%m%d}", bar) for day in days[-8:] for bar in customer.exchange.minutes(quiet, day)]
    assert [row["cntr_tm"] for row in rows] == [moment(day, bar) for day, bar in truth[:-901:-1]]
    assert [row["trde_qty"] for row in rows] == [f"{bar.volume}" for _, bar in truth[:-901:-1]]
    body = {**SHORT_CHART, "base_dt": "20251113"}
    *pages, last = customer.pages("ka10080", "stk_min_pole_chart_qry", body)
    assert [len(page) for page in pages] == [900]
    assert last[-1]["cntr_tm"] == "20251110090000"
    every = [row["cntr_tm"] for page in (*pages, last) for row in page]
    assert every == sorted(set(every), reverse=True)


def test_the_evening_of_krx_comes_with_the_plain_code_and_nxt_with_its_own(customer: Customer) -> None:
    def times(code: str, day: str) -> list[str]:
        rows = customer.query("ka10080", stk_cd=code, base_dt=day)["stk_min_pole_chart_qry"]
        return sorted(row["cntr_tm"][8:] for row in rows if row["cntr_tm"].startswith(day))

    plain = times(SAMSUNG, "20261118")
    assert (plain[0], max(time for time in plain if time < "1600")) == ("090000", "153000")
    assert plain[-1] >= "160000"
    assert max(times(SAMSUNG, "20260911")) == "153000"
    assert times(f"{SAMSUNG}_NX", "20261118")[0] < "085000"
    assert "153000" not in times(f"{SAMSUNG}_NX", "20261118")
    assert "153000" in times(f"{SAMSUNG}_AL", "20261118")


def test_ticks_have_no_signs_at_all(customer: Customer) -> None:
    customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(5))
    truth = customer.exchange.trades(SAMSUNG)
    base = customer.exchange.instruments[SAMSUNG].previous_close
    body = customer.query("ka10079")
    assert body["last_tic_cnt"] == ""
    rows = [row for row in body["stk_tic_chart_qry"] if row["cntr_tm"].startswith("20261120")]
    assert [(row["cur_prc"], row["trde_qty"]) for row in rows] == [
        (f"{trade.price}", f"{trade.quantity}") for trade in reversed(truth)
    ]
    for row, trade in zip(rows, reversed(truth), strict=True):
        assert row["cntr_tm"] == f"{trade.time:%Y%m%d%H%M%S}"
        assert row["pred_pre"] == f"{abs(trade.price - base)}"
        assert row["pred_pre_sig"] == _direction(trade.price, base)
    answer = customer.query("ka10079", tic_scope="10")
    tens = [row for row in answer["stk_tic_chart_qry"] if row["cntr_tm"].startswith("20261120")]
    assert tens[-1]["high_pric"] == f"{max(trade.price for trade in truth[:10])}"
    assert tens[-1]["trde_qty"] == f"{sum(trade.quantity for trade in truth[:10])}"
    assert int(answer["last_tic_cnt"]) == (len(truth) - 1) % 10 + 1
    assert len(tens) == -(-len(truth) // 10)


def test_ticks_of_days_before_add_up_to_their_minutes(customer: Customer) -> None:
    pages = customer.pages("ka10079", "stk_tic_chart_qry", SHORT_CHART)
    rows = [row for page in pages for row in page]
    assert [row["cntr_tm"] for row in rows] == sorted((row["cntr_tm"] for row in rows), reverse=True)
    day = customer.exchange.flow_days(SAMSUNG)[-1]
    volumes: dict[str, int] = {}
    for row in rows:
        minute = f"{row['cntr_tm'][:12]}00"
        volumes[minute] = volumes.get(minute, 0) + int(row["trde_qty"])
    bars = customer.exchange.minutes(SAMSUNG, day)
    assert {moment(f"{day:%Y%m%d}", bar): bar.volume for bar in bars}.items() <= volumes.items()


def test_daily_prices_carry_flows_with_two_minus_signs(customer: Customer) -> None:
    flows = {f"{flow.date:%Y%m%d}": flow for flow in customer.exchange.investor_flow(SAMSUNG, days=HISTORY)}
    candles = {f"{candle.time:%Y%m%d}": candle for candle in customer.exchange.daily_candles(SAMSUNG, days=HISTORY)}
    pages = customer.pages("ka10086", "daly_stkpc", PRICES)
    rows = [row for page in pages for row in page]
    assert [row["date"] for row in rows] == sorted(candles, reverse=True)
    assert len(rows) == HISTORY
    assert (rows[0]["ind"], rows[0]["for_qty"]) == ("", "")
    for row in rows[1:]:
        flow = flows[row["date"]]
        assert row["ind"] == row["ind_netprps"] == _doubled(flow.individual.net_quantity)
        assert row["orgn"] == _doubled(flow.institution.net_quantity)
        assert row["for_qty"] == row["for_netprps"] == _doubled(_foreigners(flow))
        assert abs(Decimal(row["close_pric"])) == candles[row["date"]].close
        assert row["amt_mn"] == f"{int(candles[row['date']].turnover / 1_000_000)}"
    assert any(row["ind"].startswith("--") for row in rows)
    in_won = customer.query("ka10086", indc_tp="1")["daly_stkpc"]
    flow = flows[in_won[1]["date"]]
    assert flow.individual.net_amount is not None
    assert in_won[1]["ind"] == _doubled(flow.individual.net_amount / 1_000_000)
    assert in_won[1]["for_qty"] == rows[1]["for_qty"]
    start = rows[5]["date"]
    assert customer.query("ka10086", qry_dt=start)["daly_stkpc"][0] == rows[5]


def _doubled(value: Decimal | None) -> str:
    assert value is not None
    return f"--{-value:.0f}" if value < 0 else f"+{value:.0f}" if value else "0"


def _foreigners(flow: InvestorFlow) -> Decimal:
    assert flow.foreign.net_quantity is not None
    assert flow.resident_foreign.net_quantity is not None
    return flow.foreign.net_quantity - flow.resident_foreign.net_quantity


def test_summary_of_days_has_signed_prices_and_million_won(customer: Customer) -> None:
    rows = [row for page in customer.pages("ka10005", "stk_ddwkmm", {"stk_cd": SAMSUNG}) for row in page]
    candles = customer.exchange.daily_candles(SAMSUNG, days=HISTORY)
    flow = customer.exchange.investor_flow(SAMSUNG)[-1]
    assert [row["date"] for row in rows] == [f"{candle.time:%Y%m%d}" for candle in reversed(candles)]
    row, candle, base = rows[1], candles[-2], candles[-3].close
    for name, price in (
        ("open_pric", candle.open),
        ("high_pric", candle.high),
        ("low_pric", candle.low),
        ("close_pric", candle.close),
    ):
        assert row[name] == f"{'' if price == base else '+' if price > base else '-'}{price}"
    assert Decimal(row["pre"]) == candle.close - base
    assert Decimal(row["flu_rt"]) == pytest.approx((candle.close - base) * 100 / base, abs=Decimal("0.005"))
    assert row["trde_prica"] == f"{int(candle.turnover / 1_000_000)}"
    assert row["ind_netprps"] == f"{flow.individual.net_quantity}"
    assert rows[0]["ind_netprps"] == ""
