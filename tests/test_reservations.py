"""Reserved orders: sent once and written down like orders, apart from them, and settled by the list of them alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

from brokerkit import (
    IntentKind,
    IntentState,
    InvalidRequest,
    Limits,
    NothingToCancel,
    NotSent,
    OrderBlocked,
    OrderRequest,
    OrderType,
    OrderUncertain,
    Rejected,
    Reservation,
    ReservationStatus,
    Side,
    Unsupported,
    Venue,
    clock,
)
from brokerkit.broker import Broker
from brokerkit.errors import Halted, LimitExceeded, NetworkError
from brokerkit.models.handles import Handle
from brokerkit.orders import reconcile as reconciling
from brokerkit.orders.halting import halt
from brokerkit.orders.intents import Intent
from brokerkit.orders.listing import Listed
from brokerkit.orders.reconcile import Reconciler
from brokerkit.replies import ReservationReply, Sent
from brokerkit.testing.inside import journal_of, limit_to
from brokerkit.transport import OddRow
from tests.fakes import Fake, FakePart, order_of
from tests.journals import row_of

SAMSUNG = "005930"


class Row(ReservationReply):
    """A row of the fake broker's list."""

    id: str
    symbol: str
    side: Side
    type: OrderType | None
    venue: Venue
    quantity: Decimal
    price: Decimal | None
    until: dt.date | None
    status: ReservationStatus
    order_id: str | None
    received: dt.date
    clock: dt.time | None


class Reserving(FakePart):
    """A broker that keeps orders; what it keeps is shown in its list until a test changes that."""

    reservation_types = dict.fromkeys(("demo", "real"), (OrderType.LIMIT, OrderType.MARKET))
    reservation_venues = (Venue.KRX,)
    reserves_until = True

    def prepare(self) -> None:
        self.kept: list[Row] = []
        self.odd: list[OddRow] = []

    def reservations(self, start: dt.date, end: dt.date) -> Sequence[Row | OddRow]:
        self.fake.calls.append(("list", start, end))
        return [*self.kept, *self.odd]

    def send_reservation(self, request: OrderRequest, until: dt.date | None) -> Sent:
        number = str(next(self.fake.numbers))
        self.keep(request, number, until)
        self.fake.called("reserve", request, until)
        return Sent(number)

    def send_reservation_amend(self, reservation: Reservation, handle: Handle, request: OrderRequest) -> Sent:
        self.change(handle.number, quantity=request.quantity, price=request.price)
        self.fake.called("amend", handle.number, request.quantity, request.price)
        return Sent(handle.number)

    def send_reservation_cancel(self, reservation: Reservation, handle: Handle) -> Sent:
        self.change(handle.number, status=ReservationStatus.CANCELED)
        self.fake.called("cancel", handle.number)
        return Sent(handle.number)

    def keep(self, request: OrderRequest, number: str, until: dt.date | None = None) -> None:
        """Show a reserved order in the list."""
        now = clock.now()
        row = Row(
            id=number,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            venue=Venue.KRX,
            quantity=request.quantity,
            price=request.price,
            until=until,
            status=ReservationStatus.RESERVED,
            order_id=None,
            received=now.date(),
            clock=now.time(),
        )
        self.kept.append(row)

    def change(self, number: str, **changes: object) -> None:
        """Show it otherwise."""
        self.kept = [each.model_copy(update=changes) if each.id == number else each for each in self.kept]


class Unlisting(Reserving):
    """A broker that keeps orders and does not show them."""

    reservations = FakePart.reservations


def opened(part: type[Reserving] = Reserving) -> tuple[Fake, Broker, Reserving]:
    fake = Fake()
    broker = fake.opened(part=part)
    return fake, broker, cast(Reserving, broker.adapter.served["KR"])


@pytest.fixture
def scene() -> tuple[Fake, Broker, Reserving]:
    return opened()


def buying(quantity: int = 10, **changes: Any) -> OrderRequest:
    return OrderRequest(**{"symbol": SAMSUNG, "side": Side.BUY, "quantity": quantity, "price": 70000, **changes})


def sent(fake: Fake) -> list[Any]:
    return [call[0] for call in fake.calls if call[0] in ("reserve", "amend", "cancel", "order")]


def lost(fake: Fake, broker: Broker, request: OrderRequest | None = None) -> Intent:
    """Reserve an order whose answer does not come."""
    fake.fails = NetworkError("silence")
    with pytest.raises(OrderUncertain) as caught:
        broker.reserve(request or buying())
    fake.fails = None
    return cast(Intent, caught.value.intent)


# What is sent, and what is told of it


def test_a_reserved_order_is_sent_once_and_written_down(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    until = clock.today() + dt.timedelta(days=9)
    kept = broker.reserve(buying(), until=until)
    assert (kept.id, kept.status, kept.until, kept.order_id) == ("117", ReservationStatus.PENDING, until, None)
    assert Reservation.model_validate_json(kept.model_dump_json()) == kept
    (intent,) = journal_of(broker).everything()
    assert (intent.kind, intent.state, intent.order_id) == (IntentKind.RESERVE, IntentState.ACKED, "117")
    assert (intent.market, intent.until) == ("KR", until)
    assert sent(fake) == ["reserve"]


def test_the_list_shows_what_is_reserved_by_the_day_on_which_it_was_taken(
    scene: tuple[Fake, Broker, Reserving],
) -> None:
    _, broker, part = scene
    kept = broker.reserve(buying())
    part.change(kept.id, status=ReservationStatus.ORDERED, order_id="4711")
    (shown,) = broker.reservations()
    assert (shown.id, shown.handle, shown.order_id) == (kept.id, kept.handle, "4711")
    assert shown.submitted_at is not None
    part.change(kept.id, received=clock.today() - dt.timedelta(days=31))
    assert list(broker.reservations()) == []
    assert len(broker.reservations(clock.today() - dt.timedelta(days=31))) == 1


def test_a_row_that_cannot_be_read_is_never_left_out(scene: tuple[Fake, Broker, Reserving]) -> None:
    _, broker, part = scene
    part.odd = [OddRow("field price is missing", {})]
    with pytest.raises(Exception, match="field price is missing"):
        broker.reservations()


def test_a_reserved_order_is_amended_and_cancelled_by_its_number(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    kept = broker.reserve(buying())
    dearer = broker.amend_reservation(kept, price=70100)
    assert (dearer.id, dearer.handle, dearer.price, dearer.quantity) == (kept.id, kept.handle, 70100, 10)
    fewer = broker.amend_reservation(dearer, quantity=3)
    assert (fewer.quantity, fewer.price) == (3, 70100)
    broker.cancel_reservation(fewer)
    assert sent(fake) == ["reserve", "amend", "amend", "cancel"]
    assert [each.state for each in journal_of(broker).everything()] == [IntentState.ACKED] * 4
    (shown,) = broker.reservations()
    assert shown.status is ReservationStatus.CANCELED


def test_what_waits_no_more_is_neither_amended_nor_cancelled(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, part = scene
    broker.reserve(buying())
    part.change("117", status=ReservationStatus.ORDERED, order_id="4711")
    (shown,) = broker.reservations()
    with pytest.raises(NothingToCancel):
        broker.cancel_reservation(shown)
    with pytest.raises(NothingToCancel):
        broker.amend_reservation(shown, price=70100)
    assert sent(fake) == ["reserve"]


def test_a_reservation_is_no_order_and_an_order_no_reservation(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    kept = broker.reserve(buying())
    (intent,) = journal_of(broker).everything()
    with pytest.raises(InvalidRequest, match="needs the Order itself"):
        broker.cancel(cast(Any, kept))
    with pytest.raises(InvalidRequest, match="not an order of fake"):
        broker.cancel(cast(Any, intent.result))  # as the journal keeps it
    with pytest.raises(InvalidRequest, match="needs the Reservation itself"):
        broker.cancel_reservation(cast(Any, order_of()))
    with pytest.raises(InvalidRequest, match="no handle"):
        broker.cancel_reservation(kept.model_copy(update={"handle": order_of().handle}))
    assert sent(fake) == ["reserve"]


@pytest.mark.parametrize(
    ("request_", "until", "error"),
    [
        (buying(price=70050), None, InvalidRequest),
        (buying(type=OrderType.STOP_LIMIT, stop_price=70000), None, Unsupported),
        (buying(venue=Venue.NXT), None, Unsupported),
        (buying(time_in_force="IOC"), None, Unsupported),
        (buying(), clock.today() - dt.timedelta(days=1), InvalidRequest),
        ("005930", None, InvalidRequest),
    ],
)
def test_what_can_be_known_to_be_wrong_is_not_sent(
    request_: Any, until: dt.date | None, error: type[Exception], scene: tuple[Fake, Broker, Reserving]
) -> None:
    fake, broker, _ = scene
    with pytest.raises(error):
        broker.reserve(request_, until=until)
    assert sent(fake) == []


def test_the_limits_of_today_are_none_of_another_day(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    fake.limits = (69000, 71000)
    broker.quote(SAMSUNG)
    with pytest.raises(InvalidRequest, match="limits"):
        broker.buy(SAMSUNG, 1, price=80000)
    assert broker.reserve(buying(price=80000)).price == 80000


def test_days_are_refused_where_the_broker_reserves_for_one_alone() -> None:
    class Daily(Reserving):
        reserves_until = False

    fake, broker, _ = opened(Daily)
    with pytest.raises(Unsupported, match="several days"):
        broker.reserve(buying(), until=clock.today() + dt.timedelta(days=3))
    assert sent(fake) == []


def test_a_broker_that_reserves_nothing_says_so_and_sends_nothing() -> None:
    fake = Fake()
    broker = fake.opened()
    for verb in ("reserve", "reservations", "amend_reservation", "cancel_reservation"):
        assert not broker.supports(verb)
    with pytest.raises(Unsupported, match="reserve"):
        broker.reserve(buying())
    with pytest.raises(Unsupported, match="reservations"):
        broker.reservations()
    assert sent(fake) == []


def test_support_tells_types_and_venues(scene: tuple[Fake, Broker, Reserving]) -> None:
    _, broker, _ = scene
    assert broker.supports("reserve", type=OrderType.MARKET, venue=Venue.KRX)
    assert not broker.supports("reserve", type=OrderType.STOP_LIMIT)
    assert not broker.supports("reserve", venue=Venue.NXT)


# The safety envelope


def test_the_kill_switch_stops_reserved_orders_and_lets_them_be_taken_back(
    scene: tuple[Fake, Broker, Reserving],
) -> None:
    fake, broker, _ = scene
    kept = broker.reserve(buying())
    halt("a test")
    with pytest.raises(Halted):
        broker.reserve(buying(9))
    with pytest.raises(Halted):
        broker.amend_reservation(kept, price=70100)
    broker.cancel_reservation(kept)
    assert sent(fake) == ["reserve", "cancel"]


def test_limits_count_reserved_orders_like_others(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    limit_to(broker, Limits(max_order_quantity=20, max_daily_value=1_000_000))
    with pytest.raises(LimitExceeded, match="max_order_quantity"):
        broker.reserve(buying(21))
    kept = broker.reserve(buying(10))
    with pytest.raises(LimitExceeded, match="max_daily_value"):
        broker.buy(SAMSUNG, 5, price=70000)
    broker.amend_reservation(kept, quantity=14)
    with pytest.raises(LimitExceeded, match="max_daily_value"):
        broker.reserve(buying(1, price=100_000))
    assert sent(fake) == ["reserve", "amend"]


def test_a_key_is_good_for_one_reserved_order(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, part = scene
    kept = broker.reserve(buying(), key="monday")
    part.change(kept.id, status=ReservationStatus.ORDERED, order_id="4711")
    again = broker.reserve(buying(), key="monday")
    assert (again.id, again.status, again.order_id) == (kept.id, ReservationStatus.ORDERED, "4711")
    with pytest.raises(InvalidRequest, match="another order"):
        broker.reserve(buying(), key="monday", until=clock.today())
    with pytest.raises(InvalidRequest, match="another order"):
        broker.order(buying(), key="monday")
    broker.cancel_reservation(kept, key="off")
    broker.cancel_reservation(kept, key="off")
    assert sent(fake) == ["reserve", "cancel"]


def test_a_refused_reserved_order_is_told_as_such(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    fake.fails = Rejected("no", broker="fake", code="X1")
    with pytest.raises(Rejected):
        broker.reserve(buying())
    (intent,) = journal_of(broker).everything()
    assert intent.state is IntentState.REJECTED
    fake.fails = NotSent("no line")
    with pytest.raises(NotSent):
        broker.reserve(buying())


# What becomes of one that is not known


def test_an_uncertain_reserved_order_blocks_its_own_kind_alone(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    intent = lost(fake, broker)
    assert intent.kind is IntentKind.RESERVE
    with pytest.raises(OrderBlocked):
        broker.reserve(buying(9))
    assert broker.reserve(buying(9, side=Side.SELL)).side is Side.SELL
    assert broker.buy(SAMSUNG, 1, price=70000).quantity == 1
    assert [each.id for each in broker.unresolved()] == [intent.id]


def test_an_uncertain_order_does_not_hold_up_reserved_orders(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    fake.fails = NetworkError("silence")
    with pytest.raises(OrderUncertain):
        broker.buy(SAMSUNG, 10, price=70000)
    fake.fails = None
    assert broker.reserve(buying()).id
    with pytest.raises(OrderBlocked):
        broker.buy(SAMSUNG, 9, price=70000)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "APART", dt.timedelta(0))


@pytest.mark.usefixtures("no_waiting")
def test_the_list_of_reserved_orders_settles_one_that_it_shows(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    intent = lost(fake, broker)
    report = broker.reconcile()
    (found,) = report.decided
    assert (found.id, found.state, found.order_id) == (intent.id, IntentState.ACKED, "117")
    assert (report.foreign, report.unresolved) == ((), ())
    assert broker.reserve(buying(9)).quantity == 9


@pytest.mark.usefixtures("no_waiting")
def test_two_that_fit_are_a_persons_to_settle(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, part = scene
    intent = lost(fake, broker)
    part.keep(buying(), "999")
    broker.reconcile()
    (left,) = broker.unresolved()
    assert (left.id, left.state) == (intent.id, IntentState.AMBIGUOUS)
    assert broker.resolve(intent, order_id="999").state is IntentState.ACKED


@pytest.mark.usefixtures("no_waiting")
def test_absence_is_never_concluded_of_a_reserved_order(
    scene: tuple[Fake, Broker, Reserving], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, broker, part = scene
    monkeypatch.setattr(Reserving, "lists_prove_absence", frozenset({"demo", "real"}))
    monkeypatch.setattr(Reserving, "settle_seconds", 0.001)
    monkeypatch.setattr(reconciling, "POLL_SECONDS", 0.001)
    lost(fake, broker)
    part.kept.clear()
    report = broker.reconcile(wait=True, timeout=0.1)
    assert [each.state for each in report.unresolved] == [IntentState.UNKNOWN]


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("verb", ["amend_reservation", "cancel_reservation"])
def test_an_uncertain_change_is_settled_by_the_row_of_its_reserved_order(
    verb: str, scene: tuple[Fake, Broker, Reserving]
) -> None:
    fake, broker, part = scene
    kept = broker.reserve(buying())
    before = list(part.kept)
    terms = {"price": 70100} if verb == "amend_reservation" else {}
    fake.fails = NetworkError("silence")
    with pytest.raises(OrderUncertain):
        getattr(broker, verb)(kept, **terms)
    fake.fails, after = None, part.kept
    part.kept = before
    broker.reconcile()
    assert len(broker.unresolved()) == 1
    part.kept = after
    broker.reconcile()
    assert broker.unresolved() == ()


def test_without_a_list_it_stays_a_persons_to_settle() -> None:
    fake, broker, _ = opened(Unlisting)
    intent = lost(fake, broker)
    report = broker.reconcile()
    assert [each.id for each in report.unresolved] == [intent.id]
    assert "reservations" in str(report.problem)
    assert broker.resolve(intent, absent=True, reason="not in the app").state is IntentState.PRESUMED_ABSENT
    with pytest.raises(InvalidRequest, match="reserve again"):
        broker.resubmit(intent)
    assert broker.reserve(buying()).id


def test_a_broker_that_keeps_orders_and_shows_none_never_tells_an_empty_list() -> None:
    _, broker, _ = opened(Unlisting)
    broker.reserve(buying())
    with pytest.raises(Unsupported, match="reservations"):
        broker.reservations()


def test_no_list_is_asked_for_where_nothing_reserved_is_uncertain(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    broker.reserve(buying())
    broker.reconcile()
    assert [call for call in fake.calls if call[0] == "list"] == []


def test_equal_numbers_of_orders_and_of_reserved_orders_do_not_meet(scene: tuple[Fake, Broker, Reserving]) -> None:
    fake, broker, _ = scene
    fake.answer = lambda: "117"
    kept, order = broker.reserve(buying()), broker.buy(SAMSUNG, 10, price=70000)
    assert (kept.id, order.id) == ("117", "117")
    assert {each.state for each in journal_of(broker).everything()} == {IntentState.ACKED}


# The order that a reserved one becomes, and an order that is just like it


def reconciler(broker: Broker, rows: Sequence[Listed]) -> Reconciler:
    return Reconciler(
        journal_of(broker),
        lambda day: rows if day == clock.today() else (),
        proves_absence=True,
        settle_seconds=120,
        exclusive=True,
        times_tell=True,
        skew=lambda: 0.0,
    )


def now_row(number: str, **changes: Any) -> Listed:
    return row_of(number, **{"quantity": Decimal(10), "price": Decimal(70000), "submitted_at": clock.now(), **changes})


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("price", [70000, 70100])
def test_an_order_that_a_reserved_one_may_have_become_is_not_taken_for_another(
    price: int, scene: tuple[Fake, Broker, Reserving]
) -> None:
    fake, broker, _ = scene
    kept = broker.reserve(buying())
    if price != kept.price:
        broker.amend_reservation(kept, price=price)
    fake.fails = NetworkError("silence")
    with pytest.raises(OrderUncertain):
        broker.buy(SAMSUNG, 10, price=price)
    looks = reconciler(broker, [now_row("4711", price=Decimal(price))])
    report = looks.look()
    assert [each.state for each in report.unresolved] == [IntentState.AMBIGUOUS]
    assert report.foreign == ()


@pytest.mark.usefixtures("no_waiting")
def test_the_order_of_a_reserved_one_is_nobody_elses(scene: tuple[Fake, Broker, Reserving]) -> None:
    _, broker, _ = scene
    broker.reserve(buying())
    rows = [now_row("4711"), now_row("4712", quantity=Decimal(3))]
    report = reconciler(broker, rows).look()
    assert [each.id for each in report.foreign] == ["4712"]


@pytest.mark.usefixtures("no_waiting")
def test_a_notice_of_the_order_that_a_reserved_one_became_settles_no_other(
    scene: tuple[Fake, Broker, Reserving],
) -> None:
    fake, broker, _ = scene
    broker.reserve(buying())
    fake.fails = NetworkError("silence")
    with pytest.raises(OrderUncertain):
        broker.buy(SAMSUNG, 10, price=70000)
    row = now_row("4711")
    noticed = Listed(row.order, is_noticed=True)
    assert reconciler(broker, []).heard([noticed]).settled == ()
