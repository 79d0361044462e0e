"""A broker of paper for streams: frames that can be read at a glance, and a WebSocket server that speaks them.

open K          -> in | no WORDS | never WORDS          + CHANNEL KEY  -> ok | no WORDS | never WORDS
- CHANNEL KEY   -> ok                                   ? NAME         -> = NAME BODY
ping            -> ping, as it is                       . CHANNEL KEY VALUE,VALUE   rows
bye, end, stale, taken WORDS  the broker ends it        anything else cannot be read
"""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, ClassVar

from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from brokerkit.errors import AuthError, BrokerError, KeyInUse, NetworkError, Rejected
from brokerkit.market.sessions import Phase
from brokerkit.stream.events import Gap, TradeEvent
from brokerkit.stream.feed import (
    Acknowledged,
    Answer,
    Channel,
    Ended,
    Feed,
    Opened,
    Received,
    Refused,
    Registration,
    Reply,
    Rows,
    Unreadable,
)
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Venue

SECRET = "APPROVAL-KEY-1"


def read_row(row: str, venue: Venue, received_at: dt.datetime) -> TradeEvent | None:
    """Return a trade of a row: its price."""
    if row == "nothing":
        return None
    if not row.isdigit():
        raise ValueError("no price")
    return TradeEvent("", venue, None, received_at, Decimal(row), Decimal(1))


class PaperFeed(Feed[Any]):
    """Frames of the broker of paper."""

    channels: ClassVar[Any] = {
        ("KR", kind): {venue: Channel({"real": f"{kind[0]}{venue[0] if venue else ''}"}, read_row) for venue in venues}
        for kind, venues in {
            StreamKind.TRADES: (Venue.KRX, Venue.NXT),
            StreamKind.ORDER_BOOK: (Venue.KRX,),
            StreamKind.QUOTES: (Venue.KRX,),
            StreamKind.ORDERS: (None,),
        }.items()
    }
    channels["INDEX", StreamKind.INDEX] = {None: Channel({"real": "I"}, read_row)}
    channels["KR", StreamKind.QUOTES] = channels["KR", StreamKind.TRADES]  # the same rows tell both
    most_registrations = 5
    heartbeat_seconds = 30.0
    frames_per_second = 1e9

    def __init__(
        self,
        url: str = "ws://127.0.0.1:9",
        *,
        app_key: str = "key",
        broker: str = "paper",
        state: SecretStr | None = None,
    ) -> None:
        settings = SimpleNamespace(app_key=SecretStr(app_key), ca_file=None, state=state)
        super().__init__(SimpleNamespace(broker=broker, settings=settings, close=lambda: None), environment="real")
        self.url = url
        self.opening: Sequence[str] = (f"open {SECRET}",)
        self.on_open: Callable[[], None] = lambda: None
        self.plain: tuple[str, ...] = ()

    def address(self) -> str:
        return self.url

    def plain_hosts(self) -> tuple[str, ...]:
        return self.plain

    def open(self) -> Sequence[SecretStr]:
        self.on_open()
        return [SecretStr(frame) for frame in self.opening]

    def register(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        return [SecretStr("+ " + " + ".join(f"{each.channel} {each.key}" for each in registrations))]

    def release(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        return [SecretStr("- " + " - ".join(f"{each.channel} {each.key}" for each in registrations))]

    def read(self, text: str) -> Iterable[Received]:
        word, _, rest = text.partition(" ")
        if word == ".":
            channel, key, rows = rest.split(" ")
            return [Rows(Registration(channel, key), rows.split(","))]
        found: dict[str, Callable[[], Received]] = {
            "in": Opened,
            "ok": Acknowledged,
            "ping": lambda: Reply(text),
            "no": lambda: Refused(Rejected(rest), heals=True),
            "never": lambda: Refused(AuthError(rest), heals=False),
            "bye": lambda: Ended(NetworkError(rest), heals=True),
            "end": lambda: Ended(AuthError(rest), heals=False),
            "taken": lambda: Ended(KeyInUse(rest), heals=False),
            "stale": lambda: Ended(AuthError(rest), heals=True),
            "=": lambda: Answer(*rest.split(" ", 1)),
        }
        return [found[word]() if word in found else Unreadable(f"a frame of {len(text)} characters")]

    def key_of(self, topic: Topic) -> str:
        return topic.symbol.strip("0").replace(":", "-") or "me"

    def recorded(self, text: str) -> str | None:
        return text


def trades(*symbols: str, venue: Venue = Venue.KRX) -> list[Topic]:
    """Return topics of trades of symbols, each named by a letter."""
    return [Topic(StreamKind.TRADES, f"0000{symbol}0", venue) for symbol in symbols]


ORDERS = Topic(StreamKind.ORDERS)


class Notebook:
    """A taker that writes down what it is told, and can be waited for."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        """(topic, price) of an event, a Gap, or an error."""
        self._changed = threading.Condition()

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        self._add((topic, int(event.price)) for event in events)

    def missed(self, gap: Gap) -> None:
        self._add([gap])

    def failed(self, error: BrokerError) -> None:
        self._add([error])

    def _add(self, told: Iterable[Any]) -> None:
        with self._changed:
            self.told.extend(told)
            self._changed.notify_all()

    @property
    def prices(self) -> list[int]:
        return [each[1] for each in self.told if type(each) is tuple]

    @property
    def gaps(self) -> list[Gap]:
        return [each for each in self.told if isinstance(each, Gap)]

    @property
    def errors(self) -> list[BrokerError]:
        return [each for each in self.told if isinstance(each, BrokerError)]

    def wait(self, is_there: Callable[[Notebook], Any]) -> Notebook:
        """Wait until something has been told."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self), timeout=60), self.told
        return self


class PaperBroker:
    """A server on this machine that answers as the broker of paper, and does what a test wants of it."""

    def __init__(self, **options: Any) -> None:
        self.received: list[str] = []
        self.connections: list[ServerConnection] = []
        self.answer: Callable[[ServerConnection, str], str | None] = lambda connection, text: usual_answer(text)
        self.arrived: Callable[[ServerConnection], None] = lambda connection: None
        self._changed = threading.Condition()
        self._server: Server = serve(self._serve, "127.0.0.1", 0, close_timeout=0.1, **options)
        self._thread = threading.Thread(target=self._server.serve_forever, name="paper broker")
        self._thread.start()
        scheme = "wss" if "ssl" in options else "ws"
        self.url = f"{scheme}://127.0.0.1:{self._server.socket.getsockname()[1]}/stream"

    def _serve(self, connection: ServerConnection) -> None:
        with self._changed:
            self.connections.append(connection)
            self._changed.notify_all()
        self.arrived(connection)
        try:
            for text in connection:
                with self._changed:
                    self.received.append(str(text))
                    self._changed.notify_all()
                answer = self.answer(connection, str(text))
                if answer is not None:
                    connection.send(answer)
        except ConnectionClosed:
            pass
        finally:
            with self._changed:
                self.connections.remove(connection)
                self._changed.notify_all()

    def say(self, *texts: str) -> None:
        """Send texts to everybody."""
        for connection in [*self.connections]:
            for text in texts:
                connection.send(text)

    def cut(self) -> None:
        """Break every line without a word."""
        for connection in [*self.connections]:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def wait(self, is_there: Callable[[PaperBroker], Any]) -> PaperBroker:
        """Wait until something has come."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self), timeout=60), self.received
        return self

    def close(self) -> None:
        self._server.shutdown()
        self.cut()
        self._thread.join()

    def __enter__(self) -> PaperBroker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def usual_answer(text: str) -> str | None:
    """Answer as the broker does when all is well."""
    word, _, rest = text.partition(" ")
    return {"open": "in", "+": "ok", "-": "ok"}.get(word) or (f"= {rest} {rest}s" if word == "?" else None)


def regular(venue: Venue) -> Phase:
    """Say that it is noon."""
    return Phase.REGULAR


def closed(venue: Venue) -> Phase:
    """Say that it is night."""
    return Phase.CLOSED
