"""Types of the wire that brokers share: JSON numbers by their digits, ids, days and times of day."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from brokerkit import clock
from brokerkit.errors import OrderUncertain, WireError
from brokerkit.transport import (
    Block,
    Day,
    EitherBlankable,
    EitherNumber,
    EitherOrderNumber,
    EitherRelatedNumber,
    EitherTimeOfDay,
    JsonNumber,
    KoreanTime,
    Mark,
    Number,
    OrderId,
    OrderNumber,
    RelatedNumber,
    TimeOfDay,
    TimeOrBlank,
    WireNumber,
    ZeroIsNone,
    average,
    traded,
)
from brokerkit.transport.numbers import exact_json
from tests.servers import ORDER, READ, Exchange, ProbeClient, Server, answer

REFUSED = object()


def read(kind: Any, text: str, *, exact: bool = False) -> Any:
    """Return what a type makes of JSON, REFUSED where it takes it not."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        return adapter.validate_python(exact_json(text.encode())) if exact else adapter.validate_json(text)
    except ValidationError:
        return REFUSED


WHOLE = ["0", "70000", "-5", "999999999999999999", "-0"]
FRACTIONS = ["0.1", "-1.50", "0.10000001", "123456789012345678.12345678", "70000.0", "0.00000001"]
NO_NUMBERS = [
    *(
        "1e5",
        "1E+5",
        "1e-9",
        "0.123456789",
        "1000000000000000000",
        "1" * 30,
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999999",
    ),
    *("1e999999999999", "-1e-999999999", "true", "false", "null", "[]", "{}", "[1]"),
]
TEXTS = {"70000": "70000", "000.22": "0.22", "-01.55": "-1.55", "35000.00": "35000", "+3": "3"}


@pytest.mark.parametrize("kind", [JsonNumber, EitherNumber, EitherBlankable])
def test_a_json_number_is_read_by_its_digits(kind: Any) -> None:
    for text in WHOLE:
        assert read(kind, text) == read(kind, text, exact=True) == Decimal(text)
    for text in FRACTIONS:
        assert read(kind, text, exact=True) == Decimal(text)


@pytest.mark.parametrize("kind", [JsonNumber, EitherNumber, EitherBlankable])
def test_a_fraction_whose_digits_are_gone_is_refused_and_not_guessed(kind: Any) -> None:
    for text in [*FRACTIONS, "0.5"]:
        assert read(kind, text) is REFUSED


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("kind", [JsonNumber, EitherNumber, EitherBlankable])
def test_what_is_no_plain_json_number_is_refused(kind: Any, text: str) -> None:
    assert read(kind, text) is REFUSED
    assert read(kind, text, exact=True) is REFUSED


def test_only_where_both_are_declared_a_text_is_a_number_too() -> None:
    for text, number in TEXTS.items():
        for exact in (False, True):
            written = json.dumps(text)
            assert (
                read(EitherNumber, written, exact=exact)
                == read(EitherBlankable, written, exact=exact)
                == Decimal(number)
            )
            assert read(JsonNumber, written, exact=exact) is REFUSED
    for blank in ("", "  "):
        assert read(EitherBlankable, json.dumps(blank)) is None
        assert read(EitherNumber, json.dumps(blank)) is REFUSED
    for text in ("1_000", "1e3", " 1", "１２", "many", "NaN"):
        assert read(EitherNumber, json.dumps(text)) is REFUSED
    for exact in (False, True):
        assert read(Number, "5", exact=exact) is REFUSED


LARGEST = Decimal("999999999999999999.99999999")


@given(st.decimals(-LARGEST, LARGEST, places=8))
def test_no_digit_of_a_json_number_is_lost(number: Decimal) -> None:
    assert read(JsonNumber, f"{number:f}", exact=True) == number


def test_a_habit_of_a_vendor_is_read_in_both_forms() -> None:
    unsigned = Annotated[
        Decimal | None, WireNumber(r"[+-]?[0-9]{1,9}", lambda text: abs(Decimal(text)) or None, json=True)
    ]
    assert [read(unsigned, text) for text in ("-70000", '"-70000"', "0", '"0"')] == [70000, 70000, None, None]
    assert read(unsigned, "1000000000") is REFUSED


class Fractions(Block):
    """An answer with a fraction that is a JSON number, and rows of them."""

    price: JsonNumber
    rate: EitherNumber = Decimal(0)


LISTED, BOUGHT = (endpoint._replace(reply=Fractions) for endpoint in (READ, ORDER))


class ExactClient(ProbeClient):
    """A client whose broker writes fractions as JSON numbers."""

    json_fractions = True


def saying(content: str) -> Server:
    def script(exchange: Exchange) -> bool:
        return exchange.send(answer(content.encode()))

    return Server(script)


def test_a_client_that_says_so_keeps_the_digits_of_fractions() -> None:
    with saying('{"code": "0", "price": 123456789012345678.12345678, "rate": 0.1, "x": NaN}') as server:
        with ExactClient(server.url) as client:
            reply = client.call(LISTED)
            assert (reply.price, reply.rate) == (Decimal("123456789012345678.12345678"), Decimal("0.1"))
            assert client.call(BOUGHT, body={}).price == reply.price
        with ProbeClient(server.url) as client, pytest.raises(WireError, match="is not as documented"):
            client.call(LISTED)


@pytest.mark.parametrize("price", ["1e5", "NaN", "Infinity", "0.123456789", "1" * 5_000, '"5"', "true"])
def test_an_order_whose_numbers_are_none_is_uncertain(price: str) -> None:
    with saying(f'{{"code": "0", "price": {price}}}') as server, ExactClient(server.url) as client:
        with pytest.raises(OrderUncertain):
            client.call(BOUGHT, body={})
        assert server.orders() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"code": "0", "price": "1_0"}', "price is not as documented .string_pattern_mismatch"),
        ('{"code": "0"}', "price is missing"),
        ('{"code": "0", "price": 5}', "price is not as documented .string_type"),
    ],
)
def test_other_faults_are_told_in_the_same_way_whichever_reader_reads(content: str, words: str) -> None:
    for kind in (ExactClient, ProbeClient):
        with saying(content) as server, kind(server.url) as client, pytest.raises(WireError, match=words):
            client.call(READ)


TIME = dt.time(9, 30, 1)
MOMENT = dt.datetime(2026, 11, 28, 9, 30, 1, tzinfo=clock.KST)
TokenTime = Annotated[dt.datetime, KoreanTime("%Y-%m-%d %H:%M:%S")]
PlainTime = Annotated[dt.datetime, KoreanTime("%Y%m%d%H%M%S")]
TAKEN: list[tuple[Any, dict[str, Any]]] = [
    (OrderNumber, {'"0000000117"': "0000000117", '" 7 "': "7"}),
    (EitherOrderNumber, {"7": "7", '"007"': "007", "9999999999": "9999999999"}),
    (RelatedNumber, {'""': "", '"000"': "000", '"7"': "7"}),
    (EitherRelatedNumber, {"0": "0", "7": "7", '" "': ""}),
    (OrderId, {'"aB-_=.7"': "aB-_=.7", f'"{"x" * 128}"': "x" * 128}),
    (Mark, {'" Y "': "Y", '""': ""}),
    (TimeOrBlank, {'"093001"': TIME, '" "': None, '""': None}),
    (TimeOfDay, {'"093001 "': TIME, '"09:30:01"': None, '"246060"': None, "7": None, "null": None}),
    (EitherTimeOfDay, {'"093001"': TIME, '"09:30:01 "': TIME}),
    (EitherTimeOfDay, {'"09:3001"': None, '"0930:01"': None, '"246060"': None, "7": None, "null": None}),
    (TokenTime, {'"2026-11-28 09:30:01"': MOMENT}),
    (PlainTime, {'"20261128093001"': MOMENT}),
    (Day, {'"20261128"': dt.date(2026, 11, 28)}),
    (ZeroIsNone, {'"0"': None, '"0.00"': None, '""': None, '"70000"': Decimal(70000)}),
]
NOT_TAKEN: list[tuple[Any, list[str]]] = [
    (OrderNumber, ["7", '""', '"0"', '"00"', '"a"', '"12345678901"', "null"]),
    (EitherOrderNumber, ["0", "-7", "7.0", "true", '"0"', '""', "null", "10000000000"]),
    (RelatedNumber, ["7", '"a"', "null"]),
    (EitherRelatedNumber, ["-1", "7.5", "true", '"a"', "null"]),
    (OrderId, ['""', '"a b"', '" a"', '"a\\n"', '"가"', f'"{"x" * 129}"', "7", "null"]),
    (Mark, ["7", "null"]),
    (TimeOrBlank, ['"246060"', '"09:30:01"', '"9"', "93001"]),
    (Day, ['"2026-11-28"', '"20261301"', '"2026W485"', "20261128", '""']),
    (ZeroIsNone, ["0", '"many"']),
    (TokenTime, ['"2026-11-28T09:30:01"', '"2026-11-28 9:30:01"', '"2026-13-28 09:30:01"', '""', "null", "20261128"]),
    (PlainTime, ['"20261128246060"', '"2026112809300"', '" 20261128093001"', "20261128093001"]),
]


@pytest.mark.parametrize("exact", [False, True])
def test_what_a_type_takes_and_refuses(exact: bool) -> None:
    for kind, taken in TAKEN:
        assert {text: read(kind, text, exact=exact) for text in taken} == taken
    for kind, refused in NOT_TAKEN:
        assert {text: read(kind, text, exact=exact) for text in refused} == dict.fromkeys(refused, REFUSED)


def test_averages_are_exact_to_four_decimals_and_nothing_without_trades() -> None:
    assert average(Decimal(100), Decimal(3)) == Decimal("33.3333")
    assert average(Decimal("999999999999999999.99999999"), Decimal("0.00000001")) == Decimal(
        "99999999999999999999999999"
    )
    assert average(Decimal(0), Decimal(3)) is average(None, Decimal(3)) is average(Decimal(1), Decimal(0)) is None
    assert (traded(Decimal(0)), traded(None), traded(Decimal(5))) == (None, None, 5)
