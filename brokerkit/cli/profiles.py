"""`brokerkit config`: make a profile, show what there is, take over what a user of a broker already has."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import SecretStr

from brokerkit import config
from brokerkit.adapter import Adapter
from brokerkit.cli import importing
from brokerkit.cli.asking import ask, choose, is_terminal
from brokerkit.cli.drafts import Draft, check_name, choose_place, finish
from brokerkit.cli.help import Grouped
from brokerkit.cli.printing import AS_IS, Printer, Said
from brokerkit.cli.sandbox import Played
from brokerkit.cli.session import JsonOption
from brokerkit.cli.writing import file_to_write
from brokerkit.config import Profile, Settings, check_names, load_profiles, read_profiles, secret_keys
from brokerkit.errors import ConfigError
from brokerkit.keeping import WRITTEN, describe
from brokerkit.languages import translated
from brokerkit.orders.limits import Limits
from brokerkit.registry import installed_brokers, load_broker
from brokerkit.text import HIDDEN, masked

LONGEST_LINE = 8192


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    commands = typer.Typer(cls=Grouped, no_args_is_help=True, help="Profiles: make, show, import (설정).")
    commands.command()(init)
    commands.command()(show)
    commands.command("import")(importing.take_over)
    app.add_typer(commands, name="config")


@dataclass(frozen=True)
class Given:
    """What the options of `init` say."""

    broker: str | None
    name: str | None
    environment: str | None
    base_url: str | None
    plays: Played | None
    plain: Mapping[str, str]
    """Settings by name, the account among them."""
    variables: Mapping[str, str]
    from_stdin: bool

    @property
    def kind(self) -> type[Adapter] | None:
        """The adapter, if it was named."""
        return load_broker(self.broker) if self.broker else None

    def missing(self) -> list[str]:
        """Return the options that are needed where nobody can be asked."""
        settings = self.kind.Settings if self.kind else Settings
        missing = [f"--{key}" for key in ("broker", "environment") if getattr(self, key) is None]
        if self.environment == "sandbox" and self.base_url is None:
            return missing
        for key in _required(settings):
            if key in self.plain or key in self.variables or (self.from_stdin and key in _hidden(settings)):
                continue
            missing.append(
                OPTIONS.get(key) or ("--secrets-from-stdin" if key in _hidden(settings) else f"--set {key}=")
            )
        return missing


OPTIONS = {"account": "--account", "app_key": "--app-key-env", "app_secret": "--app-secret-env"}


def init(
    broker: Annotated[str | None, typer.Option("--broker", "-b", help="An installed broker.")] = None,
    name: Annotated[str | None, typer.Option("--profile", "-p", "--name", help="Name of the profile.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", "-e", help="sandbox, demo or real.")] = None,
    account: Annotated[str | None, typer.Option(help="Account number.")] = None,
    app_key_env: Annotated[str | None, typer.Option(metavar="NAME", help="Variable that holds the app key.")] = None,
    app_secret_env: Annotated[str | None, typer.Option(metavar="NAME", help="Variable with the app secret.")] = None,
    secrets_from_stdin: Annotated[bool, typer.Option(help="Read app key and app secret as lines of stdin.")] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another setting.")] = None,
    base_url: Annotated[str | None, typer.Option(help="A served sandbox on this machine.")] = None,
    plays: Annotated[Played | None, typer.Option(help="The environment that it plays; else real.")] = None,
    keep: importing.KeepOption = None,
    file: importing.FileOption = None,
    replace: importing.ReplaceOption = False,
    untested: importing.UntestedOption = False,
) -> None:
    """Ask for what a profile needs, test it by reading the account, and write it (프로필 만들기).

    Where there is no terminal, options answer the questions. A secret is never an option: shells keep what is typed.
    """
    plain = {**_pairs(settings or ()), **({"account": account} if account else {})}
    variables = {key: name for key, name in (("app_key", app_key_env), ("app_secret", app_secret_env)) if name}
    terminal = is_terminal()
    # What is typed at a terminal is asked for instead, so that it does not show.
    given = Given(broker, name, environment, base_url, plays, plain, variables, secrets_from_stdin and not terminal)
    if not terminal and (missing := given.missing()):
        raise ConfigError(
            f"There is no terminal to ask at, and these options are missing: {', '.join(missing)}.",
            advice="Secrets come with --app-key-env and --app-secret-env, or with --secrets-from-stdin.",
        )
    printer = Printer(False)
    path = file_to_write(file)
    printer.say(f"The profile goes to {path.absolute()}.")
    profiles = read_profiles(path)[0] if path.exists() else {}
    draft = _draft(given, profiles, replace=replace, terminal=terminal)
    place = choose_place(keep, draft, terminal=terminal, printer=printer)
    finish(draft, path, place, tested=not untested, terminal=terminal, printer=printer)


def _draft(given: Given, profiles: Mapping[str, Profile], *, replace: bool, terminal: bool) -> Draft:
    broker = given.broker or choose("Broker", installed_brokers())
    kind = load_broker(broker)
    environment = given.environment or choose("Environment", kind.environments)
    if environment not in kind.environments:
        raise ConfigError(f"Unknown environment {environment!r}.", advice=f"Known: {', '.join(kind.environments)}.")
    if given.base_url and environment != "sandbox":
        raise ConfigError("--base-url belongs to --environment sandbox.", advice="Leave it out.")
    if given.plays and not given.base_url:
        raise ConfigError("--plays belongs to --base-url.", advice="Leave it out.")
    name = given.name or (ask("Name of the profile", lambda _: None, default="main") if terminal else "main")
    check_name(name, broker, profiles, replace=replace, terminal=terminal)
    draft = Draft(name, broker, environment, {}, given.base_url, given.variables)
    if draft.is_simulated:
        return Draft(name, broker, environment)
    values = _values(given, kind.Settings, terminal)
    return Draft(name, broker, environment, values, given.base_url, given.variables, given.plays)


def _values(given: Given, kind: type[Settings], terminal: bool) -> dict[str, SecretStr]:
    """Return the settings from options, variables and stdin, and ask for the rest."""
    hidden = _hidden(kind)
    check_names(given.plain, kind.model_fields.keys() - set(hidden), "--set")
    values = {key: SecretStr(value) for key, value in given.plain.items()}
    values |= {key: _variable(name, OPTIONS[key]) for key, name in given.variables.items()}
    if given.from_stdin:
        values |= _lines([key for key in hidden if key in _required(kind) and key not in values])
    for key, value in values.items():
        if words := config.complaint(kind, key, value):
            raise ConfigError(f"{key}: {words}.")
    for key in [*_required(kind), "account"]:
        if key not in values and terminal and (answer := _asked(kind, key)):
            values[key] = SecretStr(answer)
    return {key: values[key] for key in kind.model_fields if key in values}


def _variable(name: str, option: str) -> SecretStr:
    value = os.environ.get(name, "").strip()
    if not value:
        # The name is not shown: somebody may have given the secret itself.
        raise ConfigError(f"{option}: there is no variable of that name.", advice="Give a name, never the secret.")
    return SecretStr(value)


def _asked(kind: type[Settings], key: str) -> str:
    field = kind.model_fields[key]

    def complaint(answer: str) -> str | None:
        if not answer:
            return "It is needed." if field.is_required() else None
        return config.complaint(kind, key, SecretStr(answer))

    words = key.replace("_", " ").capitalize()
    told = translated(field.description.rstrip(".")) if field.description else ""
    question = f"{translated(words)} ({told})" if told else words
    return ask(question, complaint, default="" if not field.is_required() else None, hidden=key in _hidden(kind))


def _required(kind: type[Settings]) -> list[str]:
    return [key for key, field in kind.model_fields.items() if field.is_required()]


def _hidden(kind: type[Settings]) -> list[str]:
    return [key for key in secret_keys(kind) if key not in kind.identities]


def _lines(keys: Sequence[str]) -> dict[str, SecretStr]:
    lines = [SecretStr(sys.stdin.readline(LONGEST_LINE).strip()) for _ in keys]
    if not all(lines) or sys.stdin.readline(LONGEST_LINE).strip():
        raise ConfigError(f"stdin must hold one line for each of: {', '.join(keys)}.")
    return dict(zip(keys, lines, strict=True))


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if not all(key and sign for key, sign, _ in pairs):
        raise ConfigError("--set takes a setting and its value, as in --set max_calls_per_second=2.")
    return {key: value for key, _, value in pairs}


def show(as_json: JsonOption = False) -> None:
    """Show the profiles and where their secrets lie, never a secret (설정 보기)."""
    printer = Printer(as_json)
    path = config.config_path()
    profiles, default = load_profiles()
    rows = [_row(profile) for profile in profiles.values()]
    chosen = os.environ.get("BROKERKIT_PROFILE") or default
    if as_json:
        printer.one({"file": None if path is None else str(path.absolute()), "default": chosen, "profiles": rows})
        return
    if path is None:
        printer.say("There is no brokerkit.toml yet, neither here nor in your configuration directory.")
        printer.say("`brokerkit config init` makes one.")
        return
    printer.one({"file": path.absolute(), "default": chosen})
    for row in rows:
        print()
        told = {key: Said(value) if isinstance(value, str) else value for key, value in row.items() if key != "name"}
        printer.one(told, title=str(row["name"]), of=AS_IS)
    if written := [str(row["name"]) for row in rows if WRITTEN in row.values()]:
        printer.say(
            f"Secrets written in the file: {', '.join(written)}. `brokerkit config init` moves them to a safer place."
        )


def _row(profile: Profile) -> dict[str, object]:
    """Return what may be seen of a profile."""
    row: dict[str, object] = {
        "name": profile.name,
        "broker": profile.broker,
        "environment": profile.environment,
        "arm": "not armed" if profile.arm is None else "armed",
    }
    row["limits"] = ", ".join(_limits(profile.limits)) or "none"
    if profile.exclusive:
        row["exclusive"] = True
    if profile.base_url is not None:
        row["base_url"] = profile.base_url
        row["plays"] = profile.plays or "real"
    known = load_broker(profile.broker).Settings if profile.broker in installed_brokers() else None
    if known is not None:
        names = {*known.model_fields, *config.PROFILE_KEYS}
        check_names(profile.settings, names, f"profile {profile.name}")
    shown = set() if known is None else known.model_fields.keys() - set(secret_keys(known))
    for key, value in profile.settings.items():
        if key == "account" and isinstance(value, SecretStr):
            row[key] = masked(value.get_secret_value())
        elif known is not None and key in known.identities and isinstance(value, SecretStr):
            row[key] = HIDDEN
        else:
            row[key] = config.opened(value) if key in shown else describe(value)
    return row


def _limits(limits: Limits, currency: str = "") -> Iterator[str]:
    """Yield the limits that are set; those of another currency with its name in front."""
    for key, value in limits:
        if isinstance(value, Mapping):
            for name, others in limits.others.items():
                yield from _limits(others, f"{name}.")
        elif value is not None:
            yield f"{currency}{key} = {_limit(value)}"


def _limit(value: object) -> str:
    return " ".join(sorted(value)) if isinstance(value, frozenset) else f"{value:,}"
