"""What tests of an adapter's exact requests need: leave to send, and a journal that lets answers repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from brokerkit.broker import Broker
from brokerkit.orders.intents import Intent
from brokerkit.orders.journal import Journal
from brokerkit.transport.permits import issued

T = TypeVar("T")


def sent(broker: Broker, hook: Callable[[Broker], T]) -> T:
    """Return what a hook answers that sends an order, called without the checks of the order desk."""
    with broker.client.sending(issued(lambda: None, lambda: None)):
        return hook(broker)


class ForgetfulJournal(Journal):
    """Forgets every intent before the next one: each order of a test stands for itself, whatever number is answered."""

    def __init__(self) -> None:
        super().__init__(None)

    def begin(self, intent: Intent, **terms: Any) -> Intent:
        self._write(lambda file: file.execute("DELETE FROM intents").rowcount)
        return super().begin(intent, **terms)

    def open_intents(self) -> tuple[Intent, ...]:
        return ()

    def rivals(self, intent: Intent, *given: Any) -> tuple[Intent, ...]:
        return ()


def forget(broker: Broker) -> None:
    """Give a broker whose answers are canned a journal that forgets."""
    broker._desk._journal = ForgetfulJournal()
