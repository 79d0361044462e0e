"""Quotations of the KIS face: prices, order book, trades, investors, against the truth of the exchange."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.market.ticks import tick_size
from brokerkit.sandbox.exchange import Exchange, Instrument, Segment
from brokerkit.words import SecurityType, Side, Venue

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
PRICE = f"{QUOTATIONS}/inquire-price"
INVESTOR = f"{QUOTATIONS}/inquire-investor"
SAMSUNG = "005930"
HYNIX = "000660"
FUND = "069500"


def instrument_of(exchange: Exchange, market: Segment, kind: SecurityType) -> Instrument:
    return next(found for found in exchange.instruments.values() if (found.market, found.kind) == (market, kind))


@pytest.mark.parametrize(
    "pick",
    [(Segment.KOSPI, SecurityType.STOCK), (Segment.KOSDAQ, SecurityType.STOCK), (Segment.KOSPI, SecurityType.ETF)],
)
def test_price_is_the_quote_of_the_exchange(real: Any, pick: tuple[Segment, SecurityType]) -> None:
    instrument = instrument_of(real.exchange, *pick)
    truth = real.exchange.quote(instrument.symbol)
    output = real.quote(instrument.symbol)["output"]
    told = {
        "stck_prpr": truth.price,
        "prdy_vrss": truth.change,
        "prdy_ctrt": truth.change_percent,
        "stck_sdpr": truth.previous_close,
        "stck_oprc": truth.open,
        "stck_hgpr": truth.high,
        "stck_lwpr": truth.low,
        "stck_mxpr": truth.upper_limit,
        "stck_llam": truth.lower_limit,
        "acml_vol": truth.volume,
        "acml_tr_pbmn": truth.turnover,
        "aspr_unit": tick_size(truth.price, instrument.kind),
        "lstn_stcn": instrument.listed_shares,
    }
    assert {name: Decimal(output[name]) for name in told} == told
    assert "+" not in output["prdy_vrss"]
    assert output["rprs_mrkt_kor_name"] == ("ETF" if instrument.kind is SecurityType.ETF else instrument.market.value)
    assert all(isinstance(value, str) for value in output.values())


def test_direction_is_told_by_sign_and_code(real: Any) -> None:
    signs = set()
    for symbol in list(real.exchange.instruments)[:20]:
        output = real.quote(symbol)["output"]
        signs.add(output["prdy_vrss_sign"])
        change = int(output["prdy_vrss"])
        assert output["prdy_vrss_sign"] == ("2" if change > 0 else "5" if change < 0 else "3")
    assert {"2", "5"} <= signs
    base = real.exchange.instruments[SAMSUNG]
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(10**9), base.upper_limit)
    real.exchange.trade(SAMSUNG, Side.SELL, Decimal(1), base.upper_limit)
    assert real.quote()["output"]["prdy_vrss_sign"] == "1"


def test_names_of_quotations_are_taken_in_either_case_and_others_are_ignored(real: Any) -> None:
    query = f"fid_cond_mrkt_div_code=J&Fid_Input_Iscd={SAMSUNG}&FID_ORG_ADJ_PRC=0"
    assert real.get("/" + PRICE, "FHKST01010100", query).json()["rt_cd"] == "0"


def test_quotation_of_an_unknown_symbol_or_market_is_refused(real: Any) -> None:
    assert real.refusal_of(real.quote("999999")) == ("7", "APBK0656")
    assert real.refusal_of(real.quote(FID_COND_MRKT_DIV_CODE="Q")) == ("2", "OPSQ2001")


def test_investor_flow_is_thirty_days_newest_first_in_million_won(real: Any) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    rows = real.get(INVESTOR, "FHKST01010900", fields).json()["output"]
    truth = list(reversed(real.exchange.investor_flow(SAMSUNG)))
    assert [row["stck_bsop_date"] for row in rows] == [f"{day.date:%Y%m%d}" for day in truth[:30]]
    for row, day, before in zip(rows, truth, truth[1:], strict=False):
        assert day.close is not None
        assert before.close is not None
        assert int(row["stck_clpr"]) == day.close
        assert int(row["prdy_vrss"]) == day.close - before.close
        for short, flow in (("prsn", day.individual), ("frgn", day.foreign), ("orgn", day.institution)):
            shares = [int(row[f"{short}_{name}"]) for name in ("ntby_qty", "shnu_vol", "seln_vol")]
            assert shares == [flow.net_quantity, flow.buy_quantity, flow.sell_quantity]
            amounts = [int(row[f"{short}_{name}_tr_pbmn"]) * 1_000_000 for name in ("ntby", "shnu", "seln")]
            assert amounts == [flow.net_amount, flow.buy_amount, flow.sell_amount]


def test_extremes_and_pivots_come_from_the_days_before(real: Any) -> None:
    output = real.quote()["output"]
    days = real.exchange.daily_candles(SAMSUNG)
    last = days[-2]
    highest, lowest = max(day.high for day in days), min(day.low for day in days)
    assert (int(output["d250_hgpr"]), int(output["d250_lwpr"])) == (highest, lowest)
    assert output["d250_hgpr_date"] == f"{max(day.time for day in days if day.high == highest):%Y%m%d}"
    year = [day for day in days if day.time.year == real.exchange.today.year]
    assert int(output["stck_dryy_hgpr"]) == max(day.high for day in year)
    away = (Decimal(output["stck_prpr"]) - highest) * 100 / highest
    assert abs(Decimal(output["d250_hgpr_vrss_prpr_rate"]) - away) <= Decimal("0.005")
    assert Decimal(output["pvt_pont_val"]) == round((last.high + last.low + last.close) / 3)
    part = Decimal(output["acml_vol"]) * 100 / last.volume
    assert abs(Decimal(output["prdy_vrss_vol_rate"]) - part) <= Decimal("0.005")


def test_second_form_of_the_price_tells_distances(real: Any) -> None:
    truth = real.exchange.quote(SAMSUNG)
    output = real.quotation("inquire-price-2", "FHPST01010000")["output"]
    assert int(output["stck_prpr"]) == truth.price
    assert int(output["stck_prdy_clpr"]) == truth.previous_close
    assert int(output["lwpr_vrss_prpr"]) == truth.price - truth.low
    assert int(output["hgpr_vrss_prpr"]) == truth.price - truth.high
    assert output["hgpr_vrss_prpr_sign"] == ("3" if truth.price == truth.high else "5")
    assert int(output["prdy_vol"]) == real.exchange.daily_candles(SAMSUNG)[-2].volume


def test_markets_are_told_apart(real: Any) -> None:
    for code, venue in (("J", Venue.KRX), ("NX", Venue.NXT), ("UN", Venue.SOR)):
        output = real.quote(FID_COND_MRKT_DIV_CODE=code)["output"]
        assert int(output["stck_prpr"]) == real.exchange.quote(SAMSUNG, venue).price
    assert real.refusal_of(real.quote(FUND, FID_COND_MRKT_DIV_CODE="NX")) == ("7", "APBK0656")


def test_order_book_has_ten_levels_and_their_sums(real: Any) -> None:
    real.order(ORD_UNPR=real.low_price())
    body = real.quotation("inquire-asking-price-exp-ccn", "FHKST01010200")
    book, told = real.exchange.order_book(SAMSUNG), body["output1"]
    for short, levels in (("askp", book.asks), ("bidp", book.bids)):
        seen = [(told[f"{short}{number}"], told[f"{short}_rsqn{number}"]) for number in range(1, 11)]
        assert [(int(price), int(quantity)) for price, quantity in seen if price != "0"] == [
            (level.price, level.quantity) for level in levels
        ]
        assert int(told[f"total_{short}_rsqn"]) == sum(level.quantity for level in levels)
    assert int(told["ntby_aspr_rsqn"]) == int(told["total_bidp_rsqn"]) - int(told["total_askp_rsqn"])
    assert told["new_mkop_cls_code"] == "20"
    assert body["output2"]["stck_shrn_iscd"] == SAMSUNG
    assert int(body["output2"]["stck_prpr"]) == real.exchange.quote(SAMSUNG).price


def test_levels_that_are_not_there_are_zero(real: Any) -> None:
    upper = real.exchange.instruments[SAMSUNG].upper_limit
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(10**9), upper)
    told = real.quotation("inquire-asking-price-exp-ccn", "FHKST01010200")["output1"]
    assert {told[f"askp{number}"] for number in range(1, 11)} == {"0"}
    assert (int(told["bidp1"]), told["total_askp_rsqn"]) == (upper, "0")


def test_book_tells_the_phase_of_the_market(real: Any) -> None:
    for phase, code in ((Phase.OPENING_AUCTION, "00"), (Phase.REGULAR, "20"), (Phase.CLOSED, "30")):
        real.exchange.phase = phase
        told = real.quotation("inquire-asking-price-exp-ccn", "FHKST01010200")["output1"]
        assert told["new_mkop_cls_code"] == code


def test_last_trades_are_thirty_and_the_newest_comes_first(real: Any) -> None:
    real.order(ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="3")
    rows = real.quotation("inquire-ccnl", "FHKST01010300")["output"]
    truth = list(reversed(real.exchange.trades(SAMSUNG)))
    assert len(rows) == 30
    assert rows[0]["cntg_vol"] == "3"
    for row, trade in zip(rows, truth, strict=False):
        assert row["stck_cntg_hour"] == f"{trade.time:%H%M%S}"
        assert (int(row["stck_prpr"]), int(row["cntg_vol"])) == (trade.price, trade.quantity)
        assert int(row["prdy_vrss"]) == trade.price - real.exchange.quote(SAMSUNG).previous_close
    bought = sum(trade.quantity for trade in truth if trade.side is Side.BUY)
    sold = sum(trade.quantity for trade in truth if trade.side is Side.SELL)
    assert abs(Decimal(rows[0]["tday_rltv"]) - bought * 100 / sold) <= Decimal("0.005")


def test_trades_of_the_second_that_is_asked_for_are_told(real: Any) -> None:
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
    newest = real.exchange.trades(SAMSUNG)[-1]
    asked = f"{newest.time:%H%M%S}"
    body = real.quotation("inquire-time-itemconclusion", "FHPST01060000", FID_INPUT_HOUR_1=asked)
    assert (body["output2"][0]["stck_cntg_hour"], body["output2"][0]["cnqn"]) == (asked, "3")


def test_trades_up_to_a_time_of_the_day(real: Any) -> None:
    body = real.quotation("inquire-time-itemconclusion", "FHPST01060000", FID_INPUT_HOUR_1="093000")
    truth = [trade for trade in real.exchange.trades(SAMSUNG) if f"{trade.time:%H%M%S}" <= "093000"]
    rows = body["output2"]
    assert len(rows) == 30
    assert [row["stck_cntg_hour"] for row in rows] == [f"{trade.time:%H%M%S}" for trade in reversed(truth[-30:])]
    assert int(rows[0]["acml_vol"]) == truth[-1].volume
    assert int(body["output1"]["stck_prpr"]) == real.exchange.quote(SAMSUNG).price
    late = real.quotation("inquire-time-itemconclusion", "FHPST01060000", FID_INPUT_HOUR_1="9:30")
    assert real.refusal_of(late) == ("2", "OPSQ2001")
