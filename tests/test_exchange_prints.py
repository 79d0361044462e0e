"""Prints and candles of the simulated exchange agree with each other, with the quote and with the investor flow."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest

from brokerkit.clock import KST
from brokerkit.market.days import is_trading_day
from brokerkit.market.sessions import Phase
from brokerkit.market.ticks import is_on_tick
from brokerkit.sandbox.exchange import Candle, Exchange, ExchangeRefusal, Refusal, Trade
from brokerkit.sandbox.members import traded
from brokerkit.words import Side, Venue

TODAY = dt.date(2026, 11, 20)
SAMSUNG = "005930"
ONE_MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(today=TODAY)


def totals(trades: list[Trade] | list[Candle]) -> tuple[Decimal, Decimal]:
    """Return volume and turnover."""
    if trades and isinstance(trades[0], Candle):
        candles = [candle for candle in trades if isinstance(candle, Candle)]
        return sum((c.volume for c in candles), Decimal(0)), sum((c.turnover for c in candles), Decimal(0))
    prints = [trade for trade in trades if isinstance(trade, Trade)]
    return (
        sum((trade.quantity for trade in prints), Decimal(0)),
        sum((trade.quantity * trade.price for trade in prints), Decimal(0)),
    )


def trade_a_little(exchange: Exchange) -> None:
    for side, quantity in ((Side.BUY, 700), (Side.SELL, 2_000), (Side.BUY, 30)):
        exchange.trade(SAMSUNG, side, Decimal(quantity))


def test_the_prints_before_the_start_make_the_day_of_every_symbol(exchange: Exchange) -> None:
    for symbol, instrument in exchange.instruments.items():
        trades, quote = exchange.trades(symbol), exchange.quote(symbol)
        prices = [trade.price for trade in trades]
        assert len(trades) >= 60
        assert (prices[0], max(prices), min(prices), prices[-1]) == (quote.open, quote.high, quote.low, quote.price)
        assert totals(list(trades)) == (quote.volume, quote.turnover)
        assert all(is_on_tick(price, instrument.kind) for price in prices)
        assert all(one.time < other.time for one, other in pairwise(trades))
        assert trades[0].time >= dt.datetime(2026, 11, 20, 9, tzinfo=KST)
        assert trades[-1].time < dt.datetime(2026, 11, 20, 10, tzinfo=KST)
        assert all(trade.quantity > 0 for trade in trades)


def test_each_print_tells_the_volume_so_far_and_who_came_in(exchange: Exchange) -> None:
    before = len(exchange.trades(SAMSUNG))
    asks = exchange.order_book(SAMSUNG).asks
    exchange.trade(SAMSUNG, Side.BUY, asks[0].quantity + 5)
    exchange.trade(SAMSUNG, Side.SELL, Decimal(3))
    trades = exchange.trades(SAMSUNG)
    assert [(trade.price, trade.quantity, trade.side) for trade in trades[before:]] == [
        (asks[0].price, asks[0].quantity, Side.BUY),
        (asks[1].price, Decimal(5), Side.BUY),
        (exchange.quote(SAMSUNG).price, Decimal(3), Side.SELL),
    ]
    volume = Decimal(0)
    for trade in trades:
        volume += trade.quantity
        assert trade.volume == volume
    assert volume == exchange.quote(SAMSUNG).volume
    assert trades[-1].time <= exchange.now()


def test_minute_candles_are_the_prints_by_the_minute(exchange: Exchange) -> None:
    first = exchange.minute_candles(SAMSUNG)
    trade_a_little(exchange)
    candles, trades, quote = exchange.minute_candles(SAMSUNG), exchange.trades(SAMSUNG), exchange.quote(SAMSUNG)
    assert list(first[:60]) == list(candles[:60])
    assert candles[0].time == dt.datetime(2026, 11, 20, 9, tzinfo=KST)
    assert all(other.time - one.time == ONE_MINUTE for one, other in pairwise(candles))
    assert candles[-1].time <= exchange.now() < candles[-1].time + 2 * ONE_MINUTE
    assert totals(list(candles)) == (quote.volume, quote.turnover)
    assert (candles[0].open, candles[-1].close) == (quote.open, quote.price)
    assert max(candle.high for candle in candles) == quote.high
    assert min(candle.low for candle in candles) == quote.low
    for candle in candles:
        inside = [trade.price for trade in trades if candle.time <= trade.time < candle.time + ONE_MINUTE]
        if inside:
            expected = (inside[0], max(inside), min(inside), inside[-1])
            assert (candle.open, candle.high, candle.low, candle.close) == expected


def test_minutes_without_a_trade_stay_flat(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    close = exchange.minute_candles(SAMSUNG)[-1].close
    later = dt.datetime(2026, 11, 20, 10, 5, 30, tzinfo=KST)
    monkeypatch.setattr(exchange, "now", lambda: later)
    candles = exchange.minute_candles(SAMSUNG)
    assert len(candles) == 66
    assert all((candle.open, candle.close, candle.volume) == (close, close, 0) for candle in candles[61:])


def test_daily_candles_agree_with_quote_and_investor_flow(exchange: Exchange) -> None:
    trade_a_little(exchange)
    for symbol in (SAMSUNG, "069500", "990010", "003230"):
        candles, quote = exchange.daily_candles(symbol), exchange.quote(symbol)
        flow = {day.date: day for day in exchange.investor_flow(symbol)}
        assert len(candles) == len({candle.time for candle in candles}) == 250
        assert all(one.time < other.time for one, other in pairwise(candles))
        today = candles[-1]
        assert today.time == dt.datetime(2026, 11, 20, tzinfo=KST)
        assert (today.open, today.high, today.low, today.close) == (quote.open, quote.high, quote.low, quote.price)
        assert (today.volume, today.turnover) == (quote.volume, quote.turnover)
        assert candles[-2].close == quote.previous_close
        for candle in candles[:-1]:
            day = flow[candle.time.date()]
            kinds = (day.individual, day.foreign, day.institution, day.other_corporation)
            assert candle.close == day.close
            assert candle.volume == sum(kind.buy_quantity or 0 for kind in kinds)
            assert is_trading_day(candle.time.date())


def test_every_daily_candle_is_consistent_in_itself(exchange: Exchange) -> None:
    for symbol in (SAMSUNG, "252670", "990010", "207940"):
        kind = exchange.instruments[symbol].kind
        for candle in exchange.daily_candles(symbol):
            assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
            assert candle.low * candle.volume <= candle.turnover <= candle.high * candle.volume
            assert candle.turnover == int(candle.turnover)
            assert all(is_on_tick(price, kind) for price in (candle.open, candle.high, candle.low, candle.close))


def test_the_same_seed_gives_the_same_prints_and_candles() -> None:
    def picture(seed: int) -> tuple[object, ...]:
        exchange = Exchange(seed=seed, today=TODAY)
        return exchange.trades(SAMSUNG), exchange.daily_candles(SAMSUNG), exchange.minute_candles(SAMSUNG)[:60]

    assert picture(3) == picture(3)
    assert all(one != other for one, other in zip(picture(3), picture(4), strict=True))


def test_a_symbol_that_is_not_listed_has_no_prints(exchange: Exchange) -> None:
    for ask in (exchange.trades, exchange.daily_candles, exchange.minute_candles, exchange.investor_flow):
        with pytest.raises(ExchangeRefusal) as refused:
            ask("999999")
        assert refused.value.reason is Refusal.UNKNOWN_SYMBOL


def test_instruments_tell_a_simulated_sector_and_day_of_listing(exchange: Exchange) -> None:
    listed = exchange.instruments.values()
    assert all(instrument.listed_on < TODAY - dt.timedelta(days=500) for instrument in listed)
    assert all(instrument.sector.startswith("모의") for instrument in listed)
    assert Exchange(today=TODAY).instruments[SAMSUNG] == exchange.instruments[SAMSUNG]


def test_firms_divide_all_that_was_traded_and_follow_it(exchange: Exchange) -> None:
    before = exchange.members(SAMSUNG)
    assert before == exchange.members(SAMSUNG) == Exchange(today=TODAY).members(SAMSUNG)
    for side in (before.sellers, before.buyers):
        shares = [firm.quantity for firm in side]
        assert len({firm.code for firm in side}) == 5
        assert shares == sorted(shares, reverse=True)
    seed = f"1/{SAMSUNG}/{TODAY}"
    volume = int(exchange.quote(SAMSUNG).volume or 0)
    for side, foreign in ((Side.SELL, before.foreign_sold), (Side.BUY, before.foreign_bought)):
        all_of_them = traded(seed, side, volume)
        assert sum(firm.quantity for firm in all_of_them) == volume
        assert sum(firm.quantity for firm in all_of_them if firm.is_foreign) == foreign
    exchange.trade(SAMSUNG, Side.BUY, Decimal(90_000))
    assert exchange.members(SAMSUNG).buyers[0].quantity > before.buyers[0].quantity


@pytest.mark.parametrize("volume", [0, 1, 7])
def test_firms_of_a_small_volume_have_no_share_that_is_none(volume: int) -> None:
    shares = [firm.quantity for firm in traded("any", Side.BUY, volume)]
    assert (sum(shares), 0 in shares) == (volume, False)


def test_a_quote_says_its_session_at_krx_as_far_as_the_phase_proves_it(exchange: Exchange) -> None:
    told = []
    for phase in Phase:
        exchange.phase = phase
        told += [phase] if exchange.quote(SAMSUNG).session is Phase.REGULAR else []
    assert told == [Phase.REGULAR, Phase.CLOSING_AUCTION, Phase.AFTER_CLOSE_CLOSING_PRICE]
    exchange.phase = Phase.REGULAR
    assert exchange.quote(SAMSUNG, Venue.NXT).session is None
    exchange.unopen("000660")
    assert exchange.quote("000660").session is None
