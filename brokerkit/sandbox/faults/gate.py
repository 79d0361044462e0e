"""What stands between a face and each line of its WebSocket: it lets the rules break some of what goes through."""

from __future__ import annotations

from collections.abc import Callable

from brokerkit.sandbox.face import Purpose
from brokerkit.sandbox.faults.rules import Faults
from brokerkit.sandbox.faults.streamed import Passage, Streamed
from brokerkit.sandbox.faults.streams import FAULTS
from brokerkit.sandbox.streaming import FaceStream, Line


class FaultyGate:
    """The gate of one line. Frames of data are counted by broker, as requests are."""

    def __init__(self, line: Line, stream: FaceStream, faults: Faults, restart: Callable[[float], None]) -> None:
        self._line = line
        self._stream = stream
        self._faults = faults
        self._passage = Passage(line, stream, restart)

    def send(self, text: str) -> None:
        """Let a text of the face through, or what a rule makes of it; nothing breaks heartbeats and answers."""
        is_data = self._stream.is_data(text)
        if self._line.is_stalled or (is_data and self._passage.is_silent):
            return
        if not is_data or not self._breaks(Purpose.FRAME, text, text):
            self._passage.put(text)

    def hear(self, text: str) -> bool:
        """Return whether the face gets a text of the client: not one that a rule has refused in its place."""
        for purpose, hook in (
            (Purpose.KEY, self._stream.refusal_of_key),
            (Purpose.REGISTRATION, self._stream.refusal_of_registration),
        ):
            refusal = hook(self._line, text)
            if refusal is not None and self._breaks(purpose, text, refusal):
                return False
        return True

    def _breaks(self, purpose: Purpose, content: str, text: str) -> bool:
        draw = self._faults.next(self._stream.face.name, purpose, content.encode(errors="replace"))
        for rule in draw.rules:
            kind = FAULTS[rule.kind]
            if kind.does(Streamed(self._passage, text, draw.random), rule.measure):
                self._faults.note(rule, draw)
                return True
        return False
