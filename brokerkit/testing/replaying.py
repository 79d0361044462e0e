"""Official samples, read by an adapter: what parses and into what, and which fields of the answers nobody reads.

Whoever writes an adapter and its face writes both ends of the wire. A sample is what a stranger wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from pydantic import BaseModel, SecretStr

from brokerkit import clock
from brokerkit.adapter import Adapter
from brokerkit.errors import BrokerError, ConfigError, OrderUncertain, Rejected, Unsupported
from brokerkit.market.markets import market_named
from brokerkit.models import InvestorFlow
from brokerkit.registry import load_broker
from brokerkit.replies import FlowTables
from brokerkit.symbols import HOME
from brokerkit.testing.becoming import Made, doubts_of, models_of, odd_rows, shown_of
from brokerkit.testing.calls import endpoints_of, environment_of, is_at
from brokerkit.testing.fields import Path as FieldPath
from brokerkit.testing.fields import ReadField, blocks_of, fields_of, told_in
from brokerkit.testing.inside import NoSample, answering, parsed_anyway, read_answer
from brokerkit.testing.replays import CallReplay, Replay, SampleReplay, UnreadField, line_of
from brokerkit.testing.samples import Sample, read_samples
from brokerkit.text import HIDDEN
from brokerkit.transport import Block, Client, Effect, Endpoint, Reply

SYMBOL = "005930"
NOBODY = "http://127.0.0.1:9"
"""Where the clients of a replay would ask, if they asked."""
KEY = SecretStr("SANDBOX-REPLAY-OF-SAMPLES")
_LONG_NUMBER = re.compile(r"(?<!\w)[0-9][0-9-]{5,}")


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
        if not sample.warning or result.outcome != "failed":
            return result
        return result.model_copy(update={"words": f"{result.words} (its file warns: {sample.warning})"})
    if result.outcome == "failed":
        return result.model_copy(update={"outcome": "declared", "words": f"{result.words} (it is declared: {reason})"})
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
        models, faults = models_of(reply, self._currency_of(call))
        flows, late, wrong = self._flows(call, environment, sample)
        models += [Made(flow, frozenset(InvestorFlow.model_fields) - {"symbol"}) for flow in flows]
        base |= {"models": shown_of(models), "doubts": doubts_of(models)}
        if faults := [*odd_rows(reply), *faults, *wrong]:
            return SampleReplay(**base, outcome="failed", words="; ".join(faults))
        result = SampleReplay(**base, outcome="parsed")
        for each in () if called else (self.seen[one] for one in (number, *alike)):
            each.samples.append(sample)
            each.results.append(result)
            each.kinds |= kinds
            each.late |= late - kinds
            each.told = {path: each.told.get(path, 0) + told.get(path, 0) for path in {**each.told, **told}}
        return result

    def _currency_of(self, call: Endpoint[Any]) -> str | None:
        """Return the currency of the market that a call is about; won, where it is about none."""
        parts = self.adapters["real"].served.values()
        markets = [part.market for part in parts for calls in part.calls.values() if call in calls]
        return market_named(markets[0] if markets else HOME).currency

    def _flows(
        self, call: Endpoint[Any], environment: str, sample: Sample
    ) -> tuple[list[InvestorFlow], set[type[BaseModel]], list[str]]:
        """Return the days of investor flow that a hook makes of an answer, what their rows are, and what is wrong.

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
                    is_fault = asked and not isinstance(error, NoSample)
                    return [], set(), [f"investor_flow: {_words_of(error)}"] if is_fault else []
            if asked and found:
                return found, kinds, []
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
    needed = [name for name, info in adapter.Settings.model_fields.items() if info.is_required()]
    values: dict[str, Any] = {
        **dict.fromkeys(needed, KEY),
        "app_key": KEY,
        "app_secret": KEY,
        "account": SecretStr("0000000000"),
    }
    settings = adapter.Settings.model_construct(None, **values)
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
        return {**told, "outcome": "failed", "words": _words_of(error)}
    is_listed = (error.code or "") in client.refusals
    assert sample.response is not None
    if not is_listed and parsed_anyway(client, call, sample.response) is not None:
        words = f"refused with a code that is not in the table, and yet {call.reply.__name__} can be read from it"
        return {**told, "is_listed": False, "outcome": "failed", "words": words}
    return {**told, "is_listed": is_listed, "outcome": "refused"}


def _words_of(error: Exception) -> str:
    """Return what an error says. An adapter may repeat the broker's words in it, and those may name an account."""
    return _LONG_NUMBER.sub(HIDDEN, error.words) if isinstance(error, BrokerError) else type(error).__name__


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
    doubtful: ClassVar[Mapping[str, str]] = {}
    """Samples whose values do not add up, each with the reason: official ones are often made up."""

    @pytest.fixture
    def replayed(self) -> Replay:
        if self.samples is None:
            pytest.skip("there is no folder of samples on this machine")
        return replay(self.broker, self.samples, declared=self.declared)

    def test_every_sample_of_a_call_can_be_read(self, replayed: Replay) -> None:
        failed = [line_of(each) for each in replayed.failures]
        assert not failed, "Samples that the adapter does not read:\n" + "\n".join(failed)

    def test_the_values_of_every_sample_add_up(self, replayed: Replay) -> None:
        doubted = {each.sample: each.doubts for each in replayed.samples if each.doubts}
        found = [f"{name}: {'; '.join(told)}" for name, told in doubted.items() if name not in self.doubtful]
        assert not found, "Is a field taken for another one, or its unit or sign for another?\n" + "\n".join(found)
        stale = self.doubtful.keys() - doubted.keys()
        assert not stale, f"declared as doubtful, and yet they add up: {', '.join(sorted(stale))}"

    def test_some_samples_are_answers_of_its_calls(self, replayed: Replay) -> None:
        parsed = [each for each in replayed.samples if each.outcome == "parsed"]
        assert parsed, "No sample is an answer of a call of this adapter: do the files say `path`, and the call's id?"
