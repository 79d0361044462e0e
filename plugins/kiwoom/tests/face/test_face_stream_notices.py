"""What the WebSocket of the face tells of the account: orders (00) and holdings (04)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from brokerkit_kiwoom.sandbox.stream import KiwoomStream

from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.words import OrderType, Side
from plugins.kiwoom.tests.face.customers import SAMSUNG, Customer, limit
from plugins.kiwoom.tests.face.listeners import Listener, listening

FILL = ("909", "910", "911", "914", "915")


def notices(listener: Listener) -> list[dict[str, str]]:
    return [entry["values"] for entry in listener.settle() if entry["type"] == "00"]


def states(listener: Listener) -> list[tuple[str, str, str, str]]:
    """Return number, kind, state and rest of each notice."""
    return [(each["9203"], each["905"], each["913"], each["902"]) for each in notices(listener)]


def test_order_that_waits_is_told_as_received(customer: Customer) -> None:
    with listening(customer, ["00"], [""]) as listener:
        number = customer.order()
        values = listener.values("00")
    order = customer.exchange.order(customer.account, int(number))
    assert (values["9201"], values["9203"], values["9001"]) == (customer.account, number, SAMSUNG)
    assert (values["913"], values["905"], values["907"], values["906"]) == ("접수", "+매수", "2", "보통")
    assert [values[fid] for fid in ("900", "902", "903")] == ["10", "10", "0"]
    assert Decimal(values["901"]) == order.request.price
    assert (values["904"], values["919"]) == ("0000000", "0")
    assert [values[fid] for fid in FILL] == [""] * 5
    assert values["908"] == f"{order.time:%H%M%S}"


def test_market_order_is_told_without_a_price_and_then_as_filled(customer: Customer) -> None:
    with listening(customer, ["00"], [""]) as listener:
        number = customer.order(trde_tp="3", ord_uv="")
        received, filled = notices(listener)
    assert (received["913"], received["901"], received["906"], received["902"]) == ("접수", "0", "시장가", "10")
    execution = customer.exchange.order(customer.account, int(number)).executions[0]
    assert (filled["913"], filled["902"]) == ("체결", "0")
    assert filled["909"] == str(execution.number)
    assert [Decimal(filled[fid]) for fid in ("910", "914")] == [execution.price] * 2
    assert [Decimal(filled[fid]) for fid in ("911", "915")] == [execution.quantity] * 2
    assert Decimal(filled["903"]) == execution.price * execution.quantity
    assert Decimal(filled["938"]) == execution.commission


def fills_of(listener: Listener, customer: Customer) -> list[tuple[str, str, str, str]]:
    """Return quantity in all, of the fill, what is left, and the sum of an order that others fill in two parts."""
    customer.order(ord_uv=f"{customer.bid(0)}", ord_qty="10")
    waiting = customer.exchange.order_book(SAMSUNG).bids[0].quantity
    for quantity in (waiting - 6, Decimal(6)):
        customer.exchange.trade(SAMSUNG, Side.SELL, quantity)
    fills = [each for each in notices(listener) if each["913"] == "체결"]
    return [(each["911"], each["915"], each["902"], each["903"]) for each in fills]


def test_fill_in_parts_tells_each_part_and_what_it_comes_to(customer: Customer) -> None:
    with listening(customer, ["00"], [""]) as listener:
        fills = fills_of(listener, customer)
        price = customer.exchange.trades(SAMSUNG)[-1].price
    assert fills == [("4", "4", "6", f"{4 * price}"), ("10", "6", "0", f"{10 * price}")]


def test_total_of_fills_can_be_played_as_the_fill_alone(customer: Customer) -> None:
    assert isinstance(customer.face.stream, KiwoomStream)
    customer.face.stream.fills_add_up = False
    with listening(customer, ["00"], [""]) as listener:
        assert [fill[:2] for fill in fills_of(listener, customer)] == [("4", "4"), ("6", "6")]


def test_sale_is_told_as_one_with_its_tax(customer: Customer) -> None:
    customer.give()
    with listening(customer, ["00"], [""]) as listener:
        number = customer.order("kt10001", trde_tp="3", ord_uv="")
        _, filled = notices(listener)
    execution = customer.exchange.order(customer.account, int(number)).executions[0]
    assert (filled["905"], filled["907"]) == ("-매도", "1")
    assert (Decimal(filled["938"]), Decimal(filled["939"])) == (execution.commission, execution.tax)
    assert execution.tax > 0


def test_cancel_is_received_and_confirmed_under_its_own_number(customer: Customer) -> None:
    number = customer.order()
    with listening(customer, ["00"], [""]) as listener:
        cancel = str(customer.cancel(number, cncl_qty="4")["ord_no"])
        received, confirmed = notices(listener)
    for values in (received, confirmed):
        assert (values["9203"], values["904"], values["905"]) == (cancel, number, "매수취소")
        assert (values["900"], values["901"]) == ("4", "0")
    assert [(values["913"], values["902"]) for values in (received, confirmed)] == [("접수", "4"), ("확인", "0")]


def test_amendment_is_received_and_confirmed_and_lives_on_under_its_own_number(customer: Customer) -> None:
    number = customer.order()
    with listening(customer, ["00"], [""]) as listener:
        amendment = str(
            customer.amend(number, mdfy_uv=f"{customer.exchange.order_book(SAMSUNG).asks[0].price}")["ord_no"]
        )
        received, confirmed, filled = notices(listener)
    for values in (received, confirmed, filled):
        assert (values["9203"], values["904"], values["905"]) == (amendment, number, "매수정정")
    assert [each["913"] for each in (received, confirmed, filled)] == ["접수", "확인", "체결"]
    assert [each["902"] for each in (received, confirmed, filled)] == ["10", "10", "0"]


def test_order_that_the_exchange_refuses_is_told_as_refused(customer: Customer) -> None:
    customer.exchange.reject_next(customer.account)
    with listening(customer, ["00"], [""]) as listener:
        number = customer.order()
        (values,) = notices(listener)
    assert (values["9203"], values["913"], values["902"]) == (number, "거부", "0")
    assert values["919"] not in ("", "0")


def test_cancel_that_the_exchange_refuses_is_told_as_refused(customer: Customer) -> None:
    number = customer.order()
    customer.exchange.reject_next_cancel(customer.account)
    with listening(customer, ["00"], [""]) as listener:
        cancel = str(customer.cancel(number)["ord_no"])
        (values,) = notices(listener)
    assert (values["9203"], values["904"], values["905"], values["913"]) == (cancel, number, "매수취소", "거부")


def test_rest_that_does_not_wait_is_told_as_cancelled(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0]
    with listening(customer, ["00"], [""]) as listener:
        number = customer.order(trde_tp="10", ord_uv=f"{ask.price}", ord_qty=f"{ask.quantity + 5}")
        told = states(listener)
    assert told == [
        (number, "+매수", "접수", f"{ask.quantity + 5}"),
        (number, "+매수", "체결", "5"),
        (number, "+매수", "취소", "0"),
    ]


def test_order_whose_day_ends_is_told_nothing(customer: Customer) -> None:
    customer.order()
    with listening(customer, ["00"], [""]) as listener:
        customer.exchange.phase = Phase.CLOSED
        assert notices(listener) == []


def test_stop_order_that_wakes_is_told_when_it_is_filled(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[1].price
    with listening(customer, ["00"], [""]) as listener:
        number = customer.order(trde_tp="28", ord_uv=f"{ask}", cond_uv=f"{ask}", ord_qty="1")
        assert states(listener) == [(number, "+매수", "접수", "1")]
        customer.exchange.move(SAMSUNG, ask)
        assert states(listener) == []
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(1), ask)
        assert states(listener) == [(number, "+매수", "체결", "0")]


@pytest.mark.parametrize(
    ("venue", "told"), [("KRX", ("1", "KRX", "N")), ("NXT", ("2", "NXT", "N")), ("SOR", ("1", "KRX", "Y"))]
)
def test_venue_of_an_order_is_told_and_whether_it_was_routed(
    customer: Customer, venue: str, told: tuple[str, str, str]
) -> None:
    with listening(customer, ["00"], [""]) as listener:
        customer.order(dmst_stex_tp=venue)
        values = listener.values("00")
    assert (values["2134"], values["2135"], values["2136"]) == told


@pytest.mark.parametrize("item", ["", SAMSUNG, "000660"])
def test_orders_of_the_account_come_whatever_item_is_registered(customer: Customer, item: str) -> None:
    with listening(customer, ["00"], [item]) as listener:
        customer.order()
        assert listener.entry("00")["item"] == SAMSUNG


def test_orders_of_others_are_not_told(customer: Customer) -> None:
    customer.exchange.open_account("9999999999")
    with listening(customer, ["00", "04"], [""]) as listener:
        request = OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(3), type=OrderType.MARKET)
        customer.exchange.submit("9999999999", request)
        assert listener.settle() == []


def test_holding_is_told_after_a_fill(customer: Customer) -> None:
    customer.give(quantity=5, cost=300_000)
    with listening(customer, ["04"], [""]) as listener:
        customer.call("kt10000", {**limit(Decimal(0), trde_tp="3", ord_qty="3"), "ord_uv": ""})
        values = listener.values("04")
    holding = customer.exchange.account(customer.account).holdings[0]
    assert values["9001"] == f"A{SAMSUNG}"
    assert [Decimal(values[fid]) for fid in ("930", "932", "933", "945")] == [8, holding.cost, 8, 3]
    assert values["931"] == str(int(holding.average))
    assert values["946"] == "2"


def test_holding_that_was_sold_out_is_told_as_nothing(customer: Customer) -> None:
    customer.give(quantity=5, cost=300_000)
    with listening(customer, ["04"], [""]) as listener:
        customer.call("kt10001", {**limit(Decimal(0), trde_tp="3", ord_qty="5"), "ord_uv": ""})
        values = listener.values("04")
    assert [values[fid] for fid in ("930", "933", "945", "946")] == ["0", "0", "-5", "1"]
