"""`brokerkit call`: any API of a broker by its own name and fields, shown as the broker answered it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from brokerkit.catalogue import Api, Group
from brokerkit.cli.apis import ApiArgument
from brokerkit.cli.catalogues import complete_field, found_api, offering
from brokerkit.cli.confirming import ask, check_askable, show_call
from brokerkit.cli.printing import AS_IS, Printer, Row
from brokerkit.cli.sending import (
    ENDED,
    ArmOption,
    Consent,
    KeyOption,
    YesOption,
    first_interrupt_held,
    has_ended,
    keyed,
    nothing_sent,
    settling,
)
from brokerkit.cli.session import Session, with_table
from brokerkit.errors import OrderUncertain
from brokerkit.orders.intents import STANDING
from brokerkit.raw.calls import prepared
from brokerkit.raw.reply import RawReply, RawRow
from brokerkit.text import sanitize

FieldsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIELD=VALUE",
        help="Fields of the broker; `brokerkit api show` has them.",
        autocompletion=offering(complete_field),
    ),
]
PagesOption = Annotated[int, typer.Option("--pages", min=1, help="Ask for so many pages at most.")]
BlockOption = Annotated[str | None, typer.Option("--block", help="Only this block of the answer.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(call)


@with_table
def call(
    session: Session,
    context: typer.Context,
    api: ApiArgument,
    fields: FieldsArgument = None,
    pages: PagesOption = 1,
    block: BlockOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    arm: ArmOption = None,
) -> None:
    """Call any API of the broker by its own name and fields (API 호출)."""
    name = session.broker_name()
    _, found = found_api(api, name)
    given = dict(_given(fields or (), found))
    part = _block_of(found, block, session.printer)
    if found.effect == "order":
        _order(session, api, given, key, part, Consent.of(context, yes, arm))
        return
    with session.asking(f"call {found.name}") as (broker, _):
        reply = broker.call(api, given, pages=pages, key=key)
    show(session.printer, reply, part)


def _order(
    session: Session, api: str, given: Mapping[str, Any], key: str | None, block: str | None, consent: Consent
) -> None:
    """Show what may move money and ask, where that is wanted; send it once; say what became of it."""
    with contextlib.ExitStack() as open_broker:
        with nothing_sent():
            check_askable(session.printer.as_json, consent.yes)
            broker = open_broker.enter_context(session.broker(arm=consent.arm))
            made = prepared(broker.adapter.client, broker.apis, api, given)
            stands = any(intent.state in STANDING for intent in keyed(broker, key))
            if not stands and (not consent.yes or (broker.environment == "real" and not session.printer.as_json)):
                show_call(broker, made)
            if not stands and not consent.yes:
                ask(broker)
        with first_interrupt_held():
            try:
                reply = broker.call(api, given, key=key)
            except OrderUncertain as error:
                error.remedy = f"{error.remedy} Here that is `{settling(broker, error)}{consent.options}`."
                raise
            show(session.printer, reply, block)
            known = (
                f"`brokerkit journal show {(reply.intent_id or '')[-8:]}{consent.options}` shows what is known of it."
            )
            session.printer.say(ENDED if has_ended(broker, consent) else known)


def _given(words: Sequence[str], api: Api) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each word; blocks inside a request are written as JSON."""
    seen: set[str] = set()
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{sanitize(word, limit=60)} is no FIELD=VALUE.")
        if name in seen:
            raise typer.BadParameter(f"{sanitize(name, limit=60)} is given twice.")
        seen.add(name)
        is_block = bool(name in api.fields and api.fields[name].fields) or (api.open and name not in api.fields)
        yield name, _block(name, text) if is_block and text[:1] in ("{", "[") else text


def _block(name: str, text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise typer.BadParameter(f"{name} is a block: write it as JSON.") from None


def _block_of(api: Api, block: str | None, printer: Printer) -> str | None:
    """Return the block of the answer that alone is wanted; None: all of it."""
    named = [group.name for group in api.groups if group.name]
    if block is not None:
        found = [name for name in named if name.casefold() == block.casefold()]
        if not found:
            raise typer.BadParameter(f"{api.name} answers no block {block}. It has {', '.join(named) or 'none'}.")
        return found[0]
    lists = [group.name for group in api.groups if group.many]
    if printer.as_csv and len(lists) > 1:
        raise typer.BadParameter(f"{api.name} answers several lists: name one with --block: {', '.join(lists)}.")
    return lists[0] if printer.as_csv and lists else None


# The answer


def show(printer: Printer, reply: RawReply, block: str | None) -> None:
    """Print an answer, and on standard error what was odd about it."""
    if printer.as_json:
        printer.one(_document(reply, block))
        return
    if not reply.pages:
        _print_standing(printer, reply)
    elif block is not None:
        _print(printer, reply, block)
    else:
        _print_all(printer, reply)
    for words in _notes(reply):
        printer.say(words)


def _document(reply: RawReply, block: str | None) -> dict[str, object]:
    blocks = {name: [dict(row) for row in rows] for name, rows in reply.blocks.items() if block in (None, name)}
    return {
        "api": reply.api.name,
        "body": dict(reply.body),
        "blocks": blocks,
        "pages": reply.pages,
        "is_complete": reply.is_complete,
        "warnings": reply.warnings,
        "unknown": reply.unknown,
        "missing": reply.missing,
        "order_id": reply.order_id,
        "intent_id": reply.intent_id,
    }


def _print_standing(printer: Printer, reply: RawReply) -> None:
    """Print what an order that stood already is known as: nothing was asked, so there is no answer."""
    known: Row = {"order_id": reply.order_id, "intent_id": reply.intent_id}
    if printer.as_csv:
        printer.many([], [known], "")
    else:
        printer.one({}, known, f"{reply.api.name} {reply.api.label}")


def _print_all(printer: Printer, reply: RawReply) -> None:
    if printer.as_csv:
        _print(printer, reply, next(iter(reply.blocks), ""))
        return
    title: str | None = f"{reply.api.name} {reply.api.label}"
    if len(reply.body) or not reply.blocks:
        printer.one({}, _labelled(reply.body, reply.api.parts.get("")), title, of=AS_IS)
        title = None
    for name in reply.blocks:
        if title is None:
            print()
        title = None
        _print(printer, reply, name)


def _print(printer: Printer, reply: RawReply, block: str) -> None:
    """Print one block: a list as a table, what is none a line a field."""
    rows: Sequence[RawRow] = reply.blocks.get(block, ()) if block else (reply.body,)
    group = reply.api.parts.get(block)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if printer.as_csv:
        printer.many([], [{name: _text(row.get(name)) for name in names} for row in rows], "")
    elif len(rows) == 1 and group is not None and not group.many:
        printer.one({}, _labelled(rows[0], group), sanitize(block), of=AS_IS)
    else:
        heads = {name: _label(name, group) for name in names}
        shown = [{heads[name]: _text(row.get(name)) for name in names} for row in rows]
        printer.table(shown, f"{sanitize(block)}: no rows", sanitize(block), of=AS_IS)


def _labelled(row: Mapping[str, Any], group: Group | None) -> Row:
    return {_label(name, group): _text(value) for name, value in row.items()}


def _label(name: str, group: Group | None) -> str:
    """Return a field's name with the broker's own term for it, as the head of its values."""
    field = None if group is None else group.names.get(name)
    shown = sanitize(name, limit=60)
    return f"{shown} {field.label}" if field is not None and field.label else shown


def _text(value: object) -> str | None:
    """Return a value as it came; a number keeps its digits, and a secret is not shown."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, SecretStr) else json.dumps(value, ensure_ascii=False, default=str)


def _notes(reply: RawReply) -> Iterator[str]:
    yield from (f"Note: {words}." for words in reply.warnings)
    if reply.unknown:
        yield f"Note: the catalogue does not know these fields of the answer: {_listed(reply.unknown)}."
    if reply.missing:
        yield f"Note: the answer lacks these fields of the catalogue: {_listed(reply.missing)}."
    if not reply.is_complete:
        yield f"There are more pages: --pages {reply.pages * 10} asks for so many at most."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sanitize(name, limit=60) for name in names)
