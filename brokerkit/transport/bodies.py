"""Values that go out: looked at before anything leaves, and written as query, form or JSON only on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from brokerkit.errors import InvalidRequest
from brokerkit.transport.numbers import wire_text

_TEXTS, _LISTS = (str, SecretStr), (list, tuple)
PART = re.compile(r"\{([a-z_]+)\}")
"""A name in a path."""
_PLAIN_PART = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~=+:@,-]{1,128}")


def secrets_in(values: Iterable[Any]) -> list[SecretStr]:
    """Return the secrets among values, however deep they stand."""
    return [secret for value in values if type(value) is not str for secret in _secrets(value)]


def _secrets(value: object) -> list[SecretStr]:
    if isinstance(value, SecretStr):
        return [value]
    if isinstance(value, Mapping):
        return secrets_in(value.values())
    return secrets_in(value) if isinstance(value, _LISTS) else []


def check_values(values: Mapping[str, Any], *, nested: bool) -> None:
    """Raise InvalidRequest at what cannot be sent as it is. Only a `nested` body has lists, blocks and truth values."""
    for name, value in values.items():
        if type(value) is not str or not value.isascii():
            _check(name, value, nested)


def _check(name: str, value: object, nested: bool) -> None:
    if isinstance(value, _TEXTS):
        _check_text(name, value)
    elif nested and isinstance(value, Mapping):
        if not all(isinstance(each, str) for each in value):
            raise InvalidRequest(f"The names in {name} are not all texts.")
        check_values(value, nested=True)
    elif nested and isinstance(value, _LISTS):
        for each in value:
            _check(name, each, nested)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        wire_text(value)
    elif not (nested and isinstance(value, bool)):
        raise InvalidRequest(f"{name} cannot be sent as {type(value).__name__}: give a text, an int or a Decimal.")


def _check_text(name: str, value: str | SecretStr) -> None:
    try:
        _opened(value).encode()
        return
    except UnicodeEncodeError:
        pass  # its text repeats what it could not write
    raise InvalidRequest(f"{name} holds a character that cannot be sent.")


def check_parts(path: str, values: Mapping[str, Any]) -> None:
    """Raise InvalidRequest at what could be read as more or less than the one part of a path that it stands for."""
    if sorted(PART.findall(path)) != sorted(values):
        raise InvalidRequest(f"The path {path} wants just what it names.")
    for name, value in values.items():
        is_one = isinstance(value, str | SecretStr | int) and not isinstance(value, bool)
        if not is_one or not _PLAIN_PART.fullmatch(_text(value)):
            raise InvalidRequest(f"{name} cannot stand in a path.")


def as_path(path: str, values: Mapping[str, Any]) -> str:
    """Return a path with values for its names; this opens secrets."""
    return PART.sub(lambda part: _quoted(_text(values[part[1]])), path)


def as_query(values: Mapping[str, Any]) -> str:
    """Return values as a query or a form; this opens secrets."""
    parts = []
    for name, value in values.items():
        plain = name if name.isidentifier() and name.isascii() else quote(name, safe="")
        is_plain = type(value) is str and value.isalnum() and value.isascii()
        parts.append(f"{plain}={value if is_plain else _quoted(_text(value))}")
    return "&".join(parts)


def as_json(value: Any) -> str:
    """Return a value as JSON, numbers by their own digits and not by way of a float; this opens secrets."""
    if type(value) is str:
        return encode_basestring(value)
    if isinstance(value, _TEXTS):
        return encode_basestring(_opened(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{encode_basestring(name)}: {as_json(each)}" for name, each in value.items()) + "}"
    if isinstance(value, _LISTS):
        return "[" + ", ".join(map(as_json, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else wire_text(value)


def _quoted(value: str) -> str:
    return value if value.isascii() and value.isalnum() else quote(value, safe="")


def _text(value: Any) -> str:
    return _opened(value) if isinstance(value, _TEXTS) else wire_text(value)


def _opened(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str.__str__(value)
