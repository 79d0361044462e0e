"""Whatever KIS answers: a number outside the grammar is an error that names it, and only our own errors escape."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerkit.errors import BrokerError, OrderUncertain, WireError

NOT_NUMBERS: tuple[Any, ...] = (
    *("1_000", "1e3", "１２３", "NaN", "Infinity", "1,000", ". 950", ".95", "95.", "abc", "1 000", "0x10"),
    *("--5", "+-5", "+", "5\n", "5 ", " 5", "5원", "1.123456789", "9" * 19),
    *(5, 5.0, True, None, [], {}, ["5"]),
)
DAY = dt.date(2024, 1, 5)
VERBS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "quote": ("FHKST01010100", lambda wire: wire.broker.quote("005930")),
    "investor flow": ("FHKST01010900", lambda wire: wire.broker.investor_flow("005930", detail=True)),
    "balance": ("TTTC8434R", lambda wire: wire.broker.balance()),
    "refresh": ("TTTC0081R", lambda wire: wire.broker.refresh(wire.order())),
    "orders": ("TTTC0084R", lambda wire: wire.broker.orders()),
    "history": ("CTSC9215R", lambda wire: wire.broker.order_history(DAY, DAY)),
    "book": ("FHKST01010200", lambda wire: wire.broker.order_book("005930")),
    "power": ("TTTC8908R", lambda wire: wire.broker.buying_power("005930", price=70000)),
    "order": ("TTTC0012U", lambda wire: wire.broker.buy("005930", 10, price=70000)),
    "cancel": ("TTTC0013U", lambda wire: wire.broker.cancel(wire.order())),
    "amend": ("TTTC0013U", lambda wire: wire.broker.amend(wire.order(), price=69000)),
}
WRITES = ("order", "cancel", "amend")
PRICE = (
    "stck_prpr",
    "stck_sdpr",
    "prdy_vrss",
    "prdy_ctrt",
    "stck_oprc",
    "stck_hgpr",
    "stck_lwpr",
    "acml_vol",
    *("acml_tr_pbmn", "stck_mxpr", "stck_llam", "aspr_unit"),
)
FLOWS = tuple(
    f"{who}_{what}"
    for who in ("prsn", "frgn", "orgn")
    for what in ("ntby_qty", "shnu_vol", "seln_vol", "ntby_tr_pbmn", "shnu_tr_pbmn", "seln_tr_pbmn")
)
HOLDING = ("hldg_qty", "ord_psbl_qty", "pchs_avg_pric", "pchs_amt", "prpr", "evlu_amt")
SUMMARY = (
    "dnca_tot_amt",
    "nxdy_excc_amt",
    "prvs_rcdl_excc_amt",
    "pchs_amt_smtl_amt",
    "evlu_amt_smtl_amt",
    "tot_evlu_amt",
)
ROW = ("ord_qty", "ord_unpr", "tot_ccld_qty", "avg_prvs", "cncl_cfrm_qty", "rmn_qty", "rjct_qty")
OPEN_ROW = ("ord_qty", "ord_unpr", "tot_ccld_qty", "tot_ccld_amt", "psbl_qty")
LEVELS = tuple(f"{name}{level}" for name in ("askp", "askp_rsqn", "bidp", "bidp_rsqn") for level in range(1, 11))
FIELDS = (
    *(("quote", "output", name) for name in PRICE),
    *(("investor flow", "output", name) for name in ("stck_clpr", *FLOWS)),
    *(("balance", "output1", name) for name in HOLDING),
    *(("balance", "output2", name) for name in SUMMARY),
    *(("refresh", "output1", name) for name in ROW),
    *(("history", "output1", name) for name in ROW),
    *(("orders", "output", name) for name in OPEN_ROW),
    *(("book", "output1", name) for name in LEVELS),
    *(("power", "output", name) for name in ("nrcvb_buy_amt", "nrcvb_buy_qty")),
)
REQUIRED = (
    ("balance", "output1", "hldg_qty"),
    ("balance", "output1", "pchs_amt"),
    ("balance", "output1", "evlu_amt"),
    ("balance", "output2", "dnca_tot_amt"),
    ("balance", "output2", "pchs_amt_smtl_amt"),
    ("balance", "output2", "evlu_amt_smtl_amt"),
    ("refresh", "output1", "ord_qty"),
    ("refresh", "output1", "tot_ccld_qty"),
    ("refresh", "output1", "rmn_qty"),
    ("history", "output1", "rmn_qty"),
    ("orders", "output", "ord_qty"),
    ("orders", "output", "tot_ccld_qty"),
    ("orders", "output", "psbl_qty"),
    ("power", "output", "nrcvb_buy_amt"),
    ("power", "output", "nrcvb_buy_qty"),
)
NO_DATES = ("", "2024-01-05", "20240230", "2024015", "２０２４０１０５", "00000000", None, 20240105)


def with_field(wire: Any, verb: str, block: str, name: str, value: Any) -> Callable[[], object]:
    id, ask = VERBS[verb]
    answer = wire.good(id)
    rows = answer[block]
    for row in rows if isinstance(rows, list) else [rows]:
        row[name] = value
        if value is ...:
            del row[name]
    wire.answer(id, answer)
    return lambda: ask(wire)


@pytest.mark.parametrize(("verb", "block", "name"), FIELDS)
def test_text_outside_the_grammar_is_a_wire_error_that_names_endpoint_and_field(
    wire: Any, verb: str, block: str, name: str
) -> None:
    for value in NOT_NUMBERS:
        with pytest.raises(WireError, match=name) as caught:
            with_field(wire, verb, block, name, value)()
        assert f"{block}." in caught.value.message or "in the row of" in caught.value.message, value
        assert caught.value.endpoint is not None
        assert caught.value.endpoint.startswith(VERBS[verb][0]), value


@pytest.mark.parametrize(("verb", "block", "name"), REQUIRED)
@pytest.mark.parametrize("value", ["", "   ", ...], ids=["blank", "blanks", "missing"])
def test_number_that_must_be_there_is_not_replaced(wire: Any, verb: str, block: str, name: str, value: Any) -> None:
    with pytest.raises(WireError, match=name):
        with_field(wire, verb, block, name, value)()


@pytest.mark.parametrize("value", NO_DATES)
@pytest.mark.parametrize(
    ("verb", "block", "name"),
    [
        ("investor flow", "output", "stck_bsop_date"),
        ("refresh", "output1", "ord_dt"),
        ("history", "output1", "ord_dt"),
    ],
)
def test_text_that_is_no_date_is_a_wire_error(wire: Any, verb: str, block: str, name: str, value: Any) -> None:
    with pytest.raises(WireError, match=name):
        with_field(wire, verb, block, name, value)()


LISTS = [("refresh", "output1"), ("history", "output1"), ("orders", "output")]


@pytest.mark.parametrize(("verb", "block"), LISTS)
@pytest.mark.parametrize("value", ["", "240000", "90512", "99:99", "10:11:12", "１０１１１２", None, 101112, ...])
def test_text_that_is_no_time_is_none_and_the_order_is_told_all_the_same(
    wire: Any, verb: str, block: str, value: Any
) -> None:
    found: Any = with_field(wire, verb, block, "ord_tmd", value)()
    (order,) = found if isinstance(found, tuple) else (found,)
    assert (order.submitted_at, order.filled_quantity) == (None, 4)


@pytest.mark.parametrize(("verb", "block"), LISTS)
@pytest.mark.parametrize("name", ["odno", "orgn_odno"])
@pytest.mark.parametrize("value", ["12a", "-5", "1 2", "9" * 19, "１", None, 5])
def test_order_number_outside_the_grammar_is_a_wire_error(
    wire: Any, verb: str, block: str, name: str, value: Any
) -> None:
    with pytest.raises(WireError, match=name):
        with_field(wire, verb, block, name, value)()


@pytest.mark.parametrize(("verb", "block"), LISTS)
@pytest.mark.parametrize("name", ["ord_dvsn_cd", "excg_id_dvsn_cd", "prdt_name", "ord_gno_brno"])
@pytest.mark.parametrize("value", [None, 5, [], {}, ...], ids=repr)
def test_text_that_decides_nothing_does_not_cost_the_order(
    wire: Any, verb: str, block: str, name: str, value: Any
) -> None:
    found: Any = with_field(wire, verb, block, name, value)()
    (order,) = found if isinstance(found, tuple) else (found,)
    assert (order.quantity, order.filled_quantity) == (10, 4)


@pytest.mark.parametrize(("verb", "block"), LISTS)
@pytest.mark.parametrize("value", ["", "00", "03", "BUY", None, ...])
def test_listed_order_that_is_neither_buy_nor_sell_is_a_wire_error(
    wire: Any, verb: str, block: str, value: Any
) -> None:
    with pytest.raises(WireError, match="sll_buy_dvsn_cd"):
        with_field(wire, verb, block, "sll_buy_dvsn_cd", value)()


@pytest.mark.parametrize("text", ["5", "+5", "-5", "005", "5.00000000", "9" * 18, "-0", "+0", "0.00"])
def test_every_number_of_the_grammar_is_read_as_it_stands(wire: Any, text: str) -> None:
    with_field(wire, "quote", "output", "prdy_vrss", text)
    assert wire.broker.quote("005930").change == Decimal(text)


TEXTS = st.sampled_from(
    [
        "",
        " ",
        "0",
        "-0",
        "+1",
        "--5",
        "-12.5",
        "0.00000001",
        "9" * 18,
        "9" * 40,
        "1e9",
        "NaN",
        "20240105",
        "101112",
        "005930",
        "Y",
        "01",
        "02",
        "00:00:00",
        "a:b",
        "\u202e",
        "é",
        "0" * 10,
    ]
) | st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
BODIES = VALUES | st.binary(max_size=40)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def changed(answer: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(answer) if isinstance(answer, dict) else list(answer)
    copy[path[0]] = changed(answer[path[0]], path[1:], value)
    return copy


def only_our_errors(wire: Any, verb: str, body: Any, status: int) -> None:
    id, ask = VERBS[verb]
    wire.logged_in().answer(id, body if isinstance(body, bytes) else json.dumps(body).encode(), status=status)
    before = len(wire.of(id))
    told: BrokerError | None = None
    try:
        ask(wire)
    except BrokerError as error:
        told = error
    assert told is None or str(told)
    assert verb not in WRITES or len(wire.of(id)) == before + 1
    assert not isinstance(told, OrderUncertain) or told.intent is not None


@pytest.mark.parametrize("verb", VERBS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, status=st.sampled_from([200, 200, 201, 302, 401, 403, 429, 500, 502]))
def test_no_answer_whatever_makes_anything_but_our_own_errors_escape(
    wire: Any, verb: str, body: Any, status: int
) -> None:
    only_our_errors(wire, verb, body, status)


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=VALUES | TEXTS)
def test_no_single_change_of_a_sound_answer_makes_anything_else_escape(
    wire: Any, verb: str, data: st.DataObject, value: Any
) -> None:
    answer = wire.good(VERBS[verb][0])
    path = data.draw(st.sampled_from(places(answer)))
    only_our_errors(wire, verb, changed(answer, path, value), 200)
