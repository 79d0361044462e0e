"""What a program imports at its start: what it does not need is not there. No time is asserted here."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import brokerkit_kis
import brokerkit_kiwoom
import pytest
from pydantic import BaseModel

import brokerkit
from brokerkit.sandbox import Sandbox

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
        "brokerkit.languages",
        "brokerkit.words",
    }


def test_the_help_page_imports_the_command_line_only() -> None:
    found = loaded("from brokerkit.cli import main; main(['--help'])")
    assert not roots(found) & {*HEAVY, "importlib_metadata", "brokerkit_kis", "brokerkit_kiwoom"}
    assert {"brokerkit.broker", "brokerkit.models", "brokerkit.cli.prices", "brokerkit.sandbox"}.isdisjoint(found)


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_a_quote_imports_nothing_of_orders_and_no_sandbox(broker: str, tmp_path: Path) -> None:
    with Sandbox() as box:
        given = asdict(box.connect(broker))
        keys = {name: given[name] for name in ("base_url", "app_key", "app_secret", "account")}
        program = (
            f"import os; os.environ['BROKERKIT_CACHE_DIR'] = {str(tmp_path)!r}; from brokerkit import get_broker\n"
            f"with get_broker({broker!r}, environment='sandbox', **{keys!r}) as broker: broker.quote('005930')"
        )
        loaded(program)
        found = loaded(program)  # with the token of the first run
    assert f"brokerkit_{broker}" in found
    assert not {"sqlite3", "filelock", "keyring", "rich", "typer", "starlette", "uvicorn"} & roots(found)
    assert {"brokerkit.sandbox", "brokerkit.findings", f"brokerkit_{broker}.sandbox"}.isdisjoint(found)
    assert {name for name in found if name.startswith("brokerkit.orders.")} == {
        "brokerkit.orders.checks",
        "brokerkit.orders.limits",
    }


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


# Models that are built when they are used

FIRST_USES = """
import sys, threading
from brokerkit import Balance, Flow, InvestorFlow, Level, Order, OrderRequest, OrderBook, Quote
from brokerkit.models import Model
from brokerkit.transport import Blankable, Reply

sys.setswitchinterval(1e-6)
FLOW = {"symbol": "005930", "date": "2026-11-27", "final": True, "foreign": {"net_quantity": "-5"}}
ORDER = {"symbol": "005930", "side": "BUY", "quantity": 3, "price": 70000}
BOOK = {"symbol": "005930", "venue": "KRX", "asks": [{"price": 70000, "quantity": 3}], "bids": []}


def common():
    assert InvestorFlow.model_validate(FLOW).foreign == Flow(net_quantity=-5)
    assert OrderRequest(**ORDER).type == "LIMIT"
    assert OrderBook.model_validate(BOOK).asks[0] == Level(price=70000, quantity=3)


def answer():
    class Price(Reply[Level]):
        price: Blankable
        quantity: Blankable

    return lambda: Price.model_validate_json('{"price": "70000", "quantity": "3"}').to_model().price


def at_once(use):
    def run():
        start.wait()
        try:
            use()
        except BaseException as error:
            failed.append(repr(error))

    start = threading.Barrier(8)
    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


failed = []
for use in (common, *(answer() for _ in range(50))):
    at_once(use)
assert not failed, failed
"""


def test_threads_may_use_a_model_for_the_first_time_at_once() -> None:
    assert "brokerkit.models" in loaded(FIRST_USES)


def models(kind: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("brokerkit"):
            yield below
        yield from models(below)


def test_every_model_can_be_built() -> None:
    for package in (brokerkit, brokerkit_kis, brokerkit_kiwoom):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found = set(models())
    assert len(found) > 80
    for model in found:
        model.model_rebuild()
        assert model.__pydantic_complete__, model
