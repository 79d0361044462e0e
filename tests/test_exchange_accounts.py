"""Accounts at the simulated exchange: reservations, settlement, costs, and that nothing gets lost."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit.sandbox.exchange import Costs, Exchange, ExchangeRefusal, Refusal
from brokerkit.words import Side, TimeInForce
from tests.exchanges import FUND, SAMSUNG, empty_book, opened, refusal, send


@pytest.fixture
def exchange() -> Exchange:
    return opened()


def test_a_working_buy_reserves_its_price_and_commission_until_it_ends(exchange: Exchange) -> None:
    price = empty_book(exchange)
    commission = (100 * price * Decimal("0.00015")) // 10 * 10
    order = send(exchange, Side.BUY, 100, price)
    before = exchange.account("one")
    assert before.orderable == 100_000_000 - 100 * price - commission
    assert before.withdrawable == before.orderable
    exchange.trade(SAMSUNG, Side.SELL, Decimal(40))
    exchange.cancel("one", order.number)
    after = exchange.account("one")
    assert after.orderable == after.cash_d2 == 100_000_000 - 40 * price - after.fees_today


def test_a_refused_buy_tells_how_many_shares_are_affordable(exchange: Exchange) -> None:
    price = empty_book(exchange)
    upper = exchange.instruments[SAMSUNG].upper_limit
    for limit, per_share in ((price, price), (None, upper)):
        with pytest.raises(ExchangeRefusal) as refused:
            send(exchange, Side.BUY, 1_000_000, limit)
        affordable = int(refused.value.detail)
        assert affordable == exchange.affordable("one", SAMSUNG, limit)
        assert affordable * per_share <= 100_000_000 < (affordable + 1) * per_share * Decimal("1.00015")
    most = exchange.affordable("one", SAMSUNG, price)
    assert refusal(exchange, Side.BUY, int(most) + 1, price) is Refusal.INSUFFICIENT_CASH
    assert send(exchange, Side.BUY, most, price).remaining == most


def test_working_sells_reserve_shares(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.give_holding("one", SAMSUNG, Decimal(10), Decimal(600_000))
    order = send(exchange, Side.SELL, 7, price)
    assert exchange.account("one").holdings[0].sellable == 3
    with pytest.raises(ExchangeRefusal) as refused:
        send(exchange, Side.SELL, 4, price)
    assert (refused.value.reason, refused.value.detail) == (Refusal.INSUFFICIENT_SHARES, "3")
    exchange.trade(SAMSUNG, Side.BUY, Decimal(2))
    exchange.cancel("one", order.number, Decimal(4))
    holding = exchange.account("one").holdings[0]
    assert (holding.quantity, holding.sellable, holding.today_sold) == (8, 7, 2)


def test_todays_trades_are_in_the_cash_of_the_day_after_tomorrow_only(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.give_holding("one", SAMSUNG, Decimal(10), Decimal(600_000))
    send(exchange, Side.BUY, 3, price)
    exchange.trade(SAMSUNG, Side.SELL, Decimal(3))
    send(exchange, Side.SELL, 5, price)
    exchange.trade(SAMSUNG, Side.BUY, Decimal(5))
    account = exchange.account("one")
    commission = sum((shares * price * Decimal("0.00015")) // 10 * 10 for shares in (3, 5))
    tax = (5 * price * Decimal("0.002")) // 1
    assert account.fees_today == commission + tax
    assert (account.bought_today, account.sold_today) == (3 * price, 5 * price)
    assert account.cash == account.cash_d1 == account.withdrawable == 100_000_000
    assert account.cash_d2 == account.orderable == 100_000_000 + 2 * price - account.fees_today


def test_sales_of_funds_pay_no_tax_and_each_broker_has_its_commission(exchange: Exchange) -> None:
    exchange.open_account("dear", costs=Costs(commission_rate=Decimal("0.0035"), commission_unit=Decimal(1)))
    exchange.give_holding("dear", FUND, Decimal(10), Decimal(300_000))
    order = send(exchange, Side.SELL, 10, account="dear", symbol=FUND)
    amount = sum(fill.price * fill.quantity for fill in order.executions)
    assert exchange.account("dear").fees_today == amount * Decimal("0.0035") // 1


def test_tax_is_that_of_the_year_in_which_the_trade_is_settled() -> None:
    for today, rate in (
        (dt.date(2025, 12, 26), "0.0015"),
        (dt.date(2025, 12, 29), "0.002"),
        (dt.date(2030, 3, 4), "0.002"),
    ):
        exchange = Exchange(today=today)
        exchange.open_account("free", costs=Costs(commission_rate=Decimal(0)))
        exchange.give_holding("free", SAMSUNG, Decimal(10), Decimal(300_000))
        order = send(exchange, Side.SELL, 10, account="free")
        amount = sum(fill.price * fill.quantity for fill in order.executions)
        assert exchange.account("free").fees_today == amount * Decimal(rate) // 1


def test_a_partial_sale_keeps_the_average_cost(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.give_holding("one", SAMSUNG, Decimal(3), Decimal(200_000))
    exchange.trade(SAMSUNG, Side.BUY, Decimal(2), price)
    send(exchange, Side.SELL, 1, price)
    holding = exchange.account("one").holdings[0]
    assert (holding.quantity, holding.cost) == (2, 133_334)
    assert holding.average == 66_667
    assert holding.market_value == 2 * price
    send(exchange, Side.SELL, 1, price)
    exchange.trade(SAMSUNG, Side.BUY, Decimal(1), price)
    send(exchange, Side.SELL, 1, price)
    gone = exchange.account("one").holdings[0]
    assert (gone.quantity, gone.cost, gone.average, gone.today_sold) == (0, 0, 0, 3)


def test_an_account_may_trade_with_itself(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.give_holding("one", SAMSUNG, Decimal(10), Decimal(600_000))
    sell = send(exchange, Side.SELL, 10, price)
    buy = send(exchange, Side.BUY, 10, price)
    account = exchange.account("one")
    assert buy.filled == exchange.order("one", sell.number).filled == 10
    assert buy.executions[0].number == exchange.order("one", sell.number).executions[0].number
    assert (account.holdings[0].quantity, account.holdings[0].sellable) == (10, 10)
    assert account.cash_d2 == 100_000_000 - account.fees_today


def test_accounts_are_opened_once_and_asked_by_their_number(exchange: Exchange) -> None:
    with pytest.raises(ValueError, match="already"):
        exchange.open_account("one")
    with pytest.raises(LookupError, match="nobody"):
        exchange.account("nobody")
    with pytest.raises(ValueError, match="whole number"):
        exchange.open_account("three", cash=Decimal("0.5"))


STEP = st.tuples(
    st.sampled_from(("one", "two")),
    st.sampled_from(("buy", "sell", "cancel")),
    st.integers(1, 900),
    st.integers(-3, 3) | st.none(),
    st.sampled_from((TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_cash_and_shares_are_conserved_between_accounts(
    steps: list[tuple[str, str, int, int | None, TimeInForce]],
) -> None:
    exchange = opened()
    price = empty_book(exchange)
    reasons: set[Refusal] = set()
    for account in ("one", "two"):
        exchange.give_holding(account, SAMSUNG, Decimal(1_000), Decimal(66_666_667))
    for account, verb, quantity, ticks, time_in_force in steps:
        limit = None if ticks is None else price + ticks * 100
        try:
            if verb == "cancel":
                rows = exchange.orders(account)
                if rows:
                    exchange.cancel(account, rows[quantity % len(rows)].number)
            else:
                side = Side.BUY if verb == "buy" else Side.SELL
                send(exchange, side, quantity, limit, account=account, time_in_force=time_in_force)
        except ExchangeRefusal as refused:
            reasons.add(refused.reason)
        check_books(exchange)
    assert reasons <= {Refusal.INSUFFICIENT_CASH, Refusal.INSUFFICIENT_SHARES, Refusal.NOTHING_TO_CANCEL}


def check_books(exchange: Exchange) -> None:
    accounts = [exchange.account(number) for number in ("one", "two")]
    holdings = [holding for account in accounts for holding in account.holdings]
    assert sum(account.cash_d2 + account.fees_today for account in accounts) == 200_000_000
    assert sum(holding.quantity for holding in holdings) == 2_000
    assert all(0 <= holding.sellable <= holding.quantity and holding.cost >= 0 for holding in holdings)
    assert all(0 <= account.orderable <= account.cash_d2 for account in accounts)
    rows = [row for number in ("one", "two") for row in exchange.orders(number) if row.action == "NEW"]
    assert all(row.quantity == row.filled + row.remaining + row.canceled for row in rows)
    working = sum(row.remaining for row in rows)
    book = exchange.order_book(SAMSUNG)
    assert working == sum(level.quantity for level in (*book.asks, *book.bids))
    assert not book.asks or not book.bids or book.bids[0].price < book.asks[0].price
    if not working:
        assert all(account.orderable == account.cash_d2 for account in accounts)
