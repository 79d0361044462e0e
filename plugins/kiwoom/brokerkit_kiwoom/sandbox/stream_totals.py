"""What is sent about once a second: indices (0J, 0U), and the programme trading of a symbol (0w)."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.models import Flow

from .common import Branch
from .indices import INDEX_OF, counts, present
from .numbers import directed, percent_of, signed, signed_rate, whole
from .programs import millions
from .quotes import sign
from .stream_rows import Sight

_THOUSAND = Decimal(1_000)
_ZERO = Decimal(0)
_PRESENT = {
    "10": "cur_prc",
    "11": "pred_pre",
    "12": "flu_rt",
    "13": "trde_qty",
    "14": "trde_prica",
    "16": "open_pric",
    "17": "high_pric",
    "18": "low_pric",
    "25": "pred_pre_sig",
}


def _index(branch: Branch, code: str) -> tuple[str, dict[str, str]] | None:
    """Return the symbol of an index and its present figures, as the query of it tells them."""
    symbol = INDEX_OF.get(code)
    if symbol is None or symbol not in set(branch.exchange.indices):
        return None
    told = present(branch.exchange.indices.quote(symbol))
    return symbol, {"20": f"{branch.exchange.now():%H%M%S}", **{fid: told[name] for fid, name in _PRESENT.items()}}


def index(branch: Branch, code: str, volume_before: Decimal | None) -> tuple[dict[str, str], Decimal] | None:
    """Return the values of 0J and the volume so far, None for a code that nobody knows.

    Volumes are thousand shares, 14 is million won.
    """
    found = _index(branch, code)
    if found is None:
        return None
    symbol, values = found
    volume = branch.exchange.indices.quote(symbol).volume or _ZERO
    traded = _ZERO if volume_before is None else volume - volume_before
    told = {
        **{fid: values[fid] for fid in ("20", "10", "11", "12")},
        "15": whole(traded // _THOUSAND),
        **{fid: values[fid] for fid in ("13", "14", "16", "17", "18", "25")},
        "26": signed((volume - _volume_of_yesterday(branch, symbol)) // _THOUSAND),
    }
    return told, volume


def _volume_of_yesterday(branch: Branch, symbol: str) -> Decimal:
    key = ("volume of yesterday", symbol)
    if key not in branch.memory:
        branch.memory[key] = branch.exchange.indices.daily_candles(symbol, days=2)[0].volume
    volume: Decimal = branch.memory[key]
    return volume


def breadth(branch: Branch, code: str) -> dict[str, str] | None:
    """Return the values of 0U: how many of the shares of an index rise and fall."""
    found = _index(branch, code)
    if found is None:
        return None
    symbol, values = found
    ways = counts(branch, symbol)
    traded, listed = Decimal(ways["trde_frmatn_stk_num"]), Decimal(len(branch.exchange.indices.shares(symbol)))
    return {
        "20": values["20"],
        "252": ways["rising"],
        "251": ways["upl"],
        "253": ways["stdns"],
        "255": ways["fall"],
        "254": ways["lst"],
        **{fid: values[fid] for fid in ("13", "14", "10", "11", "12")},
        "256": whole(traded),
        "257": f"{percent_of(traded, listed)}",
        "25": values["25"],
    }


def programs(seen: Sight, before: Flow | None) -> tuple[dict[str, str], Flow] | None:
    """Return the values of 0w and the flow so far, None where that is as it was told before.

    Amounts are million won: so is the example, although the page says won.
    """
    symbol = seen.instrument.symbol
    flow = seen.branch.exchange.investors.program_today(symbol)
    if flow is None or flow == before:
        return None
    quote = seen.branch.exchange.quote(symbol, seen.venue)
    last = before or flow
    return {
        "20": f"{seen.branch.exchange.now():%H%M%S}",
        "10": directed(quote.price or None, seen.base),
        "25": sign(seen.instrument, quote.price or seen.base),
        "11": signed(quote.change or _ZERO),
        "12": signed_rate(quote.change_percent or _ZERO),
        "13": whole(quote.volume or _ZERO),
        "202": whole(flow.sell_quantity or _ZERO),
        "204": whole(millions(flow.sell_amount)),
        "206": whole(flow.buy_quantity or _ZERO),
        "208": whole(millions(flow.buy_amount)),
        "210": whole(flow.net_quantity or _ZERO),
        "211": whole((flow.net_quantity or _ZERO) - (last.net_quantity or _ZERO)),
        "212": whole(millions(flow.net_amount)),
        "213": whole(millions(flow.net_amount) - millions(last.net_amount)),
        "214": "",
        "215": "",
        "216": "",
    }, flow
