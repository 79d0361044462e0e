"""What Kiwoom itself answers, where BROKERKIT_WIRE_EXAMPLES tells where the examples lie: every number as stated."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kiwoom.stocks import quotes

from brokerkit import clock
from brokerkit.errors import (
    AuthError,
    BrokerError,
    InsufficientFunds,
    InvalidOrder,
    MarketClosed,
    OrderUncertain,
    RateLimited,
    Rejected,
    Unsupported,
    WireError,
)
from brokerkit.market.sessions import Phase
from brokerkit.models import Flow, InvestorFlow, Position, Quote
from brokerkit.testing.inside import account_of, kind_of
from brokerkit.words import OrderStatus, OrderType, SecurityType, Side, TimeInForce, Venue

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
pytestmark = pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
UNUSABLE = {"ka10001": "its values are shifted against its keys from upl_pric on; the observed answer is sound"}
WEBSOCKET = {"ws-login-token", "ws-session-replaced"}
DAY = dt.date(2024, 11, 7)


def loaded(name: str) -> Any:
    return json.loads((Path(FOLDER or "") / "kiwoom" / "examples" / f"{name}.json").read_text(encoding="utf-8"))


def official(id: str) -> Any:
    assert id not in UNUSABLE
    return loaded(id)["response"]["body"]


def observed(name: str) -> Any:
    (variant,) = (variant for variant in loaded("_observed")["variants"] if variant["id"] == name)
    return variant["response"]["body"]


def refusals() -> dict[str, Any]:
    return {error["id"]: error for error in loaded("_errors")["errors"]}


@pytest.mark.parametrize("id", UNUSABLE)
def test_unusable_examples_are_marked_so_by_whoever_collected_them(id: str) -> None:
    assert "not usable" in loaded(id)["warning"]


def test_token(wire: Any) -> None:
    token = wire.answer("token", official("au10001")).client.issue_token()
    assert token.value.get_secret_value().startswith("WQJC")
    assert token.expires_at == dt.datetime(2024, 11, 7, 8, 37, 13, tzinfo=clock.KST)


def test_revocation(wire: Any) -> None:
    assert wire.answer("revoke", official("au10002")).client.revoke()


def test_account_number_is_shown_masked(wire: Any) -> None:
    assert wire.answer("ka00001", official("ka00001")).broker.account() == "******6789"
    assert account_of(wire.broker) == "0123456789"


def test_observed_price_has_a_direction_on_each_price_and_a_real_sign_on_the_change(wire: Any) -> None:
    assert wire.answer("ka10001", observed("ka10001-live-krx")).broker.quote("006360") == Quote(
        symbol="006360",
        venue=Venue.KRX,
        currency="KRW",
        name="GS건설",
        price=Decimal(34950),
        previous_close=Decimal(34150),
        change=Decimal(800),
        change_percent=Decimal("2.34"),
        open=Decimal(33050),
        high=Decimal(35900),
        low=Decimal(32100),
        volume=Decimal(2837598),
        upper_limit=Decimal(44350),
        lower_limit=Decimal(23950),
        session=Phase.REGULAR,
    )


@pytest.mark.parametrize(("source", "number"), [("kt10000", "00024"), ("kt10000-mock-market", "0121751")])
def test_accepted_orders_have_five_or_seven_digits(wire: Any, source: str, number: str) -> None:
    wire.answer("kt10000", observed(source) if "-" in source else official(source))
    order = wire.broker.buy("005930", 1, type=OrderType.MARKET)
    assert (order.id, order.status) == (number, OrderStatus.PENDING)
    assert order.handle == f"kiwoom:{clock.today():%Y%m%d}:{number}:{number}"


def test_accepted_cancellation(wire: Any) -> None:
    canceled = wire.answer("kt10003", official("kt10003")).broker.cancel(wire.order(), quantity=1)
    assert (canceled.id, canceled.original_id, canceled.status) == ("0000141", "0000140", OrderStatus.PENDING)
    assert canceled.handle.endswith(":0000140:0000141")


def holding(quantity: int, average: int, price: int, cost: int, value: int, profit: int, percent: str) -> Position:
    return Position(
        symbol="005930",
        name="삼성전자",
        quantity=Decimal(quantity),
        sellable_quantity=Decimal(quantity),
        average_price=Decimal(average),
        price=Decimal(price),
        cost=Decimal(cost),
        market_value=Decimal(value),
        unrealized_pnl=Decimal(profit),
        unrealized_pnl_percent=Decimal(percent),
        currency="KRW",
    )


def test_official_balance_has_a_profit_before_costs(wire: Any) -> None:
    # The example shows two rows of more: as it stands it is a list that is short.
    wire.answer("kt00018", official("kt00018")).answer("kt00001", official("kt00001"))
    with pytest.raises(WireError, match="25789890"):
        wire.broker.balance()
    wire.answer("kt00018", {**official("kt00018"), "tot_evlt_amt": "000000000857000", "tot_pur_amt": "000000002046930"})
    balance = wire.broker.balance()
    assert balance.positions == (
        holding(3, 124500, 59000, 373500, 177000, -196500, "-52.6104"),
        holding(8, 209178, 85000, 1673430, 680000, -993430, "-59.3649"),
    )
    assert (balance.cost, balance.market_value, balance.unrealized_pnl) == (2046930, 857000, -1189930)
    assert (balance.cash, balance.orderable_cash, balance.withdrawable_cash) == (17534, 12550, 85341)
    assert (balance.cash_d1, balance.cash_d2, balance.total_value) == (17450, 12550, 869550)


def test_observed_cash_of_a_fresh_mock_account_is_without_margin(wire: Any) -> None:
    balance = wire.answer("kt00001", observed("kt00001-mock-fresh")).broker.balance()
    assert {balance.cash, balance.orderable_cash, balance.withdrawable_cash} == {Decimal(10_000_000)}
    assert {balance.cash_d1, balance.cash_d2} == {Decimal(10_000_000)}


def test_observed_empty_list_of_the_mock_host_is_read_whatever_its_words(wire: Any) -> None:
    wire.answer("kt00007", {**observed("ka10075-mock-empty"), "acnt_ord_cntr_prps_dtl": []})
    wire.answer("ka10076", {**wire.good("ka10076"), "cntr": []})
    assert wire.answer("ka10075", observed("ka10075-mock-empty")).broker.orders() == ()
    assert wire.broker.refresh(wire.order()).status == OrderStatus.PENDING


def test_official_filled_orders_are_sells_that_were_routed(wire: Any) -> None:
    wire.answer("kt00007", {**wire.good("kt00007"), "acnt_ord_cntr_prps_dtl": []})
    wire.answer("ka10075", {**wire.good("ka10075"), "oso": []})
    wire.answer("ka10076", official("ka10076"))
    for id, seconds in (("0000036", 6), ("0000037", 15)):
        handle = f"kiwoom:{clock.today():%Y%m%d}:{id}:{id}"
        terms = {"side": Side.SELL, "quantity": Decimal(1), "price": Decimal(158200), "venue": Venue.SOR}
        order = wire.broker.refresh(wire.order(id=id, handle=handle, **terms))
        assert (order.symbol, order.name, order.side, order.venue) == ("005930", "삼성전자", Side.SELL, Venue.SOR)
        assert (order.price, order.average_fill_price, order.status) == (158200, 158200, OrderStatus.FILLED)
        assert (order.quantity, order.filled_quantity, order.remaining_quantity) == (1, 1, 0)
        assert order.submitted_at == dt.datetime.combine(clock.today(), dt.time(15, 38, seconds), clock.KST)


def test_official_working_order_is_a_market_order_whose_rest_is_all(wire: Any) -> None:
    today = clock.today()
    assert wire.answer("ka10075", official("ka10075")).broker.orders() == (
        wire.order(
            id="0000069",
            name="삼성전자",
            type=OrderType.MARKET,
            quantity=1,
            price=None,
            filled_quantity=0,
            remaining_quantity=1,
            status=OrderStatus.WORKING,
            submitted_at=dt.datetime.combine(today, dt.time(15, 41, 13), clock.KST),
            handle=f"kiwoom:{today:%Y%m%d}:0000069:0000069",
        ),
    )


def test_official_amendment_of_one_share(wire: Any) -> None:
    order = wire.order(id="0000139", handle=f"kiwoom:{clock.today():%Y%m%d}:0000139:0000139")
    moved = wire.answer("kt10002", official("kt10002")).broker.amend(order, price=199700, quantity=1)
    assert (moved.id, moved.original_id, moved.price, moved.quantity) == ("0000140", "0000139", 199700, 1)
    assert wire.of("kt10002")[0].body == loaded("kt10002")["request"]["body"]


def test_official_buying_power_is_that_at_full_margin(wire: Any) -> None:
    power = wire.answer("kt00010", official("kt00010")).broker.buying_power("005930", price=267000)
    assert (power.cash, power.quantity, power.price) == (12550, 0, 267000)
    assert wire.of("kt00010")[0].body == loaded("kt00010")["request"]["body"]


def test_official_book_has_every_field_that_is_read_and_no_order(wire: Any) -> None:
    assert "keys only" in loaded("ka10004")["warning"]
    body = official("ka10004")
    assert {field.alias for field in quotes.Book.model_fields.values()} <= set(body)
    book = wire.answer("ka10004", body).broker.order_book("005930")
    assert (book.asks, book.bids) == ((), ())
    assert book.time == dt.datetime.combine(clock.today(), dt.time(16, 20), clock.KST)


def test_official_day_list_is_a_history_of_that_day(wire: Any) -> None:
    (order,) = wire.answer("kt00007", official("kt00007")).broker.order_history(DAY, DAY)
    assert (order.id, order.symbol, order.name) == ("0000050", "069500", "KODEX 200")
    assert (order.type, order.quantity, order.filled_quantity) == (OrderType.MARKET, 1, 1)
    assert (order.average_fill_price, order.status, order.original_id) == (4900, OrderStatus.FILLED, None)
    assert order.submitted_at == dt.datetime(2024, 11, 7, 13, 5, 43, tzinfo=clock.KST)


def test_official_commission_of_a_sale_is_that_of_the_purchase_too(wire: Any) -> None:
    wire.answer("ka10073", official("ka10073"))
    wire.answer("ka10074", official("ka10074"))
    day = dt.date(2024, 11, 28)
    (told,) = wire.broker.realized_pnl(day, day)
    assert (told.pnl, told.commission, told.tax) == (3 * (Decimal("158200") - Decimal("97602.96")), 1_500, 852)
    (row, *_), (total,) = official("ka10073")["dt_stk_rlzt_pl"], official("ka10074")["dt_rlzt_pl"]
    sold, bought = Decimal(row["cntr_pric"]), Decimal(row["buy_uv"])

    def commission(amount: Decimal) -> Decimal:
        return amount * 2 // 1000 // 10 * 10

    assert (commission(sold), commission(bought)) == (310, 190)
    assert int(row["tdy_trde_cmsn"]) == 310 + 190
    assert sold - bought - 500 - int(row["tdy_trde_tax"]) == Decimal(row["tdy_sel_pl"])
    assert (commission(3 * sold), commission(3 * bought)) == (int(total["tdy_trde_cmsn"]), 580)
    assert int(3 * (sold - bought) - 940 - 580 - 852) == int(total["tdy_sel_pl"])


def flows(*numbers: int) -> dict[str, Flow]:
    names = (
        *("individual", "foreign", "institution", "financial_investment", "insurance", "investment_trust"),
        *("other_finance", "bank", "pension", "private_fund", "government", "other_corporation", "resident_foreign"),
    )
    return {
        name: Flow(net_quantity=Decimal(number), net_amount=Decimal(number * 1_000_000))
        for name, number in zip(names, numbers, strict=True)
    }


def test_official_investor_flow_read_as_shares_and_as_million_won(wire: Any) -> None:
    rows = wire.answer("ka10059", official("ka10059")).broker.investor_flow("005930", end=DAY)
    assert rows == (
        InvestorFlow(
            symbol="005930",
            date=dt.date(2024, 11, 6),
            close=Decimal(74800),
            final=True,
            **flows(-639, -7, 646, -47, 15, -2, 730, -51, 1, 0, 0, 0, 0),
        ),
        InvestorFlow(
            symbol="005930",
            date=DAY,
            close=Decimal(61300),
            final=True,
            **flows(1584, -61778, 60195, 25514, 0, 0, 34619, 4, -1, 58, 0, 0, 1),
        ),
    )


def test_official_row_of_the_day_list(wire: Any) -> None:
    handle = "kiwoom:20241107:0000050:0000050"
    order = wire.order(id="0000050", symbol="069500", quantity=1, price=None, type=OrderType.MARKET, handle=handle)
    assert wire.answer("kt00007", official("kt00007")).broker.refresh(order) == wire.order(
        id="0000050",
        symbol="069500",
        name="KODEX 200",
        side=Side.BUY,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.DAY,
        venue=Venue.KRX,
        quantity=1,
        price=None,
        filled_quantity=1,
        remaining_quantity=0,
        average_fill_price=4900,
        status=OrderStatus.FILLED,
        submitted_at=dt.datetime(2024, 11, 7, 13, 5, 43, tzinfo=clock.KST),
        handle=handle,
    )


def test_official_listing_tells_the_kind(wire: Any) -> None:
    assert kind_of(wire.answer("ka10100", official("ka10100")).broker, "005930") is SecurityType.STOCK


def buy(wire: Any) -> object:
    return wire.broker.buy("005930", 10, price=70000)


def sell(wire: Any) -> object:
    return wire.broker.sell("005930", 10, price=70000)


def quote(wire: Any) -> object:
    return wire.broker.quote("005930")


REFUSALS: list[tuple[str, Callable[[Any], object], str, type[BrokerError], str]] = [
    ("rate-limit", quote, "ka10001", RateLimited, "1700"),
    ("rate-limit", buy, "kt10000", OrderUncertain, "1700"),
    ("rate-limit-older-wording", quote, "ka10001", RateLimited, "1700"),
    ("token-invalid", quote, "ka10001", AuthError, "8005"),
    ("token-invalid", buy, "kt10000", AuthError, "8005"),
    ("missing-field", lambda wire: wire.broker.refresh(wire.order()), "kt00007", Rejected, "1511"),
    ("no-authorization-header", quote, "ka10001", AuthError, "1513"),
    ("mock-unsupported-api", lambda wire: wire.broker.balance(), "kt00018", Unsupported, "8104"),
    ("mock-unsupported-business", lambda wire: wire.broker.balance(), "kt00018", Unsupported, "RC9000"),
    ("order-after-hours-mock", buy, "kt10000", MarketClosed, "RC4058"),
    ("order-tick-size-mock", buy, "kt10000", InvalidOrder, "RC4003"),
    ("order-not-enough-cash", buy, "kt10000", InsufficientFunds, "855056"),
    ("order-nothing-to-sell", sell, "kt10001", InsufficientFunds, "800033"),
]


@pytest.mark.parametrize(("name", "ask", "id", "kind", "code"), REFUSALS)
def test_observed_refusals(
    wire: Any, name: str, ask: Callable[[Any], object], id: str, kind: type[BrokerError], code: str
) -> None:
    error = refusals()[name]
    wire.answer(id, error["body"], status=error["http_status"] or 200)
    with pytest.raises(BrokerError) as caught:
        ask(wire)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert caught.value.message == error["body"]["return_msg"]


def test_no_example_of_a_refusal_is_left_out() -> None:
    assert set(refusals()) - WEBSOCKET == {name for name, *_ in REFUSALS}


def test_limit_is_read_from_the_observed_refusal(wire: Any) -> None:
    assert wire.client.told_limit(refusals()["rate-limit"]["body"]["return_msg"]) == 5
    assert wire.client.told_limit(refusals()["rate-limit-older-wording"]["body"]["return_msg"]) is None
