"""The grammar of Korean symbols: the six characters of the exchange's code, and nothing else."""

from __future__ import annotations

import re

from brokerkit.errors import InvalidRequest, Unsupported

_SYMBOL = re.compile(r"[0-9][0-9A-Z]{5}")
_FOREIGN = re.compile(r"[A-Za-z]{2,}:.+", re.DOTALL)
_KIND_LETTER = re.compile(r"[AQJ]([0-9][0-9A-Z]{5})")
_VENUE_SUFFIX = re.compile(r"([0-9][0-9A-Z]{5})_[A-Z]+")
_EXAMPLE = "Give the six characters of the exchange's code as text, for example '005930'."


def is_symbol(text: str) -> bool:
    """Say whether a text is a symbol as brokerkit writes it, of Korea or of another country."""
    return bool(_SYMBOL.fullmatch(text) or _FOREIGN.fullmatch(text))


def check_symbol(symbol: object) -> str:
    """Return the symbol if it is a Korean exchange's plain code, else raise InvalidRequest with a hint.

    A symbol of another country such as `NASDAQ:AAPL` is Unsupported.
    """
    if not isinstance(symbol, str):
        raise InvalidRequest(f"The symbol {symbol!r} is not text. {_hint_for_number(symbol)}")
    if _SYMBOL.fullmatch(symbol):
        return symbol
    if _FOREIGN.fullmatch(symbol):
        raise Unsupported(f"{symbol!r}: symbols outside Korea are not offered yet, only codes such as '005930'.")
    raise InvalidRequest(f"{symbol!r} is not a symbol. {_hint(symbol)}")


def _hint_for_number(symbol: object) -> str:
    if isinstance(symbol, int) and not isinstance(symbol, bool) and 0 <= symbol <= 999_999:
        return f"A number loses its leading zeros: give '{symbol:06d}'."
    return _EXAMPLE


def _hint(symbol: str) -> str:
    if spelled := _VENUE_SUFFIX.fullmatch(symbol):
        return f"Give the plain code '{spelled[1]}' and say the venue with venue=."
    if spelled := _KIND_LETTER.fullmatch(symbol):
        return f"Give the plain code '{spelled[1]}', without the letter in front."
    if _SYMBOL.fullmatch(symbol.strip()):
        return f"Give it without blanks: '{symbol.strip()}'."
    if _SYMBOL.fullmatch(symbol.upper()):
        return f"Letters are capitals: give '{symbol.upper()}'."
    return _EXAMPLE
