"""Raw calls at Kiwoom, as they leave: the body as texts, pages by headers, lists of nothing, the pace of the US."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import Rejected
from brokerkit.transport import Endpoint, Limit

FLOWS = {"stk_cd": "005930", "dt": "20261127", "amt_qty_tp": "1", "trde_tp": "0", "unit_tp": "1000"}
ROW = {"dt": "20261127", "cur_prc": "-70000", "flu_rt": "-123", "ind_invsr": "--5"}
GOOD = {"stk_invsr_orgn": [ROW], "return_code": 0, "return_msg": "done"}


def test_a_query_leaves_as_that_of_a_verb_and_its_values_are_read_as_they_are_written(wire: Any) -> None:
    wire.answer("ka10059", GOOD)
    reply = wire.broker.call("종목별투자자기관별요청", {**FLOWS, "unit_tp": 1000})
    (call,) = wire.of("ka10059")
    assert (call.method, call.body, call.query) == ("POST", FLOWS, [])
    assert call.url.endswith("/api/dostk/stkinfo")
    assert call.headers["authorization"] == f"Bearer {wire.token}"
    (row,) = reply.rows
    assert (row.decimal("cur_prc"), row.decimal("flu_rt"), row["cur_prc"]) == (
        Decimal(70000),
        Decimal("-1.23"),
        "-70000",
    )
    assert reply["return_msg"] == "done"


def test_pages_go_on_by_their_headers(wire: Any) -> None:
    wire.pages("ka10059", ({"cont-yn": "Y", "next-key": "A1"}, GOOD), ({"cont-yn": "N"}, {**GOOD, "return_msg": ""}))
    reply = wire.broker.call("ka10059", FLOWS, pages=5)
    assert (reply.pages, reply.is_complete, len(reply.rows)) == (2, True, 2)
    assert wire.of("ka10059")[1].headers["next-key"] == "A1"


def test_a_list_of_nothing_is_no_refusal_and_any_other_is(wire: Any) -> None:
    wire.answer("ka10059", {"return_code": 20, "return_msg": "[2000](571758:조회내역이 없습니다)"})
    assert wire.broker.call("ka10059", FLOWS).blocks == {}
    wire.answer("ka10059", {"return_code": 20, "return_msg": "[2000](RC4058:closed)"})
    with pytest.raises(Rejected):
        wire.broker.call("ka10059", FLOWS)


def test_what_is_asked_for_the_us_goes_once_a_second(wire: Any) -> None:
    call = Endpoint({"real": "usa20100"}, "/api/us/mrkcond", wire.broker.client.whole(("",), None), "POST")
    assert wire.client.limits(call) == (Limit("usa20100", 1),)
