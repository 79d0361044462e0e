"""The shape of the repository: who may import whom, what is public, what must not stand anywhere."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
import subprocess
import types
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

import brokerkit
from brokerkit import transport
from brokerkit.errors import BrokerError

ROOT = Path(__file__).parent.parent
CORE = ROOT / "brokerkit"
PLUGINS = {path.name: path / f"brokerkit_{path.name}" for path in sorted((ROOT / "plugins").iterdir()) if path.is_dir()}
PUBLIC = {
    *(
        "AuthError",
        "Balance",
        "Blocked",
        "Broker",
        "BrokerError",
        "BuyingPower",
        "Capability",
        "ConfigError",
        "Disarmed",
        "Flow",
    ),
    *("KeyInUse", "StreamError"),
    *("Halted", "IncompleteListing", "InsufficientFunds", "InvalidOrder", "InvalidRequest", "InvestorFlow"),
    *("JournalError", "Level", "LimitExceeded", "MarketClosed", "NetworkError", "NotSent", "NothingToCancel", "Order"),
    *("OrderBlocked", "OrderBook", "OrderRequest", "OrderStatus", "OrderType", "OrderUncertain", "Position"),
    *("PositionKind", "Quote"),
    *("RateLimited", "Rejected", "Side", "TimeInForce", "UnknownBroker", "UnknownSymbol", "Unsupported", "Venue"),
    *("WireError", "get_broker", "installed_brokers"),
    *("Instrument", "Instruments", "MarketAlert", "SecurityType", "Segment"),
    *("Condition", "Match", "Rank", "RankingKind"),
    *("BookLevel", "Candle", "Candles", "INDICES", "Interval", "ManyCandles", "Quotes", "Table"),
    *("Member", "Members", "Trade"),
    *("ExchangeRate", "Fill", "RealizedPnl", "Transaction", "TransactionKind"),
    *("FlowRank", "Investor", "InvestorFlowEstimate", "InvestorFlowTotal", "MarketInvestorFlow", "ProgramTrading"),
    *("Reservation", "ReservationStatus"),
    *("DaySource", "MarketHours", "Phase", "Session", "is_open", "market_hours", "next_open"),
    *("AsyncStream", "AsyncSubscription", "Stream", "StreamKind", "Subscription", "Topic"),
    *("BookEvent", "ConditionEvent", "OrderChange", "OrderEvent", "QuoteEvent", "SessionEvent", "Source", "TradeEvent"),
    *("Dropped", "Gap", "GapReason", "Stopped"),
    *("RawEvent", "RawReply", "RawRow"),
    *("Confidence", "Intent", "IntentKind", "IntentState", "Lease", "Limits", "Reconciliation", "halt", "resume"),
    "language",
}


def modules(folder: Path) -> list[Path]:
    """Return the modules of a package. What it has of distributions to begin with is none of them."""
    return sorted(path for path in folder.rglob("*.py") if "templates" not in path.relative_to(folder).parts)


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    """Return the dotted name under which a module is imported."""
    start = CORE if path.is_relative_to(CORE) else next(each for each in PLUGINS.values() if path.is_relative_to(each))
    parts = path.relative_to(start.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each imported module with the name taken from it, relative ones written out."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((source, alias.name) for alias in node.names)


def imported(path: Path) -> set[str]:
    """Return the dotted names of all that a module may have imported, names inside of modules included."""
    return {name for source, taken in imports(path) for name in (source, f"{source}.{taken}" if taken else source)}


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


# Imports point one way


def test_the_walk_sees_imports_of_every_kind() -> None:
    face = PLUGINS["kiwoom"] / "sandbox" / "face.py"
    assert {"brokerkit_kiwoom.sandbox.orders", "brokerkit_kiwoom.sandbox.calls", "hashlib"} <= imported(face)
    assert "brokerkit.transport.Client" in imported(PLUGINS["kis"] / "client.py")
    assert len(modules(CORE)) > 40


def failing(paths: Iterable[Path], wrong: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """Return what is wrong in each module in which anything is."""
    found = {shown(path): sorted(wrong(path)) for path in paths}
    return {name: each for name, each in found.items() if each}


def test_the_core_never_imports_a_plugin() -> None:
    assert failing(modules(CORE), lambda path: [name for name in imported(path) if name.startswith("brokerkit_")]) == {}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugins_never_import_each_other(plugin: str) -> None:
    others = [f"brokerkit_{name}" for name in PLUGINS if name != plugin]
    for path in modules(PLUGINS[plugin]):
        assert not [name for name in imported(path) if inside(name, *others)], shown(path)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_face_never_imports_its_adapter(plugin: str) -> None:
    adapter = [f"brokerkit_{plugin}.{part}" for part in ("wire", "client", "broker")]
    faces = modules(PLUGINS[plugin] / "sandbox")
    assert faces
    for path in faces:
        assert not [name for name in imported(path) if inside(name, *adapter)], shown(path)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_an_adapter_never_imports_its_face(plugin: str) -> None:
    for path in modules(PLUGINS[plugin]):
        if "sandbox" not in path.relative_to(PLUGINS[plugin]).parts:
            found = [
                name for name in imported(path) if inside(name, f"brokerkit_{plugin}.sandbox", "brokerkit.sandbox")
            ]
            assert not found, shown(path)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugins_take_from_the_transport_what_it_offers(plugin: str) -> None:
    for path in modules(PLUGINS[plugin]):
        for source, taken in imports(path):
            assert not source.startswith("brokerkit.transport."), f"{shown(path)} reaches into {source}"
            if source == "brokerkit.transport":
                assert taken in transport.__all__, f"{shown(path)} takes {taken}"


def test_only_the_sandbox_and_the_testing_package_need_the_extras() -> None:
    extras = ("starlette", "uvicorn", "cryptography", "pytest", "opentelemetry")
    # Tokens in Redis and metrics have extras of their own.
    own = ("transport/redis_shelf.py", "telemetry.py")
    for path in modules(CORE):
        inside_core = path.relative_to(CORE)
        if inside_core.parts[0] not in ("sandbox", "testing") and inside_core.as_posix() not in own:
            assert not [name for name in imported(path) if inside(name, *extras)], shown(path)


# Layers without a knot

LAYERS = (
    *(
        "words",
        "korean",
        "languages",
        "errors",
        "text",
        "logs",
        "catalogue",
        "watching",
        "telemetry",
        "clock",
        "files",
        "symbols",
        "values",
        "market",
        "models",
        "sharing",
        "transport",
        "raw",
        "replies",
        "part",
        "orders",
    ),
    *(
        "arguments",
        "hours",
        "keeping",
        "findings",
        "variables",
        "config",
        "switch",
        "extensions",
        "stream",
        "adapter",
        "asking",
        "verbs",
        "broker",
    ),
    *("sandbox", "registry", "brokerkit", "testing", "doctor", "cli", "__main__"),
)
"""The parts of the core, each of which imports only what stands before it; imports for types count too."""
EVERYTHING = {module_name(path): path for folder in (CORE, *PLUGINS.values()) for path in modules(folder)}


@cache
def graph() -> dict[str, set[str]]:
    """Return for every module those of ours that it imports, wherever in it that stands."""
    return {name: {each for each in taken_by(path) if each != name} for name, path in EVERYTHING.items()}


def taken_by(path: Path) -> Iterator[str]:
    """Yield our modules that a module imports; a name out of a package is the package's own unless it is a module."""
    for source, taken in imports(path):
        inner = f"{source}.{taken}"
        if inner in EVERYTHING or source in EVERYTHING:
            yield inner if inner in EVERYTHING else source


def parts_of(package: str) -> dict[str, set[str]]:
    """Return which parts of a package import which others; a part is a module or a package right inside of it."""
    depth = package.count(".") + 2

    def part(name: str) -> str | None:
        return ".".join(name.split(".")[:depth]) if inside(name, package) else None

    found: dict[str, set[str]] = {}
    for name, others in graph().items():
        if own := part(name):
            found.setdefault(own, set()).update(other for each in others if (other := part(each)) and other != own)
    return found


def circle_in(edges: dict[str, set[str]]) -> list[str]:
    """Return the names of a circle, none if there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle_in(graph()) == []


@pytest.mark.parametrize("package", [name for name, path in EVERYTHING.items() if path.name == "__init__.py"])
def test_no_parts_of_a_package_import_each_other_in_a_circle(package: str) -> None:
    assert circle_in(parts_of(package)) == []


def test_every_part_of_the_core_imports_only_those_below_it() -> None:
    parts = {own.removeprefix("brokerkit."): others for own, others in parts_of("brokerkit").items()}
    assert set(parts) == set(LAYERS)
    above = {
        f"{own} imports {other}"
        for own, others in parts.items()
        for other in (each.removeprefix("brokerkit.") for each in others)
        if LAYERS.index(other) > LAYERS.index(own)
    }
    assert above == set()


def test_a_circle_would_be_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert {"brokerkit.words", "brokerkit.models.base"} <= graph()["brokerkit.models.orders"]
    assert "brokerkit.sandbox" in graph()["brokerkit.registry"], "imports for types alone are seen too"


# The core knows no vendor


def prose(tree: ast.Module) -> set[int]:
    """Return the texts that stand alone: docstrings, also those of attributes."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def words(tree: ast.Module) -> Iterator[str]:
    """Yield strings and identifiers, without docstrings."""
    skipped = prose(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            word = getattr(node, field, None)
            if isinstance(word, str):
                yield word


LISTED = re.compile(r"039490 [0-9]+ \S+")
"""A broker's own share, which is listed like any other."""
VENDOR = re.compile(r"(?<![a-z])(kis|kiwoom)(?![a-z])|한국투자|키움|koreainvestment", re.IGNORECASE)


def test_core_code_names_no_vendor() -> None:
    def named(path: Path) -> list[str]:
        return [word for word in words(tree_of(path)) if VENDOR.search(LISTED.sub("", word))]

    assert failing(modules(CORE), named) == {}


def test_a_vendor_in_code_would_be_found() -> None:
    code = 'def kis_quote(kind):\n    """Kiwoom."""\n    return f"at {kind} kiwoom"\n'
    assert [word for word in words(ast.parse(code)) if VENDOR.search(word)] == ["kis_quote", " kiwoom"]


# What is public


def test_the_public_names_are_these() -> None:
    assert len(brokerkit.__all__) == len(set(brokerkit.__all__))
    assert set(brokerkit.__all__) == PUBLIC


@pytest.mark.parametrize("package", ["brokerkit", "brokerkit.transport", "brokerkit.sandbox", "brokerkit.testing"])
def test_every_public_name_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_every_module_can_be_imported() -> None:
    for folder in (CORE, *PLUGINS.values()):
        for path in modules(folder):
            if path.name != "__main__.py":
                importlib.import_module(module_name(path))


def explained() -> list[Path]:
    own = [path for folder in PLUGINS.values() for path in modules(folder) if "sandbox" not in path.parts]
    return [*modules(CORE), *own]


def without_docstring(path: Path) -> Iterator[str]:
    """Yield public classes, functions and methods that nothing explains.

    A method may inherit its docstring. Properties of replies are named as the fields they fill, tests are sentences.
    """
    module = importlib.import_module(module_name(path))
    if not module.__doc__:
        yield "module"
    for name, value in vars(module).items():
        if name[0] == "_" or not name.isidentifier() or getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type):
            if not vars(value).get("__doc__"):
                yield name
            if "testing" not in path.parts:
                yield from (f"{name}.{method}" for method in _unexplained(value))
        elif isinstance(value, types.FunctionType) and not value.__doc__:
            yield name


def _unexplained(kind: type) -> Iterable[str]:
    public = [name for name, value in vars(kind).items() if isinstance(value, types.FunctionType) and name[0] != "_"]
    return [name for name in public if not inspect.getdoc(getattr(kind, name))]


def test_what_is_public_has_a_docstring() -> None:
    assert failing((path for path in explained() if path.name != "__main__.py"), without_docstring) == {}


# An error is put into other words in English

TAKERS = frozenset({"str", "sanitize", "print", "translated"})
RETOLD = {
    "brokerkit/text.py: str(error)": "ours are told in English beside it",
    "brokerkit/cli/printing.py: str(error)": "it is shown to a person at once, and not kept",
    "brokerkit/sharing/store.py: str(error)": "one of Redis or the system",
    "brokerkit/transport/causes.py: str(error)": "a malformed answer, which is told to the client alone",
    "brokerkit/transport/connection.py: str(error)": "a closed gate, which is told to the client alone",
}
"""Places where an error stands bare in other words, and why that is right."""


def retold(path: Path) -> Iterator[str]:
    """Yield places where an error that may be ours goes as it is into a log record or other words.

    So it would be told in the language of the process, which log records are not, and neither is what is kept.
    """
    module = vars(importlib.import_module(module_name(path)))
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            names = {node.name} if node.type is not None and may_be_ours(node.type, module) else set()
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            names = {each.arg for each in arguments if each.annotation and may_be_ours(each.annotation, module)}
        else:
            continue
        yield from (f"{shown(path)}: {ast.unparse(use)}" for use in bare_in(node, names))


def may_be_ours(node: ast.expr, module: dict[str, Any]) -> bool:
    """Say whether an error of a kind, or of one of several, may be a BrokerError."""
    if isinstance(node, ast.Tuple):
        return any(may_be_ours(each, module) for each in node.elts)
    if isinstance(node, ast.BinOp):
        return may_be_ours(node.left, module) or may_be_ours(node.right, module)
    found = module.get(node.id, getattr(builtins, node.id, None)) if isinstance(node, ast.Name) else None
    kinds = found if isinstance(found, tuple) else (found,)
    errors = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseException)]
    return any(issubclass(BrokerError, kind) or issubclass(kind, BrokerError) for kind in errors)


def bare_in(scope: ast.AST, names: Container[str | None]) -> Iterator[ast.AST]:
    """Yield calls and places of f-strings that take one of these names as it is, or its words for the reader.

    `!r` has the English ones.
    """

    def is_bare(node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id in names

    for node in ast.walk(scope):
        if isinstance(node, ast.FormattedValue) and node.conversion != ord("r") and is_bare(node.value):
            yield node
        elif isinstance(node, ast.Call) and any(map(is_bare, node.args)):
            function = ast.unparse(node.func)
            if function in TAKERS or function.startswith("logger."):
                yield node
        elif isinstance(node, ast.Attribute) and node.attr in ("message", "advice") and is_bare(node.value):
            yield node


def test_an_error_goes_into_other_words_in_english() -> None:
    paths = [path for folder in (CORE, *PLUGINS.values()) for path in modules(folder)]
    found = {place for path in paths if path.name != "__main__.py" for place in retold(path)}
    assert found == {*RETOLD}, "use .told(ENGLISH) or .words"


@pytest.mark.parametrize(
    ("kind", "use"),
    [
        ("BrokerError", "logger.critical('%s', error)"),
        ("(OSError, Rejected)", "str(error)"),
        ("Exception", "f'{error}'"),
        ("ALL", "sanitize(error)"),
        ("BrokerError", "say(error.message)"),
    ],
)
def test_an_error_that_goes_bare_into_other_words_would_be_found(kind: str, use: str) -> None:
    module = {"BrokerError": BrokerError, "Rejected": brokerkit.Rejected, "ALL": (ValueError, BrokerError)}
    assert may_be_ours(ast.parse(kind, mode="eval").body, module)
    assert [*bare_in(ast.parse(use), {"error"})]


def test_other_errors_and_the_words_of_ours_go_into_other_words() -> None:
    for kind in ("OSError", "(ValueError, LookupError)", "unknown", "sqlite3.Error", "object"):
        assert not may_be_ours(ast.parse(kind, mode="eval").body, {})
    for use in ("f'{error!r}'", "str(error.words)", "logger.info(error.told(ENGLISH))", "about('event', error)"):
        assert not [*bare_in(ast.parse(use), {"error"})]


# What must not stand anywhere

OTHERS = {"dist", "build", "__pycache__", ".venv", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
PARTED = {
    r"(?<![\w.~])/({})/\w": ("ho me", "ro ot", "wo rk", "Us ers"),
    r"[A-Z]:\\({})": ("Us ers",),
    r"({})": (r"py pi\.org", "python hosted", r"index- url\b", r"\.py pirc", "co- authored-by"),
    r"\b({})\b": ("clau de", "anthro pic", "open ai", "chat gpt", "co pilot", "cod ex", "gem ini", "l lm"),
    r"\b(?:written|made|generated|authored)[ -](?:by|with) (?:an? )?({})\b": ("a i", "assis tant", "ag ent"),
}
"""Patterns and what goes into them, with a blank in each word, because this file is read too."""
FORBIDDEN = re.compile(
    "|".join(frame.format("|".join(words).replace(" ", "")) for frame, words in PARTED.items()), re.IGNORECASE
)


def texts() -> list[Path]:
    """Return the files of the repository: those that git knows, or all of them where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    known = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    if listed.returncode or not known:
        known = [path for path in sorted(ROOT.rglob("*")) if not OTHERS & set(path.relative_to(ROOT).parts)]
    return [path for path in known if path.is_file()]


def test_no_file_tells_of_this_machine_or_its_tools() -> None:
    found = []
    for path in texts():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{shown(path)}: {match[0]}" for match in FORBIDDEN.finditer(text)]
    assert found == []
    assert len(texts()) > 150


def test_what_is_forbidden_would_be_found() -> None:
    folder, index, tool = "/".join(("", "home", "me")), ".".join(("pypi", "org")), "".join(("Chat", "GPT"))
    for text in (f"see {folder}", f"at https://{index}/simple", f"made with {tool}"):
        assert FORBIDDEN.search(text), text
    for text in ("User-Agent", "tokens are issued", "~/work/x", "../shared/wire", "in the background"):
        assert not FORBIDDEN.search(text), text


@pytest.mark.parametrize("root", [ROOT, *(each.parent for each in PLUGINS.values())], ids=lambda root: root.name)
def test_a_wheel_contains_the_declared_package_only(root: Path, tmp_path: Path) -> None:
    package = CORE if root == ROOT else PLUGINS[root.name]
    (built,) = WheelBuilder(str(root)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as wheel:
        names = wheel.namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {package.name}
    assert f"{package.name}/py.typed" in names
    modules_inside = {f"{package.name}/{path.relative_to(package).as_posix()}" for path in modules(package)}
    code = {name for name in names if name.endswith(".py") and not name.startswith("brokerkit/templates/")}
    assert code == modules_inside
    assert any(name.endswith("/licenses/LICENSE") for name in names)
