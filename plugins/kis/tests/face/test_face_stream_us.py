"""US shares on the socket of the KIS face: keys, trades, books and own orders, over real lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.market.us import NEW_YORK
from brokerkit.models import OrderRequest
from brokerkit.words import OrderType, Side, Venue

APPLE, BERKSHIRE, SPY = "US:AAPL", "US:BRK.B", "US:SPY"
TRADES, BOOKS, NOTICES = "HDFSCNT0", "HDFSASP0", "H0GSCNI0"
Listen = Callable[..., Any]


@pytest.fixture
def line(real: Any, listen: Listen) -> Any:
    """Return somebody who hears of the US orders of the account."""
    listener = listen(real)
    listener.register(NOTICES, real.keys.hts_id)
    return listener


def buy(customer: Any, symbol: str = APPLE, levels: int = 1) -> Any:
    """Let somebody take the best levels, and return what was traded."""
    asks = customer.us.order_book(symbol).asks[:levels]
    before = len(customer.us.trades(symbol))
    customer.us.trade(symbol, Side.BUY, sum((level.quantity for level in asks), Decimal(0)), asks[-1].price)
    return customer.us.trades(symbol)[before:]


def ordered_by_somebody_rich(customer: Any, symbol: str, quantity: int, price: Decimal) -> Any:
    """Send an order of another account of the same login name, which has ten million dollars."""
    customer.us.open_account("22222222-01", cash=Decimal(10_000_000))
    customer.face.stream.accounts.add("22222222-01")
    request = OrderRequest(symbol=symbol, side=Side.BUY, quantity=Decimal(quantity), price=price, venue=Venue.US)
    return customer.us.submit("22222222-01", request)


def dollars(price: Any) -> str:
    return f"{price:.4f}"


def codes(row: dict[str, str]) -> tuple[str, str, str, str]:
    return row["RFUS_YN"], row["CNTG_YN"], row["ACPT_YN"], row["RCTF_CLS"]


def test_a_trade_is_told_with_the_figures_of_its_day_and_both_clocks(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register(TRADES, "DNASAAPL")
    (trade,) = buy(real)
    row, quote = line.row(TRADES), real.us.quote(APPLE)
    local = trade.time.astimezone(NEW_YORK)
    book = real.us.order_book(APPLE)
    assert row == {
        "RSYM": "DNASAAPL",
        "SYMB": "AAPL",
        "ZDIV": "4",
        "TYMD": f"{real.us.today:%Y%m%d}",
        "XYMD": f"{local:%Y%m%d}",
        "XHMS": f"{local:%H%M%S}",
        "KYMD": f"{trade.time:%Y%m%d}",
        "KHMS": f"{trade.time:%H%M%S}",
        "OPEN": dollars(quote.open),
        "HIGH": dollars(quote.high),
        "LOW": dollars(quote.low),
        "LAST": dollars(trade.price),
        "SIGN": "2" if quote.change > 0 else "5" if quote.change < 0 else "3",
        "DIFF": dollars(abs(quote.change)),
        "RATE": f"{quote.change_percent:+.2f}" if quote.change_percent else " 0.00",
        "PBID": dollars(book.bids[0].price),
        "PASK": dollars(book.asks[0].price),
        "VBID": str(book.bids[0].quantity),
        "VASK": str(book.asks[0].quantity),
        "EVOL": str(trade.quantity),
        "TVOL": str(quote.volume),
        "TAMT": f"{quote.turnover:.0f}",
        "BIVL": row["BIVL"],
        "ASVL": row["ASVL"],
        "STRN": row["STRN"],
        "MTYP": "1",
    }
    assert int(row["BIVL"]) + int(row["ASVL"]) == quote.volume


def test_trades_that_come_together_are_rows_of_one_frame(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register(TRADES, "DNYSBRK/B")
    trades = buy(real, BERKSHIRE, levels=3)
    id, rows = line.rows()
    assert (id, len(trades)) == (TRADES, 3)
    assert [(row["RSYM"], row["SYMB"]) for row in rows] == [("DNYSBRK/B", "BRK/B")] * 3
    assert [(Decimal(row["LAST"]), int(row["TVOL"])) for row in rows] == [(each.price, each.volume) for each in trades]


def test_a_book_has_ten_levels_a_side(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register(BOOKS, "DAMSSPY")
    buy(real, SPY)
    row, book = line.row(BOOKS), real.us.order_book(SPY)
    for name, levels in (("BID", book.bids), ("ASK", book.asks)):
        told = [(Decimal(row[f"P{name}{each}"]), int(row[f"V{name}{each}"])) for each in range(1, 11)]
        # One level was taken, and where nobody waits there are zeros.
        assert told == [(level.price, level.quantity) for level in levels] + [(0, 0)] * (10 - len(levels))
    assert (row["RSYM"], row["SYMB"], row["ZDIV"]) == ("DAMSSPY", "SPY", "4")
    assert int(row["BVOL"]) == sum(level.quantity for level in book.bids)
    told_at = dt.datetime.strptime(row["KYMD"] + row["KHMS"], "%Y%m%d%H%M%S").replace(tzinfo=book.time.tzinfo)
    assert row["XYMD"] + row["XHMS"] == f"{told_at.astimezone(NEW_YORK):%Y%m%d%H%M%S}"


@pytest.mark.parametrize(
    "key", ["AAPL", "NASAAPL", "DNYSAAPL", "RNASAAPL", "DBAQAAPL", "DNASBRK.B", "DNASNOPE", "DHKS5"]
)
def test_a_key_that_nobody_told_of_is_taken_and_brings_nothing(real: Any, listen: Listen, key: str) -> None:
    line = listen(real)
    line.register(TRADES, key)
    line.register(BOOKS, key)
    buy(real)
    line.register(BOOKS, "DNASAAPL")
    buy(real)
    assert line.row(BOOKS)["RSYM"] == "DNASAAPL"
    assert line.is_quiet()


def test_each_market_has_keys_of_its_own(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register(TRADES, "DNASAAPL")
    line.register(TRADES, "RBAQAAPL")
    real.us.phase = Phase.DAYTIME
    buy(real)
    assert line.row(TRADES)["RSYM"] == "RBAQAAPL"
    real.us.phase = Phase.PRE_MARKET
    buy(real)
    row = line.row(TRADES)
    assert (row["RSYM"], row["MTYP"]) == ("DNASAAPL", "2")
    real.us.phase = Phase.AFTER_MARKET
    buy(real)
    row = line.row(TRADES)
    assert (row["RSYM"], row["MTYP"]) == ("DNASAAPL", "3")


def test_a_release_ends_what_comes(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register(TRADES, "DNASAAPL")
    line.register(BOOKS, "DNASAAPL")
    assert line.release(TRADES, "DNASAAPL")["body"]["msg_cd"] == "OPSP0001"
    buy(real)
    assert line.rows()[0] == BOOKS
    assert line.is_quiet()


def test_registrations_of_both_markets_count_together(real: Any, listen: Listen) -> None:
    line = listen(real)
    korean = list(real.exchange.instruments)[:20]
    for symbol in korean:
        line.register("H0STCNT0", symbol)
    for number in range(19):
        line.register(TRADES, f"DNAS{number}")
    line.register("H0STCNI0", real.keys.hts_id)
    line.register(NOTICES, real.keys.hts_id)
    answer = line.ask(line.frame(BOOKS, "DNASAAPL"))["body"]
    assert (answer["rt_cd"], answer["msg_cd"]) == ("1", "OPSP0008")


def test_the_demo_tells_own_orders_alone(demo: Any, listen: Listen) -> None:
    line = listen(demo)
    for id in (TRADES, BOOKS, NOTICES):
        assert line.ask(line.frame(id, "DNASAAPL"))["body"]["msg_cd"] == "OPSP8991"
    assert line.register("H0GSCNI9", demo.keys.hts_id)["header"]["encrypt"] == "Y"
    number = demo.us_ordered()
    assert line.row("H0GSCNI9")["ODER_NO"] == number


def test_a_new_order_is_told_with_its_own_quantity_and_its_limit(real: Any, line: Any) -> None:
    number = real.us_ordered(OVRS_ORD_UNPR="148.01", ORD_QTY="10")
    row = line.row(NOTICES)
    assert row == {
        "CUST_ID": real.keys.hts_id,
        "ACNT_NO": real.number.replace("-", ""),
        "ODER_NO": number,
        "OODER_NO": "",
        "SELN_BYOV_CLS": "02",
        "RCTF_CLS": "0",
        "ODER_KIND2": "2",
        "STCK_SHRN_ISCD": "AAPL",
        "CNTG_QTY": "0000000010",
        "CNTG_UNPR": "001480100",
        "STCK_CNTG_HOUR": f"{real.us_truth(number).time:%H%M%S}",
        "RFUS_YN": "0",
        "CNTG_YN": "1",
        "ACPT_YN": "1",
        "BRNC_NO": "06010",
        "ODER_QTY": "000000010",
        "ACNT_NAME": row["ACNT_NAME"],
        "CNTG_ISNM": "애플",
        "ODER_COND": "6",
        "DEBT_GB": "10",
        "DEBT_DATE": "",
        "START_TM": "",
        "END_TM": "",
        "TM_DIV_TP": "",
        "CNTG_UNPR12": "148.0100",
    }


def test_each_fill_has_its_own_quantity_and_price_in_both_columns(real: Any, line: Any) -> None:
    asks = real.us.order_book(BERKSHIRE).asks
    quantity = int(asks[0].quantity + asks[1].quantity)
    order = ordered_by_somebody_rich(real, BERKSHIRE, quantity, asks[1].price)
    number = f"{order.number:010d}"
    accepted, *fills = (line.row(NOTICES) for _ in range(3))
    assert (codes(accepted), accepted["ODER_COND"], accepted["STCK_SHRN_ISCD"]) == (("0", "1", "1", "0"), "7", "BRK/B")
    assert [(codes(fill), fill["ODER_NO"], int(fill["ODER_QTY"])) for fill in fills] == [
        (("0", "2", "2", "0"), number, quantity)
    ] * 2
    told = [(int(fill["CNTG_QTY"]), Decimal(fill["CNTG_UNPR12"])) for fill in fills]
    assert told == [(int(fill.quantity), fill.price) for fill in order.executions]
    assert [Decimal(fill["CNTG_UNPR"]) / 10_000 for fill in fills] == [price for _, price in told]
    assert line.is_quiet()


def test_a_price_too_long_for_its_column_is_whole_in_the_newer_one(real: Any, line: Any) -> None:
    ordered_by_somebody_rich(real, "US:BRK.A", 1, Decimal("681234.56"))
    row = line.row(NOTICES)
    assert (row["CNTG_UNPR"], row["CNTG_UNPR12"]) == ("812345600", "681234.5600")


def test_an_amendment_and_a_cancel_name_the_order_before(real: Any, line: Any) -> None:
    number = real.us_ordered(OVRS_ORD_UNPR="100.00", ORD_QTY="3")
    line.row(NOTICES)
    change = {"RVSE_CNCL_DVSN_CD": "01", "ORD_QTY": "3", "OVRS_ORD_UNPR": "101.50"}
    amended = real.us_change(number, **change)["output"]["ODNO"]
    row = line.row(NOTICES)
    assert (row["ODER_NO"], row["OODER_NO"], codes(row)) == (amended, number, ("0", "1", "2", "1"))
    assert (int(row["CNTG_QTY"]), row["CNTG_UNPR12"]) == (3, "101.5000")
    canceled = real.us_change(amended)["output"]["ODNO"]
    row = line.row(NOTICES)
    assert (row["ODER_NO"], row["OODER_NO"], codes(row)) == (canceled, amended, ("0", "1", "2", "2"))
    assert (int(row["CNTG_QTY"]), row["CNTG_UNPR"]) == (3, "000000000")
    assert line.is_quiet()


@pytest.mark.parametrize(("division", "kind"), [("31", "A"), ("32", "B"), ("33", "C"), ("34", "D")])
def test_the_kind_of_an_order_is_told(real: Any, line: Any, division: str, kind: str) -> None:
    price = "0" if division in ("31", "33") else "100.00"
    real.us.give_holding(real.number, APPLE, Decimal(5), Decimal(500))
    if division in ("31", "32"):
        real.us.phase = Phase.PRE_MARKET
    real.us_ordered("sell", ORD_DVSN=division, OVRS_ORD_UNPR=price)
    row = line.row(NOTICES)
    assert (row["ODER_KIND2"], row["SELN_BYOV_CLS"]) == (kind, "01")


def test_notices_of_one_market_tell_nothing_of_the_other(real: Any, line: Any) -> None:
    line.register("H0STCNI0", real.keys.hts_id)
    korean, american = real.ordered(), real.us_ordered()
    told = [line.rows() for _ in range(2)]
    assert [(id, [row["ODER_NO"] for row in rows]) for id, rows in told] == [
        ("H0STCNI0", [korean]),
        (NOTICES, [american]),
    ]
    assert line.is_quiet()


def test_orders_of_the_daytime_market_are_told_only_if_that_is_played(real: Any, line: Any) -> None:
    real.us.phase = Phase.DAYTIME
    request = OrderRequest(
        symbol=APPLE, side=Side.BUY, quantity=Decimal(2), type=OrderType.LIMIT, price=Decimal(9), venue=Venue.DAYTIME
    )
    real.us.submit(real.number, request)
    assert line.is_quiet()
    real.face.stream.tells_daytime_orders = True
    assert int(line_number(real, line, request)) > 0


def line_number(real: Any, line: Any, request: OrderRequest) -> str:
    """Send an order and return the number that its notice tells."""
    order = real.us.submit(real.number, request)
    number = str(line.row(NOTICES)["ODER_NO"])
    assert int(number) == order.number
    return number


def test_what_somebody_watches_is_traded_by_others(real: Any, listen: Listen) -> None:
    real.face.stream.is_lively, real.face.stream.lively_seconds = True, 0.05
    line = listen(real)
    line.register(TRADES, "DNASAAPL")
    line.register(TRADES, "DNASAAPLE")
    assert real.face.stream.watched() == {APPLE}
    assert line.rows()[1][0]["SYMB"] == "AAPL"
