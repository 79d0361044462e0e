"""The realtime side of Kiwoom for the US: a socket of its own at the same host."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from brokerkit import clock
from brokerkit.catalogue import Api
from brokerkit.errors import UnknownSymbol
from brokerkit.stream.events import Notice, OrderChange, RawEvent
from brokerkit.stream.feed import Channel, Registration, Told
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Venue
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks import stream as stocks
from brokerkit_kiwoom.stream.feed import KiwoomFeed
from brokerkit_kiwoom.us import stream as us
from brokerkit_kiwoom.us.spelling import EXCHANGE, SEARCH, code_of
from brokerkit_kiwoom.wire import frames
from brokerkit_kiwoom.wire.rows import REAL, channel

ANY_ITEM = {"jmcode": "NVDA", "stex_tp": "ND"}
"""Item under which own orders are registered, as in the vendor's example: at home all of an account come, whatever it
is. Whether they do here no page tells; where no notice comes of an order that was sent, the lists are read."""


EXCHANGE_AND_CODE = "[A-Z]{2}:.+"
"""How keys are spelt: what stands in stex_tp and jmcode of an item."""


class KiwoomUsFeed(KiwoomFeed):
    """Frames of Kiwoom's socket for the US."""

    path: ClassVar[str] = frames.US_PATH
    live: ClassVar[str] = "usa20290"  # 미국주식 조건검색 요청 실시간
    ends: ClassVar[str] = "usa20291"  # 미국주식 조건검색 실시간 해제
    without_key = frozenset(us.OWN)
    asked_with: ClassVar[Mapping[str, str]] = {}
    list_frame: ClassVar[str] = frames.US_LIST
    search_frame: ClassVar[str] = frames.US_SEARCH
    clear_frame: ClassVar[str] = frames.US_CLEAR
    misspelt: ClassVar[Mapping[str, str]] = {"GCNSRLT": frames.US_LIST, frames.SEARCH: frames.US_SEARCH}
    known: ClassVar[Mapping[str, frozenset[str]]] = {
        **us.KNOWN,
        stocks.CONDITION_ID: stocks.KNOWN[stocks.CONDITION_ID],  # as at home: no page tells
    }
    # Whether the mock host has them is not told.
    channels: ClassVar[Mapping[tuple[str, StreamKind], Mapping[Venue | None, Channel]]] = {
        ("US", StreamKind.TRADES): {Venue.US: channel(us.TRADE_ID, us.trade, REAL)},
        ("US", StreamKind.QUOTES): {Venue.US: channel(us.TRADE_ID, us.quote, REAL)},
        ("US", StreamKind.ORDER_BOOK): {Venue.US: channel(us.BOOK_ID, us.book, REAL)},
        ("US", StreamKind.ORDERS): {None: channel(us.ORDER_ID, us.order, REAL)},
    }
    not_told: ClassVar[Mapping[tuple[str, StreamKind], frozenset[str]]] = {
        ("US", StreamKind.TRADES): frozenset({"side"}),
    }

    def __init__(self, client: KiwoomClient, *, environment: str) -> None:
        super().__init__(client, environment=environment)
        self._keys: dict[str, str] = {}
        """Code to the key under which it was registered."""
        self._unfilled: set[str] = set()
        """Orders that were seen to begin, and of which no fill came since."""

    def join(self) -> None:
        super().join()
        self._unfilled.clear()

    def key_of(self, topic: Topic) -> str:
        """Return exchange and code, such as `ND:AAPL`."""
        if topic.kind is StreamKind.RAW:
            return topic.symbol
        if topic.kind is StreamKind.ORDERS:
            self.know_account()
            return ""
        instrument = self.listed(topic.symbol)
        if instrument is None or instrument.market is None:
            broker = self.client.broker
            raise UnknownSymbol(f"{broker} does not list {topic.symbol}.", broker=broker, advice=SEARCH)
        return f"{EXCHANGE[instrument.market]}:{code_of(topic.symbol)}"

    def channel(self, topic: Topic) -> Channel:
        found = super().channel(topic)
        is_dated = topic.kind is not StreamKind.RAW
        return replace(found, read=partial(self._by_its_clock, found.read)) if self.is_simulated and is_dated else found

    def registered_as(self, found: Channel, name: str) -> Channel:
        if name not in us.OWN:
            return super().registered_as(found, name)
        return Channel(
            {self.environment: us.ORDER_ID}, lambda row, *at: found.read(row, *at) if row["type"] == name else None
        )

    def spelt(self, api: Api) -> tuple[str, str]:
        return (
            super().spelt(api)
            if api.name == self.live
            else (EXCHANGE_AND_CODE, "write exchange and code, as in ND:AAPL")
        )

    def _by_its_clock(
        self, read: Callable[[Any, Venue, dt.datetime], Told | None], row: Any, venue: Venue, received_at: dt.datetime
    ) -> Told | None:
        """Read a row of a sandbox, whose exchange has a clock of its own: what is near it is the time of a row."""
        now = self.now("US")
        told = read(row, venue, received_at if now is None else received_at + (now - clock.now()))
        if told is None or isinstance(told, RawEvent):
            return told
        return told._replace(received_at=received_at, time=None if now is None else told.time)

    def data(self, registrations: Iterable[Registration]) -> list[dict[str, Any]]:
        items: dict[str, list[Mapping[str, str]]] = {}
        for kind, key in registrations:
            exchange, _, code = key.partition(":")
            self._keys[code] = key
            items.setdefault(kind, []).append({"jmcode": code, "stex_tp": exchange} if key else ANY_ITEM)
        return [{"item": those, "type": [*us.OWN] if kind == us.ORDER_ID else [kind]} for kind, those in items.items()]

    def place(self, channel: str, entry: Mapping[str, Any], values: Mapping[str, Any]) -> Registration:
        """Return the registration of an entry, whose item is the code alone."""
        if channel in us.OWN:
            return Registration(us.ORDER_ID, "")
        if stocks.CONDITION in values:  # no page tells what comes of a live condition: as at home
            return Registration(stocks.CONDITION_ID, values[stocks.CONDITION].strip(" "))
        item = entry["item"]
        code = (item["jmcode"] if isinstance(item, Mapping) else item).strip()
        return Registration(channel, self._keys.get(code, code))

    def order(self, row: Any, venue: Venue, received_at: dt.datetime) -> Notice:
        """Read an own order; of a fill that is not its first one alone what was filled in all."""
        notice = us.order(row, Venue.US, received_at)
        if notice.change in (OrderChange.ACCEPTED, OrderChange.AMENDED):
            self._unfilled.add(notice.order_id)
        elif notice.order_id in self._unfilled:
            self._unfilled.discard(notice.order_id)
        elif notice.change is OrderChange.FILLED:
            return notice._replace(last_quantity=None, last_price=None)
        return notice

    def without_owner(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return us.without_owner(row)
