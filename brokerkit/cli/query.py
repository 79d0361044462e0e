"""Commands that change nothing at the broker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import typer

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.cli import exits
from brokerkit.cli.printing import Row, Signed, signed, told_of
from brokerkit.cli.session import Session, at_broker
from brokerkit.errors import AuthError, BrokerError, JournalError, NetworkError
from brokerkit.hours import market_hours
from brokerkit.models import Balance, Candle, Flow, InvestorFlow, Order, OrderBook, Position, Quote
from brokerkit.models.labels import korean_name
from brokerkit.words import Interval, PositionKind, Venue

WEEK = dt.timedelta(days=7)
KINDS = tuple(name for name, known in InvestorFlow.model_fields.items() if known.annotation is Flow)
"""The investors of an InvestorFlow."""


def day_of(text: str) -> dt.date:
    """Return the day of an option; wrong usage if it is none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day. Give it as 2026-11-20.") from None


SYMBOL_HELP = "Six characters, such as 005930."
SymbolArgument = Annotated[str, typer.Argument(metavar="SYMBOL", help=SYMBOL_HELP)]
SymbolsArgument = Annotated[list[str], typer.Argument(metavar="SYMBOL", help=SYMBOL_HELP)]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Only orders of this one.", show_default=False)]
VenueOption = Annotated[Venue, typer.Option("--venue", case_sensitive=False, help="SOR is the combined market (통합).")]
FromOption = Annotated[
    dt.date | None, typer.Option("--from", metavar="DAY", parser=day_of, help="First day.", show_default=False)
]
ToOption = Annotated[
    dt.date | None, typer.Option("--to", metavar="DAY", parser=day_of, help="Last day; else today.", show_default=False)
]
IntervalOption = Annotated[
    Interval,
    typer.Option("--interval", "-i", case_sensitive=False, help="1d, 1w, 1mo or 1y; minutes are not there yet."),
]
CountOption = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, help="So many: the newest, or with --from the first.", show_default=False),
]
RawOption = Annotated[bool, typer.Option("--raw", help="Prices as they were, not adjusted for splits.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print comma-separated values, every digit of them.")]
DayArgument = Annotated[
    dt.date | None, typer.Argument(metavar="[DAY]", parser=day_of, help="As 2026-11-20; else today.")
]
PriceOption = Annotated[
    str | None, typer.Option("--price", help="Limit price in won; else as a market order.", show_default=False)
]
DetailOption = Annotated[bool, typer.Option("--detail", help="All kinds of investors, buys and sells.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(quote)
    app.command()(book)
    app.command()(flow)
    app.command()(orders)
    app.command()(history)
    app.command()(balance)
    app.command()(power)
    app.command()(hours)
    app.command()(candles)


@at_broker
def quote(session: Session, symbols: SymbolsArgument, venue: VenueOption = Venue.KRX) -> None:
    """Show the present price of one symbol or several (현재가)."""
    with session.broker() as broker:
        answers = _quotes(broker, symbols, venue)
    found = [each for _, each in answers if isinstance(each, Quote)]
    errors = [each for _, each in answers if isinstance(each, BrokerError)]
    if not found:
        raise errors[0]
    if len(answers) == 1:
        session.printer.one(found[0], _quote_lines(found[0]), _title(found[0].symbol, found[0].name, venue))
        return
    told = [{"symbol": symbol, **told_of(each)} if isinstance(each, BrokerError) else each for symbol, each in answers]
    session.printer.many(told, [_quote_row(each) for each in found], "No symbols.")
    if errors:
        for error in () if session.printer.as_json else dict.fromkeys(errors):
            session.printer.error(error)
        raise typer.Exit(exits.code_of(errors[0]))


def _quotes(broker: Broker, symbols: Sequence[str], venue: Venue) -> list[tuple[str, Quote | BrokerError]]:
    """Return what was answered to each symbol: a bad one does not lose the others.

    Where the fault is not the symbol's, as of a key that is refused or a line that is down, the rest is not asked.
    """
    answers: list[tuple[str, Quote | BrokerError]] = []
    for number, symbol in enumerate(symbols):
        try:
            answers.append((symbol, broker.quote(symbol, venue=venue)))
        except (AuthError, NetworkError, JournalError) as error:
            return [*answers, *((each, error) for each in symbols[number:])]
        except BrokerError as error:
            answers.append((symbol, error))
    return answers


@at_broker
def book(session: Session, symbol: SymbolArgument, venue: VenueOption = Venue.KRX) -> None:
    """Show the waiting orders of a symbol by price (호가)."""
    with session.broker() as broker:
        found = broker.order_book(symbol, venue=venue)
    if session.printer.as_json:
        session.printer.one(found)
    else:
        time = f"{found.time:%H:%M:%S}" if found.time else None
        session.printer.table(_book_rows(found), "No waiting orders.", _title(symbol, venue, time))


@at_broker
def flow(
    session: Session,
    symbol: SymbolArgument,
    start: FromOption = None,
    end: ToOption = None,
    detail: DetailOption = False,
) -> None:
    """Show who bought and who sold a symbol, day by day (투자자별 매매동향)."""
    with session.broker() as broker:
        found = broker.investor_flow(symbol, start=start, end=end, detail=detail)
    rows = [row for day in found for row in _detail_rows(day)] if detail else [_flow_row(day) for day in found]
    session.printer.many(found, rows, "No trading in these days.")


@at_broker
def orders(session: Session) -> None:
    """Show the working orders of today (미체결)."""
    with session.broker() as broker:
        found = broker.orders()
    rows = [
        {"time": each.submitted_at and each.submitted_at.time(), **_order_row(each), "original": each.original_id}
        for each in found
    ]
    session.printer.many(found, rows, "No working orders.")


@at_broker
def history(session: Session, start: FromOption = None, end: ToOption = None, symbol: SymbolOption = None) -> None:
    """Show the orders of these days, without --from of the week up to --to (주문체결 내역)."""
    first = start or (end or clock.today()) - WEEK
    with session.broker() as broker:
        found = broker.order_history(first, end, symbol=symbol)
    rows = [
        {
            "time": each.submitted_at,
            **_order_row(each),
            "filled": each.filled_quantity,
            "average": each.average_fill_price,
            "original": each.original_id,
        }
        for each in found
    ]
    session.printer.many(found, rows, "No orders in these days.")


@at_broker
def balance(session: Session) -> None:
    """Show cash and holdings of the account (잔고)."""
    with session.broker() as broker:
        found = broker.balance()
    session.printer.one(found, _balance_lines(found), f"Account {found.account}")
    if session.printer.as_json:
        return
    print()
    largest = sorted(found.positions, key=lambda each: (-(each.market_value or 0), each.symbol))
    own = all(each.kind is PositionKind.CASH for each in largest)
    session.printer.table([_position_row(each, own) for each in largest], "No positions.")


@at_broker
def power(session: Session, symbol: SymbolArgument, price: PriceOption = None) -> None:
    """Show how much of a symbol can be bought without margin (매수가능)."""
    with session.broker() as broker:
        found = broker.buying_power(symbol, price=price)
    session.printer.one(
        found,
        {"price": found.price, "cash": found.cash, "quantity": found.quantity},
        f"{found.symbol} {found.currency}",
    )


def _title(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _percent(value: Decimal | None) -> Signed | None:
    return signed(None if value is None else round(value, 2))


def _quote_lines(found: Quote) -> Row:
    return {
        "price": found.price,
        "change": signed(found.change),
        "percent": _percent(found.change_percent),
        "open": found.open,
        "high": found.high,
        "low": found.low,
        "previous close": found.previous_close,
        "upper limit": found.upper_limit,
        "lower limit": found.lower_limit,
        "volume": found.volume,
        "turnover": found.turnover,
        "time": found.time,
    }


def _quote_row(found: Quote) -> Row:
    return {
        "symbol": found.symbol,
        "name": found.name,
        "price": found.price,
        "change": signed(found.change),
        "percent": _percent(found.change_percent),
        "open": found.open,
        "high": found.high,
        "low": found.low,
        "volume": found.volume,
    }


def _book_rows(found: OrderBook) -> Sequence[Row]:
    """Return asks above bids, the best ones in the middle, as Korean screens show them."""
    asks = [{"asks": level.quantity, "price": level.price, "bids": ""} for level in reversed(found.asks)]
    bids = [{"asks": "", "price": level.price, "bids": level.quantity} for level in found.bids]
    return [*asks, *bids]


def _order_row(each: Order) -> Row:
    return {
        "id": each.id,
        "symbol": each.symbol,
        "name": each.name,
        "side": each.side,
        "type": each.type,
        "price": each.price,
        "quantity": each.quantity,
        "left": each.remaining_quantity,
        "status": each.status,
    }


def _balance_lines(found: Balance) -> Row:
    return {
        "cash": found.cash,
        "cash D+1": found.cash_d1,
        "cash D+2": found.cash_d2,
        "orderable": found.orderable_cash,
        "withdrawable": found.withdrawable_cash,
        "cost": found.cost,
        "value": found.market_value,
        "profit": signed(found.unrealized_pnl),
        "total": found.total_value,
        "currency": found.currency,
    }


def _position_row(each: Position, own: bool) -> Row:
    return {
        "symbol": each.symbol,
        "name": each.name,
        **({} if own else {"kind": each.kind}),
        "quantity": each.quantity,
        "sellable": each.sellable_quantity,
        "average": each.average_price,
        "price": each.price,
        "value": each.market_value,
        "profit": signed(each.unrealized_pnl),
        "percent": _percent(each.unrealized_pnl_percent),
    }


def _flow_row(day: InvestorFlow) -> Row:
    nets = {kind: signed(getattr(day, kind).net_quantity) for kind in ("individual", "foreign", "institution")}
    return {"date": day.date, "close": day.close, **nets, "final": day.final}


def _detail_rows(day: InvestorFlow) -> Sequence[Row]:
    """Return a row for each investor of whom the broker tells something."""
    told = {kind: getattr(day, kind) for kind in KINDS}
    return [
        {
            "date": day.date,
            "investor": f"{kind.replace('_', ' ')} {korean_name('InvestorFlow', [kind])}",
            "net": signed(of.net_quantity),
            "bought": of.buy_quantity,
            "sold": of.sell_quantity,
            "net won": signed(of.net_amount),
            "bought won": of.buy_amount,
            "sold won": of.sell_amount,
            "final": day.final,
        }
        for kind, of in told.items()
        if of != Flow()
    ]


@at_broker
def hours(session: Session, day: DayArgument = None, venue: VenueOption = Venue.KRX) -> None:
    """Show when a venue trades on a day (장운영시간). With a broker its calendar counts, where it has one."""
    if session.is_named:
        with session.broker() as broker:
            found = broker.market_hours(day, venue=venue)
    else:
        found = market_hours(day, venue)
    if session.printer.as_json:
        session.printer.one(found)
        return
    rows = [
        {"phase": each.phase, "from": f"{each.start:%H:%M:%S}", "to": f"{each.end:%H:%M:%S}"} for each in found.sessions
    ]
    session.printer.table(rows, "No trading on this day.", f"{found.date} {found.date:%a}  {venue}  ({found.source})")
    if found.note:
        session.printer.say(found.note)


@at_broker
def candles(
    session: Session,
    symbol: SymbolArgument,
    interval: IntervalOption = Interval.DAY,
    start: FromOption = None,
    end: ToOption = None,
    count: CountOption = None,
    raw: RawOption = False,
    csv: CsvOption = False,
    venue: VenueOption = Venue.KRX,
) -> None:
    """Show candles of a symbol, oldest first (일봉, 주봉, 월봉, 년봉)."""
    if csv and session.printer.as_json:
        raise typer.BadParameter("--csv and --json are two forms of output: give one of them.")
    with session.broker() as broker:
        found = broker.candles(symbol, interval, start, end, count=count, adjusted=not raw, venue=venue)
    if csv:
        _print_csv(found)
    else:
        session.printer.many(list(found), [_candle_row(each) for each in found], "No candles.")


def _candle_row(candle: Candle) -> Row:
    return {
        "from": f"{candle.time:%Y-%m-%d}",
        **{name: getattr(candle, name) for name in ("open", "high", "low", "close", "volume", "turnover")},
        "final": "" if candle.final else "no",
    }


def _print_csv(found: Sequence[Candle]) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(Candle.model_fields)
    for candle in found:
        values = [getattr(candle, name) for name in Candle.model_fields]
        writer.writerow(
            "" if value is None else f"{value:f}" if isinstance(value, Decimal) else value for value in values
        )
