"""Finding adapters by name. The only user of stevedore."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr
from stevedore import DriverManager, ExtensionManager

from brokerkit.broker import Broker
from brokerkit.config import ENVIRONMENTS, Profile, check_names, load_profiles, make_settings
from brokerkit.errors import ConfigError, UnknownBroker

if TYPE_CHECKING:
    from brokerkit.sandbox import Sandbox

BROKERS = "brokerkit.brokers"
Secret = str | SecretStr


def get_broker(
    name: str | None = None,
    *,
    environment: str | None = None,
    account: Secret | None = None,
    app_key: Secret | None = None,
    app_secret: Secret | None = None,
    arm: str | None = None,
    base_url: str | None = None,
    sandbox: Sandbox | None = None,
    options: Mapping[str, object] | None = None,
) -> Broker:
    """Return the broker of a profile or of an adapter's name; without a name that of the default profile.

    `environment` is "sandbox" (simulated, inside this process, no account needed), "demo" or "real" and has no default.
    Keys and account come from the arguments, the profile, or BROKERKIT_<NAME>_APP_KEY, _APP_SECRET and _ACCOUNT.
    `base_url` points the sandbox environment at another server on this machine, `sandbox` at a sandbox of your own.
    `options` are the adapter's own settings. Raises ConfigError and UnknownBroker.
    """
    profile = _choose(name)
    kind = load_broker(profile.broker)
    where = f"profile {profile.name}" if profile.settings or profile.environment else profile.broker
    wanted = environment or profile.environment or os.environ.get(_variable(profile.broker, "ENVIRONMENT"))
    chosen = _check_environment(wanted, kind, where)
    given = {"account": account, "app_key": app_key, "app_secret": app_secret}
    given = {key: SecretStr(value) if isinstance(value, str) else value for key, value in given.items() if value}
    if chosen != "sandbox" and (base_url or sandbox):
        raise ConfigError("base_url and sandbox belong to environment='sandbox'.", advice="Leave them out.")
    remember = chosen != "sandbox" or base_url is not None
    wire_environment = chosen
    if chosen == "sandbox":
        check_names({**profile.settings, **(options or {})}, set(kind.Settings.model_fields), where)
        wire_environment = "real"
        if base_url is None:
            box = sandbox or _shared_sandbox()
            wire_environment = box.environment
            connection = box.connect(profile.broker)
            base_url = connection.base_url
            given = {
                key: SecretStr(getattr(connection, key))
                for key in given | {"account": 0, "app_key": 0, "app_secret": 0}
            }
            profile = profile.model_copy(
                update={"settings": {k: v for k, v in profile.settings.items() if k not in given}}
            )
    settings = make_settings(
        kind.Settings,
        {**_from_environment(kind, profile), **profile.settings, **(options or {}), **given},
        where,
        _advice(profile),
    )
    return kind(
        settings,
        environment=chosen,
        wire_environment=wire_environment,
        base_url=base_url,
        remember_token=remember,
        arm=arm or profile.arm,
    )


def installed_brokers() -> tuple[str, ...]:
    """Return the names of the installed adapters without importing any."""
    return tuple(sorted({entry.name for entry in _entries()}))


def load_broker(name: str) -> type[Broker]:
    """Import the adapter of that name. Two adapters that claim one name are an error that names both."""
    claims = [entry for entry in _entries() if entry.name == name]
    if not claims:
        raise _unknown(name, ())
    if len({entry.value for entry in claims}) > 1:
        raise ConfigError(
            f"Several adapters claim the name {name!r}: {', '.join(sorted(entry.value for entry in claims))}.",
            advice="Uninstall all but one.",
        )
    ExtensionManager.ENTRY_POINT_CACHE[BROKERS] = _entries()
    try:
        return cast("type[Broker]", DriverManager(BROKERS, name).driver)
    except Exception as error:  # noqa: BLE001 - whatever the adapter's import raises
        reason = f"{type(error).__name__}: {error}"
    raise ConfigError(f"The adapter {name!r} ({claims[0].value}) cannot be loaded: {reason}.", advice="Reinstall it.")


def _entries() -> list[EntryPoint]:
    return list(entry_points(group=BROKERS))


def _choose(name: str | None) -> Profile:
    profiles, default = load_profiles()
    wanted = name or os.environ.get("BROKERKIT_PROFILE") or default
    if wanted is None:
        raise ConfigError(
            "No broker was named and no default profile is configured.",
            advice="Name one, as in get_broker(name, environment='sandbox'), or write a brokerkit.toml. "
            f"Installed: {', '.join(installed_brokers()) or 'none'}.",
        )
    installed = installed_brokers()
    if wanted in profiles:
        profile = profiles[wanted]
        if wanted in installed and profile.broker != wanted:
            raise ConfigError(f"The profile {wanted!r} is named like a broker but uses {profile.broker!r}: rename it.")
        if profile.broker not in installed:
            raise _unknown(profile.broker, profiles)
        return profile
    if wanted not in installed:
        raise _unknown(wanted, profiles)
    return Profile(name=wanted, broker=wanted)


def _unknown(name: str, profiles: Mapping[str, Profile] | tuple[()]) -> UnknownBroker:
    also = f" Profiles: {', '.join(sorted(profiles))}." if profiles else ""
    return UnknownBroker(
        f"{name!r} is neither a profile nor an installed broker.",
        advice=f"Installed: {', '.join(installed_brokers()) or 'none'}.{also}",
    )


def _check_environment(chosen: str | None, kind: type[Broker], where: str) -> str:
    if chosen is None:
        raise ConfigError(
            f"{where}: no environment was chosen, and there is no default.",
            advice="Give environment='sandbox' (simulated, needs no account), 'demo' or 'real'.",
        )
    if chosen not in ENVIRONMENTS or chosen not in kind.environments:
        raise ConfigError(f"{where}: unknown environment {chosen!r}.", advice=f"Known: {', '.join(kind.environments)}.")
    return chosen


def _shared_sandbox() -> Sandbox:
    try:
        from brokerkit.sandbox import shared
    except ImportError as error:
        raise ConfigError(
            f"The sandbox needs the [sandbox] extra of brokerkit-kr ({error.name} is missing).",
            advice='In the clone: pip install ".[sandbox]"',
        ) from None
    return shared()


def _from_environment(kind: type[Broker], profile: Profile) -> dict[str, Any]:
    if profile.settings:
        return {}
    found = {key: os.environ.get(_variable(profile.broker, key)) for key in kind.Settings.model_fields}
    return {key: value for key, value in found.items() if value}


def _variable(broker: str, key: str) -> str:
    return f"BROKERKIT_{broker}_{key}".upper().replace("-", "_")


def _advice(profile: Profile) -> str:
    if profile.settings:
        return "Add it to the profile in brokerkit.toml."
    names = ", ".join(_variable(profile.broker, key) for key in ("app_key", "app_secret", "account"))
    return f"Set {names}, or write a profile in brokerkit.toml, or try environment='sandbox'."
