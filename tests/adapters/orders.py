"""Orders, shared: what an accepted order, a cancellation and a row of the day's list become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, NothingToCancel, OrderUncertain, WireError
from brokerkit.models import Order
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue
from tests.adapters.kit import Kit, table
from tests.adapters.wire import Wire

Changes = dict[str, Any]
MOMENT = dt.time(10, 11, 12)
"""The time of every order that we made answers for."""


def buy(wire: Wire) -> Order:
    """Buy ten shares."""
    return wire.broker.buy("005930", 10, price=70000)


class OrderKit(Kit):
    """Orders, cancellations, and orders looked for in the list of the day."""

    accepted: ClassVar[Changes]
    """Number, handle (with `{day}`) and time of an accepted order."""
    numbers: ClassVar[tuple[str, ...]]
    """Spellings of an order number."""
    no_numbers: ClassVar[tuple[Any, ...]] = ("", "0", "0" * 10, "12a", "-5", "12345678901", "1 2", "１２", None, 7, ...)
    statuses: ClassVar[tuple[int, ...]]
    """Statuses of HTTP beside 200 under which an order could seem to be accepted."""
    unreadable: ClassVar[tuple[bytes, ...]]
    states: ClassVar[list[tuple[Changes, OrderStatus]]]
    old_states: ClassVar[list[tuple[Changes, OrderStatus]]]
    """The same of a day that is over."""
    differing: ClassVar[list[Changes]]
    """Rows with the number of the order that are not the order."""
    spellings: ClassVar[tuple[str, ...]]
    """The number of the order in a row of the list."""
    no_sides: ClassVar[tuple[Any, ...]]
    market: ClassVar[str]
    """The code or word of a market order in the list."""
    filled_already: ClassVar[str]
    """The code of a cancellation that comes too late."""

    def alone(self, wire: Wire, **changes: Any) -> Order:
        """Return an order of a day that has one list only."""
        return wire.order(**changes)

    def refreshed(self, wire: Any, *rows: Changes, order: Order | None = None) -> Order:
        """Return what an order is after the list has shown these rows."""
        found: Order = wire.shows("list", *rows).broker.refresh(order or wire.order())
        return found

    # What an order is answered

    def test_accepted_order_is_pending_with_its_number_and_handle(self, wire: Any) -> None:
        today, time = clock.today(), self.accepted["time"]
        assert buy(wire) == Order(
            id=self.accepted["number"],
            symbol="005930",
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.DAY,
            venue=Venue.KRX,
            quantity=Decimal(10),
            price=Decimal(70000),
            status=OrderStatus.PENDING,
            submitted_at=None if time is None else dt.datetime.combine(today, time, clock.KST),
            handle=self.accepted["handle"].format(day=f"{today:%Y%m%d}"),
        )

    @table("number", "numbers")
    def test_order_numbers_come_with_and_without_zeros(self, wire: Any, number: str) -> None:
        order = buy(wire.says("buy", number=number))
        assert order.id == number.strip()
        assert wire.says("cancel", number="77").broker.cancel(order).original_id == number.strip()

    @table("number", "no_numbers")
    def test_order_whose_number_cannot_be_read_is_uncertain(self, wire: Any, number: Any) -> None:
        for call in ("buy", "cancel"):
            wire.says(call, number=number)
        field = wire.fields["buy"]["number"]
        with pytest.raises(OrderUncertain, match=f"{wire.ids['buy']} .*{field}") as caught:
            buy(wire)
        assert caught.value.intent is not None
        with pytest.raises(OrderUncertain, match=f"{wire.ids['cancel']} .*{field}") as caught:
            wire.broker.cancel(wire.order())
        assert caught.value.intent is not None
        assert caught.value.intent.order == wire.order()

    @table("status", "statuses")
    def test_success_under_another_status_than_200_is_uncertain(self, wire: Any, status: int) -> None:
        id = wire.ids["buy"]
        with pytest.raises(OrderUncertain):
            buy(wire.answer(id, wire.good(id), status=status))
        assert len(wire.of(id)) == 1

    @table("body", "unreadable")
    def test_order_with_an_unreadable_answer_is_uncertain_and_sent_once(self, wire: Any, body: bytes) -> None:
        with pytest.raises(OrderUncertain):
            buy(wire.answer(wire.ids["buy"], body))
        assert len(wire.asked("buy")) == 1

    def test_order_that_is_filled_already_cannot_be_cancelled(self, wire: Any) -> None:
        wire.answer(wire.ids["cancel"], wire.refusal(self.filled_already, "nothing left"))
        with pytest.raises(NothingToCancel, match="nothing left"):
            wire.broker.cancel(wire.order())

    # What the list says of it

    def test_row_of_the_list_has_every_field(self, wire: Any) -> None:
        assert self.refreshed(wire, {}) == wire.order(
            name="Alpha",
            filled_quantity=4,
            remaining_quantity=6,
            average_fill_price=69950,
            status=OrderStatus.PARTIALLY_FILLED,
            submitted_at=dt.datetime.combine(clock.today(), MOMENT, clock.KST),
        )

    @table(("changes", "status"), "states")
    def test_status_is_judged_by_the_quantities(self, wire: Any, changes: Changes, status: OrderStatus) -> None:
        assert self.refreshed(wire, changes).status == status

    @table(("changes", "status"), "old_states")
    def test_order_of_an_earlier_day_is_not_open_any_more(
        self, wire: Any, changes: Changes, status: OrderStatus
    ) -> None:
        day = clock.today() - dt.timedelta(1)
        dated = wire.row("list", day=f"{day:%Y%m%d}") if "day" in wire.fields["list"] else {}
        found = self.refreshed(wire, {**changes, **dated}, order=wire.order(day))
        assert (found.status, found.submitted_at) == (status, dt.datetime.combine(day, MOMENT, clock.KST))

    def test_unknown_types_and_venues_are_none_and_prices_of_zero_too(self, wire: Any) -> None:
        odd = wire.row("list", type="?", venue="??", price="0000000000", average="0000000000")
        order = self.refreshed(wire, odd)
        assert (order.type, order.time_in_force, order.venue) == (None, None, None)
        assert (order.price, order.average_fill_price) == (None, None)
        assert self.refreshed(wire, wire.row("list", type=self.market)).type == OrderType.MARKET

    @table("number", "spellings")
    def test_row_is_found_by_its_number_whatever_the_zeros(self, wire: Any, number: str) -> None:
        found = self.refreshed(wire, wire.row("list", number=number, original="0000000000"))
        assert (found.id, found.symbol, found.side) == (wire.number, "005930", Side.BUY)
        assert found.status is OrderStatus.PARTIALLY_FILLED

    @table("change", "differing", ids=repr)
    def test_row_with_the_number_of_an_order_that_differs_leaves_the_order_as_it_was(
        self, wire: Any, change: Changes
    ) -> None:
        assert self.refreshed(wire.empty(), change) == wire.order()

    @pytest.mark.parametrize("odd", [{"number": "5", "side": "?"}, {"number": "x"}, {"quantity": "many"}], ids=repr)
    def test_odd_row_does_not_hide_the_order(self, wire: Any, odd: Changes) -> None:
        assert self.refreshed(wire, wire.row("list", **odd), {}, order=self.alone(wire)).filled_quantity == 4

    def test_odd_row_of_another_order_leaves_an_order_that_is_not_listed_as_it_was(self, wire: Any) -> None:
        order = self.alone(wire)
        assert self.refreshed(wire, wire.row("list", number="0000005", side="?"), order=order) == order

    @pytest.mark.parametrize("number", [0, 1, 2, 3], ids=["as it is", "without zeros", "odd", "blank"])
    def test_odd_row_that_may_be_the_order_is_a_wire_error(self, wire: Any, number: int) -> None:
        spelt = (wire.number, wire.number.lstrip("0"), "x", "")[number]
        with pytest.raises(WireError, match="in the row of"):
            self.refreshed(wire, wire.row("list", number=spelt, side="?"), order=self.alone(wire))

    @table("side", "no_sides")
    def test_row_that_is_neither_buy_nor_sell_is_a_wire_error(self, wire: Any, side: Any) -> None:
        with pytest.raises(WireError, match=f"in the row of {wire.number}, field {wire.fields['list']['side']}"):
            self.refreshed(wire, wire.row("list", side=side), order=self.alone(wire))

    def test_list_without_rows_leaves_the_order_as_it_was(self, wire: Any) -> None:
        broker = wire.empty().broker
        assert broker.refresh(wire.order()).status == OrderStatus.PENDING
        assert broker.refresh(wire.order(status=OrderStatus.WORKING)).status == OrderStatus.UNKNOWN
        assert broker.refresh(wire.order(status=OrderStatus.FILLED)).status == OrderStatus.FILLED

    def test_order_on_the_second_page_is_found(self, wire: Any) -> None:
        first = wire.rows("list", wire.row("list", number="0000005"))
        found = wire.paged("list", first, wire.good(wire.ids["list"])).broker.refresh(wire.order())
        assert found.status == OrderStatus.PARTIALLY_FILLED
        assert len(wire.calls) == 2

    def test_list_that_turns_in_a_circle_is_incomplete(self, wire: Any) -> None:
        pages = [wire.rows("list", wire.row("list", number=number)) for number in "567"]
        with pytest.raises(IncompleteListing):
            wire.circle("list", *pages).broker.refresh(wire.order())
