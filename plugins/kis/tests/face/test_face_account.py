"""Balance, buying power and sellable shares at the KIS face."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
BALANCE = f"{TRADING}/inquire-balance"
SAMSUNG = "005930"
HYNIX = "000660"
Json = dict[str, Any]


def test_missing_fields_are_named(real: Any) -> None:
    fields = real.balance_fields()
    for name in fields.keys() - {"OFL_YN"}:
        left = {key: value for key, value in fields.items() if key != name}
        body = real.get(BALANCE, "TTTC8434R", left).json()
        assert (body["rt_cd"], body["msg_cd"], body["msg1"]) == ("2", "OPSQ2001", f"ERROR : INPUT_FIELD_NAME {name}")
    refused = real.balance(INQR_DVSN="02")
    assert "INVALID_CHECK_INQR_DVSN" in refused.json()["msg1"]
    whole = "&".join(f"{name}={value}" if value else name for name, value in fields.items())
    assert real.get(BALANCE, "TTTC8434R", whole).json()["rt_cd"] == "0"


def test_balance_is_the_account_of_the_exchange(real: Any) -> None:
    real.exchange.give_holding(real.keys.account, SAMSUNG, Decimal(7), Decimal(500_001))
    real.order(PDNO="000660", ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="2")
    real.order("sell", ORD_QTY="3", ORD_UNPR=str(int(real.exchange.instruments[SAMSUNG].upper_limit)))
    response = real.balance()
    body, state = response.json(), real.exchange.account(real.keys.account)
    for row, holding in zip(body["output1"], state.holdings, strict=True):
        told = [row["pdno"], *(int(row[name]) for name in ("hldg_qty", "ord_psbl_qty", "pchs_amt", "evlu_amt"))]
        assert told == [holding.symbol, holding.quantity, holding.sellable, holding.cost, holding.market_value]
        assert int(row["evlu_pfls_amt"]) == holding.market_value - holding.cost
        assert int(row["thdt_buyqty"]) == holding.today_bought
    assert body["output1"][0]["pchs_avg_pric"] == "71428.7143"
    assert len(body["output1"][0]["evlu_erng_rt"].partition(".")[2]) == 8
    (totals,) = body["output2"]
    told = [int(totals[name]) for name in ("dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "thdt_buy_amt")]
    assert told == [state.cash, state.cash_d1, state.cash_d2, state.bought_today]
    assert int(totals["tot_evlu_amt"]) == state.cash_d2 + sum(held.market_value for held in state.holdings)
    assert len(body["msg1"].encode("cp949")) == 80
    assert (len(body["ctx_area_fk100"]), body["ctx_area_nk100"]) == (100, " " * 100)
    assert response.headers["tr_cont"] == "E"


@pytest.mark.parametrize(("environment", "sizes"), [("real", [50, 50, 20]), ("demo", [20] * 6)])
def test_pages_over_120_holdings_are_followed_to_their_end(
    open_customer: Callable[..., Any], environment: str, sizes: list[int]
) -> None:
    customer = open_customer(environment)
    symbols = list(customer.exchange.instruments)[:120]
    for symbol in symbols:
        customer.exchange.give_holding(customer.keys.account, symbol, Decimal(1), Decimal(1000))
    response, pages, marks = customer.balance(), [], []
    while True:
        body = response.json()
        pages.append([row["pdno"] for row in body["output1"]])
        marks.append(response.headers["tr_cont"])
        if marks[-1] in "DE":
            break
        keys = {"CTX_AREA_FK100": body["ctx_area_fk100"], "CTX_AREA_NK100": body["ctx_area_nk100"]}
        assert customer.balance(**keys).json()["output1"][0]["pdno"] == symbols[0]
        response = customer.balance("N", **keys)
    assert [len(page) for page in pages] == sizes
    assert [symbol for page in pages for symbol in page] == symbols
    assert marks == ["F", *["M"] * (len(sizes) - 2), "D"]
    assert customer.refusal_of(customer.balance("N", CTX_AREA_NK100="7").json()) == ("2", "OPSQ2001")


def power(real: Any, **changes: str) -> Json:
    fields = {"PDNO": SAMSUNG, "ORD_UNPR": "0", "ORD_DVSN": "01", "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
    body: Json = real.inquire("inquire-psbl-order", "TTTC8908R", **{**fields, **changes}).json()
    return body


def test_buying_power_is_what_the_account_can_pay(real: Any) -> None:
    real.order(PDNO=HYNIX, ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="2")
    real.order()
    output = power(real)["output"]
    state, upper = real.exchange.account(real.number), real.exchange.instruments[SAMSUNG].upper_limit
    assert (int(output["ord_psbl_cash"]), int(output["psbl_qty_calc_unpr"])) == (state.orderable, upper)
    assert int(output["nrcvb_buy_qty"]) == real.exchange.affordable(real.number, SAMSUNG)
    assert output["nrcvb_buy_amt"] == output["ord_psbl_cash"]
    assert output["max_buy_qty"] == output["nrcvb_buy_qty"]
    price = real.low_price()
    limited = power(real, ORD_DVSN="00", ORD_UNPR=price)["output"]
    assert (limited["psbl_qty_calc_unpr"], limited["nrcvb_buy_amt"]) == (price, output["nrcvb_buy_amt"])
    most = int(limited["nrcvb_buy_qty"])
    assert most == real.exchange.affordable(real.number, SAMSUNG, Decimal(price))
    assert real.refusal_of(real.order(ORD_QTY=str(most + 1))) == ("7", "APBK0952")
    assert real.order(ORD_QTY=str(most))["rt_cd"] == "0"


@pytest.mark.parametrize("flag", ["1", "Y", "N", "0", ""])
def test_flags_that_no_fact_refuses_are_taken(real: Any, flag: str) -> None:
    fields = {"PDNO": SAMSUNG, "ORD_UNPR": "0", "ORD_DVSN": "01"}
    flags = {"CMA_EVLU_AMT_ICLD_YN": flag, "OVRS_ICLD_YN": flag}
    assert real.inquire("inquire-psbl-order", "TTTC8908R", **fields, **flags).json()["rt_cd"] == "0"
    others = dict.fromkeys(
        ("AFHR_FLPR_YN", "UNPR_DVSN", "FUND_STTL_ICLD_YN", "FNCG_AMT_AUTO_RDPT_YN", "PRCS_DVSN"), flag
    )
    assert real.balance(**others).json()["rt_cd"] == "0"


def test_buying_power_without_symbol_or_price_tells_the_amount_only(real: Any) -> None:
    for changes in ({"PDNO": "", "ORD_UNPR": ""}, {"ORD_UNPR": ""}):
        output = power(real, **changes)["output"]
        assert (output["ord_psbl_cash"], output["nrcvb_buy_qty"]) == ("100000000", "0")
        assert output["nrcvb_buy_amt"] == "100000000"
    assert real.refusal_of(power(real, PDNO="999999")) == ("7", "APBK0656")
    assert real.refusal_of(power(real, ORD_DVSN="00", ORD_UNPR="1.5")) == ("2", "OPSQ2001")


def test_sellable_shares_are_those_that_no_order_holds_back(real: Any) -> None:
    real.exchange.give_holding(real.number, SAMSUNG, Decimal(7), Decimal(500_001))
    real.order("sell", ORD_QTY="3", ORD_UNPR=real.high_price())
    body = real.inquire("inquire-psbl-sell", "TTTC8408R", PDNO=SAMSUNG).json()
    (holding,) = real.exchange.account(real.number).holdings
    output = body["output"]
    assert [int(output[name]) for name in ("cblc_qty", "ord_psbl_qty", "pchs_amt", "evlu_amt")] == [
        7,
        holding.sellable,
        500_001,
        holding.market_value,
    ]
    assert holding.sellable == 4
    assert int(output["evlu_pfls_amt"]) == holding.market_value - 500_001
    nothing = real.inquire("inquire-psbl-sell", "TTTC8408R", PDNO=HYNIX).json()
    assert (nothing["rt_cd"], nothing["output"]["ord_psbl_qty"]) == ("0", "0")
