"""What a stream tells, as light tuples: they are made by the hundred thousand. Numbers are Decimal, times Korean.

Every event has `received_at` (by the clock of this machine), and every one of a symbol or a venue has `symbol`, `venue`
and `time` (as the broker tells it, None where it tells none). None of any other field means that the broker says
nothing; it is never 0.

`print` shows an event as a line to be read, `repr` all of its fields.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from brokerkit.languages import KOREAN, Language, translated
from brokerkit.languages import language as spoken
from brokerkit.market.sessions import Phase
from brokerkit.stream.topics import Topic
from brokerkit.text import sanitize
from brokerkit.words import OrderStatus, OrderType, Side, Venue

if TYPE_CHECKING:
    from brokerkit.raw.reply import RawRow


class TradeEvent(NamedTuple):
    """A trade of a symbol (체결), in the currency of its market."""

    symbol: str
    """What was traded (종목코드)."""
    venue: Venue
    """Where it took place (거래소): SOR, where the broker tells the combined market and not which of the two."""
    time: dt.datetime | None
    """When, as the broker tells it (체결시각)."""
    received_at: dt.datetime
    """When it came, by the clock of this machine."""
    price: Decimal
    """A share (체결가)."""
    quantity: Decimal
    """Shares (체결량)."""
    side: Side | None = None
    """Of the order that came in and took what waited (체결구분)."""
    volume: Decimal | None = None
    """Shares traded that day up to and with this trade (누적거래량)."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        return _line(self, f"{self.price:,f} x {self.quantity:,f}", _term(self.side, language))

    def __str__(self) -> str:
        return self.told()


class BookEvent(NamedTuple):
    """The order book of a symbol as it now is (호가). A level without quantity is left out."""

    symbol: str
    """Whose book it is (종목코드)."""
    venue: Venue
    """Whose orders they are; SOR: the combined market (거래소)."""
    time: dt.datetime | None
    """When the book was so, as the broker tells it (호가시각)."""
    received_at: dt.datetime
    """When it came, by the clock of this machine."""
    asks: Sequence[tuple[Decimal, Decimal]]
    """Price and quantity of those who want to sell, the best first (매도호가, 잔량)."""
    bids: Sequence[tuple[Decimal, Decimal]]
    """Price and quantity of those who want to buy, the best first (매수호가, 잔량)."""
    total_ask_quantity: Decimal | None = None
    """Shares for sale at all prices (매도호가 총잔량)."""
    total_bid_quantity: Decimal | None = None
    """Shares wanted at all prices (매수호가 총잔량)."""
    expected_price: Decimal | None = None
    """At which an auction would end now (예상 체결가), None where there is none."""
    expected_quantity: Decimal | None = None
    """Shares that the auction would trade (예상 체결량)."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        bids, asks, expected = self.bids[:1], self.asks[:1], self.expected_price
        bid = f"bid {bids[0][0]:,f} x {bids[0][1]:,f}" if bids else "bid -"
        ask = f"ask {asks[0][0]:,f} x {asks[0][1]:,f}" if asks else "ask -"
        auction = None if expected is None else translated(f"expected {expected:,f}", language)
        return _line(self, f"{translated(bid, language)}, {translated(ask, language)}", auction)

    def __str__(self) -> str:
        return self.told()


class QuoteEvent(NamedTuple):
    """The price of a symbol with the figures of its day; of an index its value in points."""

    symbol: str
    """A symbol, or an index such as INDEX:KOSPI (종목코드)."""
    venue: Venue
    """Where the price comes from; SOR: the combined market (거래소)."""
    time: dt.datetime | None
    """When, as the broker tells it (시각)."""
    received_at: dt.datetime
    """When it came, by the clock of this machine."""
    price: Decimal
    """The last price, in the currency of the market (현재가)."""
    change: Decimal | None = None
    """Against the base price of the day, signed (전일대비)."""
    change_percent: Decimal | None = None
    """Signed, 1.23 = 1.23 % (등락률)."""
    open: Decimal | None = None
    """First price of the day (시가)."""
    high: Decimal | None = None
    """Highest price of the day (고가)."""
    low: Decimal | None = None
    """Lowest price of the day (저가)."""
    volume: Decimal | None = None
    """Shares traded today (거래량)."""
    turnover: Decimal | None = None
    """Value traded today, in won (거래대금); rounded where the broker rounds."""
    ask: Decimal | None = None
    """Best price of those who want to sell (최우선 매도호가)."""
    bid: Decimal | None = None
    """Best price of those who want to buy (최우선 매수호가)."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        change = None if self.change is None else f"{self.change:+,f}"
        percent = None if self.change_percent is None else f"{self.change_percent:+f} %"
        volume = None if self.volume is None else translated(f"volume {self.volume:,f}", language)
        return _line(self, f"{self.price:,f}", change, percent, volume)

    def __str__(self) -> str:
        return self.told()


class SessionEvent(NamedTuple):
    """A venue begins another phase, or something happened to the trading of a symbol (장운영정보)."""

    symbol: str | None
    """Whose trading (종목코드); None where it is told of the venue as a whole."""
    venue: Venue
    """Where (거래소)."""
    time: dt.datetime | None
    """When, as the broker tells it (시각)."""
    received_at: dt.datetime
    """When it came, by the clock of this machine."""
    phase: Phase | None
    """What the venue does now (장구분); None where the broker's code is of something else, or of nothing that its pages
    tell."""
    code: str
    """The broker's own."""
    is_halted: bool | None = None
    """Whether the symbol is halted (거래정지)."""
    is_interrupted: bool | None = None
    """Whether the symbol is in a volatility interruption (VI 발동)."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        halted = {None: "", True: "halted", False: "not halted"}[self.is_halted]
        interrupted = {None: "", True: "volatility interruption", False: "no volatility interruption"}[
            self.is_interrupted
        ]
        code = translated(f"(code {sanitize(self.code)})", language)
        phase = _term(self.phase, language)
        return _line(self, phase, translated(halted, language), translated(interrupted, language), code)

    def __str__(self) -> str:
        return self.told()


class ConditionEvent(NamedTuple):
    """A symbol begins or ceases to meet a saved condition (조건 편입, 이탈)."""

    symbol: str
    """What meets it, or no longer does (종목코드)."""
    venue: Venue
    """Where it trades (거래소)."""
    time: dt.datetime | None
    """When, as the broker tells it (시각)."""
    received_at: dt.datetime
    """When it came, by the clock of this machine."""
    condition: str
    """Its id at the broker."""
    is_entering: bool
    """True: it begins to meet the condition (편입); False: it ceases (이탈)."""
    is_initial: bool = False
    """Whether it met the condition already when the topic began."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        condition = sanitize(self.condition)
        change = f"enters condition {condition}" if self.is_entering else f"leaves condition {condition}"
        return _line(self, translated(change, language))

    def __str__(self) -> str:
        return self.told()


class RawEvent(NamedTuple):
    """What came of a channel of the broker, as it was sent."""

    channel: str
    """The broker's id of it."""
    key: str
    """With which it was registered; blank where there is none, or where it tells who somebody is."""
    received_at: dt.datetime
    """When it came, by the clock of this machine."""
    fields: RawRow
    """By the broker's own names; numbers, dates and times are read out of it as out of an answer."""

    def decimal(self, name: str) -> Decimal | None:
        """Return a number; see `RawRow.decimal`."""
        return self.fields.decimal(name)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Fields that the catalogue has not got. A broker may add some at any time."""
        return self.fields.unknown

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that the catalogue has and this has not."""
        return self.fields.missing

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        head = " ".join(part for part in (f"{self.received_at:%H:%M:%S}", self.channel, self.key) if part)
        return f"{head} {self.fields.line()}"

    def __str__(self) -> str:
        return self.told()


class OrderChange(StrEnum):
    """What happened to an own order."""

    ACCEPTED = "ACCEPTED"
    """The exchange has it (접수)."""
    FILLED = "FILLED"
    """Shares of it were traded (체결), all or a part: `remaining_quantity` tells."""
    AMENDED = "AMENDED"
    """It was moved to another price (정정 확인)."""
    CANCELED = "CANCELED"
    """All or a part of an order was cancelled (취소 확인): of `original_id` by the cancellation that the event numbers;
    of `order_id` itself where there is no original, because it does not wait."""
    REJECTED = "REJECTED"
    """It, or what should have changed it, was refused (거부)."""
    EXPIRED = "EXPIRED"
    """Its day or session has ended."""


class Source(StrEnum):
    """Where an event of an own order comes from."""

    NOTICE = "NOTICE"
    """The broker's realtime notice."""
    LIST = "LIST"
    """The broker's list of orders, read where notices may have been missed or contradict each other."""


class OrderEvent(NamedTuple):
    """Something happened to an order of the account. A hint: `broker.refresh` is the truth.

    Each change and each share comes once. `filled_quantity` counts from the order's beginning, and is the key: where
    it is not higher than before, an event tells no new share.
    """

    symbol: str
    """What it trades (종목코드)."""
    venue: Venue
    """Where (거래소)."""
    time: dt.datetime | None
    """When, as the broker tells it (시각)."""
    received_at: dt.datetime
    """When it came, by the clock of this machine."""
    change: OrderChange
    """What happened (접수, 체결, 정정, 취소, 거부)."""
    order_id: str
    """The broker's number of the order (주문번호)."""
    original_id: str | None
    """Of an amendment or a cancellation: the order that it changes (원주문번호)."""
    side: Side
    """Buy or sell (매매구분)."""
    status: OrderStatus
    """How the order stands after it (주문상태)."""
    quantity: Decimal | None
    """Shares ordered (주문수량); of an amendment or a cancellation those that it moved or took back."""
    price: Decimal | None
    """Limit (주문가격); None of an order without one."""
    filled_quantity: Decimal
    """Shares of it that have been traded in all (체결수량)."""
    remaining_quantity: Decimal | None
    """Shares that still wait (미체결수량); None where nobody knows."""
    last_quantity: Decimal | None = None
    """Shares that this event tells as traded (체결량); None where it tells no trade."""
    last_price: Decimal | None = None
    """At which they were (체결가); of several fills told as one their average."""
    reason: str | None = None
    """Why it was refused, in the broker's words (거부사유)."""
    source: Source = Source.NOTICE
    """Whether the broker told it, or its list showed it."""
    intent: str | None = None
    """Of the journal, where the order was sent from here."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        quantity, price, left, told, paid = (
            None if value is None else f"{value:,f}"
            for value in (self.quantity, self.price, self.remaining_quantity, self.last_quantity, self.last_price)
        )
        number, of, shares = self.order_id, self.original_id, quantity or "-"
        side, change = _term(self.side, language), _term(self.change, language)
        if price:
            order = (
                f"order {number} of {of} {side} {shares} at {price}"
                if of
                else f"order {number} {side} {shares} at {price}"
            )
        elif of:
            order = f"order {number} of {of} {side} {shares} at the market"
        else:
            order = f"order {number} {side} {shares} at the market"
        filled = told and translated(f"filled {told} at {paid or '-'}", language)
        waiting = left and translated(f"left {left}", language)
        reason = self.reason and sanitize(self.reason)
        source = translated("(from the list)", language) if self.source is Source.LIST else None
        return _line(self, change, translated(order, language), filled, waiting, reason, source)

    def __str__(self) -> str:
        return self.told()


class GapReason(StrEnum):
    """Why something may have been missed."""

    DISCONNECTED = "DISCONNECTED"
    """The line broke and was made anew."""
    SILENT = "SILENT"
    """Nothing came although it should have."""
    UNREADABLE = "UNREADABLE"
    """A frame came that could not be read, or the list of own orders cannot be."""
    REFUSED = "REFUSED"
    """The broker took a registration no more."""
    SUSPENDED = "SUSPENDED"
    """This machine slept, or its clock was set."""


class Gap(NamedTuple):
    """What was between two moments may have been missed. Own orders are made whole from the lists after it."""

    topics: Sequence[Topic]
    """Of what."""
    since: dt.datetime
    """When something last came for sure."""
    until: dt.datetime | None
    """Since when it comes again; None while it does not: another one follows when it does."""
    reason: GapReason
    """Why."""
    received_at: dt.datetime
    """When it was noticed, by the clock of this machine."""
    detail: str = ""
    """More of the reason, in words; blank where there is none."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        at, since = f"{self.received_at:%H:%M:%S}", f"{self.since:%H:%M:%S}"
        span = (
            f"gap from {since} to {self.until:%H:%M:%S}" if self.until else f"gap from {since} to now, and it goes on"
        )
        named = ", ".join(map(str, self.topics[:3]))
        if self.topics[3:]:
            named += " " + translated(f"and {len(self.topics) - 3} more", language)
        detail = f" ({translated(sanitize(self.detail), language)})" if self.detail else ""
        return f"{at} {translated(span, language)}: {_term(self.reason, language)}{detail}; {named}"

    def __str__(self) -> str:
        return self.told()


class Dropped(NamedTuple):
    """Events that nobody took in time were dropped, the oldest first: of trades and raw topics, never of own orders."""

    topic: Topic
    """Of what."""
    number: int
    """How many."""
    received_at: dt.datetime
    """When, by the clock of this machine."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        return f"{self.received_at:%H:%M:%S} {translated(f'dropped {self.number:,}', language)}: {self.topic}"

    def __str__(self) -> str:
        return self.told()


class Stopped(NamedTuple):
    """The kill switch was set or taken off (주문 중지)."""

    is_stopped: bool
    """True: no order goes out; False: orders go out again."""
    reason: str
    """What whoever set it wrote; blank where nothing."""
    received_at: dt.datetime
    """When it was noticed, by the clock of this machine."""

    def told(self, language: Language | None = None) -> str:
        """Return it as a line, in a language ("en", "ko") or in that of the process."""
        at, why = (
            f"{self.received_at:%H:%M:%S}",
            f": {translated(sanitize(self.reason), language)}" if self.reason else "",
        )
        state = "stopped" if self.is_stopped else "orders go out again"
        return f"{at} {translated(state, language)}{why}"

    def __str__(self) -> str:
        return self.told()


Event = (
    TradeEvent
    | BookEvent
    | QuoteEvent
    | SessionEvent
    | ConditionEvent
    | RawEvent
    | OrderEvent
    | Gap
    | Dropped
    | Stopped
)


class Notice(NamedTuple):
    """What a broker tells of an own order, before the core has counted its shares; see `OrderEvent`.

    Of a notice that an order was taken, moved, cancelled or refused `last_quantity` is None.
    """

    symbol: str
    venue: Venue
    time: dt.datetime | None
    received_at: dt.datetime
    change: OrderChange
    order_id: str
    original_id: str | None
    side: Side
    quantity: Decimal | None
    price: Decimal | None
    type: OrderType | None = None
    filled_quantity: Decimal | None = None
    """In all, where the broker tells it."""
    remaining_quantity: Decimal | None = None
    last_quantity: Decimal | None = None
    last_price: Decimal | None = None
    fill_id: str | None = None
    """The number of the fill, where the broker tells one."""
    branch: str = ""
    """Where the order was numbered, at brokers with branches."""
    reason: str | None = None
    identity: str = ""
    """Two notices with the same one may be the same notice, sent twice: the text of its row."""


def _line(
    event: TradeEvent | BookEvent | QuoteEvent | SessionEvent | ConditionEvent | OrderEvent, *parts: str | None
) -> str:
    """Return when, what and where, and these parts of an event, but for those that there are not."""
    told = (f"{event.time or event.received_at:%H:%M:%S}", event.symbol, event.venue, *parts)
    return " ".join(str(part) for part in told if part)


def _term(word: StrEnum | None, language: Language | None) -> str | None:
    """Return what a word of ours is called in a language, or in that of the process."""
    if word is None or (language or spoken()) != KOREAN:
        return word
    from brokerkit.models.labels import korean_term  # English needs none of it

    return korean_term(word)
