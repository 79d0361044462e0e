"""The proof finds what it looks for: every violation that is planted is told, and nothing else is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from itertools import islice
from random import Random

import pytest

from brokerkit import OrderRequest, OrderType, Side, clock
from brokerkit.orders.intents import Confidence, Intent, IntentKind, IntentState, Sighting, new_id
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder
from brokerkit.sandbox.faults import KINDS
from proof import __main__ as proof
from proof import called
from proof.figures import Figure, at_least, none, shown, table
from proof.interrupts import Alarm
from proof.oracles import Seen, Violations, is_like, violations
from proof.orders import _kinds, _outcomes, decide, seen_by
from proof.trading import BROKERS, MARKETS, Step, Trader, quick, trading

ACCOUNT = "1"
REQUEST = OrderRequest(symbol="005930", side=Side.BUY, quantity=Decimal(2), type=OrderType.MARKET)


def placed(count: int = 1) -> dict[str, ExchangeOrder]:
    exchange = Exchange()
    exchange.open_account(ACCOUNT)
    return {str(row.number): row for row in (exchange.submit(ACCOUNT, REQUEST) for _ in range(count))}


def intent(state: IntentState = IntentState.ACKED, number: str | None = None, **known: object) -> Intent:
    values = {
        "id": new_id(),
        "kind": IntentKind.ORDER,
        "state": state,
        "day": clock.today(),
        "symbol": REQUEST.symbol,
        "side": REQUEST.side,
        "quantity": REQUEST.quantity,
        "price": None,
        "request": REQUEST,
        "created_at": clock.now(),
        "order_id": number,
        **known,
    }
    return Intent.model_validate(values)


def told(**seen: object) -> dict[str, int]:
    """Return how many violations of each name there are, where there are any."""
    found = violations(Seen(**{"truth": {}, "journal": (), "unresolved": frozenset(), **seen}))  # type: ignore[arg-type]
    names = [each.name for each in dataclasses.fields(Violations)]
    return {name: len(getattr(found, name)) for name in names if getattr(found, name)}


def test_what_is_true_is_no_violation() -> None:
    truth = placed(2)
    first, second = truth
    known, unknown = intent(number=first.zfill(10)), intent(IntentState.UNKNOWN)
    assert (
        told(
            truth=truth,
            journal=[known, unknown],
            unresolved=frozenset({unknown.id}),
            posts={known.id: 1, unknown.id: 1},
            own={known.id: first, unknown.id: second},
        )
        == {}
    )


def test_two_requests_for_one_order_are_told() -> None:
    truth = placed()
    known = intent(number=next(iter(truth)))
    assert told(truth=truth, journal=[known], posts={known.id: 2}) == {"duplicated": 1}


def test_a_request_that_is_not_in_the_journal_is_told() -> None:
    assert told(strays=1) == {"duplicated": 1}


def test_one_number_for_two_intents_is_told() -> None:
    truth = placed()
    number = next(iter(truth))
    assert told(truth=truth, journal=[intent(number=number), intent(number=number)]) == {"duplicated": 1}


def test_an_order_that_nothing_points_at_is_lost() -> None:
    truth = placed()
    assert told(truth=truth) == {"lost": 1}
    assert told(truth=truth, reported=frozenset(truth), foreign=frozenset(truth)) == {}
    seen = Sighting(since=clock.now(), until=clock.now(), lists=1, fitting=(*truth,), unexplained=())
    unknown = intent(IntentState.AMBIGUOUS, sightings=(seen,))
    assert told(truth=truth, journal=[unknown], unresolved=frozenset({unknown.id})) == {}


@pytest.mark.parametrize("state", ["NOT_SENT", "REJECTED", "PRESUMED_ABSENT", "ABSENT_DAY_CLOSED"])
def test_an_order_that_is_said_not_to_stand_and_stands_is_told(state: str) -> None:
    truth = placed()
    gone = intent(IntentState(state))
    assert told(truth=truth, journal=[gone], own={gone.id: next(iter(truth))}) == {"denied": 1, "lost": 1}


def test_an_order_that_stands_in_the_journal_only_is_told() -> None:
    assert told(journal=[intent(number="7")]) == {"imagined": 1}
    assert told(journal=[intent()]) == {"imagined": 1}


@pytest.mark.parametrize(
    "other",
    [{"side": Side.SELL}, {"quantity": Decimal(3)}, {"price": Decimal(70_000)}, {"symbol": "000660"}],
    ids=lambda other: next(iter(other)),
)
def test_an_order_that_is_taken_for_another_one_is_told(other: dict[str, object]) -> None:
    truth = placed()
    number = next(iter(truth))
    for confidence in (None, *Confidence):
        known = intent(number=number, confidence=confidence).model_copy(update=other)
        assert told(truth=truth, journal=[known]) == {"wrong": 1}


def test_a_wrong_match_is_told_by_what_it_was_called() -> None:
    truth = placed(2)
    ours, theirs = truth
    for confidence, name in ((Confidence.EXACT, "wrong"), (Confidence.PROBABLE, "wrong_probable"), (None, "wrong")):
        matched = intent(number=theirs, confidence=confidence)
        seen = {"truth": truth, "journal": [matched], "reported": frozenset({ours})}
        assert told(**seen, foreign=frozenset(truth)) == {name: 1}
        assert told(**seen, foreign=frozenset({ours}), own={matched.id: ours}) == {name: 1}


@pytest.mark.parametrize("state", ["SENDING", "UNKNOWN", "AMBIGUOUS"])
def test_an_open_intent_that_is_not_reported_is_told(state: str) -> None:
    assert told(journal=[intent(IntentState(state))]) == {"hidden": 1}


def test_an_order_of_ours_that_is_called_somebody_elses_is_told() -> None:
    assert told(truth=placed(), reported=frozenset({"7"})) == {"lost": 1, "slandered": 1}


@pytest.fixture(params=[(name, market) for name in BROKERS for market in MARKETS], ids=str)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    name, market = request.param
    # No fault here is waited for, so that a busy machine may take its time with the orders that meet none.
    with quick(seconds=15), trading(name, 1, exclusive=True, market=market) as each:
        yield each


def test_a_person_finds_an_order_that_was_not_answered_in_time_though_no_fault_was_played_on_it(trader: Trader) -> None:
    call = partial(trader.broker.order, trader.request(*trader.free_sides()[0]))
    step = trader.submit(call, "processed_then_reset")
    trader.steps[:] = [dataclasses.replace(step, requests=range(0))]
    decide(trader, trader.broker.unresolved())
    (known,) = trader.journal()
    assert (known.state, str(int(known.order_id or 0))) == (IntentState.ACKED, *trader.truth())


def test_a_trader_knows_what_became_of_each_order(trader: Trader) -> None:
    kinds = ("processed_then_reset", "accept_then_reset", "")
    sides = trader.free_sides()
    steps = [trader.submit(partial(trader.broker.order, trader.request(*sides.pop())), kind) for kind in kinds]
    assert [(len(step.intents), step.posts) for step in steps] == [(1, 1)] * 3
    assert [trader.own_number(step) is not None for step in steps] == [True, False, False]
    assert [step.is_uncertain for step in steps] == [True, True, False]
    states = {each.id: each.state for each in trader.journal()}
    assert [states[step.intents[0]] for step in steps] == ["UNKNOWN", "UNKNOWN", "ACKED"]
    found = violations(seen_by(trader, ()))
    assert not any(dataclasses.astuple(found))


def test_an_order_that_is_planted_at_the_exchange_is_found(trader: Trader) -> None:
    (symbol, side), *_ = trader.free_sides()
    planted = trader.exchange.submit(trader.account, trader.request(symbol, side))
    assert violations(seen_by(trader, ())).lost == (
        f"NEW {planted.number} of {planted.quantity:f} {planted.request.symbol}",
    )
    reported = trader.reconcile(wait=False)
    assert reported == {str(planted.number)}
    assert violations(seen_by(trader, reported)).slandered == (f"order {planted.number}",)
    trader.foreign.add(planted.number)
    assert not any(dataclasses.astuple(violations(seen_by(trader, reported))))


def test_an_uncertain_order_that_is_neither_decided_nor_listed_is_missed() -> None:
    journal = [intent(IntentState(state)) for state in ("ACKED", "PRESUMED_ABSENT", "AMBIGUOUS", "UNKNOWN", "NOT_SENT")]
    steps = [Step("", (each.id,), range(1), is_uncertain=True) for each in journal]
    steps += [Step("", (), range(1), is_uncertain=True), Step("", (journal[0].id,), range(1), is_uncertain=False)]
    counted = _outcomes(steps, {each.id: each for each in journal}, journal[2:3])
    assert (counted.uncertain, counted.decided, counted.unresolved) == (6, 2, 1)


# The table


def test_a_figure_that_is_not_met_is_seen_and_makes_the_proof_fail(capsys: pytest.CaptureFixture[str]) -> None:
    met, missed = none("lost", []), none("sent twice", ["BUY 1 | 2"])
    assert shown([met]) == 0
    assert shown([met, missed]) == 1
    assert shown([]) == 1
    assert "| sent twice | 1: BUY 1 / 2 | 0 | NOT MET |" in capsys.readouterr().out
    assert table([at_least("orders", 999, 1_000)]).endswith("| orders | 999 | at least 1,000 | NOT MET |")


def test_a_part_that_breaks_down_is_a_figure_that_is_not_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proof, "PARTS", ("figures",))
    monkeypatch.setattr(proof, "ONLY_RELEASE", ("missing",))
    monkeypatch.setattr("proof.figures.run", lambda release: [Figure("it", str(release), "any", True)], raising=False)
    assert proof.main(["--release"]) == 1
    out, _ = capsys.readouterr()
    assert "| it | True | any | met |" in out
    assert "| missing | broke down: ModuleNotFoundError | runs to its end | NOT MET |" in out
    assert proof.main(["figures"]) == 0
    assert "missing" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        proof.main(["nonsense"])
    assert proof.main(["missing"]) == 1


def test_an_alarm_that_comes_after_its_call_interrupts_nobody() -> None:
    alarm = Alarm()
    alarm(0, None)
    alarm.is_armed = True
    with pytest.raises(KeyboardInterrupt):
        alarm(0, None)


def test_orders_meet_every_kind_of_fault_that_strikes_requests_and_none_of_streams() -> None:
    played = set(islice(_kinds(Random(1)), 200)) - {""}  # noqa: S311 - repeatable
    assert played == {kind for kind in KINDS if not kind.startswith("stream_")}


@pytest.mark.parametrize("name", BROKERS)
def test_an_order_by_the_brokers_own_fields_is_judged_as_any_other(name: str) -> None:
    with quick(seconds=15), trading(name, 1, exclusive=True) as trader:
        symbols = [symbol for symbol, side in trader.free_sides() if side is Side.BUY]
        calls = (called.as_a_verb, called.on_credit)
        for call, symbol in zip(calls, symbols, strict=False):
            trader.submit(partial(call, trader.broker, trader.request(symbol, Side.BUY)), "processed_then_reset")
        lost = [*trader.journal()]
        assert [(each.kind, each.state) for each in lost] == [
            (IntentKind.ORDER, IntentState.UNKNOWN),
            (IntentKind.RAW, IntentState.UNKNOWN),
        ]
        rows = trader.truth()
        for each, row in zip(lost, rows.values(), strict=True):
            assert is_like(each, row)
            dearer = row.request.model_copy(update={"price": row.request.price + 100})
            assert not is_like(each, dataclasses.replace(row, request=dearer))
        assert not any(dataclasses.astuple(violations(seen_by(trader, ()))))
        decide(trader, trader.broker.unresolved())
        assert [str(int(str(each.order_id))) for each in trader.journal()] == [*rows]
