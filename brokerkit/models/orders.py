"""Orders: as they are meant, and as they stand at the broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, cast

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from brokerkit.errors import BrokerError, InvalidRequest
from brokerkit.market.markets import market_of
from brokerkit.models.base import Model
from brokerkit.symbols import check_symbol, is_symbol
from brokerkit.values import Amount, Exact, Moment, NumberOfModel, exact_decimal
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

T = TypeVar("T")


class _Refused(ValueError):
    """An error of ours on its way through pydantic, which makes it part of a ValidationError."""

    def __init__(self, error: BrokerError) -> None:
        super().__init__(error.words)
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
if TYPE_CHECKING:
    _GivenVenue = Venue
else:
    _GivenVenue = Venue | None
_GivenType = Annotated[
    OrderType, WithJsonSchema({"anyOf": [{"type": "string", "enum": [*OrderType]}, {"type": "null"}]})
]


class OrderRequest(Model):
    """An order as the caller means it, checked when it is made: a bad one raises InvalidRequest.

    As a field of a model of yours it is a ValidationError, like any other bad field.

    `type` may be left out when a price is given (then LIMIT). Neither price nor type is an error, never a market order.
    `quantity` is in shares, `price` and `stop_price` in the currency of the symbol's market per share: won in Korea,
    dollars in the US. int, str, Decimal and float are taken.
    """

    symbol: _GivenSymbol
    """What to trade, such as 005930 or US:AAPL (종목코드)."""
    side: Side
    """Buy or sell (매매구분)."""
    quantity: _Given
    """Whole shares, more than 0 (주문수량)."""
    type: _GivenType = Field(default=cast(OrderType, None))
    """How the price is made (주문유형); LIMIT if left out beside a price."""
    price: _Given | None = None
    """Limit a share, more than 0 and on the price step (주문가격); None for types without one."""
    stop_price: _Given | None = None
    """At which a STOP or STOP_LIMIT order begins (조건가격); None for all others."""
    time_in_force: TimeInForce = TimeInForce.DAY
    """How long it lives (주문조건)."""
    venue: _GivenVenue = Field(default=cast(Venue, None))
    """Where it goes (거래소); left out: the default venue of the symbol's market."""

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
            venue: Venue | None = None,
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
    def _said(cls, values: Any) -> Any:
        """Fill in what is meant where nothing is said: the type that a price tells, and the market's venue."""
        if not isinstance(values, Mapping):
            return values
        meant = dict(values)
        if meant.get("type") is None:
            if meant.get("price") is None:
                raise _Refused(
                    InvalidRequest("An order needs a price, or type=MARKET to trade at any price. Neither was given.")
                )
            meant["type"] = OrderType.LIMIT
        if meant.get("venue") is None and is_symbol(meant.get("symbol")):
            meant["venue"] = market_of(meant["symbol"]).default_venue
        return meant

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
        if (self.type in STOPS) != (self.stop_price is not None):
            words = " or ".join(sorted(STOPS))
            raise InvalidRequest(f"stop_price belongs to a {words} order, and each of these needs one.")


PRICED = frozenset(
    {
        *(OrderType.LIMIT, OrderType.LIMIT_TO_MARKET_ON_CLOSE, OrderType.STOP_LIMIT, OrderType.SINGLE_PRICE),
        *(OrderType.LIMIT_ON_OPEN, OrderType.LIMIT_ON_CLOSE, OrderType.TWAP_LIMIT, OrderType.VWAP_LIMIT),
    }
)
"""Order types that carry a limit price."""
STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
"""Order types that begin at a stop price."""


class Order(Model):
    """An order at the broker. Survives as JSON: `Order.model_validate_json(order.model_dump_json())`."""

    time_field = "submitted_at"

    id: str
    """The number that the broker's own app shows (주문번호). Unique only together with the day."""
    symbol: str
    """What it trades (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    side: Side
    """Buy or sell (매매구분)."""
    type: OrderType | None = None
    """How its price is made (주문유형); None where the broker names a type that brokerkit does not know."""
    time_in_force: TimeInForce | None = None
    """How long it lives (주문조건); None where the broker does not tell it."""
    venue: Venue | None = None
    """Where it went (거래소); None where the broker does not tell it."""
    quantity: Exact
    """Shares asked for (주문수량)."""
    price: Exact | None = None
    """Limit price (주문가격); None for types without one."""
    filled_quantity: Exact | None = None
    """Shares that were traded (체결수량); None where nobody knows yet."""
    remaining_quantity: Exact | None = None
    """Shares that still wait (미체결수량); None where nobody knows yet."""
    average_fill_price: Exact | None = None
    """Average a share of what was filled (체결평균가); None without a fill."""
    status: OrderStatus
    """How it stands (주문상태)."""
    submitted_at: Moment | None = None
    """When the broker received it (주문시각)."""
    original_id: str | None = None
    """Number of the order that this one amended or cancelled (원주문번호)."""
    handle: str
    """Opaque: what the adapter needs to find, amend or cancel the order later, also after a restart."""
