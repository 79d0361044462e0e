"""Quotations: the present price, in both its forms, and who bought and sold."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.market.ticks import tick_size
from brokerkit.models import Flow, InvestorFlow, Quote
from brokerkit.sandbox.exchange import Candle, ExchangeRefusal, Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Venue
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, spelled
from brokerkit_kis.sandbox.history import Extreme, PastDays, day_of
from brokerkit_kis.sandbox.wording import Refused, done, fixed, percent, whole

VENUE = {"J": Venue.KRX, "NX": Venue.NXT, "UN": Venue.SOR}
SYMBOL_FIELDS = (Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes(*VENUE)), Field("FID_INPUT_ISCD", 12))
INVESTOR_DAYS = 30
HUNDRED_MILLION = Decimal(100_000_000)
MILLION = Decimal(1_000_000)
PAR_VALUE = Decimal(5_000)
"""The exchange knows no par value; every share has this one."""


def price(context: Context) -> FaceAnswer:
    """Answer inquire-price."""
    instrument, quote = find(context)
    past = context.past(instrument.symbol)
    output = {
        **_state(instrument, context),
        **_trading(quote),
        "prdy_vrss_vol_rate": percent(known(quote.volume), past.last.volume, 2),
        **_limits(instrument, quote),
        **pivots(past.last),
        **valuation(instrument, quote),
        **_extremes(past, day_of(quote, context.exchange)),
    }
    return FaceAnswer(done("MCA00000", "정상 처리", output=output))


def price_detail(context: Context) -> FaceAnswer:
    """Answer inquire-price-2."""
    instrument, quote = find(context)
    past = context.past(instrument.symbol)
    state = _state(instrument, context)
    same = ("rprs_mrkt_kor_name", "new_hgpr_lwpr_cls_code", "crdt_able_yn", "elw_pblc_yn", "marg_rate", "short_over_yn")
    more = ("mrkt_warn_cls_code", "invt_caful_yn", "vi_cls_code", "bstp_kor_isnm", "sltr_yn", "oprc_rang_cont_yn")
    trading = _trading(quote)
    moved = ("stck_prpr", "prdy_vrss", "prdy_vrss_sign", "prdy_ctrt", "acml_tr_pbmn", "acml_vol")
    limits = _limits(instrument, quote)
    output = {
        **{name: state[name] for name in same + more},
        **{name: trading[name] for name in (*moved, "stck_oprc", "stck_hgpr", "stck_lwpr")},
        **{name: limits[name] for name in ("stck_mxpr", "stck_llam", "stck_sdpr")},
        **_distances(instrument, quote),
        **_flags(),
        "mxpr_llam_cls_code": "",
        "stck_prdy_clpr": whole(instrument.previous_close),
        "prdy_vrss_vol_rate": percent(known(quote.volume), past.last.volume, 2),
        "prdy_vol": whole(past.last.volume),
    }
    return FaceAnswer(done("MCA00000", "정상 처리", output=output))


def _distances(instrument: Instrument, quote: Quote) -> dict[str, object]:
    """Return how far open, high and low are from yesterday's close and from the price."""
    distances: dict[str, object] = {}
    for short, value in (("oprc", quote.open), ("hgpr", quote.high), ("lwpr", quote.low)):
        # Without a trade there is nothing that could be away from anything.
        base, away = instrument.previous_close, quote.price - value if value else Decimal(0)
        distances[f"prdy_clpr_vrss_{short}_rate"] = percent((value or base) - base, base, 2)
        distances[f"{short}_vrss_prpr"] = whole(away)
        distances[f"{short}_vrss_prpr_sign"] = sign(away)
    return distances


def _flags() -> dict[str, object]:
    """Return what nothing at this exchange ever is: under supervision, halted, revalued, ..."""
    refused = ("mang_issu_yn", "stange_runup_yn", "ssts_hot_yn", "low_current_yn", "insn_pbnt_yn", "trht_yn")
    blank = ("divi_app_cls_code", "short_over_cls_code", "new_lstn_cls_name", "vlnt_deal_cls_name", "flng_cls_name")
    more = ("revl_issu_reas_name", "mrkt_warn_cls_name", "fcam_mod_cls_name", "bstp_cls_code")
    return {
        **dict.fromkeys(refused, "N"),
        **dict.fromkeys(blank + more, ""),
        "crdt_rate": "20.00",
        "vlnt_fin_cls_code": "N",
    }


def investors(context: Context) -> FaceAnswer:
    """Answer inquire-investor: the newest days, the newest first."""
    instrument, _ = find(context)
    flows = context.exchange.investor_flow(instrument.symbol, days=INVESTOR_DAYS + 1)
    days = [_investor_day(day, before) for before, day in zip([None, *flows], flows, strict=False)]
    return FaceAnswer(done("MCA00000", "정상 처리", output=list(reversed(days))[:INVESTOR_DAYS]))


def find(context: Context) -> tuple[Instrument, Quote]:
    """Return the symbol that a quotation asks for, with its quote at the market asked for."""
    instrument = context.instrument("FID_INPUT_ISCD")
    symbol = instrument.symbol if instrument else ""
    try:
        quote = context.exchange.quote(symbol, VENUE[context.text("FID_COND_MRKT_DIV_CODE")])
    except ExchangeRefusal:
        # What quotations answer to an unknown symbol is not known; some clients expect zeros with rt_cd "0". A refusal
        # with the one code that says "no such symbol" is the cautious side: nobody takes it for a price.
        raise Refused("APBK0656", "없는 종목입니다", result="7") from None
    return context.exchange.instruments[symbol], quote


def known(value: Decimal | None) -> Decimal:
    """Return a figure of the exchange, 0 where there is none: so KIS writes it."""
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


def market_name(instrument: Instrument) -> str:
    """Return the name of a symbol's market."""
    # Which stocks are in KOSPI 200 the exchange does not know, so the plain name of the market stands here.
    return str(instrument.market if instrument.leverage is None else instrument.kind)


def _state(instrument: Instrument, context: Context) -> dict[str, object]:
    is_halted = instrument.symbol in context.exchange.halted
    return {
        "iscd_stat_cls_code": "58" if is_halted else "55",
        "marg_rate": "20.00",
        "rprs_mrkt_kor_name": market_name(instrument),
        "new_hgpr_lwpr_cls_code": "",
        "bstp_kor_isnm": instrument.sector,
        "temp_stop_yn": "Y" if is_halted else "N",
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
        "stck_mxpr": whole(known(quote.upper_limit)),
        "stck_llam": whole(known(quote.lower_limit)),
        "stck_sdpr": whole(base),
        "rstc_wdth_prc": whole((quote.upper_limit or base) - base),
        "stck_sspr": whole(base * Decimal("0.7")),
        "aspr_unit": whole(tick_size(quote.price or base, instrument.kind)),
        "hts_deal_qty_unit_val": "1",
        "stck_shrn_iscd": spelled(instrument.symbol),
        "apprch_rate": "0.00",
    }


def pivots(last: Candle) -> dict[str, object]:
    """Return yesterday's pivot points, and the two of DeMark."""
    high, low, close = last.high, last.low, last.close
    middle = (high + low + close) / 3
    weighed = high + low + close + (low if close < last.open else high if close > last.open else close)
    return {
        "pvt_scnd_dmrs_prc": whole(middle + high - low),
        "pvt_frst_dmrs_prc": whole(2 * middle - low),
        "pvt_pont_val": whole(middle),
        "pvt_frst_dmsp_prc": whole(2 * middle - high),
        "pvt_scnd_dmsp_prc": whole(middle - high + low),
        "dmrs_val": whole(weighed / 2 - low),
        "dmsp_val": whole(weighed / 2 - high),
    }


def valuation(instrument: Instrument, quote: Quote) -> dict[str, object]:
    """Return shares, capital and market value; of profits the exchange knows nothing."""
    shares = instrument.listed_shares
    capital = shares * PAR_VALUE / HUNDRED_MILLION
    return {
        "cpfn": whole(capital),
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
        "fcam_cnnm": f"{PAR_VALUE:,.0f}",
        "cpfn_cnnm": f"{capital:,.0f} 억",
    }


def _extremes(past: PastDays, today: Candle) -> dict[str, object]:
    start = Extreme(today.high, today.time.date(), today.low, today.time.date())
    told: dict[str, object] = {}
    for stretch, price, rate, date in (
        ("days", "d250_{}", "d250_{}_vrss_prpr_rate", "d250_{}_date"),
        ("year", "stck_dryy_{}", "dryy_{}_vrss_prpr_rate", "dryy_{}_date"),
        ("weeks", "w52_{}", "w52_{}_vrss_prpr_ctrt", "w52_{}_date"),
    ):
        before = past.extremes[stretch]
        extreme = start if before is None else before.with_day(today)
        for short, value, day in (
            ("hgpr", extreme.high, extreme.high_day),
            ("lwpr", extreme.low, extreme.low_day),
        ):
            told[price.format(short)] = whole(value)
            told[rate.format(short)] = percent(today.close - value, value, 2)
            told[date.format(short)] = f"{day:%Y%m%d}"
    return told


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


QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
PRICE = Api(f"{QUOTATIONS}/inquire-price", SYMBOL_FIELDS, price)
PRICE_DETAIL = Api(f"{QUOTATIONS}/inquire-price-2", SYMBOL_FIELDS, price_detail)
INVESTOR = Api(f"{QUOTATIONS}/inquire-investor", SYMBOL_FIELDS, investors)
