"""Calls of pension accounts. Here there is one account, and they tell of it what the exchange has.

No sample shows values of them.
"""

from __future__ import annotations

from collections.abc import Callable

from brokerkit.sandbox.exchange import AccountState, ExchangeOrder, Holding
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.account import holding_row, totals
from brokerkit_kis.sandbox.fields import ACCOUNT, Api, Context, Field
from brokerkit_kis.sandbox.ledger import SIDE_CODE, SIDE_NAME, average_text, common, order_key
from brokerkit_kis.sandbox.paging import KEYS, Listing, echo_of, paged
from brokerkit_kis.sandbox.power import finished, power_of
from brokerkit_kis.sandbox.wording import percent, whole

TRADING = "/uapi/domestic-stock/v1/trading/pension"
ROWS = 50
"""Of a page; how many there really are is not known."""
POWER = ("ord_psbl_cash", "ruse_psbl_amt", "psbl_qty_calc_unpr", "max_buy_amt", "max_buy_qty")


def orders(context: Context) -> FaceAnswer:
    """Answer inquire-daily-ccld: today's orders, those with fills or those with something left, as is asked for."""
    side, fills = context.text("SLL_BUY_DVSN_CD"), context.text("CCLD_NCCS_DVSN")
    listing = Listing(
        rows=[
            order
            for order in context.exchange.history(context.account, context.exchange.today, context.exchange.today)
            if side in ("", "00", SIDE_CODE[order.request.side])
            and (fills not in ("01", "02") or (order.filled if fills == "01" else order.remaining) > 0)
        ],
        key=order_key,
        write=lambda order: _order_row(context, order),
        size=ROWS,
    )
    return paged(context, listing, echo_of(context, "CANO", "ACNT_PRDT_CD", "USER_DVSN_CD"), "output")


def _order_row(context: Context, order: ExchangeOrder) -> dict[str, object]:
    stop = order.request.stop_price
    return {
        **common(context, order),
        "trad_dvsn_name": SIDE_NAME[order.request.side],
        "tot_ccld_qty": whole(order.filled),
        "nccs_qty": whole(order.remaining),
        "objt_cust_dvsn_name": "",
        "pchs_avg_pric": average_text(order),
        "stpm_cndt_pric": "" if stop is None else whole(stop),
        "stpm_efct_occr_dtmd": "",
        "stpm_efct_occr_yn": "" if stop is None else "N",
        "excg_id_dvsn_cd": order.request.venue.value,
    }


def balance(context: Context) -> FaceAnswer:
    """Answer inquire-balance: the holdings with the cash."""
    state = context.exchange.account(context.account)
    told = totals(state)
    names = (
        *("dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "thdt_buy_amt", "thdt_sll_amt", "thdt_tlex_amt"),
        *("scts_evlu_amt", "tot_evlu_amt"),
    )
    row = {name: told[name] for name in names}
    return paged(context, _holdings(context, state, _holding), _echo(context), "output1", output2=row)


def present_balance(context: Context) -> FaceAnswer:
    """Answer inquire-present-balance: the holdings as trades left them."""
    state = context.exchange.account(context.account)
    gain = state.market_value - state.cost
    row = {
        "pchs_amt_smtl_amt": whole(state.cost),
        "evlu_amt_smtl_amt": whole(state.market_value),
        "evlu_pfls_smtl_amt": whole(gain),
        "trad_pfls_smtl": "0",
        "thdt_tot_pfls_amt": "0",
        "pftrt": percent(gain, state.cost, 2),
    }
    return paged(context, _holdings(context, state, _present), _echo(context), "output1", output2=[row])


def _echo(context: Context) -> str:
    return echo_of(context, "CANO", "ACNT_PRDT_CD")


def _holdings(
    context: Context, state: AccountState, write: Callable[[Context, Holding], object]
) -> Listing[tuple[int, Holding]]:
    return Listing(
        rows=state.numbered,
        key=lambda row: f"{row[0]:012d}",
        write=lambda row: write(context, row[1]),
        size=ROWS,
    )


def _holding(context: Context, holding: Holding) -> dict[str, object]:
    told = holding_row(holding, context.exchange.quote(holding.symbol))
    names = (
        *("prdt_name", "pdno", "thdt_buyqty", "thdt_sll_qty", "hldg_qty", "ord_psbl_qty", "pchs_avg_pric", "pchs_amt"),
        *("prpr", "evlu_amt", "evlu_pfls_amt", "evlu_erng_rt"),
    )
    return {"cblc_dvsn_name": "현금", "item_dvsn_name": "주식", **{name: told[name] for name in names}}


def _present(context: Context, holding: Holding) -> dict[str, object]:
    told = holding_row(holding, context.exchange.quote(holding.symbol))
    names = (
        *("pdno", "prdt_name", "hldg_qty", "pchs_avg_pric", "evlu_pfls_amt", "evlu_pfls_rt", "prpr", "evlu_amt"),
        "pchs_amt",
    )
    worth = context.exchange.account(context.account).market_value
    return {
        "cblc_dvsn": "",
        "cblc_dvsn_name": "현금",
        **{name: told[name] for name in names},
        "slpsb_qty": whole(holding.sellable),
        "cblc_weit": percent(holding.market_value, worth, 2),
    }


def deposit(context: Context) -> FaceAnswer:
    """Answer inquire-deposit."""
    state = context.exchange.account(context.account)
    output = {
        "dnca_tota": whole(state.cash),
        "nxdy_excc_amt": whole(state.cash_d1),
        "nxdy_sttl_amt": whole(state.cash_d1 - state.cash),
        "nx2_day_sttl_amt": whole(state.cash_d2 - state.cash_d1),
    }
    return finished(context, output=output)


def power(context: Context) -> FaceAnswer:
    """Answer inquire-psbl-order, in part of the words of the call for other accounts."""
    told = power_of(context)
    return finished(context, output={name: told[name] for name in POWER})


_PURSE = Field("ACCA_DVSN_CD", 2)
"""Which part of the savings; there is one here."""
ORDERS = Api(
    f"{TRADING}/inquire-daily-ccld",
    (
        *ACCOUNT,
        Field("USER_DVSN_CD", 2),
        Field("SLL_BUY_DVSN_CD", 2),
        Field("CCLD_NCCS_DVSN", 2),
        Field("INQR_DVSN_3", 2),
        *KEYS,
    ),
    orders,
)
BALANCE = Api(f"{TRADING}/inquire-balance", (*ACCOUNT, _PURSE, Field("INQR_DVSN", 2), *KEYS), balance)
PRESENT_BALANCE = Api(
    f"{TRADING}/inquire-present-balance",
    (*ACCOUNT, Field("USER_DVSN_CD", 2), *KEYS, Field("PRCS_DVSN_CD", 2, required=False)),
    present_balance,
)
DEPOSIT = Api(f"{TRADING}/inquire-deposit", (*ACCOUNT, _PURSE), deposit)
POWER_TO_BUY = Api(
    f"{TRADING}/inquire-psbl-order",
    (
        *ACCOUNT,
        Field("PDNO", 12),
        _PURSE,
        Field("CMA_EVLU_AMT_ICLD_YN", 1),
        Field("ORD_DVSN", 2),
        Field("ORD_UNPR", 19),
    ),
    power,
)
