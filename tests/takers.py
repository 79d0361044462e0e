"""A server that takes any order of a broker, whichever API it comes by, and answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Api, Catalogue
from brokerkit.orders import journal as journals
from tests.servers import Exchange, Script, Server, answer

ACCOUNT = "1234567801"
CANARY = "canary-token"
"""What no text may show."""
FOREVER = {"access_token_token_expired": "2099-12-31 23:59:59", "expires_dt": "20991231235959"}
NUMBERS = {
    "domestic_stock/order_resv": "RSVN_ORD_SEQ",
    "overseas_stock/order_resv/asia": "OVRS_RSVN_ODNO",
    "overseas_stock/order_resv_ccnl/us_cancel": "OVRS_RSVN_ODNO",
}
"""Where KIS tells the number of what it took, if not as ODNO."""
QUERIES = {"ka00001": {"acctNo": ACCOUNT}}
"""What has to be asked before an order may leave."""


class Taker(Server):
    """A broker that has nothing but a token for everybody, and numbers for orders."""

    def __init__(self, broker: str) -> None:
        self.broker = broker
        self.calls: list[tuple[str, dict[str, str]]] = []
        """Id and fields of every order that came."""
        self.fault: Script | None = None
        """What happens to the next orders, in the place of an answer."""
        self.more: dict[str, Any] = {}
        """What the answers to orders say besides."""
        self.tokens = 0
        self.revoked: list[str] = []
        self.number = 900
        self._catalogue = Catalogue.at(f"brokerkit_{broker}")
        super().__init__(self._answered)

    @property
    def done(self) -> dict[str, str]:
        """What stands in an answer that says yes."""
        return {"rt_cd": "0", "msg_cd": "", "msg1": ""} if self.broker == "kis" else {"return_code": "0"}

    def refusal(self, code: str, words: str = "no") -> dict[str, str]:
        """Return what stands in an answer that says no."""
        if self.broker == "kis":
            return {"rt_cd": "1", "msg_cd": code, "msg1": words}
        return {"return_code": "20", "return_msg": f"[2000]({code}:{words})"}

    def _answered(self, exchange: Exchange) -> bool | None:
        head, _, body = exchange.request.partition(b"\r\n\r\n")
        fields = json.loads(body or b"{}")
        path = exchange.path.partition("?")[0]
        if path.endswith(("/tokenP", "/token")):
            self.tokens += 1
            value = f"{CANARY}-{self.tokens:04}"
            return exchange.send(answer({**self.done, "access_token": value, "token": value, **FOREVER, **self.more}))
        if path.endswith(("/Approval", "/hashkey")):
            return exchange.send(answer({"approval_key": CANARY, "HASH": CANARY, "BODY": {}, **self.more}))
        if path.endswith(("/revokeP", "/revoke")):
            self.revoked.append(fields["token"])
            return exchange.send(answer({**self.done, "code": 200}))
        an_id = _header(head, "tr_id" if self.broker == "kis" else "api-id")
        if an_id in QUERIES:
            return exchange.send(answer({**self.done, **QUERIES[an_id]}))
        self.calls.append((an_id, fields))
        if self.fault is not None:
            return self.fault(exchange)
        self.number += 1
        return exchange.send(answer({**self.taken(an_id), **self.more}))

    def taken(self, an_id: str) -> dict[str, Any]:
        """Return the answer that takes an order."""
        api = self._catalogue.api(an_id)
        return {**self.done, **taken(self.broker, api, an_id, f"{self.number:010}")}


def taken(broker: str, api: Api, an_id: str, number: str) -> dict[str, Any]:
    """Return what an order is answered, with its number where the broker's samples have it."""
    if broker == "kiwoom":
        return {} if api.name == "ust31302" else {"ord_no": number}
    if api.name == "domestic_stock/order_resv_rvsecncl":
        return {"output": {"NRML_PRCS_YN": "Y"}}
    return {"output": {NUMBERS.get(variant_of(api, an_id), "ODNO"): number}}


def variant_of(api: Api, an_id: str) -> str:
    """Return the name that an id stands for, with its variant."""
    variant = api.variant(an_id)
    return f"{api.name}/{variant}" if variant else api.name


def _header(head: bytes, name: str) -> str:
    lines = (line.decode().partition(":") for line in head.split(b"\r\n")[1:])
    return next(value.strip() for key, _, value in lines if key.casefold() == name)


def saying(taker: Taker, make: Callable[[Taker], bytes]) -> Script:
    """Return what answers an order with bytes that are made of the taker's own words."""
    return lambda exchange: exchange.send(make(taker))


@contextmanager
def connected(taker: Taker, **given: Any) -> Iterator[Broker]:
    """Yield a broker at a server, as a new process would get it."""
    journals._files.clear()
    keys = {"app_key": "SANDBOX-app-key", "app_secret": "SANDBOX-app-secret", "account": ACCOUNT, **given}
    with get_broker(taker.broker, environment="sandbox", base_url=taker.url, **keys) as broker:
        broker.client.limits = lambda endpoint: ()  # type: ignore[method-assign]
        yield broker


@contextmanager
def taking(name: str, **given: Any) -> Iterator[tuple[Taker, Broker]]:
    """Yield a server that takes all orders, and a broker at it."""
    with Taker(name) as taker, connected(taker, **given) as broker:
        yield taker, broker
