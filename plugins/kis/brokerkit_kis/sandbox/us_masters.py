"""Symbol files of the US: a zip an exchange, in it a text of cp949, a line a symbol, columns parted by tabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brokerkit.sandbox.exchange import Exchange, Instrument
from brokerkit.words import SecurityType, Segment
from brokerkit_kis.sandbox.masters import packed
from brokerkit_kis.sandbox.us_symbols import DOLLARS, PLACES, code_of, english_name
from brokerkit_kis.sandbox.wording import fixed

INDEX, SHARE, FUND = "1", "2", "3"
KINDS = {SecurityType.ETF: FUND, SecurityType.ETN: FUND}
FUND_KINDS = {SecurityType.ETF: "001", SecurityType.ETN: "002"}


class UsMaster(NamedTuple):
    """A file: what it is called in its zip (the names differ in case), and whose symbols it has: None, nobody's."""

    member: str
    segment: Segment | None


_ELSEWHERE = ("shs", "shi", "szs", "szi", "tse", "hks", "hnx", "hsx")
"""Files of other countries, which clients fetch along with the others. Nothing is listed there."""
US_MASTERS = {
    f"/common/master/{name}mst.cod.zip": master
    for name, master in {
        "nas": UsMaster("NASMST.COD", Segment.NASDAQ),
        "nys": UsMaster("nysmst.cod", Segment.NYSE),
        "ams": UsMaster("AMSmst.COD", Segment.AMEX),
        **{name: UsMaster(f"{name}mst.cod", None) for name in _ELSEWHERE},
    }.items()
}


def us_master_file(exchange: Exchange, master: UsMaster) -> bytes:
    """Return a file of what is listed at an exchange."""
    rows = [] if master.segment is None else _lines(exchange, master.segment)
    lines = "".join("\t".join(columns) + "\n" for columns in rows)
    return packed(master.member, lines.encode("cp949"))


def _lines(exchange: Exchange, segment: Segment) -> Iterator[list[str]]:
    for instrument in exchange.instruments.values():
        if instrument.market is segment:
            yield _line(instrument)
    # Indices occur among the lines, which are no symbols of the exchange.
    yield _columns(segment, f"SIM{segment[0]}X", "모의지수", "SIMULATED INDEX", INDEX, "0.0000", "")


def _line(instrument: Instrument) -> list[str]:
    return _columns(
        instrument.market,
        code_of(instrument.symbol),
        instrument.name,
        english_name(instrument),
        KINDS.get(instrument.kind, SHARE),
        fixed(instrument.previous_close, 4),
        FUND_KINDS.get(instrument.kind, ""),
    )


def _columns(segment: Segment, code: str, korean: str, english: str, kind: str, base: str, fund: str) -> list[str]:
    place = PLACES[segment]
    # What exchange id, data type and the codes of steps and sectors are is not told: plain digits stand there.
    head = ["US", "1", place.quoted, place.name, code, f"{place.quoted}{code}", korean, english, kind, DOLLARS]
    sizes = ["4", "1", base, "1", "1", "0930", "1600"]
    return [*head, *sizes, "N", "", "000", "0", "1", fund, ""]
