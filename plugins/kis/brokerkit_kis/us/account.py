"""Dollars and US holdings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

from pydantic import Field

from brokerkit.errors import InvalidRequest
from brokerkit.models import Balance, BuyingPower, Position
from brokerkit.replies import AccountReply, PositionReply
from brokerkit.transport import Blankable, Block, Endpoint, Mark, Number, Reply, Text, ZeroIsNone, wire_text
from brokerkit.words import PositionKind
from brokerkit_kis.us.orders import TRADING
from brokerkit_kis.us.quotes import DETAIL, Detail
from brokerkit_kis.us.spelling import EXCHANGE, WHOLE_US, Spelling, symbol_of
from brokerkit_kis.wire.types import One, Rows, WidelyPaged, block

DOLLARS = "USD"
CENT = Decimal("0.01")
LOAN_TYPE = {
    **dict.fromkeys(("", "00", "10"), PositionKind.CASH),  # 해당사항없음, 현금
    **dict.fromkeys(("01", "03", "05", "06"), PositionKind.MARGIN_LOAN),  # 융자
    **dict.fromkeys(("11", "12", "13", "14", "15", "31", "41", "42", "43", "44"), PositionKind.MARGIN_LOAN),  # 대출
    **dict.fromkeys(("07", "09"), PositionKind.SHORT),  # 대주
}  # loan_type_cd 대출유형코드


class Holding(PositionReply):
    """해외주식 잔고 (TTTS3012R), output1 -> Position, in dollars."""

    extra = PositionReply.extra | {"code", "loan_type", "exchange", "currency_code"}

    code: Text = Field(alias="ovrs_pdno")  # 해외상품번호
    name: Text = Field("", alias="ovrs_item_name")  # 해외종목명
    quantity: Number = Field(alias="ovrs_cblc_qty")  # 해외잔고수량
    sellable_quantity: Blankable = Field(None, alias="ord_psbl_qty")  # 주문가능수량
    average_price: ZeroIsNone = Field(None, alias="pchs_avg_pric")  # 매입평균가격
    price: ZeroIsNone = Field(None, alias="now_pric2")  # 현재가격2
    cost: Number = Field(alias="frcr_pchs_amt1")  # 외화매입금액1
    market_value: Number = Field(alias="ovrs_stck_evlu_amt")  # 해외주식평가금액
    loan_type: Mark = Field("", alias="loan_type_cd")  # 대출유형코드
    exchange: Text = Field("", alias="ovrs_excg_cd")  # 해외거래소코드
    currency_code: Literal["USD", ""] = Field("", alias="tr_crcy_cd")  # 거래통화코드

    @property
    def symbol(self) -> str:
        return symbol_of(self.code)

    @property
    def kind(self) -> PositionKind | None:
        return LOAN_TYPE.get(self.loan_type)

    @property
    def told(self) -> str:
        return f"loan_type_cd {self.loan_type!r}"


class Sums(Block):
    """해외주식 잔고 (TTTS3012R), output2, of which its other fields are named otherwise than they are filled."""

    cost: Blankable = Field(None, alias="frcr_pchs_amt1")  # 외화매입금액1


class BalanceAnswer(WidelyPaged):
    """해외주식 잔고 (TTTS3012R): a page of holdings, behind which a blank row may stand."""

    rows: Rows[Holding] = block("output1")
    sums: One[Sums] = block("output2")


class Cash(Block):
    """해외주식 체결기준현재잔고 (CTRP6504R), output2: the cash of a currency."""

    currency: Text = Field(alias="crcy_cd")  # 통화코드
    cash: Blankable = Field(None, alias="frcr_dncl_amt_2")  # 외화예수금액2
    withdrawable_cash: Blankable = Field(None, alias="frcr_drwg_psbl_amt_1")  # 외화출금가능금액1


class CashAnswer(Block):
    """해외주식 체결기준현재잔고 (CTRP6504R)."""

    rows: Rows[Cash] = block("output2")


class Totals(Reply[Balance]):
    """What holdings cost and are worth together."""

    cost: Decimal
    market_value: Decimal
    cash: Decimal | None = None
    withdrawable_cash: Decimal | None = None


class Power(Reply[BuyingPower]):
    """해외주식 매수가능금액조회 (TTTS3007R) -> BuyingPower.

    `cash` and `quantity` are what the dollars of the account buy, the others count an exchange from won besides.
    """

    extra = frozenset({"currency_code"})

    currency_code: Literal["USD"] = Field(alias="tr_crcy_cd")  # 거래통화코드
    cash: Number = Field(alias="ovrs_ord_psbl_amt")  # 해외주문가능금액
    quantity: Number = Field(alias="ord_psbl_qty")  # 주문가능수량
    integrated_cash: ZeroIsNone = Field(None, alias="echm_af_ord_psbl_amt")  # 환전이후주문가능금액
    integrated_quantity: ZeroIsNone = Field(None, alias="echm_af_ord_psbl_qty")  # 환전이후주문가능수량


class PowerAnswer(Block):
    """해외주식 매수가능금액조회 (TTTS3007R)."""

    output: One[Power] = block("output")


BALANCE = Endpoint({"real": "TTTS3012R", "demo": "VTTS3012R"}, f"{TRADING}/inquire-balance", BalanceAnswer)
CASH = Endpoint({"real": "CTRP6504R"}, f"{TRADING}/inquire-present-balance", CashAnswer)
POWER = Endpoint({"real": "TTTS3007R", "demo": "VTTS3007R"}, f"{TRADING}/inquire-psamount", PowerAnswer)


def _is_same(told: Decimal | None, own: Decimal) -> bool:
    return told is None or abs(told - own) <= CENT


class Account(Spelling):
    """What the account has and can buy, in dollars."""

    calls = {
        **dict.fromkeys(("balance", "balances", "sellable_quantity"), (BALANCE,)),
        "buying_power": (POWER,),
        "exchange_rate": (DETAIL,),
    }
    rounds = {Position: {"average_price": Decimal("0.0001")}}
    not_told = {Balance: frozenset({"orderable_cash", "cash_d1", "cash_d2", "total_value"})}
    not_told_in = {"demo": {Balance: frozenset({"cash", "withdrawable_cash"})}}

    def balance(self) -> AccountReply:
        # In the demo environment the code of the whole US is that of one exchange.
        exchanges = [WHOLE_US] if self.environment == "real" else list(EXCHANGE.values())
        pages = [page for exchange in exchanges for page in self._holdings(exchange)]
        rows = [row for page in pages for row in page]
        totals = Totals(
            cost=sum((row.cost for row in rows), Decimal(0)),
            market_value=sum((row.market_value for row in rows), Decimal(0)),
        )
        return AccountReply(BALANCE, totals, pages, self._cash())

    def _holdings(self, exchange: str) -> Iterator[Sequence[Holding]]:
        """Yield the holdings at an exchange, page by page."""
        params = {
            **self.client.account(),
            "OVRS_EXCG_CD": exchange,
            "TR_CRCY_CD": DOLLARS,
            "CTX_AREA_FK200": "",
            "CTX_AREA_NK200": "",
        }
        pages = self.client.listing(BALANCE, params=params)
        is_whole = self.environment == "real"
        if is_whole:
            self._check_cost(pages)
        for page in pages:
            yield [row for row in page.rows if row.quantity and (is_whole or row.exchange in (exchange, ""))]

    def _check_cost(self, pages: Sequence[BalanceAnswer]) -> None:
        """Raise a WireError unless the holdings cost what is told of all, or, as is not told, of those of each page."""
        told = [page.sums.cost for page in pages]
        each = [sum((row.cost for row in page.rows), Decimal(0)) for page in pages]
        of_all = _is_same(told[-1], sum(each, Decimal(0)))
        if not of_all and not all(map(_is_same, told, each)):
            raise self.client.wrong(BALANCE, f"the holdings cost {sum(each):f}, and {told[-1]} is told of them")

    def _cash(self) -> dict[str, object]:
        """Return the dollars, where the environment tells them."""
        if self.environment not in CASH.ids:
            return {}
        params = {
            **self.client.account(),
            "WCRC_FRCR_DVSN_CD": "02",  # in the currency itself
            "NATN_CD": "840",
            "TR_MKET_CD": "00",
            "INQR_DVSN_CD": "00",
        }
        rows = [row for row in self.client.call(CASH, params=params).rows if row.currency == DOLLARS]
        if len(rows) > 1:
            raise self.client.wrong(CASH, "output2 has the dollars twice")
        return {name: getattr(row, name) for row in rows for name in ("cash", "withdrawable_cash")}

    def buying_power(self, symbol: str, price: Decimal | None) -> Power:
        if price is None:
            raise InvalidRequest("KIS has no market orders in US shares: give the price at which you would buy.")
        params = {
            **self.client.account(),
            "OVRS_EXCG_CD": EXCHANGE[self.segment(symbol)],
            "OVRS_ORD_UNPR": wire_text(price),
            "ITEM_CD": self.code(symbol),
        }
        with self.naming(symbol):
            return self.client.call(POWER, params=params).output

    def exchange_rate(self, currency: str) -> Detail:
        """Return the rate that stands beside a price: it is the day's, whatever the share."""
        params = {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}
        told = self.client.call(DETAIL, params=params).output
        if told.currency != DOLLARS:
            raise self.client.wrong(DETAIL, f"a rate of {told.currency!r} instead of {DOLLARS}")
        return told
