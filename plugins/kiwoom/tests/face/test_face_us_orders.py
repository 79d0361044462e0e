"""Orders of US stocks at the Kiwoom face, and the lists that show them, over plain HTTP."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.words import OrderType, Side, Venue
from plugins.kiwoom.tests.face.customers import APPLE, US_SPAN, Customer
from plugins.kiwoom.tests.face.us_customers import (
    AAPL,
    DAY,
    MICROSOFT,
    amend,
    bid,
    cancel,
    give,
    limit,
    order,
    rows,
)

TYPES = {
    "00": OrderType.LIMIT,
    "03": OrderType.MARKET,
    "26": OrderType.VWAP_LIMIT,
    "27": OrderType.TWAP_LIMIT,
    "30": OrderType.LIMIT_ON_CLOSE,
    "33": OrderType.MARKET_ON_CLOSE,
    "34": OrderType.STOP_LIMIT,
    "35": OrderType.STOP,
    "36": OrderType.VWAP,
    "37": OrderType.TWAP,
}
OF_SALES = ("33", "34", "35")


def test_an_order_gets_nine_digits_and_a_cash_figure_that_is_none(customer: Customer) -> None:
    told = customer.call("ust20000", limit(customer))
    assert len(told["ord_no"]) == 9
    (kept,) = customer.us.orders(customer.account)
    assert int(told["ord_no"]) == kept.number
    assert (kept.request.symbol, kept.request.venue, kept.quantity) == (AAPL, Venue.US, 10)
    assert kept.request.price == bid(customer)
    assert told["fc_entra"] == "10.0000"
    assert customer.us.account(customer.account).cash == 100_000
    assert customer.exchange.orders(customer.account) == []


def test_what_a_sale_tells(customer: Customer) -> None:
    give(customer)
    told = customer.call("ust20001", {**MICROSOFT, "ord_qty": "3", "ord_uv": "9000", "trde_tp": "00"})
    assert told["poss_qty"] == "000000000010"
    assert rows(customer)[0]["slby_tp_nm"] == "매도"


@pytest.mark.parametrize("code", TYPES)
def test_every_type_is_taken_at_the_real_host(customer: Customer, code: str) -> None:
    give(customer)
    price = "300" if code in ("00", "26", "27", "30", "34") else ""
    body = {**MICROSOFT, "ord_qty": "1", "ord_uv": price, "trde_tp": code, "stop_pric": "200" if code > "33" else ""}
    customer.call("ust20001", body)
    (kept,) = customer.us.orders(customer.account)
    assert kept.request.type is TYPES[code]
    assert rows(customer)[0]["frgn_trde_tp"] == code


@pytest.mark.parametrize("code", [code for code in TYPES if code != "00"])
def test_the_demo_host_takes_limit_orders_alone(tester: Customer, code: str) -> None:
    give(tester)
    body = {**MICROSOFT, "ord_qty": "1", "ord_uv": "300", "trde_tp": code, "stop_pric": "200"}
    assert tester.business("ust20001", body) == "RC9000"
    assert tester.us.orders(tester.account) == []


@pytest.mark.parametrize("code", OF_SALES)
def test_some_types_are_of_sales_alone(customer: Customer, code: str) -> None:
    kind, message = customer.refusal("ust20000", limit(customer, trde_tp=code))
    assert (kind, "1517" in message) == (2, True)


def test_a_price_that_a_type_does_not_need_is_ignored(customer: Customer) -> None:
    order(customer, trde_tp="03", ord_uv="1.00")
    (kept,) = customer.us.orders(customer.account)
    assert (kept.request.price, kept.filled) == (None, 10)


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"ord_uv": ""}, 2, "1511"),
        ({"ord_uv": "0"}, 2, "1511"),
        ({"ord_uv": "a"}, 2, "1517"),
        ({"ord_uv": "1e2"}, 2, "1517"),
        ({"ord_qty": "1.5"}, 2, "1517"),
        ({"ord_qty": "0"}, 20, "521790"),
        ({"stex_tp": "NASD"}, 2, "1517"),
        ({"stex_tp": "NY"}, 7, "1903"),
        ({"stk_cd": "NOPE"}, 7, "1902"),
        ({"trde_tp": "99"}, 2, "1517"),
        ({"ord_uv": "100.005"}, 20, "RC4003"),
        ({"ord_uv": "0.00005"}, 20, "RC4003"),
        ({"ord_qty": "900000"}, 20, "855056"),
    ],
)
def test_what_is_refused(customer: Customer, changes: dict[str, str], kind: int, code: str) -> None:
    told, message = customer.refusal("ust20000", limit(customer, **changes))
    assert (told, code in message) == (kind, True)
    assert customer.us.orders(customer.account) == []


def test_the_demo_host_has_a_code_of_its_own_for_cash(tester: Customer) -> None:
    assert tester.business("ust20000", limit(tester, ord_qty="900000")) == "RC4025"


def test_four_decimals_below_a_dollar(customer: Customer) -> None:
    order(customer, ord_uv="0.1234")
    assert rows(customer)[0]["ord_uv"] == "0.1234"


def test_more_than_is_held_is_not_sold(customer: Customer) -> None:
    assert customer.business("ust20001", limit(customer)) == "800033"


@pytest.mark.parametrize("environment", ["customer", "tester"])
def test_a_closed_market_takes_nothing(request: pytest.FixtureRequest, environment: str) -> None:
    customer: Customer = request.getfixturevalue(environment)
    number = order(customer)
    customer.us.market_open = False
    assert customer.business("ust20000", limit(customer)) == "RC4058"
    assert customer.business("ust20003", {"orig_ord_no": number, **APPLE}) == "RC4058"


@pytest.mark.parametrize("phase", [Phase.PRE_MARKET, Phase.AFTER_MARKET, Phase.DAYTIME])
def test_limit_orders_are_taken_at_other_hours_by_the_same_call(customer: Customer, phase: Phase) -> None:
    customer.us.phase = phase
    number = order(customer)
    assert [row["ord_no"] for row in rows(customer, "ust21050")] == [number]
    assert customer.business("ust20000", limit(customer, trde_tp="03")) == "521790"


def test_an_amendment_moves_all_that_is_left_under_a_new_number(customer: Customer) -> None:
    number = order(customer)
    price = bid(customer, 6)
    told = amend(customer, number, price)
    assert told["mdfy_ord_qty"] == "000000000010"
    old, new = customer.us.orders(customer.account)
    assert (old.remaining, old.amended) == (0, 10)
    assert (new.number, new.remaining, new.request.price) == (int(told["ord_no"]), 10, price)


def test_a_stop_is_amended_by_its_stop_price(customer: Customer) -> None:
    give(customer)
    body = {**MICROSOFT, "ord_qty": "1", "ord_uv": "", "trde_tp": "35", "stop_pric": "200"}
    number = str(customer.call("ust20001", body)["ord_no"])
    change = {"orig_ord_no": number, **MICROSOFT, "mdfy_uv": ""}
    kind, message = customer.refusal("ust20002", change)
    assert (kind, "stop_pric" in message) == (2, True)
    customer.call("ust20002", {**change, "stop_pric": "210"})
    assert customer.us.orders(customer.account)[-1].request.stop_price == 210


def test_a_cancel_takes_all_that_is_left(customer: Customer) -> None:
    number = order(customer)
    customer.us.trade(AAPL, Side.SELL, _up_to(customer) + 4, bid(customer))
    told = cancel(customer, number)
    assert told["cncl_ord_qty"] == "000000000006"
    kept = customer.us.order(customer.account, int(number))
    assert (kept.filled, kept.canceled, kept.remaining) == (4, 6, 0)
    assert customer.business("ust20003", {"orig_ord_no": number, **APPLE}) == "RC4033"
    assert customer.business("ust20003", {"orig_ord_no": "999999999", **APPLE}) == "RC4032"
    assert customer.business("ust20003", {"orig_ord_no": number, **MICROSOFT}) == "RC4032"


def _up_to(customer: Customer) -> Decimal:
    """Return what others have waiting at the price of our order and at better ones."""
    book, account = customer.us.order_book(AAPL), customer.us.open_orders(customer.account)
    waiting = sum((level.quantity for level in book.bids if level.price >= bid(customer)), Decimal(0))
    return waiting - sum((each.remaining for each in account), Decimal(0))


def test_nothing_open_is_a_refusal(customer: Customer) -> None:
    assert customer.business("ust21050", {}) == "571758"
    number = order(customer)
    (row,) = rows(customer, "ust21050")
    assert (row["ord_no"], row["orig_ord_no"], row["ord_cntr_tp"]) == (number, "000000000", "10")
    assert (row["ord_stat"], row["ord_remnq"]) == ("접수", "000000000010")
    assert customer.business("ust21050", {"ord_dt": "20261119"}) == "571758"
    cancel(customer, number)
    assert customer.business("ust21050", {"ord_dt": "20261120"}) == "571758"


def test_an_amended_or_cancelled_order_stays_accepted_with_nothing_left(customer: Customer) -> None:
    first = order(customer)
    second = str(amend(customer, first, bid(customer, 6))["ord_no"])
    third = str(cancel(customer, second)["ord_no"])
    told = {row["ord_no"]: row for row in rows(customer)}
    assert {number: row["ord_stat"] for number, row in told.items()} == {
        first: "접수",
        second: "접수",
        third: "취소완료",
    }
    assert {row["ord_remnq"] for row in told.values()} == {"000000000000"}
    assert [told[number]["orig_ord_no"] for number in (first, second, third)] == ["000000000", first, second]
    assert told[first]["cnfm_qty"] == "000000000010"
    assert told[first]["cntr_time"] == ":  :"


def test_a_fill_is_told(customer: Customer) -> None:
    number = order(customer, trde_tp="03", ord_uv="")
    (row,) = rows(customer)
    kept = customer.us.order(customer.account, int(number))
    assert (row["ord_stat"], row["cntr_qty"]) == ("체결완료", "000000000010")
    assert kept.average_price is not None
    assert row["cntr_uv"] == f"{kept.average_price:.4f}"
    assert row["ord_time"][:2] == "00"  # 10:00 in New York is midnight in Korea


def test_the_list_of_a_day_tells_neither_date_nor_original(customer: Customer) -> None:
    first = order(customer)
    second = str(amend(customer, first, bid(customer, 6))["ord_no"])
    told = rows(customer, "ust21150", **DAY)
    assert [row["ord_no"] for row in told] == [first, second]
    assert not {"ord_dt", "orig_ord_no", "slby_tp"} & set(told[0])
    assert (told[0]["mdfy_qty"], told[0]["mdfy_uv"]) == ("000000000010", f"{bid(customer, 6):.4f}")
    kinds = {
        kind: [row["ord_no"] for row in rows(customer, "ust21150", query_tp=kind, slby_tp="0")] for kind in "123456"
    }
    assert kinds == {"1": [first, second], "2": [second, first], **{key: [second] for key in "34"}, "5": [], "6": []}
    assert rows(customer, "ust21150", query_tp="1", slby_tp="1") == []
    assert [row["ord_no"] for row in rows(customer, "ust21150", **DAY, fr_ord_no=second)] == [second]


def remember(customer: Customer, day: dt.date) -> None:
    request = OrderRequest(symbol=AAPL, side=Side.BUY, quantity=5, price=Decimal(200), venue=Venue.US)
    customer.us.remember(customer.account, day, request, filled=Decimal(2))


def test_orders_of_earlier_days_are_listed_by_their_date(customer: Customer) -> None:
    remember(customer, dt.date(2026, 11, 18))
    remember(customer, dt.date(2026, 11, 19))
    number = order(customer)
    told = rows(customer, "ust21180", **US_SPAN)
    assert [row["ord_dt"] for row in told] == ["20261120", "20261119", "20261118"]
    assert told[0]["ord_no"] == number
    assert (told[1]["cntr_qty"], told[1]["ord_remnq"], told[1]["cntr_amt"]) == (
        "000000000002",
        "000000000000",
        "400.0000",
    )
    assert len(rows(customer, "ust21150", **DAY, ord_dt="20261119")) == 1
    assert rows(customer, "ust21180", strt_dt="20261101", end_dt="20261117") == []
    assert rows(customer, "ust21180", strt_dt="", end_dt="20261119") == told[1:2]
    assert rows(customer, "ust21180") == told[:1]


def test_lists_can_mean_korean_dates(customer: Customer) -> None:
    number = order(customer)  # after midnight in Korea: the 21st there
    customer.face.lists_korean_dates = True
    assert [row["ord_dt"] for row in rows(customer, "ust21180", strt_dt="20261120", end_dt="20261122")] == ["20261121"]
    assert rows(customer, "ust21150", **DAY, ord_dt="20261120") == []
    assert [row["ord_no"] for row in rows(customer, "ust21150", **DAY, ord_dt="20261121")] == [number]
    assert [row["ord_no"] for row in rows(customer, "ust21050")] == [number]
    assert customer.business("ust21050", {"ord_dt": "20261120"}) == "571758"


def test_lists_can_have_a_misspelt_name(customer: Customer) -> None:
    order(customer)
    customer.face.misspells_lists = True
    assert len(customer.call("ust21510")["result_lsit"]) == 1
    assert "result_list" in customer.call("ust21050")


def test_lists_come_in_pages_that_neither_repeat_nor_skip(customer: Customer) -> None:
    numbers = [order(customer, ord_qty="1") for _ in range(7)]
    customer.face.page_size = 3
    for api_id, body in (("ust21050", {}), ("ust21510", {}), ("ust21150", DAY), ("ust21180", US_SPAN)):
        pages = customer.pages(api_id, "result_list", body)
        assert [len(page) for page in pages] == [3, 3, 1]
        assert sorted(row["ord_no"] for page in pages for row in page) == numbers


def test_lists_are_narrowed(customer: Customer) -> None:
    give(customer)
    bought = order(customer)
    sold = str(customer.call("ust20001", {**MICROSOFT, "ord_qty": "1", "ord_uv": "9000", "trde_tp": "00"})["ord_no"])
    for api_id in ("ust21050", "ust21510"):
        assert [row["ord_no"] for row in rows(customer, api_id, slby_tp="1")] == [sold]
        assert [row["ord_no"] for row in rows(customer, api_id, **APPLE)] == [bought]
        assert len(rows(customer, api_id, stex_tp="ND")) == 2


def test_a_refusal_of_the_exchange_shows_in_the_lists(customer: Customer) -> None:
    customer.us.reject_next(customer.account)
    order(customer)
    assert rows(customer)[0]["ord_stat"] == "거부"
    assert rows(customer, "ust21150", **DAY)[0]["text1"]


def test_buying_power_is_told_in_dollars_and_counting_won(customer: Customer) -> None:
    told = customer.call("ust31490", {"stk_cd": "AAPL", "uv": "200"})
    affordable = customer.us.affordable(customer.account, AAPL, Decimal(200))
    assert told["min_ord_alowq"] == told["ord_alowq_100"] == f"{int(affordable):012d}"
    assert told["min_ord_alowa"] == told["ord_alowa"] == "100000.00"
    both = 100_000 + 100_000_000 / customer.us.exchange_rate
    assert told["min_krw_ord_alowa"] == f"{both:.2f}"
    assert told["ord_alowa_50"] == "200000.00"


def test_buying_power_is_not_told_on_the_demo_host(tester: Customer) -> None:
    assert tester.business("ust31490", {"stk_cd": "AAPL", "uv": "200"}) == "RC9000"
