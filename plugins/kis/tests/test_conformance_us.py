"""The contract of brokerkit in the US, for this adapter."""

from brokerkit.testing import UsConformance


class TestUs(UsConformance):
    broker = "kis"


class TestUsDemo(UsConformance):
    broker = "kis"
    environment = "demo"
