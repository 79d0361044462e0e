"""Questions to a person at a terminal. They go to standard error; hidden answers are not echoed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer


def is_terminal() -> bool:
    """Say whether a person can be asked."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(
    question: str, complaint: Callable[[str], str | None], *, default: str | None = None, hidden: bool = False
) -> str:
    """Ask until there is nothing to complain about."""
    while True:
        with _left(new_line=not hidden):
            answer = typer.prompt(question, default=default, hide_input=hidden, show_default=bool(default), err=True)
        answer = str(answer).strip()
        words = complaint(answer)
        if words is None:
            return answer
        typer.echo(words, err=True)


def choose(question: str, choices: Sequence[str], default: str | None = None) -> str:
    """Ask for one of several words."""
    listed = ", ".join(choices)
    return ask(
        f"{question} ({listed})", lambda word: None if word in choices else f"One of: {listed}.", default=default
    )


def confirm(question: str) -> bool:
    """Ask for a yes; the answer of somebody who only presses Enter is no."""
    with _left(new_line=True):
        return typer.confirm(question, default=False, err=True)


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
