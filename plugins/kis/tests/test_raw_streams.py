"""Raw topics at KIS, over its socket in the sandbox: every channel by its own name, as it is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.client import KisClient, Settings
from brokerkit_kis.sandbox.stream import KisStream
from brokerkit_kis.sandbox.stream_frames import Frame
from brokerkit_kis.stream.feed import ACCOUNT, KisFeed
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from brokerkit import (
    BookEvent,
    Broker,
    Dropped,
    Gap,
    OrderEvent,
    RawEvent,
    Side,
    Stream,
    StreamKind,
    Topic,
    TradeEvent,
    Venue,
    clock,
    get_broker,
)
from brokerkit.catalogue import Catalogue
from brokerkit.errors import BrokerError, ConfigError, InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.stream.feed import Rows, Unreadable

SAMSUNG = "005930"
SECONDS = 60.0
APIS = Catalogue.at("brokerkit_kis")
CHANNELS = [api for api in APIS if api.effect == "stream"]
HAND = ("H0NXANC0", "H0IFCNI0", "H0MFCNI0", "H0EUCNI0", "HDFFF1C0", "HDFFF2C0")
"""Channels of what never happens in the sandbox: NXT has no auctions, and orders of futures wait for ever."""
PROFILE = Settings(
    app_key=SecretStr("k" * 36),
    app_secret=SecretStr("s" * 180),
    account=SecretStr("50012345-01"),
    hts_id=SecretStr("somebody"),
)
KEYS = {"HDFSCNT0": "DNASAAPL", "HDFSASP0": "DNASAAPL", "H0UPCNT0": "0001"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let registrations go out as fast as the sandbox takes them."""
    monkeypatch.setattr(KisFeed, "frames_per_second", 1000.0)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def broker(sandbox: Sandbox) -> Iterator[Broker]:
    with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        yield broker


@pytest.fixture
def stream(broker: Broker) -> Iterator[Stream]:
    with broker.stream() as stream:
        yield stream


@pytest.fixture
def socket(sandbox: Sandbox) -> KisStream:
    found = sandbox.face("kis").stream
    assert isinstance(found, KisStream)
    return found


def until(stream: Any, wanted: Callable[[Any], Any]) -> Any:
    """Return the first event that is as wanted."""
    while True:
        event = stream.next(timeout=SECONDS)
        assert event is not None, "Nothing came."
        if wanted(event):
            return event


def raw(stream: Any) -> RawEvent:
    event: RawEvent = until(stream, lambda event: isinstance(event, RawEvent))
    return event


def say(socket: KisStream, id: str, *records: str) -> None:
    """Let the server send a frame of its own."""
    (line,) = socket.lines
    line.send(Frame(id, records).written(line.state["cipher"]))


def cost(broker: Broker, symbol: str) -> Any:
    return broker.order_book(symbol).asks[0].price


# All of them


def told_by(stream: Stream, missing: set[str]) -> None:
    """Take events until all of these channels have told something that the catalogue has whole."""
    while missing:
        event = raw(stream)
        assert event.key or APIS.api(event.channel).sealed, event
        assert not event.unknown
        assert not event.missing
        missing.discard(event.channel)


@pytest.mark.parametrize("half", [0, 1])
def test_each_channel_of_the_catalogue_tells_something(
    sandbox: Sandbox, broker: Broker, stream: Stream, socket: KisStream, half: int
) -> None:
    home, abroad = sandbox.exchange, sandbox.exchanges["US"]
    ids = sorted(api.ids["real"][""] for api in CHANNELS)[half::2]
    assert (len(CHANNELS), len(ids)) == (60, 30)
    for id in ids:
        keys = () if APIS.api(id).sealed else (KEYS.get(id, SAMSUNG),)
        assert stream.raw(id, *keys).topics == (Topic(StreamKind.RAW, "".join(keys), None, id),)
    expected = {"H0STANC0", "H0UNANC0"} & {*ids}
    home.trade(SAMSUNG, Side.BUY, Decimal(3))
    abroad.trade("US:AAPL", Side.BUY, Decimal(3))
    broker.buy(SAMSUNG, 1, price=cost(broker, SAMSUNG))
    broker.buy("US:AAPL", 1, price=cost(broker, "US:AAPL"))
    home.halt(SAMSUNG)
    home.resume(SAMSUNG)
    for id in HAND:
        socket.tell(id)
    told_by(stream, {*ids} - expected)
    home.phase = Phase.CLOSING_AUCTION
    broker.buy(SAMSUNG, 1, price=broker.quote(SAMSUNG).price)
    told_by(stream, expected)


def test_the_demo_has_what_its_tables_have(sandbox: Sandbox) -> None:
    has = sorted(api.ids["demo"][""] for api in CHANNELS if "demo" in api.ids)
    assert has == ["H0GSCNI9", "H0IFCNI9", "H0STASP0", "H0STCNI9", "H0STCNT0"]
    with (
        Sandbox(environment="demo") as demo,
        get_broker("kis", environment="sandbox", sandbox=demo) as broker,
        broker.stream() as stream,
    ):
        for id in ("H0STCNI0", "H0STCNI9", "domestic_stock/ccnl_notice"):  # one and the same
            (topic,) = stream.raw(id).topics
            assert topic.channel == "H0STCNI9"
        bought = broker.buy(SAMSUNG, 1, price=cost(broker, SAMSUNG))
        event = raw(stream)
        assert event.fields["ODER_NO"].lstrip("0") == bought.id.lstrip("0")
        # Its rows are narrower, and from the nineteenth column on not as the catalogue says.
        assert event.unknown == ("19", "20", "21", "22", "23")
        assert {"ORD_COND_PRC", "ODER_PRC"} <= {*event.missing}
        with pytest.raises(Unsupported, match="ccnl_nxt"):
            stream.raw("H0NXCNT0", SAMSUNG)


# What is sent, as it is sent


def test_fields_stay_as_they_were_sent_and_are_read_on_demand(stream: Stream, sandbox: Sandbox) -> None:
    stream.raw("domestic_stock/ccnl_krx", SAMSUNG)
    before = sandbox.exchange.trades(SAMSUNG)
    sandbox.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
    trade = sandbox.exchange.trades(SAMSUNG)[len(before)]
    event = raw(stream)
    assert (event.channel, event.key, len(event.fields)) == ("H0STCNT0", SAMSUNG, 47)
    assert event.fields["stck_prpr"] == f"{trade.price:f}"
    assert (event.decimal("STCK_PRPR"), event.decimal("CNTG_VOL")) == (trade.price, trade.quantity)
    assert event.fields.time("STCK_CNTG_HOUR") == trade.time.time().replace(microsecond=0)
    assert event.fields.date("BSOP_DATE") == sandbox.exchange.today
    assert f"H0STCNT0 005930 MKSC_SHRN_ISCD=005930 STCK_CNTG_HOUR={trade.time:%H%M%S}" in str(event)
    assert f"{trade.price}" not in repr(event.fields)


def test_columns_that_are_new_or_missing_cost_no_event(stream: Stream, socket: KisStream) -> None:
    stream.raw("H0STNAV0", "069500")
    stream.raw("H0STCNT0", SAMSUNG)
    say(socket, "H0STNAV0", "069500^1^2^3^4^5^6^7^new", "069500^8^9^10^11^12^13^14^newer")
    first, second = (until(stream, lambda event: "9" in getattr(event, "unknown", ())) for _ in range(2))
    assert (first.fields["LPRC_NAV"], first.fields["9"], second.fields["NAV"]) == ("7", "new", "8")
    assert (first.unknown, first.missing) == (("9",), ())
    say(socket, "H0STNAV0", "069500^1^2^3^4^5")
    narrow = until(stream, lambda event: isinstance(event, RawEvent) and event.missing)
    assert narrow.missing == ("HPRC_NAV", "LPRC_NAV")
    assert {**narrow.fields}["OPRC_NAV"] == "5"
    say(socket, "H0STNAV0", "069500^1^2^3")
    short = until(stream, lambda event: isinstance(event, RawEvent) and len(event.fields) == 4)
    assert short.missing == ("NAV_PRDY_CTRT", "OPRC_NAV", "HPRC_NAV", "LPRC_NAV")
    say(socket, "H0STNAV0", "069500^1^2^3", "069500^1^2^3")  # or one row, and the count is wrong
    gap = until(stream, lambda event: isinstance(event, Gap))
    assert [(topic.channel, topic.symbol) for topic in gap.topics] == [("H0STNAV0", "069500")]


def test_what_cannot_be_read_as_a_number_is_said_by_the_event_and_not_by_the_stream(
    stream: Stream, socket: KisStream
) -> None:
    stream.raw("H0STNAV0", "069500")
    say(socket, "H0STNAV0", "069500^x^2^^4^5^6^7")
    event = until(stream, lambda event: isinstance(event, RawEvent) and event.fields["NAV"] == "x")
    assert event.decimal("NAV_PRDY_VRSS") is None
    with pytest.raises(BrokerError, match="NAV is not a number"):
        event.decimal("NAV")
    with pytest.raises(BrokerError, match="no field PRICE"):
        event.decimal("PRICE")


@settings(deadline=None)
@given(
    st.sampled_from([api.ids["real"][""] for api in CHANNELS]),
    st.integers(1, 3),
    st.lists(st.text(alphabet="0123456789.-+ |YNABC{٣", max_size=6), max_size=120),
)
def test_whatever_comes_of_a_channel_is_told_whole_or_cannot_be_read(id: str, rows: int, texts: list[str]) -> None:
    feed = KisFeed(KisClient(PROFILE, environment="real", remember_token=False), environment="real")
    feed.catalogue = "brokerkit_kis"
    topic = Topic(StreamKind.RAW, "" if APIS.api(id).sealed else SAMSUNG, None, id)
    feed.register([feed.registration(topic)])
    frame = f"0|{id}|{rows:03}|{'^'.join([SAMSUNG, *texts] * rows)}"
    for received in feed.read(frame):
        assert isinstance(received, Rows | Unreadable)
        for row in received.rows if isinstance(received, Rows) else ():
            event = feed.channel(topic).read(row, Venue.KRX, clock.now())
            assert isinstance(event, RawEvent)
            told, sent = [*event.fields.values()], [SAMSUNG, *texts]
            if APIS.api(id).sealed and not sent[ACCOUNT]:  # as in a recording, from which the number was taken
                sent[ACCOUNT] = PROFILE.account.get_secret_value()
            assert told in (sent, sent[1:])
            assert str(event)
    feed.recorded(frame)


# One registration for all


def test_a_raw_topic_and_a_typed_one_share_their_registration(
    broker: Broker, sandbox: Sandbox, socket: KisStream
) -> None:
    with broker.stream() as one, broker.stream() as other:
        typed, plain = one.trades(SAMSUNG), other.raw("H0STCNT0", SAMSUNG)
        other.raw("H0STCNT0", SAMSUNG)
        one.order_book(SAMSUNG)
        assert sorted(id for id, _ in socket._registered) == ["H0STASP0", "H0STCNT0"]
        sandbox.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
        trade, event = typed.next(SECONDS), plain.next(SECONDS)
        assert isinstance(trade, TradeEvent)
        assert isinstance(event, RawEvent)
        assert event.decimal("STCK_PRPR") == trade.price
        typed.close()
        sandbox.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
        assert isinstance(plain.next(SECONDS), RawEvent)
        assert isinstance(until(one, lambda event: isinstance(event, BookEvent)), BookEvent)
        other.close()
        one.trades("000660")  # answered behind what was released before
        assert ("H0STCNT0", SAMSUNG) not in socket._registered


def test_a_cut_is_a_gap_of_raw_topics_too(stream: Stream, sandbox: Sandbox, socket: KisStream) -> None:
    followed = stream.raw("H0STCNT0", SAMSUNG)
    socket.lines[0].cut()
    gap = until(followed, lambda event: isinstance(event, Gap) and event.until is not None)
    assert gap.topics == followed.topics
    sandbox.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
    assert raw(followed).key == SAMSUNG


def test_ten_thousand_events_of_a_key_wait_and_what_is_dropped_is_told(stream: Stream, socket: KisStream) -> None:
    followed = stream.raw("H0STNAV0", "069500")
    number = 10_003
    for first in range(0, number, 900):
        say(socket, "H0STNAV0", *(f"069500^{each}^2^3^4^5^6^7" for each in range(first, min(first + 900, number))))
    stream.raw("H0STNAV0", "069500", "229200")  # answered behind them
    assert isinstance(dropped := followed.next(SECONDS), Dropped)
    assert dropped.number >= 3
    assert dropped.topic == followed.topics[0]
    assert isinstance(followed.next(SECONDS), RawEvent)


def test_rows_of_what_is_not_followed_any_more_are_nobody_elses(stream: Stream, socket: KisStream) -> None:
    gone = stream.raw("H0IFCNT0", "101W09")
    stream.raw("H0IFCNT0", "101W12")
    gone.close()
    stream.raw("H0STCNT0", SAMSUNG)  # answered behind what was released before
    rows = ["^".join([key, *map(str, range(49))]) for key in ("101W09", "A01612", "101W12")]
    for row in rows:
        say(socket, "H0IFCNT0", row)
    codes = []
    while "101W12" not in codes:
        codes.append(raw(stream).fields["FUTS_SHRN_ISCD"])
    assert "101W09" not in codes
    assert "A01612" in codes, "of one registration alone it is, however its key is spelt"
    stream.raw("H0IFCNT0", "101W06")
    for row in rows[:2]:
        say(socket, "H0IFCNT0", row)
    gaps = [until(stream, lambda event: isinstance(event, Gap)) for _ in range(2)]
    assert all("of no key that is registered" in gap.detail for gap in gaps)
    assert {topic.symbol for gap in gaps for topic in gap.topics} == {"101W06", "101W12"}


# Notices of own orders


def test_encrypted_notices_come_raw_beside_the_events_that_are_made_of_them(broker: Broker, stream: Stream) -> None:
    stream.raw("H0STCNI0")
    typed = stream.orders(market="KR")
    bought = broker.buy(SAMSUNG, 1, price=cost(broker, SAMSUNG))
    event, order = raw(stream), until(typed, lambda event: isinstance(event, OrderEvent))
    assert event.key == ""
    assert event.fields["ODER_NO"].lstrip("0") == order.order_id.lstrip("0") == bought.id.lstrip("0")
    assert event.fields["CUST_ID"]
    assert event.fields["CUST_ID"] not in str(event)
    assert event.fields["ACNT_NO"] not in str(event) + repr(event)


def test_orders_that_wait_for_ever_are_told_as_taken_changed_and_taken_back(broker: Broker, stream: Stream) -> None:
    stream.raw("H0IFCNI0")
    stream.raw("HDFFF1C0")
    home = {"ORD_PRCS_DVSN_CD": "02", "ORD_QTY": "2", "UNIT_PRICE": "350.00", "ORD_DVSN_CD": "01"}
    codes = {"NMPR_TYPE_CD": "01", "KRX_NMPR_CNDT_CD": "0"}
    order = {"SLL_BUY_DVSN_CD": "02", "SHTN_PDNO": "101W12", **codes}
    bought = broker.call("domestic_futureoption/order/day", {**home, **order})
    taken = raw(stream).fields
    assert taken["ODER_NO"] == bought.order_id
    wanted = {"STCK_SHRN_ISCD": "101W12", "SELN_BYOV_CLS": "02", "RCTF_CLS": "0", "CNTG_YN": "1", "ODER_QTY": "2"}
    assert wanted.items() <= dict(taken).items()
    back = {**home, **codes, "RVSE_CNCL_DVSN_CD": "02", "ORGN_ODNO": bought.order_id, "RMN_QTY_YN": "Y"}
    broker.call("domestic_futureoption/order_rvsecncl/day", back)
    gone = raw(stream).fields
    assert (gone["OODER_NO"], gone["RCTF_CLS"], gone["STCK_SHRN_ISCD"]) == (bought.order_id, "2", "101W12")
    abroad = {"OVRS_FUTR_FX_PDNO": "CLZ26", "SLL_BUY_DVSN_CD": "01", "PRIC_DVSN_CD": "1", "FM_LIMIT_ORD_PRIC": "70"}
    marks = dict.fromkeys(("CPLX_ORD_DVSN_CD", "FM_LQD_USTL_CCLD_DT", "FM_LQD_USTL_CCNO", "FM_STOP_ORD_PRIC"), "0")
    rest = {"FM_ORD_QTY": "3", "CCLD_CNDT_CD": "6", "ECIS_RSVN_ORD_YN": "N", "FM_HDGE_ORD_SCRN_YN": "N"}
    blank = dict.fromkeys(("FM_LQD_LMT_ORD_PRIC", "FM_LQD_STOP_ORD_PRIC"), "0")
    sold = broker.call("overseas_futureoption/order", {**abroad, **marks, **rest, **blank})
    event = raw(stream)
    assert (event.channel, event.fields["ODNO"]) == ("HDFFF1C0", sold.order_id)
    assert (event.fields["SERIES"], event.fields["SLL_BUY_DVSN_CD"], event.decimal("ORD_REMQ")) == ("CLZ26", "01", 3)


def test_a_notice_that_is_not_encrypted_is_no_notice(stream: Stream, socket: KisStream) -> None:
    stream.raw("HDFFF1C0")
    say(socket, "HDFFF1C0", "^".join(["x"] * 33))
    gap = until(stream, lambda event: isinstance(event, Gap))
    assert "not encrypted" in gap.detail


# Written down


def test_what_is_written_down_is_played_back_without_persons(
    broker: Broker, sandbox: Sandbox, socket: KisStream, tmp_path: Path
) -> None:
    path = tmp_path / "raw.jsonl"
    keys = sandbox.face("kis").credentials
    with broker.stream() as stream:
        stream.record(path)
        for id, *symbols in (("H0STCNT0", SAMSUNG), ("H0STCNI0",), ("HDFFF1C0",), ("HDFFF020", "CLZ26")):
            stream.raw(id, *symbols)
        broker.buy(SAMSUNG, 1, price=cost(broker, SAMSUNG))
        socket.tell("HDFFF1C0")
        seen: dict[str, RawEvent] = {}
        while len(seen) < 4:
            event = raw(stream)
            seen.setdefault(event.channel, event)
    text = path.read_text(encoding="utf-8")
    assert keys.hts_id is not None
    for person in (keys.hts_id, keys.account.replace("-", ""), seen["H0STCNI0"].fields["ACNT_NAME"]):
        assert person not in text
    topics = [json.loads(line)["topics"] for line in text.splitlines() if '"topics"' in line]
    assert topics[-1] == [
        ["RAW", "", None, "", "H0STCNI0"],
        ["RAW", "", None, "", "HDFFF1C0"],
        ["RAW", "005930", None, "005930", "H0STCNT0"],
        ["RAW", "CLZ26", None, "CLZ26", "HDFFF020"],
    ]
    with broker.stream() as stream:
        again: dict[str, RawEvent] = {}
        for event in stream.replay(path):
            assert isinstance(event, RawEvent), event
            again.setdefault(event.channel, event)
    assert [again[id] for id in ("H0STCNT0", "HDFFF020")] == [seen[id] for id in ("H0STCNT0", "HDFFF020")]
    for id, account in (("H0STCNI0", keys.account.replace("-", "")), ("HDFFF1C0", keys.account.replace("-", ""))):
        kept = {name: value for name, value in again[id].fields.items() if value and value != account}
        assert kept.items() <= seen[id].fields.items()
        assert (
            again[id].fields["ODER_NO" if id == "H0STCNI0" else "ODNO"]
            == seen[id].fields["ODER_NO" if id == "H0STCNI0" else "ODNO"]
        )


def test_notices_of_another_account_of_the_login_come_and_are_not_written_down(
    broker: Broker, sandbox: Sandbox, socket: KisStream, tmp_path: Path
) -> None:
    path = tmp_path / "raw.jsonl"
    with broker.stream() as stream:
        stream.record(path)
        stream.raw("H0STCNI0")
        (line,) = socket.lines
        row = ["someone", "2222222201", "77", "", "02", "0", "00", "0", SAMSUNG, "1", "69000", "100000", "0", "1", "1"]
        frame = Frame("H0STCNI0", ["^".join([*row, "06010", "1", "Somebody", *[""] * 8])], is_encrypted=True)
        line.send(frame.written(line.state["cipher"]))
        assert raw(stream).fields["ACNT_NO"] == "2222222201"
    text = path.read_text(encoding="utf-8")
    assert "frame" not in text
    assert "2222222201" not in text


# What cannot be


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (("FHKST01010100", SAMSUNG), Unsupported, "broker.call"),
        (("domestic_stock/inquire_price", SAMSUNG), Unsupported, "broker.call"),
        (("H0STCNT", SAMSUNG), InvalidRequest, "H0STCNT0"),
        (("0B", SAMSUNG), InvalidRequest, "one of kiwoom"),
        (("H0STCNT0",), InvalidRequest, "needs a key"),
        (("H0STCNT0", ""), InvalidRequest, "blank"),
        (("H0STCNT0", SAMSUNG, " "), InvalidRequest, "blank"),
        (("H0STCNT0", "005930\x00"), InvalidRequest, "cannot be seen"),
        (("H0STCNT0", 5930), InvalidRequest, "not as int"),
        (("H0STCNT0", [SAMSUNG]), InvalidRequest, "one by one"),
        (("H0STCNI0", "somebody"), InvalidRequest, "hts_id"),
        ((None,), InvalidRequest, "as a text"),
        (("",), InvalidRequest, "as a text"),
        (("H0STCNT0", *map(str, range(42))), InvalidRequest, "takes 41 registrations"),
    ],
)
def test_what_cannot_be_is_refused_before_a_line_is_opened(
    stream: Stream, socket: KisStream, asked: tuple[Any, ...], error: type[BrokerError], words: str
) -> None:
    with pytest.raises(error) as caught:
        stream.raw(*asked)
    assert words in str(caught.value)
    assert not socket.lines
    assert not stream._inbox.topics()


def test_what_kis_refuses_is_raised_where_it_is_followed(stream: Stream, sandbox: Sandbox) -> None:
    followed = stream.raw("H0STCNT0", SAMSUNG)
    with pytest.raises(UnknownSymbol, match="invalid tr_key"):
        stream.raw("H0STCNT0", "999999")
    sandbox.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
    assert raw(followed).key == SAMSUNG


def test_without_a_login_name_no_notices_are_followed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker, broker.stream() as stream:
        feed = broker.adapter.feed
        assert isinstance(feed, KisFeed)
        monkeypatch.setattr(feed.client, "settings", feed.client.settings.model_copy(update={"hts_id": None}))
        with pytest.raises(ConfigError, match="login name"):
            stream.raw("H0IFCNI0")


def test_a_broker_says_that_it_has_raw_topics(broker: Broker) -> None:
    assert broker.supports("stream.raw")
    assert broker.supports("stream.raw", market="US")


def test_the_twin_of_asyncio_follows_them_too(broker: Broker, socket: KisStream) -> None:
    async def followed() -> RawEvent | Gap | Dropped | None:
        async with broker.stream() as stream, stream.raw("etfetn/etf_nav_trend", "069500") as navs:
            return await navs.next(timeout=SECONDS)

    event = asyncio.run(followed())
    assert isinstance(event, RawEvent)
    assert (event.channel, event.key) == ("H0STNAV0", "069500")
