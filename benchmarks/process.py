"""Starting the process that serves, and talking to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Server:
    """A process that serves both faces until it is closed."""

    def __init__(self, *given: str) -> None:
        command = [sys.executable, "-m", "benchmarks.serving", *given]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            self.told: dict[str, Any] = json.loads(self._line())
        except ValueError:
            self.close()
            raise RuntimeError("The server that was to be measured did not start.") from None

    def processor_seconds(self) -> float:
        """Return the processor time that the server has used."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """End the process."""
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout.readline()


@contextmanager
def serving(core: int | None, *given: str) -> Iterator[Server]:
    """Run a server process on a core of its own, where there is one."""
    server = Server(*given, *([] if core is None else ["--core", str(core)]))
    try:
        yield server
    finally:
        server.close()
