"""Profiles and secrets: brokerkit.toml, environment variables, keyring and secret files.

A secret may be written as text, or better as `{ env = "NAME" }`, `{ keyring = "service/user" }` or `{ file = "path" }`.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from brokerkit.errors import ConfigError
from brokerkit.transport.text import sanitize

ENVIRONMENTS = ("sandbox", "demo", "real")
PROFILE_KEYS = frozenset({"broker", "environment", "arm", "base_url"})
SOURCES = ("env", "keyring", "file")


class Settings(BaseModel):
    """What an adapter needs to log in. An adapter that needs more subclasses this."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    app_key: SecretStr
    app_secret: SecretStr
    account: SecretStr | None = None
    max_calls_per_second: int | None = Field(default=None, ge=1)
    """Fewer calls than the broker allows, for accounts with a lower limit or several programs on one key."""
    ca_file: Path | None = None
    """Certificates to trust instead of the usual ones, as PEM. There is no way to trust anything unseen."""


class Profile(BaseModel):
    """One `[profiles.<name>]` table: which broker, which environment, and the adapter's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    broker: str
    environment: str | None = None
    arm: str | None = None
    base_url: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict, repr=False)


def config_path() -> Path | None:
    """Return the configuration file in force: BROKERKIT_CONFIG, ./brokerkit.toml, the user's; None if there is none."""
    named = os.environ.get("BROKERKIT_CONFIG")
    if named:
        path = Path(named)
        if not _is_file(path):
            raise ConfigError(f"BROKERKIT_CONFIG names {path}, which is not a file.", advice="Correct or unset it.")
        return path
    user = platformdirs.user_config_path("brokerkit", appauthor=False) / "brokerkit.toml"
    return next((path for path in (Path("brokerkit.toml"), user) if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def load_profiles() -> tuple[dict[str, Profile], str | None]:
    """Return all profiles of the configuration file by name, and the name of the default one."""
    path = config_path()
    if path is None:
        return {}, None
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # Windows editors put a mark in front
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = sanitize(str(error), limit=120)
        raise ConfigError(f"{path} is not valid TOML: {reason}.", advice="Correct that line; see the README.") from None
    check_names(content, {"default", "profiles"}, f"{path}")
    tables = content.get("profiles", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{path}: profiles must be tables, such as [profiles.main].")
    profiles = {name: _profile(path, name, table) for name, table in tables.items()}
    default = content.get("default")
    if default is not None and (not isinstance(default, str) or default not in profiles):
        raise ConfigError(f"{path}: default names {default!r}, but the profiles are: {_listed(profiles)}.")
    return profiles, default


def _profile(path: Path, name: str, table: Mapping[str, Any]) -> Profile:
    own = {key: value for key, value in table.items() if key in PROFILE_KEYS}
    settings = {key: value for key, value in table.items() if key not in PROFILE_KEYS}
    if "broker" not in own:
        near = difflib.get_close_matches("broker", settings, n=1)
        hint = f"Did you mean broker where it says {near[0]}?" if near else 'Add a line such as broker = "<name>".'
        raise ConfigError(f"{path}: profile {name}: broker is missing.", advice=hint)
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
        is_secret = key in kind.model_fields and SecretStr in _types(kind.model_fields[key].annotation)
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


def fetch_secret(value: object, where: str) -> SecretStr:
    """Return the secret that `value` is or points to; a ConfigError says which one could not be had."""
    if isinstance(value, SecretStr):
        return value
    if isinstance(value, str) and value:
        return SecretStr(value)
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= set(SOURCES):
        raise ConfigError(
            f"{where} must be a text or one of {{ env = ... }}, {{ keyring = ... }}, {{ file = ... }}.",
            advice="Put it in quotes if it is a number.",
        )
    source, name = next(iter(value.items()))
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{where}: {source} must name where the secret lies.")
    return {"env": _from_env, "keyring": _from_keyring, "file": _from_file}[source](name, where)


def _from_env(name: str, where: str) -> SecretStr:
    found = os.environ.get(name, "").strip()
    if not found:
        raise ConfigError(f"{where}: the environment variable {name} is not set.")
    return SecretStr(found)


def _from_file(name: str, where: str) -> SecretStr:
    try:
        content = SecretStr(Path(name).expanduser().read_text(encoding="utf-8-sig").strip())
    except (OSError, ValueError, RuntimeError) as error:
        unreadable = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "its name is no path here"
        reason = getattr(error, "strerror", None) or unreadable
        raise ConfigError(f"{where}: the file {name} cannot be read: {reason}.") from None
    if not content.get_secret_value():
        raise ConfigError(f"{where}: the file {name} is empty.")
    return content


def _from_keyring(name: str, where: str) -> SecretStr:
    try:
        import keyring
    except ImportError:
        raise ConfigError(f"{where}: reading the keyring needs the [keyring] extra of brokerkit-kr.") from None
    service, _, user = name.partition("/")
    if not service or not user:
        raise ConfigError(f"{where}: a keyring entry is named as service/user.")
    try:
        chosen = keyring.get_keyring()
        safe = [backend for backend in getattr(chosen, "backends", [chosen]) if _is_safe(backend)]
        found = next((held for backend in safe if (held := backend.get_password(service, user))), "").strip()
    except Exception as error:  # noqa: BLE001 - backends raise what their system raises
        raise ConfigError(f"{where}: the keyring did not answer ({type(error).__name__}).") from None
    if not safe:
        kind = f"{type(chosen).__module__}.{type(chosen).__name__}"
        raise ConfigError(f"{where}: this machine has no safe keyring ({kind}).", advice="Use env or file instead.")
    if not found:
        raise ConfigError(f"{where}: the keyring has nothing under service {service!r}, user {user!r}.")
    return SecretStr(found)


def _is_safe(backend: object) -> bool:
    kind = f"{type(backend).__module__}.{type(backend).__name__}".lower()
    return not any(word in kind for word in ("null", "plaintext", ".fail."))


def check_names(given: Iterable[str], known: set[str] | frozenset[str], where: str) -> None:
    """Raise a ConfigError for a key that nobody reads, with the nearest known one."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {_listed(known)}."
            raise ConfigError(f"{where}: unknown option {name!r}.", advice=hint)


def _types(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", (annotation,))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
