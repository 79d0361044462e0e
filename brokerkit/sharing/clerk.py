"""A thread that does jobs. What interrupts a program reaches its main thread, and never a change half made.

A signal handler that wants something while a job of its own thread is being done only queues one more.
"""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
AGAIN_SECONDS = 0.25
"""After this time what could not be done is tried again."""


class Busy(Exception):
    """It was not done in the time that it was given, and will not be."""


class Job(Generic[T]):
    """Something to do, once. Either the clerk takes it, or who waits for it takes it back."""

    def __init__(self, work: Callable[[Job[T]], T], seconds: float) -> None:
        self._work = work
        self._until = time.monotonic() + seconds
        self._taken = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()
        self._value: T | None = None
        self._error: BaseException | None = None

    def take(self) -> bool:
        """Say whether it is the caller's from now on, who does it or leaves it undone; it is so once."""
        return self._taken.acquire(blocking=False)

    def try_again(self) -> None:
        """Wait a moment for others who hold the file; Busy if the time is over or nobody waits any more."""
        if time.monotonic() >= self._until or self._taken.locked():
            raise Busy
        time.sleep(random.uniform(0.001, 0.015))  # noqa: S311 - those who wait should not come back together

    def run(self) -> None:
        """Do it, unless it was taken back."""
        try:
            self._value = self._work(self)
        except BaseException as error:  # noqa: BLE001 - it is raised where the job is waited for
            self._error = error
        self._done.release()

    def result(self, seconds: float) -> T:
        """Wait for it and return what came of it; Busy if it was not begun by then."""
        try:
            done = self._done.acquire(timeout=seconds)
        except BaseException:
            self.take()
            raise
        if not done:
            if self.take():
                raise Busy
            self._done.acquire()  # it is being written, which is a matter of milliseconds
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


class Clerk:
    """Does one job after the other in a thread that ends with whom it works for."""

    def __init__(self, owes: Callable[[], bool] | None = None, *, name: str = "brokerkit-journal") -> None:
        """`owes` is a method, called when there is nothing else to do; it says whether to call it again soon."""
        self._jobs: SimpleQueue[Job[Any] | bool] = SimpleQueue()
        owed = None if owes is None else weakref.WeakMethod(owes)
        self._thread = threading.Thread(target=_work, args=(self._jobs, owed), name=name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no more threads, or the interpreter ends: the caller does it then
            self._thread = None  # type: ignore[assignment]
        weakref.finalize(self, self._jobs.put, False).atexit = False

    def do(self, work: Callable[[Job[T]], T], seconds: float) -> T:
        """Do it, and return what came of it. Busy if it cannot be begun within so many seconds."""
        job = Job(work, seconds)
        self._queue(job)
        return job.result(seconds)

    def post(self, work: Callable[[Job[Any]], object], seconds: float) -> None:
        """Do it after what was asked for before; nobody waits for it or hears of its errors."""
        self._queue(Job(work, seconds))

    def remind(self) -> None:
        """Let it look at what it owes."""
        self._jobs.put(True)

    def _queue(self, job: Job[Any]) -> None:
        if self._thread is None:
            job.run()
        else:
            self._jobs.put(job)


def _work(jobs: SimpleQueue[Job[Any] | bool], owes: weakref.WeakMethod[Callable[[], bool]] | None) -> None:
    restless = False
    while True:
        try:
            job = jobs.get(timeout=AGAIN_SECONDS if restless else None)
        except Empty:
            job = True
        if job is False:
            return
        if job is True:
            method = owes() if owes is not None else None
            restless = method is not None and method()
            del method
        else:
            job.run()
        del job
