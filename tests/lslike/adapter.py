"""What this broker is."""

from __future__ import annotations

from pydantic import SecretStr

from brokerkit.adapter import Adapter
from tests.lslike import tables
from tests.lslike.client import LikeClient
from tests.lslike.stocks import Stocks


class LikeAdapter(Adapter):
    """An account at a broker of LS's shape. A key belongs to one account."""

    api_version = 1
    name = "lslike"
    Client = LikeClient
    parts = (Stocks,)

    def account_of_key(self) -> SecretStr:
        return self.client.call(tables.CASH, body={"CSPAQ12200InBlock1": {"BalCreTp": "0"}}).owner.number
