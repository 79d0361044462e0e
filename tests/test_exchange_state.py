"""A saved exchange on the same day and on later ones."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.market.ticks import price_limits
from brokerkit.models import OrderRequest
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Costs, Exchange, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side

FRIDAY = dt.date(2026, 11, 20)
MONDAY = dt.date(2026, 11, 23)
TUESDAY = dt.date(2026, 11, 24)
WEDNESDAY = dt.date(2026, 11, 25)
SAMSUNG = "005930"


@pytest.fixture
def exchange() -> Exchange:
    exchange = Exchange(seed=5, today=FRIDAY)
    exchange.open_account("one", costs=Costs(Decimal("0.0035"), Decimal(1)))
    exchange.give_holding("one", SAMSUNG, Decimal(100), Decimal(6_000_000))
    return exchange


def saved(exchange: Exchange, today: dt.date | None = None) -> Exchange:
    return Exchange.load(json.loads(json.dumps(exchange.dump())), today=today)


def send(exchange: Exchange, side: Side, quantity: int, price: Decimal | None = None) -> int:
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    request = OrderRequest(symbol=SAMSUNG, side=side, quantity=Decimal(quantity), type=kind, price=price)
    return exchange.submit("one", request).number


def test_a_fresh_exchange_is_saved_in_a_few_words(exchange: Exchange) -> None:
    for symbol in exchange.instruments:
        exchange.quote(symbol)
    assert len(json.dumps(exchange.dump())) < 2_000


def test_the_clock_goes_on_from_where_it_was_on_the_same_day(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = exchange.now() + dt.timedelta(hours=2)
    monkeypatch.setattr(exchange, "now", lambda: noon)
    other = saved(exchange)
    assert noon <= other.now() < noon + dt.timedelta(seconds=30)
    assert saved(other, MONDAY).now().hour == 10


def test_fees_halts_rejections_and_numbers_are_kept(exchange: Exchange) -> None:
    exchange.reject_next("one")
    exchange.halt("000660")
    first = send(exchange, Side.BUY, 1)
    exchange.reject_next("one")
    other = saved(exchange)
    number = send(other, Side.BUY, 1)
    assert number == first + 1
    assert other.order("one", number).rejected == 1
    last = send(other, Side.BUY, 1)
    fill = other.order("one", last).executions[0]
    assert other.account("one").fees_today == fill.price * Decimal("0.0035") // 1
    with pytest.raises(ExchangeRefusal) as refused:
        other.trade("000660", Side.BUY, Decimal(1))
    assert refused.value.reason is Refusal.TRADING_HALTED


def test_a_phase_is_saved_with_everything_that_waits_in_it(exchange: Exchange) -> None:
    for side in Side:
        exchange.trade(SAMSUNG, side, Decimal(1_000_000))
    price = exchange.instruments[SAMSUNG].previous_close
    exchange.phase = Phase.CLOSING_AUCTION
    number = send(exchange, Side.SELL, 10)
    exchange.trade(SAMSUNG, Side.BUY, Decimal(4), price)
    other = saved(exchange)
    other.phase = Phase.CLOSED
    row = other.order("one", number)
    assert (row.filled, row.canceled, row.average_price) == (4, 6, price)


def test_settlements_move_on_with_the_days(exchange: Exchange) -> None:
    send(exchange, Side.SELL, 10)
    before = exchange.account("one")
    proceeds = before.cash_d2 - before.cash
    assert proceeds > 0
    cash = Decimal(100_000_000)
    monday, tuesday = saved(exchange, MONDAY), saved(exchange, TUESDAY)
    for later, expected in (
        (monday, (cash, cash + proceeds, cash + proceeds)),
        (tuesday, (cash + proceeds,) * 3),
        (saved(monday, TUESDAY), (cash + proceeds,) * 3),
    ):
        state = later.account("one")
        assert (state.cash, state.cash_d1, state.cash_d2) == expected
        assert (state.sold_today, state.fees_today, state.orderable) == (0, 0, cash + proceeds)
        assert state.withdrawable == state.cash
        assert state.holdings[0].today_sold == 0


def test_the_last_close_is_the_base_of_the_next_day(exchange: Exchange) -> None:
    exchange.trade(SAMSUNG, Side.BUY, Decimal(2_000))
    closes = {symbol: exchange.quote(symbol).price for symbol in exchange.instruments}
    monday = saved(exchange, MONDAY)
    for symbol, instrument in monday.instruments.items():
        quote = monday.quote(symbol)
        assert instrument.previous_close == quote.previous_close == closes[symbol]
        assert quote.low is not None
        assert quote.high is not None
        assert instrument.lower_limit <= quote.low <= quote.high <= instrument.upper_limit
    samsung = monday.instruments[SAMSUNG]
    assert (samsung.lower_limit, samsung.upper_limit) == price_limits(closes[SAMSUNG])
    assert monday.trades(SAMSUNG)[0].time.date() == MONDAY
    assert monday.quote(SAMSUNG).volume != exchange.quote(SAMSUNG).volume


def test_what_the_evening_trades_never_becomes_the_close(exchange: Exchange) -> None:
    close = exchange.quote(SAMSUNG).price
    exchange.phase = Phase.AFTER_MARKET
    exchange.trade(SAMSUNG, Side.BUY, Decimal(5_000), exchange.instruments[SAMSUNG].upper_limit)
    assert exchange.quote(SAMSUNG).price > close
    monday = saved(saved(exchange), MONDAY)
    assert monday.instruments[SAMSUNG].previous_close == close
    assert monday.daily_candles(SAMSUNG)[-2].close == monday.investor_flow(SAMSUNG)[-1].close == close
    assert monday.phase is Phase.REGULAR


def test_the_past_grows_by_the_days_and_never_changes(exchange: Exchange) -> None:
    exchange.trade(SAMSUNG, Side.BUY, Decimal(2_000))
    days, flow, quote = exchange.daily_candles(SAMSUNG), exchange.investor_flow(SAMSUNG), exchange.quote(SAMSUNG)
    monday = saved(exchange, MONDAY)
    wednesday = saved(monday, WEDNESDAY)
    assert list(monday.daily_candles(SAMSUNG)[:-1]) == list(days[1:])
    assert list(wednesday.daily_candles(SAMSUNG)[:247]) == list(days[3:])
    assert wednesday.daily_candles(SAMSUNG)[-3] == monday.daily_candles(SAMSUNG)[-1]
    assert list(wednesday.investor_flow(SAMSUNG)[:247]) == list(flow[3:])
    dates = [day.date for day in wednesday.investor_flow(SAMSUNG)]
    assert dates[-3:] == [FRIDAY, MONDAY, TUESDAY]
    assert [candle.time.date() for candle in wednesday.daily_candles(SAMSUNG)[-4:]] == [*dates[-3:], WEDNESDAY]
    assert len(dates) == len(wednesday.daily_candles(SAMSUNG)) == 250
    friday = wednesday.investor_flow(SAMSUNG)[-3]
    kinds = (friday.individual, friday.foreign, friday.institution, friday.other_corporation)
    assert sum(kind.buy_quantity or 0 for kind in kinds) == quote.volume
    assert sum(kind.net_amount or 0 for kind in kinds) == 0
    # Nobody was there on Tuesday, so the price stood still.
    tuesday = wednesday.daily_candles(SAMSUNG)[-2]
    assert tuesday.open == tuesday.high == tuesday.close == wednesday.daily_candles(SAMSUNG)[-3].close


def test_numbers_begin_anew_on_a_later_day_and_history_is_kept(exchange: Exchange) -> None:
    exchange.remember("one", dt.date(2026, 11, 19), OrderRequest(**dict(_limit(exchange))))
    first = send(exchange, Side.BUY, 5, exchange.order_book(SAMSUNG).bids[-1].price)
    monday = saved(exchange, MONDAY)
    second = send(monday, Side.BUY, 1)
    assert second != first
    rows = saved(monday, WEDNESDAY).history("one", dt.date(2026, 1, 1), WEDNESDAY)
    assert [(row.day, row.expired, row.filled) for row in rows] == [
        (dt.date(2026, 11, 19), 3, 0),
        (FRIDAY, 5, 0),
        (MONDAY, 0, 1),
    ]
    with pytest.raises(ExchangeRefusal) as refused:
        monday.cancel("one", first)
    assert refused.value.reason is Refusal.UNKNOWN_ORDER


def _limit(exchange: Exchange) -> OrderRequest:
    price = exchange.quote(SAMSUNG).price
    return OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(3), type=OrderType.LIMIT, price=price)


def test_time_does_not_go_back_and_strange_data_is_an_error(exchange: Exchange) -> None:
    data = exchange.dump()
    with pytest.raises(ValueError, match="cannot go back"):
        Exchange.load(data, today=FRIDAY - dt.timedelta(days=1))
    with pytest.raises(ValueError, match="version"):
        Exchange.load({**data, "version": 2})
    with pytest.raises(ValueError, match="accounts"):
        Exchange.load({name: value for name, value in data.items() if name != "accounts"})


def test_the_state_stays_in_its_file_when_the_program_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Sandbox(state=Path("state.json")) as sandbox:
        sandbox.connect("kis")
        monkeypatch.chdir(tmp_path / "elsewhere")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["elsewhere", "state.json"]
    assert list((tmp_path / "elsewhere").iterdir()) == []
