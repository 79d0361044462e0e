"""For those who write adapters: the contract as a test class. Needs the [testing] extra."""

from brokerkit.testing.conformance import BrokerConformance

__all__ = ["BrokerConformance"]
