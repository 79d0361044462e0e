"""Kiwoom Securities for brokerkit."""
