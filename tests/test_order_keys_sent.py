"""Orders with a key over the sandbox: sent once, whoever asks again, whatever became of the first try."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerkit import (
    InvalidRequest,
    NotSent,
    Order,
    OrderBlocked,
    OrderRequest,
    OrderStatus,
    OrderType,
    OrderUncertain,
    Rejected,
    Side,
    Venue,
    clock,
    halt,
    resume,
)
from brokerkit.errors import BrokerError, JournalError
from brokerkit.market.sessions import Phase
from brokerkit.orders import desk, reconcile
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.limits import Limits
from brokerkit.replies import Sent
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.testing.inside import journal_of, limit_to, look_again, start_over
from tests.fakes import Fake, FakePart
from tests.forks import Popen
from tests.journals import GETS_LOST, GETS_THROUGH, HYNIX, SAMSUNG, Trader, served
from tests.traders import BROKERS, PRICES, at_exchange, keys_of, opened
from tests.traders import Trader as Process

State = IntentState
KEY = "rebalance-2026-11-28"


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trader]:
    """Return a broker whose journal is on the disk, and whose lists settle soon."""
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(milliseconds=1))
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(desk, "START_SECONDS", 0.2)
    with served(request.param) as made:
        yield made


def buy(trader: Trader, **changes: Any) -> Order:
    given = {"price": trader.price(), "key": KEY, **changes}
    return trader.broker.buy(given.pop("symbol", SAMSUNG), given.pop("quantity", 10), **given)


def become(trader: Trader, state: State, **known: Any) -> Intent:
    """Bring the newest intent into a state."""
    newest = list(trader.journal.everything())[-1]
    return trader.journal.revise(newest.id, lambda each: each.moved(state, "for the test", **known))


# What stands is answered


def test_the_second_call_answers_the_order_that_stands(trader: Trader) -> None:
    first = buy(trader)
    again = buy(trader)
    assert trader.posts == 1
    assert (again.id, again.handle, again.status) == (first.id, first.handle, OrderStatus.WORKING)
    assert again == trader.broker.refresh(first)
    (row,) = trader.journal.everything()
    assert (row.key, row.state) == (KEY, State.ACKED)


def test_the_second_call_answers_in_another_program_and_however_it_is_worded(trader: Trader) -> None:
    first = buy(trader)
    start_over(trader.broker)
    price = trader.price()
    for again in (
        buy(trader, price=str(price) + ".0", quantity="10.00", venue=Venue.KRX, type=OrderType.LIMIT),
        trader.broker.order(OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=10, price=price), key=KEY),
    ):
        assert again.id == first.id
    assert trader.posts == 1


def test_what_became_of_the_order_is_told_as_the_list_shows_it(trader: Trader) -> None:
    first = trader.broker.buy(SAMSUNG, 1, type=OrderType.MARKET, key=KEY)
    again = trader.broker.buy(SAMSUNG, 1, type=OrderType.MARKET, key=KEY)
    assert (again.id, again.status, again.filled_quantity) == (first.id, OrderStatus.FILLED, 1)
    other = buy(trader, key="other")
    trader.broker.cancel(other)
    assert buy(trader, key="other").status is OrderStatus.CANCELED
    assert trader.posts == 3


@pytest.mark.parametrize("terms", [{"kind": "error_on_page", "page": 1}, {"kind": "missing_row", "times": 9}], ids=str)
def test_where_no_list_shows_it_the_order_is_told_as_it_was_sent(terms: dict[str, Any], trader: Trader) -> None:
    first = buy(trader)
    trader.breaks(on="listing", **terms)
    assert buy(trader) == first
    assert trader.posts == 1


def test_an_answer_needs_no_arming_no_limit_no_phase_and_no_kill_switch(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = buy(trader)
    limit_to(trader.broker, Limits(max_orders_per_day=1, max_order_quantity=1, symbols=frozenset()))
    monkeypatch.setattr(trader.broker._inquiries, "phase_of", lambda venue: Phase.CLOSED)
    monkeypatch.setattr(trader.broker._desk.guard, "_is_real", lambda: True)
    halt("for the test")
    try:
        assert buy(trader).id == first.id
    finally:
        resume()
    assert trader.posts == 1


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": 11},
        {"price": PRICES[SAMSUNG]},
        {"symbol": HYNIX, "price": PRICES[HYNIX]},
        {"price": None, "type": OrderType.MARKET},
        {"venue": Venue.NXT},
    ],
    ids=str,
)
def test_another_order_under_a_used_key_is_refused(other: dict[str, Any], trader: Trader) -> None:
    buy(trader)
    with pytest.raises(InvalidRequest, match=KEY):
        buy(trader, **other)
    with pytest.raises(InvalidRequest, match=KEY):
        trader.broker.sell(SAMSUNG, 10, price=trader.price(), key=KEY)
    assert trader.posts == 1


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", 5])
def test_what_is_no_key_is_refused_before_anything_is_sent(key: Any, trader: Trader) -> None:
    order = trader.buy()
    for call in (
        lambda: buy(trader, key=key),
        lambda: trader.broker.amend(order, price=trader.price() + 100, key=key),
        lambda: trader.broker.cancel(order, key=key),
    ):
        with pytest.raises(InvalidRequest, match="no key"):
            call()
    assert trader.posts == 1


# Amendments and cancellations


def test_an_amendment_has_a_key_of_its_own(trader: Trader) -> None:
    order, price = buy(trader), trader.price() + 100
    first = trader.broker.amend(order, price=price, key="amend")
    again = trader.broker.amend(buy(trader), price=str(price), key="amend")
    assert (again.id, again.price, again.original_id) == (first.id, price, first.original_id)
    assert trader.posts == 2
    for wrong in (
        lambda: trader.broker.amend(order, price=price + 100, key="amend"),
        lambda: trader.broker.amend(order, price=price, quantity=1, key="amend"),
        lambda: trader.broker.amend(first, price=price, key="amend"),
        lambda: trader.broker.amend(order, price=price, key=KEY),
        lambda: trader.broker.cancel(order, key="amend"),
        lambda: buy(trader, key="amend"),
    ):
        with pytest.raises(InvalidRequest, match="is that of another order"):
            wrong()
    assert trader.posts == 2


@pytest.mark.parametrize("part", [None, 3])
def test_a_cancellation_has_a_key_of_its_own(part: int | None, trader: Trader) -> None:
    order = buy(trader)
    first = trader.broker.cancel(order, quantity=part, key="cancel")
    again = trader.broker.cancel(buy(trader), quantity=part, key="cancel")
    assert (again.id, again.original_id) == (first.id, first.original_id)
    other = trader.buy(symbol=HYNIX)
    for wrong in (
        lambda: trader.broker.cancel(order, quantity=5, key="cancel"),
        lambda: trader.broker.cancel(other, quantity=part, key="cancel"),
        lambda: trader.broker.amend(order, price=trader.price() + 100, key="cancel"),
    ):
        with pytest.raises(InvalidRequest, match="is that of another order"):
            wrong()
    assert trader.posts == 3


# Reruns after every outcome


def test_what_the_broker_refused_is_sent_again(trader: Trader) -> None:
    for _ in range(2):
        with pytest.raises(Rejected):
            buy(trader, quantity=10_000_000)
    assert trader.posts == 2
    assert [each.state for each in trader.journal.keyed(KEY)] == [State.REJECTED] * 2
    with pytest.raises(InvalidRequest, match=KEY):
        buy(trader)


def test_what_never_left_is_sent_again(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(trader.broker.client, "base_url", "http://127.0.0.1:9")
        with pytest.raises(NotSent):
            buy(trader)
    assert [each.state for each in trader.journal.keyed(KEY)] == [State.NOT_SENT]
    first = buy(trader)
    assert buy(trader).id == first.id
    assert trader.posts == 1


@pytest.mark.parametrize("kind", [GETS_THROUGH, GETS_LOST])
def test_what_is_not_known_is_blocked_until_it_is_settled(kind: str, trader: Trader) -> None:
    trader.broker.buy(HYNIX, 1, price=trader.price(HYNIX))  # looks at what was left, once
    trader.breaks(kind)
    with pytest.raises(OrderUncertain):
        buy(trader)
    number = trader.posts
    with pytest.raises(OrderBlocked, match="UNKNOWN"):
        buy(trader)
    assert trader.posts == number
    trader.broker.reconcile(wait=True, timeout=30 if kind == GETS_THROUGH else 1)
    if kind == GETS_THROUGH:
        (row,) = trader.journal.keyed(KEY)
        assert buy(trader).id == row.order_id
    else:
        with pytest.raises(OrderBlocked, match="UNKNOWN"):
            buy(trader)
    assert trader.posts == number


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an earlier order be found however busy the machine is."""
    monkeypatch.setattr("brokerkit.orders.desk.START_SECONDS", 30.0)


@pytest.mark.usefixtures("unhurried")
def test_the_first_call_of_a_program_settles_what_an_earlier_one_left(trader: Trader) -> None:
    trader.breaks(GETS_THROUGH)
    with pytest.raises(OrderUncertain):
        buy(trader)
    look_again(trader.broker)
    found = buy(trader)
    (row,) = trader.journal.keyed(KEY)
    assert (row.state, row.order_id, trader.posts) == (State.ACKED, found.id, 1)


@pytest.mark.usefixtures("unhurried")
def test_a_change_that_an_earlier_program_left_is_settled_too(trader: Trader) -> None:
    order = buy(trader)
    trader.breaks(GETS_THROUGH)
    with pytest.raises(OrderUncertain):
        trader.broker.cancel(order, quantity=3, key="cancel")
    look_again(trader.broker)
    found = trader.broker.cancel(order, quantity=3, key="cancel")
    assert (found.id, trader.posts) == (list(trader.journal.everything())[-1].order_id, 2)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.AMBIGUOUS])
def test_a_full_cancellation_of_uncertain_fate_is_blocked_under_its_key(state: State, trader: Trader) -> None:
    order = buy(trader)
    trader.breaks(GETS_LOST)
    with pytest.raises(OrderUncertain):
        trader.broker.cancel(order, key="cancel")
    if state is State.AMBIGUOUS:
        become(trader, state)
    with pytest.raises(OrderBlocked, match=state):
        trader.broker.cancel(order, key="cancel")
    trader.broker.cancel(order)  # without a key it may be repeated
    assert trader.posts == 2


@pytest.mark.parametrize("state", [State.AMBIGUOUS, State.PRESUMED_ABSENT, State.ABSENT_DAY_CLOSED])
def test_what_may_have_gone_missing_is_sent_again_by_resubmit_only_which_keeps_the_key(
    state: State, trader: Trader
) -> None:
    trader.breaks(GETS_LOST)
    with pytest.raises(OrderUncertain):
        buy(trader)
    gone = become(trader, state)
    for _ in range(2):
        with pytest.raises(OrderBlocked, match=gone.id):
            buy(trader)
    assert trader.posts == 0
    second = trader.broker.resubmit(gone, accept_risk=state is State.AMBIGUOUS)
    assert [each.key for each in trader.journal.everything()] == [KEY, KEY]
    assert buy(trader).id == second.id
    with pytest.raises(OrderBlocked):
        trader.broker.resubmit(gone)
    assert trader.posts == 1


def test_an_order_that_came_late_is_answered(trader: Trader) -> None:
    trader.breaks(GETS_THROUGH)
    with pytest.raises(OrderUncertain):
        buy(trader)
    become(trader, State.PRESUMED_ABSENT)
    with pytest.raises(OrderBlocked, match="PRESUMED_ABSENT"):
        buy(trader)
    for _ in range(2):
        trader.broker.reconcile()
    (row,) = trader.journal.keyed(KEY)
    assert row.state is State.LATE
    assert buy(trader).id == row.order_id
    assert trader.posts == 1


def test_an_order_that_a_person_found_is_answered(trader: Trader) -> None:
    trader.breaks(GETS_THROUGH)
    with pytest.raises(OrderUncertain) as caught:
        buy(trader)
    assert caught.value.intent is not None
    (listed,) = trader.broker.orders()
    trader.broker.resolve(caught.value.intent.id, order_id=listed.id)
    found = buy(trader)
    assert (found.id, found.symbol, found.status) == (listed.id, SAMSUNG, OrderStatus.WORKING)
    assert trader.broker.cancel(found).original_id is not None


def test_a_number_that_no_list_shows_is_answered_as_a_person_told_it(trader: Trader) -> None:
    trader.breaks(GETS_LOST)
    with pytest.raises(OrderUncertain) as caught:
        buy(trader)
    assert caught.value.intent is not None
    trader.broker.resolve(caught.value.intent.id, order_id="0000077")
    found = buy(trader)
    assert (found.id, found.symbol, found.quantity, found.price) == ("0000077", SAMSUNG, 10, trader.price())
    assert trader.posts == 0


def test_an_amendment_of_which_no_more_than_its_number_is_known_stays_one_of_its_own_day(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = buy(trader, key=None)
    price = trader.price() + 100
    trader.breaks(GETS_LOST)
    with pytest.raises(OrderUncertain) as caught:
        trader.broker.amend(order, price=price, key=KEY)
    assert caught.value.intent is not None
    trader.broker.resolve(caught.value.intent.id, order_id="0000077")
    day, later = clock.today(), clock.now() + dt.timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    found = trader.broker.amend(order, price=price, key=KEY)
    assert (found.id, found.original_id, found.price) == ("0000077", order.id, price)
    assert found.handle.split(":")[1] == f"{day:%Y%m%d}"


# Several at once


def test_of_threads_that_send_one_key_at_once_one_sends_and_all_get_its_order(trader: Trader) -> None:
    barrier = threading.Barrier(4)
    found: list[object] = []

    def order() -> None:
        barrier.wait()
        try:
            found.append(buy(trader).id)
        except BrokerError as error:
            found.append(error)

    threads = [threading.Thread(target=order) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(50)
    assert len(set(map(str, found))) == 1
    assert len(found) == 4
    assert trader.posts == 1


BUYS = """
import json, sys
from brokerkit import BrokerError, get_broker
name, keys, price = json.loads(sys.argv[1])
with get_broker(name, environment="sandbox", **keys) as broker:
    broker.account()
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print(broker.buy("005930", 10, price=price, key="once").id, flush=True)
    except BrokerError as error:
        print(type(error).__name__, error, flush=True)
"""


def test_of_processes_that_send_one_key_at_once_one_sends_and_all_get_its_order(trader: Trader) -> None:
    told = json.dumps([trader.name, keys_of(trader.box, trader.name), str(trader.price())])
    processes = [Popen(["-c", BUYS, told], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    found = {each.communicate(timeout=50)[0].strip() for each in processes}
    (row,) = trader.journal.everything()
    assert found == {row.order_id}
    assert trader.posts == 1


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(milliseconds=1))
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(desk, "START_SECONDS", 0.5)
    with Sandbox() as sandbox:
        for name in BROKERS:
            sandbox.face(name).window = SlidingWindow(10**9)
        yield sandbox


@pytest.mark.parametrize("name", BROKERS)
def test_one_that_another_process_is_just_sending_is_waited_for(name: str, box: Sandbox) -> None:
    with Process(box, name, act="hold", point="before the first byte") as other, opened(box, name) as broker:
        other.tell(["buy", {"symbol": SAMSUNG, "quantity": 1, "price": PRICES[SAMSUNG], "key": KEY}, True])
        assert other.hear() == "holding"
        found: list[Order] = []
        waits = threading.Thread(target=lambda: found.append(broker.buy(SAMSUNG, 1, price=PRICES[SAMSUNG], key=KEY)))
        waits.start()
        waits.join(0.3)
        assert waits.is_alive()
        other.tell("go on")
        kind, told = other.hear()
        waits.join(20)
    assert kind == "Order"
    assert [each.id for each in found] == [Order.model_validate_json(told).id]
    assert len(at_exchange(box, name)) == 1


@pytest.mark.parametrize("name", BROKERS)
def test_one_that_another_process_sends_for_too_long_blocks(
    name: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "TURN_SECONDS", 0.2)
    with Process(box, name, act="hold", point="before the first byte") as other, opened(box, name) as broker:
        other.tell(["buy", {"symbol": SAMSUNG, "quantity": 1, "price": PRICES[SAMSUNG], "key": KEY}, True])
        assert other.hear() == "holding"
        with pytest.raises(OrderBlocked, match="SENDING"):
            broker.buy(SAMSUNG, 1, price=PRICES[SAMSUNG], key=KEY)
    assert at_exchange(box, name) == []


# Killed at every point of an order


POINTS = {
    "before the row is committed": "sent",
    "after the row is committed": "blocked",
    "before the first byte": "blocked",
    "after the answer": "answered",
    "before the decision is committed": "answered",
    "after the decision": "answered",
}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", BROKERS)
def test_after_a_kill_the_same_call_sends_no_second_order(name: str, point: str, box: Sandbox) -> None:
    with Process(box, name, act="die", point=point) as dies:
        assert dies.buys(armed=True, key=KEY) is None
    before = len(at_exchange(box, name))
    assert before == (POINTS[point] == "answered")
    for _ in range(2):  # two more programs, one after the other
        with opened(box, name) as broker:
            call: Callable[[], Order] = lambda: broker.buy(SAMSUNG, 1, price=PRICES[SAMSUNG], key=KEY)  # noqa: E731
            if POINTS[point] == "blocked":
                with pytest.raises(OrderBlocked):
                    call()
            else:
                found = call()
                assert [str(row.number) for row in at_exchange(box, name)] == [found.id.lstrip("0")]
    assert len(at_exchange(box, name)) == (POINTS[point] != "blocked")


@pytest.mark.parametrize("point", [point for point, then in POINTS.items() if then == "answered"])
@pytest.mark.parametrize("verb", ["amend", "cancel"])
@pytest.mark.parametrize("name", BROKERS)
def test_after_a_kill_a_change_is_not_sent_twice_either(
    name: str, verb: str, point: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "START_SECONDS", 20.0)  # it ends as soon as the list has shown the change twice
    given: dict[str, Any] = {"price": PRICES[SAMSUNG] + 100} if verb == "amend" else {"quantity": 1}
    with opened(box, name) as broker:
        order = broker.buy(SAMSUNG, 2, price=PRICES[SAMSUNG], key=KEY)
    with Process(box, name, act="die", point=point) as dies:
        assert dies.does(verb, armed=True, order=order.model_dump_json(), key="change", **given) is None
    for _ in range(2):
        with opened(box, name) as broker:
            again = broker.buy(SAMSUNG, 2, price=PRICES[SAMSUNG], key=KEY)
            found = getattr(broker, verb)(again, key="change", **given)
            assert found.id.lstrip("0") == str(at_exchange(box, name)[-1].number)
    assert len(at_exchange(box, name)) == 2


# Brokers that take a key of the client's own


def test_a_broker_that_takes_a_key_is_told_the_same_one_in_every_try(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, told = Fake(), []

    def send(part: FakePart, request: OrderRequest, key: str) -> Sent:
        told.append(key)
        if len(told) == 1:
            raise Rejected("not today")
        return Sent(str(len(told)))

    monkeypatch.setattr(FakePart, "send_order", send)
    broker = fake.opened()
    with pytest.raises(Rejected):
        broker.buy(SAMSUNG, 10, price=70_000, key=KEY)
    for key in (KEY, "other", None, None):
        broker.buy(SAMSUNG, 10, price=70_000, key=key)
    assert told[0] == told[1]
    assert len(set(told)) == 4
    assert all(key.isascii() and key.isalnum() and len(key) <= 36 for key in told)


# Where the journal cannot be read


def test_without_a_journal_no_order_goes_under_a_key_but_a_full_cancellation_does(
    trader: Trader, caplog: pytest.LogCaptureFixture
) -> None:
    order = trader.buy()
    place = trader.journal.path
    assert place is not None
    trader.journal.close()
    place.write_text("no database " * 500)
    for call in (lambda: buy(trader), lambda: trader.broker.cancel(order, quantity=1, key="part")):
        with pytest.raises(JournalError):
            call()
    trader.broker.cancel(order, key="all")
    assert trader.posts == 2
    assert "cannot be looked up" in caplog.text


def test_a_key_is_good_for_ever(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    first = buy(trader)
    later = clock.now() + dt.timedelta(days=400)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert buy(trader).id == first.id
    assert trader.posts == 1
    assert journal_of(trader.broker).keyed(KEY)[0].day < later.date()
