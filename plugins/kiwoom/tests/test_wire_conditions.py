"""Saved conditions at Kiwoom: what is asked over the socket to the letter, and answers that we made in its shape."""

from __future__ import annotations

import json
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import IncompleteListing, InvalidRequest, Rejected, WireError
from brokerkit.models import Condition, Match

LISTED = {"trnm": "CNSRLST", "return_code": 0, "return_msg": "", "data": [["0  ", "상승"], ["12 ", "쉬는 것"]]}
NUMBERS = {"11": "-00000600", "12": "-00000850", "13": "012345678", "16": "000070800", "17": "+00071200"}
HIT = {"9001": "A005930", "302": "한빛전자", "10": "-00070300", "25": "5", **NUMBERS, "18": "-00070000"}
FOUND = {"trnm": "CNSRREQ", "seq": "0  ", "cont_yn": "N", "next_key": "", "return_code": 0, "return_msg": ""}


class Socket:
    """Answers what is asked over the socket, in turn."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = [*answers]
        self.asked: list[tuple[Any, str]] = []

    def __call__(self, frame: str, name: str) -> Any:
        self.asked.append((json.loads(frame), name))
        return self.answers.pop(0)


def listening(wire: Any, *answers: dict[str, Any]) -> Socket:
    socket = Socket(*answers)
    wire.broker.adapter.served["KR"].ask = lambda: nullcontext(socket)
    return socket


def found(*rows: dict[str, str], **others: Any) -> dict[str, Any]:
    return {**FOUND, "data": [*rows], **others}


def test_conditions_come_by_their_numbers_without_the_blanks_behind(wire: Any) -> None:
    socket = listening(wire, LISTED)
    assert [*wire.broker.conditions()] == [
        Condition(id="0", name="상승", group=None),
        Condition(id="12", name="쉬는 것", group=None),
    ]
    assert socket.asked == [({"trnm": "CNSRLST"}, "CNSRLST")]
    assert wire.calls == []


def test_conditions_may_come_with_names_too(wire: Any) -> None:
    listening(wire, {**LISTED, "data": [{"seq": "4  ", "name": "상승"}]})
    assert [condition.id for condition in wire.broker.conditions()] == ["4"]


def test_what_meets_a_condition_is_asked_for_after_the_list(wire: Any) -> None:
    socket = listening(wire, LISTED, found(HIT))
    (match,) = wire.broker.screen(Condition(id="0", name="상승"))
    assert match == Match(
        symbol="005930",
        name="한빛전자",
        price=Decimal(70300),
        previous_close=Decimal(70900),
        change=Decimal(-600),
        change_percent=Decimal("-0.85"),
        open=Decimal(70800),
        high=Decimal(71200),
        low=Decimal(70000),
        volume=Decimal(12345678),
    )
    assert socket.asked == [
        ({"trnm": "CNSRLST"}, "CNSRLST"),
        ({"trnm": "CNSRREQ", "seq": "0", "search_type": "0", "stex_tp": "K"}, "CNSRREQ"),
    ]


def test_a_condition_is_found_by_its_name(wire: Any) -> None:
    listening(wire, LISTED, LISTED, found(HIT))
    assert len(wire.broker.screen("상승")) == 1


def test_all_pages_are_read_by_the_key_in_the_body(wire: Any) -> None:
    pages = [
        found({**HIT, "9001": f"A00000{number}"}, cont_yn="Y" if number < 3 else "N", next_key=f" key-{number} ")
        for number in (1, 2, 3)
    ]
    socket = listening(wire, LISTED, *pages)
    matches = wire.broker.screen(Condition(id="0", name="상승"))
    assert [match.symbol for match in matches] == ["000001", "000002", "000003"]
    first = {"trnm": "CNSRREQ", "seq": "0", "search_type": "0", "stex_tp": "K"}
    assert [frame for frame, _ in socket.asked[1:]] == [
        first,
        {**first, "cont_yn": "Y", "next_key": " key-1 "},
        {**first, "cont_yn": "Y", "next_key": " key-2 "},
    ]


@pytest.mark.parametrize("keys", [("",), ("  ",), ("same", "same")])
def test_a_list_whose_end_cannot_be_reached_is_an_error(wire: Any, keys: tuple[str, ...]) -> None:
    listening(wire, LISTED, *(found(cont_yn="Y", next_key=key) for key in keys))
    with pytest.raises(IncompleteListing):
        wire.broker.screen(Condition(id="0", name="상승"))


def test_a_list_that_never_ends_is_an_error(wire: Any) -> None:
    listening(wire, LISTED, *(found(cont_yn="Y", next_key=f"{number}") for number in range(100)))
    with pytest.raises(IncompleteListing):
        wire.broker.screen(Condition(id="0", name="상승"))


@pytest.mark.parametrize(
    "answer",
    [
        found(HIT, seq="7  "),
        found({**HIT, "10": "1_000"}),
        found({**HIT, "12": "0.85"}),
        found({**HIT, "9001": 5}),  # type: ignore[dict-item]
        found(HIT, HIT),
        {key: value for key, value in found().items() if key != "data"},
    ],
)
def test_an_answer_that_is_not_as_documented_is_never_guessed(wire: Any, answer: dict[str, Any]) -> None:
    listening(wire, LISTED, answer)
    with pytest.raises(WireError):
        wire.broker.screen(Condition(id="0", name="상승"))


@pytest.mark.parametrize(
    "data", [[["", "상승"]], [["0\n", "상승"]], [["0"]], [5], None, [["0", "상승"], ["0  ", "하락"]]]
)
def test_a_list_of_conditions_that_is_not_as_documented_is_an_error(wire: Any, data: Any) -> None:
    listening(wire, {**LISTED, "data": data})
    with pytest.raises(WireError):
        wire.broker.conditions()


def test_a_refusal_has_the_broker_s_words(wire: Any) -> None:
    listening(wire, LISTED, {**FOUND, "return_code": 900001, "return_msg": "없는 조건식입니다"})
    with pytest.raises(Rejected, match="없는 조건식") as caught:
        wire.broker.screen(Condition(id="0", name="상승"))
    assert caught.value.code == "900001"


def test_what_is_no_number_of_a_condition_is_not_sent(wire: Any) -> None:
    socket = listening(wire)
    with pytest.raises(InvalidRequest):
        wire.broker.screen(Condition(id="every", name="상승"))
    assert socket.asked == []


def test_no_condition_and_no_match_are_empty_tables(wire: Any) -> None:
    listening(wire, {**LISTED, "data": []})
    assert len(wire.broker.conditions()) == 0
    listening(wire, LISTED, found())
    assert len(wire.broker.screen(Condition(id="0", name="상승"))) == 0
