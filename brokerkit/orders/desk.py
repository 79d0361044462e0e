"""The one way for every order, amendment and cancellation: checked, written down, sent once, told as it is."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar, cast

from brokerkit import clock, watching
from brokerkit.errors import (
    BrokerError,
    Disarmed,
    IncompleteListing,
    InvalidRequest,
    JournalError,
    NamedIntent,
    OrderBlocked,
)
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import Market, market_named, market_of
from brokerkit.models import Order, OrderRequest, Quote
from brokerkit.models.handles import is_number
from brokerkit.orders.again import Again, blocked_by, check_again
from brokerkit.orders.attempt import URGENT_SECONDS, Attempt, Way
from brokerkit.orders.building import amended, canceled, placed
from brokerkit.orders.guard import Guard, KnownQuotes, is_real_money
from brokerkit.orders.intents import (
    OPEN,
    STANDING,
    UNRESOLVED,
    Intent,
    IntentKind,
    IntentState,
    key_of,
    keys_of,
    new_id,
    reserved_book,
)
from brokerkit.orders.journal import Journal, journal_for, journal_in_memory
from brokerkit.orders.keyed import Keyed
from brokerkit.orders.keys import check_key, check_unused, client_key
from brokerkit.orders.lease import share
from brokerkit.orders.limits import NO_CURRENCY, Limits, Safety
from brokerkit.orders.listing import WRONG_CLOCK, Listed, Sending, Unread
from brokerkit.orders.raw import Carried, RawDesk
from brokerkit.orders.reconcile import Reconciler, Reconciliation, reconciled
from brokerkit.orders.reserving import ReservingDesk, is_reserved
from brokerkit.orders.state import journal_folder, journal_path
from brokerkit.orders.trader import Trader
from brokerkit.part import Part
from brokerkit.replies import Sent
from brokerkit.text import sanitize
from brokerkit.transport import Client
from brokerkit.transport.auth import digest
from brokerkit.transport.connection import TOTAL_SECONDS
from brokerkit.transport.permits import Permit
from brokerkit.transport.preparing import preparing
from brokerkit.words import OrderStatus, Venue

logger = logging.getLogger("brokerkit")

TURN_SECONDS = 20.0
"""Longest wait for another order of the same symbol and side that is just being sent."""
START_SECONDS = 3.0
"""Time that orders of an earlier process get to be found in the broker's list before the first new one."""


T = TypeVar("T")


def _itself(order: Order | None) -> Order:
    assert order is not None  # noqa: S101 - only raw calls make none
    return order


def _is_of_one_kind(other: Intent, intent: Intent) -> bool:
    """Say whether two intents can hold up each other: orders, reserved orders, and what is in no list."""
    return (other.is_reserved, bool(other.is_apart)) == (intent.is_reserved, bool(intent.is_apart))


class OrderDesk(ReservingDesk, RawDesk):
    """Sends the orders of one broker. Threads and processes of one account share its journal."""

    def __init__(
        self,
        trader: Trader,
        safety: Safety,
        *,
        durable: bool,
        quotes: KnownQuotes | None = None,
        waiter: Callable[[Market], Callable[[float], object] | None] = lambda market: None,
    ) -> None:
        """`waiter` gives what lets so many seconds pass between two looks at a market, or fewer if a notice came.

        None while no notices come.
        """
        self.guard = Guard(
            self._is_real,
            safety,
            self._price,
            self._skew,
            tells_upper_limit=self._tells_upper_limit,
            quotes=quotes,
        )
        self._trader = trader
        self._safety = safety
        self._durable = durable
        self._waiter = waiter
        self._journal: Journal | None = None
        self._started = False
        self._starting = threading.RLock()
        self._keyed = Keyed(self._own_journal, trader, self._look_back)
        watching.desks.add(self)

    @property
    def journal(self) -> Journal:
        """The journal of the account. No lock is taken: a cancellation waits for nobody who looks for it too."""
        if self._journal is None:
            self._journal = self._find_journal()
        return self._journal

    def _own_journal(self) -> Journal:
        """Return the journal for an order; NotSent where the broker has to tell whose it is, and does not."""
        with preparing("the account"):
            return self.journal

    def answered(self, intent: Intent) -> Order | None:
        """Return the order that stands under an intent's key already, None if it may be sent; see `Keyed.answer`."""
        return self._keyed.answer(intent, time.monotonic() + TURN_SECONDS)

    def shown(self, intent: Intent) -> Order:
        """Return the order of an intent that stands, as the list shows it or as the journal remembers it."""
        return self._keyed.shown(intent)

    def stands(self, intent: Intent) -> Intent | None:
        """Return what stands under an intent's key already, None if it may be sent."""
        return self._keyed.stands(intent, time.monotonic() + TURN_SECONDS)

    def order(
        self, intent: Intent, request: OrderRequest, again: Again | None = None, *, raw: Carried | None = None
    ) -> Order:
        """Send a new order, or one `again` that an earlier intent was for. `raw`: by the broker's own fields."""
        market = market_of(request.symbol)
        part = self._trader.part(market)
        self.guard.check_armed(self._account, market)
        value = self.guard.check_order(request, market)
        way = self._way(
            part,
            request.venue,
            lambda: part.send_order(request, client_key(intent)),
            lambda sent, day: placed(request, sent, part, day),
            raw,
        )
        return self._send(intent, way, value, again)

    def amend(
        self,
        intent: Intent,
        order: Order,
        quantity: Decimal | None,
        price: Decimal,
        *,
        raw: Carried | None = None,
    ) -> Order:
        """Send an amendment."""
        market = self._trader.market_of_order(order)
        part, handle = self._trader.part(market), self._trader.handle_of(order)
        self.guard.check_armed(self._account, market)
        shares, old = self._moved(order, quantity, market)
        self.guard.check_amendment(order.symbol, market, order.venue, shares, price)
        dearer = shares * max(Decimal(0), price - (old or Decimal(0)))
        way = self._way(
            part,
            order.venue,
            lambda: part.send_amend(order, handle, quantity, price),
            lambda sent, day: amended(order, handle, sent, part, quantity, price, day),
            raw,
        )
        return self._send(intent, way, dearer)

    def cancel(self, intent: Intent, order: Order, quantity: Decimal | None, *, raw: Carried | None = None) -> Order:
        """Send a cancellation. The kill switch and the limits do not hold it up."""
        market = self._trader.market_of_order(order)
        part, handle = self._trader.part(market), self._trader.handle_of(order)
        self.guard.check_armed(self._account, market)
        if quantity is None:
            self._check_still_open(intent, order)
        way = self._way(
            part,
            order.venue,
            lambda: part.send_cancel(order, handle, quantity),
            lambda sent, day: canceled(order, handle, sent),
            raw,
        )
        return self._send(intent, way, None)

    def check_halt(self) -> None:
        """Raise Halted while the kill switch of all hosts is on that share the journal."""
        if self._journal is not None:
            self._journal.shared.check_halt()

    def disarmed(self, market: Market) -> str | None:
        """Return why an order of real money would be refused, None if it may go."""
        try:
            self.guard.check_armed(self._account, market)
        except Disarmed as error:
            return error.words
        return None

    def resubmit(self, intent: NamedIntent | str, check: Callable[[OrderRequest], None], *, accept_risk: bool) -> Order:
        """Send an order again that is known or presumed not to stand, or with `accept_risk` one that may."""
        old = self._own_journal().get(intent if isinstance(intent, str) else intent.id)
        request = old.request
        if request is None or old.is_reserved or old.api is not None:  # that may have said more than a request does
            advice = "Use cancel or amend again."
            if old.api is not None:
                advice = "Use call again, under another key."
            elif old.is_reserved:
                advice = "Use reserve again, under another key."
            raise InvalidRequest(f"{old.what} cannot be sent again from here.", advice=advice)
        later = self.journal.later(old.id)
        # What is being sent at this moment nobody can have known.
        same = (*later, *(self.journal.keyed(old.key) if old.key else ()))
        again = Again(accept_risk, frozenset(each.id for each in same if each.state is not IntentState.SENDING))
        check_again(old, later, again)  # and once more in the transaction that writes it down
        check(request)
        return self.order(self.ordered(request, old.key, previous=old.id), request, again)

    def resolve(self, intent: NamedIntent | str, *, order_id: str | None, absent: bool, reason: str) -> Intent:
        """Write down what a person has found out."""
        if (order_id is None) == (not absent):
            raise InvalidRequest("Give order_id, or absent=True with a reason.")
        if absent and not reason.strip():
            raise InvalidRequest("absent=True needs a reason: how do you know that it does not stand?")
        named = intent if isinstance(intent, str) else intent.id
        if order_id is not None:
            known = self.journal.get(named)
            ascends = not (known.is_reserved or known.is_raw)
            ascends = ascends and self._trader.part(market_named(known.market)).numbers_ascend
            if not is_number(order_id, ascends=ascends):
                raise InvalidRequest(f"{order_id!r:.40} is no order number of {self._trader.name}.")
        reason = sanitize(reason)

        def decided(present: Intent) -> Intent:
            known = {"decided_at": clock.now()}
            if present.state not in UNRESOLVED and not (order_id and present.state is IntentState.PRESUMED_ABSENT):
                raise InvalidRequest(f"{present.what} is {present.state}: there is nothing to decide.")
            if order_id is None:
                words = f"a person decided that it does not stand: {reason}"
                return present.moved(IntentState.PRESUMED_ABSENT, words, **known)
            late = present.state is IntentState.PRESUMED_ABSENT
            words = f"a person decided that it is order {order_id}: {reason}"
            if not reason:
                words = f"a person decided that it is order {order_id}"
            return present.moved(IntentState.LATE if late else IntentState.ACKED, words, order_id=order_id, **known)

        changed = self.journal.revise(named, decided)
        if order_id is not None and changed.order_id != order_id:
            raise InvalidRequest(f"Order {order_id} is known as another intent's.", advice="Look at the journal.")
        return changed

    def unresolved(self) -> tuple[Intent, ...]:
        """Return what may stand without our knowing."""
        journal = self.journal
        try:
            journal.recover(patience=URGENT_SECONDS)
            return journal.unresolved()
        except JournalError as error:
            logger.warning(
                "What processes that are gone were sending cannot be written down: %s",
                error.told(ENGLISH),
                extra=about("journal_unreadable", error),
            )
        try:
            left = {each.id: each for each in (*journal.orphans(), *journal.unresolved())}
        except JournalError as error:
            if kept := [each for each in journal.kept() if each.state in UNRESOLVED]:
                error.words += f" Of this program there may stand: {'; '.join(each.what for each in kept)}."
            raise
        return tuple(left[key] for key in sorted(left))

    def count_unresolved(self) -> tuple[str, str, object, int] | None:
        """Return broker, environment, journal and how many may stand without our knowing.

        None as long as no order has needed the journal.
        """
        if self._journal is None:
            return None
        return self._trader.name, self._trader.environment, self._journal, len(self._journal.unresolved())

    def reconcile(self, markets: Sequence[Market], *, wait: bool, timeout: float | None) -> Reconciliation:
        """Look at the broker's lists of these markets; the list of one that fails takes no other with it."""
        looks = [self.reconciler(market) for market in markets]
        kept = {each.market for each in self.unresolved() if each.is_reserved}
        reserved, unlisted = self.reserved_reconcilers([market for market in markets if market.name in kept])
        report = reconciled([*looks, *reserved], wait=wait, timeout=timeout)
        if apart := tuple(each for each in self.unresolved() if each.is_apart):
            report = report.beside(Reconciliation(unresolved=apart))
        return report if unlisted is None else report.beside(unlisted)

    def unlisted(self, market: Market) -> tuple[Intent, ...]:
        """Return what may stand today at venues whose orders no list shows."""
        venues = self._trader.part(market).unlisted_venues
        if not venues:
            return ()
        found = self.journal.of_day(market.today(), STANDING | OPEN, market.name)
        return tuple(intent for intent in found if intent.venue in venues)

    def reconciler(self, market: Market, *, reserved: bool = False) -> Reconciler:
        """Return what compares the journal with what the broker tells of a market, or of what is reserved there."""
        trader, part, theirs = self._trader, self._trader.part(market), self._safety.exchange_clock
        ascends = part.numbers_ascend and not reserved
        # The simulated exchange has a clock of its own. It is reckoned with where nothing else tells what came first.
        is_reckoned = theirs is not None and not ascends
        return Reconciler(
            self.journal,
            partial(self._reserved_rows if reserved else self._rows, market),
            # That a list of reserved orders shows all of them is told of no broker.
            proves_absence=part.environment in part.lists_prove_absence and not reserved,
            settle_seconds=self._safety.settle_seconds or part.settle_seconds,
            exclusive=self._safety.exclusive,
            times_tell=trader.environment != "sandbox" or is_reckoned,
            skew=self._skew,
            ahead=(lambda: theirs(market.name) - clock.now()) if theirs is not None and is_reckoned else dt.timedelta,
            branch_of=self._branch_of,
            market=market.name,
            book=reserved_book(market.name) if reserved else None,
            numbers_ascend=ascends,
            lists_cancellations=part.lists_cancellations and not reserved,
            unlisted=part.unlisted_venues,
            pause=self._waiter(market),
        )

    def sent_on(self, market: Market, day: dt.date) -> Sequence[Sending]:
        """Return when the broker took the orders of a day, by its clock; none where times tell nothing.

        It took what it has numbered after it was sent and before that was known.
        """
        skew = self._skew()
        if self._trader.environment == "sandbox" or abs(skew) > WRONG_CLOCK:
            return ()
        ahead = dt.timedelta(seconds=skew)
        try:
            standing = [*self.journal.of_day(day, STANDING, market.name)]
        except BrokerError as error:  # whose journal it is the broker may have to tell
            logger.warning(
                "When the orders of %s were sent cannot be looked up: %s",
                day,
                error.told(ENGLISH),
                extra=about("journal_unreadable", error, day=day),
            )
            return ()
        return [
            Sending(number, each.symbol, each.side, each.sent_at + ahead, max(each.deadline, each.decided_at) + ahead)
            for each in standing
            if (number := key_of(each.order_id)) and each.side and each.sent_at and each.deadline and each.decided_at
        ]

    def _rows(self, market: Market, day: dt.date) -> Sequence[Listed | Unread]:
        """Return the broker's list of a day; IncompleteListing where the broker has another date than we."""
        rows = self._trader.lists(market).everything(day)
        there = clock.now() + dt.timedelta(seconds=self._skew())
        theirs, ours = market.day_of(there), market.today()
        if theirs != ours:
            raise IncompleteListing(f"The broker's clock shows {theirs}, ours {ours}.")
        return rows

    # How an intent is sent

    def _way(
        self,
        part: Part[Any],
        venue: Venue | None,
        send: Callable[[], Sent],
        build: Callable[[Sent, dt.date], Order],
        raw: Carried | None,
    ) -> Way[Order]:
        advice = None
        if venue in part.unlisted_venues:
            advice = (
                f"Do not send it again: it may stand, and {part.broker} lists no orders of {venue}. "
                "Look at the broker's own app, then settle it with resolve()."
            )
        ascends, prepare = part.numbers_ascend, self._check_account
        if raw is not None:
            own = Way(raw.send, build, raw.answer, raw.stands, prepare=prepare, ascends=ascends, advice=advice)
            return cast("Way[Order]", own)  # who called it by its own fields gets the broker's own answer
        return Way(send, build, _itself, self.shown, prepare=prepare, ascends=ascends, advice=advice)

    def _send(self, intent: Intent, way: Way[T], value: Decimal | None, again: Again | None = None) -> T:
        deadline, journal = time.monotonic() + TURN_SECONDS, self._own_journal()
        self._start(intent)
        while True:
            if (found := self._keyed.stands(intent, deadline)) is not None:
                return way.stands(found)
            self._wait_for_turn(intent, deadline)
            if again is not None:  # what was waited for may have been the same order, sent again by somebody else
                check_again(journal.get(str(intent.previous)), journal.later(str(intent.previous)), again)
                check_unused(intent, journal.keyed(intent.key) if intent.key else (), again)
            attempt = Attempt(
                journal,
                intent,
                self.guard,
                value,
                TOTAL_SECONDS,
                way,
                again=again,
                numbers_of=self.numbers_of,
            )
            try:
                return self._sent(attempt, way)
            except OrderBlocked:
                if attempt.permit.used or time.monotonic() >= deadline:
                    raise
                # Somebody else was faster between our look and the first byte: wait for the outcome.

    def _sent(self, attempt: Attempt, way: Way[T]) -> T:
        # Nothing comes after what returns the order: an interrupt finds it either here or with the caller.
        try:
            return self._tried(attempt, way)
        except BaseException as error:
            attempt.interrupted(error, self._trader.name)
            raise

    def _tried(self, attempt: Attempt, way: Way[T]) -> T:
        failure: BaseException | None
        try:
            with self._sending(attempt.permit):
                attempt.told = way.send()
            failure = attempt.accepted(self._trader.name)
            if failure is None and attempt.taken is not None:
                self._log(attempt.intent, f"order {attempt.taken.number}", None)
                return way.answer(attempt.taken.order)
        except BaseException as error:
            failure = attempt.failed(error, self._trader.name)
            self._log(attempt.intent, f"{type(failure).__name__} [{getattr(failure, 'code', None)}]", failure)
            if failure is error:
                raise
        assert failure is not None  # noqa: S101 - either an order or a failure
        raise failure from None

    def _check_account(self) -> None:
        """Ask for the account before an order leaves; an answer that does not come means that nothing was sent."""
        with preparing("the account of the key"):
            self._trader.check_account()

    def _sending(self, permit: Permit) -> AbstractContextManager[None]:
        client = self._trader.client
        if isinstance(client, Client):
            return client.sending(permit)
        # An adapter with a transport of its own: nobody tells when the first byte leaves, so it is written down now.
        permit.prepare()
        permit.use()
        permit.sent, permit.refused = None, True  # nor who it is that refuses, so the adapter is believed
        return nullcontext()

    def _log(self, intent: Intent, outcome: str, failure: BaseException | None) -> None:
        trader = self._trader
        if watching.observers:
            watching.tell(watching.Ordered(trader.name, trader.environment, intent.kind.value, intent.state.value))
        outcome = outcome.removesuffix(" [None]")
        logger.info(
            "%s %s: %s -> %s (%s)",
            trader.name,
            trader.environment,
            intent.what,
            outcome,
            intent.state,
            extra=about(
                "order_attempted",
                broker=trader.name,
                environment=trader.environment,
                intent=intent.id,
                kind=intent.kind,
                state=intent.state,
                order=intent.order_id,
                code=getattr(failure, "code", None),
                error=type(failure).__name__ if failure else None,
            ),
        )

    def _start(self, intent: Intent) -> None:
        """Settle what an earlier process left behind before the first new order of the account."""
        if self._started or intent.is_cancel:
            return
        with self._starting:
            if self._started:
                return
            if self._look_back():
                # Orders and reserved orders do not hold up each other.
                own = (other for other in self.journal.blocking() if _is_of_one_kind(other, intent))
                left = [other for other in own if other.id != intent.previous]
                if left:
                    raise blocked_by(left, intent)
            self._started = True

    def _look_back(self) -> bool:
        """Look once at the lists for what an earlier process left behind; say whether that had to be."""
        with self._starting:
            if self._started or self._safety.degraded:
                return False
            left = self.unresolved()
            if markets := {intent.market for intent in left if not intent.is_raw}:
                self.reconcile([market_named(name) for name in sorted(markets)], wait=True, timeout=START_SECONDS)
            return bool(left)

    def _wait_for_turn(self, intent: Intent, deadline: float) -> None:
        if intent.mutex is None:
            return
        while rivals := self.journal.rivals(intent, self.numbers_of):
            if any(other.state in UNRESOLVED for other in rivals) or time.monotonic() >= deadline:
                raise blocked_by(rivals, intent)
            time.sleep(0.01)
            self.journal.recover()

    def _check_still_open(self, intent: Intent, order: Order) -> None:
        """Let a full cancellation of uncertain fate be sent again only if the order is listed as open."""
        try:
            before = self._own_journal().unresolved(patience=URGENT_SECONDS)
        except JournalError as error:
            logger.warning(
                "Whether order %s is being cancelled already cannot be looked up: %s",
                order.id,
                error.told(ENGLISH),
                extra=about("journal_unreadable", error, order=order.id),
            )
            return
        names = self.numbers_of(order)
        same = [each for each in before if each.may_be_repeated and each.order and names & self.numbers_of(each.order)]
        if not same:
            return
        with preparing("the order's state, which a second cancellation needs,"):
            found = self._trader.find(order)
        if found is None or found.status not in (OrderStatus.WORKING, OrderStatus.PARTIALLY_FILLED):
            raise blocked_by(same, intent)

    def _moved(self, order: Order, quantity: Decimal | None, market: Market) -> tuple[Decimal, Decimal | None]:
        """Return how many shares an amendment moves, and from which price; if all, the broker's list tells."""
        if quantity is not None:
            return quantity, order.price
        limits = self.guard.limits.of(market.currency) or Limits()
        if limits.max_order_quantity is limits.max_order_value is limits.max_daily_value is None:
            return order.quantity, order.price
        with preparing("what is left of the order, which the limits need,"):
            found = self._trader.find(order)
        if found is None:  # then all of it, as the journal knows it too: an order may have been made by hand
            sent = self.journal.sent_as(self._trader.handle_of(order).day, order.id, market.name)
            told = (order.quantity, order.remaining_quantity, *(each.quantity for each in sent))
            return max(filter(None, told)), order.price
        return found.quantity if found.remaining_quantity is None else found.remaining_quantity, found.price

    def numbers_of(self, order: Order) -> frozenset[str]:
        """Return all numbers under which the broker knows an order, or a reserved one as the journal keeps it."""
        if is_reserved(order):
            return keys_of((order.id,))
        return keys_of((order.id, order.original_id, *self._trader.handle_of(order).numbers))

    def _branch_of(self, order: Order) -> str:
        return self._trader.handle_of(order).branch or ""

    def ordered(self, request: OrderRequest, key: str | None = None, *, previous: str | None = None) -> Intent:
        """Return the intent of an order, with the caller's own key if it has one."""
        return self._intent(
            IntentKind.ORDER,
            market_of(request.symbol),
            symbol=request.symbol,
            side=request.side,
            quantity=request.quantity,
            price=request.price,
            request=request,
            key=check_key(key),
            previous=previous,
        )

    def amending(self, order: Order, quantity: Decimal | None, price: Decimal | None, key: str | None) -> Intent:
        """Return the intent of an amendment."""
        return self._changing(IntentKind.AMEND, order, quantity, price, key)

    def canceling(self, order: Order, quantity: Decimal | None, key: str | None) -> Intent:
        """Return the intent of a cancellation."""
        return self._changing(IntentKind.CANCEL, order, quantity, None, key)

    def _changing(
        self, kind: IntentKind, order: Order, quantity: Decimal | None, price: Decimal | None, key: str | None
    ) -> Intent:
        return self._intent(
            kind,
            self._trader.market_of_order(order),
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            order=order,
            key=check_key(key),
        )

    def _intent(self, kind: IntentKind, market: Market, **known: object) -> Intent:
        values = {
            "id": new_id(),
            "kind": kind,
            "market": market.name,
            "currency": market.currency or NO_CURRENCY,
            "day": market.today(),
            "created_at": clock.now(),
            **known,
        }
        return Intent.model_validate(values)

    def _account(self) -> str:
        with preparing("the account"):
            return self._trader.account_number()

    def _price(self, symbol: str, venue: Venue) -> Quote:
        with preparing("the last price, which the limits need,"):
            return self._trader.quote(symbol, venue)

    def _tells_upper_limit(self, market: Market) -> bool:
        return "upper_limit" not in self._trader.part(market).not_told.get(Quote, ())

    def _is_real(self) -> bool:
        return is_real_money(self._trader.environment, self._trader.client)

    def _skew(self) -> float:
        """Return by how many seconds the broker's clock was ahead of ours at its last answer."""
        return float(getattr(self._trader.client, "skew", 0.0))

    def _find_journal(self) -> Journal:
        """Return the journal of the account, which also tells from which server it is where that is on this machine."""
        trader, folder = self._trader, journal_folder()
        local = trader.environment == "sandbox" or not self._durable
        server = str(getattr(trader.client, "base_url", "")) if local else ""
        whose = (trader.name, trader.environment, server, trader.owner())
        beginning = f"{trader.name}-{trader.environment}"
        if not self._durable:
            return journal_in_memory(digest(*whose), branch_of=self._branch_of)
        old = folder / f"{beginning}-{digest(*whose)}.sqlite3"
        journal = journal_for(journal_path(folder, beginning, *whose), old=old, branch_of=self._branch_of)
        share(journal, trader.choice, *whose)
        return journal
