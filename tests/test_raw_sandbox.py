"""What the sandbox answers where no exchange stands behind it: made up in the shape that the catalogue tells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brokerkit import Broker, get_broker
from brokerkit.sandbox import Sandbox

MARKET = "FID_COND_MRKT_DIV_CODE"


@pytest.fixture(scope="module", params=["kis", "kiwoom"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with Sandbox() as sandbox:
        keys = sandbox.connect(request.param)
        given = {name: getattr(keys, name) for name in ("base_url", "app_key", "app_secret", "account")}
        yield get_broker(request.param, environment="sandbox", **given)


def test_what_no_exchange_plays_is_marked_and_the_same_each_time(broker: Broker) -> None:
    called, fields = {
        "kis": ("domestic_futureoption/inquire_price", {MARKET: "F", "FID_INPUT_ISCD": "101W09"}),
        "kiwoom": (
            "ka10060",
            {"dt": "20261127", "stk_cd": "005930", "amt_qty_tp": "1", "trde_tp": "0", "unit_tp": "1"},
        ),
    }[broker.name]
    first, again = (broker.call(called, fields) for _ in range(2))
    assert {name: [dict(row) for row in rows] for name, rows in first.blocks.items()} == {
        name: [dict(row) for row in rows] for name, rows in again.blocks.items()
    }
