"""Distributions that are laid out in a folder of their own and found there as installed ones are."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from stevedore import ExtensionManager

from brokerkit.extensions import BROKERS, SANDBOXES

MODULE = "zoo_adapter"
"""What the module of a bad package is called."""


@dataclass(frozen=True)
class Package:
    """A distribution: what it says in its papers, and the module that its entry points name."""

    broker: str = "pine"
    """The name by which the kit is asked for it."""
    code: str = ""
    """The source of the module."""
    entries: Mapping[str, str] = field(default_factory=dict)
    """Group to the lines of entry points; without any, an adapter and a face named as the broker."""
    copies: int = 1
    """So many distributions, each with a name of its own, say the same."""

    @property
    def papers(self) -> str:
        """The text of `entry_points.txt`."""
        given = self.entries or {
            BROKERS: f"{self.broker} = {MODULE}:Adapter",
            SANDBOXES: f"{self.broker} = {MODULE}:Face",
        }
        return "".join(f"[{group}]\n{lines}\n" for group, lines in given.items())


@contextmanager
def laid_out(package: Package) -> Iterator[Path]:
    """Lay a package out and let it be found, until the block ends."""
    with TemporaryDirectory(prefix="brokerkit-zoo-") as folder:
        path = Path(folder)
        (path / f"{MODULE}.py").write_text(package.code, encoding="utf-8")
        for number in range(1, package.copies + 1):
            papers = path / f"zoo_{number}-1.0.dist-info"
            papers.mkdir()
            (papers / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo-{number}\nVersion: 1.0\n")
            (papers / "entry_points.txt").write_text(package.papers)
        sys.path.insert(0, folder)
        _forget()
        try:
            yield path
        finally:
            sys.path.remove(folder)
            _forget()


def _forget() -> None:
    """Let nothing be known of a package that was looked at before."""
    importlib.invalidate_caches()
    sys.modules.pop(MODULE, None)
    ExtensionManager.ENTRY_POINT_CACHE.clear()
