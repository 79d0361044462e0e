"""Secrets: whatever fails, and wherever a server sends them back, none of them shows anywhere."""

from __future__ import annotations

import http.client
import io
import json
import logging
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from brokerkit.errors import BrokerError
from brokerkit.transport import Endpoint, Request, connection
from brokerkit.transport.auth import TokenCache
from brokerkit.transport.shelves import FileShelf
from tests.faults import AFTER_THE_REQUEST, hasten
from tests.servers import (
    APP_KEY,
    APP_SECRET,
    GOOD,
    LIST,
    ORDER,
    READ,
    TOKEN,
    Exchange,
    Issued,
    LoginClient,
    ProbeClient,
    Script,
    Server,
    answer,
    new_token,
)

TOKEN_VALUE = "canary-token-0003-" + "t" * 200
ACCOUNT = "6789012345"
CANARIES = (APP_KEY, APP_SECRET, TOKEN_VALUE[:18], ACCOUNT)


class KeepingClient(LoginClient):
    """A client whose broker hands out the canary token."""

    def issue_token(self) -> Any:
        return new_token(TOKEN_VALUE)


class Sinks:
    """Everything that a program may write down: logs, standard output, and what is caught."""

    def __init__(self, capsys: pytest.CaptureFixture[str], log: io.StringIO) -> None:
        self.capsys = capsys
        self.log = log
        self.texts: list[str] = []

    def keep(self, error: BaseException) -> None:
        self.texts += [repr(error), str(error), repr(vars(error)), repr(error.args)]
        seen: list[BaseException] = []
        waiting: list[BaseException | None] = [error]
        while waiting:
            one = waiting.pop()
            if one is None or one in seen:
                continue
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
            told = traceback.TracebackException.from_exception(one, capture_locals=True)
            self.texts += [*told.format(chain=True), repr(one), str(one), repr(vars(one))]
            if isinstance(one, ValidationError):
                self.texts.append(repr(one.errors()))
        if isinstance(error, BrokerError):
            data = pickle.dumps(error)
            self.texts += [data.decode("latin-1"), repr(vars(pickle.loads(data)))]  # noqa: S301 - our own bytes

    def assert_clean(self) -> None:
        written = "".join(self.capsys.readouterr())
        assert self.texts
        for canary in CANARIES:
            assert canary not in written
            assert canary not in self.log.getvalue()
            assert not [text for text in self.texts if canary in text]


class Whole(logging.Formatter):
    """Writes a record with all its fields, as programs that gather them for machines do."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {vars(record)!r}"


@pytest.fixture
def sinks(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sinks]:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(Whole())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    hasten(request, monkeypatch, 0.2, 0.4)
    yield Sinks(capsys, log)
    root.removeHandler(handler)
    root.setLevel(level)


def ask(client: ProbeClient, endpoint: Endpoint[Any]) -> None:
    """Send the account in query or body, as adapters do."""
    if endpoint is ORDER:
        client.call(ORDER, body={"account": SecretStr(ACCOUNT)})
    else:
        list(client.pages(endpoint, params={"account": SecretStr(ACCOUNT)}))


def fail(sinks: Sinks, script: Script, endpoint: Endpoint[Any], kind: type[ProbeClient] = KeepingClient) -> None:
    with Server(script) as server, kind(server.url) as client, pytest.raises(BrokerError) as caught:
        ask(client, endpoint)
    assert server.requests
    sinks.keep(caught.value)


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
@pytest.mark.parametrize("case", AFTER_THE_REQUEST)
def test_no_failure_shows_a_secret(case: str, endpoint: Endpoint[Any], sinks: Sinks) -> None:
    fail(sinks, AFTER_THE_REQUEST[case], endpoint)
    sinks.assert_clean()


def test_the_sinks_catch_what_ordinary_tools_write_down(sinks: Sinks) -> None:
    import requests

    with Server(lambda exchange: None) as server:
        try:
            requests.get(f"{server.url}/read", params={"account": ACCOUNT}, headers={"key": APP_KEY}, timeout=30)
        except requests.RequestException as error:
            sinks.keep(error)
    assert APP_KEY in sinks.capsys.readouterr().out
    assert any(ACCOUNT in text for text in sinks.texts)


def test_the_sinks_catch_fields_of_log_records(sinks: Sinks) -> None:
    logging.getLogger("brokerkit").debug("words", extra={"account": ACCOUNT})
    assert ACCOUNT in sinks.log.getvalue()


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
def test_no_failure_before_the_first_byte_shows_a_secret(endpoint: Endpoint[Any], sinks: Sinks) -> None:
    with KeepingClient("http://127.0.0.1:1") as client, pytest.raises(BrokerError) as caught:
        ask(client, endpoint)
    sinks.keep(caught.value)
    sinks.assert_clean()


ECHO = f"key {APP_KEY} secret {APP_SECRET} token {TOKEN_VALUE} account {ACCOUNT}"
ECHOES: dict[str, bytes] = {
    "in words": answer({"code": "strange", "words": ECHO}),
    "in words of a listed code": answer({"code": "poor", "words": ECHO}),
    "in words of a token code": answer({"code": "old-token", "words": ECHO}),
    "in words of a busy code": answer({"code": "busy", "words": ECHO}),
    "with hidden characters": answer({"code": "strange", "words": "\u200b".join(ECHO)}),
    "cut off by the length of a text": answer({"code": "strange", "words": "x" * 190 + APP_KEY}),
    "as the code": answer({"code": APP_KEY, "words": ""}),
    "as the code, in part": answer({"code": f"E-{ACCOUNT}", "words": ""}),
    "as the id": answer(headers={"call-id": APP_KEY}),
    "as the content type": answer(b"<html>", headers={"Content-Type": f"text/{TOKEN_VALUE}"}),
    "in a header": answer(b"<html>", headers={"X-Echo": ECHO}),
    "in a header of a refusal": answer({"code": "strange", "words": "no"}, headers={"X-Echo": ECHO}),
    "in the status line": b"HTTP/1.1 200 " + ECHO.encode() + b"\r\nContent-Length: 0\r\n\r\n",
    "instead of a status line": ECHO.encode() + b"\r\n\r\n",
    "in a broken header": b"HTTP/1.1 200 OK\r\n" + ECHO.encode() + b"\r\nContent-Length: 0\r\n\r\n",
    "in a redirect": answer(b"", status=302, headers={"Location": f"http://127.0.0.1:1/{ACCOUNT}?{APP_SECRET}"}),
    "in a cookie": answer(b"", headers={"Set-Cookie": f"session={TOKEN_VALUE}"}),
    "in HTML": answer(f"<html>{ECHO}</html>".encode()),
    "in cut JSON": answer(json.dumps({"code": "0", "price": ECHO}).encode()[:-5]),
    "as a wrong value": answer({**GOOD, "price": ECHO}),
    "as a wrong type": answer({**GOOD, "price": [ECHO]}),
    "as a wrong list": answer([ECHO]),
    "as a name": answer({ECHO: ECHO}),
    "under 500": answer({"title": ECHO}, status=500),
}


@pytest.mark.parametrize("endpoint", [ORDER, LIST], ids=str)
@pytest.mark.parametrize("case", ECHOES)
def test_a_secret_that_a_server_sends_back_is_taken_out(case: str, endpoint: Endpoint[Any], sinks: Sinks) -> None:
    fail(sinks, lambda exchange: exchange.send(ECHOES[case]), endpoint)
    sinks.assert_clean()


def test_a_page_key_with_secrets_is_not_shown(sinks: Sinks) -> None:
    page = answer({**GOOD, "next_key": f"{ACCOUNT}^{APP_KEY}"})
    fail(sinks, lambda exchange: exchange.send(page), LIST)
    sinks.assert_clean()


def failing(error: Exception) -> Callable[..., Any]:
    def hook(*rest: Any) -> Any:
        raise error

    return hook


@pytest.mark.parametrize("hook", ["check", "next_page"])
def test_an_adapter_that_stumbles_shows_nothing_of_the_answer(
    hook: str, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(lambda exchange: exchange.send(answer({**GOOD, "words": ECHO}))) as server:
        client = KeepingClient(server.url)
        monkeypatch.setattr(client, hook, failing(RuntimeError("stumbled")))
        with client, pytest.raises((BrokerError, RuntimeError)) as caught:
            ask(client, LIST)
    sinks.keep(caught.value)
    sinks.assert_clean()


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_shows_no_secret(
    interrupt: type[BaseException], endpoint: Endpoint[Any], sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(response: Any, *rest: Any) -> None:
        try:
            raise ValueError(response.request.headers)
        except ValueError:
            raise interrupt  # noqa: B904 - with its context, as an interrupt in the middle of things has

    monkeypatch.setattr(connection, "_read", read)
    with Server() as server, KeepingClient(server.url) as client, pytest.raises(interrupt) as caught:
        ask(client, endpoint)
    sinks.keep(caught.value)
    sinks.assert_clean()


TOMORROW = "2999-01-01T00:00:00+09:00"
MALFORMED: dict[str, bytes] = {
    "no end": answer({"code": "0", "token": TOKEN_VALUE}),
    "the end is no time": answer({"code": "0", "token": TOKEN_VALUE, "expires_at": "soon"}),
    "the token as its end": answer({"code": "0", "token": TOKEN_VALUE, "expires_at": TOKEN_VALUE}),
    "the token in a list": answer({"code": "0", "token": [TOKEN_VALUE], "expires_at": TOMORROW}),
    "the token in an object": answer({"code": "0", "token": {TOKEN_VALUE: TOKEN_VALUE}, "expires_at": TOMORROW}),
    "the token as the code": answer({"code": [TOKEN_VALUE], "token": TOKEN_VALUE}),
    "cut": answer(json.dumps({"code": "0", "token": TOKEN_VALUE}).encode()[:-2]),
    "HTML": answer(f"<html>{TOKEN_VALUE}</html>".encode()),
    "short": answer(json.dumps({"code": "0", "token": TOKEN_VALUE}).encode(), length=900),
    "a plain text": answer(json.dumps(TOKEN_VALUE).encode()),
    "under 500": answer({"token": TOKEN_VALUE}, status=500),
    "success under 201": answer({"code": "0", "token": TOKEN_VALUE, "expires_at": TOMORROW}, status=201),
}


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_answer_with_a_new_token_shows_nothing_of_it(
    case: str, endpoint: Endpoint[Any], sinks: Sinks
) -> None:
    def script(exchange: Exchange) -> bool:
        assert exchange.path == "/token"
        return exchange.send(MALFORMED[case])

    fail(sinks, script, endpoint, LoginClient)
    sinks.assert_clean()


def test_what_the_program_holds_does_not_tell_its_secrets(sinks: Sinks) -> None:
    with Server() as server, KeepingClient(server.url) as client:
        client.call(READ)
        issued = Issued.model_validate_json(json.dumps({"token": TOKEN_VALUE, "expires_at": TOMORROW}))
        held = (client, vars(client), client.token(), client._tokens, vars(client._tokens), new_token(TOKEN_VALUE))
        request = Request({"account": ACCOUNT}, {"key": APP_KEY}, {"secret": APP_SECRET})
        for thing in (*held, client._redactor, vars(client._redactor), request, issued, issued.value, TOKEN):
            sinks.texts += [repr(thing), str(thing)]
    sinks.assert_clean()


def test_a_token_is_in_its_file_and_nowhere_else(sinks: Sinks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))

    class Remembering(KeepingClient):
        def __init__(self, url: str) -> None:
            super().__init__(url, remember_token=True)

    fail(sinks, lambda exchange: exchange.send(answer({"code": "poor"})), READ, Remembering)
    sinks.assert_clean()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    with_token = [path for path in files if TOKEN_VALUE in path.read_text()]
    assert [path.suffix for path in with_token] == [".json"]
    for path in files:
        assert not [canary for canary in (APP_KEY, APP_SECRET, ACCOUNT) if canary in path.read_text() + str(path)]


@pytest.mark.parametrize("where", ["open", "replace"])
def test_a_token_that_cannot_be_written_is_not_shown(
    where: str, sinks: Sinks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = TokenCache(FileShelf(tmp_path / "tokens" / "probe.json", "me"))
    kept.get(lambda: new_token("first", life=-1))
    monkeypatch.setattr(os, where, failing(OSError(28, "No space left on device")))
    with pytest.raises(BrokerError) as caught:
        kept.get(lambda: new_token(TOKEN_VALUE))
    sinks.keep(caught.value)
    sinks.assert_clean()


def test_a_damaged_token_file_is_not_shown(sinks: Sinks, tmp_path: Path) -> None:
    path = tmp_path / "tokens" / "probe.json"
    path.parent.mkdir(mode=0o700)
    path.write_text(f'{{"identity": "me", "token": "{TOKEN_VALUE}"')
    path.chmod(0o600)
    TokenCache(FileShelf(path, "me")).get(lambda: new_token("new"))
    path.chmod(0o644)
    with pytest.raises(BrokerError) as caught:
        TokenCache(FileShelf(path, "me")).get(lambda: new_token("new"))
    sinks.keep(caught.value)
    assert "damaged" in sinks.log.getvalue()
    sinks.assert_clean()
