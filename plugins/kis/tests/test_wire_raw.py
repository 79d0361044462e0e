"""Raw calls at KIS, as they leave: query and body, headers, pages, old ids, and the demo environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brokerkit.errors import InvalidRequest, RateLimited, Unsupported
from plugins.kis.tests.conftest import KisWire

BALANCE = "TTTC8434R"
FIELDS = {
    "AFHR_FLPR_YN": "N",
    "INQR_DVSN": "01",
    "UNPR_DVSN": "01",
    "FUND_STTL_ICLD_YN": "N",
    "FNCG_AMT_AUTO_RDPT_YN": "N",
    "PRCS_DVSN": "00",
}


def test_a_query_leaves_as_that_of_a_verb(wire: Any) -> None:
    reply = wire.broker.call("domestic_stock/inquire_balance", FIELDS)
    (call,) = wire.of(BALANCE)
    assert (call.method, call.body, call.headers["tr_cont"]) == ("GET", None, "")
    assert call.url.endswith("/uapi/domestic-stock/v1/trading/inquire-balance")
    keys = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    sent = {"CANO": "50012345", "ACNT_PRDT_CD": "01", **FIELDS, **keys}
    assert {pair[0]: pair[1] for pair in call.query} == sent
    assert (call.headers["custtype"], call.headers["authorization"]) == ("P", f"Bearer {wire.token}")
    assert reply.is_complete


def test_pages_go_on_with_their_own_keys(wire: Any) -> None:
    page = wire.good(BALANCE)
    wire.paged("holdings", page, page, page)
    reply = wire.broker.call(BALANCE, FIELDS, pages=2)
    assert (reply.pages, reply.is_complete, len(reply.blocks["output1"])) == (2, False, 2 * len(page["output1"]))
    second = wire.of(BALANCE)[1]
    assert second.headers["tr_cont"] == "N"
    assert ("CTX_AREA_NK100", "0".ljust(100)) in second.query
    wire.paged("holdings", page, page, page)
    assert (wire.broker.call(BALANCE, FIELDS, pages=9).pages, wire.broker.call(BALANCE, FIELDS).is_complete) == (
        3,
        True,
    )


def test_a_page_that_is_asked_for_by_hand_says_so_in_its_header(wire: Any) -> None:
    wire.broker.call(BALANCE, {**FIELDS, "CTX_AREA_NK100": "5"})
    assert wire.of(BALANCE)[0].headers["tr_cont"] == "N"


def test_an_old_id_is_sent_as_it_is_and_one_of_the_other_environment_is_translated(
    connect: Callable[..., KisWire],
) -> None:
    wire: Any = connect("sandbox", plays="demo").logged_in()
    wire.broker.call(BALANCE, FIELDS)
    assert [call.id for call in wire.calls] == ["VTTC8434R"]
    with pytest.raises(Unsupported, match="offered in the demo environment") as refused:
        wire.broker.call("TTTC0084R", {})
    assert "It is offered in: real" in str(refused.value)
    assert len(wire.calls) == 1


def test_a_query_is_repeated_as_that_of_a_verb_and_its_refusals_are_the_same(wire: Any) -> None:
    wire.answer(BALANCE, wire.refusal("EGW00123", "expired"), wire.good(BALANCE))
    assert wire.broker.call(BALANCE, FIELDS).blocks["output1"]
    assert [call.headers["authorization"][7:] for call in wire.of(BALANCE)] == [wire.token, wire.second_token]
    wire.answer(BALANCE, wire.refusal("EGW00201", "too fast"))
    with pytest.raises(RateLimited):
        wire.broker.call(BALANCE, FIELDS)


def test_a_field_is_refused_before_anything_is_asked(wire: Any) -> None:
    wire.logged_out()
    with pytest.raises(InvalidRequest, match="missing: AFHR_FLPR_YN"):
        wire.broker.call(BALANCE, {"INQR_DVSN": "01"})
    assert wire.calls == []
