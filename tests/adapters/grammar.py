"""Whatever a broker answers, shared: what is outside the grammar is an error that names it, and only ours escape."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerkit.errors import BrokerError, OrderUncertain, WireError
from brokerkit.testing.inside import know_account
from tests.adapters.kit import Kit, table

Field = tuple[str, str, str]
"""A verb, the block of its answer ("" for none), and a field."""
DAY = dt.date(2024, 1, 5)
NOT_NUMBERS: tuple[Any, ...] = (
    *("1_000", "1e3", "１２３", "NaN", "Infinity", "1,000", ". 950", ".95", "95.", "abc", "1 000", "0x10"),
    *("+-5", "+", "5\n", "5 ", "5원", "1.123456789", "9" * 19),
    *(5, 5.0, True, None, [], {}, ["5"]),
)
WRITES = ("order", "cancel", "amend")
MEANT: dict[str, Callable[[Any], object]] = {
    "order": lambda wire: wire.broker.buy("005930", 10, price=70000),
    "cancel": lambda wire: wire.broker.cancel(wire.order()),
    "amend": lambda wire: wire.broker.amend(wire.order(), price=69000),
    "quote": lambda wire: wire.broker.quote("005930"),
    "book": lambda wire: wire.broker.order_book("005930"),
    "power": lambda wire: wire.broker.buying_power("005930", price=70000),
    "flow": lambda wire: wire.broker.investor_flow("005930"),
    "balance": lambda wire: wire.broker.balance(),
    "history": lambda wire: wire.broker.order_history(DAY, DAY),
    "open": lambda wire: wire.broker.orders(),
}
TEXTS = st.sampled_from(
    [
        *("", " ", "0", "-0", "+1", "--5", "-12.5", "0.00000001", "9" * 18, "9" * 40, "1e9", "NaN"),
        *("20240105", "101112", "10:11:12", "00:00:00", "005930", "Y", "01", "02", "a:b", "\u202e", "é", "0" * 10),
    ]
) | st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
BODIES = VALUES | st.binary(max_size=40)
STATUSES = st.sampled_from([200, 200, 201, 302, 401, 403, 429, 500, 502])
# The tests are inherited: their classes are what hypothesis calls different executors.
UNHEALTHY = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def changed(answer: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a JSON value with another one at a place."""
    if not path:
        return value
    copy = dict(answer) if isinstance(answer, dict) else list(answer)
    copy[path[0]] = changed(answer[path[0]], path[1:], value)
    return copy


class GrammarKit(Kit):
    """Fields of answers."""

    verbs: ClassVar[dict[str, tuple[str, Callable[[Any], object]]]]
    """Verbs of ours: the id of the call whose answer they read, and how they are called."""
    fields: ClassVar[tuple[Field, ...]]
    """Every field with a number."""
    not_numbers: ClassVar[tuple[Any, ...]]
    """What is no number here, beside what is none anywhere."""
    required: ClassVar[tuple[Field, ...]]
    """Numbers that may be neither blank nor missing."""
    dates: ClassVar[tuple[Field, ...]]
    lists: ClassVar[tuple[tuple[str, str], ...]]
    """Verbs that read lists of orders, and their blocks."""
    times: ClassVar[dict[str, str]]
    """The field of the time in each of them."""
    no_times: ClassVar[tuple[Any, ...]]
    texts: ClassVar[tuple[str, ...]]
    """Fields of a row with texts that decide nothing."""
    numbers: ClassVar[tuple[Field, ...]]
    """Order numbers in rows."""
    side: ClassVar[str]
    no_sides: ClassVar[tuple[Any, ...]]

    def with_field(self, wire: Any, verb: str, block: str, name: str, value: Any) -> Callable[[], Any]:
        """Return how to ask for an answer in which a field has another value."""
        id, ask = self.verbs[verb]
        answer = wire.good(id)
        rows = answer[block] if block else answer
        for row in rows if isinstance(rows, list) else [rows]:
            row[name] = value
            if value is ...:
                del row[name]
        wire.answer(id, answer)
        return lambda: ask(wire)

    def the_order(self, wire: Any, verb: str, block: str, name: str, value: Any) -> Any:
        """Return the order of a list in which a field has another value."""
        found = self.with_field(wire, verb, block, name, value)()
        (order,) = found if isinstance(found, tuple) else (found,)
        return order

    @table(("verb", "block", "name"), "fields")
    def test_text_outside_the_grammar_is_a_wire_error_that_names_endpoint_and_field(
        self, wire: Any, verb: str, block: str, name: str
    ) -> None:
        for value in (*NOT_NUMBERS, *self.not_numbers):
            with pytest.raises(WireError, match=name) as caught:
                self.with_field(wire, verb, block, name, value)()
            assert f"field {block}" in caught.value.message or "in the row of" in caught.value.message, value
            assert caught.value.endpoint is not None
            assert caught.value.endpoint.startswith(self.verbs[verb][0]), value

    @table(("verb", "block", "name"), "required")
    @pytest.mark.parametrize("value", ["", "   ", ...], ids=["blank", "blanks", "missing"])
    def test_number_that_must_be_there_is_not_replaced(
        self, wire: Any, verb: str, block: str, name: str, value: Any
    ) -> None:
        with pytest.raises(WireError, match=name):
            self.with_field(wire, verb, block, name, value)()

    @table(("verb", "block", "name"), "dates")
    @pytest.mark.parametrize(
        "value", ["", "2024-01-05", "20240230", "2024015", "２０２４０１０５", "00000000", None, 20240105]
    )
    def test_text_that_is_no_date_is_a_wire_error(
        self, wire: Any, verb: str, block: str, name: str, value: Any
    ) -> None:
        with pytest.raises(WireError, match=name):
            self.with_field(wire, verb, block, name, value)()

    @table(("verb", "block"), "lists")
    @table("value", "no_times")
    def test_text_that_is_no_time_is_none_and_the_order_is_told_all_the_same(
        self, wire: Any, verb: str, block: str, value: Any
    ) -> None:
        order = self.the_order(wire, verb, block, self.times[verb], value)
        assert (order.submitted_at, order.filled_quantity) == (None, 4)

    @table(("verb", "block", "name"), "numbers")
    @pytest.mark.parametrize("value", ["12a", "-5", "1 2", "9" * 19, "１", None, 5])
    def test_order_number_outside_the_grammar_is_a_wire_error(
        self, wire: Any, verb: str, block: str, name: str, value: Any
    ) -> None:
        with pytest.raises(WireError, match=name):
            self.with_field(wire, verb, block, name, value)()

    @table(("verb", "block"), "lists")
    @table("name", "texts")
    @pytest.mark.parametrize("value", [None, 5, [], {}, ...], ids=repr)
    def test_text_that_decides_nothing_does_not_cost_the_order(
        self, wire: Any, verb: str, block: str, name: str, value: Any
    ) -> None:
        if value is ... and name not in wire.good(self.verbs[verb][0])[block][0]:
            value = ""
        order = self.the_order(wire, verb, block, name, value)
        assert (order.quantity, order.filled_quantity) == (10, 4)

    @table(("verb", "block"), "lists")
    @table("value", "no_sides")
    def test_listed_order_that_is_neither_buy_nor_sell_is_a_wire_error(
        self, wire: Any, verb: str, block: str, value: Any
    ) -> None:
        with pytest.raises(WireError, match=self.side):
            self.with_field(wire, verb, block, self.side, value)()

    def only_our_errors(self, wire: Any, verb: str, body: Any, status: int) -> None:
        """Ask, and let nothing but our errors through; an order is sent once."""
        id, ask = self.verbs[verb]
        wire.logged_in().answer(id, body if isinstance(body, bytes) else json.dumps(body).encode(), status=status)
        know_account(wire.broker, None)  # else the account is asked for once only
        before = len(wire.of(id))
        told: BrokerError | None = None
        try:
            ask(wire)
        except BrokerError as error:
            told = error
        assert told is None or str(told)
        assert verb not in WRITES or len(wire.of(id)) == before + 1
        assert not isinstance(told, OrderUncertain) or told.intent is not None

    @table("verb", "verbs")
    @settings(max_examples=20, deadline=None, suppress_health_check=UNHEALTHY)
    @given(body=BODIES, status=STATUSES)
    def test_no_answer_whatever_makes_anything_but_our_own_errors_escape(
        self, wire: Any, verb: str, body: Any, status: int
    ) -> None:
        self.only_our_errors(wire, verb, body, status)

    @pytest.mark.slow
    @table("verb", "verbs")
    @settings(max_examples=200, deadline=None, suppress_health_check=UNHEALTHY)
    @given(body=BODIES, status=STATUSES)
    def test_no_answer_of_a_longer_search_makes_anything_but_our_own_errors_escape(
        self, wire: Any, verb: str, body: Any, status: int
    ) -> None:
        self.only_our_errors(wire, verb, body, status)

    @pytest.mark.slow
    @table("verb", "verbs")
    @settings(max_examples=120, deadline=None, suppress_health_check=UNHEALTHY)
    @given(data=st.data(), value=VALUES | TEXTS)
    def test_no_single_change_of_a_sound_answer_makes_anything_else_escape(
        self, wire: Any, verb: str, data: st.DataObject, value: Any
    ) -> None:
        answer = wire.good(self.verbs[verb][0])
        path = data.draw(st.sampled_from(places(answer)))
        self.only_our_errors(wire, verb, changed(answer, path, value), 200)
