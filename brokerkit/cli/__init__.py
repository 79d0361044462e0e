"""The command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from brokerkit import __version__
from brokerkit.cli import sandbox
from brokerkit.errors import BrokerError

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="brokerkit", description="One interface to Korean stock brokers.")
    parser.add_argument("--version", action="version", version=f"brokerkit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sandbox.add_to(commands)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen) or DONE)
    except BrokerError as error:
        print(f"brokerkit: {error}", file=sys.stderr)
        return REFUSED
