"""A scripted broker: answers that we made, every request kept as it left, and the adapter's names for both.

Each adapter's tests subclass `Wire` and say in tables what its broker calls things. The tests that all adapters share
speak of a call as "list" or "buy" and of a field as "number" or "price".
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self
from urllib.parse import unquote, urlsplit

import pytest
import responses
from pydantic import SecretStr

from brokerkit import clock
from brokerkit.market.sessions import Phase
from brokerkit.models import Order
from brokerkit.orders.limits import Safety
from brokerkit.testing.inside import ForgetfulJournal, keep, made
from brokerkit.transport import Client, Token
from brokerkit.transport.auth import TokenCache
from brokerkit.transport.limits import Turn
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

Json = dict[str, Any]
Script = list[tuple[int, dict[str, str], bytes]]


class Call:
    """One request as it left."""

    def __init__(self, request: Any, header: str) -> None:
        parts = urlsplit(request.url)
        self.method = request.method
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self.query = [tuple(unquote(half) for half in pair.split("=")) for pair in parts.query.split("&") if pair]
        self.headers = dict(request.headers)
        self.body = json.loads(request.body) if request.body else None
        self.id = self.headers.get(header) or parts.path.rsplit("/", 1)[-1]


class Wire:
    """The server side as a table: id of the call to the answers it gives, the last one for ever."""

    name: ClassVar[str]
    settings: ClassVar[dict[str, str]]
    """What the profile says: the keys, and the account where the broker does not tell it."""
    token: ClassVar[str]
    """The token that is there at the beginning."""
    second_token: ClassVar[str]
    """The one that a login gives."""
    id_header: ClassVar[str]
    ids: ClassVar[dict[str, str]]
    """Our word for a call -> the broker's id of it in its real environment."""
    blocks: ClassVar[dict[str, str]] = {}
    """Where the rows or fields of an answer stand; calls that are not here have them at the top."""
    fields: ClassVar[dict[str, dict[str, str]]]
    """What the fields of a call's answer are called."""
    number: ClassVar[str]
    """Number of the order that `order` returns and the lists show."""
    handle: ClassVar[str]
    """Its handle, with `{day}` for the day."""
    code_prefix: ClassVar[str] = ""
    """What stands before a symbol in the list of holdings."""

    def __init__(
        self,
        environment: str = "real",
        *,
        plays: str | None = None,
        phase: Phase = Phase.REGULAR,
        safety: Safety | None = None,
        **settings: Any,
    ) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, Script] = {}
        given = {**self.settings, **settings}
        self.app_key, self.app_secret = given["app_key"], given["app_secret"]
        self.broker = made(self.name, environment=environment, plays=plays, phase=phase, safety=safety, **given)
        self.client = client = self.broker.client
        keep(self.broker, ForgetfulJournal())
        client._tokens = TokenCache(None, minimum_interval=client.token_interval, too_soon=client.too_soon)
        for id, body in self.good_answers().items():
            self.answer(id, body)

    # What the broker answers

    @staticmethod
    def good_answers() -> dict[str, Json]:
        """Return a sound answer for every call, in the broker's shape and number grammar."""
        raise NotImplementedError

    @staticmethod
    def refusal(code: str, words: str) -> Json:
        """Return a refusal with the broker's code, in its shape."""
        raise NotImplementedError

    def paged(self, call: str, *bodies: Json) -> Self:
        """Answer with pages, each with a key of its own for the next one."""
        raise NotImplementedError

    def circle(self, call: str, *bodies: Json) -> Self:
        """Answer with pages that say that there are more, all with one key."""
        raise NotImplementedError

    def empty(self) -> Self:
        """Let no list show an order."""
        for call in ("list", "open"):
            self.answer(self.ids[call], self.rows(call))
        return self

    def good(self, id: str) -> Json:
        """Return the sound answer to calls of `id`."""
        return copy.deepcopy(self.good_answers()[id])

    def logged_in(self) -> Self:
        """Put a token in place that is old enough to be replaced."""
        now = clock.now()
        made = Token(SecretStr(self.token), now + dt.timedelta(hours=20), now - dt.timedelta(hours=4))
        self.client._tokens._token = made
        return self

    def logged_out(self) -> Self:
        """Let there be no token yet."""
        self.client._tokens._token = None
        return self

    def answer(self, id: str, *bodies: Any, status: int = 200, headers: dict[str, str] | None = None) -> Self:
        """Answer calls of `id` (the one of the real environment) with these bodies in turn."""
        self.answers[id] = [(status, headers or {}, _bytes(body)) for body in bodies]
        return self

    def pages(self, id: str, *pages: tuple[dict[str, str], Any]) -> Self:
        """Answer calls of `id` with pages, each with headers of its own."""
        self.answers[id] = [(200, headers, _bytes(body)) for headers, body in pages]
        return self

    def said(self, call: str, **changes: Any) -> Json:
        """Return the sound answer of a call with other values of fields, by our names; `...` leaves one out."""
        names = self.fields[call]
        return self.changed(call, {names[name]: value for name, value in changes.items()})

    def changed(self, call: str, change: Json) -> Json:
        """Return the sound answer of a call with other values of fields, by the broker's names."""
        answer = self.good(self.ids[call])
        block = answer[self.blocks[call]] if self.blocks.get(call) else answer
        for part in block if isinstance(block, list) else [block]:
            part |= change
            for name in [name for name, value in part.items() if value is ...]:
                del part[name]
        return answer

    def says(self, call: str, **changes: Any) -> Self:
        """Give that answer from now on."""
        return self.answer(self.ids[call], self.said(call, **changes))

    def rows(self, call: str, *changes: Json, **answer: Any) -> Json:
        """Return the answer of a list with a row for each of `changes`, which go by the broker's names."""
        good = self.good(self.ids[call])
        (row,) = good[self.blocks[call]]
        return {**good, self.blocks[call]: [{**row, **change} for change in changes], **answer}

    def row(self, call: str, **changes: Any) -> Json:
        """Return changes of a row by the broker's names."""
        return {self.fields[call][name]: value for name, value in changes.items()}

    def shows(self, call: str, *changes: Json) -> Self:
        """Let a list show these rows from now on."""
        return self.answer(self.ids[call], self.rows(call, *changes))

    # What is asked

    def respond(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        call = Call(request, self.id_header)
        self.calls.append(call)
        script = self.answers[self.real_id(call.id)]
        return script.pop(0) if len(script) > 1 else script[0]

    @staticmethod
    def real_id(id: str) -> str:
        """Return the id that a call has in the real environment."""
        return id

    def of(self, id: str) -> list[Call]:
        """Return the calls of an id."""
        return [call for call in self.calls if call.id == id]

    def asked(self, call: str) -> list[Call]:
        """Return the calls by our word for them."""
        return self.of(self.ids[call])

    def order(self, day: dt.date | None = None, **changes: Any) -> Order:
        """Return an order of today, or another day, that has not been cancelled."""
        fields: Json = {
            "id": self.number,
            "symbol": "005930",
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.DAY,
            "venue": Venue.KRX,
            "quantity": 10,
            "price": 70000,
            "status": OrderStatus.PENDING,
            "handle": self.handle.format(day=f"{day or clock.today():%Y%m%d}"),
        }
        return Order.model_validate({**fields, **changes})


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


@contextmanager
def connecting(kind: type[Wire], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Yield a function that makes a broker with a scripted server behind it. The limits are tested elsewhere."""
    monkeypatch.setattr(Client, "_wait", lambda self, endpoint, *, urgent: Turn([]))
    monkeypatch.setattr("brokerkit.transport.http.PAUSE_SECONDS", 0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def make(environment: str = "real", **settings: Any) -> Wire:
            wire = kind(environment, **settings)
            mock.reset()
            for method in (responses.GET, responses.POST):
                mock.add_callback(method, re.compile(".*"), callback=wire.respond, content_type=None)
            return wire

        yield make
