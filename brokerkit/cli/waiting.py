"""What a person at a terminal sees of a question that takes long: a bar on standard error, gone when it is answered."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brokerkit.cli.printing import console_of
from brokerkit.languages import translated
from brokerkit.transport.together import Progress

PATIENCE = 2.0
"""Seconds after which a person wants to see that something is going on."""


@contextmanager
def waiting(what: str) -> Iterator[Progress]:
    """Yield what is told how many of how many calls are done; shown where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bar = _Bar(what)
    try:
        yield bar.step
    finally:
        bar.end()


@contextmanager
def unsaid(logger: logging.Logger) -> Iterator[None]:
    """Let a logger say nothing meanwhile."""

    def nothing(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(nothing)
    try:
        yield
    finally:
        logger.removeFilter(nothing)


class _Bar:
    """Appears when patience is over. As long as nobody tells how far it is, it only moves."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._done, self._total = 0, 0
        self._shown: Any = None
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._is_over = False
        self._timer.start()

    def _show(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        screen = console_of(sys.stderr)
        with self._lock:
            if self._is_over or screen.is_dumb_terminal:
                return
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._shown = Progress(*columns, console=screen, transient=True)
            self._shown.add_task(translated(self._what), completed=self._done, total=self._total or None)
            self._shown.start()

    def step(self, done: int, total: int) -> None:
        """Note how far it is."""
        with self._lock:
            self._done, self._total = done, total
            if self._shown is not None:
                self._shown.update(self._shown.task_ids[0], completed=done, total=total)

    def end(self) -> None:
        """Leave no trace."""
        self._timer.cancel()
        with self._lock:
            self._is_over = True
            if self._shown is not None:
                self._shown.stop()
