"""The one HTTP client of all adapters: wait for the limiter, send, check the body's own code, parse, page.

Orders go out once. Queries may be sent again: after a new token, when the broker says "too fast" (slower then), when
its server is in trouble (once, after a pause), and when a kept connection turns out to be closed. Each is logged.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Protocol, Self, TypeVar

from pydantic import SecretStr

from brokerkit import watching
from brokerkit.errors import (
    MAY_STAND,
    NOT_SENT,
    AuthError,
    Blocked,
    BrokerError,
    ConfigError,
    IncompleteListing,
    InvalidRequest,
    NetworkError,
    NotSent,
    OrderUncertain,
    RateLimited,
    Rejected,
    Unsupported,
    WireError,
)
from brokerkit.logs import about
from brokerkit.sharing.store import Store, store_for
from brokerkit.sharing.usage import meter_for
from brokerkit.sharing.windows import Limit, Priority
from brokerkit.text import Redactor
from brokerkit.transport.auth import cache_directory, digest, token_cache
from brokerkit.transport.bodies import secrets_in
from brokerkit.transport.connection import (
    TOTAL_SECONDS,
    Failure,
    GateClosed,
    Line,
    Response,
    Transmission,
    new_line,
    transmit,
)
from brokerkit.transport.endpoint import Block, Effect, Endpoint, Headers, Paging, Parameters, Request, Whole
from brokerkit.transport.limits import Limiter, Turn, limiter_for, take_turn
from brokerkit.transport.outgoing import as_read, check_certificates, is_plain, loopback_url, prepared
from brokerkit.transport.paging import Unclear, complete, follow, next_request
from brokerkit.transport.permits import Permit, Sending, check_issued
from brokerkit.transport.preparing import preparing
from brokerkit.transport.reading import Reader
from brokerkit.transport.redis_shelf import shelf_for
from brokerkit.transport.shelves import FileShelf, Shelf, Token

logger = logging.getLogger("brokerkit")

R = TypeVar("R", bound=Block)
LIST_CAP = 8 * 1024 * 1024
ORDER_CAP = 1024 * 1024
_UNWATCHED = nullcontext()
SLOT_SECONDS = 30.0
"""Longest wait for the limiter."""
PAUSE_SECONDS = 0.5
"""Rest of a query before it is asked again where the server is in trouble."""


class Keys(Protocol):
    """What a client needs of the settings of a profile. Every secret in them is taken out of all that is told."""

    @property
    def app_key(self) -> SecretStr:
        """Name of the key, which the broker's limits go by."""

    @property
    def app_secret(self) -> SecretStr:
        """What belongs to the key."""

    @property
    def account(self) -> SecretStr | None:
        """Number of the account."""

    @property
    def max_calls_per_second(self) -> int | None:
        """Calls per second that are not exceeded, whatever the broker allows."""

    @property
    def ca_file(self) -> Path | None:
        """Certificates that are trusted instead of the usual ones."""

    @property
    def state(self) -> SecretStr | None:
        """URL of the Redis that hosts share, None where only this host's processes share."""


class Client(Reader):
    """Base of the adapters' clients. An adapter fills the hooks; it never loops, sleeps or sends again itself.

    It keeps the profile's settings as `settings`; an adapter with settings of its own declares their class.

    What it says about answers (names of codes, `check`, `is_definite`, `refuse`) stands in `Reader`.
    """

    hosts: ClassVar[Mapping[str, str]]
    """Base URL per environment ("real", "demo")."""
    token_codes: ClassVar[frozenset[str]]
    """Codes after which a new token helps."""
    token_interval: ClassVar[float] = 0.0
    """Least seconds between two token issues."""
    too_soon: ClassVar[str | None] = None
    """Code with which the broker refuses a token that is asked for before those seconds are over."""
    paging: ClassVar[Paging | None] = None
    """How the pages of lists follow each other, for replies that say nothing of that themselves."""
    calls_per_second: ClassVar[Mapping[str, int]]
    """Calls per second that the broker allows, by environment."""
    limits_each_call: ClassVar[bool] = False
    """Whether every endpoint is allowed so many calls, instead of all of them together."""
    settings: Keys
    """The settings of the profile."""
    token_call: ClassVar[Endpoint[Any] | None] = None
    """The call that `issue_token` makes; its reply has `value` and `expires_at`."""
    revoke_call: ClassVar[Endpoint[Any] | None] = None
    """The call that `revoke_token` makes."""
    written_headers: ClassVar[Mapping[str, str]] = {}
    """The headers of every call as other programs write them, with {{app_key}}, {{token}}, {{id}} and the like."""
    written_fields: ClassVar[Mapping[str, str]] = {}
    """What `account()` and `keys()` fill in, written so too, with {{account}} and {{product}}."""
    envelope: ClassVar[frozenset[str]] = frozenset()
    """Fields with which every answer says what became of the call."""
    order_calls: ClassVar[str] = "$."
    """Pattern of the calls (as "post /path", in any case) that move orders: as anything but an ORDER they are
    refused."""

    def __init__(
        self, settings: Keys, *, environment: str, base_url: str | None = None, remember_token: bool = True
    ) -> None:
        self.settings = settings
        self.environment = environment
        self._is_played = base_url is not None
        host = base_url or self.hosts[environment]
        self.base_url = host if host.startswith("https://") and base_url is None else loopback_url(host)
        self._owner = digest(self.broker, self.base_url, settings.app_key)
        self._ceiling = settings.max_calls_per_second
        self._verify = check_certificates(settings.ca_file)
        self._threads = threading.local()
        self._checked: set[tuple[str, str, str | None, Effect]] = set()
        self._redactor = Redactor()
        self._redactor.add(secrets_in(vars(settings).values()))
        self._token_file: Path | None = None
        self._budget: Path | None = None
        """Where the processes of this host share what they may call."""
        shelf: Shelf | None = None
        if remember_token:
            self._budget = cache_directory("limits")
            self._token_file = cache_directory() / f"{self.broker}-{environment}-{self._owner}.json"
            shelf = shelf_for(self._token_file, self._owner, settings)
        self._tokens = token_cache(shelf, self._owner, self.token_interval, self.too_soon)

    @property
    def owner(self) -> str:
        """Digest of broker, address and app key, by which what is shared of a key is told from that of others."""
        return self._owner

    @property
    def environment_name(self) -> str:
        """The environment as users name it: "sandbox" where a server of this machine plays a broker."""
        return "sandbox" if self._is_played else self.environment

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds keys and connections and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.environment} {self.base_url}>"

    # What an adapter fills in

    @abstractmethod
    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        """Return the broker's request headers; `self.token()` gives the access token."""

    @abstractmethod
    def issue_token(self) -> Token:
        """Ask the broker for a new token."""

    @abstractmethod
    def revoke_token(self, token: SecretStr) -> None:
        """Tell the broker to forget the token."""

    def next_page(self, endpoint: Endpoint[Any], request: Request, answer: Response, reply: Block) -> Request | None:
        """Return the request for the page that follows, None at the broker's own end mark.

        Without this hook that is as the reply, or the client for all of them, declares it in `paging`.
        """
        paging = reply.paging or self.paging
        if paging is None:
            return None
        try:
            return next_request(paging, request, answer.headers, reply)
        except Unclear as unclear:
            words = str(unclear)
        raise self.incomplete(endpoint, words)

    def limits(self, endpoint: Endpoint[Any]) -> tuple[Limit, ...]:
        """Return the limits that a call of `endpoint` counts against.

        Without this hook that is the endpoint's own, else `calls_per_second`.
        """
        if endpoint.limit is not None:
            return (endpoint.limit,)
        key = str(endpoint) if self.limits_each_call else "all"
        return (Limit(key, self.calls_per_second[self.environment]),)

    def moves_orders(self, endpoint: Endpoint[Any]) -> bool:
        """Say whether a call moves orders or money; without this hook its path tells, see `order_calls`."""
        call = f"{endpoint.method.lower()} {as_read(endpoint.path)}"
        return re.search(self.order_calls, call, re.IGNORECASE) is not None

    def account(self) -> Parameters:
        """Return the fields with which calls name the account; nothing where the key alone does."""
        return {}

    def keys(self) -> Parameters:
        """Return the fields with which calls that log in name the key."""
        return {}

    def order_headers(self, body: Parameters) -> Headers:
        """Return the headers that an order with this body has beside those of every call."""
        return {}

    def whole(self, pages: tuple[str, ...], effect: Effect) -> type[Whole]:
        """Return the class that takes an answer as it comes, where `pages` are the fields that ask for the next one."""
        return Whole

    # What it gets for that

    def call(
        self,
        endpoint: Endpoint[R],
        *,
        params: Parameters | None = None,
        body: Parameters | None = None,
        headers: Headers | None = None,
        path: Parameters | None = None,
    ) -> R:
        """Call once and return the reply. More pages than one raise IncompleteListing.

        Raises Rejected and its kinds, Unsupported, NetworkError and WireError; for an order NotSent and OrderUncertain.
        """
        request = Request(params or {}, body, headers or {}, path or {})
        answer, reply = self._page(endpoint, request)
        if endpoint.effect is Effect.READ and self.next_page(endpoint, request, answer, reply) is not None:
            raise self._error(IncompleteListing, endpoint, "there are more pages than the one that was asked for")
        return reply

    def pages(
        self, endpoint: Endpoint[R], *, params: Parameters | None = None, body: Parameters | None = None
    ) -> Iterator[R]:
        """Yield page after page up to the broker's own end mark; a page that fails or repeats fails the whole call."""

        def ask(request: Request) -> tuple[R, int, Request | None]:
            answer, reply = self._page(endpoint, request)
            return reply, hash(answer.content), self.next_page(endpoint, request, answer, reply)

        return follow(ask, Request(params or {}, body), partial(self._error, IncompleteListing, endpoint))

    def first_pages(
        self,
        endpoint: Endpoint[R],
        most: int,
        *,
        params: Parameters | None = None,
        body: Parameters | None = None,
        headers: Headers | None = None,
    ) -> tuple[list[R], bool]:
        """Return so many pages at most, and whether the broker told of no more; begins again as `listing` does."""
        ends: list[bool] = []

        def ask(request: Request) -> tuple[R, int, Request | None]:
            answer, reply = self._page(endpoint, request)
            following = None
            try:
                following = self.next_page(endpoint, request, answer, reply)
                ends.append(following is None)
            except IncompleteListing:  # whether it goes on is not told, which counts only where one wants to know
                ends.append(False)
                if most > 1:
                    raise
            return reply, hash(answer.content), following

        def pages() -> Iterator[R]:
            first = Request(params or {}, body, headers or {})
            return islice(follow(ask, first, partial(self._error, IncompleteListing, endpoint)), most)

        return complete(pages), ends[-1]

    def listing(
        self, endpoint: Endpoint[R], *, params: Parameters | None = None, body: Parameters | None = None
    ) -> list[R]:
        """Return all pages; begins again, twice at most, where the broker says that its data changed on the way."""
        return complete(lambda: self.pages(endpoint, params=params, body=body))

    def download(self, endpoint: Endpoint[Any]) -> bytes:
        """Return the file at an endpoint that has a `host` of its own; a sandbox has it beside its calls.

        Nothing of the profile goes there, and no limit of calls counts. NetworkError where it cannot be had.
        """
        endpoint.id(self.environment)
        if (endpoint.method, endpoint.path, endpoint.ids.get(self.environment), endpoint.effect) not in self._checked:
            self._check_path(endpoint)
        host = self.base_url if self._is_played else endpoint.host
        for again in (False, True):
            attempt = Transmission(fresh=False, gate=None)
            result = transmit(
                self._line(), attempt, lambda: prepared(host, endpoint, Request()), cap=LIST_CAP, verify=self._verify
            )
            if isinstance(result, Response):
                if result.status != 200:
                    raise self._error(NetworkError, endpoint, f"HTTP {result.status} instead of a file")
                return result.content
            if again or not result.stale:
                self._fail(endpoint, result)
        raise AssertionError("the second try always returns or fails")

    def token(self) -> SecretStr:
        """Return a living access token."""
        value = self._tokens.get(self.issue_token)
        self._redactor.add((value,))
        return value

    def bearer(self) -> SecretStr:
        """Return a living access token as an `Authorization` header wants it."""
        return SecretStr(f"Bearer {self.token().get_secret_value()}")

    def renewed(self, refused: SecretStr) -> SecretStr:
        """Return another access token than the one that the broker refused; it may be there already."""
        value = self._tokens.renew(refused, self.issue_token)
        self._redactor.add((value,))
        return value

    def kept_token(self) -> Token | None:
        """Return the access token that is kept and still lives; the broker is not asked for one."""
        token = self._tokens.kept()
        return token if token is not None and token.is_alive() else None

    def seen_token(self) -> Token | None:
        """Return the access token that is kept on this host, alive or not; nothing is locked, made or changed.

        A ConfigError where its file is damaged, or not to be used.
        """
        return None if self._token_file is None else FileShelf(self._token_file, self._owner).look()

    def revoke(self) -> bool:
        """Revoke the token at the broker and forget it here. False: there was none."""
        token = self._tokens.take()
        if token is None or not token.is_alive():
            return False
        self._redactor.add((token.value,))
        self.revoke_token(token.value)
        return True

    def log_in(self, endpoint: Endpoint[Whole], body: Parameters) -> Whole:
        """Call what gives out, or takes back, a token by hand: the one that all share goes with it."""
        if self.token_call is not None and endpoint.path == self.token_call.path:
            return self._issued(endpoint, body, self.token_call)
        given = body.get("token")
        if self.revoke_call is not None and endpoint.path == self.revoke_call.path:
            kept = self._tokens.kept()
            if kept is not None and given in (kept.value, kept.value.get_secret_value()):
                self._tokens.take()
        return self.call(endpoint, body=body)

    def _issued(self, endpoint: Endpoint[Whole], body: Parameters, call: Endpoint[Any]) -> Whole:
        answers: list[Whole] = []

        def issue() -> Token:
            answers.append(self.call(endpoint, body=body))
            issued = self.valid(endpoint, lambda: call.reply.model_validate(answers[-1].content))
            return Token(issued.value, issued.expires_at)

        self.seal((self._tokens.issued(issue),))
        return answers[-1]

    def clean(self, text: str) -> str:
        """Return a text of the broker as it may be told: printable, on one line, without a secret of this client."""
        return self._redactor.clean(text)

    def seal(self, secrets: Iterable[SecretStr]) -> None:
        """Take these out of all that is told from here on."""
        self._redactor.add(secrets)

    def close(self) -> None:
        """Close this thread's connections; those of other threads close with their thread."""
        kept: tuple[int, Line] | None = getattr(self._threads, "line", None)
        if kept is not None:
            kept[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # How it is done

    def _page(self, endpoint: Endpoint[R], request: Request) -> tuple[Response, R]:
        if (endpoint.method, endpoint.path, endpoint.ids.get(self.environment), endpoint.effect) not in self._checked:
            self._check_path(endpoint)
        self._check_values(endpoint, request)
        if endpoint.effect is Effect.ORDER:
            return self._order(endpoint, request)
        renewed = rested = False
        slowed = 0
        while True:
            token, sealed, turn = self._sealed(endpoint, request)
            answer = None
            try:
                with self._timed(endpoint):
                    answer = self._sent(endpoint, sealed, turn)
                    return answer, self._read(endpoint, answer)
            except RateLimited as error:
                slowed += 1
                self._slow_down(endpoint, error)
                if endpoint.effect is not Effect.READ or slowed > 2:
                    raise
                logger.warning(
                    "%s %s: too many calls [%s], slower from here on",
                    self.broker,
                    endpoint,
                    error.code,
                    extra=about("rate_limited", error),
                )
            except AuthError as error:
                if token is None or renewed or error.code not in self.token_codes:
                    raise
                renewed = True
                logger.warning(
                    "%s %s: token refused [%s], renewing",
                    self.broker,
                    endpoint,
                    error.code,
                    extra=about("token_refused", error),
                )
                self._tokens.renew(token, self.issue_token)
            except NetworkError as error:
                if answer is None or endpoint.effect is not Effect.READ or rested:
                    raise
                rested = True
                logger.warning(
                    "%s %s: server in trouble, asking once more: %s",
                    self.broker,
                    endpoint,
                    error.words,
                    extra=about("server_in_trouble", error),
                )
                time.sleep(PAUSE_SECONDS)

    def _check_path(self, endpoint: Endpoint[Any]) -> None:
        """Refuse what moves orders and says something else of itself, and what a server may read as another path."""
        if endpoint.effect is not Effect.ORDER and self.moves_orders(endpoint):
            raise self._blocked(endpoint)
        if not is_plain(endpoint.path):
            raise self._error(InvalidRequest, endpoint, "the path of a call is written as /names/and/slashes only")
        self._checked.add((endpoint.method, endpoint.path, endpoint.ids.get(self.environment), endpoint.effect))

    def _check_values(self, endpoint: Endpoint[Any], request: Request) -> None:
        """Refuse what would not arrive as it is meant."""
        try:
            request.check(endpoint)
            return
        except InvalidRequest as error:
            words = error.words
        raise self._error(InvalidRequest, endpoint, words)

    def sending(self, permit: Permit) -> AbstractContextManager[None]:
        """Let this thread send one order. Nothing else lets an order through, whatever calls."""
        check_issued(permit)
        return Sending(self._threads, permit)

    def _order(self, endpoint: Endpoint[R], request: Request) -> tuple[Response, R]:
        permit: Permit | None = getattr(self._threads, "permit", None)
        if permit is None:
            raise self._blocked(endpoint)
        with Sending(self._threads, None):  # a call inside this one has to bring a permit of its own
            permit.prepare()
            return self._permitted(endpoint, request, permit)

    def _permitted(self, endpoint: Endpoint[R], request: Request, permit: Permit) -> tuple[Response, R]:
        with preparing("the access token"):
            token, sealed, turn = self._sealed(endpoint, request, urgent=permit.urgent)
        if token is None:
            raise self._error(NotSent, endpoint, "no token could be had")
        try:
            permit.use()
        except BaseException:
            turn.ended(sent=False)
            raise
        with self._timed(endpoint):
            return self._sent_once(endpoint, sealed, turn, permit, token)

    def _sent_once(
        self, endpoint: Endpoint[R], sealed: Request, turn: Turn, permit: Permit, token: SecretStr
    ) -> tuple[Response, R]:
        answer = self._sent(endpoint, sealed, turn, permit)
        permit.answer = self._redactor.clean(answer.content.decode("utf-8", errors="replace"))
        try:
            return self._refusable(endpoint, answer, permit)
        except AuthError as error:
            if error.code in self.token_codes:
                self._renew_after(error, token)
            raise
        except (RateLimited, OrderUncertain) as error:
            if error.code and self.refusals.get(error.code) is RateLimited:
                self._slow_down(endpoint, error)
            raise
        except (WireError, NetworkError) as error:
            words, code = error.words, error.code
        raise self._error(OrderUncertain, endpoint, words, code=code)

    def _refusable(self, endpoint: Endpoint[R], answer: Response, permit: Permit) -> tuple[Response, R]:
        try:
            return answer, self._read(endpoint, answer)
        except (Rejected, Unsupported):
            permit.refused = True
            raise

    def _timed(self, endpoint: Endpoint[Any]) -> AbstractContextManager[None]:
        """Tell who watches how long a call takes and what comes of it."""
        if not watching.observers:
            return _UNWATCHED
        issues = self.token_call is not None and endpoint.path == self.token_call.path
        called = watching.Called(
            self.broker, self.environment_name, str(endpoint), endpoint.effect.value, 0.0, None, issues
        )
        return watching.Timed(called)

    def _blocked(self, endpoint: Endpoint[Any]) -> BrokerError:
        words = "orders leave by order, amend and cancel only: what calls the client itself is not written down"
        return self._error(Blocked, endpoint, words, advice="Nothing was sent.")

    def _renew_after(self, refused: AuthError, token: SecretStr) -> None:
        """Renew for the next order. That this one was refused stays the news, whatever comes of it."""
        try:
            self._tokens.renew(token, self.issue_token)
        except BrokerError as error:
            told = f"{error.words} {error.remedy}" if error.remedy else error.words
            refused.remedy = f"No new token could be had: {told}"

    def _sealed(
        self, endpoint: Endpoint[Any], request: Request, *, urgent: bool = False
    ) -> tuple[SecretStr | None, Request, Turn]:
        """Wait for token and limits; return the token, the request with its headers, and its turn."""
        endpoint.id(self.environment)  # where it is not offered, not even a token is asked for
        token = None if endpoint.effect is Effect.AUTH else self.token()
        turn = self._wait(endpoint, urgent=urgent)
        try:
            self._redactor.add(request.secrets())
            headers = {**self.headers(endpoint), **request.headers}
            return token, Request(request.params, request.body, headers, request.path), turn
        except BaseException:
            turn.ended(sent=False)
            raise

    def _sent(self, endpoint: Endpoint[Any], request: Request, turn: Turn, permit: Permit | None = None) -> Response:
        is_read = endpoint.effect is Effect.READ

        def gate() -> None:
            if permit is not None:
                permit.sent = None  # from here on the counter tells, or nobody does
            if not turn.leaves(TOTAL_SECONDS):
                raise GateClosed("the allowed calls are used up")
            if permit is not None:
                permit.check()

        for again in (False, True):
            attempt = Transmission(fresh=not is_read, gate=gate)
            try:
                result = transmit(
                    self._line(),
                    attempt,
                    lambda: prepared(self.base_url, endpoint, request),
                    verify=self._verify,
                    cap=ORDER_CAP if endpoint.effect is Effect.ORDER else LIST_CAP,
                )
            except BaseException as error:  # an interrupt while an error was looked at, which nobody may see
                error.__cause__ = error.__context__ = None
                raise
            finally:
                if permit is not None:
                    permit.sent = attempt.sent
                turn.ended(sent=attempt.sent != 0)
            if attempt.sent != 0 and (meter := meter_for(self._budget, self._owner, self._store())):
                meter.count(is_order=endpoint.effect is Effect.ORDER)
            if isinstance(result, Response):
                self._compare_clocks(result)
                return result
            if again or not is_read or not result.stale:
                self._fail(endpoint, result)
            logger.info(
                "%s %s: the kept connection was closed, asking again",
                self.broker,
                endpoint,
                extra=about("connection_closed", broker=self.broker, api=str(endpoint)),
            )
            turn = self._wait(endpoint)  # the broker may have counted the call that it closed the line on
        raise AssertionError("the second try always returns or fails")

    def _fail(self, endpoint: Endpoint[Any], failure: Failure) -> NoReturn:
        interrupt = failure.interrupt
        if interrupt is not None:
            if endpoint.effect is Effect.ORDER:
                interrupt.add_note(NOT_SENT if failure.sent == 0 else MAY_STAND)
                if failure.sent != 0:
                    logger.critical(
                        "%s %s: interrupted while an order was on its way",
                        self.broker,
                        endpoint,
                        extra=about("order_interrupted", broker=self.broker, api=str(endpoint)),
                    )
            interrupt.__cause__ = interrupt.__context__ = None  # their tracebacks hold headers and body
            raise interrupt.with_traceback(None)
        words, advice = self._unfit_certificates(failure) or (failure.words, failure.advice)
        if endpoint.effect is not Effect.ORDER:
            advice = advice or "A query changes nothing: try again. Check the connection."
            raise self._error(NetworkError, endpoint, words, advice=advice)
        if failure.sent != 0:
            raise self._error(OrderUncertain, endpoint, failure.words)
        raise self._error(NotSent, endpoint, words, advice=advice)

    def _unfit_certificates(self, failure: Failure) -> tuple[str, str | None] | None:
        """Return words and advice if nothing could be sent because the ca_file, good at the start, is so no longer."""
        if self._verify is True or failure.sent != 0:
            return None
        try:
            check_certificates(Path(self._verify))
        except ConfigError as error:
            return error.words, f"Nothing was sent. {error.remedy}" if error.remedy else "Nothing was sent."
        return None

    def _wait(self, endpoint: Endpoint[Any], *, urgent: bool = False) -> Turn:
        # What is asked before it may be needed for an order.
        priority = Priority.QUERY if endpoint.effect is Effect.READ else Priority.ORDER
        limiters = self._limiters(endpoint)
        began = time.monotonic()
        turn = take_turn(limiters, SLOT_SECONDS, priority=Priority.URGENT if urgent else priority)
        if watching.observers:
            self._tell_wait(endpoint, time.monotonic() - began, limiters, is_given=turn is not None)
        if turn is None:
            kind = NotSent if endpoint.effect is Effect.ORDER else RateLimited
            words = f"the allowed calls are used up for {SLOT_SECONDS:g} s"
            raise self._error(kind, endpoint, words, advice="Nothing was sent: ask less often.")
        return turn

    def _tell_wait(
        self, endpoint: Endpoint[Any], seconds: float, limiters: Iterable[Limiter], *, is_given: bool
    ) -> None:
        limits = tuple((each.limit.key, each) for each in limiters)
        effect = endpoint.effect.value
        watching.tell(watching.Waited(self.broker, self.environment_name, effect, seconds, is_given, limits))

    def _slow_down(self, endpoint: Endpoint[Any], error: BrokerError) -> None:
        if watching.observers:
            watching.tell(watching.Hurried(self.broker, self.environment_name, str(endpoint)))
        if meter := meter_for(self._budget, self._owner, self._store()):
            meter.count(was_too_fast=True)
        told = self.told_limit(error.words)
        for limiter in self._limiters(endpoint):
            limiter.slow_down(told)

    def _limiters(self, endpoint: Endpoint[Any]) -> list[Limiter]:
        limits = self.limits(endpoint)
        if self._ceiling is not None:
            limits = (Limit("profile", self._ceiling), *limits)
        store = self._store()
        return [limiter_for(self._owner, limit, self._budget, store) for limit in limits]

    def _store(self) -> Store | None:
        """Return the Redis that other hosts share."""
        return store_for(self.settings) if self._budget is not None else None

    def _line(self) -> Line:
        kept: tuple[int, Line] | None = getattr(self._threads, "line", None)
        if kept is None or kept[0] != os.getpid():  # a forked process must not share a connection
            kept = self._threads.line = (os.getpid(), new_line())
        return kept[1]
