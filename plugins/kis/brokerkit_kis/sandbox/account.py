"""The account: its holdings with the cash."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.models import Quote
from brokerkit.sandbox.exchange import AccountState, Holding
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.fields import ACCOUNT, Api, Context, Field, spelled, wrong_code
from brokerkit_kis.sandbox.paging import KEYS, Listing, echo_of, paged
from brokerkit_kis.sandbox.quotes import known
from brokerkit_kis.sandbox.wording import fixed, percent, whole

UNKNOWN_AMOUNTS = (
    *("cma_evlu_amt", "bfdy_buy_amt", "nxdy_auto_rdpt_amt", "bfdy_sll_amt", "d2_auto_rdpt_amt", "bfdy_tlex_amt"),
    *("tot_loan_amt", "tot_stln_slng_chgs"),
)
"""Totals of which the exchange knows nothing: yesterday's trades, loans, other products."""
NOT_REALISED = ("item_mgna_rt_name", "grta_rt_name", "sbst_pric")
"""Columns that the balance with realised profit has not got."""


def balance(context: Context) -> FaceAnswer:
    """Answer inquire-balance."""
    # The demo host was measured to take "02" still.
    if context.text("INQR_DVSN") == "02" and not context.demo:
        raise wrong_code("INQR_DVSN")
    state = context.exchange.account(context.account)
    names = ("CANO", "ACNT_PRDT_CD", "AFHR_FLPR_YN", "INQR_DVSN", "UNPR_DVSN", "FUND_STTL_ICLD_YN")
    listing = Listing(
        rows=state.numbered,
        key=lambda row: f"{row[0]:012d}",
        write=lambda row: holding_row(row[1], context.exchange.quote(row[1].symbol)),
        size=20 if context.demo else 50,
    )
    return paged(context, listing, echo_of(context, *names), "output1", output2=[totals(state)])


def realised(context: Context) -> FaceAnswer:
    """Answer inquire-balance-rlz-pl: the same balance, with what sales of today earned."""
    state, today = context.exchange.account(context.account), context.exchange.today
    earned = sum((each.profit for each in context.exchange.traded(context.account, today, today)), Decimal(0))
    told = totals(state)
    gain, cost = state.market_value - state.cost, state.cost
    told |= {"rlzt_pfls": whole(earned), "real_evlu_pfls": whole(gain)}
    told |= {"rlzt_erng_rt": percent(earned, cost, 8), "real_evlu_pfls_erng_rt": percent(gain, cost, 8)}
    listing = Listing(
        rows=state.numbered,
        key=lambda row: f"{row[0]:012d}",
        write=lambda row: _without(holding_row(row[1], context.exchange.quote(row[1].symbol)), *NOT_REALISED),
        size=50,
    )
    names = ("CANO", "ACNT_PRDT_CD", "AFHR_FLPR_YN", "INQR_DVSN", "UNPR_DVSN", "FUND_STTL_ICLD_YN")
    return paged(context, listing, echo_of(context, *names), "output1", output2=[told])


def _without(row: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in names}


def holding_row(holding: Holding, quote: Quote) -> dict[str, object]:
    """Return a row of inquire-balance."""
    gain = holding.market_value - holding.cost
    return {
        "pdno": spelled(holding.symbol),
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


def totals(state: AccountState) -> dict[str, object]:
    """Return its totals."""
    cost, value = state.cost, state.market_value
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
    "/uapi/domestic-stock/v1/trading/inquire-balance",
    (
        *ACCOUNT,
        Field("AFHR_FLPR_YN", 1),
        Field("OFL_YN", 1, required=False),
        Field("INQR_DVSN", 2),
        Field("UNPR_DVSN", 2),
        Field("FUND_STTL_ICLD_YN", 1),
        Field("FNCG_AMT_AUTO_RDPT_YN", 1),
        Field("PRCS_DVSN", 2),
        *KEYS,
    ),
    balance,
)
REALISED = Api(
    "/uapi/domestic-stock/v1/trading/inquire-balance-rlz-pl",
    (
        *ACCOUNT,
        Field("AFHR_FLPR_YN", 1),
        Field("OFL_YN", 1),
        Field("INQR_DVSN", 2),
        Field("UNPR_DVSN", 2),
        Field("FUND_STTL_ICLD_YN", 1),
        Field("FNCG_AMT_AUTO_RDPT_YN", 1),
        Field("PRCS_DVSN", 2),
        Field("COST_ICLD_YN", 1),
        *KEYS,
    ),
    realised,
)
