"""Orders of US shares, amendments and cancels, those of the daytime market too, and the codes of their refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED, OrderRequest
from brokerkit.sandbox.exchange import Costs, ExchangeOrder, ExchangeRefusal, Instrument, Refusal
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.words import OrderType, Side, Venue
from brokerkit_kis.sandbox import elsewhere
from brokerkit_kis.sandbox.fields import (
    ACCOUNT,
    INTEGER,
    Api,
    Context,
    Field,
    codes,
    share_count,
    share_price,
    wrong_field,
)
from brokerkit_kis.sandbox.orders import BRANCH, DEMO_ACCEPTED, refused
from brokerkit_kis.sandbox.us_symbols import CENT, ELSEWHERE, ORDERED, TRADING, listed
from brokerkit_kis.sandbox.wording import (
    GatewayRefused,
    Refused,
    done,
    order_number,
    time_text,
)

SIDES = {
    **dict.fromkeys(("TTTT1002U", "VTTT1002U", "TTTS6036U"), Side.BUY),
    **dict.fromkeys(("TTTT1006U", "VTTT1001U", "TTTS6037U"), Side.SELL),
}
CHANGES = codes("TTTT1004U", "VTTT1004U", "TTTS6038U")
COSTS = Costs(commission_rate=Decimal("0.0025"), commission_unit=Decimal("0.01"))
"""The rate without any event, about; cut to the cent."""


class Division(NamedTuple):
    """A code of ORD_DVSN: what it means, and which side may use it."""

    type: OrderType
    sells_only: bool = False
    is_split: bool = False
    """Sent in parts, over a stretch of time."""


DIVISIONS: Mapping[str, Division] = {
    "00": Division(OrderType.LIMIT),
    "31": Division(OrderType.MARKET_ON_OPEN, sells_only=True),
    "32": Division(OrderType.LIMIT_ON_OPEN),
    "33": Division(OrderType.MARKET_ON_CLOSE, sells_only=True),
    "34": Division(OrderType.LIMIT_ON_CLOSE),
    "35": Division(OrderType.TWAP_LIMIT, is_split=True),
    "36": Division(OrderType.VWAP_LIMIT, is_split=True),
}
LIMIT = "00"
DIRECTLY, UNTIL_THE_CLOSE = "00", "02"
"""ALGO_ORD_TMD_DVSN_CD: from START_TIME to END_TIME, or as long as the regular session lasts."""
BEFORE_THE_OPEN = frozenset({Phase.DAYTIME, Phase.PRE_MARKET, Phase.OPENING_AUCTION})


def order(context: Context) -> FaceAnswer:
    """Answer order."""
    if context.tr_id not in SIDES:
        return elsewhere.order(context)
    return _ordered(context, Venue.US, _division(context))


def daytime_order(context: Context) -> FaceAnswer:
    """Answer daytime-order, which takes limit orders alone."""
    if context.text("ORD_DVSN") != LIMIT:
        raise GatewayRefused("IGW00019", "주문구분 입력오류")
    return _ordered(context, Venue.DAYTIME, DIVISIONS[LIMIT])


def _division(context: Context) -> Division:
    """Return what the code of the order means; left out, as other countries leave it, it is that of a limit order."""
    code = context.text("ORD_DVSN") or LIMIT
    if context.demo and code != LIMIT:
        raise Refused("40650000", "모의투자에서는 지정가만 가능합니다")
    if code not in DIVISIONS:
        # A market order ("01") is known to be refused in these words; the code is not known.
        raise GatewayRefused("IGW00019", "주문구분 입력오류")
    division = DIVISIONS[code]
    if division.sells_only and _side(context) is Side.BUY:
        raise Refused("APBK0963", "주문구분 입력오류", result="7")
    if division.is_split:
        _check_span(context)
    return division


def _side(context: Context) -> Side:
    return SIDES[context.tr_id]


def _check_span(context: Context) -> None:
    """Refuse an order in parts that does not say over which time."""
    kind = context.text("ALGO_ORD_TMD_DVSN_CD")
    if kind not in (DIRECTLY, UNTIL_THE_CLOSE):
        raise wrong_field("ALGO_ORD_TMD_DVSN_CD")
    for name in ("START_TIME", "END_TIME"):
        if kind == DIRECTLY and not re.fullmatch("[0-9]{6}", context.text(name)):
            raise wrong_field(name)


def _ordered(context: Context, venue: Venue, division: Division) -> FaceAnswer:
    side = _side(context)
    quantity, price = share_count(context, "ORD_QTY"), _price(context, division)
    try:
        instrument = _instrument(context)
        _check_demo(context, instrument)
        request = OrderRequest(
            symbol=instrument.symbol, side=side, quantity=quantity, type=division.type, price=price, venue=venue
        )
        taken = context.exchange.submit(context.account, request)
    except ExchangeRefusal as refusal:
        raise _refused(context, refusal) from None
    if division.is_split:
        context.memory.spans[taken.number] = _span(context)
    return _accepted(context, taken, side.value.lower())


def _span(context: Context) -> str:
    if context.text("ALGO_ORD_TMD_DVSN_CD") == UNTIL_THE_CLOSE:
        return "정규장 종료시까지"
    start, end = context.text("START_TIME"), context.text("END_TIME")
    return f"{start[:2]}:{start[2:4]}~{end[:2]}:{end[2:4]}"


def _price(context: Context, division: Division) -> Decimal | None:
    price = share_price(context, "OVRS_ORD_UNPR")
    if division.type in PRICED:
        if price < CENT:
            raise Refused("APBK1507", "주문단가가 $0.01 미만입니다", result="7")
        return price
    # "0" where the type has no price. What another number brings is not known, so it is refused.
    if price:
        raise wrong_field("OVRS_ORD_UNPR")
    return None


def _instrument(context: Context) -> Instrument:
    found = listed(context.exchange, context.text("PDNO"), ORDERED.get(context.text("OVRS_EXCG_CD")))
    if found is None:
        raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
    return found


def _check_demo(context: Context, instrument: Instrument) -> None:
    """Refuse what the demo has not: some symbols, and every session but the regular one."""
    if not context.demo:
        return
    # Which symbols the demo has is not told: the exchange makes up some.
    if not (isinstance(instrument, UsInstrument) and instrument.demo):
        raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
    if context.exchange.phase is not Phase.REGULAR:
        raise ExchangeRefusal(Refusal.MARKET_CLOSED)


def _refused(context: Context, refusal: ExchangeRefusal) -> Refused:
    """Return the broker's refusal for one of the exchange: the codes are those of Korean shares, as far as known."""
    if context.demo and refusal.reason is Refusal.MARKET_CLOSED and context.exchange.phase in BEFORE_THE_OPEN:
        return Refused("40570000", "모의투자 장시작전")
    return refused(context, refusal)


def change(context: Context) -> FaceAnswer:
    """Answer order-rvsecncl: amendments and cancels."""
    if context.tr_id not in CHANGES:
        return elsewhere.change(context)
    return _changed(context, Venue.US)


def daytime_change(context: Context) -> FaceAnswer:
    """Answer daytime-order-rvsecncl."""
    return _changed(context, Venue.DAYTIME)


def _changed(context: Context, venue: Venue) -> FaceAnswer:
    try:
        original = _original(context, _instrument(context), venue)
        if context.text("RVSE_CNCL_DVSN_CD") == "01":
            return _amended(context, original)
        # A library in wide use cancels with quantity "0": the whole rest is the only reading under which that works.
        whole_rest = context.text("ORD_QTY").strip("0") == ""
        quantity = None if whole_rest else share_count(context, "ORD_QTY")
        canceled = context.exchange.cancel(context.account, original.number, quantity)
    except ExchangeRefusal as refusal:
        raise _refused(context, refusal) from None
    return _accepted(context, canceled, "cancel")


def _original(context: Context, instrument: Instrument, venue: Venue) -> ExchangeOrder:
    """Return the order that is named; one of the daytime market is known at its own calls alone, and only there."""
    number = context.text("ORGN_ODNO")
    if not number.isascii() or not INTEGER.fullmatch(number):
        raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    original = context.exchange.order(context.account, int(number))
    request = original.request
    if request.venue is not venue or request.symbol != instrument.symbol:
        raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
    return original


def _amended(context: Context, original: ExchangeOrder) -> FaceAnswer:
    division = next(each for each in DIVISIONS.values() if each.type is original.request.type)
    if division.is_split:
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    if context.demo and context.exchange.phase is not Phase.REGULAR:
        raise ExchangeRefusal(Refusal.MARKET_CLOSED)
    row = context.exchange.amend(
        context.account, original.number, quantity=share_count(context, "ORD_QTY"), price=_price(context, division)
    )
    return _accepted(context, row, "amend")


def _accepted(context: Context, taken: ExchangeOrder, what: str) -> FaceAnswer:
    output = {
        "KRX_FWDG_ORD_ORGNO": BRANCH,
        "ODNO": order_number(taken.number),
        "ORD_TMD": time_text(taken.time),  # in Korea
    }
    # The demo's codes are known of Korean shares.
    code = DEMO_ACCEPTED[what] if context.demo else "APBK0013"
    return FaceAnswer(done(code, "주문 전송 완료 되었습니다.", output=output))


EXCHANGES = codes(*ORDERED, *ELSEWHERE)
_ORDER = (
    *ACCOUNT,
    Field("OVRS_EXCG_CD", 4, codes=EXCHANGES, gateway="IGW00017"),
    Field("PDNO", 12),
    Field("ORD_QTY", 10),
    Field("OVRS_ORD_UNPR", 32),
    Field("CTAC_TLNO", 20, required=False),
    Field("MGCO_APTM_ODNO", 12, required=False),
)
_CHANGE = (
    *ACCOUNT,
    Field("OVRS_EXCG_CD", 4, codes=EXCHANGES, gateway="IGW00017"),
    Field("PDNO", 12),
    Field("ORGN_ODNO", 10),
    Field("RVSE_CNCL_DVSN_CD", 2, codes=codes("01", "02")),
    Field("ORD_QTY", 10),
    Field("OVRS_ORD_UNPR", 32),
    Field("MGCO_APTM_ODNO", 12, required=False),
    Field("ORD_SVR_DVSN_CD", 1, required=False),
)
ORDER = Api(
    f"{TRADING}/order",
    (
        *_ORDER,
        Field("SLL_TYPE", 2, required=False),
        Field("ORD_SVR_DVSN_CD", 1),
        Field("ORD_DVSN", 2, required=False),
        Field("START_TIME", 6, required=False),
        Field("END_TIME", 6, required=False),
        Field("ALGO_ORD_TMD_DVSN_CD", 2, required=False),
    ),
    order,
)
CHANGE = Api(f"{TRADING}/order-rvsecncl", _CHANGE, change)
# Both blanks have to be there in the table of changes. In that of orders they need not, and a client in use leaves them
# out, though one report wants them there too.
DAYTIME_ORDER = Api(
    f"{TRADING}/daytime-order", (*_ORDER, Field("ORD_SVR_DVSN_CD", 1), Field("ORD_DVSN", 2)), daytime_order
)
_NEEDED = (Field("CTAC_TLNO", 20), Field("MGCO_APTM_ODNO", 12), Field("ORD_SVR_DVSN_CD", 1))
_NAMED = {field.name for field in _NEEDED}
DAYTIME_CHANGE = Api(
    f"{TRADING}/daytime-order-rvsecncl",
    (*(field for field in _CHANGE if field.name not in _NAMED), *_NEEDED),
    daytime_change,
)
