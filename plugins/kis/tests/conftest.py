"""A scripted KIS: answers that we made, and every request kept as it left."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

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
INVESTORS = {"prsn": (1500, 900), "frgn": (700, 1600), "orgn": (800, 500)}


class Call:
    """One request as it left."""

    def __init__(self, request: Any) -> None:
        parts = urlsplit(request.url)
        self.method = request.method
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self.query = [tuple(unquote(half) for half in pair.split("=")) for pair in parts.query.split("&") if pair]
        self.headers = dict(request.headers)
        self.body = json.loads(request.body) if request.body else None
        self.id = self.headers.get("tr_id") or parts.path.rsplit("/", 1)[-1]


class Wire:
    """The server side as a table: id of the call to the answers it gives, the last one for ever."""

    app_key = "SANDBOX" + "k" * 29
    app_secret = "SANDBOX" + "s" * 173
    token = "header.factory.first"

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
            "kis",
            environment=environment,
            plays=plays,
            phase=phase,
            safety=safety,
            **{"app_key": self.app_key, "app_secret": self.app_secret, "account": "50012345-01", **settings},
        )
        self.client = self.broker.client
        keep(self.broker, ForgetfulJournal())
        client = self.client
        client._tokens = TokenCache(None, identity="", minimum_interval=client.token_interval, too_soon=client.too_soon)
        for id, body in good_answers().items():
            self.answer(id, body)

    def logged_in(self) -> Wire:
        """Put a token in place that is old enough to be replaced."""
        now = clock.now()
        made = Token(SecretStr(self.token), now + dt.timedelta(hours=20), now - dt.timedelta(hours=4))
        self.client._tokens._token = made
        return self

    def answer(self, id: str, *bodies: Any, status: int = 200, headers: dict[str, str] | None = None) -> Wire:
        """Answer calls of `id` (the real one) with these bodies in turn."""
        self.answers[id] = [(status, headers or {}, _bytes(body)) for body in bodies]
        return self

    def respond(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        call = Call(request)
        self.calls.append(call)
        script = self.answers[re.sub("^VTTC", "TTTC", re.sub("^VTSC", "CTSC", call.id))]
        return script.pop(0) if len(script) > 1 else script[0]

    def of(self, id: str) -> list[Call]:
        return [call for call in self.calls if call.id == id]

    @staticmethod
    def order(**changes: Any) -> Order:
        """Return an order of today that has not been cancelled."""
        fields: Json = {
            "id": "0001234567",
            "symbol": "005930",
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.DAY,
            "venue": Venue.KRX,
            "quantity": 10,
            "price": 70000,
            "status": OrderStatus.PENDING,
            "handle": f"kis:{clock.today():%Y%m%d}:06010:0001234567",
        }
        return Order.model_validate({**fields, **changes})

    @staticmethod
    def good(id: str) -> Json:
        return copy.deepcopy(good_answers()[id])


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


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
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Wire]]:
    """Return a function that makes a broker with a scripted server behind it. The limits are tested elsewhere."""
    monkeypatch.setattr(Client, "_wait", lambda self, endpoint, *, urgent: Turn([]))
    monkeypatch.setattr("brokerkit.transport.http.PAUSE_SECONDS", 0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def make(environment: str = "real", **settings: Any) -> Wire:
            wire = Wire(environment, **settings)
            for method in (responses.GET, responses.POST):
                mock.remove(method, re.compile(".*"))
                mock.add_callback(method, re.compile(".*"), callback=wire.respond, content_type=None)
            return wire

        yield make


@pytest.fixture
def wire(connect: Callable[..., Wire]) -> Wire:
    """Return an account in the sandbox environment that speaks the ids of the real one, logged in."""
    return connect("sandbox", plays="real").logged_in()
