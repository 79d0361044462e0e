"""Uncertain orders of a market whose day is New York's: what lists of the days around prove, and what they do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from brokerkit import Broker, clock
from brokerkit.errors import OrderUncertain
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.limits import Safety
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.replies import OrderPage
from brokerkit.transport import OddRow
from brokerkit.words import OrderStatus, Side
from tests.fakes import Fake, UsRow
from tests.test_order_days import DAY, FRIDAY, at, buys, by_date, fake, in_ways, korean, shown

__all__ = ["at", "fake"]

At = Callable[[str], None]
UNKNOWN, AMBIGUOUS, ACKED = IntentState.UNKNOWN, IntentState.AMBIGUOUS, IntentState.ACKED
ABSENT, LATE, CLOSED = IntentState.PRESUMED_ABSENT, IntentState.LATE, IntentState.ABSENT_DAY_CLOSED


@pytest.fixture
def broker(fake: Fake) -> Broker:
    return fake.abroad()


def loses(fake: Fake, broker: Broker, **changes: object) -> Intent:
    """Send an order whose answer tells no number."""
    answer, fake.answer = fake.answer, lambda: None
    with pytest.raises(OrderUncertain):
        buys(broker, **changes)
    fake.answer = answer
    return next(intent for intent in broker.unresolved())


def looked(broker: Broker, at: At, *moments: str) -> Reconciliation:
    """Look at the lists at these moments, and return what the last look found."""
    for moment in moments:
        at(moment)
        report = broker.reconcile(market="US")
    return report


def state(broker: Broker, intent: Intent) -> IntentState:
    return broker.journal.get(intent.id).state


SETTLED = ("11-21 00:03", "11-21 00:05", "11-21 00:07")


@pytest.mark.parametrize("dated", [FRIDAY - DAY, FRIDAY, FRIDAY + DAY, None])
def test_an_uncertain_order_is_found_however_its_list_is_dated(
    dated: dt.date | None, at: At, fake: Fake, broker: Broker
) -> None:
    at("11-21 00:00:30")
    intent = loses(fake, broker)
    row = UsRow(id="117", told=korean("11-21 00:00:31"))
    if dated is None:
        shown(fake, row)
    else:
        by_date(fake, [(dated, row)])
    looked(broker, at, "11-21 00:01", "11-21 00:01:02")
    found = broker.journal.get(intent.id)
    assert (found.state, found.order_id) == (ACKED, "117")
    assert found.result is not None
    assert found.result.handle == "fake:20261120:117:117"


@pytest.mark.parametrize(
    "moments",
    [
        ("11-20 23:59", "11-21 00:01", "11-21 00:01:02"),  # Korean midnight, Friday night
        ("11-02 14:59", "11-02 15:01", "11-02 15:01:02"),
        ("03-08 15:59", "03-08 16:00", "03-08 16:00:02"),  # summer time begins
        ("11-01 14:59", "11-01 15:00", "11-01 15:00:02"),  # and ends
        ("11-21 09:59:40", "11-21 10:00:10", "11-21 10:00:12"),  # the day turns
        ("07-01 08:59:40", "07-01 09:00:10", "07-01 09:00:12"),
    ],
)
def test_an_order_sent_before_the_turn_is_found_after_it(
    moments: tuple[str, str, str], at: At, fake: Fake, broker: Broker
) -> None:
    at(moments[0])
    intent = loses(fake, broker)
    shown(fake, UsRow(id="117", told=korean(moments[0])))
    report = looked(broker, at, *moments[1:])
    assert (state(broker, intent), report.foreign, report.problem) == (ACKED, (), None)


def test_an_order_that_the_broker_numbers_after_the_turn_is_found_too(at: At, fake: Fake, broker: Broker) -> None:
    at("11-21 09:00")
    buys(broker, symbol="US:MSFT")  # a number of the day before: after the turn they begin anew
    at("11-21 09:59:55")
    intent = loses(fake, broker)
    shown(fake, UsRow(id="3", told=korean("11-21 10:00:02")))
    looked(broker, at, "11-21 10:01", "11-21 10:01:02")
    assert state(broker, intent) is ACKED


TWINS: dict[str, UsRow] = {
    "of the day before, at its moment": UsRow(id="5", told=korean("11-20 09:30")),
    "dated the day before": UsRow(id="5", day=FRIDAY - DAY),
    "dated the day after": UsRow(id="5", day=FRIDAY + DAY),
    "of this day, and nobody knows from when on": UsRow(id="5", day=FRIDAY),
}


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_an_order_of_somebody_else_that_may_be_of_another_day_is_never_matched(
    twin: UsRow, at: At, fake: Fake, broker: Broker
) -> None:
    at("11-21 00:00")
    intent = loses(fake, broker)
    shown(fake, twin)
    looked(broker, at, *SETTLED)
    assert state(broker, intent) is (ABSENT if twin.told else AMBIGUOUS)


def test_a_number_that_is_known_shows_that_a_row_of_the_day_came_after_it(at: At, fake: Fake, broker: Broker) -> None:
    at("11-20 23:30")
    known = buys(broker)
    at("11-21 00:00")
    intent = loses(fake, broker, price=151)
    rows = [UsRow(id=known.id, day=FRIDAY), UsRow(id="118", day=FRIDAY, price=Decimal(151))]
    shown(fake, *rows)
    report = looked(broker, at, "11-21 00:01", "11-21 00:01:02")
    assert (state(broker, intent), report.foreign) == (ACKED, ())


def test_numbers_that_begin_anew_at_midnight_hide_no_order(at: At, fake: Fake, broker: Broker) -> None:
    """A low number is no proof of an earlier order where the list dates it otherwise, or has seen numbers fall."""
    at("11-20 23:30")
    known = buys(broker)
    at("11-21 00:00")
    intent = loses(fake, broker, price=151)
    own = UsRow(id="2", price=Decimal(151), told=korean("11-21 00:00:01"))
    for told in (None, korean("11-20 23:30")):
        shown(
            fake, UsRow(id=known.id, day=FRIDAY, told=told), own.model_copy(update={"told": None, "day": FRIDAY + DAY})
        )
        looked(broker, at, *SETTLED)
        assert state(broker, intent) is AMBIGUOUS
    shown(fake, UsRow(id=known.id, told=korean("11-20 23:30")), own)
    looked(broker, at, "11-21 00:08", "11-21 00:08:02")
    assert state(broker, intent) is ACKED


def test_what_one_sent_the_day_before_is_not_the_order_of_today(at: At, fake: Fake, broker: Broker) -> None:
    """The same order every night, under the same number: its row of the night before is known, and is no match."""
    at("11-20 00:30")
    before = buys(broker)
    at("11-21 00:30")
    intent = loses(fake, broker)
    for dated in (FRIDAY - DAY, FRIDAY):
        by_date(fake, [(dated, UsRow(id=before.id))])
        report = looked(broker, at, "11-21 00:31", "11-21 00:31:02")
        assert (state(broker, intent), report.foreign) == (UNKNOWN, ())
    looked(broker, at, "11-21 00:34", "11-21 00:36", "11-21 00:38")
    assert state(broker, intent) is ABSENT
    by_date(fake, [(FRIDAY, UsRow(id=before.id)), (FRIDAY + DAY, UsRow(id=before.id))])
    looked(broker, at, "11-21 00:39", "11-21 00:39:02")
    assert state(broker, intent) is ABSENT  # it may be of the next night


NIGHT = UsRow(id="5", moments=in_ways(korean("11-20 00:00:01"), korean("11-21 00:00:01")))
"""An order of Friday's list at midnight: by one calendar of the night before, by the other of this one."""


@pytest.mark.parametrize("exclusive", [False, True])
def test_who_trades_alone_has_sent_what_nobody_else_explains(exclusive: bool, at: At, fake: Fake) -> None:
    broker = fake.abroad(safety=Safety(exclusive=exclusive))
    at("11-21 00:00")
    intent = loses(fake, broker)
    by_date(fake, [(FRIDAY, NIGHT)])
    looked(broker, at, *SETTLED)
    assert state(broker, intent) is (ACKED if exclusive else AMBIGUOUS)


def test_what_nobody_explains_may_be_what_was_not_listed_the_night_before(at: At, fake: Fake) -> None:
    broker = fake.abroad(safety=Safety(exclusive=True))
    at("11-20 00:00")
    before = loses(fake, broker)
    looked(broker, at, "11-20 00:03", "11-20 00:05", "11-20 00:07")
    assert state(broker, before) is ABSENT
    at("11-21 00:00")
    intent = loses(fake, broker)
    by_date(fake, [(FRIDAY, NIGHT)])
    looked(broker, at, *SETTLED)
    assert state(broker, intent) is AMBIGUOUS


@pytest.mark.parametrize(
    ("moments", "found"),
    [
        (("11-20 14:00", "11-21 00:00:01"), ACKED),  # either is of the day, and one is its own
        (("11-20 13:00", "11-20 23:00"), ABSENT),  # neither can be
        (("11-20 14:00", "11-21 00:04"), AMBIGUOUS),  # one may be, and it is too late
    ],
)
def test_the_moments_that_a_row_may_be_of_are_compared_with_that_of_sending(
    moments: tuple[str, str], found: IntentState, at: At, fake: Fake, broker: Broker
) -> None:
    at("11-21 00:00")
    intent = loses(fake, broker)
    by_date(fake, [(FRIDAY, UsRow(id="5", moments=in_ways(*map(korean, moments))))])
    looked(broker, at, *SETTLED)
    assert state(broker, intent) is found


def test_a_number_that_may_be_of_another_day_hides_no_order(at: At, fake: Fake, broker: Broker) -> None:
    at("11-20 23:00")
    stranger = UsRow(id="900", symbol="US:MSFT", day=FRIDAY)
    shown(fake, stranger)
    looked(broker, at, "11-20 23:01")
    at("11-21 00:00")
    intent = loses(fake, broker)
    shown(fake, stranger, UsRow(id="117", told=korean("11-21 00:00:01")))
    looked(broker, at, "11-21 00:01", "11-21 00:01:02")
    assert state(broker, intent) is ACKED


def test_an_order_that_stands_is_not_missed_where_its_list_is_dated_otherwise(
    at: At, fake: Fake, broker: Broker
) -> None:
    at("11-21 00:10")
    known = buys(broker, symbol="US:MSFT")
    at("11-21 00:20")
    intent = loses(fake, broker)
    moments = ("11-21 00:25", "11-21 00:27", "11-21 00:29")
    by_date(fake, [(FRIDAY + DAY, UsRow(id=known.id, symbol="US:MSFT")), (FRIDAY, UsRow(id=known.id, side=Side.SELL))])
    assert looked(broker, at, *moments).lacking == ()
    assert broker.journal.get(broker.journal.sent_as(FRIDAY, known.id, "US")[0].id).state is ACKED
    by_date(fake, [])
    assert looked(broker, at, "11-21 00:31").lacking == (f"US 2026-11-20, order {known.id}: BUY 10 US:MSFT at 150",)
    assert state(broker, intent) is ABSENT


def test_absence_is_concluded_from_lists_of_the_days_around_alone(at: At, fake: Fake, broker: Broker) -> None:
    at("11-21 00:00")
    intent = loses(fake, broker)
    looked(broker, at, *SETTLED)
    assert state(broker, intent) is ABSENT
    rows = [call for call in fake.calls if call[0] == "rows"]
    assert {call[1:3] for call in rows} == {(FRIDAY - DAY, FRIDAY + DAY)}


def test_a_row_that_cannot_be_read_hides_an_order_of_any_of_the_days(at: At, fake: Fake, broker: Broker) -> None:
    at("11-20 23:30")
    known = buys(broker)
    at("11-21 00:00")
    intent = loses(fake, broker, price=151)
    odd = OddRow("price is no number", {"id": known.id}, UsRow)
    fake.pages = lambda start, end: [OrderPage(None, [UsRow(id=known.id, told=korean("11-20 23:30")), odd])]
    looked(broker, at, *SETTLED)
    assert state(broker, intent) is UNKNOWN


def test_the_closing_list_of_new_yorks_day_is_the_last_word(at: At, fake: Fake, broker: Broker) -> None:
    at("11-21 09:58")
    intent = loses(fake, broker)
    assert state(broker, intent) is UNKNOWN
    looked(broker, at, "11-21 09:59", "11-21 09:59:30")  # Saturday in Korea, and Friday goes on in New York
    assert state(broker, intent) is UNKNOWN
    looked(broker, at, "11-21 10:00:30")
    assert state(broker, intent) is UNKNOWN
    looked(broker, at, "11-21 10:01:30")
    assert state(broker, intent) is CLOSED


def test_an_absent_order_that_appears_after_midnight_is_late_and_one_of_the_next_day_is_not(
    at: At, fake: Fake, broker: Broker
) -> None:
    at("11-21 00:00")
    intent = loses(fake, broker)
    looked(broker, at, *SETTLED)
    shown(fake, UsRow(id="117", told=korean("11-21 11:00")))
    looked(broker, at, "11-21 11:01", "11-21 11:01:02")
    assert state(broker, intent) is not LATE
    late = broker.journal.get(intent.id)
    assert late.state in (ABSENT, CLOSED)


def test_the_day_that_changes_while_a_list_is_read_decides_nothing(at: At, fake: Fake, broker: Broker) -> None:
    at("11-21 09:50")
    loses(fake, broker)

    def pages(start: dt.date, end: dt.date) -> Sequence[OrderPage]:
        at("11-21 10:00")
        return [OrderPage(None, [])]

    fake.pages = pages
    report = looked(broker, at, "11-21 09:59:59")
    assert "day changed while the list was read" in str(report.problem)
    fake.pages = lambda start, end: (at("11-21 00:00:01"), [OrderPage(None, [])])[1]
    assert looked(broker, at, "11-20 23:59:59").problem is None  # in New York it is the same day


def test_a_broker_whose_clock_shows_another_day_proves_nothing(at: At, fake: Fake, broker: Broker) -> None:
    at("11-21 09:50")
    loses(fake, broker)
    fake.client.skew = 30.0
    report = looked(broker, at, "11-21 09:59:45")
    assert "The broker's clock shows 2026-11-21, ours 2026-11-20" in str(report.problem)
    assert looked(broker, at, "11-20 23:59:45").problem is None


def test_an_order_under_a_key_is_told_as_the_list_of_its_day_shows_it(at: At, fake: Fake, broker: Broker) -> None:
    at("11-20 23:59")
    order = buys(broker, key="nightly")
    at("11-21 00:10")
    filled = UsRow(id=order.id, told=korean("11-20 23:59"), filled_quantity=10, remaining_quantity=0)
    shown(fake, filled)
    again = buys(broker, key="nightly")
    assert (again.handle, again.status) == (order.handle, OrderStatus.FILLED)
    assert [call[0] for call in fake.calls].count("order") == 1


def test_what_a_person_has_found_is_shown_under_its_key(at: At, fake: Fake, broker: Broker) -> None:
    at("11-21 00:10")
    intent = loses(fake, broker, key="nightly")
    broker.resolve(intent, order_id="0000005")
    of_before = UsRow(id="5", told=korean("11-20 00:10"), filled_quantity=10, remaining_quantity=0)
    shown(fake, of_before, UsRow(id="5", told=korean("11-21 00:10")))
    assert buys(broker, key="nightly").status is OrderStatus.WORKING
    shown(fake, of_before)
    assert buys(broker, key="nightly").status is OrderStatus.PENDING


def test_an_order_that_waits_over_the_turn_is_of_the_day_in_which_it_leaves(
    at: At, fake: Fake, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    at("11-21 09:59:59")
    desk = broker._desk
    monkeypatch.setattr(desk, "_check_account", lambda: at("11-21 10:00:01"))
    way = desk._way
    monkeypatch.setattr(desk, "_way", lambda *given: (at("11-21 10:00:01"), way(*given))[1])
    order = buys(broker)
    (intent,) = broker.journal.everything()
    assert (order.handle, intent.day) == ("fake:20261121:117:117", FRIDAY + DAY)


def test_the_time_of_an_answer_is_a_moment_of_its_day(at: At, fake: Fake, broker: Broker) -> None:
    from brokerkit.replies import Sent

    at("11-21 00:00:01")
    fake.answer = lambda: Sent("117", time=dt.time(23, 59, 59))
    assert buys(broker).submitted_at == korean("11-20 23:59:59")
    fake.answer = lambda: Sent("118", time=dt.time(0, 0, 1))
    assert buys(broker).submitted_at == korean("11-21 00:00:01")
    assert clock.now() == korean("11-21 00:00:01")
