"""The account: holdings with cash, and the orders of the day."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from brokerkit.models import Quote
from brokerkit.sandbox.exchange import AccountState, Holding
from brokerkit_kis.sandbox.fields import ACCOUNT, Api, Context, Field, codes, wrong_code, wrong_field
from brokerkit_kis.sandbox.quotes import known
from brokerkit_kis.sandbox.wording import (
    ACCOUNT_MESSAGE_BYTES,
    Answer,
    done,
    fixed,
    padded,
    percent,
    whole,
)

KEY_WIDTH = 100
UNKNOWN_AMOUNTS = (
    *("cma_evlu_amt", "bfdy_buy_amt", "nxdy_auto_rdpt_amt", "bfdy_sll_amt", "d2_auto_rdpt_amt", "bfdy_tlex_amt"),
    *("tot_loan_amt", "tot_stln_slng_chgs"),
)
"""Totals of which the exchange knows nothing: yesterday's trades, loans, other products."""
FIRST, SECOND = "CTX_AREA_FK100", "CTX_AREA_NK100"


def paged(context: Context, rows: Sequence[object], echo: str, size: int, totals: object) -> Answer:
    """Answer one page of rows as output1; the keys lead to the next page, the header says whether there is one."""
    start = _start(context, len(rows), echo, size)
    end = start + size
    more = end < len(rows)
    if more:
        code, header = "KIOK0500", "M" if start else "F"
    else:
        code, header = ("KIOK0460", "D") if start else ("KIOK0510", "E")
    if not rows:
        code = "KIOK0560"
    if context.demo:
        code = "20310000" if rows else "70070000"
    body = {
        "ctx_area_fk100": echo.ljust(KEY_WIDTH),
        "ctx_area_nk100": (f"{end:012d}" if more else "").ljust(KEY_WIDTH),
        "output1": list(rows[start:end]),
        "output2": totals,
    }
    return Answer(done(code, padded("조회 완료", ACCOUNT_MESSAGE_BYTES), **body), header)


def _start(context: Context, count: int, echo: str, size: int) -> int:
    # The keys count only together with the header that asks for the next page. What keys of another query, or none,
    # bring there is not known: they are refused.
    if context.tr_cont != "N":
        return 0
    if context.text(FIRST) not in ("", echo.strip()):
        raise wrong_field(FIRST)
    key = context.text(SECOND)
    if not (key.isascii() and key.isdigit() and 0 < int(key) < count and int(key) % size == 0):
        raise wrong_field(SECOND)
    return int(key)


def balance(context: Context) -> Answer:
    """Answer inquire-balance."""
    if context.text("INQR_DVSN") == "02":
        raise wrong_code("INQR_DVSN")
    state = context.exchange.account(context.account)
    rows = [_holding(holding, context.exchange.quote(holding.symbol)) for holding in state.holdings]
    names = ("CANO", "ACNT_PRDT_CD", "AFHR_FLPR_YN", "INQR_DVSN", "UNPR_DVSN", "FUND_STTL_ICLD_YN")
    echo = "".join(f"{context.text(name)}^" for name in names)
    return paged(context, rows, echo, 20 if context.demo else 50, [_totals(state)])


def _holding(holding: Holding, quote: Quote) -> dict[str, object]:
    gain = holding.market_value - holding.cost
    return {
        "pdno": holding.symbol,
        "prdt_name": holding.name,
        "trad_dvsn_name": "현금",
        "bfdy_buy_qty": "0",
        "bfdy_sll_qty": "0",
        "thdt_buyqty": whole(holding.today_bought),
        "thdt_sll_qty": whole(holding.today_sold),
        "hldg_qty": whole(holding.quantity),
        "ord_psbl_qty": whole(holding.sellable),
        "pchs_avg_pric": fixed(holding.average, 4),
        "pchs_amt": whole(holding.cost),
        "prpr": whole(holding.price),
        "evlu_amt": whole(holding.market_value),
        "evlu_pfls_amt": whole(gain),
        "evlu_pfls_rt": percent(gain, holding.cost, 2),
        "evlu_erng_rt": percent(gain, holding.cost, 8),
        "loan_dt": "",
        "loan_amt": "0",
        "stln_slng_chgs": "0",
        "expd_dt": "",
        "fltt_rt": fixed(Decimal(fixed(known(quote.change_percent), 2)), 8),
        "bfdy_cprs_icdc": whole(abs(known(quote.change))),
        "item_mgna_rt_name": "20%",
        "grta_rt_name": "",
        "sbst_pric": "0",
        "stck_loan_unpr": "0.0000",
    }


def _totals(state: AccountState) -> dict[str, object]:
    cost = sum((holding.cost for holding in state.holdings), Decimal(0))
    value = sum((holding.market_value for holding in state.holdings), Decimal(0))
    total = value + state.cash_d2
    # Yesterday's trades and assets are not kept by the exchange: zeros, and an asset that did not change.
    return {
        "dnca_tot_amt": whole(state.cash),
        "nxdy_excc_amt": whole(state.cash_d1),
        "prvs_rcdl_excc_amt": whole(state.cash_d2),
        "thdt_buy_amt": whole(state.bought_today),
        "thdt_sll_amt": whole(state.sold_today),
        "thdt_tlex_amt": whole(state.fees_today),
        "scts_evlu_amt": whole(value),
        "tot_evlu_amt": whole(total),
        "nass_amt": whole(total),
        "fncg_gld_auto_rdpt_yn": "",
        "pchs_amt_smtl_amt": whole(cost),
        "evlu_amt_smtl_amt": whole(value),
        "evlu_pfls_smtl_amt": whole(value - cost),
        "bfdy_tot_asst_evlu_amt": whole(total),
        "asst_icdc_amt": "0",
        **dict.fromkeys(UNKNOWN_AMOUNTS, "0"),
        "asst_icdc_erng_rt": "0.00000000",
    }


BALANCE = Api(
    path="/uapi/domestic-stock/v1/trading/inquire-balance",
    method="GET",
    real=codes("TTTC8434R"),
    demo=codes("VTTC8434R"),
    fields=(
        *ACCOUNT,
        Field("AFHR_FLPR_YN", 1, codes=codes("N", "Y", "X")),
        Field("OFL_YN", 1, required=False),
        Field("INQR_DVSN", 2),
        Field("UNPR_DVSN", 2, codes=codes("01")),
        Field("FUND_STTL_ICLD_YN", 1, codes=codes("N", "Y")),
        Field("FNCG_AMT_AUTO_RDPT_YN", 1, codes=codes("N")),
        Field("PRCS_DVSN", 2, codes=codes("00", "01")),
        Field(FIRST, KEY_WIDTH),
        Field(SECOND, KEY_WIDTH),
    ),
    handler=balance,
)
