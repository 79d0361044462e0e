"""Korea Investment & Securities (한국투자증권)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import cast

from brokerkit import clock, config
from brokerkit.broker import Broker
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.market.ticks import tick_size
from brokerkit.market.valuation import disagreement, terms_of
from brokerkit.models import Balance, BuyingPower, InvestorFlow, Order, OrderBook, OrderRequest, Position, Quote
from brokerkit.orders.listing import Listed, Unread
from brokerkit.transport import OddRow, preparing, wire_text
from brokerkit.words import OrderStatus, SecurityType, Venue
from brokerkit_kis.client import KisClient, Settings
from brokerkit_kis.lists import OrderLists
from brokerkit_kis.wire import account, orders, quotes
from brokerkit_kis.wire.types import moment, spellings

logger = logging.getLogger("brokerkit")


class KisBroker(Broker):
    """An account at KIS."""

    name = "kis"
    Settings = Settings
    absent = {
        Quote: frozenset({"name", "time"}),
        Balance: frozenset({"orderable_cash", "withdrawable_cash"}),
        InvestorFlow: frozenset(
            {"financial_investment", "insurance", "investment_trust", "bank", "other_finance", "pension"}
        )
        | {"private_fund", "government", "other_corporation", "resident_foreign"},
    }
    needs = {"orders": (orders.OPEN_ORDERS,)}
    lists_prove_absence = frozenset({"real"})  # in the demo environment the list may stay empty all day
    client: KisClient

    def _connect(
        self, settings: config.Settings, environment: str, base_url: str | None, remember_token: bool
    ) -> KisClient:
        self._codes: dict[str, str] = {}
        return KisClient(
            cast(Settings, settings), environment=environment, base_url=base_url, remember_token=remember_token
        )

    def _price(self, symbol: str, venue: Venue) -> quotes.Price:
        known, refused = self._codes.get(symbol), None
        for code in (known,) if known else spellings(symbol):
            try:
                price = self._price_of(code, venue)
            except UnknownSymbol as error:  # not known: whether a code without its letter is refused, or has no price
                refused = error
                continue
            if price.symbol and not price.symbol.endswith(symbol):
                raise self.client.wrong(quotes.PRICE, f"the answer is about {price.symbol}, not {symbol}")
            if price.price:
                self._codes[symbol] = code
                return price
        raise refused or UnknownSymbol(
            f"KIS has no price of {symbol} at {venue}.", broker=self.name, endpoint=str(quotes.PRICE)
        )

    def _price_of(self, code: str, venue: Venue) -> quotes.Price:
        params = {"FID_COND_MRKT_DIV_CODE": quotes.MARKET_DIVISION[venue], "FID_INPUT_ISCD": code}
        return self.client.call(quotes.PRICE, params=params).output

    def _code(self, symbol: str) -> str:
        """Return how KIS spells a symbol; of one that may be an ETN it is asked, once."""
        if len(spellings(symbol)) > 1 and symbol not in self._codes:
            self._price(symbol, Venue.KRX)
        return self._codes.get(symbol, symbol)

    def _quote(self, symbol: str, venue: Venue) -> Quote:
        return self._price(symbol, venue).to_model(symbol=symbol, venue=venue, currency="KRW")

    def _kind(self, symbol: str) -> SecurityType | None:
        price = self._price(symbol, Venue.KRX)
        fitting = {
            kind
            for kind in (SecurityType.STOCK, SecurityType.FUND)
            if tick_size(price.price or Decimal(1), kind) == price.tick
        }
        return fitting.pop() if len(fitting) == 1 else None

    def _send_order(self, request: OrderRequest) -> Order:
        with preparing("the spelling of the symbol"):
            code = self._code(request.symbol)
        body = {
            **self.client.account(),
            "PDNO": code,
            "ORD_DVSN": orders.type_code(request, self._phase_of(request.venue)),
            "ORD_QTY": wire_text(request.quantity),
            "ORD_UNPR": wire_text(request.price or 0),
            "EXCG_ID_DVSN_CD": self._venue_code(request.venue),
        }
        if request.stop_price is not None:
            body["CNDT_PRIC"] = wire_text(request.stop_price)
        answer = self.client.call(orders.ORDER[request.side], body=body, headers=self.client.order_headers(body))
        accepted = answer.output
        return Order(
            id=accepted.number,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            venue=request.venue,
            quantity=request.quantity,
            price=request.price,
            status=OrderStatus.PENDING,
            submitted_at=moment(clock.today(), accepted.time) if accepted.time else None,
            handle=orders.handle(clock.today(), accepted.branch, accepted.number),
        )

    def _send_cancel(self, order: Order, quantity: Decimal | None) -> Order:
        code = orders.cancel_code(order, self._phase_of(order.venue or Venue.KRX))
        accepted = self._send_change(order, "02", code, quantity, Decimal(0))
        number = orders.parts_of(order.handle)[2]
        return order.model_copy(update={"id": accepted.number, "original_id": number, "status": OrderStatus.PENDING})

    def _send_amend(self, order: Order, quantity: Decimal | None, price: Decimal) -> Order:
        code = orders.amend_code(order, self._phase_of(order.venue or Venue.KRX))
        accepted = self._send_change(order, "01", code, quantity, price)
        return order.model_copy(
            update={
                "id": accepted.number,
                "original_id": orders.parts_of(order.handle)[2],
                "status": OrderStatus.PENDING,
                "quantity": quantity or order.remaining_quantity or order.quantity,
                "price": price,
                "filled_quantity": None,
                "remaining_quantity": None,
                "average_fill_price": None,
                "submitted_at": moment(clock.today(), accepted.time) if accepted.time else None,
                "handle": orders.handle(clock.today(), accepted.branch, accepted.number),
            }
        )

    def _send_change(
        self, order: Order, change: str, code: str, quantity: Decimal | None, price: Decimal
    ) -> orders.Accepted:
        _, branch, number = orders.parts_of(order.handle)
        body = {
            **self.client.account(),
            "KRX_FWDG_ORD_ORGNO": branch,
            "ORGN_ODNO": number,
            "ORD_DVSN": code,
            "RVSE_CNCL_DVSN_CD": change,
            "ORD_QTY": wire_text(quantity or order.remaining_quantity or order.quantity),
            "ORD_UNPR": wire_text(price),
            "QTY_ALL_ORD_YN": "Y" if quantity is None else "N",
            "EXCG_ID_DVSN_CD": self._venue_code(order.venue or Venue.KRX),
        }
        return self.client.call(orders.AMEND_CANCEL, body=body, headers=self.client.order_headers(body)).output

    def _venue_code(self, venue: Venue) -> str:
        return orders.VENUE[self.client.environment][venue]

    def _numbers_of(self, order: Order) -> Iterable[str | None]:
        return (order.id, order.original_id, orders.parts_of(order.handle)[2])

    def _find_order(self, order: Order) -> Order | None:
        return self._lists().find(order)

    def _order_history(self, start: dt.date, end: dt.date, symbol: str | None) -> Iterable[Order]:
        return self._lists().history(start, end, symbol)

    def _order_rows(self, day: dt.date) -> Iterable[Listed | Unread]:
        return self._lists().everything(day)

    def _open_orders(self) -> Iterable[Order]:
        return self._lists().working()

    def _lists(self) -> OrderLists:
        return OrderLists(self.client, self._is_over)

    @staticmethod
    def _branch_of(order: Order) -> str:
        return orders.parts_of(order.handle)[1]

    def _order_book(self, symbol: str, venue: Venue) -> OrderBook:
        answer = self.client.call(
            quotes.BOOK,
            params={"FID_COND_MRKT_DIV_CODE": quotes.MARKET_DIVISION[venue], "FID_INPUT_ISCD": self._code(symbol)},
        )
        told = answer.expected.symbol if answer.expected else ""
        if told and not told.endswith(symbol):
            raise self.client.wrong(quotes.BOOK, f"the answer is about {told}, not {symbol}")
        book = answer.book
        time = self._moment_today(moment(clock.today(), book.time), venue) if book.time else None
        return OrderBook(symbol=symbol, venue=venue, time=time, asks=book.levels("askp"), bids=book.levels("bidp"))

    def _buying_power(self, symbol: str, price: Decimal | None) -> BuyingPower:
        power = self.client.call(
            account.POWER,
            params={
                **self.client.account(),
                "PDNO": self._code(symbol),
                "ORD_UNPR": wire_text(price or 0),
                # Limit leaves the margin rate of the share out. The figures without margin do not depend on it,
                # and a market order would be counted at the upper limit instead of at the price.
                "ORD_DVSN": "01" if price is None else "00",
                "CMA_EVLU_AMT_ICLD_YN": "N",
                "OVRS_ICLD_YN": "N",
            },
        ).output
        return power.to_model(symbol=symbol, currency="KRW", price=price)

    def _balance(self) -> Balance:
        pages = self.client.listing(
            account.BALANCE,
            params={
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
            },
        )
        rows = [[row for row in page.rows if row.quantity] for page in pages]
        positions = tuple(self._position(row) for page in rows for row in page)
        totals = self._totals(pages)
        if words := disagreement(totals.market_value, rows):
            raise self.client.wrong(account.BALANCE, words)
        return totals.to_model(
            account=self.account(),
            currency="KRW",
            positions=positions,
        )

    def _position(self, row: account.Holding) -> Position:
        kind = row.kind
        if kind is None:
            raise self.client.wrong(
                account.BALANCE,
                f"of {row.quantity:f} {row.symbol} it is not clear whose they are: trad_dvsn_name {row.trade!r}",
            )
        terms = terms_of(kind, row.quantity, row.price, row.market_value)
        return row.to_model(currency="KRW", name=row.name or None, **terms)

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

    def _investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> Sequence[InvestorFlow]:
        params = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": self._code(symbol)}
        answer = self.client.call(quotes.INVESTOR, params=params)
        if not answer.rows:
            raise UnknownSymbol(
                f"KIS has no investor flow of {symbol}.", broker=self.name, endpoint=str(quotes.INVESTOR)
            )
        oldest = min(row.date for row in answer.rows)
        if oldest > (start or end):
            raise Unsupported(
                f"KIS tells the investor flow of {symbol} from {oldest} on; {start or end} is further back.",
                broker=self.name,
                advice="Ask for later days.",
            )
        return [row.to_model(symbol=symbol) for row in answer.rows]
