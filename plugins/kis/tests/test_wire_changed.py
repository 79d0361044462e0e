"""Data that changes between two pages: the list is read again from the first page, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from brokerkit import IncompleteListing

BALANCE = "TTTC8434R"
CHANGED = {"rt_cd": "7", "msg_cd": "KIOK9999", "msg1": "조회 도중 자료가 변경됨"}


def page(wire: Any, symbol: str, mark: str) -> tuple[int, dict[str, str], bytes]:
    body = wire.good(BALANCE)
    body["output1"] = [{**body["output1"][0], "pdno": symbol}]
    body["output2"][0]["evlu_amt_smtl_amt"] = "1687200"  # of both pages
    body["ctx_area_nk100"] = symbol if mark == "F" else ""
    (scripted,) = wire.answer(BALANCE, body, headers={"tr_cont": mark}).answers[BALANCE]
    return scripted  # type: ignore[no-any-return]


def script(wire: Any, *marks: str) -> None:
    pages = {"first": page(wire, "005930", "F"), "last": page(wire, "000660", "D")}
    (pages["changed"],) = wire.answer(BALANCE, CHANGED, status=500).answers[BALANCE]
    wire.answers[BALANCE] = [pages[mark] for mark in marks]


def test_a_list_whose_data_changed_is_read_again_from_the_first_page(wire: Any) -> None:
    script(wire, "first", "changed", "first", "last")
    assert [position.symbol for position in wire.broker.balance().positions] == ["005930", "000660"]
    keys = [dict(call.query).get("CTX_AREA_NK100") for call in wire.of(BALANCE)]
    assert keys == ["", "005930", "", "005930"]


def test_a_list_that_changes_again_and_again_is_not_returned_short(wire: Any) -> None:
    script(wire, "first", "changed", "first", "changed", "first", "changed", "first", "last")
    with pytest.raises(IncompleteListing) as caught:
        wire.broker.balance()
    assert caught.value.code == "KIOK9999"
    assert len(wire.of(BALANCE)) == 6
