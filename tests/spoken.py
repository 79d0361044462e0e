"""Finds the texts of ours that a person may read: what looks like prose in the code, each as the tables have it."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "brokerkit": ROOT / "brokerkit",
    **{name: ROOT / "plugins" / name / f"brokerkit_{name}" for name in ("kis", "kiwoom")},
}
"""The code by who brings its tables."""
PROSE = re.compile(r"[A-Za-z]{2,}[,;:.'’)]*\s+\(?[A-Za-z]{2,}")
"""Two words, one after the other."""
LOGS = frozenset({"debug", "info", "warning", "error", "exception"})
UNSPOKEN = frozenset({"about", "compile", "Field", "getLogger"})
"""What takes no text for people: names of log events, regular expressions, the schema of a model."""


def tables_of(package: str) -> list[Path]:
    """Return the tables of Korean words that a package brings."""
    folder = PACKAGES[package]
    return sorted((folder / "korean").glob("*.json")) if package == "brokerkit" else [folder / "korean.json"]


@cache
def table(path: Path) -> dict[str, str]:
    """Return what a table holds."""
    return dict(json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=without_doubles))


def without_doubles(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return a table; a ValueError if a text stands in it twice, of which JSON would drop the first without a word."""
    if doubles := sorted(text for text, times in Counter(text for text, _ in pairs).items() if times > 1):
        raise ValueError(f"these stand in the table more than once: {doubles}")
    return dict(pairs)


@cache
def unspoken() -> dict[str, str]:
    """Return texts that look like prose and are none for people, each with the reason."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "tests" / "data" / "not_spoken").glob("*.json")):
        found |= table(path)
    return found


@cache
def spoken(package: str) -> dict[str, str]:
    """Return the texts of a package, each with where it stands first."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGES[package].rglob("*.py")):
        if "templates" not in path.parts:
            for line, text in texts(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    return found


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the prose of a piece of code with its line; what an f-string puts in is {0}, {1} and so on."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Call) and _is_unspoken(node.func):
        return
    if isinstance(node, ast.AnnAssign):
        node = node.value or ast.Pass()  # a type is no text
    if isinstance(node, ast.Dict):  # its keys are names: labels, fields
        for value in node.values:
            yield from texts(value)
        return
    text = _template(node)
    if text is None:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)
        return
    if PROSE.search(text.replace("{}", " 0 ")):
        yield getattr(node, "lineno", 0), _numbered(text)
    for inner in _put_in(node):
        yield from texts(inner)


def _is_unspoken(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr in UNSPOKEN or (function.attr in LOGS and "log" in ast.unparse(function.value).lower())
    return isinstance(function, ast.Name) and function.id in UNSPOKEN


def _template(node: ast.AST) -> str | None:
    """Return a text with {} for what is put in; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("{", "{{").replace("}", "}}")
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _template(node.left), _template(node.right)
        if left is None and right is None:
            return None
        return ("{}" if left is None else left) + ("{}" if right is None else right)
    return None


def _put_in(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        yield from (part.value for part in node.values if isinstance(part, ast.FormattedValue))
    elif isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            if _template(side) is None:
                yield side
            else:
                yield from _put_in(side)


def _numbered(text: str) -> str:
    parts = re.split(r"(?<!\{)((?:\{\{)*)\{\}(?!\})", text)
    found = parts[0]
    for number, at in enumerate(range(1, len(parts), 2)):
        found += f"{parts[at]}{{{number}}}{parts[at + 1]}"
    return found
