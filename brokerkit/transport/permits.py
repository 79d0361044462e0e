"""Leave to send one order, once. Without it no order leaves, whoever calls.

Only the order desk gives it out, by `issued`. Python cannot stop who calls that on purpose; a permit that is simply
made is none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from weakref import WeakSet

from brokerkit.errors import Blocked

_ISSUED: WeakSet[Permit] = WeakSet()


class Permit:
    """Given out by the order desk for one order, used up by the client when all is ready for sending.

    `leave` is what has to happen then; it raises where nothing may be sent. `check` is asked once more before the first
    byte. Afterwards `sent` is the byte counter of the attempt, `answer` what the server said, without secrets, and
    `refused` tells whether that was a refusal: no other call can refuse the order.
    `prepare` is what has to be asked before an order may leave at all, such as the account of the key.
    What is `urgent`, a cancellation of all that is left, goes before others and waits at the limiter a second at most.
    """

    def __init__(
        self,
        leave: Callable[[], None],
        check: Callable[[], None],
        *,
        prepare: Callable[[], None] = lambda: None,
        urgent: bool = False,
    ) -> None:
        self.prepare = prepare
        self._leave = leave
        self.check = check
        self.urgent = urgent
        self.used = False
        self.sent: int | None = 0
        self.answer: str | None = None
        self.refused = False

    def use(self) -> None:
        """Use the permit up; Blocked if it was used before, or if the order desk has not given it out."""
        check_issued(self)
        if self.used:
            raise Blocked("A second request would leave for one order.", advice="Nothing more was sent.")
        self._leave()
        self.used = True


def issued(
    leave: Callable[[], None],
    check: Callable[[], None],
    *,
    prepare: Callable[[], None] = lambda: None,
    urgent: bool = False,
) -> Permit:
    """Return a permit of the order desk, which has written the order down when it is used."""
    permit = Permit(leave, check, prepare=prepare, urgent=urgent)
    _ISSUED.add(permit)
    return permit


def check_issued(permit: Permit) -> None:
    """Raise Blocked for a permit that was made by hand."""
    if permit not in _ISSUED:
        raise Blocked("This permit is not one of the order desk.", advice="Nothing was sent.")


class Sending(AbstractContextManager[None]):
    """Puts a permit, or none, in the place of what the thread has, for as long as one call takes."""

    def __init__(self, threads: threading.local, permit: Permit | None) -> None:
        self._threads = threads
        self._permit = permit
        self._outer: Permit | None = getattr(threads, "permit", None)

    def __enter__(self) -> None:
        self._threads.permit = self._permit

    def __exit__(self, *error: object) -> None:
        self._threads.permit = self._outer
