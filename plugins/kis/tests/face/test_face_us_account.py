"""The lists of US orders, and the account in dollars, at the KIS face."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests

from brokerkit.models import OrderRequest
from brokerkit.sandbox import Faults, Rule
from brokerkit.sandbox.faults.relay import Relay
from brokerkit.words import OrderType, Side

Json = dict[str, Any]
PRESENT = {"WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "000", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
SPAN = {"INQR_STRT_DT": "20200101", "INQR_END_DT": "20991231"}
WIDE = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}


def hold(customer: Any, symbol: str, quantity: int = 10, cost: int = 1_000) -> None:
    customer.us.give_holding(customer.number, symbol, Decimal(quantity), Decimal(cost))


def numbers(body: Json) -> list[str]:
    return [row["odno"] for row in body["output"]]


@pytest.fixture
def winter(open_customer: Callable[..., Any]) -> Any:
    """Return a customer on a day on which it is midnight in Korea at ten in New York."""
    return open_customer(today=dt.date(2026, 12, 1))


def test_a_row_tells_local_and_korean_dates_and_korean_times(winter: Any) -> None:
    number = winter.us_ordered(OVRS_ORD_UNPR="100.25")
    order, row = winter.us_truth(number), winter.us_row(number)
    assert (row["ord_dt"], row["dmst_ord_dt"]) == ("20261201", "20261202")
    assert (row["ord_tmd"], row["thco_ord_tmd"]) == (f"{order.time:%H%M%S}",) * 2
    assert (row["ft_ord_qty"], row["ft_ord_unpr3"], row["nccs_qty"]) == ("3", "100.25000000", "3")
    assert (row["prcs_stat_name"], row["ovrs_excg_cd"], row["tr_crcy_cd"]) == ("전송", "NASD", "USD")


def test_a_filled_order_is_done_and_tells_what_it_came_to(real: Any) -> None:
    number = real.us_ordered(OVRS_ORD_UNPR="300.00", ORD_QTY="300")
    order, row = real.us_truth(number), real.us_row(number)
    assert order.filled == 300 > len(order.executions) > 1
    assert row["prcs_stat_name"] == "완료"
    assert Decimal(row["ft_ccld_unpr3"]) == round(order.average_price, 8)
    assert Decimal(row["ft_ccld_amt3"]) == order.amount
    assert (row["ft_ccld_qty"], row["nccs_qty"]) == ("300", "0")


def test_a_cancelled_order_keeps_its_words_and_the_cancel_is_a_row_of_its_own(real: Any) -> None:
    number = real.us_ordered()
    cancel = real.us_change(number)["output"]["ODNO"]
    row, of_cancel = real.us_row(number), real.us_row(cancel)
    assert (row["prcs_stat_name"], row["nccs_qty"], row["ft_ccld_qty"]) == ("전송", "0", "0")
    assert (of_cancel["rvse_cncl_dvsn"], of_cancel["orgn_odno"], of_cancel["ft_ord_qty"]) == ("02", number, "3")
    assert row["orgn_odno"] == ""


def test_an_amendment_is_a_row_of_its_own_that_lives_on(real: Any) -> None:
    number = real.us_ordered()
    new = real.us_change(number, RVSE_CNCL_DVSN_CD="01", ORD_QTY="3", OVRS_ORD_UNPR="101")["output"]["ODNO"]
    row, of_new = real.us_row(number), real.us_row(new)
    assert (row["prcs_stat_name"], row["nccs_qty"]) == ("전송", "0")
    assert (of_new["rvse_cncl_dvsn"], of_new["orgn_odno"], of_new["nccs_qty"]) == ("01", number, "3")


def test_an_order_that_was_refused_after_it_was_taken_says_so(real: Any) -> None:
    real.us.reject_next(real.number)
    row = real.us_row(real.us_ordered())
    assert (row["prcs_stat_name"], row["nccs_qty"]) == ("거부", "0")


def test_the_list_is_the_oldest_first_for_ds_and_the_newest_for_as(real: Any) -> None:
    sent = [real.us_ordered() for _ in range(3)]
    assert numbers(real.us_orders(SORT_SQN="DS").json()) == sent
    assert numbers(real.us_orders(SORT_SQN="AS").json()) == sent[::-1]


def test_the_list_is_twenty_a_page_and_leads_on_by_wide_keys(real: Any) -> None:
    sent = [real.us_ordered(ORD_QTY="1", OVRS_ORD_UNPR="10") for _ in range(23)]
    first = real.us_orders()
    body = first.json()
    assert first.headers["tr_cont"] == "F"
    assert (len(body["ctx_area_fk200"]), len(body["ctx_area_nk200"])) == (200, 200)
    keys = {name.upper(): body[name] for name in ("ctx_area_fk200", "ctx_area_nk200")}
    further = real.us_orders("N", **keys)
    assert further.headers["tr_cont"] == "D"
    assert numbers(body) + numbers(further.json()) == sent
    assert further.json()["ctx_area_nk200"].strip() == ""


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"PDNO": "AAPL"}, "A"),
        ({"OVRS_EXCG_CD": "NASD"}, "AKS"),
        ({"OVRS_EXCG_CD": "NYSE"}, "K"),
        ({"OVRS_EXCG_CD": "AMEX"}, "S"),
        ({"OVRS_EXCG_CD": "SEHK"}, ""),
        ({"SLL_BUY_DVSN": "01"}, "K"),
        ({"CCLD_NCCS_DVSN": "01"}, "S"),
        ({"CCLD_NCCS_DVSN": "02"}, "AK"),
        ({"ODNO": "0000000001", "ORD_GNO_BRNO": "02111"}, "AKS"),
    ],
)
def test_the_list_is_filtered_by_what_is_asked(real: Any, fields: Json, expected: str) -> None:
    hold(real, "US:KO")
    sent = {
        real.us_ordered(): "A",
        real.us_ordered("sell", PDNO="KO", OVRS_EXCG_CD="NYSE", OVRS_ORD_UNPR="900"): "K",
        real.us_ordered(PDNO="SPY", OVRS_EXCG_CD="AMEX", OVRS_ORD_UNPR="2000"): "S",
    }
    assert "".join(sent[number] for number in numbers(real.us_orders(**fields).json())) == expected


def test_days_are_those_of_new_york(winter: Any) -> None:
    number = winter.us_ordered()
    korean = f"{winter.us.now():%Y%m%d}"
    assert numbers(winter.us_orders(ORD_STRT_DT=korean, ORD_END_DT=korean).json()) == []
    before = f"{winter.us.today - dt.timedelta(days=5):%Y%m%d}"
    assert numbers(winter.us_orders(ORD_STRT_DT=before, ORD_END_DT=korean).json()) == [number]


def test_nothing_is_one_blank_row_or_none(real: Any) -> None:
    (row,) = real.us_orders(PDNO="", OVRS_EXCG_CD="NASD").json()["output"]
    assert (row["odno"], row["ft_ord_qty"], row["mdia_dvsn_name"]) == ("", "0", "OpenAPI")
    body = real.us_orders().json()
    assert (body["rt_cd"], body["msg_cd"], body["output"]) == ("0", "KIOK0560", [])


def test_the_demo_tells_everything_the_newest_first_fifteen_a_page(demo: Any) -> None:
    sent = [demo.us_ordered(ORD_QTY="1", OVRS_ORD_UNPR="10") for _ in range(17)]
    body = demo.us_orders(PDNO="", OVRS_EXCG_CD="", SORT_SQN="DS").json()
    assert numbers(body) == sent[:1:-1]
    assert body["msg_cd"] == "20310000"
    assert demo.us_orders(ORD_STRT_DT="20200101", ORD_END_DT="20200102").json()["output"] == []


def test_open_orders_are_the_whole_us_for_nasd_and_forty_a_page(real: Any) -> None:
    sent = [real.us_ordered(ORD_QTY="1", OVRS_ORD_UNPR="10") for _ in range(40)]
    sent.append(real.us_ordered(PDNO="KO", OVRS_EXCG_CD="NYSE", OVRS_ORD_UNPR="10"))
    first = real.us_working()
    assert (first.headers["tr_cont"], numbers(first.json())) == ("F", sent[:40])
    keys = {name.upper(): first.json()[name] for name in ("ctx_area_fk200", "ctx_area_nk200")}
    assert numbers(real.us_working("N", **keys).json()) == sent[40:]
    assert numbers(real.us_working(OVRS_EXCG_CD="NYSE").json()) == sent[40:]


def test_a_blank_exchange_breaks_the_pages_of_open_orders(real: Any) -> None:
    for _ in range(41):
        real.us_ordered(ORD_QTY="1", OVRS_ORD_UNPR="10")
    answer = real.us_working(OVRS_EXCG_CD="")
    assert len(answer.json()["output"]) == 40
    assert (answer.headers["tr_cont"], answer.json()["ctx_area_nk200"].strip()) == ("F", "")


def test_the_demo_tells_open_orders_by_the_id_that_one_source_of_two_has(demo: Any) -> None:
    assert demo.code_of(demo.us_working()) == (500, "1", "EGW02006")
    number = demo.us_ordered()
    answer = demo.us_inquire("inquire-nccs", "VTTS3018R", OVRS_EXCG_CD="NASD", SORT_SQN="DS", **WIDE)
    assert [row["odno"] for row in answer.json()["output"]] == [number]


def test_orders_in_parts_have_lists_of_their_own(real: Any) -> None:
    span = {"ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "233000", "END_TIME": "013000"}
    number = real.us_ordered(ORD_DVSN="35", OVRS_ORD_UNPR="900", **span)
    real.us_ordered()
    day = f"{real.us.today:%Y%m%d}"
    (row,) = real.us_inquire("algo-ordno", "TTTS6058R", TRAD_DT=day, **WIDE).json()["output"]
    assert (row["odno"], row["trad_dvsn_name"]) == (number, "TWAP지정가매수")
    assert row["splt_buy_attr_name"] == "23:30~01:30" == real.us_row(number)["splt_buy_attr_name"]
    asked = {"ORD_DT": day, "ORD_GNO_BRNO": "", "ODNO": number, "TTLZ_ICLD_YN": "Y"}
    body = real.us_inquire("inquire-algo-ccnl", "TTTS6059R", **asked, **WIDE).json()
    assert sum(int(fill["FT_CCLD_QTY"]) for fill in body["output"]) == 3
    assert body["output3"][0]["CCLD_CNT"] == str(len(body["output"]))
    of_today = real.us_inquire("inquire-algo-ccnl", "TTTS6059R", ORD_DT="", ODNO="", **WIDE).json()
    assert (of_today["output"], of_today["output3"]) == (body["output"], body["output3"])
    nothing = real.us_inquire("inquire-algo-ccnl", "TTTS6059R", ORD_DT=day, ODNO="9999999999", **WIDE).json()
    assert (nothing["rt_cd"], nothing["output"], nothing["output3"]) == ("0", [], [])


def test_the_balance_tells_holdings_in_dollars_and_a_blank_row_behind_them(real: Any) -> None:
    hold(real, "US:AAPL", 10, 2_000)
    real.us_ordered("sell", OVRS_ORD_UNPR="900.00", ORD_QTY="4")
    body = real.us_balance()
    row, blank = body["output1"]
    holding = real.us.account(real.number).holdings[0]
    assert (row["ovrs_pdno"], row["ovrs_cblc_qty"], row["ord_psbl_qty"]) == ("AAPL", "10", "6")
    assert (row["pchs_avg_pric"], row["tr_crcy_cd"], row["ovrs_excg_cd"]) == ("200.0000", "USD", "NASD")
    assert Decimal(row["now_pric2"]) == holding.price
    assert Decimal(row["ovrs_stck_evlu_amt"]) == holding.market_value
    assert Decimal(row["frcr_evlu_pfls_amt"]) == holding.market_value - 2_000
    assert (blank["ovrs_pdno"], blank["ovrs_cblc_qty"], blank["tr_crcy_cd"]) == ("", "0", "")
    # A label says profit where the sample has the value.
    assert Decimal(body["output2"]["tot_evlu_pfls_amt"]) == holding.market_value
    assert Decimal(body["output2"]["ovrs_tot_pfls"]) == holding.market_value - 2_000


def test_nasd_is_the_whole_us_in_the_real_balance_and_nasdaq_in_the_demo(real: Any, demo: Any) -> None:
    told = {}
    for customer in (real, demo):
        for symbol in ("US:AAPL", "US:BRK.B", "US:SPY"):
            hold(customer, symbol)
        for code in ("NASD", "NAS", "NYSE", "AMEX", ""):
            rows = customer.us_balance(OVRS_EXCG_CD=code, TR_CRCY_CD="").get("output1", [])
            told[customer is demo, code] = [row["ovrs_pdno"] for row in rows if row["ovrs_pdno"]]
    everything = ["AAPL", "BRK/B", "SPY"]
    assert told[False, "NASD"] == told[False, ""] == told[True, ""] == everything
    assert told[True, "NASD"] == told[False, "NAS"] == ["AAPL"]
    assert told[False, "NYSE"] == told[True, "NYSE"] == ["BRK/B"]
    assert told[False, "AMEX"] == ["SPY"]


def test_an_empty_balance_of_the_demo_has_no_rows(demo: Any) -> None:
    body = demo.us_balance()
    assert (body["rt_cd"], body["msg_cd"], body["output1"]) == ("0", "70070000", [])
    assert body["output2"]["frcr_pchs_amt1"] == "0.00000"


def test_the_present_balance_is_in_won_for_01_and_in_dollars_for_02(real: Any) -> None:
    hold(real, "US:AAPL", 10, 2_000)
    rate, holding = real.us.exchange_rate, real.us.account(real.number).holdings[0]
    dollars = real.us_inquire("inquire-present-balance", "CTRP6504R", **PRESENT).json()
    won = real.us_inquire("inquire-present-balance", "CTRP6504R", **{**PRESENT, "WCRC_FRCR_DVSN_CD": "01"}).json()
    (in_dollars,), (in_won,) = dollars["output1"], won["output1"]
    assert Decimal(in_dollars["frcr_pchs_amt"]) == 2_000
    assert Decimal(in_won["frcr_pchs_amt"]) == int(2_000 * rate)
    assert Decimal(in_dollars["ovrs_now_pric1"]) == holding.price
    assert in_dollars["pchs_rmnd_wcrc_amt"] == in_won["pchs_rmnd_wcrc_amt"]  # in won in both
    (cash,) = dollars["output2"]
    assert (cash["crcy_cd"], Decimal(cash["frcr_dncl_amt_2"])) == ("USD", 100_000)
    assert Decimal(cash["frst_bltn_exrt"]) == rate
    assert dollars["output3"]["dncl_amt"] == "100000000"
    elsewhere = real.us_inquire("inquire-present-balance", "CTRP6504R", **{**PRESENT, "NATN_CD": "392"}).json()
    assert elsewhere["output1"] == []


def test_the_present_balance_has_pages_by_the_header_alone(real: Any) -> None:
    symbols = list(real.us.instruments)[:23]
    for symbol in symbols:
        hold(real, symbol)
    first = real.us_inquire("inquire-present-balance", "CTRP6504R", **PRESENT)
    further = real.us_inquire("inquire-present-balance", "CTRP6504R", "N", **PRESENT)
    assert (first.headers["tr_cont"], further.headers["tr_cont"]) == ("F", "D")
    rows = [row["pdno"] for answer in (first, further) for row in answer.json()["output1"]]
    assert rows == [symbol[3:].replace(".", "/") for symbol in symbols]
    assert not [name for name in first.json() if name.startswith("ctx_area")]


def test_the_present_balance_of_the_demo_has_totals_alone(demo: Any) -> None:
    hold(demo, "US:AAPL")
    body = demo.us_inquire("inquire-present-balance", "VTRP6504R", **PRESENT).json()
    assert (body["output1"], body["output2"]) == ([], [])
    assert int(body["output3"]["evlu_amt_smtl"]) > 0


def test_the_settled_balance_has_none_of_todays_trades(real: Any) -> None:
    hold(real, "US:AAPL", 10, 2_000)
    real.us_ordered(OVRS_ORD_UNPR="900.00", ORD_QTY="5")
    asked = {"BASS_DT": f"{real.us.today:%Y%m%d}", "WCRC_FRCR_DVSN_CD": "02", "INQR_DVSN_CD": "00"}
    (row,) = real.us_inquire("inquire-paymt-stdr-balance", "CTRP6010R", **asked).json()["output1"]
    assert (Decimal(row["cblc_qty13"]), Decimal(row["thdt_buy_ccld_qty1"])) == (10, 5)


def test_buying_power_tells_dollars_apart_from_won_that_could_be_exchanged(real: Any) -> None:
    asked = {"OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "77.03", "ITEM_CD": "TQQQ"}
    output = real.us_inquire("inquire-psamount", "TTTS3007R", **asked).json()["output"]
    own = int(output["ord_psbl_qty"])
    assert own == real.us.affordable(real.number, "US:TQQQ", Decimal("77.03"))
    assert int(output["ovrs_max_ord_psbl_qty"]) > own
    assert Decimal(output["exrt"]) == real.us.exchange_rate
    assert real.us_ordered(PDNO="TQQQ", OVRS_ORD_UNPR="77.03", ORD_QTY=output["ord_psbl_qty"])


def test_buying_power_of_the_demo_is_99_percent_of_the_cash(demo: Any) -> None:
    asked = {"OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "77.03", "ITEM_CD": "TQQQ"}
    output = demo.us_inquire("inquire-psamount", "VTTS3007R", **asked).json()["output"]
    # What was captured at the demo host with the same cash and price.
    assert (output["ord_psbl_frcr_amt"], output["frcr_ord_psbl_amt1"]) == ("100000.00", "99000.000000")
    assert {output[name] for name in ("ord_psbl_qty", "max_ord_psbl_qty", "ovrs_max_ord_psbl_qty")} == {"1285"}


def test_buying_power_of_a_share_that_is_not_there_is_refused(real: Any) -> None:
    asked = {"OVRS_EXCG_CD": "NYSE", "OVRS_ORD_UNPR": "77.03", "ITEM_CD": "TQQQ"}
    assert real.code_of(real.us_inquire("inquire-psamount", "TTTS3007R", **asked)) == (200, "7", "APBK0656")


def test_cash_by_currency_has_fifty_rows_and_chinese_money_twice(real: Any) -> None:
    rows = real.us_inquire("foreign-margin", "TTTC2101R").json()["output"]
    assert len(rows) == 50
    assert [row["crcy_cd"] for row in rows[:6]] == ["USD", "HKD", "CNY", "CNY", "JPY", "VND"]
    assert {row["crcy_cd"] for row in rows[6:]} == {""}
    assert (Decimal(rows[0]["frcr_dncl_amt1"]), Decimal(rows[0]["bass_exrt"])) == (100_000, real.us.exchange_rate)
    assert Decimal(rows[0]["itgr_ord_psbl_amt"]) > Decimal(rows[0]["frcr_gnrl_ord_psbl_amt"]) == 100_000


def sold_before(customer: Any) -> dt.date:
    """Let the account have sold five shares some days ago, which had cost 500 dollars."""
    day = customer.us.daily_candles("US:AAPL")[-4].time.date()
    request = OrderRequest(symbol="US:AAPL", side=Side.SELL, quantity=5, type=OrderType.LIMIT, price=120)
    customer.us.remember(customer.number, day, request, filled=Decimal(5), cost=Decimal(500))
    return day


@pytest.mark.parametrize(("code", "is_won"), [("01", False), ("02", True)])
def test_realised_profit_is_in_dollars_for_01_and_in_won_for_02(real: Any, code: str, is_won: bool) -> None:
    day = sold_before(real)
    rate = real.us.exchange_rate if is_won else Decimal(1)
    asked = {"OVRS_EXCG_CD": "NASD", "NATN_CD": "", "CRCY_CD": "", "PDNO": "", "WCRC_FRCR_DVSN_CD": code}
    body = real.us_inquire("inquire-period-profit", "TTTS3039R", **asked, **SPAN, **WIDE).json()
    (row,) = body["output1"]
    assert (row["trad_day"], row["slcl_qty"]) == (f"{day:%Y%m%d}", "5")
    assert Decimal(row["frcr_sll_amt_smtl1"]) == int(600 * rate)
    earned = Decimal(row["frcr_sll_amt_smtl1"]) - Decimal(row["frcr_pchs_amt1"]) - Decimal(row["stck_sll_tlex"])
    assert Decimal(row["ovrs_rlzt_pfls_amt"]) == Decimal(body["output2"]["ovrs_rlzt_pfls_tot_amt"]) == earned


def test_realised_profit_comes_the_day_after_the_trade(real: Any) -> None:
    hold(real, "US:AAPL")
    real.us_ordered("sell", OVRS_ORD_UNPR="1.00")
    asked = {"OVRS_EXCG_CD": "", "NATN_CD": "", "CRCY_CD": "", "PDNO": "", "WCRC_FRCR_DVSN_CD": "01"}
    body = real.us_inquire("inquire-period-profit", "TTTS3039R", **asked, **SPAN, **WIDE).json()
    assert body["output1"] == []


def test_transactions_are_dated_by_trade_and_settlement(real: Any) -> None:
    day = sold_before(real)
    number = real.us_ordered(OVRS_ORD_UNPR="300.00", ORD_QTY="300")
    order = real.us_truth(number)
    fields = {"ERLM_STRT_DT": "20200101", "ERLM_END_DT": "20991231", "OVRS_EXCG_CD": "NAS", "PDNO": ""}
    keys = {"SLL_BUY_DVSN_CD": "00", "LOAN_DVSN_CD": "", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    body = real.us_inquire("inquire-period-trans", "CTOS4001R", **fields, **keys).json()
    sale, purchase = body["output1"]
    assert (sale["trad_dt"], sale["sll_buy_dvsn_cd"]) == (f"{day:%Y%m%d}", "01")
    assert sale["sttl_dt"] == f"{real.us.bourse.calendar.settled_on(day):%Y%m%d}"
    assert (Decimal(purchase["tr_frcr_amt2"]), purchase["ccld_qty"]) == (order.amount, "300")
    fees = sum((fill.commission for fill in order.executions), Decimal(0))
    assert Decimal(purchase["dmst_frcr_fee1"]) == fees
    assert Decimal(purchase["frcr_excc_amt_1"]) == order.amount + fees
    sales = real.us_inquire("inquire-period-trans", "CTOS4001R", **fields, **{**keys, "SLL_BUY_DVSN_CD": "01"}).json()
    assert [row["trad_dt"] for row in sales["output1"]] == [f"{day:%Y%m%d}"]


@pytest.mark.parametrize(
    ("name", "tr_id", "fields"),
    [
        ("inquire-paymt-stdr-balance", "CTRP6010R", {}),
        ("foreign-margin", "TTTC2101R", {}),
        ("inquire-period-profit", "TTTS3039R", {}),
        ("inquire-period-trans", "CTOS4001R", {}),
        ("algo-ordno", "TTTS6058R", {}),
        ("inquire-algo-ccnl", "TTTS6059R", {}),
    ],
)
def test_the_demo_lacks_most_of_the_account(demo: Any, name: str, tr_id: str, fields: Json) -> None:
    assert demo.code_of(demo.us_inquire(name, tr_id, **fields)) == (500, "1", "EGW02006")


def test_an_account_of_another_kind_is_refused(real: Any) -> None:
    real.account["ACNT_PRDT_CD"] = "22"
    assert real.code_of(real.us_order()) == (200, "7", "APBK1271")


def broken(customer: Any, kind: str, **fields: str) -> requests.Response:
    """Ask for the list of orders through a line that a fault strikes."""
    relay = Relay(customer.face, Faults([Rule(kind)]))
    try:
        asked = {**customer.account, **customer.us_list_fields(**fields)}
        path = "/uapi/overseas-stock/v1/trading/inquire-ccnl"
        return requests.get(relay.url + path, params=asked, headers=customer.headers("TTTS3035R"), timeout=30)
    finally:
        relay.close()


def test_faults_know_the_rows_and_the_pages_of_the_list(real: Any) -> None:
    for _ in range(21):
        real.us_ordered(ORD_QTY="4", OVRS_ORD_UNPR="10")
    assert sorted({row["ft_ord_qty"] for row in broken(real, "shrunken_quantity").json()["output"]}) == ["2", "4"]
    cut = broken(real, "cut_page")
    assert (len(cut.json()["output"]), cut.headers["tr_cont"]) == (10, "D")
    assert cut.json()["ctx_area_nk200"] == " " * 200
