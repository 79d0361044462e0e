"""Journals of format 1: everything in them is taken over, once, whoever dies or interferes on the way."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from brokerkit import get_broker
from brokerkit.errors import JournalError
from brokerkit.models import Order
from brokerkit.orders import migration, state, storage
from brokerkit.orders.intents import IntentState, NumberKey
from brokerkit.orders.journal import Journal
from brokerkit.sandbox import Sandbox
from brokerkit.transport.auth import digest
from tests.forks import Popen, run
from tests.journals import BROKERS, HYNIX, begin, intent_of, request_of

ROOT = Path(__file__).parent.parent
WRITTEN = {name: Path(__file__).parent / "data" / f"journal_1_{name}.sqlite3" for name in BROKERS}
"""Written by the last brokerkit that had format 1, see `make_journal_1.py` beside them."""


@pytest.fixture(params=BROKERS)
def name(request: pytest.FixtureRequest) -> str:
    made: str = request.param
    return made


@pytest.fixture
def old(name: str, own_state: Path) -> Path:
    """Return a journal of format 1 in its place."""
    folder = own_state / "journals"
    folder.mkdir(mode=0o700)
    path = folder / f"{name}-sandbox-0123456789abcdef01234567.sqlite3"
    shutil.copy(WRITTEN[name], path)
    path.chmod(0o600)
    return path


@pytest.fixture
def new(old: Path) -> Path:
    """Return the place of the journal that is made of it."""
    return old.with_name("new.journal")


def told(path: Path, query: str) -> list[Any]:
    """Return what a file says by itself."""
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute(query)]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a journal of format 1, also after it was taken over."""
    tables = {row["name"] for row in told(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    table = "intents" if "intents" in tables else migration.AWAY
    return told(path, f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608


def version(path: Path) -> int:
    return int(told(path, "PRAGMA user_version")[0]["user_version"])


def parted(number: str) -> NumberKey:
    first, _, branch = number.partition("@")
    return first, branch


def assert_taken_over(old: Path, new: Path) -> None:
    """Check that all of the old file stands in the new one, and that nobody writes in the old one any more."""
    journal = Journal(new, old=old)
    before, found = rows_of(old), told(new, "SELECT * FROM intents ORDER BY rowid")
    assert [row["id"] for row in found] == [row["id"] for row in before]
    for row, there, intent in zip(before, found, journal.everything(), strict=True):
        number, branch = parted(row["number"]) if row["number"] else (None, "")
        same = ("kind", "state", "day", "symbol", "side", "mutex", "sent_at", "monotonic", "owner")
        assert {name: there[name] for name in same} == {name: row[name] for name in same}
        assert (there["market"], there["currency"], there["value"]) == ("KR", "KRW", row["value"] * 100)
        assert (there["number"], there["branch"], there["key"]) == (number, branch, None)
        content = json.loads(row["content"])
        assert {name: json.loads(intent.model_dump_json())[name] for name in content} == content
        assert there["previous"] == content["previous"]
    days = told(old, "SELECT 'KR' AS market, * FROM days")
    assert told(new, "SELECT * FROM days") == days
    assert {(row["number"], row["branch"]) for row in told(new, "SELECT * FROM strangers")} == {
        parted(row["number"]) for row in told(old, "SELECT * FROM strangers")
    }
    assert journal.longest_delay() == 8.25
    assert (version(old), version(new)) == (2, 2)
    journal.close()


def test_everything_of_an_old_journal_is_taken_over(old: Path, new: Path, name: str) -> None:
    states = {row["state"] for row in rows_of(old)}
    assert states == set(IntentState) - {"INTENT"}
    assert {row["kind"] for row in rows_of(old)} == {"ORDER", "AMEND", "CANCEL"}
    assert any("@" in (row["number"] or "") for row in rows_of(old)) is (name == "kis")
    assert_taken_over(old, new)
    assert_taken_over(old, new)  # opened again
    assert [each.name for each in old.parent.iterdir() if each.name.startswith(".")] == []


def test_what_an_old_journal_holds_up_is_held_up(old: Path, new: Path) -> None:
    journal = Journal(new, old=old)
    (orphan,) = journal.recover()
    assert (orphan.symbol, orphan.state) == (HYNIX, IntentState.UNKNOWN)
    unknown = [each for each in journal.unresolved() if each.symbol == "005930"]
    assert [each.state for each in unknown] == [IntentState.UNKNOWN] * 2  # sent again at a risk
    assert [each.id for each in journal.later(unknown[0].id)] == [unknown[1].id]
    assert [each.id for each in journal.blocking() if each.symbol == "005930"] == [unknown[1].id]
    day = unknown[0].day
    assert journal.is_shared(day)
    number = max(int(number) for number, _ in journal.explained(day))
    assert begin(journal, intent_of(request_of(symbol="035720"), day=day)).watermark == number
    journal.close()


def test_the_same_number_of_two_branches_is_still_two_orders(own_state: Path) -> None:
    folder = own_state / "journals"
    folder.mkdir(mode=0o700)
    old = folder / "old.sqlite3"
    shutil.copy(WRITTEN["kis"], old)
    old.chmod(0o600)
    journal = Journal(folder / "new.journal", old=old)
    days = {each.day for each in journal.everything()}
    assert {("12345", "06010"), ("12345", "06020"), ("777", "")} <= journal.explained(min(days))
    assert [each.symbol for each in journal.sent_as(min(days), "0000012345")] == ["000270", "035420"]
    journal.close()


def test_an_older_program_that_has_the_file_open_writes_nothing_any_more(old: Path, new: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as other:
        columns = rows_of(old)[0]
        insert = f"INSERT INTO intents VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
        assert other.execute("SELECT count(*) FROM intents").fetchone()[0] == len(rows_of(old))
        Journal(new, old=old).close()
        with pytest.raises(sqlite3.OperationalError, match="no such table: intents"):
            other.execute(insert, ["x"] * len(columns))
        with pytest.raises(sqlite3.OperationalError, match="no such table: intents"):
            other.execute("SELECT count(*) FROM intents")
    assert version(old) > 1  # and one that opens it later is told that a newer brokerkit wrote it


HOLDS = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("holds", flush=True)
    sys.stdin.read()
"""


def test_nothing_is_taken_over_while_a_program_of_the_older_brokerkit_runs(old: Path, new: Path) -> None:
    before = old.read_bytes()
    lock = old.with_name("0011223344556677.owner")
    with Popen(["-c", HOLDS, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == "holds\n"
        with pytest.raises(JournalError, match="older brokerkit still runs") as caught:
            Journal(new, old=old)
        assert "End the programs of the older brokerkit first" in str(caught.value)
        living.kill()
    assert old.read_bytes() == before
    assert not new.exists()
    assert_taken_over(old, new)


def test_the_locks_of_this_brokerkit_hold_no_journal_back(old: Path, new: Path) -> None:
    other = Journal(old.with_name("other.journal"))
    begin(other, intent_of())
    assert_taken_over(old, new)
    other.close()


def _before(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    module, function = {"files": migration.files, "storage": storage}[name.split(".")[0]], name.split(".")[1]

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(*given: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(module, function, stop)

    return patch


def _after(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    module, function = {"files": migration.files, "storage": storage}[name.split(".")[0]], name.split(".")[1]

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real = getattr(module, function)

        def stop(*given: object) -> None:
            real(*given)
            raise KeyboardInterrupt

        monkeypatch.setattr(module, function, stop)

    return patch


POINTS = {
    "before the new file is written": _before("storage.make_tables"),
    "before it gets its name": _before("files.put_in_place"),
    "after it got its name": _after("files.put_in_place"),
    "before the old one is closed to others": _before("storage.commit"),
    "after the old one is closed to others": _after("storage.commit"),
}


@pytest.mark.parametrize("point", POINTS)
def test_whoever_is_interrupted_on_the_way_is_done_again(
    point: str, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(old)
    with monkeypatch.context() as patch:
        POINTS[point](patch)
        with pytest.raises(KeyboardInterrupt):
            Journal(new, old=old)
    assert rows_of(old) == before
    assert (version(old) == 1) is not point.startswith("after the old")
    assert_taken_over(old, new)


DIES = """
import os, signal, sys
from pathlib import Path
from brokerkit import files
from brokerkit.orders import storage
from brokerkit.orders.journal import Journal
old, new, point = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def die(*given):
    os.kill(os.getpid(), signal.SIGKILL)

def after(real):
    def stopped(*given):
        real(*given)
        die()
    return stopped

match point:
    case "scratch": files.put_in_place = die
    case "named": files.put_in_place = after(files.put_in_place)
    case "committed": storage.commit = after(storage.commit)
    case "in use": storage._make_ready = after(storage._make_ready)
Journal(new, old=old)
"""


@pytest.mark.parametrize("point", ["scratch", "named", "committed", "in use"])
def test_whoever_dies_on_the_way_is_done_again(point: str, old: Path, new: Path) -> None:
    done = run(["-c", DIES, str(old), str(new), point], cwd=ROOT)
    assert done.returncode == -9
    assert new.exists() is (point != "scratch")
    assert_taken_over(old, new)
    assert [each for each in old.parent.iterdir() if each.name.startswith(".")] == []


MOVES = """
import sys
from pathlib import Path
from brokerkit.orders.journal import Journal
print("ready", flush=True)
sys.stdin.readline()
journal = Journal(Path(sys.argv[2]), old=Path(sys.argv[1]))
print(len(list(journal.everything())), flush=True)
"""


def test_of_processes_that_take_over_at_once_one_does_it(old: Path, new: Path) -> None:
    many = len(rows_of(old))
    command = ["-c", MOVES, str(old), str(new)]
    started = [Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    assert [each.communicate("go\n", timeout=50)[0] for each in started] == [f"{many}\n"] * 4
    assert_taken_over(old, new)


def test_threads_that_take_over_at_once_find_the_same(old: Path, new: Path) -> None:
    found: list[int] = []
    journals = [Journal(new, old=old, opens=False) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda each=each: found.append(len(list(each.everything())))) for each in journals
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [len(rows_of(old))] * 4
    for journal in journals:
        journal.close()


def _garbage(old: Path) -> None:
    with closing(sqlite3.connect(old)) as file, file:
        file.execute("UPDATE intents SET content = '{}' WHERE rowid = 3")


def _no_object(old: Path) -> None:
    with closing(sqlite3.connect(old)) as file, file:
        file.execute("UPDATE intents SET content = '[1]' WHERE rowid = 3")


def _text(old: Path) -> None:
    old.write_text("no database " * 500)


def _open_to_others(old: Path) -> None:
    old.chmod(0o644)


def _newer(old: Path) -> None:
    with closing(sqlite3.connect(old)) as file:
        file.execute("PRAGMA user_version = 7")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_garbage, "damaged: in a row of it id is missing"),
        (_no_object, "damaged: a row of it cannot be read"),
        (_text, "file is not a database"),
        (_open_to_others, "others can read or write it"),
        (_newer, r"newer brokerkit \(version 7\)"),
    ],
)
def test_an_old_journal_that_cannot_be_trusted_stops_orders_and_stays(
    spoil: Callable[[Path], None], words: str, old: Path, new: Path
) -> None:
    spoil(old)
    before = old.read_bytes()
    with pytest.raises(JournalError, match=words):
        Journal(new, old=old)
    assert old.read_bytes() == before
    assert not new.exists()


def test_a_disk_that_is_full_leaves_the_old_journal_as_it_was(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(migration.files, "put_in_place", full)
        with pytest.raises(JournalError, match="No space left on device"):
            Journal(new, old=old)
    assert version(old) == 1
    assert_taken_over(old, new)


def test_the_new_journal_of_an_old_one_may_not_be_lost(old: Path, new: Path) -> None:
    Journal(new, old=old).close()
    new.unlink()
    with pytest.raises(JournalError, match="is missing"):
        Journal(new, old=old)
    assert not new.exists()


def test_an_older_brokerkit_that_ordered_beside_the_new_one_is_told(old: Path, new: Path) -> None:
    away = old.with_suffix(".away")
    old.rename(away)
    journal = Journal(new, old=old)
    begin(journal, intent_of())
    journal.close()
    away.rename(old)
    with pytest.raises(JournalError, match="An older brokerkit has ordered by"):
        Journal(new, old=old)
    assert version(old) == 1
    with closing(sqlite3.connect(old)) as file, file:
        file.execute("DELETE FROM intents")
    found = Journal(new, old=old)  # one that was only looked at is closed to the older one, and that is all
    assert len(list(found.everything())) == 1
    assert version(old) == 2
    found.close()


def test_an_old_file_in_which_nothing_was_written_is_closed_to_older_programs(new: Path, old: Path) -> None:
    old.write_bytes(b"")
    journal = Journal(new, old=old)
    assert list(journal.everything()) == []
    assert (version(old), version(new)) == (2, 2)
    journal.close()


# Where it lies


@pytest.fixture
def box(own_state: Path) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def keys_of(box: Sandbox, name: str) -> dict[str, Any]:
    given = box.connect(name)
    return {key: getattr(given, key) for key in ("base_url", "app_key", "app_secret", "account")}


def test_a_broker_finds_the_journal_that_an_older_brokerkit_wrote(name: str, box: Sandbox, own_state: Path) -> None:
    keys = keys_of(box, name)
    account = "".join(filter(str.isdigit, keys["account"]))
    folder = own_state / "journals"
    folder.mkdir(mode=0o700)
    old = folder / f"{name}-sandbox-{digest(name, 'sandbox', keys['base_url'], account)}.sqlite3"
    shutil.copy(WRITTEN[name], old)
    old.chmod(0o600)
    with get_broker(name, environment="sandbox", **keys) as broker:
        states = [each.state for each in broker.unresolved()]
    assert states == [IntentState.UNKNOWN, IntentState.UNKNOWN, IntentState.AMBIGUOUS, IntentState.UNKNOWN]
    (new,) = folder.glob("*.journal")
    assert new.name.startswith(f"{name}-sandbox-")
    assert new.stem != old.stem
    assert_taken_over_but_recovered(old, new)


def assert_taken_over_but_recovered(old: Path, new: Path) -> None:
    """Check that nothing but what was being sent is in another state."""
    then, now = rows_of(old), told(new, "SELECT * FROM intents ORDER BY rowid")
    assert [(row["id"], "UNKNOWN" if row["state"] == "SENDING" else row["state"]) for row in then] == [
        (row["id"], row["state"]) for row in now
    ]


def test_the_name_of_a_journal_tells_the_account_to_nobody_without_the_salt(own_state: Path) -> None:
    folder = own_state / "journals"
    first = state.journal_path(folder, "kis-real", "kis", "real", "", "12345678-01")
    assert state.journal_path(folder, "kis-real", "kis", "real", "", "12345678-01") == first
    assert first.name != f"kis-real-{digest('kis', 'real', '', '12345678-01')}.journal"
    salt = folder / "salt"
    assert (salt.stat().st_mode & 0o777, len(salt.read_bytes())) == (0o600, 64)
    salt.unlink()
    assert state.journal_path(folder, "kis-real", "kis", "real", "", "12345678-01") != first


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda salt: salt.write_bytes(b"abc"), "it is cut"),
        (lambda salt: salt.write_bytes(b""), "it is cut"),
        (lambda salt: salt.write_bytes(b"\xff" * 64), "it is cut"),
        (lambda salt: salt.chmod(0o644), "others can read or write it"),
        (lambda salt: (salt.unlink(), salt.mkdir()), "no plain file"),
        (lambda salt: (salt.unlink(), salt.symlink_to("elsewhere")), "it is a link"),
        (lambda salt: salt.unlink(), "it is missing, and there are journals"),
    ],
)
def test_a_salt_that_cannot_be_read_is_not_made_anew(
    spoil: Callable[[Path], object], words: str, own_state: Path
) -> None:
    folder = own_state / "journals"
    Journal(state.journal_path(folder, "kis-real", "one")).close()
    spoil(folder / "salt")
    before = sorted(os.listdir(folder))
    with pytest.raises(JournalError, match=words) as caught:
        state.journal_path(folder, "kis-real", "one")
    assert caught.value.advice is not None
    assert sorted(os.listdir(folder)) == before


SALTS = """
import sys
from pathlib import Path
from brokerkit.orders.state import journal_path
print("ready", flush=True)
sys.stdin.readline()
print(journal_path(Path(sys.argv[1]), "kis-real", "one").name, flush=True)
"""


def test_processes_that_make_the_salt_at_once_get_the_same(own_state: Path) -> None:
    folder = own_state / "journals"
    command = ["-c", SALTS, str(folder)]
    started = [Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(5)]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    assert len({each.communicate("go\n", timeout=50)[0] for each in started}) == 1


def test_a_salt_that_another_process_makes_for_too_long_is_an_error(
    own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "SALT_SECONDS", 0.1)
    folder = own_state / "journals"
    folder.mkdir(mode=0o700)
    (folder / "salt.lock").touch(0o600)
    with FileLock(folder / "salt.lock"), pytest.raises(JournalError, match="cannot be used"):
        state.journal_path(folder, "kis-real", "one")


# What users keep themselves


KEPT = {
    "kis:20261120:06010:0000012345": (
        '{"id":"0000012345","symbol":"005930","name":"삼성전자","side":"BUY","type":"LIMIT","time_in_force":"DAY",'
        '"venue":"KRX","quantity":"10","price":"70000","filled_quantity":"3","remaining_quantity":"7",'
        '"average_fill_price":"69900","status":"PARTIALLY_FILLED","submitted_at":"2026-11-20T10:00:00+09:00",'
        '"original_id":null,"handle":"kis:20261120:06010:0000012345"}'
    ),
    "kiwoom:20261120:0000139:0000140": (
        '{"id":"0000140","symbol":"005930","name":null,"side":"SELL","type":null,"time_in_force":null,"venue":null,'
        '"quantity":"1","price":null,"filled_quantity":null,"remaining_quantity":null,"average_fill_price":null,'
        '"status":"UNKNOWN","submitted_at":null,"original_id":"0000139","handle":"kiwoom:20261120:0000139:0000140"}'
    ),
}
"""Orders as users kept them, by their handles."""


@pytest.mark.parametrize("handle", KEPT)
def test_orders_that_users_kept_as_json_are_read_for_ever(handle: str) -> None:
    text = KEPT[handle]
    order = Order.model_validate_json(text)
    assert (order.handle, json.loads(order.model_dump_json())) == (handle, json.loads(text))
