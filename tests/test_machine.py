"""The state machine of the proof, in short, and stories that it told: what it found stays found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brokerkit.models import Order
from brokerkit.orders.intents import IntentState
from brokerkit.words import Side
from proof.machine import play
from proof.model_exchange import Fault
from proof.mutants import MUTANTS, STORIES, Story, fate
from proof.world import SYMBOLS, World, stage

SYMBOL = SYMBOLS[0]


@pytest.fixture
def world() -> Iterator[World]:
    """Return a world of an exclusive account whose lists prove absence."""
    with stage():
        world = World(Story(lambda _: None).conditions)
        yield world
        world.close()


def state_of(world: World, number: int) -> IntentState:
    return world.invariants.intents[number].state


def test_some_hundred_rules_find_nothing() -> None:
    rules, breach = play(3, 600)

    assert (rules >= 600, breach) == (True, "")


def test_a_guard_that_is_switched_off_is_noticed_by_the_machine() -> None:
    assert fate("mutex_off")[0] == "machine"


@pytest.mark.parametrize("name", STORIES)
def test_a_story_finds_its_mutant_and_nothing_else(name: str) -> None:
    assert STORIES[name].breach() == ""
    assert fate(name)[0] == "story"


def test_every_story_is_that_of_a_mutant() -> None:
    assert set(STORIES) <= {mutant.__name__ for mutant in MUTANTS}


def test_the_row_of_a_full_cancellation_is_not_matched_with_a_partial_one_of_as_many_shares(world: World) -> None:
    order = world.submit(0, SYMBOL, Side.BUY, 1)
    assert isinstance(order, Order)
    world.cancel(0, order, 1, fault=Fault.CRASH_UNSENT)
    world.cancel(0, order, fault=Fault.INDEFINITE_STANDS)

    world.pass_time(2)
    world.reconcile(0, wait=True)

    assert (state_of(world, 1), state_of(world, 2)) == (IntentState.AMBIGUOUS, IntentState.AMBIGUOUS)


def test_the_row_of_an_order_that_is_just_being_sent_is_not_a_late_one(world: World) -> None:
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.VANISHED)
    for _ in range(4):
        world.pass_time(30)
        world.reconcile(0)
    assert state_of(world, 0) is IntentState.PRESUMED_ABSENT
    world.rival = lambda: world.look_twice(1)

    answer = world.resubmit(0, world.invariants.intents[0], accept_risk=False, fault=Fault.RIVAL)

    assert isinstance(answer, Order)
    assert (state_of(world, 0), state_of(world, 1)) == (IntentState.PRESUMED_ABSENT, IntentState.ACKED)


def test_a_night_without_a_look_is_no_delay_of_the_list(world: World) -> None:
    world.exchange.lag = 30
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.LOST)
    world.reconcile(0)
    world.next_day()
    world.reconcile(0)
    world.pass_time(2)
    world.reconcile(0)

    assert state_of(world, 0) is IntentState.ACKED
    assert world.processes[0].journal.longest_delay() < 60


def test_a_list_that_shows_an_order_too_late_to_fit_does_not_lack_it(world: World) -> None:
    world.exchange.delay = 60
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.LATE)
    world.pass_time(1_000)
    world.reconcile(0)  # it is there, and too late to be taken for the intent
    world.resolve(0, world.invariants.intents[0], absent=True)
    for _ in range(2):
        world.pass_time(2)
        world.reconcile(0)

    assert state_of(world, 0) is IntentState.LATE
    assert world.processes[0].journal.longest_delay() < 100


def test_the_risk_that_the_caller_accepts_lets_a_second_order_leave(world: World) -> None:
    world.submit(0, SYMBOL, Side.BUY, 1, fault=Fault.LOST)

    answer = world.resubmit(0, world.invariants.intents[0], accept_risk=True)

    assert isinstance(answer, Order)
    assert len(world.exchange.placed) == 2
