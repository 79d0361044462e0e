"""What is known to be wrong with an order of the US is said before anything is sent, in dollars."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import Broker, OrderType, Venue, get_broker
from brokerkit.errors import BrokerError, ConfigError, Disarmed, InvalidRequest, LimitExceeded, Unsupported
from brokerkit.orders.limits import Limits, Safety
from brokerkit.words import TimeInForce
from tests.fakes import Fake, FakePart, UsPart
from tests.test_order_days import at, buys, fake

__all__ = ["at", "fake"]

At = Callable[[str], None]


class Strict(UsPart):
    """A part that takes limit orders, one of them to sell alone; in the demo environment no other."""

    order_types = (
        (OrderType.LIMIT, TimeInForce.DAY),
        (OrderType.STOP, TimeInForce.DAY),
        (OrderType.MARKET_ON_CLOSE, TimeInForce.DAY),
    )
    order_types_in = {"demo": ((OrderType.LIMIT, TimeInForce.DAY),)}
    sells_only = frozenset({OrderType.STOP})
    order_venues = {"demo": (Venue.US,), "real": (Venue.US, Venue.DAYTIME)}


def limited(fake: Fake, **limits: Any) -> Broker:
    return fake.abroad(safety=Safety(limits=Limits(**limits)))


def sent(fake: Fake) -> int:
    return [call[0] for call in fake.calls].count("order")


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("150.255", "150.255 is not a price of US:AAPL: the step there is 0.01 USD.*are 150.25 and 150.26"),
        ("1.001", "the step there is 0.01 USD.*are 1.00 and 1.01"),
        ("0.50005", "0.50005 is not a price of US:AAPL: the step there is 0.0001 USD.*are 0.5000 and 0.5001"),
        ("0.00005", "the step there is 0.0001 USD.*nearest price is 0.0001"),
    ],
)
def test_a_price_with_too_many_decimals_is_told_in_dollars(price: str, words: str, fake: Fake) -> None:
    broker = fake.abroad()
    with pytest.raises(InvalidRequest, match=words):
        buys(broker, price=price)
    with pytest.raises(InvalidRequest, match=words):
        buys(broker, price=None, type=OrderType.STOP, stop_price=price)
    assert fake.calls == []


@pytest.mark.parametrize("price", ["150.25", "150", "1", "0.9999", "0.0001"])
def test_a_price_on_the_step_goes_out_as_it_is(price: str, fake: Fake) -> None:
    assert buys(fake.abroad(), price=price).price == Decimal(price)


@pytest.mark.parametrize(
    ("symbol", "venue", "words"),
    [
        ("US:AAPL", Venue.KRX, "KRX is not offered as a venue for orders.*Offered here: US, DAYTIME"),
        ("US:AAPL", Venue.SOR, "SOR is not offered as a venue for orders.*Offered here: US, DAYTIME"),
        ("005930", Venue.US, "US is not offered as a venue for orders.*Offered here: KRX, NXT, SOR"),
        ("005930", Venue.DAYTIME, "DAYTIME is not offered as a venue for orders.*Offered here: KRX, NXT, SOR"),
    ],
)
def test_a_venue_of_another_market_names_those_there_are(symbol: str, venue: Venue, words: str, fake: Fake) -> None:
    with pytest.raises(Unsupported, match=words):
        fake.abroad().buy(symbol, 10, price=100, venue=venue)
    assert fake.calls == []


@pytest.mark.parametrize("quantity", ["0.5", 1.5, "10.01"])
def test_a_fraction_of_a_share_is_not_sent(quantity: object, fake: Fake) -> None:
    with pytest.raises(InvalidRequest, match="quantity must be whole shares"):
        buys(fake.abroad(), quantity=quantity)
    assert fake.calls == []


def test_a_type_that_only_a_sale_may_have_is_not_sent_as_a_buy(fake: Fake) -> None:
    safety = Safety(arm="4501", limits=Limits(USD=FOUR))
    broker = fake.abroad(FakePart, Strict, environment="real", safety=safety)
    stop: dict[str, Any] = {"type": OrderType.STOP, "stop_price": 140}
    with pytest.raises(
        Unsupported, match=r"STOP DAY is not offered as an order type to buy.*LIMIT DAY, MARKET_ON_CLOSE"
    ):
        buys(broker, price=None, **stop)
    assert [broker.supports(verb, market="US", type=OrderType.STOP) for verb in ("buy", "sell")] == [False, True]
    assert [each.sells_only for each in broker.capabilities()] == [(), (OrderType.STOP,)]
    assert sent(fake) == 0
    broker.sell("US:AAPL", 1, **stop)
    assert sent(fake) == 1


def test_an_environment_has_the_types_and_venues_that_are_declared_for_it(fake: Fake) -> None:
    broker = fake.abroad(FakePart, Strict)
    with pytest.raises(Unsupported, match=r"MARKET_ON_CLOSE DAY is not offered.*demo environment.*here: LIMIT DAY"):
        buys(broker, price=None, type=OrderType.MARKET_ON_CLOSE)
    with pytest.raises(Unsupported, match=r"DAYTIME is not offered.*demo environment.*Offered here: US"):
        buys(broker, venue=Venue.DAYTIME)
    assert not broker.supports("buy", market="US", type=OrderType.MARKET_ON_CLOSE)
    assert fake.calls == []


@pytest.mark.parametrize(
    ("moment", "type", "taken"),
    [
        ("11-20 18:30", OrderType.LIMIT, True),
        ("11-20 18:30", OrderType.MARKET, False),
        ("11-20 23:40", OrderType.MARKET, True),
        ("11-21 06:30", OrderType.MARKET, False),
        ("11-20 12:00", OrderType.MARKET, True),  # closed: the broker judges
    ],
)
def test_a_type_that_the_hour_has_not_is_not_sent(
    moment: str, type: OrderType, taken: bool, at: At, fake: Fake
) -> None:
    at(moment)
    broker = fake.abroad(by_clock=True)
    price = 150 if type is OrderType.LIMIT else None
    if taken:
        assert buys(broker, price=price, type=type).type is type
    else:
        with pytest.raises(Unsupported, match="US takes no MARKET DAY order in the phase"):
            buys(broker, price=price, type=type)
        assert fake.calls == []


@pytest.mark.parametrize(
    ("moment", "side", "words"),
    [
        ("11-20 18:30", "buy", "To buy then brokerkit-fake takes: LIMIT DAY."),
        ("11-20 23:40", "buy", "To buy then brokerkit-fake takes: LIMIT DAY, MARKET_ON_CLOSE DAY."),
        ("11-20 23:40", "sell", "To sell then brokerkit-fake takes: LIMIT DAY, MARKET_ON_CLOSE DAY, STOP DAY."),
    ],
)
def test_what_is_named_instead_is_what_the_broker_takes_for_that_side(
    moment: str, side: str, words: str, at: At, fake: Fake
) -> None:
    at(moment)
    broker = fake.abroad(FakePart, Strict, environment="real", by_clock=True)
    with pytest.raises(Unsupported) as told:
        getattr(broker, side)("US:AAPL", 1, type=OrderType.MIDPOINT)
    assert told.value.advice == f"Nothing was sent. {words}".replace("brokerkit-fake", broker.name)
    assert sent(fake) == 0


# Limits


FOUR = {"max_order_quantity": 100, "max_order_value": 2000, "max_orders_per_minute": 9, "max_orders_per_day": 99}


def test_limits_in_won_never_apply_to_dollars_nor_the_other_way_round(fake: Fake) -> None:
    broker = limited(fake, max_order_value=1000, USD={"max_order_value": 2000})
    assert buys(broker, quantity=13).quantity == 13  # 1,950 dollars
    with pytest.raises(LimitExceeded, match=r"2,100 USD are more than max_order_value, 2,000 USD"):
        buys(broker, quantity=14)
    with pytest.raises(LimitExceeded, match=r"1,500 won are more than max_order_value, 1,000 won"):
        broker.buy("005930", 1, price=1500)
    assert sent(fake) == 1


@pytest.mark.parametrize("limits", [{}, FOUR, {"USD": {"max_order_quantity": 1}}], ids=["none", "won", "one of four"])
def test_real_money_in_a_currency_without_its_limits_is_refused(limits: dict[str, Any], fake: Fake) -> None:
    broker = fake.abroad(environment="real", safety=Safety(arm="4501", limits=Limits(**limits)))
    with pytest.raises(Disarmed, match=r"limits of USD are missing: .*max_order_value"):
        buys(broker)
    assert "limits of USD" in str(broker.disarmed(market="US"))
    assert sent(fake) == 0


@pytest.mark.parametrize(
    ("order", "value"),
    [
        ({"type": OrderType.MARKET}, 195),
        ({"type": OrderType.MARKET_ON_CLOSE}, 195),
        ({"type": OrderType.TWAP}, 195),
        ({"type": OrderType.STOP, "stop_price": 160}, 208),  # the stop counts where it is higher than the last price
        ({"type": OrderType.STOP, "stop_price": 140}, 195),
        ({"type": OrderType.STOP_LIMIT, "stop_price": 160, "price": 161}, 161),
        ({"type": OrderType.TWAP_LIMIT, "price": 155}, 155),
        ({"type": OrderType.LIMIT, "price": "150.01"}, "150.01"),
    ],
    ids=str,
)
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_order_without_a_price_counts_at_an_estimate_where_a_day_has_no_limits(
    side: str, order: dict[str, Any], value: object, fake: Fake
) -> None:
    amount = Decimal(str(value))
    goes = limited(fake, USD={"max_order_value": amount})
    getattr(goes, side)("US:AAPL", 1, **order)
    stops = limited(Fake(), USD={"max_order_value": amount - Decimal("0.01")})
    with pytest.raises(LimitExceeded, match=rf"{amount:,f}[.0]* USD are more than max_order_value"):
        getattr(stops, side)("US:AAPL", 1, **order)


def test_a_price_far_from_the_last_one_is_not_sent(fake: Fake) -> None:
    broker = limited(fake, price_collar_percent=3, USD={"price_collar_percent": 1})
    assert buys(broker, price="151.50").price == Decimal("151.50")
    with pytest.raises(LimitExceeded, match=r"151\.51 USD are more than 1 % away from the last price, 150 USD"):
        buys(broker, price="151.51")
    buys(limited(Fake(), price_collar_percent=3), price=300)  # that of won is not one of dollars


def test_counters_are_of_a_currency_and_of_new_yorks_day(at: At, fake: Fake) -> None:
    broker = limited(fake, max_orders_per_day=1, max_daily_value=1000, USD={"max_orders_per_day": 2})
    at("11-20 23:59")
    buys(broker)
    at("11-21 00:10")  # midnight in Korea begins no new day
    buys(broker)
    with pytest.raises(LimitExceeded, match="2 orders today, and one more would be more than max_orders_per_day, 2"):
        buys(broker)
    broker.buy("005930", 1, price=1000)  # dollars count nothing in won
    at("11-21 10:00")
    buys(broker)
    at("11-21 23:59")
    with pytest.raises(LimitExceeded, match=r"1,000 won today would be more|1 orders today"):
        broker.buy("005930", 1, price=1000)


def test_the_value_of_a_day_is_one_of_its_currency_and_loses_no_fraction_of_a_cent(at: At, fake: Fake) -> None:
    at("11-20 23:59")
    broker = limited(fake, max_daily_value=1, USD={"max_daily_value": 1})
    for _ in range(2):
        buys(broker, quantity=1, price="0.3333")
    with pytest.raises(LimitExceeded, match=r"1\.02 USD today would be more than max_daily_value, 1 USD"):
        buys(broker, quantity=1, price="0.3333")  # each counts 34 cents: never less than it comes to
    buys(broker, quantity=1, price="0.32")


def test_orders_of_one_minute_are_counted_by_currency(at: At, fake: Fake) -> None:
    at("11-20 23:59")
    broker = limited(fake, USD={"max_orders_per_minute": 1})
    buys(broker)
    broker.buy("005930", 1, price=1000)
    with pytest.raises(LimitExceeded, match="one more in this minute would be more than max_orders_per_minute, 1"):
        buys(broker)


def test_symbols_that_are_allowed_stand_in_the_table_of_their_currency(fake: Fake) -> None:
    broker = limited(fake, symbols=["005930"], USD={"symbols": ["US:MSFT"]})
    buys(broker, symbol="US:MSFT")
    with pytest.raises(LimitExceeded, match="US:AAPL is not among the allowed symbols: US:MSFT"):
        buys(broker)


@pytest.mark.parametrize("verb", ["cancel", "amend"])
def test_an_order_of_the_us_is_changed_there(verb: str, at: At, fake: Fake) -> None:
    at("11-20 23:59")
    broker = fake.abroad()
    order = buys(broker)
    changed = broker.cancel(order) if verb == "cancel" else broker.amend(order, price="150.50")
    assert (changed.original_id, changed.handle[:13]) == (order.id, "fake:20261120")
    assert [call[0] for call in fake.calls] == ["order", verb]
    if verb == "amend":
        with pytest.raises(InvalidRequest, match=r"150\.505 is not a price of US:AAPL: the step there is 0\.01 USD"):
            broker.amend(order, price="150.505")


def test_an_order_is_sent_again_and_waited_for_as_at_home(at: At, fake: Fake) -> None:
    at("11-20 23:59")
    broker = fake.abroad()
    answer, fake.answer = fake.answer, lambda: None
    with pytest.raises(BrokerError) as caught:
        buys(broker, key="one")
    fake.answer = answer
    broker.resolve(caught.value.intent, absent=True, reason="the app shows none")  # type: ignore[attr-defined]
    again = broker.resubmit(caught.value.intent)  # type: ignore[attr-defined]
    assert (again.symbol, again.handle) == ("US:AAPL", "fake:20261120:117:117")
    assert buys(broker, key="one") == again
    assert broker.wait(again, timeout=0.01).status == again.status
    assert sent(fake) == 2


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            {"symbols": ["US:AAPL"]},
            r"US:AAPL is paid in USD, and these are the limits of KRW.*profiles.NAME.limits.USD\]",
        ),
        ({"USD": {"symbols": ["005930"]}}, r"005930 is paid in KRW, and these are the limits of USD.*NAME.limits\]"),
        ({"USD": {"symbols": ["AAPL"]}}, "'AAPL' is not a symbol.*'US:AAPL'"),
        ({"symbols": ["A005930"]}, "'A005930' is not a symbol.*'005930'"),
        ({"usd": {"max_order_value": 100}}, "unknown option 'usd'.*Did you mean USD?"),
    ],
)
def test_allowed_symbols_that_would_not_count_are_told_when_the_broker_is_made(
    limits: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        get_broker("kis", environment="sandbox", limits=limits)


def test_allowed_symbols_of_dollars_hold_orders_in_dollars() -> None:
    limits = {"symbols": ["005930"], "USD": {"symbols": ["US:AAPL"]}}
    with get_broker("kis", environment="sandbox", limits=limits) as broker:
        with pytest.raises(LimitExceeded, match="US:MSFT is not among the allowed symbols: US:AAPL"):
            broker.buy("US:MSFT", 1, price="100.00")
        assert broker.buy("US:AAPL", 1, price="100.00").quantity == 1
