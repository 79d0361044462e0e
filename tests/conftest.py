"""What several modules of command tests get when they ask: a served sandbox, a terminal, a user without profiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import platformdirs
import pytest

from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from tests.profiles import FakeKeyring
from tests.program import BROKERS, Terminal, orders_at, write_profiles


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def environment(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables that name profiles of the sandbox."""
    return write_profiles(box, tmp_path_factory.mktemp("profiles"))


@pytest.fixture
def configured(box: Sandbox, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the commands of this process find the profiles; at the end the faces answer by themselves again."""
    for name, value in {**environment, "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    yield
    for broker in BROKERS:
        box.face(broker).before = None


@pytest.fixture
def rows(box: Sandbox) -> Callable[[str], list[ExchangeOrder]]:
    """Return a function that tells what the exchange has got of a broker since the test began."""
    before = {broker: len(orders_at(box, broker)) for broker in BROKERS}
    return lambda broker: list(orders_at(box, broker))[before[broker] :]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal() as made:
        yield made


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the user's configuration directory, which is not there yet; work in an empty folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "user")
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("BROKERKIT_CONFIG", "BROKERKIT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "user"


@pytest.fixture
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the commands of this process find no profile and no variable; work in an empty folder."""
    for variable in [variable for variable in os.environ if variable.startswith("BROKERKIT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    """Make a safe keyring the machine's."""
    backend = FakeKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    return backend
