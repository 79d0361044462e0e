"""Condition search (조건검색) of US shares: GCNSRLST, GCNSRREQ, GCNSRCLR. All accounts have the same conditions.

No answer of the server was seen: names and fields are those of the pages, their spelling is that of the calls. What is
told of a live search after its list no page says, so nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from brokerkit.models import Quote
from brokerkit.sandbox.exchange import Instrument
from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.sandbox.ranks import screened

from .common import Branch
from .numbers import percent_of, sign_code, signed_rate, whole
from .stream_conditions import Searches
from .stream_frames import Frame
from .us import EXCHANGES, VENUE, UsBranch, code_of
from .us_numbers import change, directed

_MISSPELT = {"GCNSRLST": "GCNSRLT", "GCNSRREQ": "CNSRREQ"}
"""Frame to the name that its answer has on the page; the page of a live search has the right one."""


class UsSearches(Searches):
    """The searches of one line at the socket for the US."""

    LIST: ClassVar[str] = "GCNSRLST"
    REQUEST: ClassVar[str] = "GCNSRREQ"
    END: ClassVar[str] = "GCNSRCLR"

    def __init__(self, home: Branch, branch: UsBranch) -> None:
        super().__init__(home)
        self._us = branch

    def answer(self, name: str, frame: Frame) -> Frame | None:
        answer = super().answer(name, frame)
        if answer is None or not self._us.habits.misspelt_frames or frame.get("search_type") == "1":
            return answer
        return {**answer, "trnm": _MISSPELT.get(name, name)}

    def _wrong(self, frame: Frame) -> str:
        return ""

    def _found(self, name: str) -> Sequence[tuple[Instrument, Quote]]:
        return screened(self._us.exchange, name, VENUE)

    def _code(self, instrument: Instrument) -> Mapping[str, str]:
        return {"jmcode": code_of(instrument.symbol), "stexTp": _listed(instrument)[0]}

    def _row(self, instrument: Instrument, quote: Quote) -> Mapping[str, str]:
        base, moved = instrument.previous_close, quote.change or Decimal(0)
        exchange, sector = _listed(instrument)
        return {
            "9001": code_of(instrument.symbol),
            "302": instrument.name,
            "10": directed(quote.price, base),
            "25": sign_code(quote.price, base),
            "11": change(moved),
            "12": signed_rate(percent_of(moved, base)),
            "13": whole(quote.volume or 0),
            "16": directed(quote.open, base),
            "17": directed(quote.high, base),
            "18": directed(quote.low, base),
            "318": sector,
            "stex_tp": exchange,
        }


def _listed(instrument: Instrument) -> tuple[str, str]:
    """Return where an instrument is listed, and its sector."""
    assert isinstance(instrument, UsInstrument)  # noqa: S101 - of no other kind is the exchange abroad
    return EXCHANGES[instrument.market], instrument.sector
