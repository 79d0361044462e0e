"""The token desk: issue, revoke and check the bearer token of one app key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from brokerkit.sandbox.face import Credentials, Tokens, visible_key

from .refusals import AUTHENTICATION, INPUT, Refused, refused

_LENGTH = 86
LIFE = dt.timedelta(hours=18)
"""Measured lives were 18 to 21 hours, never the 24 that one might expect."""


class TokenDesk:
    """Tokens by Kiwoom's rules; real time, whatever the market's time of day."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.replaces = False
        """Whether an issue ends the token before it; both habits were reported of the real server."""
        self.issued = 0
        """How often, the same token again included."""
        self.tokens = Tokens(LIFE)

    def issue(self, body: Mapping[str, object]) -> dict[str, object]:
        """Answer au10001."""
        if not body.get("grant_type"):
            raise refused(INPUT, "8011", "grant_type이 없습니다")
        if body["grant_type"] != "client_credentials":
            raise refused(INPUT, "8012", "모르는 grant_type입니다")
        self._check_keys(body)
        with self.tokens.lock:
            token = self.tokens.current
            if token is not None and self.replaces:
                self.tokens.revoke(token.text)
            if token is None or self.replaces or not self.tokens.is_valid(token.text):
                token = self.tokens.new(visible_key(_LENGTH))
            self.issued += 1
        return {"expires_dt": f"{token.expires:%Y%m%d%H%M%S}", "token_type": "bearer", "token": token.text}

    def revoke(self, body: Mapping[str, object]) -> dict[str, object]:
        """Answer au10002."""
        self._check_keys(body)
        token = body.get("token")
        if not token:
            raise refused(INPUT, "8016", "token이 없습니다")
        if not self.tokens.revoke(str(token)):
            # That 8015 answers a token nobody issued, and its class, are taken from the published list only.
            raise refused(AUTHENTICATION, "8015", "폐기하지 못했습니다. 실패사유=모르는 token")
        return {}

    def check(self, authorization: str | None) -> str:
        """Return the app key behind an authorization header, or refuse it."""
        if authorization is None:
            raise refused(INPUT, "1513", "authorization 헤더가 없습니다")
        kind, *tokens = authorization.split() or [""]
        if len(tokens) > 1 or (not tokens and kind.lower() != "bearer"):
            raise refused(INPUT, "1514", "authorization 헤더의 형식이 다릅니다")
        # The answer says "bearer", the official client writes "Bearer": a scheme has no letter case (RFC 9110).
        if kind.lower() != "bearer":
            raise refused(INPUT, "1515", "authorization 헤더의 종류를 모릅니다")
        if not tokens:
            raise refused(INPUT, "1516", "authorization 헤더에 token이 없습니다")
        if not self.tokens.is_valid(tokens[0]):
            raise refused(AUTHENTICATION, "8005", "token이 유효하지 않습니다")
        return self.credentials.app_key

    def knows(self, authorization: str | None) -> bool:
        """Return whether a header carries a token that was given out."""
        return self.tokens.find((authorization or "").rpartition(" ")[2]) is not None

    def _check_keys(self, body: Mapping[str, object]) -> None:
        if not body.get("appkey") or not body.get("secretkey"):
            raise refused(INPUT, "8020", "appkey 또는 secretkey가 없습니다")
        for name, right, code in (
            ("appkey", self.credentials.app_key, "8001"),
            ("secretkey", self.credentials.app_secret, "8002"),
        ):
            if body[name] != right:
                raise _wrong_key(code, name)


def _wrong_key(code: str, name: str) -> Refused:
    # Which of 8001 and 8002 stands for which key, and their class, are not known: both are about the pair.
    return refused(AUTHENTICATION, code, f"키가 맞지 않습니다. 실패사유={name}")
