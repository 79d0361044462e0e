"""Cash and holdings."""

from __future__ import annotations

from pydantic import Field

from brokerkit.models import Balance, BuyingPower, Position
from brokerkit.transport import Blankable, Body, Endpoint, Number, Reply, Text
from brokerkit_kis.wire.types import One, Paged, Rows, block


class Holding(Reply[Position]):
    """주식잔고조회 (TTTC8434R), output1 -> Position."""

    symbol: Text = Field(alias="pdno")  # 상품번호
    name: Text = Field("", alias="prdt_name")  # 상품명
    quantity: Number = Field(alias="hldg_qty")  # 보유수량
    sellable_quantity: Blankable = Field(None, alias="ord_psbl_qty")  # 주문가능수량
    average_price: Blankable = Field(None, alias="pchs_avg_pric")  # 매입평균가격
    price: Blankable = Field(None, alias="prpr")  # 현재가
    cost: Number = Field(alias="pchs_amt")  # 매입금액
    market_value: Number = Field(alias="evlu_amt")  # 평가금액


class Summary(Reply[Balance]):
    """주식잔고조회 (TTTC8434R), output2 -> Balance."""

    cash: Number = Field(alias="dnca_tot_amt")  # 예수금총금액
    cash_d1: Blankable = Field(None, alias="nxdy_excc_amt")  # 익일정산금액 (D+1)
    cash_d2: Blankable = Field(None, alias="prvs_rcdl_excc_amt")  # 가수도정산금액 (D+2)
    cost: Number = Field(alias="pchs_amt_smtl_amt")  # 매입금액합계금액
    market_value: Number = Field(alias="evlu_amt_smtl_amt")  # 평가금액합계금액
    total_value: Blankable = Field(None, alias="tot_evlu_amt")  # 총평가금액 = 유가 평가 + D+2 예수금


class BalanceAnswer(Paged):
    """주식잔고조회 (TTTC8434R): a page of holdings, and the totals on every page."""

    rows: Rows[Holding] = block("output1")
    summary: One[Summary] = block("output2")


class Power(Reply[BuyingPower]):
    """매수가능조회 (TTTC8908R) -> BuyingPower: the figures without margin (미수없는)."""

    cash: Number = Field(alias="nrcvb_buy_amt")  # 미수없는매수금액
    quantity: Number = Field(alias="nrcvb_buy_qty")  # 미수없는매수수량


class PowerAnswer(Body):
    """매수가능조회 (TTTC8908R)."""

    output: One[Power] = block("output")


POWER = Endpoint(
    {"real": "TTTC8908R", "demo": "VTTC8908R"}, "/uapi/domestic-stock/v1/trading/inquire-psbl-order", PowerAnswer
)
BALANCE = Endpoint(
    {"real": "TTTC8434R", "demo": "VTTC8434R"}, "/uapi/domestic-stock/v1/trading/inquire-balance", BalanceAnswer
)
