"""Logging in, headers and refusals."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, TypeVar

from pydantic import SecretStr

from brokerkit import clock
from brokerkit.transport import Block, Client, Effect, Endpoint, Headers, Paging, Parameters, Response, Token
from tests.lslike import login

R = TypeVar("R", bound=Block)
DIES = dt.time(7)
"""Every token, whatever it says of its life."""


class LikeClient(Client):
    """Client of a broker of LS's shape."""

    broker = "lslike"
    hosts = {"real": "https://api.lslike.example", "demo": "https://api.lslike.example"}
    echo_header = "tr_cd"
    order_calls = "/stock/order"
    refusals = login.REFUSALS
    token_codes = login.TOKEN_CODES
    calls_per_second = {"real": 50, "demo": 50}
    limits_each_call = True
    paging = Paging(mark="tr_cont", end=None, key="tr_cont_key", sends={"tr_cont": "Y"})

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        if endpoint.effect is Effect.AUTH:
            return {}
        name = endpoint.id(self.environment)
        return {"authorization": self.bearer(), "tr_cd": name, "tr_cont": "N", "tr_cont_key": "", "mac_address": ""}

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        told = login.Envelope.model_validate_json(answer.content)
        if endpoint.effect is Effect.AUTH:
            if told.code:
                self.refuse(endpoint, told.code, told.words)
            return
        taken = login.TAKEN.get(endpoint.id(self.environment))
        if told.code in (taken or login.DONE) and answer.status == 200:
            return
        is_unclear = told.has_number or (answer.status != 200 and told.code not in login.PLACES_NOTHING)
        if not told.code or (taken and is_unclear):
            raise self.no_verdict(endpoint, answer, f"[{told.code}] {told.words}")
        self.refuse(endpoint, told.code, told.words)

    def is_definite(self, code: str) -> bool:
        return re.fullmatch(login.REFUSES, code) is not None and code not in login.NO_PROOF

    def issue_token(self) -> Token:
        keys = {"appkey": self.settings.app_key, "appsecretkey": self.settings.app_secret}
        issued = self.call(login.TOKEN, body={"grant_type": "client_credentials", "scope": "oob", **keys})
        now = clock.now()
        ends = dt.datetime.combine(now.date() + dt.timedelta(now.time() >= DIES), DIES, clock.KST)
        return Token(issued.value, ends)

    def revoke_token(self, token: SecretStr) -> None:
        keys = {"appkey": self.settings.app_key, "appsecretkey": self.settings.app_secret}
        self.call(login.REVOKE, body={"token_type_hint": "access_token", "token": token, **keys})

    def block(self, endpoint: Endpoint[Any], fields: Parameters) -> Parameters:
        """Return fields as the body of a call: in a block of its name."""
        name = endpoint.id(self.environment)
        return {f"{name}InBlock{'1' if name.startswith('C') else ''}": fields}

    def ask(self, endpoint: Endpoint[R], **fields: Any) -> R:
        """Call once."""
        return self.call(endpoint, body=self.block(endpoint, fields))

    def ask_all(self, endpoint: Endpoint[R], **fields: Any) -> list[R]:
        """Return all pages."""
        return self.listing(endpoint, body=self.block(endpoint, fields))
