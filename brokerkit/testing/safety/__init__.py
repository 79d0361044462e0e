"""Level 4 of the contract: whatever happens to an order, exchange, journal and words agree."""
