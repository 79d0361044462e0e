"""What an assertion says: pytest makes it of the source, if it is told to before a module is imported."""

from __future__ import annotations

import pkgutil
import sys
from pathlib import Path

import pytest

PACKAGE = __name__.rpartition(".")[0]


def rewrite_assertions() -> None:
    """Let pytest rewrite the modules of the kit that are not imported yet; without effect where it does not run."""
    modules = (f"{PACKAGE}.{module.name}" for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    pytest.register_assert_rewrite(*(name for name in modules if name not in sys.modules))
