"""This machine: what is installed, whether adapters can be loaded, and whether somebody sets its clock."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from brokerkit import __version__
from brokerkit.doctor.finding import Finding, error, ok, unknown, warning
from brokerkit.errors import BrokerError
from brokerkit.extensions import BROKERS, everything, extensions, package_of, version_of
from brokerkit.registry import load_broker

EXTRAS = {
    "stream": ("websockets", "cryptography"),
    "redis": ("redis", "cryptography"),
    "keyring": ("keyring",),
    "tls": ("cryptography",),
}
"""What a profile may need beside the core, and the packages that it stands for."""
TIME_FOLDER = Path("/run/systemd/timesync")
"""Where the time service of many Linux systems tells that it runs, and in `synchronized` that it has set the clock."""


def versions() -> Iterator[Finding]:
    """Tell what runs here."""
    yield ok(
        "versions",
        f"brokerkit {__version__}, Python {platform.python_version()}, {ssl.OPENSSL_VERSION}",
        brokerkit=__version__,
        python=platform.python_version(),
        openssl=ssl.OPENSSL_VERSION,
        system=platform.system(),
    )


def extras() -> Iterator[Finding]:
    """Tell which extras are whole; that one is lacking is no fault: what needs it says so."""
    found = {extra: {name: _version(name) for name in names} for extra, names in EXTRAS.items()}
    whole = [extra for extra, names in found.items() if all(names.values())]
    lacking = [extra for extra in found if extra not in whole]
    words = f"installed here: {', '.join(whole) or 'none'}"
    yield ok("extras", f"{words}; not installed: {', '.join(lacking)}" if lacking else words, **found)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def adapters() -> Iterator[Finding]:
    """Load every adapter that may be loaded, and tell which cannot."""
    subject = "adapters"
    try:
        entries = extensions(BROKERS)
    except BrokerError as failure:
        yield error(subject, failure.words, failure.remedy or "Correct your own configuration file.")
        return
    loaded: dict[str, str | None] = {}
    for entry in entries:
        if entry.name in loaded:
            continue
        loaded[entry.name] = version_of(entry)
        try:
            load_broker(entry.name)
        except BrokerError as failure:
            del loaded[entry.name]
            yield error(subject, failure.words, failure.remedy or "Reinstall or remove it.", name=entry.name)
    trusted = {package_of(entry) for entry in entries}
    left = sorted({package_of(entry) or "?" for entry in everything(BROKERS)} - {each or "?" for each in trusted})
    told = ", ".join(f"{name} {number or '?'}" for name, number in loaded.items())
    words = told if loaded else "no broker is installed"
    if left:
        words = f"{words}; not in your list of packages: {', '.join(left)}"
    if loaded:
        yield ok(subject, words, installed=loaded, left_out=left)
    elif not entries:
        yield warning(
            subject,
            words,
            "Install the package of an adapter, or name it in packages of your own brokerkit.toml.",
            installed={},
            left_out=left,
        )


def own_clock() -> Iterator[Finding]:
    """Tell whether a time service has set the clock of this machine, as far as the system says so."""
    subject = "clock"
    if (TIME_FOLDER / "synchronized").exists():
        yield ok(subject, "the time service of this machine has set its clock", synchronized=True)
    elif TIME_FOLDER.exists():
        yield warning(
            subject,
            "the time service of this machine has not set its clock yet",
            "Look with `timedatectl`; orders need a clock that agrees with the broker's.",
            synchronized=False,
        )
    else:
        yield unknown(
            subject,
            "this system does not tell here whether its clock is set by a time service",
            "Let a time service run, such as chrony or systemd-timesyncd; --online compares it with the broker's.",
            synchronized=None,
        )
