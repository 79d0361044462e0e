"""The sentences of docs/order-safety.md, each tried at both simulated brokers."""

from __future__ import annotations

import datetime as dt
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from weakref import WeakValueDictionary

import pytest
from brokerkit_kis.stocks.orders import AMEND_CANCEL as KIS_CANCEL
from brokerkit_kiwoom.stocks.orders import CANCEL as KIWOOM_CANCEL
from starlette.responses import Response

from brokerkit import Broker, NotSent, OrderBlocked, OrderRequest, OrderType, OrderUncertain, Side, files, get_broker
from brokerkit.errors import Blocked, Disarmed, Halted, InvalidRequest, JournalError, LimitExceeded
from brokerkit.orders import journal as journals
from brokerkit.orders.attempt import URGENT_SECONDS
from brokerkit.orders.desk import START_SECONDS, TURN_SECONDS
from brokerkit.orders.file import PATIENCE_SECONDS
from brokerkit.orders.halting import halt, halt_file
from brokerkit.orders.intents import Confidence, Intent, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits
from brokerkit.orders.reconcile import Trust, judge
from brokerkit.registry import SANDBOX_SETTLES
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.face import ReceivedRequest
from brokerkit.testing.inside import journal_of, settle_seconds, unchecked
from tests import forks
from tests.program import is_order

SAMSUNG, OTHER = "005930", "000660"
GETS_THROUGH, GETS_LOST = "processed_then_reset", "accept_then_reset"


@dataclass
class Stage:
    """A served sandbox, and brokers that keep their journal on disk."""

    name: str
    box: Sandbox
    faults: Faults

    def broker(self, **given: Any) -> Broker:
        """Return a broker as a new process would get it, as far as the journal on disk goes."""
        journals._files.clear()
        keys = self.box.connect(self.name)
        given.setdefault("options", {"settle_seconds": 1})
        return get_broker(
            self.name,
            environment="sandbox",
            base_url=keys.base_url,
            app_key=keys.app_key,
            app_secret=keys.app_secret,
            account=keys.account,
            **given,
        )

    @property
    def taken(self) -> int:
        """How many orders, amendments and cancellations the exchange has taken."""
        return len(self.box.exchange.orders(self.box.connect(self.name).account))

    @property
    def asked(self) -> int:
        """How many requests to place, amend or cancel came through to the broker."""
        return sum(is_order(request) for request in self.box.face(self.name).requests)

    def price(self, symbol: str = SAMSUNG) -> int:
        return int(self.box.exchange.quote(symbol).lower_limit)

    def uncertain(self, broker: Broker, kind: str, send: Callable[[], object] | None = None) -> Intent:
        """Let a fault hit the next order and return what the journal then has of it."""
        self.faults.add(Rule(kind, on="order"))
        with pytest.raises(OrderUncertain) as caught:
            (send or (lambda: broker.buy(SAMSUNG, 10, price=self.price())))()
        self.faults.clear()
        assert caught.value.intent is not None
        return caught.value.intent

    def foreign(self, symbol: str = SAMSUNG, quantity: int = 10) -> int:
        """Place an order that the journal does not know of."""
        request = OrderRequest(
            symbol=symbol, side=Side.BUY, quantity=quantity, type=OrderType.LIMIT, price=self.price(symbol)
        )
        return self.box.exchange.submit(self.box.connect(self.name).account, request).number


@pytest.fixture(params=["kis", "kiwoom"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("brokerkit.orders.desk.TOTAL_SECONDS", 0.1)
    monkeypatch.setattr("brokerkit.orders.desk.START_SECONDS", 0.0)
    monkeypatch.setattr("brokerkit.orders.reconcile.POLL_SECONDS", 0.35)
    monkeypatch.setattr("brokerkit.orders.reconcile.APART", dt.timedelta(seconds=0.3))
    faults = Faults()
    with Sandbox(faults=faults) as box:
        yield Stage(request.param, box, faults)


@pytest.fixture
def broker(stage: Stage) -> Iterator[Broker]:
    with stage.broker() as made:
        yield made


# The promise


@pytest.mark.parametrize("kind", [GETS_THROUGH, GETS_LOST, "processed_then_fin", "cut_body", "html_200", "http_502"])
@pytest.mark.parametrize("verb", ["order", "amend", "cancel"])
def test_whatever_goes_wrong_one_call_is_one_request_at_most(
    verb: str, kind: str, stage: Stage, broker: Broker
) -> None:
    placed = broker.buy(SAMSUNG, 10, price=stage.price())
    calls: dict[str, Callable[[], object]] = {
        "order": lambda: broker.buy(OTHER, 1, price=stage.price(OTHER)),
        "amend": lambda: broker.amend(placed, price=stage.price() + 100),
        "cancel": lambda: broker.cancel(placed, quantity=4),
    }
    stage.uncertain(broker, kind, calls[verb])
    assert len([entry for entry in stage.faults.log if entry.kind == kind]) == 1
    assert stage.taken <= 2


def test_an_order_stands_in_the_journal_before_the_broker_sees_it(stage: Stage, broker: Broker) -> None:
    path = journal_of(broker).path
    seen: list[tuple[Intent, ...]] = []

    def look(request: ReceivedRequest) -> Response | None:
        if is_order(request):
            seen.append(Journal(path).open_intents())
        return None

    stage.box.face(stage.name).before = look
    broker.buy(SAMSUNG, 10, price=stage.price())
    ((intent,),) = seen
    assert (intent.state, intent.symbol, intent.quantity) == (IntentState.SENDING, SAMSUNG, 10)


def test_nothing_is_sent_where_the_journal_cannot_be_written(
    stage: Stage, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(JournalError):
        broker.buy(SAMSUNG, 10, price=stage.price())
    assert stage.asked == 0


def test_a_damaged_journal_stops_orders(stage: Stage, broker: Broker) -> None:
    path = journal_of(broker).path
    assert path is not None
    assert broker.unresolved() == ()
    journal_of(broker).close()
    path.write_bytes(b"no journal" * 1000)
    with stage.broker() as again, pytest.raises(JournalError):
        again.buy(SAMSUNG, 10, price=stage.price())
    assert stage.asked == 0


def test_an_order_that_is_taken_stands_at_the_exchange_under_its_number(stage: Stage, broker: Broker) -> None:
    order = broker.buy(SAMSUNG, 10, price=stage.price())
    (row,) = stage.box.exchange.orders(stage.box.connect(stage.name).account)
    assert int(order.id) == row.number
    (intent,) = journal_of(broker).everything()
    assert (intent.state, intent.order_id) == (IntentState.ACKED, order.id)


def test_an_order_without_an_answer_names_its_entry_in_the_journal(stage: Stage, broker: Broker) -> None:
    intent = stage.uncertain(broker, GETS_LOST)
    assert broker.unresolved() == (intent,)
    assert intent.request is not None
    assert (intent.state, intent.request.symbol, intent.request.quantity) == (IntentState.UNKNOWN, SAMSUNG, 10)


def test_only_the_symbol_and_side_of_an_uncertain_order_are_blocked(stage: Stage, broker: Broker) -> None:
    broker.buy(SAMSUNG, 10, type=OrderType.MARKET)
    intent = stage.uncertain(broker, GETS_LOST)
    with pytest.raises(OrderBlocked, match=intent.id):
        broker.buy(SAMSUNG, 1, price=stage.price())
    broker.sell(SAMSUNG, 1, type=OrderType.MARKET)
    broker.buy(OTHER, 1, price=stage.price(OTHER))
    assert stage.taken == 3


def test_only_resubmit_sends_an_order_again(stage: Stage, broker: Broker) -> None:
    first = stage.uncertain(broker, GETS_THROUGH)
    with pytest.raises(OrderBlocked):
        broker.resubmit(first)
    assert stage.taken == 1
    broker.resubmit(first, accept_risk=True)
    assert stage.taken == 2
    again = [each for each in journal_of(broker).everything() if each.previous == first.id]
    assert [each.request for each in again] == [first.request]
    with pytest.raises(InvalidRequest):
        broker.resubmit(again[0])  # that one stands


def test_nothing_but_the_verbs_lets_an_order_through(stage: Stage, broker: Broker) -> None:
    endpoint = {"kis": KIS_CANCEL, "kiwoom": KIWOOM_CANCEL}[stage.name]
    with pytest.raises(Blocked):
        broker.client.call(endpoint, body={})
    assert stage.asked == 0


# What the lists prove


@pytest.mark.parametrize("exclusive", [False, True])
def test_an_order_that_two_lists_show_is_found(exclusive: bool, stage: Stage) -> None:
    with stage.broker(exclusive=exclusive) as broker:
        stage.uncertain(broker, GETS_THROUGH)
        assert broker.reconcile().decided == ()
        (found,) = broker.reconcile(wait=True, timeout=20).decided
        assert found.state is IntentState.ACKED
        assert found.confidence is (Confidence.EXACT if exclusive else Confidence.PROBABLE)
        assert stage.taken == 1
        broker.buy(SAMSUNG, 10, price=stage.price())


@pytest.mark.parametrize(("kind", "quantity"), [(GETS_THROUGH, 10), (GETS_LOST, 7)])
def test_two_orders_that_it_could_be_or_one_that_differs_leave_it_open(
    kind: str, quantity: int, stage: Stage, broker: Broker
) -> None:
    stage.uncertain(broker, kind)
    stage.foreign(quantity=quantity)
    until = time.monotonic() + 60
    (left,) = broker.reconcile(wait=True, timeout=1.5).unresolved
    while left.state is IntentState.UNKNOWN and time.monotonic() < until:  # lists of days abroad take their time
        (left,) = broker.reconcile(wait=True, timeout=1.5).unresolved
    assert left.state is IntentState.AMBIGUOUS
    with pytest.raises(OrderBlocked):
        broker.buy(SAMSUNG, 1, price=stage.price())


def test_an_order_that_no_list_shows_over_the_settle_time_is_presumed_absent(stage: Stage, broker: Broker) -> None:
    intent = stage.uncertain(broker, GETS_LOST)
    assert broker.reconcile().decided == ()
    (absent,) = broker.reconcile(wait=True, timeout=20).decided
    assert absent.state is IntentState.PRESUMED_ABSENT
    assert "not visible after" in absent.evidence[-1]
    assert sum(sighting.lists for sighting in absent.sightings) >= 3
    broker.resubmit(intent)
    assert stage.taken == 1


def test_an_absent_order_that_appears_after_all_is_told_as_late(stage: Stage) -> None:
    with stage.broker(exclusive=True) as broker:
        stage.uncertain(broker, GETS_LOST)
        broker.reconcile(wait=True, timeout=20)
        number = stage.foreign()
        broker.reconcile()
        time.sleep(0.35)
        (late,) = broker.reconcile().late
    assert late.state is IntentState.LATE
    assert int(late.order_id or 0) == number


def test_a_delay_that_was_seen_makes_the_settle_time_longer(stage: Stage, broker: Broker) -> None:
    stage.uncertain(broker, GETS_LOST)
    journal_of(broker).learn_delay(60)
    assert len(broker.reconcile(wait=True, timeout=1.8).unresolved) == 1


def test_orders_of_somebody_else_are_told_and_make_a_match_probable(stage: Stage) -> None:
    with stage.broker(exclusive=True) as broker:
        number = stage.foreign(OTHER)
        assert [int(order.id) for order in broker.reconcile().foreign] == [number]
        stage.uncertain(broker, GETS_THROUGH)
        (found,) = broker.reconcile(wait=True, timeout=20).decided
    assert found.confidence is Confidence.PROBABLE


def test_a_look_at_the_lists_sends_no_order(stage: Stage, broker: Broker) -> None:
    stage.uncertain(broker, GETS_LOST)
    asked = stage.asked
    broker.unresolved()
    broker.reconcile(wait=True, timeout=20)
    assert stage.asked == asked


@pytest.mark.parametrize("kind", ["html_200", "day_roll"])
def test_a_list_that_cannot_be_trusted_decides_nothing(kind: str, stage: Stage, broker: Broker) -> None:
    stage.uncertain(broker, GETS_THROUGH)
    stage.faults.add(Rule(kind, on="listing"))
    report = broker.reconcile(wait=True, timeout=1.2)
    assert len(report.unresolved) == 1
    assert report.decided == ()


def test_paper_trading_never_presumes_absence(stage: Stage) -> None:
    with Sandbox(environment="demo", faults=stage.faults) as box:
        demo = Stage(stage.name, box, stage.faults)
        with get_broker(stage.name, environment="sandbox", sandbox=box, options={"settle_seconds": 1}) as broker:
            demo.uncertain(broker, GETS_LOST)
            (left,) = broker.reconcile(wait=True, timeout=1.8).unresolved
    assert left.state is IntentState.UNKNOWN


def test_after_its_day_a_list_without_it_is_the_last_word(stage: Stage, broker: Broker) -> None:
    intent = stage.uncertain(broker, GETS_LOST)
    assert intent.sent_at is not None
    trust = Trust(proves_absence=True, settle=dt.timedelta(seconds=1), exclusive=False)
    tomorrow = intent.sent_at + dt.timedelta(days=1)
    once = judge(intent, [], [], trust, tomorrow, is_over=True)
    assert once.state is IntentState.UNKNOWN
    twice = judge(once, [], [], trust, tomorrow + dt.timedelta(seconds=2), is_over=True)
    assert twice.state is IntentState.ABSENT_DAY_CLOSED


def test_an_uncertain_order_is_still_known_after_a_restart(stage: Stage, broker: Broker) -> None:
    intent = stage.uncertain(broker, GETS_LOST)
    with stage.broker() as again:
        assert [each.id for each in again.unresolved()] == [intent.id]


# Amendments and cancellations


def test_a_full_cancellation_may_be_repeated_while_the_order_works(stage: Stage, broker: Broker) -> None:
    placed = broker.buy(SAMSUNG, 10, price=stage.price())
    stage.uncertain(broker, GETS_LOST, lambda: broker.cancel(placed))
    broker.cancel(placed)
    assert stage.taken == 2
    with pytest.raises(OrderBlocked):  # the order works no more
        broker.cancel(placed)


@pytest.mark.parametrize("verb", ["cancel", "amend"])
def test_a_partial_cancellation_or_an_amendment_may_not_be_repeated(verb: str, stage: Stage, broker: Broker) -> None:
    placed = broker.buy(SAMSUNG, 10, price=stage.price())
    calls: dict[str, Callable[[], object]] = {
        "cancel": lambda: broker.cancel(placed, quantity=4),
        "amend": lambda: broker.amend(placed, price=stage.price() + 100),
    }
    stage.uncertain(broker, GETS_LOST, calls[verb])
    with pytest.raises(OrderBlocked):
        calls[verb]()
    assert stage.taken == 1


# Real money


COMPLETE = {
    "max_order_quantity": 10,
    "max_order_value": 1_000_000,
    "max_orders_per_minute": 10,
    "max_orders_per_day": 100,
}
KEYS = {"app_key": "key", "app_secret": "secret", "account": "50012345-01"}


@pytest.mark.parametrize("lacking", ["arm", "wrong arm", "limits", "one limit"])
def test_real_money_needs_the_right_arm_and_four_limits(lacking: str) -> None:
    limits = {"limits": {}, "one limit": {**COMPLETE, "max_orders_per_day": None}}.get(lacking, COMPLETE)
    arm = {"arm": None, "wrong arm": "0001"}.get(lacking, "4501")
    with get_broker("kis", environment="real", arm=arm, limits=Limits.model_validate(limits), **KEYS) as broker:
        with pytest.raises(Disarmed):
            broker.buy(SAMSUNG, 1, price=60_000)
        assert list(journal_of(broker).everything()) == []


@pytest.mark.parametrize(
    "limits",
    [
        {"max_order_quantity": 9},
        {"max_order_value": 100_000},
        {"max_daily_value": 100_000},
        {"price_collar_percent": 3},
        {"symbols": [OTHER]},
    ],
    ids=lambda limits: next(iter(limits)),
)
def test_an_order_outside_a_limit_is_not_sent(limits: dict[str, Any], stage: Stage) -> None:
    with stage.broker(limits=Limits.model_validate(limits)) as broker, pytest.raises(LimitExceeded):
        broker.buy(SAMSUNG, 10, price=stage.price())
    assert stage.asked == 0


def test_an_order_without_a_price_counts_at_the_upper_limit(stage: Stage) -> None:
    quote = stage.box.exchange.quote(SAMSUNG)
    with stage.broker(limits=Limits(max_order_value=quote.upper_limit - 1)) as broker:
        with pytest.raises(LimitExceeded):
            broker.buy(SAMSUNG, 1, type=OrderType.MARKET)
        broker.buy(SAMSUNG, 1, price=stage.price())


@pytest.mark.parametrize("limit", ["max_orders_per_minute", "max_orders_per_day"])
def test_counters_outlive_a_restart_and_never_hold_up_a_cancellation(limit: str, stage: Stage) -> None:
    limits = Limits.model_validate({limit: 1})
    with stage.broker(limits=limits) as broker:
        placed = broker.buy(SAMSUNG, 10, price=stage.price())
    with stage.broker(limits=limits) as again:
        for send in (
            lambda: again.buy(OTHER, 1, price=stage.price(OTHER)),
            lambda: again.amend(placed, price=stage.price() + 100),
        ):
            with pytest.raises(LimitExceeded):
                send()
        again.cancel(placed)
    assert stage.taken == 2


# The kill switch


def test_a_switch_that_is_thrown_at_the_last_moment_still_stops_the_order(
    stage: Stage, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Journal.begin

    def thrown_after(self: Journal, intent: Intent, **known: Any) -> Intent:
        begun = begin(self, intent, **known)
        halt("too late?")
        return begun

    monkeypatch.setattr(Journal, "begin", thrown_after)
    with pytest.raises((Halted, NotSent)):
        broker.buy(SAMSUNG, 10, price=stage.price())
    assert stage.asked == 0
    assert broker.unresolved() == ()


def test_a_switch_that_cannot_be_read_stops_orders(stage: Stage, broker: Broker) -> None:
    broker.unresolved()
    halt_file().mkdir()
    with pytest.raises(Halted):
        broker.buy(SAMSUNG, 10, price=stage.price())
    assert stage.asked == 0


# After a crash

KILLED = """
import os, sys
from brokerkit import get_broker
from brokerkit.orders import desk
from brokerkit.transport import http
desk.TOTAL_SECONDS = 0.1
name, url, key, secret, account, moment = sys.argv[1:]
broker = get_broker(name, environment="sandbox", base_url=url, app_key=key, app_secret=secret, account=account)
price = broker.quote("005930").lower_limit
broker.account()
transmit = http.transmit
def die(*given, **known):
    if moment == "after":
        transmit(*given, **known)
    os.kill(os.getpid(), 9)
http.transmit = die
broker.buy("005930", 10, price=price)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_a_killed_program_was_sending_is_uncertain_until_the_list_decides(moment: str, stage: Stage) -> None:
    keys = stage.box.connect(stage.name)
    arguments = [stage.name, keys.base_url, keys.app_key, keys.app_secret, keys.account, moment]
    done = forks.run(["-c", KILLED, *arguments])
    assert done.returncode == -9
    with stage.broker() as broker:
        (intent,) = broker.unresolved()
        assert intent.state is IntentState.UNKNOWN
        (decided,) = broker.reconcile(wait=True, timeout=20).decided
    assert decided.state is (IntentState.ACKED if moment == "after" else IntentState.PRESUMED_ABSENT)
    assert stage.taken == (1 if moment == "after" else 0)


def test_after_a_restart_nothing_new_goes_before_the_old_is_settled(stage: Stage, broker: Broker) -> None:
    placed = broker.buy(OTHER, 10, price=stage.price(OTHER))
    stage.uncertain(broker, GETS_LOST)
    with stage.broker() as again:
        with pytest.raises(OrderBlocked):
            again.buy(OTHER, 1, price=stage.price(OTHER))
        again.cancel(placed)
    with stage.broker(degraded=True) as careful:
        careful.buy(OTHER, 1, price=stage.price(OTHER))
        with pytest.raises(OrderBlocked):
            careful.buy(SAMSUNG, 1, price=stage.price())
    assert stage.taken == 3


# Several programs at once


def test_orders_of_one_symbol_and_side_go_one_after_the_other(stage: Stage, broker: Broker) -> None:
    broker.account()
    present: list[int] = []
    inside, lock = set[int](), threading.Lock()

    def slow(request: ReceivedRequest) -> Response | None:
        if is_order(request):
            with lock:
                inside.add(id(request))
                present.append(len(inside))
            time.sleep(0.1)
            with lock:
                inside.discard(id(request))
        return None

    stage.box.face(stage.name).before = slow
    threads = [
        threading.Thread(target=broker.buy, args=(SAMSUNG, number), kwargs={"price": stage.price()})
        for number in (1, 2, 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert present == [1, 1, 1]
    assert stage.taken == 3


# Where the journal lies


def test_the_journal_is_private_and_holds_no_secret(stage: Stage, broker: Broker) -> None:
    stage.uncertain(broker, "success_without_number")
    path = journal_of(broker).path
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    keys = stage.box.connect(stage.name)
    content = path.read_bytes()
    assert SAMSUNG.encode() in content
    for secret in (keys.app_key, keys.app_secret, keys.account, keys.account[:8]):
        assert secret.encode() not in content


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_the_sandbox_inside_the_program_keeps_its_journal_in_memory(
    name: str, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "_in_memory", WeakValueDictionary())
    with Sandbox() as box, get_broker(name, environment="sandbox", sandbox=box) as broker:
        broker.buy(SAMSUNG, 1, price=broker.quote(SAMSUNG).lower_limit)
        assert len(list(journal_of(broker).everything())) == 1
    assert list(own_state.iterdir()) == []


def test_a_folder_of_another_machine_is_warned_of(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "_file_system", lambda folder: "nfs4")
    with stage.broker() as broker:
        broker.unresolved()
    assert "local disk" in caplog.text


def test_real_money_does_not_move_while_the_journal_lies_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_file_system", lambda folder: "nfs4")
    with get_broker("kis", environment="real", arm="4501", limits=Limits.model_validate(COMPLETE), **KEYS) as broker:
        with pytest.raises(Disarmed, match=r"network file system \(nfs4\)") as refused:
            broker.buy(SAMSUNG, 1, price=60_000)
        assert "BROKERKIT_STATE_DIR" in str(refused.value)
        assert "nfs4" in str(broker.disarmed())
        assert list(journal_of(broker).everything()) == []


@pytest.mark.parametrize(
    ("environment", "skew", "goes"), [("real", 61, 0), ("real", -61, 0), ("real", 59, 1), ("demo", 90, 1)]
)
def test_real_money_does_not_move_by_a_clock_that_is_wrong(
    environment: str, skew: float, goes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def send(*given: object, **named: object) -> NoReturn:
        asked.append(given)
        raise NotSent("the line is down")

    limits = Limits.model_validate(COMPLETE)
    with get_broker("kis", environment=environment, arm="4501", limits=limits, **KEYS) as broker:
        monkeypatch.setattr(broker.client, "call", send)
        broker.client.skew = skew
        with unchecked(broker), pytest.raises(NotSent, match="the line is down" if goes else "clock of this machine"):
            broker.buy(SAMSUNG, 1, price=60_000)
        assert len(asked) == len(list(journal_of(broker).everything())) == goes


def test_the_times_that_the_page_names_are_those_of_the_code() -> None:
    page = (Path(__file__).parent.parent / "docs" / "order-safety.md").read_text(encoding="utf-8")
    for name in ("kis", "kiwoom"):
        assert f"{settle_seconds(name):g} seconds at KIS and Kiwoom" in page
    assert f"{SANDBOX_SETTLES:g} in the sandbox" in page
    assert URGENT_SECONDS * 2 == 1
    assert PATIENCE_SECONDS == TURN_SECONDS == 20
    assert START_SECONDS == 3
    assert "after three seconds" in page
