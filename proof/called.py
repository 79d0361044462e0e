"""Orders by the broker's own fields: one that goes the way of a verb, one on credit, which a person has to settle."""

from __future__ import annotations

from brokerkit import Broker, OrderRequest, Side, clock
from brokerkit.raw.reply import RawReply

ON_CREDIT = {"kis": "domestic_stock/order_credit/buy", "kiwoom": "kt10006"}
AS_A_VERB = {
    "kis": {side: f"domestic_stock/order_cash/{side.lower()}" for side in Side},
    "kiwoom": {Side.BUY: "kt10000", Side.SELL: "kt10001"},
}


def as_a_verb(broker: Broker, request: OrderRequest) -> RawReply:
    """Send an order by the API that its verb uses."""
    return broker.call(AS_A_VERB[broker.name][request.side], _fields(broker, request))


def on_credit(broker: Broker, request: OrderRequest) -> RawReply:
    """Send an order to buy on credit: the exchange takes it as any other, and no list is asked what became of it."""
    more = {"CRDT_TYPE": "21", "LOAN_DT": f"{clock.today():%Y%m%d}"} if broker.name == "kis" else {}
    return broker.call(ON_CREDIT[broker.name], {**_fields(broker, request), **more})


def _fields(broker: Broker, request: OrderRequest) -> dict[str, str]:
    quantity, price = f"{request.quantity:f}", f"{request.price:f}"
    if broker.name == "kis":
        return {"PDNO": request.symbol, "ORD_DVSN": "00", "ORD_QTY": quantity, "ORD_UNPR": price}
    return {"dmst_stex_tp": "KRX", "stk_cd": request.symbol, "ord_qty": quantity, "trde_tp": "0", "ord_uv": price}
