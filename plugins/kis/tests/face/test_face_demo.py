"""What is different at the paper trading host of KIS."""

from __future__ import annotations

from typing import Any

import pytest
from brokerkit_kis.sandbox.face import APIS
from brokerkit_kis.sandbox.services import services

from brokerkit.market.sessions import Phase

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
BALANCE = f"{TRADING}/inquire-balance"
SAMSUNG = "005930"


def test_demo_has_its_own_ids_codes_and_gaps(demo: Any) -> None:
    bought = demo.order(ORD_QTY="2", ORD_DVSN="01", ORD_UNPR="0")
    sold = demo.order("sell", ORD_QTY="1", ORD_UNPR=str(int(demo.exchange.instruments[SAMSUNG].upper_limit)))
    number = sold["output"]["ODNO"]
    cancelled = demo.cancel(number)
    assert [body["msg_cd"] for body in (bought, sold, cancelled)] == ["40600000", "40590000", "40630000"]
    assert bought["output"]["KRX_FWDG_ORD_ORGNO"] == "06010"
    assert demo.daily("VTTC8001R")["output1"] == []
    assert len(demo.daily()["output1"]) == 3
    assert demo.balance().json()["msg_cd"] == "20310000"
    assert demo.code_of(demo.get(BALANCE, "TTTC8434R", demo.balance_fields())) == (500, "1", "EGW02006")
    assert demo.refusal_of(demo.order(EXCG_ID_DVSN_CD="NXT")) == ("1", "90000000")
    assert demo.refusal_of(demo.order(ORD_QTY="99999999")) == ("1", "40250000")
    assert demo.refusal_of(demo.order("sell", ORD_QTY="9")) == ("1", "40240000")
    assert demo.refusal_of(demo.order(PDNO="999999")) == ("1", "40070000")
    assert demo.refusal_of(demo.cancel(number)) == ("1", "40330000")
    demo.exchange.market_open = False
    assert demo.refusal_of(demo.order()) == ("1", "40580000")


def test_demo_knows_the_regular_session_of_krx_only(demo: Any) -> None:
    for division in ("05", "06", "07", "27", "41", "47"):
        assert demo.refusal_of(demo.order(ORD_DVSN=division, ORD_UNPR="0")) == ("1", "90000000"), division
    for venue in ("NXT", "SOR"):
        assert demo.refusal_of(demo.order(EXCG_ID_DVSN_CD=venue)) == ("1", "90000000")
    assert demo.order(ORD_DVSN="03", ORD_UNPR="0")["msg_cd"] == "40600000"
    assert not [row for row in demo.rows().values() if row.request.venue != "KRX"]


def test_demo_amends_to_another_price_and_to_another_type(demo: Any) -> None:
    number = demo.ordered()
    first = demo.amend(number, str(int(demo.low_price()) + 1000), KRX_FWDG_ORD_ORGNO="00950")
    assert (first["msg_cd"], first["output"]["KRX_FWDG_ORD_ORGNO"]) == ("40620000", "06010")
    second = demo.amend(first["output"]["ODNO"], "0", ORD_DVSN="03", ORD_QTY="10")
    assert second["msg_cd"] == "40620000"
    assert demo.truth(second["output"]["ODNO"]).filled == 10
    assert demo.refusal_of(demo.amend(number, demo.low_price())) == ("1", "40330000")
    assert demo.refusal_of(demo.amend("0000000001", demo.low_price())) == ("1", "40320000")
    assert demo.refusal_of(demo.cancel(second["output"]["ODNO"])) == ("1", "40330000")


@pytest.mark.parametrize(
    ("phase", "code"),
    [(Phase.PRE_MARKET, "40570000"), (Phase.CLOSED, "40580000"), (Phase.AFTER_MARKET, "40580000")],
)
def test_demo_says_whether_it_is_before_or_after_the_session(demo: Any, phase: Phase, code: str) -> None:
    demo.exchange.phase = phase
    assert demo.refusal_of(demo.order()) == ("1", code)


def test_demo_cancels_without_an_organisation_number(demo: Any) -> None:
    number = demo.ordered()
    fields = {"ORGN_ODNO": number, "ORD_DVSN": "00", "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "0", "ORD_UNPR": "0"}
    body = {**demo.account, **fields, "QTY_ALL_ORD_YN": "Y"}
    assert demo.post(f"{TRADING}/order-rvsecncl", "VTTC0013U", body).json()["msg_cd"] == "40630000"


def test_demo_still_takes_the_balance_by_symbol(demo: Any) -> None:
    assert demo.balance(INQR_DVSN="02").json()["msg_cd"] == "70070000"


def test_demo_lists_fifteen_orders_a_page(demo: Any) -> None:
    numbers = [demo.ordered(ORD_QTY="1") for _ in range(17)]
    fields = demo.daily_fields(INQR_DVSN="01")
    first = demo.inquire("inquire-daily-ccld", "VTTC0081R", **fields)
    keys = {"CTX_AREA_FK100": first.json()["ctx_area_fk100"], "CTX_AREA_NK100": first.json()["ctx_area_nk100"]}
    second = demo.inquire("inquire-daily-ccld", "VTTC0081R", "N", **{**fields, **keys})
    assert (first.headers["tr_cont"], second.headers["tr_cont"]) == ("F", "D")
    assert [row["odno"] for row in first.json()["output1"] + second.json()["output1"]] == numbers
    assert len(second.json()["output1"]) == 2


def test_demo_tells_what_can_be_bought(demo: Any) -> None:
    fields = {"PDNO": SAMSUNG, "ORD_UNPR": "0", "ORD_DVSN": "01", "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
    body = demo.inquire("inquire-psbl-order", "VTTC8908R", **fields).json()
    assert body["msg_cd"] == "20310000"
    assert int(body["output"]["nrcvb_buy_qty"]) == demo.exchange.affordable(demo.number, SAMSUNG)
    assert demo.refusal_of(demo.inquire("inquire-psbl-order", "VTTC8908R", **{**fields, "PDNO": "999999"}).json()) == (
        "1",
        "40070000",
    )


def test_every_quotation_that_the_demo_offers_is_played(demo: Any) -> None:
    offered = {path for path, service in services().items() if service.demo and path.startswith(QUOTATIONS)}
    assert len(offered) == 13
    assert offered <= APIS.keys()
    members = demo.quotation("inquire-member", "FHKST01010600")["output"]
    volume = demo.exchange.quote(SAMSUNG).volume
    assert 0 < sum(int(members[f"total_shnu_qty{rank}"]) for rank in range(1, 6)) < volume
    bought, sold = int(members["glob_total_shnu_qty"]), int(members["glob_total_seln_qty"])
    assert int(members["glob_ntby_qty"]) == bought - sold
    head = demo.quotation("inquire-time-overtimeconclusion", "FHPST02310000", FID_HOUR_CLS_CODE="1")
    assert (head["output1"]["ovtm_untp_vol"], head["output2"]) == ("0", [])
    days = demo.quotation("inquire-daily-overtimeprice", "FHPST02320000")["output2"]
    truth = demo.exchange.daily_candles(SAMSUNG)[:-31:-1]
    assert [(row["stck_bsop_date"], int(row["stck_clpr"])) for row in days] == [
        (f"{candle.time:%Y%m%d}", candle.close) for candle in truth
    ]


def test_index_moves_with_the_prices_that_make_it(demo: Any) -> None:
    window = {"FID_INPUT_DATE_1": "20220411", "FID_INPUT_DATE_2": "20220509", "FID_PERIOD_DIV_CODE": "D"}
    ask = {"FID_COND_MRKT_DIV_CODE": "U", **window}
    before = demo.quotation("inquire-daily-indexchartprice", "FHKUP03500100", "0001", **ask)
    rows = before["output2"]
    assert (rows[0]["stck_bsop_date"], rows[-1]["stck_bsop_date"]) == ("20220509", "20220411")
    for row in rows:
        low, close, high = (float(row[f"bstp_nmix_{name}"]) for name in ("lwpr", "prpr", "hgpr"))
        assert low <= close <= high
    demo.exchange.move(SAMSUNG, demo.exchange.quote(SAMSUNG).price + 500)
    after = demo.quotation("inquire-daily-indexchartprice", "FHKUP03500100", "0001", **ask)
    assert float(after["output1"]["bstp_nmix_prpr"]) > float(before["output1"]["bstp_nmix_prpr"])
    assert after["output2"] == rows
    refused = demo.quotation("inquire-daily-indexchartprice", "FHKUP03500100", "9999", **ask)
    assert demo.refusal_of(refused) == ("2", "OPSQ2001")


def test_warrant_follows_its_share_and_others_are_not_known(demo: Any) -> None:
    warrant = {"FID_COND_MRKT_DIV_CODE": "W"}
    told = demo.quotation("inquire-elw-price", "FHKEW15010000", "57H714", **warrant)["output"]
    assert told["unas_shrn_iscd"] == SAMSUNG
    assert float(told["unas_prpr"]) == demo.exchange.quote(SAMSUNG).price
    assert int(told["elw_prpr"]) > 0
    refused = demo.quotation("inquire-elw-price", "FHKEW15010000", "57H715", **warrant)
    assert demo.refusal_of(refused) == ("7", "APBK0656")
