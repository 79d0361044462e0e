"""What the simulated exchange tells of investors beside a symbol's days: markets, periods, estimates and programmes.

All of it follows from who traded each symbol on each day: a market is the sum of its stocks, and programmes are part of
what foreigners and institutions did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import NamedTuple

from brokerkit.clock import KST
from brokerkit.models import Flow, FlowRank, InvestorFlow, InvestorFlowEstimate, MarketInvestorFlow, ProgramTrading
from brokerkit.sandbox.days import KOREA
from brokerkit.sandbox.flows import (
    INSTITUTIONS,
    DayOfFlow,
    Trading,
    kinds_of,
    newest_flow,
    together,
)
from brokerkit.sandbox.instruments import Instrument, list_instruments
from brokerkit.sandbox.past import KoreanPast
from brokerkit.words import Investor, SecurityType, Segment

MARKET_DAYS = 40
"""Trading days that markets and rankings reach back: they are made of all symbols, of which there are many."""
SLOTS = {dt.time(9, 30): 0.1, dt.time(10): 0.2, dt.time(11, 20): 0.45, dt.time(13, 20): 0.75, dt.time(14, 30): 0.9}
"""When estimates are published, and how much of the day is done by then."""
ESTIMATED = ("foreign", "institution", "investment_trust", "insurance", "bank", "pension", "other_corporation")
"""Kinds that are estimated while the exchange trades; of `government` it is known that it does nothing."""
_THOUSAND = 1_000
_MILLION = 1_000_000
_NETS = ("net_quantity", "net_amount")


@dataclass(frozen=True)
class _Programs:
    arbitrage: Trading
    non_arbitrage: Trading


class _MarketDay(NamedTuple):
    parts: Mapping[str, Trading]
    programs: _Programs


class Investors:
    """Investors of the whole exchange. What it keeps is the same whoever of several threads makes it."""

    def __init__(
        self,
        seed: int,
        past: KoreanPast,
        today: dt.date,
        now: Callable[[], dt.datetime],
        instruments: Callable[[], Mapping[str, Instrument]],
        so_far: Callable[[str], DayOfFlow | None],
    ) -> None:
        """`so_far` tells what was done in a symbol today."""
        self._seed = seed
        self._past = past
        self._today = today
        self._now = now
        self._instruments = instruments
        self._so_far = so_far
        self._markets: dict[str, Mapping[dt.date, _MarketDay]] = {}

    # Markets

    def market_days(self, market: str) -> Sequence[dt.date]:
        """Return the trading days of which a market's flow is known, ascending; today is not among them."""
        return list(self._market(market))

    def market_flow(self, market: str, day: dt.date) -> MarketInvestorFlow | None:
        """Return who traded in the stocks of a market on a day, None if that is not known."""
        found = self._market(market).get(day)
        if found is None:
            return None
        return MarketInvestorFlow(market=market, date=day, final=True, **kinds_of(found.parts))

    def _market(self, market: str) -> Mapping[dt.date, _MarketDay]:
        if market not in self._markets:
            if self._past.played:
                days = (self._past.newest_flows(symbol, MARKET_DAYS) for symbol in self._stocks(market))
                self._markets[market] = _summed(self._seed, zip(self._stocks(market), days, strict=True))
            else:
                self._markets[market] = _seeded(self._seed, self._past.origin, market)
        return self._markets[market]

    def _stocks(self, market: str | None) -> Sequence[str]:
        return [each.symbol for each in self._instruments().values() if _is_stock(each, market)]

    # Estimates

    def estimates(self, symbol: str) -> Sequence[InvestorFlowEstimate]:
        """Return what was estimated so far today, ascending: shares by the thousand, won by the million.

        The newest one is what was done until now, and those before it are parts of that.
        """
        slots = [slot for slot in SLOTS if slot <= self._now().time()]
        day = self._so_far(symbol) if slots else None
        if day is None:
            return []
        kinds = kinds_of(day.parts)
        nobody = Flow(net_quantity=Decimal(0), net_amount=Decimal(0))
        return [
            InvestorFlowEstimate(
                symbol=symbol,
                time=dt.datetime.combine(self._today, slot, KST),
                final=False,
                government=nobody,
                **{kind: _estimated(kinds[kind], SLOTS[slot] / SLOTS[slots[-1]]) for kind in ESTIMATED},
            )
            for slot in slots
        ]

    # Rankings

    def ranks(
        self, investor: Investor, start: dt.date, end: dt.date, market: str | None, *, sold: bool = False
    ) -> Sequence[FlowRank]:
        """Return the stocks that a kind of investor bought (or sold) most in won from one day to another."""
        nets = {}
        back = sum(day >= start for day in KOREA.days_before(self._today, MARKET_DAYS))
        for symbol in self._stocks(market):
            days = [day for day in self._past.newest_flows(symbol, back) if day.date <= end] if back else []
            parts = {kind: together(day.parts[kind] for day in days) for kind in days[0].parts} if days else {}
            nets[symbol] = kinds_of(parts)[investor.lower()] if parts else Flow()
        return self._ranked(nets, investor, end, sold=sold, final=True)

    def ranks_of_today(self, investor: Investor, market: str | None, *, sold: bool = False) -> Sequence[FlowRank]:
        """Return what a kind of investor has bought (or sold) most today so far in won, funds included."""
        days = {
            symbol: self._so_far(symbol)
            for symbol, each in self._instruments().items()
            if market in (None, each.market)
        }
        flows = {symbol: kinds_of(day.parts)[investor.lower()] for symbol, day in days.items() if day is not None}
        return self._ranked(flows, investor, self._today, sold=sold, final=False)

    def _ranked(
        self, flows: Mapping[str, Flow], investor: Investor | None, day: dt.date, *, sold: bool, final: bool
    ) -> Sequence[FlowRank]:
        way = -1 if sold else 1
        found = [(symbol, flow) for symbol, flow in flows.items() if way * (flow.net_amount or 0) > 0]
        found.sort(key=lambda each: (-way * (each[1].net_amount or 0), each[0]))
        names = self._instruments()
        return [
            FlowRank(
                rank=rank,
                symbol=symbol,
                name=names[symbol].name,
                date=day,
                investor=investor,
                flow=flow,
                final=final,
            )
            for rank, (symbol, flow) in enumerate(found, start=1)
        ]

    # Programmes

    def program_days(self, symbol: str) -> Sequence[dt.date]:
        """Return the trading days of which the programme trading of a symbol or market is known, ascending."""
        return self.market_days(symbol) if symbol in (Segment.KOSPI, Segment.KOSDAQ) else self._past.days(symbol)

    def program(self, symbol: str, day: dt.date) -> ProgramTrading | None:
        """Return the programme trading of a day in a symbol, or in a market with arbitrage on its own."""
        if symbol in (Segment.KOSPI, Segment.KOSDAQ):
            found = self._market(symbol).get(day)
            return None if found is None else _program(symbol, day, found.programs, is_market=True)
        flow = self._past.parts(symbol, day)
        return None if flow is None else _program(symbol, day, _programs(self._seed, symbol, flow), is_market=False)

    def program_ranks(self, market: str, day: dt.date | None = None, *, sold: bool = False) -> Sequence[FlowRank]:
        """Return the stocks that programmes bought (or sold) most in won, on a day or so far today."""
        flows = {}
        for symbol in self._stocks(market):
            found: DayOfFlow | None
            if day is None:
                found = self._so_far(symbol)
            else:
                back = sum(each >= day for each in KOREA.days_before(self._today, MARKET_DAYS))
                found = self._past.newest_flows(symbol, back)[0] if back else None
            if found is not None and found.date in (day, self._today):
                flows[symbol] = self._by_programs(symbol, found)
        return self._ranked(flows, None, day or self._today, sold=sold, final=day is not None)

    def program_today(self, symbol: str) -> Flow | None:
        """Return what programmes have bought and sold of a symbol today so far, None while nobody has traded."""
        day = self._so_far(symbol)
        return None if day is None else self._by_programs(symbol, day)

    def _by_programs(self, symbol: str, day: DayOfFlow) -> Flow:
        programs = _programs(self._seed, symbol, day)
        return together((programs.arbitrage, programs.non_arbitrage)).flow()


def total_of(days: Iterable[InvestorFlow]) -> dict[str, Flow]:
    """Return what each kind of investor did on all of these days, nets only."""
    sums: dict[str, dict[str, Decimal]] = {}
    for day in days:
        for kind in Investor:
            flow = getattr(day, kind.lower())
            for name in _NETS:
                mine = sums.setdefault(kind.lower(), dict.fromkeys(_NETS, Decimal(0)))
                mine[name] += getattr(flow, name) or Decimal(0)
    return {kind: Flow(**nets) for kind, nets in sums.items()}


@lru_cache(8)
def _seeded(seed: int, origin: dt.date, market: str) -> Mapping[dt.date, _MarketDay]:
    """Return the days of a market before the first one that is played: the same for every sandbox of the seed."""
    stocks = {each.symbol: each for each in list_instruments(seed).values() if _is_stock(each, market)}
    return _summed(seed, ((symbol, newest_flow(seed, each, origin, MARKET_DAYS)) for symbol, each in stocks.items()))


def _is_stock(instrument: Instrument, market: str | None) -> bool:
    return instrument.kind is SecurityType.STOCK and market in (None, instrument.market)


def _summed(seed: int, flows: Iterable[tuple[str, Sequence[DayOfFlow]]]) -> Mapping[dt.date, _MarketDay]:
    """Return what was done on each day in all of these symbols, and what programmes did of it."""
    days: dict[dt.date, list[tuple[str, DayOfFlow]]] = {}
    for symbol, known in flows:
        for day in known:
            days.setdefault(day.date, []).append((symbol, day))
    found = {}
    for date, rows in sorted(days.items()):
        parts = {kind: together(day.parts[kind] for _, day in rows) for kind in rows[0][1].parts}
        programs = [_programs(seed, symbol, day) for symbol, day in rows]
        arbitrage = together(each.arbitrage for each in programs)
        found[date] = _MarketDay(parts, _Programs(arbitrage, together(each.non_arbitrage for each in programs)))
    return found


def _programs(seed: int, symbol: str, day: DayOfFlow) -> _Programs:
    random = Random(f"{seed}/{symbol}/programs/{day.date}")  # noqa: S311 - repeatable on purpose
    pool = together(day.parts[kind] for kind in ("foreign", "resident_foreign", *INSTITUTIONS))
    bought, sold, arbitrage = random.uniform(0.2, 0.7), random.uniform(0.2, 0.7), random.uniform(0.02, 0.2)
    whole = Trading(int(pool.bought * bought), int(pool.sold * sold), int(pool.paid * bought), int(pool.got * sold))
    part = Trading(*(int(each * arbitrage) for each in whole))
    return _Programs(part, Trading(*(all_of_it - own for all_of_it, own in zip(whole, part, strict=True))))


def _program(symbol: str, day: dt.date, programs: _Programs, *, is_market: bool) -> ProgramTrading:
    total = together((programs.arbitrage, programs.non_arbitrage)).flow()
    if not is_market:
        return ProgramTrading(symbol=symbol, date=day, final=True, total=total)
    return ProgramTrading(
        symbol=symbol,
        date=day,
        final=True,
        total=total,
        arbitrage=programs.arbitrage.flow(),
        non_arbitrage=programs.non_arbitrage.flow(),
    )


def _estimated(flow: Flow, share: float) -> Flow:
    """Return so much of what a kind of investor will have done, as members' reports tell it: roundly."""
    quantity = round(float(flow.net_quantity or 0) * share / _THOUSAND) * _THOUSAND
    amount = round(float(flow.net_amount or 0) * share / _MILLION) * _MILLION
    return Flow(net_quantity=Decimal(quantity), net_amount=Decimal(amount))
