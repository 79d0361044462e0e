"""For those who write adapters: the contract as a test class. Needs the [testing] extra."""

from brokerkit.testing.conformance import BrokerConformance
from brokerkit.testing.demo import DemoConformance

__all__ = ["BrokerConformance", "DemoConformance"]
