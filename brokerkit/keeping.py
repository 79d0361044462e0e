"""Where secrets lie: environment variables, files, the keyring. They are fetched from there, and put there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, cast

from pydantic import SecretBytes, SecretStr

from brokerkit import files
from brokerkit.errors import ConfigError

SOURCES = ("env", "keyring", "file")
WRITTEN = "written in brokerkit.toml"
LARGEST = 65_536
"""Bytes of a file with a secret."""


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
    name = name.get_secret_value() if isinstance(name, SecretStr) else name
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{where}: {source} must name where the secret lies.")
    return {"env": _from_env, "keyring": _from_keyring, "file": _from_file}[source](name, where)


def _from_env(name: str, where: str) -> SecretStr:
    found = SecretStr(os.environ.get(name, "").strip())
    if not found:
        raise ConfigError(f"{where}: the environment variable {_usual(name)} is not set.")
    return found


def _usual(name: str) -> str:
    """Return the name of a variable. What is no usual name may be the secret itself, put there by mistake."""
    return name if re.fullmatch("[A-Z_][A-Z0-9_]*", name) else "of an unusual name"


def _from_file(name: str, where: str) -> SecretStr:
    advice = None
    try:
        content = SecretBytes(files.read_trusted(Path(name).expanduser(), largest=LARGEST))
        found = SecretStr(content.get_secret_value().decode("utf-8-sig").strip())
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except (OSError, ValueError, RuntimeError) as error:
        reason, advice = files.reason(error), getattr(error, "advice", None)
    else:
        if found:
            return found
        raise ConfigError(f"{where}: the file {name} is empty.")
    raise ConfigError(f"{where}: the file {name} cannot be read: {reason}.", advice=advice)


def _from_keyring(name: str, where: str) -> SecretStr:
    service, user = _entry(name, where)
    for backend in _safe_keyrings(where):
        if found := _asked(
            where, lambda chosen: SecretStr((chosen.get_password(service, user) or "").strip()), backend
        ):
            return cast(SecretStr, found)
    raise ConfigError(f"{where}: the keyring has nothing under service {service!r}, user {user!r}.")


def keep_in_keyring(name: str, secret: SecretStr, where: str) -> None:
    """Put a secret into the keyring under `name`, which is service/user, and see that it can be had again."""
    service, user = _entry(name, where)
    keyring = _safe_keyrings(where)[0]
    _asked(where, lambda: keyring.set_password(service, user, secret.get_secret_value()))
    if _from_keyring(name, where) != secret:
        raise ConfigError(f"{where}: the keyring gives back something else than was put into it.")


def forget_in_keyring(name: str, where: str) -> None:
    """Take a secret out of the keyring."""
    service, user = _entry(name, where)
    _asked(where, _safe_keyrings(where)[0].delete_password, service, user)


def keyring_holds(name: str, where: str) -> bool:
    """Say whether the keyring has something under `name`; a ConfigError says why it cannot be used at all."""
    service, user = _entry(name, where)
    keyrings = _safe_keyrings(where)
    return any(_asked(where, lambda chosen: bool(chosen.get_password(service, user)), each) for each in keyrings)


def _entry(name: str, where: str) -> tuple[str, str]:
    service, _, user = name.partition("/")
    if not service or not user:
        raise ConfigError(f"{where}: a keyring entry is named as service/user.")
    return service, user


def _safe_keyrings(where: str) -> list[Any]:
    """Return the machine's keyrings that keep a secret, best first."""
    try:
        import keyring
    except ImportError:
        raise ConfigError(f"{where}: the keyring needs the [keyring] extra of brokerkit-kr.") from None
    chosen = _asked(where, keyring.get_keyring)
    safe = [backend for backend in _asked(where, getattr, chosen, "backends", [chosen]) if _is_safe(backend)]
    if not safe:
        kind = f"{type(chosen).__module__}.{type(chosen).__name__}"
        raise ConfigError(f"{where}: this machine has no safe keyring ({kind}).", advice="Use env or file instead.")
    return safe


def _is_safe(backend: object) -> bool:
    kind = f"{type(backend).__module__}.{type(backend).__name__}".lower()
    return not any(word in kind for word in ("null", "plaintext", ".fail."))


def _asked(where: str, question: Any, *arguments: object) -> Any:
    """Ask a keyring; whatever it raises becomes an error of ours without its words."""
    try:
        return question(*arguments)
    except Exception as error:  # noqa: BLE001 - backends raise what their system raises
        kind = type(error).__name__
    raise ConfigError(f"{where}: the keyring did not answer ({kind}).")


def describe(value: object) -> str:
    """Say where a secret lies, never what it is."""
    if isinstance(value, str | SecretStr):
        return WRITTEN
    source, name = next(iter(value.items()), (None, None)) if isinstance(value, dict) else (None, None)
    if source == "env" and isinstance(name, str):
        is_set = bool(os.environ.get(name, "").strip())
        shown = name if is_set else _usual(name)
        return f"environment variable {shown} (set)" if is_set else f"environment variable {shown} (not set)"
    if source == "file" and isinstance(name, str):
        return f"file {name} ({_state(name)})"
    if source == "keyring" and isinstance(name, str) and "/" in name:
        service, _, user = name.partition("/")
        return f"keyring, service {service}, user {user}"
    return "in no known form"


def _state(name: str) -> str:
    try:
        mode = Path(name).expanduser().stat().st_mode
    except (OSError, ValueError, RuntimeError):
        return "not there, or not readable"
    if os.name != "posix":
        return "there"
    return "readable by others too" if mode & 0o077 else "readable by you alone"


def write_private(path: Path, content: str | SecretStr, where: str, advice: str) -> None:
    """Write a file as a whole or not at all, readable by its owner only; a ConfigError says why it could not be."""
    try:
        path = path.resolve()  # a link stays, what it points to is replaced
        files.write_private(path, content)
    except (OSError, ValueError, RuntimeError) as error:
        reason = files.reason(error)
    else:
        return
    raise ConfigError(f"{where}: {path} cannot be written: {reason}.", advice=advice)
