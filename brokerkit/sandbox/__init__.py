"""One simulated exchange and the server sides of brokers over it. Needs the [sandbox] extra."""

from brokerkit.sandbox.faults import Faults, Rule
from brokerkit.sandbox.sandbox import Connection, Sandbox, shared

__all__ = ["Connection", "Faults", "Rule", "Sandbox", "shared"]
