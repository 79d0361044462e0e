"""What an adapter says that it can do, and checks that need some of it: where it is not declared they are skipped.

What is skipped is demanded elsewhere: what is not declared raises Unsupported, and nothing is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from brokerkit.adapter import Adapter
from brokerkit.asking.inquiries import HOOKS, INDICES, offers
from brokerkit.market.markets import market_named
from brokerkit.models import Position, Quote
from brokerkit.part import OrderTerms, Part
from brokerkit.stream.topics import StreamKind
from brokerkit.symbols import HOME
from brokerkit.words import OrderType, TimeInForce, Venue

if TYPE_CHECKING:
    from brokerkit.sandbox.face import Face

Check = TypeVar("Check", bound=Callable[..., None])


@dataclass(frozen=True)
class Needs:
    """What a check needs of an adapter."""

    verbs: tuple[str, ...] = ()
    types: tuple[OrderType, ...] = ()
    times: tuple[TimeInForce, ...] = ()
    """Each of them with a limit price."""
    venues: tuple[Venue, ...] = ()
    """Venues of orders."""
    parts: tuple[str, ...] = ()
    """Verbs that have to take a part of an order."""
    streams: tuple[StreamKind, ...] = ()
    """What a stream has to tell, of any venue."""


def needs(
    *verbs: str,
    types: Iterable[OrderType] = (),
    times: Iterable[TimeInForce] = (),
    venues: Iterable[Venue] = (),
    parts: Iterable[str] = (),
    streams: Iterable[StreamKind] = (),
) -> Callable[[Check], Check]:
    """Mark a check of the kit as one that is skipped where an adapter does not declare all of this.

    `times` are needed for limit orders; `parts` are verbs that have to take a part of an order; `streams` are kinds of
    topics that a stream has to follow.
    """
    meant = Needs(verbs, tuple(types), tuple(times), tuple(venues), tuple(parts), tuple(streams))

    def mark(check: Check) -> Check:
        check.needs = meant  # type: ignore[attr-defined]
        return check

    return mark


def needs_of(check: object) -> Needs:
    """Return what a check needs."""
    found: Needs = getattr(check, "needs", Needs())
    return found


_DIFFERENCE = re.compile(
    r"(?:(?P<market>[A-Z]{2,6}):)?(?:(?P<environment>real|demo):)?(?P<name>\w+)(?:\[(?P<case>.*)\])?"
)


def named_in(difference: str) -> tuple[str, str]:
    """Return the market and the check that a declared difference names; what is not understood is taken for a check."""
    found = _DIFFERENCE.fullmatch(difference)
    return (HOME, difference) if found is None else (found["market"] or HOME, found["name"])


def difference_of(face: type[Face], market: str, environment: str, name: str, case: str) -> str | None:
    """Return why a check is declared to differ at a broker in a market and environment, None if it is not.

    What names no market is of the adapter's own.
    """
    for difference, reason in face.differences.items():
        found = _DIFFERENCE.fullmatch(difference)
        if found is None or found["name"] != name or found["environment"] not in (None, environment):
            continue
        if (found["market"] or HOME) != market:
            continue
        if found["case"] is None or fnmatchcase(case, found["case"]):
            return reason
    return None


@dataclass(frozen=True)
class Declared:
    """What the part of one of an adapter's markets declares in an environment; no broker is made for that."""

    adapter: type[Adapter]
    environment: str
    """Whose ids are used: "real" or "demo"."""
    market: str = ""
    """The adapter's own where none is named."""

    @property
    def home(self) -> str:
        """The market that is meant."""
        return self.market or self.adapter.home

    @property
    def is_home(self) -> bool:
        """Whether that is the adapter's own."""
        return self.home == self.adapter.home

    @property
    def part(self) -> type[Part[Any]]:
        """The part of that market."""
        return next(part for part in self.adapter.parts if part.market == self.home)

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verbs that are offered."""
        return tuple(verb for verb in HOOKS if offers(self.part, verb, self.environment))

    @property
    def order_venues(self) -> tuple[Venue, ...]:
        """Where orders can go."""
        return tuple(self.part.order_venues.get(self.environment, ()))

    @property
    def quote_venues(self) -> tuple[Venue, ...]:
        """Where quotes come from."""
        return tuple(self.part.quote_venues)

    @property
    def order_venue(self) -> Venue:
        """Where an order goes that is not about its venue: the market's default, else the part's first one."""
        return self._usual(self.order_venues)

    @property
    def quote_venue(self) -> Venue:
        """Where a quote comes from that is not about its venue: the market's default, else the part's first one."""
        return self._usual(self.quote_venues)

    @property
    def tells_kinds(self) -> bool:
        """Whether the broker tells what kind of security a symbol is."""
        return self.part.fills("security_type")

    @property
    def tells_limits(self) -> bool:
        """Whether quotes tell the highest and the lowest price of the day."""
        return not {"upper_limit", "lower_limit"} & set(self.part.not_told.get(Quote, ()))

    @property
    def tells_sellable(self) -> bool:
        """Whether the broker tells how much of a position can be sold."""
        return "sellable_quantity" not in self.part.not_told.get(Position, ())

    def streams(self, kind: StreamKind, venue: Venue | None = None) -> bool:
        """Say whether a stream follows a kind of topic, of a venue or of any."""
        if not self.is_home and kind in (StreamKind.INDEX, StreamKind.CONDITION):
            return False  # of the adapter's own market
        market = INDICES if kind is StreamKind.INDEX else self.home
        feed = self.adapter.feed_kind(market)
        return feed is not None and feed.offers(kind, market, venue, self.environment)

    def takes(self, terms: OrderTerms) -> bool:
        """Say whether an order type is declared with a time in force."""
        return terms in set(self.part.terms(self.environment))

    def lacks(self, wanted: Needs) -> str | None:
        """Return in words what is needed and not declared, None if nothing is."""
        day = TimeInForce.DAY
        missing = [
            *(verb for verb in wanted.verbs if verb not in self.verbs),
            *(f"{verb} of a part" for verb in wanted.parts if verb not in self.verbs or not self.takes_part(verb)),
            *(str(kind) for kind in wanted.types if not self.takes((kind, day))),
            *(str(time) for time in wanted.times if not self.takes((OrderType.LIMIT, time))),
            *(f"orders at {venue}" for venue in wanted.venues if venue not in self.order_venues),
            *(f"{kind.lower()} by stream" for kind in wanted.streams if not self.streams(kind)),
        ]
        return f"not declared: {'; '.join(missing)}" if missing else None

    def takes_part(self, verb: str) -> bool:
        """Say whether a change of an order can be one of a part of it."""
        return verb in self.part.changes_parts

    def _usual(self, venues: tuple[Venue, ...]) -> Venue:
        default = market_named(self.home).default_venue
        if default is None or (venues and default not in venues):
            return venues[0]
        return default
