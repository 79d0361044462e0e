"""Indices and warrants of the simulated exchange: they are made of its shares, today and before."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from itertools import pairwise

import pytest

from brokerkit.market.indices import INDICES
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal
from brokerkit.words import Side

FRIDAY, MONDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 23)
KOSPI = "INDEX:KOSPI"


@pytest.fixture(scope="module")
def exchange() -> Exchange:
    return Exchange(seed=3, today=FRIDAY)


def test_every_index_with_a_common_name_is_there_and_no_two_are_alike(exchange: Exchange) -> None:
    assert set(exchange.indices) == set(INDICES)
    values = [exchange.indices.quote(symbol).price for symbol in INDICES]
    assert len(set(values)) == len(values)
    with pytest.raises(ExchangeRefusal):
        exchange.indices.quote("INDEX:KRX100")


def test_days_follow_each_other_without_a_gap(exchange: Exchange) -> None:
    days = exchange.indices.daily_candles(KOSPI, days=20)
    assert [day.time.date() for day in days] == [
        candle.time.date() for candle in exchange.daily_candles(exchange.indices.shares(KOSPI)[0], days=20)
    ]
    assert all(day.low <= min(day.open, day.close) <= max(day.open, day.close) <= day.high for day in days)
    quote = exchange.indices.quote(KOSPI)
    assert (days[-1].close, days[-2].close) == (quote.price, quote.previous_close)
    assert quote.change_percent == (quote.change * 100 / quote.previous_close).quantize(Decimal("0.01"))


def test_minutes_of_a_day_begin_and_end_as_the_day_does(exchange: Exchange) -> None:
    before = exchange.indices.daily_candles(KOSPI, days=2)[0]
    minutes = exchange.indices.minutes(KOSPI, before.time.date())
    assert (minutes[0].open, minutes[-1].close) == (before.open, before.close)
    assert all(one.close == other.open for one, other in pairwise(minutes))
    assert all(before.low <= each.low <= each.high <= before.high for each in minutes)
    assert minutes[-1].time.time() == dt.time(16, 30)  # 수능: an hour later than on other days


def test_a_share_takes_its_indices_along_and_no_others() -> None:
    exchange = Exchange(seed=3, today=FRIDAY)
    before = {symbol: exchange.indices.quote(symbol).price for symbol in INDICES}
    share = exchange.indices.shares(KOSPI)[0]
    exchange.trade(share, Side.BUY, Decimal(5000), exchange.instruments[share].upper_limit)
    moved = {symbol for symbol in INDICES if exchange.indices.quote(symbol).price != before[symbol]}
    assert moved == {symbol for symbol in INDICES if share in exchange.indices.shares(symbol)}


def test_the_value_of_a_day_is_the_base_of_the_next_one() -> None:
    exchange = Exchange(seed=3, today=FRIDAY)
    share = exchange.indices.shares(KOSPI)[0]
    exchange.trade(share, Side.BUY, Decimal(5000), exchange.instruments[share].upper_limit)
    last = exchange.indices.daily_candles(KOSPI, days=1)[-1]
    later = Exchange.load(json.loads(json.dumps(exchange.dump())), today=MONDAY)
    assert later.indices.quote(KOSPI).previous_close == last.close
    assert later.indices.daily_candles(KOSPI, days=2)[0] == last


def test_before_anybody_trades_an_index_stands_where_it_stood() -> None:
    exchange = Exchange(seed=3, today=FRIDAY)
    for share in exchange.indices.shares(KOSPI):
        exchange.unopen(share)
    quote = exchange.indices.quote(KOSPI)
    assert (quote.price, quote.change, quote.volume) == (quote.previous_close, 0, 0)
    assert {quote.open, quote.high, quote.low, quote.session} == {None}


def test_a_warrant_is_worth_what_its_share_is_above_the_strike(exchange: Exchange) -> None:
    found = exchange.warrants.find("57JBHH")
    assert found.quote.price % 5 == 0
    assert found.theory - 5 < found.quote.price <= found.theory
    assert (found.quote.upper_limit, found.quote.lower_limit) == (None, None)
    with pytest.raises(ExchangeRefusal):
        exchange.warrants.find("57H715")
