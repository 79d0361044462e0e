"""Running the kit on an adapter, from a program or the command line: pytest inside this process, told by a Report."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import os
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from unittest import mock

import pytest
from pydantic import ValidationError

from brokerkit.asking.inquiries import capability_of
from brokerkit.config import nearest
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.models import Capability
from brokerkit.registry import load_broker
from brokerkit.symbols import HOME
from brokerkit.testing.inside import claimed
from brokerkit.testing.report import LEVELS, CheckResult, Outcome, Report
from brokerkit.testing.rewriting import rewrite_assertions
from brokerkit.text import in_english, sanitize

SUBJECT = """import pytest

from brokerkit.testing import {kit}


class TestBroker({kit}):
    broker = {broker!r}
    environment = {environment!r}
"""
KITS = {HOME: "BrokerConformance", "US": "UsConformance"}
"""Market to the contract of a part for it."""
OPTIONS = (
    *("--noconftest", "--import-mode=importlib", "--capture=sys", "--strict-markers"),
    *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler"),
    *("-p", "no:unraisableexception", "-p", "no:threadexception", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
LONGEST = 2_000
"""Characters of what is told of one failure."""
_ids = itertools.count(1)


def conform(
    name: str,
    *,
    level: int = len(LEVELS) - 1,
    environment: str = "real",
    market: str = HOME,
    checks: Sequence[str] = (),
) -> Report:
    """Prove an adapter against its own face, up to a level; of `checks` only those, named as the methods of the kit.

    `environment` is the one that the face plays, "real" or "demo", and `market` the one whose part is proven, "KR" or
    "US". An adapter that cannot be loaded is a Report with a failed level 0. Raises ConfigError where the environment,
    the market or a check is none.
    """
    if environment not in ("real", "demo"):
        raise ConfigError(f"A sandbox plays real or demo, not {environment!r}.")
    _check_market(name, market)
    seen = _Seen(level, frozenset(checks))
    code = _run(SUBJECT.format(kit=KITS[market], broker=name, environment=environment), seen)
    if seen.unknown:
        near = nearest(seen.unknown, seen.known)
        raise ConfigError(f"{seen.unknown!r} is no check.", advice=f"Did you mean {near}?" if near else None)
    if code is pytest.ExitCode.NO_TESTS_COLLECTED:
        raise ConfigError(
            f"None of the checks that were named is of level {level} or below.", advice="Give a higher level, or none."
        )
    if code is pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"pytest ended with {code!r}: {seen.trouble}")
    return Report(
        broker=name,
        environment=environment,
        market=market,
        level=seen.proven,
        capabilities=_capabilities(name, environment),
        checks=tuple(seen.results),
    )


def _check_market(name: str, market: str) -> None:
    """Raise a ConfigError for a market that the kit has no checks for, or the adapter no part."""
    if market not in KITS:
        raise ConfigError(f"The kit has no checks for {market!r}.", advice=f"It has some for {', '.join(KITS)}.")
    try:
        served = [part.market for part in load_broker(name).parts]
    except BrokerError:  # level 0 says why it cannot be loaded
        return
    if market not in served:
        raise ConfigError(f"{name} has no part for {market}.", advice=f"It has parts for {', '.join(served)}.")


def _capabilities(name: str, environment: str) -> tuple[Capability, ...]:
    try:
        kind = load_broker(name)
        return tuple(capability_of(part, environment, kind) for part in kind.parts)
    except (BrokerError, ValidationError):  # level 0 says what nobody understands of what is declared
        return ()


def _run(subject: str, seen: _Seen) -> int | pytest.ExitCode:
    """Run pytest on a module of that text, without anything that the user has configured for it."""
    with tempfile.TemporaryDirectory(prefix="brokerkit-") as folder:
        module = Path(folder) / f"conformance_{os.getpid()}_{next(_ids)}.py"
        module.write_text(subject, encoding="utf-8")
        settings = Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\n", encoding="utf-8")
        arguments = [*OPTIONS, "-c", str(settings), f"--rootdir={folder}", str(module)]
        with _alone(), claimed():  # what is installed is read once, not for every check
            return pytest.main(arguments, plugins=[seen])


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep plugins and options of the user out, and leave nothing behind in this process."""
    modules = set(sys.modules)
    with mock.patch.dict(os.environ, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}):
        for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            os.environ.pop(variable, None)
        try:
            yield
        finally:
            for module in [each for each in set(sys.modules) - modules if each.startswith("conformance_")]:
                del sys.modules[module]


class _Seen:
    """A plugin of pytest: chooses the checks, in the order of their levels, and writes down what became of each."""

    def __init__(self, level: int, checks: frozenset[str]) -> None:
        self.results: list[CheckResult] = []
        self.trouble = ""
        self.known: set[str] = set()
        """The names of all checks."""
        self._level = level
        self._checks = checks

    @property
    def proven(self) -> int | None:
        """The highest level below which nothing failed."""
        failed = min((each.level for each in self.results if each.outcome is Outcome.FAILED), default=self._level + 1)
        return failed - 1 if failed else None

    @property
    def unknown(self) -> str | None:
        """A name that is none of a check."""
        return min(self._checks - self.known, default=None)

    def pytest_sessionstart(self) -> None:
        """Let what assertions say be made of their source, as far as the modules are not imported yet."""
        rewrite_assertions()

    def pytest_pycollect_makeitem(self, name: str) -> list[pytest.Item] | None:
        """Make nothing of a check that is not asked for: there are hundreds of them, with their cases."""
        if not name.startswith("test_"):
            return None
        self.known.add(name)
        return [] if self._checks and name not in self._checks else None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose the checks up to the level."""
        levels = {item: _level(item) for item in items}
        items[:] = sorted((item for item in items if levels[item] <= self._level), key=lambda item: levels[item])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember why the kit itself could not be read."""
        if report.failed:
            self.trouble = str(report.longrepr)

    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Leave out what is about an adapter that was not even found."""
        unfound = any(each.level == 0 and each.outcome is Outcome.FAILED for each in self.results)
        return True if unfound and _level(item) > 0 else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Write down what became of a check: its call, or what came before or after it and went wrong."""
        report = yield
        if report.when == "call" or report.outcome != "passed":
            self.results.append(_result(item, report, call))
        return report


def _name(item: pytest.Item) -> str:
    return str(getattr(item, "originalname", item.name))


def _owner(item: pytest.Item) -> type:
    kind: type = item.cls  # type: ignore[attr-defined]
    return next(each for each in kind.__mro__ if _name(item) in vars(each))


def _level(item: pytest.Item) -> int:
    level: int = getattr(_owner(item), "level", 0)
    return level


def _result(item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]) -> CheckResult:
    outcome, words = Outcome.PASSED, ""
    where: tuple[str, ...] = ()
    if hasattr(report, "wasxfail") and report.skipped:
        outcome, words = Outcome.DIFFERS, report.wasxfail
    elif report.skipped and isinstance(report.longrepr, tuple):
        outcome, words = Outcome.NOT_DECLARED, str(report.longrepr[2]).removeprefix("Skipped: ")
    elif report.failed:
        outcome, words, where = Outcome.FAILED, _words(report, call), _where(_name(item), call)
    return CheckResult(
        name=_name(item),
        case=item.name.partition("[")[2].removesuffix("]"),
        subject=_owner(item).__name__,
        level=_level(item),
        outcome=outcome,
        words=words,
        where=where,
    )


def _words(report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    """Return what a failure says: the message of an assertion, or the kind of another error with its words."""
    if call.excinfo is None:  # what is declared to differ, and holds
        return f"{report.longrepr}"
    error = call.excinfo.value
    text = in_english(error)
    if not isinstance(error, AssertionError | pytest.fail.Exception):
        text = f"{type(error).__name__}: {text}"
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if isinstance(error, AssertionError) and not text.startswith("assert "):
        lines = list(takewhile(lambda line: not line.startswith("assert "), lines))  # the check says it in words
    return "\n".join(sanitize(line, limit=LONGEST) for line in lines)[:LONGEST]


def _where(name: str, call: pytest.CallInfo[None]) -> tuple[str, ...]:
    """Return where a check failed, and where in code that is neither ours nor of Python the error came from."""
    if call.excinfo is None:
        return ()
    frames = list(_frames(call.excinfo.tb))
    check = [place for file, function, place in frames if function == name and file.is_relative_to(_KIT)]
    others = [place for file, _, place in frames if not _is_known(file)]
    return (*check[:1], *others[-1:])


_CORE = Path(inspect.getfile(ConfigError)).parent
_KIT = Path(__file__).parent
_LIBRARIES = (Path(pytest.__file__).parent.parent, Path(os.__file__).parent)


def _is_known(file: Path) -> bool:
    """Say whether a file is ours, Python's, pytest's or a library's: a plugin that is installed lies beside those."""
    if file.is_relative_to(_CORE) or not file.is_absolute() or file.name.startswith("conformance_"):
        return True
    package = next((root for root in _LIBRARIES if file.is_relative_to(root)), None)
    return package is not None and not file.relative_to(package).parts[0].startswith("brokerkit_")


def _frames(trace: TracebackType | None) -> Iterator[tuple[Path, str, str]]:
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        yield file, trace.tb_frame.f_code.co_name, f"{_shown(file)}:{trace.tb_lineno}"
        trace = trace.tb_next


def _shown(file: Path) -> str:
    """Return a path as one can open it: from the working directory where it lies below that."""
    with contextlib.suppress(ValueError, OSError):
        return str(file.relative_to(Path.cwd()))
    return str(file)
