"""Many symbols at once: ka10095."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from brokerkit.models import OrderBook
from brokerkit.sandbox.exchange import Instrument, Trade

from .books import STRENGTH_OF, level_at, strength, total, with_side
from .common import Branch, Content, Listing
from .numbers import directed, sign_code, signed, signed_rate, whole
from .quotes import firm, prices
from .refusals import Refused, too_many_codes

_MILLION = Decimal(1_000_000)
_MOST_CODES = 100

_FIELDS = """
    stk_cd stk_nm cur_prc base_pric pred_pre pred_pre_sig flu_rt trde_qty trde_prica cntr_qty cntr_str
    pred_trde_qty_pre sel_bid buy_bid sel_1th_bid sel_2th_bid sel_3th_bid sel_4th_bid sel_5th_bid buy_1th_bid
    buy_2th_bid buy_3th_bid buy_4th_bid buy_5th_bid upl_pric lst_pric open_pric high_pric low_pric close_pric cntr_tm
    exp_cntr_pric exp_cntr_qty cap fav mac stkcnt bid_tm dt pri_sel_req pri_buy_req pri_sel_cnt pri_buy_cnt
    tot_sel_req tot_buy_req tot_sel_cnt tot_buy_cnt prty gear pl_qutr cap_support elwexec_pric cnvt_rt elwexpr_dt
    cntr_engg cntr_pred_pre theory_pric innr_vltl delta gam theta vega law
"""
"""In the order of Kiwoom's page. What is about warrants and futures only stays blank or 0, and pred_trde_qty_pre stays
blank: the exchange would have to make up a year of each symbol for it, seconds for a hundred of them."""
_WARRANTS = {
    "prty": "0.00",
    "gear": "0.00",
    "pl_qutr": "0.00",
    "cap_support": "0.00",
    "elwexec_pric": "0",
    "cnvt_rt": "0.0000",
    "elwexpr_dt": "00000000",
}
_FROM_PRICES = """
    cur_prc base_pric pred_pre flu_rt trde_qty upl_pric lst_pric open_pric high_pric low_pric exp_cntr_pric exp_cntr_qty
"""
_ROW = dict.fromkeys(_FIELDS.split(), "")


def watched(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10095, in the order of the codes. A code that nobody knows has a row without any text."""
    codes = fields["stk_cd"].split("|")
    if len(codes) > _MOST_CODES:
        raise too_many_codes(len(codes))
    return Listing("atn_stk_infr", list(enumerate(codes)), lambda code: _row(branch, code))


def _row(branch: Branch, code: str) -> dict[str, str]:
    if code in branch.exchange.warrants:
        return _warrant(branch, code)
    try:
        instrument, venue = branch.instrument_at(code)
    except Refused:
        return dict(_ROW)
    book = branch.exchange.order_book(instrument.symbol, venue)
    quote = branch.exchange.quote(instrument.symbol, venue)
    priced = prices(instrument, quote)
    return {
        **_ROW,
        "stk_cd": code,
        "stk_nm": instrument.name,
        **{name: priced[name] for name in _FROM_PRICES.split()},
        "pred_pre_sig": priced["pre_sig"],
        "close_pric": priced["cur_prc"],
        "trde_prica": whole((quote.turnover or Decimal(0)) / _MILLION),
        "dt": f"{branch.exchange.today:%Y%m%d}",
        **_WARRANTS,
        **_size(instrument, quote.price),
        **_waiting(book, instrument.previous_close),
        **_last(branch.exchange.trades(instrument.symbol)[-STRENGTH_OF:]),
        "bid_tm": f"{branch.exchange.now():%H%M%S}",
    }


def _warrant(branch: Branch, code: str) -> dict[str, str]:
    """Return the row of an ELW, as far as the exchange knows it."""
    found = branch.exchange.warrants.find(code)
    quote = found.quote
    base = quote.previous_close or quote.price
    return {
        **_ROW,
        "stk_cd": code,
        "stk_nm": quote.name or "",
        "cur_prc": directed(quote.price, base),
        "base_pric": whole(base),
        "pred_pre": signed(quote.change or Decimal(0)),
        "pred_pre_sig": sign_code(quote.price, base),
        "flu_rt": signed_rate(quote.change_percent or Decimal(0)),
        "trde_qty": whole(quote.volume or Decimal(0)),
        "trde_prica": whole((quote.turnover or Decimal(0)) / _MILLION),
        "upl_pric": "0",
        "lst_pric": "0",
        "open_pric": directed(quote.open, base),
        "high_pric": directed(quote.high, base),
        "low_pric": directed(quote.low, base),
        "close_pric": directed(quote.price, base),
        "dt": f"{branch.exchange.today:%Y%m%d}",
        **_WARRANTS,
        "elwexec_pric": whole(found.strike),
    }


def _size(instrument: Instrument, price: Decimal) -> dict[str, str]:
    told = firm(instrument, price)
    return {"cap": told["cap"], "fav": told["fav"], "mac": told["mac"], "stkcnt": told["flo_stk"]}


def _waiting(book: OrderBook, base: Decimal) -> dict[str, str]:
    row = {}
    # How many orders wait is not told by the exchange, and a level where none waits has no price.
    for name, levels in (("sel", book.asks), ("buy", book.bids)):
        for rank in range(1, 6):
            level = level_at(levels, rank)
            row[f"{name}_{rank}th_bid"] = directed(level.price if level else None, base, none="")
        row[f"{name}_bid"] = row[f"{name}_1th_bid"]
        row[f"pri_{name}_req"] = whole(levels[0].quantity) if levels else "0"
        row[f"tot_{name}_req"] = whole(total(levels))
    return row


def _last(prints: Sequence[Trade]) -> dict[str, str]:
    if not prints:
        return {}
    return {
        "cntr_qty": with_side(prints[-1]),
        "cntr_str": strength(prints),
        "cntr_tm": f"{prints[-1].time:%H%M%S}",
    }
