"""One API of a broker: what it is called, what goes out, what comes back, and what it does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

NONE: Mapping[str, Any] = MappingProxyType({})
EFFECTS = ("read", "order", "auth", "stream")
"""What a call does: asks, may move money, logs in, or registers for frames."""
PLACES = ("query", "body", "socket")
"""Where the fields of a request stand."""
REFUSALS = ("blank", "long", "strange")
"""What more than missing fields is known to be refused; `Api.refuses` says what each means."""
NUMBERS = ("plain", "direction", "double", "grouped", "percent", "pointed")
"""How a number is written; `Field.number` says what each means."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a request, of an answer or of a frame."""

    name: str
    label: str = ""
    """The broker's own short term for it."""
    length: int | None = None
    """At most so many characters, where that is known."""
    required: bool = False
    """Of a request: without it the call is refused."""
    codes: Mapping[str, str] = dataclasses.field(default_factory=lambda: NONE)
    """What may stand in it and what that means, as far as it is known."""
    complete: bool = False
    """`codes` is all there is; where it is not, another code may be right."""
    partial: bool = False
    """`codes` are some of many, by the broker's own word: another one is nothing odd."""
    number: str = ""
    """How its number is written; blank where no fact says that it is one.

    plain: with its own sign, if any. direction: the sign shows up or down and is no part of the number. double: with
    its own sign, and the same sign twice is one. grouped: with commas. percent: with a percent sign behind it.
    pointed: with its own sign, and certain only where its point is written: sources disagree on whether it is.
    """
    implied: int = 0
    """So many of its last digits stand behind a point that is not written."""
    unit: str = ""
    """What it counts, in the broker's own word ("원", "백만원", "1주")."""
    format: str = ""
    """Of a date or time: "YYYYMMDD", "HHMMSS" and the like."""
    suffixes: Mapping[str, str] = dataclasses.field(default_factory=lambda: NONE)
    """What stands behind a symbol for a venue."""
    fields: tuple[Field, ...] = ()
    """Of a list or block inside a request: what each of its rows has."""

    @classmethod
    def of(cls, row: list[Any]) -> Field:
        """Return the field that a row of the file tells: name, label and what else is known of it."""
        more = dict(row[2]) if len(row) > 2 else {}
        for name in ("codes", "suffixes"):
            if name in more:
                more[name] = MappingProxyType(more[name])
        if "fields" in more:
            more["fields"] = tuple(map(cls.of, more["fields"]))
        return cls(row[0], row[1], **more)


@dataclass(frozen=True)
class Group:
    """A named part of an answer. The one without a name is the top level."""

    name: str
    fields: tuple[Field, ...]
    many: bool = False
    """It is a list of rows; else it is one row."""

    @cached_property
    def names(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {each.name: each for each in self.fields}


@dataclass(frozen=True, slots=True)
class Told:
    """A word that an order tells: always the same, by its variant, or by a code in one of its fields."""

    word: str = ""
    """What it is where neither a variant nor a code tells it."""
    field: str = ""
    """The field in which the code stands."""
    words: Mapping[str, str] = dataclasses.field(default_factory=lambda: NONE)
    """A variant, or a code, to the word that it means. The variant counts first: it is the id that decides.

    Where a code says another thing under a variant, both stand there with a blank between them: "asia 02".
    """

    @classmethod
    def read(cls, value: str | Mapping[str, Any]) -> Told:
        """Return what the file says: a word, or a block with `word`, `field` and `words`."""
        if isinstance(value, str):
            return cls(value)
        return cls(value.get("word", ""), value.get("field", ""), MappingProxyType(value.get("words", {})))

    def of(self, variant: str, fields: Mapping[str, object]) -> str:
        """Return the word of a request; blank where its code is not known."""
        code = str(fields.get(self.field, "")) if self.field else ""
        for both in (f"{variant} {code}", variant):
            if both in self.words:
                return self.words[both]
        return self.words.get(code, "" if code else self.word)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """Where the parts of an order stand in a request, so that it can be checked, limited and journaled."""

    kind: Told
    """order, amend, cancel, reserve, amend_reservation, cancel_reservation; convert: one currency into another;
    unsupported: the broker has no such thing, whatever its fields allow."""
    symbol: str = ""
    side: Told = Told()
    """buy or sell. Blank where the request does not tell it, as with most amendments."""
    quantity: str = ""
    price: str = ""
    amount: str = ""
    """The field of an amount of money, where there is neither quantity nor price."""
    stop: str = ""
    """The field of the price that sets the order off."""
    type: str = ""
    """The field of the code that says how the order is priced. Blank: every one of them is bound to its price."""
    priced: frozenset[str] = frozenset()
    """Codes of `type` with which nothing worse than `price` is paid; with any other it is a market order."""
    venue: Told = Told()
    """KRX, NXT, SOR, US or DAYTIME, as the verbs call them."""
    all: Mapping[str, str] = dataclasses.field(default_factory=lambda: NONE)
    """A field to what stands there where all that is left is meant, whatever the quantity says."""
    original: str = ""
    """The field of the number of the order that is amended or cancelled."""
    until: str = ""
    """The field of the last day of a reserved order that is sent on several days."""
    number: str = ""
    """Where the answer tells the new number, blocks with dots: "output.odno". Of several the first that tells one."""
    done: Mapping[str, str] = dataclasses.field(default_factory=lambda: NONE)
    """What the answer has to say for the call to be done; whatever else it says leaves that open."""
    market: Told = Told()
    """KR or US where it is a share that the verbs trade too; blank for futures, bonds, gold, other countries."""
    abroad: bool = False
    """What has no market here is traded in another country."""
    currency: Told = Told()
    """What price times quantity is an amount of; blank where it is none (contracts, bonds)."""
    verb: Told = Told()
    """The verb that uses this API: buy, sell, amend, cancel, reserve, cancel_reservation."""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> OrderRow:
        """Return what the file says."""
        told = {"kind", "side", "venue", "market", "currency", "verb"}
        values: dict[str, Any] = {name: Told.read(value) if name in told else value for name, value in row.items()}
        values["priced"] = frozenset(values.get("priced", ()))
        for name in ("all", "done"):
            values[name] = MappingProxyType(values.get(name, {}))
        return cls(**values)


@dataclass(frozen=True)
class Api:
    """One call of a broker, or one kind of frame."""

    name: str
    """Its own name here: no other has it."""
    label: str
    """What the broker calls it."""
    topic: str
    """Where the broker lists it: "국내주식 > 차트"."""
    ids: Mapping[str, Mapping[str, str]]
    """Environment to variant to id. The variant is blank where there is one; an environment that is missing has not got
    the API. An id is blank where the path alone says which call it is."""
    path: str
    method: str = "POST"
    where: str = "body"
    """query, body or socket. In a query the names of fields count in either case, in a body only as they are."""
    effect: str = "order"
    """What it does. What nobody has looked at counts as an order."""
    request: tuple[Field, ...] = ()
    groups: tuple[Group, ...] = ()
    """The parts of its answer; the top level first."""
    frame: tuple[Field, ...] = ()
    """The columns of a frame in their order, or the keys of its values."""
    pages: tuple[str, ...] = ()
    """The fields of a request with which it goes on to the next page; a blank name: headers alone do it."""
    also: tuple[str, ...] = ()
    """What the broker calls it in other lists."""
    old: Mapping[str, str] = dataclasses.field(default_factory=lambda: NONE)
    """Ids of former times that servers still take, to those of today."""
    unsure: frozenset[str] = frozenset()
    """Environments of which no fact tells whether they have it, and ids that are not proven: they can be tried."""
    sealed: bool = False
    """Its frames are encrypted."""
    open: bool = False
    """It takes a block of any fields beside those that are named."""
    refuses: frozenset[str] = frozenset()
    """What a fact says that the broker refuses of its request: "blank", a field that has to be there and says nothing;
    "long", a value longer than its field; "strange", a field that it has not got."""
    order: OrderRow | None = None
    """Of an order: where its parts stand."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Api:
        """Return the API that a line of the file tells."""
        more = dict(row)
        more["request"] = tuple(map(Field.of, row.get("request", ())))
        more["groups"] = tuple(_groups(more.pop("response", {})))
        more["frame"] = tuple(map(Field.of, row.get("frame", ())))
        more["pages"], more["also"] = tuple(row.get("pages", ())), tuple(row.get("also", ()))
        more["ids"] = MappingProxyType({name: MappingProxyType(ids) for name, ids in row["ids"].items()})
        more["old"] = MappingProxyType(row.get("old", {}))
        more["unsure"], more["refuses"] = frozenset(row.get("unsure", ())), frozenset(row.get("refuses", ()))
        if "order" in row:
            more["order"] = OrderRow.read(row["order"])
        return cls(**more)

    @property
    def is_frame(self) -> bool:
        """Say whether it goes over the socket."""
        return self.where == "socket"

    @property
    def only_codes(self) -> Mapping[str, str]:
        """What a question over the socket is filled in with: fields for which one code alone is known."""
        if self.effect != "read" or not self.is_frame:
            return NONE
        return {each.name: next(iter(each.codes)) for each in self.request if each.required and len(each.codes) == 1}

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """The fields of its request by name."""
        return {each.name: each for each in self.request}

    @cached_property
    def columns(self) -> Group:
        """What a frame has, as a part of an answer."""
        return Group("", self.frame)

    @cached_property
    def needed(self) -> tuple[Field, ...]:
        """The fields of its request that have to be there."""
        return tuple(each for each in self.request if each.required)

    @cached_property
    def parts(self) -> Mapping[str, Group]:
        """The parts of its answer by name."""
        return {each.name: each for each in self.groups}

    def variants(self, environment: str) -> Mapping[str, str]:
        """Return variant to id in an environment; nothing where it has not got the API."""
        return self.ids.get(environment, NONE)

    def variant(self, an_id: str) -> str | None:
        """Return which variant an id of any environment, or an old one, names; None where it is none of this API."""
        an_id = self.old.get(an_id, an_id)
        return next((name for ids in self.ids.values() for name, each in ids.items() if each == an_id), None)


def _groups(rows: Mapping[str, list[Any]]) -> Iterator[Group]:
    for name, (many, fields) in rows.items():
        yield Group(name, tuple(map(Field.of, fields)), many == "many")
