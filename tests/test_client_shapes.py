"""Clients of brokers unlike the first two, as an adapter writes them: tables, and a few lines of login.

One takes a form for its token and JSON numbers in blocks, and pages by headers and a cursor. The other has opaque ids
in its paths, answers orders with 201, and says by the status whether it refuses. Both servers are strict.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import AliasPath, Field, SecretStr, StrictInt

from brokerkit import clock, config
from brokerkit.errors import AuthError, BrokerError, InsufficientFunds, OrderUncertain, RateLimited, WireError
from brokerkit.transport import (
    Block,
    Client,
    Effect,
    EitherNumber,
    EitherOrderNumber,
    Encoding,
    Endpoint,
    Headers,
    JsonNumber,
    Limit,
    Number,
    OddRow,
    OrderId,
    Paging,
    Response,
    Row,
    Token,
)
from brokerkit.transport.permits import issued
from tests.servers import Exchange, Server, answer

SETTINGS = config.Settings(app_key=SecretStr("k" * 36), app_secret=SecretStr("s+/=" * 9))
ANY = {"real": "any"}


class Told(Block):
    """What every answer of the first broker carries."""

    code: str = Field("", alias="rsp_cd")
    words: str = Field("", alias="rsp_msg")


class Issued(Block):
    """A token."""

    value: SecretStr = Field(alias="access_token")


class Taken(Block):
    """An order that was taken, with its number as a JSON number."""

    number: EitherOrderNumber = Field(validation_alias=AliasPath("OutBlock2", "OrdNo"))


class Line(Block):
    """A row of the day's orders."""

    number: EitherOrderNumber = Field(alias="ordno")
    quantity: JsonNumber = Field(alias="qty")
    price: EitherNumber


class Day(Block):
    """A page of the day's orders."""

    paging = Paging(
        mark="tr_cont",
        end=None,
        sends={"tr_cont": "Y"},
        key="tr_cont_key",
        keys={"cursor": "t0425InBlock.cts_ordno"},
        cursor_ends=True,
    )
    cursor: str = Field("", validation_alias=AliasPath("t0425OutBlock", "cts_ordno"))
    rows: tuple[Row[Line], ...] = Field((), alias="t0425OutBlock1")


TOKEN = Endpoint(ANY, "/oauth2/token", Issued, "POST", Effect.AUTH, Encoding.FORM)
BUY = Endpoint({"real": "CSPAT00601"}, "/stock/order", Taken, "POST", Effect.ORDER, limit=Limit("CSPAT00601", 10))
DAY = Endpoint({"real": "t0425"}, "/stock/accno", Day, "POST", limit=Limit("t0425", 1000))


class NumbersClient(Client):
    """A client of the first broker."""

    broker = "numbers"
    hosts = {"real": "https://numbers.invalid"}
    refusals: Mapping[str, type[BrokerError]] = {
        "IGW00121": AuthError,
        "IGW00201": RateLimited,
        "01425": InsufficientFunds,
    }
    token_codes = frozenset({"IGW00121"})
    order_calls = "/order"
    calls_per_second = {"real": 1000}

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        if endpoint.effect is Effect.AUTH:
            return {}
        return {
            "authorization": self.bearer(),
            "tr_cd": endpoint.id(self.environment),
            "tr_cont": "N",
            "tr_cont_key": "",
        }

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        told = Told.model_validate_json(answer.content)
        if told.code not in ("", "00000", "00040"):
            self.refuse(endpoint, told.code, told.words)

    def is_definite(self, code: str) -> bool:
        return code in self.refusals

    def issue_token(self) -> Token:
        keys = {"appkey": self.settings.app_key, "appsecretkey": self.settings.app_secret}
        issued = self.call(TOKEN, body={"grant_type": "client_credentials", **keys, "scope": "oob"})
        return Token(issued.value, clock.now() + dt.timedelta(hours=12))

    def revoke_token(self, token: SecretStr) -> None:
        self.call(TOKEN, body={"token": token})


@contextmanager
def ordering(client: Client) -> Iterator[None]:
    """Let one order through, as the order desk does."""
    with client.sending(issued(lambda: None, lambda: None)):
        yield


def request_of(exchange: Exchange) -> tuple[dict[str, str], str]:
    head, _, body = exchange.request.decode().partition("\r\n\r\n")
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:])}, body


def numbers_server(taken: Callable[[dict[str, Any]], bytes] | None = None, token_dies: int = 0) -> Server:
    """Serve the first broker; its token dies once after so many calls."""
    state = {"tokens": 0, "calls": 0}

    def script(exchange: Exchange) -> bool:
        headers, body = request_of(exchange)
        if exchange.path == "/oauth2/token":
            form = dict(parse_qsl(body, strict_parsing=True))
            assert headers["content-type"] == "application/x-www-form-urlencoded"
            assert (form["appsecretkey"], form["scope"]) == ("s+/=" * 9, "oob")
            state["tokens"] += 1
            return exchange.send(answer({"access_token": f"token-{state['tokens']:04}", "expires_in": 40867}))
        state["calls"] += 1
        if headers["authorization"] != f"Bearer token-{state['tokens']:04}" or state["calls"] == token_dies:
            return exchange.send(answer({"rsp_cd": "IGW00121", "rsp_msg": "dead"}, status=500))
        assert headers["content-type"] == "application/json; charset=utf-8"
        sent = json.loads(body, parse_float=Decimal)
        if headers["tr_cd"] == "t0425":
            return exchange.send(page(headers, sent["t0425InBlock"]["cts_ordno"]))
        assert type(sent["InBlock1"]["OrdQty"]) is int
        assert isinstance(sent["InBlock1"]["OrdPrc"], int | Decimal)
        return exchange.send(taken(sent) if taken else answer({"rsp_cd": "00040", "OutBlock2": {"OrdNo": 1707}}))

    return Server(script)


def page(headers: dict[str, str], cursor: str) -> bytes:
    following = {" ": "0009", "0009": "0004", "0004": ""}[cursor]
    assert (headers["tr_cont"], headers["tr_cont_key"]) == (("N", "") if cursor == " " else ("Y", f"key{cursor}"))
    rows = [{"ordno": 9, "qty": 10, "price": "000.22"}, {"ordno": "0008", "qty": "10", "price": 5}]
    content = {"rsp_cd": "00000", "t0425OutBlock": {"cts_ordno": following}, "t0425OutBlock1": rows, "page": following}
    return answer(content, headers={"tr_cont": "Y" if following else "0", "tr_cont_key": f"key{following}"})


ORDER = {"InBlock1": {"IsuNo": "A005930", "OrdQty": 10, "OrdPrc": Decimal("70000"), "BnsTpCode": "2"}}


def test_an_order_in_json_numbers_has_a_number_that_is_one() -> None:
    with (
        numbers_server() as server,
        NumbersClient(SETTINGS, environment="real", base_url=server.url, remember_token=False) as client,
    ):
        with ordering(client):
            assert client.call(BUY, body=ORDER).number == "1707"
        assert server.paths() == ["/oauth2/token", "/stock/order"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"rsp_cd": "01425", "rsp_msg": "poor", "OutBlock2": {"OrdNo": 0}}, InsufficientFunds),
        ({"rsp_cd": "99999", "rsp_msg": "who knows"}, OrderUncertain),
        ({"rsp_cd": "00040", "OutBlock2": {"OrdNo": 0}}, OrderUncertain),
        ({"rsp_cd": "00040", "OutBlock2": {"OrdNo": 17.5}}, OrderUncertain),
        ({"rsp_cd": "00040"}, OrderUncertain),
    ],
)
def test_a_taken_order_without_a_number_is_uncertain(content: Any, error: type[BrokerError]) -> None:
    with numbers_server(lambda _: answer(content)) as server:
        client = NumbersClient(SETTINGS, environment="real", base_url=server.url, remember_token=False)
        with client, ordering(client), pytest.raises(error):
            client.call(BUY, body=ORDER)
        assert len(server.requests) == 2


def test_a_list_by_header_and_cursor_is_read_to_its_end_and_an_odd_row_is_told() -> None:
    with numbers_server(token_dies=2) as server:
        client = NumbersClient(SETTINGS, environment="real", base_url=server.url, remember_token=False)
        with client:
            pages = client.listing(DAY, body={"t0425InBlock": {"expcode": "", "cts_ordno": " "}})
        first, second = pages[0].rows
        assert len(pages) == 3
        assert isinstance(first, Line)
        assert (first.number, first.quantity, first.price) == ("9", 10, Decimal("0.22"))
        assert isinstance(second, OddRow)
        assert (second.number("ordno"), second.may_be("8", "ordno"), second.may_be("9", "ordno")) == (
            "0008",
            True,
            False,
        )
        assert server.paths().count("/oauth2/token") == 2


# The second broker


class Failure(Block):
    """What a refusal carries."""

    code: str = Field("", validation_alias=AliasPath("error", "code"))
    words: str = Field("", validation_alias=AliasPath("error", "message"))


class Placed(Block):
    """An order that was taken, or one that changed another."""

    id: OrderId = Field(validation_alias=AliasPath("result", "orderId"))


class Closed(Block):
    """A page of orders that are over."""

    paging = Paging(flag="has_next", keys={"cursor": "cursor"})
    cursor: str | None = Field(None, validation_alias=AliasPath("result", "nextCursor"))
    has_next: bool = Field(validation_alias=AliasPath("result", "hasNext"))
    count: StrictInt | Number = Field(0, validation_alias=AliasPath("result", "count"))


CREATE = Endpoint(ANY, "/api/v1/orders", Placed, "POST", Effect.ORDER)
CANCEL = Endpoint(ANY, "/api/v1/orders/{order}/cancel", Placed, "POST", Effect.ORDER)
ORDERS = Endpoint(ANY, "/api/v1/orders", Closed)


class OpaqueClient(NumbersClient):
    """A client of the second broker."""

    broker = "opaque"
    success_statuses = frozenset({200, 201})
    order_calls = "^POST /api/v1/orders"
    refusals: Mapping[str, type[BrokerError]] = {"insufficient-buying-power": InsufficientFunds}

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        return {} if endpoint.effect is Effect.AUTH else {"Authorization": self.bearer(), "X-Account": "1"}

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        if answer.status not in self.success_statuses:
            told = Failure.model_validate_json(answer.content)
            if not told.code:
                raise self.no_verdict(endpoint, answer, f"HTTP {answer.status} without a code")
            self.refuse(endpoint, told.code, told.words)


ID = "Zm9v_-" * 10


def opaque_server(status: int, content: Any) -> Server:
    """Serve the second broker, whose orders are answered in this way."""

    def script(exchange: Exchange) -> bool:
        path, _, query = exchange.path.partition("?")
        if path == "/oauth2/token":
            return exchange.send(answer({"access_token": "token-0001"}))
        if exchange.request.startswith(b"GET"):
            cursor = dict(parse_qsl(query)).get("cursor")
            more = {"nextCursor": None, "hasNext": False} if cursor else {"nextCursor": "c=1", "hasNext": True}
            return exchange.send(answer({"result": {**more, "count": exchange.number}}))
        return exchange.send(answer(content, status=status))

    return Server(script)


def test_opaque_ids_go_into_paths_and_success_may_be_201() -> None:
    with opaque_server(201, {"result": {"orderId": ID}}) as server:
        client = OpaqueClient(SETTINGS, environment="real", base_url=server.url, remember_token=False)
        with client:
            with ordering(client):
                assert client.call(CREATE, body={"symbol": "005930", "quantity": "10", "confirm": True}).id == ID
            with ordering(client):
                assert client.call(CANCEL, body={}, path={"order": ID}).id == ID
            assert len(client.listing(ORDERS, params={"status": "CLOSED"})) == 2
        assert server.paths()[1:] == [
            "/api/v1/orders",
            f"/api/v1/orders/{ID}/cancel",
            "/api/v1/orders?status=CLOSED",
            "/api/v1/orders?status=CLOSED&cursor=c%3D1",
        ]
        assert json.loads(server.requests[1].partition(b"\r\n\r\n")[2])["confirm"] is True


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (422, {"error": {"code": "insufficient-buying-power", "message": ""}}, InsufficientFunds),
        (409, {"error": {"code": "request-in-progress", "message": "wait"}}, OrderUncertain),
        (202, {"result": {"orderId": ID}}, OrderUncertain),
        (201, {"result": {"orderId": "a b"}}, OrderUncertain),
        (201, {"result": {"orderId": 17}}, OrderUncertain),
        (201, {"result": {}}, OrderUncertain),
        (502, {}, OrderUncertain),
    ],
)
def test_what_is_neither_taken_nor_refused_is_uncertain(status: int, content: Any, error: type[BrokerError]) -> None:
    with opaque_server(status, content) as server:
        client = OpaqueClient(SETTINGS, environment="real", base_url=server.url, remember_token=False)
        with client, ordering(client), pytest.raises(error):
            client.call(CREATE, body={})
        assert len(server.requests) == 2


def test_one_page_of_a_list_is_not_the_list() -> None:
    with opaque_server(200, {}) as server:
        client = OpaqueClient(SETTINGS, environment="real", base_url=server.url, remember_token=False)
        with client, pytest.raises(WireError, match="more pages"):
            client.call(ORDERS)
