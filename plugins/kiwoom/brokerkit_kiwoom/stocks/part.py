"""Korean stocks at Kiwoom: which call asks what, and with which words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from brokerkit import clock
from brokerkit.errors import UnknownSymbol
from brokerkit.market.days import is_trading_day
from brokerkit.models import Order, OrderRequest, Position, Quote
from brokerkit.models.handles import Handle
from brokerkit.replies import AccountReply, OrderPage, Sent
from brokerkit.transport import OddRow, wire_text
from brokerkit.words import OrderType, SecurityType, Side, TimeInForce, Venue
from brokerkit_kiwoom.stocks import account, orders, quotes
from brokerkit_kiwoom.stocks.charts import Charts
from brokerkit_kiwoom.stocks.investors import Investors
from brokerkit_kiwoom.stocks.ledger import Ledger
from brokerkit_kiwoom.stocks.listing import LISTED_ONE, Listings
from brokerkit_kiwoom.stocks.programs import ProgramFlows
from brokerkit_kiwoom.stocks.rankings import Rankings
from brokerkit_kiwoom.stocks.trades import Trades
from brokerkit_kiwoom.wire.orders import check_amendable
from brokerkit_kiwoom.wire.types import plain_symbol, says_nothing

ELW = "5"
"""With it the codes of ELW begin, as far as they were seen."""


class Stocks(Investors, ProgramFlows, Rankings, Listings, Charts, Trades, Ledger):
    """Korean stocks, funds and ELW at Kiwoom."""

    not_told = {Quote: frozenset({"turnover", "time"})}
    rounds = {
        Position: {"average_price": Decimal(1)},
        Order: {"average_fill_price": Decimal(1)},
    }
    calls = {
        "quote": (quotes.PRICE,),
        "quotes": (quotes.PRICE,),
        "order_book": (quotes.BOOK,),
        "round_price": (LISTED_ONE,),
        **dict.fromkeys(("balance", "balances", "sellable_quantity"), (account.HOLDINGS, account.CASH)),
        "buying_power": (account.POWER, quotes.PRICE),
        "buy": (orders.ORDER[Side.BUY],),
        "sell": (orders.ORDER[Side.SELL],),
        "order": tuple(orders.ORDER.values()),
        "cancel": (orders.CANCEL,),
        "amend": (orders.AMEND,),
        "orders": (orders.OPEN_ORDERS,),
        **dict.fromkeys(
            ("refresh", "wait", "order_history", "reconcile"),
            (orders.DAY_ORDERS, orders.OPEN_ORDERS, orders.FILLED_ORDERS),
        ),
    }
    order_types = tuple(orders.ORDER_TYPE)
    order_venues = {environment: tuple(table) for environment, table in orders.VENUE.items()}
    quote_venues = tuple(quotes.CODE_SUFFIX)
    quotes_at_once = quotes.PRICES_AT_ONCE
    lists_prove_absence = frozenset({"real"})  # at the mock host the list of the day stays empty for some

    def quote(self, symbol: str, venue: Venue) -> quotes.Price:
        try:
            price = self.client.call(quotes.PRICE, body={"stk_cd": symbol + quotes.CODE_SUFFIX[venue]})
        except UnknownSymbol:
            if not symbol.startswith(ELW):
                raise
        else:
            if price.price is not None or not symbol.startswith(ELW):
                return price
        # Whether this call tells ELW is not told; that for several symbols has fields of theirs.
        found = [*self.several_quotes([symbol], venue)]
        if not found:
            raise UnknownSymbol(f"Kiwoom does not know {symbol}.", broker=self.broker)
        return found[0]

    def several_quotes(self, symbols: Sequence[str], venue: Venue) -> Iterable[quotes.Price]:
        codes = "|".join(symbol + quotes.CODE_SUFFIX[venue] for symbol in symbols)
        rows = self.client.call(quotes.PRICES, body={"stk_cd": codes}).rows
        return [row for row in rows if row.symbol]  # of a code that nobody knows there is a row without any text

    def order_book(self, symbol: str, venue: Venue) -> quotes.Book:
        return self.client.call(quotes.BOOK, body={"stk_cd": symbol + quotes.CODE_SUFFIX[venue]})

    def security_type(self, symbol: str) -> SecurityType | None:
        return self.client.call(LISTED_ONE, body={"stk_cd": symbol}).kind

    def buying_power(self, symbol: str, price: Decimal | None) -> account.Power:
        body = {
            "io_amt": "",
            "stk_cd": symbol,
            "trde_tp": "2",
            "trde_qty": "",
            # This call needs a price.
            "uv": wire_text(self.price_or_upper_limit(symbol, price)),
            "exp_buy_unp": "",
        }
        return self.client.call(account.POWER, body=body)

    def balance(self) -> AccountReply:
        pages = self.client.listing(account.HOLDINGS, body={"qry_tp": account.EACH, "dmst_stex_tp": "KRX"})
        cash = self.client.call(account.CASH, body={"qry_tp": "3"})
        cost, market_value = self._totals(pages)
        total = None if cash.cash_d2 is None else cash.cash_d2 + market_value
        known = {"cost": cost, "market_value": market_value, "total_value": total}
        return AccountReply(account.HOLDINGS, cash, [page.rows for page in pages], known)

    def _totals(self, pages: Sequence[account.HoldingsAnswer]) -> tuple[Decimal, Decimal]:
        """Return the newest cost and value: a page may leave them blank, or write zeros, where others tell them."""
        told = [
            (page.cost, page.market_value) for page in pages if page.cost is not None and page.market_value is not None
        ]
        if not told and all(says_nothing(page.words) and not page.rows for page in pages):
            return Decimal(0), Decimal(0)
        if not told:
            missing = "tot_pur_amt" if pages[-1].cost is None else "tot_evlt_amt"
            raise self.client.wrong(account.HOLDINGS, f"field {missing} is missing or blank")
        return ([each for each in told if any(each)] or told)[-1]

    def symbol_told(self, code: str) -> str:
        return plain_symbol(code)

    def terms_told(self, code: str) -> tuple[OrderType, TimeInForce] | None:
        return orders.ORDER_TYPE_BACK.get(code)

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        body = {
            "dmst_stex_tp": orders.VENUE[self.environment][request.venue],
            "stk_cd": request.symbol,
            "ord_qty": wire_text(request.quantity),
            "ord_uv": "" if request.price is None else wire_text(request.price),
            "trde_tp": orders.ORDER_TYPE[request.type, request.time_in_force],
            "cond_uv": "" if request.stop_price is None else wire_text(request.stop_price),
        }
        return Sent(self.client.call(orders.ORDER[request.side], body=body).number)

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        body = {
            "dmst_stex_tp": orders.VENUE[self.environment][order.venue or Venue.KRX],
            "orig_ord_no": handle.named,
            "stk_cd": order.symbol,
            "cncl_qty": "0" if quantity is None else wire_text(quantity),
        }
        return Sent(self.client.call(orders.CANCEL, body=body).number, original=handle.named)

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        check_amendable(order)
        body = {
            "dmst_stex_tp": orders.VENUE[self.environment][order.venue or Venue.KRX],
            "orig_ord_no": handle.named,
            "stk_cd": order.symbol,
            "mdfy_qty": "0" if quantity is None else wire_text(quantity),
            "mdfy_uv": wire_text(price),
            "mdfy_cond_uv": "",
        }
        accepted = self.client.call(orders.AMEND, body=body)
        return Sent(accepted.number, quantity=accepted.quantity, original=handle.named)

    def rows(
        self,
        start: dt.date,
        end: dt.date,
        *,
        symbol: str | None = None,
        number: str | None = None,
        open_only: bool = False,
    ) -> Iterator[OrderPage]:
        if open_only:
            yield self._page_of_today(self._open(None))
            return
        for day in self.days_to_ask(start, end):
            for rows in self._pages(day, symbol, is_search=number is not None):
                yield OrderPage(orders.DAY_ORDERS, rows, day)
            # The mock's list of the day stays empty for some; what is open and what was filled is listed elsewhere too.
            if day == clock.today():
                yield self._page_of_today(self._open(symbol))
                filled = self._filled(symbol)
                yield OrderPage(orders.FILLED_ORDERS, filled, day, shows_all=False, is_dated=False)

    def _page_of_today(self, rows: Iterable[orders.OpenOrderRow | OddRow]) -> OrderPage:
        return OrderPage(orders.OPEN_ORDERS, rows, clock.today(), shows_all=False)

    def _pages(
        self, day: dt.date, symbol: str | None, *, is_search: bool
    ) -> Iterator[Iterable[orders.OrderRow | OddRow]]:
        body = {
            "ord_dt": f"{day:%Y%m%d}",
            # Oldest first: what is placed while the pages are read comes last, and moves no row to another page.
            "qry_tp": orders.NEWEST_FIRST if is_search else orders.OLDEST_FIRST,
            "stk_bond_tp": "1",
            "sell_tp": "0",
            "stk_cd": symbol or "",
            "fr_ord_no": "",
            "dmst_stex_tp": "%",
        }
        return (page.rows for page in self.client.pages(orders.DAY_ORDERS, body=body))

    def _open(self, symbol: str | None) -> Iterator[orders.OpenOrderRow | OddRow]:
        """Yield the rows of the list of open orders in which something is left."""
        body = {"all_stk_tp": "0", "trde_tp": "0", "stk_cd": "", "stex_tp": "0"}
        for page in self.client.listing(orders.OPEN_ORDERS, body=body):
            for row in page.rows:
                if isinstance(row, OddRow) or (row.remaining_quantity and symbol in (None, row.symbol)):
                    yield row

    def _filled(self, symbol: str | None) -> Iterator[orders.FilledOrderRow | OddRow]:
        """Yield what was filled today. The list has no date, and at the mock host it was that of the last session."""
        body = {"stk_cd": symbol or "", "qry_tp": "1" if symbol else "0", "sell_tp": "0", "ord_no": "", "stex_tp": "0"}
        listed = [row for page in self.client.listing(orders.FILLED_ORDERS, body=body) for row in page.rows]
        found = [row for row in listed if isinstance(row, OddRow) or not self._is_of_another_day(row)]
        numbers = Counter(int(row.id) for row in found if not isinstance(row, OddRow))
        if any(count > 1 for count in numbers.values()):
            raise self.client.wrong(orders.FILLED_ORDERS, "an order stands in it twice, so its fills cannot be told")
        yield from found

    def _is_of_another_day(self, row: orders.FilledOrderRow) -> bool:
        """Say whether a row without a date cannot be of today: from a time that is still to come, or on a holiday."""
        if self.is_simulated:
            return False  # the simulated exchange has a clock of its own
        now = clock.now()
        taken = None if row.clock is None else dt.datetime.combine(now.date(), row.clock, clock.KST)
        is_later = taken is not None and taken > now + dt.timedelta(minutes=1)
        return is_later or not is_trading_day(now.date())
