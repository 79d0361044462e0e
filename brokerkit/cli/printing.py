"""What a command prints: tables for people, JSON or comma-separated values for programs.

JSON goes to standard output as one document: keys are the field names of the models, Decimals are texts, times are ISO
8601. Messages and errors go to standard error.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, TextIO

import typer
from pydantic import BaseModel

from brokerkit.cli.consoles import can_write, cells, padded
from brokerkit.errors import BrokerError
from brokerkit.languages import KOREAN, language, translated
from brokerkit.models import Candle, Candles, Table
from brokerkit.models.columns import columns_of, value_of
from brokerkit.models.labels import korean_head, korean_term
from brokerkit.symbols import HOME_CURRENCY
from brokerkit.text import sanitize
from brokerkit.words import OrderStatus, Side

GAIN, LOSS = "red", "blue"
"""Korean screens show gains in red and losses in blue."""
STYLES: dict[object, str] = {
    Side.BUY: GAIN,
    Side.SELL: LOSS,
    OrderStatus.FILLED: "green",
    OrderStatus.PARTIALLY_FILLED: "yellow",
    OrderStatus.CANCELED: "dim",
    OrderStatus.EXPIRED: "dim",
    OrderStatus.REJECTED: "bold red",
    OrderStatus.UNKNOWN: "bold yellow",
}
ERROR_KEYS = ("broker", "asked", "endpoint", "code", "message", "advice", "intent")
"""What programs are told of an error beside its class; `intent` is the journal's entry of an order that may stand."""
TYPED = {
    "environment='sandbox'": "--environment sandbox",
    "type=MARKET": "--type MARKET",
    "reconcile()": "`brokerkit journal reconcile`",
    "resolve()": "`brokerkit journal resolve`",
    "unresolved()": "`brokerkit journal list`",
    "reservations()": "`brokerkit reservations`",
    "search()": "`brokerkit instruments search`",
    "search(..., market='US')": "`brokerkit instruments search --market US`",
    "broker.stream()": "`brokerkit watch`",
    "instrument(symbol).nxt": "`brokerkit instruments show`",
    "count=": "-n ",
    "Give an int, a str like '70000' or a Decimal.": "Give digits, such as 70000.",
}
"""What the texts of the library say in Python, and how it is typed at a shell."""
NOTHING = "—"
AS_IS = "="
"""The model of lines whose labels are names that are written somewhere: settings, and fields of a broker."""
WEEKDAYS = "월화수목금토일"
GAP = 2
ENDLESS = 1_000_000
"""Width of a file or a pipe: nothing is to be broken there."""
LONGEST = 4000
Row = Mapping[str, object]


class Printer:
    """Prints for one command."""

    def __init__(self, as_json: bool, as_csv: bool = False) -> None:
        if as_json and as_csv:
            raise typer.BadParameter("--csv and --json are two forms of output: give one of them.")
        self.as_json = as_json
        self.as_csv = as_csv

    @property
    def is_for_programs(self) -> bool:
        """Whether no table for people is wanted."""
        return self.as_json or self.as_csv

    def one(
        self, found: BaseModel | Row, shown: Row | None = None, title: str | None = None, of: str | None = None
    ) -> None:
        """Print one thing, a line a field. `shown` is what people see of it, by label; `of` names its model."""
        if self.as_json:
            _print_json(found)
        else:
            _print_lines(dict(found) if shown is None else shown, title, _model_of([found]) if of is None else of)

    def many(self, found: Sequence[BaseModel | Row], shown: Sequence[Row], nothing: str, of: str | None = None) -> None:
        """Print a list as a table, a row a thing; `nothing` is said where the list is empty.

        As comma-separated values it has all that its models tell; where it has none, what people see. `of` names the
        model whose fields people see, where that is another one.
        """
        if self.as_json:
            _print_json(list(found))
        elif self.as_csv:
            _print_csv(found if isinstance(found, Table | Candles) else shown)
        else:
            self.table(shown, nothing, of=_model_of(found) if of is None else of)

    def line(self, found: Row, shown: object) -> None:
        """Print one of many things at once, a line each."""
        if self.as_json:
            _print_json(found)
        else:
            print(as_text(shown), flush=True)

    def table(self, shown: Sequence[Row], nothing: str, title: str | None = None, of: str = "") -> None:
        """Show people a table whose rows tell of a model; programs do not get it."""
        if self.as_json:
            return
        if not shown:
            tell(nothing)
        else:
            _print_table(shown, title, of)

    def say(self, words: str) -> None:
        """Tell a person something; programs do not get it."""
        if not self.as_json:
            tell(words, sys.stderr)

    def error(self, error: BrokerError) -> None:
        """Tell what went wrong, on standard error."""
        if self.as_json:
            _print_json(told_of(error), sys.stderr)
        else:
            console = console_of(sys.stderr)
            console.print("brokerkit: ", style="bold red", end="")
            _write(console, in_shell(str(error)))

    def fault(self, kind: str, words: str) -> None:
        """Tell of what no broker has to do with, such as wrong usage: `kind` stands where the error class would."""
        if self.as_json:
            _print_json({"error": kind, **dict.fromkeys(ERROR_KEYS), "message": words}, sys.stderr)
        else:
            print(f"brokerkit: {translated(words)}", file=sys.stderr, flush=True)


def tell(words: str, stream: TextIO | None = None) -> None:
    """Write a text of ours in the language of the program, on standard output or another stream."""
    print(translated(words), file=stream or sys.stdout, flush=True)


def told_of(error: BrokerError) -> dict[str, object]:
    """Return what programs are told of an error."""
    told = {key: getattr(error, key, None) for key in ERROR_KEYS} | {"message": error.words, "advice": error.remedy}
    return {"error": type(error).__name__} | {
        key: in_shell(value) if isinstance(value, str) else value for key, value in told.items()
    }


def in_shell(text: str) -> str:
    """Return what the library says with its Python replaced by what is typed at a shell, in any language."""
    for python, typed in TYPED.items():
        if typed[0] == "`":  # Korean texts have the Python in backticks too
            text = text.replace(f"`{python}`", typed)
        text = text.replace(python, typed)
        if (korean := translated(python)) != python:
            text = text.replace(korean, translated(typed))
    return text


def percent(value: Decimal | None) -> Signed | None:
    """Return a gain or loss in percent, as people want it."""
    return signed(None if value is None else round(value, 2))


def money(value: Decimal | None, currency: str | None) -> Decimal | None:
    """Return an amount as people want it: two decimals at least, all that it has, where its currency has cents."""
    if value is None or currency in (None, HOME_CURRENCY):
        return value
    text = f"{value:f}"
    whole, _, part = text.partition(".")
    return Cents(f"{whole}.{part.rstrip('0'):0<2}")


def in_currencies(rows: Iterable[Row], currencies: Iterable[str | None]) -> list[Row]:
    """Return the rows of a table, each with its currency unless all are in won."""
    told = list(currencies)
    if all(each in (None, HOME_CURRENCY) for each in told):
        return list(rows)
    return [{**row, "currency": currency} for row, currency in zip(rows, told, strict=True)]


class Said(str):
    """A text of ours in a cell, such as "none": it is told in the language of the program, a name never."""

    __slots__ = ()


class Cents(Decimal):
    """An amount whose trailing zeros are shown."""


class Signed(Decimal):
    """A number whose sign matters."""


def signed(value: Decimal | None) -> Signed | None:
    """Mark a number as gain or loss: it is shown with its sign, in colour where there is colour."""
    return None if value is None else Signed(value)


def tally(counts: Mapping[Enum, int]) -> str:
    """Return how many there are of each, as people read it; nothing of what there is none."""
    told = [(as_text(what), count) for what, count in counts.items() if count]
    return ", ".join(f"{what} {count}" if language() == KOREAN else f"{count} {what}" for what, count in told)


def as_text(value: object) -> str:
    """Return how people see a value."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return translated("yes" if value else "no")
    if isinstance(value, Said):
        return translated(value)
    if isinstance(value, Enum) and language() == KOREAN:
        return korean_term(value)
    if isinstance(value, Signed):
        return f"{value:+,f}"
    if isinstance(value, Cents):
        return f"{value:,f}"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dt.time):
        return f"{value:%H:%M:%S}"
    return sanitize(str(value), limit=LONGEST)


def head(label: str, of: str = "") -> str:
    """Return what stands over a column or before a line that shows something of a model."""
    return korean_head(of, label) if language() == KOREAN and of != AS_IS else label


def coded(word: Enum) -> str:
    """Return what a word of ours is called, with its code where that is another one: messages tell the code."""
    return f"{as_text(word)}({word})" if language() == KOREAN else str(word)


def both(english: str, korean: str) -> str:
    """Return an English word with its Korean one, in Korean that one alone."""
    return korean if language() == KOREAN else f"{english} {korean}"


def dated(day: dt.date) -> str:
    """Return a day with its day of the week, short."""
    return f"{day}({WEEKDAYS[day.weekday()]})" if language() == KOREAN else f"{day} {day:%a}"


def _model_of(found: Sequence[BaseModel | Row]) -> str:
    """Return the name of the model of what is shown; blank where it has none."""
    if isinstance(found, Table):
        return str(found.kind.__name__)
    if isinstance(found, Candles):
        return Candle.__name__
    return next((type(each).__name__ for each in found if isinstance(each, BaseModel)), "")


def _print_lines(row: Row, title: str | None, of: str) -> None:
    """Print a line a field; where that does not fit, the value stands below its label."""
    console = console_of(sys.stdout)
    if title:
        _write(console, translated(title), "bold")
    lines = [(head(label, of), value) for label, value in row.items()]
    width = max((cells(label) for label, _ in lines), default=0) + GAP
    fits = all(width + cells(as_text(value)) <= console.width for value in row.values())
    for label, value in lines:
        _write(console, padded(label, width) if fits else label, end="" if fits else "\n")
        _write(console, as_text(value) if fits else " " * GAP + as_text(value), style_of(value))


def _print_table(rows: Sequence[Row], title: str | None, of: str) -> None:
    """Print a line a row, or a record a row where the lines do not fit: a cut number is a wrong number."""
    console = console_of(sys.stdout)
    texts = [[as_text(value) for value in row.values()] for row in rows]
    heads = [head(label, of) for label in rows[0]]
    widths = [max(map(cells, column)) for column in zip(heads, *texts, strict=True)]
    if title:
        _write(console, translated(title), "bold")
    if sum(widths) + GAP * (len(widths) - 1) > console.width:
        for number, row in enumerate(rows):
            if number:
                print()
            _print_lines({label: value for label, value in row.items() if value != ""}, None, of)
        return
    right = [any(isinstance(row[label], Decimal | int) for row in rows) for label in rows[0]]
    _print_row(console, heads, widths, right, ["bold"] * len(widths))
    for row, line in zip(rows, texts, strict=True):
        _print_row(console, line, widths, right, [style_of(value) for value in row.values()])


def _print_row(
    console: Any, texts: Sequence[str], widths: Sequence[int], right: Sequence[bool], styles: Sequence[str | None]
) -> None:
    from rich.text import Text

    line = Text()
    for number, (text, width, style) in enumerate(zip(texts, widths, styles, strict=True)):
        space = " " * (width - cells(text))
        before = " " * GAP if number else ""
        line.append(before + space if right[number] else before)
        line.append(text, style)
        line.append("" if right[number] else space)
    line.rstrip()
    console.print(line, soft_wrap=True)


def _write(console: Any, text: str, style: str | None = None, end: str = "\n") -> None:
    console.print(text, style=style, end=end, markup=False, highlight=False, soft_wrap=True)


def style_of(value: object) -> str | None:
    """Return the colour of a value, if it has one."""
    if isinstance(value, Signed):
        return (GAIN if value > 0 else LOSS) if value else None
    return STYLES.get(value) if isinstance(value, OrderStatus | Side) else None


def _print_json(found: object, stream: TextIO | None = None) -> None:
    stream = stream or sys.stdout
    text = json.dumps(found, default=_plain, ensure_ascii=False)
    if not can_write(stream, text):
        text = json.dumps(found, default=_plain)
    print(text, file=stream, flush=True)


def _print_csv(found: Table[Any] | Candles | Sequence[Row]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    if isinstance(found, Table | Candles):
        kind: Any = found.kind if isinstance(found, Table) else Candle
        columns = columns_of(kind)
        writer.writerow(column.name for column in columns)
        writer.writerows([_in_csv(value_of(row, column)) for column in columns] for row in found)
    else:
        writer.writerows([list(row) for row in found[:1]])
        writer.writerows(map(_in_csv, row.values()) for row in found)


def _in_csv(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return sanitize(value, limit=LONGEST) if isinstance(value, str) else value


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def console_of(stream: TextIO) -> Any:
    """Return what writes to a stream in colour where that is wanted; nothing is broken where no terminal is."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise  # the error that is being handled: one place decides what becomes of it

    width = shutil.get_terminal_size().columns if stream.isatty() else ENDLESS
    return Plain(file=stream, width=width, highlight=False, emoji=False)
