"""What is listed: symbol master files (종목 마스터), one a market, a line a symbol, cut by bytes.

A letter of Korean takes two bytes in cp949: a name is forty bytes, not forty characters. Nobody logs in for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from brokerkit.models import Instrument
from brokerkit.part import Part
from brokerkit.replies import Listed
from brokerkit.transport import GRAMMAR, Block, DayOrNone, Endpoint, Reply, Text, WireNumber, ZeroIsNone
from brokerkit.words import MarketAlert, SecurityType, Segment
from brokerkit_kis.client import KisClient
from brokerkit_kis.stocks.quotes import QUOTATIONS
from brokerkit_kis.wire.files import file, unpacked
from brokerkit_kis.wire.types import One, block

HEAD = 61
"""Bytes in front of the tail: short code, ISIN, name."""
NAME = slice(21, HEAD)
THOUSAND = Decimal(1_000)
KIND = {
    **dict.fromkeys(("ST", "FS", "DR"), SecurityType.STOCK),  # 주권, 외국주권, 주식예탁증서
    "RT": SecurityType.REIT,  # 부동산투자회사
    **dict.fromkeys(("MF", "SC", "IF", "BC"), SecurityType.INVESTMENT_COMPANY),  # 투자회사, 선박, 인프라, 수익증권
    **dict.fromkeys(("EF", "FE"), SecurityType.ETF),  # ETF, 해외ETF
    "EN": SecurityType.ETN,
    "EW": SecurityType.ELW,
    **dict.fromkeys(("SW", "SR"), SecurityType.SUBSCRIPTION_RIGHT),  # 신주인수권증권, 신주인수권증서
}  # 증권그룹구분코드
ALERT = {"00": MarketAlert.NONE, "01": MarketAlert.ATTENTION, "02": MarketAlert.WARNING, "03": MarketAlert.RISK}
OVERHEATED = {"0": False, "1": False, "2": True, "3": True}  # none, announced, designated, designated further
YES = {"Y": True, "N": False}

Amount = Annotated[
    Decimal | None, WireNumber(rf" *{GRAMMAR} *", lambda text: Decimal(text.strip()) or None, blank=True)
]
"""A number with zeros or blanks in front; 0 and blanks are none."""
_ETN = re.compile(r"Q([0-9][0-9A-Z]{5})")


class MasterRow(Reply[Instrument]):
    """A line of a symbol master file -> Instrument."""

    extra = frozenset(
        {"code", "group", "alarm", "overheating", "thousands", "stopped", "winding_up", "watched", "risky"}
    )

    code: Text = Field(alias="단축코드")  # ETN have a Q in front
    isin: Text = Field(alias="표준코드")
    name: Text = Field(alias="한글명")
    group: str = Field(alias="그룹코드")
    base_price: Amount = Field(alias="기준가")
    stopped: str = Field(alias="거래정지")
    winding_up: str = Field(alias="정리매매")
    watched: str = Field(alias="관리종목")
    alarm: str = Field(alias="시장경고")
    overheating: str = Field("", alias="단기과열")
    risky: str = Field("", alias="투자주의환기")
    listed_on: DayOrNone = Field(alias="상장일자")
    thousands: Amount = Field(alias="상장주수")  # in thousands (천)
    market: Segment
    nxt: bool

    @property
    def symbol(self) -> str:
        found = _ETN.fullmatch(self.code)
        return found[1] if found else self.code

    @property
    def kind(self) -> SecurityType | None:
        return KIND.get(self.group)

    @property
    def listed_shares(self) -> Decimal | None:
        return None if self.thousands is None else self.thousands * THOUSAND

    @property
    def halted(self) -> bool | None:
        return YES.get(self.stopped)

    @property
    def liquidation(self) -> bool | None:
        return YES.get(self.winding_up)

    @property
    def administrative(self) -> bool | None:
        return YES.get(self.watched)

    @property
    def alert(self) -> MarketAlert | None:
        return ALERT.get(self.alarm)

    @property
    def overheated(self) -> bool | None:
        return OVERHEATED.get(self.overheating)

    @property
    def caution(self) -> bool | None:
        return YES.get(self.risky)


class Master(NamedTuple):
    """A file: whose symbols, how many bytes the tail of a line has, and where in it which column is."""

    market: Segment
    tail: int
    columns: Mapping[str, slice]
    listed: Endpoint[Any]
    at_nxt: Endpoint[Any] | None = None
    """The file with those of its symbols that NXT trades."""


def _columns(places: Mapping[str, tuple[int, int]]) -> Mapping[str, slice]:
    """Return where columns stand in a line, by their first byte in the tail and their width."""
    head = {"단축코드": slice(0, 9), "표준코드": slice(9, 21), "한글명": NAME}
    return head | {name: slice(HEAD + first, HEAD + first + width) for name, (first, width) in places.items()}


MASTERS = (
    Master(
        Segment.KOSPI,
        227,
        _columns(
            {
                "그룹코드": (0, 2),
                "단기과열": (32, 1),
                "기준가": (41, 9),
                "거래정지": (60, 1),
                "정리매매": (61, 1),
                "관리종목": (62, 1),
                "시장경고": (63, 2),
                "상장일자": (105, 8),
                "상장주수": (113, 15),
            }
        ),
        file("kospi_code.mst"),
        file("nxt_kospi_code.mst"),
    ),
    Master(
        Segment.KOSDAQ,
        221,
        _columns(
            {
                "그룹코드": (0, 2),
                "단기과열": (27, 1),
                "투자주의환기": (30, 1),
                "기준가": (36, 9),
                "거래정지": (55, 1),
                "정리매매": (56, 1),
                "관리종목": (57, 1),
                "시장경고": (58, 2),
                "상장일자": (100, 8),
                "상장주수": (108, 15),
            }
        ),
        file("kosdaq_code.mst"),
        file("nxt_kosdaq_code.mst"),
    ),
    Master(
        Segment.KONEX,
        184,
        _columns(
            {
                "그룹코드": (0, 2),
                "기준가": (2, 9),
                "거래정지": (21, 1),
                "정리매매": (22, 1),
                "관리종목": (23, 1),
                "시장경고": (24, 2),
                "상장일자": (66, 8),
                "상장주수": (74, 15),
            }
        ),
        file("konex_code.mst"),
    ),
)
FILES = tuple(file for master in MASTERS for file in (master.listed, master.at_nxt) if file is not None)


class Share(Block):
    """주식기본조회 (CTPF1002R), of which only what the files lack is read."""

    leverage: ZeroIsNone = Field(None, alias="etf_chas_erng_rt_dbnb")  # ETF추적수익율배수, 0 of what follows none


class ShareAnswer(Block):
    """주식기본조회 (CTPF1002R)."""

    output: One[Share] = block("output")


SHARE = Endpoint({"real": "CTPF1002R"}, f"{QUOTATIONS}/search-stock-info", ShareAnswer)
PRODUCT_TYPE = "300"  # PRDT_TYPE_CD 상품유형코드: 주식


class Listings(Part[KisClient]):
    """The hooks of what is listed."""

    calls = dict.fromkeys(("instruments", "instrument", "search"), FILES)
    not_told = {Instrument: frozenset({"sector", "leverage"})}
    rounds = {Instrument: {"listed_shares": THOUSAND}}

    def instruments(self) -> Listed:
        return Listed(MASTERS[0].listed, [row for master in MASTERS for row in self._listed(master)])

    def leverage(self, symbol: str) -> Decimal | None:
        params = {"PRDT_TYPE_CD": PRODUCT_TYPE, "PDNO": symbol}
        return self.client.call(SHARE, params=params).output.leverage

    def _listed(self, master: Master) -> Iterator[MasterRow]:
        code = master.columns["단축코드"]
        at_nxt = {line[code] for line in self._lines(master, master.at_nxt)} if master.at_nxt else frozenset()
        for number, line in enumerate(self._lines(master, master.listed), start=1):
            fields = _cut(line, master.columns)
            if fields is None:
                raise self.client.wrong(master.listed, f"line {number} is not written in cp949")
            fields |= {"market": master.market, "nxt": line[code] in at_nxt}
            yield self.client.read_fields(master.listed, MasterRow, fields, f"line {number}")

    def _lines(self, master: Master, file: Endpoint[Any]) -> list[bytes]:
        """Return the lines of a file; a WireError where it is cut, or a line is not as long as its columns are."""
        content, words = unpacked(self.client.download(file), ".mst")
        *lines, rest = content.replace(b"\r\n", b"\n").split(b"\n")
        words = words or ("the last line is cut" if rest else "" if lines else "the file has no lines")
        width = HEAD + master.tail
        for number, line in enumerate(lines, start=1):
            if not words and len(line) != width:
                words = f"line {number} has {len(line)} bytes instead of {width}"
        if words:
            raise self.client.wrong(file, words)
        return lines


def _cut(line: bytes, columns: Mapping[str, slice]) -> dict[str, object] | None:
    """Return the columns of a line as text, None where its name is of another encoding."""
    text = line.decode("latin-1")  # a character for each byte: but for the name all columns are plain
    fields: dict[str, object] = {column: text[place] for column, place in columns.items()}
    name = line[NAME]
    try:
        fields["한글명"] = name.decode("cp949")
    except UnicodeDecodeError as error:
        if error.start != len(name) - 1:
            return None
        fields["한글명"] = name[:-1].decode("cp949")  # as long as its column, it may end amid a letter
    return fields
