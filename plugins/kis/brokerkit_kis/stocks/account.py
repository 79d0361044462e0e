"""Cash and holdings."""

from __future__ import annotations

from pydantic import Field

from brokerkit.models import Balance, BuyingPower
from brokerkit.replies import PositionReply
from brokerkit.transport import Blankable, Block, Endpoint, Mark, Number, Reply, Row, Text, ZeroIsNone
from brokerkit.words import PositionKind
from brokerkit_kis.wire.types import One, Paged, Rows, Symbol, block

LOAN_WORDS = ("융자", "대출")  # trad_dvsn_name 매매구분명
SHORT_WORD = "대주"
CASH_WORD = "현금"


class Holding(PositionReply):
    """주식잔고조회 (TTTC8434R), output1 -> Position."""

    extra = PositionReply.extra | {"trade", "loan_day", "loan", "proceeds"}

    symbol: Symbol = Field(alias="pdno")  # 상품번호
    name: Text = Field("", alias="prdt_name")  # 상품명
    trade: Mark = Field("", alias="trad_dvsn_name")  # 매매구분명
    quantity: Number = Field(alias="hldg_qty")  # 보유수량
    sellable_quantity: Blankable = Field(None, alias="ord_psbl_qty")  # 주문가능수량
    average_price: Blankable = Field(None, alias="pchs_avg_pric")  # 매입평균가격
    price: ZeroIsNone = Field(None, alias="prpr")  # 현재가
    cost: Number = Field(alias="pchs_amt")  # 매입금액
    market_value: Number = Field(alias="evlu_amt")  # 평가금액
    loan_day: Mark = Field("", alias="loan_dt")  # 대출일자
    loan: Blankable = Field(None, alias="loan_amt")  # 대출금액
    proceeds: Blankable = Field(None, alias="stln_slng_chgs")  # 대주매각대금

    @property
    def kind(self) -> PositionKind | None:
        """Return whose shares these are; None where the row does not tell, or tells two things."""
        if self.trade == CASH_WORD and self.quantity > 0 and not (self.loan or self.proceeds or self.loan_day):
            return PositionKind.CASH
        on_loan = any(word in self.trade for word in LOAN_WORDS)
        if self.proceeds or SHORT_WORD in self.trade:
            return None if on_loan or CASH_WORD in self.trade else PositionKind.SHORT
        if self.quantity < 0:
            return None
        if on_loan or self.loan or self.loan_day.strip("0 "):
            return PositionKind.MARGIN_LOAN
        return PositionKind.CASH if self.trade in (CASH_WORD, "") else None

    @property
    def told(self) -> str:
        return f"trad_dvsn_name {self.trade!r}"


class Summary(Reply[Balance]):
    """주식잔고조회 (TTTC8434R), output2 -> Balance."""

    cash: Number = Field(alias="dnca_tot_amt")  # 예수금총금액
    cash_d1: Blankable = Field(None, alias="nxdy_excc_amt")  # 익일정산금액 (D+1)
    cash_d2: Blankable = Field(None, alias="prvs_rcdl_excc_amt")  # 가수도정산금액 (D+2)
    cost: Number = Field(alias="pchs_amt_smtl_amt")  # 매입금액합계금액
    market_value: Number = Field(alias="evlu_amt_smtl_amt")  # 평가금액합계금액
    total_value: Blankable = Field(None, alias="tot_evlu_amt")  # 총평가금액 = 유가 평가 + D+2 예수금

    def stands(self) -> bool:
        """Say whether these are figures of an account, and no zeros in their place."""
        return any((self.cash, self.cash_d1, self.cash_d2, self.cost, self.market_value))


class BalanceAnswer(Paged):
    """주식잔고조회 (TTTC8434R): a page of holdings, and the totals on every page."""

    rows: Rows[Holding] = block("output1")
    summary: One[Row[Summary]] = block("output2")


class Power(Reply[BuyingPower]):
    """매수가능조회 (TTTC8908R) -> BuyingPower: the figures without margin (미수없는)."""

    cash: Number = Field(alias="nrcvb_buy_amt")  # 미수없는매수금액
    quantity: Number = Field(alias="nrcvb_buy_qty")  # 미수없는매수수량


class PowerAnswer(Block):
    """매수가능조회 (TTTC8908R)."""

    output: One[Power] = block("output")


POWER = Endpoint(
    {"real": "TTTC8908R", "demo": "VTTC8908R"}, "/uapi/domestic-stock/v1/trading/inquire-psbl-order", PowerAnswer
)
BALANCE = Endpoint(
    {"real": "TTTC8434R", "demo": "VTTC8434R"}, "/uapi/domestic-stock/v1/trading/inquire-balance", BalanceAnswer
)
