"""Korean stocks at KIS: which call asks what, and with which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from brokerkit import clock
from brokerkit.errors import UnknownSymbol
from brokerkit.market.ticks import tick_size
from brokerkit.models import Balance, Order, OrderRequest, Position, Quote
from brokerkit.models.handles import Handle
from brokerkit.replies import AccountReply, OrderPage, Sent
from brokerkit.transport import Endpoint, OddRow, Parameters, preparing, wire_text
from brokerkit.words import OrderType, SecurityType, Side, TimeInForce, Venue
from brokerkit_kis.stocks import account, days, orders, quotes
from brokerkit_kis.stocks.charts import Charts
from brokerkit_kis.stocks.investors import Investors
from brokerkit_kis.stocks.ledger import Ledger
from brokerkit_kis.stocks.masters import Listings
from brokerkit_kis.stocks.programs import ProgramFlows
from brokerkit_kis.stocks.rankings import Rankings
from brokerkit_kis.stocks.reserved import Reservations
from brokerkit_kis.stocks.trades import Trades
from brokerkit_kis.wire.orders import OrderAnswer, sent_in
from brokerkit_kis.wire.types import may_be_warrant, plain, spellings


class Stocks(Investors, ProgramFlows, Rankings, Listings, Charts, Trades, Ledger, Reservations):
    """Korean stocks, funds and ELW at KIS."""

    not_told = {
        Quote: frozenset({"name", "time"}),
        Balance: frozenset({"orderable_cash", "withdrawable_cash"}),
    }
    rounds = {
        Position: {"average_price": Decimal("0.0001")},
        Order: {"average_fill_price": Decimal("0.0001")},
    }
    calls = {
        "quote": (quotes.PRICE,),
        "quotes": (quotes.PRICE,),
        "order_book": (quotes.BOOK,),
        "round_price": (quotes.PRICE,),
        **dict.fromkeys(("balance", "balances", "sellable_quantity"), (account.BALANCE,)),
        "buying_power": (account.POWER,),
        "buy": (orders.ORDER[Side.BUY],),
        "sell": (orders.ORDER[Side.SELL],),
        "order": tuple(orders.ORDER.values()),
        **dict.fromkeys(("cancel", "amend"), (orders.AMEND_CANCEL,)),
        "orders": (orders.OPEN_ORDERS,),
        # The list of working orders is read too, where there is one.
        **dict.fromkeys(("refresh", "wait", "reconcile"), (orders.DAY_ORDERS,)),
        "order_history": (orders.DAY_ORDERS, orders.OLD_ORDERS),
        "market_hours": (days.CALENDAR,),
    }
    order_types = tuple(orders.ORDER_TYPE)
    order_venues = {environment: tuple(table) for environment, table in orders.VENUE.items()}
    quote_venues = tuple(quotes.MARKET_DIVISION)
    quotes_at_once = quotes.PRICES_AT_ONCE
    lists_prove_absence = frozenset({"real"})  # in the demo environment the list may stay empty all day
    has_branches = True

    def several_quotes(self, symbols: Sequence[str], venue: Venue) -> Iterable[quotes.Watched | quotes.Warrant]:
        codes = [
            code
            for symbol in symbols
            for code in ([self._codes[symbol]] if symbol in self._codes else spellings(symbol))
        ]
        # Symbols that may be ETN are asked in both spellings: the wrong one has no price.
        firsts = range(0, len(codes), quotes.PRICES_AT_ONCE)
        rows = [row for first in firsts for row in self._watched(codes[first : first + quotes.PRICES_AT_ONCE], venue)]
        found = [row for row in rows if row.price]
        told = {row.symbol for row in found}
        left = [symbol for symbol in symbols if symbol not in told and may_be_warrant(symbol)]
        return [*found, *(self._several_warrants(left) if venue is Venue.KRX else ())]

    def _several_warrants(self, symbols: Iterable[str]) -> Iterator[quotes.Warrant]:
        """Yield the prices of ELW, each by a call of its own."""
        for symbol in symbols:
            with suppress(UnknownSymbol):
                yield self._warrant(symbol)

    def _watched(self, codes: Sequence[str], venue: Venue) -> Iterable[quotes.Watched]:
        params = {}
        for number, code in enumerate(codes, start=1):
            params[f"FID_COND_MRKT_DIV_CODE_{number}"] = quotes.MARKET_DIVISION[venue]
            params[f"FID_INPUT_ISCD_{number}"] = code
        return self.client.call(quotes.PRICES, params=params).output

    def trading_days(self, start: dt.date) -> Mapping[dt.date, bool]:
        params = {"BASS_DT": f"{start:%Y%m%d}", "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
        answer = self.client.call(days.CALENDAR, params=params)
        return {row.day: row.is_open == "Y" for row in answer.output}

    def security_type(self, symbol: str) -> SecurityType | None:
        price = self.quote(symbol, Venue.KRX)
        if isinstance(price, quotes.Warrant):
            return SecurityType.ELW
        step = price.price or Decimal(1)
        fund = SecurityType.ETN if self.code(symbol) != symbol else SecurityType.ETF
        fitting = {kind for kind in (SecurityType.STOCK, fund) if tick_size(step, kind) == price.tick}
        return fitting.pop() if len(fitting) == 1 else None

    def order_book(self, symbol: str, venue: Venue) -> quotes.BookAnswer:
        params = {"FID_COND_MRKT_DIV_CODE": quotes.MARKET_DIVISION[venue], "FID_INPUT_ISCD": self.code(symbol)}
        return self.client.call(quotes.BOOK, params=params)

    def buying_power(self, symbol: str, price: Decimal | None) -> account.Power:
        params = {
            **self.client.account(),
            "PDNO": self.code(symbol),
            "ORD_UNPR": wire_text(price or 0),
            # Limit leaves the margin rate of the share out. The figures without margin do not depend on it,
            # and a market order would be counted at the upper limit instead of at the price.
            "ORD_DVSN": "01" if price is None else "00",
            "CMA_EVLU_AMT_ICLD_YN": "N",
            "OVRS_ICLD_YN": "N",
        }
        return self.client.call(account.POWER, params=params).output

    def balance(self) -> AccountReply:
        params = {
            **self.client.account(),
            "AFHR_FLPR_YN": "N",
            "OFL_YN": "",
            "INQR_DVSN": "01",
            "UNPR_DVSN": "01",
            "FUND_STTL_ICLD_YN": "N",
            "FNCG_AMT_AUTO_RDPT_YN": "N",
            "PRCS_DVSN": "00",
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        }
        pages = self.client.listing(account.BALANCE, params=params)
        return AccountReply(account.BALANCE, self._totals(pages), [page.rows for page in pages])

    def _totals(self, pages: Sequence[account.BalanceAnswer]) -> account.Summary:
        """Return the newest totals: a page may leave them blank, or write zeros, where others tell them."""
        told: list[account.Summary] = []
        for page in pages:
            if not isinstance(page.summary, OddRow):
                told.append(page.summary)
            elif not page.summary.is_blank or len(pages) == 1:
                raise self.client.wrong(account.BALANCE, page.summary.fault.replace("field ", "field output2.", 1))
        if not told:
            raise self.client.wrong(account.BALANCE, "output2 is blank on every page")
        return ([each for each in told if each.stands()] or told)[-1]

    def symbol_told(self, code: str) -> str:
        return plain(code)

    def terms_told(self, code: str) -> tuple[OrderType, TimeInForce] | None:
        return orders.ORDER_TYPE_BACK.get(code)

    def accepted(self, content: Mapping[str, Any]) -> Sent:
        return sent_in(content)

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        with preparing("the spelling of the symbol"):
            code = self.code(request.symbol)
        body = {
            **self.client.account(),
            "PDNO": code,
            "ORD_DVSN": orders.type_code(request, self.phase_of(request.venue)),
            "ORD_QTY": wire_text(request.quantity),
            "ORD_UNPR": wire_text(request.price or 0),
            "EXCG_ID_DVSN_CD": self._venue_code(request.venue),
        }
        if request.stop_price is not None:
            body["CNDT_PRIC"] = wire_text(request.stop_price)
        return self._sent(orders.ORDER[request.side], body)

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        code = orders.cancel_code(order, self.phase_of(order.venue or Venue.KRX))
        return self._change(order, handle, "02", code, quantity, Decimal(0))

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        code = orders.amend_code(order, self.phase_of(order.venue or Venue.KRX))
        return self._change(order, handle, "01", code, quantity, price)

    def _change(
        self, order: Order, handle: Handle, change: str, code: str, quantity: Decimal | None, price: Decimal
    ) -> Sent:
        body = {
            **self.client.account(),
            "KRX_FWDG_ORD_ORGNO": handle.branch or "",
            "ORGN_ODNO": handle.number,
            "ORD_DVSN": code,
            "RVSE_CNCL_DVSN_CD": change,
            "ORD_QTY": wire_text(quantity or order.remaining_quantity or order.quantity),
            "ORD_UNPR": wire_text(price),
            "QTY_ALL_ORD_YN": "Y" if quantity is None else "N",
            "EXCG_ID_DVSN_CD": self._venue_code(order.venue or Venue.KRX),
        }
        return self._sent(orders.AMEND_CANCEL, body)

    def _sent(self, endpoint: Endpoint[OrderAnswer], body: Parameters) -> Sent:
        accepted = self.client.call(endpoint, body=body, headers=self.client.order_headers(body)).output
        return Sent(accepted.number, accepted.branch, accepted.clock)

    def _venue_code(self, venue: Venue) -> str:
        return orders.VENUE[self.environment][venue]

    def rows(
        self,
        start: dt.date,
        end: dt.date,
        *,
        symbol: str | None = None,
        number: str | None = None,
        open_only: bool = False,
    ) -> Iterator[OrderPage]:
        if not open_only:
            yield from self._days(start, end, symbol, number)
        # An order that stands and that the list of the day lacks is seen all the same.
        is_today = start == end == clock.today() and symbol is None and number is None
        if open_only or (is_today and self.environment in orders.OPEN_ORDERS.ids):
            rows = self._open()
            yield OrderPage(orders.OPEN_ORDERS, rows, clock.today(), shows_all=False)

    def _days(self, start: dt.date, end: dt.date, symbol: str | None, number: str | None) -> Iterator[OrderPage]:
        border = orders.three_months_before(clock.today())
        parts = [
            (orders.DAY_ORDERS, max(start, border), end),
            (orders.OLD_ORDERS, start, min(end, border - dt.timedelta(1))),
        ]
        for endpoint, first, last in parts:
            if first <= last:
                for rows in self._pages(endpoint, first, last, symbol, is_search=number is not None):
                    yield OrderPage(endpoint, rows)

    def _pages(
        self,
        endpoint: Endpoint[orders.OrdersAnswer],
        start: dt.date,
        end: dt.date,
        symbol: str | None,
        *,
        is_search: bool,
    ) -> Iterator[Iterable[orders.OrderRow | OddRow]]:
        """Yield the rows of the list, page by page: where one is looked for, no page more than needed is asked for."""
        params = {
            **self.client.account(),
            "INQR_STRT_DT": f"{start:%Y%m%d}",
            "INQR_END_DT": f"{end:%Y%m%d}",
            "SLL_BUY_DVSN_CD": "00",
            # Whether the list wants an ETN's letter is not told: then all are asked for.
            "PDNO": symbol if symbol and len(spellings(symbol)) == 1 else "",
            "ORD_GNO_BRNO": "",
            "ODNO": "",
            "CCLD_DVSN": "00",
            # Oldest first: what is placed while the pages are read comes last, and moves no row to another page.
            "INQR_DVSN": orders.NEWEST_FIRST if is_search else orders.OLDEST_FIRST,
            "INQR_DVSN_1": "",
            "INQR_DVSN_3": "00",
            "EXCG_ID_DVSN_CD": orders.ALL_VENUES[self.environment],
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        }
        read = self.client.pages if is_search else self.client.listing
        return (page.rows for page in read(endpoint, params=params))

    def _open(self) -> Iterator[orders.OpenOrderRow | OddRow]:
        """Yield the rows of the list of working orders in which something is left."""
        params = {
            **self.client.account(),
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
            "INQR_DVSN_1": "0",
            "INQR_DVSN_2": "0",
        }
        for page in self.client.listing(orders.OPEN_ORDERS, params=params):
            yield from (row for row in page.rows if isinstance(row, OddRow) or row.remaining_quantity)
