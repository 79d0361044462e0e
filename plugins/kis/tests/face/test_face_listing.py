"""Symbols and trading days of the KIS face."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

import pytest
import requests

from brokerkit.market.days import LAST_KNOWN_DAY, is_trading_day
from brokerkit.sandbox.exchange import Segment
from brokerkit.sandbox.instruments import isin_of
from brokerkit.words import SecurityType

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
SAMSUNG = "005930"
FUND = "069500"
Json = dict[str, Any]


def info(real: Any, name: str, tr_id: str, symbol: str = SAMSUNG, kind: str = "300") -> Json:
    body: Json = real.get(f"{QUOTATIONS}/{name}", tr_id, {"PDNO": symbol, "PRDT_TYPE_CD": kind}).json()
    return body


def test_share_is_told_with_the_figures_of_the_exchange(real: Any) -> None:
    kosdaq = next(found for found in real.exchange.instruments.values() if found.market is Segment.KOSDAQ)
    for symbol in (SAMSUNG, FUND, kosdaq.symbol):
        instrument = real.exchange.instruments[symbol]
        output = info(real, "search-stock-info", "CTPF1002R", symbol)["output"]
        assert output["pdno"] == f"00000A{symbol}"
        assert (output["prdt_abrv_name"], int(output["lstg_stqt"])) == (instrument.name, instrument.listed_shares)
        assert int(output["bfdy_clpr"]) == instrument.previous_close
        assert output["cptt_trad_tr_psbl_yn"] == ("Y" if instrument.nxt else "N")
        assert output["scty_grp_id_cd"] == ("ST" if instrument.kind is SecurityType.STOCK else "EF")
        since = "kosdaq_mket_lstg_dt" if instrument.market is Segment.KOSDAQ else "scts_mket_lstg_dt"
        assert output[since] == f"{instrument.listed_on:%Y%m%d}"


def test_product_is_told_by_type_and_another_type_has_rt_cd_7(real: Any) -> None:
    body = info(real, "search-info", "CTPF1604R")
    assert (body["rt_cd"], body["msg_cd"], len(body["msg1"].encode("cp949"))) == ("0", "KIOK0530", 80)
    assert body["output"]["shtn_pdno"] == SAMSUNG
    assert body["output"]["prdt_name"] == real.exchange.instruments[SAMSUNG].name
    for symbol, kind in ((SAMSUNG, "512"), ("999999", "300")):
        assert info(real, "search-info", "CTPF1604R", symbol, kind)["rt_cd"] == "7"


@pytest.mark.parametrize(("symbol", "isin"), [("005930", "KR7005930003"), ("000660", "KR7000660001")])
def test_isin_of_a_common_share_has_the_right_check_digit(symbol: str, isin: str) -> None:
    assert isin_of(symbol, SecurityType.STOCK) == isin


def test_calendar_reaches_half_a_year_ahead(open_customer: Any) -> None:
    customer = open_customer(today=dt.date(2026, 11, 20))
    assert calendar(customer, "20270522").json()["output"][-1]["bass_dt"] == "20270522"
    beyond = calendar(customer, "20270523")
    assert (beyond.json()["msg_cd"], beyond.json()["output"]) == ("KIOK0560", [])


def calendar(real: Any, day: str, tr_cont: str = "", **keys: str) -> Any:
    fields = {"BASS_DT": day, "CTX_AREA_NK": "", "CTX_AREA_FK": "", **keys}
    return real.get(f"{QUOTATIONS}/chk-holiday", "CTCA0903R", fields, tr_cont=tr_cont)


def test_calendar_goes_on_page_by_page(real: Any) -> None:
    first = calendar(real, "20261220")
    body = first.json()
    assert (body["msg_cd"], first.headers["tr_cont"], len(body["output"])) == ("KIOK0500", "F", 24)
    keys = {"CTX_AREA_NK": body["ctx_area_nk"], "CTX_AREA_FK": body["ctx_area_fk"]}
    assert {len(key) for key in keys.values()} == {20}
    second = calendar(real, "20261220", "N", **keys)
    days = [row["bass_dt"] for row in body["output"] + second.json()["output"]]
    assert days == [f"{dt.date(2026, 12, 20) + dt.timedelta(days=count):%Y%m%d}" for count in range(48)]
    reach = min(real.exchange.today + dt.timedelta(days=183), LAST_KNOWN_DAY)
    end = calendar(real, f"{reach - dt.timedelta(days=3):%Y%m%d}")
    assert (len(end.json()["output"]), end.headers["tr_cont"], end.json()["ctx_area_nk"].strip()) == (4, "E", "")


def test_calendar_tells_when_orders_are_taken(real: Any) -> None:
    rows = {row["bass_dt"]: row for row in calendar(real, "20261220").json()["output"]}
    for day, row in rows.items():
        date = dt.date(int(day[:4]), int(day[4:6]), int(day[6:]))
        assert row["opnd_yn"] == ("Y" if is_trading_day(date) else "N")
        assert row["tr_day_yn"] == "Y"
    assert [rows["20261231"][name] for name in ("bzdy_yn", "opnd_yn", "sttl_day_yn")] == ["Y", "N", "N"]
    assert (rows["20261220"]["wday_dvsn_cd"], rows["20261221"]["wday_dvsn_cd"]) == ("01", "02")


def test_the_day_that_is_played_is_open_even_on_a_sunday(open_customer: Any) -> None:
    sunday = open_customer(today=dt.date(2026, 11, 22))
    assert calendar(sunday, "20261122").json()["output"][0]["opnd_yn"] == "Y"
    assert sunday.order()["rt_cd"] == "0"


def test_a_master_file_is_for_everybody(real: Any) -> None:
    answer = requests.get(f"{real.server.url}/common/master/kosdaq_code.mst.zip", timeout=30)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (name,) = archive.namelist()
        lines = archive.read(name).splitlines()
    assert name.lower() == "kosdaq_code.mst"
    assert {len(line) for line in lines} == {61 + 221}
    listed = [each for each in real.exchange.instruments.values() if each.market is Segment.KOSDAQ]
    assert [line[:9].decode().strip() for line in lines] == [each.symbol for each in listed]
    assert [line[21:61].decode("cp949").strip() for line in lines] == [each.name for each in listed]
    assert {line[61:63] for line in lines} == {b"ST"}
    assert requests.post(f"{real.server.url}/common/master/kosdaq_code.mst.zip", timeout=30).status_code == 405
    assert requests.get(f"{real.server.url}/common/master/other_code.mst.zip", timeout=30).status_code == 404
