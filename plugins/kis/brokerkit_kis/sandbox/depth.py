"""Quotations from inside the market: the order book, and the trades of the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from brokerkit.market.sessions import Phase
from brokerkit.models import Level, OrderBook, Quote
from brokerkit.sandbox.exchange import Instrument, Trade
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Side
from brokerkit_kis.sandbox.fields import Api, Context, Field, spelled, wrong_field
from brokerkit_kis.sandbox.quotes import QUOTATIONS, SYMBOL_FIELDS, VENUE, find, known, market_name, sign
from brokerkit_kis.sandbox.wording import done, fixed, percent, whole

LEVELS = 10
TRADES = 30
PHASE_CODE = {
    Phase.PRE_MARKET: "10",
    Phase.PRE_OPEN_CLOSING_PRICE: "10",
    Phase.OPENING_AUCTION: "00",
    Phase.REGULAR: "20",
    Phase.CLOSING_AUCTION: "00",
}
"""What the market does; after the regular session it is "30". What the after-markets are called is not known."""


def order_book(context: Context) -> FaceAnswer:
    """Answer inquire-asking-price-exp-ccn."""
    instrument, quote = find(context)
    book = context.exchange.order_book(instrument.symbol, VENUE[context.text("FID_COND_MRKT_DIV_CODE")])
    phase = PHASE_CODE.get(context.exchange.phase, "30")
    return FaceAnswer(
        done("MCA00000", "정상 처리", output1={**_book(book), "new_mkop_cls_code": phase}, output2=_expected(quote))
    )


def _book(book: OrderBook) -> dict[str, object]:
    told: dict[str, object] = {"aspr_acpt_hour": f"{book.time:%H%M%S}"}
    for short, levels in (("askp", book.asks), ("bidp", book.bids)):
        told |= _levels(short, levels)
    asked, bid = _total(book.asks), _total(book.bids)
    # How a level changed since the last change of the book is not kept: nothing did.
    changes = ("total_askp_rsqn_icdc", "total_bidp_rsqn_icdc", "ovtm_total_askp_icdc", "ovtm_total_bidp_icdc")
    return {
        **told,
        **dict.fromkeys((*changes, "ovtm_total_askp_rsqn", "ovtm_total_bidp_rsqn"), "0"),
        "total_askp_rsqn": whole(asked),
        "total_bidp_rsqn": whole(bid),
        "ntby_aspr_rsqn": whole(bid - asked),
    }


def _levels(short: str, levels: Sequence[Level]) -> dict[str, object]:
    told: dict[str, object] = {}
    for number in range(1, LEVELS + 1):
        level = levels[number - 1] if number <= len(levels) else None
        told[f"{short}{number}"] = "0" if level is None else whole(level.price)
        told[f"{short}_rsqn{number}"] = "0" if level is None else whole(level.quantity)
        told[f"{short}_rsqn_icdc{number}"] = "0"
    return told


def _total(levels: Sequence[Level]) -> Decimal:
    return sum((level.quantity for level in levels[:LEVELS]), Decimal(0))


def _expected(quote: Quote) -> dict[str, object]:
    # In an auction this would be its expected price, which the exchange does not tell; else it is the last one.
    return {
        "antc_mkop_cls_code": "112",
        "stck_prpr": whole(quote.price),
        "stck_oprc": whole(known(quote.open)),
        "stck_hgpr": whole(known(quote.high)),
        "stck_lwpr": whole(known(quote.low)),
        "stck_sdpr": whole(known(quote.previous_close)),
        "antc_cnpr": whole(quote.price),
        "antc_cntg_vrss_sign": sign(known(quote.change), quote),
        "antc_cntg_vrss": whole(known(quote.change)),
        "antc_cntg_prdy_ctrt": fixed(known(quote.change_percent), 2),
        "antc_vol": "0",
        "stck_shrn_iscd": spelled(quote.symbol),
        "vi_cls_code": "N",
    }


def last_trades(context: Context) -> FaceAnswer:
    """Answer inquire-ccnl: the last trades, the newest first."""
    instrument, quote = find(context)
    rows = [
        {
            "stck_cntg_hour": f"{trade.time:%H%M%S}",
            "stck_prpr": whole(trade.price),
            **_change(trade, quote),
            "cntg_vol": whole(trade.quantity),
            "tday_rltv": strength,
        }
        for trade, strength in _newest(context.exchange.trades(instrument.symbol))
    ]
    return FaceAnswer(done("MCA00000", "정상 처리", output=rows))


def trades_until(context: Context) -> FaceAnswer:
    """Answer inquire-time-itemconclusion: the last trades up to a time of the day, the newest first."""
    instrument, quote = find(context)
    until = time_field(context, "FID_INPUT_HOUR_1")
    trades = context.exchange.trades(instrument.symbol)
    if until is not None:
        trades = [trade for trade in trades if trade.time.time().replace(microsecond=0) <= until]
    best = best_prices(context, instrument)
    rows = [
        {
            "stck_cntg_hour": f"{trade.time:%H%M%S}",
            "stck_prpr": whole(trade.price),
            **_change(trade, quote),
            # The book of back then is not kept: best prices are those of now.
            **best,
            "tday_rltv": strength,
            "acml_vol": whole(trade.volume),
            "cnqn": whole(trade.quantity),
        }
        for trade, strength in _newest(trades)
    ]
    head = {
        "stck_prpr": whole(quote.price),
        "prdy_vrss": whole(known(quote.change)),
        "prdy_vrss_sign": sign(known(quote.change), quote),
        "prdy_ctrt": fixed(known(quote.change_percent), 2),
        "acml_vol": whole(known(quote.volume)),
        "prdy_vol": whole(context.past(instrument.symbol).last.volume),
        "rprs_mrkt_kor_name": market_name(instrument),
    }
    return FaceAnswer(done("MCA00000", "정상 처리", output1=head, output2=rows))


def best_prices(context: Context, instrument: Instrument) -> dict[str, object]:
    """Return the best ask and bid, zero where nobody waits."""
    book = context.exchange.order_book(instrument.symbol, VENUE[context.text("FID_COND_MRKT_DIV_CODE")])
    return {
        "askp": whole(book.asks[0].price) if book.asks else "0",
        "bidp": whole(book.bids[0].price) if book.bids else "0",
    }


def time_field(context: Context, name: str) -> dt.time | None:
    """Return a time of the day that has to be six digits, or None where it is blank."""
    text = context.text(name)
    if not text:
        return None
    try:
        if len(text) != 6 or not text.isascii() or not text.isdigit():
            raise ValueError
        return dt.time(int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        raise wrong_field(name) from None


def _change(trade: Trade, quote: Quote) -> dict[str, object]:
    base = known(quote.previous_close)
    change = trade.price - base
    return {
        "prdy_vrss": whole(change),
        "prdy_vrss_sign": sign(change, quote.model_copy(update={"price": trade.price})),
        "prdy_ctrt": percent(change, base, 2),
    }


def _newest(trades: Sequence[Trade]) -> Iterator[tuple[Trade, str]]:
    """Yield the newest trades, each with the shares bought for every hundred sold up to it."""
    bought = sum((trade.quantity for trade in trades if trade.side is Side.BUY), Decimal(0))
    sold = sum((trade.quantity for trade in trades), Decimal(0)) - bought
    for trade in reversed(trades[-TRADES:]):
        yield trade, percent(bought, sold, 2)
        if trade.side is Side.BUY:
            bought -= trade.quantity
        else:
            sold -= trade.quantity


ORDER_BOOK = Api(f"{QUOTATIONS}/inquire-asking-price-exp-ccn", SYMBOL_FIELDS, order_book)
TICKS = Api(f"{QUOTATIONS}/inquire-ccnl", SYMBOL_FIELDS, last_trades)
TICKS_UNTIL = Api(
    f"{QUOTATIONS}/inquire-time-itemconclusion", (*SYMBOL_FIELDS, Field("FID_INPUT_HOUR_1", 10)), trades_until
)
