"""Rankings: ka10027, ka10030, ka10032, ka10034, ka10065 and ka90009."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from brokerkit.models import InvestorFlow, Quote
from brokerkit.sandbox.exchange import Instrument
from brokerkit.sandbox.ranks import growth, net_of, priced
from brokerkit.words import SecurityType, Segment, Venue

from .books import STRENGTH_OF, strength, total
from .common import Branch, Content, Listing
from .numbers import directed, percent_of, sign_code, signed, signed_rate, whole
from .refusals import unknown_at_venue

_MILLION = Decimal(1_000_000)
_TEN_MILLION = Decimal(10_000_000)
_THOUSAND = Decimal(1_000)
_ZERO = Decimal(0)
_FIRST_RANKS = 25
"""Rows of ka90009."""
_VENUES = {"1": Venue.KRX, "2": Venue.NXT, "3": Venue.SOR}
# With 3 the codes come back with their suffix; that they do so with 2 as well is taken from other lists.
_SUFFIXES = {Venue.KRX: "", Venue.NXT: "_NX", Venue.SOR: "_AL"}
_MARKETS = {"000": None, "001": Segment.KOSPI, "101": Segment.KOSDAQ}
_PRICES = {
    "1": (0, 1_000),
    "2": (1_000, 0),
    "3": (1_000, 2_000),
    "4": (2_000, 5_000),
    "5": (5_000, 0),
    "6": (5_000, 10_000),
    "7": (10_000, 0),
    "8": (50_000, 0),
    "9": (100_000, 0),
    "10": (0, 10_000),
}
"""pric_tp of ka10030: from, and up to; 0 is no bound."""
_OTHER_PRICES = {
    "1": (0, 1_000),
    "2": (1_000, 2_000),
    "3": (2_000, 5_000),
    "4": (5_000, 10_000),
    "5": (10_000, 0),
    "8": (1_000, 0),
    "10": (0, 10_000),
}
"""pric_cnd of ka10027: the same numbers mean other prices there."""
_LEFT_OUT = {"14": (SecurityType.ETF,), "16": (SecurityType.ETF, SecurityType.ETN)}
Row = tuple[Instrument, Quote]


def volumes(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10030."""
    rows = _rows(branch, fields)
    rows = _kept(rows, fields["mang_stk_incls"], fields["trde_qty_tp"], _PRICES.get(fields["pric_tp"]))
    order: Mapping[str, Callable[[Row], Decimal]] = {
        "1": lambda row: row[1].volume or _ZERO,
        "2": lambda row: (row[1].volume or _ZERO) / row[0].listed_shares,
        "3": lambda row: row[1].turnover or _ZERO,
    }
    return _listing("tdy_trde_qty_upper", rows, order[fields["sort_tp"]], lambda _, row: _volume_row(row))


def _volume_row(row: Row) -> dict[str, str]:
    instrument, quote = row
    parts = ("opmr", "af_mkrt", "bf_mkrt")
    turned = percent_of(quote.volume or _ZERO, instrument.listed_shares)
    return {
        **_named(row),
        **_priced(row),
        "flu_rt": signed_rate(quote.change_percent or _ZERO),
        "trde_qty": whole(quote.volume or _ZERO),
        # For the day before, the exchange would make up a year of every symbol, seconds for a list: as much as today.
        "pred_rt": "100.00",
        "trde_tern_rt": signed_rate(turned),
        "trde_amt": whole((quote.turnover or _ZERO) / _MILLION),
        # What was traded before, in and after the session stays 0 in the broker's own sample.
        **{
            f"{part}_{name}": value
            for part in parts
            for name, value in (("trde_qty", "0"), ("pred_rt", "0.00"), ("trde_rt", "+0.00"), ("trde_amt", "0"))
        },
    }


def turnovers(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10032. Here 1 has what is under supervision, which at this exchange nothing is, and 0 leaves it out."""
    rows = _rows(branch, fields)
    return _listing(
        "trde_prica_upper",
        rows,
        lambda row: row[1].turnover or _ZERO,
        lambda number, row: _turnover_row(branch, number, row),
    )


def _turnover_row(branch: Branch, number: int, row: Row) -> dict[str, str]:
    _, quote = row
    return {
        **_named(row, {"now_rank": str(number), "pred_rank": str(number)}),
        **_priced(row),
        "flu_rt": signed_rate(quote.change_percent or _ZERO),
        **_best(branch, row),
        "now_trde_qty": whole(quote.volume or _ZERO),
        "pred_trde_qty": whole(quote.volume or _ZERO),
        "trde_prica": whole((quote.turnover or _ZERO) / _MILLION),
    }


def fluctuations(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10027: with the risers, and with the fallers, come those that are unchanged."""
    rows = _rows(branch, fields)
    rows = _kept(rows, fields["stk_cnd"], fields["trde_qty_cnd"], _OTHER_PRICES.get(fields["pric_cnd"]))
    if fields["updown_incls"] == "0":
        rows = [row for row in rows if row[1].price not in (row[1].upper_limit, row[1].lower_limit)]
    keep, order = _FLUCTUATIONS[fields["sort_tp"]]
    rows = [row for row in rows if keep(row[1].change or _ZERO)]
    return _listing("pred_pre_flu_rt_upper", rows, order, lambda _, row: _fluctuation_row(branch, row))


_FLUCTUATIONS: Mapping[str, tuple[Callable[[Decimal], bool], Callable[[Row], Decimal]]] = {
    "1": (lambda change: change >= 0, lambda row: growth(row[1])),
    "2": (lambda change: change >= 0, lambda row: row[1].change or _ZERO),
    "3": (lambda change: change <= 0, lambda row: -growth(row[1])),
    "4": (lambda change: change < 0, lambda row: -(row[1].change or _ZERO)),
    "5": (lambda change: change == 0, lambda row: row[1].volume or _ZERO),
}


def _fluctuation_row(branch: Branch, row: Row) -> dict[str, str]:
    instrument, quote = row
    book = branch.exchange.order_book(instrument.symbol, quote.venue)
    return {
        "stk_cls": "0",
        **_named(row),
        **_priced(row),
        "flu_rt": signed_rate(quote.change_percent or _ZERO),
        "sel_req": whole(total(book.asks)),
        "buy_req": whole(total(book.bids)),
        "now_trde_qty": whole(quote.volume or _ZERO),
        "cntr_str": strength(branch.exchange.trades(instrument.symbol)[-STRENGTH_OF:]),
        "cnt": "1",
    }


def foreigners(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10034: shares that foreigners bought or sold today, on the day before, or in so many days."""
    rows, days = _rows(branch, fields), fields["dt"]
    nets = {row[0].symbol: _net_shares(branch, row[0].symbol, int(days)) for row in rows}
    way = -1 if fields["trde_tp"] == "1" else 1
    # What 순매매 ranks by is not told: here as net purchases.
    return _listing(
        "for_dt_trde_upper",
        rows,
        lambda row: nets[row[0].symbol] * way,
        lambda number, row: _foreigner_row(branch, number, row, nets[row[0].symbol]),
    )


def _net_shares(branch: Branch, symbol: str, days: int) -> Decimal:
    if not days:
        return net_of(branch.exchange.flow_today(symbol), "foreign")[0]
    flows = branch.exchange.investor_flow(symbol, days=days)
    return sum((net_of(flow, "foreign")[0] for flow in flows), _ZERO)


def _foreigner_row(branch: Branch, number: int, row: Row, net: Decimal) -> dict[str, str]:
    instrument, quote = row
    return {
        "rank": str(number),
        **_named(row),
        **_priced(row),
        **_best(branch, row),
        "trde_qty": whole(quote.volume or _ZERO),
        "netprps_qty": signed(net),
        "gain_pos_stkcnt": whole(instrument.listed_shares / 2),  # what foreigners may still buy: made up
    }


def intraday(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10065: what an investor is estimated to have bought and sold today, in million won or shares."""
    rows = priced(branch.exchange, Venue.KRX, _MARKETS[fields["mrkt_tp"]])
    who, unit = _ORGANISATIONS.get(fields["orgn_tp"], ""), "quantity" if fields["amt_qty_tp"] == "2" else "amount"
    way = -1 if fields["trde_tp"] == "2" else 1
    flows = {row[0].symbol: branch.exchange.flow_today(row[0].symbol) for row in rows}

    def figure(row: Row, side: str) -> Decimal:
        flow = getattr(flows[row[0].symbol], who, None)
        return _ZERO if flow is None else getattr(flow, f"{side}_{unit}") or _ZERO

    def written(row: Row, side: str) -> Decimal:
        return figure(row, side) / (1 if unit == "quantity" else _MILLION)

    return _listing(
        "opmr_invsr_trde_upper",
        rows,
        lambda row: figure(row, "net") * way,
        lambda _, row: {
            "stk_cd": row[0].symbol,
            "stk_nm": row[0].name,
            "sel_qty": signed(-written(row, "sell")),
            "buy_qty": signed(written(row, "buy")),
            "netslmt": signed(written(row, "net")),
        },
    )


_ORGANISATIONS = {
    "9000": "foreign",
    "9999": "institution",
    "1000": "financial_investment",
    "2000": "insurance",
    "3000": "investment_trust",
    "4000": "bank",
    "5000": "other_finance",
    "6000": "pension",
    "7000": "government",
    "7100": "other_corporation",
}
"""9100, foreign firms, is nobody that the exchange knows."""


def both(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka90009: four lists beside each other, of which each has its own symbol in a row."""
    # At Kiwoom its figures stand still through the day, of whatever day they are; a date changes nothing. For those of
    # yesterday the exchange would make up a year of every symbol: here they are today's.
    rows, column = _rows(branch, fields), 1 if fields["amt_qty_tp"] == "1" else 0
    flows = {row[0].symbol: branch.exchange.flow_today(row[0].symbol) for row in rows}
    lists = {
        f"{short}_{way}": sorted(
            rows,
            key=lambda row: (sign * net_of(flows[row[0].symbol], who)[column], row[0].symbol),
        )[:_FIRST_RANKS]
        for short, who in (("for", "foreign"), ("orgn", "institution"))
        for way, sign in (("netslmt", 1), ("netprps", -1))
    }
    items = [{name: listed[place] for name, listed in lists.items()} for place in range(min(_FIRST_RANKS, len(rows)))]
    return Listing(
        "frgnr_orgn_trde_upper",
        list(enumerate(items)),
        lambda item: {
            key: value for name, row in item.items() for key, value in _beside(name, row, flows[row[0].symbol]).items()
        },
    )


def _beside(name: str, row: Row, flow: InvestorFlow | None) -> dict[str, str]:
    quantity, amount = net_of(flow, "foreign" if name.startswith("for") else "institution")
    return {
        f"{name}_stk_cd": _named(row)["stk_cd"],
        f"{name}_stk_nm": row[0].name,
        f"{name}_amt": whole(amount / _TEN_MILLION),
        f"{name}_qty": whole(quantity / _THOUSAND),
    }


def _rows(branch: Branch, fields: Mapping[str, str]) -> list[Row]:
    venue = _VENUES[fields["stex_tp"]]
    # The demo host has KRX only; how it refuses another venue in a query is not known.
    if branch.demo and venue is not Venue.KRX:
        raise unknown_at_venue(fields["mrkt_tp"], venue)
    return priced(branch.exchange, venue, _MARKETS[fields["mrkt_tp"]])


def _kept(rows: Iterable[Row], kinds: str, thousands: str, bounds: tuple[int, int] | None) -> list[Row]:
    """Return the rows of such kinds, with so many thousand shares traded at least, within bounds of the price."""
    least, most = bounds or (0, 0)
    return [
        row
        for row in rows
        if (row[1].volume or _ZERO) >= int(thousands) * _THOUSAND
        and row[1].price >= least
        and (not most or row[1].price < most)
        and not (kinds in ("3", "4") and row[0].kind is SecurityType.STOCK and row[0].symbol[-1] != "0")
        and row[0].kind not in _LEFT_OUT.get(kinds, ())
    ]


def _listing(
    name: str, rows: Sequence[Row], measure: Callable[[Row], Decimal], write: Callable[[int, Row], Mapping[str, str]]
) -> Listing[tuple[int, Row]]:
    ordered = sorted(rows, key=lambda row: (-measure(row), row[0].symbol))
    items = [(number, (number, row)) for number, row in enumerate(ordered, start=1)]
    return Listing(name, items, lambda item: write(*item))


def _named(row: Row, between: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return code and name, with what stands between them."""
    return {"stk_cd": row[0].symbol + _SUFFIXES[row[1].venue], **(between or {}), "stk_nm": row[0].name}


def _priced(row: Row) -> dict[str, str]:
    instrument, quote = row
    base, limits = instrument.previous_close, (instrument.lower_limit, instrument.upper_limit)
    return {
        "cur_prc": directed(quote.price, base),
        "pred_pre_sig": sign_code(quote.price, base, limits),
        "pred_pre": signed(quote.change or _ZERO),
    }


def _best(branch: Branch, row: Row) -> dict[str, str]:
    instrument, quote = row
    book = branch.exchange.order_book(instrument.symbol, quote.venue)
    return {
        f"{name}_bid": directed(levels[0].price if levels else None, instrument.previous_close)
        for name, levels in (("sel", book.asks), ("buy", book.bids))
    }
