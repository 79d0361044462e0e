"""Other clients of these brokers. None of them is needed; those that are installed are measured too.

They are asked for what they call a price. A client that can only be pointed at another address by reaching into it is
pointed there by reaching into it; nothing else of it is changed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from brokerkit.sandbox.sandbox import Connection

Quote = Callable[[str], object]


@dataclass(frozen=True)
class Other:
    """A client: its distribution and import name, its broker, and how to make it ask our server for a price."""

    distribution: str
    module: str
    broker: str
    connect: Callable[[Connection, str], Quote]

    def is_installed(self) -> bool:
        """Say whether it can be imported here."""
        return find_spec(self.module) is not None

    def opened(self, given: Connection, token: str) -> Quote | None:
        """Return what asks our server for a price; None if this client cannot be brought to do it."""
        try:
            ask = self.connect(given, token)
            ask("005930")
        except Exception as error:  # noqa: BLE001 - whatever somebody else's client raises
            print(f"{self.distribution} is installed, but does not start: {error!r}", file=sys.stderr)
            return None
        return ask


def _mojito(given: Connection, token: str) -> Quote:
    kind: Any = importlib.import_module("mojito").KoreaInvestment

    class Pointed(kind):  # type: ignore[misc]
        def set_base_url(self, mock: bool = True) -> None:
            self.base_url = given.base_url

        def check_access_token(self) -> bool:
            return True

        def load_access_token(self) -> None:
            self.access_token = f"Bearer {token}"

    account = given.account.replace("-", "")
    client = Pointed(given.app_key, given.app_secret, f"{account[:8]}-{account[8:]}")
    return lambda symbol: client.fetch_price(symbol)["output"]["stck_prpr"]


def _kiwoom_rest_api(given: Connection, token: str) -> Quote:
    class Tokens:
        def get_token(self) -> str:
            return token

    kind: Any = importlib.import_module("kiwoom_rest_api.koreanstock.stockinfo").StockInfo
    client = kind(base_url=given.base_url, token_manager=Tokens())
    return lambda symbol: client.basic_stock_information_request_ka10001(symbol)["cur_prc"]


OTHERS = (
    Other("mojito2", "mojito", "kis", _mojito),
    Other("kiwoom-rest-api", "kiwoom_rest_api", "kiwoom", _kiwoom_rest_api),
)
