"""Cash and holdings."""

from __future__ import annotations

from pydantic import Field

from brokerkit.models import Balance, BuyingPower
from brokerkit.replies import PositionReply
from brokerkit.transport import Endpoint, Mark, Reply, Text
from brokerkit.words import PositionKind
from brokerkit_kiwoom.wire.types import Listing, Padded, PaddedOrBlank, Rows, Symbol, Unsigned, ZeroIsNone, block

ACCOUNTS = "/api/dostk/acnt"
EACH = "2"  # qry_tp 조회구분: 개별, so that shares held on a loan are not summed up with others
CASH_CODES = ("00", "")  # crd_tp 신용구분
LOAN_CODES = ("33", "99")  # 융자, 융자합
LOAN_WORDS = ("융자", "대출")  # crd_tp_nm 신용구분명
SHORT_WORD = "대주"
CREDIT_WORDS = ("신용", "담보")


class Cash(Reply[Balance]):
    """예수금상세현황요청 (kt00001) -> the cash of a Balance."""

    cash: Padded = Field(alias="entr")  # 예수금
    orderable_cash: PaddedOrBlank = Field(None, alias="100stk_ord_alow_amt")  # 100%종목주문가능금액: without margin
    withdrawable_cash: PaddedOrBlank = Field(None, alias="pymn_alow_amt")  # 출금가능금액
    cash_d1: PaddedOrBlank = Field(None, alias="d1_entra")  # d+1추정예수금
    cash_d2: PaddedOrBlank = Field(None, alias="d2_entra")  # d+2추정예수금


class Holding(PositionReply):
    """계좌평가잔고내역요청 (kt00018), one row -> Position. The profit is ours: Kiwoom tells it after costs."""

    extra = PositionReply.extra | {"credit", "credit_name", "loan_day"}

    symbol: Symbol = Field(alias="stk_cd")  # 종목번호
    name: Text = Field("", alias="stk_nm")  # 종목명
    quantity: Padded = Field(alias="rmnd_qty")  # 보유수량
    sellable_quantity: PaddedOrBlank = Field(None, alias="trde_able_qty")  # 매매가능수량
    average_price: Unsigned = Field(None, alias="pur_pric")  # 매입가, cut to the won
    price: ZeroIsNone = Field(None, alias="cur_prc")  # 현재가
    cost: Padded = Field(alias="pur_amt")  # 매입금액
    market_value: Padded = Field(alias="evlt_amt")  # 평가금액
    credit: Mark = Field("", alias="crd_tp")  # 신용구분
    credit_name: Mark = Field("", alias="crd_tp_nm")  # 신용구분명
    loan_day: Mark = Field("", alias="crd_loan_dt")  # 대출일

    @property
    def kind(self) -> PositionKind | None:
        """Return whose shares these are; None where the row does not tell, or tells two things."""
        if self.credit in CASH_CODES and self.quantity > 0 and not (self.credit_name or self.loan_day):
            return PositionKind.CASH
        words = f"{self.credit} {self.credit_name}"
        on_loan = self.credit in LOAN_CODES or any(word in words for word in LOAN_WORDS)
        if SHORT_WORD in words:
            return None if on_loan else PositionKind.SHORT
        if self.quantity < 0:
            return None
        if on_loan or self.loan_day.strip("0 "):
            return PositionKind.MARGIN_LOAN
        is_cash = self.credit in CASH_CODES and not any(word in words for word in CREDIT_WORDS)
        return PositionKind.CASH if is_cash else None

    @property
    def told(self) -> str:
        return f"crd_tp {self.credit!r}, crd_tp_nm {self.credit_name!r}"


class HoldingsAnswer(Listing):
    """계좌평가잔고내역요청 (kt00018): a page of holdings, and the totals of a Balance."""

    cost: PaddedOrBlank = Field(None, alias="tot_pur_amt")  # 총매입금액
    market_value: PaddedOrBlank = Field(None, alias="tot_evlt_amt")  # 총평가금액
    rows: Rows[Holding] = block("acnt_evlt_remn_indv_tot")  # 계좌평가잔고개별합산


class Power(Reply[BuyingPower]):
    """주문인출가능금액요청 (kt00010) -> BuyingPower: the figures at 100 % margin, that is without credit."""

    cash: Padded = Field(alias="profa_100ord_alow_amt")  # 증거금100%주문가능금액
    quantity: Padded = Field(alias="profa_100ord_alowq")  # 증거금100%주문가능수량


POWER = Endpoint({"real": "kt00010", "demo": "kt00010"}, ACCOUNTS, Power, "POST")
CASH = Endpoint({"real": "kt00001", "demo": "kt00001"}, ACCOUNTS, Cash, "POST")
HOLDINGS = Endpoint({"real": "kt00018", "demo": "kt00018"}, ACCOUNTS, HoldingsAnswer, "POST")
