"""The WebSocket for the US at the Kiwoom face."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kiwoom.sandbox import KiwoomFace
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from brokerkit.catalogue import Catalogue
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.ranks import SCREENS
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import TODAY, Customer, Street
from plugins.kiwoom.tests.face.listeners import Listener
from plugins.kiwoom.tests.face.us_customers import AAPL, amend, bid, cancel, order

PATH = "/api/us/websocket"
APPLE = {"jmcode": "AAPL", "stex_tp": "ND"}


@pytest.fixture
def listener(customer: Customer) -> Iterator[Listener]:
    with Listener(customer, path=PATH) as listener:
        assert listener.login()["return_code"] == 0
        yield listener


def register(listener: Listener, types: list[str], item: Any = APPLE, **changes: object) -> Any:
    return listener.ask(
        {"trnm": "REG", "grp_no": "1", "refresh": "1", "data": [{"item": [item], "type": types}], **changes}
    )


def test_a_trade_is_told_in_dollars(customer: Customer, listener: Listener) -> None:
    assert register(listener, ["FE"])["return_code"] == 0
    customer.us.trade(AAPL, Side.BUY, Decimal(3))
    entry = listener.entry("FE")
    truth, quote = customer.us.trades(AAPL)[-1], customer.us.quote(AAPL)
    assert (entry["item"], entry["stexTp"], entry["name"]) == ("AAPL", "ND", "미국주식 실시간 체결가")
    told = entry["values"]
    assert Decimal(told["10"].lstrip("+-")) == truth.price
    assert (told["15"], Decimal(told["13"])) == ("+3", quote.volume)
    assert abs(Decimal(told["14"]) * 1000 - quote.turnover) < 1000
    assert told["20"] == told["51020"]  # as in the firm's example


def test_a_book_tells_ten_levels_and_what_changed(customer: Customer, listener: Listener) -> None:
    register(listener, ["FT"])
    customer.us.trade(AAPL, Side.BUY, Decimal(1))
    first = listener.values("FT")
    book = customer.us.order_book(AAPL)
    assert [Decimal(first[str(41 + rank)].lstrip("+-")) for rank in range(10)] == [each.price for each in book.asks]
    assert [Decimal(first[str(71 + rank)]) for rank in range(10)] == [each.quantity for each in book.bids]
    customer.us.trade(AAPL, Side.BUY, Decimal(2))
    assert listener.values("FT")["81"] == "-2"


def test_own_orders_and_fills_are_told_whatever_item_is_registered(customer: Customer, listener: Listener) -> None:
    register(listener, ["F4", "F5"], {"jmcode": "NVDA", "stex_tp": "ND"})
    number = order(customer)
    taken = listener.values("F4")
    assert (taken["9203"], taken["9001"], taken["905"], taken["913"]) == (number, "AAPL", "10", "접수")
    assert (taken["907"], taken["904"], taken["9201"]) == ("02", "000000000", customer.account)
    moved = amend(customer, number, bid(customer, 5))["ord_no"]
    amended = listener.values("F4")
    assert [amended[fid] for fid in ("9203", "904", "905", "913")] == [moved, number, "11", "정정완료"]
    gone = cancel(customer, moved)["ord_no"]
    canceled = listener.values("F4")
    assert [canceled[fid] for fid in ("9203", "904", "905", "913")] == [gone, moved, "12", "취소완료"]
    ask = customer.us.order_book(AAPL).asks[0].price
    bought = order(customer, ord_uv=f"{ask:f}", ord_qty="2")
    fill = listener.values("F5")
    assert [fill[fid] for fid in ("9203", "900", "902", "911", "8046")] == [bought, "2", "0", "2", "000030"]
    assert Decimal(fill["910"]) == ask


def test_receipts_of_changes_are_told_where_that_is_wanted(customer: Customer, listener: Listener) -> None:
    customer.face.tells_receipts = True
    register(listener, ["F4"])
    cancel(customer, order(customer))
    assert [listener.values("F4")["913"] for _ in range(3)] == ["접수", "접수", "취소완료"]


def test_each_market_is_told_at_its_own_socket(customer: Customer, listener: Listener) -> None:
    with Listener(customer) as home:
        home.login()  # it does not end the other one, as far as anybody knows
        home.register(["0B", "00"])
        register(listener, ["FE", "0B"])
        order(customer)
        customer.us.trade(AAPL, Side.BUY, Decimal(1))
        customer.exchange.trade("005930", Side.BUY, Decimal(1))
        assert {each["type"] for each in home.settle()} == {"0B"}
        assert listener.entry()["type"] == "FE"


def test_a_login_may_end_the_other_socket(customer: Customer, listener: Listener) -> None:
    stream = customer.face.stream
    assert stream is not None
    stream.replaces_across = True  # type: ignore[attr-defined]
    with Listener(customer) as home:
        home.login()
        frames, code, reason = listener.end()
    assert [frame["code"] for frame in frames] == ["R10001"]
    assert (code, reason) == (1000, "Bye")


def test_a_second_login_ends_the_first_one(customer: Customer, listener: Listener) -> None:
    with Listener(customer, path=PATH) as other:
        assert other.login()["return_code"] == 0
        frames, _, _ = listener.end()
    assert [frame["code"] for frame in frames] == ["R10001"]


def test_what_is_removed_is_told_no_more(customer: Customer, listener: Listener) -> None:
    register(listener, ["FE"])
    register(listener, ["FT"])
    removed = {"trnm": "REMOVE", "grp_no": "1", "data": [{"item": [APPLE], "type": ["FE"]}]}
    assert listener.ask(removed)["return_code"] == 0
    customer.us.trade(AAPL, Side.BUY, Decimal(1))
    assert listener.entry()["type"] == "FT"


@pytest.mark.parametrize("item", [7, {"jmcode": 7}, {"jmcode": "AAPL", "stex_tp": None}])
def test_an_item_that_is_none_is_refused(listener: Listener, item: Any) -> None:
    assert register(listener, ["FE"], item)["return_code"] == 1


def test_where_the_sandbox_has_no_us_there_is_no_socket(street: Street) -> None:
    street.app = KiwoomFace(Exchange(today=TODAY)).app
    with pytest.raises(InvalidStatus), connect(street.server.url.replace("http", "ws", 1) + PATH):
        pass


# Saved conditions


def test_searches_are_answered_in_pages_after_the_list(customer: Customer, listener: Listener) -> None:
    untraded = {"trnm": "GCNSRREQ", "seq": "1", "search_type": "0"}
    listener.send(untraded)  # before the list: it is not answered
    listed = listener.ask({"trnm": "GCNSRLST"})
    assert listed == {"trnm": "GCNSRLST", "return_code": 0, "return_msg": "", "data": pairs()}
    everything = {**untraded, "seq": "2"}
    answer = listener.ask(everything)
    assert (answer["trnm"], answer["seq"], answer["return_code"]) == ("GCNSRREQ", "2  ", 0)
    truth = {each.removeprefix("US:"): each for each in customer.us.instruments}
    assert {row["9001"] for row in answer["data"]} <= set(truth)
    for row in answer["data"]:
        quote = customer.us.quote(truth[row["9001"]])
        assert Decimal(row["10"].lstrip("+-")) == quote.price
        assert row["stex_tp"] in ("ND", "NY", "NA")
    assert [*answer["data"][0]] == [each.name for each in catalogue().api("usa20281").parts["data"].fields]
    refused = listener.ask({**everything, "seq": "77"})
    assert (refused["return_code"], refused["data"]) == (900004, [])


def test_a_live_search_begins_with_its_list_and_tells_no_more(customer: Customer, listener: Listener) -> None:
    listener.ask({"trnm": "GCNSRLST"})
    begun = listener.ask({"trnm": "GCNSRREQ", "seq": "2", "search_type": "1"})
    assert {"jmcode": "AAPL", "stexTp": "ND"} in begun["data"]
    customer.us.trade(AAPL, Side.BUY, Decimal(3))
    assert listener.ask({"trnm": "GCNSRCLR", "seq": "2"}) == {
        "trnm": "GCNSRCLR",
        "seq": "2  ",
        "return_code": 0,
        "return_msg": "",
    }
    assert listener.frames == []


def test_answers_may_have_the_names_that_the_pages_have(customer: Customer, listener: Listener) -> None:
    customer.face.misspells_frames = True
    assert listener.ask({"trnm": "GCNSRLST"})["trnm"] == "GCNSRLT"
    assert listener.ask({"trnm": "GCNSRREQ", "seq": "1", "search_type": "0"})["trnm"] == "CNSRREQ"
    assert listener.ask({"trnm": "GCNSRREQ", "seq": "1", "search_type": "1"})["trnm"] == "GCNSRREQ"


def pairs() -> list[list[str]]:
    return [[str(number), name] for number, name in enumerate(SCREENS)]


def catalogue() -> Catalogue:
    return Catalogue.at("brokerkit_kiwoom")
