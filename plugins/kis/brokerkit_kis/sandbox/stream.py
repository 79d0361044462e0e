"""The socket: sessions, registrations and heartbeats, and what happens at the exchange as frames."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from brokerkit.catalogue import Api, Catalogue
from brokerkit.catalogue.apis import NONE
from brokerkit.logs import about
from brokerkit.market.sessions import AUCTIONS, CONTINUOUS, Phase
from brokerkit.models import OrderBook, Quote
from brokerkit.sandbox.bourses import OF_THE_DAY
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.face import Credentials
from brokerkit.sandbox.happenings import BookChanged, HaltChanged, Happening, OrderChanged, PhaseBegan, Traded
from brokerkit.sandbox.plain import Kept, Plain
from brokerkit.sandbox.streaming import FaceStream, Line
from brokerkit.words import Venue
from brokerkit_kis.sandbox.fields import spelled
from brokerkit_kis.sandbox.indices import INDICES
from brokerkit_kis.sandbox.stream_columns import Kind, Service, service_of
from brokerkit_kis.sandbox.stream_day import DayOfSymbol
from brokerkit_kis.sandbox.stream_frames import MOST_RECORDS, Frame, read
from brokerkit_kis.sandbox.stream_notices import can_encrypt, kept_fields, kept_ids, new_secret, notice_row
from brokerkit_kis.sandbox.stream_prints import Prints
from brokerkit_kis.sandbox.stream_requests import (
    NOTHING,
    REGISTER,
    RELEASE,
    TROUBLE,
    UNKNOWN_KEY,
    WRONG_USER,
    Asked,
    SessionRefused,
    SocketRefused,
    answered,
    asked_in,
    heartbeat,
)
from brokerkit_kis.sandbox.stream_rows import (
    ENDS,
    HALT,
    STARTS,
    book_row,
    expected_row,
    index_row,
    member_row,
    program_row,
    status_row,
    trade_row,
    written,
)
from brokerkit_kis.sandbox.stream_us import UsShares

logger = logging.getLogger("brokerkit")

PATH = re.compile(r"/+(tryitout(/+[A-Za-z0-9]*)?)?")
MOST_REGISTRATIONS = 41
PULSE_SECONDS = 1.0
COLLECTING_SECONDS = 0.005
"""For so long prints wait for others that come together with them."""
PULSED = frozenset({Kind.INDEX, Kind.MEMBER, Kind.PROGRAM, Kind.MADE_UP})
"""What is told once in so many seconds, and not with every trade."""
ACCOUNTS = ("ACNT_NO", "ACCT_NO")
"""Columns of the account in notices of own orders; the login name stands in the first one."""
CIPHER = "cipher"
"""Where a line that has the session keeps its key."""


class Door(Protocol):
    """What the socket asks of its face."""

    exchange: Exchange
    exchanges: Mapping[str, Exchange]
    environment: str
    credentials: Credentials
    plain: Plain

    def approves(self, key: str) -> bool:
        """Return whether a key opens the socket."""


@dataclass
class Print:
    """A trade that waits to be sent, together with those that follow at once."""

    text: str
    tells: Callable[[Service], bool]
    """Whether it is one of the market that an id tells."""


class KisStream(FaceStream):
    """The socket of the server. One app key has one session, which is the first connection that shows a good key."""

    face: Door

    def __init__(self, face: Door) -> None:
        super().__init__(face)
        self.widths: dict[str, int] = {}
        """Columns of ids that send fewer than now, as before one was appended; for tests, and for old clients."""
        self.tells_daytime_orders = False
        """Whether notices tell orders of the daytime market of the US: where KIS tells them is not known."""
        self._phase = self.exchange.phase
        self._ended_auction_at = -1
        """How often the exchange had changed when an auction ended: trades of that change are of the auction."""
        self._days: dict[str, DayOfSymbol] = {}
        face.plain.heard = self._keeps
        self._end_session()

    def _end_session(self) -> None:
        self._session: Line | None = None
        self._keys: set[str] = set()
        """Those that were shown on it."""
        self._registered: dict[tuple[str, str], Service] = {}
        abroad = self.face.exchanges.get("US")
        later = partial(self._later, COLLECTING_SECONDS)
        self._us = None if abroad is None else UsShares(abroad, self._registered, self._send, later)
        self._prints: Prints[Print] = Prints(self._send_prints, later)
        self._seen: dict[str, tuple[int, OrderBook]] = {}
        self._books: dict[str, OrderBook] = {}
        """Those that were sent last."""
        self._indices: dict[str, Quote] = {}
        self._traded: set[str] = set()
        """Symbols of which something was traded since totals were told."""
        self._has_pulse = False
        self._made_up: Counter[tuple[str, str]] = Counter()
        """How many rows were made up of what is registered."""

    def is_path(self, path: str) -> bool:
        """Say whether the server takes WebSockets at a path; the id in it is not looked at."""
        return PATH.fullmatch(path) is not None

    def opened(self, line: Line) -> None:
        """Learn of a line that was just opened."""
        self._phase = self.exchange.phase

    def closed(self, line: Line) -> None:
        """End the session with its line."""
        if line is self._session:
            self._end_session()

    def heartbeat(self, line: Line) -> str | None:
        """Return the text that the client sends back as it is."""
        return heartbeat()

    # What clients send

    def received(self, line: Line, text: str) -> None:
        """Register or release what a client asks for."""
        asked: Asked | None = None
        try:
            asked = asked_in(text)
            if asked is not None:
                line.send(self._answer(line, asked))
        except SocketRefused as refusal:
            line.send(refusal.answer(asked or NOTHING))
            if refusal.code == WRONG_USER[0]:
                line.close()

    def _answer(self, line: Line, asked: Asked) -> str:
        self._admit(line, asked.approval_key)
        service = service_of(asked.tr_id)
        if service is None or not (service.in_demo if self.face.environment == "demo" else service.in_real):
            raise SocketRefused("OPSP8991", "SUBSCRIBE ERROR : invalid tr_id")
        encrypt = "Y" if service.of_user else "N"
        if asked.tr_type == RELEASE:
            self._release(asked)
            return answered(asked, "0", "OPSP0001", "UNSUBSCRIBE SUCCESS", encrypt, line.state[CIPHER].told())
        self._register(asked, service)
        return answered(asked, "0", "OPSP0000", "SUBSCRIBE SUCCESS", encrypt, line.state[CIPHER].told())

    def _admit(self, line: Line, key: str) -> None:
        """Let a line have the session. A key opens it; whether it lives on does not matter to what is open."""
        is_known = line is self._session and key in self._keys
        if not is_known and not self.face.approves(key):
            raise SocketRefused(*UNKNOWN_KEY)
        if self._session is None or self._session.is_closed:
            self._end_session()
            self._session = line
            line.state[CIPHER] = new_secret()
        if self._session is not line:
            raise SessionRefused("OPSP8996", "ALREADY IN USE appkey")
        self._keys.add(key)

    def _release(self, asked: Asked) -> None:
        if self._registered.pop(asked.registration, None) is None:
            raise SocketRefused("OPSP0003", "UNSUBSCRIBE ERROR(not found!)")

    def _register(self, asked: Asked, service: Service) -> None:
        key = asked.registration[1]
        if asked.registration in self._registered:
            raise SocketRefused("OPSP0002", "ALREADY IN SUBSCRIBE")
        if service.of_user:
            self._check_user(key)
        elif not (service.of_us or service.kind is Kind.MADE_UP or self._is_listed(key, service)):
            # That a code which is not listed is refused is not seen anywhere; the list of codes has this one.
            raise SocketRefused("OPSP8992", "SUBSCRIBE ERROR : invalid tr_key")
        if len(self._registered) >= MOST_REGISTRATIONS:
            raise SocketRefused("OPSP0008", "MAX SUBSCRIBE OVER")
        self._registered[asked.registration] = service
        if service.kind in (Kind.TRADE, Kind.EXPECTED) and not service.of_us:
            self._day(_symbol(key))
        if service.kind in PULSED and not self._has_pulse:
            self._has_pulse = True
            self._later(PULSE_SECONDS, self._pulse)

    def _check_user(self, key: str) -> None:
        if key != self.face.credentials.hts_id:
            raise SessionRefused(*WRONG_USER)
        if not can_encrypt():
            logger.warning(
                "The KIS sandbox cannot send notices: they need the [stream] extra of brokerkit-kr.",
                extra=about("sandbox_without_notices"),
            )
            raise SocketRefused(*TROUBLE)

    def _is_listed(self, key: str, service: Service) -> bool:
        return key in INDICES if service.of_index else _symbol(key) in self.exchange.instruments

    # What happens at the exchange

    def happened(self, happening: Happening) -> None:
        """Tell the session what it has registered."""
        if isinstance(happening, PhaseBegan):
            self._begin_phase(happening.phase)
        elif self._session is None:
            return
        elif isinstance(happening, Traded):
            self._trade(happening)
        elif isinstance(happening, BookChanged):
            self._prints.send(happening.symbol)
            self._tell_book(happening.symbol)
        elif isinstance(happening, OrderChanged):
            self._tell_order(self.exchange, happening)
        elif isinstance(happening, HaltChanged):
            for id, service in self._ids(happening.symbol, Kind.STATUS):
                self._tell_status(id, service, happening.symbol, HALT if happening.is_halted else "")

    def happened_abroad(self, market: str, happening: Happening) -> None:
        """Tell the session what it has registered of US shares."""
        if self._session is None or self._us is None:
            return
        if not isinstance(happening, OrderChanged):
            self._us.happened(happening)
        elif self.tells_daytime_orders or happening.order.request.venue is not Venue.DAYTIME:
            self._tell_order(self.face.exchanges[market], happening)

    def _ids(self, symbol: str, kind: Kind) -> list[tuple[str, Service]]:
        """Return the ids of a kind that are registered for a symbol."""
        key = spelled(symbol)
        return [(id, s) for (id, of), s in self._registered.items() if of == key and s.kind is kind]

    def _begin_phase(self, phase: Phase) -> None:
        before, self._phase = self._phase, phase
        if before in AUCTIONS:
            self._ended_auction_at = self.exchange.changes
        codes = [code for code in (ENDS.get(before), STARTS.get(phase)) if code]
        for (id, key), service in self._registered.items():
            # Codes of NXT were not found.
            if service.kind is Kind.STATUS and service.venue is not Venue.NXT:
                for code in codes:
                    self._tell_status(id, service, _symbol(key), code)

    def _tell_status(self, id: str, service: Service, symbol: str, code: str) -> None:
        self._send(id, [written(id, status_row(self.exchange, symbol, service.venue, code))])

    def _trade(self, happening: Traded) -> None:
        symbol = happening.symbol
        self._traded.add(symbol)
        if not self._ids(symbol, Kind.TRADE):
            return
        is_of_auction = self._ended_auction_at == self.exchange.changes
        day, book = self._day(symbol), self._book(symbol)
        row = trade_row(self.exchange, day, happening.trade, book, is_of_auction=is_of_auction)
        phase = Phase.CLOSING_AUCTION if is_of_auction else self._phase
        is_at_nxt = self.exchange.instruments[symbol].nxt

        def tells(service: Service) -> bool:
            return _is_told(service.venue, phase, is_at_nxt=is_at_nxt)

        self._prints.add(symbol, Print(written("H0STCNT0", row), tells))

    def _send_prints(self, symbol: str, prints: list[Print]) -> None:
        for id, service in self._ids(symbol, Kind.TRADE):
            self._send(id, [each.text for each in prints if each.tells(service)])

    def _tell_book(self, symbol: str) -> None:
        exchange, instrument = self.exchange, self.exchange.instruments[symbol]
        books, forecasts = self._ids(symbol, Kind.BOOK), self._ids(symbol, Kind.EXPECTED)
        if not books and not forecasts:
            return
        expected, book = exchange.expected(symbol), self._book(symbol)
        row = book_row(exchange, book, expected, self._books.get(symbol)) if books else {}
        for id, service in books:
            if _is_told(service.venue, self._phase, is_at_nxt=instrument.nxt):
                self._send(id, [written(id, row)])
                self._books[symbol] = book
        for id, service in forecasts:
            if expected is not None and service.venue is not Venue.NXT:
                self._send(id, [written(id, expected_row(exchange, self._day(symbol), expected, book))])

    def _tell_order(self, exchange: Exchange, happening: OrderChanged) -> None:
        if happening.account not in self.accounts:
            return
        for (id, hts_id), service in self._registered.items():
            if service.kind is Kind.NOTICE and service.of_us is not (exchange is self.exchange):
                row = notice_row(exchange, happening, hts_id)
                if row is not None:
                    self._send(id, [written(id, row)], is_encrypted=True)

    def _pulse(self) -> None:
        """Tell once a second what does not come with every trade."""
        registered = [(id, key, s) for (id, key), s in self._registered.items()]
        self._has_pulse = any(service.kind in PULSED for _, _, service in registered)
        if self._has_pulse:
            self._later(PULSE_SECONDS, self._pulse)
        for id, key, service in registered:
            if service.kind is Kind.MADE_UP:
                if not service.of_user:
                    self._make_up(id, key, service)
            elif service.kind is Kind.INDEX and self._phase in OF_THE_DAY:
                self._tell_index(id, key)
            elif service.kind in PULSED and _symbol(key) in self._traded:
                self._tell_totals(id, service, _symbol(key))
        self._traded.clear()

    def _tell_index(self, id: str, code: str) -> None:
        before = self._indices.get(code)
        row, quote = index_row(self.exchange, code, before)
        if before is None or (quote.price, quote.volume) != (before.price, before.volume):
            self._indices[code] = quote
            self._send(id, [written(id, row)])

    def _tell_totals(self, id: str, service: Service, symbol: str) -> None:
        if _is_told(service.venue, self._phase, is_at_nxt=self.exchange.instruments[symbol].nxt):
            is_of_members, exchange = service.kind is Kind.MEMBER, self.exchange
            row = member_row(exchange, symbol, service.venue) if is_of_members else program_row(exchange, symbol)
            self._send(id, [written(id, row)])

    def tell(self, id: str) -> None:
        """Send a row that is made up to who has registered an id, also where nothing happens here that it tells."""
        with self.still():
            for (each, key), service in [*self._registered.items()]:
                if each == id:
                    self._make_up(each, key, service)

    def _keeps(self, api: Api, variant: str, kept: Kept) -> None:
        """Tell that an order was taken that no exchange plays; in whatever thread that is."""
        if ids := kept_ids(variant, kept):
            self._later(0.0, partial(self._tell_kept, ids, kept_fields(kept)))

    def _tell_kept(self, ids: Collection[str], said: Mapping[str, str]) -> None:
        for (id, key), service in [*self._registered.items()]:
            if id in ids:
                self._make_up(id, key, service, said)

    def _make_up(self, id: str, key: str, service: Service, told: Mapping[str, str] = NONE) -> None:
        api, place = Catalogue.at("brokerkit_kis").api(id), self._made_up[id, key]
        self._made_up[id, key] += 1
        said = {api.frame[0].name: key, **told}
        if service.of_user:
            said |= dict.fromkeys(ACCOUNTS, self.face.credentials.account.replace("-", ""))
        row = self.face.plain.frame(api, key, place, said=said, zero=service.of_user)
        self._send(id, ["^".join(row.values())], is_encrypted=service.of_user)

    def _book(self, symbol: str) -> OrderBook:
        """Return the book, which is one and the same for all that is told of a change."""
        changes = self.exchange.changes
        if self._seen.get(symbol, (-1, None))[0] != changes:
            self._seen[symbol] = (changes, self.exchange.order_book(symbol))
        return self._seen[symbol][1]

    def _day(self, symbol: str) -> DayOfSymbol:
        if symbol not in self._days:
            self._days[symbol] = DayOfSymbol(self.exchange, symbol)
        return self._days[symbol]

    def _send(self, id: str, rows: list[str], *, is_encrypted: bool = False) -> None:
        if id in self.widths:
            rows = ["^".join(row.split("^")[: self.widths[id]]) for row in rows]
        for first in range(0, len(rows), MOST_RECORDS):
            if self._session is not None:
                frame = Frame(id, rows[first : first + MOST_RECORDS], is_encrypted)
                self._session.send(frame.written(self._session.state[CIPHER]))

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        """Let something be done in the server's thread, with the exchanges standing still, if the session still is."""
        session = self._session

        def do() -> None:
            with self.still():
                if session is self._session:
                    work()

        if session is not None:
            session.later(seconds, do)

    # What faults ask

    def watched(self) -> Collection[str]:
        """Return the symbols that are registered, and of indices the shares that are in them."""
        symbols = set() if self._us is None else {*self._us.watched()}
        for (_, key), service in self._registered.items():
            if service.kind is Kind.MADE_UP:
                continue
            if service.of_index:
                symbols.update(self.exchange.indices.shares(INDICES[key][0]))
            elif not (service.of_user or service.of_us):
                symbols.add(_symbol(key))
        return symbols

    def is_data(self, text: str) -> bool:
        """Return whether a text is a frame of data: answers and heartbeats are objects."""
        return not text.startswith("{")

    def with_unknown_columns(self, line: Line, text: str) -> str | None:
        """Return a frame with a column that no table has yet, as new ones are appended now and then."""
        frame = _frame(line, text)
        return None if frame is None else frame.with_columns(("7",)).written(line.state[CIPHER])

    def with_wrong_count(self, line: Line, text: str) -> str | None:
        """Return a frame that tells one record more than it has."""
        frame = _frame(line, text)
        return None if frame is None else frame.written(line.state[CIPHER], count=len(frame.records) + 1)

    def split(self, line: Line, text: str) -> Sequence[str]:
        """Return the records of a frame as frames of their own."""
        frame = _frame(line, text)
        if frame is None:
            return (text,)
        return [replace(frame, records=[record]).written(line.state[CIPHER]) for record in frame.records]

    def merged(self, line: Line, first: str, second: str) -> str | None:
        """Return the records of two frames of one id as one frame; each notice has one of its own."""
        one, other = _frame(line, first), _frame(line, second)
        if one is None or other is None or one.id != other.id or one.is_encrypted:
            return None
        return replace(one, records=[*one.records, *other.records]).written(line.state[CIPHER])

    def refusal_of_registration(self, line: Line, text: str) -> str | None:
        """Return the refusal of a frame that registers something: trouble inside the server."""
        asked = _request(text)
        if asked is None or asked.tr_type != REGISTER:
            return None
        return answered(asked, "1", *TROUBLE)

    def refusal_of_key(self, line: Line, text: str) -> str | None:
        """Return the refusal of the key that stands in every frame."""
        asked = _request(text)
        return None if asked is None else answered(asked, "1", *UNKNOWN_KEY)


def _frame(line: Line, text: str) -> Frame | None:
    """Return a frame that was sent on a line, None of a text that is no frame of data."""
    return read(text, line.state[CIPHER]) if CIPHER in line.state else None


def _is_told(venue: Venue, phase: Phase, *, is_at_nxt: bool) -> bool:
    """Return whether ids of a venue tell anything in a phase: NXT has no auctions, and KRX no pre-market."""
    if venue is Venue.NXT:
        return is_at_nxt and phase in CONTINUOUS
    return phase is not Phase.CLOSED and (venue is Venue.SOR or phase is not Phase.PRE_MARKET)


def _symbol(key: str) -> str:
    """Return the symbol of a code, blank where it is none. An ETN has a Q in front."""
    symbol = key.removeprefix("Q")
    return symbol if symbol and spelled(symbol) == key else ""


def _request(text: str) -> Asked | None:
    """Return what a text asks for, None where it asks for nothing that can be read."""
    try:
        return asked_in(text)
    except SocketRefused:
        return None
