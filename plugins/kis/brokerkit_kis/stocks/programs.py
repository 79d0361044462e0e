"""Programme trading, by symbol and by market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from pydantic import AliasChoices, Field

from brokerkit import clock
from brokerkit.models import ProgramTrading
from brokerkit.replies import Programs
from brokerkit.transport import Blankable, Block, Codes, Day, Endpoint
from brokerkit_kis.stocks.quotes import MILLION, QUOTATIONS
from brokerkit_kis.stocks.spelling import Spelling
from brokerkit_kis.wire.types import Rows, block

THOUSAND = Decimal(1_000)
MONTHS = dt.timedelta(days=60)
"""So far back without a first day: the core shows thirty days."""


class SymbolDay(Block):
    """A row of 종목별 프로그램매매추이(일별) (FHPPG04650201). Shares and won."""

    date: Day = Field(alias="stck_bsop_date")  # 주식 영업 일자
    net_quantity: Blankable = Field(alias="whol_smtn_ntby_qty")  # 전체 합계 순매수 수량
    buy_quantity: Blankable = Field(None, alias="whol_smtn_shnu_vol")  # 전체 합계 매수2 거래량
    sell_quantity: Blankable = Field(None, alias="whol_smtn_seln_vol")  # 전체 합계 매도 거래량
    net_amount: Blankable = Field(alias="whol_smtn_ntby_tr_pbmn")  # 전체 합계 순매수 거래 대금
    buy_amount: Blankable = Field(None, alias="whol_smtn_shnu_tr_pbmn")  # 전체 합계 매수2 거래 대금
    sell_amount: Blankable = Field(None, alias="whol_smtn_seln_tr_pbmn")  # 전체 합계 매도 거래 대금


class SymbolAnswer(Block):
    """종목별 프로그램매매추이(일별) (FHPPG04650201): days back from the one asked for, the newest first."""

    rows: Rows[SymbolDay] = block("output")


class MarketDay(Block):
    """A row of 프로그램매매 종합현황(일별) (FHPPG04600001). Thousand shares, and million won."""

    date: Day = Field(alias="stck_bsop_date")  # 주식 영업 일자
    total_buy_quantity: Blankable = Field(None, alias="whol_smtn_shnu_vol")  # 전체 합계 매수2 거래량
    total_sell_quantity: Blankable = Field(None, alias="whol_smtn_seln_vol")  # 전체 합계 매도 거래량
    total_buy_amount: Blankable = Field(alias="whol_smtn_shnu_tr_pbmn")  # 전체 합계 매수2 거래 대금
    total_sell_amount: Blankable = Field(alias="whol_smtn_seln_tr_pbmn")  # 전체 합계 매도 거래 대금
    arbitrage_buy_quantity: Blankable = Field(None, alias="arbt_smtn_shnu_vol")  # 차익 합계 매수2 거래량
    arbitrage_sell_quantity: Blankable = Field(None, alias="arbt_smtn_seln_vol")  # 차익 합계 매도 거래량
    arbitrage_buy_amount: Blankable = Field(None, alias="arbt_smtn_shnu_tr_pbmn")  # 차익 합계 매수2 거래 대금
    arbitrage_sell_amount: Blankable = Field(None, alias="arbt_smtn_seln_tr_pbmn")  # 차익 합계 매도 거래 대금
    non_arbitrage_buy_quantity: Blankable = Field(None, alias="nabt_smtn_shnu_vol")  # 비차익 합계 매수2 거래량
    non_arbitrage_sell_quantity: Blankable = Field(
        None, validation_alias=AliasChoices("nabt_smtn_seln_vol", "nabt_smtm_seln_vol")
    )  # 비차익 합계 매도 거래량, which the sample spells otherwise
    non_arbitrage_buy_amount: Blankable = Field(None, alias="nabt_smtn_shnu_tr_pbmn")  # 비차익 합계 매수2 거래 대금
    non_arbitrage_sell_amount: Blankable = Field(None, alias="nabt_smtn_seln_tr_pbmn")  # 비차익 합계 매도 거래 대금

    def flow(self, which: str) -> dict[str, Decimal | None]:
        """Return what programmes of a sort did, in shares and won; the net is what was bought less what was sold."""
        flow: dict[str, Decimal | None] = {}
        for unit, size in (("quantity", THOUSAND), ("amount", MILLION)):
            bought, sold = (getattr(self, f"{which}_{way}_{unit}") for way in ("buy", "sell"))
            flow[f"buy_{unit}"] = None if bought is None else bought * size
            flow[f"sell_{unit}"] = None if sold is None else sold * size
            flow[f"net_{unit}"] = None if bought is None or sold is None else (bought - sold) * size
        return flow


class MarketAnswer(Block):
    """프로그램매매 종합현황(일별) (FHPPG04600001): days between two, the newest first."""

    rows: Rows[MarketDay] = block("output")


SYMBOL_CALL = Endpoint({"real": "FHPPG04650201"}, f"{QUOTATIONS}/program-trade-by-stock-daily", SymbolAnswer)
MARKET_CALL = Endpoint({"real": "FHPPG04600001"}, f"{QUOTATIONS}/comp-program-trade-daily", MarketAnswer)
MARKET = Codes("a market at KIS", {"KOSPI": "K", "KOSDAQ": "Q"})  # FID_MRKT_CLS_CODE 시장 구분 코드
FLOW = ("net_quantity", "buy_quantity", "sell_quantity", "net_amount", "buy_amount", "sell_amount")
R = TypeVar("R", SymbolDay, MarketDay)


class ProgramFlows(Spelling):
    """Programme trading at KIS."""

    rounds = {ProgramTrading: dict.fromkeys(("net_quantity", "buy_quantity", "sell_quantity"), 2 * THOUSAND)}
    calls = {"program_trading": (SYMBOL_CALL, MARKET_CALL)}

    def program_trading(self, symbol: str, start: dt.date | None, end: dt.date) -> Sequence[Programs]:
        code = self.code(symbol)

        def ask(until: dt.date) -> Sequence[SymbolDay]:
            params = {
                "FID_COND_MRKT_DIV_CODE": "J",
                "FID_INPUT_ISCD": code,
                "FID_INPUT_DATE_1": f"{until:%Y%m%d}",
            }
            return self.client.call(SYMBOL_CALL, params=params).rows

        rows = _back(ask, start, end)
        return [Programs(row.date, {name: getattr(row, name) for name in FLOW}, final=_is_over(row)) for row in rows]

    def market_program_trading(self, market: str, start: dt.date | None, end: dt.date) -> Sequence[Programs]:
        first = end - MONTHS if start is None else start

        def ask(until: dt.date) -> Sequence[MarketDay]:
            params = {
                "FID_COND_MRKT_DIV_CODE": "J",
                "FID_MRKT_CLS_CODE": MARKET[market],
                "FID_INPUT_DATE_1": f"{first:%Y%m%d}",
                "FID_INPUT_DATE_2": f"{until:%Y%m%d}",
            }
            return self.client.call(MARKET_CALL, params=params).rows

        sorts = ("total", "arbitrage", "non_arbitrage")
        return [
            Programs(row.date, final=_is_over(row), **{sort: row.flow(sort) for sort in sorts})
            for row in _back(ask, start, end)
        ]


def _is_over(row: SymbolDay | MarketDay) -> bool:
    """Say whether figures are final: the day's own ones are provisional until the next morning."""
    return row.date < clock.today()


def _back(ask: Callable[[dt.date], Sequence[R]], start: dt.date | None, end: dt.date) -> Sequence[R]:
    """Return the rows up to `end`, answer after answer back to `start`; without one those of the first."""
    rows: list[R] = []
    while True:
        told = ask(end)
        rows += [row for row in told if not rows or row.date < rows[-1].date]
        oldest = min((row.date for row in told), default=end)
        # An answer that reaches no further back is the last one: how many days there are is not told.
        if start is None or not told or oldest <= start or oldest > end:
            return rows
        end = oldest - dt.timedelta(days=1)
