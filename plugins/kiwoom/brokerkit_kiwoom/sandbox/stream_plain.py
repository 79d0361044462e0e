"""What no exchange here plays (after-hours books, NAV, warrants, gold, interruptions): what it tells is made up."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.catalogue import Catalogue
from brokerkit.models import Quote
from brokerkit.sandbox.plain import Plain
from brokerkit.words import SecurityType, Venue

from .common import Branch
from .numbers import directed, percent_of, sign_code, signed, signed_rate, whole
from .stream_rows import SUFFIXES

BOOKS_AFTER_HOURS, NAV, GOLD, THEORY, FIGURES, INTERRUPTIONS = "0E", "0G", "0I", "0m", "0u", "1h"
MADE_UP = (BOOKS_AFTER_HOURS, NAV, GOLD, THEORY, FIGURES, INTERRUPTIONS)
_GOLD = ("MGD", "MGU")
"""Items of 0I: won for a gram, dollars for an ounce."""
_MILLION = Decimal(1_000_000)


def about(branch: Branch, type: str, item: str) -> str | None:
    """Return the symbol that an entry of an item is about; None of one that there is not: nothing is ever sent of it.

    Interruptions of all symbols are registered without an item, and come of one of them.
    """
    if type == GOLD:
        return item if item in _GOLD else None
    if type in (THEORY, FIGURES):
        return item if item in branch.exchange.warrants else None
    listed = branch.exchange.instruments
    symbol, _, suffix = item.partition("_")
    if type == INTERRUPTIONS and not item:
        return next(iter(listed))
    venue = SUFFIXES.get(suffix and f"_{suffix}")
    if symbol not in listed or venue is None or (branch.demo and venue is not Venue.KRX):
        return None
    if (venue is Venue.NXT and not listed[symbol].nxt) or (type == NAV and listed[symbol].kind is not SecurityType.ETF):
        return None
    return item


def values(branch: Branch, plain: Plain, type: str, item: str, place: int) -> dict[str, str]:
    """Return the values of an entry: made up, but for what the exchange knows of the symbol."""
    told = plain.frame(Catalogue.at("brokerkit_kiwoom").api(type), item, place)
    known = _known(branch, item.partition("_")[0])
    return {fid: known.get(fid, text) for fid, text in told.items()}


def _known(branch: Branch, symbol: str) -> dict[str, str]:
    exchange = branch.exchange
    if symbol in exchange.warrants:
        return _figures(exchange.warrants.find(symbol).quote)
    return _figures(exchange.quote(symbol)) if symbol in exchange.instruments else {}


def _figures(quote: Quote) -> dict[str, str]:
    base = quote.previous_close or quote.price
    change = quote.change or Decimal(0)
    rate = signed_rate(percent_of(change, base))
    return {
        "10": directed(quote.price or None, base),
        "11": signed(change),
        "12": rate,
        "13": whole(quote.volume or 0),
        "14": whole((quote.turnover or 0) / _MILLION),
        "25": sign_code(quote.price or base, base),
        # A fund is worth its price here.
        "36": f"{directed(quote.price or None, base)}.00",
        "37": signed_rate(change),
        "38": rate,
    }
