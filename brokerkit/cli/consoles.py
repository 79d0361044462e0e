"""Surroundings that lack something: a console, its letters, a home directory. None of it may end in a traceback."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from pathlib import Path
from typing import TextIO

ERRORS = "brokerkit"
PLAIN = {"—": "-", "…": "."}
"""Signs of our own with a plain twin of the same width: nothing is lost."""


class Replacer:
    """Stands in for characters that a console cannot encode, cell by cell, and remembers that it had to."""

    def __init__(self) -> None:
        self.lacking: str | None = None
        """The encoding that lacked something."""

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        """Return what to write instead, and where to go on."""
        if not isinstance(error, UnicodeEncodeError):
            raise error
        text = error.object[error.start : error.end]
        if any(character not in PLAIN for character in text):
            self.lacking = error.encoding
        return "".join(PLAIN.get(character) or "?" * cells(character) for character in text), error.end


def tame() -> Replacer:
    """Let consoles show a question mark for what they cannot write, and return what knows whether they had to.

    A stream that was closed before the program started becomes one that goes nowhere.
    """
    replacer = Replacer()
    codecs.register_error(ERRORS, replacer)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the program runs
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=ERRORS)
    return replacer


def settle_home() -> None:
    """Give a process that has no home directory one that holds nothing and takes nothing."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = os.devnull


def can_write(stream: TextIO, text: str) -> bool:
    """Say whether a stream can write all of a text."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def flush() -> None:
    """Write out what is left, so that a failure shows here and not while Python ends."""
    sys.stdout.flush()


def abandon_output() -> None:
    """Let what cannot be written go nowhere: Python would try again in the end, complain, and change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def cells(text: str) -> int:
    """Return how many columns of a screen a text takes. Rich knows too, but help and errors do without it."""
    return sum(
        2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
        if unicodedata.category(character) not in ("Mn", "Me")
    )


def padded(text: str, width: int) -> str:
    """Return a text with blanks behind it, so that it takes so many columns."""
    return text + " " * (width - cells(text))
