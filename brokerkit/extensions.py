"""What other packages add to brokerkit, which of them may, and how it is loaded. The only user of stevedore.

Whatever is wrong with one package is told by its name and hurts nobody else.
"""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import EntryPoint, distributions
from importlib.metadata import entry_points as entry_points
from typing import TypeVar

from stevedore import DriverManager, ExtensionManager

from brokerkit.config import allowed_packages
from brokerkit.errors import ConfigError
from brokerkit.languages import learn
from brokerkit.logs import about
from brokerkit.text import in_english, sanitize

logger = logging.getLogger("brokerkit")

BROKERS = "brokerkit.brokers"
SANDBOXES = "brokerkit.sandboxes"
IMPORTERS = "brokerkit.importers"
API_VERSION = 1
"""Of the interface that adapters and faces are written for; it rises when an old one would be misunderstood."""
T = TypeVar("T")
_said: set[str] = set()


def extensions(group: str) -> list[EntryPoint]:
    """Return the entry points of a group. Where the user's own file lists `packages`, only those of these packages."""
    return trusted(group, allowed_packages())


def trusted(group: str, packages: Sequence[str] | None) -> list[EntryPoint]:
    """Return the entry points of a group, of these packages only where there is a list.

    Loading an entry point runs the code of its package, whatever package claims the name.
    """
    found = everything(group)
    if packages is None:
        return found
    wanted = {_plain(name) for name in packages}
    return [entry for entry in found if _plain(package_of(entry) or "") in wanted]


def everything(group: str) -> list[EntryPoint]:
    """Return all entry points of a group by name, whosever they are: nothing of the configuration is read."""
    return sorted(_installed(group), key=lambda entry: entry.name)


def names(group: str) -> tuple[str, ...]:
    """Return the names of a group, whoever claims them: nothing of the configuration is read."""
    return tuple(dict.fromkeys(entry.name for entry in everything(group)))


def package_of(entry: EntryPoint) -> str | None:
    """Return the name of the package that an entry point is of; None where it tells none."""
    try:
        return entry.dist.name or None if entry.dist else None
    except Exception:  # noqa: BLE001 - whatever is wrong with its metadata
        return None


def version_of(entry: EntryPoint) -> str | None:
    """Return the version of the package that an entry point is of; None where it tells none."""
    try:
        return entry.dist.version if entry.dist else None
    except Exception:  # noqa: BLE001 - as above
        return None


def load(group: str, name: str, entries: Sequence[EntryPoint]) -> object:
    """Import what an entry point names; a ConfigError that names it and its package if that cannot be done."""
    claims = [entry for entry in entries if entry.name == name]
    check_single(name, claims)
    ExtensionManager.ENTRY_POINT_CACHE[group] = list(entries)  # its own may be stale
    try:
        with _quiet(claims[0]):
            driver: object = DriverManager(group, name).driver
        learn(claims[0].module.partition(".")[0])
        return driver
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - an adapter that ends the program at its import is an error like others
        reason = _words_of(error)
    raise unfit(claims[0], reason)


def load_class(
    group: str, name: str, entries: Sequence[EntryPoint], base: type[T], fault: Callable[[type[T]], str | None]
) -> type[T]:
    """Return the class that an entry point names; a ConfigError unless it is fit for this version and this name.

    `fault` says what else is wrong with it, None if nothing is.
    """
    kind = load(group, name, entries)
    if isinstance(kind, type) and issubclass(kind, base):
        reason = _fault_of(kind, name) or fault(kind)
    else:
        reason = f"it is no {base.__name__}"
    if reason is not None:
        raise unfit(next(entry for entry in entries if entry.name == name), reason)
    return kind  # type: ignore[return-value]


def _fault_of(kind: type, name: str) -> str | None:
    """Say why a class is not for this version of brokerkit, or not for this name."""
    version = getattr(kind, "api_version", None)
    if version != API_VERSION:
        if version is None:
            return f"it does not say for which version of the interface (api_version); this is version {API_VERSION}"
        return (
            f"it is written for version {version!r:.20} of the interface (api_version); this is version {API_VERSION}"
        )
    own = getattr(kind, "name", None)
    return None if own == name else f"its name is {own!r:.40}, not that of its entry point"


def _words_of(error: BaseException) -> str:
    """Return the kind of an error and its words; the kind alone where the package's own class cannot tell them."""
    kind = type(error).__name__
    try:
        return sanitize(f"{kind}: {in_english(error)}")
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - as at the import
        return sanitize(kind)


def unfit(entry: EntryPoint, reason: str) -> ConfigError:
    """Return the error for what an entry point names and is not to be used."""
    return ConfigError(
        f"The adapter {entry.name!r} ({_origin(entry)}) cannot be loaded: {reason}.", advice="Reinstall or remove it."
    )


def check_single(name: str, claims: Sequence[EntryPoint]) -> None:
    """Raise a ConfigError that names them all where several packages claim one name."""
    if len(claims) > 1:
        raise ConfigError(
            f"Several adapters claim the name {name!r}: {', '.join(sorted(map(_origin, claims)))}.",
            advice="Uninstall all but one, or list the packages that you trust in your own brokerkit.toml: "
            'packages = ["..."].',
        )


def _installed(group: str) -> list[EntryPoint]:
    try:
        found = list(entry_points(group=group))
    except Exception:  # noqa: BLE001 - one package that cannot be read takes all others with it
        found = _readable(group)
    for entry in found:
        if not entry.name.strip():
            _warn(f"{_origin(entry)} is left out: it has no name in the group {group}.")
    return [entry for entry in found if entry.name.strip()]


def _readable(group: str) -> list[EntryPoint]:
    """Return the entry points of the packages whose lists of them can be read."""
    found: dict[str, list[EntryPoint]] = {}
    for number, package in enumerate(distributions()):
        try:
            name = package.name
        except Exception:  # noqa: BLE001 - as below
            name = None
        try:
            entries = [entry for entry in package.entry_points if entry.group == group]
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a package of somebody else
            words = f"its entry points cannot be read ({type(error).__name__})"
            _warn(f"The package {name or 'without a name'} is left out: {words}.")
            continue
        found.setdefault(_plain(name) if name else f"nameless {number}", entries)  # the first on the path counts
    return [entry for entries in found.values() for entry in entries]


def _warn(words: str) -> None:
    """Say once in a process what is wrong with a package."""
    if words not in _said:
        _said.add(words)
        logger.warning("%s", words, extra=about("package_left_out"))


@contextmanager
def _quiet(entry: EntryPoint) -> Iterator[None]:
    """Keep what an import prints out of our output, which programs may read, and tell it as a warning."""
    if entry.module in sys.modules:
        yield
        return
    heard = _Heard()
    with redirect_stdout(heard):
        yield
    if words := sanitize(heard.getvalue()):
        _warn(f"The adapter {entry.name!r} ({_origin(entry)}) prints when it is imported: {words}")


class _Heard(io.StringIO):
    """Hears what this thread prints; what others print goes where it went."""

    def __init__(self) -> None:
        super().__init__()
        self._out = sys.stdout
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        """Keep or pass on a text."""
        return super().write(text) if threading.get_ident() == self._thread else self._out.write(text)


def _origin(entry: EntryPoint) -> str:
    if entry.dist is None:
        return entry.value
    return f"{entry.value} of {package_of(entry) or 'a package without a name'}"


def _plain(name: str) -> str:
    """Return the name of a package in the one spelling that all its spellings stand for."""
    return re.sub(r"[-_.]+", "-", name).lower()
