"""What everybody sees of the simulated market: its clock and phase, quotes, books, prints and candles."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.clock import KST
from brokerkit.market.sessions import Phase
from brokerkit.models import InvestorFlow, Level, OrderBook, Quote
from brokerkit.sandbox.books import Book
from brokerkit.sandbox.candles import Candle, Trade
from brokerkit.sandbox.days import YEAR
from brokerkit.sandbox.floor import Floor
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.past import Past
from brokerkit.sandbox.prints import Day
from brokerkit.sandbox.rows import Entry, ExchangeRefusal, Refusal
from brokerkit.words import Side, Venue

_OPENING = dt.time(10, 0, tzinfo=KST)
_HUNDREDTH = Decimal("0.01")


class PublicMarket:
    """One day of the market as everybody sees it. Every method is safe to call from several threads."""

    def __init__(self, seed: int, today: dt.date, past: Past) -> None:
        self._seed = seed
        self._today = today
        self._past = past
        self._opened_at = time.monotonic()
        self._opening = dt.datetime.combine(today, _OPENING)
        self._end = dt.datetime.combine(today, dt.time.max, KST)
        self._floor = Floor(seed, past.instruments(), today, self.now)
        self._floor.salt = past.salt(today)
        self._lock = threading.RLock()
        self._changes = 0

    def now(self) -> dt.datetime:
        """Return the time at the exchange: it starts at 10:00 Korean time and runs with the real clock.

        It stops at the end of the day, because an exchange plays one day only.
        """
        return min(self._opening + dt.timedelta(seconds=time.monotonic() - self._opened_at), self._end)

    def forward(self, time: dt.timedelta) -> None:
        """Put the clock forward; the phase stays as it is."""
        if time < dt.timedelta(0):
            raise ValueError("The clock of the exchange only goes forward.")
        with self._changing():
            self._opening = min(self._opening + time, self._end)

    @property
    def changes(self) -> int:
        """How often something was done here: what was computed or saved at a number still holds at the same number."""
        return self._changes

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            finally:
                self._changes += 1

    @property
    def today(self) -> dt.date:
        """The one day that is played."""
        return self._today

    @property
    def phase(self) -> Phase:
        """What all venues do. Setting it ends what comes before: auctions are matched, orders expire.

        The clock does not change it, so that tests and demonstrations trade at any time of day.
        """
        return self._floor.phase

    @phase.setter
    def phase(self, phase: Phase) -> None:
        with self._changing():
            # Closed can also mean that market_open is False; then nothing has expired yet.
            if phase is not self._floor.phase or phase is Phase.CLOSED:
                self._floor.begin(Phase(phase))

    @property
    def market_open(self) -> bool:
        """Whether orders are taken. False refuses every order and cancel with MARKET_CLOSED, and nothing expires."""
        return self._floor.phase is not Phase.CLOSED

    @market_open.setter
    def market_open(self, is_open: bool) -> None:
        with self._changing():
            if is_open:
                self.phase = Phase.REGULAR
            else:
                self._floor.phase = Phase.CLOSED

    def halt(self, symbol: str) -> None:
        """Stop trading of a symbol: orders in it are refused, waiting ones can be cancelled."""
        with self._changing():
            self._floor.halted.add(self._instrument(symbol).symbol)

    def resume(self, symbol: str) -> None:
        """Let a symbol trade again."""
        with self._changing():
            self._floor.resume(self._instrument(symbol).symbol)

    @property
    def halted(self) -> list[str]:
        """The symbols that do not trade."""
        with self._lock:
            return sorted(self._floor.halted)

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Everything that is listed, by symbol."""
        return self._floor.instruments

    def quote(self, symbol: str, venue: Venue = Venue.KRX) -> Quote:
        """Return the present price with every field filled."""
        with self._lock:
            instrument = self._instrument(symbol, venue)
            day = self._floor.book(instrument).day
            price = Decimal(day.price)
            change = price - instrument.previous_close
            return Quote(
                symbol=symbol,
                venue=venue,
                currency="KRW",
                price=price,
                name=instrument.name,
                previous_close=instrument.previous_close,
                change=change,
                change_percent=(change * 100 / instrument.previous_close).quantize(_HUNDREDTH, ROUND_HALF_UP),
                open=Decimal(day.open),
                high=Decimal(day.high),
                low=Decimal(day.low),
                volume=Decimal(day.volume),
                turnover=Decimal(day.turnover),
                upper_limit=instrument.upper_limit,
                lower_limit=instrument.lower_limit,
                time=self.now(),
            )

    def order_book(self, symbol: str, venue: Venue = Venue.KRX) -> OrderBook:
        """Return the best ten levels a side. While an auction gathers orders the sides can overlap."""
        with self._lock:
            book = self._floor.book(self._instrument(symbol, venue))
            asks, bids = _levels(book, Side.SELL), _levels(book, Side.BUY)
            return OrderBook(symbol=symbol, venue=venue, time=self.now(), asks=asks, bids=bids)

    def trades(self, symbol: str) -> Sequence[Trade]:
        """Return today's prints, newest last. Those in the closing price sessions are not among them."""
        with self._lock:
            return list(self._floor.book(self._instrument(symbol)).trades)

    def daily_candles(self, symbol: str, *, days: int = YEAR) -> Sequence[Candle]:
        """Return a candle for each of so many trading days up to and including today, ascending; six years at most.

        Those of more than a year take longer the first time.
        """
        with self._lock:
            day = self._floor.book(self._instrument(symbol)).day
            return [*self._past.candles(symbol, days - 1), _candle_of(self._today, day)]

    def minute_candles(self, symbol: str) -> Sequence[Candle]:
        """Return a candle for each minute of today from 09:00 to now, ascending; flat where nobody traded."""
        with self._lock:
            return self._floor.book(self._instrument(symbol)).minutes.until(self.now())

    def investor_flow(self, symbol: str, *, days: int = YEAR) -> Sequence[InvestorFlow]:
        """Return so many trading days up to the last one before today, ascending, with every figure filled.

        A year of them takes much longer than a month the first time.
        """
        with self._lock:
            among = self._past.days(self._instrument(symbol).symbol)
            wanted = among[max(len(among) - max(days, 0), 0) :]
            return [flow for day in wanted if (flow := self._past.flow(symbol, day))]

    def flow_days(self, symbol: str) -> Sequence[dt.date]:
        """Return the trading days of which there is an investor flow, ascending: six years up to the last one."""
        with self._lock:
            return self._past.days(self._instrument(symbol).symbol)

    def flow_of(self, symbol: str, day: dt.date) -> InvestorFlow | None:
        """Return the investor flow of one day, None if there is none."""
        with self._lock:
            return self._past.flow(self._instrument(symbol).symbol, day)

    def _check_tradable(self, symbol: str) -> None:
        if symbol in self._floor.halted:
            raise ExchangeRefusal(Refusal.TRADING_HALTED)
        if not self.market_open:
            raise ExchangeRefusal(Refusal.MARKET_CLOSED)

    def _instrument(self, symbol: str, venue: Venue = Venue.KRX) -> Instrument:
        instrument = self._floor.instruments.get(symbol)
        if instrument is None:
            raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
        if venue is Venue.NXT and not instrument.nxt:
            raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
        return instrument


def _levels(book: Book[Entry], side: Side) -> tuple[Level, ...]:
    return tuple(Level(price=Decimal(price), quantity=Decimal(quantity)) for price, quantity in book.levels(side))


def _candle_of(today: dt.date, day: Day) -> Candle:
    figures = (day.open, day.high, day.low, day.price, day.volume, day.turnover)
    return Candle(dt.datetime.combine(today, dt.time.min, KST), *map(Decimal, figures))
