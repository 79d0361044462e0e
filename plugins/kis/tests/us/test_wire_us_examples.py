"""What KIS itself answers about shares abroad, where BROKERKIT_WIRE_EXAMPLES tells where the examples lie."""

from __future__ import annotations

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.us import quotes

from brokerkit import clock
from brokerkit.errors import WireError
from brokerkit.words import Interval, OrderStatus, Side, TransactionKind, Venue

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
pytestmark = pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
ENVELOPE = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": ""}
TESLA = ("US", "22", "NAS", "", "TSLA", "NASTSLA", "테슬라", "TESLA INC", "2", "USD", "4", "1", "245.01")


def served(wire: Any, id: str, name: str, **added: str) -> Any:
    text = (Path(FOLDER or "") / "kis" / "examples" / f"overseas_stock__{name}.json").read_text(encoding="utf-8")
    body = json.loads(text)["response"]["body"]
    wire.listing(nas=["\t".join([*TESLA, *["1"] * 11]), "\t".join([*TESLA, *["1"] * 11]).replace("TSLA", "TQQQ")])
    return wire.answer(id, {**added, **body}).broker


def test_official_price_before_the_open(wire: Any) -> None:
    quote = served(wire, "HHDFS00000300", "price__official").quote("US:TSLA")
    assert (quote.price, quote.previous_close, quote.volume) == (Decimal("1091.26"), Decimal("1091.26"), 0)
    assert (quote.change, quote.change_percent) == (0, 0)


def test_official_detail_has_the_rate_of_the_day(wire: Any) -> None:
    rate = served(wire, "HHDFS76200200", "price_detail__official").exchange_rate()
    assert (rate.rate, rate.kind, rate.date, rate.time) == (1321, "당일환율", None, None)


def test_official_days(wire: Any) -> None:
    broker = served(wire, "HHDFS76240000", "dailyprice__official_a", **ENVELOPE)
    span = {"start": dt.date(2022, 4, 5), "end": dt.date(2022, 4, 6), "adjusted": False}
    candles = broker.candles("US:TSLA", Interval.DAY, **span)
    assert [(each.time.date().day, each.open, each.close, each.turnover) for each in candles] == [
        (5, Decimal("1136.3"), Decimal("1091.26"), 29742125077),
        (6, Decimal("1073.47"), Decimal("1045.76"), 31190274312),
    ]


def test_official_minutes_have_korean_moments(wire: Any) -> None:
    served(wire, "HHDFS76950200", "inquire_time_itemchartprice__official_a", **ENVELOPE)
    part = wire.broker.adapter.served["US"]
    close = dt.datetime(2024, 2, 23, 6, 0, tzinfo=clock.KST)
    bars = next(iter(part.minutes("US:TSLA", Interval.MINUTE, Venue.US, None, close, close)))
    assert bars.symbol == "US:TSLA"
    newest = bars.rows[0]
    assert (newest[bars.time], newest[bars.clock or ""], newest[bars.volume]) == ("20240223", "060000", "5695")


def test_official_open_orders(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2022, 1, 12, 20, 0, tzinfo=clock.KST))
    first, second = served(wire, "TTTS3018R", "inquire_nccs__official").orders(market="US")
    assert (first.id, first.symbol, first.side, first.quantity) == ("0030138112", "US:BA", Side.BUY, 1)
    assert (first.price, first.status, first.name) == (200, OrderStatus.WORKING, "보잉")
    assert first.submitted_at == dt.datetime(2022, 1, 12, 16, 32, 9, tzinfo=clock.KST)
    assert second.handle == "kis:20220112:01790:0030138113"


def test_official_list_without_orders(wire: Any) -> None:
    broker = served(wire, "TTTS3035R", "inquire_ccnl__official")
    assert list(broker.order_history(dt.date(2026, 11, 25), dt.date(2026, 11, 25), market="US")) == []


@pytest.mark.parametrize(("name", "id"), [("order__official", "TTTT1002U"), ("order_rvsecncl__official", "TTTT1004U")])
def test_official_acceptance(wire: Any, us_order: Any, name: str, id: str) -> None:
    broker = served(wire, id, name)
    order = broker.buy("US:TSLA", 1, price=145) if id == "TTTT1002U" else broker.cancel(us_order(symbol="US:TSLA"))
    assert order.id in ("0000004336", "0000004338")


def test_official_holdings(wire: Any) -> None:
    balance = served(wire, "TTTS3012R", "inquire_balance__official").balance(market="US")
    (position,) = balance.positions
    assert (position.symbol, position.quantity, position.sellable_quantity) == ("US:TSLA", 744, 744)
    assert (position.average_price, position.price) == (Decimal("5832.2148"), Decimal("1064.4"))
    assert (balance.cost, balance.market_value) == (Decimal("4339167.78523"), Decimal("791913.6"))
    assert position.unrealized_pnl == Decimal("-3547254.18523")


def test_holdings_of_a_demo_account_that_has_none(demo: Any) -> None:
    balance = served(demo, "TTTS3012R", "inquire_balance__demo_empty").balance(market="US")
    assert (len(balance.positions), balance.cost, balance.market_value) == (0, 0, 0)


def test_buying_power_of_a_demo_account(demo: Any) -> None:
    power = served(demo, "TTTS3007R", "inquire_psamount__demo_tqqq").buying_power("US:TQQQ", price="77.03")
    assert (power.cash, power.quantity) == (100000, 1285)


def test_official_buying_power_whose_figures_are_hidden_is_refused(wire: Any) -> None:
    broker = served(wire, "TTTS3007R", "inquire_psamount__official", **ENVELOPE)
    with pytest.raises(WireError):
        broker.buying_power("US:TSLA", price="133.2")


def test_official_trades_that_were_settled(wire: Any) -> None:
    broker = served(wire, "CTOS4001R", "inquire_period_trans__official")
    day = dt.date(2024, 1, 18)
    told = broker.transactions(day, day, market="US")
    assert (TransactionKind.SALE, "US:AAPL", Decimal("2.94"), 1) in [
        (each.kind, each.symbol, each.amount, each.quantity) for each in told
    ]
    assert {each.traded_on for each in told} == {dt.date(2024, 1, 16)}


def test_official_facts_of_a_share_have_no_multiple(wire: Any) -> None:
    served(wire, "CTPF1702R", "search_info__official")
    assert wire.broker.adapter.served["US"].leverage("US:TSLA") is None
    (call,) = wire.of("CTPF1702R")
    assert dict(call.query) == {"PRDT_TYPE_CD": "512", "PDNO": "TSLA"}
    assert quotes.QUOTATIONS in call.url
