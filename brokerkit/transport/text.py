"""Texts from outside: made printable before they are stored or shown, with every known secret taken out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator, SecretStr

_ESCAPE = re.compile(r"\x1b\[[0-9;?]{0,16}[ -/]{0,4}[@-~]")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
HIDDEN = "***"
SHORTEST = 6
"""A shorter text is no secret: taking it out would garble words."""
LONGEST = 4096


def sanitize(text: str, *, limit: int = 200) -> str:
    """Return `text` as one printable line of at most `limit` characters, without control and direction characters."""
    text = text[: limit * 20]
    line = " ".join((text if text.isprintable() else _printable(text)).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _printable(text: str) -> str:
    return "".join(
        " " if character.isspace() else character
        for character in _ESCAPE.sub("", text)
        if character.isspace() or (unicodedata.category(character)[0] != "C" and character not in _BIDI)
    )


Text = Annotated[str, AfterValidator(sanitize)]
"""A name or word of a broker inside a reply: printable, without padding."""


def _words(value: Any) -> str:
    return sanitize(value) if isinstance(value, str) else ""


Words = Annotated[str, PlainValidator(_words)]
"""A text that nothing depends on: blank where it is none."""


class Redactor:
    """Takes secrets out of texts by their value, so it does not matter where a server echoes them."""

    def __init__(self) -> None:
        self._secrets: dict[SecretStr, None] = {}

    def add(self, secrets: Iterable[SecretStr | None]) -> None:
        """Remember secrets that must not show."""
        for secret in secrets:
            if secret is not None and len(secret) >= SHORTEST:
                self._secrets.setdefault(secret)

    def clean(self, text: str) -> str:
        """Return `text` sanitised and without any secret this redactor knows."""
        text = sanitize(text, limit=LONGEST)  # first, so that no hidden character keeps a secret from being found
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = _without(text, secret.get_secret_value())
        return sanitize(text)


def _without(text: str, secret: str) -> str:
    text = text.replace(secret, HIDDEN)
    if not text.endswith("…"):
        return text
    # Cut off somewhere: what is left of the secret there is its beginning.
    line = text[:-1]
    for length in range(min(len(secret), len(line)), SHORTEST - 1, -1):
        if line.endswith(secret[:length]):
            return f"{line[:-length]}{HIDDEN}…"
    return text
