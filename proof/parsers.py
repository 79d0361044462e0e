"""Fuzzed answers: only a BrokerError escapes, and no accepted value has other digits than those that were sent."""

from __future__ import annotations

import importlib
import json
import logging
import multiprocessing
import pkgutil
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import SecretStr, ValidationError

from brokerkit.errors import BrokerError
from brokerkit.transport import Answer, Body, Client, Endpoint
from proof.figures import Figure, at_least, none, say
from proof.odd_bodies import bodies
from proof.reference import Wrong, compare

ADAPTERS = {"kis": "Kis", "kiwoom": "Kiwoom"}
ENVELOPES: Mapping[str, dict[str, object]] = {
    "kis": {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다."},
    "kiwoom": {"return_code": 0, "return_msg": "정상적으로 처리되었습니다"},
}
BODIES = {False: 50_000, True: 1_000_000}
CHUNK = 10_000
OTHER_SHAPES = ("model_type", "tuple_type")
"""Complaints that a block has not got the shape that it has not got."""
SAMPLES = (
    *("70000", "20261118", "2026-11-19 10:00:00", "20261119100000", "101500", "10:15:00", "02", "+매수", "0000012345"),
    *("token", "005930"),
)
"""Texts of which every field takes at least one."""


@dataclass(frozen=True)
class Parser:
    """One reply class of an adapter, and the call that it answers."""

    broker: str
    endpoint: Endpoint[Any]
    template: str
    """A good answer, as JSON."""

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


@cache
def parsers() -> tuple[Parser, ...]:
    """Return all reply classes of both adapters, found in their wire modules."""
    found: dict[type[Body], Parser] = {}
    for broker, endpoint in _endpoints():
        if endpoint.reply not in found:
            content = {**ENVELOPES[broker], **_good(endpoint.reply)}
            template = json.dumps(content, ensure_ascii=False)
            found[endpoint.reply] = Parser(broker, endpoint, template)
    return tuple(found.values())


def _endpoints() -> Iterator[tuple[str, Endpoint[Any]]]:
    for broker in ADAPTERS:
        wire = importlib.import_module(f"brokerkit_{broker}.wire")
        for module in pkgutil.iter_modules(wire.__path__):
            values = vars(importlib.import_module(f"{wire.__name__}.{module.name}")).values()
            for value in values:
                for each in value.values() if isinstance(value, dict) else (value,):
                    if isinstance(each, Endpoint):
                        yield broker, each


def _good(reply: type[Body]) -> dict[str, Any]:
    """Return a body that the class takes, found by trying samples where it complains."""
    body: dict[str, Any] = {}
    tried: dict[tuple[str | int, ...], int] = {}
    _fill(reply, body)
    for _ in range(len(SAMPLES) * 20):
        try:
            reply.model_validate_json(json.dumps(body))
        except ValidationError as error:
            faults = [fault for fault in error.errors() if fault["type"] not in OTHER_SHAPES]
            for place in {_leaf(body, fault["loc"]) for fault in faults}:
                tried[place] = tried.get(place, 0) + 1
                _put(body, place, SAMPLES[tried[place] % len(SAMPLES)])
            continue
        return body
    raise AssertionError(f"no good body of {reply.__name__}: {body}")


def _fill(reply: type[Body], body: dict[str, Any]) -> None:
    for name, known in reply.model_fields.items():
        key = wire_name(name, known)
        kind = body_in(known.annotation)
        if kind is None:
            body.setdefault(key, SAMPLES[0])
        else:
            rows = body.setdefault(key, [{}])
            _fill(kind, rows[0])


def _leaf(body: Any, place: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the way to the text that a complaint is about; it may go on into the kinds that the text could be."""
    way: list[str | int] = []
    for part in place:
        if isinstance(body, str):
            break
        if part == "":  # one of two shapes that a block may have
            continue
        if isinstance(body, list) and isinstance(part, str):  # a block that is sent as a list of one
            way.append(0)
            body = body[0]
        way.append(part)
        body = body[part]
    return tuple(way)


def _put(body: Any, way: tuple[str | int, ...], value: str) -> None:
    for part in way[:-1]:
        body = body[part]
    body[way[-1]] = value


def wire_name(name: str, known: Any) -> str:
    """Return the first name by which the wire calls a field."""
    alias = known.validation_alias
    return str(alias.choices[0]) if hasattr(alias, "choices") else str(alias or name)


def body_in(annotation: Any) -> type[Body] | None:
    """Return the reply class inside an annotation, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, Body):
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
    header = {client.answer_id: parser.endpoint.id("real"), "Content-Type": "application/json"}
    for status, content in bodies(parser.template, random.Random(f"{parser.name} {seed}"), count):  # noqa: S311
        found.bodies += 1
        try:
            reply = client._read(parser.endpoint, Answer(status, header, content))
            found.accepted += 1
            compare(parser.broker, parser.endpoint, reply, content)
        except BrokerError:
            continue
        except Wrong as wrong:
            found.wrong.append(f"{parser.name}: {wrong} in {content[:300]!r}")
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            found.escaped.append(f"{parser.name}: {type(error).__name__} {error} of {content[:300]!r}")
    return found


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
