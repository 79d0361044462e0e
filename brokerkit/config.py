"""Profiles: brokerkit.toml and what an adapter makes of it.

A secret may be written as text, or better as `{ env = "NAME" }`, `{ keyring = "service/user" }` or `{ file = "path" }`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretBytes,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_core import SchemaValidator
from pydantic_core import core_schema as core

from brokerkit import files
from brokerkit.errors import ConfigError
from brokerkit.keeping import SOURCES
from brokerkit.keeping import fetch_secret as fetch_secret
from brokerkit.orders.limits import Limits, check_limits, is_currency
from brokerkit.sharing.addresses import read_address
from brokerkit.text import sanitize

NAME = "brokerkit.toml"
MARK = "SANDBOX"
"""Stands in every key and token that a sandbox gives out; no other key is ever sent to a `base_url`."""
ENVIRONMENTS = ("sandbox", "demo", "real")
PROFILE_KEYS = frozenset({"broker", "environment", "arm", "base_url", "plays", "limits", "exclusive"})


_VALUE = core.definition_reference_schema("value")
_TEXT = core.no_info_after_validator_function(SecretStr, core.str_schema(strict=True))
_KINDS = [_TEXT, core.list_schema(_VALUE, strict=True), core.dict_schema(None, _VALUE), core.any_schema()]
seal: Callable[[Any], Any] = SchemaValidator(
    core.definitions_schema(_VALUE, [core.union_schema(list(_KINDS), mode="left_to_right", ref="value")])
).validate_python
"""Returns a table or list with every text in it a SecretStr, at any depth; no frame of ours holds the texts."""
_PADDING = " \t\r\n\v\f\0\u00a0\u200b\u200c\u200d\u2060\u3000\ufeff"
"""What copying and editors leave around a key: blanks, line ends, marks without a width."""


class Settings(BaseModel):
    """What an adapter needs to log in. An adapter that needs more subclasses this."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    app_key: SecretStr
    """The key that the broker gave you (앱키)."""
    app_secret: SecretStr
    """The secret that belongs to it (시크릿키)."""
    account: SecretStr | None = None
    """Account number. It may be left out where the key tells it."""
    identities: ClassVar[frozenset[str]] = frozenset({"account"})
    """Settings that never show and are no keys: they may stand in the file."""
    max_calls_per_second: int | None = Field(default=None, ge=1)
    """Fewer calls than the broker allows, for accounts with a lower limit or several programs on one key."""
    settle_seconds: float | None = Field(default=None, ge=1, allow_inf_nan=False)
    """Seconds after which an order that no complete list shows is presumed absent."""
    markets: tuple[str, ...] | None = None
    """The markets in which the account holds and trades; all that the broker serves where nothing is said.

    Verbs that look at every market leave out the others. What one names is asked all the same.
    """
    ca_file: Path | None = None
    """Certificates to trust instead of the usual ones, as PEM. There is no way to trust anything unseen."""
    state: SecretStr | None = None
    """URL of a Redis in which several hosts share token, calls, kill switch, counters and stream.

    As "rediss://user:password@host:6379/0" over TLS, redis:// without it. Without one the programs of a host share.
    """
    orders_without_state: Literal["refuse", "send"] = "refuse"
    """What becomes of orders while that Redis cannot be had; "send": they go by what this host knows alone."""

    @field_validator("app_key", "app_secret", "account")
    @classmethod
    def _visible(cls, secret: SecretStr | None) -> SecretStr | None:
        """Take off what copying leaves around a key, and refuse what no broker has inside one."""
        if secret is None:
            return None
        secret = _bare(secret)
        if not len(secret):
            raise ValueError("is empty")
        if not all("!" <= character <= "~" for character in secret.get_secret_value()):
            raise ValueError("has a blank, a line end, a full-width or an invisible character inside")
        return secret

    @field_validator("markets", mode="before")
    @classmethod
    def _several(cls, named: object) -> object:
        """Take names apart that stand in one text, as variables have them: KR,US."""
        names = [name.strip() for name in named.split(",")] if isinstance(named, str) else named
        if names is None:
            return None
        if not isinstance(names, list | tuple) or not names:
            raise ValueError('is a list of names, such as ["KR"]')
        return tuple(names)

    @field_validator("state")
    @classmethod
    def _named(cls, state: SecretStr | None) -> SecretStr | None:
        """Refuse what names no Redis."""
        if state is not None:
            try:
                read_address(state)
            except ConfigError as error:
                words = f"{error.words.removeprefix('state ').rstrip('.')}. {error.remedy}"
            else:
                return state
            raise ValueError(words)
        return state

    @field_validator("ca_file")
    @classmethod
    def _whole(cls, file: Path | None) -> Path | None:
        """Let the file stay the same when the program changes its working directory."""
        try:
            return None if file is None else file.expanduser().absolute()
        except RuntimeError:
            raise ValueError("names no user's home directory") from None


def _bare(secret: SecretStr) -> SecretStr:
    """Return a secret without what is around it, quotes too: files of variables may keep those."""
    bare = SecretStr(secret.get_secret_value().strip(_PADDING))
    for quote in "\"'":
        if len(bare) > 1 and bare.get_secret_value()[0] == bare.get_secret_value()[-1] == quote:
            return _bare(SecretStr(bare.get_secret_value()[1:-1]))
    return bare


class Profile(BaseModel):
    """One `[profiles.<name>]` table: which broker, which environment, and the adapter's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    name: str
    """What `get_broker` knows it by."""
    broker: str
    """Name of the adapter."""
    environment: str | None = None
    """"sandbox", "demo" or "real" (모의투자, 실전투자); None where `get_broker` has to name it."""
    arm: str | None = None
    """Last four digits of the account, so that orders of real money may go out; None: they may not."""
    limits: Limits = Field(default_factory=Limits)
    """Limits of orders."""
    exclusive: bool = False
    """Nobody else, neither person nor program, trades this account through the API."""
    base_url: str | None = None
    """A sandbox on this machine, instead of the one within the process."""
    plays: Literal["real", "demo"] | None = None
    """The environment that the sandbox at `base_url` plays; "real" where nothing is said."""
    settings: dict[str, Any] = Field(default_factory=dict, repr=False)
    """What the adapter reads. Texts are sealed, any of them may be a secret; places of secrets are readable."""


@dataclass(frozen=True)
class Configuration:
    """What is configured: the file in force, its profiles, and the packages that the user's own file trusts."""

    path: Path | None
    """The file in force; None without one."""
    profiles: Mapping[str, Profile]
    """Profiles by their names."""
    default: str | None
    """Name of the profile that is meant where none is named."""
    packages: tuple[str, ...] | None
    """Packages of adapters that may be imported; None: all that are installed."""


def own_path() -> Path | None:
    """Return where the user's own file lies or would lie; None for a user without a home directory."""
    import platformdirs

    try:
        folder = platformdirs.user_config_path("brokerkit", appauthor=False)
    except RuntimeError:
        return None
    if folder.parts[:1] == ("~",):
        return None  # how some systems tell the same
    if not folder.is_absolute():
        raise ConfigError(
            f"Your configuration directory is {folder}, which is no whole path.",
            advice="Set XDG_CONFIG_HOME and HOME to whole paths, or unset XDG_CONFIG_HOME.",
        )
    return folder / NAME


def config_path() -> Path | None:
    """Return the configuration file in force: BROKERKIT_CONFIG, ./brokerkit.toml, the user's; None if there is none."""
    if os.environ.get("BROKERKIT_CONFIG"):
        path = named_path()
        if not os.path.lexists(path):
            raise ConfigError(f"BROKERKIT_CONFIG names {path}, which is not there.", advice="Correct or unset it.")
        return path
    return next((path for path in (Path.cwd() / NAME, own_path()) if path and os.path.lexists(path)), None)


def named_path() -> Path:
    """Return the file that BROKERKIT_CONFIG names, whether it is there or not."""
    try:
        return files.folder_of("BROKERKIT_CONFIG", Path.cwd)
    except files.Unfit as unfit:
        words, advice = unfit.strerror, unfit.advice
    raise ConfigError(f"{words}.", advice=advice)


def load_configuration() -> Configuration:
    """Return what is configured. Each file is read once."""
    path, own = config_path(), own_path()
    content = {} if path is None else _content(path)
    profiles, default = ({}, None) if path is None else _profiles(path, content)
    if path is None or own is None or _is_same(path, own):
        return Configuration(path, profiles, default, _packages(path, content))
    return Configuration(path, profiles, default, allowed_packages())


def load_profiles() -> tuple[dict[str, Profile], str | None]:
    """Return all profiles of the configuration file by name, and the name of the default one."""
    path = config_path()
    return ({}, None) if path is None else read_profiles(path)


def allowed_packages() -> tuple[str, ...] | None:
    """Return the packages whose adapters may be loaded; None where the user's own file has no list of them."""
    own = own_path()
    return None if own is None or not os.path.lexists(own) else _packages(own, _content(own))


def read_profiles(path: Path) -> tuple[dict[str, Profile], str | None]:
    """Return all profiles of a configuration file by name, and the name of the default one."""
    return _profiles(path, _content(path))


def read_each(path: Path) -> dict[str, Profile | ConfigError]:
    """Return the profiles of a configuration file one by one: what is wrong with one of them hides no other."""
    found: dict[str, Profile | ConfigError] = {}
    for name, table in _tables(path, _content(path)).items():
        try:
            found[name] = _profile(path, name, table)
        except ConfigError as error:
            found[name] = error
    return found


def _packages(path: Path | None, content: Mapping[str, Any]) -> tuple[str, ...] | None:
    names = opened(content.get("packages"))
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise ConfigError(f'{path}: packages must be a list of texts, such as packages = ["name-of-a-package"].')
    return None if names is None else tuple(names)


def _profiles(path: Path, content: Mapping[str, Any]) -> tuple[dict[str, Profile], str | None]:
    own = own_path()
    if "packages" in content and (own is None or not _is_same(path, own)):
        raise ConfigError(
            f"{path}: packages does not belong here: whom you trust, only your own file says.",
            advice=f"Move the line to {own}." if own else "Remove the line: you have no home directory.",
        )
    profiles = {name: _profile(path, name, table) for name, table in _tables(path, content).items()}
    default = opened(content.get("default"))
    if default is not None and (not isinstance(default, str) or default not in profiles):
        near = nearest(str(default), profiles)
        raise ConfigError(
            f"{path}: default names {default!r}, but the profiles are: {_listed(profiles)}.",
            advice=f"Did you mean {near}?" if near else None,
        )
    return profiles, default


def _tables(path: Path, content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    tables = content.get("profiles", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{path}: profiles must be tables, such as [profiles.main].")
    return tables


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one == other or one.samefile(other)
    return False


def _content(path: Path) -> dict[str, Any]:
    """Return what the file says. Every text in it is sealed as it is read: any of them may be a secret."""
    import tomllib

    advice: str | None = None
    try:
        raw = SecretBytes(files.read_trusted(path))
    except files.Unfit as unfit:
        words, advice = f"{path} is not used: {unfit.strerror}.", unfit.advice
    except OSError as error:
        words = f"{path} cannot be read: {files.reason(error)}."
    else:
        try:
            content: dict[str, Any] = seal(
                tomllib.loads(raw.get_secret_value().decode("utf-8-sig"))
            )  # Windows editors mark UTF-8
        except tomllib.TOMLDecodeError as error:
            words = f"{path} is not valid TOML: {sanitize(str(error), limit=120)}."
            advice = "Correct that line; see the README."
        except UnicodeDecodeError:
            words, advice = f"{path} is not UTF-8 but {_encoding(raw)}.", "Save it as UTF-8."
        except RecursionError:
            words = f"{path} is not valid TOML: it nests too deeply."
        else:
            check_names(content, {"default", "packages", "profiles"}, f"{path}")
            return content
    raise ConfigError(words, advice=advice)


def _encoding(raw: SecretBytes) -> str:
    """Say what a file looks like that is not UTF-8."""
    if b"\0" in raw.get_secret_value()[:4]:
        return "UTF-16"
    try:
        raw.get_secret_value().decode("cp949")
    except UnicodeDecodeError:
        return "no text that brokerkit knows"
    return "Korean text of Windows (cp949, ANSI)"


def _profile(path: Path, name: str, table: Mapping[str, Any]) -> Profile:
    own = {key: opened(value) for key, value in table.items() if key in PROFILE_KEYS}
    settings = {key: _placed(path.parent, key, value) for key, value in table.items() if key not in PROFILE_KEYS}
    if "broker" not in own:
        near = nearest("broker", settings)
        hint = f"Did you mean broker where it says {near}?" if near else 'Add a line such as broker = "<name>".'
        raise ConfigError(f"{path}: profile {name}: broker is missing.", advice=hint)
    if isinstance(own.get("limits"), dict):
        check_limits(own["limits"], partial(check_names, where=f"{path}: profile {name}: limits"))
    try:
        return Profile(name=name, settings=settings, **own)
    except ValidationError as error:
        words = first_words(error)
    raise ConfigError(f"{path}: profile {name}: {words}.")


def _placed(folder: Path, key: str, value: Any) -> Any:
    """Return a setting: a text stays sealed, the place of a secret is opened, a file lies beside the configuration."""
    if key == "ca_file" and isinstance(value, SecretStr):
        return _beside(folder, value.get_secret_value())
    if isinstance(value, dict) and len(value) == 1 and set(value) <= set(SOURCES):
        source, place = next(iter(opened(value).items()))
        return {source: _beside(folder, place) if source == "file" and isinstance(place, str) else place}
    return value


def _beside(folder: Path, name: str) -> str:
    try:
        return str(folder / Path(name).expanduser()) if name else name
    except RuntimeError:
        return name  # who reads it says that there is no such user


def opened(value: Any) -> Any:
    """Return a value that is no secret with its texts readable."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: opened(each) for key, each in value.items()}
    return [opened(each) for each in value] if isinstance(value, list) else value


def make_settings(kind: type[Settings], values: Mapping[str, Any], where: str, missing: str) -> Settings:
    """Return the adapter's settings from `values`, with every secret fetched from where it lies.

    `where` names the source in error messages, `missing` says how to supply what is missing.
    """
    check_names(values, set(kind.model_fields) | PROFILE_KEYS, where)
    hidden = secret_keys(kind)
    found = {
        key: fetch_secret(value, f"{where}: {key}") if key in hidden and value is not None else opened(value)
        for key, value in values.items()
    }
    lacking = [key for key, field in kind.model_fields.items() if field.is_required() and found.get(key) is None]
    if lacking:
        names = ", ".join(lacking)
        words = f"{where}: {names} is missing." if len(lacking) == 1 else f"{where}: {names} are missing."
        raise ConfigError(words, advice=missing)
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        reason = first_words(error)
    raise ConfigError(f"{where}: {reason}.")


def secret_keys(kind: type[Settings]) -> tuple[str, ...]:
    """Return the settings that never show, the account among them."""
    return tuple(key for key, field in kind.model_fields.items() if SecretStr in _types(field.annotation))


def fit_for(base_url: str | None, settings: Settings) -> Settings:
    """Return the settings; a ConfigError if keys that are no sandbox's would go to an address that was chosen."""
    for key in ("app_key", "app_secret") if base_url is not None else ():
        if not getattr(settings, key).get_secret_value().startswith(MARK):
            raise ConfigError(
                f"{key} is no key of a sandbox, and only those are ever sent to a base_url. Nothing was sent.",
                advice=f"Give the keys that `brokerkit sandbox` prints: they begin with {MARK}.",
            )
    return settings


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
            near = name.upper() if where.endswith("limits") and is_currency(name.upper()) else nearest(name, known)
            hint = f"Did you mean {near}?" if near else f"Known: {_listed(known)}."
            raise ConfigError(f"{where}: unknown option {name!r}.", advice=hint)


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the known name that is spelt most like `name`, if one is."""
    import difflib

    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=likeness)), None)


def _types(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", (annotation,))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def first_words(error: ValidationError) -> str:
    """Return where a model is wrong and why, without what was given and without a point at its end."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    words = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{where}: {words}" if where else words
