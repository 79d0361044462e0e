"""The common language: numbers taken exactly, orders checked when they are made, models that survive storage."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import pickle
from decimal import Decimal
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.models import (
    PRICED,
    STOPS,
    Balance,
    BuyingPower,
    Flow,
    InvestorFlow,
    Model,
    Order,
    OrderBook,
    OrderRequest,
    Position,
    Quote,
)
from brokerkit.values import exact_decimal
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

KST = dt.timezone(dt.timedelta(hours=9))


class ArrayFloat(float):
    """A float whose repr is not a number, as those of array libraries."""

    def __repr__(self) -> str:
        return f"array.float64({float(self)!r})"

    __str__ = __repr__


class ArrayInteger:
    """An integer of an array library: no int, though it stands for one."""

    def __index__(self) -> int:
        return 10

    __int__ = __index__


class ArrayTruth(ArrayInteger):
    """A truth value of an array library: it has the method of integers, which refuses."""

    def __index__(self) -> int:
        raise TypeError("In the future `np.bool` will not be usable as an index")


class ShortFloat:
    """A float of fewer bits than Python's, which is none of Python's."""

    def __float__(self) -> float:
        return 0.10000000149011612


def name_of_type(value: object) -> str:
    """Return a short test name, also for a number too long to print."""
    return type(value).__name__


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        (70000, "70000"),
        ("70000", "70000"),
        ("0.10", "0.10"),
        ("-5", "-5"),
        ("+5", "5"),
        (Decimal("0.0001"), "0.0001"),
        (70000.0, "70000.0"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-7, "1E-7"),
        (ArrayFloat(70000.5), "70000.5"),
        (10**17, "100000000000000000"),
        (ArrayInteger(), "10"),
        (IntEnum("Lots", {"TEN": 10})["TEN"], "10"),
    ],
)
def test_a_number_is_taken_exactly_as_it_is_written(given_: object, text: str) -> None:
    assert str(exact_decimal(given_)) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_float_becomes_the_decimal_that_prints_alike(value: float) -> None:
    assert float(exact_decimal(value)) == value
    assert exact_decimal(value) == Decimal(repr(value))


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        b"1",
        [1],
        {"price": 1},
        (1,),
        1j,
        object(),
        ArrayTruth(),
        ShortFloat(),
        Side.BUY,
        dt.date(2026, 1, 2),
    ],
    ids=lambda value: (
        f"{type(value).__name__}-{value!s:.20}" if isinstance(value, bool | Side) else type(value).__name__
    ),
)
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest, match="Give an int, a str"):
        exact_decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "\t1",
        "1_000",
        "1,000",
        "７００００",
        "١٢٣",
        "1e",
        "0x10",
        "7만",
        "70000원",
        "--1",
        "1.2.3",
        "½",
    ],
)
def test_texts_in_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        exact_decimal(text)


@pytest.mark.parametrize(
    "value", ["nan", "sNaN", "NaN123", "inf", "-Infinity", float("nan"), float("inf"), Decimal("NaN"), Decimal("-Inf")]
)
def test_numbers_that_are_not_finite_are_refused(value: object) -> None:
    with pytest.raises(InvalidRequest, match="finite"):
        exact_decimal(value)


@pytest.mark.parametrize(
    "value",
    [10**18, -(10**18), "1e18", "1e999999", Decimal("1E+1000000"), 1e300, 10**5000, "9" * 5000],
    ids=name_of_type,
)
def test_a_number_beyond_any_price_or_quantity_is_refused_in_a_short_message(value: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        exact_decimal(value)
    assert len(str(refused.value)) < 200


def test_the_message_about_a_strange_object_is_short_and_one_line() -> None:
    with pytest.raises(InvalidRequest) as refused:
        exact_decimal("1\n" * 3000)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


BASE: dict[str, Any] = {"symbol": "005930", "side": "BUY", "quantity": 10, "price": 70000}


def make(**changes: object) -> OrderRequest:
    """Return an order of 10 shares at 70,000 won with changes; ... takes a field out."""
    return OrderRequest(**{key: value for key, value in {**BASE, **changes}.items() if value is not ...})


def test_a_price_without_a_type_is_a_limit_order_of_the_day_at_krx() -> None:
    request = make()
    assert request == OrderRequest(
        symbol="005930",
        side=Side.BUY,
        quantity=Decimal(10),
        type=OrderType.LIMIT,
        price=Decimal(70000),
        stop_price=None,
        time_in_force=TimeInForce.DAY,
        venue=Venue.KRX,
    )
    assert make(type=None) == request


def test_words_may_be_given_as_plain_text() -> None:
    request = make(side="SELL", type="LIMIT", time_in_force="IOC", venue="NXT")
    assert request.side is Side.SELL
    assert request.type is OrderType.LIMIT
    assert request.time_in_force is TimeInForce.IOC
    assert request.venue is Venue.NXT


@pytest.mark.parametrize("type_", [None, ...])
@pytest.mark.parametrize("price", [None, ...])
def test_neither_price_nor_type_is_never_a_market_order(type_: object, price: object) -> None:
    with pytest.raises(InvalidRequest, match="type=MARKET"):
        make(type=type_, price=price)


def stopped(type_: OrderType) -> dict[str, int]:
    return {"stop_price": 71000} if type_ in STOPS else {}


@pytest.mark.parametrize("type_", sorted(set(OrderType) - PRICED))
def test_types_without_a_price_refuse_one(type_: OrderType) -> None:
    assert make(type=type_, price=None, **stopped(type_)).price is None
    with pytest.raises(InvalidRequest, match=f"{type_} order takes no price; it was given 70000"):
        make(type=type_, **stopped(type_))


@pytest.mark.parametrize("type_", sorted(PRICED))
def test_types_with_a_price_need_one(type_: OrderType) -> None:
    stop = stopped(type_)
    assert make(type=type_, **stop).price == 70000
    with pytest.raises(InvalidRequest, match=f"{type_} order needs a price"):
        make(type=type_, price=None, **stop)


@pytest.mark.parametrize("type_", sorted(set(OrderType) - STOPS))
def test_a_stop_price_belongs_to_a_stop_limit_order_only(type_: OrderType) -> None:
    with pytest.raises(InvalidRequest, match="stop_price belongs to a STOP or STOP_LIMIT"):
        make(type=type_, price=70000 if type_ in PRICED else None, stop_price=71000)


def test_a_stop_limit_order_needs_its_stop_price() -> None:
    with pytest.raises(InvalidRequest, match="each of these needs one"):
        make(type="STOP_LIMIT")
    assert make(type="STOP_LIMIT", stop_price="71000").stop_price == 71000


@pytest.mark.parametrize("quantity", [0, -1, "-0", "0.0", Decimal(-3), 0.0, -0.0])
def test_a_quantity_must_be_more_than_nothing(quantity: object) -> None:
    with pytest.raises(InvalidRequest, match="quantity must be more than 0"):
        make(quantity=quantity)


@pytest.mark.parametrize("quantity", ["0.5", 1.5, Decimal("10.0000000000000000000000000000000000000001")])
def test_a_quantity_must_be_whole_shares(quantity: object) -> None:
    with pytest.raises(InvalidRequest, match="quantity must be whole shares"):
        make(quantity=quantity)


@pytest.mark.parametrize("field", ["price", "stop_price"])
@pytest.mark.parametrize("price", [0, -70000, "-0.5", "0"])
def test_prices_must_be_more_than_nothing(field: str, price: object) -> None:
    values = {"stop_price": 71000, field: price}
    with pytest.raises(InvalidRequest, match=f"{field} must be more than 0"):
        make(type="STOP_LIMIT", **values)


@pytest.mark.parametrize(
    ("field", "words"), [("side", Side), ("type", OrderType), ("time_in_force", TimeInForce), ("venue", Venue)]
)
@pytest.mark.parametrize("text", ["limit", "Buy", "XXX", "", 1, True, []])
def test_an_unknown_word_is_refused_with_the_words_there_are(field: str, words: type[Side], text: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        make(**{field: text})
    assert str(refused.value).startswith(f"{field}: ")
    for word in words:
        assert word.value in str(refused.value)


@pytest.mark.parametrize("field", ["symbol", "side", "quantity"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(InvalidRequest, match=field):
        make(**{field: ...})


@pytest.mark.parametrize("field", ["quantity", "price", "stop_price"])
@pytest.mark.parametrize("value", [True, "1_000", "nan", "70,000", "１", [], "1e400", 10**5000], ids=name_of_type)
def test_numbers_of_an_order_are_taken_exactly_or_not_at_all(field: str, value: object) -> None:
    with pytest.raises(InvalidRequest):
        make(type="STOP_LIMIT", **{"stop_price": 71000, field: value})


def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="limit_price"):
        make(limit_price=70000)


def test_a_symbol_as_a_number_is_refused_with_the_hint_about_leading_zeros() -> None:
    with pytest.raises(InvalidRequest, match="give '005930'"):
        make(symbol=5930)


@pytest.mark.parametrize("symbol", ["A005930", "005930_AL", "삼성전자", "", None, b"005930"])
def test_a_text_that_is_no_symbol_is_refused(symbol: object) -> None:
    with pytest.raises(InvalidRequest, match="symbol"):
        make(symbol=symbol)


def test_an_order_goes_to_the_usual_venue_of_its_market_and_without_one_to_none() -> None:
    assert (make(symbol="US:AAPL").venue, make().venue) == (Venue.US, Venue.KRX)
    assert make(symbol="HK:00700").venue is None
    with pytest.raises(InvalidRequest, match="US:AAPL"):
        make(symbol="NASDAQ:AAPL")


@pytest.mark.parametrize("values", [None, 1, "BUY", [], ["005930", "BUY"], {1: 2}])
def test_values_that_are_no_order_at_all_are_an_invalid_request(values: object) -> None:
    with pytest.raises(InvalidRequest):
        OrderRequest.model_validate(values)


def test_an_order_read_from_json_follows_the_same_rules() -> None:
    read = OrderRequest.model_validate_json
    assert read('{"symbol": "005930", "side": "BUY", "quantity": "10", "price": 70000}') == make()
    assert read(make().model_dump_json()) == make()
    for text in (
        '{"symbol": "005930", "side": "BUY", "quantity": 10}',
        '{"symbol": "005930", "side": "BUY", "quantity": true, "price": 70000}',
        '{"symbol": "005930", "side": "BUY", "quantity": 10, "price": 70000, "type": "MARKET"}',
    ):
        with pytest.raises(InvalidRequest):
            read(text)


ANYTHING: tuple[object, ...] = (None, True, -1, 0, 1, 1.5, float("nan"), "", "BUY", "LIMIT", "1_0", [], {}, object())


@pytest.mark.parametrize("field", sorted(OrderRequest.model_fields))
def test_whatever_is_given_only_our_own_errors_come_back(field: str) -> None:
    for value in ANYTHING:
        with contextlib.suppress(InvalidRequest, Unsupported):
            assert getattr(make(**{field: value}), field) is not None or value is None


def test_a_copy_with_changes_is_checked_like_a_new_order() -> None:
    request = make()
    assert request.model_copy() == request
    changed = request.model_copy(update={"price": "70100"})
    assert changed.price == Decimal(70100)
    assert type(changed.price) is Decimal
    for update in (
        {"quantity": -5},
        {"price": None},
        {"type": OrderType.MARKET},
        {"symbol": "A005930"},
        {"sid": "BUY"},
    ):
        with pytest.raises(InvalidRequest):
            request.model_copy(update=update)


ORDER = Order(
    id="0000117057",
    symbol="005930",
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.DAY,
    venue=Venue.KRX,
    quantity=Decimal(10),
    price=Decimal(70000),
    filled_quantity=Decimal(3),
    remaining_quantity=Decimal(7),
    average_fill_price=Decimal("69966.6667"),
    status=OrderStatus.PARTIALLY_FILLED,
    submitted_at=dt.datetime(2026, 11, 20, 9, 30, 1, tzinfo=KST),
    handle="any:20261120:91252:0000117057",
)
POSITION = Position.model_validate(
    {
        "symbol": "005930",
        "quantity": Decimal(3),
        "cost": Decimal(210000),
        "market_value": Decimal(200000),
        "currency": "KRW",
    }
)
BALANCE = Balance.model_validate(
    {
        "account": "****3401",
        "currency": "KRW",
        "cash": Decimal(1),
        "cost": Decimal(210000),
        "market_value": Decimal(200000),
        "positions": (POSITION,),
    }
)
QUOTE = Quote(symbol="005930", venue=Venue.KRX, currency="KRW", price=Decimal(70000))
FLOW = InvestorFlow(
    symbol="005930", date=dt.date(2026, 11, 20), final=False, foreign=Flow(net_quantity=Decimal(-12), net_amount=None)
)
BOOK = OrderBook(symbol="005930", venue=Venue.SOR, asks=(), bids=())
POWER = BuyingPower(symbol="005930", currency="KRW", cash=Decimal(700000), quantity=Decimal(10))
MODELS = [make(), ORDER, POSITION, BALANCE, QUOTE, FLOW, BOOK, POWER]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_every_model_survives_json_and_pickle(model: Model) -> None:
    for copy in (type(model).model_validate_json(model.model_dump_json()), pickle.loads(pickle.dumps(model))):  # noqa: S301
        assert copy == model
        assert copy.model_dump_json() == model.model_dump_json()
        assert hash(copy) == hash(model)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_every_model_is_frozen_and_takes_nothing_unknown(model: Model) -> None:
    field = next(iter(type(model).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(model, field, "other")
    with pytest.raises((ValidationError, InvalidRequest), match="stray"):
        type(model).model_validate({**dict(model), "stray": 1})


def test_a_stored_order_keeps_its_exact_decimals_its_time_and_its_nones() -> None:
    copy = Order.model_validate_json(ORDER.model_dump_json())
    assert str(copy.average_fill_price) == "69966.6667"
    assert copy.submitted_at == ORDER.submitted_at
    assert copy.submitted_at is not None
    assert copy.submitted_at.utcoffset() == dt.timedelta(hours=9)
    assert copy.original_id is None
    assert copy.name is None


def holding(**values: object) -> Position:
    """Return a position of the given cost and value."""
    return Position.model_validate({"symbol": "005930", "quantity": 3, "currency": "KRW", **values})


@pytest.mark.parametrize(
    ("cost", "value", "profit", "percent"),
    [
        (Decimal(210000), Decimal(200000), -10000, "-4.7619"),
        (Decimal(200000), Decimal(210000), 10000, "5.0000"),
        (Decimal(3), Decimal(4), 1, "33.3333"),
        (Decimal(3), Decimal(5), 2, "66.6667"),
        (Decimal(2_000_000), Decimal(2_000_001), 1, "0.0001"),
        (Decimal(2_000_000), Decimal(1_999_999), -1, "-0.0001"),
        (Decimal(100), Decimal(0), -100, "-100.0000"),
        (Decimal(0), Decimal(500), 500, None),
        (Decimal(0), Decimal(0), 0, None),
        (3, 5, 2, "66.6667"),
        ("3", "5", 2, "66.6667"),
        (
            Decimal("0.00000001"),
            Decimal(10**17),
            Decimal("99999999999999999.99999999"),
            "999999999999999999999999900.0000",
        ),
    ],
)
def test_profit_is_value_less_cost_and_percent_is_rounded_half_up(
    cost: object, value: object, profit: object, percent: str | None
) -> None:
    position = holding(cost=cost, market_value=value)
    assert position.unrealized_pnl == profit
    assert (None if position.unrealized_pnl_percent is None else str(position.unrealized_pnl_percent)) == percent


@pytest.mark.parametrize(
    "values",
    [
        {"cost": "x", "market_value": Decimal(1)},
        {"cost": Decimal("NaN"), "market_value": Decimal(1)},
        {"cost": Decimal(1)},
        {"market_value": Decimal(1)},
    ],
    ids=str,
)
def test_a_position_without_its_cost_or_value_is_refused_by_name(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"cost|market_value"):
        holding(**values)


@pytest.mark.parametrize("known", [{"cost": Decimal(1), "market_value": None}, {"cost": None, "market_value": 1}])
def test_without_a_price_or_a_cost_there_is_no_profit_and_no_loss(known: dict[str, object]) -> None:
    position = holding(**known)
    assert position.unrealized_pnl is None
    assert position.unrealized_pnl_percent is None
    assert Position.model_validate_json(position.model_dump_json()) == position


def test_a_balance_computes_its_profit_too() -> None:
    assert BALANCE.unrealized_pnl == -10000
    assert BALANCE.total_value is None


def test_a_flow_that_nobody_told_is_none_and_never_zero() -> None:
    kinds = set(InvestorFlow.model_fields) - {"symbol", "date", "close", "final", "foreign"}
    for kind, amount in itertools.product(kinds, Flow.model_fields):
        assert getattr(getattr(FLOW, kind), amount) is None
    assert FLOW.foreign.net_quantity == -12


def test_numbers_of_a_model_are_written_in_digits() -> None:
    figures = {"cost": Decimal("1E+3"), "market_value": Decimal(0), "unrealized_pnl": Decimal("0E-8")}
    told = Balance(account="1", currency="USD", cash=Decimal("100.000000"), positions=(), **figures)
    written = json.loads(told.model_dump_json())
    assert written == told.model_dump(mode="json")
    assert [written[name] for name in ("cash", "cost", "unrealized_pnl")] == ["100.000000", "1000", "0.00000000"]
    assert Balance.model_validate_json(told.model_dump_json()) == told
