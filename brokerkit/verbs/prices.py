"""Prices: what is traded, at what price, and when."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import overload

from brokerkit.arguments import check_count, check_flag, check_interval, plain
from brokerkit.asking.trades import members, trades
from brokerkit.errors import InvalidRequest
from brokerkit.logs import about
from brokerkit.models import (
    Candles,
    Instrument,
    ManyCandles,
    MarketHours,
    Members,
    OrderBook,
    Quote,
    Quotes,
    Table,
    Trade,
)
from brokerkit.symbols import check_symbol
from brokerkit.transport.together import Progress
from brokerkit.values import Amount, exact_decimal
from brokerkit.verbs.asking import Asking
from brokerkit.words import Interval, Side, Venue

logger = logging.getLogger("brokerkit")
without_quote = logging.getLogger("brokerkit.quotes")
"""Tells which symbols have no quote: who shows `Quotes.failed` otherwise may turn it off."""


class Prices(Asking):
    """Verbs about prices."""

    _quotes: dict[tuple[str, Venue], tuple[float, Quote]]

    def quote(self, symbol: str | Instrument, *, venue: Venue | None = None) -> Quote:
        """Return the present price of a symbol at a venue, with the figures of its day (현재가).

        SOR is the combined market, None the market's default. Prices are in `currency` per share, of an index in
        points. Raises InvalidRequest for a text that is no symbol, UnknownSymbol, Unsupported, NetworkError.

        Example::

            price = broker.quote("005930").price
        """
        symbol = plain(symbol)
        with self._asking(f"quote of {symbol} at {venue}" if venue else f"quote of {symbol}"):
            quote = self._inquiries.quote(symbol, venue)
        self._remember(quote)
        return quote

    def quotes(
        self, symbols: Iterable[str | Instrument], *, venue: Venue | None = None, progress: Progress | None = None
    ) -> Quotes:
        """Return the present prices of symbols, in their order, each once (관심종목 시세).

        By calls that take several where there are; otherwise, as in KIS's demo environment, by one call a symbol,
        several at a time as the broker's limit allows. A symbol that is none, or that the broker has no price of, takes
        no other with it: it stands in `failed` of the answer, with the reason, and is logged as a warning. `progress`
        is called with how many of how many calls are done. What is the fault of no symbol is raised: InvalidRequest,
        Unsupported, NetworkError.

        Example::

            for quote in broker.quotes(["005930", "000660"]):
                print(quote.name, quote.price)
        """
        if isinstance(symbols, str) or not isinstance(symbols, Iterable):
            raise InvalidRequest("quotes takes several symbols: give a list, or ask quote for one.")
        named = list(map(plain, symbols))
        count = len(named)
        with self._asking(f"quotes of {count} symbols at {venue}" if venue else f"quotes of {count} symbols"):
            found = self._inquiries.quotes(named, venue, progress)
        for quote in found:
            self._remember(quote)
        for symbol, error in found.failed.items():
            without_quote.warning(
                "%s: no quote of %s: %s",
                self.name,
                symbol,
                self._named(error, f"quote of {symbol}").words,
                extra=about("quote_missing", error, symbol=symbol),
            )
        return found

    @overload
    def candles(  # type: ignore[overload-overlap]  # a text is also an Iterable of texts: the first one counts
        self,
        symbol: str | Instrument,
        interval: Interval | str = ...,
        start: dt.date | None = ...,
        end: dt.date | None = ...,
        *,
        count: int | None = ...,
        adjusted: bool | None = ...,
        venue: Venue | None = ...,
        progress: Progress | None = ...,
    ) -> Candles: ...
    @overload
    def candles(
        self,
        symbol: Iterable[str | Instrument],
        interval: Interval | str = ...,
        start: dt.date | None = ...,
        end: dt.date | None = ...,
        *,
        count: int | None = ...,
        adjusted: bool | None = ...,
        venue: Venue | None = ...,
        progress: Progress | None = ...,
    ) -> ManyCandles: ...
    def candles(
        self,
        symbol: str | Instrument | Iterable[str | Instrument],
        interval: Interval | str = Interval.DAY,
        start: dt.date | None = None,
        end: dt.date | None = None,
        *,
        count: int | None = None,
        adjusted: bool | None = None,
        venue: Venue | None = None,
        progress: Progress | None = None,
    ) -> Candles | ManyCandles:
        """Return candles of a symbol, oldest first: all of them from `start` to `end`, or an error (분봉, 일봉, 주봉).

        `interval` is "tick", minutes ("1m" to "60m"), "1d", "1w", "1mo" or "1y". Without `start` these are the newest
        `count` (100) up to `end` (default: today); with it at most the first `count`. Days are trading days of the
        market. Within days both may be moments with a time zone; the candles in which they lie are whole. Weeks begin
        on Monday.

        Prices from days up are `adjusted` for splits and the like (수정주가) unless that is False. Within days they are
        as the broker has them, and `adjusted` of the answer says which; a choice is Unsupported where the broker has
        none.

        Of several symbols, in a list, the answer is a mapping; one that has none takes no other with it: it stands in
        `failed`, with the reason, and is logged as a warning. Calls go out several at a time, as the broker's limit
        allows; `progress` is called with how much of how much is done. Raises InvalidRequest for a span without
        trading, UnknownSymbol, Unsupported for what the broker has not or no longer has, IncompleteListing for what has
        a hole, NetworkError.

        Example::

            days = broker.candles("005930", "1d", count=20)
            highest = max(day.high for day in days)
        """
        if not isinstance(symbol, str | Instrument | Iterable):
            raise InvalidRequest(f"candles takes a symbol or a list of them, not {symbol!r}.")
        named = plain(symbol) if isinstance(symbol, str | Instrument) else list(map(plain, symbol))
        whose = named if isinstance(named, str) else f"{len(named)} symbols"
        since, until = start or "the newest", end or "today"
        what = f"candles of {whose} of {interval} from {since} to {until}"
        if venue:
            what = f"candles of {whose} at {venue} of {interval} from {since} to {until}"
        with self._asking(what):
            from brokerkit.asking import candles as asking  # here: only who looks at charts needs it

            chosen = None if adjusted is None else check_flag(adjusted, "adjusted")
            wish = asking.Wish(check_interval(interval), start, end, check_count(count), chosen, venue)
            if isinstance(named, str):
                return asking.candles(self._inquiries, named, wish, progress)
            found = asking.several_candles(self._inquiries, named, wish, progress)
        for each, error in found.failed.items():
            words = self._named(error, f"candles of {each}").words
            logger.warning(
                "%s: no candles of %s: %s", self.name, each, words, extra=about("candles_missing", error, symbol=each)
            )
        return found

    def order_book(self, symbol: str | Instrument, *, venue: Venue | None = None) -> OrderBook:
        """Return the waiting orders of a symbol by price, best first, as many levels as the broker tells (호가).

        Prices are in the currency of the market, quantities in shares. Raises InvalidRequest, UnknownSymbol,
        Unsupported, NetworkError.

        Example::

            book = broker.order_book("005930")
            print(book.asks[0].price, book.bids[0].price)
        """
        symbol = plain(symbol)
        with self._asking(f"order book of {symbol} at {venue}" if venue else f"order book of {symbol}"):
            return self._inquiries.order_book(symbol, venue)

    def trades(self, symbol: str | Instrument, *, count: int | None = 30, venue: Venue | None = None) -> Table[Trade]:
        """Return the newest trades of a symbol today, oldest first: `count` of them, or all with `count=None` (체결).

        All of today of a busy symbol are hundreds of pages. Complete, or an error; a day on which nobody has traded yet
        has none. After 16:00 those of KRX's after-market are among them, and at NXT those of its pre-market. Raises
        InvalidRequest, UnknownSymbol, Unsupported, IncompleteListing, NetworkError.

        Example::

            last = broker.trades("005930", count=10)[-1]
            print(last.time, last.price, last.quantity)
        """
        symbol = plain(symbol)
        with self._asking(f"trades of {symbol} at {venue}" if venue else f"trades of {symbol}"):
            return trades(self._inquiries, symbol, venue, check_count(count))

    def members(self, symbol: str | Instrument, *, venue: Venue | None = None) -> Members:
        """Return the member firms that have sold and bought most of a symbol today, five each at most (회원사, 거래원).

        Quantities are shares. Raises InvalidRequest, UnknownSymbol, Unsupported, NetworkError.
        """
        symbol = plain(symbol)
        with self._asking(f"members in {symbol} at {venue}" if venue else f"members in {symbol}"):
            return members(self._inquiries, symbol, venue)

    def round_price(self, symbol: str | Instrument, price: Amount, *, side: Side) -> Decimal:
        """Return the nearest valid price that is no worse: down for a buy, up for a sell (호가단위).

        In the currency of the symbol's market. Raises InvalidRequest for a price that is none or a symbol that is none,
        UnknownSymbol; NetworkError, as the broker may have to be asked what the symbol is.

        Example::

            price = broker.round_price("005930", 70_123, side=Side.BUY)
        """
        symbol = plain(symbol)
        with self._asking(f"price {price} of {symbol}"):
            return self._checks.prices.rounded(check_symbol(symbol), exact_decimal(price), side)

    def market_hours(self, date: dt.date | None = None, venue: Venue | None = None) -> MarketHours:
        """Return the sessions of a venue (default: the home market's) on a trading day of its market (장운영시간).

        Without a date that is today there; the days of US venues are New York's. Where the broker has a calendar of the
        market it is asked, once a day, for today and the days to come: its word on whether the market trades wins over
        the table of brokerkit, which `brokerkit.market_hours` goes by alone. Raises InvalidRequest outside the years
        that the table has, NetworkError.
        """
        with self._asking(
            f"market hours of {date or 'today'} at {venue}" if venue else f"market hours of {date or 'today'}"
        ):
            return self._inquiries.market_hours(date, venue)

    def _remember(self, quote: Quote) -> None:
        """Keep a price for the checks of orders."""
        self._checks.prices.remember(quote)
        self._quotes[quote.symbol, quote.venue] = (time.monotonic(), quote)
