"""Who trades at the exchange: member firms (회원사), among whom all that was traded of a symbol today is divided."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from brokerkit.models import Member
from brokerkit.words import Side


@dataclass(frozen=True)
class Firm:
    """A member firm."""

    code: str
    """Its number at the exchange."""
    name: str
    is_foreign: bool = False


FIRMS = (
    Firm("001", "모의교보"),
    Firm("002", "모의신한"),
    Firm("003", "모의한국"),
    Firm("004", "모의대신"),
    Firm("005", "모의미래"),
    Firm("006", "모의신영"),
    Firm("012", "모의NH"),
    Firm("030", "모의삼성"),
    Firm("033", "모의외국1", is_foreign=True),
    Firm("036", "모의외국2", is_foreign=True),
    Firm("045", "모의외국3", is_foreign=True),
    Firm("050", "모의우리"),
)
SHOWN = 5


def traded(seed: str, side: Side, volume: int) -> list[Member]:
    """Return what each firm has bought or sold of a volume, the largest first; together they have all of it."""
    random = Random(f"{seed}/members/{side}")  # noqa: S311 - repeatable on purpose
    weights = sorted(((random.uniform(0.5, 8), firm) for firm in FIRMS), key=lambda each: -each[0])
    total = sum(weight for weight, _ in weights)
    shares = [int(volume * weight / total) for weight, _ in weights]
    shares[0] += volume - sum(shares)
    return [
        Member(code=firm.code, name=firm.name, quantity=Decimal(quantity), is_foreign=firm.is_foreign)
        for (_, firm), quantity in zip(weights, shares, strict=True)
        if quantity
    ]


def of_foreigners(members: list[Member]) -> Decimal:
    """Return what the foreign firms have of it."""
    return sum((member.quantity for member in members if member.is_foreign), Decimal(0))
