"""A quote of the profile that the first argument names, from brokerkit.toml."""

import sys

from brokerkit import get_broker

with get_broker(sys.argv[1]) as broker:
    print(broker.quote("005930").price)
