"""Realtime: what an adapter's feed tells, and what the core makes of it. `Broker.stream` is the face of it."""
