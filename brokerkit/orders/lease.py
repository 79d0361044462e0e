"""Which host trades an account. Of several that share a Redis one does, until another one takes over on purpose.

Each time another host begins, a number goes up, the fence. It stands in the Redis, in the journal of the host and in
each of its orders, so that a host that was away, or a Redis that has forgotten, is found out before the first byte.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import logging
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from weakref import WeakSet

from pydantic import SecretStr, StrictInt

from brokerkit.errors import ConfigError, Halted, JournalError, LimitExceeded, NotSent, OrderBlocked
from brokerkit.logs import about
from brokerkit.models import Model
from brokerkit.orders.counters import LESS, TOMORROW, WAIT
from brokerkit.orders.halting import RESUMES, halted
from brokerkit.orders.intents import OPEN, Intent, IntentState
from brokerkit.orders.limits import Limits, money
from brokerkit.orders.records import Records
from brokerkit.orders.tally import Tally, Told, moment
from brokerkit.sharing.hosts import host_name
from brokerkit.sharing.store import StateLost, Store, store_for
from brokerkit.values import Moment

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger("brokerkit")

URGENT_SECONDS = 0.5
"""Longest wait of a cancellation for an answer that was not begun by then."""
END_SECONDS = 1.0
"""Longest wait at the end of the program for what other hosts were not told yet."""
_DAY = dt.timedelta(days=1)
TAKE_OVER = "`brokerkit take-over PROFILE`"


class Lease(Model):
    """Which host trades an account."""

    host: str
    """What people call that machine; with the first digits of its id where it has the name of this one."""
    since: Moment
    """By the clock of the Redis."""
    fence: StrictInt
    """A number that is higher with each host that takes over."""
    is_ours: bool
    """Whether it is this host."""
    pending: tuple[str, ...] = ()
    """Orders of other hosts that may be on their way, or may stand without anybody knowing."""


class Choice(Protocol):
    """What of a profile's settings says how its orders are shared."""

    @property
    def state(self) -> SecretStr | None:
        """URL of the Redis."""

    @property
    def ca_file(self) -> Path | None:
        """Certificates that are trusted instead of the usual ones."""

    @property
    def orders_without_state(self) -> Literal["refuse", "send"]:
        """What becomes of orders while the Redis cannot be had."""


class Shared(Protocol):
    """What a journal shares with other hosts."""

    @property
    def host(self) -> str:
        """The id of this host, see `host_id`."""

    def check(self, intent: Intent) -> None:
        """Raise Halted or NotSent where an order may not leave from here."""

    def check_halt(self) -> None:
        """Raise Halted while another host has set the kill switch for all."""

    def begin(self, intent: Intent, limits: Limits, value: Decimal | None, records: Records) -> Intent:
        """Let other hosts know of an order that is being written down, or raise: nothing has been sent then."""

    def undone(self, intent: Intent) -> None:
        """Take back what `begin` told: it was not written down after all."""

    def decided(self, intent: Intent) -> None:
        """Let other hosts know what became of an intent, without waiting for that."""

    def take_over(self, fence: int, *, accept_risk: bool) -> Lease | None:
        """Let this host trade the account, whose journal has that fence; None where hosts share nothing."""

    def lease(self) -> Lease | None:
        """Return who trades the account; None where that is not known, or hosts share nothing."""


class Sharing(Protocol):
    """A journal, as far as it is shared."""

    shared: Shared

    def lose(self, fence: int) -> None:
        """Write down that another host trades the account, under that number."""


class Alone:
    """The journal of a profile that names no Redis."""

    host = "0"

    def check(self, intent: Intent) -> None:
        """Let it go."""

    def check_halt(self) -> None:
        """Let orders go: the file is the whole switch."""

    def begin(self, intent: Intent, limits: Limits, value: Decimal | None, records: Records) -> Intent:
        """Refuse what would leave unseen by hosts that share the account, if there were any."""
        if records.fence and not intent.is_cancel:
            raise NotSent(
                "This account was traded by hosts that share a Redis, and the profile names none.",
                advice=f"Nothing was sent. Write state into the profile; {TAKE_OVER} lets this host trade it alone.",
            )
        return intent

    def undone(self, intent: Intent) -> None:
        """Nobody was told."""

    def decided(self, intent: Intent) -> None:
        """Nobody is told."""

    def take_over(self, fence: int, *, accept_risk: bool) -> Lease | None:
        """Return that nobody shares any more; ConfigError where nobody did."""
        if not fence:
            raise ConfigError(
                "The profile names no Redis by which hosts share accounts: this one trades alone.",
                advice="Write state into the profiles of all hosts; see the page about order safety.",
            )
        return None

    def lease(self) -> Lease | None:
        """Nobody shares."""
        return None


class AmongHosts:
    """The journal of an account that several hosts may trade, one at a time."""

    def __init__(self, settings: Choice, tally: Tally, lost: Callable[[int], None]) -> None:
        """`lost` writes into the journal that another host trades the account, under that number."""
        self.settings = settings
        self._elsewhere = 0
        """The highest number that another host was seen to have."""
        self._tally = tally
        self._lost = lost
        self._start_over()
        _living.add(self)

    def _start_over(self) -> None:
        self._process = os.getpid()
        self._found = store_for(self.settings)
        if self._found is not None:
            self._found.follow(self)
        self._begun: set[str] = set()
        self._owed: dict[str, Intent] = {}
        self._unseen: set[str] = set()
        """What left while the Redis could not be had."""
        self._is_behind = True
        """Whether the Redis may lack what the journal has, or have what it has not."""

    @property
    def store(self) -> Store:
        """The Redis, as this process uses it."""
        if self._process != os.getpid():
            self._start_over()
        assert self._found is not None  # noqa: S101 - without a Redis a journal is `Alone`
        return self._found

    @property
    def host(self) -> str:
        """The id of this host, see `host_id`."""
        return self.store.host

    # The way of an order

    def check(self, intent: Intent) -> None:
        """Raise Halted or NotSent where an order may not leave from here; see `Shared`."""
        store = self.store

        def look(redis: Redis) -> Told:
            self._settle(redis)
            return self._tally.look(store, redis, intent)

        try:
            told = store.do(look, seconds=URGENT_SECONDS) if intent.is_cancel else store.do(look)
        except (StateLost, ConfigError) as error:
            self._check_unseen(intent, error)
            return
        self._note(told)
        if intent.fence is None:
            self._keep_elsewhere()
        self._judge(told, intent)

    def _note(self, told: Told) -> None:
        if told.status == "elsewhere":
            self._elsewhere = max(self._elsewhere, told.fence)

    def _keep_elsewhere(self) -> None:
        """Write into the journal that another host trades, for the programs that come later."""
        if self._elsewhere:
            with contextlib.suppress(JournalError):
                self._lost(self._elsewhere)

    def hear(self, redis: Redis) -> None:
        """Learn who trades, with each sign of life; see `Follower`."""
        assert self._found is not None  # noqa: S101 - it is that one's
        host, fence = self._tally.hear(self._found, redis)
        with contextlib.suppress(ConfigError):  # without an id it trades nothing
            if host and host != self._found.host:
                self._elsewhere = max(self._elsewhere, fence)

    def _check_unseen(self, intent: Intent, error: StateLost | ConfigError) -> None:
        """Let go what may go while the Redis cannot be had."""
        words = error.words
        if intent.is_cancel:
            if intent.sent_at is None:  # and once more at its first byte, where it is told already
                logger.warning(
                    "%s goes out although hosts cannot be asked: %s",
                    intent.what,
                    words,
                    extra=about("order_not_shared", error, intent=intent.id),
                )
            return
        if isinstance(error, ConfigError):
            raise error
        self._is_behind = True
        if self.settings.orders_without_state == "refuse":
            raise NotSent(
                f"Which host trades this account cannot be known: {words}.",
                advice=f'Nothing was sent. {error.remedy} orders_without_state = "send" of the profile lets orders go '
                "all the same, by the journal of this host alone.",
            )
        if intent.fence is not None and intent.id not in self._unseen:
            logger.warning(
                "%s goes out although hosts cannot be asked any more: %s",
                intent.what,
                words,
                extra=about("order_not_shared", error, intent=intent.id),
            )

    def check_halt(self) -> None:
        """Raise Halted while another host has set the kill switch for all; what cannot be asked stops nothing here."""
        store = self.store

        def look(redis: Redis) -> str | None:
            self._settle(redis)
            return halted(redis)

        with contextlib.suppress(StateLost, ConfigError):
            words = store.do(look)
            if words is not None:
                raise _halted(words)

    def begin(self, intent: Intent, limits: Limits, value: Decimal | None, records: Records) -> Intent:
        """Let other hosts know of an order that is being written down; see `Shared`."""
        if intent.may_be_repeated:
            return intent
        store, known = self.store, records.fence
        fence, is_behind = max(abs(known), self._elsewhere), self._is_behind
        open_ = records.unsettled() if is_behind else ()
        count = records.counted(intent.day - _DAY) if is_behind else ()

        def write(redis: Redis) -> Told:
            if is_behind:
                self._tally.mend(store, redis, open_, count)
            self._settle(redis)
            return self._tally.begin(store, redis, intent, fence, limits, value)

        self._begun.add(intent.id)
        try:
            told = store.do(write)
        except (StateLost, ConfigError) as error:
            self._check_unseen(intent, error)
            is_last = known > self._elsewhere and records.is_of(store.host)
            return self._unseen_of(intent, known, is_last=is_last)
        self._note(told)
        if told.status != "ours":
            self._begun.discard(intent.id)
            self._is_behind = told.status == "forgotten" or is_behind
        self._judge(told, intent, limits)
        self._is_behind = False
        if told.fence > self._elsewhere:
            self._elsewhere = 0
        if told.fence != known and not intent.is_cancel:
            records.keep_fence(told.fence, store.host)
        return intent.model_copy(update={"fence": told.fence})

    def _unseen_of(self, intent: Intent, fence: int, *, is_last: bool) -> Intent:
        """Let an order go that no other host hears of, from the host that traded the account last."""
        if not is_last and not intent.is_cancel:
            raise NotSent(
                "Which host trades this account cannot be known, and it was not this one when that was last known.",
                advice=f"Nothing was sent. {TAKE_OVER} needs the Redis.",
            )
        logger.warning(
            "%s goes out by the journal of this host alone: hosts cannot be asked.",
            intent.what,
            extra=about("order_not_shared", intent=intent.id),
        )
        self._unseen.add(intent.id)
        return intent.model_copy(update={"fence": abs(fence)})

    def undone(self, intent: Intent) -> None:
        """Take back what `begin` told, if it told anything."""
        if intent.id in self._begun:
            self.decided(intent.moved(IntentState.NOT_SENT, "not written down"))

    def decided(self, intent: Intent) -> None:
        """Let other hosts know what became of an intent, without waiting for that."""
        store = self.store
        never = intent.state is IntentState.NOT_SENT and intent.id not in self._begun
        if never or intent.state in OPEN or intent.may_be_repeated:
            return
        self._begun.discard(intent.id)
        self._unseen.discard(intent.id)
        self._owed[intent.id] = intent
        store.post(self._settle)

    def _settle(self, redis: Redis) -> None:
        """Tell what was not told yet."""
        for intent in tuple(self._owed.values()):
            self._tally.decide(self.store, redis, intent)
            self._owed.pop(intent.id, None)

    def end(self) -> None:
        """Tell at the end of the program what was not told yet, for no longer than a moment."""
        if self._owed and self._process == os.getpid():
            with contextlib.suppress(StateLost, ConfigError):
                self.store.do(self._settle, seconds=END_SECONDS)

    # Who trades

    def take_over(self, fence: int, *, accept_risk: bool) -> Lease | None:
        """Let this host trade the account. OrderBlocked while orders of another may stand, unless `accept_risk`."""
        known = max(fence, self._elsewhere)
        told = self._asked(lambda redis: self._tally.take(self.store, redis, known, accept_risk=accept_risk))
        found = self._lease(told)
        if found is None or told.status == "pending":
            left = "; ".join(told.words[3:])
            words = f"Of other hosts' orders may stand: {left}."
            if found is not None:
                words = f"{found.host} trades this account, and of its orders may stand: {left}."
            raise OrderBlocked(
                words,
                advice="Nothing was taken over. Settle them there, as by `brokerkit journal reconcile`. If that "
                "machine is gone, look at the broker's own list; --accept-risk (accept_risk=True) takes over anyway.",
            )
        self._is_behind, self._elsewhere = True, 0
        return found

    def lease(self) -> Lease | None:
        """Return who trades the account; None where nobody does yet, or the Redis has forgotten it."""
        told = self._asked(lambda redis: self._tally.take(self.store, redis, 0, accept_risk=False, looks=True))
        return self._lease(told)

    def _asked(self, work: Callable[[Redis], Told]) -> Told:
        try:
            return self.store.do(work)
        except StateLost as lost:
            words, advice = lost.words, lost.remedy
        raise JournalError(f"Which host trades this account cannot be known: {words}.", advice=advice)

    def _lease(self, told: Told) -> Lease | None:
        name, since, host, *others = told.words
        if not host:
            return None
        is_ours = told.status == "ours"
        name = name if is_ours else _told_apart(name, host)
        return Lease(host=name, since=moment(since), fence=told.fence, is_ours=is_ours, pending=tuple(others))

    def _judge(self, told: Told, intent: Intent, limits: Limits | None = None) -> None:
        """Raise where an order may not go."""
        if told.status == "ours":
            return
        if told.status == "halted":
            raise _halted(told.words[0])
        if told.status == "elsewhere":
            name, since, host = told.words
            told_apart, when = _told_apart(name, host), f"{moment(since):%Y-%m-%d %H:%M:%S}"
            words = f"{told_apart} trades this account since {when}; one host does at a time."
            if name == host_name():
                words = (
                    f"{told_apart}, by another BROKERKIT_STATE_DIR or of the same name, trades this account since "
                    f"{when}; one host does at a time."
                )
            raise NotSent(
                words,
                advice=f"Nothing was sent. End the programs there; then {TAKE_OVER} lets this host trade.",
            )
        if told.status == "keyed":
            _, id_, name = told.words[0].split(" ", 2)
            raise OrderBlocked(
                f"{name} has sent an order under the key {intent.key} ({id_}), which may stand.",
                advice=f"Nothing was sent. `brokerkit journal show {id_}` there, or the broker's own list, tells what "
                "became of it. Another order needs a key of its own.",
            )
        if told.status == "changed":
            raise NotSent("The account was taken over, and back again, before the order left.")
        if told.status == "forgotten":
            raise NotSent(
                f"No host trades this account yet, or {self.store.address} has forgotten which one does: it was "
                "emptied, came back without its data, or another server took its place.",
                advice=f"Nothing was sent. See that no other host trades it; then {TAKE_OVER} lets this one trade.",
            )
        raise _too_much(told, intent, limits)


def share(journal: Sharing, settings: Choice, *whose: str) -> None:
    """Share a journal with other hosts where the profile names a Redis. Another one than before is a ConfigError."""
    if settings.state is None:
        return
    known = journal.shared
    if not isinstance(known, AmongHosts):
        journal.shared = AmongHosts(settings, Tally(*whose), journal.lose)
    elif _said(known.settings) != _said(settings):
        raise ConfigError(
            "Two profiles of this account name another state, or another orders_without_state.",
            advice="Nothing was sent. Let all profiles of one account say the same.",
        )


def _said(settings: Choice) -> tuple[object, ...]:
    return settings.state, settings.ca_file, settings.orders_without_state


def _told_apart(name: str, host: str) -> str:
    """Return the name of another host, with digits of its id where it is that of this one."""
    return f"{name} ({host[:4]})" if name == host_name() else name


def _too_much(told: Told, intent: Intent, limits: Limits | None) -> LimitExceeded:
    own = (limits.of(intent.currency) if limits else None) or Limits()
    if told.status == "minute":
        minute = own.max_orders_per_minute
        words = f"one more in this minute would be more than max_orders_per_minute, {minute}, of all hosts."
        return LimitExceeded(words, advice=WAIT)
    if told.status == "day":
        words = (
            f"there were {told.words[0]} orders of all hosts today, and one more would be more than "
            f"max_orders_per_day, {own.max_orders_per_day}."
        )
        return LimitExceeded(words, advice=TOMORROW)
    total = money(Decimal(told.words[0]) / 100, intent.currency)
    most = money(own.max_daily_value or Decimal(0), intent.currency)
    words = f"{total} today, of all hosts, would be more than max_daily_value, {most}."
    return LimitExceeded(words, advice=LESS)


def _halted(words: str) -> Halted:
    return Halted(
        f"The kill switch of all hosts is on ({words}).",
        advice=RESUMES,
    )


_living: WeakSet[AmongHosts] = WeakSet()


@atexit.register
def _tell_what_is_owed() -> None:
    for each in tuple(_living):
        each.end()
