"""Rows that are not as documented, and totals that are the sum of others or not."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field, StrictInt, ValidationError

from brokerkit.market.valuation import agrees
from brokerkit.transport import Blankable, Body, Number, OddRow, Row


class Line(Body):
    number: str = Field(alias="no", min_length=1)
    shares: Number = Field(alias="qty")
    price: Blankable = Field(None, alias="prc")
    code: Annotated[StrictInt, Field(ge=0)] | Number = 0


class Page(Body):
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
        ('{"no": "secret", "qty": ""}', "field qty is not as documented (string_pattern_mismatch)", ""),
        ('{"no": "9999999999999999999", "qty": ""}', "field qty is not as documented (string_pattern_mismatch)", ""),
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


@pytest.mark.parametrize(
    ("row", "blank"), [("{}", True), ('{"no": " ", "qty": ""}', True), ('{"no": "", "qty": "0x"}', False)]
)
def test_a_row_is_blank_if_nothing_stands_in_it(row: str, blank: bool) -> None:
    assert odd(row).is_blank is blank


@pytest.mark.parametrize(
    ("total", "values", "same"),
    [
        (0, [], True),
        (1, [], False),
        (100, [60, 40], True),
        (100, [60, 50], True),
        (100, [60, 52], False),
        (100, [89], False),
        (0, [1], False),
        (5, [None, 1], True),
        (-100, [-100], True),
        (100, [-100], False),
    ],
)
def test_a_total_is_the_sum_of_its_parts_within_what_prices_move(total: int, values: Any, same: bool) -> None:
    parts = [None if value is None else Decimal(value) for value in values]
    assert agrees(Decimal(total), parts) is same
