"""What every verb does: it names in errors what was asked, and of whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from brokerkit.asking.inquiries import Inquiries
from brokerkit.errors import BrokerError
from brokerkit.models import OrderRequest
from brokerkit.orders.checks import OrderChecks
from brokerkit.words import Side


def ordering(request: OrderRequest) -> str:
    """Return in one line what an order asks for."""
    shares, price = f"{request.quantity:f}", request.price or request.type
    if request.side is Side.BUY:
        return f"BUY {shares} {request.symbol} at {price}"
    return f"SELL {shares} {request.symbol} at {price}"


class Asking:
    """What the verbs of all subjects share."""

    name: str
    """Name of the broker."""
    environment: str
    """"sandbox", "demo" or "real" (모의투자, 실전투자)."""
    _inquiries: Inquiries
    _checks: OrderChecks

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except BrokerError as error:
            self._named(error, what)
            raise

    def _named(self, error: BrokerError, what: str) -> BrokerError:
        error.asked = error.asked or what
        error.broker = error.broker or self.name
        return error
