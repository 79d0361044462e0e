"""What all parts of the contract share: a sandbox, a trader, and how answers are compared with the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import ClassVar, TypeVar

import pytest

from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, NothingToCancel, NotSent
from brokerkit.market.markets import Market, market_named
from brokerkit.models import Balance, Flow, Model, Order, OrderRequest, Position, Quote
from brokerkit.registry import load_broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import AccountState, ExchangeOrder
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.sandbox.sandbox import face_class
from brokerkit.testing.declared import Declared, difference_of, needs_of
from brokerkit.testing.ground import GROUNDS, KOREA, Ground
from brokerkit.testing.inside import at_home, hurry, is_known, isolate, part_of, send_to
from brokerkit.testing.truth import differences, position_of, shown, status_of, without
from brokerkit.text import in_english
from brokerkit.words import OrderType, Side, Venue


def not_told(trader: Broker) -> Mapping[type[Model], frozenset[str]]:
    """Return the fields that the broker's home market does not tell."""
    part = trader.adapter.served[trader.adapter.home]
    return part.untold(part.environment)


Told = TypeVar("Told", bound=Model)


class Contract:
    """A sandbox of its own for every test, and the comparison of answers with the exchange's truth."""

    broker: ClassVar[str]
    environment: ClassVar[str] = "real"
    """What the sandbox plays, "real" or "demo"."""
    market: ClassVar[str] = KOREA.market
    """Which of the adapter's markets is proven: the verbs of the broker mean it where nothing is said."""
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
        declared = self.declaration()
        kind = face_class(self.broker)
        if self.environment not in (*declared.adapter.environments, "real") or self.environment not in kind.costs:
            pytest.skip(f"not declared: the environment {self.environment}")
        if lacking := declared.lacks(needs_of(request.function)):
            pytest.skip(lacking)
        case = request.node.name.removeprefix(request.node.originalname).strip("[]")
        if reason := difference_of(kind, self.market, self.environment, request.node.originalname, case):
            request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        return declared

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox(environment=self.environment, home=self.market) as sandbox:
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
        return at_home(get_broker(self.broker, environment="sandbox", sandbox=sandbox), self.market)

    def declaration(self) -> Declared:
        """Return what the adapter declares of the market."""
        return Declared(load_broker(self.broker), self.environment, self.market)

    @property
    def ground(self) -> Ground:
        """What the checks trade with."""
        return GROUNDS[self.market]

    @property
    def trading(self) -> Market:
        """The market, with its rules."""
        return market_named(self.market)

    @property
    def today(self) -> dt.date:
        """The date to whose trading this moment belongs."""
        return self.trading.today()

    def day_before(self, day: dt.date) -> dt.date:
        """Return the last trading day before a date."""
        day -= dt.timedelta(days=1)
        while not self.trading.calendar.is_trading_day(day):
            day -= dt.timedelta(days=1)
        return day

    @property
    def step(self) -> Decimal:
        """The step of the price of `stock`."""
        return self.ground.step

    @property
    def other(self) -> str:
        """Another share than `stock`."""
        return self.ground.more[0]

    @property
    def stock(self) -> str:
        """The share that most checks are about."""
        return self.ground.stock

    @property
    def fund(self) -> str:
        """A fund."""
        return self.ground.fund

    @property
    def note(self) -> str:
        """An ETN; a check of it is left out where the market has none."""
        if self.ground.note is None:
            pytest.skip(f"no ETN in {self.market}")
        return self.ground.note

    @property
    def unlisted(self) -> str:
        """A symbol that nobody lists."""
        return self.ground.unlisted

    @pytest.fixture
    def symbol(self, request: pytest.FixtureRequest) -> str:
        """Return what a check names: "stock", "another", "fund", "note", "lettered", or one of `more` by its number."""
        named: str = request.param
        if named == "note":
            return self.note
        return self.ground.more[int(named)] if named.isdigit() else str(getattr(self.ground, named))

    @cached_property
    def venue(self) -> Venue:
        """Where an order goes that is not about its venue."""
        return self.declaration().order_venue

    def skip_unless(self, is_declared: bool, words: str) -> None:
        """Skip the check where the adapter does not declare what it is about."""
        if not is_declared:
            pytest.skip(f"not declared: {words}")

    def rounds(self, trader: Broker, kind: type[Model]) -> Mapping[str, Decimal] | None:
        """Return by how much fields of a model may be off."""
        return part_of(trader).rounds.get(kind)

    def differences(self, told: Told, truth: Told, trader: Broker) -> list[str]:
        """Return in words in which fields a quote, or a model with flows, is not the truth."""
        untold = not_told(trader)
        absent = untold.get(type(truth), frozenset())
        if isinstance(truth, Quote) and is_known(trader, truth.symbol):
            absent -= {"name"}  # the list tells it
        if not isinstance(truth, Quote):
            truth = without(truth, untold.get(Flow, frozenset()) | absent)
        return differences(told, truth, absent=absent, steps=self.rounds(trader, type(truth)))

    def order_differences(self, told: Order, truth: ExchangeOrder, trader: Broker) -> list[str]:
        """Return in words in which fields an order is not the truth."""
        exact = told.submitted_at is not None and told.submitted_at.microsecond
        known = {
            "symbol": truth.request.symbol,
            "side": truth.request.side,
            "type": truth.request.type,
            "quantity": truth.quantity,
            "price": truth.request.price,
            "filled_quantity": truth.filled,
            "remaining_quantity": truth.remaining,
            "average_fill_price": truth.average_price,
            "status": status_of(truth),
            "submitted_at": truth.time if exact else truth.time.replace(microsecond=0),
        }
        for name in ("venue", "time_in_force"):  # not every list tells them; what it tells is true
            if getattr(told, name) is not None:
                known[name] = getattr(truth.request, name)
        for name in part_of(trader).told_if_sure.get(Order, ()):
            if getattr(told, name) is None:
                del known[name]
        real = told.model_copy(update=known)
        absent = not_told(trader).get(Order, frozenset())
        return differences(told, real, absent=absent, steps=self.rounds(trader, Order))

    def balance_differences(self, told: Balance, truth: AccountState, trader: Broker) -> list[str]:
        """Return in words in which fields a balance and its positions are not the truth."""
        held = [holding for holding in truth.holdings if holding.quantity]
        cost = sum((holding.cost for holding in held), Decimal(0))
        value = sum((holding.market_value for holding in held), Decimal(0))
        real = Balance(
            account=told.account,
            currency=self.trading.currency,
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
        positions = sorted(told.positions, key=lambda position: position.symbol)
        holdings = sorted(
            (position_of(each, self.trading.currency) for each in held), key=lambda holding: holding.symbol
        )
        symbols, owned = [each.symbol for each in positions], [each.symbol for each in holdings]
        if symbols != owned:
            more, fewer = sorted(set(symbols) - set(owned)), sorted(set(owned) - set(symbols))
            return [*lines, f"of {len(owned)} positions {fewer or 'none'} are missing, {more or 'none'} are none"]
        absent = not_told(trader).get(Position, frozenset())
        for position, holding in zip(positions, holdings, strict=True):
            found = differences(position, holding, absent=absent, steps=self.rounds(trader, Position))
            lines += [f"{position.symbol}: {line}" for line in found]
        return lines

    def refused(
        self, kind: type[BrokerError], trader: Broker, symbol: str, side: Side, quantity: int, price: Decimal
    ) -> None:
        """Demand that an order is refused by the broker, as an error of that class and with the broker's own code."""
        send = trader.buy if side is Side.BUY else trader.sell
        with raising(kind, f"An order to {side} {quantity} of {symbol} at {price} is refused by the broker") as caught:
            send(symbol, quantity, price=price)
        assert caught.error.code, f"{kind.__name__} carries no code: the broker's own says what it means."
        assert caught.error.message, f"{kind.__name__} [{caught.error.code}] carries none of the broker's words."
        assert symbol in str(caught.error)

    @contextmanager
    def nothing_sent(self, face: Face) -> Iterator[None]:
        """Demand that no order, amendment or cancellation goes out."""
        before = len(self.orders_seen(face))
        yield
        sent = self.orders_seen(face)[before:]
        assert sent == [], f"This was to be refused before anything is sent, and went to {', '.join(sent)}."

    @contextmanager
    def nothing_left(self, face: Face) -> Iterator[None]:
        """Demand NothingToCancel of a change, with the broker's code; or NotSent, where a list was asked first."""
        before = len(face.requests)
        with pytest.raises((NothingToCancel, NotSent)) as caught:
            yield
        told = [face.purpose(each.method, each.path, each.headers) for each in face.requests[before:]]
        if Purpose.ORDER in told:
            words = f"The broker refused a change of what is finished; that is NothingToCancel, not {caught.value!r}."
            assert isinstance(caught.value, NothingToCancel), words
            assert caught.value.code, "NothingToCancel carries no code: the broker's own says what it means."
        else:
            assert set(told) - {Purpose.LOGIN}, "Nobody was asked what is left of the order."

    def of_somebody_else(self, trader: Broker, face: Face, order: Order) -> Order:
        """Return an order whose number is one that nobody has given out."""
        part = part_of(trader)
        number = face.order_id(face.order_number(order.id) + 777)
        handle = part.handle_of(order)
        return order.model_copy(update={"id": number, "handle": str(replace(handle, number=number, named=number))})

    def play(self, sandbox: Sandbox, symbol: str, side: Side, quantity: int, price: Decimal) -> ExchangeOrder:
        """Let the account send a limit order by another way than the adapter's."""
        request = OrderRequest(symbol=symbol, side=side, quantity=quantity, price=price, venue=self.venue)
        return sandbox.exchange.submit(sandbox.face(self.broker).credentials.account, request)

    def tellable_type(self, kind: OrderType, trader: Broker) -> OrderType | None:
        """Return what lists tell of an order type: nothing where that is declared."""
        return None if "type" in not_told(trader).get(Order, ()) else kind

    def numbers(self, face: Face, orders: Iterable[Order]) -> list[int]:
        """Return the exchange's numbers of orders as they are listed: ascending where ids have no order."""
        numbers = [face.order_number(order.id) for order in orders]
        part = self.declaration().part
        return numbers if part.numbers_ascend else sorted(numbers)

    def truth(self, sandbox: Sandbox, order: Order) -> ExchangeOrder:
        """Return the exchange's row of an order, of the first one where it was amended or cancelled."""
        face = sandbox.face(self.broker)
        return sandbox.exchange.order(face.credentials.account, face.order_number(order.original_id or order.id))

    def rows(self, sandbox: Sandbox) -> Sequence[ExchangeOrder]:
        """Return all rows of the account at the exchange."""
        return sandbox.exchange.orders(sandbox.face(self.broker).credentials.account)

    def bid(self, sandbox: Sandbox) -> Decimal:
        """Return the best price of the buyers, which is one at all venues."""
        return sandbox.exchange.order_book(self.stock).bids[0].price

    def rise(self, sandbox: Sandbox) -> None:
        """Let somebody buy the share that checks are about, so that its price rises."""
        exchange = sandbox.exchange
        exchange.trade(self.stock, Side.BUY, Decimal(5000), exchange.instruments[self.stock].upper_limit)

    def below(self, sandbox: Sandbox, steps: int) -> Decimal:
        """Return a price so many steps below the best one of the buyers: an order to buy rests there."""
        return self.bid(sandbox) - steps * self.ground.step

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


class Caught:
    """An error that was demanded, once it was raised."""

    error: BrokerError


@contextmanager
def raising(kind: type[Exception], why: str) -> Iterator[Caught]:
    """Demand an error of that class; `why` says what was asked for, as a sentence that goes on with "that is"."""
    caught, name, raised = Caught(), kind.__name__, ""
    try:
        yield caught
    except kind as error:
        if isinstance(error, BrokerError):
            caught.error = error
        return
    except Exception as error:  # noqa: BLE001 - whatever it was, it is said
        raised = f"{type(error).__name__}: {in_english(error)}"
    if name[0] in "AEIOU":
        words = f"{why}: that is an {name}, and nothing is raised."
        pytest.fail(f"{why}: that is an {name}, and it raises {raised}." if raised else words)
    words = f"{why}: that is a {name}, and nothing is raised."
    pytest.fail(f"{why}: that is a {name}, and it raises {raised}." if raised else words)


def tells(told: Model, **real: object) -> None:
    """Demand what a model says in these fields."""
    fields = {name: (getattr(told, name), value) for name, value in real.items()}
    agree(
        [
            f"{name} is {shown(own)}, but in truth {shown(value)}"
            for name, (own, value) in fields.items()
            if own != value
        ]
    )


def agree(lines: list[str]) -> None:
    """Fail with what differs, where anything does."""
    assert not lines, f"Not what the exchange knows: {'; '.join(lines)}."


def level_of(kind: type, name: str) -> int:
    """Return the level of a check."""
    owner: type[Contract] = next(each for each in kind.__mro__ if name in vars(each))
    return getattr(owner, "level", 0)
