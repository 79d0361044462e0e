"""Order rows of earlier days, and orders that the exchange refuses after taking them."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side
from tests.exchanges import SAMSUNG, TODAY, opened

YESTERDAY = dt.date(2026, 11, 19)


@pytest.fixture
def exchange() -> Exchange:
    return opened()


def request(quantity: int = 10, price: int | None = 60_000) -> OrderRequest:
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    return OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(quantity), type=kind, price=price)


def parts_of(row: ExchangeOrder) -> tuple[int, ...]:
    """Return what was filled, is left, was cancelled, has expired, was rejected."""
    return tuple(map(int, (row.filled, row.remaining, row.canceled, row.expired, row.rejected)))


def test_an_earlier_order_is_remembered_with_what_became_of_it(exchange: Exchange) -> None:
    partly = exchange.remember("one", YESTERDAY, request(), filled=Decimal(3), canceled=Decimal(2))
    full = exchange.remember("one", YESTERDAY, request(), filled=Decimal(10), average_price=Decimal("59950.5"))
    refused = exchange.remember("one", YESTERDAY, request(), rejected=True)
    assert [parts_of(row) for row in (partly, full, refused)] == [
        (3, 0, 2, 5, 0),
        (10, 0, 0, 0, 0),
        (0, 0, 0, 0, 10),
    ]
    assert (partly.average_price, full.average_price, refused.average_price) == (60_000, Decimal("59950.5"), None)
    assert partly.day == partly.time.date() == YESTERDAY
    rows = [(row.number, row.action, row.original) for row in exchange.history("one", YESTERDAY, YESTERDAY)]
    first = partly.number
    assert rows == [
        (first, "NEW", None),
        (first + 1, "CANCEL", first),
        (full.number, "NEW", None),
        (refused.number, "NEW", None),
    ]
    assert (full.number, refused.number) == (first + 2, first + 3)
    assert exchange.orders("one") == []
    assert exchange.account("one").cash_d2 == exchange.account("one").orderable == 100_000_000


def test_fills_of_a_market_order_were_at_the_close_of_that_day(exchange: Exchange) -> None:
    row = exchange.remember("one", YESTERDAY, request(price=None), filled=Decimal(10))
    assert row.average_price == exchange.daily_candles(SAMSUNG)[-2].close


def test_history_ascends_by_day_and_number_and_holds_today_too(exchange: Exchange) -> None:
    exchange.remember("one", YESTERDAY, request())
    exchange.remember("one", dt.date(2026, 9, 1), request())
    exchange.remember("one", YESTERDAY, request(), rejected=True)
    exchange.remember("two", YESTERDAY, request())
    today = exchange.submit("one", request())
    rows = exchange.history("one", dt.date(2026, 1, 1), TODAY)
    assert [row.day for row in rows] == [dt.date(2026, 9, 1), YESTERDAY, YESTERDAY, TODAY]
    assert rows[1].number < rows[2].number
    assert rows[3] == today
    assert exchange.history("one", YESTERDAY, YESTERDAY) == rows[1:3]
    assert exchange.history("two", TODAY, TODAY) == []
    assert (
        len({row.number for row in exchange.history("two", YESTERDAY, YESTERDAY)} | {row.number for row in rows}) == 5
    )


def test_numbers_of_earlier_days_are_no_numbers_of_today(exchange: Exchange) -> None:
    row = exchange.remember("one", YESTERDAY, request())
    with pytest.raises(ExchangeRefusal) as refused:
        exchange.cancel("one", row.number)
    assert refused.value.reason is Refusal.UNKNOWN_ORDER


@pytest.mark.parametrize(
    ("filled", "canceled", "rejected"), [("11", "0", False), ("6", "5", False), ("0.5", "0", False), ("1", "0", True)]
)
def test_parts_that_do_not_make_the_order_are_an_error(
    exchange: Exchange, filled: str, canceled: str, rejected: bool
) -> None:
    with pytest.raises(ValueError, match="cannot be of an order of 10"):
        exchange.remember(
            "one", YESTERDAY, request(), filled=Decimal(filled), canceled=Decimal(canceled), rejected=rejected
        )
    with pytest.raises(ValueError, match="is not before"):
        exchange.remember("one", TODAY, request())
    assert exchange.history("one", YESTERDAY, TODAY) == []


def test_an_order_can_be_taken_and_then_rejected(exchange: Exchange) -> None:
    exchange.reject_next("one")
    with pytest.raises(ExchangeRefusal):
        exchange.submit("one", request(price=1))
    other = exchange.submit("two", request())
    rejected = exchange.submit("one", request())
    accepted = exchange.submit("one", request())
    assert parts_of(rejected) == (0, 0, 0, 0, 10)
    assert parts_of(other)[4] == parts_of(accepted)[4] == 0
    assert exchange.orders("one") == [rejected, accepted]
    for change in (exchange.cancel, exchange.amend):
        with pytest.raises(ExchangeRefusal) as refused:
            change("one", rejected.number)
        assert (refused.value.reason, refused.value.detail) == (Refusal.NOTHING_TO_CANCEL, "0")
    assert exchange.account("one").orderable == exchange.account("two").orderable


def test_page_looks_at_its_own_rows_and_goes_on_behind_a_key(exchange: Exchange) -> None:
    order = request(1, int(exchange.instruments[SAMSUNG].lower_limit))
    for back in (3, 2, 1):
        exchange.remember("one", exchange.today - dt.timedelta(days=back), order)
    numbers = [exchange.submit("one", order).number for _ in range(50)]
    seen: list[ExchangeOrder] = []

    def wanted(row: ExchangeOrder) -> bool:
        seen.append(row)
        return True

    first = exchange.page("one", 10, wanted=wanted)
    assert ([row.number for row in first.rows], first.more, len(seen)) == (numbers[:10], True, 11)
    seen.clear()
    after = (exchange.today, numbers[39])
    last = exchange.page("one", 10, after=after, wanted=wanted)
    assert ([row.number for row in last.rows], last.more, len(seen)) == (numbers[40:], False, 10)
    back = exchange.page(
        "one", 5, after=(exchange.today, numbers[3]), newest_first=True, days=(dt.date.min, dt.date.max)
    )
    days = [(exchange.today - row.day).days for row in back.rows]
    assert ([row.number for row in back.rows[:3]], days, back.more) == (numbers[2::-1], [0, 0, 0, 1, 2], True)


def test_rows_that_wait_are_found_without_the_others(exchange: Exchange) -> None:
    order = request(2, int(exchange.instruments[SAMSUNG].lower_limit))
    numbers = [exchange.submit("one", order).number for _ in range(20)]
    for number in numbers[1:]:
        exchange.cancel("one", number)
    moved = exchange.amend("one", numbers[0], quantity=Decimal(1))
    seen: list[int] = []

    def wanted(row: ExchangeOrder) -> bool:
        seen.append(row.number)
        return True

    found = exchange.page("one", 10, working=True, wanted=wanted)
    assert seen == [numbers[0], moved.number] == [row.number for row in found.rows]
    assert [row.number for row in exchange.open_orders("one")] == seen
    loaded = Exchange.load(exchange.dump())
    assert [row.number for row in loaded.open_orders("one")] == seen
