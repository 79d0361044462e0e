"""Raw calls that may move money: a verb's way where a verb uses the API, else a way that only a person settles."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from brokerkit import Broker, Limits, OrderBlocked, OrderRequest, OrderUncertain, Side, get_broker
from brokerkit.catalogue import Catalogue
from brokerkit.errors import Halted, InvalidRequest, LimitExceeded, Rejected
from brokerkit.orders import journal as journals
from brokerkit.orders.halting import halt, resume
from brokerkit.orders.intents import Intent, IntentKind, IntentState
from brokerkit.orders.raw import Terms
from brokerkit.orders.rows import read, written
from brokerkit.raw.calls import RawCall
from brokerkit.raw.reply import RawReply
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.testing.inside import journal_of
from brokerkit.transport import Effect
from tests.program import is_order

SAMSUNG, OTHER = "005930", "000660"
BROKERS = ("kis", "kiwoom")


@dataclass
class Raw:
    """A served sandbox, and a broker whose calls are made by its own fields."""

    name: str
    box: Sandbox
    faults: Faults
    broker: Broker

    def again(self, **given: Any) -> Broker:
        """Return a broker as a new process would get it."""
        journals._files.clear()
        return connected(self.name, self.box, **given)

    @property
    def asked(self) -> int:
        return sum(is_order(request) for request in self.box.face(self.name).requests)

    def price(self, symbol: str = SAMSUNG) -> int:
        return int(self.box.exchange.quote(symbol).lower_limit)

    def place(
        self, symbol: str = SAMSUNG, quantity: int = 10, *, broker: Broker | None = None, **given: Any
    ) -> RawReply:
        price = str(self.price(symbol))
        if self.name == "kis":
            fields = {"PDNO": symbol, "ORD_DVSN": "00", "ORD_QTY": quantity, "ORD_UNPR": price}
            return (broker or self.broker).call("domestic_stock/order_cash/buy", fields, **given)
        fields = {"dmst_stex_tp": "KRX", "stk_cd": symbol, "ord_qty": quantity, "trde_tp": "0", "ord_uv": price}
        return (broker or self.broker).call("kt10000", fields, **given)

    def change(self, number: str, price: int | None, quantity: int | None = None, symbol: str = SAMSUNG) -> RawReply:
        """Amend an order to a price, or cancel it where there is none: all of it, or some shares."""
        if self.name == "kis":
            fields = {
                "KRX_FWDG_ORD_ORGNO": "06010",
                "ORGN_ODNO": number,
                "ORD_DVSN": "00",
                "ORD_UNPR": price or 0,
                "RVSE_CNCL_DVSN_CD": "02" if price is None else "01",
                "ORD_QTY": quantity or 0,
                "QTY_ALL_ORD_YN": "Y" if quantity is None else "N",
            }
            return self.broker.call("domestic_stock/order_rvsecncl", fields)
        fields = {"dmst_stex_tp": "KRX", "stk_cd": symbol, "orig_ord_no": number}
        if price is None:
            return self.broker.call("kt10003", {**fields, "cncl_qty": quantity or 0})
        return self.broker.call("kt10002", {**fields, "mdfy_qty": quantity or 0, "mdfy_uv": price})

    def foreign(self, symbol: str = SAMSUNG) -> str:
        """Place an order that the journal does not know of, and return its number."""
        request = OrderRequest(symbol=symbol, side=Side.BUY, quantity=10, price=self.price(symbol))
        number = self.box.exchange.submit(self.box.connect(self.name).account, request).number
        return next(each.id for each in self.broker.orders() if int(each.id) == number)

    def numbers(self) -> list[int]:
        account = self.box.connect(self.name).account
        return [each.number for each in self.box.exchange.orders(account)]

    def intent(self, reply: RawReply) -> Intent:
        return self.broker.journal.get(str(reply.intent_id))

    def uncertain(self, kind: str, send: Callable[[], object]) -> Intent:
        self.faults.add(Rule(kind, on="order"))
        before = self.asked
        with pytest.raises(OrderUncertain) as caught:
            send()
        self.faults.clear()
        assert self.asked - before <= 1
        assert isinstance(caught.value.intent, Intent)
        return caught.value.intent


def connected(name: str, box: Sandbox, **given: Any) -> Broker:
    keys = box.connect(name)
    options = {"settle_seconds": 1, **given.pop("options", {})}
    named = {each: getattr(keys, each) for each in ("base_url", "app_key", "app_secret", "account")}
    return get_broker(name, environment="sandbox", options=options, **named, **given)


@pytest.fixture(params=BROKERS)
def raw(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Raw]:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("brokerkit.orders.desk.TOTAL_SECONDS", 0.1)
    monkeypatch.setattr("brokerkit.orders.desk.TURN_SECONDS", 0.3)
    monkeypatch.setattr("brokerkit.orders.desk.START_SECONDS", 0.0)
    monkeypatch.setattr("brokerkit.orders.reconcile.POLL_SECONDS", 0.35)
    monkeypatch.setattr("brokerkit.orders.reconcile.APART", dt.timedelta(seconds=0.3))
    journals._files.clear()
    faults = Faults()
    with Sandbox(faults=faults) as box, connected(request.param, box) as broker:
        yield Raw(request.param, box, faults, broker)


# The way of the verbs


def test_an_order_an_amendment_and_a_cancellation_are_those_of_the_verbs(raw: Raw) -> None:
    placed = raw.place(quantity=10)
    (order,) = raw.broker.orders()
    assert placed.order_id == order.id
    assert raw.intent(placed).result is not None
    assert (raw.intent(placed).kind, raw.intent(placed).state) == (IntentKind.ORDER, IntentState.ACKED)
    assert raw.broker.refresh(raw.intent(placed).result).remaining_quantity == 10  # type: ignore[arg-type]
    moved = raw.change(str(placed.order_id), raw.price() + 100)
    (order,) = raw.broker.orders()
    assert (order.id, order.price, raw.intent(moved).kind) == (moved.order_id, raw.price() + 100, IntentKind.AMEND)
    gone = raw.change(str(moved.order_id), None)
    assert (raw.intent(gone).kind, raw.broker.orders()) == (IntentKind.CANCEL, ())
    assert raw.broker.reconcile().foreign == ()


@pytest.mark.parametrize("kind", ["processed_then_reset", "cut_body", "http_502", "accept_then_reset"])
def test_what_is_uncertain_of_a_verbs_api_the_lists_settle(kind: str, raw: Raw) -> None:
    raw.broker.quote(SAMSUNG)
    intent = raw.uncertain(kind, raw.place)
    assert (intent.kind, intent.state, raw.broker.unresolved()) == (IntentKind.ORDER, IntentState.UNKNOWN, (intent,))
    with pytest.raises(OrderBlocked):
        raw.place()
    report = raw.broker.reconcile(wait=True, timeout=30)
    stands = len(raw.broker.orders())
    assert [each.state for each in report.decided] == [IntentState.ACKED if stands else IntentState.PRESUMED_ABSENT]


ODD = {
    "kis": [
        ({"rt_cd": "0", "output": {"ORD_TMD": "100000"}}, "output.ODNO"),
        ({"rt_cd": "0", "output": {"ODNO": " "}}, "output.ODNO"),
        ({"rt_cd": "0", "output": {"ODNO": 117}}, "output.ODNO"),
        ({"rt_cd": "0", "output": [{"ODNO": "117"}, {"ODNO": "118"}]}, "output"),
        ({"rt_cd": "0", "output": {"ODNO": "0000000000"}}, "output.ODNO"),
        ({"rt_cd": 0, "output": {"ODNO": "117"}}, "rt_cd"),
        ({"rt_cd": True, "output": {"ODNO": "117"}}, "rt_cd"),
        ({"rt_cd": [], "output": {"ODNO": "117"}}, "rt_cd"),
    ],
    "kiwoom": [
        ({"return_code": 0}, "ord_no"),
        ({"return_code": 0, "ord_no": ""}, "ord_no"),
        ({"return_code": 0, "ord_no": "0000000"}, "ord_no"),
        ({"return_code": True, "ord_no": "117"}, "return_code"),
    ],
}
"""Answers to an order that cannot be believed, and what has to be named."""


def odd_answers(raw: Raw, answer: object) -> None:
    text = json.dumps(answer)
    raw.box.face(raw.name).before = lambda request: (
        Response(text, media_type="application/json") if is_order(request) else None
    )


@pytest.mark.parametrize("by", ["call", "verb"])
def test_what_is_odd_about_the_answer_to_an_order_is_named(by: str, raw: Raw) -> None:
    raw.broker.quote(SAMSUNG)
    for answer, named in ODD[raw.name]:
        odd_answers(raw, answer)
        with pytest.raises(OrderUncertain) as caught:
            raw.place() if by == "call" else raw.broker.buy(SAMSUNG, 10, price=raw.price())
        assert named in caught.value.message
        assert not any(
            words in str(caught.value) for words in ("ValidationError", "adapter", "broker's JSON", "network")
        )
        assert isinstance(caught.value.intent, Intent)
        raw.broker.resolve(caught.value.intent, absent=True, reason="it was never sent on")


def test_a_key_is_good_for_one_order_by_call_or_by_verb(raw: Raw) -> None:
    placed = raw.place(key="one")
    again = raw.place(key="one")
    assert (again.order_id, again.intent_id, again.pages, raw.asked) == (placed.order_id, placed.intent_id, 0, 1)
    assert "stands already" in again.warnings[-1]
    assert (again.rows, again.missing, again.unknown) == ((), (), ())
    assert [dict(row) for row in placed.rows] == [dict(row) for rows in placed.blocks.values() for row in rows]
    assert raw.broker.buy(SAMSUNG, 10, price=raw.price(), key="one").id == placed.order_id
    with pytest.raises(InvalidRequest, match="that of another order"):
        raw.place(quantity=9, key="one")
    assert raw.asked == 1


# What no list settles


def test_a_change_of_an_order_that_the_journal_does_not_know_is_raw(raw: Raw) -> None:
    number = raw.foreign()
    moved = raw.change(number, raw.price() + 100, quantity=4)
    intent = raw.intent(moved)
    assert (intent.kind, intent.names, intent.quantity, intent.price) == (IntentKind.RAW, number, 4, raw.price() + 100)
    assert (intent.state, intent.order_id) == (IntentState.ACKED, moved.order_id)
    gone = raw.change(number, None)
    assert (raw.intent(gone).kind, len(raw.broker.orders())) == (IntentKind.CANCEL_RAW, 1)
    assert raw.broker.reconcile().problem is None


@pytest.mark.parametrize("kind", ["processed_then_reset", "cut_body", "http_502", "html_200"])
def test_a_raw_call_of_uncertain_fate_is_sent_once_and_left_to_a_person(kind: str, raw: Raw) -> None:
    number = raw.foreign()
    raw.place(OTHER, 1)
    intent = raw.uncertain(kind, lambda: raw.change(number, raw.price() + 100, quantity=4))
    assert (intent.kind, intent.state) == (IntentKind.RAW, IntentState.UNKNOWN)
    asked = raw.asked
    with pytest.raises(OrderBlocked):
        raw.change(number, raw.price() + 100, quantity=4)
    report = raw.broker.reconcile(wait=True, timeout=3)
    assert [each.id for each in report.unresolved] == [intent.id]
    assert "a person has to settle it" in report.unresolved[0].evidence[-1]
    assert raw.asked == asked
    settled = raw.broker.resolve(intent, absent=True, reason="the app does not show it")
    assert (settled.state, raw.broker.unresolved()) == (IntentState.PRESUMED_ABSENT, ())
    assert [each.state for each in raw.broker.reconcile().decided] == []


def test_a_row_that_may_be_a_raw_calls_is_given_to_nobody_else(raw: Raw) -> None:
    number = raw.foreign()
    called = raw.uncertain("accept_then_reset", lambda: raw.change(number, raw.price() + 100, quantity=4))
    intent = raw.uncertain("processed_then_reset", lambda: raw.broker.buy(SAMSUNG, 3, price=raw.price()))
    report = raw.broker.reconcile(wait=True, timeout=5)
    states = {called.id: IntentState.UNKNOWN, intent.id: IntentState.AMBIGUOUS}  # whatever many lists lack
    assert {each.id: each.state for each in report.unresolved} == states
    shown = {each.id: each.sightings[-1].unexplained for each in report.unresolved}
    assert raw.numbers()[-1] in map(int, shown[called.id])


def test_what_an_earlier_process_left_is_told_and_its_raw_calls_hold_up_the_first_order(raw: Raw) -> None:
    number = raw.foreign()
    raw.place(OTHER, 1)
    intent = raw.uncertain("processed_then_reset", lambda: raw.change(number, raw.price() + 100, quantity=4))
    with raw.again() as later:
        assert [each.id for each in later.unresolved()] == [intent.id]
        with pytest.raises(OrderBlocked, match="call "):
            raw.place(OTHER, 2, broker=later)
        later.resolve(intent, order_id="77", reason="the app shows it")
        assert raw.place(OTHER, 2, broker=later).order_id


def test_a_reserved_order_is_that_of_the_verb_and_its_own_list_settles_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("brokerkit.orders.desk.TOTAL_SECONDS", 0.1)
    monkeypatch.setattr("brokerkit.orders.reconcile.APART", dt.timedelta(seconds=0.3))
    journals._files.clear()
    faults = Faults()
    with Sandbox(faults=faults) as box, connected("kis", box) as broker:
        fields = {"PDNO": SAMSUNG, "ORD_QTY": "3", "ORD_UNPR": f"{box.exchange.quote(SAMSUNG).lower_limit:f}"}
        fields |= {"SLL_BUY_DVSN_CD": "02", "ORD_DVSN_CD": "00", "ORD_OBJT_CBLC_DVSN_CD": "10"}
        reply = broker.call("domestic_stock/order_resv", fields, key="kept")
        intent = broker.journal.get(str(reply.intent_id))
        assert (intent.kind, intent.state, intent.order_id) == (IntentKind.RESERVE, IntentState.ACKED, reply.order_id)
        (kept,) = broker.reservations()
        assert (int(kept.id), kept.quantity, kept.side) == (int(str(reply.order_id)), 3, Side.BUY)
        assert broker.call("domestic_stock/order_resv", fields, key="kept").pages == 0
        assert broker.reserve(intent.request, key="kept").id == kept.id  # type: ignore[arg-type]
        moved = broker.call(
            "domestic_stock/order_resv_rvsecncl/modify", {**fields, "ORD_QTY": 2, "RSVN_ORD_SEQ": kept.id}
        )
        changed = broker.journal.get(str(moved.intent_id))
        assert (changed.kind, changed.quantity, moved.order_id) == (IntentKind.AMEND_RESERVATION, 2, kept.id)
        assert [each.quantity for each in broker.reservations()] == [2]
        gone = broker.call("domestic_stock/order_resv_rvsecncl/cancel", {"RSVN_ORD_SEQ": kept.id})
        assert broker.journal.get(str(gone.intent_id)).kind is IntentKind.CANCEL_RESERVATION
        assert [each.status for each in broker.reservations()] == ["CANCELED"]


# The envelope


def test_the_kill_switch_stops_raw_orders_and_amendments_but_no_cancellation(raw: Raw) -> None:
    number, other = raw.foreign(), raw.foreign(OTHER)
    asked = raw.asked
    halt("enough")
    try:
        for send in (raw.place, lambda: raw.change(number, raw.price() + 100)):
            with pytest.raises(Halted):
                send()
        assert raw.asked == asked
        raw.change(other, None, symbol=OTHER)
    finally:
        resume()
    assert raw.asked == asked + 1


def test_limits_hold_for_raw_calls_and_count_them(raw: Raw) -> None:
    number = raw.foreign()
    price = raw.price()
    limits = Limits(max_order_value=10 * price, max_order_quantity=20, max_orders_per_day=2)
    with raw.again(limits=limits) as careful:
        raw.broker = careful
        for quantity, words in ((11, "max_order_value"), (21, "max_order_quantity")):
            with pytest.raises(LimitExceeded, match=words):
                raw.place(quantity=quantity)
        asked = raw.asked
        with pytest.raises(LimitExceeded, match="max_order_value"):
            raw.change(number, price + 100, quantity=10)
        with pytest.raises(LimitExceeded, match="cannot be computed"):
            raw.change(number, price + 100)
        assert raw.asked == asked
        raw.change(number, price + 100, quantity=2)
        raw.place(quantity=1)
        with pytest.raises(LimitExceeded, match="max_orders_per_day"):
            raw.place(OTHER, quantity=1)
        raw.change(number, None)


def test_a_refusal_is_written_down_and_holds_nothing_up(raw: Raw) -> None:
    raw.broker.quote(SAMSUNG)
    with pytest.raises(Rejected):
        raw.change("999999", raw.price(), quantity=1)
    (intent,) = [each for each in journal_of(raw.broker).everything() if each.is_raw]
    assert (intent.state, intent.code is not None) == (IntentState.REJECTED, True)
    assert raw.broker.unresolved() == ()


def test_an_interrupt_on_the_way_leaves_it_unknown(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    number = raw.foreign()
    real = raw.broker.client.call

    def call(endpoint: Any, **given: Any) -> Any:
        answer = real(endpoint, **given)
        if endpoint.effect is Effect.ORDER:
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(raw.broker.client, "call", call)
    with pytest.raises(KeyboardInterrupt) as caught:
        raw.change(number, raw.price() + 100, quantity=4)
    assert any("may stand" in note for note in caught.value.__notes__)
    (intent,) = raw.broker.unresolved()
    assert (intent.kind, intent.state) == (IntentKind.RAW, IntentState.UNKNOWN)


# Rows of the journal, and the tables of orders


def test_a_raw_call_is_kept_as_a_row_and_told_in_a_line(raw: Raw) -> None:
    number = raw.foreign()
    intent = raw.intent(raw.change(number, raw.price() + 100, quantity=4))
    assert read(written(intent)) == intent
    name = "domestic_stock/order_rvsecncl" if raw.name == "kis" else "kt10002"
    symbol = "" if raw.name == "kis" else f" {SAMSUNG}"
    assert intent.what == f"call {name} (4{symbol} at {raw.price() + 100} of order {number})"


def test_the_kind_and_the_rest_of_an_order_are_read_from_its_fields() -> None:
    api = Catalogue.at("brokerkit_kis").api("domestic_stock/order_rvsecncl")
    values = {"RVSE_CNCL_DVSN_CD": "02", "ORGN_ODNO": " 0000012345 ", "ORD_QTY": "3", "ORD_UNPR": "0", "ORD_DVSN": "00"}

    def terms(**more: str) -> Terms:
        return Terms.of(RawCall(None, api, "", "", {**values, **more}, (), goes_on=False))  # type: ignore[arg-type]

    assert (terms().kind, terms().original, terms().quantity) == ("cancel", "0000012345", 3)
    assert terms(QTY_ALL_ORD_YN="Y").quantity is None
    assert (terms(RVSE_CNCL_DVSN_CD="01").kind, terms(RVSE_CNCL_DVSN_CD="03").kind) == ("amend", "")
    assert terms(RVSE_CNCL_DVSN_CD="01", ORD_UNPR="70000").value == Decimal(210_000)
    assert terms(RVSE_CNCL_DVSN_CD="01", ORD_UNPR="70000", ORD_DVSN="01").value is None
    assert terms(ORD_QTY="1_0").quantity is None
