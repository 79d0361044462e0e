"""Run the proof and print its table: `python -m proof`, with `--release` the figures of a release."""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Sequence

from proof.figures import Figure, own_state, say, shown

PARTS = ("orders", "broken_promises", "classification", "kills", "machine", "mutants", "parsers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that were named, or all, and return the exit code: 1 if a figure is not met."""
    parser = argparse.ArgumentParser(prog="python -m proof", description="Prove the promises about orders.")
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="parts to run; all without one")
    parser.add_argument("--release", action="store_true", help="the larger numbers that a release is held to")
    chosen = parser.parse_args(arguments)
    figures: list[Figure] = []
    for name in chosen.part or PARTS:
        began = time.monotonic()
        with own_state():
            figures += importlib.import_module(f"proof.{name}").run(chosen.release)
        say(f"{name}: {time.monotonic() - began:.0f} s")
    return shown(figures)


if __name__ == "__main__":
    raise SystemExit(main())
