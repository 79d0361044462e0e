"""What all parts of the contract share: a sandbox, a trader, and how answers are compared with the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import pytest

from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.errors import BrokerError
from brokerkit.models import Balance, InvestorFlow, Model, Order, Position, Quote
from brokerkit.registry import load_broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import AccountState, ExchangeOrder
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.sandbox.sandbox import face_class
from brokerkit.testing.declared import Declared, needs_of
from brokerkit.testing.inside import hurry, isolate, part_of, send_to
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
    environment: ClassVar[str] = "real"
    """What the sandbox plays, "real" or "demo"."""
    level: ClassVar[int]
    """What the checks of a class are about: 0 being found, 1 market data, 2 the account, 3 orders, 4 safety."""

    @pytest.fixture(autouse=True)
    def own_state(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep what is written away from the user's state, and what the user has set away from the checks."""
        isolate(monkeypatch, self.broker)

    @pytest.fixture(autouse=True)
    def declared(self, request: pytest.FixtureRequest, own_state: None) -> Declared | None:
        """Skip what the adapter does not declare, and expect to fail what its face declares as a difference."""
        if level_of(type(self), request.node.originalname) == 0:
            return None
        declared = Declared(load_broker(self.broker), self.environment)
        kind = face_class(self.broker)
        if self.environment not in (*declared.adapter.environments, "real") or self.environment not in kind.costs:
            pytest.skip(f"not declared: the environment {self.environment}")
        if lacking := declared.lacks(needs_of(request.function)):
            pytest.skip(lacking)
        for name in (request.node.name, request.node.originalname):
            if name in kind.differences:
                request.node.add_marker(pytest.mark.xfail(reason=kind.differences[name], strict=True))
        return declared

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox(environment=self.environment) as sandbox:
            yield sandbox

    @pytest.fixture
    def face(self, sandbox: Sandbox) -> Face:
        return sandbox.face(self.broker)

    @pytest.fixture
    def paced(self, sandbox: Sandbox, declared: Declared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
        """Return a trader that keeps to the broker's limits of calls, and a face that insists on them."""
        with self.another(sandbox) as trader:
            send_to(trader, declared, monkeypatch)
            yield trader

    @pytest.fixture
    def trader(self, paced: Broker, face: Face, monkeypatch: pytest.MonkeyPatch) -> Broker:
        """Return a trader without limits of calls, on both sides."""
        hurry(paced, monkeypatch)
        face.window.calls = 10**6
        return paced

    def another(self, sandbox: Sandbox) -> Broker:
        """Return another broker of that account."""
        return get_broker(self.broker, environment="sandbox", sandbox=sandbox)

    def rounds(self, trader: Broker, kind: type[Model]) -> Mapping[str, Decimal] | None:
        """Return by how much fields of a model may be off."""
        return part_of(trader).rounds.get(kind)

    def differences(self, told: Quote | InvestorFlow, truth: Quote | InvestorFlow, trader: Broker) -> list[str]:
        absent = not_told(trader).get(type(truth), frozenset())
        return differences(told, truth, absent=absent, steps=self.rounds(trader, type(truth)))

    def order_differences(self, told: Order, truth: ExchangeOrder, trader: Broker) -> list[str]:
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
        return differences(
            told, real, absent=not_told(trader).get(Order, frozenset()), steps=self.rounds(trader, Order)
        )

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
            lines += differences(position, holding, absent=absent, steps=self.rounds(trader, Position))
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
        """Return the exchange's row of an order, of the first one where it was amended or cancelled."""
        face = sandbox.face(self.broker)
        return sandbox.exchange.order(face.credentials.account, face.order_number(order.original_id or order.id))

    def rows(self, sandbox: Sandbox) -> Sequence[ExchangeOrder]:
        """Return all rows of the account at the exchange."""
        return sandbox.exchange.orders(sandbox.face(self.broker).credentials.account)

    def bid(self, sandbox: Sandbox) -> Decimal:
        """Return the best price of the buyers."""
        return sandbox.exchange.order_book(STOCK).bids[0].price

    def orders_seen(self, face: Face) -> list[str]:
        """Return the paths of the requests that the face takes for orders, amendments or cancellations."""
        return [
            request.path
            for request in face.requests
            if face.purpose(request.method, request.path, request.headers) is Purpose.ORDER
        ]

    def kill_tokens(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """End every token, and let so much time pass that another one may be asked for."""
        face.kill_tokens()
        real = clock.now
        monkeypatch.setattr(clock, "now", lambda: real() + dt.timedelta(seconds=61))


def level_of(kind: type, name: str) -> int:
    """Return the level of a check."""
    owner: type[Contract] = next(each for each in kind.__mro__ if name in vars(each))
    return getattr(owner, "level", 0)
