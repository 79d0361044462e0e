"""`brokerkit new-plugin`: a whole adapter as a distribution of its own, to begin with.

What is written is the distribution in `brokerkit/templates/plugin`, which is one itself: its names, and nothing else,
are replaced.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from brokerkit.cli.printing import Printer, tell
from brokerkit.cli.session import JsonOption
from brokerkit.errors import ConfigError
from brokerkit.extensions import BROKERS, SANDBOXES, names
from brokerkit.files import reason

LONGEST = 32
OTHERS = re.compile(r"__pycache__|.*_cache")
"""Folders that are no part of a distribution, wherever they come from."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(new_plugin)


def new_plugin(
    name: Annotated[str, typer.Argument(help="What get_broker() is to call the broker, such as pine.")],
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="FOLDER", help="Where to write it; else brokerkit-NAME.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write an adapter for another broker, to be filled in: it installs and answers a quote at once (새 증권사)."""
    spelled = checked_name(name)
    place = folder or Path(f"brokerkit-{spelled}")
    written = write_plugin(spelled, place)
    if as_json:
        Printer(True).one({"name": spelled, "folder": str(place.absolute()), "files": written})
        return
    shown = shlex.quote(str(place))
    tell(
        f"{place} has {len(written)} files; its broker is called {spelled}. Install it, and see what it can:\n\n"
        f"    python -m pip install --editable {shlex.quote(f'{place.absolute()}[test]')}\n"
        f"    brokerkit conformance {spelled} --level 1\n"
        f"    python -m pytest {shown}\n\n"
        f"Its wire is an example. {place / 'README.md'} says what to put in its place, and in which order."
    )


RESERVED = frozenset({"sandbox", "demo", "real", "testing", "cli"})
"""Environments and extras: a broker of such a name would be mistaken for one of them."""


def checked_name(name: str) -> str:
    """Return the name of a new broker as its entry point has it; a ConfigError unless it may have that one."""
    spelled = name.replace("_", "-")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", spelled, re.ASCII) or len(spelled) > LONGEST:
        near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:LONGEST].strip("-")
        rule = f"Begin with a letter, and use small letters, digits and single hyphens, {LONGEST} at most."
        raise ConfigError(
            f"{name!r} cannot be the name of a broker.", advice=f"{rule} It could be {near}." if near else rule
        )
    if spelled.startswith("brokerkit"):
        raise ConfigError(
            f"The distribution would be called brokerkit-{spelled}.",
            advice="Leave out brokerkit: name the broker only.",
        )
    if spelled in RESERVED:
        raise ConfigError(f"{spelled} is a word of brokerkit itself.", advice="Name the broker.")
    taken = {each.lower().replace("_", "-") for group in (BROKERS, SANDBOXES) for each in names(group)}
    if spelled in taken:
        raise ConfigError(f"A broker that is called {spelled} is installed.", advice="Take another name.")
    if _is_installed(spelled):
        raise ConfigError(
            f"A package that is called brokerkit-{spelled} is installed.", advice="Uninstall it, or take another name."
        )
    return spelled


def _is_installed(name: str) -> bool:
    """Say whether the distribution or the package of that name is there, whatever is in it."""
    try:
        distribution(f"brokerkit-{name}")
    except PackageNotFoundError:
        return find_spec(f"brokerkit_{name.replace('-', '_')}") is not None
    return True


def write_plugin(name: str, folder: Path) -> list[str]:
    """Write the distribution into a folder that is not there yet, and return the names of its files.

    What cannot be written whole is not left behind in part.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise ConfigError(
            f"{folder} exists, and nothing is written over.", advice="Name another folder with --folder."
        ) from None
    except (OSError, ValueError) as error:
        raise _unwritable(folder, error) from None
    try:
        return sorted(_write(name, folder))
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise _unwritable(folder, error) from None
        raise


def _write(name: str, folder: Path) -> Iterator[str]:
    for path, text in _templates(files("brokerkit") / "templates" / "plugin"):
        place = folder / renamed(path, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(renamed(text, name), encoding="utf-8", newline="\n")
        yield place.relative_to(folder).as_posix()


def _templates(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_file():
            yield f"{above}{each.name}", each.read_text(encoding="utf-8")
        elif not OTHERS.fullmatch(each.name):
            yield from _templates(each, f"{above}{each.name}/")


def renamed(text: str, name: str) -> str:
    """Return a text of the template with the new name, in each of the spellings in which the template has its own."""
    spellings = {
        "new-broker": name,
        "new_broker": name.replace("-", "_"),
        "NewBroker": "".join(map(str.capitalize, name.split("-"))),
    }
    return re.sub("|".join(spellings), lambda found: spellings[found[0]], text)


def _unwritable(folder: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{folder} cannot be written: {reason(error)}.", advice="Name another folder with --folder.")
