"""Rows that are not as documented, and totals that are the sum of others or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, Field, StrictInt, TypeAdapter, ValidationError

from brokerkit.market.valuation import disagreement
from brokerkit.transport import (
    Blankable,
    Block,
    EitherNumber,
    EitherOrderNumber,
    Number,
    OddRow,
    OrderId,
    OrderNumber,
    Row,
)
from brokerkit.words import PositionKind


class Line(Block):
    number: OrderNumber = Field(alias="no")
    shares: Number = Field(alias="qty")
    price: Blankable = Field(None, alias="prc")
    code: Annotated[StrictInt, Field(ge=0)] | Number = 0


class Page(Block):
    rows: tuple[Row[Line], ...] = Field(alias="list")


def read(*rows: str) -> tuple[Line | OddRow, ...]:
    return Page.model_validate_json(f'{{"list": [{", ".join(rows)}]}}').rows


def odd(row: str) -> OddRow:
    sound, found, last = read('{"no": "1", "qty": "5"}', row, '{"no": "3", "qty": "7"}')
    assert isinstance(found, OddRow)
    assert [row.shares for row in (sound, last) if isinstance(row, Line)] == [5, 7]
    return found


@pytest.mark.parametrize(
    ("row", "fault", "number"),
    [
        ('{"no": "0002", "qty": "many"}', "field qty is not as documented (string_pattern_mismatch)", "0002"),
        ('{"no": " 2 "}', "field qty is missing", "2"),
        ('{"qty": "5"}', "field no is missing", ""),
        ('{"no": 2, "qty": "5"}', "field no is not as documented (string_type)", ""),
        ('{"no": "secret", "qty": ""}', "field no is not as documented (string_pattern_mismatch)", ""),
        ('{"no": "9999999999999999999", "qty": ""}', "field no is not as documented (string_pattern_mismatch)", ""),
        ("{}", "field no is missing", ""),
        ('{"no": "2", "qty": "5", "prc": 5}', "field prc is not as documented (string_type)", "2"),
        ('{"no": "2", "qty": "5", "prc": "1e3"}', "field prc is not as documented (string_pattern_mismatch)", "2"),
        ('{"no": "2", "qty": "5", "code": null}', "field code is not as documented (int_type)", "2"),
    ],
)
def test_an_odd_row_says_what_is_wrong_and_leaves_its_neighbours(row: str, fault: str, number: str) -> None:
    found = odd(row)
    assert (found.fault, found.number("order", "no")) == (fault, number)
    assert repr(found) == f"OddRow(fault={fault!r})"


@pytest.mark.parametrize("row", ["null", '"row"', "5", "[]"])
def test_what_is_no_row_at_all_is_no_list(row: str) -> None:
    with pytest.raises(ValidationError):
        read(row)


@pytest.mark.parametrize(("number", "may"), [("2", True), ("0002", True), ("3", False)])
def test_an_odd_row_may_be_that_of_its_number_or_of_any_if_it_tells_none(number: str, may: bool) -> None:
    assert odd('{"no": "002", "qty": ""}').may_be(number, "no") is may
    assert odd('{"no": "x", "qty": ""}').may_be(number, "no")


class Opaque(Block):
    """A row whose number is any text."""

    number: OrderId = Field(validation_alias=AliasChoices("orderId", "order_id"))
    original: OrderId | None = Field(None, alias="original")
    shares: Number = Field(alias="qty")


class Counted(Block):
    """A row whose number is a JSON number or a text."""

    number: EitherOrderNumber = Field(alias="no")
    shares: EitherNumber = Field(alias="qty")


def odd_of(kind: type[Block], row: str) -> OddRow:
    found: Any = TypeAdapter(tuple[Row[kind], ...]).validate_json(f"[{row}]")[0]  # type: ignore[valid-type]
    assert isinstance(found, OddRow)
    return found


OPAQUE = "AbC-_0=" * 18 + "xy"


@pytest.mark.parametrize(
    ("id", "number"),
    [
        (OPAQUE, OPAQUE),
        ("7", "7"),
        ("0007", "0007"),
        ("a b", ""),
        ("", ""),
        ("가", ""),
        (OPAQUE + "z", ""),
        ("a\n", ""),
    ],
)
def test_what_the_number_of_an_odd_row_is_its_own_type_says(id: str, number: str) -> None:
    for name in ("orderId", "order_id"):
        found = odd_of(Opaque, json.dumps({name: id, "qty": 5}))
        assert found.number("orderId", "order_id") == number
        assert found.may_be(id, "orderId", "order_id")
        assert found.may_be("another", "orderId", "order_id") is (number == "")


def test_an_opaque_id_is_compared_as_it_is_and_digits_as_a_number() -> None:
    assert odd_of(Opaque, '{"orderId": "0x7", "qty": ""}').may_be("0x7", "orderId")
    assert not odd_of(Opaque, '{"orderId": "0x7", "qty": ""}').may_be("0X7", "orderId")
    assert not odd_of(Opaque, '{"orderId": "0x7", "qty": ""}').may_be("7", "orderId")
    assert odd_of(Opaque, '{"orderId": "0007", "qty": ""}').may_be("7", "orderId")


def test_a_second_field_is_looked_at_where_the_first_has_no_number() -> None:
    assert odd_of(Opaque, '{"orderId": null, "original": "o-1", "qty": ""}').number("orderId", "original") == "o-1"
    assert odd_of(Opaque, '{"orderId": "a b", "qty": "", "unknown": "u-1"}').number("orderId", "unknown") == ""


@pytest.mark.parametrize(
    ("id", "number"), [(7, "7"), ("0007", "0007"), (0, ""), (-7, ""), (7.0, ""), (True, ""), ([7], "")]
)
def test_a_number_that_is_a_json_number_is_one(id: object, number: str) -> None:
    found = odd_of(Counted, json.dumps({"no": id, "qty": "many"}))
    assert found.number("no") == number
    assert found.may_be("7", "no")
    assert found.may_be("8", "no") is (number == "")


@pytest.mark.parametrize(
    ("row", "blank"), [("{}", True), ('{"no": " ", "qty": ""}', True), ('{"no": "", "qty": "0x"}', False)]
)
def test_a_row_is_blank_if_nothing_stands_in_it(row: str, blank: bool) -> None:
    assert odd(row).is_blank is blank


@dataclass(frozen=True)
class Holding:
    """A row of a balance."""

    market_value: Decimal
    kind: PositionKind | None = PositionKind.CASH
    symbol: str = ""


def holdings(values: Sequence[int], kind: PositionKind = PositionKind.CASH) -> list[Holding]:
    return [Holding(Decimal(value), kind, str(number)) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("total", "pages", "same"),
    [
        (0, [[]], True),
        (1, [[]], False),
        (1000, [[600, 400]], True),
        (1000, [[600, 419]], True),
        (1000, [[600, 430]], False),
        (1000, [[600], [500]], True),
        (1000, [[600], [520]], False),
        (1000, [[889]], False),
        (0, [[1]], False),
        (1000, [[1000, 0]], True),
        (1300, [[1000, 0]], True),  # a holding without a price
        (700, [[1000, 0]], False),
    ],
)
def test_a_total_is_the_sum_of_its_parts_within_what_prices_move(
    total: int, pages: list[list[int]], same: bool
) -> None:
    assert (disagreement(Decimal(total), [holdings(page) for page in pages]) is None) is same


@pytest.mark.parametrize(("total", "same"), [(1000, True), (1300, True), (700, True), (300, False), (2000, False)])
def test_what_is_owed_may_add_to_the_total_or_not_and_hides_no_holding(total: int, same: bool) -> None:
    page = [*holdings([1000]), *holdings([300], PositionKind.SHORT)]
    assert (disagreement(Decimal(total), [page]) is None) is same


def test_a_holding_that_stands_twice_is_no_holding_of_twice_as_much() -> None:
    page = holdings([1000])
    assert "twice" in str(disagreement(Decimal(2000), [page, page]))
    assert disagreement(Decimal(2000), [[*page, Holding(Decimal(1000), symbol="other")]]) is None
