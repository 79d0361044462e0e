"""Reserved orders of US shares: kept before the opening in New York, listed, taken back, and sent when it comes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED, OrderRequest
from brokerkit.sandbox.exchange import ExchangeRefusal, Refusal
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import OrderType, Side, Venue
from brokerkit_kis.sandbox import elsewhere
from brokerkit_kis.sandbox.fields import (
    ACCOUNT,
    INTEGER,
    Api,
    Context,
    Field,
    codes,
    date_field,
    share_count,
    share_price,
    wrong_code,
    wrong_field,
)
from brokerkit_kis.sandbox.orders import REAL_REFUSALS, refused
from brokerkit_kis.sandbox.reserved import WIDE_KEYS, paged_widely
from brokerkit_kis.sandbox.shelf import Kept
from brokerkit_kis.sandbox.us_orders import EXCHANGES
from brokerkit_kis.sandbox.us_symbols import CENT, ORDERED, TRADING, among, code_of, korean, listed, place_of
from brokerkit_kis.sandbox.wording import (
    Refused,
    day_text,
    done,
    fixed,
    order_number,
    time_text,
    whole,
)

SIDES = {
    **dict.fromkeys(("TTTT3014U", "VTTT3014U"), Side.BUY),
    **dict.fromkeys(("TTTT3016U", "VTTT3016U"), Side.SELL),
}
TYPES = {
    "00": OrderType.LIMIT,
    "31": OrderType.MARKET_ON_OPEN,
    "35": OrderType.TWAP_LIMIT,
    "36": OrderType.VWAP_LIMIT,
}
SPLIT = {OrderType.TWAP_LIMIT: "TWAP지정가", OrderType.VWAP_LIMIT: "VWAP지정가"}
SIDE_CODES = {Side.SELL: ("01", "매도"), Side.BUY: ("02", "매수")}
OF_US = "TTTT3039R"
"""The id of the list; that of other countries is another one."""
FIRST_NUMBER = 30_140_001


def reserve(context: Context) -> FaceAnswer:
    """Answer order-resv. Neither cash nor shares are looked at."""
    if context.tr_id not in SIDES:
        return elsewhere.reserve(context)
    if context.text("RVSE_CNCL_DVSN_CD") not in ("", "00"):
        raise wrong_code("RVSE_CNCL_DVSN_CD")  # a call of its own cancels here
    if context.exchange.phase is Phase.REGULAR:  # they are taken until shortly before it begins
        raise Refused("KIER3672", "예약주문 가능시간이 아닙니다", result="7")
    kept = Kept(
        number=context.memory.reserved.next_number(FIRST_NUMBER),
        request=_request(context),
        code=context.text("ORD_DVSN") or "00",
        received=korean(context.exchange.now()),
        day=context.exchange.today,
    )
    context.memory.reserved.keep(kept, context.exchange, context.account)
    return FaceAnswer(done("APBK0013", "주문 전송 완료", output={"ODNO": order_number(kept.number)}))


def _request(context: Context) -> OrderRequest:
    code, side = context.text("ORD_DVSN") or "00", SIDES[context.tr_id]
    if context.demo and code != "00":
        raise Refused("40650000", "모의투자에서는 지정가만 가능합니다")
    type_ = TYPES[code]
    if type_ is OrderType.MARKET_ON_OPEN and side is Side.BUY:
        raise Refused("APBK0963", "주문구분 입력오류", result="7")
    quantity, price = share_count(context, "FT_ORD_QTY"), share_price(context, "FT_ORD_UNPR3")
    if type_ in PRICED and price < CENT:
        raise Refused("APBK1507", "주문단가가 $0.01 미만입니다", result="7")
    if type_ not in PRICED and price:
        raise wrong_field("FT_ORD_UNPR3")
    found = listed(context.exchange, context.text("PDNO"), ORDERED.get(context.text("OVRS_EXCG_CD")))
    if found is None:
        raise refused(context, ExchangeRefusal(Refusal.UNKNOWN_SYMBOL))
    return OrderRequest(
        symbol=found.symbol,
        side=side,
        quantity=quantity,
        type=type_,
        price=price if type_ in PRICED else None,
        venue=Venue.US,
    )


def cancel(context: Context) -> FaceAnswer:
    """Answer order-resv-ccnl. Which of the two spellings of the day counts is not told: either does."""
    number = context.text("OVRS_RSVN_ODNO")
    known = number.isascii() and INTEGER.fullmatch(number)
    kept = context.memory.reserved.kept.get(int(number)) if known else None
    days = {context.text(name) for name in ("RSYN_ORD_RCIT_DT", "RSVN_ORD_RCIT_DT")} - {""}
    if not days:
        raise wrong_field("RSYN_ORD_RCIT_DT")
    if kept is None or days != {day_text(kept.day)}:
        raise refused(context, ExchangeRefusal(Refusal.UNKNOWN_ORDER))
    if not kept.waits:
        raise refused(context, ExchangeRefusal(Refusal.NOTHING_TO_CANCEL))
    kept.canceled = context.exchange.now()
    return FaceAnswer(done("APBK1711", "취소 접수", output={"OVRS_RSVN_ODNO": order_number(kept.number)}))


def listing(context: Context) -> FaceAnswer:
    """Answer order-resv-list."""
    start, end = date_field(context, "INQR_STRT_DT"), date_field(context, "INQR_END_DT")
    if context.tr_id != OF_US:
        return paged_widely(context, list(elsewhere.reserved(context, start, end)))
    places = among(context.text("OVRS_EXCG_CD"))
    found = [
        kept
        for kept in context.memory.reserved.kept.values()
        if start <= kept.day <= end and context.exchange.instruments[kept.request.symbol].market in places
    ]
    return paged_widely(context, [(order_number(kept.number), _row(context, kept)) for kept in found])


def _row(context: Context, kept: Kept) -> Mapping[str, object]:
    request = kept.request
    instrument = context.exchange.instruments[request.symbol]
    place, (side, words) = place_of(instrument), SIDE_CODES[request.side]
    order = kept.order_of(context.exchange, context.account)
    # One of these codes is known.
    state, name = ("01", "접수") if kept.waits else ("02", "처리")
    return {
        "cncl_yn": "Y" if kept.canceled else "N",
        # In the hours in which they are taken the day is the same in Korea and New York.
        "rsvn_ord_rcit_dt": day_text(kept.day),
        "ovrs_rsvn_odno": order_number(kept.number),
        "ord_dt": day_text(order.day) if order else "",
        "ord_gno_brno": "",
        "odno": order_number(order.number) if order else "",
        "sll_buy_dvsn_cd": side,
        "sll_buy_dvsn_cd_name": f"{SPLIT.get(request.type, '')}{words}",
        "ovrs_rsvn_ord_stat_cd": state,
        "ovrs_rsvn_ord_stat_cd_name": name,
        "pdno": code_of(request.symbol),
        "prdt_type_cd": place.product,
        "prdt_name": instrument.name,
        "ord_rcit_tmd": time_text(kept.received),
        "ord_fwdg_tmd": time_text(korean(order.time)) if order else "",
        "tr_dvsn_name": name,
        "ovrs_excg_cd": place.ordered,
        "tr_mket_name": place.name,
        "ord_stfno": "",
        "ft_ord_qty": whole(request.quantity),
        "ft_ord_unpr3": fixed(request.price or Decimal(0), 8),
        "ft_ccld_qty": whole(order.filled) if order else "0",
        "ft_ccld_unpr3": fixed((order.average_price if order else None) or Decimal(0), 8),
        "nprc_rson_text": REAL_REFUSALS[kept.refusal][2] if kept.refusal else "",
        "splt_buy_attr_name": "",
    }


RESERVE = Api(
    f"{TRADING}/order-resv",
    (
        *ACCOUNT,
        Field("SLL_BUY_DVSN_CD", 2, required=False),
        Field("RVSE_CNCL_DVSN_CD", 2, required=False, codes=codes("00", "02")),
        Field("PDNO", 12),
        Field("PRDT_TYPE_CD", 3, required=False),
        Field("OVRS_EXCG_CD", 4, codes=EXCHANGES, gateway="IGW00017"),
        Field("FT_ORD_QTY", 10),
        Field("FT_ORD_UNPR3", 27),
        Field("ORD_SVR_DVSN_CD", 1, required=False),
        Field("RSVN_ORD_RCIT_DT", 8, required=False),
        Field("ORD_DVSN", 20, required=False, codes=frozenset(TYPES), gateway="IGW00019"),
        Field("OVRS_RSVN_ODNO", 10, required=False),
        Field("ALGO_ORD_TMD_DVSN_CD", 2, required=False),
    ),
    reserve,
)
CANCEL = Api(
    f"{TRADING}/order-resv-ccnl",
    (
        *ACCOUNT,
        Field("RSYN_ORD_RCIT_DT", 8, required=False),
        Field("RSVN_ORD_RCIT_DT", 8, required=False),
        Field("OVRS_RSVN_ODNO", 10),
    ),
    cancel,
)
LIST = Api(
    f"{TRADING}/order-resv-list",
    (
        *ACCOUNT,
        Field("INQR_STRT_DT", 8),
        Field("INQR_END_DT", 8),
        Field("INQR_DVSN_CD", 2, codes=codes("00", "01", "02")),
        Field("PRDT_TYPE_CD", 3),
        Field("OVRS_EXCG_CD", 4, codes=codes("", *EXCHANGES)),
        *WIDE_KEYS,
    ),
    listing,
)
