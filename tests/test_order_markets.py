"""Verbs that look at every market of an account: one that fails takes no other with it, and is never left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from brokerkit import Broker, Order
from brokerkit.errors import ConfigError, InvalidRequest, NetworkError, OrderBlocked, OrderUncertain, Unsupported
from brokerkit.orders.intents import IntentState
from brokerkit.part import Part
from brokerkit.replies import OrderPage
from tests.fakes import Fake, FakePart, FakeRow, UsPart, UsRow
from tests.test_order_days import at, fake, korean, shown

__all__ = ["at", "fake"]

At = Callable[[str], None]


class KoreanPart(FakePart):
    """A part of Korea whose list shows what stands."""

    shows: list[FakeRow]
    fails: BaseException | None = None

    def rows(self, start: dt.date, end: dt.date, **narrowed: Any) -> Iterator[OrderPage]:
        self.fake.called("korea", start, end)
        if self.fails is not None:
            raise self.fails
        yield OrderPage(None, self.shows, start)


class SendsOnly(UsPart):
    """A part that has no list of orders in this environment."""

    rows = Part.rows


@pytest.fixture
def korea() -> type[KoreanPart]:
    return type("Korea", (KoreanPart,), {"shows": [], "fails": None})


@pytest.fixture
def broker(fake: Fake, at: At, korea: type[KoreanPart]) -> Broker:
    at("11-20 23:50")
    return fake.abroad(korea, UsPart)


def loses(fake: Fake, broker: Broker, symbol: str = "US:AAPL", price: int = 150) -> None:
    answer, fake.answer = fake.answer, lambda: None
    with pytest.raises(OrderUncertain):
        broker.buy(symbol, 10, price=price)
    fake.answer = answer


def silence(start: dt.date, end: dt.date) -> Iterator[OrderPage]:
    raise NetworkError("silence")


def test_working_orders_are_of_all_markets_or_of_the_one_that_is_named(
    fake: Fake, broker: Broker, korea: type[KoreanPart]
) -> None:
    known = {"quantity": 10, "price": 70000, "filled_quantity": 0, "remaining_quantity": 10, "state": "WORKING"}
    row = FakeRow.model_validate(
        {
            "id": "1",
            "symbol": "005930",
            "side": "BUY",
            "type": "LIMIT",
            "venue": "KRX",
            "average_fill_price": None,
            **known,
        }
    )
    korea.shows = [row]
    shown(fake, UsRow(id="2", told=korean("11-20 23:40")))
    assert {order.symbol for order in broker.orders()} == {"005930", "US:AAPL"}
    assert [order.symbol for order in broker.orders(market="US")] == ["US:AAPL"]
    assert [order.symbol for order in broker.orders(market="KR")] == ["005930"]


def test_working_orders_are_never_silently_short(fake: Fake, broker: Broker) -> None:
    fake.pages = silence
    with pytest.raises(NetworkError, match=r"working orders \(US stocks and funds\).*silence.*market='KR'"):
        broker.orders()
    assert broker.orders(market="KR") == ()


def test_a_report_tells_what_one_market_shows_and_why_the_other_does_not(
    at: At, fake: Fake, broker: Broker, korea: type[KoreanPart]
) -> None:
    loses(fake, broker)
    loses(fake, broker, "005930", 70000)
    shown(fake, UsRow(id="117", told=korean("11-20 23:50")))
    korea.fails = NetworkError("silence")
    for moment in ("11-20 23:51", "11-20 23:51:02"):
        at(moment)
        report = broker.reconcile()
    assert [(each.market, each.state) for each in report.decided] == [("US", IntentState.ACKED)]
    assert [(each.market, each.symbol) for each in report.unresolved] == [("KR", "005930")]
    assert str(report.problem).startswith("2026-11-20: silence")
    korea.fails, fake.pages = None, silence
    report = broker.reconcile()
    assert str(report.problem).startswith("US 2026-11-20: ")
    assert [each.market for each in report.unresolved] == ["KR"]
    korea.fails = NetworkError("nothing")
    assert "2026-11-20: nothing" in str(broker.reconcile().problem)
    assert "US 2026-11-20: silence" in str(broker.reconcile().problem)


def test_unresolved_orders_are_of_all_markets_or_of_the_one_that_is_named(fake: Fake, broker: Broker) -> None:
    loses(fake, broker)
    loses(fake, broker, "005930", 70000)
    assert [each.market for each in broker.unresolved()] == ["US", "KR"]
    assert [each.market for each in broker.unresolved(market="US")] == ["US"]
    with pytest.raises(OrderBlocked):
        broker.buy("US:AAPL", 10, price=150)
    assert broker.buy("US:MSFT", 10, price=150).symbol == "US:MSFT"


def test_one_market_that_stays_open_does_not_keep_the_other_from_being_looked_at(
    fake: Fake, broker: Broker, korea: type[KoreanPart], monkeypatch: pytest.MonkeyPatch
) -> None:
    loses(fake, broker, "005930", 70000)
    monkeypatch.setattr("brokerkit.orders.reconcile.POLL_SECONDS", 0.01)
    broker.reconcile(wait=True, timeout=0.2)
    asked = [call[0] for call in fake.calls if call[0] in ("korea", "rows")]
    assert asked.count("rows") == 1  # there is nothing to learn of the US
    assert asked.count("korea") > 2


def test_working_orders_of_all_markets_need_a_list_of_each(fake: Fake, at: At, korea: type[KoreanPart]) -> None:
    at("11-20 23:50")
    broker = fake.abroad(korea, SendsOnly)
    with pytest.raises(Unsupported, match=r"working orders \(US stocks and funds\).*market='KR'"):
        broker.orders()
    assert broker.orders(market="KR") == ()
    assert broker.reconcile().problem is None
    for verb in (broker.orders, broker.reconcile):
        with pytest.raises(Unsupported):
            verb(market="US")


class LooksOnly(UsPart):
    """A part of a market in which nothing is traded by this way."""

    rows, send_order = Part.rows, Part.send_order


def test_a_market_in_which_nothing_can_be_ordered_has_no_working_orders(
    fake: Fake, at: At, korea: type[KoreanPart]
) -> None:
    at("11-20 23:50")
    assert fake.abroad(korea, LooksOnly).orders() == ()


def test_markets_that_the_account_does_not_use_are_asked_only_by_name(
    fake: Fake, at: At, korea: type[KoreanPart]
) -> None:
    at("11-20 23:50")
    broker = fake.abroad(korea, UsPart)
    broker.adapter.settings = broker.adapter.settings.model_copy(update={"markets": ("KR",)})
    fake.pages = silence
    assert broker.orders() == ()
    with pytest.raises(NetworkError):
        broker.orders(market="US")
    broker.adapter.settings = broker.adapter.settings.model_copy(update={"markets": ("KR", "HK")})
    with pytest.raises(ConfigError, match="'HK', which the setting markets names"):
        broker.orders()


@pytest.mark.parametrize(
    "verb",
    [
        lambda broker, order: broker.buy("US:AAPL", 1, price=150),
        lambda broker, order: broker.amend(order, price=151),
        lambda broker, order: broker.sell("US:AAPL", 1, price=150),
    ],
)
def test_nothing_new_is_sent_into_a_market_that_the_profile_leaves_out(
    verb: Callable[[Broker, Order], object], fake: Fake, at: At, korea: type[KoreanPart]
) -> None:
    at("11-20 23:50")
    broker = fake.abroad(korea, UsPart)
    order = broker.buy("US:AAPL", 1, price=150)
    broker.adapter.settings = broker.adapter.settings.model_copy(update={"markets": ("KR",)})
    fake.calls.clear()
    with pytest.raises(Unsupported, match=r"setting markets .* leaves out US stocks and funds \(US\).*account: KR"):
        verb(broker, order)
    assert fake.calls == []
    assert not broker.supports("buy", market="US")
    assert broker.supports("quote", market="US")
    broker.cancel(order)  # what stands can be taken back, whatever the profile says
    assert [call[0] for call in fake.calls] == ["cancel"]


def test_an_account_of_a_kind_without_a_market_is_told_before_anything_is_asked(
    fake: Fake, at: At, korea: type[KoreanPart]
) -> None:
    class Pension(UsPart):
        def lacks_account(self) -> str:
            return "A pension account has no US market."

    at("11-20 23:50")
    broker = fake.abroad(korea, Pension)
    asked: list[Callable[[], object]] = [
        lambda: broker.buy("US:AAPL", 1, price=150),
        lambda: broker.orders(market="US"),
        lambda: broker.order_history(dt.date(2026, 11, 20), market="US"),
        lambda: broker.fills(market="US"),
    ]
    for each in asked:
        with pytest.raises(Unsupported, match=r"A pension account has no US market\..*account: KR\."):
            each()
    assert fake.calls == []
    assert not broker.supports("orders", market="US")
    (us,) = (each for each in broker.capabilities() if each.market == "US")
    assert not {"buy", "fills", "orders"} & set(us.verbs)
    assert broker.supports("quote", market="US")
    assert broker.quote("US:AAPL").price == fake.price


@pytest.mark.parametrize("verb", ["order_history", "fills", "realized_pnl"])
def test_a_symbol_of_another_market_than_the_one_named_is_refused(verb: str, fake: Fake, broker: Broker) -> None:
    day = dt.date(2026, 11, 20)
    with pytest.raises(InvalidRequest, match=r"US:AAPL is a symbol of the market US, not of KR: leave one out\."):
        getattr(broker, verb)(day, symbol="US:AAPL", market="KR")
    assert fake.calls == []


def test_an_order_that_a_market_without_a_list_has_got_stays_open(fake: Fake, at: At, korea: type[KoreanPart]) -> None:
    at("11-20 23:50")
    broker = fake.abroad(korea, SendsOnly)
    loses(fake, broker)
    report = broker.reconcile()
    assert [each.market for each in report.unresolved] == ["US"]
    assert "US 2026-11-20: a list of orders" in str(report.problem)


def test_the_first_order_after_a_start_asks_the_markets_alone_of_which_something_is_open(
    fake: Fake, broker: Broker, korea: type[KoreanPart]
) -> None:
    loses(fake, broker)
    loses(fake, broker, "US:MSFT")
    again = fake.abroad(korea, UsPart)
    fake.calls.clear()
    with pytest.raises(OrderBlocked):
        again.buy("005930", 10, price=70000)
    assert {call[0] for call in fake.calls} == {"rows"}
