"""`brokerkit watch`: what happens, as it happens, until it is enough."""

from __future__ import annotations

import datetime as dt
import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.cli.catalogues import complete_api, offering
from brokerkit.cli.options import VenueOption
from brokerkit.cli.printing import Printer, Row, as_text, console_of, head, money, percent, signed, style_of
from brokerkit.cli.session import Session, at_broker
from brokerkit.cli.waiting import unsaid, waiting
from brokerkit.errors import BrokerError, UnknownSymbol
from brokerkit.market.markets import market_of
from brokerkit.models import Quote
from brokerkit.stream.events import BookEvent, Event, QuoteEvent
from brokerkit.stream.stream import Stream
from brokerkit.stream.topics import Topic
from brokerkit.symbols import check_symbol
from brokerkit.words import Venue

OWN_ORDERS = "orders"
INDEX = "INDEX:"
EVERY = 0.2
"""Seconds between two pictures of the table: nobody reads faster."""
PATIENCE = 0.5
"""Seconds after which a wait looks up: there are systems that tell of Ctrl-C only then."""
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds_of(text: str) -> float:
    """Return the seconds of a span of time; wrong usage if it is none."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smh]?)", text, re.ASCII)
    if not found:
        raise typer.BadParameter(f"{text!r} is no span of time. Give seconds, such as 90, or 15m or 2h.")
    return float(found[1]) * _UNITS[found[2]]


def moment_of(text: str) -> dt.datetime:
    """Return when the clock in Korea shows a time next; wrong usage if it is none."""
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", text, re.ASCII):
        raise typer.BadParameter(f"{text!r} is no time of the day. Give it as 15:30.")
    try:
        wanted = dt.time.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time of the day. Give it as 15:30.") from None
    now = clock.now()
    today = dt.datetime.combine(now.date(), wanted, clock.KST)
    return today if today > now else today + dt.timedelta(days=1)


WhatArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SYMBOL",
        help="Symbols, indices such as INDEX:KOSPI, or the word orders; with --raw keys as the broker spells them.",
        show_default=False,
    ),
]
BookOption = Annotated[bool, typer.Option("--book", help="The best prices of both sides (호가) instead of the price.")]
TradesOption = Annotated[bool, typer.Option("--trades", help="A line for each trade (체결) instead of a table.")]
RawOption = Annotated[
    str | None,
    typer.Option(
        "--raw",
        metavar="CHANNEL",
        help="A channel of the broker by its own name or id instead.",
        show_default=False,
        autocompletion=offering(complete_api),
    ),
]
DurationOption = Annotated[
    float | None,
    typer.Option("--duration", metavar="SPAN", parser=seconds_of, help="So long: 90, 15m, 2h.", show_default=False),
]
UntilOption = Annotated[
    dt.datetime | None,
    typer.Option("--until", metavar="HH:MM", parser=moment_of, help="Until then, in Korea.", show_default=False),
]
RecordOption = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Write down what comes, to be played back.", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(watch)


@at_broker
def watch(
    session: Session,
    what: WhatArgument = None,
    book: BookOption = False,
    trades: TradesOption = False,
    raw: RawOption = None,
    venue: VenueOption = None,
    duration: DurationOption = None,
    until: UntilOption = None,
    record: RecordOption = None,
) -> None:
    """Watch prices of symbols, or with the word orders your own orders, until Ctrl-C (실시간 시세, 체결통보)."""
    if duration is not None and until is not None:
        raise typer.BadParameter("--duration and --until both say when it ends: give one of them.")
    if raw is not None and (book or trades or venue is not None):
        raise typer.BadParameter("--raw takes no other word for what is followed, and no venue.")
    if raw is None and not what:
        raise typer.BadParameter("Say what to watch: symbols, indices, the word orders, or a channel with --raw.")
    what, keys = (what or [], []) if raw is None else ([], what or [])
    named = [check_symbol(each) for each in dict.fromkeys(what) if each != OWN_ORDERS]
    indices = [each for each in named if each.startswith(INDEX)]
    symbols = [each for each in named if each not in indices]
    if (book or trades) and not symbols:
        raise typer.BadParameter("--book and --trades are of symbols, and none was named.")
    if until is not None:
        session.printer.say(f"Until {until:%Y-%m-%d %H:%M:%S} in Korea.")
        duration = (until - clock.now()).total_seconds()
    with session.broker() as broker, broker.stream() as stream:
        if record is not None:
            stream.record(record)
        _follow(stream, symbols, indices, book, trades, venue)
        if OWN_ORDERS in what:
            stream.orders()
        if raw is not None:
            stream.raw(raw, *keys)
        rows: dict[str, Row] = {symbol: {} for symbol in (indices if trades and not book else named)}
        screen = None if session.printer.as_json or not rows else terminal()
        if screen is not None and not book:
            rows |= _present(broker, [*rows], venue, session.printer)
        with _display(session.printer, screen, rows) as display:
            _show(stream, display, duration)


def _follow(
    stream: Stream, symbols: Sequence[str], indices: Sequence[str], book: bool, trades: bool, venue: Venue | None
) -> None:
    if indices:
        stream.index(*indices)
    if symbols and book:
        stream.order_book(*symbols, venue=venue)
    if symbols and trades:
        stream.trades(*symbols, venue=venue)
    if symbols and not book and not trades:
        stream.quotes(*symbols, venue=venue)


def _present(broker: Broker, symbols: Sequence[str], venue: Venue | None, printer: Printer) -> dict[str, Row]:
    """Return the rows of symbols before anything has come; a broker that does not tell them does no harm.

    A symbol that it does not know is told: there are brokers that follow one all the same, and tell nothing.
    """
    with suppress(BrokerError), waiting("the quotes") as progress, unsaid(logging.getLogger("brokerkit.quotes")):
        found = broker.quotes(symbols, venue=venue, progress=progress)
        for symbol, error in found.failed.items():
            if isinstance(error, UnknownSymbol):
                printer.say(f"{symbol}: {error.words} | {error.remedy}")
        return {quote.symbol: {"name": quote.name, **row_of_price(quote)} for quote in found}
    return {}


def _show(stream: Stream, display: Display, duration: float | None) -> None:
    """Show events until the time is over."""
    end = None if duration is None else time.monotonic() + duration
    while (left := PATIENCE if end is None else end - time.monotonic()) > 0:
        event = stream.next(timeout=min(left, display.patience()))
        if event is not None:
            display.show(event)
        display.draw()


class Display(Protocol):
    """Where events are shown."""

    def patience(self) -> float:
        """Return after how many seconds something is to be drawn, whether or not an event comes."""

    def show(self, event: Event) -> None:
        """Take an event."""

    def draw(self) -> None:
        """Draw what is due."""


def terminal() -> Any:
    """Return what draws on the terminal, or None where there is none that a table can be alive on."""
    screen = console_of(sys.stdout)
    return screen if screen.is_terminal and not screen.is_dumb_terminal else None


@contextmanager
def _display(printer: Printer, screen: Any, rows: dict[str, Row]) -> Iterator[Display]:
    """Yield a table with these rows on a screen; lines where there is none."""
    if screen is None:
        yield Lines(printer)
        return
    with Live(console=screen, auto_refresh=False) as live:
        display = Screen(live, rows)
        display.draw(at_once=True)
        try:
            yield display
        finally:
            display.draw(at_once=True)


class Lines:
    """A line for each event."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def patience(self) -> float:
        """Return how long to wait."""
        return PATIENCE

    def show(self, event: Event) -> None:
        """Print it."""
        self._printer.line(told(event), event)

    def draw(self) -> None:
        """Nothing waits."""


class Screen:
    """A table with the newest of each symbol, and above it a line for each event of another kind."""

    def __init__(self, live: Live, rows: dict[str, Row]) -> None:
        self._live = live
        self._rows = rows
        self._of = "Quote"
        self._is_drawn = False
        self._due = time.monotonic()

    def patience(self) -> float:
        """Return after how many seconds something is to be drawn."""
        return PATIENCE if self._is_drawn else max(0.0, min(PATIENCE, self._due - time.monotonic()))

    def show(self, event: Event) -> None:
        """Take it into the table, or print it."""
        if isinstance(event, QuoteEvent | BookEvent):
            self._of = "Quote" if isinstance(event, QuoteEvent) else "OrderBook"
            self._rows[event.symbol] = {**self._rows[event.symbol], **row_of(event)}
            self._is_drawn = False
        else:
            self._live.console.print(str(event), markup=False, soft_wrap=True)

    def draw(self, *, at_once: bool = False) -> None:
        """Draw the table, if it has changed and the time has come."""
        if not self._is_drawn and (at_once or time.monotonic() >= self._due):
            self._live.update(self._table(), refresh=True)
            self._is_drawn, self._due = True, time.monotonic() + EVERY

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        labels = dict.fromkeys(label for row in self._rows.values() for label in row)
        table.add_column(head("symbol", self._of), overflow="fold")
        for label in labels:
            table.add_column(head(label, self._of), justify="left" if label == "name" else "right", overflow="fold")
        for symbol, row in self._rows.items():
            values = [row.get(label) for label in labels]
            table.add_row(symbol, *(Text(as_text(value), style_of(value) or "") for value in values))
        return table


def row_of(event: QuoteEvent | BookEvent) -> Row:
    """Return what people see of a price or a book, by label."""
    if isinstance(event, QuoteEvent):
        return row_of_price(event)
    (ask, asked), (bid, wanted) = (_best(side) for side in (event.asks, event.bids))
    shown = partial(money, currency=market_of(event.symbol).currency)
    best = {"wanted": wanted, "bid": shown(bid), "ask": shown(ask), "offered": asked}
    return {**best, "expected": shown(event.expected_price), "time": (event.time or event.received_at).time()}


def row_of_price(told: QuoteEvent | Quote) -> Row:
    """Return what people see of a price, whether it was asked for or came by itself."""
    at = told.time or (told.received_at if isinstance(told, QuoteEvent) else None)
    shown = partial(money, currency=market_of(told.symbol).currency)
    gain = {"change": signed(shown(told.change)), "percent": percent(told.change_percent)}
    return {"price": shown(told.price), **gain, "volume": told.volume, "time": at and at.time()}


def _best(side: Sequence[tuple[Decimal, Decimal]]) -> tuple[Decimal | None, Decimal | None]:
    return side[0] if side else (None, None)


def told(event: Event) -> Row:
    """Return what programs are told of an event: its kind, and its fields by name."""
    return {"event": type(event).__name__} | {name: _plain(value) for name, value in event._asdict().items()}


def _plain(value: Any) -> object:
    if isinstance(value, Topic):
        return value._asdict()
    if isinstance(value, Mapping):
        return dict(value)
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
