"""Distributions that are not found, are not what they say, or do something when somebody looks."""

from __future__ import annotations

from brokerkit.extensions import BROKERS, SANDBOXES
from brokerkit.models import Order, Quote
from brokerkit.part import Part
from brokerkit.words import OrderType
from proof.zoo.cages import Bad, bad, put_in
from proof.zoo.packages import MODULE, Package
from tests.lslike.client import LikeClient
from tests.lslike.face import LikeFace
from tests.lslike.stocks import Stocks

GOOD = """
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace

class Adapter(LikeAdapter):
    api_version = 1
    name = "pine"

class Face(LikeFace):
    api_version = 1
    name = "pine"
"""
"""A module that nothing is wrong with."""
FACE_ENTRY = {SANDBOXES: f"pine = {MODULE}:Face"}


def package(name: str, lie: str, check: str, *words: str, code: str = "", **papers: object) -> None:
    """Put a distribution into the zoo; `code` comes after the good module."""
    put_in(Bad(name, lie, check, words, Package(code=f"{GOOD}\n{code}", **papers), None))  # type: ignore[arg-type]


package(
    "BlankEntryPointName",
    "Its entry point has no name, so that nobody can ask for it.",
    "the_entry_point_is_found",
    "has a blank name",
    entries={BROKERS: f" = {MODULE}:Adapter", **FACE_ENTRY},
)
package(
    "EntryPointOfAnotherName",
    "Its entry point is called otherwise than its README says.",
    "the_entry_point_is_found",
    "No entry point of brokerkit.brokers has the name 'pine'",
    "fir",
    entries={BROKERS: f"fir = {MODULE}:Adapter", **FACE_ENTRY},
)
package(
    "TwoDistributionsWithOneName",
    "Two distributions claim the same name.",
    "one_distribution_alone_claims_the_name",
    "Several distributions claim 'pine'",
    "zoo-1",
    "zoo-2",
    copies=2,
)
package(
    "EndsTheProgram",
    "It ends the program that imports it.",
    "importing_it_neither_fails_nor_ends_the_program",
    "raised SystemExit",
    code="import sys\nsys.exit(3)",
)
package(
    "CannotBeImported",
    "It imports something that is not installed and that it does not depend on.",
    "importing_it_neither_fails_nor_ends_the_program",
    "raised ModuleNotFoundError",
    code="import pandas_of_pine",
)
package(
    "PrintsAtImport",
    "It greets whoever imports it, in the middle of the JSON of a program.",
    "importing_it_prints_nothing",
    "prints, where programs read our output",
    "Welcome to pine",
    code='print("Welcome to pine")',
)
package(
    "NameOfAnother",
    "Its adapter calls itself otherwise than its entry point.",
    "the_adapter_has_the_name_of_its_entry_point",
    "is 'fir', its entry point is called 'pine'",
    code='Adapter.name = "fir"',
)
package(
    "FaceOfAnother",
    "Its face calls itself otherwise than its adapter.",
    "the_face_has_the_name_of_its_adapter",
    "is 'fir', its entry point is called 'pine'",
    code='Face.name = "fir"',
)
package(
    "WrongVersion",
    "It is written for a version of the interface that is to come.",
    "the_adapter_can_be_used",
    "it is written for version 2 of the interface",
    code="Adapter.api_version = 2",
)
package(
    "NoVersion",
    "It does not say for which version of the interface it is written.",
    "the_face_says_for_which_version_it_is_written",
    "Face.api_version is None",
    code="Face.api_version = None",
)
package(
    "NoPart",
    "It serves no market.",
    "the_adapter_can_be_used",
    "its parts are no tuple of Part classes",
    code="Adapter.parts = ()",
)
package(
    "TwoPartsOfOneMarket",
    "Two of its parts are of the same market.",
    "the_adapter_can_be_used",
    "two of its parts are of one market",
    code="Adapter.parts = Adapter.parts * 2",
)
package(
    "NoFace",
    "It brings no server side, so that nothing of it can be proven.",
    "the_face_can_be_used",
    "brings no sandbox",
    entries={BROKERS: f"pine = {MODULE}:Adapter"},
)
package(
    "FunctionForAnAdapter",
    "Its entry point names a function that makes an adapter.",
    "the_adapter_can_be_used",
    "it is no Adapter",
    code="def make():\n    return Adapter",
    entries={BROKERS: f"pine = {MODULE}:make", **FACE_ENTRY},
)


@bad("the_adapter_can_be_used", "fills no hook in")
class FillsNothing(Part[LikeClient]):
    """Its part answers nothing at all."""


@bad("what_the_parts_declare_can_be_understood", "not_told names turn_over, which Quote does not have")
class MisspeltField(Stocks):
    """Declares a field as not told that nobody knows."""

    not_told = {Quote: frozenset({"turn_over", "time"})}


@bad("what_the_parts_declare_can_be_understood", "status", "Order")
class AbsentTooWide(Stocks):
    """Declares as not told what an order is worth nothing without, so that nothing of it is compared."""

    not_told = {**Stocks.not_told, Order: frozenset({"status", "quantity", "filled_quantity", "remaining_quantity"})}


@bad("what_the_parts_declare_can_be_understood", "order_types holds")
class TypesWithoutTimes(Stocks):
    """Declares order types without the times in force that they come with."""

    order_types = (OrderType.LIMIT, OrderType.MARKET)  # type: ignore[assignment]


@bad("a_declared_difference_is_a_check_that_may_differ", "is no check")
class UnknownDifference(LikeFace):
    """Declares that a check differs which there is not."""

    differences = {"test_quotes_are_late": "The broker's quotes are a quarter of an hour old."}


@bad("a_declared_difference_is_a_check_that_may_differ", "without a reason")
class DifferenceWithoutReason(LikeFace):
    """Declares that a check differs, and not why."""

    differences = {"test_a_part_is_cancelled_and_then_the_rest": " "}
