"""What sales of US shares earned. Of the cash KIS lists the trades alone, so there is no ledger of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from pydantic import Field

from brokerkit.models import RealizedPnl
from brokerkit.replies import Sale
from brokerkit.transport import Block, Day, Endpoint, Number, Text, average
from brokerkit_kis.us.account import DOLLARS
from brokerkit_kis.us.orders import DAY_ORDERS, TRADING
from brokerkit_kis.us.spelling import WHOLE_US, Spelling, symbol_of
from brokerkit_kis.wire.types import Rows, WidelyPaged, block

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


# One letter differs from the list of reserved US orders, TTTT3039R.
PROFITS = Endpoint({"real": "TTTS3039R"}, f"{TRADING}/inquire-period-profit", SoldAnswer)


class Ledger(Spelling):
    """Fills and realised profit of US shares at KIS."""

    calls = {"fills": (DAY_ORDERS,), "realized_pnl": (PROFITS,)}
    rounds = {RealizedPnl: {"sell_price": Decimal("0.0001"), "buy_price": Decimal("0.0001")}}
    not_told = {RealizedPnl: frozenset({"interest"})}

    def realized_pnl(self, start: dt.date, end: dt.date) -> Iterable[Sale]:
        params = {
            **self.account(),
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
            commission=row.expenses,  # with what is levied there: the two are told as one
            tax=Decimal(0),
        )
