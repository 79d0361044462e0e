"""The contract of brokerkit, for this adapter."""

from decimal import Decimal

from brokerkit.models import Order, Position
from brokerkit.testing import BrokerConformance, DemoConformance


class TestConformance(BrokerConformance):
    broker = "kiwoom"
    order_calls = ("/api/dostk/ordr",)
    rounds = {Position: {"average_price": Decimal(1)}, Order: {"average_fill_price": Decimal(1)}}
    balance_requests = 5


class TestDemo(DemoConformance):
    broker = "kiwoom"
    order_calls = ("/api/dostk/ordr",)
