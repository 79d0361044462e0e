"""Orders: kt10000 (buy), kt10001 (sell), kt10002 (amend), kt10003 (cancel); on credit kt10006 to kt10009."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED, OrderRequest
from brokerkit.sandbox.exchange import ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side, TimeInForce, Venue

from .common import Branch, Content, Loan
from .numbers import padded
from .refusals import (
    NOT_ON_DEMO,
    OTHER_VENUE,
    bad_value,
    business,
    missing_field,
    not_possible,
    of_exchange,
)

_DAY, _IOC, _FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
ORDER_TYPES: Mapping[str, tuple[OrderType, TimeInForce]] = {
    "0": (OrderType.LIMIT, _DAY),
    "3": (OrderType.MARKET, _DAY),
    "5": (OrderType.LIMIT_TO_MARKET_ON_CLOSE, _DAY),
    "6": (OrderType.BEST_OPPOSITE, _DAY),
    "7": (OrderType.BEST_SAME_SIDE, _DAY),
    "10": (OrderType.LIMIT, _IOC),
    "13": (OrderType.MARKET, _IOC),
    "16": (OrderType.BEST_OPPOSITE, _IOC),
    "20": (OrderType.LIMIT, _FOK),
    "23": (OrderType.MARKET, _FOK),
    "26": (OrderType.BEST_OPPOSITE, _FOK),
    "28": (OrderType.STOP_LIMIT, _DAY),
    "29": (OrderType.MIDPOINT, _DAY),
    "30": (OrderType.MIDPOINT, _IOC),
    "31": (OrderType.MIDPOINT, _FOK),
    "61": (OrderType.PRE_OPEN_CLOSING_PRICE, _DAY),
    "62": (OrderType.SINGLE_PRICE, _DAY),
    "81": (OrderType.AFTER_CLOSE_CLOSING_PRICE, _DAY),
}
"""trde_tp. Which of them a venue takes in which phase is the exchange's to say."""
_WITH_A_LIMIT = PRICED | {OrderType.BEST_OPPOSITE, OrderType.BEST_SAME_SIDE}
"""Types that wait at a limit. That of the last two was fixed on entry: since then they are limit orders like others."""
_NEW_LOAN = "33"
"""crd_deal_tp of a loan (융자)."""
_EVENING = frozenset({Phase.PRE_MARKET, Phase.AFTER_MARKET})


def buy(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt10000."""
    return _place(branch, Side.BUY, fields)


def sell(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt10001."""
    return _place(branch, Side.SELL, fields)


def buy_on_credit(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt10006. Loans are not played: the exchange takes it against the cash, and the lists say what it is."""
    return _place(branch, Side.BUY, fields, Loan(_NEW_LOAN, ""))


def sell_on_credit(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt10007."""
    return _place(branch, Side.SELL, fields, Loan(fields["crd_deal_tp"], fields["crd_loan_dt"]))


def _place(branch: Branch, side: Side, fields: Mapping[str, str], loan: Loan | None = None) -> Content:
    order_type, time_in_force = ORDER_TYPES[fields["trde_tp"]]
    price, stop_price = _prices(order_type, fields)
    venue = _venue(branch, fields)
    symbol = branch.instrument(fields["stk_cd"]).symbol
    quantity = Decimal(fields["ord_qty"])
    if quantity == 0:
        raise not_possible(demo=branch.demo)  # what Kiwoom answers to 0 shares is not known
    request = OrderRequest(
        symbol=symbol,
        side=side,
        quantity=quantity,
        type=order_type,
        price=price,
        stop_price=stop_price,
        time_in_force=time_in_force,
        venue=venue,
    )
    try:
        order = branch.exchange.submit(branch.account, request)
    except ExchangeRefusal as refusal:
        raise of_exchange(refusal, symbol, demo=branch.demo) from None
    if loan is not None:
        branch.loans[order.day, order.number] = loan
    return {"ord_no": f"{order.number:07d}", "dmst_stex_tp": venue.value}


def _prices(order_type: OrderType, fields: Mapping[str, str]) -> tuple[Decimal | None, Decimal | None]:
    price, condition = Decimal(fields["ord_uv"] or 0), Decimal(fields["cond_uv"] or 0)
    if order_type in PRICED and not price:
        # A price order without a price was never seen at the real server: refused like any other missing field.
        raise missing_field("ord_uv")
    if order_type not in PRICED and price:
        # Whether a price on a market order is ignored is not known; refusing it cannot cost anybody money.
        raise bad_value("ord_uv", "가격 없는 주문")
    if order_type is OrderType.STOP_LIMIT and not condition:
        raise missing_field("cond_uv")
    if order_type is not OrderType.STOP_LIMIT and condition:
        raise bad_value("cond_uv", "조건 없는 주문")
    return price or None, condition or None


def _venue(branch: Branch, fields: Mapping[str, str]) -> Venue:
    """Return the venue of an order, amendment or cancel that the host takes now."""
    venue = Venue(fields["dmst_stex_tp"])
    if branch.demo and venue is not Venue.KRX:
        raise business(NOT_ON_DEMO, "제공되지 않는 업무", demo=True)
    if branch.demo and branch.exchange.phase in _EVENING:
        # The demo host has no after-market: it refuses everything from 16:00 on, so cancels too.
        raise of_exchange(ExchangeRefusal(Refusal.MARKET_CLOSED), "", demo=True)
    return venue


def amend(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt10002: a new number for what moves to the new price, and that of the chain's first order."""
    venue = _venue(branch, fields)
    order = _named(branch, venue, fields)
    price = Decimal(fields["mdfy_uv"])
    kind = order.request.type
    if kind not in _WITH_A_LIMIT:
        raise not_possible(demo=branch.demo)  # it has no price that could be amended
    if not price:
        raise missing_field("mdfy_uv")
    condition = Decimal(fields["mdfy_cond_uv"] or 0)
    if condition and kind is not OrderType.STOP_LIMIT:
        raise bad_value("mdfy_cond_uv", "조건 없는 주문")
    try:
        row = branch.exchange.amend(
            branch.account,
            order.number,
            quantity=Decimal(fields["mdfy_qty"]) or None,
            price=price,
            stop_price=condition or None,
        )
    except ExchangeRefusal as refusal:
        raise of_exchange(refusal, order.request.symbol, demo=branch.demo) from None
    return {
        "ord_no": f"{row.number:07d}",
        "base_orig_ord_no": f"{row.root:07d}",
        "mdfy_qty": padded(row.quantity, 12),
        "dmst_stex_tp": venue.value,
    }


def cancel(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt10003: a new number, and the number of the chain's first order."""
    venue = _venue(branch, fields)
    order = _named(branch, venue, fields)
    try:
        row = branch.exchange.cancel(branch.account, order.number, Decimal(fields["cncl_qty"]) or None)
    except ExchangeRefusal as refusal:
        raise of_exchange(refusal, order.request.symbol, demo=branch.demo) from None
    return {
        "ord_no": f"{row.number:07d}",
        "base_orig_ord_no": f"{row.root:07d}",
        "cncl_qty": padded(row.quantity, 12),
    }


def _named(branch: Branch, venue: Venue, fields: Mapping[str, str]) -> ExchangeOrder:
    """Return the order that an amendment or a cancel means."""
    symbol = branch.instrument(fields["stk_cd"]).symbol
    try:
        order = branch.exchange.order(branch.account, int(fields["orig_ord_no"]))
        while order.action == "CANCEL" and order.original is not None:
            # After a partial cancel the next call names its number; whether the old one still does is not known.
            order = branch.exchange.order(branch.account, order.original)
        if order.request.symbol != symbol:
            # The code for a number that belongs to another symbol is not known.
            raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    except ExchangeRefusal as refusal:
        raise of_exchange(refusal, symbol, demo=branch.demo) from None
    if order.request.venue is not venue:
        # Seen for SOR orders only; the same is assumed for the other venues.
        raise business(OTHER_VENUE, "원주문과 거래소가 다릅니다", demo=branch.demo)
    return order
