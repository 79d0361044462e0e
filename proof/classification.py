"""Sent or not: every way in which a request can fail, and whether an order that met it is called not sent.

The cases are those of the tests of the line; here they are run by pytest and counted.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from proof.figures import Figure, at_least, none

FILES = (
    "tests/test_connection.py",
    "tests/test_connection_framing.py",
    "tests/test_connection_tls.py",
    "tests/test_faults.py",
)
UNCERTAIN = ("is_uncertain",)
NOT_SENT = (
    "not_sent",
    "asked_before_the_first_byte",
    "lets_nothing_through",
    "nothing_leaves_after_the_deadline",
)
ENOUGH_UNCERTAIN = 48
ENOUGH_NOT_SENT = 15


def run(release: bool) -> list[Figure]:
    """Run the cases, which are the same for a release, and return the figures."""
    cases = _cases(FILES, (*UNCERTAIN, *NOT_SENT))
    cases = {name: passed for name, passed in cases.items() if not name.endswith(("-read]", "[read]"))}
    sent = {name: passed for name, passed in cases.items() if any(part in name for part in UNCERTAIN)}
    unsent = {name: passed for name, passed in cases.items() if name not in sent}
    return [
        at_least("sent or not: cases in which an order may stand", len(sent), ENOUGH_UNCERTAIN),
        none("sent or not: of these called not sent, or sent more than once", _failed(sent)),
        at_least("sent or not: cases in which an order has not left", len(unsent), ENOUGH_NOT_SENT),
        none("sent or not: of these not called not sent", _failed(unsent)),
    ]


def _failed(cases: dict[str, bool]) -> list[str]:
    return [name for name, passed in cases.items() if not passed]


def _cases(files: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, bool]:
    """Run the tests whose names have one of the parts; return which of them passed."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        subprocess.run(  # noqa: S603 - our own tests
            [*command, "-k", " or ".join(parts), *files],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if not report.exists():
            return {"the tests could not be run (uncertain)": False}
        cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 - pytest wrote it just now
    return {case.get("name", ""): not len([part for part in case if part.tag != "properties"]) for case in cases}
