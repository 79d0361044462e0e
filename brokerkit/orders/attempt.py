"""One way of an intent over the wire, and what its outcome means."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import suppress
from decimal import Decimal

from brokerkit.errors import (
    MAY_STAND,
    NOT_SENT,
    BrokerError,
    Halted,
    JournalError,
    NotSent,
    OrderUncertain,
    Rejected,
    Unsupported,
)
from brokerkit.market import clock
from brokerkit.models import Order
from brokerkit.orders.guard import Guard, check_halt
from brokerkit.orders.intents import STANDING, Intent, IntentKind, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.transport import connection
from brokerkit.transport.permits import Permit
from brokerkit.transport.text import sanitize

logger = logging.getLogger("brokerkit")


class Attempt:
    """One way of an intent over the wire."""

    def __init__(self, journal: Journal, intent: Intent, guard: Guard, value: Decimal | None, seconds: float) -> None:
        self.intent = intent
        self.permit = Permit(self._leave, self._check_again, urgent=intent.may_be_repeated)
        self._journal = journal
        self._guard = guard
        self._value = value
        self._seconds = seconds

    def accepted(self, order: Order, broker: str) -> OrderUncertain | None:
        """Write down the order that the broker answered, or return why it cannot be believed."""
        try:
            if not self.permit.used:
                logger.warning("%s: %s left by another way than the client", broker, self.intent.what)
                self.permit.use()
            self._decide(IntentState.ACKED, "the broker answered with its number", order_id=order.id, result=order)
        except BrokerError as error:
            # It stands, and its row stays SENDING: the next start finds it in the broker's list.
            logger.critical("%s: order %s stands, but the journal does not say so: %s", broker, order.id, error)
            return None
        if self.intent.state in STANDING:
            return None
        return OrderUncertain(self.intent.evidence[-1], intent=self.intent, broker=broker)

    def failed(self, error: BaseException, broker: str) -> BaseException:
        """Write down why no order was answered, and return what is to be raised."""
        words = sanitize(error.message) if isinstance(error, BrokerError) else type(error).__name__
        uncertain = isinstance(error, OrderUncertain)
        if not self.permit.used and not uncertain:
            if isinstance(error, NotSent):
                self.intent = self.intent.moved(IntentState.NOT_SENT, words)
                with suppress(JournalError):
                    self._journal.note(self.intent)
            return _noted(error, NOT_SENT)
        if not self.permit.used:
            try:
                self.permit.use()
            except BrokerError as failure:
                logger.critical("%s may stand, but is not in the journal: %s", self.intent.what, failure)
                return error
        if isinstance(error, NotSent) or (not isinstance(error, Exception) and self.permit.sent == 0):
            self._write(IntentState.NOT_SENT, words, error)
            return _noted(error, NOT_SENT)
        if isinstance(error, Rejected | Unsupported):
            self._write(IntentState.REJECTED, words, error)
            return error
        self._write(IntentState.UNKNOWN, words, error)
        if isinstance(error, OrderUncertain):
            error.intent = self.intent
        if uncertain or not isinstance(error, Exception):
            return _noted(error, MAY_STAND)
        code = error.code if isinstance(error, BrokerError) else None
        return OrderUncertain(words, intent=self.intent, broker=broker, code=code)

    def _write(self, state: IntentState, words: str, error: BaseException) -> None:
        try:
            self._decide(state, words, code=getattr(error, "code", None))
        except JournalError as failure:
            # The row stays SENDING and blocks its symbol and side: nothing is lost.
            logger.critical("%s is %s, but the journal does not say so: %s", self.intent.what, state, failure)
            self.intent = self.intent.moved(state, words)

    def _decide(self, state: IntentState, words: str, **known: object) -> None:
        permit = self.permit
        moved = self.intent.moved(state, words, sent_bytes=permit.sent, answer=permit.answer, **known)
        self.intent = self._journal.decide(moved)

    def _leave(self) -> None:
        deadline = clock.now() + dt.timedelta(seconds=self._seconds)
        self.intent = self._journal.begin(
            self.intent, limits=self._guard.limits, value=self._value, check=self._check, deadline=deadline
        )

    def _check_again(self) -> None:
        """Stop what comes to its first byte too late, after the machine has slept for example."""
        longest = dt.timedelta(seconds=connection.TOTAL_SECONDS)
        if self.intent.sent_at is not None and clock.now() - self.intent.sent_at > longest:
            raise connection.GateClosed("the time limit passed before anything was sent")
        try:
            self._check()
        except Halted as error:
            raise connection.GateClosed(error.message) from None

    def _check(self) -> None:
        if self.intent.kind is not IntentKind.CANCEL:
            check_halt()


def is_number(order_id: object) -> bool:
    """Say whether a text can be the number of an order."""
    return isinstance(order_id, str) and order_id.isascii() and order_id.isalnum()


def _noted(error: BaseException, words: str) -> BaseException:
    """Let an interrupt say what it leaves behind."""
    if not isinstance(error, Exception) and not {MAY_STAND, NOT_SENT} & set(getattr(error, "__notes__", ())):
        error.add_note(words)
    return error
