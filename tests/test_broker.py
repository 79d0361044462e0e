"""The verbs of every broker: what is checked before anything is sent, and what is said afterwards."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

from __future__ import annotations

import copy
import datetime as dt
import inspect
import itertools
import logging
import math
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest

from brokerkit import clock
from brokerkit.asking.inquiries import HOOKS
from brokerkit.broker import Broker
from brokerkit.errors import (
    BrokerError,
    Disarmed,
    InsufficientFunds,
    InvalidRequest,
    NetworkError,
    NothingToCancel,
    NotSent,
    OrderUncertain,
    UnknownSymbol,
    Unsupported,
)
from brokerkit.market.markets import KOREA
from brokerkit.models import Balance, InvestorFlow, Order, OrderRequest, Quote
from brokerkit.orders.intents import Intent
from brokerkit.part import Part
from brokerkit.registry import get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.text import masked
from brokerkit.words import OrderStatus, OrderType, SecurityType, Side, TimeInForce, Venue
from tests.fakes import SECRETS, Fake, order_of

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def fake() -> Fake:
    """Return the far side of a broker."""
    return Fake()


@pytest.fixture
def broker(fake: Fake) -> Broker:
    """Return a broker of the demo environment."""
    return fake.opened()


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.date], None]:
    """Fix the date; return a function that sets another one."""

    def is_now(date: dt.date) -> None:
        monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(date, dt.time(10), clock.KST))

    is_now(TODAY)
    return is_now


@pytest.mark.parametrize(("verb", "side"), [("buy", Side.BUY), ("sell", Side.SELL)])
def test_buying_and_selling_send_the_order_that_was_meant(verb: str, side: Side, broker: Broker, fake: Fake) -> None:
    order = getattr(broker, verb)("005930", 10, price=70_000)
    assert fake.calls == [
        (
            "order",
            OrderRequest(symbol="005930", side=side, quantity=Decimal(10), type=OrderType.LIMIT, price=Decimal(70000)),
        )
    ]
    assert order.status is OrderStatus.PENDING
    assert order.id == "117"


def test_every_argument_of_an_order_reaches_the_adapter(broker: Broker, fake: Fake) -> None:
    broker.sell(
        "005930",
        "10",
        price="70000",
        type=cast(OrderType, "STOP_LIMIT"),
        time_in_force=cast(TimeInForce, "DAY"),
        venue=cast(Venue, "NXT"),
        stop_price=71000.0,
    )
    (_, request), *others = fake.calls
    assert others == []
    assert request == OrderRequest(
        symbol="005930",
        side=Side.SELL,
        quantity=Decimal(10),
        type=OrderType.STOP_LIMIT,
        price=Decimal(70000),
        stop_price=Decimal(71000),
        time_in_force=TimeInForce.DAY,
        venue=Venue.NXT,
    )


@pytest.mark.parametrize("verb", ["buy", "sell"])
@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"price": 0},
        {"price": -70000},
        {"price": 70_000.5},
        {"price": 70_050},
        {"price": True},
        {"price": "70,000"},
        {"price": float("nan")},
        {"price": "1e30"},
        {"price": 70000, "quantity": 0},
        {"price": 70000, "quantity": -1},
        {"price": 70000, "quantity": 0.5},
        {"price": 70000, "quantity": "1e1000000"},
        {"price": 70000, "symbol": "A005930"},
        {"price": 70000, "symbol": "005930_NX"},
        {"price": 70000, "type": "MARKET"},
        {"price": 70000, "type": "limit"},
        {"price": 70000, "type": "STOP_LIMIT"},
        {"price": 70000, "type": "STOP_LIMIT", "stop_price": 70_050},
        {"price": 70000, "stop_price": 71000},
        {"price": 70000, "venue": "NASDAQ"},
        {"price": 70000, "time_in_force": "GTC"},
        {"type": "LIMIT"},
    ],
    ids=str,
)
def test_a_wrong_order_is_refused_and_nothing_is_sent(
    verb: str, wrong: dict[str, Any], broker: Broker, fake: Fake
) -> None:
    arguments = {"symbol": "005930", "quantity": 10, **wrong}
    with pytest.raises(InvalidRequest) as refused:
        getattr(broker, verb)(**arguments)
    assert [call for call in fake.calls if call[0] != "kind"] == []
    assert refused.value.broker == "fake"
    assert verb.upper() in str(refused.value)


def test_an_unknown_type_is_refused_with_the_types_there_are(broker: Broker, fake: Fake) -> None:
    with pytest.raises(InvalidRequest) as refused:
        broker.buy("005930", 10, type=cast(OrderType, "MARKT"))
    for type_ in OrderType:
        assert type_ in str(refused.value)
    assert fake.calls == []


@pytest.mark.parametrize("venue", ["krx", "NYSE", "", 1])
def test_an_unknown_venue_is_refused_with_the_venues_there_are(venue: Any, broker: Broker, fake: Fake) -> None:
    for ask in (
        lambda: broker.quote("005930", venue=venue),
        lambda: broker.buy("005930", 10, price=70000, venue=venue),
    ):
        with pytest.raises(InvalidRequest) as refused:
            cast(Any, ask)()
        for known in Venue:
            assert known in str(refused.value)
    assert fake.calls == []


def test_a_venue_may_be_given_as_text(broker: Broker) -> None:
    assert broker.quote("005930", venue=cast(Venue, "SOR")).venue is Venue.SOR


@pytest.mark.parametrize("price", [1, 1_999, 2_005, 5_010, 20_050, 50_100, 200_500, 500_000, 1_000_000])
def test_a_price_on_the_step_of_stocks_asks_nobody_what_the_symbol_is(price: int, broker: Broker, fake: Fake) -> None:
    broker.buy("005930", 1, price=price)
    assert [call[0] for call in fake.calls] == ["order"]


@pytest.mark.parametrize(
    ("price", "step", "below", "above"),
    [(2_001, 5, 2_000, 2_005), ("5_0", 0, 0, 0), (70_001, 100, 70_000, 70_100), ("1999.5", 1, 1_999, 2_000)],
)
def test_a_price_off_every_step_is_refused_with_the_nearest_ones(
    price: Any, step: int, below: int, above: int, broker: Broker, fake: Fake
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        broker.buy("005930", 1, price=price)
    if step:
        assert f"step there is {step} won" in refused.value.message
        assert refused.value.advice is not None
        assert f"{below} and {above}" in refused.value.advice
    assert fake.calls == []


@pytest.mark.parametrize(
    ("kind", "passes"), [(SecurityType.STOCK, False), (SecurityType.ETF, True), (SecurityType.ELW, True), (None, True)]
)
def test_the_finer_step_of_funds_is_for_what_may_be_a_fund(
    kind: SecurityType | None, passes: bool, broker: Broker, fake: Fake
) -> None:
    """Where the broker does not tell what a symbol is, it decides itself whether the price will do."""
    fake.kind = kind
    if passes:
        broker.buy("069500", 1, price=70_005)
        assert [call[0] for call in fake.calls] == ["kind", "order"]
    else:
        with pytest.raises(InvalidRequest, match="step there is 100 won"):
            broker.buy("069500", 1, price=70_005)
        assert fake.calls == [("kind", "069500")]


def test_what_a_symbol_is_gets_asked_once(broker: Broker, fake: Fake) -> None:
    fake.kind = SecurityType.ETF
    for price in (70_005, 70_015, 70_000, 7_005):
        broker.buy("069500", 1, price=price)
    broker.buy("102110", 1, price=70_005)
    assert [call for call in fake.calls if call[0] == "kind"] == [("kind", "069500"), ("kind", "102110")]


def test_an_order_is_not_sent_if_the_question_what_the_symbol_is_fails(broker: Broker, fake: Fake) -> None:
    fake.fails = UnknownSymbol("no such code", code="40")
    with pytest.raises(NotSent, match="no such code"):
        broker.buy("069500", 1, price=70_005)
    fake.fails = None
    broker.buy("069500", 1, price=70_000)
    assert [call[0] for call in fake.calls] == ["kind", "order"]


@pytest.mark.parametrize("price", [48_950, 91_100])
def test_a_price_outside_the_limits_of_todays_quote_is_not_sent(price: int, broker: Broker, fake: Fake) -> None:
    fake.limits = (49_000, 91_000)
    broker.quote("005930")
    fake.calls.clear()
    for wrong in ({"price": price}, {"price": 70_000, "type": OrderType.STOP_LIMIT, "stop_price": price}):
        with pytest.raises(InvalidRequest, match="limits of 005930, 49000 to 91000"):
            broker.buy("005930", 1, **cast(Any, wrong))
    assert fake.calls == []
    for edge in (49_000, 91_000):
        broker.buy("005930", 1, price=edge)
    broker.buy("000660", 1, price=100_000)
    broker.buy("005930", 1, type=OrderType.MARKET)
    assert [call[0] for call in fake.calls] == ["order"] * 4


def test_limits_of_yesterday_do_not_count(broker: Broker, fake: Fake, today: Callable[[dt.date], None]) -> None:
    fake.limits = (49_000, 91_000)
    broker.quote("005930")
    today(TODAY + dt.timedelta(days=1))
    broker.buy("005930", 1, price=100_000)
    assert fake.calls[-1][0] == "order"


@pytest.mark.parametrize("limits", [(None, None), (49_000, None), (None, 91_000)])
def test_a_quote_without_both_limits_sets_none(
    limits: tuple[int | None, int | None], broker: Broker, fake: Fake
) -> None:
    fake.limits = limits
    broker.quote("005930")
    broker.buy("005930", 1, price=500_000)
    assert fake.calls[-1][0] == "order"


@pytest.mark.parametrize("symbol", ["A005930", "005930_AL", "", 5930, None])
def test_queries_about_no_symbol_are_not_sent(symbol: Any, broker: Broker, fake: Fake) -> None:
    for ask in (broker.quote, broker.investor_flow):
        with pytest.raises(InvalidRequest):
            cast(Any, ask)(symbol)
    assert fake.calls == []


@pytest.mark.parametrize(
    "symbol", ["US:AAPL", "HK:00700", "KRXD:A016C000", "GOLD:M04020000", "INDEX:KOSPI", "BOND:KR103502GA34"]
)
def test_a_market_without_a_part_is_unsupported_before_anything_is_asked(
    symbol: str, broker: Broker, fake: Fake
) -> None:
    for ask in (broker.quote, broker.investor_flow, lambda symbol: broker.buy(symbol, 1, price=100)):
        with pytest.raises(Unsupported, match=r"no part for .*It has: KR"):
            cast(Any, ask)(symbol)
    assert fake.calls == []


def test_a_whole_order_and_a_part_of_it_can_be_cancelled(broker: Broker, fake: Fake) -> None:
    answer = broker.cancel(order_of())
    broker.cancel(order_of(), quantity=7)
    broker.cancel(order_of(), quantity="2")
    broker.cancel(order_of(remaining_quantity=None), quantity=10)
    assert fake.calls == [("cancel", "117", None), ("cancel", "117", 7), ("cancel", "117", 2), ("cancel", "117", 10)]
    assert (answer.id, answer.original_id, answer.status) == ("118", "117", OrderStatus.PENDING)


@pytest.mark.parametrize("quantity", [0, -1, 0.5, "x", True, 8, "1_0", float("inf"), "1e1000000"])
def test_a_quantity_that_cannot_be_cancelled_is_not_sent(quantity: Any, broker: Broker, fake: Fake) -> None:
    with pytest.raises(InvalidRequest):
        broker.cancel(order_of(), quantity=quantity)
    assert fake.calls == []


def test_more_than_is_left_is_refused_with_what_is_left(broker: Broker, fake: Fake) -> None:
    with pytest.raises(InvalidRequest, match="at most 7 are left of order 117"):
        broker.cancel(order_of(), quantity=8)
    with pytest.raises(InvalidRequest, match="at most 10 are left"):
        broker.cancel(order_of(remaining_quantity=None), quantity=11)
    assert fake.calls == []


@pytest.mark.parametrize("status", list(OrderStatus))
def test_only_a_finished_order_has_nothing_to_cancel(status: OrderStatus, broker: Broker, fake: Fake) -> None:
    order = order_of(status=status)
    if status in (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED):
        with pytest.raises(NothingToCancel, match=str(status)):
            broker.cancel(order)
        assert fake.calls == []
    else:
        broker.cancel(order)
        assert fake.calls == [("cancel", "117", None)]


@pytest.mark.parametrize("handle", ["other:20261120:117", "fakes:117", "FAKE:117", "", ":117", " fake:117"])
def test_an_order_of_another_broker_is_refused(handle: str, broker: Broker, fake: Fake) -> None:
    order = order_of(handle=handle)
    for verb in (broker.cancel, broker.refresh, lambda order: broker.cancel(order, quantity=1)):
        with pytest.raises(InvalidRequest, match="not an order of fake"):
            cast(Any, verb)(order)
    assert fake.calls == []


@pytest.mark.parametrize("arm", [None, "4501", "0000", ""])
@pytest.mark.parametrize("way", ["order", "buy", "sell", "market", "cancel", "cancel part"])
def test_nothing_moves_real_money_however_it_is_armed(arm: str | None, way: str) -> None:
    fake = Fake()
    broker = fake.opened(environment="real", arm=arm)
    ways: dict[str, Callable[[], Order]] = {
        "order": lambda: broker.order(REQUEST),
        "buy": lambda: broker.buy("005930", 1, price=70_000),
        "sell": lambda: broker.sell("005930", 1, price=70_000),
        "market": lambda: broker.buy("005930", 1, type=OrderType.MARKET),
        "cancel": lambda: broker.cancel(order_of()),
        "cancel part": lambda: broker.cancel(order_of(), quantity=1),
    }
    with pytest.raises(Disarmed) as refused:
        ways[way]()
    assert "Nothing was sent" in str(refused.value)
    assert fake.calls == []


def test_reading_works_with_real_money() -> None:
    fake = Fake()
    broker = fake.opened(environment="real")
    broker.quote("005930")
    broker.investor_flow("005930")
    broker.refresh(order_of())
    assert [call[0] for call in fake.calls] == ["quote", "flow", "find"]


REQUEST = OrderRequest(symbol="005930", side=Side.BUY, quantity=Decimal(10), type=OrderType.LIMIT, price=Decimal(70000))


def test_an_uncertain_order_carries_what_was_sent_and_is_sent_once(broker: Broker, fake: Fake) -> None:
    fake.fails = OrderUncertain("silence", endpoint="order")
    with pytest.raises(OrderUncertain) as uncertain:
        broker.order(REQUEST)
    assert uncertain.value.intent is not None
    assert uncertain.value.intent.request == REQUEST
    assert uncertain.value.intent in broker.unresolved()
    assert uncertain.value.broker == "fake"
    assert fake.calls == [("order", REQUEST)]
    with pytest.raises(OrderUncertain) as uncertain:
        broker.cancel(order_of(), quantity=2)
    assert uncertain.value.intent is not None
    assert uncertain.value.intent.order == order_of()
    assert fake.calls[1:] == [("cancel", "117", 2)]


@pytest.mark.parametrize("error", [NotSent("refused"), InsufficientFunds("no", code="X1"), Unsupported("no")], ids=repr)
def test_an_order_that_fails_is_not_sent_again(error: BrokerError, broker: Broker, fake: Fake) -> None:
    fake.fails = error
    with pytest.raises(type(error)) as failed:
        broker.order(REQUEST)
    assert failed.value is error
    assert len(fake.calls) == 1
    assert "BUY 10 005930 at 70000" in str(failed.value)


def test_an_error_says_what_was_asked_and_of_whom(broker: Broker, fake: Fake) -> None:
    fake.fails = NetworkError("silence")
    asks: dict[str, Callable[[], object]] = {
        "quote of 005930 at NXT": lambda: broker.quote("005930", venue=Venue.NXT),
        "cancel 2 of order 117 (005930)": lambda: broker.cancel(order_of(), quantity=2),
        "order 117 (005930)": lambda: broker.refresh(order_of()),
        "the balance": broker.balance,
        "investor flow of 005930": lambda: broker.investor_flow("005930"),
    }
    for asked, ask in asks.items():
        fake.fails = NetworkError("silence")
        with pytest.raises(OrderUncertain if "cancel" in asked else NetworkError) as failed:
            ask()  # an adapter with a transport of its own cannot know that nothing of the cancellation was sent
        assert str(failed.value).startswith(f"fake, {asked}")


def test_what_an_adapter_already_said_is_kept(broker: Broker, fake: Fake) -> None:
    fake.fails = NetworkError("silence", broker="other")
    fake.fails.asked = "something finer"
    with pytest.raises(NetworkError) as failed:
        broker.quote("005930")
    assert (failed.value.broker, failed.value.asked) == ("other", "something finer")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, "order 117"),
        (NotSent("CANARY-words"), "NotSent"),
        (InsufficientFunds("CANARY-words", code="X1"), "InsufficientFunds [X1]"),
        (OrderUncertain("CANARY-words"), "OrderUncertain"),
    ],
    ids=repr,
)
def test_every_attempt_to_order_logs_one_line_without_secrets(
    error: BrokerError | None, said: str, broker: Broker, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[tuple[Callable[[], Order], str]] = [
        (lambda: broker.buy("005930", 10, price=70_000), "BUY 10 005930 at 70000"),
        (lambda: broker.sell("005930", 1000, type=OrderType.MARKET), "SELL 1000 005930 at MARKET"),
        (lambda: broker.cancel(order_of()), "cancel all of order 117 (005930)"),
    ]
    fake.fails = error
    for attempt, what in attempts:
        caplog.clear()
        with caplog.at_level(logging.DEBUG):
            if error is None:
                attempt()
            else:
                with pytest.raises(type(error)):
                    attempt()
        (record,) = caplog.records
        assert (record.levelno, record.name) == (logging.INFO, "brokerkit")
        text = record.getMessage()
        assert text.startswith(f"fake demo: {what} -> ")
        assert said in text or error is None
        assert "CANARY" not in text
        assert SECRETS["account"] not in text
        assert len(text.splitlines()) == 1


def test_queries_log_nothing(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        broker.quote("005930")
        broker.investor_flow("005930")
        broker.refresh(order_of())
    assert caplog.records == []


def test_refresh_returns_the_order_as_it_is_listed(broker: Broker, fake: Fake) -> None:
    fake.listed = order_of(status="FILLED", filled_quantity=10, remaining_quantity=0)
    assert broker.refresh(order_of()) == fake.listed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("PENDING", "PENDING"),
        ("WORKING", "UNKNOWN"),
        ("PARTIALLY_FILLED", "UNKNOWN"),
        ("UNKNOWN", "UNKNOWN"),
        ("FILLED", "FILLED"),
        ("CANCELED", "CANCELED"),
        ("REJECTED", "REJECTED"),
        ("EXPIRED", "EXPIRED"),
    ],
)
def test_an_order_that_is_not_listed_is_never_guessed_at(before: str, after: str, broker: Broker) -> None:
    order = order_of(status=before)
    assert broker.refresh(order) == order.model_copy(update={"status": OrderStatus(after)})


def flow_of(day: dt.date) -> InvestorFlow:
    """Return a row of a day without figures."""
    return InvestorFlow(symbol="005930", date=day, final=True)


DAYS = [TODAY - dt.timedelta(days=number) for number in range(45)]


def test_without_a_start_the_newest_thirty_rows_come_oldest_first(broker: Broker, fake: Fake) -> None:
    fake.flows = [flow_of(day) for day in DAYS]
    rows = broker.investor_flow("005930")
    assert [row.date for row in rows] == sorted(DAYS)[-30:]
    assert isinstance(rows, tuple)
    assert fake.calls == [("flow", "005930", None, TODAY, False)]


def test_fewer_rows_than_thirty_come_as_they_are(broker: Broker, fake: Fake) -> None:
    fake.flows = [flow_of(day) for day in DAYS[:3]]
    assert [row.date for row in broker.investor_flow("005930")] == sorted(DAYS[:3])
    fake.flows = ()
    with pytest.raises(UnknownSymbol):
        broker.investor_flow("005930")


def test_with_a_start_all_rows_between_start_and_end_come(broker: Broker, fake: Fake) -> None:
    fake.flows = [flow_of(day) for day in DAYS]
    rows = broker.investor_flow("005930", start=DAYS[40], end=DAYS[2], detail=True)
    assert [row.date for row in rows] == sorted(DAYS[2:41])
    assert fake.calls == [("flow", "005930", DAYS[40], DAYS[2], True)]
    assert [row.date for row in broker.investor_flow("005930", start=TODAY)] == [TODAY]


def test_rows_after_the_end_are_left_out_before_thirty_are_counted(broker: Broker, fake: Fake) -> None:
    fake.flows = [flow_of(day) for day in DAYS]
    rows = broker.investor_flow("005930", end=DAYS[10])
    assert [row.date for row in rows] == sorted(DAYS[10:40])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (TODAY, TODAY - dt.timedelta(days=1)),
        (TODAY + dt.timedelta(days=1), None),
        (TODAY + dt.timedelta(days=1), TODAY + dt.timedelta(days=2)),
        ("2026-11-19", None),
        (None, "2026-11-19"),
        (dt.datetime(2026, 11, 19, 9, 0), None),
        (None, dt.datetime(2026, 11, 19, 9, 0)),
        (20261119, None),
    ],
)
def test_days_that_make_no_period_are_not_asked_for(start: Any, end: Any, broker: Broker, fake: Fake) -> None:
    with pytest.raises(InvalidRequest):
        broker.investor_flow("005930", start=start, end=end)
    assert fake.calls == []


def test_an_end_in_the_future_asks_up_to_today(broker: Broker, fake: Fake) -> None:
    later = TODAY + dt.timedelta(days=3)
    broker.investor_flow("005930", start=TODAY, end=later)
    assert fake.calls == [("flow", "005930", TODAY, TODAY, False)]


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_what_is_supported_is_asked_by_market_type_and_venue_without_a_request(name: str) -> None:
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        assert broker.supports("buy", market="KR", type=OrderType.MIDPOINT, venue=Venue.NXT)
        assert not broker.supports("buy", type=OrderType.MIDPOINT, venue=Venue.SOR)  # what a broker does not route
        assert not broker.supports("buy", type=OrderType.SINGLE_PRICE)
        assert broker.supports("quote", venue=Venue.SOR)
        for market in ("HK", "KRXD", "GOLD"):
            assert not broker.supports("buy", market=market)
        for wrong in ({"market": "XX"}, {"venue": "NASDAQ"}, {"type": "STOPPED"}):
            with pytest.raises(InvalidRequest):
                broker.supports("buy", **cast(Any, wrong))
        told = {each.market: each for each in broker.capabilities()}
        korea, indices = told["KR"], told["INDEX"]
        assert (indices.market, indices.currency, indices.order_venues) == ("INDEX", None, ())
        assert set(indices.verbs) == {"quote", "quotes", "candles"}
        assert (korea.market, korea.currency, korea.environment) == ("KR", "KRW", "real")
        assert set(korea.verbs) == {verb for verb in HOOKS if broker.supports(verb)}
        reserving = {"reserve", "reservations", "amend_reservation", "cancel_reservation"}
        lacking = {"transactions", "program_rankings"} if name == "kis" else reserving
        assert set(HOOKS) - set(korea.verbs) == {"exchange_rate"} | lacking
        assert broker.supports("rankings", venue=Venue.NXT)
        assert broker.supports("rankings", venue=Venue.SOR) is (name == "kiwoom")
        assert set(korea.order_venues) == set(KOREA.venues)
        assert (OrderType.LIMIT, TimeInForce.IOC) in korea.order_types
        assert "time" in korea.not_told["Quote"]
        assert sandbox.face(name).requests == []


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_the_demo_environment_says_what_it_lacks(name: str) -> None:
    with Sandbox(environment="demo") as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        assert broker.supports("buy", venue=Venue.KRX)
        assert not broker.supports("buy", venue=Venue.NXT)
        assert broker.supports("orders") is (name == "kiwoom")
        assert (broker.capabilities()[0].environment, broker.capabilities()[0].order_venues) == ("demo", (Venue.KRX,))


def test_verbs_without_a_symbol_take_a_market(broker: Broker) -> None:
    for ask in (
        lambda: broker.balance(market="US"),
        lambda: broker.orders(market="US"),
        lambda: broker.order_history(TODAY, market="US"),
        lambda: broker.reconcile(market="US"),
    ):
        with pytest.raises(Unsupported, match="no part for US stocks"):
            ask()
    with pytest.raises(InvalidRequest, match="no market"):
        broker.balance(market="XX")


def test_supports_knows_the_verbs_there_are(broker: Broker) -> None:
    missing = {"amend", "order_book", "buying_power", "candles", "trades", "members"}
    missing |= {"instruments", "instrument", "search", "rankings", "conditions", "screen"}
    missing |= {"realized_pnl", "transactions", "exchange_rate"}
    missing |= {"reserve", "reservations", "amend_reservation", "cancel_reservation"}
    missing |= {
        "market_investor_flow",
        "investor_flow_estimates",
        "investor_rankings",
        "program_trading",
        "program_rankings",
    }
    for verb in HOOKS:
        assert broker.supports(verb) is (verb not in missing)
        assert callable(getattr(broker, verb))


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("orderz", "Did you mean 'order'"),
        ("qoute", "Did you mean 'quote'"),
        ("Quote", "Did you mean 'quote'"),
        ("xyzzy", "There are quote, "),
        ("_quote", "Did you mean 'quote'"),
        ("", "There are quote, "),
        (None, "There are quote, "),
    ],
)
def test_a_word_that_is_no_verb_is_not_merely_unsupported(broker: Broker, verb: Any, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        broker.supports(verb)


class Stamp(dt.datetime):
    """A time stamp of a table library: a datetime of its own kind."""


class NoStamp(dt.datetime):
    """The time stamp that such a library has for none: it differs from itself."""

    __hash__ = dt.datetime.__hash__

    def __eq__(self, other: object) -> bool:
        return False


MIDNIGHT = dt.datetime.combine(TODAY, dt.time(0))


@pytest.mark.parametrize(
    "day",
    [
        TODAY,
        MIDNIGHT,
        Stamp.combine(TODAY, dt.time(0)),
        MIDNIGHT.replace(tzinfo=clock.KST),
        MIDNIGHT.replace(tzinfo=clock.KST).astimezone(dt.UTC),
    ],
    ids=repr,
)
def test_a_midnight_in_korea_is_a_day(broker: Broker, fake: Fake, day: dt.date) -> None:
    broker.investor_flow("005930", start=day, end=day)
    assert fake.calls == [("flow", "005930", TODAY, TODAY, False)]
    assert {type(each) for each in fake.calls[0][2:4]} == {dt.date}


@pytest.mark.parametrize(
    "day",
    [
        MIDNIGHT.replace(hour=9),
        MIDNIGHT.replace(microsecond=1),
        MIDNIGHT.replace(tzinfo=dt.UTC),
        NoStamp.combine(TODAY, dt.time(0)),
        f"{TODAY}",
        20261120,
    ],
    ids=repr,
)
def test_a_moment_that_is_no_midnight_in_korea_is_no_day(broker: Broker, fake: Fake, day: Any) -> None:
    for ask in (
        lambda: broker.investor_flow("005930", start=day),
        lambda: broker.investor_flow("005930", end=day),
        lambda: broker.order_history(day),
    ):
        with pytest.raises(InvalidRequest, match=r"date"):
            ask()
    assert fake.calls == []


class Whole:
    """An integer of an array library."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


def test_integers_of_array_libraries_are_quantities_and_prices(broker: Broker) -> None:
    order = broker.buy("005930", Whole(10), price=Whole(70_000))
    assert (order.quantity, order.price) == (10, 70_000)
    assert type(order.quantity) is Decimal
    assert broker.round_price("005930", Whole(70_030), side=Side.BUY) == 70_000


@pytest.mark.parametrize("side", ["SELL", Side.SELL])
def test_a_price_is_rounded_for_the_side_that_a_text_names(broker: Broker, side: Any) -> None:
    assert broker.round_price("005930", 70_030, side=side) == 70_100
    assert broker.round_price("005930", 70_030, side="BUY") == 70_000  # type: ignore[arg-type]


@pytest.mark.parametrize("side", ["x", "sell", None, 1, [], True], ids=repr)
def test_a_price_is_rounded_for_no_side_that_is_none(broker: Broker, side: Any) -> None:
    with pytest.raises(InvalidRequest, match="is no side"):
        broker.round_price("005930", 70_030, side=side)


@pytest.mark.parametrize(
    "timeout", ["x", "1", math.nan, True, [], Decimal(1), 10**400], ids=lambda each: repr(each)[:9]
)
def test_a_timeout_that_is_no_number_of_seconds_is_refused(broker: Broker, fake: Fake, timeout: Any) -> None:
    order = broker.buy("005930", 1, price=70_000)
    fake.calls.clear()
    for ask in (
        lambda: broker.wait(order, timeout=timeout),
        lambda: broker.wait(order, timeout=None),  # type: ignore[arg-type]
        lambda: broker.reconcile(wait=True, timeout=timeout),
        lambda: broker.reconcile(timeout=timeout),
    ):
        with pytest.raises(InvalidRequest, match="timeout must be a number of seconds"):
            ask()
    assert fake.calls == []


@pytest.mark.parametrize("verb", ["cancel", "amend", "refresh", "wait"])
@pytest.mark.parametrize("given_", ["0000031186", 31186, None, {"id": "1"}], ids=repr)
def test_a_number_in_place_of_an_order_says_where_the_order_is(
    broker: Broker, fake: Fake, verb: str, given_: Any
) -> None:
    options = {"amend": {"price": 70_000}, "wait": {"timeout": 0}}.get(verb, {})
    with pytest.raises(InvalidRequest, match=f"{verb} needs the Order itself") as refused:
        getattr(broker, verb)(given_, **options)
    assert "orders() or order_history()" in str(refused.value)
    assert fake.calls == []


def test_what_was_meant_to_be_ordered_cannot_be_cancelled(broker: Broker) -> None:
    request: Any = OrderRequest(symbol="005930", side=Side.BUY, quantity=1, price=70_000)
    with pytest.raises(InvalidRequest, match=r"answer of order\(\) is the Order"):
        broker.cancel(request)


def test_an_entry_of_the_journal_cannot_be_cancelled(broker: Broker) -> None:
    known = {"id": "01", "kind": "CANCEL", "day": TODAY, "symbol": "005930", "side": "BUY", "created_at": clock.now()}
    entry: Any = Intent.model_validate({**known, "quantity": None, "price": None})
    with pytest.raises(InvalidRequest, match=r"entry of the journal; its order is found by reconcile\(\)"):
        broker.cancel(entry)


@pytest.mark.parametrize(
    "given_", [{"symbol": "005930"}, "005930", None, order_of()], ids=lambda value: type(value).__name__
)
def test_an_order_of_another_kind_says_how_a_request_is_made(broker: Broker, fake: Fake, given_: Any) -> None:
    with pytest.raises(InvalidRequest, match="needs an OrderRequest") as refused:
        broker.order(given_)
    assert "model_validate" in str(refused.value)
    assert fake.calls == []


def test_a_verb_without_a_hook_is_unsupported_and_says_what_is(broker: Broker) -> None:
    for ask in (
        lambda: broker.amend(order_of(), price=70_000),
        lambda: broker.order_book("005930"),
        lambda: broker.buying_power("005930"),
    ):
        with pytest.raises(Unsupported, match="investor_flow"):
            ask()


def test_every_public_verb_is_documented() -> None:
    for name, member in inspect.getmembers(Broker, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.getdoc(member), name


def test_a_broker_refuses_to_be_pickled_or_copied(broker: Broker) -> None:
    for store, protocol in itertools.product((pickle.dumps,), range(pickle.HIGHEST_PROTOCOL + 1)):
        with pytest.raises(TypeError, match="cannot be pickled"):
            store(broker, protocol)
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            duplicate(broker)


def test_a_broker_shows_its_environment_and_no_secret(broker: Broker) -> None:
    assert repr(broker) == str(broker)
    assert "fake" in repr(broker).lower()
    assert "demo" in repr(broker)
    assert "CANARY" not in repr(broker)


def test_leaving_the_with_block_closes_the_connections(broker: Broker, fake: Fake) -> None:
    with broker as same:
        assert same is broker
    assert fake.client.closed == 1
    with pytest.raises(KeyError), broker:
        raise KeyError
    assert fake.client.closed == 2


def test_a_hook_that_is_left_out_is_unsupported(fake: Fake) -> None:
    broker = fake.unfinished()
    assert not broker.supports("cancel")
    with pytest.raises(Unsupported, match="cancel"):
        broker.cancel(order_of())
    assert fake.calls == []


@pytest.mark.parametrize(
    ("account", "shown"),
    [("50012345-01", "******4501"), ("5001234501", "******4501"), ("123", "123"), ("", ""), ("8012-3401", "****3401")],
)
def test_an_account_is_masked_to_its_last_four_digits(account: str, shown: str) -> None:
    assert masked(account) == shown


# Parts of several classes


class _Told(Part[Any]):
    not_told = {Quote: frozenset({"name"}), Balance: frozenset({"cash_d2"})}
    rounds = {Order: {"price": Decimal(1)}}
    calls = {"quote": ()}


class _Rounded(Part[Any]):
    not_told = {Quote: frozenset({"time"})}
    rounds = {Order: {"quantity": Decimal(2)}}
    calls = {"balance": ()}


def test_what_the_classes_of_a_part_declare_is_added_up() -> None:
    class Both(_Told, _Rounded):
        rounds = {Order: {"price": Decimal(3)}}

    assert Both.not_told == {Quote: frozenset({"name", "time"}), Balance: frozenset({"cash_d2"})}
    assert Both.rounds == {Order: {"price": Decimal(3), "quantity": Decimal(2)}}
    assert set(Both.calls) == {"quote", "balance"}
    assert _Told.not_told[Quote] == {"name"}, "one class takes nothing of another that it is joined with"
