"""What an adapter tells of its realtime side: frames in and out, and no socket.

A feed names the address, writes the frames that open, register and release, and reads what comes. The core owns the
socket, counts registrations, keeps the pace, reconnects, and hands each event to the streams that want it.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from pydantic import SecretStr

from brokerkit import clock
from brokerkit.catalogue import Api
from brokerkit.errors import BrokerError, InvalidRequest, Unsupported
from brokerkit.models import Instrument
from brokerkit.stream.events import BookEvent, ConditionEvent, Notice, QuoteEvent, RawEvent, SessionEvent, TradeEvent
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.transport import Client
from brokerkit.words import Venue

if TYPE_CHECKING:
    from brokerkit.catalogue import Catalogue

C = TypeVar("C", bound=Client)
Told = TradeEvent | BookEvent | QuoteEvent | SessionEvent | ConditionEvent | RawEvent | Notice
"""What a row becomes."""


class Registration(NamedTuple):
    """What the broker sends once it is registered: a channel of a key. Two topics can share one."""

    channel: str
    """The broker's id, such as H0STCNT0 or 0B."""
    key: str
    """As it stands in frames: a symbol in the broker's spelling; blank for own orders and for all of a venue."""


@dataclass(frozen=True)
class Channel:
    """What a broker sends about one kind of topic."""

    ids: Mapping[str, str]
    """Environment to the broker's id; one that is missing has not got it."""
    read: Callable[[Any, Venue, dt.datetime], Told | None]
    """Makes an event of a row, the venue that was asked for, and the moment at which it was received.

    None for a row that is nothing to tell. A ValueError (also one of pydantic) for a row that is not as documented.
    """


# What reading a frame brings


class Rows(NamedTuple):
    """Rows of one registration, in the order in which they came."""

    registration: Registration
    rows: Sequence[Any]
    unknown: int = 0
    """Values of each row that are of no column we know; they are kept in it."""


class Opened(NamedTuple):
    """The broker has let us in; registrations can follow."""


class Acknowledged(NamedTuple):
    """The frame that was last sent to register or release was taken."""


class Refused(NamedTuple):
    """The frame that was last sent to open, register or release was not taken."""

    error: BrokerError
    heals: bool
    """Whether the same may succeed later, after a reconnect."""


class Ended(NamedTuple):
    """The broker ends the connection, and says why."""

    error: BrokerError
    heals: bool
    """Whether another connection may be made. False: keys that are wrong, or in use elsewhere."""


class Reply(NamedTuple):
    """The broker wants this text back, as it is: its heartbeat."""

    text: str


class Answer(NamedTuple):
    """The answer to a question that was asked over the socket, such as a list of conditions."""

    name: str
    body: Any


class Page(NamedTuple):
    """A page of what was asked for by name."""

    body: Mapping[str, Any]
    """As the broker sent it; rows that came without names have those of the catalogue."""
    is_last: bool


class Unreadable(NamedTuple):
    """A frame, or a part of one, that is not as documented; never with what stood in it that is secret."""

    words: str
    registration: Registration | None = None


Received = Rows | Opened | Acknowledged | Refused | Ended | Reply | Answer | Unreadable


def _no_list(symbol: str) -> Instrument | None:
    raise RuntimeError("A feed knows what is listed once a Broker has its adapter.")


class Feed(ABC, Generic[C]):
    """The realtime side of an adapter. It has no socket, no thread and no clock."""

    channels: ClassVar[Mapping[tuple[str, StreamKind], Mapping[Venue | None, Channel]]]
    """(market, kind) to the channels by venue; the venue is None where the topic has none."""
    not_told: ClassVar[Mapping[tuple[str, StreamKind], frozenset[str]]] = {}
    """(market, kind) to the fields of its events that the broker does not tell: they are always None."""
    without_key: ClassVar[frozenset[str]] = frozenset()
    """Channels that are followed without a key: they come of the account, or of a venue."""
    most_registrations: ClassVar[int]
    """So many a connection takes."""
    at_once: ClassVar[int] = 1
    """Registrations that one frame takes."""
    frames_per_second: ClassVar[float] = 5.0
    """Frames that register or release."""
    heartbeat_seconds: ClassVar[float]
    """Seconds of silence on the line, heartbeats included, after which it counts as dead."""
    path: ClassVar[str] = ""
    """How the paths of those APIs of the catalogue begin that come over this socket; blank: all."""
    extra: ClassVar[str | None] = None
    """A library beside websockets without which the feed cannot work, as it is imported; the extra `stream` has it."""

    def __init__(self, client: C, *, environment: str) -> None:
        """`environment` is the one whose ids and hosts are used: "real" or "demo"."""
        self.client = client
        self.environment = environment
        self.listed: Callable[[str], Instrument | None] = _no_list
        """What a symbol is by the day's list, as `Part.listed`: for keys that name its exchange."""
        self.now: Callable[[str], dt.datetime | None] = lambda market: clock.now()
        """The present moment in a market; None in a sandbox whose clock nobody here can see."""
        self.catalogue: str | None = None
        """The package that holds all APIs of the broker as data, as `Adapter.catalogue`."""

    def afresh(self, environment: str) -> Self:
        """Return another feed of the same client that has registered nothing yet."""
        made = type(self)(self.client, environment=environment)
        made.listed, made.now, made.catalogue = self.listed, self.now, self.catalogue
        return made

    # What the core asks

    @abstractmethod
    def address(self) -> str:
        """Return the URL of the socket; a ConfigError where the settings do not allow to use it."""

    @abstractmethod
    def open(self) -> Sequence[SecretStr]:
        """Return the frames that open a connection that was just made, of which the last is answered by `Opened`.

        Without any the connection is open at once. It may ask the broker for a key by REST: nothing waits for it.
        """

    def join(self) -> None:
        """Begin on a line that another process has opened: forget what was of the line before, and ask nobody.

        What is registered then is asked of that process, which sends what the broker says to it, and rows as they come.
        """

    @abstractmethod
    def register(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        """Return the frames that register up to `at_once` of them; each is answered before the next is sent."""

    @abstractmethod
    def release(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        """Return the frames that end up to `at_once` of them."""

    @abstractmethod
    def read(self, text: str) -> Iterable[Received]:
        """Return what a frame brings. It never raises: what cannot be read is `Unreadable`."""

    @abstractmethod
    def key_of(self, topic: Topic) -> str:
        """Return how the broker spells the key of a topic; InvalidRequest or ConfigError where it cannot be."""

    @abstractmethod
    def recorded(self, text: str) -> str | None:
        """Return a received frame as it may be written down, without keys, account, name and numbers of persons.

        What it returns is read as the frame was, but for what was taken out; None for what nobody needs again.
        """

    def weight(self, registrations: Collection[Registration]) -> int:
        """Return how many of `most_registrations` these take together."""
        return len(registrations)

    def plain_hosts(self) -> Collection[str]:
        """Return the hosts, each as `host:port`, that the profile allows to be reached without TLS: none of itself.

        Only hosts of the broker's own that speak nothing else, and only where the profile has the option for it.
        """
        return ()

    def pages(self, api: Api, values: Mapping[str, Any], ask: Callable[[str, str], Any]) -> Iterator[Page]:
        """Ask over the socket for what an API tells, and yield page by page. Raises what the broker refuses.

        `ask` sends a frame, and returns the body of the `Answer` of a name.
        """
        raise Unsupported(
            f"{self.client.broker} answers no questions over its socket.",
            advice="Nothing was sent. broker.stream() follows what comes there.",
        )

    # What raw topics need

    def fields_of(self, api: Api, row: Any) -> Mapping[str, str]:
        """Return what stands in a row by the broker's own names; without one in the catalogue by its number.

        Only feeds that have it can follow raw topics.
        """
        raise NotImplementedError

    def raw_keys(self, api: Api, keys: Sequence[str]) -> Sequence[str]:
        """Return the keys of a raw topic, one blank one where it needs none; InvalidRequest for any that cannot be."""
        if not keys:
            raise InvalidRequest(
                f"{api.name} needs a key, such as a symbol as {self.client.broker} spells it.",
                advice="Nothing was sent. Give one key or more behind the channel.",
            )
        return keys

    # What the core makes of the tables

    @property
    def apis(self) -> Catalogue:
        """All APIs of the broker; Unsupported where it has no catalogue of them, or its feed does not read by it."""
        from brokerkit.catalogue import Catalogue

        if self.catalogue is None or not self.reads_raw():
            raise Unsupported(
                f"{self.client.broker} has no catalogue of what comes over its socket, so none of it can be followed "
                "by name.",
                advice="Nothing was sent.",
            )
        return Catalogue.at(self.catalogue)

    def carries(self, channel: str) -> bool:
        """Say whether a channel of the catalogue comes over this socket."""
        return self.apis.api(channel).path.startswith(self.path)

    @classmethod
    def reads_raw(cls) -> bool:
        """Say whether the adapter reads rows by the catalogue."""
        return cls.fields_of is not Feed.fields_of

    def channel(self, topic: Topic) -> Channel:
        """Return the channel of a topic; Unsupported, with what there is, if the broker has none."""
        if topic.kind is StreamKind.RAW:
            from brokerkit.stream.raw import Reading  # here: who follows prices needs none of it

            return Channel({self.environment: topic.channel}, Reading(self, self.apis.api(topic.channel), topic))
        market = topic.market
        venues = self.channels.get((market, topic.kind), {})
        found = venues.get(topic.venue)
        if found is None or self.environment not in found.ids:
            offered = sorted(str(venue) for venue, each in venues.items() if self.environment in each.ids and venue)
            broker, kind = self.client.broker, topic.kind.lower()
            if not (topic.venue and offered):
                words = f"{broker} tells no {kind} of {market} by stream in the {self.environment} environment."
            else:
                words = (
                    f"{broker} tells no {kind} of {market} at {topic.venue} by stream "
                    f"in the {self.environment} environment."
                )
            there = f"Nothing was sent. It does at {', '.join(offered)}." if offered else "Nothing was sent."
            raise Unsupported(words, advice=there)
        return found

    def registration(self, topic: Topic) -> Registration:
        """Return what has to be registered for a topic; raises as `channel` and `key_of`."""
        return Registration(self.channel(topic).ids[self.environment], self.key_of(topic))

    @classmethod
    def offers(cls, kind: StreamKind, market: str, venue: Venue | None, environment: str) -> bool:
        """Say whether a kind of topic is told; of a venue, or of any where it is None."""
        if kind is StreamKind.RAW:
            return cls.reads_raw()
        venues = cls.channels.get((market, kind), {})
        return any(
            environment in channel.ids for each, channel in venues.items() if venue is None or each in (venue, None)
        )
