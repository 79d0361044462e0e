"""One token for all processes of a host, and for all hosts that share a Redis, whoever dies or stands still."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import SlidingWindow
from tests.callers import Caller, Counter, Host
from tests.redises import RedisServer, needs_redis

BROKERS = ("kis", "kiwoom")
SHARED = pytest.param(True, marks=needs_redis, id="two hosts")
ALONE = pytest.param(False, id="one host")


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    for name in ("BROKERKIT_CONFIG", "BROKERKIT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with Sandbox() as sandbox:
        for name in BROKERS:
            sandbox.face(name).window = SlidingWindow(10**9)
        yield sandbox


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(params=[ALONE, SHARED])
def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Host]]:
    """Return one host, or two that share a Redis."""
    if not request.param:
        yield [Host(tmp_path / "one")]
        return
    with RedisServer() as server:
        yield [Host(tmp_path / name, server.url()) for name in ("one", "two")]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as entered:
        yield entered


def callers(stack: ExitStack, box: Sandbox, broker: str, hosts: list[Host], count: int, **named: Any) -> list[Caller]:
    """Return so many processes, on each host in turn."""
    return [stack.enter_context(Caller(box, broker, hosts[at % len(hosts)], **named)) for at in range(count)]


def prices(those: list[Caller]) -> set[Any]:
    """Let all ask at once, and return their different answers."""
    for each in those:
        each.ask()
    return {each.hear() for each in those}


@pytest.mark.slow
@pytest.mark.parametrize("broker", BROKERS)
def test_sixteen_cold_starts_take_one_token(broker: str, box: Sandbox, hosts: list[Host], stack: ExitStack) -> None:
    counter = Counter(box, broker)
    (price,) = prices(callers(stack, box, broker, hosts, 16))
    assert price.isdigit()
    assert counter.asked == 1


@pytest.mark.parametrize("broker", BROKERS)
def test_where_the_one_who_asks_is_killed_one_other_asks(
    broker: str, box: Sandbox, hosts: list[Host], stack: ExitStack
) -> None:
    counter = Counter(box, broker)
    counter.held = {1}
    first, *others = callers(stack, box, broker, hosts, 8)
    first.ask()
    assert counter.came.acquire(timeout=60)
    for each in others:
        each.ask()
    first.process.kill()
    (price,) = {each.hear() for each in others}
    counter.goes.set()
    assert price.isdigit()
    assert counter.asked == 2


@pytest.mark.parametrize("broker", BROKERS)
def test_a_token_that_the_broker_ended_early_is_replaced_once_for_all(
    broker: str, box: Sandbox, hosts: list[Host], stack: ExitStack
) -> None:
    counter = Counter(box, broker)
    those = callers(stack, box, broker, hosts, 8, interval=0.0)
    assert len(prices(those)) == 1
    assert counter.asked == 1
    box.face(broker).kill_tokens()
    (price,) = prices(those)
    assert price.isdigit()
    assert counter.asked == 2


@pytest.mark.parametrize("broker", BROKERS)
def test_a_process_that_stands_still_while_it_asks_is_named_to_those_of_its_host(
    broker: str, box: Sandbox, tmp_path: Path, stack: ExitStack
) -> None:
    counter = Counter(box, broker)
    counter.held = {1}
    first, second = callers(stack, box, broker, [Host(tmp_path / "one")], 2, patience=0.5)
    first.ask()
    assert counter.came.acquire(timeout=60)
    first.process.send_signal(signal.SIGSTOP)
    assert "holds the token lock" in second.price()
    first.process.send_signal(signal.SIGCONT)
    counter.goes.set()
    assert first.hear() == second.price()
    assert counter.asked == 1


@needs_redis
@pytest.mark.parametrize("broker", BROKERS)
def test_hosts_do_not_wait_for_a_process_that_stands_still_and_it_overwrites_nothing(
    broker: str, box: Sandbox, redis: RedisServer, tmp_path: Path, stack: ExitStack
) -> None:
    counter = Counter(box, broker)
    counter.held = {1}
    hosts = [Host(tmp_path / name, redis.url()) for name in ("one", "two")]
    first, *others = callers(stack, box, broker, hosts, 4)
    first.ask()
    assert counter.came.acquire(timeout=60)
    first.process.send_signal(signal.SIGSTOP)
    assert len(prices(others)) == 1
    assert counter.asked == 2
    kept = fence(redis)
    counter.goes.set()
    first.process.send_signal(signal.SIGCONT)
    assert first.hear().isdigit()
    assert fence(redis) == kept
    assert len(prices([first, *others])) == 1
    assert counter.asked == 2
    assert len({token_of(host) for host in hosts}) == 1


@needs_redis
def test_clocks_of_hosts_that_differ_change_nothing(
    box: Sandbox, redis: RedisServer, tmp_path: Path, stack: ExitStack
) -> None:
    counter = Counter(box, "kis", minute=60.0)
    hosts = [Host(tmp_path / str(ahead), redis.url(), ahead=ahead) for ahead in (-5, 0, 5)]
    those = callers(stack, box, "kis", hosts, 6)
    assert len(prices(those)) == 1
    assert counter.asked == 1
    assert those[0].revoke() is True
    refused = prices(those)
    assert all("EGW00133" in answer for answer in refused), refused
    assert counter.asked == 2  # it was refused once, and each host knows until when


@needs_redis
@pytest.mark.parametrize("broker", BROKERS)
def test_a_host_with_another_secret_takes_nothing_from_the_others(
    broker: str, box: Sandbox, redis: RedisServer, tmp_path: Path, stack: ExitStack
) -> None:
    counter = Counter(box, broker)
    right, wrong = Host(tmp_path / "one", redis.url()), Host(tmp_path / "two", redis.url(), secret="SANDBOX-another")
    first, second = callers(stack, box, broker, [right, wrong], 2)
    assert first.price().isdigit()
    assert second.price().startswith("AuthError")
    (again,) = callers(stack, box, broker, [right], 1)
    assert again.price().isdigit()
    assert counter.asked == 2
    assert not list(wrong.tokens.glob("*.json"))


@needs_redis
@pytest.mark.parametrize("broker", BROKERS)
def test_without_redis_each_host_has_a_token_of_its_own_until_it_is_there_again(
    broker: str, box: Sandbox, redis: RedisServer, tmp_path: Path, stack: ExitStack
) -> None:
    counter = Counter(box, broker)
    hosts = [Host(tmp_path / name, redis.url()) for name in ("one", "two")]
    redis.kill()
    those = callers(stack, box, broker, hosts, 6)
    assert len(prices(those)) == 1
    assert counter.asked == len(hosts)
    assert all("this host's own until Redis is there again" in each.complaints.read_text() for each in those[:2])
    redis.start()
    until = time.monotonic() + 60
    while time.monotonic() < until and not fence(redis):
        assert len(prices(those)) == 1
    assert fence(redis)
    (late,) = callers(stack, box, broker, hosts[1:], 1)
    assert late.price().isdigit()
    assert counter.asked == len(hosts)


@needs_redis
@pytest.mark.parametrize("broker", BROKERS)
def test_a_token_that_was_asked_for_as_redis_died_is_this_hosts_and_then_everybodys(
    broker: str, box: Sandbox, redis: RedisServer, tmp_path: Path, stack: ExitStack
) -> None:
    counter = Counter(box, broker)
    counter.held = {1}
    hosts = [Host(tmp_path / name, redis.url()) for name in ("one", "two")]
    first, other, neighbour = callers(stack, box, broker, hosts, 3)
    first.ask()
    assert counter.came.acquire(timeout=60)
    redis.kill()
    neighbour.ask()
    counter.goes.set()
    assert first.hear() == neighbour.hear()
    assert counter.asked == 1
    redis.start()
    until = time.monotonic() + 60
    while time.monotonic() < until and not fence(redis):
        assert len(prices([first, neighbour])) == 1
    assert other.price().isdigit()
    assert counter.asked == 1


def fence(redis: RedisServer) -> bytes | None:
    """Return the number of who wrote the token last."""
    client = redis.client()
    (found,) = {client.hget(key, "fence") for key in client.scan_iter("brokerkit:1:token:*", _type="hash")} or {None}
    return found


def token_of(host: Host) -> str:
    """Return the token in a host's own file."""
    (path,) = host.tokens.glob("*.json")
    return str(json.loads(path.read_text())["token"])
