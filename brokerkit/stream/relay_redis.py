"""A connection that hosts share through Redis: one of them has it, and serves the first process of every other host.

What goes between two hosts are the bytes that go over the local socket of one: published in numbered pieces. A piece
that is missing ends the line, and the rules of the connection tell that as a gap.
"""

from __future__ import annotations

import json
import secrets
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from brokerkit.errors import ConfigError
from brokerkit.sharing.hosts import host_name
from brokerkit.sharing.store import PREFIX, StateLost, Store
from brokerkit.stream.holder import this_program
from brokerkit.stream.line import AT_ONCE, Waker
from brokerkit.stream.relay_line import ALIVE_SECONDS, NotServed, local
from brokerkit.text import sanitize

if TYPE_CHECKING:
    from redis import Redis

SILENT_SECONDS = 2.5
"""After which the other host counts as gone: it gives signs of life more often, and its right ends sooner."""
LOOK_SECONDS = 0.1
AGAIN_SECONDS = 0.5
END_SECONDS = 5.0
"""Longest wait for the threads."""
MOST_PIECE = 2**18
_HEAD = struct.Struct(">16scQ")
"""Who speaks or is spoken to, what it is, and its number."""
_DATA, _ALIVE, _END = b"D", b"A", b"E"


class Elsewhere(NamedTuple):
    """The process of another host that has the connection."""

    token: str
    """Of its channels."""
    name: str

    def __str__(self) -> str:
        return self.name


class Gate:
    """The right to a connection among hosts; who has it lets their processes in to what serves this host's own."""

    def __init__(self, store: Store, name: str, path: Path | None, overtaken: Callable[[], None]) -> None:
        """`path` is where this host's processes are served; `overtaken` learns that another host has the right now."""
        me = this_program()
        self._store = store
        self._key = f"stream:{name}"
        self._token = secrets.token_hex(8)
        told = {"token": self._token, "host": host_name(), "process": me.process, "program": me.program}
        self._value = json.dumps(told)
        self._path = path
        self._overtaken = overtaken
        self._guests: dict[bytes, _Guest] = {}
        self._waker = Waker()
        self._is_stopped = False
        self._threads: list[threading.Thread] = []
        self._kept_at = 0.0
        self.is_overtaken = False

    def take(self) -> Elsewhere | None:
        """Take the right and let others in; return who has it if that is another host. StateLost, ConfigError."""
        found = self._store.take(self._key, self._value)
        if found is not None:
            return _elsewhere(found)
        self.is_overtaken = False
        if not self._threads and self._path is not None:
            self._threads = [
                threading.Thread(target=each, name="brokerkit stream hosts", daemon=True)
                for each in (self._hear, self._tell)
            ]
            for thread in self._threads:
                thread.start()
        return None

    def line_to(self, other: Elsewhere) -> socket.socket:
        """Return what leads to the process of another host, as a local socket; NotServed if it cannot be had."""
        return _Far(self._store, f"{self._key}:{other.token}").socket()

    def close(self) -> None:
        """Give the right back, and let nobody in any more."""
        self._is_stopped = True
        self._store.let_go(self._key)
        self._waker.wake()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(END_SECONDS)
        self._store.let_go(self._key)  # one of them may just have taken it again
        self._waker.close()

    def forget(self) -> None:
        """Close what a forked child has of it."""
        for guest in [*self._guests.values()]:
            guest.socket.close()
        self._waker.forget()

    # What comes from other hosts

    def _hear(self) -> None:
        while not self._is_stopped:
            try:
                with _subscribed(self._store, f"{self._key}:{self._token}") as messages:
                    while not self._is_stopped:
                        data = messages.next(LOOK_SECONDS)
                        if data is not None:
                            self._heard(data)
                        self._look()
            except (StateLost, ConfigError, OSError):
                pass
            except Exception as error:
                if not _is_of_redis(error):
                    raise
            self._drop_all()
            if not self._is_stopped:
                self._keep()
                time.sleep(AGAIN_SECONDS)

    def _look(self) -> None:
        """Drop guests that are gone, and see whether the right is still ours."""
        now = time.monotonic()
        for guest in [*self._guests.values()]:
            if now - guest.heard_at > SILENT_SECONDS:
                self._drop(guest)
        if now - self._kept_at > AGAIN_SECONDS and not self._store.holds(self._key):
            self._keep()

    def _keep(self) -> None:
        """Take the right again, where Redis has forgotten it; another host may have been faster."""
        self._kept_at = time.monotonic()
        if self._is_stopped:
            return
        try:
            found = self._store.take(self._key, self._value)
        except (StateLost, ConfigError):
            return  # nobody else can take it either
        if found is not None and not self.is_overtaken:
            self.is_overtaken = True
            self._overtaken()

    def _heard(self, data: bytes) -> None:
        if len(data) < _HEAD.size or self._path is None:
            return
        name, kind, number = _HEAD.unpack_from(data)
        guest = self._guests.get(name)
        if guest is None:
            if number or kind != _DATA:
                return  # of a line that has ended
            try:
                guest = self._guests[name] = _Guest(name, local(self._path))
            except NotServed:
                return
            self._waker.wake()
        guest.heard_at = time.monotonic()
        if kind == _END or number != guest.heard:
            self._drop(guest)
            return
        guest.heard += 1
        if kind == _DATA:
            try:
                guest.socket.sendall(data[_HEAD.size :])
            except OSError:
                self._drop(guest)

    def _drop_all(self) -> None:
        for guest in [*self._guests.values()]:
            self._drop(guest)

    def _drop(self, guest: _Guest) -> None:
        """Let the other thread see its end."""
        with suppress(OSError):
            guest.socket.shutdown(socket.SHUT_RDWR)

    # What goes to other hosts

    def _tell(self) -> None:
        redis = self._store.line()
        with selectors.DefaultSelector() as selector:
            selector.register(self._waker, selectors.EVENT_READ)
            known: set[bytes] = set()
            while not self._is_stopped:
                for key, _ in selector.select(AGAIN_SECONDS):
                    if key.fileobj is self._waker:
                        self._waker.clear()
                    elif not self._told(redis, key.data):
                        selector.unregister(key.fileobj)
                        self._guests.pop(key.data.name, None)
                        known.discard(key.data.name)
                        key.data.socket.close()
                for name, guest in [*self._guests.items()]:
                    if name not in known:
                        known.add(name)
                        selector.register(guest.socket, selectors.EVENT_READ, guest)
            for guest in [*self._guests.values()]:
                guest.socket.close()
        _close(redis)

    def _told(self, redis: Redis, guest: _Guest) -> bool:
        """Publish what this host's server says to a guest; False once that is its end."""
        try:
            data = guest.socket.recv(MOST_PIECE)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        channel = f"{PREFIX}{self._key}:{self._token}:{guest.name.decode()}"
        piece = _HEAD.pack(guest.name, _DATA if data else _END, guest.told) + data
        guest.told += 1
        try:
            redis.publish(channel, piece)
        except Exception as error:
            if not _is_of_redis(error):
                raise
            return False  # the piece is missing there: the line ends
        return bool(data)


class _Guest:
    """A line of another host, and the local socket to which it leads."""

    def __init__(self, name: bytes, line: socket.socket) -> None:
        line.settimeout(SILENT_SECONDS)
        self.name = name
        self.socket = line
        self.heard = self.told = 0
        self.heard_at = time.monotonic()


class _Far:
    """What leads from a local socket to the process of another host."""

    def __init__(self, store: Store, channel: str) -> None:
        self._store = store
        self._channel = channel
        self._name = secrets.token_hex(8).encode()
        self._near, self._far = socket.socketpair()
        self._is_over = threading.Event()
        self._is_ready = threading.Event()

    def socket(self) -> socket.socket:
        """Begin, and return the end that is ours."""
        for each in (self._hear, self._tell):
            threading.Thread(target=each, name="brokerkit stream far", daemon=True).start()
        self._near.setblocking(False)
        return self._near

    def _hear(self) -> None:
        number, heard_at = 0, time.monotonic()
        try:
            with _subscribed(self._store, f"{self._channel}:{self._name.decode()}") as messages:
                self._is_ready.set()
                while not self._is_over.is_set():
                    data = messages.next(LOOK_SECONDS)
                    now = time.monotonic()
                    if data is None:
                        if now - heard_at > SILENT_SECONDS:
                            return
                        continue
                    heard_at = now
                    _, kind, its = _HEAD.unpack_from(data)
                    if kind != _DATA or its != number:
                        return
                    number += 1
                    self._far.sendall(data[_HEAD.size :])
        except (StateLost, ConfigError, OSError, struct.error):
            return
        except Exception as error:
            if not _is_of_redis(error):
                raise
        finally:
            self._end()

    def _tell(self) -> None:
        redis = self._store.line()
        channel, number = f"{PREFIX}{self._channel}", 0
        try:
            self._is_ready.wait(SILENT_SECONDS)
            with selectors.DefaultSelector() as selector:
                selector.register(self._far, selectors.EVENT_READ)
                while not self._is_over.is_set():
                    data, kind = b"", _ALIVE
                    if selector.select(ALIVE_SECONDS):
                        data = self._far.recv(AT_ONCE)
                        kind = _DATA if data else _END
                    redis.publish(channel, _HEAD.pack(self._name, kind, number) + data)
                    number += 1
                    if kind == _END:
                        return
        except (OSError, ValueError):
            return
        except Exception as error:
            if not _is_of_redis(error):
                raise
        finally:
            self._end()
            self._far.close()
            _close(redis)

    def _end(self) -> None:
        self._is_over.set()
        self._is_ready.set()
        with suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)


class _Messages:
    """What is published on a channel."""

    def __init__(self, pubsub: Any) -> None:
        self._pubsub = pubsub

    def next(self, seconds: float) -> bytes | None:
        """Return the next piece; None if none comes within that time."""
        told = self._pubsub.get_message(ignore_subscribe_messages=True, timeout=seconds)
        return told["data"] if told is not None and told["type"] == "message" else None


@contextmanager
def _subscribed(store: Store, channel: str) -> Iterator[_Messages]:
    """Subscribe a channel over a connection of its own, and yield what comes once that is sure."""
    redis = store.line()
    try:
        pubsub = redis.pubsub()  # type: ignore[no-untyped-call]
        pubsub.subscribe(PREFIX + channel)
        until = time.monotonic() + SILENT_SECONDS
        while (told := pubsub.get_message(timeout=SILENT_SECONDS)) is None or told["type"] != "subscribe":
            if time.monotonic() >= until:
                raise OSError("nothing was subscribed")
        yield _Messages(pubsub)
    finally:
        _close(redis)


def _close(redis: Redis) -> None:
    with suppress(Exception):
        redis.close()


def _is_of_redis(error: Exception) -> bool:
    from redis.exceptions import RedisError

    return isinstance(error, RedisError)


def holder_among_hosts(store: Store, name: str) -> Elsewhere | None:
    """Return which process has the right, on whatever host; None where none has. StateLost, ConfigError."""
    found: Any = store.do(lambda redis: redis.get(f"{PREFIX}stream:{name}"))
    return None if found is None else _elsewhere(bytes(found).decode("utf-8", errors="replace"))


def _elsewhere(found: str) -> Elsewhere:
    """Return who has the right, as he has written it there."""
    try:
        told = json.loads(found)
        name = f"Process {int(told['process'])} ({told['program']}) of {told['host']}"
        return Elsewhere(str(told["token"]), sanitize(name, limit=120))
    except (ValueError, KeyError, TypeError):
        return Elsewhere("", "Another host")
