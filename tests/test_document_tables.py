"""What the reference documents list (models, errors, terms) is compared with the code."""

from __future__ import annotations

import ast
import importlib
import re
import types
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import brokerkit_kis.wire.errors as kis_errors
import brokerkit_kiwoom.wire.errors as kiwoom_errors
import pytest
from brokerkit_kis.stocks.orders import AFTER_MARKET_TYPE, ORDER_TYPE_BACK
from brokerkit_kiwoom.stocks.orders import ORDER_TYPE as KIWOOM_TYPE

import brokerkit
from brokerkit import Investor, OrderType, RankingKind, clock, get_broker, words
from brokerkit import errors as error_tree
from brokerkit import models as common
from brokerkit.adapter import Adapter
from brokerkit.cli.exits import code_of
from brokerkit.errors import BrokerError
from brokerkit.market.sessions import Phase
from brokerkit.models import Model
from brokerkit.orders.intents import Confidence, Intent, IntentKind, IntentState, Sighting
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.registry import load_broker
from brokerkit.sandbox import Sandbox
from brokerkit.transport import Block, Client

DOCS = Path(__file__).parent.parent / "docs"
ERRORS = ("errors.md", "errors.ko.md")
ALWAYS_THERE = {"models.md": "never", "models.ko.md": "아님"}
"""What the pages of models say of a field that is never None."""


def kinds_in(module: types.ModuleType, base: type[Any]) -> list[type[Any]]:
    """Return the classes of a module that build on `base`, which itself may be imported there."""
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, base)]
    return [kind for kind in kinds if kind not in (Model, StrEnum)]


OWN = [common.Capability, common.MarketHours, common.Session, common.BookLevel]
MODELS = [kind for kind in kinds_in(common, Model) if kind not in OWN]
ENUMS: list[type[StrEnum]] = [kind for kind in kinds_in(words, StrEnum) if kind.__name__ in brokerkit.__all__]
OURS = [Intent, Sighting, Reconciliation, *OWN]
"""What no broker tells, so no term of a broker belongs to it."""
ALL_ERRORS = kinds_in(error_tree, BrokerError)
WITHOUT_A_CLASS_FOR_CODES = (error_tree.Rejected, error_tree.OrderUncertain)
"""Errors whose codes no table maps to them: they are what is left."""
BROKERS = {"KIS": "kis", "Kiwoom": "kiwoom", "키움": "kiwoom"}
Row = list[str]


def text_of(document: str) -> str:
    return (DOCS / document).read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of any level."""
    found = re.search(rf"^##+ {heading}\n(.*?)(?=^##+ |\Z)", text_of(document), re.DOTALL | re.MULTILINE)
    assert found, f"{document} has no section {heading}"
    return found[1].strip()


def rows_in(text: str) -> list[Row]:
    """Return the cells of all tables in a text, without their heads."""
    tables = re.findall(r"^\|.*\|\n\|---.*\|\n((?:\|.*\|\n?)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for table in tables for line in table.splitlines()]


KINDS = {kind.lower() for kind in Investor}
"""Fields that several models have; their terms stand once."""


def names_in(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def named(kinds: Iterable[type]) -> list[Any]:
    return [pytest.param(kind, id=kind.__name__) for kind in kinds]


# Models


def type_and_none(annotation: object) -> tuple[str, bool]:
    """Return how a document writes the type of a field, and whether None is allowed."""
    parts = [each for each in get_args(annotation) if each is not types.NoneType]
    is_union = get_origin(annotation) in (Union, types.UnionType)
    return written(parts[0] if is_union else annotation), is_union


def written(annotation: Any) -> str:
    if annotation is ...:
        return "..."
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return written(parts[0])
    return f"{origin.__name__}[{', '.join(map(written, parts))}]" if parts else str(annotation.__name__)


@pytest.mark.parametrize("model", named([*MODELS, *OURS]))
@pytest.mark.parametrize(("document", "never"), ALWAYS_THERE.items())
def test_a_model_has_every_field_with_its_type_and_says_when_it_is_none(
    document: str, never: str, model: type[Model]
) -> None:
    listed = [
        (*names_in(name), *names_in(kind), none) for name, kind, _, none in rows_in(section(document, model.__name__))
    ]
    fields = [(name, *type_and_none(field.annotation)) for name, field in model.model_fields.items()]
    assert [(name, kind, not none.startswith(never)) for name, kind, none in listed] == fields


@pytest.mark.parametrize("heading", [*[model.__name__ for model in [*MODELS, *OURS]], "The enums"])
def test_a_section_of_models_begins_with_an_example_at_the_sandbox(heading: str) -> None:
    assert re.match(r'```python\n[^`]*environment="sandbox"', section("models.md", heading))


@pytest.mark.parametrize("enum", named([*ENUMS, IntentKind, IntentState, Confidence, common.DaySource]))
def test_an_enum_has_every_member(enum: type[StrEnum]) -> None:
    assert [names_in(row[0]) for row in rows_in(section("models.md", enum.__name__))] == [
        [member.name] for member in enum
    ]


def brokers_named(model: type[Model], field: str) -> set[str]:
    """Return the brokers that the last column of a field's row names in each language."""
    found = []
    for document in ALWAYS_THERE:
        (row,) = [row for row in rows_in(section(document, model.__name__)) if row[0] == f"`{field}`"]
        found.append({broker for label, broker in BROKERS.items() if label in row[-1]})
    return set.intersection(*found)


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_what_a_broker_never_tells_stands_in_the_row(broker: str) -> None:
    not_told = load_broker(broker).parts[0].not_told
    # What is not told of any flow in a model stands in the section of flows.
    absent = [
        (model if field in model.model_fields else common.Flow, field)
        for model, fields in not_told.items()
        for field in fields
    ]
    assert absent
    assert [each for each in absent if broker not in brokers_named(*each)] == []


def seen_at(name: str) -> Iterator[Model]:
    """Yield every kind of model as a broker answers it, orders in several states."""
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        book = broker.order_book("005930")
        yield from (book, book.asks[0], broker.quote("005930"), *broker.candles("005930", count=3))
        yield from broker.instruments()
        members = broker.members("005930")
        yield from (members, members.sellers[0], *broker.trades("005930", count=1), *broker.trades("005930", count=31))
        bought = broker.buy("005930", 3, price=book.asks[0].price)
        waiting = broker.buy("005930", 10, price=book.bids[4].price)
        yield from (bought, broker.refresh(bought), waiting, broker.refresh(waiting), *broker.orders())
        cancelled = broker.cancel(waiting, quantity=3)
        yield cancelled
        yield broker.amend(cancelled, price=book.bids[3].price)
        yield broker.refresh(broker.buy("005930", 1, type=OrderType.MARKET))
        balance = broker.balance()
        yield from (balance, *balance.positions, broker.buying_power("005930"))
        yield from broker.order_history(clock.today())
        if broker.supports("reserve"):
            price = book.bids[4].price
            yield broker.reserve(common.OrderRequest(symbol="005930", side=words.Side.BUY, quantity=1, price=price))
            yield from broker.reservations()
        for kind in RankingKind:
            if kind in broker.adapter.served["KR"].ranking_venues:
                yield broker.rankings(kind)[0]
        if broker.supports("conditions"):
            yield from (broker.conditions()[0], broker.screen("상승")[0])
        broker.sell("005930", 1, type=OrderType.MARKET)
        yield from (*broker.fills(), *broker.realized_pnl(clock.today()))
        yield from broker.transactions(clock.today()) if broker.supports("transactions") else ()
        if broker.supports("exchange_rate", market="US"):
            yield broker.exchange_rate()
        for day in (*broker.investor_flow("005930"), *broker.investor_flow("005930", detail=True)):
            yield from (day, day.foreign, day.pension)
        yield broker.investor_flow_total("005930", day.date)
        yield from broker.market_investor_flow("KOSPI", day.date)
        yield from broker.investor_flow_estimates("005930")
        yield from broker.investor_rankings(Investor.FOREIGN, count=1)
        yield from (*broker.program_trading("005930", day.date), *broker.program_trading("KOSPI", day.date))


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_every_none_of_the_sandbox_is_explained(broker: str) -> None:
    seen = list(seen_at(broker))
    lacking: dict[str, set[type[Model]]] = {"kis": {common.Transaction}, "kiwoom": {common.Reservation}}
    if "US" not in {part.market for part in load_broker(broker).parts}:
        lacking[broker].add(common.ExchangeRate)
    assert {type(model) for model in seen} == set(MODELS) - {common.OrderRequest} - lacking[broker]
    nones = {(type(each), field) for each in seen for field in type(each).model_fields if getattr(each, field) is None}
    assert nones
    assert [each for each in nones if broker not in brokers_named(*each)] == []


# Errors


def codes_in(cell: str) -> set[str]:
    """Return the codes of a cell; `A1`–`A4` are four."""
    found = set()
    for first, last in re.findall(r"`([A-Z]*[0-9]+)`(?:–`([A-Z]*[0-9]+)`)?", cell):
        digits = re.sub("[A-Z]", "", first)
        numbers = range(int(digits), int(re.sub("[A-Z]", "", last or first)) + 1)
        found |= {first[: -len(digits)] + f"{number:0{len(digits)}}" for number in numbers}
    return found


def codes_of(document: str, kind: type[BrokerError]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"kis": set(), "kiwoom": set()}
    for broker, cell, _ in rows_in(section(document, kind.__name__)):
        codes = codes_in(cell)
        assert codes, cell
        assert not codes & found[BROKERS[broker]], cell
        found[BROKERS[broker]] |= codes
    return found


def refused_with(kind: type[BrokerError]) -> dict[str, set[str]]:
    tables = {"kis": kis_errors.REFUSALS, "kiwoom": kiwoom_errors.REFUSALS}
    codes = {broker: {code for code, meant in table.items() if meant is kind} for broker, table in tables.items()}
    if kind is error_tree.InsufficientFunds:
        codes["kis"] |= kis_errors.TWO_MEANINGS
    return codes


def not_definite() -> dict[str, set[str]]:
    """Return the known codes that leave it open whether an order was taken."""
    known = {
        "kis": {code for code in kis_errors.REFUSALS if not re.fullmatch(kis_errors.DEFINITE, code)},
        "kiwoom": {code for code in kiwoom_errors.REFUSALS if not kiwoom_errors.is_definite(code)},
    }
    known["kis"] -= {"EGW00133"}  # of the token call; no order gets it
    return known


@pytest.mark.parametrize("document", ERRORS)
def test_the_tree_is_drawn_as_it_grows(document: str) -> None:
    (drawn,) = re.findall(r"```text\n(.*?)```", text_of(document), re.DOTALL)
    above: list[str] = []
    tree = {}
    for line in drawn.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth:] = [line.strip()]
        tree[line.strip()] = above[depth - 1] if depth else "Exception"
    assert tree == {kind.__name__: kind.__mro__[1].__name__ for kind in ALL_ERRORS}


@pytest.mark.parametrize("document", ERRORS)
def test_the_overview_has_every_error_with_its_exit_code(document: str) -> None:
    first = next(rows_in(part) for part in re.split(r"^##+ ", text_of(document), flags=re.MULTILINE))
    listed = {names_in(row[0])[0]: int(row[-1]) for row in first}
    assert listed == {kind.__name__: code_of(kind("")) for kind in ALL_ERRORS}


@pytest.mark.parametrize(
    ("document", "labels"),
    [("errors.md", ["Placed", "Causes", "Do", "Again"]), ("errors.ko.md", ["주문 여부", "원인", "조치", "재전송"])],
)
def test_every_error_has_a_section(document: str, labels: list[str]) -> None:
    sections = {kind.__name__: section(document, kind.__name__) for kind in ALL_ERRORS}
    found = {name: re.findall(r"^- \*\*(.+?):\*\* \S", text, re.MULTILINE) for name, text in sections.items()}
    assert found == dict.fromkeys(found, labels)


@pytest.mark.parametrize("document", ERRORS)
def test_the_codes_of_an_error_are_those_of_the_adapters(document: str) -> None:
    kinds = [kind for kind in ALL_ERRORS if kind not in WITHOUT_A_CLASS_FOR_CODES]
    assert {kind: codes_of(document, kind) for kind in kinds} == {kind: refused_with(kind) for kind in kinds}


@pytest.mark.parametrize("document", ERRORS)
def test_codes_of_a_plain_rejection_have_no_class_of_their_own(document: str) -> None:
    codes = codes_of(document, error_tree.Rejected)
    assert codes["kis"]
    assert codes["kiwoom"]
    assert not codes["kis"] & set(kis_errors.REFUSALS)
    assert not codes["kiwoom"] & set(kiwoom_errors.REFUSALS)


@pytest.mark.parametrize("document", ERRORS)
def test_codes_that_prove_nothing_stand_under_order_uncertain(document: str) -> None:
    codes = codes_of(document, error_tree.OrderUncertain)
    open_codes = not_definite()
    assert open_codes["kiwoom"] == codes["kiwoom"]
    assert open_codes["kis"] | kis_errors.ACCEPTED <= codes["kis"]
    others = codes["kis"] - open_codes["kis"] - kis_errors.ACCEPTED
    assert [code for code in others if re.fullmatch(kis_errors.DEFINITE, code)] == []


@pytest.mark.parametrize("document", ERRORS)
def test_a_code_in_the_prose_stands_in_the_table_too(document: str) -> None:
    for kind in ALL_ERRORS:
        prose = set(re.findall(r"`([A-Z]{2,4}[0-9]{4,5}|[0-9]{3,8})`", section(document, kind.__name__)))
        listed = set().union(*codes_of(document, kind).values())
        assert prose <= listed | {"005930"}, kind


def test_both_languages_have_the_same_rows_of_codes() -> None:
    english, korean = (
        [
            [(BROKERS[row[0]], codes_in(row[1])) for row in rows_in(section(document, kind.__name__))]
            for kind in ALL_ERRORS
        ]
        for document in ERRORS
    )
    assert english == korean


# Terms

TERMS = rows_in(text_of("terms.md"))
WITHOUT_A_TERM = {"currency", "final", "handle", "account", "symbol", "venue"}
"""Fields made by us, from the profile, or named by the caller; where a broker has a field for one, it is listed too."""


def resolved(name: str) -> bool:
    """Say whether `Quote.price`, `Side.BUY` or `Broker.quote` exists."""
    owner, _, member = name.partition(".")
    kind = {"Adapter": Adapter, "Phase": Phase, "Client": Client}.get(owner) or getattr(brokerkit, owner)
    return member in getattr(kind, "model_fields", ()) or hasattr(kind, member)


@cache
def wire_words(package: str) -> frozenset[str]:
    """Return every text that the adapter's wire tables and requests consist of."""
    folder = Path(str(importlib.import_module(package).__file__)).parent
    tables = [
        *folder.glob("wire/*.py"),
        *folder.glob("stocks/*.py"),
        *folder.glob("us/*.py"),
        *folder.glob("indices/*.py"),
        *folder.glob("stream/*.py"),
    ]
    files = [*tables, folder / "adapter.py", folder / "client.py"]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    modules = [
        importlib.import_module(f"{package}.{file.parent.name}.{file.stem}")
        for file in tables
        if file.stem != "__init__"
    ]
    replies = {kind for module in modules for kind in vars(module).values() if is_reply(kind)}
    numbered = {field.alias or name for kind in replies for name, field in kind.model_fields.items()}
    return frozenset({text for text in texts if isinstance(text, str)} | numbered)


def is_reply(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Block)


def test_every_name_of_ours_exists() -> None:
    assert [row for row in TERMS if len(row) != 5] == []
    assert [(row[1], name) for row in TERMS for name in names_in(row[2]) if not resolved(name)] == []


@pytest.mark.parametrize(("column", "package"), [(3, "brokerkit_kis"), (4, "brokerkit_kiwoom")])
def test_every_name_of_a_broker_occurs_in_its_adapter(column: int, package: str) -> None:
    known = wire_words(package)
    assert [(row[1], name) for row in TERMS for name in names_in(row[column]) if name not in known] == []


@pytest.mark.parametrize("heading", ["Order types", "Times in force"])
def test_the_codes_of_a_term_are_all_its_codes(heading: str) -> None:
    kiwoom = {code: pair for pair, code in KIWOOM_TYPE.items()}
    for row in rows_in(section("terms.md", heading)):
        member = names_in(row[2])[0].partition(".")[2]
        for cell, table in ((row[3], ORDER_TYPE_BACK), (row[4], kiwoom)):
            assert names_in(cell) == sorted((code for code, pair in table.items() if member in pair), key=int), (
                f"{member}: {cell}"
            )


def test_the_after_market_has_the_codes_that_name_it() -> None:
    (row,) = [row for row in TERMS if row[2] == "`Phase.AFTER_MARKET`"]
    assert names_in(row[3]) == sorted(AFTER_MARKET_TYPE.values())


def test_every_field_and_member_has_a_term() -> None:
    ours = {name for row in TERMS for name in names_in(row[2])}
    fields = {f"{model.__name__}.{field}" for model in MODELS for field in model.model_fields if field not in KINDS}
    fields |= {f"InvestorFlow.{kind}" for kind in KINDS}
    enums: list[type[StrEnum]] = [*ENUMS, Phase]
    members = {f"{enum.__name__}.{member.name}" for enum in enums for member in enum}
    missing = {name.partition(".")[2] for name in (fields | members) - ours}
    assert missing <= WITHOUT_A_TERM
