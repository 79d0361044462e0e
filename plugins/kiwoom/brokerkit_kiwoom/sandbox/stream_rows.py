"""What is sent of a symbol: trades (0B), books (0D, 0C), quotes without a trade (0A), members (0F), limits (0g).

All values are texts under numbers of fields (FID). A price has the sign of its direction, the size of a trade that of
its side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from brokerkit.market.sessions import Phase, phases_of
from brokerkit.models import Level, Member
from brokerkit.sandbox.exchange import Candle, Instrument, Trade
from brokerkit.words import Side, Venue

from .books import with_side
from .common import Branch
from .numbers import directed, percent_of, signed, signed_rate, volume_rate, whole
from .quotes import sign
from .stream_day import DayOfSymbol
from .stream_levels import Levels, level_fields, sum_of

_MILLION = Decimal(1_000_000)
_HUNDRED_MILLION = Decimal(100_000_000)
_THOUSAND = Decimal(1_000)
_ZERO = Decimal(0)
_RANKS = range(1, 6)
_NO_SIZES = dict.fromkeys((str(fid) for fid in (*range(6044, 6066), *range(6066, 6088))), "0")
"""Sizes at either venue, where nothing waits."""
_NOTHING_OF_PROVIDERS = dict.fromkeys((str(fid) for fid in (*range(621, 631), *range(631, 641))), "0")
_NO_TIME = "000000"

SUFFIXES: Mapping[str, Venue] = {"": Venue.KRX, "_NX": Venue.NXT, "_AL": Venue.SOR}
"""Of a code, and the venue that it means."""
_SESSIONS = {Phase.PRE_OPEN_CLOSING_PRICE: "1", Phase.OPENING_AUCTION: "1", Phase.AFTER_MARKET: "3"}
"""FID 290 at KRX, where it is not that of the session. What frames of its after-market carry is not known: 3 here."""
_SESSIONS_OF_NXT = {Phase.PRE_MARKET: "P", Phase.REGULAR: "R", Phase.AFTER_MARKET: "U"}


class Depth(NamedTuple):
    """What is seen of a book."""

    asks: Levels[int]
    bids: Levels[int]


@dataclass(frozen=True)
class Sight:
    """A symbol as one looks at it, by a code of one venue or both."""

    branch: Branch
    instrument: Instrument
    venue: Venue
    book: Depth

    @property
    def base(self) -> Decimal:
        """Yesterday's close."""
        return self.instrument.previous_close

    @property
    def place(self) -> Venue:
        """Where what is traded now is traded: all venues share one book here, and NXT alone has a pre-market."""
        if self.venue is Venue.SOR:
            return Venue.NXT if self.branch.exchange.phase is Phase.PRE_MARKET else Venue.KRX
        return self.venue

    @property
    def best_prices(self) -> dict[str, str]:
        """Best ask and bid, as all frames with prices tell them."""
        return {"27": self._best(self.book.asks), "28": self._best(self.book.bids)}

    def _best(self, levels: Levels[int]) -> str:
        return directed(Decimal(levels[0][0]) if levels else None, self.base)


def depth(branch: Branch, symbol: str) -> Depth:
    """Return what is seen of a book: nothing in a halt."""
    if symbol in branch.exchange.halted:
        return Depth((), ())
    return Depth(*(branch.exchange.levels(symbol, side) for side in (Side.SELL, Side.BUY)))


def sight(branch: Branch, symbol: str, suffix: str, book: Depth | None = None) -> Sight | None:
    """Return a symbol by its code with a suffix, None where nothing is told of it under that code now."""
    instrument, venue = branch.exchange.instruments[symbol], SUFFIXES[suffix]
    if venue is not Venue.KRX and (branch.demo or (venue is Venue.NXT and not instrument.nxt)):
        return None  # the demo host knows KRX alone, and takes other codes without ever sending anything
    phase = branch.exchange.phase
    if phase is Phase.CLOSED or phase not in phases_of(venue):
        return None
    return Sight(branch, instrument, venue, book or depth(branch, symbol))


# Trades


def trade(seen: Sight, traded: Trade, day: DayOfSymbol) -> dict[str, str]:
    """Return the values of 0B. Three units stand in one frame: 14 is million won, 1313 thousand won, 29 won."""
    figures = _of_the_day(seen, traded.price, day)
    times = {"1890": day.open, "1891": day.high, "1892": day.low}
    amount = traded.price * traded.quantity
    is_bought = with_side(traded).startswith("+")
    return {
        "20": f"{traded.time:%H%M%S}",
        **{fid: figures[fid] for fid in ("10", "11", "12", "27", "28")},
        "15": with_side(traded),
        **{fid: figures[fid] for fid in ("13", "14", "16", "17", "18", "25", "26", "29", "30", "31", "32")},
        "228": f"{percent_of(day.bought, day.sold)}",
        "311": figures["311"],
        "290": _session(seen),
        "691": "0",
        "567": _NO_TIME,
        "568": _NO_TIME,
        "851": "",
        **{fid: f"{each.time:%H%M%S}" if each else "" for fid, each in times.items()},
        "1030": whole(day.sold),
        "1031": whole(day.bought),
        "1032": f"{percent_of(day.bought, day.bought + day.sold)}",
        "1071": str(day.sells),
        "1072": str(day.buys),
        "1313": whole(amount / _THOUSAND),
        "1315": "0" if is_bought else whole(traded.quantity),
        "1316": whole(traded.quantity) if is_bought else "0",
        "1314": signed(day.bought - day.sold),
        "1497": "",
        "1498": "",
        "620": whole(day.turnover / day.volume),
        "732": "",
        "852": "",
        "9081": seen.place.value,
    }


def _session(seen: Sight) -> str:
    phase = seen.branch.exchange.phase
    return _SESSIONS_OF_NXT.get(phase, "R") if seen.place is Venue.NXT else _SESSIONS.get(phase, "2")


def quote(seen: Sight, day: DayOfSymbol) -> dict[str, str]:
    """Return the values of 0A, which is told when the best prices change although nobody trades."""
    price = Decimal(seen.branch.exchange.quote(seen.instrument.symbol).price)
    return {**_of_the_day(seen, price, day), "567": _NO_TIME, "568": _NO_TIME}


def _of_the_day(seen: Sight, price: Decimal, day: DayOfSymbol) -> dict[str, str]:
    instrument, base, before = seen.instrument, seen.base, _yesterday(seen.branch, seen.instrument.symbol)
    change = price - base if price else _ZERO  # some have no price before anybody trades them
    return {
        "10": directed(price or None, base),
        "11": signed(change),
        "12": signed_rate(percent_of(change, base)),
        **seen.best_prices,
        "13": whole(day.volume),
        "14": whole(day.turnover / _MILLION),
        "16": directed(day.open.price if day.open else None, base),
        "17": directed(day.high.price if day.high else None, base),
        "18": directed(day.low.price if day.low else None, base),
        "25": sign(instrument, price or base),
        "26": signed(day.volume - before.volume),
        "29": signed(day.turnover - before.turnover),
        "30": volume_rate(day.volume, before.volume),
        "31": f"{percent_of(day.volume, instrument.listed_shares)}",
        "32": _cost(seen.branch, instrument.symbol, price),
        "311": whole(price * instrument.listed_shares / _HUNDRED_MILLION),
    }


def _cost(branch: Branch, symbol: str, price: Decimal) -> str:
    """Write what buying and selling a share costs: that 32 is commission twice and tax fits the two examples of it."""
    tax = branch.tax(symbol, price * _MILLION) / _MILLION
    return whole((price * branch.costs.commission_rate * 2 + tax).to_integral_value(ROUND_CEILING))


def _yesterday(branch: Branch, symbol: str) -> Candle:
    key = ("yesterday", symbol)
    if key not in branch.memory:
        branch.memory[key] = branch.exchange.daily_candles(symbol, days=2)[0]
    found: Candle = branch.memory[key]
    return found


# Books


def best(seen: Sight) -> dict[str, str]:
    """Return the values of 0C."""
    return seen.best_prices


def book(seen: Sight, before: Depth | None, expected: Level | None) -> dict[str, str]:
    """Return the values of 0D: ten levels a side, what changed since the last frame, and where the shares wait."""
    asks, bids = (sum_of(levels) for levels in seen.book)
    return {
        "21": f"{seen.branch.exchange.now():%H%M%S}",
        **level_fields(*seen.book, before or seen.book, lambda price: _price(price or 0, int(seen.base))),
        **_expectation(seen, expected),
        "128": signed(bids - asks),
        "129": f"{percent_of(Decimal(bids), Decimal(asks))}",
        "138": signed(asks - bids),
        "139": f"{percent_of(Decimal(asks), Decimal(bids))}",
        **_NOTHING_OF_PROVIDERS,
        "13": whole(seen.branch.exchange.quote(seen.instrument.symbol).volume or _ZERO),
        "299": "0.00",
        "215": "",
        "216": "",
        **_by_venue(seen, asks, bids),
        **_middle(seen),
    }


def _price(price: int, base: int) -> str:
    """Write the price of a level. An empty one has the price 0, which is below every base price."""
    return f"{'+' if price > base else '-' if price < base else ''}{price}"


def _expectation(seen: Sight, expected: Level | None) -> dict[str, str]:
    """Return what an auction would come to; 0 where there is none."""
    price, quantity = (expected.price, expected.quantity) if expected else (_ZERO, _ZERO)
    change = price - seen.base if expected else _ZERO
    code = sign(seen.instrument, price if expected else seen.base)
    rate = signed_rate(percent_of(change, seen.base))
    return {
        "23": whole(price),
        "24": whole(quantity),
        "200": signed(change),
        "201": rate,
        "238": code,
        "291": directed(price if expected else None, seen.base),
        "292": whole(quantity),
        "293": code,
        "294": signed(change),
        "295": rate,
    }


def _by_venue(seen: Sight, asks: int, bids: int) -> dict[str, str]:
    """Return the sizes at each venue. All share one book here, so all of it waits at the one that trades."""
    first = 6044 if seen.place is Venue.KRX else 6066
    here: dict[str, str] = {}
    for start, levels in ((first, seen.book.asks), (first + 10, seen.book.bids)):
        here |= {str(start + rank): str(size) for rank, (_, size) in enumerate(levels)}
    return {**_NO_SIZES, **here, str(first + 20): str(asks), str(first + 21): str(bids)}


def _middle(seen: Sight) -> dict[str, str]:
    """Return the middle prices. What waits at them is unseen here."""
    values: dict[str, str] = {}
    asks, bids = seen.book
    middle = Decimal((asks[0][0] + bids[0][0]) // 2) if asks and bids else None
    for venue, first, change in ((Venue.KRX, 6100, 6110), (Venue.NXT, 6105, 6113)):
        price = middle if venue is seen.place else None
        gained = _ZERO if price is None else price - seen.base
        values |= {str(first + offset): "0" for offset in (0, 1, 3, 4)}
        values[str(first + 2)] = directed(price, seen.base)
        values[str(change)] = signed(gained)
        values[str(change + 1)] = sign(seen.instrument, seen.base if price is None else price)
        values[str(change + 2)] = signed_rate(percent_of(gained, seen.base))
    return values


def expectation(seen: Sight, expected: Level) -> dict[str, str]:
    """Return the values of 0H: at what price an auction would end now, and with how many shares."""
    price, quantity = expected.price, expected.quantity
    volume = seen.branch.exchange.quote(seen.instrument.symbol).volume or _ZERO
    return {
        "20": f"{seen.branch.exchange.now():%H%M%S}",
        "10": directed(price, seen.base),
        "11": signed(price - seen.base),
        "12": signed_rate(percent_of(price - seen.base, seen.base)),
        # The example has a minus here, whose meaning is told of trades only: the way the price would go.
        "15": f"{'-' if price < seen.base else '+'}{whole(quantity)}",
        "13": whole(volume),
        "25": sign(seen.instrument, price),
    }


# What changes seldom


def members(seen: Sight) -> dict[str, str]:
    """Return the values of 0F. How they changed since the last look is not kept."""
    told = seen.branch.exchange.members(seen.instrument.symbol, seen.venue)
    sold, bought = told.foreign_sold or _ZERO, told.foreign_bought or _ZERO
    values: dict[str, str] = {}
    for rank in _RANKS:
        values |= _member(told.sellers, rank, (140, 160, 165, 145, 270))
        values |= _member(told.buyers, rank, (150, 170, 175, 155, 280))
    return values | {
        "261": whole(sold),
        "262": "0",
        "263": whole(bought),
        "264": "0",
        "267": signed(bought - sold),
        "268": "0",
        "337": seen.place.value,
    }


def _member(firms: Sequence[Member], rank: int, fids: tuple[int, int, int, int, int]) -> dict[str, str]:
    firm = firms[rank - 1] if rank <= len(firms) else None
    name, quantity, change, code, colour = (str(fid + rank) for fid in fids)
    return {
        name: firm.name if firm else "",
        quantity: whole(firm.quantity) if firm else "0",
        change: "0",
        code: firm.code if firm else "000",
        colour: "",
    }


def limits(seen: Sight) -> dict[str, str]:
    """Return the values of 0g: the limits of the day, and what else is told of a symbol."""
    instrument = seen.instrument
    return {
        "297": "",
        "592": "",
        "593": "",
        "305": directed(instrument.upper_limit if instrument.has_limits else None, seen.base),
        "306": directed(instrument.lower_limit if instrument.has_limits else None, seen.base),
        "307": whole(seen.base),
        "689": "0",
        "594": "KRW",
        "382": "",
        "370": "",
    }
