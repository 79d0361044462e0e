"""The contract of brokerkit in the US, for this adapter."""

from brokerkit.testing import UsConformance


class TestUs(UsConformance):
    broker = "kiwoom"


class TestUsDemo(UsConformance):
    broker = "kiwoom"
    environment = "demo"
