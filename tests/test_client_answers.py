"""What of an answer is believed: fields that stand in it once, and dates that can be reckoned with."""

from __future__ import annotations

import datetime as dt

import pytest

from brokerkit import clock
from brokerkit.errors import BrokerError, OrderUncertain
from tests.servers import ORDER, READ, ProbeClient, Server, answer

TWICE = [
    b'{"code": "0", "words": "done", "price": "70000", "code": "0"}',
    b'{"code": "1", "words": "done", "price": "70000", "code": "0"}',
    b'{"code": "0", "words": "done", "price": "1", "price": "70000"}',
    b'{"code": "0", "price": "70000", "unknown": 1, "unknown": 2}',
    b'{"code": "0", "price": "70000", "output": {"number": "1", "number": "2"}}',
    b'{"code": "0", "price": "70000", "output": [{"a": 1}, {"b": {"c": [], "c": []}}]}',
    b'{"code": "0", "price": "1", "pri\\u0063e": "70000"}',
    b'{"code": "poor", "words": "no", "words": "done"}',
]
"""Answers with a field that stands in them twice; the last one is a refusal that is definite otherwise."""


@pytest.mark.parametrize("content", TWICE)
def test_an_order_whose_answer_says_a_field_twice_is_uncertain(content: bytes) -> None:
    with Server(lambda exchange: exchange.send(answer(content))) as server, ProbeClient(server.url) as client:
        with pytest.raises(OrderUncertain, match="a field stands twice in the answer") as caught:
            client.call(ORDER, body={})
        assert (caught.value.code, server.orders()) == (None, 1)


@pytest.mark.parametrize("content", TWICE[1:3])
def test_of_a_field_that_a_query_is_answered_twice_the_last_one_counts(content: bytes) -> None:
    with Server(lambda exchange: exchange.send(answer(content))) as server, ProbeClient(server.url) as client:
        assert client.call(READ).price == 70000


@pytest.mark.parametrize(
    "content",
    [
        b'{"code": "0", "price": "70000", "a": {"x": 1}, "b": {"x": 2}, "c": [{"x": 1}, {"x": 1}]}',
        b'{"code": "0", "price": "70000", "Price": "1", "long": ' + b"9" * 40 + b', "small": 1e-999}',
    ],
)
def test_a_field_that_stands_once_in_every_block_is_believed(content: bytes) -> None:
    with Server(lambda exchange: exchange.send(answer(content))) as server, ProbeClient(server.url) as client:
        assert client.call(ORDER, body={}).price == 70000


DATES = [
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 99 Foo 99999 99:99:99 GMT",
    "Sat, 28 Nov 2026 10:00:00 +999999999999999999999999",
    "Sat, 28 Nov 99999999999999999999 10:00:00 GMT",
    "Sat, 28 Nov 2026 10:00:00 -0000",
    "Sat, 28 Nov 2026 99999999999:00:00 GMT",
    "Sat 28",
    "12",
    ", ",
    "(",
    "\xb2\xb3",
    "x" * 60_000,
]


@pytest.mark.parametrize("date", DATES, ids=lambda date: date[:40])
def test_a_date_beyond_the_calendar_is_ignored_and_the_order_is_accepted(date: str) -> None:
    data = answer().replace(b"Content-Type:", b"Date: " + date.encode("latin-1") + b"\r\nContent-Type:")
    with Server(lambda exchange: exchange.send(data)) as server, ProbeClient(server.url) as client:
        assert client.call(ORDER, body={}).price == 70000
        assert client.call(READ).price == 70000
        assert client.skew == 0
        assert clock.now() + dt.timedelta(seconds=client.skew) < dt.datetime.max.replace(tzinfo=dt.UTC)


def test_a_clock_that_is_years_away_is_told() -> None:
    data = answer(headers={"Date": "Mon, 01 Jan 1990 00:00:00 GMT"})
    with Server(lambda exchange: exchange.send(data)) as server, ProbeClient(server.url) as client:
        client.call(ORDER, body={})
        assert client.skew < -365 * 86_400


def test_whatever_stumbles_over_a_date_does_not_lose_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (OverflowError, TypeError, IndexError, UnboundLocalError, AttributeError):

        def fail(text: str, error: type[Exception] = error) -> dt.datetime:
            raise error

        monkeypatch.setattr("brokerkit.transport.reading.parsedate_to_datetime", fail)
        data = answer(headers={"Date": "Sat, 28 Nov 2026 10:00:00 GMT"})
        with Server(lambda exchange, data=data: exchange.send(data)) as server, ProbeClient(server.url) as client:
            try:
                assert client.call(ORDER, body={}).price == 70000
            except BrokerError as lost:
                pytest.fail(f"{error.__name__}: {lost}")
