"""What one currency costs in another."""

from __future__ import annotations

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact, Moment


class ExchangeRate(Model):
    """What a unit of a currency costs in won as the broker tells it (환율): an estimate, until it has really exchanged.

    Nothing is converted by it: amounts stay in the currency in which the broker tells them.
    """

    time_field = "date"

    currency: str
    """ISO 4217: one unit of it (통화)."""
    rate: Exact
    """Won for one unit (환율)."""
    kind: str | None = None
    """The broker's own words for which rate it is (환율구분); None where it has none."""
    date: Date | None = None
    """The day whose rate it is (일자); None where the broker does not date it."""
    time: Moment | None = None
    """Since when it holds (시각); None where the broker does not tell it."""
    asked_at: Moment | None = None
    """When the broker was asked (조회시각): of a rate without a date that is all that is known of its age."""
