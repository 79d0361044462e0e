"""What the US market has of its own, told through both brokers; what is wrong of it is so at both, and as in Korea."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
import responses
from pydantic import SecretStr

from brokerkit import Broker, OrderRequest, OrderStatus, OrderType, Segment, Side, Venue, get_broker
from brokerkit.errors import BrokerError, Disarmed, InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.market.markets import market_named
from brokerkit.market.sessions import Phase
from brokerkit.market.us import NEW_YORK
from brokerkit.models import PRICED, STOPS, Instrument, Model
from brokerkit.orders.limits import Limits
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.testing.inside import know_account, part_of
from tests.twins import MARKETS, TWINS, Act, account, assert_twins, ground, opened

APPLE, FUND = "US:AAPL", "US:SPY"


def test_days_weeks_and_months_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        days = [
            *broker.candles(APPLE, count=40),
            *broker.candles(FUND, "1d", dt.date(2026, 7, 1), dt.date(2026, 7, 10), adjusted=False),
        ]
        told = [*days, *broker.candles(APPLE, "1w", count=6), *broker.candles(APPLE, "1mo", count=4)]
        assert dt.date(2026, 7, 3) not in {each.time.date() for each in days}
        # Kiwoom's close is the last price before the next day begins, KIS's that of the regular session.
        return [each.model_copy(update={"session": None}) for each in told]

    assert_twins(story, "US")


def test_minutes_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        now = sandbox.exchange.now()
        sandbox.exchange.trade(APPLE, Side.BUY, Decimal(900))
        told = [
            *broker.candles(APPLE, "1m", now - dt.timedelta(minutes=25), now),
            *broker.candles(APPLE, "30m", now - dt.timedelta(days=5), now),
        ]
        # What trades in the minute of the close KIS's chart, of the regular session alone, does not have.
        told = [each for each in told if each.time.astimezone(NEW_YORK).hour < 16]
        assert {each.time.astimezone(NEW_YORK).hour for each in told} == {*range(9, 16)}
        return told

    assert_twins(story, "US")


def test_trades_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        for side, quantity in ((Side.BUY, 900), (Side.SELL, 7), (Side.SELL, 11)):
            sandbox.exchange.trade(APPLE, side, Decimal(quantity))
        told = broker.trades(APPLE, count=12)
        # The clocks of the two exchanges do not start in the same second.
        assert [each.time for each in told] == sorted(each.time for each in told)
        return [each.model_copy(update={"time": each.time.replace(second=0, microsecond=0)}) for each in told[:9]]

    assert_twins(story, "US")


@pytest.mark.parametrize("text", ["애플", "apple", "BRK", "US:BRK.B", "soxl", "없는 이름"])
def test_what_is_found_is_a_twin(text: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        found = broker.search(text, market="US")
        assert bool(found) == (text != "없는 이름")
        segments = [broker.instruments(segment) for segment in ("NASDAQ", "NYSE", "AMEX")]
        assert sum(map(len, segments)) == len(broker.instruments("US"))
        return [*found, broker.instrument("US:BRK.B"), *segments[2]]

    assert_twins(story, "US")


@pytest.mark.parametrize(
    "day",
    [
        dt.date(2026, 7, 6),  # summer time
        dt.date(2026, 11, 26),  # Thanksgiving
        dt.date(2026, 11, 27),  # a half day
        dt.date(2026, 12, 1),
        dt.date(2027, 3, 15),  # the first day of summer time; the year is not confirmed
    ],
)
@pytest.mark.parametrize("venue", [Venue.US, Venue.DAYTIME])
def test_hours_are_twins(day: dt.date, venue: Venue) -> None:
    assert_twins(lambda broker, sandbox: [broker.market_hours(day, venue)], "US")


def test_the_rate_of_a_dollar_is_a_twin() -> None:
    """One tells the rate of the day, the other at which it exchanges: they lie within its margin."""
    for name in TWINS:
        with opened(name, "US") as (broker, sandbox):
            told, real = broker.exchange_rate(), sandbox.exchange.exchange_rate
            assert (told.currency, told.date, told.time) == ("USD", None, None)
            assert told.kind
            assert real <= told.rate <= real * Decimal("1.02")


# The types of orders


BOTH = (OrderType.LIMIT, OrderType.LIMIT_ON_CLOSE, OrderType.TWAP_LIMIT, OrderType.VWAP_LIMIT)
"""Of purchases; a sale may be MARKET_ON_CLOSE besides."""


def types_of(name: str) -> set[tuple[OrderType, bool]]:
    with opened(name, "US") as (broker, _):
        part = part_of(broker)
        return {(kind, kind in part.sells_only) for kind, _ in part.order_types}


def test_the_types_that_both_offer_are_those_of_these_stories() -> None:
    offered = set.intersection(*map(types_of, TWINS))
    assert offered == {*((kind, False) for kind in BOTH), (OrderType.MARKET_ON_CLOSE, True)}


def test_every_type_that_both_offer_is_a_twin() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        sandbox.exchange.give_holding(account(broker, sandbox), APPLE, Decimal(50), Decimal(5_000))
        low = sandbox.exchange.order_book(APPLE).bids[-1].price - 1
        high = sandbox.exchange.order_book(APPLE).asks[-1].price + 1
        sent = [broker.buy(APPLE, 3, price=low, type=kind) for kind in BOTH]
        sent += [broker.sell(APPLE, 3, price=high, type=kind) for kind in BOTH]
        sent.append(broker.sell(APPLE, 5, type=OrderType.MARKET_ON_CLOSE))
        working = broker.orders()
        assert [order.id for order in working] == [order.id for order in sent]
        sandbox.exchange.phase = Phase.AFTER_MARKET
        return [*sent, *working, *map(broker.refresh, sent), *broker.order_history(sandbox.exchange.today)]

    assert_twins(story, "US")


def test_the_day_of_an_order_is_a_twin() -> None:
    """A limit order lives from the pre-market to the end of the after-market, where it is filled too."""

    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        price = sandbox.exchange.order_book(APPLE).bids[0].price
        sandbox.exchange.phase = Phase.PRE_MARKET
        early, bought = broker.buy(APPLE, 3, price=price - 5), broker.buy(APPLE, 2, price=price + 5)
        seen = [broker.quote(APPLE), broker.refresh(bought)]
        sandbox.exchange.phase = Phase.REGULAR
        seen.append(broker.refresh(early))
        sandbox.exchange.phase = Phase.AFTER_MARKET
        sold = broker.sell(APPLE, 1, price=sandbox.exchange.order_book(APPLE).bids[0].price)
        seen += [broker.refresh(early), broker.refresh(sold), broker.quote(APPLE)]
        sandbox.exchange.phase = Phase.CLOSED
        left = broker.refresh(early)
        assert left.status is OrderStatus.EXPIRED
        return [*seen, left, *broker.fills()]

    assert_twins(story, "US")


def test_the_life_of_an_order_in_the_demo_environments_is_a_twin() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        asks = sandbox.exchange.order_book(APPLE).asks
        bought = broker.buy(APPLE, 5, price=asks[0].price)
        waiting = broker.buy(APPLE, 4, price=asks[0].price - 5)
        moved = broker.amend(broker.refresh(waiting), price=asks[0].price - 6)
        working = broker.orders()
        assert [order.price for order in working] == [asks[0].price - 6]
        sold = broker.sell(APPLE, 2, price=sandbox.exchange.order_book(APPLE).bids[0].price)
        cancellation = broker.cancel(moved)
        assert broker.orders() == ()
        assert broker.sellable_quantity(APPLE) == 3
        rows = [broker.refresh(order) for order in (bought, waiting, moved, sold, cancellation)]
        return [broker.quote(APPLE), *rows, *broker.order_history(sandbox.exchange.today), *broker.fills()]

    assert_twins(story, "US", "demo")


@pytest.mark.parametrize("type", [kind for kind in OrderType if kind is not OrderType.LIMIT])
@pytest.mark.parametrize("name", TWINS)
def test_the_demo_environments_take_limit_orders_alone(name: str, type: OrderType) -> None:
    with opened(name, "US", environment="demo") as (broker, sandbox):
        terms = {"price": 200} if type in PRICED else {}
        terms |= {"stop_price": 200} if type in STOPS else {}
        for verb in (broker.buy, broker.sell):
            with pytest.raises(Unsupported):
                verb(APPLE, 1, type=type, **terms)
        assert orders_sent(sandbox.face(name)) == 0


# What is wrong


def at(sandbox: Sandbox, **by_market: Any) -> Any:
    """Return what stands for the market of a story."""
    return by_market[sandbox.exchange.bourse.name]


def near(sandbox: Sandbox) -> Decimal:
    return sandbox.exchange.quote(ground(sandbox).stock).price


def in_phase(phase: Phase, **terms: Any) -> Act:
    def act(broker: Broker, sandbox: Sandbox) -> object:
        sandbox.exchange.phase = phase
        return broker.buy(ground(sandbox).stock, 1, **terms)

    return act


def buys(**by_market: str) -> Act:
    return lambda broker, sandbox: broker.buy(at(sandbox, **by_market), 1, price=near(sandbox))


WRONG: Mapping[str, tuple[Act, type[BrokerError]]] = {
    # A symbol in the wrong market.
    "a symbol of the other market": (buys(KR="KR:AAPL", US="US:005930"), InvalidRequest),
    "a symbol without its market": (buys(KR="AAPL", US="AAPL"), InvalidRequest),
    "the exchange in place of the market": (buys(KR="KRX:005930", US="NASDAQ:AAPL"), InvalidRequest),
    "the venue of the other market": (
        lambda broker, sandbox: broker.buy(
            ground(sandbox).stock, 1, price=near(sandbox), venue=at(sandbox, KR=Venue.US, US=Venue.KRX)
        ),
        Unsupported,
    ),
    "quotes of the venue of the other market": (
        lambda broker, sandbox: broker.quote(ground(sandbox).stock, venue=at(sandbox, KR=Venue.US, US=Venue.NXT)),
        Unsupported,
    ),
    # A type that hour or side has not.
    "a type that the market has not": (
        lambda broker, sandbox: broker.buy(
            ground(sandbox).stock, 1, type=at(sandbox, KR=OrderType.TWAP, US=OrderType.BEST_OPPOSITE)
        ),
        Unsupported,
    ),
    "a type that the side has not": (
        lambda broker, sandbox: broker.buy(ground(sandbox).stock, 1, type=OrderType.MARKET_ON_CLOSE),
        Unsupported,
    ),
    "a type that the hour has not": (in_phase(Phase.AFTER_MARKET, type=OrderType.MARKET), Unsupported),
    # What is no price and no number of shares.
    "a fraction of a share": (
        lambda broker, sandbox: broker.buy(ground(sandbox).stock, "1.5", price=near(sandbox)),
        InvalidRequest,
    ),
    "a price between the steps": (
        lambda broker, sandbox: broker.buy(ground(sandbox).stock, 1, price=near(sandbox) + ground(sandbox).step / 10),
        InvalidRequest,
    ),
    "no shares": (lambda broker, sandbox: broker.buy(ground(sandbox).stock, 0, price=near(sandbox)), InvalidRequest),
    "no price": (lambda broker, sandbox: broker.buy(ground(sandbox).stock, 1, price=0), InvalidRequest),
    "neither price nor type": (lambda broker, sandbox: broker.buy(ground(sandbox).stock, 1), InvalidRequest),
    # A day that the calendar does not know.
    "hours of an unknown year": (
        lambda broker, sandbox: broker.market_hours(dt.date(2050, 1, 4), sandbox.exchange.bourse.default_venue),
        InvalidRequest,
    ),
    "orders of an unknown year": (
        lambda broker, sandbox: broker.order_history(dt.date(1999, 1, 4)),
        InvalidRequest,
    ),
    "orders of a weekend": (
        lambda broker, sandbox: broker.order_history(dt.date(2026, 11, 14), dt.date(2026, 11, 15)),
        InvalidRequest,
    ),
    "candles from tomorrow on": (
        lambda broker, sandbox: broker.candles(
            ground(sandbox).stock, "1d", sandbox.exchange.today + dt.timedelta(days=2)
        ),
        InvalidRequest,
    ),
    "a market that is not served": (lambda broker, sandbox: broker.balance(market="HK"), Unsupported),
    "a currency that is not told": (lambda broker, sandbox: broker.exchange_rate("KRW"), InvalidRequest),
}


def orders_sent(face: Face) -> int:
    return sum(face.purpose(each.method, each.path, each.headers) is Purpose.ORDER for each in face.requests)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", TWINS)
def test_what_is_wrong_is_an_error_of_one_class_and_nothing_is_sent(name: str, market: str, wrong: str) -> None:
    act, kind = WRONG[wrong]
    with opened(name, market) as (broker, sandbox):
        with pytest.raises(BrokerError) as caught:
            act(broker, sandbox)
        assert type(caught.value) is kind, caught.value
        assert caught.value.advice
        assert orders_sent(sandbox.face(name)) == 0


@pytest.mark.parametrize("currency", ["KRW", "USD"])
@pytest.mark.parametrize("name", TWINS)
def test_real_money_without_limits_in_its_currency_is_not_sent(name: str, currency: str) -> None:
    amounts = {"max_order_quantity": 10, "max_order_value": 1_000_000, "max_orders_per_minute": 10}
    known = {**amounts, "max_orders_per_day": 100}
    limits = Limits.model_validate({"USD": known} if currency == "KRW" else known)
    symbol = "005930" if currency == "KRW" else APPLE
    keys = {"app_key": "a" * 20, "app_secret": "b" * 20, "account": f"50012345{'-' * (name == 'kis')}01"}
    with (
        responses.RequestsMock() as sent,
        get_broker(
            name, environment="real", arm=keys["account"].replace("-", "")[-4:], limits=limits, **keys
        ) as broker,
    ):
        know_account(broker, "5001234501")
        for verb in (broker.buy, broker.sell):
            with pytest.raises(Disarmed, match="limits"):
                verb(symbol, 1, price=100)
        assert len(sent.calls) == 0


@pytest.mark.parametrize("name", TWINS)
def test_a_listing_that_moved_is_told_as_such_and_nothing_is_sent_again(name: str) -> None:
    with opened(name, "US") as (broker, sandbox):
        face, part = sandbox.face(name), part_of(broker)
        listed, relist, stale = part.listed, part.relist, {APPLE}

        def of_yesterday(symbol: str) -> Instrument | None:
            told = listed(symbol)
            return told.model_copy(update={"market": Segment.NYSE}) if told and symbol in stale else told

        def forget(symbol: str) -> None:
            stale.discard(symbol)
            relist(symbol)

        part.listed, part.relist = of_yesterday, forget
        price = near(sandbox)
        with pytest.raises(UnknownSymbol) as caught:
            broker.buy(APPLE, 1, price=price)
        assert caught.value.code
        assert "moved" in str(caught.value.advice)
        assert orders_sent(face) == 1
        assert broker.unresolved() == ()
        assert broker.refresh(broker.buy(APPLE, 1, price=price)).filled_quantity == 1
        assert orders_sent(face) == 2


@pytest.mark.parametrize("kind", ["03", "08", "22", "29", "55"])
def test_an_account_that_has_no_such_market_is_told_before_anything_is_sent(kind: str) -> None:
    """Kinds of accounts there are at KIS alone."""
    with opened("kis", "KR") as (broker, sandbox):
        settings, day = broker.client.settings, market_named("US").today()
        number = f"{settings.account.get_secret_value()[:-2]}{kind}"
        broker.client.settings = settings.model_copy(update={"account": SecretStr(number)})
        assert broker.quote(APPLE).currency == "USD"
        before = len(sandbox.face("kis").requests)
        for ask in (
            lambda: broker.buy(APPLE, 1, price=100),
            lambda: broker.sell(APPLE, 1, price=100),
            lambda: broker.balance(market="US"),
            lambda: broker.buying_power(APPLE, price=100),
            lambda: broker.sellable_quantity(APPLE),
            lambda: broker.orders(market="US"),
            lambda: broker.order_history(day, market="US"),
            lambda: broker.fills(market="US"),
            lambda: broker.realized_pnl(day, market="US"),
            lambda: broker.transactions(day, market="US"),
            lambda: broker.reserve(OrderRequest(symbol=APPLE, side=Side.BUY, quantity=1, price=100)),
        ):
            with pytest.raises(Unsupported, match=f"ends in {kind} has no US market"):
                ask()
        assert len(sandbox.face("kis").requests) == before
