"""What the journal keeps: one intent for every order, amendment and cancellation that was to be sent."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import StrictInt

from brokerkit.models import Model, Order, OrderRequest
from brokerkit.symbols import HOME, HOME_CURRENCY
from brokerkit.values import Date, Exact, Moment
from brokerkit.words import Side, Venue


class IntentKind(StrEnum):
    """What was to be sent."""

    ORDER = "ORDER"
    """A new order (매수, 매도)."""
    AMEND = "AMEND"
    """Another price for what is left of one (정정)."""
    CANCEL = "CANCEL"
    """What is left of one, or a part of it, taken back (취소)."""
    RESERVE = "RESERVE"
    """A reserved order (예약주문)."""
    AMEND_RESERVATION = "AMEND_RESERVATION"
    """A change of a reserved order (예약주문 정정)."""
    CANCEL_RESERVATION = "CANCEL_RESERVATION"
    """A reserved order taken back (예약주문 취소)."""
    RAW = "RAW"
    """What `call` sent by the broker's own fields and may move money, and no verb knows better."""
    CANCEL_RAW = "CANCEL_RAW"
    """The same, where it takes something back."""


class IntentState(StrEnum):
    """What is known of an intent."""

    INTENT = "INTENT"
    """Checked, not sent yet. Never written down: what is not in the journal as SENDING has not been sent."""
    SENDING = "SENDING"
    """Written down before the first byte leaves. If its process is gone, it is UNKNOWN."""
    ACKED = "ACKED"
    """The broker has it, under `order_id`."""
    REJECTED = "REJECTED"
    """The broker refused it, with a code that proves that."""
    NOT_SENT = "NOT_SENT"
    """No byte left this machine."""
    UNKNOWN = "UNKNOWN"
    """It may stand."""
    AMBIGUOUS = "AMBIGUOUS"
    """It may stand, and the broker's list shows more than one order that it could be, or one that differs."""
    PRESUMED_ABSENT = "PRESUMED_ABSENT"
    """Not visible after several complete lists over the settle time. It may still appear: then it is LATE."""
    LATE = "LATE"
    """It was presumed absent and stands after all, under `order_id`."""
    ABSENT_DAY_CLOSED = "ABSENT_DAY_CLOSED"
    """Not in the complete list of a day that is over."""


OPEN = frozenset({IntentState.SENDING, IntentState.UNKNOWN, IntentState.AMBIGUOUS})
"""Not known: while an order is in one of these, its symbol and side are blocked."""
UNRESOLVED = frozenset({IntentState.UNKNOWN, IntentState.AMBIGUOUS})
STANDING = frozenset({IntentState.ACKED, IntentState.LATE})
_ANSWERS = frozenset({IntentState.ACKED, IntentState.REJECTED, IntentState.NOT_SENT})
_ABSENT = frozenset({IntentState.PRESUMED_ABSENT, IntentState.ABSENT_DAY_CLOSED})
FOLLOWS: Mapping[IntentState, frozenset[IntentState]] = {
    IntentState.INTENT: frozenset({IntentState.SENDING, IntentState.NOT_SENT}),
    IntentState.SENDING: _ANSWERS | {IntentState.UNKNOWN},
    # An answer may still come: another process can have called it unknown too early.
    IntentState.UNKNOWN: _ANSWERS | _ABSENT | {IntentState.AMBIGUOUS},
    IntentState.AMBIGUOUS: _ANSWERS | _ABSENT,
    IntentState.PRESUMED_ABSENT: frozenset({IntentState.LATE, IntentState.ABSENT_DAY_CLOSED}),
    IntentState.ACKED: frozenset(),
    IntentState.REJECTED: frozenset(),
    IntentState.NOT_SENT: frozenset(),
    IntentState.LATE: frozenset(),
    IntentState.ABSENT_DAY_CLOSED: frozenset(),
}
"""What a state may become. Nothing final changes any more."""


class Confidence(StrEnum):
    """How sure a match with a row of the broker's list is."""

    EXACT = "EXACT"
    """Nobody else trades the account by this channel, so the caller has declared, and nobody else was seen."""
    PROBABLE = "PROBABLE"
    """Somebody else may have placed the same order by the same channel."""


class Sighting(Model):
    """What one complete list of the broker, or several in a row, showed of an intent."""

    since: Moment
    """When this was seen first."""
    until: Moment
    """When it was seen last."""
    lists: StrictInt
    """How many lists showed the same."""
    fitting: tuple[str, ...]
    """Numbers of orders that are just like it."""
    unexplained: tuple[str, ...]
    """Numbers of other orders of its symbol and side that the journal does not know."""

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was seen that could have to do with it."""
        return not self.fitting and not self.unexplained


class Intent(Model):
    """An order, amendment or cancellation as the journal knows it. Survives as JSON."""

    id: str
    """What `resubmit` and `resolve` know it by."""
    kind: IntentKind
    """What was to be sent."""
    state: IntentState = IntentState.INTENT
    """What is known of it."""
    market: str = HOME
    """Where it was to be sent. Markets do not block each other, and each numbers its own orders."""
    currency: str = HOME_CURRENCY
    """Currency of `price`, in which its value counts."""
    day: Date
    """Trading day of its market."""
    symbol: str
    """What it trades (종목코드)."""
    side: Side | None
    """None where a raw call does not tell it."""
    quantity: Exact | None
    """Shares; None: all that is left of the order that is amended or cancelled."""
    price: Exact | None
    """In `currency` per share; None for types without a price."""
    request: OrderRequest | None = None
    """The order that was to be placed."""
    order: Order | None = None
    """The order that was to be amended or cancelled; of a reserved one it has the reservation's number and handle."""
    until: Date | None = None
    """Last day of a reserved order that is sent on several days."""
    watermark: StrictInt | None = None
    """Highest order number of the day that was known when it was sent: its own must be higher."""
    created_at: Moment
    """When it was made."""
    sent_at: Moment | None = None
    """When the first byte left; None before."""
    deadline: Moment | None = None
    """Nothing of it leaves this machine after that."""
    decided_at: Moment | None = None
    """When it became known what became of it; None before."""
    sent_bytes: StrictInt | None = None
    """Bytes of it that left this machine; None where nobody counted them."""
    code: str | None = None
    """The broker's code, if it gave one."""
    answer: str | None = None
    """What the broker answered, sanitised and without secrets."""
    order_id: str | None = None
    """The broker's number of it (주문번호); None where it is not known."""
    result: Order | None = None
    """What the broker made of it."""
    confidence: Confidence | None = None
    """Set where a row of a list was matched instead of an answer being read."""
    evidence: tuple[str, ...] = ()
    """Why it is in its state, in the order in which it was learnt."""
    sightings: tuple[Sighting, ...] = ()
    """What the broker's lists showed of it."""
    previous: str | None = None
    """The intent that this one was sent again for."""
    key: str | None = None
    """The caller's own name for it, if it has one."""
    owner: str = ""
    """The process that sends it."""
    fence: StrictInt | None = None
    """How often a host has begun to trade the account when it was sent; None where hosts share nothing."""
    api: str | None = None
    """The API that was called by the broker's own fields, its variant with it."""
    names: str | None = None
    """The number of the order that a raw call names."""
    terms: str | None = None
    """What tells a raw call from others of that API: a digest of its fields."""
    is_apart: bool | None = None
    """Whether no list of orders of its market shows it: futures, bonds, other countries, reserved orders."""

    def moved(self, state: IntentState, reason: str, **known: object) -> Intent:
        """Return the intent in another state, with the reason added to its evidence."""
        return self.model_copy(update={"state": state, "evidence": (*self.evidence, reason), **known})

    @property
    def venue(self) -> Venue | None:
        """Where it was to be sent; None where that is not known."""
        of = self.request or self.order
        return None if of is None else of.venue

    @property
    def what(self) -> str:
        """Say in one line what was to be sent."""
        if self.is_raw:
            return self._called
        shares = "all" if self.quantity is None else f"{self.quantity:f}"
        if self.is_new and self.request is not None:
            what = f"{self.side} {shares} {self.symbol} at {self.price or self.request.type}"
            return f"reserved {what}" if self.is_reserved else what
        named, price = self.order.id if self.order else "?", self.price
        if self.kind is IntentKind.AMEND_RESERVATION:
            return f"amend reserved order {named} ({self.symbol}) to {shares} at {price or 'its type'}"
        if self.kind is IntentKind.CANCEL_RESERVATION:
            return f"cancel all of reserved order {named} ({self.symbol})"
        if self.is_cancel:
            whole = f"cancel all of order {named} ({self.symbol})"
            return whole if self.quantity is None else f"cancel {shares} of order {named} ({self.symbol})"
        whole = f"amend all of order {named} ({self.symbol}) to {price}"
        return whole if self.quantity is None else f"amend {shares} of order {named} ({self.symbol}) to {price}"

    @property
    def _called(self) -> str:
        quantity = f"{self.quantity:f}" if self.quantity else ""
        price, named = f"at {self.price}" if self.price else "", f"of order {self.names}" if self.names else ""
        told = " ".join(filter(None, (quantity, self.symbol, price, named)))
        if self.side is Side.BUY and told:
            return f"call {self.api} (BUY {told})"
        if self.side is Side.SELL and told:
            return f"call {self.api} (SELL {told})"
        told = told or self.side or ""
        return f"call {self.api} ({told})" if told else f"call {self.api}"

    @property
    def is_raw(self) -> bool:
        """Say whether it was called by the broker's own fields and no list settles it: a person does."""
        return self.kind in (IntentKind.RAW, IntentKind.CANCEL_RAW)

    @property
    def is_reserved(self) -> bool:
        """Say whether it is about a reserved order: those have numbers, lists and a turn of their own."""
        return self.kind in _RESERVED

    @property
    def is_new(self) -> bool:
        """Say whether it was to place something, and not to change what is there."""
        return self.kind in (IntentKind.ORDER, IntentKind.RESERVE)

    @property
    def is_cancel(self) -> bool:
        """Say whether it was to take something back, which neither kill switch nor limits hold up."""
        return self.kind in (IntentKind.CANCEL, IntentKind.CANCEL_RESERVATION, IntentKind.CANCEL_RAW)

    @property
    def book(self) -> str:
        """Return under which name the journal keeps its numbers and its turn: reserved orders apart from orders."""
        if self.is_apart:
            return f"{self.market} raw"
        return reserved_book(self.market) if self.is_reserved else self.market

    @property
    def may_be_repeated(self) -> bool:
        """Say whether it cancels all that is left of an order: sent twice it does no more than sent once."""
        return self.is_cancel and self.quantity is None

    @property
    def mutex(self) -> str | None:
        """Return what only one open intent of its book may hold; None for what may be repeated."""
        if self.is_new:
            return f"{self.symbol}:{self.side}"
        if self.may_be_repeated:
            return None
        if self.is_raw:
            # A new order of that symbol and side, by whatever call, has to wait as for one by a verb.
            own = self.kind is IntentKind.RAW and self.symbol and self.side
            return f"{self.symbol}:{self.side}" if own else f"{self.day}:{self.api}:{self.symbol}:{self.names or ''}"
        assert self.order is not None  # noqa: S101 - the other kinds name an order
        return f"{self.day}:{self.order.handle}"


_RESERVED = frozenset({IntentKind.RESERVE, IntentKind.AMEND_RESERVATION, IntentKind.CANCEL_RESERVATION})


def reserved_book(market: str) -> str:
    """Return the name under which the journal keeps the reserved orders of a market."""
    return f"{market} reserved"


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """Return a ULID: 48 bits of time and 80 of chance, so that ids ascend and never meet."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def keys_of(order_ids: Iterable[str | None]) -> frozenset[str]:
    """Return the numbers that are there, spelt for comparisons."""
    return frozenset(key for order_id in order_ids if (key := key_of(order_id)) is not None)


def key_of(order_id: str | None) -> str | None:
    """Return an order's number in the one spelling in which numbers are compared: brokers pad with zeros.

    What is no number, or longer than any that is counted, is compared letter by letter.
    """
    number = number_of(order_id)
    return order_id if number is None else str(number)


NumberKey = tuple[str, str]
"""What tells an order from all others of its market and day: its number, and the branch where that is known."""


def number_of(order_id: str | None) -> int | None:
    """Return an order's number for comparisons; None if it is no number."""
    return int(order_id) if order_id and order_id.isascii() and order_id.isdigit() and len(order_id) <= 18 else None
