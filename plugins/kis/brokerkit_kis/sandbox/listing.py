"""What is listed, and on which days it trades."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from brokerkit.errors import InvalidRequest
from brokerkit.market.days import LAST_KNOWN_DAY, is_trading_day
from brokerkit.sandbox.exchange import Instrument, Segment
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import SecurityType
from brokerkit_kis.sandbox.fields import Api, Context, Field, date_field, wrong_field
from brokerkit_kis.sandbox.quotes import PAR_VALUE, QUOTATIONS
from brokerkit_kis.sandbox.us_symbols import PRODUCTS, code_of, english_name, listed
from brokerkit_kis.sandbox.wording import ACCOUNT_MESSAGE_BYTES, Refused, done, padded, whole

SHARES = "300"
"""The product type of everything that is listed here."""
CALENDAR_DAYS = 24
CALENDAR_REACH = dt.timedelta(days=183)
"""The server's calendar was seen to reach about half a year ahead."""
CALENDAR_KEY = 20


def _asked_for(context: Context) -> Instrument:
    instrument = context.exchange.instruments.get(context.text("PDNO"))
    if instrument is None or context.text("PRDT_TYPE_CD") != SHARES:
        # The code is not known. Clients try one product type after the other as long as rt_cd is "7".
        raise Refused("APBK0656", "없는 종목입니다", result="7")
    return instrument


def _done(output: dict[str, object]) -> FaceAnswer:
    return FaceAnswer(done("KIOK0530", padded("조회 완료", ACCOUNT_MESSAGE_BYTES), output=output))


def _abroad(context: Context) -> Instrument | None:
    segment, exchange = PRODUCTS.get(context.text("PRDT_TYPE_CD")), context.exchanges.get("US")
    return None if exchange is None else listed(exchange, context.text("PDNO"), segment)


def _names(instrument: Instrument, kind: str = SHARES) -> dict[str, object]:
    english = english_name(instrument)
    return {
        "prdt_type_cd": kind,
        "prdt_name": instrument.name,
        "prdt_name120": instrument.name,
        "prdt_abrv_name": instrument.name,
        "prdt_eng_name": english,
        "prdt_eng_name120": english,
        "prdt_eng_abrv_name": english,
        "std_pdno": instrument.isin,
    }


def product(context: Context) -> FaceAnswer:
    """Answer search-info, of US shares too, which clients ask for here."""
    abroad = _abroad(context)
    instrument = abroad or _asked_for(context)
    code = instrument.symbol if abroad is None else code_of(instrument.symbol)
    blank = ("prdt_sale_stat_cd", "prdt_risk_grad_cd", "sale_strt_dt", "sale_end_dt", "frst_erlm_dt")
    return _done(
        {
            "pdno": code if abroad else f"00000A{code}",
            **_names(instrument, context.text("PRDT_TYPE_CD")),
            "shtn_pdno": code,
            **dict.fromkeys(blank, ""),
            # The codes of domestic shares are not known; these have the grammar of the fields.
            "prdt_clsf_cd": "101210" if abroad else "101110",
            "prdt_clsf_name": "해외주식" if abroad else "주식",
            "wrap_asst_type_cd": "06" if abroad else "01",
            "ivst_prdt_type_cd": "1012" if abroad else "1011",
            "ivst_prdt_type_cd_name": "해외주식" if abroad else "주식",
        }
    )


def share(context: Context) -> FaceAnswer:
    """Answer search-stock-info."""
    instrument = _asked_for(context)
    blank = (
        *("scts_mket_lstg_abol_dt", "kosdaq_mket_lstg_abol_dt", "frbd_mket_lstg_dt", "frbd_mket_lstg_abol_dt"),
        *("reits_kind_cd", "mfnd_opng_dt", "mfnd_end_dt", "dpsi_erlm_cncl_dt", "etf_type_cd", "lstg_abol_dt"),
        *("thco_sbst_pric_chng_dt", "std_idst_clsf_cd", "issu_istt_cd"),
        *("stln_int_rt_dvsn_cd", "frnr_psnl_lmt_rt", "lstg_rqsr_issu_istt_cd", "lstg_rqsr_item_cd"),
        *("trst_istt_issu_istt_cd", "ocr_no"),
    )
    refused = ("kospi200_item_yn", "oilf_fund_yn", "tr_stop_yn", "admn_item_yn", "crfd_item_yn")
    return _done(
        {
            **dict.fromkeys(blank, ""),
            **dict.fromkeys((*refused, "etf_etn_ivst_heed_item_yn", "nxt_tr_stop_yn"), "N"),
            "pdno": f"00000A{instrument.symbol}",
            **_names(instrument),
            **_market(instrument),
            **_capital(instrument),
            **_closes(context, instrument),
            **_sector(instrument),
            "setl_mmdd": "12",
            "stck_kind_cd": "101",
            "dpsi_aptm_erlm_yn": "Y",
            "elec_scty_yn": "Y",
            "nwst_odst_dvsn_cd": "1",
            "cptt_trad_tr_psbl_yn": "Y" if instrument.nxt else "N",
        }
    )


_MARKET_IDS = {Segment.KOSPI: "STK", Segment.KOSDAQ: "KSQ", Segment.KONEX: "KNX"}
_GROUPS = {SecurityType.STOCK: "ST", SecurityType.REIT: "RT", SecurityType.ETF: "EF", SecurityType.ETN: "EN"}


def _market(instrument: Instrument) -> dict[str, object]:
    kosdaq = instrument.market is Segment.KOSDAQ
    since = f"{instrument.listed_on:%Y%m%d}"
    # Codes other than those of a KOSPI share are not known: what stands for KOSDAQ and funds has their grammar.
    return {
        "mket_id_cd": _MARKET_IDS[instrument.market],
        "scty_grp_id_cd": _GROUPS[instrument.kind],
        "excg_dvsn_cd": "03" if kosdaq else "02",
        "scts_mket_lstg_dt": "" if kosdaq else since,
        "kosdaq_mket_lstg_dt": since if kosdaq else "",
        "etf_dvsn_cd": "0" if instrument.leverage is None else "1",
        # Of shares it was seen as 0; how the multiple of an inverse fund is written is not known.
        "etf_chas_erng_rt_dbnb": str(instrument.leverage or 0),
        "etf_txtn_type_cd": "00",
        "etf_cu_qty": "0",
    }


def _capital(instrument: Instrument) -> dict[str, object]:
    return {
        "lstg_stqt": whole(instrument.listed_shares),
        "lstg_cptl_amt": "0",
        "cpta": whole(instrument.listed_shares * PAR_VALUE),
        "papr": whole(PAR_VALUE),
        "issu_pric": whole(PAR_VALUE),
    }


def _closes(context: Context, instrument: Instrument) -> dict[str, object]:
    last = context.past(instrument.symbol).last
    collateral = whole(instrument.previous_close * Decimal("0.7"))
    return {
        "sbst_pric": collateral,
        "thco_sbst_pric": collateral,
        "thdt_clpr": whole(context.exchange.quote(instrument.symbol).price),
        "bfdy_clpr": whole(last.close),
        "clpr_chng_dt": f"{context.exchange.today:%Y%m%d}",
    }


def _sector(instrument: Instrument) -> dict[str, object]:
    return {
        "idx_bztp_lcls_cd": "000",
        "idx_bztp_mcls_cd": "000",
        "idx_bztp_scls_cd": "000",
        "std_idst_clsf_cd_name": instrument.sector,
        "idx_bztp_lcls_cd_name": instrument.sector,
        "idx_bztp_mcls_cd_name": instrument.sector,
        "idx_bztp_scls_cd_name": instrument.sector,
    }


def calendar(context: Context) -> FaceAnswer:
    """Answer chk-holiday: days one after the other, twenty-four a page."""
    first = asked = date_field(context, "BASS_DT")
    later = context.tr_cont == "N"
    if later:
        first = date_field(context, "CTX_AREA_NK") + dt.timedelta(days=1)
        if first <= asked:
            raise wrong_field("CTX_AREA_NK")
    end = min(context.exchange.today + CALENDAR_REACH, LAST_KNOWN_DAY)
    last = min(first + dt.timedelta(days=CALENDAR_DAYS - 1), end)
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    more = bool(days) and last < end
    code = ("KIOK0500" if more else "KIOK0460" if later else "KIOK0510") if days else "KIOK0560"
    header = ("M" if later else "F") if more else ("D" if later else "E")
    body = {
        "ctx_area_nk": (f"{last:%Y%m%d}" if more else "").ljust(CALENDAR_KEY),
        "ctx_area_fk": f"{asked:%Y%m%d}".ljust(CALENDAR_KEY),
        "output": [_day(day, context.exchange.today) for day in days],
    }
    return FaceAnswer(done(code, padded("조회 완료", ACCOUNT_MESSAGE_BYTES), **body), {"tr_cont": header})


def _day(day: dt.date, today: dt.date) -> dict[str, object]:
    # The market here is open today, whatever day it is: a client that asks first must find it so.
    is_open = day == today or _trades(day)
    last_of_year = max(
        dt.date(day.year, 12, date) for date in (29, 30, 31) if dt.date(day.year, 12, date).weekday() < 5
    )
    return {
        "bass_dt": f"{day:%Y%m%d}",
        "wday_dvsn_cd": f"{day.isoweekday() % 7 + 1:02d}",  # 01 is Sunday
        # Offices are open on the last weekday of the year, on which nothing is traded or settled.
        "bzdy_yn": "Y" if is_open or day == last_of_year else "N",
        "tr_day_yn": "Y",  # seen with Y on holidays too
        "opnd_yn": "Y" if is_open else "N",
        "sttl_day_yn": "Y" if is_open else "N",
    }


def _trades(day: dt.date) -> bool:
    try:
        return is_trading_day(day)
    except InvalidRequest:
        return day.weekday() < 5


PRODUCT = Api(f"{QUOTATIONS}/search-info", (Field("PDNO", 12), Field("PRDT_TYPE_CD", 3)), product)
SHARE = Api(f"{QUOTATIONS}/search-stock-info", (Field("PRDT_TYPE_CD", 3), Field("PDNO", 12)), share)
CALENDAR = Api(
    f"{QUOTATIONS}/chk-holiday",
    (Field("BASS_DT", 8), Field("CTX_AREA_NK", CALENDAR_KEY), Field("CTX_AREA_FK", CALENDAR_KEY)),
    calendar,
)
