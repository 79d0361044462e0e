"""What the commands share: the options that choose a broker and an output, and the broker itself."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from brokerkit.broker import Broker
from brokerkit.cli.printing import Printer
from brokerkit.config import ENVIRONMENTS, Profile, load_profiles, nearest
from brokerkit.errors import BrokerError, ConfigError, InvalidRequest
from brokerkit.registry import get_broker, installed_brokers


def _offer(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return what completes a word in a shell; where the names cannot be had, it offers none."""

    def complete(incomplete: str) -> list[str]:
        try:
            return [name for name in names() if name.startswith(incomplete)]
        except BrokerError:
            return []

    return complete


BrokerOption = Annotated[
    str | None,
    typer.Option(
        "--broker", "-b", help="An installed broker.", show_default=False, autocompletion=_offer(installed_brokers)
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        help="A profile of brokerkit.toml.",
        show_default=False,
        autocompletion=_offer(lambda: load_profiles()[0]),
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        help="sandbox, demo or real.",
        show_default=False,
        autocompletion=_offer(lambda: ENVIRONMENTS),
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


class Session:
    """One run of a command: its printer, and its broker once it is asked for."""

    def __init__(self, broker: str | None, profile: str | None, environment: str | None, as_json: bool) -> None:
        self.printer = Printer(as_json)
        self._name = broker
        self._profile = profile
        self._environment = environment

    @property
    def is_named(self) -> bool:
        """Whether an option says which broker is meant."""
        return any(each is not None for each in (self._name, self._profile, self._environment))

    def broker(self, *, arm: str | None = None) -> Broker:
        """Return the broker that the options name; the caller closes it."""
        name, _ = self.chosen()
        return get_broker(name, environment=self._environment, arm=arm)

    def chosen(self) -> tuple[str | None, Profile | None]:
        """Return the name that the options give, and the profile that is meant, if it is one."""
        if self._name is not None and self._profile is not None:
            raise InvalidRequest("--broker and --profile both name a broker.", advice="Give one of them.")
        profiles, default = load_profiles()
        if self._profile is not None and self._profile not in profiles:
            near = nearest(self._profile, profiles)
            raise ConfigError(
                f"There is no profile {self._profile!r}.",
                advice=f"Did you mean {near}?" if near else f"Profiles: {', '.join(sorted(profiles)) or 'none'}.",
            )
        name = self._profile or self._name
        meant = name or os.environ.get("BROKERKIT_PROFILE") or default
        if meant is None:
            raise ConfigError(
                "No broker was named and no default profile is configured.",
                advice=f"Add --broker NAME (installed: {', '.join(installed_brokers()) or 'none'}) and --environment, "
                "sandbox to try without an account, or write a profile in brokerkit.toml.",
            )
        return name, profiles.get(meant)


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

    def run(**values: Any) -> None:
        session = Session(*(values.pop(name) for name, _, _ in COMMON))
        command(session, **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    with_signature(run, [*own, *shared])
    return run


def with_signature(run: Callable[..., None], parameters: Iterable[inspect.Parameter]) -> None:
    """Let a function that takes any keywords tell its parameters, for whoever makes options of them."""
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    run.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in named}
