"""Hosts that share the connection of a key through a real Redis; a host is a cache and a state folder of its own."""

from __future__ import annotations

import signal
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from brokerkit.sharing.store import PREFIX
from tests.paper import SECRET, PaperBroker
from tests.redises import RedisServer, needs_redis
from tests.sharers import Sharer

pytestmark = needs_redis
OPENED = f"open {SECRET}"


@pytest.fixture
def broker() -> Iterator[PaperBroker]:
    with PaperBroker() as made:
        yield made


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def on(broker: PaperBroker, redis: RedisServer, tmp_path: Path) -> Iterator[Callable[..., Sharer]]:
    """Start a program on a host."""
    with ExitStack() as stack:

        def started(host: str, **named: object) -> Sharer:
            (tmp_path / host).mkdir(exist_ok=True)
            given = {"state": redis.url(), **named}
            return stack.enter_context(Sharer(broker.url, tmp_path / host, **given))

        yield started


ACCESS = "trader on >trader-password-0009 ~brokerkit:1:* &brokerkit:1:* +@all -@admin -@dangerous +info"
"""What the page about several machines says."""


def is_whole(sharer: Sharer) -> bool:
    return any(gap[1] for gap in sharer.gaps)


def test_two_hosts_have_one_connection_and_the_same_events(broker: PaperBroker, on: Callable[..., Sharer]) -> None:
    here, there, also_there = on("a").follow("A"), on("b").follow("A", "B"), on("b").follow("B", "C")
    assert broker.received == [OPENED, "+ TK A", "+ TK B", "+ TK C"]
    broker.say(*(f". TK {'ABC'[number % 3]} {number}" for number in range(300)))
    for sharer, letters in ((here, "A"), (there, "AB"), (also_there, "BC")):
        wanted = [number for number in range(300) if "ABC"[number % 3] in letters]
        sharer.wait(lambda sharer, wanted=wanted: len(sharer.prices) == len(wanted))
        assert sharer.prices == wanted
        assert sharer.gaps == []
    assert len(broker.connections) == 1
    assert also_there.does("ask", "? list", "list") == ["answer", "lists"]
    assert also_there.does("follow", "D", "E", "F")[:2] == ["raised", "InvalidRequest"]
    also_there.does("unfollow", "C")
    broker.wait(lambda broker: "- TK C" in broker.received)


def test_a_user_with_few_rights_is_enough(broker: PaperBroker, tmp_path: Path) -> None:
    with RedisServer(users=[ACCESS]) as redis, ExitStack() as stack:
        url = redis.url("trader", "trader-password-0009")
        here, there = (stack.enter_context(Sharer(broker.url, tmp_path / host, state=url)) for host in "ab")
        here.follow("A")
        there.follow("A")
        broker.say(". TK A 1")
        for each in (here, there):
            each.wait(lambda each: each.prices == [1])
        assert len(broker.connections) == 1


def test_a_cut_of_the_line_is_a_gap_on_every_host(broker: PaperBroker, on: Callable[..., Sharer]) -> None:
    on("a").follow("A")
    there, also_there = on("b").follow("A", "orders"), on("b").follow("A", "orders")
    broker.cut()
    for each in (there, also_there):
        each.wait(lambda each: {topic for gap in each.gaps if gap[1] for topic in gap[2]} >= {"ORDERS"})
        each.wait(lambda each: any("TRADES" in topic for gap in each.gaps if gap[1] for topic in gap[2]))
    broker.say(". TK A 1", ". O me 2")
    for each in (there, also_there):
        assert each.wait(lambda each: len(each.prices) == 2).prices == [1, 2]


def test_when_a_host_dies_the_next_one_takes_over(broker: PaperBroker, on: Callable[..., Sharer]) -> None:
    first = on("a").follow("A")
    others = [on("b").follow("A"), on("b").follow("A"), on("c").follow("A")]
    begun = time.monotonic()
    first.kill()
    for other in others:
        other.wait(is_whole)
    print(f"taken over within {time.monotonic() - begun:.2f} s")
    assert broker.received.count(OPENED) == 2
    broker.say(". TK A 1")
    for other in others:
        other.wait(lambda other: other.prices == [1])
    assert len(broker.connections) == 1


def test_when_a_host_closes_the_next_one_takes_over(broker: PaperBroker, on: Callable[..., Sharer]) -> None:
    first, other = on("a").follow("A"), on("b").follow("A")
    first.does("close")
    other.wait(is_whole)
    broker.say(". TK A 1")
    other.wait(lambda other: other.prices == [1])
    assert broker.received.count(OPENED) == 2


def test_within_the_host_that_has_it_the_next_process_takes_over(
    broker: PaperBroker, on: Callable[..., Sharer]
) -> None:
    first, second, other = on("a").follow("A"), on("a").follow("A"), on("b").follow("A")
    first.kill()
    for each in (second, other):
        each.wait(is_whole)
    broker.say(". TK A 1")
    for each in (second, other):
        each.wait(lambda each: each.prices == [1])
    assert len(broker.connections) == 1


def test_who_has_the_line_goes_on_while_redis_is_gone_and_others_come_back_with_it(
    broker: PaperBroker, redis: RedisServer, on: Callable[..., Sharer]
) -> None:
    here, there = on("a").follow("A"), on("b", outage=0.1).follow("A")
    redis.kill()
    there.wait(lambda there: there.gaps)
    broker.say(". TK A 1")
    here.wait(lambda here: here.prices == [1])
    late = on("c")
    kind, name, words = late.does("follow", "A")
    assert (kind, name) == ("raised", "NetworkError")
    assert words.startswith("Whether another host has the connection of this key is not known")
    assert "probe-redis-password" not in words
    redis.start()  # it has forgotten everything
    there.wait(is_whole)
    broker.say(". TK A 2")
    there.wait(lambda there: there.prices == [2])
    here.wait(lambda here: here.prices == [1, 2])
    assert here.gaps == []
    assert broker.received.count(OPENED) == 1, "two connections would throw each other out"


def test_a_host_that_is_overtaken_gives_its_line_up(
    broker: PaperBroker, redis: RedisServer, on: Callable[..., Sharer]
) -> None:
    here = on("a").follow("A")
    client = redis.client()
    (key,) = client.keys(f"{PREFIX}stream:*")
    client.set(key, '{"token": "00", "host": "elsewhere", "process": 7, "program": "x"}', px=3000)
    broker.wait(lambda broker: not broker.connections)
    client.close()
    here.wait(is_whole)  # that one gives no sign of life
    assert len(broker.connections) == 1
    broker.say(". TK A 1")
    here.wait(lambda here: here.prices == [1])


def test_a_host_that_slept_and_was_overtaken_is_served_when_it_wakes(
    broker: PaperBroker, on: Callable[..., Sharer]
) -> None:
    first, other = on("a").follow("A"), on("b").follow("A")
    first.send(signal.SIGSTOP)
    broker.wait(lambda broker: broker.received.count(OPENED) == 2)
    other.wait(is_whole)
    broker.connections[0].send("taken by another login")
    first.send(signal.SIGCONT)
    first.wait(is_whole)
    assert first.failures == []
    broker.wait(lambda broker: len(broker.connections) == 1)
    broker.say(". TK A 1")
    for each in (first, other):
        each.wait(lambda each: each.prices == [1])
    assert broker.received.count(OPENED) == 2


def test_a_program_that_knows_no_redis_and_takes_the_line_is_told(
    broker: PaperBroker, on: Callable[..., Sharer]
) -> None:
    first, other = on("a").follow("A"), on("b").follow("A")
    broker.say("taken by another login")
    for each in (first, other):
        each.wait(lambda each: each.failures)
        assert each.failures == [["KeyInUse", "by another login"]]
    broker.wait(lambda broker: not broker.connections)
    assert broker.received.count(OPENED) == 1, "two programs would take it from each other for ever"


def test_a_redis_that_hangs_for_a_while_costs_a_gap_and_no_second_connection(
    broker: PaperBroker, redis: RedisServer, on: Callable[..., Sharer]
) -> None:
    here, there = on("a").follow("A"), on("b", outage=0.1).follow("A")
    with redis.paused():
        there.wait(lambda there: there.gaps)
        time.sleep(2)  # by then nobody has the right any more
    there.wait(is_whole)
    broker.say(". TK A 1")
    for each in (here, there):
        each.wait(lambda each: each.prices == [1])
    assert here.gaps == []
    assert broker.received.count(OPENED) == 1


@pytest.mark.parametrize("garbage", [b"x", b"\xff" * 100, struct.pack(">16scQ", b"0" * 16, b"D", 0) + b"garbage"])
def test_garbage_on_a_channel_ends_the_line_that_it_is_on_and_that_heals(
    broker: PaperBroker, redis: RedisServer, on: Callable[..., Sharer], garbage: bytes
) -> None:
    here, there = on("a").follow("A"), on("b").follow("A")
    client = redis.client()
    channels = client.pubsub_channels(f"{PREFIX}stream:*")
    assert len(channels) == 2
    for channel in channels:
        client.publish(channel, garbage)
    client.close()
    there.wait(is_whole)
    broker.say(". TK A 1")
    for each in (here, there):
        each.wait(lambda each: each.prices == [1])
    assert here.gaps == []
    assert broker.received.count(OPENED) == 1


def test_a_host_that_does_not_answer_is_named(
    broker: PaperBroker, redis: RedisServer, on: Callable[..., Sharer]
) -> None:
    first = on("a").follow("A")
    client = redis.client()
    (key,) = client.keys(f"{PREFIX}stream:*")
    first.does("close")
    client.set(key, '{"token": "00", "host": "elsewhere", "process": 7, "program": "x.py"}')
    client.close()
    kind, name, words = on("b").does("follow", "A")
    assert (kind, name) == ("raised", "KeyInUse")
    assert words.startswith("Process 7 (x.py) of elsewhere has the one connection")
    assert broker.received.count(OPENED) == 1
