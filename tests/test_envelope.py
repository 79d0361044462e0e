"""The safety envelope at the adapters: nothing leaves by another way, unarmed, past a limit or past the switch."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import pytest
from brokerkit_kis.stocks import orders as kis
from brokerkit_kiwoom.stocks import orders as kiwoom

from brokerkit import Broker, get_broker
from brokerkit.errors import Blocked, BrokerError, ConfigError, Disarmed, Halted, LimitExceeded, NetworkError, NotSent
from brokerkit.orders.guard import is_real_money
from brokerkit.orders.halting import halt, resume
from brokerkit.orders.intents import IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits
from brokerkit.testing.inside import know_account, limit_to, send_past_the_desk
from brokerkit.transport import Client, Effect, Endpoint, http
from brokerkit.transport.permits import Permit, issued
from tests.journals import BROKERS, SAMSUNG, Trader, order_of, request_of, trading

RAW: dict[str, list[Endpoint[Any]]] = {
    "kis": [*kis.ORDER.values(), kis.AMEND_CANCEL],
    "kiwoom": [*kiwoom.ORDER.values(), kiwoom.AMEND, kiwoom.CANCEL],
}
COMPLETE = Limits(max_order_quantity=10, max_order_value=10**6, max_orders_per_minute=5, max_orders_per_day=50)


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker at a sandbox of its own."""
    with trading(request.param) as made:
        yield made


# Real money


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let nothing leave this machine; return what was to leave."""
    tried: list[object] = []

    def nowhere(*given: object, **named: object) -> None:
        tried.append(given)
        raise AssertionError("a test must not reach a real broker")

    monkeypatch.setattr(http, "transmit", nowhere)
    return tried


def real(name: str, arm: str | None, limits: Limits | None) -> Broker:
    account = "50012345-01" if name == "kis" else "5001234501"
    keys = {"app_key": "a" * 20, "app_secret": "b" * 20, "account": account}
    return get_broker(name, environment="real", arm=arm, limits=limits, **keys)


@pytest.mark.parametrize("name", BROKERS)
def test_no_call_is_made_unless_armed_and_limited(
    name: str, calls: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[object] = []
    for arm, limits in itertools.product((None, "", "0000", "4501"), (None, Limits(max_order_quantity=1), COMPLETE)):
        broker = real(name, arm, limits)
        know_account(broker, "5001234501")
        monkeypatch.setattr(broker.client, "call", lambda *given, **named: reached.append(given))
        order = order_of(handle=f"{name}:20261120:03070:0101")
        verbs: list[Callable[[], object]] = [
            lambda broker=broker: broker.order(request_of()),  # type: ignore[misc]
            lambda broker=broker, order=order: broker.cancel(order),  # type: ignore[misc]
            lambda broker=broker, order=order: broker.amend(order, price=71_000),  # type: ignore[misc]
        ]
        if (arm, limits) == ("4501", COMPLETE):
            assert broker.disarmed() is None
            continue
        for verb in verbs:
            with pytest.raises(Disarmed, match="real money"):
                verb()
        assert "real money" in str(broker.disarmed())
        assert (reached, calls) == ([], [])


def test_outside_of_real_money_nothing_is_armed(trader: Trader) -> None:
    assert trader.broker.disarmed() is None
    assert trader.posts == 0


def test_keys_of_another_account_order_nothing() -> None:
    with trading("kiwoom") as trader:
        keys = trader.box.connect("kiwoom")
        own = {name: getattr(keys, name) for name in ("base_url", "app_key", "app_secret")}
        other = get_broker("kiwoom", environment="sandbox", account="1111111111", **own)
        with other, pytest.raises(ConfigError, match="The key belongs to account"):
            other.buy(SAMSUNG, 1, price=trader.price())
        assert trader.posts == 0


# Limits


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_order_quantity=9), "max_order_quantity"),
        (Limits(max_order_value=1000), "max_order_value"),
        (Limits(max_daily_value=1000), "max_daily_value"),
        (Limits(price_collar_percent=1), "away from the last price"),
        (Limits(symbols=frozenset({"000660"})), "allowed symbols"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_limits_given_to_get_broker_hold(limits: Limits, words: str) -> None:
    with trading("kis", limits=limits) as trader:
        with pytest.raises(LimitExceeded, match=words):
            trader.buy()
        assert trader.posts == 0
        assert list(trader.journal.everything()) == []


# The kill switch


def test_the_switch_blocks_orders_and_amendments_and_never_cancels(trader: Trader) -> None:
    order, other = trader.buy(), trader.buy()
    halt("test")
    blocked: list[Callable[[], object]] = [trader.buy, lambda: trader.broker.amend(order, price=trader.price() + 100)]
    for send in blocked:
        with pytest.raises(Halted, match="test"):
            send()
    assert trader.posts == 2
    trader.broker.cancel(order, quantity=3)
    trader.broker.cancel(other)
    resume()
    trader.buy()
    assert trader.posts == 5


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_switch_that_is_thrown_on_the_way_stops_the_order_before_its_first_byte(
    moment: str, trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Journal.begin

    def thrown(self: Journal, *given: Any, **terms: Any) -> Any:
        if moment == "before":
            halt("meanwhile")
        intent = begin(self, *given, **terms)
        halt("meanwhile")
        return intent

    monkeypatch.setattr(Journal, "begin", thrown)
    with pytest.raises(Halted if moment == "before" else NotSent, match="meanwhile"):
        trader.buy()
    assert trader.posts == 0
    states = [(each.state, each.sent_bytes) for each in trader.journal.everything()]
    assert states == ([] if moment == "before" else [(IntentState.NOT_SENT, 0)])


# Other ways


def test_the_client_itself_sends_no_order(trader: Trader) -> None:
    seen = len(trader.box.face(trader.name).requests)
    for endpoint in RAW[trader.name]:
        with pytest.raises(Blocked, match="order, amend and cancel"):
            trader.broker.client.call(endpoint, body={})
    assert len(trader.box.face(trader.name).requests) == seen


@pytest.mark.parametrize("effect", [Effect.READ, Effect.AUTH])
def test_an_order_that_is_declared_as_something_else_is_no_way_round(effect: Effect, trader: Trader) -> None:
    client, seen = trader.broker.client, len(trader.box.face(trader.name).requests)
    for endpoint in RAW[trader.name]:
        for path in (endpoint.path, endpoint.path.upper(), endpoint.path + "/", endpoint.path.replace("/", "//")):
            told = Endpoint(endpoint.ids, path, endpoint.reply, effect=effect, method=endpoint.method)
            with pytest.raises(BrokerError) as caught:
                client.call(told, body={})
            assert isinstance(caught.value, Blocked), path
    assert len(trader.box.face(trader.name).requests) == seen


def test_a_permit_is_of_one_thread_and_for_one_request(trader: Trader) -> None:
    client: Client = trader.broker.client
    outcomes: list[object] = []

    def other() -> None:
        try:
            send_past_the_desk(trader.broker, request_of(price=trader.price()))
        except BrokerError as error:
            outcomes.append(type(error))

    permit = issued(lambda: None, lambda: None)
    with client.sending(permit):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert (outcomes, trader.posts, permit.used) == ([Blocked], 0, False)
        assert send_past_the_desk(trader.broker, request_of(price=trader.price())).number.isdigit()
        with pytest.raises(Blocked, match="second request"):
            send_past_the_desk(trader.broker, request_of(price=trader.price()))
    other()
    assert (outcomes, trader.posts) == ([Blocked, Blocked], 1)


def test_a_permit_that_is_made_by_hand_lets_nothing_through(trader: Trader) -> None:
    made = Permit(lambda: None, lambda: None)
    with pytest.raises(Blocked, match="not one of the order desk"), trader.broker.client.sending(made):
        send_past_the_desk(trader.broker, request_of(price=trader.price()))
    trader.broker.client._threads.permit = made
    with pytest.raises(Blocked, match="not one of the order desk"):
        send_past_the_desk(trader.broker, request_of(price=trader.price()))
    assert trader.posts == 0


# What is talked to, whatever it is called


@pytest.mark.parametrize("name", BROKERS)
def test_an_adapter_that_is_called_demo_and_talks_to_the_real_host_moves_real_money(
    name: str, calls: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = "50012345-01" if name == "kis" else "5001234501"
    keys = {"app_key": "a" * 20, "app_secret": "b" * 20, "account": account}
    broker = get_broker(name, environment="demo", **keys)
    assert broker.disarmed() is None
    demo = broker.client.base_url
    know_account(broker, "5001234501")
    for host in (broker.client.hosts["real"], "https://elsewhere.example", f"{demo}.example", "", None):
        monkeypatch.setattr(broker.client, "base_url", host)
        for verb in (
            lambda: broker.order(request_of()),
            lambda: broker.cancel(order_of(handle=f"{name}:20261120:03070:0101")),
        ):
            with pytest.raises(Disarmed, match="real money"):
                verb()
        assert "real money" in str(broker.disarmed())
    assert calls == []


def test_a_client_that_does_not_tell_what_it_talks_to_moves_real_money() -> None:
    class Silent:
        """A transport of somebody else's."""

    local, elsewhere = Silent(), Silent()
    local.base_url = "http://127.0.0.1:8080"  # type: ignore[attr-defined]
    elsewhere.base_url = "https://demo.example"  # type: ignore[attr-defined]
    assert is_real_money("demo", Silent())
    assert is_real_money("demo", elsewhere)
    assert not is_real_money("demo", local)
    assert is_real_money("real", local)
    elsewhere.hosts = {"demo": "https://demo.example", "real": "https://real.example"}  # type: ignore[attr-defined]
    assert not is_real_money("demo", elsewhere)
    elsewhere.hosts = {"demo": "https://demo.example", "real": "https://demo.example"}  # type: ignore[attr-defined]
    assert is_real_money("demo", elsewhere)


# Amendments of all that is left


@pytest.mark.parametrize(
    "limit", [{"max_order_quantity": 9}, {"max_order_value": 100_000}, {"max_daily_value": 1}], ids=str
)
@pytest.mark.parametrize("told", [{"remaining_quantity": 1}, {"remaining_quantity": 1, "quantity": 1}], ids=str)
def test_an_amendment_of_all_is_judged_by_what_the_list_says_is_left(
    told: dict[str, int], limit: dict[str, int], trader: Trader
) -> None:
    """An order that differs from the list is not found there; then the journal knows what was sent."""
    stale = trader.buy(10).model_copy(update={name: Decimal(value) for name, value in told.items()})
    limit_to(trader.broker, Limits.model_validate(limit))
    with pytest.raises(LimitExceeded, match=next(iter(limit))):
        trader.broker.amend(stale, price=trader.price() + 100)
    assert trader.posts == 1
    limit_to(trader.broker, Limits(max_order_quantity=10))
    trader.broker.amend(stale, price=trader.price() + 100)
    assert trader.posts == 2


def test_an_amendment_of_an_order_that_no_list_shows_counts_with_its_full_quantity(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = trader.buy(10).model_copy(update={"remaining_quantity": 1})
    trader.breaks("lag", on="listing", seconds=60)
    limit_to(trader.broker, Limits(max_order_quantity=9))
    with pytest.raises(LimitExceeded, match="max_order_quantity"):
        trader.broker.amend(order, price=trader.price() + 100)
    assert trader.posts == 1


def test_an_amendment_whose_order_cannot_be_looked_up_is_not_sent(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = trader.buy(10)

    def silent(*given: object, **named: object) -> NoReturn:
        raise NetworkError("silence")

    for way in ("call", "pages"):
        monkeypatch.setattr(trader.broker.client, way, silent)
    limit_to(trader.broker, Limits(max_order_quantity=10))
    with pytest.raises(NotSent, match="what is left of the order"):
        trader.broker.amend(order, price=trader.price() + 100)
    assert trader.posts == 1
