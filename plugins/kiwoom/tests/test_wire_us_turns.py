"""US orders at Kiwoom around the turns of a day: the lists tell a date and a time, and not by which clock and calendar.

Whichever it is: what became of an order is told where its moment of sending shows it, never by a row of another day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import OrderUncertain
from brokerkit.market.us import NEW_YORK, day_of
from brokerkit.models import Order
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.testing.inside import journal_of, keep
from brokerkit.words import OrderStatus
from plugins.kiwoom.tests.us_answers import NOTHING, Json, day_row, page, sent, today_row

BUY, SELL, TODAY, OF_A_DAY = "ust20000", "ust20001", "ust21510", "ust21150"
SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
OWN, KNOWN = "000000063", "000000060"
FILLED = {"cntr_qty": "000000000010", "ord_remnq": "000000000000"}

Way = Callable[[dt.datetime], tuple[dt.date, dt.datetime]]
"""Under which date a list has an order, and by which clock it tells its time."""
WAYS: dict[str, Way] = {
    "Korean clock and dates": lambda moment: (moment.date(), moment),
    "Korean clock, trading days": lambda moment: (day_of(moment), moment),
    "Korean clock, New York's dates": lambda moment: (moment.astimezone(NEW_YORK).date(), moment),
    "New York's clock and dates": lambda moment: (moment.astimezone(NEW_YORK).date(), moment.astimezone(NEW_YORK)),
}
TURNS = {
    "midnight in Korea": dt.datetime(2026, 11, 25, 0, 0, tzinfo=clock.KST),
    "midnight in New York": dt.datetime(2026, 11, 24, 14, 0, tzinfo=clock.KST),
    "20:00 in New York": dt.datetime(2026, 11, 24, 10, 0, tzinfo=clock.KST),
    "20:00 in New York, in summer": dt.datetime(2026, 7, 1, 9, 0, tzinfo=clock.KST),
    "the open": dt.datetime(2026, 11, 24, 23, 30, tzinfo=clock.KST),
}


class Night:
    """An account at a Kiwoom whose lists are written in one way, and a clock."""

    def __init__(self, wire: Any, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wire, self._way = wire, way
        self._rows: dict[dt.date, list[Json]] = {}
        self._todays: dict[dt.date, list[Json]] = {}
        self.now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def begins(self) -> Night:
        """Forget all orders, on both sides."""
        keep(self.wire.broker, Journal(None))
        self._rows.clear()
        self._todays.clear()
        return self

    def at(self, moment: dt.datetime) -> Night:
        """Let it be a moment, and the lists those of it."""
        self.now = moment
        todays = self._todays.get(self._way(moment)[0], [])
        self.wire.answer(TODAY, page(*todays) if todays else NOTHING)
        self.wire.of_days(OF_A_DAY, {f"{day:%Y%m%d}": page(*rows) for day, rows in self._rows.items()}, NOTHING)
        return self

    def lists(self, moment: dt.datetime, side: str = "2", **changes: Any) -> None:
        """Let the lists of a day have an order that was taken at a moment."""
        date, told = self._way(moment)
        changes |= {"ord_time": f"{told:%H:%M:%S}", "slby_tp_nm": {"1": "매도", "2": "매수"}[side]}
        self._rows.setdefault(date, []).insert(0, day_row(**changes))
        self._todays.setdefault(date, []).insert(0, today_row(slby_tp=side, **changes))
        self.at(self.now)

    def knows(self, moment: dt.datetime) -> None:
        """Send an order to sell, which is answered and listed."""
        self.at(moment).wire.answer(SELL, sent(KNOWN)).broker.sell("US:AAPL", 10, price=300)
        self.lists(moment + SECOND, side="1", ord_no=KNOWN, ord_uv="300.0000")

    def loses(self, moment: dt.datetime) -> Intent:
        """Send an order whose answer is lost."""
        with pytest.raises(OrderUncertain) as caught:
            self.at(moment).wire.answer(BUY, b"<html>").broker.buy("US:AAPL", 10, price="270.50")
        assert caught.value.intent is not None
        return caught.value.intent

    def buys(self, moment: dt.datetime) -> Order:
        bought: Order = self.at(moment).wire.answer(BUY, sent(OWN)).broker.buy("US:AAPL", 10, price="270.50")
        return bought

    def looked(self, intent: Intent, *moments: dt.datetime) -> Intent:
        for moment in moments:
            self.at(moment).wire.broker.reconcile(market="US")
        return journal_of(self.wire.broker).get(intent.id)


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def night(request: pytest.FixtureRequest, abroad: Any, monkeypatch: pytest.MonkeyPatch) -> Night:
    return Night(abroad("demo"), request.param, monkeypatch)


def cases() -> Iterator[tuple[str, dt.datetime, dt.timedelta]]:
    """Yield moments just before and after a turn, and after how long somebody looks."""
    for name, turn in TURNS.items():
        for seconds in (-30, 30):
            for wait in (60, 90_000):
                yield f"{seconds} s from {name}, looked after {wait} s", turn + seconds * SECOND, wait * SECOND


def test_an_uncertain_order_is_found_where_another_one_shows_how_rows_are_dated(night: Night) -> None:
    lacking = []
    for name, moment, wait in cases():
        night.begins().knows(moment - 10 * SECOND)
        lost = night.loses(moment)
        night.lists(moment + SECOND, ord_no=OWN)
        found = night.looked(lost, moment + wait, moment + wait + 2 * SECOND)
        if (found.state, found.order_id) != (IntentState.ACKED, OWN):
            lacking.append(f"{name}: {found.state}")
    assert lacking == []


def test_what_stands_in_the_list_of_today_is_not_of_the_day_before(night: Night) -> None:
    """Whichever today it is: it began less than a day ago. Another order shows that the clock is Korea's."""
    lacking = []
    for name, moment, _ in cases():
        night.begins().knows(moment - 7_200 * SECOND)
        lost = night.loses(moment)
        night.lists(moment + SECOND, ord_no=OWN)
        found = night.looked(lost, moment + 70 * SECOND, moment + 72 * SECOND)
        if (found.state, found.order_id) != (IntentState.ACKED, OWN):
            lacking.append(f"{name}: {found.state}")
    assert lacking == []


@pytest.mark.parametrize("knows", [0, 7_200], ids=["alone", "with one of two hours before"])
def test_an_order_of_the_day_before_that_is_just_like_it_is_never_taken_for_an_uncertain_one(
    knows: int, night: Night
) -> None:
    wrong = []
    for name, moment, wait in cases():
        night.begins().lists(moment + SECOND - DAY, ord_no=OWN)
        if knows:
            night.knows(moment - knows * SECOND)
        lost = night.loses(moment)
        found = night.looked(lost, *(moment + wait + more * SECOND for more in (0, 2, 200, 400)))
        if found.state not in (IntentState.UNKNOWN, IntentState.AMBIGUOUS):
            wrong.append(f"{name}: {found.state}")
    assert wrong == []


@pytest.mark.parametrize(("hours", "knows"), [(24, False), (24, True), (14, False)])
def test_an_order_that_is_not_listed_is_not_another_one_with_its_number(knows: bool, hours: int, night: Night) -> None:
    wrong = []
    for name, moment, wait in cases():
        other = moment - dt.timedelta(hours=hours, minutes=5)
        if day_of(other) == day_of(moment) or other > moment + wait:
            continue  # on one day a number does not come twice
        night.begins().lists(other, ord_no=OWN, **FILLED)
        if knows:
            night.knows(moment - 10 * SECOND)
        own = night.buys(moment)
        before = night.at(moment + wait).wire.broker.refresh(own).status
        night.lists(moment + SECOND, ord_no=OWN)
        told = night.wire.broker.refresh(own).status
        if before is not OrderStatus.PENDING or told in (OrderStatus.PENDING, OrderStatus.FILLED):
            wrong.append(f"{name}: {before}, then {told}")
    assert wrong == []
