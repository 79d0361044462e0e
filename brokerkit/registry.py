"""Finding adapters by name, and making a broker of what is configured."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError

from brokerkit.adapter import Adapter
from brokerkit.asking.inquiries import HOOKS
from brokerkit.broker import Broker
from brokerkit.config import (
    ENVIRONMENTS,
    PROFILE_KEYS,
    Configuration,
    Profile,
    check_names,
    first_words,
    load_configuration,
    make_settings,
    nearest,
    own_path,
    seal,
)
from brokerkit.errors import ConfigError, UnknownBroker
from brokerkit.extensions import BROKERS, extensions, load_class, trusted
from brokerkit.logs import about
from brokerkit.market import markets
from brokerkit.market.sessions import Phase
from brokerkit.orders.limits import Limits, Safety, check_allowed, check_limits
from brokerkit.part import Part
from brokerkit.words import Venue

if TYPE_CHECKING:
    from brokerkit.sandbox import Sandbox

logger = logging.getLogger("brokerkit")

GENERAL = frozenset(
    {"BROKERKIT_CONFIG", "BROKERKIT_PROFILE", "BROKERKIT_CACHE_DIR", "BROKERKIT_STATE_DIR", "BROKERKIT_LANGUAGE"}
)
"""Variables that are about no broker."""
SANDBOX_SETTLES = 5.0
"""Seconds after which the list of the simulated exchange shows every order."""
Secret = str | SecretStr


def get_broker(
    name: str | None = None,
    *,
    environment: str | None = None,
    account: Secret | None = None,
    app_key: Secret | None = None,
    app_secret: Secret | None = None,
    arm: str | None = None,
    limits: Limits | Mapping[str, object] | None = None,
    exclusive: bool | None = None,
    degraded: bool = False,
    base_url: str | None = None,
    plays: str | None = None,
    sandbox: Sandbox | None = None,
    options: Mapping[str, object] | None = None,
) -> Broker:
    """Return the broker of a profile or of an adapter's name; without a name that of the default profile.

    `environment` is "sandbox" (simulated, inside this process, no account needed), "demo" or "real" and has no default.
    Keys and account come from the arguments, the profile, or BROKERKIT_<NAME>_APP_KEY, _APP_SECRET and _ACCOUNT.
    `base_url` points the sandbox environment at another server on this machine, `sandbox` at a sandbox of your own.
    `plays` tells which environment that server plays, "real" or "demo"; "real" where nothing is said.
    Real money moves only with `arm`, the last four digits of the account, and `limits` (or those of the profile).
    `exclusive` declares that nobody else trades the account through the API. `degraded` lets orders of other symbols
    and sides go out while some of an earlier run are unresolved. `options` are the adapter's own settings.
    Raises ConfigError and UnknownBroker.

    Example::

        with get_broker("kis", environment="sandbox") as broker:
            print(broker.quote("005930").price)
    """
    account, app_key, app_secret = seal([account, app_key, app_secret])
    options = seal(dict(options) if isinstance(options, Mapping) else options)
    _check_kinds(
        name=name, arm=arm, limits=limits, exclusive=exclusive, degraded=degraded, base_url=base_url, options=options
    )
    if sandbox is not None and not hasattr(sandbox, "connect"):
        raise ConfigError(f"sandbox must be a Sandbox, not {type(sandbox).__name__}.")
    options = options or {}
    limits = _limits(limits)
    configured = load_configuration()
    entries = trusted(BROKERS, configured.packages)  # once: every look reads the metadata of all that is installed
    profile, where = _choose(name, _names(entries), configured)
    kind = _load(profile.broker, entries)
    check_names(profile.settings, set(kind.Settings.model_fields) | PROFILE_KEYS, where)
    check_names(options, set(kind.Settings.model_fields), "options")
    chosen = environment_of(environment, profile, kind, where)
    plays = profile.plays if plays is None and not (base_url or sandbox) else plays
    base_url = base_url or (None if sandbox else profile.base_url)
    if chosen != "sandbox" and (base_url or sandbox):
        raise ConfigError("base_url and sandbox belong to environment='sandbox'.", advice="Leave them out.")
    if base_url and sandbox:
        raise ConfigError("Give base_url or sandbox, not both: each names the server to use.")
    if plays is not None and (plays not in ("real", "demo") or not base_url):
        raise ConfigError("plays is real or demo, and belongs to base_url.", advice="Leave it out.")
    remember = chosen != "sandbox" or bool(base_url)
    wire_environment = (plays or "real") if chosen == "sandbox" else chosen
    phase_of: Callable[[Venue], Phase] | None = None
    exchange_clock: Callable[[str], dt.datetime] | None = None
    given = {"account": account, "app_key": app_key, "app_secret": app_secret}
    given = {key: value for key, value in given.items() if value}
    variables = {} if profile.settings else from_variables(kind, profile.broker, _names(entries))
    values = {**variables, **profile.settings, **options}
    if chosen == "sandbox" and not base_url:
        box = sandbox or _shared_sandbox()
        wire_environment = box.environment
        connection = box.connect(profile.broker)
        base_url = connection.base_url
        phase_of, exchange_clock = partial(_phase_at, box), partial(_time_at, box)
        given = {key: SecretStr(getattr(connection, key)) for key in ("account", "app_key", "app_secret")}
        if connection.hts_id and "hts_id" in kind.Settings.model_fields:
            given["hts_id"] = SecretStr(connection.hts_id)
    settings = make_settings(kind.Settings, {**values, **given}, where, _advice(profile, kind, _names(entries)))
    allowed = limits or profile.limits
    check_allowed(allowed)
    settles = settings.settle_seconds or (SANDBOX_SETTLES if chosen == "sandbox" else None)
    return Broker(
        kind(settings, environment=wire_environment, base_url=base_url, remember_token=remember),
        environment=chosen,
        durable=remember,
        safety=Safety(
            arm=arm or profile.arm,
            limits=allowed,
            exclusive=profile.exclusive if exclusive is None else exclusive,
            degraded=degraded,
            settle_seconds=settles,
            exchange_clock=exchange_clock,
        ),
        phase_of=phase_of,
    )


_TAKEN: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "the name of a profile or a broker, a text"),
    "arm": ((str,), "a text, the last four digits of the account"),
    "limits": ((Limits, Mapping), "a Limits or a mapping"),
    "exclusive": ((bool,), "True or False"),
    "degraded": ((bool,), "True or False"),
    "base_url": ((str,), "a text"),
    "options": ((Mapping,), "a mapping of names to values"),
}


def _check_kinds(**given: object) -> None:
    """Raise a ConfigError for an argument of another kind than is taken; its value may be a secret and is not told."""
    for key, value in given.items():
        kinds, words = _TAKEN[key]
        if value is not None and not isinstance(value, kinds):
            kind = "str" if isinstance(value, SecretStr) else type(value).__name__
            raise ConfigError(f"{key} must be {words}, not {kind}.")
        if isinstance(value, Mapping) and not all(isinstance(each, str) for each in value):
            raise ConfigError(f"{key} must be a mapping whose names are texts.")


def _limits(given: Limits | Mapping[str, object] | None) -> Limits | None:
    if given is None or isinstance(given, Limits):
        return given
    check_limits(given, partial(check_names, where="limits"))
    try:
        return Limits.model_validate(dict(given))
    except ValidationError as error:
        reason = first_words(error)
    raise ConfigError(f"limits: {reason}.")


def _phase_at(sandbox: Sandbox, venue: Venue) -> Phase:
    """Return what a venue does at the exchange of its market in the sandbox."""
    return sandbox.exchanges[markets.market_at(venue).name].phase_at(venue)


def _time_at(sandbox: Sandbox, market: str) -> dt.datetime:
    """Return the time at the exchange of a market in the sandbox; indices are of the Korean one."""
    return sandbox.exchanges.get(market, sandbox.exchange).now()


def installed_brokers() -> tuple[str, ...]:
    """Return the names of the installed adapters without importing any."""
    return _names(extensions(BROKERS))


def load_broker(name: str) -> type[Adapter]:
    """Import the adapter of that name. Two adapters that claim one name are an error that names both."""
    entries = extensions(BROKERS)
    if name not in _names(entries):
        raise _unknown(name, _names(entries), load_configuration())
    return _load(name, entries)


def _load(name: str, entries: list[EntryPoint]) -> type[Adapter]:
    kind = load_class(BROKERS, name, entries, Adapter, _fault_of)
    markets.register(kind.markets)
    return kind


def _fault_of(kind: type[Adapter]) -> str | None:
    """Say what is missing in an adapter, None if nothing is."""
    parts = getattr(kind, "parts", ())
    if not isinstance(parts, tuple) or not parts or not all(map(_is_part, parts)):
        return "its parts are no tuple of Part classes, one for each market"
    if idle := [part for part in parts if not any(part.fills(hook) for hook in set(HOOKS.values()))]:
        return f"its part for {idle[0].market} fills no hook in"
    if len({part.market for part in parts}) < len(parts):
        return "two of its parts are of one market"
    if kind.home not in {part.market for part in parts}:
        return f"it has no part for {kind.home}, the market that is meant where nothing is said"
    if not hasattr(kind, "Client") and kind.connect is Adapter.connect:
        return "it has neither a Client nor a connect of its own"
    return None


def _is_part(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, Part)


def _names(entries: list[EntryPoint]) -> tuple[str, ...]:
    return tuple(sorted({entry.name for entry in entries}))


def _choose(name: str | None, installed: tuple[str, ...], configured: Configuration) -> tuple[Profile, str]:
    wanted = name if name is not None else os.environ.get("BROKERKIT_PROFILE") or configured.default
    if wanted is None and configured.profiles:
        raise ConfigError(
            "No broker was named and no default profile is configured.",
            advice=f"Name a profile, as in get_broker(name). Profiles: {', '.join(sorted(configured.profiles))}.",
        )
    if wanted is None:
        raise ConfigError(
            "No broker was named and no default profile is configured.",
            advice="Name one, as in get_broker(name, environment='sandbox'), or write a brokerkit.toml. "
            f"Installed: {', '.join(installed) or 'none'}.",
        )
    if wanted in configured.profiles:
        profile = configured.profiles[wanted]
        if wanted in installed and profile.broker != wanted:
            raise ConfigError(f"The profile {wanted!r} is named like a broker but uses {profile.broker!r}: rename it.")
        if profile.broker not in installed:
            raise _unknown(profile.broker, installed, configured)
        return profile, f"profile {wanted}"
    if wanted not in installed:
        raise _unknown(wanted, installed, configured)
    return Profile(name=wanted, broker=wanted), wanted


def _unknown(name: str, installed: tuple[str, ...], configured: Configuration) -> UnknownBroker:
    near = nearest(name.strip().lower(), {*installed, *configured.profiles})
    advice = [f"Did you mean {near}?"] if near else []
    advice.append(f"Installed: {', '.join(installed) or 'none'}.")
    if configured.packages is not None:
        listed = ", ".join(configured.packages) or "no package"
        advice.append(f"Only those of {listed} count: packages in {own_path()} says so.")
    if configured.profiles:
        advice.append(f"Profiles: {', '.join(sorted(configured.profiles))}.")
    return UnknownBroker(f"{name!r} is neither a profile nor an installed broker.", advice=" ".join(advice))


def environment_of(given: str | None, profile: Profile, kind: type[Adapter], where: str) -> str:
    """Return the environment that is given, else that of the profile or of a variable; a ConfigError where none is."""
    variable = os.environ.get(variable_of(profile.broker, "ENVIRONMENT"), "").strip() or None
    chosen = next((text for text in (given, profile.environment, variable) if text is not None), None)
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
        library = (error.name or "").partition(".")[0]
        raise ConfigError(
            f"The sandbox needs the [sandbox] extra of brokerkit-kr ({library} is missing).",
            advice='In the clone: pip install ".[sandbox]"',
        ) from None
    return shared()


def from_variables(kind: type[Adapter], broker: str, installed: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings that variables hold. One that nobody reads and that looks like one of them is told."""
    named = {key: variable_of(broker, key) for key in kind.Settings.model_fields}
    for found, meant in _misspelt(kind, broker, installed).items():
        logger.warning(
            "The variable %s is not read. Did you mean %s?",
            found,
            meant,
            extra=about("variable_unread", variable=found, meant=meant),
        )
    values = {key: SecretStr(os.environ.get(name, "").strip()) for key, name in named.items()}
    if (file := values.get("ca_file")) and not os.path.isabs(os.path.expanduser(file.get_secret_value())):
        raise ConfigError(
            f"{named['ca_file']} names {file.get_secret_value()}, which is no whole path.",
            advice="Give the whole path, or begin with ~.",
        )
    return {key: value for key, value in values.items() if value}


def _misspelt(kind: type[Adapter], broker: str, installed: tuple[str, ...]) -> dict[str, str]:
    """Return variables that are set and that nobody reads, with the one of this broker that each looks like."""
    known = {variable_of(broker, key) for key in (*kind.Settings.model_fields, "environment")} | GENERAL
    others = tuple(variable_of(name, "") for name in installed if name != broker)
    strange = [name for name in os.environ if name.startswith("BROKERKIT_") and not name.startswith(others)]
    unset = {name for name in known if not os.environ.get(name)}
    near = {name: nearest(name, unset, likeness=0.88) for name in strange if name not in known}
    return {name: meant for name, meant in near.items() if meant}


def variable_of(broker: str, key: str) -> str:
    """Return the name of the variable that holds a setting of a broker."""
    return f"BROKERKIT_{broker}_{key}".upper().replace("-", "_")


def _advice(profile: Profile, kind: type[Adapter], installed: tuple[str, ...]) -> str:
    if profile.settings:
        return "Add it to the profile in brokerkit.toml."
    strange = _misspelt(kind, profile.broker, installed)
    told = [f"{found} is set: did you mean {meant}?" for found, meant in strange.items()]
    names = ", ".join(variable_of(profile.broker, key) for key in ("app_key", "app_secret", "account"))
    return " ".join([*told, f"Set {names}, or write a profile in brokerkit.toml, or try environment='sandbox'."])
