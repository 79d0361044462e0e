"""The kit of those who write adapters: what its checks need, and adapters that no distribution brings."""

from __future__ import annotations

import pytest

from brokerkit import OrderType, TimeInForce, UnknownBroker, Unsupported, Venue, get_broker, installed_brokers
from brokerkit.sandbox import Sandbox
from brokerkit.testing.declared import Declared, needs, needs_of
from brokerkit.testing.inside import installed
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace


def test_an_adapter_is_found_that_no_distribution_brings() -> None:
    before = installed_brokers()
    with installed(LikeAdapter, LikeFace):
        assert installed_brokers() == tuple(sorted([*before, "lslike"]))
        with Sandbox() as sandbox, get_broker("lslike", environment="sandbox", sandbox=sandbox) as broker:
            assert broker.quote("005930").price == sandbox.exchange.quote("005930").price
    assert installed_brokers() == before
    with pytest.raises(UnknownBroker):
        get_broker("lslike", environment="sandbox")


def test_what_is_needed_and_not_declared_is_named() -> None:
    @needs("cancel", types=[OrderType.STOP_LIMIT], times=[TimeInForce.IOC], venues=[Venue.SOR], parts=["amend"])
    def check() -> None:
        """Check nothing."""

    declared = Declared(LikeAdapter, "real")
    wanted = needs_of(check)
    assert declared.lacks(wanted) == "not declared: amend of a part, STOP_LIMIT, orders at SOR"
    assert declared.lacks(needs_of(needs)) is None


def test_a_part_of_an_order_is_changed_only_where_that_is_declared() -> None:
    with installed(LikeAdapter, LikeFace), get_broker("lslike", environment="sandbox") as broker:
        (offered,) = broker.capabilities()
        assert offered.changes_parts == ("cancel",)
        order = broker.buy("005930", 5, price=broker.order_book("005930").bids[-1].price)
        seen = list(broker.journal.everything())
        with pytest.raises(Unsupported, match="no part"):
            broker.amend(order, quantity=2, price=broker.order_book("005930").bids[-2].price)
        assert list(broker.journal.everything()) == seen
