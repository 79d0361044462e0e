"""What a fault is: its name, what it does and where, what becomes of an order, and what it can be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from brokerkit.sandbox.face import Purpose
from brokerkit.sandbox.faults.relayed import HttpAnswer, Relayed
from brokerkit.sandbox.faults.streamed import Streamed


@dataclass(frozen=True)
class Measure:
    """How long and how much, for the kinds that can be told so."""

    seconds: float = 0.0
    size: int = 1


Play = Callable[[Relayed, Measure], bool]
"""Plays a fault of the line; False ends the line."""
Edit = Callable[[Relayed, Measure, HttpAnswer], HttpAnswer]
"""Returns the broken answer, or the same object where there is nothing to break."""
Break = Callable[[Streamed, Measure], bool]
"""Puts on the line what comes instead of a frame; False where there is nothing to break in it, and it goes as it is."""
Does = TypeVar("Does", Play, Edit, Break)


class FaultPlace(StrEnum):
    """Where a fault strikes."""

    LINE = "line"
    """What happens to a request and to the bytes of its answer."""
    ANSWER = "answer"
    """HTTP that is whole and says something else than it should."""
    LISTING = "listing"
    """Pages of a list of orders that lie about what there is."""
    STREAM = "stream"
    """What goes over a WebSocket."""


@dataclass(frozen=True)
class FaultKind(Generic[Does]):
    """One way to break a request, with the defaults of its parameters: None where it has not got one."""

    name: str
    words: str
    """What it does, as a sentence without its stop."""
    strikes: FaultPlace
    does: Does
    on: Purpose | None = None
    """The only purpose of requests that it can hit."""
    processed: bool = True
    """Whether the face gets the request, so that an order stands afterwards."""
    sent: bool = True
    """False where the client can know that not a byte of what is hit left it."""
    seconds: float | None = None
    size: int | None = None
    page: int | None = None

    @property
    def defaults(self) -> str:
        """What it can be told, with the defaults, as text."""
        given = {"seconds": self.seconds, "size": self.size, "page": self.page}
        return ", ".join(f"{name}={value:g}" for name, value in given.items() if value is not None)


class Table(dict[str, FaultKind[Does]]):
    """The faults of one place by name. A function does each, and states it.

    Its name is the name of the fault, its docstring says what it does, and the decorator what else is to be known.
    """

    def __init__(self, strikes: FaultPlace, *, on: Purpose | None = None) -> None:
        super().__init__()
        self._strikes = strikes
        self._on = on

    def fault(
        self,
        *,
        on: Purpose | None = None,
        processed: bool = True,
        sent: bool = True,
        seconds: float | None = None,
        size: int | None = None,
        page: int | None = None,
    ) -> Callable[[Does], Does]:
        """Return a decorator that enters a function as a kind of fault."""

        def enter(does: Does) -> Does:
            name, words = does.__name__, " ".join((does.__doc__ or "").split()).removesuffix(".")
            self[name] = FaultKind(
                name, words, self._strikes, does, on or self._on, processed, sent, seconds, size, page
            )
            return does

        return enter
