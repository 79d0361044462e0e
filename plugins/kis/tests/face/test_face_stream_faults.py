"""Faults of streams in front of the KIS face: what a client then gets is still written as the server writes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import requests
from brokerkit_kis.sandbox.stream_columns import SERVICES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.sync.client import ClientConnection, connect

from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.words import Side

SAMSUNG = "005930"
COLUMNS = len(SERVICES["H0STCNT0"].columns)


class Client:
    """A client of the socket of a sandbox."""

    def __init__(self, sandbox: Sandbox, line: ClientConnection) -> None:
        self.sandbox = sandbox
        self.line = line
        self.keys = sandbox.connect("kis")
        keys = {"appkey": self.keys.app_key, "secretkey": self.keys.app_secret, "grant_type": "client_credentials"}
        answer = requests.post(f"{self.keys.base_url}/oauth2/Approval", json=keys, timeout=30)
        self.key = answer.json()["approval_key"]

    def register(self, tr_id: str, tr_key: str = SAMSUNG) -> Any:
        header = {"approval_key": self.key, "custtype": "P", "tr_type": "1", "content-type": "utf-8"}
        self.line.send(json.dumps({"header": header, "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}}}))
        return json.loads(self.line.recv(timeout=30))

    def trade(self, levels: int) -> None:
        """Let somebody take the best levels, and one share of the last of them."""
        asks = self.sandbox.exchange.order_book(SAMSUNG).asks[:levels]
        quantity = sum((level.quantity for level in asks[:-1]), Decimal(1))
        self.sandbox.exchange.trade(SAMSUNG, Side.BUY, quantity, asks[-1].price)

    def frame(self) -> list[str]:
        return str(self.line.recv(timeout=30)).split("|")


@contextmanager
def broken(kind: str) -> Iterator[Client]:
    with (
        Sandbox(faults=Faults([Rule(kind, nth=(1,))])) as sandbox,
        connect(sandbox.connect("kis").websocket_url + "/tryitout", open_timeout=30) as line,
    ):
        yield Client(sandbox, line)


def test_a_column_that_no_table_has_stands_at_the_end_of_each_record() -> None:
    with broken("stream_unknown_columns") as client:
        client.register("H0STCNT0")
        client.trade(2)
        client.trade(1)
        _, id, count, values = client.frame()
        assert (id, count, len(values.split("^"))) == ("H0STCNT0", "002", 2 * (COLUMNS + 1))
        assert len(client.frame()[3].split("^")) == COLUMNS


def test_a_notice_with_such_a_column_can_be_decrypted() -> None:
    with broken("stream_unknown_columns") as client:
        secret = client.register("H0STCNI0", client.keys.hts_id or "")["body"]["output"]
        sandbox = client.sandbox
        sandbox.exchange.reject_next(client.keys.account)
        ask = int(sandbox.exchange.order_book(SAMSUNG).asks[0].price)
        order(client, price=ask)
        encrypt, id, count, values = client.frame()
        cipher = Cipher(algorithms.AES(secret["key"].encode()), modes.CBC(secret["iv"].encode())).decryptor()
        plain = (cipher.update(base64.b64decode(values)) + cipher.finalize()).decode()
        assert (encrypt, id, count, len(plain.split("^"))) == ("1", "H0STCNI0", "001", 27)


def order(client: Client, *, price: int) -> None:
    keys = {"appkey": client.keys.app_key, "appsecret": client.keys.app_secret}
    body = {"grant_type": "client_credentials", **keys}
    token = requests.post(f"{client.keys.base_url}/oauth2/tokenP", json=body, timeout=30).json()["access_token"]
    number, product = client.keys.account.split("-")
    account = {"CANO": number, "ACNT_PRDT_CD": product}
    fields = {**account, "PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": str(price)}
    headers = {"authorization": f"Bearer {token}", **keys, "tr_id": "TTTC0012U"}
    url = f"{client.keys.base_url}/uapi/domestic-stock/v1/trading/order-cash"
    assert requests.post(url, json=fields, headers=headers, timeout=30).json()["rt_cd"] == "0"


def test_a_count_can_be_wrong() -> None:
    with broken("stream_wrong_count") as client:
        client.register("H0STCNT0")
        client.trade(1)
        _, _, count, values = client.frame()
        assert (count, len(values.split("^"))) == ("002", COLUMNS)


def test_records_can_come_one_by_one() -> None:
    with broken("stream_split") as client:
        client.register("H0STCNT0")
        client.trade(3)
        frames = [client.frame() for _ in range(3)]
        assert [(count, len(values.split("^"))) for _, _, count, values in frames] == [("001", COLUMNS)] * 3


@pytest.mark.parametrize(
    ("kind", "code"), [("stream_registration_refused", "OPSP0007"), ("stream_key_refused", "OPSP0011")]
)
def test_a_refusal_is_the_servers_own_and_the_next_try_goes(kind: str, code: str) -> None:
    with broken(kind) as client:
        answer = client.register("H0STCNT0")
        assert answer["header"] == {"tr_id": "H0STCNT0", "tr_key": SAMSUNG, "encrypt": "N"}
        assert (answer["body"]["rt_cd"], answer["body"]["msg_cd"]) == ("1", code)
        assert client.register("H0STCNT0")["body"]["msg_cd"] == "OPSP0000"
