"""The notebooks of the documents run from top to bottom, and end with a picture."""

from __future__ import annotations

import ast
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "docs" / "notebooks").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("BROKERKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return found


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as a kernel does, and return what it shows: the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)  # noqa: S102
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_at_both_brokers_and_ends_with_a_picture(notebook: Path, broker: str) -> None:
    names: dict[str, Any] = {}
    sources = ["".join(cell["source"]) for cell in cells_of(notebook) if cell["cell_type"] == "code"]
    assert sum(source.count('"kis"') for source in sources) == 1
    shown = [run_cell(source.replace('"kis"', f'"{broker}"'), names) for source in sources]
    kinds = ("_repr_png_", "_repr_html_")
    assert (
        sum(any(hasattr(each, kind) for kind in kinds) for each in shown) >= len(shown) - 4
    )  # an event is shown as the tuple that it is
    assert shown[-1]._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_passed_on_without_what_it_once_showed(notebook: Path) -> None:
    code = [cell for cell in cells_of(notebook) if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}


def test_the_korean_notebook_has_the_same_programs() -> None:
    english, korean = (
        next(path for path in NOTEBOOKS if path.name == name) for name in ("first-day.ipynb", "first-day.ko.ipynb")
    )
    one, other = cells_of(english), cells_of(korean)
    assert [cell["cell_type"] for cell in one] == [cell["cell_type"] for cell in other]
    for left, right in zip(one, other, strict=True):
        assert (left["source"] == right["source"]) == (left["cell_type"] == "code")
        if right["cell_type"] == "markdown":
            assert re.search("[가-힣]", "".join(right["source"]))


def test_a_first_day_has_quotes_candles_an_order_and_the_balance() -> None:
    for notebook in NOTEBOOKS:
        program = "".join("".join(cell["source"]) for cell in cells_of(notebook) if cell["cell_type"] == "code")
        assert all(f"broker.{verb}(" in program for verb in ("quote", "candles", "buy", "balance"))
