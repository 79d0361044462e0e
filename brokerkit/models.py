"""The common language: what every broker's answers become.

Prices and amounts are in the currency of the model, quantities in shares, percentages as 1.23 = 1.23 %. All of them are
Decimal. Times are aware, in Korean time. None means that the broker says nothing; it is never 0. Lists ascend by time.
"""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator, model_validator

from brokerkit.errors import InvalidRequest
from brokerkit.market.symbols import check_symbol


class Venue(StrEnum):
    """Where an order goes or a quote comes from."""

    KRX = "KRX"
    """Korea Exchange (한국거래소)."""
    NXT = "NXT"
    """Nextrade (넥스트레이드)."""
    SOR = "SOR"
    """Smart order routing; in queries the combined market (통합)."""


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """How the price of an order is made. Which venue takes which type is told by `Unsupported`."""

    LIMIT = "LIMIT"
    """지정가."""
    MARKET = "MARKET"
    """시장가."""
    LIMIT_TO_MARKET_ON_CLOSE = "LIMIT_TO_MARKET_ON_CLOSE"
    """조건부지정가."""
    BEST_OPPOSITE = "BEST_OPPOSITE"
    """최유리지정가: at the best price of the other side."""
    BEST_SAME_SIDE = "BEST_SAME_SIDE"
    """최우선지정가: at the best price of the own side."""
    MIDPOINT = "MIDPOINT"
    """중간가."""
    STOP_LIMIT = "STOP_LIMIT"
    """스톱지정가."""
    PRE_OPEN_CLOSING_PRICE = "PRE_OPEN_CLOSING_PRICE"
    """장전 시간외종가."""
    AFTER_CLOSE_CLOSING_PRICE = "AFTER_CLOSE_CLOSING_PRICE"
    """장후 시간외종가."""
    SINGLE_PRICE = "SINGLE_PRICE"
    """시간외단일가; history only, abolished on 2026-09-14."""


class TimeInForce(StrEnum):
    """How long an order lives. No exchange order outlives its day."""

    DAY = "DAY"
    IOC = "IOC"
    """Fill what can be filled at once, cancel the rest."""
    FOK = "FOK"
    """Fill all at once or nothing."""
    GOOD_TILL_PRE_MARKET = "GOOD_TILL_PRE_MARKET"
    """Dies with the pre-market of NXT."""


class OrderStatus(StrEnum):
    """State of an order, judged against the quantity asked for."""

    PENDING = "PENDING"
    """Accepted by the broker, nothing more known yet."""
    WORKING = "WORKING"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"
    """The broker's lists do not tell; never a guess."""


T = TypeVar("T")


_HIGHEST = Decimal(10) ** 18
"""More digits than any broker's wire takes; a number beyond it is a mistake and would fill pages when written out."""


_NUMBERS = (Decimal, int, str, float)


def exact_decimal(value: object) -> Decimal:
    """Return a price or quantity given as int, str, Decimal or float as an exact Decimal.

    A float is taken by its shortest text, so 70000.0 is 70000 and 0.1 is 0.1. Anything else is an InvalidRequest.
    """
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise InvalidRequest(f"{reprlib.repr(value)} is not a number. Give an int, a str or a Decimal.")
    if isinstance(value, str) and (not value.isascii() or "_" in value or value != value.strip()):
        raise InvalidRequest(f"{_shown(value)} is not a plain number. Give an int, a str like '70000' or a Decimal.")
    try:
        # Not repr(value): the floats of array libraries are floats whose repr is no number.
        number = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidRequest(f"{_shown(value)} is not a finite number. Give an int, a str like '70000' or a Decimal.")
    if not -_HIGHEST < number < _HIGHEST:
        raise InvalidRequest(f"{_shown(value)} is larger than any price or quantity.")
    return number


def _shown(value: object) -> str:
    return f"An int of {value.bit_length()} bits" if isinstance(value, int) else reprlib.repr(value)


def _optional(check: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else check(value)


Exact = Annotated[Decimal, BeforeValidator(exact_decimal)]
OptionalExact = Annotated[Decimal | None, BeforeValidator(_optional(exact_decimal))]


class Model(BaseModel):
    """Base of the common models: immutable, nothing unknown gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid", cache_strings="keys")


class Quote(Model):
    """Price of a symbol, in `currency` per share."""

    symbol: str
    venue: Venue
    currency: str
    price: Decimal
    name: str | None = None
    previous_close: Decimal | None = None
    """Base price of the day (기준가): the last regular close, adjusted on ex-dates."""
    change: Decimal | None = None
    """price - previous_close, signed."""
    change_percent: Decimal | None = None
    """Signed, 1.23 = 1.23 %."""
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None
    """Shares traded today."""
    turnover: Decimal | None = None
    """Value traded today, in currency units (won)."""
    upper_limit: Decimal | None = None
    lower_limit: Decimal | None = None
    time: dt.datetime | None = None


class Level(Model):
    """One price of an order book."""

    price: Decimal
    quantity: Decimal


class OrderBook(Model):
    """Waiting orders by price, best first; a level without quantity is left out."""

    symbol: str
    venue: Venue
    time: dt.datetime | None = None
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]


class OrderRequest(Model):
    """An order as the caller means it, checked when it is made: a bad one raises InvalidRequest.

    `type` may be left out when a price is given (then LIMIT). Neither price nor type is an error, never a market order.
    `quantity` is in shares, `price` and `stop_price` in won per share.
    """

    symbol: str
    side: Side
    quantity: Exact
    type: OrderType
    price: OptionalExact = None
    stop_price: OptionalExact = None
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX

    @field_validator("symbol", mode="before")
    @classmethod
    def _known_grammar(cls, symbol: object) -> str:
        return check_symbol(symbol)

    @model_validator(mode="wrap")
    @classmethod
    def _complete(cls, values: Any, handler: Callable[[Any], OrderRequest]) -> OrderRequest:
        if isinstance(values, dict) and values.get("type") is None:
            if values.get("price") is None:
                raise InvalidRequest("An order needs a price, or type=MARKET to trade at any price. Neither was given.")
            values = {**values, "type": OrderType.LIMIT}
        try:
            request = handler(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "order"
            raise InvalidRequest(f"{field}: {first['msg']}") from None
        request._check_numbers()
        return request

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with changes, checked like a new order (pydantic's own does not check)."""
        return self.model_validate({**dict(self), **(update or {})})

    def _check_numbers(self) -> None:
        if self.quantity <= 0:
            raise InvalidRequest(f"quantity must be more than 0, not {self.quantity}.")
        if self.quantity != self.quantity.to_integral_value():
            raise InvalidRequest(f"quantity must be whole shares, not {self.quantity}.")
        for name, price in (("price", self.price), ("stop_price", self.stop_price)):
            if price is not None and price <= 0:
                raise InvalidRequest(f"{name} must be more than 0, not {price}.")
        if self.type in PRICED and self.price is None:
            raise InvalidRequest(f"A {self.type} order needs a price.")
        if self.type not in PRICED and self.price is not None:
            raise InvalidRequest(f"A {self.type} order takes no price; it was given {self.price}.")
        if (self.type is OrderType.STOP_LIMIT) != (self.stop_price is not None):
            raise InvalidRequest("stop_price belongs to a STOP_LIMIT order, and every STOP_LIMIT order needs one.")


PRICED = frozenset({OrderType.LIMIT, OrderType.LIMIT_TO_MARKET_ON_CLOSE, OrderType.STOP_LIMIT, OrderType.SINGLE_PRICE})
"""Order types that carry a limit price."""


class Order(Model):
    """An order at the broker. Survives as JSON: `Order.model_validate_json(order.model_dump_json())`."""

    id: str
    """The number that the broker's own app shows. Unique only together with the day."""
    symbol: str
    name: str | None = None
    side: Side
    type: OrderType | None = None
    """None where the broker names a type that brokerkit does not know."""
    time_in_force: TimeInForce | None = None
    venue: Venue | None = None
    quantity: Decimal
    """Shares asked for."""
    price: Decimal | None = None
    """Limit price; None for types without one."""
    filled_quantity: Decimal | None = None
    remaining_quantity: Decimal | None = None
    average_fill_price: Decimal | None = None
    status: OrderStatus
    submitted_at: dt.datetime | None = None
    original_id: str | None = None
    """Number of the order that this one amended or cancelled."""
    handle: str
    """Opaque: what the adapter needs to find, amend or cancel the order later, also after a restart."""


class Position(Model):
    """A holding. One row as the broker lists it: shares held on a loan stand in a row of their own."""

    symbol: str
    name: str | None = None
    quantity: Decimal
    sellable_quantity: Decimal | None = None
    average_price: Decimal | None = None
    """Average cost per share as the broker tells it; some cut it to the won."""
    price: Decimal | None = None
    cost: Decimal
    """What was paid, before fees."""
    market_value: Decimal
    """Value at the present price, before fees and tax."""
    unrealized_pnl: Decimal
    """market_value - cost, before fees and tax (some brokers tell it after them)."""
    unrealized_pnl_percent: Decimal | None = None
    """Of the cost, four decimals; None without cost."""
    currency: str

    @model_validator(mode="before")
    @classmethod
    def _profit(cls, values: Any) -> Any:
        return _with_profit(values, percent=True)


class Balance(Model):
    """Cash and holdings of an account, amounts in `currency`."""

    account: str
    """Masked: only the last digits are shown."""
    currency: str
    cash: Decimal
    """Deposit of today (예수금), before unsettled trades."""
    orderable_cash: Decimal | None = None
    """Cash for new buy orders without margin."""
    withdrawable_cash: Decimal | None = None
    cash_d1: Decimal | None = None
    """Cash after the settlements of the next trading day (D+1)."""
    cash_d2: Decimal | None = None
    """Cash after the settlements of D+2: today's trades included."""
    cost: Decimal
    market_value: Decimal
    unrealized_pnl: Decimal
    """market_value - cost, before fees and tax."""
    total_value: Decimal | None = None
    """cash_d2 + market_value."""
    positions: tuple[Position, ...]

    @model_validator(mode="before")
    @classmethod
    def _profit(cls, values: Any) -> Any:
        return _with_profit(values)


def _with_profit(values: Any, *, percent: bool = False) -> Any:
    if not isinstance(values, dict) or "unrealized_pnl" in values or not {"market_value", "cost"} <= values.keys():
        return values
    try:
        cost, market_value = exact_decimal(values["cost"]), exact_decimal(values["market_value"])
    except InvalidRequest:
        return values  # the fields' own types refuse it, by name
    profit = market_value - cost
    computed = {"unrealized_pnl": profit}
    if percent and cost > 0:
        with localcontext(prec=60):  # 18 digits before the point and 8 after it, in the profit and in the cost
            computed["unrealized_pnl_percent"] = (profit / cost * 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return {**values, **computed}


class BuyingPower(Model):
    """What can be ordered without margin."""

    symbol: str
    currency: str
    cash: Decimal
    quantity: Decimal
    price: Decimal | None = None


class Flow(Model):
    """Trading of one kind of investor on one day: quantities in shares, amounts in won, net = buy - sell, signed.

    None where the broker does not tell. Brokers tell amounts in million won, so they are exact to the million.
    """

    net_quantity: Decimal | None = None
    buy_quantity: Decimal | None = None
    sell_quantity: Decimal | None = None
    net_amount: Decimal | None = None
    buy_amount: Decimal | None = None
    sell_amount: Decimal | None = None


class InvestorFlow(Model):
    """Who bought and who sold a symbol on one day (투자자별 매매동향)."""

    symbol: str
    date: dt.date
    close: Decimal | None = None
    final: bool
    """False while the day's figures are provisional: until the next morning."""
    individual: Flow = Flow()
    """개인."""
    foreign: Flow = Flow()
    """외국인: the exchange's figure, registered and other foreigners together."""
    institution: Flow = Flow()
    """기관계: the sum of the eight kinds below."""
    financial_investment: Flow = Flow()
    """금융투자."""
    insurance: Flow = Flow()
    """보험."""
    investment_trust: Flow = Flow()
    """투신."""
    bank: Flow = Flow()
    """은행."""
    other_finance: Flow = Flow()
    """기타금융."""
    pension: Flow = Flow()
    """연기금 등."""
    private_fund: Flow = Flow()
    """사모펀드."""
    government: Flow = Flow()
    """국가·지자체."""
    other_corporation: Flow = Flow()
    """기타법인."""
    resident_foreign: Flow = Flow()
    """내외국인 (기타외국인): already counted in `foreign`."""
