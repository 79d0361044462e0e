"""The one HTTP client of all adapters: wait for the limiter, send, check the body's own code, parse, page.

Orders go out once. Queries may be sent again: after a new token, when the broker says "too fast" (slower then), and
when a kept connection turns out to be closed. Each of these is logged.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self, TypeVar, cast
from urllib.parse import quote, urlsplit

import requests
from pydantic import SecretStr, ValidationError

from brokerkit.errors import (
    AuthError,
    BrokerError,
    ConfigError,
    IncompleteListing,
    NetworkError,
    NotSent,
    OrderUncertain,
    RateLimited,
    Rejected,
    WireError,
)
from brokerkit.transport.auth import Token, cache_directory, digest, token_cache
from brokerkit.transport.connection import Answer, Failure, new_session, transmit
from brokerkit.transport.endpoint import Body, Effect, Endpoint, Parameters, Request
from brokerkit.transport.limits import Limit, Limiter, limiter_for
from brokerkit.transport.text import Redactor, sanitize

logger = logging.getLogger("brokerkit")

R = TypeVar("R", bound=Body)
LIST_CAP = 8 * 1024 * 1024
ORDER_CAP = 1024 * 1024
SLOT_SECONDS = 30.0
"""Longest wait for the limiter."""
PAGES = 1000


class Client(ABC):
    """Base of the adapters' clients. An adapter fills the hooks; it never loops, sleeps or sends again itself."""

    broker: ClassVar[str]
    hosts: ClassVar[Mapping[str, str]]
    """Base URL per environment ("real", "demo")."""
    answer_id: ClassVar[str]
    """Header in which the broker sends the id of the call back."""
    refusals: ClassVar[Mapping[str, type[BrokerError]]]
    """Broker's code to error class; other codes are a plain Rejected."""
    token_codes: ClassVar[frozenset[str]]
    """Codes after which a new token helps."""
    token_interval: ClassVar[float] = 0.0
    """Least seconds between two token issues."""

    def __init__(
        self,
        *,
        environment: str,
        app_key: SecretStr,
        secrets: tuple[SecretStr | None, ...] = (),
        base_url: str | None = None,
        remember_token: bool = True,
        max_calls_per_second: int | None = None,
    ) -> None:
        self.environment = environment
        self.base_url = loopback_url(base_url) if base_url else self.hosts[environment]
        self._owner = digest(self.broker, self.base_url, app_key.get_secret_value())
        self._ceiling = max_calls_per_second
        self._threads = threading.local()
        self._redactor = Redactor()
        self._redactor.add((app_key, *secrets))
        path: Path | None = None
        if remember_token:
            path = cache_directory() / f"{self.broker}-{environment}-{self._owner}.json"
        self._tokens = token_cache(path, self._owner, self.token_interval)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds keys and connections and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.environment} {self.base_url}>"

    # What an adapter fills in

    @abstractmethod
    def headers(self, endpoint: Endpoint[Any]) -> Parameters:
        """Return the broker's request headers; `self.token()` gives the access token."""

    @abstractmethod
    def check(self, endpoint: Endpoint[Any], answer: Answer) -> None:
        """Read the body's own code first and call `self.refuse` unless it says success."""

    @abstractmethod
    def renew(self) -> Token:
        """Ask the broker for a token."""

    @abstractmethod
    def revoke_token(self, token: SecretStr) -> None:
        """Tell the broker to forget the token."""

    def next_page(self, endpoint: Endpoint[Any], request: Request, answer: Answer, reply: Body) -> Request | None:
        """Return the request for the page that follows, None at the broker's own end mark."""
        return None

    @abstractmethod
    def limits(self, endpoint: Endpoint[Any]) -> tuple[Limit, ...]:
        """Return the limits that a call of `endpoint` counts against."""

    @abstractmethod
    def is_definite(self, code: str) -> bool:
        """Say whether a refusal with this code proves that an order was not taken."""

    # What it gets for that

    def call(
        self,
        endpoint: Endpoint[R],
        *,
        params: Parameters | None = None,
        body: Parameters | None = None,
        headers: Parameters | None = None,
    ) -> R:
        """Call once and return the reply. More pages than one raise IncompleteListing.

        Raises Rejected and its kinds, Unsupported, NetworkError and WireError; for an order NotSent and OrderUncertain.
        """
        request = Request(params or {}, body, headers or {})
        answer, reply = self._page(endpoint, request)
        if endpoint.effect is Effect.READ and self.next_page(endpoint, request, answer, reply) is not None:
            raise self._error(IncompleteListing, endpoint, "there are more pages than the one that was asked for")
        return reply

    def pages(
        self, endpoint: Endpoint[R], *, params: Parameters | None = None, body: Parameters | None = None
    ) -> Iterator[R]:
        """Yield page after page up to the broker's own end mark; a page that fails or repeats fails the whole call."""
        request = Request(params or {}, body)
        asked: list[Request] = []
        previous = 0
        while True:
            answer, reply = self._page(endpoint, request)
            if asked and hash(answer.content) == previous:
                raise self._error(IncompleteListing, endpoint, "the broker sent the same page twice")
            yield reply
            asked.append(request)
            previous = hash(answer.content)
            following = self.next_page(endpoint, request, answer, reply)
            if following is None:
                return
            if following in asked or len(asked) >= PAGES:
                raise self._error(IncompleteListing, endpoint, "the broker's page keys lead in a circle")
            request = following

    def token(self) -> SecretStr:
        """Return a living access token."""
        value = self._tokens.get(self.renew)
        self._redactor.add((value,))
        return value

    def revoke(self) -> bool:
        """Revoke the token at the broker and forget it here. False: there was none."""
        token = self._tokens.take()
        if token is None or not token.is_alive():
            return False
        self._redactor.add((token.value,))
        self.revoke_token(token.value)
        return True

    def refuse(self, endpoint: Endpoint[Any], code: str, words: str) -> NoReturn:
        """Raise what a refusal with the broker's `code` and `words` means for this endpoint."""
        if endpoint.effect is Effect.ORDER and not self.is_definite(code):
            raise self._error(OrderUncertain, endpoint, words or "the broker gave no reason", code=code)
        raise self._error(self.refusal(code, words), endpoint, words or "the broker gave no reason", code=code)

    def refusal(self, code: str, words: str) -> type[BrokerError]:
        """Return the error class for a code. An adapter overrides this where one code has two meanings."""
        return self.refusals.get(code, Rejected)

    def wrong(self, endpoint: Endpoint[Any], words: str) -> WireError:
        """Return the error for an answer that parses but cannot be right."""
        return cast(WireError, self._error(WireError, endpoint, words))

    def close(self) -> None:
        """Close this thread's connections; those of other threads close with their thread."""
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is not None:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # How it is done

    def _page(self, endpoint: Endpoint[R], request: Request) -> tuple[Answer, R]:
        if endpoint.effect is Effect.ORDER:
            return self._order(endpoint, request)
        renewed = False
        slowed = 0
        while True:
            token = self.token() if endpoint.effect is Effect.READ else None
            try:
                answer = self._sent(endpoint, request)
                self._verify(endpoint, answer)
                return answer, self._parsed(endpoint, answer)
            except RateLimited as error:
                slowed += 1
                self._slow_down(endpoint, error)
                if endpoint.effect is not Effect.READ or slowed > 2:
                    raise
                logger.warning("%s %s: too many calls [%s], slower from here on", self.broker, endpoint, error.code)
            except AuthError as error:
                if token is None or renewed or error.code not in self.token_codes:
                    raise
                renewed = True
                logger.warning("%s %s: token refused [%s], renewing", self.broker, endpoint, error.code)
                self._tokens.renew(token, self.renew)

    def _order(self, endpoint: Endpoint[R], request: Request) -> tuple[Answer, R]:
        token = self._token_for_order(endpoint)
        answer = self._sent(endpoint, request)
        try:
            self._verify(endpoint, answer)
            reply = self._parsed(endpoint, answer)
        except AuthError as error:
            if error.code in self.token_codes:
                self._tokens.renew(token, self.renew)
            raise
        except (RateLimited, OrderUncertain) as error:
            if error.code and self.refusals.get(error.code) is RateLimited:
                self._slow_down(endpoint, error)
            raise
        except (WireError, NetworkError) as error:
            unclear = self._error(OrderUncertain, endpoint, error.message, code=error.code)
        else:
            if answer.status == 200:
                return answer, reply
            unclear = self._error(OrderUncertain, endpoint, f"success under HTTP {answer.status}")
        raise unclear

    def _token_for_order(self, endpoint: Endpoint[Any]) -> SecretStr:
        try:
            return self.token()
        except (NetworkError, WireError) as error:
            words = f"no token could be had: {error.message}"
        raise self._error(NotSent, endpoint, words)

    def _sent(self, endpoint: Endpoint[Any], request: Request) -> Answer:
        is_order = endpoint.effect is Effect.ORDER
        self._wait(endpoint)
        sealed = replace(request, headers={**self.headers(endpoint), **request.headers})
        for again in (False, True):
            result = transmit(
                self._session(),
                lambda: self._prepared(endpoint, sealed),
                fresh=is_order,
                gate=None,
                cap=ORDER_CAP if is_order else LIST_CAP,
            )
            if isinstance(result, Answer):
                return result
            if is_order or again or not result.stale:
                self._fail(endpoint, result)
            logger.info("%s %s: the kept connection was closed, asking again", self.broker, endpoint)
        raise AssertionError("the second try always returns or fails")

    def _fail(self, endpoint: Endpoint[Any], failure: Failure) -> NoReturn:
        if failure.interrupt is not None:
            if endpoint.effect is Effect.ORDER and failure.sent != 0:
                logger.critical("%s %s: interrupted while an order was on its way", self.broker, endpoint)
            raise failure.interrupt.with_traceback(None) from None
        if endpoint.effect is not Effect.ORDER:
            raise self._error(
                NetworkError,
                endpoint,
                failure.words,
                advice="A query changes nothing: try again. Check the connection.",
            )
        if failure.sent == 0:
            raise self._error(NotSent, endpoint, failure.words)
        raise self._error(OrderUncertain, endpoint, failure.words)

    def _wait(self, endpoint: Endpoint[Any]) -> None:
        for limiter in self._limiters(endpoint):
            if not limiter.acquire(SLOT_SECONDS):
                words = (
                    f"{limiter.limit.calls} calls per {limiter.limit.seconds:g} s are used up for {SLOT_SECONDS:g} s"
                )
                kind = NotSent if endpoint.effect is Effect.ORDER else RateLimited
                raise self._error(kind, endpoint, words, advice="Nothing was sent: ask less often.")

    def _slow_down(self, endpoint: Endpoint[Any], error: BrokerError) -> None:
        told = self.told_limit(error.message)
        for limiter in self._limiters(endpoint):
            limiter.slow_down(told)

    def told_limit(self, words: str) -> int | None:
        """Return the number of calls per second that a broker's refusal names."""
        return None

    def _limiters(self, endpoint: Endpoint[Any]) -> list[Limiter]:
        limits = self.limits(endpoint)
        if self._ceiling is not None:
            limits = (Limit("profile", self._ceiling), *limits)
        return [limiter_for(self._owner, limit) for limit in limits]

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = new_session()
        return session

    def _prepared(self, endpoint: Endpoint[Any], request: Request) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        query = "&".join(f"{name}={quote(_open(value), safe='')}" for name, value in request.params.items())
        prepared.method = endpoint.method
        prepared.url = f"{self.base_url}{endpoint.path}" + (f"?{query}" if query else "")
        headers = {"Accept-Encoding": "identity", "User-Agent": "brokerkit"}
        headers |= {name: _open(value) for name, value in request.headers.items()}
        content = b""
        if request.body is not None:
            fields = {name: _open(value) for name, value in request.body.items()}
            content = json.dumps(fields, ensure_ascii=False).encode()
        if request.body is not None or endpoint.method == "POST":
            headers["Content-Length"] = str(len(content))
        prepared.body = content or None
        prepared.headers = requests.structures.CaseInsensitiveDict(headers)
        prepared.hooks = {"response": []}
        return prepared

    def _verify(self, endpoint: Endpoint[Any], answer: Answer) -> None:
        sent_back = answer.headers.get(self.answer_id)
        if sent_back and endpoint.effect is not Effect.AUTH and sent_back.strip() != endpoint.id(self.environment):
            other = sanitize(sent_back, limit=20)
            raise self._error(WireError, endpoint, f"this is the answer to another call ({other})")
        try:
            self.check(endpoint, answer)
            return
        except ValidationError:
            pass
        self._unreadable(endpoint, answer)

    def _unreadable(self, endpoint: Endpoint[Any], answer: Answer) -> NoReturn:
        kind = sanitize(answer.headers.get("Content-Type") or "no content type", limit=60)
        words = f"not the broker's JSON: HTTP {answer.status}, {kind}, {len(answer.content)} bytes"
        if 500 <= answer.status < 600:
            raise self._error(NetworkError, endpoint, words, advice="The server is in trouble: try again later.")
        raise self._error(
            WireError, endpoint, words, advice="Something else than the broker's API answered: check network and host."
        )

    def _parsed(self, endpoint: Endpoint[R], answer: Answer) -> R:
        try:
            return endpoint.reply.model_validate_json(answer.content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            why = "is missing" if first["type"] == "missing" else f"is not as documented ({first['type']})"
        raise self._error(WireError, endpoint, f"field {sanitize(where, limit=80)} {why}")

    def _error(
        self,
        kind: type[BrokerError],
        endpoint: Endpoint[Any],
        words: str,
        *,
        code: str | None = None,
        advice: str | None = None,
    ) -> BrokerError:
        return kind(
            self._redactor.clean(words),
            broker=self.broker,
            endpoint=f"{endpoint.ids.get(self.environment, endpoint)} {endpoint.path}",
            code=self._redactor.clean(code) if code else None,
            advice=advice,
        )


def _open(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def loopback_url(url: str) -> str:
    """Return `url` if it names this machine and nothing else; a ConfigError otherwise."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
        usable = parts.scheme in ("http", "https") and "@" not in parts.netloc and parts.port is not None
    except ValueError:
        is_loopback = usable = False
    if not (is_loopback and usable) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError(
            f"base_url {sanitize(url, limit=80)} is not an address of this machine.",
            advice="Only the sandbox environment takes one, such as http://127.0.0.1:8080.",
        )
    return f"{parts.scheme}://{parts.netloc}"
