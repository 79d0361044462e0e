"""Mistakes planted in what carries raw orders: the test that is there for each of them has to notice it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from brokerkit.errors import BrokerError
from tests import test_raw_order_rows as rows
from tests.takers import taking


class Slip(NamedTuple):
    """A mistake, and the test that notices it."""

    module: str
    old: str
    new: str
    check: Callable[..., None]
    given: tuple[object, ...] = ("kis",)


RAW, CALLS, GUARD, LIMITS = "orders.raw", "raw.calls", "orders.guard", "orders.limits"
CHANGED = rows.test_a_change_of_an_order_that_the_journal_knows_is_the_verbs
WRITTEN = rows.test_every_order_is_sent_as_it_is_and_written_down_as_what_it_is
COUNTED = rows.test_orders_of_a_day_are_counted_by_currency_and_no_cancellation_is
HELD = rows.test_limits_hold_every_order_by_its_value_in_its_currency
FAILED = rows.test_every_order_that_fails_was_sent_once_and_is_known_or_a_persons
MISREAD = rows.test_a_price_that_nobody_can_read_is_refused_wherever_a_limit_or_real_money_needs_it
SLIPS = (
    Slip(
        RAW,
        '"cancel_reservation"})',
        '"cancel_reservation", "amend"})',
        rows.test_the_kill_switch_lets_cancellations_out_and_nothing_else,
    ),
    Slip(RAW, "abs(self.quantity * self.price)", "abs(self.price)", HELD),
    Slip(
        RAW, "not row.type or code in row.priced", "True", rows.test_what_is_bound_to_no_price_has_no_value_of_its_own
    ),
    Slip(RAW, "number is not None and number > 0", "number is not None", rows.test_what_counts_nothing_has_no_value),
    Slip(
        RAW,
        "terms.quantity < order.quantity",
        "False",
        rows.test_less_than_all_of_an_order_is_raw_where_nobody_tells_what_that_does,
        (),
    ),
    Slip(RAW, "return is_there and (", "return (", rows.test_the_number_of_an_order_of_one_session_is_no_others, ()),
    Slip(RAW, "(not terms.symbol or known.symbol == part.symbol_told(terms.symbol))", "True", CHANGED, ("kiwoom",)),
    Slip(
        RAW,
        "self._trader.check_sent(market, abroad=terms.is_abroad)",
        "pass",
        rows.test_nothing_new_goes_to_a_market_that_the_profile_leaves_out,
        ("kis", "KR"),
    ),
    Slip(
        RAW,
        "abroad=terms.is_abroad",
        "abroad=False",
        rows.test_nothing_new_goes_to_a_market_that_the_profile_leaves_out,
        ("kis", "KR"),
    ),
    Slip(
        RAW,
        "self.guard.check_armed(self._account, _counted_in(terms, part))",
        "pass",
        rows.test_real_money_moves_only_armed_and_by_what_can_be_computed,
        ("kis", pytest.MonkeyPatch),
    ),
    Slip(RAW, "None if is_cancel else self._value(terms, intent, market)", "None", HELD),
    Slip(RAW, 'if self.call.numbers and not number.strip("0"):', "if False:", FAILED),
    Slip(
        RAW,
        "if (told := _found(content, path)) != words",
        "if False",
        rows.test_a_yes_without_the_word_that_it_is_done_leaves_a_change_of_a_reserved_order_open,
        (),
    ),
    Slip(
        RAW,
        "if number and key_of(number) != key_of(named)",
        "if False",
        rows.test_the_answer_to_the_cancel_of_a_reserved_order_that_names_another_one_leaves_it_open,
        (),
    ),
    Slip(
        RAW,
        'f"{name}={value}" for name',
        'f"{name}" for name',
        rows.test_a_key_is_that_of_all_fields_of_a_call_and_only_a_call_sends_it_again,
        (),
    ),
    Slip(RAW, "IntentKind.CANCEL_RAW if is_cancel else", "", WRITTEN),
    Slip(RAW, "names=terms.original or None", "names=None", WRITTEN),
    Slip(
        RAW,
        "side=terms.side,\n            quantity=terms.quantity,\n            price",
        "side=None,\n            quantity=terms.quantity,\n            price",
        WRITTEN,
    ),
    Slip(RAW, "price=terms.price,\n            key", "price=None,\n            key", WRITTEN),
    Slip(RAW, "currency=terms.currency or (", "currency=(", COUNTED),
    Slip(
        RAW,
        "is_apart=None if",
        "is_apart=None if True or",
        rows.test_numbers_of_what_has_lists_of_its_own_are_no_others,
        (),
    ),
    Slip(
        RAW,
        "if self.odd or not self.currency:",
        "if self.odd:",
        rows.test_real_money_moves_only_armed_and_by_what_can_be_computed,
        ("kis", pytest.MonkeyPatch),
    ),
    Slip(
        RAW,
        "if is_known and quantity is not None and not terms.odd:",
        "if is_known and quantity is not None:",
        MISREAD,
        ("kis", "price_collar_percent", pytest.MonkeyPatch),
    ),
    Slip(RAW, "or not self.currency", "or True", HELD),
    Slip(RAW, "if self.odd or not", "if not", MISREAD, ("kis", "max_order_value", pytest.MonkeyPatch)),
    Slip(
        RAW,
        "        if terms.odd:\n            return None\n",
        "",
        rows.test_an_order_that_the_journal_knows_is_moved_to_no_price_that_nobody_can_read,
    ),
    Slip(
        GUARD,
        "if odd and limits.price_collar_percent is not None:",
        "if False:",
        MISREAD,
        ("kis", "price_collar_percent", pytest.MonkeyPatch),
    ),
    Slip(
        CALLS,
        'if call.kind == "unsupported"',
        "if False",
        rows.test_what_a_country_has_not_got_is_refused_before_it_is_sent,
        (),
    ),
    Slip(
        CALLS,
        "or asked == an_id",
        "or True",
        rows.test_an_order_under_an_id_that_nothing_proves_is_sent_only_by_that_id,
        (),
    ),
    Slip(
        GUARD,
        "counts = (limits.max_order_quantity,) if quantity is None else ()",
        "counts = ()",
        rows.test_what_no_limit_can_measure_is_refused_where_there_is_one,
    ),
    Slip(
        GUARD,
        "if price is not None and limits.price_collar_percent is not None:",
        "if False:",
        rows.test_what_no_limit_can_measure_is_refused_where_there_is_one,
    ),
    Slip(
        LIMITS,
        "in (HOME_CURRENCY, NO_CURRENCY)",
        "in (HOME_CURRENCY,)",
        rows.test_orders_of_a_day_are_counted_by_currency_and_no_cancellation_is,
    ),
)


@contextmanager
def planted(slip: Slip) -> Iterator[None]:
    """Let a module of ours, and the classes that others have of it, be as a mistake makes them."""
    module = importlib.import_module(f"brokerkit.{slip.module}")
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(slip.old) == 1, f"{slip.old} stands {source.count(slip.old)} times in {slip.module}"
    wrong = ModuleType(module.__name__)
    wrong.__file__ = module.__file__
    sys.modules[module.__name__] = wrong  # dataclasses look their module up
    try:
        exec(compile(source.replace(slip.old, slip.new), str(module.__file__), "exec"), wrong.__dict__)  # noqa: S102
    finally:
        sys.modules[module.__name__] = module
    with pytest.MonkeyPatch.context() as patch:
        for name, made in vars(wrong).items():
            kept = vars(module).get(name)
            if isinstance(kept, type) and kept.__module__ == module.__name__:
                for each, value in vars(made).items():
                    if callable(value) or isinstance(value, property | staticmethod | classmethod):
                        patch.setattr(kept, each, value) if not each.startswith("__") else None
            elif callable(made) and getattr(made, "__module__", "") == module.__name__:
                patch.setattr(module, name, made)
        yield


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.module}: {slip.old[:50]}")
def test_a_mistake_in_the_way_of_a_raw_order_is_noticed(
    slip: Slip, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path))
    monkeypatch.setattr("brokerkit.orders.desk.START_SECONDS", 0.0)
    given: list[Any] = [monkeypatch if each is pytest.MonkeyPatch else each for each in slip.given]
    with planted(slip), pytest.raises((AssertionError, pytest.fail.Exception, BrokerError, ValueError)):
        slip.check(*given)


def test_without_a_mistake_nothing_is_noticed() -> None:
    same = SLIPS[0]._replace(new=SLIPS[0].old)
    with planted(same), taking("kis"):
        rows.test_less_than_all_of_an_order_is_raw_where_nobody_tells_what_that_does()
