"""Orders, amendments and cancels, and the codes with which they are refused."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED, OrderRequest
from brokerkit.sandbox.exchange import ExchangeOrder, ExchangeRefusal, Instrument, Refusal
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import OrderType, Side, Venue
from brokerkit_kis.sandbox.divisions import DOCUMENTED, Division, choose
from brokerkit_kis.sandbox.fields import (
    ACCOUNT,
    INTEGER,
    Api,
    Context,
    Field,
    codes,
    positive_integer,
    wrong_field,
)
from brokerkit_kis.sandbox.wording import GatewayRefused, Refused, done, order_number

BRANCH = "06010"
"""The organisation number of every order: official samples cancel with it, and clients that keep no answer's."""
SEEN_IN_DEMO = "00950"
"""What the demo host was once seen to give; clients that keep it are served there."""
SELL = codes("TTTC0011U", "VTTC0011U", "TTTC0801U", "VTTC0801U", "TTTC0051U", "TTTC0851U")
VENUES = codes("KRX", "NXT", "SOR")
BEFORE_THE_OPEN = frozenset({Phase.PRE_MARKET, Phase.PRE_OPEN_CLOSING_PRICE, Phase.OPENING_AUCTION})

REAL_REFUSALS = {
    Refusal.INSUFFICIENT_CASH: ("7", "APBK0952", "주문가능금액 초과"),
    Refusal.INSUFFICIENT_SHARES: ("7", "APBK0400", "주문가능수량 초과"),
    Refusal.QUANTITY: ("7", "APBK0400", "주문가능수량 초과"),
    Refusal.MARKET_CLOSED: ("7", "APBK0918", "장운영시간이 아닙니다"),
    Refusal.UNKNOWN_SYMBOL: ("7", "APBK0656", "없는 종목입니다"),
    Refusal.PRICE_STEP: ("7", "APBK0506", "호가단위 오류"),
    # Known of prices above the limit; taken for those below it too.
    Refusal.PRICE_LIMIT: ("7", "APBK0406", "상하한가 오류"),
    Refusal.TRADING_HALTED: ("7", "APBK0066", "거래정지 종목"),
    Refusal.UNKNOWN_ORDER: ("7", "APBK0344", "원주문 없음"),
    Refusal.NOTHING_TO_CANCEL: ("7", "APBK0927", "정정/취소 수량 없음"),
    Refusal.UNSUPPORTED_TYPE: ("7", "APBK0963", "주문구분 오류"),
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
DEMO_ACCEPTED = {"buy": "40600000", "sell": "40590000", "amend": "40620000", "cancel": "40630000"}


def refused(context: Context, refusal: ExchangeRefusal) -> Refused:
    """Return the broker's refusal for one of the exchange."""
    table = DEMO_REFUSALS if context.demo else REAL_REFUSALS
    result, code, words = table[refusal.reason]
    if context.demo and refusal.reason is Refusal.MARKET_CLOSED and context.exchange.phase in BEFORE_THE_OPEN:
        code, words = "40570000", "모의투자 장시작전"
    return Refused(code, words, result=result)


def order_cash(context: Context) -> FaceAnswer:
    """Answer order-cash."""
    side = Side.SELL if context.tr_id in SELL else Side.BUY
    quantity = amount(context, "ORD_QTY")
    venue = Venue(context.text("EXCG_ID_DVSN_CD") or "KRX")
    try:
        instrument = context.instrument("PDNO")
        if instrument is None:
            raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
        division = _division(context, venue, instrument)
        request = OrderRequest(
            symbol=instrument.symbol,
            side=side,
            quantity=quantity,
            type=division.type,
            price=_price(context, division),
            stop_price=_stop_price(context, division),
            time_in_force=division.time_in_force,
            venue=venue,
        )
        order = context.exchange.submit(context.account, request)
    except ExchangeRefusal as refusal:
        raise refused(context, refusal) from None
    return _accepted(context, order, division, side.value.lower())


def _division(context: Context, venue: Venue, instrument: Instrument) -> Division:
    return choose(context.text("ORD_DVSN"), venue, instrument, context.exchange.phase, context.demo)


def amount(context: Context, name: str) -> Decimal:
    """Return a quantity or price; the gateway refuses what is no number above zero, before the ledger sees it."""
    try:
        return positive_integer(context, name)
    except Refused:
        raise GatewayRefused("IGW00014", f"{name} 값이 맞지 않습니다") from None


def _price(context: Context, division: Division) -> Decimal | None:
    if division.type in PRICED:
        return amount(context, "ORD_UNPR")
    # "0" where the type has no price. What another number brings is not known, so it is refused.
    if context.text("ORD_UNPR").strip("0"):
        raise wrong_field("ORD_UNPR")
    return None


def _stop_price(context: Context, division: Division) -> Decimal | None:
    if division.type is OrderType.STOP_LIMIT:
        return amount(context, "CNDT_PRIC")
    # A condition price belongs to stop orders only; what the server says to one elsewhere is not known.
    if context.text("CNDT_PRIC") not in ("", "0"):
        raise wrong_field("CNDT_PRIC")
    return None


def order_change(context: Context) -> FaceAnswer:
    """Answer order-rvsecncl: amendments and cancels."""
    # The demo was seen to acknowledge a cancel without this field; the tables require it.
    if not context.demo and "KRX_FWDG_ORD_ORGNO" not in context.fields:
        raise wrong_field("KRX_FWDG_ORD_ORGNO")
    try:
        original = _original(context)
        whole_rest = context.text("QTY_ALL_ORD_YN") == "Y"
        quantity = None if whole_rest else amount(context, "ORD_QTY")
        if context.text("RVSE_CNCL_DVSN_CD") == "01":
            return _amend(context, original, quantity)
        order = context.exchange.cancel(context.account, original.number, quantity)
    except ExchangeRefusal as refusal:
        raise refused(context, refusal) from None
    return _accepted(context, order, None, "cancel")


def _amend(context: Context, original: ExchangeOrder, quantity: Decimal | None) -> FaceAnswer:
    request = original.request
    division = _division(context, request.venue, context.exchange.instruments[request.symbol])
    # Whether an amendment may change the time in force or make a stop order is not known: neither is taken.
    if division.time_in_force is not request.time_in_force:
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    becomes_stop = division.type is OrderType.STOP_LIMIT
    if becomes_stop and (request.stop_price is None or _stop_price(context, division) != request.stop_price):
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    order = context.exchange.amend(
        context.account,
        original.number,
        quantity=quantity,
        price=_price(context, division),
        type=None if division.type is request.type else division.type,
    )
    return _accepted(context, order, division, "amend")


def _original(context: Context) -> ExchangeOrder:
    number = context.text("ORGN_ODNO")
    if not number.isascii() or not INTEGER.fullmatch(number):
        raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    original = context.exchange.order(context.account, int(number))
    # A blank organisation number is seen in official samples. That another branch's number or another venue does not
    # find the order is the cautious reading of "keep the number of the first answer"; the code is not known.
    given_branch, given_venue = context.text("KRX_FWDG_ORD_ORGNO"), context.text("EXCG_ID_DVSN_CD")
    branches = ("", BRANCH, SEEN_IN_DEMO) if context.demo else ("", BRANCH)
    if given_branch not in branches or given_venue not in ("", original.request.venue.value):
        raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    return original


def _accepted(context: Context, order: ExchangeOrder, division: Division | None, what: str) -> FaceAnswer:
    if division is not None and division.session is not None:
        context.memory.divisions[order.number] = division.code
    if loan := context.text("CRDT_TYPE"):
        context.memory.loans[order.day, order.number] = loan
    output = {
        "KRX_FWDG_ORD_ORGNO": BRANCH,
        "ODNO": order_number(order.number),
        "ORD_TMD": f"{order.time:%H%M%S}",
    }
    code = DEMO_ACCEPTED[what] if context.demo else "APBK0013"
    return FaceAnswer(done(code, "주문 접수", output=output))


ORDER_FIELDS = (
    *ACCOUNT,
    Field("PDNO", 12),
    Field("SLL_TYPE", 2, required=False),
    Field("ORD_DVSN", 2, codes=DOCUMENTED, gateway="IGW00019"),
    Field("ORD_QTY", 10),
    Field("ORD_UNPR", 19),
    Field("CNDT_PRIC", 19, required=False),
    Field("EXCG_ID_DVSN_CD", 3, required=False, codes=VENUES, gateway="IGW00017"),
)
CHANGE_FIELDS = (
    *ACCOUNT,
    Field("KRX_FWDG_ORD_ORGNO", 5, required=False),
    Field("ORGN_ODNO", 10),
    Field("ORD_DVSN", 2, codes=DOCUMENTED, gateway="IGW00019"),
    Field("RVSE_CNCL_DVSN_CD", 2, codes=codes("01", "02")),
    Field("ORD_QTY", 10),
    Field("ORD_UNPR", 19),
    Field("QTY_ALL_ORD_YN", 1, codes=codes("Y", "N")),
    Field("CNDT_PRIC", 19, required=False),
    Field("EXCG_ID_DVSN_CD", 3, required=False, codes=VENUES, gateway="IGW00017"),
)
ORDER = Api("/uapi/domestic-stock/v1/trading/order-cash", ORDER_FIELDS, order_cash)
CHANGE = Api("/uapi/domestic-stock/v1/trading/order-rvsecncl", CHANGE_FIELDS, order_change)
