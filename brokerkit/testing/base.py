"""What all parts of the contract share: a sandbox, a trader, and how answers are compared with the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import pytest

from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.errors import (
    BrokerError,
)
from brokerkit.models import Balance, InvestorFlow, Model, Order, Position, Quote
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import AccountState, ExchangeOrder
from brokerkit.sandbox.face import Face
from brokerkit.testing.truth import differences, position_of, status_of
from brokerkit.words import Side

STOCK = "005930"
FUND = "069500"
ETN = "530031"
UNLISTED = "999999"


def not_told(trader: Broker) -> Mapping[type[Model], frozenset[str]]:
    """Return the fields that the broker's home market does not tell."""
    return trader.adapter.served[trader.adapter.home].not_told


class Contract:
    """A sandbox of its own for every test, and the comparison of answers with the exchange's truth."""

    broker: ClassVar[str]
    rounds: ClassVar[dict[type, dict[str, Decimal]]] = {}
    """Fields that the broker rounds, and by how much less than which they may be off."""
    order_calls: ClassVar[tuple[str, ...]]
    """How the paths of orders, amendments and cancellations begin."""
    balance_requests: ClassVar[int]
    """Requests that a balance of 120 positions takes: its pages, and the call for the cash where there is one."""

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox() as sandbox:
            yield sandbox

    @pytest.fixture
    def face(self, sandbox: Sandbox) -> Face:
        return sandbox.face(self.broker)

    @pytest.fixture
    def trader(self, sandbox: Sandbox) -> Iterator[Broker]:
        with get_broker(self.broker, environment="sandbox", sandbox=sandbox) as trader:
            yield trader

    def differences(self, told: Quote | InvestorFlow, truth: Quote | InvestorFlow, trader: Broker) -> list[str]:
        absent = not_told(trader).get(type(truth), frozenset())
        return differences(told, truth, absent=absent, steps=self.rounds.get(type(truth)))

    def order_differences(self, told: Order, truth: ExchangeOrder) -> list[str]:
        real = told.model_copy(
            update={
                "side": truth.request.side,
                "type": truth.request.type,
                "quantity": truth.quantity,
                "price": truth.request.price,
                "filled_quantity": truth.filled,
                "remaining_quantity": truth.remaining,
                "average_fill_price": truth.average_price,
                "status": status_of(truth),
                "submitted_at": truth.time.replace(microsecond=0),
            }
        )
        return differences(told, real, steps=self.rounds.get(Order))

    def balance_differences(self, told: Balance, truth: AccountState, trader: Broker) -> list[str]:
        held = [holding for holding in truth.holdings if holding.quantity]
        holdings = [position_of(holding) for holding in held]
        cost = sum((holding.cost for holding in held), Decimal(0))
        value = sum((holding.market_value for holding in held), Decimal(0))
        real = Balance(
            account=told.account,
            currency="KRW",
            cash=truth.cash,
            orderable_cash=truth.orderable,
            withdrawable_cash=truth.withdrawable,
            cash_d1=truth.cash_d1,
            cash_d2=truth.cash_d2,
            cost=cost,
            market_value=value,
            unrealized_pnl=value - cost,
            total_value=truth.cash_d2 + value,
            positions=told.positions,
        )
        lines = differences(told, real, absent=not_told(trader).get(Balance, frozenset()))
        if [position.symbol for position in told.positions] != [holding.symbol for holding in holdings]:
            return [*lines, "the positions are others, or in another order"]
        absent = not_told(trader).get(Position, frozenset())
        for position, holding in zip(told.positions, holdings, strict=True):
            lines += differences(position, holding, absent=absent, steps=self.rounds.get(Position))
        return lines

    def refused(
        self, kind: type[BrokerError], trader: Broker, symbol: str, side: Side, quantity: int, price: Decimal
    ) -> None:
        send = trader.buy if side is Side.BUY else trader.sell
        with pytest.raises(kind) as caught:
            send(symbol, quantity, price=price)
        assert caught.value.code
        assert caught.value.message
        assert symbol in str(caught.value)

    def truth(self, sandbox: Sandbox, order: Order) -> ExchangeOrder:
        return sandbox.exchange.order(sandbox.face(self.broker).credentials.account, int(order.original_id or order.id))

    def rows(self, sandbox: Sandbox) -> Sequence[ExchangeOrder]:
        return sandbox.exchange.orders(sandbox.face(self.broker).credentials.account)

    def bid(self, sandbox: Sandbox) -> Decimal:
        return sandbox.exchange.order_book(STOCK).bids[0].price

    def orders_seen(self, face: Face) -> list[str]:
        return [request.path for request in face.requests if request.path.startswith(self.order_calls)]

    def kill_tokens(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        face.kill_tokens()
        real = clock.now
        monkeypatch.setattr(clock, "now", lambda: real() + dt.timedelta(seconds=61))
