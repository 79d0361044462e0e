"""What is listed at the simulated exchange. Names and codes are facts; prices and share counts are simulated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from brokerkit.market.ticks import price_limits, round_to_tick
from brokerkit.words import MarketAlert, SecurityType, Segment


@dataclass(frozen=True)
class State:
    """What the exchange says of a symbol beside halts and liquidation, which can begin at any time. Simulated."""

    administrative: bool = False
    """관리종목."""
    alert: MarketAlert = MarketAlert.NONE
    overheated: bool = False
    """단기과열."""
    caution: bool = False
    """투자주의환기종목, at KOSDAQ only."""


@dataclass(frozen=True)
class Instrument:
    """A listed symbol and the frame of its day."""

    symbol: str
    """As brokerkit writes it."""
    name: str
    """Korean name."""
    market: Segment
    kind: SecurityType
    """STOCK, REIT, ETF or ETN."""
    previous_close: Decimal
    upper_limit: Decimal
    lower_limit: Decimal
    listed_shares: Decimal
    nxt: bool
    """Tradable at NXT; no fund is."""
    listed_on: dt.date
    """Simulated, long enough ago for every history here."""
    sector: str
    """Simulated: a plain label, for nobody should read anything real into it."""
    has_limits: bool = True
    """Whether the day has price limits; without them those above are further away than any price."""
    leverage: int | None = None
    """The multiple of its index that an ETF or ETN follows; None for what follows none."""
    state: State = field(default_factory=State)

    @property
    def isin(self) -> str:
        """The ISIN (표준코드)."""
        return isin_of(self.symbol, self.kind)

    @property
    def trades_in_the_evening(self) -> bool:
        """Say whether the after-market of KRX has it: no funds and nothing of KONEX. What else it lacks is not told."""
        return self.leverage is None and self.market is not Segment.KONEX


# Each line: code, a price to start from, name.
_KOSPI = """
005930 70000 삼성전자
000660 210000 SK하이닉스
373220 390000 LG에너지솔루션
207940 1020000 삼성바이오로직스
005380 231000 현대차
000270 98000 기아
005490 312000 POSCO홀딩스
035420 228000 NAVER
051910 287000 LG화학
006400 244000 삼성SDI
035720 58600 카카오
068270 176000 셀트리온
105560 108000 KB금융
055550 67200 신한지주
086790 84300 하나금융지주
316140 24150 우리금융지주
012330 289000 현대모비스
028260 171000 삼성물산
066570 82400 LG전자
003550 76100 LG
032830 141000 삼성생명
000810 432000 삼성화재
015760 38050 한국전력
033780 134000 KT&G
017670 54300 SK텔레콤
030200 51900 KT
032640 14460 LG유플러스
034730 204000 SK
096770 108700 SK이노베이션
010950 62400 S-Oil
009150 163000 삼성전기
018260 159000 삼성에스디에스
011200 22650 HMM
010130 842000 고려아연
034020 63800 두산에너빌리티
012450 905000 한화에어로스페이스
042660 97500 한화오션
009540 385000 HD한국조선해양
329180 467000 HD현대중공업
010140 19870 삼성중공업
011070 187000 LG이노텍
034220 11930 LG디스플레이
003670 139500 포스코퓨처엠
024110 18760 기업은행
323410 24400 카카오뱅크
377300 57100 카카오페이
259960 324000 크래프톤
251270 58900 넷마블
352820 276000 하이브
090430 126400 아모레퍼시픽
051900 312500 LG생활건강
097950 238000 CJ제일제당
001040 163900 CJ
004370 417000 농심
271560 106800 오리온
007310 394500 오뚜기
000080 19320 하이트진로
139480 77400 이마트
023530 70800 롯데쇼핑
004170 176800 신세계
069960 73600 현대백화점
282330 113900 BGF리테일
007070 16380 GS리테일
006360 19440 GS건설
000720 64200 현대건설
047040 3865 대우건설
375500 43150 DL이앤씨
078930 49350 GS
003490 22950 대한항공
086280 158300 현대글로비스
000120 84700 CJ대한통운
011170 67900 롯데케미칼
009830 31450 한화솔루션
004020 31900 현대제철
000880 94100 한화
006800 19960 미래에셋증권
005940 20850 NH투자증권
039490 219500 키움증권
016360 71300 삼성증권
071050 143600 한국금융지주
008770 48600 호텔신라
035250 17640 강원랜드
021240 98600 코웨이
128940 314000 한미약품
000100 112700 유한양행
302440 46850 SK바이오사이언스
326030 96900 SK바이오팜
047810 91800 한국항공우주
064350 196400 현대로템
272210 58100 한화시스템
267250 134700 HD현대
241560 57700 두산밥캣
402340 183700 SK스퀘어
138040 112300 메리츠금융지주
047050 50400 포스코인터내셔널
003230 1384000 삼양식품
010120 291500 LS ELECTRIC
267260 541000 HD현대일렉트릭
0126Z0 412000 삼성에피스홀딩스
005935 57400 삼성전자우
005385 176300 현대차우
051915 142800 LG화학우
"""

_KOSDAQ = """
247540 118600 에코프로비엠
086520 52300 에코프로
028300 48950 HLB
263750 36850 펄어비스
293490 16240 카카오게임즈
035900 74500 JYP Ent.
041510 128400 에스엠
122870 83700 와이지엔터테인먼트
145020 341000 휴젤
068760 47900 셀트리온제약
214150 60300 클래시스
058470 49650 리노공업
240810 31250 원익IPS
036930 30450 주성엔지니어링
039030 171200 이오테크닉스
357780 205500 솔브레인
005290 31850 동진쎄미켐
277810 284500 레인보우로보틱스
348370 68700 엔켐
112040 28350 위메이드
078340 41200 컴투스
253450 47450 스튜디오드래곤
035760 63500 CJ ENM
141080 138900 리가켐바이오
237690 84900 에스티팜
214450 517000 파마리서치
086900 158800 메디톡스
087010 241500 펩트론
403870 25350 HPSP
095340 59800 ISC
222800 24950 심텍
084370 43850 유진테크
098460 17320 고영
060250 9870 NHN KCP
131970 33650 두산테스나
030520 22850 한글과컴퓨터
053800 61400 안랩
140860 258500 파크시스템스
067310 12740 하나마이크론
036540 4235 SFA반도체
"""

_FUNDS = """
069500 35000 KODEX 200
102110 35120 TIGER 200
122630 26480 KODEX 레버리지
114800 3840 KODEX 인버스
252670 1725 KODEX 200선물인버스2X
229200 13160 KODEX 코스닥150
233740 9585 KODEX 코스닥150레버리지
251340 3195 KODEX 코스닥150선물인버스
133690 148350 TIGER 미국나스닥100
360750 22870 TIGER 미국S&P500
379800 20540 KODEX 미국S&P500
379810 22315 KODEX 미국나스닥100
091160 43180 KODEX 반도체
091170 10775 KODEX 은행
091180 21930 KODEX 자동차
132030 19845 KODEX 골드선물(H)
226490 29560 KODEX 코스피
153130 106785 KODEX 단기채권
305720 13475 KODEX 2차전지산업
305540 14820 TIGER 2차전지테마
381180 18925 TIGER 미국필라델피아반도체나스닥
411060 23190 ACE KRX금현물
371460 9465 TIGER 차이나전기차SOLACTIVE
261240 12385 KODEX 미국달러선물
530031 14965 삼성 레버리지 WTI원유 선물 ETN
"""

_REITS = """
395400 4735 SK리츠
330590 3450 롯데리츠
"""

_KONEX = """
997010 5230 모의벤처01
997020 1875 모의벤처02
"""
"""Simulated companies, under codes that nobody has."""

_LEVERAGE = {"122630": 2, "252670": -2, "233740": 2, "114800": -1, "251340": -1, "530031": 2}
"""Multiples of funds other than one. Limits are as many times as wide."""
_STATES = {
    "990010": State(administrative=True),
    "990020": State(overheated=True),
    "990030": State(alert=MarketAlert.WARNING),
    "995010": State(alert=MarketAlert.RISK),
    "995020": State(caution=True),
    "995030": State(administrative=True, overheated=True),
}

_KOSPI_COUNT = 120
_KOSDAQ_COUNT = 55
_KOSPI_AT_NXT = 85
_KOSDAQ_AT_NXT = 32
"""So many of the first rows trade at NXT too: in truth most large shares, by a list that changes each quarter."""
_NO_LOWER_LIMIT = Decimal(1)
_NO_UPPER_LIMIT = Decimal(100_000_000)
_FIRST_LISTING = dt.date(1985, 1, 4)
_LISTING_DAYS = 35 * 365
_SECTORS = 20
_INVENTED_TRADES = ("전자", "화학", "건설", "식품", "기계", "제약", "금속", "운송")
_INVENTED_PRICES = (874, 1385, 1920, 2465, 3130, 4710, 6240, 8150, 1115, 643, 12350, 1740, 5480, 2890, 937)


@lru_cache(8)
def list_instruments(seed: int) -> Mapping[str, Instrument]:
    """Return everything that is listed, by symbol, with prices of that seed."""
    listed: dict[str, Instrument] = {}
    for rows, market, kind, at_nxt in (
        (_with_invented(_KOSPI, _KOSPI_COUNT, "990"), Segment.KOSPI, SecurityType.STOCK, _KOSPI_AT_NXT),
        (_with_invented(_KOSDAQ, _KOSDAQ_COUNT, "995"), Segment.KOSDAQ, SecurityType.STOCK, _KOSDAQ_AT_NXT),
        (_rows(_FUNDS), Segment.KOSPI, SecurityType.ETF, 0),
        (_rows(_REITS), Segment.KOSPI, SecurityType.REIT, 0),
        (_rows(_KONEX), Segment.KONEX, SecurityType.STOCK, 0),
    ):
        for index, row in enumerate(rows):
            listed[row.symbol] = _instrument(seed, row, market, kind, nxt=index < at_nxt)
    return MappingProxyType(listed)


class _Row(NamedTuple):
    symbol: str
    price: int
    name: str


def _rows(table: str) -> Iterator[_Row]:
    for line in table.strip().splitlines():
        symbol, price, name = line.split(" ", 2)
        yield _Row(symbol, int(price), name)


def _with_invented(table: str, count: int, prefix: str) -> Iterator[_Row]:
    """Yield the rows of the table, then simulated companies up to the count, under codes that nobody has."""
    real = list(_rows(table))
    yield from real
    for index in range(1, count - len(real) + 1):
        trade = _INVENTED_TRADES[index % len(_INVENTED_TRADES)]
        price = _INVENTED_PRICES[index % len(_INVENTED_PRICES)]
        yield _Row(f"{prefix}{index:02d}0", price, f"모의{trade}{prefix[-1]}{index:02d}")


def _instrument(seed: int, row: _Row, market: Segment, kind: SecurityType, *, nxt: bool) -> Instrument:
    random = Random(f"{seed}/{row.symbol}/listing")  # noqa: S311 - repeatable on purpose
    is_fund = kind is SecurityType.ETF
    if is_fund and row.symbol[0] in "5678":  # so begin the codes of those who issue ETN
        kind = SecurityType.ETN
    leverage = _LEVERAGE.get(row.symbol, 1) if is_fund else None
    previous_close = round_to_tick(Decimal(row.price * random.randint(9_800, 10_200)) / 10_000, kind, up=False)
    lower, upper = price_limits(previous_close, kind, _percent(market, leverage))
    return Instrument(
        symbol=row.symbol,
        name=row.name,
        market=market,
        kind=kind,
        previous_close=previous_close,
        upper_limit=upper,
        lower_limit=lower,
        listed_shares=Decimal(random.randrange(20_000, 400_000) * 1_000),
        nxt=nxt,
        listed_on=_FIRST_LISTING + dt.timedelta(days=random.randrange(_LISTING_DAYS)),
        sector="모의펀드" if is_fund else f"모의업종{random.randint(1, _SECTORS):02d}",
        leverage=leverage,
        state=_STATES.get(row.symbol, State()),
    )


def without_limits(instrument: Instrument) -> Instrument:
    """Return the instrument on a day without price limits, as in liquidation trading (정리매매)."""
    return replace(instrument, lower_limit=_NO_LOWER_LIMIT, upper_limit=_NO_UPPER_LIMIT, has_limits=False)


def on_another_day(instrument: Instrument, previous_close: Decimal) -> Instrument:
    """Return the instrument with the base price and the limits of another day."""
    lower, upper = price_limits(previous_close, instrument.kind, _percent(instrument.market, instrument.leverage))
    return replace(instrument, previous_close=previous_close, lower_limit=lower, upper_limit=upper)


def _percent(market: Segment, leverage: int | None) -> int:
    """Return how far a price may move in a day. Whether KONEX has its 15 % still is told by one page only."""
    return 15 if market is Segment.KONEX else 30 * abs(leverage or 1)


def isin_of(symbol: str, kind: SecurityType) -> str:
    """Return an ISIN. Those of preferred shares differ in truth, in a way that the code does not tell."""
    return isin_with("KR", f"{'G' if kind is SecurityType.ETN else '7'}{symbol}00")


def isin_with(country: str, number: str) -> str:
    """Return an ISIN with its check digit."""
    body = f"{country}{number}"
    digits = [int(digit) for letter in body for digit in str(int(letter, 36))]
    doubled = (digit * 2 if place % 2 == 0 else digit for place, digit in enumerate(reversed(digits)))
    return f"{body}{-sum(value // 10 + value % 10 for value in doubled) % 10}"
