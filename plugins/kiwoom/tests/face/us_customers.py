"""What somebody with an app key does with US stocks at the Kiwoom face."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from plugins.kiwoom.tests.face.customers import APPLE, Customer

AAPL = "US:AAPL"
MICROSOFT = {"stex_tp": "ND", "stk_cd": "MSFT"}
DAY = {"query_tp": "1", "slby_tp": "0"}


def bid(customer: Customer, rank: int = 4) -> Decimal:
    """Return a price that waits."""
    return customer.us.order_book(AAPL).bids[rank].price


def limit(customer: Customer, **changes: str) -> dict[str, str]:
    """Return the body of a limit order that waits."""
    return {**APPLE, "ord_qty": "10", "ord_uv": f"{bid(customer):f}", "trde_tp": "00", **changes}


def order(customer: Customer, api_id: str = "ust20000", **changes: str) -> str:
    """Send it and return its number."""
    return str(customer.call(api_id, limit(customer, **changes))["ord_no"])


def amend(customer: Customer, number: str, price: Decimal) -> dict[str, Any]:
    """Amend an order."""
    return customer.call("ust20002", {"orig_ord_no": number, **APPLE, "mdfy_uv": f"{price:f}"})


def cancel(customer: Customer, number: str) -> dict[str, Any]:
    """Cancel an order."""
    return customer.call("ust20003", {"orig_ord_no": number, **APPLE})


def rows(customer: Customer, api_id: str = "ust21510", **body: str) -> list[dict[str, str]]:
    """Return the first page of a list."""
    return list(customer.call(api_id, body)["result_list"])


def give(customer: Customer, symbol: str = "US:MSFT", quantity: int = 10, cost: str = "4000") -> None:
    """Let the account have bought shares earlier."""
    customer.us.give_holding(customer.account, symbol, Decimal(quantity), Decimal(cost))
