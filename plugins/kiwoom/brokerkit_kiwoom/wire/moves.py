"""Words of the cash ledger: what moved the cash, and which way."""

from __future__ import annotations

from brokerkit.words import TransactionKind

KINDS = {
    "입금": TransactionKind.DEPOSIT,
    "출금": TransactionKind.WITHDRAWAL,
    "매수": TransactionKind.PURCHASE,
    "매도": TransactionKind.SALE,
}
EXCHANGE = "환전"
"""Of an exchange of currencies they say what was done with the foreign one, and which one that is differs."""


def _told(words: str) -> set[TransactionKind]:
    return set() if EXCHANGE in words else {kind for word, kind in KINDS.items() if word in words}


def kind_of(words: str, *, has_symbol: bool) -> TransactionKind:
    """Return what moved the cash; only words that are understood say so. A trade has a symbol."""
    told = _told(words)
    kind = told.pop() if len(told) == 1 else TransactionKind.OTHER
    is_trade = kind in (TransactionKind.PURCHASE, TransactionKind.SALE)
    return TransactionKind.OTHER if is_trade and not has_symbol else kind


def is_in(words: str) -> bool | None:
    """Say whether cash grew, None where the words do not tell."""
    ways = {kind in (TransactionKind.DEPOSIT, TransactionKind.SALE) for kind in _told(words)}
    return ways.pop() if len(ways) == 1 else None
