"""What a check found out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works at present, and somebody should look at it."""
    ERROR = "error"
    """Something does not work, or orders may stand without our knowing."""
    UNKNOWN = "unknown"
    """It could not be found out."""


class Finding(BaseModel):
    """One thing that a check found out about its subject; what is not ok says what to do."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    profile: str | None = None
    """None: it is about this machine, whatever the profile."""
    subject: str
    state: State
    words: str
    advice: str | None = None
    """What to do next; None only where it is ok."""
    facts: Mapping[str, object] = {}
    """The same for programs: numbers, names and moments."""

    @model_validator(mode="after")
    def _is_of_use(self) -> Self:
        if self.state is not State.OK and not self.advice:
            raise ValueError(f"a finding that is not ok needs advice: {self.subject}")
        return self


def ok(subject: str, words: str, **facts: object) -> Finding:
    """Return a finding that all is well."""
    return Finding(subject=subject, state=State.OK, words=words, facts=facts)


def warning(subject: str, words: str, advice: str, **facts: object) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(subject=subject, state=State.WARNING, words=words, advice=advice, facts=facts)


def error(subject: str, words: str, advice: str, **facts: object) -> Finding:
    """Return a finding of what does not work."""
    return Finding(subject=subject, state=State.ERROR, words=words, advice=advice, facts=facts)


def unknown(subject: str, words: str, advice: str, **facts: object) -> Finding:
    """Return a finding of what could not be found out."""
    return Finding(subject=subject, state=State.UNKNOWN, words=words, advice=advice, facts=facts)
