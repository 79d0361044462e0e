"""Every order type, venue by venue and phase by phase, shared: the code that goes out, or nothing at all."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import pytest

from brokerkit.errors import Unsupported
from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED, STOPS
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from tests.adapters.kit import Kit, table

Wanted = tuple[OrderType, TimeInForce]
Codes = dict[tuple[Venue, Phase], dict[Wanted, str]]
KINDS = {
    "limit": OrderType.LIMIT,
    "market": OrderType.MARKET,
    "to-close": OrderType.LIMIT_TO_MARKET_ON_CLOSE,
    "opposite": OrderType.BEST_OPPOSITE,
    "same-side": OrderType.BEST_SAME_SIDE,
    "middle": OrderType.MIDPOINT,
    "stop": OrderType.STOP_LIMIT,
    "before": OrderType.PRE_OPEN_CLOSING_PRICE,
    "after": OrderType.AFTER_CLOSE_CLOSING_PRICE,
    "single": OrderType.SINGLE_PRICE,
}
TIMES = {**TimeInForce.__members__, "GTP": TimeInForce.GOOD_TILL_PRE_MARKET}
EVERYTHING = list(itertools.product(OrderType, TimeInForce))
EVERYWHERE = list(itertools.product(KOREA.venues, Phase))


def read(text: str) -> dict[Wanted, str]:
    """Read `limit DAY 00 IOC 11; market DAY 01`."""
    codes = {}
    for line in text.split(";"):
        kind, *pairs = line.split()
        for time, code in zip(pairs[::2], pairs[1::2], strict=True):
            codes[KINDS[kind], TIMES[time]] = code
    return codes


def open_at(connect: Any, phase: Phase, plays: str = "real") -> Any:
    """Return an account in a phase of the market, that has all that it needs before an order."""
    wire = connect("sandbox", plays=plays, phase=phase).logged_in()
    wire.broker.account()
    wire.calls.clear()
    return wire


def send(wire: Any, venue: Venue, wanted: Wanted, side: Side = Side.BUY) -> Any:
    """Order ten shares of a type for a time."""
    kind, time = wanted
    verb = wire.broker.buy if side is Side.BUY else wire.broker.sell
    return verb(
        "005930",
        10,
        type=kind,
        time_in_force=time,
        venue=venue,
        price=70000 if kind in PRICED else None,
        stop_price=71000 if kind in STOPS else None,
    )


class OrderTypeKit(Kit):
    """Order types. `codes` is complete: what is not in it is not offered."""

    codes: ClassVar[Codes]
    places: ClassVar[list[tuple[Venue, Phase]]]
    """Its keys."""
    code_field: ClassVar[str]
    venue_field: ClassVar[str]
    closed: ClassVar[frozenset[str]] = frozenset()
    """Codes that are not sent while the market is closed."""
    without_code: ClassVar[frozenset[TimeInForce]] = frozenset()
    """Times in force for which the broker has no code at any venue."""
    demo_buy: ClassVar[str]
    """The id of a buy in the demo environment."""

    def body(self, wanted: Wanted, venue: Venue, code: str) -> dict[str, str]:
        """Return the body of an order for ten shares."""
        raise NotImplementedError

    def offered(self, venue: Venue) -> dict[Wanted, str]:
        """Return what a venue takes at any time."""
        return {wanted: code for (at, _), codes in self.codes.items() if at is venue for wanted, code in codes.items()}

    @table(("venue", "phase"), "places", ids=str)
    @pytest.mark.parametrize("side", Side)
    def test_every_type_goes_out_with_its_own_code_price_and_venue(
        self, connect: Any, side: Side, venue: Venue, phase: Phase
    ) -> None:
        wire = open_at(connect, phase)
        for wanted, code in self.codes[venue, phase].items():
            wire.calls.clear()
            order = send(wire, venue, wanted, side)
            (call,) = wire.calls
            id = wire.ids["buy" if side is Side.BUY else "sell"]
            assert (call.id, call.body) == (id, self.body(wanted, venue, code))
            assert (order.type, order.time_in_force, order.venue) == (*wanted, venue)

    @pytest.mark.parametrize(("venue", "phase"), EVERYWHERE, ids=str)
    def test_what_a_venue_does_not_take_in_a_phase_names_what_it_takes_and_sends_nothing(
        self, connect: Any, venue: Venue, phase: Phase
    ) -> None:
        wire = connect("sandbox", plays="real", phase=phase)
        taken = self.offered(venue) if phase is Phase.CLOSED else self.codes.get((venue, phase), {})
        others = taken or self.codes[venue, Phase.REGULAR]
        for wanted in EVERYTHING:
            if wanted in taken:
                continue
            with pytest.raises(Unsupported, match="Nothing was sent") as caught:
                send(wire, venue, wanted)
            advice = caught.value.advice or ""
            if phase is not Phase.CLOSED and wanted[1] not in self.without_code:
                named = {each.strip() for each in advice.partition(":")[2].rstrip(".").split(",")}
                mine = {f"{kind} {time}" for kind, time in others}
                assert named >= mine
                assert {each.rpartition(" ")[2] for each in named - mine} <= self.without_code
        assert wire.calls == []

    @pytest.mark.parametrize("venue", KOREA.venues)
    def test_when_the_market_is_closed_the_broker_is_left_to_say_so(self, connect: Any, venue: Venue) -> None:
        wire = open_at(connect, Phase.CLOSED)
        offered = self.offered(venue)
        for wanted in offered:
            send(wire, venue, wanted)
        assert len(wire.calls) == len(offered)
        sent = {call.body[self.code_field] for call in wire.calls}
        assert sent == {code for codes in self.of_the_day(venue) for code in codes.values()}

    def of_the_day(self, venue: Venue) -> list[dict[Wanted, str]]:
        """Return the codes of a venue that are sent while it is closed."""
        found = [codes for (at, _), codes in self.codes.items() if at is venue]
        return [codes for codes in found if self.closed.isdisjoint(codes.values())]

    @pytest.mark.parametrize("phase", Phase)
    @pytest.mark.parametrize("venue", [Venue.NXT, Venue.SOR])
    def test_demo_knows_krx_only_and_sends_nothing_elsewhere(self, connect: Any, venue: Venue, phase: Phase) -> None:
        wire = connect("sandbox", plays="demo", phase=phase)
        for wanted in EVERYTHING:
            with pytest.raises(Unsupported):
                send(wire, venue, wanted)
        with pytest.raises(Unsupported, match="Offered here: KRX"):
            wire.broker.cancel(wire.order(venue=venue))
        with pytest.raises(Unsupported, match="Offered here: KRX"):
            wire.broker.amend(wire.order(venue=venue), price=69000)
        assert wire.calls == []

    def test_demo_has_the_same_codes(self, connect: Any) -> None:
        wire = open_at(connect, Phase.REGULAR, "demo")
        for wanted, code in self.codes[Venue.KRX, Phase.REGULAR].items():
            wire.calls.clear()
            send(wire, Venue.KRX, wanted)
            (call,) = wire.calls
            assert call.id == self.demo_buy
            assert (call.body[self.code_field], call.body[self.venue_field]) == (code, "KRX")

    @pytest.mark.parametrize(
        ("kind", "time", "venue"),
        [
            (OrderType.MARKET, TimeInForce.DAY, Venue.NXT),
            (OrderType.LIMIT_TO_MARKET_ON_CLOSE, TimeInForce.DAY, Venue.NXT),
            (OrderType.MIDPOINT, TimeInForce.DAY, Venue.SOR),
            (OrderType.STOP_LIMIT, TimeInForce.DAY, Venue.SOR),
            (OrderType.LIMIT, TimeInForce.GOOD_TILL_PRE_MARKET, Venue.KRX),
            *((OrderType.SINGLE_PRICE, TimeInForce.DAY, venue) for venue in KOREA.venues),
        ],
    )
    def test_nothing_is_quietly_replaced_by_what_is_near_to_it(
        self, wire: Any, kind: OrderType, time: TimeInForce, venue: Venue
    ) -> None:
        with pytest.raises(Unsupported, match=f"{kind} {time}"):
            send(wire, venue, (kind, time))
        assert wire.calls == []

    def test_order_of_an_unknown_type_can_be_cancelled_but_not_amended(self, wire: Any) -> None:
        with pytest.raises(Unsupported, match="type"):
            wire.broker.amend(wire.order(type=None), price=69000)
        assert wire.calls == []
        wire.broker.cancel(wire.order(type=None))
        assert len(wire.asked("cancel")) == 1

    def test_amendment_of_a_stop_order_is_not_sent_because_its_stop_price_is_not_known(self, wire: Any) -> None:
        with pytest.raises(Unsupported, match="STOP_LIMIT") as caught:
            wire.broker.amend(wire.order(type=OrderType.STOP_LIMIT), price=69000)
        assert "cancel" in (caught.value.advice or "")
        assert wire.calls == []
