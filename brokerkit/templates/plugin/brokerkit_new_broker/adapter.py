"""What this broker is."""

from __future__ import annotations

from brokerkit.adapter import Adapter

from brokerkit_new_broker.client import NewBrokerClient
from brokerkit_new_broker.stocks import Stocks


class NewBrokerAdapter(Adapter):
    """An account at this broker."""

    api_version = 1
    name = "new-broker"
    Client = NewBrokerClient
    parts = (Stocks,)
