"""When an order may be sent again, and what has to be known before another one goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from brokerkit.errors import InvalidRequest, OrderBlocked
from brokerkit.orders.intents import OPEN, STANDING, Intent, IntentState


@dataclass(frozen=True)
class Again:
    """What somebody knew who lets an order be sent again."""

    accept_risk: bool = False
    """Send it although what was known by then may stand."""
    known: frozenset[str] = frozenset()
    """What it was sent again as before."""


def check_again(old: Intent, later: Iterable[Intent], again: Again) -> None:
    """Raise unless an order may be sent again: InvalidRequest if it stands, OrderBlocked if that is not known."""
    if old.state in STANDING:
        raise InvalidRequest(f"{old.what} stands as order {old.order_id}.", advice="Nothing was sent.")
    if old.state in OPEN and (not again.accept_risk or old.state is IntentState.SENDING):
        raise OrderBlocked(
            f"{old.what} is {old.state}: it may stand, and would then be placed twice.",
            advice="Nothing was sent. reconcile() and resolve() decide; accept_risk=True sends it all the same.",
        )
    for each in later:
        # Who accepts a risk accepts what was known by then, not another who sends it at the same moment.
        if each.state in STANDING | OPEN and not (again.accept_risk and each.id in again.known):
            raise OrderBlocked(
                f"{old.what} was sent again already, as {each.id}, which is {each.state}.",
                advice="Nothing was sent. Name that intent; accept_risk=True sends this one all the same.",
            )


def blocked_by(others: Iterable[Intent], intent: Intent) -> OrderBlocked:
    """Return the error for an intent that has to wait for others."""
    # What stands in front is no text: each of the list is told by itself, whatever it says.
    named = "; ".join(f"{other.state} ({other.id}): {other.what}" for other in others)
    return OrderBlocked(
        f"{intent.what} has to wait until this is settled: {named}.",
        advice="Nothing was sent. Call reconcile(), look at the broker's own list, or decide with resolve().",
    )
