"""What is listed at the simulated US exchange. Names and symbols are facts; prices and share counts are simulated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from random import Random
from types import MappingProxyType

from brokerkit.market.us import round_to_tick
from brokerkit.sandbox.instruments import Instrument, isin_with
from brokerkit.words import SecurityType, Segment

LOWEST, HIGHEST = Decimal("0.0001"), Decimal(1_000_000)
"""There are no limits of the day; these are further away than any price."""


@dataclass(frozen=True)
class UsInstrument(Instrument):
    """A share or fund that is listed in the US."""

    english_name: str = ""
    daytime: bool = False
    """Whether the daytime market has it (주간거래). Simulated."""
    demo: bool = False
    """Whether it can be ordered in a demo environment that takes a part of the symbols alone. Simulated."""

    @property
    def isin(self) -> str:
        """An ISIN of the right form, which nobody has."""
        return isin_with("US", "".join(filter(str.isalpha, self.symbol[3:])).rjust(9, "0"))


# Each line: listing exchange, symbol, kind (S share, E fund), a price to start from, what it has: d daytime, m demo,
# a multiple of an index, Korean name, English name.
_LISTED = """
NASDAQ AAPL  S 268.40 dm - 애플 | APPLE INC
NASDAQ MSFT  S 486.10 dm - 마이크로소프트 | MICROSOFT CORP
NASDAQ NVDA  S 179.60 dm - 엔비디아 | NVIDIA CORP
NASDAQ AMZN  S 226.30 dm - 아마존 | AMAZON.COM INC
NASDAQ GOOGL S 298.70 dm - 알파벳 A | ALPHABET INC CL A
NASDAQ GOOG  S 299.20 dm - 알파벳 C | ALPHABET INC CL C
NASDAQ META  S 612.80 dm - 메타 플랫폼스 | META PLATFORMS INC
NASDAQ TSLA  S 408.90 dm - 테슬라 | TESLA INC
NASDAQ AVGO  S 344.20 d - 브로드컴 | BROADCOM INC
NASDAQ NFLX  S 108.30 dm - 넷플릭스 | NETFLIX INC
NASDAQ COST  S 912.40 d - 코스트코 홀세일 | COSTCO WHOLESALE CORP
NASDAQ AMD   S 214.70 dm - AMD | ADVANCED MICRO DEVICES INC
NASDAQ INTC  S 36.25 dm - 인텔 | INTEL CORP
NASDAQ QCOM  S 168.90 dm - 퀄컴 | QUALCOMM INC
NASDAQ ADBE  S 327.60 d - 어도비 | ADOBE INC
NASDAQ CSCO  S 76.40 dm - 시스코 시스템즈 | CISCO SYSTEMS INC
NASDAQ PEP   S 147.30 dm - 펩시코 | PEPSICO INC
NASDAQ SBUX  S 85.10 dm - 스타벅스 | STARBUCKS CORP
NASDAQ MU    S 231.80 d - 마이크론 테크놀로지 | MICRON TECHNOLOGY INC
NASDAQ PLTR  S 167.50 dm - 팔란티어 테크 | PALANTIR TECHNOLOGIES INC
NASDAQ COIN  S 262.10 d - 코인베이스 글로벌 | COINBASE GLOBAL INC
NASDAQ RIVN  S 15.42 d - 리비안 오토모티브 | RIVIAN AUTOMOTIVE INC
NASDAQ MSTR  S 178.30 d - 스트래티지 | STRATEGY INC
NASDAQ ASML  S 1003.50 d - ASML 홀딩 ADR | ASML HOLDING NV ADR
NASDAQ QQQ   E 604.20 dm 1 인베스코 QQQ ETF | INVESCO QQQ TRUST
NASDAQ TQQQ  E 103.60 dm 3 프로셰어즈 QQQ 3배 ETF | PROSHARES ULTRAPRO QQQ
NASDAQ SQQQ  E 17.85 dm -3 프로셰어즈 QQQ 인버스 3배 ETF | PROSHARES ULTRAPRO SHORT QQQ
NASDAQ TLT   E 89.70 d 1 아이셰어즈 미국채 20년+ ETF | ISHARES 20+ YEAR TREASURY BOND ETF
NASDAQ ZZCAR S 0.4215 - - 모의전기차 | SIMULATED MOTORS INC
NASDAQ AMGN  S 312.50 d - 암젠 | AMGEN INC
NASDAQ ISRG  S 548.30 d - 인튜이티브 서지컬 | INTUITIVE SURGICAL INC
NASDAQ TXN   S 162.40 d - 텍사스 인스트루먼트 | TEXAS INSTRUMENTS INC
NASDAQ BKNG  S 5120.40 d - 부킹 홀딩스 | BOOKING HOLDINGS INC
NASDAQ HON   S 198.60 d - 하니웰 인터내셔널 | HONEYWELL INTERNATIONAL INC
NASDAQ AMAT  S 228.90 d - 어플라이드 머티어리얼즈 | APPLIED MATERIALS INC
NASDAQ LRCX  S 151.20 d - 램 리서치 | LAM RESEARCH CORP
NASDAQ KLAC  S 1178.30 d - KLA | KLA CORP
NASDAQ GILD  S 124.70 d - 길리어드 사이언스 | GILEAD SCIENCES INC
NASDAQ VRTX  S 432.10 d - 버텍스 파마슈티컬스 | VERTEX PHARMACEUTICALS INC
NASDAQ REGN  S 712.60 d - 리제네론 파마슈티컬스 | REGENERON PHARMACEUTICALS INC
NASDAQ MDLZ  S 57.10 d - 몬델리즈 인터내셔널 A | MONDELEZ INTERNATIONAL INC CL A
NASDAQ CMCSA S 27.30 dm - 컴캐스트 A | COMCAST CORP CL A
NASDAQ TMUS  S 214.80 d - T모바일 US | T-MOBILE US INC
NASDAQ PYPL  S 61.90 dm - 페이팔 홀딩스 | PAYPAL HOLDINGS INC
NASDAQ MRVL  S 88.40 d - 마벨 테크놀로지 | MARVELL TECHNOLOGY INC
NASDAQ PANW  S 186.20 d - 팔로 알토 네트웍스 | PALO ALTO NETWORKS INC
NASDAQ CRWD  S 512.70 d - 크라우드스트라이크 홀딩스 A | CROWDSTRIKE HOLDINGS INC CL A
NASDAQ SNPS  S 418.50 d - 시놉시스 | SYNOPSYS INC
NASDAQ CDNS  S 312.80 d - 케이던스 디자인 시스템즈 | CADENCE DESIGN SYSTEMS INC
NASDAQ MELI  S 2068.30 d - 메르카도리브레 | MERCADOLIBRE INC
NASDAQ ABNB  S 117.40 d - 에어비앤비 A | AIRBNB INC CL A
NASDAQ MAR   S 296.70 d - 메리어트 인터내셔널 A | MARRIOTT INTERNATIONAL INC CL A
NASDAQ LCID  S 12.85 d - 루시드 그룹 | LUCID GROUP INC
NASDAQ SOFI  S 27.60 d - 소파이 테크놀로지스 | SOFI TECHNOLOGIES INC
NASDAQ HOOD  S 124.30 d - 로빈후드 마켓츠 A | ROBINHOOD MARKETS INC CL A
NASDAQ JEPQ  E 57.80 d 1 JP모간 나스닥 프리미엄 인컴 ETF | JPMORGAN NASDAQ EQUITY PREMIUM INCOME ETF
NYSE   BRK.B S 503.40 dm - 버크셔 해서웨이 B | BERKSHIRE HATHAWAY INC CL B
NYSE   BRK.A S 755210.00 - - 버크셔 해서웨이 A | BERKSHIRE HATHAWAY INC CL A
NYSE   JPM   S 302.60 dm - JP모간 체이스 | JPMORGAN CHASE & CO
NYSE   V     S 331.40 dm - 비자 A | VISA INC CL A
NYSE   MA    S 541.20 d - 마스터카드 A | MASTERCARD INC CL A
NYSE   KO    S 71.35 dm - 코카콜라 | COCA-COLA CO
NYSE   DIS   S 104.80 dm - 월트 디즈니 | WALT DISNEY CO
NYSE   NKE   S 64.20 dm - 나이키 B | NIKE INC CL B
NYSE   MCD   S 309.90 d - 맥도날드 | MCDONALDS CORP
NYSE   WMT   S 105.30 d - 월마트 | WALMART INC
NYSE   XOM   S 117.60 dm - 엑슨 모빌 | EXXON MOBIL CORP
NYSE   JNJ   S 204.10 d - 존슨앤드존슨 | JOHNSON & JOHNSON
NYSE   PFE   S 25.10 dm - 화이자 | PFIZER INC
NYSE   LLY   S 1048.70 d - 일라이 릴리 | ELI LILLY & CO
NYSE   UNH   S 322.40 d - 유나이티드헬스 그룹 | UNITEDHEALTH GROUP INC
NYSE   BAC   S 52.70 dm - 뱅크오브아메리카 | BANK OF AMERICA CORP
NYSE   GE    S 301.20 d - GE 에어로스페이스 | GE AEROSPACE
NYSE   BA    S 189.40 d - 보잉 | BOEING CO
NYSE   F     S 13.15 dm - 포드 모터 | FORD MOTOR CO
NYSE   T     S 25.85 dm - AT&T | AT&T INC
NYSE   O     S 57.30 d - 리얼티 인컴 | REALTY INCOME CORP
NYSE   IONQ  S 48.60 d - 아이온큐 | IONQ INC
NYSE   TSM   S 284.50 d - TSMC ADR | TAIWAN SEMICONDUCTOR MANUFACTURING ADR
NYSE   CPNG  S 27.60 d - 쿠팡 | COUPANG INC
NYSE   PG    S 147.20 dm - 프록터 앤드 갬블 | PROCTER & GAMBLE CO
NYSE   HD    S 356.40 d - 홈디포 | HOME DEPOT INC
NYSE   CVX   S 151.30 d - 셰브론 | CHEVRON CORP
NYSE   ABBV  S 228.60 d - 애브비 | ABBVIE INC
NYSE   MRK   S 98.40 dm - 머크 | MERCK & CO INC
NYSE   CRM   S 232.70 d - 세일즈포스 | SALESFORCE INC
NYSE   ORCL  S 205.90 d - 오라클 | ORACLE CORP
NYSE   IBM   S 304.80 dm - IBM | INTERNATIONAL BUSINESS MACHINES CORP
NYSE   CAT   S 568.30 d - 캐터필러 | CATERPILLAR INC
NYSE   GS    S 812.40 d - 골드만삭스 그룹 | GOLDMAN SACHS GROUP INC
NYSE   MS    S 166.20 d - 모간스탠리 | MORGAN STANLEY
NYSE   WFC   S 85.10 dm - 웰스 파고 | WELLS FARGO & CO
NYSE   C     S 101.70 d - 씨티그룹 | CITIGROUP INC
NYSE   AXP   S 358.90 d - 아메리칸 익스프레스 | AMERICAN EXPRESS CO
NYSE   VZ    S 41.20 dm - 버라이즌 커뮤니케이션스 | VERIZON COMMUNICATIONS INC
NYSE   MMM   S 169.80 d - 3M | 3M CO
NYSE   LMT   S 462.10 d - 록히드 마틴 | LOCKHEED MARTIN CORP
NYSE   RTX   S 174.60 d - RTX | RTX CORP
NYSE   DE    S 471.30 d - 디어 | DEERE & CO
NYSE   UPS   S 94.70 d - UPS B | UNITED PARCEL SERVICE INC CL B
NYSE   TGT   S 90.80 d - 타겟 | TARGET CORP
NYSE   LOW   S 238.40 d - 로우스 | LOWES COMPANIES INC
NYSE   UBER  S 87.60 dm - 우버 테크놀로지스 | UBER TECHNOLOGIES INC
NYSE   SPOT  S 588.70 d - 스포티파이 테크놀로지 | SPOTIFY TECHNOLOGY SA
NYSE   SNOW  S 248.60 d - 스노우플레이크 A | SNOWFLAKE INC CL A
AMEX   SPY   E 671.90 dm 1 SPDR S&P 500 ETF | SPDR S&P 500 ETF TRUST
AMEX   VOO   E 617.80 d 1 뱅가드 S&P 500 ETF | VANGUARD S&P 500 ETF
AMEX   SOXL  E 39.80 dm 3 디렉시온 반도체 3배 ETF | DIREXION DAILY SEMICONDUCTOR BULL 3X
AMEX   SOXS  E 4.12 d -3 디렉시온 반도체 인버스 3배 ETF | DIREXION DAILY SEMICONDUCTOR BEAR 3X
AMEX   SCHD  E 27.15 d 1 슈왑 미국 배당주 ETF | SCHWAB US DIVIDEND EQUITY ETF
AMEX   GLD   E 375.60 d 1 SPDR 골드 ETF | SPDR GOLD SHARES
AMEX   IWM   E 243.20 d 1 아이셰어즈 러셀 2000 ETF | ISHARES RUSSELL 2000 ETF
AMEX   IVV   E 674.20 d 1 아이셰어즈 S&P 500 ETF | ISHARES CORE S&P 500 ETF
AMEX   VTI   E 331.50 d 1 뱅가드 미국 전체 주식 ETF | VANGUARD TOTAL STOCK MARKET ETF
AMEX   DIA   E 472.10 d 1 SPDR 다우존스 ETF | SPDR DOW JONES INDUSTRIAL AVERAGE ETF TRUST
AMEX   JEPI  E 57.20 d 1 JP모간 프리미엄 인컴 ETF | JPMORGAN EQUITY PREMIUM INCOME ETF
AMEX   SLV   E 46.30 d 1 아이셰어즈 실버 ETF | ISHARES SILVER TRUST
AMEX   XLK   E 283.40 d 1 테크놀로지 셀렉트 섹터 SPDR ETF | TECHNOLOGY SELECT SECTOR SPDR ETF
AMEX   VUG   E 478.90 d 1 뱅가드 성장주 ETF | VANGUARD GROWTH ETF
AMEX   ZZSIM S 0.8740 d - 모의광산 | SIMULATED MINING CORP
"""
_FIRST_LISTING = dt.date(1985, 1, 4)
_LISTING_DAYS = 30 * 365
_SECTORS = 12


@lru_cache(8)
def list_us_instruments(seed: int) -> Mapping[str, Instrument]:
    """Return everything that is listed, by symbol, with prices of that seed."""
    rows = (_instrument(seed, line) for line in _LISTED.strip().splitlines())
    return MappingProxyType({each.symbol: each for each in rows})


def _instrument(seed: int, line: str) -> UsInstrument:
    segment, code, kind, price, has, multiple, names = line.split(None, 6)
    korean, english = names.split(" | ")
    symbol, is_fund = f"US:{code}", kind == "E"
    random = Random(f"{seed}/{symbol}/listing")  # noqa: S311 - repeatable on purpose
    moved = Decimal(price) * random.randint(9_800, 10_200) / 10_000
    return UsInstrument(
        symbol=symbol,
        name=korean,
        market=Segment(segment),
        kind=SecurityType.ETF if is_fund else SecurityType.STOCK,
        previous_close=round_to_tick(moved, up=False),
        upper_limit=HIGHEST,
        lower_limit=LOWEST,
        listed_shares=Decimal(random.randrange(20_000, 400_000) * 1_000),
        nxt=False,
        listed_on=_FIRST_LISTING + dt.timedelta(days=random.randrange(_LISTING_DAYS)),
        sector="모의펀드" if is_fund else f"모의업종{random.randint(1, _SECTORS):02d}",
        has_limits=False,
        leverage=None if multiple == "-" else int(multiple),
        english_name=english,
        daytime="d" in has,
        demo="m" in has,
    )


def on_another_us_day(instrument: Instrument, previous_close: Decimal) -> Instrument:
    """Return the instrument with the base price of another day."""
    return replace(instrument, previous_close=previous_close)
