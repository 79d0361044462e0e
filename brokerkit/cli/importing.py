"""`brokerkit config import`: what a user of a broker already has in the file of another program.

The adapters know those files: each offers an importer by the entry point group `brokerkit.importers`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace as changed
from importlib.metadata import EntryPoint
from inspect import getdoc
from io import StringIO
from pathlib import Path
from typing import Annotated, cast

import typer
from pydantic import SecretStr

from brokerkit import config
from brokerkit.cli.asking import ask, choose, is_terminal
from brokerkit.cli.drafts import Draft, check_name, choose_place, finish
from brokerkit.cli.printing import Printer
from brokerkit.cli.writing import file_to_write
from brokerkit.config import Settings, read_profiles
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.extensions import IMPORTERS, extensions, load, unfit
from brokerkit.findings import Findings, Found, Importer
from brokerkit.registry import load_broker
from brokerkit.text import sanitize

LARGEST = 2**20
TRADED = ("demo", "real")
FILL_IN = "Fill it in, give --account if only that is lacking, or use config init."
ENV_LINE = re.compile(r"\A(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=")
"""The first line of a .env file that is neither blank nor a comment."""
KeepOption = Annotated[str | None, typer.Option(help="Where the keys go: keyring, file or env.")]
FileOption = Annotated[Path | None, typer.Option("--file", metavar="PATH", help="Write to this file.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace a profile of that name.")]
UntestedOption = Annotated[bool, typer.Option("--untested", help="Do not read the account first.")]


def take_over(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file that holds your keys.")],
    name: Annotated[str | None, typer.Option("--profile", "-p", "--name", help="Name of the profile.")] = None,
    environment: Annotated[
        str | None,
        typer.Option("--environment", "-e", help="Only this one, demo or real; or what the file does not tell."),
    ] = None,
    broker: Annotated[str | None, typer.Option("--broker", "-b", help="Only the keys of this one.")] = None,
    account: Annotated[str | None, typer.Option(help="Account number, if the file has none.")] = None,
    keep: KeepOption = None,
    file: FileOption = None,
    replace: ReplaceOption = False,
    untested: UntestedOption = False,
) -> None:
    """Make profiles of the keys in another program's file, which stays as it is (가져오기).

    What the installed brokers know is told when a file is not known. One that holds keys for demo and real, or of
    several brokers, becomes several profiles.
    """
    printer = Printer(False)
    terminal = is_terminal()
    if environment not in (None, *TRADED):
        raise ConfigError(f"--environment {environment} has no keys.", advice="Give demo or real.")
    findings = _findings(source, broker)
    path = file_to_write(file)
    profiles = read_profiles(path)[0] if path.exists() else {}
    accounts = [
        (held, _of_environment(each, environment, source, held, terminal))
        for held, found in findings
        for each in found.accounts
    ]
    accounts = [(held, each) for held, each in accounts if environment in (None, each.environment)]
    if account is not None and len(accounts) > 1:
        raise ConfigError("--account is about one account.", advice="Give --environment or --broker as well.")
    accounts = [(held, _with_account(each, load_broker(held).Settings, account, terminal)) for held, each in accounts]
    complete = _complete(accounts, source, printer)
    drafts = []
    for held, each in complete:
        several = len({each for each, _ in complete}) > 1
        chosen = f"{name}-{held}" if name and several else name or held
        chosen = name if name and len(complete) == 1 else f"{chosen}-{each.environment}"
        check_name(chosen, held, profiles, replace=replace, terminal=terminal)
        drafts.append(Draft(chosen, held, str(each.environment), each.settings))
    place = choose_place(keep, drafts[0], terminal=terminal, printer=printer)
    for draft in drafts:
        finish(draft, path, place, tested=not untested, terminal=terminal, printer=printer)
    if len(findings) == 1 and (others := findings[0][1].others):
        printer.say(f"Variables of it that were not needed: {others}.")
    printer.say(f"{source} still holds your keys as plain text: delete it, or see that nobody else can read it.")


def _of_environment(found: Found, given: str | None, source: Path, broker: str, terminal: bool) -> Found:
    """Fill in the environment that the file does not tell: a wrong guess would send keys to the wrong host."""
    if found.environment is not None:
        return found
    if given is None and not terminal:
        raise ConfigError(
            f"{source} does not tell whether its keys of {broker} are for demo or for real.",
            advice="Give --environment demo or --environment real.",
        )
    chosen = given or choose(f"Are the keys of {broker} for demo (모의투자) or for real (실전투자)?", TRADED)
    return changed(found, environment=chosen)


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


def _complete(accounts: list[tuple[str, Found]], source: Path, printer: Printer) -> list[tuple[str, Found]]:
    """Return the accounts that nothing is lacking of, and say what the others lack."""
    complete = [(broker, each) for broker, each in accounts if not each.lacking]
    words = [
        f"the {each.environment} keys of {broker} lack {', '.join(each.lacking.values())}"
        for broker, each in accounts
        if each.lacking
    ]
    if not complete:
        told = "; ".join(words) or "it has none for this environment"
        raise ConfigError(f"{source} holds no complete set of keys: {told}.", advice=FILL_IN)
    for text in words:
        printer.say(f"Left out: {text}.")
    return complete


def _findings(source: Path, broker: str | None) -> list[tuple[str, Findings]]:
    """Return what each installed broker finds in a file."""
    content = _content(source)
    findings, known = [], []
    for entry, importer in _importers():
        if broker not in (None, entry.name):
            continue
        if isinstance(importer, ConfigError):
            known.append(f"{importer.words} {importer.remedy}")
            continue
        try:
            found = importer(content)
        except BrokerError:
            raise
        except Exception as error:  # noqa: BLE001 - an importer's own mistake may not show what it read
            raise ConfigError(
                f"{source} cannot be read by the adapter {entry.name} ({type(error).__name__})."
            ) from None
        if found is not None:
            findings.append((entry.name, found))
        known.append(f"{entry.name}: {sanitize((getdoc(importer) or '').partition(chr(10))[0])}")
    if findings:
        return findings
    raise ConfigError(
        f"{source} is none of the files that the installed brokers know.",
        advice=" ".join(known) or "None of them knows any; use config init.",
    )


def _importers() -> Iterator[tuple[EntryPoint, Importer | ConfigError]]:
    """Yield every importer, or why it cannot be had: others may know the file."""
    entries = extensions(IMPORTERS)
    for entry in entries:
        try:
            importer = load(IMPORTERS, entry.name, entries)
            yield entry, cast(Importer, importer) if callable(importer) else unfit(entry, "it is no importer")
        except ConfigError as error:
            yield entry, error


def _content(source: Path) -> Mapping[str, object]:
    """Return what the file says; errors show no more of it than the number of a line."""
    text = _text(source)
    if ENV_LINE.search(text):
        return _variables(text)
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


def _variables(text: str) -> dict[str, object]:
    """Return the variables of a .env file; one that stands there with two values has both."""
    from dotenv.parser import parse_stream

    found: dict[str, object] = {}
    for line in parse_stream(StringIO(text)):
        if line.key is None or line.value is None:
            continue
        held = found.get(line.key, line.value)
        found[line.key] = line.value if held == line.value else (held, line.value)
    return found


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
    raise _BadYaml(f"it is not valid YAML at line {line}" if line else "it is not valid YAML")


def _text(source: Path) -> str:
    reason = "it is neither UTF-8 nor Korean (cp949) text"
    try:
        if not source.is_file():
            raise OSError(0, "it is no file" if source.exists() else "there is no such file")
        with source.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raw, reason = b"", getattr(error, "strerror", None) or "its name is no path here"
    else:
        reason = reason if raw else "it is empty"
    if len(raw) > LARGEST:
        raw, reason = b"", "it is larger than 1 MiB"
    # What PowerShell redirects into a file is UTF-16, with a mark in front.
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp949"):
        try:
            if raw:
                return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{source} cannot be read: {reason}.")
