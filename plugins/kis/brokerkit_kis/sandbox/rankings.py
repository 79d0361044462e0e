"""Rankings, never more than 30 rows, and saved screens (조건검색)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation

from brokerkit.models import InvestorFlow, Quote
from brokerkit.sandbox.exchange import Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.ranks import FIRMS, SCREENS, growth, net_of, priced, screened
from brokerkit.words import SecurityType, Segment, Venue
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, spelled, wrong_field
from brokerkit_kis.sandbox.quotes import HUNDRED_MILLION, MILLION, QUOTATIONS, VENUE, known, sign
from brokerkit_kis.sandbox.wording import Refused, done, fixed, percent, whole

ROWS = 30
"""Full stop: nothing that is sent brings more, and there is no next page."""
HITS = 100
"""Of a saved screen."""
THOUSAND = Decimal(1_000)
RANKING = "/uapi/domestic-stock/v1/ranking"
Row = tuple[Instrument, Quote]


def volumes(context: Context) -> FaceAnswer:
    """Answer volume-rank."""
    rows = _listed(context, "FID_INPUT_PRICE_1", "FID_INPUT_PRICE_2", "FID_VOL_CNT")
    ranked = _first(rows, _VOLUME_ORDER[context.text("FID_BLNG_CLS_CODE")])
    return _answer(_volume_row(number, *row) for number, row in ranked)


_VOLUME_ORDER: Mapping[str, Callable[[Row], Decimal]] = {
    # The average of one day is that of today: so the broker's own sample has it.
    "0": lambda row: known(row[1].volume),
    "1": lambda row: known(row[1].volume),
    "2": lambda row: known(row[1].volume) / row[0].listed_shares,
    "3": lambda row: known(row[1].turnover),
    "4": lambda row: known(row[1].turnover) / (row[0].listed_shares * row[1].price),
}


def _volume_row(number: int, instrument: Instrument, quote: Quote) -> dict[str, object]:
    volume, turnover, shares = known(quote.volume), known(quote.turnover), instrument.listed_shares
    turned, worth = percent(volume, shares, 2), percent(turnover, shares * quote.price, 2)
    return {
        "hts_kor_isnm": instrument.name,
        "mksc_shrn_iscd": spelled(instrument.symbol),
        "data_rank": str(number),
        **_price(quote, "prdy_vrss_sign", "prdy_vrss"),
        "acml_vol": whole(volume),
        # For the day before, the exchange would make up a year of every symbol, seconds for a list: as much as today.
        "prdy_vol": whole(volume),
        "lstn_stcn": whole(shares),
        "avrg_vol": whole(volume),
        "n_befr_clpr_vrss_prpr_rate": fixed(known(quote.change_percent), 2),
        "vol_inrt": percent(volume, volume, 2),
        "vol_tnrt": turned,
        "nday_vol_tnrt": turned,
        "avrg_tr_pbmn": whole(turnover),
        "tr_pbmn_tnrt": worth,
        "nday_tr_pbmn_tnrt": worth,
        "acml_tr_pbmn": whole(turnover),
    }


def _price(quote: Quote, *middle: str) -> dict[str, object]:
    """Return price and change; the sign stands before the change or behind it, by the call."""
    change = {"prdy_vrss_sign": sign(known(quote.change), quote), "prdy_vrss": whole(known(quote.change))}
    return {
        "stck_prpr": whole(quote.price),
        **{name: change[name] for name in middle},
        "prdy_ctrt": fixed(known(quote.change_percent), 2),
    }


def fluctuations(context: Context) -> FaceAnswer:
    """Answer fluctuation."""
    rows = _listed(context, "FID_INPUT_PRICE_1", "FID_INPUT_PRICE_2", "FID_VOL_CNT")
    least, most = _bound(context, "FID_RSFL_RATE1"), _bound(context, "FID_RSFL_RATE2")
    rows = [
        row
        for row in rows
        if (least is None or known(row[1].change_percent) >= least)
        and (most is None or known(row[1].change_percent) <= most)
    ]
    ranked = _first(rows, _FLUCTUATION_ORDER[context.text("FID_RANK_SORT_CLS_CODE")])
    return _answer(_fluctuation_row(context, number, *row) for number, row in ranked)


def _since_open(row: Row) -> Decimal:
    opened = row[1].open or row[1].price
    return (row[1].price - opened) / opened


_FLUCTUATION_ORDER: Mapping[str, Callable[[Row], Decimal]] = {
    "0": lambda row: growth(row[1]),
    "1": lambda row: -growth(row[1]),
    "2": _since_open,
    "3": lambda row: -_since_open(row),
    # What 변동율 is a rate of is not told: here the size of the change, up or down.
    "4": lambda row: abs(growth(row[1])),
}


def _fluctuation_row(context: Context, number: int, instrument: Instrument, quote: Quote) -> dict[str, object]:
    high, low = quote.high or quote.price, quote.low or quote.price
    opened = quote.open or quote.price
    today, now = f"{context.exchange.today:%Y%m%d}", f"{context.exchange.now():%H%M%S}"
    change = fixed(known(quote.change_percent), 2)
    return {
        "stck_shrn_iscd": spelled(instrument.symbol),
        "data_rank": str(number),
        "hts_kor_isnm": instrument.name,
        **_price(quote, "prdy_vrss", "prdy_vrss_sign"),
        "acml_vol": whole(known(quote.volume)),
        "stck_hgpr": whole(high),
        # When the extremes were met the exchange does not keep.
        "hgpr_hour": now,
        "acml_hgpr_date": today,
        "stck_lwpr": whole(low),
        "lwpr_hour": now,
        "acml_lwpr_date": today,
        "lwpr_vrss_prpr_rate": percent(quote.price - low, low, 2),
        "dsgt_date_clpr_vrss_prpr_rate": change,
        "cnnt_ascn_dynu": "0",
        "hgpr_vrss_prpr_rate": percent(quote.price - high, high, 2),
        "cnnt_down_dynu": "0",
        "oprc_vrss_prpr_sign": sign(quote.price - opened),
        "oprc_vrss_prpr": whole(quote.price - opened),
        "oprc_vrss_prpr_rate": percent(quote.price - opened, opened, 2),
        "prd_rsfl": "0",
        "prd_rsfl_rate": "0.00",
    }


def market_values(context: Context) -> FaceAnswer:
    """Answer market-cap: shares, common and preferred. Whether the broker's list has funds is not told: here not."""
    rows = _listed(context, "FID_INPUT_PRICE_1", "FID_INPUT_PRICE_2", "FID_VOL_CNT")
    rows = [row for row in rows if row[0].kind in FIRMS]
    total = sum(map(_value, rows), Decimal(0))
    return _answer(_value_row(number, *row, total) for number, row in _first(rows, _value))


def _value(row: Row) -> Decimal:
    return row[0].listed_shares * row[1].price


def _value_row(number: int, instrument: Instrument, quote: Quote, total: Decimal) -> dict[str, object]:
    value = _value((instrument, quote))
    return {
        "mksc_shrn_iscd": spelled(instrument.symbol),
        "data_rank": str(number),
        "hts_kor_isnm": instrument.name,
        **_price(quote, "prdy_vrss", "prdy_vrss_sign"),
        "acml_vol": whole(known(quote.volume)),
        "lstn_stcn": whole(instrument.listed_shares),
        "stck_avls": whole(value / HUNDRED_MILLION),
        "mrkt_whol_avls_rlim": percent(value, total, 2),
    }


def net_buying(context: Context) -> FaceAnswer:
    """Answer foreign-institution-total: what is estimated of today."""
    rows = _of_market(context, Venue.KRX)
    column = int(context.text("FID_DIV_CLS_CODE"))
    way = -1 if context.text("FID_RANK_SORT_CLS_CODE") == "1" else 1
    flows = {row[0].symbol: context.exchange.flow_today(row[0].symbol) for row in rows}
    who = _INVESTORS[context.text("FID_ETC_CLS_CODE")]

    def net(row: Row) -> tuple[Decimal, Decimal]:
        quantities, amounts = zip(*(net_of(flows[row[0].symbol], each) for each in who), strict=True)
        return sum(quantities, Decimal(0)), sum(amounts, Decimal(0))

    ranked = _first(rows, lambda row: net(row)[column] * way)
    return _answer(_net_row(*row, flows[row[0].symbol], net(row)[0]) for _, row in ranked)


_INVESTORS = {"0": ("foreign", "institution"), "1": ("foreign",), "2": ("institution",), "3": ("other_corporation",)}
_KINDS = {
    "frgn": "foreign",
    "orgn": "institution",
    "ivtr": "investment_trust",
    "bank": "bank",
    "insu": "insurance",
    "mrbn": "",  # merchant banks; the exchange has none
    "fund": "pension",
    "etc_orgt": "other_finance",
    "etc_corp": "other_corporation",
}


def _net_row(instrument: Instrument, quote: Quote, flow: InvestorFlow | None, net: Decimal) -> dict[str, object]:
    nets = {short: net_of(flow, who) if who else (Decimal(0), Decimal(0)) for short, who in _KINDS.items()}
    return {
        "hts_kor_isnm": instrument.name,
        "mksc_shrn_iscd": spelled(instrument.symbol),
        "ntby_qty": _thousands(net),
        **_price(quote, "prdy_vrss_sign", "prdy_vrss"),
        "acml_vol": whole(known(quote.volume)),
        **{
            f"{short}_ntby_{'vol' if short.startswith('etc') else 'qty'}": _thousands(quantity)
            for short, (quantity, _) in nets.items()
        },
        **{f"{short}_ntby_tr_pbmn": whole(amount / MILLION) for short, (_, amount) in nets.items()},
    }


def _thousands(quantity: Decimal) -> str:
    """Write an estimated quantity: single shares, rounded to a thousand."""
    return whole((quantity / THOUSAND).quantize(Decimal(1)) * THOUSAND)


def _listed(context: Context, *bounds: str) -> list[Row]:
    """Return what is listed in the market that is asked for, within the bounds of price and volume."""
    rows = _of_market(context, VENUE[context.text("FID_COND_MRKT_DIV_CODE")])
    least, most, volume = (_bound(context, name) for name in bounds)
    kind = context.text("FID_DIV_CLS_CODE")
    return [
        (instrument, quote)
        for instrument, quote in rows
        if quote.price >= (least or 0)
        and quote.price <= (most or quote.price)
        and known(quote.volume) >= (volume or 0)
        and (kind not in ("1", "2") or _is_preferred(instrument) is (kind == "2"))
    ]


def _of_market(context: Context, venue: Venue) -> list[Row]:
    # Which symbols an index holds the exchange does not know: the market whose index it is stands for it.
    code = context.text("FID_INPUT_ISCD")
    market = None if code == "0000" else Segment.KOSDAQ if code.startswith("1") else Segment.KOSPI
    return priced(context.exchange, venue, market)


def _is_preferred(instrument: Instrument) -> bool:
    return instrument.kind is SecurityType.STOCK and instrument.symbol[-1] != "0"


def _bound(context: Context, name: str) -> Decimal | None:
    """Return a bound; blank and 0 are none."""
    try:
        return Decimal(context.text(name) or 0) or None
    except InvalidOperation:
        raise wrong_field(name) from None


def _first(rows: Iterable[Row], measure: Callable[[Row], Decimal]) -> list[tuple[int, Row]]:
    ordered = sorted(rows, key=lambda row: (-measure(row), row[0].symbol))
    return list(enumerate(ordered[:ROWS], start=1))


def _answer(rows: Iterable[dict[str, object]]) -> FaceAnswer:
    return FaceAnswer(done("MCA00000", "정상 처리", output=list(rows)))


# Saved screens


def screens(context: Context) -> FaceAnswer:
    """Answer psearch-title."""
    user = _user(context)
    rows = [
        {"user_id": user, "seq": str(number), "grp_nm": "모의", "condition_nm": name}
        for number, name in enumerate(SCREENS)
    ]
    return FaceAnswer(done("MCA00000", "정상 처리", output2=rows))


def hits(context: Context) -> FaceAnswer:
    """Answer psearch-result: at most a hundred rows. No hit is a refusal."""
    _user(context)
    names = dict(enumerate(SCREENS))
    number = context.text("SEQ")
    name = names.get(int(number)) if number.isascii() and number.isdigit() else None
    if name is None:
        raise _not_saved()  # what another number is answered is not told: the same as where nothing is saved
    found = screened(context.exchange, name)
    if not found:
        raise Refused("MCA05918", "종목코드 오류입니다.")
    return FaceAnswer(done("MCA00000", "정상 처리", output2=[_hit(*row) for row in found[:HITS]]))


def _user(context: Context) -> str:
    # Letters count: the id in capitals was refused so, as where nothing is saved on the server.
    if context.text("USER_ID") != context.hts_id:
        raise _not_saved()
    return context.hts_id


def _not_saved() -> Refused:
    return Refused("MCA05762", "조회가 계속 됩니다. (다음을 누르십시오.)")


def _hit(instrument: Instrument, quote: Quote) -> dict[str, object]:
    value = instrument.listed_shares * quote.price / HUNDRED_MILLION
    figures = {
        "chgrate": quote.change_percent,
        "acml_vol": quote.volume,
        # Neither the unit of this amount nor the strength of trades is known: they stay 0, as in the broker's sample.
        "trade_amt": None,
        "change": quote.change,
        "cttr": None,
        "open": quote.open,
        "high": quote.high,
        "low": quote.low,
        "high52": quote.high,
        "low52": quote.low,
    }
    limits = {"recprice": quote.previous_close, "uplmtprice": quote.upper_limit, "dnlmtprice": quote.lower_limit}
    return {
        "code": instrument.symbol,
        "name": instrument.name,
        "daebi": sign(known(quote.change), quote),
        "price": f"{quote.price:016.4f}",
        **{name: _figure(value) for name, value in figures.items()},
        "expprice": f"{Decimal(0):016.4f}",
        "expchange": _figure(None),
        "expchggrate": _figure(Decimal(-100)),
        "expcvol": _figure(None),
        "chgrate2": _figure(None),
        "expdaebi": "5",
        **{name: _figure(value) for name, value in limits.items()},
        "stotprice": _figure(value),
    }


def _figure(value: Decimal | None) -> str:
    """Write a figure with four decimals at the right end of sixteen characters."""
    return f"{known(value):16.4f}"


_MARKETS = Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes("J", "NX"))
_COMMON = (Field("FID_COND_SCR_DIV_CODE", 5), Field("FID_INPUT_ISCD", 12))
_BOUNDS = (Field("FID_INPUT_PRICE_1", 12), Field("FID_INPUT_PRICE_2", 12), Field("FID_VOL_CNT", 12))
_TARGETS = (Field("FID_TRGT_CLS_CODE", 32), Field("FID_TRGT_EXLS_CLS_CODE", 32))
_DIVISION = Field("FID_DIV_CLS_CODE", 2, codes=codes("0", "1", "2"))

VOLUMES = Api(
    f"{QUOTATIONS}/volume-rank",
    (
        *(_MARKETS, *_COMMON, _DIVISION, Field("FID_BLNG_CLS_CODE", 2, codes=codes(*_VOLUME_ORDER))),
        *(*_TARGETS, *_BOUNDS, Field("FID_INPUT_DATE_1", 12, required=False)),
    ),
    volumes,
)
FLUCTUATIONS = Api(
    f"{RANKING}/fluctuation",
    (
        *(_MARKETS, *_COMMON, Field("FID_RANK_SORT_CLS_CODE", 1, codes=codes(*_FLUCTUATION_ORDER))),
        *(
            Field("FID_INPUT_CNT_1", 12),
            Field("FID_PRC_CLS_CODE", 2),
            *_BOUNDS,
            *_TARGETS,
            Field("FID_DIV_CLS_CODE", 2),
        ),
        *(Field("FID_RSFL_RATE1", 132), Field("FID_RSFL_RATE2", 132)),
    ),
    fluctuations,
)
MARKET_VALUES = Api(f"{RANKING}/market-cap", (_MARKETS, *_COMMON, _DIVISION, *_TARGETS, *_BOUNDS), market_values)
NET_BUYING = Api(
    f"{QUOTATIONS}/foreign-institution-total",
    (
        *(Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes("V")), *_COMMON),
        *(
            Field("FID_DIV_CLS_CODE", 2, codes=codes("0", "1")),
            Field("FID_RANK_SORT_CLS_CODE", 2, codes=codes("0", "1")),
        ),
        Field("FID_ETC_CLS_CODE", 2, codes=codes(*_INVESTORS)),
    ),
    net_buying,
)
SCREEN_LIST = Api(f"{QUOTATIONS}/psearch-title", (Field("USER_ID", 40),), screens)
SCREEN_HITS = Api(f"{QUOTATIONS}/psearch-result", (Field("USER_ID", 40), Field("SEQ", 10)), hits)
