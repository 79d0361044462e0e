"""`python -m facts ../shared/wire` writes the catalogue of every plugin anew, out of the facts of a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from facts import kis, kiwoom, writing

ROOT = Path(__file__).parent.parent
SOURCES = {"kis": kis.catalogue, "kiwoom": kiwoom.catalogue}


def place(broker: str) -> Path:
    """Return where a plugin keeps its catalogue."""
    return ROOT / "plugins" / broker / f"brokerkit_{broker}" / "catalogue" / "apis.jsonl"


def main(folder: Path) -> None:
    """Write the catalogues."""
    for broker, source in SOURCES.items():
        apis = source(folder)
        path = place(broker)
        path.parent.mkdir(exist_ok=True)
        path.write_text(writing.written(apis), encoding="utf-8", newline="\n")
        print(f"{broker}: {len(apis)} APIs, {path.stat().st_size // 1000} kB in {path.relative_to(ROOT)}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
