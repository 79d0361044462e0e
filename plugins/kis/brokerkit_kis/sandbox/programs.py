"""Programme trading by day: of a symbol, and of a market."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from brokerkit.models import Flow, ProgramTrading
from brokerkit.sandbox.candles import Candle
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, date_field
from brokerkit_kis.sandbox.investors import day_and_before
from brokerkit_kis.sandbox.quotes import MILLION, QUOTATIONS, SYMBOL_FIELDS, VENUE, find, known, sign
from brokerkit_kis.sandbox.wording import done, fixed, percent, whole

ROWS = 30
"""Days of one answer. How many the server tells is not known."""
THOUSAND = Decimal(1_000)
MARKETS = {"K": "KOSPI", "Q": "KOSDAQ"}
MARKET_NAMES = """
    nabt_entm_seln_tr_pbmn nabt_onsl_seln_vol whol_onsl_seln_tr_pbmn arbt_smtn_shnu_vol nabt_smtn_shnu_tr_pbmn
    arbt_entm_ntby_qty nabt_entm_ntby_tr_pbmn arbt_entm_seln_vol nabt_entm_seln_vol_rate nabt_onsl_seln_vol_rate
    whol_onsl_seln_tr_pbmn_rate arbt_smtm_shun_vol_rate nabt_smtm_shun_tr_pbmn_rate arbt_entm_ntby_qty_rate
    nabt_entm_ntby_tr_pbmn_rate arbt_entm_seln_vol_rate nabt_entm_seln_tr_pbmn_rate nabt_onsl_seln_tr_pbmn
    whol_smtn_seln_vol arbt_smtn_shnu_tr_pbmn whol_entm_shnu_vol arbt_entm_ntby_tr_pbmn nabt_onsl_ntby_qty
    arbt_entm_seln_tr_pbmn nabt_onsl_seln_tr_pbmn_rate whol_seln_vol_rate arbt_smtm_shun_tr_pbmn_rate
    whol_entm_shnu_vol_rate arbt_entm_ntby_tr_pbmn_rate nabt_onsl_ntby_qty_rate arbt_entm_seln_tr_pbmn_rate
    nabt_smtn_seln_vol whol_smtn_seln_tr_pbmn nabt_entm_shnu_vol whol_entm_shnu_tr_pbmn arbt_onsl_ntby_qty
    nabt_onsl_ntby_tr_pbmn arbt_onsl_seln_tr_pbmn nabt_smtm_seln_vol_rate whol_seln_tr_pbmn_rate
    nabt_entm_shnu_vol_rate whol_entm_shnu_tr_pbmn_rate arbt_onsl_ntby_qty_rate nabt_onsl_ntby_tr_pbmn_rate
    arbt_onsl_seln_tr_pbmn_rate nabt_smtn_seln_tr_pbmn arbt_entm_shnu_vol nabt_entm_shnu_tr_pbmn
    whol_onsl_shnu_vol arbt_onsl_ntby_tr_pbmn nabt_smtn_ntby_qty arbt_onsl_seln_vol nabt_smtm_seln_tr_pbmn_rate
    arbt_entm_shnu_vol_rate nabt_entm_shnu_tr_pbmn_rate whol_onsl_shnu_tr_pbmn arbt_onsl_ntby_tr_pbmn_rate
    nabt_smtm_ntby_qty_rate arbt_onsl_seln_vol_rate whol_entm_seln_vol arbt_entm_shnu_tr_pbmn nabt_onsl_shnu_vol
    whol_onsl_shnu_tr_pbmn_rate arbt_smtn_ntby_qty nabt_smtn_ntby_tr_pbmn arbt_smtn_seln_vol
    whol_entm_seln_tr_pbmn arbt_entm_shnu_tr_pbmn_rate nabt_onsl_shnu_vol_rate whol_onsl_shnu_vol_rate
    arbt_smtm_ntby_qty_rate nabt_smtm_ntby_tr_pbmn_rate arbt_smtm_seln_vol_rate whol_entm_seln_vol_rate
    arbt_onsl_shnu_vol nabt_onsl_shnu_tr_pbmn whol_smtn_shnu_vol arbt_smtn_ntby_tr_pbmn whol_entm_ntby_qty
    arbt_smtn_seln_tr_pbmn whol_entm_seln_tr_pbmn_rate arbt_onsl_shnu_vol_rate nabt_onsl_shnu_tr_pbmn_rate
    whol_shun_vol_rate arbt_smtm_ntby_tr_pbmn_rate whol_entm_ntby_qty_rate arbt_smtm_seln_tr_pbmn_rate
    whol_onsl_seln_vol arbt_onsl_shnu_tr_pbmn nabt_smtn_shnu_vol whol_smtn_shnu_tr_pbmn nabt_entm_ntby_qty
    whol_entm_ntby_tr_pbmn nabt_entm_seln_vol whol_onsl_seln_vol_rate arbt_onsl_shnu_tr_pbmn_rate
    nabt_smtm_shun_vol_rate whol_shun_tr_pbmn_rate nabt_entm_ntby_qty_rate
    whol_entm_ntby_tr_pbmn_rate whol_onsl_ntby_qty whol_onsl_ntby_qty_rate whol_onsl_ntby_tr_pbmn
    whol_onsl_ntby_tr_pbmn_rate whol_smtn_ntby_qty whol_ntby_qty_rate whol_smtn_ntby_tr_pbmn whol_ntby_tr_pbmn_rate
"""
"""As they follow each other in the table, those of the sample alone behind. Some are misspelt, with smtm and shun."""
_NAME = re.compile(r"(?P<sort>arbt|nabt|whol)_((?P<who>entm|onsl|smt[nm])_)?(?P<way>seln|shnu|shun|ntby)_(?P<unit>.*)")
SORTS = {"arbt": "arbitrage", "nabt": "non_arbitrage", "whol": "total"}
WAYS = {"seln": "sell", "shnu": "buy", "shun": "buy", "ntby": "net"}


def by_symbol(context: Context) -> FaceAnswer:
    """Answer program-trade-by-stock-daily: days back from a date, the newest first; without one from the last day."""
    instrument, _ = find(context)
    investors = context.exchange.investors
    among = investors.program_days(instrument.symbol)
    if context.text("FID_INPUT_DATE_1"):
        until = date_field(context, "FID_INPUT_DATE_1")
        among = [day for day in among if day <= until]
    days = among[-ROWS - 1 :]
    since = len(context.exchange.flow_days(instrument.symbol)) - len(among) + ROWS + 3
    candles = {each.time.date(): each for each in context.exchange.daily_candles(instrument.symbol, days=since)}
    told = [program for day in days if (program := investors.program(instrument.symbol, day))]
    pairs = list(zip([None, *told], told, strict=False))
    rows = [_symbol_row(program, before, candles) for before, program in reversed(pairs)]
    return FaceAnswer(done("MCA00000", "정상 처리", output=rows[:ROWS]))


def _symbol_row(
    program: ProgramTrading, before: ProgramTrading | None, candles: Mapping[dt.date, Candle]
) -> dict[str, object]:
    (candle, last), total = day_and_before(candles, program.date), program.total
    change = candle.close - last.close
    yesterday = before.total if before else Flow()
    return {
        "stck_bsop_date": f"{program.date:%Y%m%d}",
        "stck_clpr": whole(candle.close),
        "prdy_vrss": whole(change),
        "prdy_vrss_sign": sign(change),
        "prdy_ctrt": percent(change, last.close, 2),
        "acml_vol": whole(candle.volume),
        "acml_tr_pbmn": whole(candle.turnover),
        "whol_smtn_seln_vol": whole(known(total.sell_quantity)),
        "whol_smtn_shnu_vol": whole(known(total.buy_quantity)),
        "whol_smtn_ntby_qty": whole(known(total.net_quantity)),
        "whol_smtn_seln_tr_pbmn": whole(known(total.sell_amount)),
        "whol_smtn_shnu_tr_pbmn": whole(known(total.buy_amount)),
        "whol_smtn_ntby_tr_pbmn": whole(known(total.net_amount)),
        "whol_ntby_vol_icdc": whole(known(total.net_quantity) - known(yesterday.net_quantity)),
        "whol_ntby_tr_pbmn_icdc2": whole(known(total.net_amount) - known(yesterday.net_amount)),
    }


def by_market(context: Context) -> FaceAnswer:
    """Answer comp-program-trade-daily: days between two dates, the newest first."""
    market = MARKETS[context.text("FID_MRKT_CLS_CODE")]
    start, end = date_field(context, "FID_INPUT_DATE_1"), date_field(context, "FID_INPUT_DATE_2")
    investors = context.exchange.investors
    among = investors.program_days(market)
    days = [day for day in among if start <= day <= end][-ROWS:]
    index = {each.time.date(): each for each in context.exchange.indices.daily_candles(f"INDEX:{market}")}
    rows = [_market_row(program, index) for day in reversed(days) if (program := investors.program(market, day))]
    return FaceAnswer(done("MCA00000", "정상 처리", output=rows))


def _market_row(program: ProgramTrading, index: Mapping[dt.date, Candle]) -> dict[str, object]:
    candle, last = day_and_before(index, program.date)
    return {
        "stck_bsop_date": f"{program.date:%Y%m%d}",
        **{name: _figure(name, program) for name in MARKET_NAMES.split()},
        "bstp_nmix_prpr": fixed(candle.close, 2),
        "bstp_nmix_prdy_vrss": fixed(candle.close - last.close, 2),
        "prdy_vrss_sign": sign(candle.close - last.close),
    }


def _figure(name: str, program: ProgramTrading) -> str:
    """Return what a name of the table stands for: thousand shares, or million won."""
    found = _NAME.fullmatch(name)
    assert found is not None  # noqa: S101 - every name of the table is of that form
    if found["unit"].endswith("_rate"):
        return "0.00"  # of what these are parts is not told
    if found["who"] == "onsl":
        return "0"  # who trades on account of his own is not played: all of it is done for customers
    flow: Flow = getattr(program, SORTS[found["sort"]])
    way = WAYS[found["way"]]
    if found["unit"].endswith("tr_pbmn"):
        return whole(known(getattr(flow, f"{way}_amount")) / MILLION)
    return whole(known(getattr(flow, f"{way}_quantity")) / THOUSAND)


BY_SYMBOL = Api(
    f"{QUOTATIONS}/program-trade-by-stock-daily", (*SYMBOL_FIELDS, Field("FID_INPUT_DATE_1", 10)), by_symbol
)
BY_MARKET = Api(
    f"{QUOTATIONS}/comp-program-trade-daily",
    (
        Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes(*VENUE)),
        Field("FID_MRKT_CLS_CODE", 2, codes=codes(*MARKETS)),
        Field("FID_INPUT_DATE_1", 10),
        Field("FID_INPUT_DATE_2", 10),
    ),
    by_market,
)
