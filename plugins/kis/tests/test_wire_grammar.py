"""Whatever KIS answers: a number outside the grammar is an error that names it, and only our own errors escape."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.adapters.grammar import MEANT, GrammarKit

VERBS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "quote": ("FHKST01010100", MEANT["quote"]),
    "investor flow": ("FHKST01010900", lambda wire: wire.broker.investor_flow("005930", detail=True)),
    "balance": ("TTTC8434R", MEANT["balance"]),
    "refresh": ("TTTC0081R", lambda wire: wire.broker.refresh(wire.order())),
    "orders": ("TTTC0084R", MEANT["open"]),
    "history": ("CTSC9215R", MEANT["history"]),
    "book": ("FHKST01010200", MEANT["book"]),
    "power": ("TTTC8908R", MEANT["power"]),
    "order": ("TTTC0012U", MEANT["order"]),
    "cancel": ("TTTC0013U", MEANT["cancel"]),
    "amend": ("TTTC0013U", MEANT["amend"]),
}
PRICE = (
    "stck_prpr",
    "stck_sdpr",
    "prdy_vrss",
    "prdy_ctrt",
    "stck_oprc",
    "stck_hgpr",
    "stck_lwpr",
    "acml_vol",
    *("acml_tr_pbmn", "stck_mxpr", "stck_llam", "aspr_unit"),
)
FLOWS = tuple(
    f"{who}_{what}"
    for who in ("prsn", "frgn", "orgn")
    for what in ("ntby_qty", "shnu_vol", "seln_vol", "ntby_tr_pbmn", "shnu_tr_pbmn", "seln_tr_pbmn")
)
HOLDING = ("hldg_qty", "ord_psbl_qty", "pchs_avg_pric", "pchs_amt", "prpr", "evlu_amt")
SUMMARY = (
    "dnca_tot_amt",
    "nxdy_excc_amt",
    "prvs_rcdl_excc_amt",
    "pchs_amt_smtl_amt",
    "evlu_amt_smtl_amt",
    "tot_evlu_amt",
)
ROW = ("ord_qty", "ord_unpr", "tot_ccld_qty", "avg_prvs", "cncl_cfrm_qty", "rmn_qty", "rjct_qty")
OPEN_ROW = ("ord_qty", "ord_unpr", "tot_ccld_qty", "tot_ccld_amt", "psbl_qty")
LEVELS = tuple(f"{name}{level}" for name in ("askp", "askp_rsqn", "bidp", "bidp_rsqn") for level in range(1, 11))
FIELDS = (
    *(("quote", "output", name) for name in PRICE),
    *(("investor flow", "output", name) for name in ("stck_clpr", *FLOWS)),
    *(("balance", "output1", name) for name in HOLDING),
    *(("balance", "output2", name) for name in SUMMARY),
    *(("refresh", "output1", name) for name in ROW),
    *(("history", "output1", name) for name in ROW),
    *(("orders", "output", name) for name in OPEN_ROW),
    *(("book", "output1", name) for name in LEVELS),
    *(("power", "output", name) for name in ("nrcvb_buy_amt", "nrcvb_buy_qty")),
)
REQUIRED = (
    ("balance", "output1", "hldg_qty"),
    ("balance", "output1", "pchs_amt"),
    ("balance", "output1", "evlu_amt"),
    ("balance", "output2", "dnca_tot_amt"),
    ("balance", "output2", "pchs_amt_smtl_amt"),
    ("balance", "output2", "evlu_amt_smtl_amt"),
    ("refresh", "output1", "ord_qty"),
    ("refresh", "output1", "tot_ccld_qty"),
    ("refresh", "output1", "rmn_qty"),
    ("history", "output1", "rmn_qty"),
    ("orders", "output", "ord_qty"),
    ("orders", "output", "tot_ccld_qty"),
    ("orders", "output", "psbl_qty"),
    ("power", "output", "nrcvb_buy_amt"),
    ("power", "output", "nrcvb_buy_qty"),
)


LISTS = (("refresh", "output1"), ("history", "output1"), ("orders", "output"))


class TestGrammar(GrammarKit):
    verbs, fields, required, lists = VERBS, FIELDS, REQUIRED, LISTS
    not_numbers = ("--5", " 5")
    dates = (
        ("investor flow", "output", "stck_bsop_date"),
        ("refresh", "output1", "ord_dt"),
        ("history", "output1", "ord_dt"),
    )
    times = dict.fromkeys(VERBS, "ord_tmd")
    no_times = ("", "240000", "90512", "99:99", "10:11:12", "１０１１１２", None, 101112, ...)
    texts = ("ord_dvsn_cd", "excg_id_dvsn_cd", "prdt_name", "ord_gno_brno")
    numbers = tuple((*each, name) for each in LISTS for name in ("odno", "orgn_odno"))
    side = "sll_buy_dvsn_cd"
    no_sides = ("", "00", "03", "BUY", None, ...)


@pytest.mark.parametrize("text", ["5", "+5", "-5", "005", "5.00000000", "9" * 18, "-0", "+0", "0.00"])
def test_every_number_of_the_grammar_is_read_as_it_stands(wire: Any, text: str) -> None:
    assert wire.says("quote", change=text).broker.quote("005930").change == Decimal(text)
