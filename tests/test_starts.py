"""What a program imports at its start: what it does not need is not there. No time is asserted here."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import brokerkit

HOME = Path(brokerkit.__file__)
HEAVY = (
    "pydantic",
    "requests",
    "urllib3",
    "stevedore",
    "sqlite3",
    "keyring",
    "rich",
    "tomlkit",
    "starlette",
    "uvicorn",
)
"""What takes long to import."""


def loaded(program: str) -> set[str]:
    """Return the modules that a fresh process has imported after a program."""
    tell = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{program}\n{tell}"], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def roots(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_the_package_itself_imports_its_errors_and_words_only() -> None:
    found = loaded("import brokerkit")
    assert not roots(found) & set(HEAVY)
    assert {name for name in found if name.startswith("brokerkit")} == {
        "brokerkit",
        "brokerkit.errors",
        "brokerkit.words",
    }


def test_the_help_page_imports_the_command_line_only() -> None:
    found = loaded("from brokerkit.cli import main; main(['--help'])")
    assert not roots(found) & {*HEAVY, "importlib_metadata", "brokerkit_kis", "brokerkit_kiwoom"}
    assert {"brokerkit.broker", "brokerkit.models", "brokerkit.cli.query", "brokerkit.sandbox"}.isdisjoint(found)


# Names that are imported when they are used


def told_to_type_checkers() -> dict[str, set[str]]:
    """Return the names that the package imports for type checkers only, by module."""
    (block,) = [
        node
        for node in ast.parse(HOME.read_text(encoding="utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(block.body)
    return {str(node.module): {alias.name for alias in node.names} for node in imports}


def test_type_checkers_are_told_what_there_is() -> None:
    assert told_to_type_checkers() == {home: set(names) for home, names in brokerkit._LATER.items()}
    assert {name for names in brokerkit._LATER.values() for name in names} <= set(brokerkit.__all__)


@pytest.mark.parametrize(
    "program",
    [
        "from brokerkit import *; assert get_broker and Quote and BrokerError",
        "import brokerkit; assert set(brokerkit.__all__) <= set(dir(brokerkit))",
        "import brokerkit; assert brokerkit.Quote is brokerkit.Quote is brokerkit.models.Quote",
        "import brokerkit; assert not hasattr(brokerkit, 'quotes')",
        "from brokerkit import config, Limits; assert config.Limits is Limits",
    ],
)
def test_names_are_there_in_every_way_of_asking(program: str) -> None:
    assert "brokerkit" in loaded(program)


def test_a_name_that_there_is_not_is_told() -> None:
    with pytest.raises(AttributeError, match="module 'brokerkit' has no attribute 'get_brokers'"):
        _ = brokerkit.get_brokers  # type: ignore[attr-defined]
