"""The order book (ka10004) and the trades (ka10003, ka10084) of a symbol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from brokerkit.models import Level, OrderBook
from brokerkit.sandbox.exchange import Trade
from brokerkit.words import Side, Venue

from .common import Branch, Content, Listing
from .numbers import directed, percent_of, signed, signed_rate, whole
from .quotes import sign

_LEVELS = 10
_MILLION = Decimal(1_000_000)
STRENGTH_OF = 60
"""Trades that the strength of buyers is computed from."""


def order_book(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10004: ten levels a side. How they changed since the last look is not kept and told as 0."""
    instrument, venue = branch.instrument_at(fields["stk_cd"])
    book = branch.exchange.order_book(instrument.symbol, venue)
    base = instrument.previous_close
    body = {"bid_req_base_tm": _clock(book, branch)}
    for rank in range(_LEVELS, 0, -1):
        body |= _ask_level(level_at(book.asks, rank), rank, base)
    for rank in range(1, _LEVELS + 1):
        body |= _bid_level(level_at(book.bids, rank), rank, base)
    return body | {
        "tot_sel_req_jub_pre": "0",
        "tot_sel_req": whole(total(book.asks)),
        "tot_buy_req": whole(total(book.bids)),
        "tot_buy_req_jub_pre": "0",
        "ovt_sel_req_pre": "0",
        "ovt_sel_req": "0",
        "ovt_buy_req": "0",
        "ovt_buy_req_pre": "0",
    }


def _clock(book: OrderBook, branch: Branch) -> str:
    return f"{book.time or branch.exchange.now():%H%M%S}"


def level_at(levels: Sequence[Level], rank: int) -> Level | None:
    """Return a level by its rank, 1 being the best; None where nobody waits."""
    return levels[rank - 1] if rank <= len(levels) else None


def total(levels: Sequence[Level]) -> Decimal:
    """Return the quantity of all levels."""
    return sum((level.quantity for level in levels), Decimal(0))


def _ask_level(level: Level | None, rank: int, base: Decimal) -> dict[str, str]:
    # The best level has names of its own, except for its change.
    name = "sel_fpr" if rank == 1 else f"sel_{rank}th_pre"
    return {
        f"sel_{rank}th_pre_req_pre": "0",
        f"{name}_req": whole(level.quantity) if level else "0",
        f"{name}_bid": directed(level.price if level else None, base),
    }


def _bid_level(level: Level | None, rank: int, base: Decimal) -> dict[str, str]:
    name = "buy_fpr" if rank == 1 else f"buy_{rank}th_pre"
    return {
        f"{name}_bid": directed(level.price if level else None, base),
        f"{name}_req": whole(level.quantity) if level else "0",
        f"buy_{rank}th_pre_req_pre": "0",
    }


_VENUE_WORDS = {Venue.KRX: "KRX", Venue.NXT: "NXT", Venue.SOR: "통합"}


def trades(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10003, newest first. All venues trade in one book here, so each has the prints of all."""
    return _trades(branch, fields, "cntr_infr", unit=Decimal(1))


def keeps_trades(fields: Mapping[str, str]) -> bool:
    """Say whether ka10084 asks for what is kept: single prints of today."""
    return fields["tdy_pred"] == "1" and fields["tic_min"] == "0"


def trades_of_a_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10084: the trades of today up to a minute, newest first."""
    return _trades(branch, fields, "tdy_pred_cntr", unit=_MILLION)


def _trades(branch: Branch, fields: Mapping[str, str], name: str, unit: Decimal) -> Content:
    instrument, venue = branch.instrument_at(fields["stk_cd"])
    prints = branch.exchange.trades(instrument.symbol)
    quote = branch.exchange.quote(instrument.symbol, venue)
    base = instrument.previous_close
    now = _best_prices(branch.exchange.order_book(instrument.symbol, venue), base)
    values = _Turnovers(prints, quote.turnover or Decimal(0))

    def row(index: int) -> dict[str, str]:
        trade = prints[index]
        return {
            "tm": f"{trade.time:%H%M%S}",
            "cur_prc": directed(trade.price, base),
            "pred_pre": signed(trade.price - base),
            "pre_rt": signed_rate(percent_of(trade.price - base, base)),
            **now,
            "cntr_trde_qty": with_side(trade),
            "sign": sign(instrument, trade.price),
            "acc_trde_qty": whole(trade.volume),
            "acc_trde_prica": whole(values.after(index) / unit),
            "cntr_str": strength(prints[max(0, index + 1 - STRENGTH_OF) : index + 1]),
            "stex_tp": _VENUE_WORDS[venue],
        }

    until = fields.get("tm") or "2359"
    told = [index for index in range(len(prints) - 1, -1, -1) if f"{prints[index].time:%H%M}" <= until]
    return Listing(name, [(index, index) for index in told], row, descending=True)


def _best_prices(book: OrderBook, base: Decimal) -> dict[str, str]:
    # Those at the time of each trade are not kept: all rows show the present ones.
    ask, bid = level_at(book.asks, 1), level_at(book.bids, 1)
    return {
        "pri_sel_bid_unit": directed(ask.price if ask else None, base),
        "pri_buy_bid_unit": directed(bid.price if bid else None, base),
    }


class _Turnovers:
    """The day's turnover after each of its trades, computed backwards from the present one."""

    def __init__(self, prints: Sequence[Trade], turnover: Decimal) -> None:
        self._prints = prints
        self._index = len(prints) - 1
        self._turnover = turnover

    def after(self, index: int) -> Decimal:
        """Return it for a trade that is not newer than the one asked for before."""
        for newer in self._prints[index + 1 : self._index + 1]:
            self._turnover -= newer.price * newer.quantity
        self._index = index
        return max(self._turnover, Decimal(0))


def with_side(trade: Trade) -> str:
    """Write a trade's quantity: plus bought, minus sold. Only the minus was seen here; a plus is told elsewhere."""
    return f"{'+' if trade.side is Side.BUY else '-'}{int(trade.quantity)}"


def strength(prints: Sequence[Trade]) -> str:
    """Write what buyers took in percent of what sellers did (체결강도). Over which time Kiwoom does is not known."""
    bought = sum((trade.quantity for trade in prints if trade.side is Side.BUY), Decimal(0))
    sold = sum((trade.quantity for trade in prints if trade.side is Side.SELL), Decimal(0))
    return f"{percent_of(bought, sold)}"
