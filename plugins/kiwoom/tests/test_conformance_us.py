"""The contract of brokerkit in the US, for this adapter."""

import pytest

from brokerkit.testing import UsConformance


class TestUs(UsConformance):
    broker = "kiwoom"


@pytest.mark.slow
class TestUsDemo(UsConformance):
    broker = "kiwoom"
    environment = "demo"
