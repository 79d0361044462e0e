"""The contract of brokerkit, for this adapter."""

from decimal import Decimal

from brokerkit.models import Order, Position
from brokerkit.testing import BrokerConformance, DemoConformance


class TestConformance(BrokerConformance):
    broker = "kis"
    order_calls = ("/uapi/domestic-stock/v1/trading/order-",)
    rounds = {
        Position: {"average_price": Decimal("0.0001")},
        Order: {"average_fill_price": Decimal("0.0001")},
    }
    balance_requests = 3


class TestDemo(DemoConformance):
    broker = "kis"
    order_calls = ("/uapi/domestic-stock/v1/trading/order-",)
