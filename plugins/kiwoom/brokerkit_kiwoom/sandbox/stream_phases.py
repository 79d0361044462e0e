"""When the market begins and ends a phase (0s, 장시작시간)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from brokerkit.market.sessions import Phase

_CODES_OF_NXT = frozenset("PQRSTUV")
_TRADED = frozenset({Phase.REGULAR, Phase.CLOSING_AUCTION})
_UNTIL_OPENING = "002000"
"""From the notice before the opening until then: so long gathers an auction its orders."""


def entries(before: Phase, now: Phase, time: dt.datetime, *, demo: bool) -> list[dict[str, str]]:
    """Return the values of each entry that tells what has ended and what begins.

    No code is known for the after-market of KRX, nor for the closing price session of the morning. The demo host
    knows KRX alone.
    """
    codes = (code for code in _codes(before, now) if not (demo and code in _CODES_OF_NXT))
    return [{"215": code, "20": f"{time:%H%M%S}", "214": _UNTIL_OPENING if code == "0" else "000000"} for code in codes]


def _codes(before: Phase, now: Phase) -> Iterator[str]:
    if before is Phase.PRE_MARKET:
        yield "Q"
    if before in _TRADED and now is Phase.CLOSING_AUCTION:
        yield from "2S"
    elif before in _TRADED and now is not Phase.REGULAR:
        yield from "48" if before is Phase.CLOSING_AUCTION else "S48"
    elif before is Phase.AFTER_CLOSE_CLOSING_PRICE:
        yield "b"
    elif before is Phase.AFTER_MARKET:
        yield "V"
    yield from {
        Phase.PRE_MARKET: "P",
        Phase.OPENING_AUCTION: "0",
        Phase.REGULAR: "3R",
        Phase.AFTER_CLOSE_CLOSING_PRICE: "aT",
        Phase.AFTER_MARKET: "U",
        Phase.CLOSED: "9",
    }.get(now, "")
