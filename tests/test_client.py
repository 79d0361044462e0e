"""The client: which answers are asked for again, how lists end, and where requests may go."""

from __future__ import annotations

import pytest

from brokerkit.errors import (
    AuthError,
    BrokerError,
    ConfigError,
    InsufficientFunds,
    NetworkError,
    NotSent,
    OrderUncertain,
    RateLimited,
    Rejected,
    Unsupported,
    WireError,
)
from brokerkit.transport import Endpoint, Limit, Token, http
from brokerkit.transport.limits import Turn
from tests.servers import (
    ORDER,
    READ,
    Exchange,
    LoginClient,
    Price,
    ProbeClient,
    Script,
    Server,
    answer,
    new_token,
    refusal,
)


def refuse(code: str, times: int = 1_000, *, status: int = 200) -> Script:
    """Refuse so many requests, then answer well."""
    return lambda exchange: exchange.send(refusal(code, status=status) if exchange.number <= times else answer())


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_query_gets_a_new_token_and_is_repeated_once(status: int) -> None:
    with Server(refuse("old-token", 1, status=status)) as server, ProbeClient(server.url) as client:
        assert client.call(READ).price == 70000
        assert [b"probe-token-%04d" % number in server.requests[number - 1] for number in (1, 2)] == [True, True]
        assert len(server.requests) == client.issued == 2


def test_a_query_is_not_repeated_when_the_new_token_is_refused_too() -> None:
    with Server(refuse("old-token")) as server, ProbeClient(server.url) as client:
        with pytest.raises(AuthError):
            client.call(READ)
        assert len(server.requests) == client.issued == 2


def test_an_order_is_not_repeated_after_a_token_code_but_the_next_one_has_a_new_token() -> None:
    with Server(refuse("old-token", 1)) as server, ProbeClient(server.url) as client:
        with pytest.raises(AuthError) as caught:
            client.call(ORDER, body={})
        assert (caught.value.code, server.orders(), client.issued) == ("old-token", 1, 2)
        client.call(ORDER, body={})
        assert server.orders() == client.issued == 2
        assert b"probe-token-0002" in server.requests[1]


@pytest.mark.parametrize("failure", [NetworkError("no line"), RateLimited("a minute"), ConfigError("disk full")])
def test_a_refused_order_stays_refused_when_no_new_token_can_be_had(
    failure: BrokerError, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(refuse("old-token")) as server, ProbeClient(server.url) as client:
        client.token()

        def fail() -> Token:
            raise failure

        monkeypatch.setattr(client, "issue_token", fail)
        with pytest.raises(AuthError) as caught:
            client.call(ORDER, body={})
        assert caught.value.code == "old-token"
        assert failure.message in str(caught.value)
        assert server.orders() == 1


def test_an_order_for_which_no_token_can_be_had_is_not_sent() -> None:
    def script(exchange: Exchange) -> None:
        assert exchange.path == "/token"

    with Server(script) as server, LoginClient(server.url) as client:
        with pytest.raises(NotSent, match="access token could not be had"):
            client.call(ORDER, body={})
        assert server.paths() == ["/token"]


def test_an_order_whose_token_runs_out_while_it_waits_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.token()

        def wait(_: object, *, urgent: bool) -> Turn:
            client._tokens._token = new_token("ended", life=-1)
            return Turn([])

        def fail() -> Token:
            raise NetworkError("no line")

        monkeypatch.setattr(client, "_wait", wait)
        monkeypatch.setattr(client, "issue_token", fail)
        with pytest.raises(NotSent):
            client.call(ORDER, body={})
        assert server.requests == []


def test_a_token_request_is_never_repeated_on_a_closed_line() -> None:
    def script(exchange: Exchange) -> bool | None:
        return exchange.send(answer()) if exchange.path == "/read" else None

    with Server(script) as server, LoginClient(server.url) as client:
        client._tokens._token = new_token("first")
        client.call(READ)
        client._tokens._token = None
        with pytest.raises(NetworkError):
            client.call(READ)
        assert server.paths() == ["/read", "/token"]


@pytest.mark.parametrize(("refused", "sent"), [(1, 2), (2, 3), (3, 3), (9, 3)])
def test_a_query_is_repeated_at_most_twice_when_the_broker_is_busy(refused: int, sent: int) -> None:
    with Server(refuse("busy", refused)) as server, ProbeClient(server.url) as client:
        client.windows = (Limit("all", 100, 0.02),)
        if refused < 3:
            client.call(READ)
        else:
            with pytest.raises(RateLimited):
                client.call(READ)
        assert len(server.requests) == sent


def test_an_order_is_sent_once_when_the_broker_is_busy_and_the_next_calls_are_slower() -> None:
    with Server(refuse("busy")) as server, ProbeClient(server.url) as client:
        client.windows = (Limit("all", 100, 0.02),)
        with pytest.raises(RateLimited):
            client.call(ORDER, body={})
        assert server.orders() == 1
        assert client._limiters(ORDER)[0].allowed == 80


@pytest.mark.parametrize(("kind", "error"), [(ORDER, NotSent), (READ, RateLimited)])
def test_a_call_for_which_the_limiter_has_no_room_is_not_sent(
    kind: Endpoint[Price], error: type[BrokerError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "SLOT_SECONDS", 0.05)
    with Server() as server, ProbeClient(server.url) as client:
        client.windows = (Limit("all", 1, 30.0),)
        client.call(READ)
        with pytest.raises(error):
            client.call(kind)
        assert len(server.requests) == 1
        assert client._limiters(READ)[0].allowed == 1


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_definite_refusal_of_an_order_is_its_own_error(status: int) -> None:
    with Server(refuse("poor", status=status)) as server, ProbeClient(server.url) as client:
        with pytest.raises(InsufficientFunds) as caught:
            client.call(ORDER, body={})
        assert (caught.value.code, caught.value.message, server.orders()) == ("poor", "no", 1)


@pytest.mark.parametrize("code", ["strange", "ill"])
def test_a_code_that_proves_nothing_leaves_an_order_uncertain(code: str) -> None:
    with Server(refuse(code)) as server, ProbeClient(server.url) as client:
        with pytest.raises(OrderUncertain) as caught:
            client.call(ORDER, body={})
        assert (caught.value.code, caught.value.message, server.orders()) == (code, "no", 1)


def test_an_unlisted_code_is_a_plain_refusal_of_a_query() -> None:
    with Server(refuse("strange")) as server, ProbeClient(server.url) as client:
        with pytest.raises(Rejected) as caught:
            client.call(READ)
        assert type(caught.value) is Rejected


@pytest.mark.parametrize("error", [RecursionError(), ValueError("x"), KeyError("x"), ArithmeticError()])
def test_an_order_is_uncertain_when_the_adapter_stumbles_over_the_answer(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(*rest: object) -> None:
        raise error

    with Server() as server, ProbeClient(server.url) as client:
        monkeypatch.setattr(client, "check", check)
        with pytest.raises(OrderUncertain):
            client.call(ORDER, body={})
        with pytest.raises(WireError):
            client.call(READ)
        assert server.orders() == 1


def test_a_field_that_is_not_as_documented_is_named() -> None:
    script: Script = lambda exchange: exchange.send(answer({"code": "0", "price": "1_000"}))  # noqa: E731
    named = pytest.raises(WireError, match="field price is not as documented")
    with Server(script) as server, ProbeClient(server.url) as client, named:
        client.call(READ)


@pytest.mark.parametrize("headers", [{"Call-ID": "order"}, {"CALL-id": " order "}, {}])
def test_an_id_that_matches_is_accepted_and_one_that_is_missing_too(headers: dict[str, str]) -> None:
    with Server(lambda exchange: exchange.send(answer(headers=headers))) as server, ProbeClient(server.url) as client:
        assert client.call(ORDER, body={}).price == 70000


def test_an_endpoint_that_an_environment_lacks_is_unsupported() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.environment = "demo"
        assert READ.ids == {"real": "read"}
        with pytest.raises(Unsupported, match="demo"):
            READ.id(client.environment)
        assert server.requests == []
