"""How far each verb of each broker is proven, as the tables of docs/brokers.md and of its Korean twin.

    python -m proof.proven [--write]

Without --write the exit code is 1 where a page is out of date.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from brokerkit.asking.inquiries import HOOKS, offers
from brokerkit.market.markets import market_named
from brokerkit.part import Part
from brokerkit.registry import load_broker
from brokerkit.sandbox.sandbox import face_class
from brokerkit.symbols import HOME
from brokerkit.testing.base import Contract
from brokerkit.testing.declared import Declared, difference_of, needs_of

ROOT = Path(__file__).parents[1]
PAGE, TWIN = ROOT / "docs" / "brokers.md", ROOT / "docs" / "brokers.ko.md"
BEGIN, END = "<!-- written by make proof-table -->\n", "<!-- until here -->"
BROKERS = {"kis": "KIS", "kiwoom": "Kiwoom"}
ENVIRONMENTS = ("real", "demo")
CHECKED_WITH = {"INDEX": HOME}
"""Markets whose verbs the checks of another one call."""
HEAD = ("verbs", "environment", "calls", "documents", "sandbox", "official samples", "users' reports")
KOREAN = {
    **dict(zip(HEAD, ("메서드", "환경", "호출", "문서", "모의 거래소", "공식 예시", "사용자 보고"), strict=True)),
    "KIS": "한국투자증권",
    "Kiwoom": "키움증권",
    "Korean stocks, funds and ELW": "국내 주식, 펀드, ELW",
    "Korean indices": "국내 지수",
    "US stocks and funds": "미국 주식과 펀드",
    "real": "실전",
    "demo": "모의투자",
    "not offered": "제공하지 않음",
    "yes": "있음",
    "no": "없음",
    "none": "없음",
}
"""Words of the tables, as the Korean page has them."""


class Report(BaseModel):
    """What a user told in public of a call."""

    model_config = ConfigDict(extra="forbid")

    broker: str
    environment: str
    call: str
    date: str
    says: str
    korean: str
    """What `says` says, for the Korean page."""
    file: str
    """Where the collected facts have it, below the folder of the broker."""

    def told(self, page: Path) -> str:
        """Return the report as a page has it."""
        return f"{self.date}: {self.korean if page == TWIN else self.says} (`{self.call}`)"


class Evidence(BaseModel):
    """What is known of calls from outside of brokerkit."""

    model_config = ConfigDict(extra="forbid")

    documents: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Broker and environment to the calls of the vendor's catalogue."""
    samples: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Broker and call of the real environment to the vendor's own samples that the adapter reads."""
    reports: tuple[Report, ...]


EVIDENCE = Evidence.model_validate(tomllib.loads(Path(__file__).with_name("evidence.toml").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Row:
    """How far one verb is proven in one environment of a market."""

    verb: str
    environment: str
    proof: tuple[str, ...]
    """The calls, and what each of the four words says of them."""


def parts_of(broker: str) -> tuple[type[Part[Any]], ...]:
    """Return the markets that a broker serves."""
    return load_broker(broker).parts


@cache
def contracts() -> Mapping[tuple[str, str, str], type[Contract]]:
    """Return the classes in which the plugins' tests run the kit, by broker, market and environment."""
    files = sorted(ROOT.glob("plugins/*/tests/test_conformance*.py"))
    kinds = [kind for file in files for kind in runpy.run_path(str(file)).values()]
    return {
        (kind.broker, kind.market, kind.environment): kind
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, Contract) and hasattr(kind, "broker")
    }


@cache
def checked_verbs(broker: str, market: str, environment: str) -> frozenset[str]:
    """Return the verbs that checks of the kit are about: those which are run there, and have to pass."""
    market = CHECKED_WITH.get(market, market)
    kit = contracts().get((broker, market, environment))
    if kit is None:
        return frozenset()
    declared, face = Declared(load_broker(broker), environment, market), face_class(broker)
    checks = {name: needs_of(getattr(kit, name)) for name in dir(kit) if name.startswith("test_")}
    return frozenset(
        verb
        for name, needs in checks.items()
        if not declared.lacks(needs) and not difference_of(face, market, environment, name, case="")
        for verb in needs.verbs
    )


def rows_of(broker: str, part: type[Part[Any]], page: Path = PAGE) -> Iterator[Row]:
    """Yield the verbs of a market in each environment, in the language of a page."""
    for verb in HOOKS:
        for environment in ENVIRONMENTS:
            if offers(part, verb, environment):
                yield Row(verb, environment, _proof(broker, part, verb, environment, page))
            else:
                yield Row(verb, environment, ("not offered", "", "", "", ""))


def _proof(broker: str, part: type[Part[Any]], verb: str, environment: str, page: Path) -> tuple[str, ...]:
    named = {endpoint.id(environment): str(endpoint) for endpoint in part.calls[verb]}
    documented = EVIDENCE.documents[broker].get(environment, ())
    samples = EVIDENCE.samples[broker] if environment == "real" else {}
    reports = [
        each.told(page)
        for each in sorted(EVIDENCE.reports, key=lambda each: each.date, reverse=True)
        if (each.broker, each.environment) == (broker, environment) and each.call in named
    ]
    return (
        ", ".join(f"`{id}`" for id in named),
        _many(named, [id for id in named if id in documented]),
        "yes" if verb in checked_verbs(broker, part.market, environment) else "no",
        _many(named, [id for id, real in named.items() if real in samples]),
        "; ".join(reports) or "none",
    )


def _many(all_of_them: Mapping[str, str], those: list[str]) -> str:
    if len(those) == len(all_of_them):
        return "yes"
    return f"only {', '.join(f'`{each}`' for each in those)}" if those else "no"


def tables(page: Path = PAGE) -> str:
    """Return the tables of all brokers and markets. Verbs of which the same is told share their rows."""
    return "\n".join(line for broker in BROKERS for part in parts_of(broker) for line in _table(broker, part, page))


def _table(broker: str, part: type[Part[Any]], page: Path) -> Iterator[str]:
    title = _worded(market_named(part.market).title, page)
    yield f"### {_worded(BROKERS[broker], page)}: {title} ({part.market})\n"
    yield f"| {' | '.join(_worded(each, page) for each in HEAD)} |\n|{'---|' * len(HEAD)}"
    alike: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for verb, rows in groupby(rows_of(broker, part, page), key=lambda row: row.verb):
        alike.setdefault(tuple((row.environment, *row.proof) for row in rows), []).append(f"`{verb}`")
    for cells, verbs in alike.items():
        for row in cells:
            yield f"| {' | '.join((', '.join(verbs), *(_worded(each, page) for each in row)))} |"
    yield ""


def _worded(cell: str, page: Path) -> str:
    """Return what stands in a cell in the language of a page."""
    if page != TWIN:
        return cell
    return f"{cell.removeprefix('only ')}만" if cell.startswith("only ") else KOREAN.get(cell, cell)


def page_with(told: str, page: Path = PAGE) -> str:
    """Return a page with these tables in it."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} lacks the marks between which the tables stand")
    return f"{before}{begin}\n{told}\n{end}{after}"


def main() -> int:
    """Write the tables into the pages, or say whether they are there."""
    parser = argparse.ArgumentParser(prog="python -m proof.proven", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name} and docs/{TWIN.name}")
    told = {page: page_with(tables(page), page) for page in (PAGE, TWIN)}
    if parser.parse_args().write:
        for page, text in told.items():
            page.write_text(text, encoding="utf-8")
        return 0
    old = [page.name for page, text in told.items() if text != page.read_text(encoding="utf-8")]
    print("\n".join(f"docs/{name} is out of date: make proof-table" for name in old) or "up to date")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
