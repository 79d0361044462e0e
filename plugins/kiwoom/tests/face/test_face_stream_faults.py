"""Faults of streams in front of the Kiwoom face, as its clients see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from brokerkit_kiwoom.sandbox.stream import KiwoomStream

from brokerkit.sandbox import Faults, Rule
from brokerkit.sandbox.faults.relay import Relay
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import SAMSUNG, Customer
from plugins.kiwoom.tests.face.listeners import Listener, listening

HYNIX = "000660"


@contextmanager
def broken(customer: Customer, *rules: Rule) -> Iterator[Faults]:
    """Put a relay that breaks frames before the customer's face."""
    faults = Faults(rules)
    relay = Relay(customer.face, faults)
    direct, customer.server = customer.server, relay  # type: ignore[assignment] - only its address is asked for
    try:
        yield faults
    finally:
        customer.server = direct
        relay.close()


def trade(customer: Customer, quantity: int = 7, symbol: str = SAMSUNG) -> None:
    customer.exchange.trade(symbol, Side.BUY, Decimal(quantity))


def played(faults: Faults) -> list[str]:
    return [entry.kind for entry in faults.log]


def test_fields_that_nobody_knows_stand_beside_the_known_ones(customer: Customer) -> None:
    with broken(customer, Rule("stream_unknown_columns", nth=2)) as faults, listening(customer, ["0B"]) as listener:
        trade(customer)
        known = set(listener.values("0B"))
        trade(customer)
        values = listener.values("0B")
    assert known < set(values)
    assert values["15"] == "+7"
    assert played(faults) == ["stream_unknown_columns"]


def test_entries_of_a_frame_come_one_by_one(customer: Customer) -> None:
    with broken(customer, Rule("stream_split", nth=1)), listening(customer, ["0B", "0D"]) as listener:
        trade(customer)
        assert [entry["type"] for entry in listener.settle()] == ["0B", "0D"]
        assert [len(frame["data"]) for frame in listener.frames] == [1, 1]


def test_two_frames_can_come_as_one_but_not_an_answer_with_one(customer: Customer) -> None:
    with listening(customer, ["0B"], [SAMSUNG, HYNIX]) as listener:
        for symbol in (SAMSUNG, HYNIX):
            trade(customer, symbol=symbol)
            listener.settle()
        stream = customer.face.stream
        assert isinstance(stream, KiwoomStream)
        one, other = (json.dumps(frame) for frame in listener.frames)
        merged = stream.merged(stream.lines[0], one, other)
        assert merged is not None
        assert [entry["item"] for entry in json.loads(merged)["data"]] == [SAMSUNG, HYNIX]
        assert stream.merged(stream.lines[0], one, '{"trnm":"REG","return_code":0,"return_msg":""}') is None


def test_frame_comes_twice(customer: Customer) -> None:
    with broken(customer, Rule("stream_duplicated", nth=1)), listening(customer, ["00"], [""]) as listener:
        customer.order()
        first, second = listener.settle()
    assert first == second


def test_frames_tell_no_number_of_entries_that_could_be_wrong(customer: Customer) -> None:
    with broken(customer, Rule("stream_wrong_count", nth=1)) as faults, listening(customer, ["0B"]) as listener:
        trade(customer)
        assert listener.values("0B")["15"] == "+7"
    assert played(faults) == []


def test_registration_is_refused_and_does_not_stand(customer: Customer) -> None:
    rule = Rule("stream_registration_refused", nth=1)
    with broken(customer, rule) as faults, listening(customer) as listener:
        answer = listener.register(["0B"])
        assert (answer["trnm"], answer["return_code"]) == ("REG", 1)
        trade(customer)
        assert listener.settle() == []
        assert listener.register(["0B"])["return_code"] == 0
        assert listener.remove(["0B"])["return_code"] == 0
    assert played(faults) == ["stream_registration_refused"]


def test_token_is_refused_and_the_line_closed(customer: Customer) -> None:
    with broken(customer, Rule("stream_key_refused", nth=1)) as faults:
        with Listener(customer) as listener:
            answer = listener.login()
            assert (answer["return_code"], "CODE=8005" in answer["return_msg"]) == (805004, True)
            assert listener.end()[1] == 1000
        with Listener(customer) as listener:
            assert listener.login()["return_code"] == 0
    assert played(faults) == ["stream_key_refused"]


def test_heartbeats_and_answers_go_through_a_silence(customer: Customer) -> None:
    assert isinstance(customer.face.stream, KiwoomStream)
    customer.face.stream.heartbeat_seconds = 0.02
    with broken(customer, Rule("stream_silent", nth=1)), listening(customer, ["0B"]) as listener:
        trade(customer)
        assert [entry["type"] for entry in listener.settle()] == []
        assert listener.answer() == {"trnm": "PING"}


def test_market_is_told_what_lines_want_to_hear_of(customer: Customer) -> None:
    stream = customer.face.stream
    assert stream is not None
    assert set(stream.watched()) == set()
    with listening(customer, ["0B"], [f"{SAMSUNG}_AL", "999999", ""]) as listener:
        assert set(stream.watched()) == {SAMSUNG}
        listener.register(["0J"], ["001", "777"], grp_no="2")
        assert set(stream.watched()) == {SAMSUNG, *customer.exchange.indices.shares("INDEX:KOSPI")}
        listener.ask({"trnm": "CNSRLST"})
        answer = listener.ask({"trnm": "CNSRREQ", "seq": "0", "search_type": "1", "stex_tp": "K"})
        assert {row["jmcode"][1:] for row in answer["data"]} <= set(stream.watched())
