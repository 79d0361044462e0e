"""`brokerkit sandbox`: the simulated brokers as servers for any client on this machine."""

from __future__ import annotations

import inspect
import json
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr

from brokerkit.broker import Broker
from brokerkit.cli.installed import sandbox_names
from brokerkit.cli.printing import AS_IS, Printer, tell
from brokerkit.cli.session import with_signature
from brokerkit.config import make_settings
from brokerkit.errors import ConfigError, InvalidRequest
from brokerkit.extensions import SANDBOXES, names
from brokerkit.languages import translated
from brokerkit.registry import load_broker

if TYPE_CHECKING:
    from brokerkit.sandbox import Sandbox

NO_SANDBOX = "No installed broker brings a sandbox."
Lines = dict[str, dict[str, str]]


class Played(StrEnum):
    """The environment that the faces play."""

    REAL = "real"
    DEMO = "demo"


JsonOption = Annotated[bool, typer.Option("--json", help="Print addresses, keys and accounts as one line of JSON.")]
TomlOption = Annotated[bool, typer.Option("--toml", help="Print them as profiles for brokerkit.toml.")]
EnvironmentOption = Annotated[Played, typer.Option("--environment", "-e", help="The environment to play.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Equal seeds give equal markets.")]
HostOption = Annotated[str, typer.Option("--host", help="A loopback address; anything else is refused.")]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="FILE", help="Keep accounts, keys and orders, reserved ones too, there.", show_default=False
    ),
]
TlsOption = Annotated[
    Path | None,
    typer.Option("--tls", metavar="FILE", help="Serve https; the certificate is written there.", show_default=False),
]
FaultsOption = Annotated[
    str | None,
    typer.Option(
        "--faults",
        metavar="TEXT",
        help="Break requests on purpose, as in processed_then_reset:on=order,rate=0.05; help lists the kinds.",
        show_default=False,
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet-market", help="Let nobody trade what is followed over a WebSocket but those who use it."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application; every installed sandbox has a port option of its own."""
    # Not `sandbox_names()`: what reads the configuration would break every command, `--help` too, where it is broken.
    ports = {f"port_{number}": name for number, name in enumerate(names(SANDBOXES))}

    def sandbox(**values: Any) -> None:
        serve(ports={name: values.pop(parameter) for parameter, name in ports.items()}, **values)

    sandbox.__doc__ = serve.__doc__
    own = [each for each in inspect.signature(serve, eval_str=True).parameters.values() if each.name != "ports"]
    with_signature(sandbox, [*own, *(_port(parameter, name) for parameter, name in ports.items())])
    app.command()(sandbox)


def _port(parameter: str, name: str) -> inspect.Parameter:
    option = typer.Option(
        f"--port-{name}",
        min=0,
        max=65535,
        metavar="PORT",
        help=f"Port for {name}; else a free one.",
        show_default=False,
    )
    return inspect.Parameter(parameter, inspect.Parameter.KEYWORD_ONLY, default=0, annotation=Annotated[int, option])


def serve(
    ports: dict[str, int],
    as_json: JsonOption = False,
    as_toml: TomlOption = False,
    environment: EnvironmentOption = Played.REAL,
    seed: SeedOption = 1,
    host: HostOption = "127.0.0.1",
    state: StateOption = None,
    tls: TlsOption = None,
    faults: FaultsOption = None,
    quiet_market: QuietOption = False,
) -> None:
    """Serve the simulated brokers on this machine until stopped (모의 증권사); all trade on one exchange."""
    if as_toml and as_json:
        raise InvalidRequest("--toml and --json exclude each other.")
    new_sandbox = sandbox_class()
    from brokerkit.sandbox.faults import Faults, describe

    if faults == "help":
        print("\n".join(map(translated, describe().splitlines())))
        return
    played = partial(
        new_sandbox, seed=seed, environment=environment.value, host=host, ports=ports, lively=not quiet_market
    )
    broken = Faults.parse(faults, seed=seed) if faults else None
    with _stop_signal() as stopped, played(state=state, certificate=tls, faults=broken) as sandbox:
        lines = _lines(sandbox)
        sandbox.save()  # a state file that cannot be written shows before anybody trades
        if as_json:
            Printer(True).one(lines)
        elif as_toml:
            print(_profiles(lines, tls), flush=True)
        else:
            _print_for_people(lines, environment, faults)
        while not stopped.wait(1.0):
            sandbox.keep()


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """Yield what Ctrl-C and SIGTERM set; afterwards they do again what they did before."""
    stopped = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def sandbox_class() -> type[Sandbox]:
    """Return the class of sandboxes, which needs an extra."""
    try:
        from brokerkit.sandbox import Sandbox
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        raise ConfigError(
            f"The sandbox needs the [sandbox] extra of brokerkit-kr ({library} is missing).",
            advice='In the clone: pip install ".[sandbox]"',
        ) from None
    return Sandbox


def broker_in(sandbox: Sandbox, name: str, values: Mapping[str, SecretStr] | None = None) -> Broker:
    """Return a broker with the sandbox's own keys and these settings; no profile is read."""
    kind, connection = load_broker(name), sandbox.connect(name)
    keys = {key: SecretStr(getattr(connection, key)) for key in ("account", "app_key", "app_secret")}
    settings = make_settings(kind.Settings, {**(values or {}), **keys}, "sandbox", "Give it as an option.")
    adapter = kind(settings, environment=sandbox.environment, base_url=connection.base_url, remember_token=False)
    return Broker(adapter, environment="sandbox", durable=False)


def _lines(sandbox: Sandbox) -> Lines:
    """Return what each broker's face tells; one that cannot be played is told and takes no other with it."""
    from brokerkit.sandbox.sandbox import face_class

    lines = {}
    for name in sandbox_names():
        try:
            face_class(name)
        except ConfigError as error:
            Printer(False).error(error)
        else:
            lines[name] = _line(sandbox, name)
    if not lines:
        raise ConfigError(NO_SANDBOX, advice="Install an adapter from the clone.")
    return lines


def _line(sandbox: Sandbox, name: str) -> dict[str, str]:
    told = {**asdict(sandbox.connect(name)), "plays": sandbox.environment}
    return {key: value for key, value in told.items() if value is not None}


def _profiles(lines: Lines, certificate: Path | None) -> str:
    """Return profiles, each named like its broker, with which every command finds this server."""
    parts = [f"default = {json.dumps(next(iter(lines)))}"] if lines else []
    for name, line in lines.items():
        values = {"broker": name, "environment": "sandbox", "base_url": line["base_url"], "plays": line["plays"]}
        known = load_broker(name).Settings.model_fields
        values.update({key: value for key, value in line.items() if key in known})
        if certificate is not None:
            values["ca_file"] = str(certificate.resolve())
        texts = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
        parts.append("\n".join((f"\n[profiles.{json.dumps(name)}]", *texts)))
    return "\n".join(parts)


def _print_for_people(lines: Lines, environment: Played, faults: str | None) -> None:
    printer = Printer(False)
    broken = f" Broken on purpose: {faults}" if faults else ""
    tell(f"The simulated brokers play the {environment} environment. These keys open nothing else.{broken}")
    for name, line in lines.items():
        print()
        printer.one(line, title=name, of=AS_IS)
    tell("\nStop with Ctrl-C.")
