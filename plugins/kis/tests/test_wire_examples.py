"""What KIS itself answers, where BROKERKIT_WIRE_EXAMPLES tells where the examples lie: every number as it is stated."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.wire import login

from brokerkit import clock
from brokerkit.errors import (
    AuthError,
    BrokerError,
    InsufficientFunds,
    MarketClosed,
    NothingToCancel,
    RateLimited,
    Rejected,
    Unsupported,
)
from brokerkit.market.sessions import Phase
from brokerkit.models import Flow, InvestorFlow, Position, Quote
from brokerkit.words import OrderStatus, OrderType, PositionKind, Side, TimeInForce, Venue

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
pytestmark = pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
DONE = {"rt_cd": "0", "msg_cd": "", "msg1": "", "ctx_area_fk100": "", "ctx_area_nk100": ""}
BUY, CANCEL = "TTTC0012U", "TTTC0013U"
ADDED = {"domestic_stock__inquire_balance__demo_two_holdings": "its source does not show the envelope: we add one"}


def example(name: str) -> tuple[Any, int]:
    """Return body and status of an example; where the source does not show the status it is 200."""
    text = (Path(FOLDER or "") / "kis" / "examples" / f"{name}.json").read_text(encoding="utf-8")
    response = json.loads(text)["response"]
    return response["body"], response["status"] or 200


def served(wire: Any, id: str, name: str) -> Any:
    body, status = example(name)
    return wire.answer(id, {**DONE, **body} if name in ADDED else body, status=status).broker


def test_token(wire: Any) -> None:
    served(wire, "tokenP", "auth__auth_token__official")
    token = wire.client.issue_token()
    assert token.value.get_secret_value() == "<token>"
    assert token.expires_at == dt.datetime(2023, 12, 22, 8, 16, 59, tzinfo=clock.KST)


def test_revocation(wire: Any) -> None:
    served(wire, "revokeP", "auth__revokep__official")
    assert wire.client.revoke()


def test_hashkey(wire: Any) -> None:
    served(wire, "hashkey", "auth__hashkey__official")
    value = wire.client.call(login.HASHKEY, body={"ORD_QTY": "1"}).value.get_secret_value()
    assert (len(value), value[:4], value[-4:]) == (64, "8b84", "2f0f")


def test_official_price(wire: Any) -> None:
    assert served(wire, "FHKST01010100", "domestic_stock__inquire_price__official").quote("000660") == Quote(
        symbol="000660",
        venue=Venue.KRX,
        currency="KRW",
        price=Decimal(128500),
        previous_close=Decimal(128500),
        change=Decimal(0),
        change_percent=Decimal(0),
        open=Decimal(128500),
        high=Decimal(130000),
        low=Decimal(128500),
        volume=Decimal(2669075),
        turnover=Decimal(344570137500),
        upper_limit=Decimal(167000),
        lower_limit=Decimal(90000),
        session=Phase.REGULAR,
    )


def test_price_of_2026_in_part(wire: Any) -> None:
    assert served(wire, "FHKST01010100", "domestic_stock__inquire_price__real_partial_2026").quote("005930") == Quote(
        symbol="005930",
        venue=Venue.KRX,
        currency="KRW",
        price=Decimal(259500),
        change=Decimal(-9500),
        change_percent=Decimal("-3.53"),
    )


@pytest.mark.parametrize(
    ("name", "number", "branch", "time"),
    [
        ("official", "0001569157", "06010", dt.time(15, 52, 11)),
        ("demo_buy_market_accepted", "2696", "00950", dt.time(9, 59, 2)),
        ("real_accepted", "0000006555", "06590", dt.time(15, 10, 59)),
    ],
)
def test_accepted_orders(wire: Any, name: str, number: str, branch: str, time: dt.time) -> None:
    order = served(wire, BUY, f"domestic_stock__order_cash__{name}").buy("005930", 10, type=OrderType.MARKET)
    today = clock.today()
    assert (order.id, order.status) == (number, OrderStatus.PENDING)
    assert order.handle == f"kis:{today:%Y%m%d}:{branch}:{number}"
    assert order.submitted_at == dt.datetime.combine(today, time, clock.KST)


@pytest.mark.parametrize(("name", "number"), [("official", "0001569139"), ("demo_modify_accepted", "2933")])
def test_accepted_amendments_have_a_number_of_their_own(wire: Any, name: str, number: str) -> None:
    canceled = served(wire, CANCEL, f"domestic_stock__order_rvsecncl__{name}").cancel(wire.order())
    assert (canceled.id, canceled.original_id, canceled.status) == (number, "0001234567", OrderStatus.PENDING)
    moved = wire.broker.amend(wire.order(), price=69000)
    assert (moved.id, moved.original_id, moved.status) == (number, "0001234567", OrderStatus.PENDING)


def holding(name: str, symbol: str, *numbers: str) -> Position:
    quantity, sellable, average, price, cost, value, profit, percent = map(Decimal, numbers)
    return Position(
        symbol=symbol,
        name=name,
        quantity=quantity,
        sellable_quantity=sellable,
        average_price=average,
        price=price,
        cost=cost,
        market_value=value,
        unrealized_pnl=profit,
        unrealized_pnl_percent=percent,
        currency="KRW",
    )


def test_official_balance_keeps_cash_and_loan_rows_apart(wire: Any) -> None:
    balance = served(wire, "TTTC8434R", "domestic_stock__inquire_balance__official").balance()
    first = holding(
        "삼성전기", "009150", "1657", "1611", "135440.2517", "0", "224424497", "0", "-224424497", "-100.0000"
    )
    second = holding("삼성전기", "009150", "3", "0", "123000", "0", "369000", "0", "-369000", "-100.0000")
    # Both rows have no price, so there is no value and no loss either.
    unknown = dict.fromkeys(("price", "market_value", "unrealized_pnl", "unrealized_pnl_percent"))
    loan = {**unknown, "kind": PositionKind.MARGIN_LOAN}
    assert balance.positions == (first.model_copy(update=unknown), second.model_copy(update=loan))
    assert (balance.cash, balance.cash_d1, balance.cash_d2) == (346455, 346455, 346455)
    assert (balance.cost, balance.market_value, balance.unrealized_pnl) == (2516522, 1759600, -756922)
    assert (balance.total_value, balance.orderable_cash, balance.withdrawable_cash) == (2106055, None, None)


def test_demo_balance_with_two_holdings(wire: Any) -> None:
    balance = served(wire, "TTTC8434R", "domestic_stock__inquire_balance__demo_two_holdings").balance()
    first = holding("삼성전자", "005930", "1", "1", "51000", "53800", "51000", "53800", "2800", "5.4902")
    second = holding("S-Oil우", "010955", "7", "7", "39550", "39100", "276850", "273700", "-3150", "-1.1378")
    assert balance.positions == (first, second)
    assert (balance.cash, balance.cash_d1, balance.cash_d2) == (9949000, 9672120, 9672120)
    assert (balance.cost, balance.market_value, balance.unrealized_pnl) == (327850, 327500, -350)
    assert balance.total_value == 9999620


@pytest.mark.parametrize(("number", "time"), [("0001568197", dt.time(17, 1)), ("0001568196", dt.time(17, 0, 38))])
def test_refused_orders_stay_in_the_official_list(wire: Any, number: str, time: dt.time) -> None:
    broker = served(wire, "CTSC9215R", "domestic_stock__inquire_daily_ccld__official")
    order = wire.order(id=number, symbol="009150", price=150000, handle=f"kis:20220103:06010:{number}")
    assert broker.refresh(order) == wire.order(
        id=number,
        symbol="009150",
        name="삼성전기",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY,
        venue=None,
        quantity=10,
        price=150000,
        filled_quantity=0,
        remaining_quantity=0,
        average_fill_price=None,
        status=OrderStatus.REJECTED,
        submitted_at=dt.datetime.combine(dt.date(2022, 1, 3), time, clock.KST),
        handle=f"kis:20220103:06010:{number}",
    )


def test_official_history_tells_the_refused_orders(wire: Any) -> None:
    # The years whose trading days are known begin later than the example.
    body, status = example("domestic_stock__inquire_daily_ccld__official")
    wire.answer("CTSC9215R", json.dumps(body).replace("20220103", "20240103").encode(), status=status)
    found = wire.broker.order_history(dt.date(2024, 1, 3), dt.date(2024, 1, 3))
    assert [(order.id, order.status, order.quantity, order.price) for order in found] == [
        ("0001568196", OrderStatus.REJECTED, 10, 150000),
        ("0001568197", OrderStatus.REJECTED, 10, 150000),
    ]
    assert {order.original_id for order in found} == {None}


def test_official_working_orders_are_an_order_and_an_amendment(wire: Any) -> None:
    first, amended = served(wire, "TTTC0084R", "domestic_stock__inquire_psbl_rvsecncl__official").orders()
    today = clock.today()
    fields: dict[str, Any] = {
        "symbol": "009150",
        "name": "SamsungElecMech",
        "venue": None,
        "quantity": 1,
        "filled_quantity": 0,
        "remaining_quantity": 1,
        "status": OrderStatus.WORKING,
    }
    assert first == wire.order(
        **fields,
        id="0001569138",
        price=200000,
        submitted_at=dt.datetime.combine(today, dt.time(13, 14, 21), clock.KST),
        handle=f"kis:{today:%Y%m%d}:06010:0001569138",
    )
    assert amended == wire.order(
        **fields,
        id="0001569139",
        price=140000,
        submitted_at=dt.datetime.combine(today, dt.time(13, 14, 38), clock.KST),
        original_id="0001569136",
        handle=f"kis:{today:%Y%m%d}:06010:0001569139",
    )


def test_official_amendment_of_one_share(wire: Any) -> None:
    broker = served(wire, CANCEL, "domestic_stock__order_rvsecncl__official")
    order = wire.order(id="0001566017", quantity=1, handle=f"kis:{clock.today():%Y%m%d}::0001566017")
    moved = broker.amend(order, price=180000, quantity=1)
    assert (moved.id, moved.original_id, moved.price, moved.quantity) == ("0001569139", "0001566017", 180000, 1)
    assert (moved.submitted_at.time(), moved.handle.split(":")[2:]) == (dt.time(13, 14, 38), ["06010", "0001569139"])
    sent = json.loads((Path(FOLDER or "") / "kis/examples/domestic_stock__order_rvsecncl__official.json").read_bytes())
    stated = {name: value for name, value in sent["request"]["body"].items() if name not in ("CANO", "ACNT_PRDT_CD")}
    assert stated.items() <= wire.of(CANCEL)[0].body.items()


def test_official_buying_power_is_without_margin(wire: Any) -> None:
    power = served(wire, "TTTC8908R", "domestic_stock__inquire_psbl_order__official").buying_power("005930")
    assert (power.cash, power.quantity, power.price) == (107177377, 1531, None)


def test_official_book_has_all_ten_levels(wire: Any) -> None:
    book = served(wire, "FHKST01010200", "domestic_stock__inquire_asking_price_exp_ccn__official").order_book("000660")
    assert [(int(level.price), int(level.quantity)) for level in book.asks] == [
        *((128000, 69454), (128500, 189698), (129000, 154732), (129500, 85703), (130000, 158696)),
        *((130500, 31395), (131000, 50738), (131500, 21039), (132000, 39424), (132500, 29126)),
    ]
    assert [(int(level.price), int(level.quantity)) for level in book.bids] == [
        *((127500, 83147), (127000, 27469), (126500, 25200), (126000, 18544), (125500, 13251)),
        *((125000, 15742), (124500, 15070), (124000, 24995), (123500, 11658), (123000, 15773)),
    ]
    assert (book.symbol, book.time) == ("000660", dt.datetime.combine(clock.today(), dt.time(16), clock.KST))


def test_demo_list_without_orders_leaves_the_order_pending(wire: Any) -> None:
    broker = served(wire, "TTTC0081R", "domestic_stock__inquire_daily_ccld__demo_no_orders")
    assert broker.refresh(wire.order()).status == OrderStatus.PENDING


def flow(net: int, buy: int, sell: int, net_millions: int, buy_millions: int, sell_millions: int) -> Flow:
    return Flow(
        net_quantity=Decimal(net),
        buy_quantity=Decimal(buy),
        sell_quantity=Decimal(sell),
        net_amount=Decimal(net_millions * 1_000_000),
        buy_amount=Decimal(buy_millions * 1_000_000),
        sell_amount=Decimal(sell_millions * 1_000_000),
    )


def test_official_investor_flow(wire: Any) -> None:
    broker = served(wire, "FHKST01010900", "domestic_stock__inquire_investor__official")
    assert broker.investor_flow("000660", detail=True) == (
        InvestorFlow(
            symbol="000660",
            date=dt.date(2022, 1, 12),
            close=Decimal(128500),
            final=True,
            individual=flow(-74249, 608748, 682997, -9687, 77943, 87630),
            foreign=flow(-134600, 721756, 856356, -17094, 92615, 109708),
            institution=flow(206812, 2201966, 1995154, 26530, 281965, 255435),
        ),
        InvestorFlow(
            symbol="000660",
            date=dt.date(2022, 1, 13),
            close=Decimal(129500),
            final=True,
            individual=flow(-287624, 467525, 755149, -37176, 60368, 97544),
            foreign=flow(797458, 1442791, 645333, 102959, 186166, 83207),
            institution=flow(-503653, 2219433, 2723086, -64984, 286505, 351489),
        ),
    )


def buy(wire: Any) -> object:
    return wire.broker.buy("005930", 10, price=70000)


def cancel(wire: Any) -> object:
    return wire.broker.cancel(wire.order())


def quote(wire: Any) -> object:
    return wire.broker.quote("005930")


REFUSALS: list[tuple[str, Callable[[Any], object], str, type[BrokerError], str]] = [
    ("error__demo_account_cannot_trade", buy, BUY, AuthError, "40910000"),
    ("error__demo_market_closed", buy, BUY, MarketClosed, "40580000"),
    ("error__demo_not_enough_cash", buy, BUY, InsufficientFunds, "40250000"),
    ("error__missing_field", lambda wire: wire.broker.balance(), "TTTC8434R", Rejected, "OPSQ2001"),
    ("error__rate_limit", quote, "FHKST01010100", RateLimited, "EGW00201"),
    ("error__rate_limit", buy, BUY, RateLimited, "EGW00201"),
    ("error__real_cash_exceeded", buy, BUY, InsufficientFunds, "APBK0952"),
    ("error__token_expired", quote, "FHKST01010100", AuthError, "EGW00123"),
    ("error__token_expired", buy, BUY, AuthError, "EGW00123"),
    ("error__token_once_per_minute", lambda wire: wire.client.issue_token(), "tokenP", RateLimited, "EGW00133"),
    ("error__tr_not_in_demo", quote, "FHKST01010100", Unsupported, "EGW02006"),
    ("domestic_stock__order_rvsecncl__demo_cancel_of_filled_order", cancel, CANCEL, NothingToCancel, "40330000"),
]


@pytest.mark.parametrize(("name", "ask", "id", "kind", "code"), REFUSALS)
def test_observed_refusals(
    wire: Any, name: str, ask: Callable[[Any], object], id: str, kind: type[BrokerError], code: str
) -> None:
    served(wire, id, name)
    with pytest.raises(BrokerError) as caught:
        ask(wire)
    body, _ = example(name)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert caught.value.message == " ".join((body.get("msg1") or body["error_description"]).split())


def test_no_example_of_a_refusal_is_left_out() -> None:
    there = {path.stem for path in (Path(FOLDER or "") / "kis" / "examples").glob("error__*.json")}
    assert there == {name for name, *_ in REFUSALS if name.startswith("error__")}
