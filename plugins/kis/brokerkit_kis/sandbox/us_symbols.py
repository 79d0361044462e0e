"""How the server names US shares, the exchanges they are listed at, and amounts in dollars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from brokerkit.clock import KST
from brokerkit.market.us import NEW_YORK
from brokerkit.sandbox.exchange import Exchange, Instrument
from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.words import Segment, Venue
from brokerkit_kis.sandbox.fields import Context, codes

TRADING = "/uapi/overseas-stock/v1/trading"
"""Where orders and lists of all countries live."""
DOLLARS = "USD"
NOTHING = Decimal(0)
CENT = Decimal("0.01")


class Place(NamedTuple):
    """An exchange of the US in each of the server's spellings."""

    segment: Segment
    quoted: str
    """EXCD of prices."""
    daytime: str
    """EXCD of prices of the daytime market."""
    ordered: str
    """OVRS_EXCG_CD of orders and lists."""
    product: str
    """PRDT_TYPE_CD."""
    market: str
    """TR_MKET_CD."""
    noticed: str
    """ODER_COND of notices of own orders."""
    name: str


PLACES = {
    place.segment: place
    for place in (
        Place(Segment.NASDAQ, "NAS", "BAQ", "NASD", "512", "01", "6", "나스닥"),
        Place(Segment.NYSE, "NYS", "BAY", "NYSE", "513", "02", "7", "뉴욕거래소"),
        Place(Segment.AMEX, "AMS", "BAA", "AMEX", "529", "05", "8", "아멕스"),
    )
}
QUOTED: Mapping[str, tuple[Segment, Venue]] = {
    **{place.quoted: (place.segment, Venue.US) for place in PLACES.values()},
    **{place.daytime: (place.segment, Venue.DAYTIME) for place in PLACES.values()},
}
ORDERED = {place.ordered: place.segment for place in PLACES.values()}
PRODUCTS = {place.product: place.segment for place in PLACES.values()}
ELSEWHERE = codes("SEHK", "SHAA", "SZAA", "TKSE", "HASE", "VNSE")
"""Exchanges of other countries, of which nothing is listed here."""
QUOTED_ELSEWHERE = codes("HKS", "TSE", "SHS", "SZS", "SHI", "SZI", "HSX", "HNX")
WHOLE_US = "NASD"
"""In lists and in the balance of the real environment; in orders, and in the balance of the demo, it is Nasdaq."""


def code_of(symbol: str) -> str:
    """Return the code of a symbol: the class of a share stands behind a stroke."""
    return symbol.removeprefix("US:").replace(".", "/")


def listed(exchange: Exchange, code: str, segment: Segment | None) -> Instrument | None:
    """Return what has a code at an exchange of the US; None where it is not the one at which it is listed."""
    found = exchange.instruments.get(f"US:{code.replace('/', '.')}")
    return found if found is not None and found.market is segment and code == code_of(found.symbol) else None


def place_of(instrument: Instrument) -> Place:
    """Return where something is listed."""
    return PLACES[instrument.market]


def english_name(instrument: Instrument) -> str:
    """Return a name in English; of Korean shares the exchange has none."""
    return instrument.english_name if isinstance(instrument, UsInstrument) else f"SIMULATED {instrument.symbol}"


def among(listed_at: str, *, demo: bool = False, balance: bool = False) -> frozenset[Segment]:
    """Return the exchanges that a list or the balance tells of when this OVRS_EXCG_CD is asked for."""
    if listed_at in ("", "%") or (listed_at == WHOLE_US and not (balance and demo)):
        return frozenset(PLACES)
    if listed_at == "NAS":
        # In open orders it was seen to mean the whole US as well.
        return frozenset({Segment.NASDAQ}) if balance else frozenset(PLACES)
    return frozenset({ORDERED[listed_at]}) if listed_at in ORDERED else frozenset()


def local(moment: dt.datetime) -> dt.datetime:
    """Return a moment by the clock of New York."""
    return moment.astimezone(NEW_YORK)


def korean(moment: dt.datetime) -> dt.datetime:
    """Return a moment by the clock of Korea."""
    return moment.astimezone(KST)


def rate_text(percent: Decimal) -> str:
    """Write a change in percent: its sign in front, a blank in front of nothing."""
    rounded = percent.quantize(CENT, ROUND_HALF_UP)
    return f"{rounded:+.2f}" if rounded else " 0.00"


def direction(change: Decimal, volume: Decimal) -> str:
    """Return the code of the direction; "0" while nobody has traded."""
    if not volume:
        return "0"
    return "3" if not change else "2" if change > 0 else "5"


def won_per_dollar(context: Context) -> Decimal:
    """Return how many won a dollar is worth today."""
    return context.exchanges["US"].exchange_rate
