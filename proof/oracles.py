"""What must never be: the exchange, which knows the truth, compared with the journal and with what was reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from brokerkit.orders.intents import STANDING, UNRESOLVED, Confidence, Intent, IntentKind, IntentState, key_of
from brokerkit.orders.listing import chain_of
from brokerkit.sandbox.exchange import ExchangeOrder

NOT_STANDING = frozenset({IntentState.NOT_SENT, IntentState.REJECTED})
ABSENT = frozenset({IntentState.PRESUMED_ABSENT, IntentState.ABSENT_DAY_CLOSED})
ACTIONS = {
    IntentKind.ORDER: "NEW",
    IntentKind.AMEND: "AMEND",
    IntentKind.CANCEL: "CANCEL",
    IntentKind.RAW: "NEW",  # no raw call of the proof changes an order that its journal does not know
}


@dataclass(frozen=True)
class Seen:
    """All that was seen of an account, on both sides."""

    truth: Mapping[str, ExchangeOrder]
    """Rows of the exchange by their number."""
    journal: Iterable[Intent]
    unresolved: frozenset[str]
    """Ids of the intents that the library reports as unresolved."""
    reported: frozenset[str] = frozenset()
    """Numbers of the orders that the library reported as somebody else's."""
    foreign: frozenset[str] = frozenset()
    """Numbers of the orders that somebody else did place."""
    posts: Mapping[str, int] = field(default_factory=dict)
    """How many requests of an intent the server saw, by its id."""
    strays: int = 0
    """Requests that the server saw while nothing was written into the journal."""
    own: Mapping[str, str] = field(default_factory=dict)
    """The number that the exchange gave to an intent, by its id, where that is known for certain."""


@dataclass(frozen=True)
class Violations:
    """What was found, each in words. All must be empty, but where the assumptions are broken on purpose."""

    duplicated: tuple[str, ...]
    """Sent twice, sent without being written down, or one number for two intents."""
    lost: tuple[str, ...]
    """Stands at the exchange, and neither the journal nor a report says so."""
    denied: tuple[str, ...]
    """Stands at the exchange, and the journal says that it was refused, not sent or is absent."""
    imagined: tuple[str, ...]
    """Stands in the journal, and not at the exchange."""
    wrong: tuple[str, ...]
    """Taken for another order than it is."""
    wrong_probable: tuple[str, ...]
    """Taken for another order that is just like it, and said to be only probable."""
    hidden: tuple[str, ...]
    """Not known, and not reported as unresolved."""
    slandered: tuple[str, ...]
    """Ours, and reported as somebody else's."""


def violations(seen: Seen) -> Violations:
    """Return everything in which the journal and the reports are not true."""
    journal = list(seen.journal)
    standing = {intent.id: key for intent in journal if intent.state in STANDING and (key := key_of(intent.order_id))}
    matched = [(intent, seen.truth[standing[intent.id]]) for intent in journal if standing.get(intent.id) in seen.truth]
    mistaken = [(intent, _is_guess(intent, row)) for intent, row in matched if _is_mistaken(intent, row, seen)]
    return Violations(
        duplicated=(
            *(f"{seen.posts[intent.id]} requests: {intent.what}" for intent in journal if _posts(intent, seen) > 1),
            *[f"{seen.strays} requests that the journal knows nothing of"][: seen.strays],
            *(f"number {number} {times} times" for number, times in Counter(standing.values()).items() if times > 1),
        ),
        lost=tuple(_lost(journal, standing, seen)),
        denied=tuple(f"{_said(intent)}, and stands as {seen.own[intent.id]}" for intent in _denied(journal, seen)),
        imagined=tuple(
            _said(intent)
            for intent in journal
            if intent.state in STANDING and (intent.id not in standing or standing[intent.id] not in seen.truth)
        ),
        wrong=tuple(_said(intent) for intent, is_guess in mistaken if not is_guess),
        wrong_probable=tuple(_said(intent) for intent, is_guess in mistaken if is_guess),
        hidden=tuple(
            _said(intent)
            for intent in journal
            if intent.state in UNRESOLVED | {IntentState.SENDING} and intent.id not in seen.unresolved
        ),
        slandered=tuple(f"order {number}" for number in sorted(seen.reported - seen.foreign)),
    )


def _posts(intent: Intent, seen: Seen) -> int:
    return seen.posts.get(intent.id, 0)


def _said(intent: Intent) -> str:
    return f"{intent.what} is {intent.state} {intent.order_id or ''} ({intent.evidence[-1] if intent.evidence else ''})"


def _lost(journal: Iterable[Intent], standing: Mapping[str, str], seen: Seen) -> Iterable[str]:
    """Yield the rows of the exchange that nothing points at."""
    open_ones = [intent for intent in journal if intent.state in UNRESOLVED and intent.id in seen.unresolved]
    told = {key for intent in open_ones for sighting in intent.sightings[-1:] for key in sighting.fitting}
    told |= {key for intent in open_ones for sighting in intent.sightings[-1:] for key in sighting.unexplained}
    # An attempt that is reported as unresolved is not lost, whether or not a list has shown it yet.
    told |= {seen.own[intent.id] for intent in open_ones if intent.id in seen.own}
    for number in seen.truth.keys() - set(standing.values()) - seen.reported - told:
        row = seen.truth[number]
        yield f"{row.action} {number} of {row.quantity:f} {row.request.symbol}"


def _denied(journal: Iterable[Intent], seen: Seen) -> Iterable[Intent]:
    return (intent for intent in journal if intent.state in NOT_STANDING | ABSENT and intent.id in seen.own)


def _is_mistaken(intent: Intent, row: ExchangeOrder, seen: Seen) -> bool:
    """Say whether an intent is taken for an order that it is not."""
    number = str(row.number)
    others = {own for other, own in seen.own.items() if other != intent.id}
    return number in seen.foreign | others or seen.own.get(intent.id, number) != number or not is_like(intent, row)


def _is_guess(intent: Intent, row: ExchangeOrder) -> bool:
    """Say whether an intent was matched with what could be it, and is called no more than that."""
    return intent.confidence is Confidence.PROBABLE and is_like(intent, row)


def is_like(intent: Intent, row: ExchangeOrder) -> bool:
    """Say whether a row is what the intent asked for."""
    request = row.request
    if (ACTIONS[intent.kind], intent.symbol, intent.side) != (row.action, request.symbol, request.side):
        return False
    if intent.quantity not in (None, row.quantity):
        return False
    if intent.kind is not IntentKind.CANCEL and intent.price != request.price:
        return False
    if intent.kind is IntentKind.RAW:
        return True
    if intent.kind is IntentKind.ORDER:
        return intent.request is not None and intent.request.type is request.type
    return str(row.original) in chain_of(intent)
