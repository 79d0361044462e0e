"""Every parser of both adapters over some thousand odd bodies, and the reader that it is compared with."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.transport import Block, OddRow
from proof.parsers import Parser, fuzz, parsers, told_by
from proof.reference import Wrong, compare, compare_rows, number

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
        ("1,465.45", "grouped", "1465.45"),
        ("1465.45", "grouped", "1465.45"),
        *((raw, "grouped", None) for raw in ("1,46.5", ",465", "1465,450", "-1,465", "1,465.", "1.4,650")),
        *((raw, "signed", None) for raw in ("---1", "+-1", "-", "1\n")),
    ],
)
def test_the_reference_reads_what_the_brokers_write_and_nothing_else(raw: Any, habit: str, meant: str | None) -> None:
    assert number(raw, habit) == (None if meant is None else Decimal(meant))


def named(name: str) -> Parser:
    return next(parser for parser in parsers() if parser.name == name)


def read(parser: Parser, content: str) -> Block:
    reply: Block = parser.endpoint.reply.model_validate_json(content)
    compare(parser.broker, parser.endpoint, reply, content.encode())
    return reply


def priced() -> Parser:
    return named("kiwoom Price")


@pytest.mark.parametrize(
    "change", [{"cur_prc": Decimal(70_001)}, {"cur_prc": None}, {"pred_pre": Decimal(-70_000)}, {"name": "other"}]
)
def test_a_value_that_is_not_what_was_sent_is_noticed(change: dict[str, Any]) -> None:
    parser = priced()
    names = {"cur_prc": "price", "pred_pre": "moved", "name": "name"}
    reply: Block = parser.endpoint.reply.model_validate_json(parser.template)
    compare(parser.broker, parser.endpoint, reply, parser.template.encode())

    other = reply.model_copy(update={names[key]: value for key, value in change.items()})

    with pytest.raises(Wrong):
        compare(parser.broker, parser.endpoint, other, parser.template.encode())


def test_success_without_the_code_of_success_is_noticed() -> None:
    parser = priced()
    reply: Block = parser.endpoint.reply.model_validate_json(parser.template)
    refused = json.dumps({**json.loads(parser.template), "return_code": 5}).encode()

    with pytest.raises(Wrong):
        compare(parser.broker, parser.endpoint, reply, refused)


LISTS = ["kis OrdersAnswer", "kis OpenOrdersAnswer", "kiwoom OrdersAnswer", "kiwoom OpenOrdersAnswer"]
LISTS += ["kiwoom FilledOrdersAnswer"]


@pytest.mark.parametrize("which", NUMBERS, ids=[parser.name for parser in parsers()])
def test_what_the_odd_bodies_are_made_of_has_no_odd_row_and_tells_every_field(which: int) -> None:
    parser = parsers()[which]
    reply = read(parser, parser.template)

    bodies = (reply, *getattr(reply, "rows", ()))
    told = [getattr(body, name) for body in bodies for name in told_by(type(body))]

    assert not [value for value in told if value is None or isinstance(value, OddRow)]


@pytest.mark.parametrize("name", LISTS)
def test_a_row_that_is_odd_stands_for_what_was_sent_and_no_sound_one_is_called_odd(name: str) -> None:
    parser = named(name)
    content = json.loads(parser.template)
    block, (row,) = next((key, value) for key, value in content.items() if isinstance(value, list))
    odd = json.dumps({**content, block: [row, {**row, "ord_qty": "1e3"}]})
    reply = read(parser, odd)
    sound, found = reply.rows  # type: ignore[attr-defined]
    assert isinstance(sound, Block)
    assert isinstance(found, OddRow)

    for rows in (
        (sound, OddRow(found.fault, {**found.values, "ord_qty": "1"})),
        (OddRow(found.fault, row), found),
        (sound, sound),
        (sound,),
    ):
        with pytest.raises(Wrong):
            compare(parser.broker, parser.endpoint, reply.model_copy(update={"rows": rows}), odd.encode())


def test_rows_whose_rest_is_read_later_are_compared_too() -> None:
    parser = named("kiwoom InvestorAnswer")
    assert parser.later is not None
    (told,) = json.loads(parser.template)["stk_invsr_orgn"]
    row = parser.later.model_validate(told)

    compare_rows(parser.broker, parser.endpoint, [row], "stk_invsr_orgn", parser.template.encode())
    other = row.model_copy(update={"individual": Decimal(1)})
    with pytest.raises(Wrong):
        compare_rows(parser.broker, parser.endpoint, [other], "stk_invsr_orgn", parser.template.encode())


@pytest.mark.parametrize(
    ("name", "field", "sent", "other"),
    [
        ("kiwoom Price", "price", {"cur_prc": "-0"}, Decimal(0)),
        ("kiwoom Price", "price", {"cur_prc": "1"}, None),
        ("kiwoom AmendAccepted", "quantity", {"mdfy_qty": "0012"}, None),
        ("kiwoom AmendAccepted", "quantity", {"mdfy_qty": "1e3"}, Decimal(1000)),
        ("kis OrderAnswer", "clock", {"ORD_TMD": "101500"}, None),
        ("kis OrderAnswer", "clock", {"ORD_TMD": "240000"}, dt.time(0)),
        ("kis OrderAnswer", "branch", {"KRX_FWDG_ORD_ORGNO": 91252}, "91252"),
        ("kis OrderAnswer", "branch", {"KRX_FWDG_ORD_ORGNO": "91252"}, ""),
    ],
)
def test_what_stands_for_no_value_is_noticed_where_there_is_one(
    name: str, field: str, sent: dict[str, Any], other: Any
) -> None:
    parser = named(name)
    content = json.loads(parser.template)
    block = content.get("output")
    content = {**content, "output": {**block[0], **sent}} if block else {**content, **sent}
    reply = read(parser, json.dumps(content))
    wrong = {field: other}
    if block:
        wrong = {"output": reply.output.model_copy(update=wrong)}  # type: ignore[attr-defined]

    with pytest.raises(Wrong):
        compare(parser.broker, parser.endpoint, reply.model_copy(update=wrong), json.dumps(content).encode())


@pytest.mark.parametrize(("path", "average"), [("/domestic-stock/", Decimal(0)), ("/overseas-stock/", None)])
def test_an_average_price_of_nought_tells_nothing_of_shares_abroad_alone(path: str, average: Decimal | None) -> None:
    parser = next(each for each in parsers() if each.name == "kis BalanceAnswer" and path in each.endpoint.path)
    content = json.loads(parser.template)
    (row,) = content["output1"]
    nought = json.dumps({**content, "output1": [{**row, "pchs_avg_pric": "0"}]})
    reply = read(parser, nought)
    (held,) = reply.rows  # type: ignore[attr-defined]
    other = held.model_copy(update={"average_price": None if average is not None else Decimal(0)})

    assert held.average_price == average
    with pytest.raises(Wrong):
        compare(parser.broker, parser.endpoint, reply.model_copy(update={"rows": (other,)}), nought.encode())
