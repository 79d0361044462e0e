"""`brokerkit doctor`: what is wrong with a setup, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Annotated

import typer

from brokerkit.cli import exits
from brokerkit.cli.consoles import cells, padded
from brokerkit.cli.printing import Printer, as_text, console_of, head, in_shell, tally
from brokerkit.cli.session import JsonOption, offer_profiles
from brokerkit.doctor.examination import examine
from brokerkit.doctor.finding import Finding, State
from brokerkit.languages import translated
from brokerkit.text import sanitize

STYLES = {State.OK: "green", State.WARNING: "yellow", State.ERROR: "bold red", State.UNKNOWN: "dim"}
LONGEST = 2000
ProfilesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PROFILE]...", help="Profiles to look at; else all.", autocompletion=offer_profiles, show_default=False
    ),
]
OnlineOption = Annotated[
    bool, typer.Option("--online", help="Ask each broker for a price too, which may take an access token.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(doctor)


def doctor(profile: ProfilesArgument = None, online: OnlineOption = False, as_json: JsonOption = False) -> None:
    """Tell what is wrong with your setup and what to do: profiles, folders, token, journal (진단)."""
    printer = Printer(as_json)
    found = list(examine(profile or (), online=online))
    if as_json:
        printer.many(found, (), "")
    else:
        _print(found)
    if any(each.state is State.ERROR for each in found):
        raise typer.Exit(exits.REFUSED)


def _print(found: Sequence[Finding]) -> None:
    """Print a block a profile, a line a finding, and below what is not ok what to do about it."""
    console = console_of(sys.stdout)
    width = max(cells(head(each.subject, "Finding")) for each in found) + 2

    def write(text: str, style: str | None = None, end: str = "\n") -> None:
        console.print(text, style=style, end=end, markup=False, highlight=False, soft_wrap=True)

    for number, (name, findings) in enumerate(groupby(found, key=attrgetter("profile"))):
        if number:
            write("")
        write(translated("this machine" if name is None else f"profile {name}"), "bold")
        for each in findings:
            write(f"  {padded(as_text(each.state), 9)}", STYLES[each.state], end="")
            write(f"{padded(head(each.subject, 'Finding'), width)}{_shown(each.words)}")
            if each.advice:
                write(f"{'':{width + 11}}{_shown(each.advice)}")
    write("")
    write(tally({state: sum(each.state is state for each in found) for state in State}))


def _shown(text: str) -> str:
    return in_shell(translated(sanitize(text, limit=LONGEST)))
