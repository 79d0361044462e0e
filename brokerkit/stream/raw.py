"""Raw topics: which channel of the broker is meant, and rows of it as events."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from brokerkit.catalogue import Api, Catalogue
from brokerkit.errors import InvalidRequest
from brokerkit.logs import about
from brokerkit.raw.calls import channel_of
from brokerkit.raw.reply import RawRow
from brokerkit.stream.events import RawEvent
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Venue

logger = logging.getLogger("brokerkit")


class RawFeed(Protocol):
    """What raw topics need of a `Feed`."""

    client: Any
    environment: str

    @property
    def apis(self) -> Catalogue:
        """All APIs of the broker."""

    def raw_keys(self, api: Api, keys: Sequence[str]) -> Sequence[str]:
        """Return the keys of a raw topic."""

    def fields_of(self, api: Api, row: Any) -> Mapping[str, str]:
        """Return what stands in a row by the broker's own names."""


class Sockets(Protocol):
    """The realtime sides of a broker, each with a socket of its own."""

    @property
    def feeds(self) -> Mapping[str, RawFeed]:
        """By name; the main one has a blank one."""

    def socket_of(self, topic: Topic) -> str:
        """Return the name of the one that tells of a topic."""


@dataclass(frozen=True)
class Reading:
    """Makes events of the rows of a raw topic."""

    feed: RawFeed
    api: Api
    topic: Topic

    def __call__(self, row: Any, venue: Venue, received_at: dt.datetime) -> RawEvent:
        feed, api = self.feed, self.api
        fields = RawRow(api, api.columns, feed.fields_of(api, row), feed.client.clean)
        return RawEvent(self.topic.channel, self.topic.symbol, received_at, fields)


def raw_topics(sockets: Sockets, channel: str, keys: Sequence[str]) -> list[Topic]:
    """Return the topics of a channel, one for each key; InvalidRequest or Unsupported for what is none."""
    main = sockets.feeds[""]
    api, an_id, odd = channel_of(main.apis, main.environment, channel)
    for words in odd:
        logger.warning(
            "%s: %s", main.client.broker, words, extra=about("channel_odd", broker=main.client.broker, channel=channel)
        )
    feed = sockets.feeds[sockets.socket_of(Topic(StreamKind.RAW, channel=an_id))]
    given = [_checked(key) for key in keys]
    return [Topic(StreamKind.RAW, key, None, an_id) for key in dict.fromkeys(feed.raw_keys(api, given))]


def _checked(key: str) -> str:
    if not isinstance(key, str):
        kind = type(key).__name__
        words = f"A key is a text, not as {kind}."
        if isinstance(key, list | tuple | set):
            words = f"Keys are given one by one, each as a text, not as {kind}."
        raise InvalidRequest(words, advice="Nothing was sent.")
    if not key.strip() or not key.isprintable():
        raise InvalidRequest("A key is blank, or has characters that cannot be seen.", advice="Nothing was sent.")
    return key.strip()
