"""The levels of a book as both sockets tell them: ten a side, what changed since the last frame, and the sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from .numbers import signed, whole

N = TypeVar("N", int, Decimal)
Levels = Sequence[tuple[N, N]]
"""Price and size of the levels of a side, the best first."""
_RANKS = range(10)
_ASKS, _BIDS = (41, 121), (51, 125)
"""FID of the best price, and of the sum."""


def level_fields(
    asks: Levels[N], bids: Levels[N], former: tuple[Levels[N], Levels[N]], price_text: Callable[[N | None], str]
) -> dict[str, str]:
    """Return the fields of both sides; `price_text` writes a price, and that of a level where nobody waits."""
    values: dict[str, str] = {}
    for (first, total), levels, old in ((_ASKS, asks, former[0]), (_BIDS, bids, former[1])):
        for rank in _RANKS:
            price = levels[rank][0] if rank < len(levels) else None
            values[str(first + rank)] = price_text(price)
            values[str(first + 20 + rank)] = whole(_size(levels, rank))
            values[str(first + 40 + rank)] = signed(_size(levels, rank) - _size(old, rank))
        values[str(total)] = whole(sum_of(levels))
        values[str(total + 1)] = signed(sum_of(levels) - sum_of(old))
    return values


def sum_of(levels: Levels[N]) -> N | int:
    """Return the size of all levels."""
    return sum(size for _, size in levels)


def _size(levels: Levels[N], rank: int) -> N | int:
    return levels[rank][1] if rank < len(levels) else 0
