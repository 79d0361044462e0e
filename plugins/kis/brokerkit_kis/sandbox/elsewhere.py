"""Orders of stocks of other countries than Korea and the US, which no exchange plays: kept, and never filled.

They stand in the same lists as those of US shares.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from brokerkit.sandbox.exchange import ExchangeRefusal, Refusal
from brokerkit.sandbox.face import MADE_UP, FaceAnswer
from brokerkit.sandbox.plain import Kept, NothingLeft, UnknownOriginal
from brokerkit_kis.sandbox.fields import Context, share_count, share_price, wrong_code, wrong_field
from brokerkit_kis.sandbox.orders import BRANCH, DEMO_ACCEPTED, refused
from brokerkit_kis.sandbox.services import services
from brokerkit_kis.sandbox.us_symbols import TRADING
from brokerkit_kis.sandbox.wording import GatewayRefused, Refused, day_text, done, fixed, order_number, time_text, whole

AREA, RESERVED = "overseas-stock", "overseas-stock reserved"
"""Under which orders and reserved orders are kept."""
LIMIT = "00"
NOTHING = Decimal(0)
SIDES = {"sell": ("01", "매도"), "buy": ("02", "매수")}
ACTIONS = {"order": ("00", ""), "amend": ("01", "정정"), "cancel": ("02", "취소")}


class Place(NamedTuple):
    """An exchange, in the server's words."""

    currency: str
    nation: str
    """TR_NATN and NATN_CD."""
    country: str
    name: str
    product: str
    """PRDT_TYPE_CD."""
    behind: int
    """Hours after Korea's clock."""


PLACES: Mapping[str, Place] = {
    "SEHK": Place("HKD", "344", "홍콩", "홍콩", "501", 1),
    "TKSE": Place("JPY", "392", "일본", "일본", "515", 0),
    "SHAA": Place("CNY", "156", "중국", "상해A", "551", 1),
    "SZAA": Place("CNY", "156", "중국", "심천A", "552", 1),
    "HASE": Place("VND", "704", "베트남", "하노이", "507", 2),
    "VNSE": Place("VND", "704", "베트남", "호치민", "508", 2),
}
"""By OVRS_EXCG_CD."""
OF_COUNTRY: Mapping[str, frozenset[str]] = {
    "hk": frozenset({"SEHK"}),
    "jp": frozenset({"TKSE"}),
    "shanghai": frozenset({"SHAA"}),
    "shenzhen": frozenset({"SZAA"}),
    "vn": frozenset({"HASE", "VNSE"}),
    "asia": frozenset(PLACES),
}
"""Where an id is good, by the country in the name that the catalogue gives it."""


def order(context: Context) -> FaceAnswer:
    """Answer order, by the ids of these countries. Neither hours, cash nor symbols are looked at."""
    code = context.text("ORD_DVSN") or LIMIT
    if context.demo and code != LIMIT:
        raise Refused("40650000", "모의투자에서는 지정가만 가능합니다")
    if code == "01":  # a market order: there are none abroad
        raise GatewayRefused("IGW00019", "주문구분 입력오류")
    share_count(context, "ORD_QTY")
    _check_price(context, "OVRS_ORD_UNPR")
    kept = _kept(context, f"{TRADING}/order", AREA)
    return _accepted(context, kept, kept.said["side"])


def change(context: Context) -> FaceAnswer:
    """Answer order-rvsecncl, by the ids of these countries."""
    path, amends = f"{TRADING}/order-rvsecncl", context.text("RVSE_CNCL_DVSN_CD") == "01"
    if amends and "modify" not in _variant(context, path):
        raise wrong_code("RVSE_CNCL_DVSN_CD")  # China and Vietnam amend nothing; the code is not known
    original = context.plain.find(AREA, context.text("ORGN_ODNO"))
    names = ("OVRS_EXCG_CD", "PDNO")
    if original is None or any(original.fields[name.casefold()].strip() != context.text(name) for name in names):
        raise refused(context, ExchangeRefusal(Refusal.UNKNOWN_ORDER))
    if amends or context.text("ORD_QTY").strip("0"):
        share_count(context, "ORD_QTY")
    if amends:
        _check_price(context, "OVRS_ORD_UNPR")
    return _accepted(context, _kept(context, path, AREA), "amend" if amends else "cancel")


def reserve(context: Context) -> FaceAnswer:
    """Answer order-resv, by the id of these countries, which takes reserved orders back too."""
    cancels = context.text("RVSE_CNCL_DVSN_CD") == "02"
    if not cancels:
        if context.text("SLL_BUY_DVSN_CD") not in ("01", "02"):
            raise wrong_field("SLL_BUY_DVSN_CD")
        share_count(context, "FT_ORD_QTY")
        _check_price(context, "FT_ORD_UNPR3")
    else:
        original, day = context.plain.find(RESERVED, context.text("OVRS_RSVN_ODNO")), context.text("RSVN_ORD_RCIT_DT")
        if original is None or day not in ("", day_text(_day(original))):
            raise refused(context, ExchangeRefusal(Refusal.UNKNOWN_ORDER))
    kept = _kept(context, f"{TRADING}/order-resv", RESERVED)
    number = order_number(kept.original if cancels else kept.number)
    output = {"ODNO": number, "RSVN_ORD_RCIT_DT": day_text(_day(kept)), "OVRS_RSVN_ODNO": number}
    code, words = ("APBK1711", "취소 접수") if cancels else ("APBK0013", "주문 전송 완료")
    return FaceAnswer(done(code, words, output=output), MADE_UP)


def _kept(context: Context, path: str, area: str) -> Kept:
    """Keep what is asked for at an exchange of the country that the id is of; elsewhere no share is listed."""
    api, variant = services()[path].api, _variant(context, path)
    if api.order is None or context.text("OVRS_EXCG_CD") not in OF_COUNTRY[variant.partition("_")[0]]:
        raise refused(context, ExchangeRefusal(Refusal.UNKNOWN_SYMBOL))
    try:
        return context.plain.keep(api.order, variant, context.fields, area)
    except UnknownOriginal as error:
        reason = Refusal.NOTHING_TO_CANCEL if isinstance(error, NothingLeft) else Refusal.UNKNOWN_ORDER
        raise refused(context, ExchangeRefusal(reason)) from None


def _variant(context: Context, path: str) -> str:
    return services()[path].api.variant(context.tr_id) or ""


def _check_price(context: Context, name: str) -> None:
    """Refuse a price of nothing. The words are those of the US, as everywhere here where no others are known."""
    if not share_price(context, name):
        raise Refused("APBK1507", "주문단가가 $0.01 미만입니다", result="7")


def _accepted(context: Context, kept: Kept, what: str) -> FaceAnswer:
    output = {"KRX_FWDG_ORD_ORGNO": BRANCH, "ODNO": order_number(kept.number), "ORD_TMD": time_text(kept.taken)}
    code = DEMO_ACCEPTED[what] if context.demo else "APBK0013"
    return FaceAnswer(done(code, "주문 전송 완료 되었습니다.", output=output), MADE_UP)


def _day(kept: Kept) -> dt.date:
    """Return the day of an order, which is that of its exchange."""
    return (kept.taken - dt.timedelta(hours=_place(kept).behind)).date()


def _place(kept: Kept) -> Place:
    return PLACES[kept.fields["ovrs_excg_cd"].strip()]


def _listed(context: Context, area: str) -> Iterator[Kept]:
    """Yield what is kept of an exchange that a list is asked for by OVRS_EXCG_CD, of all where none is named."""
    place = context.text("OVRS_EXCG_CD")
    for kept in context.plain.orders(area):
        if place in ("", "%", kept.fields["ovrs_excg_cd"].strip()):
            yield kept


def _key(kept: Kept) -> str:
    return f"{day_text(_day(kept))}{order_number(kept.number)}"


def orders(context: Context, start: dt.date, end: dt.date) -> Iterator[tuple[str, Kept]]:
    """Yield the orders that inquire-ccnl is asked for, with their keys. The demo tells everything."""
    side, fills, code = (context.text(name) for name in ("SLL_BUY_DVSN", "CCLD_NCCS_DVSN", "PDNO"))
    for kept in _listed(context, AREA):
        is_wanted = context.demo or (
            side in ("", "00", SIDES[kept.said["side"]][0])
            and code in ("", "%", kept.said["symbol"])
            and (fills in ("", "00") or (fills == "02" and kept.left > 0))
        )
        if is_wanted and start <= _day(kept) <= end:
            yield _key(kept), kept


def working_orders(context: Context) -> Iterator[tuple[str, Kept]]:
    """Yield the orders that inquire-nccs is asked for, with their keys."""
    for kept in _listed(context, AREA):
        if kept.left:
            yield _key(kept), kept


def _common(kept: Kept) -> dict[str, object]:
    """Return the columns that both lists have."""
    place, (side, side_name) = _place(kept), SIDES[kept.said["side"]]
    return {
        "ord_dt": day_text(_day(kept)),
        "ord_gno_brno": BRANCH,
        "odno": order_number(kept.number),
        "orgn_odno": order_number(kept.original) if kept.original else "",
        "sll_buy_dvsn_cd": side,
        "sll_buy_dvsn_cd_name": side_name,
        "pdno": kept.said["symbol"],
        "prdt_name": f"SIMULATED {kept.said['symbol']}",
        "ft_ord_qty": whole(Decimal(kept.said["quantity"])),
        "ft_ord_unpr3": fixed(Decimal(kept.said["price"]), 8),
        "ft_ccld_qty": "0",
        "ft_ccld_unpr3": fixed(NOTHING, 8),
        "ft_ccld_amt3": fixed(NOTHING, 5),
        "nccs_qty": whole(kept.left),
        "rjct_rson": "",
        "rjct_rson_name": "",
        "ord_tmd": time_text(kept.taken),
        "tr_mket_name": place.name,
        "ovrs_excg_cd": kept.fields["ovrs_excg_cd"].strip(),
        "tr_crcy_cd": place.currency,
        "loan_type_cd": "10",
        "loan_dt": "",
        "usa_amk_exts_rqst_yn": "N",
        "splt_buy_attr_name": "",
    }


def row(kept: Kept) -> dict[str, object]:
    """Return a row of inquire-ccnl."""
    place, (code, name) = _place(kept), ACTIONS[kept.action]
    return {
        **_common(kept),
        # One that was cancelled or amended away stays 전송, as in the US.
        "prcs_stat_name": "완료" if kept.action == "cancel" else "전송",
        "rvse_cncl_dvsn": code,
        "rvse_cncl_dvsn_name": name,
        "tr_natn": place.nation,
        "tr_natn_name": place.country,
        "dmst_ord_dt": day_text(kept.taken.date()),
        "thco_ord_tmd": time_text(kept.taken),
        "mdia_dvsn_name": "OpenAPI",
    }


def working_row(kept: Kept) -> dict[str, object]:
    """Return a row of inquire-nccs."""
    place, (code, name) = _place(kept), ACTIONS[kept.action]
    return {
        **_common(kept),
        "prcs_stat_name": "",
        "rvse_cncl_dvsn_cd": code,
        "rvse_cncl_dvsn_cd_name": name,
        "natn_cd": place.nation,
        "natn_kor_name": place.country,
    }


def reserved(context: Context, start: dt.date, end: dt.date) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield what order-resv-list is asked for by the id of these countries, with its keys."""
    for kept in _listed(context, RESERVED):
        if kept.action == "reserve" and start <= _day(kept) <= end:
            yield order_number(kept.number), _reserved_row(kept)


def _reserved_row(kept: Kept) -> Mapping[str, object]:
    place, (side, words) = _place(kept), SIDES[kept.said["side"]]
    state, name = ("01", "접수") if kept.left else ("02", "처리")
    return {
        "cncl_yn": "N" if kept.left else "Y",
        "rsvn_ord_rcit_dt": day_text(_day(kept)),
        "ovrs_rsvn_odno": order_number(kept.number),
        "ord_dt": "",
        "ord_gno_brno": "",
        "odno": "",
        "sll_buy_dvsn_cd": side,
        "sll_buy_dvsn_cd_name": words,
        "ovrs_rsvn_ord_stat_cd": state,
        "ovrs_rsvn_ord_stat_cd_name": name,
        "pdno": kept.said["symbol"],
        "prdt_type_cd": place.product,
        "prdt_name": f"SIMULATED {kept.said['symbol']}",
        "ord_rcit_tmd": time_text(kept.taken),
        "ord_fwdg_tmd": "",
        "tr_dvsn_name": name,
        "ovrs_excg_cd": kept.fields["ovrs_excg_cd"].strip(),
        "tr_mket_name": place.name,
        "ord_stfno": "",
        "ft_ord_qty": whole(Decimal(kept.said["quantity"])),
        "ft_ord_unpr3": fixed(Decimal(kept.said["price"]), 8),
        "ft_ccld_qty": "0",
        "ft_ccld_unpr3": fixed(NOTHING, 8),
        "nprc_rson_text": "",
        "splt_buy_attr_name": "",
    }
