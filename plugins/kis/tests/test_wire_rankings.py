"""Rankings and saved conditions at KIS: exact requests, and rows in its units."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit.errors import ConfigError, IncompleteListing, Rejected, Unsupported
from brokerkit.words import RankingKind, Venue

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
QUOTATIONS, RANKING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/ranking"
DONE = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상"}
MOVED = {"hts_kor_isnm": "한빛전자", "stck_prpr": "70300", "prdy_vrss": "-600", "prdy_vrss_sign": "5"}
MOVED |= {"prdy_ctrt": "-0.85", "acml_vol": "12345678"}
TRADED = {**MOVED, "mksc_shrn_iscd": "005930", "lstn_stcn": "5969782550", "acml_tr_pbmn": "876543219800"}
RISEN = {**MOVED, "stck_shrn_iscd": "005930", "prdy_vrss": "600", "prdy_ctrt": "0.86"}
WORTH = {**MOVED, "mksc_shrn_iscd": "005930", "lstn_stcn": "5969782550", "stck_avls": "4196757"}
BOUGHT = {**MOVED, "mksc_shrn_iscd": "005930", "ntby_qty": "2272000", "frgn_ntby_qty": "2272000"}
BOUGHT |= {"orgn_ntby_qty": "903000", "frgn_ntby_tr_pbmn": "185850", "orgn_ntby_tr_pbmn": "73865"}
HIT = {
    "code": "005930",
    "name": "한빛전자",
    "daebi": "5",
    "price": "00000070300.0000",
    "chgrate": "         -0.8500",
    "acml_vol": "   12345678.0000",
    "trade_amt": "     876543.0000",
    "change": "       -600.0000",
    "open": "      71400.0000",
    "high": "      71900.0000",
    "low": "      70100.0000",
    "recprice": "      70900.0000",
    "uplmtprice": "      92100.0000",
    "dnlmtprice": "      49700.0000",
    "stotprice": "    4196757.1327",
}
COMMON = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "0000"}
EVERYTHING = {"FID_DIV_CLS_CODE": "0", "FID_TRGT_CLS_CODE": "0", "FID_TRGT_EXLS_CLS_CODE": "0"}
BOUNDS = {"FID_INPUT_PRICE_1": "", "FID_INPUT_PRICE_2": "", "FID_VOL_CNT": ""}
VOLUME = {
    **COMMON,
    "FID_COND_SCR_DIV_CODE": "20171",
    "FID_DIV_CLS_CODE": "0",
    "FID_TRGT_CLS_CODE": "111111111",
    "FID_TRGT_EXLS_CLS_CODE": "000000",
    "FID_INPUT_PRICE_1": "0",
    "FID_INPUT_PRICE_2": "0",
    "FID_VOL_CNT": "0",
    "FID_INPUT_DATE_1": "0",
}
CHANGE = {
    **COMMON,
    **EVERYTHING,
    **BOUNDS,
    "FID_COND_SCR_DIV_CODE": "20170",
    "FID_INPUT_CNT_1": "0",
    "FID_PRC_CLS_CODE": "0",
    "FID_RSFL_RATE1": "",
    "FID_RSFL_RATE2": "",
}
NET = {
    "FID_COND_MRKT_DIV_CODE": "V",
    "FID_COND_SCR_DIV_CODE": "16449",
    "FID_INPUT_ISCD": "0000",
    "FID_DIV_CLS_CODE": "1",
    "FID_RANK_SORT_CLS_CODE": "0",
}
ASKED: list[tuple[RankingKind, str, str, dict[str, str], dict[str, str]]] = [
    (RankingKind.VOLUME, "FHPST01710000", f"{QUOTATIONS}/volume-rank", {**VOLUME, "FID_BLNG_CLS_CODE": "0"}, TRADED),
    (RankingKind.TURNOVER, "FHPST01710000", f"{QUOTATIONS}/volume-rank", {**VOLUME, "FID_BLNG_CLS_CODE": "3"}, TRADED),
    (
        RankingKind.GAINERS,
        "FHPST01700000",
        f"{RANKING}/fluctuation",
        {**CHANGE, "FID_RANK_SORT_CLS_CODE": "0"},
        RISEN,
    ),
    (
        RankingKind.LOSERS,
        "FHPST01700000",
        f"{RANKING}/fluctuation",
        {**CHANGE, "FID_RANK_SORT_CLS_CODE": "1"},
        {**RISEN, **MOVED},
    ),
    (
        RankingKind.MARKET_VALUE,
        "FHPST01740000",
        f"{RANKING}/market-cap",
        {**COMMON, **EVERYTHING, **BOUNDS, "FID_COND_SCR_DIV_CODE": "20174"},
        WORTH,
    ),
    (
        RankingKind.FOREIGN_NET_BUYING,
        "FHPTJ04400000",
        f"{QUOTATIONS}/foreign-institution-total",
        {**NET, "FID_ETC_CLS_CODE": "1"},
        BOUGHT,
    ),
    (
        RankingKind.INSTITUTION_NET_BUYING,
        "FHPTJ04400000",
        f"{QUOTATIONS}/foreign-institution-total",
        {**NET, "FID_ETC_CLS_CODE": "2"},
        BOUGHT,
    ),
]


@pytest.mark.parametrize(("kind", "id", "path", "query", "row"), ASKED, ids=[str(each[0]) for each in ASKED])
def test_each_ranking_is_asked_with_its_screen(
    kind: RankingKind, id: str, path: str, query: dict[str, str], row: dict[str, str], wire: Any
) -> None:
    wire.answer(id, {"output": [row], **DONE})
    (place,) = wire.broker.rankings(kind)
    (call,) = wire.of(id)
    assert (call.method, call.url[call.url.index("/uapi") :]) == ("GET", path)
    assert sorted(call.query) == sorted(query.items())
    assert (place.rank, place.symbol, place.name, place.price) == (1, "005930", "한빛전자", 70300)


def test_amounts_are_won_and_market_values_exact(wire: Any) -> None:
    wire.answer("FHPST01710000", {"output": [TRADED], **DONE})
    wire.answer("FHPTJ04400000", {"output": [BOUGHT], **DONE})
    (traded,) = wire.broker.rankings("TURNOVER")
    assert (traded.turnover, traded.volume) == (876_543_219_800, 12_345_678)
    assert traded.market_value == 5_969_782_550 * 70_300
    (foreign,) = wire.broker.rankings("FOREIGN_NET_BUYING")
    assert (foreign.net_quantity, foreign.net_amount, foreign.final) == (2_272_000, 185_850_000_000, False)
    (institution,) = wire.broker.rankings("INSTITUTION_NET_BUYING")
    assert (institution.net_quantity, institution.net_amount) == (903_000, 73_865_000_000)


@pytest.mark.parametrize(("market", "code"), [(None, "0000"), ("KOSPI", "0001"), ("KOSDAQ", "1001")])
def test_market_and_venue_have_their_codes(market: str | None, code: str, wire: Any) -> None:
    wire.answer("FHPST01740000", {"output": [], **DONE})
    assert len(wire.broker.rankings("MARKET_VALUE", market=market, venue=Venue.NXT)) == 0
    query = dict(wire.of("FHPST01740000")[0].query)
    assert (query["FID_INPUT_ISCD"], query["FID_COND_MRKT_DIV_CODE"]) == (code, "NX")


def test_an_etn_has_no_letter_and_a_row_without_a_price_is_none(wire: Any) -> None:
    rows = [{**TRADED, "mksc_shrn_iscd": "Q530031"}, {**TRADED, "mksc_shrn_iscd": "000660", "stck_prpr": "0"}]
    wire.answer("FHPST01710000", {"output": rows, **DONE})
    assert [place.symbol for place in wire.broker.rankings("VOLUME")] == ["530031"]


def test_the_demo_has_none(connect: Callable[..., Any]) -> None:
    wire = connect("demo").logged_in()
    for ask in (lambda: wire.broker.rankings("VOLUME"), wire.broker.conditions, lambda: wire.broker.screen("x")):
        with pytest.raises(Unsupported):
            ask()
    assert wire.calls == []


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
@pytest.mark.parametrize(
    ("kind", "id", "name", "figures"),
    [
        ("VOLUME", "FHPST01710000", "volume_rank__official_a", [8958147, 3285533, 3171164, 2833739, 2709946, 2286426]),
        ("GAINERS", "FHPST01700000", "fluctuation__official", ["22.66", "21.12", "20.36", "19.08", "16.02", "12.13"]),
        ("MARKET_VALUE", "FHPST01740000", "market_cap__official", [434003191385000]),
    ],
)
def test_official_rankings_are_read(kind: str, id: str, name: str, figures: list[str | int], wire: Any) -> None:
    path = Path(FOLDER or "", "kis", "examples", f"domestic_stock__{name}.json")
    wire.answer(id, json.loads(path.read_text(encoding="utf-8"))["response"]["body"])
    places = wire.broker.rankings(kind)
    field = {"VOLUME": "volume", "GAINERS": "change_percent", "MARKET_VALUE": "market_value"}[kind]
    assert len(places) == 6
    assert [getattr(place, field) for place in places][: len(figures)] == [Decimal(figure) for figure in figures]


# Saved conditions


@pytest.fixture
def named(connect: Callable[..., Any]) -> Any:
    """Return a broker whose profile has a login name."""
    return connect("real", hts_id="Trader7").logged_in()


def test_conditions_are_asked_by_the_login_name(named: Any) -> None:
    rows = [{"user_id": "Trader7", "seq": "0", "grp_nm": "단타", "condition_nm": "거래량 급증"}]
    named.answer("HHKST03900300", {"output2": rows, **DONE}).answer("HHKST03900400", {"output2": [HIT], **DONE})
    (condition,) = named.broker.conditions()
    assert (condition.id, condition.name, condition.group) == ("0", "거래량 급증", "단타")
    (call,) = named.of("HHKST03900300")
    assert (call.url.rpartition("/")[2], call.query) == ("psearch-title", [("user_id", "Trader7")])
    (match,) = named.broker.screen(condition)
    (call,) = named.of("HHKST03900400")
    assert (call.url.rpartition("/")[2], call.query) == ("psearch-result", [("user_id", "Trader7"), ("seq", "0")])
    told = match.model_dump()
    assert told == {
        "symbol": "005930",
        "name": "한빛전자",
        "price": 70300,
        "previous_close": 70900,
        "change": -600,
        "change_percent": Decimal("-0.85"),
        "open": 71400,
        "high": 71900,
        "low": 70100,
        "volume": 12345678,
        "market_value": Decimal(419675713270000),
        "upper_limit": 92100,
        "lower_limit": 49700,
    }
    assert [f"{told[name]}" for name in ("price", "volume", "market_value")] == ["70300", "12345678", "419675713270000"]


def test_no_match_is_an_empty_table_although_it_is_a_refusal(named: Any) -> None:
    named.answer("HHKST03900300", {"output2": [{"seq": "3", "condition_nm": "하나"}], **DONE})
    named.answer("HHKST03900400", {"rt_cd": "1", "msg_cd": "MCA05918", "msg1": "종목코드 오류입니다."})
    assert len(named.broker.screen("하나")) == 0


def test_a_hundred_matches_may_be_more(named: Any) -> None:
    named.answer("HHKST03900300", {"output2": [{"seq": "3", "condition_nm": "하나"}], **DONE})
    rows = [{**HIT, "code": f"{number:06d}"} for number in range(1, 101)]
    named.answer("HHKST03900400", {"output2": rows, **DONE})
    with pytest.raises(IncompleteListing):
        named.broker.screen("하나")
    named.answer("HHKST03900400", {"output2": rows[:99], **DONE})
    assert len(named.broker.screen("하나")) == 99


def test_conditions_that_are_not_saved_on_the_server_are_a_refusal_with_advice(named: Any) -> None:
    words = "조회가 계속 됩니다. (다음을 누르십시오.)"
    named.answer("HHKST03900300", {"rt_cd": "1", "msg_cd": "MCA05762", "msg1": words})
    with pytest.raises(Rejected, match="MCA05762") as caught:
        named.broker.conditions()
    assert "서버저장" in str(caught.value.advice)


def test_without_a_login_name_nothing_is_sent(wire: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        wire.broker.conditions()
    assert "hts_id" in str(caught.value.advice)
    assert wire.calls == []
