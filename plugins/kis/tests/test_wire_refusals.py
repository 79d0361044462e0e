"""Every refusal of KIS that is known: its class for a query, and for an order its class or an uncertain outcome."""

from __future__ import annotations

import importlib
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kis.wire import errors as table

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
PRICE, BUY, CANCEL = "FHKST01010100", "TTTC0012U", "TTTC0013U"


def numbered(*numbers: int) -> list[str]:
    return [f"EGW{number:05}" for number in numbers]


GATEWAY: dict[str, tuple[Kind, Kind]] = {
    **dict.fromkeys(numbered(1, 2, 202, 203, 300, 301, 302), (NetworkError, OrderUncertain)),
    **dict.fromkeys(numbered(*range(101, 121), 132, 205, 206, 208), (AuthError, AuthError)),
    **dict.fromkeys(numbered(121, 122, 123), (AuthError, AuthError)),
    **dict.fromkeys(numbered(*range(124, 132)), (Rejected, Rejected)),
    "EGW00201": (RateLimited, RateLimited),
    "EGW00215": (RateLimited, OrderUncertain),
    **dict.fromkeys(numbered(207, *range(209, 214)), (Rejected, Rejected)),
    **dict.fromkeys(numbered(204, 214, 216), (Rejected, OrderUncertain)),
    **dict.fromkeys(numbered(303, 304), (AuthError, OrderUncertain)),
    **dict.fromkeys(numbered(356, 2004, 2007), (AuthError, AuthError)),
    **dict.fromkeys(numbered(355, 357, 2003, 2008), (Rejected, OrderUncertain)),
    "EGW02005": (Rejected, Rejected),
    "EGW02006": (Unsupported, Unsupported),
    "IGW00002": (AuthError, AuthError),
    "IGW00007": (Rejected, Rejected),
    **dict.fromkeys(("IGW00014", "IGW00017", "IGW00019"), (InvalidOrder, InvalidOrder)),
    **dict.fromkeys(("IGW00001", "IGW00009", "IGW00018", "IGW10007"), (Rejected, OrderUncertain)),
}
FIELD_CHECKS: dict[str, tuple[Kind, Kind]] = {
    "OPSQ0002": (Unsupported, OrderUncertain),
    "OPSQ2000": (AuthError, AuthError),
    "OPSQ2001": (Rejected, Rejected),
    "OPSQ2002": (Rejected, Rejected),
    "MCA00124": (Unsupported, OrderUncertain),
}
LEDGER: dict[str, tuple[Kind, Kind]] = {
    **dict.fromkeys(("APBK0952", "APBK0400"), (InsufficientFunds, InsufficientFunds)),
    "APBK0656": (UnknownSymbol, UnknownSymbol),
    **dict.fromkeys(("APBK0918", "APBK0919", "APBK1664", "APAM3099", "KIOK0320"), (MarketClosed, MarketClosed)),
    **dict.fromkeys(("APBK1507", "APBK1943", "APBK3013"), (InvalidOrder, InvalidOrder)),
    **dict.fromkeys(("APBK0066", "APBK0406", "APBK0506", "APBK0963"), (InvalidOrder, InvalidOrder)),
    **dict.fromkeys(("APBK0344", "APBK0927"), (NothingToCancel, NothingToCancel)),
    **dict.fromkeys(("APBK1271", "APAC0489"), (AuthError, AuthError)),
    "KIER3672": (MarketClosed, MarketClosed),
    **dict.fromkeys(("KIER2620", "KIER3673", "APAC0488"), (Rejected, OrderUncertain)),
    **dict.fromkeys(("KIOK0420", "KIOK0430", "KIOK0460", "KIOK0490", "KIOK0500"), (Rejected, OrderUncertain)),
    **dict.fromkeys(("KIOK0510", "KIOK0530", "APBK0013", "APBK0029"), (Rejected, OrderUncertain)),
    **dict.fromkeys(("APBK1711", "APBK2938"), (Rejected, OrderUncertain)),
    "KIOK0560": (Rejected, Rejected),
}
DEMO: dict[str, tuple[Kind, Kind]] = {
    **dict.fromkeys(("40030000", "40270000", "40070000", "40650000"), (InvalidOrder, InvalidOrder)),
    **dict.fromkeys(("40100000", "40570000", "40580000"), (MarketClosed, MarketClosed)),
    **dict.fromkeys(("40240000", "40250000"), (InsufficientFunds, InsufficientFunds)),
    "40310000": (Rejected, Rejected),
    **dict.fromkeys(("40320000", "40330000"), (NothingToCancel, NothingToCancel)),
    **dict.fromkeys(("40910000", "90070000"), (AuthError, AuthError)),
    **dict.fromkeys(("40590000", "40600000", "40620000", "40630000", "20310000"), (Rejected, OrderUncertain)),
    "70070000": (Rejected, Rejected),
    "90000000": (Unsupported, Unsupported),
}
REFUSALS = [
    *((code, 500, "1", kinds) for code, kinds in GATEWAY.items()),
    *((code, 200, "2", kinds) for code, kinds in FIELD_CHECKS.items()),
    *((code, 200, "7", kinds) for code, kinds in LEDGER.items()),
    *((code, 200, "1", kinds) for code, kinds in DEMO.items()),
]
CAUSES: dict[str, tuple[Kind, tuple[str, ...], tuple[str, ...]]] = {
    "key or secret wrong": (AuthError, ("EGW00103", "EGW00105"), ("8001", "8002", "8020")),
    "grant type wrong": (AuthError, ("EGW00101",), ("8011", "8012")),
    "token missing": (AuthError, ("EGW00122",), ("1513", "1514", "1515", "1516")),
    "token not valid": (AuthError, ("EGW00121", "EGW00123"), ("8005", "8103")),
    "address or device not registered": (AuthError, ("EGW00303", "EGW00304"), ("8010", "8040", "8050")),
    "account ended or of the wrong kind": (
        AuthError,
        ("40910000", "OPSQ2000", "IGW00002", "APAC0489", "APBK1271", "90070000"),
        ("RC4091", "RC5006"),
    ),
    "key of the other environment": (AuthError, ("EGW00356", "EGW02004", "EGW02007"), ("8030", "8031")),
    "calls a second": (RateLimited, ("EGW00201", "EGW00215"), ("1700", "1701", "1702")),
    "server error": (NetworkError, ("EGW00001", "EGW00002"), ("1999",)),
    "field missing or malformed": (Rejected, ("OPSQ2001", "OPSQ2002"), ("1511", "1517")),
    "call not known": (Unsupported, ("OPSQ0002",), ("1504", "1505")),
    "not offered in demo": (Unsupported, ("EGW02006", "90000000", "MCA00124"), ("8104", "RC9000")),
    "symbol not known": (UnknownSymbol, ("APBK0656",), ("1901", "1902", "1903")),
    "cash": (InsufficientFunds, ("APBK0952", "40250000"), ("RC4025", "855056")),
    "shares to sell": (InsufficientFunds, ("APBK0400", "40240000"), ("800033",)),
    "market closed": (MarketClosed, ("40580000", "40570000", "40100000", "KIOK0320"), ("RC4058", "505217")),
    "price step": (InvalidOrder, ("40030000", "APBK0506"), ("RC4003",)),
    "limits of the day": (InvalidOrder, ("40270000", "APBK0406", "APBK1507"), ("RC4027", "571552")),
    "type not taken": (InvalidOrder, ("40650000", "APBK0963", "APBK1943", "APBK3013", "IGW00019"), ("521790",)),
    "symbol not traded": (InvalidOrder, ("40070000", "APBK0066"), ("RC4007",)),
    "order not known": (NothingToCancel, ("40320000", "APBK0344"), ("RC4032",)),
    "nothing left of the order": (NothingToCancel, ("40330000", "APBK0927"), ("RC4033",)),
}


def refuse(wire: Any, id: str, code: str, status: int, rt_cd: str, words: str = "because of that") -> None:
    wire.answer(id, {"rt_cd": rt_cd, "msg_cd": code, "msg1": words.ljust(80)}, status=status)


@pytest.mark.parametrize(("code", "status", "rt_cd", "kinds"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refusal_has_its_class_and_keeps_code_and_words(
    wire: Any, code: str, status: int, rt_cd: str, kinds: tuple[Kind, Kind]
) -> None:
    orders: list[tuple[str, Callable[[], object]]] = [
        (BUY, lambda: wire.broker.buy("005930", 10, price=70000)),
        (CANCEL, lambda: wire.broker.cancel(wire.order())),
    ]
    asked = [(PRICE, lambda: wire.broker.quote("005930"), kinds[0]), *((id, ask, kinds[1]) for id, ask in orders)]
    for id, ask, kind in asked:
        refuse(wire.logged_in(), id, code, status, rt_cd)
        error = raised(ask)
        assert type(error) is kind
        assert (error.code, error.message, error.broker) == (code, "because of that", "kis")
        assert error.endpoint is not None
        assert error.endpoint.startswith(id)
    assert (len(wire.of(BUY)), len(wire.of(CANCEL))) == (1, 1)


def test_every_code_of_the_adapters_table_is_checked_here() -> None:
    checked = {**GATEWAY, **FIELD_CHECKS, **LEDGER, **DEMO, "EGW00133": None}
    assert set(table.REFUSALS) <= set(checked)


@pytest.mark.parametrize("code", sorted(table.TWO_MEANINGS))
def test_code_of_two_meanings_is_decided_by_the_words(wire: Any, code: str) -> None:
    refuse(wire, BUY, code, 200, "1", "주문 금액 초과")
    assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is InsufficientFunds
    refuse(wire, BUY, code, 200, "1", "장 시작 전")
    assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is table.REFUSALS.get(code, Rejected)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error_description": "wait", "error_code": "EGW00133"}, 403),
        ({"rt_cd": "1", "msg_cd": "EGW00133", "msg1": "wait"}, 403),
    ],
    ids=["other envelope", "usual envelope"],
)
def test_token_refusal_is_read_in_both_envelopes(wire: Any, body: Any, status: int) -> None:
    wire.client._tokens._token = None
    wire.answer("tokenP", body, status=status)
    error = raised(lambda: wire.broker.quote("005930"))
    assert (type(error), error.code, error.message) == (RateLimited, "EGW00133", "wait")


@pytest.mark.parametrize(
    "code",
    ["", "EGW99999", "XYZ", "4058000", "405800000", "OPSQ3001", "OPSP0001", "APBK09520", "APBK095", "OPSQ2001x"],
)
@pytest.mark.parametrize("status", [200, 500])
def test_unknown_code_is_plainly_rejected_and_leaves_an_order_open(wire: Any, code: str, status: int) -> None:
    refuse(wire, PRICE, code, status, "1")
    assert type(raised(lambda: wire.broker.quote("005930"))) is Rejected
    refuse(wire, BUY, code, status, "1")
    assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is OrderUncertain


@pytest.mark.parametrize("code", ["APBK9999", "APAM1234", "KIOK9999", "49990000", "OPSQ2999", "EGW00209"])
def test_unknown_code_of_a_definite_family_proves_that_nothing_was_placed(wire: Any, code: str) -> None:
    refuse(wire, BUY, code, 200, "7")
    assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is Rejected


@pytest.mark.parametrize("body", [{}, {"msg_cd": "APBK0952"}, {"rt_cd": None}, {"output": {"ODNO": "1"}}])
def test_answer_without_rt_cd_is_neither_success_nor_refusal(wire: Any, body: Any) -> None:
    for status in (200, 400):
        wire.answer(PRICE, body, status=status).answer(BUY, body, status=status)
        assert type(raised(lambda: wire.broker.quote("005930"))) is WireError
        assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is OrderUncertain


@pytest.mark.parametrize(("status", "words"), [(500, ""), (500, " " * 80), (503, "")])
def test_trouble_without_code_and_words_is_asked_about_once_more_and_leaves_an_order_open(
    wire: Any, status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    blank = {"rt_cd": "1", "msg_cd": " ", "msg1": words}
    wire.answer(PRICE, blank, status=status)
    with caplog.at_level(logging.WARNING, "brokerkit"):
        error = raised(lambda: wire.broker.quote("005930"))
    assert (type(error), error.code, len(wire.of(PRICE))) == (NetworkError, None, 2)
    assert error.advice == "The server is in trouble: try again later."
    assert "server in trouble, asking once more" in caplog.text
    wire.answer(BUY, blank, status=status)
    assert type(raised(lambda: wire.broker.buy("005930", 10, price=70000))) is OrderUncertain
    assert len(wire.of(BUY)) == 1


def test_query_that_met_a_server_in_trouble_comes_through_the_second_time(wire: Any) -> None:
    wire.answers[PRICE] = [
        (500, {}, b'{"rt_cd":"1","msg_cd":"","msg1":""}'),
        (200, {}, json.dumps(wire.good(PRICE)).encode()),
    ]
    assert wire.broker.quote("005930").price == 70300
    assert len(wire.of(PRICE)) == 2


def test_blank_refusal_without_trouble_stays_a_refusal(wire: Any) -> None:
    refuse(wire, PRICE, "", 200, "1", "")
    assert type(raised(lambda: wire.broker.quote("005930"))) is Rejected
    assert len(wire.of(PRICE)) == 1


@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [
        ("SANDBOX".ljust(36, "k"), "SANDBOX".ljust(180, "s"), None),
        ("SANDBOX".ljust(36, "k"), "SANDBOX".ljust(90, "s"), "the app secret has 90 characters, not 180"),
        (
            "SANDBOX".ljust(30, "k"),
            "SANDBOX".ljust(181, "s"),
            "the app key has 30 characters, not 36 and the app secret has 181 characters, not 180",
        ),
    ],
    ids=["usual", "half a secret", "both"],
)
@pytest.mark.parametrize(("code", "status"), [("EGW00103", 403), ("EGW00105", 403), ("", 500)])
def test_keys_of_an_unusual_length_are_named_where_a_login_fails(
    connect: Any, key: str, secret: str, told: str | None, code: str, status: int
) -> None:
    wire = connect("sandbox", plays="real", app_key=key, app_secret=secret)
    body = {"error_code": code, "error_description": "no"} if code else {"rt_cd": "1", "msg_cd": "", "msg1": ""}
    wire.answer("tokenP", body, status=status)
    error = raised(lambda: wire.broker.quote("005930"))
    if told is None:
        assert "characters" not in str(error.advice)
    else:
        assert told in str(error.advice)
    assert key not in str(error)


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("EGW00356", 500, "environment of the profile"),
        ("EGW02004", 500, "environment of the profile"),
        ("EGW02007", 500, "environment of the profile"),
        ("IGW00002", 500, "does not belong to this app key"),
        ("APBK1271", 200, "last two digits"),
        ("90070000", 200, "last two digits"),
        ("APBK0066", 200, "halted"),
    ],
)
def test_advice_says_what_to_do_about_a_code(wire: Any, code: str, status: int, told: str) -> None:
    refuse(wire, BUY, code, status, "1")
    assert told in str(raised(lambda: wire.broker.buy("005930", 10, price=70000)).advice)


def test_token_that_was_asked_for_too_soon_is_not_asked_for_again_within_the_minute(wire: Any) -> None:
    wire.client._tokens._token = None
    wire.answer("tokenP", {"error_description": "wait", "error_code": "EGW00133"}, status=403)
    first = raised(lambda: wire.broker.quote("005930"))
    assert (type(first), first.code) == (RateLimited, "EGW00133")
    assert first.advice == "A token can be had in 60 s."
    for ask in (lambda: wire.broker.quote("005930"), wire.broker.balance):
        error = raised(ask)
        assert (type(error), error.code) == (RateLimited, "EGW00133")
        assert re.fullmatch("A token can be had in [0-9]+ s[.]", str(error.advice))
    assert len(wire.of("tokenP")) == 1


@pytest.mark.parametrize("cause", CAUSES)
def test_same_cause_has_the_same_class_at_both_brokers(cause: str) -> None:
    other = pytest.importorskip("brokerkit_kiwoom", reason="the other adapter is not installed")
    kind, ours, theirs = CAUSES[cause]
    kiwoom = importlib.import_module(f"{other.__name__}.wire.errors")
    assert {table.REFUSALS.get(code, Rejected) for code in ours} == {kind}
    assert {kiwoom.REFUSALS.get(code, Rejected) for code in theirs} == {kind}
