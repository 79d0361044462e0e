"""Frames of Kiwoom's socket for the US: what is sent to the letter, and events of frames that we made in its shape."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stream.us_feed import KiwoomUsFeed
from pydantic import SecretStr

from brokerkit.clock import KST
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.models import Instrument
from brokerkit.stream.events import BookEvent, Notice, OrderChange, QuoteEvent, TradeEvent
from brokerkit.stream.feed import Acknowledged, Registration, Rows
from brokerkit.stream.topics import StreamKind, Topic, orders_in
from brokerkit.words import OrderType, Segment, Side, Venue

NIGHT = dt.datetime(2026, 12, 2, 0, 10, 6, 700_000, tzinfo=KST)
"""10:10:06 in New York."""
ORDERS = orders_in("US")
TRADES, QUOTES, BOOKS = (
    Topic(kind, "US:AAPL", Venue.US) for kind in (StreamKind.TRADES, StreamKind.QUOTES, StreamKind.ORDER_BOOK)
)
LISTED = {"US:AAPL": Segment.NASDAQ, "US:BRK.B": Segment.NYSE, "US:SPY": Segment.AMEX}


def values(text: str) -> dict[str, str]:
    """Return fields of a row, written `20=001005 10=-271.4900`."""
    return dict(pair.split("=") for pair in text.split())


TRADE = values(
    "20=001005 51020=001005 22=20261202 10=-271.4900 11=-1.3900 12=-0.51 27=-271.5000 28=-271.4800 15=-12 13=1234567 "
    "14=334456 16=270.1000 17=+272.5000 18=-269.8800 25=5 30=-3.20 228=105.76 290=4"
)
BOOK = {"21": "101005", "121": "605", "122": "0", "125": "715", "126": "0"} | {
    str(first + rank): text
    for rank in range(1, 11)
    for first, text in (
        (40, f"+{271.49 + rank / 100:.4f}"),
        (60, f"{11 * rank}"),
        (80, "0"),
        (50, f"-{271.49 - rank / 100:.4f}"),
        (70, f"{13 * rank}"),
        (90, "0"),
    )
}
TAKEN = values(
    "9201=1234567890 9203=000000141 9001=AAPL 905=10 907=02 904=000000000 900=10 901=271.4000 906=00 913=접수 "
    "908=001005 50810=0.0000 8043=USD 50841= 55190= 1091=미국 50072=매수 302=애플 50073=지정가"
)
FILLED = values(
    "9201=1234567890 9203=000000141 9001=AAPL 905=25 907=02 904=000000000 900=10 901=271.4000 902=6 909=77 "
    "910=271.3900 911=4 913=부분체결 908=001006 8043=USD 8046=000030 50072=매수 302=애플"
)


@pytest.fixture
def feed(wire: Any) -> KiwoomUsFeed:
    return fed(wire)


def fed(wire: Any, environment: str = "real") -> KiwoomUsFeed:
    assert isinstance(wire.client, KiwoomClient)
    feed = KiwoomUsFeed(wire.client, environment=environment)
    feed.listed = lambda symbol: (
        Instrument(symbol=symbol, name=symbol, market=LISTED[symbol], kind=None, currency="USD")
        if symbol in LISTED
        else None
    )
    return feed


def told(feed: KiwoomUsFeed, topic: Topic, *rows: tuple[str, Any, dict[str, str]]) -> list[Any]:
    """Return the events of a frame of one topic, as the core makes them."""
    registration = feed.registration(topic)
    feed.register([registration])
    data = [{"type": kind, "name": "이름", "item": item, "values": values} for kind, item, values in rows]
    read = feed.channel(topic).read
    return [
        read(row, topic.venue or Venue.KRX, NIGHT)
        for each in feed.read(json.dumps({"trnm": "REAL", "data": data}, ensure_ascii=False))
        if isinstance(each, Rows) and each.registration == registration
        for row in each.rows
    ]


def sent(frames: Any) -> list[Any]:
    assert all(isinstance(frame, SecretStr) for frame in frames)
    return [json.loads(frame.get_secret_value()) for frame in frames]


# What is sent


def test_it_has_a_socket_of_its_own_at_the_same_host(wire: Any, connect: Any) -> None:
    real = connect("real").logged_in()
    assert fed(real).address() == "wss://api.kiwoom.com:10000/api/us/websocket"
    assert fed(wire).address().endswith("/api/us/websocket")
    assert sent(fed(wire).open())[0]["trnm"] == "LOGIN"


def test_an_item_names_exchange_and_code(feed: KiwoomUsFeed) -> None:
    brk = TRADES._replace(symbol="US:BRK.B")
    spy = BOOKS._replace(symbol="US:SPY")
    frames = sent(feed.register([feed.registration(each) for each in (TRADES, brk, spy)]))
    assert frames == [
        {
            "trnm": "REG",
            "grp_no": "1",
            "refresh": "1",
            "data": [
                {
                    "item": [{"jmcode": "AAPL", "stex_tp": "ND"}, {"jmcode": "BRK.B", "stex_tp": "NY"}],
                    "type": ["FE"],
                },
                {"item": [{"jmcode": "SPY", "stex_tp": "NA"}], "type": ["FT"]},
            ],
        }
    ]
    assert list(feed.read('{"trnm": "REG", "return_code": 0, "return_msg": ""}')) == [Acknowledged()]
    (gone,) = sent(feed.release([feed.registration(TRADES)]))
    assert (gone["trnm"], gone["data"]) == ("REMOVE", [{"item": [{"jmcode": "AAPL", "stex_tp": "ND"}], "type": ["FE"]}])


def test_own_orders_and_their_fills_are_registered_together(feed: KiwoomUsFeed) -> None:
    registration = feed.registration(ORDERS)
    assert registration == Registration("F4", "")
    (frame,) = sent(feed.register([registration]))
    assert [each["type"] for each in frame["data"]] == [["F4", "F5"]]
    assert set(frame["data"][0]["item"][0]) == {"jmcode", "stex_tp"}


def test_trades_and_quotes_of_a_symbol_are_one_item(feed: KiwoomUsFeed) -> None:
    assert feed.registration(TRADES) == feed.registration(QUOTES)
    assert feed.weight({feed.registration(each) for each in (TRADES, QUOTES, BOOKS)}) == 1


def test_what_is_not_listed_is_refused_before_anything_is_sent(feed: KiwoomUsFeed) -> None:
    with pytest.raises(UnknownSymbol, match="US:NOPE"):
        feed.registration(TRADES._replace(symbol="US:NOPE"))


@pytest.mark.parametrize("topic", [TRADES, QUOTES, BOOKS, ORDERS])
def test_whether_the_mock_host_has_it_is_not_told(wire: Any, topic: Topic) -> None:
    with pytest.raises(Unsupported, match="demo environment"):
        fed(wire, "demo").registration(topic)


# What is received


def test_a_trade(feed: KiwoomUsFeed) -> None:
    (event,) = told(feed, TRADES, ("FE", "AAPL", TRADE))
    at = NIGHT.replace(second=5, microsecond=0)
    assert event == TradeEvent("US:AAPL", Venue.US, at, NIGHT, Decimal("271.4900"), Decimal(12), None, Decimal(1234567))


def test_a_quote_tells_dollars(feed: KiwoomUsFeed) -> None:
    (event,) = told(feed, QUOTES, ("FE", "AAPL", TRADE))
    assert isinstance(event, QuoteEvent)
    assert (event.price, event.change, event.change_percent) == (Decimal("271.49"), Decimal("-1.39"), Decimal("-0.51"))
    assert (event.open, event.high, event.low) == (Decimal("270.1"), Decimal("272.5"), Decimal("269.88"))
    assert (event.volume, event.turnover) == (Decimal(1234567), Decimal(334_456_000))
    assert (event.ask, event.bid) == (Decimal("271.5"), Decimal("271.48"))


def test_a_book_has_ten_levels_a_side(feed: KiwoomUsFeed) -> None:
    (event,) = told(feed, BOOKS, ("FT", "AAPL", BOOK | {"50": "", "70": "0"}))
    assert isinstance(event, BookEvent)
    assert (event.asks[0], event.bids[0]) == ((Decimal("271.5"), Decimal(11)), (Decimal("271.48"), Decimal(13)))
    assert (len(event.asks), len(event.bids)) == (9, 10)
    assert (event.total_ask_quantity, event.total_bid_quantity) == (Decimal(605), Decimal(715))
    assert event.time == NIGHT.replace(second=5, microsecond=0)  # by New York's clock


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("001006", 0),  # Korea's
        ("101006", 0),  # New York's
        ("001106", 60),
        ("235959", -607),
        ("101", None),
        ("", None),
        ("050000", None),
        ("20261202001006", None),
    ],
)
def test_a_time_is_told_where_its_clock_is_certain(feed: KiwoomUsFeed, text: str, seconds: int | None) -> None:
    (event,) = told(feed, TRADES, ("FE", "AAPL", TRADE | {"20": text, "51020": text}))
    expected = None if seconds is None else NIGHT.replace(microsecond=0) + dt.timedelta(seconds=seconds)
    assert event.time == expected


@pytest.mark.parametrize("item", ["AAPL", " AAPL ", {"jmcode": "AAPL", "stex_tp": "ND"}])
def test_an_item_is_known_by_its_code(feed: KiwoomUsFeed, item: Any) -> None:
    (event,) = told(feed, TRADES, ("FE", item, TRADE))
    assert event.symbol == "US:AAPL"


@pytest.mark.parametrize("gone", ["10", "15"])
def test_a_row_without_a_price_or_a_quantity_is_no_trade(feed: KiwoomUsFeed, gone: str) -> None:
    assert told(feed, TRADES, ("FE", "AAPL", TRADE | {gone: ""})) == [None]


@pytest.mark.parametrize("changes", [{"10": "2,714"}, {"13": "many"}, {"15": "x"}])
def test_a_number_that_is_none_is_an_error(feed: KiwoomUsFeed, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a number"):
        told(feed, TRADES, ("FE", "AAPL", TRADE | changes))


def test_unknown_fields_are_counted(feed: KiwoomUsFeed) -> None:
    row = {"type": "FE", "name": "", "item": "AAPL", "stexTp": "ND", "values": TRADE | {"99901": "0"}}
    (rows,) = feed.read(json.dumps({"trnm": "REAL", "data": [row]}))
    assert isinstance(rows, Rows)
    assert rows.unknown == 1


# Own orders


def test_an_order_that_was_taken(feed: KiwoomUsFeed) -> None:
    (notice,) = told(feed, ORDERS, ("F4", "AAPL", TAKEN))
    assert isinstance(notice, Notice)
    assert (notice.symbol, notice.venue, notice.change) == ("US:AAPL", Venue.US, OrderChange.ACCEPTED)
    assert (notice.order_id, notice.original_id, notice.side) == ("000000141", None, Side.BUY)
    assert (notice.quantity, notice.price, notice.type) == (Decimal(10), Decimal("271.4"), OrderType.LIMIT)
    assert notice.time == NIGHT.replace(second=5, microsecond=0)
    assert (notice.filled_quantity, notice.last_quantity, notice.last_price) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "words", "change"),
    [
        ("11", "정정완료", OrderChange.AMENDED),
        ("11", "확인", OrderChange.AMENDED),
        ("12", "취소완료", OrderChange.CANCELED),
        ("10", "거부", OrderChange.REJECTED),
        ("12", "주문거부", OrderChange.REJECTED),
    ],
)
def test_what_became_of_an_order(feed: KiwoomUsFeed, kind: str, words: str, change: OrderChange) -> None:
    row = TAKEN | {"905": kind, "913": words, "904": "000000140"}
    (notice,) = told(feed, ORDERS, ("F4", "AAPL", row))
    assert (notice.change, notice.original_id) == (change, "000000140")


@pytest.mark.parametrize(
    "changes",
    [
        {"905": "12", "913": "접수"},  # whether it will be told again when it is done, nobody tells
        {"905": "11", "913": "접수"},
        {"905": "10", "913": "대기"},
        {"905": "12", "913": "정정완료"},
        {"905": "25"},
        {"907": "03", "50072": ""},
        {"907": "01"},  # the words say that it buys
        {"8043": "HKD"},
        {"9001": "005930"},
        {"9203": "0"},
        {"900": "ten"},
    ],
)
def test_what_is_not_told_for_sure_is_an_error(feed: KiwoomUsFeed, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"told|number|symbol"):
        told(feed, ORDERS, ("F4", "AAPL", TAKEN | changes))


def test_a_missing_field_is_an_error(feed: KiwoomUsFeed) -> None:
    with pytest.raises(ValueError, match="field 913 is missing"):
        told(feed, ORDERS, ("F4", "AAPL", {fid: text for fid, text in TAKEN.items() if fid != "913"}))


def test_the_first_fill_of_an_order_has_its_price(feed: KiwoomUsFeed) -> None:
    _, first, second = told(
        feed,
        ORDERS,
        ("F4", "AAPL", TAKEN),
        ("F5", "AAPL", FILLED),
        ("F5", "AAPL", FILLED | {"902": "0", "911": "10", "909": "78", "913": "체결완료"}),
    )
    assert (first.change, first.order_id, first.fill_id) == (OrderChange.FILLED, "000000141", "77")
    assert (first.filled_quantity, first.last_quantity, first.last_price) == (Decimal(4), Decimal(4), Decimal("271.39"))
    # Whether the price of a later one is that of it alone, no page says.
    assert (second.filled_quantity, second.last_quantity, second.last_price) == (Decimal(10), None, None)
    assert first.identity != second.identity


def test_a_fill_of_an_order_that_began_before_has_no_price(feed: KiwoomUsFeed) -> None:
    (fill,) = told(feed, ORDERS, ("F5", "AAPL", FILLED))
    assert (fill.filled_quantity, fill.remaining_quantity) == (Decimal(4), Decimal(6))
    assert (fill.last_quantity, fill.last_price) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"911": "6", "902": "0"},  # of the last fill alone, or shares were taken back
        {"911": "0", "902": "10"},
        {"911": "", "902": "6"},
        {"913": "취소완료"},
    ],
)
def test_a_fill_whose_shares_are_not_certain_is_an_error(feed: KiwoomUsFeed, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not told for sure"):
        told(feed, ORDERS, ("F5", "AAPL", FILLED | changes))


def test_a_price_without_a_point_is_not_told(feed: KiwoomUsFeed) -> None:
    taken, fill = told(
        feed, ORDERS, ("F4", "AAPL", TAKEN | {"901": "2714000"}), ("F5", "AAPL", FILLED | {"910": "2713900"})
    )
    assert (taken.price, fill.last_price, fill.last_quantity) == (None, None, Decimal(4))


def test_orders_of_another_account_are_not_told(feed: KiwoomUsFeed) -> None:
    assert told(feed, ORDERS, ("F4", "AAPL", TAKEN | {"9201": "9999999999"})) == [None]


def test_what_is_written_down_does_not_tell_whose_it_is(feed: KiwoomUsFeed) -> None:
    rows = [
        {"type": "F4", "name": "", "item": "AAPL", "values": TAKEN},
        {"type": "F5", "name": "", "item": "AAPL", "values": FILLED},
        {"type": "FE", "name": "", "item": "AAPL", "values": TRADE},
    ]
    text = feed.recorded(json.dumps({"trnm": "REAL", "data": rows}, ensure_ascii=False))
    assert text is not None
    assert "1234567890" not in text
    kept = json.loads(text)["data"]
    assert [each["type"] for each in kept] == ["F4", "F5", "FE"]
    assert kept[2]["values"] == TRADE
