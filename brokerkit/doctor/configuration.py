"""The configuration: which file is in force, what stands in it, and which profiles there are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brokerkit.config import Profile, config_path, load_configuration, read_each
from brokerkit.doctor.finding import Finding, State, error, ok, warning
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.registry import installed_brokers, variable_of

SUBJECT = "configuration"
MEND = "Correct the file; docs/configuration.md lists its keys."


@dataclass
class Configured:
    """What could be read of the configuration, and what was found on the way."""

    profiles: dict[str, Profile | ConfigError] = field(default_factory=dict)
    """With those of brokers that are configured by variables alone, which are named as the broker."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        """Whether all profiles are known."""
        return not any(each.state is State.ERROR for each in self.findings)


def configured() -> Configured:
    """Read what is configured, as far as it can be read: what is wrong with a profile hides no other."""
    found = Configured()
    path = _path(found)
    if path is not None:
        try:
            found.profiles |= read_each(path)
            found.findings += _judged(path, found.profiles)
        except ConfigError as failure:
            shut = os.path.isfile(path) and not os.access(path, os.R_OK)
            advice = f"Run: chmod u+r '{path}'" if shut else failure.remedy or MEND
            found.findings.append(error(SUBJECT, failure.words, advice, file=str(path)))
    found.profiles |= {name: profile for name, profile in _of_variables() if name not in found.profiles}
    if path is None and not found.findings:
        found.findings += _without_file(found.profiles)
    return found


def _path(found: Configured) -> Path | None:
    try:
        return config_path()
    except ConfigError as failure:
        found.findings.append(error(SUBJECT, failure.words, failure.remedy or "Correct or unset BROKERKIT_CONFIG."))
        return None


def _judged(path: Path, profiles: Mapping[str, Profile | ConfigError]) -> Iterator[Finding]:
    broken = [name for name, each in profiles.items() if isinstance(each, ConfigError)]
    facts: dict[str, object] = {"file": str(path.absolute()), "profiles": list(profiles)}
    if broken:
        words = f"{path} cannot be used by any program before what is wrong with {', '.join(broken)} is corrected"
        yield error(SUBJECT, words, "See the findings of that profile.", **facts)
        return
    try:
        default = load_configuration().default
    except ConfigError as failure:  # what is wrong beside the profiles
        yield error(SUBJECT, failure.words, failure.remedy or MEND, **facts)
        return
    chosen = os.environ.get("BROKERKIT_PROFILE") or default
    facts |= {"default": chosen}
    if not profiles:
        words = f"{path} has no profile"
        yield warning(SUBJECT, words, "`brokerkit config init` writes one.", **facts)
    elif chosen is not None and chosen not in profiles and chosen not in _brokers():
        words = f"BROKERKIT_PROFILE names {chosen!r:.40}, which is neither a profile nor a broker"
        yield error(SUBJECT, words, f"Set it to one of {', '.join(profiles)}, or unset it.", **facts)
    else:
        words = f"{path.absolute()}: {', '.join(profiles)}"
        yield ok(SUBJECT, f"{words}; {chosen} is the default" if chosen else words, **facts)


def _without_file(profiles: Mapping[str, object]) -> Iterator[Finding]:
    if profiles:
        yield ok(SUBJECT, f"no file; variables configure {', '.join(profiles)}", file=None, profiles=list(profiles))
        return
    yield warning(
        SUBJECT,
        "there is no brokerkit.toml, neither here nor in your configuration directory, and no variable with a key",
        "`brokerkit config init` writes a profile. Without an account: `brokerkit demo`.",
        file=None,
        profiles=[],
    )


def _of_variables() -> Iterator[tuple[str, Profile]]:
    """Yield a profile for each broker whose key stands in a variable."""
    for name in _brokers():
        if os.environ.get(variable_of(name, "app_key"), "").strip():
            yield name, Profile(name=name, broker=name)


def _brokers() -> tuple[str, ...]:
    try:
        return installed_brokers()
    except BrokerError:
        return ()  # the adapters' own finding says why
