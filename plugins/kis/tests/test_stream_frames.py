"""Frames of KIS's socket: what is sent to the letter, and events of frames that we made in its shape."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kis.client import KisClient, Settings
from brokerkit_kis.stream.feed import KisFeed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from brokerkit.clock import KST
from brokerkit.errors import (
    AuthError,
    BrokerError,
    ConfigError,
    KeyInUse,
    Rejected,
    StreamError,
    UnknownSymbol,
    Unsupported,
)
from brokerkit.market.sessions import Phase
from brokerkit.stream.events import BookEvent, Notice, OrderChange, QuoteEvent, SessionEvent, TradeEvent
from brokerkit.stream.feed import Acknowledged, Ended, Refused, Registration, Reply, Rows, Unreadable
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import OrderType, Side, Venue

NOON = dt.datetime(2026, 11, 27, 12, 0, 1, tzinfo=KST)
TRADES = Topic(StreamKind.TRADES, "005930", Venue.KRX)
OTHERS = Topic(StreamKind.TRADES, "000660", Venue.KRX)
QUOTES = Topic(StreamKind.QUOTES, "005930", Venue.KRX)
BOOKS = Topic(StreamKind.ORDER_BOOK, "005930", Venue.KRX)
INDEX = Topic(StreamKind.INDEX, "INDEX:KOSPI", Venue.KRX)
ORDERS = Topic(StreamKind.ORDERS)
SESSION = Topic(StreamKind.SESSION, "005930", Venue.KRX)
VENUE_SESSION = Topic(StreamKind.SESSION, "", Venue.KRX)
BOTH_SESSION = Topic(StreamKind.SESSION, "005930", Venue.SOR)

APPROVAL = "11111111-2222-3333-4444-555555555555"
LOGIN_NAME, PERSON = "factory7", "Hong Gildong"
KEY, IV = "k" * 20 + "e" * 12, "v" * 16
FIRST = "005930^093354^71900^5^-100^-0.14^72023.83^72100^72400^71700^71900^71800^15^3052507^219853241700"
LATER = "5105^6937^1832^84.90^1366314^1159996^1^0.39^20.28^090020^5^-200^090820^5^-500^092619^2^200^20261127^20^N"
TRADE = f"{FIRST}^{LATER}^65945^216924^1118750^2199206^0.05^2424142^125.92^0^^72100^2"


def changed(row: str, **values: str) -> str:
    """Return a row with other values at places such as `at2`."""
    texts = row.split("^")
    for place, value in values.items():
        texts[int(place.removeprefix("at"))] = value
    return "^".join(texts)


def book_row(width: int = 63, **values: str) -> str:
    """Return ten levels a side: sells from 72000 upwards, 11, 22, ... shares; buys from 71900 down, 13, 26, ..."""
    asks, bids = [f"{71900 + 100 * level}" for level in range(1, 11)], [f"{72000 - 100 * n}" for n in range(1, 11)]
    sizes = [f"{11 * level}" for level in range(1, 11)] + [f"{13 * level}" for level in range(1, 11)]
    behind = ["605", "715", "0", "0", "71950", "300", "300", "50", "2", "0.07", "3052507"]
    row = ["005930", "093355", "0", *asks, *bids, *sizes, *behind]
    return changed("^".join([*row, *("0" * (width - len(row)))]), **values)


def notice_row(width: int = 26, **values: str) -> str:
    """Return the notice that an order to buy 10 at 70,000 was taken."""
    row = [LOGIN_NAME, "5001234501", "0000001234", "", "02", "0", "00", "0", "005930", "0000000010", "000070000"]
    row += ["101112", "0", "1", "1", "06010", "000000010", PERSON, "000000000", "1", "Y", "", "10", "", "Alpha", ""]
    return changed("^".join(row[:width]), **values)


def encrypted(text: str, key: str = KEY, iv: str = IV) -> str:
    """Encrypt as the broker does, by the other half of the library."""
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).encryptor()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


def said(channel: str = "H0STCNT0", key: str = "005930", **body: Any) -> str:
    """Return what the broker says to a registration."""
    told = {"rt_cd": "0", "msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS", **body}
    return json.dumps({"header": {"tr_id": channel, "tr_key": key, "encrypt": "N"}, "body": told})


def sealed(channel: str = "H0STCNI0") -> str:
    """Return the acknowledgement of notices, with what opens them."""
    return said(channel, LOGIN_NAME, output={"key": KEY, "iv": IV})


def sent(frames: Sequence[SecretStr]) -> list[Any]:
    assert all(isinstance(frame, SecretStr) for frame in frames)
    return [json.loads(frame.get_secret_value()) for frame in frames]


@pytest.fixture
def wire(connect: Any) -> Any:
    wire = connect("real", hts_id=LOGIN_NAME, allow_insecure_websocket=True).logged_in()
    return wire.answer("Approval", {"approval_key": APPROVAL})


@pytest.fixture
def feed(wire: Any) -> KisFeed:
    """Return a feed of a connection that was opened."""
    feed = KisFeed(wire.client, environment="real")
    assert list(feed.open()) == []
    return feed


def told(feed: KisFeed, topic: Topic, *frames: str) -> list[Any]:
    """Return the events of a topic that frames bring."""
    feed.register([feed.registration(topic)])
    events = []
    for frame in frames:
        for rows in feed.read(frame):
            assert isinstance(rows, Rows), rows
            if rows.registration == feed.registration(topic):
                read = feed.channel(topic).read
                events += [read(row, topic.venue or Venue.KRX, NOON) for row in rows.rows]
    return events


def at(clock: str) -> dt.datetime:
    return dt.datetime.combine(NOON.date(), dt.time.fromisoformat(clock), KST)


# Where it is, and how it is opened


@pytest.mark.parametrize(("environment", "port"), [("real", 21000), ("demo", 31000)])
def test_the_socket_is_used_only_where_the_profile_allows_what_is_not_encrypted(
    connect: Any, environment: str, port: int
) -> None:
    host = f"ops.koreainvestment.com:{port}"
    refusing = KisFeed(connect(environment).client, environment=environment)
    with pytest.raises(ConfigError, match=f"{host}.*is not encrypted.*in clear.*allow_insecure_websocket = true"):
        refusing.address()
    assert list(refusing.plain_hosts()) == []
    feed = KisFeed(connect(environment, allow_insecure_websocket=True).client, environment=environment)
    assert feed.address() == f"ws://{host}/tryitout"
    assert list(feed.plain_hosts()) == [host]


def test_a_sandbox_has_its_socket_where_its_calls_are_and_needs_no_option(connect: Any) -> None:
    wire = connect("sandbox", plays="real")
    feed = KisFeed(wire.client, environment="real")
    assert feed.address() == wire.client.base_url.replace("http://", "ws://") + "/tryitout"
    assert list(feed.plain_hosts()) == []


def test_the_approval_key_is_asked_for_with_the_secret_under_its_other_name(wire: Any, feed: KisFeed) -> None:
    (call,) = [call for call in wire.calls if call.id == "Approval"]
    assert (call.method, call.url) == ("POST", "https://openapi.koreainvestment.com:9443/oauth2/Approval")
    assert call.body == {"grant_type": "client_credentials", "appkey": wire.app_key, "secretkey": wire.app_secret}
    assert "authorization" not in call.headers


def test_every_connection_has_a_key_of_its_own_and_an_older_one_where_none_is_to_be_had(
    wire: Any, feed: KisFeed
) -> None:
    registration = feed.registration(TRADES)
    wire.answer("Approval", {"approval_key": "second"})
    feed.open()
    assert sent(feed.register([registration]))[0]["header"]["approval_key"] == "second"
    assert list(feed.read(said())) == [Acknowledged()]
    wire.answer("Approval", {"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "too fast"})
    feed.open()
    assert sent(feed.register([registration]))[0]["header"]["approval_key"] == "second"


def test_a_key_that_nothing_was_taken_with_is_not_used_again(wire: Any, feed: KisFeed) -> None:
    wire.answer("Approval", {"error_code": "EGW00103", "error_description": "no such key"})
    with pytest.raises(AuthError, match="EGW00103"):
        feed.open()
    wire.answer("Approval", {"rt_cd": "1", "msg_cd": "EGW00001", "msg1": "busy"})
    with pytest.raises(BrokerError, match="EGW00001"):
        feed.open()


def test_registrations_are_sent_one_by_one(feed: KisFeed) -> None:
    frames = feed.register([feed.registration(TRADES), feed.registration(BOOKS)])
    header = {"approval_key": APPROVAL, "custtype": "P", "tr_type": "1", "content-type": "utf-8"}
    assert sent(frames) == [
        {"header": header, "body": {"input": {"tr_id": "H0STCNT0", "tr_key": "005930"}}},
        {"header": header, "body": {"input": {"tr_id": "H0STASP0", "tr_key": "005930"}}},
    ]
    assert sent(feed.release([feed.registration(TRADES)])) == [
        {
            "header": {**header, "tr_type": "2"},
            "body": {"input": {"tr_id": "H0STCNT0", "tr_key": "005930"}},
        }
    ]
    assert (feed.at_once, feed.most_registrations) == (1, 41)


def test_own_orders_are_registered_by_the_login_name_which_stands_in_no_registration(feed: KisFeed) -> None:
    registration = feed.registration(ORDERS)
    assert registration == Registration("H0STCNI0", "")
    (frame,) = sent(feed.register([registration]))
    assert frame["body"] == {"input": {"tr_id": "H0STCNI0", "tr_key": LOGIN_NAME}}


@pytest.mark.parametrize("given", [{}, {"hts_id": ""}, {"hts_id": "  "}])
def test_own_orders_need_a_login_name(connect: Any, given: dict[str, str]) -> None:
    feed = KisFeed(connect("real", **given).client, environment="real")
    with pytest.raises(ConfigError, match=r"the profile has none.*Add hts_id"):
        feed.registration(ORDERS)


@pytest.mark.parametrize(
    ("topic", "registration"),
    [
        (TRADES, ("H0STCNT0", "005930")),
        (QUOTES, ("H0STCNT0", "005930")),
        (TRADES._replace(venue=Venue.NXT), ("H0NXCNT0", "005930")),
        (QUOTES._replace(venue=Venue.SOR), ("H0UNCNT0", "005930")),
        (BOOKS, ("H0STASP0", "005930")),
        (BOOKS._replace(venue=Venue.NXT), ("H0NXASP0", "005930")),
        (BOOKS._replace(venue=Venue.SOR), ("H0UNASP0", "005930")),
        (INDEX, ("H0UPCNT0", "0001")),
        (SESSION, ("H0STMKO0", "005930")),
        (VENUE_SESSION, ("H0STMKO0", "005930")),
        (VENUE_SESSION._replace(venue=Venue.NXT), ("H0NXMKO0", "005930")),
        (BOTH_SESSION, ("H0UNMKO0", "005930")),
    ],
)
def test_what_is_registered_for_a_topic(feed: KisFeed, topic: Topic, registration: tuple[str, str]) -> None:
    assert feed.registration(topic) == registration


def test_the_demo_environment_has_trades_books_and_own_orders_of_krx_alone(connect: Any) -> None:
    feed = KisFeed(connect("demo", hts_id=LOGIN_NAME).client, environment="demo")
    assert [feed.registration(topic).channel for topic in (TRADES, BOOKS, ORDERS)] == [
        "H0STCNT0",
        "H0STASP0",
        "H0STCNI9",
    ]
    for topic in (INDEX, SESSION, TRADES._replace(venue=Venue.NXT), BOOKS._replace(venue=Venue.SOR)):
        with pytest.raises(Unsupported, match="demo environment"):
            feed.registration(topic)


def test_saved_conditions_are_not_followed(feed: KisFeed) -> None:
    with pytest.raises(Unsupported, match="no condition of KR by stream"):
        feed.registration(Topic(StreamKind.CONDITION, "0"))


def test_an_etn_is_registered_with_its_letter_and_told_without(wire: Any, feed: KisFeed) -> None:
    good = wire.good("FHKST01010100")
    nothing = {"stck_prpr": "0", "stck_shrn_iscd": "", "stck_mxpr": "0", "stck_llam": "0"}
    etn = {**good["output"], "stck_shrn_iscd": "Q580012"}
    wire.answer("FHKST01010100", {**good, "output": {**good["output"], **nothing}}, {**good, "output": etn})
    topic = TRADES._replace(symbol="580012")
    assert feed.registration(topic) == ("H0STCNT0", "Q580012")
    for code in ("Q580012", "580012"):  # with which of them rows begin is not told
        for _ in range(2):
            (event,) = told(feed, topic, f"0|H0STCNT0|001|{changed(TRADE, at0=code)}")
            assert event.symbol == "580012"


# What the broker says


def test_the_heartbeat_goes_back_as_it_is(feed: KisFeed) -> None:
    text = '{"header":{"tr_id":"PINGPONG","datetime":"20261127093000"}}'
    assert list(feed.read(text)) == [Reply(text)]
    assert feed.recorded(text) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"msg_cd": "OPSP0002", "rt_cd": "1", "msg1": "ALREADY IN SUBSCRIBE"},
        {"msg_cd": "OPSP0001", "msg1": "UNSUBSCRIBE SUCCESS"},
        {"msg_cd": "OPSP0003", "rt_cd": "1", "msg1": "UNSUBSCRIBE ERROR(not found!)"},
        {"msg_cd": ""},
    ],
)
def test_what_is_as_it_was_to_be_is_acknowledged(feed: KisFeed, body: dict[str, str]) -> None:
    assert list(feed.read(said(**body))) == [Acknowledged()]


@pytest.mark.parametrize(
    ("code", "kind", "heals"),
    [
        ("OPSP0007", StreamError, True),
        ("OPSP0008", StreamError, False),
        ("OPSP8991", Rejected, False),
        ("OPSP8992", UnknownSymbol, False),
        ("OPSP8993", UnknownSymbol, False),
        ("OPSP0017", AuthError, False),
        ("OPSP8997", Rejected, False),
        ("OPSP9993", Rejected, False),
        ("OPSP4321", Rejected, False),
    ],
)
def test_registrations_are_refused(feed: KisFeed, code: str, kind: type[BrokerError], heals: bool) -> None:
    (refused,) = feed.read(said(rt_cd="1", msg_cd=code, msg1=f"no {APPROVAL} of {LOGIN_NAME}"))
    assert isinstance(refused, Refused)
    assert (type(refused.error), refused.error.code, refused.heals) == (kind, code, heals)
    assert refused.error.message == "no *** of ***"


@pytest.mark.parametrize(("words", "told"), [("", "증권사가 이유를"), ("bad symbol", "bad symbol")])
def test_a_refusal_without_words_has_ours_in_the_readers_language(feed: KisFeed, words: str, told: str) -> None:
    (refused,) = feed.read(said(rt_cd="1", msg_cd="OPSP8991", msg1=words))
    assert isinstance(refused, Refused)
    assert f"[OPSP8991] {told}" in refused.error.told("ko")


@pytest.mark.parametrize("channel", ["H0STCNI0", "(null)"])
def test_a_login_name_that_is_not_taken_is_no_unknown_symbol(feed: KisFeed, channel: str) -> None:
    (refused,) = feed.read(said(channel, "", rt_cd="9", msg_cd="OPSP8993", msg1="invalid tr_key"))
    assert isinstance(refused, Refused)
    assert type(refused.error) is Rejected
    assert "hts_id" in str(refused.error)


@pytest.mark.parametrize("body", [{}, {"rt_cd": "1", "msg_cd": "OPSP8992"}])
def test_an_answer_that_comes_again_is_none_to_another_registration(feed: KisFeed, body: dict[str, str]) -> None:
    feed.register([feed.registration(TRADES)])
    list(feed.read(said(key="005930", **body)))
    feed.register([feed.registration(OTHERS)])
    assert list(feed.read(said(key="005930", **body))) == []
    assert list(feed.read(said(key="000660"))) == [Acknowledged()]
    feed.release([feed.registration(TRADES)])
    assert list(feed.read(said(key="005930", msg_cd="OPSP0001"))) == [Acknowledged()]


def test_what_is_wanted_and_not_registered_is_refused(feed: KisFeed) -> None:
    feed.register([feed.registration(TRADES)])
    (refused,) = feed.read(said(rt_cd="1", msg_cd="OPSP0003", msg1="not found"))
    assert isinstance(refused, Refused)


@pytest.mark.parametrize("code", ["OPSP0010", "OPSP0011"])
def test_a_key_that_is_not_known_is_had_anew_once(feed: KisFeed, code: str) -> None:
    unknown = said("(null)", "", rt_cd="9", msg_cd=code, msg1="NOT FOUND approval_key")
    heals = []
    for _ in range(2):
        (ended,) = feed.read(unknown)
        assert isinstance(ended, Ended)
        assert type(ended.error) is AuthError
        heals.append(ended.heals)
    assert heals == [True, False]
    feed.read(said())
    (ended,) = feed.read(unknown)
    assert isinstance(ended, Ended)
    assert ended.heals


def test_a_key_in_use_elsewhere_is_told_at_once_and_after_a_line_of_ours_broke_tried_again(
    feed: KisFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("brokerkit_kis.stream.feed.time.monotonic", lambda: now)
    in_use = said("(null)", "", rt_cd="9", msg_cd="OPSP8996", msg1="ALREADY IN USE appkey")
    (ended,) = feed.read(in_use)
    assert isinstance(ended, Ended)
    assert type(ended.error) is KeyInUse
    assert not ended.heals
    for _ in range(2):
        feed.register([feed.registration(TRADES)])
        feed.read(said())  # from here on a line of ours may be what is in the way
        for seconds, heals in ((500.0, True), (170.0, True), (20.0, False)):
            now += seconds
            (ended,) = feed.read(in_use)
            assert isinstance(ended, Ended)
            assert ended.heals is heals


@pytest.mark.parametrize("output", [{}, {"output": {"key": "short", "iv": IV}}, {"output": None}])
def test_notices_that_nothing_opens_are_refused(feed: KisFeed, output: dict[str, Any]) -> None:
    feed.register([feed.registration(ORDERS)])
    (refused,) = feed.read(said("H0STCNI0", LOGIN_NAME, **output))
    assert isinstance(refused, Refused)
    assert refused.heals


# Trades, quotes, books, indices, sessions


def test_a_trade(feed: KisFeed) -> None:
    (event,) = told(feed, TRADES, f"0|H0STCNT0|001|{TRADE}")
    assert event == TradeEvent(
        symbol="005930",
        venue=Venue.KRX,
        time=at("09:33:54"),
        received_at=NOON,
        price=Decimal(71900),
        quantity=Decimal(15),
        side=Side.BUY,
        volume=Decimal(3052507),
    )
    assert event.time is not None
    assert event.time.tzinfo is KST


@pytest.mark.parametrize(("code", "side"), [("1", Side.BUY), ("5", Side.SELL), ("3", None), ("", None), ("7", None)])
def test_who_came_in_is_the_side(feed: KisFeed, code: str, side: Side | None) -> None:
    for _ in range(2):
        (event,) = told(feed, TRADES, f"0|H0STCNT0|001|{changed(TRADE, at21=code)}")
        assert event.side is side


def test_the_day_of_a_trade_is_the_one_that_it_tells(feed: KisFeed) -> None:
    (event,) = told(feed, TRADES, f"0|H0STCNT0|001|{changed(TRADE, at33='20261126')}")
    assert event.time == dt.datetime(2026, 11, 26, 9, 33, 54, tzinfo=KST)


def test_a_row_without_shares_is_no_trade(feed: KisFeed) -> None:
    frame = f"0|H0STCNT0|001|{changed(TRADE, at12='0')}"
    assert told(feed, TRADES, frame, frame) == [None, None]
    assert all(event.price == 71900 for event in told(feed, QUOTES, frame))


@pytest.mark.parametrize("place", ["at2", "at12", "at13"])
@pytest.mark.parametrize("text", ["1_000", "１２３", "1e3", "", " 5", "-5", "+-5", "NaN", "9" * 19, "0x1F", "٣"])
def test_a_number_that_is_none_is_never_one(feed: KisFeed, place: str, text: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"number|quantity|price"):
            told(feed, TRADES, f"0|H0STCNT0|001|{changed(TRADE, **{place: text})}")


@pytest.mark.parametrize(
    "values",
    [{"at1": "093360"}, {"at1": "9335４"}, {"at1": ""}, {"at33": "2026112"}, {"at33": "20261131"}, {"at2": "0"}],
)
def test_a_time_or_price_that_is_none_is_never_one(feed: KisFeed, values: dict[str, str]) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"\w"):
            told(feed, TRADES, f"0|H0STCNT0|001|{changed(TRADE, **values)}")


def test_the_same_row_is_a_quote(feed: KisFeed) -> None:
    (event,) = told(feed, QUOTES, f"0|H0STCNT0|001|{TRADE}")
    assert event == QuoteEvent(
        symbol="005930",
        venue=Venue.KRX,
        time=at("09:33:54"),
        received_at=NOON,
        price=Decimal(71900),
        change=Decimal(-100),
        change_percent=Decimal("-0.14"),
        open=Decimal(72100),
        high=Decimal(72400),
        low=Decimal(71700),
        volume=Decimal(3052507),
        turnover=Decimal(219853241700),
        ask=Decimal(71900),
        bid=Decimal(71800),
    )


@pytest.mark.parametrize(
    ("sign", "text", "change"), [("5", "100", -100), ("4", "-100", -100), ("2", "100", 100), ("3", "0", 0)]
)
def test_a_change_has_the_sign_of_its_code(feed: KisFeed, sign: str, text: str, change: int) -> None:
    (event,) = told(feed, QUOTES, f"0|H0STCNT0|001|{changed(TRADE, at3=sign, at4=text, at5=text)}")
    assert (event.change, event.change_percent) == (change, change)


def test_two_signs_that_contradict_each_other_are_unreadable(feed: KisFeed) -> None:
    with pytest.raises(ValueError, match="two signs"):
        told(feed, QUOTES, f"0|H0STCNT0|001|{changed(TRADE, at3='2')}")


def test_what_is_not_there_is_none_in_a_quote(feed: KisFeed) -> None:
    row = changed(TRADE, at4="", at5="", at7="0", at8="0", at9="", at10="0", at11="")
    (event,) = told(feed, QUOTES, f"0|H0STCNT0|001|{row}")
    assert event[5:10] == (None,) * 5
    assert event[12:] == (None, None)


@pytest.mark.parametrize("width", [59, 62, 63, 65, 66, 70])
def test_a_book_has_its_levels_best_first_without_the_empty_ones(feed: KisFeed, width: int) -> None:
    row = book_row(width, at12="0", at32="0", at42="0")
    (event,) = told(feed, BOOKS, f"0|H0STASP0|001|{row}")
    assert event == BookEvent(
        symbol="005930",
        venue=Venue.KRX,
        time=at("09:33:55"),
        received_at=NOON,
        asks=tuple((Decimal(71900 + 100 * level), Decimal(11 * level)) for level in range(1, 10)),
        bids=tuple((Decimal(72000 - 100 * level), Decimal(13 * level)) for level in range(1, 10)),
        total_ask_quantity=Decimal(605),
        total_bid_quantity=Decimal(715),
    )


@pytest.mark.parametrize(("state", "expected"), [("0", (None, None)), ("B", (71950, 300)), ("C", (71950, 300))])
def test_an_expected_price_is_told_only_while_there_is_an_auction(feed: KisFeed, state: str, expected: Any) -> None:
    (event,) = told(feed, BOOKS, f"0|H0STASP0|001|{book_row(at2=state)}")
    assert (event.expected_price, event.expected_quantity) == expected


INDEX_ROW = "0001^094521^2635.04^5^-8.88^123456^2345678^12^34^-0.34^2640.10^2641.00^2630.55^" + "^".join("0" * 17)


def test_an_index_is_told_in_points_and_without_what_has_no_sure_unit(feed: KisFeed) -> None:
    (event,) = told(feed, INDEX, f"0|H0UPCNT0|001|{INDEX_ROW}")
    assert event == QuoteEvent(
        symbol="INDEX:KOSPI",
        venue=Venue.KRX,
        time=at("09:45:21"),
        received_at=NOON,
        price=Decimal("2635.04"),
        change=Decimal("-8.88"),
        change_percent=Decimal("-0.34"),
        open=Decimal("2640.10"),
        high=Decimal("2641.00"),
        low=Decimal("2630.55"),
    )


STATUS = "005930^N^(null)^{code}^^^^55^N^N^1"


@pytest.mark.parametrize(
    ("code", "phase"),
    [
        ("110", Phase.OPENING_AUCTION),
        ("112", Phase.REGULAR),
        ("121", Phase.CLOSING_AUCTION),
        ("129", Phase.CLOSED),
        ("140", Phase.AFTER_CLOSE_CLOSING_PRICE),
        ("149", None),  # what begins then has no code
        ("174", None),
        ("F01", None),
    ],
)
def test_a_phase_is_told_with_the_code_of_the_broker(feed: KisFeed, code: str, phase: Phase | None) -> None:
    frame = f"0|H0STMKO0|001|{STATUS.format(code=code)}"
    (event,) = told(feed, SESSION, frame)
    assert event == SessionEvent("005930", Venue.KRX, None, NOON, phase, code, is_halted=False, is_interrupted=False)
    (event,) = told(feed, VENUE_SESSION, frame)
    assert event == SessionEvent(None, Venue.KRX, None, NOON, phase, code)


def test_what_happens_to_a_symbol_alone_is_not_told_of_the_venue(feed: KisFeed) -> None:
    frame = "0|H0STMKO0|001|005930^Y^HALT^^^^^58^N^Y^1"
    (event,) = told(feed, SESSION, frame)
    assert (event.is_halted, event.is_interrupted, event.phase) == (True, True, None)
    assert told(feed, VENUE_SESSION, frame) == [None]


def test_sessions_of_both_venues_do_not_say_of_which_symbol_they_are(feed: KisFeed) -> None:
    frame = "0|H0UNMKO0|001|Y^HALT^^^^^58^N^N^1"
    (event,) = told(feed, BOTH_SESSION, frame)
    assert (event.symbol, event.is_halted) == ("005930", True)  # there is one that it can be
    (event,) = told(feed, BOTH_SESSION._replace(symbol="000660"), frame)
    assert (event.symbol, event.is_halted) == (None, None)


# Own orders


@pytest.fixture
def own(feed: KisFeed) -> KisFeed:
    """Return a feed that was told what opens its notices."""
    feed.register([feed.registration(ORDERS)])
    assert list(feed.read(sealed())) == [Acknowledged()]
    return feed


def noticed(feed: KisFeed, *rows: str) -> list[Any]:
    return told(feed, ORDERS, f"1|H0STCNI0|{len(rows):03}|{encrypted('^'.join(rows))}")


def test_an_order_that_was_taken(own: KisFeed) -> None:
    (notice,) = noticed(own, notice_row())
    assert notice._replace(identity="") == Notice(
        symbol="005930",
        venue=Venue.KRX,
        time=at("10:11:12"),
        received_at=NOON,
        change=OrderChange.ACCEPTED,
        order_id="0000001234",
        original_id=None,
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal(70000),
        type=OrderType.LIMIT,
        branch="06010",
    )


def test_a_fill_has_two_quantities(own: KisFeed) -> None:
    row = notice_row(at9="0000000003", at10="000069900", at13="2", at14="2", at25="000070000", at19="2")
    (notice,) = noticed(own, row)
    assert (notice.change, notice.last_quantity, notice.last_price) == (OrderChange.FILLED, 3, 69900)
    assert (notice.quantity, notice.price, notice.venue) == (10, 70000, Venue.NXT)
    assert (notice.filled_quantity, notice.remaining_quantity, notice.type, notice.fill_id) == (None,) * 4


@pytest.mark.parametrize(
    ("action", "state", "refused", "change"),
    [
        ("0", "1", "0", OrderChange.ACCEPTED),
        ("1", "1", "0", OrderChange.ACCEPTED),
        ("1", "2", "0", OrderChange.AMENDED),
        ("2", "2", "0", OrderChange.CANCELED),
        ("0", "3", "0", OrderChange.CANCELED),
        ("0", "1", "1", OrderChange.REJECTED),
        ("2", "2", "1", OrderChange.REJECTED),
    ],
)
def test_what_happened_to_an_order(own: KisFeed, action: str, state: str, refused: str, change: OrderChange) -> None:
    (notice,) = noticed(own, notice_row(at5=action, at14=state, at12=refused, at3="0000001200", at10="000000000"))
    assert (notice.change, notice.original_id) == (change, "0000001200")
    assert (notice.quantity, notice.price) == (10, None)
    assert (notice.last_quantity, notice.last_price) == (None, None)


@pytest.mark.parametrize(
    "values",
    [
        {"at13": "3"},
        {"at14": "9"},
        {"at5": "7"},
        {"at4": "03"},
        {"at2": ""},
        {"at2": "0000000000"},
        {"at8": ""},
        {"at9": "1_0"},
        {"at13": "2", "at9": "0"},
        {"at13": "2", "at10": "0"},
        {"at1": "500123"},
        {"at12": "2"},
        {"at12": "Y"},
        {"at12": "1", "at13": "2"},
    ],
)
def test_what_a_notice_cannot_say_is_unreadable_and_never_guessed(own: KisFeed, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        noticed(own, notice_row(**values))


def test_of_23_columns_only_what_stands_where_it_was_told_is_read(own: KisFeed) -> None:
    row = notice_row(23, at13="2", at18="Alpha", at19="2", at20="", at22="000070000")
    (notice,) = noticed(own, row)
    assert (notice.venue, notice.price, notice.last_quantity) == (Venue.KRX, None, 10)


@pytest.mark.parametrize(("code", "venue"), [("1", "KRX"), ("2", "NXT"), ("3", "SOR"), ("4", "SOR"), ("", "KRX")])
def test_where_an_order_is(own: KisFeed, code: str, venue: str) -> None:
    (notice,) = noticed(own, notice_row(at19=code))
    assert notice.venue == venue


@pytest.mark.parametrize(
    ("account", "count"), [("5001234501", 1), ("50012345", 1), ("5001234522", 0), ("5099999901", 0), ("50999999", 0)]
)
def test_orders_of_another_account_of_the_same_login_are_none_of_ours(own: KisFeed, account: str, count: int) -> None:
    rows = [notice_row(at1=account, at2="0000000001"), notice_row(at1="5099999901")]
    assert len([notice for notice in noticed(own, *rows) if notice is not None]) == count


def test_the_same_notice_has_the_same_identity_in_which_nobody_stands(own: KisFeed) -> None:
    one, same, other = noticed(own, notice_row(), notice_row(), notice_row(at9="0000000011"))
    assert one.identity == same.identity != other.identity
    assert not [secret for secret in (LOGIN_NAME, "50012345", PERSON) if secret in repr(one)]


def test_a_notice_that_is_not_encrypted_is_dropped(own: KisFeed) -> None:
    (odd,) = own.read(f"0|H0STCNI0|001|{notice_row()}")
    assert isinstance(odd, Unreadable)
    assert (odd.registration, "not encrypted" in odd.words) == (Registration("H0STCNI0", ""), True)


@pytest.mark.parametrize(
    "body",
    [
        encrypted(notice_row(), key="x" * 32),
        encrypted(notice_row())[:-4],
        "no base64 at all",
        "",
        base64.b64encode(bytes(5)).decode(),
    ],
)
def test_what_the_key_does_not_open_is_unreadable(own: KisFeed, body: str) -> None:
    (odd,) = own.read(f"1|H0STCNI0|001|{body}")
    assert isinstance(odd, Unreadable)
    assert odd.registration == Registration("H0STCNI0", "")


def test_what_opened_notices_of_one_line_opens_none_of_the_next(own: KisFeed) -> None:
    own.open()
    (odd,) = own.read(f"1|H0STCNI0|001|{encrypted(notice_row())}")
    assert isinstance(odd, Unreadable)


def test_what_was_registered_on_one_line_is_not_on_the_next(feed: KisFeed) -> None:
    feed.register([feed.registration(OTHERS)])
    feed.open()
    feed.register([feed.registration(TRADES)])
    assert [each.registration for each in feed.read("0|H0STCNT0|001|?") if isinstance(each, Unreadable)] == [
        feed.registration(TRADES)
    ]


def test_a_time_of_day_is_of_the_korean_day_on_which_it_came(feed: KisFeed) -> None:
    feed.register([feed.registration(BOOKS)])
    (rows,) = feed.read(f"0|H0STASP0|001|{book_row()}")
    assert isinstance(rows, Rows)
    evening = dt.datetime(2026, 11, 26, 23, 0, tzinfo=dt.UTC)  # in Korea it is the next morning
    event = feed.channel(BOOKS).read(rows.rows[0], Venue.KRX, evening)
    assert isinstance(event, BookEvent)
    assert event.time == at("09:33:55")


# Frames as such


@pytest.mark.parametrize("code", ["", "??", "9_3354"])
def test_a_row_that_begins_oddly_behind_a_good_one_is_unreadable(feed: KisFeed, code: str) -> None:
    feed.register([feed.registration(TRADES)])
    for _ in range(2):
        (rows,) = feed.read(f"0|H0STCNT0|002|{TRADE}^{TRADE}")
        assert isinstance(rows, Rows)
        assert len(rows.rows) == 2
        (odd,) = feed.read(f"0|H0STCNT0|002|{TRADE}^{changed(TRADE, at0=code)}")
        assert isinstance(odd, Unreadable)


def test_rows_come_by_registration_in_their_order(feed: KisFeed) -> None:
    feed.register([feed.registration(TRADES), feed.registration(OTHERS)])
    other = changed(TRADE, at0="000660")
    first, second, third = feed.read(f"0|H0STCNT0|004|{TRADE}^{TRADE}^{other}^{TRADE}")
    assert isinstance(first, Rows)
    assert isinstance(second, Rows)
    assert isinstance(third, Rows)
    assert [rows.registration.key for rows in (first, second, third)] == ["005930", "000660", "005930"]
    assert [len(rows.rows) for rows in (first, second, third)] == [2, 1, 1]
    assert second.rows[0] == other.split("^")


@pytest.mark.parametrize("count", [1, 3])
def test_columns_that_nobody_knows_are_kept_and_counted(feed: KisFeed, count: int) -> None:
    feed.register([feed.registration(TRADES)])
    frame = f"0|H0STCNT0|{count:03}|" + "^".join([f"{TRADE}^new^newer"] * count)
    for _ in range(2):
        (rows,) = feed.read(frame)
        assert isinstance(rows, Rows)
        assert rows.unknown == 2
        assert [row[47:] for row in rows.rows] == [["new", "newer"]] * count


def test_a_row_of_46_columns_is_read_too(feed: KisFeed) -> None:
    (event,) = told(feed, TRADES, f"0|H0STCNT0|001|{TRADE.rpartition('^')[0]}")
    assert event.price == 71900


@pytest.mark.parametrize(
    "frame",
    [
        f"0|H0STCNT0|002|{TRADE}",
        f"0|H0STCNT0|001|{TRADE}^{TRADE}",
        f"0|H0STCNT0|002|{'^'.join([TRADE] * 4)}",
        "0|H0STCNT0|001|005930^093354^71900",
        f"0|H0STCNT0|001|{changed(TRADE, at0='??')}",
        f"0|H0STCNT0|001|^{TRADE}",
        f"1|H0STCNT0|001|{encrypted(TRADE)}",
    ],
)
def test_a_frame_with_a_wrong_count_or_width_is_unreadable_for_its_channel_alone(feed: KisFeed, frame: str) -> None:
    feed.register([feed.registration(TRADES), feed.registration(OTHERS), feed.registration(BOOKS)])
    feed.read(f"0|H0STCNT0|001|{TRADE}")
    odd = list(feed.read(frame))
    assert all(isinstance(each, Unreadable) for each in odd)
    assert {each.registration for each in odd if isinstance(each, Unreadable)} == {
        feed.registration(TRADES),
        feed.registration(OTHERS),
    }


@pytest.mark.parametrize(
    "text",
    [
        *("", "garbage", "{", "{}", "[]", "null", "0|H0STCNT0", "0|H0STCNT0|000|a", f"2|H0STCNT0|001|{TRADE}"),
        *(f"0|H0ZZZZZ0|001|{TRADE}", f"0|H0STCNT0|0x1|{TRADE}", '{"header":{"tr_id":"H0STCNT0"}}', "[" * 100_000),
        *('{"header":1}', '{"header":{"tr_id":["H0STCNT0"]},"body":{"rt_cd":0}}', "{" * 100_000),
        '{"a":' * 100_000,
    ],
)
def test_a_frame_that_is_not_as_documented_is_unreadable(feed: KisFeed, text: str) -> None:
    (odd,) = feed.read(text)
    assert isinstance(odd, Unreadable)


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_reading_fail(text: str) -> None:
    feed = a_feed()
    for frame in (text, "0|H0STCNT0|001|" + text, "1|H0STCNI0|001|" + text, "{" + text, f"0|{text}|001|{TRADE}"):
        for each in feed.read(frame):
            assert isinstance(each, Unreadable | Rows)
        feed.recorded(frame)


@settings(deadline=None)
@given(
    st.sampled_from(["H0STCNT0", "H0STASP0", "H0STMKO0", "H0UNMKO0", "H0UPCNT0", "H0STCNI0"]),
    st.integers(1, 3),
    st.integers(0, 400),
    st.integers(0, 400),
    st.text(alphabet="0123456789.-+ ^|YNABC٣", max_size=20),
)
def test_no_change_of_a_good_frame_makes_reading_fail(id: str, count: int, start: int, end: int, text: str) -> None:
    feed = a_feed()
    topics = [TRADES, OTHERS, BOOKS, SESSION, BOTH_SESSION, INDEX, ORDERS]
    feed.register([feed.registration(topic) for topic in topics])
    good = {
        "H0STCNT0": TRADE,
        "H0STASP0": book_row(),
        "H0STMKO0": STATUS.format(code="112"),
        "H0UNMKO0": STATUS.format(code="112").partition("^")[2],
        "H0UPCNT0": INDEX_ROW,
        "H0STCNI0": notice_row(),
    }[id]
    frame = f"0|{id}|{count:03}|" + "^".join([good] * count)
    for each in (frame, frame, frame[:start] + text + frame[end:]):
        for received in feed.read(each):
            assert isinstance(received, Unreadable | Rows)
            for topic in topics:
                if isinstance(received, Rows) and received.registration == feed.registration(topic):
                    for row in received.rows:
                        with suppress(ValueError):
                            feed.channel(topic).read(row, Venue.KRX, NOON)


@settings(deadline=None)
@given(st.lists(st.text(alphabet="0123456789.-+ ^|YNABC", max_size=8), min_size=26, max_size=66))
def test_no_row_makes_an_event_of_what_is_none(texts: list[str]) -> None:
    feed = a_feed()
    body = "^".join(texts)
    for topic in (TRADES, QUOTES, BOOKS, INDEX, SESSION, ORDERS):
        channel = feed.channel(topic)
        for rows in feed.read(f"0|{channel.ids['real']}|001|{body}"):
            if isinstance(rows, Rows):
                with suppress(ValueError):
                    channel.read(rows.rows[0], Venue.KRX, NOON)


def a_feed() -> KisFeed:
    settings = Settings(
        app_key=SecretStr("k" * 36),
        app_secret=SecretStr("s" * 180),
        account=SecretStr("50012345-01"),
        hts_id=SecretStr(LOGIN_NAME),
    )
    return KisFeed(KisClient(settings, environment="real", remember_token=False), environment="real")


def test_secrets_stand_in_nothing_that_is_read_or_shown(own: KisFeed) -> None:
    secrets = (KEY, IV, APPROVAL, LOGIN_NAME, "50012345", PERSON)
    frames = [
        sealed(),
        said(rt_cd="1", msg_cd=APPROVAL, msg1=f"{APPROVAL} {LOGIN_NAME} 5001234501 {own.client.settings.app_key}"),
        f"0|H0STCNI0|001|{notice_row()}",
        f"0|H0STCNT0|001|{APPROVAL}",
        f"{APPROVAL}|{KEY}",
        f"1|H0STCNI0|001|{encrypted(LOGIN_NAME)}",
    ]
    shown = repr([each for frame in frames for each in own.read(frame)]) + repr(own) + repr(vars(own))
    for frame in frames:
        for each in own.read(frame):
            shown += str(getattr(each, "error", "")) + str(getattr(each, "words", ""))
    assert not [secret for secret in secrets if secret in shown]


# What is written down


def test_prices_are_written_down_as_they_are_and_what_is_secret_is_not(own: KisFeed) -> None:
    frame = f"0|H0STCNT0|001|{TRADE}"
    assert own.recorded(frame) == frame
    for text in (sealed(), said(), "garbage", f"0|H0STCNI0|001|{notice_row()}", f"1|H0STCNI0|001|{'A' * 32}"):
        assert own.recorded(text) is None


def test_notices_are_written_down_without_who_they_are_of_and_read_again(own: KisFeed, wire: Any) -> None:
    rows = [notice_row(), notice_row(at1="5099999901"), notice_row(at2="0000001235")]
    frame = f"1|H0STCNI0|003|{encrypted('^'.join(rows))}"
    recorded = own.recorded(frame)
    assert recorded is not None
    assert recorded.startswith("0|H0STCNI0|002|^^0000001234^")
    assert not [secret for secret in (LOGIN_NAME, "50012345", "50999999", PERSON) if secret in recorded]
    live = [notice for notice in noticed(own, *rows) if notice is not None]
    again = KisFeed(wire.client, environment="real")  # as a recording is played back: nothing is opened
    assert told(again, ORDERS, recorded) == live
    assert own.recorded(f"1|H0STCNI0|001|{encrypted(rows[1])}") is None
