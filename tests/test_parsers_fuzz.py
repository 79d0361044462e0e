"""Every parser of both adapters over some thousand odd bodies, and the reader that it is compared with."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.transport import Body
from proof.parsers import Parser, fuzz, parsers
from proof.reference import Wrong, compare, number

NUMBERS = range(len(parsers()))


@pytest.mark.parametrize("which", NUMBERS, ids=[parser.name for parser in parsers()])
def test_odd_answers_end_in_a_broker_error_or_in_the_digits_that_were_sent(which: int) -> None:
    found = fuzz(which, 1, 1000)

    assert (found.bodies, found.escaped, found.wrong) == (1000, [], [])
    assert found.accepted > 50


@pytest.mark.parametrize(
    ("raw", "habit", "meant"),
    [
        ("0070000", "plain", "70000"),
        ("-1.50", "plain", "-1.50"),
        ("-70000", "direction", "70000"),
        ("--12", "signed", "-12"),
        ("  -0012", "padded", "-12"),
        *(
            (raw, "plain", None)
            for raw in ("", "1_000", "１２", "1e3", "NaN", " 1", "--1", "1.", ".5", "1" * 19, 5, None)
        ),
        *((raw, "signed", None) for raw in ("---1", "+-1", "-", "1\n")),
    ],
)
def test_the_reference_reads_what_the_brokers_write_and_nothing_else(raw: Any, habit: str, meant: str | None) -> None:
    assert number(raw, habit) == (None if meant is None else Decimal(meant))


def priced() -> Parser:
    return next(parser for parser in parsers() if parser.name == "kiwoom Price")


@pytest.mark.parametrize(
    "change", [{"cur_prc": Decimal(70_001)}, {"cur_prc": None}, {"pred_pre": Decimal(-70_000)}, {"name": "other"}]
)
def test_a_value_that_is_not_what_was_sent_is_noticed(change: dict[str, Any]) -> None:
    parser = priced()
    names = {"cur_prc": "price", "pred_pre": "change", "name": "name"}
    reply: Body = parser.endpoint.reply.model_validate_json(parser.template)
    compare(parser.broker, parser.endpoint, reply, parser.template.encode())

    other = reply.model_copy(update={names[key]: value for key, value in change.items()})

    with pytest.raises(Wrong):
        compare(parser.broker, parser.endpoint, other, parser.template.encode())


def test_success_without_the_code_of_success_is_noticed() -> None:
    parser = priced()
    reply: Body = parser.endpoint.reply.model_validate_json(parser.template)
    refused = json.dumps({**json.loads(parser.template), "return_code": 5}).encode()

    with pytest.raises(Wrong):
        compare(parser.broker, parser.endpoint, reply, refused)
