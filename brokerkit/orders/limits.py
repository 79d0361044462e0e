"""The limits of a profile, and how careful a broker is with orders: all that a configuration says of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from brokerkit.errors import ConfigError, InvalidRequest
from brokerkit.market.markets import market_of
from brokerkit.symbols import HOME_CURRENCY
from brokerkit.values import exact_decimal

NO_CURRENCY = "XXX"
"""ISO 4217 for none: of a market whose instruments have one each, and of what is no amount of money."""


class Limits(BaseModel):
    """Limits of a profile. Amounts are in won, in the table of a currency in that; None: no limit.

    Cancellations are never limited.

    Numbers are taken as those of orders are: a float by its shortest text, so 0.1 + 0.2 is 0.30000000000000004.
    Limits of another currency stand in a table named by it: `Limits(max_order_value=5_000_000, USD={...})`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    max_order_quantity: Decimal | None = Field(None, gt=0)
    """Shares of one order."""
    max_order_value: Decimal | None = Field(None, gt=0)
    """Quantity times price of one order.

    Orders without a price count at the upper limit of the day; in a market without such limits at what they may come to
    by `highest_rise` of its rules: an estimate.
    """
    max_daily_value: Decimal | None = Field(None, gt=0)
    """Value of all orders and dearer amendments of a day, whatever became of them, unless the broker refused them."""
    max_orders_per_minute: int | None = Field(None, gt=0)
    """Orders and amendments in any 60 seconds."""
    max_orders_per_day: int | None = Field(None, gt=0)
    """Orders and amendments of a day."""
    price_collar_percent: Decimal | None = Field(None, gt=0)
    """How far a price may lie from the last price, in percent of it: 3 = 3 %."""
    symbols: frozenset[str] | None = None
    """The only symbols that may be ordered."""
    others: Mapping[str, Limits] = Field(default_factory=dict)
    """Currency (ISO 4217) to the limits of orders in it."""

    def of(self, currency: str | None) -> Limits | None:
        """Return the limits of a currency; None where there are none. Where nobody can tell it, it is held to these."""
        return self if currency in (HOME_CURRENCY, NO_CURRENCY) else self.others.get(currency or "")

    @model_validator(mode="before")
    @classmethod
    def _by_currency(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        others = {name: table for name, table in values.items() if is_currency(name)}
        own = {name: value for name, value in values.items() if name not in others}
        return {**own, "others": {**own.get("others", {}), **others}} if others else values

    @field_validator("others")
    @classmethod
    def _once(cls, others: Mapping[str, Limits]) -> Mapping[str, Limits]:
        """Refuse tables that would never be looked at."""
        if HOME_CURRENCY in others:
            raise ValueError(f"limits in {HOME_CURRENCY} stand in the table itself, without a table of that name")
        if any(table.others for table in others.values()):
            raise ValueError("the limits of a currency hold no tables of other currencies")
        return others

    @field_validator("*", mode="before")
    @classmethod
    def _plain_number(cls, value: object, info: ValidationInfo) -> object:
        """Refuse what pydantic would take for a number: texts such as 1_000, and true."""
        if value is None or info.field_name in ("symbols", "others"):
            return value
        try:
            return exact_decimal(value)
        except InvalidRequest as error:
            raise ValueError(error.words) from None


def money(amount: Decimal, currency: str | None) -> str:
    """Write an amount of a currency in a sentence."""
    return f"{amount:,f} {unit_of(currency)}".strip()


def unit_of(currency: str | None) -> str:
    """Return what an amount of a currency is called in a sentence; blank where it is not known."""
    return "won" if currency == HOME_CURRENCY else currency or ""


def is_currency(name: object) -> bool:
    """Say whether a name in a table of limits is that of a currency, whose own table it is."""
    return isinstance(name, str) and len(name) == 3 and name.isascii() and name.isalpha() and name.isupper()


def check_limits(values: object, check: Callable[[Mapping[str, object], set[str]], None]) -> None:
    """Let `check` look at the names of a table of limits, and at those of the tables in it."""
    if isinstance(values, Mapping):
        check({name: value for name, value in values.items() if not is_currency(name)}, set(Limits.model_fields))
        for name, value in values.items():
            if is_currency(name):
                check_limits(value, check)


def check_allowed(limits: Limits) -> None:
    """Raise ConfigError for an allowed symbol that is none, or that stands in the table of another currency."""
    for currency, table in {HOME_CURRENCY: limits, **limits.others}.items():
        for symbol in sorted(table.symbols or ()):
            try:
                own = market_of(symbol).currency
            except InvalidRequest as error:
                raise ConfigError(f"limits, symbols: {error.words}") from None
            if own not in (None, currency):
                place = "" if own == HOME_CURRENCY else f".{own}"
                raise ConfigError(
                    f"limits, symbols: {symbol} is paid in {own}, and these are the limits of {currency}.",
                    advice=f"Write it into the symbols of [profiles.NAME.limits{place}]: it is held to those.",
                )


@dataclass(frozen=True)
class Safety:
    """How careful a broker is with orders; made by `get_broker`."""

    arm: str | None = None
    limits: Limits = field(default_factory=Limits)
    exclusive: bool = False
    degraded: bool = False
    settle_seconds: float | None = None
    """Seconds after which the broker's list shows an order; None: as the adapter says."""
    exchange_clock: Callable[[str], dt.datetime] | None = None
    """The clock of the simulated exchange of a market, which is another one than ours, where it can be read."""
