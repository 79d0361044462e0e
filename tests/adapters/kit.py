"""What the shared tests of adapters have in common: classes whose tables each adapter fills with its facts."""

from __future__ import annotations

from typing import Any

import pytest


def table(names: str, attribute: str, **terms: Any) -> pytest.MarkDecorator:
    """Let a test run once for each row of a table that the adapter's class has."""
    return pytest.mark.table(names, attribute, **terms)


class Kit:
    """Tests that every adapter has to pass. A table that is not filled fails while they are collected."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give tests the rows of their tables."""
        for mark in metafunc.definition.iter_markers("table"):
            names, attribute = mark.args
            metafunc.parametrize(names, getattr(self, attribute), **mark.kwargs)
