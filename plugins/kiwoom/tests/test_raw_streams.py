"""Channels of Kiwoom's sockets by their own names: `stream.raw`, over real WebSockets to the sandbox."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kiwoom.sandbox.stream import KiwoomStream
from brokerkit_kiwoom.stream.feed import KiwoomFeed

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Catalogue
from brokerkit.clock import now
from brokerkit.errors import BrokerError, InvalidRequest, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.ranks import SCREENS, screened
from brokerkit.stream.events import Event, OrderEvent, RawEvent, TradeEvent
from brokerkit.stream.feed import Rows
from brokerkit.stream.stream import Stream, Subscription
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Side, Venue

APIS = Catalogue.at("brokerkit_kiwoom")
SAMSUNG, APPLE = "005930", "US:AAPL"
EVERYTHING = str([*SCREENS].index("전체"))
KEYS = {
    **dict.fromkeys(("00", "04", "0s", "1h", "F4", "F5"), ()),
    **dict.fromkeys(("0J", "0U"), ("001",)),
    **dict.fromkeys(("0m", "0u"), ("57JBHH",)),
    **dict.fromkeys(("FE", "FT"), ("ND:AAPL",)),
    **dict.fromkeys(("ka10173", "usa20290"), (EVERYTHING,)),
    "0G": ("069500",),
    "0I": ("MGD",),
}
"""With which a channel is followed, where that is no share."""
LIVE = frozenset({"ka10173", "usa20290"})
ENDS = frozenset({"ka10174", "usa20291"})
QUESTIONS = frozenset({"ka10171", "ka10172", "usa20280", "usa20281"})


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr(KiwoomFeed, "frames_per_second", 1000.0)
    with Sandbox() as sandbox:
        stream = sandbox.face("kiwoom").stream
        assert isinstance(stream, KiwoomStream)
        stream.tick_seconds, stream.registrations_per_second = 0.05, 1000
        yield sandbox


@pytest.fixture
def broker(sandbox: Sandbox) -> Iterator[Broker]:
    with get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        yield broker


def happen(sandbox: Sandbox, broker: Broker) -> None:
    """Let something happen of which each channel tells."""
    home, abroad = sandbox.exchange, sandbox.exchanges["US"]
    broker.buy(SAMSUNG, 2, price=broker.order_book(SAMSUNG).asks[0].price)
    broker.buy(APPLE, 1, price=broker.order_book(APPLE).asks[0].price)
    for exchange, symbol in ((home, SAMSUNG), (abroad, APPLE)):
        exchange.trade(symbol, Side.BUY, Decimal(3))
        exchange.trade(symbol, Side.SELL, Decimal(5))
    home.phase = Phase.CLOSING_AUCTION
    home.trade(SAMSUNG, Side.BUY, Decimal(50), home.order_book(SAMSUNG).asks[2].price)
    home.phase = Phase.REGULAR


def taken(stream: Stream, channels: set[str]) -> dict[str, RawEvent]:
    """Return the first event of each channel."""
    found: dict[str, RawEvent] = {}
    until = time.monotonic() + 60
    while set(found) < channels and time.monotonic() < until:
        event = stream.next(timeout=1)
        if isinstance(event, RawEvent):
            found.setdefault(event.channel, event)
    return found


def test_an_event_of_every_channel_of_the_catalogue_arrives(sandbox: Sandbox, broker: Broker) -> None:
    sockets = {api.name: api for api in APIS if api.is_frame}
    assert len(sockets) == 31
    channels = sockets.keys() - ENDS - QUESTIONS
    with broker.stream() as stream:
        for name in sorted(channels):
            stream.raw(name, *KEYS.get(name, (SAMSUNG,)))
        happen(sandbox, broker)
        found = taken(stream, set(channels))
    assert channels - found.keys() == set()
    for name, event in found.items():
        assert event.key == "".join(KEYS.get(name, (SAMSUNG,)))
        if name not in LIVE:
            assert {*event.fields} == {each.name for each in sockets[name].frame}
            assert (event.unknown, event.missing) == ((), ())
    # Those that meet a condition come first, as they were sent.
    assert [*found["ka10173"].fields] == ["jmcode"]
    assert {*found["usa20290"].fields} == {"jmcode", "stexTp"}
    assert found["00"].fields["9201"] == found["F5"].fields["9201"] == account_of(broker)
    assert found["0I"].decimal("10") == Decimal(found["0I"].fields["10"].lstrip("+-"))


def account_of(broker: Broker) -> str:
    return broker.adapter.account_number().get_secret_value()


def test_typed_and_raw_topics_share_a_registration(sandbox: Sandbox, broker: Broker) -> None:
    with broker.stream() as stream:
        typed, raw = stream.trades(SAMSUNG), stream.raw("0B", SAMSUNG)
        orders, notices = stream.orders(), stream.raw("00")
        sent = registered(sandbox)
        sandbox.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
        trade, row = typed.next(timeout=60), row_of(raw)
        assert isinstance(trade, TradeEvent)
        assert (trade.price, trade.quantity) == (row.decimal("10"), Decimal(3))
        assert row.fields["15"] == "+3"
        order = broker.buy(SAMSUNG, 1, price=broker.order_book(SAMSUNG).bids[3].price)
        told, notice = orders.next(timeout=60), row_of(notices)
        assert isinstance(told, OrderEvent)
        assert told.order_id == order.id == notice.fields["9203"].lstrip("0").zfill(len(order.id))
        typed.close()
        sandbox.exchange.trade(SAMSUNG, Side.SELL, Decimal(4))
        assert row_of(raw).fields["15"] == "-4"
        assert registered(sandbox) == sent == {("0B", SAMSUNG), ("00", "")}


def row_of(followed: Subscription[Any]) -> RawEvent:
    """Return what comes next."""
    event = followed.next(timeout=60)
    assert isinstance(event, RawEvent)
    return event


def registered(sandbox: Sandbox) -> set[tuple[str, str]]:
    """Return what the lines of Kiwoom's face are registered for."""
    stream = sandbox.face("kiwoom").stream
    assert stream is not None
    return {tuple(each) for line in stream.lines for each in line.state["session"].registrations}


def test_orders_and_fills_of_the_us_come_each_by_its_own_name(sandbox: Sandbox, broker: Broker) -> None:
    with broker.stream() as stream:
        orders, fills = stream.raw("F4"), stream.raw("F5")
        broker.buy(APPLE, 1, price=broker.order_book(APPLE).asks[0].price)
        taken_in, filled = row_of(orders), row_of(fills)
    assert (taken_in.channel, taken_in.fields["913"], "909" in taken_in.fields) == ("F4", "접수", False)
    assert (filled.channel, filled.decimal("911")) == ("F5", Decimal(1))


def test_a_live_condition_tells_who_meets_it_and_who_comes_and_goes(sandbox: Sandbox, broker: Broker) -> None:
    rising, dear = str([*SCREENS].index("상승")), "000660"
    with broker.stream() as stream:
        followed = stream.raw("조건검색 요청 실시간", rising)
        assert "jmcode" in row_of(followed).fields
        sandbox.exchange.move(dear, sandbox.exchange.instruments[dear].previous_close)
        while "843" not in (gone := row_of(followed)).fields:
            assert gone.unknown == ()
        assert (gone.fields["9001"], gone.fields["843"], gone.fields["841"]) == (dear, "D", f"{rising}  ")
        assert gone.fields.time("20") is not None


def test_fields_that_nobody_knows_are_kept_and_named(broker: Broker) -> None:
    feed = broker.adapter.feed
    assert feed is not None
    topic = Topic(StreamKind.RAW, SAMSUNG, None, "0E")
    values = {"21": "101500", "131": "7", "99901": "new"}
    frame = {"trnm": "REAL", "data": [{"type": "0E", "item": SAMSUNG, "name": "", "values": values}]}
    feed.register([feed.registration(topic)])
    (rows,) = feed.read(json.dumps(frame))
    assert isinstance(rows, Rows)
    assert (rows.registration, rows.unknown) == (feed.registration(topic), 1)
    event = feed.channel(topic).read(rows.rows[0], Venue.KRX, now())
    assert isinstance(event, RawEvent)
    assert (dict(event.fields), event.unknown) == (values, ("99901",))
    assert event.missing == ("132", "135", "136")


@pytest.mark.parametrize(
    ("channel", "keys", "kind", "words"),
    [
        ("0B", (), InvalidRequest, "needs a key"),
        ("00", (SAMSUNG,), InvalidRequest, "takes no key"),
        ("F5", ("ND:AAPL",), InvalidRequest, "takes no key"),
        ("FE", ("AAPL",), InvalidRequest, "exchange and code"),
        ("ka10173", ("상승",), InvalidRequest, "conditions have numbers"),
        ("ka10174", ("1",), Unsupported, "ends what ka10173 follows"),
        ("usa20291", ("1",), Unsupported, "ends what usa20290 follows"),
        ("0X", (SAMSUNG,), InvalidRequest, "There is no API 0X"),
        ("ka10171", (), Unsupported, "broker.call"),
        ("ka10059", (SAMSUNG,), Unsupported, "broker.call"),
    ],
)
def test_what_cannot_be_followed_is_refused_before_anything_is_opened(
    sandbox: Sandbox, broker: Broker, channel: str, keys: tuple[str, ...], kind: type[BrokerError], words: str
) -> None:
    with broker.stream() as stream, pytest.raises(kind, match=words):
        stream.raw(channel, *keys)
    face = sandbox.face("kiwoom").stream
    assert face is not None
    assert face.lines == []


def test_a_recording_has_raw_channels_without_the_account(sandbox: Sandbox, broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "raw.jsonl"
    with broker.stream() as stream:
        stream.record(path)
        for name in ("00", "04", "0B", "0E", "1h"):
            stream.raw(name, *KEYS.get(name, (SAMSUNG,)))
        happen(sandbox, broker)
        live = taken(stream, {"00", "04", "0B", "0E", "1h"})
    assert account_of(broker) not in path.read_text(encoding="utf-8")
    with broker.stream() as stream:
        played = first_of(stream.replay(path))
    assert played.keys() == live.keys()
    for name in ("0B", "0E", "1h"):
        assert dict(played[name].fields) == dict(live[name].fields)
    assert played["04"].fields["930"] == live["04"].fields["930"]
    assert set(live["04"].fields) - set(played["04"].fields) == {"9201"}


def test_a_recording_has_what_came_together_with_the_acknowledgement(
    sandbox: Sandbox, broker: Broker, tmp_path: Path
) -> None:
    path, count = tmp_path / "condition.jsonl", len(screened(sandbox.exchange, "상승"))
    with broker.stream() as stream:
        stream.record(path)
        followed = stream.condition(str([*SCREENS].index("상승")))
        live = [followed.next(timeout=60) for _ in range(count)]
    with broker.stream() as stream:
        assert [*stream.replay(path)] == live


def test_what_comes_over_the_socket_of_another_market_is_not_written_down(broker: Broker) -> None:
    """Its fields that tell whose an order is are known there."""
    feeds = broker.adapter.sockets
    row = {"type": "F4", "item": "AAPL", "values": {"9201": "5358486393", "9203": "000054698", "9001": "AAPL"}}
    frame = json.dumps({"trnm": "REAL", "data": [row]})
    assert feeds[""].recorded(frame) is None
    assert "5358486393" not in (feeds["US"].recorded(frame) or "5358486393")


def first_of(events: Iterator[Event]) -> dict[str, RawEvent]:
    found: dict[str, RawEvent] = {}
    for event in events:
        if isinstance(event, RawEvent):
            found.setdefault(event.channel, event)
    return found
