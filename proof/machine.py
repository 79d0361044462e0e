"""The state machine: random users, faults, crashes and lists; the invariants hold after every step."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from brokerkit.orders.intents import Intent, IntentKind
from brokerkit.orders.limits import Limits
from brokerkit.words import Side
from proof.figures import Figure, at_least, none
from proof.invariants import Conditions, Violation
from proof.model_exchange import Fault, Lists
from proof.world import PRICES, SYMBOLS, World, open_orders, stage

STEPS = 50
"""Rules of one world."""
RULES = {False: 100_000, True: 1_000_000}
WORKERS = 2
PROCESSES = st.sampled_from((0, 0, 0, 1))
FAULTS = st.one_of(st.just(Fault.NONE), st.sampled_from(Fault))
SIDES = st.sampled_from(Side)
QUANTITIES = st.integers(1, 2)
PICKS = st.integers(0, 30)
LIMITS = (
    *(Limits(), Limits(), Limits(max_orders_per_minute=3), Limits(max_orders_per_day=5)),
    Limits(max_daily_value=Decimal(500_000)),
)


class Machine(RuleBasedStateMachine):
    """One world with two processes."""

    rules_run = 0

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    @initialize(
        exclusive=st.booleans(),
        proves_absence=st.sampled_from((True, True, False)),
        degraded=st.booleans(),
        settle=st.sampled_from((5.0, 20.0)),
        limits=st.sampled_from(LIMITS),
    )
    def begin(self, exclusive: bool, proves_absence: bool, degraded: bool, settle: float, limits: Limits) -> None:
        self.world = World(Conditions(exclusive, proves_absence, degraded, settle, limits))

    def _step(self) -> World:
        assert self.world is not None  # noqa: S101 - `begin` comes first
        type(self).rules_run += 1
        return self.world

    @rule(
        process=PROCESSES,
        symbol=st.sampled_from(SYMBOLS),
        side=SIDES,
        quantity=QUANTITIES,
        fault=FAULTS,
        delay=st.sampled_from((3.0, 15.0, 40.0, 200.0)),
        lag=st.sampled_from((0.0, 0.0, 3.0, 60.0)),
        rival=st.sampled_from(("looks", "buys", "sells")),
    )
    def submit(
        self,
        process: int,
        symbol: str,
        side: Side,
        quantity: int,
        fault: Fault,
        delay: float,
        lag: float,
        rival: str,
    ) -> None:
        world = self._step()
        world.exchange.delay, world.exchange.lag = delay, lag
        if rival == "looks":
            world.rival = lambda: world.look_twice(1 - process)
        else:
            rival_side = Side.BUY if rival == "buys" else Side.SELL
            world.rival = lambda: world.submit(1 - process, symbol, rival_side, quantity)
        world.submit(process, symbol, side, quantity, fault=fault)

    @precondition(lambda self: self.world is not None and bool(open_orders(self.world)))
    @rule(process=PROCESSES, pick=PICKS, price=st.sampled_from(PRICES), fault=FAULTS)
    def amend(self, process: int, pick: int, price: Decimal, fault: Fault) -> None:
        world = self._step()
        orders = open_orders(world)
        world.amend(process, orders[pick % len(orders)], price, fault)

    @precondition(lambda self: self.world is not None and bool(open_orders(self.world)))
    @rule(process=PROCESSES, pick=PICKS, part=st.booleans(), fault=FAULTS)
    def cancel(self, process: int, pick: int, part: bool, fault: Fault) -> None:
        world = self._step()
        orders = open_orders(world)
        world.cancel(process, orders[pick % len(orders)], 1 if part else None, fault)

    @rule(process=PROCESSES, lists=st.one_of(st.just(Lists.COMPLETE), st.sampled_from(Lists)), wait=st.booleans())
    def reconcile(self, process: int, lists: Lists, wait: bool) -> None:
        self._step().reconcile(process, lists, wait=wait)

    @rule(seconds=st.sampled_from((0.5, 1.5, 6.0, 20.0, 70.0)))
    def pass_time(self, seconds: float) -> None:
        self._step().pass_time(seconds)

    @rule(process=PROCESSES, clean=st.booleans())
    def restart(self, process: int, clean: bool) -> None:
        self._step().restart(process, clean=clean)

    @precondition(lambda self: self.world is not None and not self.world.conditions.exclusive)
    @rule(symbol=st.sampled_from(SYMBOLS), side=SIDES, quantity=QUANTITIES)
    def foreign(self, symbol: str, side: Side, quantity: int) -> None:
        self._step().foreign(symbol, side, quantity, PRICES[0])

    def _picked(self, pick: int) -> Intent | None:
        assert self.world is not None  # noqa: S101 - as above
        intents = [each for each in self.world.invariants.intents if each.kind is IntentKind.ORDER]
        return intents[-1 - pick % len(intents)] if intents else None

    @rule(process=PROCESSES, pick=st.integers(0, 5), risk=st.booleans(), fault=FAULTS)
    def resubmit(self, process: int, pick: int, risk: bool, fault: Fault) -> None:
        world = self._step()
        if (intent := self._picked(pick)) is not None:
            world.resubmit(process, intent, accept_risk=risk, fault=fault)

    @rule(process=PROCESSES, pick=st.integers(0, 5), absent=st.booleans())
    def resolve(self, process: int, pick: int, absent: bool) -> None:
        world = self._step()
        if (intent := self._picked(pick)) is not None:
            world.resolve(process, intent, absent=absent)

    @rule(on=st.sampled_from((True, False, False)))
    def switch(self, on: bool) -> None:
        self._step().halt(on)

    @rule()
    def next_day(self) -> None:
        self._step().next_day()

    def teardown(self) -> None:
        """Look until all is decided that can be, unless something was wrong already."""
        if self.world is not None:
            try:
                self.world.finish()
            finally:
                self.world.close()
                self.world = None


def play(number: int, rules: int, *, shrink: bool = True) -> tuple[int, str]:
    """Run so many rules from one seed; return how many there were, and the first breach, if there was one."""

    class Played(Machine):
        """A machine that counts for itself."""

    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    conditions = settings(
        max_examples=max(1, rules // STEPS // 2),  # a world often goes on for longer
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    breach = ""
    with stage():
        while Played.rules_run < rules and not breach:
            before = Played.rules_run
            try:
                run_state_machine_as_test(seed(number)(Played), settings=conditions)
            except Violation as violation:
                breach = f"{violation}\n" + "\n".join(getattr(violation, "__notes__", ()))
            number += 1_000_003
            if Played.rules_run == before:
                break
    return Played.rules_run, breach


def run(release: bool) -> list[Figure]:
    """Return how many rules were run, and the first breach."""
    each = RULES[release] // WORKERS
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        results = list(pool.map(play, range(1, WORKERS + 1), [each] * WORKERS))
    return [
        at_least("rules of the state machine", sum(rules for rules, _ in results), RULES[release]),
        none("breaches that it found", [breach for _, breach in results if breach]),
    ]
