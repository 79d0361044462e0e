"""Whatever Kiwoom answers: a number outside the grammar is an error that names it, and only our own errors escape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from brokerkit.errors import WireError
from brokerkit.testing.inside import kind_of
from tests.adapters.grammar import MEANT, GrammarKit
from tests.adapters.kit import table

OLD = "kiwoom:20240105:0000140:0000140"
"""An order of a day of which there is one list only: those of today stand in three."""
VERBS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "quote": ("ka10001", MEANT["quote"]),
    "investor flow": ("ka10059", MEANT["flow"]),
    "holdings": ("kt00018", MEANT["balance"]),
    "cash": ("kt00001", MEANT["balance"]),
    "account": ("ka00001", MEANT["balance"]),
    "kind": ("ka10100", lambda wire: kind_of(wire.broker, "005930")),
    "refresh": ("kt00007", lambda wire: wire.broker.refresh(wire.order(handle=OLD))),
    "history": ("kt00007", MEANT["history"]),
    "orders": ("ka10075", MEANT["open"]),
    "book": ("ka10004", MEANT["book"]),
    "power": ("kt00010", MEANT["power"]),
    "order": ("kt10000", MEANT["order"]),
    "cancel": ("kt10003", MEANT["cancel"]),
    "amend": ("kt10002", MEANT["amend"]),
}
PRICES = ("cur_prc", "base_pric", "open_pric", "high_pric", "low_pric", "upl_pric", "lst_pric", "trde_qty")
INVESTORS = (
    *("ind_invsr", "frgnr_invsr", "orgn", "fnnc_invt", "insrnc", "invtrt", "etc_fnnc", "bank", "penfnd_etc"),
    *("samo_fund", "natn", "etc_corp", "natfor"),
)
HOLDINGS = ("rmnd_qty", "trde_able_qty", "pur_pric", "cur_prc", "pur_amt", "evlt_amt")
CASH = ("entr", "100stk_ord_alow_amt", "pymn_alow_amt", "d1_entra", "d2_entra")
ROW = ("ord_qty", "ord_uv", "cntr_qty", "cntr_uv", "ord_remnq", "cnfm_qty")
OPEN_ROW = ("ord_qty", "ord_pric", "oso_qty", "cntr_qty", "cntr_tot_amt")
LEVELS = tuple(
    f"{side}_{level}_{what}"
    for side in ("sel", "buy")
    for level in ("fpr", *(f"{number}th_pre" for number in range(2, 11)))
    for what in ("bid", "req")
)
FIELDS = (
    *(("quote", "", name) for name in (*PRICES, "pred_pre", "flu_rt")),
    *(("investor flow", "stk_invsr_orgn", name) for name in ("cur_prc", *INVESTORS)),
    *(("holdings", "", name) for name in ("tot_pur_amt", "tot_evlt_amt")),
    *(("holdings", "acnt_evlt_remn_indv_tot", name) for name in HOLDINGS),
    *(("cash", "", name) for name in CASH),
    *(("refresh", "acnt_ord_cntr_prps_dtl", name) for name in ROW),
    *(("history", "acnt_ord_cntr_prps_dtl", name) for name in ROW),
    *(("orders", "oso", name) for name in OPEN_ROW),
    *(("book", "", name) for name in LEVELS),
    *(("power", "", name) for name in ("profa_100ord_alow_amt", "profa_100ord_alowq")),
)
UNSIGNED_TWICE = tuple(field for field in FIELDS if field[2] not in (*INVESTORS, "pred_pre", "flu_rt"))
REQUIRED = (
    ("holdings", "", "tot_pur_amt"),
    ("holdings", "", "tot_evlt_amt"),
    ("holdings", "acnt_evlt_remn_indv_tot", "rmnd_qty"),
    ("holdings", "acnt_evlt_remn_indv_tot", "pur_amt"),
    ("holdings", "acnt_evlt_remn_indv_tot", "evlt_amt"),
    ("cash", "", "entr"),
    ("refresh", "acnt_ord_cntr_prps_dtl", "ord_qty"),
    ("refresh", "acnt_ord_cntr_prps_dtl", "cntr_qty"),
    ("refresh", "acnt_ord_cntr_prps_dtl", "ord_remnq"),
    ("history", "acnt_ord_cntr_prps_dtl", "ord_qty"),
    ("history", "acnt_ord_cntr_prps_dtl", "cntr_qty"),
    ("history", "acnt_ord_cntr_prps_dtl", "ord_remnq"),
    ("orders", "oso", "ord_qty"),
    ("orders", "oso", "oso_qty"),
    ("power", "", "profa_100ord_alow_amt"),
    ("power", "", "profa_100ord_alowq"),
)


BLOCKS = {"refresh": "acnt_ord_cntr_prps_dtl", "history": "acnt_ord_cntr_prps_dtl", "orders": "oso"}


class TestGrammar(GrammarKit):
    verbs, fields, required, lists = VERBS, FIELDS, REQUIRED, tuple(BLOCKS.items())
    not_numbers = ("---5", "-+5", "++5", "--", "5%", "- 5")
    unsigned_twice = UNSIGNED_TWICE
    dates = (("investor flow", "stk_invsr_orgn", "dt"),)
    times = {"refresh": "ord_tm", "history": "ord_tm", "orders": "tm"}
    no_times = ("", "240000", "24:00:00", "10:11", "90512", "1０:11:12", "888888", None, 101112, ...)
    texts = ("stk_nm", "trde_tp", "acpt_tp", "comm_ord_tp", "dmst_stex_tp", "stex_tp_txt", "sor_yn")
    numbers = (
        *((verb, block, "ord_no") for verb, block in BLOCKS.items()),
        ("history", BLOCKS["history"], "ori_ord"),
        ("orders", BLOCKS["orders"], "orig_ord_no"),
    )
    side = "io_tp_nm"
    no_sides = ("", "+", "매매", "매수매도", "BUY", "SELL", None, ...)

    @table(("verb", "block", "name"), "unsigned_twice")
    def test_two_minus_signs_are_known_of_changes_and_flows_only(
        self, wire: Any, verb: str, block: str, name: str
    ) -> None:
        with pytest.raises(WireError, match=name):
            self.with_field(wire, verb, block, name, "--5")()

    @pytest.mark.parametrize("name", ["cur_prc", "ind_invsr", "frgnr_invsr", "orgn", "natfor"])
    def test_number_that_may_be_blank_may_not_be_missing(self, wire: Any, name: str) -> None:
        verb, block = ("quote", "") if name == "cur_prc" else ("investor flow", "stk_invsr_orgn")
        with pytest.raises(WireError, match=name):
            self.with_field(wire, verb, block, name, ...)()

    @pytest.mark.parametrize("verb", BLOCKS)
    @pytest.mark.parametrize("value", ["10:11:12", "101112"])
    def test_time_of_an_order_may_have_colons(self, wire: Any, verb: str, value: str) -> None:
        order = self.the_order(wire, verb, BLOCKS[verb], self.times[verb], value)
        assert order.submitted_at.time() == dt.time(10, 11, 12)

    @pytest.mark.parametrize("verb", BLOCKS)
    def test_row_without_a_number_is_a_wire_error(self, wire: Any, verb: str) -> None:
        with pytest.raises(WireError, match="ord_no"):
            self.with_field(wire, verb, BLOCKS[verb], "ord_no", "")()

    @pytest.mark.parametrize("value", ["12a", "-5", "1 2", "12345678901", "１", None, 5])
    def test_number_of_a_related_order_outside_the_grammar_is_a_wire_error(self, wire: Any, value: Any) -> None:
        for verb, name in (("history", "ori_ord"), ("orders", "orig_ord_no")):
            with pytest.raises(WireError, match=name):
                self.with_field(wire, verb, BLOCKS[verb], name, value)()

    @pytest.mark.parametrize("value", ["", None, 1234567890, ...], ids=repr)
    def test_account_that_is_not_told_is_a_wire_error(self, wire: Any, value: Any) -> None:
        with pytest.raises(WireError, match="acctNo"):
            self.with_field(wire, "account", "", "acctNo", value)()
