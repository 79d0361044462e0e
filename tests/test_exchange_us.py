"""The simulated US exchange: dollars, days of New York, its order types and phases, and its past."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import ConfigError, get_broker, registry
from brokerkit.clock import KST
from brokerkit.market import us
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.bourses import KOREA, US
from brokerkit.sandbox.crowd import Crowd
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Candle, Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.sandbox.happenings import Happening, OrderChanged, What
from brokerkit.words import OrderType, Segment, Side, Venue

TODAY = dt.date(2026, 11, 20)
MONDAY, TUESDAY = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
APPLE, CHEAP, NIGHTLESS = "US:AAPL", "US:ZZSIM", "US:ZZCAR"
BUY, SELL = Side.BUY, Side.SELL
CENT = Decimal("0.01")
LIMITED = (OrderType.LIMIT_ON_OPEN, OrderType.LIMIT_ON_CLOSE, OrderType.TWAP_LIMIT, OrderType.VWAP_LIMIT)


@pytest.fixture
def exchange() -> Exchange:
    exchange = Exchange(today=TODAY, bourse=US)
    for account in ("one", "two"):
        exchange.open_account(account)
        exchange.give_holding(account, APPLE, Decimal(100), Decimal("25000.55"))
    return exchange


def send(
    exchange: Exchange,
    side: Side,
    quantity: int,
    price: Decimal | None = None,
    kind: OrderType | None = None,
    *,
    stop: Decimal | None = None,
    account: str = "one",
    symbol: str = APPLE,
    venue: Venue = Venue.US,
) -> ExchangeOrder:
    request = OrderRequest(
        symbol=symbol,
        side=side,
        quantity=quantity,
        type=kind or (OrderType.MARKET if price is None else OrderType.LIMIT),
        price=price,
        stop_price=stop,
        venue=venue,
    )
    return exchange.submit(account, request)


def refusal(exchange: Exchange, *order: object, **more: object) -> Refusal:
    with pytest.raises(ExchangeRefusal) as refused:
        send(exchange, *order, **more)  # type: ignore[arg-type]
    return refused.value.reason


def parts(exchange: Exchange, order: ExchangeOrder, account: str = "one") -> dict[str, int]:
    row = exchange.order(account, order.number)
    names = ("filled", "remaining", "canceled", "amended", "expired", "rejected")
    found = {name: int(getattr(row, name)) for name in names if getattr(row, name)}
    assert sum(found.values()) == row.quantity
    return found


def last(exchange: Exchange, symbol: str = APPLE) -> Decimal:
    return exchange.quote(symbol).price


def test_the_day_is_new_yorks_and_moments_are_told_in_korean_time(exchange: Exchange) -> None:
    assert exchange.today == TODAY
    now = exchange.now()
    assert now.utcoffset() == dt.timedelta(hours=9)
    assert now.date() == dt.date(2026, 11, 21)
    assert now.astimezone(us.NEW_YORK).replace(second=0, microsecond=0, tzinfo=None) == dt.datetime(2026, 11, 20, 10)
    row = send(exchange, BUY, 1)
    assert (row.day, row.time.date(), row.executions[0].time.date()) == (TODAY, now.date(), now.date())
    exchange.forward(dt.timedelta(days=2))
    assert us.day_of(exchange.now()) == TODAY
    assert us.day_of(exchange.now() + dt.timedelta(seconds=1)) == dt.date(2026, 11, 21)


def test_without_a_day_it_plays_the_one_that_it_is_in_new_york(monkeypatch: pytest.MonkeyPatch) -> None:
    early = dt.datetime(2026, 11, 24, 3, tzinfo=KST)
    monkeypatch.setattr("brokerkit.clock.now", lambda: early)
    assert Exchange(bourse=US).today == MONDAY
    assert Exchange().today == TUESDAY


def test_what_is_listed_has_names_segments_and_no_limits(exchange: Exchange) -> None:
    listed = exchange.instruments
    assert len(listed) >= 60
    assert {each.market for each in listed.values()} == {Segment.NASDAQ, Segment.NYSE, Segment.AMEX}
    assert (listed[APPLE].name, listed["US:BRK.B"].market) == ("애플", Segment.NYSE)
    assert (listed["US:TQQQ"].leverage, listed["US:SQQQ"].leverage) == (3, -3)
    assert sum(each.previous_close < 1 for each in listed.values()) >= 2
    for symbol, each in listed.items():
        assert symbol == each.symbol
        assert us.is_on_tick(each.previous_close)
        assert not each.has_limits
        quote = exchange.quote(symbol)
        assert (quote.currency, quote.upper_limit, quote.lower_limit) == ("USD", None, None)
    assert len({each.isin for each in listed.values()}) == len(listed)


def test_quotes_and_books_are_in_dollars_on_the_step(exchange: Exchange) -> None:
    for symbol in exchange.instruments:
        quote, book = exchange.quote(symbol), exchange.order_book(symbol)
        assert book.asks[0].price == quote.price
        assert quote.low is not None
        assert quote.high is not None
        assert quote.low <= quote.price <= quote.high
        assert all(us.is_on_tick(level.price) for level in (*book.asks, *book.bids))
        assert quote.session is None
        assert quote.venue is book.venue is Venue.US


def test_what_is_korean_alone_is_not_there(exchange: Exchange) -> None:
    assert not exchange.investor_flow(APPLE)
    assert not exchange.flow_days(APPLE)
    assert exchange.flow_today(APPLE) is exchange.flow_of(APPLE, dt.date(2026, 11, 19)) is None
    for name in ("investors", "indices", "warrants"):
        assert not hasattr(exchange, name)
    with pytest.raises(ExchangeRefusal):
        exchange.members(APPLE)


def test_a_purchase_costs_cents_and_is_settled_two_trading_days_later(exchange: Exchange) -> None:
    before = exchange.account("one")
    assert before.cash == 100_000
    row = send(exchange, BUY, 7)
    paid = sum(fill.price * fill.quantity for fill in row.executions)
    fee = sum(fill.commission for fill in row.executions)
    assert fee == sum((fill.price * fill.quantity * Decimal("0.0025")) // CENT * CENT for fill in row.executions) > 0
    after = exchange.account("one")
    assert after.cash == before.cash
    assert after.cash_d2 == before.cash - paid - fee
    sold = send(exchange, SELL, 3, kind=OrderType.MARKET)
    assert all(fill.tax == 0 for fill in sold.executions)
    monday = Exchange.load(exchange.dump(), bourse=US, today=MONDAY)
    tuesday = Exchange.load(exchange.dump(), bourse=US, today=TUESDAY)
    assert monday.account("one").cash == before.cash
    assert tuesday.account("one").cash == exchange.account("one").cash_d2
    lines = [each.line for each in tuesday.cash_lines("one", TODAY, TUESDAY)][1:]
    assert lines[0].change == -paid - fee
    assert tuesday.cash_lines("one", TODAY, TUESDAY)[-1].balance == tuesday.account("one").cash


def test_prices_below_a_dollar_have_four_decimals_and_costs_too(exchange: Exchange) -> None:
    price = last(exchange, CHEAP)
    assert price < 1
    row = send(exchange, BUY, 3, price, symbol=CHEAP)
    assert row.amount == 3 * price
    (holding,) = (each for each in exchange.account("one").holdings if each.symbol == CHEAP)
    assert (holding.cost, holding.average) == (3 * price, price)
    assert refusal(exchange, BUY, 1, price + Decimal("0.00001"), symbol=CHEAP) is Refusal.PRICE_STEP
    assert refusal(exchange, BUY, 1, Decimal("100.001")) is Refusal.PRICE_STEP
    with pytest.raises(ValueError, match=r"0\.0001"):
        exchange.deposit("one", Decimal("0.00001"))


def test_a_market_order_holds_back_cash_for_a_rise(exchange: Exchange) -> None:
    price = last(exchange)
    affordable = exchange.affordable("one", APPLE)
    assert affordable == int(Decimal(100_000) / (price * Decimal("1.3") * Decimal("1.0025")))
    assert refusal(exchange, BUY, int(affordable) + 1) is Refusal.INSUFFICIENT_CASH


@pytest.mark.parametrize("phase", sorted(US.phases))
def test_each_phase_takes_what_its_venue_offers_and_nothing_else(exchange: Exchange, phase: Phase) -> None:
    exchange.phase = phase
    price = exchange.instruments[APPLE].previous_close.quantize(CENT)
    for venue in (Venue.US, Venue.DAYTIME):
        offered = {kind for kind, _ in us.offers(venue, phase)}
        for kind in OrderType:
            limited = kind in (OrderType.LIMIT, OrderType.STOP_LIMIT, *LIMITED)
            if kind in (OrderType.LIMIT_TO_MARKET_ON_CLOSE, OrderType.SINGLE_PRICE):
                continue
            stop = price + 50 if kind in (OrderType.STOP, OrderType.STOP_LIMIT) else None
            order = (BUY, 1, price if limited else None, kind)
            if kind in offered:
                assert send(exchange, *order, stop=stop, venue=venue).quantity == 1
            else:
                reason = Refusal.UNSUPPORTED_TYPE if offered else Refusal.MARKET_CLOSED
                assert refusal(exchange, *order, stop=stop, venue=venue) is reason


def test_phases_of_korea_alone_are_none_of_it(exchange: Exchange) -> None:
    for phase in frozenset(Phase) - US.phases:
        with pytest.raises(ValueError, match="no phase"):
            exchange.phase = phase
    assert exchange.phase is Phase.REGULAR


def test_a_limit_order_lives_from_the_pre_market_to_the_end_of_the_after_market(exchange: Exchange) -> None:
    exchange.phase = Phase.PRE_MARKET
    order = send(exchange, BUY, 5, Decimal("1.00"))
    for phase in (Phase.REGULAR, Phase.AFTER_MARKET):
        exchange.phase = phase
        assert parts(exchange, order) == {"remaining": 5}
    exchange.phase = Phase.CLOSED
    assert parts(exchange, order) == {"expired": 5}
    assert exchange.account("one").orderable == exchange.account("one").cash


def test_daytime_orders_end_with_the_daytime_market(exchange: Exchange) -> None:
    exchange.phase = Phase.DAYTIME
    assert (exchange.phase_at(Venue.DAYTIME), exchange.phase_at(Venue.US)) == (Phase.DAYTIME, Phase.CLOSED)
    filled = send(exchange, BUY, 1, last(exchange), venue=Venue.DAYTIME)
    order = send(exchange, BUY, 5, Decimal("1.00"), venue=Venue.DAYTIME)
    assert parts(exchange, filled) == {"filled": 1}
    assert refusal(exchange, BUY, 1, Decimal("0.50"), symbol=NIGHTLESS, venue=Venue.DAYTIME) is Refusal.UNSUPPORTED_TYPE
    with pytest.raises(ExchangeRefusal):
        exchange.quote(NIGHTLESS, Venue.DAYTIME)
    exchange.phase = Phase.PRE_MARKET
    assert parts(exchange, order) == {"expired": 5}
    assert exchange.phase_at(Venue.DAYTIME) is Phase.CLOSED


def test_orders_for_the_open_wait_for_it_and_end_with_it(exchange: Exchange) -> None:
    exchange.phase = Phase.PRE_MARKET
    price = last(exchange)
    at_any = send(exchange, BUY, 4, kind=OrderType.MARKET_ON_OPEN)
    near = send(exchange, BUY, 3, price + 1, OrderType.LIMIT_ON_OPEN, account="two")
    far = send(exchange, BUY, 2, price - 50, OrderType.LIMIT_ON_OPEN)
    book = exchange.order_book(APPLE)
    assert parts(exchange, at_any) == {"remaining": 4}
    assert exchange.open_orders("two")[0].number == near.number
    exchange.phase = Phase.REGULAR
    assert parts(exchange, at_any) == {"filled": 4}
    assert parts(exchange, near, "two") == {"filled": 3}
    assert parts(exchange, far) == {"expired": 2}
    fills = (*exchange.order("one", at_any.number).executions, *exchange.order("two", near.number).executions)
    assert len({fill.price for fill in fills}) == 1
    assert sum(level.quantity for level in book.asks) - 7 == sum(
        level.quantity for level in exchange.order_book(APPLE).asks
    )


def test_orders_for_the_close_wait_unseen_and_meet_each_other(exchange: Exchange) -> None:
    price = last(exchange)
    book = exchange.order_book(APPLE)
    sale = send(exchange, SELL, 60, price - 5 * CENT, OrderType.LIMIT_ON_CLOSE, account="two")
    purchase = send(exchange, BUY, 60, kind=OrderType.MARKET_ON_CLOSE)
    far = send(exchange, SELL, 2, price + 90, OrderType.LIMIT_ON_CLOSE)
    assert (exchange.order_book(APPLE).asks, exchange.order_book(APPLE).bids) == (book.asks, book.bids)
    told: list[Happening] = []
    exchange.listen(told.append)
    exchange.phase = Phase.AFTER_MARKET
    assert parts(exchange, purchase) == {"filled": 60}
    assert parts(exchange, sale, "two") == {"filled": 60}
    assert exchange.order("one", purchase.number).average_price == exchange.order("two", sale.number).average_price
    assert parts(exchange, far) == {"expired": 2}
    assert [each.what for each in told if isinstance(each, OrderChanged) and each.order.number == far.number] == [
        What.EXPIRED
    ]
    assert exchange.open_orders("one") == exchange.open_orders("two") == []
    assert exchange.account("two").holdings[0].sellable == exchange.account("two").holdings[0].quantity


def test_a_halted_symbol_has_no_close_and_its_orders_expire(exchange: Exchange) -> None:
    order = send(exchange, BUY, 1, kind=OrderType.MARKET_ON_CLOSE)
    exchange.halt(APPLE)
    exchange.phase = Phase.AFTER_MARKET
    assert parts(exchange, order) == {"expired": 1}


def test_a_stop_order_becomes_a_market_order_and_leaves_nothing_behind(exchange: Exchange) -> None:
    price = last(exchange)
    order = send(exchange, SELL, 100, kind=OrderType.STOP, stop=price - 1)
    assert parts(exchange, order) == {"remaining": 100}
    exchange.trade(APPLE, BUY, Decimal(40), price - 3)
    exchange.move(APPLE, price - 2)
    assert parts(exchange, order) == {"filled": 40, "canceled": 60}
    (holding,) = exchange.account("one").holdings
    assert holding.sellable == holding.quantity
    assert exchange.open_orders("one") == []


def test_a_stop_purchase_of_which_nothing_can_be_bought_holds_no_cash_back(exchange: Exchange) -> None:
    price = last(exchange)
    order = send(exchange, BUY, 1, kind=OrderType.STOP, stop=price + CENT)
    assert exchange.account("one").orderable < exchange.account("one").cash
    exchange.trade(APPLE, BUY, Decimal(1_000_000), price + 2)
    assert parts(exchange, order) == {"canceled": 1}
    assert exchange.account("one").orderable == exchange.account("one").cash


def test_a_stop_limit_order_wakes_as_a_limit_order(exchange: Exchange) -> None:
    price = last(exchange)
    order = send(exchange, BUY, 1, price - 5, OrderType.STOP_LIMIT, stop=price + CENT)
    exchange.move(APPLE, price + 5 * CENT)
    assert parts(exchange, order) == {"remaining": 1}
    exchange.move(APPLE, price - 6)
    assert exchange.order("one", order.number).average_price == price - 5


@pytest.mark.parametrize("kind", [OrderType.TWAP, OrderType.VWAP, OrderType.TWAP_LIMIT, OrderType.VWAP_LIMIT])
def test_orders_in_parts_come_in_at_once(exchange: Exchange, kind: OrderType) -> None:
    price = last(exchange) if kind in LIMITED else None
    assert parts(exchange, send(exchange, BUY, 5, price, kind)) == {"filled": 5}
    if price is not None:
        order = send(exchange, BUY, 5, price - 50, kind)
        assert parts(exchange, order) == {"remaining": 5}
        exchange.phase = Phase.AFTER_MARKET
        assert parts(exchange, order) == {"expired": 5}


def test_an_order_can_be_amended_and_cancelled(exchange: Exchange) -> None:
    order = send(exchange, BUY, 9, Decimal("100.25"))
    row = exchange.amend("one", order.number, price=Decimal("101.37"), quantity=Decimal(4))
    assert (row.request.price, row.remaining) == (Decimal("101.37"), 4)
    assert exchange.order_book(APPLE).bids[0].price > Decimal("101.37")
    exchange.cancel("one", row.number)
    assert parts(exchange, row) == {"canceled": 4}


def covers(candle: Candle, bars: Sequence[Candle]) -> bool:
    """Return whether the minutes of regular trading open, peak, bottom and close as the day does."""
    day = candle.time.date()
    _, regular, _ = us.sessions_of(Venue.US, day)
    inside = [bar for bar in bars if regular.start <= bar.time < regular.end]
    figures = (inside[0].open, max(b.high for b in inside), min(b.low for b in inside), inside[-1].close)
    return figures == (candle.open, candle.high, candle.low, candle.close)


@pytest.mark.parametrize("symbol", [APPLE, CHEAP, "US:BRK.A", "US:SQQQ"])
def test_days_minutes_and_trades_of_the_past_agree(exchange: Exchange, symbol: str) -> None:
    days = exchange.daily_candles(symbol, days=HISTORY)
    assert len(days) == HISTORY
    dates = [candle.time.date() for candle in days]
    assert dates == sorted(set(dates))
    assert dates[-1] == TODAY
    assert dt.date(2025, 11, 27) not in dates, "Thanksgiving"
    assert days[-2].close == exchange.instruments[symbol].previous_close
    for candle in (days[0], days[700], days[-251], days[-250], days[-2]):
        assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
        assert candle.low <= candle.turnover / candle.volume <= candle.high
        bars = exchange.minute_bars(symbol, candle.time.date())
        assert covers(candle, bars)
        assert sum(bar.volume for bar in bars) == candle.volume
        assert sum(bar.turnover for bar in bars) == candle.turnover
        assert all(us.day_of(bar.time) == candle.time.date() for bar in bars)
        trades = exchange.trades(symbol, candle.time.date())
        assert trades[-1].volume == candle.volume
        assert {trade.price for trade in trades} <= {
            price for bar in bars for price in (bar.open, bar.high, bar.low, bar.close)
        }


def test_a_half_day_ends_at_one(exchange: Exchange) -> None:
    (candle,) = (each for each in exchange.daily_candles(APPLE) if each.time.date() == dt.date(2025, 11, 28))
    bars = exchange.minute_bars(APPLE, dt.date(2025, 11, 28))
    assert covers(candle, bars)


def test_today_begins_with_the_opening_in_new_york(exchange: Exchange) -> None:
    trades = exchange.trades(APPLE)
    opened = dt.datetime(2026, 11, 20, 9, 30, tzinfo=us.NEW_YORK)
    assert opened <= trades[0].time <= trades[-1].time <= exchange.now()
    bars = exchange.minute_candles(APPLE)
    assert bars[0].time == opened
    assert sum(bar.volume for bar in bars) == exchange.quote(APPLE).volume
    assert exchange.minute_bars(APPLE, TODAY)[0].time == opened
    assert sum(bar.turnover for bar in exchange.minute_bars(APPLE, TODAY)) == exchange.quote(APPLE).turnover


def test_a_day_that_was_played_becomes_the_past(exchange: Exchange) -> None:
    exchange.move(APPLE, last(exchange) + 3)
    close = last(exchange)
    exchange.phase = Phase.AFTER_MARKET
    exchange.move(APPLE, close - 1)
    monday = Exchange.load(exchange.dump(), bourse=US, today=MONDAY)
    assert monday.instruments[APPLE].previous_close == close
    day = monday.daily_candles(APPLE)[-2]
    assert (day.time.date(), day.close) == (TODAY, close)


def test_a_loaded_exchange_is_the_one_that_was_saved(exchange: Exchange) -> None:
    price = last(exchange)
    send(exchange, BUY, 3, price)
    send(exchange, SELL, 3, Decimal("999.99"))
    send(exchange, SELL, 3, kind=OrderType.MARKET_ON_CLOSE)
    stop = send(exchange, SELL, 2, kind=OrderType.STOP, stop=price - 3)
    again = Exchange.load(exchange.dump(), bourse=US)
    for account in ("one", "two"):
        assert again.account(account) == exchange.account(account)
        assert again.orders(account) == exchange.orders(account)
    assert again.order_book(APPLE).asks == exchange.order_book(APPLE).asks
    again.trade(APPLE, BUY, Decimal(9), price - 5)
    again.move(APPLE, price - 4)
    assert again.order("one", stop.number).filled > 0
    again.phase = Phase.AFTER_MARKET
    assert len(again.open_orders("one")) == 1


def test_what_nobody_looked_at_before_it_was_saved_opens_as_it_would_have(exchange: Exchange) -> None:
    exchange.lift_limits(CHEAP)  # it has none
    again = Exchange.load(exchange.dump(), bourse=US)
    for symbol in exchange.instruments:
        assert again.quote(symbol).price == exchange.quote(symbol).price
        assert again.order_book(symbol).bids == exchange.order_book(symbol).bids


def test_the_crowd_keeps_it_lively(exchange: Exchange) -> None:
    crowd, before = Crowd(exchange), len(exchange.trades(CHEAP))
    for _ in range(40):
        crowd.act(CHEAP)
    assert len(exchange.trades(CHEAP)) > before
    assert all(us.is_on_tick(level.price) for level in exchange.order_book(CHEAP).bids)


def test_an_order_of_an_earlier_day_is_remembered_with_its_day_in_new_york(exchange: Exchange) -> None:
    request = OrderRequest(symbol=APPLE, side=BUY, quantity=2, price="200.00")
    row = exchange.remember("one", dt.date(2026, 11, 18), request, filled=Decimal(2))
    assert (row.day, row.time.date()) == (dt.date(2026, 11, 18), dt.date(2026, 11, 19))
    again = Exchange.load(exchange.dump(), bourse=US)
    assert again.history("one", row.day, row.day) == [row]
    assert row.executions[0].commission == 1


def test_a_sandbox_has_both_exchanges_and_keeps_both(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path, seed=3) as sandbox:
        assert list(sandbox.exchanges) == ["KR", "US"]
        assert sandbox.exchange is sandbox.exchanges["KR"]
        face = sandbox.face("kis")
        assert face.exchanges == sandbox.exchanges
        account, abroad = face.credentials.account, sandbox.exchanges["US"]
        assert abroad.account(account).cash == 100_000
        row = abroad.submit(account, OrderRequest(symbol=APPLE, side=BUY, quantity=1, price="10.01"))
        rate = abroad.exchange_rate
    with Sandbox(state=path) as again:
        assert again.exchanges["US"].seed == 3
        assert again.exchanges["US"].order(account, row.number) == row
        assert again.face("kis").exchanges["US"].account(account) == abroad.account(account)
        assert again.exchanges["US"].exchange_rate == rate


def test_a_state_file_without_the_us_gets_a_fresh_exchange(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path) as sandbox:
        account = sandbox.face("kiwoom").credentials.account
    stored = json.loads(path.read_text(encoding="utf-8"))
    del stored["abroad"]
    path.write_text(json.dumps(stored), encoding="utf-8")
    with Sandbox(state=path) as again:
        assert again.face("kiwoom").credentials.account == account
        assert again.exchanges["US"].account(account).cash == 100_000


def test_a_state_file_with_an_exchange_that_is_none_here_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path):
        pass
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["abroad"]["JP"] = stored["abroad"]["US"]
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(ConfigError, match="there is no exchange 'JP' here"):
        Sandbox(state=path)


def test_equal_seeds_make_equal_us_markets_and_numbers_of_their_own() -> None:
    one, other = (Exchange(seed=5, today=TODAY, bourse=US) for _ in range(2))
    assert one.trades(APPLE) == other.trades(APPLE)
    assert one.daily_candles(APPLE) == other.daily_candles(APPLE)
    korean = Exchange(seed=5, today=TODAY, bourse=KOREA)
    for exchange in (one, korean):
        exchange.open_account("one")
    request = OrderRequest(symbol="005930", side=BUY, quantity=1, type=OrderType.MARKET)
    assert send(one, BUY, 1).number != korean.submit("one", request).number


def test_the_exchange_rate_is_the_days(exchange: Exchange) -> None:
    assert 1_300 < exchange.exchange_rate < 1_500
    assert Exchange(today=TODAY, bourse=US).exchange_rate == exchange.exchange_rate
    assert Exchange(today=TODAY).exchange_rate == 1


def test_a_broker_is_told_phase_and_clock_by_market() -> None:
    with Sandbox() as sandbox:
        sandbox.exchanges["US"].phase = Phase.DAYTIME
        told = {venue: registry._phase_at(sandbox, venue) for venue in (Venue.KRX, Venue.US, Venue.DAYTIME)}
        assert told == {Venue.KRX: Phase.REGULAR, Venue.US: Phase.CLOSED, Venue.DAYTIME: Phase.DAYTIME}
        broker = get_broker("kis", environment="sandbox", sandbox=sandbox)
        served, tolerance = broker.adapter.served, dt.timedelta(hours=1)
        for market, part in served.items():
            exchange, moment = sandbox.exchanges.get(market, sandbox.exchange), part.now()
            assert moment is not None
            assert abs(moment - exchange.now()) < tolerance
        us_now = registry._time_at(sandbox, "US")
        assert abs(us_now - sandbox.exchanges["US"].now()) < tolerance
        assert registry._time_at(sandbox, "GOLD").date() == sandbox.exchange.today
