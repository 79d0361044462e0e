"""What a replay of samples found out about an adapter: what became of each sample, and what they tell of each call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from brokerkit.languages import translated
from brokerkit.models import Model

OUTCOMES = ("parsed", "refused", "failed", "declared", "no call")


class Shown(Model):
    """A common model that a reply becomes, with what the reply tells of it: wrong units and signs show here."""

    model: str
    values: dict[str, Any]
    """Without those that are None."""


class SampleReplay(Model):
    """What became of one sample."""

    sample: str
    is_official: bool
    outcome: Literal["parsed", "refused", "failed", "declared", "no call"]
    call: str | None = None
    """The id of the call whose answer it is; "any query" and "any order" of a refusal that names no call."""
    environment: str | None = None
    reply: str | None = None
    """The class that it was parsed into."""
    code: str | None = None
    """The broker's code of a refusal."""
    error: str | None = None
    """The class of the error that is raised."""
    is_listed: bool | None = None
    """Whether the adapter's table has that code."""
    announces_more: bool = False
    """Whether the answer says that another page follows."""
    filled: int = 0
    """For how many fields of the reply something stands in it."""
    fields: int = 0
    """How many there are."""
    words: str = ""
    """What is wrong: places and kinds, never what was read there."""
    models: tuple[Shown, ...] = ()
    """The first one of every kind of model in it."""
    doubts: tuple[str, ...] = ()
    """What does not add up in the models: a field may be taken for another one, or the sample is made up."""


class UnreadField(Model):
    """A field of answers that no reply reads."""

    path: str
    times: int
    """How often something stands there, in all samples of the call."""


class CallReplay(Model):
    """What the samples tell of one call of the adapter."""

    call: str
    method: str
    path: str
    effect: str
    ids: dict[str, str]
    """Environment to the id of the call; where it has none it is not offered."""
    verbs: tuple[str, ...] = ()
    """Verbs that the parts declare to be made of it."""
    parsed: tuple[str, ...] = ()
    """Samples of answers that parse."""
    official: tuple[str, ...] = ()
    """Those of them that are the broker's own, become a model where they should, and fill half of the fields."""
    unread: tuple[UnreadField, ...] = ()
    never_filled: tuple[str, ...] = ()
    """Fields of the reply for which no sample has anything."""


class Replay(Model):
    """What an adapter makes of the samples of a folder."""

    broker: str
    samples: tuple[SampleReplay, ...]
    calls: tuple[CallReplay, ...]

    @property
    def failures(self) -> tuple[SampleReplay, ...]:
        """What does not parse, or parses and becomes no model."""
        return tuple(each for each in self.samples if each.outcome == "failed")

    @property
    def proven(self) -> tuple[str, ...]:
        """The calls of which an official sample parses."""
        return tuple(each.call for each in self.calls if each.official)

    def lines(self) -> Iterator[str]:
        """Yield the report for people: what failed first, and only the number of what is no call's answer."""
        shown = [each for each in self.samples if each.outcome != "no call"]
        yield from map(line_of, sorted(shown, key=lambda each: (each.outcome != "failed", each.sample)))
        for call in self.calls:
            yield from _call_lines(call)
        count = {outcome: sum(each.outcome == outcome for each in self.samples) for outcome in OUTCOMES}
        yield f"{self.broker}: " + ", ".join(f"{number} {outcome}" for outcome, number in count.items())


def line_of(told: SampleReplay) -> str:
    """Return what became of a sample, for people: a line, and one below it for each model and doubt."""
    parts = [f"{told.outcome:8}", told.sample]
    if told.call:
        parts.append(f"{told.call} {told.environment}")
    if told.outcome == "refused":
        refusal = f"{told.error} [{told.code}]"
        parts.append(refusal if told.is_listed else translated(f"{refusal}, a code that is not in the table"))
    if told.reply:
        read = f"-> {told.reply}, {told.filled} of {told.fields} fields"
        parts.append(translated(f"{read}, another page follows" if told.announces_more else read))
    if told.words:
        parts.append(translated(told.words))
    below = [f"{each.model} {_short(each.values)}" for each in told.models]
    below += [translated(f"does not add up: {each}") for each in told.doubts]
    return "\n    ".join(["  ".join(parts), *below])


def _short(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_text(each)}" for name, each in values.items())


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"({len(value)})"
    return f"({_short(value)})" if isinstance(value, dict) else str(value)


def _call_lines(call: CallReplay) -> Iterator[str]:
    what = f"{call.call} {call.method} {call.path}"
    parsed, official = len(call.parsed), len(call.official)
    yield translated(
        f"{what}: {parsed} parsed, {official} of them official" if parsed else f"{what}: there is no sample"
    )
    if call.unread:
        unread = f"not read: {', '.join(_grouped(call.unread))}"
        yield f"    {translated(unread)}"
    if call.never_filled:
        never = f"never filled: {', '.join(call.never_filled)}"
        yield f"    {translated(never)}"


def _grouped(fields: Iterable[UnreadField]) -> Iterator[str]:
    """Yield fields with how often they are filled; those that differ in a number, such as a level, as one."""
    groups: dict[str, list[UnreadField]] = {}
    for each in fields:
        above, dot, name = each.path.rpartition(".")
        groups.setdefault(above + dot + re.sub("[0-9]+", "#", name), []).append(each)
    for name, alike in groups.items():
        shown = alike[0].path if len(alike) == 1 else name
        yield f"{shown} ({sum(each.times for each in alike)})"
