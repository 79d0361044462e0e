"""Cash and holdings."""

from __future__ import annotations

from pydantic import Field

from brokerkit.models import Balance, BuyingPower, Position
from brokerkit.transport import Endpoint, Reply, Text
from brokerkit_kiwoom.wire.types import Padded, PaddedOrBlank, Symbol

ACCOUNTS = "/api/dostk/acnt"


class Cash(Reply[Balance]):
    """예수금상세현황요청 (kt00001) -> the cash of a Balance."""

    cash: Padded = Field(alias="entr")  # 예수금
    orderable_cash: PaddedOrBlank = Field(None, alias="100stk_ord_alow_amt")  # 100%종목주문가능금액: without margin
    withdrawable_cash: PaddedOrBlank = Field(None, alias="pymn_alow_amt")  # 출금가능금액
    cash_d1: PaddedOrBlank = Field(None, alias="d1_entra")  # d+1추정예수금
    cash_d2: PaddedOrBlank = Field(None, alias="d2_entra")  # d+2추정예수금


class Holding(Reply[Position]):
    """계좌평가잔고내역요청 (kt00018), one row -> Position. The profit is ours: Kiwoom tells it after costs."""

    symbol: Symbol = Field(alias="stk_cd")  # 종목번호
    name: Text = Field("", alias="stk_nm")  # 종목명
    quantity: Padded = Field(alias="rmnd_qty")  # 보유수량
    sellable_quantity: PaddedOrBlank = Field(None, alias="trde_able_qty")  # 매매가능수량
    average_price: PaddedOrBlank = Field(None, alias="pur_pric")  # 매입가, cut to the won
    price: PaddedOrBlank = Field(None, alias="cur_prc")  # 현재가
    cost: Padded = Field(alias="pur_amt")  # 매입금액
    market_value: Padded = Field(alias="evlt_amt")  # 평가금액


class HoldingsAnswer(Reply[Balance]):
    """계좌평가잔고내역요청 (kt00018) -> the totals of a Balance."""

    extra = frozenset({"rows"})

    cost: Padded = Field(alias="tot_pur_amt")  # 총매입금액
    market_value: Padded = Field(alias="tot_evlt_amt")  # 총평가금액
    rows: tuple[Holding, ...] = Field(alias="acnt_evlt_remn_indv_tot")  # 계좌평가잔고개별합산


class Power(Reply[BuyingPower]):
    """주문인출가능금액요청 (kt00010) -> BuyingPower: the figures at 100 % margin, that is without credit."""

    cash: Padded = Field(alias="profa_100ord_alow_amt")  # 증거금100%주문가능금액
    quantity: Padded = Field(alias="profa_100ord_alowq")  # 증거금100%주문가능수량


POWER = Endpoint({"real": "kt00010", "demo": "kt00010"}, ACCOUNTS, Power, "POST")
CASH = Endpoint({"real": "kt00001", "demo": "kt00001"}, ACCOUNTS, Cash, "POST")
HOLDINGS = Endpoint({"real": "kt00018", "demo": "kt00018"}, ACCOUNTS, HoldingsAnswer, "POST")
