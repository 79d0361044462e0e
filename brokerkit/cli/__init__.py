"""The command line. It needs the [cli] extra."""

from __future__ import annotations

import sys
from collections.abc import Sequence

EXTRA = frozenset({"dotenv", "rich", "tomlkit", "typer", "yaml"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `brokerkit.cli.exits` says what each of them means."""
    try:
        from brokerkit.cli.app import run

        return run(arguments)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRA:
            raise
        from brokerkit.cli.exits import WRONG_USAGE
        from brokerkit.cli.speech import native
        from brokerkit.languages import translated

        words = (
            f"brokerkit: the command line needs the [cli] extra of brokerkit-kr ({library} is missing). "
            'In the clone: pip install ".[cli]"'
        )
        print(translated(words, native()), file=sys.stderr)
        return WRONG_USAGE
