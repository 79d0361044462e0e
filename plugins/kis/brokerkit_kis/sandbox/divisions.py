"""Order divisions (ORD_DVSN): what each code means, where and when it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from brokerkit.market.sessions import Phase
from brokerkit.sandbox.exchange import ExchangeOrder, ExchangeRefusal, Instrument, Refusal
from brokerkit.words import OrderType, TimeInForce, Venue
from brokerkit_kis.sandbox.wording import Refused

KRX, NXT, SOR = Venue.KRX, Venue.NXT, Venue.SOR
DAY, IOC, FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
PRE_MARKET_ONLY = TimeInForce.GOOD_TILL_PRE_MARKET
AFTER_MARKET_TYPES = frozenset({OrderType.LIMIT, OrderType.BEST_OPPOSITE, OrderType.BEST_SAME_SIDE})


@dataclass(frozen=True)
class Division:
    """One code: type and time in force, venues that take it, and the session it belongs to if it has one of its own."""

    code: str
    type: OrderType
    time_in_force: TimeInForce
    venues: frozenset[Venue]
    name: str
    session: Phase | None = None


def _regular() -> Iterator[Division]:
    everywhere, two, krx = frozenset({KRX, NXT, SOR}), frozenset({KRX, NXT}), frozenset({KRX})
    yield Division("00", OrderType.LIMIT, DAY, everywhere, "지정가")
    yield Division("01", OrderType.MARKET, DAY, frozenset({KRX, SOR}), "시장가")
    yield Division("02", OrderType.LIMIT_TO_MARKET_ON_CLOSE, DAY, krx, "조건부지정가")
    yield Division("03", OrderType.BEST_OPPOSITE, DAY, everywhere, "최유리지정가")
    yield Division("04", OrderType.BEST_SAME_SIDE, DAY, everywhere, "최우선지정가")
    yield Division("05", OrderType.PRE_OPEN_CLOSING_PRICE, DAY, krx, "장전 시간외")
    yield Division("06", OrderType.AFTER_CLOSE_CLOSING_PRICE, DAY, krx, "장후 시간외")
    yield Division("11", OrderType.LIMIT, IOC, everywhere, "IOC지정가")
    yield Division("12", OrderType.LIMIT, FOK, everywhere, "FOK지정가")
    yield Division("13", OrderType.MARKET, IOC, everywhere, "IOC시장가")
    yield Division("14", OrderType.MARKET, FOK, everywhere, "FOK시장가")
    yield Division("15", OrderType.BEST_OPPOSITE, IOC, everywhere, "IOC최유리")
    yield Division("16", OrderType.BEST_OPPOSITE, FOK, everywhere, "FOK최유리")
    yield Division("21", OrderType.MIDPOINT, DAY, two, "중간가")
    yield Division("22", OrderType.STOP_LIMIT, DAY, two, "스톱지정가")
    yield Division("23", OrderType.MIDPOINT, IOC, two, "중간가IOC")
    yield Division("24", OrderType.MIDPOINT, FOK, two, "중간가FOK")


def _sessions() -> Iterator[Division]:
    after, before = Phase.AFTER_MARKET, Phase.PRE_MARKET
    krx, nxt = frozenset({KRX}), frozenset({NXT})
    limit, opposite, same = OrderType.LIMIT, OrderType.BEST_OPPOSITE, OrderType.BEST_SAME_SIDE
    yield Division("41", limit, DAY, krx, "애프터 지정가", after)
    yield Division("42", limit, IOC, krx, "애프터 IOC지정가", after)
    yield Division("43", limit, FOK, krx, "애프터 FOK지정가", after)
    yield Division("44", opposite, DAY, krx, "애프터 최유리", after)
    yield Division("45", opposite, IOC, krx, "애프터 IOC최유리", after)
    yield Division("46", opposite, FOK, krx, "애프터 FOK최유리", after)
    yield Division("47", same, DAY, krx, "애프터 최우선", after)
    yield Division("27", limit, PRE_MARKET_ONLY, nxt, "프리 지정가", before)
    yield Division("28", opposite, PRE_MARKET_ONLY, nxt, "프리 최유리", before)
    yield Division("29", same, PRE_MARKET_ONLY, nxt, "프리 최우선", before)


DIVISIONS = {division.code: division for division in (*_regular(), *_sessions())}
DEAD = "07"
"""Orders for the ten-minute auctions, which are no more."""
DOCUMENTED = frozenset({*DIVISIONS, DEAD})
_NOT_IN_DEMO = frozenset({OrderType.PRE_OPEN_CLOSING_PRICE, OrderType.AFTER_CLOSE_CLOSING_PRICE})
_EVENING = frozenset({Phase.AFTER_CLOSE_CLOSING_PRICE, Phase.AFTER_MARKET})
_BACK = {(found.type, found.time_in_force): found for found in reversed(DIVISIONS.values())} | {
    (found.type, found.time_in_force): found for found in _regular()
}


def choose(code: str, venue: Venue, instrument: Instrument, phase: Phase, demo: bool) -> Division:
    """Return what a code asks for, or refuse what this venue, symbol or phase has not got."""
    division = DIVISIONS.get(code)
    if division is None or venue not in division.venues or (venue is NXT and not instrument.nxt):
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    # The demo knows the regular session of KRX only. Its code for "limit orders only" was seen abroad, not here: an
    # amendment to the best price was taken.
    if demo and (venue is not KRX or division.session is not None or division.type in _NOT_IN_DEMO):
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    if demo and phase in _EVENING:
        raise ExchangeRefusal(Refusal.MARKET_CLOSED)
    if phase is Phase.AFTER_MARKET:
        _check_after_market(division, venue, instrument)
    elif division.session not in (None, phase):
        raise ExchangeRefusal(Refusal.MARKET_CLOSED)
    return division


def _check_after_market(division: Division, venue: Venue, instrument: Instrument) -> None:
    if division.type not in AFTER_MARKET_TYPES:
        raise Refused("APBK3013", "애프터마켓에 없는 주문유형", result="7")
    # What the regular code brings at KRX in the evening is not known, nor with which code funds are refused.
    if venue is KRX and not instrument.trades_in_the_evening:
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    if division.session is not (Phase.AFTER_MARKET if venue is KRX else None):
        raise ExchangeRefusal(Refusal.MARKET_CLOSED)


def division_of(order: ExchangeOrder, sent: str | None) -> Division | None:
    """Return the code of an order: the one it was sent with where that is remembered, else that of its type."""
    if sent is not None:
        return DIVISIONS[sent]
    return _BACK.get((order.request.type, order.request.time_in_force))
