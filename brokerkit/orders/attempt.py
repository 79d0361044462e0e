"""One way of an intent over the wire, and what its outcome means."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from brokerkit import clock
from brokerkit.errors import (
    MAY_STAND,
    NOT_SENT,
    BrokerError,
    JournalError,
    NotSent,
    OrderUncertain,
    Rejected,
    Unsupported,
)
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import market_named
from brokerkit.models import Order
from brokerkit.orders.again import Again
from brokerkit.orders.building import check_sent
from brokerkit.orders.chains import NumbersOf, numbers_of
from brokerkit.orders.guard import Guard
from brokerkit.orders.halting import check_halt
from brokerkit.orders.intents import STANDING, Intent, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.replies import Sent
from brokerkit.text import sanitize
from brokerkit.transport import connection
from brokerkit.transport.permits import issued
from brokerkit.transport.preparing import is_refusal, not_sent_after

logger = logging.getLogger("brokerkit")

URGENT_SECONDS = 0.5
"""Longest wait of a full cancellation for the journal, once to look and once to write."""


T = TypeVar("T")


@dataclass(frozen=True)
class Way(Generic[T]):
    """How an intent is sent, and what the broker's answer makes of it."""

    send: Callable[[], Sent]
    """The hook of the adapter."""
    build: Callable[[Sent, dt.date], Order | None]
    """Makes the order of the answer, on its trading day; None where no model can say what it is."""
    answer: Callable[[Order | None], T]
    """What the caller gets of that."""
    stands: Callable[[Intent], T]
    """What the caller gets where it stands already, under its key."""
    prepare: Callable[[], None]
    """What has to be asked before it may leave at all."""
    ascends: bool
    """Whether the broker's numbers do."""
    advice: str | None = None
    """What to do where it is not known whether it stands, if not the usual."""
    is_numbered: bool = True
    """Whether an answer without a number is none."""


@dataclass(frozen=True)
class Taken:
    """What the broker took."""

    number: str | None
    """None where it gives none."""
    order: Order | None
    """What it is, where a model can say that."""


class Attempt:
    """One way of an intent over the wire."""

    def __init__(
        self,
        journal: Journal,
        intent: Intent,
        guard: Guard,
        value: Decimal | None,
        seconds: float,
        way: Way[Any],
        *,
        again: Again | None = None,
        numbers_of: NumbersOf = numbers_of,
    ) -> None:
        self.intent = intent
        self.permit = issued(self._leave, self._check_again, prepare=way.prepare, urgent=intent.may_be_repeated)
        self.way = way
        self.told: Sent | None = None
        """What the adapter read in the broker's answer, as soon as it is there."""
        self.taken: Taken | None = None
        """What the broker made of it."""
        self._journal = journal
        self._guard = guard
        self._value = value
        self._seconds = seconds
        self._again = again
        self._numbers_of = numbers_of
        self._begins = False
        self._patience = URGENT_SECONDS if intent.may_be_repeated else None

    def accepted(self, broker: str) -> OrderUncertain | None:
        """Write down the order that the broker answered, or return why it cannot be believed."""
        taken = self._built()
        if taken is None:
            number = getattr(self.told, "number", "") or "none"
            raise OrderUncertain(f"the broker's answer has no number of an order ({sanitize(repr(number), limit=40)})")
        try:
            if not self.permit.used:
                logger.warning(
                    "%s: %s left by another way than the client",
                    broker,
                    self.intent.what,
                    extra=about("client_bypassed", broker=broker, intent=self.intent.id),
                )
                self.permit.use()
            self._decide(IntentState.ACKED, _answered(taken), order_id=taken.number, result=taken.order)
        except BrokerError as error:
            logger.critical(
                "%s: order %s stands, but the journal does not say so yet: %s",
                broker,
                taken.number,
                error.told(ENGLISH),
                extra=about("journal_behind", error, broker=broker, intent=self.intent.id, order=taken.number),
            )
            return None
        if self.intent.state in STANDING:
            return None
        return OrderUncertain(self.intent.evidence[-1], intent=self.intent, broker=broker, advice=self.way.advice)

    def failed(self, error: BaseException, broker: str) -> BaseException:
        """Write down why no order was answered, and return what is to be raised. Asked again it does no harm."""
        words = sanitize(error.words) if isinstance(error, BrokerError) else type(error).__name__
        uncertain = isinstance(error, OrderUncertain)
        if is_interrupt(error) and (taken := self._built()) is not None:
            self._write(IntentState.ACKED, _answered(taken), error, taken)
            return noted(error, MAY_STAND)
        if not self.permit.used and not uncertain:
            return self._not_left(error, words)
        if not self.permit.used:
            try:
                self.permit.use()
            except BrokerError as failure:
                logger.critical(
                    "%s may stand, but is not in the journal yet: %s",
                    self.intent.what,
                    failure.told(ENGLISH),
                    extra=about("journal_behind", failure, intent=self.intent.id),
                )
        # What failed after the call for the order is not its outcome: bytes have left, or a broker has taken it.
        if (isinstance(error, NotSent) and not self.permit.sent) or (is_interrupt(error) and self.permit.sent == 0):
            self._write(IntentState.NOT_SENT, words, error)
            return noted(error, NOT_SENT)
        if isinstance(error, Rejected | Unsupported) and self.permit.refused:
            self._write(IntentState.REJECTED, words, error)
            return error
        self._write(IntentState.UNKNOWN, words, error)
        if isinstance(error, OrderUncertain):
            error.intent, error.remedy = self.intent, self.way.advice or error.remedy
        if uncertain or is_interrupt(error):
            return noted(error, MAY_STAND)
        code = error.code if isinstance(error, BrokerError) else None
        return OrderUncertain(words, intent=self.intent, broker=broker, code=code, advice=self.way.advice)

    def interrupted(self, error: BaseException, broker: str) -> None:
        """Let an interrupt that came while the outcome was written down leave with its note as well."""
        if is_interrupt(error) and not _has_note(error):
            self.failed(error, broker)

    def _not_left(self, error: BaseException, words: str) -> BaseException:
        """Of what failed before the order could leave nothing was sent, whatever a broker said to another call."""
        if isinstance(error, BrokerError) and is_refusal(error):
            error = not_sent_after(error, "what has to come before it")
            words = sanitize(error.words)
        moved = self.intent.moved(IntentState.NOT_SENT, words, sent_bytes=0, code=_code(error))
        with suppress(JournalError):
            if self._begins and not isinstance(error, BrokerError):
                # It may have been written down already: a clerk does that, whatever interrupts who waits for it.
                self.intent = moved
                self._journal.decide(moved, patience=URGENT_SECONDS, begun=False)
            elif isinstance(error, NotSent):
                self.intent = moved
                self._journal.note(moved)
        return noted(error, NOT_SENT)

    def _built(self) -> Taken | None:
        """Return what the broker's answer stands for; None if it cannot be believed."""
        if self.taken is None and self.told is not None:
            try:
                self.taken = self._read(self.told)
            except Exception as error:  # noqa: BLE001 - whatever an adapter gave: the order may stand all the same
                logger.critical(
                    "%s: the answer makes no order: %s",
                    self.intent.what,
                    type(error).__name__,
                    extra=about("order_answer_unreadable", error, intent=self.intent.id),
                )
        return self.taken

    def _read(self, told: Sent) -> Taken:
        if not self.way.is_numbered and not told.number:
            return Taken(None, None)
        sent = check_sent(told, ascends=self.way.ascends)
        return Taken(sent.number, self.way.build(sent, self.intent.day))

    def _write(self, state: IntentState, words: str, error: BaseException, taken: Taken | None = None) -> None:
        known = {"code": _code(error)} if taken is None else {"order_id": taken.number, "result": taken.order}
        try:
            self._decide(state, words, **known)
        except JournalError as failure:
            # It is kept in memory. If the program ends before it can be written, the row that stays SENDING blocks.
            logger.critical(
                "%s is %s, but the journal does not say so yet: %s",
                self.intent.what,
                state,
                failure.told(ENGLISH),
                extra=about("journal_behind", failure, intent=self.intent.id, state=state),
            )

    def _decide(self, state: IntentState, words: str, **known: object) -> None:
        permit = self.permit
        moved = self.intent.moved(state, words, sent_bytes=permit.sent, answer=permit.answer, **known)
        self.intent = moved
        self.intent = self._journal.decide(moved, patience=self._patience)

    def _leave(self) -> None:
        self._begins = True
        self._check()
        self._journal.shared.check(self.intent)  # before others wait for the journal
        today = market_named(self.intent.market).today()
        if today != self.intent.day:  # it has waited until the day turned
            self.intent = self.intent.model_copy(update={"day": today})
        try:
            self.intent = self._journal.begin(
                self.intent,
                limits=self._guard.limits,
                value=self._value,
                check=self._check,
                seconds=self._seconds,
                again=self._again,
                numbers_of=self._numbers_of,
                patience=self._patience,
                numbers_ascend=self.way.ascends,
            )
        except JournalError as error:
            if not self.intent.may_be_repeated:
                raise
            self._leave_unwritten(error)

    def _leave_unwritten(self, error: JournalError) -> None:
        """Let a cancellation go that does no harm twice, and write it down when that is possible."""
        logger.warning(
            "%s goes out before it is written down: %s",
            self.intent.what,
            error.words,
            extra=about("cancellation_unwritten", error, intent=self.intent.id),
        )
        now = clock.now()
        words = "sent before it could be written down"
        deadline = now + dt.timedelta(seconds=self._seconds)
        self.intent = self.intent.moved(IntentState.SENDING, words, sent_at=now, deadline=deadline)
        self._journal.keep(self.intent)

    def _check_again(self) -> None:
        """Stop what comes to its first byte too late, after the machine has slept for example."""
        longest = dt.timedelta(seconds=connection.TOTAL_SECONDS)
        if self.intent.sent_at is not None and clock.now() - self.intent.sent_at > longest:
            raise connection.GateClosed("the time limit passed before anything was sent")
        try:
            self._check()
            self._journal.shared.check(self.intent)
        except BrokerError as error:
            raise connection.GateClosed(error.words) from None

    def _check(self) -> None:
        if not self.intent.is_cancel:
            check_halt()


def _answered(taken: Taken) -> str:
    return "the broker answered with its number" if taken.number else "the broker answered that it took it"


def is_interrupt(error: BaseException) -> bool:
    """Say whether it is no failure of the call: the byte counter alone tells what it leaves behind."""
    return not isinstance(error, Exception) or isinstance(error, MemoryError)


def _code(error: BaseException) -> str | None:
    """Return the code of a broker; other things have codes too, such as the end of a program."""
    code = error.code if isinstance(error, BrokerError) else None
    return code if isinstance(code, str) else None


def _has_note(error: BaseException) -> bool:
    return bool({MAY_STAND, NOT_SENT} & set(getattr(error, "__notes__", ())))


def noted(error: BaseException, words: str) -> BaseException:
    """Let an interrupt say what it leaves behind, unless it says so already."""
    if is_interrupt(error) and not _has_note(error):
        error.add_note(words)
    return error
