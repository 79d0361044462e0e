"""Commands that change something at the broker: shown, asked, sent once, and the outcome said."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, overload

import typer

from brokerkit.arguments import make_request
from brokerkit.broker import Broker
from brokerkit.cli.confirming import SIDES, Rows, amend_rows, ask, cancel_rows, check_askable, order_rows, show
from brokerkit.cli.options import MarketOption, SymbolArgument, VenueOption
from brokerkit.cli.session import Session, at_broker
from brokerkit.config import Profile, load_profiles
from brokerkit.errors import MAY_STAND, NOT_SENT, InvalidRequest, OrderUncertain
from brokerkit.market.markets import Market, market_named
from brokerkit.models import Order, OrderRequest, Reservation
from brokerkit.orders.checks import FINISHED
from brokerkit.orders.intents import STANDING, Intent, IntentKind
from brokerkit.orders.keys import check_key
from brokerkit.text import sanitize
from brokerkit.transport.connection import TOTAL_SECONDS
from brokerkit.values import exact_decimal
from brokerkit.words import OrderType, Side, TimeInForce, Venue

QuantityArgument = Annotated[str, typer.Argument(metavar="QUANTITY", help="Shares.")]
OrderArgument = Annotated[
    str, typer.Argument(metavar="ORDER_ID", help="The number that `brokerkit orders` shows, leading zeros or not.")
]
PriceOption = Annotated[
    str | None, typer.Option("--price", help="Limit price, in won or dollars (지정가).", show_default=False)
]
TypeOption = Annotated[
    OrderType | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        case_sensitive=False,
        help=f"{', '.join(each for each in OrderType if each is not OrderType.SINGLE_PRICE)}. With a price LIMIT.",
        show_default=False,
    ),
]
TimeOption = Annotated[
    TimeInForce,
    typer.Option(
        "--time-in-force", metavar="TIME", case_sensitive=False, help=f"How long it lives: {', '.join(TimeInForce)}."
    ),
]
StopOption = Annotated[
    str | None, typer.Option("--stop-price", help="Where a STOP_LIMIT order wakes up.", show_default=False)
]
PartOption = Annotated[
    str | None, typer.Option("--quantity", help="Only so many of the shares that are left.", show_default=False)
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="KEY", help="A name of your own: under it one order is sent, ever.", show_default=False
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Send it unasked.")]
ArmOption = Annotated[
    str | None,
    typer.Option("--arm", metavar="LAST4", help="Real money: last four digits of the account.", show_default=False),
]


@dataclass(frozen=True)
class Consent:
    """What was said beforehand: `--yes`, whether the profile or `--arm` arms, and which broker was meant."""

    yes: bool
    arm: str | None
    options: str
    """The options that name the same broker again."""
    profile: Profile | None

    @classmethod
    def of(cls, context: typer.Context, yes: bool, arm: str | None) -> Consent:
        """Return what the command line and the profile that it names say."""
        named = {key: context.params[key] for key in ("broker", "profile", "environment")}
        options = "".join(f" --{key} {shlex.quote(value)}" for key, value in named.items() if value is not None)
        profiles, default = load_profiles()
        name = named["profile"] or named["broker"] or os.environ.get("BROKERKIT_PROFILE") or default
        profile = profiles.get(name or "")
        return cls(yes, arm or (profile.arm if profile else None), options, profile)


@dataclass(frozen=True)
class Write:
    """One thing to be sent: what people are shown of it, and what sends it."""

    side: Side
    title: str
    rows: Callable[[], Rows]
    send: Callable[[], Order | Reservation]
    leaves_order: bool = True
    """False for a cancellation: it has a number, but there is nothing to cancel in it."""
    key: str | None = None
    """The user's own name for it."""
    shows: str = ""
    """The command that shows what becomes of it, where that is not the one for orders."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (buy, sell, amend, cancel):
        app.command()(command)


@at_broker
def buy(
    session: Session,
    context: typer.Context,
    symbol: SymbolArgument,
    quantity: QuantityArgument,
    price: PriceOption = None,
    type: TypeOption = None,
    time_in_force: TimeOption = TimeInForce.DAY,
    venue: VenueOption = None,
    stop_price: StopOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Buy shares (매수), at a price or with --type MARKET."""
    request = _request(symbol, Side.BUY, quantity, price, type, time_in_force, venue, stop_price)
    carry_out(session, Consent.of(context, yes, arm), lambda broker: _placement(broker, request, key))


@at_broker
def sell(
    session: Session,
    context: typer.Context,
    symbol: SymbolArgument,
    quantity: QuantityArgument,
    price: PriceOption = None,
    type: TypeOption = None,
    time_in_force: TimeOption = TimeInForce.DAY,
    venue: VenueOption = None,
    stop_price: StopOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Sell shares (매도), at a price or with --type MARKET."""
    request = _request(symbol, Side.SELL, quantity, price, type, time_in_force, venue, stop_price)
    carry_out(session, Consent.of(context, yes, arm), lambda broker: _placement(broker, request, key))


@at_broker
def amend(
    session: Session,
    context: typer.Context,
    order_id: OrderArgument,
    price: PriceOption = None,
    quantity: PartOption = None,
    market: MarketOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Move a working order, or a part of it, to another price (정정)."""
    if price is None:
        raise InvalidRequest("An amendment needs --price; to make an order smaller, cancel a part of it.")
    new, part = number_of("--price", price), number_of("--quantity", quantity)

    def prepare(broker: Broker) -> Write:
        order = _find(broker, order_id, key, market)
        return Write(
            order.side,
            f"정정 AMEND order {order.id}: {SIDES[order.side][0]}",
            lambda: amend_rows(broker, order, part, new),
            lambda: broker.amend(order, price=new, quantity=part, key=key),
            key=key,
        )

    carry_out(session, Consent.of(context, yes, arm), prepare)


@at_broker
def cancel(
    session: Session,
    context: typer.Context,
    order_id: OrderArgument,
    quantity: PartOption = None,
    market: MarketOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Cancel a working order, or a part of it (취소)."""
    part = number_of("--quantity", quantity)

    def prepare(broker: Broker) -> Write:
        order = _find(broker, order_id, key, market)
        return Write(
            order.side,
            f"취소 CANCEL order {order.id}: {SIDES[order.side][0]}",
            lambda: cancel_rows(order, part),
            lambda: broker.cancel(order, quantity=part, key=key),
            leaves_order=False,
            key=key,
        )

    carry_out(session, Consent.of(context, yes, arm), prepare)


def _placement(broker: Broker, request: OrderRequest, key: str | None) -> Write:
    return Write(
        request.side,
        SIDES[request.side][0],
        lambda: order_rows(broker, request),
        lambda: broker.order(request, key=key),
        key=key,
    )


def _request(
    symbol: str,
    side: Side,
    quantity: str,
    price: str | None,
    type: OrderType | None,
    time_in_force: TimeInForce,
    venue: Venue | None,
    stop_price: str | None,
) -> OrderRequest:
    shares = number_of("QUANTITY", quantity)
    limit, stop = number_of("--price", price), number_of("--stop-price", stop_price)
    return make_request(symbol, side, shares, limit, type, time_in_force, venue, stop)


@overload
def number_of(option: str, text: str) -> Decimal: ...
@overload
def number_of(option: str, text: None) -> None: ...
@overload
def number_of(option: str, text: str | None) -> Decimal | None: ...
def number_of(option: str, text: str | None) -> Decimal | None:
    """Return what an option says; an InvalidRequest names the option."""
    try:
        return None if text is None else exact_decimal(text)
    except InvalidRequest as error:
        raise InvalidRequest(f"{option}: {error.message}", advice=error.advice) from None


def _keyed(broker: Broker, key: str | None) -> tuple[Intent, ...]:
    """Return what was to be sent under a key before."""
    return () if check_key(key) is None else broker.journal.keyed(str(key))


def _find(broker: Broker, number: str, key: str | None, market: str | None) -> Order:
    """Return the order of today with that number, or the one that was changed under a key; InvalidRequest if none.

    Of one market or, without `market`, of all of them. An order at a venue that no list shows is known by the journal.
    """
    for intent in _keyed(broker, key):
        if intent.order is not None and intent.order.id.lstrip("0") == number.lstrip("0"):
            return intent.order
    there = [order for each in _markets(broker, market) for order in _working(broker, each)]
    found = [order for order in there if order.id.lstrip("0") == number.lstrip("0")]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{each.id} ({each.side} {each.symbol})" for each in found or there)
    if found:
        raise InvalidRequest(
            f"{len(found)} working orders have the number {number}: {listed}.",
            advice="Nothing was sent. If they are of two markets, say which one with --market.",
        )
    raise InvalidRequest(
        f"No working order has the number {sanitize(number, limit=40)}. Working: {listed or 'none'}.",
        advice="Nothing was sent. `brokerkit history` shows what became of the orders of earlier.",
    )


def _markets(broker: Broker, named: str | None) -> Sequence[Market]:
    """Return the market that is named, else all in which the account can hold something."""
    names = [each.market for each in broker.capabilities()] if named is None else [named]
    return [each for each in map(market_named, names) if each.is_held]


def _working(broker: Broker, market: Market) -> Sequence[Order]:
    """Return the working orders of a market's day; those of venues that no list shows, as the journal knows them."""
    today = market.today()
    if broker.supports("orders", market=market.name):
        listed: Sequence[Order] = broker.orders(market=market.name)
    else:
        history = broker.order_history(today, market=market.name)
        listed = [order for order in history if order.status not in FINISHED]
    unlisted = _unlisted(broker, market.name)
    sent = broker.journal.of_day(today, STANDING, market.name)
    made = [
        each.result for each in sent if each.venue in unlisted and each.kind in (IntentKind.ORDER, IntentKind.AMEND)
    ]
    return [*listed, *(order for order in made if order is not None)]


def _unlisted(broker: Broker, market: str) -> Sequence[Venue]:
    """Return the venues of a market whose orders stand in no list."""
    return [venue for each in broker.capabilities() if each.market == market for venue in each.unlisted_venues]


def carry_out(session: Session, consent: Consent, prepare: Callable[[Broker], Write]) -> None:
    """Show and ask, where that is wanted; send once; say what became of it."""
    with contextlib.ExitStack() as open_broker:
        with _nothing_sent():
            check_askable(session.printer.as_json, consent.yes)
            broker = open_broker.enter_context(session.broker(arm=consent.arm))
            write = prepare(broker)
            stands = any(intent.state in STANDING for intent in _keyed(broker, write.key))
            if not stands and (not consent.yes or (broker.environment == "real" and not session.printer.as_json)):
                show(broker, write.side, write.title, write.rows())
            if not stands and not consent.yes:
                ask(broker)
        with _first_interrupt_held():
            try:
                order = write.send()
            except OrderUncertain as error:
                error.advice = f"{error.advice} Here that is `{_settles(broker, error)}{consent.options}`."
                raise
            session.printer.one(order, _outcome(order), write.title)
            if stands:
                session.printer.say(f"It was sent before, under the key {write.key}; nothing was sent now.")
            session.printer.say(_hint(broker, consent, write, order.id))


def _settles(broker: Broker, error: OrderUncertain) -> str:
    """Return the command that settles an order of uncertain fate: where no list shows it, a person has to look."""
    intent = None if error.intent is None else broker.journal.get(error.intent.id)
    if intent is not None and intent.venue in _unlisted(broker, intent.market):
        return f"brokerkit journal resolve {intent.id}"
    return "brokerkit journal reconcile --wait"


def _outcome(order: Order | Reservation) -> dict[str, object]:
    original = order.original_id if isinstance(order, Order) else None
    shown = {"number": order.id, "of order": original, "status": order.status}
    return {label: value for label, value in shown.items() if value is not None}


def _hint(broker: Broker, consent: Consent, write: Write, number: str) -> str:
    if broker.environment == "sandbox" and (consent.profile is None or consent.profile.base_url is None):
        return "This sandbox has ended with the command; `brokerkit sandbox` serves one that stays."
    if write.shows:
        return f"`{write.shows}{consent.options}` shows what becomes of it."
    shows = f"`{_list(broker, consent)}` shows what is working"
    if not write.leaves_order:
        return f"{shows}."
    return f"{shows}, `brokerkit cancel {number}{consent.options}` takes back what is not filled."


def _list(broker: Broker, consent: Consent) -> str:
    return f"brokerkit {'orders' if broker.supports('orders') else 'history'}{consent.options}"


@contextlib.contextmanager
def _nothing_sent() -> Iterator[None]:
    """Note at an interrupt that nothing was sent."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(NOT_SENT)
        raise


HELD = f"The order is on its way; its answer comes within {TOTAL_SECONDS:g} s. Ctrl-C again leaves without it."


@contextlib.contextmanager
def _first_interrupt_held() -> Iterator[None]:
    """Answer the first Ctrl-C with words, so that the outcome is learned; the second one interrupts."""
    before = signal.getsignal(signal.SIGINT)

    def hold(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        with contextlib.suppress(OSError):
            os.write(2, f"\n{HELD}\n".encode())  # not print: what was interrupted may be printing

    # A program that was started with interrupts switched off keeps them off.
    holds = callable(before) and threading.current_thread() is threading.main_thread()
    if holds:
        signal.signal(signal.SIGINT, hold)
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not getattr(interrupt, "__notes__", ()):
            interrupt.add_note(MAY_STAND)  # it came beside the sending itself, before or after: nobody knows
        raise
    finally:
        if holds:
            signal.signal(signal.SIGINT, before)
