"""What is listed: ka10099 and ka10100 (instruments), ka10101 (sectors)."""

from __future__ import annotations

from collections.abc import Mapping

from brokerkit.sandbox.exchange import Instrument, Segment
from brokerkit.words import MarketAlert, SecurityType

from .common import Branch, Content, Listing
from .indices import SECTORS
from .numbers import padded

_MARKETS = {Segment.KOSPI: "0", Segment.KOSDAQ: "10", Segment.KONEX: "50"}
_KINDS = {SecurityType.ETF: "8", SecurityType.ETN: "60", SecurityType.REIT: "6"}
_MARKET_NAMES = {"0": "거래소", "10": "코스닥", "50": "코넥스", "8": "ETF", "60": "ETN", "6": "리츠"}
_WITH_KOSPI = frozenset({"0", "8", "60", "6"})
"""What the list of KOSPI has: it was seen with more ETF and others than shares. Which others is not told."""
_CAUTION, _NO_CAUTION = "투자주의환기종목", "정상"
_WARNINGS = {MarketAlert.RISK: "4", MarketAlert.WARNING: "5"}

_WITHOUT_VALUE = {"7": {"701": "KRX100"}}
"""Indices that the exchange does not have."""


def instrument_info(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10100: name, market and state of an instrument."""
    return _described(branch, branch.instrument(fields["stk_cd"]))


def instruments(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10099: everything of a market, on one page."""
    wanted = fields["mrkt_tp"]
    meant = _WITH_KOSPI if wanted == "0" else {wanted}
    of_market = [each for each in branch.exchange.instruments.values() if _market_of(each) in meant]
    rows = [(number, _described(branch, each)) for number, each in enumerate(of_market)]
    if wanted == "0":
        rows.insert(2, (-1, dict.fromkeys(rows[0][1], "")))  # rows without any text were seen
    return Listing("list", list(enumerate(row for _, row in rows)), lambda row: row)


def _market_of(instrument: Instrument) -> str:
    return _KINDS.get(instrument.kind) or _MARKETS[instrument.market]


def _described(branch: Branch, instrument: Instrument) -> dict[str, str]:
    market, state = _market_of(instrument), instrument.state
    states = [
        *(["거래정지"] if instrument.symbol in branch.exchange.halted else []),
        *(["관리종목"] if state.administrative else []),
        "증거금100%",
    ]
    # It is one code a symbol, so one warning hides another. Which one comes first is not told.
    warning = "2" if not instrument.has_limits else "3" if state.overheated else _WARNINGS.get(state.alert, "0")
    return {
        "code": instrument.symbol,
        "name": instrument.name,
        "listCount": padded(instrument.listed_shares, 16),
        "auditInfo": _CAUTION if state.caution else _NO_CAUTION,
        "regDay": f"{instrument.listed_on:%Y%m%d}",
        "lastPrice": padded(instrument.previous_close, 8),
        "state": "|".join(states),
        "marketCode": market,
        "marketName": _MARKET_NAMES[market],
        "upName": instrument.sector,
        "upSizeName": "",
        "companyClassName": "",
        "orderWarning": warning,
        "nxtEnable": "Y" if instrument.nxt else "",
    }


def sectors(_branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10101. The group of a sector was seen to count them within their market."""
    market = fields["mrkt_tp"]
    names = {code: name for code, (_, name) in SECTORS.get(market, {}).items()} or _WITHOUT_VALUE.get(market, {})
    rows = [
        {"marketCode": market, "code": code, "name": name, "group": str(group)}
        for group, (code, name) in enumerate(names.items(), start=1)
    ]
    return Listing("list", list(enumerate(rows)), lambda row: row)
