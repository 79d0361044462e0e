"""`brokerkit doctor` about what processes and hosts share: who has the stream, and the Redis of a profile."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerkit.cli import exits, main
from brokerkit.doctor import locks, states
from brokerkit.doctor.examination import examine
from brokerkit.doctor.finding import Finding, State
from brokerkit.orders import journal
from brokerkit.sharing import store
from brokerkit.sharing.addresses import Address
from brokerkit.sharing.file_window import IS_SHARED
from brokerkit.sharing.hosts import program
from brokerkit.sharing.store import PREFIX
from brokerkit.sharing.usage import Meter
from brokerkit.stream.connection import key_of
from brokerkit.stream.holder import Holder
from brokerkit.transport.auth import cache_directory
from tests.hosts import THERE, keys_of, taken_by_another
from tests.redises import PASSWORD, RedisServer, needs_redis, redis_server
from tests.test_doctor import SECRETS, Setup, wrong
from tests.test_doctor import setup as setup  # a fixture

# The stream


def test_who_has_the_stream_is_told(setup: Setup) -> None:
    if not locks.are_told():
        pytest.skip("this system does not tell who holds a lock")
    setup.write("markets =", "allow_insecure_websocket = true\nmarkets =")

    def told() -> Finding:
        (found,) = [each for each in examine() if each.subject == "stream"]
        return found

    assert told().words == "no program of this host has the connection"
    with setup.broker() as broker:
        assert broker.adapter.feed is not None
        key = key_of(broker.adapter.feed)
        holder = Holder(key.broker, key.identity)
        assert holder.take()
        try:
            found = told()
            assert found.state is State.OK
            assert str(found.facts["process"]) in found.words
            assert "has the connection since" in found.words
        finally:
            holder.release()
    assert told().facts["process"] is None


@needs_redis
def test_who_has_the_stream_among_hosts_is_told(at_redis: Setup, server: RedisServer) -> None:
    at_redis.write("markets =", "allow_insecure_websocket = true\nmarkets =")
    with at_redis.broker() as broker:
        assert broker.adapter.feed is not None
        key = key_of(broker.adapter.feed)
    value = {"token": "never-shown-0001", "host": "beta", "process": 7, "program": "bot.py"}
    server.client().set(f"{PREFIX}stream:{key.broker}:{key.identity}", json.dumps(value))
    (found,) = [each for each in examine() if each.subject == "stream"]
    assert "no program of this host has the connection; among hosts" in found.words
    assert "beta" in found.words
    assert "never-shown-0001" not in str(found)


# The calls of the last minute


def told_of_calls() -> Finding:
    (found,) = [each for each in examine() if each.subject == "calls"]
    return found


@pytest.mark.skipif(not IS_SHARED, reason="processes of this system share no limits")
def test_who_called_in_the_last_minute_is_told(setup: Setup) -> None:
    assert told_of_calls().words == "0 of 1080 in the last minute"
    with setup.broker() as broker:
        meter = Meter(cache_directory("limits"), broker.client.owner)
    for is_order in (True, *[False] * 6):
        meter.count(is_order=is_order)
    meter.settle(at_once=True)
    found = told_of_calls()
    assert (found.state, found.facts["calls"], found.facts["orders"]) == (State.OK, 7, 1)
    assert found.words.startswith(f"7 of 1080 in the last minute: 7 by {program()} (process {os.getpid()})")
    setup.write("markets =", "max_calls_per_second = 2\nmarkets =")
    assert told_of_calls().facts["allowed"] == 120
    for _ in range(120):
        meter.count()
    meter.settle(at_once=True)
    assert (told_of_calls().state, "less often" in (told_of_calls().advice or "")) == (State.WARNING, True)
    setup.write("max_calls_per_second = 2", "max_calls_per_second = 20")
    assert told_of_calls().state is State.OK
    meter.count(was_too_fast=True)
    meter.settle(at_once=True)
    found = told_of_calls()
    assert (found.state, "the broker found 1 too fast" in found.words) == (State.WARNING, True)
    assert "lower max_calls_per_second of main" in (found.advice or "")


@needs_redis
@pytest.mark.skipif(not IS_SHARED, reason="processes of this system share no limits")
def test_who_called_on_other_hosts_is_told_too(at_redis: Setup, server: RedisServer) -> None:
    with at_redis.broker() as broker:
        owner = broker.client.owner
    told = {"host": "beta", "process": 7, "program": "bot.py", "seconds": [[int(time.time()), 5, 0, 0]]}
    server.client().hset(f"{PREFIX}usage:{owner}", "abc", json.dumps(told))
    assert "5 by bot.py (process 7)" in told_of_calls().words
    server.kill()
    assert told_of_calls().facts["calls"] == 0


# The Redis of a profile


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """Return a Redis that writes down what it holds."""
    with redis_server("--appendonly", "yes") as made:
        yield made


@pytest.fixture
def at_redis(setup: Setup, server: RedisServer) -> Setup:
    setup.set("MAIN_STATE", server.url())
    setup.write("markets =", 'state = { env = "MAIN_STATE" }\nmarkets =')
    return setup


def but_for_the_account() -> list[Finding]:
    """Examine all but who trades: nobody does yet."""
    return [each for each in examine() if each.subject != "account"]


def of_state(found: Iterator[Finding]) -> dict[str, Finding]:
    return {each.subject: each for each in found if each.subject.startswith("state") and each.profile}


@needs_redis
def test_a_sound_redis_is_told(at_redis: Setup, server: RedisServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert wrong(but_for_the_account()) == []
    found = of_state(examine())
    version = server.client().info()["redis_version"]
    assert f"redis://127.0.0.1:{server.port}/0 as default, Redis {version}, answers in" in found["state"].words
    assert found["state"].facts["eviction"] == "noeviction"
    assert found["state users"].words == "no program uses it at present"
    sign = {"host": "another", "name": "beta", "process": 7, "program": "bot.py"}
    server.client().set(f"{PREFIX}alive:12345", json.dumps(sign), px=60_000)
    server.client().set(f"{PREFIX}alive:12346", "no JSON", px=60_000)
    assert of_state(examine())["state users"].facts["hosts"] == [{"name": "beta", "programs": 1, "here": False}]
    assert main(["doctor", "--json"]) == exits.DONE
    assert PASSWORD not in "".join(capsys.readouterr())


@dataclasses.dataclass(frozen=True)
class Case:
    """How the Redis is broken, what is said of it, and how the advice is followed."""

    breaks: Callable[[Setup, RedisServer], object]
    subject: str
    state: str
    says: str
    advises: str
    mends: Callable[[Setup, RedisServer], object]


def with_user(setup: Setup, server: RedisServer) -> None:
    server.client().acl_setuser(
        "trader",
        enabled=True,
        passwords=["+trader-password-0007"],
        keys=[f"{PREFIX}*"],
        channels=[f"{PREFIX}*"],
        categories=["+@all", "-@admin"],
        commands=["-info"],
    )
    setup.set("MAIN_STATE", server.url("trader", "trader-password-0007"))


def config(name: str, value: str) -> Callable[[Setup, RedisServer], object]:
    return lambda _, server: server.client().config_set(name, value)


def filled(_: Setup, server: RedisServer) -> None:
    server.client().set("others:key", "x" * 30_000_000)
    used = server.client().info("memory")["used_memory"]
    server.client().config_set("maxmemory", int(used * 1.07))


CASES = {
    "it is down": Case(
        lambda _, server: server.kill(),
        *("state", "error", "orders are refused until then", "See that it runs and has room"),
        lambda _, server: server.start(),
    ),
    "it is down and orders go all the same": Case(
        lambda setup, server: (setup.write("markets =", 'orders_without_state = "send"\nmarkets ='), server.kill())[0],
        *("state", "error", "orders go by what this host knows alone", "See that it runs"),
        lambda _, server: server.start(),
    ),
    "the password is wrong": Case(
        lambda setup, server: setup.set("MAIN_STATE", server.url(password="no-such-password")),
        *("state", "error", "user or password is wrong", "Correct state in the profile"),
        lambda setup, server: setup.set("MAIN_STATE", server.url()),
    ),
    "it throws keys away": Case(
        config("maxmemory-policy", "allkeys-lru"),
        *("state", "error", "throws keys away when it is full (allkeys-lru)", "Set maxmemory-policy to noeviction"),
        config("maxmemory-policy", "noeviction"),
    ),
    "it writes nothing down": Case(
        config("appendonly", "no"),
        *("state on disk", "warning", "it writes nothing down", "CONFIG SET appendonly yes"),
        config("appendonly", "yes"),
    ),
    "it writes down from time to time": Case(
        lambda _, server: (server.client().config_set("appendonly", "no"), server.client().config_set("save", "60 1")),
        *("state on disk", "warning", "from time to time", "CONFIG SET appendonly yes"),
        config("appendonly", "yes"),
    ),
    "it fills up": Case(
        filled,
        *("state memory", "warning", "of its memory are in use", "Raise its maxmemory"),
        config("maxmemory", "0"),
    ),
    "it is full": Case(
        config("maxmemory", "1000"),
        *("state", "error", "it is full", "See that it runs and has room"),
        config("maxmemory", "0"),
    ),
    "its user may not know": Case(
        with_user,
        *("state memory", "unknown", "does not tell its user trader how full it is", "ACL SETUSER trader +info"),
        lambda _, server: server.client().execute_command("ACL", "SETUSER", "trader", "+info"),
    ),
}


@needs_redis
@pytest.mark.parametrize("name", CASES)
def test_a_broken_redis_is_told_and_its_advice_mends_it(
    name: str,
    at_redis: Setup,
    server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(store, "AGAIN_SECONDS", 0.0)
    case = CASES[name]
    case.breaks(at_redis, server)
    assert main(["doctor"]) == (exits.REFUSED if case.state == "error" else exits.DONE)
    shown = capsys.readouterr()
    found = of_state(examine())
    assert (found[case.subject].state.value, case.says in found[case.subject].words) == (case.state, True), found
    assert case.advises in (found[case.subject].advice or "")
    for secret in (*SECRETS, PASSWORD, "trader-password-0007", "no-such-password"):
        assert secret not in "".join((*shown, str(found), caplog.text))
    case.mends(at_redis, server)
    store._stores.clear()  # as the next run of the command begins
    journal._files.clear()
    assert wrong(but_for_the_account()) == []


@needs_redis
def test_a_kill_switch_of_all_hosts_is_told(at_redis: Setup, server: RedisServer) -> None:
    server.client().set(f"{PREFIX}halt", "2026-11-20 10:00:00 desk-there prices look wrong")
    found = of_state(examine())["state kill switch"]
    assert (found.state, "desk-there prices look wrong" in found.words) == (State.WARNING, True)
    assert "`brokerkit resume`" in (found.advice or "")
    assert main(["resume"]) == exits.DONE
    assert wrong(but_for_the_account()) == []


@needs_redis
def test_which_host_trades_is_told_and_another_one_takes_over_as_advised(at_redis: Setup, server: RedisServer) -> None:
    def told() -> list[Finding]:
        return [each for each in examine() if each.subject == "account"]

    (none,) = told()
    assert (none.state, none.facts["host"]) == (State.WARNING, None)
    assert "no host trades it yet, or the Redis has forgotten" in none.words
    assert "`brokerkit take-over main`" in (none.advice or "")
    with at_redis.broker() as broker:
        broker.take_over()
    (own,) = told()
    assert (own.state, own.facts["is_ours"]) == (State.OK, True)
    taken_by_another(server)
    (other,) = told()
    assert (other.state, f"{THERE} trades it since" in other.words) == (State.WARNING, True)
    assert "`brokerkit take-over main`" in (other.advice or "")
    (key,) = keys_of(server, "lease")
    sent = f"{'f' * 32} BUY 10 005930 at 70000, sent by {THERE}"
    server.client().hset(key.replace(b":lease:", b":pending:"), "01ABC", sent)
    _, pending = told()
    assert (pending.state, "BUY 10 005930 at 70000" in pending.words) == (State.ERROR, True)
    server.client().delete(key.replace(b":lease:", b":pending:"))
    assert main(["take-over", "main", "--yes"]) == exits.DONE
    assert wrong(list(examine())) == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (Address("127.0.0.1", 6379, 0, False, "default", None), []),
        (Address("::1", 6379, 0, False, "default", None), []),
        (Address("10.0.0.7", 6379, 0, False, "default", None), ["state TLS", "state user"]),
        (Address("10.0.0.7", 6379, 0, True, "default", None), ["state user"]),
    ],
)
def test_who_listens_on_the_way_is_told(address: Address, told: list[str]) -> None:
    assert [each.subject for each in states._line(address)] == told


@pytest.mark.parametrize(("ahead", "told"), [(0.2, "ok"), (5.0, "warning"), (-5.0, "warning")])
def test_clocks_of_hosts_that_differ_are_told(ahead: float, told: str) -> None:
    (found,) = states._clock(ahead)
    assert found.state.value == told
    assert ("behind" in found.words) is (ahead < 0)


def test_a_url_without_a_password_may_stand_in_the_file(setup: Setup, tmp_path: Path) -> None:
    setup.write("markets =", 'state = "redis://127.0.0.1:1/0"\nmarkets =')
    found = {each.subject: each.state.value for each in examine() if each.profile}
    assert (found["secrets"], found["state"]) == ("ok", "error")
    setup.write("redis://127", "redis://u:password-in-a-file@127")
    (secret,) = [each for each in examine() if each.subject == "secrets"]
    assert (secret.state.value, secret.words) == ("warning", "state stands in the file as text")
