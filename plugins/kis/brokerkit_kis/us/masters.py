"""What is listed at the exchanges of the US: a file for each, a line a symbol, columns parted by tabs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from brokerkit.models import Instrument
from brokerkit.replies import Listed
from brokerkit.transport import GRAMMAR, Block, Endpoint, Reply, Text, WireNumber, ZeroIsNone
from brokerkit.words import SecurityType, Segment
from brokerkit_kis.us.quotes import QUOTATIONS
from brokerkit_kis.us.spelling import Spelling, symbol_of
from brokerkit_kis.wire.files import file, unpacked
from brokerkit_kis.wire.types import One, block

COLUMNS = 24
"""At least so many: new ones may come behind them."""
CODE, KOREAN_NAME, ENGLISH_NAME, TYPE, CURRENCY, BASE, LOT, FUND = 4, 6, 7, 8, 9, 12, 13, 22
INDEX, STOCK = "1", "2"  # Security type
KIND = {"001": SecurityType.ETF, "002": SecurityType.ETN}  # 구분코드

Amount = Annotated[
    Decimal | None, WireNumber(rf" *{GRAMMAR} *", lambda text: Decimal(text.strip()) or None, blank=True)
]
"""A number, blanks around it; 0 and a blank are none."""


class MasterRow(Reply[Instrument]):
    """A line of a symbol master file -> Instrument."""

    extra = frozenset({"code", "type", "fund", "is_none"})

    code: Text = Field(alias="Symbol")  # as KIS spells it
    name: Text = Field(alias="Korea name")
    english_name: Text = Field(alias="English name")
    type: Text = Field(alias="Security type")
    fund: Text = Field(alias="구분코드")
    base_price: Amount = Field(alias="base price")
    lot: Amount = Field(alias="Bid order size")
    market: Segment
    is_none: bool

    @property
    def symbol(self) -> str:
        # A code without its market is passed over, and counted.
        return self.code if self.is_none else symbol_of(self.code)

    @property
    def kind(self) -> SecurityType | None:
        return SecurityType.STOCK if self.type == STOCK else KIND.get(self.fund)


class Master(NamedTuple):
    """A file, and whose symbols it has."""

    market: Segment
    listed: Endpoint[Any]


MASTERS = (
    Master(Segment.NASDAQ, file("nasmst.cod")),
    Master(Segment.NYSE, file("nysmst.cod")),
    Master(Segment.AMEX, file("amsmst.cod")),
)


class Share(Block):
    """해외주식 상품기본정보 (CTPF1702R), of which only what the files lack is read."""

    leverage: ZeroIsNone = Field(None, alias="etp_chas_erng_rt_dbnb")  # ETP추적수익율배수, 0 of what follows none


class ShareAnswer(Block):
    """해외주식 상품기본정보 (CTPF1702R)."""

    output: One[Share] = block("output")


SHARE = Endpoint({"real": "CTPF1702R"}, f"{QUOTATIONS}/search-info", ShareAnswer)
PRODUCT_TYPE = {Segment.NASDAQ: "512", Segment.NYSE: "513", Segment.AMEX: "529"}  # PRDT_TYPE_CD 상품유형코드


class Listings(Spelling):
    """The hooks of what is listed."""

    calls = dict.fromkeys(("instruments", "instrument", "search"), tuple(master.listed for master in MASTERS))
    not_told = {
        Instrument: frozenset(
            {
                *("isin", "sector", "listed_shares", "listed_on", "upper_limit", "lower_limit", "halted", "nxt"),
                *("administrative", "liquidation", "alert", "overheated", "caution", "leverage", "daytime"),
            }
        )
    }

    def instruments(self) -> Listed:
        files = [(master, list(self._lines(master))) for master in MASTERS]
        listed = Counter(line[CODE].strip() for _, lines in files for line in lines)
        rows = [
            # What two files have trades at one of the exchanges, and which one is not told.
            self._row(master, line, number, is_none=listed[line[CODE].strip()] > 1 or line[CURRENCY].strip() != "USD")
            for master, lines in files
            for number, line in enumerate(lines, start=1)
            if line[TYPE].strip() != INDEX
        ]
        return Listed(MASTERS[0].listed, rows)

    def leverage(self, symbol: str) -> Decimal | None:
        params = {"PRDT_TYPE_CD": PRODUCT_TYPE[self.segment(symbol)], "PDNO": self.code(symbol)}
        return self.client.call(SHARE, params=params).output.leverage

    def _row(self, master: Master, line: list[str], number: int, *, is_none: bool) -> MasterRow:
        fields = {
            "Symbol": line[CODE],
            "Korea name": line[KOREAN_NAME],
            "English name": line[ENGLISH_NAME],
            "Security type": line[TYPE],
            "구분코드": line[FUND],
            "base price": line[BASE],
            "Bid order size": line[LOT],
            "market": master.market,
            "is_none": is_none,
        }
        return self.client.read_fields(master.listed, MasterRow, fields, f"line {number}")

    def _lines(self, master: Master) -> Iterator[list[str]]:
        """Yield the columns of the lines of a file; a WireError where one has too few, or it is of another encoding."""
        content, words = unpacked(self.client.download(master.listed), ".cod")
        lines: list[str] = []
        try:
            lines = content.decode("cp949").replace("\r\n", "\n").removesuffix("\n").split("\n")
        except UnicodeDecodeError:
            words = "the file is not written in cp949"
        if words or lines == [""]:
            raise self.client.wrong(master.listed, words or "the file has no lines")
        for number, line in enumerate(lines, start=1):
            columns = line.split("\t")
            if len(columns) < COLUMNS:
                words = f"line {number} has {len(columns)} columns instead of {COLUMNS}"
                raise self.client.wrong(master.listed, words)
            yield columns
