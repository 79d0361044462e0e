"""Which fields of an answer a reply reads, by their names on the wire. Lists are passed through: rows are alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo

Path = tuple[str, ...]
DEEPEST = 8
"""Blocks inside of blocks that are looked into."""


@dataclass(frozen=True)
class ReadField:
    """A field that a reply reads."""

    ours: str
    """Its name in the reply, with those of the blocks around it."""
    paths: tuple[Path, ...]
    """Where it may stand in the answer."""
    is_kept: bool = False
    """It is a whole row, which is kept as it came."""


def fields_of(kind: type[BaseModel], ours: str = "", above: tuple[Path, ...] = ((),)) -> Iterator[ReadField]:
    """Yield the fields that a reply reads, those of its blocks and rows too."""
    for name, info in kind.model_fields.items():
        dotted = f"{ours}.{name}" if ours else name
        paths = tuple((*path, *wire) for path in above for wire in _wire_names(name, info))
        inner = list(blocks_in(info.annotation)) if len(dotted.split(".")) < DEEPEST else []
        for block in inner:
            yield from fields_of(block, dotted, paths)
        if any(block.model_config.get("extra") == "allow" for block in inner):
            yield ReadField(dotted, paths, is_kept=True)
        if not inner:
            yield ReadField(dotted, paths)


def blocks_of(kind: type[BaseModel], depth: int = 0) -> Iterator[type[BaseModel]]:
    """Yield the blocks and rows of a reply."""
    for info in kind.model_fields.values() if depth < DEEPEST else ():
        for block in blocks_in(info.annotation):
            yield block
            yield from blocks_of(block, depth + 1)


def blocks_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in an annotation, however it is wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from blocks_in(part)


def _wire_names(name: str, info: FieldInfo) -> list[Path]:
    alias = info.validation_alias or info.alias or name
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [tuple(each for each in _steps(choice) if isinstance(each, str)) for choice in choices]


def _steps(alias: str | AliasPath) -> list[str | int]:
    return alias.path if isinstance(alias, AliasPath) else [alias]


def told_in(content: bytes) -> dict[Path, int]:
    """Return the fields of an answer, and how often something stands there."""
    found: dict[Path, int] = {}
    for path, is_filled in _leaves(json.loads(content), ()):
        found[path] = found.get(path, 0) + is_filled
    return found


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, bool]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, path)
    else:
        yield path, value is not None and bool(str(value).strip())
