"""Korean stocks: which call asks what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from brokerkit import clock
from brokerkit.errors import NothingToCancel, Unsupported
from brokerkit.models import InvestorFlow, Order, OrderRequest, Position, Quote
from brokerkit.models.handles import Handle
from brokerkit.part import Part
from brokerkit.replies import AccountReply, FlowTables, OrderPage, Sent
from brokerkit.transport import OddRow, preparing
from brokerkit.words import Venue
from tests.lslike import tables
from tests.lslike.client import LikeClient


class Stocks(Part[LikeClient]):
    """Korean stocks."""

    not_told = {
        Quote: frozenset({"turnover", "time"}),
        InvestorFlow: frozenset({"resident_foreign", "other_organization"}),
    }
    rounds = {Position: {"average_price": Decimal(1)}, Order: {"average_fill_price": Decimal(1)}}
    order_types = tables.ORDER_TYPES
    order_venues = {"real": tuple(tables.VENUE), "demo": tuple(tables.VENUE)}
    quote_venues = (Venue.KRX,)
    changes_parts = frozenset({"cancel"})  # what an amendment does not name of an order is cancelled

    def quote(self, symbol: str, venue: Venue) -> tables.QuoteBlock:
        return self.client.ask(tables.QUOTE, shcode=symbol, exchgubun="K").block

    def order_book(self, symbol: str, venue: Venue) -> tables.BookBlock:
        return self.client.ask(tables.BOOK, shcode=symbol).block

    def buying_power(self, symbol: str, price: Decimal | None) -> tables.PowerAnswer:
        limit = self.price_or_upper_limit(symbol, price)
        return self.client.ask(tables.POWER, BnsTpCode="2", IsuNo=f"A{symbol}", OrdPrc=limit)

    def balance(self) -> AccountReply:
        switches = {"prcgb": "1", "chegb": "2", "dangb": "0", "charge": "0", "cts_expcode": ""}
        pages = [page.rows for page in self.client.ask_all(tables.HOLDINGS, **switches)]
        cash = self.client.ask(tables.CASH, BalCreTp="0").block
        value = sum((row.market_value for page in pages for row in page), Decimal(0))
        cost = sum((row.cost for page in pages for row in page if row.quantity), Decimal(0))
        known = {"cost": cost, "market_value": value, "total_value": cash.cash_d2 + value}
        return AccountReply(tables.HOLDINGS, cash, pages, known)

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        first = end - dt.timedelta(60) if start is None else start - dt.timedelta(14)  # longer than any row of holidays

        def ask(what: str, unit: str) -> dict[dt.date, tables.FlowRow]:
            body = {"shcode": symbol, "fromdt": f"{first:%Y%m%d}", "todt": f"{end:%Y%m%d}"}
            codes = {"volvalgb": tables.UNIT[unit], "msmdgb": tables.TRADE[what], "gubun": "0", "exchgubun": "K"}
            return {row.date: row for row in self.client.ask(tables.FLOW, **body, **codes).rows}

        return self.flow_tables(tables.FLOW, ask, detail=detail, kinds=tables.KINDS, amount=tables.MILLION)

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        price = {"OrdQty": request.quantity, "OrdPrc": request.price or 0, "IsuNo": f"A{request.symbol}"}
        type_, time = tables.TYPE[request.type], tables.CONDITION[request.time_in_force]
        codes = {"BnsTpCode": tables.SIDE[request.side], "OrdprcPtnCode": type_, "OrdCndiTpCode": time}
        rest = {"MbrNo": tables.VENUE[request.venue], "MgntrnCode": "000", "LoanDt": ""}
        return self._sent(self.client.ask(tables.ORDER, **price, **codes, **rest).block)

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        left = self._left(handle) if quantity is None else quantity
        body = {"OrgOrdNo": int(handle.number), "IsuNo": f"A{order.symbol}", "OrdQty": left}
        return self._sent(self.client.ask(tables.CANCEL, **body).block)

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        if order.type is None:  # it is sent again
            raise Unsupported("Only an order of a known type can be amended.", advice="Nothing was sent.")
        left = self._left(handle)
        body = {"OrgOrdNo": int(handle.number), "IsuNo": f"A{order.symbol}", "OrdQty": left, "OrdPrc": price}
        codes = {"OrdprcPtnCode": tables.TYPE[order.type], "OrdCndiTpCode": "0"}
        return self._sent(self.client.ask(tables.AMEND, **body, **codes).block, left)

    def _sent(self, accepted: tables.Accepted, quantity: Decimal | None = None) -> Sent:
        return Sent(accepted.number, time=accepted.clock, quantity=quantity)

    def _left(self, handle: Handle) -> Decimal:
        """Return what is left of an order: changes want a quantity, and what the caller knows may be old."""
        with preparing("what is left of the order"):
            left = {int(row.id): row.remaining_quantity for row in self._open() if not isinstance(row, OddRow)}
        if int(handle.number) not in left:
            raise NothingToCancel(f"Order {handle.number} is not among the open ones.", broker=self.broker)
        return left[int(handle.number)]

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
            yield OrderPage(tables.OPEN, self._open(), clock.today(), shows_all=False)
            return
        for day in self.days_to_ask(start, end):
            way = tables.OLDEST_FIRST if number is None else tables.NEWEST_FIRST
            codes = {"OrdMktCode": "00", "BnsTpCode": "0", "ExecYn": "0", "OrdPtnCode": "00"}
            body = {**codes, **way, "IsuNo": f"A{symbol}" if symbol else "", "OrdDt": f"{day:%Y%m%d}"}
            for page in self.client.ask_all(tables.DAY, **body):
                yield OrderPage(tables.DAY, page.rows, day)

    def _open(self) -> Iterator[tables.OpenRow | OddRow]:
        body = {"expcode": "", "chegb": "2", "medosu": "0", "sortgb": "2", "cts_ordno": " "}
        return (row for page in self.client.ask_all(tables.OPEN, **body) for row in page.rows)
