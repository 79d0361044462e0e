"""Keys and tokens: who may call, and the rules by which tokens are given out."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping

from brokerkit import clock
from brokerkit.sandbox.face import MARK, Credentials, SlidingWindow, Tokens, visible_key
from brokerkit_kis.sandbox.wording import GatewayRefused, LoginRefused, Refused

LIFE = dt.timedelta(hours=24)
SAME_TOKEN = dt.timedelta(hours=6)
"""A repeat within this time answers the token that is already there."""


class TokenDesk:
    """Gives out tokens for one pair of keys and recognises them again."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.minute = 60.0
        self.tokens = Tokens(LIFE)
        self.window = SlidingWindow(1)
        self._asked: dt.datetime | None = None
        self._approvals: dict[str, dt.datetime] = {}
        """Keys for the socket, with the end of their lives."""

    def issue(self, body: Mapping[str, object]) -> dict[str, object]:
        """Answer /oauth2/tokenP."""
        self._check_login(body, "appsecret")
        with self.tokens.lock:
            now = clock.now()
            # How this rule and "the same token within six hours" share out is not known: here the minute comes first.
            if self._asked is not None and now - self._asked < dt.timedelta(seconds=self.minute):
                raise LoginRefused("EGW00133", "토큰 발급은 1분당 1회입니다")
            self._admit("token")
            token = self.tokens.current
            if token is None or now - token.issued >= SAME_TOKEN:
                token = self.tokens.new(_token_text())
            self._asked = now
        return {
            "access_token": token.text,
            "access_token_token_expired": token.expires.astimezone(clock.KST).strftime("%Y-%m-%d %H:%M:%S"),
            "token_type": "Bearer",
            "expires_in": int(LIFE.total_seconds()),
        }

    def revoke(self, body: Mapping[str, object]) -> dict[str, object]:
        """Answer /oauth2/revokeP."""
        self._check_keys(body, "appsecret")
        text = body.get("token")
        if not text:
            raise LoginRefused("EGW00122", "token이 없습니다")
        # What a revoked token is called afterwards is not known: it is treated like one that never was.
        if not self.tokens.revoke(str(text)):
            raise LoginRefused("EGW00121", "모르는 token입니다")
        return {"code": 200, "message": "토큰을 폐기했습니다"}

    def approve(self, body: Mapping[str, object]) -> dict[str, object]:
        """Answer /oauth2/Approval: the key that opens a websocket session."""
        self._check_login(body, "secretkey")
        self._admit("approval")
        key = str(uuid.uuid4())
        with self.tokens.lock:
            self._approvals[key] = clock.now() + LIFE
        return {"approval_key": key}

    def is_approved(self, key: str) -> bool:
        """Return whether a key for the socket was given out and still lives; an older one does beside a newer one."""
        with self.tokens.lock:
            end = self._approvals.get(key)
        return end is not None and clock.now() < end

    def forget_approvals(self) -> None:
        """Make every key for the socket one that nobody knows."""
        with self.tokens.lock:
            self._approvals.clear()

    def check_token(self, headers: Mapping[str, str]) -> None:
        """Refuse a call without a token that is known and still valid."""
        authorization = headers.get("authorization", "")
        if not authorization:
            raise GatewayRefused("EGW00122", "token이 없습니다")
        kind, _, text = authorization.partition(" ")
        # The scheme of an authorization has no letter case (RFC 9110).
        if kind.lower() != "bearer":
            raise GatewayRefused("EGW00205", "authorization은 Bearer로 시작해야 합니다")
        if self.tokens.find(text.strip()) is None:
            raise GatewayRefused("EGW00121", "모르는 token입니다")
        if not self.tokens.is_valid(text.strip()):
            raise GatewayRefused("EGW00123", "만료된 token입니다")

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Refuse a call whose keys are not the ones of this server."""
        self._check_pair(headers, "appsecret", GatewayRefused)

    def expire(self) -> None:
        """Let every token be expired, and forget when the last one was given out."""
        with self.tokens.lock:
            self.tokens.expire()
            self._asked = None
            self.window.clear()

    def _check_login(self, body: Mapping[str, object], secret: str) -> None:
        if not body.get("grant_type"):
            raise LoginRefused("EGW00115", "grant_type이 없습니다")
        if body["grant_type"] != "client_credentials":
            raise LoginRefused("EGW00116", "지원하지 않는 grant_type입니다")
        self._check_keys(body, secret)

    def _check_keys(self, body: Mapping[str, object], secret: str) -> None:
        self._check_pair(body, secret, LoginRefused)

    def _check_pair(self, given: Mapping[str, object], secret: str, refusal: type[Refused]) -> None:
        for name, code, right in (
            ("appkey", 102, self.credentials.app_key),
            (secret, 104, self.credentials.app_secret),
        ):
            if not given.get(name):
                raise refusal(f"EGW00{code}", f"{name} 값이 없습니다")
            if given[name] != right:
                raise refusal(f"EGW00{code + 1}", f"{name} 값이 맞지 않습니다")

    def _admit(self, what: str) -> None:
        if not self.window.admit(what):
            raise GatewayRefused("EGW00201", "초당 호출 한도를 넘었습니다")


def body_hash(body: Mapping[str, object]) -> str:
    """Return the hash of an order body, whatever the order of its fields."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _token_text() -> str:
    parts = ({"typ": "JWT", "alg": "HS512"}, {"sub": "token", "iss": MARK, "jti": str(uuid.uuid4())})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, visible_key(86)])
