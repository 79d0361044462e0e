"""The line of a process that is served by another one of this host, and what speaks over it in the place of a feed."""

from __future__ import annotations

import errno
import json
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from brokerkit.stream import relay_words as words
from brokerkit.stream.feed import Acknowledged, Answer, Ended, Feed, Received, Refused, Registration, Rows, Unreadable
from brokerkit.stream.holder import this_program
from brokerkit.stream.line import AT_ONCE, LOOK_SECONDS, LineLost, Waker, Woken
from brokerkit.stream.relay_words import Anew, Failed, Heard, Odd, Ours, Replied, Words
from brokerkit.stream.topics import Topic

HAS_LOCAL_SOCKETS = hasattr(socket, "AF_UNIX") and hasattr(os, "getuid")
"""Whether processes of this system can share a connection."""
ALIVE_SECONDS = 0.5
"""So often a process that serves others gives them a sign of life."""
SILENT_SECONDS = 3.0
"""After which it counts as gone."""
WELCOME_SECONDS = 3.0
"""In which it has to let another one in."""
BUFFER_BYTES = 2**20
"""That the system keeps of what is on its way."""


class NotServed(Exception):
    """Nobody serves at this moment."""


class Silent(Exception):
    """Who serves does not answer, or speaks another language; says which."""


def peer_is_mine(connection: socket.socket) -> bool:
    """Say whether the process at the other end is of this user; where no system tells, the folder is private."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", told)
    return bool(user == os.getuid())


def local(path: Path) -> socket.socket:
    """Return a connected socket to who listens at a path; NotServed where nobody does, Silent where it cannot be he."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.setblocking(False)
        code = line.connect_ex(os.fsencode(path))
        if code in (errno.EAGAIN, errno.EINPROGRESS):
            raise Silent("it does not answer")
        if code:
            raise NotServed
        if not peer_is_mine(line):
            raise Silent("what listens in its place is of another user")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    except BaseException:
        line.close()
        raise
    return line


class RelayLine:
    """A local socket to the process that has the connection, from `connect` to `close`; used as a `Line` is."""

    def __init__(self, opened: Callable[[], socket.socket], waker: Waker) -> None:
        """`opened` returns the socket, connected; it raises as `connect`."""
        self._open = opened
        self._waker = waker
        self._reader = words.Reader()
        self._socket: socket.socket | None = None
        self._selector: selectors.BaseSelector | None = None
        self._early: list[str] = []
        """What came together with the welcome."""
        self._out = bytearray()
        self.is_gone = False
        """Whether the other process has closed the line, or is gone: there will be another one that has it."""

    def connect(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Be let in; NotServed where nobody listens, Silent where nobody answers, Woken if it is wanted no more."""
        try:
            self._connected()
            self._let_in(time.monotonic() + WELCOME_SECONDS, is_wanted)
        except BaseException:
            self.forget()
            raise

    def _connected(self) -> None:
        self._socket = line = self._open()
        self._selector = selectors.DefaultSelector()
        self._selector.register(line, selectors.EVENT_READ)
        self._selector.register(self._waker, selectors.EVENT_READ)

    def _let_in(self, until: float, is_wanted: Callable[[], bool]) -> None:
        me = this_program()
        hello = words.said("hello", protocol=words.PROTOCOL, process=me.process, program=me.program)
        try:
            self._put(hello)
            while not self._early:
                left = until - time.monotonic()
                if left <= 0:
                    raise Silent("it does not answer")
                self._early = self.receive(min(left, LOOK_SECONDS)) or []
                if not is_wanted():
                    raise Woken
            told = words.meant(self._early.pop(0))
        except (LineLost, Odd):
            told = {}
        if self.is_gone:
            raise NotServed
        if told.get("say") != "welcome" or told.get("protocol") != words.PROTOCOL:
            raise Silent("it does not speak as this version of brokerkit")

    def receive(self, seconds: float) -> list[str] | None:
        """Return what has come; nothing where only a sign of life did. None: time is over, or somebody woke."""
        if self._early:
            found, self._early = self._early, []
            return found
        if self._selector is None:
            raise LineLost("the line is closed")
        is_readable = False
        for key, events in self._selector.select(max(0.0, seconds)):
            if key.fileobj is self._waker:
                self._waker.clear()
            else:
                is_readable = bool(events & selectors.EVENT_READ)
                if events & selectors.EVENT_WRITE:
                    self._flush()
        if not is_readable:
            return None
        try:
            data = self._sure().recv(AT_ONCE)
            if data:
                return self._reader.read(data)
        except BlockingIOError:
            return None
        except OSError:
            pass
        except Odd as odd:
            raise LineLost(str(odd)) from None
        raise self._gone()

    def _gone(self) -> LineLost:
        self.is_gone = True
        return LineLost("the process that has the connection is gone, or has closed it")

    def _sure(self) -> socket.socket:
        if self._socket is None:
            raise LineLost("the line is closed")
        return self._socket

    def send(self, frame: SecretStr) -> None:
        """Say something; what the socket does not take at once goes with the next `receive`."""
        self._put(words.framed(frame.get_secret_value()))

    def _put(self, data: bytes) -> None:
        self._out += data
        self._flush()

    @property
    def owes(self) -> int:
        """How many bytes the socket has not taken yet."""
        return len(self._out)

    def _flush(self) -> None:
        try:
            while self._out:
                del self._out[: self._sure().send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self._out.clear()
            raise self._gone() from None
        if self._selector is not None:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
            self._selector.modify(self._sure(), wanted)

    def close(self) -> None:
        """Close the socket."""
        self.forget()

    def forget(self) -> None:
        """Close the socket, as a forked child has to: the line is its parent's."""
        if self._selector is not None:
            self._selector.close()
        if self._socket is not None:
            self._socket.close()
        self._selector = self._socket = None
        self._out.clear()


class RelayFeed:
    """What a feed is for the rules of a connection, where another process has the line.

    The feed itself reads what the broker sent: it learns what is registered, and what the broker said to that.
    """

    heartbeat_seconds = SILENT_SECONDS
    frames_per_second = 1000.0

    def __init__(self, feed: Feed[Any], topics_of: Callable[[Registration], Iterable[Topic]]) -> None:
        """`topics_of` tells what a registration is wanted for."""
        self.at_once = feed.at_once
        self._feed = feed
        self._topics_of = topics_of
        self._broker = str(feed.client.broker)
        self._held: dict[Registration, None] = {}
        feed.join()

    # What is said

    def register(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        """Ask for registrations; BrokerError where the feed cannot write what registers one."""
        self._feed.register(registrations)
        self._held.update(dict.fromkeys(registrations))
        named = [[each.channel, each.key, [[*topic] for topic in self._topics_of(each)]] for each in registrations]
        return [_say("register", of=named)]

    def release(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        """Ask for them no more."""
        self._feed.release(registrations)
        for each in registrations:
            self._held.pop(each, None)
        return [_say("release", of=words.written(registrations))]

    def asking(self, frame: SecretStr, name: str, seconds: float) -> SecretStr:
        """Return what lets the other process ask the broker something."""
        return _say("ask", frame=frame.get_secret_value(), name=name, seconds=seconds)

    # What is heard

    def read(self, text: str) -> Iterable[Received | Ours]:
        """Return what came: rows of the broker, or what the other process says."""
        if type(text) is Words:
            try:
                return self._heard(words.meant(text))
            except Odd as odd:
                return [Unreadable(str(odd))]
        found = self._feed.read(text)
        if type(found) is tuple and len(found) == 1 and type(found[0]) is Rows:  # as nearly always
            return found
        return [each for each in found if isinstance(each, Rows | Unreadable)]

    def _heard(self, told: dict[str, Any]) -> list[Received | Ours]:
        match told["say"]:
            case "acknowledged":
                return [Acknowledged()]
            case "refused":
                return [Refused(words.error_of(told.get("error"), self._broker), bool(told.get("heals")))]
            case "ended":
                return [Ended(words.error_of(told.get("error"), self._broker), bool(told.get("heals")))]
            case "answer":
                text = str(told.get("text"))
                return [Replied(each, SecretStr(text)) for each in self._feed.read(text) if isinstance(each, Answer)]
            case "heard":  # from here on the feed can open what is encrypted
                texts = [str(text) for text in told.get("texts") or ()]
                for text in texts:
                    for _ in self._feed.read(text):
                        pass
                return [Heard(words.registrations_of(told.get("of")), [SecretStr(text) for text in texts])]
            case "anew":
                self._feed.join()
                held = [*self._held]
                for start in range(0, len(held), self.at_once):
                    self._feed.register(held[start : start + self.at_once])
                return [Anew()]
            case "missed":
                return [words.lapse_of(told)]
            case "failed":
                error = words.error_of(told.get("error"), self._broker)
                return [Failed(words.registrations_of(told.get("of")), error)]
        raise Odd("what came says what nobody knows")


def _say(what: str, **told: Any) -> SecretStr:
    return SecretStr(json.dumps({"say": what, **told}))
