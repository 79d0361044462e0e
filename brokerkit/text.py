"""Texts from outside: made printable before they are stored or shown, with every known secret taken out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator, SecretStr

from brokerkit.errors import BrokerError
from brokerkit.languages import ENGLISH

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


def in_english(error: BaseException) -> str:
    """Return what an error says, whatever the language of the process: logs and what is kept have one language."""
    return error.told(ENGLISH) if isinstance(error, BrokerError) else str(error)


def masked(account: str) -> str:
    """Return an account number with only its last four digits readable."""
    digits = [character for character in account if character.isdigit()]
    return "*" * max(0, len(digits) - 4) + "".join(digits[-4:])


Text = Annotated[str, AfterValidator(sanitize)]
"""A name or word of a broker inside a reply: printable, without padding."""


def _words(value: Any) -> str:
    return sanitize(value) if isinstance(value, str) else ""


Words = Annotated[str, PlainValidator(_words)]
"""A text that nothing depends on: blank where it is none."""


class Redactor:
    """Takes secrets out of texts by their value, so it does not matter where a server echoes them.

    Nor how: with dashes, blanks or line ends in between, percent-encoded, with the escapes of JSON, in other cases.
    """

    def __init__(self) -> None:
        self._secrets: dict[SecretStr, None] = {}
        self._bare: dict[SecretStr, None] = {}

    def add(self, secrets: Iterable[SecretStr | None]) -> None:
        """Remember secrets that must not show. Of ten digits, an account, the first eight name it too."""
        for secret in secrets:
            if secret is None or len(secret) < SHORTEST or secret in self._secrets:
                continue
            self._secrets[secret] = None
            # As `_bare` does it, but so that no local variable holds the secret.
            bare = SecretStr(_SKIPPED.sub("", _ESCAPED.sub(_read, secret.get_secret_value())).lower())
            if len(bare) >= SHORTEST:
                self._bare[bare] = None
            if _ACCOUNT.fullmatch(bare.get_secret_value()):
                self._bare[SecretStr(bare.get_secret_value()[:8])] = None

    def clean(self, text: str) -> str:
        """Return `text` sanitised and without any secret this redactor knows, cut only then."""
        whole = sanitize(text, limit=LONGEST)  # what is longer could not show anyway
        cut = whole.endswith("…")  # here or before, perhaps amid a secret
        bare = _bare(whole)
        found = [secret for secret in self._bare if secret.get_secret_value() in bare]
        if found or cut:
            whole = _without(whole, sorted(found, key=len, reverse=True), self._bare if cut else ())
        return sanitize(whole)


_ACCOUNT = re.compile("[0-9]{10}")
_SKIPPED = re.compile(r"[\s+-]+")
"""What may stand between the characters of a secret; a plus is a blank in forms, and a blank may be a plus."""
_ESCAPED = re.compile(r"\\+(?:u[0-9a-fA-F]{4}|[/nrtbf\"])|%(?:25)*[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{1,6};")


def _bare(text: str) -> str:
    """Return what of a text is compared: escapes read, nothing in between, in one case."""
    if "\\" in text or "%" in text or "&" in text:
        text = _ESCAPED.sub(_read, text)
    return _SKIPPED.sub("", text).lower()


def _read(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for."""
    body = escape[0].lstrip("\\")
    if body[0] == "%":
        return chr(int(body[-2:], 16))
    if body[0] == "&":
        number = int(body[3:-1], 16) if body[2] in "xX" else int(body[2:-1]) if body[2:-1].isdecimal() else 0
        return chr(number) if number < 0x110000 else ""
    if body[0] == "u" and len(body) == 5:
        return chr(int(body[1:], 16))
    return body if body in '/"' else ""  # the others are blanks


def _without(text: str, found: list[SecretStr], known: Iterable[SecretStr]) -> str:
    """Return `text` without the secrets that are found in it, and without the beginning of a `known` one at its end."""
    bare, places = _mapped(text)
    hidden: list[tuple[int, int]] = []
    for secret in found:
        start = bare.find(secret.get_secret_value())
        while start >= 0:
            hidden.append((start, start + len(secret)))
            start = bare.find(secret.get_secret_value(), start + len(secret))
    tail = bare.removesuffix("…")
    for secret in known:
        length = next((n for n in range(min(len(secret), len(tail)), SHORTEST - 1, -1) if _ends(tail, secret, n)), 0)
        if length:
            hidden.append((len(tail) - length, len(tail)))
    parts, at = [], 0
    for start, end in sorted(hidden):
        first, last = places[start][0], places[end - 1][1]
        if first >= at:
            parts += [text[at:first], HIDDEN]
        at = max(at, last)
    return "".join([*parts, text[at:]])


def _ends(tail: str, secret: SecretStr, length: int) -> bool:
    return tail.endswith(secret.get_secret_value()[:length])


def _mapped(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return what `_bare` makes of a text, and from where to where each of its characters stood."""
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        escape = _ESCAPED.match(text, at)
        end = escape.end() if escape else at + 1
        for character in _SKIPPED.sub("", _read(escape) if escape else text[at]).lower():
            characters.append(character)
            places.append((at, end))
        at = end
    return "".join(characters), places
