"""How instruments are named: `[MARKET:]CODE`, one spelling each.

The prefix names the numbering space in which a code is unique, never the place where it trades: venues are parameters.
Korean stocks, funds and ELW have no prefix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from brokerkit.errors import InvalidRequest

HOME = "KR"
"""The market of symbols without a prefix: Korean stocks, funds and ELW."""
HOME_CURRENCY = "KRW"
"""Its currency."""
_EXAMPLE = "Give the six characters of the exchange's code as text, for example '005930'."


class Symbol(NamedTuple):
    """A symbol taken apart: the market that its prefix names, and the code that is unique there."""

    market: str
    code: str


@dataclass(frozen=True)
class Grammar:
    """How the codes of a market are written."""

    pattern: str
    """A regular expression for the whole code."""
    example: str
    """A symbol of this market, with its prefix."""


_GRAMMARS = {
    HOME: Grammar(r"[0-9][0-9A-Z]{5}", "005930"),
    "US": Grammar(r"[A-Z][A-Z0-9]{0,9}(?:[.\-][A-Z0-9]{1,6})?", "US:AAPL"),
    "HK": Grammar(r"[0-9]{5}", "HK:00700"),
    "JP": Grammar(r"[0-9][0-9A-Z]{3}", "JP:7203"),
    "VN": Grammar(r"[A-Z0-9]{3,8}", "VN:VNM"),
    "SH": Grammar(r"[0-9]{6}", "SH:600519"),
    "SZ": Grammar(r"[0-9]{6}", "SZ:000001"),
    "KRXD": Grammar(r"[A-Z0-9]{8}", "KRXD:A016C000"),
    "CME": Grammar(r"[A-Z0-9]{2,20}", "CME:ESZ26"),
    "EUREX": Grammar(r"[A-Z0-9]{2,20}", "EUREX:FGBLZ26"),
    "HKEX": Grammar(r"[A-Z0-9]{2,20}", "HKEX:HSIZ26"),
    "GOLD": Grammar(r"M[0-9]{8}", "GOLD:M04020000"),
    "BOND": Grammar(r"KR[0-9A-Z]{10}", "BOND:KR103502GA34"),
    "INDEX": Grammar(r"[A-Z0-9]{2,20}(?:-[A-Z0-9]{2,14})?", "INDEX:KOSPI"),
}
_OTHERS = dict.fromkeys(("KRX", "KOSPI", "KOSDAQ", "NXT", HOME), "") | dict.fromkeys(
    ("NASDAQ", "NYSE", "AMEX", "NAS", "NYS", "AMS", "NASD", "USA"), "US"
)
"""What others put in front of a code, and what belongs there."""
WHERE = {
    "": "The exchange is said with venue=, not in the symbol",
    "US": "Where it is listed is looked up, and not said in the symbol",
}
_PREFIXED = re.compile(r"([A-Za-z]{2,6}):(.{1,40})", re.DOTALL)
_CODE = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,19}")
_KIND_LETTER = re.compile(r"[AQJ]([0-9][0-9A-Z]{5})")
_VENUE_SUFFIX = re.compile(r"([0-9][0-9A-Z]{5})_[A-Z]+")


def register(market: str, grammar: Grammar) -> None:
    """Let symbols of a further market be read. What is known already stays as it is."""
    if not re.fullmatch("[A-Z]{2,6}", market):
        raise ValueError(f"{market!r} is no name of a market: two to six capital letters.")
    _GRAMMARS.setdefault(market, grammar)


def parse(symbol: object) -> Symbol:
    """Return market and code of a symbol; InvalidRequest for any other spelling, which names the right one."""
    if not isinstance(symbol, str):
        raise InvalidRequest(f"The symbol {symbol!r} is not text. {_hint_for_number(symbol)}")
    if found := _read(symbol):
        return found
    raise InvalidRequest(f"{symbol[:60]!r} is not a symbol. {_hint(symbol)}")


def check_symbol(symbol: object) -> str:
    """Return the symbol if it is one, of whatever market; InvalidRequest otherwise."""
    parse(symbol)
    return str(symbol)


def is_symbol(text: object) -> bool:
    """Say whether this is a symbol as brokerkit writes it, of whatever market."""
    return isinstance(text, str) and _read(text) is not None


def _read(text: str) -> Symbol | None:
    market, colon, code = text.partition(":")
    if not colon:
        market, code = HOME, text
    elif market == HOME:
        return None
    grammar = _GRAMMARS.get(market)
    if grammar is None or not _CODE.fullmatch(code) or not re.fullmatch(grammar.pattern, code):
        return None
    return Symbol(market, code)


def _hint_for_number(symbol: object) -> str:
    if isinstance(symbol, int) and not isinstance(symbol, bool) and 0 <= symbol <= 999_999:
        return f"A number loses its leading zeros: give '{symbol:06d}'."
    return _EXAMPLE


def _hint(symbol: str) -> str:
    if spelled := _VENUE_SUFFIX.fullmatch(symbol):
        return f"Give the plain code '{spelled[1]}' and say the venue with venue=."
    if spelled := _KIND_LETTER.fullmatch(symbol):
        return f"Give the plain code '{spelled[1]}', without the letter in front."
    plain = symbol.strip()
    if _read(plain):
        return f"Give it without blanks: '{plain}'."
    if _read(plain.upper()):
        return f"Letters are capitals: give '{plain.upper()}'."
    if prefixed := _PREFIXED.fullmatch(plain.upper()):
        return _hint_of_prefix(prefixed[1], prefixed[2])
    if re.fullmatch("KOSPI|KOSDAQ|KOSPI200|KOSDAQ150", plain.upper()):
        return f"An index has its kind in front: 'INDEX:{plain.upper()}'."
    if re.fullmatch("[A-Z]{1,5}", plain.upper()):
        return f"{_EXAMPLE} A US stock has its market in front: 'US:{plain.upper()}'."
    return _EXAMPLE


def _hint_of_prefix(prefix: str, code: str) -> str:
    if prefix in _OTHERS:
        market = _OTHERS[prefix]
        right = _with_point(market, code) if market else code
        where = "No prefix" if prefix == HOME else WHERE[market]
        return f"{where}: give '{right}'." if _read(right) else f"{where}. {_EXAMPLE}"
    if prefix in _GRAMMARS:
        if re.fullmatch(_GRAMMARS[HOME].pattern, code):
            return f"Korean stocks have no market in front: give '{code}'."
        if _read(spelled := _with_point(prefix, code)):
            return f"A class of shares has a point in front: give '{spelled}'."
        return f"A symbol of that market looks like '{_GRAMMARS[prefix].example}'."
    known = ", ".join(sorted(name for name in _GRAMMARS if name != HOME))
    return f"There is no market {prefix!r}. Markets are {known}; Korean stocks have no prefix."


def _with_point(market: str, code: str) -> str:
    """Return a symbol whose class of shares is set off by a point: brokers write BRK/B, BRK B, BRK_B."""
    return f"{market}:" + re.sub("[/ _]([A-Z])$", r".\1", code)
