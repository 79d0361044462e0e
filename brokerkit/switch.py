"""The kill switch of all that a user trades: here, and on all hosts that share a Redis with this one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from brokerkit.config import fetch_secret, load_configuration, opened
from brokerkit.errors import ConfigError, JournalError
from brokerkit.orders import halting
from brokerkit.sharing.store import StateLost, Store, open_stores, store_for

_VARIABLE = re.compile(r"BROKERKIT_[A-Z0-9_]+_STATE")


class _Named(NamedTuple):
    """A Redis as a profile, or a variable, names it."""

    state: SecretStr
    ca_file: Path | None


def halt(reason: str = "") -> tuple[str, ...]:
    """Stop orders and amendments of all accounts: of all programs of this user, and of all hosts that share a Redis.

    Cancellations go on. Returns the addresses of the Redis servers that tell the others: those of the profiles and of
    the brokers that are open here. A JournalError says what is NOT stopped; this machine is stopped before others are.
    """
    failed: JournalError | None = None
    try:
        halting.halt(reason)
    except JournalError as error:  # what can be stopped is
        failed = error
    reached: list[str] = []

    def tell(store: Store) -> None:
        halting.halt_hosts(store, reason)
        reached.append(str(store.address))

    missed = _each(tell)
    if failed is not None:
        told = [failed.words]
        if reached:
            told.append(f"Programs that share {', '.join(reached)} are stopped all the same.")
        if missed:
            told.append(f"Those of other hosts are NOT stopped either: {'; '.join(missed)}.")
        raise JournalError(" ".join(told), advice=failed.remedy)
    if missed:
        raise JournalError(
            f"The orders of this machine are stopped. Those of other hosts are NOT: {'; '.join(missed)}.",
            advice="Stop the programs there by hand, or halt again when that is mended.",
        )
    return tuple(reached)


def resume() -> bool:
    """Let orders go out again, here and on all hosts that share a Redis. False: they were not stopped.

    A JournalError says where they are still stopped.
    """
    stopped = [halting.resume()]
    if missed := _each(lambda store: stopped.append(halting.resume_hosts(store))):
        raise JournalError(
            f"The orders of this machine may go again. Other hosts were NOT told: {'; '.join(missed)}.",
            advice="Where they were stopped they still are. Resume again when that is mended.",
        )
    return any(stopped)


def _each(tell: Callable[[Store], None]) -> list[str]:
    """Tell every Redis, and return why some could not be told."""
    missed: list[str] = []
    stores = {id(store): store for store in open_stores()}
    for store in _named(missed):
        stores[id(store)] = store
    for store in stores.values():
        try:
            tell(store)
        except StateLost as lost:
            missed.append(lost.words)
        except ConfigError as error:
            missed.append(error.words.rstrip("."))
    return missed


def _named(missed: list[str]) -> Iterator[Store]:
    """Yield the Redis of each profile and variable that names one; say in `missed` which cannot be looked up."""
    try:
        found = [(name, each.settings) for name, each in load_configuration().profiles.items()]
    except ConfigError as error:
        missed.append(f"what they share cannot be looked up, {error.words.rstrip('.')}")
        found = []
    found += [(name, {"state": SecretStr(os.environ[name])}) for name in os.environ if _VARIABLE.fullmatch(name)]
    for name, settings in found:
        if not settings.get("state"):
            continue
        try:
            file = opened(settings.get("ca_file"))
            named = _Named(fetch_secret(settings["state"], f"{name}: state"), Path(file) if file else None)
            if (store := store_for(named)) is not None:
                yield store
        except ConfigError as error:
            missed.append(error.words.rstrip("."))
