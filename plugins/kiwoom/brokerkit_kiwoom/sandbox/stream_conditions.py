"""Condition search (조건검색): CNSRLST, CNSRREQ once or live, CNSRCLR. All accounts have the same conditions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from brokerkit.models import Quote
from brokerkit.sandbox.exchange import Instrument, Trade
from brokerkit.sandbox.ranks import SCREENS, screened
from brokerkit.words import Side

from .common import Branch
from .numbers import padded, percent_of
from .quotes import sign
from .stream_frames import ERROR, Frame

MOST_LIVE = 10
"""Live searches of a login."""
UNKNOWN = 900004
"""No condition of that number is saved: so the server was seen to say."""
_WIDTH = 9
_SIDES = {Side.SELL: "1", Side.BUY: "2"}
_NAMES = {str(number): name for number, name in enumerate(SCREENS)}


def listed() -> Frame:
    """Return the answer to CNSRLST."""
    return {
        "trnm": "CNSRLST",
        "return_code": 0,
        "return_msg": "",
        "data": [[number, name] for number, name in _NAMES.items()],
    }


class Searches:
    """The searches of one line."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._live: dict[str, set[str]] = {}
        """By number, the symbols that meet it."""
        self.knows_list = False
        """Whether the list was asked for: before that no search is answered."""
        self.page_size = 100
        """Rows of an answer; how many Kiwoom sends is not known."""

    def __bool__(self) -> bool:
        return bool(self._live)

    @property
    def met(self) -> set[str]:
        """The symbols that meet any of the live ones."""
        return set().union(*self._live.values())

    def request(self, frame: Frame) -> Frame:
        """Answer CNSRREQ."""
        number, kind = str(frame.get("seq", "")).strip(), frame.get("search_type")
        if number not in _NAMES:
            return _refusal(frame, "저장된 조건식이 아닙니다", UNKNOWN)
        if frame.get("stex_tp") != "K":
            return _refusal(frame, "stex_tp는 K만 됩니다")
        if kind == "0":
            return self._once(number, frame)
        if kind == "1":
            return self._begin(number, frame)
        return _refusal(frame, "search_type은 0 또는 1입니다")

    def _once(self, number: str, frame: Frame) -> Frame:
        found = screened(self._branch.exchange, _NAMES[number])
        after = str(frame.get("next_key") or "") if frame.get("cont_yn") == "Y" else ""
        if after and not after.isdecimal():
            return _refusal(frame, "next_key가 다릅니다")
        start = int(after or 0)
        end = start + self.page_size
        more = end < len(found)
        return {
            "trnm": "CNSRREQ",
            "seq": _seq(number),
            "cont_yn": "Y" if more else "N",
            "next_key": f"{end:020d}" if more else "",
            "return_code": 0,
            "return_msg": "",
            "data": [_row(self._branch, *each) for each in found[start:end]],
        }

    def _begin(self, number: str, frame: Frame) -> Frame:
        if number not in self._live and len(self._live) >= MOST_LIVE:
            return _refusal(frame, f"실시간 조건검색은 {MOST_LIVE}개까지입니다")
        found = screened(self._branch.exchange, _NAMES[number])
        self._live[number] = {instrument.symbol for instrument, _ in found}
        return {
            "trnm": "CNSRREQ",
            "seq": _seq(number),
            "return_code": 0,
            "return_msg": "",
            "data": [{"jmcode": self._branch.prefixed(instrument.symbol)} for instrument, _ in found],
        }

    def end(self, frame: Frame) -> Frame:
        """Answer CNSRCLR. How one that is not live is answered is not known: as the others."""
        number = str(frame.get("seq", "")).strip()
        self._live.pop(number, None)
        return {"trnm": "CNSRCLR", "seq": _seq(number), "return_code": 0, "return_msg": ""}

    def traded(self, symbol: str, trade: Trade, quote: Quote) -> Sequence[dict[str, str]]:
        """Return the values of 02 for each live search that a symbol meets or leaves with a trade."""
        found = []
        for number, symbols in self._live.items():
            meets = bool(quote.price) and SCREENS[_NAMES[number]](quote)
            if meets is (symbol in symbols):
                continue
            (symbols.add if meets else symbols.discard)(symbol)
            found.append(
                {
                    "841": _seq(number),
                    "9001": symbol,
                    "843": "I" if meets else "D",
                    "20": f"{trade.time:%H%M%S}",
                    "907": _SIDES[trade.side],
                }
            )
        return found


def _seq(number: str) -> str:
    """Write a number as it comes back: filled up with blanks to the width of the field."""
    return f"{number:<3}"


def _refusal(frame: Frame, words: str, code: int = ERROR) -> Frame:
    return {
        "trnm": "CNSRREQ",
        "seq": _seq(str(frame.get("seq", ""))),
        "return_code": code,
        "return_msg": words,
        "data": [],
    }


def _row(branch: Branch, instrument: Instrument, quote: Quote) -> dict[str, str]:
    """Return a row of a search: padded numbers, the rate times a thousand; in all that were seen it ends in 0."""
    base, change = instrument.previous_close, quote.change or Decimal(0)
    return {
        "9001": branch.prefixed(instrument.symbol),
        "302": instrument.name,
        "10": _directed(quote.price, base),
        "25": sign(instrument, quote.price),
        "11": padded(change, _WIDTH),
        "12": padded(percent_of(change, base) * 1000, _WIDTH),
        "13": padded(quote.volume or 0, _WIDTH),
        "16": _directed(quote.open, base),
        "17": _directed(quote.high, base),
        "18": _directed(quote.low, base),
    }


def _directed(price: Decimal | None, base: Decimal) -> str:
    """Write a price: a minus in front says that it is below the base price."""
    if price is None:
        return padded(0, _WIDTH)
    return padded(-price if price < base else price, _WIDTH)
