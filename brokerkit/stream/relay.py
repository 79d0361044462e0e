"""Serves other processes of this host with the one line of a key that this process has.

They are told what they have registered, text by text as the broker sent it, encoded once for all of them. What they
want is wanted of the rules of the connection here, counted like all else: one registration for whoever needs it.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from brokerkit.errors import BrokerError, InvalidRequest, StreamError
from brokerkit.logs import about
from brokerkit.stream import relay_words as words
from brokerkit.stream.events import Gap
from brokerkit.stream.exchanges import Question, Waiter
from brokerkit.stream.feed import Registration, Rows, Unreadable
from brokerkit.stream.holder import Program
from brokerkit.stream.line import AT_ONCE, Waker
from brokerkit.stream.pace import Moment
from brokerkit.stream.registrations import Place
from brokerkit.stream.relay_client import Client, Wish
from brokerkit.stream.relay_line import ALIVE_SECONDS, BUFFER_BYTES, peer_is_mine
from brokerkit.stream.relay_words import Odd, Words
from brokerkit.stream.session import Session
from brokerkit.text import sanitize

logger = logging.getLogger("brokerkit")

MOST_CLIENTS = 256
END_SECONDS = 5.0


def _nothing(row: Any, venue: Any, received_at: Any) -> None:
    """Read nothing out of a row: the process for which it came does."""


class Relay:
    """Serves, from `serve` to `close`. Two threads: its own lets in, reads and sends what had to wait; the one of the
    connection calls `turn`, `pass_on`, `settled` and `anew`.
    """

    def __init__(
        self, session: Session, wake: Callable[[], None], path: Path, changed: Callable[[Sequence[Program]], None]
    ) -> None:
        """`wake` lets the connection's thread come to its turn; `changed` learns who is served."""
        self._session = session
        self._wake = wake
        self._path = path
        self._changed = changed
        self._waker = Waker()
        self._clients: tuple[Client, ...] = ()
        """Replaced as a whole, by the relay's thread alone."""
        self._asked: deque[tuple[Client, dict[str, Any] | None]] = deque()
        """What processes have asked for; None: one is gone."""
        self._waiting: list[tuple[Waiter | Question, Callable[[], None]]] = []
        """What the broker has not answered yet, and what is done then."""
        self._members: dict[Registration, tuple[Client, ...]] = {}
        """Who wants the texts of a registration; one tuple for all of the same ones."""
        self._run: list[str] = []
        """Texts that came last, all for the same ones."""
        self._run_for: tuple[Client, ...] = ()
        self._settled: list[Registration] = []
        """What the broker has just taken."""
        self._lapses: dict[tuple[Client, Gap], list[Registration]] = {}
        """What registrations have missed after those texts: all that missed the same is told at once."""
        self._is_stopped = False
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name="brokerkit stream relay", daemon=True)

    def serve(self) -> None:
        """Begin; an OSError where there can be no socket at that place."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with suppress(FileNotFoundError):
                os.unlink(self._path)  # of a process that is gone: whoever has the lock may
            listener.bind(os.fsencode(self._path))
            os.chmod(self._path, 0o600)  # before anybody is let in
            listener.listen(MOST_CLIENTS)
            listener.setblocking(False)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        self._thread.start()

    # The connection's thread

    def turn(self, moment: Moment) -> bool:
        """Do what was asked for, and answer what the broker has answered; say whether anything was done."""
        is_done = False
        while self._asked:
            client, told = self._asked.popleft()
            is_done = True
            if told is None or client.is_gone:
                self._left(client)
                continue
            try:
                self._do(client, told, moment)
            except Odd:
                self._drop(client)
        over = [each for each in self._waiting if each[0].is_over.is_set()]
        if over:
            self._waiting = [each for each in self._waiting if each not in over]
            for _, answer in over:
                answer()
        self.flush()
        return is_done or bool(over)

    def flush(self) -> None:
        """Send what has come, to those who want it."""
        if self._settled:
            self._tell_settled()
        if self._run:
            data, self._run = words.texts(self._run), []
            for client in self._run_for:
                self._push(client, data)
        if self._lapses:
            lapses, self._lapses = self._lapses, {}
            for (client, gap), registrations in lapses.items():
                told = words.said("missed", of=words.written(registrations), **words.gap_told(gap))
                self._push(client, told)

    def missed(self, client: Client, registrations: Sequence[Registration], gap: Gap) -> None:
        """Tell one what its registrations have missed, before the next text."""
        if self._run:
            self.flush()
        self._lapses.setdefault((client, gap._replace(topics=())), []).extend(registrations)

    def tell(self, client: Client, data: bytes) -> None:
        """Send words to one, after the texts before them."""
        self.flush()
        self._push(client, data)

    def _push(self, client: Client, data: bytes) -> None:
        if client.push(data):
            self._waker.wake()

    def pass_on(self, text: str, found: Sequence[Any]) -> None:
        """Pass a text on to those who want something that stands in it."""
        if type(text) is Words:  # of a process that serves this one
            return
        if len(found) == 1:
            group = self._group_of(found[0])
        else:
            groups = {group for each in found if (group := self._group_of(each))}
            group = groups.pop() if len(groups) == 1 else self._same({each for those in groups for each in those})
        if self._settled:
            self._tell_settled(text, group)
        if group:
            if group is not self._run_for or self._lapses:
                self.flush()
                self._run_for = group
            self._run.append(text)

    def _group_of(self, item: Any) -> tuple[Client, ...]:
        if type(item) is Rows:
            return self._members.get(item.registration, ())
        if type(item) is not Unreadable:
            return ()
        if item.registration is not None:
            return self._members.get(item.registration, ())
        return self._same({each for those in self._members.values() for each in those})

    def _same(self, clients: Iterable[Client]) -> tuple[Client, ...]:
        """Return clients as the one tuple that stands for these."""
        group = tuple(sorted(clients, key=id))
        return next((each for each in (self._run_for, *self._members.values()) if each == group), group)

    def settled(self, registrations: Iterable[Registration]) -> None:
        """Tell what the broker said as it took registrations, to those who want them, before what comes next."""
        self._settled.extend(registrations)

    def _tell_settled(self, passed: str = "", to: Sequence[Client] = ()) -> None:
        """Tell it, less a text that is just passed on to some: it may have rows in it, and they are read once."""
        registrations, self._settled = self._settled, []
        for client in {each for one in registrations for each in self._members.get(one, ())}:
            of = [each for each in registrations if each in client.wishes]
            self._tell_heard(client, of, passed if client in to else "")

    def _tell_heard(self, client: Client, registrations: Sequence[Registration], passed: str = "") -> None:
        said: dict[tuple[str, ...], list[Registration]] = {}
        for each in registrations:
            texts = tuple(text for text in self._said_to(each) if text != passed)
            if texts:
                said.setdefault(texts, []).append(each)
        for texts, of in said.items():
            self.tell(client, words.said("heard", of=words.written(of), texts=texts))

    def _said_to(self, registration: Registration) -> list[str]:
        return [each.get_secret_value() for each in self._session.acknowledged.get(registration, ())]

    def anew(self) -> None:
        """Tell everybody that the line is another one: what was said on the one before does not count any more."""
        for client in {each for those in self._members.values() for each in those}:
            self.tell(client, words.said("anew"))

    # What processes ask for

    def _do(self, client: Client, told: dict[str, Any], moment: Moment) -> None:
        match told["say"]:
            case "register":
                self._register(client, told.get("of"), moment)
            case "release":
                self._release(client, words.registrations_of(told.get("of")))
                self.tell(client, words.said("acknowledged"))
            case "ask":
                self._ask(client, told, moment)
            case _:
                raise Odd("what came asks for what nobody knows")

    def _register(self, client: Client, told: Any, moment: Moment) -> None:
        try:
            topics = {
                words.registrations_of([(channel, key)])[0]: [words.topic_of(each) for each in named]
                for channel, key, named in told
            }
        except (TypeError, ValueError):
            raise Odd("what came names no registrations") from None
        self._release(client, [each for each in topics if each in client.wishes])
        wish = Wish(self, client, topics)
        places = [Place(topic, each, _nothing) for each, named in topics.items() for topic in named]
        try:
            waiter = self._session.want_places(places, wish, moment)
        except BrokerError as error:
            # It may be taken later, when others need less.
            self._refuse(client, error, heals=isinstance(error, InvalidRequest))
            return
        client.wishes.update(dict.fromkeys(topics, wish))
        self._regroup(topics)
        self._tell_heard(client, [each for each in topics if each in self._session.held])
        if not waiter.is_over.is_set() and any(self._is_refused(each) for each in topics):
            self._release(client, topics)
            words_ = "The broker has just refused that; it is tried again once in a while."
            self._refuse(client, StreamError(words_), heals=True)
            return
        self._waiting.append((waiter, partial(self._answer, client, wish, waiter)))

    def _is_refused(self, registration: Registration) -> bool:
        entry = self._session.wanted.entries.get(registration)
        return entry is not None and entry.is_refused

    def _answer(self, client: Client, wish: Wish, waiter: Waiter) -> None:
        if waiter.error is None:
            self.tell(client, words.said("acknowledged"))
            return
        self._release(client, [each for each in wish.topics if client.wishes.get(each) is wish])
        if waiter.is_of_line:
            heals = not self._session.is_failed
            self.tell(client, words.said("ended", error=words.error_told(waiter.error), heals=heals))
        else:
            self._refuse(client, waiter.error, heals=waiter.heals)

    def _refuse(self, client: Client, error: BrokerError, *, heals: bool) -> None:
        self.tell(client, words.said("refused", error=words.error_told(error), heals=heals))

    def _release(self, client: Client, registrations: Iterable[Registration]) -> None:
        gone = {each: wish for each in registrations if (wish := client.wishes.pop(each, None)) is not None}
        for registration, wish in gone.items():
            self._session.unwant(wish.topics[registration], wish)
        self._regroup(gone)

    def _ask(self, client: Client, told: dict[str, Any], moment: Moment) -> None:
        frame, name, seconds = told.get("frame"), told.get("name"), told.get("seconds")
        if not (isinstance(frame, str) and isinstance(name, str) and isinstance(seconds, int | float)):
            raise Odd("what came asks nothing")
        try:
            question = self._session.ask(SecretStr(frame), name, float(seconds), moment)
        except BrokerError as error:
            self._refuse(client, error, heals=True)
            return
        self._waiting.append((question, partial(self._reply, client, question)))

    def _reply(self, client: Client, question: Question) -> None:
        if question.text is not None:
            self.tell(client, words.said("answer", text=question.text.get_secret_value()))
        else:
            error = question.error or StreamError("The broker does not answer a question over its stream.")
            self._refuse(client, error, heals=True)

    def _regroup(self, registrations: Iterable[Registration]) -> None:
        """Say anew who wants the texts of registrations."""
        self.flush()
        for registration in registrations:
            self._members.pop(registration, None)
            wanting = [each for each in self._clients if registration in each.wishes]
            if wanting:
                self._members[registration] = self._same(wanting)
        self._session.relay = self if self._members else None

    def _left(self, client: Client) -> None:
        """Want nothing more for a process that is gone."""
        wishes = {*client.wishes.values()}
        gone = [*client.wishes]
        client.wishes.clear()
        for wish in wishes:
            self._session.leave(wish)
        self._regroup(gone)

    def _drop(self, client: Client) -> None:
        """Serve a process no more."""
        with suppress(OSError):
            client.socket.shutdown(socket.SHUT_RDWR)

    # The relay's own thread

    def _serve(self) -> None:
        try:
            self._serve_all()
        except Exception as error:  # noqa: BLE001 - a fault of ours: nobody may wait in vain
            broker = self._session.feed.client.broker
            logger.error(
                "%s: the connection is shared no more (%s)",
                broker,
                type(error).__name__,
                extra=about("relay_failed", error, broker=broker),
            )
            for client in self._clients:
                self._drop(client)
                self._asked.append((client, None))

    def _serve_all(self) -> None:
        assert self._listener is not None  # noqa: S101 - it is there before the thread begins
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._waker, selectors.EVENT_READ)
            alive_at = time.monotonic()
            while not self._is_stopped:
                for key, events in selector.select(max(0.0, alive_at - time.monotonic())):
                    if key.fileobj is self._waker:
                        self._waker.clear()
                    elif key.fileobj is self._listener:
                        self._accept(selector)
                    elif isinstance(key.data, Client):
                        self._look(selector, key.data, events)
                if time.monotonic() >= alive_at:
                    alive_at = time.monotonic() + ALIVE_SECONDS
                    for client in self._clients:
                        if not client.owes:
                            client.push(words.alive())
                for client in self._clients:
                    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.owes else 0)
                    if selector.get_key(client.socket).events != wanted:
                        selector.modify(client.socket, wanted, client)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        assert self._listener is not None  # noqa: S101 - as above
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= MOST_CLIENTS or not peer_is_mine(connection):
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        client = Client(connection)
        self._clients = (*self._clients, client)
        selector.register(connection, selectors.EVENT_READ, client)

    def _look(self, selector: selectors.BaseSelector, client: Client, events: int) -> None:
        """Take what a process says, and send it what waits."""
        if events & selectors.EVENT_WRITE:
            client.flush()
        if not events & selectors.EVENT_READ:
            return
        try:
            data = client.socket.recv(AT_ONCE)
            if data and not client.is_gone:
                for text in client.reader.read(data):
                    self._hear(client, words.meant(text))
                return
        except BlockingIOError:
            return
        except (OSError, Odd):
            pass
        selector.unregister(client.socket)
        client.close()
        self._clients = tuple(each for each in self._clients if each is not client)
        self._asked.append((client, None))
        self._wake()
        self._tell_changed()

    def _hear(self, client: Client, told: dict[str, Any]) -> None:
        if client.program is not None:
            self._asked.append((client, told))
            self._wake()
            return
        if told["say"] != "hello" or told.get("protocol") != words.PROTOCOL:
            raise Odd("what came is no greeting of this version")
        process = told.get("process")
        client.program = Program(
            process if isinstance(process, int) else 0, sanitize(str(told.get("program")), limit=60)
        )
        client.push(words.said("welcome", protocol=words.PROTOCOL))
        self._tell_changed()

    def _tell_changed(self) -> None:
        self._changed([each.program for each in self._clients if each.program is not None])

    # The end

    def hide(self) -> None:
        """Let nobody in any more. Whoever has the lock next listens at the same place."""
        self._is_stopped = True
        self._waker.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(END_SECONDS)
        with suppress(OSError):
            os.unlink(self._path)

    def close(self) -> None:
        """End; after `hide`. Processes that are served see that, and one of them is the next."""
        self._session.relay = None
        for client in self._clients:
            self._left(client)
        self.forget()

    def forget(self) -> None:
        """Close the sockets, as a forked child has to: else others would not see that its parent closes them."""
        if self._listener is not None:
            self._listener.close()
        for client in self._clients:
            client.socket.close()
        self._waker.forget()
