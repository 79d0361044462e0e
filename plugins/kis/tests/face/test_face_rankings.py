"""Rankings and saved conditions of the KIS face, as other people's clients ask for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

QUOTATIONS, RANKING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/ranking"
FLUCTUATION = {
    "fid_cond_mrkt_div_code": "J",
    "fid_cond_scr_div_code": "20170",
    "fid_input_iscd": "0000",
    "fid_rank_sort_cls_code": "0",
    "fid_input_cnt_1": "0",
    "fid_prc_cls_code": "0",
    "fid_input_price_1": "",
    "fid_input_price_2": "",
    "fid_vol_cnt": "",
    "fid_trgt_cls_code": "0",
    "fid_trgt_exls_cls_code": "0",
    "fid_div_cls_code": "0",
    "fid_rsfl_rate1": "",
    "fid_rsfl_rate2": "",
}
VOLUME = {
    "FID_COND_MRKT_DIV_CODE": "J",
    "FID_COND_SCR_DIV_CODE": "20171",
    "FID_INPUT_ISCD": "0000",
    "FID_DIV_CLS_CODE": "0",
    "FID_BLNG_CLS_CODE": "0",
    "FID_TRGT_CLS_CODE": "111111111",
    "FID_TRGT_EXLS_CLS_CODE": "000000",
    "FID_INPUT_PRICE_1": "0",
    "FID_INPUT_PRICE_2": "0",
    "FID_VOL_CNT": "0",
}
TOTAL = {
    "FID_COND_MRKT_DIV_CODE": "V",
    "FID_COND_SCR_DIV_CODE": "16449",
    "FID_INPUT_ISCD": "0000",
    "FID_DIV_CLS_CODE": "0",
    "FID_RANK_SORT_CLS_CODE": "1",
    "FID_ETC_CLS_CODE": "2",
}
Json = dict[str, Any]


def fluctuation(real: Any, tr_cont: str = "", **changes: str) -> Json:
    fields = {**FLUCTUATION, **changes}
    answer: Json = real.get(f"{RANKING}/fluctuation", "FHPST01700000", fields, tr_cont=tr_cont).json()
    return answer


def volume(real: Any, **changes: str) -> list[Json]:
    answer: Json = real.get(f"{QUOTATIONS}/volume-rank", "FHPST01710000", {**VOLUME, **changes}).json()
    rows: list[Json] = answer["output"]
    return rows


def test_thirty_rows_come_whatever_is_asked(real: Any) -> None:
    first = fluctuation(real)["output"]
    assert [row["data_rank"] for row in first] == [str(number) for number in range(1, 31)]
    assert fluctuation(real, "N", fid_input_cnt_1="100")["output"] == first
    assert [row["stck_shrn_iscd"] for row in fluctuation(real, fid_rank_sort_cls_code="1")["output"]] != [
        row["stck_shrn_iscd"] for row in first
    ]


def test_fallers_have_the_unchanged_behind_them(real: Any) -> None:
    rows = fluctuation(real, fid_input_iscd="1001", fid_rank_sort_cls_code="1")["output"]
    changes = [Decimal(row["prdy_ctrt"]) for row in rows]
    assert changes == sorted(changes)


def test_the_combined_market_and_long_codes_are_refused(real: Any) -> None:
    combined = fluctuation(real, fid_cond_mrkt_div_code="UN")
    assert (combined["rt_cd"], combined["msg_cd"]) == ("2", "OPSQ2001")
    long = fluctuation(real, fid_rank_sort_cls_code="0000")
    assert (long["rt_cd"], long["msg_cd"]) == ("2", "OPSQ2002")


def test_the_most_traded_are_those_of_the_exchange(real: Any) -> None:
    quotes = [real.exchange.quote(symbol) for symbol in real.exchange.instruments]
    for division, figure in (("0", "volume"), ("3", "turnover")):
        row, *_ = volume(real, FID_BLNG_CLS_CODE=division)
        first = max(quotes, key=lambda quote: getattr(quote, figure))
        assert (row["mksc_shrn_iscd"], int(row["acml_vol"]), int(row["acml_tr_pbmn"])) == (
            first.symbol,
            first.volume,
            first.turnover,
        )


def test_bounds_and_kinds_narrow_the_list(real: Any) -> None:
    prices = [int(row["stck_prpr"]) for row in volume(real, FID_INPUT_PRICE_1="50000", FID_INPUT_PRICE_2="60000")]
    assert prices
    assert all(50_000 <= price <= 60_000 for price in prices)
    preferred = [row["mksc_shrn_iscd"] for row in volume(real, FID_DIV_CLS_CODE="2")]
    assert preferred
    assert not any(code.endswith("0") for code in preferred)
    kosdaq = volume(real, FID_INPUT_ISCD="1001", FID_COND_MRKT_DIV_CODE="NX")
    for row in kosdaq:
        instrument = real.exchange.instruments[row["mksc_shrn_iscd"]]
        assert (instrument.market, instrument.nxt) == ("KOSDAQ", True)


def test_net_selling_is_estimated_to_the_thousand(real: Any) -> None:
    rows = real.get(f"{QUOTATIONS}/foreign-institution-total", "FHPTJ04400000", TOTAL).json()["output"]
    quantities = [int(row["ntby_qty"]) for row in rows]
    assert quantities == sorted(quantities)
    assert quantities[0] < 0
    assert all(quantity % 1000 == 0 for quantity in quantities)
    flow = real.exchange.flow_today(rows[0]["mksc_shrn_iscd"])
    assert abs(flow.institution.net_quantity - quantities[0]) <= 500
    assert int(rows[0]["orgn_ntby_tr_pbmn"]) * 1_000_000 == flow.institution.net_amount


def search(real: Any, name: str, tr_id: str, **fields: str) -> Json:
    named = {"user_id": real.keys.hts_id, **fields}
    answer: Json = real.get(f"{QUOTATIONS}/{name}", tr_id, named).json()
    return answer


def test_saved_conditions_belong_to_their_login_name(real: Any) -> None:
    rows = search(real, "psearch-title", "HHKST03900300")["output2"]
    assert [(row["seq"], row["condition_nm"]) for row in rows] == [("0", "상승"), ("1", "무거래"), ("2", "전체")]
    foreign = search(real, "psearch-title", "HHKST03900300", user_id=real.keys.hts_id.swapcase())
    assert (foreign["rt_cd"], foreign["msg_cd"]) == ("1", "MCA05762")
    assert search(real, "psearch-result", "HHKST03900400", seq="9")["msg_cd"] == "MCA05762"


def test_a_condition_has_a_hundred_rows_at_most_and_none_is_a_refusal(real: Any) -> None:
    assert len(search(real, "psearch-result", "HHKST03900400", seq="2")["output2"]) == 100
    nobody = search(real, "psearch-result", "HHKST03900400", seq="1")
    assert (nobody["rt_cd"], nobody["msg_cd"]) == ("1", "MCA05918")
    row, *_ = search(real, "psearch-result", "HHKST03900400", seq="0")["output2"]
    quote = real.exchange.quote(row["code"])
    assert row["price"] == f"{quote.price:016.4f}"
    assert row["recprice"] == f"{quote.previous_close:16.4f}"
    assert len(row["stotprice"]) == 16
