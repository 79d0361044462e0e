"""The broker's server side over the simulated exchange, written from the vendor's pages. Now it plays the example.

It imports nothing of the adapter: a mistake there would stand at both ends, and every test would agree with it.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping

from brokerkit.sandbox.exchange import Costs, ExchangeRefusal, Refusal
from brokerkit.sandbox.face import (
    Credentials,
    Face,
    FaceAnswer,
    FaceRefusal,
    FaultWording,
    Purpose,
    ReceivedRequest,
    Tokens,
    visible_key,
)

CALLS = {
    ("POST", "/login"): Purpose.LOGIN,
    ("POST", "/logout"): Purpose.LOGIN,
    ("GET", "/price"): Purpose.QUERY,
}
"""Every call that is played. Those that move orders are for an ORDER, lists of orders for a LISTING."""
CODES = {Refusal.UNKNOWN_SYMBOL: "SYMBOL"}


class Refused(FaceRefusal):
    """A refusal; like success it comes under HTTP 200."""

    def __init__(self, code: str, words: str) -> None:
        self.code, self.words = code, words

    def body(self) -> Mapping[str, object]:
        return {"code": self.code, "message": self.words}


class NewBrokerFace(Face):
    """The server side."""

    api_version = 1
    name = "new-broker"
    costs = {"real": Costs(), "demo": Costs()}
    calls_per_second = {"real": 10, "demo": 10}
    # With orders come the fields that tell their number, type and side, and a refusal after which nothing stands.
    wording = FaultWording(success="code", trouble=Refused("OTHER", "the server is in trouble").body())

    def begin(self) -> None:
        self.tokens = Tokens(dt.timedelta(days=1))

    def new_credentials(self) -> Credentials:
        return Credentials(visible_key(32), visible_key(64), "12345678-01")

    def method_of(self, request: ReceivedRequest) -> str | None:
        methods = [method for method, path in CALLS if path == request.path]
        return request.method if request.method in methods else next(iter(methods), None)

    def purpose(self, method: str, path: str, headers: Mapping[str, str]) -> Purpose:
        return CALLS.get((method, path), Purpose.QUERY)

    def refusal_of(self, code: str, words: str) -> FaceRefusal:
        return Refused(code, words)

    def has_key(self, request: ReceivedRequest) -> bool:
        return self.tokens.is_valid(request.headers.get("authorization", "").removeprefix("Bearer "))

    def kill_tokens(self) -> None:
        self.tokens.forget()

    def answer(self, request: ReceivedRequest) -> FaceAnswer:
        if CALLS[request.method, request.path] is not Purpose.LOGIN:
            if not self.has_key(request):
                raise Refused("TOKEN", "the token is not known")
            if not self.window.admit(self.credentials.app_key):
                raise Refused("LIMIT", "too many calls a second")
        try:
            return FaceAnswer({"code": "0", "message": "", **self._content(request)})
        except ExchangeRefusal as refusal:
            raise Refused(CODES.get(refusal.reason, "OTHER"), str(refusal)) from None

    def _content(self, request: ReceivedRequest) -> Mapping[str, object]:
        match request.method, request.path:
            case "POST", "/login":
                return self._login(request.body)
            case "POST", "/logout":
                self.tokens.revoke(str(request.body.get("token")))
            case "GET", "/price":
                return {"result": self._price(request.query.get("symbol", ""))}
        return {}

    def _login(self, body: Mapping[str, object]) -> Mapping[str, object]:
        if (body.get("key"), body.get("secret")) != (self.credentials.app_key, self.credentials.app_secret):
            raise Refused("KEY", "the key is not known")
        return {"token": self.tokens.new(secrets.token_hex(24)).text, "expires_in": 86_400}

    def _price(self, symbol: str) -> Mapping[str, object]:
        quote = self.exchange.quote(symbol)
        told = {"last": quote.price, "base": quote.previous_close, "change": quote.change, "rate": quote.change_percent}
        told |= {"open": quote.open, "high": quote.high, "low": quote.low, "volume": quote.volume}
        return {"symbol": quote.symbol, "name": quote.name, **{each: str(value or 0) for each, value in told.items()}}
