"""The contract of brokerkit, for this adapter."""

from brokerkit.testing import BrokerConformance


class TestConformance(BrokerConformance):
    broker = "new-broker"


class TestDemo(BrokerConformance):
    broker = "new-broker"
    environment = "demo"
