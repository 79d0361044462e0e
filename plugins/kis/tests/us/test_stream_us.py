"""Frames about US shares on KIS's socket: what is registered, and events of frames that we made in its shape."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kis.stream.feed import KisFeed
from brokerkit_kis.us import stream as us

from brokerkit.clock import KST
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.models import Instrument
from brokerkit.stream.events import BookEvent, Notice, OrderChange, QuoteEvent, TradeEvent
from brokerkit.stream.feed import Registration, Rows, Unreadable
from brokerkit.stream.topics import StreamKind, Topic, orders_in
from brokerkit.words import OrderType, Segment, Side, Venue

NIGHT = dt.datetime(2026, 12, 2, 0, 10, 6, tzinfo=KST)
LOGIN_NAME, PERSON = "factory7", "Hong Gildong"
ORDERS = orders_in("US")
LISTED = {"US:AAPL": Segment.NASDAQ, "US:BRK.B": Segment.NYSE, "US:SPY": Segment.AMEX}
TRADE = (
    "DNASAAPL^AAPL^4^20261201^20261201^101005^20261202^001005^270.1000^272.5000^269.8800^271.4900^2^1.3900^ 0.51"
    "^271.4800^271.5000^300^200^15^1234567^334455667^600000^634567^105.76^1"
)
BOOK_HEAD = "DNASAAPL^AAPL^4^20261201^101006^20261202^001006^7150^6050^10^-20"


def topic(kind: StreamKind, symbol: str = "US:AAPL", venue: Venue = Venue.US) -> Topic:
    return Topic(kind, symbol, venue)


def book(extra: int = 0) -> str:
    """Return ten levels: buys from 271.48 down, sells from 271.50 up."""
    levels = [
        f"{271.48 - level / 100:.4f}^{271.50 + level / 100:.4f}^{130 + level}^{110 + level}^0^0" for level in range(10)
    ]
    return "^".join([BOOK_HEAD, *levels, *["0"] * extra])


def notice(width: int = 25, **values: str) -> str:
    """Return the notice that an order to buy 10 at 148.01 was taken."""
    row = [LOGIN_NAME, "5001234501", "0030138295", "", "02", "0", "2", "AAPL", "0000000010", "001480100", "001005", "0"]
    row += ["1", "1", "06010", "000000010", PERSON, "애플", "6", "10", "", "", "", "", "148.0100"]
    for place, value in values.items():
        row[int(place.removeprefix("at"))] = value
    return "^".join(row[:width])


@pytest.fixture
def feed(connect: Any) -> KisFeed:
    wire = connect("real", hts_id=LOGIN_NAME, allow_insecure_websocket=True).logged_in()
    feed = KisFeed(wire.client, environment="real")
    feed.listed = lambda symbol: (
        Instrument(symbol=symbol, name=symbol, market=LISTED[symbol], kind=None, currency="USD")
        if symbol in LISTED
        else None
    )
    return feed


def told(feed: KisFeed, wanted: Topic, *rows: str, channel: str) -> list[Any]:
    """Return the events that a frame brings, as a recording has it: notices are not encrypted there."""
    registration = feed.registration(wanted)
    feed.register([registration])
    events = []
    for received in feed.read(f"0|{channel}|{len(rows):03}|{'^'.join(rows)}"):
        if isinstance(received, Unreadable):
            events.append(received)
        elif isinstance(received, Rows) and received.registration == registration:
            events += _read(feed, wanted, received)
    return events


def _read(feed: KisFeed, wanted: Topic, received: Rows) -> list[Any]:
    read = feed.channel(wanted).read
    return [read(row, wanted.venue or Venue.US, NIGHT) for row in received.rows]


@pytest.mark.parametrize(
    ("symbol", "venue", "key"),
    [
        ("US:AAPL", Venue.US, "DNASAAPL"),
        ("US:BRK.B", Venue.US, "DNYSBRK/B"),
        ("US:SPY", Venue.US, "DAMSSPY"),
        ("US:AAPL", Venue.DAYTIME, "RBAQAAPL"),
        ("US:SPY", Venue.DAYTIME, "RBAASPY"),
    ],
)
def test_what_is_registered_names_the_exchange_of_the_list(feed: KisFeed, symbol: str, venue: Venue, key: str) -> None:
    assert feed.registration(topic(StreamKind.TRADES, symbol, venue)) == Registration("HDFSCNT0", key)
    assert feed.registration(topic(StreamKind.QUOTES, symbol, venue)) == Registration("HDFSCNT0", key)
    assert feed.registration(topic(StreamKind.ORDER_BOOK, symbol, venue)) == Registration("HDFSASP0", key)


def test_a_symbol_that_is_not_listed_is_registered_nowhere(feed: KisFeed) -> None:
    with pytest.raises(UnknownSymbol, match="US:NOPE"):
        feed.registration(topic(StreamKind.TRADES, "US:NOPE"))


def test_the_demo_environment_tells_own_orders_alone(connect: Any) -> None:
    wire = connect("demo", hts_id=LOGIN_NAME, allow_insecure_websocket=True)
    feed = KisFeed(wire.client, environment="demo")
    assert feed.registration(ORDERS) == Registration("H0GSCNI9", "")
    for kind in (StreamKind.TRADES, StreamKind.QUOTES, StreamKind.ORDER_BOOK):
        with pytest.raises(Unsupported, match="of US"):
            feed.registration(topic(kind))


def test_a_trade_has_its_korean_moment_and_no_side(feed: KisFeed) -> None:
    (trade,) = told(feed, topic(StreamKind.TRADES), TRADE, channel="HDFSCNT0")
    moment = dt.datetime(2026, 12, 2, 0, 10, 5, tzinfo=KST)
    assert trade == TradeEvent(
        "US:AAPL", Venue.US, moment, NIGHT, Decimal("271.4900"), Decimal(15), None, Decimal(1234567)
    )


def test_a_row_without_shares_is_no_trade_but_a_quote(feed: KisFeed) -> None:
    row = TRADE.replace("^15^1234567^", "^0^1234567^")
    assert told(feed, topic(StreamKind.TRADES), row, channel="HDFSCNT0") == [None]
    (quote,) = told(feed, topic(StreamKind.QUOTES), row, channel="HDFSCNT0")
    assert quote == QuoteEvent(
        symbol="US:AAPL",
        venue=Venue.US,
        time=dt.datetime(2026, 12, 2, 0, 10, 5, tzinfo=KST),
        received_at=NIGHT,
        price=Decimal("271.49"),
        change=Decimal("1.39"),
        change_percent=Decimal("0.51"),
        open=Decimal("270.1"),
        high=Decimal("272.5"),
        low=Decimal("269.88"),
        volume=Decimal(1234567),
        turnover=Decimal(334455667),
        ask=Decimal("271.5"),
        bid=Decimal("271.48"),
    )


def test_a_fall_is_below_zero(feed: KisFeed) -> None:
    row = TRADE.replace("^2^1.3900^ 0.51^", "^5^1.3900^-0.51^")
    (quote,) = told(feed, topic(StreamKind.QUOTES), row, channel="HDFSCNT0")
    assert (quote.change, quote.change_percent) == (Decimal("-1.39"), Decimal("-0.51"))


def test_a_class_of_shares_has_its_point_again(feed: KisFeed) -> None:
    row = TRADE.replace("DNASAAPL^AAPL", "DNYSBRK/B^BRK/B")
    (trade,) = told(feed, topic(StreamKind.TRADES, "US:BRK.B"), row, channel="HDFSCNT0")
    assert trade.symbol == "US:BRK.B"


def test_rows_of_several_symbols_go_each_to_its_own(feed: KisFeed) -> None:
    other = TRADE.replace("DNASAAPL^AAPL", "DAMSSPY^SPY")
    feed.register([feed.registration(topic(StreamKind.TRADES, "US:SPY"))])
    (trade,) = told(feed, topic(StreamKind.TRADES), TRADE, other, channel="HDFSCNT0")
    assert trade.symbol == "US:AAPL"


def test_a_row_without_its_first_column_is_not_read(feed: KisFeed) -> None:
    (found,) = told(feed, topic(StreamKind.TRADES), TRADE.partition("^")[2], channel="HDFSCNT0")
    assert isinstance(found, Unreadable)


def test_a_number_that_is_none_is_an_error_of_its_row(feed: KisFeed) -> None:
    with pytest.raises(ValueError, match="a number is not written as one"):
        told(feed, topic(StreamKind.TRADES), TRADE.replace("^15^", "^x^"), channel="HDFSCNT0")


def test_a_book_has_ten_levels_best_first(feed: KisFeed) -> None:
    (event,) = told(feed, topic(StreamKind.ORDER_BOOK), book(), channel="HDFSASP0")
    assert isinstance(event, BookEvent)
    assert (event.symbol, event.time) == ("US:AAPL", dt.datetime(2026, 12, 2, 0, 10, 6, tzinfo=KST))
    assert (len(event.asks), len(event.bids)) == (10, 10)
    assert event.bids[:2] == ((Decimal("271.48"), Decimal(130)), (Decimal("271.47"), Decimal(131)))
    assert event.asks[:2] == ((Decimal("271.50"), Decimal(110)), (Decimal("271.51"), Decimal(111)))
    assert (event.total_ask_quantity, event.total_bid_quantity) == (6050, 7150)


def test_a_book_with_new_columns_is_read_and_one_of_77_is_not(feed: KisFeed) -> None:
    feed.register([registration := feed.registration(topic(StreamKind.ORDER_BOOK))])
    (rows,) = feed.read(f"0|HDFSASP0|001|{book(2)}")
    assert isinstance(rows, Rows)
    assert (rows.registration, rows.unknown) == (registration, 2)
    (odd,) = feed.read(f"0|HDFSASP0|001|{book(6)}")
    assert isinstance(odd, Unreadable)


def test_the_notice_of_an_order_that_was_taken(feed: KisFeed) -> None:
    (found,) = told(feed, ORDERS, notice(), channel="H0GSCNI0")
    assert isinstance(found, Notice)
    assert (found.symbol, found.order_id, found.original_id, found.side) == ("US:AAPL", "0030138295", None, Side.BUY)
    assert (found.change, found.quantity, found.price) == (OrderChange.ACCEPTED, 10, Decimal("148.01"))
    assert (found.type, found.time, found.last_quantity) == (OrderType.LIMIT, None, None)
    assert PERSON not in found.identity
    assert LOGIN_NAME not in found.identity


def test_the_notice_of_a_fill_has_two_prices_that_must_agree(feed: KisFeed) -> None:
    filled = {"at12": "2", "at13": "2", "at8": "0000000003", "at9": "001479900"}
    (found,) = told(feed, ORDERS, notice(**filled, at24="147.9900"), channel="H0GSCNI0")
    assert (found.change, found.last_quantity, found.last_price) == (OrderChange.FILLED, 3, Decimal("147.99"))
    assert (found.quantity, found.price) == (10, None)
    with pytest.raises(ValueError, match="two prices of a notice differ"):
        told(feed, ORDERS, notice(**filled, at24="1479900"), channel="H0GSCNI0")


def test_a_notice_without_the_newer_column_is_read_by_its_scale(feed: KisFeed) -> None:
    filled = {"at12": "2", "at13": "2", "at8": "0000000003", "at9": "001479900"}
    (found,) = told(feed, ORDERS, notice(24, **filled), channel="H0GSCNI0")
    assert found.last_price == Decimal("147.99")


def test_a_price_too_long_for_the_older_column_is_that_of_the_newer_one(feed: KisFeed) -> None:
    filled = {"at7": "BRK/A", "at18": "7", "at12": "2", "at13": "2", "at8": "0000000001", "at9": "812345600"}
    (found,) = told(feed, ORDERS, notice(**filled, at24="781234.5600"), channel="H0GSCNI0")
    assert (found.symbol, found.last_price) == ("US:BRK.A", Decimal("781234.56"))


def test_a_fill_without_a_price_is_not_read(feed: KisFeed) -> None:
    with pytest.raises(ValueError, match="no price"):
        told(feed, ORDERS, notice(at12="2", at13="2", at9="000000000", at24=""), channel="H0GSCNI0")


@pytest.mark.parametrize(
    ("values", "change"),
    [
        ({"at5": "1", "at13": "2", "at3": "0030138295", "at2": "0030138296"}, OrderChange.AMENDED),
        ({"at5": "2", "at13": "2", "at3": "0030138295", "at2": "0030138297", "at9": "0"}, OrderChange.CANCELED),
        ({"at11": "1"}, OrderChange.REJECTED),
    ],
)
def test_what_became_of_an_order(feed: KisFeed, values: dict[str, str], change: OrderChange) -> None:
    (found,) = told(feed, ORDERS, notice(**values), channel="H0GSCNI0")
    assert found.change is change


def test_notices_of_other_countries_and_other_accounts_are_nobodys_here(feed: KisFeed) -> None:
    rows = [notice(at7="7203", at18="D", at9="000032200", at24="3220.0"), notice(at1="9999999901")]
    assert told(feed, ORDERS, *rows, channel="H0GSCNI0") == [None, None]


def test_a_recording_of_notices_names_nobody(feed: KisFeed) -> None:
    recorded = feed.recorded(f"0|H0GSCNI0|001|{notice()}")
    assert recorded is not None
    assert not any(word in recorded for word in (LOGIN_NAME, PERSON, "5001234501"))
    assert "0030138295" in json.dumps(recorded)


def test_the_columns_are_those_of_the_facts() -> None:
    assert (us.TRADE.known, us.BOOK.known, us.NOTICE.known) == (26, 71, 25)
    assert (us.ACCOUNT, us.PERSONAL) == (1, (0, 1, 16))
