"""What an account at the simulated exchange earned and paid: realised profit, costs and the cash ledger."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.ledger import CashKind
from brokerkit.words import OrderType, Side
from tests.exchanges import FUND, SAMSUNG, TODAY, empty_book, opened, send

MONDAY, TUESDAY, WEDNESDAY = (dt.date(2026, 11, day) for day in (23, 24, 25))
CASH = 100_000_000


@pytest.fixture
def exchange() -> Exchange:
    return opened()


def on(exchange: Exchange, day: dt.date) -> Exchange:
    """Return the exchange on a later day, by way of its saved state."""
    return Exchange.load(json.loads(json.dumps(exchange.dump())), today=day)


def bought(exchange: Exchange, quantity: int, price: Decimal, symbol: str = SAMSUNG) -> None:
    """Let the account buy at a price, of others that come to sell."""
    send(exchange, Side.BUY, quantity, price, symbol=symbol)
    exchange.trade(symbol, Side.SELL, Decimal(quantity))


def sold(exchange: Exchange, quantity: int, price: Decimal, symbol: str = SAMSUNG) -> None:
    send(exchange, Side.SELL, quantity, price, symbol=symbol)
    exchange.trade(symbol, Side.BUY, Decimal(quantity))


def commission(amount: Decimal) -> Decimal:
    return (amount * Decimal("0.00015")) // 10 * 10


def test_a_sale_earns_what_is_above_the_average_cost(exchange: Exchange) -> None:
    price = empty_book(exchange)
    bought(exchange, 10, price)
    bought(exchange, 20, price - 300)
    sold(exchange, 12, price + 500)
    (day,) = exchange.traded("one", TODAY, TODAY)
    cost = (10 * price + 20 * (price - 300)) * 12 // 30
    assert (day.day, day.symbol, day.bought, day.sold, day.held) == (TODAY, SAMSUNG, 30, 12, 18)
    assert (day.bought_amount, day.sold_amount) == (10 * price + 20 * (price - 300), 12 * (price + 500))
    assert (day.cost, day.profit) == (cost, 12 * (price + 500) - cost)
    assert day.sold_commission == commission(12 * (price + 500))
    assert day.bought_commission == commission(10 * price) + commission(20 * (price - 300))
    assert day.tax == 12 * (price + 500) * Decimal("0.002") // 1
    assert exchange.account("one").holdings[0].cost == 10 * price + 20 * (price - 300) - cost


def test_what_is_sold_out_costs_all_that_was_paid(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.give_holding("one", SAMSUNG, Decimal(3), Decimal(100_001))
    sold(exchange, 1, price)
    sold(exchange, 2, price)
    (day,) = exchange.traded("one", TODAY, TODAY)
    assert (day.cost, day.held) == (100_001, 0)


def test_funds_are_sold_without_tax(exchange: Exchange) -> None:
    price = empty_book(exchange, FUND)
    exchange.give_holding("one", FUND, Decimal(5), Decimal(100_000))
    sold(exchange, 5, price, FUND)
    (day,) = exchange.traded("one", TODAY, TODAY)
    assert (day.tax, day.profit) == (0, 5 * price - 100_000)


def test_trades_of_earlier_days_are_kept(exchange: Exchange) -> None:
    price = empty_book(exchange)
    bought(exchange, 10, price)
    sold(exchange, 4, price + 100)
    before = exchange.traded("one", TODAY, TODAY)
    later = on(on(exchange, MONDAY), WEDNESDAY)
    assert later.traded("one", TODAY, WEDNESDAY) == before
    assert later.traded("one", MONDAY, WEDNESDAY) == []


def test_a_remembered_sale_has_its_costs(exchange: Exchange) -> None:
    day = dt.date(2025, 3, 3)
    price = Decimal(60_000)
    request = OrderRequest(symbol=SAMSUNG, side=Side.SELL, quantity=5, type=OrderType.LIMIT, price=price)
    exchange.remember("one", day, request, filled=Decimal(5), cost=Decimal(250_000))
    exchange.remember("one", day, request, filled=Decimal(5))
    (found,) = exchange.traded("one", day, day)
    assert (found.sold, found.cost, found.profit) == (10, 550_000, 50_000)
    assert (found.sold_commission, found.tax) == (2 * 40, 2 * 450)  # in 2025 0.15 %
    assert exchange.account("one").cash == CASH


def test_the_ledger_begins_with_what_was_paid_in(exchange: Exchange) -> None:
    (line,) = exchange.cash_lines("one", TODAY, TODAY)
    assert (line.number, line.line.kind, line.line.change, line.balance) == (1, CashKind.DEPOSIT, CASH, CASH)


def test_deposits_and_withdrawals_move_cash_at_once(exchange: Exchange) -> None:
    exchange.deposit("one", Decimal(500_000))
    exchange.deposit("one", Decimal(-200_000))
    lines = exchange.cash_lines("one", TODAY, TODAY)
    assert [(each.line.kind, each.line.change) for each in lines[1:]] == [
        (CashKind.DEPOSIT, 500_000),
        (CashKind.WITHDRAWAL, -200_000),
    ]
    assert exchange.account("one").cash == exchange.account("one").orderable == lines[-1].balance == CASH + 300_000


def test_more_than_can_be_withdrawn_is_refused(exchange: Exchange) -> None:
    bought(exchange, 10, empty_book(exchange))
    with pytest.raises(ValueError, match="withdrawn"):
        exchange.deposit("one", Decimal(-CASH))
    assert len(exchange.cash_lines("one", TODAY, TODAY)) == 1


def test_trades_are_in_the_ledger_when_they_are_settled(exchange: Exchange) -> None:
    price = empty_book(exchange)
    bought(exchange, 10, price)
    sold(exchange, 4, price + 100)
    monday = on(exchange, MONDAY)
    assert len(monday.cash_lines("one", TODAY, WEDNESDAY)) == 1
    tuesday = on(monday, TUESDAY)
    tuesday.deposit("one", Decimal(7))
    lines = [each.line for each in tuesday.cash_lines("one", TODAY, TUESDAY)]
    buy, sale = lines[1:3]
    assert (buy.kind, buy.day, buy.traded_on, buy.symbol, buy.quantity) == (CashKind.BUY, TUESDAY, TODAY, SAMSUNG, 10)
    assert (buy.change, buy.commission, buy.tax) == (-10 * price - commission(10 * price), commission(10 * price), 0)
    costs = commission(4 * (price + 100)) + 4 * (price + 100) * Decimal("0.002") // 1
    assert (sale.kind, sale.quantity, sale.change) == (CashKind.SALE, 4, 4 * (price + 100) - costs)
    assert lines[3].change == 7
    assert tuesday.cash_lines("one", TUESDAY, TUESDAY)[-1].balance == tuesday.account("one").cash


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(Side), st.integers(1, 40), st.integers(-5, 5), st.booleans()), min_size=1, max_size=6
    )
)
def test_the_lines_add_up_to_the_cash_over_days(steps: list[tuple[Side, int, int, bool]]) -> None:
    exchange = opened()
    exchange.give_holding("one", SAMSUNG, Decimal(500), Decimal(31_234_567))
    days = iter((MONDAY, TUESDAY, WEDNESDAY, *(dt.date(2026, 12, day) for day in range(1, 20))))
    for side, quantity, step, next_day in steps:
        price = empty_book(exchange) + 100 * step
        (bought if side is Side.BUY else sold)(exchange, quantity, price)
        if next_day:
            exchange = on(exchange, next(days))
    last = dt.date(2026, 12, 30)
    exchange = on(exchange, last)
    lines = exchange.cash_lines("one", TODAY, last)
    assert sum(each.line.change for each in lines) == lines[-1].balance == exchange.account("one").cash
    days_traded = exchange.traded("one", TODAY, last)
    cost = 31_234_567 + sum(each.bought_amount - each.cost for each in days_traded)
    held = exchange.account("one").holdings
    assert cost == (held[0].cost if held else 0)
    costs = sum(each.bought_commission + each.sold_commission + each.tax for each in days_traded)
    spent = sum(each.bought_amount - each.sold_amount for each in days_traded)
    assert exchange.account("one").cash == CASH - spent - costs
