"""Korea Investment & Securities (한국투자증권)."""

from __future__ import annotations

from brokerkit.adapter import Adapter
from brokerkit_kis.client import KisClient, Settings
from brokerkit_kis.indices.part import Indices
from brokerkit_kis.stocks.part import Stocks
from brokerkit_kis.stream.feed import KisFeed
from brokerkit_kis.us.part import UsStocks


class KisAdapter(Adapter):
    """An account at KIS."""

    api_version = 1
    name = "kis"
    catalogue = "brokerkit_kis"
    Settings = Settings
    Client = KisClient
    parts = (Stocks, Indices, UsStocks)
    Feed = KisFeed
