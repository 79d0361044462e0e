"""Calls that do not depend on each other, several at a time: what takes time is the pace of a broker."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

A = TypeVar("A")
B = TypeVar("B")
Progress = Callable[[int, int], object]
"""Is told how many of how many calls are done."""

AT_ONCE = 8
"""Calls on their way at the same time. The limits of the broker hold for all of them together."""


class Together:
    """Threads that keep their connections, so that every call but the first few finds one open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def map(self, call: Callable[[A], B], items: Sequence[A], progress: Progress | None = None) -> list[B]:
        """Return what a call answers to each item, in their order. The first error ends it; no further call begins."""
        if len(items) <= 1:
            return [self._told(call(item), progress) for item in items]
        from concurrent import futures  # here: most programs ask one thing at a time

        pool = self._opened()
        running = [pool.submit(call, item) for item in items]
        try:
            return [self._done(future, number, len(items), progress) for number, future in enumerate(running, start=1)]
        except BaseException as error:
            on_their_way = [future for future in running if not future.cancel()]
            if isinstance(error, Exception):  # an interrupt does not wait for them
                futures.wait(on_their_way)
            raise

    @staticmethod
    def _told(answer: B, progress: Progress | None) -> B:
        if progress is not None:
            progress(1, 1)
        return answer

    @staticmethod
    def _done(future: Future[B], number: int, count: int, progress: Progress | None) -> B:
        answer = future.result()
        if progress is not None:
            progress(number, count)
        return answer

    def _opened(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None or self._process != os.getpid():  # threads do not live on in a forked process
                from concurrent.futures import ThreadPoolExecutor

                self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="brokerkit")
                self._process = os.getpid()
            return self._pool

    def close(self) -> None:
        """End the threads, and with them their connections."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None and self._process == os.getpid():
            pool.shutdown()
