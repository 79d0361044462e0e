"""Kiwoom Securities (키움증권)."""

from __future__ import annotations

from pydantic import SecretStr

from brokerkit.adapter import Adapter
from brokerkit_kiwoom.client import KiwoomClient, Settings
from brokerkit_kiwoom.indices.part import Indices
from brokerkit_kiwoom.stocks.part import Stocks
from brokerkit_kiwoom.stream.feed import KiwoomFeed
from brokerkit_kiwoom.stream.us_feed import KiwoomUsFeed
from brokerkit_kiwoom.us.part import UsStocks
from brokerkit_kiwoom.wire import login


class KiwoomAdapter(Adapter):
    """An account at Kiwoom. A key belongs to one account."""

    api_version = 1
    name = "kiwoom"
    catalogue = "brokerkit_kiwoom"
    Settings = Settings
    Client = KiwoomClient
    parts = (Stocks, UsStocks, Indices)
    Feed = KiwoomFeed
    feeds_of = {"US": KiwoomUsFeed}

    def account_of_key(self) -> SecretStr:
        return self.client.call(login.ACCOUNT, body={}).number
