"""Condition search (조건검색): CNSRLST, CNSRREQ once or live, CNSRCLR. All accounts have the same conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

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


class Searches:
    """The searches of one line."""

    LIST: ClassVar[str] = "CNSRLST"
    REQUEST: ClassVar[str] = "CNSRREQ"
    END: ClassVar[str] = "CNSRCLR"

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

    def answer(self, name: str, frame: Frame) -> Frame | None:
        """Answer a frame; None where none is sent: of another one, and of a search before the list was asked for."""
        if name == self.LIST:
            self.knows_list = True
            return {**self._done(self.LIST), "data": [[number, name] for number, name in _NAMES.items()]}
        if name == self.END:
            return self._end(frame)
        return self._requested(frame) if name == self.REQUEST and self.knows_list else None

    def _requested(self, frame: Frame) -> Frame:
        number, kind = str(frame.get("seq", "")).strip(), frame.get("search_type")
        if number not in _NAMES:
            return self._refusal(frame, "저장된 조건식이 아닙니다", UNKNOWN)
        if wrong := self._wrong(frame):
            return self._refusal(frame, wrong)
        if kind == "0":
            return self._once(number, frame)
        if kind == "1":
            return self._begin(number, frame)
        return self._refusal(frame, "search_type은 0 또는 1입니다")

    def _wrong(self, frame: Frame) -> str:
        """Return what is wrong with a request, blank for nothing."""
        return "" if frame.get("stex_tp") == "K" else "stex_tp는 K만 됩니다"

    def _once(self, number: str, frame: Frame) -> Frame:
        found = self._found(_NAMES[number])
        after = str(frame.get("next_key") or "") if frame.get("cont_yn") == "Y" else ""
        if after and not after.isdecimal():
            return self._refusal(frame, "next_key가 다릅니다")
        start = int(after or 0)
        end = start + self.page_size
        more = end < len(found)
        return {
            **self._done(self.REQUEST, seq=_seq(number)),
            "cont_yn": "Y" if more else "N",
            "next_key": f"{end:020d}" if more else "",
            "data": [self._row(*each) for each in found[start:end]],
        }

    def _begin(self, number: str, frame: Frame) -> Frame:
        if number not in self._live and len(self._live) >= MOST_LIVE:
            return self._refusal(frame, f"실시간 조건검색은 {MOST_LIVE}개까지입니다")
        found = self._found(_NAMES[number])
        self._live[number] = {instrument.symbol for instrument, _ in found}
        data = [self._code(instrument) for instrument, _ in found]
        return {**self._done(self.REQUEST, seq=_seq(number)), "data": data}

    def _end(self, frame: Frame) -> Frame:
        """How the end of a search that is not live is answered is not known: as that of the others."""
        number = str(frame.get("seq", "")).strip()
        self._live.pop(number, None)
        return self._done(self.END, seq=_seq(number))

    def _done(self, name: str, **others: str) -> Frame:
        return {"trnm": name, **others, "return_code": 0, "return_msg": ""}

    def _refusal(self, frame: Frame, words: str, code: int = ERROR) -> Frame:
        told = self._done(self.REQUEST, seq=_seq(str(frame.get("seq", ""))))
        return {**told, "return_code": code, "return_msg": words, "data": []}

    def _found(self, name: str) -> Sequence[tuple[Instrument, Quote]]:
        """Return what meets a condition."""
        return screened(self._branch.exchange, name)

    def _code(self, instrument: Instrument) -> Mapping[str, str]:
        """Return a row of the list with which a live search begins."""
        return {"jmcode": self._branch.prefixed(instrument.symbol)}

    def _row(self, instrument: Instrument, quote: Quote) -> Mapping[str, str]:
        """Return a row of a search: padded numbers, the rate times a thousand; in all that were seen it ends in 0."""
        base, change = instrument.previous_close, quote.change or Decimal(0)
        return {
            "9001": self._branch.prefixed(instrument.symbol),
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


def _directed(price: Decimal | None, base: Decimal) -> str:
    """Write a price: a minus in front says that it is below the base price."""
    if price is None:
        return padded(0, _WIDTH)
    return padded(-price if price < base else price, _WIDTH)
