"""Instruments out of the lists of a broker, and how they are found by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from brokerkit import clock, symbols
from brokerkit.adapter import Adapter
from brokerkit.asking.copies import Copies, Copy
from brokerkit.errors import BrokerError, InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.market.markets import Market, market_of
from brokerkit.market.ticks import price_limits
from brokerkit.models import Instrument, Instruments
from brokerkit.part import Part
from brokerkit.symbols import is_symbol
from brokerkit.transport.auth import cache_directory, digest
from brokerkit.words import SecurityType, Segment

_FOLLOWERS = frozenset({SecurityType.ETF, SecurityType.ETN})
_WITHOUT_LIMITS = frozenset({SecurityType.ELW, SecurityType.SUBSCRIPTION_RIGHT})
_MANY = 10
"""So many symbols that one list of all takes fewer calls."""
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
        self._alones: dict[str, Copy] = {}
        """Of symbols that were asked for alone."""
        self._wanted: set[str] = set()
        """Markets of which many symbols are about to be needed."""
        self._indices: dict[str, Index] = {}

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
        part = self._offering("instrument", market)
        found = self._found(symbol, part, market)
        is_told = found.leverage is not None or found.kind not in _FOLLOWERS
        return found if is_told or not part.fills("leverage") else self._followed(found, part)

    def _found(self, symbol: str, part: Part[Any], market: Market) -> Instrument:
        """Return what a symbol is: by a call for it alone where there is one and today's list is not there."""
        copies = self._copy(part, market)
        if part.fills("one_instrument") and not self._has_current(copies, market):
            return self._alone(symbol, part, market)
        copy = copies.current()
        found = copy.by_symbol.get(symbol)
        if found is None:
            words = f"{self._adapter.name} does not list {symbol}."
            day = f"{copy.taken_at.astimezone(clock.KST):%Y-%m-%d %H:%M}"
            raise UnknownSymbol(words, advice=f"Its list is of {day}. {market.how_to_search}")
        return found

    def _has_current(self, copies: Copies, market: Market) -> bool:
        """Say whether today's list is there; it is asked for where many symbols are about to be needed."""
        if market.name in self._wanted and not copies.has_current():
            try:
                copies.current()
            except BrokerError:  # each of them is asked for alone
                self._wanted.discard(market.name)
        return copies.has_current()

    @contextmanager
    def many(self, symbols: Iterable[str]) -> Iterator[None]:
        """Let the whole list of a market be asked for meanwhile where each of many symbols would be asked for alone."""
        unknown: Counter[str] = Counter()
        for symbol in symbols:
            copy = self._alones.get(symbol)
            if is_symbol(symbol) and (copy is None or not copy.is_of_today()):
                unknown[market_of(symbol).name] += 1
        wanted = {name for name, count in unknown.items() if count >= _MANY}
        self._wanted |= wanted
        try:
            yield
        finally:
            self._wanted -= wanted

    def _followed(self, fund: Instrument, part: Part[Any]) -> Instrument:
        """Return a fund with the multiple that it follows, for which the broker is asked once a day."""
        kept = self._alones.get(fund.symbol)
        if kept is None or not kept.is_of_today():
            leverage = None
            with suppress(Unsupported, UnknownSymbol):  # not in this environment, or not of this fund
                leverage = part.leverage(fund.symbol)
            told = fund.model_copy(update={"leverage": leverage})
            kept = self._keep(told.model_copy(update=reckoned(told, market_of(fund.symbol))), part)
        return kept.instruments[0]

    def _keep(self, instrument: Instrument, part: Part[Any]) -> Copy:
        copy = Copy(broker=part.broker, taken_at=clock.now(), instruments=(instrument,))
        self._alones[instrument.symbol] = copy
        return copy

    def _alone(self, symbol: str, part: Part[Any], market: Market) -> Instrument:
        """Ask for one symbol, once a day."""
        copy = self._alones.get(symbol)
        if copy is None or not copy.is_of_today():
            row = part.one_instrument(symbol)
            told = str(getattr(row, "symbol", ""))
            if not told:
                raise UnknownSymbol(f"{self._adapter.name} does not list {symbol}.", advice=market.how_to_search)
            if told != symbol:
                raise part.wrong(None, f"the answer is about {told}, not {symbol}")
            copy = self._keep(row.to_model(symbol=symbol, currency=market.currency, **reckoned(row, market)), part)
        return copy.instruments[0]

    def search(self, text: str, market: Market, segment: Segment | None, count: int) -> Instruments:
        """Return what a name or code fits, the best fit first."""
        copy = self._of("search", market).current()
        index = self._indices.get(market.name)
        if index is None or index.copy is not copy:
            index = self._indices[market.name] = Index(copy)
        found = (each for each in index.find(text) if segment is None or each.market is segment)
        return _told(copy, list(islice(found, count)))

    def listed(self, symbol: str) -> Instrument | None:
        """Return what a symbol is, None for one that is not listed; the broker is asked where it has to be."""
        market = market_of(symbol)
        try:
            return self._found(symbol, self._offering("instrument", market), market)
        except UnknownSymbol:
            return None

    def relist(self, symbol: str) -> None:
        """Let the list of the market of a symbol be asked for anew when it is next needed."""
        market = market_of(symbol)
        self._alones.pop(symbol, None)
        self._copy(self._offering("instrument", market), market).forget()

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
        instrument = row.to_model(symbol=symbol, currency=market.currency, **reckoned(row, market))
        if symbol in found and found[symbol] != instrument:
            raise part.wrong(listed.endpoint, f"{symbol} is listed twice, as two different things")
        found[symbol] = instrument
    if not found:
        raise part.wrong(listed.endpoint, "nothing is listed")
    return Copy(
        broker=part.broker, taken_at=clock.now(), passed_over=tuple(passed_over), instruments=tuple(found.values())
    )


def reckoned(row: object, market: Market) -> dict[str, Decimal]:
    """Return the price step and the limits at the base price of an instrument, where the rules tell them."""
    base, kind = getattr(row, "base_price", None), getattr(row, "kind", None)
    if base is None or kind is None or market.rules is None:
        return {}
    known = {"tick": market.rules.tick_size(base, kind)}
    percent = _percent(row, kind) if market.rules.has_limits else None
    if percent is not None:
        with suppress(InvalidRequest):  # narrower than a step: the rule is not known
            known["lower_limit"], known["upper_limit"] = price_limits(base, kind, percent)
    return known


def _percent(row: object, kind: SecurityType) -> int | None:
    """Return how far the price may move today, None where that is not told, or without bounds."""
    market, listed_on = getattr(row, "market", None), getattr(row, "listed_on", None)
    if market is None or listed_on is None or listed_on >= clock.today():
        return None  # a first day has other limits
    if getattr(row, "liquidation", None) is not False or kind in _WITHOUT_LIMITS:
        return None
    if kind in _FOLLOWERS:
        leverage = getattr(row, "leverage", None)
        return None if leverage is None else int(_KOREAN_LIMIT * abs(leverage))
    return _KONEX_LIMIT if market is Segment.KONEX else _KOREAN_LIMIT


# Names


class Index:
    """Names and codes of a copy, as they are searched: in small letters, without blanks."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self._rows = [(name, _code(each.symbol), each) for each in copy.instruments for name in _names(each)]

    @cached_property
    def _by_initials(self) -> list[tuple[str, str, Instrument]]:
        return [(_initials(name), symbol, each) for name, symbol, each in self._rows]

    def find(self, text: str) -> list[Instrument]:
        """Return what a name or code fits, the best fit first and of those the largest company."""
        wanted = _code(text) if is_symbol(text) else _plain(text)
        if not wanted:
            return []
        rows = self._by_initials if _INITIALS.issuperset(wanted) else self._rows
        found = [
            (_rank(wanted, name, symbol), each) for name, symbol, each in rows if wanted in name or wanted in symbol
        ]
        found.sort(key=lambda pair: (pair[0], -_worth(pair[1]), pair[1].symbol))
        return list({each.symbol: each for _, each in found}.values())  # one with two names by the one that fits best


def _rank(wanted: str, name: str, symbol: str) -> int:
    """Return how well a name or code fits: wholly, from its beginning, or somewhere."""
    return 0 if wanted in (name, symbol) else 1 if name.startswith(wanted) else 2 if symbol.startswith(wanted) else 3


def _names(instrument: Instrument) -> list[str]:
    return [_plain(name) for name in (instrument.name, instrument.english_name) if name is not None]


def _code(symbol: str) -> str:
    return symbols.parse(symbol).code.lower()


def _worth(instrument: Instrument) -> Decimal:
    return (instrument.listed_shares or Decimal(0)) * (instrument.base_price or Decimal(0))


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


_LETTERS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_INITIALS = frozenset(_LETTERS)


def _initials(name: str) -> str:
    """Return a name with the first consonant in place of each Korean syllable, as people type who are in a hurry."""
    return "".join(_LETTERS[(ord(each) - 0xAC00) // 588] if "가" <= each <= "힣" else each for each in name)
