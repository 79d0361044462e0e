"""Whatever an order meets on its way: never two where one was meant, and the journal never wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from decimal import Decimal
from functools import partial

from brokerkit.errors import NotSent
from brokerkit.models import Order
from brokerkit.sandbox import Rule
from brokerkit.sandbox.face import Purpose
from brokerkit.sandbox.faults import KINDS
from brokerkit.sandbox.faults.kinds import FaultPlace
from brokerkit.testing.declared import needs
from brokerkit.testing.safety.scene import (
    GETS_LOST,
    GETS_THROUGH,
    Outcome,
    SafetyContract,
    Scene,
    report,
    short_patience,
)

SLOW = ("latency", "bandwidth", "slow_close", "slicer", "stale_keepalive")
"""What is only slow or cut up, or happens after the answer."""
SILENT = ("processed_then_silence", "unprocessed_silence", "late_acceptance", "stalled_body", "drip")
HARMFUL = [
    name
    for name, kind in KINDS.items()
    if kind.strikes is not FaultPlace.LISTING and name not in (*SLOW, "refuse") and kind.on in (None, Purpose.ORDER)
]
FEW = (
    *(GETS_THROUGH, GETS_LOST, "cut_body", "redirect_to_self", "previous_answer", "html_200", "missing_code"),
    *("success_without_number", "number_already_used", "http_500_listed_code", "http_500_unlisted", "http_502"),
)
"""Of those, what amendments and cancellations meet."""
MEASURES: Mapping[str, Mapping[str, float]] = {
    "latency": {"seconds": 0.05},
    "slow_close": {"seconds": 0.05},
    "bandwidth": {"size": 5_000},
    "late_acceptance": {"seconds": 0.6},
    "gzip_bomb": {"size": 4},
}


REFUSED_SECONDS = 60.0
"""Longer than any check: a port that opens again would let an order through on a busy machine."""


def played(scene: Scene, kind: str, symbol: str, call: Callable[[], Order], verb: str) -> Outcome:
    """Let a call meet a fault."""
    with short_patience() if kind in SILENT else nullcontext():
        return scene.meets(kind, symbol, call, what=f"{verb}, {kind}", **MEASURES.get(kind, {}))


def wrongs(scene: Scene, outcomes: list[Outcome]) -> list[str]:
    """Return what is wrong at once, and after the lists have had their time."""
    scene.arrived()
    lines = [line for outcome in outcomes for line in scene.wrongs(outcome)]
    if scene.broker.supports("reconcile"):
        scene.look()
        lines += [line for outcome in outcomes for line in scene.wrong_in_the_end(outcome)]
    return lines


def dearer(scene: Scene, symbol: str) -> Decimal:
    """Return the price one step above that of orders which rest."""
    return scene.price(symbol) + scene.step(symbol)


class FaultContract(SafetyContract):
    """Faults of the line and of answers, and what `reconcile` makes of them."""

    @needs("order")
    def test_whatever_an_order_meets_it_ends_in_the_truth(self, scene: Scene) -> None:
        scene.buy()
        outcomes = []
        for kind in HARMFUL:
            symbol = scene.symbol()
            outcomes.append(played(scene, kind, symbol, partial(scene.buy, symbol), "order"))
        lines = wrongs(scene, outcomes)
        assert not lines, report(lines)

    @needs("amend")
    def test_whatever_an_amendment_meets_it_ends_in_the_truth(self, scene: Scene) -> None:
        outcomes = []
        for kind in FEW:
            order = scene.buy()
            price = dearer(scene, order.symbol)
            call = partial(scene.broker.amend, order, price=price)
            outcomes.append(played(scene, kind, order.symbol, call, "amend"))
        lines = wrongs(scene, outcomes)
        assert not lines, report(lines)

    @needs("cancel")
    def test_whatever_a_cancellation_meets_it_ends_in_the_truth(self, scene: Scene) -> None:
        outcomes = []
        for kind in FEW:
            order = scene.buy()
            outcomes.append(played(scene, kind, order.symbol, partial(scene.broker.cancel, order), "cancel"))
        lines = wrongs(scene, outcomes)
        assert not lines, report(lines)

    @needs("order")
    def test_an_order_that_is_only_answered_slowly_is_taken_once(self, scene: Scene) -> None:
        lines: list[str] = []
        for kind in SLOW:
            symbol = scene.symbol()
            outcome = played(scene, kind, symbol, partial(scene.buy, symbol), "order")
            lines += scene.wrongs(outcome)
            if not isinstance(outcome.told, Order):
                lines.append(f"{kind}: the answer came whole, and the call raises {outcome.told!r}.")
        assert not lines, report(lines)

    @needs("order")
    def test_an_order_that_cannot_leave_is_not_sent_and_blocks_nothing(self, scene: Scene) -> None:
        symbol = scene.symbol()
        scene.buy()  # what has to be asked before an order is known now
        scene.faults.add(Rule("refuse", on=Purpose.ORDER, times=1, seconds=REFUSED_SECONDS))
        scene.buy()
        outcome = scene.tries("order, no connection", symbol, partial(scene.buy, symbol))
        lines = list(scene.wrongs(outcome))
        if not isinstance(outcome.told, NotSent):
            lines.append(f"No byte left this machine, and the call ends with {outcome.told!r} instead of NotSent.")
        assert not scene.broker.unresolved(), "An order of which no byte left this machine is unresolved."
        assert not lines, report(lines)
