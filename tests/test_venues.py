"""What a venue does not trade, asked for at every broker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brokerkit import Broker, UnknownSymbol, Venue, get_broker
from brokerkit.sandbox import Sandbox

FUND = "069500"
ASKS: dict[str, Callable[[Broker], object]] = {
    "quote": lambda broker: broker.quote(FUND, venue=Venue.NXT),
    "candles": lambda broker: broker.candles(FUND, count=2, venue=Venue.NXT),
    "minutes": lambda broker: broker.candles(FUND, "1m", count=2, venue=Venue.NXT),
    "trades": lambda broker: broker.trades(FUND, venue=Venue.NXT),
    "order book": lambda broker: broker.order_book(FUND, venue=Venue.NXT),
}


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
@pytest.mark.parametrize("asked", ASKS)
def test_a_symbol_that_only_krx_trades_is_told_with_the_venue_and_where_to_look(name: str, asked: str) -> None:
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        with pytest.raises(UnknownSymbol) as caught:
            ASKS[asked](broker)
        assert f"{FUND} at NXT" in str(caught.value)
        assert "instrument(symbol).nxt" in str(caught.value.advice)
        assert broker.instrument(FUND).nxt is False
