"""What a program pays once, at its start: each figure is a median over fresh processes, which take turns.

Their modules are compiled to a folder of their own first, as an installation does, so that a file that was just edited
makes no difference.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

ROUNDS = 11
LIBRARIES = "import requests, pydantic, stevedore"
"""pydantic imports little of itself before the first name of it is used."""
MODEL = f"{LIBRARIES}\nclass Model(pydantic.BaseModel):\n    secret: pydantic.SecretStr"
KEYS = 'environment="demo", app_key="k" * 36, app_secret="s" * 180, account="50012345-01"'
"""Of nobody. Nothing is sent: a token is asked for by the first call."""

IMPORTS = {
    "the three libraries": LIBRARIES,
    "the three libraries and one model": MODEL,
    "import brokerkit": "import brokerkit",
}
BROKERS = {name: f'brokerkit.get_broker("{name}", {KEYS})' for name in ("kis", "kiwoom")}
HELP = "brokerkit --help"
LIKE_HELP = "a program that imports typer and rich and does nothing"
PROGRAMS = {HELP: ["-m", "brokerkit", "--help"], LIKE_HELP: ["-c", "import typer, rich.console, rich.table"]}
"""Measured as whole processes."""
_TIMED = "import time\n{first}\nbegun = time.perf_counter()\n{work}\nprint((time.perf_counter() - begun) * 1000)"


def start_milliseconds(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Return the milliseconds of every round by what was measured, the first and slow round left out."""
    programs = {what: _TIMED.format(first="", work=work) for what, work in IMPORTS.items()}
    for name, work in BROKERS.items():
        programs[f"get_broker, {name}, first in the process"] = _TIMED.format(first="import brokerkit", work=work)
        programs[f"get_broker, {name}, again"] = _TIMED.format(first=f"import brokerkit\n{work}", work=work)
    found: dict[str, list[float]] = {what: [] for what in (*programs, *PROGRAMS)}
    with tempfile.TemporaryDirectory() as name:
        environment = _environment(Path(name))
        for number in range(rounds + 1):
            for what, program in programs.items():
                milliseconds = float(_run(["-c", program], Path(name), environment))
                if number:
                    found[what].append(milliseconds)
            for what, arguments in PROGRAMS.items():
                begun = time.perf_counter()
                _run(arguments, Path(name), environment)
                if number:
                    found[what].append((time.perf_counter() - begun) * 1000)
    return found


def ratio(found: Mapping[str, list[float]], what: str, baseline: str) -> float:
    """Return the median over the rounds of a time by another one of the same round."""
    return median(own / other for own, other in zip(found[what], found[baseline], strict=True))


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment without settings of the user, whose compiled modules lie in a folder of their own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("BROKERKIT_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "HOME": str(folder), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _run(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"A process that was to be measured failed:\n{done.stderr}")
    return done.stdout
