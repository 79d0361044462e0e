"""What an API is, in words: the lines of `brokerkit api show`, and of the pages of all APIs on the site."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from functools import cache

from brokerkit.catalogue import Api, Field, Group
from brokerkit.cli.catalogues import catalogues
from brokerkit.cli.printing import Row, Said
from brokerkit.languages import KOREAN, language
from brokerkit.registry import load_broker

EFFECTS = {
    "read": "read: asks",
    "order": "order: may move money: it goes the way of orders",
    "auth": "auth: logs in or out",
    "stream": "stream: registers for what comes over the socket",
}
IN_KOREAN = {"read": "조회", "order": "주문", "auth": "인증", "stream": "실시간"}


def effect_of(api: Api) -> str:
    """Return in a word what an API does."""
    return IN_KOREAN.get(api.effect, api.effect) if language() == KOREAN else api.effect


def head(broker: str, api: Api, variant: str | None = None) -> Row:
    """Return what is told of an API beside its fields; how it is called of one variant alone where one is named."""
    ids = (
        f"{environment} {', '.join(_id(variant, an_id) for variant, an_id in ids.items())}".strip()
        for environment, ids in api.ids.items()
    )
    listed = "; ".join(ids)
    told = {
        "broker": broker,
        "topic": api.topic,
        "effect": Said(EFFECTS[api.effect]),
        "verb": ", ".join(verbs_of(broker).get(api.name, ())),
        "address": Said(
            f"{api.path}, over the socket" if api.is_frame else f"{api.method} {api.path}, in the {api.where}"
        ),
        "ids": Said(f"{listed}; not sure: {', '.join(sorted(api.unsure))}" if api.unsure else listed),
        "former ids": Said(", ".join(f"{old} (now {new})" for old, new in api.old.items())),
        "pages": Said("several" if api.pages else "one"),
        "open": Said("takes any other field too" if api.open else ""),
    }
    told |= {f"call ({each})" if each else "call": shell_call(broker, api, each) for each in variants(api, variant)}
    return {label: value for label, value in told.items() if value}


def _id(variant: str, an_id: str) -> str:
    return f"{an_id} ({variant})" if variant else an_id


@cache
def verbs_of(broker: str) -> Mapping[str, tuple[str, ...]]:
    """Return the names of APIs to the verbs that use them, those of a stream as "stream().trades"."""
    kind, catalogue = load_broker(broker), catalogues(broker)[broker]
    used = [
        (an_id, verb)
        for part in kind.parts
        for verb, endpoints in part.calls.items()
        for endpoint in endpoints
        for an_id in endpoint.ids.values()
    ]
    for feed in (kind.Feed, *kind.feeds_of.values()):
        for (_, topic), channels in feed.channels.items() if feed else ():
            used += [(an_id, f"stream().{topic.lower()}") for each in channels.values() for an_id in each.ids.values()]
    found: dict[str, dict[str, None]] = {}
    for an_id, verb in used:
        if an_id and an_id in catalogue:
            found.setdefault(catalogue.api(an_id).name, {})[verb] = None
    return {name: tuple(verbs) for name, verbs in found.items()}


def filled(broker: str, api: Api) -> Container[str]:
    """Return the names of fields that are filled in: account, key, the place of the next page, an only code."""
    return {*_written(broker), *api.pages, *api.only_codes}


@cache
def _written(broker: str) -> tuple[str, ...]:
    return tuple(load_broker(broker).Client.written_fields)


# How it is called


def variants(api: Api, named: str | None = None) -> list[str]:
    """Return the variants to be called: the one that is named, else all. A blank where it has no variants."""
    found = list(dict.fromkeys(each for ids in api.ids.values() for each in ids)) or [""]
    return [named] if named in found else found


def shell_call(broker: str, api: Api, variant: str) -> str:
    """Return the command that calls or follows it."""
    if api.effect == "stream":
        return " ".join(("brokerkit watch --raw", api.name, *_keys(broker, api)))
    return " ".join(
        ("brokerkit call", _called(api, variant), *(f"{name}={value}" for name, value in _needed(broker, api)))
    )


def python_call(broker: str, api: Api, variant: str) -> str:
    """Return how a program calls it."""
    if api.effect == "stream":
        words = ", ".join(f'"{each}"' for each in (api.name, *_keys(broker, api)))
        return f"broker.stream().raw({words})"
    fields = ", ".join(f'"{name}": "{value}"' for name, value in _needed(broker, api))
    return f'broker.call("{_called(api, variant)}"{f", {{{fields}}}" if fields else ""})'


def _keys(broker: str, api: Api) -> tuple[str, ...]:
    """Return the key of a channel; none where it comes of the account or a venue."""
    kind = load_broker(broker)
    keyless = {name for feed in (kind.Feed, *kind.feeds_of.values()) if feed for name in feed.without_key}
    return () if api.sealed or api.name in keyless else ("...",)


def _called(api: Api, variant: str) -> str:
    """Return its name with the variant; its id where that is not proven, for then nothing else is sent."""
    an_id = next((ids[variant] for ids in api.ids.values() if variant in ids), "")
    return an_id if an_id in api.unsure else f"{api.name}/{variant}" if variant else api.name


def _needed(broker: str, api: Api) -> Iterator[tuple[str, str]]:
    """Yield what has to be given; of an order no code, so that none is chosen by a copy."""
    nobody = filled(broker, api)
    for field in api.request:
        if field.required and field.name not in nobody:
            yield field.name, next(iter(field.codes), "...") if api.effect == "read" else "..."


# Its fields


def title_of(group: Group) -> str:
    """Return what stands above a part of the answer."""
    if not group.name:
        return "Answer, top level"
    return f"Answer {group.name}: rows" if group.many else f"Answer {group.name}: one row"


def rows_of(field: Field, is_filled: bool = False, inside: str = "") -> Iterator[Row]:
    """Yield a row for a field, and below it one for each of its codes and for each field inside of it."""
    length = f"{field.length}" if field.length is not None else ""
    number = f"{field.number}, {field.implied} decimals without a point" if field.implied else field.number
    yield {
        "field": f"{inside}{field.name}",
        "label": field.label,
        "needed": Said("filled in" if is_filled else "yes" if field.required else ""),
        "length": length,
        "number": Said(number),
        "unit": field.unit,
        "format": field.format,
        "values": Said(_values(field)),
    }
    for code, meaning in codes_of(field).items():
        told = f"{code} {meaning}".strip()
        yield {**_BLANK, "values": told if code in field.codes else Said(told)}
    for each in field.fields:
        yield from rows_of(each, inside=f"{inside}{field.name}.")


_BLANK = dict.fromkeys(("field", "label", "needed", "length", "number", "unit", "format"), "")


def _values(field: Field) -> str:
    if not field.codes:
        return ""
    return "one of these:" if field.complete else "of these, or others:"


def codes_of(field: Field) -> Mapping[str, str]:
    """Return what may stand in a field, and behind a symbol, and what that means."""
    return {**field.codes, **{f"...{suffix}": f"at {venue}" for venue, suffix in field.suffixes.items() if suffix}}
