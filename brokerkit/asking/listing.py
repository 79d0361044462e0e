"""Instruments out of the lists of a broker, and how they are found by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from brokerkit import clock
from brokerkit.adapter import Adapter
from brokerkit.asking.copies import Copies, Copy
from brokerkit.errors import InvalidRequest, UnknownSymbol
from brokerkit.market.markets import Market, market_of
from brokerkit.market.ticks import price_limits, tick_size
from brokerkit.models import Instrument, Instruments
from brokerkit.part import Part
from brokerkit.symbols import is_symbol
from brokerkit.transport.auth import cache_directory, digest
from brokerkit.words import SecurityType, Segment

_FOLLOWERS = frozenset({SecurityType.ETF, SecurityType.ETN})
_KOREAN_LIMIT, _KONEX_LIMIT = 30, 15
"""How far a price may move in a day, in percent. That of KONEX is told by one page only."""


class Listings:
    """What is listed in the markets of an adapter, as the day's copies have it."""

    def __init__(
        self, adapter: Adapter, environment: str, offering: Callable[[str, Market], Part[Any]], *, durable: bool
    ) -> None:
        """`offering` returns the part of a market that offers a verb; with `durable` copies are kept in files."""
        self._adapter = adapter
        self._environment = environment
        self._offering = offering
        self._durable = durable
        self._copies: dict[str, Copies] = {}
        self._index: Index | None = None

    def instruments(self, market: Market, segment: Segment | None, kind: SecurityType | None) -> Instruments:
        """Return what is listed in a market, of one segment and kind or of all."""
        copy = self._of("instruments", market).current()
        rows = (
            each
            for each in copy.instruments
            if (segment is None or each.market is segment) and (kind is None or each.kind is kind)
        )
        return _told(copy, rows)

    def instrument(self, symbol: str) -> Instrument:
        """Return what a symbol is; UnknownSymbol for one that is not listed."""
        market = market_of(symbol)
        copy = self._of("instrument", market).current()
        found = copy.by_symbol.get(symbol)
        if found is None:
            raise UnknownSymbol(
                f"{self._adapter.name} does not list {symbol}.",
                advice=f"Its list is of {copy.taken_at.astimezone(clock.KST):%Y-%m-%d %H:%M}. "
                "Look for the name with search().",
            )
        return found

    def search(self, text: str, market: Market, count: int) -> Instruments:
        """Return what a name or code fits, the best fit first."""
        copy = self._of("search", market).current()
        index = self._index
        if index is None or index.copy is not copy:
            index = self._index = Index(copy)
        return _told(copy, index.find(text)[:count])

    def known(self, symbol: str) -> Instrument | None:
        """Return what a symbol is if a copy is there that tells it; nobody is asked."""
        market = market_of(symbol)
        part = self._adapter.served.get(market.name)
        if part is None or not part.fills("instruments"):
            return None
        copy = self._copy(part, market).known()
        return None if copy is None else copy.by_symbol.get(symbol)

    def _of(self, verb: str, market: Market) -> Copies:
        return self._copy(self._offering(verb, market), market)

    def _copy(self, part: Part[Any], market: Market) -> Copies:
        if market.name not in self._copies:
            path = self._path(part) if self._durable else None
            made = Copies(path, part.broker, partial(copy_of, part, market))
            self._copies.setdefault(market.name, made)
        return self._copies[market.name]

    def _path(self, part: Part[Any]) -> Path:
        """Return where the copy lies. A broker lists the same for everybody, a sandbox what is its own."""
        whose = self._environment
        if part.is_simulated:
            key = self._adapter.settings.app_key
            whose += f"-{digest(str(getattr(part.client, 'base_url', '')), key)}"
        return cache_directory("instruments") / f"{part.broker}-{part.market.lower()}-{whose}.json"


def _told(copy: Copy, rows: Iterable[Instrument]) -> Instruments:
    taken_at = copy.taken_at.astimezone(clock.KST)
    return Instruments(rows, taken_at=taken_at, is_stale=not copy.is_of_today(), passed_over=copy.passed_over)


def copy_of(part: Part[Any], market: Market) -> Copy:
    """Ask a part for all that is listed; a WireError for a symbol that is told twice, and for a list of nothing."""
    listed = part.instruments()
    found: dict[str, Instrument] = {}
    passed_over: list[str] = []
    for row in listed.rows:
        symbol = str(getattr(row, "symbol", ""))
        if not is_symbol(symbol):
            passed_over += [symbol] if symbol else []
            continue
        instrument = completed(row.to_model(symbol=symbol, currency=market.currency))
        if found.setdefault(symbol, instrument) != instrument:
            raise part.wrong(listed.endpoint, f"{symbol} is listed twice, as two different things")
    if not found:
        raise part.wrong(listed.endpoint, "nothing is listed")
    return Copy(
        broker=part.broker, taken_at=clock.now(), passed_over=tuple(passed_over), instruments=tuple(found.values())
    )


def completed(instrument: Instrument) -> Instrument:
    """Return an instrument with the price step and the limits at its base price, where the rules tell them."""
    base = instrument.base_price
    if base is None or instrument.kind is None:
        return instrument
    known: dict[str, Decimal] = {"tick": tick_size(base, instrument.kind)}
    percent = _percent(instrument)
    if percent is not None:
        with suppress(InvalidRequest):  # narrower than a step: the rule is not known
            known["lower_limit"], known["upper_limit"] = price_limits(base, instrument.kind, percent)
    return instrument.model_copy(update=known)


def _percent(instrument: Instrument) -> int | None:
    """Return how far the price may move today, None where that is not told, or without bounds."""
    if instrument.liquidation is not False or instrument.listed_on is None or instrument.listed_on >= clock.today():
        return None  # a first day has other limits
    if instrument.kind in (SecurityType.ELW, SecurityType.SUBSCRIPTION_RIGHT) or instrument.market is None:
        return None
    if instrument.kind in _FOLLOWERS:
        return None if instrument.leverage is None else int(_KOREAN_LIMIT * abs(instrument.leverage))
    return _KONEX_LIMIT if instrument.market is Segment.KONEX else _KOREAN_LIMIT


# Names


class Index:
    """Names and codes of a copy, as they are searched: in small letters, without blanks."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self._rows = [(_plain(each.name), each.symbol.lower(), each) for each in copy.instruments]

    def find(self, text: str) -> list[Instrument]:
        """Return what a name or code fits, the best fit first and of those the largest company."""
        wanted = _plain(text)
        if not wanted:
            return []
        by_initials = _INITIALS.issuperset(wanted)
        found = [
            (rank, each)
            for name, symbol, each in self._rows
            if (rank := _rank(wanted, _initials(name) if by_initials else name, symbol)) is not None
        ]
        return [each for _, each in sorted(found, key=lambda pair: (pair[0], -_worth(pair[1]), pair[1].symbol))]


def _rank(wanted: str, name: str, symbol: str) -> int | None:
    if wanted in (name, symbol):
        return 0
    if name.startswith(wanted):
        return 1
    if symbol.startswith(wanted):
        return 2
    return 3 if wanted in name else None


def _worth(instrument: Instrument) -> Decimal:
    return (instrument.listed_shares or Decimal(0)) * (instrument.base_price or Decimal(0))


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


_LETTERS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_INITIALS = frozenset(_LETTERS)


@cache
def _initials(name: str) -> str:
    """Return a name with the first consonant in place of each Korean syllable, as people type who are in a hurry."""
    return "".join(_LETTERS[(ord(each) - 0xAC00) // 588] if "가" <= each <= "힣" else each for each in name)
