"""What cannot be right of a model by its own arithmetic."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.models import Balance, BuyingPower, Flow, InvestorFlow, Level, Model, Order, OrderBook, Position, Quote
from brokerkit.testing.doubts import doubts
from brokerkit.words import OrderStatus, Side, Venue


def quote(**change: Any) -> Quote:
    told = {
        "price": 70000,
        "previous_close": 71000,
        "change": -1000,
        "change_percent": "-1.41",
        "open": 70500,
        "high": 71500,
        "low": 69800,
        "volume": 1000,
        "turnover": 70_400_000,
        "upper_limit": 92300,
        "lower_limit": 49700,
    }
    return Quote.model_validate({"symbol": "005930", "venue": Venue.KRX, "currency": "KRW", **told, **change})


def book(asks: list[int], bids: list[int]) -> OrderBook:
    levels = {name: [Level(price=each, quantity=1) for each in side] for name, side in (("asks", asks), ("bids", bids))}
    return OrderBook.model_validate({"symbol": "005930", "venue": Venue.KRX, **levels})


def position(**change: Any) -> Position:
    told = {"quantity": 3, "sellable_quantity": 3, "average_price": 1000, "cost": 3001, "price": 1100}
    return Position.model_validate({"symbol": "005930", "currency": "KRW", "market_value": 3300, **told, **change})


def order(**change: Any) -> Order:
    told = {
        "id": "1",
        "symbol": "005930",
        "side": Side.BUY,
        "quantity": 5,
        "status": OrderStatus.WORKING,
        "handle": "x",
    }
    return Order.model_validate({**told, "filled_quantity": 2, "remaining_quantity": 3, **change})


def power(cash: int, quantity: int) -> BuyingPower:
    return BuyingPower(symbol="005930", currency="KRW", cash=Decimal(cash), quantity=Decimal(quantity))


def balance(**change: Any) -> Balance:
    told = {"account": "*1", "currency": "KRW", "cash_d2": 300, "market_value": 700, "cost": 600, "total_value": 1000}
    return Balance.model_validate({**told, "positions": (), **change})


def day(**flows: Flow) -> InvestorFlow:
    return InvestorFlow(symbol="005930", date=dt.date(2024, 1, 2), final=True, **flows)


def net(quantity: int, millions: int | None = None) -> Flow:
    return Flow(net_quantity=Decimal(quantity), net_amount=None if millions is None else Decimal(millions * 1_000_000))


PARTS = ("financial_investment", "insurance", "investment_trust", "bank", "other_finance", "pension", "private_fund")


def whole(**change: Flow) -> InvestorFlow:
    zero = dict.fromkeys((*PARTS, "government"), net(0, 0))
    flows = {
        "individual": net(-70, -7),
        "foreign": net(30, 3),
        "institution": net(40, 4),
        "other_corporation": net(0, 0),
    }
    return day(**{**zero, **flows, "pension": net(40, 4), **change})


@pytest.mark.parametrize(
    "model",
    [
        quote(),
        quote(previous_close=None, change=None, turnover=None, upper_limit=None, lower_limit=None, low=None, high=None),
        book([101, 102], [100, 99]),
        book([], []),
        position(),
        position(price=None, market_value=None),
        order(),
        order(filled_quantity=None, remaining_quantity=None),
        power(0, 0),
        power(700_000, 10),
        balance(),
        balance(total_value=None),
        quote(name="삼성전자"),
        whole(),
        day(),
        day(foreign=Flow(net_quantity=Decimal(-2), buy_quantity=Decimal(3), sell_quantity=Decimal(5))),
    ],
)
def test_nothing_is_doubted_of_what_adds_up(model: Model) -> None:
    assert list(doubts(model)) == []


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (quote(change=1000), "change is not price - previous_close"),
        (quote(change_percent="1.41"), "change_percent is not change in percent"),
        (quote(change_percent="-0.0141"), "change_percent is not change in percent"),
        (quote(low=70100), "open or price is below low"),
        (quote(high=70400), "open or price is above high"),
        (quote(upper_limit=71400), "a price is above upper_limit"),
        (quote(lower_limit=69900), "a price is below lower_limit"),
        (quote(turnover="70.4"), "turnover / volume is nowhere near"),
        (quote(volume=1_000_000), "turnover / volume is nowhere near"),
        (book([102, 101], [100]), "not best first"),
        (book([101], [99, 100]), "not best first"),
        (book([99], [100]), "the best bid is above"),
        (position(cost=3), "cost is not its price times quantity"),
        (position(market_value=330_000), "market_value is not its price times quantity"),
        (position(sellable_quantity=4), "sellable_quantity is more"),
        (order(remaining_quantity=5), "more than quantity"),
        (order(filled_quantity=0, average_fill_price=100), "nothing filled"),
        (power(0, 1), "quantity without cash"),
        (power(10, 700_000), "quantity is more than cash"),
        (balance(total_value=700), "total_value is not cash_d2 + market_value"),
        (quote(symbol="A005930"), "symbol is none"),
        (quote(symbol="0000000069"), "symbol is none"),
        (order(symbol="삼성전자"), "symbol is none"),
        (position(name="005930"), "name is a number"),
        (order(name=" "), "name is a number, or blank"),
        (whole(pension=net(-40, 4)), "institution: net_quantity is not the sum"),
        (whole(pension=net(40, -40)), "institution: net_amount is not the sum"),
        (whole(foreign=net(-30, 3)), "net_quantity of all kinds does not add up"),
        (
            day(foreign=Flow(net_quantity=Decimal(8), buy_quantity=Decimal(3), sell_quantity=Decimal(-5))),
            "foreign: what was bought or sold is below 0 (quantity)",
        ),
        (
            day(foreign=Flow(net_quantity=Decimal(2), buy_quantity=Decimal(3), sell_quantity=Decimal(9))),
            "foreign: net_quantity is not bought less sold",
        ),
    ],
)
def test_what_does_not_add_up_is_doubted(model: Model, words: str) -> None:
    assert any(words in each for each in doubts(model))
