"""The stream of asyncio programs: the same one, with the same rules. Only the waiting is another."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import suppress
from functools import partial
from os import PathLike
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

from brokerkit.errors import StreamError
from brokerkit.models import Condition, Instrument
from brokerkit.stream.events import (
    BookEvent,
    ConditionEvent,
    Dropped,
    Event,
    Gap,
    OrderEvent,
    QuoteEvent,
    RawEvent,
    SessionEvent,
    Stopped,
    TradeEvent,
)
from brokerkit.stream.inbox import Inbox
from brokerkit.stream.mailbox import END, Mailbox
from brokerkit.stream.topics import Topic
from brokerkit.values import exact_seconds
from brokerkit.words import Venue

E = TypeVar("E")
R = TypeVar("R")
IN_A_ROW = 100
"""Events that are handed out before other tasks have their turn."""


class Following(Protocol):
    """A subscription of the threaded stream."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What is followed."""

    @property
    def _mailbox(self) -> Mailbox:
        """Where its events wait."""

    def close(self) -> None:
        """Follow these topics no more."""


class Threaded(Protocol):
    """The threaded stream, as its twin needs it."""

    broker: str

    _inbox: Inbox

    @property
    def _mailbox(self) -> Mailbox:
        """Where its events wait; an error in a child of the process that opened the stream."""

    def trades(self, *symbols: str | Instrument, venue: Venue | None) -> Following:
        """Follow trades."""

    def order_book(self, *symbols: str | Instrument, venue: Venue | None) -> Following:
        """Follow order books."""

    def quotes(self, *symbols: str | Instrument, venue: Venue | None) -> Following:
        """Follow prices."""

    def index(self, *symbols: str | Instrument) -> Following:
        """Follow indices."""

    def orders(self, *, market: str | None) -> Following:
        """Follow own orders."""

    def session(self, symbol: str | Instrument | None, *, venue: Venue | None) -> Following:
        """Follow a venue's phases."""

    def condition(self, condition: Condition | str) -> Following:
        """Follow a saved condition."""

    def raw(self, channel: str, *keys: str) -> Following:
        """Follow a channel of the broker."""

    def record(self, path: str | PathLike[str]) -> None:
        """Write down what comes."""

    def replay(self, path: str | PathLike[str]) -> Iterator[Event]:
        """Play it back."""

    def _gone(self) -> StreamError:
        """Return the error for whoever wants something of a stream that is closed."""

    def close(self) -> None:
        """End the stream."""


class AsyncSubscription(Generic[E]):
    """Topics that a stream follows, as `Subscription`. `await` it, iterate over it, or enter it: each begins it."""

    def __init__(self, stream: AsyncStream, begin: Callable[[], Following]) -> None:
        self._stream = stream
        self._begin = begin
        self._following: Following | None = None
        self._has_begun = False

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What is followed; nothing before it was awaited."""
        return () if self._following is None else self._following.topics

    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._begun().__await__()
        return self

    async def _begun(self) -> Following:
        self._has_begun = True
        if self._following is None:
            self._following = await in_thread(self._begin, lambda following: following.close())
        return self._following

    async def next(self, timeout: float | None = None) -> E | None:
        """Return the next event; None if none comes within `timeout` seconds. A StreamError once it is closed."""
        seconds = None if timeout is None else exact_seconds(timeout)
        event = await taken((await self._begun())._mailbox, seconds)
        if event is END:
            raise StreamError("The subscription is closed.", broker=self._stream.threaded.broker)
        found: E | None = event
        return found

    async def __aiter__(self) -> AsyncIterator[E]:
        async for event in events((await self._begun())._mailbox):
            yield event

    async def close(self) -> None:
        """Follow these topics no more; what waits of them is forgotten."""
        self._has_begun = True
        if self._following is not None:
            await in_thread(self._following.close)

    async def __aenter__(self) -> Self:
        await self._begun()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def __del__(self) -> None:
        if not self._has_begun:
            words = "A subscription was never awaited, so nothing is followed. Write: await stream.trades(...)"
            warnings.warn(words, RuntimeWarning, stacklevel=2, source=self)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is part of a connection and cannot be pickled.")


class AsyncStream:
    """What `Stream` is, for asyncio: what waits there is awaited here. `async with broker.stream()` gives it.

    Units, errors and examples are those of the methods of the same names.
    """

    def __init__(self, stream: Threaded) -> None:
        self.threaded = stream
        """The stream whose twin it is."""
        self._guard = _guard(stream.close)

    async def _opened(self) -> Self:
        """Let the stream end with the loop at the latest."""
        await anext(self._guard)
        self._loop = asyncio.get_running_loop()
        self.threaded._inbox.abandoned = self._look
        return self

    def _look(self) -> None:
        """End the stream if the loop is closed, and nobody will ever take what comes; in the connection's thread."""
        if self._loop.is_closed():
            self.threaded._inbox.abandoned = None
            # Not here: it may wait for this very thread.
            threading.Thread(target=self.threaded.close, name="brokerkit stream without a loop").start()

    def trades(
        self, *symbols: str | Instrument, venue: Venue | None = None
    ) -> AsyncSubscription[TradeEvent | Gap | Dropped]:
        """Follow the trades of symbols, as `Stream.trades` (실시간 체결)."""
        return AsyncSubscription(self, partial(self.threaded.trades, *symbols, venue=venue))

    def order_book(self, *symbols: str | Instrument, venue: Venue | None = None) -> AsyncSubscription[BookEvent | Gap]:
        """Follow the order books of symbols, as `Stream.order_book` (실시간 호가)."""
        return AsyncSubscription(self, partial(self.threaded.order_book, *symbols, venue=venue))

    def quotes(self, *symbols: str | Instrument, venue: Venue | None = None) -> AsyncSubscription[QuoteEvent | Gap]:
        """Follow the prices of symbols, as `Stream.quotes` (실시간 현재가)."""
        return AsyncSubscription(self, partial(self.threaded.quotes, *symbols, venue=venue))

    def index(self, *symbols: str | Instrument) -> AsyncSubscription[QuoteEvent | Gap]:
        """Follow indices, as `Stream.index` (실시간 지수)."""
        return AsyncSubscription(self, partial(self.threaded.index, *symbols))

    def orders(self, *, market: str | None = None) -> AsyncSubscription[OrderEvent | Gap | Stopped]:
        """Follow the account's own orders, as `Stream.orders` (주문체결통보)."""
        return AsyncSubscription(self, partial(self.threaded.orders, market=market))

    def session(
        self, symbol: str | Instrument | None = None, *, venue: Venue | None = None
    ) -> AsyncSubscription[SessionEvent | Gap]:
        """Follow the phases of a venue, or the trading of a symbol, as `Stream.session` (장운영정보)."""
        return AsyncSubscription(self, partial(self.threaded.session, symbol, venue=venue))

    def condition(self, condition: Condition | str) -> AsyncSubscription[ConditionEvent | Gap]:
        """Follow which symbols meet a saved condition, as `Stream.condition` (조건검색 실시간)."""
        return AsyncSubscription(self, partial(self.threaded.condition, condition))

    def raw(self, channel: str, *keys: str) -> AsyncSubscription[RawEvent | Gap | Dropped]:
        """Follow a channel of the broker by its own name or id, as `Stream.raw`."""
        return AsyncSubscription(self, partial(self.threaded.raw, channel, *keys))

    async def next(self, timeout: float | None = None) -> Event | None:
        """Return the next event; None if none comes within `timeout` seconds. A StreamError once it is closed."""
        seconds = None if timeout is None else exact_seconds(timeout)
        event = await taken(self.threaded._mailbox, seconds)
        if event is END:
            raise self.threaded._gone()
        found: Event | None = event
        return found

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events until the stream is closed. Raises what cannot heal, once all that came before is taken."""
        async for event in events(self.threaded._mailbox):
            yield event

    async def record(self, path: str | PathLike[str]) -> None:
        """Write down what comes from now on, as `Stream.record`."""
        await in_thread(partial(self.threaded.record, path))

    async def replay(self, path: str | PathLike[str]) -> AsyncIterator[Event]:
        """Yield the events of what was written down, as `Stream.replay`."""
        for number, event in enumerate(self.threaded.replay(path)):
            if number % IN_A_ROW == 0:
                await asyncio.sleep(0)
            yield event

    async def close(self) -> None:
        """End the stream: iteration ends in every task."""
        await in_thread(self.threaded.close)
        await self._guard.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is part of a connection and cannot be pickled.")

    def __repr__(self) -> str:
        return repr(self.threaded).replace("<", "<Async", 1)


async def _guard(close: Callable[[], None]) -> AsyncGenerator[None, None]:
    """Close the stream where nobody else does: a loop that ends closes the generators that have begun in it."""
    try:
        yield
    finally:
        close()


async def events(mailbox: Mailbox) -> AsyncIterator[Any]:
    """Yield what a mailbox gets, until it is closed; other tasks have their turn meanwhile."""
    in_a_row = 0
    while (event := await taken(mailbox, None)) is not END:
        yield event
        in_a_row += 1
        if in_a_row % IN_A_ROW == 0:
            await asyncio.sleep(0)


async def taken(mailbox: Mailbox, timeout: float | None) -> Any:
    """Return the next event, as `Mailbox.take`."""
    loop = asyncio.get_running_loop()
    until = None if timeout is None else loop.time() + timeout
    while (event := mailbox.poll()) is None:
        left = None if until is None else until - loop.time()
        if left is not None and left <= 0:
            return None
        waker = _Waker(loop)
        if mailbox.watch(waker.wake):
            try:
                await asyncio.wait([waker.woken], timeout=left)
            finally:
                mailbox.unwatch(waker.wake)
    return event


class _Waker:
    """Wakes a task of a loop from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.woken: asyncio.Future[None] = loop.create_future()
        self._loop = loop

    def wake(self) -> None:
        """Let it run again."""
        with suppress(RuntimeError):  # the loop is closed: nobody will ever come again
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)


async def in_thread(work: Callable[[], R], undo: Callable[[R], object] = lambda result: None) -> R:
    """Return what a function answers that waits, in a thread of its own.

    Who is cancelled meanwhile gets no answer: it is undone as soon as it comes.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()

    def settle(give: Callable[[], None], take_back: Callable[[], object]) -> None:
        if future.done():
            threading.Thread(target=take_back, name="brokerkit stream taking back").start()
        else:
            give()

    def run() -> None:
        take_back: Callable[[], object] = lambda: None  # noqa: E731
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - who awaits it gets it
            give: Callable[[], None] = partial(future.set_exception, error)
        else:
            give, take_back = partial(future.set_result, result), partial(undo, result)
        try:
            loop.call_soon_threadsafe(settle, give, take_back)
        except RuntimeError:  # the loop is closed
            take_back()

    threading.Thread(target=run, name="brokerkit stream asked by a task", daemon=True).start()
    return await future
