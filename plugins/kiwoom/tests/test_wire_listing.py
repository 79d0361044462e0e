"""What Kiwoom lists, as the adapter reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import UnknownSymbol, WireError
from brokerkit.models import Instrument
from brokerkit.words import MarketAlert, SecurityType, Segment

MARKETS = ["0", "10", "50", "8", "60", "70", "90", "6", "2", "4", "9", "5", "7", "3"]
SAMSUNG = {
    "code": "005930",
    "name": "삼성전자",
    "listCount": "0000005919637922",
    "auditInfo": "정상",
    "regDay": "19750611",
    "lastPrice": "00070000",
    "state": "증거금20%|담보대출|신용가능",
    "marketCode": "0",
    "marketName": "거래소",
    "upName": "전기전자",
    "upSizeName": "대형주",
    "companyClassName": "",
    "orderWarning": "0",
    "nxtEnable": "Y",
    "kind": "A",
}
"""A row as servers answer it: with a fifteenth field that no document has."""
KOSDAQ = {**SAMSUNG, "code": "035720", "name": "모의", "marketCode": "10", "nxtEnable": ""}
ETF = {**SAMSUNG, "code": "069500", "name": "KODEX 200", "marketCode": "8", "upName": "", "nxtEnable": ""}
BLANK = dict.fromkeys(SAMSUNG, "")


def rows(*listed: Mapping[str, str]) -> dict[str, object]:
    return {"return_code": 0, "return_msg": "정상적으로 처리되었습니다", "list": list(listed)}


def told(wire: Any, *listed: Mapping[str, str]) -> dict[str, Instrument]:
    """Return what is listed where every list has these rows beside one of KOSDAQ and one ETF."""
    found = wire.answer("ka10099", rows(*listed, KOSDAQ, ETF, *([] if listed else [SAMSUNG]))).broker.instruments()
    return {each.symbol: each for each in found}


def with_row(wire: Any, **changes: str) -> Instrument:
    return told(wire, {**SAMSUNG, **changes}, {**SAMSUNG, "code": "000010"})["005930"]


def test_every_market_is_asked_for_and_each_list_is_filtered_by_its_market(wire: Any) -> None:
    found = told(wire, SAMSUNG, BLANK)
    assert [call.body for call in wire.of("ka10099")] == [{"mrkt_tp": market} for market in MARKETS]
    assert list(found) == ["005930", "035720", "069500"]
    assert found["005930"] == Instrument(
        symbol="005930",
        name="삼성전자",
        market=Segment.KOSPI,
        kind=SecurityType.STOCK,
        currency="KRW",
        sector="전기전자",
        listed_shares=Decimal(5_919_637_922),
        listed_on=dt.date(1975, 6, 11),
        base_price=Decimal(70_000),
        upper_limit=Decimal(91_000),
        lower_limit=Decimal(49_000),
        tick=Decimal(100),
        halted=False,
        administrative=False,
        liquidation=False,
        alert=MarketAlert.NONE,
        overheated=False,
        caution=False,
        nxt=True,
    )
    assert (found["069500"].kind, found["069500"].sector, found["069500"].nxt) == (SecurityType.ETF, None, False)
    assert found["035720"].market is Segment.KOSDAQ


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"state": "관리종목|증거금100%"}, {"administrative": True, "halted": False}),
        ({"state": "증거금100%|거래정지"}, {"administrative": False, "halted": True}),
        ({"state": "증거금20%", "auditInfo": "관리종목"}, {"administrative": True, "caution": None}),
        ({"state": ""}, {"administrative": None, "halted": None}),
        ({"auditInfo": "투자주의환기종목"}, {"caution": True, "alert": MarketAlert.NONE}),
        ({"auditInfo": "?"}, {"caution": None}),
        ({"orderWarning": "1"}, {"caution": True, "alert": None, "overheated": None, "liquidation": None}),
        ({"orderWarning": "2"}, {"liquidation": True, "alert": None, "overheated": None, "upper_limit": None}),
        ({"orderWarning": "3"}, {"overheated": True, "liquidation": None, "alert": None}),
        ({"orderWarning": "4"}, {"alert": MarketAlert.RISK, "overheated": None}),
        ({"orderWarning": "5"}, {"alert": MarketAlert.WARNING, "liquidation": None}),
        ({"orderWarning": "?"}, {"alert": None, "overheated": None, "liquidation": None}),
        ({"regDay": "00000000"}, {"listed_on": None, "upper_limit": None}),
        ({"lastPrice": ""}, {"base_price": None, "tick": None}),
        ({"lastPrice": "-0070000"}, {"base_price": 70_000, "tick": 100, "lower_limit": 49_000}),
        ({"lastPrice": "00000000"}, {"base_price": None, "tick": None, "upper_limit": None}),
        ({"listCount": "0000000000000000"}, {"listed_shares": None}),
        ({"code": "A005930"}, {"symbol": "005930"}),
    ],
)
def test_a_warning_hides_the_others_and_what_is_hidden_is_not_told(
    changes: dict[str, str], fields: dict[str, object], wire: Any
) -> None:
    found = with_row(wire, **changes)
    assert {name: getattr(found, name) for name in fields} == fields


@pytest.mark.parametrize("field", ["listCount", "lastPrice", "regDay"])
def test_a_row_that_is_not_as_documented_is_an_error(field: str, wire: Any) -> None:
    with pytest.raises(WireError, match=field):
        with_row(wire, **{field: "12x"})


def test_a_list_of_shares_without_rows_is_an_error(wire: Any) -> None:
    wire.answer("ka10099", rows())
    with pytest.raises(WireError, match="nothing is listed in market 0"):
        wire.broker.instruments()


def test_a_symbol_alone_is_asked_for_once(wire: Any) -> None:
    wire.answer("ka10100", {**SAMSUNG, "return_code": 0, "return_msg": ""})
    assert wire.broker.instrument("005930") == wire.broker.instrument("005930")
    assert [call.body for call in wire.of("ka10100")] == [{"stk_cd": "005930"}]
    assert wire.of("ka10099") == []


def test_a_blank_answer_about_a_symbol_is_none(wire: Any) -> None:
    wire.answer("ka10100", {**BLANK, "return_code": 0, "return_msg": ""})
    with pytest.raises(UnknownSymbol, match="does not list 005930"):
        wire.broker.instrument("005930")


def test_an_answer_about_another_symbol_is_an_error(wire: Any) -> None:
    wire.answer("ka10100", {**SAMSUNG, "return_code": 0, "return_msg": ""})
    with pytest.raises(WireError, match="about 005930, not 000660"):
        wire.broker.instrument("000660")
