"""Days, periods and minutes of the KIS face, against the candles of the exchange."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest

from brokerkit.clock import KST
from brokerkit.sandbox.days import HISTORY
from brokerkit.words import Side

SAMSUNG = "005930"
HYNIX = "000660"
Json = dict[str, Any]


def chart(real: Any, symbol: str = SAMSUNG, **changes: str) -> Json:
    fields = {"FID_INPUT_DATE_1": "20000101", "FID_INPUT_DATE_2": "29991231", "FID_PERIOD_DIV_CODE": "D"}
    body: Json = real.quotation(
        "inquire-daily-itemchartprice", "FHKST03010100", symbol, **{**fields, "FID_ORG_ADJ_PRC": "0", **changes}
    )
    return body


def figures(row: Json) -> tuple[Decimal, ...]:
    names = ("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr", "acml_vol")
    return tuple(Decimal(row[name]) for name in names)


def truth_of(candle: Any) -> tuple[Decimal, ...]:
    return (candle.open, candle.high, candle.low, candle.close, candle.volume)


@pytest.mark.parametrize("adjusted", ["0", "1", "0000000001"])
def test_daily_prices_are_thirty_days_and_the_newest_comes_first(real: Any, adjusted: str) -> None:
    body = real.quotation("inquire-daily-price", "FHKST01010400", FID_PERIOD_DIV_CODE="D", FID_ORG_ADJ_PRC=adjusted)
    days = list(reversed(real.exchange.daily_candles(SAMSUNG)))
    flows = {flow.date: flow for flow in real.exchange.investor_flow(SAMSUNG)}
    rows = body["output"]
    assert len(rows) == 30
    for row, day, before in zip(rows, days, days[1:], strict=False):
        assert row["stck_bsop_date"] == f"{day.time:%Y%m%d}"
        assert figures(row) == truth_of(day)
        assert int(row["prdy_vrss"]) == day.close - before.close
        more = (day.volume - before.volume) * 100 / before.volume
        assert abs(Decimal(row["prdy_vrss_vol_rate"]) - more) <= Decimal("0.005")
        flow = flows.get(day.time.date())
        assert int(row["frgn_ntby_qty"]) == (flow.foreign.net_quantity if flow else 0)


def test_chart_has_at_most_a_hundred_candles_between_two_dates(real: Any) -> None:
    days = list(reversed(real.exchange.daily_candles(SAMSUNG)))
    rows = chart(real)["output2"]
    assert [figures(row) for row in rows] == [truth_of(day) for day in days[:100]]
    assert [int(row["acml_tr_pbmn"]) for row in rows] == [day.turnover for day in days[:100]]
    start, end = days[149].time, days[120].time
    asked = {"FID_INPUT_DATE_1": f"{start:%Y%m%d}", "FID_INPUT_DATE_2": f"{end:%Y%m%d}"}
    rows = chart(real, **asked)["output2"]
    assert [row["stck_bsop_date"] for row in rows] == [f"{day.time:%Y%m%d}" for day in days[120:150]]
    assert int(rows[-1]["prdy_vrss"]) == days[149].close - days[150].close
    assert chart(real, FID_INPUT_DATE_1="19900101", FID_INPUT_DATE_2="19900201")["output2"] == []
    assert real.refusal_of(chart(real, FID_INPUT_DATE_1="2026-01-01")) == ("2", "OPSQ2001")


def test_chart_goes_with_the_present_state(real: Any) -> None:
    real.order(ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="3")
    body = chart(real)
    head, quote = body["output1"], real.exchange.quote(SAMSUNG)
    book, last = real.exchange.order_book(SAMSUNG), real.exchange.daily_candles(SAMSUNG)[-2]
    assert (int(head["stck_prpr"]), int(head["acml_vol"])) == (quote.price, quote.volume)
    assert (int(head["askp"]), int(head["bidp"])) == (book.asks[0].price, book.bids[0].price)
    assert int(head["stck_prdy_clpr"]) == quote.previous_close == last.close
    assert int(head["prdy_vrss_vol"]) == quote.volume - last.volume
    assert figures(body["output2"][0]) == truth_of(real.exchange.daily_candles(SAMSUNG)[-1])


@pytest.mark.parametrize(
    ("period", "length"), [("W", lambda day: day.isocalendar()[:2]), ("M", lambda day: day.month), ("Y", None)]
)
def test_longer_periods_put_days_together(real: Any, period: str, length: Any) -> None:
    days = real.exchange.daily_candles(SAMSUNG, days=HISTORY)
    groups = [list(group) for _, group in groupby(days, lambda day: length(day.time) if length else day.time.year)]
    rows = chart(real, FID_PERIOD_DIV_CODE=period)["output2"]
    assert len(rows) == min(len(groups), 100)
    for row, group in zip(rows, reversed(groups), strict=False):
        high, low = max(day.high for day in group), min(day.low for day in group)
        volume = sum(day.volume for day in group)
        assert figures(row) == (group[0].open, high, low, group[-1].close, volume)
        assert row["stck_bsop_date"] == f"{group[-1].time:%Y%m%d}"


TODAY = {"FID_PW_DATA_INCU_YN": "Y", "FID_ETC_CLS_CODE": ""}


def minutes_of_today(real: Any, until: str) -> Any:
    return real.quotation("inquire-time-itemchartprice", "FHKST03010200", FID_INPUT_HOUR_1=until, **TODAY)["output2"]


def test_minutes_are_thirty_up_to_a_time_of_the_day(real: Any) -> None:
    real.order(ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="3")
    minutes = [minute for minute in real.exchange.minute_candles(SAMSUNG) if minute.time.time() <= dt.time(9, 45)]
    rows = minutes_of_today(real, "094500")
    assert [row["stck_cntg_hour"] for row in rows] == [f"{minute.time:%H%M%S}" for minute in minutes[:-31:-1]]
    assert (rows[0]["stck_cntg_hour"], len(rows)) == ("094500", 30)
    for row, minute in zip(rows, reversed(minutes), strict=False):
        told = tuple(int(row[name]) for name in ("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_prpr", "cntg_vol"))
        assert told == truth_of(minute)
    assert int(rows[0]["acml_tr_pbmn"]) == sum(minute.turnover for minute in minutes)
    last = minutes_of_today(real, "")[0]
    assert int(last["acml_tr_pbmn"]) == real.exchange.quote(SAMSUNG).turnover
    assert last["stck_bsop_date"] == f"{real.exchange.today:%Y%m%d}"


def test_a_minute_that_is_to_come_is_told_as_the_one_that_is_forming(real: Any) -> None:
    now = real.exchange.now()
    later = now + dt.timedelta(minutes=5)
    rows = minutes_of_today(real, f"{later:%H%M}00")
    assert [row["stck_cntg_hour"] for row in rows[:6]] == [
        f"{now + dt.timedelta(minutes=5 - n):%H%M}00" for n in range(6)
    ]
    before = real.exchange.minute_candles(SAMSUNG)[-2]
    assert [row["cntg_vol"] for row in rows[:7]] == [f"{before.volume}", *["0"] * 5, f"{before.volume}"]
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
    assert minutes_of_today(real, f"{later:%H%M}00")[0]["cntg_vol"] == "7"


def test_the_closing_auction_is_blank_for_some_minutes(real: Any) -> None:
    real.exchange.forward(dt.datetime.combine(real.exchange.today, dt.time(15, 30, 5), KST) - real.exchange.now())
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))

    def closing() -> str:
        (found,) = (row["cntg_vol"] for row in minutes_of_today(real, "153100") if row["stck_cntg_hour"] == "153000")
        return str(found)

    seen = []
    for _ in range(3):
        real.exchange.forward(dt.timedelta(minutes=4))
        seen.append(closing())
    assert seen == ["0", "7", "7"]


def minutes_before(real: Any, day: str, hour: str, symbol: str = SAMSUNG, **changes: str) -> Any:
    more = {"FID_PW_DATA_INCU_YN": "Y", "FID_FAKE_TICK_INCU_YN": "N", **changes}
    ask = {"FID_INPUT_DATE_1": day, "FID_INPUT_HOUR_1": hour}
    return real.quotation("inquire-time-dailychartprice", "FHKST03010230", symbol, **ask, **more)["output2"]


def test_minutes_of_days_before_are_a_hundred_and_twenty_and_run_on_into_the_day_before(real: Any) -> None:
    days = real.exchange.flow_days(SAMSUNG)
    bars = real.exchange.minutes(SAMSUNG, days[-3])
    rows = minutes_before(real, f"{days[-3]:%Y%m%d}", "100000")
    own = [bar for bar in bars if bar.start <= 600]
    assert len(rows) == 120
    assert [row["stck_cntg_hour"] for row in rows[: len(own)]] == [clock_of(bar) for bar in reversed(own)]
    for row, bar in zip(rows, reversed(own), strict=False):
        told = tuple(int(row[name]) for name in ("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_prpr", "cntg_vol"))
        assert told == (bar.open, bar.high, bar.low, bar.close, bar.volume)
    assert {row["stck_bsop_date"] for row in rows[len(own) :]} == {f"{days[-4]:%Y%m%d}"}
    assert rows[len(own)]["stck_cntg_hour"] == clock_of(real.exchange.minutes(SAMSUNG, days[-4])[-1])
    assert int(rows[0]["acml_tr_pbmn"]) == sum(bar.turnover for bar in own)


def clock_of(bar: Any) -> str:
    return f"{bar.start // 60:02}{bar.start % 60:02}00"


def test_minutes_without_a_trade_are_absent_and_a_day_off_answers_the_day_before(real: Any) -> None:
    sunday, friday = "20261115", "20261113"
    rows = minutes_before(real, sunday, "153000", "069500")
    assert {row["stck_bsop_date"] for row in rows} == {friday}
    assert "0" not in {row["cntg_vol"] for row in rows}
    assert len({row["stck_cntg_hour"] for row in rows}) == 120


def test_minutes_of_days_before_end_with_the_251st_day(real: Any) -> None:
    days = real.exchange.flow_days(SAMSUNG)
    assert minutes_before(real, f"{days[-250]:%Y%m%d}", "090000")[-1]["stck_bsop_date"] == f"{days[-250]:%Y%m%d}"
    assert minutes_before(real, f"{days[-251]:%Y%m%d}", "200000") == []


def test_the_evening_is_among_the_minutes_and_nxt_has_its_own(real: Any) -> None:
    day = real.exchange.flow_days(SAMSUNG)[-2]
    assert minutes_before(real, f"{day:%Y%m%d}", "200000")[0]["stck_cntg_hour"] > "160000"
    morning = minutes_before(real, f"{day:%Y%m%d}", "090000", FID_COND_MRKT_DIV_CODE="NX")
    assert morning[-1]["stck_bsop_date"] < morning[0]["stck_bsop_date"]
    assert any(row["stck_cntg_hour"] < "085000" for row in morning if row["stck_bsop_date"] == f"{day:%Y%m%d}")


def test_names_in_small_letters_ask_for_charts_too(real: Any) -> None:
    fields = {"fid_input_date_1": "20000101", "fid_input_date_2": "29991231", "fid_period_div_code": "D"}
    more = {"fid_cond_mrkt_div_code": "J", "fid_input_iscd": HYNIX, "fid_org_adj_prc": "1"}
    path = "/uapi/domestic-stock/v1/quotations/inquire-daily-itemchartprice"
    body = real.get(path, "FHKST03010100", {**fields, **more}).json()
    assert body["output1"]["stck_shrn_iscd"] == HYNIX
    assert len(body["output2"]) == 100


def test_chart_from_the_year_nought_on_is_all_there_is(real: Any) -> None:
    body = chart(real, FID_INPUT_DATE_1="00000101")
    assert len(body["output2"]) == 100
