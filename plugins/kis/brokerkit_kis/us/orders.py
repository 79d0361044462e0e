"""Orders of US shares, cancellations and the lists of both; those of the daytime market have calls of their own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from pydantic import AliasChoices, Field

from brokerkit import clock
from brokerkit.errors import Unsupported
from brokerkit.market.us import day_of
from brokerkit.models import Order, OrderRequest
from brokerkit.replies import OrderReply
from brokerkit.transport import (
    Blankable,
    Codes,
    Day,
    DayOrNone,
    Effect,
    Endpoint,
    Number,
    OddRow,
    OrderNumber,
    RelatedNumber,
    Row,
    Text,
    TimeOfDay,
    Words,
    traded,
)
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from brokerkit_kis.us.spelling import EXCHANGE, symbol_of
from brokerkit_kis.wire.orders import OrderAnswer, SideCode
from brokerkit_kis.wire.types import Rows, WidelyPaged, block

TRADING = "/uapi/overseas-stock/v1/trading"
AMENDMENT, CANCELLATION = "01", "02"  # RVSE_CNCL_DVSN_CD 정정취소구분코드
BLANK = {"CTAC_TLNO": "", "MGCO_APTM_ODNO": ""}
"""연락전화번호, 운용사지정주문번호: calls of the daytime market want them, as blanks."""
REFUSED = "거부"
EXCHANGES = frozenset(EXCHANGE.values())


class _Listed(OrderReply):
    """What both lists of orders tell alike. The type of an order is in neither."""

    extra = OrderReply.extra | {"code", "limit", "original", "change", "state_words", "time", "exchange", "average"}

    branch: Words = Field("", alias="ord_gno_brno")  # 주문채번지점번호
    id: OrderNumber = Field(alias="odno")  # 주문번호
    original: RelatedNumber = Field("", alias="orgn_odno")  # 원주문번호
    side: SideCode = Field(alias="sll_buy_dvsn_cd")  # 매도매수구분코드
    code: Text = Field(alias="pdno")  # 상품번호
    name: Words = Field("", alias="prdt_name")  # 상품명
    quantity: Number = Field(alias="ft_ord_qty")  # FT주문수량
    limit: Blankable = Field(None, alias="ft_ord_unpr3")  # FT주문단가3
    filled_quantity: Number = Field(alias="ft_ccld_qty")  # FT체결수량
    average: Blankable = Field(None, alias="ft_ccld_unpr3")  # FT체결단가3
    filled_amount: Blankable = Field(None, alias="ft_ccld_amt3")  # FT체결금액3
    remaining_quantity: Number = Field(alias="nccs_qty")  # 미체결수량
    day: Day = Field(alias="ord_dt")  # 주문일자, of the exchange
    time: TimeOfDay = Field(None, alias="ord_tmd")  # 주문시각, in Korea
    change: Words = Field("", validation_alias=AliasChoices("rvse_cncl_dvsn", "rvse_cncl_dvsn_cd"))  # 정정취소구분
    state_words: Words = Field("", alias="prcs_stat_name")  # 처리상태명: 완료, 거부, 전송; cancelled ones stay 전송
    exchange: Words = Field("", alias="ovrs_excg_cd")  # 해외거래소코드

    @property
    def symbol(self) -> str:
        return symbol_of(self.code)

    @property
    def price(self) -> Decimal | None:
        return traded(self.limit)

    @property
    def average_fill_price(self) -> Decimal | None:
        return traded(self.average)

    @property
    def original_id(self) -> str | None:
        return self.original if self.original.strip("0") else None

    @property
    def clock(self) -> dt.datetime | None:
        """The moment of it: the Korean clock of a day in New York passes midnight."""
        return None if self.time is None else moment_of(self.day, self.time)

    @property
    def venue(self) -> Venue:
        return Venue.US

    @property
    def is_cancellation(self) -> bool:
        """Say whether this row cancels another order and is none itself."""
        return self.change == CANCELLATION

    @property
    def is_refused(self) -> bool:
        """Say whether it was refused: then it has changed nothing."""
        return REFUSED in self.state_words

    @property
    def is_rejected(self) -> bool:
        return self.is_refused and not self.filled_quantity


def moment_of(day: dt.date, time: dt.time) -> dt.datetime:
    """Return the moment of a Korean time in a trading day of New York, which begins in the morning in Korea."""
    moment = dt.datetime.combine(day, time, clock.KST)
    return moment if day_of(moment) >= day else moment + dt.timedelta(days=1)


class OrderRow(_Listed):
    """해외주식 주문체결내역 (TTTS3035R) -> Order."""

    extra = _Listed.extra | {"korean_day"}

    korean_day: DayOrNone = Field(None, alias="dmst_ord_dt")  # 국내주문일자

    @property
    def clock(self) -> dt.datetime | None:
        if self.time is None or self.korean_day is None:
            return super().clock
        return dt.datetime.combine(self.korean_day, self.time, clock.KST)


class OrdersAnswer(WidelyPaged):
    """해외주식 주문체결내역 (TTTS3035R): a page of rows; where there are none, one that is blank."""

    rows: Rows[Row[OrderRow]] = block("output")


class OpenOrderRow(_Listed):
    """해외주식 미체결내역 (TTTS3018R) -> a working Order."""


class OpenOrdersAnswer(WidelyPaged):
    """해외주식 미체결내역 (TTTS3018R): a page of rows."""

    rows: Rows[Row[OpenOrderRow]] = block("output")


def is_of_us(row: _Listed | OddRow) -> bool:
    """Say whether a row is one of an order in the US: not of another country, and not blank in place of none at all."""
    if not isinstance(row, OddRow):
        return row.exchange in EXCHANGES or not row.exchange
    told, exchange = row.values, str(row.values.get("ovrs_excg_cd") or "").strip()
    is_blank = not any(str(told.get(name) or "").strip("0 ") for name in ("odno", "pdno", "ft_ord_qty"))
    return not is_blank and (exchange in EXCHANGES or not exchange)


def may_stand(row: _Listed | OddRow) -> bool:
    """Say whether something is left of the order of a row."""
    return isinstance(row, OddRow) or bool(row.remaining_quantity and not row.is_cancellation and not row.is_refused)


def _sending(path: str, real: str, demo: str | None = None) -> Endpoint[OrderAnswer]:
    ids = {"real": real} if demo is None else {"real": real, "demo": demo}
    return Endpoint(ids, f"{TRADING}/{path}", OrderAnswer, "POST", Effect.ORDER)


ORDER = {
    Venue.US: {
        Side.BUY: _sending("order", "TTTT1002U", "VTTT1002U"),
        Side.SELL: _sending("order", "TTTT1006U", "VTTT1001U"),  # not the id that the others would lead one to expect
    },
    Venue.DAYTIME: {
        Side.BUY: _sending("daytime-order", "TTTS6036U"),
        Side.SELL: _sending("daytime-order", "TTTS6037U"),
    },
}
AMEND_CANCEL = {
    Venue.US: _sending("order-rvsecncl", "TTTT1004U", "VTTT1004U"),
    Venue.DAYTIME: _sending("daytime-order-rvsecncl", "TTTS6038U"),
}
DAY_ORDERS = Endpoint({"real": "TTTS3035R", "demo": "VTTS3035R"}, f"{TRADING}/inquire-ccnl", OrdersAnswer)
OPEN_ORDERS = Endpoint({"real": "TTTS3018R"}, f"{TRADING}/inquire-nccs", OpenOrdersAnswer)

_DAY = TimeInForce.DAY
_LIMIT = (OrderType.LIMIT, _DAY)
ORDER_TYPE = Codes(
    "an order type for US shares at KIS",
    {
        _LIMIT: "00",
        (OrderType.MARKET_ON_OPEN, _DAY): "31",
        (OrderType.LIMIT_ON_OPEN, _DAY): "32",
        (OrderType.MARKET_ON_CLOSE, _DAY): "33",
        (OrderType.LIMIT_ON_CLOSE, _DAY): "34",
        (OrderType.TWAP_LIMIT, _DAY): "35",
        (OrderType.VWAP_LIMIT, _DAY): "36",
    },
)  # ORD_DVSN 주문구분; there is no market order
ORDER_TYPE_BACK = {code: words for words, code in ORDER_TYPE.items()}
DEMO_TYPES = (_LIMIT,)
SPLIT = frozenset({OrderType.TWAP_LIMIT, OrderType.VWAP_LIMIT})
UNTIL_CLOSE = "02"  # ALGO_ORD_TMD_DVSN_CD 알고리즘주문시간구분코드: 정규장 종료시까지
OLDEST_FIRST, NEWEST_FIRST = "DS", "AS"  # SORT_SQN 정렬순서, elsewhere at KIS the other way round
ANY = {"real": "%", "demo": ""}
"""PDNO of the list of all orders."""


def check_amendable(order: Order) -> None:
    """Raise Unsupported for an order that is split over the session."""
    if order.type in SPLIT:
        words = f"KIS does not amend {order.type} orders."
        raise Unsupported(words, advice="Nothing was sent. Use cancel(order) and send a new order.")


def fields_of(request: OrderRequest) -> dict[str, str]:
    """Return what some orders name besides: sales, those that are split over the session, and those of daytime."""
    if request.venue is Venue.DAYTIME:
        return BLANK
    sale = {"SLL_TYPE": "00"} if request.side is Side.SELL else {}
    return {**sale, **({"ALGO_ORD_TMD_DVSN_CD": UNTIL_CLOSE} if request.type in SPLIT else {})}
