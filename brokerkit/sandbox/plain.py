"""Answers for what no exchange here plays: rows of the shape that the catalogue tells, and orders that nobody fills.

What they say is made up. It fits what was asked and what the exchange lists, and one question has one answer.
"""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from brokerkit.catalogue import Api, Field, Group
from brokerkit.market.days import previous_trading_day
from brokerkit.sandbox.exchange import Exchange, Instrument

ROWS = 5
"""Of a page of what is not of an account. How many the brokers tell is not known of most lists."""
PAGES = 2
"""Of a list that goes on."""
NUMBERS = frozenset({"odno", "ord_no"})
"""Fields of the number of an order."""
ORIGINALS = frozenset({"orgn_odno", "orig_ord_no", "org_ord_no", "ori_ord"})
"""Fields of the number of the order that an amendment or a cancellation is about."""

_DATES = re.compile("일자|날짜|(?<!잔존)(?<!경과)일$|기준일|만기일|상장일")
_TIMES = re.compile("시간$|시각$")
_SYMBOLS = re.compile("종목코드|단축상품번호|단축코드|종목번호|^상품번호$")
_NAMES = re.compile("종목명|상품명|한글명")
_PRICES = re.compile(
    "현재가|시가(?!총액)|고가|저가|최고가|최저가|종가|기준가|호가(?!.*잔량)|단가|상한가|하한가|체결가|매도가|매수가"
)
_SIGNS = re.compile("부호|기호")
_RATES = re.compile("율|비율|비중|수익률|강도|괴리")
_AMOUNTS = re.compile(
    "수량|잔량|거래량|주수|건수|금액|대금|손익|대비|전일비|자본금|시가총액|예수금|증거금|누적|순위|개수|가격"
)
_FILLED = re.compile("체결|약정")
_LEFT = re.compile("미체결|잔량|잔여|정정취소가능|가능수량")


@dataclass
class Kept:
    """An order that was taken, and that nobody fills."""

    number: int
    area: str
    """What its broker lists together with it."""
    fields: Mapping[str, str]
    """What was asked for, by names in small letters."""
    said: Mapping[str, str]
    """What the parts of an order are in it: symbol, quantity, price, original."""
    left: Decimal
    original: int = 0


class UnknownOriginal(Exception):
    """There is no order of that number that could be amended or cancelled."""


@dataclass
class Plain:
    """What answers in the place of markets and services that are not played."""

    exchange: Exchange
    kept: list[Kept] = field(default_factory=list)
    first_number: int = 900_001

    def answer(self, api: Api, fields: Mapping[str, str], area: str, page: int = 0) -> tuple[dict[str, object], bool]:
        """Return the blocks of an answer, those of the top level in the first place, and whether a page follows.

        Of an account, where `area` is not blank, it tells the orders that were taken, and holdings of nothing.
        """
        asked = _folded(fields)
        more = bool(api.pages) and not area and page + 1 < PAGES and any(group.many for group in api.groups)
        body: dict[str, object] = {}
        for group in api.groups:
            if group.many:
                rows = self._orders(api, group, area) if area else self._rows(api, group, asked, page)
                body[group.name] = list(rows)
                continue
            row = self._row(api, group, asked, page * ROWS, zero=bool(area))
            body |= {group.name: row} if group.name else row
        return body, more

    def _rows(self, api: Api, group: Group, asked: Mapping[str, str], page: int) -> Iterator[Mapping[str, object]]:
        for place in range(page * ROWS, (page + 1) * ROWS):
            yield self._row(api, group, asked, place)

    def _orders(self, api: Api, group: Group, area: str) -> Iterator[Mapping[str, object]]:
        """Yield the orders of an account in whatever list has their numbers."""
        if not _has_numbers(group):
            return
        open_alone = "rvsecncl" in api.path or "미체결" in api.label
        for kept in self.kept:
            if kept.area == area and (kept.left or not open_alone):
                yield {each.name: self._of_order(each, kept) for each in group.fields}

    def _row(
        self, api: Api, group: Group, asked: Mapping[str, str], place: int, *, zero: bool = False
    ) -> dict[str, object]:
        return {each.name: _cut(self._text(api, group, each, asked, place, zero), each) for each in group.fields}

    def _text(self, api: Api, group: Group, told: Field, asked: Mapping[str, str], place: int, zero: bool) -> str:
        name, label = told.name.casefold(), told.label
        instrument = self._instrument(asked, place, group.many)
        is_date = "코드" not in label and _is_date(told)
        if asked.get(name) and not (group.many and (is_date or _SYMBOLS.search(label))):
            return asked[name]
        if _SIGNS.search(label):
            return "2"
        if told.codes:
            return next(iter(told.codes))
        if is_date:
            return f"{self._day(place if group.many else 0):%Y%m%d}"
        if told.format.upper().startswith("HH") or (_TIMES.search(label) and "코드" not in label):
            return f"{100000 + place:06d}"[: 4 if told.format.upper() == "HHMM" else 6]
        if _SYMBOLS.search(label):
            return instrument.symbol
        if _NAMES.search(label):
            return instrument.name
        if "여부" in label:
            return "N"
        return self._number(api, told, label, instrument, place, zero)

    def _number(self, api: Api, told: Field, label: str, instrument: Instrument, place: int, zero: bool) -> str:
        made = zlib.crc32(f"{api.name} {told.name} {instrument.symbol} {place}".encode())
        counts = "코드" not in label and "구분" not in label
        if counts and _PRICES.search(label):
            return "0" if zero else f"{instrument.previous_close:f}"
        if counts and _RATES.search(label):
            return "0.00" if zero else f"{made % 1000 / 100:.2f}"
        if told.number or told.unit or (counts and _AMOUNTS.search(label)):
            return "0" if zero else str(made % 100_000)
        return ""

    def _instrument(self, asked: Mapping[str, str], place: int, many: bool) -> Instrument:
        """Return what a row is about: what was asked for where the exchange lists it, else one listed symbol each."""
        listed = self.exchange.instruments
        for value in asked.values():
            symbol = value.removeprefix("A").removesuffix("_AL").removesuffix("_NX")
            if symbol in listed:
                return listed[symbol]
        symbols = list(listed)
        return listed[symbols[place % len(symbols) if many else 0]]

    def _day(self, back: int) -> dt.date:
        day = self.exchange.today
        for _ in range(back):
            day = previous_trading_day(day)
        return day

    def take(self, api: Api, variant: str, fields: Mapping[str, str], area: str) -> dict[str, object]:
        """Keep an order, or change one that was kept, and return the answer; UnknownOriginal where there is none."""
        row = api.order
        asked = _folded(fields)
        if row is None:
            return self.answer(api, fields, area)[0]
        said = {part: asked.get(getattr(row, part).casefold(), "") for part in ("symbol", "quantity", "price")}
        kept = Kept(self.first_number + len(self.kept), area, asked, said, _number(said["quantity"]))
        kind = row.kind.of(variant, fields).removesuffix("_reservation")
        if kind in ("amend", "cancel"):
            self._change(kept, kind, asked.get(row.original.casefold(), ""))
        self.kept.append(kept)
        return _with_number(self._receipt(api, asked), row.number, kept.number)

    def _receipt(self, api: Api, asked: Mapping[str, str]) -> dict[str, object]:
        """Return the answer to an order, which has one row even in a block that is a list."""
        body: dict[str, object] = {}
        for group in api.groups:
            row = self._row(api, group, asked, 0, zero=True)
            body |= {group.name: [row] if group.many else row} if group.name else row
        return body

    def _change(self, kept: Kept, kind: str, number: str) -> None:
        original = self._find(kept.area, number)
        if original is None or not original.left:
            raise UnknownOriginal(number)
        kept.original = original.number
        kept.said = {
            part: value if value and (part != "quantity" or kept.left) else original.said[part]
            for part, value in kept.said.items()
        }
        kept.fields = {**original.fields, **{name: value for name, value in kept.fields.items() if value}}
        if kind == "cancel":
            kept.left = Decimal(0)
        elif not kept.left:
            kept.left = original.left
        original.left = Decimal(0)

    def _find(self, area: str, number: str) -> Kept | None:
        digits = number.strip()
        wanted = int(digits) if digits.isdecimal() else -1
        return next((each for each in self.kept if each.area == area and each.number == wanted), None)

    def _of_order(self, told: Field, kept: Kept) -> str:
        name, label = told.name.casefold(), told.label
        if name in NUMBERS:
            text = str(kept.number).zfill(told.length or 7)
        elif name in ORIGINALS:
            text = str(kept.original).zfill(told.length or 7) if kept.original else ""
        elif _LEFT.search(label):
            text = f"{kept.left:f}"
        elif _FILLED.search(label) and (_AMOUNTS.search(label) or _PRICES.search(label)):
            text = "0"
        elif _SYMBOLS.search(label):
            text = kept.said["symbol"]
        elif "주문수량" in label:
            text = kept.said["quantity"]
        elif "단가" in label or "주문가격" in label or "주문지수" in label:
            text = kept.said["price"]
        elif _is_date(told):
            text = f"{self.exchange.today:%Y%m%d}"
        else:
            text = kept.fields.get(name, "")
        return _cut(text, told)


def lists_orders(api: Api) -> bool:
    """Say whether an API tells orders by their numbers."""
    return any(map(_has_numbers, api.groups))


def _has_numbers(group: Group) -> bool:
    return not NUMBERS.isdisjoint(map(str.casefold, group.names))


def _folded(fields: Mapping[str, str]) -> Mapping[str, str]:
    return {name.casefold(): value for name, value in fields.items()}


def _is_date(told: Field) -> bool:
    return told.format.upper().startswith("YYYYMMDD") or _DATES.search(told.label) is not None


def _cut(text: str, told: Field) -> str:
    return text[: told.length]


def _number(text: str) -> Decimal:
    return Decimal(text) if re.fullmatch(r"[0-9]+([.][0-9]+)?", text) else Decimal(0)


def _with_number(body: dict[str, object], where: str, number: int) -> dict[str, object]:
    """Return the answer with the number of the order in its place: "output.odno", or at the top."""
    block, _, name = where.rpartition(".")
    if not name:
        return body
    digits = str(number).zfill(10 if block else 7)
    if not block:
        return {**body, name: digits}
    told = body.get(block)
    if isinstance(told, list):
        return {**body, block: [{**row, name: digits} for row in told]}
    return {**body, block: {**(told if isinstance(told, dict) else {}), name: digits}}
