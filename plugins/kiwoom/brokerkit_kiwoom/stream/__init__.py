"""Realtime at Kiwoom: frames of JSON over one socket, for prices, own orders and saved conditions."""
