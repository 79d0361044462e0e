"""The language of our own words (한국어): English, in which the code has them, or Korean.

A message is written once, in English, where it is raised. What it is in Korean stands in tables beside the code
(`korean/*.json`; an adapter's package brings a `korean.json`), by the English text with a place for each thing that is
put in. It is looked up when somebody reads the text, not when it is made: an error of another process and an old entry
of the journal are read in the reader's language, logs and programs see one language, and no message has two spellings
in the code. What stands in no table is shown as it is: names, numbers, and the words of a broker.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

Language = Literal["en", "ko"]
"""A language that brokerkit speaks."""
ENGLISH: Language = "en"
KOREAN: Language = "ko"
LANGUAGES: tuple[Language, ...] = get_args(Language)
VARIABLE = "BROKERKIT_LANGUAGE"
_chosen: Language | None = None
_packages: tuple[str, ...] = ()


def language(name: Language | None = None) -> Language:
    """Return the language of our own words in this process, "en" or "ko"; with a name, set it first (언어 설정).

    It is that of the variable BROKERKIT_LANGUAGE, else English, until it is set. The words of a broker stay as they
    are, and so do classes and codes. ValueError for any other language.

        >>> import brokerkit
        >>> brokerkit.language("ko")
        'ko'
    """
    global _chosen
    if name is not None:
        _chosen = _checked(name)
    if _chosen is not None:
        return _chosen
    return named(os.environ.get(VARIABLE, "")) or ENGLISH


@contextmanager
def speaking(name: Language) -> Iterator[None]:
    """Let the process speak a language for a while; then it does as before.

    For who runs a whole program at a time, as the command line does: all threads speak it.
    """
    global _chosen
    before, _chosen = _chosen, _checked(name)
    try:
        yield
    finally:
        _chosen = before


def translated(text: str, to: Language | None = None) -> str:
    """Return a text of ours in a language, else in that of the process. What is not ours stays as it is."""
    if (language() if to is None else _checked(to)) == ENGLISH:
        return text
    from brokerkit.korean.reading import in_korean  # English needs none of it

    return in_korean(text, _packages)


def learn(package: str) -> None:
    """Let the tables of a package count, which was imported: an adapter's own words (`korean.json`)."""
    global _packages
    if package not in _packages:
        _packages = (*_packages, package)


def named(text: str) -> Language | None:
    """Return the language of a name as people write it; None where there is none."""
    return next((each for each in LANGUAGES if each == text.strip().lower()), None)


def _checked(name: Language) -> Language:
    if name in LANGUAGES:
        return name
    raise ValueError(f"{name!r} is no language of brokerkit. There are {' and '.join(LANGUAGES)}.")
