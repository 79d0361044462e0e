"""Lists of orders that lie: what our client finds out by itself, and what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal

import pytest
from brokerkit_kis import client as kis
from brokerkit_kis.sandbox import ledger, us_ledger
from brokerkit_kiwoom import client as kiwoom

from brokerkit import (
    Broker,
    IncompleteListing,
    NetworkError,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    Venue,
    WireError,
    get_broker,
)
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.sandbox.faults import KINDS
from brokerkit.testing.inside import hurry

BROKERS = ("kis", "kiwoom")
SAMSUNG = "005930"
VENUES = (Venue.KRX, Venue.NXT, Venue.KRX, Venue.SOR, Venue.KRX)


@pytest.fixture(autouse=True)
def _small_pages_and_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "WORKING_ROWS", 2)
    monkeypatch.setattr(us_ledger, "WORKING_ROWS", 2)
    for client in (kis, kiwoom):
        monkeypatch.setitem(client.CALLS_PER_SECOND, "real", 1_000)


@contextmanager
def listed(name: str, faults: Faults) -> Iterator[tuple[Broker, Sandbox]]:
    """Yield a broker with five working orders of eleven shares, on three pages."""
    with (
        Sandbox(faults=faults) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox) as broker,
    ):
        face = sandbox.face(name)
        face.window = SlidingWindow(1_000)
        if name == "kiwoom":
            face.page_size = 2  # type: ignore[attr-defined]
        price = sandbox.exchange.quote(SAMSUNG).lower_limit
        for venue in VENUES:
            request = OrderRequest(
                symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(11), type=OrderType.LIMIT, price=price, venue=venue
            )
            sandbox.exchange.submit(face.credentials.account, request)
        yield broker, sandbox


def numbers(orders: tuple[Order, ...]) -> list[int]:
    return [int(order.id) for order in orders]


@pytest.mark.parametrize("kind", ["repeated_page", "repeated_key"])
@pytest.mark.parametrize("name", BROKERS)
def test_pages_that_lead_nowhere_are_no_list(name: str, kind: str) -> None:
    faults = Faults([Rule(kind, times=1)])
    with listed(name, faults) as (broker, _):
        with pytest.raises(IncompleteListing):
            broker.orders()
        assert [(entry.kind, entry.purpose) for entry in faults.log] == [(kind, "listing")]
        assert len(broker.orders()) == 5


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("name", BROKERS)
def test_a_page_that_fails_once_is_asked_for_once_more(name: str, page: int) -> None:
    faults = Faults([Rule("error_on_page", page=page, times=1)])
    with listed(name, faults) as (broker, _):
        assert len(broker.orders()) == 5
        assert [(entry.kind, entry.number) for entry in faults.log] == [("error_on_page", page)]


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("name", BROKERS)
def test_a_page_that_goes_on_failing_fails_the_whole_list(name: str, page: int) -> None:
    # On its line the second request for a page counts as the next one, but for the first.
    faults = Faults([Rule("error_on_page", page=page, times=2), Rule("error_on_page", page=page + 1, times=1)])
    with listed(name, faults) as (broker, _), pytest.raises(NetworkError):
        broker.orders()


def test_a_list_whose_data_changed_is_read_again() -> None:
    faults = Faults([Rule("data_changed", times=2)])
    with listed("kis", faults) as (broker, _):
        assert len(broker.orders()) == 5
        assert len(faults.log) == 2


def test_a_list_whose_data_keeps_changing_is_no_list() -> None:
    with listed("kis", Faults([Rule("data_changed")])) as (broker, _), pytest.raises(IncompleteListing):
        broker.orders()


def test_a_broker_without_words_for_changed_data_says_that_it_is_in_trouble() -> None:
    # A page that is asked for once more counts as a page further.
    faults = Faults([Rule("data_changed", page=2), Rule("data_changed", page=3)])
    with listed("kiwoom", faults) as (broker, _), pytest.raises(NetworkError):
        broker.orders()


@pytest.mark.parametrize(("page", "left"), [(1, 1), (2, 3)])
@pytest.mark.parametrize("name", BROKERS)
def test_a_cut_page_ends_the_list_early(name: str, page: int, left: int) -> None:
    faults = Faults([Rule("cut_page", page=page, times=1)])
    with listed(name, faults) as (broker, _):
        assert len(broker.orders()) == left
        assert len(broker.orders()) == 5


@pytest.mark.parametrize("name", BROKERS)
def test_one_row_goes_missing(name: str) -> None:
    with listed(name, Faults([Rule("missing_row", times=1)])) as (broker, _):
        short, whole = numbers(broker.orders()), numbers(broker.orders())
        assert len(short) == 4
        assert set(short) < set(whole)


@pytest.mark.parametrize("name", BROKERS)
def test_which_row_goes_missing_depends_on_the_seed(name: str) -> None:
    def missing(seed: int) -> set[int]:
        with listed(name, Faults([Rule("missing_row", times=1)], seed=seed)) as (broker, _):
            short = numbers(broker.orders())
            return set(numbers(broker.orders())) - set(short)

    assert missing(1) == missing(1)
    assert len({tuple(missing(seed)) for seed in range(6)}) == 2  # of the two rows of the first page


@pytest.mark.parametrize("name", BROKERS)
def test_one_row_stands_in_the_list_twice(name: str) -> None:
    with listed(name, Faults([Rule("duplicate_row", times=1)])) as (broker, _):
        twice = numbers(broker.orders())
        assert len(twice) == 6
        assert sorted(set(twice)) == numbers(broker.orders())


@pytest.mark.parametrize("name", BROKERS)
def test_one_row_shows_half_of_its_quantity(name: str) -> None:
    with listed(name, Faults([Rule("shrunken_quantity", times=1)])) as (broker, _):
        assert sorted(order.quantity for order in broker.orders()) == [5, 11, 11, 11, 11]
        assert {order.quantity for order in broker.orders()} == {11}


@pytest.mark.parametrize("name", BROKERS)
def test_after_a_day_roll_the_list_is_empty(name: str) -> None:
    faults = Faults([Rule("day_roll", page=2, times=1)])
    with listed(name, faults) as (broker, _):
        assert len(broker.orders()) == 2
        assert [entry.kind for entry in faults.log] == ["day_roll"]
        assert len(broker.orders()) == 5


@pytest.mark.parametrize("name", BROKERS)
def test_orders_of_other_venues_are_left_out(name: str) -> None:
    with listed(name, Faults([Rule("other_venue_omission")])) as (broker, _):
        assert [order.venue for order in broker.orders()] == [Venue.KRX] * 3


ABROAD = ("US:AAPL", "US:KO", "US:SPY")
"""Symbols of three exchanges."""
OF_LISTS = [kind for kind in KINDS if KINDS[kind].strikes == "listing"]
STRUCK = [(name, kind) for name in BROKERS for kind in OF_LISTS if (name, kind) != ("kiwoom", "other_venue_omission")]
"""No row of a US order tells its exchange at Kiwoom."""


@pytest.mark.parametrize(("name", "kind"), STRUCK)
def test_every_fault_of_lists_strikes_those_of_us_orders(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults()
    with listed(name, faults) as (broker, _):
        hurry(broker, monkeypatch)
        for symbol in ABROAD:
            broker.buy(symbol, 11, price=1)
        assert len(broker.orders(market="US")) == len(ABROAD)
        faults.add(Rule(kind, seconds=1_000 if kind == "lag" else None))
        with suppress(IncompleteListing, NetworkError, WireError):
            broker.orders(market="US")
        assert {entry.kind for entry in faults.log} == {kind}


@pytest.mark.parametrize("name", BROKERS)
def test_an_order_shows_late_in_the_lists(name: str) -> None:
    faults = Faults([Rule("lag", seconds=1_000)])
    with listed(name, faults) as (broker, sandbox):
        order = broker.buy(SAMSUNG, 1, price=sandbox.exchange.quote(SAMSUNG).lower_limit)
        assert len(broker.orders()) == 5
        assert broker.refresh(order).status is OrderStatus.PENDING
        assert {entry.kind for entry in faults.log} == {"lag"}
        faults.clear()
        faults.add(Rule("lag", seconds=0))
        assert int(order.id) in numbers(broker.orders())
        assert broker.refresh(order).status is OrderStatus.WORKING


@pytest.mark.parametrize("name", BROKERS)
def test_a_list_without_anything_to_break_stays_whole_and_unlogged(name: str) -> None:
    faults = Faults([Rule(kind) for kind in ("lag", "repeated_page", "missing_row")])
    with Sandbox(faults=faults) as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        assert broker.orders() == ()
    assert faults.log == ()


@pytest.mark.parametrize("name", BROKERS)
def test_list_faults_leave_everything_else_alone(name: str) -> None:
    faults = Faults([Rule("cut_page"), Rule("day_roll")])
    with Sandbox(faults=faults) as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        assert broker.quote(SAMSUNG).price > 0
        assert broker.balance().cash > 0
    assert faults.log == ()
