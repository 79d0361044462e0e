"""What sales of US shares earned, and the trades that moved the dollars: nothing else that moves them is listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from pydantic import Field

from brokerkit.models import RealizedPnl, Transaction
from brokerkit.replies import CashMove, Sale
from brokerkit.symbols import is_symbol
from brokerkit.transport import Block, Day, Endpoint, Number, Text, average
from brokerkit.words import Side, TransactionKind
from brokerkit_kis.us.account import DOLLARS
from brokerkit_kis.us.orders import DAY_ORDERS, TRADING
from brokerkit_kis.us.spelling import WHOLE_US, Spelling, symbol_of
from brokerkit_kis.wire.orders import SIDE
from brokerkit_kis.wire.types import Paged, Rows, WidelyPaged, block

ROUNDED = Decimal("0.05")
"""By how much amounts of a row may be rounded apart."""


class SoldRow(Block):
    """해외주식 기간손익 (TTTS3039R), output1: a symbol on a day. No answer of it was ever seen."""

    date: Day = Field(alias="trad_day")  # 매매일
    code: Text = Field(alias="ovrs_pdno")  # 해외상품번호
    name: Text = Field("", alias="ovrs_item_name")  # 해외종목명
    quantity: Number = Field(alias="slcl_qty")  # 매도청산수량
    cost: Number = Field(alias="frcr_pchs_amt1")  # 외화매입금액1
    amount: Number = Field(alias="frcr_sll_amt_smtl1")  # 외화매도금액합계1
    expenses: Number = Field(alias="stck_sll_tlex")  # 주식매도제비용: commission and taxes, of the sale alone
    profit: Number = Field(alias="ovrs_rlzt_pfls_amt")  # 해외실현손익금액
    exchange: Text = Field("", alias="ovrs_excg_cd")  # 해외거래소코드

    def fits(self) -> bool:
        """Say whether the profit is that of the amounts, before expenses or after them."""
        before = self.amount - self.cost
        return any(abs(self.profit - each) <= ROUNDED for each in (before, before - self.expenses))


class SoldAnswer(WidelyPaged):
    """해외주식 기간손익 (TTTS3039R): a page of rows."""

    rows: Rows[SoldRow] = block("output1")


class SettledRow(Block):
    """해외주식 일별거래내역 (CTOS4001R), output1: a trade."""

    traded_on: Day = Field(alias="trad_dt")  # 매매일자
    settled_on: Day = Field(alias="sttl_dt")  # 결제일자
    side: Text = Field("", alias="sll_buy_dvsn_cd")  # 매도매수구분코드
    words: Text = Field("", alias="sll_buy_dvsn_name")  # 매도매수구분명
    code: Text = Field("", alias="pdno")  # 상품번호
    name: Text = Field("", alias="ovrs_item_name")  # 해외종목명
    quantity: Number = Field(alias="amt_unit_ccld_qty")  # 금액단위체결수량, of a fraction too
    moved: Number = Field(alias="frcr_excc_amt_1")  # 외화정산금액1
    fee_at_home: Number = Field(alias="dmst_frcr_fee1")  # 국내외화수수료1
    fee_abroad: Number = Field(alias="frcr_fee1")  # 외화수수료1
    currency: Text = Field(alias="crcy_cd")  # 통화코드


class SettledAnswer(Paged):
    """해외주식 일별거래내역 (CTOS4001R): a page of rows."""

    rows: Rows[SettledRow] = block("output1")


KIND = {Side.SELL: TransactionKind.SALE, Side.BUY: TransactionKind.PURCHASE}
SETTLES_IN = dt.timedelta(days=14)
"""Before a settlement its trade was surely not longer ago; by which of the two days the list is asked is not told."""
SETTLED = Endpoint({"real": "CTOS4001R"}, f"{TRADING}/inquire-period-trans", SettledAnswer)
# One letter differs from the list of reserved US orders, TTTT3039R.
PROFITS = Endpoint({"real": "TTTS3039R"}, f"{TRADING}/inquire-period-profit", SoldAnswer)


class Ledger(Spelling):
    """Fills, realised profit and settled trades of US shares at KIS."""

    calls = {"fills": (DAY_ORDERS,), "realized_pnl": (PROFITS,), "transactions": (SETTLED,)}
    rounds = {RealizedPnl: {"sell_price": Decimal("0.0001"), "buy_price": Decimal("0.0001")}}
    not_told = {
        RealizedPnl: frozenset({"interest", "commission", "tax"}),
        Transaction: frozenset({"id", "balance", "tax"}),
    }

    def realized_pnl(self, start: dt.date, end: dt.date) -> Iterable[Sale]:
        params = {
            **self.client.account(),
            "OVRS_EXCG_CD": WHOLE_US,
            "NATN_CD": "840",
            "CRCY_CD": DOLLARS,
            "PDNO": "",
            "INQR_STRT_DT": f"{start:%Y%m%d}",
            "INQR_END_DT": f"{end:%Y%m%d}",
            "WCRC_FRCR_DVSN_CD": "01",  # in the currency itself, which is 02 in the call for cash
            "CTX_AREA_FK200": "",
            "CTX_AREA_NK200": "",
        }
        pages = self.client.listing(PROFITS, params=params)
        return [self._sale(row) for page in pages for row in page.rows if row.quantity]

    def _sale(self, row: SoldRow) -> Sale:
        if not row.fits():
            raise self.client.wrong(PROFITS, "ovrs_rlzt_pfls_amt is not what the amounts of its row make")
        return Sale(
            date=row.date,
            symbol=symbol_of(row.code),
            name=row.name,
            quantity=row.quantity,
            sell_price=average(row.amount, row.quantity) or Decimal(0),
            buy_price=average(row.cost, row.quantity) or Decimal(0),
            pnl=row.amount - row.cost,
            commission=None,
            tax=None,
            costs=row.expenses,
        )

    def transactions(self, start: dt.date, end: dt.date) -> Iterable[CashMove]:
        params = {
            **self.client.account(),
            "ERLM_STRT_DT": f"{start - SETTLES_IN:%Y%m%d}",
            "ERLM_END_DT": f"{end:%Y%m%d}",
            "OVRS_EXCG_CD": "",
            "PDNO": "",
            "SLL_BUY_DVSN_CD": "00",
            "LOAN_DVSN_CD": "",
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        }
        pages = self.client.listing(SETTLED, params=params)
        rows = [row for page in pages for row in page.rows if row.currency == DOLLARS]
        settled = [row for row in rows if start <= row.settled_on <= end]
        return [_move(row) for row in sorted(settled, key=lambda row: (row.settled_on, row.traded_on))]


def _move(row: SettledRow) -> CashMove:
    side, symbol = SIDE.get(row.side), symbol_of(row.code)
    return CashMove(
        date=row.settled_on,
        id=None,
        kind=TransactionKind.OTHER if side is None else KIND[side],
        moved=abs(row.moved),
        is_in=None if side is None else side is Side.SELL,
        balance=None,
        description=row.words,
        symbol=symbol if is_symbol(symbol) else None,
        name=row.name or None,
        quantity=row.quantity,
        commission=row.fee_at_home + row.fee_abroad,
        traded_on=row.traded_on,
    )
