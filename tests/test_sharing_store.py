"""One Redis that hosts share: how it is reached, what is wrong with it, what is held in it, and what its clock says."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import SecretStr

from brokerkit.config import Settings
from brokerkit.errors import ConfigError
from brokerkit.sandbox.certificate import make_certificate
from brokerkit.sharing import hosts, store
from brokerkit.sharing.addresses import read_address
from brokerkit.sharing.clocks import FarClock
from brokerkit.sharing.store import PREFIX, StateLost, Store, store_for
from tests.redises import PASSWORD, RedisServer, needs_redis, redis_server

pytestmark = needs_redis


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as made:
        yield made


@pytest.fixture
def shared(server: RedisServer) -> Store:
    return Store(read_address(server.state))


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


class Named(NamedTuple):
    """What of the settings names a Redis."""

    state: SecretStr | None
    ca_file: Path | None = None


# Where it is


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://cache", "redis://cache:6379/0"),
        ("rediss://trader:pa%2Fss@cache.example:6380/3", "rediss://cache.example:6380/3"),
        ("redis://:hunter22@[::1]:7000", "redis://[::1]:7000/0"),
    ],
)
def test_an_address_is_read_and_shown_without_what_is_secret(url: str, told: str) -> None:
    address = read_address(SecretStr(url))
    assert str(address) == told
    assert "hunter22" not in repr(address)
    assert "pa/ss" not in repr(address)


def test_a_password_may_have_any_character() -> None:
    address = read_address(SecretStr("rediss://trader:p%40s%2Fs@cache"))
    assert address.password is not None
    assert (address.user, address.password.get_secret_value()) == ("trader", "p@s/s")


@pytest.mark.parametrize(
    "url",
    [
        *("", "cache:6379", "http://cache", "redis://", "redis://cache/name", "redis://cache:99999"),
        *("redis://u:hunter22@cache?ssl_cert_reqs=none", "redis://u:hunter22@[cache", "redis://u:hunter22@cache:x/0"),
    ],
)
def test_what_names_no_redis_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="state names no Redis") as caught:
        read_address(SecretStr(url))
    assert "hunter22" not in f"{caught.value}{caught.value.advice}{caught.value.__context__!r}"


def test_settings_refuse_what_names_no_redis() -> None:
    with pytest.raises(ValueError, match="names no Redis") as caught:
        Settings(app_key="k", app_secret="s", state="ftp://u:hunter22@cache")
    assert "hunter22" not in str(caught.value)
    assert Settings(app_key="k", app_secret="s", state="redis://cache").orders_without_state == "refuse"


# What is asked


def test_a_command_is_given_and_answered(shared: Store) -> None:
    assert shared.do(lambda redis: redis.set(PREFIX + "a", "1")) is True
    assert shared.script("return redis.call('GET', KEYS[1])", ["a"]) == b"1"
    assert shared.script("return redis.call('GET', KEYS[1])", ["a"]) == b"1", "by its hash the second time"


def test_what_is_posted_is_done_before_what_is_asked_afterwards(shared: Store) -> None:
    for value in range(20):
        shared.post(lambda redis, value=value: redis.set(PREFIX + "b", value))  # type: ignore[misc]
    assert shared.do(lambda redis: redis.get(PREFIX + "b")) == b"19"


def test_all_in_a_process_that_name_a_redis_have_the_same(server: RedisServer) -> None:
    one, other = store_for(Named(server.state)), store_for(Named(SecretStr(server.url())))
    assert one is other is not None
    assert store_for(Named(SecretStr(server.url(password="another")))) is not one
    assert store_for(Named(None)) is None


def test_a_child_has_a_connection_of_its_own(server: RedisServer) -> None:
    before = store_for(Named(server.state))
    assert before is not None
    before.do(lambda redis: redis.set(PREFIX + "fork", "parent"))
    child = os.fork()
    if not child:
        after = store_for(Named(server.state))
        with suppress(Exception):
            if after is not None and after is not before:
                after.do(lambda redis: redis.set(PREFIX + "fork", "child"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert before.do(lambda redis: redis.get(PREFIX + "fork")) == b"child"


def test_nothing_shows_the_password(server: RedisServer, shared: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shared.do(lambda redis: redis.get(PREFIX + "a"))
    assert PASSWORD not in f"{shared!r}{shared.__dict__!r}{shared._client!r}{caplog.text}"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(shared)


# What is wrong with it


def wrong(url: str, ca_file: Path | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        Store(read_address(SecretStr(url)), ca_file).do(lambda redis: redis.get(PREFIX + "a"))
    assert caught.value.advice
    assert PASSWORD not in f"{caught.value}"
    return caught.value


def test_a_wrong_password_is_told_as_such(server: RedisServer) -> None:
    assert "user or password is wrong" in str(wrong(server.url(password="hunter22")))
    assert "user or password is wrong" in str(wrong(server.url(user="nobody")))
    assert "user or password is wrong" in str(wrong(f"redis://127.0.0.1:{server.port}/0"))


def test_a_redis_that_throws_keys_away_is_refused() -> None:
    with redis_server("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as server:
        assert "allkeys-lru" in str(wrong(server.url()))


def test_one_that_begins_to_throw_keys_away_is_noticed_and_the_switch_is_set_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "CHECK_SECONDS", 0.1)
    with redis_server() as server, server.client() as meddler:
        shared = Store(read_address(server.state))
        shared.do(lambda redis: None)
        meddler.config_set("maxmemory-policy", "allkeys-lru")
        until(lambda: shared.is_lost)
        with pytest.raises(ConfigError, match="allkeys-lru"):
            shared.do(lambda redis: None)
        shared.insist(lambda redis: redis.set(PREFIX + "halt", "now"))
        assert meddler.get(PREFIX + "halt") == b"now"
        meddler.config_set("maxmemory-policy", "noeviction")
        until(lambda: not shared.is_lost)


def test_who_insists_hears_what_is_wrong() -> None:
    with redis_server() as server:
        shared = Store(read_address(server.state))
        with pytest.raises(ZeroDivisionError):
            shared.insist(lambda redis: 1 // 0)
        with server.client() as meddler:
            meddler.client_kill_filter(_type="normal", skipme=True)
        assert shared.insist(lambda redis: redis.set(PREFIX + "halt", "now")) is True
    with pytest.raises(StateLost):
        shared.insist(lambda redis: redis.set(PREFIX + "halt", "now"))


def test_a_database_that_is_not_there_is_told_as_such(server: RedisServer) -> None:
    assert "no database of that number" in str(wrong(server.url().removesuffix("0") + "99"))


def test_a_redis_without_tls_is_doubted(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ANSWER_SECONDS", 0.5)
    shared = Store(read_address(SecretStr(server.url().replace("redis://", "rediss://"))))
    with pytest.raises(StateLost, match=r"TLS|SSL"):
        shared.do(lambda redis: None)


def test_an_old_redis_is_refused(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "OLDEST", (99, 0))
    with pytest.raises(ConfigError, match=r"99\.0 is the oldest"):
        shared.do(lambda redis: None)


ACCESS = f"trader on >{PASSWORD} ~{PREFIX}* &{PREFIX}* +@all -@admin -@dangerous +info"


def test_a_user_of_its_access_list_needs_what_the_page_says() -> None:
    with redis_server(users=[ACCESS, f"reader on >{PASSWORD} ~{PREFIX}* +@read +@connection +info"]) as server:
        good = Store(read_address(SecretStr(server.url("trader"))))
        assert good.take("lock", "mine") is None
        assert "may not do what is needed" in str(wrong(server.url("reader")))


def test_a_user_who_may_not_ask_is_warned_of_what_nobody_knows(caplog: pytest.LogCaptureFixture) -> None:
    with redis_server(users=[ACCESS.replace(" +info", "")]) as server:
        Store(read_address(SecretStr(server.url("trader")))).do(lambda redis: None)
    assert "does not tell whether it throws keys away" in caplog.text


def test_over_tls_the_certificate_is_checked(tmp_path: Path) -> None:
    certificate = tmp_path / "redis.pem"
    key = make_certificate(certificate)
    with redis_server(tls=(certificate, key)) as server:
        good = Store(read_address(server.state), certificate)
        assert good.do(lambda redis: redis.set(PREFIX + "a", "1")) is True
        assert "certificate" in str(wrong(server.url()))


def test_without_the_library_the_extra_is_named(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(ConfigError, match=r"\[redis\] extra"):
        shared.do(lambda redis: None)


# When it is lost


def test_one_that_is_gone_is_lost_and_found_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with redis_server() as server:
        shared = Store(read_address(server.state))
        shared.do(lambda redis: redis.set(PREFIX + "a", "1"))
        server.kill()
        with pytest.raises(StateLost):
            shared.do(lambda redis: redis.get(PREFIX + "a"))
        assert shared.is_lost
        server.start()
        until(lambda: not shared.is_lost)
        assert shared.do(lambda redis: redis.get(PREFIX + "a")) is None, "it has forgotten all"
        told = [record for record in caplog.records if f":{server.port}/" in record.message]
    assert [record.levelname for record in told] == ["WARNING", "INFO"]
    assert "is there again" in caplog.text


def test_a_line_that_was_closed_while_nobody_used_it_is_made_anew(server: RedisServer, shared: Store) -> None:
    shared.do(lambda redis: redis.get(PREFIX + "a"))
    with server.client() as meddler:
        meddler.client_kill_filter(_type="normal", skipme=True)
    assert shared.do(lambda redis: redis.set(PREFIX + "a", "2")) is True
    assert not shared.is_lost


def test_one_that_hangs_is_lost_for_a_moment(server: RedisServer, shared: Store) -> None:
    shared.do(lambda redis: None)
    with server.paused(), pytest.raises(StateLost, match="no answer"):
        shared.do(lambda redis: redis.get(PREFIX + "a"))
    until(lambda: not shared.is_lost)


def test_one_that_is_full_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_server("--maxmemory", "3mb") as server:
        shared = Store(read_address(server.state))
        shared.do(lambda redis: None)
        with server.client() as meddler:
            meddler.config_set("maxmemory", "1kb")
        with pytest.raises(StateLost, match="full"):
            shared.do(lambda redis: redis.set(PREFIX + "big", "x" * 1000))


def test_a_replica_is_lost_until_it_is_the_one_that_writes(server: RedisServer) -> None:
    with redis_server("--replicaof", "127.0.0.1", str(server.port), "--masterauth", PASSWORD) as replica:
        shared = Store(read_address(replica.state))
        with pytest.raises(StateLost):
            shared.do(lambda redis: redis.set(PREFIX + "c", "1"))
        with replica.client() as meddler:
            meddler.replicaof("NO", "ONE")
        until(lambda: not shared.is_lost)
        assert shared.do(lambda redis: redis.set(PREFIX + "c", "1")) is True


# What is held


def test_a_key_has_one_holder(server: RedisServer, shared: Store) -> None:
    other = Store(shared.address)
    assert shared.take("lock", "one") is None
    assert shared.take("lock", "one") is None, "what it has it may take again"
    assert other.take("lock", "other") == "one"
    assert (shared.holds("lock"), other.holds("lock")) == (True, False)
    shared.let_go("lock")
    until(lambda: other.take("lock", "other") is None)
    other.let_go("lock")


def test_a_holder_keeps_it_for_as_long_as_it_lives(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Store(shared.address)
    assert shared.take("long", "one", 1.0) is None
    time.sleep(1.5)
    assert other.take("long", "other") == "one", "it is renewed"
    monkeypatch.setattr(shared, "_again_at", float("inf"))  # it gives no sign of life any more
    until(lambda: other.take("long", "other") is None)
    monkeypatch.undo()
    until(lambda: not shared.holds("long"))


def test_who_is_alive_is_told(shared: Store) -> None:
    other = Store(shared.address)
    other.do(lambda redis: None)
    assert shared.are_alive({shared.holder, other.holder, 5}) == {shared.holder, other.holder}
    assert shared.are_alive(set()) == set()


# Its clock, and this host


def test_the_clock_is_that_of_redis(server: RedisServer, shared: Store) -> None:
    with server.client() as meddler:
        seconds, micros = meddler.time()
        assert shared.now() == pytest.approx(seconds + micros / 1e6, abs=5.0)


def test_a_clock_that_is_set_is_noticed() -> None:
    clock = FarClock()
    clock.note(10.0, 10.2, 1000.0)
    clock.note(11.0, 11.002, 1000.9)  # as it should be, and better known
    assert clock.jumps == 0
    clock.note(12.0, 12.002, 1005.0)
    assert clock.jumps == 1
    clock.note(12.1, 13.1, 1005.4)  # an answer that took long tells nothing new
    assert clock._ahead == pytest.approx(1005.0 - 12.001)


def test_a_host_has_one_id_whoever_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hosts.host_id()
    assert one == hosts.host_id()
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "another"))
    assert hosts.host_id() != one


def test_a_copy_of_the_state_folder_is_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = hosts.host_id()
    assert not caplog.records
    shutil.copytree(tmp_path / "state", tmp_path / "copy")
    (tmp_path / "copy").chmod(0o700)
    with monkeypatch.context() as patch:
        patch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "copy"))
        another = hosts.host_id()
        assert another not in (one, "")
        assert hosts.host_id() == another
    (told,) = caplog.records
    assert "was copied" in told.message
    assert hosts.host_id() == one
    monkeypatch.setattr(hosts.socket, "gethostname", lambda: "clone")
    assert hosts.host_id() not in (one, another)


def test_a_process_without_an_id_of_its_host_gives_signs_of_life_all_the_same(
    server: RedisServer, shared: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "file"))
    other = Store(shared.address)
    assert other.do(lambda redis: True)
    assert other.holder in shared.are_alive({other.holder})
    assert other.sign == other.sign
    with pytest.raises(ConfigError, match="no folder"):
        _ = other.host


@pytest.mark.parametrize("content", ["", "short", "\u00e9" * 16])
def test_an_id_that_is_cut_is_not_used(tmp_path: Path, content: str) -> None:
    hosts.host_id()
    (made,) = (tmp_path / "state").glob("host-*")
    made.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="remove it"):
        hosts.host_id()


def test_a_host_whose_folder_cannot_be_used_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="no folder"):
        hosts.host_id()
