"""Every answer of the KIS face against the facts: names, nesting and number grammar of catalogue and examples."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.sandbox.face import APIS
from brokerkit_kis.sandbox.services import services

from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.words import Side

SAMSUNG, HYNIX = "005930", "000660"
Json = dict[str, Any]
ENVELOPE = {"rt_cd", "msg_cd", "msg1"}
PERIOD = {"FID_PERIOD_DIV_CODE": "D", "FID_ORG_ADJ_PRC": "0"}
INDEX = {"FID_COND_MRKT_DIV_CODE": "U", "symbol": "0001"}
UNTIL = {"FID_INPUT_HOUR_1": "094500"}
CALLS: dict[str, tuple[str, Json]] = {
    "inquire_price": ("FHKST01010100", {}),
    "inquire_price_2": ("FHPST01010000", {}),
    "inquire_investor": ("FHKST01010900", {}),
    "investor_trade_by_stock_daily": (
        "FHPTJ04160001",
        {"FID_INPUT_DATE_1": "20991231", "FID_ORG_ADJ_PRC": "", "FID_ETC_CLS_CODE": ""},
    ),
    "program_trade_by_stock_daily": ("FHPPG04650201", {"FID_INPUT_DATE_1": ""}),
    "inquire_asking_price_exp_ccn": ("FHKST01010200", {}),
    "inquire_ccnl": ("FHKST01010300", {}),
    "inquire_time_itemconclusion": ("FHPST01060000", UNTIL),
    "inquire_daily_price": ("FHKST01010400", PERIOD),
    "inquire_daily_itemchartprice": (
        "FHKST03010100",
        {**PERIOD, "FID_INPUT_DATE_1": "20000101", "FID_INPUT_DATE_2": "29991231"},
    ),
    "inquire_member": ("FHKST01010600", {}),
    "inquire_daily_indexchartprice": (
        "FHKUP03500100",
        {**PERIOD, "FID_INPUT_DATE_1": "20000101", "FID_INPUT_DATE_2": "29991231", **INDEX},
    ),
    "inquire_daily_overtimeprice": ("FHPST02320000", {}),
    "inquire_time_overtimeconclusion": ("FHPST02310000", {"FID_HOUR_CLS_CODE": "1"}),
    "inquire_elw_price": ("FHKEW15010000", {"FID_COND_MRKT_DIV_CODE": "W", "symbol": "57H714"}),
    "inquire_time_dailychartprice": (
        "FHKST03010230",
        {
            "FID_INPUT_DATE_1": "29991231",
            "FID_INPUT_HOUR_1": "153000",
            "FID_PW_DATA_INCU_YN": "Y",
            "FID_FAKE_TICK_INCU_YN": "N",
        },
    ),
    "inquire_time_itemchartprice": ("FHKST03010200", {**UNTIL, "FID_PW_DATA_INCU_YN": "Y", "FID_ETC_CLS_CODE": ""}),
}
ON_THE_WIRE = {
    "inquire_daily_ccld": {"cnc_cfrm_qty": "cncl_cfrm_qty"},
    "inquire_time_itemconclusion": {"stck_pbpr": "stck_prpr"},
    "inquire_daily_itemchartprice": {"itewhol_loan_rmnd_ratem name": "itewhol_loan_rmnd_ratem"},
    "order_resv": {"rsvn_ord_seq": "RSVN_ORD_SEQ"},
    "order_resv_rvsecncl": {"nrml_prcs_yn": "NRML_PRCS_YN"},
    **{
        name: {"krx_fwdg_ord_orgno": "KRX_FWDG_ORD_ORGNO", "odno": "ODNO", "ord_tmd": "ORD_TMD"}
        for name in ("order_rvsecncl", "order_credit")
    },
}
"""Where table and example disagree about a name: the wrong one, and what is sent. Of credit no answer is known."""
NOT_ON_THE_WIRE = {name: {"msg"} for name in ("order_resv", "order_resv_rvsecncl")}
"""What tables name beside the envelope, and examples do not show."""
IN_EXAMPLES_ONLY = {
    ("comp_program_trade_daily", "output"): {
        *("whol_entm_ntby_tr_pbmn_rate", "whol_onsl_ntby_qty", "whol_onsl_ntby_qty_rate", "whol_onsl_ntby_tr_pbmn"),
        *("whol_onsl_ntby_tr_pbmn_rate", "whol_smtn_ntby_qty", "whol_ntby_qty_rate", "whol_smtn_ntby_tr_pbmn"),
        *("whol_ntby_tr_pbmn_rate", "bstp_nmix_prpr", "bstp_nmix_prdy_vrss", "prdy_vrss_sign"),
    },
    ("inquire_daily_indexchartprice", "output1"): {"bstp_nmix_prdy_vrss"},
    ("overseas_stock/order_resv_list", "output"): {"ft_ccld_unpr3"},
    ("intgr_margin", "output"): {f"hgkg_cny_re_use_{name}_amt" for name in ("objt", "ord_psbl", "oth_use")},
}
IN_TABLES_ONLY = {("overseas_stock/order_resv", "output"): {"RSVN_ORD_RCIT_DT", "OVRS_RSVN_ODNO"}}
ODD_NUMBER = re.compile(r"-0(\.0+)?|\+.*|--.*|-?[0-9.]+[eE][+-]?[0-9]+|NaN|None|-?\.[0-9]+|-?[0-9]+\.")
"""Numbers as no answer of these calls writes them."""
BROKEN_LENGTHS = {"inquire_psbl_rvsecncl", "inquire_ccnl", "overseas_stock/inquire_search"}
"""The lengths in these tables stand beside the wrong names, or are digits before the point."""
WRONG_LENGTHS = {
    ("overseas_stock/inquire_ccnl", "tr_natn_name"),
    *(("overseas_stock/inquire_algo_ccnl", name) for name in ("FT_CCLD_UNPR3", "FT_CCLD_AMT3", "FT_ORD_UNPR3")),
    ("overseas_stock/algo_ordno", "ft_ord_unpr3"),
    ("overseas_stock/inquire_paymt_stdr_balance", "evlu_erng_rt1"),  # a sample has more decimals
    ("overseas_stock/inquire_period_profit", "exrt"),
}
"""Fields whose length is too short for what they name, or for the sample."""
US_QUOTATIONS, US_TRADING = "/uapi/overseas-price/v1/quotations", "/uapi/overseas-stock/v1/trading"
SLOTS = {f"{name}_{number:02d}": "" for number in range(1, 11) for name in ("EXCD", "SYMB")}
NEW_YORK_BARS = {"NMIN": "5", "PINC": "1", "NEXT": "", "NREC": "120", "FILL": "", "KEYB": ""}
CHART_OF_INDEX = {"FID_COND_MRKT_DIV_CODE": "N", "FID_INPUT_ISCD": ".DJI", "FID_PERIOD_DIV_CODE": "D"}
LONG_AGO = {"FID_INPUT_DATE_1": "20000101", "FID_INPUT_DATE_2": "29991231"}
US_CALLS: dict[str, tuple[str, Json]] = {
    "price": ("HHDFS00000300", {}),
    "price_detail": ("HHDFS76200200", {}),
    "multprice": ("HHDFS76220000", {"NREC": "1", **SLOTS, "EXCD_01": "NAS", "SYMB_01": "AAPL"}),
    "inquire_asking_price": ("HHDFS76200100", {}),
    "dailyprice": ("HHDFS76240000", {"GUBN": "0", "BYMD": "", "MODP": "0"}),
    "inquire_time_itemchartprice": ("HHDFS76950200", NEW_YORK_BARS),
    "quot_inquire_ccnl": ("HHDFS76200300", {"KEYB": "", "TDAY": "1"}),
    "inquire_search": ("HHDFS76410000", {}),
    "search_info": ("CTPF1702R", {"PDNO": "AAPL", "PRDT_TYPE_CD": "512"}),
    "inquire_daily_chartprice": ("FHKST03030100", {**CHART_OF_INDEX, **LONG_AGO}),
    "inquire_time_indexchartprice": (
        "FHKST03030200",
        {**CHART_OF_INDEX, "FID_HOUR_CLS_CODE": "0", "FID_PW_DATA_INCU_YN": "Y"},
    ),
}
WIDE_KEYS = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
US_ACCOUNT: dict[str, tuple[str, Json]] = {
    "inquire_present_balance": (
        "CTRP6504R",
        {"WCRC_FRCR_DVSN_CD": "01", "NATN_CD": "000", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"},
    ),
    "inquire_paymt_stdr_balance": (
        "CTRP6010R",
        {"BASS_DT": "20261128", "WCRC_FRCR_DVSN_CD": "01", "INQR_DVSN_CD": "00"},
    ),
    "inquire_psamount": ("TTTS3007R", {"OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "77.03", "ITEM_CD": "TQQQ"}),
    "foreign_margin": ("TTTC2101R", {}),
    "inquire_period_profit": (
        "TTTS3039R",
        {
            "OVRS_EXCG_CD": "",
            "NATN_CD": "",
            "CRCY_CD": "",
            "PDNO": "",
            "WCRC_FRCR_DVSN_CD": "01",
            "INQR_STRT_DT": "20200101",
            "INQR_END_DT": "29991231",
            **WIDE_KEYS,
        },
    ),
    "inquire_period_trans": (
        "CTOS4001R",
        {
            "ERLM_STRT_DT": "20200101",
            "ERLM_END_DT": "29991231",
            "OVRS_EXCG_CD": "",
            "PDNO": "",
            "SLL_BUY_DVSN_CD": "00",
            "LOAN_DVSN_CD": "",
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        },
    ),
}


def day_of_orders(real: Any) -> Json:
    """Send orders of every sort, and return the answer to an amendment."""
    number = real.ordered()
    real.ordered(PDNO=HYNIX, ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="3")
    real.ordered(ORD_DVSN="22", CNDT_PRIC=real.high_price(), ORD_QTY="1")
    real.exchange.reject_next(real.number)
    real.ordered()
    amended: Json = real.amend(number, str(int(real.low_price()) + 100), QTY_ALL_ORD_YN="N", ORD_QTY="4")
    return amended


def reserved(real: Any) -> dict[str, Json]:
    """Reserve an order, amend it and cancel another one; return the answers, and the list of both."""
    trading, day = "/uapi/domestic-stock/v1/trading", f"{real.exchange.today:%Y%m%d}"
    terms = {
        **real.account,
        "PDNO": SAMSUNG,
        "ORD_QTY": "5",
        "ORD_UNPR": real.low_price(),
        "SLL_BUY_DVSN_CD": "02",
        "ORD_DVSN_CD": "00",
        "ORD_OBJT_CBLC_DVSN_CD": "10",
    }
    kept, gone = (real.post(f"{trading}/order-resv", "CTSC0008U", terms).json() for _ in range(2))
    first, second = (body["output"]["RSVN_ORD_SEQ"] for body in (kept, gone))
    named = {**terms, "RSVN_ORD_SEQ": first, "RSVN_ORD_ORD_DT": day, "RSVN_ORD_END_DT": day}
    changed = real.post(f"{trading}/order-resv-rvsecncl", "CTSC0013U", named).json()
    real.post(f"{trading}/order-resv-rvsecncl", "CTSC0009U", {**real.account, "RSVN_ORD_SEQ": second})
    listed = real.inquire("order-resv-ccnl", "CTSC0004R", **real.reserved_fields()).json()
    return {"order_resv": kept, "order_resv_rvsecncl": changed, "order_resv_ccnl": listed}


def of_pensions_and_loans(real: Any, power: Json) -> dict[str, Json]:
    keys = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    orders = {"USER_DVSN_CD": "%%", "SLL_BUY_DVSN_CD": "00", "CCLD_NCCS_DVSN": "02", "INQR_DVSN_3": "00", **keys}
    realised = {"AFHR_FLPR_YN": "N", "OFL_YN": "", "INQR_DVSN": "02", "UNPR_DVSN": "01", "FUND_STTL_ICLD_YN": "N"}
    realised |= {"FNCG_AMT_AUTO_RDPT_YN": "N", "PRCS_DVSN": "01", "COST_ICLD_YN": "N", **keys}
    margin = {"CMA_EVLU_AMT_ICLD_YN": "N", "WCRC_FRCR_DVSN_CD": "01", "FWEX_CTRT_FRCR_DVSN_CD": "01"}
    purse = {"ACCA_DVSN_CD": "00"}
    pension = {name: value for name, value in power.items() if name != "OVRS_ICLD_YN"}
    return {
        name: real.inquire(name.replace("pension_", "pension/").replace("_", "-"), tr_id, **fields).json()
        for name, tr_id, fields in (
            ("inquire_balance_rlz_pl", "TTTC8494R", realised),
            ("inquire_credit_psamount", "TTTC8909R", {**power, "CRDT_TYPE": "21"}),
            ("inquire_account_balance", "CTRP6548R", {"INQR_DVSN_1": "", "BSPR_BF_DT_APLY_YN": ""}),
            ("intgr_margin", "TTTC0869R", margin),
            ("pension_inquire_daily_ccld", "TTTC2210R", orders),
            ("pension_inquire_balance", "TTTC2208R", {**purse, "INQR_DVSN": "00", **keys}),
            ("pension_inquire_present_balance", "TTTC2202R", {"USER_DVSN_CD": "00", **keys}),
            ("pension_inquire_deposit", "TTTC0506R", purse),
            ("pension_inquire_psbl_order", "TTTC0503R", {**pension, **purse}),
        )
    }


@pytest.fixture
def answers(real: Any) -> dict[str, Json]:
    """Return an answer of every call that is played, after a day with orders of every sort."""
    real.exchange.give_holding(real.number, SAMSUNG, Decimal(7), Decimal(500_001))
    amended = day_of_orders(real)
    real.exchange.forward(dt.timedelta(hours=6))  # before 15:40 the flow of all kinds is not told
    power = {"PDNO": SAMSUNG, "ORD_UNPR": "0", "ORD_DVSN": "01", "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
    told: dict[str, Json] = {
        "order_cash": real.order(),
        "order_rvsecncl": amended,
        "inquire_daily_ccld": real.daily(),
        "inquire_psbl_rvsecncl": real.working().json(),
        "inquire_balance": real.balance().json(),
        "inquire_psbl_order": real.inquire("inquire-psbl-order", "TTTC8908R", **power).json(),
        "inquire_psbl_sell": real.inquire("inquire-psbl-sell", "TTTC8408R", PDNO=SAMSUNG).json(),
    }
    told |= of_pensions_and_loans(real, power)
    span = {"INQR_STRT_DT": "20200101", "INQR_END_DT": "29991231", "PDNO": "", "SORT_DVSN": "00", "CBLC_DVSN": "00"}
    keys = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    real.order("sell", ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="2")
    for name, tr_id, more in (
        ("inquire_period_trade_profit", "TTTC8715R", {}),
        ("inquire_period_profit", "TTTC8708R", {"INQR_DVSN": "00"}),
    ):
        told[name] = real.inquire(name.replace("_", "-"), tr_id, **span, **keys, **more).json()
    quotations = "/uapi/domestic-stock/v1/quotations"
    share = {"PDNO": SAMSUNG, "PRDT_TYPE_CD": "300"}
    several = {"FID_COND_MRKT_DIV_CODE_1": "J", "FID_INPUT_ISCD_1": SAMSUNG}
    ranks = {
        "FID_COND_MRKT_DIV_CODE": "J",
        "FID_COND_SCR_DIV_CODE": "20171",
        "FID_INPUT_ISCD": "0000",
        "FID_DIV_CLS_CODE": "0",
        "FID_TRGT_CLS_CODE": "0",
        "FID_TRGT_EXLS_CLS_CODE": "0",
        "FID_INPUT_PRICE_1": "",
        "FID_INPUT_PRICE_2": "",
        "FID_VOL_CNT": "",
    }
    rises = {
        "FID_RANK_SORT_CLS_CODE": "0",
        "FID_INPUT_CNT_1": "0",
        "FID_PRC_CLS_CODE": "0",
        "FID_RSFL_RATE1": "",
        "FID_RSFL_RATE2": "",
    }
    bought = {"FID_COND_MRKT_DIV_CODE": "V", "FID_RANK_SORT_CLS_CODE": "0", "FID_ETC_CLS_CODE": "1"}
    user = {"user_id": real.face.credentials.hts_id or ""}
    market = {
        "FID_COND_MRKT_DIV_CODE": "U",
        "FID_INPUT_ISCD": "0001",
        "FID_INPUT_DATE_1": "20991231",
        "FID_INPUT_ISCD_1": "KSP",
        "FID_INPUT_DATE_2": "20991231",
        "FID_INPUT_ISCD_2": "0001",
    }
    programs = {
        "FID_COND_MRKT_DIV_CODE": "J",
        "FID_MRKT_CLS_CODE": "K",
        "FID_INPUT_DATE_1": "20000101",
        "FID_INPUT_DATE_2": "20991231",
    }
    credit = {"PDNO": SAMSUNG, "CRDT_TYPE": "21", "LOAN_DT": "20991231", "ORD_DVSN": "00", "ORD_QTY": "1"}
    told["order_credit"] = real.post(
        "/uapi/domestic-stock/v1/trading/order-credit",
        "TTTC0052U",
        {**real.account, **credit, "ORD_UNPR": real.low_price()},
    ).json()
    day = {"BASS_DT": f"{real.exchange.today:%Y%m%d}", "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
    for name, tr_id, fields in (
        ("search_info", "CTPF1604R", share),
        ("search_stock_info", "CTPF1002R", share),
        ("chk_holiday", "CTCA0903R", day),
        ("intstock_multprice", "FHKST11300006", several),
        ("volume_rank", "FHPST01710000", {**ranks, "FID_BLNG_CLS_CODE": "0"}),
        ("foreign_institution_total", "FHPTJ04400000", {**ranks, **bought}),
        ("psearch_title", "HHKST03900300", user),
        ("psearch_result", "HHKST03900400", {**user, "seq": "0"}),
        ("inquire_investor_daily_by_market", "FHPTJ04040000", market),
        ("investor_trend_estimate", "HHPTJ04160200", {"MKSC_SHRN_ISCD": SAMSUNG}),
        ("comp_program_trade_daily", "FHPPG04600001", programs),
    ):
        told[name] = real.get(f"{quotations}/{name.replace('_', '-')}", tr_id, fields).json()
    for name, tr_id, fields in (
        ("fluctuation", "FHPST01700000", {**ranks, **rises}),
        ("market_cap", "FHPST01740000", ranks),
    ):
        told[name] = real.get(f"/uapi/domestic-stock/v1/ranking/{name.replace('_', '-')}", tr_id, fields).json()
    told |= reserved(real)
    for name, (tr_id, fields) in CALLS.items():
        told[name] = real.quotation(name.replace("_", "-"), tr_id, **fields)
    return told | {f"overseas_stock/{name}": body for name, body in us_answers(real).items()}


def us_reserved(real: Any) -> dict[str, Json]:
    """Reserve two orders and cancel the second one; return the answers, and the list of both."""
    trading, day = "/uapi/overseas-stock/v1/trading", f"{real.us.today:%Y%m%d}"
    terms = {**real.account, "PDNO": "AAPL", "OVRS_EXCG_CD": "NASD", "FT_ORD_QTY": "1", "FT_ORD_UNPR3": "148.00"}
    kept, gone = (real.post(f"{trading}/order-resv", "TTTT3014U", terms).json() for _ in range(2))
    named = {**real.account, "RSVN_ORD_RCIT_DT": day, "OVRS_RSVN_ODNO": gone["output"]["ODNO"]}
    span = {"INQR_STRT_DT": day, "INQR_END_DT": day, "INQR_DVSN_CD": "00", "PRDT_TYPE_CD": "512"}
    return {
        "order_resv": kept,
        "order_resv_ccnl": real.post(f"{trading}/order-resv-ccnl", "TTTT3017U", named).json(),
        "order_resv_list": real.us_inquire(
            "order-resv-list", "TTTT3039R", **span, OVRS_EXCG_CD="NASD", **WIDE_KEYS
        ).json(),
    }


def us_answers(real: Any) -> dict[str, Json]:
    """Return an answer of every call for the US, after orders of every sort."""
    real.us.give_holding(real.number, "US:AAPL", Decimal(7), Decimal("500.01"))
    told: dict[str, Json] = {"order": real.us_order().json()}
    waiting = str(told["order"]["output"]["ODNO"])
    told["order_rvsecncl"] = real.us_change(waiting, RVSE_CNCL_DVSN_CD="01", ORD_QTY="3", OVRS_ORD_UNPR="101.00")
    real.us_ordered("sell", OVRS_ORD_UNPR="1.00", ORD_QTY="2")
    span = {"ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "233000", "END_TIME": "013000"}
    split = real.us_ordered(ORD_DVSN="35", OVRS_ORD_UNPR="900.00", **span)
    day, symbol = f"{real.us.today:%Y%m%d}", {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}
    sold = real.us.daily_candles("US:AAPL")[-4].time.date()
    request = OrderRequest(symbol="US:AAPL", side=Side.SELL, quantity=5, price=120)
    real.us.remember(real.number, sold, request, filled=Decimal(5), cost=Decimal(500))
    told |= {
        "inquire_ccnl": real.us_orders().json(),
        "inquire_nccs": real.us_working().json(),
        "inquire_balance": real.us_balance(),
        "algo_ordno": real.us_inquire("algo-ordno", "TTTS6058R", TRAD_DT=day, **WIDE_KEYS).json(),
        "inquire_algo_ccnl": real.us_inquire("inquire-algo-ccnl", "TTTS6059R", ORD_DT=day, ODNO=split).json(),
    }
    for name, (tr_id, fields) in US_CALLS.items():
        path = f"{US_QUOTATIONS}/{name.removeprefix('quot_').replace('_', '-')}"
        told[name] = real.get(path, tr_id, {**symbol, **fields}).json()
    for name, (tr_id, fields) in US_ACCOUNT.items():
        told[name] = real.us_inquire(name.replace("_", "-"), tr_id, **fields).json()
    settled = {"TRAD_DT": day, "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
    path = "/uapi/overseas-stock/v1/quotations/countries-holiday"
    told["countries_holiday"] = real.get(path, "CTOS5011R", settled).json()
    real.us.phase = Phase.DAYTIME
    told |= us_reserved(real)
    blank = {"CTAC_TLNO": "", "MGCO_APTM_ODNO": ""}
    told["daytime_order"] = real.us_order(path="daytime-order", tr_id="TTTS6036U", **blank).json()
    by_day = {"path": "daytime-order-rvsecncl", "tr_id": "TTTS6038U", **blank}
    told["daytime_order_rvsecncl"] = real.us_change(told["daytime_order"]["output"]["ODNO"], **by_day)
    return told


def facts() -> Path:
    folder = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
    if not folder:
        pytest.skip("BROKERKIT_WIRE_EXAMPLES is not set: the vendor's tables and examples are not in the repository")
    return Path(folder, "kis")


def catalogue() -> Json:
    tables: Json = json.loads((facts() / "catalogue.json").read_text(encoding="utf-8"))
    return tables


def named(name: str) -> str:
    """Return what the catalogue calls a call."""
    return name if "/" in name else f"domestic_stock/{name}"


def rows_of(block: Any) -> list[Json]:
    return block if isinstance(block, list) else [block]


def test_every_played_call_is_answered_and_every_value_is_a_text(answers: dict[str, Json]) -> None:
    last = {True: Counter[str](), False: Counter[str]()}
    for path in APIS:
        last["/overseas-" in path][path.replace("/pension/", "/pension-").rsplit("/", 1)[1]] += 1
    told = {True: Counter[str](), False: Counter[str]()}
    for name in answers:
        told["/" in name][name.rpartition("/")[2].removeprefix("quot_").replace("_", "-")] += 1
    assert told == last
    for name, body in answers.items():
        assert body["rt_cd"] == "0", name
        for block in body.values():
            texts = [block] if isinstance(block, str) else [text for row in rows_of(block) for text in row.values()]
            assert texts or name == "inquire_time_overtimeconclusion", name  # in which nobody trades any more
            assert all(isinstance(text, str) for text in texts), name
            # Rates abroad have a plus sign.
            odd = [text for text in texts if ODD_NUMBER.fullmatch(text.removeprefix("+") if "/" in name else text)]
            assert not odd, name


def test_answers_have_the_blocks_and_names_of_the_tables(answers: dict[str, Json]) -> None:
    tables = catalogue()
    for name, body in answers.items():
        table = tables[named(name)]
        blocks = {key: value for key, value in body.items() if not isinstance(value, str)}
        shapes = {key: "array" if isinstance(value, list) else "object" for key, value in blocks.items()}
        assert shapes == table["response_shape"], name
        in_table = {key: fields for key, fields in table["response"].items() if key != "_top"}
        assert in_table.keys() == blocks.keys(), name
        above = {field["name"] for field in table["response"].get("_top", [])}
        assert body.keys() - blocks.keys() == ENVELOPE | above - NOT_ON_THE_WIRE.get(name, set()), name
        for key, fields in in_table.items():
            wanted = {field["name"] for field in fields} | IN_EXAMPLES_ONLY.get((name, key), set())
            wanted -= IN_TABLES_ONLY.get((name, key), set())
            for row in rows_of(blocks[key]):
                assert row.keys() == {sent(name, field) for field in wanted}, name


def sent(name: str, field: str) -> str:
    return ON_THE_WIRE.get(name, {}).get(field, field)


def fits(value: str, length: int) -> bool:
    """Return whether a value fits: lengths above any width of a text tell digits before and behind the point."""
    if length > 60 and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        before, _, behind = value.lstrip("-").partition(".")
        return len(before) <= length // 10 and len(behind) <= length % 10
    return len(value.encode("cp949")) <= length


def test_no_value_is_longer_than_its_field(answers: dict[str, Json]) -> None:
    tables = catalogue()
    for name in answers.keys() - BROKEN_LENGTHS:
        for key, fields in tables[named(name)]["response"].items():
            lengths = {field["name"]: int(field["length"]) for field in fields if field.get("length")}
            for row in rows_of(answers[name] if key == "_top" else answers[name][key]):
                for field, length in lengths.items():
                    value = row.get(field, "")
                    assert fits(value, length) or (name, field) in WRONG_LENGTHS, (name, field, value)


def shape(value: str) -> str:
    """Return what kind of text it is: so many decimals, digits padded to a width, or words."""
    text = value.strip().removeprefix("+")
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return "text"
    decimals = len(text.partition(".")[2])
    return f"{decimals} decimals" if decimals else "whole"


def examples() -> Iterator[tuple[str, Json]]:
    for path in sorted((facts() / "examples").glob("*_stock__*__*.json")):
        part, name, kind = path.stem.split("__")
        if kind.startswith("official"):
            yield (
                name if part == "domestic_stock" else f"{part}/{name}",
                json.loads(path.read_text(encoding="utf-8"))["response"].get("body", {}),
            )


OTHER_SHAPES = {
    ("overseas_stock/inquire_balance", "cano"),  # the number is hidden in the example
    *(("search_info", "shtn_pdno"), ("search_info", "std_pdno")),  # the example is of a share of another country
    *(("market_cap", "mksc_shrn_iscd"), ("volume_rank", "mksc_shrn_iscd")),  # codes may have letters
}


def test_answers_have_the_names_and_number_shapes_of_the_official_examples(answers: dict[str, Json]) -> None:
    seen, odd = set(), []
    for name, official in examples():
        if name not in answers:
            continue
        seen.add(name)
        for key, block in official.items():
            if isinstance(block, str):
                assert isinstance(answers[name][key], str), (name, key)
                continue
            ours = rows_of(answers[name][key])
            for field, value in rows_of(block)[0].items():
                told = {row[sent(name, field)] for row in ours}
                shapes = {shape(text) for text in told if text.strip()}
                fits_shape = not value.strip() or "*" in value or not shapes or shapes == {shape(value)}
                if not fits_shape and (name, field) not in OTHER_SHAPES:
                    odd.append((name, field, value, told))
    assert odd == []
    # Of these there is no example.
    without = {name for name in answers if name.startswith("pension_")} | {"inquire_credit_psamount", "intgr_margin"}
    without |= {"inquire_psbl_sell", "inquire_daily_overtimeprice", "inquire_elw_price", "intstock_multprice"}
    without |= {
        "inquire_period_profit",
        "psearch_title",
        "psearch_result",
        "foreign_institution_total",
        "comp_program_trade_daily",
    }
    without |= {
        f"overseas_stock/{name}"
        for name in (
            *("multprice", "inquire_period_profit", "daytime_order", "daytime_order_rvsecncl", "inquire_search"),
            *("inquire_asking_price", "quot_inquire_ccnl", "inquire_time_indexchartprice"),
            *("algo_ordno", "inquire_algo_ccnl"),
        )
    }
    assert seen == answers.keys() - without


def test_ids_paths_and_methods_are_those_of_the_tables() -> None:
    tables = [table for table in catalogue().values() if table["transport"] == "rest" and table["tr_id"]["real"]]
    assert len(tables) == len(services())
    for table in tables:
        service, ids = services()[table["path"]], table["tr_id"]
        old = ids.get("old", {})
        assert service.api.method == table["method"]
        real, demo = ({*flat(ids[name]), *flat(old.get(name))} - DEAD for name in ("real", "demo"))
        assert (service.real - UNPROVEN[0], service.demo - UNPROVEN[1]) == (real, demo)


DEAD = {"JTTT1002U", "JTTT1004U", "JTTT1006U"}
"""They went out of service, and the table still has them."""
UNPROVEN = {"TTTN1103U"}, {"VTTS3018R", "HHDFC55010000", "HHDFC55010100"}
"""Of the real environment and of the demo: one source has them, another has not; none says that they are refused."""


def flat(ids: Any) -> Iterator[str]:
    if isinstance(ids, str):
        yield ids
    elif ids:
        for inner in ids.values() if isinstance(ids, dict) else ids:
            yield from flat(inner)


def names_in(name: str) -> list[str]:
    """Return the fields of a line: queries are printed in both cases, and ten slots as one."""
    stem, ten, _ = name.upper().partition("_01~10")
    return [f"{stem}_{number:02d}" for number in range(1, 11)] if ten else [stem]


def test_fields_of_the_calls_are_those_of_the_tables() -> None:
    by_path = {table["path"]: table for table in catalogue().values()}
    for path, api in APIS.items():
        table = by_path[path]
        asked = {name: fact for fact in table["request"] for name in names_in(fact["name"])}
        assert {field.name for field in api.fields} == asked.keys(), path
        for field in api.fields:
            fact = asked[field.name]
            # Users saw that the server wants these too, also blank.
            is_needed = fact["required"] or field.name.startswith(("CTX_AREA", "FID_FAKE_TICK"))
            assert field.required <= is_needed, (path, field.name)
            if field.codes is not None and fact.get("values_checked"):
                extra = set(fact["values"]) - field.codes
                assert extra <= {"02"}, (path, field.name)  # INQR_DVSN of the balance, refused since 2026
