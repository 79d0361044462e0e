"""What the exchange knows as rows of the socket: trades, books, expected prices, sessions, totals and indices.

Each function returns columns by name; `written` puts them in the order of their id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal

from brokerkit.market.sessions import Phase
from brokerkit.models import Flow, Level, Member, OrderBook, Quote
from brokerkit.sandbox.exchange import Exchange, Instrument, Trade
from brokerkit.words import Side, Venue
from brokerkit_kis.sandbox.depth import LEVELS, PHASE_CODE
from brokerkit_kis.sandbox.fields import spelled
from brokerkit_kis.sandbox.indices import INDICES, MILLION, THOUSAND
from brokerkit_kis.sandbox.quotes import known, sign
from brokerkit_kis.sandbox.stream_columns import SERVICES
from brokerkit_kis.sandbox.stream_day import DayOfSymbol
from brokerkit_kis.sandbox.wording import day_text, fixed, percent, time_text, whole

Row = Mapping[str, str]
SIDE_CODE = {Side.BUY: "1", Side.SELL: "5"}
"""A third code is of trades before the open, whose side nobody took."""
MARKET_CODE = {
    Phase.PRE_MARKET: "1",
    Phase.AFTER_MARKET: "3",
    Phase.PRE_OPEN_CLOSING_PRICE: "5",
    Phase.AFTER_CLOSE_CLOSING_PRICE: "5",
}
REGULAR_MARKET = "2"
HOUR_CODE = {Phase.PRE_OPEN_CLOSING_PRICE: "B", Phase.OPENING_AUCTION: "B", Phase.CLOSING_AUCTION: "C"}
"""Where prices are expected ones; "0" in the session."""
IN_SESSION = "20"
STARTS: Mapping[Phase, str] = {
    Phase.PRE_OPEN_CLOSING_PRICE: "130",
    Phase.OPENING_AUCTION: "110",
    Phase.REGULAR: "112",
    Phase.CLOSING_AUCTION: "121",
    Phase.AFTER_CLOSE_CLOSING_PRICE: "140",
}
ENDS: Mapping[Phase, str] = {
    Phase.PRE_OPEN_CLOSING_PRICE: "139",
    Phase.CLOSING_AUCTION: "129",
    Phase.AFTER_CLOSE_CLOSING_PRICE: "149",
}
"""Codes of H0STMKO0. For the after-market and for NXT none was found, so nothing is told of them."""
HALT = "164"
NOTHING = "(null)"
"""Stands where there is no reason for a halt, as in the official sample."""
VENUE_CODE = {Venue.KRX: "1", Venue.NXT: "2", Venue.SOR: "1"}


def written(id: str, row: Row) -> str:
    """Write a row in the columns of its id."""
    return "^".join(row[name] for name in SERVICES[id].columns)


def trade_row(exchange: Exchange, day: DayOfSymbol, trade: Trade, book: OrderBook, *, is_of_auction: bool) -> Row:
    """Return a print with the figures of its day; the book is the one after the change that it was part of."""
    day.reach(trade)
    phase = Phase.REGULAR if is_of_auction else exchange.phase
    side = SIDE_CODE[trade.side]
    return {
        **_running(exchange, day, trade.price, trade.quantity, trade.time, book),
        "CCLD_DVSN": side,
        "CNTG_CLS_CODE": side,
        # The trade at the end of an auction was seen with the code of the session.
        "NEW_MKOP_CLS_CODE": PHASE_CODE.get(phase, "30"),
        "HOUR_CLS_CODE": "0",
        "MARKET_CLS_CODE": MARKET_CODE.get(phase, REGULAR_MARKET),
    }


def expected_row(exchange: Exchange, day: DayOfSymbol, expected: Level, book: OrderBook) -> Row:
    """Return how an auction would end, in the columns of a trade."""
    day.catch_up()
    phase = exchange.phase
    return {
        **_running(exchange, day, expected.price, expected.quantity, exchange.now(), book),
        "CNTG_CLS_CODE": "",  # nobody has come in and taken what waits
        "NEW_MKOP_CLS_CODE": PHASE_CODE.get(phase, "30"),
        "HOUR_CLS_CODE": HOUR_CODE.get(phase, "0"),
    }


def _running(
    exchange: Exchange, day: DayOfSymbol, price: Decimal, quantity: Decimal, time: dt.datetime, book: OrderBook
) -> dict[str, str]:
    """Return the columns that trades and expected prices have in common."""
    instrument = day.instrument
    sold, bought = day.quantity[Side.SELL], day.quantity[Side.BUY]
    before = day.volume_before_at(time)
    return {
        "MKSC_SHRN_ISCD": spelled(day.symbol),
        "STCK_CNTG_HOUR": time_text(time),
        "STCK_PRPR": whole(price),
        **_change(instrument, price),
        "WGHN_AVRG_STCK_PRC": fixed(day.turnover / day.volume if day.volume else Decimal(0), 2),
        **_extremes(day, price),
        **_best(book),
        "CNTG_VOL": whole(quantity),
        "ACML_VOL": whole(day.volume),
        "ACML_TR_PBMN": whole(day.turnover),
        "SELN_CNTG_CSNU": str(day.count[Side.SELL]),
        "SHNU_CNTG_CSNU": str(day.count[Side.BUY]),
        "NTBY_CNTG_CSNU": str(day.count[Side.BUY] - day.count[Side.SELL]),
        "CTTR": percent(bought, sold, 2),
        "SELN_CNTG_SMTN": whole(sold),
        "SHNU_CNTG_SMTN": whole(bought),
        "SHNU_RATE": fixed(bought / day.volume if day.volume else Decimal(0), 2),
        "PRDY_VOL_VRSS_ACML_VOL_RATE": percent(day.volume, day.volume_before, 2),
        "BSOP_DATE": day_text(exchange.today),
        "TRHT_YN": "Y" if day.symbol in exchange.halted else "N",
        "VOL_TNRT": percent(day.volume, instrument.listed_shares, 2),
        "PRDY_SMNS_HOUR_ACML_VOL": whole(before),
        "PRDY_SMNS_HOUR_ACML_VOL_RATE": percent(day.volume, before, 2),
        "MRKT_TRTM_CLS_CODE": "",
        # The price from which the static interruption counts is the one at the open.
        "VI_STND_PRC": whole(day.opened.price if day.opened else instrument.previous_close),
    }


def _change(instrument: Instrument, price: Decimal) -> dict[str, str]:
    change = price - instrument.previous_close
    return {
        "PRDY_VRSS_SIGN": _sign(instrument, price),
        "PRDY_VRSS": whole(change),
        "PRDY_CTRT": percent(change, instrument.previous_close, 2),
    }


def _sign(instrument: Instrument, price: Decimal) -> str:
    if instrument.has_limits and price == instrument.upper_limit:
        return "1"
    if instrument.has_limits and price == instrument.lower_limit:
        return "4"
    return sign(price - instrument.previous_close)


def _extremes(day: DayOfSymbol, price: Decimal) -> dict[str, str]:
    """Return open, high and low, when they were, and how far the price is from them; zeros before the first trade."""
    told = {}
    for short, trade in (("OPRC", day.opened), ("HGPR", day.highest), ("LWPR", day.lowest)):
        away = price - trade.price if trade else Decimal(0)
        told[f"STCK_{short}"] = whole(trade.price) if trade else "0"
        told[f"{short}_HOUR"] = time_text(trade.time) if trade else "000000"
        told[f"{short}_VRSS_PRPR_SIGN"] = sign(away)
        told[f"{short}_VRSS_PRPR"] = whole(away)
    return told


def _best(book: OrderBook) -> dict[str, str]:
    told = {}
    for name, levels in (("ASKP", book.asks), ("BIDP", book.bids)):
        told[f"{name}1"] = whole(levels[0].price) if levels else "0"
        told[f"{name}_RSQN1"] = whole(levels[0].quantity) if levels else "0"
        told[f"TOTAL_{name}_RSQN"] = whole(_total(levels))
    return told


def _total(levels: Sequence[Level]) -> Decimal:
    return sum((level.quantity for level in levels[:LEVELS]), Decimal(0))


def book_row(exchange: Exchange, book: OrderBook, expected: Level | None, before: OrderBook | None) -> Row:
    """Return the book, with how its totals have changed since the row before."""
    quote, instrument = exchange.quote(book.symbol), exchange.instruments[book.symbol]
    told: dict[str, str] = {}
    for name, levels, old in (
        ("ASKP", book.asks, before.asks if before else book.asks),
        ("BIDP", book.bids, before.bids if before else book.bids),
    ):
        for number in range(LEVELS):
            level = levels[number] if number < len(levels) else None
            told[f"{name}{number + 1}"] = whole(level.price) if level else "0"
            told[f"{name}_RSQN{number + 1}"] = whole(level.quantity) if level else "0"
        told[f"TOTAL_{name}_RSQN"] = whole(_total(levels))
        told[f"TOTAL_{name}_RSQN_ICDC"] = whole(_total(levels) - _total(old))
        told[f"OVTM_TOTAL_{name}_RSQN"] = told[f"OVTM_TOTAL_{name}_ICDC"] = "0"
    return {
        "MKSC_SHRN_ISCD": spelled(book.symbol),
        "BSOP_HOUR": time_text(exchange.now()),
        "HOUR_CLS_CODE": HOUR_CODE.get(exchange.phase, "0"),
        **told,
        **_expected(instrument, expected),
        "ACML_VOL": whole(known(quote.volume)),
        "STCK_DEAL_CLS_CODE": "0",
        **_middles(book),
        "MARKET_CLS_CODE": MARKET_CODE.get(exchange.phase, REGULAR_MARKET),
        "ANTC_EXCH_CLS_CODE": "1",
    }


def _expected(instrument: Instrument, expected: Level | None) -> dict[str, str]:
    """Return the expected price. Outside auctions it was seen as 0, compared with yesterday's close all the same."""
    price, quantity = (expected.price, expected.quantity) if expected else (Decimal(0), Decimal(0))
    change = price - instrument.previous_close
    return {
        "ANTC_CNPR": whole(price),
        "ANTC_CNQN": whole(quantity),
        "ANTC_VOL": whole(quantity),
        "ANTC_CNTG_VRSS": whole(change),
        "ANTC_CNTG_VRSS_SIGN": _sign(instrument, price) if price else "5",
        "ANTC_CNTG_PRDY_CTRT": percent(change, instrument.previous_close, 2),
    }


def _middles(book: OrderBook) -> dict[str, str]:
    """Return the middle of the best prices; nobody is told who waits there, so both quantities are 0 here."""
    middle = (book.asks[0].price + book.bids[0].price) / 2 if book.asks and book.bids else Decimal(0)
    price = whole(middle.to_integral_value(ROUND_DOWN))
    told = {"MID_PRC": price, "MIDP_TOTAL_RSQN": "0", "MIDP_CLS_CODE": "0"}
    for venue in ("KMID", "NMID"):
        told |= {f"{venue}_PRC": price, f"{venue}_TOTAL_RSQN": "0", f"{venue}_CLS_CODE": "0"}
    return told


def status_row(exchange: Exchange, symbol: str, venue: Venue, code: str) -> Row:
    """Return what the market does, or that a symbol is halted; the code is blank where none is told."""
    is_halted = symbol in exchange.halted
    return {
        "MKSC_SHRN_ISCD": spelled(symbol),
        "TRHT_YN": "Y" if is_halted else "N",
        "TR_SUSP_REAS_CNTT": NOTHING,
        "MKOP_CLS_CODE": code,
        "ANTC_MKOP_CLS_CODE": "",
        "MRKT_TRTM_CLS_CODE": "",
        "DIVI_APP_CLS_CODE": "",
        "ISCD_STAT_CLS_CODE": "58" if is_halted else "55",
        "VI_CLS_CODE": "N",
        "OVTM_VI_CLS_CODE": "N",
        "EXCH_CLS_CODE": VENUE_CODE[venue],
    }


def member_row(exchange: Exchange, symbol: str, venue: Venue) -> Row:
    """Return the five firms that sold most and the five that bought most, and what foreign firms have in all."""
    told, volume = exchange.members(symbol, venue), known(exchange.quote(symbol).volume)
    sold, bought = known(told.foreign_sold), known(told.foreign_bought)
    row = {"MKSC_SHRN_ISCD": spelled(symbol), "GLOB_NTBY_QTY": whole(bought - sold)}
    for side, name, firms, foreign in (
        ("SELN", "SELN2", told.sellers, sold),
        ("SHNU", "BYOV", told.buyers, bought),
    ):
        for rank in range(1, 6):
            row |= _member(side, name, rank, firms[rank - 1] if rank <= len(firms) else None, volume)
        row |= {
            f"GLOB_TOTAL_{side}_QTY": whole(foreign),
            f"GLOB_TOTAL_{side}_QTY_ICDC": "0",
            f"GLOB_{side}_RLIM": percent(foreign, volume, 2),
        }
    return row


def _member(side: str, name: str, rank: int, firm: Member | None, volume: Decimal) -> dict[str, str]:
    quantity = firm.quantity if firm else Decimal(0)
    return {
        f"{name}_MBCR_NAME{rank}": firm.name if firm else "",
        f"{name}_MBCR_ENG_NAME{rank}": "",  # the exchange's firms have none
        f"TOTAL_{side}_QTY{rank}": whole(quantity),
        f"{side}_MBCR_GLOB_YN_{rank}": "Y" if firm and firm.is_foreign else "N",
        f"{side}_MBCR_NO{rank}": firm.code.zfill(5) if firm else "",
        f"{side}_MBCR_RLIM{rank}": percent(quantity, volume, 2),
        f"{side}_QTY_ICDC{rank}": "0",
    }


def program_row(exchange: Exchange, symbol: str) -> Row:
    """Return what programmes have bought and sold today, in shares and won; what waits of theirs is not known."""
    flow = exchange.investors.program_today(symbol) or Flow()
    return {
        "MKSC_SHRN_ISCD": spelled(symbol),
        "STCK_CNTG_HOUR": time_text(exchange.now()),
        "SELN_CNQN": whole(known(flow.sell_quantity)),
        "SELN_TR_PBMN": whole(known(flow.sell_amount)),
        "SHNU_CNQN": whole(known(flow.buy_quantity)),
        "SHNU_TR_PBMN": whole(known(flow.buy_amount)),
        "NTBY_CNQN": whole(known(flow.net_quantity)),
        "NTBY_TR_PBMN": whole(known(flow.net_amount)),
        "SELN_RSQN": "0",
        "SHNU_RSQN": "0",
        "WHOL_NTBY_QTY": "0",
    }


def index_row(exchange: Exchange, code: str, before: Quote | None) -> tuple[Row, Quote]:
    """Return an index, with what was traded since the row before, and the quote that it was written from."""
    symbol = INDICES[code][0]
    quote = exchange.indices.quote(symbol)
    last = before or quote
    base = known(quote.previous_close)
    extremes: dict[str, str] = {}
    for short, name, value in (
        ("oprc", "oprc_nmix", quote.open),
        ("hgpr", "nmix_hgpr", quote.high),
        ("lwpr", "nmix_lwpr", quote.low),
    ):
        # The columns are named as if they were against the present value; sent is the distance from yesterday's.
        away = (value or base) - base
        extremes[name] = fixed(known(value), 2)
        extremes[f"{short}_vrss_nmix_prpr"] = fixed(away, 2)
        extremes[f"{short}_vrss_nmix_sign"] = sign(away)
        extremes[f"prdy_clpr_vrss_{short}_rate"] = percent(away, base, 2)
    row = {
        "bstp_cls_code": code,
        "bsop_hour": time_text(exchange.now()),
        "prpr_nmix": fixed(quote.price, 2),
        "prdy_vrss_sign": sign(known(quote.change)),
        "bstp_nmix_prdy_vrss": fixed(known(quote.change), 2),
        "acml_vol": _cut(known(quote.volume), THOUSAND),
        "acml_tr_pbmn": _cut(known(quote.turnover), MILLION),
        "pcas_vol": _cut(known(quote.volume) - known(last.volume), THOUSAND),
        "pcas_tr_pbmn": _cut(known(quote.turnover) - known(last.turnover), MILLION),
        "prdy_ctrt": fixed(known(quote.change_percent), 2),
        **extremes,
        **_counts(exchange, symbol),
        "tick_vrss": whole((quote.price - last.price) * 100),
    }
    return row, quote


def _cut(value: Decimal, unit: Decimal) -> str:
    return whole((value / unit).to_integral_value(ROUND_DOWN))


def _counts(exchange: Exchange, symbol: str) -> dict[str, str]:
    """Return how many of the shares of an index have risen and fallen; those at a limit count apart and among them."""
    shares = [exchange.quote(share) for share in exchange.indices.shares(symbol)]
    changes = [known(share.change) for share in shares]
    return {
        "uplm_issu_cnt": str(sum(share.price == share.upper_limit for share in shares)),
        "ascn_issu_cnt": str(sum(change > 0 for change in changes)),
        "stnr_issu_cnt": str(sum(change == 0 for change in changes)),
        "down_issu_cnt": str(sum(change < 0 for change in changes)),
        "lslm_issu_cnt": str(sum(share.price == share.lower_limit for share in shares)),
        "qtqt_ascn_issu_cnt": "0",
        "qtqt_down_issu_cnt": "0",
    }
