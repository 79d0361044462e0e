"""US stocks and funds at KIS: which call asks what, and with which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from brokerkit.errors import Unsupported
from brokerkit.market.markets import US
from brokerkit.market.sessions import Phase
from brokerkit.models import Order, OrderRequest
from brokerkit.models.handles import Handle
from brokerkit.replies import OrderPage, Sent
from brokerkit.transport import Endpoint, OddRow, Parameters, preparing, wire_text
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from brokerkit_kis.us import orders
from brokerkit_kis.us.account import Account
from brokerkit_kis.us.charts import Charts
from brokerkit_kis.us.ledger import Ledger
from brokerkit_kis.us.masters import Listings
from brokerkit_kis.us.quotes import Quotes
from brokerkit_kis.us.reserved import Reservations
from brokerkit_kis.us.spelling import EXCHANGE, WHOLE_US, symbol_of
from brokerkit_kis.us.trades import Trades
from brokerkit_kis.wire.orders import OrderAnswer, sent_in

DAYS_AROUND = dt.timedelta(days=1)
"""Days that are asked for on either side of the one that is meant."""


class UsStocks(Quotes, Charts, Trades, Listings, Account, Ledger, Reservations):
    """US stocks and funds at KIS."""

    calls = {
        "buy": (orders.ORDER[Venue.US][Side.BUY],),
        "sell": (orders.ORDER[Venue.US][Side.SELL],),
        "order": tuple(orders.ORDER[Venue.US].values()),
        **dict.fromkeys(("cancel", "amend"), (orders.AMEND_CANCEL[Venue.US],)),
        # In the demo environment the list of all orders tells which of them stand.
        **dict.fromkeys(("orders", "refresh", "wait", "reconcile", "order_history"), (orders.DAY_ORDERS,)),
    }
    not_told = {Order: frozenset({"type", "time_in_force"})}
    rounds = {Order: {"average_fill_price": Decimal("0.00000001")}}
    order_types = tuple(orders.ORDER_TYPE)
    order_types_in = {"demo": orders.DEMO_TYPES}
    sells_only = frozenset({OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE})
    order_venues = {"real": (Venue.US, Venue.DAYTIME), "demo": (Venue.US,)}
    unlisted_venues = (Venue.DAYTIME,)
    changes_parts = frozenset()  # what a smaller quantity does is not told
    lists_prove_absence = frozenset({"real"})  # in the demo environment the list may stay empty, as that of Korea does
    has_branches = True

    def symbol_told(self, code: str) -> str:
        return symbol_of(code)

    def terms_told(self, code: str) -> tuple[OrderType, TimeInForce] | None:
        return orders.ORDER_TYPE_BACK.get(code)

    def accepted(self, content: Mapping[str, Any]) -> Sent:
        return sent_in(content)

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        with preparing("the exchange of the symbol"):
            exchange, code = EXCHANGE[self.segment(request.symbol)], self.code(request.symbol)
        self._check_session(request.venue)
        body = {
            **self.client.account(),
            "OVRS_EXCG_CD": exchange,
            "PDNO": code,
            "ORD_QTY": wire_text(request.quantity),
            "OVRS_ORD_UNPR": wire_text(request.price or 0),
            "ORD_SVR_DVSN_CD": "0",
            "ORD_DVSN": orders.ORDER_TYPE[request.type, request.time_in_force],
            **orders.fields_of(request),
        }
        return self._sent(orders.ORDER[request.venue][request.side], body, request.symbol)

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        return self._change(order, handle, orders.CANCELLATION, Decimal(0))

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        orders.check_amendable(order)
        return self._change(order, handle, orders.AMENDMENT, price)

    def _change(self, order: Order, handle: Handle, change: str, price: Decimal) -> Sent:
        """Change all that is left of an order."""
        venue = order.venue or Venue.US
        with preparing("the exchange of the symbol, and what is left of the order"):
            exchange, code = EXCHANGE[self.segment(order.symbol)], self.code(order.symbol)
            left = order.remaining_quantity or self._left(order, handle)
        body = {
            **self.client.account(),
            "OVRS_EXCG_CD": exchange,
            "PDNO": code,
            "ORGN_ODNO": handle.number,
            "RVSE_CNCL_DVSN_CD": change,
            "ORD_QTY": wire_text(left),
            "OVRS_ORD_UNPR": wire_text(price),
            "ORD_SVR_DVSN_CD": "0",
            **(orders.BLANK if venue is Venue.DAYTIME else {}),
        }
        return self._sent(orders.AMEND_CANCEL[venue], body, order.symbol)

    def _left(self, order: Order, handle: Handle) -> Decimal:
        """Return what the lists say is left of an order of which nobody asked yet; all of it where none shows it.

        More than is left may be refused, as if nothing were.
        """
        if order.venue not in self.unlisted_venues:
            number, span = handle.number, (handle.day - DAYS_AROUND, handle.day + DAYS_AROUND)
            for page in self.rows(*span, symbol=order.symbol, number=number):
                for row in page.rows:
                    if isinstance(row, orders.OrderRow) and row.id == number and row.remaining_quantity:
                        return row.remaining_quantity
        return order.quantity

    def _check_session(self, venue: Venue) -> None:
        """Raise for an hour at which the demo environment takes no order, though the exchanges do."""
        if self.environment == "demo" and self.phase_of(venue) in (Phase.PRE_MARKET, Phase.AFTER_MARKET):
            raise Unsupported(
                "The demo environment of KIS takes US orders in the regular session alone.",
                broker=self.broker,
                advice="Nothing was sent. market_hours(venue=Venue.US) tells when it begins.",
            )

    def _sent(self, endpoint: Endpoint[OrderAnswer], body: Parameters, symbol: str) -> Sent:
        headers = self.client.order_headers(body)
        with self.naming(symbol):
            accepted = self.client.call(endpoint, body=body, headers=headers).output
        return Sent(accepted.number, accepted.branch, accepted.clock)

    def rows(
        self,
        start: dt.date,
        end: dt.date,
        *,
        symbol: str | None = None,
        number: str | None = None,
        open_only: bool = False,
    ) -> Iterator[OrderPage]:
        is_open_listed = self.environment in orders.OPEN_ORDERS.ids
        if not (open_only and is_open_listed):
            for rows in self._days(start, end, symbol, is_search=number is not None):
                yield OrderPage(orders.DAY_ORDERS, [row for row in rows if not open_only or orders.may_stand(row)])
        # An order that stands and that the list of the day lacks is seen all the same.
        is_today = start <= US.today() <= end <= start + 2 * DAYS_AROUND and symbol is None and number is None
        if is_open_listed and (open_only or is_today):
            yield OrderPage(orders.OPEN_ORDERS, self._open(), shows_all=False)

    def _days(
        self, start: dt.date, end: dt.date, symbol: str | None, *, is_search: bool
    ) -> Iterator[Iterable[orders.OrderRow | OddRow]]:
        """Yield the rows of the list, page by page; in the demo environment it is of all countries and symbols."""
        is_real = self.environment == "real"
        params = {
            **self.client.account(),
            "PDNO": self.code(symbol) if symbol and is_real else orders.ANY[self.environment],
            "ORD_STRT_DT": f"{start:%Y%m%d}",
            "ORD_END_DT": f"{end:%Y%m%d}",
            "SLL_BUY_DVSN": "00",
            "CCLD_NCCS_DVSN": "00",
            "OVRS_EXCG_CD": WHOLE_US if is_real else "",
            # Oldest first: what is placed while the pages are read comes last, and moves no row to another page.
            "SORT_SQN": orders.NEWEST_FIRST if is_search else orders.OLDEST_FIRST,
            "ORD_DT": "",
            "ORD_GNO_BRNO": "",
            "ODNO": "",
            "CTX_AREA_NK200": "",
            "CTX_AREA_FK200": "",
        }
        read = self.client.pages if is_search else self.client.listing
        return (filter(orders.is_of_us, page.rows) for page in read(orders.DAY_ORDERS, params=params))

    def _open(self) -> Iterator[orders.OpenOrderRow | OddRow]:
        """Yield the rows of the list of working orders in which something is left."""
        params = {
            **self.client.account(),
            "OVRS_EXCG_CD": WHOLE_US,
            "SORT_SQN": orders.OLDEST_FIRST,
            "CTX_AREA_FK200": "",
            "CTX_AREA_NK200": "",
        }
        for page in self.client.listing(orders.OPEN_ORDERS, params=params):
            yield from (row for row in page.rows if orders.is_of_us(row) and orders.may_stand(row))
