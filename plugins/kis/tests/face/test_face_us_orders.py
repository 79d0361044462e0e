"""Orders of US shares at the KIS face: every code, the daytime market, amendments, cancels and refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.words import OrderType, Side, Venue

TRADING = "/uapi/overseas-stock/v1/trading"
Json = dict[str, Any]
DAYTIME = {"path": "daytime-order", "CTAC_TLNO": "", "MGCO_APTM_ODNO": ""}
DAYTIME_CHANGE = {**DAYTIME, "path": "daytime-order-rvsecncl", "tr_id": "TTTS6038U"}
SPLIT = {"ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "233000", "END_TIME": "013000"}


def give(customer: Any, quantity: int = 10) -> None:
    customer.us.give_holding(customer.number, "US:AAPL", Decimal(quantity), Decimal(1_000))


def test_a_limit_order_waits_at_the_exchange_with_its_number(real: Any) -> None:
    body = real.us_order(OVRS_ORD_UNPR="100.25").json()
    (order,) = real.us.orders(real.number)
    assert (body["rt_cd"], body["msg_cd"]) == ("0", "APBK0013")
    assert body["output"].keys() == {"KRX_FWDG_ORD_ORGNO", "ODNO", "ORD_TMD"}
    assert body["output"]["ODNO"] == f"{order.number:010d}"
    assert body["output"]["ORD_TMD"] == f"{order.time:%H%M%S}"  # Korean time
    request = order.request
    assert (request.symbol, request.side, request.type) == ("US:AAPL", Side.BUY, OrderType.LIMIT)
    assert (request.price, request.quantity, request.venue) == (Decimal("100.25"), 3, Venue.US)
    assert order.remaining == 3


@pytest.mark.parametrize(
    ("code", "kind", "side", "fields"),
    [
        ("00", OrderType.LIMIT, "buy", {}),
        ("32", OrderType.LIMIT_ON_OPEN, "buy", {}),
        ("34", OrderType.LIMIT_ON_CLOSE, "buy", {}),
        ("35", OrderType.TWAP_LIMIT, "buy", SPLIT),
        ("36", OrderType.VWAP_LIMIT, "sell", {"ALGO_ORD_TMD_DVSN_CD": "02"}),
        ("31", OrderType.MARKET_ON_OPEN, "sell", {"OVRS_ORD_UNPR": "0"}),
        ("33", OrderType.MARKET_ON_CLOSE, "sell", {"OVRS_ORD_UNPR": "0"}),
    ],
)
def test_every_code_of_a_type_is_taken(real: Any, code: str, kind: OrderType, side: str, fields: Json) -> None:
    give(real)
    number = real.us_ordered(side, ORD_DVSN=code, **{"OVRS_ORD_UNPR": "120.00", **fields})
    assert real.us_truth(number).request.type is kind


def test_the_type_left_out_is_a_limit(real: Any) -> None:
    body = {"OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORD_QTY": "1", "OVRS_ORD_UNPR": "10", "ORD_SVR_DVSN_CD": "0"}
    answer = real.post(f"{TRADING}/order", "TTTT1002U", {**real.account, **body}).json()
    assert real.us_truth(answer["output"]["ODNO"]).request.type is OrderType.LIMIT


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ORD_DVSN": "01", "OVRS_ORD_UNPR": "0"}, (500, "1", "IGW00019")),  # there is no market order
        ({"OVRS_ORD_UNPR": "0"}, (200, "7", "APBK1507")),
        ({"OVRS_ORD_UNPR": "0.0099"}, (200, "7", "APBK1507")),
        ({"OVRS_ORD_UNPR": "100.001"}, (200, "7", "APBK0506")),
        ({"OVRS_ORD_UNPR": "abc"}, (500, "1", "IGW00014")),
        ({"ORD_QTY": "1.5"}, (500, "1", "IGW00014")),
        ({"ORD_QTY": "0"}, (500, "1", "IGW00014")),
        ({"OVRS_EXCG_CD": "NYSE"}, (200, "7", "APBK0656")),
        ({"OVRS_EXCG_CD": "SEHK"}, (200, "7", "APBK0656")),
        ({"OVRS_EXCG_CD": "NAS"}, (500, "1", "IGW00017")),
        ({"PDNO": "ZZZZZ"}, (200, "7", "APBK0656")),
        ({"ORD_DVSN": "31", "OVRS_ORD_UNPR": "0"}, (200, "7", "APBK0963")),
        ({"ORD_DVSN": "33", "OVRS_ORD_UNPR": "0"}, (200, "7", "APBK0963")),
        ({"ORD_DVSN": "35"}, (200, "2", "OPSQ2001")),
        ({"ORD_QTY": "100000"}, (200, "7", "APBK0952")),
    ],
)
def test_what_is_wrong_with_an_order_is_told_by_its_code(
    real: Any, fields: Json, expected: tuple[int, str, str]
) -> None:
    assert real.code_of(real.us_order(**fields)) == expected
    assert not real.us.orders(real.number)


def test_nothing_is_sold_that_is_not_held(real: Any) -> None:
    assert real.code_of(real.us_order("sell")) == (200, "7", "APBK0400")


def test_a_halted_share_is_refused(real: Any) -> None:
    real.us.halt("US:AAPL")
    assert real.code_of(real.us_order()) == (200, "7", "APBK0066")


@pytest.mark.parametrize("tr_id", ["JTTT1002U", "JTTT1006U"])
def test_ids_that_went_out_of_service_are_refused(real: Any, tr_id: str) -> None:
    assert real.code_of(real.us_order(tr_id=tr_id)) == (200, "1", "OPSQ0002")
    assert not real.us.orders(real.number)
    number = real.us_ordered()
    assert real.us_change(number, tr_id="JTTT1004U")["msg_cd"] == "OPSQ0002"
    assert real.us_truth(number).remaining == 3


def test_china_and_vietnam_amend_nothing(real: Any) -> None:
    named = {"OVRS_EXCG_CD": "VNSE", "PDNO": "VNM"}
    number = real.us_ordered(tr_id="TTTS0311U", **named)
    amended = real.us_change(number, tr_id="TTTS0312U", **named, RVSE_CNCL_DVSN_CD="01", ORD_QTY="3", OVRS_ORD_UNPR="9")
    assert (amended["rt_cd"], amended["msg_cd"]) == ("2", "OPSQ2001")
    assert real.us_change(number, tr_id="TTTS0312U", **named)["rt_cd"] == "0"


def test_a_closed_market_takes_nothing(real: Any) -> None:
    real.us.phase = Phase.CLOSED
    assert real.code_of(real.us_order()) == (200, "7", "APBK0918")


@pytest.mark.parametrize("phase", [Phase.PRE_MARKET, Phase.AFTER_MARKET])
def test_limit_orders_go_by_the_same_call_before_and_after_regular_hours(real: Any, phase: Phase) -> None:
    real.us.phase = phase
    assert real.us_truth(real.us_ordered()).remaining == 3
    assert real.code_of(real.us_order(ORD_DVSN="34")) == (200, "7", "APBK0963")


def test_an_amendment_moves_the_quantity_to_a_new_number(real: Any) -> None:
    number = real.us_ordered(ORD_QTY="5")
    body = real.us_change(number, RVSE_CNCL_DVSN_CD="01", ORD_QTY="5", OVRS_ORD_UNPR="101.50")
    new = body["output"]["ODNO"]
    assert new != number
    assert real.us_truth(number).amended == 5
    assert (real.us_truth(new).request.price, real.us_truth(new).remaining) == (Decimal("101.50"), 5)


@pytest.mark.parametrize(("quantity", "left"), [("0", 0), ("5", 0), ("2", 3)])
def test_a_cancel_takes_the_quantity_that_it_names_and_all_of_it_for_0(real: Any, quantity: str, left: int) -> None:
    number = real.us_ordered(ORD_QTY="5")
    body = real.us_change(number, ORD_QTY=quantity)
    assert (body["rt_cd"], body["msg_cd"]) == ("0", "APBK0013")
    assert real.us_truth(number).remaining == left


@pytest.mark.parametrize("number", ["30135009", "0000000001", "abc"])
def test_an_order_that_nobody_sent_is_not_found(real: Any, number: str) -> None:
    assert real.refusal_of(real.us_change(number)) == ("7", "APBK0344")


def test_leading_zeros_of_a_number_may_be_left_out(real: Any) -> None:
    number = real.us_ordered()
    assert real.us_change(number.lstrip("0"))["rt_cd"] == "0"


def test_what_is_cancelled_cannot_be_cancelled_again(real: Any) -> None:
    number = real.us_ordered()
    real.us_change(number)
    assert real.refusal_of(real.us_change(number)) == ("7", "APBK0927")
    assert real.refusal_of(real.us_change(number, OVRS_EXCG_CD="NYSE")) == ("7", "APBK0656")
    assert real.refusal_of(real.us_change(number, PDNO="MSFT")) == ("7", "APBK0344")


def test_an_order_in_parts_cannot_be_amended(real: Any) -> None:
    number = real.us_ordered(ORD_DVSN="35", **SPLIT)
    refused = real.us_change(number, RVSE_CNCL_DVSN_CD="01", ORD_QTY="3", OVRS_ORD_UNPR="101")
    assert real.refusal_of(refused) == ("7", "APBK0963")
    assert real.us_change(number)["rt_cd"] == "0"


def test_the_daytime_market_has_calls_of_its_own(real: Any) -> None:
    real.us.phase = Phase.DAYTIME
    assert real.code_of(real.us_order()) == (200, "7", "APBK0918")
    number = real.us_ordered(tr_id="TTTS6036U", **DAYTIME)
    assert real.us_truth(number).request.venue is Venue.DAYTIME
    assert real.refusal_of(real.us_change(number)) == ("7", "APBK0344")
    without_blanks = {name: DAYTIME_CHANGE[name] for name in ("path", "tr_id")}
    assert real.refusal_of(real.us_change(number, **without_blanks)) == ("2", "OPSQ2001")
    amended = real.us_change(number, RVSE_CNCL_DVSN_CD="01", ORD_QTY="3", OVRS_ORD_UNPR="99.00", **DAYTIME_CHANGE)
    new = amended["output"]["ODNO"]
    assert real.us_truth(new).request.price == 99
    assert real.us_change(new, **DAYTIME_CHANGE)["rt_cd"] == "0"
    assert real.us_truth(new).remaining == 0


def test_the_daytime_market_takes_limit_orders_of_the_shares_that_it_has(real: Any) -> None:
    real.us.phase = Phase.DAYTIME
    assert real.code_of(real.us_order(tr_id="TTTS6036U", ORD_DVSN="34", **DAYTIME)) == (500, "1", "IGW00019")
    lacking = next(each for each in real.us.instruments.values() if each.market == "NASDAQ" and not each.daytime)
    without = real.us_order(tr_id="TTTS6036U", PDNO=lacking.symbol[3:], OVRS_ORD_UNPR="0.30", **DAYTIME)
    assert real.code_of(without) == (200, "7", "APBK0963")
    give(real)
    assert real.us_ordered("sell", tr_id="TTTS6037U", **{**DAYTIME, "OVRS_ORD_UNPR": "900.00"})


def test_orders_of_the_daytime_market_are_in_no_list(real: Any) -> None:
    real.us.phase = Phase.DAYTIME
    real.us_ordered(tr_id="TTTS6036U", **DAYTIME)
    filled = real.us_ordered(tr_id="TTTS6036U", **{**DAYTIME, "OVRS_ORD_UNPR": "900.00"})
    assert real.us_truth(filled).filled == 3
    assert real.us_orders().json()["output"] == []
    assert real.us_working().json()["output"] == []
    assert real.us_balance()["output1"][0]["ovrs_cblc_qty"] == "3"


def test_outside_its_hours_the_daytime_market_takes_nothing(real: Any) -> None:
    assert real.code_of(real.us_order(tr_id="TTTS6036U", **DAYTIME)) == (200, "7", "APBK0918")


def test_the_demo_sells_by_an_id_that_breaks_the_rule(demo: Any) -> None:
    give(demo)
    assert demo.us_truth(demo.us_ordered("sell", OVRS_ORD_UNPR="900.00")).request.side is Side.SELL
    assert demo.code_of(demo.us_order("sell", tr_id="VTTT1006U")) == (200, "1", "90000000")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ORD_DVSN": "34"}, "40650000"),
        ({"ORD_DVSN": "01"}, "40650000"),
        ({"PDNO": "COIN"}, "40070000"),
        ({"PDNO": "ZZZZZ"}, "40070000"),
        ({"OVRS_ORD_UNPR": "100.001"}, "40030000"),
        ({"ORD_QTY": "100000"}, "40250000"),
    ],
)
def test_the_demo_has_codes_of_its_own(demo: Any, fields: Json, code: str) -> None:
    assert demo.code_of(demo.us_order(**fields)) == (200, "1", code)


@pytest.mark.parametrize(
    ("phase", "code"),
    [(Phase.PRE_MARKET, "40570000"), (Phase.AFTER_MARKET, "40580000"), (Phase.CLOSED, "40580000")],
)
def test_the_demo_trades_in_the_regular_session_alone(demo: Any, phase: Phase, code: str) -> None:
    demo.us.phase = phase
    assert demo.code_of(demo.us_order()) == (200, "1", code)


def test_the_demo_has_no_daytime_market(demo: Any) -> None:
    assert demo.code_of(demo.us_order(tr_id="TTTS6036U", **DAYTIME)) == (500, "1", "EGW02006")


def test_the_demo_cancels_and_amends(demo: Any) -> None:
    number = demo.us_ordered()
    amended = demo.us_change(number, RVSE_CNCL_DVSN_CD="01", ORD_QTY="3", OVRS_ORD_UNPR="101.00")
    assert amended["msg_cd"] == "40620000"
    assert demo.us_change(amended["output"]["ODNO"])["msg_cd"] == "40630000"
    assert demo.us_change(amended["output"]["ODNO"])["msg_cd"] == "40330000"
    assert demo.us_change("0000000001")["msg_cd"] == "40320000"


def test_dollars_and_won_are_apart(real: Any) -> None:
    real.us_ordered(OVRS_ORD_UNPR="900.00")
    assert real.exchange.account(real.number).orderable == 100_000_000
    assert real.us.account(real.number).orderable < 100_000
