"""What a program pays once: processor time of whole processes that take turns, each a fresh one.

The measure is a script as people write it, with requests and one pydantic model of the answer. Both sides have a token
from an earlier run and ask the same served sandbox. Modules are compiled to a folder of their own first, as an
installation does, so that a file that was just edited makes no difference.

    python -m benchmarks.programs
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from unittest import mock

from benchmarks.calls import connected
from benchmarks.cores import cores, use
from benchmarks.process import serving
from benchmarks.serving import BROKERS
from brokerkit.sandbox.sandbox import Connection

ROUNDS = 15
SCRIPTS = Path(__file__).parent / "scripts"
PYTHON, IMPORT, HELP = "python that does nothing", "import brokerkit", "brokerkit --help"
BY_HAND = "{}: first quote, requests and one model"
OURS = "{}: first quote, brokerkit"
COMMAND = "{}: brokerkit quote"
TARGETS = {OURS: 1.25, COMMAND: 2.0}
"""How many times the processor time of the script by hand it may take."""
HELP_TARGET = 200.0
"""Milliseconds."""
SETTINGS = ("base_url", "app_key", "app_secret", "account")

Found = dict[str, list[float]]
"""Milliseconds of processor time of every round, by what was measured."""


def measured(core: int | None, rounds: int = ROUNDS) -> Found:
    """Measure all programs in turn, round after round; the first and slow round is left out."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, serving(core, "--keys") as server:
        folder = Path(name)
        environment = _surroundings(folder, server.told)
        programs = _programs(folder)
        found: Found = {what: [] for what in programs}
        for number in range(rounds + 1):
            for what, arguments in programs.items():
                milliseconds = _run(arguments, folder, environment)
                if number:
                    found[what].append(milliseconds)
    return found


def ratio(found: Found, what: str, measure: str) -> float:
    """Return the median over the rounds of a time by that of the measure in the same round."""
    return median(own / by_hand for own, by_hand in zip(found[what], found[measure], strict=True))


def _programs(folder: Path) -> dict[str, list[str]]:
    """Return the arguments of python by what they do."""
    programs = {PYTHON: ["-c", ""], IMPORT: ["-c", IMPORT], HELP: ["-m", "brokerkit", "--help"]}
    for name in BROKERS:
        programs[BY_HAND.format(name)] = [str(SCRIPTS / f"{name}_by_hand.py"), str(folder / "keys.json")]
        programs[OURS.format(name)] = [str(SCRIPTS / "with_brokerkit.py"), name]
        programs[COMMAND.format(name)] = ["-m", "brokerkit", "quote", "005930", "--profile", name]
    return programs


def _surroundings(folder: Path, told: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Write down keys and tokens for both sides; return an environment that has nothing else of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BROKERKIT_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    own = {"BROKERKIT_CONFIG": str(folder / "brokerkit.toml"), "BROKERKIT_CACHE_DIR": str(folder / "cache")}
    profiles = [_profile(name, told[name]) for name in BROKERS]
    (folder / "brokerkit.toml").touch(mode=0o600)
    (folder / "brokerkit.toml").write_text("\n".join(profiles), encoding="utf-8")
    keys = {}
    with mock.patch.dict(os.environ, own):
        for name in BROKERS:
            with connected(name, Connection(**told[name])) as broker:
                keys[name] = {**told[name], "token": broker.client.token().get_secret_value()}
    (folder / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    return {**kept, **own, "HOME": str(folder), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _profile(name: str, told: Mapping[str, str]) -> str:
    lines = [f"[profiles.{name}]", f'broker = "{name}"', 'environment = "sandbox"']
    return "\n".join([*lines, *(f"{key} = {json.dumps(told[key])}" for key in SETTINGS)])


def _run(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Return the milliseconds of processor time that a process used, the system's work for it included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"A process that was to be measured failed:\n{done.stderr}")
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def main() -> None:
    """Print all times, and how they compare with the script by hand."""
    usable = cores()
    if len(usable) > 1:
        use(usable[0])
    found = measured(usable[1] if len(usable) > 1 else None)
    for what, milliseconds in found.items():
        print(f"{what:<45}{median(milliseconds):>8.1f} ms")
    for name in BROKERS:
        for what, most in TARGETS.items():
            times = ratio(found, what.format(name), BY_HAND.format(name))
            print(f"{what.format(name):<45}{times:>8.2f} times that of the script by hand, <= {most}")


if __name__ == "__main__":
    main()
