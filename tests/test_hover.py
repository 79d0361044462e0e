"""What an editor shows of a public name, or `help`: what it means, in which unit, and what Korean screens call it."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import brokerkit
from brokerkit import config, models
from brokerkit.models import Model, labels
from brokerkit.orders.intents import Sighting

DOCS = Path(__file__).parent.parent / "docs"
CLASSES = [
    *(value for value in (getattr(brokerkit, name) for name in brokerkit.__all__) if isinstance(value, type)),
    *(Sighting, config.Settings, config.Profile, config.Configuration),
]
OWN = (models.Capability, brokerkit.Intent, brokerkit.Reconciliation, Sighting)
"""Models of what stands on no screen of a broker."""
MODELS = [kind for kind in CLASSES if issubclass(kind, Model) and kind not in OWN]
INNER = {"model_config"}
"""Names of classes that are no field of theirs."""
ON_NO_SCREEN = {"final", "computed", "handle", "source", "note", "is_total"}
"""Fields whose label is a word of ours, so that it would tell a Korean reader nothing more than the sentence."""
HANGUL = re.compile(r"[가-힣]")


@cache
def fields_of(kind: type) -> Mapping[str, str | None]:
    return fields_in(textwrap.dedent(inspect.getsource(kind)))


def fields_in(source: str) -> Mapping[str, str | None]:
    """Return the fields that a class declares, or the members of an enum, and the docstring below each."""
    found: dict[str, str | None] = {}
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    for node, below in zip(body.body, [*body.body[1:], None], strict=True):
        target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0]
        if isinstance(target, ast.Name) and target.id[0] != "_":
            told = below.value if isinstance(below, ast.Expr) else None
            found[target.id] = told.value if isinstance(told, ast.Constant) and isinstance(told.value, str) else None
    return {name: words for name, words in found.items() if name not in INNER}


def ours(kind: type) -> Iterator[type]:
    """Yield a class and those of ours that it builds on."""
    yield from (each for each in kind.__mro__ if each.__module__.partition(".")[0] == "brokerkit")


def without_words(kind: type) -> list[str]:
    told = {name for each in ours(kind) for name, words in fields_of(each).items() if words}
    return [name for each in ours(kind) for name in fields_of(each) if name not in told]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_field_has_a_docstring(kind: type) -> None:
    assert inspect.getdoc(kind)
    assert without_words(kind) == []


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_a_field_of_a_model_names_what_korean_screens_call_it(kind: type) -> None:
    lacking = [
        name
        for each in ours(kind)
        for name, words in fields_of(each).items()
        if HANGUL.search(labels.korean_name(kind.__name__, [name])) and name not in ON_NO_SCREEN
        if not HANGUL.search(words or "")
    ]
    assert lacking == []


def test_a_field_without_a_docstring_is_found() -> None:
    source = 'class Bare:\n    told: int\n    """How many."""\n    untold: int = 0\n    _own: int\n'
    assert fields_in(source) == {"told": "How many.", "untold": None}
