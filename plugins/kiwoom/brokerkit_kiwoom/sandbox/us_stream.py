"""Entries of the socket for the US: trades (FE), books (FT), own orders (F4) and their fills (F5).

No frame of the server was seen: names and fields are those of the pages, their spelling is that of the calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from brokerkit.models import OrderBook
from brokerkit.sandbox.exchange import ExchangeOrder, Holding, Trade
from brokerkit.sandbox.happenings import BookChanged, Happening, OrderChanged, Traded, What
from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.words import Side

from .books import level_at, with_side
from .lists import SIDE_NAMES
from .numbers import percent_of, sign_code, signed_rate, whole
from .stream_day import DayOfSymbol, DaysOfSymbols
from .stream_levels import Levels, level_fields
from .us import COUNTRY, EXCHANGES, UsBranch, clock, code_of
from .us_books import against_the_day_before, price_of
from .us_lists import KINDS, TYPE_CODES, TYPE_NAMES, state
from .us_numbers import change, directed, dollars, rate_of
from .us_orders import order_number

Entry = dict[str, Any]
SESSION = "4"
"""FID 290: no other value was seen."""
EXCHANGE_OF_NOTICES = "000030"
"""FID 8046."""
_THOUSAND = Decimal(1_000)
_SIDES = {Side.SELL: "01", Side.BUY: "02"}
_DONE = {What.AMENDED: "정정완료", What.CANCELED: "취소완료", What.REJECTED: "거부"}
"""913. Of a cancel it is that of the lists; that of an amendment is made like it."""
_OF_A_FILL = "25"
"""905 of F5: so it was seen, and no page says what it is."""


class Tape:
    """What is told of an exchange, and what has to be known of before for that."""

    def __init__(self, branch: UsBranch) -> None:
        self._branch = branch
        self._days = None if branch.abroad is None else DaysOfSymbols(branch.abroad)
        self._books: dict[str, OrderBook] = {}
        """As they were told last."""

    def entries(self, happening: Happening, *, adds_up: bool) -> Iterator[tuple[Entry, str]]:
        """Yield entries, each with the item that has to be registered for it, blank for any."""
        if isinstance(happening, OrderChanged):
            if happening.account == self._branch.account:
                yield from ((entry, "") for entry in notices(self._branch, happening, adds_up=adds_up))
        elif isinstance(happening, Traded | BookChanged):
            instrument = self._branch.instrument(code_of(happening.symbol))
            told = self._trade(instrument, happening) if isinstance(happening, Traded) else self._book(instrument)
            exchange, code = EXCHANGES[instrument.market], code_of(instrument.symbol)
            yield {**told, "stexTp": exchange, "item": code}, f"{exchange}:{code}"

    def _trade(self, instrument: UsInstrument, told: Traded) -> Entry:
        assert self._days is not None  # noqa: S101 - something has happened at the exchange
        day = self._days.after(instrument.symbol, told.trade)
        return {"type": "FE", "values": trade(self._branch, instrument, told.trade, day)}

    def _book(self, instrument: UsInstrument) -> Entry:
        book = self._branch.exchange.order_book(instrument.symbol)
        before = self._books.get(instrument.symbol, book)
        self._books[instrument.symbol] = book
        return {"type": "FT", "values": levels(self._branch, instrument, book, before)}


def trade(branch: UsBranch, instrument: UsInstrument, traded: Trade, day: DayOfSymbol) -> dict[str, str]:
    """Return the values of FE. Its two times are one, as in the example, and by which clock is disputed."""
    base, book = instrument.previous_close, branch.exchange.order_book(instrument.symbol)
    moved, at = traded.price - base, branch.local(traded.time)
    prices = {"16": day.open, "17": day.high, "18": day.low}
    return {
        "10": directed(traded.price, base),
        "11": change(moved),
        "12": signed_rate(percent_of(moved, base)),
        "13": whole(day.volume),
        "14": whole(day.turnover / _THOUSAND),
        "15": with_side(traded),
        **{fid: directed(each.price if each else None, base) for fid, each in prices.items()},
        "20": f"{at:%H%M%S}",
        "22": f"{at:%Y%m%d}",
        "25": sign_code(traded.price, base),
        "27": price_of(level_at(book.asks, 1), base),
        "28": price_of(level_at(book.bids, 1), base),
        "30": against_the_day_before(branch, instrument.symbol, day.volume),
        "228": f"{percent_of(day.bought, day.sold)}",
        "290": SESSION,
        "51020": f"{at:%H%M%S}",
    }


def levels(branch: UsBranch, instrument: UsInstrument, book: OrderBook, before: OrderBook) -> dict[str, str]:
    """Return the values of FT: ten levels a side, and what changed since the last one."""
    base = instrument.previous_close
    fields = level_fields(*_sides(book), _sides(before), lambda price: directed(price, base))
    return {"21": f"{branch.local(branch.exchange.now()):%H%M%S}", **fields}


def _sides(book: OrderBook) -> tuple[Levels[Decimal], Levels[Decimal]]:
    asks, bids = ([(level.price, level.quantity) for level in side] for side in (book.asks, book.bids))
    return asks, bids


# Own orders


def notices(branch: UsBranch, told: OrderChanged, *, adds_up: bool) -> Iterator[Entry]:
    """Yield F4 and F5. Nothing tells of a notice when a stop order wakes or an order expires: none is sent."""
    item = code_of(told.order.request.symbol)
    if told.execution is not None:
        yield {"type": "F5", "item": item, "values": _fill(branch, told, adds_up=adds_up)}
    elif words := _words(branch, told):
        yield {"type": "F4", "item": item, "values": _confirmation(branch, told.order, words)}


def _words(branch: UsBranch, told: OrderChanged) -> str:
    if told.what is What.ACCEPTED:
        return "접수" if told.order.action == "NEW" or branch.habits.told_receipts else ""
    return _DONE.get(told.what, "")


def _common(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    request = order.request
    return {
        "9201": branch.account,
        "9203": order_number(order.number),
        "9001": code_of(request.symbol),
        "907": _SIDES[request.side],
        "904": order_number(order.original),
        "900": whole(order.quantity),
        "901": dollars(request.price or 0),
        "50810": dollars(request.stop_price or 0),
        "8043": "USD",
        "50841": "",
        "55190": "",
        "1091": COUNTRY,
        "50072": SIDE_NAMES[request.side],
        "302": branch.exchange.instruments[request.symbol].name,
        "50073": TYPE_NAMES[request.type],
    }


def _confirmation(branch: UsBranch, order: ExchangeOrder, words: str) -> dict[str, str]:
    return {
        **_common(branch, order),
        "905": KINDS[order.action],
        "906": TYPE_CODES[order.request.type],
        "913": words,
        "908": _clock(clock(branch.exchange.now())),
    }


def _clock(text: str) -> str:
    return text.replace(":", "")


def _fill(branch: UsBranch, told: OrderChanged, *, adds_up: bool) -> dict[str, str]:
    order, fill = told.order, told.execution
    assert fill is not None  # noqa: S101 - it is one that was filled
    holdings = branch.exchange.account(branch.account).holdings
    return {
        **_common(branch, order),
        "8046": EXCHANGE_OF_NOTICES,
        "905": _OF_A_FILL,
        "908": _clock(clock(fill.time)),
        "913": state(order),
        "902": whole(order.remaining),
        "909": str(fill.number),
        "910": dollars(fill.price),
        "911": whole(order.filled if adds_up else fill.quantity),
        **_held(next((each for each in holdings if each.symbol == order.request.symbol), None)),
        "8075": dollars(fill.tax),
        "13006": dollars(fill.commission),
        **dict.fromkeys(("50724", "50725", "50844"), dollars(0)),
    }


def _held(holding: Holding | None) -> Mapping[str, str]:
    if holding is None:
        return dict.fromkeys(("930", "931", "934", "936", "8004", "8005", "8018", "8019"), "0")
    earned = holding.market_value - holding.cost
    return {
        "930": whole(holding.quantity),
        "931": dollars(holding.average),
        "934": whole(holding.today_sold),
        "936": whole(holding.today_bought),
        "8004": "0",
        "8005": "0",
        "8018": dollars(earned),
        "8019": f"{rate_of(earned, holding.cost)}",
    }
