"""Level 4: every value of every answer is of the kind that the models promise."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

import pytest

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.models import Model, Order, OrderBook, Quote, Table
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, not_told
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.truth import CUT
from brokerkit.words import Side

ADVICE = (
    "Look at the reply class and its to_model: a reply tells Decimal, dt.time, dt.date and words of brokerkit only."
)


def faults_of(told: object, kind: Any, where: str) -> Iterator[str]:
    """Yield where a value, or one within it, is not what its field promises."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from faults_of(told, inner[0], where)
    elif origin in (Union, types.UnionType):
        fitting = [each for each in inner if _plain(each) is type(told)]
        yield from faults_of(told, fitting[0] if fitting else inner[0], where)
    elif isinstance(told, tuple) and issubclass(_plain(kind), tuple):
        for number, each in enumerate(told):
            yield from faults_of(each, inner[0], f"{where}[{number}]")
    elif type(told) is not _plain(kind):
        yield f"{where} is {told!r}, a {type(told).__name__}, and has to be a {getattr(kind, '__name__', kind)}"
    elif isinstance(told, Model):
        for name, field in type(told).model_fields.items():
            yield from faults_of(getattr(told, name), field.annotation, f"{where}.{name}")
    else:
        yield from _odd(told, where)


def _plain(kind: Any) -> Any:
    """Return the class that a kind of a field means."""
    origin = get_origin(kind)
    return _plain(get_args(kind)[0]) if origin is Annotated else origin or kind


def _odd(told: object, where: str) -> Iterator[str]:
    """Yield what is wrong with a value of the right class."""
    if isinstance(told, Decimal) and not told.is_finite():
        yield f"{where} is {told}, which is no number"
    elif isinstance(told, Decimal) and told.is_zero() and told.is_signed():
        yield f"{where} is -0: where a broker writes it, tell 0"
    elif isinstance(told, dt.datetime) and told.utcoffset() != clock.KST.utcoffset(None):
        yield f"{where} is {told.isoformat()}: times are aware and Korean"


class KindContract(Contract):
    """Numbers are exact, times are aware and Korean, words are brokerkit's own, lists are tuples."""

    level: ClassVar[int] = 4

    def sound(self, told: object, kind: Any, where: str) -> None:
        """Fail where a value is of another kind."""
        faults = list(faults_of(told, kind, where))
        assert not faults, f"{'; '.join(faults[:5])}. {ADVICE}"

    def sound_model(self, told: Model, where: str) -> None:
        """Fail where a value of a model is of another kind."""
        own = type(told).__module__.partition(".")[0]
        assert own == "brokerkit", f"{where} is a {type(told)}, which is no model of brokerkit. {ADVICE}"
        self.sound(told, type(told), where)

    @needs("quote")
    @pytest.mark.parametrize("symbol", ["stock", "fund"], indirect=True)
    def test_every_value_of_a_quote_is_of_its_kind(self, symbol: str, trader: Broker, declared: Declared) -> None:
        self.sound_model(trader.quote(symbol), "quote")
        self.sound(trader.round_price(symbol, 70_049, side=Side.BUY), Decimal, "round_price")
        if "quotes" in declared.verbs:
            for quote in trader.quotes([symbol, self.ground.another]):
                self.sound_model(quote, "quotes")

    @needs("order_book")
    def test_every_value_of_a_book_is_of_its_kind(self, trader: Broker) -> None:
        self.sound_model(trader.order_book(self.stock), "order_book")

    @needs("order_book")
    def test_the_time_of_a_book_is_the_time_at_the_exchange(self, trader: Broker, sandbox: Sandbox) -> None:
        self.is_now(lambda: trader.order_book(self.stock).time, OrderBook, trader, sandbox)

    @needs("quote")
    def test_the_time_of_a_quote_is_the_time_at_the_exchange(self, trader: Broker, sandbox: Sandbox) -> None:
        self.is_now(lambda: trader.quote(self.stock).time, Quote, trader, sandbox)

    def is_now(
        self, ask: Callable[[], dt.datetime | None], kind: type[Model], trader: Broker, sandbox: Sandbox
    ) -> None:
        """Fail where a time that is told is not the time at the exchange while it was asked for."""
        if "time" in not_told(trader).get(kind, ()):
            pytest.skip(f"not told: the time of {kind.__name__}")
        before, told, after = sandbox.exchange.now(), ask(), sandbox.exchange.now()
        assert told is not None, f"{kind.__name__}.time is None, and not_told of the part does not name it."
        self.sound(told, dt.datetime, f"{kind.__name__}.time")
        assert before - CUT <= told <= after, (
            f"{kind.__name__}.time is {told.isoformat()}, and at the exchange it is {after.isoformat()}: the broker "
            "writes Korean times. Look at how the reply reads its time."
        )

    @needs("investor_flow")
    @pytest.mark.parametrize("detail", [False, True])
    def test_every_value_of_an_investor_flow_is_of_its_kind(self, detail: bool, trader: Broker) -> None:
        for day in trader.investor_flow(self.stock, detail=detail)[-3:]:
            self.sound_model(day, f"investor_flow[{day.date}]")

    @needs("balance")
    def test_every_value_of_a_balance_is_of_its_kind(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        for symbol, quantity, cost in ((self.stock, 3, 200_001), (self.fund, 7, 250_000)):
            sandbox.exchange.give_holding(face.credentials.account, symbol, Decimal(quantity), Decimal(cost))
        self.sound_model(trader.balance(), "balance")
        for balance in trader.balances():
            self.sound_model(balance, "balances")
        self.sound(trader.sellable_quantity(self.stock), Decimal, "sellable_quantity")

    @needs("buying_power")
    def test_every_value_of_a_buying_power_is_of_its_kind(self, trader: Broker, sandbox: Sandbox) -> None:
        self.sound_model(
            trader.buying_power(self.stock, price=sandbox.exchange.quote(self.stock).price), "buying_power"
        )

    @needs("buy", "refresh")
    def test_every_value_of_an_order_is_of_its_kind(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        order = trader.buy(self.stock, ask.quantity + 10, price=ask.price)
        self.sound_model(order, "buy")
        self.sound_model(trader.refresh(order), "refresh")
        if "amend" in declared.verbs:
            order = trader.amend(order, price=self.below(sandbox, 3))
            self.sound_model(order, "amend")
        if "cancel" in declared.verbs:
            self.sound_model(trader.cancel(order), "cancel")

    @needs("buy", "orders", "order_history")
    def test_every_value_of_a_list_of_orders_is_of_its_kind(self, trader: Broker, sandbox: Sandbox) -> None:
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        trader.buy(self.stock, ask.quantity + 10, price=ask.price)
        for verb, listed in (("orders", trader.orders()), ("order_history", trader.order_history(self.today))):
            self.sound(listed, Table[Order], verb)
