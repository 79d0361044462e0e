"""Dollars, what they are worth in won, and holdings of US symbols."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from pydantic import Field

from brokerkit.models import Balance, BuyingPower, ExchangeRate
from brokerkit.replies import PositionReply
from brokerkit.transport import Reply, Text
from brokerkit_kiwoom.us.spelling import UsSymbol, us_call
from brokerkit_kiwoom.wire.types import Grouped, Listing, Padded, PaddedOrBlank, Rows, Unsigned, ZeroIsNone, block

ACCOUNTS, ORDERS, EXCHANGE = "acnt", "ordr", "exchange"
DOLLARS = ("USD", "")


class Cash(Reply[Balance]):
    """미국주식 예수금 상세 (ust21160) -> the cash of a Balance. Days are those of settlements in Korea."""

    cash: Padded = Field(alias="d0_usd_fx_entr")  # D0 외화예수금(USD)
    cash_d1: PaddedOrBlank = Field(None, alias="d1_usd_fx_entr")  # D1 외화예수금(USD)
    cash_d2: PaddedOrBlank = Field(None, alias="d2_usd_fx_entr")  # D2 외화예수금(USD)


class Holding(PositionReply):
    """미국주식 원장잔고확인 (ust21070), one row -> Position. pl_amt is after costs, and was seen as no number."""

    extra = PositionReply.extra | {"currency_code"}

    symbol: UsSymbol = Field(alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="frgn_stk_nm")  # 종목명
    currency_code: Text = Field("", alias="crnc_code")  # 통화코드
    quantity: Padded = Field(alias="poss_qty")  # 보유수량, whole shares: fractions stand nowhere
    sellable_quantity: PaddedOrBlank = Field(None, alias="sell_alowq")  # 매도가능수량
    average_price: Unsigned = Field(None, alias="frgn_stk_book_uv")  # 매입단가
    price: ZeroIsNone = Field(None, alias="now_pric")  # 현재가
    cost: Padded = Field(alias="frgn_stk_book_amt")  # 매입금액
    market_value: Padded = Field(alias="evlt_amt")  # 평가금액


class HoldingsAnswer(Listing):
    """미국주식 원장잔고확인 (ust21070): a page of holdings, and the totals of a Balance."""

    cost: PaddedOrBlank = Field(None, alias="tot_prch_amt")  # 총매입금액
    market_value: PaddedOrBlank = Field(None, alias="tot_evlt_amt")  # 총평가금액
    rows: Rows[Holding] = block("result_list", "result_lsit")


class Power(Reply[BuyingPower]):
    """미국주식 주문가능수량 (ust31490) -> BuyingPower: the figures without an unpaid rest (미수불가).

    Where orders against won are on (krw_ord_rqst_yn) they count what won would buy in dollars, too.
    """

    extra = frozenset({"most", "most_shares", "own", "counts_won", "currency_code"})

    most: Padded = Field(alias="min_ord_alowa")  # 미수불가 주문가능금액
    most_shares: Padded = Field(alias="min_ord_alowq")  # 미수불가 주문가능수량
    own: Padded = Field(alias="ord_alowa")  # 주문가능현금, in dollars
    counts_won: Text = Field("", alias="krw_ord_rqst_yn")  # 원화주문신청여부
    currency_code: Text = Field("", alias="crnc_code")  # 통화

    @property
    def cash(self) -> Decimal:
        """Return the dollars alone."""
        return self.most if self.counts_won == "N" else min(self.most, self.own)

    @property
    def quantity(self) -> Decimal:
        """Return the shares for which they are enough, by the broker's own reckoning with its fees."""
        if self.cash == self.most or not self.most:
            return self.most_shares
        return (self.most_shares * self.cash / self.most).to_integral_value(ROUND_FLOOR)

    @property
    def integrated_cash(self) -> Decimal | None:
        return self.most if self.counts_won == "Y" else None

    @property
    def integrated_quantity(self) -> Decimal | None:
        return self.most_shares if self.counts_won == "Y" else None


class Rate(Reply[ExchangeRate]):
    """환율 조회 (ust31301) -> ExchangeRate: what applies when won are exchanged for dollars. It tells no date."""

    rate: Grouped = Field(alias="aplc_exrt")  # 적용환율
    kind: Text | None = Field(None, alias="exrt_tp_nm")  # 환율구분명


HOLDINGS = us_call("ust21070", ACCOUNTS, HoldingsAnswer)
CASH = us_call("ust21160", ACCOUNTS, Cash)
POWER = us_call("ust31490", ORDERS, Power, at_mock=False)
RATE = us_call("ust31301", EXCHANGE, Rate, at_mock=False)  # what moves money there is ust31302: it is never called
WON_TO_DOLLARS = "1"  # exch_tp 환전구분
