"""`brokerkit conformance`: what an adapter can, what of it is proven, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brokerkit.asking.inquiries import HOOKS
from brokerkit.cli import exits
from brokerkit.cli.consoles import cells, padded
from brokerkit.cli.printing import Printer, head, tally
from brokerkit.cli.session import JsonOption
from brokerkit.errors import ConfigError
from brokerkit.extensions import BROKERS, SANDBOXES, everything
from brokerkit.languages import KOREAN, language, translated
from brokerkit.market.markets import market_named
from brokerkit.symbols import HOME

if TYPE_CHECKING:
    from brokerkit.models import Capability
    from brokerkit.testing import Replay, Report
    from brokerkit.testing.report import CheckResult

HIGHEST = 4
NAMED = 12
"""So many things that are not declared are named at most."""
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="An installed adapter.")]
LevelOption = Annotated[
    int,
    typer.Option(
        "--level",
        min=0,
        max=HIGHEST,
        help="Up to: 0 discovered, 1 market data, 2 account, 3 orders, 4 safety.",
    ),
]
PlaysOption = Annotated[
    str, typer.Option("--environment", "-e", metavar="ENVIRONMENT", help="What the face plays: real or demo.")
]
MarketOption = Annotated[
    str, typer.Option("--market", metavar="MARKET", help="Whose part of the adapter is proven: KR or US.")
]
CheckOption = Annotated[
    list[str] | None, typer.Option("--check", metavar="CHECK", help="Only this one; may be given again.")
]
SamplesOption = Annotated[
    Path | None,
    typer.Option(
        "--samples",
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="Answers of the broker, which have to parse.",
        show_default=False,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(conformance)


def conformance(
    name: NameArgument,
    level: LevelOption = HIGHEST,
    environment: PlaysOption = "real",
    market: MarketOption = HOME,
    check: CheckOption = None,
    samples: SamplesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove an adapter against its own face, up to a level, and say what is wrong with it (적합성 검사)."""
    printer = Printer(as_json)
    _check_name(name)
    prove, replay = _kit()
    printer.say(f"Proving {name}: this takes some seconds for each level.")
    report: Report = prove(name, level=level, environment=environment, market=market, checks=check or ())
    # Samples are read by the adapter: they wait for one that can be loaded.
    replayed: Replay | None = replay(name, samples) if samples is not None and report.level is not None else None
    if as_json:
        told = report.model_dump(mode="json")
        printer.one(told if samples is None else {**told, "samples": replayed and replayed.model_dump(mode="json")})
    else:
        print("\n".join(map(translated, _lines(report, level))))
        if replayed is not None:
            print("\n".join(map(translated, ["", *replayed.lines()])))
    if report.failed or (replayed is not None and replayed.failures):
        raise typer.Exit(exits.REFUSED)


def _check_name(name: str) -> None:
    """Raise a ConfigError for a name that nothing has; an entry point without a name may be meant by any."""
    from brokerkit.extensions import entry_points

    known = [entry.name for group in (BROKERS, SANDBOXES) for entry in everything(group)]
    nameless = [entry for entry in entry_points(group=BROKERS) if not entry.name.strip()]
    if name not in known and not nameless:
        listed = ", ".join(dict.fromkeys(known)) or "none"
        raise ConfigError(f"{name!r} is no installed adapter.", advice=f"Installed: {listed}.")


def _kit() -> tuple[Any, Any]:
    try:
        from brokerkit.testing import conform, replay
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        raise ConfigError(
            f"The kit needs the [testing] extra of brokerkit-kr ({library} is missing).",
            advice='In the clone: pip install ".[testing]"',
        ) from None
    return conform, replay


def _lines(report: Report, wanted: int) -> Iterator[str]:
    from brokerkit.testing.report import LEVELS, Outcome

    where = "" if report.market == HOME else f", {market_named(report.market).title} ({report.market})"
    yield f"{report.broker}, {report.environment} environment{where}, played by its own face"
    for capability in report.capabilities:
        yield ""
        yield from _offer(capability)
    yield ""
    for level, what in enumerate(LEVELS[: wanted + 1]):
        named = padded(head(what, "Report"), 12)
        yield f"{_level(level)}  {named}  {_count([each for each in report.checks if each.level == level])}"
    if undeclared := Counter(each.words for each in report.of(Outcome.NOT_DECLARED)):
        listed = [
            f"{translated(words.removeprefix('not declared: '))} ({count})"
            for words, count in undeclared.most_common(NAMED)
        ]
        more = len(undeclared) - len(listed)
        if more > 0:
            listed.append(translated(f"and {more} more"))
        yield ""
        yield f"Not declared, and so left out: {', '.join(listed)}."
    for each in report.of(Outcome.DIFFERS):
        yield from _told(each, f"Differs, as declared: {each.title}", report)
    for each in report.of(Outcome.FAILED):
        yield from _told(each, f"Failed: {each.title}", report)
    proven = (
        "not even level 0" if report.level is None else f"level {report.level} ({head(LEVELS[report.level], 'Report')})"
    )
    yield ""
    yield f"Proven: {proven}."


def _offer(capability: Capability) -> Iterator[str]:
    lacking = [verb for verb in HOOKS if verb not in capability.verbs]
    types: dict[str, list[str]] = {}
    for kind, time in capability.order_types:
        types.setdefault(kind, []).append(time)
    each_type = [f"{kind} ({' '.join(times)})" for kind, times in types.items()]
    untold = "; ".join(f"{model}: {', '.join(fields)}" for model, fields in capability.not_told.items())
    told = {
        "market": capability.market,
        "offers": ", ".join(capability.verbs),
        "lacks": ", ".join(lacking) or translated("no verb"),
        "streams": ", ".join(capability.streams),
        "quotes": ", ".join(capability.quote_venues) or translated("no venue"),
        "orders": ", ".join(capability.order_venues) or translated("no venue"),
        "types": ", ".join(each_type) or translated("none"),
        "parts": ", ".join(capability.changes_parts) or translated("whole orders only"),
        "not told": untold or translated("nothing: every field"),
    }
    lines = [(head(label, "Capability"), words) for label, words in told.items() if words]
    width = max(cells(label) for label, _ in lines) + 2
    yield from (f"{padded(label, width)}{words}" for label, words in lines)


def _count(checks: list[CheckResult]) -> str:
    if not checks:
        return translated("not looked at")
    return tally(Counter(each.outcome for each in checks))


def _level(number: int) -> str:
    return f"{number}단계" if language() == KOREAN else f"level {number}"


def _told(check: CheckResult, title: str, report: Report) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"    {line}" for line in check.words.splitlines())
    if check.where:
        yield f"    {head('at', 'Report')} {', '.join(check.where)}"
        market = "" if report.market == HOME else f"--market {report.market} "
        yield f"    {head('again', 'Report')}: {market}--check {check.name}"
