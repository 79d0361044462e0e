"""Symbol master files of KIS, as the adapter reads them."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses
from brokerkit_kis.sandbox.masters import LAYOUTS, Line, packed, written
from brokerkit_kis.stocks.masters import FILES, HEAD, MASTERS

from brokerkit.broker import Broker
from brokerkit.errors import NetworkError, WireError
from brokerkit.models import Instrument
from brokerkit.testing.inside import made
from brokerkit.words import MarketAlert, SecurityType, Segment

HOST = "https://new.real.download.dws.co.kr/common/master"
KEYS = {"app_key": "k" * 36, "app_secret": "s" * 180, "account": "50012345-01"}
NAMES = ("kospi", "kosdaq", "konex", "nxt_kospi", "nxt_kosdaq")
SEGMENT = {"kospi": Segment.KOSPI, "kosdaq": Segment.KOSDAQ, "konex": Segment.KONEX}


def line(code: str = "005930", name: str = "삼성전자", **tail: str | int) -> Line:
    usual = {"scrt_grp_cls_code": "ST", "stck_sdpr": 70_000, "lstn_stcn": 5_919_637, "stck_lstn_date": "19750611"}
    return Line(code, f"KR7{code[-6:]}003", name, {**usual, "mrkt_alrm_cls_code": "00", **tail})


FILLED = {
    "kospi": written(Segment.KOSPI, [line(trht_yn="N", sltr_yn="N", mang_issu_yn="N", short_over_cls_code="0")]),
    "kosdaq": written(Segment.KOSDAQ, [line("035720", "카카오")]),
    "konex": written(Segment.KONEX, [line("997010", "모의벤처")]),
    "nxt_kospi": written(Segment.KOSPI, [line()]),
    "nxt_kosdaq": written(Segment.KOSDAQ, [line("999999", "모의")]),
}


@pytest.fixture
def broker() -> Iterator[Broker]:
    with made("kis", environment="real", **KEYS) as broker:
        yield broker


def listed(broker: Broker, files: Mapping[str, bytes] = {}, **raw: bytes) -> dict[str, Instrument]:
    """Return what is listed where KIS's host has these files; `raw` ones are not packed."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as host:
        for name in NAMES:
            content = raw.get(name) or packed(f"{name}_code.mst", {**FILLED, **files}[name])
            host.get(f"{HOST}/{name}_code.mst.zip", body=content)
        told = broker.instruments()
        for call in host.calls:
            assert not {"authorization", "appkey", "appsecret"} & {name.lower() for name in call.request.headers}
        assert len(host.calls) == len(NAMES)
    return {each.symbol: each for each in told}


def test_columns_are_cut_where_the_layout_has_them(broker: Broker) -> None:
    told = listed(broker)
    assert told["005930"] == Instrument(
        symbol="005930",
        name="삼성전자",
        market=Segment.KOSPI,
        kind=SecurityType.STOCK,
        currency="KRW",
        isin="KR7005930003",
        listed_shares=Decimal(5_919_637_000),
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
        nxt=True,
    )
    assert (told["035720"].market, told["035720"].caution, told["035720"].nxt) == (Segment.KOSDAQ, False, False)
    assert (told["997010"].market, told["997010"].overheated) == (Segment.KONEX, None)


@pytest.mark.parametrize("name", SEGMENT)
@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        ("trht_yn", "Y", "halted", True),
        ("sltr_yn", "Y", "liquidation", True),
        ("mang_issu_yn", "Y", "administrative", True),
        ("mang_issu_yn", "?", "administrative", None),
        ("mrkt_alrm_cls_code", "01", "alert", MarketAlert.ATTENTION),
        ("mrkt_alrm_cls_code", "03", "alert", MarketAlert.RISK),
        ("mrkt_alrm_cls_code", "77", "alert", None),
        ("scrt_grp_cls_code", "RT", "kind", SecurityType.REIT),
        ("scrt_grp_cls_code", "EF", "kind", SecurityType.ETF),
        ("scrt_grp_cls_code", "ZZ", "kind", None),
        ("stck_lstn_date", " " * 8, "listed_on", None),
        ("stck_lstn_date", "0" * 8, "listed_on", None),
        ("stck_sdpr", 0, "base_price", None),
        ("stck_sdpr", "    12345", "base_price", Decimal(12_345)),
        ("lstn_stcn", 7, "listed_shares", Decimal(7_000)),
    ],
)
def test_a_column_means_the_same_in_every_file(
    name: str, column: str, text: str | int, field: str, value: object, broker: Broker
) -> None:
    told = listed(broker, {name: written(SEGMENT[name], [line("111110", "모의", **{column: text})])})
    assert getattr(told["111110"], field) == value


@pytest.mark.parametrize(("code", "overheated"), [("0", False), ("1", False), ("2", True), ("3", True), ("9", None)])
def test_only_what_is_designated_is_overheated(code: str, overheated: bool | None, broker: Broker) -> None:
    for name in ("kospi", "kosdaq"):
        told = listed(broker, {name: written(SEGMENT[name], [line("111110", "모의", short_over_cls_code=code)])})
        assert told["111110"].overheated is overheated
        broker._inquiries.__dict__.pop("listings")


def test_names_of_forty_bytes_are_cut_by_bytes_and_may_end_amid_a_letter(broker: Broker) -> None:
    whole, cut = "가" * 20, "a" + "나" * 20
    assert (len(whole.encode("cp949")), len(cut.encode("cp949"))) == (40, 41)
    told = listed(broker, {"kospi": written(Segment.KOSPI, [line("111110", whole), line("222220", cut)])})
    assert told["111110"].name == whole
    assert told["222220"].name == "a" + "나" * 19
    assert told["222220"].base_price == 70_000


def test_an_etn_loses_its_letter_and_a_fund_of_nine_characters_is_no_symbol(broker: Broker) -> None:
    lines = [line("Q530031", "모의 ETN", scrt_grp_cls_code="EN"), line("F70100026", "모의펀드"), line("1234567", "?")]
    told = listed(broker, {"kospi": written(Segment.KOSPI, lines)})
    assert told["530031"].kind is SecurityType.ETN
    assert set(told) == {"530031", "035720", "997010"}
    assert broker.instruments().passed_over == ("F70100026", "1234567")


@pytest.mark.parametrize("member", ["KOSPI_CODE.MST", "Kospi_code.mst", "master/kospi_code.mst"])
def test_the_name_in_the_zip_does_not_matter(member: str, broker: Broker) -> None:
    assert "005930" in listed(broker, kospi=packed(member, FILLED["kospi"]))


def packed_twice() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("kospi_code.mst", FILLED["kospi"])
        file.writestr("kosdaq_code.mst", FILLED["kosdaq"])
    return archive.getvalue()


KOSPI = FILLED["kospi"]
WRONG = {
    "cut": (packed("kospi_code.mst", KOSPI)[:-40], "cut, or no zip file"),
    "damaged": (
        packed("kospi_code.mst", KOSPI)[:60] + b"\0\0\0\0" + packed("k.mst", KOSPI)[64:],
        "cut, or no zip file",
    ),
    "a page": (b"<html>Not here</html>", "cut, or no zip file"),
    "blank": (packed("kospi_code.mst", b""), "no lines"),
    "two files": (packed_twice(), "2 master files"),
    "another file": (packed("readme.txt", KOSPI), "0 master files"),
    "half a line": (packed("kospi_code.mst", KOSPI[:-30]), "the last line is cut"),
    "a line too long": (packed("kospi_code.mst", KOSPI[:-1] + b"N\n"), "line 1 has 289 bytes instead of 288"),
    "a column too few": (packed("kospi_code.mst", FILLED["kosdaq"]), "line 1 has 282 bytes instead of 288"),
    "UTF-8": (packed("kospi_code.mst", KOSPI.decode("cp949").encode()), "line 1 has 292 bytes instead of 288"),
    "UTF-8 padded": (
        packed("k.mst", KOSPI.replace("삼성전자    ".encode("cp949"), "삼성전자".encode())),
        "not written in",
    ),
    "a date that is none": (packed("k.mst", written(Segment.KOSPI, [line(stck_lstn_date="19751399")])), "상장일자"),
    "a number that is none": (packed("k.mst", written(Segment.KOSPI, [line(stck_sdpr="7_000")])), "기준가"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_not_as_documented_is_an_error_and_nothing_of_it_is_kept(case: str, broker: Broker) -> None:
    content, words = WRONG[case]
    with pytest.raises(WireError) as wrong:
        listed(broker, kospi=content)
    assert words in wrong.value.message
    assert wrong.value.endpoint == "kospi_code.mst /common/master/kospi_code.mst.zip"
    assert "005930" in listed(broker)


def test_a_symbol_that_is_two_things_is_an_error(broker: Broker) -> None:
    with pytest.raises(WireError, match="005930 is listed twice"):
        listed(broker, {"kosdaq": written(Segment.KOSDAQ, [line()])})
    assert "005930" in listed(broker, {"kospi": FILLED["kospi"] * 2})


def test_a_host_that_has_no_file_is_a_line_that_is_down(broker: Broker) -> None:
    with responses.RequestsMock() as host:
        host.get(f"{HOST}/nxt_kospi_code.mst.zip", status=404)
        with pytest.raises(NetworkError, match="HTTP 404"):
            broker.instruments()


def test_the_layout_is_that_of_the_official_tables() -> None:
    folder = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
    if not folder:
        pytest.skip("BROKERKIT_WIRE_EXAMPLES is not set: the vendor's tables are not in the repository")
    tables: dict[str, Any] = json.loads((Path(folder) / "kis" / "masters.json").read_text(encoding="utf-8"))
    for master in MASTERS[:2]:
        table = tables[master.market.lower()]
        widths = [width for _, width in table["tail"]]
        assert list(LAYOUTS[master.market].values()) == widths
        assert sum(widths) == table["tail_chars"] == master.tail
        starts = [HEAD + sum(widths[:number]) for number in range(len(widths))]
        for column, place in master.columns.items():
            if place.start >= HEAD:
                at = starts.index(place.start)
                assert place.stop - place.start == widths[at]
                plain = table["tail"][at][0].replace(" ", "")
                assert column.replace("그룹코드", "그룹").replace("투자주의환기", "환기")[:2] in plain
        assert [head[1:] for head in table["head"][:2]] == [[0, 9], [9, 21]]
        assert table["url"] == f"{FILES[0].host}{master.listed.path}"
    assert sum(LAYOUTS[Segment.KONEX].values()) == MASTERS[2].tail == 184


def with_fund(broker: Broker, fund: Line, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Return the broker with files in which that fund alone is listed at KOSPI."""
    files = {f"{name}_code.mst": packed(f"{name}_code.mst", content) for name, content in FILLED.items()}
    files["kospi_code.mst"] = packed("kospi_code.mst", written(Segment.KOSPI, [fund]))
    monkeypatch.setattr(broker.client, "download", lambda endpoint: files[str(endpoint)])
    return broker


def multiple(text: str) -> dict[str, object]:
    return {"rt_cd": "0", "msg_cd": "KIOK0530", "msg1": "", "output": {"etf_chas_erng_rt_dbnb": text}}


@pytest.mark.parametrize(
    ("text", "leverage", "limits"),
    [("2", 2, (4_000, 16_000)), ("-1.00", -1, (7_000, 13_000)), ("0", None, (None, None)), ("", None, (None, None))],
)
def test_the_multiple_of_a_fund_is_asked_for_once(
    text: str, leverage: int | None, limits: tuple[int | None, int | None], wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fund = line("122630", "모의 ETF", scrt_grp_cls_code="EF", stck_sdpr=10_000, sltr_yn="N")
    broker = with_fund(wire.answer("CTPF1002R", multiple(text)).broker, fund, monkeypatch)
    told = broker.instrument("122630")
    assert (told.leverage, (told.lower_limit, told.upper_limit)) == (leverage, limits)
    assert broker.instrument("122630") == told
    assert broker.instrument("035720").leverage is None
    (call,) = wire.of("CTPF1002R")
    assert dict(call.query) == {"PRDT_TYPE_CD": "300", "PDNO": "122630"}


def test_a_fund_whose_multiple_kis_does_not_know_is_told_without(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fund = line("122630", "모의 ETF", scrt_grp_cls_code="EF")
    refused = {"rt_cd": "7", "msg_cd": "APBK0656", "msg1": ""}
    broker = with_fund(wire.answer("CTPF1002R", refused).broker, fund, monkeypatch)
    assert broker.instrument("122630").leverage is None
