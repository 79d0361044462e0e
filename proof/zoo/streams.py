"""Realtime sides that tell what is not so, or say nothing of what they do not know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.sandbox.face import KisFace
from brokerkit_kis.stream.feed import KisFeed
from brokerkit_kis.wire.columns import Row
from brokerkit_kiwoom.adapter import KiwoomAdapter
from brokerkit_kiwoom.sandbox.face import KiwoomFace
from brokerkit_kiwoom.stream.feed import KiwoomFeed

from brokerkit.stream.events import OrderChange
from brokerkit.stream.feed import Acknowledged, Channel, Received, Refused, Reply, Rows, Unreadable
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Venue
from proof.zoo.cages import bad


@bad("a_registration_that_the_broker_refuses_is_raised", "nothing is raised", of=KiwoomAdapter, face=KiwoomFace)
class TakesRefusalsForDone(KiwoomFeed):
    """Takes every answer to a registration for its acknowledgement."""

    def read(self, text: str) -> Iterable[Received]:
        return [Acknowledged() if isinstance(item, Refused) else item for item in super().read(text)]


@bad("books_are_told_as_they_change", "asks are", "bids are", of=KisAdapter, face=KisFace)
class AsksForBids(KisFeed):
    """Tells the side of those who buy as that of those who sell."""

    def channel(self, topic: Topic) -> Channel:
        found = super().channel(topic)

        def turned(row: Any, venue: Venue, received_at: dt.datetime) -> Any:
            book: Any = found.read(row, venue, received_at)
            return book._replace(asks=book.bids, bids=book.asks)

        return replace(found, read=turned) if topic.kind is StreamKind.ORDER_BOOK else found


@bad("trades_are_told_as_they_happen", "trades are told by stream", "and there were", of=KisAdapter, face=KisFace)
class LosesTheLastRecord(KisFeed):
    """Leaves out the last record of a frame that has several."""

    def read(self, text: str) -> Iterable[Received]:
        for item in super().read(text):
            yield item._replace(rows=item.rows[:-1]) if isinstance(item, Rows) and len(item.rows) > 1 else item


@bad("orders_of_other_accounts_are_not_told", "is another one", of=KisAdapter, face=KisFace)
class TellsWhatTheLoginHas(KisFeed):
    """Tells notices of whatever account the login name has."""

    def _is_own(self, row: Row) -> bool:
        return True


@bad("own_orders_are_told_as_they_go", "told otherwise than they went", of=KiwoomAdapter, face=KiwoomFace)
class CountsFillsTwice(KiwoomFeed):
    """Tells the shares of a fill twice, as if each notice were another one."""

    def read(self, text: str) -> Iterable[Received]:
        for item in super().read(text):
            if isinstance(item, Rows) and item.registration.channel == "00":
                item = item._replace(rows=[row for row in item.rows for _ in range(2)])
            yield item

    def channel(self, topic: Topic) -> Channel:
        found = super().channel(topic)

        def nameless(row: Any, venue: Venue, received_at: dt.datetime) -> Any:
            notice: Any = found.read(row, venue, received_at)
            is_fill = notice is not None and notice.change is OrderChange.FILLED
            return notice._replace(identity="", filled_quantity=None) if is_fill else notice

        return replace(found, read=nameless) if topic.kind is StreamKind.ORDERS else found


@bad(
    "heartbeats_are_answered_while_nobody_takes_what_is_told",
    "Heartbeats are not answered",
    of=KiwoomAdapter,
    face=KiwoomFace,
)
class DeafToHeartbeats(KiwoomFeed):
    """Answers no heartbeat."""

    def read(self, text: str) -> Iterable[Received]:
        return [item for item in super().read(text) if not isinstance(item, Reply)]


@bad("frames_of_another_shape_are_read", "this is told of them", "Gap", of=KisAdapter, face=KisFace)
class KnowsAllColumns(KisFeed):
    """Takes a frame with a column that is new for one that cannot be read."""

    def read(self, text: str) -> Iterable[Received]:
        for item in super().read(text):
            if isinstance(item, Rows) and item.unknown:
                yield Unreadable("a row is too long", item.registration)
            else:
                yield item
