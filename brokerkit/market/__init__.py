"""What is true of the Korean stock market, whoever the broker is."""
