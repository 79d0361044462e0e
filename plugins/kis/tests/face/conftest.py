"""A customer of the KIS face, who calls it over real HTTP as any client would."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
import requests
from brokerkit_kis.sandbox import KisFace
from brokerkit_kis.sandbox.stream_columns import SERVICES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from websockets.sync.client import ClientConnection, connect

from brokerkit.sandbox.bourses import US
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.server import Server

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
US_QUOTATIONS, US_TRADING = "/uapi/overseas-price/v1/quotations", "/uapi/overseas-stock/v1/trading"
SAMSUNG = "005930"
Json = dict[str, Any]


class Customer:
    """Somebody with keys and a token. Forgets the limit between calls, which is tested on its own."""

    def __init__(self, environment: str = "real", cash: Decimal = Decimal(100_000_000), **exchange: Any) -> None:
        self.exchange = Exchange(**exchange)
        self.us = Exchange(**exchange, bourse=US)
        self.face = KisFace(self.exchange, environment=environment, cash=cash, abroad=[self.us])
        self.server = Server(self.face.app)
        self.session = requests.Session()
        self.keys = self.face.credentials
        self.number = self.keys.account
        self.account = dict(zip(("CANO", "ACNT_PRDT_CD"), self.number.split("-"), strict=True))
        self.letter = "V" if environment == "demo" else "T"
        self.token = self.login().json()["access_token"]

    def close(self) -> None:
        self.session.close()
        self.server.close()

    def login(self, **changes: object) -> requests.Response:
        keys = {"appkey": self.keys.app_key, "appsecret": self.keys.app_secret}
        body = {"grant_type": "client_credentials", **keys, **changes}
        body = {name: value for name, value in body.items() if value is not None}
        return self.session.post(f"{self.server.url}/oauth2/tokenP", json=body, timeout=30)

    def approval(self, **changes: object) -> str:
        """Return a new key for the socket."""
        keys = {"appkey": self.keys.app_key, "secretkey": self.keys.app_secret}
        body = {"grant_type": "client_credentials", **keys, **changes}
        answer = self.session.post(f"{self.server.url}/oauth2/Approval", json=body, timeout=30)
        return str(answer.json()["approval_key"])

    def headers(self, tr_id: str, **changes: str | None) -> dict[str, str | None]:
        keys = {"appkey": self.keys.app_key, "appsecret": self.keys.app_secret}
        return {"authorization": f"Bearer {self.token}", **keys, "tr_id": tr_id, **changes}

    def get(self, path: str, tr_id: str, params: Json | str, **headers: str | None) -> requests.Response:
        self.face.window.clear()
        named = self.headers(tr_id, **headers)
        return self.session.get(self.server.url + path, params=params, headers=named, timeout=30)

    def post(self, path: str, tr_id: str, body: object, **headers: str | None) -> requests.Response:
        self.face.window.clear()
        named = self.headers(tr_id, **headers)
        return self.session.post(self.server.url + path, json=body, headers=named, timeout=30)

    def quotation(self, name: str, tr_id: str, symbol: str = SAMSUNG, **changes: str) -> Json:
        """Ask for a quotation, by the last part of its path."""
        params = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol, **changes}
        body: Json = self.get(f"{QUOTATIONS}/{name}", tr_id, params).json()
        return body

    def quote(self, symbol: str = SAMSUNG, **changes: str) -> Json:
        return self.quotation("inquire-price", "FHKST01010100", symbol, **changes)

    def order(self, side: str = "buy", **changes: object) -> Json:
        base = {"PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "10", "ORD_UNPR": self.low_price()}
        tr_id = f"{self.letter}TTC001{2 if side == 'buy' else 1}U"
        body: Json = self.post(f"{TRADING}/order-cash", tr_id, {**self.account, **base, **changes}).json()
        return body

    def ordered(self, side: str = "buy", **changes: object) -> str:
        """Send an order that is to be taken, and return its number."""
        body = self.order(side, **changes)
        assert body["rt_cd"] == "0", body
        return str(body["output"]["ODNO"])

    def cancel(self, number: str, **changes: object) -> Json:
        base = {"KRX_FWDG_ORD_ORGNO": "", "ORGN_ODNO": number, "ORD_DVSN": "00", "RVSE_CNCL_DVSN_CD": "02"}
        rest = {"ORD_QTY": "0", "ORD_UNPR": "0", "QTY_ALL_ORD_YN": "Y"}
        fields = {**self.account, **base, **rest, **changes}
        body: Json = self.post(f"{TRADING}/order-rvsecncl", f"{self.letter}TTC0013U", fields).json()
        return body

    def amend(self, number: str, price: str, **changes: object) -> Json:
        return self.cancel(number, **{"RVSE_CNCL_DVSN_CD": "01", "ORD_UNPR": price, **changes})

    def inquire(self, name: str, tr_id: str, tr_cont: str = "", **fields: str) -> requests.Response:
        """Ask for something of the account, by the last part of its path."""
        return self.get(f"{TRADING}/{name}", tr_id, {**self.account, **fields}, tr_cont=tr_cont)

    def balance_fields(self, **changes: str) -> Json:
        codes = {"AFHR_FLPR_YN": "N", "OFL_YN": "", "INQR_DVSN": "01", "UNPR_DVSN": "01", "FUND_STTL_ICLD_YN": "N"}
        more = {"FNCG_AMT_AUTO_RDPT_YN": "N", "PRCS_DVSN": "00", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        return {**self.account, **codes, **more, **changes}

    def balance(self, tr_cont: str = "", **changes: str) -> requests.Response:
        return self.inquire("inquire-balance", f"{self.letter}TTC8434R", tr_cont, **self.balance_fields(**changes))

    def daily_fields(self, **changes: str) -> Json:
        day = f"{self.exchange.today:%Y%m%d}"
        codes = {"INQR_STRT_DT": day, "INQR_END_DT": day, "SLL_BUY_DVSN_CD": "00", "PDNO": "", "ORD_GNO_BRNO": ""}
        more = {"ODNO": "", "CCLD_DVSN": "00", "INQR_DVSN": "00", "INQR_DVSN_1": "", "INQR_DVSN_3": "00"}
        keys = {"EXCG_ID_DVSN_CD": "ALL", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        return {**self.account, **codes, **more, **keys, **changes}

    def daily(self, tr_id: str | None = None, tr_cont: str = "", **changes: str) -> Json:
        fields = self.daily_fields(**changes)
        body: Json = self.inquire("inquire-daily-ccld", tr_id or f"{self.letter}TTC0081R", tr_cont, **fields).json()
        return body

    def row(self, number: str, **changes: str) -> Json:
        """Return the row of an order in the day's list."""
        (row,) = self.daily(ODNO=number, **changes)["output1"]
        assert row["odno"] == number
        return dict(row)

    def working(self, tr_id: str = "TTTC0084R", tr_cont: str = "", **changes: str) -> requests.Response:
        fields = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": "", "INQR_DVSN_1": "0", "INQR_DVSN_2": "0", **changes}
        return self.inquire("inquire-psbl-rvsecncl", tr_id, tr_cont, **fields)

    def abroad(self, name: str, tr_id: str, symbol: str = "AAPL", at: str = "NAS", **changes: str) -> Json:
        """Ask for a quotation of a US share, by the last part of its path."""
        params = {"AUTH": "", "EXCD": at, "SYMB": symbol, **changes}
        body: Json = self.get(f"{US_QUOTATIONS}/{name}", tr_id, params).json()
        return body

    def us_order(self, side: str = "buy", path: str = "order", tr_id: str = "", **changes: object) -> requests.Response:
        ids = {"real": {"buy": "TTTT1002U", "sell": "TTTT1006U"}, "demo": {"buy": "VTTT1002U", "sell": "VTTT1001U"}}
        base = {"OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORD_QTY": "3", "OVRS_ORD_UNPR": "100.00"}
        rest = {"SLL_TYPE": "00"} if side == "sell" and path == "order" else {}
        body = {**self.account, **base, **rest, "ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00", **changes}
        return self.post(f"{US_TRADING}/{path}", tr_id or ids[self.face.environment][side], body)

    def us_ordered(self, side: str = "buy", **changes: Any) -> str:
        """Send an order of a US share that is to be taken, and return its number."""
        body = self.us_order(side, **changes).json()
        assert body["rt_cd"] == "0", body
        return str(body["output"]["ODNO"])

    def us_change(self, number: str, path: str = "order-rvsecncl", tr_id: str = "", **changes: object) -> Json:
        """Cancel an order of a US share, or what `changes` say."""
        base = {"OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "02"}
        body = {**self.account, **base, "ORD_QTY": "0", "OVRS_ORD_UNPR": "0", "ORD_SVR_DVSN_CD": "0", **changes}
        answer: Json = self.post(f"{US_TRADING}/{path}", tr_id or f"{self.letter}TTT1004U", body).json()
        return answer

    def us_inquire(self, name: str, tr_id: str, tr_cont: str = "", **fields: str) -> requests.Response:
        """Ask for something of the account in the US, by the last part of its path."""
        return self.get(f"{US_TRADING}/{name}", tr_id, {**self.account, **fields}, tr_cont=tr_cont)

    def us_list_fields(self, **changes: str) -> Json:
        day = f"{self.us.today:%Y%m%d}"
        days = {"ORD_STRT_DT": day, "ORD_END_DT": day, "ORD_DT": "", "ORD_GNO_BRNO": "", "ODNO": ""}
        all_of_it = {"PDNO": "%", "SLL_BUY_DVSN": "00", "CCLD_NCCS_DVSN": "00", "OVRS_EXCG_CD": "%", "SORT_SQN": "DS"}
        return {**days, **all_of_it, "CTX_AREA_NK200": "", "CTX_AREA_FK200": "", **changes}

    def us_orders(self, tr_cont: str = "", **changes: str) -> requests.Response:
        return self.us_inquire("inquire-ccnl", f"{self.letter}TTS3035R", tr_cont, **self.us_list_fields(**changes))

    def us_row(self, number: str, **changes: str) -> Json:
        """Return the row of an order in the list of New York's day."""
        (row,) = [row for row in self.us_orders(**changes).json()["output"] if row["odno"] == number]
        return dict(row)

    def us_working(self, tr_cont: str = "", **changes: str) -> requests.Response:
        keys = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        fields = {"OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS", **keys, **changes}
        return self.us_inquire("inquire-nccs", "TTTS3018R", tr_cont, **fields)

    def us_balance(self, **changes: str) -> Json:
        fields = {"OVRS_EXCG_CD": "NASD", "TR_CRCY_CD": "USD", "CTX_AREA_FK200": "", "CTX_AREA_NK200": "", **changes}
        body: Json = self.us_inquire("inquire-balance", f"{self.letter}TTS3012R", **fields).json()
        return body

    def us_truth(self, number: str) -> Any:
        """Return what the US exchange knows of an order."""
        return self.us.order(self.number, int(number))

    def reserved_fields(self, **changes: str) -> Json:
        day = f"{self.exchange.today:%Y%m%d}"
        codes = {"RSVN_ORD_ORD_DT": day, "RSVN_ORD_END_DT": day, "RSVN_ORD_SEQ": "", "TMNL_MDIA_KIND_CD": "00"}
        more = {"PRCS_DVSN_CD": "0", "CNCL_YN": "Y", "PDNO": "", "SLL_BUY_DVSN_CD": ""}
        return {**codes, **more, "CTX_AREA_FK200": "", "CTX_AREA_NK200": "", **changes}

    def low_price(self, symbol: str = SAMSUNG) -> str:
        return str(int(self.exchange.instruments[symbol].lower_limit))

    def high_price(self, symbol: str = SAMSUNG) -> str:
        return str(int(self.exchange.instruments[symbol].upper_limit))

    def rows(self) -> dict[int, Any]:
        return {row.number: row for row in self.exchange.orders(self.number)}

    def truth(self, number: str) -> Any:
        """Return what the exchange knows of an order."""
        return self.exchange.order(self.number, int(number))

    @staticmethod
    def code_of(response: requests.Response) -> tuple[int, str, str]:
        body = response.json()
        return response.status_code, body["rt_cd"], body["msg_cd"]

    @staticmethod
    def refusal_of(body: Json) -> tuple[str, str]:
        return body["rt_cd"], body["msg_cd"]


class Listener:
    """Somebody at the socket, with a key for it. What comes is read in its order, and everything of it."""

    def __init__(self, line: ClientConnection, key: str) -> None:
        self.line = line
        self.key = key
        self.secret: Json = {}
        """What the last acknowledgement told."""

    def frame(self, tr_id: str, tr_key: str, tr_type: str = "1", **header: object) -> Json:
        told = {"approval_key": self.key, "custtype": "P", "tr_type": tr_type, "content-type": "utf-8", **header}
        return {"header": told, "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}}}

    def ask(self, frame: Json | str) -> Json:
        """Send a frame and return its answer; nothing else may come in between."""
        self.line.send(frame if isinstance(frame, str) else json.dumps(frame))
        answer: Json = json.loads(self.text())
        return answer

    def register(self, tr_id: str, tr_key: str = SAMSUNG, **header: object) -> Json:
        answer = self.ask(self.frame(tr_id, tr_key, **header))
        assert answer["body"]["msg_cd"] == "OPSP0000", answer
        self.secret = answer["body"]["output"]
        return answer

    def release(self, tr_id: str, tr_key: str = SAMSUNG) -> Json:
        return self.ask(self.frame(tr_id, tr_key, "2"))

    def text(self) -> str:
        """Return the next text."""
        text = self.line.recv(timeout=30)
        assert isinstance(text, str)
        return text

    def rows(self) -> tuple[str, list[Json]]:
        """Return the id of the next frame, and its rows by column; those of notices are decrypted."""
        encrypt, id, count, values = self.text().split("|")
        assert len(count) == 3
        columns = SERVICES[id].columns
        told = (self.decrypted(values) if encrypt == "1" else values).split("^")
        assert len(told) == int(count) * len(columns)
        size = len(columns)
        return id, [dict(zip(columns, told[at : at + size], strict=True)) for at in range(0, len(told), size)]

    def row(self, id: str) -> Json:
        """Return the one row of the next frame, which is of this id."""
        came, rows = self.rows()
        assert (came, len(rows)) == (id, 1)
        return rows[0]

    def decrypted(self, values: str) -> str:
        key, iv = self.secret["key"].encode(), self.secret["iv"].encode()
        assert (len(key), len(iv)) == (32, 16)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        unpadder = PKCS7(128).unpadder()
        padded = decryptor.update(base64.b64decode(values)) + decryptor.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()

    def is_quiet(self) -> bool:
        """Return whether nothing came before the answer to one more frame."""
        self.line.send("{")
        return self.text().startswith('{"header":{"tr_id":"(null)"')


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Return a function that opens a line to the socket of a customer's server."""
    with ExitStack() as stack:

        def opened(customer: Customer, *, key: str | None = None, path: str = "/tryitout") -> Listener:
            customer.face.token_window.clear()
            url = customer.server.url.replace("http", "ws", 1) + path
            line = stack.enter_context(connect(url, open_timeout=30))
            return Listener(line, customer.approval() if key is None else key)

        yield opened


@pytest.fixture
def open_customer() -> Iterator[Callable[..., Customer]]:
    """Return a function that opens the server for one more customer."""
    customers: list[Customer] = []

    def opened(*args: Any, **changes: Any) -> Customer:
        customers.append(Customer(*args, **changes))
        return customers[-1]

    yield opened
    for customer in customers:
        customer.close()


@pytest.fixture
def real(open_customer: Callable[..., Customer]) -> Customer:
    """Return a customer of the real environment."""
    return open_customer()


@pytest.fixture
def demo(open_customer: Callable[..., Customer]) -> Customer:
    """Return a customer of the paper trading host."""
    return open_customer("demo")
