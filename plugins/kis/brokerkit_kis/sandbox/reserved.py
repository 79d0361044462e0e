"""Reserved orders of Korean shares: kept, listed, changed, and sent to the exchange when their phase begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from brokerkit.market.ticks import is_on_tick
from brokerkit.models import PRICED, OrderRequest
from brokerkit.sandbox.exchange import ExchangeRefusal, Refusal
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.placement import is_whole
from brokerkit.words import OrderType, Side, Venue
from brokerkit_kis.sandbox.fields import ACCOUNT, INTEGER, Api, Context, Field, codes, date_field, spelled, wrong_field
from brokerkit_kis.sandbox.orders import REAL_REFUSALS, amount, refused
from brokerkit_kis.sandbox.shelf import CASH, Kept
from brokerkit_kis.sandbox.wording import ACCOUNT_MESSAGE_BYTES, day_text, done, order_number, padded, time_text, whole

TRADING = "/uapi/domestic-stock/v1/trading"
AMEND = "CTSC0013U"
SIDES = {"01": Side.SELL, "02": Side.BUY}
SIDE_CODES = {side: code for code, side in SIDES.items()}
SIDE_NAMES = {Side.SELL: "매도", Side.BUY: "매수"}
TYPES = {
    "00": OrderType.LIMIT,
    "01": OrderType.MARKET,
    "02": OrderType.LIMIT_TO_MARKET_ON_CLOSE,
    "05": OrderType.PRE_OPEN_CLOSING_PRICE,
}
PAGE = 20
KEY_WIDTH = 200
FIRST_NUMBER = 40_001


def reserve(context: Context) -> FaceAnswer:
    """Answer order-resv. Neither cash nor shares are looked at; hours are told of foreign shares alone."""
    kept = keep(context, _terms(context), context.text("ORD_OBJT_CBLC_DVSN_CD"))
    return FaceAnswer(done("APBK2938", "예약 접수", output={"RSVN_ORD_SEQ": str(kept.number)}))


def keep(context: Context, terms: tuple[OrderRequest, str], balance: str) -> Kept:
    """Keep a reserved order: loans are not played, so that one with a loan is sent as all others are."""
    shelf, exchange = context.memory.reserved, context.exchange
    request, code = terms
    kept = Kept(
        number=shelf.next_number(FIRST_NUMBER),
        request=request,
        code=code,
        received=exchange.now(),
        day=exchange.today,  # the one day that is played
        until=date_field(context, "RSVN_ORD_END_DT") if context.text("RSVN_ORD_END_DT") else None,
        balance=balance,
        loan=context.text("LOAN_DT"),
    )
    shelf.keep(kept, exchange, context.account)
    return kept


def change(context: Context) -> FaceAnswer:
    """Answer order-resv-rvsecncl: the id tells an amendment from a cancellation."""
    kept = _named(context)
    if context.tr_id == AMEND:
        kept.request, kept.code = _terms(context)
        kept.balance, kept.loan = context.text("ORD_OBJT_CBLC_DVSN_CD"), context.text("LOAN_DT")
        kept.until = date_field(context, "RSVN_ORD_END_DT") if context.text("RSVN_ORD_END_DT") else None
    else:
        kept.canceled = context.exchange.now()
    return FaceAnswer(done("KIOK0430", "처리 완료", output={"NRML_PRCS_YN": "Y"}))


def _named(context: Context) -> Kept:
    """Return the reserved order that a change names. With which codes it is refused is told of orders alone."""
    number, day = context.text("RSVN_ORD_SEQ"), context.text("RSVN_ORD_ORD_DT")
    known = number.isascii() and INTEGER.fullmatch(number)
    kept = context.memory.reserved.kept.get(int(number)) if known else None
    if kept is None or day not in ("", day_text(kept.day)):
        raise refused(context, ExchangeRefusal(Refusal.UNKNOWN_ORDER))
    if not kept.waits:
        raise refused(context, ExchangeRefusal(Refusal.NOTHING_TO_CANCEL))
    return kept


def _terms(context: Context) -> tuple[OrderRequest, str]:
    """Return the order that the fields describe; of its price the step alone is judged, for limits are of a day."""
    for name in ("PDNO", "ORD_QTY", "ORD_UNPR", "SLL_BUY_DVSN_CD", "ORD_DVSN_CD", "ORD_OBJT_CBLC_DVSN_CD"):
        if not context.text(name):
            raise wrong_field(name)
    return request_of(context, SIDES[context.text("SLL_BUY_DVSN_CD")], context.text("ORD_DVSN_CD"))


def request_of(context: Context, side: Side, code: str) -> tuple[OrderRequest, str]:
    """Return the order of a side and the code of its type."""
    type_ = TYPES[code]
    price = amount(context, "ORD_UNPR") if type_ in PRICED else None
    quantity = amount(context, "ORD_QTY")
    try:
        instrument = context.instrument("PDNO")
        if instrument is None:
            raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
        if not is_whole(quantity):
            raise ExchangeRefusal(Refusal.QUANTITY)
        if price is not None and not is_on_tick(price, instrument.kind):
            raise ExchangeRefusal(Refusal.PRICE_STEP)
    except ExchangeRefusal as refusal:
        raise refused(context, refusal) from None
    request = OrderRequest(
        symbol=instrument.symbol, side=side, quantity=quantity, type=type_, price=price, venue=Venue.KRX
    )
    return request, code


def listing(context: Context) -> FaceAnswer:
    """Answer order-resv-ccnl. Whether its days are those of taking or of sending is not told: either will do."""
    start, end = date_field(context, "RSVN_ORD_ORD_DT"), date_field(context, "RSVN_ORD_END_DT")
    found = [
        kept
        for kept in context.memory.reserved.kept.values()
        if any(start <= day <= end for day in (kept.received.date(), kept.day)) and _is_wanted(context, kept)
    ]
    return paged_widely(context, [(str(kept.number), _row(context, kept)) for kept in found])


def _is_wanted(context: Context, kept: Kept) -> bool:
    waiting = {"0": (True, False), "1": (False,), "2": (True,)}[context.text("PRCS_DVSN_CD")]
    side, number, code = (context.text(name) for name in ("SLL_BUY_DVSN_CD", "RSVN_ORD_SEQ", "PDNO"))
    return (
        kept.waits in waiting
        and (context.text("CNCL_YN") == "Y" or kept.canceled is None)
        and side in ("", "00", SIDE_CODES[kept.request.side])
        and number in ("", str(kept.number))
        and code in ("", spelled(kept.request.symbol))
    )


def _row(context: Context, kept: Kept) -> Mapping[str, object]:
    request, canceled = kept.request, kept.canceled
    order = kept.order_of(context.exchange, context.account)
    return {
        "rsvn_ord_seq": str(kept.number),
        "rsvn_ord_ord_dt": day_text(kept.day),
        "rsvn_ord_rcit_dt": day_text(kept.received.date()),
        "pdno": spelled(request.symbol),
        "ord_dvsn_cd": kept.code,
        "ord_rsvn_qty": whole(request.quantity),
        "tot_ccld_qty": whole(order.filled) if order else "0",
        "cncl_ord_dt": day_text(canceled.date()) if canceled else "",
        "ord_tmd": time_text(order.time) if order else "",
        "ctac_tlno": "",
        "rjct_rson2": REAL_REFUSALS[kept.refusal][2] if kept.refusal else "",
        "odno": order_number(order.number) if order else "",
        "rsvn_ord_rcit_tmd": time_text(kept.received),
        "kor_item_shtn_name": context.exchange.instruments[request.symbol].name,
        "sll_buy_dvsn_cd": SIDE_CODES[request.side],
        "ord_rsvn_unpr": whole(request.price or Decimal(0)),
        "tot_ccld_amt": whole(order.amount) if order else "0",
        "loan_dt": kept.loan,
        "cncl_rcit_tmd": time_text(canceled) if canceled else "",
        # One of these words is known.
        "prcs_rslt": "미처리" if kept.waits else "거부" if kept.refusal else "취소" if canceled else "처리",
        "ord_dvsn_name": f"{'현금' if kept.balance == CASH else '신용'}{SIDE_NAMES[request.side]}",
        "tmnl_mdia_kind_cd": "31",
        "rsvn_end_dt": day_text(kept.until) if kept.until else "",
    }


def paged_widely(context: Context, rows: Sequence[tuple[str, Mapping[str, object]]]) -> FaceAnswer:
    """Answer one page of rows with their keys, between keys of 200 characters."""
    further = context.tr_cont == "N"
    after = context.text("CTX_AREA_NK200") if further else ""
    keys = [key for key, _ in rows]
    if after and after not in keys:
        raise wrong_field("CTX_AREA_NK200")
    start = keys.index(after) + 1 if after else 0
    page, more = rows[start : start + PAGE], start + PAGE < len(rows)
    code = "KIOK0500" if more else "KIOK0460" if page else "KIOK0560"
    body = {
        "ctx_area_fk200": f"{context.text('CANO')}^".ljust(KEY_WIDTH),
        "ctx_area_nk200": (page[-1][0] if more else "").ljust(KEY_WIDTH),
        "output": [row for _, row in page],
    }
    mark = ("M" if further else "F") if more else ("D" if further else "E")
    return FaceAnswer(done(code, padded("조회 완료", ACCOUNT_MESSAGE_BYTES), **body), {"tr_cont": mark})


WIDE_KEYS = (Field("CTX_AREA_FK200", KEY_WIDTH), Field("CTX_AREA_NK200", KEY_WIDTH))


def _terms_fields(*, required: bool) -> tuple[Field, ...]:
    return (
        Field("PDNO", 12, required),
        Field("ORD_QTY", 10, required),
        Field("ORD_UNPR", 19, required),
        Field("SLL_BUY_DVSN_CD", 2, required, codes=frozenset(SIDES)),
        Field("ORD_DVSN_CD", 2, required, codes=frozenset(TYPES), gateway="IGW00019"),
        Field("ORD_OBJT_CBLC_DVSN_CD", 2, required),
        Field("LOAN_DT", 8, required=False),
        Field("RSVN_ORD_END_DT", 8, required=False),
    )


# A cancellation of the official sample has none of the terms.
CHANGE_FIELDS = (
    *ACCOUNT,
    *_terms_fields(required=False),
    Field("CTAL_TLNO", 20, required=False),
    Field("RSVN_ORD_SEQ", 10),
    Field("RSVN_ORD_ORGNO", 5, required=False),
    Field("RSVN_ORD_ORD_DT", 8, required=False),
)
LIST_FIELDS = (
    Field("RSVN_ORD_ORD_DT", 8),
    Field("RSVN_ORD_END_DT", 8),
    Field("RSVN_ORD_SEQ", 10),
    Field("TMNL_MDIA_KIND_CD", 2),
    *ACCOUNT,
    Field("PRCS_DVSN_CD", 2, codes=codes("0", "1", "2")),
    Field("CNCL_YN", 1, codes=codes("Y", "N")),
    Field("PDNO", 12),
    Field("SLL_BUY_DVSN_CD", 2),
    *WIDE_KEYS,
)
RESERVE = Api(
    f"{TRADING}/order-resv",
    (*ACCOUNT, *_terms_fields(required=True), Field("LDNG_DT", 8, required=False)),
    reserve,
)
CHANGE = Api(f"{TRADING}/order-resv-rvsecncl", CHANGE_FIELDS, change)
LIST = Api(f"{TRADING}/order-resv-ccnl", LIST_FIELDS, listing)
