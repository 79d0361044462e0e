"""The contract of brokerkit, for this adapter."""

from brokerkit.testing import BrokerConformance


class TestConformance(BrokerConformance):
    broker = "kiwoom"


class TestDemo(BrokerConformance):
    broker = "kiwoom"
    environment = "demo"
