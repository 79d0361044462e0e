"""What is listed: ka10099 and ka10100 (instruments), ka10101 (sectors), ka10102 (member firms)."""

from __future__ import annotations

from collections.abc import Mapping

from brokerkit.sandbox.exchange import Instrument, Segment
from brokerkit.words import SecurityType

from .common import Branch, Content, Listing
from .numbers import padded

_FUNDS, _ETN, _KOSPI, _KOSDAQ = "8", "60", "0", "10"
_MARKET_NAMES = {_FUNDS: "ETF", _ETN: "ETN", _KOSPI: "거래소", _KOSDAQ: "코스닥"}

_SECTORS = {
    "0": {"001": "종합(KOSPI)", "002": "대형주", "003": "중형주", "004": "소형주"},
    "1": {"101": "종합(KOSDAQ)"},
    "2": {"201": "KOSPI200"},
    "7": {"701": "KRX100"},
}
"""By market, as far as the codes are known for certain."""

_MEMBERS = {
    "001": "교보",
    "002": "신한",
    "003": "한국투자",
    "004": "대신",
    "005": "미래에셋",
    "006": "신영",
    "008": "유진",
    "009": "한양",
    "010": "메리츠",
    "012": "NH투자",
}


def instrument_info(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10100: name, market and state of an instrument."""
    return _described(branch.instrument(fields["stk_cd"]))


def instruments(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10099: everything of a market. Whether the list of KOSPI has the funds too is not known: here not."""
    wanted = fields["mrkt_tp"]
    key = ("instruments", wanted)
    if key not in branch.memory:
        of_market = [each for each in branch.exchange.instruments.values() if _market_of(each) == wanted]
        branch.memory[key] = [(number, _described(each)) for number, each in enumerate(of_market)]
    return Listing("list", branch.memory[key], lambda row: row)


def _market_of(instrument: Instrument) -> str:
    if instrument.kind is SecurityType.FUND:
        return _ETN if instrument.is_etn else _FUNDS
    return _KOSPI if instrument.market is Segment.KOSPI else _KOSDAQ


def _described(instrument: Instrument) -> dict[str, str]:
    market = _market_of(instrument)
    return {
        "code": instrument.symbol,
        "name": instrument.name,
        "listCount": padded(instrument.listed_shares, 16),
        "auditInfo": "정상",
        "regDay": f"{instrument.listed_on:%Y%m%d}",
        "lastPrice": padded(instrument.previous_close, 8),
        "state": "증거금100%",
        "marketCode": market,
        "marketName": _MARKET_NAMES[market],
        "upName": instrument.sector,
        "upSizeName": "",
        "companyClassName": "",
        "orderWarning": "0",
        "nxtEnable": "Y" if instrument.nxt else "",
    }


def sectors(_branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10101. The group of a sector was seen to count them within their market."""
    market = fields["mrkt_tp"]
    rows = [
        {"marketCode": market, "code": code, "name": name, "group": str(group)}
        for group, (code, name) in enumerate(_SECTORS.get(market, {}).items(), start=1)
    ]
    return Listing("list", list(enumerate(rows)), lambda row: row)


def members(_branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer ka10102: some of the firms that trade at the exchange."""
    rows = [{"code": code, "name": name, "gb": "0"} for code, name in _MEMBERS.items()]
    return Listing("list", list(enumerate(rows)), lambda row: row)
