"""Orders and cancels, and the codes with which they are refused."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.models import OrderRequest, OrderType, Side, Venue
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit_kis.sandbox.fields import ACCOUNT, INTEGER, Api, Context, Field, codes, positive_integer, wrong_field
from brokerkit_kis.sandbox.wording import Answer, Refused, done, order_number

BRANCH = "03070"
DEMO_BRANCH = "00950"
SELL = codes("TTTC0011U", "VTTC0011U", "TTTC0801U", "VTTC0801U")
DIVISION = {"00": OrderType.LIMIT, "01": OrderType.MARKET}
"""Order divisions that the exchange plays."""
DOCUMENTED_DIVISIONS = codes(
    *("00", "01", "02", "03", "04", "05", "06", "07", "11", "12", "13", "14", "15", "16", "21", "22", "23", "24"),
    *("27", "28", "29", "41", "42", "43", "44", "45", "46", "47"),
)
VENUES = codes("KRX", "NXT", "SOR")

# The ledger's own codes are known for cash, shares, closed market and unknown symbol. For the others only the demo's
# eight-digit codes are known; the real environment answers those here too, and what it really answers is open.
REAL_REFUSALS = {
    Refusal.INSUFFICIENT_CASH: ("7", "APBK0952", "주문가능금액 초과"),
    Refusal.INSUFFICIENT_SHARES: ("7", "APBK0400", "주문가능수량 초과"),
    Refusal.QUANTITY: ("7", "APBK0400", "주문가능수량 초과"),
    Refusal.MARKET_CLOSED: ("7", "APBK0918", "장운영시간이 아닙니다"),
    Refusal.UNKNOWN_SYMBOL: ("7", "APBK0656", "없는 종목입니다"),
}
DEMO_REFUSALS = {
    Refusal.INSUFFICIENT_CASH: ("1", "40250000", "모의투자 주문가능금액 부족"),
    Refusal.INSUFFICIENT_SHARES: ("1", "40240000", "모의투자 매도가능수량 부족"),
    Refusal.QUANTITY: ("1", "40330000", "모의투자 정정/취소 수량 없음"),
    Refusal.MARKET_CLOSED: ("1", "40580000", "모의투자 장종료"),
    Refusal.UNKNOWN_SYMBOL: ("1", "40070000", "모의투자 매매불가 종목"),
    Refusal.PRICE_STEP: ("1", "40030000", "호가단위 오류"),
    Refusal.PRICE_LIMIT: ("1", "40270000", "상하한가 오류"),
    Refusal.TRADING_HALTED: ("1", "40070000", "매매불가 종목"),
    Refusal.UNKNOWN_ORDER: ("1", "40320000", "원주문번호 없음"),
    Refusal.NOTHING_TO_CANCEL: ("1", "40330000", "정정/취소 수량 없음"),
    Refusal.UNSUPPORTED_TYPE: ("1", "90000000", "제공하지 않는 주문"),
}
DEMO_ACCEPTED = {"buy": "40600000", "sell": "40590000", "cancel": "40630000"}


def branch(demo: bool) -> str:
    """Return the organisation number that this environment's orders carry."""
    return DEMO_BRANCH if demo else BRANCH


def refused(refusal: ExchangeRefusal, demo: bool) -> Refused:
    """Return the broker's refusal for one of the exchange."""
    table = DEMO_REFUSALS if demo else DEMO_REFUSALS | REAL_REFUSALS
    result, code, words = table[refusal.reason]
    return Refused(code, words, result=result)


def order_cash(context: Context) -> Answer:
    """Answer order-cash."""
    side = Side.SELL if context.tr_id in SELL else Side.BUY
    try:
        request = _request(context, side)
        order = context.exchange.submit(context.account, request)
    except ExchangeRefusal as refusal:
        raise refused(refusal, context.demo) from None
    return _accepted(context, order, side.value.lower())


def _request(context: Context, side: Side) -> OrderRequest:
    division = context.text("ORD_DVSN")
    quantity = positive_integer(context, "ORD_QTY")
    if division not in DIVISION:
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    price = _price(context, DIVISION[division])
    # A condition price belongs to stop orders only; what the server says to one elsewhere is not known.
    if context.text("CNDT_PRIC") not in ("", "0"):
        raise wrong_field("CNDT_PRIC")
    venue = Venue(context.text("EXCG_ID_DVSN_CD") or "KRX")
    if context.demo and venue is not Venue.KRX:
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    symbol = context.text("PDNO")
    if symbol not in context.exchange.instruments:
        raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
    return OrderRequest(symbol=symbol, side=side, quantity=quantity, type=DIVISION[division], price=price, venue=venue)


def _price(context: Context, kind: OrderType) -> Decimal | None:
    if kind is OrderType.LIMIT:
        return positive_integer(context, "ORD_UNPR")
    # "0" where the type has no price. What another number brings is not known, so it is refused.
    if context.text("ORD_UNPR") != "0":
        raise wrong_field("ORD_UNPR")
    return None


def order_cancel(context: Context) -> Answer:
    """Answer order-rvsecncl: cancels; amendments are not offered yet."""
    try:
        if context.text("RVSE_CNCL_DVSN_CD") != "02":
            raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
        # The demo was seen to acknowledge a cancel without this field; the tables require it.
        if not context.demo and "KRX_FWDG_ORD_ORGNO" not in context.fields:
            raise wrong_field("KRX_FWDG_ORD_ORGNO")
        number = _original(context)
        whole_rest = context.text("QTY_ALL_ORD_YN") == "Y"
        quantity = None if whole_rest else positive_integer(context, "ORD_QTY")
        order = context.exchange.cancel(context.account, number, quantity)
    except ExchangeRefusal as refusal:
        raise refused(refusal, context.demo) from None
    return _accepted(context, order, "cancel")


def _original(context: Context) -> int:
    number = context.text("ORGN_ODNO")
    if not number.isascii() or not INTEGER.fullmatch(number):
        raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    original = context.exchange.order(context.account, int(number))
    # A blank organisation number is seen in official samples. That another branch's number or another venue does not
    # find the order is the cautious reading of "keep the number of the first answer"; the code is not known.
    given_branch, given_venue = context.text("KRX_FWDG_ORD_ORGNO"), context.text("EXCG_ID_DVSN_CD")
    if given_branch not in ("", branch(context.demo)) or given_venue not in ("", original.request.venue.value):
        raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    return int(number)


def _accepted(context: Context, order: ExchangeOrder, what: str) -> Answer:
    output = {
        "KRX_FWDG_ORD_ORGNO": branch(context.demo),
        "ODNO": order_number(order.number),
        "ORD_TMD": f"{order.time:%H%M%S}",
    }
    code = DEMO_ACCEPTED[what] if context.demo else "APBK0013"
    return Answer(done(code, "주문 접수", output=output))


def todays_orders(exchange: Exchange, account: str) -> list[ExchangeOrder]:
    """Return the account's rows of today, oldest first."""
    return sorted(exchange.orders(account), key=lambda order: order.number)


ORDER_FIELDS = (
    *ACCOUNT,
    Field("PDNO", 12),
    Field("SLL_TYPE", 2, required=False),
    Field("ORD_DVSN", 2, codes=DOCUMENTED_DIVISIONS),
    Field("ORD_QTY", 10),
    Field("ORD_UNPR", 19),
    Field("CNDT_PRIC", 19, required=False),
    Field("EXCG_ID_DVSN_CD", 3, required=False, codes=VENUES),
)
CANCEL_FIELDS = (
    *ACCOUNT,
    Field("KRX_FWDG_ORD_ORGNO", 5, required=False),
    Field("ORGN_ODNO", 10),
    Field("ORD_DVSN", 2, codes=DOCUMENTED_DIVISIONS),
    Field("RVSE_CNCL_DVSN_CD", 2, codes=codes("01", "02")),
    Field("ORD_QTY", 10),
    Field("ORD_UNPR", 19),
    Field("QTY_ALL_ORD_YN", 1, codes=codes("Y", "N")),
    Field("CNDT_PRIC", 19, required=False),
    Field("EXCG_ID_DVSN_CD", 3, required=False, codes=VENUES),
)
ORDER = Api(
    path="/uapi/domestic-stock/v1/trading/order-cash",
    method="POST",
    real=codes("TTTC0011U", "TTTC0012U", "TTTC0801U", "TTTC0802U"),
    demo=codes("VTTC0011U", "VTTC0012U", "VTTC0801U", "VTTC0802U"),
    fields=ORDER_FIELDS,
    handler=order_cash,
)
CANCEL = Api(
    path="/uapi/domestic-stock/v1/trading/order-rvsecncl",
    method="POST",
    real=codes("TTTC0013U", "TTTC0803U"),
    demo=codes("VTTC0013U", "VTTC0803U"),
    fields=CANCEL_FIELDS,
    handler=order_cancel,
)
