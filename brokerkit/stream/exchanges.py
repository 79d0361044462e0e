"""What is asked of the broker over a line: frames that wait for their answers, and calls that wait for those."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import SecretStr

from brokerkit.errors import BrokerError
from brokerkit.stream.feed import Registration
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import Topic


class Waiter:
    """A call that waits until the broker has taken all of its registrations, or has refused one."""

    def __init__(self, topics: Sequence[Topic], taker: Taker, left: Iterable[Registration], until: float) -> None:
        self.topics = topics
        self.taker = taker
        self.left = set(left)
        self.until = until
        """How long it waits for a line that is made again."""
        self.error: BrokerError | None = None
        self.is_of_line = False
        """Whether the error is about the line, and not about what was to be registered."""
        self.heals = True
        """Whether the same may succeed later."""
        self.is_over = threading.Event()

    def ends(self, error: BrokerError | None = None) -> None:
        """Let the call go on."""
        self.error = error
        self.is_over.set()


@dataclass(eq=False)
class Question:
    """A call that waits for the broker's answer to a question."""

    frame: SecretStr
    name: str
    seconds: float
    """In which the broker has to answer."""
    until: float
    """How long it waits for a line that is made again."""
    body: Any = None
    text: SecretStr | None = None
    """That the body came in."""
    error: BrokerError | None = None
    is_over: threading.Event = field(default_factory=threading.Event)

    def ends(self, error: BrokerError | None = None) -> None:
        """Let the call go on."""
        self.error = error
        self.is_over.set()


class Asked(Enum):
    """What a frame that waits for an answer is for."""

    OPEN = "open"
    REGISTER = "register"
    RELEASE = "release"
    ASK = "ask"


@dataclass
class Exchange:
    """Frames that are sent one after the other, and what they are for."""

    asked: Asked
    frames: deque[SecretStr]
    registrations: Sequence[Registration] = ()
    question: Question | None = None
    until: float = 0.0
    """By when the broker has to answer the frame that was sent last."""
    is_waiting: bool = False
    """Whether it has not answered yet."""
    answered: int = 0
    texts: list[SecretStr] = field(default_factory=list)
    """What the broker has answered."""
