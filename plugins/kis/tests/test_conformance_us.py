"""The contract of brokerkit in the US, for this adapter; what the demo environment does abroad is not proven by it."""

from brokerkit.testing import UsConformance


class TestUs(UsConformance):
    broker = "kis"
