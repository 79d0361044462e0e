"""What the commands share: the options that choose a broker and an output, and the broker itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from brokerkit.broker import Broker
from brokerkit.cli import exits
from brokerkit.cli.printing import Printer
from brokerkit.errors import MAY_STAND, InvalidRequest
from brokerkit.registry import get_broker

BrokerOption = Annotated[str | None, typer.Option("--broker", "-b", help="An installed broker.", show_default=False)]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", "-p", help="A profile of brokerkit.toml.", show_default=False)
]
EnvironmentOption = Annotated[
    str | None, typer.Option("--environment", "-e", help="sandbox, demo or real.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


class Session:
    """One run of a command: its printer, and its broker once it is asked for."""

    def __init__(self, broker: str | None, profile: str | None, environment: str | None, as_json: bool) -> None:
        self.printer = Printer(as_json)
        self._name = broker
        self._profile = profile
        self._environment = environment

    def broker(self, *, arm: str | None = None) -> Broker:
        """Return the broker that the options name; the caller closes it."""
        if self._name is not None and self._profile is not None:
            raise InvalidRequest("--broker and --profile both name a broker.", advice="Give one of them.")
        return get_broker(self._profile or self._name, environment=self._environment, arm=arm)


COMMON: tuple[tuple[str, Any, object], ...] = (
    ("broker", BrokerOption, None),
    ("profile", ProfileOption, None),
    ("environment", EnvironmentOption, None),
    ("as_json", JsonOption, False),
)


def at_broker(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first parameter is its Session, the options that choose broker and output."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in COMMON
    ]

    @wraps(command)
    def run(**values: Any) -> None:
        session = Session(*(values.pop(name) for name, _, _ in COMMON))
        try:
            command(session, **values)
        except KeyboardInterrupt as interrupt:
            raise typer.Exit(_stated(interrupt)) from None

    del run.__wrapped__
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own] + shared
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _stated(interrupt: KeyboardInterrupt) -> int:
    """Say what Ctrl-C has left behind, and return the exit code for it."""
    notes = getattr(interrupt, "__notes__", ())
    typer.echo(" ".join(("brokerkit: interrupted.", *notes)), err=True)
    return exits.UNCERTAIN if MAY_STAND in notes else exits.INTERRUPTED
