"""What the commands share: the options that choose a broker and an output, and the broker itself."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from brokerkit.broker import Broker
from brokerkit.cli.printing import Printer
from brokerkit.cli.waiting import waiting
from brokerkit.config import ENVIRONMENTS, Profile, load_profiles, nearest
from brokerkit.errors import BrokerError, ConfigError, InvalidRequest
from brokerkit.models import Candles, InvestorFlow, Table
from brokerkit.registry import get_broker, installed_brokers
from brokerkit.transport.together import Progress


def _offer(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return what completes a word in a shell; where the names cannot be had, it offers none."""

    def complete(incomplete: str) -> list[str]:
        try:
            return [name for name in names() if name.startswith(incomplete)]
        except BrokerError:
            return []

    return complete


def offer_profiles(incomplete: str) -> list[str]:
    """Return the profiles that a word can become, for completion in a shell."""
    return _offer(lambda: load_profiles()[0])(incomplete)


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
        autocompletion=offer_profiles,
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
CsvOption = Annotated[bool, typer.Option("--csv", help="Print comma-separated values, every digit of them.")]


class Session:
    """One run of a command: its printer, and its broker once it is asked for."""

    def __init__(
        self, broker: str | None, profile: str | None, environment: str | None, as_json: bool, as_csv: bool = False
    ) -> None:
        self.printer = Printer(as_json, as_csv)
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

    @contextmanager
    def asking(self, what: str) -> Iterator[tuple[Broker, Progress]]:
        """Open the broker for a question, and what is told how far the answer is; long ones are shown at a terminal."""
        with self.broker() as broker, waiting(what) as progress:
            yield broker, progress

    def check_picture(self, plot: Path | None, chart: bool) -> None:
        """Raise for what cannot be drawn, before anything is asked."""
        if chart and self.printer.is_for_programs:
            raise typer.BadParameter("--chart is for people: leave out --json and --csv.")
        if chart:
            from brokerkit.cli.charts import check_letters

            check_letters()
        if plot is not None:
            from brokerkit.models.pictures import check_picture

            check_picture(plot)

    def draw(self, found: Candles | Table[InvestorFlow], plot: Path) -> None:
        """Write a picture, with Korean labels where this machine has the letters, and say so."""
        try:
            found.plot(plot, korean=True)
        except OSError as error:
            raise InvalidRequest(
                f"{plot} cannot be written: {error.strerror or error}.", advice="Name a file in a folder that there is."
            ) from None
        self.printer.say(f"{plot} is drawn.")

    def chosen(self) -> tuple[str | None, Profile | None]:
        """Return the name that the options give, and the profile that is meant, if it is one."""
        name, meant, profiles = self._meant()
        return name, profiles.get(meant)

    def broker_name(self) -> str:
        """Return the name of the broker that is meant; nothing is opened for it."""
        _, meant, profiles = self._meant()
        profile = profiles.get(meant)
        return meant if profile is None else profile.broker

    def _meant(self) -> tuple[str | None, str, Mapping[str, Profile]]:
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
        if meant is None and profiles:
            raise ConfigError(
                "No broker was named and no default profile is configured.",
                advice=f"Add --profile NAME. Profiles: {', '.join(sorted(profiles))}.",
            )
        if meant is None:
            raise ConfigError(
                "No broker was named and no default profile is configured.",
                advice=f"Add --broker NAME (installed: {', '.join(installed_brokers()) or 'none'}) and --environment, "
                "sandbox to try without an account, or write a profile in brokerkit.toml.",
            )
        return name, meant, profiles


COMMON: tuple[tuple[str, Any, object], ...] = (
    ("broker", BrokerOption, None),
    ("profile", ProfileOption, None),
    ("environment", EnvironmentOption, None),
    ("as_json", JsonOption, False),
)


TABLE = (*COMMON, ("as_csv", CsvOption, False))


def at_broker(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first parameter is its Session, the options that choose broker and output."""
    return _in_session(command, COMMON)


def with_table(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what `at_broker` does, and `--csv` for its table."""
    return _in_session(command, TABLE)


def _in_session(command: Callable[..., None], options: tuple[tuple[str, Any, object], ...]) -> Callable[..., None]:
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in options
    ]

    def run(**values: Any) -> None:
        session = Session(*(values.pop(name) for name, _, _ in options))
        command(session, **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    with_signature(run, [*own, *shared])
    return run


def with_signature(run: Callable[..., None], parameters: Iterable[inspect.Parameter]) -> None:
    """Let a function that takes any keywords tell its parameters, for whoever makes options of them."""
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    run.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in named}
