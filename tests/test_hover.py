"""What an editor shows of a public name, or `help`: what it means, in which unit, and what Korean screens call it."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path

import pytest

import brokerkit
from brokerkit import AsyncStream, Broker, BrokerError, OrderUncertain, Stream, config, get_broker, models
from brokerkit.models import Model, labels
from brokerkit.orders.intents import Sighting
from brokerkit.sandbox import Faults, Rule, Sandbox

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


ERRORS = [kind for kind in CLASSES if issubclass(kind, BrokerError)]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_says_in_both_languages_what_it_means(kind: type) -> None:
    assert re.match("[A-Z]", kind.__doc__ or "")
    assert HANGUL.search(kind.__doc__ or "")


# Verbs


def verbs_of(kind: type) -> dict[str, str]:
    """Return the public methods and properties of a class, and the docstring of each."""
    members = {name: inspect.getattr_static(kind, name) for name in dir(kind) if name[0] != "_"}
    return {
        name: inspect.getdoc(member) or ""
        for name, member in members.items()
        if isinstance(member, property) or inspect.isfunction(member)
    }


VERBS = [(kind, name) for kind in (Broker, Stream, AsyncStream) for name in verbs_of(kind)]
NOTHING_TO_RAISE = {(kind, "close") for kind in (Broker, Stream, AsyncStream)} | {(Broker, "capabilities")}
NAMES = re.compile(rf"\b({'|'.join(kind.__name__ for kind in ERRORS)})\b")
LIKE = re.compile(r"\bas `(?:(\w+)\.)?(\w+)`")


def raised(kind: type, verb: str) -> set[str]:
    """Return the errors that a verb's docstring names, itself or by another verb whose errors are its own too."""
    words = verbs_of(kind)[verb]
    found = set(NAMES.findall(words))
    for where, other in LIKE.findall(words):
        home = {"Stream": Stream, "": kind}.get(where)
        if home is not None and other in verbs_of(home) and (home, other) != (kind, verb):
            found |= raised(home, other)
    return found


@pytest.mark.parametrize(("kind", "verb"), VERBS)
def test_a_verb_names_its_errors(kind: type, verb: str) -> None:
    assert verbs_of(kind)[verb]
    assert raised(kind, verb) or (kind, verb) in NOTHING_TO_RAISE


@pytest.mark.parametrize(
    "verb", ["buy", "sell", "order", "cancel", "amend", "reserve", "amend_reservation", "resubmit"]
)
def test_what_sends_an_order_says_when_it_may_stand(verb: str) -> None:
    assert {"Rejected", "InvalidRequest", "OrderUncertain", "Disarmed"} <= raised(Broker, verb)


def terms() -> dict[str, set[str]]:
    """Return the Korean terms of each verb in the list of terms, without the words for asking and ordering."""
    found: dict[str, set[str]] = {}
    for line in (DOCS / "terms.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        for named in re.findall(r"`((?:Broker|Stream)\.\w+)`", cells[2] if len(cells) > 3 else ""):
            words = {re.sub(r" (조회|주문)$", "", term.strip()) for term in cells[0].split(",")}
            found.setdefault(named, set()).update(words)
    return found


@pytest.mark.parametrize(("named", "words"), terms().items())
def test_a_verb_names_its_korean_term_in_the_first_line(named: str, words: set[str]) -> None:
    kind, _, verb = named.partition(".")
    for each in (Broker,) if kind == "Broker" else (Stream, AsyncStream):
        first = verbs_of(each)[verb].splitlines()[0]
        assert any(word in first for word in words), f"{first} has none of {words}"


@pytest.mark.parametrize("name", ["get_broker", "halt", "resume", "market_hours", "is_open", "next_open"])
def test_a_function_names_its_errors(name: str) -> None:
    assert NAMES.search(inspect.getdoc(getattr(brokerkit, name)) or "")


# Examples


def example_of(words: str) -> str | None:
    found = re.search(r"^Example::\n\n((?: {4}.*\n?|\n)+)", words, re.MULTILINE)
    return found and textwrap.dedent(found[1])


EXAMPLES = [(kind, name) for kind, name in VERBS if example_of(verbs_of(kind)[name])]
SHOWN = {
    *("quote", "quotes", "candles", "order_book", "trades", "buy", "sell", "order", "amend", "cancel", "orders"),
    *("fills", "balance", "buying_power", "investor_flow", "rankings", "stream", "reconcile", "resolve", "call"),
}
"""What people call first."""


def test_what_people_call_first_has_an_example() -> None:
    assert {name for kind, name in EXAMPLES if kind is Broker} >= SHOWN


def test_the_example_of_get_broker_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(example_of(inspect.getdoc(get_broker) or "") or "", {"get_broker": get_broker})  # noqa: S102
    assert capsys.readouterr().out.strip().isdigit()


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Sandbox() as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        broker.wait(broker.buy("005930", 100, price=broker.order_book("005930").asks[0].price), timeout=60)
        yield broker


@contextmanager
def doubtful() -> Iterator[Broker]:
    """Yield a broker that does not know what became of an order."""
    lost = Faults([Rule("processed_then_reset", on="order", nth=1)])
    with Sandbox(faults=lost) as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        with pytest.raises(OrderUncertain):
            broker.buy("005930", 1, price=broker.quote("005930").lower_limit)
        assert broker.unresolved()
        yield broker
        assert not broker.unresolved()


@pytest.mark.parametrize(("kind", "verb"), EXAMPLES)
def test_an_example_runs_at_the_sandbox(broker: Broker, kind: type, verb: str) -> None:
    example = example_of(verbs_of(kind)[verb])
    assert example
    assert re.search(rf"\.{verb}\(", example)
    with doubtful() if verb in ("reconcile", "resolve") else nullcontext(broker) as asked:
        names = {name: getattr(brokerkit, name) for name in brokerkit.__all__} | {"broker": asked}
        exec(compile(example, f"{kind.__name__}.{verb}", "exec"), names)  # noqa: S102


def test_a_field_without_a_docstring_is_found() -> None:
    source = 'class Bare:\n    told: int\n    """How many."""\n    untold: int = 0\n    _own: int\n'
    assert fields_in(source) == {"told": "How many.", "untold": None}
