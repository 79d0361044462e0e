"""What every command that changes something at the broker does: shows, asks, sends once, and says the outcome."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, TypeVar, overload

import typer

from brokerkit.broker import Broker
from brokerkit.cli.confirming import Rows, ask, check_askable, show
from brokerkit.cli.printing import as_text
from brokerkit.cli.session import Session
from brokerkit.config import Profile, load_profiles
from brokerkit.errors import MAY_STAND, NOT_SENT, InvalidRequest, OrderUncertain
from brokerkit.languages import translated
from brokerkit.models import Order, Reservation
from brokerkit.orders.intents import STANDING, Intent
from brokerkit.orders.keys import check_key
from brokerkit.text import sanitize
from brokerkit.transport.connection import TOTAL_SECONDS
from brokerkit.values import exact_decimal
from brokerkit.words import OrderType, Side, Venue

QuantityArgument = Annotated[str, typer.Argument(metavar="QUANTITY", help="Shares.")]
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


Numbered = TypeVar("Numbered", Order, Reservation)


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
    symbol: str
    title: str
    rows: Callable[[], Rows]
    send: Callable[[], Order | Reservation]
    leaves_order: bool = True
    """False for a cancellation: it has a number, but there is nothing to cancel in it."""
    key: str | None = None
    """The user's own name for it."""
    shows: str = ""
    """The command that shows what becomes of it, where that is not the one for orders."""


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
        raise InvalidRequest(f"{option}: {error.words}", advice=error.remedy) from None


def keyed(broker: Broker, key: str | None) -> tuple[Intent, ...]:
    """Return what was to be sent under a key before."""
    return () if check_key(key) is None else broker.journal.keyed(str(key))


def find_numbered(
    number: str, there: Sequence[Numbered], *, are_reserved: bool = False, if_none: str, if_several: str
) -> Numbered:
    """Return the one with that number, leading zeros or not; InvalidRequest, with what to do then, for any other."""
    found = [each for each in there if each.id.lstrip("0") == number.lstrip("0")]
    if len(found) == 1:
        return found[0]
    wanted = sanitize(number, limit=40)
    listed = (
        ", ".join(f"{each.id} ({as_text(each.side)} {each.symbol}, {as_text(each.status)})" for each in found or there)
        or "none"
    )
    if found:
        words = (
            f"{len(found)} reserved orders have the number {wanted}: {listed}."
            if are_reserved
            else f"{len(found)} working orders have the number {wanted}: {listed}."
        )
        raise InvalidRequest(words, advice=f"{NOT_SENT} {if_several}")
    words = (
        f"No reserved order has the number {wanted}. There are: {listed}."
        if are_reserved
        else f"No working order has the number {wanted}. There are: {listed}."
    )
    raise InvalidRequest(words, advice=f"{NOT_SENT} {if_none}")


def unlisted(broker: Broker, market: str) -> Sequence[Venue]:
    """Return the venues of a market whose orders stand in no list."""
    return [venue for each in broker.capabilities() if each.market == market for venue in each.unlisted_venues]


def carry_out(session: Session, consent: Consent, prepare: Callable[[Broker], Write]) -> None:
    """Show and ask, where that is wanted; send once; say what became of it."""
    with contextlib.ExitStack() as open_broker:
        with nothing_sent():
            check_askable(session.printer.as_json, consent.yes)
            broker = open_broker.enter_context(session.broker(arm=consent.arm))
            write = prepare(broker)
            stands = any(intent.state in STANDING for intent in keyed(broker, write.key))
            if not stands and (not consent.yes or (broker.environment == "real" and not session.printer.as_json)):
                show(broker, write.side, write.symbol, write.title, write.rows())
            if not stands and not consent.yes:
                ask(broker)
        with first_interrupt_held():
            try:
                order = write.send()
            except OrderUncertain as error:
                error.remedy = f"{error.remedy} Here that is `{settling(broker, error)}{consent.options}`."
                raise
            session.printer.one(order, _outcome(order), write.title)
            if stands:
                session.printer.say(f"It was sent before, under the key {write.key}; nothing was sent now.")
            session.printer.say(_hint(broker, consent, write, order.id))


def settling(broker: Broker, error: OrderUncertain) -> str:
    """Return the command that settles an order of uncertain fate: where no list shows it, a person has to look."""
    intent = None if error.intent is None else broker.journal.get(error.intent.id)
    if intent is not None and (intent.is_raw or intent.venue in unlisted(broker, intent.market)):
        return f"brokerkit journal resolve {intent.id}"
    return "brokerkit journal reconcile --wait"


def _outcome(order: Order | Reservation) -> dict[str, object]:
    original = order.original_id if isinstance(order, Order) else None
    shown = {"number": order.id, "of order": original, "status": order.status}
    return {label: value for label, value in shown.items() if value is not None}


ENDED = "This sandbox has ended with the command; `brokerkit sandbox` serves one that stays."


def _hint(broker: Broker, consent: Consent, write: Write, number: str) -> str:
    if has_ended(broker, consent):
        return ENDED
    if write.shows:
        return f"`{write.shows}{consent.options}` shows what becomes of it."
    listing = _list(broker, consent)
    if not write.leaves_order:
        return f"`{listing}` shows what is working."
    take_back = f"brokerkit cancel {number}{consent.options}"
    return f"`{listing}` shows what is working, `{take_back}` takes back what is not filled."


def has_ended(broker: Broker, consent: Consent) -> bool:
    """Say whether the broker was a sandbox of this command alone."""
    return broker.environment == "sandbox" and (consent.profile is None or consent.profile.base_url is None)


def _list(broker: Broker, consent: Consent) -> str:
    return f"brokerkit {'orders' if broker.supports('orders') else 'history'}{consent.options}"


@contextlib.contextmanager
def nothing_sent() -> Iterator[None]:
    """Note at an interrupt that nothing was sent."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(NOT_SENT)
        raise


HELD = f"The order is on its way; its answer comes within {TOTAL_SECONDS:g} s. Ctrl-C again leaves without it."


@contextlib.contextmanager
def first_interrupt_held() -> Iterator[None]:
    """Answer the first Ctrl-C with words, so that the outcome is learned; the second one interrupts."""
    before = signal.getsignal(signal.SIGINT)
    words = f"\n{translated(HELD)}\n".encode(getattr(sys.stderr, "encoding", None) or "utf-8", "replace")

    def hold(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        with contextlib.suppress(OSError):
            os.write(2, words)  # not print: what was interrupted may be printing

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
