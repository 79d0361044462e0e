"""The safety envelope: arming, limits and the kill switch."""

from __future__ import annotations

import errno
import itertools
import os
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from brokerkit.config import read_profiles
from brokerkit.errors import BrokerError, ConfigError, Disarmed, Halted, JournalError, LimitExceeded
from brokerkit.market.markets import KOREA
from brokerkit.models import Quote
from brokerkit.orders import guard
from brokerkit.orders.guard import Guard
from brokerkit.orders.halting import check_halt, halt, halt_file, resume
from brokerkit.orders.intents import IntentKind, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits, Safety
from brokerkit.words import OrderType, Side, Venue
from tests.journals import HYNIX, SAMSUNG, begin, intent_of, order_of, request_of

COMPLETE = Limits(max_order_quantity=10, max_order_value=10**6, max_orders_per_minute=5, max_orders_per_day=50)


def quote_of(price: int = 70_000, upper: int | None = 91_000, **changes: Any) -> Quote:
    known = {"symbol": SAMSUNG, "venue": Venue.KRX, "currency": "KRW", "price": price, "upper_limit": upper}
    return Quote.model_validate({**known, **changes})


class Guarded:
    """A guard, and how often it asked for a price."""

    def __init__(self, limits: Limits | None = None, environment: str = "real", arm: str | None = None) -> None:
        self.asked = 0
        self.quote = quote_of()
        self.guard = Guard(lambda: environment == "real", Safety(arm=arm, limits=limits or Limits()), self._quote)

    def _quote(self, symbol: str, venue: Venue) -> Quote:
        self.asked += 1
        return self.quote


# Limits as they are written


@pytest.mark.parametrize("name", sorted(set(Limits.model_fields) - {"symbols", "others"}))
@pytest.mark.parametrize(
    "wrong",
    ["1_000", "NaN", "Infinity", "１０００", " 5", "", "many", True, 0, -1, float("nan"), float("inf"), [5]],
    ids=repr,
)
def test_what_is_no_plain_number_above_nought_is_no_limit(name: str, wrong: object) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate({name: wrong})


@pytest.mark.parametrize("given", [5, "5", 5.0, Decimal(5)], ids=repr)
@pytest.mark.parametrize("name", sorted(set(Limits.model_fields) - {"symbols", "others"}))
def test_a_limit_may_be_written_as_any_number(name: str, given: object) -> None:
    assert getattr(Limits.model_validate({name: given}), name) == 5


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_order_value": 10**7, "KRW": {"max_order_value": 10**6}}, "limits in KRW stand in the table itself"),
        ({"USD": {"max_order_value": 5000, "JPY": {"max_order_value": 700_000}}}, "no tables of other currencies"),
    ],
    ids=["won", "nested"],
)
def test_limits_that_nobody_would_look_at_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Limits.model_validate(given)


def test_a_count_is_a_whole_number() -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate({"max_orders_per_day": 1.5})


def test_a_profile_tells_limits_and_names_the_nearest_for_a_misspelt_one(tmp_path: Path) -> None:
    path = tmp_path / "brokerkit.toml"
    path.write_text(
        '[profiles.main]\nbroker = "x"\n[profiles.main.limits]\nmax_order_value = 1_000_000.5\n'
        'max_orders_per_day = "20"\nsymbols = ["005930"]\n'
    )
    limits = read_profiles(path)[0]["main"].limits
    assert limits == Limits(max_order_value=Decimal("1000000.5"), max_orders_per_day=20, symbols=frozenset({SAMSUNG}))
    path.write_text('[profiles.main]\nbroker = "x"\n[profiles.main.limits]\nmax_order_valeu = 1\n')
    with pytest.raises(ConfigError, match="max_order_value"):
        read_profiles(path)
    path.write_text('[profiles.main]\nbroker = "x"\n[profiles.main.limits]\nmax_order_value = "1_000"\n')
    with pytest.raises(ConfigError, match="max_order_value"):
        read_profiles(path)


# Real money


@pytest.mark.parametrize("environment", ["sandbox", "demo", "real"])
@pytest.mark.parametrize("arm", [None, "", "4501", "5001", "50012345-01"])
@pytest.mark.parametrize("limits", [Limits(), COMPLETE], ids=["without limits", "with limits"])
def test_real_money_moves_only_armed_and_limited(environment: str, arm: str | None, limits: Limits) -> None:
    made = Guarded(limits, environment, arm)
    if environment != "real" or (arm == "4501" and limits is COMPLETE):
        made.guard.check_armed(lambda: "50012345-01", KOREA)
    else:
        with pytest.raises(Disarmed):
            made.guard.check_armed(lambda: "50012345-01", KOREA)


@pytest.mark.parametrize("lacking", guard.NEEDED_FOR_REAL)
def test_each_limit_that_real_money_needs_is_named_when_it_is_missing(lacking: str) -> None:
    made = Guarded(COMPLETE.model_copy(update={lacking: None}), arm="4501")
    with pytest.raises(Disarmed, match=lacking):
        made.guard.check_armed(lambda: "5001234501", KOREA)


def test_an_account_without_digits_cannot_be_armed() -> None:
    with pytest.raises(Disarmed):
        Guarded(COMPLETE, arm="").guard.check_armed(lambda: "sandbox-account", KOREA)


# Limits of an order

numbers = st.none() | st.integers(1, 200)
PRICES = st.sampled_from([None, 48_000, 69_000, 70_000, 71_000, 90_000])


@settings(max_examples=300, deadline=None)
@given(
    max_quantity=numbers,
    max_value=st.none() | st.integers(1, 10**7),
    max_daily=st.none() | st.integers(1, 3 * 10**7),
    per_minute=st.none() | st.integers(1, 4),
    per_day=st.none() | st.integers(1, 5),
    collar=st.none() | st.sampled_from(["0.5", "1.5", "10", "30"]),
    symbols=st.none() | st.sampled_from([frozenset[str](), frozenset({SAMSUNG})]),
    orders=st.lists(st.tuples(st.sampled_from([SAMSUNG, HYNIX]), st.integers(1, 200), PRICES), max_size=6),
)
def test_no_order_outside_of_any_limit_is_written_down(
    max_quantity: int | None,
    max_value: int | None,
    max_daily: int | None,
    per_minute: int | None,
    per_day: int | None,
    collar: str | None,
    symbols: frozenset[str] | None,
    orders: list[tuple[str, int, int | None]],
) -> None:
    limits = Limits.model_validate(
        {
            "max_order_quantity": max_quantity,
            "max_order_value": max_value,
            "max_daily_value": max_daily,
            "max_orders_per_minute": per_minute,
            "max_orders_per_day": per_day,
            "price_collar_percent": collar,
            "symbols": symbols,
        }
    )
    made, journal = Guarded(limits), Journal(None)
    accepted: list[tuple[str, int, int]] = []
    refused = 0
    for symbol, quantity, price in orders:
        type_ = OrderType.MARKET if price is None else OrderType.LIMIT
        request = request_of(symbol=symbol, quantity=quantity, price=price, type=type_)
        try:
            sent = begin(journal, intent_of(request), limits=limits, value=made.guard.check_order(request, KOREA))
        except LimitExceeded:
            refused += 1
            continue
        journal.decide(sent.moved(IntentState.ACKED, "taken", order_id=str(len(accepted) + 1)))
        accepted.append((symbol, quantity, price or 91_000))
    assert len(accepted) <= min(per_minute or 9, per_day or 9)
    assert sum(quantity * price for _, quantity, price in accepted) <= (max_daily or 10**12)
    for symbol, quantity, price in accepted:
        assert quantity <= (max_quantity or quantity)
        assert quantity * price <= (max_value or 10**12)
        assert symbols is None or symbol in symbols
        assert collar is None or price == 91_000 or abs(price - 70_000) * 100 <= Decimal(collar) * 70_000
    if limits == Limits():
        assert refused == 0


@pytest.mark.parametrize("type_", [OrderType.MARKET, OrderType.BEST_OPPOSITE, OrderType.LIMIT_TO_MARKET_ON_CLOSE])
@pytest.mark.parametrize("side", list(Side))
def test_what_may_trade_at_any_price_counts_at_the_upper_limit(type_: OrderType, side: Side) -> None:
    made = Guarded(Limits(max_order_value=910_000))
    price = 70_000 if type_ is OrderType.LIMIT_TO_MARKET_ON_CLOSE else None
    assert made.guard.check_order(request_of(type=type_, price=price, side=side), KOREA) == 910_000
    with pytest.raises(LimitExceeded):
        made.guard.check_order(request_of(type=type_, price=price, side=side, quantity=11), KOREA)


def test_without_a_known_upper_limit_it_is_thirty_percent_over_the_base_price() -> None:
    made = Guarded(Limits(max_order_value=10**9))
    market = request_of(type=OrderType.MARKET, price=None)
    made.quote = quote_of(upper=None, previous_close=60_000)
    assert made.guard.check_order(market, KOREA) == 10 * 60_000 * Decimal("1.3")
    again = Guarded(Limits(max_order_value=10**9))
    again.quote = quote_of(upper=None)
    assert again.guard.check_order(market, KOREA) == 10 * 70_000 * Decimal("1.3")


def test_a_symbol_without_an_upper_limit_can_cost_any_value_at_the_market() -> None:
    made = Guarded(Limits(max_order_value=10**9))
    made.quote = quote_of(upper=None)
    guard = Guard(
        lambda: True, Safety(limits=made.guard.limits), lambda *_: made.quote, tells_upper_limit=lambda market: True
    )
    with pytest.raises(LimitExceeded, match="no upper limit"):
        guard.check_order(request_of(type=OrderType.MARKET, price=None), KOREA)
    assert guard.check_order(request_of(), KOREA) == 700_000


def test_an_order_with_a_price_is_counted_also_where_no_limit_needs_that_yet() -> None:
    """Another program of the same account may have limits."""
    made = Guarded()
    assert made.guard.check_order(request_of(), KOREA) == 700_000
    assert made.guard.check_order(request_of(type=OrderType.MARKET, price=None), KOREA) is None
    assert made.asked == 0


def test_the_collar_asks_for_a_price_that_is_older_than_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Guarded(Limits(price_collar_percent=1))
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    made.guard.remember(quote_of(70_000))
    made.quote = quote_of(80_000)
    now[0] += 5
    made.guard.check_order(request_of(price=70_700), KOREA)
    assert made.asked == 0
    now[0] += 0.1
    with pytest.raises(LimitExceeded, match="80,000"):
        made.guard.check_order(request_of(price=70_700), KOREA)
    assert made.asked == 1
    made.guard.check_order(request_of(price=80_800), KOREA)
    assert made.asked == 1


@pytest.mark.parametrize(("price", "passes"), [(69_300, True), (69_200, False), (70_700, True), (70_800, False)])
def test_the_collar_holds_on_both_sides_and_for_amendments(price: int, passes: bool) -> None:
    made = Guarded(Limits(price_collar_percent=1))
    checks = (
        lambda: made.guard.check_order(request_of(price=price), KOREA),
        lambda: made.guard.check_amendment(SAMSUNG, KOREA, Venue.KRX, Decimal(1), Decimal(price)),
    )
    for check in checks:
        if passes:
            check()
        else:
            with pytest.raises(LimitExceeded):
                check()


# Counters


def test_amendments_count_as_orders_and_cancellations_as_nothing() -> None:
    journal, limits = Journal(None), Limits(max_orders_per_day=2)
    changes = {"request": None, "order": order_of()}
    begin(journal, intent_of(), limits=limits)
    begin(journal, intent_of(kind=IntentKind.AMEND, **changes), limits=limits)
    with pytest.raises(LimitExceeded, match="max_orders_per_day"):
        begin(journal, intent_of(request_of(side=Side.SELL)), limits=limits)
    begin(journal, intent_of(kind=IntentKind.CANCEL, **{**changes, "quantity": None}), limits=limits)


def test_what_was_refused_or_not_sent_costs_no_money_but_a_refusal_counts_as_an_order() -> None:
    journal, limits = Journal(None), Limits(max_daily_value=100, max_orders_per_day=2)
    for state in (IntentState.REJECTED, IntentState.NOT_SENT):
        sent = begin(journal, intent_of(), limits=limits, value=Decimal(100))
        journal.decide(sent.moved(state, "no"))
    sent = begin(journal, intent_of(), limits=limits, value=Decimal(60))
    journal.decide(sent.moved(IntentState.UNKNOWN, "silence"))
    with pytest.raises(LimitExceeded, match="max_orders_per_day"):
        begin(journal, intent_of(request_of(side=Side.SELL)), limits=limits)
    with pytest.raises(LimitExceeded, match="max_daily_value"):
        begin(journal, intent_of(request_of(side=Side.SELL)), limits=Limits(max_daily_value=100), value=Decimal("40.5"))


def test_the_most_that_an_order_can_come_to_fits_into_the_journal() -> None:
    begin(Journal(None), intent_of(), value=Decimal(10) ** 35)


# The kill switch


@pytest.mark.usefixtures("own_state")
def test_the_switch_stops_and_lets_go_again() -> None:
    check_halt()
    assert not resume()
    halt("lunch\x1b[31m\nand\u202e more")
    with pytest.raises(Halted, match=r"lunch and more\)") as caught:
        check_halt()
    assert "\n" not in str(caught.value)
    assert resume()
    check_halt()


def test_a_switch_that_cannot_be_read_is_on(own_state: Path) -> None:
    halt_file().mkdir()
    with pytest.raises(Halted, match="cannot be read") as caught:
        check_halt()
    assert (
        caught.value.advice == f"Nothing was sent. {halt_file()} is a folder: remove it by hand, then orders go again."
    )
    halt_file().rmdir()
    halt_file().symlink_to(own_state / "nowhere")
    with pytest.raises(Halted):
        check_halt()
    assert resume()


@pytest.mark.usefixtures("own_state")
def test_a_switch_to_which_the_way_is_shut_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def shut(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    for name in ("open", "stat", "lstat", "unlink"):
        monkeypatch.setattr(os, name, shut)
    with pytest.raises(Halted, match="Permission denied"):
        check_halt()
    with pytest.raises(JournalError, match="cannot be removed: Permission denied"):
        resume()


def test_a_switch_of_which_not_even_a_word_was_written_is_on() -> None:
    halt()
    halt_file().write_bytes(b"\xff\xfe")
    with pytest.raises(Halted):
        check_halt()


def test_a_switch_that_cannot_be_set_or_removed_says_so(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    halt_file().mkdir()
    halt()  # it is on already, as what it is
    with pytest.raises(JournalError, match="cannot be removed") as caught:
        resume()
    assert caught.value.advice == f"{halt_file()} is a folder: remove it by hand, then orders go again."
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(own_state / "file" / "state"))
    (own_state / "file").touch()
    with pytest.raises(JournalError, match="Orders are NOT stopped"):
        halt()


def test_a_disk_without_room_for_the_words_still_takes_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    halt("why")
    with pytest.raises(Halted):
        check_halt()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.usefixtures("own_state")
def test_a_pipe_as_the_switch_is_on_and_holds_nobody_up() -> None:
    os.mkfifo(halt_file())
    with pytest.raises(Halted, match="no plain file"):
        check_halt()
    halt("why")
    with pytest.raises(Halted, match="why"):
        check_halt()


@pytest.mark.parametrize("named", ["state", "./state", "$HOME/state", "../state", " "])
def test_a_state_folder_that_moves_with_the_working_directory_stops_orders_and_the_switch_says_so(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKERKIT_STATE_DIR", named)
    with pytest.raises(Halted, match="no whole path"):
        check_halt()
    with pytest.raises(JournalError, match=r"Orders are NOT stopped.*no whole path"):
        halt()
    with pytest.raises(JournalError, match="no whole path"):
        resume()


def test_a_state_folder_in_the_home_is_the_same_wherever_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("BROKERKIT_STATE_DIR", "~/state")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    halt("from one folder")
    monkeypatch.chdir(tmp_path / "two")
    with pytest.raises(Halted, match="from one folder"):
        check_halt()
    assert (tmp_path / "state" / "HALT").exists()


def test_every_error_of_the_envelope_says_that_nothing_was_sent() -> None:
    halt("why")
    for fails in (check_halt, lambda: Guarded(COMPLETE).guard.check_armed(str, KOREA)):
        with pytest.raises(BrokerError) as caught:
            fails()
        assert "Nothing was sent" in str(caught.value)


def test_all_eight_ways_to_arm_are_told_apart() -> None:
    passed = []
    for real, armed, limited in itertools.product((True, False), repeat=3):
        made = Guarded(COMPLETE if limited else Limits(), "real" if real else "demo", "4501" if armed else None)
        try:
            made.guard.check_armed(lambda: "5001234501", KOREA)
            passed.append((real, armed, limited))
        except Disarmed:
            assert real
    assert passed == [(True, True, True), *itertools.product((False,), (True, False), (True, False))]
