"""What a command prints: tables for people, JSON for programs.

JSON goes to standard output as one document: keys are the field names of the models, Decimals are texts, times are ISO
8601. Messages and errors go to standard error.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TextIO

from pydantic import BaseModel

from brokerkit.errors import BrokerError
from brokerkit.transport.text import sanitize

GAIN, LOSS = "red", "blue"
"""Korean screens show gains in red and losses in blue."""
Row = Mapping[str, object]


class Printer:
    """Prints for one command."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def one(self, found: BaseModel | Row, shown: Row | None = None, title: str | None = None) -> None:
        """Print one thing, a line a field. `shown` is what people see of it, by label."""
        if self.as_json:
            _print_json(found)
        else:
            self._lines(dict(found) if shown is None else shown, title)

    def many(self, found: Sequence[BaseModel | Row], shown: Sequence[Row], nothing: str) -> None:
        """Print a list as a table, a row a thing; `nothing` is said where the list is empty."""
        if self.as_json:
            _print_json(found)
        elif not shown:
            print(nothing)
        else:
            self._table(shown)

    def say(self, words: str) -> None:
        """Tell a person something; programs do not get it."""
        if not self.as_json:
            print(words, file=sys.stderr, flush=True)

    def error(self, error: BrokerError) -> None:
        """Tell what went wrong, on standard error."""
        if self.as_json:
            told = {
                "error": type(error).__name__,
                "broker": error.broker,
                "asked": error.asked,
                "endpoint": error.endpoint,
                "code": error.code,
                "message": error.message,
                "advice": error.advice,
            }
            _print_json(told, sys.stderr)
        else:
            console = _console(sys.stderr)
            console.print("brokerkit: ", style="bold red", end="")
            console.print(str(error), markup=False, highlight=False, soft_wrap=True)

    def _lines(self, row: Row, title: str | None) -> None:
        from rich.cells import cell_len

        console = _console(sys.stdout)
        if title:
            console.print(title, style="bold", markup=False, highlight=False, soft_wrap=True)
        width = max((cell_len(label) for label in row), default=0)
        for label, value in row.items():
            console.print(f"{label}{' ' * (width - cell_len(label))}  ", end="", markup=False, highlight=False)
            console.print(_text(value), style=_style(value), markup=False, highlight=False, soft_wrap=True)

    def _table(self, rows: Sequence[Row]) -> None:
        from rich.table import Table

        console = _console(sys.stdout)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for label in rows[0]:
            numeric = any(isinstance(row[label], Decimal | int) for row in rows)
            table.add_column(label, justify="right" if numeric else "left", no_wrap=True)
        for row in rows:
            table.add_row(*(_cell(value) for value in row.values()))
        if table.__rich_measure__(console, console.options.update(max_width=10_000)).minimum > console.width:
            # Columns would be cut, and a cut number is a wrong number.
            for index, row in enumerate(rows):
                if index:
                    print()
                self._lines(row, None)
            return
        console.print(table)


def signed(value: Decimal | None) -> Signed | None:
    """Mark a number as gain or loss: it is shown with its sign, in colour where there is colour."""
    return None if value is None else Signed(value)


class Signed(Decimal):
    """A number whose sign matters."""


def _cell(value: object) -> Any:
    from rich.text import Text

    return Text(_text(value), style=_style(value) or "")


def _style(value: object) -> str | None:
    if isinstance(value, Signed) and value:
        return GAIN if value > 0 else LOSS
    return None


def _text(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, Signed):
        return f"{value:+,f}"
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return sanitize(str(value), limit=400)


def _print_json(found: object, stream: TextIO | None = None) -> None:
    stream = stream or sys.stdout
    print(json.dumps(found, default=_plain, ensure_ascii=not _speaks_korean(stream)), file=stream, flush=True)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _speaks_korean(stream: TextIO) -> bool:
    try:
        "가".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def tame(*streams: TextIO) -> None:
    """Let consoles that cannot write Korean show a question mark instead of ending the command; say so once."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if not all(_speaks_korean(stream) for stream in streams):
        print(
            f"brokerkit: this console ({streams[0].encoding}) cannot show Korean; set PYTHONUTF8=1 or use --json.",
            file=sys.stderr,
        )


def _console(stream: TextIO) -> Any:
    from rich.console import Console

    # A file or a pipe has no width: nothing is to be broken there.
    width = shutil.get_terminal_size().columns if stream.isatty() else 10_000
    return Console(file=stream, width=width, highlight=False, emoji=False)
