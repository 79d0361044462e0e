"""Run the proof and print its table: `python -m proof`, with `--release` the figures of a release."""

from __future__ import annotations

import argparse
import importlib
import time
import traceback
from collections.abc import Sequence

from proof.figures import Figure, own_state, say, shown

PARTS = (
    "classification",
    "pace",
    "orders",
    "broken_promises",
    "kills",
    "crowd",
    "interrupts",
    "machine",
    "mutants",
    "parsers",
    "streams",
)
ONLY_RELEASE = ("soak",)
"""It takes half an hour, however little is asked of it."""
OF_THEIR_OWN = ("zoo", "adapter_mutants", "official")
"""They are about adapters, and run by their names: each has a target of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that were named, or all, and return the exit code: 1 if a figure is not met."""
    known = (*PARTS, *ONLY_RELEASE, *OF_THEIR_OWN)
    parser = argparse.ArgumentParser(prog="python -m proof", description="Prove the promises about orders.")
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="part",
        help=f"of {', '.join(known)}; all without one that prove promises about orders",
    )
    parser.add_argument("--release", action="store_true", help="the larger numbers that a release is held to")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.parts) - set(known):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in chosen.parts or (*PARTS, *(ONLY_RELEASE if chosen.release else ())):
        began = time.monotonic()
        figures += _figures(name, release=chosen.release)
        say(f"{name}: {time.monotonic() - began:.0f} s")
    return shown(figures)


def _figures(name: str, *, release: bool) -> list[Figure]:
    """Return the figures of a part; one that breaks down is a figure that is not met, and the others still run."""
    try:
        with own_state():
            return list(importlib.import_module(f"proof.{name}").run(release))
    except Exception as error:  # noqa: BLE001 - whatever it was, it is shown
        say(traceback.format_exc())
        return [Figure(name, f"broke down: {type(error).__name__}", "runs to its end", False)]


if __name__ == "__main__":
    raise SystemExit(main())
