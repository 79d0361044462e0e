"""The WebSocket side: LOGIN, heartbeats, registrations, and what happens at the exchange as REAL frames.

Where the facts tell no answer to a frame, none is sent: nobody knows what the server says to it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import ClassVar, Protocol

from brokerkit.market.sessions import CONTINUOUS, Phase
from brokerkit.models import Flow
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.sandbox.happenings import BookChanged, Happening, OrderChanged, PhaseBegan, Traded
from brokerkit.sandbox.plain import Plain
from brokerkit.sandbox.streaming import FaceStream, Line

from . import stream_notices, stream_phases, stream_plain, stream_rows, stream_totals, us_stream
from .apis import SOCKET_PATH, US_SOCKET_PATH
from .common import Branch
from .indices import INDEX_OF
from .stream_conditions import Searches
from .stream_day import DaysOfSymbols
from .stream_frames import (
    ERROR,
    NAMES,
    PING,
    US_NAMES,
    Entry,
    Frame,
    done,
    entries_of,
    read,
    real,
    refused,
    wanted,
    with_unknown_fields,
    written,
    wrong_field,
)
from .stream_registrations import Registrations, Wanted
from .stream_rows import SUFFIXES, Depth, Sight, depth, sight
from .tokens import TokenDesk
from .us import PREFIX, UsBranch
from .us_conditions import UsSearches

BAD_TOKEN = 805004
TOO_FAST = 105110
REPLACED, SILENT, NO_LOGIN = "R10001", "R10002", "R10004"
_WORDS = {
    REPLACED: "같은 앱키로 다른 접속이 로그인하여 이 접속을 끝냅니다",
    SILENT: "PING에 응답이 없어 접속을 끝냅니다",
    NO_LOGIN: "제때 로그인하지 않아 접속을 끝냅니다",
}
GOODBYE = "Bye"
MOST_ENTRIES = 20
"""Of a frame."""
_TICKING = ("0J", "0U", "0w", *stream_plain.MADE_UP)


class Office(Protocol):
    """What the socket asks of its face."""

    branch: Branch
    us: UsBranch
    desk: TokenDesk
    plain: Plain


class _Session:
    """What is kept of a line."""

    def __init__(self, stream: KiwoomStream, path: str) -> None:
        self.is_in = False
        """Whether it has logged in."""
        self.heard_at = time.monotonic()
        """When the last PING came back."""
        self.registrations = Registrations()
        is_home = path == SOCKET_PATH
        self.searches = Searches(stream.branch) if is_home else UsSearches(stream.branch, stream.us)
        self.window = SlidingWindow(stream.registrations_per_second)
        self.due: list[Entry] = []
        """Entries that wait for the next frame."""


class KiwoomStream(FaceStream):
    """Kiwoom's WebSockets: one login for an app key at each, registrations in groups, frames with entries by type."""

    paths: ClassVar[frozenset[str]] = frozenset({SOCKET_PATH, US_SOCKET_PATH})
    hangs_up_on_keys: ClassVar[bool] = True

    def __init__(self, face: Office) -> None:
        super().__init__(face)
        self.branch = face.branch
        self.us = face.us
        self._desk = face.desk
        self._plain = face.plain
        self.replaces_session = True
        """Whether a login ends an older one with the same app key. It did in four of six trials; both are played."""
        self.replaces_across = False
        """Whether a login for Korea ends one for the US too, and the other way round: not told, so both are played."""
        self.fills_add_up = True
        """Whether FID 911 of an order is all that was filled so far, as clients saw it; False tells the fill alone."""
        self.login_seconds = 10.0
        """For so long a line may be without a login. The real number is not known."""
        self.tick_seconds = 1.0
        """Between two frames of an index or a programme, and of what is made up."""
        self.registrations_per_second = 5
        self._loop: asyncio.AbstractEventLoop | None = None
        self._days = DaysOfSymbols(self.exchange)
        self._tape = us_stream.Tape(face.us)
        self._books: dict[str, Depth] = {}
        """As they were told last."""
        self._volumes: dict[str, Decimal] = {}
        """Of indices, as they were told last."""
        self._flows: dict[str, Flow] = {}
        """Of programmes, as they were told last."""
        self._made: Counter[Wanted] = Counter()
        """How often something was made up for what is registered."""
        self._phase = self.exchange.phase
        self._frames = 0
        self._is_due = False
        self._ticker: asyncio.TimerHandle | None = None
        self._answers: Mapping[str, Callable[[Line, Frame], Frame | None]] = {
            "REG": self._register,
            "REMOVE": self._release,
        }

    def is_path(self, path: str) -> bool:
        """Say whether a socket is there: that for the US where the sandbox has its exchange."""
        return path in self.paths and (path == SOCKET_PATH or self.us.abroad is not None)

    # Lines

    def opened(self, line: Line) -> None:
        """Give a line some time to log in."""
        self._loop = asyncio.get_running_loop()
        if len(self.lines) == 1:
            self._begin()
        line.state["session"] = _Session(self, line.path)
        self._loop.call_later(self.login_seconds, self._expect_login, line)

    def _begin(self) -> None:
        """Forget what was told before: nobody has listened meanwhile."""
        self._days = DaysOfSymbols(self.exchange)
        self._tape = us_stream.Tape(self.us)
        self._books.clear()
        self._volumes.clear()
        self._flows.clear()
        self._made.clear()
        self._phase = self.exchange.phase
        self._is_due = False

    def _expect_login(self, line: Line) -> None:
        with self.still():
            if not line.is_closed and not _session(line).is_in:
                self._dismiss(line, NO_LOGIN)

    def closed(self, line: Line) -> None:
        """Stop the clock of indices with the last line."""
        if not self.lines and self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def heartbeat(self, line: Line) -> str | None:
        """Return the PING, which has to come back as it is."""
        return written(PING) if _session(line).is_in else None

    def lives(self, line: Line) -> bool:
        """Return whether a PING has come back in time."""
        session = _session(line)
        return not session.is_in or time.monotonic() - session.heard_at < self.silence_seconds

    def expire(self, line: Line) -> None:
        """End the line of a client that does not send PINGs back."""
        self._dismiss(line, SILENT)

    @staticmethod
    def _dismiss(line: Line, code: str) -> None:
        line.send(written({"trnm": "SYSTEM", "code": code, "message": _WORDS[code]}))
        line.close(reason=GOODBYE)

    # What clients send

    def received(self, line: Line, text: str) -> None:
        """Answer a frame. Before the login every other one is passed over."""
        session, frame = _session(line), read(text)
        name = frame.get("trnm")
        if name == "PING":
            session.heard_at = time.monotonic()
        elif name == "LOGIN":
            self._login(line, frame)
        elif session.is_in and isinstance(name, str):
            answer = self._answer(line, name, frame)
            if answer is not None:
                line.send(written(answer))

    def _answer(self, line: Line, name: str, frame: Frame) -> Frame | None:
        if name in self._answers:
            return self._answers[name](line, frame)
        return _session(line).searches.answer(name, frame)

    def _login(self, line: Line, frame: Frame) -> None:
        if not self._desk.tokens.is_valid(str(frame.get("token", ""))):
            line.send(_bad_token())
            line.close(reason=GOODBYE)
            return
        if self.replaces_session:
            for other in self._sessions(None if self.replaces_across else line.path):
                if other is not line:
                    self._dismiss(other, REPLACED)
        session = _session(line)
        session.is_in, session.heard_at = True, time.monotonic()
        line.send(written({"trnm": "LOGIN", "return_code": 0, "return_msg": "", "sor_yn": "Y"}))

    def _register(self, line: Line, frame: Frame) -> Frame:
        session = _session(line)
        if not session.window.admit("REG"):
            return refused("REG", TOO_FAST, f"등록은 1초에 {session.window.calls}건까지입니다")
        if wrong := wrong_field(frame):
            return refused("REG", ERROR, f"값의 형식이 다릅니다. 파라미터={wrong}")
        keep, named = frame.get("refresh", "1") == "1", wanted(frame) or []
        code = session.registrations.add(str(frame["grp_no"]), named, keep=keep)
        if code:
            return refused("REG", code, "등록할 수 있는 종목 수를 넘었습니다")
        for each in named if line.path == SOCKET_PATH else ():
            self._make_up(each, [line])
        self._tick_on()
        return done("REG")

    def _release(self, line: Line, frame: Frame) -> Frame:
        if wrong := wrong_field(frame):
            return refused("REMOVE", ERROR, f"값의 형식이 다릅니다. 파라미터={wrong}")
        _session(line).registrations.remove(str(frame["grp_no"]), wanted(frame) or ())
        return done("REMOVE")

    # What happens at the exchange

    def happened(self, happening: Happening) -> None:
        """Put what lines want to know into their next frame."""
        if isinstance(happening, Traded):
            self._tell_trade(happening)
        elif isinstance(happening, BookChanged):
            self._tell_book(happening.symbol)
        elif isinstance(happening, OrderChanged):
            self._tell_order(happening)
        elif isinstance(happening, PhaseBegan):
            self._tell_phase(happening)

    def _tell_trade(self, told: Traded) -> None:
        for code, seen in self._seen(told.symbol, ("0B", "0F")):
            if self._is_wanted("0B", code):
                day = self._days.after(told.symbol, told.trade)
                self._tell("0B", code, stream_rows.trade(seen, told.trade, day))
            if self._is_wanted("0F", code):
                self._tell("0F", code, stream_rows.members(seen))
        searching = [line for line in self._sessions() if _session(line).searches]
        quote = self.exchange.quote(told.symbol) if searching else None
        for line in searching:
            assert quote is not None  # noqa: S101 - somebody searches
            for values in _session(line).searches.traded(told.symbol, told.trade, quote):
                self._add(line, "02", told.symbol, values)

    def _tell_book(self, symbol: str) -> None:
        before = self._books.pop(symbol, None)
        looking = list(self._seen(symbol, ("0A", "0C", "0D", "0H")))
        expected = self.exchange.expected(symbol) if looking else None
        for code, seen in looking:
            self._books[symbol] = seen.book
            if self._is_wanted("0D", code):
                self._tell("0D", code, stream_rows.book(seen, before, expected))
            if expected is not None and self._is_wanted("0H", code):
                self._tell("0H", code, stream_rows.expectation(seen, expected))
            if before is None or _best(before) != _best(seen.book):
                self._tell_best(code, seen)

    def _tell_best(self, code: str, seen: Sight) -> None:
        if self._is_wanted("0C", code):
            self._tell("0C", code, stream_rows.best(seen))
        if self._is_wanted("0A", code):
            self._tell("0A", code, stream_rows.quote(seen, self._days.now(seen.instrument.symbol)))

    def _tell_order(self, told: OrderChanged) -> None:
        if told.account != self.branch.account:
            return
        symbol = told.order.request.symbol
        for type, values in (
            ("00", stream_notices.order(self.branch, told, adds_up=self.fills_add_up)),
            ("04", stream_notices.balance(self.branch, told)),
        ):
            for line in self._sessions() if values else ():
                # Whatever item was registered, it is the account of the token that is told.
                if _session(line).registrations.has(type):
                    self._add(line, type, symbol, dict(values or {}))

    def _tell_phase(self, told: PhaseBegan) -> None:
        before, self._phase = self._phase, told.phase
        for line in self._sessions():
            if _session(line).registrations.has("0s"):
                for values in stream_phases.entries(before, told.phase, told.time, demo=self.branch.demo):
                    self._add(line, "0s", "", values)
        for code in self._items("0g"):
            if seen := self._sight(code):
                self._tell("0g", code, stream_rows.limits(seen))

    def happened_abroad(self, market: str, happening: Happening) -> None:
        """The same for those who listen at the socket for the US."""
        if market == "US" and (lines := self._sessions(US_SOCKET_PATH)):
            for entry, key in self._tape.entries(happening, adds_up=self.fills_add_up):
                wanted = Wanted(entry["type"], key) if key else None
                for line in lines:
                    registered = _session(line).registrations
                    # Whatever item was registered, it is the account of the token whose orders are told.
                    if registered.has(entry["type"]) if wanted is None else wanted in registered:
                        self._put(line, {**entry, "name": US_NAMES[entry["type"]]})

    # What is told now and then

    def _tick_on(self) -> None:
        """Start the clock of indices and programmes if somebody wants to know of them."""
        if self._ticker is None and self._loop is not None and any(self._items(type) for type in _TICKING):
            self._ticker = self._loop.call_later(self.tick_seconds, self._tick)

    def _tick(self) -> None:
        with self.still():
            self._ticker = None
            if self.exchange.phase is Phase.REGULAR:
                self._tell_indices()
            if self.exchange.phase in CONTINUOUS:
                self._tell_programs()
            for wanted in [Wanted(type, item) for type in stream_plain.MADE_UP for item in self._items(type)]:
                self._made[wanted] += 1
                self._make_up(wanted, self._sessions())
            self._tick_on()

    def _tell_indices(self) -> None:
        for code in self._items("0J"):
            if told := stream_totals.index(self.branch, code, self._volumes.get(code)):
                values, self._volumes[code] = told
                self._tell("0J", code, values)
        for code in self._items("0U"):
            if breadth := stream_totals.breadth(self.branch, code):
                self._tell("0U", code, breadth)

    def _tell_programs(self) -> None:
        for code in self._items("0w"):
            seen = self._sight(code)
            if seen and (told := stream_totals.programs(seen, self._flows.get(code))):
                values, self._flows[code] = told
                self._tell("0w", code, values)

    def _make_up(self, wanted: Wanted, lines: Iterable[Line]) -> None:
        """Tell those who have registered it what no exchange here plays; of what there is not, nothing."""
        if wanted.type not in stream_plain.MADE_UP:
            return
        item = stream_plain.about(self.branch, *wanted)
        listening = [line for line in lines if wanted in _session(line).registrations]
        if item is None or not listening:
            return
        values = stream_plain.values(self.branch, self._plain, wanted.type, item, self._made[wanted])
        for line in listening:
            self._add(line, wanted.type, item, values)

    # Frames

    def _sessions(self, path: str | None = SOCKET_PATH) -> list[Line]:
        """Return the lines that have logged in at a path, None for all of them."""
        return [
            line for line in self.lines if not line.is_closed and _session(line).is_in and path in (None, line.path)
        ]

    def _items(self, type: str) -> list[str]:
        """Return what somebody has registered a type for."""
        return sorted({item for line in self._sessions() for item in _session(line).registrations.items(type)})

    def _is_wanted(self, type: str, item: str) -> bool:
        looked_for = Wanted(type, item)
        return any(looked_for in _session(line).registrations for line in self._sessions())

    def _seen(self, symbol: str, types: Sequence[str]) -> Iterator[tuple[str, Sight]]:
        """Yield the codes of a symbol for which somebody has registered one of the types, each with what it shows."""
        book: Depth | None = None
        for suffix in SUFFIXES:
            code = f"{symbol}{suffix}"
            if any(self._is_wanted(type, code) for type in types):
                book = book or depth(self.branch, symbol)
                if seen := sight(self.branch, symbol, suffix, book):
                    yield code, seen

    def _sight(self, code: str) -> Sight | None:
        symbol, _, suffix = code.partition("_")
        suffix = suffix and f"_{suffix}"
        if symbol not in self.exchange.instruments or suffix not in SUFFIXES:
            return None  # taken, and nothing is ever sent
        return sight(self.branch, symbol, suffix)

    def _tell(self, type: str, item: str, values: dict[str, str]) -> None:
        """Put an entry into the next frame of every line that has registered for it."""
        told = Wanted(type, item)
        for line in self._sessions():
            if told in _session(line).registrations:
                self._add(line, type, item, values)

    def _add(self, line: Line, type: str, item: str, values: dict[str, str]) -> None:
        """Put an entry into the next frame of a line: what happens together comes in one."""
        self._put(line, {"type": type, "name": NAMES[type], "item": item, "values": values})

    def _put(self, line: Line, entry: Entry) -> None:
        _session(line).due.append(entry)
        if not self._is_due and self._loop is not None:
            self._is_due = True
            with suppress(RuntimeError):  # the server has ended, and the lines with it
                self._loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        with self.still():
            self._is_due = False
            for line in self.lines:
                session = _session(line)
                due, session.due = session.due, []
                for start in range(0, len(due), MOST_ENTRIES):
                    self._frames += 1
                    line.send(real(due[start : start + MOST_ENTRIES], turned=self._frames % 2 == 0))

    def watched(self) -> Collection[str]:
        """Return the symbols that lines have registered, the shares of indices, and what meets live searches."""
        items = {each.item for line in self._sessions() for each in _session(line).registrations}
        indices = {INDEX_OF[item] for item in items if item in INDEX_OF} & set(self.exchange.indices)
        shares = {share for symbol in indices for share in self.exchange.indices.shares(symbol)}
        met = {symbol for line in self._sessions() for symbol in _session(line).searches.met}
        abroad = {each.item for line in self._sessions(US_SOCKET_PATH) for each in _session(line).registrations}
        met |= {PREFIX + item.partition(":")[2] for item in abroad}
        return shares | met | ({item.partition("_")[0] for item in items} & set(self.exchange.instruments))

    # What faults ask

    def is_data(self, text: str) -> bool:
        """Return whether a text is a REAL frame."""
        return entries_of(text) is not None

    def with_unknown_columns(self, line: Line, text: str) -> str | None:
        """Return a frame with fields that nobody knows in each entry."""
        entries = entries_of(text)
        return None if entries is None else with_unknown_fields(entries)

    def split(self, line: Line, text: str) -> Sequence[str]:
        """Return each entry as a frame of its own."""
        return [real([entry]) for entry in entries_of(text) or ()]

    def merged(self, line: Line, first: str, second: str) -> str | None:
        """Return the entries of two frames as one."""
        before, behind = entries_of(first), entries_of(second)
        return None if before is None or behind is None else real([*before, *behind])

    def refusal_of_registration(self, line: Line, text: str) -> str | None:
        """Return the refusal of a REG: trouble inside the server, of which no code is known."""
        is_registration = read(text).get("trnm") == "REG"
        return written(refused("REG", ERROR, "등록하지 못했습니다")) if is_registration else None

    def refusal_of_key(self, line: Line, text: str) -> str | None:
        """Return the refusal of the token of a LOGIN."""
        return _bad_token() if read(text).get("trnm") == "LOGIN" else None


def _session(line: Line) -> _Session:
    session: _Session = line.state["session"]
    return session


def _bad_token() -> str:
    words = "토큰을 확인하지 못해 접속을 끝냅니다 [CODE=8005, MESSAGE=Token이 유효하지 않습니다]"
    return written(refused("LOGIN", BAD_TOKEN, words))


def _best(book: Depth) -> tuple[int | None, ...]:
    return tuple(levels[0][0] if levels else None for levels in book)
