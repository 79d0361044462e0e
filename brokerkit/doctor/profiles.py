"""A profile: its broker, the places of its secrets, its environment, what holds its orders, and TLS."""

from __future__ import annotations

import datetime as dt
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from brokerkit import clock
from brokerkit.adapter import Adapter
from brokerkit.broker import Broker
from brokerkit.config import MARK, PROFILE_KEYS, Profile, check_names, make_settings, opened, secret_keys
from brokerkit.doctor.finding import Finding, error, ok, unknown, warning
from brokerkit.errors import ConfigError
from brokerkit.keeping import WRITTEN, describe, fetch_secret
from brokerkit.market.markets import market_named
from brokerkit.orders.guard import NEEDED_FOR_REAL
from brokerkit.orders.limits import Safety, check_allowed, unit_of
from brokerkit.registry import environment_of, from_variables, installed_brokers, load_broker, variable_of
from brokerkit.symbols import HOME_CURRENCY
from brokerkit.transport.outgoing import check_certificates

SOON = dt.timedelta(days=14)
"""A certificate that ends within this time is told."""
_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_VALIDITY = re.compile(rb"\x30[\x1e\x20\x22](?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)")
"""From when and until when, as DER has it: a sequence of two moments, each with two digits of the year or with four."""
SAFER = '{ env = "NAME" }, { file = "PATH" } or { keyring = "service/user" }'


@dataclass(frozen=True)
class Subject:
    """A profile whose adapter is here, with the environment that it is for."""

    profile: Profile
    kind: type[Adapter]
    environment: str
    values: Mapping[str, Any]
    """The settings of the profile, else those of variables; secrets as they are written, not fetched."""

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.profile.name

    @property
    def is_simulated(self) -> bool:
        """Whether the broker is played inside of each program."""
        return self.environment == "sandbox" and self.profile.base_url is None

    @property
    def where(self) -> str:
        """How error messages call it."""
        return f"profile {self.name}"


def subject_of(profile: Profile) -> Subject:
    """Return what there is to look at; a BrokerError says why the profile cannot be used at all."""
    kind = load_broker(profile.broker)
    if profile.name in installed_brokers() and profile.broker != profile.name:
        raise ConfigError(
            f"The profile {profile.name!r} is named like a broker but uses {profile.broker!r}.", advice="Rename it."
        )
    where = f"profile {profile.name}"
    check_names(profile.settings, {*kind.Settings.model_fields, *PROFILE_KEYS}, where)
    environment = environment_of(None, profile, kind, where)
    values = profile.settings or from_variables(kind, profile.broker, installed_brokers())
    return Subject(profile, kind, environment, values)


def broker_of(subject: Subject) -> Broker:
    """Return the broker of a profile, as a program gets it; a ConfigError says why there is none."""
    profile, kind = subject.profile, subject.kind
    played = (profile.plays or "real") if subject.environment == "sandbox" else subject.environment
    settings = make_settings(kind.Settings, subject.values, subject.where, _how_to_add(profile))
    adapter = kind(settings, environment=played, base_url=profile.base_url)
    safety = Safety(arm=profile.arm, limits=profile.limits, exclusive=profile.exclusive)
    return Broker(adapter, environment=subject.environment, safety=safety)


def _how_to_add(profile: Profile) -> str:
    if profile.settings:
        return "Add it to the profile in brokerkit.toml."
    names = ", ".join(variable_of(profile.broker, key) for key in ("app_key", "app_secret", "account"))
    return f"Set {names}, or write them into the profile."


def environment(subject: Subject) -> Iterator[Finding]:
    """Tell which environment it is, and whether the keys are of it."""
    if subject.is_simulated:
        words = "sandbox: simulated inside of each program, which needs no keys and keeps nothing"
        yield ok("environment", words, environment="sandbox", base_url=None)
        return
    address = subject.profile.base_url
    words = f"{subject.environment}, served at {address}" if address else subject.environment
    marked = [key for key in ("app_key", "app_secret") if _is_marked(subject.values.get(key))]
    if subject.environment != "sandbox" and marked:
        yield error(
            "environment",
            f"{', '.join(marked)} of a sandbox stand in a profile of the {subject.environment} environment",
            'Write environment = "sandbox" and the sandbox\'s base_url, or keys of the broker.',
            environment=subject.environment,
        )
    else:
        yield ok("environment", words, environment=subject.environment, base_url=address)


def _is_marked(value: object) -> bool:
    return isinstance(value, SecretStr) and value.get_secret_value().startswith(MARK)


def secrets(subject: Subject) -> Iterator[Finding]:
    """Tell where the secrets lie and whether they can be had from there; never what they are."""
    kind = subject.kind.Settings
    if subject.is_simulated:
        return
    places: dict[str, str] = {}
    findings: list[Finding] = []
    for key in (key for key in secret_keys(kind) if key in subject.values):
        value = subject.values[key]
        if subject.profile.settings:
            places[key] = describe(value)
            findings += _of_secret(key, value, subject, key in kind.identities)
        else:
            places[key] = f"environment variable {variable_of(subject.profile.broker, key)} (set)"
    yield from findings
    if not findings:
        told = "; ".join(f"{key}: {place}" for key, place in places.items())
        yield ok("secrets", told or "none is given", **places)


def _of_secret(key: str, value: object, subject: Subject, is_identity: bool) -> Iterator[Finding]:
    place = describe(value)
    try:
        fetched = fetch_secret(value, f"{subject.where}: {key}")
    except ConfigError as failure:
        advice = failure.remedy or _how_to_mend(value)
        if "chmod go-w" in advice:  # good enough for a configuration; nobody else needs to read a secret
            advice = advice.replace("chmod go-w", "chmod 600")
        yield error("secrets", failure.words.rstrip("."), advice, key=key, place=place)
        return
    if place == WRITTEN and not is_identity and not _is_marked(fetched) and not _is_open(key, fetched):
        words = f"{key} stands in the file as text"
        yield warning("secrets", words, f"Write {SAFER} in its place.", key=key, place=place)
    elif isinstance(value, dict) and "readable by others" in place:
        yield warning("secrets", f"{key}: {place}", f"Run: chmod 600 '{value['file']}'", key=key, place=place)


def _is_open(key: str, fetched: SecretStr) -> bool:
    """Say whether it is an address without a password, which is none of the secrets that it may hold."""
    return key == "state" and "@" not in fetched.get_secret_value()


def _how_to_mend(value: object) -> str:
    source = next(iter(value), None) if isinstance(value, dict) else None
    if source == "file" and isinstance(value, dict) and os.path.isfile(value["file"]):
        return f"Run: chmod 600 '{value['file']}'"  # it is there, and cannot be read
    if source == "env":
        return "Set the variable where your programs start, in the shell or the service, or name another place."
    if source == "keyring":
        return "Put it there, for example with `brokerkit config init`, or name another place."
    return f"Write {SAFER}, where the secret can be had."


def envelope(subject: Subject) -> Iterator[Finding]:
    """Tell whether orders may move real money, and what holds them."""
    profile = subject.profile
    try:
        check_allowed(profile.limits)
    except ConfigError as failure:
        yield error("limits", failure.words.rstrip("."), failure.remedy or "Correct the limits of the profile.")
        return
    if subject.environment != "real":
        yield ok("orders", "no real money", real=False, armed=profile.arm is not None)
    elif profile.arm is None:
        yield ok("orders", "real money, and not armed: orders are refused", real=True, armed=False)
    else:
        yield from _armed(subject, profile.arm)


def _armed(subject: Subject, arm: str) -> Iterator[Finding]:
    account = subject.values.get("account")
    if isinstance(account, SecretStr) and "".join(filter(str.isdigit, account.get_secret_value()))[-4:] != arm:
        words = "armed for another account than that of the profile: orders are refused"
        yield error("orders", words, "Write the last four digits of the account as arm.", real=True, armed=True)
    lacking = _lacking(subject)
    for currency, names in lacking.items():
        table = "limits" if currency == HOME_CURRENCY else f"limits.{currency}"
        named = ", ".join(names)
        advice = f"Write them in [profiles.{subject.name}.{table}]."
        if currency == HOME_CURRENCY:
            words = f"orders with real money are refused: {named} are missing"
            yield error("limits", words, advice, currency=currency, missing=names)
        else:
            words = f"orders with real money in {unit_of(currency)} are refused: {named} are missing"
            advice = f'{advice} If the account does not trade there, name its markets: markets = ["KR"].'
            yield warning("limits", words, advice, currency=currency, missing=names)
    if HOME_CURRENCY not in lacking:
        yield ok("orders", "real money: armed, with limits", real=True, armed=True)


def _lacking(subject: Subject) -> dict[str, list[str]]:
    """Return by currency the limits that real money needs and that are missing."""
    named = opened(subject.values.get("markets"))
    wanted = named.split(",") if isinstance(named, str) else named
    served = [part.market for part in subject.kind.parts]
    markets = [market_named(name) for name in served if not wanted or name in wanted]
    currencies = dict.fromkeys(each.currency for each in markets if each.is_held and each.currency)
    found: dict[str, list[str]] = {}
    for currency in currencies:
        limits = subject.profile.limits.of(currency)
        if names := [name for name in NEEDED_FOR_REAL if getattr(limits, name, None) is None]:
            found[currency] = names
    return found


def certificates(subject: Subject) -> Iterator[Finding]:
    """Tell against which certificates the broker's is checked, and whether they are good for some time."""
    if subject.is_simulated:
        return
    address = subject.profile.base_url or ""
    if address.startswith("http://"):
        yield ok("TLS", "none: the sandbox is on this machine", ca_file=None)
        return
    told = opened(subject.values.get("ca_file"))
    if not told:
        yield ok(
            "TLS", f"the broker's certificate is checked against the usual ones ({ssl.OPENSSL_VERSION})", ca_file=None
        )
        return
    file = Path(str(told)).expanduser()
    try:
        check_certificates(file)
    except ConfigError as failure:
        yield error("TLS", failure.words.rstrip("."), failure.remedy or "Name a PEM file.", ca_file=str(file))
        return
    yield from _ends(file)


def _ends(file: Path) -> Iterator[Finding]:
    now = clock.now()
    ends = sorted(_ends_of(file.read_text(encoding="ascii", errors="replace")))
    renew = f"Have it renewed by whoever gave it to you, and put the new one into {file}."
    facts = {"ca_file": str(file), "ends": [f"{each:%Y-%m-%d}" for each in ends[:5]], "certificates": len(ends)}
    if not ends:
        words = f"{file} is used; when its certificates end is not told here"
        yield unknown("TLS", words, f"Look with: openssl x509 -noout -enddate -in '{file}'", **facts)
    elif ends[-1] <= now:
        yield error("TLS", f"all certificates of {file} have run out, the last on {ends[-1]:%Y-%m-%d}", renew, **facts)
    elif ends[0] <= now + SOON:
        words = f"a certificate of {file} runs out on {ends[0]:%Y-%m-%d}"
        if ends[0] <= now:
            words = f"a certificate of {file} ran out on {ends[0]:%Y-%m-%d}"
        yield warning("TLS", words, renew, **facts)
    else:
        yield ok("TLS", f"{file} is good until {ends[0]:%Y-%m-%d}", **facts)


def _ends_of(text: str) -> Iterator[dt.datetime]:
    """Yield when each certificate of a PEM file ends: the second of the two moments that stand in it side by side."""
    for each in _CERTIFICATE.findall(text):
        if told := _VALIDITY.search(ssl.PEM_cert_to_DER_cert(each)):
            short, long = told.groups()
            year = f"{'19' if short[:2] >= b'50' else '20'}{short.decode()}" if short else long.decode()
            yield dt.datetime.strptime(year, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC).astimezone(clock.KST)
