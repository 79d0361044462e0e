"""What a stream received, written down and played back: the same events by the same code, without a connection."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import stat
import sys
import threading
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from brokerkit import InvalidRequest, OrderStatus, Side, StreamError, Venue
from brokerkit.stream import recording
from brokerkit.stream.events import Gap, GapReason, OrderChange, OrderEvent, Source, TradeEvent
from brokerkit.stream.stream import Stream
from brokerkit.stream.topics import StreamKind, Topic
from tests.streams import MORNING, SECRET, FakeSources, opened, prices, trade_topic

ORDERS = Topic(StreamKind.ORDERS)
FILL = OrderEvent(
    "005930",
    Venue.KRX,
    MORNING,
    MORNING,
    OrderChange.FILLED,
    "117",
    None,
    Side.BUY,
    OrderStatus.PARTIALLY_FILLED,
    Decimal(10),
    Decimal("70000"),
    Decimal(3),
    Decimal(7),
    Decimal(3),
    Decimal("69900.5"),
    None,
    Source.LIST,
    "0123456789",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "morning.jsonl"


def recorded(path: Path, act: Callable[[Stream, FakeSources], object]) -> list[Any]:
    """Record what a stream does, and return the events that came out of it."""
    stream, sources = opened()
    with stream:
        stream.record(path)
        act(stream, sources)
        found = []
        while (event := stream.next(timeout=0)) is not None:
            found.append(event)
    assert sources.listeners == []
    return found


def played(path: Path) -> list[Any]:
    stream, sources = opened()
    with stream:
        found = [*stream.replay(path)]
    assert sources.calls == [("close",)]
    return found


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def a_morning(stream: Stream, sources: FakeSources) -> None:
    stream.trades("005930", "000660")
    stream.session()
    sources.trade(70_000)
    sources.receive("T@KRX|005930|70100|5|000660|200000|1|005930|70200|2", MORNING + dt.timedelta(seconds=1))
    sources.cut()
    stream.order_book("005930", venue=Venue.NXT)
    sources.receive("B@NXT|005930|70100|70000", MORNING + dt.timedelta(microseconds=5))
    sources.receive("S@KRX||09|")
    stream.orders()
    stream._inbox.take(ORDERS, [FILL])
    sources.receive("T@KRX|035720|50000|1")


def test_what_was_recorded_is_played_back_as_it_came(path: Path) -> None:
    found = recorded(path, a_morning)
    assert len(found) == 8
    assert played(path) == found
    gap = next(each for each in found if isinstance(each, Gap))
    assert gap.topics == (trade_topic(), trade_topic("000660"), Topic(StreamKind.SESSION, "", Venue.KRX))


def test_the_asyncio_face_records_and_plays_back_too(path: Path) -> None:
    stream, sources = opened()

    async def main() -> tuple[list[Any], list[Any]]:
        async with stream as twin:
            await twin.record(path)
            await twin.trades("005930")
            for price in range(1, 301):
                sources.trade(price)
            found = [await twin.next() for _ in range(300)]
        async with opened()[0] as twin:
            return found, [event async for event in twin.replay(path)]

    found, again = asyncio.run(main())
    assert found == again
    assert prices(again) == [*range(1, 301)]


def test_the_first_line_says_of_what_it_is(path: Path) -> None:
    recorded(path, a_morning)
    head, topics, *_ = lines_of(path)
    assert head == {
        "format": "brokerkit stream 1",
        "broker": "plain",
        "environment": "real",
        "brokerkit": recording._version(),
    }
    assert topics == {"topics": []}


def test_nobody_else_can_read_it_and_no_secret_stands_in_it(path: Path) -> None:
    def act(stream: Stream, sources: FakeSources) -> None:
        stream.trades("005930")
        sources.receive(f"O@None|{SECRET}|1|1")
        sources.receive("PING|1|2|3")
        sources.trade(70_000)

    recorded(path, act)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    frames = [line["frame"] for line in lines_of(path) if "frame" in line]
    assert frames == ["O@None|***|1|1", "T@KRX|005930|70000|1"]


def test_frames_of_what_the_stream_does_not_follow_play_nothing(path: Path) -> None:
    def act(stream: Stream, sources: FakeSources) -> None:
        with stream.trades("005930"):
            sources.trade(1)
        sources.trade(2)
        stream.trades("000660")
        sources.trade(3)
        sources.trade(4, "000660")

    recorded(path, act)
    assert prices(played(path)) == [1, 4]


def test_what_cannot_be_read_is_a_gap_once(path: Path) -> None:
    def act(stream: Stream, sources: FakeSources) -> None:
        stream.trades("005930")
        for listener in sources.listeners:
            listener("", ["T@KRX|005930|x|1", "T@KRX|005930", "T@KRX|005930|x|1", "T@KRX|005930|5|1"], MORNING)
        stream._inbox.missed(Gap((trade_topic(),), MORNING, MORNING, GapReason.UNREADABLE, MORNING))

    recorded(path, act)
    row, frame, trade = played(path)
    assert [each.reason for each in (row, frame)] == [GapReason.UNREADABLE] * 2
    assert [each.topics for each in (row, frame)] == [(trade_topic(),)] * 2
    assert "'x' is no number" in row.detail
    assert "cut" in frame.detail
    assert isinstance(trade, TradeEvent)


def test_what_could_not_be_read_of_own_orders_stays_a_gap(path: Path) -> None:
    def act(stream: Stream, sources: FakeSources) -> None:
        stream.trades("005930")
        stream.orders()
        stream._inbox.missed(Gap((trade_topic(), ORDERS), MORNING, MORNING, GapReason.UNREADABLE, MORNING))

    recorded(path, act)
    (gap,) = played(path)
    assert (gap.topics, gap.reason) == ((ORDERS,), GapReason.UNREADABLE)


def test_a_recording_begins_a_file_of_its_own(path: Path) -> None:
    path.write_text("something else")
    stream, sources = opened()
    with stream:
        with pytest.raises(InvalidRequest, match="there already"):
            stream.record(path)
        with pytest.raises(InvalidRequest, match="cannot be written"):
            stream.record(path / "inside")
    assert path.read_text() == "something else"
    assert sources.listeners == []


def test_several_recordings_hold_the_same(path: Path) -> None:
    other = path.with_suffix(".two")
    recorded(path, lambda stream, sources: (stream.record(other), a_morning(stream, sources)))
    assert path.read_text() == other.read_text()


def _first(act: Callable[[Stream, FakeSources], object]) -> list[Any]:
    stream, sources = opened()
    with stream:
        act(stream, sources)
        return [stream.next(timeout=0)]


def test_a_disk_that_fails_ends_the_recording_and_not_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")

    def act(stream: Stream, sources: FakeSources) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(recording, "_new", lambda path: full.open("w", encoding="utf-8"))
            stream.record(full)
        stream.trades("005930")
        stream._recordings[-1][0]._thread.join()
        sources.trade(70_000)

    with caplog.at_level(logging.ERROR):
        assert prices(_first(act)) == [70_000]
    assert "recording /dev/full ends: No space left" in caplog.text


def test_what_a_slow_disk_cannot_take_is_counted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    takes, next_lines = threading.Event(), recording.Recording._next_lines
    monkeypatch.setattr(recording, "MOST_WAITING", 8)  # three that begin it, and five frames
    monkeypatch.setattr(recording.Recording, "_next_lines", lambda each: (takes.wait(), next_lines(each))[1])

    def act(stream: Stream, sources: FakeSources) -> None:
        stream.trades("005930")
        for price in range(1, 9):
            sources.trade(price)
        takes.set()

    recorded(path, act)
    *found, gap = played(path)
    assert prices(found) == [1, 2, 3, 4, 5]
    assert isinstance(gap, Gap)
    assert gap.topics == (trade_topic(),)
    assert gap.detail.startswith("3 frames were not written down")


# What is no recording, or one no more


def changed(path: Path, line: int, text: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[line - 1] = text
    path.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("?\n", "line 6 is no line of a recording"),
        ("[1]\n", "line 6 is no line of a recording"),
        ("{}\n", "line 6 is no line of a recording"),
        ("[" * 100_000 + "\n", "line 6 is no line of a recording"),
        ('{"at":"yesterday","frame":"T"}\n', "line 6 does not say when it came"),
        ('{"at":5,"frame":"T"}\n', "line 6 does not say when it came"),
        ('{"at":"2026-11-20T09:00:00","frame":"T"}\n', "line 6 does not say when it came"),
        ('{"at":"9999-12-31T23:59:59-01:00","frame":"T"}\n', "line 6 does not say when it came"),
        ('{"at":"2026-11-20T09:00:00+09:00","frame":7}\n', "line 6 has a frame that is no text"),
        ('{"topics":[["NEWS","1",null]]}\n', "line 6 names topics that cannot be followed: they are no topics"),
        ('{"topics":5}\n', "line 6 names topics that cannot be followed"),
        ('{"topics":[["TRADES","US:AAPL","KRX"]]}\n', "line 6 names topics that cannot be followed: plain tells no"),
        ('{"event":"Trade","values":[]}\n', "line 6 has an event of an unknown kind"),
        ('{"event":"OrderEvent","values":["005930"]}\n', "line 6 has no OrderEvent"),
        ('{"event":"Stopped","values":[true,"","2026-11-20T09:00:00"]}\n', "line 6 has no Stopped"),
        ('{"event":"Stopped","values":[true,"","9999-12-31T23:59:59-01:00"]}\n', "line 6 has no Stopped"),
        ('{"at":"2026-11-20T09:00:00+09:00","fra', "line 6 is cut off"),
    ],
)
def test_a_line_that_is_odd_is_named_after_what_came_before_it(path: Path, text: str, words: str) -> None:
    recorded(path, a_morning)
    if not text.endswith("\n"):
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:6]))
    changed(path, 6, text)
    stream, _ = opened()
    events = stream.replay(path)
    assert prices([next(events)]) == [70_000]
    with pytest.raises(StreamError, match=words) as caught:
        next(events)
    assert str(path) in str(caught.value)


def test_a_line_that_never_ends_is_not_read_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_CHARACTERS", 1_000)
    recorded(path, a_morning)
    changed(path, 5, "x" * 100_000 + "\n")
    with pytest.raises(StreamError, match="line 5 is too long"):
        played(path)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", StreamError, "is empty"),
        ("{}\n", StreamError, "line 1 is not the beginning of a recording"),
        ('{"format":"brokerkit stream 1","broker":"plain","environment":"moon"}\n', StreamError, "line 1"),
        ('{"format":"brokerkit stream 2","broker":"plain","environment":"real"}\n', StreamError, "line 1"),
        ('{"format":"brokerkit stream 1","broker":"other","environment":"real"}\n', InvalidRequest, "at other, not at"),
        ("\x00\n", StreamError, "line 1"),
    ],
)
def test_what_is_no_recording_of_this_broker_is_told_at_once(
    path: Path, text: str, error: type[Exception], words: str
) -> None:
    path.write_text(text)
    with pytest.raises(error, match=words):
        opened()[0].replay(path)


def test_a_file_that_cannot_be_read_is_told_at_once(path: Path) -> None:
    stream, _ = opened()
    with pytest.raises(InvalidRequest, match=r"cannot be read: No such file"):
        stream.replay(path)
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(StreamError, match="line 1 is no line"):
        stream.replay(path)


def test_a_recording_of_the_other_environment_is_read_as_one(path: Path) -> None:
    recorded(path, a_morning)
    stream, sources = opened()
    sources.feed = type(sources.feed)(sources.feed.client, environment="demo")
    assert len([*stream.replay(path)]) == 8


def test_playing_back_takes_no_more_room_for_more_frames(path: Path) -> None:
    recorded(path, lambda stream, sources: (stream.trades("005930"), sources.trade(1)))
    *head, frame = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*head, *[frame] * 12_000]))
    stream, _ = opened()
    events = stream.replay(path)
    tracemalloc.start()
    try:
        [*islice(events, 1_000)]
        before = tracemalloc.get_traced_memory()[0]
        assert sum(1 for _ in islice(events, 10_000)) == 10_000
        assert (
            tracemalloc.get_traced_memory()[0] - before < 200_000
        )  # one event takes hundreds, and threads of other tests take some meanwhile
    finally:
        tracemalloc.stop()
    assert sum(1 for _ in events) == 1_000
    assert sys.getsizeof(events) < 1_000
