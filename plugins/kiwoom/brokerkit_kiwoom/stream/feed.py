"""The realtime side of Kiwoom: frames in and out, without a socket."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

from pydantic import SecretStr

from brokerkit.catalogue import Api
from brokerkit.errors import (
    BrokerError,
    InvalidRequest,
    KeyInUse,
    NetworkError,
    RateLimited,
    StreamError,
    Unsupported,
)
from brokerkit.languages import ENGLISH
from brokerkit.stream.events import Notice
from brokerkit.stream.feed import (
    Acknowledged,
    Answer,
    Channel,
    Ended,
    Feed,
    Opened,
    Page,
    Received,
    Refused,
    Registration,
    Reply,
    Rows,
    Unreadable,
)
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.transport import Endpoint
from brokerkit.words import Venue
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.indices import stream as indices
from brokerkit_kiwoom.indices.quotes import CODE
from brokerkit_kiwoom.stocks import stream as stocks
from brokerkit_kiwoom.stocks.quotes import CODE_SUFFIX
from brokerkit_kiwoom.wire import errors, frames, login, rows
from brokerkit_kiwoom.wire.fields import symbol

MOST_PAGES = 1_000
MOST_CONDITIONS = 10
"""Conditions that a login may follow live."""
MOST_OF_GROUP = 100
"""Codes of a group (grp_no): two hundred by the words of a refusal; one author keeps to a hundred, and so do we."""
MOST_SHAPES = 1_000
WHICH_API = ("trnm", "search_type")
"""Fields of a question that say which API it is."""
WITHOUT_ITEM = frozenset({stocks.ORDER_ID, stocks.BALANCE_ID, stocks.SESSION_ID})
"""Registered without a code, whatever stands in their rows."""
INTERRUPTIONS = "1h"  # VI발동/해제
"""Registered without a code, or for some."""


class Message(NamedTuple):
    """A message of the broker about the connection (SYSTEM)."""

    kind: type[StreamError]
    words: str
    heals: bool
    advice: str | None = None


SYSTEM = {
    "R10001": Message(
        KeyInUse,
        "another program has logged in with the same app key, and took the connection over.",
        heals=False,
        advice="One connection is allowed a key. End the other program, or give it a key of its own; then open anew. "
        "Whether the socket for the US counts as another one, Kiwoom does not tell.",
    ),
    "R10002": Message(StreamError, "the broker got no heartbeat.", heals=True),
    "R10004": Message(StreamError, "the broker got no login in time.", heals=True),
}
"""Code to what it means. Nothing is sent back to them."""


class KiwoomFeed(Feed[KiwoomClient]):
    """Frames of Kiwoom's socket for Korea; that for the US shares all but what stands in its tables."""

    path: ClassVar[str] = frames.PATH
    live: ClassVar[str] = "ka10173"  # 조건검색 요청 실시간
    ends: ClassVar[str] = "ka10174"  # 조건검색 실시간 해제
    without_key = WITHOUT_ITEM
    asked_with: ClassVar[Mapping[str, str]] = {"stex_tp": "K"}
    """What stands in the question for a live condition besides."""
    list_frame: ClassVar[str] = frames.LIST
    search_frame: ClassVar[str] = frames.SEARCH
    clear_frame: ClassVar[str] = frames.CLEAR
    misspelt: ClassVar[Mapping[str, str]] = {}
    """Names that answers may have to what is right, by the vendor's pages."""
    known: ClassVar[Mapping[str, frozenset[str]]] = {**stocks.KNOWN, **indices.KNOWN}
    """Channel to the fields that the vendor's pages name."""
    channels: ClassVar[Mapping[tuple[str, StreamKind], Mapping[Venue | None, Channel]]] = {
        ("KR", StreamKind.TRADES): stocks.at_venues(stocks.TRADE_ID, stocks.trade),
        ("KR", StreamKind.QUOTES): stocks.at_venues(stocks.TRADE_ID, stocks.quote),
        ("KR", StreamKind.ORDER_BOOK): stocks.at_venues(stocks.BOOK_ID, stocks.book),
        ("KR", StreamKind.SESSION): stocks.SESSIONS,
        ("KR", StreamKind.ORDERS): {None: rows.channel(stocks.ORDER_ID, stocks.order)},
        ("KR", StreamKind.CONDITION): {None: rows.channel(stocks.CONDITION_ID, stocks.condition)},
        ("INDEX", StreamKind.INDEX): {None: indices.INDEX, Venue.KRX: indices.INDEX},
    }
    most_registrations = 200
    at_once = MOST_OF_GROUP
    frames_per_second = 4.0  # the broker takes about five, and what leaves evenly may arrive less so
    heartbeat_seconds = 60.0  # one client saw the broker's every ten seconds; no page tells

    def __init__(self, client: KiwoomClient, *, environment: str) -> None:
        super().__init__(client, environment=environment)
        self._token: SecretStr | None = None
        self._is_refused = False
        """Whether the token of the last login was refused, and is to be had anew."""
        self._account: SecretStr | None = None
        """Of the key, once own orders are wanted."""
        self._groups: dict[str, int] = {}
        """Item to the group in which it is registered."""
        self._registered: set[Registration] = set()
        self._awaited: set[str] = set()
        """Conditions whose list is to come, with which their live topic begins."""
        self._unknown: dict[tuple[str, int], int] = {}
        """Channel and number of fields to how many of them are unknown."""

    # What is sent

    @property
    def is_simulated(self) -> bool:
        """Whether a sandbox answers."""
        return self.client.base_url != self.client.hosts[self.environment]

    def address(self) -> str:
        host = re.sub("^http", "ws", self.client.base_url) if self.is_simulated else frames.HOSTS[self.environment]
        return host + self.path

    def open(self) -> Sequence[SecretStr]:
        self.join()
        refused = self._token if self._is_refused else None
        self._token = self.client.token() if refused is None else self.client.renewed(refused)
        return [frames.login(self._token)]

    def join(self) -> None:
        self._groups.clear()
        self._registered.clear()
        self._awaited.clear()

    def register(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        self._registered.update(registrations)
        sent = self._in_groups(frames.REGISTER, registrations)
        conditions = [each.key for each in registrations if each.channel == stocks.CONDITION_ID]
        if conditions:
            self._awaited.update(conditions)
            sent.append(frames.frame(self.list_frame))
            sent += [
                frames.frame(self.search_frame, seq=condition, search_type=frames.LIVE, **self.asked_with)
                for condition in conditions
            ]
        return [*map(SecretStr, sent)]

    def release(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        self._registered.difference_update(registrations)
        sent = self._in_groups(frames.REMOVE, registrations)
        sent += [
            frames.frame(self.clear_frame, seq=each.key)
            for each in registrations
            if each.channel == stocks.CONDITION_ID
        ]
        return [*map(SecretStr, sent)]

    def _in_groups(self, trnm: str, registrations: Sequence[Registration]) -> list[str]:
        groups: dict[int, list[Registration]] = {}
        for each in registrations:
            if each.channel != stocks.CONDITION_ID:
                groups.setdefault(self._group_of(each.key), []).append(each)
        still = {each.key for each in self._registered}
        self._groups = {key: group for key, group in self._groups.items() if key in still}
        return [
            frames.frame(trnm, grp_no=str(group), refresh=frames.KEEP, data=self.data(those))
            for group, those in groups.items()
        ]

    def data(self, registrations: Iterable[Registration]) -> list[dict[str, Any]]:
        """Return what a frame registers or removes: every channel with its items."""
        items: dict[str, list[str]] = {}
        for channel, key in registrations:
            items.setdefault(channel, []).append(key)
        return [{"item": keys, "type": [channel]} for channel, keys in items.items()]

    def _group_of(self, key: str) -> int:
        """Return the group of an item, the first with room for one that has none yet."""
        if key not in self._groups:
            taken = [*self._groups.values()]
            self._groups[key] = next(group for group in range(1, len(taken) + 2) if taken.count(group) < MOST_OF_GROUP)
        return self._groups[key]

    def key_of(self, topic: Topic) -> str:
        if topic.kind is StreamKind.RAW:
            return topic.symbol
        if topic.kind is StreamKind.INDEX:
            return CODE[topic.symbol]
        if topic.kind is StreamKind.CONDITION:
            if not re.fullmatch(frames.CONDITION, topic.symbol, re.ASCII):
                raise InvalidRequest(f"{topic.symbol!r} is no id of a saved condition at Kiwoom: those are numbers.")
            return topic.symbol
        if topic.kind is StreamKind.SESSION and topic.symbol:
            raise Unsupported(
                "Kiwoom tells the phases of a venue, and no halts of a symbol, by stream.",
                advice="Nothing was sent. Leave the symbol out.",
            )
        if topic.kind is StreamKind.ORDERS:
            self.know_account()
        return topic.symbol + CODE_SUFFIX[topic.venue] if topic.symbol and topic.venue else ""

    def know_account(self) -> None:
        """Ask whose the key is, whose own orders are wanted."""
        if self._account is None:
            self._account = self.client.call(login.ACCOUNT, body={}).number

    def weight(self, registrations: Collection[Registration]) -> int:
        """Count an item once, however many channels it has; what has none counts by itself, to be sure."""
        conditions = [each for each in registrations if each.channel == stocks.CONDITION_ID]
        if len(conditions) > MOST_CONDITIONS:
            raise InvalidRequest(
                f"Kiwoom lets a login follow {MOST_CONDITIONS} conditions live, not {len(conditions)}."
            )
        others = [each for each in registrations if each.channel != stocks.CONDITION_ID]
        return len({each.key or each for each in others})

    def channel(self, topic: Topic) -> Channel:
        found = super().channel(topic)
        if topic.kind is StreamKind.RAW:
            return self.registered_as(found, topic.channel)
        return replace(found, read=self._read_order) if topic.kind is StreamKind.ORDERS else found

    def registered_as(self, found: Channel, name: str) -> Channel:
        """Return a raw channel under the id of its registration: its rows may come with those of others."""
        return replace(found, ids={self.environment: stocks.CONDITION_ID}) if name == self.live else found

    def _read_order(self, row: Any, venue: Venue, received_at: dt.datetime) -> Notice | None:
        """Read an own order; None where it names another account than that of the key."""
        is_other = self._account is not None and _is_of_another(row, self._account)
        return None if is_other else self.order(row, venue, received_at)

    def order(self, row: Any, venue: Venue, received_at: dt.datetime) -> Notice:
        """Read an own order of the account."""
        return stocks.order(row, venue, received_at)

    # What is received

    def read(self, text: str) -> Iterable[Received]:
        try:
            if text.strip('"') == frames.PING:
                return (Reply(text),)
            body = frames.loaded(text)
            trnm = body["trnm"]
            if trnm == frames.REAL:
                return self._rows(frames.rows_of(body))
            return (Reply(text),) if trnm == frames.PING else self._answer(trnm, body)
        except Exception as error:  # noqa: BLE001 - whatever a frame makes reading stumble over, the frame is the reason
            words = f"a frame of {len(text)} characters is not as documented ({type(error).__name__})"
        return (Unreadable(words),)

    def _rows(self, entries: Sequence[Any]) -> list[Received]:
        found: list[Received] = []
        last: Registration | None = None
        rows: list[Any] = []
        for entry in entries:
            try:
                channel, values = entry["type"], entry["values"]
                place = self.place(channel, entry, values)
                unknown = self._strangers(channel, values.keys())
            except (AttributeError, KeyError, TypeError):
                found.append(Unreadable("an entry of a frame lacks its type, item or values"))
                last = None
                continue
            if place != last:
                last, rows = place, []
                found.append(Rows(place, rows, unknown))
            rows.append(entry)
        return found

    def place(self, channel: str, entry: Mapping[str, Any], values: Mapping[str, Any]) -> Registration:
        """Return the registration of an entry."""
        return Registration(channel, self._item(channel, entry, values))

    def _item(self, channel: str, entry: Mapping[str, Any], values: Mapping[str, Any]) -> str:
        """Return the item as it was registered: the venue behind a code comes back, though perhaps not always.

        A letter in front of it (종목구분) was seen in other fields.
        """
        if channel in WITHOUT_ITEM:
            return ""
        if channel == stocks.CONDITION_ID:
            return str(values[stocks.CONDITION].strip(" "))
        item: str = entry["item"].strip()
        if channel == INTERRUPTIONS and (channel, item) not in self._registered:
            return ""
        if (channel, item) not in self._registered and "_" not in item:
            code = symbol(item)
            found = [code + suffix for suffix in ("", "_NX", "_AL") if (channel, code + suffix) in self._registered]
            return found[0] if code in found or len(found) == 1 else item
        return item

    def _strangers(self, channel: str, fields: KeysView[str]) -> int:
        """Return how many fields of a row are unknown, as counted in the first one with so many fields."""
        shape = channel, len(fields)
        found = self._unknown.get(shape)
        if found is None:
            found = len(fields - (self.known.get(channel) or self._columns(channel) or fields))
            if len(self._unknown) < MOST_SHAPES:
                self._unknown[shape] = found
        return found

    def _columns(self, channel: str) -> KeysView[str] | None:
        """Return the fields of a channel by the catalogue; None of one that it has not got."""
        apis = None if self.catalogue is None else self.apis
        return apis.api(channel).columns.names.keys() if apis is not None and channel in apis else None

    def _answer(self, told: str, body: Mapping[str, Any]) -> list[Received]:
        trnm = self.misspelt.get(told, told)
        if trnm == frames.LOGIN:
            return [self._logged_in(body)]
        if trnm == frames.SYSTEM:
            return [self._told(str(body.get("code")), str(body.get("message") or ""))]
        if trnm in (frames.REGISTER, frames.REMOVE, self.clear_frame):
            return [self._verdict(body)]
        if trnm == self.list_frame:
            return [Answer(trnm, body), *([self._verdict(body)] if self._awaited else [])]
        if trnm == self.search_frame:
            return self._searched(body)
        return [Unreadable("a frame of a kind that no page tells")]

    def _verdict(self, body: Mapping[str, Any]) -> Acknowledged | Refused:
        if frames.succeeded(body):
            return Acknowledged()
        error = self._error(*frames.code_and_words(body))
        return Refused(error, heals=isinstance(error, RateLimited | NetworkError))

    def _searched(self, body: Mapping[str, Any]) -> list[Received]:
        """Read what meets a condition: a page that was asked for, or the list with which a live topic begins."""
        condition = frames.condition_of(body)
        if not condition and len(self._awaited) == 1:
            (condition,) = self._awaited
        found: list[Received] = [Answer(self.search_frame, body)]
        if condition not in self._awaited or frames.goes_on(body):
            return found
        self._awaited.discard(condition)
        found.append(self._verdict(body))
        if frames.succeeded(body):
            registration = Registration(stocks.CONDITION_ID, condition)
            try:
                found.append(Rows(registration, [stocks.initial(condition, row) for row in body.get("data") or ()]))
            except (KeyError, TypeError):
                found.append(Unreadable("a row of the list of a condition is not as documented", registration))
        return found

    def _logged_in(self, body: Mapping[str, Any]) -> Received:
        if frames.succeeded(body):
            self._is_refused = False
            return Opened()
        error = self._error(*frames.code_and_words(body))
        is_token = error.code in errors.TOKEN_CODES
        heals = (is_token and not self._is_refused) or isinstance(error, RateLimited | NetworkError)
        self._is_refused = is_token
        return Refused(error, heals=heals)

    def _told(self, code: str, words: str) -> Received:
        message = SYSTEM.get(code)
        if message is None:
            told = self._error(code, words).told(ENGLISH)
            return Unreadable(f"a message of the broker with a code that no page tells: {told}")
        error = message.kind(message.words, broker=self.client.broker, code=code, advice=message.advice)
        return Ended(error, heals=message.heals)

    def _error(self, code: str, words: str) -> BrokerError:
        """Return what a refusal means; its words are cleaned of secrets."""
        socket = Endpoint({self.environment: "websocket"}, self.path, login.Done, "POST")
        try:
            self.client.refuse(socket, errors.code_in(code, words), words)
        except BrokerError as error:
            return error.with_traceback(None)

    # Raw topics

    def fields_of(self, api: Api, row: Any) -> Mapping[str, str]:
        found: Mapping[str, str] = row[stocks.INITIAL] if stocks.INITIAL in row else row["values"]
        return found

    def raw_keys(self, api: Api, keys: Sequence[str]) -> Sequence[str]:
        if api.name == self.ends:
            raise Unsupported(
                f"{api.name} ends what {self.live} follows, and tells nothing.",
                advice="Nothing was sent. Close the subscription instead.",
            )
        if api.name in self.without_key:
            if keys:
                raise InvalidRequest(f"{api.name} takes no key.", advice="Nothing was sent. Leave the key out.")
            return [""]
        if api.name == INTERRUPTIONS and not keys:
            return [""]
        pattern, words = self.spelt(api)
        for key in super().raw_keys(api, keys):
            if not re.fullmatch(pattern, key, re.ASCII):
                raise InvalidRequest(f"{key!r:.40} is no key of {api.name}: {words}.", advice="Nothing was sent.")
        return keys

    def spelt(self, api: Api) -> tuple[str, str]:
        """Return the pattern of the keys of a channel, and what they are."""
        return (frames.CONDITION, "conditions have numbers") if api.name == self.live else (".+", "a key is one line")

    # What is asked for

    def pages(self, api: Api, values: Mapping[str, Any], ask: Callable[[str, str], Any]) -> Iterator[Page]:
        """Ask for the saved conditions, or page by page for what meets one; their list has to be asked for first."""
        for name in set(WHICH_API) & set(api.fields):
            if values[name] not in api.fields[name].codes:
                raise InvalidRequest(f"{api.name} is asked for with {name} {', '.join(api.fields[name].codes)}.")
        socket = Endpoint({self.environment: api.name}, self.path, login.Done, "POST")
        if values["trnm"] == self.search_frame:
            self._said_yes(socket, ask(frames.frame(self.list_frame), self.list_frame))
        names = [each.name for each in api.parts["data"].fields]
        further: Mapping[str, Any] = {}
        for _ in range(MOST_PAGES):
            sent = {name: value for name, value in {**values, **further}.items() if value or name not in api.pages}
            body = self._said_yes(socket, ask(frames.frame(**sent), values["trnm"]))
            if frames.condition_of(body) not in ("", str(values.get("seq", "")).strip()):
                raise self.client.wrong(socket, "this is the answer about another condition")
            yield Page(frames.named(body, names), not frames.goes_on(body))
            if not frames.goes_on(body):
                return
            key = str(body.get("next_key") or "")
            if not key.strip() or key == sent.get("next_key"):
                break
            further = {"cont_yn": "Y", "next_key": key}
        raise self.client.incomplete(socket, "more pages follow, and no key leads to them")

    def _said_yes(self, socket: Endpoint[Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an answer that says yes; raises what the broker refuses."""
        if not frames.succeeded(body):
            code, words = frames.code_and_words(body)
            self.client.refuse(socket, errors.code_in(code, words), words)
        return body

    # What is written down

    def recorded(self, text: str) -> str | None:
        """Keep what rows come of; of own orders the fields that are read, none of which tells whose they are."""
        try:
            body = frames.loaded(text)
            if self.misspelt.get(body["trnm"], body["trnm"]) == self.search_frame:
                is_live = "cont_yn" not in body  # the answer to a question has it
                condition, rows = frames.condition_of(body), frames.rows_of(body) if is_live else []
                data = [stocks.initial(condition, row) for row in rows]
            else:
                rows = frames.rows_of(body) if body["trnm"] == frames.REAL else []
                data = [dict(self.without_owner(row)) for row in rows if self._has(row["type"])]
            return frames.frame(frames.REAL, data=data) if data else None
        except Exception:  # noqa: BLE001 - what cannot be read is not written down: nobody knows what stands in it
            return None

    def _has(self, channel: str) -> bool:
        """Say whether it is known what stands in a row of a channel."""
        return channel in self.known or (bool(self._columns(channel)) and self.carries(channel))

    def without_owner(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row as it may be written down."""
        return stocks.without_owner(row)


def _is_of_another(row: Mapping[str, Any], account: SecretStr) -> bool:
    """Say whether a row names another account; one that names none is of the key's. Products may follow a number."""
    told = str(row["values"].get(rows.ACCOUNT) or "")
    digits, own = ("".join(filter(str.isdigit, each)) for each in (told, account.get_secret_value()))
    return bool(digits) and not (digits.startswith(own) or own.startswith(digits))
