"""Calls that are delayed on their way are not too fast for the broker."""

from __future__ import annotations

import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from brokerkit import get_broker
from brokerkit.sandbox import Sandbox
from proof.pace import Counting, Job, SlowLine, play


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_a_delay_of_the_first_order_makes_none_of_the_others_too_fast(name: str) -> None:
    delays: list[float] = []
    with Sandbox() as sandbox:
        face, keys = sandbox.face(name), sandbox.connect(name)
        face.window = window = Counting(5)
        line = SlowLine(urlsplit(keys.base_url).port or 0, lambda: delays.pop() if delays else 0.0)
        with (
            closing(line),
            get_broker(
                name,
                environment="sandbox",
                base_url=f"http://127.0.0.1:{line.port}",
                account=keys.account,
                app_key=keys.app_key,
                app_secret=keys.app_secret,
                options={"max_calls_per_second": 5},
            ) as broker,
        ):
            price = broker.quote("005930").lower_limit
            broker.buy("005930", 1, price=price)
            time.sleep(1.5)  # the window is free again
            delays.append(0.04)
            numbers = [broker.buy("005930", 1, price=price).id for _ in range(11)]
    assert len(set(numbers)) == 11
    assert window.refused == []


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_delayed_calls_of_many_threads_are_never_too_fast(name: str) -> None:
    paced = play(Job(name, seed=5, threads=2, seconds=3.0, longest=0.3, keys=2))
    assert paced.calls >= 40
    assert (paced.refused, paced.failed) == ([], [])
