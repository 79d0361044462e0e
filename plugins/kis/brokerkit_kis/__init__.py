"""Korea Investment & Securities for brokerkit."""
