"""Questions to a person at a terminal. They go to standard error; hidden answers are not echoed."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer

from brokerkit.languages import KOREAN, language, translated

YES = frozenset({"y", "yes"})
NO = frozenset({"", "n", "no"})
KOREAN_YES = frozenset({"예", "네"})
KOREAN_NO = frozenset({"아니요", "아니오"})


def is_terminal() -> bool:
    """Say whether a person can be asked."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(
    question: str, complaint: Callable[[str], str | None], *, default: str | None = None, hidden: bool = False
) -> str:
    """Ask until there is nothing to complain about."""
    while True:
        with _left(new_line=not hidden):
            answer = typer.prompt(
                translated(question), default=default, hide_input=hidden, show_default=bool(default), err=True
            )
        answer = str(answer).strip()
        words = complaint(answer)
        if words is None:
            return answer
        typer.echo(translated(words), err=True)


def choose(question: str, choices: Sequence[str], default: str | None = None) -> str:
    """Ask for one of several words."""
    listed = ", ".join(choices)
    return ask(
        f"{translated(question)} ({listed})",
        lambda word: None if word in choices else f"One of: {listed}.",
        default=default,
    )


def confirm(question: str) -> bool:
    """Ask for a yes; the answer of somebody who only presses Enter is no."""
    while True:
        with _left(new_line=True):
            words = f"{translated(question)} [y/N]"
            answer = plain(str(typer.prompt(words, default="", show_default=False, err=True)))
        if answer in yes_words():
            return True
        if answer in NO or (language() == KOREAN and answer in KOREAN_NO):
            return False
        typer.echo(translated("Error: invalid input"), err=True)


def yes_words() -> frozenset[str]:
    """Return the words that mean yes where not the word itself has to be typed."""
    return YES | KOREAN_YES if language() == KOREAN else YES


def plain(answer: str) -> str:
    """Return an answer as it is compared: there are keyboards that send the letters of a syllable apart."""
    return unicodedata.normalize("NFC", answer).strip().lower()


@contextmanager
def _left(*, new_line: bool) -> Iterator[None]:
    """Note at an interrupt that nothing came of the question; what is said of it begins a line."""
    try:
        yield
    except typer.Abort as interrupt:
        interrupt.add_note("Nothing of this was written.")
        if new_line:
            typer.echo(err=True)
        raise
