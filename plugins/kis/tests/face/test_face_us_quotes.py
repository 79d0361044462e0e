"""Quotations of US shares at the KIS face, the symbol files, and what the demo lacks of them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import requests

from brokerkit.market import us
from brokerkit.market.us import NEW_YORK
from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.words import Segment, Side, Venue

QUOTATIONS, TRADING = "/uapi/overseas-price/v1/quotations", "/uapi/overseas-stock/v1/trading"
PRICE, DAILY, MINUTES = "HHDFS00000300", "HHDFS76240000", "HHDFS76950200"
Json = dict[str, Any]
DAYS = {"GUBN": "0", "BYMD": "", "MODP": "0"}
BARS = {"NMIN": "1", "PINC": "1", "NEXT": "", "NREC": "120", "FILL": "", "KEYB": ""}


def slots(**named: str) -> Json:
    """Return all ten slots of multprice, blank but those named."""
    blank = {f"{name}_{number:02d}": "" for number in range(1, 11) for name in ("EXCD", "SYMB")}
    return {"AUTH": "", "NREC": "10", **blank, **named}


def test_price_of_a_share_has_four_decimals_and_no_sign_but_in_its_rate(real: Any) -> None:
    quote = real.us.quote("US:AAPL")
    output = real.abroad("price", PRICE)["output"]
    assert output["rsym"] == "DNASAAPL"
    assert Decimal(output["last"]) == quote.price
    assert Decimal(output["base"]) == quote.previous_close
    assert output["zdiv"] == "4"
    assert len(output["last"].partition(".")[2]) == 4
    assert Decimal(output["diff"]) == abs(quote.change)
    assert output["rate"][0] in "+-"
    assert output["ordy"] == "매매 가능"


def test_a_share_that_nobody_has_traded_has_the_sign_0_and_a_blank_before_its_rate(real: Any) -> None:
    real.us.unopen("US:AAPL")
    output = real.abroad("price", PRICE)["output"]
    assert (output["sign"], output["diff"], output["rate"], output["tvol"]) == ("0", "0.0000", " 0.00", "0")


@pytest.mark.parametrize(("symbol", "at"), [("ZZZZZ", "NAS"), ("AAPL", "NYS"), ("BRK.B", "NYS"), ("0700", "HKS")])
def test_of_what_an_exchange_does_not_list_every_figure_is_blank(real: Any, symbol: str, at: str) -> None:
    body = real.abroad("price", PRICE, symbol, at)
    assert body["rt_cd"] == "0"
    assert body["output"].pop("rsym") == f"D{at}{symbol}"
    assert set(body["output"].values()) == {""}


def test_the_class_of_a_share_stands_behind_a_stroke(real: Any) -> None:
    assert Decimal(real.abroad("price", PRICE, "BRK/B", "NYS")["output"]["last"]) == real.us.quote("US:BRK.B").price


def test_an_exchange_that_nobody_knows_is_refused(real: Any) -> None:
    assert real.refusal_of(real.abroad("price", PRICE, at="XXX")) == ("2", "OPSQ2001")


def test_price_detail_tells_lot_step_no_limits_and_the_rate_of_the_dollar(real: Any) -> None:
    output = real.abroad("price-detail", "HHDFS76200200")["output"]
    assert (output["curr"], output["vnit"], output["e_hogau"]) == ("USD", "1", "0.0100")
    assert (output["uplp"], output["dnlp"]) == ("0.0000", "0.0000")
    assert Decimal(output["t_rate"]) == real.us.exchange_rate
    assert output["e_ordyn"] == "매매 가능"
    cheap = next(each for each in real.us.instruments.values() if each.previous_close < Decimal("0.9"))
    at = {Segment.NASDAQ: "NAS", Segment.NYSE: "NYS", Segment.AMEX: "AMS"}[cheap.market]
    assert real.abroad("price-detail", "HHDFS76200200", cheap.symbol[3:], at)["output"]["e_hogau"] == "0.0001"


def test_the_daytime_market_has_exchange_codes_of_its_own(real: Any) -> None:
    output = real.abroad("price", PRICE, at="BAQ")["output"]
    assert (output["rsym"], Decimal(output["last"])) == ("DBAQAAPL", real.us.quote("US:AAPL").price)


def test_the_order_book_has_ten_levels_a_side(real: Any) -> None:
    book = real.us.order_book("US:AAPL")
    output = real.abroad("inquire-asking-price", "HHDFS76200100")["output2"]
    assert [Decimal(output[f"pask{level}"]) for level in range(1, 11)] == [level.price for level in book.asks]
    assert [Decimal(output[f"vbid{level}"]) for level in range(1, 11)] == [level.quantity for level in book.bids]


def test_trades_tell_korean_time_alone_and_the_session_in_codes_of_their_own(real: Any) -> None:
    real.us.trade("US:AAPL", Side.BUY, Decimal(7))
    (head,), rows = (
        real.abroad("inquire-ccnl", "HHDFS76200300", KEYB="", TDAY="1")[block] for block in ("output1", "output2")
    )
    newest = real.us.trades("US:AAPL")[-1]
    assert head["NREC"] == str(len(rows))
    assert (rows[0]["evol"], Decimal(rows[0]["last"]), rows[0]["mtyp"]) == ("7", newest.price, "0")
    assert rows[0]["khms"] == f"{newest.time:%H%M%S}"
    before = real.abroad("inquire-ccnl", "HHDFS76200300", KEYB="", TDAY="0")["output2"]
    assert before[0]["mtyp"] == "2"  # the last trades of a day are those of the after-market


def test_several_prices_want_all_ten_slots(real: Any) -> None:
    fields = slots(EXCD_01="NAS", SYMB_01="AAPL", EXCD_02="NYS", SYMB_02="KO", EXCD_10="NYS", SYMB_10="AAPL")
    path = f"{QUOTATIONS}/multprice"
    body = real.get(path, "HHDFS76220000", fields).json()
    assert [(row["excd"], row["symb"]) for row in body["output2"]] == [("NAS", "AAPL"), ("NYS", "KO"), ("NYS", "AAPL")]
    assert [Decimal(row["last"] or 0) for row in body["output2"]] == [
        real.us.quote("US:AAPL").price,
        real.us.quote("US:KO").price,
        0,
    ]
    del fields["SYMB_07"]
    refused = real.get(path, "HHDFS76220000", fields).json()
    assert real.refusal_of(refused) == ("2", "OPSQ2001")
    assert "SYMB_07" in refused["msg1"]


def test_daily_bars_are_a_hundred_and_lead_back_by_their_date(real: Any) -> None:
    candles = real.us.daily_candles("US:AAPL")
    first = real.abroad("dailyprice", DAILY, **DAYS)["output2"]
    assert len(first) == 100
    assert [row["xymd"] for row in first] == [f"{bar.time:%Y%m%d}" for bar in reversed(candles[-100:])]
    assert Decimal(first[1]["clos"]) == candles[-2].close
    assert not any(row["diff"].startswith("-") for row in first)
    further = real.abroad("dailyprice", DAILY, **{**DAYS, "BYMD": first[-1]["xymd"]})["output2"]
    assert further[0] == first[-1]
    assert further[1]["xymd"] < first[-1]["xymd"]


@pytest.mark.parametrize(("code", "days"), [("1", 7), ("2", 31)])
def test_weeks_and_months_are_longer_bars(real: Any, code: str, days: int) -> None:
    rows = real.abroad("dailyprice", DAILY, **{**DAYS, "GUBN": code})["output2"]
    dates = [dt.datetime.strptime(row["xymd"], "%Y%m%d").replace(tzinfo=NEW_YORK) for row in rows[1:4]]
    assert all(
        dt.timedelta(days - 5) <= later - earlier <= dt.timedelta(days + 4) for later, earlier in pairwise(dates)
    )


def test_minutes_tell_the_day_of_trading_the_clock_there_and_the_clock_here(real: Any) -> None:
    body = real.abroad("inquire-time-itemchartprice", MINUTES, **BARS)
    newest = [bar for bar in real.us.minute_candles("US:AAPL") if bar.volume][-1]
    row = body["output2"][0]
    there = newest.time.astimezone(NEW_YORK)
    assert (row["tymd"], row["xymd"]) == (f"{real.us.today:%Y%m%d}", f"{there:%Y%m%d}")
    assert (row["xhms"], row["khms"]) == (f"{there:%H%M%S}", f"{newest.time:%H%M%S}")
    assert (Decimal(row["last"]), Decimal(row["evol"])) == (newest.close, newest.volume)
    assert (body["output1"]["stim"], body["output1"]["etim"]) == ("093000", "160000")


def test_minutes_go_back_by_a_key_of_local_time(real: Any) -> None:
    first = real.abroad("inquire-time-itemchartprice", MINUTES, **BARS)
    assert (len(first["output2"]), first["output1"]["next"]) == (120, "1")
    oldest = first["output2"][-1]
    moment = dt.datetime.strptime(oldest["xymd"] + oldest["xhms"], "%Y%m%d%H%M%S").replace(tzinfo=NEW_YORK)
    key = f"{moment - dt.timedelta(minutes=1):%Y%m%d%H%M%S}"
    further = real.abroad("inquire-time-itemchartprice", MINUTES, **{**BARS, "NEXT": "1", "KEYB": key})["output2"]
    told = [row["xymd"] + row["xhms"] for row in first["output2"] + further]
    assert told == sorted(set(told), reverse=True)
    assert all("093000" <= moment[8:] < "160000" for moment in told)


def test_minutes_without_the_days_before_are_those_of_today(real: Any) -> None:
    body = real.abroad("inquire-time-itemchartprice", MINUTES, **{**BARS, "PINC": "0", "NMIN": "5"})
    assert {row["tymd"] for row in body["output2"]} == {f"{real.us.today:%Y%m%d}"}
    assert all(int(row["xhms"][2:4]) % 5 == 0 for row in body["output2"])
    assert sum(int(row["evol"]) for row in body["output2"]) == real.us.quote("US:AAPL").volume


def test_search_tells_how_many_there_are_and_each_with_its_rank(real: Any) -> None:
    shares = [each for each in real.us.instruments.values() if each.market is Segment.NASDAQ]
    body = real.get(f"{QUOTATIONS}/inquire-search", "HHDFS76410000", {"AUTH": "", "EXCD": "NAS", "KEYB": ""}).json()
    assert body["output1"]["trec"] == str(len(shares))
    assert [row["rank"] for row in body["output2"]] == [str(rank) for rank in range(1, len(shares) + 1)]
    values = [int(row["valx"]) for row in body["output2"]]
    assert values == sorted(values, reverse=True)
    assert body["output2"][0]["e_ordyn"] == "○"


def test_search_goes_on_behind_the_last_rank(real: Any) -> None:
    fields = {"AUTH": "", "EXCD": "NAS", "KEYB": "5"}
    body = real.get(f"{QUOTATIONS}/inquire-search", "HHDFS76410000", fields, tr_cont="N").json()
    assert body["output2"][0]["rank"] == "6"


def test_search_keeps_to_its_conditions(real: Any) -> None:
    fields = {"AUTH": "", "EXCD": "NYS", "CO_YN_PRICECUR": "1", "CO_ST_PRICECUR": "100", "CO_EN_PRICECUR": "200"}
    rows = real.get(f"{QUOTATIONS}/inquire-search", "HHDFS76410000", fields).json()["output2"]
    assert rows
    assert all(100 <= Decimal(row["last"]) <= 200 for row in rows)


def test_a_product_tells_its_exchange_and_whether_the_daytime_market_has_it(real: Any) -> None:
    for code, kind in (("AAPL", "512"), ("BRK/A", "513"), ("SPY", "529")):
        share = real.us.instruments[f"US:{code.replace('/', '.')}"]
        assert isinstance(share, UsInstrument)
        fields = {"PDNO": code, "PRDT_TYPE_CD": kind}
        output = real.get(f"{QUOTATIONS}/search-info", "CTPF1702R", fields).json()["output"]
        assert output["prdt_eng_name"] == share.english_name
        assert output["dtm_tr_psbl_yn"] == ("Y" if share.daytime else "N")
        # The call of Korean products answers for it as well, in the sample too.
        same = real.get("/uapi/domestic-stock/v1/quotations/search-info", "CTPF1604R", fields).json()["output"]
        assert (same["pdno"], same["prdt_name"]) == (code, share.name)
    refused = real.get(f"{QUOTATIONS}/search-info", "CTPF1702R", {"PDNO": "AAPL", "PRDT_TYPE_CD": "513"}).json()
    assert real.refusal_of(refused) == ("7", "APBK0656")


def test_settlement_is_a_day_after_the_trade_there_and_later_here(real: Any) -> None:
    fields = {"TRAD_DT": "20261124", "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
    path = "/uapi/overseas-stock/v1/quotations/countries-holiday"
    rows = real.get(path, "CTOS5011R", fields).json()["output"]
    assert {row["prdt_type_cd"] for row in rows} >= {"512", "513", "529"}
    assert {(row["acpl_sttl_dt"], row["dmst_sttl_dt"]) for row in rows} == {("20261125", "20261127")}


@pytest.mark.parametrize(("market", "code"), [("N", ".DJI"), ("N", "SPX"), ("N", "AAPL"), ("X", "FX@KRW")])
def test_indices_shares_in_them_and_the_dollar_have_bars(real: Any, market: str, code: str) -> None:
    asked = {"FID_COND_MRKT_DIV_CODE": market, "FID_INPUT_ISCD": code, "FID_PERIOD_DIV_CODE": "D"}
    days = {"FID_INPUT_DATE_1": "20200101", "FID_INPUT_DATE_2": "20991231"}
    body = real.get(f"{QUOTATIONS}/inquire-daily-chartprice", "FHKST03030100", {**asked, **days}).json()
    rows = body["output2"]
    assert len(rows) == 100
    assert rows[0]["stck_bsop_date"] == f"{real.us.today:%Y%m%d}"
    assert rows[0]["ovrs_nmix_prpr"] == body["output1"]["ovrs_nmix_prpr"]
    if code == "FX@KRW":
        assert Decimal(rows[0]["ovrs_nmix_prpr"]) == real.us.exchange_rate
    hours = {"FID_HOUR_CLS_CODE": "0", "FID_PW_DATA_INCU_YN": "Y"}
    minutes = real.get(f"{QUOTATIONS}/inquire-time-indexchartprice", "FHKST03030200", {**asked, **hours}).json()
    assert 1 <= len(minutes["output2"]) <= 102
    assert minutes["output2"][0]["optn_prpr"] == rows[0]["ovrs_nmix_prpr"]


def test_an_index_of_another_country_is_refused(real: Any) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "N", "FID_INPUT_ISCD": "HSCE", "FID_PERIOD_DIV_CODE": "D"}
    days = {"FID_INPUT_DATE_1": "20200101", "FID_INPUT_DATE_2": "20991231"}
    body = real.get(f"{QUOTATIONS}/inquire-daily-chartprice", "FHKST03030100", {**fields, **days}).json()
    assert real.refusal_of(body) == ("2", "OPSQ2001")


@pytest.mark.parametrize(("name", "segment"), [("nas", Segment.NASDAQ), ("nys", Segment.NYSE), ("ams", Segment.AMEX)])
def test_symbol_files_have_24_columns_of_cp949_parted_by_tabs(real: Any, name: str, segment: Segment) -> None:
    answer = requests.get(f"{real.server.url}/common/master/{name}mst.cod.zip", timeout=30)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (member,) = archive.namelist()
        lines = [line.split("\t") for line in archive.read(member).decode("cp949").splitlines()]
    assert member.lower() == f"{name}mst.cod"
    assert {len(line) for line in lines} == {24}
    listed = {line[4]: line for line in lines if line[8] in ("2", "3")}
    shares = {each.symbol: each for each in real.us.instruments.values() if each.market is segment}
    assert listed.keys() == {symbol[3:].replace(".", "/") for symbol in shares}
    for code, line in listed.items():
        share = shares[f"US:{code.replace('/', '.')}"]
        assert (line[2], line[5], line[9]) == (name.upper(), f"{name.upper()}{code}", "USD")
        assert (line[6], Decimal(line[12])) == (share.name, share.previous_close)
    assert [line[4] for line in lines if line[8] == "1"]  # indices are in the files too


@pytest.mark.parametrize("name", ["shs", "szi", "tse", "hks", "hnx"])
def test_symbol_files_of_other_countries_are_there_and_empty(real: Any, name: str) -> None:
    answer = requests.get(f"{real.server.url}/common/master/{name}mst.cod.zip", timeout=30)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert [archive.read(member) for member in archive.namelist()] == [b""]


def test_a_face_without_a_us_exchange_plays_none_of_it(real: Any) -> None:
    del real.face.exchanges["US"]
    answer = real.get(f"{QUOTATIONS}/price", PRICE, {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"})
    assert (answer.json()["msg_cd"], answer.headers["X-Brokerkit-Sandbox"]) == ("90000000", "not-played")
    assert requests.get(f"{real.server.url}/common/master/nasmst.cod.zip", timeout=30).status_code == 404


@pytest.mark.parametrize(
    ("name", "tr_id", "more"),
    [
        ("price-detail", "HHDFS76200200", {}),
        ("inquire-asking-price", "HHDFS76200100", {}),
        ("inquire-time-itemchartprice", MINUTES, BARS),
        ("inquire-ccnl", "HHDFS76200300", {"KEYB": "", "TDAY": "1"}),
        ("multprice", "HHDFS76220000", slots()),
        ("search-info", "CTPF1702R", {"PDNO": "AAPL", "PRDT_TYPE_CD": "512"}),
    ],
)
def test_the_demo_lacks_most_quotations(demo: Any, name: str, tr_id: str, more: Json) -> None:
    params = {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL", **more}
    assert demo.code_of(demo.get(f"{QUOTATIONS}/{name}", tr_id, params)) == (500, "1", "EGW02006")


def test_the_demo_has_price_days_search_and_indices(demo: Any) -> None:
    assert demo.abroad("price", PRICE)["output"]["last"]
    assert demo.abroad("dailyprice", DAILY, **DAYS)["output2"]
    assert demo.get(f"{QUOTATIONS}/inquire-search", "HHDFS76410000", {"AUTH": "", "EXCD": "NAS"}).json()["output2"]


def test_half_days_and_summer_time_move_what_the_minutes_are_headed_by(open_customer: Callable[..., Any]) -> None:
    customer = open_customer(today=dt.date(2026, 7, 1))
    head = customer.abroad("inquire-time-itemchartprice", MINUTES, **BARS)["output1"]
    assert (head["sktm"], head["ektm"]) == ("223000", "050000")
    assert customer.us.now().astimezone(NEW_YORK).date() == dt.date(2026, 7, 1)
    half = open_customer(today=dt.date(2026, 11, 27))
    assert half.abroad("inquire-time-itemchartprice", MINUTES, **BARS)["output1"]["etim"] == "130000"
    assert us.sessions_of(Venue.US, dt.date(2026, 11, 27))
