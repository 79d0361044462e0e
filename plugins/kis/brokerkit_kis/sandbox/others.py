"""Quotations that the demo offers too: warrants, and the single-price session after hours, which is no more."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from brokerkit.market.ticks import round_to_tick
from brokerkit.models import Quote
from brokerkit.sandbox.exchange import Candle, Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes
from brokerkit_kis.sandbox.quotes import QUOTATIONS, SYMBOL_FIELDS, find, known, pivots, sign
from brokerkit_kis.sandbox.wording import Refused, done, fixed, percent, whole

OVERTIME_ROWS = 30


def overtime_days(context: Context) -> FaceAnswer:
    """Answer inquire-daily-overtimeprice. The session is no more, and nothing was ever traded in it here."""
    instrument, quote = find(context)
    days = context.exchange.daily_candles(instrument.symbol, days=OVERTIME_ROWS + 1)
    rows = [
        {
            "stck_bsop_date": f"{day.time:%Y%m%d}",
            "ovtm_untp_prpr": whole(day.close),
            "ovtm_untp_prdy_vrss": "0",
            "ovtm_untp_prdy_vrss_sign": "3",
            "ovtm_untp_prdy_ctrt": "0.00",
            "ovtm_untp_vol": "0",
            "stck_clpr": whole(day.close),
            "prdy_vrss": whole(day.close - before.close),
            "prdy_vrss_sign": sign(day.close - before.close),
            "prdy_ctrt": percent(day.close - before.close, before.close, 2),
            "acml_vol": whole(day.volume),
            "ovtm_untp_tr_pbmn": "0",
        }
        for before, day in pairwise(days)
    ]
    return FaceAnswer(done("MCA00000", "정상 처리", output1=_overtime_head(instrument, quote), output2=rows[::-1]))


def overtime_trades(context: Context) -> FaceAnswer:
    """Answer inquire-time-overtimeconclusion: a list without trades."""
    head = {**_overtime_head(*find(context)), "uplm_sign": "1", "lslm_sign": "4"}
    return FaceAnswer(done("MCA00000", "정상 처리", output1=head, output2=[]))


def _overtime_head(instrument: Instrument, quote: Quote) -> dict[str, object]:
    upper, lower = (
        round_to_tick(quote.price * Decimal(factor), instrument.kind, up=up)
        for factor, up in (("1.1", False), ("0.9", True))
    )
    zeros = ("ovtm_untp_oprc", "ovtm_untp_hgpr", "ovtm_untp_lwpr", "ovtm_untp_vol", "ovtm_untp_tr_pbmn")
    return {
        "ovtm_untp_prpr": whole(quote.price),
        **dict.fromkeys((*zeros, "ovtm_untp_prdy_vrss", "ovtm_untp_antc_cnpr", "ovtm_untp_antc_vol"), "0"),
        "ovtm_untp_antc_cntg_vrss": "0",
        **dict.fromkeys(("ovtm_untp_prdy_vrss_sign", "ovtm_untp_antc_cntg_vrss_sign"), "3"),
        **dict.fromkeys(("ovtm_untp_prdy_ctrt", "ovtm_untp_antc_cntg_ctrt"), "0.00"),
        "ovtm_untp_mxpr": whole(min(upper, instrument.upper_limit)),
        "ovtm_untp_llam": whole(max(lower, instrument.lower_limit)),
    }


ZERO = Decimal(0)


def warrant(context: Context) -> FaceAnswer:
    """Answer inquire-elw-price."""
    code = context.text("FID_INPUT_ISCD")
    if code not in context.exchange.warrants:
        raise Refused("APBK0656", "없는 종목입니다", result="7")
    found = context.exchange.warrants.find(code)
    under, quote, before = found.share_quote, found.quote, known(found.quote.previous_close)
    flat = quote.open or before
    output = {
        "elw_shrn_iscd": code,
        "hts_kor_isnm": quote.name,
        "elw_prpr": whole(quote.price),
        "prdy_vrss": whole(known(quote.change)),
        "prdy_vrss_sign": sign(known(quote.change)),
        "prdy_ctrt": fixed(known(quote.change_percent), 2),
        "acml_vol": whole(known(quote.volume)),
        "acml_tr_pbmn": whole(known(quote.turnover)),
        **dict.fromkeys(("prdy_vrss_vol_rate", "vol_tnrt", "apprch_rate", "hts_ints_vltl"), "0.00"),
        "unas_shrn_iscd": found.share.symbol,
        "unas_isnm": found.share.name,
        "unas_prpr": fixed(under.price, 2),
        "unas_prdy_vrss": fixed(known(under.change), 2),
        "unas_prdy_vrss_sign": sign(known(under.change)),
        "unas_prdy_ctrt": fixed(known(under.change_percent), 2),
        "bidp": whole(quote.price),
        "askp": whole(quote.price + 5),
        "elw_oprc": whole(known(quote.open)),
        "elw_hgpr": whole(known(quote.high)),
        "elw_lwpr": whole(known(quote.low)),
        "stck_prdy_clpr": whole(before),
        "hts_thpr": fixed(found.theory, 2),
        "dprt": percent(quote.price - found.theory, found.theory, 2),
        "atm_cls_name": "ITM" if found.theory else "OTM",
        "acpr": fixed(found.strike, 2),
        **pivots(Candle(context.exchange.now(), flat, quote.high or flat, quote.low or flat, before, ZERO, ZERO)),
        "elw_sdpr": whole(before),
        "tick_conv_prc": whole(quote.price),
        "invt_epmd_cntt": "",
    }
    return FaceAnswer(done("MCA00000", "정상 처리", output=output))


OVERTIME_DAYS = Api(f"{QUOTATIONS}/inquire-daily-overtimeprice", SYMBOL_FIELDS, overtime_days)
OVERTIME_TRADES = Api(
    f"{QUOTATIONS}/inquire-time-overtimeconclusion", (*SYMBOL_FIELDS, Field("FID_HOUR_CLS_CODE", 5)), overtime_trades
)
WARRANT = Api(
    f"{QUOTATIONS}/inquire-elw-price",
    (Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes("W")), Field("FID_INPUT_ISCD", 12)),
    warrant,
)
