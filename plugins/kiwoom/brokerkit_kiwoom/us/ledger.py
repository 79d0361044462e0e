"""What sales of US symbols earned, and the ledger of dollars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from pydantic import Field

from brokerkit.models import Fill, RealizedPnl, Transaction
from brokerkit.replies import CashMove, Sale
from brokerkit.transport import Block, Day, Text
from brokerkit.words import TransactionKind
from brokerkit_kiwoom.us.account import ACCOUNTS, DOLLARS
from brokerkit_kiwoom.us.orders import OF_A_DAY, TODAY
from brokerkit_kiwoom.us.spelling import Spelling, UsSymbol, us_call
from brokerkit_kiwoom.wire import moves
from brokerkit_kiwoom.wire.types import Listing, Padded, PaddedOrBlank, Rows, block


class SaleRow(Block):
    """미국주식 실현손익 (ust21530): the sales of a symbol on a day, with commission and tax in one sum."""

    date: Day = Field(alias="sell_dt")  # 매도일자
    symbol: UsSymbol = Field(alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="frgn_stk_nm")  # 종목명
    quantity: Padded = Field(alias="sell_qty")  # 청산수량
    buy_price: Padded = Field(alias="avg_buy_uv")  # 매입평균가
    cost: Padded = Field(alias="buy_amt")  # 매입금액
    sell_price: Padded = Field(alias="avg_sell_uv")  # 매도평균가
    amount: Padded = Field(alias="sell_amt")  # 매도금액
    profit: Padded = Field(alias="pl_amt")  # 손익금액
    told_costs: Padded = Field(alias="cmsn_tax")  # 수수료제세금

    @property
    def gross(self) -> Decimal:
        """Return what the sales brought beyond what was paid."""
        return self.amount - self.cost

    @property
    def costs(self) -> Decimal | None:
        """Return the costs; None where profit, amounts and costs do not fit each other.

        Whether the profit is after costs is not told, nor whether that of the purchase is among them: the firm's
        example of ust21640 has it there, a user says that here it is not. Then it is what the profit lacks besides.
        """
        taken = self.gross - self.profit
        if any(abs(taken - each) <= ROUNDED for each in (self.told_costs, 0)):
            return self.told_costs
        is_more = self.told_costs < taken <= self.told_costs + self.cost * MOST_COMMISSION
        return taken if is_more else None


class SalesAnswer(Listing):
    """미국주식 실현손익 (ust21530): a page of sales."""

    rows: Rows[SaleRow] = block("result_list", "result_lsit")


class LedgerRow(Block):
    """미국주식 거래내역 (ust21100): a line of the ledger."""

    date: Day = Field(alias="deal_dt")  # 거래일자
    number: Text = Field(alias="deal_no")  # 거래번호
    sort: Text = Field("", alias="deal_kind_nm")  # 거래종류명
    remark: Text = Field("", alias="rmrk_nm")  # 적요명
    currency: Text = Field("", alias="crnc_code")  # 통화코드
    moved: Padded = Field(alias="fc_exct_amt")  # 정산금액(외)
    balance: Padded = Field(alias="fc_entra")  # 외화예수금잔고
    symbol: UsSymbol = Field("", alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    quantity: PaddedOrBlank = Field(None, alias="deal_qty")  # 거래수량
    commission: PaddedOrBlank = Field(None, alias="fc_cmsn")  # 수수료(외)
    tax: PaddedOrBlank = Field(None, alias="fc_deal_tax")  # 거래세(외)


class LedgerAnswer(Listing):
    """미국주식 거래내역 (ust21100): a page of lines."""

    rows: Rows[LedgerRow] = block("result_list", "result_lsit")


CENT = Decimal("0.01")
"""What sales earned is told in cents, average prices too."""
ROUNDED = 5 * CENT
"""By how much amounts of a row may be rounded apart."""
MOST_COMMISSION = Decimal("0.01")
"""Of a purchase; the mock host was seen to take about as much of both sides together."""
IN_DOLLARS = "0"  # fc_krw_tp 외화원화구분
EVERYTHING = "0"  # tp 구분
WITH_WON = "N"  # krw_repl_skip_yn 원화대용입출금제외여부; the call wants it

SALES = us_call("ust21530", ACCOUNTS, SalesAnswer)
LEDGER = us_call("ust21100", ACCOUNTS, LedgerAnswer, at_mock=False)


class Ledger(Spelling):
    """Fills, realised profit and the ledger of dollars at Kiwoom."""

    calls = {"fills": (TODAY, OF_A_DAY), "realized_pnl": (SALES,), "transactions": (LEDGER,)}
    not_told = {
        Fill: frozenset({"amount"}),
        RealizedPnl: frozenset({"commission", "tax", "interest"}),
        Transaction: frozenset({"traded_on"}),
    }
    rounds = {
        Fill: {"price": Decimal("0.0001")},
        RealizedPnl: {
            **dict.fromkeys(("sell_price", "buy_price"), CENT),
            **dict.fromkeys(("pnl", "net_pnl"), 2 * CENT),
        },
    }

    def realized_pnl(self, start: dt.date, end: dt.date) -> Iterable[Sale]:
        body = {"strt_dt": f"{start:%Y%m%d}", "end_dt": f"{end:%Y%m%d}", "fc_krw_tp": IN_DOLLARS}
        rows = (row for page in self.client.listing(SALES, body=body) for row in page.rows)
        return (self._sale(row) for row in rows if row.quantity)

    def _sale(self, row: SaleRow) -> Sale:
        if row.costs is None:
            raise self.wrong(SALES, f"of {row.symbol} on {row.date} pl_amt is not what amounts and costs make")
        return Sale(
            date=row.date,
            symbol=row.symbol,
            name=row.name,
            quantity=row.quantity,
            sell_price=row.sell_price,
            buy_price=row.buy_price,
            pnl=row.gross,
            commission=None,
            tax=None,
            costs=row.costs,
        )

    def transactions(self, start: dt.date, end: dt.date) -> Iterable[CashMove]:
        body = {
            "strt_dt": f"{start:%Y%m%d}",
            "end_dt": f"{end:%Y%m%d}",
            "tp": EVERYTHING,
            "stex_tp": "",
            "stk_cd": "",
            "krw_repl_skip_yn": WITH_WON,
        }
        rows = [row for page in self.client.listing(LEDGER, body=body) for row in page.rows]
        # Which line comes first is not told.
        if [row.date for row in rows] != sorted(row.date for row in rows) or _falls(rows):
            rows.reverse()
        return (self._move(row) for row in rows if row.currency in DOLLARS)

    def _move(self, row: LedgerRow) -> CashMove:
        # The sort names both ways (입출금), but for exchanges of currencies.
        words = moves.EXCHANGE if moves.EXCHANGE in row.sort else row.remark
        kind = moves.kind_of(words, has_symbol=bool(row.symbol))
        is_trade = kind in (TransactionKind.PURCHASE, TransactionKind.SALE)
        return CashMove(
            date=row.date,
            id=row.number,
            kind=kind,
            moved=abs(row.moved),
            is_in=False if row.moved < 0 else moves.is_in(words),
            balance=row.balance,
            description=row.remark,
            symbol=row.symbol or None,
            name=row.name or None,
            quantity=row.quantity if is_trade else None,
            commission=row.commission,
            tax=row.tax,
        )


def _falls(rows: list[LedgerRow]) -> bool:
    """Say whether lines of one day come newest first, by their numbers."""
    one_day = len({row.date for row in rows}) == 1 and all(row.number.isdecimal() for row in rows)
    return one_day and int(rows[0].number) > int(rows[-1].number)
