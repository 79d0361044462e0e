"""Every refusal of Kiwoom that is known: its class for a query, and for an order its class or an uncertain outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kiwoom.wire import errors as table

from brokerkit.errors import (
    AuthError,
    BrokerError,
    InsufficientFunds,
    InvalidOrder,
    MarketClosed,
    NetworkError,
    NothingToCancel,
    OrderUncertain,
    RateLimited,
    Rejected,
    UnknownSymbol,
    Unsupported,
    WireError,
)
from tests.adapters.login import raised

Kind = type[BrokerError]
PRICE, BUY, CANCEL = "ka10001", "kt10000", "kt10003"


def of_class(result: int, kinds: tuple[Kind, Kind], *codes: str) -> dict[str, tuple[int, tuple[Kind, Kind]]]:
    return dict.fromkeys(codes, (result, kinds))


PUBLISHED = {
    **of_class(1, (Rejected, Rejected), "1501"),
    **of_class(1, (Unsupported, Unsupported), "1504", "1505"),
    **of_class(2, (Rejected, Rejected), "1511", "1512", "1517"),
    **of_class(2, (AuthError, AuthError), "1513", "1514", "1515", "1516", "8020"),
    **of_class(5, (RateLimited, OrderUncertain), "1687", "1700", "1701", "1702"),
    **of_class(7, (UnknownSymbol, UnknownSymbol), "1901", "1902", "1903"),
    **of_class(7, (NetworkError, OrderUncertain), "1999"),
    **of_class(3, (AuthError, AuthError), "8001", "8002", "8003", "8005", "8006", "8009", "8010", "8011", "8012"),
    **of_class(3, (AuthError, AuthError), "8015", "8016", "8030", "8031", "8040", "8050", "8103"),
    **of_class(2, (Unsupported, Unsupported), "8104"),
    **of_class(2, (Unsupported, OrderUncertain), "8200"),
}
MORE = of_class(5, (Rejected, OrderUncertain), "1634")
INNER: dict[str, Kind] = {
    "RC4058": MarketClosed,
    "505217": MarketClosed,
    "RC4003": InvalidOrder,
    "RC4007": InvalidOrder,
    "RC4027": InvalidOrder,
    "571552": InvalidOrder,
    "571412": InvalidOrder,
    "521790": InvalidOrder,
    "RC4025": InsufficientFunds,
    "855056": InsufficientFunds,
    "800033": InsufficientFunds,
    "RC9000": Unsupported,
    "RC4091": AuthError,
    "RC5006": AuthError,
    "RC4032": NothingToCancel,
    "RC4033": NothingToCancel,
}


def check(wire: Any, answer: dict[str, Any], status: int, code: str, for_query: Kind, for_order: Kind) -> None:
    words = " ".join(answer["return_msg"].split())
    asked: list[tuple[str, Callable[[], object], Kind]] = [
        (PRICE, lambda: wire.broker.quote("005930"), for_query),
        (BUY, lambda: wire.broker.buy("005930", 10, price=70000), for_order),
        (CANCEL, lambda: wire.broker.cancel(wire.order()), for_order),
    ]
    for id, ask, kind in asked:
        error = raised(lambda: wire.logged_in().answer(id, answer, status=status) and ask())  # noqa: B023
        assert type(error) is kind
        assert (error.code, error.message, error.broker) == (code, words, "kiwoom")
        assert error.endpoint is not None
        assert error.endpoint.startswith(id)
    assert (len(wire.of(BUY)), len(wire.of(CANCEL))) == (1, 1)


@pytest.mark.parametrize("code", [*PUBLISHED, *MORE])
def test_published_code_has_its_class_and_keeps_code_and_words(wire: Any, code: str) -> None:
    result, kinds = {**PUBLISHED, **MORE}[code]
    status = 429 if result == 5 else 200
    check(wire, {"return_code": result, "return_msg": f"no [{code}:because  of that]"}, status, code, *kinds)


@pytest.mark.parametrize("code", ["8005", "8050", "1511", "1902"])
@pytest.mark.parametrize("as_text", [False, True], ids=["number", "text"])
def test_code_may_stand_outside_too(wire: Any, code: str, as_text: bool) -> None:
    answer = {"return_code": code if as_text else int(code), "return_msg": "because of that"}
    check(wire, answer, 200, code, *PUBLISHED[code][1])


def test_code_of_the_websocket_spelling_is_found(wire: Any) -> None:
    check(wire, {"return_code": 3, "return_msg": "no [CODE=8005, MESSAGE=why]"}, 200, "8005", AuthError, AuthError)


@pytest.mark.parametrize(("code", "kind"), INNER.items())
def test_inner_code_of_an_order_wins_over_the_outer_one(wire: Any, code: str, kind: Kind) -> None:
    check(wire, {"return_code": 20, "return_msg": f"[2000]({code}:because of that)"}, 200, code, kind, kind)


@pytest.mark.parametrize("code", ["RC1234", "999999"])
def test_unknown_inner_code_is_a_definite_refusal(wire: Any, code: str) -> None:
    check(wire, {"return_code": 20, "return_msg": f"[2000]({code}:because)"}, 200, code, Rejected, Rejected)


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("result", [1, 2, 3, 5, 7, 20, 99, "5"])
def test_class_without_a_code_is_plainly_rejected_and_leaves_an_order_open(wire: Any, result: Any, status: int) -> None:
    answer = {"return_code": result, "return_msg": "because of that"}
    check(wire, answer, status, str(result), Rejected, OrderUncertain)


@pytest.mark.parametrize("code", ["RC4058", "571412"])
@pytest.mark.parametrize("result", [1, 2, 3, 5, 7])
def test_inner_code_counts_under_class_20_only(wire: Any, result: int, code: str) -> None:
    answer = {"return_code": result, "return_msg": f"no ({code}:because of that)"}
    check(wire, answer, 200, str(result), Rejected, OrderUncertain)


UNLISTED = {
    **dict.fromkeys(("1502", "1503", "1506", "1510", "8004", "8017", "8099", "8100", "8102"), Rejected),
    **dict.fromkeys(("1500", "1518", "1634", "1686", "1699", "1703", "1900", "1904"), OrderUncertain),
    **dict.fromkeys(("1998", "2000", "8000", "8105", "8201", "9999", "999", "80050"), OrderUncertain),
}
"""Codes that no list has: those within the ranges of the gateway's checks are definite, all others are not."""


@pytest.mark.parametrize(("code", "kind"), UNLISTED.items())
def test_unknown_code_is_definite_within_the_known_ranges_only(wire: Any, code: str, kind: Kind) -> None:
    check(wire, {"return_code": 2, "return_msg": f"no [{code}:because]"}, 200, code, Rejected, kind)


OF_THE_SOCKET = "105110"
"""That too many frames register, which test_stream_frames.py checks."""


def test_every_published_code_and_every_code_of_the_table_is_checked_here() -> None:
    assert len(PUBLISHED) == 37
    assert set(table.REFUSALS) - {"400", "401", OF_THE_SOCKET} <= {*PUBLISHED, *INNER}


@pytest.mark.parametrize("code", ["8010", "8050"])
def test_advice_names_the_address_that_has_to_be_registered(wire: Any, code: str) -> None:
    wire.answer(PRICE, {"return_code": 3, "return_msg": f"no [{code}:device]"})
    error = raised(lambda: wire.broker.quote("005930"))
    assert str(error.advice).startswith("Register the public IP address of this machine")


FIREWALL = b"<html><head><title>Request Blocked</title></head><body>Request Blocked</body></html>"


@pytest.mark.parametrize("id", ["token", PRICE])
def test_request_blocked_by_the_web_firewall_is_said_so(wire: Any, id: str) -> None:
    wire.client._tokens._token = None
    wire.answer(id, FIREWALL, status=400, headers={"Content-Type": "text/html"})
    error = raised(lambda: wire.broker.quote("005930"))
    assert (type(error), error.code, len(wire.of(id))) == (AuthError, "400", 1)
    assert str(error.advice).startswith("Its web firewall refuses the address of this machine")


def test_order_that_the_web_firewall_blocked_stays_open(wire: Any) -> None:
    wire.answer(BUY, FIREWALL, status=400, headers={"Content-Type": "text/html"})
    error = raised(lambda: wire.broker.buy("005930", 10, price=70000))
    assert (type(error), error.code) == (OrderUncertain, "400")


def test_other_html_under_400_is_not_the_firewall(wire: Any) -> None:
    wire.answer(PRICE, b"<html>Bad Request</html>", status=400, headers={"Content-Type": "text/html"})
    assert type(raised(lambda: wire.broker.quote("005930"))) is WireError


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b"{}", b'{"return_msg": "?"}'])
def test_server_in_trouble_is_asked_once_more_and_leaves_an_order_open(wire: Any, body: bytes, status: int) -> None:
    wire.answer(PRICE, body, status=status).answer(BUY, body, status=status)
    error = raised(lambda: wire.broker.quote("005930"))
    assert (type(error), len(wire.of(PRICE))) == (NetworkError, 2)
    assert error.advice == "The server is in trouble: try again later."
    assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is OrderUncertain
    assert len(wire.of(BUY)) == 1


@pytest.mark.parametrize("body", [{"return_msg": "who are you"}, {}, {"return_code": 3, "return_msg": "who are you"}])
def test_status_401_renews_the_token_once_and_leaves_an_order_open(wire: Any, body: Any) -> None:
    wire.answer(PRICE, body, status=401).answer(BUY, body, status=401)
    error = raised(lambda: wire.broker.quote("005930"))
    assert (type(error), error.code, [call.id for call in wire.calls]) == (AuthError, "401", [PRICE, "token", PRICE])
    error = raised(lambda: wire.broker.buy("005930", 10, price=70000))
    assert (type(error), error.code, len(wire.of(BUY))) == (OrderUncertain, "401", 1)


def test_status_401_with_a_code_is_told_by_the_code(wire: Any) -> None:
    check(wire, {"return_code": 3, "return_msg": "[8050:device]"}, 401, "8050", AuthError, AuthError)


@pytest.mark.parametrize("code", ["8005", "8031", "8103"])
def test_token_codes_renew_the_token_of_a_query_once(wire: Any, code: str) -> None:
    refused = {"return_code": 3, "return_msg": f"[{code}:token]"}
    assert wire.answer(PRICE, refused, wire.good(PRICE)).broker.quote("005930").price == 70300
    assert [call.id for call in wire.calls] == [PRICE, "token", PRICE]


def test_other_login_codes_do_not_renew(wire: Any) -> None:
    wire.answer(PRICE, {"return_code": 3, "return_msg": "[8050:device]"})
    assert raised(lambda: wire.broker.quote("005930")).code == "8050"
    assert [call.id for call in wire.calls] == [PRICE]


@pytest.mark.parametrize("body", [{}, {"return_msg": "[1902:x]"}, {"ord_no": "0000141"}, {"return_code": None}])
def test_answer_without_a_class_is_neither_success_nor_refusal(wire: Any, body: Any) -> None:
    for status in (200, 400):
        wire.answer(PRICE, body, status=status).answer(BUY, body, status=status)
        assert type(raised(lambda: wire.broker.quote("005930"))) is WireError
        assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is OrderUncertain
