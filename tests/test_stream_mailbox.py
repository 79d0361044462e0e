"""Where events wait: in their order, bounded by kind, nothing dropped in silence, and no room taken by what is gone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from brokerkit import AuthError, Venue
from brokerkit.stream import mailbox as module
from brokerkit.stream.events import Dropped
from brokerkit.stream.mailbox import END, Mailbox, Slot
from brokerkit.stream.topics import StreamKind, Topic


@pytest.fixture
def box() -> Mailbox:
    return Mailbox(threading.Lock())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", {StreamKind.TRADES: 3})
    monkeypatch.setattr(module, "_ROOM", 4)


def slot(box: Mailbox, kind: StreamKind, symbol: str = "005930") -> Slot:
    return Slot(box, Topic(kind, symbol, Venue.KRX))


def all_of(box: Mailbox) -> list[Any]:
    found = []
    while (event := box.poll()) is not None:
        found.append((event.topic.symbol, event.number) if isinstance(event, Dropped) else event)
    return found


def put(box: Mailbox, where: Slot, events: Sequence[Any]) -> None:
    for event in events:
        box.put(where, [event])


def test_events_come_in_the_order_in_which_they_were_received(box: Mailbox) -> None:
    one, other = slot(box, StreamKind.TRADES), slot(box, StreamKind.SESSION)
    box.put(one, [1, 2])
    box.put(other, [3])
    box.put(one, [4])
    assert all_of(box) == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", [StreamKind.ORDER_BOOK, StreamKind.QUOTES, StreamKind.INDEX])
def test_of_what_tells_all_the_newest_waits_in_the_place_of_the_first(box: Mailbox, kind: StreamKind) -> None:
    newest, trades = slot(box, kind), slot(box, StreamKind.TRADES)
    box.put(newest, ["old", "older"])
    box.put(trades, [1])
    box.put(newest, ["new"])
    assert all_of(box) == ["new", 1]
    box.put(newest, ["later"])
    assert all_of(box) == ["later"]


@pytest.mark.usefixtures("small")
def test_the_oldest_trades_are_dropped_and_said_in_their_place(box: Mailbox) -> None:
    one, other = slot(box, StreamKind.TRADES), slot(box, StreamKind.TRADES, "000660")
    put(box, one, [1, 2])
    put(box, other, ["a"])
    put(box, one, [3, 4, 5])
    assert all_of(box) == [("005930", 2), "a", 3, 4, 5]


@pytest.mark.usefixtures("small")
def test_what_is_dropped_later_is_said_again(box: Mailbox) -> None:
    one = slot(box, StreamKind.TRADES)
    box.put(one, [1, 2, 3, 4, 5])
    assert getattr(box.poll(), "number", None) == 2
    put(box, one, [6, 7])
    assert all_of(box) == [("005930", 2), 5, 6, 7]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", [StreamKind.ORDERS, StreamKind.SESSION, StreamKind.CONDITION, None])
def test_what_cannot_be_had_again_is_never_dropped(box: Mailbox, kind: StreamKind | None) -> None:
    where = Slot(box) if kind is None else slot(box, kind)
    put(box, where, range(1, 500))
    assert all_of(box) == [*range(1, 500)]


@pytest.mark.usefixtures("small")
def test_a_consumer_that_stands_still_costs_no_more_room(box: Mailbox) -> None:
    slots = [slot(box, StreamKind.TRADES, f"{number:06}") for number in range(10)]
    book = slot(box, StreamKind.ORDER_BOOK)
    for number in range(2_000):
        for each in slots:
            box.put(each, [number])
        box.put(book, [number])
        assert len(box._order) <= 200
    found = all_of(box)
    assert found.count(1999) == 11
    assert [each for each in found if isinstance(each, tuple)] == [(f"{number:06}", 1997) for number in range(10)]
    assert len(found) == 41


@pytest.mark.usefixtures("small")
def test_any_order_of_puts_and_takes_loses_nothing_in_silence(box: Mailbox) -> None:
    """A counter of each slot goes on by the events that come and by those that are told as dropped."""
    import random

    dice = random.Random(7)  # noqa: S311
    slots = {f"{number:06}": slot(box, StreamKind.TRADES, f"{number:06}") for number in range(4)}
    sent, seen = dict.fromkeys(slots, 0), dict.fromkeys(slots, 0)

    def see(event: Any) -> None:
        symbol, number = (event.topic.symbol, event.number) if isinstance(event, Dropped) else (event[0], 1)
        seen[symbol] += number
        assert isinstance(event, Dropped) or event[1] == seen[symbol]

    for _ in range(5_000):
        if dice.random() < 0.6:
            symbol = dice.choice(list(slots))
            number = dice.randint(1, 5)
            box.put(slots[symbol], [(symbol, sent[symbol] + 1 + at) for at in range(number)])
            sent[symbol] += number
        elif (event := box.poll()) is not None:
            see(event)
    while (event := box.poll()) is not None:
        see(event)
    assert seen == sent


@pytest.mark.usefixtures("small")
def test_what_is_forgotten_leaves_the_others_in_their_order(box: Mailbox) -> None:
    one, other = slot(box, StreamKind.TRADES), slot(box, StreamKind.TRADES, "000660")
    put(box, one, [1, 2, 3, 4])
    put(box, other, ["a"])
    box.clear([one])
    put(box, one, [5])
    put(box, other, ["b"])
    assert all_of(box) == ["a", 5, "b"]


def test_nothing_within_the_time_is_none(box: Mailbox) -> None:
    assert box.take(0) is None
    assert box.take(0.01) is None


def test_what_comes_meanwhile_wakes_who_waits(box: Mailbox) -> None:
    where, lock, found = slot(box, StreamKind.SESSION), box._lock, []
    threads = [threading.Thread(target=lambda: found.append(box.take())) for _ in range(3)]
    for thread in threads:
        thread.start()
    with lock:
        box.put(where, [1, 2, 3])
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2, 3]


def test_closing_ends_it_for_everybody_at_once(box: Mailbox) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(box.take())) for _ in range(3)]
    for thread in threads:
        thread.start()
    with box._lock:
        box.close()
    for thread in threads:
        thread.join()
    assert found == [END] * 3
    assert box.take() is END


def test_what_cannot_heal_is_raised_after_what_came_before_to_each_an_error_of_his_own(box: Mailbox) -> None:
    box.put(slot(box, StreamKind.SESSION), [1])
    box.fail(AuthError("The key is wrong.", code="x"))
    assert box.take() == 1
    with pytest.raises(AuthError, match="key is wrong") as first:
        box.take()
    with pytest.raises(AuthError) as second:
        box.poll()
    assert first.value is not second.value
    assert second.value.code == "x"


def test_a_watcher_is_called_once_and_not_where_something_waits(box: Mailbox) -> None:
    called: list[int] = []
    where = slot(box, StreamKind.SESSION)

    def watcher() -> None:
        called.append(1)

    assert box.watch(watcher)
    box.put(where, [1])
    box.put(where, [2])
    assert called == [1]
    assert not box.watch(watcher)
    assert all_of(box) == [1, 2]
    assert box.watch(watcher)
    box.unwatch(watcher)
    box.close()
    assert called == [1]
