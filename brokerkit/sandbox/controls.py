"""Playing in a served sandbox: what tests do through `sandbox.exchange`, over HTTP beside a face.

`POST /_sandbox/<action>` with JSON, `GET /_sandbox/` for the state. No path of a broker begins so. Whoever asks shows
the secret of the face in a header of its own: a page in a browser on this machine has not got it, cannot send that
header without asking first, which is refused, and is refused by its Origin and by a Host that is no loopback name.
"""

from __future__ import annotations

import datetime as dt
import hmac
from abc import abstractmethod
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request as HttpRequest
from starlette.types import ASGIApp, Receive, Scope, Send

from brokerkit.errors import BrokerError
from brokerkit.market.markets import market_of
from brokerkit.market.sessions import Phase
from brokerkit.sandbox.exchange import LARGEST_AMOUNT, Exchange, ExchangeRefusal
from brokerkit.sandbox.face import Face, JsonResponse
from brokerkit.sandbox.rows import WORDS
from brokerkit.symbols import HOME
from brokerkit.words import Side

PREFIX = "/_sandbox/"
SECRET_HEADER = "x-sandbox-secret"  # noqa: S105 - the name of a header
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
BROWSER_HEADERS = ("origin", "referer", "sec-fetch-site")
LARGEST = 64 * 1024
"""Bytes of a body that are kept; what is larger is refused."""
DAY = 24 * 60 * 60
Number = Annotated[Decimal, Field(ge=0, le=LARGEST_AMOUNT, max_digits=24)]
"""Shares, won or dollars. A number without bounds could keep the exchange busy for ever."""


class Action(BaseModel):
    """Something that can be done to the exchange; its fields are those of the body."""

    model_config = ConfigDict(extra="forbid")

    def market_of(self) -> str:
        """Return the market at whose exchange it is done: that of its symbol, or the one that is named."""
        return market_of(symbol).name if (symbol := self.shown()) else getattr(self, "market", HOME)

    @abstractmethod
    def play(self, face: Face, exchange: Exchange) -> None:
        """Do it."""

    def shown(self) -> str | None:
        """Return the symbol that the answer tells about."""
        return getattr(self, "symbol", None)


class Look(Action):
    """Look at an exchange, and at a symbol of it."""

    model_config = ConfigDict(extra="ignore")

    symbol: str | None = None
    market: str = HOME

    def play(self, face: Face, exchange: Exchange) -> None:
        """Do nothing."""


class SetPhase(Action):
    """Begin a phase of the day: auctions are matched, orders expire."""

    phase: Phase
    market: str = HOME

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.phase = self.phase


class TradeOfOthers(Action):
    """Play somebody else's order: a market order without a price, else one whose rest waits."""

    symbol: str
    side: Side
    quantity: Number
    price: Number | None = None

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.trade(self.symbol, self.side, self.quantity, self.price)


class Move(Action):
    """Let others trade until the last price is this one; orders that lie between are filled."""

    symbol: str
    price: Number

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.move(self.symbol, self.price)


class Halt(Action):
    """Stop trading of a symbol."""

    symbol: str

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.halt(self.symbol)


class Resume(Action):
    """Let a symbol trade again."""

    symbol: str

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.resume(self.symbol)


class Unopen(Action):
    """Let nobody have traded a symbol today yet."""

    symbol: str

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.unopen(self.symbol)


class LiftLimits(Action):
    """Let a symbol have no price limits today."""

    symbol: str

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.lift_limits(self.symbol)


class Unprice(Action):
    """Let a symbol have no price until somebody trades it."""

    symbol: str

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.unprice(self.symbol)


class Clock(Action):
    """Put the clock of an exchange forward, to a time of day there or by so many seconds; the phase stays as it is."""

    at: dt.time | None = None
    market: str = HOME
    seconds: float | None = Field(default=None, le=DAY, ge=-DAY, allow_inf_nan=False)

    def play(self, face: Face, exchange: Exchange) -> None:
        if (self.at is None) == (self.seconds is None):
            raise ValueError("Give either at or seconds.")
        if self.at is not None:
            midnight = exchange.bourse.midnight(exchange.today)
            moment = dt.datetime.combine(exchange.today, self.at.replace(tzinfo=None), midnight.tzinfo)
            exchange.forward(moment - exchange.now())
        else:
            exchange.forward(dt.timedelta(seconds=self.seconds or 0))


class Reject(Action):
    """Take the next order of this broker's account, and refuse it afterwards."""

    market: str = HOME

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.reject_next(face.credentials.account)


class RejectCancel(Action):
    """Take the next cancel of this broker's account, and refuse it afterwards."""

    market: str = HOME

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.reject_next_cancel(face.credentials.account)


class Give(Action):
    """Add shares to this broker's account that were bought earlier for so much in all."""

    symbol: str
    quantity: Number
    cost: Number

    def play(self, face: Face, exchange: Exchange) -> None:
        exchange.give_holding(face.credentials.account, self.symbol, self.quantity, self.cost)


class KillTokens(Action):
    """Make every token of this broker invalid."""

    def play(self, face: Face, exchange: Exchange) -> None:
        face.kill_tokens()


class CutStreams(Action):
    """Cut every WebSocket of this broker, without a word."""

    def play(self, face: Face, exchange: Exchange) -> None:
        for line in list(face.stream.lines if face.stream else ()):
            line.cut()


ACTIONS: dict[str, type[Action]] = {
    "phase": SetPhase,
    "trade": TradeOfOthers,
    "price": Move,
    "halt": Halt,
    "resume": Resume,
    "unopen": Unopen,
    "lift-limits": LiftLimits,
    "unprice": Unprice,
    "clock": Clock,
    "reject": Reject,
    "reject-cancel": RejectCancel,
    "give": Give,
    "kill-tokens": KillTokens,
    "cut-streams": CutStreams,
}


def controlled(face: Face) -> ASGIApp:
    """Return the application of a face with the controls beside it."""
    app = face.app

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            answer = await _answer(face, HttpRequest(scope, receive))
            await answer(scope, receive, send)
        else:
            await app(scope, receive, send)

    return serve


async def _answer(face: Face, request: HttpRequest) -> JsonResponse:
    if words := _refusal(face, request):
        return _no(403, words)
    name = request.url.path.removeprefix(PREFIX)
    is_look = not name and request.method == "GET"
    if not is_look and (name not in ACTIONS or request.method != "POST"):
        return _no(404, f"There is no such action. POST one of: {', '.join(ACTIONS)}.")
    body = await _body(request)
    if len(body) > LARGEST:
        return _no(422, f"The body is larger than {LARGEST} bytes.")
    try:
        if is_look:
            look = Look.model_validate(dict(request.query_params))
            return JsonResponse(_state(_exchange(face, look), look.symbol))
        action = ACTIONS[name].model_validate_json(body or b"{}")
        exchange = _exchange(face, action)
        action.play(face, exchange)
        return JsonResponse(_state(exchange, action.shown()))
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        return _no(422, "; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in told))
    except ExchangeRefusal as refusal:
        return _no(409, f"The exchange refuses it: {WORDS[refusal.reason]} ({refusal}).")
    except BrokerError as error:
        return _no(422, error.words)
    except (ValueError, LookupError) as error:
        return _no(422, str(error))


async def _body(request: HttpRequest) -> bytes:
    """Return the body, or so much of it that it is seen to be too large; the rest is read and dropped."""
    body = b""
    async for piece in request.stream():
        body += piece[: LARGEST + 1 - len(body)]
    return body


def _refusal(face: Face, request: HttpRequest) -> str | None:
    """Return why a request is not one of somebody who was given the keys of this sandbox."""
    if request.headers.get("host", "").rpartition(":")[0] not in HOSTS:
        return "The Host is no name of this machine."
    if any(name in request.headers for name in BROWSER_HEADERS):
        return "This is not for pages in a browser."
    given = request.headers.get(SECRET_HEADER, "").encode()
    if not hmac.compare_digest(given, face.credentials.app_secret.encode()):
        return f"The header {SECRET_HEADER} must be the app_secret that this sandbox gave out."
    return None


def _no(status: int, words: str) -> JsonResponse:
    return JsonResponse({"simulation": "brokerkit sandbox", "error": words}, status=status)


def _exchange(face: Face, action: Action) -> Exchange:
    market = action.market_of()
    if market not in face.exchanges:
        raise LookupError(f"There is no exchange for {market} here, but for {', '.join(face.exchanges)}.")
    return face.exchanges[market]


def _state(exchange: Exchange, symbol: str | None) -> dict[str, Any]:
    state: dict[str, Any] = {
        "simulation": "brokerkit sandbox",
        "market": exchange.bourse.name,
        "phase": exchange.phase,
        "time": exchange.now().isoformat(timespec="seconds"),
        "halted": exchange.halted,
    }
    if symbol is not None:
        book = exchange.order_book(symbol)
        state |= {
            "symbol": symbol,
            "price": str(exchange.quote(symbol).price),
            "ask": str(book.asks[0].price) if book.asks else None,
            "bid": str(book.bids[0].price) if book.bids else None,
        }
    return state
