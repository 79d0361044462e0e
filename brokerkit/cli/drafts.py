"""A profile in the making: tested by reading its account, its secrets put away, then written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from brokerkit.adapter import Adapter
from brokerkit.broker import Broker
from brokerkit.cli.asking import choose, confirm
from brokerkit.cli.printing import Printer
from brokerkit.cli.sandbox import broker_in, sandbox_class
from brokerkit.cli.writing import user_folder, write_profile
from brokerkit.config import Profile, Settings, make_settings, read_profiles, secret_keys
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.keeping import describe, forget_in_keyring, keep_in_keyring, keyring_holds, write_private
from brokerkit.registry import installed_brokers, load_broker

PLACES = ("keyring", "file", "env")
SERVICE = "brokerkit"
KEEP_ENV = "Give --keep env."
REAL = (
    "You can read the account now. An order with real money needs more: limits, and arm with the last four digits of "
    "the account. Write both into the profile yourself; no command does."
)
Place = dict[str, str]


@dataclass(frozen=True)
class Draft:
    """What a profile is going to be."""

    name: str
    broker: str
    environment: str
    values: Mapping[str, SecretStr] = field(default_factory=dict)
    base_url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that secrets came from, by setting."""
    plays: str | None = None
    """The environment that the sandbox at `base_url` plays."""

    @property
    def kind(self) -> type[Adapter]:
        """The adapter."""
        return load_broker(self.broker)

    @property
    def is_simulated(self) -> bool:
        """Whether the broker is simulated inside the process, so that there are no keys."""
        return self.environment == "sandbox" and self.base_url is None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The settings to put away. An account number is none of them: it may stand in the file."""
        return tuple(
            key
            for key in secret_keys(self.kind.Settings)
            if key in self.values and key not in self.kind.Settings.identities
        )

    def settings(self) -> Settings:
        """Return the adapter's settings; a ConfigError says what is wrong with them."""
        shown = self.kind.Settings.model_fields.keys() - set(secret_keys(self.kind.Settings))
        values = {key: value.get_secret_value() if key in shown else value for key, value in self.values.items()}
        return make_settings(self.kind.Settings, values, f"profile {self.name}", "Give it as an option.")


def check_name(name: str, broker: str, profiles: Mapping[str, Profile], *, replace: bool, terminal: bool) -> None:
    """Raise a ConfigError if a profile cannot get that name; a taken one may be replaced if the person says so."""
    if not re.fullmatch(r"[\w-]{1,40}", name):
        raise ConfigError("A profile is named with up to 40 letters, digits, - and _.")
    if name in installed_brokers() and name != broker:
        raise ConfigError(f"{name!r} is the name of another broker.", advice="Give another --profile.")
    if name in profiles:
        held = profiles[name]
        words = f"The profile {name} is there already ({held.broker}, {held.environment or 'no environment'})"
        if not replace and not (terminal and confirm(f"{words}. Replace it and all its settings?")):
            raise ConfigError(f"{words}. Nothing was written.", advice="Give another --profile, or --replace.")
    elif near := [each for each in profiles if each.casefold() == name.casefold()]:
        raise ConfigError(f"The profile {near[0]} is named nearly so.", advice="Give another --profile.")


def choose_place(given: str | None, draft: Draft, *, terminal: bool, printer: Printer) -> str:
    """Return where the secrets are to lie: the keyring if a safe one answers, unless the person wants otherwise."""
    if given is not None and given not in PLACES:
        raise ConfigError(f"--keep {given} is not known.", advice=f"One of: {', '.join(PLACES)}.")
    if given in ("file", "env") or not draft.secrets:
        return given or "file"
    if given is None and set(draft.secrets) == set(draft.variables):
        return "env"
    try:
        keyring_holds(f"{SERVICE}/{draft.name}", "keys")
        best: tuple[str, ...] = PLACES
    except ConfigError as error:
        if given is not None:
            raise
        printer.say(error.words)
        best = PLACES[1:]
    return choose("Keep the keys in", best, default=best[0]) if terminal and given is None else best[0]


def finish(draft: Draft, path: Path, place: str, *, tested: bool, terminal: bool, printer: Printer) -> None:
    """Read the account, put the secrets away and write the profile.

    If the account cannot be read, nothing is kept, unless a person at the terminal says so.
    """
    if not draft.is_simulated:
        draft.settings()
    number = None
    try:
        number = read_account(draft) if tested else None
    except BrokerError as error:
        if not terminal:
            printer.say(f"The account of profile {draft.name} could not be read, so nothing of it was written.")
            raise
        printer.error(error)
        if not confirm("The account could not be read. Keep the profile all the same?"):
            printer.say("Nothing was written.")
            return
    save(draft, path, place, printer)
    if number is not None:
        printer.say(f"Account {number} was read with it.")
    if draft.environment == "real":
        printer.say(REAL)


def read_account(draft: Draft) -> str:
    """Log in, read the account and return its masked number."""
    with _broker(draft) as broker:
        if broker.supports("balance"):
            broker.balance()
        return broker.account()


def _broker(draft: Draft) -> Broker:
    if draft.is_simulated:
        sandbox_class()
        from brokerkit.sandbox import shared

        return broker_in(shared(), draft.broker, draft.values)
    played = (draft.plays or "real") if draft.environment == "sandbox" else draft.environment
    adapter = draft.kind(draft.settings(), environment=played, base_url=draft.base_url)
    return Broker(adapter, environment=draft.environment)


def save(draft: Draft, path: Path, place: str, printer: Printer) -> None:
    """Put the secrets away and write the profile; if the file cannot be written, the secrets are not kept either."""
    profiles = read_profiles(path)[0] if path.exists() else {}
    held = profiles[draft.name].settings if draft.name in profiles else {}
    places: dict[str, Place] = {}
    try:
        for key in draft.secrets:
            places[key] = _put_away(draft, key, place, held.get(key))
        is_default = write_profile(path, draft.name, _table(draft, places))
    except ConfigError:
        for key, made in places.items():
            if made != held.get(key):
                _forget(made)
        raise
    where = path.absolute()
    if is_default:
        printer.say(f"Profile {draft.name} is in {where} and is the default.")
    else:
        printer.say(f"Profile {draft.name} is in {where}.")
    for key, made in places.items():
        printer.say(f"  {key}: {describe(made)}")
        if isinstance(held.get(key), dict) and held[key] != made:
            printer.say(f"  The {key} of before still lies there: {describe(held[key])}")
    unset = [made["env"] for made in places.values() if "env" in made and made["env"] not in draft.variables.values()]
    if unset:
        printer.say("Set these before you use it, where no shell history keeps them:")
        printer.say("\n".join(f"  {name}=" for name in unset))


def _table(draft: Draft, places: Mapping[str, Place]) -> dict[str, Any]:
    table: dict[str, Any] = {"broker": draft.broker, "environment": draft.environment}
    if draft.base_url:
        table["base_url"] = draft.base_url
    if draft.plays:
        table["plays"] = str(draft.plays)
    open_keys = [key for key in draft.values if key in draft.kind.Settings.identities]
    table |= {key: draft.values[key].get_secret_value() for key in open_keys}
    if draft.is_simulated:
        return table
    plain = draft.settings().model_dump(mode="json")
    others = {key: plain[key] for key in draft.values if key not in places and key not in table}
    return {**table, **others, **places}


def _put_away(draft: Draft, key: str, place: str, held: object) -> Place:
    where = f"profile {draft.name}: {key}"
    if place == "env":
        made = re.sub(r"[^A-Z0-9_]", "_", f"BROKERKIT_{draft.name}_{key}".upper())
        return {"env": draft.variables.get(key, made)}
    for number in count(1):
        label = draft.name if number == 1 else f"{draft.name}-{number}"
        if place == "keyring":
            chosen = {"keyring": f"{SERVICE}/{label}/{key}"}
            is_taken = keyring_holds(chosen["keyring"], where)
        else:
            path = user_folder(KEEP_ENV) / "secrets" / f"{key}-{label}"
            chosen = {"file": str(path)}
            is_taken = path.exists()
        # Another brokerkit.toml may have a profile of the same name: its secrets stay.
        if chosen == held or not is_taken:
            break
    if "keyring" in chosen:
        keep_in_keyring(chosen["keyring"], draft.values[key], where)
    else:
        write_private(Path(chosen["file"]), draft.values[key].get_secret_value(), where, KEEP_ENV)
    return chosen


def _forget(made: Place) -> None:
    with suppress(ConfigError, OSError):
        if "keyring" in made:
            forget_in_keyring(made["keyring"], "keys")
        elif "file" in made:
            Path(made["file"]).unlink()
