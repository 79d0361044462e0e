"""The error tree: as drawn, readable, with what to do next, and able to cross a process boundary."""

from __future__ import annotations

import copy
import inspect
import pickle
from decimal import Decimal

import pytest

from brokerkit import errors
from brokerkit.errors import (
    AuthError,
    Blocked,
    BrokerError,
    ConfigError,
    Disarmed,
    InsufficientFunds,
    InvalidOrder,
    InvalidRequest,
    MarketClosed,
    NothingToCancel,
    NotSent,
    OrderUncertain,
    RateLimited,
    Rejected,
    UnknownSymbol,
    Unsupported,
    WireError,
)
from brokerkit.models import Order, OrderRequest
from brokerkit.words import OrderStatus, Side

KINDS = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, BrokerError)}
PARENTS = {
    "BrokerError": "Exception",
    "ConfigError": "BrokerError",
    "UnknownBroker": "ConfigError",
    "InvalidRequest": "BrokerError",
    "Unsupported": "BrokerError",
    "Blocked": "BrokerError",
    "Disarmed": "Blocked",
    "Halted": "Blocked",
    "LimitExceeded": "Blocked",
    "OrderBlocked": "Blocked",
    "NotSent": "BrokerError",
    "Rejected": "BrokerError",
    "AuthError": "Rejected",
    "RateLimited": "Rejected",
    "InsufficientFunds": "Rejected",
    "MarketClosed": "Rejected",
    "InvalidOrder": "Rejected",
    "UnknownSymbol": "Rejected",
    "NothingToCancel": "Rejected",
    "OrderUncertain": "BrokerError",
    "NetworkError": "BrokerError",
    "StreamError": "BrokerError",
    "KeyInUse": "StreamError",
    "WireError": "BrokerError",
    "IncompleteListing": "WireError",
    "JournalError": "BrokerError",
}
REQUEST = OrderRequest.model_validate({"symbol": "005930", "side": "BUY", "quantity": 10, "price": 70000})
ORDER = Order(
    id="117057", symbol="005930", side=Side.BUY, quantity=Decimal(10), status=OrderStatus.PENDING, handle="any:1"
)


def test_the_tree_is_the_one_that_is_drawn() -> None:
    assert {name: kind.__bases__[0].__name__ for name, kind in KINDS.items()} == PARENTS
    assert all(len(kind.__bases__) == 1 for kind in KINDS.values())


def test_the_drawing_in_the_docstring_names_every_error() -> None:
    assert errors.__doc__ is not None
    for name in KINDS:
        assert name in errors.__doc__


def test_what_may_stand_at_the_broker_is_never_caught_as_a_refusal() -> None:
    for kind in (OrderUncertain, errors.NetworkError, WireError, errors.JournalError):
        assert not issubclass(kind, Rejected | NotSent | Blocked | InvalidRequest | Unsupported)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "no luck"),
        ({"code": "X1"}, "[X1] no luck"),
        ({"broker": "any"}, "any: no luck"),
        ({"endpoint": "quote /q"}, "quote /q: no luck"),
        ({"broker": "any", "endpoint": "quote /q", "code": "X1"}, "any, quote /q: [X1] no luck"),
        ({"advice": "Try later."}, "no luck | Try later."),
        ({"broker": "any", "code": "X1", "advice": "Try later."}, "any: [X1] no luck | Try later."),
    ],
)
def test_the_text_says_who_was_asked_what_came_back_and_what_to_do(facts: dict[str, str], text: str) -> None:
    error = BrokerError("no luck", **facts)
    assert str(error) == text
    assert error.message == "no luck"
    for name in ("broker", "endpoint", "code", "advice"):
        assert getattr(error, name) == facts.get(name)


def test_the_text_also_says_what_was_asked_for() -> None:
    error = BrokerError("no luck", broker="any", endpoint="quote /q", code="X1", advice="Try later.")
    error.asked = "quote of 005930"
    assert str(error) == "any, quote of 005930, quote /q: [X1] no luck | Try later."


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_error_is_documented_and_carries_its_facts(kind: type[BrokerError]) -> None:
    error = kind("no luck", broker="any", endpoint="quote /q", code="X1", advice="Try later.")
    assert (error.message, error.broker, error.endpoint, error.code) == ("no luck", "any", "quote /q", "X1")
    assert error.advice == "Try later."
    assert error.asked is None
    assert inspect.getdoc(kind)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (NotSent, "safe to try again"),
        (AuthError, "app key"),
        (RateLimited, "max_calls_per_second"),
        (InsufficientFunds, "balance of that market"),
        (MarketClosed, "Nothing was placed"),
        (InvalidOrder, "Nothing was placed"),
        (UnknownSymbol, "search()"),
        (NothingToCancel, "refresh(order)"),
        (OrderUncertain, "Do not send it again"),
        (WireError, "No value was guessed"),
        (errors.IncompleteListing, "none of it is returned"),
    ],
)
def test_an_error_without_advice_of_its_own_gives_the_one_of_its_kind(kind: type[BrokerError], words: str) -> None:
    error = kind("no luck")
    assert error.advice is not None
    assert words in error.advice
    assert words in str(error)
    assert kind("no luck", advice="Other.").advice == "Other."


def test_no_error_about_something_uncertain_calls_itself_safe_to_repeat() -> None:
    assert "safe" not in str(OrderUncertain("silence"))
    assert "safe" in str(NotSent("refused"))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_error_survives_pickle_and_copy(kind: type[BrokerError]) -> None:
    error = kind("no luck", broker="any", endpoint="quote /q", code="X1", advice="Try later.")
    error.asked = "quote of 005930"
    error.add_note("seen twice")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(twin) is kind
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)
        assert twin.args == ("no luck",)


@pytest.mark.parametrize("intent", [REQUEST, ORDER, None], ids=["order", "cancellation", "nothing"])
def test_an_uncertain_order_takes_its_intent_through_pickle(intent: OrderRequest | Order | None) -> None:
    error = pickle.loads(pickle.dumps(OrderUncertain("silence", intent=intent, code="X1")))  # noqa: S301
    assert isinstance(error, OrderUncertain)
    assert error.intent == intent
    assert error.code == "X1"


def test_an_error_of_an_adapter_with_facts_of_its_own_survives_pickle() -> None:
    error = OfAnAdapter("no luck", queue=7)
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert twin.queue == 7
    assert str(twin) == "no luck"


class OfAnAdapter(ConfigError):
    """An error that a third party's adapter adds to the tree."""

    def __init__(self, message: str, *, queue: int = 0) -> None:
        super().__init__(message)
        self.queue = queue


def test_every_error_is_part_of_the_public_face() -> None:
    import brokerkit

    assert set(KINDS) <= set(brokerkit.__all__)
    for name, kind in KINDS.items():
        assert getattr(brokerkit, name) is kind


def test_blocked_is_one_class_for_all_of_the_safety_envelope() -> None:
    with pytest.raises(Blocked):
        raise Disarmed("not armed")
