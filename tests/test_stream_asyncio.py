"""The asyncio face of streams: the same names and the same rules, and only the waiting is another."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from brokerkit import AuthError, InvalidRequest, StreamError, UnknownSymbol
from brokerkit.stream.events import Gap
from brokerkit.stream.stream import Stream, Subscription
from brokerkit.stream.twin import AsyncStream, AsyncSubscription
from tests.streams import FakeSources, opened, prices, trade_topic


def played(act: Callable[[AsyncStream, FakeSources], Awaitable[Any]]) -> tuple[Any, Stream, FakeSources]:
    """Return what a program does with a stream, the stream, and its sources."""
    stream, sources = opened()

    async def main() -> Any:
        async with stream as twin:
            return await act(twin, sources)

    return asyncio.run(main()), stream, sources


def names(kind: type) -> dict[str, list[str]]:
    return {
        name: [*inspect.signature(value).parameters]
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and name[0] != "_"
    }


@pytest.mark.parametrize(("kind", "twin"), [(Stream, AsyncStream), (Subscription, AsyncSubscription)])
def test_the_twins_have_the_same_names_and_parameters(kind: type, twin: type) -> None:
    assert names(kind) == names(twin) != {}


def test_events_are_awaited() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> list[Any]:
        await stream.trades("005930")
        sources.soon(lambda: sources.trade(1), lambda: sources.trade(2)).join()
        return [await stream.next(), await stream.next(timeout=5), await stream.next(timeout=0.01)]

    found, stream, _ = played(act)
    assert prices(found[:2]) == [1, 2]
    assert found[2] is None
    assert stream._inbox.is_closed


def test_a_task_that_waits_is_woken_by_the_connections_thread() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> list[Any]:
        await stream.trades("005930")
        waiting = [asyncio.create_task(stream.next()) for _ in range(3)]
        await asyncio.sleep(0)
        sources.soon(*(lambda price=price: sources.trade(price) for price in (1, 2, 3)))
        return await asyncio.gather(*waiting)

    assert sorted(prices(played(act)[0])) == [1, 2, 3]


def test_a_subscription_is_awaited_iterated_or_entered() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> list[list[int]]:
        awaited = await stream.trades("005930")
        assert awaited.topics == (trade_topic(),)
        sources.trade(1)
        found = [await awaited.next()]
        iterated = []
        await stream.trades("000660")
        sources.trade(2, "000660")
        async for event in stream.trades("000660"):
            iterated.append(event)
            sources.soon(lambda: sources.trade(3, "000660"))
            if len(iterated) == 2:
                break
        async with stream.trades("035720") as entered:
            sources.trade(4, "035720")
            found.append(await entered.next(timeout=5))
        assert trade_topic("035720") not in sources.takers
        return [prices(found), prices(iterated)]

    assert played(act)[0] == [[1, 4], [2, 3]]


def test_errors_are_raised_where_a_subscription_is_awaited() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> None:
        with pytest.raises(UnknownSymbol):
            await stream.trades("999999")
        with pytest.raises(InvalidRequest, match="one by one"):
            await stream.trades(["005930"])  # type: ignore[arg-type]
        with pytest.raises(InvalidRequest, match="number of seconds"):
            await stream.next(timeout="soon")  # type: ignore[arg-type]

    played(act)


def test_a_subscription_that_is_not_awaited_is_warned_of() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> None:
        with pytest.warns(RuntimeWarning, match="never awaited"):
            stream.trades("005930")

    assert played(act)[2].calls == [("close",)]


def test_gaps_come_in_their_place() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> list[Any]:
        await stream.trades("005930")
        sources.trade(1)
        sources.cut()
        sources.trade(2)
        return [await stream.next() for _ in range(3)]

    first, gap, last = played(act)[0]
    assert prices([first, last]) == [1, 2]
    assert isinstance(gap, Gap)


def test_closing_ends_iteration_in_every_task() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> list[Any]:
        trades = await stream.trades("005930")

        async def all_of(events: Any) -> list[Any]:
            return [event async for event in events]

        tasks = [asyncio.create_task(all_of(each)) for each in (stream, trades, stream, trades)]
        await asyncio.sleep(0)
        await stream.close()
        found = await asyncio.gather(*tasks)
        with pytest.raises(StreamError, match="closed"):
            await stream.next()
        return found

    assert played(act)[0] == [[], [], [], []]


def test_closing_the_stream_from_a_thread_ends_it_too() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> list[Any]:
        await stream.trades("005930")
        sources.soon(stream.threaded.close)
        return [event async for event in stream]

    assert played(act)[0] == []


def test_what_cannot_heal_is_raised_to_every_task() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> list[Any]:
        await stream.trades("005930")
        waiting = [asyncio.create_task(stream.next()) for _ in range(2)]
        await asyncio.sleep(0)
        sources.soon(lambda: stream.threaded._inbox.failed(AuthError("The key is wrong.")))
        return await asyncio.gather(*waiting, return_exceptions=True)

    found = played(act)[0]
    assert [type(each) for each in found] == [AuthError, AuthError]


def test_a_subscription_that_is_cancelled_while_the_broker_is_asked_is_undone() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> None:
        go, asked = threading.Event(), threading.Event()
        sources.before = lambda: (asked.set(), go.wait())
        task = asyncio.create_task(stream.trades("005930").next())
        while not asked.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        while ("unsubscribe", trade_topic()) not in sources.calls:
            await asyncio.sleep(0.001)

    played(act)


def test_a_task_that_is_cancelled_takes_no_event_with_it() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> Any:
        await stream.trades("005930")
        task = asyncio.create_task(stream.next())
        await asyncio.sleep(0)
        sources.trade(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await stream.next()

    assert prices([played(act)[0]]) == [1]


def test_other_tasks_have_their_turn_while_events_never_end() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> int:
        await stream.trades("005930")
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        for price in range(1, 1_001):
            sources.trade(price)
        async for event in stream:
            if prices([event]) == [1_000]:
                break
        task.cancel()
        return turns

    assert played(act)[0] >= 9


def test_a_loop_that_ends_first_ends_the_stream() -> None:
    stream, sources = opened()

    async def main() -> None:
        twin = await stream.__aenter__()
        await twin.trades("005930")

    asyncio.run(main())
    assert stream._inbox.is_closed
    assert sources.calls[-1] == ("close",)


@pytest.mark.parametrize("waits", [True, False])
def test_a_loop_that_is_closed_ends_the_stream_with_the_next_event(waits: bool) -> None:
    stream, sources = opened()
    loop = asyncio.new_event_loop()

    async def main() -> tuple[AsyncStream, Any]:
        twin = await stream.__aenter__()
        await twin.trades("005930")
        task = asyncio.ensure_future(twin.next()) if waits else None
        await asyncio.sleep(0)
        return twin, task

    _twin, task = loop.run_until_complete(main())
    loop.close()
    sources.trade(1)
    sources.cut()
    for thread in threading.enumerate():
        if thread.name == "brokerkit stream without a loop":
            thread.join()
    assert stream._inbox.is_closed
    assert sources.calls[-1] == ("close",)
    if task is not None:
        task._log_destroy_pending = False  # what the test is about


def test_twins_refuse_to_be_pickled() -> None:
    async def act(stream: AsyncStream, sources: FakeSources) -> None:
        subscription = await stream.trades("005930")
        for each in (stream, subscription):
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(each)
        assert repr(stream) == "<AsyncStream plain, 1 topics>"

    played(act)
