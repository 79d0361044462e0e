"""Measurements of what brokerkit promises about speed and counts; `make bench` runs them."""
