"""What the account is worth in all, and what of its money can go into orders, at home and in dollars."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.sandbox.exchange import AccountState
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.fields import ACCOUNT, Api, Context, Field
from brokerkit_kis.sandbox.power import finished
from brokerkit_kis.sandbox.services import services
from brokerkit_kis.sandbox.us_symbols import won_per_dollar
from brokerkit_kis.sandbox.wording import fixed, percent, whole

TRADING = "/uapi/domestic-stock/v1/trading"
KINDS = 18
"""Rows of kinds of assets, before that of the sum; which is which is told by the sample alone, where it has figures."""
SHARES, SHARES_ABROAD, DOLLARS, WON = 0, 7, 15, 16
NOTHING = Decimal(0)
ORDERABLE = tuple(
    name
    for percentage in (20, 30, 40, 50, 60, 100)
    for name in (f"stck_cash{percentage}_max_ord_psbl_amt", f"stck_itgr_cash{percentage}_ord_psbl_amt")
)
"""The most that can be ordered of stocks with so much of it in cash."""


def assets(context: Context) -> FaceAnswer:
    """Answer inquire-account-balance, all in won: kinds of which the exchanges know nothing are rows of nothing."""
    here, abroad, rate = _states(context)
    amounts = dict.fromkeys(range(KINDS), (NOTHING, NOTHING))
    amounts[SHARES] = (here.cost, here.market_value)
    amounts[WON] = (NOTHING, here.cash_d2)
    if abroad is not None:
        amounts[SHARES_ABROAD] = (_won(abroad.cost, rate), _won(abroad.market_value, rate))
        amounts[DOLLARS] = (NOTHING, _won(abroad.cash_d2, rate))
    total = sum((value for _, value in amounts.values()), NOTHING)
    cost = amounts[SHARES][0] + amounts[SHARES_ABROAD][0]
    worth = amounts[SHARES][1] + amounts[SHARES_ABROAD][1]
    rows = [_row(bought, value, total) for bought, value in amounts.values()]
    names = [field.name for field in services()[ASSETS.path].api.parts["output2"].fields]
    told = {
        **dict.fromkeys(names, "0"),
        "pchs_amt_smtl": whole(cost),
        "nass_tot_amt": whole(worth),
        "evlu_pfls_amt_smtl": whole(worth - cost),
        "evlu_amt_smtl": whole(worth),
        "tot_asst_amt": whole(total),
        "frcr_evlu_tota": whole(amounts[DOLLARS][1]),
        "tot_dncl_amt": whole(here.cash_d2),
        "dncl_amt": whole(here.cash_d2),
        "ovrs_stck_evlu_amt1": fixed(amounts[SHARES_ABROAD][1], 6),
        "ovrs_bond_evlu_amt": fixed(NOTHING, 6),
    }
    gain = _row(cost, total, total) | {"evlu_pfls_amt": whole(worth - cost)}
    return finished(context, output1=[*rows, gain], output2=told)


def _states(context: Context) -> tuple[AccountState, AccountState | None, Decimal]:
    """Return the account at home and in the US, and how many won a dollar is worth."""
    here, us = context.exchange.account(context.account), context.exchanges.get("US")
    return (here, None, NOTHING) if us is None else (here, us.account(context.account), won_per_dollar(context))


def _won(dollars: Decimal, rate: Decimal) -> Decimal:
    return (dollars * rate).quantize(Decimal(1))


def _row(cost: Decimal, value: Decimal, total: Decimal) -> dict[str, object]:
    return {
        "pchs_amt": whole(cost),
        "evlu_amt": whole(value),
        "evlu_pfls_amt": whole(value - cost if cost else NOTHING),
        "crdt_lnd_amt": "0",
        "real_nass_amt": whole(value),
        "whol_weit_rt": fixed(Decimal(percent(value, total, 2)), 8),
    }


def margins(context: Context) -> FaceAnswer:
    """Answer intgr-margin: accounts here buy without margin, so what can be paid is the most at every rate."""
    here, abroad, rate = _states(context)
    orderable = max(here.orderable, NOTHING)
    names = [field.name for field in services()[MARGIN.path].api.parts["output"].fields]
    told = {
        **{name: "0" if name.endswith(("_amt", "_atm", "_rt", "_exrt")) else "" for name in names},
        "stck_cash_objt_amt": whole(here.cash_d2),
        "stck_cash_use_amt": whole(here.cash_d2 - orderable),
        "stck_cash_ord_psbl_amt": whole(orderable),
        **dict.fromkeys(ORDERABLE, whole(orderable)),
    }
    if abroad is not None:
        unit = rate if context.text("WCRC_FRCR_DVSN_CD") == "02" else Decimal(1)
        free = max(abroad.orderable, NOTHING)
        told |= {
            "usd_objt_amt": fixed(abroad.cash_d2 * unit, 2),
            "usd_use_amt": fixed((abroad.cash_d2 - free) * unit, 2),
            **dict.fromkeys(("usd_ord_psbl_amt", "usd_gnrl_ord_psbl_amt"), fixed(free * unit, 2)),
            "usd_frst_bltn_exrt": fixed(rate, 4),
        }
    return finished(context, output=told)


ASSETS = Api(
    f"{TRADING}/inquire-account-balance",
    (*ACCOUNT, Field("INQR_DVSN_1", 1), Field("BSPR_BF_DT_APLY_YN", 1)),
    assets,
)
MARGIN = Api(
    f"{TRADING}/intgr-margin",
    (
        *ACCOUNT,
        Field("CMA_EVLU_AMT_ICLD_YN", 1),
        Field("WCRC_FRCR_DVSN_CD", 2),
        Field("FWEX_CTRT_FRCR_DVSN_CD", 2),
    ),
    margins,
)
