"""Orders: kt10000 (buy), kt10001 (sell), kt10003 (cancel)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from brokerkit.models import OrderRequest, OrderType, Side, Venue
from brokerkit.sandbox.exchange import ExchangeRefusal, Refusal

from .common import Answer, Branch
from .numbers import padded
from .refusals import NOT_ON_DEMO, NOT_POSSIBLE, OTHER_VENUE, bad_value, business, missing_field, of_exchange

_PLAYED = {"0": OrderType.LIMIT, "3": OrderType.MARKET}
_PRICED = ("0", "5", "10", "20", "28", "62")


def buy(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer kt10000."""
    return _place(branch, Side.BUY, fields)


def sell(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer kt10001."""
    return _place(branch, Side.SELL, fields)


def _place(branch: Branch, side: Side, fields: Mapping[str, str]) -> Answer:
    price = _price(fields)
    venue = _venue(branch, fields)
    symbol = branch.instrument(fields["stk_cd"]).symbol
    order_type = _PLAYED.get(fields["trde_tp"])
    quantity = Decimal(fields["ord_qty"])
    # NXT takes market orders only with IOC or FOK. What Kiwoom answers to the others, or to 0 shares, is not known.
    no_market = order_type is OrderType.MARKET and venue is Venue.NXT
    if order_type is None or no_market or quantity == 0:
        raise business(NOT_POSSIBLE, "낼 수 없는 주문입니다", demo=branch.demo)
    request = OrderRequest(symbol=symbol, side=side, quantity=quantity, type=order_type, price=price, venue=venue)
    try:
        order = branch.exchange.submit(branch.account, request)
    except ExchangeRefusal as refusal:
        raise of_exchange(refusal, symbol, demo=branch.demo) from None
    return {"ord_no": f"{order.number:07d}", "dmst_stex_tp": venue.value}


def _price(fields: Mapping[str, str]) -> Decimal | None:
    sent = Decimal(fields["ord_uv"] or 0)
    if fields["trde_tp"] in _PRICED and sent == 0:
        # A price order without a price was never seen at the real server: refused like any other missing field.
        raise missing_field("ord_uv")
    if fields["trde_tp"] not in _PRICED and sent:
        # Whether a price on a market order is ignored is not known; refusing it cannot cost anybody money.
        raise bad_value("ord_uv", "가격 없는 주문")
    if fields["trde_tp"] != "28" and Decimal(fields["cond_uv"] or 0):
        raise bad_value("cond_uv", "조건 없는 주문")
    return sent or None


def _venue(branch: Branch, fields: Mapping[str, str]) -> Venue:
    venue = Venue(fields["dmst_stex_tp"])
    if branch.demo and venue is not Venue.KRX:
        raise business(NOT_ON_DEMO, "제공되지 않는 업무", demo=True)
    return venue


def cancel(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer kt10003: a new number, and the number of the chain's first order."""
    venue = _venue(branch, fields)
    symbol = branch.instrument(fields["stk_cd"]).symbol
    number = int(fields["orig_ord_no"])
    try:
        order = branch.exchange.order(branch.account, number)
        # After a partial cancel the next one names the new number; whether the old one still does is not known.
        number = order.root if order.action == "CANCEL" else number
        if order.request.symbol != symbol:
            # The code for a number that belongs to another symbol is not known.
            raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
        if order.request.venue is not venue:
            # Seen for SOR orders only; the same is assumed for the other venues.
            raise business(OTHER_VENUE, "원주문과 거래소가 다릅니다", demo=branch.demo)
        row = branch.exchange.cancel(branch.account, number, Decimal(fields["cncl_qty"]) or None)
    except ExchangeRefusal as refusal:
        raise of_exchange(refusal, symbol, demo=branch.demo) from None
    return {
        "ord_no": f"{row.number:07d}",
        "base_orig_ord_no": f"{row.root:07d}",
        "cncl_qty": padded(row.quantity, 12),
    }
