"""Hosts that share a Redis and trade one account: the test's own process, and processes with folders of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from brokerkit.broker import Broker
from brokerkit.orders import halting, lease, tally
from brokerkit.orders.journal import Journal
from brokerkit.sandbox import Sandbox
from tests.redises import RedisServer
from tests.traders import Trader, opened

HERE, THERE = "desk-here", "desk-there"


def named(monkeypatch: pytest.MonkeyPatch, name: str = HERE) -> None:
    """Let this process be a machine of that name."""
    monkeypatch.setattr(tally, "host_name", lambda: name)
    monkeypatch.setattr(lease, "host_name", lambda: name)
    monkeypatch.setattr(halting, "host_name", lambda: name)


@contextmanager
def here(
    box: Sandbox, name: str, server: RedisServer, *, without: str = "refuse", takes: bool = True, **given: Any
) -> Iterator[Broker]:
    """Open the broker of this host, which trades the account where no host does yet."""
    with opened(box, name, options={"state": server.url(), "orders_without_state": without}, **given) as broker:
        if takes and not keys_of(server, "lease"):
            broker.take_over()
        yield broker


def there(
    box: Sandbox,
    name: str,
    server: RedisServer,
    folder: Path,
    *,
    without: str = "refuse",
    takes: bool = False,
    **given: Any,
) -> Trader:
    """Start a program of another host. With `takes` it trades the account from now on."""
    options = {"state": server.url(), "orders_without_state": without}
    trader = Trader(box, name, options=options, folder=folder, **given)
    if takes:
        assert trader.does("take_over")[0] == "Lease"
    return trader


def keys_of(server: RedisServer, kind: str) -> list[bytes]:
    """Return the keys of a kind that the server has."""
    found: list[bytes] = server.client().keys(f"brokerkit:1:{kind}:*")
    return found


def pending(server: RedisServer) -> list[str]:
    """Return what may be on its way, of any host."""
    client = server.client()
    texts = [text for key in keys_of(server, "pending") for text in client.hvals(key)]
    return sorted(text.decode().partition(" ")[2] for text in texts)


def taken_by_another(server: RedisServer) -> None:
    """Let another host have the one lease that there is."""
    client = server.client()
    (key,) = keys_of(server, "lease")
    client.hset(key, mapping={"host": "f" * 32, "name": THERE, "fence": int(client.hget(key, "fence")) + 1})


def fences(broker: Broker) -> list[int | None]:
    """Return the fence of each order that a host has written down, oldest first."""
    return [intent.fence for intent in broker.journal.everything()]


def journal_in(folder: Path) -> Journal:
    """Open the one journal of another host."""
    (path,) = (folder / "state" / "journals").glob("*.journal")
    return Journal(path)
