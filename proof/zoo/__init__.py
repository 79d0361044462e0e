"""The zoo: small bad adapters with one lie each. A named check of the conformance kit has to catch each of them."""

from __future__ import annotations

import importlib
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from proof.figures import Figure, at_least, none, say

THEMES = ("discovered", "market", "minutes", "trades", "streams", "account", "orders", "answers", "safety")
"""Modules of this package, in the order of the kit's levels."""
LEAST = 60
PROCESSES = 4
"""For two cores: checks wait about as much as they compute."""
LONGEST = 60
"""Seconds that all of it may take."""
GOOD = (("lslike", "real"), ("kis", "real"), ("kiwoom", "real"))
"""Adapters about which the same checks must say nothing, each in an environment."""
DEMOS = (("kis", "demo"), ("kiwoom", "demo"))
"""For a release these too: every test run proves them by all checks."""


@dataclass(frozen=True)
class Row:
    """A row of the table: a bad adapter, and what became of it."""

    name: str
    check: str
    caught: bool
    told: str


def animals() -> tuple[str, ...]:
    """Return the names of all bad adapters, by theme."""
    from proof.zoo.cages import ZOO  # here: the themes import this package

    for theme in THEMES:
        importlib.import_module(f"proof.zoo.{theme}")
    return tuple(ZOO)


def caged(name: str) -> Row:
    """Look at one bad adapter."""
    from proof.zoo.cages import ZOO, verdict

    animals()
    found = verdict(ZOO[name])
    return Row(name, ZOO[name].check, found.caught, found.told)


def blamed(good: tuple[str, str]) -> list[str]:
    """Return what the checks that catch the bad adapters have against a good one."""
    from proof.zoo.cages import ZOO, blames

    animals()
    return blames(*good, sorted({animal.check for animal in ZOO.values()}))


def run(release: bool) -> list[Figure]:
    """Return how many bad adapters are caught by name, and what the same checks say of good ones."""
    began = time.monotonic()
    names, good = animals(), (*GOOD, *(DEMOS if release else ()))
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        against = pool.map(blamed, good)  # first: they take longest
        rows = list(pool.map(caged, names, chunksize=2))
        blame = [words for each in against for words in each]
    seconds = time.monotonic() - began
    for row in rows:
        say(f"bad adapter {row.name}: {row.check if row.caught else 'NOT CAUGHT'}: {' '.join(row.told.split())}")
    return [
        at_least("zoo: bad adapters", len(rows), LEAST),
        *_figures(rows),
        none(f"zoo: what the same checks have against good adapters ({_named(good)})", blame),
        Figure("zoo: seconds", f"{seconds:.0f}", f"{LONGEST} on two idle cores", True),
    ]


def _named(good: Sequence[tuple[str, str]]) -> str:
    return ", ".join(" ".join(each) for each in good)


def _figures(rows: Sequence[Row]) -> list[Figure]:
    free = [row.name for row in rows if not row.caught]
    caught = f"{len(rows) - len(free)} of {len(rows)}" + (f"; free: {', '.join(free)}" if free else "")
    return [Figure("zoo: caught by the check that is named, which says what is wrong", caught, "all", not free)]
