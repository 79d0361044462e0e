"""Korea Investment & Securities (한국투자증권)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from brokerkit import config
from brokerkit.broker import Broker, masked
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.market import clock
from brokerkit.market.ticks import Kind, tick_size
from brokerkit.models import Balance, InvestorFlow, Order, OrderRequest, OrderStatus, Quote, Venue
from brokerkit.transport import wire_text
from brokerkit_kis.client import KisClient, Settings
from brokerkit_kis.wire import account, orders, quotes
from brokerkit_kis.wire.types import moment


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
    client: KisClient

    def _connect(
        self, settings: config.Settings, environment: str, base_url: str | None, remember_token: bool
    ) -> KisClient:
        self._account = masked(settings.account.get_secret_value()) if settings.account else ""
        return KisClient(
            cast(Settings, settings), environment=environment, base_url=base_url, remember_token=remember_token
        )

    def _price(self, symbol: str, venue: Venue) -> quotes.Price:
        price = self.client.call(
            quotes.PRICE,
            params={
                "FID_COND_MRKT_DIV_CODE": quotes.MARKET_DIVISION[venue],
                "FID_INPUT_ISCD": symbol,
            },
        ).output
        if price.symbol and not price.symbol.endswith(symbol):
            raise self.client.wrong(quotes.PRICE, f"the answer is about {price.symbol}, not {symbol}")
        if not price.price:
            raise UnknownSymbol(
                f"KIS has no price of {symbol} at {venue}.", broker=self.name, endpoint=str(quotes.PRICE)
            )
        return price

    def _quote(self, symbol: str, venue: Venue) -> Quote:
        return self._price(symbol, venue).to_model(symbol=symbol, venue=venue, currency="KRW")

    def _kind(self, symbol: str) -> Kind | None:
        price = self._price(symbol, Venue.KRX)
        fitting = {kind for kind in (Kind.STOCK, Kind.FUND) if tick_size(price.price or Decimal(1), kind) == price.tick}
        return fitting.pop() if len(fitting) == 1 else None

    def _send_order(self, request: OrderRequest) -> Order:
        body = {
            **self.client.account(),
            "PDNO": request.symbol,
            "ORD_DVSN": orders.ORDER_TYPE[request.type, request.time_in_force],
            "ORD_QTY": wire_text(request.quantity),
            "ORD_UNPR": wire_text(request.price or 0),
            "EXCG_ID_DVSN_CD": orders.VENUE[request.venue],
        }
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
        _, _, branch, number = order.handle.split(":")
        body = {
            **self.client.account(),
            "KRX_FWDG_ORD_ORGNO": branch,
            "ORGN_ODNO": number,
            "ORD_DVSN": orders.code_of(order),
            "RVSE_CNCL_DVSN_CD": "02",
            "ORD_QTY": wire_text(order.quantity if quantity is None else quantity),
            "ORD_UNPR": "0",
            "QTY_ALL_ORD_YN": "Y" if quantity is None else "N",
            "EXCG_ID_DVSN_CD": orders.VENUE[order.venue or Venue.KRX],
        }
        accepted = self.client.call(orders.AMEND_CANCEL, body=body, headers=self.client.order_headers(body)).output
        return order.model_copy(update={"id": accepted.number, "original_id": number, "status": OrderStatus.PENDING})

    def _find_order(self, order: Order) -> Order | None:
        _, day, _, number = order.handle.split(":")
        for page in self.client.pages(
            orders.DAY_ORDERS,
            params={
                **self.client.account(),
                "INQR_STRT_DT": day,
                "INQR_END_DT": day,
                "SLL_BUY_DVSN_CD": "00",
                "PDNO": order.symbol,
                "ORD_GNO_BRNO": "",
                "ODNO": "",
                "CCLD_DVSN": "00",
                "INQR_DVSN": "00",
                "INQR_DVSN_1": "",
                "INQR_DVSN_3": "00",
                "EXCG_ID_DVSN_CD": "ALL",
                "CTX_AREA_FK100": "",
                "CTX_AREA_NK100": "",
            },
        ):
            for row in page.rows:
                if int(row.id) == int(number) and f"{row.day:%Y%m%d}" == day:
                    own = {"id": order.id, "original_id": order.original_id, "handle": order.handle}
                    return row.to_model(**own, name=row.name or order.name)
        return None

    def _balance(self) -> Balance:
        pages = list(
            self.client.pages(
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
        )
        rows = [row for page in pages for row in page.rows if row.quantity]
        return pages[-1].summary.to_model(
            account=self._account,
            currency="KRW",
            positions=tuple(row.to_model(currency="KRW") for row in rows),
        )

    def _investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> Sequence[InvestorFlow]:
        answer = self.client.call(quotes.INVESTOR, params={"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol})
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
