"""Official samples, read by an adapter: what parses and into what, and which fields of the answers nobody reads.

Whoever writes an adapter and its face writes both ends of the wire. A sample is what a stranger wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal
from unittest import mock

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from brokerkit import clock
from brokerkit.adapter import Adapter
from brokerkit.errors import BrokerError, ConfigError, OrderUncertain, Rejected, Unsupported
from brokerkit.models import Model, Quote
from brokerkit.part import FlowTables
from brokerkit.registry import load_broker
from brokerkit.testing.calls import endpoints_of, environment_of, is_at
from brokerkit.testing.fields import Path as FieldPath
from brokerkit.testing.fields import ReadField, blocks_of, fields_of, told_in
from brokerkit.testing.inside import NoSample, answering, parsed_anyway, read_answer
from brokerkit.testing.samples import Sample, read_samples
from brokerkit.transport import Block, Client, Effect, Endpoint, OddRow, Reply
from brokerkit.transport.endpoint import deepest_fault
from brokerkit.words import OrderStatus, Venue

OUTCOMES = ("parsed", "refused", "failed", "declared", "no call")
SYMBOL = "005930"
NOBODY = "http://127.0.0.1:9"
"""Where the clients of a replay would ask, if they asked."""
KEY = SecretStr("SANDBOX-REPLAY-OF-SAMPLES")
ASKED: Mapping[str, Any] = {
    "symbol": "?",
    "venue": Venue.KRX,
    "currency": "KRW",
    "account": "?",
    "handle": "?",
    "status": OrderStatus.UNKNOWN,
    "positions": (),
    "cost": 0,
    "market_value": 0,
}
"""What the core, or another answer, tells of a model where a reply does not."""


class Shown(Model):
    """A common model that a reply becomes, with what the reply tells of it: wrong units and signs show here."""

    model: str
    values: dict[str, Any]


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
        """Yield the report, a line each, for people."""
        yield from map(_sample_line, sorted(self.samples, key=lambda each: (each.outcome != "failed", each.sample)))
        for call in self.calls:
            yield from _call_lines(call)
        count = {outcome: sum(each.outcome == outcome for each in self.samples) for outcome in OUTCOMES}
        yield f"{self.broker}: " + ", ".join(f"{number} {outcome}" for outcome, number in count.items())


def _sample_line(told: SampleReplay) -> str:
    parts = [f"{told.outcome:8}", told.sample]
    if told.call:
        parts.append(f"{told.call} {told.environment}")
    if told.outcome == "refused":
        parts.append(f"{told.error} [{told.code}]" + ("" if told.is_listed else ", a code that is not in the table"))
    if told.reply:
        more = ", another page follows" if told.announces_more else ""
        parts.append(f"-> {told.reply}, {told.filled} of {told.fields} fields{more}")
    if told.words:
        parts.append(told.words)
    values = "".join(f"\n    {each.model} {_short(each.values)}" for each in told.models)
    return "  ".join(parts) + values


def _short(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_text(each)}" for name, each in values.items() if each is not None)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"({len(value)})"
    return f"({_short(value)})" if isinstance(value, dict) else str(value)


def _call_lines(call: CallReplay) -> Iterator[str]:
    many = "no sample" if not call.parsed else f"{len(call.parsed)} parsed, {len(call.official)} of them official"
    yield f"{call.call} {call.method} {call.path}: {many}"
    if call.unread:
        yield f"    not read: {', '.join(_grouped(call.unread))}"
    if call.never_filled:
        yield f"    never filled: {', '.join(call.never_filled)}"


def _grouped(fields: Iterable[UnreadField]) -> Iterator[str]:
    """Yield fields with how often they are filled; those that differ in a number, such as a level, as one."""
    groups: dict[str, list[UnreadField]] = {}
    for each in fields:
        above, dot, name = each.path.rpartition(".")
        groups.setdefault(above + dot + re.sub("[0-9]+", "#", name), []).append(each)
    for name, alike in groups.items():
        shown = alike[0].path if len(alike) == 1 else name
        yield f"{shown} ({sum(each.times for each in alike)})"


# How it is done


def replay(broker: str | type[Adapter], folder: str | Path, *, declared: Mapping[str, str] | None = None) -> Replay:
    """Let an adapter read the samples of a folder, without a network.

    `declared` names samples that cannot be read, each with the reason: one that can be read after all has failed.
    Raises ConfigError where the folder has no samples, or the adapter no client that could read them.
    """
    adapter = load_broker(broker) if isinstance(broker, str) else broker
    wanted = dict(declared or {})
    samples = read_samples(folder)
    if stray := sorted(wanted.keys() - {sample.name for sample in samples}):
        raise ConfigError(f"{', '.join(stray)}: declared, but no sample in {folder} is called so.")
    reading = _Reading(adapter)
    told = [_declared(each, sample, wanted.get(sample.name)) for sample in samples for each in reading.read(sample)]
    good = {each.sample for each in told if each.outcome == "parsed"}
    return Replay(broker=adapter.name, samples=tuple(told), calls=tuple(reading.calls_told(good)))


def _declared(result: SampleReplay, sample: Sample, reason: str | None) -> SampleReplay:
    if reason is None:
        warning = f" (its file warns: {sample.warning})" if sample.warning and result.outcome == "failed" else ""
        return result.model_copy(update={"words": result.words + warning})
    if result.outcome == "failed":
        return result.model_copy(update={"outcome": "declared", "words": f"{result.words} ({reason})"})
    words = f"it is declared ({reason}), and yet it is {result.outcome}"
    return result.model_copy(update={"outcome": "failed", "words": words})


# Reading it


@dataclass
class _Seen:
    """What was seen of one call."""

    samples: list[Sample] = field(default_factory=list)
    results: list[SampleReplay] = field(default_factory=list)
    told: dict[FieldPath, int] = field(default_factory=dict)
    kinds: set[type[BaseModel]] = field(default_factory=set)
    """What answers are read as."""
    late: set[type[BaseModel]] = field(default_factory=set)
    """What rows that are kept as they come are read as later on, when a hook wants them."""


class _Reading:
    """An adapter that reads one sample after the other, and what it has seen so far."""

    def __init__(self, adapter: type[Adapter]) -> None:
        self.adapters = {environment: _unconnected(adapter, environment) for environment in ("real", "demo")}
        self.calls = endpoints_of(adapter)
        self.seen = [_Seen() for _ in self.calls]
        kinds: dict[tuple[str, str], set[type[Block]]] = {}
        for call in self.calls:
            kinds.setdefault((call.method, call.path), set()).add(call.reply)
        self._ids_decide = any(len(each) > 1 for each in kinds.values())
        """Whether many calls have one path, and their ids tell them apart."""

    def read(self, sample: Sample) -> list[SampleReplay]:
        """Return what becomes of a sample: one result for each call whose answer it is."""
        named, there = self._calls_of(sample)
        if named:
            return [self._read(number, sample) for number in named]
        if there:
            return [self._read(there[0], sample, alike=there[1:])]
        return self._without_call(sample)

    def _calls_of(self, sample: Sample) -> tuple[list[int], list[int]]:
        """Return the calls of the sample's id, and those of its path where that tells enough."""
        if sample.response is None:
            return [], []
        there = [number for number, call in enumerate(self.calls) if is_at(call, sample)]
        named = [number for number in there if sample.ids & set(self.calls[number].ids.values())]
        effects = {self.calls[number].effect for number in there}
        return named, [] if self._ids_decide or sample.path is None or len(effects) > 1 else there

    def _read(self, number: int, sample: Sample, *, alike: Iterable[int] = (), called: str = "") -> SampleReplay:
        call = self.calls[number]
        environment = environment_of(call, sample)
        client = _client_of(self.adapters[environment])
        base: dict[str, Any] = {"sample": sample.name, "is_official": sample.is_official, "environment": environment}
        base["call"] = called or call.id(environment)
        assert sample.response is not None
        with _kinds_read() as kinds:
            try:
                reply, following = read_answer(client, call, sample.request, sample.response)
            except BrokerError as error:
                return SampleReplay(**base, **_refused(client, call, sample, error))
        told = told_in(sample.response.content)
        own = list(fields_of(call.reply))
        base |= {"reply": call.reply.__name__, "announces_more": following is not None, "fields": len(own)}
        base["filled"] = sum(_is_filled(each, told) for each in own)
        shown, faults = _models(reply)
        flows, late, wrong = self._flows(call, environment, sample)
        if faults := [*_odd_rows(reply), *faults, *wrong]:
            return SampleReplay(**base, models=(*shown, *flows), outcome="failed", words="; ".join(faults))
        result = SampleReplay(**base, models=(*shown, *flows), outcome="parsed")
        for each in () if called else (self.seen[one] for one in (number, *alike)):
            each.samples.append(sample)
            each.results.append(result)
            each.kinds |= kinds
            each.late |= late - kinds
            each.told = {path: each.told.get(path, 0) + told.get(path, 0) for path in {**each.told, **told}}
        return result

    def _flows(
        self, call: Endpoint[Any], environment: str, sample: Sample
    ) -> tuple[list[Shown], set[type[BaseModel]], list[str]]:
        """Return the newest day of investor flow that a hook makes of an answer, what its rows are, and what is wrong.

        Other replies become models by themselves. Of these, rows may be kept as they come until they are wanted.
        """
        assert sample.response is not None
        adapter = self.adapters[environment]
        for part in adapter.served.values():
            with answering(_client_of(adapter), call, sample.response) as asked, _kinds_read() as kinds:
                try:
                    days = list(part.investor_flow(SYMBOL, None, clock.today(), False))
                    found = [day.to_model(symbol=SYMBOL) for day in days if isinstance(day, FlowTables)]
                except Exception as error:  # noqa: BLE001 - a hook stumbles in its own way over what it is not given
                    words = error.message if isinstance(error, BrokerError) else type(error).__name__
                    return [], set(), [f"investor_flow: {words}"] if asked and not isinstance(error, NoSample) else []
            if asked and found:
                told = found[0].model_dump(mode="json", exclude={"symbol"}, exclude_defaults=True)
                return [Shown(model="InvestorFlow", values=told)], kinds, []
        return [], set(), []

    def _without_call(self, sample: Sample) -> list[SampleReplay]:
        """Tell of a refusal what it would be to any query and to any order; of all else that it is no call's."""
        told = []
        for effect, called in ((Effect.READ, "any query"), (Effect.ORDER, "any order")):
            number = next((number for number, call in enumerate(self.calls) if call.effect is effect), None)
            if number is not None and sample.response is not None:
                result = self._read(number, sample, called=called)
                # What has a path may be an answer of a call that is not ours: only a known code tells otherwise.
                if result.outcome == "refused" and (result.is_listed or sample.path is None):
                    told.append(result)
        return told or [SampleReplay(sample=sample.name, is_official=sample.is_official, outcome="no call")]

    def calls_told(self, good: set[str]) -> Iterator[CallReplay]:
        """Yield what the samples tell of every call; only those in `good` count."""
        parts = self.adapters["real"].served.values()
        for call, seen in zip(self.calls, self.seen, strict=True):
            verbs = [verb for part in parts for verb, calls in part.calls.items() if call in calls]
            yield _call_told(call, seen, good).model_copy(update={"verbs": tuple(dict.fromkeys(verbs))})


def _unconnected(adapter: type[Adapter], environment: str) -> Adapter:
    """Return an adapter whose client reads answers and asks nobody."""
    settings = adapter.Settings.model_construct(app_key=KEY, app_secret=KEY, account=SecretStr("0000000000"))
    made = adapter(settings, environment=environment, base_url=NOBODY, remember_token=False)
    _client_of(made)
    return made


def _client_of(adapter: Adapter) -> Client:
    if not isinstance(adapter.client, Client):
        raise ConfigError(f"{adapter.name} has a transport of its own, which no sample can be given to.")
    return adapter.client


def _refused(client: Client, call: Endpoint[Any], sample: Sample, error: BrokerError) -> dict[str, Any]:
    """Tell of an error whether the broker refused, or the answer could not be read."""
    told = {"code": error.code, "error": type(error).__name__}
    if error.code is None and not isinstance(error, Rejected | Unsupported | OrderUncertain):
        return {**told, "outcome": "failed", "words": error.message}
    is_listed = (error.code or "") in client.refusals
    assert sample.response is not None
    if not is_listed and parsed_anyway(client, call, sample.response) is not None:
        words = f"refused with a code that is not in the table, and yet {call.reply.__name__} can be read from it"
        return {**told, "is_listed": False, "outcome": "failed", "words": words}
    return {**told, "is_listed": is_listed, "outcome": "refused"}


@contextmanager
def _kinds_read() -> Iterator[set[type[BaseModel]]]:
    """Note what the JSON of an answer is read as: the reply, and what the client looks at before it."""
    kinds: set[type[BaseModel]] = set()
    reads = {name: getattr(BaseModel, name).__func__ for name in ("model_validate", "model_validate_json")}

    def noting(name: str) -> Any:
        def read(kind: type[BaseModel], *values: Any, **options: Any) -> Any:
            kinds.add(kind)
            return reads[name](kind, *values, **options)

        return classmethod(read)

    with (
        mock.patch.object(Block, "model_validate", noting("model_validate")),
        mock.patch.object(Block, "model_validate_json", noting("model_validate_json")),
    ):
        yield kinds


def _odd_rows(value: Any, place: str = "") -> Iterator[str]:
    if isinstance(value, OddRow):
        blank = "a blank row, " if value.is_blank else ""
        yield f"{place}: {blank}{value.fault}"
    elif isinstance(value, Block):
        for name in type(value).model_fields:
            yield from _odd_rows(getattr(value, name), f"{place}.{name}".strip("."))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value, start=1):
            yield from _odd_rows(each, f"{place} {number}")


# What becomes of it


def _models(reply: Block) -> tuple[list[Shown], list[str]]:
    """Return the first common model of every kind that a reply becomes, and what is wrong with any of them."""
    shown: dict[str, Shown] = {}
    faults: list[str] = []
    for each in _replies_in(reply):
        name = each._target.__name__
        try:
            found = _model(each)
        except ValidationError as error:
            faults.append(f"{name}: {deepest_fault(error)}")
        except Exception as error:  # noqa: BLE001 - a property of a reply stumbles in its own way
            faults.append(f"{name}: {type(error).__name__} in a property of {type(each).__name__}")
        else:
            if found is not None:
                shown.setdefault(name, found)
    return list(shown.values()), list(dict.fromkeys(faults))


def _replies_in(value: Any) -> Iterator[Reply[Any]]:
    if isinstance(value, Reply):
        yield value
    if isinstance(value, Block):
        for name in type(value).model_fields:
            yield from _replies_in(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _replies_in(each)


def _model(reply: Reply[Any]) -> Shown | None:
    """Return what a reply tells of its model; None where that is nothing, as of a quote without a price."""
    if reply._target is Quote and not getattr(reply, "price", None):
        return None
    needed = {name for name, info in reply._target.model_fields.items() if info.is_required()}
    asked = {name: ASKED[name] for name in needed & ASKED.keys() if getattr(reply, name, None) in (None, "")}
    told = reply.to_model(**asked).model_dump(mode="json")
    values = {name: told[name] for name in reply._mapped if name not in asked}
    return Shown(model=reply._target.__name__, values=values) if any(values.values()) else None


def _call_told(call: Endpoint[Any], seen: _Seen, good: set[str]) -> CallReplay:
    own = list(fields_of(call.reply)) if seen.samples else []
    kept = [each for each in own if each.is_kept]
    for kind in seen.late if kept else ():
        own += fields_of(kind, kept[0].ours, kept[0].paths)
    others = [each for kind in seen.kinds - {call.reply} for each in fields_of(kind)]
    read = {path for each in (*own, *others) if not (each.is_kept and seen.late) for path in each.paths}
    unread = [
        UnreadField(path=".".join(path), times=times) for path, times in seen.told.items() if not _is_read(path, read)
    ]
    parsed = [each for each in seen.results if each.sample in good]
    becomes_model = any(issubclass(kind, Reply) for kind in (call.reply, *blocks_of(call.reply)))
    return CallReplay(
        call=str(call),
        method=call.method,
        path=call.path,
        effect=call.effect.value,
        ids=dict(call.ids),
        parsed=tuple(each.sample for each in parsed),
        official=tuple(each.sample for each in parsed if _proves(each, becomes_model)),
        unread=tuple(unread),
        never_filled=tuple(each.ours for each in own if not each.is_kept and not _is_filled(each, seen.told)),
    )


def _proves(result: SampleReplay, becomes_model: bool) -> bool:
    """Say whether a sample tells enough: keys alone, or a list without rows, show little."""
    return result.is_official and result.filled * 2 >= result.fields and bool(result.models or not becomes_model)


def _is_read(path: FieldPath, read: set[FieldPath]) -> bool:
    return any(path[:length] in read for length in range(1, len(path) + 1))


def _is_filled(each: ReadField, told: Mapping[FieldPath, int]) -> bool:
    return any(times and path[: len(own)] == own for own in each.paths for path, times in told.items())


# For pytest


class ReplayConformance:
    """The samples of a folder as tests: subclass it, name the broker and the folder."""

    broker: ClassVar[str | type[Adapter]]
    samples: ClassVar[str | Path | None]
    """The folder; None where there is none on this machine."""
    declared: ClassVar[Mapping[str, str]] = {}
    """Samples that cannot be read, each with the reason."""

    @pytest.fixture
    def replayed(self) -> Replay:
        if self.samples is None or not Path(self.samples).is_dir():
            pytest.skip("there is no folder of samples on this machine")
        return replay(self.broker, self.samples, declared=self.declared)

    def test_every_sample_of_a_call_can_be_read(self, replayed: Replay) -> None:
        failed = [_sample_line(each) for each in replayed.failures]
        assert not failed, "Samples that the adapter does not read:\n" + "\n".join(failed)

    def test_some_samples_are_answers_of_its_calls(self, replayed: Replay) -> None:
        parsed = [each for each in replayed.samples if each.outcome == "parsed"]
        assert parsed, "No sample is an answer of a call of this adapter: do the files say `path`, and the call's id?"
