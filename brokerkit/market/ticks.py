"""Price steps (호가단위) and daily price limits (상하한가) of the Korean market."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from brokerkit.errors import InvalidRequest
from brokerkit.words import SecurityType

_STOCK_BANDS = (
    (Decimal(2_000), Decimal(1)),
    (Decimal(5_000), Decimal(5)),
    (Decimal(20_000), Decimal(10)),
    (Decimal(50_000), Decimal(50)),
    (Decimal(200_000), Decimal(100)),
    (Decimal(500_000), Decimal(500)),
)
"""Below this price, this tick; one table for all stock markets since 2023-01-25."""
_STOCK_TOP = Decimal(1_000)
_FUND_BAND = Decimal(2_000)
_HIGHEST = Decimal(10) ** 12
"""No share is worth more; beyond it the arithmetic of Decimal would not stay exact."""
_ONE = Decimal(1)
_FIVE = Decimal(5)


def tick_size(price: Decimal, kind: SecurityType = SecurityType.STOCK) -> Decimal:
    """Return the price step of an order at this price. NXT uses the same table."""
    if not 0 < price < _HIGHEST:
        raise InvalidRequest(f"A price must be more than 0 and less than {_HIGHEST}, not {price}.")
    if kind is SecurityType.ELW:
        return _FIVE  # a finer step below 2,000 won was not found for ELW
    if kind in (SecurityType.ETF, SecurityType.ETN):
        return _ONE if price < _FUND_BAND else _FIVE
    for below, tick in _STOCK_BANDS:
        if price < below:
            return tick
    return _STOCK_TOP


def is_on_tick(price: Decimal, kind: SecurityType = SecurityType.STOCK) -> bool:
    """Return whether an order may carry this price, as far as the step goes."""
    return 0 < price < _HIGHEST and price % tick_size(price, kind) == 0


def round_to_tick(price: Decimal, kind: SecurityType = SecurityType.STOCK, *, up: bool) -> Decimal:
    """Return the nearest price on the step that is not below (`up`) or not above the given one."""
    tick = tick_size(price, kind)
    rounded = _cut(price, tick, ROUND_CEILING if up else ROUND_FLOOR)
    if rounded <= 0:
        raise InvalidRequest(f"There is no price at or below {price}: the step is {tick} won.")
    return rounded


def price_limits(base: Decimal, kind: SecurityType = SecurityType.STOCK, percent: int = 30) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest price of a day from its base price.

    `percent` is 30 in KOSPI and KOSDAQ; leveraged funds have a multiple of it. Read the limits from the broker where
    it tells them: on ex-dates and first days the base price is not yesterday's close.
    """
    if kind in (SecurityType.ELW, SecurityType.SUBSCRIPTION_RIGHT):
        raise InvalidRequest(f"{kind} have no daily price limits.")
    base_tick = tick_size(base, kind)
    width = _cut(base * percent / 100, base_tick, ROUND_FLOOR)
    if width <= 0 or width >= base:
        # The exchange's rule for prices whose limits would be narrower than a tick was not found: no guess.
        raise InvalidRequest(f"The limits of a base price of {base} at {percent} % are not known.")
    highest = base + width
    return base - width, _cut(highest, tick_size(highest, kind), ROUND_FLOOR)


def _cut(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return (price / tick).to_integral_value(rounding=rounding) * tick
