"""Prints of one symbol that come together, which stand in one frame of the socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

P = TypeVar("P")


class Prints(Generic[P]):
    """Collects what is told of trades until their book is told, or no other one has come for a moment.

    Nearly always the book has changed too and its row takes them along; not so at the middle of two prices.
    """

    def __init__(self, send: Callable[[str, list[P]], None], later: Callable[[Callable[[], None]], None]) -> None:
        """`send` sends those of a symbol, `later` lets something be done when others had time to come."""
        self._send = send
        self._later = later
        self._waiting: dict[str, list[P]] = {}
        self._is_collecting = False

    def add(self, symbol: str, told: P) -> None:
        """Let a print wait for others."""
        if not self._is_collecting:
            self._is_collecting = True
            self._later(self._send_all)
        self._waiting.setdefault(symbol, []).append(told)

    def send(self, symbol: str) -> None:
        """Send those of a symbol now."""
        if waiting := self._waiting.pop(symbol, None):
            self._send(symbol, waiting)

    def _send_all(self) -> None:
        self._is_collecting = False
        for symbol in list(self._waiting):
            self.send(symbol)
