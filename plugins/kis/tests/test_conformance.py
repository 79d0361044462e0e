"""The contract of brokerkit, for this adapter."""

from brokerkit.testing import BrokerConformance, DemoConformance


class TestConformance(BrokerConformance):
    broker = "kis"


class TestDemo(DemoConformance):
    broker = "kis"
