"""Programme trading, by symbol and by market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from brokerkit import clock
from brokerkit.errors import Unsupported
from brokerkit.models import FlowRank, ProgramTrading
from brokerkit.part import Part
from brokerkit.replies import Programs, Ranked
from brokerkit.transport import Block, Codes, Day, Endpoint, KoreanTime, Text
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks.quotes import MILLION, STOCK_INFO
from brokerkit_kiwoom.wire.types import Signed, Symbol, Unsigned, ZeroIsNone

MARKET_CONDITIONS = "/api/dostk/mrkcond"
THOUSAND = Decimal(1_000)
ENOUGH_DAYS = 30
Flow = dict[str, Decimal | None]


class SymbolDay(Block):
    """A row of 종목일별프로그램매매추이요청 (ka90013). Shares, and million won (백만원)."""

    date: Day = Field(alias="dt")  # 일자
    net_quantity: Signed = Field(alias="prm_netprps_qty")  # 프로그램순매수수량
    buy_quantity: Unsigned = Field(None, alias="prm_buy_qty")  # 프로그램매수수량
    sell_quantity: Unsigned = Field(None, alias="prm_sell_qty")  # 프로그램매도수량
    net_amount: Signed = Field(alias="prm_netprps_amt")  # 프로그램순매수금액
    buy_amount: Unsigned = Field(None, alias="prm_buy_amt")  # 프로그램매수금액
    sell_amount: Unsigned = Field(None, alias="prm_sell_amt")  # 프로그램매도금액


class SymbolAnswer(Block):
    """종목일별프로그램매매추이요청 (ka90013): a page of days, the newest first."""

    rows: tuple[SymbolDay, ...] = Field(alias="stk_daly_prm_trde_trnsn")  # 종목일별프로그램매매추이


class MarketDay(Block):
    """A row of 프로그램매매추이요청 일자별 (ka90010). Thousand shares, and million won, whatever was asked for."""

    time: Annotated[dt.datetime, KoreanTime("%Y%m%d%H%M%S")] = Field(alias="cntr_tm")  # 체결시간: the day, at midnight
    arbitrage_sell_amount: Unsigned = Field(alias="dfrt_trde_sel")  # 차익거래매도
    arbitrage_buy_amount: Unsigned = Field(alias="dfrt_trde_buy")  # 차익거래매수
    arbitrage_sell_quantity: Unsigned = Field(None, alias="dfrt_trde_sell_qty")  # 차익거래매도수량
    arbitrage_buy_quantity: Unsigned = Field(None, alias="dfrt_trde_buy_qty")  # 차익거래매수수량
    non_arbitrage_sell_amount: Unsigned = Field(alias="ndiffpro_trde_sel")  # 비차익거래매도
    non_arbitrage_buy_amount: Unsigned = Field(alias="ndiffpro_trde_buy")  # 비차익거래매수
    non_arbitrage_sell_quantity: Unsigned = Field(None, alias="ndiffpro_trde_sell_qty")  # 비차익거래매도수량
    non_arbitrage_buy_quantity: Unsigned = Field(None, alias="ndiffpro_trde_buy_qty")  # 비차익거래매수수량
    total_sell_amount: Unsigned = Field(alias="all_sel")  # 전체매도
    total_buy_amount: Unsigned = Field(alias="all_buy")  # 전체매수

    @property
    def total_sell_quantity(self) -> Decimal | None:
        return _sum(self.arbitrage_sell_quantity, self.non_arbitrage_sell_quantity)

    @property
    def total_buy_quantity(self) -> Decimal | None:
        return _sum(self.arbitrage_buy_quantity, self.non_arbitrage_buy_quantity)

    def flow(self, which: str) -> Flow:
        """Return what programmes of a sort did, in shares and won; the net is what was bought less what was sold."""
        flow: Flow = {}
        for unit, size in (("quantity", THOUSAND), ("amount", MILLION)):
            bought, sold = (getattr(self, f"{which}_{way}_{unit}") for way in ("buy", "sell"))
            flow[f"buy_{unit}"] = _times(bought, size)
            flow[f"sell_{unit}"] = _times(sold, size)
            flow[f"net_{unit}"] = None if bought is None or sold is None else (bought - sold) * size
        return flow


class MarketAnswer(Block):
    """프로그램매매추이요청 일자별 (ka90010): a page of days, the newest first."""

    rows: tuple[MarketDay, ...] = Field(alias="prm_trde_trnsn")  # 프로그램매매추이


class TopRow(Block):
    """A row of 프로그램순매수상위50요청 (ka90003). Million won (백만원)."""

    symbol: Symbol = Field(alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    price: ZeroIsNone = Field(None, alias="cur_prc")  # 현재가
    sell_amount: Unsigned = Field(None, alias="prm_sell_amt")  # 프로그램매도금액
    buy_amount: Unsigned = Field(None, alias="prm_buy_amt")  # 프로그램매수금액
    net_amount: Signed = Field(alias="prm_netprps_amt")  # 프로그램순매수금액, of sales perhaps without a sign

    def goes(self, *, sold: bool) -> bool:
        """Say whether programmes went the way of the list, at whose end the others stand where there are few."""
        if self.buy_amount is None or self.sell_amount is None:
            return bool(self.net_amount) and (sold or (self.net_amount or 0) > 0)
        return self.sell_amount > self.buy_amount if sold else self.buy_amount > self.sell_amount


class TopAnswer(Block):
    """프로그램순매수상위50요청 (ka90003): fifty symbols."""

    rows: tuple[TopRow, ...] = Field(alias="prm_netprps_upper_50")  # 프로그램순매수상위50


class ListRow(Block):
    """A row of 종목별프로그램매매현황요청 (ka90004). Thousand shares, and million won (백만원)."""

    symbol: Symbol = Field(alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    price: ZeroIsNone = Field(None, alias="cur_prc")  # 현재가
    buy_quantity: Unsigned = Field(None, alias="buy_cntr_qty")  # 매수체결수량
    buy_amount: Unsigned = Field(None, alias="buy_cntr_amt")  # 매수체결금액
    sell_quantity: Unsigned = Field(None, alias="sel_cntr_qty")  # 매도체결수량
    sell_amount: Unsigned = Field(None, alias="sel_cntr_amt")  # 매도체결금액
    net_amount: Signed = Field(alias="netprps_prica")  # 순매수대금


class ListAnswer(Block):
    """종목별프로그램매매현황요청 (ka90004): a page of the symbols of a market on a day."""

    rows: tuple[ListRow, ...] = Field(alias="stk_prm_trde_prst")  # 종목별프로그램매매현황


SYMBOL_CALL = Endpoint({"real": "ka90013", "demo": "ka90013"}, MARKET_CONDITIONS, SymbolAnswer, "POST")
MARKET_CALL = Endpoint({"real": "ka90010", "demo": "ka90010"}, MARKET_CONDITIONS, MarketAnswer, "POST")
TOP_CALL = Endpoint({"real": "ka90003", "demo": "ka90003"}, STOCK_INFO, TopAnswer, "POST")
LIST_CALL = Endpoint({"real": "ka90004", "demo": "ka90004"}, STOCK_INFO, ListAnswer, "POST")
MOST_RANKS = 50
MARKET = Codes("a market at Kiwoom", {"KOSPI": "P00101", "KOSDAQ": "P10102"})  # mrkt_tp 시장구분, of KRX
KRX = "1"  # stex_tp 거래소구분. The codes of both venues together are told in two ways, and so are not used.


class ProgramFlows(Part[KiwoomClient]):
    """Programme trading at Kiwoom."""

    rounds = {
        ProgramTrading: dict.fromkeys(("net_quantity", "buy_quantity", "sell_quantity"), 3 * THOUSAND),
        FlowRank: dict.fromkeys(("net_quantity", "buy_quantity", "sell_quantity"), 2 * THOUSAND),
    }
    calls = {"program_trading": (SYMBOL_CALL, MARKET_CALL), "program_rankings": (TOP_CALL, LIST_CALL)}

    def program_trading(self, symbol: str, start: dt.date | None, end: dt.date) -> Sequence[Programs]:
        rows: dict[dt.date, SymbolDay] = {}
        body = {"amt_qty_tp": "1", "stk_cd": symbol, "date": f"{end:%Y%m%d}"}
        for page in self.client.pages(SYMBOL_CALL, body=body):
            rows |= {row.date: row for row in page.rows}
            if rows and (len(rows) >= ENOUGH_DAYS if start is None else min(rows) <= start):
                break
        return [_symbol_day(row) for row in rows.values()]

    def market_program_trading(self, market: str, start: dt.date | None, end: dt.date) -> Sequence[Programs]:
        rows: dict[dt.date, MarketDay] = {}
        body = {
            "date": f"{end:%Y%m%d}",
            "amt_qty_tp": "1",
            "mrkt_tp": MARKET[market],
            "min_tic_tp": "0",
            "stex_tp": KRX,
        }
        for page in self.client.pages(MARKET_CALL, body=body):
            rows |= {row.time.date(): row for row in page.rows}
            if rows and (len(rows) >= ENOUGH_DAYS if start is None else min(rows) <= start):
                break
        sorts = ("total", "arbitrage", "non_arbitrage")
        today = clock.today()
        return [
            Programs(day, final=day < today, **{sort: row.flow(sort) for sort in sorts}) for day, row in rows.items()
        ]

    def program_rankings(self, market: str, day: dt.date | None, count: int, *, sold: bool) -> Sequence[Ranked]:
        if day is not None:
            return self._of_day(market, day, sold=sold)
        if count > MOST_RANKS:
            raise Unsupported(
                f"Kiwoom ranks {MOST_RANKS} symbols as of today, not {count}.",
                advice="Nothing was sent. Ask for fewer, or for a day.",
            )
        body = {
            "trde_upper_tp": "1" if sold else "2",
            "amt_qty_tp": "1",
            "mrkt_tp": MARKET[market],
            "stex_tp": KRX,
        }
        rows = [row for page in self.client.listing(TOP_CALL, body=body) for row in page.rows]
        return [_top(row, sold=sold) for row in rows if row.goes(sold=sold)]

    def _of_day(self, market: str, day: dt.date, *, sold: bool) -> Sequence[Ranked]:
        """Return those of a day out of all symbols of the market, which are listed in no order that is told."""
        body = {"dt": f"{day:%Y%m%d}", "mrkt_tp": MARKET[market], "stex_tp": KRX}
        rows = [row for page in self.client.listing(LIST_CALL, body=body) for row in page.rows]
        if not rows:
            raise self.client.incomplete(LIST_CALL, f"no symbol of {market} on {day} is told")
        way = -1 if sold else 1
        found = [row for row in rows if row.net_amount is not None and row.net_amount * way > 0]
        found.sort(key=lambda row: (row.net_amount or Decimal(0)) * -way)
        return [_listed(row, day) for row in found]


def _symbol_day(row: SymbolDay) -> Programs:
    flow: Flow = {f"{way}_quantity": getattr(row, f"{way}_quantity") for way in ("net", "buy", "sell")}
    flow |= {f"{way}_amount": _times(getattr(row, f"{way}_amount"), MILLION) for way in ("net", "buy", "sell")}
    return Programs(row.date, flow, final=row.date < clock.today())


def _top(row: TopRow, *, sold: bool) -> Ranked:
    flow: Flow = {
        "net_amount": _times(None if row.net_amount is None else abs(row.net_amount), -MILLION if sold else MILLION),
        "buy_amount": _times(row.buy_amount, MILLION),
        "sell_amount": _times(row.sell_amount, MILLION),
    }
    return Ranked(row.symbol, flow, name=row.name, price=row.price, final=False)


def _listed(row: ListRow, day: dt.date) -> Ranked:
    flow: Flow = {
        "net_amount": _times(row.net_amount, MILLION),
        "buy_amount": _times(row.buy_amount, MILLION),
        "sell_amount": _times(row.sell_amount, MILLION),
        "buy_quantity": _times(row.buy_quantity, THOUSAND),
        "sell_quantity": _times(row.sell_quantity, THOUSAND),
    }
    return Ranked(row.symbol, flow, name=row.name, price=row.price, final=day < clock.today(), date=day)


def _times(value: Decimal | None, size: Decimal) -> Decimal | None:
    return None if value is None else value * size


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
