"""What lists prove about an intent: the rules one by one, and both brokers with lists that are late, cut or foreign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from brokerkit import Order, OrderUncertain, clock
from brokerkit.orders import reconcile
from brokerkit.orders.intents import Confidence, Intent, IntentKind, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.listing import Listed, Unread
from brokerkit.orders.reconcile import Reconciler, Reconciliation, Trust, judge
from brokerkit.sandbox.exchange import ExchangeOrder
from tests.journals import (
    BROKERS,
    DAY,
    GETS_LOST,
    GETS_THROUGH,
    HYNIX,
    SAMSUNG,
    SENT,
    Trader,
    begin,
    intent_of,
    order_of,
    request_of,
    row_of,
    trading,
)

TRUST = Trust(proves_absence=True, settle=dt.timedelta(seconds=120), exclusive=False)
UNKNOWN, AMBIGUOUS, ACKED = IntentState.UNKNOWN, IntentState.AMBIGUOUS, IntentState.ACKED
ABSENT, LATE = IntentState.PRESUMED_ABSENT, IntentState.LATE


def uncertain(**changes: Any) -> Intent:
    known = {"sent_at": SENT, "deadline": SENT + dt.timedelta(seconds=15), "watermark": 100, "state": UNKNOWN}
    return intent_of(**{**known, **changes})


def looked(
    intent: Intent,
    *looks: tuple[float, Sequence[Listed]],
    rivals: Sequence[Intent] = (),
    trust: Trust = TRUST,
    is_over: bool = False,
) -> Intent:
    """Return the intent after lists that came so many seconds after it was sent."""
    for seconds, rows in looks:
        now = SENT + dt.timedelta(seconds=seconds)
        intent = judge(intent, rows, rivals, trust, now, is_over=is_over)
    return intent


ONE, TWIN, OTHER = row_of("101"), row_of("102"), row_of("103", quantity=9)
NEVER: list[tuple[float, Sequence[Listed]]] = [(20, []), (80, []), (141, [])]


@pytest.mark.parametrize(
    ("looks", "state"),
    [
        ([(1, [ONE])], UNKNOWN),
        ([(1, [ONE]), (1.9, [ONE])], UNKNOWN),
        ([(1, [ONE]), (2, [ONE])], ACKED),
        ([(1, [ONE]), (2, []), (3, [ONE])], UNKNOWN),
        ([(1, [ONE]), (2, []), (3, [ONE]), (4, [ONE])], ACKED),
        ([(1, [ONE, TWIN])], AMBIGUOUS),
        ([(1, [ONE, TWIN]), (2, [ONE]), (3, [ONE])], ACKED),
        ([(1, [ONE, OTHER]), (2, [ONE, OTHER])], ACKED),
        ([(1, [OTHER]), (100, [OTHER])], UNKNOWN),
        ([(1, [OTHER]), (100, [OTHER]), (140, [OTHER])], AMBIGUOUS),
        ([(1, [OTHER]), (140, [OTHER]), (141, [ONE]), (143, [ONE])], ACKED),
        ([(1, [OTHER]), (140, [OTHER]), (141, []), (200, []), (262, [])], ABSENT),
        (NEVER, ABSENT),
        ([(20, []), (141, [])], UNKNOWN),
        ([(30, []), (80, []), (141, [])], UNKNOWN),
        ([(0, []), (60, []), (121, [])], UNKNOWN),
        ([(20, []), (80, [ONE]), (81, []), (141, [])], UNKNOWN),
        ([*NEVER, (200, [ONE])], ABSENT),
        ([*NEVER, (200, [ONE]), (201, [ONE])], LATE),
        ([*NEVER, (200, [OTHER]), (201, [OTHER])], ABSENT),
        ([*NEVER, (200, [row_of("104", submitted_at=SENT + dt.timedelta(seconds=190))])] * 2, ABSENT),
        ([(1, [row_of("100")]), (2, [row_of("100")])], UNKNOWN),
        ([(1, [row_of(is_elsewhere=True)]), (2, [row_of(is_elsewhere=True)])], UNKNOWN),
    ],
    ids=str,
)
def test_every_rule_of_the_lists(looks: list[tuple[float, Sequence[Listed]]], state: IntentState) -> None:
    assert looked(uncertain(), *looks).state is state


def test_a_match_names_its_order_and_how_sure_it_is() -> None:
    for exclusive, confidence in ((True, Confidence.EXACT), (False, Confidence.PROBABLE)):
        found = looked(uncertain(), (1, [ONE]), (3, [ONE]), trust=replace(TRUST, exclusive=exclusive))
        assert (found.order_id, found.result, found.confidence) == ("101", ONE.order, confidence)
        assert found.decided_at == SENT + dt.timedelta(seconds=3)
        assert "2 lists" in found.evidence[-1]


def test_where_lists_prove_no_absence_nothing_is_presumed() -> None:
    demo = replace(TRUST, proves_absence=False)
    assert looked(uncertain(), *NEVER, (1000, []), trust=demo).state is UNKNOWN
    assert looked(uncertain(), (90_000, []), (90_002, []), trust=demo, is_over=True).state is UNKNOWN


def test_the_list_of_a_day_that_is_over_is_the_last_word() -> None:
    tomorrow = 24 * 3600.0
    assert looked(uncertain(), (1, []), (tomorrow, []), is_over=True).state is UNKNOWN
    twice = looked(uncertain(), (tomorrow, []), (tomorrow + 1, []), is_over=True)
    assert twice.state is IntentState.ABSENT_DAY_CLOSED
    presumed = looked(uncertain(), *NEVER)
    closed = looked(presumed, (tomorrow, []), (tomorrow + 1, []), is_over=True)
    assert closed.state is IntentState.ABSENT_DAY_CLOSED
    assert closed.decided_at == SENT + dt.timedelta(seconds=tomorrow + 1)
    unclear = looked(uncertain(), (tomorrow, [OTHER]), (tomorrow + 1, [OTHER]), is_over=True)
    assert unclear.state is UNKNOWN
    found = looked(uncertain(), (tomorrow, [ONE]), (tomorrow + 1, [ONE]), is_over=True)
    assert found.state is ACKED


def test_a_row_that_could_be_of_two_intents_is_of_neither() -> None:
    for state in (IntentState.SENDING, UNKNOWN, ABSENT):
        first = looked(uncertain(), (1, [ONE]), (3, [ONE]), rivals=[uncertain(state=state)])
        assert first.state is AMBIGUOUS
    presumed = looked(uncertain(), *NEVER)
    assert looked(presumed, (200, [ONE]), (202, [ONE]), rivals=[uncertain()]).state is ABSENT


def test_without_watermark_and_times_nothing_tells_what_came_after_it() -> None:
    blind = row_of("101", tells_time=False)
    assert looked(uncertain(watermark=None), (1, [blind]), (3, [blind])).state is UNKNOWN
    assert looked(uncertain(watermark=None), (1, [ONE]), (3, [ONE])).state is ACKED
    assert looked(uncertain(), (1, [blind]), (3, [blind])).state is ACKED


def test_a_change_is_matched_by_the_number_of_its_order() -> None:
    cancel = uncertain(kind=IntentKind.CANCEL, request=None, order=order_of("90"), quantity=None, price=None)
    mine = row_of("101", original_id="90", is_cancellation=True, quantity=4)
    assert looked(cancel, (1, [mine]), (3, [mine])).state is ACKED
    another = row_of("101", original_id="91", is_cancellation=True)
    assert looked(cancel, (1, [another]), (3, [another])).state is UNKNOWN


class Lists:
    """A broker's list as a test writes it, and a reconciler that reads it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **trust: Any) -> None:
        self.now = SENT
        monkeypatch.setattr(clock, "now", lambda: self.now)
        self.journal = Journal(None)
        self.rows: list[Listed | Unread] = []
        self.skew = 0.0
        known: dict[str, Any] = {"proves_absence": True, "settle_seconds": 1, "exclusive": True}
        self.reconciler = Reconciler(
            self.journal, lambda day: self.rows, times_tell=True, skew=lambda: self.skew, **{**known, **trust}
        )

    def uncertain(self, **changes: Any) -> Intent:
        sent = begin(self.journal, intent_of(**changes))
        return self.journal.decide(sent.moved(UNKNOWN, "silence"))

    def look(self, seconds: float = 1.5) -> Reconciliation:
        self.now += dt.timedelta(seconds=seconds)
        return self.reconciler.look()


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Lists:
    """Return a reconciler at a list of its own, in its own time."""
    return Lists(monkeypatch)


def test_what_falls_ends_the_watermark_of_what_is_not_known_too(lists: Lists) -> None:
    lists.journal.learn(DAY, [100], [])
    first = lists.uncertain()
    other = begin(lists.journal, intent_of(request_of(symbol=HYNIX)))
    lists.journal.decide(other.moved(ACKED, "its number is lower", order_id="50"))
    lists.rows = [row_of("49"), row_of("50", symbol=HYNIX)]
    lists.look()
    lists.look()
    assert lists.journal.get(first.id).order_id == "49"
    assert begin(lists.journal, intent_of(request_of(side="SELL"))).watermark is None


def test_a_list_whose_numbers_fall_with_time_ends_the_watermark(lists: Lists) -> None:
    lists.rows = [row_of("102", symbol=HYNIX), row_of("101", symbol=HYNIX, submitted_at=SENT + dt.timedelta(seconds=9))]
    lists.look()
    assert begin(lists.journal, intent_of()).watermark is None


def test_a_stranger_in_the_second_list_makes_the_match_probable(lists: Lists) -> None:
    mine = lists.uncertain()
    lists.rows = [row_of("101")]
    lists.look()
    lists.rows.append(row_of("102", symbol=HYNIX))
    report = lists.look()
    assert [order.id for order in report.foreign] == ["102"]
    assert lists.journal.get(mine.id).confidence is Confidence.PROBABLE


def test_a_late_order_ends_exclusive(lists: Lists) -> None:
    mine = lists.uncertain()
    for _ in range(14):
        lists.look()
    assert lists.journal.get(mine.id).state is ABSENT
    lists.rows = [row_of("101", submitted_at=lists.now)]
    lists.look()
    (late,) = lists.look().late
    assert late.state is LATE
    assert (late.id, late.state, late.order_id) == (mine.id, LATE, "101")
    assert lists.journal.is_shared(DAY)
    assert lists.look().foreign == ()


def test_beside_a_row_that_cannot_be_read_nothing_is_presumed_absent(lists: Lists) -> None:
    mine = lists.uncertain()
    for number in ("", "101", "x"):
        lists.rows = [Unread("field side is not as documented", number)]
        for _ in range(14):
            lists.look()
        assert lists.journal.get(mine.id).state is UNKNOWN
    report = lists.look()
    assert report.unreadable == (f"{DAY}, order x: field side is not as documented",)
    lists.rows = []
    lists.look()
    lists.look()
    assert lists.journal.get(mine.id).state is UNKNOWN
    lists.look()
    assert lists.journal.get(mine.id).state is ABSENT


def test_the_neighbours_of_a_row_that_cannot_be_read_count(lists: Lists) -> None:
    mine = lists.uncertain()
    lists.rows = [Unread("no side"), row_of("101")]
    lists.look()
    (found,) = lists.look().decided
    assert (found.id, found.order_id, found.confidence) == (mine.id, "101", Confidence.PROBABLE)


def test_a_row_that_cannot_be_read_of_an_order_that_is_known_hides_nothing(lists: Lists) -> None:
    other = begin(lists.journal, intent_of(request_of(symbol=HYNIX)))
    lists.journal.decide(other.moved(ACKED, "answered", order_id="0090"))
    mine = lists.uncertain()
    lists.rows = [Unread("no side", "90")]
    for _ in range(14):
        lists.look()
    assert lists.journal.get(mine.id).state is ABSENT


def test_a_symbol_that_is_not_understood_may_be_its_own(lists: Lists) -> None:
    mine = lists.uncertain()
    lists.rows = [row_of("101", symbol="A005930_XX")]
    for _ in range(14):
        lists.look()
    found = lists.journal.get(mine.id)
    assert (found.state, found.sightings[-1].unexplained) == (AMBIGUOUS, ("101",))


def test_a_symbol_that_is_not_understood_takes_no_answer_back(lists: Lists) -> None:
    mine = begin(lists.journal, intent_of())
    lists.journal.decide(mine.moved(ACKED, "answered", order_id="101", result=order_of("101")))
    lists.rows = [row_of("101", symbol="A005930_XX")]
    lists.look()
    assert lists.journal.get(mine.id).state is ACKED


def answered(lists: Lists, number: str, **changes: Any) -> Intent:
    """Return an order that the broker has answered with its number."""
    sent = begin(lists.journal, intent_of(request_of(symbol=HYNIX), **changes))
    return lists.journal.decide(sent.moved(ACKED, "answered", order_id=number, result=order_of(number, symbol=HYNIX)))


def test_a_list_that_lacks_an_order_which_stands_proves_no_absence(lists: Lists) -> None:
    known = answered(lists, "101")
    mine = lists.uncertain()
    for rows in ([], [row_of("90", symbol="035720")]):
        lists.rows = list(rows)
        for _ in range(14):
            report = lists.look()
        assert lists.journal.get(mine.id).state is UNKNOWN
        assert report.lacking == (f"{DAY}, order 101: {known.what}",)
    lists.rows = [row_of("101", symbol=HYNIX)]
    lists.look()
    assert lists.look().lacking == ()
    assert lists.journal.get(mine.id).state is UNKNOWN
    lists.look()
    assert lists.journal.get(mine.id).state is ABSENT


def test_an_order_that_a_list_of_open_orders_alone_shows_is_lacking(lists: Lists) -> None:
    answered(lists, "101")
    mine = lists.uncertain()
    for rows in ([row_of("101", symbol=HYNIX, is_in_full=False)], [row_of("101", symbol=HYNIX, is_dated=False)]):
        lists.rows = list(rows)
        for _ in range(14):
            lists.look()
        assert lists.journal.get(mine.id).state is UNKNOWN


def test_an_order_that_the_list_may_not_show_yet_is_not_lacking(lists: Lists) -> None:
    mine = lists.uncertain()
    for _ in range(14):
        lists.look()
        newest = answered(lists, str(200 + int(lists.now.timestamp()) % 1000))
        lists.journal.revise(
            newest.id, lambda each: each.moved(ACKED, "", deadline=lists.now + dt.timedelta(seconds=15))
        )
        lists.rows.append(row_of(str(newest.order_id), symbol=HYNIX))
    assert lists.journal.get(mine.id).state is ABSENT


def test_after_its_day_a_list_that_lacks_others_is_not_the_last_word(lists: Lists) -> None:
    answered(lists, "101")
    mine = lists.uncertain()
    lists.look(86_400)
    lists.look()
    assert lists.journal.get(mine.id).state is UNKNOWN
    lists.rows = [row_of("101", symbol=HYNIX)]
    lists.look()
    lists.look()
    assert lists.journal.get(mine.id).state is IntentState.ABSENT_DAY_CLOSED


def test_rows_without_a_date_are_nobodys_and_teach_nothing(lists: Lists) -> None:
    lists.rows = [row_of("900", symbol=HYNIX, is_dated=False)]
    assert lists.look().foreign == ()
    assert not lists.journal.is_shared(DAY)
    assert begin(lists.journal, intent_of()).watermark == 0


def test_rows_without_a_date_take_no_answer_back(lists: Lists) -> None:
    mine = begin(lists.journal, intent_of())
    lists.journal.decide(mine.moved(ACKED, "answered", order_id="101", result=order_of("101")))
    lists.rows = [row_of("101", symbol=HYNIX, is_dated=False)]
    lists.look()
    assert lists.journal.get(mine.id).state is ACKED


def branch_in(order: Order) -> str:
    return order.handle.split(":")[2]


def in_branch(branch: str, number: str, **changes: Any) -> Order:
    return order_of(number, handle=f"fake:20261120:{branch}:{number}", **changes)


def test_the_same_number_of_another_branch_is_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = Lists(monkeypatch, branch_of=branch_in)
    lists.journal.branch_of = branch_in
    other = begin(lists.journal, intent_of(request_of(symbol=HYNIX)))
    theirs = in_branch("06020", "101", symbol=HYNIX)
    lists.journal.decide(other.moved(ACKED, "answered", order_id="101", result=theirs))
    mine = begin(lists.journal, intent_of())
    lists.journal.revise(mine.id, lambda each: each.moved(UNKNOWN, "silence", watermark=100))
    lists.rows = [Listed(theirs), Listed(in_branch("06010", "101"))]
    lists.look()
    (found,) = lists.look().decided
    assert (found.id, found.state, found.order_id) == (mine.id, ACKED, "101")
    assert lists.journal.get(other.id).state is ACKED
    assert lists.journal.explained(DAY) == {("101", "06010"), ("101", "06020")}
    assert lists.look().foreign == ()


@pytest.mark.parametrize(
    ("proves_absence", "days", "read"),
    [(False, 0, True), (False, 1, False), (False, 60, False), (True, 1, True), (True, 14, True), (True, 15, False)],
)
def test_a_day_is_not_read_for_ever_for_what_was_presumed_absent(
    proves_absence: bool, days: int, read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = Lists(monkeypatch, proves_absence=proves_absence)
    mine = lists.uncertain()
    lists.journal.revise(mine.id, lambda each: each.moved(ABSENT, "a person decided that it does not stand"))
    asked: list[dt.date] = []
    monkeypatch.setattr(lists.reconciler, "_rows_of", lambda day: asked.append(day) or ())
    lists.look(days * 86_400)
    assert (DAY in asked) is read


def test_a_day_is_read_as_long_as_something_of_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = Lists(monkeypatch, proves_absence=False)
    lists.uncertain()
    asked: list[dt.date] = []
    monkeypatch.setattr(lists.reconciler, "_rows_of", lambda day: asked.append(day) or ())
    lists.look(60 * 86_400)
    assert DAY in asked


@pytest.mark.parametrize("skew", [90.0, -90.0])
def test_a_clock_that_is_wrong_proves_no_absence(skew: float, lists: Lists) -> None:
    mine = lists.uncertain()
    lists.look()
    lists.skew = skew
    lists.look(3600)
    lists.look()
    assert lists.journal.get(mine.id).state is UNKNOWN


def test_a_clock_that_jumps_proves_no_absence(lists: Lists) -> None:
    mine = lists.uncertain()
    for seconds in (2, -3600, 1, 1):
        lists.look(seconds)
    assert lists.journal.get(mine.id).state is UNKNOWN


def test_one_broken_list_changes_nothing_and_is_told(lists: Lists) -> None:
    mine = lists.uncertain()
    before = lists.journal.get(mine.id)
    lists.rows = [row_of("101"), row_of("101", quantity=1)]
    report = lists.look()
    assert report.problem is not None
    assert report.unresolved == (mine,) == (before,)
    assert report.foreign == ()


# Both brokers


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a broker whose lists settle after a second."""
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.35)
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(seconds=0.3))
    with trading(request.param) as made:
        yield made


def lost(trader: Trader, kind: str, send: Callable[[], object] | None = None) -> Intent:
    """Let a fault hit an order, amendment or cancellation, and return its intent."""
    trader.breaks(kind)
    with pytest.raises(OrderUncertain) as caught:
        (send or trader.buy)()
    trader.faults.clear()
    assert caught.value.intent is not None
    assert trader.broker.unresolved() == (caught.value.intent,)
    return caught.value.intent


def rows(trader: Trader) -> list[ExchangeOrder]:
    return list(trader.box.exchange.orders(trader.box.connect(trader.name).account))


@pytest.fixture
def changes(trader: Trader) -> dict[str, Callable[[Order], object]]:
    """Return what can be done to an order, by name."""
    return {
        "amend": lambda order: trader.broker.amend(order, price=trader.price() + 100),
        "cancel": trader.broker.cancel,
        "partial": lambda order: trader.broker.cancel(order, quantity=3),
    }


@pytest.mark.parametrize(
    "before", [(), ("amend",), ("partial",), ("amend", "partial"), ("partial", "partial")], ids=str
)
@pytest.mark.parametrize("verb", ["amend", "cancel", "partial"])
def test_a_change_that_got_through_is_found_whatever_happened_to_its_order(
    verb: str, before: tuple[str, ...], trader: Trader, changes: dict[str, Callable[[Order], Any]]
) -> None:
    order = trader.buy()
    for name in before:
        done = changes[name](order)
        order = trader.broker.refresh(done)
    mine = lost(trader, GETS_THROUGH, lambda: changes[verb](order))
    report = trader.broker.reconcile(wait=True, timeout=30)
    assert [each.state for each in report.decided] == [ACKED]
    assert int(trader.journal.get(mine.id).order_id or 0) == rows(trader)[-1].number
    assert (report.unresolved, report.foreign) == ((), ())


@pytest.mark.parametrize("verb", ["amend", "cancel", "partial"])
def test_a_change_that_got_lost_is_presumed_absent(
    verb: str, trader: Trader, changes: dict[str, Callable[[Order], Any]]
) -> None:
    order = trader.buy()
    lost(trader, GETS_LOST, lambda: changes[verb](order))
    for intent in trader.journal.unresolved():  # as if the time in which it may leave had passed
        trader.journal.revise(intent.id, lambda each: each.model_copy(update={"deadline": each.sent_at}))
    report = trader.broker.reconcile(wait=True, timeout=30)
    assert [each.state for each in report.decided] == [ABSENT]


def test_an_order_that_the_list_shows_late_is_found(trader: Trader) -> None:
    mine = lost(trader, GETS_THROUGH)
    trader.breaks("lag", "listing", seconds=1)
    report = trader.broker.reconcile(wait=True, timeout=30)
    assert [(each.id, each.state) for each in report.decided] == [(mine.id, ACKED)]


@pytest.mark.parametrize("kind", ["missing_row", "shrunken_quantity"])
def test_one_list_that_lies_only_delays_the_match(kind: str, trader: Trader) -> None:
    mine = lost(trader, GETS_THROUGH)
    trader.breaks(kind, "listing", nth=1)
    report = trader.broker.reconcile(wait=True, timeout=30)
    assert [(each.id, each.state) for each in report.decided] == [(mine.id, ACKED)]
    assert len(rows(trader)) == trader.posts == 1


@pytest.mark.parametrize("kind", ["http_500_unlisted", "html_200", "cut_body", "day_roll"])
def test_a_list_that_cannot_be_read_changes_nothing_and_says_why(kind: str, trader: Trader) -> None:
    mine = lost(trader, GETS_THROUGH)
    trader.breaks(kind, "listing", every=1)
    report = trader.broker.reconcile(wait=True, timeout=0.9)
    assert [each.id for each in report.unresolved] == [mine.id]
    assert report.decided == ()
    if kind != "day_roll":
        assert report.problem
    trader.faults.clear()
    assert [each.state for each in trader.broker.reconcile(wait=True, timeout=30).decided] == [ACKED]


def test_orders_of_others_are_told_and_never_adopted(trader: Trader) -> None:
    trader.somebody_buys(7, HYNIX)
    mine = lost(trader, GETS_THROUGH)
    report = trader.broker.reconcile(wait=True, timeout=30)
    assert [order.symbol for order in report.foreign] == [HYNIX]
    assert trader.journal.get(mine.id).confidence is Confidence.PROBABLE
    assert len(list(trader.journal.everything())) == 1


def test_a_twin_of_somebody_else_makes_it_ambiguous_and_a_person_decides(trader: Trader) -> None:
    mine = lost(trader, GETS_THROUGH)
    trader.somebody_buys()
    trader.broker.reconcile(wait=True, timeout=0.8)
    assert trader.journal.get(mine.id).state is AMBIGUOUS
    number = trader.journal.get(mine.id).sightings[-1].fitting[0]
    resolved = trader.broker.resolve(mine, order_id=number, reason="seen in the app")
    assert (resolved.state, resolved.order_id) == (ACKED, number)
    assert len(trader.broker.reconcile().foreign) == 1


def test_several_that_are_not_known_are_told_apart(trader: Trader) -> None:
    trader.breaks(GETS_THROUGH, every=1)
    for symbol in (SAMSUNG, HYNIX):
        with pytest.raises(OrderUncertain):
            trader.buy(symbol=symbol)
    report = trader.broker.reconcile(wait=True, timeout=30)
    assert {each.symbol: each.state for each in report.decided} == {SAMSUNG: ACKED, HYNIX: ACKED}


@pytest.mark.parametrize("name", BROKERS)
def test_in_paper_trading_an_order_that_is_listed_is_found_all_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.35)
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(seconds=0.3))
    with trading(name, environment="demo", exclusive=True) as trader:
        mine = lost(trader, GETS_THROUGH)
        trader.broker.reconcile(wait=True, timeout=30)
        found = trader.journal.get(mine.id)
        assert (found.state, found.confidence) == (ACKED, Confidence.EXACT)


def cancellation(lists: Lists, quantity: int | None) -> Intent:
    """Return a cancellation of order 90 of which nobody knows what became."""
    lists.rows = [row_of("90")]
    return lists.uncertain(kind=IntentKind.CANCEL, request=None, order=order_of("90"), quantity=quantity, price=None)


def test_where_cancellations_have_no_row_that_of_the_order_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = Lists(monkeypatch, lists_cancellations=False)
    cancel = cancellation(lists, None)
    for _ in range(12):
        lists.look()
    assert lists.journal.get(cancel.id).state is ABSENT
    lists.rows = [row_of("90", status="CANCELED")]
    (late,) = lists.look().late
    assert late.state is LATE
    assert (late.id, late.order_id, late.result) == (cancel.id, None, lists.rows[0].order)


def test_where_cancellations_have_no_row_a_part_is_never_called_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = Lists(monkeypatch, lists_cancellations=False)
    cancel = cancellation(lists, 4)
    for _ in range(12):
        lists.look()
    assert lists.journal.get(cancel.id).state is UNKNOWN


def texts(monkeypatch: pytest.MonkeyPatch, **terms: Any) -> Lists:
    """Return a reconciler of a broker whose order ids are texts that do not ascend."""
    return Lists(monkeypatch, numbers_ascend=False, **terms)


def unsure(lists: Lists, **changes: Any) -> Intent:
    sent = begin(lists.journal, intent_of(**changes), numbers_ascend=False)
    return lists.journal.decide(sent.moved(UNKNOWN, "silence"))


def test_where_order_ids_are_texts_times_tell_which_one_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = texts(monkeypatch)
    before = begin(lists.journal, intent_of(), numbers_ascend=False)
    lists.journal.decide(before.moved(ACKED, "answered", order_id="aB-1"))
    lists.now += dt.timedelta(minutes=5)
    mine = unsure(lists)
    lists.rows = [row_of("aB-1"), row_of("AB-1", submitted_at=lists.now), row_of("x9", symbol=HYNIX)]
    lists.look()
    (found,) = lists.look().decided
    assert (found.id, found.order_id, found.watermark) == (mine.id, "AB-1", None)
    assert lists.journal.is_shared(DAY)
    assert [order.id for order in lists.look().foreign] == ["x9"]


def test_where_order_ids_are_texts_a_row_of_long_before_is_not_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = texts(monkeypatch)
    lists.rows = [row_of("a", submitted_at=SENT)]
    lists.now += dt.timedelta(minutes=5)
    mine = unsure(lists)
    for _ in range(14):
        lists.look()
    assert lists.journal.get(mine.id).state is ABSENT


def test_where_neither_ids_nor_times_tell_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = texts(monkeypatch)
    mine = unsure(lists)
    lists.rows = [row_of("a", submitted_at=None)]
    for _ in range(14):
        lists.look()
    assert lists.journal.get(mine.id).state is UNKNOWN


def test_ids_that_look_like_numbers_are_not_compared_where_they_do_not_ascend(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = texts(monkeypatch)
    lists.journal.learn(DAY, [900], [])
    mine = lists.uncertain()  # written down by who took them for numbers
    assert mine.watermark == 900
    lists.rows = [row_of("101")]
    lists.look()
    assert [each.order_id for each in lists.look().decided] == ["101"]


def test_a_reconciler_of_one_market_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = Lists(monkeypatch, market="US")
    here = lists.uncertain()
    there = lists.uncertain(market="US", currency="USD")
    lists.rows = [row_of("101"), row_of("102", symbol=HYNIX)]
    lists.look()
    report = lists.look()
    assert ([each.id for each in report.decided], report.unresolved) == ([there.id], ())
    assert lists.journal.get(here.id).state is UNKNOWN
    assert (lists.journal.is_shared(DAY), lists.journal.is_shared(DAY, "US")) == (False, True)
