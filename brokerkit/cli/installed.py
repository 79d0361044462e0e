"""`brokerkit brokers`: what is installed, and what it offers as far as that is known without connecting."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import typer

from brokerkit.adapter import Adapter
from brokerkit.asking.inquiries import HOOKS, offers
from brokerkit.cli.printing import Printer, Row, Said
from brokerkit.cli.session import CsvOption, JsonOption
from brokerkit.errors import BrokerError
from brokerkit.extensions import BROKERS, SANDBOXES, extensions, package_of, version_of
from brokerkit.registry import load_broker


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(brokers)


def brokers(as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """Show the installed brokers, their environments and what they lack (증권사)."""
    played = sandbox_names()
    found = [_told(entry, entry.name in played) for entry in extensions(BROKERS)]
    Printer(as_json, as_csv).many(found, [_row(each) for each in found], "No broker is installed.")


def sandbox_names() -> list[str]:
    """Return the names of the brokers whose server side can be played."""
    return sorted({entry.name for entry in extensions(SANDBOXES)})


def _told(entry: EntryPoint, is_played: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": entry.name,
        "distribution": package_of(entry),
        "version": version_of(entry),
        "environments": [],
        "verbs": {},
        "error": None,
    }
    try:
        kind = load_broker(entry.name)
    except BrokerError as error:
        return {**told, "error": error.words}
    environments = [each for each in kind.environments if each != "sandbox" or is_played]
    return {**told, "environments": environments, "verbs": {each: _offered(kind, each) for each in environments}}


def _offered(kind: type[Adapter], environment: str) -> list[str]:
    """Return the verbs of an environment; the sandbox plays the real one."""
    played = "real" if environment == "sandbox" else environment
    return [verb for verb in HOOKS if any(offers(part, verb, played) for part in kind.parts)]


def _row(told: dict[str, Any]) -> Row:
    lacking = {each: [verb for verb in HOOKS if verb not in offered] for each, offered in told["verbs"].items()}
    everywhere = [verb for verb in HOOKS if lacking and all(verb in verbs for verbs in lacking.values())]
    parts = [", ".join(everywhere)]
    for environment, verbs in lacking.items():
        here = ", ".join(verb for verb in verbs if verb not in everywhere)
        parts.append(here and f"{environment}: {here}")
    listed = "; ".join(part for part in parts if part)
    return {
        "broker": told["name"],
        "version": told["version"],
        "environments": " ".join(told["environments"]) or None,
        "lacks": Said(told["error"] or listed or "nothing"),
    }
