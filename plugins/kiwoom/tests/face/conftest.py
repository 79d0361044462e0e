"""One server, and customers of both hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugins.kiwoom.tests.face.customers import Customer, Street


@pytest.fixture(scope="session")
def street() -> Iterator[Street]:
    opened = Street()
    yield opened
    opened.close()


@pytest.fixture
def customer(street: Street) -> Customer:
    return Customer(street)


@pytest.fixture
def tester(street: Street) -> Customer:
    return Customer(street, "demo")
