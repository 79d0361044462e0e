"""Mistakes planted in the two shipped adapters: the conformance kit alone has to notice every one of them."""

from __future__ import annotations

import importlib.util
import multiprocessing
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from brokerkit.market.markets import KOREA, US
from brokerkit.testing import conform
from proof.figures import Figure, at_least, none, say
from proof.mutations import HOME, ORDERS, Mutation
from proof.mutations_us import ABROAD

BROKERS = ("kis", "kiwoom")
MARKETS = (KOREA.name, US.name)
MUTATIONS = (*HOME, *ABROAD)


@contextmanager
def copied(broker: str) -> Iterator[Path]:
    """Copy the package of an adapter to where it is found before the installed one, if it is not imported yet."""
    spec = importlib.util.find_spec(f"brokerkit_{broker}")
    with TemporaryDirectory(prefix="brokerkit-mutant-") as folder:
        package = Path(folder) / f"brokerkit_{broker}"
        shutil.copytree(Path(str(spec and spec.origin)).parent, package)
        sys.path.insert(0, folder)
        try:
            yield package
        finally:
            sys.path.remove(folder)


def failures(package: Path, market: str, environment: str, *checks: str) -> Iterator[str]:
    """Yield the checks that fail for a package, and what they say; of these checks only where some are named."""
    broker = package.name.removeprefix("brokerkit_")
    for each in conform(broker, market=market, environment=environment, checks=checks).failed:
        yield f"{each.title}: {' '.join(each.words.split())}"
    asked = Path(str(importlib.import_module(package.name).__file__)).parent
    if asked != package:
        raise RuntimeError(f"{asked} was asked, not {package}")


def fate(mutation: Mutation) -> str:
    """Return what noticed a mistake, empty if nothing did. Modules stay as they are: a process does this once."""
    with copied(mutation.broker) as package:
        mutation.apply(package)
        for environment, *first in ((mutation.environment, mutation.check), ("real",), ("demo",)):
            if noticed := next(failures(package, mutation.market, environment, *first), ""):
                return noticed
    return ""


def without_mistake(broker: str, market: str) -> list[str]:
    """Return the checks that fail although there is no mistake."""
    with copied(broker) as package:
        return [words for environment in ("real", "demo") for words in failures(package, market, environment)]


def run(release: bool) -> list[Figure]:
    """Return how many mistakes were noticed, and that the adapters as they are give the kit nothing to notice."""
    context = multiprocessing.get_context("spawn")
    fates: dict[Mutation, str] = {}
    with ProcessPoolExecutor(2, mp_context=context, max_tasks_per_child=1) as pool:
        unmistaken = pool.map(without_mistake, *zip(*product(BROKERS, MARKETS), strict=True))
        for mutation, words in zip(MUTATIONS, pool.map(fate, MUTATIONS), strict=True):
            fates[mutation] = words
            say(f"{mutation.name}: {words[:160] or 'NOT NOTICED'}")
        wrong = [words for told in unmistaken for words in told]
    alive = [mutation.name for mutation, words in fates.items() if not words]
    found = f"{len(fates) - len(alive)} of {len(fates)}" + (f"; alive: {', '.join(alive)}" if alive else "")
    orders = sum(each.subject == ORDERS for each in fates)
    return [
        Figure("mistakes in the adapters that the kit notices", found, "all", not alive),
        at_least("of them in orders and lists", orders, 20),
        at_least("of them elsewhere", len(fates) - orders, 20),
        none("checks that fail without a mistake", wrong),
    ]
