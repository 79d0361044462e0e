"""How an adapter writes down one call of its broker: the endpoint, what goes out, and the reply class."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeAlias, TypeVar, Union, cast

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from brokerkit.errors import Unsupported
from brokerkit.models import Model
from brokerkit.sharing.windows import Limit
from brokerkit.text import sanitize
from brokerkit.transport.bodies import check_parts, check_values, secrets_in
from brokerkit.transport.numbers import exact_json

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound="Block")
Value: TypeAlias = Union[str, SecretStr, int, Decimal, "Mapping[str, Value]", "Sequence[Value]"]
"""What may go out. Numbers are int or Decimal, never float."""
Parameters: TypeAlias = Mapping[str, Value]
"""What goes out by name. A query and a form take texts and numbers; JSON takes truth values, blocks and lists besides,
and a number is a JSON number there."""
Headers: TypeAlias = Mapping[str, "str | SecretStr"]
"""Headers of a request, by name."""


class Effect(Enum):
    """What sending a request again would do."""

    READ = "read"
    AUTH = "auth"
    ORDER = "order"


class Encoding(Enum):
    """How the body of a request is written, and what its `Content-Type` says unless the adapter says otherwise."""

    JSON = "application/json; charset=utf-8"
    FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Paging:
    """How a broker tells that a list goes on, and how its next page is asked for.

    A header tells it (`mark`), or a field of the answer (`flag`), or the keys alone. Names of fields are those of the
    reply; dots lead into its blocks. Where it is not told as declared, or a key is missing, the list is an
    IncompleteListing.
    """

    mark: str = ""
    """Header of the answer that tells whether there are more pages. Where it is blank `flag` does, or it is the end."""
    more: frozenset[str] = frozenset({"Y"})
    """Marks of a page that others follow, in capitals."""
    end: frozenset[str] | None = frozenset({"N"})
    """Marks of the last page; None: every mark that is not one of `more`."""
    flag: str = ""
    """Field of the reply that tells it where no mark does."""
    flag_more: frozenset[object] = frozenset({True})
    """What stands in that field where more pages follow."""
    sends: Mapping[str, str] = field(default_factory=dict)
    """Headers of every request for a further page."""
    key: str = ""
    """Header with the key of the next page, which goes back under its own name."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Fields of the reply that go back as they came, and as what: a parameter, or a name in the body, where dots lead
    into its blocks. The first of them is the cursor, without which there is no next page."""
    cursor_ends: bool = False
    """The list ends where the cursor is blank or the same again, even if a mark tells of more pages."""


class Block(BaseModel):
    """Base of all that is read from an answer: unknown fields pass, validation errors do not show their input.

    Its text shows no values: tracebacks print it, and a server may send secrets back. Nor does the JSON reader keep
    values: its cache belongs to the whole process.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, cache_strings="keys", defer_build=True
    )

    paging: ClassVar[Paging | None] = None
    """How the pages of this list follow each other, where that is not as the client says for all of them."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []

    @classmethod
    def of_json(cls, content: bytes, *, exact: bool = False) -> Self:
        """Return what an answer says; `exact`: it has numbers with fractions, whose digits count."""
        return cls.model_validate(exact_json(content)) if exact else cls.model_validate_json(content)


class Whole(Block):
    """An answer as it came: every field, whatever it is called, and every number with its own digits."""

    content: Mapping[str, Any]

    @classmethod
    def of_json(cls, content: bytes, *, exact: bool = False) -> Self:
        told = exact_json(content)
        if not isinstance(told, dict):
            raise TypeError("an answer is a block of fields")
        return cls(content=told)

    @property
    def told(self) -> Any:
        """Its fields by name, without regard to case; a blank where there is none."""
        return _Told(self.content)


class _Told:
    """Fields as attributes, for paging."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:
        found = self._content.get(name)
        if found is None:
            found = next((value for key, value in self._content.items() if key.casefold() == name.casefold()), "")
        return found


class Reply(Block, Generic[M]):
    """A broker's answer, field by field, on its way to the common model `M`.

    Attributes and properties must be named as fields of `M` (checked when the class is defined), except those listed in
    `extra`: what the adapter needs beside the model.
    """

    extra: ClassVar[frozenset[str]] = frozenset()
    _mapped: ClassVar[tuple[str, ...]] = ()
    _target: ClassVar[type[Model]] = Model

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for base in cls.__mro__:
            if arguments := getattr(base, "__pydantic_generic_metadata__", {}).get("args"):
                cls._target = arguments[0]
                break
        ours = [base for base in cls.__mro__ if issubclass(base, Reply)]
        properties = {name for base in ours for name, value in vars(base).items() if isinstance(value, property)}
        names = {*cls.model_fields, *properties}
        known = set(cls._target.model_fields)
        if stray := names - known - cls.extra:
            raise TypeError(
                f"{cls.__name__}: {sorted(stray)} are neither fields of {cls._target.__name__} nor `extra`."
            )
        cls._mapped = tuple(sorted(names & known - cls.extra))

    def to_model(self, **known: object) -> M:
        """Return the common model: every mapped attribute of this reply and what the caller knows besides."""
        values = {name: getattr(self, name) for name in self._mapped}
        return cast(M, self._target.model_validate({**values, **known}))


class Endpoint(NamedTuple, Generic[R]):
    """One call of a broker's API. `ids` names it per environment; one that is missing there is not offered there.

    A part of the path may be a name in braces, as in "/orders/{order}/cancel": the call gives what stands there.
    """

    ids: Mapping[str, str]
    path: str
    reply: type[R]
    method: str = "GET"
    effect: Effect = Effect.READ
    encoding: Encoding = Encoding.JSON
    limit: Limit | None = None
    """What its calls count against, where that is not the limit of the client. Endpoints may share one."""
    host: str = ""
    """Base URL of another host that has a file for everybody: `Client.download` fetches it, without key or token."""

    def id(self, environment: str) -> str:
        """Return the id of the call in an environment; Unsupported where it has none."""
        try:
            return self.ids[environment]
        except KeyError:
            raise Unsupported(
                f"{next(iter(self.ids.values()))} is not offered in the {environment} environment.",
                advice=f"Nothing was sent. It is offered in: {', '.join(self.ids)}.",
            ) from None

    def __str__(self) -> str:
        return next(iter(self.ids.values()))


@dataclass(frozen=True)
class Request:
    """What goes out beside the endpoint. Values may be SecretStr; they are opened only on the wire.

    Its text shows nothing of that: page keys, which the broker gave, may contain the account.
    """

    params: Parameters = field(default_factory=dict, repr=False)
    body: Parameters | None = field(default=None, repr=False)
    headers: Headers = field(default_factory=dict, repr=False)
    path: Parameters = field(default_factory=dict, repr=False)
    """What stands for the names in the path."""

    def check(self, endpoint: Endpoint[Any]) -> None:
        """Raise InvalidRequest at what cannot be sent exactly as it is."""
        if self.path or "{" in endpoint.path:
            check_parts(endpoint.path, self.path)
        check_values(self.params, nested=False)
        if self.body is not None:
            check_values(self.body, nested=endpoint.encoding is Encoding.JSON)

    def secrets(self) -> list[SecretStr]:
        """Return the secrets in path, parameters and body."""
        return secrets_in((*self.path.values(), *self.params.values(), *(self.body or {}).values()))


def deepest_fault(error: ValidationError, block: str = "") -> str:
    """Say which field of an answer, or of its `block`, is wrong, without what was read there."""
    # Only kind and place: the message of an error may repeat what was read.
    # Of a block that may have two shapes, the one that fails deeper inside is the one that was meant.
    details = max(
        error.errors(include_url=False, include_input=False, include_context=False), key=lambda each: len(each["loc"])
    )
    # What is no name there tells which of several shapes was tried.
    names = [name for part in details["loc"] if re.fullmatch(r"\w+", name := str(part))]
    where = sanitize(block + ".".join(names), limit=80)
    if details["type"] == "missing":
        return f"field {where} is missing"
    return f"field {where} is not as documented ({details['type']})"
