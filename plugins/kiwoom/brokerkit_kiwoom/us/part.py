"""US stocks and funds at Kiwoom: which call asks what, and with which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

from brokerkit import clock
from brokerkit.errors import InvalidRequest
from brokerkit.market.markets import US
from brokerkit.market.us import is_trading_day
from brokerkit.models import Balance, Instrument, Order, OrderBook, OrderRequest, Position, Quote
from brokerkit.models.handles import Handle
from brokerkit.replies import AccountReply, OrderPage, Sent
from brokerkit.transport import OddRow, wire_text
from brokerkit.words import OrderType, SecurityType, Side, TimeInForce, Venue
from brokerkit_kiwoom.us import account, orders, quotes
from brokerkit_kiwoom.us.charts import Charts
from brokerkit_kiwoom.us.ledger import Ledger
from brokerkit_kiwoom.us.listing import Listings
from brokerkit_kiwoom.us.spelling import PREFIX, code_of, hours_of, moments_of
from brokerkit_kiwoom.us.trades import Trades
from brokerkit_kiwoom.wire.orders import check_amendable
from brokerkit_kiwoom.wire.types import says_nothing

DAY = dt.timedelta(days=1)
R = TypeVar("R", orders.DayRow, orders.OpenRow, orders.TodayRow)
Todays = dict[tuple[int, str, Side, Decimal], orders.TodayRow]
"""Rows of the list of today by number, symbol, side and quantity."""


class UsStocks(Listings, Charts, Trades, Ledger):
    """US stocks and funds at Kiwoom."""

    not_told = {
        Quote: frozenset({"turnover", "time", "upper_limit", "lower_limit"}),
        OrderBook: frozenset({"time"}),
        Balance: frozenset({"orderable_cash", "withdrawable_cash"}),
        Instrument: frozenset(
            {
                *("isin", "listed_shares", "listed_on", "base_price", "upper_limit", "lower_limit", "tick", "halted"),
                *("administrative", "liquidation", "alert", "overheated", "caution", "nxt", "leverage", "lot"),
                "daytime",
            }
        ),
    }
    told_if_sure = {Order: frozenset({"submitted_at"})}
    rounds = {
        Position: {"average_price": Decimal("0.0001")},
        Order: {"average_fill_price": Decimal("0.0001")},
    }
    calls = {
        **dict.fromkeys(("quote", "quotes", "round_price"), (quotes.PRICE,)),
        "order_book": (quotes.BOOK,),
        **dict.fromkeys(("balance", "balances", "sellable_quantity"), (account.HOLDINGS, account.CASH)),
        "buying_power": (account.POWER, quotes.PRICE),
        "exchange_rate": (account.RATE,),
        "buy": (orders.ORDER[Side.BUY],),
        "sell": (orders.ORDER[Side.SELL],),
        "order": tuple(orders.ORDER.values()),
        "cancel": (orders.CANCEL,),
        "amend": (orders.AMEND,),
        "orders": (orders.OPEN,),
        **dict.fromkeys(("refresh", "wait", "order_history", "reconcile"), (orders.TODAY, orders.OF_A_DAY)),
    }
    order_types = orders.TERMS
    order_types_in = {"demo": orders.AT_MOCK}
    sells_only = orders.SELLS_ONLY
    order_venues = {"real": (Venue.US,), "demo": (Venue.US,)}
    quote_venues = (Venue.US,)
    changes_parts = frozenset[str]()
    # Nobody has shown that the lists tell every order, nor by which date.
    lists_prove_absence = frozenset[str]()

    def quote(self, symbol: str, venue: Venue) -> quotes.Price:
        with self.named(symbol) as body:
            return self.client.call(quotes.PRICE, body=body)

    def order_book(self, symbol: str, venue: Venue) -> quotes.Book:
        with self.named(symbol) as body:
            return self.client.call(quotes.BOOK, body=body)

    # The account

    def exchange_rate(self, currency: str) -> account.Rate:
        return self.client.call(account.RATE, body={"exch_tp": account.WON_TO_DOLLARS})

    def buying_power(self, symbol: str, price: Decimal | None) -> account.Power:
        with self.named(symbol) as named:
            body = {**named, "uv": wire_text(price or self._dearest(symbol))}
            power = self.client.call(account.POWER, body=body)
        if power.currency_code not in account.DOLLARS:
            raise self.wrong(account.POWER, f"its figures are in {power.currency_code}")
        return power

    def _dearest(self, symbol: str) -> Decimal:
        """Return the price at which a market order counts: the call needs one, and there is no limit of the day."""
        last, rules = self.quote(symbol, Venue.US).price, US.calendar
        if last is None:
            raise InvalidRequest(f"{symbol} has no price now, by which a market order counts. Give a price.")
        return rules.round_to_tick(last * rules.highest_rise, SecurityType.STOCK, up=True)

    def balance(self) -> AccountReply:
        pages = self.client.listing(account.HOLDINGS, body={"stex_tp": "", "stk_cd": ""})
        cash = self.client.call(account.CASH, body={})
        told = [page for page in pages if page.cost is not None and page.market_value is not None]
        newest = ([page for page in told if page.cost or page.market_value] or told)[-1:]
        if not newest and not all(says_nothing(page.words) and not page.rows for page in pages):
            raise self.wrong(account.HOLDINGS, "tot_prch_amt or tot_evlt_amt is missing or blank")
        cost = newest[0].cost if newest else Decimal(0)
        market_value = (newest[0].market_value if newest else None) or Decimal(0)
        total = None if cash.cash_d2 is None else cash.cash_d2 + market_value
        known = {"cost": cost, "market_value": market_value, "total_value": total}
        rows = [[row for row in page.rows if row.currency_code in account.DOLLARS] for page in pages]
        return AccountReply(account.HOLDINGS, cash, rows, known)

    # Orders

    def symbol_told(self, code: str) -> str:
        return PREFIX + code

    def terms_told(self, code: str) -> tuple[OrderType, TimeInForce] | None:
        told = orders.TYPE_BACK.get(code)
        return None if told is None else (told, TimeInForce.DAY)

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        with self.named(request.symbol) as named:
            body = {
                **named,
                "ord_qty": wire_text(request.quantity),
                "ord_uv": "" if request.price is None else wire_text(request.price),
                "trde_tp": orders.ORDER_TYPE[request.side][request.type],
            }
            if request.side is Side.SELL:
                body["stop_pric"] = "" if request.stop_price is None else wire_text(request.stop_price)
            return Sent(self.client.call(orders.ORDER[request.side], body=body).number)

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        named = handle.named.zfill(orders.DIGITS)
        with self.named(order.symbol) as body:
            accepted = self.client.call(orders.CANCEL, body={"orig_ord_no": named, **body})
        return Sent(accepted.number, original=named)

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        check_amendable(order)
        named = handle.named.zfill(orders.DIGITS)
        with self.named(order.symbol) as exchange:
            body = {"orig_ord_no": named, **exchange, "mdfy_uv": wire_text(price), "stop_pric": ""}
            accepted = self.client.call(orders.AMEND, body=body)
        return Sent(accepted.number, quantity=accepted.quantity, original=named)

    # The lists of them

    def rows(
        self,
        start: dt.date,
        end: dt.date,
        *,
        symbol: str | None = None,
        number: str | None = None,
        open_only: bool = False,
    ) -> Iterator[OrderPage]:
        """Yield the lists of days, with what the list of today tells besides: the numbers of original orders.

        That list tells no day, and the lists of days no original order: a row that stands in both is told once.
        """
        if open_only:
            yield self._open()
            return
        days = [day for day in _days(start, end) if day == US.today() or _may_have_orders(day)]
        if number is None:
            # The list of today comes last: what is placed meanwhile stands there, with its original order.
            pages = iter([(day, rows) for day in days for rows in self._pages(day, symbol)])
        else:  # the newest first, as far as whoever looks for it reads
            pages = ((day, rows) for day in reversed(days) for rows in self._pages(day, symbol, is_search=True))
        todays = self._todays(symbol) if end >= US.today() else {}
        for day, rows in pages:
            yield OrderPage(orders.OF_A_DAY, [self._completed(row, day, todays) for row in rows], day)
        if todays:
            left = sorted(todays.values(), key=lambda row: int(row.id), reverse=number is not None)
            rows_of_today = [self._dated(row, US.today(), is_of_today=True) for row in left]
            yield OrderPage(orders.TODAY, rows_of_today, US.today())

    def _pages(
        self, day: dt.date, symbol: str | None, *, is_search: bool = False
    ) -> Iterator[Iterable[orders.DayRow | OddRow]]:
        body = {
            "ord_dt": f"{day:%Y%m%d}",
            # Oldest first: what is placed while the pages are read comes last, and moves no row to another page.
            "query_tp": orders.NEWEST_FIRST if is_search else orders.OLDEST_FIRST,
            "slby_tp": orders.BOTH_SIDES,
            "stex_tp": "",
            "stk_cd": "" if symbol is None else code_of(symbol),
            "oppo_trde_tp": orders.ALL,
            "fr_ord_no": "",
        }
        return (page.rows for page in self.client.pages(orders.OF_A_DAY, body=body))

    def _todays(self, symbol: str | None) -> Todays:
        """Return the list of today; rows that cannot be read stand in that of the day too."""
        body = {
            "slby_tp": orders.BOTH_SIDES,
            "stex_tp": "",
            "stk_cd": "" if symbol is None else code_of(symbol),
        }
        rows = [row for page in self.client.listing(orders.TODAY, body=body) for row in page.rows]
        return {_key(row): row for row in rows if not isinstance(row, OddRow)}

    def _completed(
        self, row: orders.DayRow | OddRow, day: dt.date, todays: Todays
    ) -> orders.DayRow | orders.TodayRow | OddRow:
        """Return a row with what the list of today tells of it, which loses it."""
        if isinstance(row, OddRow):
            return row
        found = todays.get(_key(row))
        if found is None or found.told_at != row.told_at:
            return self._dated(row, day)
        return self._dated(todays.pop(_key(row)), day, is_of_today=True)

    def _dated(self, row: R, day: dt.date, *, is_of_today: bool = False) -> R:
        hours = hours_of(row.told_at)
        moments = {} if hours is None else moments_of(day, hours, self.now(), is_of_today=is_of_today)
        clock = next(iter(moments.values())) if len(set(moments.values())) == 1 else None
        return row.model_copy(update={"day": day, "clock": clock, "moments": moments})

    def _open(self) -> OrderPage:
        """Return what is left of orders: of the broker's own today, whatever date that is, and of New York's."""
        today = US.today()
        dates = ["", f"{today:%Y%m%d}"] if clock.today() != today else [""]
        seen = set[object]()
        found: list[orders.OpenRow | OddRow] = []
        for date in dates:
            body = {"ord_dt": date, "slby_tp": orders.BOTH_SIDES, "stex_tp": "", "stk_cd": ""}
            for row in (row for page in self.client.listing(orders.OPEN, body=body) for row in page.rows):
                if isinstance(row, OddRow):
                    found.append(row)
                elif row.remaining_quantity and not row.is_cancellation and (*_key(row), row.told_at) not in seen:
                    seen.add((*_key(row), row.told_at))
                    found.append(self._dated(row, today))
        return OrderPage(orders.OPEN, found, today, shows_all=False)


def _key(row: orders.DayRow | orders.OpenRow | orders.TodayRow) -> tuple[int, str, Side, Decimal]:
    return int(row.id), row.symbol, row.side, row.quantity


def _days(start: dt.date, end: dt.date) -> list[dt.date]:
    return [start + dt.timedelta(count) for count in range((end - start).days + 1)]


def _may_have_orders(day: dt.date) -> bool:
    """Say whether a list may have orders under a date: trading goes on after midnight in Korea."""
    try:
        return is_trading_day(day) or is_trading_day(day - DAY)
    except InvalidRequest:  # a year whose trading days are not known
        return True
