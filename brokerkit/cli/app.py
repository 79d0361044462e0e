"""All commands, and what becomes of their errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Annotated

import typer

from brokerkit import __version__
from brokerkit.cli import exits, query
from brokerkit.cli.printing import Printer, tame
from brokerkit.errors import BrokerError
from brokerkit.registry import BROKERS

app = typer.Typer(
    name="brokerkit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
query.add_to(app)


def _show_versions(wanted: bool) -> None:
    if wanted:
        typer.echo(f"brokerkit {__version__}")
        for entry in sorted(entry_points(group=BROKERS)):
            typer.echo(f"{entry.name} {entry.dist.version if entry.dist else '?'}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_versions, is_eager=True, help="Show core and adapters.")
    ] = False,
) -> None:
    """Trade Korean stocks at any broker: quote, order, cancel, balance, investor flow."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    tame(sys.stdout, sys.stderr)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(given, prog_name="brokerkit")
    except BrokerError as error:
        Printer("--json" in given).error(error)
        return exits.code_of(error)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else exits.DONE
    return exits.DONE
