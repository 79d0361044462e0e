"""Every call of the broker with its fields: our name, type and theirs."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, create_model

from brokerkit.models import Balance, BuyingPower, Level, OrderBook, Quote
from brokerkit.replies import OrderReply, PositionReply, levels, limit_of
from brokerkit.transport import (
    Block,
    Codes,
    Day,
    Effect,
    EitherBlankable,
    EitherNumber,
    EitherOrderNumber,
    EitherRelatedNumber,
    EitherZeroIsNone,
    Endpoint,
    Paging,
    Reply,
    Row,
    Text,
    TimeOfDay,
    Words,
)
from brokerkit.words import OrderType, Side, TimeInForce, Venue

R = TypeVar("R", bound=Block)


def _call(name: str, path: str, reply: type[R], effect: Effect = Effect.READ) -> Endpoint[R]:
    return Endpoint({"real": name, "demo": name}, path, reply, "POST", effect)


def _code(text: object) -> object:
    """Read A005930 or 005930: some lists write the kind of the security in front."""
    return text.strip()[-6:] if isinstance(text, str) else text


def _time(text: object) -> object:
    """Read HHMMSS, whatever stands behind it."""
    return text[:6] if isinstance(text, str) else None


Symbol = Annotated[str, BeforeValidator(_code)]
Time = Annotated[TimeOfDay, BeforeValidator(_time)]
"""A price; 0 where there is none."""

# Prices


class QuoteBlock(Reply[Quote]):
    """주식현재가 (t1102) -> Quote. `value` is in million won, and so not told."""

    extra = frozenset({"sign", "moved"})

    symbol: Symbol = Field(alias="shcode")  # 단축코드
    name: Words = Field("", alias="hname")  # 한글명
    price: EitherZeroIsNone = Field(alias="price")  # 현재가
    sign: Text = Field(alias="sign")  # 전일대비구분: 4 and 5 are falls
    moved: EitherNumber = Field(alias="change")  # 전일대비, with or without its minus
    change_percent: EitherBlankable = Field(None, alias="diff")  # 등락율
    previous_close: EitherZeroIsNone = Field(None, alias="recprice")  # 기준가
    open: EitherZeroIsNone = None  # 시가
    high: EitherZeroIsNone = None  # 고가
    low: EitherZeroIsNone = None  # 저가
    volume: EitherBlankable = None  # 누적거래량
    upper_limit: EitherZeroIsNone = Field(None, alias="uplmtprice")  # 상한가
    lower_limit: EitherZeroIsNone = Field(None, alias="dnlmtprice")  # 하한가

    @property
    def change(self) -> Decimal:
        return -abs(self.moved) if self.sign in ("4", "5") else abs(self.moved)


class QuoteAnswer(Block):
    """주식현재가 (t1102)."""

    block: QuoteBlock = Field(alias="t1102OutBlock")


LEVELS = range(1, 11)
_WIRE = {"ask_price": "offerho", "bid_price": "bidho", "ask_quantity": "offerrem", "bid_quantity": "bidrem"}
_Levels = create_model(
    "_Levels",
    __base__=Block,
    **{
        f"{ours}_{n}": (EitherBlankable, Field(None, alias=f"{wire}{n}"))
        for ours, wire in _WIRE.items()
        for n in LEVELS
    },
)


class BookBlock(_Levels, Reply[OrderBook]):
    """주식호가 (t1101) -> OrderBook."""

    extra = frozenset(_Levels.model_fields) | {"clock"}

    symbol: Symbol = Field(alias="shcode")  # 단축코드
    clock: Time = Field(None, alias="hotime")  # 수신시간

    @property
    def asks(self) -> tuple[Level, ...]:
        return self._side("ask")

    @property
    def bids(self) -> tuple[Level, ...]:
        return self._side("bid")

    def _side(self, side: str) -> tuple[Level, ...]:
        pairs = [(getattr(self, f"{side}_price_{n}"), getattr(self, f"{side}_quantity_{n}")) for n in LEVELS]
        return levels(pairs)


class BookAnswer(Block):
    """주식호가 (t1101)."""

    block: BookBlock = Field(alias="t1101OutBlock")


class FlowRow(Block):
    """외인기관종목별동향 (t1702): one day, shares or million won as asked."""

    date: Day
    close: EitherBlankable = None
    individual: EitherNumber = Field(alias="tjj0008")  # 개인
    foreign: EitherNumber = Field(alias="tjj0016")  # 외국인
    institution: EitherNumber = Field(alias="tjj0018")  # 기관
    financial_investment: EitherNumber = Field(alias="tjj0001")  # 증권
    insurance: EitherNumber = Field(alias="tjj0002")  # 보험
    investment_trust: EitherNumber = Field(alias="tjj0003")  # 투신
    bank: EitherNumber = Field(alias="tjj0004")  # 은행
    other_finance: EitherNumber = Field(alias="tjj0005")  # 종금
    pension: EitherNumber = Field(alias="tjj0006")  # 기금
    private_fund: EitherNumber = Field(alias="tjj0000")  # 사모펀드
    government: EitherNumber = Field(alias="tjj0011")  # 국가
    other_corporation: EitherNumber = Field(alias="tjj0007")  # 기타법인


class FlowAnswer(Block):
    """외인기관종목별동향 (t1702)."""

    rows: tuple[FlowRow, ...] = Field((), alias="t1702OutBlock1")


KINDS = tuple(name for name in FlowRow.model_fields if name not in ("date", "close"))
TRADE = {"net": "0", "buy": "1", "sell": "2"}  # msmdgb
UNIT = {"quantity": "1", "amount": "0"}  # volvalgb
MILLION = Decimal(1_000_000)

# Orders


class Accepted(Block):
    """What an order got: its number."""

    number: EitherOrderNumber = Field(alias="OrdNo")  # 주문번호
    clock: Time = Field(None, alias="OrdTime")  # 주문시각


class OrderAnswer(Block):
    """현물주문 (CSPAT00601)."""

    block: Accepted = Field(alias="CSPAT00601OutBlock2")


class AmendAnswer(Block):
    """현물정정주문 (CSPAT00701)."""

    block: Accepted = Field(alias="CSPAT00701OutBlock2")


class CancelAnswer(Block):
    """현물취소주문 (CSPAT00801)."""

    block: Accepted = Field(alias="CSPAT00801OutBlock2")


SIDE = Codes("a side", {Side.SELL: "1", Side.BUY: "2"})  # BnsTpCode 매매구분
_SIDE_BACK = {code: side for side, code in SIDE.items()} | {"매도": Side.SELL, "매수": Side.BUY}
SideOf = Annotated[Side, BeforeValidator(_SIDE_BACK.get)]
TYPE = Codes(
    "an order type",
    {OrderType.LIMIT: "00", OrderType.MARKET: "03", OrderType.BEST_OPPOSITE: "06", OrderType.BEST_SAME_SIDE: "07"},
)  # OrdprcPtnCode 호가유형
CONDITION = Codes("a time in force", {TimeInForce.DAY: "0", TimeInForce.IOC: "1", TimeInForce.FOK: "2"})
VENUE = Codes("a venue for orders", {Venue.KRX: "KRX"})  # MbrNo 회원번호
ORDER_TYPES = (
    *((kind, time) for kind in (OrderType.LIMIT, OrderType.MARKET) for time in CONDITION),
    (OrderType.BEST_OPPOSITE, TimeInForce.DAY),
    (OrderType.BEST_SAME_SIDE, TimeInForce.DAY),
)
_TYPE_BACK = {code: kind for kind, code in TYPE.items()}
_CONDITION_BACK = {code: time for time, code in CONDITION.items()}


class OpenRow(OrderReply):
    """체결/미체결 (t0425) -> a working Order."""

    extra = OrderReply.extra | {"original", "average", "type_code"}

    id: EitherOrderNumber = Field(alias="ordno")  # 주문번호
    original: EitherRelatedNumber = Field("", alias="orgordno")  # 원주문번호
    symbol: Symbol = Field(alias="expcode")  # 종목번호
    side: SideOf = Field(alias="medosu")  # 구분
    quantity: EitherNumber = Field(alias="qty")  # 주문수량
    price: EitherZeroIsNone = None  # 주문가격
    filled_quantity: EitherNumber = Field(alias="cheqty")  # 체결수량
    average: EitherZeroIsNone = Field(None, alias="cheprice")  # 체결가격
    remaining_quantity: EitherNumber = Field(alias="ordrem")  # 미체결잔량
    clock: Time = Field(None, alias="ordtime")  # 주문시간
    type_code: Text = Field("", alias="hogagb")  # 호가유형

    @property
    def type(self) -> OrderType | None:
        return _TYPE_BACK.get(self.type_code)

    @property
    def original_id(self) -> str | None:
        return self.original if self.original.strip("0") else None

    @property
    def average_fill_price(self) -> Decimal | None:
        return self.average


class OpenAnswer(Block):
    """체결/미체결 (t0425): a page. Its cursor may never go blank, and then repeats."""

    paging = Paging(
        mark="tr_cont",
        end=None,
        key="tr_cont_key",
        sends={"tr_cont": "Y"},
        keys={"head.cursor": "t0425InBlock.cts_ordno"},
        cursor_ends=True,
    )

    class Head(Block):
        """What the page tells of the next one."""

        cursor: Text = Field("", alias="cts_ordno")

    head: Head = Field(Head(), alias="t0425OutBlock")
    rows: tuple[Row[OpenRow], ...] = Field((), alias="t0425OutBlock1")


AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)


class DayRow(OrderReply):
    """주문체결내역 (CSPAQ13700) -> Order."""

    extra = OrderReply.extra | {"original", "change", "limit", "type_code", "condition", "venue_code", "average"}

    id: EitherOrderNumber = Field(alias="OrdNo")  # 주문번호
    original: EitherRelatedNumber = Field("", alias="OrgOrdNo")  # 원주문번호
    day: Day = Field(alias="OrdDt")  # 주문일
    symbol: Symbol = Field(alias="IsuNo")  # 종목번호
    name: Words = Field("", alias="IsuNm")  # 종목명
    side: SideOf = Field(alias="BnsTpCode")  # 매매구분
    change: Text = Field("", alias="MrcTpNm")  # 정정취소구분명
    quantity: EitherNumber = Field(alias="OrdQty")  # 주문수량
    limit: EitherZeroIsNone = Field(None, alias="OrdPrc")  # 주문가격
    filled_quantity: EitherNumber = Field(alias="ExecQty")  # 체결수량
    average: EitherZeroIsNone = Field(None, alias="ExecPrc")  # 체결가
    remaining_quantity: EitherNumber = Field(alias="MrcAbleQty")  # 정정취소가능수량
    type_code: Text = Field("", alias="OrdprcPtnCode")  # 호가유형코드
    condition: Text = Field("", alias="OrdCndiTpCode")  # 주문조건구분코드
    venue_code: Text = Field("", alias="MbrNo")  # 회원번호
    clock: Time = Field(None, alias="OrdTime")  # 주문시각

    @property
    def type(self) -> OrderType | None:
        return _TYPE_BACK.get(self.type_code)

    @property
    def time_in_force(self) -> TimeInForce | None:
        return _CONDITION_BACK.get(self.condition)

    @property
    def price(self) -> Decimal | None:
        return limit_of(self.type, self.limit)

    @property
    def venue(self) -> Venue | None:
        return Venue.KRX if self.venue_code == "KRX" else None

    @property
    def average_fill_price(self) -> Decimal | None:
        return self.average

    @property
    def original_id(self) -> str | None:
        return self.original if self.original.strip("0") else None

    @property
    def is_cancellation(self) -> bool:
        return "취소" in self.change and self.original_id is not None

    @property
    def is_canceled(self) -> bool:
        """Say whether the rest was cancelled at once: that has no row of its own."""
        return self.time_in_force in AT_ONCE and self.remaining_quantity == 0

    @property
    def is_refused(self) -> bool:
        return "거부" in self.change

    @property
    def is_rejected(self) -> bool:
        return self.is_refused and not self.remaining_quantity and self.filled_quantity < self.quantity


class DayAnswer(Block):
    """주문체결내역 (CSPAQ13700): a page, after which headers tell whether another one follows."""

    rows: tuple[Row[DayRow], ...] = Field((), alias="CSPAQ13700OutBlock3")


# The account


class OwnerBlock(Block):
    """What a question about the account repeats."""

    number: SecretStr = Field(alias="AcntNo", min_length=1)  # 계좌번호


class CashBlock(Reply[Balance]):
    """예수금 (CSPAQ12200) -> the cash of a Balance."""

    cash: EitherNumber = Field(alias="Dps")  # 예수금
    cash_d1: EitherNumber = Field(alias="D1Dps")  # D1예수금
    cash_d2: EitherNumber = Field(alias="D2Dps")  # D2예수금
    orderable_cash: EitherBlankable = Field(None, alias="RcvblUablOrdAbleAmt")  # 미수불가주문가능금액
    withdrawable_cash: EitherBlankable = Field(None, alias="MnyoutAbleAmt")  # 출금가능금액


class CashAnswer(Block):
    """예수금 (CSPAQ12200)."""

    owner: OwnerBlock = Field(alias="CSPAQ12200OutBlock1")
    block: CashBlock = Field(alias="CSPAQ12200OutBlock2")


class HoldingRow(PositionReply):
    """주식잔고2 (t0424), one row -> Position. Its value is after costs: ours is not."""

    symbol: Symbol = Field(alias="expcode")  # 종목번호
    name: Words = Field("", alias="hname")  # 종목명
    quantity: EitherNumber = Field(alias="janqty")  # 잔고수량
    sellable_quantity: EitherNumber = Field(alias="mdposqt")  # 매도가능수량
    average_price: EitherZeroIsNone = Field(None, alias="pamt")  # 평균단가
    cost: EitherNumber = Field(alias="mamt")  # 매입금액
    price: EitherZeroIsNone = None  # 현재가

    @property
    def market_value(self) -> Decimal:
        return self.quantity * (self.price or 0)


class HoldingsAnswer(Block):
    """주식잔고2 (t0424): a page."""

    paging = Paging(
        mark="tr_cont",
        end=None,
        key="tr_cont_key",
        sends={"tr_cont": "Y"},
        keys={"head.cursor": "t0424InBlock.cts_expcode"},
        cursor_ends=True,
    )

    class Head(Block):
        """What the page tells of the next one."""

        cursor: Text = Field("", alias="cts_expcode")

    head: Head = Field(Head(), alias="t0424OutBlock")
    rows: tuple[HoldingRow, ...] = Field((), alias="t0424OutBlock1")


class PowerAnswer(Reply[BuyingPower]):
    """현물계좌 주문가능금액 (CSPBQ00200) -> BuyingPower."""

    extra = frozenset({"asked", "block"})

    class Asked(Block):
        """What the answer repeats of the question: the code with its letter, or the ISIN."""

        code: Text = Field("", alias="IsuNo")  # 종목번호

    class Figures(Block):
        """The figures without credit."""

        cash: EitherNumber = Field(alias="MgnRat100MnyOrdAbleAmt")  # 증거금률100퍼센트현금주문가능금액
        quantity: EitherNumber = Field(alias="MgnRat100MnyOrdAbleQty")

    asked: Asked = Field(Asked(), alias="CSPBQ00200OutBlock1")
    block: Figures = Field(alias="CSPBQ00200OutBlock2")

    @property
    def symbol(self) -> str:
        return self.asked.code[3:9] if len(self.asked.code) == 12 else self.asked.code[-6:]

    @property
    def cash(self) -> Decimal:
        return self.block.cash

    @property
    def quantity(self) -> Decimal:
        return self.block.quantity


QUOTE = _call("t1102", "/stock/market-data", QuoteAnswer)
BOOK = _call("t1101", "/stock/market-data", BookAnswer)
FLOW = _call("t1702", "/stock/frgr-itt", FlowAnswer)
ORDER = _call("CSPAT00601", "/stock/order", OrderAnswer, Effect.ORDER)
AMEND = _call("CSPAT00701", "/stock/order", AmendAnswer, Effect.ORDER)
CANCEL = _call("CSPAT00801", "/stock/order", CancelAnswer, Effect.ORDER)
OPEN = _call("t0425", "/stock/accno", OpenAnswer)
DAY = _call("CSPAQ13700", "/stock/accno", DayAnswer)
HOLDINGS = _call("t0424", "/stock/accno", HoldingsAnswer)
CASH = _call("CSPAQ12200", "/stock/accno", CashAnswer)
POWER = _call("CSPBQ00200", "/stock/accno", PowerAnswer)
OLDEST_FIRST = {"SrtOrdNo2": 0, "BkseqTpCode": "1"}  # the two have to fit
NEWEST_FIRST = {"SrtOrdNo2": 999_999_999, "BkseqTpCode": "0"}
