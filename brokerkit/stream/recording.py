"""What a stream received, written down as lines of JSON, and played back through the same code.

The first line says of what broker and environment. Then come, in their order: which topics are followed, frames as the
broker sent them but without what is secret, and events that are made of more than frames: gaps, and own orders.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO

from pydantic import TypeAdapter

from brokerkit import clock, files
from brokerkit.errors import BrokerError, InvalidRequest, StreamError
from brokerkit.logs import about
from brokerkit.stream.events import Event, Gap, GapReason, Notice, OrderEvent, Stopped
from brokerkit.stream.feed import Feed, Registration, Rows, Told, Unreadable
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.text import sanitize
from brokerkit.words import Venue

logger = logging.getLogger("brokerkit")

FORMAT = "brokerkit stream 1"
"""As the first line has it."""
MOST_WAITING = 100_000
"""Lines that wait for a disk that is slow; what is more is lost, and a line says how much."""
END_SECONDS = 10.0
"""How long closing waits for the last lines."""
MOST_CHARACTERS = 2**22
"""Of a line."""
_MADE: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in (OrderEvent, Gap, Stopped)}
"""Events that are written down as they are."""
Read = Callable[[Any, Venue, dt.datetime], Told | None]


class Sockets(Protocol):
    """The realtime sides of a broker, each with a socket of its own."""

    @property
    def feeds(self) -> Mapping[str, Feed[Any]]:
        """By name; the main one has a blank one."""

    def socket_of(self, topic: Topic) -> str:
        """Return the name of the one that tells of a topic."""


class Recording:
    """Writes lines in a thread of its own: a slow disk holds nobody up."""

    def __init__(self, path: str | PathLike[str], broker: str, sources: Sockets) -> None:
        self.path = Path(path)
        self._feeds = sources.feeds
        self._socket_of = sources.socket_of
        self._waiting: deque[str] = deque()
        self._wake = threading.Condition()
        self._lost = 0
        self._is_closed = False
        self._file = _new(self.path)
        self._put(
            {"format": FORMAT, "broker": broker, "environment": self._feeds[""].environment, "brokerkit": _version()}
        )
        self._thread = threading.Thread(target=self._write, name="brokerkit recording", daemon=True)
        self._thread.start()

    def follow(self, topics: Collection[Topic]) -> None:
        """Write down that these topics are followed from now on, and no others.

        With each stands its key, which may name what only the day's list tells: nobody is asked when it is played.
        """
        self._put({"topics": sorted(map(self._told, topics), key=str)})

    def _told(self, topic: Topic) -> list[str | None]:
        told: list[str | None] = [str(topic.kind), topic.symbol, topic.venue]
        if topic.kind is StreamKind.ORDERS:
            return told
        told.append(self._feeds[self._socket_of(topic)].registration(topic).key)
        return [*told, topic.channel] if topic.channel else told

    def hear(self, socket: str, texts: Sequence[str], received_at: dt.datetime) -> None:
        """Write down what was received at a socket, without what is secret."""
        feed, where = self._feeds[socket], {"socket": socket} if socket else {}
        at = received_at.isoformat()
        for text in texts:
            if (recorded := feed.recorded(text)) is not None:
                self._put({"at": at, **where, "frame": recorded})

    def tell(self, events: Iterable[Any]) -> None:
        """Write down events that are made of more than frames."""
        for event in map(_without_what_shows_again, events):
            name = type(event).__name__
            if name in _MADE:
                self._put({"event": name, "values": _MADE[name].dump_python(event, mode="json")})

    def close(self) -> None:
        """Write what waits, and end."""
        with self._wake:
            self._is_closed = True
            self._wake.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(END_SECONDS)
            if self._thread.is_alive():
                logger.error(
                    "The recording %s is not whole: what it is written to does not take it.",
                    self.path,
                    extra=about("recording_incomplete", path=self.path),
                )

    def _put(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        with self._wake:
            if self._is_closed:
                return
            if len(self._waiting) >= MOST_WAITING:
                self._lost += 1
                return
            if self._lost:
                self._waiting.append(json.dumps({"lost": self._lost, "at": clock.now().isoformat()}))
                self._lost = 0
            self._waiting.append(text)
            self._wake.notify()

    def _write(self) -> None:
        try:
            with self._file as file:
                while lines := self._next_lines():
                    file.write("\n".join(lines) + "\n")
                    file.flush()
        except OSError as error:
            logger.error(
                "The recording %s ends: %s.",
                self.path,
                files.reason(error),
                extra=about("recording_ended", path=self.path),
            )
            with self._wake:
                self._is_closed = True
                self._waiting.clear()

    def _next_lines(self) -> list[str]:
        """Return what waits; nothing once that was all."""
        with self._wake:
            while not self._waiting and not self._is_closed:
                self._wake.wait()
            lines = list(self._waiting)
            self._waiting.clear()
            if self._is_closed and self._lost:
                lines.append(json.dumps({"lost": self._lost, "at": clock.now().isoformat()}))
                self._lost = 0
            return lines


def _without_what_shows_again(event: Any) -> Any:
    """Return an event, less topics of whose frames it shows again that they cannot be read; None if that is all."""
    if not isinstance(event, Gap) or event.reason is not GapReason.UNREADABLE:
        return event
    topics = tuple(topic for topic in event.topics if topic.kind is StreamKind.ORDERS)
    return event._replace(topics=topics) if topics else None


def _new(path: Path) -> TextIO:
    try:
        return os.fdopen(files.new_private(path), "w", encoding="utf-8", newline="\n")
    except FileExistsError:
        raise InvalidRequest(f"{path} is there already; a recording begins a file of its own.") from None
    except (OSError, ValueError) as error:
        why = files.reason(error)
    raise InvalidRequest(f"{path} cannot be written: {why}.")


def _version() -> str:
    try:
        return version("brokerkit-kr")
    except PackageNotFoundError:
        return "unknown"


# Playing it back


def replay(path: str | PathLike[str], broker: str, sources: Sockets) -> Iterator[Event]:
    """Return the events of a recording, as they came; a StreamError names the line that is not as it was written.

    Feeds of the broker's kinds, for the environment of the recording, read the frames.
    """
    recorded = Path(path)
    lines = _lines(recorded)
    head = next(lines, None)
    lines.close()
    if head is None:
        raise StreamError(f"{recorded} is empty: nothing was written down.", broker=broker)
    if head.told.get("format") != FORMAT or head.told.get("environment") not in ("real", "demo"):
        raise head.odd(f"line {head.number} is not the beginning of a recording")
    if head.told.get("broker") != broker:
        raise InvalidRequest(f"{recorded} was recorded at {sanitize(str(head.told.get('broker')))}, not at {broker}.")
    environment = head.told["environment"]
    feeds = {name: feed.afresh(environment) for name, feed in sources.feeds.items()}
    return _Player(feeds, sources.socket_of).events(recorded)


class _Line(NamedTuple):
    """A line of a recording."""

    path: Path
    number: int
    told: dict[str, Any]

    def odd(self, words: str) -> StreamError:
        """Return the error for it."""
        return _odd(self.path, words)


def _odd(path: Path, words: str) -> StreamError:
    return StreamError(f"{path}, {words}.", advice="What came before it was played back as it was.")


def _lines(path: Path) -> Generator[_Line, None, None]:
    """Yield the lines of a file, one at a time."""
    try:
        file = path.open(encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        why = files.reason(error)
    else:
        with file:
            yield from _parsed(path, file)
        return
    raise InvalidRequest(f"{path} cannot be read: {why}.")


def _parsed(path: Path, file: TextIO) -> Iterator[_Line]:
    number = 0
    while True:
        number += 1
        try:
            text = file.readline(MOST_CHARACTERS)
        except UnicodeDecodeError:
            text = "?\n"
        if not text:
            return
        if not text.endswith("\n"):
            is_short = len(text) < MOST_CHARACTERS
            raise _odd(path, f"line {number} is cut off" if is_short else f"line {number} is too long")
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise _odd(path, f"line {number} is no line of a recording")
        yield _Line(path, number, told)


class _Player:
    """Makes events of lines."""

    def __init__(self, feeds: Mapping[str, Feed[Any]], socket_of: Callable[[Topic], str]) -> None:
        self._feeds = feeds
        self._socket_of = socket_of
        self._routes: dict[tuple[str, Registration], list[tuple[Topic, Venue, Read]]] = {}
        """By socket and registration."""
        self._told: set[tuple[Topic | None, str]] = set()
        """What could not be read, and was said already."""
        self._at: tuple[str, dt.datetime] = "", clock.now()

    def events(self, path: Path) -> Iterator[Event]:
        """Yield the events of a file."""
        for line in _lines(path):
            if line.number == 1:
                continue
            if "frame" in line.told:
                yield from self._frame(line)
            elif "topics" in line.told:
                self._follow(line)
            elif "event" in line.told:
                yield _made(line)
            elif "lost" in line.told:
                words = f"{line.told['lost']} frames were not written down: the disk was too slow"
                yield self._gap([*self._topics()], self._moment(line), words)
            else:
                raise line.odd(f"line {line.number} is no line of a recording")

    def _topics(self) -> Iterator[Topic]:
        return (topic for route in self._routes.values() for topic, _, _ in route)

    def _follow(self, line: _Line) -> None:
        before, self._routes = self._routes.keys(), {}
        try:
            for kind, symbol, venue, *more in line.told["topics"]:
                key, *channels = map(str, more or [""])
                topic = Topic(StreamKind(kind), symbol, None if venue is None else Venue(venue), *channels)
                if topic.kind is not StreamKind.ORDERS:  # their events stand there as they were made
                    socket = self._socket_of(topic)
                    feed, channel = self._feeds[socket], self._feeds[socket].channel(topic)
                    place = (socket, Registration(channel.ids[feed.environment], key))
                    self._routes.setdefault(place, []).append((topic, topic.place, channel.read))
            # A feed remembers what is registered: by that it knows what a row belongs to.
            for socket, each in before - self._routes.keys():
                self._feeds[socket].release([each])
            for socket, each in self._routes.keys() - before:
                self._feeds[socket].register([each])
        except (ValueError, TypeError, BrokerError) as error:
            words = error.words if isinstance(error, BrokerError) else "they are no topics"
            raise line.odd(f"line {line.number} names topics that cannot be followed: {words.rstrip('.')}") from None

    def _frame(self, line: _Line) -> Iterator[Event]:
        text, socket, at = line.told["frame"], line.told.get("socket", ""), self._moment(line)
        if not isinstance(text, str):
            raise line.odd(f"line {line.number} has a frame that is no text")
        if socket not in self._feeds:
            raise line.odd(f"line {line.number} names a socket that this broker has not")
        for received in self._feeds[socket].read(text):
            if isinstance(received, Rows):
                for topic, venue, read in self._routes.get((socket, received.registration), ()):
                    yield from self._rows(received, topic, venue, read, at)
            elif isinstance(received, Unreadable):
                route = self._routes.get((socket, received.registration), []) if received.registration else None
                topics = [*self._topics()] if route is None else [topic for topic, _, _ in route]
                yield from self._unreadable(topics, received.words, at)

    def _rows(self, received: Rows, topic: Topic, venue: Venue, read: Read, at: dt.datetime) -> Iterator[Event]:
        for row in received.rows:
            try:
                event = read(row, venue, at)
            except ValueError as error:
                yield from self._unreadable([topic], sanitize(str(error)), at)
            else:
                if event is not None and not isinstance(event, Notice):  # own orders stand there as they were told
                    yield event

    def _unreadable(self, topics: Sequence[Topic], words: str, at: dt.datetime) -> Iterator[Gap]:
        """Say once of each topic what could not be read."""
        new = [topic for topic in topics if (topic, words) not in self._told]
        self._told.update((topic, words) for topic in new)
        if new:
            yield self._gap(new, at, words)

    def _gap(self, topics: Sequence[Topic], at: dt.datetime, words: str) -> Gap:
        return Gap(tuple(topics), at, at, GapReason.UNREADABLE, at, words)

    def _moment(self, line: _Line) -> dt.datetime:
        text = line.told.get("at")
        known, moment = self._at
        if text != known:
            try:
                moment = _korean(dt.datetime.fromisoformat(text))  # type: ignore[arg-type]
            except (ValueError, TypeError):
                raise line.odd(f"line {line.number} does not say when it came") from None
            self._at = str(text), moment
        return moment


def _made(line: _Line) -> Event:
    adapter = _MADE.get(str(line.told["event"]))
    if adapter is None:
        raise line.odd(f"line {line.number} has an event of an unknown kind")
    try:
        event: Event = adapter.validate_python(line.told.get("values"))
        times: dict[str, Any] = {
            name: _korean(value) for name, value in event._asdict().items() if isinstance(value, dt.datetime)
        }
    except ValueError:  # also one of pydantic
        raise line.odd(f"line {line.number} has no {sanitize(str(line.told['event']))}") from None
    event = event._replace(**times)
    return event._replace(topics=tuple(event.topics)) if isinstance(event, Gap) else event


def _korean(moment: dt.datetime) -> dt.datetime:
    """Return a moment in Korean time; a ValueError for one without an offset, or that is none there."""
    if moment.tzinfo is None:
        raise ValueError("a time does not say of where it is")
    try:
        return moment.astimezone(clock.KST)
    except OverflowError:
        raise ValueError("a time is beyond all calendars") from None
