"""What becomes of own orders, counted: each change and each share is told once and in order.

It has no thread, no socket and no clock: notices and lists go in, events come out. A notice proves that so many shares
were traded at least, and so does a list; as many are told as is proven. What is not proven waits for a list, and a list
that shows less than was told takes nothing back.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from brokerkit import clock
from brokerkit.logs import about
from brokerkit.models import Order
from brokerkit.orders.intents import key_of, number_of
from brokerkit.orders.listing import Listed
from brokerkit.stream.events import Notice, OrderChange, OrderEvent, Source
from brokerkit.words import OrderStatus, Side, Venue

logger = logging.getLogger("brokerkit")

PATIENCE_SECONDS = 5.0
"""So long what is proven waits for a list that tells more of it, such as its price or what came before it."""
Key = tuple[str, str]
"""An order's number, spelt for comparisons, and its symbol: two branches of a broker may give one number."""
_NONE = Decimal(0)
_FINEST = Decimal("0.0001")
"""To which averages are told: prices of US shares have as many decimals."""


@dataclass
class _Counted:
    """An order as far as it was told."""

    order_id: str
    original_id: str | None
    symbol: str
    side: Side
    venue: Venue
    quantity: Decimal | None
    price: Decimal | None
    is_told: bool = False
    """Whether it was told that the exchange has it, or known before the topic began."""
    filled: Decimal = _NONE
    """Shares told as traded."""
    amount: Decimal | None = _NONE
    """What those came to; None where that is not known."""
    taken: Decimal = _NONE
    """Shares told as cancelled or moved to another order."""
    heard: Decimal = _NONE
    """Shares of its notices of fills, of which equal ones count once: as many were traded at least."""
    identities: set[str] = field(default_factory=set)
    """Of those notices."""
    end: OrderStatus | None = None
    """REJECTED or EXPIRED; else the quantities tell."""
    is_whole: bool = False
    """Whether its notices came from the first one on."""

    @property
    def key(self) -> Key:
        return _key(self.order_id, self.symbol)

    @property
    def left(self) -> Decimal | None:
        if self.end is not None:
            return _NONE
        return None if self.quantity is None else max(_NONE, self.quantity - self.filled - self.taken)

    @property
    def status(self) -> OrderStatus:
        if self.end is not None:
            return self.end
        if self.left == _NONE:
            return OrderStatus.CANCELED if self.taken else OrderStatus.FILLED
        return OrderStatus.PARTIALLY_FILLED if self.filled else OrderStatus.WORKING

    def learn(self, quantity: Decimal | None, price: Decimal | None) -> None:
        """Take what was not known: what cancels an order may tell neither, and a fill no limit."""
        if quantity is not None:
            self.quantity = quantity if self.quantity is None else self.quantity
            self.price = price if self.price is None else self.price

    def can_have(self, filled: Decimal) -> bool:
        """Say whether so many shares can have been traded, beside those that were cancelled or moved."""
        return self.end is None and (self.quantity is None or filled + self.taken <= self.quantity)


@dataclass
class _Waiting:
    """A notice that a list has to say more of."""

    notice: Notice
    since: float
    enough: Decimal | None = None
    """With so many shares told that no notice proves, its own are among them."""


class Counting:
    """Counts what becomes of the orders of an account in one market on one day."""

    def __init__(self, settle_seconds: float, venue: Venue) -> None:
        """A list shows what happened after so many seconds at the latest; `venue` where it names none."""
        self.settle_seconds = settle_seconds
        self._venue = venue
        self._orders: dict[Key, _Counted] = {}
        self._changes: set[Key] = set()
        """Numbers of amendments and cancellations that were told, and of those that were refused."""
        self._waiting: list[_Waiting] = []
        self._unexplained: dict[Key, Decimal] = {}
        """Orders of which a list showed shares to be gone that nothing took, and how many."""

    @property
    def is_in_doubt(self) -> bool:
        """Whether a list is needed for what came."""
        return bool(self._waiting or self._unexplained)

    @property
    def waiting(self) -> int:
        """How many notices wait for a list."""
        return len(self._waiting)

    @property
    def open_venues(self) -> frozenset[Venue]:
        """Where orders wait."""
        return frozenset(each.venue for each in self._orders.values() if each.is_told and each.left != _NONE)

    def chain(self, order_id: str, symbol: str) -> frozenset[str]:
        """Return the numbers of an order and of those that it came from."""
        numbers: list[str] = []
        at: str | None = order_id
        while at is not None and (key := _key(at, symbol))[0] not in numbers:
            numbers.append(key[0])
            at = self._orders[key].original_id if key in self._orders else None
        return frozenset(numbers)

    def begin(self, rows: Sequence[Listed], early: Sequence[Notice] = ()) -> None:
        """Learn what there is already: nothing is told of it, but what `early` notices say has come since."""
        new = {_key(each.order_id, each.symbol) for each in early if _has_number_of_its_own(each)}
        filled, taken = _since(early)
        for row in _in_order(rows):
            key = _key_of(row.order)
            if key in new or (key in self._orders and self._orders[key].is_whole):
                continue
            if row.is_cancellation or row.order.original_id is not None:
                self._changes.add(key)
            if row.is_cancellation:
                continue
            order = self._orders.setdefault(key, self._listed(row.order))
            order.is_told = True
            order.filled = max(order.filled, (row.order.filled_quantity or _NONE) - filled.get(key, _NONE))
            order.amount = _amount(row.order) if key not in filled else None
            if row.order.status in (OrderStatus.REJECTED, OrderStatus.EXPIRED):
                order.end = None if key in filled or key in taken else row.order.status  # then it has ended since
                continue
            order.taken = max(order.taken, (_gone(row.order) or _NONE) - taken.get(key, _NONE))

    # Notices

    def notice(self, notice: Notice, now: float) -> list[OrderEvent]:
        """Return what a notice proves that was not told yet; what it cannot prove waits for a list."""
        waiting = _Waiting(notice, now)
        if notice.change is OrderChange.FILLED and not self._hear(waiting):
            self._waiting.append(waiting)
            return []
        events, is_done = self._try(waiting, is_patient=True)
        if not is_done:
            self._waiting.append(waiting)
        return events + (self._again(now, has_read=False) if events else [])

    def _hear(self, waiting: _Waiting) -> bool:
        """Count a notice of a fill; False if it may be one that was counted already."""
        notice, order = waiting.notice, self._order_of(waiting.notice)
        last = notice.last_quantity or _NONE
        is_new = not notice.identity or notice.identity not in order.identities
        if is_new:
            order.identities.add(notice.identity)
            order.heard += last
        if notice.filled_quantity is None:
            before = (each for each in self._waiting if each.enough is not None and _names(each.notice, order))
            may_be_new = last + sum((each.notice.last_quantity or _NONE for each in before), _NONE)
            waiting.enough = order.filled + may_be_new - order.heard
        return is_new or notice.filled_quantity is not None

    def _again(self, now: float, *, has_read: bool) -> list[OrderEvent]:
        """Try again what waits: after something else was told, after a list, and when the time is over."""
        events: list[OrderEvent] = []
        is_changed = True
        while is_changed:
            is_changed = False
            for waiting in [*self._waiting]:
                age = now - waiting.since
                is_over = has_read and age >= self.settle_seconds
                told, is_done = self._try(waiting, is_patient=age < PATIENCE_SECONDS, is_over=is_over)
                if is_done:
                    self._waiting = [each for each in self._waiting if each is not waiting]
                is_changed = is_changed or bool(told) or is_done
                events += told
        return events

    def _try(self, waiting: _Waiting, *, is_patient: bool, is_over: bool = False) -> tuple[list[OrderEvent], bool]:
        """Return what a notice tells now, and whether it has nothing more to say.

        Without patience what is proven is told as it is known. `is_over`: no list will say more.
        """
        match waiting.notice.change:
            case OrderChange.ACCEPTED:
                return self._accepted(waiting.notice), True
            case OrderChange.FILLED:
                return self._filled(waiting, is_patient=is_patient, is_over=is_over)
            case OrderChange.AMENDED:
                return self._amended(waiting.notice, is_patient=is_patient)
            case OrderChange.REJECTED:
                return self._rejected(waiting.notice), True
            case _:
                return self._canceled(waiting.notice, is_over=is_over)

    def _accepted(self, notice: Notice) -> list[OrderEvent]:
        if notice.original_id is not None:
            return []  # what is to change an order was received; it is told once it has changed it
        order = self._order_of(notice)
        order.is_whole = order.is_whole or not order.filled
        return self._begun(order, _told_by(notice))

    def _filled(self, waiting: _Waiting, *, is_patient: bool, is_over: bool) -> tuple[list[OrderEvent], bool]:
        notice, order = waiting.notice, self._order_of(waiting.notice)
        proven = max(order.heard, notice.filled_quantity or _NONE)
        shares = proven - order.filled
        if notice.filled_quantity is not None and notice.filled_quantity <= order.filled:
            return [], True
        is_next = shares > 0 and notice.last_quantity in (None, shares)
        if shares > 0 and order.can_have(proven) and (not is_patient or (is_next and order.is_told)):
            events = self._begun(order, _told_by(notice))
            price = notice.last_price if is_next else None
            return [
                *events,
                self._fill(order, proven, price, _told_by(notice)),
            ], notice.filled_quantity is not None or is_next
        if waiting.enough is not None and order.filled - order.heard >= waiting.enough:
            return [], True  # lists have shown as many shares more than notices have
        if is_over and shares > 0:
            logger.warning(
                "A notice tells more shares of order %s than there can be; no list shows them",
                order.order_id,
                extra=about("notice_excessive", order=order.order_id),
            )
        return [], is_over

    def _amended(self, notice: Notice, *, is_patient: bool) -> tuple[list[OrderEvent], bool]:
        key = _key(notice.order_id, notice.symbol)
        if key in self._changes:
            return [], True
        original = self._orders.get(_key(notice.original_id or "", notice.symbol))
        is_sure = original is not None and original.is_told and original.left == notice.quantity
        if is_patient and not is_sure:
            return [], False
        return self._moved(self._order_of(notice), _told_by(notice)), True

    def _canceled(self, notice: Notice, *, is_over: bool) -> tuple[list[OrderEvent], bool]:
        key = _key(notice.order_id, notice.symbol)
        if key in self._orders:
            notice = notice._replace(original_id=None)  # an amended order that does not wait
        number = notice.original_id or notice.order_id
        order = self._orders.get(_key(number, notice.symbol))
        if key in self._changes or (order is not None and order.left == _NONE and notice.original_id is None):
            return [], True
        # The quantity of an order that does not wait may be all of it: then nobody knows what was filled before.
        is_told_rest = notice.original_id is not None or (order is not None and notice.quantity != order.quantity)
        is_sure = order is not None and order.is_told and is_told_rest and order.left == notice.quantity
        if not is_sure and not is_over:
            return [], False
        order = order or self._order_of(notice._replace(order_id=number, original_id=None, quantity=None))
        events = self._begun(order, _told_by(notice))
        if order.left == _NONE:
            self._changes.add(key)
            return events, True
        return [*events, self._took(order, notice.order_id, notice.quantity, notice.change, _told_by(notice))], True

    def _rejected(self, notice: Notice) -> list[OrderEvent]:
        told = _told_by(notice)
        if notice.original_id is None:
            return self._refused(self._order_of(notice), told)
        return self._refused_change(notice.order_id, notice.original_id, self._order_of(notice), told)

    # Lists

    def listed(self, rows: Sequence[Listed], now: float, received_at: dt.datetime) -> list[OrderEvent]:
        """Return what a list shows that was not told yet."""
        events: list[OrderEvent] = []
        ordered = _in_order(rows)
        shown = {_key_of(row.order): row.order for row in ordered if not row.is_cancellation}
        for row in ordered:
            told = _Told(row.order.submitted_at, received_at, Source.LIST, None)
            if row.is_cancellation:
                events += self._listed_cancellation(row.order, shown, told)
            else:
                events += self._listed_order(row.order, told)
        for key, row_order in shown.items():
            told = _Told(None, received_at, Source.LIST, None)
            events += self._listed_end(key, row_order, told)
        return events + self._again(now, has_read=True)

    def passed(self, now: float) -> list[OrderEvent]:
        """Return what is told as time passes: what is proven does not wait for a list for ever."""
        return self._again(now, has_read=False)

    def _listed_order(self, listed: Order, told: _Told) -> list[OrderEvent]:
        order = self._orders.setdefault(_key_of(listed), self._listed(listed))
        order.learn(listed.quantity, listed.price)
        if listed.status is OrderStatus.REJECTED:
            if listed.original_id is not None:
                return self._refused_change(listed.id, listed.original_id, order, told)
            return self._refused(order, told)
        events = self._begun(order, told)
        filled = listed.filled_quantity or _NONE
        if order.filled < filled <= listed.quantity:
            events.append(self._fill(order, filled, _price_of_rest(order, listed, filled), replace(told, time=None)))
            order.amount = _amount(listed)
        return events

    def _listed_cancellation(self, listed: Order, shown: dict[Key, Order], told: _Told) -> list[OrderEvent]:
        key = _key_of(listed)
        original = _key(listed.original_id or "", listed.symbol)
        order = self._orders.get(original)
        if key in self._changes or order is None:
            return []
        if listed.status is OrderStatus.REJECTED:
            return self._refused_change(listed.id, listed.original_id or "", order, told)
        gone = _gone(shown.get(original))
        if gone is not None and gone <= order.taken:
            return []  # it has not cancelled anything yet
        return [self._took(order, listed.id, listed.quantity or gone, OrderChange.CANCELED, told)]

    def _listed_end(self, key: Key, listed: Order, told: _Told) -> list[OrderEvent]:
        """Return what took the shares that are neither filled nor left, where no other row says it."""
        order, gone = self._orders[key], _gone(listed)
        before = self._unexplained.pop(key, None)
        if gone is None or order.filled != (listed.filled_quantity or _NONE) or not order.is_told:
            return []
        if listed.remaining_quantity == _NONE and gone <= order.taken:
            self._waiting = [each for each in self._waiting if each.enough is None or not _names(each.notice, order)]
        if order.left == _NONE:
            return []
        if listed.status is OrderStatus.EXPIRED:
            order.end = OrderStatus.EXPIRED
            return [_event(order, OrderChange.EXPIRED, order.order_id, order.original_id, told)]
        shares = gone - order.taken
        if shares <= 0:
            return []
        if (noticed := self._cancellation_of(order, shares)) is not None:
            return [self._took(order, noticed.order_id, shares, OrderChange.CANCELED, told)]
        if listed.status is OrderStatus.UNKNOWN or before != gone:
            self._unexplained[key] = gone  # the row of what took them may only be late
            return []
        return [self._took(order, order.order_id, shares, OrderChange.CANCELED, told)]

    def _cancellation_of(self, order: _Counted, shares: Decimal) -> Notice | None:
        """Return the notice that so many shares of an order were cancelled, if one waits to be confirmed."""
        for each in self._waiting:
            notice, is_cancellation = each.notice, each.notice.change is OrderChange.CANCELED
            if is_cancellation and notice.original_id is None and _names(notice, order):
                return notice
            is_told = _key(notice.order_id, notice.symbol) in self._changes
            names = _key(notice.original_id or "", notice.symbol) == order.key and not is_told
            if is_cancellation and names and notice.quantity in (None, _NONE, shares):
                return notice
        return None

    # What is told

    def _begun(self, order: _Counted, told: _Told) -> list[OrderEvent]:
        """Tell that the exchange has an order, unless that was told."""
        if order.is_told:
            return []
        if order.original_id is not None:
            return self._moved(order, told)
        order.is_told = True
        return [_event(order, OrderChange.ACCEPTED, order.order_id, None, told)]

    def _moved(self, order: _Counted, told: _Told) -> list[OrderEvent]:
        """Tell that an order was moved to another price, where it has another number."""
        self._changes.add(_key(order.order_id, order.symbol))
        order.is_told = True
        original = self._orders.get(_key(order.original_id or "", order.symbol))
        if original is not None and original.left is not None:
            original.taken += min(original.left, original.left if order.quantity is None else order.quantity)
        return [_event(order, OrderChange.AMENDED, order.order_id, order.original_id, told)]

    def _fill(self, order: _Counted, filled: Decimal, price: Decimal | None, told: _Told) -> OrderEvent:
        shares = filled - order.filled
        order.filled = filled
        order.amount = None if None in (price, order.amount) else order.amount + price * shares  # type: ignore[operator]
        event = _event(order, OrderChange.FILLED, order.order_id, order.original_id, told)
        return event._replace(last_quantity=shares, last_price=price)

    def _took(
        self, order: _Counted, number: str, quantity: Decimal | None, change: OrderChange, told: _Told
    ) -> OrderEvent:
        """Tell that shares of an order wait no more."""
        self._changes.add(_key(number, order.symbol))
        left = order.left if order.left is not None else quantity or _NONE
        shares = min(left, quantity or left)
        order.taken += shares
        if change is OrderChange.EXPIRED:
            order.end = OrderStatus.EXPIRED
        is_own = key_of(number) == key_of(order.order_id)
        event = _event(order, change, number, None if is_own else order.order_id, told)
        return event if is_own else event._replace(quantity=shares)

    def _refused(self, order: _Counted, told: _Told) -> list[OrderEvent]:
        if order.end is OrderStatus.REJECTED:
            return []
        order.is_told, order.end = True, OrderStatus.REJECTED
        return [_event(order, OrderChange.REJECTED, order.order_id, order.original_id, told)]

    def _refused_change(self, number: str, original_id: str, named: _Counted, told: _Told) -> list[OrderEvent]:
        """Tell that an amendment or a cancellation was refused: its order stands as it stood."""
        key = _key(number, named.symbol)
        if key in self._changes:
            return []
        self._changes.add(key)
        order = self._orders.get(_key(original_id, named.symbol)) or named
        if named is not order:
            named.is_told, named.end = True, OrderStatus.REJECTED
        event = _event(order, OrderChange.REJECTED, number, original_id, told)
        return [event._replace(quantity=named.quantity, price=named.price)]

    # Orders

    def _order_of(self, notice: Notice) -> _Counted:
        key = _key(notice.order_id, notice.symbol)
        order = self._orders.get(key)
        if order is None:
            order = self._orders[key] = _Counted(
                notice.order_id,
                notice.original_id,
                notice.symbol,
                notice.side,
                notice.venue,
                notice.quantity,
                notice.price,
            )
        order.learn(notice.quantity, notice.price)
        return order

    def _listed(self, order: Order) -> _Counted:
        venue = order.venue or self._venue
        return _Counted(order.id, order.original_id, order.symbol, order.side, venue, order.quantity, order.price)


@dataclass(frozen=True)
class _Told:
    """Where a change is known from."""

    time: dt.datetime | None
    received_at: dt.datetime
    source: Source
    reason: str | None


def _told_by(notice: Notice) -> _Told:
    return _Told(notice.time, notice.received_at, Source.NOTICE, notice.reason)


def _event(order: _Counted, change: OrderChange, number: str, original_id: str | None, told: _Told) -> OrderEvent:
    return OrderEvent(
        symbol=order.symbol,
        venue=order.venue,
        time=told.time,
        received_at=told.received_at,
        change=change,
        order_id=number,
        original_id=original_id,
        side=order.side,
        status=order.status,
        quantity=order.quantity,
        price=order.price,
        filled_quantity=order.filled,
        remaining_quantity=order.left,
        reason=told.reason,
        source=told.source,
    )


def _has_number_of_its_own(notice: Notice) -> bool:
    """Say whether what a notice tells was numbered with it, so that its number is none of an earlier order."""
    if notice.change is OrderChange.CANCELED:
        return notice.original_id is not None
    return notice.change in (OrderChange.ACCEPTED, OrderChange.AMENDED, OrderChange.REJECTED)


def _since(early: Sequence[Notice]) -> tuple[dict[Key, Decimal], dict[Key, Decimal]]:
    """Return how many shares of each order notices tell as traded, and how many as cancelled or moved."""
    filled: dict[Key, Decimal] = {}
    taken: dict[Key, Decimal] = {}
    identities: set[str] = set()
    for notice in early:
        if notice.identity and notice.identity in identities:
            continue
        identities.add(notice.identity)
        if notice.change is OrderChange.FILLED:
            key = _key(notice.order_id, notice.symbol)
            filled[key] = filled.get(key, _NONE) + (notice.last_quantity or _NONE)
        elif notice.change in (OrderChange.AMENDED, OrderChange.CANCELED):
            key = _key(notice.original_id or notice.order_id, notice.symbol)
            taken[key] = taken.get(key, _NONE) + (notice.quantity or _NONE)
    return filled, taken


def _key(number: str, symbol: str) -> Key:
    return key_of(number) or number, symbol


def _key_of(order: Order) -> Key:
    return _key(order.id, order.symbol)


def _names(notice: Notice, order: _Counted) -> bool:
    return _key(notice.order_id, notice.symbol) == order.key


def _in_order(rows: Sequence[Listed]) -> list[Listed]:
    """Return rows as they came to be: by their numbers, else by their times."""
    return sorted(rows, key=lambda row: (number_of(row.order.id) or 0, row.order.submitted_at or _LONG_AGO))


_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=clock.KST)


def _gone(order: Order | None) -> Decimal | None:
    """Return how many shares of a listed order are neither filled nor left."""
    if order is None or order.remaining_quantity is None:
        return None
    return max(_NONE, order.quantity - (order.filled_quantity or _NONE) - order.remaining_quantity)


def _amount(order: Order) -> Decimal | None:
    """Return what the fills of a listed order came to."""
    if not order.filled_quantity:
        return _NONE
    return None if order.average_fill_price is None else order.filled_quantity * order.average_fill_price


def _price_of_rest(order: _Counted, listed: Order, filled: Decimal) -> Decimal | None:
    """Return the average price of the shares that a list shows beyond those that were told."""
    amount = _amount(listed)
    if amount is None or order.amount is None:
        return None
    price = ((amount - order.amount) / (filled - order.filled)).quantize(_FINEST)
    return price.normalize() + 0 if price > 0 else None
