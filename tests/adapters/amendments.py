"""Amendments and cancellations, shared: where they go, what comes of them, and what is never sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit import clock
from brokerkit.errors import Disarmed, InvalidRequest, NothingToCancel, OrderUncertain
from brokerkit.market.markets import KOREA
from brokerkit.models import Order
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue
from tests.adapters.kit import Kit, table
from tests.adapters.wire import Json

PARTLY_FILLED: Json = {"filled_quantity": 4, "remaining_quantity": 6, "status": OrderStatus.PARTIALLY_FILLED}


class AmendmentKit(Kit):
    """Amendments and cancellations."""

    price_field: ClassVar[str]
    venue_field: ClassVar[str]
    """What price and venue are called in the request."""
    amended: ClassVar[Json]
    """Number, handle (with `{day}`) and time of an amended order, and the fields that the answer says it in."""
    gone: ClassVar[Json]
    """A row of the list of which nothing is left."""
    moved: ClassVar[Json]
    """How a row says that it is an amendment."""
    refusals: ClassVar[list[tuple[str, type[Exception]]]]
    untold: ClassVar[tuple[Any, ...]]
    """Answers that do not tell whether the amendment stands."""
    no_numbers: ClassVar[tuple[Any, ...]] = ("", "0", "0000000", "12a", None, ...)
    no_handles: ClassVar[tuple[str, ...]]
    other_handle: ClassVar[str]
    """A handle of another broker."""

    @pytest.mark.parametrize(
        ("price", "sent"), [("6.9E+4", "69000"), (69000.0, "69000"), (Decimal("69000.00"), "69000")]
    )
    def test_price_of_an_amendment_goes_out_as_plain_digits(self, wire: Any, price: Any, sent: str) -> None:
        wire.broker.amend(wire.order(), price=price)
        assert wire.asked("amend")[0].body[self.price_field] == sent

    @pytest.mark.parametrize("venue", KOREA.venues)
    def test_order_is_changed_at_the_venue_it_was_sent_to(self, wire: Any, venue: Venue) -> None:
        wire.broker.amend(wire.order(venue=venue), price=69000)
        wire.broker.cancel(wire.order(venue=venue))
        changes = [call for call in wire.calls if call.id in (wire.ids["amend"], wire.ids["cancel"])]
        assert [call.body[self.venue_field] for call in changes] == [venue.value] * 2

    @pytest.mark.parametrize("told", ["KRX", "NXT", "SOR", ""])
    def test_routed_order_is_changed_as_such_wherever_the_list_says_that_it_rests(self, wire: Any, told: str) -> None:
        wire.shows("list", wire.row("list", venue=told))
        order = wire.broker.refresh(wire.order(venue=Venue.SOR))
        wire.broker.cancel(order)
        assert (order.venue, wire.asked("cancel")[0].body[self.venue_field]) == (Venue.SOR, "SOR")

    def test_order_whose_venue_the_list_did_not_tell_is_changed_at_krx(self, wire: Any) -> None:
        wire.broker.amend(wire.order(venue=None), price=69000)
        assert wire.asked("amend")[0].body[self.venue_field] == "KRX"

    def test_amended_order_is_an_order_of_its_own_and_pending(self, wire: Any) -> None:
        today, told = clock.today(), self.amended
        wire.answer(wire.ids["amend"], wire.changed("amend", told["answer"]))
        assert wire.broker.amend(wire.order(name="Alpha", **PARTLY_FILLED), price=69000) == Order(
            id=told["number"],
            symbol="005930",
            name="Alpha",
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.DAY,
            venue=Venue.KRX,
            quantity=Decimal(6),
            price=Decimal(69000),
            status=OrderStatus.PENDING,
            submitted_at=told["time"] and dt.datetime.combine(today, told["time"], clock.KST),
            original_id=wire.number,
            handle=told["handle"].format(day=f"{today:%Y%m%d}"),
        )

    def test_refresh_of_an_amended_order_finds_its_own_row_and_keeps_its_original(self, wire: Any) -> None:
        new = wire.row("list", number="1234570", original=wire.number.lstrip("0"), price="0000069000")
        wire.shows("list", {**new, **self.moved}, self.gone).says("amend", number="0001234570")
        order = wire.order()
        moved = wire.broker.refresh(wire.broker.amend(order, price=69000))
        assert (moved.id, moved.original_id, moved.price) == ("0001234570", wire.number, 69000)
        assert (moved.status, moved.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 4)
        assert wire.broker.refresh(order).status == OrderStatus.CANCELED

    # What comes to nothing, or may have come to nothing

    @table(("code", "kind"), "refusals")
    def test_refused_amendment_is_no_order(self, wire: Any, code: str, kind: type[Exception]) -> None:
        wire.answer(wire.ids["amend"], wire.refusal(code, "no thanks"))
        with pytest.raises(kind, match="no thanks"):
            wire.broker.amend(wire.order(), price=69000)
        assert len(wire.asked("amend")) == 1

    @table("body", "untold")
    def test_amendment_whose_outcome_is_not_told_is_uncertain_and_sent_once(self, wire: Any, body: Any) -> None:
        wire.answer(wire.ids["amend"], body)
        with pytest.raises(OrderUncertain) as caught:
            wire.broker.amend(wire.order(), price=69000)
        assert caught.value.intent is not None
        assert (caught.value.intent.order, len(wire.asked("amend"))) == (wire.order(), 1)

    @table("number", "no_numbers", ids=repr)
    def test_amendment_whose_number_cannot_be_read_is_uncertain(self, wire: Any, number: Any) -> None:
        with pytest.raises(OrderUncertain, match=wire.fields["amend"]["number"]):
            wire.says("amend", number=number).broker.amend(wire.order(), price=69000)

    # What is not sent

    @pytest.mark.parametrize(
        ("order", "arguments"),
        [
            ({}, {"price": 69001}),
            ({}, {"price": 0}),
            ({}, {"price": 69000, "quantity": 11}),
            ({}, {"price": 69000, "quantity": 0}),
            ({}, {"price": 69000, "quantity": "1.5"}),
            (PARTLY_FILLED, {"price": 69000, "quantity": 7}),
            ({"type": OrderType.MARKET, "price": None}, {"price": 69000}),
        ],
    )
    def test_wrong_amendment_is_not_sent(self, wire: Any, order: Json, arguments: Json) -> None:
        with pytest.raises(InvalidRequest):
            wire.broker.amend(wire.order(**order), **arguments)
        assert wire.asked("amend") == []

    def test_order_of_another_broker_is_not_amended(self, wire: Any) -> None:
        with pytest.raises(InvalidRequest):
            wire.broker.amend(wire.order(handle=self.other_handle), price=69000)
        assert wire.asked("amend") == []

    @table("handle", "no_handles")
    def test_handle_that_is_none_is_an_invalid_request(self, wire: Any, handle: str) -> None:
        order = wire.order(handle=handle)
        asks: tuple[Callable[[], object], ...] = (
            lambda: wire.broker.refresh(order),
            lambda: wire.broker.cancel(order),
            lambda: wire.broker.amend(order, price=69000),
        )
        for ask in asks:
            with pytest.raises(InvalidRequest, match="handle"):
                ask()
        assert wire.calls == []

    @pytest.mark.parametrize("status", [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED])
    def test_finished_order_is_neither_amended_nor_cancelled(self, wire: Any, status: OrderStatus) -> None:
        with pytest.raises(NothingToCancel):
            wire.broker.amend(wire.order(status=status), price=69000)
        with pytest.raises(NothingToCancel):
            wire.broker.cancel(wire.order(status=status))
        assert wire.calls == []

    def test_real_orders_and_changes_stay_disarmed_and_nothing_leaves(self, connect: Any) -> None:
        wire = connect("real").logged_in()
        asks: tuple[Callable[[], object], ...] = (
            lambda: wire.broker.buy("005930", 10, price=70000),
            lambda: wire.broker.cancel(wire.order()),
            lambda: wire.broker.amend(wire.order(), price=69000),
        )
        for ask in asks:
            with pytest.raises(Disarmed):
                ask()
        assert wire.calls == []
