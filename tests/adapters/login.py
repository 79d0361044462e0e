"""Tokens, keys and words, shared: what a login sends, and what becomes of a token that is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from brokerkit.errors import AuthError, BrokerError, NotSent, WireError
from tests.adapters.kit import Kit, table


def length_of(body: object) -> dict[str, str]:
    """Return the header that tells how long a body is."""
    return {"Content-Length": str(len(json.dumps(body, ensure_ascii=False).encode()))}


def raised(ask: Callable[[], object]) -> BrokerError:
    """Return the error that a call raises."""
    with pytest.raises(BrokerError) as caught:
        ask()
    return caught.value


class LoginKit(Kit):
    """Logins, and the words of refusals."""

    hosts: ClassVar[dict[str, str]]
    always: ClassVar[dict[str, str]]
    """Headers of every request."""
    paths: ClassVar[dict[str, str]]
    """Where tokens are had and revoked."""
    login: ClassVar[dict[str, str]]
    """The body of a login beside the keys."""
    keys: ClassVar[tuple[str, str]]
    """What app key and secret are called in it."""
    no_ends: ClassVar[tuple[Any, ...]]
    """What does not tell when a token ends."""
    old_token: ClassVar[str]
    """The code of a token that is not valid."""
    no_keys: ClassVar[list[tuple[Any, int]]]
    """Refusals of a login, with their statuses, that say `no such key`."""
    key_codes: ClassVar[tuple[str, ...]]
    """The codes of these."""
    unknown_symbol: ClassVar[tuple[str, str]]
    """The code of a symbol that is not known, and what stands before the words of it."""

    def given(self, wire: Any) -> dict[str, str]:
        """Return the keys as they stand in a login."""
        key, secret = self.keys
        return {key: wire.app_key, secret: wire.app_secret}

    @pytest.mark.parametrize("environment", ["real", "demo"])
    def test_token_is_asked_for_once_with_key_and_secret_and_no_other_header(
        self, connect: Any, environment: str
    ) -> None:
        wire = connect(environment)
        wire.broker.quote("005930")
        wire.broker.quote("005930")
        login, first, second = wire.calls
        body = {**self.login, **self.given(wire)}
        assert (login.method, login.url) == ("POST", self.hosts[environment] + self.paths["login"])
        assert (login.query, login.body, login.headers) == ([], body, {**self.always, **length_of(body)})
        token = f"Bearer {wire.second_token}"
        assert first.headers["authorization"] == second.headers["authorization"] == token

    def test_revoke_names_the_token_in_the_body(self, wire: Any) -> None:
        assert wire.client.revoke()
        (call,) = wire.calls
        body = {**self.given(wire), "token": wire.token}
        assert (call.method, call.url) == ("POST", self.hosts["sandbox"] + self.paths["revoke"])
        assert (call.body, call.headers) == (body, {**self.always, **length_of(body)})

    @table("end", "no_ends")
    def test_token_without_a_readable_end_is_a_wire_error_and_the_order_not_sent(self, wire: Any, end: Any) -> None:
        wire.logged_out().says("login", end=end)
        field = wire.fields["login"]["end"]
        with pytest.raises(WireError, match=field):
            wire.broker.quote("005930")
        with pytest.raises(NotSent, match=field):
            wire.broker.buy("005930", 10, price=70000)
        assert wire.asked("buy") == []

    def test_query_is_repeated_once_with_a_new_token_and_an_order_never(self, wire: Any) -> None:
        refused, quote, buy = wire.refusal(self.old_token, "expired"), wire.ids["quote"], wire.ids["buy"]
        wire.broker.account()
        wire.calls.clear()
        wire.answer(quote, refused, wire.good(quote)).broker.quote("005930")
        sent = [(call.id, call.headers.get("authorization")) for call in wire.calls]
        first, second = f"Bearer {wire.token}", f"Bearer {wire.second_token}"
        assert sent == [(quote, first), (wire.ids["login"], None), (quote, second)]
        wire.logged_in().answer(buy, refused)
        with pytest.raises(AuthError):
            wire.broker.buy("005930", 10, price=70000)
        assert len(wire.of(buy)) == 1
        assert wire.client.token() == SecretStr(wire.second_token)

    @table("code", "key_codes")
    def test_key_that_is_refused_at_login_is_told_to_queries_and_orders(self, wire: Any, code: str) -> None:
        body, status = self.no_keys[self.key_codes.index(code)]
        wire.logged_out().answer(wire.ids["login"], body, status=status)
        asks: list[tuple[Callable[[], object], type[BrokerError]]] = [
            (lambda: wire.broker.quote("005930"), AuthError),
            (lambda: wire.broker.buy("005930", 10, price=70000), NotSent),
        ]
        for ask, kind in asks:
            error = raised(ask)
            assert (type(error), error.code) == (kind, code)
        assert {call.id for call in wire.calls} == {wire.ids["login"]}

    def test_words_of_the_broker_are_one_printable_line_without_our_secrets(self, wire: Any) -> None:
        code, before = self.unknown_symbol
        words = f"two\nlines \x1b[31mred {wire.app_key} {wire.token} end"
        wire.answer(wire.ids["quote"], wire.refusal(code, words))
        error = raised(lambda: wire.broker.quote("005930"))
        assert error.message.startswith(f"{before}two lines red")
        for secret in (wire.app_key, wire.token):
            assert secret not in str(error)
