"""The contract of reserved orders: kept by the broker, sent once, and orders only when their market opens."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import NothingToCancel, OrderUncertain
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest, Reservation
from brokerkit.orders.intents import IntentState
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, JsonResponse, Purpose, ReceivedRequest
from brokerkit.testing.base import Contract, tells
from brokerkit.testing.declared import needs
from brokerkit.words import ReservationStatus, Side


class ReservationContract(Contract):
    """What is reserved waits at the broker, and becomes an order by itself."""

    level = 3

    @pytest.fixture
    def closed(self, sandbox: Sandbox) -> None:
        """Let the market be closed, so that what is reserved waits."""
        sandbox.exchange.phase = Phase.CLOSED

    def reserving(self, trader: Broker, sandbox: Sandbox) -> Reservation:
        return trader.reserve(self.wanted(sandbox))

    def wanted(self, sandbox: Sandbox) -> OrderRequest:
        """Return an order that nobody will meet."""
        return OrderRequest(symbol=self.stock, side=Side.BUY, quantity=7, price=self.below(sandbox, 5))

    @needs("reserve", "reservations")
    @pytest.mark.usefixtures("closed")
    def test_a_reserved_order_waits_and_becomes_an_order_when_its_market_opens(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        kept = self.reserving(trader, sandbox)
        tells(kept, status=ReservationStatus.PENDING, quantity=Decimal(7), order_id=None)
        (shown,) = trader.reservations()
        tells(shown, id=kept.id, handle=kept.handle, status=ReservationStatus.RESERVED, price=kept.price)
        assert list(self.rows(sandbox)) == [], "The exchange has an order of what is only reserved."
        sandbox.exchange.phase = Phase.REGULAR
        (row,) = self.rows(sandbox)
        (shown,) = trader.reservations()
        tells(shown, status=ReservationStatus.ORDERED, quantity=row.quantity, price=row.request.price)
        assert shown.order_id is not None
        assert face.order_number(shown.order_id) == row.number, "It names another order than the one that it became."
        with pytest.raises(NothingToCancel):
            trader.cancel_reservation(shown)

    @needs("reserve", "reservations", "cancel_reservation")
    @pytest.mark.usefixtures("closed")
    def test_a_reserved_order_that_is_taken_back_becomes_none(self, trader: Broker, sandbox: Sandbox) -> None:
        kept = self.reserving(trader, sandbox)
        trader.cancel_reservation(kept)
        (shown,) = trader.reservations()
        tells(shown, id=kept.id, status=ReservationStatus.CANCELED, order_id=None)
        sandbox.exchange.phase = Phase.REGULAR
        assert list(self.rows(sandbox)) == [], "What was taken back became an order."

    @needs("reserve", "reservations", "amend_reservation")
    @pytest.mark.usefixtures("closed")
    def test_a_reserved_order_becomes_an_order_as_it_was_amended(self, trader: Broker, sandbox: Sandbox) -> None:
        kept = trader.amend_reservation(self.reserving(trader, sandbox), quantity=3)
        tells(kept, quantity=Decimal(3))
        sandbox.exchange.phase = Phase.REGULAR
        (row,) = self.rows(sandbox)
        assert row.quantity == 3, f"The exchange has got {row.quantity}: it was amended to 3."

    @needs("reserve", "reservations")
    @pytest.mark.usefixtures("closed")
    def test_a_reserved_order_without_an_answer_is_sent_once_and_found_in_its_list(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        request = self.wanted(sandbox)

        def loses(received: ReceivedRequest) -> JsonResponse | None:
            if face.purpose(received.method, received.path, received.headers) is not Purpose.ORDER:
                return None
            face.respond(received)
            return JsonResponse({}, status=502)

        sent = len(self.orders_seen(face))
        face.before = loses
        with pytest.raises(OrderUncertain) as caught:
            trader.reserve(request)
        face.before = None
        assert len(self.orders_seen(face)) == sent + 1, "It was sent more than once."
        report = trader.reconcile(wait=True, timeout=30)
        (found,) = report.decided
        assert caught.value.intent is not None
        assert (found.id, found.state) == (caught.value.intent.id, IntentState.ACKED)
        assert len(trader.reservations(self.today)) == 1
