"""Investor flow of the simulated exchange: every sum that the real figures have."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit.market.days import is_trading_day
from brokerkit.models import Flow
from brokerkit.sandbox.exchange import Exchange

TODAY = dt.date(2026, 11, 20)
SAMSUNG = "005930"
FUND = "069500"


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(today=TODAY)


def test_investor_flow_adds_up_on_each_of_250_trading_days(exchange: Exchange) -> None:
    parts = ("financial_investment", "insurance", "investment_trust", "bank", "other_finance", "pension")
    for symbol in (SAMSUNG, FUND, "990010"):
        days = exchange.investor_flow(symbol)
        assert len(days) == len({day.date for day in days}) == 250
        assert [day.date for day in days] == sorted(day.date for day in days)
        assert all(is_trading_day(day.date) and day.final and day.symbol == symbol for day in days)
        assert days[-1].date == dt.date(2026, 11, 19)
        assert days[-1].close == exchange.instruments[symbol].previous_close
        for day in days:
            flows = {name: flow for name, flow in day if isinstance(flow, Flow)}
            assert len(flows) == 14
            for flow in flows.values():
                figures = flow.model_dump()
                assert all(isinstance(figure, Decimal) for figure in figures.values())
                for unit in ("quantity", "amount"):
                    assert figures[f"net_{unit}"] == figures[f"buy_{unit}"] - figures[f"sell_{unit}"]
                assert all(figure % 1_000_000 == 0 for name, figure in figures.items() if "amount" in name)
            for figure in Flow.model_fields:
                value = {name: getattr(flow, figure) for name, flow in flows.items()}
                eight = sum(value[name] for name in (*parts, "private_fund", "government"))
                assert value["institution"] == eight
                assert value["government"] == value["other_organization"] == 0
                assert abs(value["foreign"]) > 0 or "net" in figure
                if figure.startswith("net"):
                    total = value["individual"] + value["foreign"] + value["institution"] + value["other_corporation"]
                    assert total == 0
                else:
                    assert value["foreign"] >= value["resident_foreign"] >= 0


def test_the_sandbox_plays_on_in_years_without_a_calendar() -> None:
    days = Exchange(today=dt.date(2030, 3, 4)).investor_flow(SAMSUNG)
    assert len(days) == 250
    assert days[-1].date == dt.date(2030, 3, 1)
