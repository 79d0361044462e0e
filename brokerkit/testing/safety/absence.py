"""Absence is concluded from complete lists only: lists that a broker cuts, and lists that an adapter cuts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from brokerkit.models import OrderRequest
from brokerkit.orders.intents import UNRESOLVED
from brokerkit.sandbox import Rule
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder
from brokerkit.sandbox.face import Purpose
from brokerkit.testing.declared import needs
from brokerkit.testing.safety.scene import ABSENT, LISTS, Outcome, SafetyContract, Scene, report
from brokerkit.words import OrderType, Side, TimeInForce

Shows = Callable[[ExchangeOrder], bool]
OTHERS = 55
"""Orders of somebody else before and behind the middle one: two times so many are more than a page of most brokers."""
KNOWN = 6
BREAKS = ("repeated_page", "repeated_key", "error_on_page", "data_changed", "day_roll")
"""How a list can break off so that it can be seen."""
FEW_LOOKS = 3
"""So many complete lists would be enough to call an order absent."""


@contextmanager
def listing_only(exchange: Exchange, shows: Shows) -> Iterator[None]:
    """Let every list of the broker show only some of the orders."""

    def rows(name: str) -> Callable[..., Sequence[ExchangeOrder]]:
        ask = getattr(exchange, name)
        return lambda *given: [row for row in ask(*given) if shows(row)]

    page = exchange.page

    def of_page(*given: Any, wanted: Shows = lambda row: True, **named: Any) -> Any:
        return page(*given, wanted=lambda row: shows(row) and wanted(row), **named)

    with replaced(exchange, page=of_page, **{name: rows(name) for name in ("orders", "open_orders", "history")}):
        yield


@contextmanager
def listing_of(exchange: Exchange, day: dt.date) -> Iterator[None]:
    """Let the lists of today show another day."""
    page, history = exchange.page, exchange.history

    def of_page(*given: Any, days: Any = None, working: bool = False, **named: Any) -> Any:
        return page(*given, days=(day, day), working=working, **named)

    whole = {"orders": lambda account: history(account, day, day), "open_orders": lambda account: []}
    with replaced(exchange, page=of_page, history=lambda account, start, end: history(account, day, day), **whole):
        yield


@contextmanager
def replaced(exchange: Exchange, **methods: Callable[..., Any]) -> Iterator[None]:
    """Put other methods in the place of some of the exchange's."""
    for name, method in methods.items():
        setattr(exchange, name, method)
    try:
        yield
    finally:
        for name in methods:
            delattr(exchange, name)


def absent(scene: Scene, outcomes: Sequence[Outcome], how: str) -> list[str]:
    """Return which orders that stand are called absent."""
    return [
        f"{how}: order {scene.rows_of(each)[0].number} stands, and it is {scene.entry(each).state}: "
        f"{scene.entry(each).evidence[-1]}. {LISTS}"
        for each in outcomes
        if scene.entry(each).state in ABSENT
    ]


def not_found(scene: Scene, outcomes: Sequence[Outcome]) -> list[str]:
    """Return which orders the lists do not show as they stand."""
    return [line for outcome in outcomes for line in scene.wrong_in_the_end(outcome)]


class AbsenceContract(SafetyContract):
    """An order that stands is never called absent."""

    @needs("order", "reconcile")
    def test_an_order_that_stands_is_never_presumed_absent_by_lists_that_lack_others(self, scene: Scene) -> None:
        first = scene.lost()
        known = [scene.number_of(scene.buy().id) for _ in range(KNOWN // 2)]
        middle = scene.lost()
        known += [scene.number_of(scene.buy().id) for _ in range(KNOWN // 2)]
        lost = [first, middle, scene.lost()]
        shown = {
            "an empty list": set(),
            "a list cut to its first row": {known[0]},
            "a list cut to its last row": {known[-1]},
            "a list that lacks a page": set(known[: KNOWN // 2]),
            "a list that begins with its second page": set(known[KNOWN // 2 :]),
            "a list that lacks one row more": set(known[1:]),
        }
        lines = []
        for how, numbers in shown.items():
            with listing_only(scene.exchange, lambda row: row.number in numbers):  # noqa: B023 - used at once
                scene.look(FEW_LOOKS)
            lines += absent(scene, lost, how)
        with listing_of(scene.exchange, self.day_before(scene.exchange.today)):
            scene.look(FEW_LOOKS)
        lines += absent(scene, lost, "the list of the day before")
        scene.look()
        lines += not_found(scene, lost)
        assert not lines, report(lines)

    @needs("order", "reconcile")
    def test_an_order_is_found_wherever_it_stands_in_a_list_of_many_pages(self, scene: Scene) -> None:
        first, others = scene.lost(), strangers(scene)
        middle, more = scene.lost(), strangers(scene)
        lost = [first, middle, scene.lost(), scene.lost(fills=True)]
        scene.look(2)
        found = scene.broker.reconcile()
        lines = absent(scene, lost, "a list of many pages") + not_found(scene, lost)
        told = {scene.number_of(order.id) for order in found.foreign}
        if missing := sorted({*others, *more} - told):
            lines.append(
                f"The list that reconcile reads lacks {len(missing)} of {len(others) + len(more)} orders, number "
                f"{missing[0]} first, so it can prove no absence. {LISTS}"
            )
        assert not lines, report(lines)

    @needs("order", "reconcile")
    def test_a_list_that_breaks_off_calls_nothing_absent(self, scene: Scene) -> None:
        strangers(scene, 2 * OTHERS)
        lost, lines = [scene.lost()], list[str]()
        for kind in BREAKS:
            scene.faults.add(Rule(kind, on=Purpose.LISTING))
            scene.look(FEW_LOOKS)
            lines += absent(scene, lost, f"a list with {kind}")
            scene.faults.clear()
        scene.look(2)
        lines += not_found(scene, lost)
        assert not lines, report(lines)

    @needs("order", "reconcile")
    def test_a_row_that_stands_twice_in_a_list_is_one_order(self, scene: Scene) -> None:
        lost = [scene.lost() for _ in range(3)]
        scene.faults.add(Rule("duplicate_row", on=Purpose.LISTING))
        scene.look()
        lines = absent(scene, lost, "a list with a row twice")
        scene.faults.clear()
        scene.look()
        lines += not_found(scene, lost)
        assert not lines, report(lines)

    @needs("order", "reconcile")
    def test_a_row_that_comes_late_is_waited_for(self, scene: Scene) -> None:
        outcome = scene.lost()
        number = scene.rows_of(outcome)[0].number
        lines: list[str] = []
        with listing_only(scene.exchange, lambda row: row.number != number):
            while not lines and scene.is_on_its_way(outcome):
                lines = absent(scene, [outcome], "a list that shows an order late, within settle_seconds")
                scene.look(1, 0.3)
        scene.look()
        entry = scene.entry(outcome)
        if entry.state in UNRESOLVED | ABSENT:
            lines.append(f"Order {number} shows in the list at last, and the journal says {entry.state}. {LISTS}")
        assert not lines, report(lines)

    @needs("order", "reconcile")
    def test_lists_that_may_lack_orders_prove_no_absence(self, scene: Scene) -> None:
        outcome = scene.lost()
        unclear = scene.face.environment in scene.face.lists_lack_orders
        with listing_only(scene.exchange, lambda row: False):
            scene.look()
        lines = absent(scene, [outcome], "an environment whose lists may stay empty") if unclear else []
        if wrongly := scene.part.lists_prove_absence & scene.face.lists_lack_orders:
            names = ", ".join(sorted(wrongly))
            lines.append(
                f"lists_prove_absence names {names}, where the lists of this broker may lack orders that stand."
            )
        assert not lines, report(lines)


def strangers(scene: Scene, count: int = OTHERS) -> list[int]:
    """Place orders of somebody else's, and return their numbers."""
    symbol = scene.symbol()
    request = OrderRequest(
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal(1),
        type=OrderType.LIMIT,
        price=scene.price(symbol),
        time_in_force=TimeInForce.DAY,
    )
    return [scene.exchange.submit(scene.account, request).number for _ in range(count)]
