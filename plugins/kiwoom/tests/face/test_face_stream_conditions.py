"""Condition search over the WebSocket of the face, against the screens of the exchange."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.sandbox.ranks import SCREENS, screened
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import SAMSUNG, Customer
from plugins.kiwoom.tests.face.listeners import Entry, Listener, listening

RISING, UNTRADED, EVERYTHING = range(3)
DEAR = "000660"
"""It is dear, and rises."""


def searching(customer: Customer) -> Listener:
    listener = listening(customer)
    assert listener.ask({"trnm": "CNSRLST"})["return_code"] == 0
    return listener


def request(number: object, kind: str = "1", **changes: str) -> Entry:
    return {"trnm": "CNSRREQ", "seq": str(number), "search_type": kind, "stex_tp": "K", **changes}


def number_in(text: str) -> int:
    assert len(text) == 9
    return int(text)


def test_conditions_are_listed_as_pairs(customer: Customer) -> None:
    with listening(customer) as listener:
        answer = listener.ask({"trnm": "CNSRLST"})
    assert (answer["trnm"], answer["return_code"], answer["return_msg"]) == ("CNSRLST", 0, "")
    assert answer["data"] == [[str(number), name] for number, name in enumerate(SCREENS)]


def test_search_before_the_list_is_not_answered(customer: Customer) -> None:
    with listening(customer) as listener:
        listener.send(request(RISING, "0"))
        assert listener.ask({"trnm": "CNSRLST"})["trnm"] == "CNSRLST"
        assert listener.ask(request(RISING, "0"))["trnm"] == "CNSRREQ"


def test_search_answers_what_meets_the_condition_with_padded_numbers(customer: Customer) -> None:
    with searching(customer) as listener:
        answer = listener.ask(request(RISING, "0"))
    found = screened(customer.exchange, "상승")
    assert (answer["seq"], answer["return_code"], answer["cont_yn"], answer["next_key"]) == ("0  ", 0, "N", "")
    assert [row["9001"] for row in answer["data"]] == [f"A{instrument.symbol}" for instrument, _ in found]
    for row, (instrument, quote) in zip(answer["data"], found, strict=True):
        assert row["302"] == instrument.name
        assert [abs(number_in(row[fid])) for fid in ("10", "16", "17", "18")] == [
            quote.price,
            quote.open,
            quote.high,
            quote.low,
        ]
        assert (number_in(row["11"]), number_in(row["13"])) == (quote.change, quote.volume)
        assert quote.change_percent is not None
        assert abs(Decimal(number_in(row["12"])) / 1000 - quote.change_percent) <= Decimal("0.005")


def test_falling_prices_have_a_minus_within_their_width(customer: Customer) -> None:
    with searching(customer) as listener:
        rows = {row["9001"]: row for row in listener.ask(request(EVERYTHING, "0"))["data"]}
    falling = [quote for _, quote in screened(customer.exchange, "전체")[:100] if (quote.change or 0) < 0]
    assert falling
    for quote in falling:
        row = rows[f"A{quote.symbol}"]
        assert row["10"] == f"-{quote.price:08f}"
        assert row["11"].startswith("-")
        assert row["25"] in ("4", "5")


def test_search_comes_in_pages_told_in_the_body(customer: Customer) -> None:
    with searching(customer) as listener:
        answers = [listener.ask(request(EVERYTHING, "0"))]
        while answers[-1]["cont_yn"] == "Y":
            assert 0 < len(answers[-1]["next_key"]) <= 20
            answers.append(listener.ask(request(EVERYTHING, "0", cont_yn="Y", next_key=answers[-1]["next_key"])))
    assert [len(answer["data"]) for answer in answers] == [100, 100, len(customer.exchange.instruments) - 200]
    codes = [row["9001"][1:] for answer in answers for row in answer["data"]]
    assert codes == [instrument.symbol for instrument, _ in screened(customer.exchange, "전체")]


def test_live_search_answers_codes_and_then_who_comes_and_goes(customer: Customer) -> None:
    exchange = customer.exchange
    base = exchange.instruments[DEAR].previous_close
    with searching(customer) as listener:
        answer = listener.ask(request(RISING))
        assert (answer["trnm"], answer["seq"], answer["return_code"]) == ("CNSRREQ", "0  ", 0)
        assert answer["data"] == [{"jmcode": f"A{each.symbol}"} for each, _ in screened(exchange, "상승")]
        assert {"jmcode": f"A{DEAR}"} in answer["data"]
        exchange.move(DEAR, base)
        left = listener.entry("02")
        exchange.move(DEAR, exchange.instruments[DEAR].upper_limit)
        come = listener.entry("02")
    assert (left["name"], left["item"], left["values"]["9001"]) == ("조건검색", DEAR, DEAR)
    assert (left["values"]["841"], left["values"]["843"], left["values"]["907"]) == ("0  ", "D", "1")
    assert (come["values"]["843"], come["values"]["907"]) == ("I", "2")
    assert come["values"]["20"] >= "100000"


def test_trade_that_changes_nothing_is_no_hit(customer: Customer) -> None:
    with searching(customer) as listener:
        listener.ask(request(RISING))
        listener.ask(request(EVERYTHING))
        customer.exchange.trade(DEAR, Side.BUY, Decimal(1))
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
        assert listener.settle() == []


def test_first_trade_of_a_symbol_leaves_the_search_for_untraded_ones(customer: Customer) -> None:
    customer.exchange.unopen(SAMSUNG)
    with searching(customer) as listener:
        assert listener.ask(request(UNTRADED))["data"] == [{"jmcode": f"A{SAMSUNG}"}]
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
        values = listener.values("02")
    assert (values["841"].strip(), values["843"]) == (str(UNTRADED), "D")


def test_search_that_was_ended_tells_nothing_more(customer: Customer) -> None:
    with searching(customer) as listener:
        listener.ask(request(RISING))
        answer = listener.ask({"trnm": "CNSRCLR", "seq": "0"})
        assert answer == {"trnm": "CNSRCLR", "seq": "0  ", "return_code": 0, "return_msg": ""}
        customer.exchange.move(DEAR, customer.exchange.instruments[DEAR].previous_close)
        assert listener.settle() == []


def test_number_can_come_padded_as_it_was_given(customer: Customer) -> None:
    with searching(customer) as listener:
        assert listener.ask(request("0  "))["return_code"] == 0
        assert listener.ask({"trnm": "CNSRCLR", "seq": "0  "})["return_code"] == 0


def test_eleventh_live_search_is_refused(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerkit_kiwoom.sandbox.stream_conditions.MOST_LIVE", 2)
    with searching(customer) as listener:
        assert [listener.ask(request(number))["return_code"] for number in (0, 1, 2)] == [0, 0, 1]
        assert listener.ask(request(1))["return_code"] == 0
        listener.ask({"trnm": "CNSRCLR", "seq": "0"})
        assert listener.ask(request(2))["return_code"] == 0


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"seq": "3"}, 900004),
        ({"seq": ""}, 900004),
        ({"search_type": "2"}, 1),
        ({"stex_tp": "N"}, 1),
        ({"cont_yn": "Y", "next_key": "x"}, 1),
    ],
)
def test_search_that_cannot_be_is_refused(customer: Customer, wrong: dict[str, str], code: int) -> None:
    with searching(customer) as listener:
        answer = listener.ask({**request(RISING, "0"), **wrong})
    assert (answer["trnm"], answer["return_code"], answer["data"]) == ("CNSRREQ", code, [])


def test_number_that_is_half_a_letter_is_refused_like_others(customer: Customer) -> None:
    with searching(customer) as listener:
        listener.socket.send('{"trnm": "CNSRREQ", "seq": "\\ud800", "search_type": "0", "stex_tp": "K"}')
        assert listener.answer()["return_code"] == 900004
