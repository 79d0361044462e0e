"""The catalogues of the installed brokers, read without importing any of them, and what a shell completes from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

import typer

from brokerkit.catalogue import Api, Catalogue, Field
from brokerkit.config import load_profiles, nearest
from brokerkit.errors import BrokerError, ConfigError, InvalidRequest
from brokerkit.extensions import BROKERS, extensions

Completion = tuple[str, str]
"""What is offered to a shell, and what it means."""


def catalogues(broker: str | None = None) -> dict[str, Catalogue]:
    """Return the catalogues of the installed brokers by name, or that of one; ConfigError where there is none."""
    found = dict(_installed())
    if not found:
        raise ConfigError("No installed broker has a catalogue of its APIs.")
    if broker is None:
        return found
    if broker not in found:
        near = nearest(broker, found)
        raise ConfigError(
            f"There is no catalogue of a broker {broker!r}.",
            advice=f"Did you mean {near}?" if near else f"There are: {', '.join(found)}.",
        )
    return {broker: found[broker]}


def _installed() -> Iterator[tuple[str, Catalogue]]:
    for entry in extensions(BROKERS):
        try:
            catalogue = Catalogue.at(entry.module.partition(".")[0])
        except (LookupError, ImportError, ValueError):
            continue  # what is wrong with an adapter is told when it is used
        if catalogue.path.is_file():
            yield entry.name, catalogue


def found_api(asked: str, broker: str | None = None) -> tuple[str, Api]:
    """Return an API by name, id or label, and whose it is. InvalidRequest where none or several have it."""
    there = catalogues(broker)
    holders = [name for name, catalogue in there.items() if asked in catalogue]
    if len(holders) == 1:
        return holders[0], there[holders[0]].api(asked)
    if len(holders) > 1:
        words = f"{asked!r:.60} is an API of several brokers: {', '.join(holders)}."
        raise InvalidRequest(words, advice="Say which with --broker.")
    if len(there) == 1:
        name, catalogue = next(iter(there.items()))
        return name, catalogue.api(asked)
    return _unknown(asked, there)


def _unknown(asked: str, there: dict[str, Catalogue]) -> tuple[str, Api]:
    """Raise the error of the broker that has something to say about it, else one that names the nearest of all."""
    near = [(name, each) for name, catalogue in there.items() for each in catalogue.nearest(asked)]
    if not near:
        for catalogue in there.values():
            catalogue.api(asked)
    listed = ", ".join(f"{each} ({name})" for name, each in near)
    raise InvalidRequest(f"There is no API {asked!r:.60}.", advice=f"The nearest are: {listed}.")


# What a shell is offered


def _broker_of(context: typer.Context) -> str | None:
    """Return the broker that the words so far name, by an option or by the profile; None where they name none."""
    profiles, default = load_profiles()
    name = context.params.get("profile") or context.params.get("broker")
    if name is None and "profile" in context.params:
        name = os.environ.get("BROKERKIT_PROFILE") or default
    profile = profiles.get(name or "")
    return name if profile is None else profile.broker


def _offered(context: typer.Context) -> dict[str, Catalogue]:
    try:
        return catalogues(_broker_of(context))
    except BrokerError:
        return {}


def complete_api(context: typer.Context, incomplete: str) -> list[Completion]:
    """Return the names and ids of APIs that begin like a word."""
    return [
        (name, label)
        for catalogue in _offered(context).values()
        for name, label in catalogue.called()
        if name.startswith(incomplete)
    ]


def complete_field(context: typer.Context, incomplete: str) -> list[Completion]:
    """Return the fields, and their codes, of the API that was named, as they are typed.

    Bash splits a word at an equals sign: there the name stands among the words that came before.
    """
    api = _named(context)
    if api is None:
        return []
    given: Sequence[str] = context.params.get("fields") or ()
    if len(given) > 1 and given[-1] == "=":
        codes = api.fields.get(given[-2], Field("")).codes
        return [each for each in codes.items() if each[0].startswith(incomplete)]
    taken = {each.partition("=")[0] for each in given}
    words = [word for field in api.request if field.name not in taken for word in _typed(field)]
    return [each for each in words if each[0].startswith(incomplete)]


def _typed(field: Field) -> Iterable[Completion]:
    if not field.codes:
        return [(f"{field.name}=", field.label)]
    return [(f"{field.name}={code}", f"{field.label}: {meaning}") for code, meaning in field.codes.items()]


def _named(context: typer.Context) -> Api | None:
    asked = context.params.get("api")
    found = [catalogue.api(asked) for catalogue in _offered(context).values() if asked and asked in catalogue]
    return found[0] if found else None


def offering(complete: Callable[[typer.Context, str], list[Completion]]) -> Callable[..., list[Completion]]:
    """Return what answers a shell as typer wants it, and offers nothing where the files cannot be read."""

    def answer(ctx: typer.Context, incomplete: str) -> list[Completion]:
        try:
            return complete(ctx, incomplete)
        except BrokerError:
            return []

    return answer
