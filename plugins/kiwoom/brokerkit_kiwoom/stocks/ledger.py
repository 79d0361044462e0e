"""What sales earned, and the cash ledger."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from pydantic import Field

from brokerkit import clock
from brokerkit.models import Fill, RealizedPnl
from brokerkit.part import Part
from brokerkit.replies import CashMove, Sale
from brokerkit.transport import Block, Day, Endpoint, Text
from brokerkit.words import TransactionKind
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks.account import ACCOUNTS
from brokerkit_kiwoom.stocks.orders import DAY_ORDERS, FILLED_ORDERS, OPEN_ORDERS
from brokerkit_kiwoom.wire import moves
from brokerkit_kiwoom.wire.types import DayOrBlank, Listing, Padded, PaddedOrBlank, Price, Rows, Signed, Symbol, block


class SaleRow(Block):
    """일자별종목별실현손익요청_기간 (ka10073): a sale. The profit is after this commission and tax."""

    date: Day = Field(alias="dt")  # 일자
    symbol: Symbol = Field(alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    quantity: Padded = Field(alias="cntr_qty")  # 체결량
    buy_price: Padded = Field(alias="buy_uv")  # 매입단가, with two decimals
    sell_price: Price = Field(alias="cntr_pric")  # 체결가
    profit: Signed = Field(alias="tdy_sel_pl")  # 당일매도손익
    commission: Padded = Field(alias="tdy_trde_cmsn")  # 당일매매수수료: of the sale and of the purchase
    tax: Padded = Field(alias="tdy_trde_tax")  # 당일매매세금


class SalesAnswer(Listing):
    """일자별종목별실현손익요청_기간 (ka10073): a page of sales."""

    rows: Rows[SaleRow] = block("dt_stk_rlzt_pl")


class SaleDay(Block):
    """일자별실현손익요청 (ka10074): a day on which something was sold."""

    date: Day = Field(alias="dt")  # 일자
    amount: Padded = Field(alias="sell_amt")  # 매도금액


class SaleDaysAnswer(Listing):
    """일자별실현손익요청 (ka10074): a page of days."""

    rows: Rows[SaleDay] = block("dt_rlzt_pl")


class LedgerRow(Block):
    """위탁종합거래내역요청 (kt00015): a line of the ledger."""

    date: Day = Field(alias="trde_dt")  # 거래일자
    number: Text = Field(alias="trde_no")  # 거래번호
    remark: Text = Field("", alias="rmrk_nm")  # 적요명
    direction: Text = Field("", alias="io_tp_nm")  # 입출구분명
    moved: Padded = Field(alias="exct_amt")  # 정산금액
    balance: Padded = Field(alias="entra_remn")  # 예수금잔고
    currency: Text = Field("", alias="crnc_cd")  # 통화코드
    symbol: Symbol = Field("", alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    quantity: PaddedOrBlank = Field(None, alias="trde_qty_jwa_cnt")  # 거래수량/좌수
    commission: PaddedOrBlank = Field(None, alias="cmsn")  # 수수료
    tax: PaddedOrBlank = Field(None, alias="trde_agri_tax")  # 거래및농특세
    traded_on: DayOrBlank = Field(None, alias="cntr_dt")  # 체결일

    @property
    def kind(self) -> TransactionKind:
        """What moved the cash; only words that are understood say so."""
        return moves.kind_of(self.direction + self.remark, has_symbol=bool(self.symbol))

    @property
    def is_in(self) -> bool | None:
        """Whether cash grew, where the row says so: in words, or by a sign."""
        return False if self.moved < 0 else moves.is_in(self.direction + self.remark)


class LedgerAnswer(Listing):
    """위탁종합거래내역요청 (kt00015): a page of lines."""

    rows: Rows[LedgerRow] = block("trst_ovrl_trde_prps_array")


WON = ("KRW", "")
EVERYTHING, OLDEST_FIRST = "0", "2"  # tp 구분, gds_tp 상품구분; qry_sort_tp 조회정렬구분

SALES = Endpoint({"real": "ka10073", "demo": "ka10073"}, ACCOUNTS, SalesAnswer, "POST")
SALE_DAYS = Endpoint({"real": "ka10074", "demo": "ka10074"}, ACCOUNTS, SaleDaysAnswer, "POST")
LEDGER = Endpoint({"real": "kt00015"}, ACCOUNTS, LedgerAnswer, "POST")


class Ledger(Part[KiwoomClient]):
    """Fills, realised profit and the cash ledger of stocks at Kiwoom."""

    calls = {
        "fills": (DAY_ORDERS, OPEN_ORDERS, FILLED_ORDERS),
        "realized_pnl": (SALES, SALE_DAYS),
        "transactions": (LEDGER,),
    }
    not_told = {Fill: frozenset({"amount"}), RealizedPnl: frozenset({"interest"})}
    rounds = {RealizedPnl: {"sell_price": Decimal(1), "buy_price": Decimal("0.01")}}

    def realized_pnl(self, start: dt.date, end: dt.date) -> Iterable[Sale]:
        # Of all symbols, so that the days can be checked.
        body = {"stk_cd": "", "strt_dt": f"{start:%Y%m%d}", "end_dt": f"{end:%Y%m%d}"}
        rows = [row for page in self.client.listing(SALES, body=body) for row in page.rows]
        self._check_days(rows, self._amounts(start, end))
        return (self._sale(row) for row in rows)

    def _amounts(self, start: dt.date, end: dt.date) -> Mapping[dt.date, Decimal]:
        body = {"strt_dt": f"{start:%Y%m%d}", "end_dt": f"{end:%Y%m%d}"}
        return {row.date: row.amount for page in self.client.listing(SALE_DAYS, body=body) for row in page.rows}

    def _check_days(self, rows: list[SaleRow], amounts: Mapping[dt.date, Decimal]) -> None:
        """Raise a WireError where the sales of a day do not come to what the list of days has.

        A price that is an average can be cut to the won. Today may go on between the two calls.
        """
        by_day: dict[dt.date, list[SaleRow]] = defaultdict(list)
        for row in rows:
            by_day[row.date].append(row)
        for day in sorted({*by_day, *amounts} - {clock.today()}):
            listed = sum((row.sell_price * row.quantity for row in by_day[day]), Decimal(0))
            shares = sum((row.quantity for row in by_day[day]), Decimal(0))
            if abs(listed - amounts.get(day, Decimal(0))) > shares:
                words = f"the sales of {day} come to {listed:f}, and to {amounts.get(day, 0):f} in {SALE_DAYS}"
                raise self.client.wrong(SALES, words)

    def _sale(self, row: SaleRow) -> Sale:
        if row.profit is None:
            raise self.client.wrong(SALES, f"of {row.symbol} on {row.date} tdy_sel_pl is blank")
        return Sale(
            date=row.date,
            symbol=row.symbol,
            name=row.name,
            quantity=row.quantity,
            sell_price=row.sell_price,
            buy_price=row.buy_price,
            pnl=row.profit + row.commission + row.tax,
            commission=row.commission,
            tax=row.tax,
        )

    def transactions(self, start: dt.date, end: dt.date) -> Iterable[CashMove]:
        body = {
            "strt_dt": f"{start:%Y%m%d}",
            "end_dt": f"{end:%Y%m%d}",
            "tp": EVERYTHING,
            "stk_cd": "",
            "crnc_cd": "",
            "gds_tp": EVERYTHING,
            "frgn_stex_code": "",
            "dmst_stex_tp": "%",
            "qry_sort_tp": OLDEST_FIRST,
        }
        rows = (row for page in self.client.listing(LEDGER, body=body) for row in page.rows)
        return (self._move(row) for row in rows if row.currency in WON)

    def _move(self, row: LedgerRow) -> CashMove:
        is_trade = row.kind in (TransactionKind.PURCHASE, TransactionKind.SALE)
        return CashMove(
            date=row.date,
            id=row.number,
            kind=row.kind,
            moved=abs(row.moved),
            is_in=row.is_in,
            balance=row.balance,
            description=row.remark,
            symbol=row.symbol or None,
            name=row.name or None,
            quantity=row.quantity if is_trade else None,
            commission=row.commission,
            tax=row.tax,
            traded_on=row.traded_on,
        )
