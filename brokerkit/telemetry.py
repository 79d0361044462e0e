"""OpenTelemetry metrics of what brokerkit does: `instrument()` begins, `uninstrument()` ends. Needs the [otel] extra.

Attributes have few values: broker, environment, API, class of an error. No key, account, symbol of an order or price is
among them.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary, WeakSet

from brokerkit import watching
from brokerkit.errors import BrokerError, ConfigError

if TYPE_CHECKING:
    from opentelemetry import metrics
    from opentelemetry.metrics import CallbackOptions, Histogram, MeterProvider, Observation

    _Placed: TypeAlias = (
        watching.Called
        | watching.Waited
        | watching.Hurried
        | watching.Ordered
        | watching.Received
        | watching.Missed
        | watching.Connected
    )

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Bounds that the conventions advise for calls."""
LONG_SECONDS = (1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
LAG_PAUSE = 1.0
"""So often at most the lag of a kind of events is noted: they come by the thousand."""


class Metric(NamedTuple):
    """A row of the table of metrics."""

    kind: str
    """histogram, counter or gauge."""
    unit: str
    attributes: str
    description: str
    bounds: tuple[float, ...] = ()


PLACE = "brokerkit.broker brokerkit.environment"
METRICS: Mapping[str, Metric] = {
    "brokerkit.call.duration": Metric(
        "histogram",
        "s",
        f"{PLACE} brokerkit.api brokerkit.effect error.type",
        "Time of a call from its turn at the limits to its answer",
        SECONDS,
    ),
    "brokerkit.limit.wait.duration": Metric(
        "histogram",
        "s",
        f"{PLACE} brokerkit.effect brokerkit.outcome",
        "Time that a call waited for its turn at the limits",
        SECONDS,
    ),
    "brokerkit.limit.allowed": Metric(
        "gauge", "{call}", f"{PLACE} brokerkit.limit", "Calls in a window of a limit that are tried at present"
    ),
    "brokerkit.limit.used": Metric(
        "gauge",
        "{call}",
        f"{PLACE} brokerkit.limit",
        "Calls that count in a window of a limit now, of all who share it",
    ),
    "brokerkit.limit.refusals": Metric(
        "counter", "{answer}", f"{PLACE} brokerkit.api", "Answers of the broker that said: too many calls"
    ),
    "brokerkit.state.changes": Metric(
        "counter", "{change}", "brokerkit.outcome", "How often what hosts share was lost and found again"
    ),
    "brokerkit.token.issues": Metric("counter", "{token}", PLACE, "Access tokens that this process had issued"),
    "brokerkit.order.attempts": Metric(
        "counter",
        "{order}",
        f"{PLACE} brokerkit.kind brokerkit.state",
        "Orders, amendments and cancellations by what was known of them once they were tried",
    ),
    "brokerkit.order.unresolved": Metric("gauge", "{order}", PLACE, "Orders that may stand without our knowing"),
    "brokerkit.stream.connections": Metric(
        "counter", "{connection}", f"{PLACE} brokerkit.outcome error.type", "Lines of streams opened, lost and failed"
    ),
    "brokerkit.stream.events": Metric("counter", "{event}", f"{PLACE} brokerkit.kind", "Events that a stream received"),
    "brokerkit.stream.lag": Metric(
        "histogram",
        "s",
        f"{PLACE} brokerkit.kind",
        "From the time that the broker tells of an event to its receipt, of one event a second",
        SECONDS,
    ),
    "brokerkit.stream.dropped": Metric(
        "counter", "{event}", "brokerkit.kind", "Events that were dropped because nobody took them in time"
    ),
    "brokerkit.stream.gap.duration": Metric(
        "histogram", "s", f"{PLACE} brokerkit.reason", "Length of gaps in a stream, told at their end", LONG_SECONDS
    ),
}
"""Every metric by its name."""

_Labels: TypeAlias = tuple[tuple[str, str], ...]
_lock = threading.RLock()
_meters: WeakKeyDictionary[MeterProvider, _Meters] = WeakKeyDictionary()
_watching: list[_Meters] = []


def instrument(meter_provider: MeterProvider | None = None) -> None:
    """Count from now on what all brokers of this process do, for a provider; without one for the global one.

    Called again it counts for the other provider in place of the first. ConfigError without the [otel] extra.
    """
    try:
        from opentelemetry.metrics import get_meter_provider
    except ImportError:
        raise ConfigError(
            "Metrics need opentelemetry-api, which is not installed.", advice='In the clone: pip install ".[otel]"'
        ) from None
    provider = meter_provider or get_meter_provider()
    with _lock:
        uninstrument()
        # The instruments of a provider stay: it knows no way to take them back, and makes none of a name twice.
        meters = _meters.get(provider)
        if meters is None:
            meters = _meters[provider] = _Meters(provider)
        _watching.append(meters)
        watching.watch(meters.see)


def uninstrument() -> None:
    """Count nothing any more."""
    with _lock:
        while _watching:
            watching.unwatch(_watching.pop().see)


class _Meters:
    """The instruments of one provider, and what is counted for them.

    What comes by the thousand is added up here, and handed over when somebody collects: an instrument takes its time.
    """

    def __init__(self, provider: MeterProvider) -> None:
        from opentelemetry.metrics import Observation

        meter = provider.get_meter("brokerkit", version("brokerkit-kr"))
        self._observation = Observation
        self._lock = threading.RLock()
        self._counts: dict[str, Counter[_Labels]] = {name: Counter() for name in ("events", "dropped")}
        self._limits: dict[_Labels, WeakSet[watching.Limited]] = {}
        """Those of several keys together. A child of a fork has others, and those of its parent are gone there."""
        self._noted_at: dict[_Labels, float] = {}
        self._histograms: dict[str, Histogram] = {}
        self._counters: dict[str, metrics.Counter] = {}
        observed = {
            "brokerkit.stream.events": lambda: self._counted("events"),
            "brokerkit.stream.dropped": lambda: self._counted("dropped"),
            "brokerkit.limit.allowed": lambda: self._limited(0),
            "brokerkit.limit.used": lambda: self._limited(1),
            "brokerkit.order.unresolved": _unresolved,
        }
        for name, metric in METRICS.items():
            about = {"unit": metric.unit, "description": metric.description}
            if name in observed:
                create = meter.create_observable_gauge if metric.kind == "gauge" else meter.create_observable_counter
                create(name, [partial(self._observed, observed[name])], **about)
            elif metric.kind == "counter":
                self._counters[name] = meter.create_counter(name, **about)
            else:
                self._histograms[name] = meter.create_histogram(
                    name, **about, explicit_bucket_boundaries_advisory=metric.bounds
                )

    def _observed(self, values: Callable[[], Mapping[_Labels, int]], options: CallbackOptions) -> Iterable[Observation]:
        if self not in _watching:
            return []
        return [self._observation(value, dict(labels)) for labels, value in values().items()]

    def _counted(self, name: str) -> Mapping[_Labels, int]:
        with self._lock:
            return dict(self._counts[name])

    def see(self, seen: watching.Seen) -> None:
        """Count what happened."""
        match seen:
            case watching.Received():
                self._received(seen)
            case watching.Called():
                self._called(seen)
            case watching.Waited():
                self._waited(seen)
            case watching.Hurried():
                self._counters["brokerkit.limit.refusals"].add(1, {**_place(seen), "brokerkit.api": seen.api})
            case watching.Ordered(_, _, kind, state):
                labels = {**_place(seen), "brokerkit.kind": kind, "brokerkit.state": state}
                self._counters["brokerkit.order.attempts"].add(1, labels)
            case watching.Connected(_, _, outcome, error):
                labels = {**_place(seen), "brokerkit.outcome": outcome, **_failed(error)}
                self._counters["brokerkit.stream.connections"].add(1, labels)
            case watching.Missed(_, _, reason, seconds):
                labels = {**_place(seen), "brokerkit.reason": reason}
                self._histograms["brokerkit.stream.gap.duration"].record(seconds, labels)
            case watching.Shared(outcome):
                self._counters["brokerkit.state.changes"].add(1, {"brokerkit.outcome": outcome})
            case watching.Discarded(kind, number):
                with self._lock:
                    self._counts["dropped"][(("brokerkit.kind", kind),)] += number

    def _called(self, seen: watching.Called) -> None:
        labels = {**_place(seen), "brokerkit.api": seen.api, "brokerkit.effect": seen.effect, **_failed(seen.error)}
        self._histograms["brokerkit.call.duration"].record(seen.seconds, labels)
        if seen.issues and seen.error is None:
            self._counters["brokerkit.token.issues"].add(1, _place(seen))

    def _waited(self, seen: watching.Waited) -> None:
        outcome = "given" if seen.is_given else "given up"
        labels = {**_place(seen), "brokerkit.effect": seen.effect, "brokerkit.outcome": outcome}
        self._histograms["brokerkit.limit.wait.duration"].record(seen.seconds, labels)
        with self._lock:
            for key, limited in seen.limits:
                labels_of_limit = (*_place(seen).items(), ("brokerkit.limit", key))
                self._limits.setdefault(labels_of_limit, WeakSet()).add(limited)

    def _limited(self, place: int) -> Mapping[_Labels, int]:
        with self._lock:
            known = {labels: tuple(limits) for labels, limits in self._limits.items()}
        found = {}
        for labels, limits in known.items():
            with suppress(BrokerError):  # where they are kept cannot be had now
                if limits:
                    found[labels] = sum(each.usage[place] for each in limits)
        return found

    def _received(self, seen: watching.Received) -> None:
        labels = (*_place(seen).items(), ("brokerkit.kind", seen.kind))
        now = time.monotonic()
        with self._lock:
            self._counts["events"][labels] += seen.number
            is_noted = seen.told_at is not None and now - self._noted_at.get(labels, -LAG_PAUSE) >= LAG_PAUSE
            if is_noted:
                self._noted_at[labels] = now
        if is_noted and seen.told_at is not None:
            with suppress(TypeError):  # an adapter may tell a time without a zone
                lag = (seen.received_at - seen.told_at).total_seconds()
                self._histograms["brokerkit.stream.lag"].record(max(0.0, lag), dict(labels))


def _place(seen: _Placed) -> dict[str, str]:
    return {"brokerkit.broker": seen.broker, "brokerkit.environment": seen.environment}


def _failed(error: str | None) -> dict[str, str]:
    return {} if error is None else {"error.type": error}


def _unresolved() -> Mapping[_Labels, int]:
    """Return how many orders of each place are not known; a journal that cannot be read now is left out."""
    found: Counter[_Labels] = Counter()
    journals: set[object] = set()
    with suppress(RuntimeError):  # a desk was made meanwhile: the next look has them all
        for desk in tuple(watching.desks):
            with suppress(BrokerError):
                told = desk.count_unresolved()
                if told is not None and told[2] not in journals:
                    journals.add(told[2])
                    found[(("brokerkit.broker", told[0]), ("brokerkit.environment", told[1]))] += told[3]
    return found
