"""A module of types, so that an editor completes names of fields and codes, and a type checker knows them."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator

from brokerkit.catalogue import Api, Field, Group
from brokerkit.cli.exports.subject import Subject

HEAD = '''"""Fields of all APIs of {broker}, written by `brokerkit api export types --broker {broker}` ({version}).

    fields: {name}Request = {{{fields}}}
    reply = broker.call("{api}", fields)
    row = cast({row}, reply.blocks["{block}"][0])  # from typing: an editor completes row["..."]
"""

# ruff: noqa
from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

Value = str | int | Decimal
'''


def module(subject: Subject) -> str:
    """Return the text of the module."""
    example = next(api for api in subject.apis if api.effect == "read" and api.request and any(api.parts))
    group = next(each for each in example.groups if each.name)
    fields = ", ".join(f'"{each.name}": ...' for each in example.request if subject.is_needed(example, each))
    head = HEAD.format(
        broker=subject.broker,
        version=subject.version,
        name=class_name(example),
        api=example.name,
        fields=fields,
        row=_group_name(example, group),
        block=group.name,
    )
    return head + "".join(part for api in subject.apis for part in _types(subject, api))


def class_name(api: Api) -> str:
    """Return an API's name as that of a class: DomesticStockInquirePrice."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", api.name))


def _types(subject: Subject, api: Api) -> Iterator[str]:
    yield _typed_dict(
        f"{class_name(api)}Request",
        f"{api.label}: what is asked ({api.effect}).",
        [(each.name, _type(subject, api, each), each.label) for each in api.request],
    )
    for group in api.groups:
        yield _typed_dict(_group_name(api, group), _group_words(api, group), _columns(group))


def _group_name(api: Api, group: Group) -> str:
    part = "".join(each[:1].upper() + each[1:] for each in re.split(r"\W|_", group.name))
    return f"{class_name(api)}{part}Row" if group.name else f"{class_name(api)}Body"


def _group_words(api: Api, group: Group) -> str:
    if not group.name:
        return f"{api.label}: the top level of the answer."
    return f"{api.label}: {'a row' if group.many else 'the block'} of {group.name}."


def _columns(group: Group) -> list[tuple[str, str, str]]:
    return [(each.name, "Any", each.label) for each in group.fields]


def _type(subject: Subject, api: Api, field: Field) -> str:
    """Return what a field takes. Account and key are filled in; a code that is not in a table may be right."""
    kind = "Any" if field.fields else "Value"
    if field.codes:
        codes = f"Literal[{', '.join(map(_quoted, field.codes))}]"
        kind = codes if field.complete else f"{codes} | str"
    return kind if subject.is_needed(api, field) else f"NotRequired[{kind}]"


def _typed_dict(name: str, words: str, columns: list[tuple[str, str, str]]) -> str:
    if all(column.isidentifier() and not keyword.iskeyword(column) for column, _, _ in columns):
        lines = [f"\n\nclass {name}(TypedDict):", f"    {_docstring(words)}"]
        for column, kind, label in columns:
            lines += [f"    {column}: {kind}"] + ([f"    {_docstring(label)}"] if label else [])
    else:
        lines = [f"\n\n{name} = TypedDict(", f"    {_quoted(name)},", "    {"]
        lines += [f"        {_quoted(column)}: {_quoted(kind)},  # {label}" for column, kind, label in columns]
        lines += ["    },", ")", _docstring(words)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _docstring(text: str) -> str:
    plain = text.replace("\\", "/").replace('"', "'")
    return f'"""{plain}"""'
