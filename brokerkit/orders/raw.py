"""The part of the order desk that sends raw calls which may move money: an API's own fields, the way of every order.

Where a verb uses the same API, what is sent is an order, amendment or cancellation as the verb's, and lists settle it.
All else is RAW: what became of it, where no answer tells, a person has to settle.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokerkit.catalogue import OrderRow
from brokerkit.errors import BrokerError
from brokerkit.market.markets import KOREA, Market, market_named, market_of
from brokerkit.models import PRICED, STOPS, Order, OrderRequest, Reservation
from brokerkit.orders.attempt import Way
from brokerkit.orders.building import as_reservation
from brokerkit.orders.intents import STANDING, Intent, IntentKind, key_of, reserved_book
from brokerkit.orders.keys import check_key
from brokerkit.orders.limits import NO_CURRENCY
from brokerkit.part import Part
from brokerkit.raw.calls import RawCall
from brokerkit.raw.reply import RawReply, folded
from brokerkit.raw.typed import Odd, date_in, number_in
from brokerkit.replies import Sent
from brokerkit.symbols import is_symbol
from brokerkit.transport.auth import digest
from brokerkit.words import Side, Venue

if TYPE_CHECKING:
    from brokerkit.orders.guard import Guard
    from brokerkit.orders.journal import Journal
    from brokerkit.orders.trader import Trader

ADVICE = (
    "Do not send it again: it may stand, and no list settles it. Look at the broker's own app, then settle it with "
    "resolve()."
)
_ORDERS = frozenset({"order", "amend", "cancel"})
"""Kinds whose orders stand in the lists of their market. Reserved ones have lists of their own."""
CANCELS = frozenset({"cancel", "cancel_reservation"})
_RESERVED = {"amend_reservation": IntentKind.AMEND_RESERVATION, "cancel_reservation": IntentKind.CANCEL_RESERVATION}


@dataclass(frozen=True)
class Terms:
    """What the fields of a raw call say of an order; what they do not say is blank or None."""

    kind: str = ""
    symbol: str = ""
    side: Side | None = None
    quantity: Decimal | None = None
    """None: all that is left, or not told. What is not more than nought is not told either."""
    is_all: bool = False
    price: Decimal | None = None
    stop: Decimal | None = None
    amount: Decimal | None = None
    type: str = ""
    is_priced: bool = False
    """Nothing worse than the price is paid."""
    odd: str = ""
    """The field of a price that nobody can read, or that has to be there and is not; blank for what takes back."""
    original: str = ""
    market: str = ""
    currency: str = ""
    venue: Venue | None = None
    until: dt.date | None = None
    verb: str = ""
    is_abroad: bool = False
    """In a country without a market here."""

    @classmethod
    def of(cls, call: RawCall) -> Terms:
        """Read the fields by the table of the API; of one that nobody has looked at nothing is known."""
        row = call.api.order
        if row is None:
            return cls()
        told = {name: value for name, value in call.values.items() if isinstance(value, str)}
        code, side = told.get(row.type, ""), row.side.of(call.variant, told)
        venue = row.venue.of(call.variant, told)
        has_quantity = row.quantity in told
        is_all = not has_quantity or any(told.get(name) == value for name, value in row.all.items())
        is_priced = not row.type or code in row.priced
        kind = call.kind
        return cls(
            kind=kind,
            symbol=told.get(row.symbol, "").strip(),
            side=Side(side.upper()) if side else None,
            quantity=None if is_all else _counted(told.get(row.quantity)),
            is_all=is_all,
            price=_number(told.get(row.price)) or None,
            odd="" if kind in CANCELS else _odd_price(row, told, is_priced=is_priced),
            stop=_number(told.get(row.stop)) or None,
            amount=_counted(told.get(row.amount)),
            type=code,
            is_priced=is_priced,
            original=told.get(row.original, "").strip(),
            market=(market := row.market.of(call.variant, told)),
            currency=row.currency.of(call.variant, told),
            venue=Venue(venue) if venue in list(Venue) else None,
            until=_day(told.get(row.until)),
            verb=row.verb.of(call.variant, told),
            is_abroad=row.abroad and not market,
        )

    @property
    def value(self) -> Decimal | None:
        """Price times quantity, or the amount; None where that does not tell what is paid at most."""
        if self.odd or not self.currency:
            return None  # contracts, and bonds, come to another amount
        if self.amount is not None:
            return self.amount
        if self.quantity is None or self.price is None or not self.is_priced:
            return None
        return abs(self.quantity * self.price)

    @property
    def unbound(self) -> Decimal | None:
        """A price, or one that sets it off, at which it may trade and worse."""
        told = (self.stop, None if self.is_priced else self.price)
        return max((abs(each) for each in told if each is not None), default=None)


def _number(text: str | None) -> Decimal | None:
    try:
        return number_in(text, "plain")
    except Odd:
        return None


def _odd_price(row: OrderRow, told: Mapping[str, str], *, is_priced: bool) -> str:
    """Return the field of a price of which nobody can tell what it comes to; blank where there is none.

    That is any that is no number, and one that an order is bound to and that is missing or not more than nought.
    """
    for name in filter(None, (row.price, row.stop)):
        text = told.get(name, "")
        if (text.strip(" ") and _number(text) is None) or (name == row.price and is_priced and _counted(text) is None):
            return name
    return ""


def _counted(text: str | None) -> Decimal | None:
    """Return a number that counts something; None for what counts nothing, of which nobody knows what it means."""
    number = _number(text)
    return number if number is not None and number > 0 else None


def _day(text: str | None) -> dt.date | None:
    try:
        return date_in(text)
    except Odd:
        return None


@dataclass
class Carried:
    """A raw call on its way over the desk."""

    call: RawCall
    intent: Intent
    part: Part[Any] | None
    """Of the market, where it is one that the verbs trade too."""
    go: Callable[[], RawReply] = field(init=False)
    """Sends it."""
    _answers: list[Mapping[str, Any]] = field(default_factory=list)
    _number: str = ""

    def send(self) -> Sent:
        """Send the call once, and return what was taken."""
        params, body = self.call.sent
        client = self.call.client
        headers = {**self.call.headers, **client.order_headers(body or {})}
        content = client.call(self.call.endpoint, params=params, body=body, headers=headers).content
        self._answers.append(content)
        sent = self._read(content)
        self._number = sent.number
        return sent

    def _read(self, content: Mapping[str, Any]) -> Sent:
        """Return what the answer says that was taken; a WireError where it does not say so."""
        intent, row = self.intent, self.call.api.order
        for path, words in row.done.items() if row is not None else ():
            if (told := _found(content, path)) != words:
                raise self.call.client.wrong(self.call.endpoint, f"{path} is {told!r:.20}, not {words}")
        number = next(filter(None, (_found(content, path) for path in self.call.numbers)), "")
        if intent.is_reserved and intent.order is not None:
            named = intent.order.id
            if number and key_of(number) != key_of(named):
                raise self.call.client.wrong(self.call.endpoint, f"the answer is about {number:.20}, not {named}")
            return Sent(named)
        is_order = not (intent.is_raw or intent.is_reserved)
        part, client = self.part, self.call.client
        if part is not None and is_order:
            sent = client.valid(self.call.endpoint, lambda: part.accepted(content))
            if sent is not None:
                return sent
        if self.call.numbers and not number.strip("0"):
            raise client.wrong(self.call.endpoint, f"field {' or '.join(self.call.numbers)} has no number of an order")
        return Sent(number)

    def answer(self, order: Order | None) -> RawReply:
        """Return what the broker answered."""
        reply = self.call.reply(self._answers)
        reply.order_id, reply.intent_id = self._number or None, self.intent.id
        return reply

    def stands(self, found: Intent) -> RawReply:
        """Return what tells that it stands already, under its key."""
        words = f"it stands already, under the key {found.key}, as order {found.order_id}: nothing was sent"
        reply = replace(self.call, warnings=(*self.call.warnings, words)).reply([])
        reply.order_id, reply.intent_id = found.order_id, found.id
        return reply


def _found(content: Any, path: str) -> str:
    """Return what stands at a path of names, in any letter case; a blank where nothing does."""
    for name in filter(None, path.split(".")):
        if isinstance(content, list) and len(content) == 1:
            content = content[0]
        if not isinstance(content, Mapping):
            return ""
        key = folded(content, name)
        content = None if key is None else content[key]
    return str(content).strip() if isinstance(content, str | int) and not isinstance(content, bool) else ""


class RawDesk:
    """What an order desk does about raw calls."""

    if TYPE_CHECKING:
        guard: Guard
        _trader: Trader
        _account: Callable[[], str]
        _check_account: Callable[[], None]
        _send: Callable[..., Any]
        _intent: Callable[..., Intent]
        ordered: Callable[..., Intent]
        amending_reservation: Callable[..., Intent]
        canceling_reservation: Callable[..., Intent]
        amend_reservation: Callable[..., Any]
        cancel_reservation: Callable[..., Any]
        amending: Callable[..., Intent]
        canceling: Callable[..., Intent]
        reserving: Callable[..., Intent]
        reserve: Callable[..., Any]
        order: Callable[..., Any]
        amend: Callable[..., Any]
        cancel: Callable[..., Any]
        _own_journal: Callable[[], Journal]

    def calling(self, call: RawCall, key: str | None) -> Carried:
        """Return a raw call as it is to be sent: as the verb's, or as one that no list settles."""
        check_key(key)
        terms = Terms.of(call)
        # It is told, logged and written down: an account or a secret in its place is not.
        terms = replace(terms, symbol=call.client.clean(terms.symbol))
        market = market_named(terms.market) if terms.market else None
        part = None if market is None else self._trader.part(market)
        if terms.kind not in CANCELS and terms.kind != "convert":
            self._trader.check_sent(market, abroad=terms.is_abroad)
        # First of all, as with verbs: who is not armed is refused without a question to the broker.
        self.guard.check_armed(self._account, _counted_in(terms, part))
        carried = None if part is None else self._by_verb(call, terms, part, key)
        return carried or self._by_itself(call, terms, part, key)

    # As a verb does it

    def _by_verb(self, call: RawCall, terms: Terms, part: Part[Any], key: str | None) -> Carried | None:
        """Return the call as that of the verb that uses the same API; None where it cannot be told as one."""
        if terms.odd:
            return None
        if terms.verb in ("buy", "sell", "reserve") and terms.kind in ("order", "reserve"):
            return self._as_order(call, terms, part, key)
        if terms.verb in _RESERVED and terms.kind == terms.verb:
            return self._as_change_of_reserved(call, terms, part, key)
        if terms.verb not in ("amend", "cancel") or terms.kind != terms.verb:
            return None
        order = self._named(terms, part)
        if order is None or (terms.quantity is None and not terms.is_all):
            return None  # how much of what is meant is not known
        shares = terms.quantity if terms.verb in part.changes_parts else None
        if shares is None and terms.quantity is not None and terms.quantity < order.quantity:
            return None  # what less than all of it does is not told
        if terms.verb == "cancel":
            carried = self._carried(call, self.canceling(order, shares, key), part)
            carried.go = lambda: self.cancel(carried.intent, order, shares, raw=carried)
            return carried
        price = terms.price
        if price is None or not terms.is_priced:
            return None
        carried = self._carried(call, self.amending(order, shares, price, key), part)
        carried.go = lambda: self.amend(carried.intent, order, shares, price, raw=carried)
        return carried

    def _as_change_of_reserved(self, call: RawCall, terms: Terms, part: Part[Any], key: str | None) -> Carried | None:
        kept = self._kept(terms, part)
        if kept is None:
            return None
        if terms.kind == "cancel_reservation":
            carried = self._carried(call, self.canceling_reservation(kept, key), part)
            carried.go = lambda: self.cancel_reservation(carried.intent, kept, raw=carried)
            return carried
        request = _request(terms, part)
        if request is None or (request.symbol, request.side) != (kept.symbol, kept.side):
            return None
        carried = self._carried(call, self.amending_reservation(kept, request, key), part)
        carried.go = lambda: self.amend_reservation(carried.intent, kept, request, raw=carried)
        return carried

    def _as_order(self, call: RawCall, terms: Terms, part: Part[Any], key: str | None) -> Carried | None:
        request = _request(terms, part)
        if request is None or market_of(request.symbol).name != part.market:
            return None
        if terms.kind == "reserve":
            kept = self._carried(call, self.reserving(request, terms.until, key), part)
            kept.go = lambda: self.reserve(kept.intent, request, raw=kept)
            return kept
        carried = self._carried(call, self.ordered(request, key), part)
        carried.go = lambda: self.order(carried.intent, request, raw=carried)
        return carried

    @staticmethod
    def _carried(call: RawCall, intent: Intent, part: Part[Any]) -> Carried:
        return Carried(call, intent.model_copy(update={"api": call.name, "terms": _digest(call)}), part)

    def _named(self, terms: Terms, part: Part[Any]) -> Order | None:
        """Return the order that a change names, if the journal knows just one of that number today."""
        found = self._own_journal().sent_as(market_named(part.market).today(), terms.original, part.market)
        known = [each.result for each in found if each.state in STANDING and each.result is not None]
        orders = [each for each in known if self._is_meant(each, terms, part)]
        kinds = {each.kind for each in found}
        return orders[0] if len(orders) == 1 and kinds <= {IntentKind.ORDER, IntentKind.AMEND} else None

    def _kept(self, terms: Terms, part: Part[Any]) -> Reservation | None:
        """Return the reserved order that a change names, if the journal knows just one of that number."""
        found = self._own_journal().numbered(terms.original, reserved_book(part.market))
        known = [each for each in found if each.state in STANDING and each.kind is IntentKind.RESERVE]
        kept = [as_reservation(each.result, each.until) for each in known if each.result is not None]
        return kept[0] if len(kept) == 1 and self._is_meant(kept[0], terms, part) else None

    @staticmethod
    def _is_meant(known: Order | Reservation, terms: Terms, part: Part[Any]) -> bool:
        """Say whether an order may be the one that a change is about, by what else it says."""
        is_there = terms.venue in (None, known.venue) or known.venue is None
        return is_there and (not terms.symbol or known.symbol == part.symbol_told(terms.symbol))

    # By itself

    def _by_itself(self, call: RawCall, terms: Terms, part: Part[Any] | None, key: str | None) -> Carried:
        """Return the call as one that no list settles."""
        market = _counted_in(terms, part)
        is_cancel = terms.kind in CANCELS
        intent = self._intent(
            IntentKind.CANCEL_RAW if is_cancel else IntentKind.RAW,
            market,
            symbol=part.symbol_told(terms.symbol) if part is not None and terms.symbol else terms.symbol,
            side=terms.side,
            quantity=terms.quantity,
            price=terms.price,
            key=check_key(key),
            api=call.name,
            names=terms.original or None,
            terms=_digest(call),
            is_apart=None if part is not None and terms.kind in _ORDERS else True,
        )
        carried = Carried(call, intent, part)
        ascends = part is not None and part.numbers_ascend and not intent.is_apart
        way = Way(
            carried.send,
            _no_order,
            carried.answer,
            carried.stands,
            prepare=self._check_account,
            ascends=ascends,
            advice=ADVICE,
            is_numbered=False,  # where it has to have one it was looked for already
        )

        def go() -> RawReply:
            value = None if is_cancel else self._value(terms, intent, market)
            reply: RawReply = self._send(intent, way, value)
            return reply

        carried.go = go
        return carried

    def _value(self, terms: Terms, intent: Intent, market: Market) -> Decimal | None:
        """Return what it comes to; LimitExceeded where it is too much, or where nobody can tell and it matters."""
        quantity, symbol = terms.quantity, intent.symbol
        is_known = terms.market and is_symbol(symbol) and market_of(symbol).name == market.name
        if is_known and quantity is not None and not terms.odd:
            price = terms.price if terms.is_priced else None
            return self.guard.check_terms(symbol, market, terms.venue, quantity, price, terms.unbound)
        return self.guard.check_value(market, symbol, quantity, terms.price, terms.value, odd=terms.odd)


def _counted_in(terms: Terms, part: Part[Any] | None) -> Market:
    """Return the market of what is called, with the currency that it counts in."""
    market = KOREA if part is None else market_named(part.market)
    is_told = not terms.is_abroad or terms.kind in CANCELS
    return replace(market, currency=terms.currency or (market.currency if is_told else None) or NO_CURRENCY)


def _digest(call: RawCall) -> str:
    return digest(*sorted(f"{name}={value}" for name, value in call.values.items() if isinstance(value, str)))


def _no_order(sent: Sent, day: dt.date) -> None:
    return None


def _request(terms: Terms, part: Part[Any]) -> OrderRequest | None:
    """Return the order that the fields stand for in the words of the verbs; None where they say more than these."""
    told = part.terms_told(terms.type)
    if told is None or terms.quantity is None or terms.side is None:
        return None
    type_, time_in_force = told
    try:
        return OrderRequest(
            symbol=part.symbol_told(terms.symbol),
            side=terms.side,
            quantity=terms.quantity,
            type=type_,
            price=terms.price if type_ in PRICED else None,
            stop_price=terms.stop if type_ in STOPS else None,
            time_in_force=time_in_force,
            venue=terms.venue,
        )
    except BrokerError:
        return None
