"""The whole life of an account, told through both brokers, gives the same models."""

from __future__ import annotations

import datetime as dt
import importlib.util
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import Broker, OrderRequest, OrderType, Side, TimeInForce, Venue
from brokerkit.market.days import previous_trading_day
from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase
from brokerkit.models import BuyingPower, Model
from brokerkit.sandbox import Sandbox

_spec = importlib.util.spec_from_file_location("twins", Path(__file__).with_name("test_twins.py"))
assert _spec is not None
assert _spec.loader is not None
twins = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twins)
SYMBOL = "005930"


def account(broker: Broker, sandbox: Sandbox) -> str:
    return sandbox.face(broker.name).credentials.account


def test_amendments_and_the_lists_of_them_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        price = broker.quote(SYMBOL).price
        whole = broker.buy(SYMBOL, 7, price=price - 1000)
        moved = broker.amend(whole, price=price - 900)
        part = broker.amend(broker.refresh(moved), quantity=3, price=price - 800)
        broker.cancel(part, quantity=1)
        rows = [broker.refresh(order) for order in (whole, moved, part)]
        return [*rows, *broker.orders(), *broker.order_history(sandbox.exchange.today)]

    twins.assert_twins(story)


@pytest.mark.parametrize("venue", KOREA.venues)
def test_types_and_venues_are_twins(venue: Venue) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        quote = broker.quote(SYMBOL, venue=venue)
        sent = [
            broker.buy(SYMBOL, 3, type=OrderType.BEST_OPPOSITE, venue=venue),
            broker.buy(SYMBOL, 3, type=OrderType.BEST_SAME_SIDE, venue=venue),
            broker.buy(SYMBOL, 3, price=quote.price, time_in_force=TimeInForce.IOC, venue=venue),
            broker.buy(SYMBOL, 3, price=quote.price - 1000, time_in_force=TimeInForce.FOK, venue=venue),
        ]
        return [quote, broker.order_book(SYMBOL, venue=venue), *(broker.refresh(order) for order in sent)]

    twins.assert_twins(story)


def test_history_of_past_days_is_a_twin() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        near = previous_trading_day(sandbox.exchange.today)
        far = previous_trading_day(near - dt.timedelta(days=7))
        for day, filled, canceled in ((far, 5, 0), (far, 2, 0), (near, 1, 4), (near, 0, 5)):
            request = OrderRequest(
                symbol=SYMBOL, side=Side.BUY, quantity=Decimal(5), type=OrderType.LIMIT, price=Decimal(60_000)
            )
            sandbox.exchange.remember(
                account(broker, sandbox),
                day,
                request,
                filled=Decimal(filled),
                canceled=Decimal(canceled),
                average_price=Decimal(60_000),
            )
        told = broker.order_history(far, near)
        assert len(told) == 4
        return list(told)

    twins.assert_twins(story)


def test_rejected_and_expired_orders_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        price = broker.quote(SYMBOL).price
        sandbox.exchange.reject_next(account(broker, sandbox))
        rejected = broker.buy(SYMBOL, 2, price=price - 1000)
        left = broker.buy(SYMBOL, 2, price=price - 1000)
        sandbox.exchange.phase = Phase.CLOSED
        return [broker.refresh(rejected), broker.refresh(left)]

    twins.assert_twins(story)


def test_quantities_that_can_be_traded_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        sandbox.exchange.give_holding(account(broker, sandbox), SYMBOL, Decimal(10), Decimal(600_000))
        broker.sell(SYMBOL, 4, price=broker.quote(SYMBOL).price + 1000)
        power = broker.buying_power(SYMBOL, price=60_000)
        assert broker.sellable_quantity(SYMBOL) == 6
        # Commissions differ a little, so the last share may.
        return [power.model_copy(update={"quantity": power.quantity // 10}), broker.balance()]

    assert BuyingPower
    twins.assert_twins(story)


def amend_filled(broker: Broker, sandbox: Sandbox) -> object:
    return broker.amend(broker.buy(SYMBOL, 1, price=broker.quote(SYMBOL).price), price=60_000)


def trade_halted(broker: Broker, sandbox: Sandbox) -> object:
    sandbox.exchange.halt(SYMBOL)
    return broker.buy(SYMBOL, 1, price=60_000)


def wrong_phase(broker: Broker, sandbox: Sandbox) -> object:
    sandbox.exchange.phase = Phase.AFTER_MARKET
    return broker.buy(SYMBOL, 1, type=OrderType.MARKET)


@pytest.mark.parametrize("act", [amend_filled, trade_halted, wrong_phase])
def test_a_refusal_is_the_same_class_at_both(act: object) -> None:
    assert twins.refusal("kis", act) is twins.refusal("kiwoom", act)


@pytest.mark.parametrize(
    "act",
    [
        lambda broker, sandbox: broker.order_book("999999"),
        lambda broker, sandbox: broker.quote("069500", venue=Venue.NXT),
        lambda broker, sandbox: broker.order_history(dt.date(2026, 11, 14), dt.date(2026, 11, 15)),
        lambda broker, sandbox: broker.order_history(dt.date(1999, 1, 4)),
        lambda broker, sandbox: broker.buying_power("999999", price=1000),
        lambda broker, sandbox: broker.buy(SYMBOL, 1, type=OrderType.MARKET, venue=Venue.NXT),
        lambda broker, sandbox: broker.amend(broker.buy(SYMBOL, 1, type=OrderType.MARKET), price=60_000),
        lambda broker, sandbox: broker.amend(broker.buy(SYMBOL, 3, price=60_000), quantity=4, price=61_000),
    ],
    ids=["book", "venue", "no trading day", "unknown years", "power", "type", "market amended", "too many"],
)
def test_a_question_is_refused_alike(act: object) -> None:
    assert twins.refusal("kis", act) is twins.refusal("kiwoom", act)
