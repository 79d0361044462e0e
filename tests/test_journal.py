"""The order journal: durable, private, and no order without it."""

from __future__ import annotations

import datetime as dt
import logging
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from brokerkit import clock
from brokerkit.errors import JournalError, LimitExceeded, OrderBlocked, OrderUncertain
from brokerkit.orders import file, state, storage
from brokerkit.orders import journal as journals
from brokerkit.orders.intents import Intent, IntentKind, IntentState
from brokerkit.orders.journal import LONGEST_SENDING, Journal, journal_for, journal_in_memory
from brokerkit.orders.limits import Limits
from brokerkit.orders.owner import Owner
from tests.journals import DAY, GETS_THROUGH, HYNIX, Trader, begin, intent_of, order_of, request_of, served

State = IntentState


@pytest.fixture
def path(own_state: Path) -> Path:
    """Return a place for a journal."""
    return own_state / "journals" / "one.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """Return a journal on disk."""
    made = Journal(path)
    yield made
    made.close()


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Let somebody else write in the file for a while."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


# The file


def test_the_file_is_written_durably_and_for_its_owner_alone(journal: Journal, path: Path) -> None:
    names = ("journal_mode", "synchronous", "quick_check")
    told = journal._read(lambda file: [file.execute(f"PRAGMA {name}").fetchone()[0] for name in names])
    assert told == ["truncate", 3, "ok"]
    begin(journal, intent_of())
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_that_others_could_read_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.parent.chmod(0o777)
    Journal(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_is_written_is_there_for_the_next_process(journal: Journal, path: Path) -> None:
    sent = begin(journal, intent_of())
    other = Journal(path)
    assert other.get(sent.id) == sent
    assert sent.state is State.SENDING
    assert other.open_intents() == (sent,)
    other.close()


def test_a_clean_end_leaves_nothing_open(journal: Journal, path: Path) -> None:
    sent = begin(journal, intent_of())
    journal.decide(sent.moved(State.ACKED, "its number came", order_id="7"))
    journal.close()
    journal.close()
    assert journal.open_intents() == ()
    assert journal.explained(DAY) == {("7", "")}


def _text(path: Path) -> None:
    path.write_text("no database " * 500)
    path.chmod(0o600)


def _random(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(20_000))  # noqa: S311
    path.chmod(0o600)


def _cut(path: Path) -> None:
    Journal(path).close()
    os.truncate(path, 6_000)


def _pages(path: Path) -> None:
    journal = Journal(path)
    for number in range(60):
        begin(journal, intent_of(kind=IntentKind.CANCEL, request=None, order=order_of(str(number)), quantity=None))
    journal.close()
    content = path.read_bytes()
    path.write_bytes(content[:8_192] + b"\xa5" * 16_384 + content[24_576:])


def _newer(path: Path) -> None:
    Journal(path).close()
    with sqlite3.connect(path) as file:
        file.execute(f"PRAGMA user_version = {storage.VERSION + 1}")
    file.close()


def _link(path: Path) -> None:
    Journal(path.with_name("real.sqlite3")).close()
    path.symlink_to(path.with_name("real.sqlite3"))


def _folder(path: Path) -> None:
    path.mkdir()


def _open_to_others(path: Path) -> None:
    Journal(path).close()
    path.chmod(0o640)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _foreign_rollback(path: Path) -> None:
    Journal(path).close()
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    path.with_name(f"{path.name}-journal").symlink_to(path)


def _garbage(path: Path) -> None:
    journal = Journal(path)
    begin(journal, intent_of())
    journal.close()
    with sqlite3.connect(path) as file:
        file.execute("UPDATE intents SET content = '{\"id\": 3}'")
    file.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_text, "cannot be used: file is not a database"),
        (_random, "cannot be used: file is not a database"),
        (_cut, "malformed|damaged"),
        (_pages, "malformed|damaged"),
        (_newer, "newer brokerkit"),
        (_link, "it is a link"),
        (_folder, "no plain file"),
        (_pipe, "no plain file"),
        (_open_to_others, "others can read or write it.*chmod 600"),
        (_foreign_rollback, "it is a link"),
        (_garbage, "a row of it is none of this version"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_that_cannot_be_trusted_is_not_used(spoil: Callable[[Path], None], words: str, path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    spoil(path)
    with pytest.raises(JournalError, match=words) as caught:
        Journal(path).open_intents()
    assert caught.value.advice is not None


def test_a_folder_that_is_a_link_is_not_used(path: Path, own_state: Path) -> None:
    (own_state / "elsewhere").mkdir()
    path.parent.symlink_to(own_state / "elsewhere")
    with pytest.raises(JournalError, match="it is a link"):
        Journal(path)


def test_a_folder_of_somebody_else_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    with pytest.raises(JournalError, match="belongs to another user"):
        Journal(path)


def test_a_file_that_is_exchanged_while_it_is_opened_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(path).close()
    Journal(path.with_name("other.sqlite3")).close()
    opened = sqlite3.connect

    def exchanging(*given: Any, **named: Any) -> sqlite3.Connection:
        os.replace(path.with_name("other.sqlite3"), path)
        return opened(*given, **named)

    monkeypatch.setattr(sqlite3, "connect", exchanging)
    with pytest.raises(JournalError, match="was exchanged"):
        Journal(path)


def test_a_place_that_is_no_folder_is_told(own_state: Path) -> None:
    (own_state / "journals").write_text("")
    with pytest.raises(JournalError, match="cannot be used"):
        Journal(own_state / "journals" / "one.sqlite3")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROKERKIT_STATE_DIR")

    def no_home(*given: object, **named: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(platformdirs, "user_state_path", no_home)
    with pytest.raises(JournalError, match="no home directory") as caught:
        state.state_directory()
    assert "BROKERKIT_STATE_DIR" in str(caught.value)


@pytest.mark.parametrize(("kind", "warns"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False), ("tmpfs", False)])
def test_a_disk_of_another_machine_is_warned_of(
    kind: str, warns: bool, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mounts = f"dev / ext4 rw 0 0\nhost:/x {path.parent.parent} {kind} rw 0 0\nshort\n"
    read = Path.read_text

    def reading(self: Path, *given: Any, **named: Any) -> str:
        return mounts if str(self) == "/proc/mounts" else read(self, *given, **named)

    monkeypatch.setattr(Path, "read_text", reading)
    with caplog.at_level(logging.WARNING, "brokerkit"):
        Journal(path).close()
    assert bool(caplog.records) is warns


def test_a_file_that_another_process_holds_for_too_long_is_an_error(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "PATIENCE_SECONDS", 0.1)
    second = Journal(path)
    with held(path), pytest.raises(JournalError, match="written by others") as caught:
        begin(second, intent_of())
    assert "repair" not in str(caught.value)
    assert second.open_intents() == ()
    begin(second, intent_of())
    second.close()


def test_a_full_disk_is_an_error_and_what_was_written_stays(journal: Journal) -> None:
    sent = begin(journal, intent_of())
    pages = journal._read(lambda file: file.execute("PRAGMA page_count").fetchone()[0])
    journal._read(lambda file: file.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    def fill() -> None:
        for number in range(40):
            order = order_of(str(number))
            begin(journal, intent_of(kind=IntentKind.CANCEL, request=None, order=order, quantity=None))

    with pytest.raises(JournalError, match="full"):
        fill()
    assert journal.get(sent.id) == sent
    assert 1 < len(journal.open_intents()) < 40


FULL = """
import resource, signal, sys
from pathlib import Path
from brokerkit.errors import JournalError
from brokerkit.orders.owner import Owner
from brokerkit.orders.journal import Journal
from tests.journals import begin, intent_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]))
size = Path(sys.argv[1]).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
try:
    begin(journal, intent_of())
except JournalError as error:
    print(error.message)
"""


def test_a_write_that_the_system_refuses_is_an_error(path: Path) -> None:
    root = Path(__file__).parent.parent
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", FULL, str(path)], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert "cannot be used" in done.stdout, done.stderr
    assert Journal(path).open_intents() == ()


# What brokers make of it


@pytest.fixture(params=["kis", "kiwoom"])
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker with its journal on disk and one working order."""
    with served(request.param) as made:
        yield made


def test_without_a_journal_nothing_is_sent_but_reading_goes_on(trader: Trader) -> None:
    """A cancellation of a part is not sent either: nobody could say afterwards whether it was."""
    order = trader.buy()
    part = lambda: trader.broker.cancel(order, quantity=1)  # noqa: E731
    place = trader.journal.path
    assert place is not None
    trader.journal.close()
    place.write_text("no database " * 500)
    for send in (trader.buy, part, lambda: trader.broker.amend(order, price=61_000)):
        with pytest.raises(JournalError, match="not a database") as caught:
            send()
        assert "No order is sent" in str(caught.value)
    assert trader.posts == 1
    assert len(trader.broker.orders()) == 1
    assert trader.broker.balance().cash > 0
    with pytest.raises(JournalError):
        trader.broker.unresolved()


def test_what_cannot_be_decided_after_the_answer_is_told_and_found_by_the_next_start(
    trader: Trader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*given: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_update", full)
        order = trader.buy()
        assert [record.levelname for record in caplog.records] == ["CRITICAL"]
        assert order.id in caplog.text
        assert trader.journal.path is not None
        later = Journal(trader.journal.path)  # as another program sees it
        (row,) = later.open_intents()
        assert row.state is State.SENDING
        assert later.orphans() == ()  # its process lives
        in_a_while = clock.now() + dt.timedelta(seconds=LONGEST_SENDING + 1)
        patch.setattr(clock, "now", lambda: in_a_while)
        assert [each.id for each in later.orphans()] == [row.id]
    trader.buy()
    assert [each.state for each in later.everything()] == [State.ACKED] * 2  # it was written with the next one
    later.close()


def test_what_may_stand_is_shown_while_it_cannot_be_written(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_update", full)
        trader.breaks(GETS_THROUGH)
        with pytest.raises(OrderUncertain):
            trader.buy()
        (shown,) = trader.broker.unresolved()
        assert shown.state is State.UNKNOWN
    trader.journal.recover()
    assert trader.journal.path is not None
    other = Journal(trader.journal.path)
    assert [each.id for each in other.unresolved()] == [shown.id]
    other.close()


# The way of an intent


def test_one_of_a_symbol_and_side_is_open_at_a_time(journal: Journal) -> None:
    first = begin(journal, intent_of())
    begin(journal, intent_of(request_of(side="SELL")))
    begin(journal, intent_of(request_of(symbol=HYNIX)))
    with pytest.raises(OrderBlocked, match=first.id):
        begin(journal, intent_of())
    journal.decide(first.moved(State.UNKNOWN, "silence"))
    with pytest.raises(OrderBlocked, match="UNKNOWN"):
        begin(journal, intent_of())
    journal.revise(first.id, lambda each: each.moved(State.PRESUMED_ABSENT, "for the test"))
    begin(journal, intent_of())


def test_what_the_check_refuses_is_not_written_down(journal: Journal) -> None:
    def refuse() -> None:
        raise LimitExceeded("no")

    with pytest.raises(LimitExceeded):
        journal.begin(intent_of(), limits=Limits(), value=None, check=refuse, seconds=15)
    assert list(journal.everything()) == []


def test_a_number_of_another_order_makes_it_unknown(journal: Journal) -> None:
    first, second = begin(journal, intent_of()), begin(journal, intent_of(request_of(symbol=HYNIX)))
    journal.decide(first.moved(State.ACKED, "its number came", order_id="0007"))
    decided = journal.decide(second.moved(State.ACKED, "its number came", order_id="7"))
    assert (decided.state, decided.order_id) == (State.UNKNOWN, None)
    assert "another order" in decided.evidence[-1]
    tomorrow = begin(journal, intent_of(request_of(side="SELL"), day=DAY + dt.timedelta(1)))
    assert journal.decide(tomorrow.moved(State.ACKED, "its number came", order_id="7")).state is State.ACKED


def test_what_somebody_found_out_meanwhile_is_not_undone(journal: Journal) -> None:
    sent = begin(journal, intent_of())
    found = journal.revise(sent.id, lambda each: each.moved(State.ACKED, "it is in the list", order_id="7"))
    assert journal.decide(sent.moved(State.UNKNOWN, "silence")) == found
    assert journal.get(sent.id) == found


def test_the_highest_number_is_the_watermark_until_numbers_fall(journal: Journal) -> None:
    journal.learn(DAY, [5, None, 100], [])
    first = begin(journal, intent_of())
    assert first.watermark == 100
    journal.decide(first.moved(State.ACKED, "its number came", order_id="120"))
    second = begin(journal, intent_of())
    assert second.watermark == 120
    journal.decide(second.moved(State.ACKED, "its number came", order_id="90"))
    assert begin(journal, intent_of()).watermark is None
    assert begin(journal, intent_of(request_of(side="SELL"), day=DAY + dt.timedelta(1))).watermark == 0


def test_what_a_process_that_is_gone_was_sending_is_unknown(journal: Journal, path: Path) -> None:
    sent = begin(journal, intent_of())
    assert journal.recover() == ()
    other = Journal(path)
    assert other.recover() == ()
    journal.owner._lock.release()
    (found,) = other.recover()
    assert (found.id, found.state) == (sent.id, State.UNKNOWN)
    assert other.recover() == ()
    assert [each.stem for each in path.parent.glob("*.process")] == [other.owner.name]
    other.close()


def test_a_new_process_clears_away_the_locks_of_those_that_are_gone(tmp_path: Path) -> None:
    living, dead, starting = (Owner(tmp_path) for _ in range(3))
    for each in (living, dead):
        os.utime(tmp_path / f"{each.name}.process", (0, 0))
    for each in (dead, starting):  # a file that is about to be locked looks like one of the dead
        each._lock.release()
    newest = Owner(tmp_path)
    left = {path.stem for path in tmp_path.glob("*.process")}
    assert left == {living.name, starting.name, newest.name}
    assert newest.is_alive(living.name)
    assert not newest.is_alive(dead.name)


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_clock_that_jumps_leaves_what_is_being_sent_unknown_until_its_answer_comes(
    jump: float, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = begin(journal, intent_of())
    there = clock.now() + dt.timedelta(seconds=jump)
    monkeypatch.setattr(clock, "now", lambda: there)
    assert [each.state for each in journal.recover()] == [State.UNKNOWN]
    assert journal.decide(sent.moved(State.ACKED, "its number came", order_id="7")).state is State.ACKED


@pytest.mark.parametrize("jump", [-86_400, -3600, 0, 3600, 86_400])
def test_the_counter_of_a_minute_holds_whatever_the_clock_on_the_wall_does(
    jump: float, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(max_orders_per_minute=1)
    begin(journal, intent_of(), limits=limits)
    there = clock.now() + dt.timedelta(seconds=jump)
    monkeypatch.setattr(clock, "now", lambda: there)
    with pytest.raises(LimitExceeded):
        begin(journal, intent_of(request_of(side="SELL")), limits=limits)


def branched(path: Path) -> Journal:
    """Return the journal of a broker whose branches number their orders, and stand third in its handles."""
    journal = Journal(path)
    journal.branch_of = lambda order: order.handle.split(":")[2]
    return journal


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("06010", "06020", True),
        ("06010", "06010", False),
        ("06010", "", False),
        ("", "06010", False),
        ("", "", False),
    ],
)
def test_a_number_is_taken_in_its_branch_only(first: str, second: str, both: bool, path: Path) -> None:
    journal = branched(path)
    states = []
    for branch, symbol in ((first, "005930"), (second, "000660")):
        sent = begin(journal, intent_of(request_of(symbol=symbol)))
        order = order_of("0007", symbol=symbol, handle=f"fake:20261120:{branch}:0007")
        states.append(journal.decide(sent.moved(State.ACKED, "its number came", order_id="0007", result=order)).state)
    assert states == [State.ACKED, State.ACKED if both else State.UNKNOWN]
    journal.close()


def test_a_number_whose_branch_is_not_known_is_that_of_every_branch(path: Path) -> None:
    older = Journal(path)
    sent = begin(older, intent_of())
    order = order_of("0007", handle="fake:20261120:06010:0007")
    older.decide(sent.moved(State.ACKED, "its number came", order_id="0007", result=order))
    older.close()
    journal = branched(path)
    assert journal.explained(DAY) == {("7", "")}
    again = begin(journal, intent_of(request_of(symbol="000660")))
    same = order_of("7", symbol="000660", handle="fake:20261120:06010:7")
    assert journal.decide(again.moved(State.ACKED, "a number", order_id="7", result=same)).state is State.UNKNOWN
    journal.close()


def test_an_order_whose_branch_cannot_be_read_is_kept_by_its_number(path: Path) -> None:
    journal = branched(path)
    order = order_of("7", handle="fake")
    sent = begin(journal, intent_of())
    assert journal.decide(sent.moved(State.ACKED, "its number came", order_id="7", result=order)).state is State.ACKED
    assert journal.explained(DAY) == {("7", "")}
    journal.close()


def test_a_person_may_not_name_a_number_that_another_branch_has_given_too(path: Path) -> None:
    journal = branched(path)
    for branch, symbol in (("06010", "005930"), ("06020", "000660")):
        sent = begin(journal, intent_of(request_of(symbol=symbol)))
        order = order_of("7", symbol=symbol, handle=f"fake:20261120:{branch}:7")
        journal.decide(sent.moved(State.ACKED, "its number came", order_id="7", result=order))
    mine = begin(journal, intent_of(request_of(side="SELL")))
    assert journal.decide(mine.moved(State.ACKED, "a person", order_id="7")).state is State.UNKNOWN
    journal.close()


def test_the_day_may_change_between_sending_and_the_answer(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = begin(journal, intent_of())
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 21, 0, 0, 1, tzinfo=clock.KST))
    journal.decide(sent.moved(State.ACKED, "its number came", order_id="7"))
    assert [each.order_id for each in journal.of_day(DAY)] == ["7"]
    assert journal.explained(DAY) == {("7", "")}


def test_threads_that_write_at_once_all_get_through(journal: Journal) -> None:
    def cancel(number: int) -> None:
        made = intent_of(kind=IntentKind.CANCEL, request=None, order=order_of(str(number)), quantity=None)
        journal.decide(begin(journal, made).moved(State.ACKED, "its number came", order_id=str(1000 + number)))

    threads = [threading.Thread(target=cancel, args=(number,)) for number in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(journal.explained(DAY)) == 12


def test_an_intent_that_is_not_there_is_an_error(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no intent"):
        journal.get("01NOTHERE")
    with pytest.raises(JournalError, match="no intent"):
        journal.decide(intent_of().moved(State.ACKED, "lost", order_id="7"))


def test_brokers_of_one_account_share_a_journal(path: Path) -> None:
    assert journal_for(path) is journal_for(path)
    memory = journal_in_memory("one")
    assert memory.path is None
    assert journal_in_memory("one") is memory
    assert journal_in_memory("other") is not memory
    assert journals._files.pop((os.getpid(), path)) is not memory


def test_amounts_are_counted_in_hundredths_rounded_up(journal: Journal) -> None:
    limits = Limits(max_daily_value=Decimal(10))
    begin(journal, intent_of(), limits=limits, value=Decimal("9.981"))
    begin(journal, intent_of(request_of(side="SELL")), limits=limits, value=Decimal("0.01"))
    with pytest.raises(LimitExceeded, match=r"10\.01 won today would be more than max_daily_value, 10 won"):
        begin(journal, intent_of(request_of(symbol=HYNIX)), limits=limits, value=Decimal("0.001"))


def test_no_amount_is_too_large_to_be_counted(journal: Journal) -> None:
    limits = Limits(max_daily_value=Decimal(10) ** 17)
    for number in range(4):
        begin(journal, intent_of(request_of(symbol=f"00593{number}")), limits=limits, value=Decimal(10) ** 16)
    with pytest.raises(LimitExceeded):
        begin(journal, intent_of(request_of(side="SELL")), limits=limits, value=Decimal(10) ** 17)


def in_dollars(**changes: Any) -> Intent:
    """Return an order of another market and currency."""
    return intent_of(market="US", currency="USD", **changes)


def test_limits_count_the_orders_of_their_own_currency_only(journal: Journal) -> None:
    limits = Limits(max_daily_value=Decimal(10), max_orders_per_day=1, max_orders_per_minute=1)
    both = Limits.model_validate({**limits.model_dump(exclude_none=True), "USD": limits.model_dump(exclude_none=True)})
    begin(journal, intent_of(), limits=both, value=Decimal(10))
    begin(journal, in_dollars(), limits=both, value=Decimal(10))
    for again in (intent_of(request_of(side="SELL")), in_dollars(side="SELL")):
        for each in ({"max_daily_value": Decimal(10)}, {"max_orders_per_day": 1}, {"max_orders_per_minute": 1}):
            with pytest.raises(LimitExceeded):
                begin(journal, again, limits=Limits.model_validate({**each, "USD": each}), value=Decimal("0.01"))
    dollars = Limits.model_validate({"USD": {"max_daily_value": 10}})
    with pytest.raises(LimitExceeded, match="USD today"):
        begin(journal, in_dollars(side="SELL"), limits=dollars, value=Decimal(1))


def test_each_currency_has_limits_of_its_own(journal: Journal) -> None:
    limits = Limits(max_orders_per_day=5, USD={"max_daily_value": 10, "max_orders_per_day": 1})
    begin(journal, in_dollars(), limits=limits, value=Decimal(10))
    begin(journal, intent_of(), limits=limits, value=Decimal(10**9))
    with pytest.raises(LimitExceeded, match="max_orders_per_day"):
        begin(journal, in_dollars(side="SELL"), limits=limits)


def test_markets_do_not_block_each_other_and_number_by_themselves(journal: Journal) -> None:
    here, there = begin(journal, intent_of()), begin(journal, in_dollars())
    for each in (here, there):
        journal.decide(each.moved(State.ACKED, "its number came", order_id="7"))
    assert {each.state for each in journal.everything()} == {State.ACKED}
    change = {"kind": IntentKind.CANCEL, "order": order_of(), "quantity": 1}
    begin(journal, intent_of(**change))
    begin(journal, in_dollars(**change))
    with pytest.raises(OrderBlocked):
        begin(journal, in_dollars(**change))
    assert (journal.explained(DAY), journal.explained(DAY, "US")) == ({("7", "")}, {("7", "")})
    assert [each.market for each in journal.of_day(DAY, {State.ACKED}, "US")] == ["US"]
    assert [each.id for each in journal.sent_as(DAY, "0007", "US")] == [there.id]


def test_what_lists_teach_of_a_day_holds_for_their_market_only(journal: Journal) -> None:
    journal.learn(DAY, [9], [("8", "")], falls=True, market="US")
    journal.learn_delay(90.0, "US")
    assert (journal.falls(DAY), journal.is_shared(DAY), journal.longest_delay()) == (False, False, 0.0)
    assert (journal.falls(DAY, "US"), journal.is_shared(DAY, "US"), journal.longest_delay("US")) == (True, True, 90.0)
    assert begin(journal, intent_of()).watermark == 0
    assert begin(journal, in_dollars()).watermark is None


def test_somebody_else_is_known_where_numbers_are_texts(journal: Journal) -> None:
    journal.learn(DAY, [None], [("b7-A@x", "")])
    assert journal.is_shared(DAY)
    journal.end_exclusive(DAY + dt.timedelta(1))
    assert journal.is_shared(DAY + dt.timedelta(1))
    assert begin(journal, intent_of()).watermark == 0


def test_numbers_that_are_texts_are_told_apart_letter_by_letter(journal: Journal) -> None:
    numbers = ("ab@06010", "AB@06010", "ab", "9" * 19, "0" + "9" * 18)
    for count, number in enumerate(numbers):
        sent = begin(journal, intent_of(request_of(symbol=f"00593{count}")), numbers_ascend=False)
        assert sent.watermark is None
        assert journal.decide(sent.moved(State.ACKED, "its number came", order_id=number)).state is State.ACKED
    assert journal.explained(DAY) == {(number, "") for number in numbers}
    same = begin(journal, intent_of(request_of(side="SELL")))
    assert journal.decide(same.moved(State.ACKED, "its number came", order_id="ab")).state is State.UNKNOWN


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_other_processes_can_ask_for_the_lock_of_this_one_whatever_the_umask(umask: int, path: Path) -> None:
    before = os.umask(umask)
    try:
        made = Journal(path)
        begin(made, intent_of())
    finally:
        os.umask(before)
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    made.close()
