"""Writing brokerkit.toml: one profile is put in, everything else stays as it is, comments included."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Item, Key

from brokerkit.config import config_path, named_path
from brokerkit.errors import ConfigError
from brokerkit.keeping import write_private

ANOTHER_FILE = "Name another file with --file."
NAME_A_FILE = "Name a file with --file, or with BROKERKIT_CONFIG."


def user_folder(advice: str = NAME_A_FILE) -> Path:
    """Return the user's configuration directory; a ConfigError if this user has none."""
    try:
        folder = platformdirs.user_config_path("brokerkit", appauthor=False)
    except (RuntimeError, OSError):
        folder = Path()
    if not folder.is_absolute():
        raise ConfigError("This user has no home directory to write into.", advice=advice)
    return folder


def file_to_write(named: Path | None) -> Path:
    """Return the file that a profile goes to: the one named, else the one in force, else the user's."""
    variable = os.environ.get("BROKERKIT_CONFIG")
    path = named or (named_path() if variable else config_path()) or user_folder() / "brokerkit.toml"
    try:
        if not path.exists() or path.is_file():
            return path
        reason = "it is not a file"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no path here"
    raise ConfigError(f"{path} cannot be written: {reason}.", advice=ANOTHER_FILE)


def write_profile(path: Path, name: str, profile: Mapping[str, Any]) -> bool:
    """Put a profile into the file, in the place of one of that name; say whether it became the default.

    The result is read before it replaces the file, so that nothing else of it can get lost.
    """
    old = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
    wanted = tomllib.loads(old)
    first = "default" not in wanted
    wanted.setdefault("profiles", {})[name] = dict(profile)
    wanted.setdefault("default", name)
    new = _with_profile(old, name, profile, first)
    if new is None or _read(new) != wanted:
        raise ConfigError(
            f"{path} is laid out in a way that a profile cannot be added to.",
            advice=f"Write it as tables, such as [profiles.{name}], or name another file with --file.",
        )
    write_private(path, new, f"profile {name}", ANOTHER_FILE)
    return first


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _with_profile(old: str, name: str, profile: Mapping[str, Any], first: bool) -> str | None:
    ended = old if not old or old.endswith("\n") else f"{old}\n"
    try:
        document = tomlkit.parse(ended.replace("\r\n", "\n"))
        if first:
            document["default"] = name
        if "profiles" not in document:
            document["profiles"] = tomlkit.table(is_super_table=True)
        profiles: Any = document["profiles"]
        if name in profiles:
            _replace(profiles[name], profile)
        else:
            table = tomlkit.inline_table() if isinstance(profiles, InlineTable) else tomlkit.table()
            _replace(table, profile)
            profiles[name] = table
        new = tomlkit.dumps(document)
    except (TOMLKitError, AttributeError, TypeError, ValueError):
        return None
    return new.replace("\n", "\r\n") if "\r\n" in old else new


def _replace(table: Any, profile: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in profile]:
        table.remove(key)
    tail = _tail(table.value)
    for key, value in profile.items():
        table[key] = _item(value)
    table.value.body.extend(tail)


def _tail(body_of: Container) -> list[tuple[Key | None, Item]]:
    """Take off the comments at the end of a table: they are about what comes next."""
    tail: list[tuple[Key | None, Item]] = []
    while body_of.body and body_of.body[-1][0] is None:
        tail.insert(0, body_of.body.pop())
    return tail


def _item(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    table = tomlkit.inline_table()
    table.update(value)
    return table
