"""`brokerkit api`: every API of the installed brokers, found and shown. It needs no profile, key or network."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from brokerkit.catalogue import Api, Field, Group
from brokerkit.cli.catalogues import catalogues, complete_api, found_api, offering
from brokerkit.cli.exporting import export
from brokerkit.cli.help import Grouped
from brokerkit.cli.printing import Printer, Row
from brokerkit.cli.session import BrokerOption, CsvOption, JsonOption
from brokerkit.registry import load_broker

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
        "effect": api.effect,
        "environments": " ".join(api.ids),
    }


def show(api: ApiArgument, broker: BrokerOption = None, as_json: JsonOption = False) -> None:
    """Show what an API takes and answers, what it does, and its id in each environment (API 명세)."""
    name, found = found_api(api, broker)
    printer = Printer(as_json)
    if as_json:
        printer.one({"broker": name, **plain(found)})
        return
    filled = {*load_broker(name).Client.written_fields, *found.pages, *found.only_codes}
    printer.one({}, _head(name, found, filled), f"{found.name} {found.label}")
    _print_fields(printer, "Request", found.request, filled)
    for group in found.groups:
        _print_fields(printer, _titled(group), group.fields)
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


EFFECTS = {
    "read": "asks",
    "order": "may move money: it goes the way of orders",
    "auth": "logs in or out",
    "stream": "registers for what comes over the socket",
}


def _head(broker: str, api: Api, filled: Container[str]) -> Row:
    ids = (
        f"{environment} {', '.join(_id(variant, an_id) for variant, an_id in ids.items())}".strip()
        for environment, ids in api.ids.items()
    )
    unsure = f"; not sure: {', '.join(sorted(api.unsure))}" if api.unsure else ""
    head = {
        "broker": broker,
        "topic": api.topic,
        "effect": f"{api.effect}: {EFFECTS[api.effect]}",
        "address": f"{api.path}, over the socket" if api.is_frame else f"{api.method} {api.path}, in the {api.where}",
        "ids": "; ".join(ids) + unsure,
        "former ids": ", ".join(f"{old} (now {new})" for old, new in api.old.items()),
        "pages": "several" if api.pages else "one",
        "open": "takes any other field too" if api.open else "",
        "call": "" if api.effect == "stream" else " ".join(("brokerkit call", _called(api), *_needed(api, filled))),
    }
    return {label: value for label, value in head.items() if value}


def _id(variant: str, an_id: str) -> str:
    return f"{an_id} ({variant})" if variant else an_id


def _called(api: Api) -> str:
    variants = next((list(ids) for ids in api.ids.values() if len(ids) > 1), [""])
    return f"{api.name}/{variants[0]}" if variants[0] else api.name


def _needed(api: Api, filled: Container[str]) -> Iterator[str]:
    """Yield what has to be typed; of an order no code, so that none is chosen by a copy."""
    for field in api.request:
        if field.required and field.name not in filled:
            code = next(iter(field.codes), "...") if api.effect == "read" else "..."
            yield f"{field.name}={code}"


def _titled(group: Group) -> str:
    kind = "rows" if group.many else "one row"
    return f"Answer {group.name}: {kind}" if group.name else "Answer, top level"


def _print_fields(printer: Printer, title: str, fields: Iterable[Field], filled: Container[str] = ()) -> None:
    rows = [row for field in fields for row in _rows(field, field.name in filled)]
    if rows:
        print()
        kept = [label for label in rows[0] if label in ("field", "label") or any(row[label] != "" for row in rows)]
        printer.table([{label: row[label] for label in kept} for row in rows], "", title)


def _rows(field: Field, is_filled: bool = False, inside: str = "") -> Iterator[Row]:
    """Yield a row for a field, and below it one for each of its codes and for each field inside of it."""
    length = f"{field.length}" if field.length is not None else ""
    number = f"{field.number}, {field.implied} decimals without a point" if field.implied else field.number
    yield {
        "field": f"{inside}{field.name}",
        "label": field.label,
        "needed": "filled in" if is_filled else "yes" if field.required else "",
        "length": length,
        "number": number,
        "unit": field.unit,
        "format": field.format,
        "values": _values(field),
    }
    for code, meaning in {**field.codes, **_suffixes(field)}.items():
        yield {**_BLANK, "values": f"{code} {meaning}".strip()}
    for each in field.fields:
        yield from _rows(each, inside=f"{inside}{field.name}.")


_BLANK = dict.fromkeys(("field", "label", "needed", "length", "number", "unit", "format"), "")


def _values(field: Field) -> str:
    if not field.codes:
        return ""
    return "one of these:" if field.complete else "of these, or others:"


def _suffixes(field: Field) -> dict[str, str]:
    return {f"...{suffix}": f"at {venue}" for venue, suffix in field.suffixes.items() if suffix}
