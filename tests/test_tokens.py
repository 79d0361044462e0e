"""Tokens: who may read the file, when a new one is asked for, and that only one asks."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from brokerkit.clock import KST
from brokerkit.errors import AuthError, ConfigError, NetworkError, RateLimited
from brokerkit.transport import Token, auth, shelves
from brokerkit.transport.auth import TokenCache
from brokerkit.transport.shelves import FileShelf
from tests.servers import new_token

posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no file modes")


class Desk:
    """Issues tokens and counts them."""

    def __init__(self, **values: Any) -> None:
        self.issued = 0
        self.values = values

    def __call__(self) -> Token:
        self.issued += 1
        return new_token(f"token-{self.issued}", **self.values)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "tokens" / "probe.json"


def cache(path: Path | None, *, identity: str = "me", interval: float = 0.0, too_soon: str | None = None) -> TokenCache:
    shelf = None if path is None else FileShelf(path, identity)
    return TokenCache(shelf, minimum_interval=interval, too_soon=too_soon)


def value(secret: SecretStr) -> str:
    return secret.get_secret_value()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_the_token_whatever_the_umask(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        cache(path).get(Desk())
    finally:
        os.umask(before)
    assert mode(path.parent) == 0o700
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}
    assert sorted(file.name for file in path.parent.iterdir()) == ["probe.json", "probe.lock"]


@posix
def test_a_folder_that_others_can_read_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir(parents=True, mode=0o755)
    cache(path).get(Desk())
    assert mode(path.parent) == 0o700


def test_another_client_takes_the_token_from_the_file(path: Path) -> None:
    desk = Desk()
    assert [value(cache(path).get(desk)) for _ in range(3)] == ["token-1"] * 3
    assert desk.issued == 1


def test_a_token_without_a_file_lives_in_memory_only(path: Path) -> None:
    kept = cache(None)
    assert [value(kept.get(Desk())) for _ in range(2)] == ["token-1"] * 2
    assert not path.parent.exists()


@posix
@pytest.mark.parametrize("dangling", [False, True])
def test_a_token_file_that_is_a_link_is_refused(path: Path, tmp_path: Path, dangling: bool) -> None:
    cache(path).get(Desk())
    elsewhere = tmp_path / "elsewhere.json"
    if not dangling:
        path.rename(elsewhere)
        elsewhere.chmod(0o600)
    path.unlink(missing_ok=True)
    path.symlink_to(elsewhere)
    with pytest.raises(ConfigError, match="cannot be read"):
        cache(path).get(Desk())


@posix
def test_a_token_folder_that_is_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.parent.parent.mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is a link"):
        cache(path).get(Desk())
    assert list((tmp_path / "elsewhere").iterdir()) == []


@posix
def test_files_of_somebody_else_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache(path).get(Desk())
    stranger = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: stranger)
    with pytest.raises(ConfigError, match="belongs to another user"):
        cache(path).get(Desk())
    with pytest.raises(ConfigError, match="belongs to another user"):
        FileShelf(path, "me").read()


@posix
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o660, 0o666])
def test_a_token_file_that_others_can_touch_is_refused(path: Path, bits: int) -> None:
    cache(path).get(Desk())
    path.chmod(bits)
    with pytest.raises(ConfigError, match="others can read or write it"):
        cache(path).get(Desk())


def fields(**changes: object) -> dict[str, object]:
    now = dt.datetime.now(KST)
    good = {
        "identity": "me",
        "token": "kept",
        "expires_at": (now + dt.timedelta(hours=5)).isoformat(),
        "issued_at": now.isoformat(),
    }
    return {**good, **changes}


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(content)
    path.chmod(0o600)


NAIVE = dt.datetime.now() + dt.timedelta(hours=5)
DAMAGED: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"identity": "me", "tok',
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "binary": b"\xff\xfe\x00",
    "deep": b"[" * 60_000,
    "another key": json.dumps(fields(identity="you")).encode(),
    "no identity": json.dumps({"token": "kept"}).encode(),
    "no token": json.dumps(fields(token="")).encode(),
    "token is a number": json.dumps(fields(token=1)).encode(),
    "time without zone": json.dumps(fields(expires_at=NAIVE.isoformat())).encode(),
    "issued without zone": json.dumps(fields(issued_at=NAIVE.isoformat())).encode(),
    "time is a number": json.dumps(fields(expires_at=1)).encode(),
    "no time": json.dumps(fields(expires_at="tomorrow")).encode(),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_or_foreign_file_is_replaced(case: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(path, DAMAGED[case])
    desk = Desk()
    with caplog.at_level(logging.WARNING):
        assert value(cache(path).get(desk)) == "token-1"
    assert "damaged" in caplog.text
    assert value(cache(path).get(desk)) == "token-1"


def test_a_good_file_is_used(path: Path) -> None:
    write(path, json.dumps(fields()).encode())
    assert value(cache(path).get(Desk())) == "kept"


def test_times_are_written_in_korean_time_and_mean_the_same_moment(path: Path) -> None:
    ends = dt.datetime(2999, 1, 1, 12, tzinfo=KST)
    cache(path).get(lambda: Token(SecretStr("x"), ends, ends - dt.timedelta(hours=24)))
    assert json.loads(path.read_text())["expires_at"] == "2999-01-01T12:00:00+09:00"
    read = FileShelf(path, "me").read()
    assert read is not None
    assert read.expires_at == dt.datetime(2999, 1, 1, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize(("life", "age", "issued"), [(599, 61, 1), (599, 30, 0), (601, 61, 0), (-1, 0, 1), (0, 61, 1)])
def test_a_token_is_renewed_before_its_end(path: Path, life: float, age: float, issued: int) -> None:
    cache(path).get(lambda: new_token("old", life=life, age=age))
    desk = Desk()
    cache(path).get(desk)
    assert desk.issued == issued


def test_the_same_token_again_is_not_asked_for_again_and_again() -> None:
    asked: list[None] = []

    def issue() -> Token:
        asked.append(None)
        return new_token("same", life=300)

    kept = cache(None)
    kept._token = new_token("same", life=300, age=3_600)
    assert [value(kept.get(issue)) for _ in range(50)] == ["same"] * 50
    assert len(asked) == 1


def test_a_token_that_still_lives_is_used_when_no_new_one_can_be_had(path: Path) -> None:
    asked: list[None] = []

    def fail() -> Token:
        asked.append(None)
        raise NetworkError("no line")

    kept = cache(path)
    kept.get(lambda: new_token("old", life=300, age=3_600))
    assert [value(kept.get(fail)) for _ in range(5)] == ["old"] * 5
    assert value(cache(path).get(fail)) == "old"
    assert len(asked) == 1
    with pytest.raises(NetworkError):
        cache(None).get(fail)


def test_a_refused_token_is_replaced_unless_somebody_did_so_already(path: Path) -> None:
    desk = Desk()
    one, two = cache(path), cache(path)
    refused = one.get(desk)
    two.get(desk)
    assert value(one.renew(refused, desk)) == "token-2"
    assert value(two.renew(refused, desk)) == "token-2"
    assert desk.issued == 2


def test_a_token_refused_soon_after_its_issue_says_how_long_to_wait(path: Path) -> None:
    desk = Desk(age=20)
    kept = cache(path, interval=60)
    refused = kept.get(desk)
    with pytest.raises(AuthError, match="issued 20 s ago") as caught:
        kept.renew(refused, desk)
    assert caught.value.advice == "It issues one per 60 s: try again in 40 s."
    assert desk.issued == 1
    desk.values["age"] = 0
    kept._token = None
    cache(path).take()
    assert value(kept.renew(refused, desk)) == "token-2"


class Impatient:
    """Refuses every token as asked for too soon, until told otherwise."""

    def __init__(self, code: str = "E133") -> None:
        self.asked = 0
        self.code: str | None = code
        self.refuses = True

    def __call__(self) -> Token:
        self.asked += 1
        if self.refuses:
            raise RateLimited("one a minute", code=self.code)
        return new_token("at last")


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Move the clock by hand: the seconds since the start are the only element."""
    passed = [0.0]
    start = dt.datetime.now(KST)
    monkeypatch.setattr("brokerkit.clock.now", lambda: start + dt.timedelta(seconds=passed[0]))
    return passed


def refused(kept: TokenCache, desk: Impatient) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        kept.get(desk)
    return caught.value


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
def test_a_token_refused_as_too_soon_is_not_asked_for_before_its_minute_is_over(
    path: Path, minute: list[float], in_memory: bool
) -> None:
    desk, place = Impatient(), None if in_memory else path
    kept = cache(place, interval=60, too_soon="E133")
    assert refused(kept, desk).advice == "A token can be had in 60 s."
    for passed, left in ((0.5, 60), (23, 37), (59.9, 1)):
        minute[0] = passed
        other = kept if in_memory else cache(place, interval=60, too_soon="E133")
        error = refused(other, desk)
        assert (error.code, error.advice) == ("E133", f"A token can be had in {left} s.")
    assert desk.asked == 1
    minute[0], desk.refuses = 60, False
    assert value(kept.get(desk)) == "at last"
    assert desk.asked == 2


def test_a_refused_token_is_not_replaced_within_the_minute_either(path: Path, minute: list[float]) -> None:
    kept, desk = cache(path, interval=60, too_soon="E133"), Impatient()
    old = kept.get(lambda: new_token("old", age=600))
    for _ in range(3):
        with pytest.raises(RateLimited, match=r"in (60|59) s"):
            kept.renew(old, desk)
    assert desk.asked == 1


@pytest.mark.parametrize("code", [None, "E201"])
def test_other_limits_are_not_remembered(path: Path, code: str | None) -> None:
    kept, desk = cache(path, interval=60, too_soon="E133"), Impatient()
    desk.code = code
    for _ in range(2):
        assert refused(kept, desk).advice != "A token can be had in 60 s."
    assert desk.asked == 2


def test_a_token_that_came_ends_the_memory_of_the_refusal(path: Path, minute: list[float]) -> None:
    kept, desk = cache(path, interval=60, too_soon="E133"), Impatient()
    refused(kept, desk)
    assert sorted(file.suffix for file in path.parent.iterdir()) == [".lock", ".wait"]
    minute[0], desk.refuses = 61, False
    kept.get(desk)
    assert sorted(file.suffix for file in path.parent.iterdir()) == [".json", ".lock"]


def test_a_clock_that_was_set_back_does_not_lock_anybody_out(path: Path, minute: list[float]) -> None:
    kept, desk = cache(path, interval=60, too_soon="E133"), Impatient()
    refused(kept, desk)
    minute[0], desk.refuses = -3_600, False
    assert value(kept.get(desk)) == "at last"


@posix
def test_the_memory_of_a_refusal_is_readable_by_its_owner_alone_and_holds_no_token(path: Path) -> None:
    refused(cache(path, interval=60, too_soon="E133"), Impatient())
    kept = path.with_suffix(".wait")
    assert mode(kept) == 0o600
    assert json.loads(kept.read_text())["token"] == "none"


def test_taking_the_token_removes_it(path: Path) -> None:
    kept = cache(path)
    kept.get(Desk())
    taken = kept.take()
    assert taken is not None
    assert value(taken.value) == "token-1"
    assert not path.exists()
    assert kept.take() is None


@pytest.mark.parametrize("which", ["folder", "lock", "file"])
def test_a_folder_that_cannot_be_written_is_a_config_error(
    which: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = {"folder": "mkdir", "lock": "probe.lock", "file": ".probe.json."}[which]
    if which == "folder":
        path.parents[1].write_text("a file where the folder should be")
    opened = os.open

    def guarded(name: Any, *rest: Any, **named: Any) -> int:
        if refusing in str(name):
            raise PermissionError(13, "Permission denied", str(name))
        return opened(name, *rest, **named)

    monkeypatch.setattr(os, "open", guarded)
    with pytest.raises(ConfigError, match="BROKERKIT_CACHE_DIR"):
        cache(path).get(Desk())


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_folder_is_a_config_error(path: Path) -> None:
    path.parents[1].mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="BROKERKIT_CACHE_DIR"):
        cache(path).get(Desk())


def test_a_lock_that_hangs_is_an_error_that_names_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "LOCK_SECONDS", 0.1)
    with cache(path)._exclusive(), pytest.raises(AuthError, match=r"probe\.lock"):
        cache(path).get(Desk())


@posix
def test_a_living_token_in_the_file_waits_for_no_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "LOCK_SECONDS", 0.1)
    desk = Desk()
    first = cache(path)
    first.get(desk)
    with first._exclusive():
        assert value(cache(path).get(desk)) == "token-1"
    assert desk.issued == 1


@posix
def test_a_due_token_is_used_while_another_process_asks_for_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "LIVING_SECONDS", 0.1)
    desk = Desk(life=300, age=3_600)
    first = cache(path)
    first.get(desk)
    other = cache(path)
    with FileShelf(path, "me").locked():
        assert [value(other.get(desk)) for _ in range(3)] == ["token-1"] * 3
    assert desk.issued == 1
    other._token = None
    assert value(other.get(desk)) == "token-2"


def test_threads_share_one_issue() -> None:
    desk = Desk()
    kept = cache(None)
    barrier = threading.Barrier(16)
    seen: list[str] = []

    def work() -> None:
        barrier.wait(5)
        seen.append(value(kept.get(desk)))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (seen, desk.issued) == (["token-1"] * 16, 1)


def test_a_user_without_a_home_is_told_where_tokens_can_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(*_: object, **__: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("BROKERKIT_CACHE_DIR", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_path", homeless)
    with pytest.raises(ConfigError, match="no home directory") as refused:
        auth.cache_directory()
    assert "BROKERKIT_CACHE_DIR" in str(refused.value.advice)
