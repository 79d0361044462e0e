"""Prices of US shares at KIS: what is asked, and what its answers become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, UnknownSymbol, Unsupported, WireError
from brokerkit.models import ExchangeRate, Level, Quote
from brokerkit.words import Interval, SecurityType, Segment, Venue

PRICE, PRICES, DAYS, MINUTES, TRADES = (
    "HHDFS00000300",
    "HHDFS76220000",
    "HHDFS76240000",
    "HHDFS76950200",
    "HHDFS76200300",
)
BOOK, DETAIL = "HHDFS76200100", "HHDFS76200200"


def query(wire: Any, id: str, number: int = 0) -> dict[str, str]:
    return dict(wire.of(id)[number].query)


def test_quote_asks_at_the_exchange_where_the_symbol_is_listed(wire: Any) -> None:
    assert wire.broker.quote("US:AAPL") == Quote(
        symbol="US:AAPL",
        name="애플",
        venue=Venue.US,
        currency="USD",
        price=Decimal("271.5"),
        previous_close=Decimal(270),
        change=Decimal("1.5"),
        change_percent=Decimal("0.56"),
        volume=Decimal(1234567),
        turnover=Decimal(334567890),
        session=wire.broker.quote("US:AAPL").session,
    )
    (call, _) = wire.of(PRICE)
    assert (call.method, call.url.split("/uapi", 1)[1]) == ("GET", "/overseas-price/v1/quotations/price")
    assert query(wire, PRICE) == {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}


@pytest.mark.parametrize(
    ("symbol", "venue", "exchange", "code", "realtime"),
    [
        ("US:BRK.B", Venue.US, "NYS", "BRK/B", "DNYSBRK/B"),
        ("US:SPY", Venue.US, "AMS", "SPY", "DAMSSPY"),
        ("US:AAPL", Venue.DAYTIME, "BAQ", "AAPL", "RBAQAAPL"),
        ("US:BRK.B", Venue.DAYTIME, "BAY", "BRK/B", ""),
        ("US:SPY", Venue.DAYTIME, "BAA", "SPY", "DBAASPY"),
    ],
)
def test_exchange_and_code_as_kis_spells_them(
    wire: Any, symbol: str, venue: Venue, exchange: str, code: str, realtime: str
) -> None:
    wire.answer(PRICE, {**wire.good(PRICE), "output": {**wire.good(PRICE)["output"], "rsym": realtime}})
    quote = wire.broker.quote(symbol, venue=venue)
    assert (quote.symbol, quote.venue) == (symbol, venue)
    assert query(wire, PRICE) == {"AUTH": "", "EXCD": exchange, "SYMB": code}


@pytest.mark.parametrize(
    ("sign", "difference", "rate", "change", "percent"),
    [
        ("2", "1.5000", "+0.56", "1.5", "0.56"),
        ("1", "1.5000", " 0.56", "1.5", "0.56"),
        ("5", "1.5000", "-0.55", "-1.5", "-0.55"),
        ("4", "-1.5000", " 0.55", "-1.5", "-0.55"),
        ("3", "0.0000", " 0.00", "0", "0"),
        ("0", "0.0000", " 0.00", "0", "0"),
        ("0", "1.5000", " 0.56", None, None),
        ("", "1.5000", "", None, None),
    ],
)
def test_sign_of_a_change_is_that_of_its_code(
    wire: Any, sign: str, difference: str, rate: str, change: str | None, percent: str | None
) -> None:
    told = {**wire.good(PRICE)["output"], "sign": sign, "diff": difference, "rate": rate}
    quote = wire.answer(PRICE, {**wire.good(PRICE), "output": told}).broker.quote("US:AAPL")
    assert quote.change == (None if change is None else Decimal(change))
    assert quote.change_percent == (None if percent is None else Decimal(percent))


def test_symbol_that_is_not_listed_is_unknown_before_anything_is_asked(wire: Any) -> None:
    with pytest.raises(UnknownSymbol, match="US:NOPE"):
        wire.broker.quote("US:NOPE")
    assert wire.of(PRICE) == []


def test_answer_without_a_price_is_of_an_unknown_symbol(wire: Any) -> None:
    blank = dict.fromkeys(wire.good(PRICE)["output"], "")
    with pytest.raises(UnknownSymbol):
        wire.answer(PRICE, {**wire.good(PRICE), "output": blank}).broker.quote("US:AAPL")


def test_answer_about_another_symbol_is_refused(wire: Any) -> None:
    other = {**wire.good(PRICE)["output"], "rsym": "DNASTSLA"}
    with pytest.raises(WireError, match="US:TSLA"):
        wire.answer(PRICE, {**wire.good(PRICE), "output": other}).broker.quote("US:AAPL")


def test_several_are_asked_by_one_call_with_all_ten_slots(wire: Any) -> None:
    good = wire.good(PRICES)
    rows = [
        {**good["output2"][0], "symb": "BRK/B", "excd": "NYS", "rsym": "DNYSBRK/B", "last": "480.2500"},
        {**good["output2"][0], "knam": "애플", "open": "270.1000", "high": "272.0000", "low": "0.0000"},
        {**dict.fromkeys(good["output2"][0], ""), "excd": ""},
    ]
    found = wire.answer(PRICES, {**good, "output2": rows}).broker.quotes(["US:AAPL", "US:BRK.B", "US:NOPE", "US:SPY"])
    assert [(quote.symbol, quote.price) for quote in found] == [
        ("US:AAPL", Decimal("271.5")),
        ("US:BRK.B", Decimal("480.25")),
    ]
    assert (found[0].open, found[0].high, found[0].low) == (Decimal("270.1"), Decimal(272), None)
    assert set(found.failed) == {"US:NOPE", "US:SPY"}
    asked = {"EXCD_01": "NAS", "SYMB_01": "AAPL", "EXCD_02": "NYS", "SYMB_02": "BRK/B", "EXCD_03": "AMS"}
    slots = {f"{name}_{number:02}": "" for name in ("EXCD", "SYMB") for number in range(1, 11)}
    assert query(wire, PRICES) == {"AUTH": "", "NREC": "3", **slots, **asked, "SYMB_03": "SPY"}


def test_demo_environment_asks_for_one_after_the_other(demo: Any) -> None:
    assert [quote.symbol for quote in demo.broker.quotes(["US:AAPL"])] == ["US:AAPL"]
    assert len(demo.of(PRICE)) == 1


def test_order_book_has_ten_levels_and_no_time(wire: Any) -> None:
    book = wire.broker.order_book("US:AAPL")
    assert (len(book.asks), len(book.bids), book.time) == (10, 10, None)
    assert book.asks[0] == Level(price=Decimal("271.51"), quantity=Decimal(11))
    assert book.bids[9] == Level(price=Decimal("271.41"), quantity=Decimal(130))
    assert query(wire, BOOK) == {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}


def test_demo_environment_has_no_order_book(demo: Any) -> None:
    with pytest.raises(Unsupported):
        demo.broker.order_book("US:AAPL")
    assert demo.calls == []


def test_exchange_rate_is_the_one_of_the_day(wire: Any) -> None:
    told = wire.broker.exchange_rate()
    assert told == ExchangeRate(currency="USD", rate=Decimal("1432.5"), kind="당일환율", asked_at=told.asked_at)
    assert query(wire, DETAIL) == {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}


def test_rate_of_another_currency_is_refused(wire: Any) -> None:
    told = {**wire.good(DETAIL), "output": {"curr": "HKD", "t_rate": "184.10"}}
    with pytest.raises(WireError):
        wire.answer(DETAIL, told).broker.exchange_rate()


# Charts


def test_days_are_dated_in_new_york_and_asked_back_from_the_end(wire: Any) -> None:
    candles = wire.broker.candles("US:AAPL", Interval.DAY, start=dt.date(2026, 11, 24), end=dt.date(2026, 11, 24))
    (candle,) = candles
    assert (candle.time.date(), candle.open, candle.close) == (dt.date(2026, 11, 24), Decimal(271), Decimal(270))
    assert (candle.volume, candle.turnover, candles.currency) == (Decimal(21000000), Decimal(5680000000), "USD")
    asked = {"EXCD": "NAS", "SYMB": "AAPL", "GUBN": "0", "BYMD": "20261124", "MODP": "1", "KEYB": ""}
    assert query(wire, DAYS) == {"AUTH": "", **asked}


def test_days_as_they_were_traded(wire: Any) -> None:
    day = dt.date(2026, 11, 24)
    wire.broker.candles("US:AAPL", Interval.DAY, start=day, end=day, adjusted=False)
    assert query(wire, DAYS)["MODP"] == "0"


def test_days_of_the_daytime_market_are_not_told(wire: Any) -> None:
    with pytest.raises(Unsupported, match="DAYTIME"):
        wire.broker.candles("US:AAPL", Interval.DAY, venue=Venue.DAYTIME, end=dt.date(2026, 11, 24), count=1)
    assert wire.of(DAYS) == []


def minute(time: str, korean: str, close: str = "271.5000") -> dict[str, str]:
    told = {"tymd": "20261125", "xymd": "20261125", "xhms": time, "kymd": "20261126", "khms": korean}
    return {**told, "open": close, "high": close, "low": close, "last": close, "evol": "10", "eamt": "2715"}


def test_minutes_go_back_by_the_clock_of_new_york(wire: Any) -> None:
    good = wire.good(MINUTES)
    pages = [[minute("120000", "020000"), minute("115900", "015900")], [minute("115800", "015800")], []]
    wire.answer(MINUTES, *({**good, "output2": page} for page in pages))
    part = wire.broker.adapter.served["US"]
    start = dt.datetime(2026, 11, 26, 1, 0, tzinfo=clock.KST)
    end = dt.datetime(2026, 11, 26, 2, 0, tzinfo=clock.KST)
    part.now = lambda: dt.datetime(2026, 11, 26, 3, 0, tzinfo=clock.KST)
    bars = list(part.minutes("US:AAPL", Interval.MINUTE, Venue.US, None, start, end))
    assert [len(each.rows) for each in bars] == [2, 1, 0]
    assert [query(wire, MINUTES, number)["KEYB"] for number in range(3)] == [
        "20261125120000",
        "20261125115800",
        "20261125115700",
    ]
    fixed = {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL", "NMIN": "1", "PINC": "1", "NEXT": "1", "NREC": "120"}
    assert query(wire, MINUTES) == {**fixed, "FILL": "", "KEYB": "20261125120000"}
    assert [bars[0].rows[0][name] for name in (bars[0].time, bars[0].clock or "")] == ["20261126", "020000"]


def test_minutes_of_summer_and_of_the_future_are_asked_by_the_right_hour(wire: Any) -> None:
    part = wire.broker.adapter.served["US"]
    part.now = lambda: dt.datetime(2026, 7, 1, 23, 0, 40, tzinfo=clock.KST)
    end = dt.datetime(2026, 7, 2, 9, 0, tzinfo=clock.KST)
    list(part.minutes("US:AAPL", Interval.MINUTE, Venue.DAYTIME, None, end - dt.timedelta(hours=1), end))
    assert (query(wire, MINUTES)["EXCD"], query(wire, MINUTES)["KEYB"]) == ("BAQ", "20260701100000")


def test_demo_environment_has_no_minutes_and_says_what_there_is(demo: Any) -> None:
    with pytest.raises(Unsupported, match="Offered: 1d, 1w, 1mo, 1y"):
        demo.broker.candles("US:AAPL", Interval.MINUTE, count=5)
    assert demo.calls == []


def test_minutes_of_the_daytime_market_are_those_of_one_day(wire: Any) -> None:
    with pytest.raises(Unsupported, match="keeps minutes from 2026-11-25 on"):
        wire.broker.candles("US:AAPL", Interval.MINUTE, dt.date(2026, 11, 24), venue=Venue.DAYTIME)
    assert wire.of(MINUTES) == []


# Trades


def trade(time: str, volume: str, quantity: str = "5") -> dict[str, str]:
    told = {"khms": time, "last": "271.5000", "sign": "2", "diff": "1.5000", "rate": " 0.56", "mtyp": "0"}
    return {**told, "evol": quantity, "tvol": volume, "pbid": "271.4900", "pask": "271.5100", "vpow": "100.00"}


def test_trades_are_the_newest_of_today(wire: Any) -> None:
    wire.answer(TRADES, {**wire.good(TRADES), "output2": [trade("234412", "15"), trade("234410", "10")]})
    found = wire.broker.trades("US:AAPL", count=2)
    assert [(each.time, each.quantity, each.volume) for each in found] == [
        (dt.datetime(2026, 11, 25, 23, 44, 10, tzinfo=clock.KST), Decimal(5), Decimal(10)),
        (dt.datetime(2026, 11, 25, 23, 44, 12, tzinfo=clock.KST), Decimal(5), Decimal(15)),
    ]
    assert query(wire, TRADES) == {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL", "TDAY": "1", "KEYB": ""}


def test_more_trades_than_an_answer_has_are_missing(wire: Any) -> None:
    wire.answer(TRADES, {**wire.good(TRADES), "output2": [trade("234412", "15"), trade("234410", "10")]})
    with pytest.raises(IncompleteListing):
        wire.broker.trades("US:AAPL", count=3)


def test_an_answer_with_the_first_trade_of_the_day_has_all(wire: Any) -> None:
    wire.answer(TRADES, {**wire.good(TRADES), "output2": [trade("234412", "10"), trade("234410", "5")]})
    assert len(wire.broker.trades("US:AAPL", count=None)) == 2


# What is listed


def test_instruments_are_those_of_three_files(wire: Any) -> None:
    told = {each.symbol: each for each in wire.broker.instruments("US")}
    assert {symbol: (each.market, each.kind) for symbol, each in told.items()} == {
        "US:AAPL": (Segment.NASDAQ, SecurityType.STOCK),
        "US:BRK.B": (Segment.NYSE, SecurityType.STOCK),
        "US:SPY": (Segment.AMEX, SecurityType.ETF),
    }
    apple = told["US:AAPL"]
    assert (apple.name, apple.english_name, apple.base_price) == ("애플", "APPLE INC", Decimal(270))
    assert (apple.lot, apple.tick, apple.currency) == (Decimal(1), Decimal("0.01"), "USD")
    assert not any("authorization" in {name.lower() for name in call.headers} for call in wire.calls)
    assert [call.url.rsplit("/", 3)[1:] for call in wire.calls] == [
        ["common", "master", f"{name}mst.cod.zip"] for name in ("nas", "nys", "ams")
    ]
