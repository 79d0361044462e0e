"""The order desk: one order at a time, each sent once, and what is said of it."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from brokerkit import Order, clock
from brokerkit.broker import Broker
from brokerkit.errors import (
    BrokerError,
    Halted,
    InvalidRequest,
    LimitExceeded,
    NetworkError,
    NotSent,
    OrderBlocked,
    OrderUncertain,
    Rejected,
    Unsupported,
    WireError,
)
from brokerkit.models.handles import Handle
from brokerkit.orders import desk
from brokerkit.orders import journal as journals
from brokerkit.orders.halting import halt
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits
from brokerkit.replies import Sent
from brokerkit.sandbox.face import JsonResponse
from brokerkit.testing.inside import journal_of, limit_to, start_over
from tests.fakes import Fake, FakePart
from tests.journals import BROKERS, GETS_LOST, GETS_THROUGH, HYNIX, SAMSUNG, Trader, request_of, served, trading
from tests.servers import ProbeClient

State = IntentState


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker at a sandbox of its own."""
    with trading(request.param) as made:
        yield made


def lost(trader: Trader, kind: str = GETS_THROUGH, symbol: str = SAMSUNG) -> Intent:
    """Send an order that meets a fault, and return its intent."""
    trader.breaks(kind)
    with pytest.raises(OrderUncertain) as caught:
        trader.buy(symbol=symbol)
    assert caught.value.intent is not None
    return caught.value.intent


def absent(trader: Trader, intent: Intent) -> Intent:
    return trader.broker.resolve(intent, absent=True, reason="not in the app")


# Turns


def test_two_threads_on_one_side_send_one_after_the_other(trader: Trader) -> None:
    trader.breaks("latency", times=1, seconds=0.3)
    failed: list[BrokerError] = []

    def buy() -> None:
        try:
            trader.buy()
        except BrokerError as error:
            failed.append(error)

    threads = [threading.Thread(target=buy) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (failed, trader.posts) == ([], 3)
    rows = sorted(trader.journal.everything(), key=lambda each: each.sent_at or each.created_at)
    for earlier, later in itertools.pairwise(rows):
        assert earlier.decided_at is not None
        assert later.sent_at is not None
        assert earlier.decided_at <= later.sent_at


def test_who_waits_for_an_order_that_turns_out_uncertain_is_blocked(trader: Trader) -> None:
    began, caught = threading.Event(), list[BrokerError]()

    def hold(*given: object) -> None:
        began.set()
        time.sleep(0.3)
        raise TimeoutError

    def first() -> None:
        with pytest.raises(OrderUncertain):
            trader.buy()

    def second() -> None:
        began.wait(5)
        with pytest.raises(OrderBlocked) as error:
            trader.buy()
        caught.append(error.value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(trader.broker.client), "check", hold)
        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    (open_one,) = trader.broker.unresolved()
    assert open_one.id in str(caught[0])
    assert open_one.what in str(caught[0])
    assert trader.posts == 1


def test_the_other_side_and_other_symbols_and_cancellations_are_not_held_up(trader: Trader) -> None:
    order = trader.buy(symbol=HYNIX)
    trader.box.exchange.give_holding(trader.box.connect(trader.name).account, SAMSUNG, Decimal(5), Decimal(1000))
    lost(trader)
    with pytest.raises(OrderBlocked):
        trader.buy(1)
    trader.broker.sell(SAMSUNG, 1, price=trader.box.exchange.quote(SAMSUNG).upper_limit)
    trader.buy(symbol=HYNIX)
    trader.broker.cancel(order)


# Before the first order


def test_the_first_order_waits_for_what_an_earlier_process_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "START_SECONDS", 0.2)
    with served("kis") as trader:
        intent = lost(trader, GETS_LOST)
        journals._files.clear()
        start_over(trader.broker)
        for _ in range(2):
            with pytest.raises(OrderBlocked, match=intent.id):
                trader.buy(symbol=HYNIX)
        assert trader.posts == 0
        start_over(trader.broker, degraded=True)
        trader.buy(symbol=HYNIX)
        with pytest.raises(OrderBlocked, match=intent.id):
            trader.buy()


def test_after_a_restart_the_risk_of_a_second_order_can_still_be_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "START_SECONDS", 0.2)
    with served("kis") as trader:
        intent = lost(trader, GETS_LOST)
        start_over(trader.broker)
        trader.broker.resubmit(intent.id, accept_risk=True)
        assert [each.id for each in trader.broker.unresolved()] == [intent.id]
        trader.buy(symbol=HYNIX)


def test_a_cancellation_that_may_be_repeated_does_not_hold_up_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "START_SECONDS", 0.2)
    with served("kis") as trader:
        order = trader.buy()
        trader.breaks(GETS_LOST)
        with pytest.raises(OrderUncertain):
            trader.broker.cancel(order)
        start_over(trader.broker)
        trader.buy(symbol=HYNIX)
        assert len(trader.broker.unresolved()) == 1


# Again


def test_an_order_that_may_stand_is_sent_again_at_the_callers_risk_only(trader: Trader) -> None:
    first = lost(trader)
    with pytest.raises(OrderBlocked, match="placed twice"):
        trader.broker.resubmit(first)
    assert trader.posts == 1
    again = trader.broker.resubmit(first, accept_risk=True)
    second = next(each for each in trader.journal.everything() if each.order_id == again.id)
    assert second.previous == first.id
    assert [each.id for each in trader.broker.unresolved()] == [first.id]
    assert second.id in trader.journal.get(first.id).evidence[-1]
    trader.buy(1)  # the caller has taken the risk: the side is free


def test_an_order_that_is_presumed_absent_is_sent_again_once(trader: Trader) -> None:
    first = absent(trader, lost(trader, GETS_LOST))
    trader.broker.resubmit(first)
    with pytest.raises(OrderBlocked, match="sent again already"):
        trader.broker.resubmit(first)
    assert trader.posts == 1
    trader.broker.resubmit(first, accept_risk=True)
    assert trader.posts == 2


@pytest.mark.parametrize("reason", ["limit", "switch"])
def test_a_second_try_that_is_refused_frees_nothing(reason: str, trader: Trader) -> None:
    first = lost(trader)
    if reason == "switch":
        halt("test")
    else:
        limit_to(trader.broker, Limits(max_order_quantity=1))
    with pytest.raises(Halted if reason == "switch" else LimitExceeded):
        trader.broker.resubmit(first, accept_risk=True)
    assert trader.journal.rivals(first) == (trader.journal.get(first.id),)
    assert trader.journal.blocking() == (trader.journal.get(first.id),)


def test_what_stands_or_was_no_order_is_not_sent_again(trader: Trader) -> None:
    order = trader.buy()
    (stands,) = trader.journal.everything()
    trader.broker.cancel(order)
    with pytest.raises(InvalidRequest, match="stands as order"):
        trader.broker.resubmit(stands)
    with pytest.raises(InvalidRequest, match="cannot be sent again"):
        trader.broker.resubmit(list(trader.journal.everything())[-1])
    assert trader.posts == 2


def test_an_order_that_is_found_at_the_last_moment_is_not_sent_again(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lost(trader)
    begin = Journal.begin

    def found(self: Journal, intent: Intent, **terms: Any) -> Intent:
        self.revise(first.id, lambda each: each.moved(State.ACKED, "found", order_id="7"))
        return begin(self, intent, **terms)

    monkeypatch.setattr(Journal, "begin", found)
    with pytest.raises(InvalidRequest, match="stands as order 7"):
        trader.broker.resubmit(first, accept_risk=True)
    assert trader.posts == 1


# What a person decides


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"order_id": "7", "absent": True},
        {"absent": True},
        {"absent": True, "reason": "  "},
        {"order_id": ""},
        {"order_id": " 7"},
        {"order_id": "7\n"},
        {"order_id": 7},
        {"order_id": "７"},
        {"order_id": "order7"},
        {"order_id": "000"},
    ],
    ids=str,
)
def test_a_decision_that_says_too_little_is_refused(given: dict[str, Any], trader: Trader) -> None:
    intent = lost(trader)
    with pytest.raises(InvalidRequest):
        trader.broker.resolve(intent, **given)
    assert trader.broker.unresolved() == (intent,)


def test_a_person_may_say_where_it_is_and_later_that_it_appeared_after_all(trader: Trader) -> None:
    gone = absent(trader, lost(trader))
    assert (gone.state, gone.evidence[-1][-15:]) == (State.PRESUMED_ABSENT, " not in the app")
    late = trader.broker.resolve(gone, order_id="0000777", reason="there\x1b[31m it is\n")
    assert (late.state, late.order_id, late.evidence[-1][-11:]) == (State.LATE, "0000777", "there it is")
    with pytest.raises(InvalidRequest, match="nothing to decide"):
        absent(trader, late)
    other = lost(trader)
    with pytest.raises(InvalidRequest, match="another intent"):
        trader.broker.resolve(other, order_id="777")
    assert [each.id for each in trader.broker.unresolved()] == [other.id]


# Answers


def test_an_order_whose_number_is_used_already_is_uncertain(trader: Trader) -> None:
    trader.buy(symbol=HYNIX)
    trader.breaks("number_already_used")
    with pytest.raises(OrderUncertain, match="that of another order") as caught:
        trader.buy()
    assert caught.value.intent is not None
    assert caught.value.intent.state is State.UNKNOWN


def test_a_full_cancellation_is_repeated_only_while_its_order_is_open(trader: Trader) -> None:
    order = trader.buy()
    for kind, opens in ((GETS_LOST, True), (GETS_THROUGH, False)):
        trader.breaks(kind)
        with pytest.raises(OrderUncertain):
            trader.broker.cancel(order)
        posts = trader.posts
        if opens:
            continue
        with pytest.raises(OrderBlocked):
            trader.broker.cancel(order)
        assert trader.posts == posts


@pytest.mark.parametrize("verb", ["partial", "amend"])
def test_a_change_of_uncertain_fate_holds_up_changes_of_its_order_only(verb: str, trader: Trader) -> None:
    order, other = trader.buy(), trader.buy()

    def change(which: Order) -> Order:
        if verb == "amend":
            return trader.broker.amend(which, price=trader.price() + 100)
        return trader.broker.cancel(which, quantity=3)

    trader.breaks(GETS_LOST)
    with pytest.raises(OrderUncertain):
        change(order)
    with pytest.raises(OrderBlocked):
        change(order)
    change(other)
    trader.broker.cancel(order)


def test_every_attempt_is_one_line_and_nothing_secret(trader: Trader, caplog: pytest.LogCaptureFixture) -> None:
    keys = trader.box.connect(trader.name)
    with caplog.at_level(logging.INFO, "brokerkit"):
        order = trader.buy()
        lost(trader)
        with pytest.raises(Rejected):
            trader.broker.cancel(order.model_copy(update={"quantity": Decimal(99)}), quantity=99)
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert [line.rpartition(" ")[2] for line in lines] == ["(ACKED)", "(UNKNOWN)", "(REJECTED)"]
    assert order.id in lines[0]
    for line in lines:
        assert line.startswith(f"{trader.name} sandbox: ")
        assert "\n" not in line
        assert not [key for key in (keys.app_key, keys.app_secret, keys.account) if key in line]


def test_an_order_that_comes_too_late_to_its_first_byte_does_not_leave(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine slept between writing it down and sending it."""
    began = Journal.begin

    def sleeping(self: Journal, *given: Any, **terms: Any) -> Intent:
        intent = began(self, *given, **terms)
        assert intent.deadline is not None
        monkeypatch.setattr(clock, "now", lambda: intent.deadline.replace(year=2099))  # type: ignore[union-attr]
        return intent

    monkeypatch.setattr(Journal, "begin", sleeping)
    with pytest.raises(NotSent, match="time limit"):
        trader.buy()
    assert trader.posts == 0
    assert [each.state for each in trader.journal.everything()] == [State.NOT_SENT]


def test_an_amendment_that_makes_an_order_dearer_counts(trader: Trader) -> None:
    price = trader.price()
    limit_to(trader.broker, Limits(max_daily_value=10 * price + 1500))
    order = trader.broker.amend(trader.buy(), price=price + 100)
    with pytest.raises(LimitExceeded, match="max_daily_value"):
        trader.broker.amend(order, price=price + 200)
    trader.broker.amend(order, price=price)
    assert trader.posts == 3


# Brokers with a transport of their own


def own_transport(outcome: object) -> tuple[Fake, Broker]:
    """Return a broker that sends by itself: its number, what it answers instead, or what it raises."""
    fake = Fake()
    broker = fake.opened()

    def answer() -> object:
        assert [each.state for each in journal_of(broker).open_intents()] == [State.SENDING]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    fake.answer = answer
    return fake, broker


@pytest.mark.parametrize(
    ("outcome", "raised", "state"),
    [
        ("7", None, State.ACKED),
        ("", OrderUncertain, State.UNKNOWN),
        (None, OrderUncertain, State.UNKNOWN),
        (7, OrderUncertain, State.UNKNOWN),
        (NotSent("no line"), NotSent, State.NOT_SENT),
        (Rejected("no money", code="7"), Rejected, State.REJECTED),
        (NetworkError("silence"), OrderUncertain, State.UNKNOWN),
        (WireError("odd"), OrderUncertain, State.UNKNOWN),
        (OrderUncertain("silence"), OrderUncertain, State.UNKNOWN),
        (InvalidRequest("odd"), OrderUncertain, State.UNKNOWN),
        (ValueError("a bug, with \x1b[31m"), OrderUncertain, State.UNKNOWN),
        (KeyboardInterrupt(), KeyboardInterrupt, State.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, type) else value.__name__,
)
def test_of_a_broker_that_sends_by_itself_only_a_plain_no_is_believed(
    outcome: object, raised: type[BaseException] | None, state: IntentState
) -> None:
    fake, broker = own_transport(outcome)
    if raised is None:
        assert broker.order(request_of()).id == outcome
    else:
        with pytest.raises(raised):
            broker.order(request_of())
    (row,) = journal_of(broker).everything()
    assert (row.state, len(fake.calls)) == (state, 1)
    assert row.sent_bytes is None
    if state is State.UNKNOWN:
        with pytest.raises(OrderBlocked):
            broker.order(request_of())
        assert len(fake.calls) == 1


class Branches(FakePart):
    """A part whose numbers are unique within a branch, and whose orders can be amended."""

    has_branches = True

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        return cast(Sent, self.fake.answer())


@pytest.mark.parametrize(
    "odd",
    [
        {"branch": "\ud800"},
        {"branch": 7},
        {"time": dt.datetime(2026, 11, 28, 10, 0)},
        {"time": dt.time(1, 0, tzinfo=dt.UTC)},
        {"time": "100000"},
        *({"quantity": Decimal(shares)} for shares in ("NaN", "sNaN", "Infinity", "-3", "0")),
        {"quantity": 3.5},
        {"original": "7\n"},
    ],
    ids=str,
)
def test_what_is_odd_beside_a_number_is_not_told_and_the_number_is_kept(odd: dict[str, Any]) -> None:
    fake = Fake()
    broker = fake.opened(part=Branches)
    fake.answer = lambda: Sent("7", **odd)
    order = broker.order(request_of())
    assert (order.id, order.submitted_at) == ("7", None)
    fake.answer = lambda: Sent("8", **odd)
    moved = broker.amend(order, price=order.price)
    assert (moved.id, moved.original_id, moved.quantity, moved.submitted_at) == ("8", "7", order.quantity, None)
    rows = list(journal_of(broker).everything())
    assert [(row.state, row.order_id, row.result is None) for row in rows] == [
        (State.ACKED, "7", False),
        (State.ACKED, "8", False),
    ]


def test_the_switch_stops_a_broker_that_sends_by_itself() -> None:
    fake, broker = own_transport("7")
    halt("test")
    with pytest.raises(Halted):
        broker.order(request_of())
    assert fake.calls == []


@pytest.mark.parametrize("stop", [False, True], ids=["go", "halted"])
@pytest.mark.parametrize("outcome", ["7", OrderUncertain("silence")], ids=["answer", "silence"])
def test_what_left_past_the_client_is_told_as_it_is(
    stop: bool, outcome: object, caplog: pytest.LogCaptureFixture
) -> None:
    fake = Fake(ProbeClient("http://127.0.0.1:9"))
    broker = fake.opened()

    def elsewhere() -> object:
        if stop:
            halt("meanwhile")
        if isinstance(outcome, OrderUncertain):
            raise outcome
        return outcome

    fake.answer = elsewhere
    if isinstance(outcome, OrderUncertain):
        with pytest.raises(OrderUncertain):
            broker.order(request_of())
    else:
        assert broker.order(request_of()).id == outcome
    assert [each.state for each in journal_of(broker).everything()] == (
        [] if stop else [State.UNKNOWN if isinstance(outcome, OrderUncertain) else State.ACKED]
    )
    assert ("CRITICAL" in [record.levelname for record in caplog.records]) is stop


def test_a_hook_that_sends_twice_is_stopped_and_told_as_uncertain(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = trader.broker.client.call

    def twice(*given: Any, **named: Any) -> Any:
        return call(*given, **named), call(*given, **named)

    monkeypatch.setattr(trader.broker.client, "call", twice)
    with pytest.raises(OrderUncertain, match="second request"):
        trader.buy()
    assert trader.posts == 1


@pytest.mark.parametrize("kind", [Rejected, NotSent, Unsupported], ids=lambda kind: kind.__name__)
def test_what_fails_after_the_broker_has_taken_an_order_is_not_its_outcome(
    kind: type[BrokerError], trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = trader.broker.client.call

    def asked_for_more(*given: Any, **named: Any) -> Any:
        call(*given, **named)
        raise kind("of a query that came after it")

    with monkeypatch.context() as patch:
        patch.setattr(trader.broker.client, "call", asked_for_more)
        with pytest.raises(OrderUncertain, match="came after it"):
            trader.buy()
    assert [each.state for each in journal_of(trader.broker).everything()] == [State.UNKNOWN]
    with pytest.raises(OrderBlocked):
        trader.buy()
    assert trader.posts == 1


def test_secrets_that_a_server_echoes_are_not_in_the_journal(own_state: Path) -> None:
    with served("kiwoom") as trader:
        keys = trader.box.connect(trader.name)
        token = trader.broker.client.token().get_secret_value()
        echo = f"{keys.app_key} {keys.app_secret} {token} said"
        trader.box.face(trader.name).before = lambda request: JsonResponse({"return_code": 1, "return_msg": echo})
        with pytest.raises(OrderUncertain, match="said"):
            trader.buy()
        trader.box.face(trader.name).before = None
        (row,) = trader.broker.unresolved()
        assert row.answer is not None
        assert "said" in row.answer
        written = b"".join(each.read_bytes() for each in own_state.rglob("*") if each.is_file())
        assert b"said" in written
        for secret in (keys.app_key, keys.app_secret, token):
            assert secret.encode() not in written
