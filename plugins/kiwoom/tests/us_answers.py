"""Answers of Kiwoom about US symbols that we made: the names of the broker's fields, numbers in its grammar."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DONE: Json = {"return_code": 0, "return_msg": "done"}
NOTHING: Json = {"return_code": 20, "return_msg": "[2000](571758:미체결내역이 없습니다)"}
NOT_THERE: Json = {"return_code": 7, "return_msg": "[1903:종목 정보가 없습니다]"}
"""Of a symbol that is not listed at the exchange that was named."""


def listed(symbol: str = "AAPL", exchange: str = "ND", **changes: Any) -> Json:
    row = {"stex_tp": exchange, "stk_cd": symbol, "stk_nm": "애플", "stk_enm": "Apple", "upgb": "기술", "isEtf": "N"}
    return {**row, "mkgb": "거래소", **changes}


def page(*rows: Json, key: str = "result_list") -> Json:
    return {key: list(rows), **DONE}


def quote(**changes: Any) -> Json:
    return {
        "stex_tp": "ND",
        "stk_cd": "AAPL",
        "stk_nm": "애플",
        "cur_prc": "-275.2400",
        "pred_pre": "-1.7600",
        "flu_rt": "-0.64",
        "acc_trde_qty": "41234567",
        "base_close_pric": "277.0000",
        "upl_pric": "0.0000",
        "lst_pric": "0.0000",
        "open_pric": "+278.1000",
        "high_pric": "+279.0000",
        "low_pric": "-274.9000",
        "base_exrt": "1468.20",
        **changes,
        **DONE,
    }


def book() -> Json:
    """Return ten levels a side: sells from 275.25 upwards, 11, 22, ... shares; buys from 275.23 down, 13, 26, ..."""
    levels: Json = {"stk_cd": "AAPL", "dt": "20261127", "bid_tm": "1012"}
    for level in range(1, 11):
        levels |= {f"sel_{level}bid": f"-{27524 + level}"[:-2] + f".{(27524 + level) % 100:02}00"}
        levels |= {f"buy_{level}bid": f"-{27524 - level}"[:-2] + f".{(27524 - level) % 100:02}00"}
        levels |= {f"sel_{level}bid_req": f"{11 * level}", f"buy_{level}bid_req": f"{13 * level}"}
    return {**levels, **DONE}


def holding(**changes: Any) -> Json:
    return {
        "stex_nm": "미국",
        "crnc_code": "USD",
        "stk_cd": "AAPL",
        "frgn_stk_nm": "애플",
        "qty": "000000000008",
        "poss_qty": "000000000010",
        "sell_alowq": "000000000009",
        "frgn_stk_book_uv": "270.1234",
        "frgn_stk_book_amt": "2701.2340",
        "now_pric": "275.2400",
        "evlt_amt": "2752.4000",
        "pl_amt": ".-203",
        **changes,
    }


def holdings(*rows: Json, cost: str = "2701.2340", value: str = "2752.4000") -> Json:
    return {"crnc_code": "USD", "tot_evlt_amt": value, "tot_prch_amt": cost, "tot_pl_amt": "30.0000", **page(*rows)}


def cash(**changes: Any) -> Json:
    days = {"d0_usd_fx_entr": "100000.000", "d1_usd_fx_entr": "99500.000", "d2_usd_fx_entr": "97248.765"}
    return {"won_entr": "000000100000000", **days, **changes, **DONE}


def power(**changes: Any) -> Json:
    return {
        "krw_ord_rqst_yn": "N",
        "ord_alowa_50": "9000.00",
        "ord_alowq_50": "000000000032",
        "min_ord_alowa": "4000.00",
        "min_ord_alowq": "000000000014",
        "ord_alowa": "3000.00",
        "crnc_code": "USD",
        **changes,
        **DONE,
    }


def sent(number: str = "000000063", **changes: Any) -> Json:
    return {"stk_nm": "애플", "ord_no": number, "fc_entra": "10.0000", **changes, **DONE}


def today_row(**changes: Any) -> Json:
    """Return a row of the list of today, in which a purchase of 10 for 270.50 has been filled with 4."""
    return {
        "ord_no": "000000063",
        "orig_ord_no": "000000000",
        "stex_nm": "미국",
        "crnc_code": "USD",
        "stk_cd": "AAPL",
        "frgn_stk_nm": "애플",
        "frgn_trde_tp": "00",
        "slby_tp": "2",
        "slby_tp_nm": "매수",
        "ord_qty": "000000000010",
        "ord_uv": "270.5000",
        "cntr_qty": "000000000004",
        "cntr_uv": "270.4925",
        "cnfm_qty": "000000000000",
        "ord_remnq": "000000000006",
        "ord_time": "23:41:12",
        "ord_stat": "접수",
        "rsrv_tp": "0",
        "cntr_time": "  :  :",
        **changes,
    }


def day_row(**changes: Any) -> Json:
    """Return the same order in the list of a day."""
    row = {name: value for name, value in today_row().items() if name not in {"orig_ord_no", "slby_tp", "ord_stat"}}
    row |= {"ord_stat_nm": "접수", "mdfy_qty": "000000000000", "cncl_qty": "000000000000", "text1": ""}
    return {**row, "comm_ord_tp_nm": "REST API", "inpt_chnl_tp": "REST API", **changes}


def answers() -> dict[str, Json]:
    """Return a sound answer for every call."""
    return {
        "usa10098": {"list": [listed()], **DONE},
        "usa10099": {"list": [listed(), listed("QLD", "NY", isEtf="Y"), listed("BRK.B", "NY")], **DONE},
        "usa20100": quote(),
        "usa20101": book(),
        "ust20000": sent(),
        "ust20001": sent(),
        "ust20002": sent("000000639", orig_ord_no="000000063", mdfy_ord_qty="000000000006"),
        "ust20003": sent("000000200", orig_ord_no="000000063", cncl_ord_qty="000000000006"),
        "ust21050": page(today_row()),
        "ust21510": page(today_row()),
        "ust21150": page(day_row()),
        "ust21070": holdings(holding()),
        "ust21160": cash(),
        "ust31490": power(),
        "ust31301": {"sell_aplc_exrt": "1.00", "aplc_exrt": "1,468.20", "exrt_tp_nm": "고시환율", **DONE},
    }
