"""`brokerkit config import`: what a user of a broker already has in the file of another program.

The adapters know those files: each offers an importer by the entry point group `brokerkit.importers`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from inspect import getdoc
from pathlib import Path
from typing import Annotated, cast

import typer
from pydantic import SecretStr

from brokerkit import config
from brokerkit.cli.asking import ask, is_terminal
from brokerkit.cli.drafts import Draft, check_name, choose_place, finish
from brokerkit.cli.printing import Printer
from brokerkit.cli.writing import file_to_write
from brokerkit.config import Findings, Found, Importer, Settings, read_profiles
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.extensions import IMPORTERS, extensions
from brokerkit.registry import load_broker
from brokerkit.transport.text import sanitize

LARGEST = 2**20
KeepOption = Annotated[str | None, typer.Option(help="Where the keys go: keyring, file or env.")]
FileOption = Annotated[Path | None, typer.Option("--file", metavar="PATH", help="Write to this file.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace a profile of that name.")]
UntestedOption = Annotated[bool, typer.Option("--untested", help="Do not read the account first.")]


def take_over(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file that holds your keys.")],
    name: Annotated[str | None, typer.Option("--profile", "-p", "--name", help="Name of the profile.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", "-e", help="Only this one: demo or real.")] = None,
    account: Annotated[str | None, typer.Option(help="Account number, if the file has none.")] = None,
    keep: KeepOption = None,
    file: FileOption = None,
    replace: ReplaceOption = False,
    untested: UntestedOption = False,
) -> None:
    """Make profiles of the keys in another program's file, which stays as it is (가져오기).

    What the installed brokers know is told when a file is not known. One that holds keys for demo and real becomes two
    profiles.
    """
    printer = Printer(False)
    terminal = is_terminal()
    broker, findings = _findings(source)
    path = file_to_write(file)
    profiles = read_profiles(path)[0] if path.exists() else {}
    kind = load_broker(broker).Settings
    accounts = [each for each in findings.accounts if environment in (None, each.environment)]
    if account is not None and len(accounts) > 1:
        raise ConfigError("--account is about one account.", advice="Give --environment demo or real as well.")
    accounts = [_with_account(each, kind, account, terminal) for each in accounts]
    complete = _complete(accounts, source, printer)
    drafts = []
    for each in complete:
        chosen = name if name and len(complete) == 1 else f"{name or broker}-{each.environment}"
        check_name(chosen, broker, profiles, replace=replace, terminal=terminal)
        drafts.append(Draft(chosen, broker, each.environment, each.settings))
    place = choose_place(keep, drafts[0], terminal=terminal, printer=printer)
    for draft in drafts:
        finish(draft, path, place, tested=not untested, terminal=terminal, printer=printer)
    if findings.others:
        printer.say(f"Variables of it that were not needed: {findings.others}.")
    printer.say(f"{source} still holds your keys as plain text: delete it, or see that nobody else can read it.")


def _with_account(found: Found, kind: type[Settings], account: str | None, terminal: bool) -> Found:
    """Fill in the account that the file does not tell."""
    if account is None and terminal and set(found.lacking) == {"account"}:
        question = f"Account of {found.environment}, which {found.lacking['account']} does not tell"
        account = ask(question, lambda text: config.complaint(kind, "account", SecretStr(text)))
    if account is None:
        return found
    if words := config.complaint(kind, "account", SecretStr(account)):
        raise ConfigError(f"--account: {words}.")
    lacking = {key: value for key, value in found.lacking.items() if key != "account"}
    return Found(found.environment, {**found.settings, "account": SecretStr(account)}, lacking)


def _complete(accounts: list[Found], source: Path, printer: Printer) -> list[Found]:
    """Return the accounts that nothing is lacking of, and say what the others lack."""
    complete = [each for each in accounts if not each.lacking]
    words = [f"{each.environment} lacks {', '.join(each.lacking.values())}" for each in accounts if each.lacking]
    if not complete:
        told = "; ".join(words) or "it has none for this environment"
        raise ConfigError(f"{source} holds no complete set of keys: {told}.", advice="Fill it in, or use config init.")
    for text in words:
        printer.say(f"Left out: {text}.")
    return complete


def _findings(source: Path) -> tuple[str, Findings]:
    content = _content(source)
    known = []
    for entry, importer in _importers():
        try:
            found = importer(content)
        except BrokerError:
            raise
        except Exception as error:  # noqa: BLE001 - an importer's own mistake may not show what it read
            raise ConfigError(
                f"{source} cannot be read by the adapter {entry.name} ({type(error).__name__})."
            ) from None
        if found is not None:
            return entry.name, found
        known.append(f"{entry.name}: {sanitize((getdoc(importer) or '').partition(chr(10))[0])}")
    raise ConfigError(
        f"{source} is none of the files that the installed brokers know.",
        advice=" ".join(known) or "None of them knows any; use config init.",
    )


def _importers() -> Iterator[tuple[EntryPoint, Importer]]:
    for entry in extensions(IMPORTERS):
        try:
            importer = cast(Importer, entry.load())
        except Exception as error:  # noqa: BLE001 - whatever the adapter's import raises
            reason = sanitize(f"{type(error).__name__}: {error}")
            raise ConfigError(
                f"The importer of {entry.name} cannot be loaded: {reason}.", advice="Reinstall it."
            ) from None
        yield entry, importer


def _content(source: Path) -> Mapping[str, object]:
    """Return what the file says; errors show no more of it than the number of a line."""
    text = _text(source)
    try:
        found = json.loads(text, parse_int=str, parse_float=str) if text.lstrip().startswith("{") else _yaml(text)
        reason = "it is not a table of names and values"
    except (ValueError, RecursionError) as error:
        found = None
        reason = str(error) if isinstance(error, _BadYaml) else "it is not valid JSON"
        if isinstance(error, json.JSONDecodeError):
            reason = f"it is not valid JSON at line {error.lineno}"
    if not isinstance(found, dict):
        raise ConfigError(f"{source} cannot be read: {reason}.")
    return {str(key): value for key, value in found.items()}


class _BadYaml(ValueError):
    """What is wrong with a YAML file, without its words."""


def _yaml(text: str) -> object:
    import yaml

    line = None
    try:
        # Every value a text: 01 stays 01, and no tag makes an object.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes texts, lists and tables only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
    except (yaml.YAMLError, RecursionError):
        pass
    raise _BadYaml(f"it is not valid YAML{f' at line {line}' if line else ''}")


def _text(source: Path) -> str:
    reason = "it is neither UTF-8 nor Korean (cp949) text"
    try:
        if not source.is_file():
            raise OSError(0, "it is no file" if source.exists() else "there is no such file")
        with source.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raw, reason = b"", getattr(error, "strerror", None) or "its name is no path here"
    if len(raw) > LARGEST:
        raw, reason = b"", "it is larger than 1 MiB"
    for encoding in ("utf-8-sig", "cp949"):
        try:
            if raw:
                return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{source} cannot be read: {reason}.")
