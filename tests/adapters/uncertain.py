"""What lists say of an order whose answer never came, shared: odd rows, odd symbols, odd times."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import pytest

from brokerkit import Confidence, Intent, IntentState, OrderUncertain
from brokerkit.orders import reconcile
from brokerkit.orders.journal import Journal
from brokerkit.testing.inside import journal_of, keep
from tests.adapters.kit import Kit, table

Changes = dict[str, Any]


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a broker look again at once."""
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(seconds=0.01))


def remembering(wire: Any) -> Any:
    """Return an account whose journal forgets nothing."""
    keep(wire.broker, Journal(None))
    return wire.logged_in()


def uncertain(wire: Any) -> Intent:
    """Return the intent of an order whose answer could not be read; no list shows an order yet."""
    wire.empty().answer(wire.ids["buy"], b"<html>")
    with pytest.raises(OrderUncertain) as caught:
        wire.broker.buy("005930", 10, price=70000)
    assert caught.value.intent is not None
    return caught.value.intent


def settled(wire: Any, intent: Intent) -> Intent:
    """Return what an intent is after a look."""
    wire.broker.reconcile(wait=True, timeout=0.3)
    return journal_of(wire.broker).get(intent.id)


class UncertainKit(Kit):
    """Orders that are looked for."""

    spellings: ClassVar[tuple[str, ...]]
    """Of the symbol."""
    no_symbols: ClassVar[tuple[str, ...]]
    odd: ClassVar[list[Changes]]
    """Rows that cannot be read, each by a field of the broker's name."""
    no_times: ClassVar[tuple[Any, ...]]

    @pytest.fixture
    def wire(self, connect: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Return an account whose journal forgets nothing, in a hurry."""
        hurry(monkeypatch)
        return remembering(connect("sandbox", plays="real"))

    def uncertain(self, wire: Any) -> Intent:
        """Return the intent of an order without an answer."""
        return uncertain(wire)

    @table("symbol", "spellings")
    @pytest.mark.parametrize("list", ["list", "open"])
    def test_order_is_found_however_its_symbol_is_spelt(self, wire: Any, list: str, symbol: str) -> None:
        mine = self.uncertain(wire)
        found = settled(wire.shows(list, wire.row(list, symbol=symbol)), mine)
        assert (found.state, found.order_id) == (IntentState.ACKED, wire.number)

    @table("symbol", "no_symbols")
    def test_symbol_that_is_not_understood_is_no_proof_of_absence(self, wire: Any, symbol: str) -> None:
        mine = self.uncertain(wire)
        found = settled(wire.shows("list", wire.row("list", symbol=symbol)), mine)
        assert found.state is IntentState.UNKNOWN
        assert found.sightings[-1].unexplained == (wire.number.lstrip("0"),)

    @table("odd", "odd", ids=repr)
    def test_odd_row_is_reported_and_its_neighbours_count(self, wire: Any, odd: Changes) -> None:
        mine = self.uncertain(wire)
        other = wire.row("list", number=str(int(wire.number) + 1).zfill(7), symbol=wire.code_prefix + "000660")
        report = wire.shows("list", {**other, **odd}, {}).broker.reconcile(wait=True, timeout=0.3)
        assert len(report.unreadable) == 1
        assert next(iter(odd)) in report.unreadable[0]
        assert report.problem is None
        found = journal_of(wire.broker).get(mine.id)
        certain = (IntentState.ACKED, wire.number, Confidence.PROBABLE)
        assert (found.state, found.order_id, found.confidence) == certain

    @pytest.mark.parametrize("list", ["list", "open"])
    @table("time", "no_times")
    def test_time_that_is_odd_hides_no_order(self, wire: Any, list: str, time: Any) -> None:
        mine = self.uncertain(wire)
        assert settled(wire.shows(list, wire.row(list, time=time)), mine).order_id == wire.number
