"""The contract of brokerkit, for this adapter."""

from brokerkit.testing import BrokerConformance, DemoConformance


class TestConformance(BrokerConformance):
    broker = "kiwoom"


class TestDemo(DemoConformance):
    broker = "kiwoom"
