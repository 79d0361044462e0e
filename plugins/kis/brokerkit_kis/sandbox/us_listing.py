"""What is listed in the US: search by conditions, one product, and the days on which trades are settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

from brokerkit.models import Quote
from brokerkit.sandbox.days import KOREA
from brokerkit.sandbox.days import US as CALENDAR
from brokerkit.sandbox.exchange import Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.words import SecurityType, Venue
from brokerkit_kis.sandbox.fields import INTEGER, Api, Context, Field, codes, date_field, wrong_field
from brokerkit_kis.sandbox.quotes import known
from brokerkit_kis.sandbox.us_quotes import DECIMALS, DONE, QUOTATIONS, changed, price_text
from brokerkit_kis.sandbox.us_symbols import (
    DOLLARS,
    NOTHING,
    PLACES,
    PRODUCTS,
    QUOTED,
    QUOTED_ELSEWHERE,
    code_of,
    english_name,
    listed,
    place_of,
)
from brokerkit_kis.sandbox.wording import ACCOUNT_MESSAGE_BYTES, Refused, day_text, done, fixed, padded, whole

SEARCH_ROWS = 100
THOUSAND = Decimal(1_000)
Found = tuple[Instrument, Quote]

# Condition, and the figure that it is about in the unit of its field. Ratios are the same for all: see us_quotes.
CONDITIONS: dict[str, Callable[[Found], Decimal]] = {
    "PRICECUR": lambda found: found[1].price,
    "RATE": lambda found: known(found[1].change_percent),
    "VALX": lambda found: found[0].listed_shares * found[1].price / THOUSAND,
    "SHAR": lambda found: found[0].listed_shares / THOUSAND,
    "VOLUME": lambda found: known(found[1].volume),
    "AMT": lambda found: known(found[1].turnover) / THOUSAND,
    "EPS": lambda found: found[1].price / 20,
    "PER": lambda found: Decimal(20),
}


def search(context: Context) -> FaceAnswer:
    """Answer inquire-search: what meets all conditions, the largest firms first, a hundred a page."""
    segment, _ = QUOTED.get(context.text("EXCD"), (None, Venue.US))
    exchange = context.exchange
    shares = [each for each in exchange.instruments.values() if each.market is segment]
    met = [(each, quote) for each in shares if _meets(context, (each, quote := exchange.quote(each.symbol, Venue.US)))]
    met.sort(key=CONDITIONS["VALX"], reverse=True)
    start = _start(context)
    page = [_search_row(rank, *found) for rank, found in enumerate(met, start=1)][start : start + SEARCH_ROWS]
    more = start + len(page) < len(met)
    head = {
        "zdiv": str(DECIMALS),
        "stat": "",
        "crec": str(len(page)),
        "trec": str(len(met)),
        "nrec": str(len(page)),
    }
    header = ("M" if start else "F") if more else ("D" if start else "E")
    return FaceAnswer(done(*DONE, output1=head, output2=page), {"tr_cont": header})


def _start(context: Context) -> int:
    """Return how many rows were told already: the key is the rank of the last one."""
    key = context.text("KEYB")
    if context.tr_cont != "N" or not key:
        return 0
    if not INTEGER.fullmatch(key):
        raise wrong_field("KEYB")
    return int(key)


def _meets(context: Context, found: Found) -> bool:
    return all(
        _bound(context, f"CO_ST_{name}", NOTHING - 10**18)
        <= figure(found)
        <= _bound(context, f"CO_EN_{name}", Decimal(10**18))
        for name, figure in CONDITIONS.items()
        if context.text(f"CO_YN_{name}") == "1"
    )


def _bound(context: Context, name: str, otherwise: Decimal) -> Decimal:
    text = context.text(name)
    try:
        return Decimal(text) if text else otherwise
    except InvalidOperation:
        raise wrong_field(name) from None


def _search_row(rank: int, instrument: Instrument, quote: Quote) -> dict[str, object]:
    place, found = place_of(instrument), (instrument, quote)
    code = code_of(instrument.symbol)
    return {
        "rsym": f"D{place.quoted}{code}",
        "excd": place.quoted,
        "name": instrument.name,
        "symb": code,
        "last": price_text(quote.price),
        "shar": whole(CONDITIONS["SHAR"](found)),
        "valx": whole(CONDITIONS["VALX"](found)),
        "plow": price_text(quote.low),
        "phigh": price_text(quote.high),
        "popen": price_text(quote.open),
        "tvol": whole(known(quote.volume)),
        **changed(quote),
        "avol": whole(CONDITIONS["AMT"](found)),
        "eps": fixed(CONDITIONS["EPS"](found), 2),
        "per": fixed(CONDITIONS["PER"](found), 2),
        "rank": str(rank),
        "ename": english_name(instrument),
        "e_ordyn": "○",
    }


def product(context: Context) -> FaceAnswer:
    """Answer search-info."""
    instrument = listed(context.exchange, context.text("PDNO"), PRODUCTS.get(context.text("PRDT_TYPE_CD")))
    if instrument is None:
        # The code is not known. Clients try one product type after the other as long as rt_cd is "7".
        raise Refused("APBK0656", "없는 종목입니다", result="7")
    output = {**dict.fromkeys(BLANK.split(), ""), **dict.fromkeys(NEVER.split(), "N"), **_product(context, instrument)}
    return FaceAnswer(done("KIOK0530", padded("조회되었습니다", ACCOUNT_MESSAGE_BYTES), output=output))


BLANK = """
    lstg_dt chng_bf_pdno prdt_type_cd_2 ovrs_item_name sedol_no ovrs_stck_etf_risk_drtp_cd lei_cd
    ovrs_stck_stop_rson_cd lstg_abol_dt ptp_item_trfx_exmt_strt_dt ptp_item_trfx_exmt_end_dt memo_text1
    last_rcvg_dtime
"""
NEVER = """
    lstg_abol_item_yn tax_levy_yn mint_cblc_cvsn_ipsb_yn ptp_item_yn ptp_item_trfx_exmt_yn sdrf_stop_ecls_yn
    sgle_item_lvrg_etp_yn
"""


def _product(context: Context, instrument: Instrument) -> dict[str, object]:
    place, code = place_of(instrument), code_of(instrument.symbol)
    is_fund = instrument.kind in (SecurityType.ETF, SecurityType.ETN)
    return {
        "std_pdno": instrument.isin,
        "istt_usge_isin_cd": instrument.isin,
        "prdt_eng_name": english_name(instrument),
        "prdt_name": instrument.name,
        "natn_cd": "840",
        "natn_name": "미국",
        "tr_mket_cd": place.market,
        "tr_mket_name": place.name,
        "ovrs_excg_cd": place.ordered,
        "ovrs_excg_name": place.name,
        "tr_crcy_cd": DOLLARS,
        "crcy_name": "미국달러",
        "ovrs_papr": "0.00000",
        # Codes other than those of a share are not known: that of a fund has the grammar of the field.
        "ovrs_stck_dvsn_cd": "03" if is_fund else "01",
        "prdt_clsf_cd": "101210",
        "prdt_clsf_name": "해외주식",
        "sll_unit_qty": "1",
        "buy_unit_qty": "1",
        "tr_unit_amt": "0",
        "lstg_stck_num": whole(instrument.listed_shares),
        "ovrs_stck_tr_stop_dvsn_cd": "02" if instrument.symbol in context.exchange.halted else "01",
        "ovrs_stck_prdt_grp_no": "0",
        "lstg_yn": "Y",
        "ovrs_stck_erlm_rosn_cd": "00",
        "ovrs_stck_hist_rght_dvsn_cd": "00",
        "blbg_tckr_text": f"{code} US",
        "etp_chas_erng_rt_dbnb": fixed(Decimal(instrument.leverage or 0), 6),
        "mint_svc_yn": "Y",
        "mint_svc_yn_chng_dt": "20220711",
        "mini_stk_tr_stat_dvsn_cd": "01",
        "mint_frst_svc_erlm_dt": "20220711",
        "mint_dcpt_trad_psbl_yn": "Y",
        "mint_fnum_trad_psbl_yn": "Y",
        "dtm_tr_psbl_yn": "Y" if isinstance(instrument, UsInstrument) and instrument.daytime else "N",
        "sdrf_stop_ecls_erlm_dt": "00000000",
        "ovrs_now_pric1": fixed(context.exchange.quote(instrument.symbol, Venue.US).price, 5),
    }


def settlements(context: Context) -> FaceAnswer:
    """Answer countries-holiday: when trades of a day are settled. Other countries' rows are not played."""
    asked = date_field(context, "TRAD_DT")
    day = asked if CALENDAR.counts(asked) else CALENDAR.next_day(asked)
    there = CALENDAR.next_day(day)
    here = there + dt.timedelta(days=1)
    while not (KOREA.counts(here) and CALENDAR.counts(here)):
        here += dt.timedelta(days=1)
    rows = [
        {
            "prdt_type_cd": kind,
            "tr_natn_cd": "840",
            "tr_natn_name": "미국",
            "natn_eng_abrv_cd": "US",
            "tr_mket_cd": market,
            "tr_mket_name": name,
            "acpl_sttl_dt": day_text(there),
            "dmst_sttl_dt": day_text(here),
        }
        for kind, market, name in _markets()
    ]
    body = {"ctx_area_fk": context.text("TRAD_DT").ljust(20), "ctx_area_nk": "".ljust(20), "output": rows}
    words = padded("조회 되었습니다. (마지막 자료)", ACCOUNT_MESSAGE_BYTES)
    return FaceAnswer(done("KIOK0460", words, **body), {"tr_cont": "D"})


def _markets() -> Iterator[tuple[str, str, str]]:
    for place in PLACES.values():
        yield place.product, place.market, place.name
    yield "527", "03", "미국"  # what is traded over the counter, in the sample too


_CONDITION_FIELDS = tuple(
    field
    for name in CONDITIONS
    for field in (
        Field(f"CO_YN_{name}", 1, required=False),
        Field(f"CO_ST_{name}", 12, required=False),
        Field(f"CO_EN_{name}", 12, required=False),
    )
)
SEARCH = Api(
    f"{QUOTATIONS}/inquire-search",
    (
        Field("AUTH", 32, required=False),
        Field("EXCD", 4, codes=codes(*QUOTED, *QUOTED_ELSEWHERE)),
        *_CONDITION_FIELDS,
        Field("KEYB", 8, required=False),
    ),
    search,
)
PRODUCT = Api(f"{QUOTATIONS}/search-info", (Field("PRDT_TYPE_CD", 3), Field("PDNO", 12)), product)
SETTLEMENTS = Api(
    "/uapi/overseas-stock/v1/quotations/countries-holiday",
    (Field("TRAD_DT", 8), Field("CTX_AREA_NK", 20), Field("CTX_AREA_FK", 20)),
    settlements,
)
