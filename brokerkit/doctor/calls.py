"""Who has called the broker with a key in the last minute, how often, and whether that was too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brokerkit.broker import Broker
from brokerkit.doctor.finding import Finding, ok, warning
from brokerkit.errors import ConfigError
from brokerkit.sharing.store import StateLost, Store, store_for
from brokerkit.sharing.usage import MINUTE, Usage, usage_of
from brokerkit.transport.auth import cache_directory

SUBJECT = "calls"
NAMED = 5
NEARLY = 0.9
"""Part of what a minute allows from which on it is told that nothing is left."""


def calls(broker: Broker, name: str) -> Iterator[Finding]:
    """Tell who has called with the key of a profile in the last minute."""
    store = store_for(broker.adapter.settings)
    try:
        used = _used(broker, store)
    except OSError:
        return  # the folder of limits cannot be read, which is told of the cache folder
    total, slowed = sum(each.calls for each in used), sum(each.slowed for each in used)
    allowed = _allowed(broker)
    facts = {
        "calls": total,
        "allowed": allowed,
        "orders": sum(each.orders for each in used),
        "slowed": slowed,
        "by": [each._asdict() for each in used],
    }
    words = f"{total} of {allowed} in the last minute" if allowed else f"{total} in the last minute"
    if used:
        words = f"{words}: {_named(used)}"
    if slowed:
        words = f"{words}; the broker found {slowed} too fast"
        advice = (
            f"Is the key used elsewhere, too? Then lower max_calls_per_second of {name}, or let hosts share a Redis."
        )
        yield warning(SUBJECT, words, advice, **facts)
    elif allowed and total >= allowed * NEARLY:
        advice = "Let a program call less often, or use a key of its own for one of them: the others wait for it."
        yield warning(SUBJECT, words, advice, **facts)
    else:
        yield ok(SUBJECT, words, **facts)


def _used(broker: Broker, store: Store | None) -> Sequence[Usage]:
    """Return what all hosts tell, or this one alone where their Redis cannot be had."""
    folder, owner = cache_directory("limits"), broker.client.owner
    if store is not None:
        try:
            return usage_of(folder, owner, store)
        except (StateLost, ConfigError):
            pass  # which has a finding of its own
    return usage_of(folder, owner)


def _allowed(broker: Broker) -> int | None:
    """Return how many calls a minute allows; None where each call is counted apart."""
    client = broker.client
    if client.limits_each_call:
        return None
    told = [client.calls_per_second[client.environment], client.settings.max_calls_per_second]
    return min(each for each in told if each is not None) * MINUTE


def _named(used: Sequence[Usage]) -> str:
    places = {each.host for each in used}
    told = [
        f"{each.calls} by {each.program} (process {each.process}, {each.host})"
        if len(places) > 1
        else f"{each.calls} by {each.program} (process {each.process})"
        for each in used[:NAMED]
    ]
    if more := sum(each.calls for each in used[NAMED:]):
        told.append(f"and {more} by others")
    return ", ".join(told)
