"""Level 4: an answer about something else is never taken for one's own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from starlette.responses import Response

from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, ConfigError, OrderUncertain, WireError
from brokerkit.market.markets import market_of
from brokerkit.models import Order, OrderRequest, Quotes
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, Purpose, ReceivedRequest
from brokerkit.testing.base import Contract
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.safety.wire import Kept, copy_of, intercepted, recorded, replayed, rewritten
from brokerkit.words import OrderStatus, Side

"""Another symbol, with a letter: no amount or number of an answer looks like it."""
QUESTIONS = ("quote", "quotes", "order_book", "buying_power", "investor_flow", "balance", "orders", "order_history")
PRICE = Decimal(60_000)


def ask(trader: Broker, verb: str, symbol: str) -> Callable[[], object]:
    """Return a question about a symbol, or about the account."""
    questions: dict[str, Callable[[], object]] = {
        "quotes": lambda: _whole(trader.quotes([symbol])),
        "buying_power": lambda: trader.buying_power(symbol, price=PRICE),
        "balance": trader.balance,
        "orders": trader.orders,
        "order_history": lambda: trader.order_history(market_of(symbol).today()),
    }
    return questions.get(verb, lambda: getattr(trader, verb)(symbol))


class ForeignContract(Contract):
    """What was not asked for is a WireError, and of an order it is uncertain what became of it."""

    level: ClassVar[int] = 4

    @pytest.mark.parametrize("verb", ["quote", "quotes", "order_book", "buying_power", "investor_flow"])
    def test_an_answer_about_another_symbol_is_not_taken(
        self, verb: str, trader: Broker, face: Face, declared: Declared
    ) -> None:
        if verb not in declared.verbs:
            pytest.skip(f"not declared: {verb}")
        for symbol in (self.stock, self.ground.lettered):  # where they are listed may be a question of its own
            self.said(ask(trader, verb, symbol))
        kept = recorded(face, ask(trader, verb, self.ground.lettered))
        if not any(each.tells(self.ground.lettered) for each in kept):
            pytest.skip(f"not told: which symbol an answer to {verb} is about")
        with replayed(face, kept):
            told = self.said(ask(trader, verb, self.stock))
        assert isinstance(told, WireError), (
            f"{verb} of {self.stock} was answered with {self.ground.lettered}, and {_words(told)}: read the symbol "
            "that the answer tells into the field `symbol` of the reply, and the core compares it."
        )

    def test_the_answer_to_another_call_is_not_taken(self, trader: Broker, face: Face, declared: Declared) -> None:
        asked = [verb for verb in QUESTIONS if verb in declared.verbs]
        for verb in asked[:1]:  # where the symbol is listed may be a question of its own
            self.said(ask(trader, verb, self.stock))
        answers = {verb: recorded(face, ask(trader, verb, self.stock)) for verb in asked}
        taken = []
        for verb, own in answers.items():
            for other, kept in answers.items():
                if own and kept and not own[0].asks_like(kept[0]):
                    with replayed(face, kept):
                        told = self.said(ask(trader, verb, self.stock))
                    if not isinstance(told, WireError):
                        taken.append(f"{verb} was answered with what {other} is, and {_words(told)}")
        assert not taken, (
            f"{'; '.join(taken[:4])}: a field that every answer of a call has must not have a default in its reply, "
            "and echo_header of the client names the header that says which call was answered."
        )

    @needs("buy")
    def test_the_answer_to_an_earlier_order_is_not_taken(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        price = self.below(sandbox, 5)
        kept = recorded(face, lambda: trader.buy(self.stock, 1, price=price))
        earlier = [each for each in kept if self.is_order(face, each.request)]
        self.uncertain(trader, face, earlier, lambda: trader.buy(self.stock, 2, price=price), "buy")

    @pytest.mark.parametrize("verb", ["buy", "cancel", "amend"])
    def test_an_order_is_not_answered_by_a_question(
        self, verb: str, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        for each in (verb, "quote"):
            if each not in declared.verbs:
                pytest.skip(f"not declared: {each}")
        price = self.below(sandbox, 5)
        kept = recorded(face, lambda: trader.quote(self.stock))[:1]
        order = None if verb == "buy" else trader.buy(self.stock, 3, price=price)
        sends: dict[str, Callable[[], object]] = {
            "buy": lambda: trader.buy(self.stock, 2, price=price),
            "cancel": lambda: trader.cancel(_standing(order)),
            "amend": lambda: trader.amend(_standing(order), price=price + 200),
        }
        self.uncertain(trader, face, kept, sends[verb], verb)

    def uncertain(self, trader: Broker, face: Face, kept: list[Kept], send: Callable[[], object], verb: str) -> None:
        """Send an order that stands and is answered with what was kept: that has to be uncertain."""

        def answer(request: ReceivedRequest) -> Response | None:
            if not self.is_order(face, request):
                return None
            face.respond(request)
            return copy_of(kept[0].response)

        assert kept, "No request was seen: purpose() of the face has to tell orders from questions."
        with intercepted(face, answer):
            told = self.said(send)
        assert isinstance(told, OrderUncertain), (
            f"{verb} was answered with another answer, and {_words(told)}: it stands, and nobody knows its number. "
            "Look at check() of the client and at the reply of the order."
        )
        assert told.intent in trader.unresolved(), f"{verb} is uncertain, and unresolved() does not list it."

    @needs("buy", "refresh")
    def test_a_number_of_another_order_is_not_taken_for_ones_own(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        account, exchange = face.credentials.account, sandbox.exchange
        price = exchange.quote(self.ground.lettered).price
        other = exchange.submit(
            account, OrderRequest(symbol=self.ground.lettered, side=Side.BUY, quantity=3, price=price)
        )
        assert other.filled == 3
        assert face.wording.number, "wording.number of the face has to name the field with the number of an order."

        def other_number(block: dict[str, Any]) -> None:
            for name in {face.wording.number} & block.keys():
                own = block[name]
                number = face.order_id(other.number)
                block[name] = int(number) if isinstance(own, int) else number.zfill(len(own))

        with rewritten(face, other_number, Purpose.ORDER):
            order = trader.buy(self.stock, 3, price=self.below(sandbox, 5))
        told = self.said(lambda: trader.refresh(order))
        knows_nothing = isinstance(told, Order) and told.status in (OrderStatus.PENDING, OrderStatus.UNKNOWN)
        assert knows_nothing or isinstance(told, WireError), (
            f"An order of {self.stock} was answered with the number of a filled one of {self.ground.lettered}, and "
            f"refresh {_words(told)}: a row is an order's own only if symbol, side and quantity are. Look at how the "
            "rows are read."
        )

    @needs("buy", "refresh")
    def test_a_number_of_another_branch_is_not_taken_for_ones_own(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        field = face.wording.row_branch
        if not field:
            pytest.skip("not told: a branch that numbers are unique within")
        order = trader.buy(self.stock, 3, price=self.below(sandbox, 5))

        def other_branch(block: dict[str, Any]) -> None:
            block.update({name: str(block[name])[::-1] + "1" for name in {field} & block.keys()})

        with rewritten(face, other_branch, Purpose.LISTING):
            told = self.said(lambda: trader.refresh(order))
        knows_nothing = isinstance(told, Order) and told.status in (OrderStatus.PENDING, OrderStatus.UNKNOWN)
        assert knows_nothing or isinstance(told, WireError), (
            f"A row with the number of an order and another branch was taken for that order: refresh {_words(told)}. "
            "Set has_branches of the part, and return the branch in Sent and in the rows."
        )

    @needs("balance")
    def test_the_account_of_a_key_is_compared_with_that_of_the_profile(self, trader: Broker, face: Face) -> None:
        if not trader.adapter.key_tells_account():
            pytest.skip("not told: which account a key belongs to")
        number = face.credentials.account
        other = number[:-1] + str((int(number[-1]) + 1) % 10)

        def of_another(block: dict[str, Any]) -> None:
            block.update({name: other for name, value in block.items() if value == number})

        with rewritten(face, of_another):
            told = self.said(trader.balance)
        assert isinstance(told, ConfigError), (
            f"The broker said that the key is of another account than the profile names, and balance {_words(told)}. "
            "Look at account_of_key() of the adapter: it returns what the broker says."
        )

    def is_order(self, face: Face, request: ReceivedRequest) -> bool:
        """Say whether a request is an order, amendment or cancellation."""
        return face.purpose(request.method, request.path, request.headers) is Purpose.ORDER

    def said(self, call: Callable[[], object]) -> object:
        """Return what a call answers, or the error that it raises."""
        try:
            return call()
        except BrokerError as error:
            return error


def _whole(quotes: Quotes) -> Quotes:
    """Return quotes that lack none; else raise what is the matter with the first that is lacking."""
    for error in quotes.failed.values():
        raise error
    return quotes


def _standing(order: Order | None) -> Order:
    assert order is not None
    return order


def _words(told: object) -> str:
    if isinstance(told, BrokerError):
        return f"it raised the error {type(told).__name__}: {told.words}"
    if isinstance(told, Order):
        return f"it answered Order {told.id} of {told.symbol}, {told.status}"
    return f"it answered {told!r:.200}"
