"""The order book (usa20101) and the trades (usa20150) of a US stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from brokerkit.models import Level
from brokerkit.sandbox.exchange import Instrument, Trade

from .books import level_at, total, with_side
from .common import Content, Listing
from .numbers import percent_of, sign_code, signed_rate, whole
from .us import EXCHANGES, VENUE, UsBranch, code_of, korean_hours
from .us_numbers import change, directed, dollars
from .us_quotes import last_price, prices_of_the_day

_LEVELS = 10
_THOUSAND = Decimal(1_000)
_SIDES = ("sel", "buy")


def order_book(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa20101: ten levels a side. How they changed since the last look is not kept and told as 0.

    A level where nobody waits has a blank price, as other prices that are missing have: not known of the book.
    """
    instrument = branch.asked(fields)
    symbol, base = instrument.symbol, instrument.previous_close
    quote, book = branch.exchange.quote(symbol, VENUE), branch.exchange.order_book(symbol, VENUE)
    sides: dict[str, Sequence[Level]] = {"sel": book.asks, "buy": book.bids}
    asked, bidden = total(book.asks), total(book.bids)
    told = branch.local(book.time or branch.exchange.now())
    return {
        "stex_tp": EXCHANGES[instrument.market],
        "stk_cd": code_of(symbol),
        "stk_nm": instrument.name,
        "stk_enm": instrument.english_name,
        **last_price(instrument, quote),
        "trde_qty": whole(quote.volume or 0),
        "trde_prica": whole((quote.turnover or Decimal(0)) / _THOUSAND),
        **prices_of_the_day(branch, instrument, quote),
        "bid_tm": f"{told:%H:%M}",
        "dt": f"{told:%Y%m%d}",
        "fpr_sel_bid": price_of(level_at(book.asks, 1), base),
        "fpr_buy_bid": price_of(level_at(book.bids, 1), base),
        "pre_trde_rt": against_the_day_before(branch, symbol, quote.volume or Decimal(0)),
        "trde_tern_rt": f"{percent_of(quote.volume or Decimal(0), instrument.listed_shares):+.2f}",
        **_levels(sides, base),
        "buy_1th_pre_req_pre": "0",
        "tot_sel_req": whole(asked),
        "sel_bid_tot_req_jub_pre": "0",
        "tot_buy_req": whole(bidden),
        "buy_bid_tot_req_jub_pre": "0",
        "netprps_req": whole(bidden - asked),
        "netslmt_req": whole(asked - bidden),
        "upl_pric": "",
        "base_pric": dollars(base),
    }


def _levels(sides: Mapping[str, Sequence[Level]], base: Decimal) -> dict[str, str]:
    told: dict[str, str] = {}
    for side in _SIDES:
        for rank in range(1, _LEVELS + 1):
            level = level_at(sides[side], rank)
            told[f"{side}_{rank}bid"] = price_of(level, base)
            told[f"{side}_{rank}bid_req"] = whole(level.quantity) if level else "0"
            told[f"{side}_{rank}bid_jub_pre"] = "0"
    return told


def price_of(level: Level | None, base: Decimal) -> str:
    """Write the price of a level, blank where nobody waits."""
    return directed(level.price if level else None, base)


def against_the_day_before(branch: UsBranch, symbol: str, volume: Decimal) -> str:
    """Write by how many percent a volume differs from that of the day before."""
    before = branch.exchange.daily_candles(symbol, days=2)[0].volume
    return signed_rate(percent_of(volume - before, before))


def trades(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa20150: the trades of today, newest first, in Korean time beyond 24:00."""
    instrument = branch.asked(fields)
    prints = branch.exchange.trades(instrument.symbol)
    listed = [(index, prints[index]) for index in range(len(prints) - 1, -1, -1)]
    return Listing("result_list", listed, lambda trade: _row(branch, instrument, trade), descending=True)


def _row(branch: UsBranch, instrument: Instrument, trade: Trade) -> dict[str, str]:
    base = instrument.previous_close
    moved = trade.price - base
    return {
        "cur_prc": directed(trade.price, base),
        "pred_pre": change(moved),
        "flu_rt": signed_rate(percent_of(moved, base)),
        "trde_qty": with_side(trade),
        "cntr_tm": korean_hours(trade.time, branch.exchange.today),
        "pred_pre_sig": sign_code(trade.price, base),
    }
