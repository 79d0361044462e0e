"""A broker without HTTP for the state machine: the library's own client and desk over an exchange in memory."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, cast

from pydantic import Field, SecretStr

from brokerkit import config
from brokerkit.adapter import Adapter
from brokerkit.broker import Broker
from brokerkit.errors import InvalidOrder, NothingToCancel, OrderUncertain
from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase
from brokerkit.models import Order, OrderRequest
from brokerkit.models.handles import Handle
from brokerkit.orders.limits import Safety
from brokerkit.part import Part
from brokerkit.replies import OrderPage, Sent
from brokerkit.transport import Block, Client, Effect, Endpoint, Headers, Limit, Parameters, Request, Response, Token
from brokerkit.transport.connection import Line, Transmission
from brokerkit.transport.permits import Permit
from brokerkit.words import OrderType, Side, TimeInForce
from proof.model_exchange import STANDS, Exchange, Fault, Placed


class Accepted(Block):
    """The answer to an order."""

    number: str = Field(pattern=r"\A[0-9]{1,10}\z")


SEND = Endpoint({"real": "send", "demo": "send"}, "/orders", Accepted, "POST", Effect.ORDER)


class _Response:
    """What `transmit` reads of an answer."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status_code = status
        self.headers: dict[str, str] = {}
        self._content = content

    def __enter__(self) -> _Response:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def iter_content(self, size: int) -> Iterable[bytes]:
        """Return the body in one piece."""
        return (self._content,)


class _Line:
    """The way to the exchange, with the faults of one."""

    attempt: Transmission | None = None

    def free(self) -> _Line:
        """Return this line: nothing calls inside a call here."""
        return self

    def __init__(self, client: ModelClient) -> None:
        self._client = client
        self._exchange = client.exchange

    def send(self, request: Any, **_: object) -> _Response:
        """Do with a request what the exchange's fault says."""
        exchange, fault, attempt = self._exchange, self._exchange.fault, self.attempt
        assert attempt is not None  # noqa: S101 - `transmit` is the only caller
        assert attempt.gate is not None  # noqa: S101 - an order always has one
        attempt.sent = 0
        if fault is Fault.NOT_CONNECTED:
            raise ConnectionError
        if fault in (Fault.HALT_AT_THE_GATE, Fault.CRASH_UNSENT, Fault.INTERRUPT_UNSENT):
            exchange.on_fault(fault)
        attempt.gate()
        body = json.loads(request.body)
        # The test alone knows the way from the request to the attempt: nothing of it is in the body.
        tag = self._client.present_attempt()
        attempt.sent = len(request.body)
        exchange.on_send(tag, body["kind"])
        return self._answered(tag, body, fault)

    def _answered(self, tag: str, body: dict[str, str], fault: Fault) -> _Response:
        exchange = self._exchange
        exchange.arrive()
        if fault is Fault.LATE:
            late = exchange.time.now + dt.timedelta(seconds=exchange.delay)
            exchange.held.append((late, tag, body))
        placed = exchange.take(tag, body, exchange.time.now) if fault in STANDS else None
        if fault in (Fault.CRASH_VANISHED, Fault.CRASH_STANDS, Fault.INTERRUPT, Fault.RIVAL):
            exchange.on_fault(fault)
        if fault in (Fault.LOST, Fault.VANISHED, Fault.LATE, Fault.ADAPTER_REPEATS):
            exchange.time.advance(10)
            raise TimeoutError
        if fault in (Fault.INDEFINITE, Fault.INDEFINITE_STANDS):
            return _json({"code": "X1"})
        if fault is Fault.TROUBLE:
            return _Response(502, b"<html>")
        if placed is None:
            return _json({"code": "R1" if fault is Fault.REFUSED else "R2"})
        return self._garbled(placed, fault)

    def _garbled(self, placed: Placed, fault: Fault) -> _Response:
        if fault is Fault.CUT:
            return _Response(200, b'{"code": "0", "num')
        if fault is Fault.NO_NUMBER:
            return _json({"code": "0"})
        if fault is Fault.NO_CODE:
            return _json({"number": str(placed.number)})
        if fault is Fault.USED_NUMBER:
            return _json({"code": "0", "number": str(self._client.used_number(placed))})
        return _json({"code": "0", "number": f"{placed.number:010}"})


def _json(content: dict[str, str]) -> _Response:
    return _Response(200, json.dumps(content).encode())


class ModelClient(Client):
    """The library's client, whose line leads to the exchange in memory."""

    broker = "model"
    hosts = {"real": "https://127.0.0.1:9", "demo": "https://127.0.0.1:9"}
    echo_header = "x-call"
    refusals = {"R1": InvalidOrder, "R2": NothingToCancel}
    token_codes = frozenset()

    def __init__(self, exchange: Exchange, environment: str) -> None:
        settings = config.Settings(app_key=SecretStr("k" * 36), app_secret=SecretStr("s" * 36))
        super().__init__(settings, environment=environment, remember_token=False)
        self.exchange = exchange
        self.used_number: Callable[[Placed], int] = lambda placed: placed.number
        self._model_line = _Line(self)

    def present_attempt(self) -> str:
        """Return the id of the intent that is being sent."""
        return cast(str, self._threads.used._leave.__self__.intent.id)

    def _permitted(self, endpoint: Endpoint[Any], request: Request, permit: Permit) -> Any:
        self._threads.used = permit
        return super()._permitted(endpoint, request, permit)

    def token(self) -> SecretStr:
        return SecretStr("t" * 36)

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        if self.exchange.fault in (Fault.HALT_WHILE_PREPARING, Fault.CRASH_PREPARING):
            self.exchange.on_fault(self.exchange.fault)
        return {}

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        code = json.loads(answer.content).get("code")
        if code is None:
            raise self.wrong(endpoint, "no code")
        if code != "0":
            self.refuse(endpoint, code, "refused")

    def is_definite(self, code: str) -> bool:
        return code.startswith("R")

    def issue_token(self) -> Token:
        raise NotImplementedError

    def revoke_token(self, token: SecretStr) -> None:
        raise NotImplementedError

    def limits(self, endpoint: Endpoint[Any]) -> tuple[Limit, ...]:
        return ()

    def _line(self) -> Line:
        return cast(Line, self._model_line)


class ModelPart(Part[ModelClient]):
    """As "real" its lists prove absence, as "demo" they do not."""

    order_types = ((OrderType.LIMIT, TimeInForce.DAY),)
    order_venues = {"real": KOREA.venues, "demo": KOREA.venues}
    lists_prove_absence = frozenset({"real"})

    @property
    def exchange(self) -> Exchange:
        """The exchange in memory."""
        return self.client.exchange

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        return self._send("order", request.symbol, request.side, request.quantity, request.price, "")

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        return self._send("cancel", order.symbol, order.side, quantity, None, order.id)

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        return self._send("amend", order.symbol, order.side, quantity, price, order.id)

    def _send(
        self, kind: str, symbol: str, side: Side, quantity: Decimal | None, price: Decimal | None, original: str
    ) -> Sent:
        body = {
            "kind": kind,
            "symbol": symbol,
            "side": str(side),
            "quantity": str(quantity or 0),
            "price": str(price or ""),
            "original": original,
            "day": f"{self.exchange.time.now:%Y%m%d}",
        }
        try:
            return self._received(body, original)
        except OrderUncertain:
            if self.exchange.fault is not Fault.ADAPTER_REPEATS:
                raise
        # A bad adapter, which sends again after silence.
        return self._received(body, original)

    def _received(self, body: Parameters, original: str) -> Sent:
        number = int(self.client.call(SEND, body=body).number)
        return Sent(f"{number:07}", original=original or None)

    def rows(
        self,
        start: dt.date,
        end: dt.date,
        *,
        symbol: str | None = None,
        number: str | None = None,
        open_only: bool = False,
    ) -> Iterator[OrderPage]:
        if number is None:
            yield OrderPage(SEND, self.exchange.list_of(start), start)
            return
        self.exchange.arrive()
        found = self.exchange.find(start, int(number))
        yield OrderPage(SEND, [found.as_row()] if found else [], start)


class ModelAdapter(Adapter):
    """A broker at the exchange in memory."""

    api_version = 1
    name = "model"
    parts = (ModelPart,)

    def __init__(self, exchange: Exchange, played: str) -> None:
        self.exchange = exchange
        settings = config.Settings(
            app_key=SecretStr("k" * 36), app_secret=SecretStr("s" * 36), account=SecretStr("12345678")
        )
        super().__init__(settings, environment=played)

    def connect(self, *, environment: str, base_url: str | None, remember_token: bool) -> ModelClient:
        return ModelClient(self.exchange, environment)


def model_broker(exchange: Exchange, played: str, safety: Safety) -> Broker:
    """Return a broker at the exchange in memory."""
    return Broker(
        ModelAdapter(exchange, played), environment="demo", safety=safety, phase_of=lambda venue: Phase.REGULAR
    )
