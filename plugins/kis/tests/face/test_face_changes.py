"""Amendments and cancels at the KIS face."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.words import OrderType, Side

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
SAMSUNG = "005930"


def higher(real: Any, steps: int) -> str:
    """Return a price some steps above the lower limit."""
    return str(int(real.low_price()) + steps * 100)


def test_cancel_takes_the_rest_or_a_part_and_both_rows_are_listed(real: Any) -> None:
    number = real.order()["output"]["ODNO"]
    part = real.cancel(number, QTY_ALL_ORD_YN="N", ORD_QTY="4")["output"]["ODNO"]
    rest = real.cancel(str(int(number)), KRX_FWDG_ORD_ORGNO=real.daily()["output1"][0]["ord_gno_brno"])
    assert real.rows()[int(number)].canceled == 10
    rows = {row["odno"]: row for row in real.daily(INQR_DVSN="01")["output1"]}
    assert list(rows) == [number, part, rest["output"]["ODNO"]]
    original, cancel = rows[number], rows[part]
    assert (original["rmn_qty"], original["cncl_cfrm_qty"], original["cncl_yn"]) == ("0", "10", "Y")
    assert (original["orgn_odno"], cancel["orgn_odno"], cancel["ord_qty"]) == ("", number, "4")


def test_cancels_of_nothing_are_refused(real: Any) -> None:
    number = real.order()["output"]["ODNO"]
    assert real.refusal_of(real.cancel(number, QTY_ALL_ORD_YN="N", ORD_QTY="11")) == ("7", "APBK0927")
    assert real.refusal_of(real.cancel(number, KRX_FWDG_ORD_ORGNO="99999")) == ("7", "APBK0344")
    assert real.refusal_of(real.cancel("0000000001")) == ("7", "APBK0344")
    assert real.refusal_of(real.cancel("no number")) == ("7", "APBK0344")
    assert real.cancel(number)["rt_cd"] == "0"
    assert real.refusal_of(real.cancel(number)) == ("7", "APBK0927")


def test_amendment_moves_the_rest_to_a_new_number(real: Any) -> None:
    number = real.ordered()
    body = real.amend(number, higher(real, 1), ORD_QTY="10")
    new = body["output"]["ODNO"]
    assert (body["msg_cd"], int(new) > int(number)) == ("APBK0013", True)
    assert (real.truth(number).amended, real.truth(number).remaining) == (10, 0)
    truth = real.truth(new)
    assert (truth.remaining, truth.request.price, truth.original) == (10, Decimal(higher(real, 1)), int(number))
    old, row = real.row(number), real.row(new)
    assert (old["ord_qty"], old["rmn_qty"], old["cncl_yn"], old["orgn_odno"]) == ("10", "0", "", "")
    assert (row["orgn_odno"], row["rmn_qty"], row["ord_unpr"]) == (number, "10", higher(real, 1))
    assert row["sll_buy_dvsn_cd_name"] == "매수정정*"
    assert real.refusal_of(real.cancel(number)) == ("7", "APBK0927")
    assert real.refusal_of(real.amend(number, higher(real, 2))) == ("7", "APBK0927")


def test_part_of_an_order_is_amended(real: Any) -> None:
    number = real.ordered()
    new = real.amend(number, higher(real, 1), QTY_ALL_ORD_YN="N", ORD_QTY="4")["output"]["ODNO"]
    assert [real.truth(each).remaining for each in (number, new)] == [6, 4]
    above = real.amend(number, higher(real, 1), QTY_ALL_ORD_YN="N", ORD_QTY="7")
    assert real.refusal_of(above) == ("7", "APBK0927")
    assert real.daily()["output2"]["tot_ord_qty"] == "10"


def test_chain_of_amendments_ends_in_a_cancel_of_the_last_number(real: Any) -> None:
    first = real.ordered()
    second = real.amend(first, higher(real, 1))["output"]["ODNO"]
    third = real.amend(second, higher(real, 2))["output"]["ODNO"]
    cancel = real.cancel(third)["output"]["ODNO"]
    rows = {row["odno"]: row["orgn_odno"] for row in real.daily(INQR_DVSN="01")["output1"]}
    assert rows == {first: "", second: first, third: second, cancel: third}
    assert real.truth(cancel).root == int(first)
    assert (real.truth(third).canceled, real.row(third)["cncl_yn"]) == (10, "Y")
    assert real.row(cancel)["sll_buy_dvsn_cd_name"] == "매수취소*"


def test_old_id_amends_too(real: Any) -> None:
    number = real.ordered()
    fields = {"KRX_FWDG_ORD_ORGNO": "", "ORGN_ODNO": number, "ORD_DVSN": "00", "RVSE_CNCL_DVSN_CD": "01"}
    rest = {"ORD_QTY": "0", "ORD_UNPR": higher(real, 1), "QTY_ALL_ORD_YN": "Y"}
    assert (
        real.post(f"{TRADING}/order-rvsecncl", "TTTC0803U", {**real.account, **fields, **rest}).json()["rt_cd"] == "0"
    )


def test_amendment_changes_the_type(real: Any) -> None:
    number = real.ordered()
    best = real.amend(number, "0", ORD_DVSN="04")["output"]["ODNO"]
    assert real.truth(best).request.type is OrderType.BEST_SAME_SIDE
    assert real.row(best)["ord_dvsn_cd"] == "04"
    market = real.amend(best, "0", ORD_DVSN="01")["output"]["ODNO"]
    assert real.truth(market).filled == 10


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ORD_DVSN": "13", "ORD_UNPR": "0"}, "APBK0963"),
        ({"ORD_DVSN": "22", "CNDT_PRIC": "70000"}, "APBK0963"),
        ({"ORD_DVSN": "07"}, "APBK0963"),
        ({"ORD_DVSN": "41"}, "APBK0918"),
        ({"ORD_UNPR": "0"}, "IGW00014"),
        ({"ORD_DVSN": "01"}, "OPSQ2001"),
        ({"ORD_UNPR": "1"}, "APBK0406"),
        ({"EXCG_ID_DVSN_CD": "NXT"}, "APBK0344"),
        ({"QTY_ALL_ORD_YN": "N", "ORD_QTY": "0"}, "IGW00014"),
        ({"RVSE_CNCL_DVSN_CD": "03"}, "OPSQ2001"),
    ],
)
def test_amendments_that_cannot_be_leave_the_order_as_it_is(real: Any, changes: dict[str, str], code: str) -> None:
    number = real.ordered()
    before = real.truth(number)
    assert real.amend(number, higher(real, 1), **changes)["msg_cd"] == code
    assert real.truth(number) == before
    assert len(real.rows()) == 1


def test_stop_order_keeps_its_stop_price(real: Any) -> None:
    stop = real.high_price()
    number = real.ordered(ORD_DVSN="22", CNDT_PRIC=stop)
    new = real.amend(number, higher(real, 1), ORD_DVSN="22", CNDT_PRIC=stop)["output"]["ODNO"]
    assert (real.truth(new).request.type, str(real.truth(new).request.stop_price)) == (OrderType.STOP_LIMIT, stop)
    other = real.amend(new, higher(real, 1), ORD_DVSN="22", CNDT_PRIC=higher(real, 5))
    assert real.refusal_of(other) == ("7", "APBK0963")


def test_more_expensive_amendment_needs_the_cash(open_customer: Any) -> None:
    poor = open_customer(cash=Decimal(600_000))
    number = poor.ordered()
    assert poor.refusal_of(poor.amend(number, poor.high_price())) == ("7", "APBK0952")
    assert poor.truth(number).remaining == 10


def test_filled_part_stays_with_the_order_that_was_amended(real: Any) -> None:
    price = real.exchange.order_book(SAMSUNG).bids[0].price + 0
    number = real.ordered(ORD_UNPR=str(price))
    waiting = real.exchange.order_book(SAMSUNG).bids[0].quantity
    real.exchange.trade(SAMSUNG, Side.SELL, waiting - 6, price)
    filled = real.truth(number).filled
    assert 0 < filled < 10
    new = real.amend(number, real.low_price())["output"]["ODNO"]
    old, row = real.row(number), real.row(new)
    assert (int(old["tot_ccld_qty"]), old["rmn_qty"]) == (filled, "0")
    assert (int(row["rmn_qty"]), row["tot_ccld_qty"]) == (10 - filled, "0")


def test_after_market_order_is_amended_with_its_own_codes(real: Any) -> None:
    real.exchange.phase = Phase.AFTER_MARKET
    number = real.ordered(ORD_DVSN="41")
    assert real.refusal_of(real.amend(number, higher(real, 1))) == ("7", "APBK0918")
    assert real.refusal_of(real.amend(number, "0", ORD_DVSN="01")) == ("7", "APBK3013")
    new = real.amend(number, higher(real, 1), ORD_DVSN="41")["output"]["ODNO"]
    assert real.row(new)["ord_dvsn_cd"] == "41"
    assert real.cancel(new)["rt_cd"] == "0"


def test_orders_of_the_regular_session_at_krx_are_over_in_the_evening(real: Any) -> None:
    number = real.ordered()
    routed = real.ordered(EXCG_ID_DVSN_CD="NXT")
    real.exchange.phase = Phase.AFTER_MARKET
    row = real.row(number)
    assert [row[name] for name in ("rmn_qty", "cncl_cfrm_qty", "rjct_qty", "tot_ccld_qty")] == ["0"] * 4
    assert real.truth(number).expired == 10
    assert real.row(routed)["rmn_qty"] == "10"
    assert real.refusal_of(real.cancel(number)) == ("7", "APBK0927")
    assert real.cancel(routed)["rt_cd"] == "0"


def test_closed_market_takes_no_change(real: Any) -> None:
    number = real.ordered()
    real.exchange.market_open = False
    assert real.refusal_of(real.cancel(number)) == ("7", "APBK0918")
    assert real.refusal_of(real.amend(number, higher(real, 1))) == ("7", "APBK0918")
