"""The token that hosts share: sealed in Redis, written in the order of locks, and safe from interrupts."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_core import PydanticSerializationError

from brokerkit import clock
from brokerkit.config import Settings
from brokerkit.errors import AuthError, ConfigError, RateLimited
from brokerkit.sharing import store as stores
from brokerkit.transport import Token, auth, redis_shelf, shelves
from brokerkit.transport.auth import TokenCache
from brokerkit.transport.redis_shelf import RedisShelf, shelf_for
from brokerkit.transport.shelves import FileShelf
from tests.redises import RedisServer, needs_redis
from tests.servers import APP_KEY, APP_SECRET, new_token

pytestmark = needs_redis
OF_BROKER = "probe-token-of-the-broker-0004"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def redis(server: RedisServer) -> Iterator[RedisServer]:
    """Return an empty Redis that runs."""
    server.client().flushall()
    yield server
    stores._stores.clear()


class Desk:
    """Issues tokens and counts them."""

    def __init__(self, **values: Any) -> None:
        self.issued = 0
        self.values = values

    def __call__(self) -> Token:
        self.issued += 1
        return new_token(f"token-{self.issued}", **self.values)


def shelf(redis: RedisServer, folder: Path, *, secret: str = APP_SECRET) -> RedisShelf:
    """Return the shelf of a host that has this folder."""
    settings = Settings(app_key=SecretStr(APP_KEY), app_secret=SecretStr(secret), state=redis.state)
    made = shelf_for(folder / "tokens" / "probe.json", "me", settings)
    assert isinstance(made, RedisShelf)
    return made


def cache(redis: RedisServer, folder: Path, **given: Any) -> TokenCache:
    named = {name: given.pop(name) for name in ("minimum_interval", "too_soon") if name in given}
    return TokenCache(shelf(redis, folder, **given), **named)


def value(secret: SecretStr) -> str:
    return secret.get_secret_value()


def everything(redis: RedisServer) -> bytes:
    """Return all that lies in a Redis."""
    client = redis.client()
    return b"".join(key + b" " + (client.dump(key) or b"") for key in client.scan_iter())


def test_hosts_share_one_token(redis: RedisServer, tmp_path: Path) -> None:
    desk = Desk()
    caches = [cache(redis, tmp_path / name) for name in "abc"]
    assert [value(each.get(desk)) for each in caches * 2] == ["token-1"] * 6
    assert desk.issued == 1


def test_who_reads_redis_learns_nothing(redis: RedisServer, tmp_path: Path) -> None:
    cache(redis, tmp_path / "a").get(lambda: new_token(OF_BROKER))
    lying = everything(redis)
    assert b"token:me:" in lying
    for secret in (OF_BROKER, APP_KEY, APP_SECRET):
        assert secret.encode() not in lying


def test_nobody_can_plant_a_token(redis: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    cache(redis, tmp_path / "a").get(desk)
    (key,) = (key for key in redis.client().keys("brokerkit:1:token:*") if redis.client().type(key) == b"hash")
    redis.client().hset(key, "sealed", b'{"identity": "me", "token": "planted"}')
    assert value(cache(redis, tmp_path / "b").get(desk)) == "token-2"
    assert "is damaged and will be replaced" in caplog.text


def test_what_was_sealed_for_one_write_cannot_pass_for_a_later_one(redis: RedisServer, tmp_path: Path) -> None:
    desk = Desk()
    cache(redis, tmp_path / "a").get(desk)
    (key,) = (key for key in redis.client().keys("brokerkit:1:token:*") if redis.client().type(key) == b"hash")
    redis.client().hincrby(key, "fence", 1)
    assert value(cache(redis, tmp_path / "b").get(desk)) == "token-2"


def test_another_secret_has_a_token_of_its_own(redis: RedisServer, tmp_path: Path) -> None:
    """Whether it is a wrong one the broker says; the token of the others is neither read nor overwritten."""
    right, wrong = cache(redis, tmp_path / "a"), cache(redis, tmp_path / "b", secret="another-secret-of-this-key")
    desk = Desk()
    assert [value(each.get(desk)) for each in (right, wrong, right, wrong)] == ["token-1", "token-2"] * 2
    wrong.take()
    assert value(cache(redis, tmp_path / "c").get(desk)) == "token-1"


def test_who_comes_late_overwrites_nothing(redis: RedisServer, tmp_path: Path) -> None:
    late, other = shelf(redis, tmp_path / "a"), shelf(redis, tmp_path / "b")
    with late.locked():
        fence = late._fence
    with other.locked():
        other.write(new_token("newer"))
    late._fence = fence
    assert value(late.write(new_token("older")).value) == "newer"
    assert [token and value(token.value) for token in (late.glance(), other.glance())] == ["newer", "newer"]


def test_the_numbers_of_locks_rise_though_redis_forgot_everything(redis: RedisServer, tmp_path: Path) -> None:
    one = shelf(redis, tmp_path / "a")
    seen = []
    for _ in range(3):
        with one.locked():
            seen.append(int(one._fence or 0))
        redis.client().flushall()
    assert seen == sorted(set(seen))


def test_a_redis_that_forgot_everything_gets_the_token_of_a_host_back(redis: RedisServer, tmp_path: Path) -> None:
    desk = Desk()
    one = cache(redis, tmp_path / "a")
    one.get(desk)
    redis.client().flushall()
    monotonic = redis_shelf.time.monotonic()
    assert value(one.get(desk)) == "token-1"
    while redis_shelf.time.monotonic() - monotonic < 60 and not redis.client().keys("brokerkit:1:token:me:*"):
        one.get(desk)
    assert value(cache(redis, tmp_path / "b").get(desk)) == "token-1"
    assert desk.issued == 1


def test_a_token_that_was_taken_away_is_gone_for_all_hosts(redis: RedisServer, tmp_path: Path) -> None:
    desk = Desk()
    one, two = cache(redis, tmp_path / "a"), cache(redis, tmp_path / "b")
    one.get(desk)
    two.get(desk)
    taken = one.take()
    assert taken is not None
    assert cache(redis, tmp_path / "b").kept() is None
    assert value(cache(redis, tmp_path / "a").get(desk)) == "token-2"
    assert value(two.renew(taken.value, desk)) == "token-2"


def test_a_refusal_is_known_to_all_hosts(redis: RedisServer, tmp_path: Path) -> None:
    asked = []

    def refuse() -> Token:
        asked.append(None)
        raise RateLimited("one a minute", code="E133")

    for name in "abc":
        kept = cache(redis, tmp_path / name, minimum_interval=60, too_soon="E133")
        with pytest.raises(RateLimited) as caught:
            kept.get(refuse)
        assert caught.value.code == "E133"
        assert str(caught.value.advice).startswith("A token can be had in ")
    assert len(asked) == 1
    with pytest.raises(RateLimited, match="so none is asked for yet"):
        kept.get(refuse)


@pytest.mark.parametrize("ahead", [-5, 5])
def test_the_age_of_a_token_is_the_same_on_hosts_whose_clocks_differ(
    ahead: float, redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(age=20)
    first = cache(redis, tmp_path / "a", minimum_interval=60).get(desk)
    now = clock.now
    monkeypatch.setattr("brokerkit.clock.now", lambda: now() + dt.timedelta(seconds=ahead))
    other = cache(redis, tmp_path / "b", minimum_interval=60)
    with pytest.raises(AuthError, match=r"issued 2[01] s ago"):
        other.renew(first, desk)
    assert desk.issued == 1


def test_without_redis_a_host_goes_on_alone_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, redis: RedisServer
) -> None:
    with RedisServer() as gone:
        gone.kill()
        desk = Desk()
        for _ in range(3):
            one = cache(gone, tmp_path / "a")
            assert [value(one.get(desk)) for _ in range(3)] == ["token-1"] * 3
        assert desk.issued == 1
        assert value(one.renew(SecretStr("token-1"), desk)) == "token-2"
        assert caplog.text.count("The access token is this host's own until Redis is there again") == 2
        stores._stores.clear()


def test_what_was_issued_without_redis_is_shared_when_it_is_there_again(tmp_path: Path) -> None:
    desk = Desk()
    with RedisServer() as server:
        one = cache(server, tmp_path / "a")
        one.get(desk)
        server.kill()
        assert value(one.renew(SecretStr("token-1"), desk)) == "token-2"
        server.start()
        until = redis_shelf.time.monotonic() + 60
        while not server.client().keys("brokerkit:1:token:me:*") and redis_shelf.time.monotonic() < until:
            assert value(one.get(desk)) == "token-2"
        assert value(cache(server, tmp_path / "b").get(desk)) == "token-2"
        assert desk.issued == 2
        stores._stores.clear()


def test_a_newer_token_of_all_hosts_goes_before_one_that_a_host_got_alone(redis: RedisServer, tmp_path: Path) -> None:
    desk = Desk()
    own = FileShelf(tmp_path / "a" / "tokens" / "probe.json", "me")
    own.write(new_token("alone", age=30))
    assert value(cache(redis, tmp_path / "b").get(desk)) == "token-1"
    assert value(cache(redis, tmp_path / "a").get(desk)) == "token-1"
    own.write(new_token("later"))
    assert [value(cache(redis, tmp_path / name).get(desk)) for name in "ab"] == ["later", "later"]


def test_a_redis_that_is_lost_while_the_broker_is_asked_gets_the_token_later(tmp_path: Path) -> None:
    desk = Desk()
    with RedisServer() as server:
        one = cache(server, tmp_path / "a")

        def issue() -> Token:
            server.kill()
            return desk()

        assert value(one.get(issue)) == "token-1"
        assert value(cache(server, tmp_path / "a").get(desk)) == "token-1"
        server.start()
        until = redis_shelf.time.monotonic() + 60
        while not server.client().keys("brokerkit:1:token:me:*") and redis_shelf.time.monotonic() < until:
            assert value(one.get(desk)) == "token-1"
        assert value(cache(server, tmp_path / "b").get(desk)) == "token-1"
        assert desk.issued == 1
        stores._stores.clear()


def test_a_redis_that_hangs_or_is_full_stops_nobody_who_has_a_token(tmp_path: Path) -> None:
    desk = Desk()
    with RedisServer() as server:
        one = cache(server, tmp_path / "a")
        one.get(desk)
        with server.paused():
            one._shelf._compared_at = float("-inf")  # type: ignore[union-attr]
            assert [value(one.get(desk)) for _ in range(3)] == ["token-1"] * 3
            assert value(cache(server, tmp_path / "a").get(desk)) == "token-1"
        server.client().config_set("maxmemory", 1)
        assert value(one.get(desk)) == "token-1"
        assert value(cache(server, tmp_path / "a").get(desk)) == "token-1"
        assert desk.issued == 1
        assert value(one.renew(SecretStr("token-1"), desk)) == "token-2"
        assert value(cache(server, tmp_path / "a").get(desk)) == "token-2"
        stores._stores.clear()


FORKED = """
import os, sys
from pathlib import Path
from pydantic import SecretStr
from brokerkit.config import Settings
from brokerkit.transport.auth import TokenCache
from brokerkit.transport.redis_shelf import shelf_for
from tests.servers import new_token
settings = Settings(app_key=SecretStr("key"), app_secret=SecretStr("secret"), state=SecretStr(sys.argv[1]))
kept = TokenCache(shelf_for(Path(sys.argv[2]), "me", settings))
first = kept.get(lambda: new_token("first"))
child = os.fork()
if child == 0:
    good = kept.get(lambda: new_token("second")) == first
    good = good and kept.renew(first, lambda: new_token("third")).get_secret_value() == "third"
    os._exit(0 if good else 1)
_, status = os.waitpid(child, 0)
good = kept.renew(first, lambda: new_token("fourth")).get_secret_value() == "third"
sys.exit(os.waitstatus_to_exitcode(status) or not good)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_has_a_line_to_redis_of_its_own(redis: RedisServer, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", FORKED, redis.url(), str(tmp_path / "tokens" / "probe.json")]
    child = subprocess.run(command, timeout=60, check=False, cwd=root, env={**os.environ, "PYTHONPATH": root})  # noqa: S603
    assert child.returncode == 0


def test_a_wrong_password_is_told_to_who_needs_a_token(redis: RedisServer, tmp_path: Path) -> None:
    state = SecretStr(redis.url(password="wrong-password"))
    settings = Settings(app_key=SecretStr(APP_KEY), app_secret=SecretStr(APP_SECRET), state=state)
    kept = TokenCache(shelf_for(tmp_path / "tokens" / "probe.json", "me", settings))
    desk = Desk()
    with pytest.raises(ConfigError, match="password is wrong"):
        kept.get(desk)
    assert desk.issued == 0


def test_a_lock_that_somebody_has_is_told(redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "LOCK_SECONDS", 0.1)
    one = shelf(redis, tmp_path / "a")
    redis.client().set(f"brokerkit:1:{one._lock}", "of another host")
    with pytest.raises(AuthError, match="holds the token lock"):
        TokenCache(one).get(Desk())


def test_a_due_token_is_used_while_somebody_else_asks_for_long(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerkit.transport.auth.LIVING_SECONDS", 0.1)
    one = shelf(redis, tmp_path / "a")
    desk = Desk(life=300, age=3_600)
    kept = TokenCache(one)
    kept.get(desk)
    redis.client().set(f"brokerkit:1:{one._lock}", "of another host")
    assert [value(kept.get(desk)) for _ in range(3)] == ["token-1"] * 3
    redis.client().delete(f"brokerkit:1:{one._lock}")


def test_who_waits_for_the_lock_takes_the_token_as_soon_as_it_is_written(redis: RedisServer, tmp_path: Path) -> None:
    one, two = shelf(redis, tmp_path / "a"), shelf(redis, tmp_path / "b")
    desk, seen = Desk(), list[str]()
    waiting = threading.Thread(target=lambda: seen.append(value(TokenCache(two).get(desk))))
    with one.locked():
        waiting.start()
        while two._compared_at < 0:
            waiting.join(0.01)
        one.write(new_token("of the first"))
        waiting.join(60)
        assert (seen, desk.issued) == (["of the first"], 0)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(ConfigError, match=r"need the \[redis\] extra"):
        redis_shelf.seal_of(SecretStr("secret"))


PLACES = {str(module.__file__) for module in (auth, redis_shelf, shelves)}


def interrupted(work: Any, line: int) -> bool:
    """Do some work and raise KeyboardInterrupt before its nth line that is ours; say whether it came so far."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        place = frame.f_back if frame.f_code.co_filename == contextlib.__file__ else frame
        if place is None or place.f_code.co_filename not in PLACES:
            return None
        if event == "line":
            count += 1
            if count == line:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except (KeyboardInterrupt, PydanticSerializationError):  # the latter where pydantic had called us
        return True
    finally:
        sys.settrace(before)
    return False


def test_an_interrupt_at_any_line_leaves_no_lock(redis: RedisServer, tmp_path: Path) -> None:
    line, came = 0, True
    while came:
        line += 1
        own = shelf(redis, tmp_path / str(line))
        came = interrupted(partial(TokenCache(own).get, Desk()), line)
        assert own._store()._held == {}, line
        redis.client().flushdb()  # a lock that nobody keeps would end by itself
        with own.locked(5):
            assert own._fence is not None
    assert line > 60
