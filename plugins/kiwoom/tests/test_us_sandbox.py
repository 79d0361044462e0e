"""US shares at Kiwoom over real HTTP to the sandbox: what the exchange does is what the adapter tells."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from brokerkit import get_broker
from brokerkit.broker import Broker
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.market.markets import US
from brokerkit.market.us import NEW_YORK
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import JsonResponse, ReceivedRequest
from brokerkit.testing.inside import hurry
from brokerkit.words import Interval, OrderStatus, OrderType, Side, Venue

APPLE = "US:AAPL"
HABITS = ("tells_korean_clock", "lists_korean_dates", "misspells_lists")
"""What is disputed of the broker, or not told: the adapter has to come right both ways."""


@pytest.fixture(params=["real", "demo"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(environment=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def trader(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Return a trader without limits of calls, on both sides."""
    trader = get_broker("kiwoom", environment="sandbox", sandbox=sandbox)
    hurry(trader, monkeypatch)
    sandbox.face("kiwoom").window.calls = 10**6
    return trader


@pytest.fixture(params=["", *HABITS])
def habit(request: pytest.FixtureRequest, sandbox: Sandbox) -> None:
    if request.param:
        setattr(sandbox.face("kiwoom"), request.param, True)


def exchange(sandbox: Sandbox) -> Any:
    return sandbox.exchanges["US"]


def test_prices_are_those_of_the_exchange(trader: Broker, sandbox: Sandbox, habit: None) -> None:
    told, truth = trader.quote(APPLE), exchange(sandbox).quote(APPLE)
    names = ("price", "previous_close", "change", "open", "high", "low", "volume", "name", "venue", "currency")
    assert {name: getattr(told, name) for name in names} == {name: getattr(truth, name) for name in names}
    book, waiting = trader.order_book(APPLE), exchange(sandbox).order_book(APPLE)
    assert (book.asks, book.bids) == (waiting.asks, waiting.bids)


def test_every_listed_symbol_has_a_price(trader: Broker) -> None:
    listed = trader.instruments("US")
    quotes = trader.quotes([each.symbol for each in listed])
    assert (len(quotes), dict(quotes.failed)) == (len(listed), {})


def asked_of(sandbox: Sandbox) -> Counter[str]:
    """Return how often each API was called, beside that of the token."""
    return Counter(each.headers["api-id"] for each in sandbox.face("kiwoom").requests if "api-id" in each.headers)


def test_where_many_symbols_are_listed_is_asked_for_at_once(trader: Broker, sandbox: Sandbox) -> None:
    symbols = list(exchange(sandbox).instruments)[:12]
    trader.quotes(symbols[:2])
    assert asked_of(sandbox) == {"usa10098": 2, "usa20100": 2}
    trader.quotes(symbols)
    assert asked_of(sandbox) == {"usa10098": 2, "usa10099": 1, "usa20100": 14}


def test_candles_of_many_symbols_ask_once_where_they_are_listed(trader: Broker, sandbox: Sandbox) -> None:
    trader.candles(list(exchange(sandbox).instruments)[:12], count=3)
    assert asked_of(sandbox) == {"usa10099": 1, "usa06012": 12}


def test_where_the_list_cannot_be_had_each_symbol_is_asked_for_alone(trader: Broker, sandbox: Sandbox) -> None:
    def answer(request: ReceivedRequest) -> JsonResponse | None:
        return JsonResponse({}, status=502) if request.headers.get("api-id") == "usa10099" else None

    sandbox.face("kiwoom").before = answer
    symbols = list(exchange(sandbox).instruments)[:12]
    told = trader.quotes(symbols)
    assert ([each.symbol for each in told], dict(told.failed)) == (symbols, {})
    assert asked_of(sandbox)["usa10098"] == 12


def test_trades_are_those_of_the_day(trader: Broker, habit: None) -> None:
    told = trader.trades(APPLE, count=20)
    assert len(told) == 20
    assert {US.day_of(each.time) for each in told} == {US.today()}
    assert [each.time for each in told] == sorted(each.time for each in told)


def test_minutes_are_told_whatever_the_clock(trader: Broker, sandbox: Sandbox, habit: None) -> None:
    now = exchange(sandbox).now()
    told = trader.candles(APPLE, Interval.MINUTE, now - dt.timedelta(minutes=20), now)
    assert len(told)
    assert all(now - dt.timedelta(minutes=21) <= each.time <= now for each in told)
    assert {each.time.astimezone(NEW_YORK).hour for each in told} <= {9, 10}


def test_days_are_those_of_new_york(trader: Broker, habit: None) -> None:
    told = trader.candles(APPLE, Interval.DAY, dt.date(2026, 11, 20), dt.date(2026, 11, 27))
    # Thanksgiving is the 26th.
    assert [each.time.day for each in told] == [20, 23, 24, 25, 27]


def test_the_whole_life_of_an_order(trader: Broker, sandbox: Sandbox, habit: None) -> None:
    low = trader.round_price(APPLE, trader.quote(APPLE).price * Decimal("0.9"), side=Side.BUY)
    order = trader.buy(APPLE, 5, price=low)
    waiting = trader.refresh(order)
    assert (waiting.status, waiting.remaining_quantity, waiting.price) == (OrderStatus.WORKING, 5, low)
    assert [each.id for each in trader.orders(market="US")] == [order.id]
    moved = trader.amend(order, price=low + 1)
    assert trader.refresh(order).status is OrderStatus.CANCELED
    assert trader.refresh(moved).status is OrderStatus.WORKING
    trader.cancel(moved)
    assert trader.refresh(moved).status is OrderStatus.CANCELED
    assert list(trader.orders(market="US")) == []
    history = trader.order_history(US.today(), US.today(), market="US")
    assert [(each.id, each.status) for each in history] == [
        (order.id, OrderStatus.CANCELED),
        (moved.id, OrderStatus.CANCELED),
    ]
    assert list(trader.fills(US.today(), US.today(), market="US")) == []


def test_what_is_bought_is_held_and_what_is_sold_has_earned(trader: Broker, sandbox: Sandbox, habit: None) -> None:
    bought = trader.buy(APPLE, 3, price=trader.quote(APPLE).price)
    assert trader.refresh(bought).status is OrderStatus.FILLED
    sold = trader.sell(APPLE, 1, price=exchange(sandbox).order_book(APPLE).bids[0].price)
    filled = trader.refresh(sold)
    assert (filled.status, filled.filled_quantity) == (OrderStatus.FILLED, 1)
    (held,) = trader.balance(market="US").positions
    assert (held.symbol, held.quantity, held.currency) == (APPLE, 2, "USD")
    assert trader.sellable_quantity(APPLE) == 2
    fills = trader.fills(US.today(), US.today(), market="US")
    assert [(each.order_id, each.quantity, each.currency) for each in fills] == [
        (bought.id, 3, "USD"),
        (sold.id, 1, "USD"),
    ]
    (earned,) = trader.realized_pnl(US.today(), US.today(), market="US")
    assert (earned.symbol, earned.quantity, earned.currency) == (APPLE, 1, "USD")
    assert earned.net_pnl == earned.pnl - earned.costs


def test_the_cash_of_two_currencies_is_told_apart(trader: Broker) -> None:
    assert {each.currency: each.cash for each in trader.balances()} == {"KRW": 100_000_000, "USD": 100_000}


def test_lines_of_the_ledger_add_up_to_the_cent(trader: Broker, sandbox: Sandbox) -> None:
    if sandbox.environment == "demo":
        with pytest.raises(Unsupported):
            trader.transactions(US.today(), market="US")
        return
    account, truth = sandbox.face("kiwoom").credentials.account, exchange(sandbox)
    for thousandths in (15, -4, -16, 4, -5):  # the exchange keeps parts of a cent, and the ledger has none
        truth.deposit(account, Decimal(thousandths) / 1000)
    told = trader.transactions(US.today(), market="US")
    lines = truth.cash_lines(account, US.today(), US.today())
    balances = [each.balance.quantize(Decimal("0.01"), ROUND_HALF_UP) for each in lines]
    assert [each.balance for each in told] == balances
    assert sum((each.amount or Decimal(0) for each in told), Decimal(0)) == balances[-1]


def test_won_are_those_of_korea_wherever_the_sandbox_is_at_home() -> None:
    with Sandbox(home="US") as sandbox:
        trader = get_broker("kiwoom", environment="sandbox", sandbox=sandbox)
        korean = sandbox.exchanges["KR"].account(sandbox.face("kiwoom").credentials.account)
        assert {each.currency: each.cash for each in trader.balances()} == {"KRW": korean.cash, "USD": 100_000}
        assert trader.quote("005930").price == sandbox.exchanges["KR"].quote("005930").price
        assert trader.quote(APPLE).price == sandbox.exchanges["US"].quote(APPLE).price
        assert list(trader.orders()) == []


def test_a_symbol_of_no_exchange_is_unknown_and_nothing_is_sent(trader: Broker, sandbox: Sandbox) -> None:
    with pytest.raises(UnknownSymbol):
        trader.buy("US:NOPE", 1, price="1.00")
    assert not any(request.path.endswith("/ordr") for request in sandbox.face("kiwoom").requests)


def test_orders_that_stand_are_found_in_every_market(trader: Broker) -> None:
    low = trader.round_price(APPLE, trader.quote(APPLE).price * Decimal("0.9"), side=Side.BUY)
    abroad = trader.buy(APPLE, 1, price=low)
    home = trader.buy(
        "005930", 1, price=trader.round_price("005930", trader.quote("005930").price * Decimal("0.9"), side=Side.BUY)
    )
    assert {each.id for each in trader.orders()} == {abroad.id, home.id}
    assert not trader.reconcile().unresolved


@pytest.mark.parametrize("type", [OrderType.MARKET, OrderType.VWAP, OrderType.TWAP])
def test_types_without_a_price_are_offered_for_real_alone(trader: Broker, sandbox: Sandbox, type: OrderType) -> None:
    (part,) = [each for each in trader.capabilities() if each.market == "US"]
    is_real = sandbox.environment == "real"
    assert (any(kind is type for kind, _ in part.order_types), part.order_venues) == (is_real, (Venue.US,))


def test_an_amendment_that_comes_while_lists_are_read_has_its_original_order(
    trader: Broker, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    price = trader.quote(APPLE).price - 5
    order = trader.buy(APPLE, 3, price=price)
    part, moved = trader.adapter.served["US"], list[str]()

    def then_moved(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any, **known: Any) -> Any:
            told = ask(*given, **known)
            told = told if isinstance(told, dict) else list(told)
            if not moved:
                account = sandbox.face("kiwoom").credentials.account
                moved.append(f"{exchange(sandbox).amend(account, int(order.id), price=price - 1).number}")
            return told

        return asked

    for name in ("_todays", "_pages"):
        monkeypatch.setattr(part, name, then_moved(getattr(part, name)))
    rows = {each.id: each.original_id for each in trader.order_history(US.today(), market="US")}
    (number,) = moved
    assert {int(each): original for each, original in rows.items()}[int(number)] == order.id
