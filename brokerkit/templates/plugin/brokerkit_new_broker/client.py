"""Logging in, headers, refusals and limits. The page it is written from: (its address)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from brokerkit import clock
from brokerkit.transport import Client, Effect, Endpoint, Headers, Response, Token
from pydantic import SecretStr

from brokerkit_new_broker import tables


class NewBrokerClient(Client):
    """Client of this broker's API."""

    broker = "new-broker"
    hosts = {
        "real": "https://api.new-broker.example",
        "demo": "https://demo.new-broker.example",
    }
    refusals = tables.REFUSALS
    token_codes = tables.TOKEN_CODES
    calls_per_second = {"real": 10, "demo": 10}
    order_calls = "^post /orders"  # whatever moves orders; declared as anything but an ORDER it is refused

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        return {} if endpoint.effect is Effect.AUTH else {"authorization": self.bearer()}

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        told = tables.Envelope.model_validate_json(answer.content)
        if told.code != tables.DONE:
            self.refuse(endpoint, told.code, told.words)

    def is_definite(self, code: str) -> bool:
        return code in tables.DEFINITE

    def issue_token(self) -> Token:
        issued = self.call(tables.LOGIN, body={"key": self.settings.app_key, "secret": self.settings.app_secret})
        return Token(issued.value, clock.now() + dt.timedelta(seconds=int(issued.seconds)))

    def revoke_token(self, token: SecretStr) -> None:
        self.call(tables.LOGOUT, body={"token": token})
