"""The common language: what every broker's answers become.

Prices and amounts are in the currency of the model, quantities in shares, percentages as 1.23 = 1.23 %. All of them are
Decimal. Times are aware, in Korean time. None means that the broker says nothing; it is never 0. Lists ascend by time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from brokerkit.errors import BrokerError, InvalidRequest
from brokerkit.market.symbols import check_symbol
from brokerkit.values import Amount, Date, Exact, Moment, NumberOfModel, exact_decimal
from brokerkit.words import OrderStatus as OrderStatus
from brokerkit.words import OrderType as OrderType
from brokerkit.words import PositionKind as PositionKind
from brokerkit.words import Side as Side
from brokerkit.words import TimeInForce as TimeInForce
from brokerkit.words import Venue as Venue


class Model(BaseModel):
    """Base of the common models: immutable, nothing unknown gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid", cache_strings="keys")


class Quote(Model):
    """Price of a symbol, in `currency` per share."""

    symbol: str
    venue: Venue
    currency: str
    price: Exact
    name: str | None = None
    previous_close: Exact | None = None
    """Base price of the day (기준가): the last regular close, adjusted on ex-dates."""
    change: Exact | None = None
    """price - previous_close, signed."""
    change_percent: Exact | None = None
    """Signed, 1.23 = 1.23 %."""
    open: Exact | None = None
    high: Exact | None = None
    low: Exact | None = None
    volume: Exact | None = None
    """Shares traded today."""
    turnover: Exact | None = None
    """Value traded today, in currency units (won)."""
    upper_limit: Exact | None = None
    lower_limit: Exact | None = None
    time: Moment | None = None


class Level(Model):
    """One price of an order book."""

    price: Exact
    quantity: Exact


class OrderBook(Model):
    """Waiting orders by price, best first; a level without quantity is left out."""

    symbol: str
    venue: Venue
    time: Moment | None = None
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]


T = TypeVar("T")


class _Refused(ValueError):
    """An error of ours on its way through pydantic, which makes it part of a ValidationError."""

    def __init__(self, error: BrokerError) -> None:
        super().__init__(error.message)
        self.error = error


def _refusable(check: Callable[[object], T]) -> Callable[[object], T]:
    """Return a check of ours for pydantic, which must not let other errors through than its own."""

    def checked(value: object) -> T:
        try:
            return check(value)
        except BrokerError as error:
            raise _Refused(error) from None

    return checked


def _in_our_words(error: ValidationError) -> BrokerError:
    """Return what is to be raised for an order that the caller made himself: InvalidRequest or Unsupported."""
    first = error.errors(include_url=False, include_input=False)[0]
    refused = first.get("ctx", {}).get("error")
    if isinstance(refused, _Refused):
        return refused.error.with_traceback(None)
    field = ".".join(str(part) for part in first["loc"]) or "order"
    return InvalidRequest(f"{field}: {first['msg']}")


_Given = Annotated[Decimal, NumberOfModel(_refusable(exact_decimal))]
"""A number of an order: a float is taken too, by its shortest text, and then has to fit."""
_GivenSymbol = Annotated[str, BeforeValidator(_refusable(check_symbol))]
_GivenType = Annotated[
    OrderType, WithJsonSchema({"anyOf": [{"type": "string", "enum": [*OrderType]}, {"type": "null"}]})
]


class OrderRequest(Model):
    """An order as the caller means it, checked when it is made: a bad one raises InvalidRequest.

    As a field of a model of yours it is a ValidationError, like any other bad field.

    `type` may be left out when a price is given (then LIMIT). Neither price nor type is an error, never a market order.
    `quantity` is in shares, `price` and `stop_price` in won per share; int, str, Decimal and float are taken.
    """

    symbol: _GivenSymbol
    side: Side
    quantity: _Given
    type: _GivenType = Field(default=cast(OrderType, None))
    price: _Given | None = None
    stop_price: _Given | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            symbol: str,
            side: Side,
            quantity: Amount,
            type: OrderType | None = None,
            price: Amount | None = None,
            stop_price: Amount | None = None,
            time_in_force: TimeInForce = TimeInForce.DAY,
            venue: Venue = Venue.KRX,
        ) -> None: ...

    else:

        def __init__(self, /, **values: object) -> None:
            try:
                super().__init__(**values)
                return
            except ValidationError as error:
                refused = _in_our_words(error)
            raise refused

        # As a field of another model it is validated in place, without this method.
        __init__.__pydantic_base_init__ = True

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return the order of a dict or of another object; InvalidRequest if it is wrong."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            refused = _in_our_words(error)
        raise refused

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the order of a JSON text; InvalidRequest if it is wrong."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            refused = _in_our_words(error)
        raise refused

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or values.get("type") is not None:
            return values
        if values.get("price") is None:
            raise _Refused(
                InvalidRequest("An order needs a price, or type=MARKET to trade at any price. Neither was given.")
            )
        return {**values, "type": OrderType.LIMIT}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        try:
            self._check_numbers()
        except InvalidRequest as error:
            raise _Refused(error) from None
        return self

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
    quantity: Exact
    """Shares asked for."""
    price: Exact | None = None
    """Limit price; None for types without one."""
    filled_quantity: Exact | None = None
    remaining_quantity: Exact | None = None
    average_fill_price: Exact | None = None
    status: OrderStatus
    submitted_at: Moment | None = None
    original_id: str | None = None
    """Number of the order that this one amended or cancelled."""
    handle: str
    """Opaque: what the adapter needs to find, amend or cancel the order later, also after a restart."""


class Position(Model):
    """A holding. One row as the broker lists it: shares held on a loan, or owed, stand in a row of their own."""

    symbol: str
    name: str | None = None
    kind: PositionKind = PositionKind.CASH
    quantity: Exact
    """Shares held; below 0 for SHORT: shares owed."""
    sellable_quantity: Exact | None = None
    """Shares that `sell` can sell now: 0 unless `kind` is CASH."""
    average_price: Exact | None = None
    """Average cost per share as the broker tells it; some cut it to the won."""
    price: Exact | None = None
    """None without a price, as before the first trade or in a halt: brokers then write 0."""
    cost: Exact | None
    """What was paid, before fees; None for SHORT: what brokers mean by it there is not known."""
    market_value: Exact | None
    """Value at the present price, before fees and tax; None without a price, and for SHORT."""
    unrealized_pnl: Exact | None
    """market_value - cost, before fees and tax (some brokers tell it after them); None without either."""
    unrealized_pnl_percent: Exact | None = None
    """Of the cost, four decimals; None without cost or value."""
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
    cash: Exact
    """Deposit of today (예수금), before unsettled trades."""
    orderable_cash: Exact | None = None
    """Cash for new buy orders without margin."""
    withdrawable_cash: Exact | None = None
    cash_d1: Exact | None = None
    """Cash after the settlements of the next trading day (D+1)."""
    cash_d2: Exact | None = None
    """Cash after the settlements of D+2: today's trades included."""
    cost: Exact
    market_value: Exact
    unrealized_pnl: Exact
    """market_value - cost, before fees and tax."""
    total_value: Exact | None = None
    """cash_d2 + market_value."""
    positions: tuple[Position, ...]

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
    currency: str
    cash: Exact
    quantity: Exact
    price: Exact | None = None


class Flow(Model):
    """Trading of one kind of investor on one day: quantities in shares, amounts in won, net = buy - sell, signed.

    None where the broker does not tell. Brokers tell amounts in million won, so they are exact to the million.
    """

    net_quantity: Exact | None = None
    buy_quantity: Exact | None = None
    sell_quantity: Exact | None = None
    net_amount: Exact | None = None
    buy_amount: Exact | None = None
    sell_amount: Exact | None = None


class InvestorFlow(Model):
    """Who bought and who sold a symbol on one day (투자자별 매매동향)."""

    symbol: str
    date: Date
    close: Exact | None = None
    final: StrictBool
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
