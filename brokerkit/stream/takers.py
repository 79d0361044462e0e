"""Who takes what a connection receives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from brokerkit.errors import BrokerError
from brokerkit.stream.events import Gap
from brokerkit.stream.topics import Topic


class Taker(Protocol):
    """Takes the events of topics. Called in the connection's thread: each method returns at once and never raises."""

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        """Take events of a topic, in their order; of own orders these are notices."""

    def missed(self, gap: Gap) -> None:
        """Take a gap; its topics are those of this taker."""

    def failed(self, error: BrokerError) -> None:
        """Learn that nothing will come any more, and why."""
