"""Which of the hosts that share a Redis trades the account of a profile, and what others have on their way."""

from __future__ import annotations

from collections.abc import Iterator

from brokerkit.broker import Broker
from brokerkit.doctor.finding import Finding, error, ok, warning

SUBJECT = "account"


def lease(broker: Broker, name: str) -> Iterator[Finding]:
    """Tell which host trades the account of a profile. JournalError where that cannot be asked."""
    found = broker.lease()
    if found is None:
        words = "no host trades it yet, or the Redis has forgotten which one: orders are refused"
        advice = f"See that no host trades it; then `brokerkit take-over {name}` on the one that shall."
        yield warning(SUBJECT, words, advice, host=None)
        return
    facts = found.model_dump(mode="json")
    since = f"{found.since:%Y-%m-%d %H:%M}"
    take_over = f"`brokerkit take-over {name}` lets this host trade it"
    if found.is_ours:
        yield ok(SUBJECT, f"this host trades it since {since}", **facts)
    else:
        words = f"{found.host} trades it since {since}, so orders from here are refused"
        yield warning(SUBJECT, words, f"Order from there. Or end the programs there; then {take_over}.", **facts)
    if found.pending:
        words = f"of orders of other hosts may stand: {'; '.join(found.pending)}"
        advice = (
            "Run `brokerkit journal reconcile --wait` there. Where that host is gone, look at the broker's own list."
        )
        yield error(SUBJECT, words, advice, **facts)
