"""What each served API takes in its body."""

from __future__ import annotations

from collections.abc import Mapping

from . import us_calls
from .fields import Field
from .orders import ORDER_TYPES

_VENUES = "KRX NXT SOR"
_CODE = Field("stk_cd", 20)
_VENUE = Field("dmst_stex_tp", 3, _VENUES)
_HELD_AT = Field("dmst_stex_tp", 6)
_LISTED_AT = Field("stex_tp", 1, "0 1 2")
_STEX = Field("stex_tp", 1, "1 2 3")
_ADJUSTED = Field("upd_stkpc_tp", 1)
_ORIGINAL = Field("orig_ord_no", 7, digits=True)
_BASE_DAY = Field("base_dt", 8, date=True)
_MARKET = Field("mrkt_tp", 3, "000 001 101")
_EXCHANGE = Field("stex_tp", 1, "1 2 3")
_CHART = (_CODE, _BASE_DAY, _ADJUSTED)
_SECTOR = Field("inds_cd", 3)
_INDEX_CHART = (_SECTOR, _BASE_DAY)
_ORDER = (
    _VENUE,
    Field("stk_cd", 12),
    Field("ord_qty", 12, digits=True),
    Field("ord_uv", 12, digits=True, required=False),
    Field("trde_tp", 2, " ".join(ORDER_TYPES)),
    Field("cond_uv", 12, digits=True, required=False),
)
_AMEND = (
    _VENUE,
    _ORIGINAL,
    Field("stk_cd", 12),
    Field("mdfy_qty", 12, digits=True),
    Field("mdfy_uv", 12, digits=True),
    Field("mdfy_cond_uv", 12, digits=True, required=False),
)
_CANCEL = (_VENUE, _ORIGINAL, Field("stk_cd", 12), Field("cncl_qty", 12, digits=True))

_GOLD = Field("stk_cd", 12)
_MAYBE_GOLD = Field("stk_cd", 12, required=False)
_FROM_ORDER = Field("fr_ord_no", 7, digits=True, required=False)
_GOLD_ORDER = (
    _GOLD,
    Field("ord_qty", 12, digits=True),
    Field("ord_uv", 12, digits=True, required=False),
    Field("trde_tp", 2, "00 10 20"),
)
_KIND = Field("stk_bond_tp", 1, "0 1 2")
_GOLD_DAY = (
    Field("ord_dt", 8, date=True),
    Field("qry_tp", 1, "1 2", required=False),
    Field("mrkt_deal_tp", 1),  # 5 by the table, 1 in the example: either is taken
    _KIND,
    _MAYBE_GOLD,
    _FROM_ORDER,
    Field("dmst_stex_tp", 6, f"% {_VENUES}", required=False),
)

FIELDS: Mapping[str, tuple[Field, ...]] = {
    "ka00001": (),
    "kt00001": (Field("qry_tp", 1),),
    "kt00004": (Field("qry_tp", 1), _HELD_AT),
    "kt00005": (_HELD_AT,),
    "kt00018": (Field("qry_tp", 1), _HELD_AT),
    "kt00010": (
        Field("io_amt", 12, digits=True, required=False),
        Field("stk_cd", 12),
        Field("trde_tp", 1),
        Field("trde_qty", 10, digits=True, required=False),
        Field("uv", 10, digits=True),
        Field("exp_buy_unp", 10, digits=True, required=False),
    ),
    "kt00011": (Field("stk_cd", 12), Field("uv", 10, digits=True, required=False)),
    "kt00012": (Field("stk_cd", 12), Field("uv", 10, digits=True, required=False)),
    "kt00013": (),
    "ka01690": (Field("qry_dt", 8, date=True),),
    "kt00002": (Field("start_dt", 8, date=True), Field("end_dt", 8, date=True)),
    "kt00003": (Field("qry_tp", 1, "0 1"),),
    "kt00008": (Field("strt_dcd_seq", 7, digits=True, required=False),),
    "kt00016": (Field("fr_dt", 8, date=True), Field("to_dt", 8, date=True)),
    "kt00017": (),
    "ka10085": (_LISTED_AT,),
    "kt00007": (
        Field("ord_dt", 8, date=True, required=False),
        Field("qry_tp", 1, "1 2 3 4"),
        Field("stk_bond_tp", 1),
        Field("sell_tp", 1),
        Field("stk_cd", 12, required=False),
        Field("fr_ord_no", 7, digits=True, required=False),
        Field("dmst_stex_tp", 6, f"% {_VENUES}"),
    ),
    "kt00009": (
        Field("ord_dt", 8, date=True, required=False),
        Field("stk_bond_tp", 1, "0 1 2"),
        Field("mrkt_tp", 1, "0 1 2 3 4"),
        Field("sell_tp", 1, "0 1 2"),
        Field("qry_tp", 1, "0 1"),
        Field("stk_cd", 12, required=False),
        Field("fr_ord_no", 7, digits=True, required=False),
        Field("dmst_stex_tp", 6, f"% {_VENUES}"),
    ),
    "kt00015": (
        Field("strt_dt", 8, date=True),
        Field("end_dt", 8, date=True),
        Field("tp", 1, "0 1 2 3 4 5 6 7 A B C F M G H I J"),
        Field("stk_cd", 12, required=False),
        Field("crnc_cd", 3, required=False),
        Field("gds_tp", 1, "0 1 2 3 4"),
        Field("frgn_stex_code", 10, required=False),
        Field("dmst_stex_tp", 6, "% KRX NXT"),
        Field("qry_sort_tp", 1, "1 2", required=False),
    ),
    "ka10072": (Field("stk_cd", 6, required=False), Field("strt_dt", 8, date=True)),
    "ka10073": (
        Field("stk_cd", 6, required=False),
        Field("strt_dt", 8, date=True),
        Field("end_dt", 8, date=True),
    ),
    "ka10074": (Field("strt_dt", 8, date=True), Field("end_dt", 8, date=True)),
    "ka10077": (Field("stk_cd", 6),),
    "ka10170": (
        Field("base_dt", 8, date=True, required=False),
        Field("ottks_tp", 1, "1 2"),
        Field("ch_crd_tp", 1, "0 1 2"),
    ),
    "ka10075": (
        Field("all_stk_tp", 1),
        Field("trde_tp", 1),
        Field("stk_cd", 6, required=False),
        _LISTED_AT,
    ),
    "ka10076": (
        Field("stk_cd", 6, required=False),
        Field("qry_tp", 1),
        Field("sell_tp", 1),
        Field("ord_no", 10, digits=True, required=False),
        _LISTED_AT,
    ),
    "ka10088": (Field("ord_no", 20, digits=True),),
    "ka10001": (_CODE,),
    "ka10003": (_CODE,),
    "ka10004": (_CODE,),
    "ka10005": (_CODE,),
    "ka10086": (_CODE, Field("qry_dt", 8, date=True), Field("indc_tp", 1, "0 1")),
    "ka10095": (_CODE,),
    "ka10084": (_CODE, Field("tdy_pred", 1, "1 2"), Field("tic_min", 1, "0 1"), Field("tm", 4, required=False)),
    "ka10040": (_CODE,),
    "ka10059": (
        Field("dt", 8, date=True),
        _CODE,
        Field("amt_qty_tp", 1, "1 2"),
        Field("trde_tp", 1, "0 1 2"),
        Field("unit_tp", 4, "1000 1"),
    ),
    "ka10061": (
        _CODE,
        Field("strt_dt", 8, date=True),
        Field("end_dt", 8, date=True),
        Field("amt_qty_tp", 1, "1 2"),
        Field("trde_tp", 1, "0"),
        Field("unit_tp", 4, "1000 1"),
    ),
    "ka10051": (
        Field("mrkt_tp", 1, "0 1"),
        Field("amt_qty_tp", 1, "0 1"),
        Field("base_dt", 8, date=True, required=False),
        _STEX,
    ),
    "ka10058": (
        Field("strt_dt", 8, date=True),
        Field("end_dt", 8, date=True),
        Field("trde_tp", 1, "1 2"),
        Field("mrkt_tp", 3, "001 101"),
        Field("invsr_tp", 4, "8000 9000 1000 3000 3100 5000 4000 2000 6000 7000 7100 9999"),
        _STEX,
    ),
    "ka10064": (
        Field("mrkt_tp", 3, "000 001 101"),
        Field("amt_qty_tp", 1, "1 2"),
        Field("trde_tp", 1, "0 1 2"),
        _CODE,
    ),
    "ka90003": (
        Field("trde_upper_tp", 1, "1 2"),
        Field("amt_qty_tp", 2, "1 2"),
        Field("mrkt_tp", 10, "P00101 P10102"),
        _STEX,
    ),
    "ka90004": (Field("dt", 8, date=True), Field("mrkt_tp", 10, "P00101 P10102"), _STEX),
    "ka90010": (
        Field("date", 8, date=True),
        Field("amt_qty_tp", 1, "1 2"),
        Field("mrkt_tp", 10, "P00101 P001_NX01 P001_AL01 P10102 P101_NX02 P101_AL02 P001_AL02"),
        Field("min_tic_tp", 1, "0 1"),
        _STEX,
    ),
    "ka90013": (
        Field("amt_qty_tp", 1, "1 2", required=False),
        _CODE,
        Field("date", 8, date=True, required=False),
    ),
    "ka10079": (_CODE, Field("tic_scope", 2, "1 3 5 10 30"), _ADJUSTED),
    "ka10080": (
        _CODE,
        Field("tic_scope", 2, "1 3 5 10 15 30 45 60"),
        _ADJUSTED,
        Field("base_dt", 8, date=True, required=False),
    ),
    "ka10081": _CHART,
    "ka10082": _CHART,
    "ka10083": _CHART,
    "ka10094": _CHART,
    "ka10099": (Field("mrkt_tp", 2, "0 10 30 50 60 70 80 90 2 3 4 5 6 7 8 9"),),
    "ka10100": (Field("stk_cd", 6),),
    "ka10101": (Field("mrkt_tp", 1, "0 1 2 4 7"),),
    "ka10102": (),
    "ka10027": (
        _MARKET,
        Field("sort_tp", 1, "1 2 3 4 5"),
        Field("trde_qty_cnd", 5, digits=True),
        Field("stk_cnd", 2),
        Field("crd_cnd", 1),
        Field("updown_incls", 2, "0 1"),
        Field("pric_cnd", 2),
        Field("trde_prica_cnd", 4),
        _EXCHANGE,
    ),
    "ka10030": (
        _MARKET,
        Field("sort_tp", 1, "1 2 3"),
        Field("mang_stk_incls", 2),
        Field("crd_tp", 1),
        Field("trde_qty_tp", 4, digits=True),
        Field("pric_tp", 2),
        Field("trde_prica_tp", 4),
        Field("mrkt_open_tp", 1),
        _EXCHANGE,
    ),
    "ka10032": (_MARKET, Field("mang_stk_incls", 1, "0 1"), _EXCHANGE),
    "ka10034": (_MARKET, Field("trde_tp", 1, "1 2 3"), Field("dt", 2, "0 1 5 10 20 60"), _EXCHANGE),
    "ka10065": (
        Field("trde_tp", 1, "1 2"),
        _MARKET,
        Field("orgn_tp", 4, "9000 9100 1000 3000 5000 4000 2000 6000 7000 7100 9999"),
        Field("amt_qty_tp", 1, "1 2", required=False),
    ),
    "ka90009": (
        _MARKET,
        Field("amt_qty_tp", 1, "1 2"),
        Field("qry_dt_tp", 1, "0 1"),
        Field("date", 8, date=True, required=False),
        _EXCHANGE,
    ),
    "ka20001": (Field("mrkt_tp", 1, "0 1 2"), _SECTOR),
    "ka20005": (
        _SECTOR,
        Field("tic_scope", 2, "1 3 5 10 15 30 45 60"),
        Field("base_dt", 8, date=True, required=False),
    ),
    "ka20006": _INDEX_CHART,
    "ka20007": (Field("inds_cd", 8), _BASE_DAY),
    "ka20008": _INDEX_CHART,
    "ka20019": _INDEX_CHART,
    "kt10000": _ORDER,
    "kt10001": _ORDER,
    "kt10002": _AMEND,
    "kt10003": _CANCEL,
    "kt10006": _ORDER,
    "kt10007": (*_ORDER, Field("crd_deal_tp", 2), Field("crd_loan_dt", 8, required=False)),
    "kt10008": _AMEND,
    "kt10009": _CANCEL,
    "kt50000": _GOLD_ORDER,
    "kt50001": _GOLD_ORDER,
    "kt50002": (_GOLD, _ORIGINAL, Field("mdfy_qty", 12, digits=True), Field("mdfy_uv", 12, digits=True)),
    "kt50003": (_ORIGINAL, _GOLD, Field("cncl_qty", 12, digits=True)),
    "kt50030": (*_GOLD_DAY, Field("slby_tp", 1, "0 1 2")),
    "kt50031": (
        Field("ord_dt", 8, date=True, required=False),
        Field("qry_tp", 1, "1 2 3 4"),
        _KIND,
        Field("sell_tp", 1, "0 1 2"),
        _MAYBE_GOLD,
        _FROM_ORDER,
        Field("dmst_stex_tp", 6, f"% {_VENUES}"),
    ),
    "kt50075": (*_GOLD_DAY, Field("sell_tp", 1, "0 1 2")),
    "kt50020": (),
    "kt50021": (),
    "kt50032": (
        Field("strt_dt", 8, date=True, required=False),
        Field("end_dt", 8, date=True, required=False),
        Field("tp", 1, "0 1 2 3 4 5 6 7", required=False),
        _MAYBE_GOLD,
    ),
    **us_calls.FIELDS,
}
"""Served APIs and their fields, in the order of Kiwoom's pages."""
