"""The rules of a connection, without socket and thread: texts and the clock come in, frames and events go out.

Frames that register, release or ask go one at a time, each after the answer to the one before. What should be
registered is compared with what the broker has taken, again and again: a line made anew needs no rule of its own.
"""

from __future__ import annotations

import copy
import datetime as dt
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from pydantic import SecretStr

from brokerkit import watching
from brokerkit.errors import AuthError, BrokerError, NetworkError, StreamError
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.sessions import Phase
from brokerkit.stream.events import Gap, GapReason
from brokerkit.stream.exchanges import Asked, Exchange, Question, Waiter
from brokerkit.stream.feed import (
    Acknowledged,
    Answer,
    Ended,
    Feed,
    Opened,
    Refused,
    Registration,
    Reply,
    Rows,
    Unreadable,
)
from brokerkit.stream.gaps import Gaps, tell_gap
from brokerkit.stream.pace import Moment, Times
from brokerkit.stream.registrations import Entry, Missed, Place, Route, Wanted, places_of
from brokerkit.stream.relay_line import RelayFeed
from brokerkit.stream.relay_words import Anew, Failed, Heard, Lapsed, Replied, Words
from brokerkit.stream.silence import Silence
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import Topic
from brokerkit.text import sanitize
from brokerkit.words import Venue

logger = logging.getLogger("brokerkit")

Sink = Callable[[Sequence[str], Moment], None]
"""Takes the texts that come, as they are."""


LOOK_SECONDS = 1.0
"""So often it is looked whether something should have come."""
BROKEN_LINES = 5
BROKEN_SECONDS = 60.0
"""So many lines in a row, over such a time, that end while one thing is to be registered: the broker takes it not."""


class State(Enum):
    """What there is of a line."""

    DOWN = 0
    OPENING = 1
    """It is there; the broker has not let us in yet."""
    OPEN = 2


class Loss(NamedTuple):
    """Why a line is given up."""

    error: BrokerError
    reason: GapReason = GapReason.DISCONNECTED
    heals: bool = True
    is_explained: bool = True
    """Whether somebody said why; a broker may close the line instead of a word about what was sent."""
    is_renewed: bool = False
    """Whether the next line has another key or token, or is another process's: who waits goes on waiting."""


class Passing(Protocol):
    """Passes on what comes to other processes that are served. Called by the connection's thread."""

    def pass_on(self, text: str, found: Sequence[Any]) -> None:
        """Pass on a text, of which this was read."""

    def settled(self, registrations: Sequence[Registration]) -> None:
        """Learn that the broker has taken registrations."""

    def anew(self) -> None:
        """Learn that there is a new line."""


class Session:
    """The rules of one connection, for as long as somebody wants something of it.

    `want`, `unwant` and `ask` may be called by any thread. All else is called by the connection's own thread, which
    then sends `out`, and gives up the line if there is a `loss`. Takers are called by it alone, and without the lock.
    """

    def __init__(
        self, feed: Feed[Any], *, phase_of: Callable[[Venue], Phase | None], times: Times, moment: Moment
    ) -> None:
        self.feed = feed
        self.speaker: Feed[Any] | RelayFeed = feed
        """What speaks on the line: the feed, or what speaks with another process that has the broker's line."""
        self.relay: Passing | None = None
        """Where what comes is passed on, if anybody wants it."""
        self.times = times
        self.state = State.DOWN
        self.wanted = Wanted(feed)
        self.held: set[Registration] = set()
        """What the broker has taken on this line."""
        self.acknowledged: dict[Registration, Sequence[SecretStr]] = {}
        """What it said as it took them. It may open what is encrypted."""
        self.out: deque[SecretStr] = deque()
        self.loss: Loss | None = None
        self._sinks: tuple[Sink, ...] = ()
        self._handing = threading.RLock()
        """Held while texts are handed out: who has seen an event of a text finds it with the sinks, too."""
        self.unknown: dict[str, int] = {}
        """Channel to the values in each of its rows that are of no column we know."""
        self._silence = Silence(phase_of, times)
        self._gaps = Gaps(times, self._announce)
        self._lock = threading.RLock()
        self._waiters: list[Waiter] = []
        self._questions: deque[Question] = deque()
        self._exchange: Exchange | None = None
        self._again: set[Registration] = set()
        """What is released in order to be registered again."""
        self._effects: deque[tuple[Callable[[Any], None], Any, Taker]] = deque()
        self._next_frame = float("-inf")
        self._heard = moment
        """When the line last gave a sign of life."""
        self._text_at = moment
        """When a text last came."""
        self._down_since: float | None = None
        self._ahead = moment.time.timestamp() - moment.seconds
        self._error: BrokerError | None = None
        self._look_at = float("-inf")
        self._is_idle = False
        """Whether there was nothing to send when that was last looked at."""

    # What is wanted, by any thread

    def want(self, topics: Sequence[Topic], taker: Taker, feed: Feed[Any], moment: Moment) -> Waiter:
        """Want topics for a taker; InvalidRequest, Unsupported or ConfigError if there is no such thing."""
        return self.want_places(places_of(topics, feed), taker, moment)  # without the lock: this may take its time

    def want_places(self, places: Sequence[Place], taker: Taker, moment: Moment) -> Waiter:
        """Want topics of which it is known what they need; InvalidRequest if the broker takes no more."""
        with self._lock:
            self._check()
            self._is_idle = False
            entries = self.wanted.add(places, taker)
            held = self.held.difference(self._on_its_way_out())
            left = [entry.registration for entry in entries if entry.registration not in held]
            waiter = Waiter([each.topic for each in places], taker, left, moment.seconds + self.times.line)
            if left:
                self._waiters.append(waiter)
            else:
                waiter.ends()
            return waiter

    def _on_its_way_out(self) -> Sequence[Registration]:
        """Return what a frame releases that is not answered yet, or not even sent."""
        exchange = self._exchange
        return exchange.registrations if exchange is not None and exchange.asked is Asked.RELEASE else ()

    def unwant(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Want topics no more for a taker."""
        with self._lock:
            self._is_idle = False
            self.wanted.remove(topics, taker)

    def leave(self, taker: Taker) -> None:
        """Want nothing any more for a taker."""
        with self._lock:
            for waiter in [each for each in self._waiters if each.taker is taker]:
                self._waiters.remove(waiter)
                waiter.ends(StreamError("The stream was closed.", broker=self._broker))
            self._is_idle = False
            self.wanted.drop(taker)

    def give_up(self, waiting: Waiter | Question) -> None:
        """Want no more what a call has waited for."""
        with self._lock:
            self._is_idle = False
            if isinstance(waiting, Question):
                if waiting in self._questions:
                    self._questions.remove(waiting)
                waiting.ends(self._no_answer())
            elif waiting in self._waiters:
                self._waiters.remove(waiting)
                self.wanted.remove(waiting.topics, waiting.taker)

    def ask(self, frame: SecretStr, name: str, seconds: float, moment: Moment) -> Question:
        """Ask the broker something that it has to answer in so many seconds; one question at a time."""
        with self._lock:
            self._check()
            self._is_idle = False
            question = Question(frame, name, seconds, moment.seconds + self.times.line)
            self._questions.append(question)
            return question

    def _check(self) -> None:
        if self._error is not None:
            raise copy.copy(self._error)

    def listen(self, sink: Sink) -> None:
        """Hand the texts that come to somebody, after the events in them."""
        with self._lock:
            self._sinks = (*self._sinks, sink)

    def ignore(self, sink: Sink) -> None:
        """Hand somebody no texts any more, after those that are just being handed out."""
        with self._handing, self._lock:
            self._sinks = tuple(each for each in self._sinks if each != sink)

    @property
    def is_failed(self) -> bool:
        """Say whether nothing will come any more."""
        return self._error is not None

    @property
    def is_needed(self) -> bool:
        """Say whether there has to be a line."""
        return bool(self.wanted.entries or self._questions)

    @property
    def is_established(self) -> bool:
        """Say whether the broker has once taken something that is still wanted: then the line is made again."""
        return any(entry.is_known for entry in self.wanted.entries.values())

    @property
    def _broker(self) -> str:
        return str(self.feed.client.broker)

    # What happens to the line

    def opened(self, frames: Sequence[SecretStr], moment: Moment, served: RelayFeed | None = None) -> None:
        """Begin on a new line; `frames` open it. `served` speaks on it if it is that of another process."""
        with self._lock:
            self.speaker = served or self.feed
            self.held.clear()
            self.acknowledged.clear()
            self._again.clear()
            self.loss = None
            self._heard = moment
            self._exchange = None
            self._is_idle = False
            self._ahead = moment.time.timestamp() - moment.seconds
            self.state = State.OPENING if frames else State.OPEN
            if frames:
                self.out.extend(frames)
                until = moment.seconds + self.times.answer
                self._exchange = Exchange(Asked.OPEN, deque(), until=until, is_waiting=True)
            if self.relay is not None:
                self.relay.anew()

    def lost(self, loss: Loss, moment: Moment) -> None:
        """End with a line, or with the attempt to make one."""
        with self._lock:
            exchange, self._exchange = self._exchange, None
            self.state, self.loss = State.DOWN, None
            self.held.clear()
            self.out.clear()
            if self._down_since is None:
                self._down_since = moment.seconds
            self._gaps.miss(self.wanted.entries.values(), self._text_at.time, loss.reason, loss.error.words)
            self._blame(exchange, loss, moment)
            if not loss.heals:
                self._fail(loss.error)
            elif not self.is_established and not loss.is_renewed:
                self._end_waiting(loss.error)
        self.tell()

    def _blame(self, exchange: Exchange | None, loss: Loss, moment: Moment) -> None:
        """Tell who waited for the answer that did not come, and end what is never answered in another way."""
        if exchange is None:
            return
        error = loss.error
        if exchange.question is not None:
            exchange.question.ends(self._plain(error))
        if exchange.asked is not Asked.REGISTER or (loss.is_renewed and loss.heals):
            return
        for waiter in [each for each in self._waiters if each.left.intersection(exchange.registrations)]:
            waiter.is_of_line = True
            self._refuse(waiter, error)
        for registration in exchange.registrations:
            entry = self.wanted.entries.get(registration)
            if entry is not None and not loss.is_explained:
                entry.is_alone = True
                if entry.breaks(moment.seconds) >= BROKEN_LINES and entry.broken_for(moment.seconds) >= BROKEN_SECONDS:
                    self._give_out(entry, self._always_closed(registration, error))

    def _always_closed(self, registration: Registration, error: BrokerError) -> StreamError:
        return StreamError(
            f"Whenever {registration.channel} is to be registered, the line ends. {error.words}",
            broker=self._broker,
            advice="Check what the profile names for it, then open another stream.",
        )

    def _end_waiting(self, error: BrokerError) -> None:
        """Let everybody know that there is no line; nobody has got anything of it yet."""
        for waiter in [*self._waiters]:
            waiter.is_of_line = True
            self._refuse(waiter, error)
        while self._questions:
            self._questions.popleft().ends(self._plain(error))
        self.wanted.clear()
        self._down_since = None

    def _refuse(self, waiter: Waiter, error: BrokerError) -> None:
        self._waiters.remove(waiter)
        self.wanted.remove(waiter.topics, waiter.taker)
        waiter.ends(self._plain(error))

    def _plain(self, error: BrokerError) -> BrokerError:
        """Return an error for one of several who raise it."""
        return copy.copy(error)

    def fail(self, error: BrokerError) -> None:
        """End for good: nothing will come any more."""
        with self._lock:
            self._fail(error)
        self.tell()

    def _fail(self, error: BrokerError) -> None:
        self._error = self._error or error
        takers = self.wanted.takers()
        waiting = {id(waiter.taker) for waiter in self._waiters}
        known = {id(taker) for entry in self.wanted.entries.values() if entry.is_known for taker, _ in entry.takers()}
        self._end_waiting(error)
        for taker in takers:
            if id(taker) in known or id(taker) not in waiting:
                self._effects.append((taker.failed, copy.copy(error), taker))

    # What comes

    def heard(self, moment: Moment) -> None:
        """Learn that something came, be it no text."""
        self._heard = moment

    def received(self, texts: Sequence[str], moment: Moment) -> None:
        """Take texts that came at once: the rows in them go straight to those who want them."""
        self._heard = self._text_at = moment
        with self._handing:
            self._handed_out(texts, moment)
            if self._sinks and self.speaker is not self.feed:  # words between our processes are none of the broker's
                texts = [text for text in texts if type(text) is not Words]
            for sink in self._sinks:
                self._record(sink, texts, moment)

    def _handed_out(self, texts: Sequence[str], moment: Moment) -> None:
        entries, read, relay = self.wanted.entries, self.speaker.read, self.relay
        found: Any
        for text in texts:
            try:
                found = read(text) if relay is None else [*read(text)]
            except Exception as error:  # noqa: BLE001 - one that a feed did not think of
                found = (Unreadable(f"a frame of {len(text)} characters ({type(error).__name__})"),)
            for item in found:
                if type(item) is not Rows:
                    self._learn(item, moment, text)
                elif (entry := entries.get(item.registration)) is not None:
                    if entry.missed is not None or item.unknown:
                        self._before(entry, item, moment)
                    self._hand_out(entry, item.rows, moment)
            if relay is not None:  # after what it has made known: a gap comes before what follows it
                relay.pass_on(text, found)

    def _record(self, sink: Sink, texts: Sequence[str], moment: Moment) -> None:
        try:
            sink(texts, moment)
        except Exception as error:  # noqa: BLE001 - whoever fails ends for himself alone
            logger.error(
                "%s: what records the stream failed (%s)",
                self._broker,
                type(error).__name__,
                extra=about("recorder_failed", error, broker=self._broker),
            )
            self.ignore(sink)

    def _hand_out(self, entry: Entry, rows: Sequence[Any], moment: Moment) -> None:
        """Make events of rows, in every way in which somebody wants them, and let takers take them."""
        seconds, time = moment
        last, entry.last_at, entry.last_time = entry.last_at, seconds, time
        if last is not None and seconds - last > entry.longest:
            self._silence.spoke(entry, last, seconds)
        for route in entry.routes:
            read, venue = route.read, route.venue
            try:
                if len(rows) == 1:  # as nearly always
                    event = read(rows[0], venue, time)
                    events = [event] if event is not None else []
                else:
                    events = [event for row in rows if (event := read(row, venue, time)) is not None]
            except Exception:  # noqa: BLE001 - whatever a row makes reading stumble over, the row is the reason
                events = self._readable(entry, route, rows, moment)
            if events:
                if watching.observers:
                    self._tell_events(route.topic, events, time)
                for taker in route.takers:
                    try:
                        taker.take(route.topic, events)
                    except Exception as error:  # noqa: BLE001 - whoever fails ends for himself alone
                        self._drop(taker, error)

    def _tell_events(self, topic: Topic, events: Sequence[Any], time: dt.datetime) -> None:
        told_at, environment = getattr(events[-1], "time", None), self.feed.client.environment_name
        kind = topic.kind.value
        watching.tell(watching.Received(self._broker, environment, kind, len(events), told_at, time))

    def _readable(self, entry: Entry, route: Route, rows: Sequence[Any], moment: Moment) -> list[Any]:
        """Return the events of the rows that can be read; the others are a gap."""
        events = []
        for row in rows:
            try:
                event = route.read(row, route.venue, moment.time)
            except Exception as error:  # noqa: BLE001 - as above
                self._garble([entry], f"a row of {entry.registration.channel} ({type(error).__name__})", moment)
            else:
                if event is not None:
                    events.append(event)
        return events

    def _before(self, entry: Entry, item: Rows, moment: Moment) -> None:
        """Tell a gap before what comes after it; note columns that are new."""
        channel = item.registration.channel
        if item.unknown and self.unknown.get(channel) != item.unknown:
            self.unknown[channel] = item.unknown
            logger.warning(
                "%s %s: %d values of each row are of no column we know",
                self._broker,
                channel,
                item.unknown,
                extra=about("columns_unknown", broker=self._broker, channel=channel, count=item.unknown),
            )
        if entry.missed is not None:
            with self._lock:
                self._gaps.end([entry, *self._taken()], moment)
            self.tell()

    def _learn(self, item: Any, moment: Moment, text: str) -> None:
        """Take what is about the connection, and stood in a text."""
        with self._lock:
            match item:
                case Reply(text):
                    self.out.append(SecretStr(text))
                case Opened():
                    self._open()
                case Acknowledged():
                    self._acknowledged(moment, text)
                case Refused(error, heals):
                    self._refused(error, heals, moment)
                case Ended(error, heals):
                    self.loss = self._ended(error, heals)
                case Answer(name, body):
                    self._answered(name, body, SecretStr(text))
                case Replied(answer, answered):
                    self._answered(answer.name, answer.body, answered)
                case Heard(registrations, texts):
                    self._heard_of(registrations, texts)
                case Anew():
                    self.acknowledged.clear()
                    if self.relay is not None:
                        self.relay.anew()
                case Lapsed(registrations, since, until, reason, detail):
                    missing = [self.wanted.entries[each] for each in registrations if each in self.wanted.entries]
                    self._gaps.miss(missing, since, reason, detail)
                    (self._gaps.begin if until is None else self._gaps.end)(missing, moment)
                case Failed(registrations, error):
                    for each in registrations:
                        if (gone := self.wanted.entries.get(each)) is not None:
                            self._give_out(gone, error)
                case Unreadable(words, registration):
                    entry = None if registration is None else self.wanted.entries.get(registration)
                    self._garble([entry] if entry else self._taken(), words, moment)
        self.tell()

    def _ended(self, error: BrokerError, heals: bool) -> Loss:
        """Return a line's end by the broker's own word; of a key or token that may heal it is had anew."""
        return Loss(error, heals=heals, is_renewed=isinstance(error, AuthError))

    def _open(self) -> None:
        if self._exchange is not None and self._exchange.asked is Asked.OPEN:
            self._exchange = None
            self._is_idle = False
            self.state = State.OPEN

    def _acknowledged(self, moment: Moment, text: str) -> None:
        exchange = self._exchange
        if exchange is None or exchange.asked not in (Asked.REGISTER, Asked.RELEASE):
            return
        exchange.answered += 1
        exchange.is_waiting = False
        exchange.texts.append(SecretStr(text))
        if not exchange.frames:  # else the next one goes when its time has come
            self._settle(exchange, moment)

    def _settle(self, exchange: Exchange, moment: Moment) -> None:
        """Take note that the broker has taken all frames of an exchange."""
        self._exchange = None
        self._is_idle = False
        if exchange.asked is Asked.RELEASE:
            self._released(exchange.registrations)
            return
        self.held.update(exchange.registrations)
        if self.speaker is self.feed:  # else it was heard before
            self._heard_of(exchange.registrations, exchange.texts)
        for registration in exchange.registrations:
            entry = self.wanted.entries.get(registration)
            if entry is not None:
                entry.is_known, entry.is_refused, entry.broken_lines = True, False, 0
        for waiter in [*self._waiters]:
            waiter.left.difference_update(exchange.registrations)
            if not waiter.left:
                self._waiters.remove(waiter)
                waiter.ends()
        self._end_gaps(exchange.registrations, moment)

    def _heard_of(self, registrations: Sequence[Registration], texts: Sequence[SecretStr]) -> None:
        """Take note of what the broker said as it took registrations."""
        self.acknowledged.update(dict.fromkeys(registrations, texts))
        if self.relay is not None:
            self.relay.settled(registrations)

    def _released(self, registrations: Sequence[Registration]) -> None:
        self._is_idle = False
        self.held.difference_update(registrations)
        self._again.difference_update(registrations)
        again = [self.wanted.entries[each] for each in registrations if each in self.wanted.entries]
        self._gaps.miss(again, self._text_at.time, GapReason.SILENT, "it is registered again")

    def _answered(self, name: str, body: Any, text: SecretStr) -> None:
        exchange = self._exchange
        if exchange is not None and exchange.question is not None and exchange.question.name == name:
            self._exchange = None
            self._is_idle = False
            exchange.question.body = body
            exchange.question.text = text
            exchange.question.ends()

    def _refused(self, error: BrokerError, heals: bool, moment: Moment) -> None:
        exchange, self._exchange = self._exchange, None
        self._is_idle = False
        if exchange is None:
            return
        if exchange.question is not None:
            exchange.question.ends(error)
        elif exchange.asked is Asked.OPEN:
            self.loss = self._ended(error, heals)
        elif exchange.asked is Asked.RELEASE:
            logger.warning(
                "%s: a registration could not be released: %s",
                self._broker,
                error.told(ENGLISH),
                extra=about("release_refused", error, broker=self._broker),
            )
            self._released(exchange.registrations)
        else:
            self._not_taken(exchange, error, heals, moment)

    def _not_taken(self, exchange: Exchange, error: BrokerError, heals: bool, moment: Moment) -> None:
        """Tell whose registration was refused; of several in one frame each is tried again alone."""
        if exchange.answered:
            self.held.update(exchange.registrations)  # a part may stand: what is not wanted any more is released
        refused = [self.wanted.entries[each] for each in exchange.registrations if each in self.wanted.entries]
        waiting = [each for each in self._waiters if each.left.intersection(exchange.registrations)]
        is_one_call = len(waiting) == 1 and waiting[0].left.issuperset(exchange.registrations)
        if len(exchange.registrations) > 1 and not is_one_call:
            self.held.difference_update(exchange.registrations)
            for entry in refused:
                entry.is_alone = True
            return
        for waiter in waiting:
            waiter.heals = heals
            self._refuse(waiter, error)
        for entry in refused:
            if entry.registration in self.wanted.entries:
                self._not_taken_again(entry, error, heals, moment)

    def _not_taken_again(self, entry: Entry, error: BrokerError, heals: bool, moment: Moment) -> None:
        """Tell those who had a registration that they have it no more."""
        self.held.discard(entry.registration)
        if not heals:
            self._give_out(entry, error)
            return
        missed = entry.missed or Missed(self._since(entry), GapReason.REFUSED, "")
        detail = sanitize(error.told(ENGLISH))
        if not entry.is_refused:
            entry.is_told = False
        entry.missed = Missed(missed.since, GapReason.REFUSED, detail)
        entry.is_refused = True
        entry.refused_until = moment.seconds + self.times.again
        self._gaps.begin([entry], moment)

    def _give_out(self, entry: Entry, error: BrokerError) -> None:
        """Tell those who had a registration that it will never come again."""
        takers = {id(taker): taker for taker, _ in entry.takers()}.values()
        for taker in takers:
            for waiter in [each for each in self._waiters if each.taker is taker]:
                waiter.heals = False
                self._refuse(waiter, error)
            self.wanted.drop(taker)
            self._effects.append((taker.failed, copy.copy(error), taker))

    # Gaps

    def _since(self, entry: Entry) -> dt.datetime:
        return entry.last_time or self._text_at.time

    def _taken(self) -> list[Entry]:
        """Return what is wanted and taken, and need not be registered again."""
        taken = self.held - self._again
        return [entry for registration, entry in self.wanted.entries.items() if registration in taken]

    def _end_gaps(self, registrations: Sequence[Registration], moment: Moment) -> None:
        """End the gaps once all is registered again; that of own orders at once, for their lists are read then."""
        left = [
            entry
            for registration, entry in self.wanted.entries.items()
            if registration not in self.held and entry.is_known and not entry.is_refused
        ]
        if not left:
            self._down_since = None
            self._gaps.end(self._taken(), moment)
        else:
            taken = [self.wanted.entries[each] for each in registrations if each in self.wanted.entries]
            self._gaps.end([entry for entry in taken if entry.has_orders], moment)

    def _announce(self, taker: Taker, gap: Gap) -> None:
        if watching.observers:
            tell_gap(self._broker, self.feed.client.environment_name, gap)
        self._effects.append((taker.missed, gap, taker))

    def _garble(self, entries: Sequence[Entry], words: str, moment: Moment) -> None:
        with self._lock:
            self._gaps.garble(entries, words, self._text_at.time, moment)
        self.tell()

    def tell(self) -> None:
        """Call the takers that have to know something; by the connection's thread, in order."""
        while self._effects:
            call, told, taker = self._effects.popleft()
            try:
                call(told)
            except Exception as error:  # noqa: BLE001 - whoever fails ends for himself alone
                self._drop(taker, error)

    def _drop(self, taker: Taker, error: Exception) -> None:
        """Go on without a taker that fails, and let it know."""
        words = f"What takes the events failed ({type(error).__name__})."
        logger.error("%s: %s", self._broker, words, extra=about("taker_failed", error, broker=self._broker))
        with self._lock:
            self.wanted.drop(taker)
        try:
            taker.failed(StreamError(words, broker=self._broker))
        except Exception as failure:  # noqa: BLE001 - it is gone already
            logger.debug(
                "%s: a taker does not even take its end",
                self._broker,
                extra=about("taker_gone", failure, broker=self._broker),
            )

    # Time

    def due(self, moment: Moment) -> float:
        """Do what its time has come for; return the seconds until there may be more to do."""
        with self._lock:
            soon = self._due(moment)
        self.tell()
        return soon

    def _due(self, moment: Moment) -> float:
        if moment.seconds >= self._look_at:
            self._look_at = moment.seconds + LOOK_SECONDS
            self._look(moment)
        if self.state is not State.OPEN or self.loss is not None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, self._next(moment))

    def _look(self, moment: Moment) -> None:
        """Do what need not be done more often than once in a while."""
        now = moment.seconds
        self._is_idle = False
        self._check_clocks(moment)
        self._check_waiters(now)
        entries = [*self.wanted.entries.values()]
        self._gaps.tell_garbled(entries, moment)
        if self._down_since is not None and now - self._down_since >= self.times.outage:
            self._gaps.begin([entry for entry in entries if entry.registration not in self.held], moment)
        if self.state is State.DOWN or self.loss is not None:
            return
        if now - self._heard.seconds >= self.speaker.heartbeat_seconds:
            self.loss = Loss(self._error_of(f"nothing came for {now - self._heard.seconds:.0f} s"), GapReason.SILENT)
        elif self._exchange is not None and self._exchange.is_waiting and now >= self._exchange.until:
            self._not_answered(self._exchange)
        elif self.state is State.OPEN and self.speaker is self.feed:  # else who has the line sees to that
            held = [entry for entry in entries if entry.registration in self.held]
            for entry, quiet in self._silence.too_long(held, now):
                self._doubt(entry, quiet)

    def _error_of(self, words: str) -> NetworkError:
        return NetworkError(f"The line of the stream was lost: {words}.", broker=self._broker)

    def _not_answered(self, exchange: Exchange) -> None:
        if exchange.question is None:
            self.loss = Loss(self._error_of(_unanswered(exchange.asked, self.times.answer)))
            return
        self._exchange = None  # the line may be good all the same
        exchange.question.ends(self._no_answer())

    def _no_answer(self) -> StreamError:
        return StreamError("The broker does not answer a question over its stream.", broker=self._broker)

    def _check_clocks(self, moment: Moment) -> None:
        """Give up the line if this machine has slept: one of its clocks went on then, the other did not."""
        ahead = moment.time.timestamp() - moment.seconds
        jump, self._ahead = ahead - self._ahead, ahead
        if abs(jump) >= self.times.jump and self.state is not State.DOWN and self.loss is None:
            self.loss = Loss(
                self._error_of(f"this machine slept or its clock was set, by {jump:.0f} s"), GapReason.SUSPENDED
            )

    def _check_waiters(self, now: float) -> None:
        """Let nobody wait too long for a line that others have had already; the first one is not given up by us."""
        if self.state is State.OPEN or not self.is_established:
            return
        error = self._error_of(f"it could not be made again in {self.times.line:g} s")
        for waiter in [each for each in self._waiters if now >= each.until]:
            waiter.is_of_line = True
            self._refuse(waiter, error)
        for question in [each for each in self._questions if now >= each.until]:
            self._questions.remove(question)
            question.ends(error)

    def _doubt(self, entry: Entry, quiet: float) -> None:
        words = f"{entry.registration.channel} told nothing for {quiet:.0f} s while its venue trades"
        self._gaps.miss([entry], self._since(entry), GapReason.SILENT, words)
        entry.is_doubted = not entry.is_doubted
        if entry.is_doubted:
            self._again.add(entry.registration)
        else:
            entry.doublings += 1
            self.loss = self.loss or Loss(self._error_of(words), GapReason.SILENT)

    # What is sent

    def _next(self, moment: Moment) -> float:
        """Send the next frame if it is its time; return the seconds until there may be one."""
        now = moment.seconds
        if self._exchange is None and not self._is_idle:
            self._exchange = self._planned(moment)
            self._is_idle = self._exchange is None
        exchange = self._exchange
        if exchange is None or exchange.is_waiting:
            return LOOK_SECONDS
        if not exchange.frames:  # the feed needs none for it
            self._settle(exchange, moment)
            return 0.0
        if now < self._next_frame:
            return self._next_frame - now
        self._next_frame = now + 1 / self.speaker.frames_per_second
        self.out.append(exchange.frames.popleft())
        exchange.is_waiting = True
        exchange.until = now + self._patience(exchange)
        return LOOK_SECONDS

    def _patience(self, exchange: Exchange) -> float:
        """Return the seconds in which what was sent has to be answered; who has the line waits for a line itself."""
        seconds = exchange.question.seconds if exchange.question else self.times.answer
        return seconds if self.speaker is self.feed else seconds + self.times.line + self.times.answer

    def _planned(self, moment: Moment) -> Exchange | None:
        """Return what is sent next: releases before registrations, own orders before all others."""
        surplus = [each for each in self.held if each not in self.wanted.entries or each in self._again]
        if surplus:
            batch = surplus[: self.speaker.at_once]
            return Exchange(Asked.RELEASE, deque(self.speaker.release(batch)), batch)
        while batch := self._lacking(moment.seconds):
            try:
                return Exchange(Asked.REGISTER, deque(self.speaker.register(batch)), batch)
            except BrokerError as error:  # it cannot even be written
                self._not_taken(Exchange(Asked.REGISTER, deque(), batch), error, False, moment)
        if self._questions:
            question = self._questions.popleft()
            frame, speaker = question.frame, self.speaker
            if isinstance(speaker, RelayFeed):
                frame = speaker.asking(frame, question.name, question.seconds)
            return Exchange(Asked.ASK, deque([frame]), question=question)
        return None

    def _lacking(self, now: float) -> list[Registration]:
        """Return what is to be registered in the next frame."""
        lacking = [
            entry
            for registration, entry in self.wanted.entries.items()
            if registration not in self.held and now >= entry.refused_until
        ]
        if not lacking:
            return []
        first = next((entry for entry in lacking if entry.has_orders), lacking[0])
        others = [] if first.is_alone else [each for each in lacking if each is not first and not each.is_alone]
        return [each.registration for each in (first, *others)][: self.speaker.at_once]


def _unanswered(asked: Asked, seconds: float) -> str:
    """Say what the broker has not done in time."""
    if asked is Asked.OPEN:
        return f"the broker did not let us in in {seconds:g} s"
    if asked is Asked.RELEASE:
        return f"the broker did not release in {seconds:g} s"
    return f"the broker did not register in {seconds:g} s"
