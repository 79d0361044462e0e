"""`brokerkit sandbox`: the simulated brokers as servers for any client on this machine."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brokerkit.errors import ConfigError

if TYPE_CHECKING:
    from brokerkit.sandbox import Sandbox

SANDBOXES = "brokerkit.sandboxes"


def add_to(commands: Any) -> None:
    """Add the command to the parser; every installed sandbox has a port option of its own."""
    parser = commands.add_parser(
        "sandbox",
        help="serve the simulated brokers on this machine",
        description="Serve the simulated brokers on 127.0.0.1 until stopped. All of them trade on one exchange.",
    )
    parser.add_argument("--json", action="store_true", help="print addresses, keys and accounts as one line of JSON")
    parser.add_argument("--environment", choices=("real", "demo"), default="real", help="the environment to play")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds give equal markets (default 1)")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address; anything else is refused")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep accounts, keys and orders there over a restart"
    )
    parser.add_argument("--tls", type=Path, metavar="FILE", help="serve https; the certificate is written to FILE")
    for name in _names():
        parser.add_argument(f"--port-{name}", type=_port, default=0, metavar="PORT", help=f"port for {name}")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    try:
        from brokerkit.sandbox import Sandbox
    except ImportError as error:
        raise ConfigError(
            f"The sandbox needs the [sandbox] extra of brokerkit-kr ({error.name} is missing).",
            advice='In the clone: pip install ".[sandbox]"',
        ) from None
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    names = _names()
    with Sandbox(
        seed=arguments.seed,
        environment=arguments.environment,
        host=arguments.host,
        ports={name: getattr(arguments, f"port_{name.replace('-', '_')}") for name in names},
        state=arguments.state,
        certificate=arguments.tls,
    ) as sandbox:
        lines = {name: _line(sandbox, name) for name in names}
        if arguments.json:
            print(json.dumps(lines, ensure_ascii=False), flush=True)
        else:
            _print_for_people(lines, arguments)
        while not stopped.wait(1.0):
            sandbox.save()
    return 0


def _names() -> list[str]:
    return sorted({entry.name for entry in entry_points(group=SANDBOXES)})


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give 0 to 65535")
    return int(text)


def _line(sandbox: Sandbox, name: str) -> dict[str, str]:
    connection = sandbox.connect(name)
    line = {
        "base_url": connection.base_url,
        "websocket_url": connection.websocket_url,
        "app_key": connection.app_key,
        "app_secret": connection.app_secret,
        "account": connection.account,
    }
    return line if connection.hts_id is None else {**line, "hts_id": connection.hts_id}


def _print_for_people(lines: dict[str, dict[str, str]], arguments: argparse.Namespace) -> None:
    print(f"The simulated brokers play the {arguments.environment} environment. These keys open nothing else.")
    for name, line in lines.items():
        print(f"\n{name}")
        for key, value in line.items():
            print(f"  {key:14}{value}")
    print("\nStop with Ctrl-C.", flush=True)
