"""Investors: days, sums, markets, estimates, rankings and programme trading, out of what hooks answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

from brokerkit import clock
from brokerkit.asking.inquiries import Inquiries, call_of, endpoint_of
from brokerkit.asking.rankings import present_day
from brokerkit.errors import IncompleteListing, UnknownSymbol, Unsupported
from brokerkit.market.days import FIRST_KNOWN_DAY, LAST_CONFIRMED_YEAR, is_trading_day
from brokerkit.market.markets import Market, market_of
from brokerkit.models import (
    Flow,
    FlowRank,
    InvestorFlow,
    InvestorFlowEstimate,
    InvestorFlowTotal,
    MarketInvestorFlow,
    ProgramTrading,
)
from brokerkit.part import Part
from brokerkit.replies import Ranked
from brokerkit.transport.together import Progress
from brokerkit.words import Investor, Venue

NEWEST = 30
"""Days without a `start`."""
DAY = dt.timedelta(days=1)
TOLD = dt.time(15, 40)
"""From then on brokers tell who traded today."""
SLACK = Decimal("0.001")
"""Part of what all groups did by which their sum may be off 0: figures are rounded, each on its own."""
UNITS = {"quantity": Decimal(10), "amount": Decimal(20_000_000)}
"""And so much it may be off anyway, of a symbol and a day: ten shares, and twenty of the millions that brokers tell."""
UNITS_OF_MARKETS = {"quantity": Decimal(10_000), "amount": Decimal(1_000_000_000)}
"""And of a market, of which the coarsest units are a thousand shares and a hundred million won."""
GROUPS = ("individual", "foreign", "institution", "other_corporation")
"""Together with other organizations they are everybody."""
INSTITUTIONS = (
    *("financial_investment", "insurance", "investment_trust", "bank", "other_finance", "pension", "private_fund"),
)
"""Together with the state they are all institutions."""
LIKELY_PRICES = (Decimal(100), Decimal(2_000_000))
"""Won a share that programmes may have paid on average: units that were mistaken are off by a thousand."""
T = TypeVar("T")
_FIELDS = tuple(Flow.model_fields)


def investor_flow(
    inquiries: Inquiries, symbol: str, start: dt.date | None, end: dt.date, detail: bool, progress: Progress | None
) -> list[InvestorFlow]:
    """Return the days from `start` to `end`, oldest first; without a start the newest."""
    part = inquiries.offering("investor_flow", market_of(symbol))
    stretches = _stretches(start, end, part.flows_at_once)

    def ask(stretch: tuple[dt.date | None, dt.date]) -> list[Any]:
        return list(part.investor_flow(symbol, *stretch, detail))

    answers = inquiries.together.map(ask, stretches, progress)
    _check_whole(part, "investor_flow", stretches, answers)
    found = {row.date: row for rows in answers for row in rows}
    if not found:
        words = f"{part.broker} has no investor flow of {symbol} up to {end}."
        raise UnknownSymbol(words, broker=part.broker, endpoint=endpoint_of(part, "investor_flow"))
    for row in found.values():
        inquiries.check_about(symbol, row, part, "investor_flow")
    rows = _within(part, f"the investor flow of {symbol}", found, start, end)
    return [_sound(part, "investor_flow", row.to_model(symbol=symbol)) for row in rows]


def investor_flow_total(
    inquiries: Inquiries, symbol: str, start: dt.date, end: dt.date, progress: Progress | None
) -> InvestorFlowTotal:
    """Return what was done from `start` to `end`: by the broker's own sum, else by that of all trading days."""
    part = inquiries.offering("investor_flow_total", market_of(symbol))
    if part.fills("investor_flow_total"):
        told = part.investor_flow_total(symbol, start, end)
        inquiries.check_about(symbol, told, part, "investor_flow_total")
        flows: Mapping[str, Any] = told.flows()
        final = told.final
    else:
        days = investor_flow(inquiries, symbol, start, end, False, progress)
        _check_all_days(part, symbol, [day.date for day in days], start, end)
        flows = {kind: _sum([getattr(day, kind) for day in days]) for kind in map(str.lower, Investor)}
        # The present day may have no row yet, and will have one.
        final = all(day.final for day in days) and end < clock.today()
    total = InvestorFlowTotal.model_validate({"symbol": symbol, "start": start, "end": end, "final": final, **flows})
    return _sound(part, "investor_flow_total", total)


def market_investor_flow(
    inquiries: Inquiries, market: str, start: dt.date | None, end: dt.date, progress: Progress | None
) -> list[MarketInvestorFlow]:
    """Return the days of a market from `start` to `end`, oldest first; without a start the newest."""
    verb = "market_investor_flow"
    part = inquiries.offering(verb, inquiries.home(None))
    end = min(end, _last_told(part))
    stretches: Sequence[tuple[dt.date, dt.date]]
    if part.market_flows_at_once == 1:
        stretches = [(day, day) for day in _trading_days(start, end)]
    else:
        back = dt.timedelta(days=2 * NEWEST)
        stretches = _stretches(end - back if start is None else start, end, part.market_flows_at_once)

    def ask(stretch: tuple[dt.date, dt.date]) -> list[Any]:
        return list(part.market_investor_flow(market, *stretch))

    answers = inquiries.together.map(ask, stretches, progress)
    _check_whole(part, verb, stretches, answers)
    found = {row.date: row for rows in answers for row in rows}
    if not found:
        raise Unsupported(f"{part.broker} tells no investor flow of {market} up to {end}.", broker=part.broker)
    rows = _within(part, f"the investor flow of {market}", found, start, end)
    days = [
        _sound(
            part,
            verb,
            MarketInvestorFlow.model_validate({"market": market, "date": row.date, "final": row.final, **row.flows()}),
        )
        for row in rows
    ]
    for before, after in pairwise(days):
        if before.model_copy(update={"date": after.date, "final": after.final}) == after:
            words = f"the answers about {before.date} and {after.date} are the same: one was no trading day"
            raise part.wrong(call_of(part, verb), words)
    return days


def investor_flow_estimates(inquiries: Inquiries, symbol: str) -> list[InvestorFlowEstimate]:
    """Return what is estimated so far today, oldest first. What may be of another day is left out."""
    verb = "investor_flow_estimates"
    part = inquiries.offering(verb, market_of(symbol))
    found = {}
    for row in part.investor_flow_estimates(symbol):
        time = inquiries.moment_today(row.clock, Venue.KRX)
        if time is not None:
            values = {"symbol": symbol, "time": time, "final": False}
            found[time] = InvestorFlowEstimate.model_validate({**values, **row.told})
    return [found[time] for time in sorted(found)]


def investor_rankings(
    inquiries: Inquiries,
    investor: Investor,
    market: str | None,
    start: dt.date | None,
    end: dt.date,
    count: int,
    *,
    sold: bool,
) -> list[FlowRank]:
    """Return the symbols that a kind of investor bought (or sold) most, the first one first."""
    part = inquiries.offering("investor_rankings", inquiries.home(None))
    rows = part.investor_rankings(investor, market, start, end, count, sold=sold)
    today = present_day(part, None, is_estimate=True)
    return _ranked(part, "investor_rankings", rows, count, today, sold=sold, investor=investor)


def program_rankings(
    inquiries: Inquiries, market: str, day: dt.date | None, count: int, *, sold: bool
) -> list[FlowRank]:
    """Return the symbols that programmes bought (or sold) most, the first one first."""
    part = inquiries.offering("program_rankings", inquiries.home(None))
    rows = part.program_rankings(market, day, count, sold=sold)
    return _ranked(part, "program_rankings", rows, count, present_day(part, None), sold=sold, investor=None)


def program_trading(
    inquiries: Inquiries, symbol: str, start: dt.date | None, end: dt.date, *, is_market: bool
) -> list[ProgramTrading]:
    """Return the days from `start` to `end`, oldest first; without a start the newest."""
    verb = "program_trading"
    home: Market = inquiries.home(None) if is_market else market_of(symbol)
    part = inquiries.offering(verb, home)
    hook = part.market_program_trading if is_market else part.program_trading
    found = {row.date: row for row in hook(symbol, start, end)}
    if not found:
        words = f"{part.broker} has no programme trading of {symbol} up to {end}."
        raise UnknownSymbol(words, broker=part.broker, endpoint=endpoint_of(part, verb))
    rows = _within(part, f"the programme trading of {symbol}", found, start, end)
    days = [ProgramTrading.model_validate({"symbol": symbol, **vars(row)}) for row in rows]
    for day in days:
        _check_price(part, day)
    return days


# Which days


def _stretches(start: dt.date | None, end: dt.date, at_once: int) -> list[tuple[Any, dt.date]]:
    """Return stretches, the newest first, none of which has more trading days than an answer tells, and one to spare.

    With what is to spare an answer reaches further back than its stretch, which proves that it is whole.
    """
    if start is None or not at_once:
        return [(start, end)]
    length = dt.timedelta(days=at_once // 5 * 7 - 4)
    found = []
    while end >= start:
        first = max(start, end - length + DAY)
        found.append((first, end))
        end = first - DAY
    return found


def _trading_days(start: dt.date | None, end: dt.date) -> list[dt.date]:
    """Return the trading days up to `end`, ascending: from `start` on, or the newest."""
    days: list[dt.date] = []
    day = end
    while (len(days) < NEWEST) if start is None else (day >= start):
        if day < FIRST_KNOWN_DAY:
            raise Unsupported(
                f"A day of a market is asked for by its date, and trading days are known from {FIRST_KNOWN_DAY} on.",
                advice="Nothing was sent. Ask for later days.",
            )
        if is_trading_day(day):
            days.append(day)
        day -= DAY
    return days[::-1]


def _last_told(part: Part[Any]) -> dt.date:
    """Return the last day of which a market's figures are asked for: today's are, once they are told."""
    now = clock.now()
    return now.date() if now.time() >= TOLD and not part.is_simulated else now.date() - DAY


def _within(part: Part[Any], what: str, found: Mapping[dt.date, T], start: dt.date | None, end: dt.date) -> list[T]:
    """Return the days that are wanted, ascending; Unsupported where those that are told begin later."""
    oldest = min(found)
    if oldest > (start or end) and (start is None or _has_trading(start, min(oldest - DAY, end))):
        raise Unsupported(
            f"{part.broker} tells {what} from {oldest} on; {start or end} is further back.",
            broker=part.broker,
            advice="Ask for later days.",
        )
    days = sorted(day for day in found if day <= end and (start is None or day >= start))
    return [found[day] for day in (days if start is not None else days[-NEWEST:])]


def _has_trading(start: dt.date, end: dt.date) -> bool:
    """Say whether there may be a trading day from `start` to `end`."""
    days = (start + dt.timedelta(count) for count in range((end - start).days + 1))
    return any(not _is_known(day) or is_trading_day(day) for day in days)


def _is_known(day: dt.date) -> bool:
    return day >= FIRST_KNOWN_DAY and day.year <= LAST_CONFIRMED_YEAR


def _check_whole(
    part: Part[Any], verb: str, stretches: Sequence[tuple[Any, dt.date]], answers: Sequence[Collection[Any]]
) -> None:
    """Raise where a stretch is empty, or told in part, though an older one is not.

    The newest may be empty: its day has yet to come.
    """
    told = [bool(rows) for rows in answers]
    for at, ((start, _), rows) in enumerate(zip(stretches, answers, strict=True)):
        if not any(told[at + 1 :]):
            return
        if not rows and at:
            raise IncompleteListing(
                f"{part.broker} tells nothing of a stretch in the middle of {verb}, but older days.", broker=part.broker
            )
        oldest = min((row.date for row in rows), default=start)
        if oldest > start and _has_trading(start, oldest - DAY):
            words = f"{part.broker} tells {verb} from {oldest} on, and from before {start}, but not what is between."
            raise IncompleteListing(words, broker=part.broker)


def _check_all_days(part: Part[Any], symbol: str, told: Collection[dt.date], start: dt.date, end: dt.date) -> None:
    """Raise unless every trading day that is over is there: a sum would be short without it."""
    days = (start + dt.timedelta(count) for count in range((min(end, clock.today() - DAY) - start).days + 1))
    missing = [day for day in days if day not in told and _is_known(day) and is_trading_day(day)]
    if missing:
        days_told = ", ".join(map(str, missing[:5]))
        words = f"{part.broker} tells no investor flow of {symbol} for {days_told}, so the sum would be short."
        if len(missing) > 5:
            words = (
                f"{part.broker} tells no investor flow of {symbol} for {days_told} and others, "
                "so the sum would be short."
            )
        raise IncompleteListing(
            words,
            broker=part.broker,
            advice="Ask investor_flow for the days that there are.",
        )


# What it becomes


def _sum(flows: Sequence[Flow]) -> dict[str, Decimal | None]:
    """Return the sum of flows, None where one of them does not tell."""
    sums: dict[str, Decimal | None] = {}
    for name in _FIELDS:
        told = [value for flow in flows if (value := getattr(flow, name)) is not None]
        sums[name] = sum(told, Decimal(0)) if told and len(told) == len(flows) else None
    return sums


def _ranked(
    part: Part[Any],
    verb: str,
    rows: Iterable[Ranked],
    count: int,
    today: dt.date | None,
    *,
    sold: bool,
    investor: Investor | None,
) -> list[FlowRank]:
    ranks = [
        FlowRank.model_validate(
            {**vars(row), "name": row.name or None, "date": row.date or today, "rank": rank, "investor": investor}
        )
        for rank, row in enumerate(list(rows)[:count], start=1)
    ]
    symbols = [rank.symbol for rank in ranks]
    if len(set(symbols)) < len(symbols):
        raise part.wrong(call_of(part, verb), "a symbol stands in the ranking twice")
    if any((rank.flow.net_amount or 0) * (-1 if sold else 1) < 0 for rank in ranks):
        words = "a symbol that was bought is among those that were not"
        raise part.wrong(call_of(part, verb), words if sold else "a symbol that was sold is among those that were not")
    return ranks


# What cannot be


Kinds = TypeVar("Kinds", InvestorFlow, InvestorFlowTotal, MarketInvestorFlow)


def _sound(part: Part[Any], verb: str, flow: Kinds) -> Kinds:
    """Return the flow; a WireError if its groups do not add up: what one bought another has sold."""
    days = (flow.end - flow.start).days + 1 if isinstance(flow, InvestorFlowTotal) else 1
    for unit, once in (UNITS_OF_MARKETS if isinstance(flow, MarketInvestorFlow) else UNITS).items():
        value, least = partial(_net, flow, unit), once * days
        everybody: list[Decimal | None] = [value(kind) for kind in GROUPS]
        parts: list[Decimal | None] = [value(kind) for kind in INSTITUTIONS]
        # Kiwoom tells no other organizations: what they do is then missing from the sum.
        _check_sum(part, verb, flow, unit, least, [*everybody, value("other_organization")], None)
        if None not in parts and flow.institution.net_quantity is not None:
            _check_sum(part, verb, flow, unit, least, [*parts, value("government") or Decimal(0)], value("institution"))
    return flow


def _net(flow: Any, unit: str, kind: str) -> Decimal | None:
    value: Decimal | None = getattr(getattr(flow, kind), f"net_{unit}")
    return value


def _check_sum(
    part: Part[Any],
    verb: str,
    flow: Any,
    unit: str,
    least: Decimal,
    values: Sequence[Decimal | None],
    total: Decimal | None,
) -> None:
    told = [value for value in values if value is not None]
    if len(told) < len(values):
        return
    off = abs(sum(told, Decimal(0)) - (total or 0))
    if off > max(least, SLACK * sum(map(abs, told))):
        whole = "institutions" if total is not None else "all groups"
        day = getattr(flow, "date", None) or flow.end
        words = f"of {day} the net {unit} of {whole} is off by {off:f}: a figure is not what it is taken for"
        raise part.wrong(call_of(part, verb), words)


def _check_price(part: Part[Any], day: ProgramTrading) -> None:
    """Raise where what programmes paid a share cannot be a price: then a unit is not what it is taken for."""
    low, high = LIKELY_PRICES
    for what in ("total", "arbitrage", "non_arbitrage"):
        flow: Flow = getattr(day, what)
        if not flow.buy_quantity or not flow.buy_amount or flow.buy_quantity < 100_000:
            continue
        price = flow.buy_amount / flow.buy_quantity
        if not low <= price <= high:
            words = f"{what} of {day.date} would be {price:.2f} won a share: a unit is not what it is taken for"
            raise part.wrong(call_of(part, "program_trading"), words)
