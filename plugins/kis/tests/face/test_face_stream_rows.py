"""Rows of the socket of the KIS face against what the exchange knows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.words import Side, Venue

SAMSUNG, HYNIX = "005930", "000660"
Listen = Callable[..., Any]
TRADES = {"H0STCNT0": Venue.KRX, "H0NXCNT0": Venue.NXT, "H0UNCNT0": Venue.SOR}
BOOKS = {"H0STASP0": Venue.KRX, "H0NXASP0": Venue.NXT, "H0UNASP0": Venue.SOR}


def sweep(customer: Any, levels: int, side: Side = Side.BUY, symbol: str = SAMSUNG) -> None:
    """Let somebody take the best levels, and one share of the last of them."""
    book = customer.exchange.order_book(symbol)
    taken = (book.asks if side is Side.BUY else book.bids)[:levels]
    quantity = sum((level.quantity for level in taken[:-1]), Decimal(1))
    customer.exchange.trade(symbol, side, quantity, taken[-1].price)


def krx_only(customer: Any) -> str:
    return next(
        each.symbol for each in customer.exchange.instruments.values() if not each.nxt and each.symbol[0] == "0"
    )


@pytest.mark.parametrize("id", TRADES)
def test_prints_that_come_together_are_rows_of_one_frame(real: Any, listen: Listen, id: str) -> None:
    line = listen(real)
    line.register(id)
    sweep(real, 3)
    came, rows = line.rows()
    truth = real.exchange.trades(SAMSUNG)[-3:]
    assert (came, len(rows)) == (id, 3)
    for row, trade in zip(rows, truth, strict=True):
        assert row["MKSC_SHRN_ISCD"] == SAMSUNG
        assert row["STCK_CNTG_HOUR"] == f"{trade.time:%H%M%S}"
        assert row["STCK_PRPR"] == str(trade.price)
        assert row["CNTG_VOL"] == str(trade.quantity)
        assert row["ACML_VOL"] == str(trade.volume)
        assert row["CCLD_DVSN" if id == "H0STCNT0" else "CNTG_CLS_CODE"] == "1"
    assert line.is_quiet()


def test_a_row_tells_the_figures_of_the_day(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    sweep(real, 2, Side.SELL)
    row = line.rows()[1][-1]
    quote, book, trades = real.exchange.quote(SAMSUNG), real.exchange.order_book(SAMSUNG), real.exchange.trades(SAMSUNG)
    sold = sum(trade.quantity for trade in trades if trade.side is Side.SELL)
    bought = sum(trade.quantity for trade in trades if trade.side is Side.BUY)
    counts = [sum(trade.side is side for trade in trades) for side in (Side.SELL, Side.BUY)]
    assert {name: row[name] for name in ("STCK_PRPR", "STCK_OPRC", "STCK_HGPR", "STCK_LWPR")} == {
        "STCK_PRPR": str(quote.price),
        "STCK_OPRC": str(quote.open),
        "STCK_HGPR": str(quote.high),
        "STCK_LWPR": str(quote.low),
    }
    assert (row["PRDY_VRSS"], row["PRDY_CTRT"]) == (str(quote.change), str(quote.change_percent))
    assert (row["ACML_VOL"], row["ACML_TR_PBMN"]) == (str(quote.volume), str(quote.turnover))
    assert Decimal(row["WGHN_AVRG_STCK_PRC"]) == round(quote.turnover / quote.volume, 2)
    assert (row["ASKP1"], row["ASKP_RSQN1"]) == (str(book.asks[0].price), str(book.asks[0].quantity))
    assert (row["BIDP1"], row["BIDP_RSQN1"]) == (str(book.bids[0].price), str(book.bids[0].quantity))
    assert row["TOTAL_ASKP_RSQN"] == str(sum(level.quantity for level in book.asks))
    assert (row["SELN_CNTG_SMTN"], row["SHNU_CNTG_SMTN"]) == (str(sold), str(bought))
    assert [row["SELN_CNTG_CSNU"], row["SHNU_CNTG_CSNU"]] == [str(count) for count in counts]
    assert row["NTBY_CNTG_CSNU"] == str(counts[1] - counts[0])
    assert Decimal(row["CTTR"]) == round(bought * 100 / sold, 2)
    assert row["CCLD_DVSN"] == "5"
    assert row["OPRC_HOUR"] == f"{trades[0].time:%H%M%S}"
    assert row["HGPR_VRSS_PRPR"] == str(quote.price - quote.high)
    assert row["HGPR_VRSS_PRPR_SIGN"] == "5"
    assert row["VI_STND_PRC"] == str(quote.open)
    yesterday = real.exchange.daily_candles(SAMSUNG, days=2)[0]
    assert Decimal(row["PRDY_VOL_VRSS_ACML_VOL_RATE"]) == round(quote.volume * 100 / yesterday.volume, 2)
    assert row["BSOP_DATE"] == f"{real.exchange.today:%Y%m%d}"
    assert (row["NEW_MKOP_CLS_CODE"], row["TRHT_YN"], row["HOUR_CLS_CODE"]) == ("20", "N", "0")
    assert row["MARKET_CLS_CODE"] == "2"


def test_signs_tell_limits_and_falls(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    instrument = real.exchange.instruments[SAMSUNG]
    signs = []
    for price in (instrument.upper_limit, instrument.previous_close - 100, instrument.lower_limit):
        real.exchange.move(SAMSUNG, price)
        while (row := line.rows()[1][-1])["STCK_PRPR"] != str(price):
            pass
        signs.append((row["PRDY_VRSS_SIGN"], Decimal(row["PRDY_VRSS"])))
    falls = instrument.lower_limit - instrument.previous_close
    assert signs == [("1", instrument.upper_limit - instrument.previous_close), ("5", Decimal(-100)), ("4", falls)]


@pytest.mark.parametrize("id", BOOKS)
def test_a_book_is_told_when_it_has_changed(real: Any, listen: Listen, id: str) -> None:
    line = listen(real)
    line.register(id)
    sweep(real, 1)
    row, book = line.row(id), real.exchange.order_book(SAMSUNG)
    for name, levels in (("ASKP", book.asks), ("BIDP", book.bids)):
        prices = [str(level.price) for level in levels]
        sizes = [str(level.quantity) for level in levels]
        assert [row[f"{name}{number}"] for number in range(1, 11)] == prices + ["0"] * (10 - len(levels))
        assert [row[f"{name}_RSQN{number}"] for number in range(1, 11)] == sizes + ["0"] * (10 - len(levels))
        assert row[f"TOTAL_{name}_RSQN"] == str(sum(level.quantity for level in levels))
    assert row["ACML_VOL"] == str(real.exchange.quote(SAMSUNG).volume)
    # No auction: the expected price is 0, and is compared with yesterday's close all the same.
    base = real.exchange.instruments[SAMSUNG].previous_close
    assert (row["ANTC_CNPR"], row["ANTC_CNTG_VRSS"], row["ANTC_CNTG_PRDY_CTRT"]) == ("0", str(-base), "-100.00")
    middle = "MID_PRC" if id == "H0STASP0" else "KMID_PRC"
    assert row[middle] == str(int((book.asks[0].price + book.bids[0].price) / 2))
    sweep(real, 1)
    asks = sum(level.quantity for level in real.exchange.order_book(SAMSUNG).asks)
    after = line.row(id)
    assert after["TOTAL_ASKP_RSQN_ICDC"] == str(asks - int(row["TOTAL_ASKP_RSQN"]))


def test_a_waiting_order_changes_the_book_and_is_no_print(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    line.register("H0STASP0")
    number = real.ordered(ORD_UNPR=str(real.exchange.order_book(SAMSUNG).bids[2].price))
    assert line.row("H0STASP0")["BIDP_RSQN3"] == str(real.exchange.order_book(SAMSUNG).bids[2].quantity)
    real.cancel(number)
    line.row("H0STASP0")
    assert line.is_quiet()


def test_an_auction_tells_its_expected_price_and_then_its_trade(real: Any, listen: Listen) -> None:
    line = listen(real)
    for id in ("H0STCNT0", "H0NXCNT0", "H0STANC0", "H0STASP0", "H0NXASP0"):
        line.register(id)
    real.exchange.phase = Phase.CLOSING_AUCTION
    ask = real.exchange.order_book(SAMSUNG).asks[0]
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(5))
    book, expected = line.row("H0STASP0"), line.row("H0STANC0")
    truth = real.exchange.expected(SAMSUNG)
    assert (truth.price, truth.quantity) == (ask.price, Decimal(5))
    assert (book["ANTC_CNPR"], book["ANTC_CNQN"], book["HOUR_CLS_CODE"]) == (str(ask.price), "5", "C")
    assert (expected["STCK_PRPR"], expected["CNTG_VOL"], expected["HOUR_CLS_CODE"]) == (str(ask.price), "5", "C")
    assert line.is_quiet()
    real.exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
    trade = line.row("H0STCNT0")
    assert (trade["STCK_PRPR"], trade["CNTG_VOL"]) == (str(ask.price), "5")
    assert (trade["NEW_MKOP_CLS_CODE"], trade["MARKET_CLS_CODE"]) == ("20", "2")
    assert line.row("H0STASP0")["ANTC_CNPR"] == "0"
    assert line.is_quiet()


def test_an_auction_that_ends_the_day_tells_its_trade_and_no_book(real: Any, listen: Listen) -> None:
    line = listen(real)
    real.exchange.phase = Phase.CLOSING_AUCTION
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(5))
    for id in ("H0STCNT0", "H0NXCNT0", "H0UNCNT0", "H0STASP0", "H0UNASP0"):
        line.register(id)
    real.exchange.phase = Phase.CLOSED
    rows = [line.row(id) for id in ("H0STCNT0", "H0UNCNT0")]
    assert [(row["CNTG_VOL"], row["NEW_MKOP_CLS_CODE"], row["MARKET_CLS_CODE"]) for row in rows] == [
        ("5", "20", "2")
    ] * 2
    assert line.is_quiet()


def test_each_venue_tells_its_own_hours(real: Any, listen: Listen) -> None:
    line = listen(real)
    for id in TRADES:
        line.register(id)
    told = {}
    for phase in (Phase.PRE_MARKET, Phase.REGULAR, Phase.AFTER_MARKET):
        real.exchange.phase = phase
        sweep(real, 1)
        told[phase] = []
        for _ in range(2 if phase is Phase.PRE_MARKET else 3):
            id, rows = line.rows()
            told[phase].append((id, rows[0]["MARKET_CLS_CODE"]))
        assert line.is_quiet()
    assert told == {
        Phase.PRE_MARKET: [("H0NXCNT0", "1"), ("H0UNCNT0", "1")],
        Phase.REGULAR: [(id, "2") for id in TRADES],
        Phase.AFTER_MARKET: [(id, "3") for id in TRADES],
    }


def test_ids_of_nxt_are_silent_for_a_symbol_that_is_not_there(real: Any, listen: Listen) -> None:
    line, symbol = listen(real), krx_only(real)
    for id in (*TRADES, *BOOKS):
        line.register(id, symbol)
    sweep(real, 1, symbol=symbol)
    assert [line.rows()[0] for _ in range(4)] == ["H0STCNT0", "H0UNCNT0", "H0STASP0", "H0UNASP0"]
    assert line.is_quiet()


def test_a_trade_at_the_middle_changes_no_book_and_is_told(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    real.ordered(ORD_DVSN="21", ORD_UNPR="0", ORD_QTY="7")
    bid, ask = (
        levels[0].price for levels in (real.exchange.order_book(SAMSUNG).bids, real.exchange.order_book(SAMSUNG).asks)
    )
    real.exchange.trade(SAMSUNG, Side.SELL, Decimal(4), bid)
    row = line.row("H0STCNT0")
    assert (row["STCK_PRPR"], row["CNTG_VOL"]) == (str(int((bid + ask) / 2)), "4")


def test_only_registered_symbols_are_told(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0", HYNIX)
    sweep(real, 1)
    sweep(real, 1, symbol=HYNIX)
    assert line.row("H0STCNT0")["MKSC_SHRN_ISCD"] == HYNIX
    assert line.is_quiet()


def test_an_etn_keeps_its_letter(real: Any, listen: Listen) -> None:
    symbol = next(symbol for symbol in real.exchange.instruments if symbol[0] in "5678")
    line = listen(real)
    line.register("H0STCNT0", f"Q{symbol}")
    sweep(real, 1, symbol=symbol)
    assert line.row("H0STCNT0")["MKSC_SHRN_ISCD"] == f"Q{symbol}"


def test_sessions_and_halts_are_told_of_registered_symbols(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STMKO0")
    told = []
    for phase in (Phase.CLOSING_AUCTION, Phase.AFTER_CLOSE_CLOSING_PRICE, Phase.AFTER_MARKET):
        real.exchange.phase = phase
    told = [line.row("H0STMKO0")["MKOP_CLS_CODE"] for _ in range(4)]
    assert told == ["121", "129", "140", "149"]
    real.exchange.halt(SAMSUNG)
    real.exchange.resume(SAMSUNG)
    real.exchange.halt(HYNIX)
    rows = [line.row("H0STMKO0") for _ in range(2)]
    assert [(row["TRHT_YN"], row["MKOP_CLS_CODE"], row["ISCD_STAT_CLS_CODE"]) for row in rows] == [
        ("Y", "164", "58"),
        ("N", "", "55"),
    ]
    assert line.is_quiet()


def test_the_opening_is_told(real: Any, listen: Listen) -> None:
    real.exchange.phase = Phase.PRE_MARKET
    line = listen(real)
    for id in ("H0STMKO0", "H0UNMKO0", "H0NXMKO0"):
        line.register(id)
    for phase in (Phase.PRE_OPEN_CLOSING_PRICE, Phase.OPENING_AUCTION, Phase.REGULAR):
        real.exchange.phase = phase
    told = [line.rows() for _ in range(8)]
    codes = {id: [rows[0]["MKOP_CLS_CODE"] for came, rows in told if came == id] for id in ("H0STMKO0", "H0UNMKO0")}
    assert codes == {"H0STMKO0": ["130", "139", "110", "112"], "H0UNMKO0": ["130", "139", "110", "112"]}
    assert line.is_quiet()


def test_an_index_is_told_as_it_moves(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0UPCNT0", "0001")
    first = line.row("H0UPCNT0")
    share = next(iter(real.exchange.indices.shares("INDEX:KOSPI")))
    real.exchange.move(share, real.exchange.order_book(share).asks[3].price)
    second, quote = line.row("H0UPCNT0"), real.exchange.indices.quote("INDEX:KOSPI")
    assert second["bstp_cls_code"] == "0001"
    assert (second["prpr_nmix"], second["bstp_nmix_prdy_vrss"]) == (str(quote.price), str(quote.change))
    assert (second["oprc_nmix"], second["nmix_hgpr"]) == (str(quote.open), str(quote.high))
    # The distances of open, high and low are from yesterday's close, whatever the columns are called.
    assert Decimal(second["hgpr_vrss_nmix_prpr"]) == quote.high - quote.previous_close
    assert second["acml_vol"] == str(int(quote.volume / 1_000))
    assert second["acml_tr_pbmn"] == str(int(quote.turnover / 1_000_000))
    moved = Decimal(second["prpr_nmix"]) - Decimal(first["prpr_nmix"])
    assert (moved > 0, Decimal(second["tick_vrss"])) == (True, moved * 100)
    shares = [real.exchange.quote(each).change for each in real.exchange.indices.shares("INDEX:KOSPI")]
    assert second["ascn_issu_cnt"] == str(sum(change > 0 for change in shares))


def test_member_firms_are_told_after_trades(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STMBC0")
    sweep(real, 2)
    row, truth = line.row("H0STMBC0"), real.exchange.members(SAMSUNG)
    assert [row[f"SELN2_MBCR_NAME{rank}"] for rank in range(1, 6)] == [firm.name for firm in truth.sellers]
    assert [row[f"TOTAL_SHNU_QTY{rank}"] for rank in range(1, 6)] == [str(firm.quantity) for firm in truth.buyers]
    assert row["GLOB_NTBY_QTY"] == str(truth.foreign_bought - truth.foreign_sold)


@pytest.mark.parametrize("id", ["H0STPGM0", "H0NXPGM0", "H0UNPGM0"])
def test_programmes_are_told_after_trades(real: Any, listen: Listen, id: str) -> None:
    line = listen(real)
    line.register(id)
    sweep(real, 2)
    row, truth = line.row(id), real.exchange.investors.program_today(SAMSUNG)
    assert (row["SELN_CNQN"], row["SHNU_CNQN"]) == (str(truth.sell_quantity), str(truth.buy_quantity))
    assert int(row["NTBY_CNQN"]) == int(row["SHNU_CNQN"]) - int(row["SELN_CNQN"])
    assert int(row["SHNU_TR_PBMN"]) == round(truth.buy_amount)


def test_figures_count_on_from_prints_that_nobody_listened_to(real: Any, listen: Listen) -> None:
    first = listen(real)
    first.register("H0STCNT0")
    sweep(real, 1)
    first.rows()
    first.release("H0STCNT0")
    sweep(real, 2)
    first.register("H0STCNT0")
    sweep(real, 1)
    row, quote = first.row("H0STCNT0"), real.exchange.quote(SAMSUNG)
    assert (row["ACML_VOL"], row["ACML_TR_PBMN"]) == (str(quote.volume), str(quote.turnover))


def test_rows_can_be_as_narrow_as_before_a_column_came(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    real.face.stream.widths["H0STCNT0"] = 46
    sweep(real, 2)
    _, _, count, values = line.text().split("|")
    told = values.split("^")
    assert (count, len(told)) == ("002", 92)
    assert (told[45], told[46]) == (str(real.exchange.quote(SAMSUNG).open), SAMSUNG)


def test_the_demo_tells_the_same_rows(demo: Any, listen: Listen) -> None:
    line = listen(demo)
    line.register("H0STCNT0")
    line.register("H0STASP0")
    sweep(demo, 2)
    assert [(id, len(rows)) for id, rows in (line.rows(), line.rows())] == [("H0STCNT0", 2), ("H0STASP0", 1)]
