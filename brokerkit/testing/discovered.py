"""The contract of being found: an entry point that names one adapter, its face, and what both say of themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from importlib.metadata import EntryPoint
from typing import Any, TypeVar, get_args

import pytest
from pydantic.fields import FieldInfo

from brokerkit import extensions
from brokerkit.adapter import Adapter
from brokerkit.broker import Broker
from brokerkit.config import nearest
from brokerkit.errors import BrokerError
from brokerkit.extensions import API_VERSION, BROKERS, SANDBOXES
from brokerkit.models import Flow, Order
from brokerkit.models.base import Model
from brokerkit.part import Part
from brokerkit.registry import installed_brokers, load_broker
from brokerkit.sandbox.face import Face
from brokerkit.sandbox.sandbox import face_class
from brokerkit.testing.base import Contract, level_of
from brokerkit.testing.declared import named_in
from brokerkit.testing.inside import imported_anew, unloaded
from brokerkit.text import in_english
from brokerkit.words import OrderType, TimeInForce, Venue

NEEDED: Mapping[type[Model], set[str]] = {Order: {"filled_quantity", "remaining_quantity"}}
"""Fields that a model may lack for a while, and that every broker has to tell of one that it lists."""
T = TypeVar("T")


class DiscoveryContract(Contract):
    """Who installs the distribution finds the adapter under its name, and nothing else happens."""

    level = 0

    def test_the_entry_point_is_found(self) -> None:
        claims = claims_of(BROKERS, self.broker)
        blank = [entry.value for entry in extensions.entry_points(group=BROKERS) if not entry.name.strip()]
        others = [entry.name for entry in extensions.entry_points(group=BROKERS)]
        found = ", ".join(sorted(filter(str.strip, others))) or "none"
        words = f"No entry point of {BROKERS} has the name {self.broker!r}. There are {found}."
        if blank:
            words = f"{words} The entry point of {', '.join(blank)} has a blank name."
        assert claims, words

    @pytest.mark.parametrize("group", [BROKERS, SANDBOXES])
    def test_one_distribution_alone_claims_the_name(self, group: str) -> None:
        claims = [f"{entry.value} ({extensions.package_of(entry)})" for entry in claims_of(group, self.broker)]
        assert len(claims) <= 1, f"Several distributions claim {self.broker!r} in {group}: {', '.join(claims)}."

    @pytest.mark.parametrize("group", [BROKERS, SANDBOXES])
    def test_importing_it_neither_fails_nor_ends_the_program(self, group: str) -> None:
        for entry in claims_of(group, self.broker):
            _, error = imported_anew(entry)
            assert error is None, f"Importing {entry.value} raised {type(error).__name__}: {in_english(error)}"

    @pytest.mark.parametrize("group", [BROKERS, SANDBOXES])
    def test_importing_it_prints_nothing(self, group: str) -> None:
        for entry in claims_of(group, self.broker):
            printed, _ = imported_anew(entry)
            assert not printed, f"Importing {entry.value} prints, where programs read our output: {printed[:200]!r}"

    def test_the_adapter_has_the_name_of_its_entry_point(self) -> None:
        kind = self.its_adapter()
        name = getattr(kind, "name", None)
        assert name == self.broker, f"{kind.__name__}.name is {name!r}, its entry point is called {self.broker!r}."

    def test_the_face_has_the_name_of_its_adapter(self) -> None:
        kind = self.its_face()
        name = getattr(kind, "name", None)
        assert name == self.broker, f"{kind.__name__}.name is {name!r}, its entry point is called {self.broker!r}."

    def test_the_adapter_says_for_which_version_it_is_written(self) -> None:
        check_version(self.its_adapter())

    def test_the_face_says_for_which_version_it_is_written(self) -> None:
        check_version(self.its_face())

    def test_the_adapter_can_be_used(self) -> None:
        try:
            load_broker(self.broker)
        except BrokerError as error:
            pytest.fail(f"The adapter is not taken: {in_english(error)}")

    def test_the_face_can_be_used(self) -> None:
        try:
            kind = face_class(self.broker)
        except BrokerError as error:
            pytest.fail(f"The face is not taken: {in_english(error)}")
        missing = [name for name in ("costs", "calls_per_second") if self.environment not in getattr(kind, name, {})]
        assert not missing, f"{kind.__name__} lacks {', '.join(missing)} for the environment {self.environment}."

    def test_listing_the_brokers_imports_no_adapter(self) -> None:
        modules = [entry.module for entry in extensions.entry_points(group=BROKERS)]
        with unloaded(modules):
            installed_brokers()
            loaded = [module for module in modules if module in sys.modules]
        assert not loaded, f"Listing the names of the brokers imports {', '.join(loaded)}."

    def test_what_the_parts_declare_can_be_understood(self) -> None:
        parts: tuple[type[Part[Any]], ...] = self.its_adapter().parts
        wrong = [words for part in parts for words in misdeclared(part)]
        assert not wrong, f"Nobody understands what is declared: {'; '.join(wrong)}."

    def test_a_declared_difference_is_a_check_that_may_differ(self) -> None:
        checks = {name: level_of(type(self), name) for name in dir(self) if name.startswith("test_")}
        served = {part.market for part in self.its_adapter().parts}
        for difference, reason in self.its_face().differences.items():
            market, check = named_in(difference)
            assert market in served, f"{difference!r} is of a market that the adapter does not serve."
            if market != self.market:
                continue
            near = nearest(check, checks)
            assert check in checks, f"{difference!r} is no check, and cannot differ. Did you mean {near}?"
            assert checks[check] in (1, 2, 3), f"{check} is about level {checks[check]}: that is not declared away."
            assert reason.strip(), f"{check} is declared to differ without a reason."

    def its_adapter(self) -> type[Adapter]:
        """Return the class that the entry point names, whatever else is wrong with it."""
        return named(BROKERS, self.broker, Adapter)

    def its_face(self) -> type[Face]:
        """Return the class of the face, whatever else is wrong with it."""
        return named(SANDBOXES, self.broker, Face)  # type: ignore[type-abstract]


def named(group: str, name: str, base: type[T]) -> type[T]:
    """Return the class that an entry point names; a failure of the check if it is none."""
    entry = next(iter(claims_of(group, name)), None)
    if entry is None:
        pytest.fail(f"No entry point of {group} has the name {name!r}: the distribution has to declare one.")
    try:
        kind = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - an import can end the program
        pytest.fail(f"Importing {entry.value} raised {type(error).__name__}: {in_english(error)}")
    assert isinstance(kind, type), f"{entry.value} is no class."
    assert issubclass(kind, base), f"{entry.value} is no {base.__name__}."
    return kind


def claims_of(group: str, name: str) -> list[EntryPoint]:
    """Return the entry points of that name."""
    return [entry for entry in extensions.entry_points(group=group) if entry.name == name]


def check_version(kind: type[Adapter] | type[Face]) -> None:
    """Fail unless a class says that it is written for this version of the interface."""
    said = getattr(kind, "api_version", None)
    assert said == API_VERSION, f"{kind.__name__}.api_version is {said!r}; this is version {API_VERSION}."


def _of_flows(model: type[Model]) -> set[str]:
    """Return the fields of the flows in a model: named for the model, they are those of all of them."""
    return set(Flow.model_fields) if any(each.annotation is Flow for each in model.model_fields.values()) else set()


def _has_to_be(field: FieldInfo) -> bool:
    """Say whether a model cannot do without a field: it is required, and may not be None."""
    return field.is_required() and type(None) not in get_args(field.annotation)


def misdeclared(part: type[Part[Any]]) -> Iterable[str]:
    """Yield what a part declares and nobody can understand."""
    owner = part.__name__
    tables: Mapping[str, Mapping[type[Model], Iterable[str]]] = {
        "not_told": part.not_told,
        "rounds": part.rounds,
        **{f"not_told_in[{name!r}]": table for name, table in part.not_told_in.items()},
    }
    for attribute, declared in tables.items():
        for model, fields in declared.items():
            unknown = sorted(set(fields) - set(model.model_fields) - _of_flows(model))
            if unknown:
                yield f"{owner}.{attribute} names {', '.join(unknown)}, which {model.__name__} does not have"
    for model, absent in part.not_told.items():
        needed = {name for name, field in model.model_fields.items() if _has_to_be(field)} | NEEDED.get(model, set())
        if wanted := sorted(needed & set(absent)):
            yield f"{owner}.not_told names {', '.join(wanted)}, without which no {model.__name__} can be told"
    for model, steps in part.rounds.items():
        if odd := [name for name, step in steps.items() if type(step) is not Decimal or step <= 0]:
            yield f"{owner}.rounds of {model.__name__} for {', '.join(odd)} is no Decimal above 0"
    kinds: list[tuple[str, Iterable[object], Callable[[object], bool]]] = [
        ("quote_venues", part.quote_venues, lambda venue: isinstance(venue, Venue)),
        ("order_venues", sum(map(tuple, part.order_venues.values()), ()), lambda venue: isinstance(venue, Venue)),
        ("order_types", part.order_types, _are_terms),
        ("calls", part.calls, lambda verb: hasattr(Broker, str(verb))),
        ("changes_parts", part.changes_parts, lambda verb: verb in ("cancel", "amend")),
        ("not_told_in", part.not_told_in, lambda environment: environment in ("real", "demo")),
        ("lists_prove_absence", part.lists_prove_absence, lambda environment: environment in ("real", "demo")),
        ("order_venues", part.order_venues, lambda environment: environment in ("real", "demo")),
    ]
    for attribute, declared_values, is_known in kinds:
        if odd_values := [repr(each) for each in declared_values if not is_known(each)]:
            yield f"{owner}.{attribute} holds what it cannot: {', '.join(odd_values)}"


def _are_terms(terms: object) -> bool:
    if not isinstance(terms, tuple) or len(terms) != 2:
        return False
    return isinstance(terms[0], OrderType) and isinstance(terms[1], TimeInForce)
