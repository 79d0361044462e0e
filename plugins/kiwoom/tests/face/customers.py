"""Somebody with an app key at the Kiwoom face, and what such people send."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import requests
from brokerkit_kiwoom.sandbox import KiwoomFace
from starlette.types import ASGIApp, Receive, Scope, Send

from brokerkit.catalogue import Catalogue
from brokerkit.sandbox.bourses import US
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.server import Server

SAMSUNG = "005930"
FUND = "069500"
TODAY = dt.date(2026, 11, 20)
APPLE = {"stex_tp": "ND", "stk_cd": "AAPL"}
FLOW = {"dt": "20261120", "stk_cd": SAMSUNG, "amt_qty_tp": "2", "trde_tp": "0", "unit_tp": "1"}
DAY = {"qry_tp": "1", "stk_bond_tp": "0", "sell_tp": "0", "dmst_stex_tp": "%"}
OPEN = {"all_stk_tp": "0", "trde_tp": "0", "stex_tp": "0"}
FILLS = {"qry_tp": "0", "sell_tp": "0", "stex_tp": "0"}
HELD = {"qry_tp": "1", "dmst_stex_tp": "KRX"}
CHART = {"stk_cd": SAMSUNG, "base_dt": "20261120", "upd_stkpc_tp": "1"}
SHORT_CHART = {"stk_cd": SAMSUNG, "tic_scope": "1", "upd_stkpc_tp": "1"}
INDEX_CHART = {"inds_cd": "001", "base_dt": "20261120"}
SPAN = {"strt_dt": "20261101", "end_dt": "20261120"}
PRICES = {"stk_cd": SAMSUNG, "qry_dt": "20261120", "indc_tp": "0"}
ORDERABLE = {"stk_cd": SAMSUNG, "trde_tp": "2", "uv": "70000"}
EVERYTHING = {"mrkt_tp": "000", "stex_tp": "1"}
RANKINGS = {
    "ka10027": {
        **EVERYTHING,
        **dict.fromkeys(("stk_cnd", "crd_cnd", "pric_cnd", "trde_prica_cnd"), "0"),
        "sort_tp": "1",
        "trde_qty_cnd": "0000",
        "updown_incls": "1",
    },
    "ka10030": {
        **EVERYTHING,
        **dict.fromkeys(("mang_stk_incls", "crd_tp", "trde_qty_tp", "pric_tp", "trde_prica_tp", "mrkt_open_tp"), "0"),
        "sort_tp": "1",
    },
    "ka10032": {**EVERYTHING, "mang_stk_incls": "1"},
    "ka10034": {**EVERYTHING, "trde_tp": "2", "dt": "0"},
    "ka10065": {"trde_tp": "1", "mrkt_tp": "000", "orgn_tp": "9000", "amt_qty_tp": "1"},
    "ka90009": {**EVERYTHING, "amt_qty_tp": "1", "qry_dt_tp": "0"},
}
QUERIES: dict[str, dict[str, str]] = {
    "ka00001": {},
    "kt00001": {"qry_tp": "3"},
    "kt00004": {"qry_tp": "0", "dmst_stex_tp": "KRX"},
    "kt00005": {"dmst_stex_tp": "KRX"},
    "kt00007": DAY,
    "kt00009": {"stk_bond_tp": "0", "mrkt_tp": "0", "sell_tp": "0", "qry_tp": "0", "dmst_stex_tp": "%"},
    "kt00010": ORDERABLE,
    "kt00015": {**SPAN, "tp": "0", "gds_tp": "0", "dmst_stex_tp": "%"},
    "kt00018": HELD,
    **{key: {"stk_cd": SAMSUNG, "uv": "70000"} for key in ("kt00011", "kt00012")},
    "ka01690": {"qry_dt": "20261120"},
    "kt00002": {"start_dt": "20261101", "end_dt": "20261120"},
    "kt00003": {"qry_tp": "0"},
    **{key: {} for key in ("kt00008", "kt00013", "kt00017")},
    "kt00016": {"fr_dt": "20261101", "to_dt": "20261120"},
    "ka10072": {"strt_dt": "20261120"},
    **dict.fromkeys(("ka10073", "ka10074"), SPAN),
    "ka10077": {"stk_cd": SAMSUNG},
    "ka10170": {"ottks_tp": "2", "ch_crd_tp": "0"},
    "ka10075": OPEN,
    "ka10076": FILLS,
    "ka10085": {"stex_tp": "0"},
    **{api_id: {"stk_cd": SAMSUNG} for api_id in ("ka10001", "ka10003", "ka10004", "ka10005", "ka10100")},
    "ka10095": {"stk_cd": f"{SAMSUNG}|{FUND}"},
    "ka10084": {"stk_cd": SAMSUNG, "tdy_pred": "1", "tic_min": "0"},
    "ka10040": {"stk_cd": SAMSUNG},
    "ka10086": PRICES,
    "ka10059": FLOW,
    "ka10079": SHORT_CHART,
    "ka10080": SHORT_CHART,
    **dict.fromkeys(("ka10081", "ka10082", "ka10083", "ka10094"), CHART),
    "ka10099": {"mrkt_tp": "0"},
    "ka10101": {"mrkt_tp": "0"},
    "ka10102": {},
    **RANKINGS,
    "ka20001": {"mrkt_tp": "0", "inds_cd": "001"},
    "ka20005": {"inds_cd": "001", "tic_scope": "5"},
    **dict.fromkeys(("ka20006", "ka20007", "ka20008", "ka20019"), INDEX_CHART),
}
"""Every query of the face with a body that it answers."""
US_SPAN = {"strt_dt": "20261101", "end_dt": "20261120"}
US_QUERIES: dict[str, dict[str, str]] = {
    **dict.fromkeys(("usa20100", "usa20101", "usa20150", "usa20151", "usa20590", "usa10100"), APPLE),
    **dict.fromkeys((f"usa060{number}" for number in range(10, 17)), APPLE),
    "usa10099": {"stex_tp": "%"},
    "usa10098": {"stk_cd": "AAPL"},
    "ust31490": {"stk_cd": "AAPL", "uv": "200"},
    **{key: {} for key in ("ust21050", "ust21510", "ust21070", "ust21110", "ust21160", "ust21120")},
    "ust21150": {"query_tp": "1", "slby_tp": "0"},
    "ust21180": US_SPAN,
    "ust21530": {**US_SPAN, "fc_krw_tp": "0"},
    "ust21630": {"fc_krw_tp": "0"},
    "ust21640": {"cntr_dt": "20261120", "fc_krw_tp": "0"},
    "ust21660": US_SPAN,
    "ust21661": {},
    "ust21170": {"fc_krw_tp": "0"},
    "ust21610": {"qry_tp": "1", "fc_krw_tp": "0"},
    "ust21620": {"fc_krw_tp": "0"},
    **{key: {} for key in ("ust21111", "ust21121")},
    **{key: {"base_dt": "20261120"} for key in ("ust21131", "ust21132")},
    "ust21100": US_SPAN,
    "ust31301": {"exch_tp": "1"},
    "ust31300": {"exch_tp": "1", "fc_exmn_amt": "1000000"},
}
"""The same of US stocks."""


class Street:
    """One server for all tests, because starting one takes longer than a test. Each test puts its face behind it."""

    def __init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.app: ASGIApp | None = None
        self.server = Server(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)

    def close(self) -> None:
        self.http.close()
        self.server.close()


class Customer:
    """Somebody with an app key."""

    def __init__(self, street: Street, environment: str = "real") -> None:
        self.exchange = Exchange(today=TODAY)
        self.us = Exchange(today=TODAY, bourse=US)
        self.face = KiwoomFace(self.exchange, environment=environment, abroad=[self.us])
        self.server, self.http = street.server, street.http
        street.app = self.face.app
        self.account = self.face.credentials.account
        self.token = str(self.issue()["token"])

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> requests.Response:
        typed = {"Content-Type": "application/json;charset=UTF-8", **(headers or {})}
        return self.http.post(self.server.url + path, data=json.dumps(body), headers=typed, timeout=60)

    def issue(self, **changes: object) -> dict[str, Any]:
        keys = self.face.credentials
        body = {"grant_type": "client_credentials", "appkey": keys.app_key, "secretkey": keys.app_secret, **changes}
        return dict(self.post("/oauth2/token", body).json())

    def revoke(self, **changes: object) -> dict[str, Any]:
        keys = self.face.credentials
        body = {"appkey": keys.app_key, "secretkey": keys.app_secret, "token": self.token, **changes}
        return dict(self.post("/oauth2/revoke", body).json())

    def send(self, api_id: str, body: object, **headers: str) -> requests.Response:
        self.face.window.clear()
        sent = {"api-id": api_id, "authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post(path_of(api_id), body, sent)

    def call(self, api_id: str, body: object = None) -> dict[str, Any]:
        answer: dict[str, Any] = self.send(api_id, body or {}).json()
        assert answer["return_code"] == 0, answer
        return answer

    def query(self, api_id: str, **changes: str) -> dict[str, Any]:
        return self.call(api_id, {**QUERIES[api_id], **changes})

    def pages(self, api_id: str, name: str, body: object, most: int = 1_000) -> list[list[dict[str, str]]]:
        answer, found = self.send(api_id, body), []
        found.append(answer.json()[name])
        while answer.headers["cont-yn"] == "Y" and len(found) < most:
            answer = self.send(api_id, body, cont_yn="Y", next_key=answer.headers["next-key"])
            found.append(answer.json()[name])
        return found

    def refusal(self, api_id: str, body: object, **headers: str) -> tuple[int, str]:
        answer = self.send(api_id, body, **headers)
        said = answer.json()
        assert answer.status_code == 200
        assert "ord_no" not in said
        return said["return_code"], said["return_msg"]

    def business(self, api_id: str, body: object) -> str:
        """Return the inner code of a refusal that comes from behind the gateway."""
        kind, message = self.refusal(api_id, body)
        assert kind == 20
        assert message.startswith("[2000](")
        return message.removeprefix("[2000](").partition(":")[0]

    def order(self, api_id: str = "kt10000", **changes: str) -> str:
        return str(self.call(api_id, limit(self.bid(), **changes))["ord_no"])

    def amend(self, number: str, **changes: str) -> dict[str, Any]:
        return self.call("kt10002", amending(number, **changes))

    def cancel(self, number: str, **changes: str) -> dict[str, Any]:
        return self.call("kt10003", cancelling(number, **changes))

    def rows(self, **changes: str) -> list[dict[str, str]]:
        """Return the day's list, oldest first."""
        found: list[dict[str, str]] = self.call("kt00007", {**DAY, **changes})["acnt_ord_cntr_prps_dtl"]
        return found

    def give(self, symbol: str = SAMSUNG, quantity: int = 100, cost: int = 7_000_000) -> None:
        self.exchange.give_holding(self.account, symbol, Decimal(quantity), Decimal(cost))

    def bid(self, rank: int = 4) -> Decimal:
        """A price that waits."""
        return self.exchange.order_book(SAMSUNG).bids[rank].price


def path_of(api_id: str) -> str:
    return Catalogue.at("brokerkit_kiwoom").api(api_id).path


def limit(price: Decimal, **changes: str) -> dict[str, str]:
    base = {"dmst_stex_tp": "KRX", "stk_cd": SAMSUNG, "ord_qty": "10", "ord_uv": f"{price:f}", "trde_tp": "0"}
    return {**base, **changes}


def amending(number: str, **changes: str) -> dict[str, str]:
    base = {"dmst_stex_tp": "KRX", "orig_ord_no": number, "stk_cd": SAMSUNG, "mdfy_qty": "0", "mdfy_uv": "1"}
    return {**base, **changes}


def cancelling(number: str, **changes: str) -> dict[str, str]:
    return {"dmst_stex_tp": "KRX", "orig_ord_no": number, "stk_cd": SAMSUNG, "cncl_qty": "0", **changes}
