"""What each API of US stocks takes in its body."""

from __future__ import annotations

from collections.abc import Mapping

from .fields import Field
from .us_orders import BUYS, SELLS

_CODES = "ND NY NA"
_AT = Field("stex_tp", 2, _CODES)
_MAYBE_AT = Field("stex_tp", 2, _CODES, required=False)
_CODE = Field("stk_cd", 12)
_MAYBE_CODE = Field("stk_cd", 12, required=False)
_QUERY = (_AT, _CODE)
_NARROWED = (_MAYBE_AT, _MAYBE_CODE)
_BASE_DAY = Field("base_dt", 8, date=True, required=False)
_ADJUSTED = (
    Field("upd_stkpc_tp", 1, "0 1", required=False),
    Field("exrt_appl_tp", 1, "0 1", required=False),
)
_SCOPE = Field("tic_scope", 3, digits=True, required=False)
_FROM = Field("strt_dt", 8, date=True, required=False)
_TO = Field("end_dt", 8, date=True, required=False)
_CHART = (_AT, _MAYBE_CODE, _FROM, *_ADJUSTED)
_ORIGINAL = Field("orig_ord_no", 9, digits=True)
_PRICE = Field("ord_uv", 12, number=True, required=False)
_STOP = Field("stop_pric", 12, number=True, required=False)
_QUANTITY = Field("ord_qty", 12, digits=True)
_SIDE = Field("slby_tp", 1, "0 1 2", required=False)
_DAY = Field("ord_dt", 8, date=True, required=False)
_FORCED = Field("oppo_trde_tp", 1, "% 0 1", required=False)
_CURRENCY = Field("fc_krw_tp", 1, "0 1")
_DIRECTION = Field("exch_tp", 1, "1 2")

FIELDS: Mapping[str, tuple[Field, ...]] = {
    "usa20100": _QUERY,
    "usa20101": _QUERY,
    "usa20150": _QUERY,
    "usa20151": (*_QUERY, _BASE_DAY),
    "usa20590": (*_NARROWED, _BASE_DAY),
    "usa06010": (*_QUERY, _SCOPE, *_ADJUSTED),
    "usa06011": (_AT, _MAYBE_CODE, _FROM, _SCOPE, *_ADJUSTED),
    **dict.fromkeys(("usa06012", "usa06013", "usa06014", "usa06015", "usa06016"), _CHART),
    "usa10099": (Field("stex_tp", 2, f"% {_CODES}"),),
    "usa10100": (_MAYBE_AT, _CODE),
    "usa10098": (_CODE,),
    "ust20000": (_AT, _CODE, _QUANTITY, _PRICE, Field("trde_tp", 2, " ".join(BUYS))),
    "ust20001": (_CODE, _AT, _QUANTITY, _PRICE, _STOP, Field("trde_tp", 2, " ".join(SELLS))),
    "ust20002": (_ORIGINAL, _AT, _CODE, Field("mdfy_uv", 12, number=True, required=False), _STOP),
    "ust20003": (_ORIGINAL, _AT, _CODE),
    "ust31490": (_MAYBE_AT, _CODE, Field("uv", 12, number=True)),
    "ust21050": (_DAY, _SIDE, *_NARROWED),
    "ust21510": (_SIDE, *_NARROWED),
    "ust21150": (
        _DAY,
        Field("query_tp", 1, "1 2 3 4 5 6"),
        Field("slby_tp", 1, "0 1 2"),
        *_NARROWED,
        _FORCED,
        Field("fr_ord_no", 9, digits=True, required=False),
    ),
    "ust21180": (_FROM, _TO, _SIDE, *_NARROWED, _FORCED),
    "ust21070": _NARROWED,
    "ust21110": (),
    "ust21160": (),
    "ust21120": (
        Field("cmsn_incl_tp", 1, "0 1", required=False),
        Field("exrt_tp", 1, "0 1 2", required=False),
    ),
    "ust21111": (),
    "ust21121": (
        Field("cmsn_incl_tp", 1, "0 1", required=False),
        Field("exrt_tp", 1, "0 1 2", required=False),
    ),
    "ust21131": (Field("base_dt", 8, date=True),),
    "ust21132": (_BASE_DAY,),
    "ust21530": (_FROM, _TO, Field("fc_krw_tp", 1, "0 1", required=False)),
    "ust21630": (*_NARROWED, Field("fc_krw_tp", 1, "0 1", required=False)),
    "ust21640": (*_NARROWED, Field("cntr_dt", 8, date=True), _CURRENCY),
    "ust21660": (_FROM, _TO),
    "ust21661": (Field("strt_dt", 6, digits=True, required=False), Field("end_dt", 6, digits=True, required=False)),
    "ust21170": (_CURRENCY,),
    "ust21610": (_BASE_DAY, Field("qry_tp", 1, "0 1"), _CURRENCY),
    "ust21620": (*_NARROWED, _CURRENCY),
    "ust21100": (
        _FROM,
        _TO,
        Field("tp", 1, "0 1 2 3 4 5 F M G H I J 6 7 8 K", required=False),
        *_NARROWED,
        Field("krw_repl_skip_yn", 1, "Y N", required=False),
    ),
    "ust31301": (_DIRECTION,),
    "ust31300": (_DIRECTION, Field("fc_exmn_amt", 12, number=True, required=False)),
    "ust31302": (_DIRECTION, Field("fc_exmn_amt", 12, number=True)),
}
"""Served APIs and their fields, in the order of Kiwoom's pages."""
