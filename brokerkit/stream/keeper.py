"""The thread of a connection: it makes the line, sends and receives on it, and makes it again when it is lost."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from pydantic import SecretStr

from brokerkit import clock, files, watching
from brokerkit.errors import AuthError, BrokerError, ConfigError, KeyInUse, NetworkError, StreamError, Unsupported
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.sessions import Phase
from brokerkit.sharing.store import StateLost, Store
from brokerkit.stream.exchanges import Question, Waiter
from brokerkit.stream.feed import Feed, Registration
from brokerkit.stream.holder import Holder, socket_path
from brokerkit.stream.line import Line, LineLost, Waker, Woken, check_address
from brokerkit.stream.pace import SHARED, Moment, Pace
from brokerkit.stream.relay import Relay
from brokerkit.stream.relay_line import HAS_LOCAL_SOCKETS, NotServed, RelayFeed, RelayLine, Silent, local
from brokerkit.stream.relay_redis import Gate
from brokerkit.stream.session import Loss, Session
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import Topic
from brokerkit.transport.outgoing import check_certificates
from brokerkit.words import Venue

logger = logging.getLogger("brokerkit")

END_SECONDS = 5.0
"""How long `stop` waits for the thread; it may be waiting itself, for a name or a key, and ends after that."""
GONE_SECONDS = 30.0
"""How long another line waits for that."""
LONG_SECONDS = 10.0
"""Before a line, that are worth a word."""
STALLED_SECONDS = 30.0
"""After which a line that takes nothing is given up."""
NOBODY_SECONDS = 3.0
"""So long it is waited that who has the connection begins to serve, or that it becomes free."""
MOST_GONE = 5
"""So often in a row who waits goes on waiting where the process that has the connection is gone."""
UNTOLD_SECONDS = 4.0
"""In which the host that has the connection takes its right again, where Redis was lost and has forgotten it."""
FAR_SECONDS = 6.0
"""So long another host that does not answer is asked, before it is told to who waits."""
AGAIN_SECONDS = 0.05
"""So often that is looked at."""


def now() -> Moment:
    """Return the present moment."""
    return Moment(time.monotonic(), clock.now())


class Keeper:
    """Keeps the one line of a key up, for as long as somebody wants something of it."""

    def __init__(
        self,
        feed: Feed[Any],
        identity: str,
        pace: Pace,
        phase_of: Callable[[Venue], Phase | None],
        previous: Keeper | None,
        store: Store | None = None,
    ) -> None:
        """`previous` had the line before: it has to be gone before another one is made. `store` is what hosts share."""
        self.session = Session(feed, phase_of=phase_of, times=pace.times, moment=now())
        self._feed = feed
        self._pace = pace
        self._previous = previous
        self._holder = Holder(feed.client.broker, identity)
        self._waker = Waker()
        self._line: Line | RelayLine | None = None
        self._relay: Relay | None = None
        """Serves other processes of this host, while this one has the right to the connection."""
        self._store = store
        self._gate: Gate | None = None
        """The right to the connection among hosts that share a Redis."""
        self._identity = identity
        self._untold_until = float("-inf")
        """Until when a Redis that was lost may not have been told yet who has the connection."""
        self._is_far = False
        """Whether another host has the connection."""
        self._shared_pace = Pace(SHARED)
        """Of lines to the process that has the connection: they cost the broker nothing."""
        self._owed_since: float | None = None
        self._is_wait_told = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self.is_stopped = False
        """Whether it has to end."""
        self.is_over = False
        """Whether nothing will come any more: another one has to be made."""

    # What others want, from any thread

    def subscribe(self, topics: Sequence[Topic], taker: Taker, feed: Feed[Any]) -> None:
        """Want topics for a taker; return once the broker has taken them, and raise what it refused."""
        waiter = self.session.want(topics, taker, feed, now())
        self._wait(waiter)

    def unsubscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Want topics no more for a taker."""
        self.session.unwant(topics, taker)
        self.wake()

    def ask(self, frame: SecretStr, name: str, timeout: float) -> Any:
        """Ask the broker something and return the body of its answer."""
        question = self.session.ask(frame, name, timeout, now())
        self._wait(question)
        return question.body

    def _wait(self, waiting: Waiter | Question) -> None:
        """Wait for the word of the broker, in steps: an interrupt and the end of the thread have to be seen.

        The rules of the session end the wait if the broker has no word.
        """
        try:
            if not waiting.is_over.is_set():
                self._start()
            while not waiting.is_over.wait(0.5):
                if self._thread is not None and not self._thread.is_alive():
                    raise self._closed()
        except BaseException:
            self.session.give_up(waiting)
            self.wake()
            raise
        if waiting.error is not None:
            raise waiting.error

    def _start(self) -> None:
        with self._starting:
            if self.is_stopped:
                raise self._closed()
            if self._thread is None:
                name = f"brokerkit stream {self._feed.client.broker}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()
        self.wake()

    def _closed(self) -> StreamError:
        return StreamError("The stream is closed.", broker=self._feed.client.broker)

    def wake(self) -> None:
        """Let the thread see that something else is wanted."""
        self._waker.wake()

    def stop(self, seconds: float | None = None) -> None:
        """Close the line and end the thread, whatever it is doing; from any thread."""
        with self._starting:
            self.is_stopped = self.is_over = True
            thread = self._thread
        self._waker.wake()
        if thread is None:
            self._waker.close()
        elif thread is not threading.current_thread():
            thread.join(END_SECONDS if seconds is None else seconds)

    def forget(self) -> None:
        """Close what a forked child has of it."""
        if self._line is not None:
            self._line.forget()
        if self._relay is not None:
            self._relay.forget()
        if self._gate is not None:
            self._gate.forget()
        self._holder.forget()
        self._waker.forget()

    # The thread

    def _run(self) -> None:
        words = "The stream was closed."
        try:
            while not self.is_stopped:
                self._step()
        except Exception as error:  # noqa: BLE001 - a fault of ours, or of the adapter: nobody may wait in vain
            words = f"The connection of the stream failed ({type(error).__name__} in {_place(error)})."
            logger.error(
                "%s: %s",
                self._feed.client.broker,
                words,
                extra=about("stream_failed", error, broker=self._feed.client.broker),
            )
        finally:
            self.is_over = True
            self._let_go()
            self.session.fail(StreamError(words, broker=self._feed.client.broker))
            self._waker.close()
            with suppress(Exception):  # connections of this thread alone
                self._feed.client.close()

    def _step(self) -> None:
        session = self.session
        if self._line is None:
            self._turn()
        if self._line is not None:
            self._use(self._line)
        elif not session.is_needed:
            self._give_back()  # somebody else may have the key meanwhile
            self._waker.wait(60.0)
        elif (seconds := self._own_pace.wait(time.monotonic())) > 0:
            self._tell_wait(seconds)
            self._waker.wait(min(seconds, session.due(now())))
        else:
            self._make()
        if session.is_failed:
            self.is_stopped = self.is_over = True

    @property
    def _own_pace(self) -> Pace:
        return self._pace if self._holder.is_held and not self._is_far else self._shared_pace

    def _turn(self) -> bool:
        """Do what other processes ask for; say whether anything was done."""
        return self._relay is not None and self._relay.turn(now())

    def _tell_wait(self, seconds: float) -> None:
        if seconds >= LONG_SECONDS and not self._is_wait_told:
            words = "%s: the next line waits %.0f s, for so many were made lately: brokers block who connects in a loop"
            logger.warning(
                words,
                self._feed.client.broker,
                seconds,
                extra=about("stream_waits", broker=self._feed.client.broker, seconds=round(seconds)),
            )
        self._is_wait_told = seconds >= LONG_SECONDS

    def _make(self) -> None:
        """Make a line. Whatever fails is told to those who wait, or it is tried again."""
        loss: Loss | None = None
        try:
            self._opened()
        except Woken:
            return
        except LineLost as lost:
            loss = Loss(self._unreachable(lost))
        except BrokerError as error:
            loss = Loss(error, heals=_heals(error))
        if loss is not None:
            self._lose(loss)

    def _opened(self) -> None:
        feed = self._feed
        if self._previous is not None:
            self._previous.stop(GONE_SECONDS)
            self._previous = None
        until = time.monotonic() + NOBODY_SECONDS
        while not self._holder.take():
            if (served := self._served(is_last=time.monotonic() >= until)) is not None:
                self._begin(served, (), RelayFeed(feed, self._topics_of))
                return
            self._waker.wait(AGAIN_SECONDS)
            if not self._is_wanted():
                raise Woken
        path = self._share()
        if self._store is not None and (far := self._served_far(self._store, path)) is not None:
            self._begin(far, (), RelayFeed(feed, self._topics_of))
            return
        if self._pace.wait(time.monotonic()) > 0:
            return  # other processes have made so many lines lately
        address = check_address(feed.address(), plain_hosts=feed.plain_hosts())
        self._pace.begins(time.monotonic())
        self._holder.made(self._pace.lines)
        frames = feed.open()
        line = Line(address, check_certificates(feed.client.settings.ca_file), self._waker)
        line.connect(self._is_wanted)
        self._begin(line, frames, None)

    def _begin(self, line: Line | RelayLine, frames: Sequence[SecretStr], served: RelayFeed | None) -> None:
        self._line = line
        self._owed_since = None
        self.session.opened(frames, now(), served)
        self._tell("opened")
        self._send(line)

    def _served(self, *, is_last: bool) -> RelayLine | None:
        """Return a line to the process that has the connection; None where it does not serve yet.

        KeyInUse where it does not, or if this is the last try.
        """
        if not HAS_LOCAL_SOCKETS:
            raise self._holder.in_use()
        path = self._holder.told().socket
        if path is not None:
            line = RelayLine(partial(local, path), self._waker)
            try:
                line.connect(self._is_wanted)
            except NotServed:
                pass
            except Silent as silent:
                why = str(silent)
                raise self._holder.in_use(why) from None
            else:
                return line
        if is_last:
            raise self._holder.in_use("shares it with no other")
        return None

    def _topics_of(self, registration: Registration) -> list[Topic]:
        entry = self.session.wanted.entries.get(registration)
        return [] if entry is None else [route.topic for route in entry.routes]

    def _served_far(self, store: Store, path: Path | None) -> RelayLine | None:
        """Return a line to the host that has the connection; None if this one has it now. KeyInUse if it is silent."""
        if self._gate is None:
            self._gate = Gate(store, f"{self._feed.client.broker}:{self._identity}", path, self.wake)
        until = time.monotonic() + FAR_SECONDS
        while True:
            words, other = None, None
            try:
                if time.monotonic() < self._untold_until:
                    store.do(lambda redis: None)  # is it?
                    words = "the Redis that hosts share has just come back"
                else:
                    other = self._gate.take()
            except StateLost as lost:
                words, self._untold_until = lost.words, time.monotonic() + UNTOLD_SECONDS
            if words is not None:
                self._is_far = True  # to ask again costs the broker nothing
                raise NetworkError(
                    f"Whether another host has the connection of this key is not known: {words}.",
                    broker=self._feed.client.broker,
                    advice="Nothing was sent: two connections would throw each other out.",
                )
            self._is_far = other is not None
            if other is None:
                return None
            line = RelayLine(partial(self._gate.line_to, other), self._waker)
            with suppress(NotServed, Silent):
                line.connect(self._is_wanted)
                return line
            if time.monotonic() >= until:
                raise self._holder.in_use("it does not answer", str(other))

    def _share(self) -> Path | None:
        """Serve other processes of this host from now on, and learn how many lines they have made lately."""
        self._pace.learn(self._holder.lines(time.monotonic()))
        if not HAS_LOCAL_SOCKETS:
            return None
        try:
            path = socket_path(self._holder.path)
            if self._relay is not None:
                return path
            self._holder.note(path)
            relay = Relay(self.session, self.wake, path, partial(self._holder.note, path))
            relay.serve()
        except OSError as error:
            logger.warning(
                "%s: the connection is shared with no other process: %s",
                self._feed.client.broker,
                files.reason(error),
                extra=about("stream_not_shared", error, broker=self._feed.client.broker),
            )
            self._holder.note()
            return None
        self._relay = relay
        return path

    def _is_wanted(self) -> bool:
        """Say whether a line is still wanted, while one is being made; what is due meanwhile is done."""
        self.session.due(now())
        self._turn()
        return not self.is_stopped and self.session.is_needed

    def _unreachable(self, lost: LineLost) -> NetworkError:
        return NetworkError(
            f"The stream cannot be opened: {lost.words}.",
            broker=self._feed.client.broker,
            advice=lost.advice or "Nothing was registered: it is safe to try again.",
        )

    def _use(self, line: Line | RelayLine) -> None:
        """Take what has come, do what is due, and send what is to be sent."""
        session = self.session
        loss: Loss | None = None
        if self._gate is not None and self._gate.is_overtaken and not isinstance(line, RelayLine):
            words = "The line of the stream was given up: another host has the connection of this key now."
            self._lose(Loss(NetworkError(words, broker=self._feed.client.broker)))
            return
        try:
            soon = session.due(now())
            if self._turn():
                soon = 0.0  # something may be due that was not before
            self._send(line)
            if session.loss is None:
                texts = line.receive(soon)
                if texts is not None:
                    moment = now()
                    session.received(texts, moment) if texts else session.heard(moment)
                    if self._relay is not None:
                        self._relay.flush()
                    self._send(line)
        except LineLost as lost:
            is_taken_over = isinstance(line, RelayLine) and line.is_gone and self._shared_pace.losses < MOST_GONE
            loss = Loss(self._lost(lost), is_explained=isinstance(line, RelayLine), is_renewed=is_taken_over)
        loss = session.loss or loss
        if loss is not None:
            self._lose(self._judged(loss))

    def _judged(self, loss: Loss) -> Loss:
        """Return a loss that heals where another host took the line while this one slept: that one serves it."""
        if self._gate is None or loss.heals or not isinstance(loss.error, KeyInUse):
            return loss
        with suppress(StateLost, BrokerError):
            if self._gate.take() is not None:
                return loss._replace(heals=True)
        return loss

    def _lost(self, lost: LineLost) -> NetworkError:
        return NetworkError(f"The line of the stream was lost: {lost.words}.", broker=self._feed.client.broker)

    def _send(self, line: Line | RelayLine) -> None:
        out = self.session.out
        while out:
            line.send(out.popleft())
        if not line.owes:
            self._owed_since = None
            return
        self._owed_since = self._owed_since or time.monotonic()
        if time.monotonic() - self._owed_since > STALLED_SECONDS:
            raise LineLost(f"the broker has taken nothing for {STALLED_SECONDS:g} s")

    def _lose(self, loss: Loss) -> None:
        moment = now()
        self._tell("failed" if self._line is None else "lost", loss.error)
        if self._line is None:
            logger.info("%s", loss.error.told(ENGLISH), extra=about("stream_not_made", loss.error))
        else:
            logger.warning("%s", loss.error.told(ENGLISH), extra=about("stream_lost", loss.error))
        self._close_line()
        self._own_pace.loses(moment.seconds)
        self.session.lost(loss, moment)

    def _tell(self, outcome: str, error: BrokerError | None = None) -> None:
        if watching.observers:
            client = self._feed.client
            kind = None if error is None else type(error).__name__
            watching.tell(watching.Connected(client.broker, client.environment_name, outcome, kind))

    def _close_line(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _let_go(self) -> None:
        self._turn()  # so that other processes learn why
        self._give_back()

    def _give_back(self) -> None:
        """Give the right to the connection back; other processes see that once they can have it."""
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.hide()
        gate, self._gate = self._gate, None
        self._close_line()
        if gate is not None:
            gate.close()
        self._holder.release()
        if relay is not None:
            relay.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a socket and cannot be pickled.")


def _heals(error: BrokerError) -> bool:
    """Say whether what failed may succeed later. A refusal without a code of the broker's is one of this machine's."""
    return not isinstance(error, ConfigError | Unsupported) and not (isinstance(error, AuthError) and error.code)


def _place(error: Exception) -> str:
    """Return where an error was raised; what it says may hold what was sent."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{os.path.basename(place.filename)}:{place.lineno}"
