"""Lists over pages, as an adapter declares them: by header, by fields of the answer, by both; never silently short."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import AliasPath, Field

from brokerkit.errors import IncompleteListing, NetworkError, OrderUncertain, WireError
from brokerkit.transport import Block, Client, Effect, Endpoint, Limit, Paging
from tests.servers import LIST, ORDER, Exchange, Price, ProbeClient, Server, answer

Page = tuple[Mapping[str, str], Mapping[str, Any]]


class PagingClient(ProbeClient):
    """The client of the probe's broker, without hooks for pages and limits."""

    next_page = Client.next_page
    limits = Client.limits
    calls_per_second: ClassVar[Mapping[str, int]] = {"real": 1000}


class ByHeader(PagingClient):
    """Pages that a header tells of, for every list."""

    paging = Paging(mark="cont-yn", key="next-key", sends={"cont-yn": "Y"})


class Flagged(Block):
    """A page that says itself whether there are more."""

    paging = Paging(flag="has_next", keys={"cursor": "cursor"})
    price: str
    cursor: str | None = Field(None, alias="nextCursor")
    has_next: bool = Field(alias="hasNext")


BOTH = Paging(
    mark="tr_cont",
    end=None,
    sends={"tr_cont": "Y"},
    key="tr_cont_key",
    keys={"cursor": "t0425InBlock.cts_ordno"},
    cursor_ends=True,
)


class Both(Block):
    """A page with a mark in a header, a key in a header, and a cursor in its block."""

    paging = BOTH
    cursor: str = Field("", validation_alias=AliasPath("t0425OutBlock", "cts_ordno"))


class ByCursor(Both):
    """A page of which only the cursor tells where the list ends."""

    paging = dataclasses.replace(BOTH, mark="")


class Strict(Block):
    """A page with a mark, a code for where that is blank, and two keys that go back as they came."""

    paging = Paging(
        mark="tr_cont",
        more=frozenset({"F", "M"}),
        end=frozenset({"D", "E"}),
        flag="code",
        flag_more=frozenset({"0500"}),
        sends={"tr_cont": "N"},
        keys={"next_key": "NK", "search_key": "FK"},
    )
    code: str = Field("", alias="msg_cd")
    search_key: str = Field("", alias="fk")
    next_key: str = Field("", alias="nk")


def listed(reply: type[Block], method: str = "POST") -> Endpoint[Any]:
    return LIST._replace(reply=reply, method=method)


def serving(*pages: Page) -> Server:
    """Serve page after page, the last one again and again."""

    def script(exchange: Exchange) -> bool:
        headers, content = pages[min(exchange.number, len(pages)) - 1]
        return exchange.send(answer({"code": "0", "price": "1", "number": exchange.number, **content}, headers=headers))

    return Server(script)


def asked(request: bytes, *names: str) -> tuple[Any, ...]:
    """Return some headers of a request, None where it has not got one, and its body."""
    head, _, body = request.decode().partition("\r\n\r\n")
    headers = dict(line.partition(": ")[::2] for line in head.split("\r\n")[1:])
    return (*(headers.get(name) for name in names), json.loads(body) if body else None)


def test_a_list_goes_on_by_headers_with_the_same_body() -> None:
    more, end = {"cont-yn": "y", "next-key": " k1 "}, {"cont-yn": "N", "next-key": ""}
    with serving((more, {}), (end, {})) as server, ByHeader(server.url) as client:
        assert len(client.listing(listed(Price), body={"a": "b"})) == 2
        first, second = (asked(request, "cont-yn", "next-key") for request in server.requests)
        assert (first, second) == ((None, None, {"a": "b"}), ("Y", "k1", {"a": "b"}))


@pytest.mark.parametrize("headers", [{}, {"cont-yn": ""}, {"cont-yn": " n "}, {"next-key": "k1"}])
def test_a_list_without_the_mark_of_more_pages_has_one(headers: dict[str, str]) -> None:
    with serving((headers, {})) as server, ByHeader(server.url) as client:
        assert len(client.listing(LIST)) == 1
        assert client.call(LIST).price == 1


@pytest.mark.parametrize(
    "headers", [{"cont-yn": "Y"}, {"cont-yn": "Y", "next-key": " "}, {"cont-yn": "X"}, {"cont-yn": "0"}]
)
def test_a_list_of_which_nobody_knows_how_it_goes_on_is_no_list(headers: dict[str, str]) -> None:
    with serving((headers, {})) as server, ByHeader(server.url) as client:
        with pytest.raises(IncompleteListing, match=r"next-key|cont-yn"):
            client.listing(LIST)
        assert len(server.requests) == 1


def test_one_page_of_several_is_not_taken_for_the_list() -> None:
    with serving(({"cont-yn": "Y", "next-key": "1"}, {})) as server, ByHeader(server.url) as client:
        assert len(list(itertools.islice(client.pages(LIST), 1))) == 1
        with pytest.raises(IncompleteListing, match="more pages than the one"):
            client.call(LIST)


def test_a_list_goes_on_by_a_flag_and_a_cursor_of_the_answer() -> None:
    pages = ({}, {"nextCursor": "a b", "hasNext": True}), ({}, {"nextCursor": None, "hasNext": False})
    with serving(*pages) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(Flagged, "GET"), params={"status": "CLOSED"})) == 2
        assert server.paths() == ["/list?status=CLOSED", "/list?status=CLOSED&cursor=a%20b"]


@pytest.mark.parametrize("cursor", [None, "", " "])
def test_a_flag_without_a_cursor_is_no_list(cursor: str | None) -> None:
    with serving(({}, {"nextCursor": cursor, "hasNext": True})) as server, PagingClient(server.url) as client:
        with pytest.raises(IncompleteListing, match="cursor"):
            client.listing(listed(Flagged, "GET"))
        assert len(server.requests) == 1


def test_a_cursor_that_is_left_over_under_a_flag_of_the_end_does_not_go_on() -> None:
    with serving(({}, {"nextCursor": "x", "hasNext": False})) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(Flagged, "GET"))) == 1


def cts(number: str, mark: str = "Y", key: str = "key") -> Page:
    return {"tr_cont": mark, "tr_cont_key": key}, {"t0425OutBlock": {"cts_ordno": number}}


BODY = {"t0425InBlock": {"expcode": "", "cts_ordno": " "}}


def test_a_list_goes_on_by_headers_and_a_cursor_in_the_block() -> None:
    with serving(cts("0007"), cts("0003", key=""), cts("0001", mark="0")) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(Both), body=BODY)) == 3
        first, second, third = (asked(request, "tr_cont", "tr_cont_key") for request in server.requests)
        assert first == (None, None, BODY)
        assert second == ("Y", "key", {"t0425InBlock": {"expcode": "", "cts_ordno": "0007"}})
        assert third == ("Y", "", {"t0425InBlock": {"expcode": "", "cts_ordno": "0003"}})


@pytest.mark.parametrize(
    "last", [cts("0007"), cts(""), cts(" "), cts("0001", mark=""), cts("0001", mark="N"), ({"tr_cont": "Y"}, {})]
)
def test_a_cursor_that_is_blank_or_the_same_again_ends_the_list_where_that_is_declared(last: Page) -> None:
    with serving(cts("0007"), last) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(Both), body=BODY)) == 2


@pytest.mark.parametrize("mark", ["", "N", "Y", "0"])
def test_a_cursor_alone_tells_where_a_list_ends(mark: str) -> None:
    with serving(cts("2", mark), cts("1", mark), cts("", "Y")) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(ByCursor), body=BODY)) == 3
        assert asked(server.requests[2], "tr_cont")[0] == "Y"


def strict(mark: str, code: str = "", key: str = "") -> Page:
    return {"tr_cont": mark}, {"msg_cd": code, "nk": key, "fk": "S  "}


@pytest.mark.parametrize(
    ("mark", "code"), [("F", ""), ("M", ""), ("f", ""), ("", "0500"), (" ", "0500"), ("M", "0510")]
)
def test_keys_go_back_as_they_came(mark: str, code: str) -> None:
    with serving(strict(mark, code, "K "), strict("D")) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(Strict, "GET"), params={"FK": "", "NK": "", "a": "b"})) == 2
        assert server.paths()[1] == "/list?FK=S%20%20&NK=K%20&a=b"
        assert asked(server.requests[1], "tr_cont")[0] == "N"


@pytest.mark.parametrize(
    "page",
    [
        strict("D", "0500", "K"),
        strict("E", key="K"),
        strict("", "0510", "K"),
        strict("", key="K"),
        strict("N"),
        strict(""),
    ],
)
def test_a_mark_of_the_end_ends_a_list_whatever_else_is_there(page: Page) -> None:
    with serving(page) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(Strict, "GET"))) == 1


@pytest.mark.parametrize(
    "page",
    [strict("M"), strict("", "0500", "  "), strict("F", key=" "), strict("N", "0500", "K"), strict("0", key="K")],
)
def test_a_mark_that_is_not_declared_or_has_no_key_is_no_list(page: Page) -> None:
    with serving(page) as server, PagingClient(server.url) as client:
        with pytest.raises(IncompleteListing, match=r"NK|tr_cont"):
            client.listing(listed(Strict, "GET"))
        with pytest.raises(IncompleteListing):
            client.call(listed(Strict, "GET"))


def test_pages_that_lead_in_a_circle_are_no_list_unless_that_is_the_end() -> None:
    ends = dataclasses.replace(Strict.paging, cursor_ends=True)

    class Ending(Strict):
        paging = ends

    with serving(strict("M", key="K")) as server, PagingClient(server.url) as client:
        with pytest.raises(IncompleteListing, match="circle"):
            client.listing(listed(Strict, "GET"))
        assert len(server.requests) == 2
    with serving(strict("M", key="K")) as server, PagingClient(server.url) as client:
        assert len(client.listing(listed(Ending, "GET"))) == 2


# Success and limits are declared too


class Created(PagingClient):
    """A client whose broker answers orders with 201."""

    success_statuses = frozenset({200, 201})


def created(exchange: Exchange) -> bool:
    return exchange.send(answer(status=int(exchange.path.partition("=")[2] or 201)))


@pytest.mark.parametrize("status", [200, 201])
def test_success_may_come_under_the_statuses_that_are_declared(status: int) -> None:
    with Server(created) as server, Created(server.url) as client:
        assert client.call(ORDER, params={"status": status}, body={}).price == 70000
        assert client.call(LIST, params={"status": status}).price == 70000


@pytest.mark.parametrize("status", [202, 299, 400, 404, 500])
def test_success_under_another_status_is_none(status: int) -> None:
    with Server(created) as server, Created(server.url) as client:
        with pytest.raises(OrderUncertain, match=f"success under HTTP {status}"):
            client.call(ORDER, params={"status": status}, body={})
        with pytest.raises(NetworkError if status == 500 else WireError, match=f"success under HTTP {status}"):
            client.call(LIST, params={"status": status})
        assert server.orders() == 1


def test_without_a_declaration_only_200_is_success() -> None:
    with Server(created) as server, PagingClient(server.url) as client:
        with pytest.raises(OrderUncertain, match="success under HTTP 201"):
            client.call(ORDER, body={})
        assert server.orders() == 1


class Slow(PagingClient):
    """A client with limits by environment."""

    calls_per_second: ClassVar[Mapping[str, int]] = {"real": 18, "demo": 1}


class SlowEach(Slow):
    """A client each of whose endpoints has a limit of its own."""

    limits_each_call = True


def test_limits_are_data_of_the_client_or_of_the_endpoint() -> None:
    shared = Limit("market data", 10)
    own = LIST._replace(limit=shared)
    with Server() as server, Slow(server.url) as client, SlowEach(server.url) as each:
        assert client.limits(LIST) == client.limits(ORDER) == (Limit("all", 18),)
        assert (each.limits(LIST), each.limits(ORDER)) == ((Limit("list", 18),), (Limit("order", 18),))
        assert client.limits(own) == each.limits(own._replace(effect=Effect.AUTH)) == (shared,)
        client.environment = "demo"
        assert client.limits(LIST) == (Limit("all", 1),)
