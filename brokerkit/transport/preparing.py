"""What fails before an order is not its outcome: nothing was sent, whatever the broker said to another call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from brokerkit.errors import BrokerError, NetworkError, NotSent, Rejected, UnknownSymbol, Unsupported, WireError


@contextmanager
def preparing(what: str) -> Iterator[None]:
    """Let a broker's refusal, or its silence, mean that the order was not sent. `what` could not be had then."""
    try:
        yield
        return
    except (Rejected, NetworkError, WireError, Unsupported) as error:
        if not is_refusal(error):
            raise
        refused = not_sent_after(error, what)
    raise refused


def is_refusal(error: BaseException) -> bool:
    """Say whether a broker refused a call or did not answer it, and not a check of this library."""
    if isinstance(error, Unsupported | UnknownSymbol):  # what the day's list lacks is told without asking
        return error.code is not None
    return isinstance(error, Rejected | NetworkError | WireError)


def not_sent_after(error: BrokerError, what: str) -> NotSent:
    """Return the error for an order that another call had to come before, which failed."""
    # A refusal says what to mend; the other advice is about the call that failed, and not about the order.
    advice = f"{NotSent.default_advice} {error.remedy}" if isinstance(error, Rejected) and error.remedy else None
    words = f"{what} could not be had: {error.words}"
    return NotSent(words, broker=error.broker, endpoint=error.endpoint, code=error.code, advice=advice)
