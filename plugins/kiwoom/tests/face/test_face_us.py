"""US stocks at the Kiwoom face: what is listed, prices, books, trades and charts, over plain HTTP."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from brokerkit_kiwoom.sandbox import us_pace

from brokerkit.catalogue import Catalogue
from brokerkit.clock import KST
from brokerkit.market.sessions import Phase
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import APPLE, Customer
from plugins.kiwoom.tests.face.us_customers import AAPL

NEW_YORK = ZoneInfo("America/New_York")


def test_what_is_listed_is_told_by_exchange_and_by_ticker(customer: Customer) -> None:
    everything = customer.call("usa10099", {"stex_tp": "%"})["list"]
    by_exchange = [customer.call("usa10099", {"stex_tp": code})["list"] for code in ("ND", "NY", "NA")]
    assert sorted(row["stk_cd"] for row in everything) == sorted(row["stk_cd"] for rows in by_exchange for row in rows)
    assert [{row["stex_tp"] for row in rows} for rows in by_exchange] == [{"ND"}, {"NY"}, {"NA"}]
    assert {row["isEtf"] for row in everything} == {"Y", "N"}
    (found,) = customer.call("usa10098", {"stk_cd": "AAPL"})["list"]
    assert found in everything
    assert found["stex_tp"] == "ND"
    answer = customer.call("usa10100", {"stk_cd": "AAPL"})
    assert {name: answer[name] for name in found} == found
    assert customer.refusal("usa10098", {"stk_cd": "NOPE"})[0] == 7


@pytest.mark.parametrize("api_id", ["usa20100", "usa20101", "usa20150", "usa06011", "usa06012"])
def test_another_exchange_than_that_of_the_listing_is_refused(customer: Customer, api_id: str) -> None:
    kind, message = customer.refusal(api_id, {"stex_tp": "NY", "stk_cd": "AAPL"})
    assert (kind, "1903" in message) == (7, True)


@pytest.mark.parametrize("missing", ["stex_tp", "stk_cd"])
def test_a_price_needs_exchange_and_ticker(customer: Customer, missing: str) -> None:
    kind, message = customer.refusal("usa20100", {**APPLE, missing: ""})
    assert (kind, f"[1511:값이 없습니다. 필수입력 파라미터={missing}]" in message) == (2, True)


def test_a_price_has_the_sign_of_its_direction_and_four_decimals(customer: Customer) -> None:
    base = customer.us.instruments[AAPL].previous_close
    for price, sign in ((base + 1, "+"), (base - 1, "-"), (base, "")):
        customer.us.move(AAPL, price)
        told = customer.call("usa20100", APPLE)
        assert told["cur_prc"] == f"{sign}{price:.4f}"
        assert Decimal(told["pred_pre"]) == price - base
        assert told["base_close_pric"] == f"{base:.4f}"
    assert told["upl_pric"] == told["lst_pric"] == ""
    assert Decimal(told["base_exrt"]) == customer.us.exchange_rate
    shares = customer.us.instruments[AAPL].listed_shares
    assert Decimal(told["mac"]) == int(shares * base / 1000)


def test_open_high_and_low_are_blank_before_the_open(customer: Customer) -> None:
    names = ("open_pric", "high_pric", "low_pric")
    told = customer.call("usa20100", APPLE)
    assert all(told[name] for name in names)
    customer.us.phase = Phase.PRE_MARKET
    for api_id in ("usa20100", "usa20101"):
        told = customer.call(api_id, APPLE)
        assert [told[name] for name in names] == ["", "", ""]
        assert told["cur_prc"]


def test_the_book_has_ten_levels_a_side(customer: Customer) -> None:
    told, book = customer.call("usa20101", APPLE), customer.us.order_book(AAPL)
    for side, levels in (("sel", book.asks), ("buy", book.bids)):
        for rank, level in enumerate(levels, start=1):
            assert abs(Decimal(told[f"{side}_{rank}bid"])) == level.price
            assert told[f"{side}_{rank}bid_req"] == str(level.quantity)
    assert Decimal(told["netprps_req"]) == Decimal(told["tot_buy_req"]) - Decimal(told["tot_sel_req"])
    customer.us.halt(AAPL)
    told = customer.call("usa20101", APPLE)
    assert (told["sel_1bid"], told["sel_1bid_req"]) == ("", "0")
    assert customer.call("usa20100", APPLE)["trd_susp_tp"] == "1"


def test_trades_are_told_in_korean_time_beyond_midnight(customer: Customer) -> None:
    customer.us.forward(dt.timedelta(hours=4, minutes=35))  # 14:35 in New York, 04:35 in Korea
    customer.us.trade(AAPL, Side.BUY, Decimal(3))
    pages = customer.pages("usa20150", "result_list", APPLE)
    newest, oldest = pages[0][0], pages[-1][-1]
    assert newest["cntr_tm"][:4] == "2835"
    assert newest["trde_qty"] == "+3"
    assert oldest["cntr_tm"] < newest["cntr_tm"]
    assert sum(len(page) for page in pages) == len(customer.us.trades(AAPL))


@pytest.mark.parametrize("api_id", ["usa20151", "usa20590"])
def test_days_go_back_from_the_day_that_is_asked_for(customer: Customer, api_id: str) -> None:
    told = customer.call(api_id, {**APPLE, "base_dt": "20261118"})["result_list"]
    assert told[0]["dt"] == "20261118"
    assert [row["dt"] for row in told] == sorted((row["dt"] for row in told), reverse=True)
    candle = {f"{each.time:%Y%m%d}": each for each in customer.us.daily_candles(AAPL)}["20261118"]
    assert abs(Decimal(told[0]["cur_prc"])) == candle.close
    if api_id == "usa20590":
        assert told[0]["trde_prica"] == str(int(candle.turnover))


def minutes(customer: Customer, **changes: str) -> list[list[dict[str, str]]]:
    return customer.pages("usa06011", "result_list", {**APPLE, "strt_dt": "20261119", **changes}, most=2)


def test_minutes_come_a_hundred_a_page_on_new_yorks_clock(customer: Customer) -> None:
    first, second = minutes(customer)
    assert len(first) == len(second) == 100
    rows = first + second
    assert [row["cntr_tm"] for row in rows] == sorted((row["cntr_tm"] for row in rows), reverse=True)
    assert {row["bus_dt"] for row in first} == {"20261119"}
    bars = {
        f"{bar.time.astimezone(NEW_YORK):%Y%m%d%H%M%S}": bar
        for bar in customer.us.minute_bars(AAPL, dt.date(2026, 11, 19))
    }
    for row in first:
        bar = bars[row["cntr_tm"]]
        assert Decimal(row["cur_prc"]) == bar.close
        assert row["open_pric"] == f"{bar.open:.4f}"
        assert row["trde_qty"] == str(bar.volume)


def test_minutes_can_be_told_in_korean_hours_of_the_trading_day(customer: Customer) -> None:
    here = minutes(customer)[0]
    customer.face.tells_korean_clock = True
    there = minutes(customer)[0]
    assert [row["bus_dt"] for row in there] == [row["bus_dt"] for row in here]
    for korean, local in zip(there, here, strict=True):
        assert korean["cntr_tm"][:8] == korean["bus_dt"]
        hours = int(korean["cntr_tm"][8:10])
        midnight = dt.datetime.strptime(korean["bus_dt"], "%Y%m%d").replace(tzinfo=KST)
        moment = midnight + dt.timedelta(hours=hours, minutes=int(korean["cntr_tm"][10:12]))
        assert f"{moment.astimezone(NEW_YORK):%Y%m%d%H%M%S}" == local["cntr_tm"]
    assert max(int(row["cntr_tm"][8:10]) for row in there) > 23


def test_the_clock_of_the_book_follows_that_of_the_charts(customer: Customer) -> None:
    customer.us.forward(dt.timedelta(hours=1))
    told = customer.call("usa20101", APPLE)
    assert (told["dt"], told["bid_tm"]) == ("20261120", "11:00")
    customer.face.tells_korean_clock = True
    told = customer.call("usa20101", APPLE)
    assert (told["dt"], told["bid_tm"]) == ("20261121", "01:00")


def test_longer_minutes_are_counted_from_the_open(customer: Customer) -> None:
    rows = [row for page in minutes(customer, tic_scope="60") for row in page if row["bus_dt"] == "20261119"]
    regular = [row for row in rows if "0930" <= row["cntr_tm"][8:12] < "1600"]
    assert [row["cntr_tm"][10:12] for row in regular] == ["30"] * len(regular)
    assert sum(int(row["trde_qty"]) for row in rows) == customer.us.daily_candles(AAPL, days=2)[0].volume


@pytest.mark.parametrize(("api_id", "first"), [("usa06012", "20261110"), ("usa06013", "20261109")])
def test_bars_go_back_from_the_day_that_is_asked_for(customer: Customer, api_id: str, first: str) -> None:
    told = customer.call(api_id, {**APPLE, "strt_dt": "20261110"})["result_list"]
    assert told[0]["dt"] == first
    close = {f"{each.time:%Y%m%d}": each.close for each in customer.us.daily_candles(AAPL)}["20261110"]
    assert told[0]["cur_prc"] == f"{close:.4f}"


@pytest.mark.parametrize(
    ("api_id", "days"),
    [
        ("usa06014", ["20261102", "20261001", "20260901"]),
        ("usa06015", ["20260102", "20250102", "20240102"]),
        ("usa06016", ["20261001", "20260701", "20260401"]),
    ],
)
def test_long_bars_have_the_date_of_their_first_trading_day(customer: Customer, api_id: str, days: list[str]) -> None:
    assert [row["dt"] for row in customer.call(api_id, APPLE)["result_list"][:3]] == days


@pytest.mark.parametrize("api_id", ["usa06010", "usa06011", "usa06012", "usa06014"])
def test_prices_are_told_in_won_where_somebody_asks_for_that(customer: Customer, api_id: str) -> None:
    dollars, won = (
        customer.call(api_id, {**APPLE, "exrt_appl_tp": kind})["result_list"][5]["cur_prc"] for kind in ("0", "1")
    )
    assert Decimal(won) == (Decimal(dollars) * customer.us.exchange_rate).quantize(Decimal("0.0001"))


def test_bars_of_trades_add_up(customer: Customer) -> None:
    single, ten = (customer.pages("usa06010", "result_list", {**APPLE, "tic_scope": scope})[0] for scope in ("1", "10"))
    assert sum(int(row["trde_qty"]) for row in single[:10]) == int(ten[0]["trde_qty"])
    assert single[0]["cntr_tm"] == ten[0]["cntr_tm"]
    assert single[0]["bus_dt"] == "20261120"


def test_an_api_is_called_once_a_second_and_twice_after_a_rest(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(us_pace, "monotonic", lambda: now[0])
    customer.face.window.clear()
    headers = {"api-id": "usa20100", "authorization": f"Bearer {customer.token}"}

    def called(api_id: str = "usa20100") -> int:
        return customer.post("/api/us/mrkcond", APPLE, {**headers, "api-id": api_id}).status_code

    assert [called() for _ in range(3)] == [200, 200, 429]
    assert called("usa20101") == 200
    now[0] += 1
    assert [called() for _ in range(2)] == [200, 429]
    now[0] += 60
    assert [called() for _ in range(3)] == [200, 200, 429]
    customer.face.window.calls = 10**6
    assert {called() for _ in range(8)} == {200}


@pytest.mark.parametrize("api_id", ["usa20530", "usa20200"])
def test_the_other_calls_about_us_stocks_are_told_apart_from_what_does_not_exist(
    customer: Customer, api_id: str
) -> None:
    folder = {"usa20530": "rkinfo", "usa20200": "watchlist"}[api_id]
    fields = {each.name: "1" for each in Catalogue.at("brokerkit_kiwoom").api(api_id).request}
    answer = customer.post(f"/api/us/{folder}", fields, {"api-id": api_id, "authorization": f"Bearer {customer.token}"})
    assert answer.headers["X-Brokerkit-Sandbox"] == "made-up"
