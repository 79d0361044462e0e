"""Quotations that the demo offers too: the single-price session after hours, warrants.

The exchange keeps none of these. They are made up from what it does keep, and the same whenever they are asked for.
"""

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


WARRANTS = {"57H714": "005930", "57JBHH": "000660"}
"""Call warrants that are told here, and what they are on. They cannot be ordered."""
_RATIO = Decimal("0.01")


def warrant(context: Context) -> FaceAnswer:
    """Answer inquire-elw-price."""
    code = context.text("FID_INPUT_ISCD")
    if code not in WARRANTS:
        raise Refused("APBK0656", "없는 종목입니다", result="7")
    instrument = context.exchange.instruments[WARRANTS[code]]
    under = context.exchange.quote(instrument.symbol)
    strike = (instrument.previous_close * Decimal("0.9")).to_integral_value()
    before, opened, high, low, price = (
        _worth(known(value), strike)
        for value in (instrument.previous_close, under.open, under.high, under.low, under.price)
    )
    theory = max((under.price - strike) * _RATIO, Decimal(0))
    output = {
        "elw_shrn_iscd": code,
        "hts_kor_isnm": f"모의{instrument.name}콜",
        "elw_prpr": whole(price),
        "prdy_vrss": whole(price - before),
        "prdy_vrss_sign": sign(price - before),
        "prdy_ctrt": percent(price - before, before, 2),
        **dict.fromkeys(("acml_vol", "acml_tr_pbmn"), "0"),
        **dict.fromkeys(("prdy_vrss_vol_rate", "vol_tnrt", "apprch_rate", "hts_ints_vltl"), "0.00"),
        "unas_shrn_iscd": instrument.symbol,
        "unas_isnm": instrument.name,
        "unas_prpr": fixed(under.price, 2),
        "unas_prdy_vrss": fixed(known(under.change), 2),
        "unas_prdy_vrss_sign": sign(known(under.change)),
        "unas_prdy_ctrt": fixed(known(under.change_percent), 2),
        "bidp": whole(price),
        "askp": whole(price + 5),
        "elw_oprc": whole(opened),
        "elw_hgpr": whole(high),
        "elw_lwpr": whole(low),
        "stck_prdy_clpr": whole(before),
        "hts_thpr": fixed(theory, 2),
        "dprt": percent(price - theory, theory, 2),
        "atm_cls_name": "ITM" if under.price > strike else "OTM",
        "acpr": fixed(strike, 2),
        **pivots(Candle(context.exchange.now(), opened, high, low, before, Decimal(0), Decimal(0))),
        "elw_sdpr": whole(before),
        "tick_conv_prc": whole(price),
        "invt_epmd_cntt": "",
    }
    return FaceAnswer(done("MCA00000", "정상 처리", output=output))


def _worth(price: Decimal, strike: Decimal) -> Decimal:
    """Return what a warrant costs at a price of its share, in steps of five won."""
    return max((price - strike) * _RATIO // 5 * 5, Decimal(5))


OVERTIME_DAYS = Api(f"{QUOTATIONS}/inquire-daily-overtimeprice", SYMBOL_FIELDS, overtime_days)
OVERTIME_TRADES = Api(
    f"{QUOTATIONS}/inquire-time-overtimeconclusion", (*SYMBOL_FIELDS, Field("FID_HOUR_CLS_CODE", 5)), overtime_trades
)
WARRANT = Api(
    f"{QUOTATIONS}/inquire-elw-price",
    (Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes("W")), Field("FID_INPUT_ISCD", 12)),
    warrant,
)
