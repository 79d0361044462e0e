"""Other users of a machine, as far as a test can have one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

STRANGER = 54_321
posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no file modes")


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file or link that of another user: root gives it away, anybody else becomes somebody else."""
    if os.getuid() == 0:
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "getuid", lambda: STRANGER)
