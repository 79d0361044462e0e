"""The answer to a raw call: as the broker sent it, with its values readable as numbers, dates and times."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from brokerkit.catalogue import Api, Field, Group
from brokerkit.errors import WireError
from brokerkit.raw.checking import SECRET, either, title
from brokerkit.raw.typed import Odd, date_in, number_in, time_in
from brokerkit.text import sanitize

if TYPE_CHECKING:
    import pandas

T = TypeVar("T")
_NOWHERE = Group("", ())
_UNKNOWN = Field("")


class RawRow(Mapping[str, Any]):
    """Fields by the broker's own names, with the values that it sent. Names are found in any letter case.

    Its text shows the names only.
    """

    __slots__ = ("_api", "_clean", "_group", "_values")

    def __init__(
        self, api: Api, group: Group, values: Mapping[str, Any], clean: Callable[[str], str] = sanitize
    ) -> None:
        """`clean` takes secrets out of what an error tells."""
        self._clean = clean
        self._api = api
        self._group = group
        self._values = values

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        found = folded(self._values, name)
        if found is None:
            raise KeyError(name)
        return self._values[found]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._values or folded(self._values, name) is not None)

    def __deepcopy__(self, known: dict[int, Any]) -> RawRow:
        return self  # nothing of it is changed

    def __repr__(self) -> str:
        return f"<RawRow {', '.join(sanitize(name, limit=40) for name in self._values)}>"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Fields that the catalogue has not got. What a socket tells may look like the answer with which it begins."""
        groups = (self._group, *self._api.groups) if self._api.is_frame else (self._group,)
        known = {name.casefold() for group in groups for name in group.names}
        return tuple(name for name in self._values if name.casefold() not in known)

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that the catalogue has and this has not."""
        told = {name.casefold() for name in self._values}
        return tuple(each.name for each in self._group.fields if each.name.casefold() not in told)

    def line(self) -> str:
        """Return its fields with their values as a line to be read, without what is secret."""
        return " ".join(f"{sanitize(name, limit=40)}={self._clean(str(value))}" for name, value in self._values.items())

    def decimal(self, name: str) -> Decimal | None:
        """Return a number, read as the catalogue says that this field writes it; None for a blank."""
        field = self._field(name)
        return self._read(name, lambda value: number_in(value, field.number, field.implied))

    def date(self, name: str) -> dt.date | None:
        """Return a date (YYYYMMDD, with a time behind it or not); None for a blank or for zeros."""
        return self._read(name, date_in)

    def time(self, name: str) -> dt.time | None:
        """Return a time of day (HHMMSS, with a date in front or not); None for a blank."""
        return self._read(name, time_in)

    def _field(self, name: str) -> Field:
        names = self._group.names
        return names.get(name) or names.get(folded(names, name) or "") or _UNKNOWN

    def _read(self, name: str, read: Callable[[object], T]) -> T:
        where = f"{self._group.name}.{name}" if self._group.name else name
        if name not in self:
            raise self._lacking(name, where)
        value = self[name]
        try:
            return read(value)
        except Odd as odd:
            words, advice = odd.of(sanitize(where, limit=80)), odd.advice
        raise WireError(f"{title(self._api)}: {words}: {self._clean(str(value))!r:.44}.", advice=advice)

    def _lacking(self, name: str, where: str) -> WireError:
        api, field = title(self._api), sanitize(where, limit=80)
        near = difflib.get_close_matches(name, self, 3, 0.7) if folded(self._group.names, name) is None else []
        if not near:
            return WireError(f"{api}: the answer has no field {field}.")
        shown = ", ".join(sanitize(each, limit=40) for each in near)
        return WireError(
            f"{api}: the answer has no field {field}; the nearest: {shown}.",
            advice="No value was guessed. Name one that is there.",
        )


class Blocks(dict[str, tuple[RawRow, ...]]):
    """Blocks by name, found in any letter case: those of one API differ in it from source to source."""

    def __missing__(self, name: str) -> tuple[RawRow, ...]:
        found = folded(self, name) if isinstance(name, str) else None
        if found is None:
            raise KeyError(f"the answer has no block {sanitize(str(name), limit=40)}. It has {self.names()}.")
        return self[found]

    def names(self) -> str:
        """Return their names, to be read."""
        return ", ".join(sanitize(name, limit=40) for name in self) or "none"


class RawReply:
    """What a broker answered to a raw call, page by page put together. Nothing of it is changed.

    Its text shows no values; secrets of calls that log in are sealed.
    """

    def __init__(
        self,
        api: Api,
        contents: Sequence[Mapping[str, Any]],
        *,
        is_complete: bool = True,
        warnings: Iterable[str] = (),
        envelope: Iterable[str] = (),
        clean: Callable[[str], str] = sanitize,
    ) -> None:
        self.api = api
        """What was called."""
        self.pages = len(contents)
        """How many pages were asked for."""
        self.is_complete = is_complete
        """Whether the broker told of no page more."""
        self.warnings = tuple(warnings)
        """What was odd about the request."""
        self.order_id: str | None = None
        """The number of the order, where it was one and the broker gave it one."""
        self.intent_id: str | None = None
        """What the journal has it as, where it may move money: `broker.journal.get(reply.intent_id)`."""
        self._envelope = frozenset(envelope)
        self._clean = clean
        self._rows: dict[str, list[RawRow]] = {}
        self._strays: list[str] = []
        for page, content in enumerate(contents):
            for name, value in content.items():
                self._take(name, value, is_first=not page)
        top = {name: value for name, value in contents[-1].items() if not _is_block(value)} if contents else {}
        self.body = RawRow(api, api.parts.get("", _NOWHERE), top, clean)
        """The fields that stand in no block, and lists of which not all is a row."""
        self.blocks = Blocks({name: tuple(rows) for name, rows in self._rows.items()})
        """The parts of the answer by name, each as rows; one that is no list has one row."""

    def _take(self, name: str, value: Any, *, is_first: bool) -> None:
        listed = value if isinstance(value, list) else [value]
        told = [each for each in listed if isinstance(each, dict)]
        if listed and not told:
            return
        self._strays += [f"{name}[{place}]" for place, each in enumerate(listed) if not isinstance(each, dict)]
        declared = self.api.parts.get(name) or self.api.parts.get(folded(self.api.parts, name) or "")
        group = declared or Group(name, (), many=isinstance(value, list))
        rows = [RawRow(self.api, group, each, self._clean) for each in told]
        found = self._rows.setdefault(group.name or name, [])
        if is_first or group.many or isinstance(value, list):
            found += rows

    @property
    def rows(self) -> tuple[RawRow, ...]:
        """The rows of its only list, or of its only block; none where such an API has no list, or nothing was asked.

        LookupError where it has several, WireError where the answer lacks the list.
        """
        many = [name for name in self.blocks if (group := self.api.parts.get(name)) is None or group.many]
        if not many and (due := [group.name for group in self.api.groups if group.many and group.name]):
            return self._lacking(due)
        found = many or list(self.blocks)
        if len(found) > 1:
            raise LookupError(
                f"{title(self.api)} answered {len(many)} lists: name one of {self.blocks.names()}, "
                "as reply.blocks[...] or to_pandas(...)."
            )
        return self.blocks[found[0]] if found else ()

    def _lacking(self, blocks: Sequence[str]) -> tuple[RawRow, ...]:
        """Raise WireError for blocks that the answer lacks; nothing lacks where nothing was asked."""
        if not self.pages:
            return ()
        raise WireError(f"{title(self.api)}: the answer has no {either(blocks)} with rows.")

    def _block(self, name: str) -> tuple[RawRow, ...]:
        """Return the rows of a block; KeyError for a name that there is not, WireError where it is lacking."""
        due = name if name in self.api.parts else folded(self.api.parts, name)
        return self._lacking([due]) if due and folded(self.blocks, due) is None else self.blocks[name]

    def __getitem__(self, name: str) -> Any:
        return self._row_with(name)[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(name in row for row in self._singles())

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field of the top or of a block that is no list, else the default."""
        row = self._row_with(name)
        return row.get(name, default)

    def decimal(self, name: str) -> Decimal | None:
        """Return a number of the top or of a block that is no list; see `RawRow.decimal`."""
        return self._row_with(name).decimal(name)

    def date(self, name: str) -> dt.date | None:
        """Return a date of the top or of a block that is no list; see `RawRow.date`."""
        return self._row_with(name).date(name)

    def time(self, name: str) -> dt.time | None:
        """Return a time of the top or of a block that is no list; see `RawRow.time`."""
        return self._row_with(name).time(name)

    def _singles(self) -> Iterator[RawRow]:
        yield self.body
        yield from (rows[0] for rows in self.blocks.values() if len(rows) == 1)

    def _row_with(self, name: str) -> RawRow:
        return next((row for row in self._singles() if name in row), self.body)

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Fields that the catalogue has not got, dots leading into blocks, and places in a list that are no row.

        A broker may add some at any time.
        """
        odd = []
        for where, group, told in self._parts():
            known = {each.casefold() for each in (*group.names, *(() if where else self.api.parts))}
            odd += [f"{where}{name}" for name in told if name.casefold() not in known]
        return tuple(dict.fromkeys((*odd, *self._strays)))

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Fields and blocks that the catalogue has and the answer has not; of a list without rows none is missing.

        Nothing is where nothing was asked.
        """
        if not self.pages:
            return ()
        lacking = []
        parts = list(self._parts())
        for where, group, told in parts:
            seen = {each.casefold() for each in told}
            lacking += [
                f"{where}{each.name}"
                for each in group.fields
                if (not where or self.blocks[where[:-1]]) and each.name.casefold() not in seen | self._passed
            ]
        answered = {name.casefold() for name in self.blocks}
        lacking += [name for name in self.api.parts if name and name.casefold() not in answered]
        return tuple(name for name in dict.fromkeys(lacking) if not self._is_echo(name))

    def _parts(self) -> Iterator[tuple[str, Group, tuple[str, ...]]]:
        """Yield every part: what stands in front of its fields, what is declared of it, and what it was told with."""
        yield "", self.body._group, tuple(name for name in self.body if name.casefold() not in self._passed)
        for name, rows in self.blocks.items():
            if self._is_echo(name):
                continue
            group = self.api.parts.get(name, _NOWHERE)
            yield f"{name}.", group, tuple(dict.fromkeys(each for row in rows for each in row))

    def _is_echo(self, name: str) -> bool:
        """Say whether a block is what was asked with, given back, which may be anything."""
        return self.api.open and name in self.body._group.names and name in self.blocks

    @cached_property
    def _passed(self) -> frozenset[str]:
        """Fields that every answer has, or that lead to the next page: nobody asks for those."""
        return frozenset(name.casefold() for name in (*self._envelope, *self.api.pages))

    def to_pandas(self, block: str | None = None) -> pandas.DataFrame:
        """Return a block, the only list where none is named, as a pandas DataFrame: a column a field.

        Fields that the catalogue calls numbers are Decimals, blanks of them None; all else stays as it was sent, also
        numbers of which sources disagree on where the point is. Needs the [pandas] extra.
        """
        from brokerkit.models.frames import needed

        library = needed("pandas", lambda: __import__("pandas"))
        rows = self.rows if block is None else self._block(block)
        names = list(dict.fromkeys(name for row in rows for name in row))
        made = {name: [_cell(row, name) for row in rows] for name in names}
        frame: pandas.DataFrame = library.DataFrame(made, columns=names, dtype="object")
        return frame

    def secrets(self) -> Iterator[SecretStr]:
        """Yield the secrets that it holds."""
        rows = (self.body, *(row for rows in self.blocks.values() for row in rows))
        return (value for row in rows for value in row.values() if isinstance(value, SecretStr))

    def __deepcopy__(self, known: dict[int, Any]) -> RawReply:
        return self  # nothing of it is changed

    def __repr__(self) -> str:
        blocks = ", ".join(f"{sanitize(name, limit=40)}: {len(rows)} rows" for name, rows in self.blocks.items())
        more = "" if self.is_complete else ", more pages"
        return f"<RawReply {self.api.name} ({blocks or f'{len(self.body)} fields'}{more})>"


def _cell(row: RawRow, name: str) -> Any:
    if name not in row:
        return None
    return row.decimal(name) if row._field(name).number not in ("", "pointed") else row[name]


def _is_block(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, dict) for each in value)
    return isinstance(value, dict)


def folded(names: Iterable[str], name: str) -> str | None:
    """Return the name among others that differs in letter case only."""
    wanted = name.casefold()
    return next((each for each in names if each.casefold() == wanted), None)


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an answer to a call that logs in, its secrets sealed, in whichever block they stand."""
    return {name: _without_secrets(name, value) for name, value in content.items()}


def _without_secrets(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return sealed(value)
    if isinstance(value, list):
        return [_without_secrets(name, each) for each in value]
    return SecretStr(value) if isinstance(value, str) and SECRET.search(name) else value
