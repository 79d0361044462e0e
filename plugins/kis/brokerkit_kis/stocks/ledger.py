"""What sales earned. KIS has no ledger of the cash of domestic stocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from pydantic import Field

from brokerkit.models import RealizedPnl
from brokerkit.part import Part
from brokerkit.replies import Sale
from brokerkit.transport import Blankable, Block, Day, Endpoint, Number, Text, average
from brokerkit_kis.client import KisClient
from brokerkit_kis.stocks.orders import DAY_ORDERS, OLD_ORDERS, OLDEST_FIRST, TRADING
from brokerkit_kis.wire.types import One, Paged, Rows, Symbol, block


class TradedRow(Block):
    """기간별매매손익현황조회 (TTTC8715R), output1: a symbol on a day, also where it was bought alone."""

    date: Day = Field(alias="trad_dt")  # 매매일자
    symbol: Symbol = Field(alias="pdno")  # 상품번호
    name: Text = Field("", alias="prdt_name")  # 상품명
    bought: Number = Field(alias="buy_qty")  # 매수수량
    bought_amount: Number = Field(alias="buy_amt")  # 매수금액
    quantity: Number = Field(alias="sll_qty")  # 매도수량
    amount: Number = Field(alias="sll_amt")  # 매도금액
    profit: Number = Field(alias="rlzt_pfls")  # 실현손익
    percent: Blankable = Field(None, alias="pfls_rt")  # 손익률, of the cost
    average: Blankable = Field(None, alias="pchs_unpr")  # 매입단가, cut to the won
    commission: Number = Field(alias="fee")  # 수수료
    tax: Number = Field(alias="tl_tax")  # 제세금
    interest: Number = Field(alias="loan_int")  # 대출이자

    @property
    def costs(self) -> Decimal:
        """Commission, tax and interest."""
        return self.commission + self.tax + self.interest

    def is_before_costs(self) -> bool | None:
        """Say whether the profit is before costs, None where the row does not show it.

        KIS does not tell that. What the shares had cost shows it: it is the sales less the profit, or less the costs
        too; the percentage is of it, and so many shares at the average make it.
        """
        before = self.amount - self.profit
        for low, high in self._likely_costs() if self.costs and self.quantity else ():
            found = [is_before for is_before in (True, False) if low <= before - (not is_before) * self.costs <= high]
            if len(found) == 1:
                return found[0]
        return None

    def _likely_costs(self) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield between which amounts the cost of the shares lies, as different fields have it."""
        if self.percent and self.profit:
            cost = self.profit * 100 / self.percent
            blur = max(abs(cost) * STEP_OF_PERCENT / abs(self.percent), HALF_A_WON)
            yield cost - blur, cost + blur
        if self.average:
            yield self.average * self.quantity, (self.average + 1) * self.quantity


STEP_OF_PERCENT, HALF_A_WON = Decimal("0.00000001"), Decimal("0.5")


class TradedSums(Block):
    """기간별매매손익현황조회 (TTTC8715R), output2."""

    quantity: Number = Field(alias="sll_qty_smtl")  # 매도수량합계
    amount: Number = Field(alias="sll_tr_amt_smtl")  # 매도거래금액합계
    bought: Number = Field(alias="buyqty_smtl")  # 매수수량합계
    bought_amount: Number = Field(alias="buy_tr_amt_smtl")  # 매수거래금액합계
    profit: Number = Field(alias="tot_rlzt_pfls")  # 총실현손익
    tax: Number = Field(alias="tot_tltx")  # 총제세금
    interest: Number = Field(alias="loan_int")  # 대출이자
    commission: Number = Field(alias="tot_fee")  # 총수수료
    sales_commission: Number = Field(alias="sll_fee_smtl")  # 매도수수료합계

    def difference(self, rows: Iterable[TradedRow]) -> str | None:
        """Return in which of them rows differ from these sums, None if in none."""
        listed = list(rows)
        for name in ("quantity", "amount", "bought", "bought_amount", "profit", "tax", "interest", "commission"):
            total = sum((getattr(row, name) for row in listed), Decimal(0))
            # Whether the commission of a row has that of purchases in it is not told.
            known = (self.commission, self.sales_commission) if name == "commission" else (getattr(self, name),)
            if total not in known:
                return f"the sum of its rows is {total:f}, and {type(self).model_fields[name].alias} {known[0]:f}"
        return None


class TradedAnswer(Paged):
    """기간별매매손익현황조회 (TTTC8715R): a page of rows, with sums."""

    rows: Rows[TradedRow] = block("output1")
    sums: One[TradedSums] = block("output2")


PROFITS = Endpoint({"real": "TTTC8715R"}, f"{TRADING}/inquire-period-trade-profit", TradedAnswer)


class Ledger(Part[KisClient]):
    """Fills and realised profit of stocks at KIS."""

    calls = {"fills": (DAY_ORDERS, OLD_ORDERS), "realized_pnl": (PROFITS,)}
    rounds = {RealizedPnl: {"sell_price": Decimal("0.0001"), "buy_price": Decimal("0.0001")}}

    def realized_pnl(self, start: dt.date, end: dt.date) -> Iterable[Sale]:
        params = {
            **self.client.account(),
            "SORT_DVSN": OLDEST_FIRST,
            "PDNO": "",  # all of them, so that the sums can be checked
            "INQR_STRT_DT": f"{start:%Y%m%d}",
            "INQR_END_DT": f"{end:%Y%m%d}",
            "CBLC_DVSN": "00",
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        }
        pages = list(self.client.listing(PROFITS, params=params))
        self._check_sums(pages)
        sold = [row for page in pages for row in page.rows if row.quantity]
        is_before_costs = self._is_before_costs(sold)
        return (self._sale(row, is_before_costs=is_before_costs) for row in sold)

    def _check_sums(self, pages: Sequence[TradedAnswer]) -> None:
        """Raise a WireError unless the sums are those of all rows; or, as is not told, of the rows of each page."""
        words = pages[-1].sums.difference(row for page in pages for row in page.rows)
        if words and any(page.sums.difference(page.rows) for page in pages):
            raise self.client.wrong(PROFITS, words)

    def _is_before_costs(self, sold: Sequence[TradedRow]) -> bool:
        """Say whether the profits are before costs, as those rows have it that show it; a WireError if none does."""
        shown = {row.is_before_costs() for row in sold} - {None}
        if len(shown) == 1 or not any(row.costs for row in sold):
            return shown != {False}
        raise self.client.wrong(PROFITS, "whether rlzt_pfls is before or after costs is not clear")

    def _sale(self, row: TradedRow, *, is_before_costs: bool) -> Sale:
        pnl = row.profit if is_before_costs else row.profit + row.costs
        return Sale(
            date=row.date,
            symbol=row.symbol,
            name=row.name,
            quantity=row.quantity,
            sell_price=average(row.amount, row.quantity) or Decimal(0),
            buy_price=average(row.amount - pnl, row.quantity) or Decimal(0),
            pnl=pnl,
            commission=row.commission,
            tax=row.tax,
            interest=row.interest,
        )
