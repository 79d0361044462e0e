"""Orders of US stocks: ust20000 (buy), ust20001 (sell), ust20002 (amend), ust20003 (cancel); ust31490 (what can be)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from brokerkit.models import PRICED, STOPS, OrderRequest
from brokerkit.sandbox.exchange import ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side

from .common import Content
from .numbers import padded
from .refusals import NOT_ON_DEMO, business, missing_field, not_possible
from .us import UsBranch
from .us_numbers import dollars

BUYS: Mapping[str, OrderType] = {
    "00": OrderType.LIMIT,
    "03": OrderType.MARKET,
    "26": OrderType.VWAP_LIMIT,
    "27": OrderType.TWAP_LIMIT,
    "30": OrderType.LIMIT_ON_CLOSE,
    "36": OrderType.VWAP,
    "37": OrderType.TWAP,
}
"""trde_tp of buys and sells."""
SELLS: Mapping[str, OrderType] = {
    **BUYS,
    "33": OrderType.MARKET_ON_CLOSE,
    "34": OrderType.STOP_LIMIT,
    "35": OrderType.STOP,
}
_ON_DEMO = OrderType.LIMIT
_SCALE = Decimal(10_000)
"""fc_entra of an answer to an order was seen so many times too small; what it means is not known."""


def buy(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust20000."""
    order = _place(branch, Side.BUY, BUYS[fields["trde_tp"]], fields, stop="")
    return {**_placed(branch, order), **_money(branch, order)}


def sell(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust20001."""
    order = _place(branch, Side.SELL, SELLS[fields["trde_tp"]], fields, stop=fields["stop_pric"])
    held = {each.symbol: each.quantity for each in branch.exchange.account(branch.account).holdings}
    nothing = padded(0, 12)
    return {
        **_placed(branch, order),
        "poss_qty": padded(held.get(order.request.symbol, Decimal(0)), 12),
        "tdy_resel_usedq": nothing,
        "pred_resel_usedq": nothing,
    }


def _place(
    branch: UsBranch, side: Side, order_type: OrderType, fields: Mapping[str, str], *, stop: str
) -> ExchangeOrder:
    price, stop_price = _prices(order_type, fields["ord_uv"], stop)
    symbol = branch.asked(fields).symbol
    quantity = Decimal(fields["ord_qty"])
    if branch.demo and order_type is not _ON_DEMO:
        # That the demo host takes limit orders alone was seen; with which code it refuses the others is not told.
        raise business(NOT_ON_DEMO, "제공되지 않는 주문유형", demo=True)
    if not quantity:
        raise not_possible(demo=branch.demo)  # what Kiwoom answers to 0 shares is not known
    request = OrderRequest(
        symbol=symbol,
        side=side,
        quantity=quantity,
        type=order_type,
        price=price,
        stop_price=stop_price,
        venue=branch.venue,
    )
    try:
        return branch.exchange.submit(branch.account, request)
    except ExchangeRefusal as refusal:
        raise branch.refusal(refusal, fields["stk_cd"]) from None


def _prices(order_type: OrderType, price: str, stop: str) -> tuple[Decimal | None, Decimal | None]:
    """Return limit and stop price. What a type does not need is ignored, as the page says."""
    needed = (
        (order_type in PRICED, "ord_uv", Decimal(price or 0)),
        (order_type in STOPS, "stop_pric", Decimal(stop or 0)),
    )
    for is_needed, name, value in needed:
        if is_needed and not value:
            raise missing_field(name)
    limit, condition = (value if is_needed else None for is_needed, _, value in needed)
    return limit, condition


def _placed(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    return {"stk_nm": branch.exchange.instruments[order.request.symbol].name, "ord_no": order_number(order.number)}


def order_number(number: int | None) -> str:
    """Write the number of an order; nine zeros for none."""
    return f"{number or 0:09d}"


def _money(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    state = branch.exchange.account(branch.account)
    used = order.quantity * (order.request.price or branch.exchange.quote(order.request.symbol).price)
    return {
        "fc_entra": dollars(state.cash / _SCALE),
        "tdy_rebuy_useda": dollars(0),
        "pred_rebuy_useda": dollars(0),
        "trst_prof_ch": dollars(used if order.request.side is Side.BUY else 0),
    }


def amend(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust20002: a new number for all that is left, at the new price."""
    order = _named(branch, fields)
    price, stop_price = _prices(order.request.type, fields["mdfy_uv"], fields["stop_pric"])
    if price is None and stop_price is None:
        raise not_possible(demo=branch.demo)  # it has no price that could be amended
    try:
        row = branch.exchange.amend(branch.account, order.number, price=price, stop_price=stop_price)
    except ExchangeRefusal as refusal:
        raise branch.refusal(refusal, fields["stk_cd"]) from None
    return {**_placed(branch, row), **_money(branch, row), "mdfy_ord_qty": padded(row.quantity, 12)}


def cancel(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust20003: a new number for the cancel of all that is left."""
    order = _named(branch, fields)
    try:
        row = branch.exchange.cancel(branch.account, order.number)
    except ExchangeRefusal as refusal:
        raise branch.refusal(refusal, fields["stk_cd"]) from None
    return {**_placed(branch, row), "cncl_ord_qty": padded(row.quantity, 12)}


def _named(branch: UsBranch, fields: Mapping[str, str]) -> ExchangeOrder:
    """Return the order that an amendment or a cancel means."""
    symbol = branch.asked(fields).symbol
    try:
        order = branch.exchange.order(branch.account, int(fields["orig_ord_no"]))
        if order.request.symbol != symbol:
            # The code for a number that belongs to another symbol is not known.
            raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    except ExchangeRefusal as refusal:
        raise branch.refusal(refusal, fields["stk_cd"]) from None
    return order


_MARGINS = {"50": Decimal(2), "100": Decimal(1)}
"""How many times its cash an order may be worth, by the margin of the symbol in percent."""


def orderable(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust31490: what can be bought at a price, in dollars of its own, and counting won (krw_...).

    The account has not applied to pay with won (krw_ord_rqst_yn), so what counts them is no offer. In the firm's own
    example the amounts without krw_ count them too; here they are the dollars, as their names say.
    """
    symbol = branch.asked(fields).symbol
    price = Decimal(fields["uv"])
    if not price:
        raise missing_field("uv")
    exchange = branch.exchange
    state, won = exchange.account(branch.account), branch.home.account(branch.account)
    own = max(state.orderable, Decimal(0))
    both = own + max(won.orderable, Decimal(0)) / branch.rate
    body = {"stk_profa_rt": "50%", "profa_rt": "100%", "aplc_rt": "100%", "krw_ord_rqst_yn": "N"}
    affordable = exchange.affordable(branch.account, symbol, price)
    for percent, times in _MARGINS.items():
        bought = affordable if percent == "100" else _shares(branch, own * times, price)
        body |= _by_margin(branch, f"_{percent}", "", (both * times, own * times), bought, price)
    body |= _by_margin(branch, "", "min_", (both, own), affordable, price)
    return {
        **body,
        "krw_entra": padded(won.cash, 12),
        "fc_entra": dollars(state.cash, 2),
        "fc_uncl_amt": dollars(0, 2),
        "ord_alowa": dollars(own, 2),
        "krw_ord_set_amt": padded(0, 12),
        "krw_ord_evlt_amt": dollars(0, 2),
        "crnc_code": "USD",
    }


def _shares(branch: UsBranch, amount: Decimal, price: Decimal) -> Decimal:
    return amount // (price * (1 + branch.costs.commission_rate))


def _by_margin(
    branch: UsBranch, end: str, start: str, amounts: tuple[Decimal, Decimal], bought: Decimal, price: Decimal
) -> dict[str, str]:
    with_won, own = amounts
    return {
        f"{start}krw_ord_alowa{end}": dollars(with_won, 2),
        f"{start}krw_ord_alowq{end}": padded(_shares(branch, with_won, price), 12),
        f"{start}ord_alowa{end}": dollars(own, 2),
        f"{start}ord_alowq{end}": padded(bought, 12),
        f"{start}pred_rebuy_alowa{end}": dollars(0, 2),
        f"{start}tdy_rebuy_alowa{end}": dollars(0, 2),
    }
