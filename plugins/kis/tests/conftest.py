"""A scripted KIS: what its calls, blocks and fields are called, and answers that we made in its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from brokerkit_kis.stocks import investors

from brokerkit import clock
from brokerkit.transport import Endpoint
from tests.adapters.wire import Json, Wire, connecting

DAYS_CALL = investors.DAYS_CALL
INVESTORS = {"prsn": (1500, 900), "frgn": (700, 1600), "orgn": (800, 500)}
LISTED = {
    "number": "odno",
    "original": "orgn_odno",
    "symbol": "pdno",
    "name": "prdt_name",
    "side": "sll_buy_dvsn_cd",
    "type": "ord_dvsn_cd",
    "venue": "excg_id_dvsn_cd",
    "quantity": "ord_qty",
    "price": "ord_unpr",
    "filled": "tot_ccld_qty",
    "time": "ord_tmd",
}
"""Fields of a row of every list of orders."""


class KisWire(Wire):
    """The server side of KIS, as far as Korea is concerned: verbs that look at every market ask there alone."""

    name = "kis"
    settings = {
        "app_key": "SANDBOX" + "k" * 29,
        "app_secret": "SANDBOX" + "s" * 173,
        "account": "50012345-01",
    }
    token = "header.factory.first"
    second_token = "header.factory.second"
    id_header = "tr_id"
    ids = {
        "login": "tokenP",
        "revoke": "revokeP",
        "quote": "FHKST01010100",
        "many": "FHKST11300006",
        "chart": "FHKST03010100",
        "book": "FHKST01010200",
        "flow": "FHKST01010900",
        "buy": "TTTC0012U",
        "sell": "TTTC0011U",
        "amend": "TTTC0013U",
        "cancel": "TTTC0013U",
        "list": "TTTC0081R",
        "history": "CTSC9215R",
        "open": "TTTC0084R",
        "holdings": "TTTC8434R",
        "totals": "TTTC8434R",
        "cash": "TTTC8434R",
        "power": "TTTC8908R",
    }
    blocks = {
        "quote": "output",
        "many": "output",
        "chart": "output2",
        "book": "output1",
        "flow": "output",
        "buy": "output",
        "sell": "output",
        "amend": "output",
        "cancel": "output",
        "list": "output1",
        "history": "output1",
        "open": "output",
        "holdings": "output1",
        "totals": "output2",
        "cash": "output2",
        "power": "output",
    }
    fields = {
        "login": {"end": "access_token_token_expired"},
        "quote": {
            "symbol": "stck_shrn_iscd",
            "price": "stck_prpr",
            "previous_close": "stck_sdpr",
            "change": "prdy_vrss",
            "change_percent": "prdy_ctrt",
            "open": "stck_oprc",
            "high": "stck_hgpr",
            "low": "stck_lwpr",
            "volume": "acml_vol",
            "turnover": "acml_tr_pbmn",
            "upper_limit": "stck_mxpr",
            "lower_limit": "stck_llam",
        },
        "many": {
            "symbol": "inter_shrn_iscd",
            "name": "inter_kor_isnm",
            "price": "inter2_prpr",
            "previous_close": "inter2_sdpr",
            "change": "inter2_prdy_vrss",
            "change_percent": "prdy_ctrt",
            "open": "inter2_oprc",
            "high": "inter2_hgpr",
            "low": "inter2_lwpr",
            "volume": "acml_vol",
            "turnover": "acml_tr_pbmn",
            "upper_limit": "inter2_mxpr",
            "lower_limit": "inter2_llam",
        },
        "chart": {
            "day": "stck_bsop_date",
            "open": "stck_oprc",
            "high": "stck_hgpr",
            "low": "stck_lwpr",
            "close": "stck_clpr",
            "volume": "acml_vol",
            "turnover": "acml_tr_pbmn",
        },
        "book": {"time": "aspr_acpt_hour"},
        "flow": {"day": "stck_bsop_date"},
        "buy": {"number": "ODNO"},
        "amend": {"number": "ODNO"},
        "cancel": {"number": "ODNO"},
        "list": {**LISTED, "left": "rmn_qty", "average": "avg_prvs", "day": "ord_dt"},
        "history": {**LISTED, "left": "rmn_qty", "average": "avg_prvs", "day": "ord_dt"},
        "open": {**LISTED, "left": "psbl_qty", "amount": "tot_ccld_amt"},
        "holdings": {
            "symbol": "pdno",
            "name": "prdt_name",
            "quantity": "hldg_qty",
            "sellable": "ord_psbl_qty",
            "average": "pchs_avg_pric",
            "price": "prpr",
            "cost": "pchs_amt",
            "value": "evlu_amt",
        },
        "totals": {"cost": "pchs_amt_smtl_amt", "value": "evlu_amt_smtl_amt"},
    }
    number = "0001234567"
    handle = "kis:{day}:06010:0001234567"

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self.broker.adapter.served.pop("US", None)

    @staticmethod
    def good_answers() -> dict[str, Json]:
        return good_answers()

    @staticmethod
    def refusal(code: str, words: str) -> Json:
        return {"rt_cd": "1", "msg_cd": code, "msg1": words}

    def paged(self, call: str, *bodies: Json) -> KisWire:
        return self._marked(
            call, [{**body, "ctx_area_nk100": f"{number}".ljust(100)} for number, body in enumerate(bodies)]
        )

    def circle(self, call: str, *bodies: Json) -> KisWire:
        pages = [{**body, "ctx_area_nk100": "A".ljust(100)} for body in bodies]
        return self.pages(
            self.ids[call], *(({"tr_cont": mark}, page) for mark, page in zip("FMM", pages, strict=False))
        )

    def _marked(self, call: str, bodies: list[Json]) -> KisWire:
        marks = ["F", *("M" * (len(bodies) - 2)), "D"]
        return self.pages(
            self.ids[call], *(({"tr_cont": mark}, body) for mark, body in zip(marks, bodies, strict=True))
        )

    @staticmethod
    def real_id(id: str) -> str:
        return re.sub("^VTTC", "TTTC", re.sub("^VTSC", "CTSC", id))


def good_answers() -> dict[str, Json]:
    """Return a sound answer for every call, in the broker's shape and number grammar."""
    done = {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "done" + " " * 76}
    accepted = {"KRX_FWDG_ORD_ORGNO": "06010", "ODNO": "0001234568", "ORD_TMD": "101112"}
    order = {"rt_cd": "0", "msg_cd": "APBK0013", "msg1": "sent", "output": accepted}
    return {
        "tokenP": {
            "access_token": "header.factory.second",
            "access_token_token_expired": "2099-01-02 03:04:05",
            "token_type": "Bearer",
            "expires_in": 86400,
        },
        "revokeP": {"code": 200, "message": "done"},
        "hashkey": {"BODY": {}, "HASH": "c0ffee" * 10},
        "FHKST01010100": {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done", "output": _price()},
        "FHKEW15010000": {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done", "output": {"elw_prpr": "0"}},
        "FHKST11300006": {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done", "output": [_watched()]},
        "FHKST03010100": {
            "rt_cd": "0",
            "msg_cd": "MCA00000",
            "msg1": "done",
            "output1": {"stck_shrn_iscd": "005930"},
            "output2": [_bar()],
        },
        "FHKST01010900": {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done", "output": [_investors()]},
        "TTTC0011U": order,
        "TTTC0012U": order,
        "TTTC0013U": order,
        "TTTC0081R": {**done, "output1": [_order_row()], "output2": {"tot_ord_qty": "10"}, **_no_more()},
        "CTSC9215R": {**done, "output1": [_order_row()], "output2": {"tot_ord_qty": "10"}, **_no_more()},
        "TTTC0084R": {**done, "output": [_open_row()], **_no_more()},
        "TTTC8908R": {**done, "output": _power()},
        "FHKST01010200": {
            "rt_cd": "0",
            "msg_cd": "MCA00000",
            "msg1": "done",
            "output1": _book(),
            "output2": _expected(),
        },
        "TTTC8434R": {**done, "output1": [_holding()], "output2": [_summary()], **_no_more()},
    }


def _no_more() -> Json:
    return {"ctx_area_fk100": "50012345^01^".ljust(100), "ctx_area_nk100": " " * 100}


def _price() -> Json:
    return {
        "stck_shrn_iscd": "005930",
        "stck_prpr": "70300",
        "stck_sdpr": "71500",
        "prdy_vrss": "-1200",
        "prdy_vrss_sign": "5",
        "prdy_ctrt": "-1.68",
        "stck_oprc": "71400",
        "stck_hgpr": "71900",
        "stck_lwpr": "70100",
        "acml_vol": "12345678",
        "acml_tr_pbmn": "876543210900",
        "stck_mxpr": "92900",
        "stck_llam": "50100",
        "aspr_unit": "100",
    }


def _watched() -> Json:
    return {
        "inter_shrn_iscd": "005930",
        "inter_kor_isnm": "Alpha",
        "inter2_prpr": "70300",
        "inter2_sdpr": "71500",
        "inter2_prdy_vrss": "-1200",
        "prdy_vrss_sign": "5",
        "prdy_ctrt": "-1.68",
        "inter2_oprc": "71400",
        "inter2_hgpr": "71900",
        "inter2_lwpr": "70100",
        "acml_vol": "12345678",
        "acml_tr_pbmn": "876543210900",
        "inter2_mxpr": "92900",
        "inter2_llam": "50100",
    }


def _bar() -> Json:
    return {
        "stck_bsop_date": "20261120",
        "stck_clpr": "70300",
        "stck_oprc": "71400",
        "stck_hgpr": "71900",
        "stck_lwpr": "70100",
        "acml_vol": "12345678",
        "acml_tr_pbmn": "876543210900",
    }


def _investors(day: str = "20240105", close: str = "70300") -> Json:
    row = {"stck_bsop_date": day, "stck_clpr": close, "prdy_vrss": "-1200", "prdy_vrss_sign": "5"}
    for who, (bought, sold) in INVESTORS.items():
        row |= {f"{who}_shnu_vol": f"{bought}", f"{who}_seln_vol": f"{sold}", f"{who}_ntby_qty": f"{bought - sold}"}
        row |= {f"{who}_shnu_tr_pbmn": f"{bought // 10}", f"{who}_seln_tr_pbmn": f"{sold // 10}"}
        row |= {f"{who}_ntby_tr_pbmn": f"{bought // 10 - sold // 10}"}
    return row


def _order_row() -> Json:
    return {
        "ord_dt": f"{clock.today():%Y%m%d}",
        "ord_gno_brno": "06010",
        "odno": "0001234567",
        "orgn_odno": "",
        "sll_buy_dvsn_cd": "02",
        "pdno": "005930",
        "prdt_name": "Alpha   ",
        "ord_qty": "10",
        "ord_unpr": "70000",
        "ord_tmd": "101112",
        "tot_ccld_qty": "4",
        "avg_prvs": "69950.0000",
        "cncl_yn": "N",
        "ord_dvsn_cd": "00",
        "cncl_cfrm_qty": "0",
        "rmn_qty": "6",
        "rjct_qty": "0",
        "excg_id_dvsn_cd": "KRX",
    }


def _open_row() -> Json:
    return {
        "ord_gno_brno": "06010",
        "odno": "0001234567",
        "orgn_odno": "",
        "ord_dvsn_name": "limit",
        "pdno": "005930",
        "prdt_name": "Alpha   ",
        "rvse_cncl_dvsn_name": "",
        "ord_qty": "10",
        "ord_unpr": "70000",
        "ord_tmd": "101112",
        "tot_ccld_qty": "4",
        "tot_ccld_amt": "279800",
        "psbl_qty": "6",
        "sll_buy_dvsn_cd": "02",
        "ord_dvsn_cd": "00",
        "excg_id_dvsn_cd": "KRX",
    }


def _power() -> Json:
    return {
        "ord_psbl_cash": "9000000",
        "psbl_qty_calc_unpr": "70000",
        "nrcvb_buy_amt": "4700000",
        "nrcvb_buy_qty": "67",
        "max_buy_amt": "11000000",
        "max_buy_qty": "157",
    }


def _book() -> Json:
    """Return ten levels a side: sells from 70300 upwards, 11, 22, ... shares; buys from 70200 down, 13, 26, ..."""
    levels: Json = {"aspr_acpt_hour": "101112"}
    for level in range(1, 11):
        levels |= {f"askp{level}": f"{70200 + 100 * level}", f"askp_rsqn{level}": f"{11 * level}"}
        levels |= {f"bidp{level}": f"{70300 - 100 * level}", f"bidp_rsqn{level}": f"{13 * level}"}
    return {**levels, "total_askp_rsqn": "605", "total_bidp_rsqn": "715"}


def _expected() -> Json:
    return {"stck_shrn_iscd": "005930", "stck_prpr": "70300", "antc_cnpr": "0"}


def _holding() -> Json:
    return {
        "pdno": "005930",
        "prdt_name": "Alpha   ",
        "hldg_qty": "12",
        "ord_psbl_qty": "9",
        "pchs_avg_pric": "68500.2500",
        "pchs_amt": "822003",
        "prpr": "70300",
        "evlu_amt": "843600",
    }


def _summary() -> Json:
    return {
        "dnca_tot_amt": "5000000",
        "nxdy_excc_amt": "4900000",
        "prvs_rcdl_excc_amt": "4800000",
        "pchs_amt_smtl_amt": "822003",
        "evlu_amt_smtl_amt": "843600",
        "tot_evlu_amt": "5643600",
    }


@pytest.fixture
def all_kinds() -> Endpoint[investors.SymbolAnswer]:
    """Return the call for all kinds of investors, which without this fixture is not offered."""
    return DAYS_CALL


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Callable[..., KisWire]]:
    """Return a function that makes a broker with a scripted server behind it.

    As in the demo environment it tells three groups of investors, unless a test wants `all_kinds`.
    """
    if "all_kinds" not in request.fixturenames:
        monkeypatch.setattr(investors, "DAYS_CALL", DAYS_CALL._replace(ids={}))
    with connecting(KisWire, monkeypatch) as make:
        yield make


@pytest.fixture
def wire(connect: Callable[..., KisWire]) -> KisWire:
    """Return an account in the sandbox environment that speaks the ids of the real one, logged in."""
    return connect("sandbox", plays="real").logged_in()
