"""The cash ledger (kt00015): deposits, withdrawals, and trades on the day of their settlement."""

from __future__ import annotations

from collections.abc import Mapping

from brokerkit.sandbox.ledger import BookedLine, CashKind

from .common import Branch, Content, Listing
from .fields import day
from .numbers import padded

_WORDS = {
    CashKind.DEPOSIT: ("이체입금", "입금"),
    CashKind.WITHDRAWAL: ("이체출금", "출금"),
    CashKind.BUY: ("장내매수", "매수"),
    CashKind.SALE: ("장내매도", "매도"),
}
"""What a line is called, and its direction. The words of Kiwoom's own ledger are not known in full."""
_TRADES = (CashKind.BUY, CashKind.SALE)
_WANTED = {
    "0": tuple(CashKind),
    "1": (CashKind.DEPOSIT, CashKind.WITHDRAWAL),
    "3": _TRADES,
    "4": (CashKind.BUY,),
    "5": (CashKind.SALE,),
    "6": (CashKind.DEPOSIT,),
    "7": (CashKind.WITHDRAWAL,),
    "M": (CashKind.DEPOSIT, CashKind.WITHDRAWAL),
}
"""tp to what it asks for; of the others nothing happens here."""
_NOTHING = padded(0)
_ABROAD = "0.00"


def lines(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00015, oldest first unless asked the other way. Amounts are magnitudes: `io_tp_nm` tells the way."""
    symbol = branch.instrument(fields["stk_cd"].removeprefix("A")).symbol if fields["stk_cd"] else None
    wanted = _WANTED.get(fields["tp"], ()) if fields["gds_tp"] in ("0", "1") else ()
    found = [
        each
        for each in branch.exchange.cash_lines(branch.account, day(fields["strt_dt"]), day(fields["end_dt"]))
        if each.line.kind in wanted and symbol in (None, each.line.symbol)
    ]
    ordered = found[::-1] if fields["qry_sort_tp"] == "1" else found
    return Listing("trst_ovrl_trde_prps_array", list(enumerate(ordered)), lambda each: _row(branch, each))


def _row(branch: Branch, booked: BookedLine) -> dict[str, str]:
    line = booked.line
    remark, direction = _WORDS[line.kind]
    is_trade = line.kind in _TRADES
    return {
        "trde_dt": f"{line.day:%Y%m%d}",
        "trde_no": f"{booked.number:09d}",
        "rmrk_nm": remark,
        "crd_deal_tp_nm": "보통매매" if is_trade else "",
        "exct_amt": padded(abs(line.change)),
        "loan_amt_rpya": _NOTHING,
        **dict.fromkeys(("fc_trde_amt", "fc_exct_amt"), _ABROAD),
        "entra_remn": padded(booked.balance),
        "crnc_cd": "KRW",
        "trde_ocr_tp": "" if is_trade else "1",
        "trde_kind_nm": "매매" if is_trade else "입출금",
        "stk_nm": branch.exchange.instruments[line.symbol].name if line.symbol else "",
        "trde_amt": padded(line.amount),
        "trde_agri_tax": padded(line.tax),
        "rpy_diffa": _NOTHING,
        "fc_trde_tax": _ABROAD,
        "dly_sum": _NOTHING,
        "fc_entra": _ABROAD,
        "mdia_tp_nm": "REST API" if is_trade else "",
        "io_tp": "1" if line.change > 0 else "2",
        "io_tp_nm": direction,
        "orig_deal_no": "000000000",
        "stk_cd": branch.prefixed(line.symbol) if line.symbol else "",
        "trde_qty_jwa_cnt": str(line.quantity) if is_trade else "",
        "cmsn": padded(line.commission),
        "int_ls_usfe": _NOTHING,
        **dict.fromkeys(("fc_cmsn", "fc_dly_sum"), _ABROAD),
        **dict.fromkeys(("vlbl_nowrm",), ""),
        "proc_tm": "08:00:00" if is_trade else "10:00:00",
        **dict.fromkeys(("isin_cd", "stex_cd", "stex_nm"), ""),
        "trde_unit": "",
        "incm_resi_tax": _NOTHING,
        **dict.fromkeys(("loan_dt", "uncl_ocr", "rpym_sum"), ""),
        "cntr_dt": f"{line.traded_on:%Y%m%d}" if line.traded_on else "",
        **dict.fromkeys(("rcpy_no", "prcsr", "proc_brch", "trde_stle", "txon_base_pric"), ""),
        "tax_sum_cmsn": padded(line.tax + line.commission),
        **dict.fromkeys(("frgn_pay_txam", "fc_uncl_ocr", "rpym_sum_fr"), _ABROAD),
        **dict.fromkeys(("rcpmnyer", "trde_prtc_tp"), ""),
    }
