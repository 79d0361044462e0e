"""`brokerkit api`: every API of the installed brokers, found and shown. It needs no profile, key or network."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Mapping
from typing import Annotated, Any

import typer

from brokerkit.catalogue import Api, Field
from brokerkit.cli.catalogues import catalogues, complete_api, found_api, offering
from brokerkit.cli.exporting import export
from brokerkit.cli.help import Grouped
from brokerkit.cli.printing import Printer, Row
from brokerkit.cli.session import BrokerOption, CsvOption, JsonOption
from brokerkit.cli.specification import effect_of, filled, head, rows_of, title_of

ApiArgument = Annotated[
    str,
    typer.Argument(
        metavar="API",
        help="Its name, an id of it, or its Korean label.",
        autocompletion=offering(complete_api),
    ),
]
TextArgument = Annotated[list[str], typer.Argument(metavar="TEXT", help="Words, Korean or English.")]
CountOption = Annotated[int | None, typer.Option("--count", "-n", min=1, help="So many at most.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        cls=Grouped, no_args_is_help=True, help="Find, show and export any API of the installed brokers (API 목록)."
    )
    group.command()(search)
    group.command()(show)
    group.command()(export)
    app.add_typer(group, name="api")


def search(
    text: TextArgument,
    broker: BrokerOption = None,
    count: CountOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Search by name, id, label, topic or field, what is called so first (API 검색)."""
    printer = Printer(as_json, as_csv)
    there = {name: catalogue.search(" ".join(text)) for name, catalogue in catalogues(broker).items()}
    found = [(name, api) for name, apis in there.items() for api in apis[:count]]
    told = [
        {
            "broker": name,
            "name": api.name,
            "label": api.label,
            "topic": api.topic,
            "effect": api.effect,
            "ids": api.ids,
        }
        for name, api in found
    ]
    printer.many(told, [_row(name, api) for name, api in found], "No API has all of these words.")
    left = sum(map(len, there.values())) - len(found)
    if left:
        printer.say(f"{left} more are found without --count.")


def _row(broker: str, api: Api) -> Row:
    return {
        "broker": broker,
        "api": api.name,
        "label": api.label,
        "topic": api.topic,
        "effect": effect_of(api),
        "environments": " ".join(api.ids),
    }


def show(api: ApiArgument, broker: BrokerOption = None, as_json: JsonOption = False) -> None:
    """Show what an API takes and answers, what it does, and its id in each environment (API 명세)."""
    name, found = found_api(api, broker)
    printer = Printer(as_json)
    if as_json:
        printer.one({"broker": name, **plain(found)})
        return
    variant = catalogues(name)[name].variant(api)
    printer.one({}, head(name, found, variant), f"{found.name} {found.label}")
    _print_fields(printer, "Request", found.request, filled(name, found))
    for group in found.groups:
        _print_fields(printer, title_of(group), group.fields)
    if found.frame:
        _print_fields(printer, "Frame", found.frame)


def plain(value: Any) -> Any:
    """Return what of the catalogue is told to programs: blocks by name, in plain types."""
    if isinstance(value, Api):
        told = {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
        told["response"] = told.pop("groups")
        return told
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def _print_fields(printer: Printer, title: str, fields: Iterable[Field], nobody: Container[str] = ()) -> None:
    rows = [row for field in fields for row in rows_of(field, field.name in nobody)]
    if rows:
        print()
        kept = [label for label in rows[0] if label in ("field", "label") or any(row[label] != "" for row in rows)]
        printer.table([{label: row[label] for label in kept} for row in rows], "", title)
