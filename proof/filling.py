"""What cannot be at the sandbox as the brokers' samples have it: accounts, numbers of orders, days, symbols, blanks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from brokerkit.sandbox.sandbox import Connection
from proof.samples import Sample

TODAY = "today"
"""Stands for the day that is played."""
VENUES = {
    "us": {"OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "OVRS_ORD_UNPR": "200.00", "PRDT_TYPE_CD": "512"},
    "asia": {"OVRS_EXCG_CD": "SEHK", "PDNO": "00700", "PRDT_TYPE_CD": "501", "SLL_BUY_DVSN_CD": "02"},
    "hk": {"OVRS_EXCG_CD": "SEHK", "PDNO": "00700"},
    "jp": {"OVRS_EXCG_CD": "TKSE", "PDNO": "7203"},
    "shanghai": {"OVRS_EXCG_CD": "SHAA", "PDNO": "600000"},
    "shenzhen": {"OVRS_EXCG_CD": "SZAA", "PDNO": "000001"},
    "vn": {"OVRS_EXCG_CD": "VNSE", "PDNO": "VNM"},
}
"""A share of each country, by the first word of the variants that are about it."""
OURS: Mapping[str, Mapping[str, Any]] = {
    # The samples' shares are not listed here, and their prices are not of today.
    "domestic_stock/inquire_psbl_sell": {"PDNO": "005930"},
    "domestic_stock/inquire_time_dailychartprice": {"FID_INPUT_ISCD": "005930", "FID_INPUT_HOUR_1": "120000"},
    "domestic_stock/investor_trade_by_stock_daily": {"FID_INPUT_ISCD": "005930"},
    "overseas_stock/daytime_order": {"PDNO": "AAPL", "OVRS_ORD_UNPR": "200.00"},
    "overseas_stock/daytime_order_rvsecncl": {"PDNO": "AAPL", "ORD_QTY": "1", "OVRS_ORD_UNPR": "201.00"},
    "overseas_stock/order_rvsecncl": {"ORD_QTY": "1"},
    "overseas_stock/inquire_psamount": {"ITEM_CD": "AAPL", "OVRS_ORD_UNPR": "200.00"},
    "kt10000": {"trde_tp": "0", "ord_uv": "60000"},
    "kt10001": {"trde_tp": "0", "ord_uv": "80000"},
    "kt10002": {"mdfy_uv": "60100"},
    "kt10006": {"ord_uv": "60000"},
    "kt10007": {"ord_uv": "80000"},
    "kt10008": {"mdfy_uv": "60100"},
    "kt50002": {"mdfy_uv": "160100"},
    "ust20000": {"ord_uv": "200.00"},
    "ust20001": {"ord_uv": "300.00"},
    "ust20002": {"mdfy_uv": "201.00"},
    "ust31490": {"uv": "200.00"},
    # Futures at night are changed by their kind; ordered and reserved today; a condition that is stored here.
    "domestic_futureoption/order_rvsecncl/night": {"FUOP_ITEM_DVSN_CD": "01"},
    "domestic_futureoption/order_rvsecncl/night_of_the_samples": {"FUOP_ITEM_DVSN_CD": "01"},
    "overseas_futureoption/order_rvsecncl": {"ORGN_ORD_DT": TODAY},
    "overseas_stock/order_resv_ccnl": {"RSYN_ORD_RCIT_DT": TODAY, "RSVN_ORD_RCIT_DT": TODAY},
    "ka10173": {"seq": "0"},
    # The demo tells one exchange at a time, of those that it has.
    "overseas_stock/inquire_nccs": {"OVRS_EXCG_CD": "NASD"},
}
BLANKS: Mapping[str, str] = {
    **dict.fromkeys(("stk_cd", "mksc_shrn_iscd", "pdno"), "005930"),
    **dict.fromkeys(("strt_dt", "end_dt", "base_dt", "qry_dt", "dt", "date", "ord_dt", "cntr_dt", "bass_dt"), TODAY),
    **dict.fromkeys(("ord_strt_dt", "ord_end_dt", "fid_input_date_1", "fid_input_date_2", "from", "to"), TODAY),
    **dict.fromkeys(("inqr_strt_dt", "inqr_end_dt", "fr_dt", "to_dt", "start_dt", "trad_dt"), TODAY),
    **dict.fromkeys(("ord_qty", "mdfy_qty", "cncl_qty", "rank_strt"), "1"),
    "rank_end": "10",
    "skip_stk": "000000000",
    "arn_grp_id": "001",
    "seq": "0",
    "ord_no": "0000000",
    "mmcm_cd": "001",
    "isscomp_cd": "17",
    "fid_fake_tick_incu_yn": "N",
    "fc_exmn_amt": "100000",
    **dict.fromkeys(("min_trde_qty", "max_trde_qty", "min_trde_prica", "max_trde_prica"), "0"),
}
"""What is given to a field to which the facts give nothing, by its name in small letters."""
AMERICAN: Mapping[str, str] = {"stk_cd": "AAPL", "stex_tp": "ND"}
"""The same in the US."""
PLACED: Mapping[str, str] = {
    "domestic_stock/order_rvsecncl": "domestic_stock/order_cash",
    "domestic_stock/order_resv_rvsecncl": "domestic_stock/order_resv",
    "domestic_futureoption/order_rvsecncl": "domestic_futureoption/order",
    "domestic_bond/order_rvsecncl": "domestic_bond/buy",
    "overseas_futureoption/order_rvsecncl": "overseas_futureoption/order",
    "overseas_stock/order_rvsecncl": "overseas_stock/order",
    "overseas_stock/daytime_order_rvsecncl": "overseas_stock/daytime_order",
    "overseas_stock/order_resv_ccnl": "overseas_stock/order_resv",
    **dict.fromkeys(("kt10002", "kt10003", "ka10088"), "kt10000"),
    **dict.fromkeys(("kt10008", "kt10009"), "kt10006"),
    **dict.fromkeys(("kt50002", "kt50003"), "kt50000"),
    **dict.fromkeys(("ust20002", "ust20003", "ust21050"), "ust20000"),
}
"""Which order has to be there before one is amended, cancelled or listed."""
KEYS: Mapping[str, str] = {"HDFS": "DNASAAPL", "H0UP": "0001", "H0IF": "101W09", "H0ST": "005930", "H0NX": "005930"}
"""What is registered at KIS's socket, by the beginning of the id."""
NOTICES = ("CNI0", "CNI9")


def placing(sample: Sample) -> tuple[str, str] | None:
    """Return the API that places what this sample changes, and the first word of its variant."""
    name = PLACED.get(sample.api.name)
    return None if name is None else (name, sample.variant.partition("_")[0])


def filled(sample: Sample, given: Connection, today: dt.date, number: str = "", branch: str = "") -> dict[str, Any]:
    """Return the fields as they are sent here: of an order that was placed before, with its number and branch."""
    api = sample.api
    account, product = f"{given.account}-".split("-")[:2]
    own = {"CANO": account, "ACNT_PRDT_CD": product, "user_id": given.hts_id, "USER_ID": given.hts_id}
    if branch:
        own["KRX_FWDG_ORD_ORGNO"] = branch
    if sample.variant.endswith("cancel") and not sample.variant.endswith("modify_cancel"):
        own["RVSE_CNCL_DVSN_CD"] = "02"  # in these countries there are no amendments
    if number and api.order is not None:
        own[api.order.original] = number
    is_american = "/us/" in api.path
    blanks = {**BLANKS, **AMERICAN} if is_american else BLANKS
    needed = [each.name for each in api.request if each.required or each.name in api.pages]
    if is_american:
        needed += [name for name in AMERICAN if name in api.fields and api.method != "SEND"]
    fields = {
        **dict.fromkeys(needed, ""),
        **sample.fields,
        **OURS.get(api.name, {}),
        **OURS.get(f"{api.name}/{sample.variant}", {}),
    }
    if is_american and fields.get("stex_tp") == "NA":
        fields["stex_tp"] = ""
    if api.path.startswith("/uapi/overseas-stock/v1/trading/order"):
        fields |= {name: text for name, text in _venue(sample).items() if name in api.fields}
    fields.pop("", None)
    sent = {name: own.get(name) or text or blanks.get(name.lower(), text) for name, text in fields.items()}
    return {name: f"{today:%Y%m%d}" if text == TODAY else text for name, text in sent.items()}


def _venue(sample: Sample) -> Mapping[str, str]:
    return VENUES.get(sample.variant.partition("_")[0], VENUES["us"])


def socket_key(an_id: str, given: Connection) -> str:
    """Return what is registered at KIS's socket for an id."""
    if an_id.endswith(NOTICES) or an_id == "HDFFF1C0" or an_id == "HDFFF2C0":
        return given.hts_id or ""
    return next((key for start, key in KEYS.items() if an_id.startswith(start)), "005930")
