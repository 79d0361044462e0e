"""Frames of Kiwoom's socket: what is sent to the letter, and events of frames that we made in its shape."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stream.feed import KiwoomFeed
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from brokerkit.clock import KST
from brokerkit.errors import (
    AuthError,
    BrokerError,
    InvalidRequest,
    KeyInUse,
    RateLimited,
    StreamError,
    Unsupported,
)
from brokerkit.market.sessions import Phase
from brokerkit.stream.events import (
    BookEvent,
    ConditionEvent,
    Notice,
    OrderChange,
    QuoteEvent,
    SessionEvent,
    TradeEvent,
)
from brokerkit.stream.feed import (
    Acknowledged,
    Answer,
    Ended,
    Opened,
    Refused,
    Registration,
    Reply,
    Rows,
    Unreadable,
)
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import OrderType, Side, Venue

NOON = dt.datetime(2026, 11, 27, 12, 0, 1, tzinfo=KST)
TRADES = Topic(StreamKind.TRADES, "005930", Venue.KRX)
QUOTES = Topic(StreamKind.QUOTES, "005930", Venue.KRX)
BOOKS = Topic(StreamKind.ORDER_BOOK, "005930", Venue.KRX)
INDEX = Topic(StreamKind.INDEX, "INDEX:KOSPI")
ORDERS = Topic(StreamKind.ORDERS)
KRX_SESSION = Topic(StreamKind.SESSION, "", Venue.KRX)
NXT_SESSION = Topic(StreamKind.SESSION, "", Venue.NXT)
RISING = Topic(StreamKind.CONDITION, "4")
EVERYTHING = (TRADES, QUOTES, BOOKS, INDEX, ORDERS, KRX_SESSION, NXT_SESSION, RISING)


def values(text: str) -> dict[str, str]:
    """Return fields of a row, written `20=120000 10=-69900`."""
    return dict(pair.split("=") for pair in text.split())


TRADE = values(
    "20=120000 10=-69900 11=-400 12=-0.57 27=-70000 28=-69900 15=-12 13=1234567 14=86420 16=70300 17=+70800 18=-69800 "
    "290=2 9081=KRX"
)
LEVELS = {
    str(first + level): f"{form}{700 + step * level}{end}"
    for first, form, step, end in ((40, "+", 1, "00"), (60, "", 1, "1"), (50, "-", -1, "00"), (70, "", -1, "2"))
    for level in range(1, 11)
}
ORDER = values(
    "9201=1234567890 9203=0000123 9001=A005930 913=체결 302=한빛전자 900=10 901=70000 902=6 903=280000 904=0000000 "
    "905=+매수 906=보통 907=2 908=115959 909=77 910=70000 911=4 914=70000 915=4 919=0 2134=1 2135=KRX 2136=N 9205=P1 "
    "921=0700001"
)


@pytest.fixture
def feed(wire: Any) -> KiwoomFeed:
    return fed(wire)


def fed(wire: Any, environment: str = "real") -> KiwoomFeed:
    assert isinstance(wire.client, KiwoomClient)
    return KiwoomFeed(wire.client, environment=environment)


def real(*rows: tuple[str, str, dict[str, str]]) -> str:
    """Return a frame as it comes."""
    data = [{"values": values, "type": kind, "name": "이름", "item": item} for kind, item, values in rows]
    return json.dumps({"data": data, "trnm": "REAL"}, ensure_ascii=False)


def told(feed: KiwoomFeed, topic: Topic, *rows: tuple[str, str, dict[str, str]]) -> list[Any]:
    """Return the events of a frame of one topic, as the core makes them."""
    read = feed.channel(topic).read
    registration = feed.registration(topic)
    events = [
        read(row, topic.venue or Venue.KRX, NOON)
        for each in feed.read(real(*rows))
        if isinstance(each, Rows) and each.registration == registration
        for row in each.rows
    ]
    return [event for event in events if event is not None]


def sent(frames: Any) -> list[Any]:
    assert all(isinstance(frame, SecretStr) for frame in frames)
    return [json.loads(frame.get_secret_value()) for frame in frames]


# What is sent


def test_the_address_is_that_of_the_environment(wire: Any) -> None:
    for environment, host in (("real", "api"), ("demo", "mockapi")):
        client = KiwoomClient(wire.client.settings, environment=environment, remember_token=False)
        address = KiwoomFeed(client, environment=environment).address()
        assert address == f"wss://{host}.kiwoom.com:10000/api/dostk/websocket"


def test_a_sandbox_has_its_socket_where_its_calls_are(wire: Any) -> None:
    played = KiwoomClient(
        wire.client.settings, environment="real", base_url="http://127.0.0.1:8321", remember_token=False
    )
    assert KiwoomFeed(played, environment="real").address() == "ws://127.0.0.1:8321/api/dostk/websocket"


def test_login_brings_the_token_alone(wire: Any, feed: KiwoomFeed) -> None:
    wire.logged_in()
    assert sent(feed.open()) == [{"trnm": "LOGIN", "token": wire.token}]
    assert wire.calls == []
    assert wire.token not in repr(feed.open()) + repr(feed) + repr(vars(feed))


def test_items_are_registered_by_type_and_nothing_that_was_before_is_dropped(feed: KiwoomFeed) -> None:
    registrations = [feed.registration(topic) for topic in (TRADES, BOOKS, INDEX, KRX_SESSION)]
    (frame,) = sent(feed.register([*registrations, Registration("0B", "000660_NX")]))
    assert frame == {
        "trnm": "REG",
        "grp_no": "1",
        "refresh": "1",
        "data": [
            {"item": ["005930", "000660_NX"], "type": ["0B"]},
            {"item": ["005930"], "type": ["0D"]},
            {"item": ["001"], "type": ["0J"]},
            {"item": [""], "type": ["0s"]},
        ],
    }
    (removed,) = sent(feed.release([feed.registration(BOOKS)]))
    assert removed == {"trnm": "REMOVE", "grp_no": "1", "refresh": "1", "data": [{"item": ["005930"], "type": ["0D"]}]}


def test_a_group_has_a_hundred_items_and_an_item_is_removed_from_its_own(feed: KiwoomFeed) -> None:
    first = [Registration("0B", f"{number:06}") for number in range(100)]
    second = [Registration("0B", f"{number:06}") for number in range(100, 200)]
    assert [frame["grp_no"] for frame in sent(feed.register(first))] == ["1"]
    assert [frame["grp_no"] for frame in sent(feed.register(second))] == ["2"]
    assert [frame["grp_no"] for frame in sent(feed.register([Registration("0D", "000150")]))] == ["2"]
    assert [frame["grp_no"] for frame in sent(feed.release([first[3], second[3]]))] == ["1", "2"]
    assert [frame["grp_no"] for frame in sent(feed.register([Registration("0B", "005930")]))] == ["1"]
    feed.open()
    assert [frame["grp_no"] for frame in sent(feed.register(second))] == ["1"]


def test_an_item_counts_once_however_many_channels_it_has(feed: KiwoomFeed) -> None:
    both = [feed.registration(topic) for topic in (TRADES, BOOKS, QUOTES)]
    assert feed.weight(both) == 1
    elsewhere = feed.registration(TRADES._replace(venue=Venue.SOR))
    assert feed.weight([*both, elsewhere, *map(feed.registration, (KRX_SESSION, INDEX, RISING))]) == 4


def test_an_eleventh_live_condition_is_refused_before_it_is_sent(feed: KiwoomFeed) -> None:
    ten = [Registration("02", str(number)) for number in range(10)]
    assert feed.weight(ten) == 0
    with pytest.raises(InvalidRequest, match="10 conditions"):
        feed.weight([*ten, Registration("02", "10")])


def test_a_condition_is_followed_once_the_list_was_asked_for(feed: KiwoomFeed) -> None:
    assert sent(feed.register([feed.registration(RISING)])) == [
        {"trnm": "CNSRLST"},
        {"trnm": "CNSRREQ", "seq": "4", "search_type": "1", "stex_tp": "K"},
    ]
    assert sent(feed.release([feed.registration(RISING)])) == [{"trnm": "CNSRCLR", "seq": "4"}]


@pytest.mark.parametrize(
    ("topic", "registration"),
    [
        (TRADES, ("0B", "005930")),
        (QUOTES._replace(venue=Venue.NXT), ("0B", "005930_NX")),
        (BOOKS._replace(venue=Venue.SOR), ("0D", "005930_AL")),
        (INDEX._replace(venue=Venue.KRX), ("0J", "001")),
        (KRX_SESSION, ("0s", "")),
        (NXT_SESSION, ("0s", "")),
        (RISING, ("02", "4")),
    ],
)
def test_what_is_registered_for_a_topic(feed: KiwoomFeed, topic: Topic, registration: tuple[str, str]) -> None:
    assert feed.registration(topic) == registration


def test_own_orders_ask_once_whose_the_key_is(wire: Any, feed: KiwoomFeed) -> None:
    wire.logged_in().answer("ka00001", {"acctNo": "1234567890", "return_code": 0, "return_msg": ""})
    assert feed.registration(ORDERS) == feed.registration(ORDERS) == ("00", "")
    assert [call.id for call in wire.calls] == ["ka00001"]
    assert "1234567890" not in repr(vars(feed))


@pytest.mark.parametrize(
    "topic",
    [
        TRADES._replace(venue=Venue.NXT),
        BOOKS._replace(venue=Venue.SOR),
        NXT_SESSION,
    ],
)
def test_the_demo_environment_has_krx_alone(wire: Any, topic: Topic) -> None:
    with pytest.raises(Unsupported, match="demo"):
        fed(wire, "demo").registration(topic)


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        (Topic(StreamKind.SESSION, "005930", Venue.KRX), Unsupported),
        (Topic(StreamKind.INDEX, "INDEX:KOSDAQ-IT", Venue.KRX), BrokerError),
        (Topic(StreamKind.CONDITION, "every"), InvalidRequest),
        (Topic(StreamKind.CONDITION, "1234"), InvalidRequest),
    ],
)
def test_what_cannot_be_followed_is_refused(feed: KiwoomFeed, topic: Topic, error: type[BrokerError]) -> None:
    with pytest.raises(error):
        feed.registration(topic)


# What comes about the connection


@pytest.mark.parametrize("text", ["PING", '"PING"', '{"trnm":"PING"}', '{"trnm": "PING", "more": 1}'])
def test_a_ping_goes_back_as_it_is(feed: KiwoomFeed, text: str) -> None:
    assert [*feed.read(text)] == [Reply(text)]


def test_the_login_is_answered(feed: KiwoomFeed) -> None:
    assert [*feed.read('{"trnm":"LOGIN","return_code":0,"return_msg":"","sor_yn":"Y"}')] == [Opened()]
    assert [*feed.read('{"trnm":"LOGIN","return_code":"0000"}')] == [Opened()]


def test_a_token_that_is_refused_is_had_anew_once(wire: Any, feed: KiwoomFeed) -> None:
    wire.logged_in()
    feed.open()
    refusal = json.dumps(
        {"trnm": "LOGIN", "return_code": 805004, "return_msg": f"인증 실패 {wire.token} [CODE=8005, MESSAGE=무효]"}
    )
    (first,) = feed.read(refusal)
    assert isinstance(first, Refused)
    assert first.heals
    assert isinstance(first.error, AuthError)
    assert first.error.code == "8005"
    assert wire.token not in str(first.error)
    assert sent(feed.open()) == [{"trnm": "LOGIN", "token": wire.second_token}]
    assert [call.id for call in wire.calls] == ["token"]
    (second,) = feed.read(refusal)
    assert isinstance(second, Refused)
    assert not second.heals


def test_a_login_that_was_taken_forgives_an_older_refusal(wire: Any, feed: KiwoomFeed) -> None:
    wire.logged_in()
    feed.open()
    refusal = '{"trnm":"LOGIN","return_code":805004,"return_msg":"[CODE=8005, MESSAGE=무효]"}'
    [*feed.read(refusal)]
    feed.open()
    [*feed.read('{"trnm":"LOGIN","return_code":0}')]
    (again,) = feed.read(refusal)
    assert isinstance(again, Refused)
    assert again.heals


@pytest.mark.parametrize(
    ("words", "kind", "heals"),
    [
        ("[CODE=8050, MESSAGE=단말기]", AuthError, False),
        ("[CODE=8030, MESSAGE=구분]", AuthError, False),
        ("[CODE=1700, MESSAGE=많음]", RateLimited, True),
    ],
)
def test_other_refusals_of_a_login(feed: KiwoomFeed, words: str, kind: type[BrokerError], heals: bool) -> None:
    (told,) = feed.read(json.dumps({"trnm": "LOGIN", "return_code": 9, "return_msg": words}))
    assert isinstance(told, Refused)
    assert isinstance(told.error, kind)
    assert told.heals is heals


@pytest.mark.parametrize("trnm", ["REG", "REMOVE", "CNSRCLR"])
def test_registrations_are_acknowledged(feed: KiwoomFeed, trnm: str) -> None:
    assert [*feed.read(json.dumps({"trnm": trnm, "return_code": 0, "return_msg": ""}))] == [Acknowledged()]


@pytest.mark.parametrize(("code", "heals"), [(105110, True), (105115, False), (105118, False), (7, False)])
def test_registrations_are_refused(feed: KiwoomFeed, code: int, heals: bool) -> None:
    (told,) = feed.read(json.dumps({"trnm": "REG", "return_code": code, "return_msg": "초과"}))
    assert isinstance(told, Refused)
    assert told.heals is heals
    assert told.error.code == str(code)
    assert isinstance(told.error, RateLimited) is heals


@pytest.mark.parametrize(("code", "heals"), [("R10001", False), ("R10002", True), ("R10004", True)])
def test_the_broker_ends_a_connection(feed: KiwoomFeed, code: str, heals: bool) -> None:
    (told,) = feed.read(json.dumps({"trnm": "SYSTEM", "code": code, "message": "끝"}))
    assert isinstance(told, Ended)
    assert told.heals is heals
    assert isinstance(told.error, StreamError)
    assert isinstance(told.error, KeyInUse) is (code == "R10001")
    assert told.error.code == code


# Prices


def test_a_trade_has_the_side_of_its_size_and_no_sign_in_its_price(feed: KiwoomFeed) -> None:
    assert told(feed, TRADES, ("0B", "005930", TRADE)) == [
        TradeEvent(
            "005930", Venue.KRX, NOON.replace(second=0), NOON, Decimal(69900), Decimal(12), Side.SELL, Decimal(1234567)
        )
    ]


@pytest.mark.parametrize(("size", "side"), [("+3", Side.BUY), ("-3", Side.SELL), ("3", None), (" +3", Side.BUY)])
def test_a_size_tells_the_side(feed: KiwoomFeed, size: str, side: Side | None) -> None:
    (trade,) = told(feed, TRADES, ("0B", "005930", TRADE | {"15": size}))
    assert (trade.quantity, trade.side) == (Decimal(3), side)


@pytest.mark.parametrize(
    ("asked", "words", "venue"),
    [
        (Venue.KRX, "KRX", Venue.KRX),
        (Venue.SOR, "1", Venue.KRX),
        (Venue.SOR, "2", Venue.NXT),
        (Venue.SOR, "NXT", Venue.NXT),
        (Venue.SOR, "", Venue.SOR),
        (Venue.NXT, None, Venue.NXT),
    ],
)
def test_a_trade_is_of_the_venue_that_is_told_else_of_the_one_that_was_asked_for(
    feed: KiwoomFeed, asked: Venue, words: str | None, venue: Venue
) -> None:
    row = TRADE | {"9081": words} if words is not None else {k: v for k, v in TRADE.items() if k != "9081"}
    item = feed.registration(TRADES._replace(venue=asked)).key
    (trade,) = told(feed, TRADES._replace(venue=asked), ("0B", item, row))
    assert (trade.symbol, trade.venue) == ("005930", venue)


def test_a_code_that_comes_back_without_its_venue_is_the_one_that_was_registered(feed: KiwoomFeed) -> None:
    combined = TRADES._replace(venue=Venue.SOR)
    feed.register([feed.registration(combined)])
    assert len(told(feed, combined, ("0B", "005930", TRADE))) == 1
    feed.register([feed.registration(TRADES)])
    assert len(told(feed, TRADES, ("0B", "005930", TRADE))) == 1
    assert told(feed, combined, ("0B", "005930", TRADE)) == []


@pytest.mark.parametrize("item", ["A005930", "005930 ", " A005930"])
def test_a_code_is_the_one_that_was_registered_however_it_is_written(feed: KiwoomFeed, item: str) -> None:
    feed.register([feed.registration(TRADES), feed.registration(TRADES._replace(venue=Venue.NXT))])
    (trade,) = told(feed, TRADES, ("0B", item, TRADE))
    assert (trade.symbol, trade.venue) == ("005930", Venue.KRX)


def test_the_same_row_is_a_quote_in_won(feed: KiwoomFeed) -> None:
    (quote,) = told(feed, QUOTES, ("0B", "005930", TRADE | {"11": "--400"}))
    assert quote == QuoteEvent(
        "005930",
        Venue.KRX,
        NOON.replace(second=0),
        NOON,
        Decimal(69900),
        Decimal(-400),
        Decimal("-0.57"),
        Decimal(70300),
        Decimal(70800),
        Decimal(69800),
        Decimal(1234567),
        Decimal(86_420_000_000),
        Decimal(70000),
        Decimal(69900),
    )


def test_what_is_blank_is_none_and_a_row_without_a_price_is_no_trade(feed: KiwoomFeed) -> None:
    blank = TRADE | {"11": "", "12": " ", "14": "", "16": "0", "27": "-0", "20": "888888"}
    (quote,) = told(feed, QUOTES, ("0B", "005930", blank))
    assert (quote.change, quote.change_percent, quote.turnover, quote.open, quote.ask) == (None,) * 5
    assert quote.time is None
    for values in ({"10": ""}, {"10": "0"}, {"15": ""}, {"15": "+0"}):
        assert told(feed, TRADES, ("0B", "005930", TRADE | values)) == []


@pytest.mark.parametrize("text", ["1_000", "１２", "1e3", "+-1", "--70000", "NaN", ". 950", "1" * 19, "x"])
def test_a_price_that_is_no_number_is_never_one(feed: KiwoomFeed, text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        told(feed, TRADES, ("0B", "005930", TRADE | {"10": text}))


@pytest.mark.parametrize("values", [{}, {**TRADE, "10": 5}, {**TRADE, "15": None}, {**TRADE, "13": []}])
def test_a_field_that_is_missing_or_no_text_is_a_value_error(feed: KiwoomFeed, values: Any) -> None:
    with pytest.raises(ValueError, match="field"):
        told(feed, TRADES, ("0B", "005930", values))


def test_a_book_has_its_levels_best_first_without_the_empty_ones(feed: KiwoomFeed) -> None:
    values = {"21": "115958", **LEVELS, "121": "7011", "125": "6992", "23": "70000", "24": "15"}
    (book,) = told(feed, BOOKS, ("0D", "005930", values | {"50": "-0", "70": "0", "52": ""}))
    assert isinstance(book, BookEvent)
    assert book.asks[0] == (Decimal(70100), Decimal(7011))
    assert [price for price, _ in book.asks] == [Decimal(70000 + 100 * level) for level in range(1, 10)]
    assert [price for price, _ in book.bids] == [Decimal(70000 - 100 * level) for level in (1, *range(3, 11))]
    assert (book.total_ask_quantity, book.total_bid_quantity) == (Decimal(7011), Decimal(6992))
    assert (book.expected_price, book.expected_quantity) == (Decimal(70000), Decimal(15))
    assert (book.time, book.venue) == (NOON.replace(hour=11, minute=59, second=58), Venue.KRX)


def test_an_index_is_in_points_and_its_volume_in_shares(feed: KiwoomFeed) -> None:
    values = {"20": "120000", "10": "-2651.18", "11": "-3.5", "12": "-0.13", "13": "325277", "14": "6071185"}
    (index,) = told(feed, INDEX, ("0J", "001", values | {"16": "2660.01", "17": "+2661.28", "18": "-2649.9"}))
    assert (index.symbol, index.price, index.change) == ("INDEX:KOSPI", Decimal("2651.18"), Decimal("-3.5"))
    assert (index.volume, index.turnover) == (Decimal(325_277_000), Decimal(6_071_185_000_000))
    assert (index.open, index.high, index.low) == (Decimal("2660.01"), Decimal("2661.28"), Decimal("2649.9"))


@pytest.mark.parametrize(
    ("code", "venue", "phase"),
    [
        ("3", Venue.KRX, Phase.REGULAR),
        ("0", Venue.KRX, None),
        ("9", Venue.KRX, Phase.CLOSED),
        ("a", Venue.KRX, Phase.AFTER_CLOSE_CLOSING_PRICE),
        ("P", Venue.NXT, Phase.PRE_MARKET),
        ("R", Venue.NXT, Phase.REGULAR),
        ("U", Venue.NXT, Phase.AFTER_MARKET),
        ("V", Venue.NXT, Phase.CLOSED),
    ],
)
def test_a_phase_is_told_of_its_own_venue(feed: KiwoomFeed, code: str, venue: Venue, phase: Phase | None) -> None:
    row = ("0s", "", {"215": code, "20": "090000", "214": "000000"})
    topics = {Venue.KRX: KRX_SESSION, Venue.NXT: NXT_SESSION}
    time = NOON.replace(hour=9, minute=0, second=0)
    assert told(feed, topics.pop(venue), row) == [SessionEvent(None, venue, time, NOON, phase, code)]
    assert told(feed, next(iter(topics.values())), row) == []


def test_a_phase_that_nobody_knows_is_told_without_one(feed: KiwoomFeed) -> None:
    row = ("0s", "", {"215": "z", "20": "160000", "214": "000000"})
    for topic in (KRX_SESSION, NXT_SESSION):
        (event,) = told(feed, topic, row)
        assert (event.venue, event.phase, event.code) == (topic.venue, None, "z")


# Conditions


def test_a_live_condition_begins_with_what_meets_it(feed: KiwoomFeed) -> None:
    feed.register([feed.registration(RISING)])
    listed = {"trnm": "CNSRLST", "return_code": 0, "data": [["4  ", "상승"]]}
    assert [*feed.read(json.dumps(listed))] == [Answer("CNSRLST", listed), Acknowledged()]
    found = {"trnm": "CNSRREQ", "seq": "4  ", "return_code": 0, "data": [{"jmcode": "A005930"}, {"jmcode": "J57JBHH"}]}
    answer, taken, rows = feed.read(json.dumps(found))
    assert (answer, taken) == (Answer("CNSRREQ", found), Acknowledged())
    assert isinstance(rows, Rows)
    assert rows.registration == ("02", "4")
    read = feed.channel(RISING).read
    assert [read(row, Venue.KRX, NOON) for row in rows.rows] == [
        ConditionEvent(symbol, Venue.KRX, None, NOON, "4", is_entering=True, is_initial=True)
        for symbol in ("005930", "57JBHH")
    ]


def test_the_answer_to_a_question_is_no_acknowledgement(feed: KiwoomFeed) -> None:
    listed = {"trnm": "CNSRLST", "return_code": 0, "data": []}
    assert [*feed.read(json.dumps(listed))] == [Answer("CNSRLST", listed)]
    page = {"trnm": "CNSRREQ", "seq": "4", "cont_yn": "N", "next_key": "", "return_code": 0, "data": []}
    assert [*feed.read(json.dumps(page))] == [Answer("CNSRREQ", page)]


def test_a_live_condition_that_is_refused(feed: KiwoomFeed) -> None:
    feed.register([feed.registration(RISING)])
    answer, refused = feed.read('{"trnm":"CNSRREQ","seq":"4","return_code":1,"return_msg":"없는 조건식","data":[]}')
    assert isinstance(answer, Answer)
    assert isinstance(refused, Refused)
    assert not refused.heals


@pytest.mark.parametrize(("word", "is_entering"), [("I", True), ("D", False)])
def test_a_symbol_comes_and_goes(feed: KiwoomFeed, word: str, is_entering: bool) -> None:
    row = ("02", "005930", {"841": "4  ", "9001": "A005930", "843": word, "20": "115900", "907": "2"})
    time = NOON.replace(hour=11, minute=59, second=0)
    event = ConditionEvent("005930", Venue.KRX, time, NOON, "4", is_entering=is_entering)
    assert told(feed, RISING, row) == [event]


# Own orders


@pytest.fixture
def own(wire: Any, feed: KiwoomFeed) -> KiwoomFeed:
    wire.logged_in().answer("ka00001", {"acctNo": "1234567890", "return_code": 0, "return_msg": ""})
    feed.registration(ORDERS)
    return feed


def noticed(feed: KiwoomFeed, **values: str) -> list[Notice]:
    changed = {name.removeprefix("f"): text for name, text in values.items()}
    return told(feed, ORDERS, ("00", "005930", ORDER | changed))


def test_a_fill_is_told_with_its_sum(own: KiwoomFeed) -> None:
    (notice,) = noticed(own)
    assert notice._replace(identity="") == Notice(
        symbol="005930",
        venue=Venue.KRX,
        time=NOON.replace(hour=11, minute=59, second=59),
        received_at=NOON,
        change=OrderChange.FILLED,
        order_id="0000123",
        original_id=None,
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal(70000),
        type=OrderType.LIMIT,
        filled_quantity=Decimal(4),
        remaining_quantity=Decimal(6),
        last_quantity=Decimal(4),
        last_price=Decimal(70000),
        fill_id="77",
    )


@pytest.mark.parametrize(
    ("told", "this", "left", "filled", "last"),
    [
        ("7", "3", "3", "7", "3"),  # the sum, which what is left proves
        ("3", "3", "3", None, "3"),  # the fill alone: the core counts
        ("7", "3", "0", None, "3"),  # three were taken back before: nobody knows what 체결량 is
        ("4", "", "6", "4", None),
        ("", "4", "6", None, "4"),
    ],
)
def test_a_sum_is_told_only_where_it_is_proven(
    own: KiwoomFeed, told: str, this: str, left: str, filled: str | None, last: str | None
) -> None:
    (notice,) = noticed(own, f911=told, f915=this, f902=left)
    amounts = notice.filled_quantity, notice.last_quantity
    assert amounts == tuple(None if text is None else Decimal(text) for text in (filled, last))


@pytest.mark.parametrize("values", [{"f911": "", "f915": ""}, {"f911": "3", "f915": ""}, {"f911": "0", "f915": "0"}])
def test_a_fill_whose_shares_are_not_sure_is_unreadable(own: KiwoomFeed, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="shares"):
        noticed(own, **values)


@pytest.mark.parametrize(
    ("state", "words", "change"),
    [
        ("접수", "-매도", OrderChange.ACCEPTED),
        ("접수", "매수정정", OrderChange.ACCEPTED),
        ("확인", "+매수정정", OrderChange.AMENDED),
        ("확인", "매도취소", OrderChange.CANCELED),
        ("취소", "+매수", OrderChange.CANCELED),
        ("거부", "+매수", OrderChange.REJECTED),
    ],
)
def test_what_happened_to_an_order(own: KiwoomFeed, state: str, words: str, change: OrderChange) -> None:
    (notice,) = noticed(own, f913=state, f905=words, f907="1" if "매도" in words else "2", f904="0000120")
    assert (notice.change, notice.original_id) == (change, "0000120")
    assert (notice.last_quantity, notice.filled_quantity, notice.fill_id) == (None, None, None)


@pytest.mark.parametrize(("state", "words"), [("확인", "+매수"), ("정지", "+매수"), ("", "+매수")])
def test_words_that_nobody_knows_are_unreadable_and_never_guessed(own: KiwoomFeed, state: str, words: str) -> None:
    with pytest.raises(ValueError, match="happened"):
        noticed(own, f913=state, f905=words)


def test_a_refusal_says_why_and_zero_is_no_reason(own: KiwoomFeed) -> None:
    (refused,) = noticed(own, f913="거부", f919="호가단위 오류")
    assert refused.reason == "호가단위 오류"
    assert [notice.reason for notice in noticed(own, f913="거부")] == [None]
    assert [notice.reason for notice in noticed(own)] == [None]


@pytest.mark.parametrize(
    ("values", "venue"),
    [
        ({"f2136": "Y"}, Venue.SOR),
        ({"f2134": "2", "f2135": "NXT"}, Venue.NXT),
        ({"f2134": "2", "f2135": ""}, Venue.NXT),
        ({"f2134": "", "f2135": ""}, Venue.KRX),
    ],
)
def test_an_order_is_where_the_lists_of_orders_say_too(own: KiwoomFeed, values: dict[str, str], venue: Venue) -> None:
    assert [notice.venue for notice in noticed(own, **values)] == [venue]


def test_two_words_for_the_side_that_contradict_each_other_are_unreadable(own: KiwoomFeed) -> None:
    with pytest.raises(ValueError, match="side"):
        told(own, ORDERS, ("00", "005930", ORDER | {"905": "+매수", "907": "1"}))


def test_the_side_is_never_that_of_the_sign(own: KiwoomFeed) -> None:
    assert [notice.side for notice in noticed(own, f905="-매수")] == [Side.BUY]
    assert [notice.side for notice in noticed(own, f905="+매도", f907="")] == [Side.SELL]
    with pytest.raises(ValueError, match="side"):
        noticed(own, f905="", f907="")


@pytest.mark.parametrize("number", ["", "0000000", "12a", "１２"])
def test_the_number_of_an_order_has_to_be_one(own: KiwoomFeed, number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        noticed(own, f9203=number)


def test_a_market_order_has_no_price_and_a_padded_number_is_one(own: KiwoomFeed) -> None:
    (notice,) = noticed(own, f901="0", f906="시장가", f900="000000000010")
    assert (notice.type, notice.price, notice.quantity) == (OrderType.MARKET, None, Decimal(10))


@pytest.mark.parametrize(("account", "count"), [("1234567890", 1), ("12345678", 1), ("", 1), ("1234567891", 0)])
def test_orders_of_another_account_are_none_of_ours(own: KiwoomFeed, account: str, count: int) -> None:
    assert len(noticed(own, f9201=account)) == count


def test_the_same_notice_has_the_same_identity_and_the_account_stands_in_none(own: KiwoomFeed) -> None:
    one, other = noticed(own), noticed(own)
    assert one[0].identity == other[0].identity
    assert noticed(own, f915="3", f911="7", f902="3")[0].identity != one[0].identity
    assert "1234567890" not in repr(one)


# Frames


def test_rows_come_by_registration_in_their_order(feed: KiwoomFeed) -> None:
    text = real(
        ("0B", "005930", TRADE | {"15": "+1"}),
        ("0B", "005930", TRADE | {"15": "+2"}),
        ("0D", "005930", LEVELS),
        ("0B", "000660", TRADE),
        ("00", "005930", ORDER),
    )
    found = [each for each in feed.read(text) if isinstance(each, Rows)]
    assert [each.registration for each in found] == [
        ("0B", "005930"),
        ("0D", "005930"),
        ("0B", "000660"),
        ("00", ""),
    ]
    assert [row["values"]["15"] for row in found[0].rows] == ["+1", "+2"]


def test_fields_that_nobody_knows_are_kept_and_counted(feed: KiwoomFeed) -> None:
    (rows,) = feed.read(real(("0B", "005930", TRADE | {"99001": "x", "99002": "y"})))
    assert isinstance(rows, Rows)
    assert rows.unknown == 2
    assert rows.rows[0]["values"]["99001"] == "x"
    assert [each.unknown for each in feed.read(real(("0B", "005930", TRADE))) if isinstance(each, Rows)] == [0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "1",
        "null",
        '{"trnm":"REAL"}',
        '{"trnm":"REAL","data":{}}',
        '{"trnm":"REAL","data":[5]}',
        '{"trnm":"REAL","data":[{"type":"0B","item":"005930"}]}',
        '{"trnm":"REAL","data":[{"type":"0B","item":"005930","values":[]}]}',
        '{"trnm":"REAL","data":[{"type":[],"item":"005930","values":{}}]}',
        '{"trnm":"OTHER"}',
        '{"trnm":"SYSTEM","code":"R99999","message":"?"}',
        "[" * 100_000,
    ],
)
def test_a_frame_that_is_not_as_documented_is_unreadable(feed: KiwoomFeed, text: str) -> None:
    assert [type(each) for each in feed.read(text)] == [Unreadable]


def test_an_entry_that_is_not_as_documented_takes_no_other_with_it(feed: KiwoomFeed) -> None:
    body = json.loads(real(("0B", "005930", TRADE), ("0B", "005930", TRADE)))
    body["data"].insert(1, {"type": "0B"})
    assert [type(each) for each in feed.read(json.dumps(body))] == [Rows, Unreadable, Rows]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(
    ["REAL", "REG", "LOGIN", "PING", "SYSTEM", "CNSRLST", "CNSRREQ", "CNSRCLR", "REMOVE", "0B", "0D", "00", "02", "0s"]
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "type": WORDS | JSON,
        "item": st.just("005930") | JSON,
        "values": JSON | st.dictionaries(st.sampled_from([*TRADE, *ORDER, "215", "841", "843"]), JSON),
    },
)
FRAME = st.fixed_dictionaries(
    {"trnm": WORDS | JSON},
    optional={"data": st.lists(ENTRY | JSON, max_size=4) | JSON, "seq": JSON, "return_code": JSON, "code": JSON},
)


@pytest.fixture(scope="module")
def open_feed() -> KiwoomFeed:
    from brokerkit_kiwoom.client import Settings

    settings = Settings(app_key=SecretStr("SANDBOX" + "k" * 36), app_secret=SecretStr("SANDBOX" + "s" * 36))
    return KiwoomFeed(KiwoomClient(settings, environment="real", remember_token=False), environment="real")


@given(body=FRAME | JSON)
def test_whatever_comes_reading_never_raises_and_rows_raise_value_errors_alone(
    open_feed: KiwoomFeed, body: Any
) -> None:
    open_feed.register([Registration("02", "4")])
    text = json.dumps(body)
    open_feed.recorded(text)
    reads = {open_feed.channel(topic).ids["real"]: open_feed.channel(topic).read for topic in EVERYTHING}
    for each in open_feed.read(text):
        for row in each.rows if isinstance(each, Rows) else ():
            if each.registration.channel in reads:  # type: ignore[union-attr]
                with suppress(ValueError):
                    reads[each.registration.channel](row, Venue.KRX, NOON)  # type: ignore[union-attr]


# What is written down


def test_what_is_written_down_names_no_account_and_is_read_the_same(own: KiwoomFeed) -> None:
    text = real(("00", "005930", ORDER), ("0B", "005930", TRADE))
    written = own.recorded(text)
    assert written is not None
    for private in ("1234567890", "P1", "0700001", "9201"):
        assert private not in written
    read = own.channel(ORDERS).read
    was, now = (next(each for each in own.read(each)) for each in (text, written))
    assert isinstance(was, Rows)
    assert isinstance(now, Rows)
    assert read(was.rows[0], Venue.KRX, NOON) == read(now.rows[0], Venue.KRX, NOON)
    assert json.loads(written)["data"][1] == json.loads(text)["data"][1]


@pytest.mark.parametrize(
    "text",
    [
        '{"trnm":"LOGIN","return_code":0,"token":"secret"}',
        '{"trnm":"PING"}',
        "PING",
        "nonsense",
        '{"trnm":"REG","return_code":0}',
        '{"trnm":"CNSRLST","return_code":0,"data":[["4","내 조건"]]}',
        '{"trnm":"REAL","data":[{"type":"0Z","item":"","values":{"9201":"1234567890"}}]}',
    ],
)
def test_what_nobody_needs_again_is_not_written_down(feed: KiwoomFeed, text: str) -> None:
    assert feed.recorded(text) is None


def test_what_the_account_holds_is_written_down_without_the_account_and_without_what_nobody_knows(
    own: KiwoomFeed,
) -> None:
    values = {"9201": "1234567890", "9001": "A005930", "930": "5", "99901": "1234567890"}
    written = own.recorded(real(("04", "005930", values)))
    assert written is not None
    assert json.loads(written)["data"][0]["values"] == {"9001": "A005930", "930": "5"}


def test_the_list_of_a_live_condition_is_written_down_as_rows(feed: KiwoomFeed) -> None:
    found = '{"trnm":"CNSRREQ","seq":"4","return_code":0,"data":[{"jmcode":"A005930"}]}'
    assert feed.recorded(found.replace('"data"', '"cont_yn":"N","data"')) is None
    written = feed.recorded(found)
    assert written is not None
    (rows,) = feed.read(written)
    assert isinstance(rows, Rows)
    event = feed.channel(RISING).read(rows.rows[0], Venue.KRX, NOON)
    assert isinstance(event, ConditionEvent)
    assert (event.symbol, event.is_initial) == ("005930", True)
