"""Which function answers which API of US stocks, what the call is for, and how many rows a page has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import (
    us_account,
    us_books,
    us_charts,
    us_diary,
    us_ledger,
    us_listed,
    us_lists,
    us_orders,
    us_profits,
    us_quotes,
)
from .common import Content
from .us import UsBranch

ANSWERS: Mapping[str, Callable[[UsBranch, Mapping[str, str]], Content]] = {
    "usa20100": us_quotes.info,
    "usa20101": us_books.order_book,
    "usa20150": us_books.trades,
    "usa20151": us_quotes.trades_by_day,
    "usa20590": us_quotes.prices_by_day,
    "usa06010": us_charts.ticks,
    "usa06011": us_charts.minutes,
    "usa06012": us_charts.daily,
    "usa06013": us_charts.weekly,
    "usa06014": us_charts.monthly,
    "usa06015": us_charts.yearly,
    "usa06016": us_charts.quarterly,
    "usa10099": us_listed.instruments,
    "usa10100": us_listed.instrument_info,
    "usa10098": us_listed.listings,
    "ust20000": us_orders.buy,
    "ust20001": us_orders.sell,
    "ust20002": us_orders.amend,
    "ust20003": us_orders.cancel,
    "ust31490": us_orders.orderable,
    "ust21050": us_lists.open_orders,
    "ust21510": us_lists.of_today,
    "ust21150": us_lists.of_a_day,
    "ust21180": us_lists.of_a_span,
    "ust21070": us_account.holdings,
    "ust21110": us_account.cash,
    "ust21160": us_account.cash_detail,
    "ust21120": us_account.by_currency,
    "ust21111": us_account.in_won,
    "ust21121": us_account.value,
    "ust21131": us_account.value_of_a_day,
    "ust21132": us_account.of_a_day,
    "ust21530": us_profits.of_a_span,
    "ust21630": us_profits.of_today,
    "ust21640": us_profits.of_a_day,
    "ust21660": us_profits.by_days,
    "ust21661": us_profits.by_months,
    "ust21170": us_profits.beside_holdings,
    "ust21610": us_diary.traded_on_a_day,
    "ust21620": us_diary.traded_today,
    "ust21100": us_ledger.lines,
    "ust31301": us_ledger.rate,
    "ust31300": us_ledger.estimate,
    "ust31302": us_ledger.change,
}
LISTINGS = frozenset({"ust21050", "ust21510", "ust21150", "ust21180"})
_WHOLE_LIST = 10_000
PAGE_SIZES = {
    "usa06011": 100,
    # So many minutes were seen; of the other charts and daily lists it is not known: they get the same.
    **dict.fromkeys(("usa06010", "usa06012", "usa06013", "usa06014", "usa06015", "usa06016"), 100),
    **dict.fromkeys(("usa20151", "usa20590"), 100),
    "usa20150": 30,
    **dict.fromkeys(("usa10098", "usa10099", "ust21110", "ust21120"), _WHOLE_LIST),
}
MISSPELT = frozenset({"ust21510", "ust21150", "ust21180", "ust21660"})
"""Whose list is called `result_lsit` on the page of the firm."""
