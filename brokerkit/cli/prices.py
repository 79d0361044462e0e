"""Commands about prices: quotes, books, candles, and when a venue trades."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from brokerkit.asking.bars import INTRADAY
from brokerkit.cli import exits
from brokerkit.cli.options import (
    ChartOption,
    DayArgument,
    FromOption,
    PlotOption,
    SymbolArgument,
    SymbolsArgument,
    ToOption,
    VenueOption,
)
from brokerkit.cli.printing import (
    Row,
    Said,
    as_text,
    dated,
    in_currencies,
    money,
    percent,
    signed,
    tell,
    told_of,
)
from brokerkit.cli.session import Session, with_table
from brokerkit.cli.waiting import unsaid
from brokerkit.hours import market_hours
from brokerkit.market.markets import market_of
from brokerkit.models import Candle, OrderBook, Quote, Quotes, Trade
from brokerkit.symbols import HOME_CURRENCY
from brokerkit.words import Interval, Side, Venue

IntervalOption = Annotated[
    Interval,
    typer.Option(
        "--interval", "-i", case_sensitive=False, help="1m, 3m, 5m, 10m, 15m, 30m, 60m, 1d, 1w, 1mo, 1y or tick."
    ),
]
CountOption = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, help="So many: the newest, or with --from the first.", show_default=False),
]
TradeCountOption = Annotated[int, typer.Option("--count", "-n", min=1, help="So many: the newest.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of today: of a busy symbol hundreds of calls.")]
RawOption = Annotated[bool, typer.Option("--raw", help="Prices as they were, not adjusted for splits.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (quote, book, trades, members, candles, hours):
        app.command()(command)


@with_table
def quote(session: Session, symbols: SymbolsArgument, venue: VenueOption = None) -> None:
    """Show the present price of one symbol or several (현재가)."""
    with session.asking("the quotes") as (broker, progress):
        if len(symbols) == 1:
            quotes = Quotes([broker.quote(symbols[0], venue=venue)])
        else:
            with unsaid(logging.getLogger("brokerkit.quotes")):  # each of them is told below
                quotes = broker.quotes(symbols, venue=venue, progress=progress)
    errors = list(quotes.failed.values())
    if not quotes:
        raise errors[0]
    if len(symbols) == 1 and not session.printer.as_csv:
        (found,) = quotes
        session.printer.one(found, _quote_lines(found), _title(found.symbol, found.name, found.venue, found.currency))
        return
    told: dict[str, Quote | Row] = {each.symbol: each for each in quotes}
    told |= {symbol: {"symbol": symbol, **told_of(error)} for symbol, error in quotes.failed.items()}
    listed = quotes if session.printer.as_csv else [told[symbol] for symbol in dict.fromkeys(symbols)]
    rows = in_currencies(map(_quote_row, quotes), (each.currency for each in quotes))
    session.printer.many(listed, rows, "No symbols.")
    if errors:
        for error in () if session.printer.as_json else errors:
            session.printer.error(error)
        raise typer.Exit(exits.code_of(errors[0]))


@with_table
def book(session: Session, symbol: SymbolArgument, venue: VenueOption = None) -> None:
    """Show the waiting orders of a symbol by price (호가)."""
    with session.asking("order book") as (broker, _):
        found = broker.order_book(symbol, venue=venue)
    if session.printer.as_json:
        session.printer.one(found)
    elif session.printer.as_csv:
        session.printer.many(found.levels, (), "")
    else:
        time = f"{found.time:%H:%M:%S}" if found.time else None
        title = _title(found.symbol, found.venue, _currency(found.symbol), time)
        session.printer.table(_book_rows(found), "No waiting orders.", title, of="OrderBook")


@with_table
def trades(
    session: Session,
    symbol: SymbolArgument,
    count: TradeCountOption = 30,
    all_of_today: AllOption = False,
    venue: VenueOption = None,
) -> None:
    """Show the newest trades of a symbol today, oldest first (체결)."""
    with session.asking("the trades") as (broker, _):
        found = broker.trades(symbol, count=None if all_of_today else count, venue=venue)
    currency = _currency(symbol)
    rows = in_currencies((_trade_row(each, currency) for each in found), [currency] * len(found))
    session.printer.many(found, rows, "Nobody has traded it today.")


@with_table
def members(session: Session, symbol: SymbolArgument, venue: VenueOption = None) -> None:
    """Show which member firms sold and bought most of a symbol today (회원사)."""
    with session.asking("the member firms") as (broker, _):
        found = broker.members(symbol, venue=venue)
    if session.printer.as_json:
        session.printer.one(found)
        return
    rows = [
        {"side": side, "firm": each.name, "code": each.code, "quantity": each.quantity, "foreign": each.is_foreign}
        for side, firms in ((Side.SELL, found.sellers), (Side.BUY, found.buyers))
        for each in firms
    ]
    session.printer.many(rows, rows, "Nobody has traded it today.", of="Member")
    if found.foreign_net is not None and not session.printer.as_csv:
        tell(f"All foreign firms: {as_text(signed(found.foreign_net))} net, as the broker estimates")


def _trade_row(trade: Trade, currency: str | None) -> Row:
    named = ("quantity", "side", "volume")
    price = money(trade.price, currency)
    return {"time": trade.time.time(), "price": price, **{name: getattr(trade, name) for name in named}}


@with_table
def candles(
    session: Session,
    symbol: SymbolArgument,
    interval: IntervalOption = Interval.DAY,
    start: FromOption = None,
    end: ToOption = None,
    count: CountOption = None,
    raw: RawOption = False,
    plot: PlotOption = None,
    chart: ChartOption = False,
    venue: VenueOption = None,
) -> None:
    """Show candles of a symbol, oldest first (분봉, 일봉, 주봉, 월봉, 년봉), as a table, a chart or a picture."""
    session.check_picture(plot, chart)
    with session.asking("the candles") as (broker, progress):
        found = broker.candles(
            symbol, interval, start, end, count=count, adjusted=False if raw else None, venue=venue, progress=progress
        )
    if plot is not None:
        session.draw(found, plot)
    if chart:
        from brokerkit.cli.charts import print_candles

        print_candles(found)
    elif plot is None or session.printer.is_for_programs:
        currency = _currency(symbol)
        rows = in_currencies((_candle_row(each, found.interval, currency) for each in found), [currency] * len(found))
        session.printer.many(found, rows, "No candles.")


def _candle_row(candle: Candle, interval: Interval, currency: str | None) -> Row:
    by_day = interval not in INTRADAY  # trading in the US goes on through midnight in Korea
    return {
        "from": candle.time.date() if by_day else candle.time,
        **{name: money(getattr(candle, name), currency) for name in ("open", "high", "low", "close")},
        "volume": candle.volume,
        "turnover": money(candle.turnover, currency),
        "final": "" if candle.final else Said("no"),
    }


@with_table
def hours(session: Session, day: DayArgument = None, venue: VenueOption = None) -> None:
    """Show when a venue trades on a day (장운영시간). With a broker its calendar counts, where it has one."""
    if session.is_named:
        with session.asking("market hours") as (broker, _):
            found = broker.market_hours(day, venue=venue)
    else:
        found = market_hours(day, venue or Venue.KRX)
    if session.printer.as_json:
        session.printer.one(found)
        return
    if session.printer.as_csv:
        session.printer.many(found.sessions, (), "")
        return
    rows = [
        {"phase": each.phase, "from": _hour(each.start, found.date), "to": _hour(each.end, found.date)}
        for each in found.sessions
    ]
    day_of_week = dated(found.date)
    title = f"{day_of_week}  {as_text(found.venue)}  ({as_text(found.source)})"
    session.printer.table(rows, f"No trading at {found.venue} on {day_of_week}.", title, of="Session")
    if any(each.end.date() != found.date for each in found.sessions):
        session.printer.say("The day is New York's, the hours are Korea's: +1 is the next morning there.")
    if found.note:
        session.printer.say(found.note)


def _hour(moment: dt.datetime, day: dt.date) -> str:
    """Return a time of day, marked where it is of the next one."""
    return f"{moment:%H:%M:%S}" + (f" +{(moment.date() - day).days}" if moment.date() != day else "")


def _title(*parts: str | None) -> str:
    """Return what stands over a table; won are not named."""
    return " ".join(as_text(part) for part in parts if part and part != HOME_CURRENCY)


def _currency(symbol: str) -> str | None:
    return market_of(symbol).currency


def _quote_lines(found: Quote) -> Row:
    shown = partial(money, currency=found.currency)
    return {
        "price": shown(found.price),
        "change": signed(shown(found.change)),
        "percent": percent(found.change_percent),
        "open": shown(found.open),
        "high": shown(found.high),
        "low": shown(found.low),
        "previous close": shown(found.previous_close),
        "upper limit": found.upper_limit,
        "lower limit": found.lower_limit,
        "volume": found.volume,
        "turnover": found.turnover,
        "time": found.time,
    }


def _quote_row(found: Quote) -> Row:
    shown = partial(money, currency=found.currency)
    return {
        "symbol": found.symbol,
        "name": found.name,
        "price": shown(found.price),
        "change": signed(shown(found.change)),
        "percent": percent(found.change_percent),
        "open": shown(found.open),
        "high": shown(found.high),
        "low": shown(found.low),
        "volume": found.volume,
    }


def _book_rows(found: OrderBook) -> Sequence[Row]:
    """Return asks above bids, the best ones in the middle, as Korean screens show them."""
    shown = partial(money, currency=_currency(found.symbol))
    asks = [{"asks": level.quantity, "price": shown(level.price), "bids": ""} for level in reversed(found.asks)]
    bids = [{"asks": "", "price": shown(level.price), "bids": level.quantity} for level in found.bids]
    return [*asks, *bids]
