"""Lists of orders, shared: what is open now, and the days of the past, all pages of both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, NetworkError, WireError
from brokerkit.models import Order
from brokerkit.words import OrderStatus
from tests.adapters.kit import Kit, table

Changes = dict[str, Any]
DAY = dt.date(2024, 1, 5)
"""A long past day; KIS has another list for it, Kiwoom the same one."""
LISTED = {"name": "Alpha", "filled_quantity": 4, "remaining_quantity": 6, "average_fill_price": 69950}
"""What a list tells beside what the order was sent with."""
BOTH = pytest.mark.parametrize("list", ["open", "history"])


def ask(wire: Any, list: str) -> tuple[Order, ...]:
    """Ask for the working orders, or for those of the long past day."""
    found: tuple[Order, ...] = (
        wire.broker.orders(market="KR") if list == "open" else wire.broker.order_history(DAY, DAY)
    )
    return found


def listed(wire: Any, list: str, *rows: Changes) -> tuple[Order, ...]:
    """Return what a list says that shows these rows."""
    dated = wire.row(list, day=f"{DAY:%Y%m%d}") if list == "history" and "day" in wire.fields[list] else {}
    return ask(wire.shows(list, *({**dated, **row} for row in rows)), list)


class ListKit(Kit):
    """Lists of orders."""

    working: ClassVar[list[tuple[Changes, Changes]]]
    """Rows of the working orders, and what the order then says."""
    largest: ClassVar[Changes]
    """A row of the working orders with the largest amount for the smallest quantity."""
    past_states: ClassVar[list[tuple[Changes, OrderStatus]]]
    gone: ClassVar[Changes]
    filled: ClassVar[Changes]
    cancellations: ClassVar[list[Changes]]
    """How a row says that it is a cancellation of the order."""
    amendment: ClassVar[Changes]
    """How a row says that it is an amendment of the order."""
    broken: ClassVar[str]
    """The refusal of a server in trouble."""

    def test_working_order_has_every_field(self, wire: Any) -> None:
        today = dt.datetime.combine(clock.today(), dt.time(10, 11, 12), clock.KST)
        told = wire.order(**LISTED, status=OrderStatus.PARTIALLY_FILLED, submitted_at=today)
        assert wire.broker.orders() == (told,)

    @table(("change", "expected"), "working")
    def test_working_order_is_read_field_by_field(self, wire: Any, change: Changes, expected: Changes) -> None:
        (order,) = listed(wire, "open", change)
        assert {name: getattr(order, name) for name in expected} == expected

    def test_average_of_the_largest_numbers_of_the_grammar_is_a_number(self, wire: Any) -> None:
        (order,) = listed(wire, "open", self.largest)
        assert order.average_fill_price == Decimal("99999999999999999900000000")

    def test_working_orders_come_oldest_first_and_by_number_within_a_second(self, wire: Any) -> None:
        def shown(*rows: tuple[str, str]) -> list[str]:
            told = [wire.row("open", number=number, time=time) for number, time in rows]
            return [order.id for order in listed(wire, "open", *told)]

        assert shown(("30", "101112"), ("9", "101113"), ("4", "090000")) == ["4", "30", "9"]
        assert shown(("0000030", "101112"), ("0000009", "101112")) == ["0000009", "0000030"]

    @BOTH
    def test_page_that_fails_or_repeats_fails_the_whole_list(self, wire: Any, list: str) -> None:
        one, two = (wire.rows(list, wire.row(list, number=number)) for number in "12")
        for pages in ((one, one), (one, two, one)):
            with pytest.raises(IncompleteListing):
                ask(wire.circle(list, *pages), list)
        with pytest.raises(NetworkError, match="broken"):
            ask(wire.paged(list, one, wire.refusal(self.broken, "broken")), list)

    @BOTH
    def test_odd_row_is_named_and_no_list_is_told_short(self, wire: Any, list: str) -> None:
        rows = [wire.row(list, number="1"), wire.row(list, number="0000002", side="?"), wire.row(list, number="3")]
        with pytest.raises(WireError, match=f"in the row of 0000002, field {wire.fields[list]['side']}"):
            listed(wire, list, *rows)

    def test_working_order_of_a_symbol_that_is_not_understood_can_be_cancelled_and_looked_for(self, wire: Any) -> None:
        (order,) = listed(wire, "open", wire.row("open", symbol="12345678"))
        assert order.symbol == "12345678"
        assert wire.broker.refresh(order).id == order.id
        assert wire.broker.cancel(order).original_id == order.id

    # The past

    def test_past_order_has_every_field(self, wire: Any) -> None:
        moment = dt.datetime.combine(DAY, dt.time(10, 11, 12), clock.KST)
        told = wire.order(DAY, **LISTED, status=OrderStatus.EXPIRED, submitted_at=moment)
        assert listed(wire, "history", {}) == (told,)

    @table(("change", "status"), "past_states")
    def test_status_of_a_past_order_is_judged_by_the_quantities(
        self, wire: Any, change: Changes, status: OrderStatus
    ) -> None:
        (order,) = listed(wire, "history", change)
        assert order.status == status

    @table("words", "cancellations", ids=repr)
    def test_cancellation_shows_in_the_order_it_cancelled_and_not_by_itself(self, wire: Any, words: Changes) -> None:
        known = wire.row("history", number="0001234570", original=wire.number.lstrip("0"))
        (order,) = listed(wire, "history", {**known, **words, **self.gone}, self.gone)
        assert (order.id, order.status) == (wire.number, OrderStatus.CANCELED)

    def test_amendment_is_an_order_of_its_own_and_ends_the_one_it_moved(self, wire: Any) -> None:
        original = wire.number.lstrip("0")
        known = wire.row("history", number="0001234570", original=original, price="0000069000", time="111111")
        old, new = listed(wire, "history", {**known, **self.amendment, **self.filled}, self.gone)
        canceled = (wire.number, OrderStatus.CANCELED, Decimal(70000), None)
        assert (old.id, old.status, old.price, old.original_id) == canceled
        moved = ("0001234570", OrderStatus.FILLED, Decimal(69000), original)
        assert (new.id, new.status, new.price, new.original_id) == moved

    def test_todays_open_orders_are_working_in_the_history_too(self, wire: Any) -> None:
        today = clock.today()
        (order,) = wire.broker.order_history(today, today)
        assert (order.status, order.submitted_at.date()) == (OrderStatus.PARTIALLY_FILLED, today)

    def test_symbol_of_the_history_goes_out_with_the_request(self, wire: Any) -> None:
        wire.broker.order_history(DAY, DAY, symbol="0126Z0")
        wire.broker.order_history(DAY, DAY)
        first, second = (dict(call.body or call.query) for call in wire.calls)
        (named,) = [name for name in first if first[name] != second[name]]
        assert (first[named], second[named]) == ("0126Z0", "")
        assert named.lower() == wire.fields["history"]["symbol"]
