"""Guard mutants: each guard switched off in turn. The state machine, or a story made for it, has to notice."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

from brokerkit.errors import IncompleteListing, NotSent
from brokerkit.orders import attempt, journal, reconcile, storage
from brokerkit.orders.desk import OrderDesk
from brokerkit.orders.intents import Intent
from brokerkit.orders.journal import Journal
from brokerkit.orders.owner import Owner
from brokerkit.orders.reconcile import Reconciler
from brokerkit.transport import Client
from brokerkit.transport.permits import Permit
from brokerkit.words import Side
from proof.figures import Figure, say
from proof.invariants import Conditions, Violation
from proof.machine import play
from proof.model_exchange import Fault, Lists
from proof.world import SYMBOLS, World, stage

RULES = 10_000
"""Rules of the machine for one mutant, if no story finds it."""
SYMBOL = SYMBOLS[0]
Patch = Any


# The guards, switched off


def mutex_off() -> list[Patch]:
    """Let orders of one symbol and side leave beside each other."""
    return [
        mock.patch.object(OrderDesk, "_wait_for_turn", return_value=None),
        mock.patch.object(Intent, "mutex", property(lambda _: None)),
    ]


def journaled_numbers_taken() -> list[Patch]:
    """Match rows whose numbers the journal has already, and let two intents have one number."""
    tables = storage._TABLES.replace("CREATE UNIQUE INDEX one_number", "CREATE INDEX one_number")
    return [
        mock.patch.object(storage, "_TABLES", tables),
        mock.patch.object(Journal, "explained", return_value=frozenset()),
    ]


def journaled_filter_off() -> list[Patch]:
    """Match rows whose numbers the journal has already; only the index is left to stop it."""
    return [mock.patch.object(Journal, "explained", return_value=frozenset())]


def number_index_off() -> list[Patch]:
    """Believe an answer whose number is that of another order."""
    tables = storage._TABLES.replace("CREATE UNIQUE INDEX one_number", "CREATE INDEX one_number")
    return [mock.patch.object(storage, "_TABLES", tables)]


def _with_terms(**changed: Any) -> list[Patch]:
    real = reconcile.judge

    def judge(intent: Any, free: Any, rivals: Any, terms: Any, now: Any, **known: Any) -> Intent:
        return real(intent, free, rivals, replace(terms, **changed), now, **known)

    return [mock.patch.object(reconcile, "judge", judge)]


def absent_without_settle() -> list[Patch]:
    """Presume absent without waiting."""
    return _with_terms(settle=dt.timedelta(0))


def absent_without_proof() -> list[Patch]:
    """Presume absent where lists prove nothing."""
    return _with_terms(proves_absence=True)


def exact_without_word() -> list[Patch]:
    """Call matches exact though nobody declared the account exclusive."""
    return _with_terms(exclusive=True)


def absent_after_one_list() -> list[Patch]:
    """Presume absent after a single list."""
    return [mock.patch.object(reconcile, "LISTS", 1)]


def one_snapshot() -> list[Patch]:
    """Match with what one list shows."""
    return [mock.patch.object(reconcile, "APART", dt.timedelta(0))]


def rivals_not_asked() -> list[Patch]:
    """Match without asking whether the row could be another attempt's."""
    real = reconcile.judge

    def judge(intent: Any, free: Any, rivals: Any, terms: Any, now: Any, **known: Any) -> Intent:
        return real(intent, free, (), terms, now, **known)

    return [mock.patch.object(reconcile, "judge", judge)]


def presumed_forgotten() -> list[Patch]:
    """Never look again at what was presumed absent."""
    real = reconcile.judge

    def judge(intent: Any, *rest: Any, **known: Any) -> Intent:
        return intent if intent.state is reconcile._PRESUMED else real(intent, *rest, **known)

    return [mock.patch.object(reconcile, "judge", judge)]


def short_lists_taken() -> list[Patch]:
    """Take what came of a list for the whole."""
    real = Reconciler.__init__

    def init(self: Reconciler, journal: Any, rows_of: Callable[[dt.date], Iterable[Any]], **known: Any) -> None:
        def rows(day: dt.date) -> Iterator[Any]:
            try:
                yield from rows_of(day)
            except IncompleteListing:
                return

        real(self, journal, rows, **known)

    return [mock.patch.object(Reconciler, "__init__", init)]


def contradictions_taken() -> list[Patch]:
    """Take lists that contradict themselves, or that midnight went through."""
    return [mock.patch.object(reconcile, "checked", lambda rows, *_: tuple({row.key: row for row in rows}.values()))]


def permit_twice() -> list[Patch]:
    """Let a second request leave with one permit."""

    def use(self: Permit) -> None:
        if not self.used:
            self._leave()
        self.used = True

    return [mock.patch.object(Permit, "use", use)]


def not_written_down() -> list[Patch]:
    """Send before anything is written down."""
    return [mock.patch.object(Permit, "use", lambda self: setattr(self, "used", True))]


def kill_switch_off() -> list[Patch]:
    """Do not ask the kill switch."""
    return [mock.patch.object(attempt, "check_halt", return_value=None)]


def counters_off() -> list[Patch]:
    """Do not compare the counters with the limits."""
    return [mock.patch.object(journal, "check_counters", return_value=None)]


def sending_left() -> list[Patch]:
    """Leave what a dead process was sending as it is."""
    return [mock.patch.object(Journal, "recover", return_value=())]


def sending_taken() -> list[Patch]:
    """Call what a living process is sending unknown."""
    return [mock.patch.object(Owner, "is_alive", return_value=False)]


def silence_not_sent() -> list[Patch]:
    """Call an order not sent whenever no answer came, and believe that nothing left."""

    def fail(self: Client, endpoint: Any, failure: Any) -> None:
        self._threads.used.sent = 0
        raise NotSent(failure.words)

    return [mock.patch.object(Client, "_fail", fail)]


def all_refusals_definite() -> list[Patch]:
    """Take every refusal for a proof."""
    return [mock.patch("proof.model_broker.ModelClient.is_definite", return_value=True)]


def start_gate_off() -> list[Patch]:
    """Send new orders while those of an earlier run are not known."""
    return [mock.patch.object(OrderDesk, "_start", return_value=None)]


def risk_taken_unasked() -> list[Patch]:
    """Send again what may stand, though nobody accepted the risk."""
    real = OrderDesk.resubmit

    def resubmit(self: OrderDesk, intent: Any, write: Any, *, accept_risk: bool) -> Any:
        return real(self, intent, write, accept_risk=True)

    return [mock.patch.object(OrderDesk, "resubmit", resubmit)]


# Stories for what the machine meets too seldom


def a_second_attempt_is_not_the_first(world: World) -> None:
    """The first attempt is presumed absent and comes after all; the second one was lost."""
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.VANISHED)
    for _ in range(4):
        world.pass_time(30)
        world.reconcile(0)
    world.resubmit(0, world.invariants.intents[0], accept_risk=False, fault=Fault.LOST)
    world.finish()


def what_is_journaled_explains_itself(world: World) -> None:
    """The first attempt never stood; the second one, sent at the caller's risk, is not it."""
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.VANISHED)
    world.look(0)
    world.resubmit(0, world.invariants.intents[0], accept_risk=True)
    world.finish()


def two_lists_are_not_enough(world: World) -> None:
    """One list at once, one after the settle time."""
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.VANISHED)
    world.reconcile(0)
    world.pass_time(60)
    world.reconcile(0)


def a_living_process_is_left_alone(world: World) -> None:
    """Another process looks while an order is on its way."""
    world.rival = lambda: world.reconcile(1)
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.RIVAL)
    world.finish()


def lists_that_break_off_call_nothing_absent(world: World) -> None:
    """The only order of the day stands, its answer was lost, and every list breaks off before it."""
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.LOST)
    for _ in range(4):
        world.pass_time(30)
        world.reconcile(0, Lists.SHORT)
    world.finish()


@dataclass(frozen=True)
class Story:
    """A course of events, and the conditions under which it shows something."""

    tell: Callable[[World], None]
    conditions: Conditions = field(default_factory=Conditions)

    def breach(self) -> str:
        """Tell it, and return what was wrong."""
        with stage():
            world = World(self.conditions)
            try:
                self.tell(world)
            except Violation as violation:
                return str(violation)
            finally:
                world.close()
        return ""


STORIES = {
    "rivals_not_asked": Story(a_second_attempt_is_not_the_first),
    "journaled_filter_off": Story(what_is_journaled_explains_itself, Conditions(degraded=True)),
    "absent_after_one_list": Story(two_lists_are_not_enough),
    "sending_taken": Story(a_living_process_is_left_alone),
    "short_lists_taken": Story(lists_that_break_off_call_nothing_absent),
}
MUTANTS: tuple[Callable[[], list[Patch]], ...] = (
    *(mutex_off, journaled_numbers_taken, journaled_filter_off, number_index_off, absent_without_settle),
    *(absent_without_proof, exact_without_word, absent_after_one_list, one_snapshot, rivals_not_asked),
    *(presumed_forgotten, short_lists_taken, contradictions_taken, permit_twice, not_written_down, kill_switch_off),
    *(counters_off, sending_left, sending_taken, silence_not_sent, all_refusals_definite, start_gate_off),
    risk_taken_unasked,
)


@contextmanager
def mutated(mutant: Callable[[], list[Patch]]) -> Iterator[None]:
    """Switch a guard off."""
    patches = mutant()
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def fate(name: str) -> tuple[str, str]:
    """Return what noticed the mutant of that name, and the breach; empty if nothing did."""
    mutant = next(each for each in MUTANTS if each.__name__ == name)
    story = STORIES.get(name)
    with mutated(mutant):
        if story is not None and (breach := story.breach()):
            return "story", breach
        # What one search misses another may find: a rare fault has to come at the right moment.
        found = (play(seed, rules, shrink=False)[1] for seed, rules in ((1, RULES * 6 // 10), (1, RULES), (2, RULES)))
        breach = next(filter(None, found), "")
    return ("machine", breach.splitlines()[0]) if breach else ("", "")


def run(release: bool) -> list[Figure]:
    """Return how many mutants were noticed, and that the stories find nothing in the library as it is."""
    names = [mutant.__name__ for mutant in MUTANTS]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        fates = dict(zip(names, pool.map(fate, names), strict=True))
    for name, (by, breach) in fates.items():
        say(f"mutant {name}: {by or 'NOT NOTICED'} {breach}")
    alive = [name for name, (by, _) in fates.items() if not by]
    breaches = [breach for story in STORIES.values() if (breach := story.breach())]
    killed = f"{len(names) - len(alive)} of {len(names)}" + (f"; alive: {', '.join(alive)}" if alive else "")
    return [
        Figure("guard mutants noticed", killed, "all", not alive),
        Figure("breaches that their stories find without them", f"{len(breaches)} {breaches[:1]}", "0", not breaches),
    ]
