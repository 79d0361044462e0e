"""Who watches what brokerkit does, to count it: a list of functions, empty unless somebody asks.

What they are told has names of few values: broker, environment, API, class of an error. Never a key, an account, the
symbol of an order or a price.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import NamedTuple, Protocol, TypeAlias
from weakref import WeakSet

from brokerkit.logs import about

logger = logging.getLogger("brokerkit")


class Limited(Protocol):
    """What gives out turns."""

    @property
    def usage(self) -> tuple[int, int]:
        """Calls in a window that are tried at present, and those that count now."""


class Called(NamedTuple):
    """A call that was answered, or was given up: from its turn on."""

    broker: str
    environment: str
    api: str
    effect: str
    seconds: float
    error: str | None
    """Class of what it raised."""
    issues: bool
    """Whether it gives out an access token."""


class Waited(NamedTuple):
    """A turn that a call got from the limits, or did not get."""

    broker: str
    environment: str
    effect: str
    seconds: float
    is_given: bool
    limits: tuple[tuple[str, Limited], ...]
    """Every limit that it counts against, with its key."""


class Hurried(NamedTuple):
    """An answer that said "too many calls"."""

    broker: str
    environment: str
    api: str


class Ordered(NamedTuple):
    """An order, amendment or cancellation that was tried, and what is known of it then."""

    broker: str
    environment: str
    kind: str
    state: str


class Received(NamedTuple):
    """Events of one topic that came at once."""

    broker: str
    environment: str
    kind: str
    number: int
    told_at: dt.datetime | None
    """The time that the broker tells of the newest one."""
    received_at: dt.datetime


class Missed(NamedTuple):
    """A gap that is over."""

    broker: str
    environment: str
    reason: str
    seconds: float


class Connected(NamedTuple):
    """What became of the line of a stream."""

    broker: str
    environment: str
    outcome: str
    """opened, lost, or failed: it could not be made."""
    error: str | None


class Discarded(NamedTuple):
    """Events that nobody took in time."""

    kind: str
    number: int


class Shared(NamedTuple):
    """What hosts share was lost, or found again."""

    outcome: str


Seen: TypeAlias = Called | Waited | Hurried | Ordered | Received | Missed | Connected | Discarded | Shared
Observer: TypeAlias = Callable[[Seen], None]


class Desk(Protocol):
    """What sends orders, and can say how many of them are not known to stand or not."""

    def count_unresolved(self) -> tuple[str, str, object, int] | None:
        """Return broker, environment, journal, and their number; None as long as the journal was not needed."""


observers: tuple[Observer, ...] = ()
"""Who watches. Look whether there is anybody before anything is made for `tell`."""
desks: WeakSet[Desk] = WeakSet()
"""Every desk of the process."""
_MOST = 100
_lock = threading.RLock()
_here = threading.local()


def watch(observer: Observer) -> None:
    """Tell a function what happens from now on, in the threads in which it happens.

    It has to return at once and must not call brokerkit: locks may be held. One that raises is told nothing more.
    """
    global observers
    with _lock:
        if observer not in observers:
            observers = (*observers, observer)


def unwatch(observer: Observer) -> None:
    """Tell a function nothing any more."""
    global observers
    with _lock:
        observers = tuple(each for each in observers if each != observer)


def tell(seen: Seen) -> None:
    """Tell all who watch. What a signal handler does meanwhile is told after that: they may hold locks."""
    waiting: deque[Seen] | None = getattr(_here, "waiting", None)
    if waiting is not None and len(waiting) < _MOST:  # if it is full, an interrupt has ended who was to tell it
        waiting.append(seen)
        return
    try:
        _here.waiting = waiting = waiting or deque()
        waiting.append(seen)
        while waiting:
            _tell(waiting.popleft(), observers)
    finally:
        _here.waiting = None


def _tell(seen: Seen, watching: Iterable[Observer]) -> None:
    for observer in watching:
        try:
            observer(seen)
        except Exception as error:  # noqa: BLE001 - whoever counts badly must harm no call
            unwatch(observer)
            logger.error(
                "What watches brokerkit failed and is told nothing more: %s",
                type(error).__name__,
                extra=about("observer_failed", error),
            )


class Timed:
    """Tells how long a call took, and what it raised."""

    __slots__ = ("_began", "_call")

    def __init__(self, call: Called) -> None:
        """`call` lacks what comes of it."""
        self._call = call

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._began
        tell(self._call._replace(seconds=seconds, error=kind.__name__ if kind else None))
