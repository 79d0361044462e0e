"""One simulated exchange and the server sides of brokers over it. Needs the [sandbox] extra."""

from brokerkit.sandbox.sandbox import Connection, Sandbox, shared

__all__ = ["Connection", "Sandbox", "shared"]
