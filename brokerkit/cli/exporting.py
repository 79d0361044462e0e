"""`brokerkit api export`: all APIs of a broker as a file for another program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from brokerkit import __version__
from brokerkit.cli.catalogues import catalogues
from brokerkit.cli.exports import openapi, postman, typed
from brokerkit.cli.exports.subject import Subject
from brokerkit.cli.printing import Printer
from brokerkit.cli.session import BrokerOption, JsonOption
from brokerkit.errors import InvalidRequest
from brokerkit.files import reason
from brokerkit.registry import load_broker


class Format(StrEnum):
    """What the file is for."""

    POSTMAN = "postman"
    OPENAPI = "openapi"
    TYPES = "types"


FormatArgument = Annotated[
    Format, typer.Argument(metavar="FORMAT", help="postman, openapi, or types: a Python module for editors.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write it; else it is printed.", show_default=False),
]


def export(
    format: FormatArgument, broker: BrokerOption = None, output: OutputOption = None, as_json: JsonOption = False
) -> None:
    """Write all APIs of a broker for Postman, as OpenAPI, or as types that an editor completes (API 내보내기)."""
    printer = Printer(as_json)
    subject = _subject(broker)
    if output is None:
        if as_json:
            raise typer.BadParameter("--json tells which files were written: it goes with --output.")
        print(FORMATS[format](subject))
        if format is Format.POSTMAN:
            printer.say("With --output its environments, demo and real, are written beside it.")
        return
    written = [_write(path, text) for path, text in _files(format, subject, output)]
    found = {"broker": subject.broker, "format": format.value, "apis": len(subject.apis), "files": written}
    printer.one(found, {**found, "files": ", ".join(written)})


def _subject(broker: str | None) -> Subject:
    there = catalogues(broker)
    if len(there) > 1:
        raise typer.BadParameter(f"Whose? Add --broker: {', '.join(there)}.")
    name, catalogue = next(iter(there.items()))
    return Subject(name, __version__, catalogue, load_broker(name).Client)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


FORMATS: dict[Format, Callable[[Subject], str]] = {
    Format.POSTMAN: lambda subject: _json(postman.collection(subject)),
    Format.OPENAPI: lambda subject: _json(openapi.document(subject)),
    Format.TYPES: typed.module,
}


def _files(format: Format, subject: Subject, output: Path) -> Iterator[tuple[Path, str]]:
    yield output, FORMATS[format](subject)
    if format is Format.POSTMAN:
        for name in subject.hosts:
            yield output.with_name(f"{output.stem}-{name}.json"), _json(postman.environment(subject, name))


def _write(path: Path, text: str) -> str:
    try:
        path.write_text(f"{text.rstrip()}\n", encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{path} cannot be written: {reason(error)}.", advice="Name another file.") from None
    return str(path)
