"""Metrics: what an application would export, read from real calls and streams of the sandbox; and who watches badly."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from brokerkit import Broker, OrderUncertain, clock, get_broker, telemetry, watching
from brokerkit.errors import ConfigError, Rejected
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.faults import Faults, Rule
from brokerkit.sharing.addresses import read_address
from brokerkit.sharing.store import StateLost, Store
from brokerkit.sharing.windows import Limit, StartId, Window
from brokerkit.stream.mailbox import MOST, Mailbox, Slot
from brokerkit.stream.topics import StreamKind
from brokerkit.telemetry import METRICS, instrument, uninstrument
from tests.redises import needs_redis, redis_server
from tests.streams import trade_topic

BROKERS = ("kis", "kiwoom")
PATIENCE = 60.0
HEAD = "brokerkit."


class Told:
    """What a reader collects: points by name of the metric, each with its attributes without their common head."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader], shutdown_on_exit=False)

    def collected(self) -> list[Any]:
        data = self.reader.get_metrics_data()
        scopes = [scope for each in data.resource_metrics for scope in each.scope_metrics] if data else []
        assert {scope.scope.name for scope in scopes} <= {"brokerkit"}
        return [metric for scope in scopes for metric in scope.metrics]

    def points(self, name: str) -> list[tuple[dict[str, str], Any]]:
        found = [metric for metric in self.collected() if metric.name == HEAD + name]
        return [
            ({key.removeprefix(HEAD): value for key, value in point.attributes.items()}, point)
            for metric in found
            for point in metric.data.data_points
        ]

    def sum(self, name: str, **wanted: str | None) -> float:
        """Return the sum, or the count of a histogram, over the points that have these attributes; None: have not."""
        return sum(
            getattr(point, "count", None) or getattr(point, "value", 0)
            for labels, point in self.points(name)
            if all(labels.get(key.replace("_", ".")) == value for key, value in wanted.items())
        )

    def awaits(self, name: str, least: float = 1, **wanted: str | None) -> None:
        until = time.monotonic() + PATIENCE
        while self.sum(name, **wanted) < least:
            assert time.monotonic() < until, self.points(name)
            time.sleep(0.02)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setattr(watching, "desks", WeakSet())  # those of other tests may have left orders behind
    told = Told()
    instrument(told.provider)
    try:
        yield told
    finally:
        uninstrument()
        told.provider.shutdown()


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with get_broker(request.param, environment="sandbox") as broker:
        yield broker


# Calls


def test_calls_are_told_with_api_effect_and_time(broker: Broker, told: Told) -> None:
    broker.quote("005930")
    broker.quote("005930")
    (reads,) = [point for labels, point in told.points("call.duration") if labels["effect"] == "read"]
    labels = {key.removeprefix(HEAD): value for key, value in reads.attributes.items()}
    api = labels.pop("api")
    assert labels == {"broker": broker.name, "environment": "sandbox", "effect": "read"}
    assert api in {"kis": {"FHKST01010100"}, "kiwoom": {"ka10001", "ka10007", "ka10004"}}[broker.name] or api
    assert reads.count == 2
    assert 0 < reads.sum < 2 * PATIENCE
    assert tuple(reads.explicit_bounds) == telemetry.SECONDS
    assert told.sum("token.issues", broker=broker.name, environment="sandbox") == 1
    assert told.sum("limit.wait.duration", outcome="given", effect="read") == 2
    assert told.sum("limit.allowed", broker=broker.name) >= 1


def test_a_call_that_fails_is_told_with_the_class_of_its_error(broker: Broker, told: Told) -> None:
    with pytest.raises(Rejected) as refused:
        broker.quote("999999")
    assert told.sum("call.duration", effect="read", error_type=type(refused.value).__name__) == 1
    assert told.sum("call.duration", effect="read", error_type=None) == 0


@pytest.mark.parametrize("name", BROKERS)
def test_answers_that_say_too_many_calls_are_told(name: str, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        broker.quote("005930")
        window = sandbox.face(name).window
        admit, refused = window.admit, iter([False])
        monkeypatch.setattr(window, "admit", lambda key: next(refused, None) is None and admit(key))
        broker.quote("005930")
    assert told.sum("limit.refusals", broker=name) == 1
    assert told.sum("call.duration", effect="read", error_type="RateLimited") == 1
    assert told.sum("call.duration", effect="read", error_type=None) == 2


def test_the_limits_tell_what_is_allowed_and_what_is_used(broker: Broker, told: Told) -> None:
    for _ in range(3):
        broker.quote("005930")
    limits = {labels["limit"]: point.value for labels, point in told.points("limit.allowed")}
    used = {labels["limit"]: point.value for labels, point in told.points("limit.used")}
    assert limits.keys() == used.keys() != set()
    assert all(0 <= used[key] <= limits[key] for key in limits)


def test_what_counts_in_a_window_is_what_is_on_its_way_and_what_was_answered_lately() -> None:
    window = Window(Limit("all", 5))
    for number in range(3):
        window.take(StartId(0, number), 10.0)
    window.end(StartId(0, 0), 10.5, sent=True)
    window.end(StartId(0, 1), 10.6, sent=False)
    assert [window.count(now) for now in (10.7, 11.5, 11.6)] == [2, 2, 1]


@needs_redis
def test_what_hosts_share_is_told_when_it_is_lost_and_found(told: Told) -> None:
    with redis_server() as server:
        store = Store(read_address(server.state))
        store.do(lambda redis: redis.ping())
        server.kill()
        for _ in range(2):  # which is told once
            with pytest.raises(StateLost):
                store.do(lambda redis: redis.ping())
        server.start()
        told.awaits("state.changes", outcome="found")
    assert told.sum("state.changes", outcome="lost") == 1


# Orders


@pytest.mark.parametrize("name", BROKERS)
def test_an_order_of_which_nobody_knows_is_told_until_somebody_does(name: str, told: Told) -> None:
    faults = Faults([Rule("processed_then_reset", on="order", times=1)])
    with Sandbox(faults=faults) as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        assert told.sum("order.unresolved", broker=name) == 0
        with pytest.raises(OrderUncertain):
            broker.buy("005930", 1, price=50_000)
        assert told.sum("order.attempts", kind="ORDER", state="UNKNOWN", broker=name) == 1
        assert told.sum("call.duration", effect="order", error_type="OrderUncertain") == 1
        assert told.sum("order.unresolved", broker=name, environment="sandbox") == 1
        broker.reconcile(wait=True, timeout=PATIENCE)
        assert told.sum("order.unresolved", broker=name) == 0


def test_orders_are_told_by_what_is_known_of_them(broker: Broker, told: Told) -> None:
    order = broker.buy("005930", 1, price=50_000)
    broker.cancel(order)
    with pytest.raises(Rejected):
        broker.buy("005930", 1_000_000_000, price=50_000)
    assert told.sum("order.attempts", kind="ORDER", state="ACKED") == 1
    assert told.sum("order.attempts", kind="CANCEL", state="ACKED") == 1
    assert told.sum("order.attempts", kind="ORDER", state="REJECTED") == 1
    assert told.sum("order.unresolved", broker=broker.name) == 0
    assert told.sum("call.duration", effect="order", error_type=None) == 2


def test_no_attribute_tells_of_an_account_a_key_a_symbol_or_a_price(broker: Broker, told: Told) -> None:
    order = broker.buy("005930", 7, price=51_000)
    broker.balance()
    shown = str(
        [(metric.name, [dict(each.attributes) for each in metric.data.data_points]) for metric in told.collected()]
    )
    settings = broker.adapter.settings
    secrets = [settings.app_key, settings.app_secret, settings.account]
    for canary in ("005930", "51000", "51,000", order.id, *(each.get_secret_value() for each in secrets if each)):
        assert canary not in shown
    listed = {name.removeprefix(HEAD) for row in METRICS.values() for name in row.attributes.split()}
    used = {label for metric in METRICS for labels, _ in told.points(metric.removeprefix(HEAD)) for label in labels}
    assert used <= listed


# Streams


@pytest.mark.parametrize("name", BROKERS)
def test_a_stream_tells_events_lines_gaps_and_lag(name: str, told: Told) -> None:
    with (
        Sandbox(lively=True) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox) as broker,
        broker.stream() as stream,
    ):
        trades = stream.trades("005930")
        assert trades.next(timeout=PATIENCE) is not None
        place = {"broker": name, "environment": "sandbox"}
        told.awaits("stream.events", kind="TRADES", **place)
        told.awaits("stream.lag", kind="TRADES", **place)
        assert told.sum("stream.connections", outcome="opened", **place) == 1
        assert told.points("stream.gap.duration") == []
        for line in sandbox.face(name).stream.lines:
            line.cut()
        told.awaits("stream.connections", outcome="lost", error_type="NetworkError", **place)
        told.awaits("stream.connections", 2, outcome="opened", **place)
        told.awaits("stream.gap.duration", reason="DISCONNECTED", **place)


def test_the_lag_is_noted_once_a_second_and_a_time_without_a_zone_harms_nothing(told: Told) -> None:
    here = clock.now()
    times = [here - dt.timedelta(seconds=0.3), here - dt.timedelta(seconds=9), None]
    for there in times:
        watching.tell(watching.Received("paper", "sandbox", "TRADES", 2, there, here))
    watching.tell(watching.Received("paper", "sandbox", "RAW", 1, here.replace(tzinfo=None), here))
    watching.tell(watching.Received("paper", "sandbox", "QUOTES", 1, here + dt.timedelta(seconds=5), here))
    lags = {labels["kind"]: (point.count, point.sum) for labels, point in told.points("stream.lag")}
    assert lags == {"TRADES": (1, pytest.approx(0.3)), "QUOTES": (1, 0.0)}
    assert told.sum("stream.events", broker="paper") == 8
    assert len(watching.observers) == 1


def test_events_that_nobody_takes_are_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST, StreamKind.TRADES, 2)
    box = Mailbox(threading.Lock())
    slot = Slot(box, trade_topic())
    box.put(slot, ["one", "two", "three"])
    box.put(slot, ["four", "five"])
    assert told.sum("stream.dropped", kind="TRADES") == 3


# Who begins and ends


def test_two_brokers_and_their_threads_are_counted_apart_and_nothing_is_lost(told: Told) -> None:
    with get_broker("kis", environment="sandbox") as kis, get_broker("kiwoom", environment="sandbox") as kiwoom:
        threads = [
            threading.Thread(target=lambda each=each: [each.quote("005930") for _ in range(3)])  # type: ignore[misc]
            for each in (kis, kis, kiwoom, kiwoom)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    for name in BROKERS:
        assert told.sum("call.duration", broker=name, effect="read") == 6
        assert told.sum("token.issues", broker=name) == 1


def test_nothing_is_told_before_and_after(broker: Broker) -> None:
    told = Told()
    broker.quote("005930")
    instrument(told.provider)
    assert told.points("call.duration") == []
    broker.quote("005930")
    assert told.sum("call.duration", effect="read") == 1
    uninstrument()
    broker.quote("005930")
    assert told.sum("call.duration", effect="read") == 1
    assert told.points("limit.allowed") == told.points("order.unresolved") == []
    instrument(told.provider)
    instrument(told.provider)  # which changes nothing
    broker.quote("005930")
    assert told.sum("call.duration", effect="read") == 2
    assert told.sum("limit.allowed", broker=broker.name) >= 1
    uninstrument()
    assert watching.observers == ()
    told.provider.shutdown()


def test_another_provider_takes_the_place_of_the_first(broker: Broker, told: Told) -> None:
    other = Told()
    instrument(other.provider)
    broker.quote("005930")
    assert (told.points("call.duration"), other.sum("call.duration", effect="read")) == ([], 1)
    other.provider.shutdown()


def test_a_provider_that_exports_nothing_does_no_harm(broker: Broker) -> None:
    instrument(NoOpMeterProvider())
    try:
        assert broker.quote("005930").symbol == "005930"
        assert len(watching.observers) == 1
    finally:
        uninstrument()


def test_every_metric_of_the_table_has_a_unit_and_attributes_of_ours() -> None:
    for name, metric in METRICS.items():
        assert name.startswith("brokerkit.")
        assert metric.kind in ("histogram", "counter", "gauge")
        assert metric.unit == "s" or metric.unit.startswith("{")
        assert {label for label in metric.attributes.split() if not label.startswith("brokerkit.")} <= {"error.type"}
        assert bool(metric.bounds) is (metric.kind == "histogram")


# Who watches badly


def test_who_watches_and_fails_is_told_nothing_more_and_harms_nobody(broker: Broker, told: Told, caplog: Any) -> None:
    seen: list[watching.Seen] = []

    def bad(each: watching.Seen) -> None:
        seen.append(each)
        raise ZeroDivisionError("secret words")

    watching.watch(bad)
    with caplog.at_level(logging.INFO):
        broker.quote("005930")
        order = broker.buy("005930", 1, price=50_000)
    assert order.id
    assert len(seen) == 1
    (record,) = [each for each in caplog.records if getattr(each, "event", None) == "observer_failed"]
    assert (record.levelname, record.error) == ("ERROR", "ZeroDivisionError")
    assert "secret words" not in caplog.text
    assert told.sum("call.duration", effect="read") >= 1
    assert told.sum("order.attempts", state="ACKED") == 1


def test_an_exporter_that_fails_harms_nobody(broker: Broker) -> None:
    class Broken(InMemoryMetricReader):
        def _receive_metrics(self, *given: Any, **others: Any) -> None:
            raise OSError("the collector is gone")

    reader = Broken()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    instrument(provider)
    try:
        broker.quote("005930")
        with pytest.raises(OSError, match="collector"):
            reader.collect()
        assert broker.quote("005930").symbol == "005930"
    finally:
        uninstrument()


def test_what_happens_while_somebody_is_told_is_told_after_that() -> None:
    """A signal handler that calls finds its own thread amid a lock of whoever counts."""
    order: list[str] = []

    def counting(seen: watching.Seen) -> None:
        assert isinstance(seen, watching.Hurried)
        order.append(f"begin {seen.api}")
        if seen.api == "first":
            watching.tell(watching.Hurried("paper", "sandbox", "second"))
        order.append(f"end {seen.api}")

    watching.watch(counting)
    watching.tell(watching.Hurried("paper", "sandbox", "first"))
    watching.unwatch(counting)
    assert order == ["begin first", "end first", "begin second", "end second"]


def test_an_interrupt_amid_the_telling_silences_nobody_for_good() -> None:
    def interrupted(seen: watching.Seen) -> None:
        raise KeyboardInterrupt

    counted: list[watching.Seen] = []
    hurried = watching.Hurried("paper", "sandbox", "api")
    watching.watch(interrupted)
    with pytest.raises(KeyboardInterrupt):
        watching.tell(hurried)
    watching.unwatch(interrupted)
    watching.watch(counted.append)
    watching.tell(hurried)
    watching.unwatch(counted.append)
    assert counted == [hurried]


# What it costs who does not want it


SCRIPT = """
import sys
import brokerkit
from brokerkit import telemetry
with brokerkit.get_broker("kis", environment="sandbox") as broker:
    broker.quote("005930")
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


def test_nothing_of_opentelemetry_is_imported_before_somebody_asks() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=True)  # noqa: S603
    assert ran.stdout.strip() == "[]"


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    with pytest.raises(ConfigError, match="opentelemetry-api, which is not installed") as refused:
        instrument()
    assert "[otel]" in (refused.value.advice or "")
    assert watching.observers == ()
