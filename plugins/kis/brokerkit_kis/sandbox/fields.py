"""What a call must carry: required fields, lengths, documented codes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.plain import Plain
from brokerkit_kis.sandbox.history import PastDays
from brokerkit_kis.sandbox.shelf import CASH, Shelf
from brokerkit_kis.sandbox.wording import GatewayRefused, Refused

INTEGER = re.compile(r"[0-9]+")
ETN_ISSUERS = "5678"
"""With these the codes of ETN begin."""
NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{0,8})?")
LARGEST_COUNT = 10
"""Digits of a number of shares abroad."""
LARGEST = 10**18
"""Above any price or quantity; the fields have room for more digits than that."""
TOLERATED = frozenset({"CTAC_TLNO", "ALGO_NO"})
"""Block fields that are in no table of these calls and are taken all the same."""


@dataclass(frozen=True)
class Field:
    """One field of a request; `codes` are the documented values where the server checks them."""

    name: str
    length: int
    required: bool = True
    codes: frozenset[str] | None = None
    gateway: str = ""
    """Code with which the gateway refuses another value, where it is the one that checks."""


@dataclass
class Memory:
    """What the server remembers beside the exchange."""

    divisions: dict[int, str] = dataclasses.field(default_factory=dict)
    """Codes of orders that their type alone does not tell, by order number."""
    loans: dict[tuple[dt.date, int], str] = dataclasses.field(default_factory=dict)
    """With what kind of loan orders were placed (CRDT_TYPE), by day and number; those of cash are not among them."""
    rows: dict[tuple[dt.date, int], tuple[ExchangeOrder, str | None, Mapping[str, object]]] = dataclasses.field(
        default_factory=dict
    )
    """Rows of the list of days, with the order and its remembered code that they were written from."""
    totals: tuple[object, dict[str, object]] = (None, {})
    """Of the list that was asked for last, with what was asked and how often the exchange had changed."""
    past: dict[str, PastDays] = dataclasses.field(default_factory=dict)
    """The days before today, by symbol."""
    reserved: Shelf = dataclasses.field(default_factory=Shelf)
    """Orders that wait for their phase."""
    spans: dict[int, str] = dataclasses.field(default_factory=dict)
    """Over which time orders of US shares are sent in parts, by order number."""
    told: dict[tuple[tuple[str, str], ...], int] = dataclasses.field(default_factory=dict)
    """How many rows were told of a list whose pages have no keys, by what was asked for."""


def spelled(symbol: str) -> str:
    """Return the code of a symbol in quotes, orders and lists: that of an ETN has a Q in front."""
    return f"Q{symbol}" if symbol[0] in ETN_ISSUERS else symbol


@dataclass(frozen=True)
class Context:
    """One checked call, as its handler sees it."""

    exchange: Exchange
    memory: Memory
    account: str
    demo: bool
    tr_id: str
    tr_cont: str
    fields: Mapping[str, str]
    plain: Plain
    """What keeps the orders of markets that no exchange plays."""
    hts_id: str = ""
    """The login name of the account's owner."""
    exchanges: Mapping[str, Exchange] = dataclasses.field(default_factory=dict)
    """Those of all markets, by the prefix of their symbols; `exchange` is the one that the call is about."""

    def text(self, name: str) -> str:
        """Return a field without blanks around it, empty where it was left out."""
        return self.fields.get(name, "").strip()

    def instrument(self, name: str) -> Instrument | None:
        """Return the instrument whose code stands in a field, None if there is none. An ETN has a Q in front."""
        code = self.text(name)
        found = self.exchange.instruments.get(code.removeprefix("Q"))
        return found if found is not None and code == spelled(found.symbol) else None

    def loan(self, order: ExchangeOrder) -> str:
        """Return with what kind of loan an order was placed, blank where with none."""
        first = (order.day, order.root)  # amendments and cancellations are about what was placed
        sent = {(kept.sent_on, kept.order): kept.balance for kept in self.memory.reserved.kept.values()}
        known = self.memory.loans.get(first) or sent.get(first, CASH)
        return "" if known == CASH else known

    def past(self, symbol: str) -> PastDays:
        """Return the days of a symbol before today."""
        if symbol not in self.memory.past:
            days = self.exchange.daily_candles(symbol)
            self.memory.past[symbol] = PastDays(days, self.exchange.today)
        return self.memory.past[symbol]


@dataclass(frozen=True)
class Api:
    """One call that is played: where it lives, its fields and who answers it."""

    path: str
    fields: tuple[Field, ...]
    handler: Callable[[Context], FaceAnswer]

    @property
    def market(self) -> str:
        """The market that it is about, by the prefix of its symbols."""
        return "US" if self.path.startswith("/uapi/overseas-") else "KR"


def codes(*values: str) -> frozenset[str]:
    """Return documented values as the set that `Field` wants."""
    return frozenset(values)


def wrong_field(name: str) -> Refused:
    """Return the refusal of a field that is missing or wrong, in the form that names it."""
    return Refused("OPSQ2001", f"ERROR : INPUT_FIELD_NAME {name}", result="2")


def wrong_code(name: str) -> Refused:
    """Return the refusal of a code that the field does not take."""
    # The form is seen for INQR_DVSN and the market division; for other fields it is not known.
    short = name.removeprefix("FID_COND_").removeprefix("FID_")
    return Refused("OPSQ2001", f"ERROR : INPUT INVALID_CHECK_{short}", result="2")


def query_fields(query: Mapping[str, str]) -> Mapping[str, str]:
    """Return the query by the names of the table.

    FID_... names are documented in both cases, and clients in use send the page keys in lower case.
    """
    return {name.upper(): value for name, value in query.items()}


def body_fields(api: Api, body: Mapping[str, object]) -> Mapping[str, str]:
    """Return the body if nothing strange is in it; names count in upper case only."""
    known = TOLERATED | {field.name for field in api.fields}
    for name, value in body.items():
        # No fact says that an integer is refused where a text is due: it is read like its digits.
        if name not in known or isinstance(value, bool) or not isinstance(value, str | int):
            raise GatewayRefused("IGW00007", f"요청 본문을 읽을 수 없습니다: {name}")
    return {name: str(value) for name, value in body.items()}


def check_fields(api: Api, fields: Mapping[str, str], account: str, *, demo: bool = False) -> None:
    """Refuse missing and long fields, a foreign account and undocumented codes, in this order."""
    for field in api.fields:
        if field.required and field.name not in fields:
            raise wrong_field(field.name)
    for field in api.fields:
        size = len(fields.get(field.name, ""))
        if size > field.length:
            raise Refused("OPSQ2002", f"ERROR INVALID INPUT_FILED_SIZE [{field.name}] [{size}]", result="2")
    if "CANO" in fields:
        _check_account(fields["CANO"], fields.get("ACNT_PRDT_CD", ""), account, demo=demo)
    for field in api.fields:
        value = fields.get(field.name, "")
        if field.codes is None or value in field.codes or (not value and not field.required):
            continue
        if field.gateway:
            raise GatewayRefused(field.gateway, f"{field.name} 값이 맞지 않습니다")
        raise wrong_code(field.name)


def _check_account(number: str, product: str, account: str, *, demo: bool) -> None:
    own, _, kind = account.partition("-")
    if not (len(number) == 8 and number.isascii() and number.isdigit()):
        raise Refused("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO", result="2")
    if number != own:
        raise GatewayRefused("IGW00002", "인증 계좌와 요청 계좌가 다릅니다")
    if product != kind:
        result, code = ("1", "90070000") if demo else ("7", "APBK1271")
        raise Refused(code, "계좌 또는 상품코드 오류", result=result)


def positive_integer(context: Context, name: str) -> Decimal:
    """Return a quantity or price that has to be plain digits and more than zero."""
    # Which code the server gives for "0", "1.5" or letters is not known; OPSQ2001 stands for a wrong field.
    text = context.fields.get(name, "")
    if not INTEGER.fullmatch(text) or not text.isascii() or not 0 < int(text) < LARGEST:
        raise wrong_field(name)
    return Decimal(text)


def share_count(context: Context, name: str) -> Decimal:
    """Return whole shares of an order abroad; the gateway refuses everything else, before the ledger sees it."""
    text = context.text(name)
    if not INTEGER.fullmatch(text) or not int(text) or len(text) > LARGEST_COUNT:
        raise GatewayRefused("IGW00014", f"{name} 값이 맞지 않습니다")
    return Decimal(text)


def share_price(context: Context, name: str) -> Decimal:
    """Return the price of an order abroad, nothing too."""
    text = context.text(name)
    if not NUMBER.fullmatch(text):
        raise GatewayRefused("IGW00014", f"{name} 값이 맞지 않습니다")
    return Decimal(text)


def date_field(context: Context, name: str) -> dt.date:
    """Return a date that has to be eight digits."""
    text = context.text(name)
    try:
        if len(text) != 8 or not text.isascii() or not text.isdigit():
            raise ValueError
        # Clients in use ask from 00000101 on, for all there is.
        return dt.date(max(int(text[:4]), 1), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise wrong_field(name) from None


ACCOUNT = (Field("CANO", 8), Field("ACNT_PRDT_CD", 2))
