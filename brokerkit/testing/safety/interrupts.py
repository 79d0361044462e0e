"""Interrupts at every line of an adapter's own code while an order is sent: exchange, journal and words agree."""

from __future__ import annotations

import dis
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from brokerkit.broker import Broker
from brokerkit.errors import MAY_STAND, NOT_SENT, OrderUncertain
from brokerkit.models import Order
from brokerkit.orders.intents import UNRESOLVED, Intent, IntentState
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import entries_after
from brokerkit.testing.safety.faults import dearer
from brokerkit.testing.safety.scene import LEFT, SafetyContract, Scene, report

ON_ITS_WAY_SECONDS = 0.3
"""So long an order that has left may take to arrive after its call was interrupted."""
CAUGHT = "Let no hook catch BaseException, nor answer, refuse or send again where a call was interrupted."
LINES = 400
"""More lines than a hook of an order runs through."""


class Tracer:
    """Raises an error at the k-th line of some files that a call runs through."""

    def __init__(self, number: int, error: BaseException, roots: Sequence[str]) -> None:
        self._left = number
        self._error = error
        self._roots = tuple(roots)
        self.place = ""
        """Where it raised; blank: the call was over before."""

    def watch(self, call: Callable[[], object]) -> None:
        """Call, and raise on the way."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            call()
        finally:
            sys.settrace(before)

    def _called(self, frame: FrameType, event: str, _: object) -> Any:
        return self._line if frame.f_code.co_filename.startswith(self._roots) else None

    def _line(self, frame: FrameType, event: str, _: object) -> Any:
        if event != "line" or _leaves_a_block(frame):
            return self._line
        self._left -= 1
        if self._left == 0:
            self.place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            sys.settrace(None)
            raise self._error
        return self._line


def _leaves_a_block(frame: FrameType) -> bool:
    """Say whether this is the second time that a line with `with` is reached: Python takes no signal there."""
    names = [dis.opname[each] for each in frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 10 : 2]]
    if names[0] == "SWAP":  # a value is about to be returned
        names = names[1:]
    return names[:3] == ["LOAD_CONST"] * 3 and names[3] in ("PRECALL", "CALL")


def told_by(outcome: BaseException | None) -> set[str]:
    """Return what an exception, or the one that it came upon, says of the order."""
    told: set[str] = set()
    while outcome is not None:
        told |= set(getattr(outcome, "__notes__", ())) & {MAY_STAND, NOT_SENT}
        if isinstance(outcome, OrderUncertain):
            told.add(MAY_STAND)
        outcome = outcome.__context__
    return told


def contradictions(
    broker: Broker, rows: Sequence[ExchangeOrder], entries: Sequence[Intent], outcome: BaseException | None
) -> Iterator[str]:
    """Yield how exchange, journal and words contradict each other after an interrupt, which is the `outcome`."""
    states, told = [each.state for each in entries], told_by(outcome)
    if len(rows) > 1 or len(entries) > 1:
        yield f"{len(rows)} orders and {len(entries)} entries"
    if IntentState.SENDING in states:
        yield "left as SENDING"
    if rows and (not states or states[0] in LEFT):
        yield f"order {rows[0].number} stands, the journal says {[str(each) for each in states]}"
    if rows and outcome is not None and MAY_STAND not in told:
        yield f"order {rows[0].number} stands, and {outcome!r} says {told}"
    if not rows and states and states[0] is IntentState.ACKED:
        yield f"nothing stands, the journal says {[str(each) for each in states]}"
    shown = {intent.id for intent in broker.unresolved()}
    if any(each.state in UNRESOLVED and each.id not in shown for each in entries):
        yield "an entry that is not known is not shown"


def arrived(rows: Callable[[], Sequence[ExchangeOrder]], entries: Sequence[Intent]) -> Sequence[ExchangeOrder]:
    """Return what the exchange got, after what is on its way has had time to arrive."""
    sent = [each for each in entries if each.sent_bytes != 0]
    waits = bool(sent) and sent[0].state is not IntentState.ACKED
    deadline = time.monotonic() + (ON_ITS_WAY_SECONDS if waits else 0.0)
    while not rows() and time.monotonic() < deadline:
        time.sleep(0.01)
    return rows()


def own_files(broker: Broker) -> tuple[str, ...]:
    """Return how the paths of an adapter's own files begin: what lies beside the modules of its classes."""
    kinds = [type(broker.adapter), type(broker.client), *(type(part) for part in broker.adapter.served.values())]
    names = {base.__module__ for kind in kinds for base in kind.__mro__} - set(sys.stdlib_module_names) - {"builtins"}
    modules = [sys.modules[name] for name in names if not name.startswith("brokerkit.")]
    told = [(getattr(module, "__file__", None), module.__package__) for module in modules]  # a prompt has no file
    files = [(Path(file), package) for file, package in told if file]
    return tuple(sorted({f"{file.parent}{os.sep}" if package else str(file) for file, package in files}))


class InterruptContract(SafetyContract):
    """Ctrl-C, wherever it comes in an adapter's code."""

    @needs("order")
    def test_an_interrupt_at_any_line_of_an_order_leaves_what_it_says(self, quiet: Scene) -> None:
        symbol = quiet.symbol()

        def order() -> Callable[[], Order]:
            return partial(quiet.buy, symbol)

        lines = interrupted_everywhere(quiet, "order", order)
        assert not lines, report(lines)

    @needs("amend")
    def test_an_interrupt_at_any_line_of_an_amendment_leaves_what_it_says(self, quiet: Scene) -> None:
        symbol = quiet.symbol()
        price = dearer(quiet, symbol)

        def amend() -> Callable[[], Order]:
            return partial(quiet.broker.amend, quiet.buy(symbol), price=price)

        lines = interrupted_everywhere(quiet, "amendment", amend)
        assert not lines, report(lines)

    @needs("cancel")
    def test_an_interrupt_at_any_line_of_a_cancellation_leaves_what_it_says(self, quiet: Scene) -> None:
        symbol = quiet.symbol()

        def cancel() -> Callable[[], Order]:
            return partial(quiet.broker.cancel, quiet.buy(symbol))

        lines = interrupted_everywhere(quiet, "cancellation", cancel)
        assert not lines, report(lines)


def interrupted_everywhere(scene: Scene, verb: str, prepared: Callable[[], Callable[[], Order]]) -> list[str]:
    """Interrupt a call at each line of the adapter's own code, and return what is wrong afterwards."""
    prepared()()  # what is asked for once is known now
    roots, lines, lost = own_files(scene.broker), list[str](), list[str]()
    newest = ""
    for number in range(1, LINES):
        call, before = prepared(), len(scene.rows())
        newest = max((each.id for each in entries_after(scene.broker, newest)), default=newest)
        tracer = Tracer(number, KeyboardInterrupt(), roots)
        outcome = outcome_of(partial(tracer.watch, call))
        if not tracer.place:
            break
        entries = entries_after(scene.broker, newest)
        rows = arrived(lambda: scene.rows()[before:], entries)  # noqa: B023 - used at once
        found = contradictions(scene.broker, rows, entries, outcome)
        lines += [f"{verb}, interrupted at {tracer.place}: {words}. {CAUGHT}" for words in found]
        if not isinstance(outcome, KeyboardInterrupt):
            lost.append(f"{tracer.place}, where the call ends with {outcome!r}")
        settle(scene, rows, entries)
    if lost:
        lines.append(f"{verb}: the interrupt is lost at {len(lost)} lines, first at {lost[0]}. {CAUGHT}")
    return lines


def outcome_of(call: Callable[[], None]) -> BaseException | None:
    """Call, and return what was raised."""
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - whatever it was is compared with what stands
        return error
    return None


def settle(scene: Scene, rows: Sequence[ExchangeOrder], entries: Sequence[Intent]) -> None:
    """Decide what is open, as a person would who looks at the exchange, and let nothing stand."""
    for entry in entries:
        if entry.state not in UNRESOLVED:
            continue
        if rows:
            scene.broker.resolve(entry, order_id=scene.face.order_id(rows[-1].number))
        else:
            scene.broker.resolve(entry, absent=True, reason="not at the exchange")
    for row in scene.exchange.open_orders(scene.account):
        scene.exchange.cancel(scene.account, row.number)  # lists would grow longer with every line
