"""What an account holds, and what it can order."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from pydantic import model_validator

from brokerkit.errors import InvalidRequest
from brokerkit.models.base import Model
from brokerkit.models.table import Table
from brokerkit.values import Exact, exact_decimal
from brokerkit.words import PositionKind


class Position(Model):
    """A holding. One row as the broker lists it: shares held on a loan, or owed, stand in a row of their own."""

    symbol: str
    """The symbol, such as 005930 or US:AAPL (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명); None where it does not."""
    kind: PositionKind = PositionKind.CASH
    """Whose shares: own ones, on a loan, or owed (구분)."""
    quantity: Exact
    """Shares held (보유수량); below 0 for SHORT: shares owed."""
    sellable_quantity: Exact | None = None
    """Shares that `sell` can sell now (매도가능수량): 0 unless `kind` is CASH."""
    average_price: Exact | None = None
    """Average cost per share as the broker tells it (매입단가, 평균단가); some cut it to the won."""
    price: Exact | None = None
    """Present price (현재가); None without one, as before the first trade or in a halt: brokers then write 0."""
    cost: Exact | None
    """What was paid, before fees (매입금액); None for SHORT: what brokers mean by it there is not known."""
    market_value: Exact | None
    """Value at the present price, before fees and tax (평가금액); None without a price, and for SHORT."""
    unrealized_pnl: Exact | None
    """market_value - cost (평가손익), before fees and tax (some brokers tell it after them); None without either."""
    unrealized_pnl_percent: Exact | None = None
    """Of the cost, four decimals (수익률), 1.23 = 1.23 %; None without cost or value."""
    currency: str
    """ISO 4217: of all amounts of the row (통화)."""

    @model_validator(mode="before")
    @classmethod
    def _profit(cls, values: Any) -> Any:
        return _with_profit(values, percent=True)


class Balance(Model):
    """Cash and holdings of an account, amounts in `currency`."""

    account: str
    """Masked: only the last digits are shown (계좌번호)."""
    currency: str
    """ISO 4217 (통화)."""
    cash: Exact | None = None
    """Deposit of today (예수금), before unsettled trades; None where the broker does not tell it."""
    orderable_cash: Exact | None = None
    """Cash for new buy orders without margin (주문가능금액)."""
    withdrawable_cash: Exact | None = None
    """Cash that can leave the account now (출금가능금액); None where the broker does not tell it."""
    cash_d1: Exact | None = None
    """Cash after the settlements of the next trading day (D+1 예수금)."""
    cash_d2: Exact | None = None
    """Cash after the settlements of D+2: today's trades included (D+2 예수금)."""
    cost: Exact
    """What was paid for all holdings, before fees (총매입금액)."""
    market_value: Exact
    """Value of all holdings at their present prices (총평가금액)."""
    unrealized_pnl: Exact
    """market_value - cost, before fees and tax (평가손익)."""
    total_value: Exact | None = None
    """cash_d2 + market_value (총자산)."""
    positions: Table[Position]
    """The holdings, a row as the broker lists it (보유종목)."""

    @model_validator(mode="before")
    @classmethod
    def _profit(cls, values: Any) -> Any:
        return _with_profit(values)


def _with_profit(values: Any, *, percent: bool = False) -> Any:
    if not isinstance(values, dict) or "unrealized_pnl" in values or not {"market_value", "cost"} <= values.keys():
        return values
    if values["cost"] is None or values["market_value"] is None:
        return {**values, "unrealized_pnl": None}
    try:
        cost, market_value = _exact(values["cost"]), _exact(values["market_value"])
    except InvalidRequest:
        return values  # the fields' own types refuse it, by name
    profit = market_value - cost
    computed = {"unrealized_pnl": profit}
    if percent and cost > 0:
        with localcontext(prec=60):  # 18 digits before the point and 8 after it, in the profit and in the cost
            computed["unrealized_pnl_percent"] = (profit / cost * 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return {**values, **computed}


def _exact(value: object) -> Decimal:
    """Return a number, at once where it is one already: of a balance all are."""
    return value if type(value) is Decimal and value.is_finite() else exact_decimal(value)


class BuyingPower(Model):
    """What can be ordered without margin."""

    symbol: str
    """Of what (종목코드)."""
    currency: str
    """ISO 4217: of all amounts (통화)."""
    cash: Exact
    """Of that currency alone (매수가능금액): what is changed into it on the way counts in `integrated_cash`."""
    quantity: Exact
    """Whole shares that `cash` buys (매수가능수량)."""
    price: Exact | None = None
    """The limit that was asked about, a share (주문단가); None for a market order."""
    integrated_cash: Exact | None = None
    """With what won and other currencies would be changed into (통합증거금); None where the broker does not tell it."""
    integrated_quantity: Exact | None = None
    """Shares that it buys (통합증거금 매수가능수량); None where the broker does not tell it."""
