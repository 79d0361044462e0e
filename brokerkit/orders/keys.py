"""The caller's own key of an order: one key, one order, however often the program runs again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from brokerkit.errors import InvalidRequest, OrderBlocked
from brokerkit.orders.again import Again
from brokerkit.orders.intents import OPEN, STANDING, Intent, IntentState

_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
FREE = frozenset({IntentState.REJECTED, IntentState.NOT_SENT})
"""What of a key is in one of these, does not hold up the next try."""


def check_key(key: object) -> str | None:
    """Return a key that can be kept, None for none; InvalidRequest for any other."""
    if key is None or (isinstance(key, str) and _KEY.fullmatch(key)):
        return key
    # What it says is not told: it may be a secret that was given for a key.
    what = type(key).__name__
    if isinstance(key, str):
        what = f"A text of {len(key)} characters" if key else "An empty text"
    raise InvalidRequest(
        f"{what} is no key of an order.",
        advice="Nothing was sent. A key has up to 64 letters, digits, and _ . : -",
    )


def client_key(intent: Intent) -> str:
    """Return what brokers are told that take an order key of the client's own: the same for every try under a key."""
    return hashlib.sha256(intent.key.encode()).hexdigest()[:32] if intent.key else intent.id


def standing(intent: Intent, known: Sequence[Intent]) -> Intent | None:
    """Return what stands under the key of an intent, None if nothing does; InvalidRequest if it was for another order.

    `known` is everything that was ever written down under that key.
    """
    for each in known:
        if _meant(each) != _meant(intent) or (
            None not in (each.terms, intent.terms) and _called(each) != _called(intent)
        ):
            raise InvalidRequest(
                f"The key {intent.key} is that of another order: {each.what} ({each.id}).",
                advice="Nothing was sent. A key names one order for ever: give this one a key of its own.",
            )
    found = [each for each in known if each.state in STANDING]
    return found[-1] if found else None


def check_unused(intent: Intent, known: Sequence[Intent], again: Again | None) -> None:
    """Raise unless an intent may be sent under its key now; `again`: it is sent again for its previous one."""
    standing(intent, known)
    for each in known:
        if each.state in FREE or (intent.previous is not None and _may_be_passed(intent, each, again or Again())):
            continue
        if each.state in STANDING:
            raise OrderBlocked(f"{each.what} stands as order {each.order_id}, under the key {intent.key}.", advice=SAME)
        if each.state in OPEN:
            words = f"{each.what} is {each.state} and may stand, under the key {intent.key} ({each.id})."
            raise OrderBlocked(words, advice=LOOK)
        words = f"{each.what} is {each.state}: it may still appear, under the key {intent.key} ({each.id})."
        raise OrderBlocked(words, advice=RESUBMIT if each.api is None else CALL_AGAIN)


SAME = "Nothing was sent. The same call without a change answers it."
LOOK = "Nothing was sent. Call reconcile(), look at the broker's own list, or decide with resolve()."
CALL_AGAIN = "Nothing was sent. If it is to be sent again all the same, call it under another key."
RESUBMIT = "Nothing was sent. If it is to be sent again all the same, call resubmit(), which keeps the key."


def _may_be_passed(intent: Intent, each: Intent, again: Again) -> bool:
    """Say whether an order may be sent again although this one has its key: `check_again` judges the one it names."""
    if each.id == intent.previous or each.state not in OPEN | STANDING:
        return True
    # Who accepts a risk accepts what was known by then, not another who sends it at the same moment.
    return again.accept_risk and each.id in again.known


def _meant(intent: Intent) -> tuple[object, ...]:
    """Return what makes two calls the same one."""
    request = intent.request
    named = intent.order.handle if intent.order is not None else None
    terms = request and (request.type, request.time_in_force, request.venue, request.stop_price)
    meant = intent.kind, intent.market, intent.symbol, intent.side, intent.quantity, intent.price, intent.until
    return *meant, terms, named


def _called(intent: Intent) -> tuple[object, ...]:
    """Return what makes two calls by the broker's own fields the same one: these say more than a verb does."""
    return intent.api, intent.names, intent.terms
