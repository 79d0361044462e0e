"""The cage: a bad adapter, the check of the kit that has to catch it, and what that check says of it.

A theme of the zoo is a module of small classes, each a good adapter but for one lie:

    @bad("quote_tells_the_truth_field_by_field", "change is")
    class FallToldAsRise(Stocks):
        "Tells a fall as a rise."
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from brokerkit.adapter import Adapter
from brokerkit.part import Part
from brokerkit.sandbox.face import Face
from brokerkit.stream.feed import Feed
from brokerkit.testing import Report, conform
from brokerkit.testing.inside import installed
from brokerkit.transport import Client
from proof.zoo.packages import Package, laid_out
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace

T = TypeVar("T", bound=type)


@dataclass(frozen=True)
class Bad:
    """A bad adapter: one lie, and the check that has to tell it."""

    name: str
    lie: str
    """What it does that is wrong, in a sentence."""
    check: str
    """The check that has to fail, by its name without `test_`."""
    words: tuple[str, ...]
    """What its message has to say, each of them."""
    adapter: type[Adapter] | Package
    face: type[Face] | None = LikeFace
    environment: str = "real"

    def looked_at(self) -> Report:
        """Return what the kit says of it, asked for the named check alone."""
        checks = (f"test_{self.check}",)
        if isinstance(self.adapter, Package):
            with laid_out(self.adapter):
                return conform(self.adapter.broker, checks=checks)
        with installed(self.adapter, self.face):
            return conform(self.adapter.name, environment=self.environment, checks=checks)


@dataclass(frozen=True)
class Verdict:
    """What became of a bad adapter in its cage."""

    caught: bool
    told: str
    """What the check said; else why it is not caught."""


ZOO: dict[str, Bad] = {}
"""Every bad adapter by its name. Importing a theme puts its own in."""


def put_in(animal: Bad) -> None:
    """Put a bad adapter into the zoo."""
    if animal.name in ZOO:
        raise ValueError(f"There are two bad adapters called {animal.name}.")
    ZOO[animal.name] = animal


def bad(
    check: str,
    *words: str,
    of: type[Adapter] = LikeAdapter,
    face: type[Face] | None = LikeFace,
    environment: str = "real",
    **declared: Any,
) -> Callable[[T], T]:
    """Put an adapter into the zoo that is a good one (`of`) but for the class below: a part, client, feed, face or so.

    Its name is that of the class, its lie the class's docstring; `declared` are attributes of the adapter besides.
    """

    def decorated(kind: T) -> T:
        adapter = _with(of, kind, declared)
        own_face = kind if issubclass(kind, Face) else face
        lie = " ".join((kind.__doc__ or "").split())
        put_in(Bad(kind.__name__, lie, check, words, adapter, own_face, environment))
        return kind

    return decorated


def _with(of: type[Adapter], kind: type, declared: dict[str, Any]) -> type[Adapter]:
    if issubclass(kind, Adapter):
        return kind
    own = dict(declared)
    if issubclass(kind, Part):
        own["parts"] = (kind,)
    elif issubclass(kind, Client):
        own["Client"] = kind
    elif issubclass(kind, Feed):
        own["Feed"] = kind
    return type(f"{kind.__name__}Adapter", (of,), own)


def verdict(animal: Bad) -> Verdict:
    """Look at a bad adapter: it is caught if the named check fails and its message says what is wrong."""
    # Python 3.11 trips over two threads that parse at the same time (python/cpython#106905), and pytest, which parses
    # what it shows of a failure, ends with it: such a run says nothing of the kit. What breaks down twice does.
    try:
        try:
            found = animal.looked_at()
        except RuntimeError:
            found = animal.looked_at()
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing was caught by name
        return Verdict(False, f"the kit breaks down: {type(error).__name__}: {error}")
    for check in found.failed:
        if all(words in check.words for words in animal.words):
            return Verdict(True, check.words)
    if found.failed:
        return Verdict(False, f"the check says something else: {found.failed[0].words}")
    outcomes = sorted({f"{check.outcome} {check.words}".strip() for check in found.checks})
    return Verdict(False, f"nothing fails: {', '.join(outcomes) or 'no check was made'}")


def blames(broker: str, environment: str, checks: Sequence[str]) -> list[str]:
    """Return what these checks have against an adapter that is installed, or of which lslike is the name."""
    with installed(LikeAdapter, LikeFace):
        found = conform(broker, environment=environment, checks=[f"test_{check}" for check in checks])
    return [f"{broker} {environment}: {check.title}: {check.words}" for check in found.failed]
