"""What the proof counts, and the table that shows it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock


@dataclass(frozen=True)
class Figure:
    """One thing that was counted, what was found, and what it should be."""

    what: str
    found: str
    target: str
    met: bool


def none(what: str, found: Iterable[object]) -> Figure:
    """Return the figure of something that must not be found at all; what was found is named."""
    listed = list(found)
    named = f": {listed[0]}" if listed else ""
    return Figure(what, f"{len(listed)}{named}", "0", not listed)


def at_least(what: str, found: int, target: int) -> Figure:
    """Return the figure of something that there must be enough of."""
    return Figure(what, f"{found:,}", f"at least {target:,}", found >= target)


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a Markdown table, those that are not met in words."""
    lines = ["| what | found | target | |", "| --- | --- | --- | --- |"]
    for figure in figures:
        cells = (figure.what, figure.found, figure.target, "met" if figure.met else "NOT MET")
        lines.append("| " + " | ".join(" ".join(cell.split()).replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines)


def shown(figures: Iterable[Figure]) -> int:
    """Print the table and return the exit code: 1 if a figure is not met, or if there is none."""
    listed = list(figures)
    print(table(listed), flush=True)
    return 0 if listed and all(figure.met for figure in listed) else 1


def say(words: str) -> None:
    """Say on the error output how far the proof has come."""
    print(words, file=sys.stderr, flush=True)


@contextmanager
def own_state() -> Iterator[Path]:
    """Keep journals and the kill switch of the proof in a folder of their own, away from the user's."""
    with (
        TemporaryDirectory(prefix="brokerkit-proof-") as folder,
        mock.patch.dict("os.environ", {"BROKERKIT_STATE_DIR": folder}),
    ):
        yield Path(folder)
