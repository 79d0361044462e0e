"""The face of a broker: its server side over the exchange. What all faces share stands here.

A face of a broker has the tables and the hooks of `Face`; reading requests, the way through `before`, refusals, the
log, tokens and pages are here.
"""

from __future__ import annotations

import datetime as dt
import json
import operator
import secrets
import threading
import time
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import formatdate
from enum import StrEnum
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from brokerkit import clock
from brokerkit.config import MARK as MARK
from brokerkit.sandbox.exchange import Costs, Exchange
from brokerkit.sandbox.plain import Plain
from brokerkit.sandbox.streaming import FaceStream, refuse
from brokerkit.words import Venue

NOT_PLAYED: Mapping[str, str] = {"X-Brokerkit-Sandbox": "not-played"}
"""Header of a refusal that is ours: the broker has the call, this sandbox does not play it."""
MADE_UP: Mapping[str, str] = {"X-Brokerkit-Sandbox": "made-up"}
"""Header of an answer that no exchange stands behind: it has the shape that the broker's catalogue tells."""
EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
LARGEST_BODY = 65_536
"""Bytes of a request's body; those of the brokers' calls have some hundreds."""
DEEPEST_BODY = 32
"""Objects and lists within each other in a body; those of the brokers' calls have one."""


@dataclass(frozen=True)
class Credentials:
    """What a client needs to log in to a face. They open nothing outside this process."""

    app_key: str
    app_secret: str
    account: str
    hts_id: str | None = None


def visible_key(length: int) -> str:
    """Return a random key of the broker's real length that anybody can see is a sandbox key."""
    return (MARK + secrets.token_hex(length))[:length]


class Cased(bytes):
    """A header name whose letters the server leaves as they are; it lower-cases every other one."""

    def lower(self) -> Cased:
        return self

    def __eq__(self, other: object) -> bool:
        return bytes.lower(self) == other

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


class JsonResponse(Response):
    """A JSON answer whose header names keep the letter case they are given in."""

    def __init__(self, body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        # What a client sent can come back in a refusal, and JSON can hold halves of letters that no bytes stand for.
        super().__init__(json.dumps(body, ensure_ascii=False).encode(errors="replace"), status_code=status)
        named = {
            "Content-Type": "application/json;charset=UTF-8",
            "Content-Length": str(len(self.body)),
            "Date": formatdate(usegmt=True),
            "X-Simulation": "brokerkit sandbox",
            **(headers or {}),
        }
        self.raw_headers = [(Cased(name.encode()), value.encode()) for name, value in named.items()]


async def read_body(http: HttpRequest) -> bytes | None:
    """Return the body of a request, or None if it is too large; of that one nothing is kept."""
    parts, size = [], 0
    async for part in http.stream():
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts) if size <= LARGEST_BODY else None


def json_object(raw: bytes | None) -> dict[str, object] | None:
    """Return a JSON object, or None where the bytes are none: also for NaN, and for one that is nested too deeply."""
    try:
        body = json.loads(raw or b"", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and _is_shallow(body) else None


def is_form(headers: Mapping[str, str]) -> bool:
    """Say whether a request says that its body is a form."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


def form_in(raw: bytes | None) -> dict[str, object] | None:
    """Return the fields of a form, or None where the bytes are none, or tell a field twice."""
    try:
        fields = parse_qsl((raw or b"").decode(), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    return dict(fields) if len({name for name, _ in fields}) == len(fields) else None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _is_shallow(body: object) -> bool:
    level = [body]
    for _ in range(DEEPEST_BODY):
        containers = [inner for inner in level if isinstance(inner, dict | list)]
        level = [inner for outer in containers for inner in (outer.values() if isinstance(outer, dict) else outer)]
        if not level:
            return True
    return False


class SlidingWindow:
    """Counts calls: `admit` says whether one more fits into the last `seconds` seconds of real time."""

    def __init__(self, calls: int, seconds: float = 1.0) -> None:
        self.calls = calls
        self.seconds = seconds
        self._starts: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def admit(self, key: str) -> bool:
        """Count one call, or return False if there were too many."""
        now = time.monotonic()
        with self._lock:
            starts = self._starts.setdefault(key, deque())
            while starts and now - starts[0] >= self.seconds:
                starts.popleft()
            if len(starts) >= self.calls:
                return False
            starts.append(now)
            return True

    def clear(self) -> None:
        """Forget the calls so far."""
        with self._lock:
            self._starts.clear()


@dataclass
class ReceivedRequest:
    """One request that a face has seen; tests count and read them."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str]
    body: Mapping[str, object]
    """Empty where neither a JSON object nor a form came."""
    status: int = 0
    is_object: bool = True
    """Whether the body is a JSON object."""
    is_form: bool = False
    """Whether the body is a form: its fields are texts, each of them once."""
    is_blank: bool = False
    """Whether no body came."""
    answered: bytes = b""

    @property
    def answer(self) -> Mapping[str, object]:
        """What was answered, read when somebody looks."""
        return json_object(self.answered) or {}


class RequestLog(list[ReceivedRequest]):
    """The newest requests, and of the newest of those what was answered.

    A server that runs for days must not keep all of them: some megabytes are the most.
    """

    kept = 2_000
    """So many at least, and twice as many at most."""
    answers_kept = 100
    largest_body = 4_096
    """In bytes; of a larger one nothing is kept."""

    def append(self, request: ReceivedRequest) -> None:
        if len(self) >= 2 * self.kept:
            del self[: self.kept]
        if len(self) >= self.answers_kept:
            self[-self.answers_kept].answered = b""
        super().append(request)

    def settle(self, request: ReceivedRequest, raw: bytes | None, *, keyed: bool) -> None:
        """Keep a body only if it came with a key that counts here, and if it is as small as the brokers' are."""
        if not keyed or raw is None or len(raw) > self.largest_body:
            request.body = {}


class Purpose(StrEnum):
    """What a request is for, as far as faults tell requests apart."""

    ORDER = "order"
    """Orders, amendments and cancellations."""
    LISTING = "listing"
    """Lists of orders."""
    QUERY = "query"
    LOGIN = "login"
    FRAME = "frame"
    """No request: a frame of data that a face sends over its WebSocket."""
    REGISTRATION = "registration"
    """No request: a text over a WebSocket that registers something."""
    KEY = "key"
    """No request: a text over a WebSocket with a key or token in it."""


OF_STREAMS = frozenset({Purpose.FRAME, Purpose.REGISTRATION, Purpose.KEY})
"""What goes over WebSockets."""


@dataclass(frozen=True)
class FaultWording:
    """What a fault needs to know of a broker's answers to break them in ways that could happen."""

    success: str = ""
    """Field with the code of success."""
    number: str = ""
    """Field with the number of an order that was taken."""
    row_number: str = ""
    """Field with the number of an order in a list."""
    row_branch: str = ""
    """Field with the branch of it, where numbers are unique within a branch only."""
    row_quantity: Sequence[str] = ()
    """Fields that tell the quantity of an order in a list; of each list one of them."""
    row_type: Sequence[str] = ()
    """Fields that tell the type of an order in a list: code, words, or both."""
    row_side: Sequence[str] = ()
    """Fields that tell its side."""
    other_places: frozenset[str] = frozenset({str(Venue.NXT), str(Venue.SOR)})
    """What a row of a list has for an order that a list of the main venue or exchange alone would lack."""
    refusal: Mapping[str, object] = field(default_factory=dict)
    """A refusal that proves that an order was not taken."""
    trouble: Mapping[str, object] = field(default_factory=dict)
    """A refusal that proves nothing."""
    may_stand: frozenset[str] = frozenset()
    """Codes of refusals under which an order may stand all the same, as the broker's pages or its users tell."""
    changed: Mapping[str, object] = field(default_factory=dict)
    """The refusal of a further page after the data changed; without it `trouble`."""
    further: tuple[str, str] = ("", "")
    """Header of a request, and its value, that asks for a further page."""
    end_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of an answer that tell of further pages, as they stand on the last one."""
    end_fields: Mapping[str, str] = field(default_factory=dict)
    """The same for fields of the body."""


@dataclass(frozen=True)
class FaceAnswer:
    """What a call is answered: the body, and headers beside those that every answer has."""

    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


class FaceRefusal(Exception, ABC):
    """A refusal on its way out. A broker's own kinds of it say how they are written."""

    status = 200
    headers: Mapping[str, str] = {}
    """Beside those that every answer has."""

    @abstractmethod
    def body(self) -> Mapping[str, object]:
        """Return the answer's body."""

    def written(self, headers: Mapping[str, str]) -> Response:
        """Return it as it goes out, with the `headers` that every answer to such a request has."""
        return JsonResponse(self.body(), status=self.status, headers={**headers, **self.headers})


@dataclass
class IssuedToken:
    """A token that was given out."""

    text: str
    issued: dt.datetime
    expires: dt.datetime


class Tokens:
    """The tokens that a face gave out; real time, whatever the market's time of day."""

    def __init__(self, life: dt.timedelta) -> None:
        self.life = life
        self.issued = 0
        """How many different ones."""
        self.current: IssuedToken | None = None
        self.lock = threading.RLock()
        self._known: dict[str, IssuedToken] = {}

    def new(self, text: str) -> IssuedToken:
        """Give out another token; from now on it is the current one."""
        with self.lock:
            now = clock.now()
            self.current = self._known[text] = IssuedToken(text, now, now + self.life)
            self.issued += 1
            return self.current

    def find(self, text: str) -> IssuedToken | None:
        """Return the token of that text, also one whose life is over."""
        with self.lock:
            return self._known.get(text)

    def is_valid(self, text: str) -> bool:
        """Return whether a token was given out and still lives."""
        token = self.find(text)
        return token is not None and clock.now() < token.expires

    def revoke(self, text: str) -> bool:
        """Forget a token; False if there is none of that text."""
        with self.lock:
            if self.current is not None and self.current.text == text:
                self.current = None
            return self._known.pop(text, None) is not None

    def expire(self) -> None:
        """Let the life of every token be over."""
        with self.lock:
            for token in self._known.values():
                token.expires = clock.now()
            self.current = None

    def forget(self) -> None:
        """Make every token one that nobody knows."""
        with self.lock:
            self._known.clear()
            self.current = None


Row = TypeVar("Row")


def first_behind(rows: Sequence[Row], after: Any, key: Callable[[Row], Any], *, descending: bool = False) -> int:
    """Return where the page behind a key begins, in rows that are in the order of their keys.

    So rows that come or go between two pages shift nothing.
    """
    behind = operator.lt if descending else operator.gt
    return bisect_left(rows, True, key=lambda row: behind(key(row), after))


class Face(ABC):
    """The server side of one broker over the exchange: its paths, headers, codes, limits and quirks."""

    api_version: ClassVar[int]
    """The version of this interface that it is written for, as a number: a face says it, it inherits none."""
    name: ClassVar[str]
    """As its entry point."""
    costs: ClassVar[Mapping[str, Costs]]
    """What the broker takes for trades, by environment; these are the environments that are played."""
    costs_abroad: ClassVar[Mapping[str, Mapping[str, Costs]]] = {}
    """The same by market and environment; what is not told costs what is usual there."""
    calls_per_second: ClassVar[Mapping[str, int]]
    """The broker's limit of calls, by environment."""
    Stream: ClassVar[type[FaceStream] | None] = None
    """The WebSocket side of it; None of a broker that has none, or whose own is not played."""
    wording: ClassVar[FaultWording] = FaultWording()
    lists_lack_orders: ClassVar[frozenset[str]] = frozenset()
    """Environments in which the broker's lists of orders may lack some that stand."""
    differences: ClassVar[Mapping[str, str]] = {}
    """Checks of the kit that the broker's own ways make untrue, each with the reason. None of them is about safety.

    Some cases of a check alone are `test_name[AFTER_MARKET-*]`, those of one environment `demo:test_name`.
    """
    lists_old_fills: bool = False
    """Whether a list of fills that tells no day shows those of the trading day before too, as some were seen to do.

    It changes nothing at brokers whose lists tell the day.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        environment: str = "real",
        cash: Decimal | None = None,
        credentials: Credentials | None = None,
        abroad: Iterable[Exchange] = (),
    ) -> None:
        """Open an account at the exchange; with `credentials` of an earlier run use those and the account they name.

        `abroad` are exchanges of other markets that the account trades at too, with cash in their own currency.
        """
        if environment not in self.costs:
            raise ValueError(f"The environments of {self.name} are {', '.join(self.costs)}, not {environment!r}.")
        self.exchange = exchange
        self.exchanges: Mapping[str, Exchange] = {each.bourse.name: each for each in (exchange, *abroad)}
        """Where the account trades, by market: the home one and those abroad."""
        self.environment = environment
        self.credentials = credentials or self.new_credentials()
        """Keys and account that this face accepts."""
        for market, each in self.exchanges.items():
            if not _has_account(each, self.credentials.account):
                costs = self.costs if each is exchange else self.costs_abroad.get(market, {})
                paid = cash if each is exchange else None
                each.open_account(self.credentials.account, cash=paid, costs=costs.get(environment))
        self.window = SlidingWindow(self.calls_per_second[environment])
        """The broker's limit of calls; tests may change it."""
        self.requests = RequestLog()
        """The requests so far, oldest first."""
        self.before: Callable[[ReceivedRequest], Response | None] | None = None
        """A test may answer a request itself: return None to let the face answer."""
        self.plain = Plain(exchange)
        """What answers where no exchange plays, and keeps the orders of such markets; the state file has them too."""
        self._calls: ASGIApp = Starlette(routes=[Route("/{path:path}", self._serve, methods=EVERY_METHOD)])
        self.begin()
        self.stream = None if self.Stream is None else self.Stream(self)
        """The WebSocket side of it, None where there is none."""

    def begin(self) -> None:  # noqa: B027 - a face may keep nothing of its own
        """Make what a face keeps of its own; exchange, environment and credentials are there."""

    def kept(self) -> Mapping[str, Sequence[object]]:
        """Return what the server keeps of its own over a restart, beside exchange and keys: lists that JSON holds."""
        return {}

    def restore(self, kept: Mapping[str, Sequence[object]]) -> None:  # noqa: B027 - a face may keep nothing of its own
        """Go on with what an earlier run kept; any error of it says that the file does not fit."""

    @abstractmethod
    def new_credentials(self) -> Credentials:
        """Return keys and an account number of the broker's form, made up."""

    @abstractmethod
    def method_of(self, request: ReceivedRequest) -> str | None:
        """Return the method with which the path of a request is called, None where there is no such path."""

    @abstractmethod
    def answer(self, request: ReceivedRequest) -> FaceAnswer:
        """Carry out a request in the order of the broker's checks, or raise a FaceRefusal."""

    @abstractmethod
    def kill_tokens(self) -> None:
        """Make every token that was issued invalid; a new one can be had at once."""

    @abstractmethod
    def has_key(self, request: ReceivedRequest) -> bool:
        """Return whether a request came with a key or token that counts here; the log keeps no bodies of others."""

    def path_of(self, path: str) -> str:
        """Return a path as the broker takes it."""
        return path

    def headers_of(self, request: ReceivedRequest) -> Mapping[str, str]:
        """Return the headers that every answer to such a request has, refusals too."""
        return {}

    def order_number(self, id: str) -> int:
        """Return the exchange's number of an order that the broker calls so."""
        return int(id)

    def order_id(self, number: int) -> str:
        """Return what the broker calls an order of the exchange."""
        return str(number)

    def purpose(self, method: str, path: str, headers: Mapping[str, str]) -> Purpose:
        """Return what a request is for; header names come in lower case. Faults ask."""
        return Purpose.QUERY

    def refusal_of(self, code: str, words: str) -> FaceRefusal:
        """Return how the broker writes a refusal of an order with this code. The safety checks of adapters ask."""
        raise NotImplementedError(f"{type(self).__name__}.refusal_of does not say how a refusal is written")

    def refuse(self, request: ReceivedRequest, refusal: FaceRefusal) -> Response:
        """Return a refusal as the answer to a request."""
        return refusal.written(self.headers_of(request))

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the face at the root of its host: this is its ASGI application."""
        if scope["type"] != "websocket":
            await self._calls(scope, receive, send)
        elif self.stream is not None:
            await self.stream.serve(scope, receive, send)
        else:
            await receive()
            await refuse(send)

    async def _serve(self, incoming: HttpRequest) -> Response:
        raw = await read_body(incoming)
        body = json_object(raw)
        form = form_in(raw) if is_form(incoming.headers) else None
        request = ReceivedRequest(
            method=incoming.method,
            path=self.path_of(incoming.url.path),
            headers=dict(incoming.headers),
            query=dict(incoming.query_params),
            body=body or form or {},
            is_object=body is not None,
            is_form=form is not None,
            is_blank=raw == b"",
        )
        self.requests.append(request)
        if self.before is None:
            # Nothing of the face's own ever waits, so a thread would only cost time.
            response = self.respond(request)
        else:
            # What a test puts in the way may take its time, and others want answers meanwhile.
            response = await run_in_threadpool(self._intercept, request)
        request.status, request.answered = response.status_code, bytes(response.body)
        self.requests.settle(request, raw, keyed=self.has_key(request))
        return response

    def _intercept(self, request: ReceivedRequest) -> Response:
        given = self.before(request) if self.before is not None else None
        return self.respond(request) if given is None else given

    def respond(self, request: ReceivedRequest) -> Response:
        """Return what the face answers to a request; a test that answers in its stead may look at it first."""
        method = self.method_of(request)
        if method != request.method:
            return _plain(HTTPStatus.NOT_FOUND if method is None else HTTPStatus.METHOD_NOT_ALLOWED)
        headers = self.headers_of(request)
        try:
            answer = self.answer(request)
        except FaceRefusal as refusal:
            return refusal.written(headers)
        return JsonResponse(answer.body, status=answer.status, headers={**headers, **answer.headers})


def _has_account(exchange: Exchange, number: str) -> bool:
    """Return whether the exchange keeps the account already, as one that was loaded does."""
    try:
        exchange.account(number)
    except LookupError:
        return False
    return True


def _plain(status: HTTPStatus) -> Response:
    """Answer as a gateway does that has never heard of the path, or not with that method."""
    return Response(status.phrase, status, {"X-Simulation": "brokerkit sandbox"}, "text/plain")
