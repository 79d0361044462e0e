"""The broker of another shape keeps the contract: with what it lacks declared, and where it differs said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brokerkit.testing import BrokerConformance
from brokerkit.testing.inside import installed
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace


@pytest.fixture(autouse=True, scope="module")
def known() -> Iterator[None]:
    with installed(LikeAdapter, LikeFace):
        yield


class TestConformance(BrokerConformance):
    broker = "lslike"
