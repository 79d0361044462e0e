"""Profiles: brokerkit.toml and what an adapter makes of it.

A secret may be written as text, or better as `{ env = "NAME" }`, `{ keyring = "service/user" }` or `{ file = "path" }`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from brokerkit.errors import ConfigError
from brokerkit.keeping import fetch_secret as fetch_secret
from brokerkit.orders.guard import Limits
from brokerkit.transport.text import sanitize

ENVIRONMENTS = ("sandbox", "demo", "real")
PROFILE_KEYS = frozenset({"broker", "environment", "arm", "base_url", "plays", "limits", "exclusive"})


class Settings(BaseModel):
    """What an adapter needs to log in. An adapter that needs more subclasses this."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    app_key: SecretStr
    app_secret: SecretStr
    account: SecretStr | None = None
    """Account number. It may be left out where the key tells it."""
    max_calls_per_second: int | None = Field(default=None, ge=1)
    """Fewer calls than the broker allows, for accounts with a lower limit or several programs on one key."""
    settle_seconds: float | None = Field(default=None, ge=1)
    """Seconds after which an order that no complete list shows is presumed absent."""
    ca_file: Path | None = None
    """Certificates to trust instead of the usual ones, as PEM. There is no way to trust anything unseen."""


class Profile(BaseModel):
    """One `[profiles.<name>]` table: which broker, which environment, and the adapter's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    broker: str
    environment: str | None = None
    arm: str | None = None
    limits: Limits = Field(default_factory=Limits)
    exclusive: bool = False
    """Nobody else, neither person nor program, trades this account through the API."""
    base_url: str | None = None
    plays: Literal["real", "demo"] | None = None
    """The environment that the sandbox at `base_url` plays; "real" where nothing is said."""
    settings: dict[str, Any] = Field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Found:
    """One account that an adapter found in a file of another program."""

    environment: str | None
    """None where the file does not tell it."""
    settings: Mapping[str, SecretStr]
    lacking: Mapping[str, str]
    """Settings that the file has a place for but no value, with the file's own name of that place."""


@dataclass(frozen=True)
class Findings:
    """What an adapter made of a file of another program: accounts, and how many other variables it left alone."""

    accounts: tuple[Found, ...]
    others: int


Importer = Callable[[Mapping[str, object]], Findings | None]
"""An entry point of the group `brokerkit.importers`, named as its broker: None for a file that it does not know.

The first line of its docstring says what it knows. Numbers of a file are texts, as they are written.
"""


def config_path() -> Path | None:
    """Return the configuration file in force: BROKERKIT_CONFIG, ./brokerkit.toml, the user's; None if there is none."""
    named = os.environ.get("BROKERKIT_CONFIG")
    if named:
        path = Path(named)
        if not _is_file(path):
            raise ConfigError(f"BROKERKIT_CONFIG names {path}, which is not a file.", advice="Correct or unset it.")
        return path
    import platformdirs

    places = [Path("brokerkit.toml")]
    with suppress(RuntimeError):  # a user without a home directory has no configuration there
        places.append(platformdirs.user_config_path("brokerkit", appauthor=False) / "brokerkit.toml")
    return next((path for path in places if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def load_profiles() -> tuple[dict[str, Profile], str | None]:
    """Return all profiles of the configuration file by name, and the name of the default one."""
    path = config_path()
    return ({}, None) if path is None else read_profiles(path)


def allowed_packages() -> list[str] | None:
    """Return the packages whose adapters may be loaded; None where the configuration has no list of them."""
    named = os.environ.get("BROKERKIT_CONFIG")
    if named and not _is_file(Path(named)):
        return None  # it may be about to be written; whoever needs a profile of it is told that it is missing
    path = config_path()
    packages = None if path is None else _content(path).get("packages")
    if packages is not None and not (isinstance(packages, list) and all(isinstance(name, str) for name in packages)):
        raise ConfigError(f'{path}: packages must be a list of texts, such as packages = ["name-of-a-package"].')
    return packages


def read_profiles(path: Path) -> tuple[dict[str, Profile], str | None]:
    """Return all profiles of a configuration file by name, and the name of the default one."""
    content = _content(path)
    tables = content.get("profiles", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{path}: profiles must be tables, such as [profiles.main].")
    profiles = {name: _profile(path, name, table) for name, table in tables.items()}
    default = content.get("default")
    if default is not None and (not isinstance(default, str) or default not in profiles):
        raise ConfigError(f"{path}: default names {default!r}, but the profiles are: {_listed(profiles)}.")
    return profiles, default


def _content(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # Windows editors put a mark in front
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = sanitize(str(error), limit=120)
        raise ConfigError(f"{path} is not valid TOML: {reason}.", advice="Correct that line; see the README.") from None
    check_names(content, {"default", "packages", "profiles"}, f"{path}")
    return content


def _profile(path: Path, name: str, table: Mapping[str, Any]) -> Profile:
    own = {key: value for key, value in table.items() if key in PROFILE_KEYS}
    settings = {key: value for key, value in table.items() if key not in PROFILE_KEYS}
    if "broker" not in own:
        near = nearest("broker", settings)
        hint = f"Did you mean broker where it says {near}?" if near else 'Add a line such as broker = "<name>".'
        raise ConfigError(f"{path}: profile {name}: broker is missing.", advice=hint)
    if isinstance(own.get("limits"), dict):
        check_names(own["limits"], set(Limits.model_fields), f"{path}: profile {name}: limits")
    try:
        return Profile(name=name, settings=settings, **own)
    except ValidationError as error:
        raise ConfigError(f"{path}: profile {name}: {_first(error)}") from None


def make_settings(kind: type[Settings], values: Mapping[str, Any], where: str, missing: str) -> Settings:
    """Return the adapter's settings from `values`, with every secret fetched from where it lies.

    `where` names the source in error messages, `missing` says how to supply what is missing.
    """
    check_names(values, set(kind.model_fields) | PROFILE_KEYS, where)
    opened: dict[str, Any] = {}
    for key, value in values.items():
        is_secret = key in secret_keys(kind)
        opened[key] = fetch_secret(value, f"{where}: {key}") if is_secret and value is not None else value
    lacking = [key for key, field in kind.model_fields.items() if field.is_required() and opened.get(key) is None]
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        raise ConfigError(f"{where}: {', '.join(lacking)} {verb} missing.", advice=missing)
    try:
        return kind.model_validate(opened)
    except ValidationError as error:
        reason = _first(error)
    raise ConfigError(f"{where}: {reason}")


def secret_keys(kind: type[Settings]) -> tuple[str, ...]:
    """Return the settings that never show, the account among them."""
    return tuple(key for key, field in kind.model_fields.items() if SecretStr in _types(field.annotation))


def complaint(kind: type[Settings], key: str, value: SecretStr) -> str | None:
    """Return what is wrong with one setting, None if nothing is."""
    given = value if key in secret_keys(kind) else value.get_secret_value()
    try:
        kind.model_validate({key: given})
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False, include_context=False):
            if each["loc"][:1] == (key,):
                return str(each["msg"]).removeprefix("Value error, ")
    return None


def check_names(given: Iterable[str], known: set[str] | frozenset[str], where: str) -> None:
    """Raise a ConfigError for a key that nobody reads, with the nearest known one."""
    for name in given:
        if name not in known:
            near = nearest(name, known)
            hint = f"Did you mean {near}?" if near else f"Known: {_listed(known)}."
            raise ConfigError(f"{where}: unknown option {name!r}.", advice=hint)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is spelt most like `name`, if one is."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def _types(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", (annotation,))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
