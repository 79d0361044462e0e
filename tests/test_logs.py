"""Log records for programs: every one has an event of the table, with its level and no other fields than it says."""

from __future__ import annotations

import ast
import datetime as dt
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from brokerkit import OrderUncertain, get_broker
from brokerkit.errors import NetworkError
from brokerkit.logs import EVENTS, FAILURE, about
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.faults import Faults, Rule
from brokerkit.words import Side
from tests.test_architecture import CORE, PLUGINS, modules, shown, tree_of

LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class Call(NamedTuple):
    """A call of a logger in the code."""

    place: str
    level: str
    event: str | None
    fields: frozenset[str]
    has_traceback: bool


def logged(path: Path) -> Iterator[Call]:
    """Yield the calls of loggers in a module; the event is None where there is none, or none that can be read."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        on = ast.unparse(node.func.value)
        if node.func.attr not in LEVELS or not ("log" in on.lower() or on == "without_quote"):
            continue
        level = {"exception": "ERROR"}.get(node.func.attr, node.func.attr.upper())
        has_traceback = node.func.attr == "exception" or any(each.arg == "exc_info" for each in node.keywords)
        extra = next((each.value for each in node.keywords if each.arg == "extra"), None)
        event, fields = None, set()
        if isinstance(extra, ast.Call) and ast.unparse(extra.func) == "about":
            first = extra.args[0]
            event = first.value if isinstance(first, ast.Constant) else None
            fields = {str(each.arg) for each in extra.keywords} | {*(FAILURE.split() if len(extra.args) > 1 else ())}
        yield Call(f"{shown(path)}:{node.lineno}", level, event, frozenset(fields), has_traceback)


CALLS = [call for folder in (CORE, *PLUGINS.values()) for path in modules(folder) for call in logged(path)]


def test_every_record_has_an_event_of_the_table_at_its_level() -> None:
    assert len(CALLS) > 50
    assert [call for call in CALLS if call.event not in EVENTS] == []
    assert [call for call in CALLS if EVENTS[call.event or ""][0] != call.level] == []


def test_every_event_of_the_table_is_logged_somewhere() -> None:
    assert set(EVENTS) - {call.event for call in CALLS} == set()


@pytest.mark.parametrize("event", EVENTS)
def test_a_record_has_no_field_that_the_table_lacks_and_the_table_none_that_no_record_has(event: str) -> None:
    used = frozenset().union(*(call.fields for call in CALLS if call.event == event))
    assert used == set(EVENTS[event][1].split())


def test_tracebacks_are_logged_of_the_sandbox_alone() -> None:
    """A traceback leads to local variables, which some programs write down too."""
    with_traceback = [call.place for call in CALLS if call.has_traceback]
    assert [place for place in with_traceback if "/sandbox/" not in place] == []
    assert with_traceback != []


def test_no_field_has_the_name_of_an_attribute_of_records() -> None:
    fields = {"event"}.union(*(row.split() for _, row in EVENTS.values()))
    assert fields & STANDARD == set()


def test_fields_are_what_json_can_write_and_what_is_not_known_is_left_out() -> None:
    error = NetworkError("no answer", broker="paper", endpoint="price", code=None)
    day, moment = dt.date(2026, 11, 27), dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)
    told = about("list_unreadable", error, day=day, order=None, since=moment, side=Side.BUY, path=Path("a", "b"))
    assert told == {
        "event": "list_unreadable",
        "broker": "paper",
        "api": "price",
        "error": "NetworkError",
        "day": "2026-11-27",
        "since": "2026-11-27T09:00:00+00:00",
        "side": "BUY",
        "path": str(Path("a", "b")),
    }
    assert json.loads(json.dumps(told)) == told


def test_a_field_of_its_own_goes_before_what_the_error_says() -> None:
    error = NetworkError("no answer", broker=None)
    assert about("stream_lost", error, broker="paper")["broker"] == "paper"
    assert "broker" not in about("stream_lost", error)
    assert about("taker_failed", ZeroDivisionError()) == {"event": "taker_failed", "error": "ZeroDivisionError"}


def test_a_record_carries_its_fields_as_attributes(caplog: Any) -> None:
    logging.getLogger("brokerkit").warning("words", extra=about("clock_differs", broker="paper", seconds=7))
    (record,) = caplog.records
    assert (record.event, record.broker, record.seconds) == ("clock_differs", "paper", 7)


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_fields_of_orders_tell_ids_and_neither_account_nor_key_nor_what_was_ordered(name: str, caplog: Any) -> None:
    faults = Faults([Rule("processed_then_reset", on="order", times=1)])
    with (
        caplog.at_level(logging.DEBUG, "brokerkit"),
        Sandbox(faults=faults) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox) as broker,
    ):
        with pytest.raises(OrderUncertain):
            broker.buy("000660", 7, price=153_500)
        broker.reconcile(wait=True, timeout=60)
        order = broker.buy("005930", 7, price=51_300)
        broker.cancel(order)
        assert len(broker.quotes(["005930", "999999"]).failed) == 1
        settings = broker.adapter.settings
    told = [record for record in caplog.records if record.name.partition(".")[0] == "brokerkit"]
    fields = [{name: value for name, value in vars(record).items() if name not in STANDARD} for record in told]
    assert {"order_attempted", "quote_missing"} <= {each["event"] for each in fields}
    for each in fields:
        assert each.keys() - {"event"} <= {*EVENTS[each["event"]][1].split()}
    shown = json.dumps(fields)
    secrets = [settings.app_key, settings.app_secret, settings.account]
    for canary in (
        "005930",
        "000660",
        "51300",
        "51,300",
        "153500",
        *(each.get_secret_value() for each in secrets if each),
    ):
        assert canary not in shown
    assert order.id in shown
