"""What is listed in the US: usa10099 (an exchange), usa10100 (a ticker), usa10098 (where a ticker is listed)."""

from __future__ import annotations

from collections.abc import Mapping

from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.words import SecurityType

from .common import Content, Listing
from .us import EXCHANGES, UsBranch, code_of

_EVERYWHERE = "%"


def instruments(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa10099: everything at an exchange, or at all of them, on one page."""
    wanted = fields["stex_tp"]
    listed = [branch.instrument(code_of(symbol)) for symbol in branch.exchange.instruments]
    return _rows(*(each for each in listed if wanted in (_EVERYWHERE, EXCHANGES[each.market])))


def instrument_info(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa10100."""
    return described(branch.asked(fields))


def listings(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa10098."""
    return _rows(branch.instrument(fields["stk_cd"]))


def _rows(*listed: UsInstrument) -> Content:
    return Listing("list", list(enumerate(listed)), described)


def described(instrument: UsInstrument) -> dict[str, str]:
    """Return what the lists tell of an instrument."""
    return {
        "stex_tp": EXCHANGES[instrument.market],
        "stk_cd": code_of(instrument.symbol),
        "stk_nm": instrument.name,
        "stk_enm": instrument.english_name,
        "mkgb": instrument.market.value,
        "upgb": instrument.sector,
        "isEtf": "Y" if instrument.kind is SecurityType.ETF else "N",
    }
