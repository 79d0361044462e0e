"""Notices of own orders on the socket of the KIS face: what they tell, whose they are, and in which form."""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.words import OrderType, Side

SAMSUNG = "005930"
Listen = Callable[..., Any]


@pytest.fixture
def line(real: Any, listen: Listen) -> Any:
    """Return somebody who hears of the orders of the account."""
    listener = listen(real)
    listener.register("H0STCNI0", real.keys.hts_id)
    return listener


def codes(row: dict[str, str]) -> tuple[str, str, str, str]:
    return row["RFUS_YN"], row["CNTG_YN"], row["ACPT_YN"], row["RCTF_CLS"]


def test_a_new_order_is_told_as_received(real: Any, line: Any) -> None:
    number = real.ordered(ORD_QTY="10")
    row = line.row("H0STCNI0")
    assert row == {
        "CUST_ID": real.keys.hts_id,
        "ACNT_NO": real.number.replace("-", ""),
        "ODER_NO": number,
        "OODER_NO": "",
        "SELN_BYOV_CLS": "02",
        "RCTF_CLS": "0",
        "ODER_KIND": "00",
        "ODER_COND": "0",
        "STCK_SHRN_ISCD": SAMSUNG,
        "CNTG_QTY": "0000000010",
        "CNTG_UNPR": real.low_price().zfill(9),
        "STCK_CNTG_HOUR": f"{real.truth(number).time:%H%M%S}",
        "RFUS_YN": "0",
        "CNTG_YN": "1",
        "ACPT_YN": "1",
        "BRNC_NO": "06010",
        "ODER_QTY": "000000010",
        "ACNT_NAME": row["ACNT_NAME"],
        "ORD_COND_PRC": "000000000",
        "ORD_EXG_GB": "1",
        "POPUP_YN": "Y",
        "FILLER": "",
        "CRDT_CLS": "10",
        "CRDT_LOAN_DATE": "",
        "CNTG_ISNM40": real.exchange.instruments[SAMSUNG].name,
        "ODER_PRC": "",
    }


def test_each_fill_is_told_with_its_own_quantity_and_price(real: Any, line: Any) -> None:
    asks = real.exchange.order_book(SAMSUNG).asks
    quantity = int(asks[0].quantity + asks[1].quantity)
    number = real.ordered(ORD_QTY=str(quantity), ORD_UNPR=str(asks[1].price))
    accepted, *fills = (line.row("H0STCNI0") for _ in range(3))
    assert codes(accepted) == ("0", "1", "1", "0")
    assert [codes(fill) for fill in fills] == [("0", "2", "2", "0")] * 2
    told = [(int(fill["CNTG_QTY"]), int(fill["CNTG_UNPR"])) for fill in fills]
    assert told == [(int(fill.quantity), int(fill.price)) for fill in real.truth(number).executions]
    for fill in fills:
        assert (fill["ODER_NO"], int(fill["ODER_QTY"]), int(fill["ODER_PRC"])) == (number, quantity, asks[1].price)
    assert line.is_quiet()


def test_a_market_order_has_no_price(real: Any, line: Any) -> None:
    real.ordered(ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="1")
    accepted, fill = line.row("H0STCNI0"), line.row("H0STCNI0")
    assert (accepted["ODER_KIND"], accepted["CNTG_UNPR"]) == ("01", "000000000")
    assert fill["ODER_PRC"] == "000000000"


def test_an_amendment_and_a_cancel_name_the_order_before(real: Any, line: Any) -> None:
    number = real.ordered(ORD_QTY="10")
    line.row("H0STCNI0")
    price = str(int(real.low_price()) + 100)
    amended = real.amend(number, price)["output"]["ODNO"]
    row = line.row("H0STCNI0")
    assert (row["ODER_NO"], row["OODER_NO"], codes(row)) == (amended, number, ("0", "1", "2", "1"))
    assert (int(row["CNTG_QTY"]), row["CNTG_UNPR"]) == (10, price.zfill(9))
    canceled = real.cancel(amended, QTY_ALL_ORD_YN="N", ORD_QTY="4")["output"]["ODNO"]
    row = line.row("H0STCNI0")
    assert (row["ODER_NO"], row["OODER_NO"], codes(row)) == (canceled, amended, ("0", "1", "2", "2"))
    assert (int(row["CNTG_QTY"]), int(row["CNTG_UNPR"])) == (4, 0)
    assert line.is_quiet()


def test_what_the_exchange_refuses_is_told_as_refused(real: Any, line: Any) -> None:
    real.exchange.reject_next(real.number)
    number = real.ordered()
    row = line.row("H0STCNI0")
    assert (row["ODER_NO"], codes(row)) == (number, ("1", "1", "1", "0"))
    number = real.ordered()
    line.row("H0STCNI0")
    real.exchange.reject_next_cancel(real.number)
    canceled = real.cancel(number)["output"]["ODNO"]
    row = line.row("H0STCNI0")
    assert (row["ODER_NO"], row["OODER_NO"], codes(row)) == (canceled, number, ("1", "1", "1", "2"))


def test_what_does_not_wait_is_told_as_ended(real: Any, line: Any) -> None:
    ask = real.exchange.order_book(SAMSUNG).asks[0]
    number = real.ordered(ORD_DVSN="11", ORD_QTY=str(ask.quantity + 3), ORD_UNPR=str(ask.price))
    accepted, fill, ended = (line.row("H0STCNI0") for _ in range(3))
    assert (accepted["ODER_KIND"], accepted["ODER_COND"]) == ("11", "1")
    assert int(fill["CNTG_QTY"]) == ask.quantity
    assert (ended["ODER_NO"], codes(ended)) == (number, ("0", "1", "3", "0"))


def test_orders_that_came_another_way_are_told_too(real: Any, line: Any) -> None:
    request = OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(2), type=OrderType.MARKET)
    order = real.exchange.submit(real.number, request)
    assert int(line.row("H0STCNI0")["ODER_NO"]) == order.number
    assert line.row("H0STCNI0")["CNTG_YN"] == "2"


def test_orders_of_others_are_not_told_but_those_of_a_second_account_are(real: Any, line: Any) -> None:
    request = OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(2), type=OrderType.MARKET)
    for number in ("11111111-01", "22222222-01"):
        real.exchange.open_account(number)
    real.face.stream.accounts.add("22222222-01")
    real.exchange.submit("11111111-01", request)
    real.exchange.submit("22222222-01", request)
    assert [line.row("H0STCNI0")["ACNT_NO"] for _ in range(2)] == ["2222222201"] * 2
    assert line.is_quiet()


def test_another_trader_fills_an_order_that_waits(real: Any, line: Any) -> None:
    bid = real.exchange.order_book(SAMSUNG).bids[0]
    number = real.ordered(ORD_QTY="7", ORD_UNPR=str(bid.price))
    line.row("H0STCNI0")
    real.exchange.trade(SAMSUNG, Side.SELL, bid.quantity + 3, bid.price)
    fill = line.row("H0STCNI0")
    assert (fill["ODER_NO"], int(fill["CNTG_QTY"]), int(fill["CNTG_UNPR"])) == (number, 3, bid.price)


@pytest.mark.parametrize(("venue", "code"), [("KRX", "1"), ("NXT", "2"), ("SOR", "3")])
def test_the_venue_is_told(real: Any, line: Any, venue: str, code: str) -> None:
    real.ordered(EXCG_ID_DVSN_CD=venue)
    assert line.row("H0STCNI0")["ORD_EXG_GB"] == code


def test_the_evening_has_codes_of_its_own(real: Any, line: Any) -> None:
    real.exchange.phase = Phase.AFTER_MARKET
    real.ordered(ORD_DVSN="41")
    real.ordered(ORD_DVSN="00", EXCG_ID_DVSN_CD="NXT")
    assert [line.row("H0STCNI0")["ODER_KIND"] for _ in range(2)] == ["41", "00"]


def test_the_condition_price_of_a_stop_order_is_told(real: Any, line: Any) -> None:
    stop = str(real.exchange.order_book(SAMSUNG).asks[3].price)
    real.ordered(ORD_DVSN="22", CNDT_PRIC=stop, ORD_UNPR=stop)
    row = line.row("H0STCNI0")
    assert (row["ODER_KIND"], row["ORD_COND_PRC"]) == ("22", stop.zfill(9))


def test_the_end_of_a_day_is_not_told(real: Any, line: Any) -> None:
    real.ordered()
    line.row("H0STCNI0")
    real.exchange.phase = Phase.CLOSED
    assert line.is_quiet()


def test_a_notice_is_encrypted_and_never_plain(real: Any, line: Any) -> None:
    real.ordered()
    encrypt, id, count, values = line.text().split("|")
    assert (encrypt, id, count) == ("1", "H0STCNI0", "001")
    assert len(base64.b64decode(values, validate=True)) % 16 == 0
    assert line.decrypted(values).startswith(f"{real.keys.hts_id}^")


def test_a_notice_may_come_before_the_answer_to_its_order(real: Any, line: Any) -> None:
    heard: list[dict[str, str]] = []
    submit = real.exchange.submit

    def slow(*args: Any) -> Any:
        order = submit(*args)
        heard.append(line.row("H0STCNI0"))  # the HTTP answer is not yet written
        return order

    real.face.exchange.submit = slow
    real.face.before = lambda request: None  # calls are carried out beside the server's loop then
    number = real.ordered()
    assert [row["ODER_NO"] for row in heard] == [number]


def test_the_demo_sends_three_columns_fewer(demo: Any, listen: Listen) -> None:
    line = listen(demo)
    line.register("H0STCNI9", demo.keys.hts_id)
    number = demo.ordered(ORD_QTY="10")
    encrypt, id, _, values = line.text().split("|")
    told = line.decrypted(values).split("^")
    assert (encrypt, id, len(told)) == ("1", "H0STCNI9", 23)
    assert (told[2], told[9], told[16]) == (number, "0000000010", "000000010")
    assert told[18:] == ["1Y", "10", "", demo.exchange.instruments[SAMSUNG].name, ""]
