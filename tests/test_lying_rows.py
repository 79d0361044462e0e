"""Rows of an adapter of one's own that contradict each other, or cannot be what they say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit import Broker, clock
from brokerkit.errors import WireError
from brokerkit.replies import OrderPage, OrderReply
from brokerkit.words import OrderStatus, Side
from tests.fakes import Fake, FakePart, order_of


class AnyRow(OrderReply):
    """A row whose author let every value through."""

    id: Any = "117"
    symbol: Any = "005930"
    side: Any = Side.BUY
    quantity: Any = Decimal(10)
    price: Any = Decimal(70000)
    filled_quantity: Any = Decimal(0)
    filled_amount: Any = None
    remaining_quantity: Any = Decimal(10)
    clock: Any = None
    day: Any = None
    branch: Any = ""
    original_id: Any = None


class TwoLists(FakePart):
    """A part with a list of the day, and one of open orders beside it."""

    all: ClassVar[list[AnyRow]] = []
    open: ClassVar[list[AnyRow]] = []

    def rows(self, start: dt.date, end: dt.date, **narrowed: Any) -> Iterator[OrderPage]:
        yield OrderPage(None, self.all, start)
        yield OrderPage(None, self.open, start, shows_all=False)


def opened(*, all: list[AnyRow] | None = None, open: list[AnyRow] | None = None) -> Broker:
    """Return a broker whose lists show these rows."""
    part = type("Lists", (TwoLists,), {"all": all or [], "open": open or []})
    return Fake().opened(part=part)


def test_an_order_of_two_lists_is_told_once() -> None:
    report = opened(all=[AnyRow()], open=[AnyRow()]).reconcile()
    assert ([order.id for order in report.foreign], report.problem) == (["117"], None)


def test_a_number_that_stands_twice_in_a_list_of_open_orders_hides_neither_order() -> None:
    report = opened(open=[AnyRow(), AnyRow(symbol="000660")]).reconcile()
    assert report.problem is not None
    assert "stands in the list twice, and differently" in report.problem


VERBS: dict[str, Callable[[Broker], object]] = {
    "orders": lambda broker: broker.orders(),
    "refresh": lambda broker: broker.refresh(order_of(handle=f"fake:{clock.today():%Y%m%d}:117:117")),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize(
    "odd",
    [
        {"symbol": 5930},
        {"quantity": None},
        {"quantity": 10.0},
        {"quantity": Decimal("NaN")},
        {"quantity": Decimal(-10)},
        {"filled_quantity": Decimal("NaN")},
        {"filled_quantity": Decimal(-1)},
        {"filled_amount": "70000"},
        {"filled_amount": Decimal("NaN")},
        {"remaining_quantity": Decimal(-1)},
        {"clock": "101112"},
        {"day": "20261120"},
        {"branch": None},
        {"branch": "\ud800"},
        {"original_id": 5},
        {"id": 117},
        {"id": ""},
        {"id": " 117"},
        {"side": None},
    ],
    ids=str,
)
def test_a_row_that_cannot_be_what_it_says_is_a_wire_error(
    odd: dict[str, Any], verb: Callable[[Broker], object]
) -> None:
    broker = opened(all=[AnyRow(**odd)])
    with pytest.raises(WireError, match="row"):
        verb(broker)
    assert broker.reconcile().problem is not None


def test_what_a_list_of_open_orders_shows_as_left_can_be_cancelled() -> None:
    broker = opened(open=[AnyRow(filled_quantity=Decimal(10), remaining_quantity=Decimal(3))])
    (order,) = broker.orders()
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert broker.cancel(order).original_id == "117"
