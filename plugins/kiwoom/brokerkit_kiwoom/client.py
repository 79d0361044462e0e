"""Logging in at Kiwoom: token, headers, error codes, pages, limits."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from brokerkit import config
from brokerkit.errors import Rejected
from brokerkit.transport import Client, Effect, Endpoint, Headers, Limit, Paging, Parameters, Response, Token, Whole
from brokerkit_kiwoom.wire import errors, login
from brokerkit_kiwoom.wire.types import Listing, WholeListing, says_nothing

CALLS_PER_SECOND = {"real": 5, "demo": 1}
MOVES_MONEY = frozenset({"ust31302"})
"""환전 신청, beside a rate that is only asked for."""
NO_ORDERS = frozenset({"ust31490"})
"""미국주식 주문가능수량, at the path of the orders."""
_TOLD_LIMIT = re.compile(r"유량=([0-9]{1,3})(?![0-9])")


class Settings(config.Settings):
    """Settings of a Kiwoom profile. A key belongs to one account; `account`, where given, must be that one."""


class KiwoomClient(Client):
    """Client of the Kiwoom REST API."""

    broker = "kiwoom"
    hosts = {"real": "https://api.kiwoom.com", "demo": "https://mockapi.kiwoom.com"}
    echo_header = "api-id"
    refusals = errors.REFUSALS
    advice = errors.ADVICE
    address_codes = errors.ADDRESS_CODES
    token_codes = errors.TOKEN_CODES
    token_call, revoke_call = login.TOKEN, login.REVOKE
    written_headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "authorization": "Bearer {{token}}",
        "api-id": "{{id}}",
    }
    written_fields = {
        "grant_type": "client_credentials",
        "appkey": "{{app_key}}",
        "secretkey": "{{app_secret}}",
        "token": "{{token}}",
    }
    envelope = frozenset({"return_code", "return_msg", "returnCode", "returnMsg"})
    order_calls = "/(crd)?ordr"
    calls_per_second, limits_each_call = CALLS_PER_SECOND, True
    paging = Paging(mark="cont-yn", key="next-key", sends={"cont-yn": "Y"})

    def moves_orders(self, endpoint: Endpoint[Any]) -> bool:
        """Say whether a call moves orders or money: the id picks it, the path is that of several."""
        id = endpoint.ids.get(self.environment)
        return id in MOVES_MONEY or (id not in NO_ORDERS and super().moves_orders(endpoint))

    def keys(self) -> Parameters:
        """Return the key as the calls that log in name it."""
        keys: Parameters = {"appkey": self.settings.app_key, "secretkey": self.settings.app_secret}
        return {"grant_type": "client_credentials", **keys}

    def whole(self, pages: tuple[str, ...], effect: Effect) -> type[Whole]:
        return WholeListing if effect is Effect.READ else Whole

    def limits(self, endpoint: Endpoint[Any]) -> tuple[Limit, ...]:
        """Return the limits of a call: what is asked for the US may be asked once a second."""
        if endpoint.path.startswith("/api/us/"):
            return (Limit(endpoint.id(self.environment), 1),)
        return super().limits(endpoint)

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        headers: Headers = {"Content-Type": "application/json;charset=UTF-8"}
        if endpoint.effect is Effect.AUTH:
            return headers
        return {
            **headers,
            "authorization": self.bearer(),
            "api-id": endpoint.id(self.environment),
        }

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        if answer.status == 400 and errors.BLOCKED in answer.content[:4096].lower():
            try:
                self.refuse(endpoint, "400", "HTTP 400, Request Blocked: the web firewall of the broker")
            except Rejected as refused:
                refused.is_wordless = True  # the firewall answers with a page
                raise
        envelope = login.Envelope.model_validate_json(answer.content)
        if envelope.result is None:
            if answer.status == 401:
                self.refuse(endpoint, "401", envelope.words)
            raise self.no_verdict(endpoint, answer, f"HTTP {answer.status} without return_code")
        if re.fullmatch(" *0+ *", str(envelope.result)):
            return
        if (
            issubclass(endpoint.reply, Listing)
            and str(envelope.result).strip() == "20"
            and says_nothing(envelope.words)
        ):
            return
        code = errors.code_in(envelope.result, envelope.words)
        self.refuse(endpoint, "401" if answer.status == 401 and code not in errors.REFUSALS else code, envelope.words)

    def is_definite(self, code: str) -> bool:
        return errors.is_definite(code)

    def told_limit(self, words: str) -> int | None:
        told = _TOLD_LIMIT.search(words)
        return int(told[1]) if told else None

    def issue_token(self) -> Token:
        issued = self.call(
            login.TOKEN,
            body={
                "grant_type": "client_credentials",
                "appkey": self.settings.app_key,
                "secretkey": self.settings.app_secret,
            },
        )
        return Token(issued.value, issued.expires_at)

    def revoke_token(self, token: SecretStr) -> None:
        self.call(
            login.REVOKE,
            body={"appkey": self.settings.app_key, "secretkey": self.settings.app_secret, "token": token},
        )
