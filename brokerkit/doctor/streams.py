"""Which program has the one connection that a broker allows a key, as far as this host knows."""

from __future__ import annotations

from collections.abc import Iterator

from brokerkit.broker import Broker
from brokerkit.doctor import locks
from brokerkit.doctor.finding import Finding, ok
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.sharing.store import StateLost, store_for
from brokerkit.stream.connection import key_of
from brokerkit.stream.holder import Holder
from brokerkit.stream.relay_redis import holder_among_hosts

SUBJECT = "stream"


def stream(broker: Broker) -> Iterator[Finding]:
    """Tell for each socket of the broker who has its connection; none is opened."""
    for market, feed in broker.adapter.sockets.items():
        try:
            key = key_of(feed)
        except BrokerError as failure:  # as the profile wants it
            words = f"not used: {failure.words.rstrip('.')}"
            yield ok(SUBJECT, f"{market}: {words}" if market else words, process=None)
            continue
        far = _among_hosts(broker, f"{key.broker}:{key.identity}")
        each = _held(Holder(key.broker, key.identity))
        words = f"{market}: {each.words}" if market else each.words
        words = f"{words}; among hosts {far} has it" if far else words
        yield each.model_copy(update={"words": words, "facts": {**each.facts, "among_hosts": far}})


def _among_hosts(broker: Broker, name: str) -> str | None:
    """Return which program of the hosts that share a Redis has it; None where none has, or that cannot be asked."""
    store = store_for(broker.adapter.settings)
    if store is None:
        return None
    try:
        found = holder_among_hosts(store, name)
    except (StateLost, ConfigError):
        return None  # which has a finding of its own
    return None if found is None else str(found)


def _held(holder: Holder) -> Finding:
    if not locks.are_told():
        return ok(SUBJECT, "this system does not tell who has the connection", process=None)
    process = locks.holder_of(holder.path)
    if process is None:
        return ok(SUBJECT, "no program of this host has the connection", process=None)
    told = holder.told()
    program = locks.program_of(process)
    if told.owner is not None and told.owner.process == process:
        program = told.owner.program
    words = f"process {process} ({program or '?'}) has the connection"
    if told.since:
        words = f"process {process} ({program or '?'}) has the connection since {told.since:%m-%d %H:%M}"
    if told.clients:
        words = f"{words} and serves {len(told.clients)} others"
    facts = {
        "process": process,
        "program": program,
        "since": told.since,
        "serves": [{"process": each.process, "program": each.program} for each in told.clients],
    }
    return ok(SUBJECT, words, **facts)
