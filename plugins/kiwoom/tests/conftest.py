"""A scripted Kiwoom: answers that we made, and every request kept as it left."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses
from pydantic import SecretStr

from brokerkit import clock
from brokerkit.market.sessions import Phase
from brokerkit.models import Order
from brokerkit.orders.guard import Safety
from brokerkit.testing.inside import ForgetfulJournal, keep, made
from brokerkit.transport import Client, Token
from brokerkit.transport.auth import TokenCache
from brokerkit.transport.limits import Turn
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

Json = dict[str, Any]


class Call:
    """One request as it left."""

    def __init__(self, request: Any) -> None:
        parts = urlsplit(request.url)
        self.method = request.method
        self.url = request.url
        self.headers = dict(request.headers)
        self.body = json.loads(request.body) if request.body else None
        self.id = self.headers.get("api-id") or parts.path.rsplit("/", 1)[-1]


class Wire:
    """The server side as a table: id of the call to the answers it gives, the last one for ever."""

    app_key = "SANDBOX" + "k" * 36
    app_secret = "SANDBOX" + "s" * 36
    token = "factory-token-first"

    def __init__(
        self,
        environment: str = "real",
        *,
        plays: str | None = None,
        phase: Phase = Phase.REGULAR,
        safety: Safety | None = None,
        **settings: Any,
    ) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.broker = made(
            "kiwoom",
            environment=environment,
            plays=plays,
            phase=phase,
            safety=safety,
            **{"app_key": self.app_key, "app_secret": self.app_secret, **settings},
        )
        self.client = self.broker.client
        keep(self.broker, ForgetfulJournal())
        self.client._tokens = TokenCache(None, identity="", minimum_interval=self.client.token_interval)
        for id, body in good_answers().items():
            self.answer(id, body)

    def logged_in(self) -> Wire:
        """Put a token in place that is old enough to be replaced."""
        now = clock.now()
        made = Token(SecretStr(self.token), now + dt.timedelta(hours=20), now - dt.timedelta(hours=4))
        self.client._tokens._token = made
        return self

    def answer(self, id: str, *bodies: Any, status: int = 200, headers: dict[str, str] | None = None) -> Wire:
        """Answer calls of `id` with these bodies in turn."""
        self.answers[id] = [(status, headers or {}, _bytes(body)) for body in bodies]
        return self

    def pages(self, id: str, *pages: tuple[dict[str, str], Any]) -> Wire:
        """Answer calls of `id` with pages, each with headers of its own."""
        self.answers[id] = [(200, headers, _bytes(body)) for headers, body in pages]
        return self

    def respond(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        call = Call(request)
        self.calls.append(call)
        script = self.answers[call.id]
        return script.pop(0) if len(script) > 1 else script[0]

    def of(self, id: str) -> list[Call]:
        return [call for call in self.calls if call.id == id]

    @staticmethod
    def order(**changes: Any) -> Order:
        """Return an order of today that has not been cancelled."""
        fields: Json = {
            "id": "0000140",
            "symbol": "005930",
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.DAY,
            "venue": Venue.KRX,
            "quantity": 10,
            "price": 70000,
            "status": OrderStatus.PENDING,
            "handle": f"kiwoom:{clock.today():%Y%m%d}:0000140:0000140",
        }
        return Order.model_validate({**fields, **changes})

    @staticmethod
    def good(id: str) -> Json:
        return copy.deepcopy(good_answers()[id])


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


def good_answers() -> dict[str, Json]:
    """Return a sound answer for every call, in the broker's shape and number grammar."""
    done: Json = {"return_code": 0, "return_msg": " done"}
    order = {"ord_no": "0000141", "dmst_stex_tp": "KRX", **done}
    return {
        "token": {"expires_dt": "20990102030405", "token_type": "bearer", "token": "factory-token-second", **done},
        "revoke": done,
        "ka00001": {"acctNo": "1234567890", **done},
        "ka10001": {**_price(), **done},
        "ka10100": {"code": "005930", "name": "Alpha", "marketCode": "0", **done},
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
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Wire]]:
    """Return a function that makes a broker with a scripted server behind it. The limits are tested elsewhere."""
    monkeypatch.setattr(Client, "_wait", lambda self, endpoint, *, urgent: Turn([]))
    monkeypatch.setattr("brokerkit.transport.http.PAUSE_SECONDS", 0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def make(environment: str = "real", **settings: Any) -> Wire:
            wire = Wire(environment, **settings)
            mock.remove(responses.POST, re.compile(".*"))
            mock.add_callback(responses.POST, re.compile(".*"), callback=wire.respond, content_type=None)
            return wire

        yield make


@pytest.fixture
def wire(connect: Callable[..., Wire]) -> Wire:
    """Return an account in the sandbox environment that speaks the ids of the real one, logged in."""
    return connect("sandbox", plays="real").logged_in()
