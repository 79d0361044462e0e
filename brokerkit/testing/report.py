"""What a run of the kit found out about an adapter."""

from __future__ import annotations

from enum import StrEnum

from brokerkit.models import Capability
from brokerkit.models.base import Model

LEVELS = ("discovered", "market data", "account", "orders", "safety")
"""What the levels are about; a level is proven when no check of it and of those below it fails."""


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_DECLARED = "not declared"
    """It is about something that the adapter does not offer, and was skipped."""
    DIFFERS = "differs"
    """The face declares that it does not hold at this broker."""


class CheckResult(Model):
    """A check and what became of it."""

    name: str
    """Of the method, as `checks=` takes it."""
    case: str = ""
    """Which of several cases, such as a symbol."""
    subject: str
    """The class of the kit that has it."""
    level: int
    outcome: Outcome
    words: str = ""
    """What is wrong, why it was skipped, or why it differs."""
    where: tuple[str, ...] = ()
    """File and line of the check that failed, and of the adapter's own code if an error came from there."""

    @property
    def title(self) -> str:
        """The check as a sentence."""
        case = f" [{self.case}]" if self.case else ""
        return f"{self.subject}: {self.name.removeprefix('test_').replace('_', ' ')}{case}"


class Report(Model):
    """What was found out about an adapter in one environment and one market."""

    broker: str
    environment: str
    market: str
    level: int | None
    """The highest level that is proven, None if not even 0 is."""
    capabilities: tuple[Capability, ...]
    """What it declares in each of its markets; empty if it cannot be loaded."""
    checks: tuple[CheckResult, ...]

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return self.of(Outcome.FAILED)

    def of(self, outcome: Outcome) -> tuple[CheckResult, ...]:
        """Return the checks with that outcome."""
        return tuple(check for check in self.checks if check.outcome is outcome)
