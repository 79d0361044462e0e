"""Prices, books and lists of symbols over real HTTP: the exchange's truth in Kiwoom's spelling."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import FUND, SAMSUNG, Customer, limit


def test_price_carries_the_sign_of_its_direction(customer: Customer) -> None:
    base = customer.exchange.instruments[SAMSUNG].previous_close
    for price, direction in ((base + 300, "2"), (base, "3"), (base - 300, "5")):
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(1_000_000), price)
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(1), price)
        quote = customer.exchange.quote(SAMSUNG)
        row = customer.call("ka10001", {"stk_cd": SAMSUNG})
        sign = "" if quote.price == base else "+" if quote.price > base else "-"
        assert row["cur_prc"] == f"{sign}{quote.price}"
        assert row["base_pric"] == f"{base}"
        assert (quote.price, row["pre_sig"]) == (price, direction)
        assert Decimal(row["pred_pre"]) == quote.change
        assert Decimal(row["flu_rt"]) == quote.change_percent
        assert row["upl_pric"] == f"+{quote.upper_limit}"
        assert row["lst_pric"] == f"-{quote.lower_limit}"
        assert {row[name].lstrip("+-") for name in ("open_pric", "high_pric", "low_pric")} == {
            f"{price}" for price in (quote.open, quote.high, quote.low)
        }
        assert row["trde_qty"] == f"{quote.volume}"


@pytest.mark.parametrize("code", [SAMSUNG, "005930_NX", "005930_AL"])
def test_code_of_a_quote_comes_back_with_its_venue(customer: Customer, code: str) -> None:
    row = customer.call("ka10001", {"stk_cd": code})
    assert (row["stk_cd"], row["stk_nm"]) == (code, "삼성전자")


def test_codes_that_nobody_trades_are_refused(customer: Customer) -> None:
    assert customer.refusal("ka10001", {"stk_cd": "999999"}) == (
        7,
        "서비스 오류[1902:모르는 종목입니다. 종목코드=999999]",
    )
    assert customer.refusal("ka10001", {"stk_cd": f"A{SAMSUNG}"})[0] == 5
    assert "[1903:" in customer.refusal("ka10001", {"stk_cd": f"{FUND}_NX"})[1]
    assert "[1902:" in customer.refusal("ka10001", {"stk_cd": f"{SAMSUNG}_XX"})[1]
    assert customer.refusal("kt10000", limit(Decimal(1000), stk_cd="999999"))[0] == 7
    assert customer.refusal("kt10000", limit(Decimal(70000), stk_cd=f"A{SAMSUNG}"))[0] == 5


def test_instrument_is_described(customer: Customer) -> None:
    instrument = customer.exchange.instruments[SAMSUNG]
    row = customer.call("ka10100", {"stk_cd": SAMSUNG})
    assert (row["code"], row["name"], row["nxtEnable"]) == (SAMSUNG, "삼성전자", "Y")
    assert row["listCount"] == f"{instrument.listed_shares:016f}"
    assert row["lastPrice"] == f"{instrument.previous_close:08f}"
    assert customer.call("ka10100", {"stk_cd": FUND})["nxtEnable"] == ""


def test_order_book_has_ten_levels_a_side_with_signed_prices(customer: Customer) -> None:
    book = customer.exchange.order_book(SAMSUNG)
    base = customer.exchange.instruments[SAMSUNG].previous_close
    row = customer.query("ka10004")
    for side, levels in (("sel", book.asks), ("buy", book.bids)):
        for rank, level in enumerate(levels, start=1):
            name = f"{side}_fpr" if rank == 1 else f"{side}_{rank}th_pre"
            sign = "" if level.price == base else "+" if level.price > base else "-"
            assert row[f"{name}_bid"] == f"{sign}{level.price}"
            assert row[f"{name}_req"] == f"{level.quantity}"
            assert row[f"{side}_{rank}th_pre_req_pre"] == "0"
    assert row["tot_sel_req"] == f"{sum(level.quantity for level in book.asks)}"
    assert row["tot_buy_req"] == f"{sum(level.quantity for level in book.bids)}"
    assert len(row["bid_req_base_tm"]) == 6


def test_empty_side_of_a_book_has_zeros(customer: Customer) -> None:
    customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(1_000_000))
    row = customer.query("ka10004")
    assert (row["sel_fpr_bid"], row["sel_fpr_req"], row["sel_10th_pre_bid"], row["tot_sel_req"]) == ("0",) * 4
    assert row["buy_fpr_bid"] != "0"
    watched = customer.query("ka10095", stk_cd=SAMSUNG)["atn_stk_infr"][0]
    assert (watched["sel_bid"], watched["sel_1th_bid"], watched["tot_sel_req"]) == ("", "", "0")
    assert watched["buy_bid"] == row["buy_fpr_bid"]


def test_trades_are_told_newest_first_in_pages_of_30(customer: Customer) -> None:
    for side in (Side.BUY, Side.SELL, Side.BUY):
        customer.exchange.trade(SAMSUNG, side, Decimal(7))
    truth = customer.exchange.trades(SAMSUNG)
    quote = customer.exchange.quote(SAMSUNG)
    pages = customer.pages("ka10003", "cntr_infr", {"stk_cd": SAMSUNG})
    rows = [row for page in pages for row in page]
    assert len(pages[0]) == 30
    assert len(rows) == len(truth) >= 63
    turnover = quote.turnover
    assert turnover is not None
    for row, trade in zip(rows, reversed(truth), strict=True):
        assert row["tm"] == f"{trade.time:%H%M%S}"
        assert abs(Decimal(row["cur_prc"])) == trade.price
        assert row["cntr_trde_qty"] == f"{'+' if trade.side is Side.BUY else '-'}{trade.quantity}"
        assert row["acc_trde_qty"] == f"{trade.volume}"
        assert row["acc_trde_prica"] == f"{turnover}"
        turnover -= trade.price * trade.quantity
    assert [row["cntr_trde_qty"] for row in rows[:3]] == ["+7", "-7", "+7"]
    assert rows[0]["acc_trde_qty"] == f"{quote.volume}"


@pytest.mark.parametrize(("suffix", "venue"), [("", "KRX"), ("_NX", "NXT"), ("_AL", "통합")])
def test_trades_name_the_venue_that_was_asked_for(customer: Customer, suffix: str, venue: str) -> None:
    assert {row["stex_tp"] for row in customer.query("ka10003", stk_cd=SAMSUNG + suffix)["cntr_infr"]} == {venue}


def test_trades_of_a_day_are_those_up_to_a_minute_in_pages(customer: Customer) -> None:
    truth = customer.exchange.trades(SAMSUNG)
    asked = {"stk_cd": SAMSUNG, "tdy_pred": "1", "tic_min": "0"}
    pages = customer.pages("ka10084", "tdy_pred_cntr", asked)
    rows = [row for page in pages for row in page]
    assert [(row["tm"], row["acc_trde_qty"]) for row in rows] == [
        (f"{trade.time:%H%M%S}", f"{trade.volume}") for trade in reversed(truth)
    ]
    newest = customer.query("ka10003")["cntr_infr"][0]
    assert int(rows[0]["acc_trde_prica"]) == int(newest["acc_trde_prica"]) // 1_000_000
    early = customer.query("ka10084", **asked, tm="0910")["tdy_pred_cntr"]
    assert {row["tm"] <= "091059" for row in early} == {True}
    for not_kept in ({"tdy_pred": "2"}, {"tic_min": "1"}):
        answer = customer.send("ka10084", {**asked, **not_kept})
        assert (answer.json()["return_code"], answer.headers["X-Brokerkit-Sandbox"]) == (0, "made-up")
        assert answer.json()["tdy_pred_cntr"][0].keys() == rows[0].keys()


def test_member_firms_have_the_signs_of_their_sides(customer: Customer) -> None:
    truth, told = customer.exchange.members(SAMSUNG), customer.query("ka10040")
    for side, firms, sign in (("sel", truth.sellers, "-"), ("buy", truth.buyers, "+")):
        for rank, firm in enumerate(firms, start=1):
            row = [told[f"{side}_trde_ori_{name}{rank}"] for name in ("cd_", "", "qty_")]
            assert row == [firm.code, firm.name, f"{sign}{firm.quantity}"]
    assert told["frgn_sel_prsm_sum"] == f"-{truth.foreign_sold}"
    customer.exchange.unopen(FUND)
    nobody = customer.query("ka10040", stk_cd=FUND)
    assert (nobody["sel_trde_ori_cd_1"], nobody["sel_trde_ori_1"], nobody["frgn_buy_prsm_sum"]) == ("000", "", "0")


def test_many_symbols_come_in_the_order_asked_for(customer: Customer) -> None:
    codes = [FUND, "999999", SAMSUNG, f"{SAMSUNG}_AL", f"A{SAMSUNG}"]
    rows = customer.query("ka10095", stk_cd="|".join(codes))["atn_stk_infr"]
    assert [row["stk_cd"] for row in rows] == [FUND, "", SAMSUNG, f"{SAMSUNG}_AL", ""]
    assert set(rows[1].values()) == set(rows[4].values()) == {""}
    for row in (rows[0], rows[2]):
        quote = customer.exchange.quote(row["stk_cd"])
        assert abs(Decimal(row["cur_prc"])) == quote.price
        assert Decimal(row["pred_pre"]) == quote.change
        assert Decimal(row["flu_rt"]) == quote.change_percent
        assert row["trde_qty"] == f"{quote.volume}"
        assert quote.turnover is not None
        assert row["trde_prica"] == f"{int(quote.turnover / 1_000_000)}"
        assert abs(Decimal(row["sel_1th_bid"])) == customer.exchange.order_book(row["stk_cd"]).asks[0].price
    single = customer.query("ka10001")
    assert {name: rows[2][name] for name in ("cur_prc", "high_pric", "low_pric", "cap", "mac")} == {
        name: single[name] for name in ("cur_prc", "high_pric", "low_pric", "cap", "mac")
    }


def test_more_than_100_symbols_are_refused_for_good(customer: Customer) -> None:
    codes = list(customer.exchange.instruments)[:101]
    assert len(customer.query("ka10095", stk_cd="|".join(codes[:100]))["atn_stk_infr"]) == 100
    kind, message = customer.refusal("ka10095", {"stk_cd": "|".join(codes)})
    assert (kind, "[1634:" in message) == (5, True)


def test_year_of_a_quote_is_that_of_its_daily_prices(customer: Customer) -> None:
    row = customer.query("ka10001")
    candles = customer.exchange.daily_candles(SAMSUNG)
    highest, lowest = max(candle.high for candle in candles), min(candle.low for candle in candles)
    assert abs(Decimal(row["250hgst"])) == highest
    assert abs(Decimal(row["250lwst"])) == lowest
    assert row["250hgst_pric_dt"] in {f"{candle.time:%Y%m%d}" for candle in candles if candle.high == highest}
    assert row["250lwst_pric_dt"] in {f"{candle.time:%Y%m%d}" for candle in candles if candle.low == lowest}
    this_year = [candle for candle in candles if candle.time.year == 2026]
    assert abs(Decimal(row["oyr_hgst"])) == max(candle.high for candle in this_year)
    rate = candles[-1].volume * 100 / candles[-2].volume
    assert abs(Decimal(row["trde_pre"])) == pytest.approx(rate, abs=Decimal("0.005"))
    assert row["trde_pre"][0] == ("+" if rate > 100 else "-")


def test_instruments_are_listed_by_market(customer: Customer) -> None:
    markets = ("0", "10", "8", "60", "3", "50", "6")
    rows = {market: customer.query("ka10099", mrkt_tp=market)["list"] for market in markets}
    assert {row["marketCode"] for row in rows["0"]} == {"0", "8", "60", "6", ""}  # and a row without any text
    listed = {market: {row["code"] for row in rows[market] if row["marketCode"] == market} for market in markets}
    assert listed["3"] == set()
    assert SAMSUNG in listed["0"]
    assert FUND in listed["8"]
    assert (listed["60"], listed["6"]) == ({"530031"}, {"395400", "330590"})
    assert set().union(*listed.values()) == set(customer.exchange.instruments)
    assert sum(map(len, listed.values())) == len(customer.exchange.instruments)
    (row,) = [row for row in customer.query("ka10099")["list"] if row["code"] == SAMSUNG]
    assert row == {name: text for name, text in customer.query("ka10100").items() if not name.startswith("return_")}
    assert row["regDay"] == f"{customer.exchange.instruments[SAMSUNG].listed_on:%Y%m%d}"
    assert row["upName"] == customer.exchange.instruments[SAMSUNG].sector


def test_sectors_and_member_firms_are_listed(customer: Customer) -> None:
    assert customer.query("ka10101")["list"][0] == {
        "marketCode": "0",
        "code": "001",
        "name": "종합(KOSPI)",
        "group": "1",
    }
    assert [row["code"] for row in customer.query("ka10101", mrkt_tp="1")["list"]] == ["101"]
    assert customer.query("ka10101", mrkt_tp="4")["list"] == []
    members = customer.query("ka10102")["list"]
    assert {row["gb"] for row in members} == {"0"}
    assert len({row["code"] for row in members}) == len(members) > 5
