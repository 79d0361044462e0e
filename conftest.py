"""What every test of this repository gets: a sandbox of its own, and a place for journals and the kill switch."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from weakref import WeakValueDictionary

import pytest
from hypothesis import HealthCheck, settings

from brokerkit import extensions
from brokerkit.orders import journal
from brokerkit.sandbox import books
from brokerkit.sandbox import sandbox as sandboxes
from brokerkit.sandbox.books import Trade
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.prints import Day
from brokerkit.sharing import store
from brokerkit.transport import http

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: the programs that the tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests compare English texts, whatever the language of whoever runs them.
os.environ.pop("BROKERKIT_LANGUAGE", None)
if os.environ.get("LC_ALL", "").startswith("ko"):
    del os.environ["LC_ALL"]
os.environ["LC_MESSAGES"] = "C"

# How long an example takes says how busy the machine is, not whether it is right.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return folders that are numbered here: pytest lists all that were made before to find the next number."""
    parent = tmp_path_factory.mktemp("states")
    return (parent / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def place_of_state(monkeypatch: pytest.MonkeyPatch, states: Iterator[Path]) -> Path:
    """Keep what a test writes down away from the user's own state, and from that of other tests.

    Who writes makes the folder: most tests write nothing, and ten thousand folders take long to remove.
    """
    folder = next(states)
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(folder))
    # Tokens too: a server on a port that another test had would find its tokens there.
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(folder.with_name(f"cache-{folder.name}")))
    monkeypatch.setattr(store, "_stores", {})  # a Redis of another test is gone
    return folder


@pytest.fixture
def own_state(place_of_state: Path) -> Path:
    """Make the folder of what the test writes down."""
    place_of_state.mkdir(mode=0o700)
    return place_of_state


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Read the papers of all installed packages once, not for every sandbox: again where a folder of them changes."""

    @functools.cache
    def found(group: str, folders: tuple[tuple[str, int], ...]) -> EntryPoints:
        return entry_points(group=group)

    def look(group: str) -> EntryPoints:
        folders = [path for path in sys.path if os.path.isdir(path or ".")]
        return found(group, tuple((path, os.stat(path or ".").st_mtime_ns) for path in folders))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(extensions, "entry_points", look)
        yield


@pytest.fixture(scope="session", autouse=True)
def in_a_hurry() -> Iterator[None]:
    """Make the prints of a morning once for each seed: a thousand tests open the same exchange."""
    prints: dict[tuple[object, ...], tuple[Trade, ...]] = {}
    make = books.opening_prints

    def opening_prints(bourse: Bourse, seed: str, instrument: Instrument, day: Day, today: dt.date) -> Sequence[Trade]:
        key = (seed, instrument, today)
        if key not in prints:
            prints[key] = tuple(make(bourse, seed, instrument, day, today))
        return list(prints[key])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(http, "PAUSE_SECONDS", 0.02)  # no test is about the rest before a query is asked again
        patched.setattr(books, "opening_prints", opening_prints)
        yield


@pytest.fixture(autouse=True)
def own_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the process a sandbox and journals in memory anew: what other tests traded there must not show."""
    own: list[sandboxes.Sandbox] = []
    monkeypatch.setattr(sandboxes, "_shared", own)
    monkeypatch.setattr(journal, "_in_memory", WeakValueDictionary())
    yield
    for sandbox in own:
        sandbox.close()
