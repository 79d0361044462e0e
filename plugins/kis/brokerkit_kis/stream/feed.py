"""The socket of KIS: who opens it, what is registered, and frames as rows.

A frame of data is `0|H0STCNT0|002|v^v^...`: whether it is encrypted, the channel, the number of rows, and all their
values. How many columns a row has is not told: it is values by rows, whatever was appended since.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import itemgetter

from pydantic import SecretStr

from brokerkit.catalogue import Api
from brokerkit.errors import ConfigError, InvalidRequest, NetworkError, RateLimited, Rejected, StreamError
from brokerkit.stream.feed import (
    Acknowledged,
    Channel,
    Ended,
    Feed,
    Received,
    Refused,
    Registration,
    Reply,
    Rows,
    Told,
    Unreadable,
)
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.text import Redactor
from brokerkit.words import Venue
from brokerkit_kis.client import KisClient
from brokerkit_kis.indices import stream as indices
from brokerkit_kis.indices.quotes import CODE
from brokerkit_kis.stocks import stream as stocks
from brokerkit_kis.stocks.spelling import Spelling
from brokerkit_kis.stream.frames import ENCRYPTED, PLAIN, Data, data_of
from brokerkit_kis.stream.notices import Seal, decrypted
from brokerkit_kis.stream.spoken import (
    HEARTBEAT,
    IN_USE,
    KEY_UNKNOWN,
    Body,
    Spoken,
    meaning,
)
from brokerkit_kis.us import stream as us
from brokerkit_kis.us.spelling import Spelling as UsSpelling
from brokerkit_kis.wire.columns import Layout, Row, symbol_of

HOSTS = {"real": "ops.koreainvestment.com:21000", "demo": "ops.koreainvestment.com:31000"}
PATH = "/tryitout"
CARRIER = "005930"
"""Phases come for symbols that are registered only: this one is, where none is named."""
REGISTER, RELEASE = "1", "2"  # tr_type 거래타입: 등록, 해제
PERSON = "P"  # custtype 고객타입: 개인
IN_USE_SECONDS = 180.0
"""So long the key may be in use by a line of ours that broke: KIS notices that after about 100 s only."""
MOST_HEADS = 1024
_new = tuple.__new__
"""Makes a tuple with names in half the time that calling its class takes."""
_SYMBOL = re.compile("[0-9A-Z][0-9A-Z./]{3,15}")


def _same(id: str) -> dict[str, str]:
    return {"real": id, "demo": id}


_TRADES = {Venue.KRX: _same("H0STCNT0"), Venue.NXT: {"real": "H0NXCNT0"}, Venue.SOR: {"real": "H0UNCNT0"}}
_BOOKS = {Venue.KRX: _same("H0STASP0"), Venue.NXT: {"real": "H0NXASP0"}, Venue.SOR: {"real": "H0UNASP0"}}
_SESSIONS = {
    Venue.KRX: {"real": "H0STMKO0"},
    Venue.NXT: {"real": "H0NXMKO0"},
    Venue.SOR: {"real": "H0UNMKO0"},
}
_NOTICES = {"real": "H0STCNI0", "demo": "H0STCNI9"}
_US_TRADES = {"real": "HDFSCNT0"}
_US_BOOKS = {"real": "HDFSASP0"}
_US_NOTICES = {"real": "H0GSCNI0", "demo": "H0GSCNI9"}
_INDEX = {"real": "H0UPCNT0"}
WITHOUT_SYMBOL = _SESSIONS[Venue.SOR]["real"]
"""Its rows do not say of which symbol they are, by the table of KIS."""
LAYOUT: dict[str, Layout] = {
    **{id: stocks.TRADE for ids in _TRADES.values() for id in ids.values()},
    **{id: stocks.BOOK for ids in _BOOKS.values() for id in ids.values()},
    **{id: stocks.SESSION for ids in _SESSIONS.values() for id in ids.values()},
    WITHOUT_SYMBOL: stocks.SESSION_OF_BOTH,
    **dict.fromkeys(_NOTICES.values(), stocks.NOTICE),
    **dict.fromkeys(_INDEX.values(), indices.VALUE),
    **dict.fromkeys(_US_TRADES.values(), us.TRADE),
    **dict.fromkeys(_US_BOOKS.values(), us.BOOK),
    **dict.fromkeys(_US_NOTICES.values(), us.NOTICE),
}
PERSONAL = {
    **dict.fromkeys(_NOTICES.values(), stocks.PERSONAL),
    **dict.fromkeys(_US_NOTICES.values(), us.PERSONAL),
}
"""Notices of own orders, and which of their columns tell who somebody is."""
NOTICES = frozenset(PERSONAL)
ACCOUNT = stocks.ACCOUNT
"""The column of notices that tells the account; it is the same one in all of them."""
PERSONS = frozenset({"CUST_ID", "USER_ID", "ACNT_NO", "ACCT_NO", "ACNT_NAME", "WORK_EMPL"})
"""고객 ID, 유저 ID, 계좌번호, 계좌명, 주문자: columns of notices that no table of ours has."""
MARKET_OF_BOTH = "domestic_stock/market_status_total"
"""What the catalogue calls `WITHOUT_SYMBOL`."""
SURE = {"domestic_stock/ccnl_notice": 18}
"""So many columns of a row that is narrower than usual are what the catalogue says; then another order was seen."""


class KisFeed(Feed[KisClient]):
    """Frames of KIS's socket."""

    channels = {
        ("KR", StreamKind.TRADES): {venue: Channel(ids, stocks.trade) for venue, ids in _TRADES.items()},
        ("KR", StreamKind.QUOTES): {venue: Channel(ids, stocks.quote) for venue, ids in _TRADES.items()},
        ("KR", StreamKind.ORDER_BOOK): {venue: Channel(ids, stocks.book) for venue, ids in _BOOKS.items()},
        ("KR", StreamKind.SESSION): {venue: Channel(ids, stocks.session) for venue, ids in _SESSIONS.items()},
        ("KR", StreamKind.ORDERS): {None: Channel(_NOTICES, stocks.notice)},
        ("US", StreamKind.TRADES): dict.fromkeys(us.LETTER, Channel(_US_TRADES, us.trade)),
        ("US", StreamKind.QUOTES): dict.fromkeys(us.LETTER, Channel(_US_TRADES, us.quote)),
        ("US", StreamKind.ORDER_BOOK): dict.fromkeys(us.LETTER, Channel(_US_BOOKS, us.book)),
        ("US", StreamKind.ORDERS): {None: Channel(_US_NOTICES, us.notice)},
        ("INDEX", StreamKind.INDEX): dict.fromkeys((None, Venue.KRX), Channel(_INDEX, indices.value)),
    }
    not_told = {("US", StreamKind.TRADES): frozenset({"side"})}
    most_registrations = 41
    heartbeat_seconds = 30.0  # it comes about every 10 s
    extra = "cryptography"

    def __init__(self, client: KisClient, *, environment: str) -> None:
        super().__init__(client, environment=environment)
        self._spelling = Spelling(client, broker=client.broker, environment=environment, is_simulated=False)
        self._us = UsSpelling(client, broker=client.broker, environment=environment, is_simulated=False)
        self._us.listed = lambda symbol: self.listed(symbol)
        self._approval = SecretStr("")
        self._is_live = False
        """Whether frames come from the broker, and not out of a recording."""
        self._has_worked = False
        """Whether the broker has ever taken a registration of ours."""
        self._in_use_since: float | None = None
        """Since when the key is in use, by the clock that nobody sets."""
        self._is_proven = False
        """Whether a registration was taken with this approval key."""
        self._keys_refused = 0
        """How often in a row an approval key was not known."""
        self._redactor = self._new_redactor()
        self._layouts = dict(LAYOUT)
        """Those of the tables, and of what else was registered those of the catalogue."""
        self._gone: set[Registration] = set()
        """What was released on this line: rows of it may be on their way."""
        self._seals: dict[str, Seal] = {}
        self._asked: Registration | None = None
        """What was last registered or released."""
        self._answered: set[tuple[str, str]] = set()
        """Channels and keys of all that was answered on this line."""
        self._wanted: dict[str, dict[str, Registration]] = {}
        """Channel to what is registered there, by key."""
        self._heads: dict[str, tuple[Registration, str, Mapping[int, int]]] = {}
        """How frames of one row begin, up to its first value: what it belongs to, that value, and `Layout.widths`."""
        self._long_heads: dict[str, tuple[Registration, str, int]] = {}
        """The same of frames of several rows, with their number."""

    # Where it is, and what goes out

    def address(self) -> str:
        url = self.client.base_url
        if url != self.client.hosts[self.environment]:
            return f"ws{url.removeprefix('http')}{PATH}"  # a sandbox on this machine
        host = HOSTS[self.environment]
        if not self.client.settings.allow_insecure_websocket:
            raise ConfigError(
                f"The socket of KIS ({host}) is not encrypted: the key that opens it, your hts_id, the symbols that "
                "you follow and the key of your notices travel there in clear.",
                broker=self.client.broker,
                advice="Nothing was sent. Set allow_insecure_websocket = true in the profile if you accept that.",
            )
        return f"ws://{host}{PATH}"

    def plain_hosts(self) -> Collection[str]:
        return [HOSTS[self.environment]] if self.client.settings.allow_insecure_websocket else ()

    def join(self) -> None:
        self._is_live = True
        line_before = (self._seals, self._wanted, self._answered, self._gone, self._heads, self._long_heads)
        for of_it in line_before:
            of_it.clear()

    def open(self) -> Sequence[SecretStr]:
        self.join()
        try:
            self._approval = self.client.approval_key()
            self._is_proven = False
        except (NetworkError, RateLimited):
            if not self._is_proven:  # one that was is good for a day
                raise
        self._redactor = self._new_redactor()
        return ()

    def _new_redactor(self) -> Redactor:
        redactor = Redactor()
        redactor.add([self._approval, *(value for _, value in self.client.settings if isinstance(value, SecretStr))])
        return redactor

    def register(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        self._heads.clear()
        self._long_heads.clear()
        for each in registrations:
            self._wanted.setdefault(each.channel, {})[each.key] = each
            self._gone.discard(each)
        return [self._asking(REGISTER, each) for each in registrations]

    def release(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        for each in registrations:
            self._wanted.get(each.channel, {}).pop(each.key, None)
            self._gone.add(each)
        return [self._asking(RELEASE, each) for each in registrations]

    def _asking(self, what: str, registration: Registration) -> SecretStr:
        self._asked = registration
        return self._frame(what, registration)

    def _frame(self, what: str, registration: Registration) -> SecretStr:
        return SecretStr(
            json.dumps(
                {
                    "header": {
                        "approval_key": self._approval.get_secret_value(),
                        "custtype": PERSON,
                        "tr_type": what,
                        "content-type": "utf-8",
                    },
                    "body": {
                        "input": {
                            "tr_id": registration.channel,
                            "tr_key": registration.key or self._login_name().get_secret_value(),
                        }
                    },
                }
            )
        )

    def _login_name(self) -> SecretStr:
        name = self.client.settings.hts_id
        if name is None or not name.get_secret_value().strip():
            raise ConfigError(
                "KIS sends notices of own orders to a login name, and the profile has none.",
                broker=self.client.broker,
                advice="Nothing was sent. Add hts_id, your login name at KIS's own programs, in its letter case.",
            )
        return name

    def key_of(self, topic: Topic) -> str:
        if topic.kind is StreamKind.ORDERS or (topic.kind is StreamKind.RAW and self._is_sealed(topic.channel)):
            self._login_name()
            return ""
        if topic.kind is StreamKind.RAW:
            return topic.symbol
        if topic.kind is StreamKind.INDEX:
            return CODE[topic.symbol]
        if topic.market == "US":
            assert topic.venue is not None  # noqa: S101 - what has a symbol has a venue
            asked = self._us.quoted(topic.symbol, topic.venue)
            return f"{us.LETTER[topic.venue]}{asked['EXCD']}{asked['SYMB']}"
        return self._spelling.code(topic.symbol) if topic.symbol else CARRIER

    def raw_keys(self, api: Api, keys: Sequence[str]) -> Sequence[str]:
        if not api.sealed:
            return super().raw_keys(api, keys)
        name = self._login_name()
        if any(key != name.get_secret_value() for key in keys):
            raise InvalidRequest(
                f"{api.name} comes for the login name of the profile, and another key was given.",
                advice="Nothing was sent. Leave the key out: hts_id is filled in.",
            )
        return [""]

    def channel(self, topic: Topic) -> Channel:
        found = super().channel(topic)
        if topic.kind is StreamKind.ORDERS:
            return replace(found, read=partial(self._own_notice, found.read))
        if topic.kind is StreamKind.SESSION and not topic.symbol:
            return replace(found, read=stocks.session_of_venue)
        return found

    def _own_notice(
        self, read: Callable[[Row, Venue, dt.datetime], Told | None], row: Row, venue: Venue, received_at: dt.datetime
    ) -> Told | None:
        """Return a notice; None for one of another account of the same login name."""
        return read(row, venue, received_at) if self._is_own(row) else None

    def _is_own(self, row: Row) -> bool:
        told = "".join(row[ACCOUNT].split()).replace("-", "")
        if len(told) not in (8, 10) or not told.isdigit():
            raise ValueError("the account of a notice is not written as one")
        return self.client.settings.account.get_secret_value().startswith(told)

    # Raw topics

    def fields_of(self, api: Api, row: Row) -> Mapping[str, str]:
        names = api.columns.names
        if len(row) == len(names):  # as nearly always
            return dict(zip(names, row, strict=True))
        if api.name == MARKET_OF_BOTH:
            row = row[1:]  # what stands in front was put there by us
        known = [*names][: SURE.get(api.name) if len(row) < len(names) else None]
        more = {str(place): value for place, value in enumerate(row[len(known) :], len(known) + 1)}
        return {**dict(zip(known, row, strict=False)), **more}

    def _api(self, channel: str) -> Api | None:
        """Return what the catalogue has of a channel; None if it has none such."""
        found = self.apis.api(channel) if self.catalogue is not None and channel in self.apis else None
        return found if found is not None and found.is_frame else None

    def _layout(self, channel: str) -> Layout | None:
        """Return how wide rows of a channel are; None of one that nothing is known of.

        By the catalogue a row may be half as wide again, or one of several hardly more than half as wide: else the
        count is wrong.
        """
        if channel not in self._layouts and (api := self._api(channel)) is not None:
            known = len(api.frame)
            self._layouts[channel] = Layout(known, fewest=known // 2 + 1, most=known + known // 2)
        return self._layouts.get(channel)

    def _is_sealed(self, channel: str) -> bool:
        """Say whether a channel tells of own orders, encrypted and for the login name."""
        if channel in LAYOUT:
            return channel in NOTICES
        api = self._api(channel)
        return api is not None and api.sealed

    # What comes

    def read(self, text: str) -> Iterable[Received]:
        values = text.split("^")
        try:
            registration, first, widths = self._heads[values[0]]
            unknown = widths[len(values)]
        except KeyError:  # not a frame of one row, which come by the hundred thousand
            return self._several(text, values)
        values[0] = first
        return (_new(Rows, (registration, (values,), unknown)),)

    def _several(self, text: str, values: list[str]) -> Sequence[Received]:
        """Return what a frame of several rows brings, if it begins as one before it."""
        known = self._long_heads.get(values[0])
        if known is None:
            return self._read(text)
        registration, first, count = known
        layout = self._layouts[registration.channel]
        width, odd = divmod(len(values), count)
        if odd or width not in layout.widths:
            return self._read(text)
        values[0] = first
        rows = [values[start : start + width] for start in range(0, len(values), width)]
        if [row[0] for row in rows].count(first) < count:
            return self._read(text)  # of several symbols, or odd
        return (_new(Rows, (registration, rows, layout.widths[width])),)

    def _read(self, text: str) -> Sequence[Received]:
        """Return what a frame brings that does not begin as one before it."""
        if text.lstrip()[:1] == "{":
            return self._heard(text)
        data = data_of(text)
        if data is None or self._layout(data.channel) is None:
            return [Unreadable("a frame that is neither data of a channel that is known nor JSON")]
        try:
            rows = self._rows(data)
            return self._sorted(data, rows)
        except ValueError as error:
            # Others than ours can show what they stumbled over.
            words = str(error) if type(error) is ValueError else "what came encrypted cannot be opened"
        wanted = self._wanted.get(data.channel, {}).values()
        return [Unreadable(f"a frame of {data.channel}: {words}", each) for each in wanted or [None]]

    def _rows(self, data: Data) -> list[Row]:
        body = data.body
        if data.mark == ENCRYPTED:
            if data.channel not in self._seals:
                raise ValueError("it is encrypted, and nothing was told that opens it")
            body = decrypted(body, self._seals[data.channel])
        elif self._is_live and self._is_sealed(data.channel):
            raise ValueError("a notice that is not encrypted, which anybody on the way could have made")
        values, layout = body.split("^"), self._layouts[data.channel]
        if data.rows == 1 and data.channel not in LAYOUT and 1 < len(values) <= layout.known:
            return [values]  # however short: there are no fewer rows than one
        return layout.rows(data.rows, values)

    def _sorted(self, data: Data, rows: list[Row]) -> Sequence[Received]:
        """Return rows by their registrations, in their order."""
        unknown = self._layouts[data.channel].widths.get(len(rows[0]), 0)
        if self._is_sealed(data.channel):
            rows = rows if self._is_live else [self._as_ours(row) for row in rows]
            return [Rows(Registration(data.channel, ""), rows, unknown)]
        if data.channel == WITHOUT_SYMBOL:
            wanted = self._wanted.get(data.channel) or {"": Registration(data.channel, "")}
            symbol = next(iter(wanted)) if len(wanted) == 1 else ""
            told = [stocks.with_symbol(row, symbol) for row in rows]
            return [Rows(each, told, unknown) for each in wanted.values()]
        found = [
            Rows(self._registration(data.channel, code), [*group], unknown)
            for code, group in groupby(rows, itemgetter(0))
        ]
        if data.mark == PLAIN:
            self._remember(data, found[0].registration, rows[0][0])
        return found

    def _registration(self, channel: str, code: str) -> Registration:
        """Return what a row belongs to, however its symbol is spelt; a ValueError if it does not begin with one."""
        wanted = self._wanted.get(channel, {})
        if code in wanted:
            return wanted[code]
        own = Registration(channel, code)
        if channel not in LAYOUT:
            return self._of_unknown(own)
        if not _SYMBOL.fullmatch(code):
            raise ValueError("a row does not begin with a symbol")
        return next((each for key, each in wanted.items() if symbol_of(key) == symbol_of(code)), own)

    def _of_unknown(self, told: Registration) -> Registration:
        """Return what a row of a raw topic belongs to that does not begin with its key, as it may at some channels."""
        wanted = [*self._wanted.get(told.channel, {}).values()]
        if told in self._gone or not wanted:
            return told
        if len(wanted) > 1:
            raise ValueError("a row is of no key that is registered")
        return wanted[0]

    def _remember(self, data: Data, registration: Registration, first: str) -> None:
        """Read a frame that begins as this one in the short way from now on."""
        if len(self._heads) + len(self._long_heads) >= MOST_HEADS:
            self._heads.clear()
            self._long_heads.clear()
        if data.rows == 1:
            self._heads[f"{data.head}{first}"] = (registration, first, self._layouts[data.channel].widths)
        else:
            self._long_heads[f"{data.head}{first}"] = (registration, first, data.rows)

    def _as_ours(self, row: Row) -> Row:
        """Return a notice out of a recording, where only those of this account are, without its number."""
        place = ACCOUNT
        return row if row[place] else [*row[:place], self.client.settings.account.get_secret_value(), *row[place + 1 :]]

    def _heard(self, text: str) -> Sequence[Received]:
        """Return what a frame of JSON brings: nothing, where it answers again what was answered."""
        try:
            spoken = Spoken.model_validate_json(text)
        except ValueError:
            return [Unreadable("JSON that is no acknowledgement")]
        if spoken.header.channel == HEARTBEAT:
            return [Reply(text)]
        if spoken.body is None:
            return [Unreadable("JSON that is no acknowledgement")]
        channel = spoken.header.channel
        key = "" if self._is_sealed(channel) else spoken.header.key.get_secret_value()
        is_of_line = spoken.body.code in (IN_USE, *KEY_UNKNOWN)
        if not is_of_line and (channel, key) != self._asked and (channel, key) in self._answered:
            return ()
        self._answered.add((channel, key))
        is_wanted = key in self._wanted.get(channel, {})
        if spoken.body.is_good(is_wanted=is_wanted):
            return [self._acknowledged(channel, spoken.body, is_wanted=is_wanted)]
        return [self._refused(channel, spoken.body)]

    def _acknowledged(self, channel: str, body: Body, *, is_wanted: bool) -> Received:
        self._is_proven = self._has_worked = True
        self._in_use_since, self._keys_refused = None, 0
        if body.output is not None and (seal := Seal(body.output.key, body.output.iv)).is_sound():
            self._seals[channel] = seal
            self._redactor.add(seal)
        if is_wanted and channel not in self._seals and self._is_sealed(channel):
            words = "KIS registered notices of own orders without telling what opens them."
            return Refused(StreamError(words, broker=self.client.broker), heals=True)
        return Acknowledged()

    def _refused(self, channel: str, body: Body) -> Received:
        is_of_symbol = self._layout(channel) is not None and not self._is_sealed(channel)
        kind, heals, advice = meaning(body.code, is_of_symbol=is_of_symbol)
        if body.code == IN_USE:
            now = time.monotonic()
            self._in_use_since = now if self._in_use_since is None else self._in_use_since
            heals = self._has_worked and now - self._in_use_since < IN_USE_SECONDS
        if body.code in KEY_UNKNOWN:
            self._keys_refused += 1
            self._is_proven, heals = False, self._keys_refused == 1
        words = self._redactor.clean(body.words) or "the broker gave no reason"
        code = self._redactor.clean(body.code) or None
        error = kind(words, broker=self.client.broker, endpoint="websocket", code=code, advice=advice)
        if isinstance(error, Rejected):
            error.is_wordless = not body.words
        return Ended(error, heals) if body.code in (IN_USE, *KEY_UNKNOWN) else Refused(error, heals)

    def recorded(self, text: str) -> str | None:
        data = data_of(text)
        if data is None or self._layout(data.channel) is None:
            return None  # heartbeats and acknowledgements, which have keys in them
        if not self._is_sealed(data.channel):
            return text if data.mark == PLAIN else None
        try:
            rows = [row for row in self._rows(data) if not row[ACCOUNT] or self._is_own(row)]
        except ValueError:
            return None
        persons = PERSONAL.get(data.channel) or self._persons(data.channel)
        bare = ["" if place in persons else value for row in rows for place, value in enumerate(row)]
        return f"{PLAIN}|{data.channel}|{len(rows):03}|{'^'.join(bare)}" if rows else None

    def _persons(self, channel: str) -> Collection[int]:
        """Return the columns that tell who somebody is by the catalogue, and all that it has not got."""
        api, widest = self._api(channel), max(self._layouts[channel].widths)
        names = [] if api is None else [*api.columns.names]
        return {place for place in range(widest) if place >= len(names) or names[place] in PERSONS}
