"""Several hosts and one account: one of them trades it, and the kill switch and the counters are of all."""

from __future__ import annotations

import contextlib
import logging
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import brokerkit
from brokerkit import Halted, JournalError, LimitExceeded, NotSent, OrderBlocked, OrderUncertain, Rejected
from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.orders import halting
from brokerkit.orders.intents import IntentState
from brokerkit.orders.lease import Lease
from brokerkit.orders.limits import Limits
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.sharing.store import open_stores
from tests.hosts import HERE, THERE, fences, here, journal_in, keys_of, named, pending, taken_by_another, there
from tests.redises import RedisServer, needs_redis, redis_server
from tests.test_own_orders import following
from tests.traders import BROKERS, PRICES, Trader, at_exchange, opened

pytestmark = needs_redis
PRICE = PRICES["005930"]
HELD = {"act": "hold", "point": "before the first byte"}


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    named(monkeypatch)
    with Sandbox() as sandbox:
        unhurried(sandbox)
        yield sandbox


def unhurried(box: Sandbox) -> None:
    """Let hosts have tokens of their own, and as many calls as they like."""
    for name in BROKERS:
        box.face(name).window = SlidingWindow(10**9)
    face: Any = box.face("kis")
    face.token_minute, face.token_window.calls = 0, 10**9


def fence_of(lease: Lease | None) -> int:
    assert lease is not None
    return lease.fence


def settled(server: RedisServer) -> bool:
    """Wait until nothing is on its way any more: that is told after the answer, and nobody waits for it."""
    return comes(lambda: not pending(server))


def comes(call: Callable[[], bool]) -> bool:
    """Wait until something is so."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if call():
            return True
        time.sleep(0.01)
    return False


def back(broker: Broker) -> bool:
    """Wait until a broker uses its Redis again."""

    def asked() -> bool:
        try:
            broker.lease()
        except JournalError:
            return False
        return True

    return comes(asked)


# Which host trades


@pytest.mark.parametrize("name", BROKERS)
def test_one_host_trades_and_another_is_told_which(
    name: str, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, name, server, takes=False) as broker, there(box, name, server, tmp_path) as other:
        assert broker.lease() is None
        taken = broker.take_over()
        assert taken is not None
        broker.buy("005930", 1, price=PRICE)
        kind, words = other.buys()
        assert kind == "NotSent"
        assert HERE in words
        assert "`brokerkit take-over PROFILE`" in words
        lease = broker.lease()
        assert lease is not None
        assert (lease.host, lease.fence, lease.is_ours, lease.pending) == (HERE, taken.fence, True, ())
        assert '"is_ours":false' in other.does("lease")[1]
    assert len(at_exchange(box, name)) == 1


@pytest.mark.parametrize("name", BROKERS)
def test_a_host_that_takes_over_trades_and_the_other_does_no_more(
    name: str, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, name, server) as broker, there(box, name, server, tmp_path) as other:
        order = broker.buy("005930", 1, price=PRICE)
        assert other.does("take_over")[0] == "Lease"
        assert other.buys("000660")[0] == "Order"
        for sends in (
            lambda: broker.buy("005930", 1, price=PRICE),
            lambda: broker.amend(order, price=PRICE + 100),
            lambda: broker.cancel(order),
        ):
            with pytest.raises(NotSent, match="trades this account since"):
                sends()
        fence = fence_of(broker.take_over())
        broker.buy("000660", 1, price=PRICES["000660"])
        assert other.buys()[0] == "NotSent"
        first, last = (fence for fence in fences(broker) if fence)
        assert last == fence == fence_of(broker.take_over())  # it has it already
    (between,) = (fence for intent in journal_in(tmp_path).everything() if (fence := intent.fence))
    assert first < between < last
    assert len(at_exchange(box, name)) == 3


@pytest.mark.parametrize("name", BROKERS)
def test_no_way_of_sending_leads_past_the_host_that_trades(name: str, box: Sandbox, server: RedisServer) -> None:
    symbol = "005930"
    fields: dict[str, dict[str, Any]] = {
        "kis": {"PDNO": symbol, "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": str(PRICE)},
        "kiwoom": {"dmst_stex_tp": "KRX", "stk_cd": symbol, "ord_qty": "1", "ord_uv": str(PRICE), "trde_tp": "0"},
    }
    api = {"kis": "domestic_stock/order_cash/buy", "kiwoom": "kt10000"}
    with here(box, name, server) as broker:
        order = broker.buy(symbol, 2, price=PRICE)
        taken_by_another(server)
        ways: list[Callable[[], object]] = [
            lambda: broker.sell(symbol, 1, price=PRICE + 20_000),
            lambda: broker.amend(order, price=PRICE + 100),
            lambda: broker.cancel(order),
            lambda: broker.cancel(order, quantity=1),
            lambda: broker.call(api[name], fields[name]),
        ]
        if broker.supports("reserve"):
            ways.append(lambda: broker.reserve(request_of(symbol)))
        for way in ways:
            with pytest.raises(NotSent, match=THERE):
                way()
    assert len(at_exchange(box, name)) == 1


def request_of(symbol: str) -> brokerkit.OrderRequest:
    return brokerkit.OrderRequest(
        symbol=symbol, side=brokerkit.Side.BUY, quantity=1, type=brokerkit.OrderType.LIMIT, price=PRICE
    )


@pytest.mark.parametrize("name", BROKERS)
def test_a_host_is_not_relieved_while_an_order_of_it_may_stand(
    name: str, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, name, server) as broker, there(box, name, server, tmp_path, takes=True, **HELD) as other:
        fence = fence_of(broker.lease())
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        with pytest.raises(OrderBlocked, match="BUY 1 005930 at 60000") as caught:
            broker.take_over()
        assert "accept_risk=True" in str(caught.value)
        with pytest.raises(NotSent):
            broker.buy("000660", 1, price=PRICES["000660"])
        assert fence_of(broker.take_over(accept_risk=True)) > fence
        other.tell("go on")
        kind, words = other.hear()
        assert kind == "NotSent"
        assert HERE in words
        assert at_exchange(box, name) == []
        broker.buy("000660", 1, price=PRICES["000660"])
    assert [str(intent.state) for intent in journal_in(tmp_path).everything()] == ["NOT_SENT"]
    assert settled(server)


def test_an_order_that_waited_while_the_account_went_to_another_host_and_back_does_not_leave(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server) as broker, there(box, "kis", server, tmp_path, takes=True, **HELD) as other:
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        broker.take_over(accept_risk=True)
        with there(box, "kis", server, tmp_path) as second:  # of the same host
            assert second.does("take_over")[0] == "Lease"
        other.tell("go on")
        kind, words = other.hear()
        assert kind == "NotSent"
        assert "taken over, and back again" in words
    assert at_exchange(box, "kis") == []


def test_an_order_that_is_on_its_way_is_written_down_and_the_next_is_refused(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    held = {"act": "hold", "point": "after the answer"}
    with here(box, "kis", server) as broker, there(box, "kis", server, tmp_path, takes=True, **held) as other:
        first = fence_of(broker.lease())
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        broker.take_over(accept_risk=True)
        other.tell("go on")
        assert other.hear()[0] == "Order"
        assert other.buys("000660")[0] == "NotSent"
    (sent, refused) = journal_in(tmp_path).everything()
    assert (sent.state, sent.fence, refused.state) == (IntentState.ACKED, first, IntentState.NOT_SENT)


def test_what_is_uncertain_holds_up_who_takes_over_until_it_is_settled(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(monkeypatch)
    lost = Faults([Rule("processed_then_reset", on="order", nth=1)])
    with Sandbox(faults=lost) as box, here(box, "kis", server) as broker, there(box, "kis", server, tmp_path) as other:
        with pytest.raises(OrderUncertain):
            broker.buy("005930", 1, price=PRICE)
        kind, words = other.does("take_over")
        assert kind == "OrderBlocked"
        assert f"BUY 1 005930 at 60000, sent by {HERE}" in words
        (intent,) = broker.unresolved()
        broker.resolve(intent, absent=True, reason="looked")
        assert settled(server)
        assert other.does("take_over")[0] == "Lease"


def test_a_short_program_tells_before_it_ends_what_became_of_its_order(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server) as broker:
        with there(box, "kis", server, tmp_path, takes=True) as other:
            assert other.buys()[0] == "Order"
            other.ends()
        assert not pending(server)
        broker.take_over()


def test_what_a_program_left_behind_that_was_killed_amid_writing_its_own_host_takes_back(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server) as broker:
        with there(box, "kis", server, tmp_path, takes=True, act="die", point="before the row is committed") as other:
            assert other.buys(armed=True) is None
        (text,) = pending(server)
        assert text.startswith("BUY 1 005930 at 60000")
        with pytest.raises(OrderBlocked):
            broker.take_over()
        with there(box, "kis", server, tmp_path) as other:
            assert other.buys("000660")[0] == "Order"
            other.ends()
        assert settled(server)
        broker.take_over()
    assert len(at_exchange(box, "kis")) == 1


def test_what_a_killed_program_was_sending_holds_up_who_takes_over(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server) as broker:
        with there(box, "kis", server, tmp_path, takes=True, act="die", point="after the answer") as other:
            assert other.buys(armed=True) is None
        with pytest.raises(OrderBlocked):
            broker.take_over()
        with there(box, "kis", server, tmp_path) as other:  # it looks at the lists before its first order
            assert other.buys("000660")[0] == "Order"
            other.ends()
        broker.take_over()


@pytest.mark.parametrize("name", BROKERS)
def test_a_key_of_the_callers_is_one_order_on_all_hosts(
    name: str, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, name, server) as broker, there(box, name, server, tmp_path) as other:
        broker.buy("005930", 1, price=PRICE, key="rebalance")
        with pytest.raises(Rejected):
            broker.buy("005930", 10**7, price=PRICE, key="refused")
        assert settled(server)
        assert other.does("take_over")[0] == "Lease"
        kind, words = other.buys(key="rebalance")
        assert kind == "OrderBlocked"
        assert f"{HERE} has sent an order under the key rebalance" in words
        assert broker.journal.keyed("rebalance")[0].id in words
        assert other.buys(key="refused")[0] == "Order"
        assert other.buys(key="refused")[0] == "Order"  # the same one
        assert fence_of(broker.take_over())
        assert broker.buy("005930", 1, price=PRICE, key="rebalance").quantity == 1
    assert len(at_exchange(box, name)) == 2
    assert min(server.client().ttl(key) for key in keys_of(server, "key")) > 366 * 86_400


def test_keys_of_the_last_days_are_told_again_to_a_redis_that_has_forgotten(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server) as broker, there(box, "kis", server, tmp_path) as other:
        broker.buy("005930", 1, price=PRICE, key="rebalance")
        server.client().flushall()
        broker.take_over()
        broker.buy("000660", 1, price=PRICES["000660"])
        assert settled(server)
        assert other.does("take_over")[0] == "Lease"
        assert other.buys(key="rebalance")[0] == "OrderBlocked"


def test_hosts_of_one_name_are_told_apart(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kis", server) as broker:
        taken_by_another(server)
        (key,) = keys_of(server, "lease")
        server.client().hset(key, "name", HERE)
        with pytest.raises(NotSent, match=rf"{HERE} \(ffff\), by another BROKERKIT_STATE_DIR or of the same name"):
            broker.buy("005930", 1, price=PRICE)
        lease = broker.lease()
    assert lease is not None
    assert lease.host == f"{HERE} (ffff)"


def test_queries_go_on_where_the_state_folder_cannot_be_used(
    box: Sandbox, server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "file"))
    with here(box, "kis", server, takes=False) as broker:
        assert broker.quote("005930").price > 0
        with pytest.raises(JournalError):
            broker.buy("005930", 1, price=PRICE)
    assert at_exchange(box, "kis") == []


# A Redis that forgets


def emptied(server: RedisServer) -> None:
    server.client().flushall()


def restarted(server: RedisServer) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("forgets", [emptied, restarted])
def test_a_redis_that_has_forgotten_stops_orders_until_somebody_takes_over(
    forgets: Callable[[RedisServer], None], box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server) as broker:
        broker.buy("005930", 1, price=PRICE)
        known = fence_of(broker.lease())
        forgets(server)
        with pytest.raises(NotSent, match="has forgotten which one does"):
            broker.buy("005930", 1, price=PRICE)
        with there(box, "kis", server, tmp_path) as other:  # it has never heard of the one that trades
            kind, words = other.buys()
            assert kind == "NotSent"
            assert "No host trades this account yet" in words
        assert fence_of(broker.take_over()) > known
        broker.buy("005930", 1, price=PRICE)
        (key,) = keys_of(server, "count")
        assert len(server.client().hgetall(key)) == 2  # what the journal knows counts again


def test_a_redis_that_remembers_an_older_day_stops_orders(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kis", server) as broker:
        broker.buy("005930", 1, price=PRICE)
        (key,) = keys_of(server, "lease")
        server.client().hset(key, "fence", 0)
        with pytest.raises(NotSent, match="has forgotten"):
            broker.buy("005930", 1, price=PRICE)


def test_who_was_refused_believes_no_older_number_later(box: Sandbox, server: RedisServer, tmp_path: Path) -> None:
    with here(box, "kis", server) as broker, there(box, "kis", server, tmp_path) as other:
        (key,) = keys_of(server, "lease")
        older = server.client().hgetall(key)
        assert other.does("take_over")[0] == "Lease"
        with pytest.raises(NotSent, match="trades this account since"):
            broker.buy("005930", 1, price=PRICE)
        server.client().hset(key, mapping=older)  # as a replica that had not heard of the last one
        with pytest.raises(NotSent, match="has forgotten which one does"):
            broker.buy("005930", 1, price=PRICE)
        assert other.buys()[0] == "NotSent"
    assert at_exchange(box, "kis") == []


def test_a_cancellation_goes_where_the_redis_has_forgotten(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kis", server) as broker:
        order = broker.buy("005930", 1, price=PRICE)
        emptied(server)
        broker.cancel(order)
    assert [row.action for row in at_exchange(box, "kis")] == ["NEW", "CANCEL"]


def test_an_account_that_hosts_share_is_not_traded_by_a_profile_that_names_no_redis(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with there(box, "kis", server, tmp_path, takes=True) as other:
        assert other.buys()[0] == "Order"
    with Trader(box, "kis", folder=tmp_path) as alone:
        kind, words = alone.buys()
        assert kind == "NotSent"
        assert "the profile names none" in words
        assert alone.does("take_over")[0] == "None"
        assert alone.buys()[0] == "Order"
        assert alone.does("take_over")[0] == "ConfigError"


def test_profiles_of_one_account_cannot_share_it_in_two_ways(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kis", server) as broker, here(box, "kis", server, without="send") as second:
        broker.buy("005930", 1, price=PRICE)
        with pytest.raises(ConfigError, match="orders_without_state"):
            second.buy("005930", 1, price=PRICE)
        with opened(box, "kis") as third:  # without a word of a Redis it is held to it all the same
            third.buy("005930", 1, price=PRICE)
        first, last = fences(broker)
        assert first == last


# The counters


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_orders_per_minute=2), "max_orders_per_minute, 2, of all hosts"),
        (Limits(max_orders_per_day=2), "there were 2 orders of all hosts today"),
        (Limits(max_daily_value=150_000), "180,000 won today, of all hosts, would be more"),
    ],
)
def test_limits_count_the_orders_of_all_hosts(
    limits: Limits, words: str, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server, limits=limits) as broker, there(box, "kis", server, tmp_path, limits=limits) as other:
        for _ in range(2):
            broker.buy("005930", 1, price=PRICE)
        other.does("take_over")
        kind, told = other.buys()
        assert kind == "LimitExceeded"
        assert words in told
    assert len(at_exchange(box, "kis")) == 2


def test_what_never_left_counts_nothing_and_what_was_refused_has_no_value(box: Sandbox, server: RedisServer) -> None:
    limits = Limits(max_orders_per_day=3, max_daily_value=70_000)
    with here(box, "kis", server, limits=limits) as broker:
        with pytest.raises(LimitExceeded):
            broker.buy("005930", 2, price=PRICE)
        assert keys_of(server, "count") == []
        with pytest.raises(Rejected):
            broker.sell("005930", 1, price=PRICE)  # there is none to sell
        broker.buy("005930", 1, price=PRICE)
        values = server.client().hvals(keys_of(server, "count")[0])
        assert sorted(values) == [b"0", b"6000000"]


# The kill switch


@pytest.mark.parametrize("name", BROKERS)
def test_the_switch_of_one_host_stops_the_next_order_of_another(
    name: str, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, name, server), there(box, name, server, tmp_path, takes=True) as other:
        order = other.buys()[1]
        assert brokerkit.halt("prices look wrong") == (f"redis://127.0.0.1:{server.port}/0",)
        kind, words = other.buys()
        assert kind == "Halted"
        assert f"{HERE} prices look wrong" in words
        assert other.does("cancel", order=order)[0] == "Order"
        assert brokerkit.resume()
        assert other.buys()[0] == "Order"
        assert not brokerkit.resume()


def test_the_switch_stops_an_order_of_another_host_that_waits_for_its_first_byte(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server), there(box, "kis", server, tmp_path, takes=True, **HELD) as other:
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        brokerkit.halt("now")
        other.tell("go on")
        kind, words = other.hear()
        assert kind == "NotSent"
        assert "now" in words
    assert at_exchange(box, "kis") == []


def test_who_follows_orders_is_told_of_the_switch_of_another_host(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kiwoom", server) as broker:
        broker.buy("005930", 1, price=PRICE)
        with following(broker) as follower:
            server.client().set("brokerkit:1:halt", "prices look wrong")
            follower.wait(lambda: follower.events)
            server.client().delete("brokerkit:1:halt")
            follower.wait(lambda: len(follower.events) == 2)
            told = [(each.is_stopped, "prices look wrong" in each.reason) for each in follower.events]
            assert told == [(True, True), (False, False)]


@pytest.mark.parametrize("forgets", [emptied, restarted])
def test_a_redis_that_has_forgotten_the_switch_is_told_again(
    forgets: Callable[[RedisServer], None], box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with here(box, "kis", server) as broker, there(box, "kis", server, tmp_path) as other:
        assert brokerkit.halt("prices look wrong")
        forgets(server)
        assert comes(lambda: b"prices look wrong" in (server.client().get("brokerkit:1:halt") or b""))
        assert other.does("take_over")[0] == "Lease"
        kind, words = other.buys()
        assert kind == "Halted"
        assert HERE in words
        assert brokerkit.resume()
        assert other.buys()[0] == "Order"
        with pytest.raises(NotSent):
            broker.buy("005930", 1, price=PRICE)


def test_a_switch_that_another_host_has_lifted_is_not_set_again_but_for_a_newer_one(
    box: Sandbox, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here(box, "kis", server) as broker:
        brokerkit.halt("first")
        (store,) = open_stores()
        assert halting.resume_hosts(store)  # as another host does, whose files are others
        assert not halting.resume_hosts(store)
        monkeypatch.setattr(store, "_beat_at", float("-inf"))
        assert store.do(halting.halted) is None
        halting.halt("second")  # while the Redis could not be told
        monkeypatch.setattr(store, "_beat_at", float("-inf"))
        store.do(lambda redis: None)
        assert "second" in (store.do(halting.halted) or "")
        assert brokerkit.resume()
        broker.buy("005930", 1, price=PRICE)


def test_the_switch_reaches_other_hosts_from_one_whose_folder_cannot_be_used(
    box: Sandbox, server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here(box, "kis", server), there(box, "kis", server, tmp_path, takes=True) as other:
        (tmp_path / "file").touch()
        with monkeypatch.context() as patch:
            patch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "file"))
            with pytest.raises(JournalError, match="Orders are NOT stopped") as caught:
                brokerkit.halt("why")
        assert f"share redis://127.0.0.1:{server.port}/0 are stopped" in str(caught.value)
        assert other.buys()[0] == "Halted"
        server.kill()
        with monkeypatch.context() as patch:
            patch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "file"))
            with pytest.raises(JournalError, match="NOT stopped either"):
                brokerkit.halt("why")


def test_the_switch_is_set_in_a_redis_that_throws_keys_away(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kis", server) as broker:
        server.client().config_set("maxmemory-policy", "allkeys-lru")
        assert comes(lambda: not is_fit(broker))
        assert brokerkit.halt("why")
        assert server.client().exists("brokerkit:1:halt")


def is_fit(broker: Broker) -> bool:
    try:
        broker.lease()
    except ConfigError:
        return False
    return True


def test_who_sets_the_switch_is_told_which_hosts_are_not_stopped(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kis", server) as broker:
        broker.lease()
        server.kill()
        with pytest.raises(JournalError, match="Those of other hosts are NOT: redis://") as caught:
            brokerkit.halt("why")
        assert "The orders of this machine are stopped" in caught.value.message
        with pytest.raises(Halted):
            broker.buy("005930", 1, price=PRICE)
        with pytest.raises(JournalError, match="Other hosts were NOT told"):
            brokerkit.resume()
        server.start()
        assert back(broker)
        assert not brokerkit.resume()


def test_the_switch_reaches_what_profiles_and_variables_name(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "brokerkit.toml"
    path.write_text('[profiles.one]\nbroker = "kis"\nstate = { env = "OUR_STATE" }\n', encoding="utf-8")
    monkeypatch.setenv("BROKERKIT_CONFIG", str(path))
    monkeypatch.setenv("OUR_STATE", server.url())
    with redis_server() as second:
        monkeypatch.setenv("BROKERKIT_KIWOOM_STATE", second.url())
        assert len(brokerkit.halt("all")) == 2
        assert [each.client().exists("brokerkit:1:halt") for each in (server, second)] == [1, 1]
        assert brokerkit.resume()
    path.write_text("[profiles.one]\nbroker = 1 2", encoding="utf-8")
    monkeypatch.delenv("BROKERKIT_KIWOOM_STATE")
    with pytest.raises(JournalError, match="what they share cannot be looked up"):
        brokerkit.halt()


# A Redis that is gone


@contextmanager
def stopped(server: RedisServer) -> Iterator[None]:
    with server.paused():
        yield


@contextmanager
def killed(server: RedisServer) -> Iterator[None]:
    server.kill()
    yield


@contextmanager
def full(server: RedisServer) -> Iterator[None]:
    server.client().config_set("maxmemory", "1")
    yield


@contextmanager
def failing_over(server: RedisServer) -> Iterator[None]:
    server.client().execute_command("REPLICAOF", "127.0.0.1", "1")
    yield


LOSSES = [stopped, killed, full, failing_over]


@pytest.mark.parametrize("loss", LOSSES)
def test_without_the_redis_orders_are_refused_and_cancellations_go(
    loss: Any, box: Sandbox, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with here(box, "kis", server) as broker:
        order, second = broker.buy("005930", 3, price=PRICE), broker.buy("005930", 3, price=PRICE)
        with loss(server):
            for sends in (lambda: broker.buy("005930", 1, price=PRICE), lambda: broker.amend(order, price=PRICE + 100)):
                with pytest.raises(NotSent, match="cannot be known") as caught:
                    sends()
                assert 'orders_without_state = "send"' in str(caught.value)
            caplog.clear()
            broker.cancel(order, quantity=1)
            broker.cancel(second)
        told = [
            record.message for record in caplog.records if "goes out although hosts cannot be asked" in record.message
        ]
        assert len(told) >= 1
    assert [row.action for row in at_exchange(box, "kis")] == ["NEW", "NEW", "CANCEL", "CANCEL"]


@pytest.mark.parametrize("loss", LOSSES)
def test_without_the_redis_orders_go_where_the_profile_says_so_and_each_is_told(
    loss: Any, box: Sandbox, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with here(box, "kis", server, without="send") as broker:
        broker.buy("005930", 1, price=PRICE)
        with loss(server):
            for _ in range(2):
                broker.buy("005930", 1, price=PRICE)
    told = [each for each in caplog.records if "by the journal of this host alone" in each.message]
    assert [each.levelno for each in told] == [logging.WARNING] * 2
    assert len(at_exchange(box, "kis")) == 3


def test_what_went_out_unseen_is_told_when_the_redis_is_there_again(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(monkeypatch)
    lost = Faults([Rule("processed_then_reset", on="order", nth=2)])
    with Sandbox(faults=lost) as box, here(box, "kis", server, without="send") as broker:
        broker.buy("005930", 1, price=PRICE)
        with server.paused(), pytest.raises(OrderUncertain):
            broker.buy("005930", 1, price=PRICE)
        assert back(broker)
        broker.buy("000660", 1, price=PRICES["000660"])
        assert comes(lambda: len(pending(server)) == 1)
        (key,) = keys_of(server, "count")
        assert len(server.client().hgetall(key)) == 3
        with there(box, "kis", server, tmp_path) as other:
            assert other.does("take_over")[0] == "OrderBlocked"


def test_nothing_goes_out_unseen_from_a_host_that_was_not_the_last_to_trade(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with (
        there(box, "kis", server, tmp_path / "new", without="send") as new,
        here(box, "kis", server, without="send") as old,
    ):
        old.buy("005930", 1, price=PRICE)
        with there(box, "kis", server, tmp_path / "next", without="send") as following:
            following.does("take_over")
            assert following.buys()[0] == "Order"
            with pytest.raises(NotSent):
                old.buy("005930", 1, price=PRICE)
            server.kill()
            for outcome in (new.buys(), outcome_of(lambda: old.buy("005930", 1, price=PRICE))):
                assert outcome[0] == "NotSent"
                assert "it was not this one" in outcome[1]
            assert following.buys()[0] == "Order"


def test_a_program_learns_while_it_runs_that_another_host_took_over(
    box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with (
        here(box, "kis", server, without="send") as old,
        there(box, "kis", server, tmp_path, without="send", takes=True) as following,
    ):
        shared: Any = old.journal.shared
        assert comes(lambda: bool(shared._elsewhere)), "nobody asks, and it hears of it with its signs of life"
        server.kill()
        with pytest.raises(NotSent, match="it was not this one"):
            old.buy("005930", 1, price=PRICE)
        assert following.buys()[0] == "Order"
    assert len(at_exchange(box, "kis")) == 1


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_copy_of_the_state_folder_trades_nothing(
    is_lost: bool, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with there(box, "kis", server, tmp_path / "one", without="send", takes=True) as one:
        assert one.buys()[0] == "Order"
        shutil.copytree(tmp_path / "one", tmp_path / "copy")
        with there(box, "kis", server, tmp_path / "copy", without="send") as copy:
            if is_lost:
                server.kill()
            assert copy.buys("000660")[0] == "NotSent"
        assert one.buys("000660")[0] == "Order"
    assert len(at_exchange(box, "kis")) == 2


def outcome_of(call: Callable[[], object]) -> tuple[str, str]:
    try:
        return type(call()).__name__, ""
    except BrokerError as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize(("without", "kind"), [("refuse", "NotSent"), ("send", "Order")])
def test_a_redis_that_is_lost_before_the_first_byte_is_as_one_that_was_lost_before(
    without: str, kind: str, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    with there(box, "kis", server, tmp_path, without=without, takes=True, **HELD) as other:
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        server.kill()
        other.tell("go on")
        assert other.hear()[0] == kind
    assert len(at_exchange(box, "kis")) == (kind == "Order")


def test_a_redis_that_will_never_do_stops_orders_whatever_the_profile_says(box: Sandbox, server: RedisServer) -> None:
    with here(box, "kis", server, without="send") as broker:
        broker.buy("005930", 1, price=PRICE)
        client = server.client()
        client.config_set("requirepass", "another")
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(ConfigError, match="password"):
            broker.buy("005930", 1, price=PRICE)
    assert len(at_exchange(box, "kis")) == 1


@pytest.mark.parametrize("name", BROKERS)
def test_the_redis_has_neither_the_account_nor_a_secret(name: str, box: Sandbox, server: RedisServer) -> None:
    given = box.connect(name)
    with here(box, name, server) as broker:
        broker.buy("005930", 1, price=PRICE)
        brokerkit.halt("why")
        client = server.client()
        kept = []
        for key in client.keys("*"):
            kind = client.type(key)
            read = {b"hash": client.hgetall, b"string": client.get}.get(kind, lambda key: client.zrange(key, 0, -1))
            kept.append(repr((key, read(key))))
        brokerkit.resume()
    assert len(kept) >= 5
    digits = "".join(filter(str.isdigit, given.account))
    for secret in (given.account, digits, digits[:8], given.app_key, given.app_secret):
        assert not [each for each in kept if secret in each]


# Whatever comes when


# An interrupt while a connection is made or closed leaves its end to the garbage collector, which complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that interrupts")
@pytest.mark.slow  # what was on its way has to be looked for
def test_an_interrupt_at_any_moment_leaves_redis_journal_and_broker_of_one_mind(
    box: Sandbox, server: RedisServer
) -> None:
    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    chance = random.Random(3)  # noqa: S311 - a run has to come again
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with here(box, "kiwoom", server) as broker:
            broker.buy("005930", 1, price=PRICE)
            for _ in range(80):
                with contextlib.suppress(KeyboardInterrupt, BrokerError):
                    try:
                        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0002, 0.03))
                        broker.buy("005930", 1, price=PRICE)
                    finally:
                        signal.setitimer(signal.ITIMER_REAL, 0)
                for each in broker.unresolved():
                    broker.reconcile(wait=True)
                    if each.id in {left.id for left in broker.unresolved()}:
                        broker.resolve(each, absent=True, reason="looked")
            broker.buy("000660", 1, price=PRICES["000660"])
            assert settled(server)
            left = [intent for intent in broker.journal.everything() if intent.state is not IntentState.NOT_SENT]
    finally:
        signal.signal(signal.SIGALRM, before)
    (key,) = keys_of(server, "count")
    assert sorted(each.decode() for each in server.client().hkeys(key)) == sorted(intent.id for intent in left)
    standing = [intent for intent in left if intent.state is IntentState.ACKED]
    assert len(standing) == len(at_exchange(box, "kiwoom"))


@pytest.mark.parametrize("seed", [1, 2])
def test_however_hosts_take_over_from_each_other_one_number_is_of_one_host(
    seed: int, box: Sandbox, server: RedisServer, tmp_path: Path
) -> None:
    chance, name = random.Random(seed), BROKERS[seed % 2]  # noqa: S311 - a run has to come again
    hosts = {key: there(box, name, server, tmp_path / key, **HELD) for key in "ab"}
    holding: set[str] = set()
    taken = 0
    for step in range(70):
        key = chance.choice("ab")
        host = hosts[key]
        if key in holding:
            host.tell("go on")
            assert host.hear()[0] in ("Order", "NotSent")
            holding.discard(key)
        elif chance.random() < 0.3:
            outcome = host.does("take_over", accept_risk=chance.random() < 0.7)[0]
            assert outcome in ("Lease", "OrderBlocked")
            taken += outcome == "Lease"
        else:
            host.tell(["buy", {"symbol": "005930", "quantity": 1 + step, "price": PRICE}, True])
            told = host.hear()
            assert told == "holding" or told[0] == "NotSent"
            holding |= {key} if told == "holding" else set()
    for key in holding:
        hosts[key].tell("go on")
        hosts[key].hear()
    for host in hosts.values():
        host.ends()
    owners: dict[int | None, set[str]] = {}
    sent = []
    for key in hosts:
        for intent in journal_in(tmp_path / key).everything():
            if intent.state is IntentState.ACKED:
                owners.setdefault(intent.fence, set()).add(key)
                sent.append(intent.quantity)
    assert taken > 3
    assert len(owners) > 3
    assert {len(each) for each in owners.values()} == {1}
    assert sorted(row.quantity for row in at_exchange(box, name)) == sorted(each for each in sent if each)
    assert settled(server)
