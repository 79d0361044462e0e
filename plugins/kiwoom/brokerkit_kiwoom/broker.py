"""Kiwoom Securities (키움증권)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

from pydantic import SecretStr

from brokerkit import clock, config
from brokerkit.arguments import masked
from brokerkit.broker import NEWEST_FLOWS, Broker
from brokerkit.errors import ConfigError, InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.market.valuation import disagreement, terms_of
from brokerkit.models import Balance, BuyingPower, InvestorFlow, Order, OrderBook, OrderRequest, Position, Quote
from brokerkit.orders.listing import Listed, Unread
from brokerkit.transport import preparing, wire_text
from brokerkit.words import OrderStatus, SecurityType, Venue
from brokerkit_kiwoom.client import KiwoomClient, Settings
from brokerkit_kiwoom.lists import OrderLists
from brokerkit_kiwoom.wire import account, login, orders, quotes
from brokerkit_kiwoom.wire.types import moment, says_nothing

logger = logging.getLogger("brokerkit")


class KiwoomBroker(Broker):
    """An account at Kiwoom."""

    name = "kiwoom"
    Settings = Settings
    absent = {Quote: frozenset({"turnover", "time"})}
    lists_prove_absence = frozenset({"real"})  # at the mock host the list of the day stays empty for some
    client: KiwoomClient

    def _connect(
        self, settings: config.Settings, environment: str, base_url: str | None, remember_token: bool
    ) -> KiwoomClient:
        self._number: SecretStr | None = None
        return KiwoomClient(settings, environment=environment, base_url=base_url, remember_token=remember_token)

    def _account_number(self) -> SecretStr:
        """Return the account of the key; a ConfigError if it is not the one of the profile."""
        if self._number is None:
            number = self.client.call(login.ACCOUNT, body={}).number
            if self._settings.account is not None and _digits(self._settings.account) != _digits(number):
                raise ConfigError(
                    f"The key belongs to account {masked(number.get_secret_value())}, "
                    f"the profile names {masked(self._settings.account.get_secret_value())}.",
                    broker=self.name,
                    advice="Nothing was ordered. Correct the account or use the key that belongs to it.",
                )
            self._number = number
        return self._number

    def _check_account(self) -> None:
        """Ask for the account before an order leaves; an answer that does not come means that nothing was sent."""
        with preparing("the account of the key"):
            self._account_number()

    def _quote(self, symbol: str, venue: Venue) -> Quote:
        price = self.client.call(quotes.PRICE, body={"stk_cd": symbol + quotes.CODE_SUFFIX[venue]})
        if price.symbol and price.symbol != symbol:
            raise self.client.wrong(quotes.PRICE, f"the answer is about {price.symbol}, not {symbol}")
        if not price.price:
            raise UnknownSymbol(
                f"Kiwoom has no price of {symbol} at {venue}.", broker=self.name, endpoint=str(quotes.PRICE)
            )
        return price.to_model(symbol=symbol, venue=venue, currency="KRW", name=price.name or None)

    def _kind(self, symbol: str) -> SecurityType | None:
        return quotes.MARKET.get(self.client.call(quotes.LISTING, body={"stk_cd": symbol}).market)

    def _send_order(self, request: OrderRequest) -> Order:
        body = {
            "dmst_stex_tp": orders.VENUE[self.client.environment][request.venue],
            "stk_cd": request.symbol,
            "ord_qty": wire_text(request.quantity),
            "ord_uv": "" if request.price is None else wire_text(request.price),
            "trde_tp": orders.ORDER_TYPE[request.type, request.time_in_force],
            "cond_uv": "" if request.stop_price is None else wire_text(request.stop_price),
        }
        self._check_account()
        accepted = self.client.call(orders.ORDER[request.side], body=body)
        day = f"{clock.today():%Y%m%d}"
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
            handle=orders.handle(day, accepted.number, accepted.number),
        )

    def _send_cancel(self, order: Order, quantity: Decimal | None) -> Order:
        day, row, named = orders.parts_of(order.handle)
        body = {
            "dmst_stex_tp": orders.VENUE[self.client.environment][order.venue or Venue.KRX],
            "orig_ord_no": named,
            "stk_cd": order.symbol,
            "cncl_qty": "0" if quantity is None else wire_text(quantity),
        }
        self._check_account()
        accepted = self.client.call(orders.CANCEL, body=body)
        return order.model_copy(
            update={
                "id": accepted.number,
                "original_id": named,
                "status": OrderStatus.PENDING,
                "handle": orders.handle(f"{day:%Y%m%d}", row, accepted.number),
            }
        )

    def _send_amend(self, order: Order, quantity: Decimal | None, price: Decimal) -> Order:
        orders.check_amendable(order)
        _, _, named = orders.parts_of(order.handle)
        body = {
            "dmst_stex_tp": orders.VENUE[self.client.environment][order.venue or Venue.KRX],
            "orig_ord_no": named,
            "stk_cd": order.symbol,
            "mdfy_qty": "0" if quantity is None else wire_text(quantity),
            "mdfy_uv": wire_text(price),
            "mdfy_cond_uv": "",
        }
        self._check_account()
        accepted = self.client.call(orders.AMEND, body=body)
        return order.model_copy(
            update={
                "id": accepted.number,
                "original_id": named,
                "status": OrderStatus.PENDING,
                "quantity": accepted.quantity or quantity or order.remaining_quantity or order.quantity,
                "price": price,
                "filled_quantity": None,
                "remaining_quantity": None,
                "average_fill_price": None,
                "submitted_at": None,
                "handle": orders.handle(f"{clock.today():%Y%m%d}", accepted.number, accepted.number),
            }
        )

    def _numbers_of(self, order: Order) -> Iterable[str | None]:
        # A cancellation's answer has its own number; the row that it is found by stands in the handle only.
        _, row, named = orders.parts_of(order.handle)
        return (order.id, order.original_id, row, named)

    def _find_order(self, order: Order) -> Order | None:
        return self._lists().find(order)

    def _order_history(self, start: dt.date, end: dt.date, symbol: str | None) -> Iterable[Order]:
        return self._lists().history(start, end, symbol)

    def _order_rows(self, day: dt.date) -> Iterable[Listed | Unread]:
        return self._lists().everything(day)

    def _open_orders(self) -> Iterable[Order]:
        return self._lists().working()

    def _lists(self) -> OrderLists:
        return OrderLists(self.client, self._is_over, is_simulated=self.environment == "sandbox")

    def _order_book(self, symbol: str, venue: Venue) -> OrderBook:
        book = self.client.call(quotes.BOOK, body={"stk_cd": symbol + quotes.CODE_SUFFIX[venue]})
        time = self._moment_today(moment(clock.today(), book.time), venue) if book.time else None
        return OrderBook(symbol=symbol, venue=venue, time=time, asks=book.levels("ask"), bids=book.levels("bid"))

    def _buying_power(self, symbol: str, price: Decimal | None) -> BuyingPower:
        # A market buy is checked at the upper limit, and this call needs a price.
        limit = price or self.quote(symbol).upper_limit
        if limit is None:
            raise InvalidRequest(f"{symbol} has no upper limit today, at which a market order counts. Give a price.")
        body = {
            "io_amt": "",
            "stk_cd": symbol,
            "trde_tp": "2",
            "trde_qty": "",
            "uv": wire_text(limit),
            "exp_buy_unp": "",
        }
        return self.client.call(account.POWER, body=body).to_model(symbol=symbol, currency="KRW", price=price)

    def _balance(self) -> Balance:
        number = self.account()
        pages = self.client.listing(account.HOLDINGS, body={"qry_tp": account.EACH, "dmst_stex_tp": "KRX"})
        cash = self.client.call(account.CASH, body={"qry_tp": "3"})
        rows = [[row for row in page.rows if row.quantity] for page in pages]
        positions = tuple(self._position(row) for page in rows for row in page)
        cost, market_value = self._totals(pages)
        if words := disagreement(market_value, rows):
            raise self.client.wrong(account.HOLDINGS, words)
        return cash.to_model(
            account=number,
            currency="KRW",
            cost=cost,
            market_value=market_value,
            total_value=None if cash.cash_d2 is None else cash.cash_d2 + market_value,
            positions=positions,
        )

    def _position(self, row: account.Holding) -> Position:
        kind = row.kind
        if kind is None:
            told = f"crd_tp {row.credit!r}, crd_tp_nm {row.credit_name!r}"
            raise self.client.wrong(
                account.HOLDINGS, f"of {row.quantity:f} {row.symbol} it is not clear whose they are: {told}"
            )
        terms = terms_of(kind, row.quantity, row.price, row.market_value)
        return row.to_model(currency="KRW", name=row.name or None, **terms)

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

    def _investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> Sequence[InvestorFlow]:
        tables: dict[tuple[str, str], dict[dt.date, quotes.InvestorDay]] = {}
        for what in ("net", "buy", "sell") if detail else ("net",):
            for unit, code in (("quantity", quotes.QUANTITY), ("amount", quotes.AMOUNT)):
                tables[what, unit] = self._investor_days(symbol, start, end, quotes.TRADE_KIND[what], code)
        days = set(tables["net", "quantity"])
        if any(set(table) != days for table in tables.values()):
            raise self.client.wrong(quotes.INVESTOR, "the days of quantities and amounts differ")
        wanted = sorted(days)[-NEWEST_FLOWS:] if start is None else [day for day in days if day >= start]
        return [self._flow_of_day(symbol, day, tables) for day in wanted]

    def _investor_days(
        self, symbol: str, start: dt.date | None, end: dt.date, trade: str, unit: str
    ) -> dict[dt.date, quotes.InvestorDay]:
        rows: dict[dt.date, quotes.InvestorDay] = {}
        for page in self.client.pages(
            quotes.INVESTOR,
            body={
                "dt": f"{end:%Y%m%d}",
                "stk_cd": symbol,
                "amt_qty_tp": unit,
                "trde_tp": trade,
                "unit_tp": quotes.SINGLE_SHARES,
            },
        ):
            rows |= {row.date: row for row in page.rows}
            if rows and (len(rows) >= NEWEST_FLOWS if start is None else min(rows) <= start):
                return rows
        if not rows:
            raise UnknownSymbol(
                f"Kiwoom has no investor flow of {symbol} up to {end}.", broker=self.name, endpoint=str(quotes.INVESTOR)
            )
        if start is not None and min(rows) > start:
            raise Unsupported(
                f"Kiwoom tells the investor flow of {symbol} from {min(rows)} on; {start} is further back.",
                broker=self.name,
                advice="Ask for later days.",
            )
        return rows

    def _flow_of_day(
        self, symbol: str, day: dt.date, tables: dict[tuple[str, str], dict[dt.date, quotes.InvestorDay]]
    ) -> InvestorFlow:
        rows = {
            name: self.client.later(
                quotes.INVESTOR, quotes.InvestorRow, table[day].model_extra or {}, f"{quotes.INVESTOR_ROWS}.{day}"
            )
            for name, table in tables.items()
        }
        flows: dict[str, dict[str, Decimal | None]] = {kind: {} for kind in quotes.KINDS}
        for (what, unit), row in rows.items():
            for kind, value in zip(quotes.KINDS, quotes.figures(row), strict=True):
                if value is not None:
                    value = abs(value) if what == "sell" else value
                    value = value * quotes.MILLION if unit == "amount" else value
                flows[kind][f"{what}_{unit}"] = value
        close = rows["net", "quantity"].close
        values = {"symbol": symbol, "date": day, "close": close, "final": day < clock.today()}
        # One validation of it all: a model of its own for each of the thirteen would take as long again.
        return InvestorFlow.model_validate({**values, **flows})


def _digits(number: SecretStr) -> str:
    return "".join(character for character in number.get_secret_value() if character.isdigit())
