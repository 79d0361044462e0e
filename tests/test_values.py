"""What every model takes for a number, a time and a day, and what it gives back."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo

from brokerkit import models
from brokerkit.clock import KST
from brokerkit.errors import InvalidRequest
from brokerkit.models import Flow, InvestorFlow, Model, Order, OrderRequest, Quote
from brokerkit.orders import intents, reconcile
from brokerkit.orders.intents import Intent, IntentKind, IntentState, Sighting
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.values import Date, Exact, Moment
from brokerkit.words import OrderStatus, Side

QUOTE: dict[str, Any] = {"symbol": "005930", "venue": "KRX", "currency": "KRW", "price": 70000}
FLOAT, NAIVE = 0.1 + 0.2, "2026-01-01T10:00:00"
WRONG_NUMBERS = (
    *(FLOAT, 1.0, True, False, "1_000", "１", "٣", " 1", "1 ", "", "nan", "1e", "--1", "1,000", b"1", [1]),
    *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), float("nan")),
)
WRONG_TIMES = (
    *(NAIVE, "2026-01-01", "10:00:00", "1767229200", 1767229200, 1767229200.0, True, dt.date(2026, 1, 1)),
    *(dt.datetime(2026, 1, 1, 10), "2026-01-01T25:00:00+09:00", "２０２６-01-01T10:00:00+09:00"),
)
WRONG_DAYS = (dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=KST), "20260101", "2026-13-01", 20454, True)


def leaves_of(annotation: Any) -> set[Any]:
    """Return the types that an annotation is made of."""
    return {annotation}.union(*(leaves_of(each) for each in get_args(annotation)))


def fields_of(kind: type) -> Iterator[tuple[type[Model], str, FieldInfo]]:
    """Yield the fields of every model of ours whose annotation names the type."""
    modules = (models, intents, reconcile)
    for model in {value for each in modules for value in vars(each).values() if inspect.isclass(value)}:
        if issubclass(model, Model):
            for name, field in model.model_fields.items():
                if kind in leaves_of(field.annotation):
                    yield model, name, field


def named(found: tuple[type[Model], str, FieldInfo]) -> str:
    return f"{found[0].__name__}.{found[1]}"


NUMBERS = sorted(fields_of(Decimal), key=named)
TIMES = sorted(fields_of(dt.datetime), key=named)
DAYS = sorted(fields_of(dt.date), key=named)


def adapter(found: tuple[type[Model], str, FieldInfo]) -> TypeAdapter[Any]:
    """Return what validates the field alone."""
    return TypeAdapter(create_model("Of", it=(found[2].rebuild_annotation(), ...)))


def test_the_models_have_numbers_times_and_days() -> None:
    assert {"Quote.price", "Flow.net_amount", "Intent.quantity", "OrderRequest.price"} <= set(map(named, NUMBERS))
    assert {"Quote.time", "Order.submitted_at", "Sighting.until", "Intent.created_at"} <= set(map(named, TIMES))
    ledger = {"Fill.date", "RealizedPnl.date", "Transaction.date", "Transaction.traded_on"}
    others = {
        "InvestorFlow.date",
        "Intent.day",
        "MarketHours.date",
        "Instrument.listed_on",
        "Rank.date",
        "FlowRank.date",
        "ExchangeRate.date",
        "Reservation.day",
        "Reservation.until",
        "Intent.until",
    }
    flows = {"MarketInvestorFlow.date", "ProgramTrading.date", "InvestorFlowTotal.start", "InvestorFlowTotal.end"}
    assert others | ledger | flows == set(map(named, DAYS))
    assert len(NUMBERS) >= 50


@pytest.mark.parametrize("found", NUMBERS, ids=named)
def test_a_number_is_an_int_a_text_or_a_decimal(found: tuple[type[Model], str, FieldInfo]) -> None:
    of = adapter(found)
    for value, number in ((70000, "70000"), ("0.30", "0.30"), (Decimal("-1.5"), "-1.5"), ("1E-7", "1E-7")):
        assert str(of.validate_python({"it": value}).it) == number
    assert str(of.validate_json('{"it": 70000}').it) == "70000"
    assert str(of.validate_json('{"it": "0.10"}').it) == "0.10"
    taken = (float,) if found[0] is OrderRequest else ()  # the verbs take floats, by their shortest text
    for value in WRONG_NUMBERS:
        if not (isinstance(value, taken) and value == value):
            with pytest.raises(ValidationError) as refused:
                of.validate_python({"it": value})
            assert refused.value.errors()[0]["loc"] == ("it",)
    for text in ("true", '"1_000"', '"nan"', "NaN", "[]", *([] if taken else ["0.30000000000000004", "1.0"])):
        with pytest.raises(ValidationError):
            of.validate_json(f'{{"it": {text}}}')


@pytest.mark.parametrize("found", TIMES, ids=named)
def test_a_time_has_its_offset_and_is_kept_in_korean_time(found: tuple[type[Model], str, FieldInfo]) -> None:
    of = adapter(found)
    noon = dt.datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=KST)
    for value in (noon, noon.astimezone(dt.UTC), "2026-11-20T03:00:00.123456Z", "2026-11-19T22:00:00.123456-05:00"):
        kept = of.validate_python({"it": value}).it
        assert kept == noon
        assert kept.tzinfo is KST
    assert of.validate_json('{"it": "2026-11-20T03:00:00.123456Z"}').it.tzinfo is KST
    for wrong in WRONG_TIMES:
        with pytest.raises(ValidationError) as refused:
            of.validate_python({"it": wrong})
        assert refused.value.errors()[0]["loc"] == ("it",)
    for text in (f'"{NAIVE}"', "1767229200", '"1767229200"'):
        with pytest.raises(ValidationError):
            of.validate_json(f'{{"it": {text}}}')


@pytest.mark.parametrize("found", DAYS, ids=named)
def test_a_day_is_a_date(found: tuple[type[Model], str, FieldInfo]) -> None:
    of = adapter(found)
    for value in (dt.date(2026, 1, 2), "2026-01-02"):
        assert of.validate_python({"it": value}).it == dt.date(2026, 1, 2)
    for wrong in WRONG_DAYS:
        with pytest.raises(ValidationError) as refused:
            of.validate_python({"it": wrong})
        assert refused.value.errors()[0]["loc"] == ("it",)
    for text in ("20454", '"20454"', '"2026-01-02T00:00:00"'):
        with pytest.raises(ValidationError):
            of.validate_json(f'{{"it": {text}}}')


def test_a_moment_beyond_the_calendar_is_refused_by_name() -> None:
    last = dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-12)))
    with pytest.raises(ValidationError, match="beyond the calendar") as refused:
        Quote.model_validate({**QUOTE, "time": last})
    assert refused.value.errors()[0]["loc"] == ("time",)


@pytest.mark.parametrize(("field", "value"), [("price", FLOAT), ("time", NAIVE), ("volume", True)])
def test_a_quote_names_the_field_that_is_no_number_or_no_moment(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Quote(**{**QUOTE, field: value})
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


@pytest.mark.parametrize(("field", "value"), [("watermark", "5"), ("watermark", True), ("sent_bytes", 5.0)])
def test_counts_of_the_journal_are_ints(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        Intent.model_validate({**dict(intent()), field: value})


def test_final_is_a_truth_value() -> None:
    with pytest.raises(ValidationError, match="final"):
        InvestorFlow.model_validate({"symbol": "005930", "date": "2026-11-20", "final": "yes"})


def test_the_schema_of_a_number_takes_integers_and_texts_and_gives_texts() -> None:
    taken, given_back = (Quote.model_json_schema(mode=mode)["properties"]["price"] for mode in MODES)
    assert [each["type"] for each in taken["anyOf"]] == ["integer", "string"]
    assert given_back["type"] == "string"


MODES: Any = ("validation", "serialization")

# Round trips


def intent() -> Intent:
    """Return an entry of the journal with everything in it."""
    now = dt.datetime(2026, 11, 20, 9, 30, 1, 5, tzinfo=KST)
    order = Order(
        id="0000117057",
        symbol="005930",
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal("69300.0000"),
        average_fill_price=Decimal("1E-7"),
        status=OrderStatus.WORKING,
        submitted_at=now,
        handle="any:1",
    )
    return Intent(
        id="01",
        kind=IntentKind.ORDER,
        state=IntentState.UNKNOWN,
        day=now.date(),
        symbol="005930",
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal("69300.0000"),
        request=OrderRequest(symbol="005930", side=Side.BUY, quantity=10, price=69_300),
        order=order,
        watermark=5,
        created_at=now,
        sent_at=now,
        result=order,
        sightings=(Sighting(since=now, until=now, lists=2, fitting=("1",), unexplained=()),),
    )


def test_an_intent_and_what_reconcile_found_survive_json() -> None:
    known = intent().order
    assert known is not None
    found = Reconciliation(decided=(intent(),), unresolved=(intent(),), foreign=(known,))
    text = found.model_dump_json()
    same = Reconciliation.model_validate_json(text)
    assert same == found
    assert same.model_dump_json() == text
    assert Reconciliation.model_validate(found.model_dump(mode="json")) == found


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
moments = st.datetimes(
    min_value=dt.datetime(1900, 1, 2), timezones=st.sampled_from([KST, dt.UTC, dt.timezone(dt.timedelta(hours=-5))])
)


@given(numbers, st.none() | numbers, moments)
def test_a_model_survives_json_digit_by_digit(price: Decimal, change: Decimal | None, time: dt.datetime) -> None:
    quote = Quote.model_validate({**QUOTE, "price": price, "change": change, "time": time})
    text = quote.model_dump_json()
    same = Quote.model_validate_json(text)
    assert same == quote
    assert same.model_dump_json() == text
    assert json.loads(text)["price"] == f"{price:f}"
    assert Quote.model_validate(quote.model_dump()) == quote


@given(st.integers(min_value=-(10**39), max_value=10**39))
def test_an_int_is_taken_to_the_last_digit(number: int) -> None:
    assert Flow.model_validate({"net_amount": number}).net_amount == Decimal(number)
    assert Flow.model_validate_json(f'{{"net_amount": {number}}}').net_amount == Decimal(number)


# An order in a model of somebody else's


class Plan(BaseModel):
    """A model of a user's own."""

    name: str
    order: OrderRequest


ORDER = {"symbol": "005930", "side": "BUY", "quantity": 10, "price": 70000}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": 0}, "quantity must be more than 0"),
        ({"price": None}, "type=MARKET"),
        ({"symbol": "A005930"}, "plain code '005930'"),
        ({"symbol": "NASDAQ:AAPL"}, "US:AAPL"),
        ({"price": "1_0"}, "plain number"),
        ({"side": "HOLD"}, "BUY"),
        ({"stray": 1}, "stray"),
    ],
)
def test_a_bad_order_in_a_model_of_a_user_is_a_validation_error(changes: dict[str, object], words: str) -> None:
    values = {"name": "x", "order": {**ORDER, **changes}}
    for read in (
        lambda: Plan.model_validate(values),
        lambda: Plan.model_validate_json(json.dumps(values)),
        lambda: Plan(**values),
        lambda: TypeAdapter(list[OrderRequest]).validate_python([values["order"]]),
    ):
        with pytest.raises(ValidationError, match=words) as refused:
            read()
        assert refused.value.errors()[0]["loc"][0] in ("order", 0)


def test_a_good_order_in_a_model_of_a_user_survives_json() -> None:
    plan = Plan.model_validate({"name": "x", "order": ORDER})
    assert plan.order == OrderRequest(symbol="005930", side=Side.BUY, quantity=10, price=70_000)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert Plan(name="x", order=plan.order).order is plan.order


def test_an_order_that_is_made_directly_raises_our_own_errors() -> None:
    for make in (
        lambda: OrderRequest(**{**ORDER, "quantity": 0}),
        lambda: OrderRequest.model_validate({**ORDER, "quantity": 0}),
        lambda: OrderRequest.model_validate_json(json.dumps({**ORDER, "quantity": 0})),
    ):
        with pytest.raises(InvalidRequest, match=r"quantity must be more than 0, not 0\.") as refused:
            make()
        assert refused.value.__cause__ is None
        assert not isinstance(refused.value.__context__, ValidationError)


def test_the_schema_of_an_order_needs_neither_type_nor_price_and_takes_integers() -> None:
    schema = OrderRequest.model_json_schema()
    assert schema["required"] == ["symbol", "side", "quantity"]
    assert [each["type"] for each in schema["properties"]["quantity"]["anyOf"]] == ["integer", "string"]
    assert [each["type"] for each in schema["properties"]["price"]["anyOf"]] == ["integer", "string", "null"]
    assert schema["properties"]["type"]["anyOf"][1] == {"type": "null"}
    assert "LIMIT" in schema["properties"]["type"]["anyOf"][0]["enum"]
    assert schema["additionalProperties"] is False


def test_the_types_of_values_stand_alone_too() -> None:
    assert TypeAdapter(Exact).validate_python("1.0") == 1  # type: ignore[comparison-overlap]
    assert TypeAdapter(Date).validate_python("2026-01-02") == dt.date(2026, 1, 2)
    assert TypeAdapter(Moment).validate_python("2026-01-02T00:00:00Z").hour == 9


@pytest.mark.slow
def test_an_order_and_a_verb_are_typed_without_the_plugin_of_pydantic(tmp_path: Path) -> None:
    script = tmp_path / "use.py"
    script.write_text(
        "from decimal import Decimal\n"
        "from brokerkit import Order, OrderRequest, OrderType, Side, get_broker\n"
        'request = OrderRequest(symbol="005930", side=Side.BUY, quantity=10, price=70_000)\n'
        'market = OrderRequest(symbol="005930", side=Side.SELL, quantity="10", type=OrderType.MARKET)\n'
        "quantity: Decimal = request.quantity\n"
        "price: Decimal | None = request.price\n"
        "kind: OrderType = request.type\n"
        "def trade() -> Order:\n"
        '    with get_broker("kis", environment="sandbox") as broker:\n'
        '        broker.buy("005930", 10, price=70_000)\n'
        "        return broker.order(request)\n"
        'OrderRequest(symbol="005930", side=Side.BUY, quantity=[])\n',
        encoding="utf-8",
    )
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = True\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file=mypy.ini", "--cache-dir=cache", script.name]
    found = subprocess.run(  # noqa: S603 - our own command
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    (wrong,) = [line for line in found.stdout.splitlines() if ": error:" in line]
    assert wrong.startswith("use.py:12: error: Argument")
