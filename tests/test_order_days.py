"""Orders of a market whose day is New York's: which trading day an order is of, however the broker dates its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from brokerkit import Broker, Order, clock
from brokerkit.errors import JournalError, WireError
from brokerkit.replies import OrderPage, Sent
from brokerkit.transport import OddRow
from brokerkit.words import OrderStatus, Side
from tests.fakes import Fake, UsRow

FRIDAY = dt.date(2026, 11, 20)
DAY = dt.timedelta(days=1)


def korean(text: str) -> dt.datetime:
    """Return a moment in Korea: `11-20 23:59`, in 2026."""
    return dt.datetime.fromisoformat(f"2026-{text}").replace(tzinfo=clock.KST)


class Clock:
    """The clock of this machine."""

    def __init__(self) -> None:
        self.now = korean("11-20 23:59")

    def set(self, text: str) -> None:
        self.now = korean(text)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the clock."""
    told = Clock()
    monkeypatch.setattr(clock, "now", lambda: told.now)
    return told.set


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def broker(fake: Fake) -> Broker:
    return fake.abroad()


def shown(fake: Fake, *rows: UsRow | OddRow, **told: Any) -> None:
    """Let the broker's list show rows under the dates that they tell, whatever is asked for."""
    fake.pages = lambda start, end: [OrderPage(None, rows, **told)]


def by_date(fake: Fake, rows: Sequence[tuple[dt.date, UsRow]], **told: Any) -> None:
    """Let the broker answer a list for each date that is asked for, the newest first."""

    def pages(start: dt.date, end: dt.date) -> Iterable[OrderPage]:
        for back in range((end - start).days + 1):
            day = end - back * DAY
            yield OrderPage(None, [row for date, row in rows if date == day], day, **told)

    fake.pages = pages


def asked(fake: Fake) -> list[tuple[dt.date, dt.date]]:
    return [(call[1], call[2]) for call in fake.calls if call[0] == "rows"]


def in_ways(*moments: dt.datetime) -> dict[str, dt.datetime]:
    """Return when an order may have been taken, by as many ways of dating rows."""
    return {f"way {number}": moment for number, moment in enumerate(moments)}


def buys(broker: Broker, **changes: Any) -> Order:
    return broker.buy(**{"symbol": "US:AAPL", "quantity": 10, "price": 150, **changes})


# Sent and listed at the turn of a day


@pytest.mark.parametrize(
    ("sent", "listed", "day"),
    [
        ("11-20 23:59", "11-21 00:01", "20261120"),  # Korean midnight is within the day
        ("11-21 09:59", "11-21 09:59:30", "20261120"),  # the last minute of the after-market
        ("11-21 10:00", "11-21 10:01", "20261121"),  # 20:00 in New York: the next day
        ("07-01 08:59", "07-01 08:59:30", "20260630"),  # in summer an hour earlier
        ("07-01 09:00", "07-01 09:01", "20260701"),
        ("03-08 15:59", "03-08 16:01", "20260308"),  # 2:00 in New York, where an hour is left out
        ("03-09 09:00", "03-09 09:01", "20260309"),  # the first day that begins at 9:00 in Korea
        ("11-01 14:59", "11-01 15:01", "20261101"),  # 2:00 in New York, where an hour comes twice
        ("11-02 09:59", "11-02 09:59:30", "20261101"),
        ("11-02 10:00", "11-02 10:01", "20261102"),
    ],
)
def test_an_order_is_of_the_day_of_new_york_in_which_it_was_sent(
    sent: str, listed: str, day: str, at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at(sent)
    order = buys(broker)
    (intent,) = broker.journal.everything()
    assert (order.handle, f"{intent.day:%Y%m%d}") == (f"fake:{day}:117:117", day)
    at(listed)
    shown(fake, UsRow(id="117", told=korean(sent)))
    (working,) = broker.orders(market="US")
    assert (working.handle, working.status, working.submitted_at) == (order.handle, OrderStatus.WORKING, korean(sent))
    assert broker.refresh(order).status is OrderStatus.WORKING


def test_a_list_is_asked_for_a_day_either_side_and_for_none_that_has_come_nowhere_yet(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-20 23:59")
    order = buys(broker)
    broker.refresh(order)
    at("11-21 00:01")  # in Korea it is Saturday, in New York Friday
    broker.orders(market="US")
    broker.reconcile(market="US")
    at("11-24 12:00")
    broker.refresh(order)
    broker.order_history(FRIDAY, FRIDAY, market="US")
    until = [FRIDAY, FRIDAY + DAY, FRIDAY + DAY, FRIDAY + DAY, FRIDAY + DAY]
    assert asked(fake) == [(FRIDAY - DAY, last) for last in until]


@pytest.mark.parametrize("dated", [FRIDAY - DAY, FRIDAY, FRIDAY + DAY])
def test_an_order_is_found_however_its_list_is_dated(
    dated: dt.date, at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-20 23:59")
    order = buys(broker)
    at("11-21 00:01")
    for told in (korean("11-20 23:59"), None):
        by_date(fake, [(dated, UsRow(id="0117", told=told, filled_quantity=10, remaining_quantity=0))])
        found = broker.refresh(order)
        assert (found.status, found.handle) == (OrderStatus.FILLED, order.handle)


# A number comes again


YESTERDAY, TODAY = korean("11-19 23:59"), korean("11-20 23:59")


@pytest.mark.parametrize(
    "other",
    [
        UsRow(id="117", told=YESTERDAY),
        UsRow(id="117", told=YESTERDAY, filled_quantity=10, remaining_quantity=0),
        UsRow(id="117", symbol="US:MSFT"),
        UsRow(id="117", side=Side.SELL),
        UsRow(id="117", price=Decimal("150.01")),
        UsRow(id="117", quantity=Decimal(9)),
    ],
    ids=["at another time", "filled at another time", "symbol", "side", "price", "quantity"],
)
@pytest.mark.parametrize("dated", [FRIDAY - DAY, FRIDAY, FRIDAY + DAY])
def test_an_order_of_another_day_with_the_same_number_is_never_taken_for_it(
    dated: dt.date, other: UsRow, at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-20 23:59")
    order = buys(broker)
    if not (other.told and dated > FRIDAY):  # no list dates an order two days off
        by_date(fake, [(dated, other)])
        assert broker.refresh(order).status is OrderStatus.PENDING
        own = UsRow(id="117", told=TODAY, filled_quantity=4, remaining_quantity=6)
        by_date(fake, [(dated, other), (FRIDAY, own)])
        assert broker.refresh(order).status is OrderStatus.PARTIALLY_FILLED


def test_a_row_of_which_no_moment_is_of_the_day_is_of_another_order(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-20 23:59")
    order = buys(broker)
    filled = UsRow(id="117", filled_quantity=10, remaining_quantity=0)
    for moments, status in [
        ((korean("11-19 00:30"), YESTERDAY), OrderStatus.PENDING),
        ((YESTERDAY, TODAY), OrderStatus.FILLED),
    ]:
        by_date(fake, [(FRIDAY - DAY, filled.model_copy(update={"moments": in_ways(*moments)}))])
        assert broker.refresh(order).status is status
    by_date(
        fake,
        [
            (FRIDAY - DAY, filled.model_copy(update={"moments": in_ways(YESTERDAY)})),
            (FRIDAY, UsRow(id="117", told=None)),
        ],
    )
    assert broker.refresh(order).status is OrderStatus.WORKING


def test_of_two_that_could_be_it_neither_is_taken(at: Callable[[str], None], fake: Fake, broker: Broker) -> None:
    at("11-21 00:30")
    order = buys(broker)
    filled = UsRow(id="117", filled_quantity=10, remaining_quantity=0)
    by_date(fake, [(FRIDAY, UsRow(id="117")), (FRIDAY + DAY, filled)])
    assert broker.refresh(order).status is OrderStatus.PENDING
    by_date(
        fake, [(FRIDAY, UsRow(id="117")), (FRIDAY + DAY, filled.model_copy(update={"told": korean("11-21 00:30")}))]
    )
    assert broker.refresh(order).status is OrderStatus.FILLED


def test_a_second_search_is_spared_where_the_row_tells_its_moment(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-21 00:30")
    order = buys(broker)
    read: list[dt.date] = []

    def pages(start: dt.date, end: dt.date) -> Iterable[OrderPage]:
        for back in range(3):
            read.append(end - back * DAY)
            rows = [UsRow(id="117", told=korean("11-21 00:30"))] if back == 1 else []
            yield OrderPage(None, rows, read[-1])

    fake.pages = pages
    assert broker.refresh(order).status is OrderStatus.WORKING
    assert read == [FRIDAY + DAY, FRIDAY]


def test_at_the_turn_of_the_day_the_clocks_may_differ(at: Callable[[str], None], fake: Fake, broker: Broker) -> None:
    at("11-21 09:59:50")
    order = buys(broker)
    shown(fake, UsRow(id="117", told=korean("11-21 10:00:05")))
    at("11-21 10:01")
    assert broker.refresh(order).status is OrderStatus.WORKING
    shown(fake, UsRow(id="117", told=korean("11-21 10:05:05")))
    assert broker.refresh(order).status is OrderStatus.PENDING


def test_the_order_of_the_next_day_is_not_that_of_the_day_whose_number_it_has(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    fake.answer = lambda: "117"
    at("11-21 09:59:50")
    first = buys(broker)
    at("11-21 10:00:05")
    second = buys(broker)
    shown(fake, UsRow(id="117", told=korean("11-21 10:00:06")))
    assert (broker.refresh(first).status, broker.refresh(second).status) == (OrderStatus.PENDING, OrderStatus.WORKING)


NIGHT = in_ways(korean("11-20 00:30"), korean("11-21 00:30"))
"""Of the time 0:30 under Friday's date: by Korea's calendar it is of Thursday's trading, by New York's of Friday's."""
FULL = {"filled_quantity": Decimal(10), "remaining_quantity": Decimal(0)}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("11-20 23:59", OrderStatus.PENDING),
        ("11-21 00:25", OrderStatus.PENDING),
        ("11-21 00:29:30", OrderStatus.FILLED),
        ("11-21 00:32", OrderStatus.PENDING),
    ],
)
def test_a_row_that_may_be_of_several_moments_is_of_the_order_that_was_sent_at_one_of_them(
    sent: str, status: OrderStatus, at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at(sent)
    order = buys(broker)
    at("11-21 00:33")
    by_date(fake, [(FRIDAY, UsRow(id="117", moments=NIGHT, **FULL))])
    assert broker.refresh(order).status is status


def test_of_orders_that_are_sent_every_night_each_has_its_own_row(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-20 00:30")
    before = buys(broker)
    at("11-21 00:30")
    order = buys(broker)
    at("11-21 00:33")
    known = UsRow(id="99", symbol="US:MSFT", moments=in_ways(korean("11-20 23:30"), korean("11-21 13:30")))
    by_date(fake, [(FRIDAY, UsRow(id="117", moments=NIGHT, **FULL))])
    assert broker.refresh(order).status is OrderStatus.PENDING  # it may be that of the night before
    fake.answer = lambda: Sent("99")
    at("11-20 23:30")
    buys(broker, symbol="US:MSFT")
    at("11-21 00:34")
    by_date(fake, [(FRIDAY, UsRow(id="117", moments=NIGHT, **FULL)), (FRIDAY, known)])
    # It shows that the list goes by the first way, so that the row is of Thursday's order.
    assert [broker.refresh(each).status for each in (before, order)] == [OrderStatus.FILLED, OrderStatus.PENDING]
    (told, _) = broker.order_history(FRIDAY - DAY, FRIDAY, market="US")
    assert (told.handle, told.submitted_at) == (before.handle, korean("11-20 00:30"))


def test_a_journal_that_cannot_be_read_hides_no_order(
    at: Callable[[str], None], fake: Fake, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    at("11-21 00:29:30")
    order = buys(broker)
    at("11-21 00:33")
    by_date(fake, [(FRIDAY, UsRow(id="117", moments=NIGHT, **FULL))])

    def fails(*given: object) -> NoReturn:
        raise JournalError("no such disk")

    monkeypatch.setattr(broker.journal, "of_day", fails)
    assert broker.refresh(order).status is OrderStatus.FILLED


def test_rows_that_contradict_each_other_show_no_way_of_dating(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-20 23:30")
    for number, symbol in (("98", "US:MSFT"), ("99", "US:TSLA")):
        fake.answer = lambda number=number: Sent(number)
        buys(broker, symbol=symbol)
    at("11-21 00:33")
    then, other = korean("11-20 23:30"), korean("11-20 13:30")
    rows = [
        UsRow(id="98", symbol="US:MSFT", moments=in_ways(then, other)),
        UsRow(id="99", symbol="US:TSLA", moments=in_ways(other, then)),
        UsRow(id="117", moments=NIGHT),
    ]
    by_date(fake, [(FRIDAY, row) for row in rows])
    assert {each.submitted_at for each in broker.order_history(FRIDAY, FRIDAY, market="US")} == {None}


# What a row tells of its time


@pytest.mark.parametrize(
    ("told", "time"),
    [
        (dt.datetime(2026, 11, 20, 14, 59, tzinfo=dt.UTC), TODAY),
        (dt.time(23, 59), TODAY),
        (dt.time(0, 30), None),  # of the 20th or of the 21st in Korea
        (None, None),
    ],
)
def test_a_time_of_day_alone_is_no_moment_after_midnight(
    told: Any, time: dt.datetime | None, at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-21 01:00")
    by_date(fake, [(FRIDAY, UsRow(id="117", told=told))])
    (order,) = broker.order_history(FRIDAY, market="US")
    assert order.submitted_at == time


@pytest.mark.parametrize("told", [dt.datetime(2026, 11, 20, 23, 59), dt.time(23, 59, tzinfo=clock.KST), "235900"])
def test_a_time_of_which_it_is_not_clear_when_it_is_cannot_be_what_a_row_tells(
    told: Any, at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-21 01:00")
    shown(fake, UsRow(id="117", told=told))
    with pytest.raises(WireError, match="in the row of 117, clock cannot be what it says"):
        broker.orders(market="US")


def test_a_moment_two_days_from_the_date_of_its_row_is_a_wire_error(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-21 01:00")
    shown(fake, UsRow(id="117", day=FRIDAY + DAY, told=korean("11-19 23:00")))
    with pytest.raises(WireError, match="clock cannot be what it says"):
        broker.orders(market="US")


# Histories and what stands


def test_a_history_is_of_the_days_of_new_york(at: Callable[[str], None], fake: Fake, broker: Broker) -> None:
    at("11-24 12:00")
    moments = ["11-20 09:59", "11-20 10:00", "11-21 00:30", "11-21 09:59", "11-21 10:00"]
    shown(fake, *(UsRow(id=str(number), told=korean(text)) for number, text in enumerate(moments, 1)))
    assert [order.id for order in broker.order_history(FRIDAY, FRIDAY, market="US")] == ["2", "3", "4"]
    by_date(fake, [(FRIDAY + count * DAY, UsRow(id=str(count))) for count in (0, 1)])
    assert [order.id for order in broker.order_history(FRIDAY, FRIDAY, symbol="US:AAPL")] == ["0"]


def test_a_history_ends_with_the_day_that_it_is_in_new_york(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-21 01:00")
    shown(fake, UsRow(id="117", told=korean("11-21 00:30")))
    assert [order.id for order in broker.order_history(FRIDAY, market="US")] == ["117"]


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"told": TODAY}, OrderStatus.WORKING),
        ({"told": YESTERDAY}, OrderStatus.EXPIRED),
        ({"day": FRIDAY}, OrderStatus.WORKING),
        ({"day": FRIDAY + DAY}, OrderStatus.WORKING),
        ({"day": FRIDAY - DAY}, OrderStatus.UNKNOWN),  # of Friday's evening before, or of Thursday
        ({"day": FRIDAY - DAY, "remaining_quantity": 0}, OrderStatus.UNKNOWN),
        ({"told": YESTERDAY, "remaining_quantity": 0}, OrderStatus.EXPIRED),
        ({"told": TODAY, "remaining_quantity": 0}, OrderStatus.UNKNOWN),
    ],
    ids=str,
)
def test_an_order_has_expired_when_its_day_is_surely_over(
    row: dict[str, Any], status: OrderStatus, at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-21 01:00")
    shown(fake, UsRow(id="117", **row))
    assert [order.status for order in broker.orders(market="US")] == ([] if row.get("told") == YESTERDAY else [status])
    at("11-21 08:00")
    told = broker.order_history(FRIDAY - 2 * DAY, market="US")
    assert [order.status for order in told] == ([] if row.get("day") == FRIDAY + DAY else [status])


def test_open_orders_are_told_though_the_list_dates_them_otherwise(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-21 00:30")
    by_date(fake, [(FRIDAY - DAY, UsRow(id="1")), (FRIDAY + DAY, UsRow(id="2"))], shows_all=False)
    assert [order.status for order in broker.orders(market="US")] == [OrderStatus.WORKING] * 2


@pytest.mark.parametrize(
    ("clock_at", "phase", "status"),
    [
        ("11-20 10:30", "CLOSED", OrderStatus.UNKNOWN),  # the day has begun, and nothing has opened yet
        ("11-20 18:30", "PRE_MARKET", OrderStatus.UNKNOWN),
        ("11-20 23:59", "REGULAR", OrderStatus.UNKNOWN),
        ("11-21 06:30", "AFTER_MARKET", OrderStatus.EXPIRED),
        ("11-21 10:30", "CLOSED", OrderStatus.EXPIRED),
    ],
)
def test_nothing_has_expired_before_regular_trading_ends(
    clock_at: str, phase: str, status: OrderStatus, at: Callable[[str], None], fake: Fake
) -> None:
    broker = fake.abroad(by_clock=True)
    at(clock_at)
    shown(fake, UsRow(id="117", told=korean("11-20 10:01"), remaining_quantity=0))
    assert [order.status for order in broker.order_history(FRIDAY, FRIDAY, market="US")] == [status]


# What changed an order


def test_a_cancellation_after_midnight_is_one_of_its_order(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-24 12:00")
    gone = UsRow(id="117", remaining_quantity=0)
    cancel = UsRow(id="118", original_id="117", is_cancellation=True, remaining_quantity=0)
    by_date(fake, [(FRIDAY, gone), (FRIDAY + DAY, cancel)])
    assert [order.status for order in broker.order_history(FRIDAY, FRIDAY, market="US")] == [OrderStatus.CANCELED]


def test_a_cancellation_of_another_days_order_with_the_number_changes_nothing(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-24 12:00")
    gone = UsRow(id="117", remaining_quantity=0)
    cancel = UsRow(id="118", original_id="117", is_cancellation=True, remaining_quantity=0)
    by_date(fake, [(FRIDAY, gone), (FRIDAY + DAY, gone), (FRIDAY + DAY, cancel)])
    told = {order.handle[5:13]: order.status for order in broker.order_history(FRIDAY, FRIDAY + DAY, market="US")}
    assert told == {"20261120": OrderStatus.EXPIRED, "20261121": OrderStatus.CANCELED}
    by_date(fake, [(FRIDAY - DAY, cancel), (FRIDAY, gone)])
    assert [order.status for order in broker.order_history(FRIDAY, FRIDAY, market="US")] == [OrderStatus.EXPIRED]


def test_an_amendment_whose_row_does_not_tell_what_it_amends_stays_what_was_answered(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    at("11-20 23:59")
    changed = broker.amend(buys(broker), price=151)
    at("11-21 00:30")
    shown(
        fake,
        UsRow(id="117", remaining_quantity=0, tells_original=False),
        UsRow(id=changed.id, price=151, tells_original=False),
    )
    report = broker.reconcile(market="US")
    assert (report.unresolved, report.foreign, report.lacking) == ((), (), ())
    assert [str(intent.state) for intent in broker.journal.everything()] == ["ACKED", "ACKED"]


# What else goes by the day


def test_a_list_of_each_day_is_asked_for_where_it_may_show_an_order(at: Callable[[str], None], broker: Broker) -> None:
    """A broker that dates by Korea's calendar shows the Friday night under Saturday."""
    at("11-24 12:00")
    korea, us = (broker.adapter.served[name] for name in ("KR", "US"))
    days = [FRIDAY + count * DAY for count in range(5)]
    assert korea.days_to_ask(days[0], days[-1]) == [days[0], *days[3:]]
    assert us.days_to_ask(days[0], days[-1]) == days
    thanksgiving = dt.date(2026, 11, 26)
    assert us.days_to_ask(thanksgiving - DAY, thanksgiving + DAY) == [
        thanksgiving + count * DAY for count in (-1, 0, 1)
    ]
    unknown = dt.date(2031, 1, 1)
    assert us.days_to_ask(unknown, unknown + DAY) == [unknown, unknown + DAY]


def test_a_stream_is_told_the_orders_of_new_yorks_day_alone(
    at: Callable[[str], None], fake: Fake, broker: Broker
) -> None:
    from brokerkit.market.markets import US
    from brokerkit.stream.reading import Reader

    at("11-21 00:30")
    rows = [
        UsRow(id="1", told=korean("11-20 09:30")),
        UsRow(id="2", told=korean("11-20 23:30")),
        UsRow(id="3", told=korean("11-21 00:20")),
        UsRow(id="4", day=FRIDAY - DAY),
        UsRow(id="5", day=FRIDAY + DAY),
    ]
    shown(fake, *rows)
    outcome = Reader(broker._inquiries, US, lambda found: None)._read()
    assert (outcome.day, outcome.error) == (FRIDAY, None)
    assert [row.number for row in outcome.rows or ()] == ["2", "3", "5"]


# The order of what is told


def test_orders_without_a_time_are_told_by_their_numbers_day_by_day(
    broker: Broker, fake: Fake, at: Callable[[str], None]
) -> None:
    at("11-21 01:00")
    rows = [
        (FRIDAY, UsRow(id="12")),
        (FRIDAY, UsRow(id="9", told=korean("11-20 23:50"))),
        (FRIDAY - DAY, UsRow(id="30")),
        (FRIDAY - DAY, UsRow(id="4")),
    ]
    by_date(fake, rows)
    assert [order.id for order in broker.order_history(FRIDAY - DAY, symbol="US:AAPL")] == ["4", "30", "9", "12"]
    shown(fake, UsRow(id="12"), UsRow(id="9"), UsRow(id="10", told=korean("11-20 23:55")))
    assert [order.id for order in broker.orders(market="US")] == ["9", "10", "12"]


def test_orders_that_tell_their_times_are_told_by_them(broker: Broker, fake: Fake, at: Callable[[str], None]) -> None:
    at("11-21 01:00")
    shown(fake, UsRow(id="2", told=korean("11-21 00:30")), UsRow(id="11", told=korean("11-20 23:55")))
    assert [order.id for order in broker.orders(market="US")] == ["11", "2"]
