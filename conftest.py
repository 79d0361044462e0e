"""What every test of this repository gets: a place of its own for journals and the kill switch."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep what a test writes down away from the user's own state, and from that of other tests."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(folder))
    return folder
