"""Investors: every kind by symbol and by market, estimates, and who is bought most."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from decimal import Decimal

from brokerkit.models import Flow, InvestorFlow, MarketInvestorFlow
from brokerkit.sandbox.candles import Candle
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.investors import SLOTS
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, date_field, wrong_field
from brokerkit_kis.sandbox.quotes import MILLION, QUOTATIONS, SYMBOL_FIELDS, find, known, sign
from brokerkit_kis.sandbox.wording import Refused, done, fixed, percent, whole

DAYS = 30
MARKET_DAYS = 300
THOUSAND = Decimal(1_000)
TOLD_FROM = dt.time(15, 40)
MARKETS = {"KSP": ("KOSPI", "0001"), "KSQ": ("KOSDAQ", "1001")}
KINDS = {
    "frgn": "foreign",
    "prsn": "individual",
    "orgn": "institution",
    "scrt": "financial_investment",
    "ivtr": "investment_trust",
    "pe_fund": "private_fund",
    "bank": "bank",
    "insu": "insurance",
    "mrbn": "other_finance",
    "fund": "pension",
    "etc_corp": "other_corporation",
    "etc_orgt": "other_organization",
}
VOLUMES = ("pe_fund", "etc_corp", "etc_orgt")


SYMBOL_AMOUNTS = (
    *("frgn_reg", "frgn", "frgn_nreg", "prsn", "orgn", "scrt", "pe_fund", "ivtr"),
    *("bank", "insu", "mrbn", "fund", "etc", "etc_corp", "etc_orgt"),
)
SYMBOL_QUANTITIES = (
    *("frgn", "frgn_reg", "frgn_nreg", "prsn", "orgn", "scrt", "ivtr", "pe_fund"),
    *("bank", "insu", "mrbn", "fund", "etc", "etc_corp", "etc_orgt"),
)
MARKET_ORDER = (
    *("frgn", "frgn_reg", "frgn_nreg", "prsn", "orgn", "scrt", "ivtr", "pe_fund"),
    *("bank", "insu", "mrbn", "fund", "etc", "etc_orgt", "etc_corp"),
)
BOTH_WAYS = (
    *("frgn", "frgn_reg", "frgn_nreg", "prsn", "orgn", "scrt", "ivtr", "pe_fund"),
    *("bank", "insu", "mrbn", "fund", "etc", "etc_orgt", "etc_corp"),
)


def by_symbol(context: Context) -> FaceAnswer:
    """Answer investor-trade-by-stock-daily: thirty days back from a date; not before 15:40."""
    # Under which rt_cd this comes is not told; its code and the last two words are.
    if context.exchange.now().time() < TOLD_FROM:
        raise Refused("OPSQ2001", "ERROR : TIME LIMIT", result="2")
    instrument, quote = find(context)
    exchange, until = context.exchange, date_field(context, "FID_INPUT_DATE_1")
    among = exchange.flow_days(instrument.symbol)
    days = [day for day in among if day <= until][-DAYS:]
    since = len(among) - bisect_left(among, days[0]) + 2 if days else 1
    candles = {each.time.date(): each for each in exchange.daily_candles(instrument.symbol, days=since)}
    rows = [_symbol_row(context, instrument.symbol, day, candles) for day in reversed(days)]
    head = {
        "stck_prpr": whole(quote.price),
        "prdy_vrss": whole(known(quote.change)),
        "prdy_vrss_sign": sign(known(quote.change), quote),
        "prdy_ctrt": fixed(known(quote.change_percent), 2),
        "acml_vol": whole(known(quote.volume)),
        "prdy_vol": whole(context.past(instrument.symbol).last.volume),
        "rprs_mrkt_kor_name": instrument.market.value,
    }
    return FaceAnswer(done("MCA00000", "정상 처리", output1=head, output2=rows))


def _symbol_row(context: Context, symbol: str, day: dt.date, candles: Mapping[dt.date, Candle]) -> dict[str, object]:
    flow = context.exchange.flow_of(symbol, day)
    assert flow is not None  # noqa: S101 - the day is one of those that have one
    candle, before = day_and_before(candles, day)
    change = candle.close - before.close
    flows = _by_short_name(flow)
    row: dict[str, object] = {
        "stck_bsop_date": f"{day:%Y%m%d}",
        "stck_clpr": whole(candle.close),
        "prdy_vrss": whole(change),
        "prdy_vrss_sign": sign(change),
        "prdy_ctrt": percent(change, before.close, 2),
        "acml_vol": whole(candle.volume),
        "acml_tr_pbmn": whole(candle.turnover),
        "stck_oprc": whole(candle.open),
        "stck_hgpr": whole(candle.high),
        "stck_lwpr": whole(candle.low),
        **_nets(flows, SYMBOL_QUANTITIES, SYMBOL_AMOUNTS, Decimal(1)),
    }
    for short in BOTH_WAYS:
        row |= _both_ways(short, flows[short])
    return {**row, "bold_yn": "N"}


def day_and_before(candles: Mapping[dt.date, Candle], day: dt.date) -> tuple[Candle, Candle]:
    """Return the candle of a day and the one before it; those of the oldest day, if there is none before it."""
    # Flows reach back one day further than candles.
    candle = candles.get(day) or candles[min(candles)]
    before = max((each for each in candles if each < day), default=None)
    return candle, candle if before is None else candles[before]


def _by_short_name(flow: InvestorFlow | MarketInvestorFlow) -> dict[str, Flow]:
    """Return what each kind did, by the first part of KIS's names."""
    flows = {short: getattr(flow, kind) for short, kind in KINDS.items()}
    others = flow.resident_foreign
    return {
        **flows,
        "frgn_nreg": others,
        "frgn_reg": _less(flow.foreign, others),
        "etc": flow.other_corporation,
    }


def _less(flow: Flow, part: Flow) -> Flow:
    return Flow(**{name: known(getattr(flow, name)) - known(getattr(part, name)) for name in Flow.model_fields})


def _nets(
    flows: Mapping[str, Flow], quantities: Iterable[str], amounts: Iterable[str], share: Decimal
) -> dict[str, object]:
    row: dict[str, object] = {}
    for short in quantities:
        name = f"{short}_ntby_{'vol' if short in VOLUMES else 'qty'}"
        row[name] = whole(known(flows[short].net_quantity) / share)
    for short in amounts:
        name = f"{short}_ntby_{'pbmn' if short in ('frgn_reg', 'frgn_nreg') else 'tr_pbmn'}"
        row[name] = whole(known(flows[short].net_amount) / MILLION)
    return row


def _both_ways(short: str, flow: Flow) -> dict[str, object]:
    sold, bought = whole(known(flow.sell_quantity)), whole(known(flow.buy_quantity))
    got, paid = whole(known(flow.sell_amount) / MILLION), whole(known(flow.buy_amount) / MILLION)
    if short in ("frgn_reg", "frgn_nreg"):
        names = ("askp_qty", "bidp_qty", "askp_pbmn", "bidp_pbmn")
    else:
        names = ("seln_vol", "shnu_vol", "seln_tr_pbmn", "shnu_tr_pbmn")
    return {f"{short}_{name}": value for name, value in zip(names, (sold, bought, got, paid), strict=True)}


def by_market(context: Context) -> FaceAnswer:
    """Answer inquire-investor-daily-by-market: the days of a market back from a date, the newest first."""
    market, index = MARKETS[context.text("FID_INPUT_ISCD_1")]
    # What the server answers to codes that do not fit each other is not known.
    for name, fitting in (("FID_INPUT_ISCD", (index,)), ("FID_INPUT_ISCD_2", (index, ""))):
        if context.text(name) not in fitting:
            raise wrong_field(name)
    until = date_field(context, "FID_INPUT_DATE_1")
    investors = context.exchange.investors
    among = investors.market_days(market)
    days = [day for day in among if day <= until][-MARKET_DAYS:]
    candles = {
        each.time.date(): each
        for each in context.exchange.indices.daily_candles(f"INDEX:{market}", days=len(among) + 2)
    }
    rows = [_market_row(flow, candles) for day in reversed(days) if (flow := investors.market_flow(market, day))]
    return FaceAnswer(done("MCA00000", "정상 처리", output=rows))


def _market_row(flow: MarketInvestorFlow, candles: Mapping[dt.date, Candle]) -> dict[str, object]:
    candle, before = day_and_before(candles, flow.date)
    change = candle.close - before.close
    return {
        "stck_bsop_date": f"{flow.date:%Y%m%d}",
        "bstp_nmix_prpr": fixed(candle.close, 2),
        "bstp_nmix_prdy_vrss": fixed(change, 2),
        "prdy_vrss_sign": sign(change),
        "bstp_nmix_prdy_ctrt": percent(change, before.close, 2),
        "bstp_nmix_oprc": fixed(candle.open, 2),
        "bstp_nmix_hgpr": fixed(candle.high, 2),
        "bstp_nmix_lwpr": fixed(candle.low, 2),
        "stck_prdy_clpr": fixed(before.close, 2),
        **_nets(_by_short_name(flow), MARKET_ORDER, MARKET_ORDER, THOUSAND),
    }


def estimates(context: Context) -> FaceAnswer:
    """Answer investor-trend-estimate: the day's publications so far, the newest first."""
    instrument = context.instrument("MKSC_SHRN_ISCD")
    if instrument is None:
        raise Refused("APBK0656", "없는 종목입니다", result="7")
    slots = [slot.replace(tzinfo=None) for slot in SLOTS]
    rows = [
        {
            "bsop_hour_gb": str(slots.index(each.time.time()) + 1),
            "frgn_fake_ntby_qty": _padded(known(each.foreign.net_quantity)),
            "orgn_fake_ntby_qty": _padded(known(each.institution.net_quantity)),
            "sum_fake_ntby_qty": _padded(known(each.foreign.net_quantity) + known(each.institution.net_quantity)),
        }
        for each in context.exchange.investors.estimates(instrument.symbol)
    ]
    return FaceAnswer(done("MCA00000", "정상 처리", output2=rows[::-1]))


def _padded(value: Decimal) -> str:
    """Write a number of eighteen characters, the sign among them."""
    return f"-{-int(value):017d}" if value < 0 else f"{int(value):018d}"


BY_SYMBOL = Api(
    f"{QUOTATIONS}/investor-trade-by-stock-daily",
    (
        *SYMBOL_FIELDS,
        Field("FID_INPUT_DATE_1", 10),
        # Both have to be there, whatever stands in them.
        Field("FID_ORG_ADJ_PRC", 2),
        Field("FID_ETC_CLS_CODE", 2),
    ),
    by_symbol,
)
BY_MARKET = Api(
    f"{QUOTATIONS}/inquire-investor-daily-by-market",
    (
        Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes("U")),
        Field("FID_INPUT_ISCD", 12),
        Field("FID_INPUT_DATE_1", 10),
        Field("FID_INPUT_ISCD_1", 12, codes=codes(*MARKETS)),
        # The official sample does without these two.
        Field("FID_INPUT_DATE_2", 10, required=False),
        Field("FID_INPUT_ISCD_2", 10, required=False),
    ),
    by_market,
)
ESTIMATES = Api(f"{QUOTATIONS}/investor-trend-estimate", (Field("MKSC_SHRN_ISCD", 12),), estimates)
