"""Orders, amendments and cancels over real HTTP: they reach the exchange, and its refusals have Kiwoom's codes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase, offers
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from plugins.kiwoom.tests.face.customers import FUND, SAMSUNG, Customer, amending, cancelling, limit


def test_order_reaches_the_exchange(customer: Customer) -> None:
    answer = customer.call("kt10000", limit(customer.bid(), dmst_stex_tp="SOR"))
    order = customer.exchange.order(customer.account, int(answer["ord_no"]))
    assert (len(answer["ord_no"]), answer["dmst_stex_tp"]) == (7, "SOR")
    assert (order.request.side, order.request.type, order.request.price) == (Side.BUY, OrderType.LIMIT, customer.bid())
    assert order.quantity == order.remaining == 10


@pytest.mark.parametrize("price", ["", "0", None])
def test_market_order_needs_no_price(customer: Customer, price: str | None) -> None:
    customer.give(SAMSUNG, 10, 700_000)
    body = {**limit(Decimal(0), trde_tp="3"), "ord_uv": price}
    number = customer.call("kt10001", body)["ord_no"]
    assert customer.exchange.order(customer.account, int(number)).filled == 10


def test_exchange_refusals_have_kiwooms_codes(customer: Customer) -> None:
    price = customer.bid()
    highest = customer.exchange.instruments[SAMSUNG].upper_limit
    affordable = customer.exchange.affordable(customer.account, SAMSUNG, price)

    def refused(api_id: str = "kt10000", **changes: str) -> str:
        kind, message = customer.refusal(api_id, limit(price, **changes))
        assert kind == 20
        assert message.startswith("[2000](")
        return message.removeprefix("[2000](")

    assert refused(ord_uv=f"{price + 1}").startswith("RC4003:")
    assert refused(ord_uv=f"{highest + 100}").startswith("571552:")
    assert f"{affordable}주 매수가능" in refused(ord_qty="999999")
    assert refused(ord_qty="999999").startswith("855056:")
    assert refused("kt10001").startswith("800033:")
    assert "0주 매도가능" in refused("kt10001")
    assert refused(ord_qty="0").startswith("521790:")
    assert refused(trde_tp="61", ord_uv="").startswith("521790:")
    assert refused(trde_tp="62").startswith("521790:")
    assert refused(trde_tp="3", ord_uv="", dmst_stex_tp="NXT").startswith("521790:")
    assert refused(stk_cd=FUND, dmst_stex_tp="NXT", ord_uv="35000").startswith("521790:")
    customer.exchange.halt(SAMSUNG)
    assert refused().startswith("521790:")
    customer.exchange.resume(SAMSUNG)
    customer.exchange.market_open = False
    assert refused().startswith("RC4058:")
    assert customer.exchange.orders(customer.account) == []


def test_cancel_answers_a_new_number_and_the_root(customer: Customer) -> None:
    number = customer.order()
    part = customer.call("kt10003", cancelling(number, cncl_qty="4"))
    rest = customer.call("kt10003", cancelling(number))
    assert (part["base_orig_ord_no"], part["cncl_qty"]) == (number, "000000000004")
    assert (rest["base_orig_ord_no"], rest["cncl_qty"]) == (number, "000000000006")
    assert len({number, part["ord_no"], rest["ord_no"]}) == 3
    assert "dmst_stex_tp" not in rest
    assert customer.exchange.order(customer.account, int(number)).canceled == 10


def test_cancel_is_refused_with_the_reason(customer: Customer) -> None:
    number, smart = customer.order(), customer.order(dmst_stex_tp="SOR")

    def refused(number: str, **changes: str) -> str:
        return customer.refusal("kt10003", cancelling(number, **changes))[1]

    assert refused(smart).startswith("[2000](571412:")
    assert refused("0000001").startswith("[2000](RC4032:")
    assert refused(number, stk_cd=FUND).startswith("[2000](RC4032:")
    assert refused(number, cncl_qty="11").startswith("[2000](RC4033:")
    customer.call("kt10003", cancelling(number))
    customer.call("kt10003", cancelling(smart, dmst_stex_tp="SOR"))
    assert refused(number).startswith("[2000](RC4033:")


PRICED = {"0", "5", "10", "20", "28", "62"}


@pytest.mark.parametrize("venue", KOREA.venues)
@pytest.mark.parametrize("phase", list(Phase))
def test_each_venue_takes_its_types_in_each_phase(customer: Customer, venue: Venue, phase: Phase) -> None:
    customer.give()
    price = customer.bid()
    customer.exchange.phase = phase
    for code, kind in CODES.items():
        body = limit(price, ord_qty="1", dmst_stex_tp=venue.value, trde_tp=code)
        body["ord_uv"] = f"{price}" if code in PRICED else ""
        body["cond_uv"] = f"{price}" if code == "28" else ""
        answer = customer.send("kt10001", body).json()
        if kind in offers(venue, phase):
            order = customer.exchange.order(customer.account, int(answer["ord_no"]))
            assert (order.request.type, order.request.time_in_force, order.request.venue) == (*kind, venue)
            assert order.request.price == (price if code in PRICED else None)
            assert answer["dmst_stex_tp"] == venue
        else:
            inner = "521790" if offers(venue, phase) else "RC4058"
            assert (answer["return_code"], answer["return_msg"].startswith(f"[2000]({inner}:")) == (20, True)


DAY, IOC, FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
CODES = {
    "0": (OrderType.LIMIT, DAY),
    "3": (OrderType.MARKET, DAY),
    "5": (OrderType.LIMIT_TO_MARKET_ON_CLOSE, DAY),
    "6": (OrderType.BEST_OPPOSITE, DAY),
    "7": (OrderType.BEST_SAME_SIDE, DAY),
    "10": (OrderType.LIMIT, IOC),
    "13": (OrderType.MARKET, IOC),
    "16": (OrderType.BEST_OPPOSITE, IOC),
    "20": (OrderType.LIMIT, FOK),
    "23": (OrderType.MARKET, FOK),
    "26": (OrderType.BEST_OPPOSITE, FOK),
    "28": (OrderType.STOP_LIMIT, DAY),
    "29": (OrderType.MIDPOINT, DAY),
    "30": (OrderType.MIDPOINT, IOC),
    "31": (OrderType.MIDPOINT, FOK),
    "61": (OrderType.PRE_OPEN_CLOSING_PRICE, DAY),
    "62": (OrderType.SINGLE_PRICE, DAY),
    "81": (OrderType.AFTER_CLOSE_CLOSING_PRICE, DAY),
}


def test_stop_price_reaches_the_exchange(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks
    body = limit(ask[3].price, trde_tp="28", cond_uv=f"{ask[2].price}")
    order = customer.exchange.order(customer.account, int(customer.call("kt10000", body)["ord_no"]))
    assert (order.request.stop_price, order.request.price) == (ask[2].price, ask[3].price)
    assert order.remaining == 10
    (row,) = customer.query("ka10075")["oso"]
    assert (row["stop_pric"], row["trde_tp"]) == (f"{ask[2].price}", "스톱지정가")
    assert customer.rows()[0]["cond_uv"] == f"{ask[2].price:010f}"


@pytest.mark.parametrize(("code", "words"), [("10", "보통(IOC)"), ("20", "보통(FOK)")])
def test_orders_that_end_at_once_leave_nothing(customer: Customer, code: str, words: str) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0]
    body = limit(ask.price, trde_tp=code, ord_qty=f"{ask.quantity + 5}")
    order = customer.exchange.order(customer.account, int(customer.call("kt10000", body)["ord_no"]))
    assert order.filled == (ask.quantity if code == "10" else 0)
    assert order.remaining == 0
    (row,) = customer.rows()
    assert (row["trde_tp"], row["ord_remnq"], row["cntr_qty"]) == (words, "0" * 10, f"{order.filled:010f}")
    assert row["acpt_tp"] == "취소"


@pytest.mark.parametrize("changes", [{"ord_uv": "0"}, {"ord_uv": ""}, {"ord_uv": None}, {"cond_uv": None}])
def test_prices_that_are_not_needed_may_be_left_out(customer: Customer, changes: dict[str, str | None]) -> None:
    body: dict[str, str | None] = {**limit(Decimal(0), trde_tp="6", ord_qty="1"), "ord_uv": "", "cond_uv": ""}
    body = {name: text for name, text in (body | changes).items() if text is not None}
    assert customer.exchange.order(customer.account, int(customer.call("kt10000", body)["ord_no"])).filled == 1


def test_amendment_moves_the_whole_rest_to_a_new_number(customer: Customer) -> None:
    number, price = customer.order(), customer.bid(2)
    answer = customer.amend(number, mdfy_uv=f"{price}")
    assert (answer["base_orig_ord_no"], answer["mdfy_qty"]) == (number, "000000000010")
    assert answer["dmst_stex_tp"] == "KRX"
    assert answer["ord_no"] != number
    order = customer.exchange.order(customer.account, int(answer["ord_no"]))
    assert (order.action, order.remaining, order.request.price) == ("AMEND", Decimal(10), price)
    named = customer.exchange.order(customer.account, int(number))
    assert (named.remaining, named.amended) == (Decimal(0), Decimal(10))


def test_chain_of_amendments_and_cancels_has_one_root(customer: Customer) -> None:
    number = customer.order()
    part = customer.amend(number, mdfy_qty="4", mdfy_uv=f"{customer.bid(3)}")
    again = customer.amend(part["ord_no"], mdfy_uv=f"{customer.bid(2)}")
    some = customer.cancel(again["ord_no"], cncl_qty="1")
    after = customer.amend(some["ord_no"], mdfy_qty="2", mdfy_uv=f"{customer.bid(1)}")
    rest = customer.cancel(after["ord_no"])
    last = customer.cancel(number)
    assert [answer["base_orig_ord_no"] for answer in (part, again, some, after, rest, last)] == [number] * 6
    assert [part["mdfy_qty"], again["mdfy_qty"], after["mdfy_qty"]] == [f"{each:012d}" for each in (4, 4, 2)]
    assert [some["cncl_qty"], rest["cncl_qty"], last["cncl_qty"]] == [f"{each:012d}" for each in (1, 2, 6)]
    (left,) = [order for order in customer.exchange.orders(customer.account) if order.remaining]
    assert (left.number, left.remaining) == (int(again["ord_no"]), Decimal(1))
    assert customer.cancel(some["ord_no"])["cncl_qty"] == "000000000001"


def test_amended_order_trades_at_its_new_price(customer: Customer) -> None:
    number, ask = customer.order(), customer.exchange.order_book(SAMSUNG).asks[0].price
    moved = customer.amend(number, mdfy_uv=f"{ask}")["ord_no"]
    assert customer.exchange.order(customer.account, int(moved)).filled == 10
    assert [row["ord_no"] for row in customer.query("ka10076")["cntr"]] == [moved]


def test_amendment_is_refused_with_the_reason(customer: Customer) -> None:
    number, smart = customer.order(), customer.order(dmst_stex_tp="SOR")
    highest = customer.exchange.instruments[SAMSUNG].upper_limit
    price = f"{customer.bid(2)}"

    def refused(number: str, **changes: str) -> str:
        return customer.business("kt10002", amending(number, **{"mdfy_uv": price, **changes}))

    assert refused(smart) == "571412"
    assert refused(number, dmst_stex_tp="SOR") == "571412"
    assert refused("0000001") == "RC4032"
    assert refused(number, stk_cd=FUND) == "RC4032"
    assert refused(number, mdfy_qty="11") == "RC4033"
    assert refused(number, mdfy_uv=f"{customer.bid(2) + 1}") == "RC4003"
    assert refused(number, mdfy_uv=f"{highest + 100}") == "571552"
    assert "[1511:" in customer.refusal("kt10002", amending(number, mdfy_uv="0"))[1]
    assert "[1517:" in customer.refusal("kt10002", amending(number, mdfy_uv=price, mdfy_cond_uv="1000"))[1]
    assert customer.amend(smart, dmst_stex_tp="SOR", mdfy_uv=price)["dmst_stex_tp"] == "SOR"
    gone = customer.amend(number, mdfy_uv=price)["ord_no"]
    assert refused(number) == "RC4033"
    customer.cancel(gone)
    assert refused(gone) == "RC4033"
    customer.exchange.market_open = False
    assert refused(smart, dmst_stex_tp="SOR") in {"RC4033", "RC4058"}


def test_order_without_a_price_of_its_own_cannot_be_amended(customer: Customer) -> None:
    book = customer.exchange.order_book(SAMSUNG)
    follows = customer.call("kt10000", {**limit(Decimal(0), trde_tp="29", ord_qty="1"), "ord_uv": ""})["ord_no"]
    fixed = customer.call("kt10000", {**limit(Decimal(0), trde_tp="7", ord_qty="1"), "ord_uv": ""})["ord_no"]
    price = f"{book.bids[3].price}"
    assert customer.business("kt10002", amending(follows, mdfy_uv=price)) == "521790"
    moved = customer.exchange.order(customer.account, int(customer.amend(fixed, mdfy_uv=price)["ord_no"]))
    assert (moved.request.type, moved.request.price) == (OrderType.LIMIT, book.bids[3].price)


def test_stop_price_moves_with_the_amendment_that_names_it(customer: Customer) -> None:
    asks = customer.exchange.order_book(SAMSUNG).asks
    body = limit(asks[3].price, trde_tp="28", cond_uv=f"{asks[2].price}")
    number = customer.call("kt10000", body)["ord_no"]
    for condition, stop in (("", asks[2]), ("0", asks[2]), (f"{asks[3].price}", asks[3])):
        number = customer.amend(number, mdfy_uv=f"{asks[4].price}", mdfy_cond_uv=condition)["ord_no"]
        order = customer.exchange.order(customer.account, int(number))
        assert (order.request.stop_price, order.request.price, order.remaining) == (
            *(stop.price, asks[4].price, Decimal(10)),
        )
