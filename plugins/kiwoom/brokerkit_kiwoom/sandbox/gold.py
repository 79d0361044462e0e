"""Gold: kt50000 to kt50003 (orders), kt50030, kt50031, kt50075 (lists), kt50020, kt50021, kt50032 (the account).

No exchange plays it. Orders are taken, listed, amended and cancelled, and nobody ever fills one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from brokerkit.catalogue import OrderRow
from brokerkit.sandbox.plain import Kept, NothingLeft, UnknownOriginal

from .apis import calls
from .common import Branch, Content, Listing
from .fields import day
from .lists import order_number
from .numbers import padded
from .refusals import NOTHING_TO_CANCEL, UNKNOWN_ORDER, business, missing_field, not_possible, unknown_symbol

_AREA = "gold"
_NAMES = {"M04020000": "금 99.99_1Kg", "M04020100": "미니금 99.99_100g"}
_AT_ONCE = frozenset({"10", "20"})
_TYPE_NAMES = {"00": "지정가", "10": "지정가(IOC)", "20": "지정가(FOK)"}
"""trde_tp to what lists call it. That of the first was seen, the others are guesses."""
_SIDE_NAMES = {"buy": "매수", "sell": "매도"}
_SIDES = {"1": "sell", "2": "buy"}
_CHANGES = {"order": "", "amend": "정정", "cancel": "취소"}


def buy(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt50000."""
    return _place(branch, "kt50000", fields)


def sell(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt50001. Nothing is ever held here, and yet it is taken."""
    return _place(branch, "kt50001", fields)


def _place(branch: Branch, api_id: str, fields: Mapping[str, str]) -> Content:
    _check_code(fields["stk_cd"])
    if not int(fields["ord_uv"] or 0):
        raise missing_field("ord_uv")  # as for shares: not seen
    if not int(fields["ord_qty"]):
        raise not_possible(demo=branch.demo)  # what Kiwoom answers to 0 grams is not known
    kept = branch.plain.keep(_row(api_id), "", fields, _AREA)
    if fields["trde_tp"] in _AT_ONCE:
        kept.left = Decimal(0)  # what has to be filled at once is gone at once
    return {"ord_no": order_number(kept.number)}


def amend(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt50002: a new number for what moves to the new price, and that of the chain's first order."""
    if not int(fields["mdfy_uv"]):
        raise missing_field("mdfy_uv")
    return _change(branch, "kt50002", fields, "mdfy_qty")


def cancel(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt50003: a new number, and the number of the chain's first order."""
    return _change(branch, "kt50003", fields, "cncl_qty")


def _change(branch: Branch, api_id: str, fields: Mapping[str, str], quantity: str) -> Content:
    _check_code(fields["stk_cd"])
    named = branch.plain.find(_AREA, fields["orig_ord_no"])
    # The code for a number that belongs to another symbol is not known.
    unknown = business(UNKNOWN_ORDER, "원주문이 없습니다", demo=branch.demo)
    if named is None or named.said["symbol"] != fields["stk_cd"] or named.taken.date() != branch.exchange.today:
        raise unknown
    if int(fields[quantity]) > named.left:
        raise business(NOTHING_TO_CANCEL, "취소할 수량이 없습니다", demo=branch.demo)
    try:
        kept = branch.plain.keep(_row(api_id), "", fields, _AREA)
    except NothingLeft:
        raise business(NOTHING_TO_CANCEL, "취소할 수량이 없습니다", demo=branch.demo) from None
    except UnknownOriginal:
        raise unknown from None
    return {
        "ord_no": order_number(kept.number),
        "base_orig_ord_no": order_number(_root(branch, named).number),
        quantity: padded(Decimal(kept.said["quantity"]), 12),
    }


def _row(api_id: str) -> OrderRow:
    row = calls()[api_id].order
    assert row is not None  # noqa: S101 - the catalogue tells one of every order
    return row


def _root(branch: Branch, kept: Kept) -> Kept:
    while kept.original and (before := branch.plain.find(_AREA, str(kept.original))):
        kept = before
    return kept


def _check_code(code: str) -> None:
    if code not in _NAMES:
        raise unknown_symbol(code)


def all_of_a_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt50030. What is left was blank in the firm's own example, though both its orders waited."""
    return _listing(
        branch, fields, "acnt_ord_cntr_prst", fields["slby_tp"], lambda kept: {**_wide(kept), "ord_remnq": ""}
    )


def open_of_a_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt50075."""
    return _listing(branch, fields, "acnt_ord_oso_prst", fields["sell_tp"], _wide, working=True)


def of_a_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt50031: 1 oldest first, 2 newest first, 3 what waits, 4 what was filled, of which there is nothing."""
    name, kind = "acnt_ord_cntr_prps_dtl", fields["qry_tp"]
    if kind == "4":
        return {name: []}
    return _listing(branch, fields, name, fields["sell_tp"], _detail, working=kind == "3")


def _listing(
    branch: Branch,
    fields: Mapping[str, str],
    name: str,
    side: str,
    row: Callable[[Kept], Mapping[str, str]],
    *,
    working: bool = False,
) -> Content:
    date = day(fields["ord_dt"]) if fields["ord_dt"] else branch.exchange.today
    backwards, first = fields["qry_tp"] == "2", int(fields["fr_ord_no"] or 0)

    def wanted(kept: Kept) -> bool:
        return (
            kept.taken.date() == date
            and fields["stk_bond_tp"] != "2"
            and fields["stk_cd"] in ("", kept.said["symbol"])
            and fields["dmst_stex_tp"] in ("", "%", "KRX")
            and _SIDES.get(side) in (None, kept.said["side"])
            and (not first or (kept.number <= first if backwards else kept.number >= first))
            and (not working or (kept.left > 0 and date == branch.exchange.today))
        )

    found = [(kept.number, kept) for kept in branch.plain.orders(_AREA) if wanted(kept)]
    return Listing(name, found[::-1] if backwards else found, row, descending=backwards)


def _wide(kept: Kept) -> dict[str, str]:
    """Return a row of kt50030 and kt50075."""
    return {
        "stk_bond_tp": "1",
        **_both(kept),
        "data_send_end_tp": _state(kept),
        "mrkt_deal_tp": "5",
        "orig_ord_no": order_number(kept.original or None),
        "dcd_tp_nm": "당일",
        "crd_deal_tp": "",
        "mdfy_cncl_tp": _CHANGES[kept.action],
    }


def _detail(kept: Kept) -> dict[str, str]:
    """Return a row of kt50031. No example of it is at hand: it is written like the rows of kt50030 and kt00007."""
    time = f"{kept.taken:%H:%M:%S}"
    return {
        **_both(kept),
        "crd_tp": "",
        "acpt_tp": _state(kept),
        "ord_tm": time,
        "ori_ord": order_number(kept.original or None),
        "loan_dt": "",
        "mdfy_cncl": _CHANGES[kept.action],
        "cnfm_tm": time if kept.original else "",
    }


def _both(kept: Kept) -> dict[str, str]:
    nothing, quantity = padded(0, 10), padded(Decimal(kept.said["quantity"]), 10)
    return {
        "ord_no": order_number(kept.number),
        "stk_cd": kept.said["symbol"],
        "trde_tp": _TYPE_NAMES[kept.fields["trde_tp"]],
        "io_tp_nm": f"{_SIDE_NAMES[kept.said['side']]}{_CHANGES[kept.action]}",
        "ord_qty": quantity,
        "ord_uv": padded(Decimal(kept.said["price"]), 10),
        "cnfm_qty": quantity if kept.original else nothing,
        "rsrv_tp": "",
        "stk_nm": _NAMES[kept.said["symbol"]],
        "cntr_qty": nothing,
        "cntr_uv": nothing,
        "ord_remnq": padded(kept.left, 10),
        "comm_ord_tp": "REST API",
        "dmst_stex_tp": "KRX",
        "cond_uv": nothing,
    }


def _state(kept: Kept) -> str:
    return "확인" if kept.original else "접수"


def holdings(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt50020: no gold is ever held, and the cash is that of the account."""
    state = branch.exchange.account(branch.account)
    nothing = padded(0, 12)
    return {
        "tot_entr": padded(state.cash, 12),
        "net_entr": padded(state.cash_d2, 12),
        "tot_est_amt": nothing,
        "net_amt": padded(state.cash_d2, 12),
        "tot_book_amt2": nothing,
        "tot_dep_amt": padded(state.cash_d2, 12),
        "paym_alowa": padded(state.withdrawable, 12),
        "pl_amt": nothing,
        "gold_acnt_evlt_prst": [],
    }


_NO_DEBTS = """
    profa_ch chck_ina_amt etc_loan etc_loan_dlfe etc_loan_tot buy_exct_amt sell_exct_amt sell_buy_exct_amt dly_amt
"""
"""Amounts of kt50021 of which there is nothing: what is ordered here holds no cash back."""


def cash(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt50021: the cash of the account, which one token has one of."""
    state = branch.exchange.account(branch.account)
    return {
        "entra": padded(state.cash),
        **dict.fromkeys(_NO_DEBTS.split(), padded(0)),
        "prsm_entra": padded(state.cash_d2),
        "prsm_pymn_alow_amt": padded(state.withdrawable),
        "pymn_alow_amt": padded(state.withdrawable),
        "ord_alow_amt": padded(state.orderable),
    }


def history(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt50032: nothing was ever traded."""
    return {"acnt_print": branch.account, "gold_trde_hist": []}
