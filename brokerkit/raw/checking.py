"""Fields against an API: everything that is known to be wrong at once, before anything is sent.

Only what a fact refuses is refused. What is merely odd passes, with a warning.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from brokerkit.catalogue import Api, Field
from brokerkit.errors import InvalidRequest
from brokerkit.text import sanitize
from brokerkit.transport import Parameters, wire_text

Given = Mapping[str, Any]
SECRET = re.compile(r"(token|key|secret|hash)\Z", re.IGNORECASE)
"""Names of fields that hold a secret where a call logs in."""
LACKING = "missing"
_NEAR = 0.8
_SHOWN = 12


class Checked:
    """What of a request is to be sent, and what was odd about it."""

    def __init__(
        self,
        api: Api,
        own: Parameters,
        given: Given,
        holders: Callable[[str], Sequence[str]],
        clean: Callable[[str], str] = sanitize,
    ) -> None:
        """`own` are the fields that tell whose account or key it is: they are filled in.

        `holders` tells the APIs that have a field of some name, `clean` takes secrets out of what is told.
        """
        self.api = api
        self._clean = clean
        self._holders = holders
        self.values: dict[str, Any] = {}
        self.warnings: list[str] = []
        self._faults: list[str] = []
        names = self._named(given)
        for name, value in own.items():
            if name in api.fields:
                self._own(name, value, names.pop(name, None))
        for name, value in names.items():
            self._take(name, value)
        for name in api.pages:
            if name and name not in self.values:
                self.values[name] = ""
        if lacking := [each for each in api.needed if self._lacks(each)]:
            shown = ", ".join(f"{each.name} ({each.label})" if each.label else each.name for each in lacking)
            self._faults.insert(0, f"{LACKING}: {shown}")
        if self._faults:
            raise InvalidRequest(f"{title(api)}: {'; '.join(self._faults)}.")

    @property
    def goes_on(self) -> bool:
        """Say whether a further page is asked for by hand."""
        return any(name and self.values.get(name) not in ("", None) for name in self.api.pages)

    def _shown(self, text: str, limit: int) -> str:
        """Return what of a given text is told: cut only where no secret is in it any more."""
        return sanitize(self._clean(text), limit=limit)

    def _lacks(self, field: Field) -> bool:
        """Say whether a field that has to be there is not, or counts as if it were not."""
        value = self.values.get(field.name)
        if value:
            return False
        if field.name not in self.values:
            return True
        return value == "" and "blank" in self.api.refuses and field.name not in self.api.pages

    def _named(self, given: Given) -> dict[str, Any]:
        """Return what was given by the names that the broker has for it."""
        fields = self.api.fields
        if all(name in fields for name in given):
            return dict(given)
        found, folded = {}, {name.casefold(): name for name in fields}
        for name, value in given.items():
            if not isinstance(name, str) or not name:
                self._faults.append(f"{self._shown(repr(name), 40)} is no name of a field")
            elif name in fields:
                found[name] = value
            elif own := folded.get(name.casefold()):
                self._judge_case(name, own, is_twice=own in given or own in found)
                found.setdefault(own, value)
            else:
                self._judge_stranger(name, given)
                found[name] = value
                if self.api.where == "query":
                    folded[name.casefold()] = name
        return found

    def _judge_case(self, name: str, own: str, *, is_twice: bool) -> None:
        """Refuse a name in another letter case where it counts: in a query it does not, unless both are given."""
        shown = self._shown(name, 40)
        if self.api.where != "query":
            self._faults.append(f"{shown} is spelt {own}")
        elif is_twice:
            self._faults.append(f"{shown} is {self._shown(own, 40)} once more: give it once")
        else:
            self.warnings.append(f"{shown} is sent as {own}")

    def _judge_stranger(self, name: str, given: Given) -> None:
        """Refuse what looks like a field misspelt, and warn of any other that this API has not got: servers take many.

        What is the name of a field of another API is no slip, and refused where the broker is known to refuse it.
        """
        if self.api.open:
            return
        left = {each.casefold(): each for each in self.api.fields if each not in given}
        found = difflib.get_close_matches(name.casefold(), left, 3, _NEAR)
        holders = self._holders(name)
        words = f"it has no field {self._shown(name, 40)}"
        near, there = ", ".join(left[each] for each in found), ", ".join(holders[:3])
        if near and there:
            words = f"{words}; the nearest: {near} ({there} have it)"
        elif near:
            words = f"{words}; the nearest: {near}"
        elif there:
            words = f"it has no field {self._shown(name, 40)} ({there} have it)"
        if "strange" in self.api.refuses or (found and not holders):
            self._faults.append(words)
        else:
            self.warnings.append(f"{words}: it is sent as it is")

    def _own(self, name: str, value: Any, given: Any) -> None:
        if given is not None and _opened(given) != _opened(value):
            self._faults.append(f"{name} is another one than that of the profile: leave it out")
        self.values[name] = value

    def _take(self, name: str, value: Any) -> None:
        field = self.api.fields.get(name, _UNKNOWN)
        if type(value) is int and -_MOST < value < _MOST:
            value = str(value)
        elif type(value) is not str:
            value = self._odd(name, value, field)
        if type(value) is str:
            if field is not _UNKNOWN:
                self._judge(field, value)
            if self.api.effect == "auth" and SECRET.search(name):
                value = SecretStr(value)
        self.values[name] = value

    def _odd(self, name: str, value: Any, field: Field) -> Any:
        """Return a value that is neither a text nor a plain number, as it is sent."""
        shown = self._shown(name, 40)
        if isinstance(value, Mapping | list | tuple):
            if not (field.fields or self.api.open):
                self._faults.append(f"{shown} takes a text or a number")
            return _as_texts(value)
        if isinstance(value, SecretStr):
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self._faults.append(f"{shown} cannot be sent as {type(value).__name__}: give a text, an int or a Decimal")
            return value
        return wire_text(value)

    def _judge(self, field: Field, value: str) -> None:
        """Look at length and code of a value."""
        if field.length is not None and len(value) > field.length:
            self._judge_length(field, value, field.length)
        if not field.codes or value in field.codes or not (value or (field.required and field.complete)):
            return
        shown = f"{field.name} {self._shown(repr(value), 22)}"
        if field.complete:
            self._faults.append(f"{shown} is none of its codes: {_listed(field.codes)}")
        else:
            self.warnings.append(f"{shown} is not among the codes that are known, which may be more: it is sent")

    def _judge_length(self, field: Field, value: str, most: int) -> None:
        """Refuse what is too long where the broker is known to, and warn of it elsewhere."""
        for suffix in field.suffixes.values():
            if suffix and value.endswith(suffix):
                value = value.removesuffix(suffix)
                break
        if len(value) <= most:
            return
        name, length = field.name, len(value)
        # How long the key of a page is says the server that gave it.
        if "long" in self.api.refuses and field.name not in self.api.pages:
            self._faults.append(f"{name} has {length} characters, {most} by the table")
        else:
            self.warnings.append(f"{name} has {length} characters, {most} by the table: it is sent")


_UNKNOWN = Field("")
_MOST = 10**18


def title(api: Api) -> str:
    """Name an API in a sentence."""
    return f"{api.name} ({api.label})" if api.label else api.name


def either(names: Sequence[str]) -> str:
    """Return names of which one is meant, to be read."""
    words = names[0]
    for each in names[1:]:
        words = f"{words} or {each}"
    return words


def _listed(codes: Collection[str] | Mapping[str, str]) -> str:
    shown = [f"{code} {codes[code]}".strip() if isinstance(codes, Mapping) else code for code in codes]
    return ", ".join(shown[:_SHOWN]) + (", ..." if len(shown) > _SHOWN else "")


def _opened(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else wire_text(value) if isinstance(value, int | Decimal) else repr(value)


def _as_texts(value: Any) -> Any:
    """Return a block or list with its numbers as texts, as these brokers want them."""
    if isinstance(value, Mapping):
        return {str(name): _as_texts(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_texts(each) for each in value]
    return wire_text(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
