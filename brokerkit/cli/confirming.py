"""What a person is shown before something is sent, and the question whether it may be sent."""

from __future__ import annotations

import sys
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.cli.asking import plain, yes_words
from brokerkit.cli.consoles import cells, padded
from brokerkit.cli.printing import GAIN, LOSS, as_text, head, money
from brokerkit.errors import Blocked, BrokerError, InvalidRequest
from brokerkit.languages import translated
from brokerkit.market.markets import market_of
from brokerkit.models import Order, OrderRequest, Quote
from brokerkit.orders.raw import CANCELS, Terms
from brokerkit.raw.calls import RawCall
from brokerkit.symbols import HOME, HOME_CURRENCY, is_symbol
from brokerkit.text import sanitize
from brokerkit.words import Side, Venue

Rows = dict[str, str]
SIDES = {Side.BUY: ("매수 BUY", GAIN), Side.SELL: ("매도 SELL", LOSS)}


def check_askable(as_json: bool, yes: bool) -> None:
    """Raise unless `--yes` was given or there is a person who sees the question and can answer it."""
    if yes:
        return
    if as_json:
        raise InvalidRequest("With --json nothing is asked.", advice="Nothing was sent. Add --yes to send it unasked.")
    # A question that goes to a file is not seen, so both are needed.
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise Blocked(
            "The order was not confirmed: there is no terminal to ask at.",
            advice="Nothing was sent. Add --yes to send it unasked.",
        )


def show(broker: Broker, side: Side | None, symbol: str, title: str, rows: Rows) -> None:
    """Show on standard error what is about to be sent; with real money first of all that, account and arming."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, emoji=False, markup=False, soft_wrap=True)
    account = broker.account()
    if broker.environment == "real":
        # A list can show a symbol that is not understood: it is one of the account's own market.
        disarmed = broker.disarmed(market=market_of(symbol).name if is_symbol(symbol) else None)
        words = f"Real money (실전): account {account}. {disarmed or 'Armed.'}"
        console.print(translated(words), style="bold red")
    console.print(translated(title), style="bold" if side is None else f"bold {SIDES[side][1]}")
    rows = {"broker": f"{broker.name}, {broker.environment}", "account": account, **rows}
    lines = [(head(label, "OrderRequest"), translated(as_text(value))) for label, value in rows.items()]
    width = max(cells(label) for label, _ in lines)
    for label, words in lines:
        console.print(f"  {padded(label, width)}  {words}")


def ask(broker: Broker) -> None:
    """Ask whether it may be sent; anything but yes raises Blocked. With real money the word is typed in full."""
    real = broker.environment == "real"
    question = "Type yes to send it:" if real else "Send it? [y/N]"
    print(translated(question), end=" ", file=sys.stderr, flush=True)
    answer = ""
    try:
        answer = sys.stdin.readline()
    except (OSError, ValueError):
        pass  # the terminal is gone, or what was typed is no text: not a yes
    finally:
        if not answer.endswith("\n"):
            print(file=sys.stderr)
    # A line that was not ended with Enter is what was typed when the terminal went away.
    if not answer.endswith("\n") or plain(answer) not in ({"yes"} if real else yes_words()):
        raise Blocked("The order was not confirmed.", advice="Nothing was sent.")


def order_rows(broker: Broker, request: OrderRequest) -> Rows:
    """Return what a new order says, its value, and how its price lies to the last one."""
    quote, words = _quoted(broker, request.symbol, request.venue, request.price)
    currency = market_of(request.symbol).currency
    stop = {} if request.stop_price is None else {"stop price": number(request.stop_price, currency=currency)}
    return {
        "symbol": _named(request.symbol, quote.name if quote else None),
        "quantity": number(request.quantity),
        "type": request.type,
        "price": number(request.price, "none", currency=currency),
        **stop,
        "venue": request.venue,
        **market_rows(request.symbol),
        "time in force": request.time_in_force,
        "value": _value(request, quote),
        "last price": words,
    }


def show_call(broker: Broker, call: RawCall) -> None:
    """Show a raw call: what its table makes of it, each field with the broker's own term, and what is odd about it."""
    terms, fields = Terms.of(call), call.api.fields
    rows = {"api": sanitize(f"{call.name} {call.api.label}"), "kind": terms.kind or "not known"}
    if terms.kind not in CANCELS:
        rows["value"] = number(terms.value, "not known", currency=terms.currency)
    for name, value in call.values.items():
        if isinstance(value, str) and name not in call.client.account():
            field = fields.get(name)
            meaning = field.codes.get(value, "") if field else ""
            label = sanitize(f"{name} {field.label if field else ''}", limit=60)
            rows[label] = sanitize(f"{value} {meaning}".strip()) or "blank"
    if call.warnings:
        rows["note"] = sanitize("; ".join(call.warnings), limit=1000)
    symbol = terms.symbol if terms.market in ("", HOME) else f"{terms.market}:{terms.symbol}"
    side = "" if terms.side is None else f": {SIDES[terms.side][0]}"
    show(broker, terms.side, symbol, f"호출 CALL {call.name}{side}", rows)


def cancel_rows(order: Order, quantity: Decimal | None) -> Rows:
    """Return an order as it stands and how much of it would be cancelled."""
    left = left_of(order)
    if quantity is not None:
        shares = f"{number(quantity)} of {number(left)} shares"
    else:
        shares = "the 1 share" if left == 1 else f"all {number(left)} shares"
    return {**_standing(order), **market_rows(order.symbol), "to cancel": shares}


def amend_rows(broker: Broker, order: Order, quantity: Decimal | None, price: Decimal) -> Rows:
    """Return an order as it stands and what an amendment would make of it."""
    left = left_of(order)
    moved = left if quantity is None else quantity
    _, words = _quoted(broker, order.symbol, order.venue, price)
    currency = market_of(order.symbol).currency
    shown = number(price, currency=currency)
    if quantity is not None:
        new = f"{shown} for {number(quantity)} of {number(left)} shares"
    else:
        new = f"{shown} for the 1 share" if left == 1 else f"{shown} for all {number(left)} shares"
    return {
        **_standing(order),
        **market_rows(order.symbol),
        "new price": new,
        "new value": number(moved * price, currency=currency),
        "last price": words,
    }


def number(value: Decimal | None, nothing: str = "—", *, currency: str | None = None) -> str:
    """Return a number as people read it; an amount in another currency than won says so."""
    if value is None:
        return nothing
    return f"{value:,f}" if currency in (None, HOME_CURRENCY) else f"{money(value, currency):,f} {currency}"


def left_of(order: Order) -> Decimal:
    """Return how many shares of an order are left."""
    return order.quantity if order.remaining_quantity is None else order.remaining_quantity


def _standing(order: Order) -> Rows:
    return {
        "symbol": _named(order.symbol, order.name),
        "quantity": f"{number(order.quantity)}, left {number(left_of(order))}",
        "type": order.type or "—",
        "price": number(order.price, "none", currency=market_of(order.symbol).currency),
        "venue": order.venue or "—",
        "time in force": order.time_in_force or "—",
        "status": order.status,
    }


def market_rows(symbol: str) -> Rows:
    """Return the market of an order and the day there to which it belongs; nothing at home, where both are plain."""
    market = market_of(symbol)
    if market.name == HOME:
        return {}
    now = clock.now()
    there = now.astimezone(ZoneInfo(market.time_zone))
    day = f"{market.today()}: it is {there:%Y-%m-%d %H:%M} in {market.time_zone}, and {now:%Y-%m-%d %H:%M} in Korea"
    return {"market": f"{market.name}, traded in {market.currency}", "day": day}


def _named(symbol: str, name: str | None) -> str:
    return sanitize(f"{symbol} {name or ''}")


def _quoted(broker: Broker, symbol: str, venue: Venue | None, price: Decimal | None) -> tuple[Quote | None, str]:
    """Return the quote, and in words the last price and how far `price` is from it."""
    try:
        quote = broker.quote(symbol, venue=venue)
    except BrokerError as error:
        return None, f"cannot be had: {sanitize(error.words)}"
    last = number(quote.price, currency=quote.currency)
    if price is None or not quote.price:
        return quote, last
    percent = ((price - quote.price) / quote.price * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if price == quote.price:
        return quote, f"{last}; the order is at it"
    if price > quote.price:
        return quote, f"{last}; the order is {abs(percent)} % above it"
    return quote, f"{last}; the order is {abs(percent)} % below it"


def _value(request: OrderRequest, quote: Quote | None) -> str:
    currency = market_of(request.symbol).currency
    if request.price is not None:
        return number(request.quantity * request.price, currency=currency)
    if quote is None:
        return "not known"
    most = quote.upper_limit if request.side is Side.BUY else None
    value = f"about {number(request.quantity * quote.price, currency=currency)} at the last price"
    return value if most is None else f"{value}, at most {number(request.quantity * most)} at the upper limit"
