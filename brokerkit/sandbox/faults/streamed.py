"""One frame of a WebSocket on its way to a client, and the way itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from brokerkit.sandbox.streaming import FaceStream, Line


class Passage:
    """The way of a line's texts to its client, as faults leave it."""

    def __init__(self, line: Line, stream: FaceStream, restart: Callable[[float], None]) -> None:
        self.line = line
        self.stream = stream
        self.restart = restart
        """Closes the port for some seconds and cuts every line of the broker, in a thread of its own."""
        self._silent_until = 0.0
        self._held: str | None = None
        self._is_merged = False
        self._lock = threading.Lock()

    @property
    def is_silent(self) -> bool:
        """Whether data is lost, while heartbeats and answers go."""
        return time.monotonic() < self._silent_until

    def fall_silent(self, seconds: float) -> None:
        """Lose all data for a while."""
        self._silent_until = time.monotonic() + seconds

    def stall(self, seconds: float) -> None:
        """Let nothing go either way any more, and cut the line after a while."""
        self.line.stall()
        self.line.later(seconds, self.line.cut)

    def put(self, text: str) -> None:
        """Send a text, and what was held back behind it; or both as one frame."""
        with self._lock:
            held, self._held = self._held, None
            if held is None:
                self.line.put(text)
                return
            is_mergeable = self._is_merged and self.stream.is_data(text)
            merged = self.stream.merged(self.line, held, text) if is_mergeable else None
            for each in (merged,) if merged else (held, text) if self._is_merged else (text, held):
                self.line.put(each)

    def hold(self, text: str, seconds: float, *, merged: bool = False) -> None:
        """Keep a frame back until the next text goes, or for some seconds; then `merged` makes one frame of both."""
        self.release()
        with self._lock:
            self._held, self._is_merged = text, merged
        self.line.later(seconds, self.release)

    def release(self) -> None:
        """Send what is held back."""
        with self._lock:
            held, self._held = self._held, None
            if held is not None:
                self.line.put(held)


@dataclass
class Streamed:
    """A text that goes to a client, as a fault sees it."""

    passage: Passage
    text: str
    """A frame of data; of a registration or a key that is to be refused, the refusal."""
    random: Random
    """A source of chance of its own."""

    @property
    def line(self) -> Line:
        return self.passage.line

    @property
    def stream(self) -> FaceStream:
        return self.passage.stream

    def put(self, *texts: str | None) -> bool:
        """Send these instead of the frame; False, and nothing, where there is none or only what was there before."""
        given = [text for text in texts if text is not None]
        if given in ([], [self.text]):
            return False
        for text in given:
            self.passage.put(text)
        return True
