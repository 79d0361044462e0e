"""Answers for what no exchange here plays: rows of the shape that the catalogue tells, and orders that nobody fills.

What they say is made up. It fits what was asked and what the exchange lists, and one question has one answer.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from pydantic import TypeAdapter

from brokerkit.catalogue import Api, Field, Group, OrderRow
from brokerkit.sandbox.exchange import Exchange, Instrument

ROWS = 5
"""Of a page of what is not of an account. How many the brokers tell is not known of most lists."""
PAGES = 2
"""Of a list that goes on."""
SIDES = {"buy": "매수", "sell": "매도"}
NUMBERS = frozenset({"odno", "ord_no"})
"""Fields of the number of an order."""
ORIGINALS = frozenset({"orgn_odno", "orig_ord_no", "org_ord_no", "ori_ord", "base_orig_ord_no"})
"""Fields of the number of the order that an amendment or a cancellation is about."""

_DATES = re.compile("일자|날짜|(?<!잔존)(?<!경과)일$|기준일|만기일|상장일")
_TIMES = re.compile("시간$|시각$")
_SYMBOLS = re.compile("종목코드|단축상품번호|단축코드|종목번호|^상품번호$")
_NAMES = re.compile("종목명|상품명|한글명")
_PRICES = re.compile(
    "현재가|시가(?!총액)|고가|저가|최고가|최저가|종가|기준가|호가(?!.*잔량)|단가|상한가|하한가|체결가|매도가|매수가"
)
_SIGNS = re.compile("부호|기호")
_RATES = re.compile("율|률|비중|강도|괴리|변동성|델타|감마|세타|쎄타|베가|ELW로|패리티")
_AMOUNTS = re.compile(
    "수량|잔량|거래량|주수|건수|금액|대금|손익|대비|전일비|자본금|시가총액|예수금|증거금|누적|개수|가격|종목수"
)
_PLACES = re.compile("순위|순번|일련번호")
_GROUPS = re.compile("(그룹|테마|지수|업종|카테고리).*코드$")
_CALLED = re.compile("(?<!구분)명$|이름$")
_FILLED = re.compile("체결|약정")
_LEFT = re.compile("미체결|잔량|잔여|정정취소가능|가능수량")
_QUANTITIES = re.compile("주문수량")
_ORDER_PRICES = re.compile("^(?!.*(STOP|스톱|조건)).*(단가|주문가격|주문지수)")
_SIDES = re.compile("매도매수|매도수|매매구분")


@dataclass
class Kept:
    """An order that was taken, and that nobody fills."""

    number: int
    area: str
    """What its broker lists together with it."""
    action: str
    """order, amend or cancel: the last two are rows of their own."""
    taken: dt.datetime
    """By the clock of the exchange at home."""
    fields: dict[str, str]
    """What was asked for, by names in small letters."""
    said: dict[str, str]
    """What the parts of an order are in it: symbol, side (buy, sell or blank), quantity, price."""
    left: Decimal
    original: int = 0


class UnknownOriginal(Exception):
    """There is no order of that number."""


class NothingLeft(UnknownOriginal):
    """Nothing is left of the order of that number that could be amended or cancelled."""


_ALL = TypeAdapter(list[Kept])


@dataclass
class Plain:
    """What answers in the place of markets and services that are not played."""

    exchange: Exchange
    kept: list[Kept] = field(default_factory=list)
    first_number: int = 900_001
    digits: Mapping[str, int] = field(default_factory=dict)
    """How many digits numbers have where it is not what the column has room for, by what is listed together."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """What columns tell of every order, by names in small letters."""
    sides: Mapping[str, str] = field(default_factory=dict)
    """The codes of buy and sell in columns whose codes are not told."""
    heard: Callable[[Api, str, Kept], None] | None = None
    """Learns what was taken, and of which API and variant."""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def saved(self) -> Sequence[object]:
        """Return all that is kept, as JSON holds it."""
        with self._lock:
            rows: list[object] = _ALL.dump_python(self.kept, mode="json")
            return rows

    def restore(self, saved: Sequence[object]) -> None:
        """Go on with what an earlier run kept."""
        with self._lock:
            self.kept = _ALL.validate_json(json.dumps(saved))

    def answer(self, api: Api, fields: Mapping[str, str], area: str, page: int = 0) -> tuple[dict[str, object], bool]:
        """Return the blocks of an answer, those of the top level in the first place, and whether a page follows.

        Of an account, where `area` is not blank, it tells the orders that were taken, and holdings of nothing.
        """
        asked = _folded(fields)
        more = bool(api.pages) and not area and page + 1 < PAGES and any(group.many for group in api.groups)
        body: dict[str, object] = {}
        for group in api.groups:
            if group.many or (area and group.name and _has_numbers(group)):
                # Whether a list of orders is one is told differently by different sources: here every one is.
                rows = self._orders(api, group, asked, area) if area else self._rows(api, group, asked, page)
                body[group.name] = list(rows)
                continue
            row = self._row(api, group, asked, page * ROWS, zero=bool(area))
            body |= {group.name: row} if group.name else row
        return body, more

    def frame(
        self, api: Api, key: str, place: int = 0, *, said: Mapping[str, str] | None = None, zero: bool = False
    ) -> dict[str, str]:
        """Return the fields of a frame about a key; another place tells other numbers. Its times are now.

        `said` has what is known of some, and `zero` is for what tells of an account: nothing happened there.
        """
        told = self._row(api, api.columns, {"": key, **_folded(said or {})}, place, zero=zero)
        now = f"{self.exchange.now():%H%M%S}"
        return {**told, **{each.name: _cut(now, each) for each in api.frame if _is_time(each)}}

    def _rows(self, api: Api, group: Group, asked: Mapping[str, str], page: int) -> Iterator[Mapping[str, object]]:
        for place in range(page * ROWS, (page + 1) * ROWS):
            yield self._row(api, group, asked, place)

    def _orders(self, api: Api, group: Group, asked: Mapping[str, str], area: str) -> Iterator[Mapping[str, object]]:
        """Yield the orders of an account in whatever list has their numbers."""
        if _has_numbers(group) and any(_QUANTITIES.search(each.label) for each in group.fields):
            # Else it is a list of fills, and there are none.
            for kept in self.orders(area):
                if _is_asked_for(kept, api, asked):
                    yield {each.name: self._of_order(each, kept) for each in group.fields}

    def orders(self, area: str) -> Sequence[Kept]:
        """Return what was taken, the oldest first."""
        with self._lock:
            return [kept for kept in self.kept if kept.area == area]

    def _row(
        self, api: Api, group: Group, asked: Mapping[str, str], place: int, *, zero: bool = False
    ) -> dict[str, str]:
        # Rows that name no symbol are all about one thing: a bar of gold costs what the bar before it did.
        several = group.many and any(_SYMBOLS.search(each.label) or _NAMES.search(each.label) for each in group.fields)
        about = self._instrument(asked, place if several else 0)
        told: dict[str, str] = {}
        for each in group.fields:
            text = self._text(group, each, asked, about, place)
            told[each.name] = _cut(self._number(api, each, about, place, zero) if text is None else text, each)
        return told

    def _text(self, group: Group, told: Field, asked: Mapping[str, str], about: Instrument, place: int) -> str | None:
        """Return what stands in a field that has no figure; None of one that may have."""
        name, label = told.name.casefold(), told.label
        is_date = "코드" not in label and _is_date(told)
        if asked.get(name) and not (group.many and (is_date or _SYMBOLS.search(label))):
            return asked[name]
        if _SIGNS.search(label):
            return "2"
        if told.codes:
            return next(iter(told.codes))
        if is_date or _is_time(told):
            return self._moment(told, place, back=place if group.many else 0)
        if _SYMBOLS.search(label):
            return _code_of(about)
        if _NAMES.search(label):
            return about.name
        if _PLACES.search(label):
            return str(place + 1)
        if _GROUPS.search(label) and group.many:
            return f"{place + 1:03d}"
        if "여부" in label:
            return "N"
        return f"{label} {place + 1}" if _CALLED.search(label) else None

    def _moment(self, told: Field, place: int, back: int) -> str:
        """Return a day, or a time of the morning, or both, as a field writes them."""
        written = told.format.upper()
        clock = f"{100000 + place:06d}"
        if ":" in written:
            return ":".join((clock[:2], clock[2:4], clock[4:]))
        if _is_date(told):
            day = f"{self._day(back):%Y%m%d}"
            return day + clock if written.startswith("YYYYMMDDHH") else day
        return clock[: 4 if written == "HHMM" else 6]

    def _number(self, api: Api, told: Field, instrument: Instrument, place: int, zero: bool) -> str:
        label = told.label
        made = zlib.crc32(f"{api.name} {told.name} {instrument.symbol} {place}".encode())
        counts = "코드" not in label and "구분" not in label
        if counts and _PRICES.search(label):
            return "0" if zero else f"{instrument.previous_close:f}"
        if counts and _RATES.search(label):
            return "0.00" if zero else f"{made % 1000 / 100:.2f}"
        if told.number or told.unit or (counts and _AMOUNTS.search(label)):
            return "0" if zero else str(made % 100_000)
        return ""

    def _instrument(self, asked: Mapping[str, str], place: int) -> Instrument:
        """Return what a row is about: what was asked for where the exchange lists it, else one listed symbol each."""
        listed = self._listed
        for value in asked.values():
            plain = value.removeprefix("A").removesuffix("_AL").removesuffix("_NX")
            if found := listed.get(value) or listed.get(plain):
                return found
        return list(listed.values())[place % len(listed)]

    @cached_property
    def _listed(self) -> Mapping[str, Instrument]:
        return {_code_of(each): each for each in self.exchange.instruments.values()}

    def _day(self, back: int) -> dt.date:
        today = self.exchange.today
        return self.exchange.bourse.calendar.days_before(today, back)[0] if back else today

    def take(self, api: Api, variant: str, fields: Mapping[str, str], area: str) -> dict[str, object]:
        """Keep an order, or change one that was kept, and return the answer.

        UnknownOriginal and NothingLeft where there is nothing that could be changed.
        """
        if api.order is None:
            return self.answer(api, fields, area)[0]
        kept = self.keep(api.order, variant, fields, area)
        if self.heard is not None:
            self.heard(api, variant, kept)
        body: dict[str, object] = {}
        for group in api.groups:
            row = {each.name: self._of_order(each, kept) for each in group.fields}
            body |= {group.name: [row] if group.many else row} if group.name else row
        place = (api.order.number.split() or [""])[0]
        usual = 10 if "." in place else 7
        return _with_number(body, place, str(kept.number).zfill(self._digits(area, usual)))

    def keep(self, row: OrderRow, variant: str, fields: Mapping[str, str], area: str) -> Kept:
        """Keep an order, or change one that was kept."""
        asked = _folded(fields)
        said = {part: asked.get(getattr(row, part).casefold(), "").strip() for part in ("symbol", "quantity", "price")}
        said["side"] = row.side.of(variant, fields)
        action = row.kind.of(variant, fields).removesuffix("_reservation")
        with self._lock:
            number, now = self.first_number + len(self.kept), self.exchange.now()
            kept = Kept(number, area, action, now, dict(asked), said, _number(said["quantity"]))
            if action in ("amend", "cancel"):
                whole = any(asked.get(name.casefold()) == code for name, code in row.all.items())
                self._change(kept, asked.get(row.original.casefold(), ""), whole=whole)
            self.kept.append(kept)
        return kept

    def _change(self, kept: Kept, number: str, *, whole: bool) -> None:
        """Take from an order what is amended or cancelled of it; the rest stays."""
        original = self.find(kept.area, number)
        if original is None:
            raise UnknownOriginal(number)
        if not original.left:
            raise NothingLeft(number)
        is_cancel = kept.action == "cancel"
        moved = original.left if whole or not kept.left else kept.left
        rest = original.left - min(moved, original.left)
        told = {part: text for part, text in kept.said.items() if text and not (is_cancel and part == "price")}
        kept.said = {**original.said, **told, "quantity": f"{moved:f}"}
        kept.fields = {**original.fields, **{name: text for name, text in kept.fields.items() if text}}
        kept.original, kept.left, original.left = original.number, Decimal(0) if is_cancel else moved, rest

    def find(self, area: str, number: str) -> Kept | None:
        """Return the order of that number, which may have zeros and blanks around it."""
        digits = number.strip()
        wanted = int(digits) if digits.isascii() and digits.isdecimal() else -1
        return next((each for each in self.orders(area) if each.number == wanted), None)

    def _digits(self, area: str, usual: int | None) -> int:
        return self.digits.get(area, usual or 7)

    def _of_order(self, told: Field, kept: Kept) -> str:
        """Return what a column tells of an order: the first meaning that fits its label."""
        name, label = told.name.casefold(), told.label
        if name in NUMBERS or name in ORIGINALS:
            number = kept.number if name in NUMBERS else kept.original
            text = str(number).zfill(self._digits(kept.area, told.length)) if number else ""
        elif _LEFT.search(label):
            text = f"{kept.left:f}"
        elif _FILLED.search(label) and (_AMOUNTS.search(label) or _PRICES.search(label)):
            text = "0"
        elif _SYMBOLS.search(label):
            text = kept.said["symbol"]
        elif _QUANTITIES.search(label):
            text = kept.said["quantity"]
        elif _ORDER_PRICES.search(label):
            text = kept.said["price"]
        elif _is_date(told) and not ("원주문" in label and not kept.original):
            text = f"{kept.taken:%Y%m%d}"
        elif label.endswith(("주문시각", "주문시간", "접수시각")):
            text = f"{kept.taken:%H%M%S}"
        else:
            amount = "0" if _AMOUNTS.search(label) and "코드" not in label and "구분" not in label else ""
            text = self._side(told, kept.said["side"]) or kept.fields.get(name) or self.constants.get(name, amount)
        return _cut(text, told)

    def _side(self, told: Field, side: str) -> str:
        """Return which side it is where a column is about that; blank where it is about something else."""
        word = SIDES.get(side, "")
        if not word or not _SIDES.search(told.label):
            return ""
        if "코드" in told.label:
            codes = (code for code, meaning in told.codes.items() if meaning == word)
            return next(codes, self.sides.get(side, ""))
        return word


def _is_asked_for(kept: Kept, api: Api, asked: Mapping[str, str]) -> bool:
    """Say whether a list that is asked for by codes has an order. Nothing here is ever filled."""
    if ("rvsecncl" in api.path or "미체결" in api.label) and not kept.left:
        return False
    side = SIDES.get(kept.said["side"], "")
    for told in api.request:
        value = asked.get(told.name.casefold(), "")
        word = told.codes.get(value, "")
        is_open_alone = word == "미체결" or (value == "Y" and told.label == "미체결여부")
        if word == "체결" or (is_open_alone and not kept.left) or (side and word in SIDES.values() and word != side):
            return False
    return True


def lists_orders(api: Api) -> bool:
    """Say whether an API tells orders by their numbers."""
    return any(map(_has_numbers, api.groups))


def _has_numbers(group: Group) -> bool:
    return not NUMBERS.isdisjoint(map(str.casefold, group.names))


def _folded(fields: Mapping[str, str]) -> Mapping[str, str]:
    return {name.casefold(): value for name, value in fields.items()}


def _code_of(instrument: Instrument) -> str:
    """Return what its market calls it."""
    return instrument.symbol.rpartition(":")[2]


def _is_date(told: Field) -> bool:
    return told.format.upper().startswith("YYYYMMDD") or _DATES.search(told.label) is not None


def _is_time(told: Field) -> bool:
    return told.format.upper().startswith("HH") or (_TIMES.search(told.label) is not None and "코드" not in told.label)


def _cut(text: str, told: Field) -> str:
    return text[: told.length]


def _number(text: str) -> Decimal:
    return Decimal(text) if re.fullmatch(r"[0-9]+([.][0-9]+)?", text) else Decimal(0)


def _with_number(body: dict[str, object], where: str, digits: str) -> dict[str, object]:
    """Return the answer with the number of the order in its place: "output.odno", or at the top."""
    block, _, name = where.rpartition(".")
    if not name:
        return body
    if not block:
        return {**body, name: digits}
    told = body.get(block)
    if isinstance(told, list):
        return {**body, block: [{**row, name: digits} for row in told]}
    return {**body, block: {**(told if isinstance(told, dict) else {}), name: digits}}
