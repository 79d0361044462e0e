"""Quotations of US shares: price, price with more, several at once, order book, newest trades."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from brokerkit.market import us
from brokerkit.market.sessions import Phase
from brokerkit.models import Level, OrderBook, Quote
from brokerkit.sandbox.exchange import ExchangeRefusal, Instrument, Trade
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Side, Venue
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes
from brokerkit_kis.sandbox.quotes import known
from brokerkit_kis.sandbox.us_symbols import (
    DOLLARS,
    NOTHING,
    QUOTED,
    QUOTED_ELSEWHERE,
    code_of,
    direction,
    korean,
    listed,
    local,
    place_of,
    rate_text,
    won_per_dollar,
)
from brokerkit_kis.sandbox.wording import day_text, done, fixed, percent, time_text, whole

QUOTATIONS = "/uapi/overseas-price/v1/quotations"
ASKED_FOR = (
    Field("AUTH", 32, required=False),
    Field("EXCD", 4, codes=codes(*QUOTED, *QUOTED_ELSEWHERE)),
    Field("SYMB", 16),
)
DONE = ("MCA00000", "정상처리 되었습니다.")
DECIMALS = 4
"""Of every price (`zdiv`), whatever the price step."""
LEVELS = 10
SEVERAL = 10
TRADES = 120
"""Newest trades in an answer. How many the server tells is not known."""
SESSION_CODE = {Phase.REGULAR: "0", Phase.PRE_MARKET: "1", Phase.AFTER_MARKET: "2"}
"""Of a trade, by the clock; the socket has other codes."""
PAR_VALUE = Decimal("0.00001")
"""The exchange knows no par value; every share has this one."""


def price_text(value: Decimal | None) -> str:
    """Write a price: zero where there is none."""
    return fixed(known(value), DECIMALS)


def asked(
    context: Context, exchange_field: str = "EXCD", symbol_field: str = "SYMB"
) -> tuple[Instrument, Venue] | None:
    """Return what a quotation asks for; None where that exchange does not list it."""
    segment, venue = QUOTED.get(context.text(exchange_field), (None, Venue.US))
    found = listed(context.exchange, context.text(symbol_field), segment)
    return None if found is None else (found, venue)


def realtime_symbol(context: Context) -> str:
    """Return the name under which a symbol is registered at the socket."""
    return f"D{context.text('EXCD')}{context.text('SYMB')}"


def quoted(context: Context, found: tuple[Instrument, Venue]) -> Quote:
    """Return the quote at the venue asked for."""
    try:
        return context.exchange.quote(found[0].symbol, found[1])
    except ExchangeRefusal:
        # What of this symbol is not traded in the daytime market has a price all the same: that of the other sessions.
        return context.exchange.quote(found[0].symbol, Venue.US)


def price(context: Context) -> FaceAnswer:
    """Answer price. Of a symbol that the exchange does not list every figure is blank, which clients look for."""
    found = asked(context)
    names = ("zdiv", "base", "pvol", "last", "sign", "diff", "rate", "tvol", "tamt", "ordy")
    output: dict[str, object] = {"rsym": realtime_symbol(context), **dict.fromkeys(names, "")}
    if found is not None:
        quote = quoted(context, found)
        output |= {
            "zdiv": str(DECIMALS),
            "base": price_text(quote.previous_close),
            "pvol": whole(context.past(found[0].symbol).last.volume),
            "last": price_text(quote.price),
            **changed(quote),
            "tvol": whole(known(quote.volume)),
            "tamt": whole(known(quote.turnover)),
            "ordy": orderable(context, found[0]),
        }
    return FaceAnswer(done(*DONE, output=output))


def changed(quote: Quote) -> dict[str, object]:
    """Return direction, change without a sign of its own, and change in percent with one."""
    change = known(quote.change)
    return {
        "sign": direction(change, known(quote.volume)),
        "diff": price_text(abs(change)),
        "rate": rate_text(known(quote.change_percent)),
    }


def orderable(context: Context, instrument: Instrument) -> str:
    """Return whether a symbol can be ordered, in the words of these calls."""
    return "매매불가" if instrument.symbol in context.exchange.halted else "매매 가능"


DETAIL_NAMES = """
    zdiv curr vnit open high low last base pvol pamt uplp dnlp h52p h52d l52p l52d perx pbrx epsx bpsx shar mcap
    tomv t_xprc t_xdif t_xrat p_xprc p_xdif p_xrat t_rate p_rate t_xsgn p_xsng e_ordyn e_hogau e_icod e_parp tvol
    tamt etyp_nm
"""


def price_detail(context: Context) -> FaceAnswer:
    """Answer price-detail."""
    found = asked(context)
    output: dict[str, object] = {"rsym": realtime_symbol(context), **dict.fromkeys(DETAIL_NAMES.split(), "")}
    if found is not None:
        instrument, quote = found[0], quoted(context, found)
        output |= _frame(context, instrument, quote) | _extremes(context, instrument, quote)
        output |= _worth(instrument, quote) | _in_won(context, quote)
    return FaceAnswer(done(*DONE, output=output))


def _frame(context: Context, instrument: Instrument, quote: Quote) -> dict[str, object]:
    last = context.past(instrument.symbol).last
    base = quote.price or instrument.previous_close
    return {
        "zdiv": str(DECIMALS),
        "curr": DOLLARS,
        "vnit": "1",
        "open": price_text(quote.open),
        "high": price_text(quote.high),
        "low": price_text(quote.low),
        "last": price_text(quote.price),
        "base": price_text(quote.previous_close),
        "pvol": whole(last.volume),
        "pamt": whole(last.turnover),
        "tvol": whole(known(quote.volume)),
        "tamt": whole(known(quote.turnover)),
        # There are no price limits in the US: zeros.
        "uplp": price_text(None),
        "dnlp": price_text(None),
        "e_ordyn": orderable(context, instrument),
        "e_hogau": price_text(us.tick_size(base)),
        "e_icod": instrument.sector,
        "e_parp": price_text(NOTHING),
        "etyp_nm": "" if instrument.leverage is None else str(instrument.kind),
    }


def _extremes(context: Context, instrument: Instrument, quote: Quote) -> dict[str, object]:
    weeks = context.past(instrument.symbol).extremes["weeks"]
    if weeks is None:
        return {}
    return {
        "h52p": price_text(max(weeks.high, known(quote.high))),
        "h52d": day_text(context.exchange.today if known(quote.high) > weeks.high else weeks.high_day),
        "l52p": price_text(min(weeks.low, quote.low or weeks.low)),
        "l52d": day_text(context.exchange.today if quote.low and quote.low < weeks.low else weeks.low_day),
    }


def _worth(instrument: Instrument, quote: Quote) -> dict[str, object]:
    # The exchange knows neither earnings nor books of a firm: every share has the same ratios.
    earned, book = quote.price / 20, quote.price / 4
    return {
        "perx": "20.00",
        "pbrx": "4.00",
        "epsx": fixed(earned, 2),
        "bpsx": fixed(book, 2),
        "shar": whole(instrument.listed_shares),
        "mcap": whole(instrument.listed_shares * PAR_VALUE),
        "tomv": whole(instrument.listed_shares * quote.price),
    }


def _in_won(context: Context, quote: Quote) -> dict[str, object]:
    change = known(quote.change)
    return {
        "t_xprc": whole(quote.price * won_per_dollar(context)),
        "t_xdif": whole(abs(change) * won_per_dollar(context)),
        "t_xrat": rate_text(known(quote.change_percent)),
        "t_xsgn": "3" if not change else "2" if change > 0 else "5",
        "t_rate": fixed(won_per_dollar(context), 2),
        # The sample has nothing of the day before.
        "p_xprc": "0",
        "p_xdif": "0",
        "p_xrat": rate_text(NOTHING),
        "p_xsng": "3",
        "p_rate": "",
    }


def several(context: Context) -> FaceAnswer:
    """Answer multprice: a row for each slot that names a symbol. No answer of the server was ever seen: a guess."""
    rows = []
    for number in range(1, SEVERAL + 1):
        exchange, symbol = f"EXCD_{number:02d}", f"SYMB_{number:02d}"
        if context.text(symbol):
            found = asked(context, exchange, symbol)
            rows.append(_unknown(context, exchange, symbol) if found is None else _one_of_several(context, found))
    return FaceAnswer(done(*DONE, output={"nrec": str(len(rows))}, output2=rows))


SEVERAL_NAMES = """
    rsym excd symb knam exnm nnam stat1 stat2 zdiv last sign diff rate open high low pbid pask vbid vask bvol avol
    evol tvol tamt powx xhms khms curr base pvol pamt popen phigh plow shar mcap tomv h52p l52p h52d l52d hanp lanp
    hand land bnit t_xprc
"""


def _unknown(context: Context, exchange: str, symbol: str) -> dict[str, object]:
    asked_for = {"excd": context.text(exchange), "symb": context.text(symbol)}
    return {**dict.fromkeys(SEVERAL_NAMES.split(), ""), "rsym": f"D{asked_for['excd']}{asked_for['symb']}", **asked_for}


def _one_of_several(context: Context, found: tuple[Instrument, Venue]) -> dict[str, object]:
    instrument, quote = found[0], quoted(context, found)
    place, last, now = place_of(instrument), context.past(instrument.symbol).last, context.exchange.now()
    book = context.exchange.order_book(instrument.symbol, Venue.US)
    trades = context.exchange.trades(instrument.symbol)
    frame, extremes = _frame(context, instrument, quote), _extremes(context, instrument, quote)
    worth, won = _worth(instrument, quote), _in_won(context, quote)
    excd = place.daytime if found[1] is Venue.DAYTIME else place.quoted
    return {
        **dict.fromkeys(SEVERAL_NAMES.split(), ""),
        **{name: frame[name] for name in ("zdiv", "curr", "open", "high", "low", "last", "base", "pvol", "pamt")},
        **{name: frame[name] for name in ("tvol", "tamt")},
        **changed(quote),
        **extremes,
        **{name: worth[name] for name in ("shar", "mcap", "tomv")},
        "rsym": f"D{excd}{code_of(instrument.symbol)}",
        "excd": excd,
        "symb": code_of(instrument.symbol),
        "knam": instrument.name,
        "exnm": place.name,
        "nnam": "미국",
        "stat1": "정" if instrument.symbol in context.exchange.halted else "실",
        "stat2": "거래정지" if instrument.symbol in context.exchange.halted else "실시간",
        **best_fields(book),
        "bvol": whole(total(book.bids)),
        "avol": whole(total(book.asks)),
        "evol": whole(trades[-1].quantity) if trades else "0",
        "powx": _strength(trades),
        "xhms": time_text(local(now)),
        "khms": time_text(korean(now)),
        "popen": price_text(last.open),
        "phigh": price_text(last.high),
        "plow": price_text(last.low),
        **{name: extremes.get(of, "") for name, of in zip(("hanp", "lanp", "hand", "land"), extremes, strict=False)},
        "bnit": "1",
        "t_xprc": won["t_xprc"],
    }


def best_fields(book: OrderBook) -> dict[str, str]:
    """Return the best level a side."""
    return {
        "pbid": price_text(book.bids[0].price if book.bids else None),
        "pask": price_text(book.asks[0].price if book.asks else None),
        "vbid": whole(book.bids[0].quantity) if book.bids else "0",
        "vask": whole(book.asks[0].quantity) if book.asks else "0",
    }


def total(levels: Sequence[Level]) -> Decimal:
    """Return what waits at ten levels."""
    return sum((level.quantity for level in levels[:LEVELS]), NOTHING)


def _strength(trades: Sequence[Trade]) -> str:
    """Return the shares bought for every hundred sold."""
    bought = sum((trade.quantity for trade in trades if trade.side is Side.BUY), NOTHING)
    return percent(bought, sum((trade.quantity for trade in trades), NOTHING) - bought, 2)


def order_book(context: Context) -> FaceAnswer:
    """Answer inquire-asking-price: ten levels a side, as US shares have them."""
    found = asked(context)
    levels = {name: "" for number in range(1, LEVELS + 1) for name in _level_names(number)}
    # What halts single stocks in Hong Kong; US shares have nothing there.
    auction = dict.fromkeys(("vstm", "vetm", "csbp", "cshi", "cslo", "iep", "iev"), "")
    head: dict[str, object] = {"rsym": realtime_symbol(context), **dict.fromkeys(BOOK_HEAD.split(), "")}
    told: dict[str, object] = dict(levels)
    if found is not None:
        quote = quoted(context, found)
        book = context.exchange.order_book(found[0].symbol, Venue.US)
        head |= _book_head(context, found[0], quote, book)
        told = {**level_fields(book)}
    return FaceAnswer(done(*DONE, output1=head, output2=told, output3=auction))


BOOK_HEAD = """
    zdiv curr base open high low last dymd dhms bvol avol bdvl advl code ropen rhigh rlow rclose
"""


def _level_names(number: int) -> tuple[str, ...]:
    return tuple(f"{name}{number}" for name in ("pbid", "pask", "vbid", "vask", "dbid", "dask"))


def _book_head(context: Context, instrument: Instrument, quote: Quote, book: OrderBook) -> dict[str, object]:
    base, time = known(quote.previous_close), local(context.exchange.now())
    rates = {
        name: rate_text((value - base) * 100 / base if value and base else NOTHING)
        for name, value in (("ropen", quote.open), ("rhigh", quote.high), ("rlow", quote.low), ("rclose", quote.price))
    }
    return {
        "zdiv": str(DECIMALS),
        "curr": DOLLARS,
        "base": price_text(quote.previous_close),
        "open": price_text(quote.open),
        "high": price_text(quote.high),
        "low": price_text(quote.low),
        "last": price_text(quote.price),
        # By which clock is not told: by that of New York.
        "dymd": day_text(time.date()),
        "dhms": time_text(time),
        "bvol": whole(total(book.bids)),
        "avol": whole(total(book.asks)),
        "bdvl": "0",
        "advl": "0",
        "code": code_of(instrument.symbol),
        **rates,
    }


def level_fields(book: OrderBook) -> dict[str, str]:
    """Return ten levels a side."""
    told: dict[str, str] = {}
    for number in range(1, LEVELS + 1):
        for short, levels in (("bid", book.bids), ("ask", book.asks)):
            level = levels[number - 1] if number <= len(levels) else None
            told[f"p{short}{number}"] = price_text(None if level is None else level.price)
            told[f"v{short}{number}"] = "0" if level is None else whole(level.quantity)
            # How a level changed since the last change of the book is not kept: nothing did.
            told[f"d{short}{number}"] = "0"
    return told


def last_trades(context: Context) -> FaceAnswer:
    """Answer inquire-ccnl: the last trades of today, or of the trading day before, the newest first."""
    found = asked(context)
    rows: list[dict[str, object]] = []
    if found is not None:
        rows = list(_trade_rows(context, found))
    head = {"rsym": realtime_symbol(context), "ZDIV": str(DECIMALS), "NREC": str(len(rows))}
    return FaceAnswer(done(*DONE, output1=[head], output2=rows))


def _trade_rows(context: Context, found: tuple[Instrument, Venue]) -> Iterator[dict[str, object]]:
    instrument, quote = found[0], quoted(context, found)
    past = context.past(instrument.symbol)
    base, trades = known(quote.previous_close), context.exchange.trades(instrument.symbol)
    if context.text("TDAY") == "0":
        before = past.last
        trades = context.exchange.trades(instrument.symbol, before.time.date(), Venue.US)
        base = past.days[-2].close
    best = best_fields(context.exchange.order_book(instrument.symbol, Venue.US))
    strength = _strength(trades)
    for trade in reversed(trades[-TRADES:]):
        change = trade.price - base
        yield {
            "khms": time_text(korean(trade.time)),
            "last": price_text(trade.price),
            "sign": direction(change, trade.quantity),
            "diff": price_text(abs(change)),
            "rate": rate_text(change * 100 / base if base else NOTHING),
            "evol": whole(trade.quantity),
            "tvol": whole(trade.volume),
            "mtyp": _session_code(trade.time),
            # The book of back then is not kept: best prices are those of now.
            "pbid": best["pbid"],
            "pask": best["pask"],
            "vpow": strength,
        }


def _session_code(moment: dt.datetime) -> str:
    spans = us.sessions_of(Venue.US, us.day_of(moment))
    return next((SESSION_CODE[span.phase] for span in spans if span.start <= moment < span.end), "0")


PRICE = Api(f"{QUOTATIONS}/price", ASKED_FOR, price)
PRICE_DETAIL = Api(f"{QUOTATIONS}/price-detail", ASKED_FOR, price_detail)
# All ten have to be there, also blank.
PRICES = Api(
    f"{QUOTATIONS}/multprice",
    (
        Field("AUTH", 32),
        Field("NREC", 4),
        *(Field(f"EXCD_{number:02d}", 4) for number in range(1, SEVERAL + 1)),
        *(Field(f"SYMB_{number:02d}", 16) for number in range(1, SEVERAL + 1)),
    ),
    several,
)
ORDER_BOOK = Api(f"{QUOTATIONS}/inquire-asking-price", ASKED_FOR, order_book)
TRADES_OF_DAY = Api(
    f"{QUOTATIONS}/inquire-ccnl",
    (*ASKED_FOR, Field("KEYB", 32, required=False), Field("TDAY", 1, codes=codes("0", "1"))),
    last_trades,
)
