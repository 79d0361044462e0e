"""What verbs answer, as a person reads it and as data frames."""

from __future__ import annotations

import datetime as dt
import math
import pickle
import sys
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from starlette.responses import Response

from brokerkit import Balance, Broker, InvestorFlow, Level, Order, OrderBook, Position, Quote, Table, Venue, get_broker
from brokerkit import models as common
from brokerkit.errors import ConfigError, OrderUncertain
from brokerkit.models import Flow, Model
from brokerkit.models.columns import columns_of
from brokerkit.models.labels import _EVERYWHERE, _OF_A_MODEL
from brokerkit.models.table import SHOWN
from brokerkit.sandbox import Sandbox

MODELS = [kind for kind in vars(common).values() if isinstance(kind, type) and issubclass(kind, Model)]
KST = dt.timezone(dt.timedelta(hours=9))


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Sandbox() as sandbox, get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        yield broker


def flow(day: int, *, close: str | None = "70000.50", net: int | None = -7) -> InvestorFlow:
    return InvestorFlow(
        symbol="005930",
        date=dt.date(2026, 11, day),
        close=None if close is None else Decimal(close),
        final=True,
        individual=Flow(net_quantity=None if net is None else Decimal(net)),
    )


FLOWS = Table(InvestorFlow, [flow(25), flow(26, close=None), flow(27, net=None)])


def test_a_table_is_a_tuple_whose_parts_are_tables() -> None:
    assert (flow(25), flow(26, close=None), flow(27, net=None)) == FLOWS
    assert isinstance(FLOWS[1:], Table)
    assert (FLOWS[1:].kind, FLOWS[-1], len(FLOWS[:0])) == (InvestorFlow, flow(27, net=None), 0)
    again = pickle.loads(pickle.dumps(FLOWS))  # noqa: S301 - our own
    assert (again, again.kind) == (FLOWS, InvestorFlow)


def test_lists_within_models_are_tables_and_survive_json() -> None:
    book = OrderBook(symbol="005930", venue=Venue.KRX, asks=(Level(price=1, quantity=2),), bids=())  # type: ignore[arg-type]
    assert isinstance(book.asks, Table)
    assert (book.asks.kind, book.bids.kind) == (Level, Level)
    again = OrderBook.model_validate_json(book.model_dump_json())
    assert (again, type(again.bids)) == (book, Table)
    assert book.model_dump()["asks"] == ({"price": Decimal(1), "quantity": Decimal(2)},)


def test_pandas_keeps_decimals_and_days() -> None:
    frame = FLOWS.to_pandas()
    assert list(frame.columns[:4]) == ["symbol", "close", "final", "individual_net_quantity"]
    assert isinstance(frame.index, pd.DatetimeIndex)
    assert [day.date() for day in frame.index] == [day.date for day in FLOWS]
    assert frame["close"].tolist() == [Decimal("70000.50"), None, Decimal("70000.50")]
    assert frame["individual_net_quantity"].tolist() == [Decimal(-7), Decimal(-7), None]
    assert frame["final"].dtype == bool
    assert frame["resident_foreign_sell_amount"].tolist() == [None, None, None]


def test_pandas_has_floats_by_choice_and_nan_for_what_is_not_told() -> None:
    close = FLOWS.to_pandas(floats=True)["close"]
    assert close.dtype == "float64"
    assert close.iloc[0] == 70000.5
    assert math.isnan(close.iloc[1])


def test_columns_have_korean_names_by_choice() -> None:
    frame = FLOWS.to_pandas(korean=True)
    assert (frame.index.name, list(frame.columns[:4])) == ("일자", ["종목코드", "종가", "확정", "개인 순매수수량"])
    assert FLOWS.to_polars(korean=True).columns[:3] == ["일자", "종목코드", "종가"]


def test_polars_keeps_decimals_days_and_nulls() -> None:
    frame = FLOWS.to_polars()
    assert frame.schema["date"] == pl.Date
    assert frame.schema["close"] == pl.Decimal(38, 2)
    assert frame["close"].to_list() == [Decimal("70000.50"), None, Decimal("70000.50")]
    assert frame["individual_net_quantity"].to_list() == [Decimal(-7), Decimal(-7), None]
    assert frame.schema["final"] == pl.Boolean
    assert FLOWS.to_polars(floats=True).schema["close"] == pl.Float64


def test_times_are_korean_in_frames() -> None:
    order = Order.model_validate(
        {
            "id": "1",
            "symbol": "005930",
            "side": "BUY",
            "quantity": 3,
            "status": "WORKING",
            "handle": "h",
            "submitted_at": dt.datetime(2026, 11, 27, 0, 30, tzinfo=dt.UTC),
        }
    )
    table = Table(Order, [order])
    (index,) = table.to_pandas().index
    assert (index.isoformat(), str(index.tz)) == ("2026-11-27T09:30:00+09:00", "Asia/Seoul")
    frame = table.to_polars()
    assert frame.columns[0] == "submitted_at"
    assert frame["submitted_at"].to_list()[0].isoformat() == "2026-11-27T09:30:00+09:00"
    assert frame["side"].to_list() == ["BUY"]


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_an_empty_table_still_has_its_columns(kind: type[Model]) -> None:
    names = [column.name for column in columns_of(kind)]
    table: Table[Any] = Table(kind)
    pandas, polars = table.to_pandas(), table.to_polars()
    assert {*pandas.columns, *filter(None, pandas.index.names)} == set(polars.columns) == set(names)
    assert (len(pandas), len(polars)) == (0, 0)
    assert kind.__name__ in repr(table)


def test_an_order_book_is_a_frame_of_both_sides(broker: Broker) -> None:
    book = broker.order_book("005930")
    frame = book.to_pandas()
    assert frame["level"].tolist() == list(range(1, 11))
    assert frame["bid_price"].tolist() == [level.price for level in book.bids]
    assert frame["ask_quantity"].tolist() == [level.quantity for level in book.asks]
    short = OrderBook(symbol="005930", venue=Venue.KRX, asks=(Level(price=1, quantity=2),), bids=())  # type: ignore[arg-type]
    assert short.to_polars().rows() == [(1, Decimal(2), Decimal(1), None, None)]


def test_every_result_of_a_broker_becomes_a_frame(broker: Broker) -> None:
    broker.buy("005930", 3, price=broker.quote("005930").price)
    answers = [
        *(broker.quote("005930"), broker.order_book("005930"), broker.balance(), broker.balance().positions),
        *(broker.balances(), broker.orders(), broker.order_history(dt.date.today()), broker.investor_flow("005930")),
        *(broker.capabilities(), broker.buying_power("005930"), broker.market_hours(), broker.market_hours().sessions),
    ]
    for answer in answers:
        for options in ({}, {"floats": True}, {"korean": True}):
            assert len(answer.to_pandas(**options)) == len(answer.to_polars(**options))
        assert answer._repr_html_().startswith("<table>")
    (position,) = broker.balance().positions.to_pandas().to_dict("records")
    assert (position["symbol"], position["quantity"], position["kind"]) == ("005930", Decimal(3), "CASH")
    (quote,) = broker.quote("005930").to_pandas().to_dict("records")
    assert (quote["venue"], quote["price"]) == ("KRX", broker.quote("005930").price)


def test_a_model_is_printed_on_several_lines_without_what_is_not_told() -> None:
    quote = Quote(symbol="005930", venue=Venue.KRX, currency="KRW", price=Decimal("69300.0"), name="삼성전자")
    lines = ["Quote(", "    symbol='005930',", "    venue=KRX,", "    currency='KRW',", "    price=69300.0,"]
    assert repr(quote) == str(quote) == "\n".join([*lines, "    name='삼성전자',", ")"])
    assert "individual=(net_quantity=-7)" in repr(flow(25))
    assert "foreign" not in repr(flow(25))


def test_what_an_uncertain_order_was_meant_to_be_is_printed() -> None:
    with Sandbox() as sandbox, get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        price = broker.order_book("005930").bids[-1].price
        face = sandbox.face("kiwoom")
        face.before = lambda request: Response("<html></html>") if "ordr" in request.path else None
        with pytest.raises(OrderUncertain) as caught:
            broker.buy("005930", 3, price=price)
        assert "request=(symbol='005930', side=BUY, quantity=3" in repr(caught.value.intent)


def test_a_long_table_is_printed_with_its_ends() -> None:
    table = Table(Level, [Level(price=number, quantity=1) for number in range(1, 101)])
    lines = repr(table).splitlines()
    assert len(lines) == 2 * SHOWN + 3
    assert lines[0] == "Table(Level, 100 rows: ["
    assert lines[1].strip() == "Level(price=1, quantity=1),"
    assert lines[SHOWN + 1].strip() == "..."
    assert lines[-2].strip() == "Level(price=100, quantity=1),"
    assert table._repr_html_().count("<tr>") == 2 * SHOWN + 2


class Cells(HTMLParser):
    """Reads the cells of a table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: object) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def test_html_shows_thousands_korean_names_and_only_columns_that_tell_something() -> None:
    cells = Cells(FLOWS._repr_html_())
    assert cells.open == []
    assert {"70,000.50", "종가", "individual_net_quantity", "-7", "2026-11-25"} <= set(cells.found)
    assert "foreign_net_quantity" not in cells.found


def test_html_escapes_what_brokers_write() -> None:
    odd = Quote(symbol="005930", venue=Venue.KRX, currency="KRW", price=Decimal(1), name="<b>&")
    for text in (odd._repr_html_(), Table(Quote, [odd])._repr_html_()):
        assert "<b>" not in text
        assert "<b>&" in Cells(text).found


def test_a_balance_shows_its_positions_too(broker: Broker) -> None:
    broker.buy("005930", 3, price=broker.quote("005930").price)
    assert broker.balance()._repr_html_().count("<table>") == 2
    assert "positions=[1 × Position]" in repr(broker.balance())


def test_every_field_has_a_korean_name() -> None:
    fields = {(kind.__name__, name) for kind in MODELS for column in columns_of(kind) for name in column.path}
    assert [each for each in fields if each not in _OF_A_MODEL and each[1] not in _EVERYWHERE] == []
    named = {name for _, name in fields}
    assert set(_EVERYWHERE) <= named
    assert set(_OF_A_MODEL) <= fields


def test_a_name_in_korean_is_that_of_the_terms() -> None:
    terms = (Path(__file__).parent.parent / "docs" / "terms.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in terms.splitlines() if line[:2] == "| "]
    told = {row[2].strip("`"): row[0] for row in rows if len(row) == 5}
    for kind in (Quote, Position, Balance):
        for column in columns_of(kind):
            if (term := told.get(f"{kind.__name__}.{column.name}")) is not None:
                ours = _OF_A_MODEL.get((kind.__name__, column.name)) or _EVERYWHERE[column.name]
                assert ours.replace(" ", "") in term.replace(" ", ""), f"{ours} is no {term}"


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_library_is_told_with_its_extra(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=library) as caught:
        getattr(FLOWS, f"to_{library}")()
    assert f".[{library}]" in str(caught.value.advice)


def test_candles_become_frames_with_the_kinds_of_their_columns(broker: Broker) -> None:
    candles = broker.candles("005930", count=3)
    frame, empty = candles.to_pandas(), candles[:0].to_pandas()
    assert (len(frame), len(empty)) == (3, 0)
    assert list(frame.dtypes) == list(empty.dtypes)
    assert frame["close"].tolist() == [each.close for each in candles]
    assert [moment.date() for moment in frame.index] == [each.time.date() for each in candles]
    assert candles.to_polars()["close"].to_list() == [each.close for each in candles]
    assert candles[:0].to_polars().schema == candles.to_polars().schema
    assert candles.to_pandas(floats=True, korean=True)["종가"].tolist() == [float(each.close) for each in candles]
    assert pickle.loads(pickle.dumps(candles)) == candles  # noqa: S301 - our own
    with pytest.raises(AttributeError):
        candles.symbol = "000660"  # type: ignore[misc]


def test_quotes_that_lack_a_symbol_are_others(broker: Broker) -> None:
    both, one = broker.quotes(["005930", "999999"]), broker.quotes(["005930"])
    assert [quote.price for quote in both] == [quote.price for quote in one]
    assert both != one
    with pytest.raises(TypeError):
        both.failed["x"] = both.failed["999999"]  # type: ignore[index]
