"""Fuzzed answers: only a BrokerError escapes, and no accepted value has other digits than those that were sent."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import logging
import multiprocessing
import pkgutil
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import SecretStr, ValidationError

from brokerkit.errors import BrokerError
from brokerkit.transport import Block, Client, Endpoint, PlainRows, Response
from proof.figures import Figure, at_least, none, say
from proof.odd_bodies import bodies
from proof.reference import Wrong, compare, compare_rows

ADAPTERS = {"kis": "Kis", "kiwoom": "Kiwoom"}
ENVELOPES: Mapping[str, dict[str, object]] = {
    "kis": {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다."},
    "kiwoom": {"return_code": 0, "return_msg": "정상적으로 처리되었습니다"},
}
BODIES = {False: 50_000, True: 1_000_000}
CHUNK = 10_000
SAMPLES = (
    *("70000", "20261118", "2026-11-19 10:00:00", "20261119100000", "101500", "10:15:00", "02", "+매수", "0000012345"),
    *("token", "005930", "Y", "USD"),
)
"""Texts of which every field takes at least one."""
COLUMNS = (list[dict[str, Any]], PlainRows, PlainRows | None)
"""Rows that the core reads column by column: tests/test_charts.py has odd ones of those."""
ADDED = (dt.date | None, dt.datetime | None, tuple[dt.datetime, ...], Mapping[str, dt.datetime])
"""Kinds of fields that no answer tells where they have no name on the wire: who asked fills them in."""
LATER = {"InvestorDay": "InvestorRow"}
"""Rows of which only a part is read with the answer, and what reads the rest when it is asked for."""


@dataclass(frozen=True)
class Parser:
    """One reply class of an adapter, and the call that it answers."""

    broker: str
    endpoint: Endpoint[Any]
    template: str
    """A good answer, as JSON."""
    later: type[Block] | None = None
    """What reads the rest of its rows, if that is read when it is asked for."""

    @property
    def name(self) -> str:
        """Say which one it is."""
        return f"{self.broker} {self.endpoint.reply.__name__}"


@dataclass
class Found:
    """What came of many bodies of one parser."""

    bodies: int = 0
    accepted: int = 0
    escaped: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


FOLDERS = ("wire", "stocks", "us")
"""Of an adapter: where its tables stand."""


@cache
def parsers() -> tuple[Parser, ...]:
    """Return all reply classes of both adapters, found in their folders."""
    found: dict[type[Block], Parser] = {}
    for broker, endpoint in _endpoints():
        if endpoint.reply not in found and not any(each.annotation in COLUMNS for each in fields_of(endpoint.reply)):
            content = {**ENVELOPES[broker], **_good(endpoint.reply)}
            template = json.dumps(content, ensure_ascii=False)
            found[endpoint.reply] = Parser(broker, endpoint, template, _later(endpoint.reply))
    return tuple(found.values())


def fields_of(reply: type[Block]) -> Iterable[Any]:
    """Return what is known of the fields of a reply."""
    return reply.model_fields.values()


def told_by(reply: type[Block]) -> dict[str, Any]:
    """Return the fields of a reply that an answer tells, by their names here."""
    fields = reply.model_fields.items()
    return {name: known for name, known in fields if known.validation_alias or known.annotation not in ADDED}


def _later(reply: type[Block]) -> type[Block] | None:
    """Return what reads the rest of a reply's rows; a KeyError if they keep what nothing here reads."""
    kinds = (body_in(known.annotation) for known in reply.model_fields.values())
    row = next((kind for kind in kinds if kind and kind.model_config.get("extra") == "allow"), None)
    return None if row is None else getattr(importlib.import_module(row.__module__), LATER[row.__name__])


def _endpoints() -> Iterator[tuple[str, Endpoint[Any]]]:
    for broker in ADAPTERS:
        for folder in FOLDERS:
            package = importlib.import_module(f"brokerkit_{broker}.{folder}")
            for module in pkgutil.iter_modules(package.__path__):
                for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
                    for each in value.values() if isinstance(value, dict) else (value,):
                        if isinstance(each, Endpoint):
                            yield broker, each


def _good(reply: type[Block]) -> dict[str, Any]:
    """Return a body of which the class takes every field, found by trying samples; so are the rows in it."""
    body: dict[str, Any] = {}
    for name, known in told_by(reply).items():
        kind = body_in(known.annotation)
        body[wire_name(name, known)] = SAMPLES[0] if kind is None else [_good(kind)]
    if reply.model_config.get("extra") == "allow":
        body |= _good(getattr(importlib.import_module(reply.__module__), LATER[reply.__name__]))
    tried: Counter[str] = Counter()
    while refused := _refused(reply, body):
        for key in refused:
            tried[key] += 1
            if tried[key] == len(SAMPLES):
                raise AssertionError(f"no sample is a good {key} of {reply.__name__}")
            body[key] = SAMPLES[tried[key]]
    return body


def _refused(reply: type[Block], body: dict[str, Any]) -> set[str]:
    """Return the fields that the class refuses, or passes over as if nothing stood there."""
    try:
        read = reply.model_validate_json(json.dumps(body))
    except ValidationError as error:
        return {str(fault["loc"][0]) for fault in error.errors()}
    return {wire_name(name, known) for name, known in told_by(reply).items() if getattr(read, name) is None}


def wire_name(name: str, known: Any) -> str:
    """Return the first name by which the wire calls a field."""
    alias = known.validation_alias
    return str(alias.choices[0]) if hasattr(alias, "choices") else str(alias or name)


def body_in(annotation: Any) -> type[Block] | None:
    """Return the reply class inside an annotation, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    return next((kind for each in getattr(annotation, "__args__", ()) if (kind := body_in(each))), None)


@cache
def _client(broker: str) -> Client:
    module = importlib.import_module(f"brokerkit_{broker}.client")
    settings = module.Settings(
        app_key=SecretStr("k" * 36), app_secret=SecretStr("s" * 43), account=SecretStr("1234567801")
    )
    client: Client = getattr(module, f"{ADAPTERS[broker]}Client")(
        settings, environment="real", base_url=None, remember_token=False
    )
    return client


def fuzz(number: int, seed: int, count: int) -> Found:
    """Read so many bodies with the parser of that number, without a line of log for each that is refused."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        return _fuzzed(number, seed, count)
    finally:
        logging.disable(before)


def _fuzzed(number: int, seed: int, count: int) -> Found:
    parser, found = parsers()[number], Found()
    client = _client(parser.broker)
    header = {client.echo_header: parser.endpoint.id("real"), "Content-Type": "application/json"}
    for status, content in bodies(parser.template, random.Random(f"{parser.name} {seed}"), count):  # noqa: S311
        found.bodies += 1
        try:
            reply = client._read(parser.endpoint, Response(status, header, content))
            compare(parser.broker, parser.endpoint, reply, content)
            _compare_later(client, parser, reply, content)
            found.accepted += 1
        except BrokerError:
            continue
        except Wrong as wrong:
            found.wrong.append(f"{parser.name}: {wrong} in {content[:300]!r}")
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            found.escaped.append(f"{parser.name}: {type(error).__name__} {error} of {content[:300]!r}")
    return found


def _compare_later(client: Client, parser: Parser, reply: Block, content: bytes) -> None:
    """Read the rest of the rows as an adapter does, and compare it too."""
    if parser.later is None:
        return
    block = next(
        wire_name(name, known) for name, known in type(reply).model_fields.items() if body_in(known.annotation)
    )
    days: tuple[Block, ...] = reply.rows  # type: ignore[attr-defined]
    rows = [client.read_fields(parser.endpoint, parser.later, day.model_extra or {}, block) for day in days]
    compare_rows(parser.broker, parser.endpoint, rows, block, content)


def run(release: bool) -> list[Figure]:
    """Return how many bodies were read, and what went wrong."""
    target = BODIES[release]
    tasks = [(number, seed) for seed in range(target // CHUNK) for number in range(len(parsers()))]
    total = [Found() for _ in parsers()]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        results = pool.map(fuzz, *zip(*tasks, strict=True), [CHUNK] * len(tasks))
        for (number, _), found in zip(tasks, results, strict=True):
            each = total[number]
            each.bodies += found.bodies
            each.accepted += found.accepted
            each.escaped += found.escaped
            each.wrong += found.wrong
    for parser, each in zip(parsers(), total, strict=True):
        say(f"{parser.name}: {each.bodies:,} bodies, {each.accepted:,} accepted")
    accepted = min((each.accepted / each.bodies for each in total), default=0.0)
    return [
        at_least(f"fuzzed bodies for each of {len(total)} parsers", min(each.bodies for each in total), target),
        Figure("share of them that a parser accepts", f"at least {accepted:.0%}", "at least 5%", accepted >= 0.05),
        none("errors that are no BrokerError", [words for each in total for words in each.escaped]),
        none("accepted values with other digits than sent", [words for each in total for words in each.wrong]),
    ]
