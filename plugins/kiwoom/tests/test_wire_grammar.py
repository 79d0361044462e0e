"""Whatever Kiwoom answers: a number outside the grammar is an error that names it, and only our own errors escape."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerkit.errors import BrokerError, OrderUncertain, WireError
from brokerkit.testing.inside import kind_of, know_account

NOT_NUMBERS: tuple[Any, ...] = (
    *("1_000", "1e3", "１２３", "NaN", "Infinity", "1,000", ". 950", ".95", "95.", "abc", "1 000", "0x10"),
    *("---5", "-+5", "+-5", "++5", "+", "--", "5%", "5\n", "5 ", "- 5", "5원", "1.123456789", "9" * 19),
    *(5, 5.0, True, None, [], {}, ["5"]),
)
DAY = dt.date(2024, 1, 5)
OLD = "kiwoom:20240105:0000140:0000140"
"""An order of a day of which there is one list only: those of today stand in three."""
VERBS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "quote": ("ka10001", lambda wire: wire.broker.quote("005930")),
    "investor flow": ("ka10059", lambda wire: wire.broker.investor_flow("005930")),
    "holdings": ("kt00018", lambda wire: wire.broker.balance()),
    "cash": ("kt00001", lambda wire: wire.broker.balance()),
    "account": ("ka00001", lambda wire: wire.broker.balance()),
    "kind": ("ka10100", lambda wire: kind_of(wire.broker, "005930")),
    "refresh": ("kt00007", lambda wire: wire.broker.refresh(wire.order(handle=OLD))),
    "history": ("kt00007", lambda wire: wire.broker.order_history(DAY, DAY)),
    "orders": ("ka10075", lambda wire: wire.broker.orders()),
    "book": ("ka10004", lambda wire: wire.broker.order_book("005930")),
    "power": ("kt00010", lambda wire: wire.broker.buying_power("005930", price=70000)),
    "order": ("kt10000", lambda wire: wire.broker.buy("005930", 10, price=70000)),
    "cancel": ("kt10003", lambda wire: wire.broker.cancel(wire.order())),
    "amend": ("kt10002", lambda wire: wire.broker.amend(wire.order(), price=69000)),
}
WRITES = ("order", "cancel", "amend")
PRICES = ("cur_prc", "base_pric", "open_pric", "high_pric", "low_pric", "upl_pric", "lst_pric", "trde_qty")
INVESTORS = (
    *("ind_invsr", "frgnr_invsr", "orgn", "fnnc_invt", "insrnc", "invtrt", "etc_fnnc", "bank", "penfnd_etc"),
    *("samo_fund", "natn", "etc_corp", "natfor"),
)
HOLDINGS = ("rmnd_qty", "trde_able_qty", "pur_pric", "cur_prc", "pur_amt", "evlt_amt")
CASH = ("entr", "100stk_ord_alow_amt", "pymn_alow_amt", "d1_entra", "d2_entra")
ROW = ("ord_qty", "ord_uv", "cntr_qty", "cntr_uv", "ord_remnq", "cnfm_qty")
OPEN_ROW = ("ord_qty", "ord_pric", "oso_qty", "cntr_qty", "cntr_tot_amt")
LEVELS = tuple(
    f"{side}_{level}_{what}"
    for side in ("sel", "buy")
    for level in ("fpr", *(f"{number}th_pre" for number in range(2, 11)))
    for what in ("bid", "req")
)
FIELDS = (
    *(("quote", "", name) for name in (*PRICES, "pred_pre", "flu_rt")),
    *(("investor flow", "stk_invsr_orgn", name) for name in ("cur_prc", *INVESTORS)),
    *(("holdings", "", name) for name in ("tot_pur_amt", "tot_evlt_amt")),
    *(("holdings", "acnt_evlt_remn_indv_tot", name) for name in HOLDINGS),
    *(("cash", "", name) for name in CASH),
    *(("refresh", "acnt_ord_cntr_prps_dtl", name) for name in ROW),
    *(("history", "acnt_ord_cntr_prps_dtl", name) for name in ROW),
    *(("orders", "oso", name) for name in OPEN_ROW),
    *(("book", "", name) for name in LEVELS),
    *(("power", "", name) for name in ("profa_100ord_alow_amt", "profa_100ord_alowq")),
)
UNSIGNED_TWICE = tuple(field for field in FIELDS if field[2] not in (*INVESTORS, "pred_pre", "flu_rt"))
REQUIRED = (
    ("holdings", "", "tot_pur_amt"),
    ("holdings", "", "tot_evlt_amt"),
    ("holdings", "acnt_evlt_remn_indv_tot", "rmnd_qty"),
    ("holdings", "acnt_evlt_remn_indv_tot", "pur_amt"),
    ("holdings", "acnt_evlt_remn_indv_tot", "evlt_amt"),
    ("cash", "", "entr"),
    ("refresh", "acnt_ord_cntr_prps_dtl", "ord_qty"),
    ("refresh", "acnt_ord_cntr_prps_dtl", "cntr_qty"),
    ("refresh", "acnt_ord_cntr_prps_dtl", "ord_remnq"),
    ("history", "acnt_ord_cntr_prps_dtl", "ord_qty"),
    ("history", "acnt_ord_cntr_prps_dtl", "cntr_qty"),
    ("history", "acnt_ord_cntr_prps_dtl", "ord_remnq"),
    ("orders", "oso", "ord_qty"),
    ("orders", "oso", "oso_qty"),
    ("power", "", "profa_100ord_alow_amt"),
    ("power", "", "profa_100ord_alowq"),
)


def with_field(wire: Any, verb: str, block: str, name: str, value: Any) -> Callable[[], object]:
    id, ask = VERBS[verb]
    answer = wire.good(id)
    for row in answer[block] if block else [answer]:
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
        assert f"field {block}" in caught.value.message or "in the row of" in caught.value.message, value
        assert caught.value.endpoint is not None
        assert caught.value.endpoint.startswith(VERBS[verb][0]), value


@pytest.mark.parametrize(("verb", "block", "name"), UNSIGNED_TWICE)
def test_two_minus_signs_are_known_of_changes_and_flows_only(wire: Any, verb: str, block: str, name: str) -> None:
    with pytest.raises(WireError, match=name):
        with_field(wire, verb, block, name, "--5")()


@pytest.mark.parametrize(("verb", "block", "name"), REQUIRED)
@pytest.mark.parametrize("value", ["", "   ", ...], ids=["blank", "blanks", "missing"])
def test_number_that_must_be_there_is_not_replaced(wire: Any, verb: str, block: str, name: str, value: Any) -> None:
    with pytest.raises(WireError, match=name):
        with_field(wire, verb, block, name, value)()


@pytest.mark.parametrize("name", ["cur_prc", "ind_invsr", "frgnr_invsr", "orgn", "natfor"])
def test_number_that_may_be_blank_may_not_be_missing(wire: Any, name: str) -> None:
    verb, block = ("quote", "") if name == "cur_prc" else ("investor flow", "stk_invsr_orgn")
    with pytest.raises(WireError, match=name):
        with_field(wire, verb, block, name, ...)()


@pytest.mark.parametrize(
    "value", ["", "2024-01-05", "20240230", "2024015", "２０２４０１０５", "00000000", None, 20240105]
)
def test_text_that_is_no_date_is_a_wire_error(wire: Any, value: Any) -> None:
    with pytest.raises(WireError, match="dt"):
        with_field(wire, "investor flow", "stk_invsr_orgn", "dt", value)()


BLOCKS = {"refresh": "acnt_ord_cntr_prps_dtl", "history": "acnt_ord_cntr_prps_dtl", "orders": "oso"}


def the_order(found: Any) -> Any:
    (order,) = found if isinstance(found, tuple) else (found,)
    return order


@pytest.mark.parametrize("verb", BLOCKS)
@pytest.mark.parametrize(
    "value", ["", "240000", "24:00:00", "10:11", "90512", "1０:11:12", "888888", None, 101112, ...]
)
def test_text_that_is_no_time_is_none_and_the_order_is_told_all_the_same(wire: Any, verb: str, value: Any) -> None:
    order = the_order(with_field(wire, verb, BLOCKS[verb], "tm" if verb == "orders" else "ord_tm", value)())
    assert (order.submitted_at, order.filled_quantity) == (None, 4)


@pytest.mark.parametrize("verb", BLOCKS)
@pytest.mark.parametrize("value", ["10:11:12", "101112"])
def test_time_of_an_order_may_have_colons(wire: Any, verb: str, value: str) -> None:
    order = the_order(with_field(wire, verb, BLOCKS[verb], "tm" if verb == "orders" else "ord_tm", value)())
    assert order.submitted_at.time() == dt.time(10, 11, 12)


@pytest.mark.parametrize("verb", BLOCKS)
@pytest.mark.parametrize(
    "name", ["stk_nm", "trde_tp", "acpt_tp", "comm_ord_tp", "dmst_stex_tp", "stex_tp_txt", "sor_yn"]
)
@pytest.mark.parametrize("value", [None, 5, [], {}, ...], ids=repr)
def test_text_that_decides_nothing_does_not_cost_the_order(wire: Any, verb: str, name: str, value: Any) -> None:
    if value is ... and name not in wire.good(VERBS[verb][0])[BLOCKS[verb]][0]:
        value = ""
    order = the_order(with_field(wire, verb, BLOCKS[verb], name, value)())
    assert (order.quantity, order.filled_quantity) == (10, 4)


@pytest.mark.parametrize("verb", BLOCKS)
@pytest.mark.parametrize("value", ["", "12a", "-5", "1 2", "9" * 19, "１", None, 5])
def test_order_number_outside_the_grammar_is_a_wire_error(wire: Any, verb: str, value: Any) -> None:
    with pytest.raises(WireError, match="ord_no"):
        with_field(wire, verb, BLOCKS[verb], "ord_no", value)()


@pytest.mark.parametrize("value", ["12a", "-5", "1 2", "12345678901", "１", None, 5])
def test_number_of_a_related_order_outside_the_grammar_is_a_wire_error(wire: Any, value: Any) -> None:
    for verb, name in (("history", "ori_ord"), ("orders", "orig_ord_no")):
        with pytest.raises(WireError, match=name):
            with_field(wire, verb, BLOCKS[verb], name, value)()


@pytest.mark.parametrize("verb", BLOCKS)
@pytest.mark.parametrize("value", ["", "+", "매매", "매수매도", "BUY", "SELL", None, ...])
def test_listed_order_that_is_neither_buy_nor_sell_is_a_wire_error(wire: Any, verb: str, value: Any) -> None:
    with pytest.raises(WireError, match="io_tp_nm"):
        with_field(wire, verb, BLOCKS[verb], "io_tp_nm", value)()


@pytest.mark.parametrize("value", ["", None, 1234567890, ...], ids=repr)
def test_account_that_is_not_told_is_a_wire_error(wire: Any, value: Any) -> None:
    with pytest.raises(WireError, match="acctNo"):
        with_field(wire, "account", "", "acctNo", value)()


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
        "005930",
        "Y",
        "01",
        "02",
        "10:11:12",
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
