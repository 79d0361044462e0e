"""What other packages add to brokerkit, and which of them may. Nothing of theirs is imported here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from brokerkit.config import allowed_packages
from brokerkit.errors import ConfigError

BROKERS = "brokerkit.brokers"
SANDBOXES = "brokerkit.sandboxes"
IMPORTERS = "brokerkit.importers"


def extensions(group: str) -> list[EntryPoint]:
    """Return the entry points of a group. Where the configuration lists `packages`, only those of these packages.

    Loading an entry point runs the code of its package, whatever package claims the name.
    """
    found = sorted(entry_points(group=group), key=lambda entry: entry.name)
    allowed = allowed_packages()
    if allowed is None:
        return found
    wanted = {_plain(name) for name in allowed}
    return [entry for entry in found if entry.dist is not None and _plain(entry.dist.name) in wanted]


def check_single(name: str, claims: Sequence[EntryPoint]) -> None:
    """Raise a ConfigError that names them all where several packages claim one name."""
    if len(claims) > 1:
        raise ConfigError(
            f"Several adapters claim the name {name!r}: {', '.join(sorted(map(_origin, claims)))}.",
            advice='Uninstall all but one, or list the packages you trust: packages = ["..."] in brokerkit.toml.',
        )


def _origin(entry: EntryPoint) -> str:
    return f"{entry.value} of {entry.dist.name}" if entry.dist else entry.value


def _plain(name: str) -> str:
    """Return the name of a package in the one spelling that all its spellings stand for."""
    return re.sub(r"[-_.]+", "-", name).lower()
