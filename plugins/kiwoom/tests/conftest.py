"""A scripted Kiwoom: what its calls, blocks and fields are called, and answers that we made in its shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from plugins.kiwoom.tests import us_answers
from tests.adapters.wire import Json, Wire, connecting

HOLDINGS = "acnt_evlt_remn_indv_tot"
ORDERS = "acnt_ord_cntr_prps_dtl"
LISTED = {
    "number": "ord_no",
    "symbol": "stk_cd",
    "name": "stk_nm",
    "side": "io_tp_nm",
    "type": "trde_tp",
    "quantity": "ord_qty",
    "filled": "cntr_qty",
}
"""Fields of a row of every list of orders."""
OF_A_DAY = {
    **LISTED,
    "original": "ori_ord",
    "venue": "dmst_stex_tp",
    "price": "ord_uv",
    "left": "ord_remnq",
    "average": "cntr_uv",
    "time": "ord_tm",
}


QUOTED = {
    "symbol": "stk_cd",
    "name": "stk_nm",
    "price": "cur_prc",
    "previous_close": "base_pric",
    "change": "pred_pre",
    "change_percent": "flu_rt",
    "open": "open_pric",
    "high": "high_pric",
    "low": "low_pric",
    "volume": "trde_qty",
    "upper_limit": "upl_pric",
    "lower_limit": "lst_pric",
}
"""Fields of a price: the call for several has those of the call for one."""


class KiwoomWire(Wire):
    """The server side of Kiwoom."""

    name = "kiwoom"
    settings = {"app_key": "SANDBOX" + "k" * 36, "app_secret": "SANDBOX" + "s" * 36}
    token = "factory-token-first"
    second_token = "factory-token-second"
    id_header = "api-id"
    ids = {
        "login": "token",
        "revoke": "revoke",
        "account": "ka00001",
        "quote": "ka10001",
        "kind": "ka10100",
        "book": "ka10004",
        "flow": "ka10059",
        "buy": "kt10000",
        "sell": "kt10001",
        "amend": "kt10002",
        "cancel": "kt10003",
        "list": "kt00007",
        "history": "kt00007",
        "open": "ka10075",
        "filled": "ka10076",
        "holdings": "kt00018",
        "totals": "kt00018",
        "many": "ka10095",
        "chart": "ka10081",
        "cash": "kt00001",
        "power": "kt00010",
    }
    blocks = {
        "many": "atn_stk_infr",
        "chart": "stk_dt_pole_chart_qry",
        "flow": "stk_invsr_orgn",
        "list": ORDERS,
        "history": ORDERS,
        "open": "oso",
        "filled": "cntr",
        "holdings": HOLDINGS,
    }
    fields = {
        "login": {"end": "expires_dt"},
        "quote": QUOTED,
        "many": QUOTED,
        "chart": {
            "day": "dt",
            "open": "open_pric",
            "high": "high_pric",
            "low": "low_pric",
            "close": "cur_prc",
            "volume": "trde_qty",
            "turnover": "trde_prica",
        },
        "book": {"time": "bid_req_base_tm"},
        "flow": {"day": "dt"},
        "buy": {"number": "ord_no"},
        "amend": {"number": "ord_no"},
        "cancel": {"number": "ord_no"},
        "list": OF_A_DAY,
        "history": OF_A_DAY,
        "open": {
            **LISTED,
            "original": "orig_ord_no",
            "venue": "stex_tp_txt",
            "price": "ord_pric",
            "left": "oso_qty",
            "amount": "cntr_tot_amt",
            "time": "tm",
        },
        "holdings": {
            "symbol": "stk_cd",
            "name": "stk_nm",
            "quantity": "rmnd_qty",
            "sellable": "trde_able_qty",
            "average": "pur_pric",
            "price": "cur_prc",
            "cost": "pur_amt",
            "value": "evlt_amt",
        },
        "totals": {"cost": "tot_pur_amt", "value": "tot_evlt_amt"},
    }
    number = "0000140"
    handle = "kiwoom:{day}:0000140:0000140"
    code_prefix = "A"

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.days: dict[str, dict[str, Json]] = {}
        super().__init__(*arguments, **settings)

    def of_days(self, id: str, days: dict[str, Json], otherwise: Json) -> KiwoomWire:
        """Answer calls of `id` by the day that they ask for (ord_dt)."""
        self.days[id] = days
        return self.answer(id, otherwise)

    def respond(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, content = super().respond(request)
        day = self.days.get(self.calls[-1].id, {}).get((self.calls[-1].body or {}).get("ord_dt"))
        return (status, headers, content) if day is None else (200, {}, json.dumps(day).encode())

    @staticmethod
    def good_answers() -> dict[str, Json]:
        return good_answers()

    @staticmethod
    def refusal(code: str, words: str) -> Json:
        if len(code) == 4:
            return {"return_code": 5 if code.startswith("17") else 3, "return_msg": f"no [{code}:{words}]"}
        return {"return_code": 20, "return_msg": f"[2000]({code}:{words})"}

    def paged(self, call: str, *bodies: Json) -> KiwoomWire:
        last = len(bodies) - 1
        return self._marked(
            call, [("N", "") if each == last else ("Y", f"k{each}") for each in range(last + 1)], bodies
        )

    def circle(self, call: str, *bodies: Json) -> KiwoomWire:
        return self._marked(call, [("Y", "k1")] * len(bodies), bodies)

    def _marked(self, call: str, marks: list[tuple[str, str]], bodies: tuple[Json, ...]) -> KiwoomWire:
        headers = [{"cont-yn": more, "next-key": key} for more, key in marks]
        return self.pages(self.ids[call], *zip(headers, bodies, strict=True))

    def empty(self) -> KiwoomWire:
        """Let no list show an order: those of today stand in three."""
        return super().empty().shows("filled")


def good_answers() -> dict[str, Json]:
    """Return a sound answer for every call, in the broker's shape and number grammar."""
    done: Json = {"return_code": 0, "return_msg": " done"}
    order = {"ord_no": "0000141", "dmst_stex_tp": "KRX", **done}
    return {
        "token": {"expires_dt": "20990102030405", "token_type": "bearer", "token": "factory-token-second", **done},
        "revoke": done,
        "ka00001": {"acctNo": "1234567890", **done},
        "ka10001": {**_price(), **done},
        "ka10095": {"atn_stk_infr": [_price()], **done},
        "ka10100": {"code": "005930", "name": "Alpha", "marketCode": "0", **done},
        "ka10081": {"stk_cd": "005930", "stk_dt_pole_chart_qry": [_bar()], **done},
        "ka10059": {"stk_invsr_orgn": [_investors()], **done},
        "kt10000": order,
        "kt10001": order,
        "kt10003": {"ord_no": "0000142", "base_orig_ord_no": "0000139", "cncl_qty": "000000000010", **done},
        "kt10002": {
            "ord_no": "0000143",
            "base_orig_ord_no": "0000139",
            "mdfy_qty": "000000000006",
            "dmst_stex_tp": "KRX",
            **done,
        },
        "ka10075": {"oso": [_open_row()], **done},
        "ka10076": {"cntr": [_fill_row()], **done},
        "kt00010": {**_power(), **done},
        "ka10004": {**_book(), **done},
        "kt00007": {"acnt_ord_cntr_prps_dtl": [_order_row()], **done},
        "kt00018": {"tot_pur_amt": "000000000822003", "tot_evlt_amt": "000000000843600", **_holdings(), **done},
        "kt00001": {**_cash(), **done},
        # Where no market is named, the US is asked too.
        **dict.fromkeys(("ust21050", "ust21510", "ust21150"), us_answers.NOTHING),
    }


def _fill_row() -> Json:
    return {
        "ord_no": "0000140",
        "stk_nm": " Alpha ",
        "io_tp_nm": "+매수",
        "ord_pric": "70000",
        "ord_qty": "10",
        "cntr_pric": "69900",
        "cntr_qty": "4",
        "oso_qty": "6",
        "tdy_trde_cmsn": "40",
        "tdy_trde_tax": "0",
        "ord_stt": "체결",
        "trde_tp": "보통",
        "orig_ord_no": "0000000",
        "ord_tm": "101112",
        "stk_cd": "005930",
        "stex_tp": "1",
        "stex_tp_txt": "KRX",
        "sor_yn": "N",
        "stop_pric": "",
    }


def _price() -> Json:
    return {
        "stk_cd": "005930",
        "stk_nm": " Alpha ",
        "cur_prc": "-70300",
        "base_pric": "71500",
        "pre_sig": "5",
        "pred_pre": "-1200",
        "flu_rt": "-1.68",
        "open_pric": "-71400",
        "high_pric": "+71900",
        "low_pric": "-70100",
        "trde_qty": "12345678",
        "upl_pric": "+92900",
        "lst_pric": "-50100",
    }


def _bar() -> Json:
    return {
        "cur_prc": "70300",
        "trde_qty": "12345678",
        "trde_prica": "876543",
        "dt": "20261120",
        "open_pric": "71400",
        "high_pric": "71900",
        "low_pric": "70100",
        "pred_pre": "-1200",
        "pred_pre_sig": "5",
        "trde_tern_rt": "+0.21",
    }


def _investors() -> Json:
    return {
        "dt": "20240105",
        "cur_prc": "-70300",
        "pre_sig": "5",
        "pred_pre": "-1200",
        "flu_rt": "-168",
        "ind_invsr": "600",
        "frgnr_invsr": "-930",
        "orgn": "300",
        "fnnc_invt": "120",
        "insrnc": "-20",
        "invtrt": "50",
        "etc_fnnc": "10",
        "bank": "-15",
        "penfnd_etc": "130",
        "samo_fund": "25",
        "natn": "0",
        "etc_corp": "27",
        "natfor": "3",
    }


def _order_row() -> Json:
    return {
        "ord_no": "0000140",
        "stk_cd": "A005930",
        "trde_tp": "보통",
        "ord_qty": "0000000010",
        "ord_uv": "0000070000",
        "cnfm_qty": "0000000000",
        "acpt_tp": "접수",
        "ord_tm": "10:11:12",
        "ori_ord": "0000000",
        "stk_nm": "Alpha   ",
        "io_tp_nm": "현금매수",
        "cntr_qty": "0000000004",
        "cntr_uv": "0000069950",
        "ord_remnq": "0000000006",
        "mdfy_cncl": "",
        "dmst_stex_tp": "KRX",
    }


def _open_row() -> Json:
    return {
        "acnt_no": "1234567890",
        "ord_no": "0000140",
        "stk_cd": "005930",
        "ord_stt": "접수",
        "stk_nm": "Alpha",
        "ord_qty": "10",
        "ord_pric": "70000",
        "oso_qty": "6",
        "cntr_tot_amt": "279800",
        "orig_ord_no": "0000000",
        "io_tp_nm": "+매수",
        "trde_tp": "보통",
        "tm": "101112",
        "cntr_qty": "4",
        "cur_prc": "-70300",
        "stex_tp": "1",
        "stex_tp_txt": "KRX",
        "sor_yn": "N",
    }


def _power() -> Json:
    return {
        "profa_20ord_alow_amt": "000011000000",
        "profa_20ord_alowq": "0000000157",
        "profa_100ord_alow_amt": "000004700000",
        "profa_100ord_alowq": "0000000067",
        "ord_alowa": "000009000000",
    }


def _book() -> Json:
    """Return ten levels a side: sells from 70300 upwards, 11, 22, ... shares; buys from 70200 down, 13, 26, ..."""
    levels: Json = {"bid_req_base_tm": "101112"}
    for level in range(1, 11):
        name = "fpr" if level == 1 else f"{level}th_pre"
        levels |= {f"sel_{name}_bid": f"-{70200 + 100 * level}", f"sel_{name}_req": f"{11 * level}"}
        levels |= {f"buy_{name}_bid": f"-{70300 - 100 * level}", f"buy_{name}_req": f"{13 * level}"}
    return {**levels, "tot_sel_req": "605", "tot_buy_req": "715"}


def _holdings() -> Json:
    row = {
        "stk_cd": "A005930",
        "stk_nm": "Alpha   ",
        "evltv_prft": "000000000019000",
        "pur_pric": "000000000068500",
        "rmnd_qty": "000000000000012",
        "trde_able_qty": "000000000000009",
        "cur_prc": "000000070300",
        "pur_amt": "000000000822003",
        "evlt_amt": "000000000843600",
    }
    return {"acnt_evlt_remn_indv_tot": [row]}


def _cash() -> Json:
    return {
        "entr": "000000005000000",
        "100stk_ord_alow_amt": "000000004700000",
        "pymn_alow_amt": "000000004600000",
        "d1_entra": "000000004900000",
        "d2_entra": "000000004800000",
    }


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., KiwoomWire]]:
    """Return a function that makes a broker with a scripted server behind it."""
    with connecting(KiwoomWire, monkeypatch) as make:
        yield make


@pytest.fixture
def wire(connect: Callable[..., KiwoomWire]) -> KiwoomWire:
    """Return an account in the sandbox environment that speaks the ids of the real one, logged in."""
    return connect("sandbox", plays="real").logged_in()


@pytest.fixture
def abroad(connect: Callable[..., KiwoomWire]) -> Callable[..., KiwoomWire]:
    """Return a function that makes the same with what it answers about US symbols, logged in."""

    def make(*given: Any, **settings: Any) -> KiwoomWire:
        wire = connect(*given, **settings).logged_in()
        for id, answer in us_answers.answers().items():
            wire.answer(id, answer)
        return wire

    return make


@pytest.fixture
def us(abroad: Callable[..., KiwoomWire]) -> KiwoomWire:
    """Return an account in the sandbox environment that speaks the ids of the real one."""
    return abroad("sandbox", plays="real")
