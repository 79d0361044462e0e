"""All figures of the client beside their targets, as the tables of docs/performance.md and its Korean twin.

    python -m benchmarks.report [--calls 100000] [--write]

It takes about a minute, and one more for every 100,000 calls; it talks to this machine only. Other work on the
machine makes single figures larger; the ratios are of calls that took turns, and feel it less.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import calls, lines, programs
from benchmarks.cores import cores, use
from benchmarks.others import OTHERS
from benchmarks.page import pages
from benchmarks.serving import BROKERS

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
KOREAN_DOCUMENT = DOCUMENT.with_name("performance.ko.md")
MEMORY_TARGET_KIB, MEMORY_TARGET_BYTES = 1024, 16 * 1024
LIBRARIES = ("requests", "urllib3", "pydantic", "stevedore")


@dataclass(frozen=True)
class Row:
    """A line of a table: what was measured, the figures, the target, and whether it is met (None: there is none)."""

    what: str
    figures: tuple[str, ...]
    target: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        verdict = "" if self.met is None else "met" if self.met else "missed"
        return f"| {' | '.join((self.what, *self.figures, self.target, verdict))} |"


def table(names: Sequence[str], rows: Iterable[Row]) -> str:
    """Return a table whose last two columns are the target and whether it is met."""
    columns = [*names, "target", ""]
    rule = ["---", *["--:"] * (len(columns) - 2), "---"]
    return "\n".join([f"| {' | '.join(columns)} |", f"| {' | '.join(rule)} |", *map(str, rows)])


def call_rows(cases: Iterable[calls.Case]) -> list[Row]:
    """Return a line for every question and every side of it."""
    rows = []
    for case in cases:
        for side in case.sides:
            if side == calls.MEASURE:
                continue
            ratios = case.ratios(side)
            times = (
                median(case.processor[side]),
                median(case.processor[calls.MEASURE]),
                median(case.wall[side]),
                median(case.wall[calls.MEASURE]),
            )
            figures = (*(f"{seconds * 1e6:.0f}" for seconds in times), *(f"{ratio:.2f}" for ratio in ratios))
            ours = side == calls.OURS
            what = case.name if ours else f"{case.name}, {side}"
            targets = calls.TARGETS[case.question]
            met = all(ratio <= most for ratio, most in zip(ratios, targets, strict=True)) if ours else None
            rows.append(Row(what, figures, "<= " + " / ".join(f"{most:.2f}" for most in targets) if ours else "", met))
    return rows


def start_rows(found: programs.Found) -> list[Row]:
    """Return a line for every program, and for what it is compared with."""
    rows = []
    for what, milliseconds in found.items():
        has_target = what == programs.HELP
        target = f"<= {programs.HELP_TARGET:.0f} ms" if has_target else ""
        met = median(milliseconds) <= programs.HELP_TARGET if has_target else None
        rows.append(Row(what, (f"{median(milliseconds):.1f} ms",), target, met))
    for name in BROKERS:
        measure = programs.BY_HAND.format(name)
        for program, most in programs.TARGETS.items():
            what = program.format(name)
            ratio = programs.ratio(found, what, measure)
            rows.append(Row(f"{what} / {measure}", (f"{ratio:.2f}",), f"<= {most}", ratio <= most))
    return rows


def line_rows(memory: lines.Memory, quotes: int = lines.QUOTES) -> list[Row]:
    """Return a line for every count of connections, and those for the memory."""
    rows = []
    for broker in BROKERS:
        for threads in lines.THREADS:
            found = lines.connections_opened(broker, threads, quotes)
            what = f"{broker}: connections of {lines.QUOTES:,} quotes, threads: {threads}"
            rows.append(Row(what, (str(found),), str(threads), found == threads))
    resident = memory.resident_kib
    rows.append(
        Row(
            "memory of the process grown over many quotes",
            ("not told here" if resident is None else f"{resident} KiB over {memory.calls:,}",),
            f"<= {MEMORY_TARGET_KIB} KiB",
            None if resident is None else resident <= MEMORY_TARGET_KIB,
        )
    )
    rows.append(
        Row(
            "memory of living objects grown over many quotes",
            (f"{memory.object_bytes} bytes over {lines.TRACED:,}",),
            f"<= {MEMORY_TARGET_BYTES} bytes",
            memory.object_bytes <= MEMORY_TARGET_BYTES,
        )
    )
    return rows


def machine() -> str:
    """Return what was measured on, without names."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    system = f"{platform.system()} on {platform.machine()}"
    count = len(cores()) or "an unknown number of"
    return f"{system}, {count} cores, {platform.python_implementation()} {platform.python_version()}, {versions}"


def others(cases: Iterable[calls.Case]) -> str:
    """Return which other clients were measured."""
    measured = {side for case in cases for side in case.sides}
    groups: dict[str, list[str]] = {"Measured": [], "Installed, but cannot be used here": [], "Not installed": []}
    for other in OTHERS:
        state = 0 if other.distribution in measured else 1 if other.is_installed() else 2
        groups[list(groups)[state]].append(other.distribution)
    return " ".join(f"{state}: {', '.join(names)}." for state, names in groups.items() if names)


def report(many: int) -> tuple[tuple[str, str], bool]:
    """Measure everything; return the page in English and in Korean, and whether every target is met."""
    usable = cores()
    core = usable[1] if len(usable) > 1 else None
    if core is not None:
        use(usable[0])
    starts = start_rows(programs.measured(core))
    cases = calls.measured(core)
    called = call_rows(cases)
    memory = lines.memory_grown(core, many)
    use(*usable)
    counted = line_rows(memory)
    told = {
        "machine": machine(),
        "calls": table(("call", "us CPU", "bare", "us wall", "bare", "CPU ratio", "wall ratio"), called),
        "others": others(cases),
        "starts": table(("start of a program", "CPU, median"), starts),
        "lines": table(("counted", "found"), counted),
    }
    return pages(told), all(row.met is not False for row in (*called, *starts, *counted))


def main() -> int:
    """Print the page, or write it with --write; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="quotes over which memory is watched")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and its Korean twin")
    given = parser.parse_args()
    (text, korean), met = report(given.calls)
    print(text)
    if given.write:
        DOCUMENT.write_text(text, encoding="utf-8")
        KOREAN_DOCUMENT.write_text(korean, encoding="utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
