"""Quotations: the present price and who bought and sold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from brokerkit.market.ticks import Kind, tick_size
from brokerkit.models import Flow, InvestorFlow, Quote, Venue
from brokerkit.sandbox.exchange import ExchangeRefusal, Instrument, Market
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes
from brokerkit_kis.sandbox.wording import Answer, Refused, done, fixed, percent, whole

VENUE = {"J": Venue.KRX, "NX": Venue.NXT, "UN": Venue.SOR}
SYMBOL_FIELDS = (Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes(*VENUE)), Field("FID_INPUT_ISCD", 12))
INVESTOR_DAYS = 30
HUNDRED_MILLION = Decimal(100_000_000)
MILLION = Decimal(1_000_000)
PAR_VALUE = Decimal(100)
"""The exchange knows no par value; every share has this one."""


def price(context: Context) -> Answer:
    """Answer inquire-price."""
    instrument, quote = _find(context)
    output = {
        **_state(instrument),
        **_trading(quote),
        **_limits(instrument, quote),
        **_pivots(quote),
        **_valuation(instrument, quote),
        **_extremes(context.exchange.today, quote),
    }
    return Answer(done("MCA00000", "정상 처리", output=output))


def investors(context: Context) -> Answer:
    """Answer inquire-investor: the newest days, the newest first."""
    instrument, _ = _find(context)
    flows = list(context.exchange.investor_flow(instrument.symbol))[-INVESTOR_DAYS - 1 :]
    days = [_investor_day(day, before) for before, day in zip([None, *flows], flows, strict=False)]
    return Answer(done("MCA00000", "정상 처리", output=list(reversed(days))[:INVESTOR_DAYS]))


def _find(context: Context) -> tuple[Instrument, Quote]:
    symbol = context.text("FID_INPUT_ISCD")
    try:
        quote = context.exchange.quote(symbol, VENUE[context.text("FID_COND_MRKT_DIV_CODE")])
    except ExchangeRefusal:
        # What quotations answer to an unknown symbol is not known; some clients expect zeros with rt_cd "0". A refusal
        # with the one code that says "no such symbol" is the cautious side: nobody takes it for a price.
        raise Refused("APBK0656", "없는 종목입니다", result="7") from None
    return context.exchange.instruments[symbol], quote


def known(value: Decimal | None) -> Decimal:
    """Return a figure of the exchange; its quotes have every figure, the model only allows for brokers without."""
    return value if value is not None else Decimal(0)


def sign(change: Decimal, quote: Quote | None = None) -> str:
    """Return the code of the direction, upper and lower limit included where the quote is at hand."""
    if quote is not None and quote.price == quote.upper_limit:
        return "1"
    if quote is not None and quote.price == quote.lower_limit:
        return "4"
    if change == 0:
        return "3"
    return "2" if change > 0 else "5"


def _state(instrument: Instrument) -> dict[str, object]:
    fund = instrument.kind is not Kind.STOCK
    # Which stocks are in KOSPI 200 the exchange does not know, so the plain name of the market stands here.
    return {
        "iscd_stat_cls_code": "55",
        "marg_rate": "20.00",
        "rprs_mrkt_kor_name": "ETF" if fund else ("KOSDAQ" if instrument.market is Market.KOSDAQ else "KOSPI"),
        "new_hgpr_lwpr_cls_code": "",
        "bstp_kor_isnm": "기타",
        "temp_stop_yn": "N",
        "oprc_rang_cont_yn": "N",
        "clpr_rang_cont_yn": "N",
        "crdt_able_yn": "Y",
        "grmn_rate_cls_code": "40",
        "elw_pblc_yn": "N",
        "ssts_yn": "Y",
        "vi_cls_code": "N",
        "ovtm_vi_cls_code": "N",
        "invt_caful_yn": "N",
        "mrkt_warn_cls_code": "00",
        "short_over_yn": "N",
        "sltr_yn": "N",
        "mang_issu_cls_code": "N",
    }


def _trading(quote: Quote) -> dict[str, object]:
    change, volume, turnover = known(quote.change), known(quote.volume), known(quote.turnover)
    return {
        "stck_prpr": whole(quote.price),
        "prdy_vrss": whole(change),
        "prdy_vrss_sign": sign(change, quote),
        "prdy_ctrt": fixed(known(quote.change_percent), 2),
        "acml_tr_pbmn": whole(turnover),
        "acml_vol": whole(volume),
        "prdy_vrss_vol_rate": "100.00",
        "stck_oprc": whole(known(quote.open)),
        "stck_hgpr": whole(known(quote.high)),
        "stck_lwpr": whole(known(quote.low)),
        "wghn_avrg_stck_prc": fixed(turnover / volume if volume else Decimal(0), 2),
        "hts_frgn_ehrt": "0.00",
        "frgn_ntby_qty": "0",
        "pgtr_ntby_qty": "0",
        "frgn_hldn_qty": "0",
        "last_ssts_cntg_qty": "0",
    }


def _limits(instrument: Instrument, quote: Quote) -> dict[str, object]:
    base = instrument.previous_close
    return {
        "stck_mxpr": whole(instrument.upper_limit),
        "stck_llam": whole(instrument.lower_limit),
        "stck_sdpr": whole(base),
        "rstc_wdth_prc": whole(instrument.upper_limit - base),
        "stck_sspr": whole(base * Decimal("0.7")),
        "aspr_unit": whole(tick_size(quote.price, instrument.kind)),
        "hts_deal_qty_unit_val": "1",
        "stck_shrn_iscd": instrument.symbol,
        "apprch_rate": "0.00",
    }


def _pivots(quote: Quote) -> dict[str, object]:
    # The real figures come from yesterday's prices, which the exchange does not keep; today's have the same grammar.
    high, low = known(quote.high), known(quote.low)
    middle = (high + low + quote.price) / 3
    return {
        "pvt_scnd_dmrs_prc": whole(middle + high - low),
        "pvt_frst_dmrs_prc": whole(2 * middle - low),
        "pvt_pont_val": whole(middle),
        "pvt_frst_dmsp_prc": whole(2 * middle - high),
        "pvt_scnd_dmsp_prc": whole(middle - high + low),
        "dmrs_val": whole(high),
        "dmsp_val": whole(low),
    }


def _valuation(instrument: Instrument, quote: Quote) -> dict[str, object]:
    shares = instrument.listed_shares
    capital = whole(shares * PAR_VALUE / HUNDRED_MILLION)
    return {
        "cpfn": capital,
        "stck_fcam": whole(PAR_VALUE),
        "lstn_stcn": whole(shares),
        "hts_avls": whole(shares * quote.price / HUNDRED_MILLION),
        "per": "0.00",
        "pbr": "0.00",
        "stac_month": "12",
        "vol_tnrt": percent(known(quote.volume), shares, 2),
        "eps": "0.00",
        "bps": "0.00",
        "whol_loan_rmnd_rate": "0.00",
        "fcam_cnnm": whole(PAR_VALUE),
        "cpfn_cnnm": f"{capital} 억",
    }


def _extremes(today: dt.date, quote: Quote) -> dict[str, object]:
    date = f"{today:%Y%m%d}"
    extremes: dict[str, object] = {}
    for value, short in ((known(quote.high), "hgpr"), (known(quote.low), "lwpr")):
        distance = percent(quote.price - value, value, 2)
        for price_name, rate_name, date_name in (
            (f"d250_{short}", f"d250_{short}_vrss_prpr_rate", f"d250_{short}_date"),
            (f"stck_dryy_{short}", f"dryy_{short}_vrss_prpr_rate", f"dryy_{short}_date"),
            (f"w52_{short}", f"w52_{short}_vrss_prpr_ctrt", f"w52_{short}_date"),
        ):
            extremes |= {price_name: whole(value), rate_name: distance, date_name: date}
    return extremes


def _investor_day(day: InvestorFlow, before: InvestorFlow | None) -> dict[str, object]:
    change = known(day.close) - known(before.close) if before is not None else Decimal(0)
    row: dict[str, object] = {
        "stck_bsop_date": f"{day.date:%Y%m%d}",
        "stck_clpr": whole(known(day.close)),
        "prdy_vrss": whole(change),
        "prdy_vrss_sign": sign(change),
    }
    for short, flow in (("prsn", day.individual), ("frgn", day.foreign), ("orgn", day.institution)):
        row |= _investor_figures(short, flow)
    return row


def _investor_figures(short: str, flow: Flow) -> dict[str, object]:
    # Each amount is rounded on its own, so net is not always buy less sell; whether up or down is not known.
    return {
        f"{short}_ntby_qty": whole(known(flow.net_quantity)),
        f"{short}_ntby_tr_pbmn": whole(known(flow.net_amount) / MILLION),
        f"{short}_shnu_vol": whole(known(flow.buy_quantity)),
        f"{short}_shnu_tr_pbmn": whole(known(flow.buy_amount) / MILLION),
        f"{short}_seln_vol": whole(known(flow.sell_quantity)),
        f"{short}_seln_tr_pbmn": whole(known(flow.sell_amount) / MILLION),
    }


PRICE = Api(
    path="/uapi/domestic-stock/v1/quotations/inquire-price",
    method="GET",
    real=codes("FHKST01010100"),
    demo=codes("FHKST01010100"),
    fields=SYMBOL_FIELDS,
    handler=price,
)
INVESTOR = Api(
    path="/uapi/domestic-stock/v1/quotations/inquire-investor",
    method="GET",
    real=codes("FHKST01010900"),
    demo=codes("FHKST01010900"),
    fields=SYMBOL_FIELDS,
    handler=investors,
)
