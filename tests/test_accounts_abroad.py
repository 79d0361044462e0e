"""An account in two currencies: nothing is added over them, and days are those of the market."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import TransactionKind
from brokerkit.errors import InvalidRequest, WireError
from brokerkit.replies import CashMove, Sale
from tests.new_york import World, filled, share, world

__all__ = ["world"]
WEDNESDAY = dt.date(2026, 11, 25)
TUESDAY = dt.date(2026, 11, 24)


# Balances


def test_each_balance_has_its_currency_and_no_sum_has_two(world: World) -> None:
    korea, america = world.broker().balances()
    assert (korea.currency, korea.cash) == ("KRW", 1_000_000)
    assert (america.currency, america.cash) == ("USD", Decimal("100.25"))
    assert america.market_value == Decimal("814.59")
    assert america.unrealized_pnl == Decimal("214.29")
    assert [each.currency for each in america.positions] == ["USD"]


def test_a_market_is_named_or_it_is_the_home_market(world: World) -> None:
    broker = world.broker()
    assert (broker.balance().currency, broker.balance(market="US").currency) == ("KRW", "USD")
    assert world.calls == [("balance", "KR"), ("balance", "US")]


@pytest.mark.parametrize(("total", "agrees"), [("814.59", True), ("814.60", True), ("814.6", True), ("600.00", False)])
def test_a_total_in_dollars_is_the_sum_of_its_rows(total: str, agrees: bool, world: World) -> None:
    world.total = Decimal(total)
    if agrees:
        assert world.broker().balance(market="US").market_value == Decimal(total)
        return
    with pytest.raises(WireError, match="not the sum of the holdings"):
        world.broker().balance(market="US")


def test_what_can_be_sold_is_told_by_the_balance_of_the_market(world: World) -> None:
    world.shares = ((share(), share("US:A", "7", "130.00"), share("US:BRK.B", "2", "500.01", sellable_quantity=1)),)
    broker = world.broker()
    assert [broker.sellable_quantity(f"US:{code}") for code in ("AAPL", "A", "BRK.B", "SPY")] == [3, 7, 1, 0]
    assert broker.sellable_quantity("005930") == 0
    assert world.calls == [("balance", "US")] * 4 + [("balance", "KR")]


def test_a_holding_in_a_spelling_that_is_not_understood_may_be_the_one(world: World) -> None:
    world.shares = ((share("NASD BRK/B"),),)
    with pytest.raises(WireError, match="how many shares can be sold"):
        world.broker().sellable_quantity("US:BRK")
    assert world.broker().sellable_quantity("US:SPY") == 0


# What sales earned


def sale(**told: Any) -> Sale:
    """Return a sale of two shares that cost 10.05 and brought 12.30, with what the broker tells of its costs."""
    values = {
        "date": TUESDAY,
        "symbol": "US:AAPL",
        "name": "애플",
        "quantity": Decimal(2),
        "sell_price": Decimal("12.30"),
        "buy_price": Decimal("10.05"),
        "pnl": Decimal("4.50"),
        "commission": None,
        "tax": None,
        "costs": Decimal("0.07"),
    }
    return Sale(**{**values, **told})


def test_costs_that_are_told_together_are_not_taken_apart(world: World) -> None:
    world.sales = (sale(), sale(quantity=Decimal(1), pnl=Decimal("-1.21"), costs=Decimal("0.03")))
    (earned,) = world.broker().realized_pnl(TUESDAY, market="US")
    assert (earned.pnl, earned.costs, earned.net_pnl) == (Decimal("3.29"), Decimal("0.10"), Decimal("3.19"))
    assert (earned.commission, earned.tax, earned.currency) == (None, None, "USD")


def test_costs_that_are_told_apart_are_added(world: World) -> None:
    world.sales = (sale(commission=Decimal("0.05"), tax=Decimal("0.01"), costs=None),)
    (earned,) = world.broker().realized_pnl(TUESDAY, symbol="US:AAPL")
    assert (earned.commission, earned.tax, earned.costs) == (Decimal("0.05"), Decimal("0.01"), Decimal("0.06"))
    assert earned.net_pnl == Decimal("4.44")


def test_a_symbol_names_its_market(world: World) -> None:
    broker = world.broker()
    broker.realized_pnl(TUESDAY, symbol="US:AAPL")
    with pytest.raises(InvalidRequest, match="a symbol of the market US"):
        broker.realized_pnl(TUESDAY, symbol="US:AAPL", market="KR")
    broker.realized_pnl(TUESDAY, symbol="US:AAPL", market="US")
    broker.realized_pnl(TUESDAY, symbol="005930")
    broker.realized_pnl(TUESDAY, market="US")
    broker.realized_pnl(TUESDAY)
    assert [call[1] for call in world.calls] == ["US", "US", "KR", "US", "KR"]


@pytest.mark.parametrize(
    ("now", "today"), [("2026-11-26T03:00", WEDNESDAY), ("2026-11-26T10:00", dt.date(2026, 11, 26))]
)
def test_the_days_are_those_of_new_york(now: str, today: dt.date, world: World) -> None:
    broker = world.at(now).broker()
    broker.realized_pnl(TUESDAY, market="US")
    broker.realized_pnl(TUESDAY, dt.date(2026, 11, 30), market="US")
    assert world.calls == [("realized_pnl", "US", TUESDAY, today)] * 2
    assert broker.realized_pnl(dt.date(2026, 11, 26)) == ()  # it is that day in Korea
    if today == WEDNESDAY:
        with pytest.raises(InvalidRequest, match="in the future"):
            broker.realized_pnl(dt.date(2026, 11, 26), market="US")


# What was filled


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "agrees"),
    [
        ("3", "271.53", "814.59", True),
        ("3", "271.5333", "814.60", True),  # an average to four decimals
        ("3", "271.53", "814.61", True),  # one that is cut to the cent
        ("3", "271.53", "815.59", False),
        ("3", "271.53", None, True),
    ],
)
def test_fills_come_to_what_is_told_to_the_cent(
    quantity: str, price: str, amount: str | None, agrees: bool, world: World
) -> None:
    world.filled = (filled(quantity, price, amount, TUESDAY),)
    if agrees:
        (fill,) = world.broker().fills(TUESDAY, market="US")
        assert (fill.date, fill.price, fill.currency) == (TUESDAY, Decimal(price), "USD")
        assert fill.amount == (None if amount is None else Decimal(amount))
        return
    with pytest.raises(WireError, match=r"are not 815\.59"):
        world.broker().fills(TUESDAY, symbol="US:AAPL")


# The cash ledger


def move(moved: str, balance: str | None, **told: Any) -> CashMove:
    values = {"date": TUESDAY, "id": "1", "kind": TransactionKind.DEPOSIT, "is_in": True}
    cash = None if balance is None else Decimal(balance)
    return CashMove(**{**values, "moved": Decimal(moved), "balance": cash, **told})


def test_lines_add_up_in_each_currency_by_itself(world: World) -> None:
    world.moves = (
        move("100.25", "100.25", currency="USD"),
        move("50000", "150000", currency="KRW"),
        move("0.05", "100.20", currency="USD", is_in=None),
        move("20000", "130000", currency="KRW", is_in=False),
    )
    told = world.broker().transactions(TUESDAY, market="US")
    assert [(each.currency, each.amount) for each in told] == [
        ("USD", Decimal("100.25")),
        ("KRW", 50_000),
        ("USD", Decimal("-0.05")),
        ("KRW", -20_000),
    ]


def test_a_line_that_is_a_cent_off_is_an_error(world: World) -> None:
    world.moves = (move("100.25", "100.25"), move("0.05", "100.31"))
    with pytest.raises(WireError, match=r"100\.31"):
        world.broker().transactions(TUESDAY, market="US")


def test_a_ledger_without_cash_after_its_lines_is_told_as_it_is(world: World) -> None:
    world.moves = (move("814.59", None, id=None, is_in=False, kind=TransactionKind.PURCHASE), move("5.00", None))
    bought, paid = world.broker().transactions(TUESDAY, market="US")
    assert (bought.amount, bought.balance, bought.id, bought.currency) == (Decimal("-814.59"), None, None, "USD")
    assert paid.amount == Decimal("5.00")
