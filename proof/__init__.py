"""The proof: what docs/order-safety.md promises, counted over many orders, faults, kills and odd answers."""
