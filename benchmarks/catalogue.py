"""Milliseconds in which the catalogue of a broker's APIs is there, and one API of it; kilobytes of it in a wheel.

Run it with `python -m benchmarks.catalogue`. It takes some seconds: every try is a program of its own.
"""

from __future__ import annotations

import subprocess
import sys
import zlib

from brokerkit.catalogue import Catalogue

LOADS_IN, SEARCHES_IN = 0.02, 0.05
"""Seconds that are promised: the names and ids of all APIs and one of them, and a search over all that is written."""
KILOBYTES = 400
TRIES = 5
PACKAGES = {"brokerkit_kis": "FHKST01010900", "brokerkit_kiwoom": "ka10059"}
PROGRAM = """
import sys, time
from brokerkit.catalogue import Catalogue
begun = time.process_time()
catalogue = Catalogue.at({package!r})
catalogue.api({asked!r})
loaded = time.process_time()
catalogue.search("투자자")
print(loaded - begun, time.process_time() - loaded)
"""


def seconds(package: str, asked: str) -> tuple[float, float]:
    """Return the shortest of some first loads and searches, each in a program of its own, in seconds of one core."""
    program = [sys.executable, "-X", "utf8", "-c", PROGRAM.format(package=package, asked=asked)]
    done = [subprocess.run(program, capture_output=True, check=True, encoding="utf-8") for _ in range(TRIES)]  # noqa: S603
    loads, searches = zip(*(map(float, each.stdout.split()) for each in done), strict=True)
    return min(loads), min(searches)


def main() -> int:
    """Print the figures of both brokers; 1 where one is worse than promised."""
    worst = 0.0
    for package, asked in PACKAGES.items():
        loading, searching = seconds(package, asked)
        catalogue = Catalogue.at(package)
        size = len(zlib.compress(catalogue.path.read_bytes())) / 1000
        shares = loading / LOADS_IN, searching / SEARCHES_IN, size / KILOBYTES
        worst = max(worst, *shares)
        print(
            f"{package}: {len(catalogue)} APIs, loaded with one of them in {loading * 1000:.1f} ms "
            f"({shares[0]:.2f} of what is promised), searched in {searching * 1000:.1f} ms ({shares[1]:.2f}), "
            f"{size:.0f} kB compressed ({shares[2]:.2f})"
        )
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())
