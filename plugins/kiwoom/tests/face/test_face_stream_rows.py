"""What the WebSocket of the face tells of symbols and indices, against the truth of the exchange."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from brokerkit_kiwoom.sandbox.stream import KiwoomStream

from brokerkit.catalogue import Catalogue
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderBook, Quote
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import FUND, SAMSUNG, Customer
from plugins.kiwoom.tests.face.listeners import listening

MILLION = 1_000_000
VENUES = {SAMSUNG: "KRX", f"{SAMSUNG}_NX": "NXT", f"{SAMSUNG}_AL": "KRX"}


def price(text: str) -> Decimal:
    """Read a price: its sign is a direction."""
    return Decimal(text.lstrip("+-"))


def direction(price: Decimal, base: Decimal) -> str:
    return "" if price == base else "+" if price > base else "-"


def stream_of(customer: Customer) -> KiwoomStream:
    stream = customer.face.stream
    assert isinstance(stream, KiwoomStream)
    return stream


@pytest.mark.parametrize("side", list(Side))
def test_trade_is_told_as_it_was(customer: Customer, side: Side) -> None:
    with listening(customer, ["0B"]) as listener:
        customer.exchange.trade(SAMSUNG, side, Decimal(7))
        values = listener.values("0B")
    trade, quote = customer.exchange.trades(SAMSUNG)[-1], customer.exchange.quote(SAMSUNG)
    assert quote.previous_close is not None
    assert values["20"] == f"{trade.time:%H%M%S}"
    assert values["10"] == f"{direction(trade.price, quote.previous_close)}{trade.price}"
    assert values["15"] == f"{'+' if side is Side.BUY else '-'}7"
    assert Decimal(values["13"]) == trade.volume == quote.volume
    assert Decimal(values["11"]) == quote.change
    assert Decimal(values["12"]) == quote.change_percent
    check_day(values, quote)
    check_strength(values, customer)


def check_day(values: dict[str, str], quote: Quote) -> None:
    assert quote.turnover is not None
    assert quote.volume is not None
    assert [price(values[fid]) for fid in ("16", "17", "18")] == [quote.open, quote.high, quote.low]
    assert values["14"] == str(quote.turnover // MILLION)
    assert values["620"] == str(quote.turnover // quote.volume)
    assert values["1313"] == str(quote.price * 7 // 1000)
    last_volume = quote.volume - Decimal(values["26"])
    rate = Decimal(values["30"].lstrip("+-"))
    assert abs(quote.volume * 100 / last_volume - rate) <= Decimal("0.005")


def check_strength(values: dict[str, str], customer: Customer) -> None:
    trades = customer.exchange.trades(SAMSUNG)
    sums = {side: sum(each.quantity for each in trades if each.side is side) for side in Side}
    assert (values["1030"], values["1031"]) == (str(sums[Side.SELL]), str(sums[Side.BUY]))
    assert abs(Decimal(values["228"]) - Decimal(sums[Side.BUY]) * 100 / Decimal(sums[Side.SELL])) <= Decimal("0.005")


def test_last_trade_of_yesterday_is_the_base_of_comparisons(customer: Customer) -> None:
    yesterday = customer.exchange.daily_candles(SAMSUNG, days=2)[0]
    with listening(customer, ["0B"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        values = listener.values("0B")
    quote = customer.exchange.quote(SAMSUNG)
    assert quote.volume is not None
    assert quote.turnover is not None
    assert Decimal(values["26"]) == quote.volume - yesterday.volume
    assert Decimal(values["29"]) == quote.turnover - yesterday.turnover


def test_what_happens_together_comes_in_one_frame_and_in_its_order(customer: Customer) -> None:
    known = len(customer.exchange.trades(SAMSUNG))
    with listening(customer, ["0B", "0D"]) as listener:
        asks = customer.exchange.order_book(SAMSUNG).asks
        customer.exchange.trade(SAMSUNG, Side.BUY, sum((level.quantity for level in asks[:3]), Decimal(0)))
        listener.settle()
        entries = listener.frames[0]["data"]
    trades = customer.exchange.trades(SAMSUNG)[known:]
    assert len(trades) == 3
    assert [entry["type"] for entry in entries] == ["0B", "0B", "0B", "0D"]
    told = [(price(entry["values"]["10"]), Decimal(entry["values"]["13"])) for entry in entries[:3]]
    assert told == [(trade.price, trade.volume) for trade in trades]
    turnovers = [Decimal(entry["values"]["29"]) for entry in entries[:3]]
    assert [after - before for before, after in pairwise(turnovers)] == [
        trade.price * trade.quantity for trade in trades[1:]
    ]


def test_trades_of_others_are_told_although_nobody_listened_before(customer: Customer) -> None:
    with listening(customer, ["0B"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        first = listener.values("0B")
        listener.remove(["0B"])
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(5))
        listener.register(["0B"])
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
        last = listener.values("0B")
    assert Decimal(last["13"]) - Decimal(first["13"]) == 8
    assert Decimal(last["1031"]) - Decimal(first["1031"]) == 8


def test_keys_of_frames_come_in_more_than_one_order(customer: Customer) -> None:
    with listening(customer, ["0B"]) as listener:
        for _ in range(2):
            customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
            listener.settle()
        one, other = listener.frames
    assert (list(one), list(other)) == (["trnm", "data"], ["data", "trnm"])
    assert list(one["data"][0]) != list(other["data"][0])
    assert list(one["data"][0]["values"]) == list(reversed(other["data"][0]["values"]))


def test_each_venue_is_told_under_its_own_code(customer: Customer) -> None:
    with listening(customer, ["0B"], list(VENUES)) as listener:
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        told = {entry["item"]: entry["values"] for entry in listener.settle()}
    assert {item: values["9081"] for item, values in told.items()} == VENUES
    assert {item: values["290"] for item, values in told.items()} == {
        SAMSUNG: "2",
        f"{SAMSUNG}_NX": "R",
        f"{SAMSUNG}_AL": "2",
    }


def test_pre_market_is_told_at_nxt_alone(customer: Customer) -> None:
    customer.exchange.phase = Phase.PRE_MARKET
    with listening(customer, ["0B", "0D"], list(VENUES)) as listener:
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        told = listener.settle()
    assert {(entry["item"], entry["type"]) for entry in told} == {
        (f"{SAMSUNG}{suffix}", type) for suffix in ("_NX", "_AL") for type in ("0B", "0D")
    }
    trades = [entry["values"] for entry in told if entry["type"] == "0B"]
    assert {(values["9081"], values["290"]) for values in trades} == {("NXT", "P")}


def test_after_market_is_told_at_both(customer: Customer) -> None:
    customer.exchange.phase = Phase.AFTER_MARKET
    with listening(customer, ["0B"], list(VENUES)) as listener:
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        told = {entry["item"]: entry["values"]["290"] for entry in listener.settle()}
    assert told == {SAMSUNG: "3", f"{SAMSUNG}_NX": "U", f"{SAMSUNG}_AL": "3"}


def test_symbol_that_nxt_does_not_trade_is_silent_there(customer: Customer) -> None:
    assert not customer.exchange.instruments[FUND].nxt
    with listening(customer, ["0B"], [FUND, f"{FUND}_NX", f"{FUND}_AL"]) as listener:
        customer.exchange.trade(FUND, Side.BUY, Decimal(7))
        assert [entry["item"] for entry in listener.settle()] == [FUND, f"{FUND}_AL"]


def test_demo_host_tells_krx_alone(tester: Customer) -> None:
    with listening(tester, ["0B", "0D"], list(VENUES)) as listener:
        tester.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        assert {entry["item"] for entry in listener.settle()} == {SAMSUNG}


# Books


def levels(values: dict[str, str], first: int, size: int) -> list[tuple[Decimal, Decimal]]:
    rows = [(price(values[str(first + rank)]), Decimal(values[str(size + rank)])) for rank in range(1, 11)]
    return [(each, quantity) for each, quantity in rows if quantity]


def check_book(values: dict[str, str], book: OrderBook) -> None:
    for first, size, total, side in ((40, 60, "121", book.asks), (50, 70, "125", book.bids)):
        assert levels(values, first, size) == [(level.price, level.quantity) for level in side]
        assert Decimal(values[total]) == sum(level.quantity for level in side)


def test_book_is_told_as_it_stands(customer: Customer) -> None:
    with listening(customer, ["0D"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(7), customer.exchange.order_book(SAMSUNG).asks[2].price)
        values = listener.values("0D")
        check_book(values, customer.exchange.order_book(SAMSUNG))
        assert (values["63"], values["83"]) == (str(customer.exchange.order_book(SAMSUNG).asks[2].quantity), "0")
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(9), customer.exchange.order_book(SAMSUNG).asks[2].price)
        values = listener.values("0D")
        check_book(values, customer.exchange.order_book(SAMSUNG))
        assert (values["83"], values["122"], values["126"]) == ("+9", "+9", "0")


def test_level_that_is_empty_is_a_zero_with_a_minus(customer: Customer) -> None:
    with listening(customer, ["0D"]) as listener:
        upper = customer.exchange.instruments[SAMSUNG].upper_limit
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(100_000), upper)
        values = listener.values("0D")
    assert not customer.exchange.order_book(SAMSUNG).asks
    assert [values[str(40 + rank)] for rank in range(1, 11)] == ["-0"] * 10
    assert [values[str(60 + rank)] for rank in range(1, 11)] == ["0"] * 10
    assert price(values["51"]) == upper


@pytest.mark.parametrize(("item", "here", "elsewhere"), [("", 6044, 6066), ("_NX", 6066, 6044), ("_AL", 6044, 6066)])
def test_sizes_stand_at_the_venue_that_is_looked_at(customer: Customer, item: str, here: int, elsewhere: int) -> None:
    with listening(customer, ["0D"], [f"{SAMSUNG}{item}"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        values = listener.values("0D")
    for rank in range(10):
        assert values[str(here + rank)] == values[str(61 + rank)]
        assert values[str(here + 10 + rank)] == values[str(71 + rank)]
        assert values[str(elsewhere + rank)] == values[str(elsewhere + 10 + rank)] == "0"
    assert (values[str(here + 20)], values[str(here + 21)]) == (values["121"], values["125"])


def test_best_prices_are_told_when_they_change(customer: Customer) -> None:
    with listening(customer, ["0C", "0A"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(7), customer.exchange.order_book(SAMSUNG).asks[2].price)
        listener.settle()
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(7), customer.exchange.order_book(SAMSUNG).asks[2].price)
        assert listener.settle() == []
        customer.exchange.trade(SAMSUNG, Side.BUY, customer.exchange.order_book(SAMSUNG).asks[0].quantity)
        best, quote = listener.values("0C"), customer.exchange.quote(SAMSUNG)
        book = customer.exchange.order_book(SAMSUNG)
        assert (price(best["27"]), price(best["28"])) == (book.asks[0].price, book.bids[0].price)
        values = listener.values("0A")
    assert (price(values["10"]), Decimal(values["13"])) == (quote.price, quote.volume)
    assert {fid: values[fid] for fid in ("27", "28")} == best


def test_quote_of_a_symbol_that_nobody_has_traded_yet(customer: Customer) -> None:
    customer.exchange.unopen(SAMSUNG)
    with listening(customer, ["0A"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(7), customer.exchange.order_book(SAMSUNG).asks[0].price)
        values = listener.values("0A")
    base = customer.exchange.instruments[SAMSUNG].previous_close
    assert values["10"] == str(base)
    assert [values[fid] for fid in ("13", "16", "17", "18", "25", "11", "12")] == ["0", "0", "0", "0", "3", "0", "0.00"]


def test_quote_of_a_symbol_without_a_price(customer: Customer) -> None:
    customer.exchange.unprice(SAMSUNG)
    with listening(customer, ["0A"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(7), customer.exchange.order_book(SAMSUNG).asks[0].price)
        values = listener.values("0A")
    assert [values[fid] for fid in ("10", "11", "12", "25")] == ["0", "0", "0.00", "3"]


def test_book_of_a_halted_symbol_is_empty(customer: Customer) -> None:
    with listening(customer, ["0D", "0C"]) as listener:
        customer.exchange.halt(SAMSUNG)
        book, best = listener.values("0D"), listener.values("0C")
        assert {book[str(fid)] for first in (41, 51) for fid in range(first, first + 10)} == {"-0"}
        assert (book["121"], book["125"], best) == ("0", "0", {"27": "0", "28": "0"})
        customer.exchange.resume(SAMSUNG)
        check_book(listener.values("0D"), customer.exchange.order_book(SAMSUNG))


def test_expected_price_is_told_while_an_auction_gathers_orders(customer: Customer) -> None:
    exchange = customer.exchange
    with listening(customer, ["0H", "0D"]) as listener:
        exchange.trade(SAMSUNG, Side.BUY, Decimal(1))
        before = listener.settle()
        assert [entry["type"] for entry in before] == ["0D"]
        assert [before[0]["values"][fid] for fid in ("23", "24", "291", "292")] == ["0", "0", "0", "0"]
        exchange.phase = Phase.CLOSING_AUCTION
        exchange.trade(SAMSUNG, Side.BUY, Decimal(50), exchange.order_book(SAMSUNG).asks[2].price)
        expected = exchange.expected(SAMSUNG)
        assert expected is not None
        book, auction = listener.values("0D"), listener.values("0H")
    assert (price(auction["10"]), price(auction["15"])) == (expected.price, expected.quantity)
    assert (Decimal(book["23"]), Decimal(book["24"])) == (expected.price, expected.quantity)


# Phases, indices, programmes, members


def phases_told(customer: Customer, *phases: Phase) -> list[str]:
    with listening(customer, ["0s"], [""]) as listener:
        for phase in phases:
            customer.exchange.phase = phase
        entries = listener.settle()
    assert {entry["item"] for entry in entries} <= {""}
    return [entry["values"]["215"] for entry in entries]


DAY = (
    *(Phase.PRE_MARKET, Phase.PRE_OPEN_CLOSING_PRICE, Phase.OPENING_AUCTION, Phase.REGULAR, Phase.CLOSING_AUCTION),
    *(Phase.AFTER_CLOSE_CLOSING_PRICE, Phase.AFTER_MARKET, Phase.CLOSED),
)


def test_phases_of_a_day_are_told_with_their_codes(customer: Customer) -> None:
    customer.exchange.phase = Phase.CLOSED
    assert "".join(phases_told(customer, *DAY)) == "PQ03R2S48aTbUV9"


def test_demo_host_tells_no_phases_of_nxt(tester: Customer) -> None:
    tester.exchange.phase = Phase.CLOSED
    assert "".join(phases_told(tester, *DAY)) == "03248ab9"


def test_market_that_closes_at_once_is_told_as_over(customer: Customer) -> None:
    assert "".join(phases_told(customer, Phase.CLOSED)) == "S489"


def test_phase_tells_its_time_and_what_is_left_until_the_opening(customer: Customer) -> None:
    with listening(customer, ["0s"], [""]) as listener:
        customer.exchange.phase = Phase.OPENING_AUCTION
        entries = [entry["values"] for entry in listener.settle()]
    assert (entries[-1]["215"], entries[-1]["214"]) == ("0", "002000")
    assert entries[-1]["20"] >= "100000"


def test_index_is_told_again_and_again(customer: Customer) -> None:
    stream_of(customer).tick_seconds = 0.02
    with listening(customer, ["0J", "0U"], ["001", "201"]) as listener:
        found = [listener.entry() for _ in range(8)]
    assert {(entry["type"], entry["item"]) for entry in found} == {
        (type, item) for type in ("0J", "0U") for item in ("001", "201")
    }
    values = next(entry["values"] for entry in found if (entry["type"], entry["item"]) == ("0J", "001"))
    quote = customer.exchange.indices.quote("INDEX:KOSPI")
    assert quote.volume is not None
    assert quote.turnover is not None
    assert price(values["10"]) == quote.price
    assert Decimal(values["11"]) == quote.change
    assert (values["13"], values["14"]) == (str(quote.volume // 1000), str(quote.turnover // MILLION))
    assert [price(values[fid]) for fid in ("16", "17", "18")] == [quote.open, quote.high, quote.low]
    breadth = next(entry["values"] for entry in found if (entry["type"], entry["item"]) == ("0U", "001"))
    ways = sum(int(breadth[fid]) for fid in ("251", "252", "253", "254", "255"))
    assert ways == len(customer.exchange.indices.shares("INDEX:KOSPI"))


def test_index_is_silent_when_regular_trading_is_over(customer: Customer) -> None:
    customer.exchange.phase = Phase.AFTER_MARKET
    stream_of(customer).tick_seconds = 0.02
    with listening(customer, ["0J"], ["001"]) as listener:
        assert listener.settle() == []
        customer.exchange.phase = Phase.REGULAR
        assert listener.entry("0J")["item"] == "001"


def test_programme_trading_is_told_as_the_exchange_knows_it(customer: Customer) -> None:
    stream_of(customer).tick_seconds = 0.02
    with listening(customer, ["0w"]) as listener:
        values = listener.values("0w")
        flow = customer.exchange.investors.program_today(SAMSUNG)
        assert flow is not None
        assert flow.net_quantity is not None
        assert flow.net_amount is not None
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(60_000))
        after = listener.values("0w")
        assert Decimal(after["211"]) == Decimal(after["210"]) - flow.net_quantity != 0
    assert [Decimal(values[fid]) for fid in ("202", "206", "210")] == [
        flow.sell_quantity,
        flow.buy_quantity,
        flow.net_quantity,
    ]
    assert abs(Decimal(values["212"]) * MILLION - flow.net_amount) <= MILLION // 2


def test_members_are_told_with_a_trade(customer: Customer) -> None:
    with listening(customer, ["0F"]) as listener:
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        values = listener.values("0F")
    members = customer.exchange.members(SAMSUNG)
    assert [values[str(141 + rank)] for rank in range(5)] == [firm.name for firm in members.sellers]
    assert [Decimal(values[str(171 + rank)]) for rank in range(5)] == [firm.quantity for firm in members.buyers]
    assert Decimal(values["267"]) == members.foreign_net


def test_limits_of_the_day_are_told_when_a_phase_begins(customer: Customer) -> None:
    with listening(customer, ["0g"]) as listener:
        customer.exchange.phase = Phase.OPENING_AUCTION
        values = listener.values("0g")
    instrument = customer.exchange.instruments[SAMSUNG]
    told = [price(values[fid]) for fid in ("305", "306", "307")]
    assert told == [instrument.upper_limit, instrument.lower_limit, instrument.previous_close]


@pytest.mark.parametrize(
    ("type", "item", "about"),
    [
        ("0E", SAMSUNG, SAMSUNG),
        ("0E", f"{SAMSUNG}_AL", f"{SAMSUNG}_AL"),
        ("0G", "069500", "069500"),
        ("0I", "MGD", "MGD"),
        ("0m", "57JBHH", "57JBHH"),
        ("0u", "57JBHH", "57JBHH"),
        ("1h", SAMSUNG, SAMSUNG),
        ("1h", "", None),
    ],
)
def test_what_is_not_played_is_made_up_once_it_is_registered_and_again_and_again(
    customer: Customer, type: str, item: str, about: str | None
) -> None:
    stream_of(customer).tick_seconds = 0.02
    with listening(customer) as listener:
        listener.register([type], [item])
        first, second = listener.entry(type), listener.entry(type)
    assert about in (None, first["item"])
    assert first["item"].partition("_")[0] == first["values"].get("9001", first["item"]).partition("_")[0]
    assert first["item"] == second["item"]
    assert [*first["values"]] == [each.name for each in Catalogue.at("brokerkit_kiwoom").api(type).frame]
    if any(name not in TIMES | KNOWN for name in first["values"]):
        assert first["values"] != second["values"]


TIMES, KNOWN = {"20", "21"}, {"10", "11", "12", "13", "14", "25"}


def test_what_is_made_up_of_a_fund_has_its_price(customer: Customer) -> None:
    with listening(customer, ["0G"], ["069500"]) as listener:
        told = listener.values("0G")
    quote = customer.exchange.quote("069500")
    assert price(told["10"]) == quote.price
    assert Decimal(told["13"]) == quote.volume


@pytest.mark.parametrize(
    ("type", "item"), [("0G", SAMSUNG), ("0E", "999999"), ("0I", "GOLD"), ("0m", SAMSUNG), ("0u", ""), ("0E", "")]
)
def test_a_code_that_a_type_has_not_is_taken_and_nothing_is_made_up_of_it(
    customer: Customer, type: str, item: str
) -> None:
    stream_of(customer).tick_seconds = 0.02
    with listening(customer) as listener:
        assert listener.register([type, "1h"], [item, SAMSUNG])["return_code"] == 0
        listener.entry("1h")
        listener.entry("1h")
        assert {entry["type"] for entry in listener.settle()} <= {"1h"} | ({"0E"} if type == "0E" else set())


def test_the_mock_host_makes_up_nothing_of_other_venues(tester: Customer) -> None:
    with listening(tester, ["0E", "1h"], [f"{SAMSUNG}_NX", ""]) as listener:
        assert listener.entry()["type"] == "1h"
        assert listener.settle() == []
