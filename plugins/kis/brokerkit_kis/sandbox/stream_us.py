"""What the socket tells of US shares: trades and books, by the exchange where a share is listed and by its letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal

from brokerkit.market.sessions import Phase
from brokerkit.sandbox.exchange import Exchange, Trade
from brokerkit.sandbox.happenings import BookChanged, Happening, Traded
from brokerkit.words import Side, Venue
from brokerkit_kis.sandbox.stream_columns import Kind, Service
from brokerkit_kis.sandbox.stream_day import RunningDay
from brokerkit_kis.sandbox.stream_prints import Prints
from brokerkit_kis.sandbox.stream_rows import Row, written
from brokerkit_kis.sandbox.us_quotes import DECIMALS, best_fields, level_fields, price_text, total
from brokerkit_kis.sandbox.us_symbols import QUOTED, code_of, direction, korean, listed, local, rate_text
from brokerkit_kis.sandbox.wording import day_text, percent, time_text, whole

LETTER = {Venue.US: "D", Venue.DAYTIME: "R"}
"""D: free prices, R: those that are paid for, and the daytime market."""
KEY = re.compile("([DR])([A-Z]{3})(.+)")
SESSION_CODE = {Phase.REGULAR: "1", Phase.PRE_MARKET: "2", Phase.AFTER_MARKET: "3"}
"""Of a trade; calls have other codes. That of the daytime market is not told."""
Registered = Mapping[tuple[str, str], Service]


def followed(exchange: Exchange, key: str) -> tuple[str, Venue] | None:
    """Return symbol and venue of a key; None of one that brings nothing.

    A bare symbol is taken and brings nothing, which was seen. Of other keys that nobody would send it is not known: so
    do they. Prices of the regular market that are paid for (`RNAS...`) the customer of the sandbox has not.
    """
    found = KEY.fullmatch(key)
    segment, venue = QUOTED.get(found[2], (None, Venue.US)) if found else (None, Venue.US)
    if found is None or found[1] != LETTER[venue]:
        return None
    instrument = listed(exchange, found[3], segment)
    return None if instrument is None else (instrument.symbol, venue)


class UsShares:
    """Tells a session what it has registered of US shares. What comes together stands in one frame."""

    def __init__(
        self,
        exchange: Exchange,
        registered: Registered,
        send: Callable[[str, list[str]], None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        """`send` sends rows of an id, `later` lets something be done when prints had time to come together."""
        self._exchange = exchange
        self._registered = registered
        self._send = send
        self._days: dict[str, RunningDay] = {}
        self._prints: Prints[Row] = Prints(self._send_prints, later)

    def watched(self) -> Collection[str]:
        """Return the symbols that are registered."""
        keys = (key for (_, key), service in self._registered.items() if service.of_us and not service.of_user)
        return {found[0] for key in keys if (found := followed(self._exchange, key))}

    def happened(self, happening: Happening) -> None:
        """Tell a trade or a book. That a session begins, and halts, no id tells of US shares."""
        if isinstance(happening, Traded):
            self._trade(happening.symbol, happening.trade)
        elif isinstance(happening, BookChanged):
            self._prints.send(happening.symbol)
            self._tell_book(happening.symbol)

    def _keys(self, symbol: str, kind: Kind) -> Sequence[tuple[str, str]]:
        """Return ids and keys that tell something of a symbol in the present phase."""
        exchange, instrument = self._exchange, self._exchange.instruments[symbol]
        return [
            (id, key)
            for (id, key), service in self._registered.items()
            if service.kind is kind
            and service.of_us
            and (found := followed(exchange, key)) is not None
            and found[0] == symbol
            and exchange.bourse.trades_at(found[1], instrument)
            and exchange.bourse.phase_at(found[1], exchange.phase) is not Phase.CLOSED
        ]

    def _trade(self, symbol: str, trade: Trade) -> None:
        if not self._keys(symbol, Kind.TRADE):
            return
        day = self._days.setdefault(symbol, RunningDay(self._exchange, symbol))
        self._prints.add(symbol, trade_row(self._exchange, day, trade))

    def _send_prints(self, symbol: str, prints: list[Row]) -> None:
        for id, key in self._keys(symbol, Kind.TRADE):
            self._send(id, [written(id, {**row, "RSYM": key}) for row in prints])

    def _tell_book(self, symbol: str) -> None:
        keys = self._keys(symbol, Kind.BOOK)
        row = book_row(self._exchange, symbol) if keys else {}
        for id, key in keys:
            self._send(id, [written(id, {**row, "RSYM": key})])


def trade_row(exchange: Exchange, day: RunningDay, trade: Trade) -> Row:
    """Return a print with the figures of its day, but for the key; best prices are those after the change."""
    day.reach(trade)
    book, base = exchange.order_book(day.symbol), day.instrument.previous_close
    change = trade.price - base
    sold, bought = day.quantity[Side.SELL], day.quantity[Side.BUY]
    return {
        "SYMB": code_of(day.symbol),
        "ZDIV": str(DECIMALS),
        "TYMD": day_text(exchange.today),
        "XYMD": day_text(local(trade.time).date()),
        "XHMS": time_text(local(trade.time)),
        "KYMD": day_text(korean(trade.time).date()),
        "KHMS": time_text(korean(trade.time)),
        "OPEN": _price_of(day.opened),
        "HIGH": _price_of(day.highest),
        "LOW": _price_of(day.lowest),
        "LAST": price_text(trade.price),
        "SIGN": direction(change, day.volume),
        "DIFF": price_text(abs(change)),
        "RATE": rate_text(change * 100 / base if base else Decimal(0)),
        **{name.upper(): value for name, value in best_fields(book).items()},
        "EVOL": whole(trade.quantity),
        "TVOL": whole(day.volume),
        "TAMT": whole(day.turnover),
        "BIVL": whole(sold),
        "ASVL": whole(bought),
        "STRN": percent(bought, sold, 2),
        "MTYP": SESSION_CODE.get(exchange.phase, ""),
    }


def _price_of(trade: Trade | None) -> str:
    return price_text(None if trade is None else trade.price)


def book_row(exchange: Exchange, symbol: str) -> Row:
    """Return ten levels a side, but for the key. How they have changed is not kept: nothing did."""
    book, now = exchange.order_book(symbol), exchange.now()
    return {
        "SYMB": code_of(symbol),
        "ZDIV": str(DECIMALS),
        "XYMD": day_text(local(now).date()),
        "XHMS": time_text(local(now)),
        "KYMD": day_text(korean(now).date()),
        "KHMS": time_text(korean(now)),
        "BVOL": whole(total(book.bids)),
        "AVOL": whole(total(book.asks)),
        "BDVL": "0",
        "ADVL": "0",
        **{name.upper(): value for name, value in level_fields(book).items()},
    }
