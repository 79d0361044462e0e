"""The contract of brokerkit, for this adapter."""

from brokerkit.testing import BrokerConformance


class TestConformance(BrokerConformance):
    broker = "kis"


class TestDemo(BrokerConformance):
    broker = "kis"
    environment = "demo"
